package ipm

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/internal/kernel"
)

// best is the best point so far.
type best struct {
	merit float64
	iter  int
	x, nu []float64
	xs    [][]float64
	ys    [][]float64
	valid bool
}

func newBest(s *Compiled) best {
	b := best{x: make([]float64, s.m), nu: make([]float64, len(s.nu))}
	for _, c := range s.cones {
		b.xs = append(b.xs, make([]float64, c.base().size))
		b.ys = append(b.ys, make([]float64, c.base().size))
	}
	return b
}

func (b *best) reset() { b.merit, b.iter, b.valid = math.Inf(1), 0, false }

// storeBelow: points worse than this are not worth a copy.
const storeBelow = 1e-3

// offer keeps the point when its merit is lower than that of all before.
func (b *best) offer(r *run, merit float64) {
	if !(merit < b.merit) {
		return
	}
	b.merit, b.iter = merit, r.iter
	if merit > storeBelow {
		return
	}
	b.valid = true
	copy(b.x, r.x)
	copy(b.nu, r.nu)
	for k, c := range r.cones {
		copy(b.xs[k], c.base().x)
		copy(b.ys[k], c.base().y)
	}
}

// finish writes the outcome to dst.
func (s *Compiled) finish(r *run, status conic.Status, iterations int, warm bool) error {
	dst := r.dst
	if status != conic.Infeasible && status != conic.Unbounded && status != conic.Optimal && s.best.valid {
		copy(s.x, s.best.x)
		copy(s.nu, s.best.nu)
		for k, c := range s.cones {
			copy(c.base().x, s.best.xs[k])
			copy(c.base().y, s.best.ys[k])
			c.base().feasible = false
		}
		r.feasible = false
		r.residuals()
		gap := max(math.Abs(r.gapRel), r.complementarity)
		if gap <= r.o.Tol && r.pres <= r.o.Tol && status != conic.Cancelled {
			switch {
			case r.dres <= r.o.Tol:
				status = conic.Optimal
			case r.dres <= conic.NearFactor*r.o.Tol:
				status = conic.Near
			}
		}
	}
	dst.Status, dst.Iterations, dst.Warm = status, iterations, warm
	dst.Primal, dst.DualValue = r.primal, r.dual
	dst.X = fill(dst.X, s.x)
	dst.EqDual = fill(dst.EqDual, s.nu)
	s.writeCones(dst)
	s.rays(r, dst)
	gap := r.primal - r.dual
	scale := 1 + math.Abs(r.primal) + math.Abs(r.dual)
	dst.DIMACS = [6]float64{r.dres, 0, r.pres, 0, gap / scale, r.complementarity}
	if status == conic.Cancelled {
		return fmt.Errorf("ipm: after %d iterations: %w", iterations, r.ctx.Err())
	}
	return nil
}

func fill(dst, src []float64) []float64 {
	if cap(dst) < len(src) {
		dst = make([]float64, len(src))
	}
	dst = dst[:len(src)]
	copy(dst, src)
	return dst
}

func (s *Compiled) writeCones(dst *conic.Solution) {
	n := len(s.p.Blocks)
	if len(dst.Slack) != n || len(dst.Dual) != n {
		dst.Slack, dst.Dual = make([][]float64, n), make([][]float64, n)
	}
	i := 0
	for k := range s.p.Blocks {
		b := &s.p.Blocks[k]
		if len(dst.Slack[k]) != b.Len() || len(dst.Dual[k]) != b.Len() {
			dst.Slack[k], dst.Dual[k] = make([]float64, b.Len()), make([]float64, b.Len())
		}
		if i >= len(s.cones) || s.cones[i].base().index != k {
			clear(dst.Slack[k]) // no row is left: zero in the cone
			clear(dst.Dual[k])
			continue
		}
		c := s.cones[i].base()
		expand(b, c, c.x, dst.Slack[k])
		expand(b, c, c.y, dst.Dual[k])
		i++
	}
}

// expand puts the kept rows back in their places; the others are zero.
func expand(b *conic.Block, c *state, src, dst []float64) {
	if c.rows == nil {
		copy(dst, src)
		return
	}
	clear(dst)
	for i, r := range c.rows {
		if r < 0 {
			continue
		}
		if b.Cone != conic.PSD {
			dst[i] = src[r]
			continue
		}
		for j, q := range c.rows {
			if q >= 0 {
				dst[i*c.full+j] = src[r*c.n+q]
			}
		}
	}
}

// rays scales the certificates of infeasible and unbounded problems.
func (s *Compiled) rays(r *run, dst *conic.Solution) {
	switch dst.Status {
	case conic.Infeasible:
		gain := dot(s.nu, s.eq.b)
		for _, c := range s.cones {
			gain -= c.constantGap()
		}
		for _, y := range dst.Dual {
			kernel.Scale(y, y, 1/gain)
		}
		kernel.Scale(dst.EqDual, dst.EqDual, 1/gain)
	case conic.Unbounded:
		f := -1 / dot(s.c, s.x)
		kernel.Scale(dst.X, dst.X, f)
		for _, x := range dst.Slack {
			kernel.Scale(x, x, f)
		}
	}
}
