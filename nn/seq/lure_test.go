package seq

import (
	"math"
	"math/rand/v2"
	"testing"
)

// affine returns W x + b for row-major W.
func affine(w, x, b []float64) []float64 {
	out := append([]float64(nil), b...)
	for i := range out {
		for j, v := range x {
			out[i] += w[i*len(x)+j] * v
		}
	}
	return out
}

func sum(xs ...[]float64) []float64 {
	out := append([]float64(nil), xs[0]...)
	for _, x := range xs[1:] {
		for i, v := range x {
			out[i] += v
		}
	}
	return out
}

func apply(f func(float64) float64, x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(v)
	}
	return out
}

// step is the obvious one-step evaluation of a cell, written from its defining equations.
func (c Lure) step(w, x, u []float64) (next, y []float64) {
	t := c.Tensors()
	zero := func(n int) []float64 { return make([]float64, n) }
	h := sum(affine(t.C1.Of(w), x, t.Bv.Of(w)), affine(t.D12.Of(w), u, zero(c.Q)))
	if c.Layers == 0 {
		h = apply(math.Tanh, h)
	}
	for _, g := range t.G {
		h = affine(g.Wout.Of(w), apply(math.Tanh, affine(g.Win.Of(w), h, g.B.Of(w))), zero(c.Q))
	}
	next = sum(affine(t.A.Of(w), x, t.Bx.Of(w)), affine(t.B1.Of(w), h, zero(c.N)), affine(t.B2.Of(w), u, zero(c.N)))
	y = sum(affine(t.Cx.Of(w), x, t.By.Of(w)), affine(t.Cw.Of(w), h, zero(c.Out)), affine(t.D22.Of(w), u, zero(c.Out)))
	return next, y
}

func (c Gated) step(w, x, u []float64) (next, y []float64) {
	t := c.Tensors()
	zero := func(n int) []float64 { return make([]float64, n) }
	ut := append([]float64(nil), u...)
	for i, v := range t.U0.Of(w) {
		ut[i] -= v
	}
	v := sum(affine(t.C1.Of(w), x, zero(c.Q)), affine(t.D12.Of(w), ut, zero(c.Q)))
	a := apply(math.Tanh, sum(affine(t.G1.Of(w), x, t.Gb1.Of(w)), affine(t.Gu.Of(w), ut, zero(c.Gate))))
	d := apply(math.Tanh, affine(t.G2.Of(w), a, t.Gb2.Of(w)))
	for i := range v {
		v[i] *= d[i]
	}
	next = sum(affine(t.A.Of(w), x, zero(c.N)), affine(t.B1.Of(w), v, zero(c.N)), affine(t.B2.Of(w), ut, zero(c.N)))
	y = sum(affine(t.Cx.Of(w), x, t.By.Of(w)), affine(t.Cw.Of(w), v, zero(c.Out)), affine(t.D22.Of(w), u, zero(c.Out)))
	return next, y
}

func (c Linear) step(w, x, u []float64) (next, y []float64) {
	t := c.Tensors()
	next = sum(affine(t.A.Of(w), x, t.Bx.Of(w)), affine(t.B2.Of(w), u, make([]float64, c.N)))
	y = sum(affine(t.Cx.Of(w), x, t.By.Of(w)), affine(t.D22.Of(w), u, make([]float64, c.Out)))
	return next, y
}

type stepper interface {
	Cell
	step(w, x, u []float64) (next, y []float64)
}

var cells = map[string]stepper{
	"lure siso":     Lure{In: 1, Out: 1, N: 3, Q: 5},
	"lure mimo":     Lure{In: 2, Out: 3, N: 4, Q: 2},
	"lure sandwich": Lure{In: 2, Out: 1, N: 3, Q: 4, Layers: 2, Width: 6},
	"gated siso":    Gated{In: 1, Out: 1, N: 2, Q: 3, Gate: 4},
	"linear":        Linear{In: 2, Out: 3, N: 4},
	"gated mimo":    Gated{In: 3, Out: 2, N: 4, Q: 5, Gate: 3},
}

func random(r *rand.Rand, x []float64, sd float64) {
	for i := range x {
		x[i] = sd * r.NormFloat64()
	}
}

func randomMat(r *rand.Rand, rows, cols int, sd float64) Mat {
	m := NewMat(rows, cols)
	for i := range rows {
		random(r, m.Row(i), sd)
	}
	return m
}

