package linalg

import (
	"errors"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// tol bounds rounding of well-conditioned problems with n <= 40: c n eps |A| with c about 100.
const tol = 1e-11

func random(r *rand.Rand, n int) []float64 {
	a := make([]float64, n)
	for i := range a {
		a[i] = r.NormFloat64()
	}
	return a
}

func gap(a, b []float64) (d float64) {
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// naive is the triple loop, the oracle of Mul.
func naive(r, k, c int, a, b []float64) []float64 {
	out := make([]float64, r*c)
	for i := range r {
		for j := range c {
			for l := range k {
				out[i*c+j] += a[i*k+l] * b[l*c+j]
			}
		}
	}
	return out
}

func TestProductsAndSolves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 5, 17, 40} {
		a, b := random(r, n*n), random(r, n*3)
		if d := gap(Mul(n, n, 3, a, b), naive(n, n, 3, a, b)); d > tol {
			t.Errorf("n=%d: product off by %g", n, d)
		}
		x, err := Solve(n, 3, a, b)
		if err != nil {
			t.Fatal(err)
		}
		if d := gap(naive(n, n, 3, a, x), b); d > 100*tol {
			t.Errorf("n=%d: A X - B = %g", n, d)
		}
		inv, err := Inverse(n, a)
		if err != nil {
			t.Fatal(err)
		}
		if d := gap(naive(n, n, n, a, inv), Identity(n)); d > 100*tol {
			t.Errorf("n=%d: A inv(A) - I = %g", n, d)
		}
		p := naive(n, n, n, a, Transpose(n, n, a))
		for i := range n {
			p[i*n+i]++
		}
		l, ok := Cholesky(n, p)
		if !ok {
			t.Fatalf("n=%d: positive definite matrix refused", n)
		}
		if d := gap(naive(n, n, n, l, Transpose(n, n, l)), p); d > tol*100 {
			t.Errorf("n=%d: L L' - P = %g", n, d)
		}
		if d := gap(naive(n, n, 3, p, SolveCholesky(n, 3, l, b)), b); d > tol*100 {
			t.Errorf("n=%d: P X - B = %g", n, d)
		}
	}
	if _, err := Solve(2, 1, []float64{1, 2, 2, 4}, []float64{1, 1}); !errors.Is(err, ErrSingular) {
		t.Errorf("singular matrix: error %v", err)
	}
	if _, ok := Cholesky(2, []float64{1, 2, 2, 1}); ok {
		t.Error("indefinite matrix has a Cholesky factor")
	}
}

// The least-squares solution is where the gradient A'(A X - B) + ridge X vanishes.
func TestLeastSquaresGradient(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const m, n, k = 30, 7, 2
	a, b := random(r, m*n), random(r, m*k)
	for _, ridge := range []float64{0, 1e-3, 10} {
		x, err := LeastSquares(m, n, k, a, b, ridge)
		if err != nil {
			t.Fatal(err)
		}
		res := naive(m, n, k, a, x)
		for i := range res {
			res[i] -= b[i]
		}
		g := naive(n, m, k, Transpose(m, n, a), res)
		for i := range g {
			if v := g[i] + ridge*x[i]; math.Abs(v) > tol*10 {
				t.Errorf("ridge %g: gradient %g", ridge, v)
			}
		}
	}
	if _, err := LeastSquares(2, 3, 1, random(r, 6), random(r, 2), 0); !errors.Is(err, ErrSingular) {
		t.Errorf("underdetermined: error %v", err)
	}
	if _, err := LeastSquares(2, 3, 1, random(r, 6), random(r, 2), 1); err != nil {
		t.Errorf("ridge makes it determined: %v", err)
	}
}

