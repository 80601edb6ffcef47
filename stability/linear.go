package stability

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/linalg"
)

// Time is the time of a system.
type Time int

// Times.
const (
	Continuous Time = iota // dx/dt = f(x)
	Discrete               // x(k+1) = f(x(k))
)

func (t Time) String() string {
	if t == Discrete {
		return "discrete"
	}
	return "continuous"
}

// Verdict is what is known of the stability of an equilibrium.
type Verdict string

// Verdicts.
const (
	Asymptotic Verdict = "asymptotically stable"
	Marginal   Verdict = "marginally stable" // stable, not asymptotically
	Unstable   Verdict = "unstable"          //
	Undecided  Verdict = "undecided"         // the method cannot tell
)

// Basis is how a result was decided.
type Basis string

// Bases, from weak to strong.
const (
	Estimated Basis = "estimated"           // samples or search
	Bounded   Basis = "bounded numerically" // floating point with a stated tolerance
	Verified  Basis = "verified"            // outward rounding
)

// ErrShape is returned for matrices and vectors whose sizes do not fit.
var ErrShape = errors.New("stability: shapes do not fit")

// Linear is the classification of a linear system.
type Linear struct {
	Verdict     Verdict
	Basis       Basis
	Kind        string        // "stable node", "saddle", ...
	Eigenvalues []complex128  // of A
	Growth      float64       // largest modulus (discrete) or real part (continuous)
	Border      []complex128  // eigenvalues that the tolerance cannot tell from the border
	Tolerance   float64       // largest tolerance that was applied to an eigenvalue of Border; 0 when there is none
	Semisimple  bool          // every border eigenvalue has as many eigenvectors as its multiplicity; true without any
	P           *mat.SymDense // of a verified Lyapunov function x'Px; nil unless Asymptotic and Verified
}

// Classify decides the stability of dx/dt = Ax or x(k+1) = Ax(k).
//
// Claim: asymptotically stable iff all eigenvalues lie strictly inside the border (imaginary axis, unit circle); unstable if
// one lies outside; otherwise stable iff every eigenvalue on the border is semisimple, that is, its Jordan blocks are 1 x 1.
//
// Method: the eigenvalues come block by block, from the zeros of A, with rows and columns balanced. Then a Lyapunov witness. If P solves A'P + PA = -I (A'PA - P = -I) and the inequality holds in interval arithmetic,
// then P > 0 proves asymptotic stability; an x with x'Px < 0 proves instability, also for A - s I, s > 0 (A/r, r > 1),
// see lyapunovVerdict. Where the eigenvalues on the border are integrators, ranks decide, see structured. Otherwise an
// eigenvalue counts as on the border when its distance is below
//
//	tol = 8 n eps |A| min(cond, eps^(-2/3))
//
// with cond the condition number of the eigenvalue, the first-order bound of its error; eps^(-2/3) is the condition at which a
// triple eigenvalue that rounding has split comes out. Multiplicity is the number of border eigenvalues within 2 tol;
// eigenvectors are counted by singular values of A - lambda I below the same tolerance.
//
// Numerics: the first two routes are verified, the last is numerical; an eigenvalue nearer to the border than its tolerance is
// called Marginal or, with a Jordan block, Unstable, because no floating-point method can tell.
//
// Reference: Khalil (2002), theorem 4.5; Lyapunov and Chetaev for the inertia; Golub and Van Loan, Matrix Computations,
// section 7.2.2, for the condition.
func Classify(a *mat.Dense, t Time) (*Linear, error) {
	n, err := square(a)
	if err != nil {
		return nil, err
	}
	raw := flat(a)
	l := &Linear{Growth: math.Inf(-1), Semisimple: true, Basis: Bounded}
	if err := l.spectrum(n, raw, t); err != nil {
		return nil, err
	}
	l.multiplicities(n, balanced(n, raw))
	l.decide(t)
	outside := l.Growth
	if t == Discrete {
		outside--
	}
	p, v, hyperbolic := lyapunovVerdict(a, point(raw), outside, t)
	if v == "" && len(l.Border) > 0 {
		if v = structured(n, point(raw), t); v != "" {
			l.Tolerance, l.Semisimple = 0, v == Marginal
		}
	}
	if v != "" {
		l.Verdict, l.Basis = v, Verified
	}
	if hyperbolic { // no eigenvalue is on the border
		l.Border, l.Tolerance, l.Semisimple = nil, 0, true
	}
	if v == Asymptotic {
		l.P = p
	}
	l.Kind = kind(l.Eigenvalues, l.Border, t)
	return l, nil
}

