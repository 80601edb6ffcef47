package linalg

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Eigenvalues returns the eigenvalues of A (n x n), conjugate pairs adjacent.
func Eigenvalues(n int, a []float64) ([]complex128, error) {
	size(a, n, n)
	if n == 0 {
		return nil, nil
	}
	if !finite(a) {
		return nil, ErrNoConverge
	}
	var e mat.Eigen
	if !e.Factorize(dense(n, n, a), mat.EigenNone) {
		return nil, ErrNoConverge
	}
	return e.Values(nil), nil
}

// Eigenvectors returns the eigenvalues of A (n x n) and a right eigenvector for each, as the columns of v (n x n).
func Eigenvectors(n int, a []float64) (values, v []complex128, err error) {
	size(a, n, n)
	if n == 0 {
		return nil, nil, nil
	}
	if !finite(a) {
		return nil, nil, ErrNoConverge
	}
	var e mat.Eigen
	if !e.Factorize(dense(n, n, a), mat.EigenRight) {
		return nil, nil, ErrNoConverge
	}
	var c mat.CDense
	e.VectorsTo(&c)
	v = make([]complex128, n*n)
	for i := range n {
		for j := range n {
			v[i*n+j] = c.At(i, j)
		}
	}
	return e.Values(nil), v, nil
}

// EigenSym returns the eigenvalues of the symmetric part of A (n x n) in rising order and orthonormal eigenvectors as
// the columns of v (n x n).
func EigenSym(n int, a []float64) (values, v []float64, err error) {
	size(a, n, n)
	if n == 0 {
		return nil, nil, nil
	}
	if !finite(a) {
		return nil, nil, ErrNoConverge
	}
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, 0.5*(a[i*n+j]+a[j*n+i]))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, true) {
		return nil, nil, ErrNoConverge
	}
	var q mat.Dense
	e.VectorsTo(&q)
	return e.Values(nil), append([]float64(nil), q.RawMatrix().Data...), nil
}

// SVD returns the thin singular value decomposition A = U diag(s) V' of an r x c matrix with k = min(r, c): U r x k,
// s falling, V c x k.
func SVD(r, c int, a []float64) (u, s, v []float64, err error) {
	size(a, r, c)
	if r == 0 || c == 0 {
		return nil, nil, nil, nil
	}
	if !finite(a) {
		return nil, nil, nil, ErrNoConverge
	}
	var d mat.SVD
	if !d.Factorize(dense(r, c, a), mat.SVDThin) {
		return nil, nil, nil, ErrNoConverge
	}
	var um, vm mat.Dense
	d.UTo(&um)
	d.VTo(&vm)
	return um.RawMatrix().Data, d.Values(nil), vm.RawMatrix().Data, nil
}

// DLyap returns the symmetric X with
//
//	A' X A - X + Q = 0
//
// for a Schur matrix A and a symmetric Q (both n x n), that is X = sum over k of (A')^k Q A^k.
//
// Method: squared Smith iteration, X <- X + F' X F, F <- F^2, which doubles the number of summed terms. Cost: about
// log2(1/(1-rho)) + 6 steps of three products, so n up to a few hundred is quick. Numerics: the residual is of the size
// of rounding times |X|. ErrNotSchur when the sum does not converge.
//
// Reference: Smith (1968), Matrix equation XA + BX = C, SIAM J. Appl. Math. 16(1).
func DLyap(n int, a, q []float64) ([]float64, error) {
	size(a, n, n)
	size(q, n, n)
	x, f := append([]float64(nil), q...), append([]float64(nil), a...)
	const doublings = 60 // 2^60 terms: a radius closer to one than rounding
	for range doublings {
		d := Mul(n, n, n, Transpose(n, n, f), Mul(n, n, n, x, f))
		var step, norm float64
		for i, v := range d {
			x[i] += v
			step, norm = max(step, math.Abs(v)), max(norm, math.Abs(x[i]))
		}
		if !finite(x) {
			return nil, ErrNotSchur
		}
		if step <= 0.25*epsilon*norm {
			for i := range n {
				for j := range i {
					m := 0.5 * (x[i*n+j] + x[j*n+i])
					x[i*n+j], x[j*n+i] = m, m
				}
			}
			return x, nil
		}
		f = Mul(n, n, n, f, f)
	}
	return nil, ErrNotSchur
}

func finite(a []float64) bool {
	for _, v := range a {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
