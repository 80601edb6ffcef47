package lstm

import "math"

// factored is lambda I - M as a product of triangular factors, for a non-negative N x N matrix M and lambda above its
// spectral radius: such a matrix needs no pivoting and its inverse is non-negative.
type factored struct {
	n  int
	lu []float64
}

// set factors lambda I - m.
func (f *factored) set(n int, m []float64, lambda float64) {
	if len(f.lu) != n*n {
		f.n, f.lu = n, make([]float64, n*n)
	}
	a := f.lu
	for i, v := range m {
		a[i] = -v
	}
	for i := range n {
		a[i*n+i] += lambda
	}
	least := 1e-16 * lambda // a pivot that rounding has spoilt stands for a very small one
	for k := range n {
		row := a[k*n : k*n+n]
		if !(row[k] > least) {
			row[k] = least
		}
		for i := k + 1; i < n; i++ {
			below := a[i*n : i*n+n]
			if below[k] == 0 {
				continue
			}
			q := below[k] / row[k]
			below[k] = q
			for j := k + 1; j < n; j++ {
				below[j] -= q * row[j]
			}
		}
	}
}

// solve overwrites x with the solution of (lambda I - M) z = x.
func (f *factored) solve(x []float64) {
	n, a := f.n, f.lu
	for i := range n {
		for j, v := range a[i*n : i*n+i] {
			x[i] -= v * x[j]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			x[i] -= a[i*n+j] * x[j]
		}
		x[i] /= a[i*n+i]
	}
}

// solveTransposed overwrites x with the solution of (lambda I - M)' z = x.
func (f *factored) solveTransposed(x []float64) {
	n, a := f.n, f.lu
	for i := range n {
		x[i] /= a[i*n+i]
		for j := i + 1; j < n; j++ {
			x[j] -= a[i*n+j] * x[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j, v := range a[i*n : i*n+i] {
			x[j] -= v * x[i]
		}
	}
}

// perron holds the spectral radius of a non-negative matrix with its right and left eigenvectors.
type perron struct {
	rho         float64
	right, left []float64
	f           factored
	x           []float64
}

// Noda's iteration ends when the Collatz-Wielandt bounds agree, or nothing is gained any more.
const (
	nodaSteps = 60
	nodaGap   = 1e-13
	above     = 1 + 1e-13 // keeps lambda I - M regular
)

// set computes the spectral radius and the eigenvectors by Noda's iteration: inverse iteration with the upper
// Collatz-Wielandt bound max (Mx)_i/x_i as shift, which falls quadratically to the spectral radius from above and keeps
// x positive (T. Noda 1971). Started from nothing, so the same matrix gives the same bits.
func (p *perron) set(n int, m []float64) {
	if len(p.x) != n {
		p.right, p.left, p.x = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	x := p.right
	lambda := 0.0
	for i := range n {
		x[i] = 1
		var s float64
		for _, v := range m[i*n : i*n+n] {
			s += v
		}
		lambda = max(lambda, s)
	}
	if !(lambda > 0) || math.IsInf(lambda, 1) { // M = 0, or nothing finite to find
		p.rho = lambda
		copy(p.left, x)
		return
	}
	for range nodaSteps {
		lambda *= above
		p.f.set(n, m, lambda)
		copy(p.x, x)
		p.f.solve(x)
		lo, hi := math.Inf(1), 0.0
		for i, v := range x {
			q := p.x[i] / v
			lo, hi = min(lo, q), max(hi, q)
		}
		normalise(x)
		if !(lo > 0) { // rounding: lambda has arrived
			break
		}
		lambda -= lo
		if hi-lo < nodaGap*lambda || lo < nodaGap*lambda {
			break
		}
	}
	p.rho = lambda
	for i, v := range x {
		x[i] = max(v, 0)
	}
	p.f.set(n, m, lambda*above)
	for i := range p.left {
		p.left[i] = 1
	}
	for range 3 {
		p.f.solveTransposed(p.left)
		normalise(p.left)
	}
	var dot float64
	for i, v := range p.left {
		p.left[i] = max(v, 0)
		dot += p.left[i] * x[i]
	}
	for i := range p.left { // left' right = 1, so that d rho = left' dM right
		p.left[i] /= dot
	}
}

// normalise scales x to largest modulus one, with the sign that makes it non-negative.
func normalise(x []float64) {
	var big float64
	for _, v := range x {
		if math.Abs(v) > math.Abs(big) {
			big = v
		}
	}
	for i := range x {
		x[i] /= big
	}
}
