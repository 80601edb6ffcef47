package ipm

import "math"

// soc is a second-order cone block with the Nesterov-Todd direction, in the form of Vandenberghe (2010), "The CVXOPT
// linear and quadratic cone program solvers". W is symmetric, W Y = W^-1 X = lambda,
//
//	W = eta (2 v v' - J),  J = diag(1, -1, ..., -1),  H = W^-2,  T = W^-1 (lambda \ (sigma mu e - dXa~ o dYa~))
type soc struct {
	vector
	eta    float64
	v      []float64 // of W
	w      []float64 // J w with W^-2 = (2 (J w)(J w)' - J)/eta^2
	lambda []float64
	a, b   []float64
	vars   []int
	spread []float64 // F'(J w) over the active variables
	where  []int     // index into vars of every element
}

func newSOC(index, n, full int, b numbers) *soc {
	c := &soc{vector: newVector(index, n, full, nil, b)}
	c.v, c.w, c.lambda = make([]float64, n), make([]float64, n), make([]float64, n)
	c.a, c.b = make([]float64, n), make([]float64, n)
	seen := map[int]int{}
	c.where = make([]int, len(c.f.vars))
	for e, i := range c.f.vars {
		k, ok := seen[i]
		if !ok {
			k = len(c.vars)
			seen[i] = k
			c.vars = append(c.vars, i)
		}
		c.where[e] = k
	}
	c.spread = make([]float64, len(c.vars))
	return c
}

// degree is 1: <X, Y> = |lambda|^2 and the path is lambda o lambda = mu e.
func (c *soc) degree() int { return 1 }

func (c *soc) begin(eta, xi float64) {
	c.feasible = false
	clear(c.x)
	clear(c.y)
	c.x[0], c.y[0] = eta, xi
}

// jnorm returns sqrt(x0^2 - |x1|^2), and 0 outside the cone.
func jnorm(x []float64) float64 {
	t := norm(x[1:])
	if !(x[0] > t) {
		return 0
	}
	return math.Sqrt((x[0] - t) * (x[0] + t))
}

func (c *soc) prepare(bool) bool {
	jx, jy := jnorm(c.x), jnorm(c.y)
	if jx == 0 || jy == 0 {
		return false
	}
	c.eta = math.Sqrt(jx / jy)
	gamma := math.Sqrt((1 + dot(c.x, c.y)/(jx*jy)) / 2)
	for i := range c.w { // w = (x/|x| + J y/|y|)/(2 gamma)
		s := c.y[i] / jy
		if i > 0 {
			s = -s
		}
		c.w[i] = (c.x[i]/jx + s) / (2 * gamma)
	}
	f := math.Sqrt(2 * (c.w[0] + 1))
	for i, v := range c.w {
		c.v[i] = v / f
		if i > 0 {
			c.w[i] = -v
		}
	}
	c.v[0] = (c.w[0] + 1) / f
	c.scale(c.y, c.lambda)
	return true
}

// scale writes W z to dst.
func (c *soc) scale(z, dst []float64) {
	t := 2 * dot(c.v, z)
	for i, v := range c.v {
		s := z[i]
		if i == 0 {
			s = -s
		}
		dst[i] = c.eta * (t*v + s)
	}
}

// unscale writes W^-1 z to dst.
func (c *soc) unscale(z, dst []float64) {
	t := c.v[0] * z[0]
	for i := 1; i < c.n; i++ {
		t -= c.v[i] * z[i]
	}
	t *= 2
	dst[0] = (t*c.v[0] - z[0]) / c.eta
	for i := 1; i < c.n; i++ {
		dst[i] = (-t*c.v[i] + z[i]) / c.eta
	}
}

// hess writes W^-2 z to dst.
func (c *soc) hess(z, dst []float64) {
	t := 2 * dot(c.w, z)
	e := 1 / (c.eta * c.eta)
	for i, w := range c.w {
		s := z[i]
		if i == 0 {
			s = -s
		}
		dst[i] = e * (t*w + s)
	}
}

func (c *soc) schur(m []float64, ld int) {
	e := 1 / (c.eta * c.eta)
	clear(c.spread)
	for r := range c.n {
		f := e
		if r == 0 {
			f = -e
		}
		c.f.square(r, f, m, ld)
		for h := c.f.ptr[r]; h < c.f.ptr[r+1]; h++ {
			c.spread[c.where[h]] += c.w[r] * c.f.val[h]
		}
	}
	for k, i := range c.vars {
		for l := k; l < len(c.vars); l++ {
			j := c.vars[l]
			m[min(i, j)*ld+max(i, j)] += 2 * e * c.spread[k] * c.spread[l]
		}
	}
}

// target writes T - Y to dst.
func (c *soc) target(sigmaMu float64, correct bool, dst []float64) {
	u := c.a
	clear(u)
	u[0] = sigmaMu
	if correct {
		for i, v := range c.corr {
			u[i] -= v
		}
	}
	// lambda \ u
	l, l1 := c.lambda[0], c.lambda[1:]
	t := norm(l1)
	d0 := (l*u[0] - dot(l1, u[1:])) / ((l - t) * (l + t))
	for i, v := range l1 {
		c.b[i+1] = (u[i+1] - d0*v) / l
	}
	c.b[0] = d0
	c.unscale(c.b, dst)
	for i, v := range c.y {
		dst[i] -= v
	}
}

func (c *soc) right(g []float64, sigmaMu float64, correct bool) {
	c.target(sigmaMu, correct, c.tmp)
	if !c.feasible {
		c.hess(c.rp, c.a)
		for i, v := range c.a {
			c.tmp[i] -= v
		}
	}
	c.f.adjoint(c.tmp, g)
}

func (c *soc) direction(dx []float64, sigmaMu float64, correct bool) {
	c.move(dx)
	c.target(sigmaMu, correct, c.tmp)
	c.hess(c.dx, c.dy)
	for i, v := range c.tmp {
		c.dy[i] = v - c.dy[i]
	}
}

func (c *soc) keepPredictor() {
	c.unscale(c.dx, c.a)
	c.scale(c.dy, c.b)
	c.corr[0] = dot(c.a, c.b)
	for i := 1; i < c.n; i++ {
		c.corr[i] = c.a[0]*c.b[i] + c.b[0]*c.a[i]
	}
}

// maxStep solves (x0 + s d0)^2 = |x1 + s d1|^2 for the smallest positive s.
func (c *soc) maxStep(dual bool) float64 {
	x, d := c.x, c.dx
	if dual {
		x, d = c.y, c.dy
	}
	j := jnorm(x)
	cc := j * j
	b := x[0]*d[0] - dot(x[1:], d[1:])
	a := d[0]*d[0] - dot(d[1:], d[1:])
	s := math.Inf(1)
	if d[0] < 0 {
		s = -x[0] / d[0]
	}
	disc := b*b - a*cc
	if disc < 0 {
		return s
	}
	disc = math.Sqrt(disc)
	// roots of a s^2 + 2 b s + cc, without cancellation
	q := -(b + math.Copysign(disc, b))
	for _, r := range [2]float64{q / a, cc / q} {
		if r > 0 {
			s = min(s, r)
		}
	}
	return s
}

func (c *soc) try(dual bool, step float64, x []float64) bool {
	return jnorm(c.trialPoint(dual, step, x)) > 0
}
