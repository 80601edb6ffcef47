// Package direct holds direct parametrisations: smooth maps from free parameters onto sets of matrices that satisfy a
// linear matrix inequality, so that training is unconstrained and every iterate keeps its certificate.
package direct

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// eps keeps X'X positive definite for every X.
const eps = 1e-6

// Contracting maps free (X, Y, C, B, s) to the matrices (A, B1, C1) of a Lur'e network x+ = A x + B1 w + ..., with a
// metric M and multiplier Lambda such that
//
//	[[Rate^2 M - C1' Lambda C1, 0], [0, Lambda]] >= [A B1]' M [A B1].
//
// So any w with |dw_i| <= |(C1 dx)_i| gives |dx+|_M <= Rate |dx|_M.
//
// Map. With G = X'X + eps I in n x n blocks and psi = exp(s):
//
//	H = G11 + C'C,   P = G22 + B B',   E = (H + P/Rate^2 + Y - Y')/2
//	A = inv(E) G21,  B1 = inv(E) B diag(psi),  C1 = inv(diag(psi)) C
//	M = E' inv(P) E, Lambda = diag(psi^2)
//
// Proof. (E - P/r^2)' r^2 inv(P) (E - P/r^2) >= 0 expands to r^2 M >= E + E' - P/r^2 = H. The Schur complement of
// [[G11, G21'], [G21, G22]] > 0 extended by B gives [[G11, 0], [0, I]] >= [G21 B]' inv(P) [G21 B], which is
// [A B1 inv(psi)]' M [A B1 inv(psi)]. Adding C'C to both sides of the corner and undoing psi is the claim.
//
// Source: Barbara, Wang, Manchester, R2DN (2025), the case of one static layer; the rate below one is ours. With Q = 0
// it parametrises the Schur matrices with a Lyapunov inequality of the given rate.
type Contracting struct {
	N, Q int     // states, channels of the nonlinearity; Q may be 0
	Rate float64 // in (0, 1]
	Psi  Psi     // which multipliers Lambda = diag(psi^2) the map reaches

	g, h, p, e, k, m      []float64 // n x n work matrices (g: 2n x 2n)
	dk, de, dg, t         []float64
	bp                    []float64 // n x q
	psi                   []float64
	theta                 []float64 // copy of the parameters last mapped
	outA, outB1, outC1    []float64
	outK                  *mat.Dense
	lu                    mat.LU
	eDense, scratchInvert *mat.Dense
}

// Psi says how the multiplier of a Contracting map is parametrised.
type Psi int

// Multipliers: one parameter per channel; one for all channels (for nonlinearities that are Lipschitz as a whole); none.
const (
	PsiChannel Psi = iota
	PsiShared
	PsiUnit
)

// NewContracting returns the map with its workspace. It is not safe for concurrent use.
func NewContracting(n, q int, rate float64, psi Psi) (*Contracting, error) {
	if n < 1 || q < 0 || !(rate > 0 && rate <= 1) {
		return nil, fmt.Errorf("direct: contracting map needs n >= 1, q >= 0 and a rate in (0, 1], got n=%d q=%d rate=%g", n, q, rate)
	}
	c := &Contracting{N: n, Q: q, Rate: rate, Psi: psi}
	nn := n * n
	for _, d := range []*[]float64{&c.h, &c.p, &c.e, &c.k, &c.m, &c.dk, &c.de, &c.t} {
		*d = make([]float64, nn)
	}
	c.g, c.dg = make([]float64, 4*nn), make([]float64, 4*nn)
	c.bp, c.psi = make([]float64, n*q), make([]float64, q)
	c.theta = make([]float64, c.Dim())
	c.outA, c.outB1, c.outC1 = make([]float64, nn), make([]float64, n*q), make([]float64, q*n)
	c.eDense = mat.NewDense(n, n, c.e)
	c.outK = mat.NewDense(n, n, c.k)
	return c, nil
}

// Dim is the number of free parameters, in the order X (2n x 2n), Y (n x n), C (q x n), B (n x q), s (q, 1 or 0).
func (c *Contracting) Dim() int {
	return 5*c.N*c.N + 2*c.N*c.Q + c.psis()
}

// psis is the number of parameters s.
func (c *Contracting) psis() int {
	switch {
	case c.Q == 0 || c.Psi == PsiUnit:
		return 0
	case c.Psi == PsiShared:
		return 1
	}
	return c.Q
}

// parts cuts a parameter (or gradient) vector; s has length q, 1 or 0.
func (c *Contracting) parts(theta []float64) (x, y, cc, b, s []float64) {
	n, q := c.N, c.Q
	x, theta = theta[:4*n*n], theta[4*n*n:]
	y, theta = theta[:n*n], theta[n*n:]
	cc, theta = theta[:q*n], theta[q*n:]
	b, theta = theta[:n*q], theta[n*q:]
	return x, y, cc, b, theta[:c.psis()]
}

