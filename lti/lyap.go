package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Solution is the solution X of a linear matrix equation with what is known of its quality.
type Solution struct {
	X *mat.Dense
	// Residual is an upper bound of the Frobenius norm of the equation's left side at the returned X in exact
	// arithmetic: the computed residual plus the rounding of computing it.
	Residual float64
	// Relative is Residual over the sum of the norms of the equation's terms.
	Relative float64
	// Cond estimates (from below, usually within a factor of 3) the condition number of the equation as a linear
	// system for X: relative changes of the data may change X by Cond times as much.
	Cond float64
}

// Lyap returns X with
//
//	A X + X A' + Q = 0
//
// for A and Q n x n. X is symmetric where Q is. There is one solution exactly if no two eigenvalues of A add up to zero;
// ErrSingular otherwise, and where that is so to working precision (Cond at or above 1/eps).
//
// Claim used elsewhere: for A Hurwitz and Q positive semidefinite X is positive semidefinite, the integral of
// exp(At) Q exp(A't); positive definite if (A, Q) is controllable.
//
// Method: Bartels and Stewart (1972), Solution of the matrix equation AX + XB = C, CACM 15, with real Schur forms, and one
// step of iterative refinement. Cost O(n^3).
func Lyap(a, q *mat.Dense) (*Solution, error) {
	n, err := square("A", a)
	if err != nil {
		return nil, err
	}
	if err := shape("Q", q, n, n); err != nil {
		return nil, err
	}
	return linearEquation(false, a, nil, q)
}

// DLyap returns X with
//
//	A X A' - X + Q = 0
//
// for A and Q n x n; X is symmetric where Q is. One solution exactly if no two eigenvalues of A multiply to one;
// ErrSingular as in Lyap. For A Schur, X is the sum of A^k Q A'^k. The transposed form A' X A - X + Q = 0, which Lyapunov
// functions need, is DLyap of A'. Method as in Lyap (Barraud, 1977, A numerical algorithm to solve A'XA - X = Q,
// IEEE TAC 22).
func DLyap(a, q *mat.Dense) (*Solution, error) {
	n, err := square("A", a)
	if err != nil {
		return nil, err
	}
	if err := shape("Q", q, n, n); err != nil {
		return nil, err
	}
	return linearEquation(true, a, nil, q)
}

// Sylvester returns X (n x m) with
//
//	A X + X B + C = 0
//
// for A n x n, B m x m, C n x m; MATLAB's lyap(A, B, C). ErrSingular where A and -B share an eigenvalue to working
// precision.
func Sylvester(a, b, c *mat.Dense) (*Solution, error) { return general(false, a, b, c) }

// DSylvester returns X (n x m) with A X B - X + C = 0; MATLAB's dlyap(A, B, C). ErrSingular where a product of
// eigenvalues of A and B is one to working precision.
func DSylvester(a, b, c *mat.Dense) (*Solution, error) { return general(true, a, b, c) }

func general(discrete bool, a, b, c *mat.Dense) (*Solution, error) {
	n, err := square("A", a)
	if err != nil {
		return nil, err
	}
	m, err := square("B", b)
	if err != nil {
		return nil, err
	}
	if err := shape("C", c, n, m); err != nil {
		return nil, err
	}
	return linearEquation(discrete, a, b, c)
}

// sylvester is an equation in Schur coordinates: T = U'AU, S = V'BV.
type sylvester struct {
	discrete bool
	a, b     *mat.Dense
	left     *realSchur
	right    *realSchur
}

// linearEquation solves A X + X B + C = 0 or A X B - X + C = 0; a nil B means A'.
func linearEquation(discrete bool, a, b, c *mat.Dense) (*Solution, error) {
	left, err := newSchur(a)
	if err != nil {
		return nil, err
	}
	e := &sylvester{discrete: discrete, a: a, b: b, left: left}
	isLyapunov := b == nil
	if isLyapunov {
		e.b = transposed(a)
		e.right = left.transposed()
	} else if e.right, err = newSchur(b); err != nil {
		return nil, err
	}
	out, err := e.solve(c)
	if err != nil {
		return nil, err
	}
	if isLyapunov && isSymmetric(c) {
		symmetrise(out.X)
		out.Residual, out.Relative = e.bound(out.X, c)
	}
	return out, nil
}

