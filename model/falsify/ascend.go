package falsify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/plumb-go/plumb/internal/kernel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
)

// climbsAtOnce is the number of climbs of one simulation; they share a horizon.
const climbsAtOnce = 8

// drafts is the number of random starts of which a climb takes the best.
const drafts = 4

// Ascend makes o.Count climbs for the cell with weights w and returns the worst ratio against b that any of their
// iterates shows. Horizons run from 1 to o.Steps.
func Ascend(ctx context.Context, cell seq.Cell, w []float64, b *Bound, o Options) (Finding, error) {
	o = o.withDefaults(b, 200)
	a, err := newAttack(cell, w, b, o)
	if err != nil {
		return Finding{}, err
	}
	h := horizons(o.Steps, (o.Count+climbsAtOnce-1)/climbsAtOnce)
	return a.collect(ctx, len(h), func(i int) Finding {
		r := rng.Stream(o.Seed, fmt.Sprintf("falsify/ascend/%d", i))
		c := a.newClimb(r, min(climbsAtOnce, o.Count-i*climbsAtOnce), h[i])
		return c.search(ctx, r, o.Iterations)
	})
}

// horizons gives each of so many parts its number of steps: 1, 2, 4, ... up to steps in turn, or some of these if there
// are fewer parts.
func horizons(steps, parts int) []int {
	all := []int{}
	for k := 1; k < steps; k *= 2 {
		all = append(all, k)
	}
	all = append(all, steps)
	h := make([]int, parts)
	for i := range h {
		if h[i] = all[i%len(all)]; parts > 1 && parts < len(all) {
			h[i] = all[i*(len(all)-1)/(parts-1)]
		}
	}
	return h
}

// climb moves some pairs uphill together. A pair is mid +- dif in its states and its inputs; |dif| is limited so that
// the right-hand side of the bound is at most that of the limits, and the left-hand side alone is the aim.
type climb struct {
	*attack
	trial      *trial
	sim        *sim
	scan       *scan
	mid, dif   []float64 // states x pairs
	umid, udif []float64 // steps*inputs x pairs
	size, push []float64 // limits: dif of a quantity is at most size * eta, udif at most push
	target     []int     // quantity of each pair, at the last step
	greedy     []bool    // the target may change to the quantity that is worst
	best       Finding
	boxes      float64
}

func (a *attack) newClimb(r *rand.Rand, pairs, steps int) *climb {
	n := a.net
	v := func(rows int) []float64 { return make([]float64, rows*pairs) }
	c := &climb{
		attack: a, trial: a.newTrial(pairs, steps), sim: newSim(n, 2*pairs, steps, true), scan: newScan(a.Bound, pairs),
		mid: v(n.states), dif: v(n.states), umid: v(steps * n.in), udif: v(steps * n.in), size: v(1), push: v(1),
		target: make([]int, pairs), greedy: make([]bool, pairs),
	}
	for p := range pairs {
		c.target[p], c.greedy[p] = r.IntN(a.differences+a.outputs), p%2 == 0
		c.limits(r, p)
	}
	return c
}

// limits chooses how far the trajectories of pair p may start apart and how far their inputs may differ: one of them
// not at all, or both so that they weigh alike at the horizon.
func (c *climb) limits(r *rand.Rand, p int) {
	left := math.Pow(c.Rate, float64(c.trial.steps))
	far := c.apart / 2
	near := min(max(1e-4*c.close, 1e4*c.least/left), far)
	size := between(r, near, max(near, 0.3*c.close))
	push := between(r, 1e-4, 1e-2)
	if r.IntN(4) == 0 { // differences over the whole box
		size, push = between(r, min(0.3*c.close, far), far), between(r, 1e-2, 1)
	}
	switch k := r.IntN(10); {
	case k < 5:
		push = 0
	case k < 8:
		size = 0
	default:
		if q := c.target[p]; c.Zeta[q] > 0 { // 0 for an output that reads nothing
			push = min(1, size*left*c.Eta[q]/c.Zeta[q]*between(r, 0.1, 10))
		}
	}
	c.size[p], c.push[p] = size, push
}

