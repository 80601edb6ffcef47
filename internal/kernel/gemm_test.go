package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// gemmTolerance times k times the largest |a||b| bounds the difference of two orders of summation of k products.
const gemmTolerance64, gemmTolerance32 = 0x1p-52, 0x1p-23

// naive is the definition, in double precision.
func naive[T number](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int) []float64 {
	out := make([]float64, len(c))
	for i, v := range c {
		out[i] = float64(v)
	}
	for i := range m {
		for j := range n {
			var s float64
			for l := range k {
				x, y := 0.0, 0.0
				if transA {
					x = float64(a[l*lda+i])
				} else {
					x = float64(a[i*lda+l])
				}
				if transB {
					y = float64(b[j*ldb+l])
				} else {
					y = float64(b[l*ldb+j])
				}
				s += x * y
			}
			if acc {
				s += float64(c[i*ldc+j])
			}
			out[i*ldc+j] = s
		}
	}
	return out
}

type product[T number] func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int)

// matrix is filled with numbers in (-1, 1), as short as Gemm allows, behind a margin that must stay untouched.
func matrix[T number](r *rand.Rand, rows, cols, ld int) []T {
	if rows == 0 || cols == 0 {
		return nil
	}
	x := make([]T, (rows-1)*ld+cols)
	for i := range x {
		x[i] = T(2*r.Float64() - 1)
	}
	return x
}

func checkProduct[T number](t *testing.T, f product[T], r *rand.Rand, transA, transB, acc bool, m, n, k int, eps float64) {
	t.Helper()
	ra, ca, rb, cb := m, k, k, n
	if transA {
		ra, ca = k, m
	}
	if transB {
		rb, cb = n, k
	}
	lda, ldb, ldc := ca+r.IntN(9), cb+r.IntN(9), n+r.IntN(9)
	a, b, c := matrix[T](r, ra, ca, lda), matrix[T](r, rb, cb, ldb), matrix[T](r, m, n, ldc)
	want := naive(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
	f(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
	tol := eps * float64(k+2)
	for i, v := range c {
		if d := math.Abs(float64(v) - want[i]); !(d <= tol) {
			t.Fatalf("transA %v transB %v acc %v m %d n %d k %d strides %d %d %d: element (%d,%d) is %v, want %v",
				transA, transB, acc, m, n, k, lda, ldb, ldc, i/ldc, i%ldc, v, want[i])
		}
	}
}

func TestGemmAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	size := func() int {
		switch r.IntN(8) {
		case 0:
			return r.IntN(3)
		case 1:
			return 32 + r.IntN(120)
		default:
			return 1 + r.IntN(40)
		}
	}
	for trial := range 3000 {
		ta, tb, acc := r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
		m, n, k := size(), size(), size()
		if trial%10 == 0 {
			k = 200 + r.IntN(900)
			m, n = min(m, 50), min(n, 50)
		}
		checkProduct(t, Gemm, r, ta, tb, acc, m, n, k, gemmTolerance64)
		checkProduct(t, Gemm32, r, ta, tb, acc, m, n, k, gemmTolerance32)
		if trial%4 == 0 && m*n*k > 0 {
			checkProduct(t, gemmPlain[float64], r, ta, tb, acc, m, n, k, gemmTolerance64)
			checkProduct(t, gemmPlain[float32], r, ta, tb, acc, m, n, k, gemmTolerance32)
		}
	}
}
