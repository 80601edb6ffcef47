package lti

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Errors that callers can act on.
var (
	ErrShape      = errors.New("lti: shapes do not fit")
	ErrNotFinite  = errors.New("lti: a number is not finite")
	ErrTime       = errors.New("lti: time models do not fit")
	ErrName       = errors.New("lti: no such signal")
	ErrUnstable   = errors.New("lti: system is not asymptotically stable")
	ErrNoConverge = errors.New("lti: iteration did not converge")
	ErrSingular   = errors.New("lti: equation has no unique solution to working precision")
	ErrAlgebraic  = errors.New("lti: algebraic loop is singular")
	ErrImproper   = errors.New("lti: transfer function is improper (more zeros than poles)")
)

// Signal names one input, output or state and gives its unit; both may be empty.
type Signal struct{ Name, Unit string }

// SS is a system in state space,
//
//	continuous, Ts = 0:  dx/dt  = A x + B u     y = C x + D u
//	discrete,   Ts > 0:  x(k+1) = A x(k) + B u(k)   y(k) = C x(k) + D u(k)   with sample time Ts in seconds
//
// with A n x n, B n x m, C p x n, D p x m. There is at least one input and one output. A static gain has n = 0; A, B and
// C are then empty matrices of gonum (0 x 0), so ask Dims for the sizes. Inputs, Outputs and States have m, p and n
// entries. Functions of this package never change an operand; the matrices of a result belong to the caller.
type SS struct {
	A, B, C, D              *mat.Dense
	Ts                      float64
	Inputs, Outputs, States []Signal
}

// NewSS returns the system with the given matrices, which it copies. A nil D means zero; A, B and C all nil mean a static
// gain. Signals are named u1, y1, x1, ... and have no unit. ErrShape, ErrNotFinite, ErrTime (Ts negative or not finite).
func NewSS(a, b, c, d *mat.Dense, ts float64) (*SS, error) {
	g := &SS{A: clone(a), B: clone(b), C: clone(c), D: clone(d), Ts: ts}
	if g.D.IsEmpty() && !g.B.IsEmpty() && !g.C.IsEmpty() {
		p, _ := g.C.Dims()
		_, m := g.B.Dims()
		g.D = mat.NewDense(p, m, nil)
	}
	n, m, p := g.Dims()
	g.Inputs, g.Outputs, g.States = numbered("u", m), numbered("y", p), numbered("x", n)
	if err := g.Check(); err != nil {
		return nil, err
	}
	return g, nil
}

// Gain returns the static gain D (p x m) as a system with no state.
func Gain(d *mat.Dense, ts float64) (*SS, error) { return NewSS(nil, nil, nil, d, ts) }

// Dims returns the numbers of states n, inputs m and outputs p.
func (g *SS) Dims() (n, m, p int) {
	n, _ = g.A.Dims()
	p, m = g.D.Dims()
	return n, m, p
}

// Discrete says whether the system has a sample time.
func (g *SS) Discrete() bool { return g.Ts > 0 }

// Check returns an error that names the first shape, number, time or list of signals that does not fit. Systems that
// this package returns pass it; a system put together by hand should be checked once.
func (g *SS) Check() error {
	if g == nil {
		return fmt.Errorf("%w: the system is nil", ErrShape)
	}
	if g.A == nil || g.B == nil || g.C == nil || g.D == nil {
		return fmt.Errorf("%w: a matrix is nil; NewSS fills in what may be left out", ErrShape)
	}
	n, m, p := g.Dims()
	if m == 0 || p == 0 {
		return fmt.Errorf("%w: D is %d x %d, expected at least one input and one output", ErrShape, p, m)
	}
	for _, c := range []struct {
		name string
		m    *mat.Dense
		r, c int
	}{{"A", g.A, n, n}, {"B", g.B, n, m}, {"C", g.C, p, n}, {"D", g.D, p, m}} {
		r, k := c.m.Dims()
		if n == 0 && c.name != "D" {
			c.r, c.c = 0, 0
		}
		if r != c.r || k != c.c {
			return fmt.Errorf("%w: %s is %d x %d, expected %d x %d (%s, %s, %s)", ErrShape, c.name, r, k, c.r, c.c, count(n, "state"), count(m, "input"), count(p, "output"))
		}
		if err := checkFinite(c.name, c.m); err != nil {
			return err
		}
	}
	if len(g.Inputs) != m || len(g.Outputs) != p || len(g.States) != n {
		return fmt.Errorf("%w: %d inputs, %d outputs and %d states are named, expected %d, %d and %d",
			ErrShape, len(g.Inputs), len(g.Outputs), len(g.States), m, p, n)
	}
	return checkTime(g.Ts)
}

// Copy returns a system that shares nothing with g.
func (g *SS) Copy() *SS {
	return &SS{A: clone(g.A), B: clone(g.B), C: clone(g.C), D: clone(g.D), Ts: g.Ts,
		Inputs: append([]Signal(nil), g.Inputs...), Outputs: append([]Signal(nil), g.Outputs...), States: append([]Signal(nil), g.States...)}
}

// Poles returns the eigenvalues of A, conjugate pairs adjacent. They are the poles of the transfer function where the
// system is minimal.
func (g *SS) Poles() ([]complex128, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	return eigenvalues(g.A)
}

func eigenvalues(a *mat.Dense) ([]complex128, error) {
	if a.IsEmpty() {
		return nil, nil
	}
	var e mat.Eigen
	if !finite(a) || !e.Factorize(a, mat.EigenNone) {
		return nil, fmt.Errorf("%w: eigenvalues", ErrNoConverge)
	}
	return e.Values(nil), nil
}

// check returns the first error of several systems.
func check(systems ...*SS) error {
	for _, g := range systems {
		if err := g.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Stable says whether every computed pole lies in the open left half plane (continuous) or in the open unit disk
// (discrete). It is a floating-point answer: a pole within rounding of the boundary may fall on either side. See
// Damp for the distance.
func (g *SS) Stable() (bool, error) {
	poles, err := g.Poles()
	if err != nil {
		return false, err
	}
	for _, p := range poles {
		if outside(p, g.Discrete()) {
			return false, nil
		}
	}
	return true, nil
}

// outside says that a pole is not strictly inside the stability region.
func outside(p complex128, discrete bool) bool {
	if discrete {
		return !(math.Hypot(real(p), imag(p)) < 1)
	}
	return !(real(p) < 0)
}

func checkTime(ts float64) error {
	if ts < 0 || math.IsNaN(ts) || math.IsInf(ts, 0) {
		return fmt.Errorf("%w: sample time is %g, expected 0 (continuous) or a positive number of seconds", ErrTime, ts)
	}
	return nil
}

func numbered(prefix string, n int) []Signal {
	out := make([]Signal, n)
	for i := range out {
		out[i].Name = fmt.Sprint(prefix, i+1)
	}
	return out
}

// clone copies a matrix; nil becomes the empty matrix.
func clone(a *mat.Dense) *mat.Dense {
	if a == nil || a.IsEmpty() {
		return &mat.Dense{}
	}
	return mat.DenseCopyOf(a)
}

func finite(a *mat.Dense) bool { return checkFinite("", a) == nil }

// checkFinite returns an error that names the first element that is NaN or infinite.
func checkFinite(name string, a *mat.Dense) error {
	r, c := a.Dims()
	for i := range r {
		for j := range c {
			if v := a.At(i, j); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%w: row %d, column %d of %s is %g", ErrNotFinite, i+1, j+1, name, v)
			}
		}
	}
	return nil
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprint(n, " ", noun, "s")
}
