// Package witness computes, in floating point, the numbers that a certificate needs beside the model: smallest rates,
// gains and the multipliers that prove them. Nothing here is trusted; cert decides in exact arithmetic.
//
// All matrices are row-major. The Lur'e data are A n x n, B1 n x q, B2 n x m, C1 q x n, D12 q x m, Cx p x n,
// Cw p x q, D22 p x m; M is the metric, Lambda (or L) the diagonal multiplier.
package witness

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrNone says that the given metric proves nothing of the kind asked for.
var ErrNone = errors.New("witness: the metric does not satisfy the inequality")

// Lure holds the deployed matrices of a Lur'e or gated network.
type Lure struct {
	N, Q, In, Out                   int
	A, B1, B2, C1, D12, Cx, Cw, D22 []float64
	Bx                              []float64 // bounded claim only

	// Slopes says that w_i is a function of v_i alone with slopes in [0, 1], such as tanh, so that dw_i lies between 0 and dv_i. Without it, for
	// gates and sandwich layers, |dw_i| <= |dv_i|, or that of the norms, is what is used.
	Slopes bool
}

func dense(r, c int, x []float64) *mat.Dense {
	if r == 0 || c == 0 {
		return nil
	}
	return mat.NewDense(r, c, append([]float64(nil), x...))
}

func diag(x []float64) *mat.DiagDense { return mat.NewDiagDense(len(x), append([]float64(nil), x...)) }

// sym returns the symmetric part of a square matrix.
func sym(a mat.Matrix) *mat.SymDense {
	n, _ := a.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, 0.5*(a.At(i, j)+a.At(j, i)))
		}
	}
	return s
}

// product multiplies left to right; nil operands (empty matrices) are not allowed.
func product(ms ...mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.CloneFrom(ms[0])
	for _, m := range ms[1:] {
		var next mat.Dense
		next.Mul(&out, m)
		out = next
	}
	return &out
}

// largest returns the largest lambda with det(S - lambda M) = 0 for symmetric S and M > 0, +Inf when M is not.
func largest(s mat.Matrix, m mat.Symmetric) float64 {
	var ch mat.Cholesky
	if !ch.Factorize(m) {
		return math.Inf(1)
	}
	var l mat.TriDense
	ch.LTo(&l)
	var y, z mat.Dense
	if y.Solve(&l, s) != nil || z.Solve(&l, y.T()) != nil {
		return math.Inf(1)
	}
	var es mat.EigenSym
	if !es.Factorize(sym(&z), false) {
		return math.Inf(1)
	}
	v := es.Values(nil)
	return v[len(v)-1]
}

// schur returns P + R' inv(K) R for K > 0, or nil.
func schur(p, k, r mat.Matrix) *mat.Dense {
	var ch mat.Cholesky
	if !ch.Factorize(sym(k)) {
		return nil
	}
	var x mat.Dense
	if ch.SolveTo(&x, r) != nil {
		return nil
	}
	var out mat.Dense
	out.Mul(r.T(), &x)
	out.Add(&out, p)
	return &out
}

// golden minimises f over log10 t in [lo, hi] after a coarse scan, and returns the best t and value.
func golden(f func(t float64) float64, lo, hi float64) (t, v float64) {
	const coarse = 33
	best, at := math.Inf(1), lo
	step := (hi - lo) / (coarse - 1)
	for i := range coarse {
		x := lo + float64(i)*step
		if y := f(math.Pow(10, x)); y < best {
			best, at = y, x
		}
	}
	if math.IsInf(best, 1) {
		return 0, best
	}
	a, b := at-step, at+step
	const phi = 0.6180339887498949
	c, d := b-phi*(b-a), a+phi*(b-a)
	fc, fd := f(math.Pow(10, c)), f(math.Pow(10, d))
	for range 40 {
		if fc < fd {
			b, d, fd = d, c, fc
			c = b - phi*(b-a)
			fc = f(math.Pow(10, c))
		} else {
			a, c, fc = c, d, fd
			d = a + phi*(b-a)
			fd = f(math.Pow(10, d))
		}
	}
	x := 0.5 * (a + b)
	if y := f(math.Pow(10, x)); y < best {
		return math.Pow(10, x), y
	}
	return math.Pow(10, at), best
}

// Contraction returns the smallest rate that (M, t Lambda) proves over all scalings t > 0,
//
//	r^2 = min over t of lambda_max(inv(M) S(t)),  S = A'MA + C1'L C1 + A'M B1 inv(L - B1'M B1) B1'M A,  L = t Lambda,
//
// or, with Slopes, S = A'MA + R'inv(2L - B1'M B1) R, R = B1'M A + L C1, with the scaled multiplier; ErrNone when r >= 1.
func (s *Lure) Contraction(m, lambda []float64) (rate float64, scaled []float64, err error) {
	rate, scaled = s.least(m, lambda)
	if !(rate < 1) {
		return rate, nil, ErrNone
	}
	return rate, scaled, nil
}

// least is Contraction for rates above 1 too; +Inf where M is not positive definite or no t gives a rate.
func (s *Lure) least(m, lambda []float64) (rate float64, scaled []float64) {
	metric := sym(dense(s.N, s.N, m))
	a := dense(s.N, s.N, s.A)
	ama := product(a.T(), metric, a)
	if s.Q == 0 {
		return math.Sqrt(largest(ama, metric)), nil
	}
	b, c := dense(s.N, s.Q, s.B1), dense(s.Q, s.N, s.C1)
	bma, bmb := product(b.T(), metric, a), product(b.T(), metric, b)
	lc := product(diag(lambda), c)
	clc := product(c.T(), lc)
	at := func(t float64) float64 {
		var k, p mat.Dense
		k.Scale(t, diag(lambda))
		p.Scale(t, clc)
		r := bma
		if s.Slopes {
			k.Scale(2, &k)
			p.Zero()
			r = new(mat.Dense)
			r.Scale(t, lc)
			r.Add(r, bma)
		}
		k.Sub(&k, bmb)
		p.Add(&p, ama)
		sum := schur(&p, &k, r)
		if sum == nil {
			return math.Inf(1)
		}
		return largest(sum, metric)
	}
	t, r2 := golden(at, -4, 4)
	if one := at(1); one <= r2 {
		t, r2 = 1, one
	}
	scaled = make([]float64, len(lambda))
	for i, l := range lambda {
		scaled[i] = t * l
	}
	return math.Sqrt(r2), scaled
}

