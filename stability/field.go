package stability

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
)

// Interval is the set of real numbers from Lo to Hi, with arithmetic that is rounded outward: what a Field computes with, and
// the sides of a box.
type Interval = interval.I

// Between is the interval from lo to hi, in either order; Number is that of one number.
func Between(lo, hi float64) Interval { return interval.Of(lo, hi) }

// Number is described with Between.
func Number(v float64) Interval { return interval.Point(v) }

// Field is the right-hand side f of dx/dt = f(x) or x(k+1) = f(x(k)), continuously differentiable where its enclosures
// are defined. Methods write into dst and keep nothing; a Field is used from one goroutine at a time.
type Field interface {
	Dim() int
	Time() Time
	Eval(dst, x []float64)
	Enclose(dst, x []interval.I)         // contains f(y) for every y in x; Undefined where f is not
	EncloseJacobian(dst, x []interval.I) // contains df_i/dx_j(y) in dst[i*n+j] for every y in x
}

// enclosing holds the scratch of repeated evaluations of a field.
type enclosing struct {
	Field
	n            int
	box, val     []interval.I
	jac          []interval.I
	point, value []float64
}

func newEnclosing(f Field) *enclosing {
	n := f.Dim()
	return &enclosing{Field: f, n: n, box: make([]interval.I, n), val: make([]interval.I, n), jac: make([]interval.I, n*n),
		point: make([]float64, n), value: make([]float64, n)}
}

// jacobianAt returns the midpoint of the enclosed Jacobian at a point.
func (e *enclosing) jacobianAt(x []float64) *mat.Dense {
	e.EncloseJacobian(e.jac, point(x))
	return mat.NewDense(e.n, e.n, mids(e.jac))
}

// finiteAll reports whether all bounds are numbers.
func finiteAll(x []interval.I) bool {
	for _, v := range x {
		if v.IsUndefined() || math.IsInf(v.Lo, 0) || math.IsInf(v.Hi, 0) {
			return false
		}
	}
	return true
}

func checkPoint(f Field, x []float64) error {
	if len(x) != f.Dim() {
		return fmt.Errorf("%w: point of %d numbers, the system has %d states", ErrShape, len(x), f.Dim())
	}
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("stability: coordinate %d of the point is %v, want a finite number", i, v)
		}
	}
	return nil
}
