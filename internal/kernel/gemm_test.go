package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
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

// matrix is filled with numbers in (-1, 1), NaN between the rows, and as short as Gemm allows.
func matrix[T number](r *rand.Rand, rows, cols, ld int) []T {
	if rows == 0 || cols == 0 {
		return nil
	}
	x := make([]T, (rows-1)*ld+cols)
	for i := range x {
		x[i] = T(2*r.Float64() - 1)
		if i%ld >= cols {
			x[i] = T(math.NaN())
		}
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
		gap := i%ldc >= n && v != v
		if d := math.Abs(float64(v) - want[i]); !(d <= tol) && !gap {
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
	for trial := range 1500 {
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

// What Gemm promises without transB: an element does not depend on how the product is split into calls, even where
// one call packs its operands and the others do not.
func TestGemmDoesNotDependOnTheSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, s := range []struct{ m, n, k int }{{7, 40, 30}, {33, 200, 300}, {200, 190, 270}, {170, 170, 600}} {
		for _, ta := range []bool{false, true} {
			ra, ca := s.m, s.k
			if ta {
				ra, ca = s.k, s.m
			}
			a, b := matrix[float64](r, ra, ca, ca), matrix[float64](r, s.k, s.n, s.n)
			whole := matrix[float64](r, s.m, s.n, s.n)
			parts := append([]float64(nil), whole...)
			Gemm(ta, false, s.m, s.n, s.k, a, ca, b, s.n, true, whole, s.n)
			for j := 0; j < s.n; {
				w := min(1+r.IntN(25), s.n-j)
				Gemm(ta, false, s.m, w, s.k, a, ca, b[j:], s.n, true, parts[j:], s.n)
				j += w
			}
			for i := range whole {
				if whole[i] != parts[i] {
					t.Fatalf("%+v transA %v: element (%d,%d) is %v in one call and %v in parts", s, ta, i/s.n, i%s.n, whole[i], parts[i])
				}
			}
		}
	}
}

func TestGemmIsTheSameInParallel(t *testing.T) {
	const m, n, k = 170, 180, 190
	r := rand.New(rand.NewPCG(11, 12))
	a, b := matrix[float64](r, m, k, k), matrix[float64](r, n, k, k)
	want := make([]float64, m*n)
	Gemm(false, true, m, n, k, a, k, b, k, false, want, n)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got := make([]float64, m*n)
			for range 5 {
				Gemm(false, true, m, n, k, a, k, b, k, false, got, n)
				if !slices.Equal(got, want) {
					t.Error("a product made beside others differs")
				}
			}
		})
	}
	wg.Wait()
}

func TestGemmKeepsInfinitiesAndNaN(t *testing.T) {
	inf := math.Inf(1)
	for _, tb := range []bool{false, true} {
		for _, k := range []int{2, 5, 300} {
			a, b, c := make([]float64, 2*k), make([]float64, k), make([]float64, 2)
			a[0], b[0] = 0, inf // row 0: 0*inf
			a[k], b[1] = 1, 0   // row 1: 1*inf
			ldb := 1
			if tb {
				ldb = k
			}
			Gemm(false, tb, 2, 1, k, a, k, b, ldb, false, c, 1)
			if c[0] == c[0] || c[1] != inf {
				t.Errorf("k %d transB %v: got %v, want NaN and +Inf", k, tb, c)
			}
		}
	}
}

func TestGemmRefusesShortMatrices(t *testing.T) {
	x := make([]float64, 12)
	for name, f := range map[string]func(){
		"a":      func() { Gemm(false, false, 3, 3, 4, x[:11], 4, x, 3, false, make([]float64, 9), 3) },
		"b":      func() { Gemm(false, true, 3, 3, 4, x, 4, x[:11], 4, false, make([]float64, 9), 3) },
		"c":      func() { Gemm(false, false, 3, 3, 4, x, 4, x, 3, false, make([]float64, 8), 3) },
		"stride": func() { Gemm(false, false, 3, 3, 4, x, 3, x, 3, false, make([]float64, 9), 3) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("short %s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestNothingIsAllocated(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	x := make([]float64, 300*300)
	y := make([]float64, 300*300)
	step := AdamStep{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Bias1: 0.1, Bias2: 0.001}
	for name, f := range map[string]func(){
		"small product":  func() { Gemm(true, false, 8, 9, 10, x, 20, x, 20, true, y, 20) },
		"weight product": func() { Gemm(false, true, 8, 9, 1000, x, 2000, x, 2000, true, y, 20) },
		"activations":    func() { Tanh(y, x); Sigmoid(y, x); Exp(y, x); Softplus(y, x) },
		"adam":           func() { Adam(y[:500], x[:500], y[500:1000], y[1000:1500], step) },
	} {
		if n := testing.AllocsPerRun(20, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	// The scratch of large products comes from a pool, which a collection may empty: less than one in a hundred.
	if n := testing.AllocsPerRun(100, func() { Gemm(false, true, 200, 200, 200, x, 300, x, 300, false, y, 300) }); n >= 1 {
		t.Errorf("large product: %v allocations", n)
	}
}
