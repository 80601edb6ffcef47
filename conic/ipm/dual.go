package ipm

import (
	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/internal/kernel"
)

// dualSystem factors a matrix as large as all multipliers together instead of one as large as x, by the identity of
// Woodbury: with Q diagonal and positive, dx = Q^-1 (F*(dY) - rd) leaves
//
//	(K + F Q^-1 F*) dY = T - X - Rp + F(Q^-1 rd),   dX = T - X - K(dY)
//
// K is easy for the direction with the roles of X and Y exchanged: K(W) = sym(Y^-1 W X). F Q^-1 F* is constant. The unknown
// is the upper triangle of dY row by row; each equation off the diagonal is doubled, which makes the matrix symmetric.
type dualSystem struct {
	*Compiled
	nd       int
	ld       int
	off      []int     // first unknown of every cone
	fixed    []float64 // F Q^-1 F*, upper triangle
	mat      []float64
	diag     []float64
	neg      []float64
	z        []float64
	inv      []float64 // 1/Q
	scaled   []float64 // Q^-1 rd
	replaced int
	shots    []snapshot
}

// snapshot holds the numbers that F Q^-1 F* was computed from.
type snapshot struct{ coefs []float64 }

// wantsDual tells whether the multipliers are fewer than the variables and the problem has the form that the dual system
// needs.
func (s *Compiled) wantsDual() bool {
	if s.qdiag == nil || len(s.p.Eqs) > 0 {
		return false
	}
	s.loadQuad()
	for _, q := range s.qdiag {
		if !(q > 0) {
			return false
		}
	}
	nd := 0
	for k := range s.p.Blocks {
		switch b := &s.p.Blocks[k]; b.Cone {
		case conic.PSD:
			nd += b.N * (b.N + 1) / 2
		case conic.Nonneg:
			nd += b.N
		default:
			return false
		}
		if nd >= s.m {
			return false
		}
	}
	return nd > 0
}

func newDualSystem(s *Compiled) *dualSystem {
	d := &dualSystem{Compiled: s}
	for _, c := range s.cones {
		b := c.base()
		d.off = append(d.off, d.nd)
		if _, ok := c.(*psd); ok {
			d.nd += b.n * (b.n + 1) / 2
		} else {
			d.nd += b.n
		}
	}
	d.ld = stride(d.nd)
	d.fixed, d.mat = make([]float64, d.nd*d.ld), make([]float64, d.nd*d.ld)
	d.diag, d.z, d.neg = make([]float64, d.nd), make([]float64, d.nd), make([]float64, scratchSize(d.nd))
	d.inv, d.scaled = make([]float64, s.m), make([]float64, s.m)
	d.shots = make([]snapshot, len(s.p.Blocks))
	return d
}

func (d *dualSystem) describe() (int, string) { return d.replaced, "" }

// refresh computes F Q^-1 F* when a number in it has changed.
func (d *dualSystem) refresh() {
	changed := false
	for i, q := range d.qdiag {
		if v := 1 / q; v != d.inv[i] {
			d.inv[i], changed = v, true
		}
	}
	for _, c := range d.cones {
		k := c.base().index
		if d.shots[k].update(d.blocks[k]) {
			changed = true
		}
	}
	if !changed {
		return
	}
	clear(d.fixed)
	list := make([][]place, d.m)
	for k, c := range d.cones {
		switch c := c.(type) {
		case *psd:
			f := c.f.(*sparse)
			for a, i := range f.vars {
				for e := f.ptr[a]; e < f.ptr[a+1]; e++ {
					p, q := int(f.pos[e])/c.n, int(f.pos[e])%c.n
					list[i] = append(list[i], place{d.off[k] + p*c.n - p*(p-1)/2 + q - p, f.wt[e]})
				}
			}
		case *nonneg:
			for r := range c.n {
				for e := c.f.ptr[r]; e < c.f.ptr[r+1]; e++ {
					list[c.f.vars[e]] = append(list[c.f.vars[e]], place{d.off[k] + r, c.f.val[e]})
				}
			}
		}
	}
	for i, l := range list {
		for _, u := range l {
			f := u.val * d.inv[i]
			for _, v := range l {
				if u.at <= v.at {
					d.fixed[u.at*d.ld+v.at] += f * v.val
				}
			}
		}
	}
}

// place is a number of a coefficient in the space of the unknowns.
type place struct {
	at  int
	val float64
}

// update copies the numbers of b and tells whether any differs from the last ones.
func (s *snapshot) update(b *conic.Block) bool {
	changed := len(s.coefs) != len(b.Coefs)
	if changed {
		s.coefs = make([]float64, len(b.Coefs))
	}
	for i := range b.Coefs {
		if v := b.Coefs[i].Val; v != s.coefs[i] {
			s.coefs[i], changed = v, true
		}
	}
	return changed
}