// search climbs from the best of a few random starts.
func (c *climb) search(ctx context.Context, r *rand.Rand, iterations int) Finding {
	c.start(r)
	for it := range iterations {
		if ctx.Err() != nil {
			break
		}
		c.evaluate()
		if it%5 == 0 && it <= iterations/2 {
			c.retarget()
		}
		c.pull()
		c.move(0.5 * math.Pow(0.02, float64(it)/float64(iterations)))
	}
	c.evaluate()
	c.best.Box, c.best.Tried = c.boxes, c.trial.pairs
	return c.best
}

// start draws random starts and leaves each pair at its best.
func (c *climb) start(r *rand.Rand) {
	P := c.trial.pairs
	value := make([]float64, P)
	all := [][]float64{c.mid, c.dif, c.umid, c.udif}
	kept := make([][]float64, len(all))
	for d := range drafts {
		for p := range P {
			c.draft(r, p)
		}
		c.evaluate()
		for p, v := range c.aims() {
			if d > 0 && v <= value[p] {
				continue
			}
			value[p] = v
			for i, x := range all {
				if d == 0 {
					kept[i] = slices.Clone(x)
				}
				for j := p; j < len(x); j += P {
					kept[i][j] = x[j]
				}
			}
		}
	}
	for i, x := range all {
		copy(x, kept[i])
	}
}

// draft draws pair p within its limits.
func (c *climb) draft(r *rand.Rand, p int) {
	n, P, K := c.net, c.trial.pairs, c.trial.steps
	x := make([]float64, n.states)
	c.anyState(r, x)
	alike := r.IntN(2) == 0
	for j, v := range x {
		s := sign(r)
		if alike {
			s = 1
		}
		c.mid[j*P+p], c.dif[j*P+p] = v, s*c.size[p]*c.etaOf[j]
	}
	u, v := make([]float64, K), make([]float64, K)
	for i := range n.in {
		signal(r, u)
		signal(r, v)
		if r.IntN(2) == 0 {
			fill(v, sign(r))
		}
		for k := range K {
			at := (k*n.in+i)*P + p
			c.umid[at], c.udif[at] = u[k], c.push[p]*v[k]
		}
	}
	c.confine(p)
}

// confine puts pair p back into its limits and the boxes.
func (c *climb) confine(p int) {
	n, P := c.net, c.trial.pairs
	for q, x := range c.Quantities[:c.differences] {
		limit, s := c.size[p]*c.Eta[q], 0.0
		for _, j := range x.States {
			s = math.Hypot(s, c.dif[j*P+p])
		}
		if s > limit {
			for _, j := range x.States {
				c.dif[j*P+p] *= limit / s
			}
		}
	}
	for j, v := range n.box {
		at := j*P + p
		c.dif[at] = clip(c.dif[at], v)
		c.mid[at] = clip(c.mid[at], v-math.Abs(c.dif[at]))
	}
	for at := p; at < len(c.umid); at += P {
		c.udif[at] = clip(c.udif[at], c.push[p])
		c.umid[at] = clip(c.umid[at], 1-math.Abs(c.udif[at]))
	}
}

// evaluate simulates the pairs and keeps the worst of all.
func (c *climb) evaluate() {
	spread := func(dst, mid, dif []float64) {
		P := c.trial.pairs
		for at, j := 0, 0; at < len(mid); at, j = at+P, j+2*P {
			kernel.Add(dst[j:j+P], mid[at:at+P], dif[at:at+P])
			kernel.Sub(dst[j+P:j+2*P], mid[at:at+P], dif[at:at+P])
		}
	}
	spread(c.trial.x, c.mid, c.dif)
	spread(c.trial.u, c.umid, c.udif)
	c.trial.run(c.sim, c.scan, c.trial.steps)
	c.boxes = max(c.boxes, c.scan.box)
	for p, v := range c.scan.best {
		if v > c.best.Ratio {
			c.best = c.finding(c.trial, c.scan, p)
		}
	}
}