// Map writes A (n x n), B1 (n x q), C1 (q x n), row-major.
func (c *Contracting) Map(theta, a, b1, c1 []float64) {
	n, q := c.N, c.Q
	copy(c.theta, theta)
	x, y, cc, b, s := c.parts(c.theta)
	gram(c.g, x, 2*n)
	for i := range 2 * n {
		c.g[i*2*n+i] += eps
	}
	for j := range q {
		c.psi[j] = 1
		if len(s) > 0 {
			c.psi[j] = math.Exp(s[min(j, len(s)-1)])
		}
	}
	r2 := c.Rate * c.Rate
	for i := range n {
		for j := range n {
			h, p := c.g[i*2*n+j], c.g[(n+i)*2*n+n+j]
			for l := range q {
				h += cc[l*n+i] * cc[l*n+j]
				p += b[i*q+l] * b[j*q+l]
			}
			c.h[i*n+j], c.p[i*n+j] = h, p
			c.e[i*n+j] = 0.5 * (h + p/r2 + y[i*n+j] - y[j*n+i])
		}
	}
	c.invertE()
	for i := range n {
		for j := range n {
			var v float64
			for l := range n {
				v += c.k[i*n+l] * c.g[(n+l)*2*n+j]
			}
			a[i*n+j] = v
		}
		for j := range q {
			var v float64
			for l := range n {
				v += c.k[i*n+l] * b[l*q+j]
			}
			b1[i*q+j] = v * c.psi[j]
		}
	}
	for j := range q {
		for i := range n {
			c1[j*n+i] = cc[j*n+i] / c.psi[j]
		}
	}
	copy(c.outB1, b1)
	copy(c.outC1, c1)
}

// InvE is inv(E) of the last Map, row-major n x n: further input matrices deploy as inv(E) B.
func (c *Contracting) InvE() []float64 { return c.k }

// Pull adds the gradient with respect to the parameters of the last Map, given the gradients with respect to A, B1, C1
// and, in dk, with respect to inv(E) from other uses (nil for none).
func (c *Contracting) Pull(da, db1, dc1, dk, dtheta []float64) {
	n, q := c.N, c.Q
	x, _, cc, b, _ := c.parts(c.theta)
	dx, dy, dcc, db, ds := c.parts(dtheta)
	clear(c.dk)
	if dk != nil {
		copy(c.dk, dk)
	}
	for i := range n { // dK = dA G21' + dB1 psi B'
		for l := range n {
			var v float64
			for j := range n {
				v += da[i*n+j] * c.g[(n+l)*2*n+j]
			}
			for j := range q {
				v += db1[i*q+j] * c.psi[j] * b[l*q+j]
			}
			c.dk[i*n+l] += v
		}
	}
	// dE = -K' dK K'
	mulTN(c.t, c.k, c.dk, n)
	mulNT(c.de, c.t, c.k, n)
	for i := range c.de {
		c.de[i] = -c.de[i]
	}
	r2 := c.Rate * c.Rate
	clear(c.dg)
	for i := range n {
		for j := range n {
			e := c.de[i*n+j]
			c.dg[i*2*n+j] = 0.5 * e              // dH
			c.dg[(n+i)*2*n+n+j] = 0.5 * e / r2   // dP
			dy[i*n+j] += 0.5 * (e - c.de[j*n+i]) // Y - Y'
			var v float64
			for l := range n {
				v += c.k[l*n+i] * da[l*n+j]
			}
			c.dg[(n+i)*2*n+j] = v // dG21 = K' dA
		}
	}
	for l := range q {
		inv := 1 / c.psi[l]
		var dpsi float64 // d/d log psi
		for i := range n {
			var g float64
			for j := range n {
				g += cc[l*n+j] * (c.dg[j*2*n+i] + c.dg[i*2*n+j])
			}
			dcc[l*n+i] += g + inv*dc1[l*n+i]
			dpsi -= dc1[l*n+i] * c.outC1[l*n+i]
		}
		for i := range n {
			var g float64
			for j := range n {
				g += c.k[j*n+i]*db1[j*q+l]*c.psi[l] + (c.dg[(n+i)*2*n+n+j]+c.dg[(n+j)*2*n+n+i])*b[j*q+l]
			}
			db[i*q+l] += g
			dpsi += db1[i*q+l] * c.outB1[i*q+l]
		}
		if len(ds) > 0 {
			ds[min(l, len(ds)-1)] += dpsi
		}
	}
	for i := range 2 * n { // dX = X (dG + dG')
		for j := range 2 * n {
			var v float64
			for l := range 2 * n {
				v += x[i*2*n+l] * (c.dg[l*2*n+j] + c.dg[j*2*n+l])
			}
			dx[i*2*n+j] += v
		}
	}
}

// Metric returns M = E' inv(P) E (symmetrised) and Lambda of the last Map.
func (c *Contracting) Metric() (m []float64, lambda []float64) {
	n := c.N
	p := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			p.SetSym(i, j, 0.5*(c.p[i*n+j]+c.p[j*n+i]))
		}
	}
	var ch mat.Cholesky
	ok := ch.Factorize(p)
	e := mat.NewDense(n, n, append([]float64(nil), c.e...))
	var pe, out mat.Dense
	if !ok || ch.SolveTo(&pe, e) != nil { // P > 0 by construction: only overflow gets here
		return nil, nil
	}
	out.Mul(e.T(), &pe)
	m = make([]float64, n*n)
	for i := range n {
		for j := range n {
			m[i*n+j] = 0.5 * (out.At(i, j) + out.At(j, i))
		}
	}
	lambda = make([]float64, c.Q)
	for j := range lambda {
		lambda[j] = c.psi[j] * c.psi[j]
	}
	return m, lambda
}