// stack returns [A B1] and [C1 0], and [Cx Cw].
func (s *Lure) stack() (ab, c0, cc *mat.Dense) {
	k := s.N + s.Q
	ab, c0, cc = mat.NewDense(s.N, k, nil), mat.NewDense(max(s.Q, 1), k, nil), mat.NewDense(s.Out, k, nil)
	for i := range s.N {
		for j := range s.N {
			ab.Set(i, j, s.A[i*s.N+j])
		}
		for j := range s.Q {
			ab.Set(i, s.N+j, s.B1[i*s.Q+j])
		}
	}
	for i := range s.Q {
		for j := range s.N {
			c0.Set(i, j, s.C1[i*s.N+j])
		}
	}
	for i := range s.Out {
		for j := range s.N {
			cc.Set(i, j, s.Cx[i*s.N+j])
		}
		for j := range s.Q {
			cc.Set(i, s.N+j, s.Cw[i*s.Q+j])
		}
	}
	return ab, c0, cc
}

// Gain returns the smallest squared incremental l2 gain that (t M, t Lambda) proves over all t > 0, by the bounded-real
// inequality of docs/bundle.md, and the scaled pair.
func (s *Lure) Gain(m, lambda []float64) (gamma2 float64, tm, tl []float64, err error) {
	metric := sym(dense(s.N, s.N, m))
	ab, c0, cc := s.stack()
	l := lambda
	if s.Q == 0 {
		l = []float64{1} // c0 is one zero row
	}
	k := s.N + s.Q
	s0 := mat.NewDense(k, k, nil)
	for i := range s.N {
		for j := range s.N {
			s0.Set(i, j, metric.At(i, j))
		}
	}
	for i := range s.Q {
		s0.Set(s.N+i, s.N+i, lambda[i])
	}
	s0.Sub(s0, product(ab.T(), metric, ab))
	s0.Sub(s0, product(c0.T(), diag(l), c0))
	ctc := product(cc.T(), cc)
	b2, d22 := dense(s.N, s.In, s.B2), dense(s.Out, s.In, s.D22)
	d12 := mat.NewDense(max(s.Q, 1), s.In, nil)
	for i := range s.Q {
		for j := range s.In {
			d12.Set(i, j, s.D12[i*s.In+j])
		}
	}
	cross := product(ab.T(), metric, b2)
	cross.Add(cross, product(c0.T(), diag(l), d12))
	uu := product(b2.T(), metric, b2)
	uu.Add(uu, product(d12.T(), diag(l), d12))
	if s.Slopes && s.Q > 0 { // (dw - dv)'L(dw - dv) more
		e := mat.DenseCopyOf(c0)
		e.Scale(-1, e)
		for i := range s.Q {
			e.Set(i, s.N+i, 1)
		}
		s0.Add(s0, product(e.T(), diag(l), e))
		cross.Add(cross, product(e.T(), diag(l), d12))
		uu.Sub(uu, product(d12.T(), diag(l), d12))
	}
	ctd, dtd := product(cc.T(), d22), product(d22.T(), d22)
	one := mat.NewSymDense(s.In, nil)
	for i := range s.In {
		one.SetSym(i, i, 1)
	}
	at := func(t float64) float64 {
		var kk, n, p mat.Dense
		kk.Scale(t, s0)
		kk.Sub(&kk, ctc)
		n.Scale(t, cross)
		n.Add(&n, ctd)
		p.Scale(t, uu)
		p.Add(&p, dtd)
		sum := schur(&p, &kk, &n)
		if sum == nil {
			return math.Inf(1)
		}
		return largest(sum, one)
	}
	base := largest(ctc, sym(s0)) // t must exceed this
	if math.IsInf(base, 1) || !(base > 0) {
		return 0, nil, nil, ErrNone
	}
	t, g2 := golden(at, math.Log10(base)+1e-6, math.Log10(base)+6)
	if math.IsInf(g2, 1) {
		return 0, nil, nil, ErrNone
	}
	tm, tl = make([]float64, len(m)), make([]float64, len(lambda))
	for i := range m {
		tm[i] = t * m[i]
	}
	for i := range lambda {
		tl[i] = t * lambda[i]
	}
	return g2, tm, tl, nil
}

// Condition is the condition number of a symmetric positive definite n x n matrix, +Inf when it is not.
func Condition(m []float64, n int) float64 {
	var es mat.EigenSym
	if !es.Factorize(sym(dense(n, n, m)), false) {
		return math.Inf(1)
	}
	v := es.Values(nil)
	if !(v[0] > 0) {
		return math.Inf(1)
	}
	return v[n-1] / v[0]
}

// Norm is the spectral norm of a row-major r x c matrix.
func Norm(x []float64, r, c int) float64 {
	if r == 0 || c == 0 {
		return 0
	}
	var svd mat.SVD
	if !svd.Factorize(dense(r, c, x), mat.SVDNone) {
		return math.Inf(1)
	}
	return svd.Values(nil)[0]
}