func TestForwardIsTheDefinition(t *testing.T) {
	const steps, lanes = 7, 5
	const tol = 1e-13 // a few hundred roundings of numbers of size one
	for name, c := range cells {
		r := rand.New(rand.NewPCG(1, 2))
		w := make([]float64, c.Layout().Len())
		random(r, w, 0.4)
		u, x0 := randomMat(r, c.Inputs(), steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
		y, xT := NewMat(c.Outputs(), steps*lanes), NewMat(c.States(), lanes)
		p := c.NewPass(steps, lanes)
		for range 2 { // a second pass over the same workspace must give the same
			p.Forward(w, u, x0, y)
		}
		p.State(xT)
		for l := range lanes {
			x := column(x0, l)
			for k := range steps {
				var want []float64
				x, want = c.step(w, x, column(u, k*lanes+l))
				for i, v := range want {
					if got := y.Row(i)[k*lanes+l]; math.Abs(got-v) > tol {
						t.Fatalf("%s: lane %d step %d output %d: got %v want %v", name, l, k, i, got, v)
					}
				}
			}
			for i, v := range x {
				if got := xT.Row(i)[l]; math.Abs(got-v) > tol {
					t.Fatalf("%s: final state %d of lane %d: got %v want %v", name, i, l, got, v)
				}
			}
		}
	}
}

func column(m Mat, j int) []float64 {
	out := make([]float64, m.Rows)
	for i := range out {
		out[i] = m.Row(i)[j]
	}
	return out
}

// loss is a random linear functional of y plus half its square, so that every output has a different slope.
func loss(y, c Mat, dy Mat) float64 {
	var f float64
	for i := range y.Rows {
		for j, v := range y.Row(i) {
			f += c.Row(i)[j]*v + 0.5*v*v
			dy.Row(i)[j] = c.Row(i)[j] + v
		}
	}
	return f
}

func TestGradientsAgainstDifferences(t *testing.T) {
	const steps, lanes = 6, 3
	for name, c := range cells {
		r := rand.New(rand.NewPCG(3, 4))
		w := make([]float64, c.Layout().Len())
		random(r, w, 0.4)
		u, x0 := randomMat(r, c.Inputs(), steps*lanes, 1), randomMat(r, c.States(), lanes, 1)
		y, dy := NewMat(c.Outputs(), steps*lanes), NewMat(c.Outputs(), steps*lanes)
		weight := randomMat(r, c.Outputs(), steps*lanes, 1)
		p := c.NewPass(steps, lanes)
		eval := func() float64 { p.Forward(w, u, x0, y); return loss(y, weight, dy) }
		dw, dx0 := make([]float64, len(w)), NewMat(c.States(), lanes)
		eval()
		p.Backward(w, dy, dw, dx0)
		check := func(where string, x *float64, g float64) {
			const h = 1e-5
			keep := *x
			*x = keep + h
			fp := eval()
			*x = keep - h
			fm := eval()
			*x = keep
			// central differences: h^2 times third derivative plus rounding of f divided by h
			if d := (fp - fm) / (2 * h); math.Abs(d-g) > 1e-7*(1+math.Abs(g)) {
				t.Errorf("%s: %s: gradient %v, difference quotient %v", name, where, g, d)
			}
		}
		for _, tensor := range c.Layout() {
			for i := range tensor.Len() {
				check(tensor.Name, &w[tensor.Offset+i], dw[tensor.Offset+i])
			}
		}
		for i := range c.States() {
			for j := range lanes {
				check("x0", &x0.Row(i)[j], dx0.Row(i)[j])
			}
		}
	}
}

func TestPassDoesNotAllocate(t *testing.T) {
	c := Lure{In: 1, Out: 1, N: 5, Q: 10}
	r := rand.New(rand.NewPCG(5, 6))
	w := make([]float64, c.Layout().Len())
	random(r, w, 0.3)
	const steps, lanes = 20, 16
	u, x0 := randomMat(r, 1, steps*lanes, 1), randomMat(r, 5, lanes, 1)
	y, dx0, dw := NewMat(1, steps*lanes), NewMat(5, lanes), make([]float64, len(w))
	p := c.NewPass(steps, lanes)
	if n := testing.AllocsPerRun(10, func() { p.Forward(w, u, x0, y); p.Backward(w, y, dw, dx0) }); n > 0 {
		t.Errorf("%v allocations per forward and backward pass", n)
	}
}

func benchmarkCell(b *testing.B, c Cell, steps, lanes int) {
	r := rand.New(rand.NewPCG(5, 6))
	w := make([]float64, c.Layout().Len())
	random(r, w, 0.1)
	u, x0 := randomMat(r, c.Inputs(), steps*lanes, 1), NewMat(c.States(), lanes)
	y, dx0, dw := NewMat(c.Outputs(), steps*lanes), NewMat(c.States(), lanes), make([]float64, len(w))
	p := c.NewPass(steps, lanes)
	b.ReportAllocs()
	for b.Loop() {
		p.Forward(w, u, x0, y)
		p.Backward(w, y, dw, dx0)
	}
}

func BenchmarkLure(b *testing.B) { benchmarkCell(b, Lure{In: 1, Out: 1, N: 6, Q: 16}, 250, 24) }
func BenchmarkGated(b *testing.B) {
	benchmarkCell(b, Gated{In: 1, Out: 1, N: 4, Q: 8, Gate: 10}, 250, 24)
}
