package lti

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrNoStabilising says that a Riccati equation has no stabilising solution, or none that floating point can tell from
// one with closed-loop poles on the boundary of stability.
var ErrNoStabilising = errors.New("lti: Riccati equation has no stabilising solution")

// Riccati is the stabilising solution of an algebraic Riccati equation.
type Riccati struct {
	X     *mat.Dense   // n x n, symmetric
	K     *mat.Dense   // m x n: the closed loop is A - B K
	Poles []complex128 // eigenvalues of A - B K, all inside the stability region
	// Residual is an upper bound of the Frobenius norm of the equation's left side at the returned X in exact
	// arithmetic (computed residual plus its rounding); Relative is Residual over the sum of the norms of the terms.
	Residual, Relative float64
}

// CARE returns the stabilising solution of the continuous-time algebraic Riccati equation
//
//	A' X + X A - (X B + S) R^-1 (B' X + S') + Q = 0,   K = R^-1 (B' X + S'),
//
// with A n x n, B n x m, Q n x n and R m x m symmetric, S n x m (nil means zero), R nonsingular (nil means I). Q and R may
// be indefinite, as H-infinity and KYP problems need.
//
// Claim: the stabilising solution is unique where it exists; it exists for R > 0 and [Q S; S' R] >= 0 if and only if
// (A, B) is stabilisable and the Hamiltonian has no eigenvalue on the imaginary axis (every mode of (A - B R^-1 S') on
// the axis is seen by the cost).
//
// Method: ordered Schur form of the Hamiltonian (Laub, 1979, A Schur method for solving algebraic Riccati equations,
// IEEE TAC 24) after a symplectic diagonal scaling by powers of two, then Newton steps (Kleinman, 1968) that remove the
// error of the first solution. Where Newton still changes X after these, the Hamiltonian has eigenvalues on the axis to
// working precision and ErrNoStabilising is returned. Asymmetry of Q or R beyond rounding, at any scale, gives an
// AsymmetryError. Cost about 25 (2n)^3.
func CARE(a, b, q, r, s *mat.Dense) (*Riccati, error) { return riccati(false, a, b, q, r, s) }

// DARE returns the stabilising solution of the discrete-time algebraic Riccati equation
//
//	A' X A - X - (A' X B + S) (R + B' X B)^-1 (B' X A + S') + Q = 0,   K = (R + B' X B)^-1 (B' X A + S')
//
// with shapes as in CARE. A may be singular. R may be singular too if R + B' Q B is not and S is nil.
//
// Method: structured doubling (Chu, Fan, Lin, Wang, 2004, Structure-preserving algorithms for periodic discrete-time
// algebraic Riccati equations, Int. J. Control 77), then Newton steps (Hewer, 1971). Errors as in CARE.
func DARE(a, b, q, r, s *mat.Dense) (*Riccati, error) { return riccati(true, a, b, q, r, s) }

// equation holds the data of a Riccati equation, checked.
type equation struct {
	discrete      bool
	a, b, q, r, s *mat.Dense
	n, m          int
}

func newEquation(discrete bool, a, b, q, r, s *mat.Dense) (*equation, error) {
	n, err := square("A", a)
	if err != nil {
		return nil, err
	}
	if b == nil || b.IsEmpty() {
		return nil, fmt.Errorf("%w: B is empty, expected %d rows", ErrShape, n)
	}
	_, m := b.Dims()
	if err := shape("B", b, n, m); err != nil {
		return nil, err
	}
	e := &equation{discrete: discrete, a: a, b: b, n: n, m: m, s: s}
	if e.q, err = symmetric("Q", q, n); err != nil {
		return nil, err
	}
	if r == nil {
		r = identity(m)
	}
	if e.r, err = symmetric("R", r, m); err != nil {
		return nil, err
	}
	if s == nil {
		e.s = mat.NewDense(n, m, nil)
	}
	return e, shape("S", e.s, n, m)
}

func riccati(discrete bool, a, b, q, r, s *mat.Dense) (*Riccati, error) {
	e, err := newEquation(discrete, a, b, q, r, s)
	if err != nil {
		return nil, err
	}
	scaled, t := e.scaled()
	var x *mat.Dense
	if discrete {
		x, err = scaled.doubling()
	} else {
		x, err = scaled.hamiltonian()
	}
	if err != nil {
		return nil, err
	}
	if x, err = scaled.newton(x); err != nil {
		return nil, err
	}
	for i := range e.n {
		for j := range e.n {
			x.Set(i, j, x.At(i, j)/(t[i]*t[j]))
		}
	}
	return e.finish(x)
}

// finish computes gain, poles and residual bound of X.
func (e *equation) finish(x *mat.Dense) (*Riccati, error) {
	k, err := e.gain(x)
	if err != nil {
		return nil, err
	}
	out := &Riccati{X: x, K: k}
	if out.Poles, err = eigenvalues(sub(e.a, mul(e.b, k))); err != nil {
		return nil, err
	}
	for _, p := range out.Poles {
		if outside(p, e.discrete) {
			return nil, fmt.Errorf("%w: closed-loop pole %.4g at or outside the boundary of stability", ErrNoStabilising, p)
		}
	}
	out.Residual, out.Relative = e.bound(x, k)
	return out, nil
}

// weight is R, or R + B'XB in discrete time.
func (e *equation) weight(x *mat.Dense) *mat.Dense {
	if !e.discrete {
		return e.r
	}
	w := add(e.r, mul3(e.b.T(), x, e.b))
	symmetrise(w)
	return w
}

// cross is B'X + S' (B'XA + S').
func (e *equation) cross(x *mat.Dense) *mat.Dense {
	f := mul(e.b.T(), x)
	if e.discrete {
		f = mul(f, e.a)
	}
	return add(f, e.s.T())
}