// final returns the ratios of quantity q at the end of the horizon, one a pair.
func (c *climb) final(q int, out []float64) {
	x := c.Quantities[q]
	for p, v := range c.scan.values(x) {
		decay := c.scan.decay[p]
		if x.States == nil { // one step before
			decay = (decay-c.least)/c.Rate + c.least
		}
		out[p] = ratio(v, c.Eta[q]*decay+c.Zeta[q]*c.scan.e[p])
	}
}

// aims returns the ratio of each pair's target; a greedy pair first takes the worst quantity.
func (c *climb) aims() []float64 {
	c.retarget()
	out, one := make([]float64, c.trial.pairs), make([]float64, c.trial.pairs)
	for p, q := range c.target {
		c.final(q, one)
		out[p] = one[p]
	}
	return out
}

// retarget turns greedy pairs to the quantity that is worst at the end of the horizon.
func (c *climb) retarget() {
	P := c.trial.pairs
	top, one := make([]float64, P), make([]float64, P)
	for q := range c.differences + c.outputs {
		c.final(q, one)
		for p, v := range one {
			if c.greedy[p] && v > top[p] {
				top[p], c.target[p] = v, q
			}
		}
	}
}

// pull runs the reverse sweep of the targets.
func (c *climb) pull() {
	n, s, P := c.net, c.sim, c.trial.pairs
	b := s.back
	s.clearAdjoints()
	put := func(row []float64, p int, v float64) {
		row[p] += v
		row[P+p] -= v
	}
	last := n.layers[len(n.layers)-1]
	for p, q := range c.target {
		x := c.Quantities[q]
		if x.States == nil {
			i, width, up := x.Output, 2*n.fs+n.in, 1.0
			if c.scan.dy[i*P+p] < 0 {
				up = -1
			}
			for j := range last.n {
				put(s.adjoint(last.stateH+j), p, up*n.wy[i*last.n+j])
			}
			for j := range 2 * n.fs {
				put(b.lastS[j*2*P:(j+1)*2*P], p, up*n.py[i*width+j])
			}
			for j := range n.in {
				put(b.lastU[j*2*P:(j+1)*2*P], p, up*n.py[i*width+2*n.fs+j])
			}
			continue
		}
		length := 0.0
		for _, j := range x.States {
			length = math.Hypot(length, c.scan.dx[j*P+p])
		}
		for _, j := range x.States {
			g := 1.0
			if length > 0 {
				g = c.scan.dx[j*P+p] / length
			}
			put(s.adjoint(j), p, g)
		}
	}
	s.reverse(c.trial.steps)
}

// move steps along the signs of the gradient: the midpoints by a part of the box, the differences, in which the aim is
// nearly linear while they are small, to their limits at once. Where the limit is a norm the step is along the gradient.
func (c *climb) move(part float64) {
	n, P := c.net, c.trial.pairs
	for j, v := range n.box {
		row := c.sim.adjoint(j)
		for p := range P {
			at := j*P + p
			c.mid[at] += part * v * signOf(row[p]+row[P+p])
		}
	}
	for q, x := range c.Quantities[:c.differences] {
		for p := range P {
			length := 0.0
			for _, j := range x.States {
				row := c.sim.adjoint(j)
				length = math.Hypot(length, row[p]-row[P+p])
			}
			if length == 0 {
				continue
			}
			for _, j := range x.States {
				row := c.sim.adjoint(j)
				c.dif[j*P+p] += c.stride(p, part) * c.size[p] * c.Eta[q] * (row[p] - row[P+p]) / length
			}
		}
	}
	for k := range c.trial.steps * n.in {
		row := c.sim.back.du[k*2*P : (k+1)*2*P]
		for p := range P {
			at := k*P + p
			c.umid[at] += part * signOf(row[p]+row[P+p])
			c.udif[at] += c.stride(p, part) * c.push[p] * signOf(row[p]-row[P+p])
		}
	}
	for p := range P {
		c.confine(p)
	}
}

// stride is the step of a difference as a part of its limit: two replaces any value by the limit.
func (c *climb) stride(p int, part float64) float64 {
	if c.size[p] <= 0.3*c.close && c.push[p] <= 1e-2 {
		return 2
	}
	return 2 * part
}

func signOf(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
