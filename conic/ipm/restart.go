package ipm

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// A warm start has to leave the boundary, where the old solution lies. Adding multiples of the identity does it at the price
// of products X Y of very different size. Here a pair is moved onto the central path of its own cone instead: with
//
//	Z = X/s - s Y = V diag(z) V',   x = (sqrt(z^2 + 4 mu) + z)/2,   y = (sqrt(z^2 + 4 mu) - z)/2,
//
// X = s V diag(x) V' and Y = V diag(y) V'/s have X Y = mu I and the same Z, and directions that were far inside hardly move
// (the smoothing of complementarity of Chen and Harker, 1993, Kanzow, 1996, and Smale, 1987; for matrices Chen and Tseng,
// 2003). s, the square root of the ratio of the traces, makes it independent of the units of X and Y.

// parts returns the two parts of z, with product mu and difference z, without cancellation.
func parts(z, mu float64) (x, y float64) {
	r := math.Sqrt(z*z + 4*mu)
	if z >= 0 {
		x = (r + z) / 2
		return x, mu / x
	}
	y = (r - z) / 2
	return mu / y, y
}

// balance is s.
func balance(x, y float64) float64 {
	if !(x > 0) || !(y > 0) {
		return 1
	}
	return math.Sqrt(x / y)
}

func (c *psd) resume(x, y []float64) {
	c.take(c.x, x)
	c.take(c.y, y)
	symmetrise(c.n, c.x, 0.5)
	symmetrise(c.n, c.y, 0.5)
}

func (c *psd) sizes() (x, y float64) {
	for i := range c.n {
		x += math.Abs(c.x[i*c.n+i])
		y += math.Abs(c.y[i*c.n+i])
	}
	return x, y
}

func (c *psd) centre(s, mu float64) bool {
	n := c.n
	v := c.t1
	for i := range c.x {
		v[i] = c.x[i]/s - s*c.y[i]
	}
	z := c.corr[:n]
	if !eigenSym(n, v, z, c.work) {
		return false
	}
	for part, to := range [2][]float64{c.x, c.y} {
		for i := range n {
			x, y := parts(z[i], mu)
			kernel.Scale(c.t2[i*n:(i+1)*n], v[i*n:(i+1)*n], [2]float64{x, y}[part])
		}
		kernel.Gemm(true, false, n, n, n, v, n, c.t2, n, false, to, n)
	}
	kernel.Scale(c.x, c.x, s)
	kernel.Scale(c.y, c.y, 1/s)
	return true
}

func (c *nonneg) resume(x, y []float64) {
	c.take(c.x, x)
	c.take(c.y, y)
}

func (c *vector) sizes() (x, y float64) {
	for i, v := range c.x {
		x += math.Abs(v)
		y += math.Abs(c.y[i])
	}
	return x, y
}

func (c *nonneg) centre(s, mu float64) bool {
	for i := range c.x {
		p, q := parts(c.x[i]/s-s*c.y[i], mu)
		c.x[i], c.y[i] = s*p, q/s
	}
	return true
}

func (c *soc) resume(x, y []float64) {
	c.take(c.x, x)
	c.take(c.y, y)
}

func (c *soc) sizes() (x, y float64) { return math.Abs(c.x[0]), math.Abs(c.y[0]) }

// centre uses the spectral values z0 +- |z1| of the cone's algebra, with X o Y = mu e.
func (c *soc) centre(s, mu float64) bool {
	z := c.a
	for i := range z {
		z[i] = c.x[i]/s - s*c.y[i]
	}
	t := norm(z[1:])
	p1, q1 := parts(z[0]+t, mu)
	p2, q2 := parts(z[0]-t, mu)
	c.x[0], c.y[0] = s*(p1+p2)/2, (q1+q2)/2/s
	for i := 1; i < len(z); i++ {
		u := 0.0
		if t > 0 {
			u = z[i] / t / 2
		}
		c.x[i], c.y[i] = s*u*(p1-p2), u*(q1-q2)/s
	}
	return true
}

// shift moves X and Y inside by delta times their mean eigenvalue.
func (c *psd) shift(delta float64) {
	x, y := c.sizes()
	for i := range c.n {
		c.x[i*c.n+i] += delta * max(x/float64(c.n), delta)
		c.y[i*c.n+i] += delta * max(y/float64(c.n), delta)
	}
}

func (c *nonneg) shift(delta float64) {
	x, y := c.sizes()
	for i := range c.x {
		c.x[i] += delta * max(x/float64(c.n), delta)
		c.y[i] += delta * max(y/float64(c.n), delta)
	}
}

func (c *soc) shift(delta float64) {
	x, y := c.sizes()
	c.x[0] += delta * max(x, delta)
	c.y[0] += delta * max(y, delta)
}
