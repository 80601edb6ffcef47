package falsify

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// scan follows a simulation whose lanes are [first of each pair, second of each pair] and keeps, for each pair, the
// largest ratio of a quantity to its bound.
type scan struct {
	*Bound
	pairs      int
	dx, dy, du []float64 // differences, row by row: states after the last step, outputs and inputs of that step
	ds         []float64 // differences of the filter's states before that step
	d, e       []float64 // distance of the initial states; sup |du| so far
	decay, lhs []float64 // r^k d + least; a quantity
	power      float64   // r^k
	best       []float64
	step, at   []int   // where the best was: k, quantity
	box        float64 // largest |state| / box of a layer after the first step
}

func newScan(b *Bound, pairs int) *scan {
	n := b.net
	rows := func(k int) []float64 { return make([]float64, k*pairs) }
	return &scan{
		Bound: b, pairs: pairs, dx: rows(n.states), dy: rows(n.out), du: rows(n.in), ds: rows(2 * n.fs),
		d: rows(1), e: rows(1), decay: rows(1), lhs: rows(1), best: rows(1), step: make([]int, pairs), at: make([]int, pairs),
	}
}

// start reads the initial states of s.
func (c *scan) start(s *sim) {
	clear(c.best)
	clear(c.d)
	clear(c.e)
	c.power, c.box = 1, 0
	for j := range c.net.states {
		c.difference(c.dx, j, s.stateRow(0, j))
	}
	for q, x := range c.Quantities[:c.differences] {
		for p, v := range c.values(x) {
			c.d[p] = max(c.d[p], v/c.Eta[q])
		}
	}
}

// next compares the outputs at step k and the states at step k+1, which the simulation has just made.
func (c *scan) next(s *sim, k int) {
	n, P := c.net, c.pairs
	copy(c.ds, c.dx)
	u := s.input(k)
	for i := range n.in {
		for p, v := range c.difference(c.du, i, u[i*2*P:(i+1)*2*P]) {
			c.e[p] = max(c.e[p], math.Abs(v))
		}
	}
	for j := range n.states {
		row := s.stateRow(k+1, j)
		c.difference(c.dx, j, row)
		if j >= 2*n.fs {
			c.box = max(c.box, largest(row)/n.box[j])
		}
	}
	y, in := &n.layers[len(n.layers)-1], 2*n.fs+n.in
	kernel.Gemm(false, false, n.out, P, y.n, n.wy, y.n, c.dx[y.stateH*P:], P, false, c.dy, P)
	kernel.Gemm(false, false, n.out, P, n.in, n.py[2*n.fs:], in, c.du, P, true, c.dy, P)
	if n.fs > 0 {
		kernel.Gemm(false, false, n.out, P, 2*n.fs, n.py, in, c.ds, P, true, c.dy, P)
	}
	c.decays()
	for i := range c.outputs {
		c.compare(c.differences+i, k)
	}
	c.power *= c.Rate
	c.decays()
	for q := range c.differences {
		c.compare(q, k+1)
	}
}

// difference writes row i of dst: what lies between the two lanes of each pair.
func (c *scan) difference(dst []float64, i int, row []float64) []float64 {
	out := dst[i*c.pairs : (i+1)*c.pairs]
	kernel.Sub(out, row[:c.pairs], row[c.pairs:])
	return out
}

// decays writes r^k d and what rounding adds.
func (c *scan) decays() {
	for p, d := range c.d {
		c.decay[p] = c.power*d + c.least
	}
}

// values returns a quantity of every pair; the next call overwrites the slice.
func (c *scan) values(x Quantity) []float64 {
	P, lhs := c.pairs, c.lhs
	switch len(x.States) {
	case 0:
		abs := c.dy[x.Output*P : (x.Output+1)*P]
		for p, v := range abs {
			lhs[p] = math.Abs(v)
		}
		return lhs
	case 1:
		for p, v := range c.dx[x.States[0]*P : (x.States[0]+1)*P] {
			lhs[p] = math.Abs(v)
		}
		return lhs
	}
	clear(lhs)
	for _, j := range x.States {
		row := c.dx[j*P : (j+1)*P]
		kernel.MulAdd(lhs, row, row)
	}
	for p, v := range lhs {
		lhs[p] = math.Sqrt(v)
	}
	return lhs
}

// compare updates the best ratios with quantity q at step k. A number that is none counts as a violation.
func (c *scan) compare(q, k int) {
	eta, zeta := c.Eta[q], c.Zeta[q]
	decay, e, best := c.decay, c.e, c.best
	for p, v := range c.values(c.Quantities[q]) {
		if rhs := eta*decay[p] + zeta*e[p]; !(v <= best[p]*rhs) {
			best[p], c.step[p], c.at[p] = ratio(v, rhs), k, q
		}
	}
}

// ratio is lhs over rhs, 0 over 0 being 0.
func ratio(lhs, rhs float64) float64 {
	switch r := lhs / rhs; {
	case lhs == 0 && rhs == 0:
		return 0
	case math.IsNaN(r):
		return math.Inf(1)
	default:
		return r
	}
}

func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}
