package ssm

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestSpectralAgainstSVD(t *testing.T) {
	const tol = 1e-12 // a few dozen rotations of matrices below 20 x 20, relative
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 12))
		rows, cols := 1+r.IntN(16), 1+r.IntN(16)
		x := normal(r, rows*cols, math.Exp(5*r.NormFloat64()))
		if seed%3 == 0 && rows > 1 { // rank deficient
			copy(x[cols:2*cols], x[:cols])
		}
		var svd mat.SVD
		if !svd.Factorize(mat.NewDense(rows, cols, append([]float64(nil), x...)), mat.SVDNone) {
			t.Fatal("reference decomposition failed")
		}
		want := svd.Values(nil)[0]
		if got := spectral(x, cols); !(math.Abs(got-want) <= tol*want) {
			t.Errorf("seed %d, %d x %d: %v, want %v", seed, rows, cols, got, want)
		}
	}
	if got := spectral([]float64{3e300, 4e300}, 1); math.Abs(got-5e300) > tol*5e300 {
		t.Errorf("norm of a huge vector is %v", got)
	}
	if got := spectral([]float64{0, 0, 0, 0}, 2); got != 0 {
		t.Errorf("norm of zero is %v", got)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(-1)} {
		if got := spectral([]float64{1, bad}, 1); !math.IsInf(got, 1) {
			t.Errorf("norm of a column with %v is %v", bad, got)
		}
	}
}