// borderFactor covers the constant of the backward error of the QR algorithm, which is a small multiple of n.
const borderFactor = 8

// eps is the unit roundoff of float64.
const eps = 0x1p-53

// spectrum computes the eigenvalues block by block (components), each block balanced, and notes those that the tolerance
// cannot tell from the border. A block of one number is its own eigenvalue, exactly.
func (l *Linear) spectrum(n int, a []float64, t Time) error {
	whole := point(a)
	for _, c := range components(n, whole) {
		block := submatrix(n, whole, c)
		if len(c) == 1 {
			v := complex(block[0].Lo, 0)
			l.Eigenvalues = append(l.Eigenvalues, v)
			if distance(v, t) == 0 {
				l.Border = append(l.Border, v)
			}
			continue
		}
		k := len(c)
		b := balanced(k, mids(block))
		values, vectors, err := linalg.Eigenvectors(k, b)
		if err != nil {
			return fmt.Errorf("stability: eigenvalues of A: %w", err)
		}
		conds, norm := eigenConditions(k, values, vectors), frobenius(b)
		l.Eigenvalues = append(l.Eigenvalues, values...)
		for i, v := range values {
			tol := borderFactor * float64(k) * eps * norm * min(conds[i], math.Pow(eps, -2.0/3))
			if math.Abs(distance(v, t)) <= tol {
				l.Border, l.Tolerance = append(l.Border, v), max(l.Tolerance, tol)
			}
		}
	}
	for _, v := range l.Eigenvalues {
		l.Growth = max(l.Growth, growth(v, t))
	}
	return nil
}

// multiplicities counts the eigenvectors of the eigenvalues on the border; a is balanced.
func (l *Linear) multiplicities(n int, a []float64) {
	done := make([]bool, len(l.Border))
	for i, v := range l.Border {
		if done[i] {
			continue
		}
		multiplicity, centre := 0, complex(0, 0)
		for j, w := range l.Border {
			if cmplx.Abs(v-w) <= 2*l.Tolerance {
				done[j] = true
				multiplicity++
				centre += w
			}
		}
		centre /= complex(float64(multiplicity), 0)
		if multiplicity > 1 && eigenvectors(n, a, centre, max(l.Tolerance, borderFactor*float64(n)*eps*frobenius(a))) < multiplicity {
			l.Semisimple = false
		}
	}
}

func (l *Linear) decide(t Time) {
	outside := false
	for _, v := range l.Eigenvalues {
		outside = outside || distance(v, t) > l.Tolerance
	}
	switch {
	case outside || !l.Semisimple:
		l.Verdict = Unstable
	case len(l.Border) > 0:
		l.Verdict = Marginal
	default:
		l.Verdict = Asymptotic
	}
}

// growth is the modulus or the real part.
func growth(v complex128, t Time) float64 {
	if t == Discrete {
		return cmplx.Abs(v)
	}
	return real(v)
}

// distance from the border, positive outside.
func distance(v complex128, t Time) float64 {
	if t == Discrete {
		return cmplx.Abs(v) - 1
	}
	return real(v)
}

// eigenConditions returns 1/|y'x| for unit left and right eigenvectors, +Inf where rounding makes the two orthogonal. The
// left eigenvectors are rows of the inverse of the matrix of right ones; where that is singular all are +Inf.
func eigenConditions(n int, values, v []complex128) []float64 {
	out := make([]float64, n)
	left, ok := inverseComplex(n, v)
	for i := range out {
		out[i] = math.Inf(1)
		if !ok {
			continue
		}
		var x, y float64
		for j := range n {
			x = math.Hypot(x, cmplx.Abs(v[j*n+i]))
			y = math.Hypot(y, cmplx.Abs(left[i*n+j]))
		}
		if c := x * y; c >= 1 {
			out[i] = c
		} else if c > 0 {
			out[i] = 1
		}
	}
	return out
}

