package stability

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/linalg"
)

// Gaussian is s(t+1) = A s(t) + w(t), y = C s with independent w(t) ~ N(Mean, Cov) and s(0) ~ N(Mean0, Cov0) independent of
// them. C nil means the state itself. Only means and covariances enter, so the moments hold for every distribution with
// uncorrelated w(t), s(0); that y is normal needs normality.
type Gaussian struct {
	A, C  *mat.Dense
	Mean  []float64     // n
	Cov   *mat.SymDense // n x n
	Mean0 []float64     // n; nil means 0
	Cov0  *mat.SymDense // nil means 0: the start is known
}

// At returns mean (p) and covariance (p x p) of y(t):
//
//	C A^t mu0 + sum_{k<t} C A^k mu,    C (A^t S0 (A^t)' + sum_{k<t} A^k S (A^k)') C'
//
// by recursion. Reference: the lecture, whose formula covers the case mu0 = mu, S0 = S only; the general one is derived.
func (g *Gaussian) At(t int) (mean []float64, cov *mat.SymDense, err error) {
	n, err := g.check()
	if err != nil {
		return nil, nil, err
	}
	if t < 0 {
		return nil, nil, fmt.Errorf("stability: step %d, want 0 or more", t)
	}
	a := flat(g.A)
	m, x := make([]float64, n), make([]float64, n*n)
	if g.Mean0 != nil {
		copy(m, g.Mean0)
	}
	if g.Cov0 != nil {
		copy(x, flat(g.Cov0))
	}
	s := flat(g.Cov)
	for range t {
		m = linalg.Mul(n, n, 1, a, m)
		x = linalg.Mul(n, n, n, linalg.Mul(n, n, n, a, x), linalg.Transpose(n, n, a))
		for i := range m {
			m[i] += g.Mean[i]
		}
		for i := range x {
			x[i] += s[i]
		}
	}
	return g.output(n, m, x)
}

// Stationary returns the limits of At: mean C (I - A)^-1 mu and covariance C X C' with X = A X A' + S. It fails with
// ErrNotStable where the spectral radius of A is not below 1.
func (g *Gaussian) Stationary() (mean []float64, cov *mat.SymDense, err error) {
	n, err := g.check()
	if err != nil {
		return nil, nil, err
	}
	a := flat(g.A)
	rho, err := linalg.SpectralRadius(n, a)
	if err != nil {
		return nil, nil, fmt.Errorf("stability: %w", err)
	}
	if !(rho < 1) {
		return nil, nil, fmt.Errorf("%w: spectral radius %.6g, want below 1", ErrNotStable, rho)
	}
	left := linalg.Identity(n)
	for i := range left {
		left[i] -= a[i]
	}
	m, err := linalg.Solve(n, 1, left, append([]float64(nil), g.Mean...))
	if err != nil {
		return nil, nil, fmt.Errorf("stability: stationary mean: %w", err)
	}
	x, err := linalg.DLyap(n, linalg.Transpose(n, n, a), flat(g.Cov))
	if err != nil {
		return nil, nil, fmt.Errorf("stability: stationary covariance: %w", err)
	}
	return g.output(n, m, x)
}

func (g *Gaussian) output(n int, m, x []float64) ([]float64, *mat.SymDense, error) {
	if g.C == nil {
		return m, symmetric(n, x), nil
	}
	p, _ := g.C.Dims()
	c := flat(g.C)
	y := linalg.Mul(p, n, p, linalg.Mul(p, n, n, c, x), linalg.Transpose(p, n, c))
	return linalg.Mul(p, n, 1, c, m), symmetric(p, y), nil
}

func (g *Gaussian) check() (int, error) {
	n, err := square(g.A)
	if err != nil {
		return 0, err
	}
	if len(g.Mean) != n || g.Cov == nil || g.Cov.SymmetricDim() != n {
		return 0, fmt.Errorf("%w: the disturbance has a mean of %d entries, want %d, and needs a covariance of that size", ErrShape, len(g.Mean), n)
	}
	if g.Mean0 != nil && len(g.Mean0) != n || g.Cov0 != nil && g.Cov0.SymmetricDim() != n {
		return 0, fmt.Errorf("%w: mean or covariance of the start, want %d", ErrShape, n)
	}
	if g.C != nil {
		if _, c := g.C.Dims(); c != n {
			return 0, fmt.Errorf("%w: C has %d columns, A is %d x %d", ErrShape, c, n, n)
		}
	}
	return n, nil
}

// symmetric averages a matrix with its transpose.
func symmetric(n int, a []float64) *mat.SymDense {
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, (a[i*n+j]+a[j*n+i])/2)
		}
	}
	return s
}
