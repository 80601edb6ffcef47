package ipm

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// psd is a block of positive semidefinite matrices with the HKM direction (Helmberg, Rendl, Vanderbei and Wolkowicz
// 1996; Kojima, Shindoh and Hara 1997; Monteiro 1997): with P = X^-1,
//
//	H(W) = sym(P W Y),  T = sigma mu P - sym(P dXa dYa)
//
// When swapped, the roles of X and Y are exchanged (the same direction of the dual problem): P = Y^-1 and
// H(W) = sym(P W X).
type psd struct {
	state
	f                coefficients
	fx, fy, fxt, fyt []float64 // upper triangular factors of X, Y and of the trial points
	qx, qy           []float64 // inverses of the factors
	p                []float64 // X^-1 or Y^-1
	corr             []float64 // sym(P dXa dYa), or sym(P dYa dXa)
	t1, t2, neg      []float64
	work             []float64 // of eigenvalues
	lan              lanczos
	swapped          bool
}

func newPSD(index, n, full int, rows []int, f coefficients) *psd {
	c := &psd{state: newState(index, n, n*n, full, rows), f: f}
	buf := make([]float64, 10*n*n)
	part := func() []float64 { p := buf[: n*n : n*n]; buf = buf[n*n:]; return p }
	c.fx, c.fy, c.fxt, c.fyt, c.qx, c.qy = part(), part(), part(), part(), part(), part()
	c.p, c.corr, c.t1, c.t2 = part(), part(), part(), part()
	c.neg, c.work = make([]float64, scratchSize(n)), make([]float64, n)
	c.lan.init(n)
	return c
}

func (c *psd) degree() int { return c.n }

func (c *psd) load(b numbers) {
	clear(c.constant)
	for e := range b.block.Constant {
		v := b.block.Constant[e]
		r, q := v.Row, v.Col
		if c.rows != nil {
			r, q = c.rows[r], c.rows[q]
		}
		if r < 0 || q < 0 {
			continue
		}
		c.constant[r*c.n+q] += v.Val
		if r != q {
			c.constant[q*c.n+r] += v.Val
		}
	}
	c.f.load(b)
}

func (c *psd) norms(w []float64) { c.f.norms(w) }

func (c *psd) begin(eta, xi float64) {
	c.setIdentity(c.x, eta)
	c.setIdentity(c.y, xi)
	c.factorBoth()
}

func (c *psd) setIdentity(a []float64, v float64) {
	clear(a)
	for i := range c.n {
		a[i*c.n+i] = v
	}
}

// factorBoth factors the current X and Y.
func (c *psd) factorBoth() bool {
	c.feasible = false
	copy(c.fx, c.x)
	copy(c.fy, c.y)
	_, okx := cholesky(c.n, c.fx, c.n, c.neg, nil, 0)
	_, oky := cholesky(c.n, c.fy, c.n, c.neg, nil, 0)
	return okx && oky
}

// take copies the kept rows and columns of a.
func (c *psd) take(dst, a []float64) {
	if c.rows == nil {
		copy(dst, a)
		return
	}
	for i, r := range c.rows {
		for j, q := range c.rows {
			if r >= 0 && q >= 0 {
				dst[r*c.n+q] = a[i*c.full+j]
			}
		}
	}
}

func (c *psd) residual(x []float64) {
	copy(c.rp, c.constant)
	c.f.apply(x, c.rp)
	for i, v := range c.x {
		c.rp[i] -= v
	}
}

func (c *psd) adjoint(g []float64) { c.f.adjoint(c.y, g) }

func (c *psd) prepare(swapped bool) bool {
	n := c.n
	c.swapped = swapped
	inverseUpper(n, c.fx, n, c.qx, n, c.neg)
	inverseUpper(n, c.fy, n, c.qy, n, c.neg)
	if swapped {
		timesTransposed(n, c.qy, c.p)
	} else {
		timesTransposed(n, c.qx, c.p)
	}
	return true
}

func (c *psd) schur(m []float64, ld int) { c.f.schur(c.p, c.y, m, ld) }

// other is the matrix beside P in H.
func (c *psd) other() []float64 {
	if c.swapped {
		return c.x
	}
	return c.y
}

// hess writes H(W) to c.t2.
func (c *psd) hess(w []float64) {
	multiply(c.n, w, c.other(), c.t1)
	multiply(c.n, c.p, c.t1, c.t2)
	symmetrise(c.n, c.t2, 0.5)
}

// right adds F*(T - Y - H(Rp)).
func (c *psd) right(g []float64, sigmaMu float64, correct bool) {
	if c.feasible {
		clear(c.t2)
	} else {
		c.hess(c.rp)
	}
	for i, v := range c.y {
		c.t2[i] = sigmaMu*c.p[i] - v - c.t2[i]
	}
	if correct {
		for i, v := range c.corr {
			c.t2[i] -= v
		}
	}
	c.f.adjoint(c.t2, g)
}

func (c *psd) direction(dx []float64, sigmaMu float64, correct bool) {
	if c.feasible {
		clear(c.dx)
	} else {
		copy(c.dx, c.rp)
	}
	c.f.apply(dx, c.dx)
	c.hess(c.dx)
	for i, v := range c.y {
		c.dy[i] = sigmaMu*c.p[i] - v - c.t2[i]
	}
	if correct {
		for i, v := range c.corr {
			c.dy[i] -= v
		}
	}
}