// InitNear is Init for the largest of a0, 0.95 a0, 0.95^2 a0, ... that the parametrised set holds: where the rate is
// below the radius of the plant's own modes, the start must decay faster than they do.
func (c *Contracting) InitNear(a0, cHat, bHat []float64, s0, delta float64, theta []float64) ([]float64, error) {
	const shrink, tries = 0.95, 200
	near := append([]float64(nil), a0...)
	for try := 0; ; try++ {
		e, err := c.Init(near, cHat, bHat, s0, delta, theta)
		if err == nil || try == tries {
			return e, err
		}
		for i := range near {
			near[i] *= shrink
		}
	}
}

// slowRate is the rate above which Init balances the two halves of the Gram matrix for rates near one. Below, the
// other balance reaches every spectral norm below Rate, where this one would reach sqrt(2 - Rate^-2) only, and none
// at all below Rate = sqrt(1/2).
const slowRate = 0.95

// Init sets the parameters so that A = a0 (n x n, spectral norm below about Rate - delta) with the given small couplings
// C and B and s = s0. The Gram factor is a Cholesky factor of [[h I, (E a0)'], [E a0, p I]], h = 2 - Rate^-2 - delta and
// p = 1 - delta, or h = 1 - delta and p = Rate^2 h for rates below slowRate; E is what the map will make of it. It
// returns E (n x n, its own storage), so that input matrices can be set too: they deploy as inv(E) B.
func (c *Contracting) Init(a0, cHat, bHat []float64, s0, delta float64, theta []float64) ([]float64, error) {
	n, q, r2 := c.N, c.Q, c.Rate*c.Rate
	x, y, cc, b, s := c.parts(theta)
	top, bottom := 2-1/r2-delta, 1-delta
	if c.Rate < slowRate {
		top, bottom = 1-delta, r2*(1-delta)
	}
	e := make([]float64, n*n)
	for i := range n {
		for j := range n {
			var h, p float64
			for l := range q {
				h += cHat[l*n+i] * cHat[l*n+j]
				p += bHat[i*q+l] * bHat[j*q+l]
			}
			if i == j {
				h += top + eps
				p += bottom + eps
			}
			e[i*n+j] = 0.5 * (h + p/r2)
		}
	}
	g := mat.NewSymDense(2*n, nil)
	for i := range n {
		g.SetSym(i, i, top)
		g.SetSym(n+i, n+i, bottom)
		for j := range n {
			var v float64
			for l := range n {
				v += e[i*n+l] * a0[l*n+j]
			}
			g.SetSym(j, n+i, v)
		}
	}
	var ch mat.Cholesky
	if !ch.Factorize(g) {
		return nil, fmt.Errorf("direct: initial matrix is too close to the unit circle for rate %g with margin %g; use a smaller radius or margin", c.Rate, delta)
	}
	var u mat.TriDense
	ch.UTo(&u)
	for i := range 2 * n {
		for j := range 2 * n {
			x[i*2*n+j] = u.At(i, j)
		}
	}
	clear(y)
	copy(cc, cHat)
	copy(b, bHat)
	for i := range s {
		s[i] = s0
	}
	return e, nil
}

func (c *Contracting) invertE() {
	c.lu.Factorize(c.eDense)
	if err := c.lu.SolveTo(c.outK, false, eye(c)); err != nil {
		// E + E' > 0, so E is regular; a bad condition number only costs digits, which the certificate check sees.
		_ = err
	}
}

func eye(c *Contracting) *mat.Dense {
	if c.scratchInvert == nil {
		c.scratchInvert = mat.NewDense(c.N, c.N, nil)
		for i := range c.N {
			c.scratchInvert.Set(i, i, 1)
		}
	}
	return c.scratchInvert
}

// gram writes X'X for a square X.
func gram(dst, x []float64, n int) {
	clear(dst)
	for l := range n {
		row := x[l*n : l*n+n]
		for i, a := range row {
			d := dst[i*n : i*n+n]
			for j, b := range row {
				d[j] += a * b
			}
		}
	}
}

// mulTN writes A'B and mulNT A B' for square matrices.
func mulTN(dst, a, b []float64, n int) {
	clear(dst)
	for l := range n {
		for i := range n {
			s := a[l*n+i]
			for j := range n {
				dst[i*n+j] += s * b[l*n+j]
			}
		}
	}
}

func mulNT(dst, a, b []float64, n int) {
	for i := range n {
		for j := range n {
			var s float64
			for l := range n {
				s += a[i*n+l] * b[j*n+l]
			}
			dst[i*n+j] = s
		}
	}
}