// inverseComplex inverts by Gauss-Jordan elimination with partial pivoting.
func inverseComplex(n int, a []complex128) ([]complex128, bool) {
	m := append([]complex128(nil), a...)
	inv := make([]complex128, n*n)
	for i := range n {
		inv[i*n+i] = 1
	}
	for k := range n {
		p := k
		for i := k + 1; i < n; i++ {
			if cmplx.Abs(m[i*n+k]) > cmplx.Abs(m[p*n+k]) {
				p = i
			}
		}
		if m[p*n+k] == 0 {
			return nil, false
		}
		for j := range n {
			m[k*n+j], m[p*n+j] = m[p*n+j], m[k*n+j]
			inv[k*n+j], inv[p*n+j] = inv[p*n+j], inv[k*n+j]
		}
		d := 1 / m[k*n+k]
		for j := range n {
			m[k*n+j] *= d
			inv[k*n+j] *= d
		}
		for i := range n {
			f := m[i*n+k]
			if i == k || f == 0 {
				continue
			}
			for j := range n {
				m[i*n+j] -= f * m[k*n+j]
				inv[i*n+j] -= f * inv[k*n+j]
			}
		}
	}
	for _, v := range inv {
		if cmplx.IsNaN(v) || cmplx.IsInf(v) {
			return nil, false
		}
	}
	return inv, true
}

// eigenvectors counts the singular values of A - lambda I that are at most tol, through the real 2n x 2n form, which
// has each twice.
func eigenvectors(n int, a []float64, lambda complex128, tol float64) int {
	m := make([]float64, 4*n*n)
	for i := range n {
		for j := range n {
			v := a[i*n+j]
			if i == j {
				v -= real(lambda)
				m[i*2*n+n+j], m[(n+i)*2*n+j] = imag(lambda), -imag(lambda)
			}
			m[i*2*n+j], m[(n+i)*2*n+n+j] = v, v
		}
	}
	_, s, _, err := linalg.SVD(2*n, 2*n, m)
	if err != nil {
		return 0
	}
	count := 0
	for _, v := range s {
		if v <= tol {
			count++
		}
	}
	return count / 2
}

// kind names the phase portrait by the eigenvalues.
func kind(values, border []complex128, t Time) string {
	in, out, turning := 0, 0, false
	for _, v := range values {
		onBorder := false
		for _, b := range border {
			onBorder = onBorder || v == b
		}
		turning = turning || imag(v) != 0
		switch {
		case onBorder:
		case distance(v, t) < 0:
			in++
		default:
			out++
		}
	}
	shape := map[bool]string{true: "focus", false: "node"}[turning]
	switch {
	case in > 0 && out > 0:
		return "saddle"
	case len(border) == 0 && out == 0:
		return "stable " + shape
	case len(border) == 0:
		return "unstable " + shape
	case out > 0:
		return "unstable, with modes on the border"
	case in == 0 && turning:
		return "centre"
	}
	return "with modes on the border"
}

func square(a *mat.Dense) (int, error) {
	r, c := a.Dims()
	if r != c || r == 0 {
		return 0, fmt.Errorf("%w: A is %d x %d, want square", ErrShape, r, c)
	}
	for _, v := range flat(a) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, fmt.Errorf("stability: A has the entry %v, want finite numbers", v)
		}
	}
	return r, nil
}

// flat copies a matrix row by row.
func flat(a mat.Matrix) []float64 {
	r, c := a.Dims()
	out := make([]float64, 0, r*c)
	for i := range r {
		for j := range c {
			out = append(out, a.At(i, j))
		}
	}
	return out
}

func frobenius(a []float64) float64 {
	s := 0.0
	for _, v := range a {
		s = math.Hypot(s, v)
	}
	return s
}