func (c *psd) keepPredictor() {
	a, b := c.dx, c.dy
	if c.swapped {
		a, b = b, a
	}
	multiply(c.n, a, b, c.t1)
	multiply(c.n, c.p, c.t1, c.corr)
	symmetrise(c.n, c.corr, 0.5)
}

func (c *psd) maxStep(dual bool) float64 {
	q, d := c.qx, c.dx
	if dual {
		q, d = c.qy, c.dy
	}
	low := c.lan.lowest(c.n, func(v, out, tmp []float64) {
		timesVector(c.n, c.n, q, v, out)
		timesVector(c.n, c.n, d, out, tmp)
		transposedTimesVector(c.n, c.n, q, tmp, out)
	})
	if low >= 0 {
		return math.Inf(1)
	}
	return -1 / low
}

func (c *psd) try(dual bool, step float64, x []float64) bool {
	to := c.trial(dual, step)
	f := c.fxt
	if dual {
		f = c.fyt
	} else if x != nil {
		copy(to, c.constant)
		c.f.apply(x, to)
	}
	copy(f, to)
	_, ok := cholesky(c.n, f, c.n, c.neg, nil, 0)
	return ok
}

func (c *psd) accept(dual bool) {
	c.state.accept(dual)
	if dual {
		c.fy, c.fyt = c.fyt, c.fy
	} else {
		c.fx, c.fxt = c.fxt, c.fx
	}
}

// lanczos estimates the lowest eigenvalue of a symmetric operator from below, as far as the method allows: it converges
// to an eigenvalue, and the estimate subtracts the residual, but no finite number of products excludes a lower one. The
// caller factors the point it steps to.
type lanczos struct {
	v            []float64 // basis, row by row
	alpha, beta  []float64
	out, tmp, ev []float64
}

const (
	lanczosSteps = 40   // products at most
	lanczosTol   = 0.02 // residual relative to the eigenvalue at which to stop: it costs as much of the step
)

func (l *lanczos) init(n int) {
	k := min(n, lanczosSteps)
	l.v = make([]float64, (k+1)*n)
	l.alpha, l.beta = make([]float64, k+1), make([]float64, k+1)
	l.out, l.tmp, l.ev = make([]float64, n), make([]float64, n), make([]float64, 3*(k+1))
}

func (l *lanczos) lowest(n int, product func(v, out, tmp []float64)) float64 {
	limit := min(n, lanczosSteps)
	// A start without structure and without a random generator: a fixed irrational rotation.
	v := l.v[:n]
	for i := range v {
		_, f := math.Modf(float64(i+1) * (math.Sqrt(5) - 1) / 2)
		v[i] = 0.5 + f
	}
	kernel.Scale(v, v, 1/norm(v))
	var low float64
	for k := range limit {
		v := l.v[k*n : (k+1)*n]
		product(v, l.out, l.tmp)
		l.alpha[k] = dot(v, l.out)
		w := l.v[(k+1)*n : (k+2)*n]
		copy(w, l.out)
		for range 2 { // orthogonal to working precision after two passes
			for j := range k + 1 {
				u := l.v[j*n : (j+1)*n]
				kernel.Axpy(w, u, -dot(u, w))
			}
		}
		b := norm(w)
		l.beta[k] = b
		if k+1 < limit && k%3 != 2 && b > 1e-12*math.Abs(l.alpha[k]) {
			kernel.Scale(w, w, 1/b)
			continue
		}
		theta, last := l.tridiagonalLowest(k + 1)
		low = theta - b*last
		if b*last <= lanczosTol*math.Abs(theta) || b <= 1e-12*math.Abs(theta) || theta-b*last > -0.1 {
			return low
		}
		kernel.Scale(w, w, 1/b)
	}
	return low
}

// tridiagonalLowest returns the lowest eigenvalue of the k x k tridiagonal matrix and the modulus of the last component
// of its unit eigenvector.
func (l *lanczos) tridiagonalLowest(k int) (theta, last float64) {
	a, b := l.alpha[:k], l.beta[:k]
	lo, hi := math.Inf(1), math.Inf(1)
	for i := range a {
		var off float64
		if i > 0 {
			off += b[i-1]
		}
		if i+1 < k {
			off += b[i]
		}
		lo, hi = min(lo, a[i]-off), min(hi, a[i])
	}
	// Bisection on the sign of the pivots (Sturm): hi is above the lowest eigenvalue, lo below.
	for range 60 {
		mid := 0.5 * (lo + hi)
		if mid <= lo || mid >= hi || hi-lo <= 1e-6*math.Max(math.Abs(lo), math.Abs(hi)) {
			break
		}
		d, below := a[0]-mid, false
		for i := 1; d > 0 && i < k; i++ {
			d = a[i] - mid - b[i-1]*b[i-1]/d
		}
		below = !(d > 0)
		if below {
			hi = mid
		} else {
			lo = mid
		}
	}
	theta = lo
	// The eigenvector by the pivots of T - theta I, which is positive definite: one step of inverse iteration from e_k is
	// enough to weigh its last component.
	d := l.ev[:k]
	d[0] = a[0] - theta
	for i := 1; i < k; i++ {
		d[i] = a[i] - theta - b[i-1]*b[i-1]/d[i-1]
	}
	// Solve (T - theta) x = e_k: x_k = 1/d_k, x_i = -b_i x_{i+1} / d_i.
	x, sum := 1.0, 1.0
	for i := k - 2; i >= 0; i-- {
		x *= -b[i] / d[i]
		sum += x * x
	}
	return theta, 1 / math.Sqrt(sum)
}