func TestEigenvaluesClosedForm(t *testing.T) {
	v, err := Eigenvalues(2, []float64{0.6, -0.3, 0.3, 0.6}) // rotation: 0.6 +- 0.3i
	if err != nil {
		t.Fatal(err)
	}
	if d := cmplx.Abs(v[0] - complex(0.6, 0.3)); d > tol {
		t.Errorf("eigenvalue %v", v[0])
	}
	rho, err := SpectralRadius(2, []float64{0.6, -0.3, 0.3, 0.6})
	if err != nil || math.Abs(rho-math.Sqrt(0.45)) > tol {
		t.Errorf("radius %g, %v", rho, err)
	}
	if _, err := Eigenvalues(1, []float64{math.NaN()}); err == nil {
		t.Error("NaN has eigenvalues")
	}
	r := rand.New(rand.NewPCG(5, 6))
	const n = 9
	a := random(r, n*n)
	values, vectors, err := Eigenvectors(n, a)
	if err != nil {
		t.Fatal(err)
	}
	for j, l := range values {
		for i := range n {
			var s complex128
			for k := range n {
				s += complex(a[i*n+k], 0) * vectors[k*n+j]
			}
			if d := cmplx.Abs(s - l*vectors[i*n+j]); d > 100*tol {
				t.Errorf("A v - lambda v = %g", d)
			}
		}
	}
}

func TestFactorisationsReproduceTheMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const n, c = 8, 5
	a := random(r, n*n)
	for i := range n {
		for j := range i {
			a[i*n+j] = a[j*n+i]
		}
	}
	w, q, err := EigenSym(n, a)
	if err != nil {
		t.Fatal(err)
	}
	if d := gap(naive(n, n, n, naive(n, n, n, q, diagonal(w)), Transpose(n, n, q)), a); d > tol {
		t.Errorf("Q W Q' - A = %g", d)
	}
	b := random(r, n*c)
	u, s, v, err := SVD(n, c, b)
	if err != nil {
		t.Fatal(err)
	}
	if d := gap(naive(n, c, c, naive(n, c, c, u, diagonal(s)), Transpose(c, c, v)), b); d > tol {
		t.Errorf("U S V' - B = %g", d)
	}
}

func diagonal(w []float64) []float64 {
	n := len(w)
	d := make([]float64, n*n)
	for i, v := range w {
		d[i*n+i] = v
	}
	return d
}

func TestDLyap(t *testing.T) {
	x, err := DLyap(1, []float64{0.5}, []float64{3})
	if err != nil || math.Abs(x[0]-4) > tol { // 3/(1-1/4)
		t.Errorf("scalar: %v, %v", x, err)
	}
	r := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{2, 6, 20, 64} {
		for _, rho := range []float64{0.3, 0.99, 0.999999} {
			a := random(r, n*n)
			now, err := SpectralRadius(n, a)
			if err != nil {
				t.Fatal(err)
			}
			scale(a, rho/now)
			x, err := DLyap(n, a, Identity(n))
			if err != nil {
				t.Fatalf("n=%d rho=%g: %v", n, rho, err)
			}
			res := naive(n, n, n, Transpose(n, n, a), naive(n, n, n, x, a))
			var big float64
			for i := range res {
				res[i] -= x[i]
				big = max(big, math.Abs(x[i]))
			}
			for i := range n {
				res[i*n+i]++
			}
			if d := gap(res, make([]float64, n*n)); d > tol*big*float64(n) {
				t.Errorf("n=%d rho=%g: residual %g for |X| = %g", n, rho, d, big)
			}
			if _, ok := Cholesky(n, x); !ok {
				t.Errorf("n=%d rho=%g: X is not positive definite", n, rho)
			}
		}
	}
	if _, err := DLyap(1, []float64{1.01}, []float64{1}); !errors.Is(err, ErrNotSchur) {
		t.Errorf("unstable: error %v", err)
	}
	if _, err := DLyap(1, []float64{1}, []float64{1}); !errors.Is(err, ErrNotSchur) {
		t.Errorf("marginal: error %v", err)
	}
}