func (e *sylvester) solve(c *mat.Dense) (*Solution, error) {
	x, ok := e.apply(scale(-1, c), false)
	if !ok {
		return nil, e.singular(math.Inf(1))
	}
	out := &Solution{X: x, Cond: e.cond()}
	if !(out.Cond*eps < 1) {
		return nil, e.singular(out.Cond)
	}
	out.Residual, out.Relative = e.bound(x, c)
	if d, ok := e.apply(scale(-1, e.residual(x, c)), false); ok {
		better := add(x, d)
		if r, rel := e.bound(better, c); r < out.Residual {
			out.X, out.Residual, out.Relative = better, r, rel
		}
	}
	return out, nil
}

func (e *sylvester) singular(cond float64) error {
	what := "two eigenvalues that add up to zero"
	if e.discrete {
		what = "two eigenvalues whose product is one"
	}
	return fmt.Errorf("%w: the coefficients have %s (condition number %.1e)", ErrSingular, what, cond)
}

// residual is the left side of the equation at X.
func (e *sylvester) residual(x, c *mat.Dense) *mat.Dense {
	if e.discrete {
		r := mul3(e.a, x, e.b)
		r.Sub(r, x)
		r.Add(r, c)
		return r
	}
	r := mul(e.a, x)
	r.Add(r, mul(x, e.b))
	r.Add(r, c)
	return r
}

// bound bounds the norm of the exact residual: a sum of k products has error at most k eps/2 (1 + small) times the sum
// of moduli (Higham, 2002, Accuracy and stability of numerical algorithms, section 3.1); the constants below are larger
// than needed so that the rounding of the bound itself is covered.
func (e *sylvester) bound(x, c *mat.Dense) (residual, relative float64) {
	n, _ := e.a.Dims()
	m, _ := e.b.Dims()
	abs := &sylvester{discrete: e.discrete, a: modulus(e.a), b: modulus(e.b)}
	ax := modulus(x)
	var terms, size *mat.Dense
	if e.discrete {
		terms = mul3(abs.a, ax, abs.b)
		size = terms
	} else {
		terms = add(mul(abs.a, ax), mul(ax, abs.b))
		size = terms
	}
	terms = add(terms, add(ax, modulus(c)))
	rounding := float64(n+m+4) * eps * frob(terms)
	residual = frob(e.residual(x, c))*(1+float64(n*m)*eps) + rounding
	if total := frob(size) + frob(c) + frob(x); total > 0 {
		relative = residual / total
	}
	return residual, relative
}

// cond estimates |L| |L^-1| in the 2-norm of vec X by power iteration on L^-1 L^-T from a fixed start.
func (e *sylvester) cond() float64 {
	n, _ := e.a.Dims()
	m, _ := e.b.Dims()
	v := mat.NewDense(n, m, nil)
	for i := range n {
		for j := range m {
			v.Set(i, j, 1+0.5*math.Sin(float64(1+i*m+j))) // no symmetry that could hide a direction
		}
	}
	const steps = 3
	var inverse float64
	for range steps {
		v.Scale(1/frob(v), v)
		w, ok := e.apply(v, true)
		if !ok {
			return math.Inf(1)
		}
		inverse = max(inverse, frob(w))
		w.Scale(1/frob(w), w)
		if v, ok = e.apply(w, false); !ok {
			return math.Inf(1)
		}
		inverse = max(inverse, frob(v))
	}
	if e.discrete {
		return inverse * (1 + frob(e.a)*frob(e.b))
	}
	return inverse * (frob(e.a) + frob(e.b))
}

// apply returns X with A X + X B = F (A X B - X = F), or with the transposed operator A' X + X B' (A' X B' - X).
func (e *sylvester) apply(f *mat.Dense, trans bool) (*mat.Dense, bool) {
	l, r := e.left, e.right
	if trans {
		l, r = l.transposed(), r.transposed()
	}
	y := mul3(l.u.T(), f, r.u)
	if !solveTriangular(e.discrete, l.t, r.t, y) {
		return nil, false
	}
	x := mul3(l.u, y, r.u.T())
	return x, finite(x)
}

func modulus(a *mat.Dense) *mat.Dense {
	var out mat.Dense
	out.Apply(func(_, _ int, v float64) float64 { return math.Abs(v) }, a)
	return &out
}

func isSymmetric(a *mat.Dense) bool {
	n, _ := a.Dims()
	for i := range n {
		for j := range i {
			if a.At(i, j) != a.At(j, i) {
				return false
			}
		}
	}
	return true
}
