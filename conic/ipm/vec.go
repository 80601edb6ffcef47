package ipm

import "math"

// rows holds the linear part of a vector block: row r has the elements ptr[r]..ptr[r+1].
type rowData struct {
	ptr  []int
	vars []int
	val  []float64
	slot []int
}

func newRows(n int, b numbers, place []int) rowData {
	var d rowData
	count := make([]int, n+1)
	at := func(r int) int {
		if place != nil {
			return place[r]
		}
		return r
	}
	for _, c := range b.block.Coefs {
		if r := at(c.Row); r >= 0 {
			count[r+1]++
		}
	}
	for i := range n {
		count[i+1] += count[i]
	}
	d.ptr = append([]int(nil), count...)
	d.vars, d.val = make([]int, count[n]), make([]float64, count[n])
	d.slot = make([]int, len(b.block.Coefs))
	for e, c := range b.block.Coefs {
		r := at(c.Row)
		if r < 0 {
			d.slot[e] = -1
			continue
		}
		d.slot[e] = count[r]
		d.vars[count[r]] = c.Var
		count[r]++
	}
	return d
}

func (d *rowData) load(b numbers) {
	for e := range b.block.Coefs {
		if d.slot[e] >= 0 {
			d.val[d.slot[e]] = b.block.Coefs[e].Val
		}
	}
}

func (d *rowData) norms(w []float64) {
	for e, v := range d.val {
		w[d.vars[e]] += v * v
	}
}

func (d *rowData) apply(x, dst []float64) {
	for r := range dst {
		var s float64
		for e := d.ptr[r]; e < d.ptr[r+1]; e++ {
			s += d.val[e] * x[d.vars[e]]
		}
		dst[r] += s
	}
}

func (d *rowData) adjoint(w, g []float64) {
	for r, f := range w {
		for e := d.ptr[r]; e < d.ptr[r+1]; e++ {
			g[d.vars[e]] += f * d.val[e]
		}
	}
}

// square adds f times the outer product of row r to the upper triangle of m.
func (d *rowData) square(r int, f float64, m []float64, ld int) {
	for e := d.ptr[r]; e < d.ptr[r+1]; e++ {
		i, v := d.vars[e], f*d.val[e]
		for h := e; h < d.ptr[r+1]; h++ {
			j := d.vars[h]
			switch {
			case h != e && i == j:
				m[i*ld+i] += 2 * v * d.val[h]
			case i <= j:
				m[i*ld+j] += v * d.val[h]
			default:
				m[j*ld+i] += v * d.val[h]
			}
		}
	}
}

// vector is what the cones of vectors share.
type vector struct {
	state
	f    rowData
	corr []float64
	tmp  []float64
}

func newVector(index, n, full int, rows []int, b numbers) vector {
	return vector{state: newState(index, n, n, full, rows), f: newRows(n, b, rows),
		corr: make([]float64, n), tmp: make([]float64, n)}
}

func (c *vector) load(b numbers) {
	clear(c.constant)
	for _, e := range b.block.Constant {
		r := e.Row
		if c.rows != nil {
			r = c.rows[r]
		}
		if r >= 0 {
			c.constant[r] += e.Val
		}
	}
	c.f.load(b)
}

func (c *vector) norms(w []float64)   { c.f.norms(w) }
func (c *vector) adjoint(g []float64) { c.f.adjoint(c.y, g) }

func (c *vector) residual(x []float64) {
	copy(c.rp, c.constant)
	c.f.apply(x, c.rp)
	for i, v := range c.x {
		c.rp[i] -= v
	}
}

func (c *vector) take(dst, a []float64) {
	if c.rows == nil {
		copy(dst, a)
		return
	}
	for i, r := range c.rows {
		if r >= 0 {
			dst[r] = a[i]
		}
	}
}

// move sets dX from dx.
func (c *vector) move(dx []float64) {
	if c.feasible {
		clear(c.dx)
	} else {
		copy(c.dx, c.rp)
	}
	c.f.apply(dx, c.dx)
}

func (c *vector) trialPoint(dual bool, step float64, x []float64) []float64 {
	to := c.trial(dual, step)
	if !dual && x != nil {
		copy(to, c.constant)
		c.f.apply(x, to)
	}
	return to
}

// nonneg is a block of nonnegative numbers: H = Y/X, T = (sigma mu - dXa dYa)/X elementwise.
type nonneg struct{ vector }

func (c *nonneg) degree() int { return c.n }

func (c *nonneg) begin(eta, xi float64) {
	c.feasible = false
	for i := range c.x {
		c.x[i], c.y[i] = eta, xi
	}
}

func (c *nonneg) prepare(bool) bool { return true }

func (c *nonneg) schur(m []float64, ld int) {
	for r := range c.n {
		c.f.square(r, c.y[r]/c.x[r], m, ld)
	}
}

func (c *nonneg) target(i int, sigmaMu float64, correct bool) float64 {
	t := sigmaMu
	if correct {
		t -= c.corr[i]
	}
	return t/c.x[i] - c.y[i]
}

func (c *nonneg) right(g []float64, sigmaMu float64, correct bool) {
	for i := range c.tmp {
		c.tmp[i] = c.target(i, sigmaMu, correct)
		if !c.feasible {
			c.tmp[i] -= c.y[i] / c.x[i] * c.rp[i]
		}
	}
	c.f.adjoint(c.tmp, g)
}

func (c *nonneg) direction(dx []float64, sigmaMu float64, correct bool) {
	c.move(dx)
	for i := range c.dy {
		c.dy[i] = c.target(i, sigmaMu, correct) - c.y[i]/c.x[i]*c.dx[i]
	}
}

func (c *nonneg) keepPredictor() {
	for i := range c.corr {
		c.corr[i] = c.dx[i] * c.dy[i]
	}
}

func (c *nonneg) maxStep(dual bool) float64 {
	a, d := c.x, c.dx
	if dual {
		a, d = c.y, c.dy
	}
	s := math.Inf(1)
	for i, v := range d {
		if v < 0 {
			s = min(s, -a[i]/v)
		}
	}
	return s
}

func (c *nonneg) try(dual bool, step float64, x []float64) bool {
	for _, v := range c.trialPoint(dual, step, x) {
		if !(v > 0) || math.IsInf(v, 1) {
			return false
		}
	}
	return true
}
