package system

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/num/dual"

	"github.com/plumb-go/plumb/expr"
)

// Func is a right-hand side or an output map in Go: it computes dst from states and inputs. Written over dual numbers it
// is differentiated exactly; a constant c is dual.Number{Real: c}, and package gonum.org/v1/gonum/num/dual has the
// functions.
type Func func(dst, x, u []dual.Number)

// Jacobian writes the derivative of output i of f by variable j into dst[i*len(x)+j], by one evaluation a variable, exact
// to rounding.
func Jacobian(f func(dst, x []dual.Number), dst []float64, outputs int, x []float64) error {
	if len(dst) != outputs*len(x) {
		return fmt.Errorf("%w: Jacobian of %d numbers, expected %d x %d", ErrShape, len(dst), outputs, len(x))
	}
	z, y := make([]dual.Number, len(x)), make([]dual.Number, outputs)
	for i, v := range x {
		z[i].Real = v
	}
	for j := range x {
		z[j].Emag = 1
		clear(y)
		f(y, z)
		z[j].Emag = 0
		for i := range y {
			dst[i*len(x)+j] = y[i].Emag
		}
	}
	return nil
}

// FromFunc makes a system of a Go function. The description gives names, units and regions, and neither parameters,
// definitions nor right-hand sides. A nil g means that the outputs are the states. What needs expressions (enclosures,
// postfix words, other parameters) ends in ErrOpaque.
func FromFunc(d Description, f, g Func) (*System, error) {
	if len(d.Parameters)+len(d.Define)+len(d.Rhs) > 0 {
		return nil, fmt.Errorf("system: %s: the equations are a Go function; parameters, definitions and right-hand sides must be empty", d.Name)
	}
	if len(d.States) == 0 || f == nil {
		return nil, fmt.Errorf("%w: a system has at least one state and a right-hand side", ErrShape)
	}
	d = d.clone()
	if g == nil {
		d.Outputs = nil
		for _, s := range d.States {
			d.Outputs = append(d.Outputs, Output{s, expr.Name(s.Name)})
		}
		g = func(dst, x, _ []dual.Number) { copy(dst, x) }
	}
	if err := d.checkRest(); err != nil {
		return nil, err
	}
	return &System{d: d, fn: &function{f: f, g: g, n: len(d.States), p: len(d.Outputs)}}, nil
}

// function evaluates a system of Go functions. It keeps no scratch, so that one serves all goroutines.
type function struct {
	f, g Func
	n, p int
}

func (fn *function) rhs(dst, z []float64)    { fn.run(fn.f, dst, z) }
func (fn *function) output(dst, z []float64) { fn.run(fn.g, dst, z) }

func (fn *function) run(f Func, dst, z []float64) {
	x, y := make([]dual.Number, len(z)), make([]dual.Number, len(dst))
	for i, v := range z {
		x[i].Real = v
	}
	f(y, x[:fn.n], x[fn.n:])
	for i := range dst {
		dst[i] = y[i].Real
	}
}

func (fn *function) jacobians(jf, jg, z []float64) {
	for _, c := range []struct {
		f    Func
		dst  []float64
		rows int
	}{{fn.f, jf, fn.n}, {fn.g, jg, fn.p}} {
		err := Jacobian(func(dst, x []dual.Number) { c.f(dst, x[:fn.n], x[fn.n:]) }, c.dst, c.rows, z)
		if err != nil { // the lengths are ours
			c.dst[0] = math.NaN()
		}
	}
}
