package ipm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// random returns a well conditioned symmetric positive definite matrix.
func randomSPD(r *rand.Rand, n int) []float64 {
	g := make([]float64, n*n)
	for i := range g {
		g[i] = r.NormFloat64() / math.Sqrt(float64(n))
	}
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			for l := range n {
				a[i*n+j] += g[i*n+l] * g[j*n+l]
			}
		}
		a[i*n+i]++
	}
	return a
}

// denseTolerance bounds products of condition below 10 and order below 200: n^2 roundings.
const denseTolerance = 1e-11

func TestDenseFactor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 23, 24, 25, 40, 61, 130, 197} {
		a := randomSPD(r, n)
		f := append([]float64(nil), a...)
		neg := make([]float64, scratchSize(n))
		if _, ok := cholesky(n, f, n, neg, nil, 0); !ok {
			t.Fatalf("order %d: not positive definite", n)
		}
		q, inv := make([]float64, n*n), make([]float64, n*n)
		inverseUpper(n, f, n, q, n, neg)
		timesTransposed(n, q, inv)
		var worst float64
		for i := range n {
			for j := range n {
				var s float64
				for l := range n {
					s += a[i*n+l] * inv[l*n+j]
				}
				if i == j {
					s--
				}
				worst = max(worst, math.Abs(s))
			}
		}
		b, x := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = float64(i%7) - 3
		}
		for i := range n {
			for j := range n {
				b[i] += a[i*n+j] * x[j]
			}
		}
		solveFactor(n, f, n, b)
		for i := range b {
			worst = max(worst, math.Abs(b[i]-x[i]))
		}
		if worst > denseTolerance {
			t.Errorf("order %d: error %g", n, worst)
		}
		a[(n-1)*n+n-1] -= 100
		if _, ok := cholesky(n, a, n, neg, nil, 0); ok {
			t.Errorf("order %d: an indefinite matrix was factored", n)
		}
	}
}

func BenchmarkCholesky(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{22, 60, 210, 383, 820} {
		a := randomSPD(r, n)
		f := make([]float64, n*n)
		neg := make([]float64, scratchSize(n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				copy(f, a)
				cholesky(n, f, n, neg, nil, 0)
			}
			b.ReportMetric(float64(n)*float64(n)*float64(n)/3/float64(b.Elapsed().Nanoseconds())*float64(b.N), "GF/s")
		})
	}
}