func (d *dualSystem) factor() bool {
	copy(d.mat, d.fixed)
	for k, c := range d.cones {
		if !c.prepare(true) {
			return false
		}
		switch c := c.(type) {
		case *psd:
			c.dualMatrix(d.mat[d.off[k]*d.ld+d.off[k]:], d.ld)
		case *nonneg:
			for i := range c.n {
				d.mat[(d.off[k]+i)*d.ld+d.off[k]+i] += c.x[i] / c.y[i]
			}
		}
	}
	for i := range d.diag {
		d.diag[i] = d.mat[i*d.ld+i]
	}
	var ok bool
	d.replaced, ok = cholesky(d.nd, d.mat, d.ld, d.neg, d.diag, pivotFloor)
	return ok
}

// dualMatrix adds the matrix of W -> sym(P W X), rows off the diagonal doubled, to the upper triangle of m.
func (c *psd) dualMatrix(m []float64, ld int) {
	n := c.n
	i := 0
	for p := range n {
		for q := p; q < n; q++ {
			pp, pq := c.p[p*n:(p+1)*n], c.p[q*n:(q+1)*n]
			xp, xq := c.x[p*n:(p+1)*n], c.x[q*n:(q+1)*n]
			f := 1.0
			if p == q {
				f = 0.5
			}
			row := m[i*ld+i:]
			k := 0
			for r := p; r < n; r++ {
				s := r
				if r == p {
					s = q
				}
				a, b, u, v := f*pp[r], f*xq[r], f*xp[r], f*pq[r]
				if s == r {
					row[k] += a*xq[r] + u*pq[r]
					k++
					s++
				}
				x1, p1, p2, x2 := xq[s:n], pp[s:n], pq[s:n], xp[s:n]
				out := row[k : k+len(x1)]
				for h := range out {
					out[h] += a*x1[h] + b*p1[h] + u*p2[h] + v*x2[h]
				}
				k += len(out)
			}
			i++
		}
	}
}

func (d *dualSystem) solve(sigmaMu float64, correct bool) {
	kernel.Mul(d.scaled, d.rd, d.inv)
	for k, c := range d.cones {
		z := d.z[d.off[k]:]
		switch c := c.(type) {
		case *psd:
			c.dualRight(z, d.scaled, sigmaMu, correct)
		case *nonneg:
			c.dualRight(z, d.scaled, sigmaMu, correct)
		}
	}
	solveFactor(d.nd, d.mat, d.ld, d.z)
	clear(d.g)
	for k, c := range d.cones {
		z, b := d.z[d.off[k]:], c.base()
		switch c := c.(type) {
		case *psd:
			i := 0
			for p := range c.n {
				for q := p; q < c.n; q++ {
					c.dy[p*c.n+q], c.dy[q*c.n+p] = z[i], z[i]
					i++
				}
			}
			c.f.adjoint(c.dy, d.g)
		case *nonneg:
			copy(b.dy, z[:c.n])
			c.f.adjoint(b.dy, d.g)
		}
	}
	kernel.Mul(d.dx, d.g, d.inv)
	kernel.Sub(d.dx, d.dx, d.scaled)
	for _, c := range d.cones {
		switch c := c.(type) {
		case *psd:
			if c.feasible {
				clear(c.dx)
			} else {
				copy(c.dx, c.rp)
			}
			c.f.apply(d.dx, c.dx)
		case *nonneg:
			c.move(d.dx)
		}
	}
}

// dualRight writes T - X - Rp + F(v) to z, rows off the diagonal doubled.
func (c *psd) dualRight(z, v []float64, sigmaMu float64, correct bool) {
	w := c.t2
	clear(w)
	c.f.apply(v, w)
	for i, x := range c.x {
		w[i] += sigmaMu*c.p[i] - x
	}
	if !c.feasible {
		kernel.Sub(w, w, c.rp)
	}
	if correct {
		kernel.Sub(w, w, c.corr)
	}
	i := 0
	for p := range c.n {
		z[i] = w[p*c.n+p]
		i++
		for q := p + 1; q < c.n; q++ {
			z[i] = 2 * w[p*c.n+q]
			i++
		}
	}
}

func (c *nonneg) dualRight(z, v []float64, sigmaMu float64, correct bool) {
	clear(c.tmp)
	c.f.apply(v, c.tmp)
	for i, w := range c.tmp {
		t := sigmaMu
		if correct {
			t -= c.corr[i]
		}
		w += t/c.y[i] - c.x[i]
		if !c.feasible {
			w -= c.rp[i]
		}
		z[i] = w
	}
}
