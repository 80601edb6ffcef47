// Package gradtest checks derivatives computed by package grad against differences of values.
package gradtest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/grad"
)

// Matrix is an argument of the function under test, row-major.
type Matrix struct {
	Rows, Cols int
	Data       []float64
}

// Random returns a matrix with elements uniform in [low, high).
func Random(r *rand.Rand, rows, cols int, low, high float64) Matrix {
	m := Matrix{rows, cols, make([]float64, rows*cols)}
	for i := range m.Data {
		m.Data[i] = low + (high-low)*r.Float64()
	}
	return m
}

// Func is the function under test: a result of any shape from arguments put on the tape as inputs.
type Func func(t *grad.Tape, x []grad.Var) grad.Var

// Central differences with step h = eps^(1/3) err by h²/6 |f”'| + eps |f| / h, about 1e-11 times the size of f and its
// third derivative; sums over some tens of elements and moderate third derivatives are covered by four more digits.
const (
	step      = 6.055454452393343e-06 // eps^(1/3), eps = 2^-52
	tolerance = 1e-7
)

// Check tests the first and second derivatives of f at the point at. With the fixed weights c drawn from r, and
// L(x) = sum of c*f(x), it compares
//
//   - L's gradient by Backward and by Grad with central differences of L, and
//   - for a direction v drawn from r, the Hessian-vector product, again by Backward and by Grad from the gradient graph,
//     with the central difference of the gradient along v.
//
// The error names what disagrees and by how much, relative to 1 + the largest element.
func Check(f Func, r *rand.Rand, at ...Matrix) error {
	p := &problem{t: grad.NewTape(), f: f, at: at}
	n := 0
	for _, m := range at {
		n += len(m.Data)
	}
	p.v = make([]float64, n)
	for i := range p.v {
		p.v[i] = 2*r.Float64() - 1
	}
	rows, cols, err := p.shape()
	if err != nil {
		return err
	}
	p.weight = Random(r, rows, cols, -1, 1)
	return p.check()
}

type problem struct {
	t      *grad.Tape
	f      Func
	at     []Matrix
	weight Matrix
	v      []float64 // direction, over all arguments
	x      []grad.Var
}

// start begins a step with the arguments as inputs.
func (p *problem) start() {
	p.t.Start(nil, nil)
	p.x = p.x[:0]
	for _, m := range p.at {
		p.x = append(p.x, p.t.Input(m.Rows, m.Cols, m.Data))
	}
}

func (p *problem) shape() (rows, cols int, err error) {
	p.start()
	rows, cols = p.t.Shape(p.f(p.t, p.x))
	return rows, cols, p.t.Err()
}

// loss pushes L.
func (p *problem) loss() grad.Var {
	p.start()
	c := p.t.Const(p.weight.Rows, p.weight.Cols, p.weight.Data)
	return p.t.Sum(p.t.Mul(c, p.f(p.t, p.x)))
}

// collect copies the gradients of all inputs into one vector.
func (p *problem) collect() []float64 {
	var g []float64
	for i, x := range p.x {
		if gx := p.t.InputGrad(x); gx != nil {
			g = append(g, gx...)
		} else {
			g = append(g, make([]float64, len(p.at[i].Data))...)
		}
	}
	return g
}

// values copies variables into one vector.
func (p *problem) values(vs []grad.Var) []float64 {
	var g []float64
	for _, v := range vs {
		g = append(g, p.t.Value(v)...)
	}
	return g
}

// gradient is L's gradient by Backward.
func (p *problem) gradient() []float64 {
	p.t.Backward(p.loss())
	return p.collect()
}

// directional pushes the scalar product of L's gradient graph with v.
func (p *problem) directional() (s grad.Var, g []float64) {
	gs := make([]grad.Var, len(p.at))
	p.t.GradTo(gs, p.loss(), p.x...)
	at := 0
	for i, m := range p.at {
		d := p.t.Sum(p.t.Mul(gs[i], p.t.Const(m.Rows, m.Cols, p.v[at:at+len(m.Data)])))
		if at += len(m.Data); i == 0 {
			s = d
		} else {
			s = p.t.Add(s, d)
		}
	}
	return s, p.values(gs)
}

func (p *problem) check() error {
	want := p.differences()
	if err := compare("gradient by Backward", p.gradient(), want); err != nil {
		return err
	}
	_, g := p.directional()
	if err := compare("gradient by Grad", g, want); err != nil {
		return err
	}

	want = p.gradientDifference()
	s, _ := p.directional()
	p.t.Backward(s)
	if err := compare("Hessian-vector product by Backward", p.collect(), want); err != nil {
		return err
	}
	s, _ = p.directional()
	hs := make([]grad.Var, len(p.at))
	p.t.GradTo(hs, s, p.x...)
	if err := compare("Hessian-vector product by Grad", p.values(hs), want); err != nil {
		return err
	}
	return p.t.Err()
}

// differences is L's gradient by central differences.
func (p *problem) differences() []float64 {
	var d []float64
	for _, m := range p.at {
		for i, x := range m.Data {
			m.Data[i] = x + step
			hi := p.t.Value(p.loss())[0]
			m.Data[i] = x - step
			lo := p.t.Value(p.loss())[0]
			m.Data[i] = x
			d = append(d, (hi-lo)/(2*step))
		}
	}
	return d
}

// gradientDifference is the central difference of L's gradient along v.
func (p *problem) gradientDifference() []float64 {
	p.move(step)
	hi := p.gradient()
	p.move(-2 * step)
	lo := p.gradient()
	p.move(step)
	for i := range hi {
		hi[i] = (hi[i] - lo[i]) / (2 * step)
	}
	return hi
}

func (p *problem) move(h float64) {
	k := 0
	for _, m := range p.at {
		for i := range m.Data {
			m.Data[i] += h * p.v[k]
			k++
		}
	}
}

func compare(what string, got, want []float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("gradtest: %s: %d elements, want %d", what, len(got), len(want))
	}
	size := 1.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i, w := range want {
		if d := math.Abs(got[i]-w) / size; !(d <= tolerance) {
			return fmt.Errorf("gradtest: %s: element %d is %g, differences give %g", what, i, got[i], w)
		}
	}
	return nil
}
