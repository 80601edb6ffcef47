package train

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// plain is a Linear cell whose weights are its parameters.
type plain struct{ seq.Linear }

func (p plain) Kind() string                                   { return "linear" }
func (p plain) Dim() int                                       { return p.N*(p.N+p.In+1) + p.Out*(p.N+p.In+1) }
func (p plain) Deploy(theta, w []float64)                      { copy(w, theta) }
func (p plain) Pullback(_, dw, dtheta []float64)               { add(dtheta, dw) }
func (p plain) Init(r *rand.Rand, _ []complex128, t []float64) { model.Normal(r, t, 0.3) }

func add(dst, x []float64) {
	for i, v := range x {
		dst[i] += v
	}
}

// second is a second-order linear system with one input and one output, simulated without noise.
func second(samples int) Sequence {
	r := rng.Stream(1, "second")
	s := Sequence{U: seq.NewMat(1, samples), Y: seq.NewMat(1, samples)}
	var x1, x2 float64
	for k := range samples {
		u := r.NormFloat64()
		s.U.Row(0)[k], s.Y.Row(0)[k] = u, x1+0.5*x2
		x1, x2 = 0.8*x1+0.3*x2+0.5*u, -0.3*x1+0.8*x2+0.2*u
	}
	return s
}

func objective(t *testing.T, workers, count int) (*Windows, []float64) {
	t.Helper()
	out := OutputMap{Low: []float64{math.Inf(-1)}, High: []float64{0.8}, Integrate: []float64{0}}
	o := NewWindows(plain{seq.Linear{In: 1, Out: 1, N: 2}}, []Sequence{second(300)}, out, 4, 20, parallel.New(workers))
	if err := o.Draw(rng.Stream(2, "draw"), count); err != nil {
		t.Fatal(err)
	}
	theta := make([]float64, o.Dim())
	model.Normal(rng.Stream(3, "theta"), theta, 0.4)
	return o, theta
}

func TestWindowsGradient(t *testing.T) {
	for _, integrate := range []float64{0, 2.5} {
		o, theta := objective(t, 1, 30) // two chunks, the last with idle lanes
		o.Out.Integrate[0] = integrate
		o.WeightDecay = 0.01
		g, scratch := make([]float64, o.Dim()), make([]float64, o.Dim())
		o.ValueGrad(theta, g)
		for i := range theta {
			const h = 1e-6
			keep := theta[i]
			theta[i] = keep + h
			fp := o.ValueGrad(theta, scratch)
			theta[i] = keep - h
			fm := o.ValueGrad(theta, scratch)
			theta[i] = keep
			if d := (fp - fm) / (2 * h); math.Abs(d-g[i]) > 1e-6*(1+math.Abs(d)) {
				t.Errorf("integrate %g, parameter %d: gradient %g, difference quotient %g", integrate, i, g[i], d)
			}
		}
	}
}

func TestWindowsDoNotDependOnWorkers(t *testing.T) {
	o, theta := objective(t, 1, 70)
	g := make([]float64, o.Dim())
	f := o.ValueGrad(theta, g)
	o.Use(parallel.New(3))
	h := make([]float64, o.Dim())
	if e := o.ValueGrad(theta, h); e != f {
		t.Errorf("three workers gave %v, one gave %v", e, f)
	}
	for i := range g {
		if g[i] != h[i] {
			t.Fatalf("gradient %d: %v and %v", i, g[i], h[i])
		}
	}
}

// TestWindowsSeeNoOutputInside: measured outputs inside a window change the loss but not the simulation.
func TestWindowsSeeNoOutputInside(t *testing.T) {
	o, theta := objective(t, 1, 1)
	at := o.starts[0].At
	o.Value(theta)
	before := append([]float64(nil), o.workers[0].y.Row(0)...)
	y := o.Data[0].Y.Row(0)
	for k := at; k < at+o.Steps; k++ {
		y[k] = 1e6
	}
	o.Value(theta)
	for k, v := range o.workers[0].y.Row(0)[:o.Steps*o.lanes] {
		if v != before[k] {
			t.Fatalf("sample %d of the simulation changed from %v to %v", k, before[k], v)
		}
	}
	y[at-1]++
	o.Value(theta)
	if o.workers[0].y.Row(0)[0] == before[0] {
		t.Error("the encoder does not read the sample before the window")
	}
}

func TestTrainingStepDoesNotAllocate(t *testing.T) {
	o, theta := objective(t, 1, 48)
	g := make([]float64, o.Dim())
	r := rng.Stream(5, "steps")
	var a Adam
	step := func() {
		if err := o.Draw(r, 48); err != nil {
			t.Fatal(err)
		}
		o.ValueGrad(theta, g)
		a.Update(theta, g, 1e-3)
	}
	step()
	if n := testing.AllocsPerRun(20, step); n > 0 {
		t.Errorf("%v allocations per training step", n)
	}
}