func (e *equation) gain(x *mat.Dense) (*mat.Dense, error) {
	k, err := solve(e.weight(x), e.cross(x))
	if err != nil && e.discrete {
		return nil, fmt.Errorf("%w: R + B'XB", err)
	} else if err != nil {
		return nil, fmt.Errorf("%w: R", err)
	}
	return k, nil
}

// residual is the left side with the gain K of X.
func (e *equation) residual(x, k *mat.Dense) *mat.Dense {
	var out *mat.Dense
	if e.discrete {
		out = mul3(e.a.T(), x, e.a)
		out.Sub(out, x)
	} else {
		xa := mul(x, e.a)
		out = add(xa, xa.T())
	}
	out.Add(out, e.q)
	out.Sub(out, mul(transposed(e.cross(x)), k))
	return out
}

// bound bounds the exact residual: rounding of the terms as in sylvester.bound, and F'(W^-1 F - K) with F the cross term
// and W the weight, at most |F| |F - WK| / min|eig W|.
func (e *equation) bound(x, k *mat.Dense) (residual, relative float64) {
	abs := &equation{discrete: e.discrete, a: modulus(e.a), b: modulus(e.b), q: modulus(e.q), r: modulus(e.r), s: modulus(e.s), n: e.n, m: e.m}
	ax, ak := modulus(x), modulus(k)
	f, af := e.cross(x), abs.cross(ax)
	gamma := float64(3*e.n+2*e.m+6) * eps
	quadratic := mul(af.T(), ak)
	terms := add(add(quadratic, abs.q), ax)
	if e.discrete {
		terms.Add(terms, mul3(abs.a.T(), ax, abs.a))
	} else {
		xa := mul(ax, abs.a)
		terms.Add(terms, add(xa, xa.T()))
	}
	residual = frob(e.residual(x, k))*(1+gamma) + gamma*frob(terms)
	w := e.weight(x)
	defect := frob(sub(f, mul(w, k))) + gamma*frob(add(af, mul(abs.weight(ax), ak)))
	least, most := spread(w)
	residual += frob(f) * defect / max(least-float64(e.m)*eps*most-gamma*frob(abs.weight(ax)), math.SmallestNonzeroFloat64)
	if total := frob(terms); total > 0 {
		relative = residual / total
	}
	return residual, relative
}

// spread returns the least and largest modulus of the eigenvalues of a symmetric matrix.
func spread(w *mat.Dense) (least, most float64) {
	values := eigSym(w)
	least = math.Inf(1)
	for _, v := range values {
		least, most = min(least, math.Abs(v)), max(most, math.Abs(v))
	}
	return least, most
}

// eigSym returns the eigenvalues of a symmetric matrix in rising order; NaNs where they cannot be found.
func eigSym(w *mat.Dense) []float64 {
	n, _ := w.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, w.At(i, j))
		}
	}
	var e mat.EigenSym
	if !finite(w) || !e.Factorize(s, false) {
		out := make([]float64, n)
		for i := range out {
			out[i] = math.NaN()
		}
		return out
	}
	return e.Values(nil)
}

// scaled is the equation for T X T with T = diag(t) powers of two, chosen so that in
//
//	[ T^-1 A T      -T^-1 G T^-1 ]
//	[ -T Q T        -T A' T^-1   ]    G = B R^-1 B'
//
// rows and columns have similar size (balancing under a symplectic scaling). No rounding.
func (e *equation) scaled() (*equation, []float64) {
	t := make([]float64, e.n)
	for i := range t {
		t[i] = 1
	}
	g := mat.NewDense(e.n, e.n, nil)
	if y, err := solve(e.r, transposed(e.b)); err == nil {
		g = mul(e.b, y)
	}
	const sweeps = 12
	for range sweeps {
		still := true
		for i := range e.n {
			var grows, falls float64 // sums of moduli that grow and fall with t[i]
			for j := range e.n {
				q, h := math.Abs(e.q.At(i, j))*t[j], math.Abs(g.At(i, j))/t[j]
				if j == i {
					grows, falls = grows+q, falls+h // squares of t[i]: one factor is in q and h already
					continue
				}
				grows += q + math.Abs(e.a.At(j, i))/t[j]
				falls += h + math.Abs(e.a.At(i, j))*t[j]
			}
			if grows == 0 || falls == 0 || math.IsInf(grows, 0) || math.IsInf(falls, 0) {
				continue
			}
			// t[i] multiplies grows and divides falls: the product is balanced at t[i]^2 = falls/grows. Half of the way on
			// the logarithmic scale, since the diagonal terms in grows and falls move with t[i] and would overshoot.
			f := math.Exp2(math.Round(0.5 * (math.Log2(t[i]) + 0.5*math.Log2(falls/grows))))
			const limit = 0x1p200 // far from overflow in t[i]^2 times data
			if f != t[i] && f < limit && f > 1/limit {
				t[i], still = f, false
			}
		}
		if still {
			break
		}
	}
	out := &equation{discrete: e.discrete, n: e.n, m: e.m, r: e.r,
		a: mat.DenseCopyOf(e.a), b: mat.DenseCopyOf(e.b), q: mat.DenseCopyOf(e.q), s: mat.DenseCopyOf(e.s)}
	for i := range e.n {
		for j := range e.n {
			out.a.Set(i, j, e.a.At(i, j)*t[j]/t[i])
			out.q.Set(i, j, e.q.At(i, j)*t[i]*t[j])
		}
		for j := range e.m {
			out.b.Set(i, j, e.b.At(i, j)/t[i])
			out.s.Set(i, j, e.s.At(i, j)*t[i])
		}
	}
	return out, t
}
