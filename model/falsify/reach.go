package falsify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
)

// Reach makes o.Count climbs of single trajectories towards the border of a layer's box and returns the largest
// |state| / box after the first step, above 1 where the box is not invariant. The proof rests on the boxes: the ranges of
// the gates hold inside them, and the verdict prints them as reachable ranges.
func Reach(ctx context.Context, cell seq.Cell, w []float64, b *Bound, o Options) (Finding, error) {
	o = o.withDefaults(b, 200)
	a, err := newAttack(cell, w, b, o)
	if err != nil {
		return Finding{}, err
	}
	const lanes = 2 * climbsAtOnce
	h := horizons(o.Steps, (o.Count+lanes-1)/lanes)
	return a.collect(ctx, len(h), func(i int) Finding {
		r := rng.Stream(o.Seed, fmt.Sprintf("falsify/reach/%d", i))
		c := a.newReach(min(lanes, o.Count-i*lanes), h[i])
		return c.search(ctx, r, o.Iterations)
	})
}

// reach moves single trajectories, one a lane, so that one state at the last step grows.
type reach struct {
	*attack
	sim    *sim
	steps  int
	x, u   []float64 // states x lanes, steps*inputs x lanes
	target []int     // quantity of each lane
	best   Finding
}

func (a *attack) newReach(lanes, steps int) *reach {
	return &reach{
		attack: a, sim: newSim(a.net, lanes, steps, true), steps: steps,
		x: make([]float64, a.net.states*lanes), u: make([]float64, steps*a.net.in*lanes), target: make([]int, lanes),
	}
}

func (c *reach) search(ctx context.Context, r *rand.Rand, iterations int) Finding {
	c.start(r)
	for it := range iterations {
		if ctx.Err() != nil {
			break
		}
		c.evaluate()
		c.climb(0.5 * math.Pow(0.02, float64(it)/float64(iterations)))
	}
	c.evaluate()
	c.best.Box, c.best.Tried = c.best.Ratio, len(c.target)
	return c.best
}

// start draws targets, initial states and inputs.
func (c *reach) start(r *rand.Rand) {
	first := c.differences + c.outputs
	x, u := make([]float64, c.net.states), make([]float64, c.steps)
	for p := range c.target {
		c.target[p] = first + r.IntN(len(c.Quantities)-first)
		c.anyState(r, x)
		for j, v := range x {
			c.x[j*len(c.target)+p] = v
		}
		for i := range c.net.in {
			signal(r, u)
			for k, v := range u {
				c.u[(k*c.net.in+i)*len(c.target)+p] = v
			}
		}
	}
}

// evaluate simulates and keeps the largest of all states.
func (c *reach) evaluate() {
	L, s := len(c.target), c.sim
	for j := range c.net.states {
		copy(s.stateRow(0, j), c.x[j*L:(j+1)*L])
	}
	for k := range c.steps {
		copy(s.input(k), c.u[k*c.net.in*L:(k+1)*c.net.in*L])
		s.step(k)
		for q := c.differences + c.outputs; q < len(c.Quantities); q++ {
			for p, v := range s.stateRow(k+1, c.Quantities[q].States[0]) {
				if !(math.Abs(v) <= c.best.Ratio*c.Eta[q]) {
					c.keep(q, k+1, p, ratio(math.Abs(v), c.Eta[q]))
				}
			}
		}
	}
}

// keep copies lane p, whose quantity q at step k is the largest so far.
func (c *reach) keep(q, k, p int, v float64) {
	n, L := c.net, len(c.target)
	f := Finding{Ratio: v, Quantity: q, Step: k, A: make([]float64, n.states), UA: seq.NewMat(n.in, k)}
	for j := range f.A {
		f.A[j] = c.x[j*L+p]
	}
	for i := range n.in {
		for t := range k {
			f.UA.Row(i)[t] = c.u[(t*n.in+i)*L+p]
		}
	}
	f.B, f.UB = f.A, f.UA
	c.best = f
}

// climb steps along the signs of the gradients of the targets.
func (c *reach) climb(part float64) {
	n, L, s := c.net, len(c.target), c.sim
	s.clearAdjoints()
	for p, q := range c.target {
		j := c.Quantities[q].States[0]
		s.adjoint(j)[p] = signOf(s.stateRow(c.steps, j)[p])
	}
	s.reverse(c.steps)
	for j, v := range n.box {
		for p, g := range s.adjoint(j) {
			c.x[j*L+p] = clip(c.x[j*L+p]+part*v*signOf(g), v)
		}
	}
	for i, g := range s.back.du[:len(c.u)] {
		c.u[i] = clip(c.u[i]+part*signOf(g), 1)
	}
}