func TestTooShortData(t *testing.T) {
	out := OutputMap{Low: []float64{math.Inf(-1)}, High: []float64{math.Inf(1)}, Integrate: []float64{0}}
	o := NewWindows(plain{seq.Linear{In: 1, Out: 1, N: 2}}, []Sequence{second(30)}, out, 20, 20, parallel.New(1))
	if err := o.Draw(rng.Stream(1, "x"), 4); err == nil {
		t.Error("windows were drawn from a sequence that has no room for one")
	}
	if err := o.Cover(0); err == nil {
		t.Error("a sequence without room for a window was covered")
	}
}

// rosenbrock is the valley (1-x)^2 + 100 (y-x^2)^2 in pairs.
type rosenbrock int

func (n rosenbrock) Dim() int { return int(n) }
func (n rosenbrock) ValueGrad(x, g []float64) (f float64) {
	for i := 0; i+1 < len(x); i += 2 {
		a, b := 1-x[i], x[i+1]-x[i]*x[i]
		f += a*a + 100*b*b
		g[i], g[i+1] = -2*a-400*x[i]*b, 200*b
	}
	return f
}

func TestLBFGSMinimises(t *testing.T) {
	x := make([]float64, 20)
	for i := range x {
		x[i] = -1.2 + 2.2*float64(i%2)
	}
	l := NewLBFGS(rosenbrock(20), x)
	last := l.F
	for l.Step(rosenbrock(20)) {
		if l.F >= last {
			t.Fatalf("iteration %d: the objective rose from %g to %g", l.Iter, last, l.F)
		}
		if last = l.F; l.Iter > 500 {
			break
		}
	}
	// the gradient at the minimum is zero to rounding of terms of size 100
	if l.F > 1e-18 || l.Iter > 200 {
		t.Errorf("after %d iterations and %d evaluations the value is %g", l.Iter, l.Evals, l.F)
	}
}

// TestLBFGSContinues: stored as JSON and restored, the iteration goes on to the same bits.
func TestLBFGSContinues(t *testing.T) {
	x := []float64{-1.2, 1, -1.2, 1}
	a := NewLBFGS(rosenbrock(4), x)
	for range 7 {
		a.Step(rosenbrock(4))
	}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var b LBFGS
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		a.Step(rosenbrock(4))
		b.Step(rosenbrock(4))
	}
	for i := range a.Theta {
		if a.Theta[i] != b.Theta[i] {
			t.Fatalf("parameter %d: %v and %v", i, a.Theta[i], b.Theta[i])
		}
	}
}

func TestCosine(t *testing.T) {
	for _, c := range []struct {
		step int
		want float64
	}{{0, 0.01}, {99, 1}, {100, 1}, {550, 0.5 * (1 + 0.01)}, {1000, 0.01}, {2000, 0.01}} {
		if got := Cosine(c.step, 100, 1000, 1, 0.01); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("step %d: rate %g, want %g", c.step, got, c.want)
		}
	}
}

// TestFitFindsTheSystem: noise-free data of a linear system are fitted to rounding of the optimiser by a linear cell.
func TestFitFindsTheSystem(t *testing.T) {
	data := []Sequence{second(1500)}
	out := OutputMap{Low: []float64{math.Inf(-1)}, High: []float64{math.Inf(1)}, Integrate: []float64{0}}
	net := plain{seq.Linear{In: 1, Out: 1, N: 2}}
	one := parallel.New(1)
	w := NewWindows(net, data, out, 6, 60, one)
	f := NewWindows(net, data, out, 6, 60, one)
	v := NewWindows(net, data, out, 6, 200, one)
	for _, o := range []*Windows{f, v} {
		if err := o.Cover(0); err != nil {
			t.Fatal(err)
		}
	}
	src := rng.Source(4, "fit")
	theta := make([]float64, w.Dim())
	net.Init(rand.New(src), nil, theta)
	fit := NewFit(Plan{AdamSteps: 400, LBFGSSteps: 300, Batch: 16, Rate: 5e-3, Every: 50}, w, f, v, theta, src)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := fit.Run(ctx, func(*Fit, Point) {
		if calls++; calls == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled fit returned %v", err)
	}
	if err := fit.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if s := fit.State; s.BestValidation > 1e-3 || s.EndedAdam != 400 {
		t.Errorf("validation error %g after %d Adam and %d L-BFGS steps", s.BestValidation, s.EndedAdam, s.EndedLBFGS)
	}
	if err := fit.Restore(State{Theta: make([]float64, 3)}); err == nil {
		t.Error("a checkpoint of another size was accepted")
	}
}
