package grad_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/plumb-go/plumb/grad"
)

var _ interface { // train.Objective
	Dim() int
	ValueGrad(theta, grad []float64) float64
} = (*grad.Func)(nil)

// batch is more than two blocks of samples, so that the blocked sums and the kept transposes are used.
const batch = 150

// steps are training steps of several kinds: plain, through a rollout, through an input gradient, and with the rest of
// the operations.
func steps(r *rand.Rand) map[string]*grad.Func {
	x, y := plain(r, batch, 3), plain(r, batch, 3)
	layer := func(t *grad.Tape) (w, b grad.Var) { return t.Param(3, 3), t.Param(1, 3) }
	fs := map[string]*grad.Func{}
	add := func(name string, f func(t *grad.Tape, w, b, x, y grad.Var) grad.Var) {
		t := grad.NewTape()
		w, b := layer(t)
		fs[name] = &grad.Func{Tape: t, Build: func(t *grad.Tape) grad.Var {
			return f(t, w, b, t.Const(batch, 3, x.Data), t.Const(batch, 3, y.Data))
		}}
	}
	add("dense", func(t *grad.Tape, w, b, x, y grad.Var) grad.Var { return t.MSE(t.Dense(x, w, b, grad.Tanh), y) })
	add("rollout", func(t *grad.Tape, w, b, x, y grad.Var) grad.Var {
		loss := t.MSE(x, y)
		for range 20 {
			x = t.AddScaled(x, 0.1, t.Dense(x, w, b, grad.Tanh))
			loss = t.Add(loss, t.MSE(x, y))
		}
		return loss
	})
	add("double", func(t *grad.Tape, w, b, x, y grad.Var) grad.Var {
		v := t.SumCols(t.Softplus(t.AddBias(t.MatMul(x, w, false, false), b)))
		return t.MSE(t.Grad(v, x), y)
	})
	dominant := []float64{9, 0, 0, 0, 9, 0, 0, 0, 9}
	add("others", func(t *grad.Tape, w, b, x, y grad.Var) grad.Var {
		z := t.ConcatCols(t.SliceCols(x, 0, 2), t.SliceCols(y, 1, 2))
		z = t.Solve(t.Add(w, t.Const(3, 3, dominant)), t.Transpose(z), false)
		z = t.ConcatRows(t.SliceRows(z, 0, 1), t.SliceRows(z, 1, 3))
		return t.Sum(t.Mul(z, z))
	})
	return fs
}

// TestNoAllocation claims that a step of fixed shapes allocates nothing after the first.
func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, f := range steps(rand.New(rand.NewPCG(11, 12))) {
		theta, g := make([]float64, f.Dim()), make([]float64, f.Dim())
		for i := range theta {
			theta[i] = 0.1 * float64(i%5-2)
		}
		f.ValueGrad(theta, g)
		f.ValueGrad(theta, g)
		if err := f.Err(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := testing.AllocsPerRun(10, func() { f.ValueGrad(theta, g) }); n != 0 {
			t.Errorf("%s: %v allocations a step", name, n)
		}
		// An arena that only grows would take a chunk of 1 MiB once in several steps, below what AllocsPerRun sees.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 100 {
			f.ValueGrad(theta, g)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes in 100 steps", name, n)
		}
	}
}

// TestParameterGradients compares the flat gradient, which is accumulated in place in the caller's vector and uses the
// shared transposes, with differences of values.
func TestParameterGradients(t *testing.T) {
	const (
		h   = 1e-5 // error h²/6 |f'''| + eps |f|/h: both near 1e-11 times sizes up to 100
		tol = 1e-8
	)
	for name, f := range steps(rand.New(rand.NewPCG(13, 14))) {
		theta, g := make([]float64, f.Dim()), make([]float64, f.Dim())
		for i := range theta {
			theta[i] = 0.3 * float64(i%5-2)
		}
		f.ValueGrad(theta, g)
		for i, x := range theta {
			theta[i] = x + h
			hi := f.ValueGrad(theta, nil)
			theta[i] = x - h
			lo := f.ValueGrad(theta, nil)
			theta[i] = x
			if want := (hi - lo) / (2 * h); abs(g[i]-want) > tol*max(1, abs(want)) {
				t.Errorf("%s: gradient %d is %g, differences give %g", name, i, g[i], want)
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

// TestStepsRepeat claims that a step leaves nothing behind: the same call gives the same bytes again, with other steps of
// other shapes between.
func TestStepsRepeat(t *testing.T) {
	tp := grad.NewTape()
	w, b := tp.Param(3, 3), tp.Param(1, 3)
	rows := 4
	f := &grad.Func{Tape: tp, Build: func(t *grad.Tape) grad.Var {
		x := plain(rand.New(rand.NewPCG(15, uint64(rows))), rows, 3)
		in := t.Input(rows, 3, x.Data)
		y := t.Dense(t.Dense(in, w, b, grad.Tanh), w, b, grad.Sigmoid)
		return t.Sum(t.Mul(y, t.Grad(y, in)))
	}}
	theta, g, again := make([]float64, 12), make([]float64, 12), make([]float64, 12)
	for i := range theta {
		theta[i] = 0.2 * float64(i%7-3)
	}
	v := f.ValueGrad(theta, g)
	rows = 9
	f.ValueGrad(theta, again)
	rows = 4
	if v2 := f.ValueGrad(theta, again); v2 != v {
		t.Errorf("value %v, then %v", v, v2)
	}
	for i := range g {
		if g[i] != again[i] {
			t.Errorf("gradient %d: %v, then %v", i, g[i], again[i])
		}
	}
}
