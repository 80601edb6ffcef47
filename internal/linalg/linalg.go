// Package linalg holds the small dense matrix routines that model fitting and witnesses share, over gonum.
//
// A matrix is a row-major slice with its sizes passed beside it: element (i, j) of an r x c matrix is a[i*c+j]. No
// function writes to an operand; results are fresh slices. Sizes are meant to be small (up to some hundreds); there is
// no blocking of our own. Wrong lengths are bugs of the caller and panic.
package linalg

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"
)

// Errors that callers can act on.
var (
	ErrSingular   = errors.New("linalg: matrix is singular to working precision")
	ErrNotSchur   = errors.New("linalg: spectral radius is not below one")
	ErrNoConverge = errors.New("linalg: eigenvalue iteration did not converge")
)

// Mul returns A B for A r x k and B k x c.
func Mul(r, k, c int, a, b []float64) []float64 {
	size(a, r, k)
	size(b, k, c)
	out := make([]float64, r*c)
	for i := range r {
		row := out[i*c : (i+1)*c]
		for l := range k {
			if v := a[i*k+l]; v != 0 {
				for j, w := range b[l*c : (l+1)*c] {
					row[j] += v * w
				}
			}
		}
	}
	return out
}

// Transpose returns the transpose (c x r) of an r x c matrix.
func Transpose(r, c int, a []float64) []float64 {
	size(a, r, c)
	out := make([]float64, r*c)
	for i := range r {
		for j := range c {
			out[j*r+i] = a[i*c+j]
		}
	}
	return out
}

// Identity returns the n x n identity.
func Identity(n int) []float64 {
	out := make([]float64, n*n)
	for i := range n {
		out[i*n+i] = 1
	}
	return out
}

// Cholesky returns the lower triangular L with L L' = A for a symmetric positive definite A (n x n; the lower triangle
// is read), and false when a pivot is not positive.
func Cholesky(n int, a []float64) ([]float64, bool) {
	size(a, n, n)
	l := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			s := a[i*n+j] - dot(l[i*n:i*n+j], l[j*n:j*n+j])
			if i != j {
				l[i*n+j] = s / l[j*n+j]
				continue
			}
			if !(s > 0) || math.IsInf(s, 1) {
				return nil, false
			}
			l[i*n+i] = math.Sqrt(s)
		}
	}
	return l, true
}

// SolveCholesky returns X with L L' X = B for the factor of Cholesky, B n x k.
func SolveCholesky(n, k int, l, b []float64) []float64 {
	size(l, n, n)
	size(b, n, k)
	x := append([]float64(nil), b...)
	for i := range n {
		xi := x[i*k : (i+1)*k]
		for j := range i {
			subtract(xi, l[i*n+j], x[j*k:(j+1)*k])
		}
		scale(xi, 1/l[i*n+i])
	}
	for i := n - 1; i >= 0; i-- {
		xi := x[i*k : (i+1)*k]
		for j := i + 1; j < n; j++ {
			subtract(xi, l[j*n+i], x[j*k:(j+1)*k])
		}
		scale(xi, 1/l[i*n+i])
	}
	return x
}

// Solve returns X with A X = B for A n x n and B n x k by LU with partial pivoting. A matrix whose condition number
// exceeds 1/eps gives ErrSingular.
func Solve(n, k int, a, b []float64) ([]float64, error) {
	size(a, n, n)
	size(b, n, k)
	if n == 0 || k == 0 {
		return make([]float64, n*k), nil
	}
	x := mat.NewDense(n, k, nil)
	if err := x.Solve(dense(n, n, a), dense(n, k, b)); err != nil {
		var c mat.Condition
		if !errors.As(err, &c) || !(float64(c) < 1/epsilon) {
			return nil, fmt.Errorf("%w: %w", ErrSingular, err)
		}
	}
	return x.RawMatrix().Data, nil
}

// Inverse returns the inverse of A (n x n); it fails as Solve does.
func Inverse(n int, a []float64) ([]float64, error) { return Solve(n, n, a, Identity(n)) }

// LeastSquares returns the X (n x k) that minimises |A X - B|^2 + ridge |X|^2 for A m x n and B m x k, by QR of A
// stacked on sqrt(ridge) I, so the condition number is not squared. With ridge 0 it needs m >= n and full rank, else
// ErrSingular.
func LeastSquares(m, n, k int, a, b []float64, ridge float64) ([]float64, error) {
	size(a, m, n)
	size(b, m, k)
	rows := m
	if ridge > 0 {
		rows += n
	}
	if rows < n {
		return nil, fmt.Errorf("%w: %d equations for %d unknowns", ErrSingular, m, n)
	}
	if n == 0 || k == 0 {
		return make([]float64, n*k), nil
	}
	s, t := mat.NewDense(rows, n, nil), mat.NewDense(rows, k, nil)
	copy(s.RawMatrix().Data, a)
	copy(t.RawMatrix().Data, b)
	for i := m; i < rows; i++ {
		s.Set(i, i-m, math.Sqrt(ridge))
	}
	var qr mat.QR
	qr.Factorize(s)
	x := mat.NewDense(n, k, nil)
	if err := qr.SolveTo(x, false, t); err != nil {
		var c mat.Condition
		if !errors.As(err, &c) || !(float64(c) < 1/epsilon) {
			return nil, fmt.Errorf("%w: %w", ErrSingular, err)
		}
	}
	return x.RawMatrix().Data, nil
}

const epsilon = 0x1p-52

func dense(r, c int, a []float64) *mat.Dense { return mat.NewDense(r, c, append([]float64(nil), a...)) }

func size(a []float64, r, c int) {
	if len(a) != r*c {
		panic("linalg: slice length differs from rows times columns")
	}
}

func dot(a, b []float64) (s float64) {
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func subtract(x []float64, f float64, y []float64) {
	for i, v := range y {
		x[i] -= f * v
	}
}

func scale(x []float64, f float64) {
	for i := range x {
		x[i] *= f
	}
}

// SpectralRadius returns the largest modulus of the eigenvalues of A (n x n), 0 for n = 0.
func SpectralRadius(n int, a []float64) (float64, error) {
	v, err := Eigenvalues(n, a)
	if err != nil {
		return 0, err
	}
	var r float64
	for _, l := range v {
		r = max(r, cmplx.Abs(l))
	}
	return r, nil
}
