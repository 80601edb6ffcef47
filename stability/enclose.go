package stability

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/linalg"
)

// point turns numbers into intervals.
func point(x []float64) []interval.I {
	out := make([]interval.I, len(x))
	for i, v := range x {
		out[i] = interval.Point(v)
	}
	return out
}

func mids(x []interval.I) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v.Mid()
	}
	return out
}

// mulMat sets dst (r x c) to the product of r x k and k x c; dst shares nothing with the operands.
func mulMat(dst, a, b []interval.I, r, k, c int) {
	for i := range r {
		for j := range c {
			var s interval.I
			for l := range k {
				s = s.Add(a[i*k+l].Mul(b[l*c+j]))
			}
			dst[i*c+j] = s
		}
	}
}

// definite reports whether every symmetric matrix with entries in s (n x n, given symmetric) is positive definite.
//
// For n <= 2 by leading minors. Otherwise T = R S R' with R the inverse of a floating-point Cholesky factor of the
// midpoint is near the identity, and T is positive definite where it is strictly diagonally dominant with a positive
// diagonal; then so is S, since R is then invertible. Sound, not complete: false says nothing.
func definite(n int, s []interval.I) bool {
	switch n {
	case 1:
		return s[0].Lo > 0
	case 2:
		return s[0].Lo > 0 && s[3].Lo > 0 && interval.Point(s[0].Lo).Mul(interval.Point(s[3].Lo)).Sub(s[1].Hull(s[2]).Sqr()).Lo > 0
	}
	for i := range n {
		if !(s[i*n+i].Lo > 0) {
			return false
		}
	}
	l, ok := linalg.Cholesky(n, mids(s))
	if !ok {
		return false
	}
	r, ok := inverseLower(n, l)
	if !ok {
		return false
	}
	left, t := make([]interval.I, n*n), make([]interval.I, n*n)
	mulMat(left, r, s, n, n, n)
	rt := make([]interval.I, n*n)
	for i := range n {
		for j := range n {
			rt[i*n+j] = r[j*n+i]
		}
	}
	mulMat(t, left, rt, n, n, n)
	for i := range n {
		rest := interval.Point(t[i*n+i].Lo)
		for j := range n {
			if j != i {
				rest = rest.Sub(interval.Point(max(t[i*n+j].Mag(), t[j*n+i].Mag())))
			}
		}
		if !(rest.Lo > 0) {
			return false
		}
	}
	return true
}

// inverseLower inverts a lower triangular matrix in floating point.
func inverseLower(n int, l []float64) ([]interval.I, bool) {
	r := make([]float64, n*n)
	for j := range n {
		r[j*n+j] = 1 / l[j*n+j]
		for i := j + 1; i < n; i++ {
			s := 0.0
			for k := j; k < i; k++ {
				s -= l[i*n+k] * r[k*n+j]
			}
			r[i*n+j] = s / l[i*n+i]
		}
	}
	for _, v := range r {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
	}
	return point(r), true
}

// decreaseMatrix sets dst to the symmetric interval matrix of the decrease of V = d'Pd along d' = Jd,
//
//	-(PJ + J'P)  (continuous)    P - J'PJ  (discrete)
//
// so definite(dst) says that V falls for every J in the interval matrix. work has 2 n^2 entries.
func decreaseMatrix(dst []interval.I, p, j []interval.I, n int, t Time, work []interval.I) {
	pj, jt := work[:n*n], work[n*n:]
	mulMat(pj, p, j, n, n, n)
	if t == Discrete {
		for i := range n {
			for k := range n {
				jt[i*n+k] = j[k*n+i]
			}
		}
		mulMat(dst, jt, pj, n, n, n)
		for i := range n {
			for k := i; k < n; k++ {
				v := p[i*n+k].Sub(both(dst[i*n+k], dst[k*n+i]))
				dst[i*n+k], dst[k*n+i] = v, v
			}
		}
		return
	}
	for i := range n {
		for k := i; k < n; k++ {
			v := pj[i*n+k].Add(pj[k*n+i]).Neg()
			dst[i*n+k], dst[k*n+i] = v, v
		}
	}
}

// both returns the part common to two enclosures of one number.
func both(x, y interval.I) interval.I {
	if z, ok := x.Meet(y); ok {
		return z
	}
	return interval.Undefined() // one of them is
}

// lyapunovVerdict decides stability by Lyapunov's theorem in interval arithmetic, for every matrix of jac, with mid one of them;
// growth is the largest distance of an eigenvalue of mid from the border. The verdict is "" where it cannot decide.
//
// Claim: let V = x'Px fall along x' = (J - s I)x (x+ = (J/r)x). For s = 0 (r = 1) and P > 0, x' = Jx is asymptotically stable.
// For s >= 0 (r >= 1) and a P with x'Px < 0 for some x it is unstable: V' < 2 s V along solutions of x' = Jx, so a
// negative V grows without bound, and near 0 the same holds for a nonlinear system with this Jacobian at 0. The shift is needed
// where eigenvalues on the border, or pairs of opposite sign, leave no strict P for s = 0.
func lyapunovVerdict(mid *mat.Dense, jac []interval.I, growth float64, t Time) (p *mat.SymDense, v Verdict, hyperbolic bool) {
	shifts := []float64{0}
	if growth > 0 {
		shifts = append(shifts, 0.5*growth, 0.3*growth, 0.8*growth)
	}
	n, _ := mid.Dims()
	var err error
	for _, shift := range shifts {
		m, j := mat.DenseCopyOf(mid), append([]interval.I(nil), jac...)
		for i := range n {
			switch {
			case t == Continuous:
				m.Set(i, i, m.At(i, i)-shift)
				j[i*n+i] = j[i*n+i].Sub(interval.Point(shift))
			case shift > 0:
				for k := i * n; k < (i+1)*n; k++ {
					j[k] = j[k].Div(interval.Point(1 + shift))
				}
			}
		}
		if t == Discrete && shift > 0 {
			m.Scale(1/(1+shift), m)
		}
		if p, err = Lyapunov(m, nil, t); err != nil {
			continue
		}
		if v = signature(p, j, t); v == Unstable || v == Asymptotic && shift == 0 {
			return p, v, shift == 0
		}
	}
	return nil, "", false
}

// signature is Asymptotic where V = x'Px, P > 0, falls along x' = Jx for every J in the interval matrix, Unstable where it
// falls and some x has V < 0, and "" where neither is verified.
func signature(p *mat.SymDense, jac []interval.I, t Time) Verdict {
	n := p.SymmetricDim()
	raw, s := point(flat(p)), make([]interval.I, n*n)
	decreaseMatrix(s, raw, jac, n, t, make([]interval.I, 2*n*n))
	if !finiteAll(s) || !definite(n, s) {
		return ""
	}
	if definite(n, raw) {
		return Asymptotic
	}
	w, v, err := linalg.EigenSym(n, flat(p))
	if err != nil || !(w[0] < 0) {
		return ""
	}
	x := make([]interval.I, n)
	for i := range x {
		x[i] = interval.Point(v[i*n])
	}
	if form(raw, x).Hi < 0 {
		return Unstable
	}
	return ""
}

// form is x'Px.
func form(p, x []interval.I) interval.I {
	n := len(x)
	var s interval.I
	for i := range n {
		s = s.Add(p[i*n+i].Mul(x[i].Sqr()))
		for j := range i {
			s = s.Add(p[i*n+j].Add(p[j*n+i]).Mul(x[i].Mul(x[j])))
		}
	}
	return s
}
