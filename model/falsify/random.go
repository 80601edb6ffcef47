package falsify

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
)

// pairsAtOnce is the number of pairs of one simulation.
const pairsAtOnce = 64

// One simulation in longEvery is longBy times as long as the others, so that slow parts reach their steady state; all
// together take longRuns times the steps of equally long ones.
const (
	longEvery = 16
	longBy    = 8
	longRuns  = 1 + float64(longBy-1)/longEvery
)

// Random simulates o.Count random pairs of trajectories of the cell with weights w over o.Steps steps, some over more, and
// returns the worst against b.
func Random(ctx context.Context, cell seq.Cell, w []float64, b *Bound, o Options) (Finding, error) {
	o = o.withDefaults(b, 10000)
	a, err := newAttack(cell, w, b, o)
	if err != nil {
		return Finding{}, err
	}
	return a.collect(ctx, (o.Count+pairsAtOnce-1)/pairsAtOnce, func(i int) Finding {
		steps := o.Steps
		if i%longEvery == longEvery-1 {
			steps *= longBy
		}
		r := rng.Stream(o.Seed, fmt.Sprintf("falsify/random/%d", i))
		return a.random(r, min(pairsAtOnce, o.Count-i*pairsAtOnce), steps)
	})
}

// random simulates some random pairs.
func (a *attack) random(r *rand.Rand, pairs, steps int) Finding {
	t := a.newTrial(pairs, steps)
	for p := range pairs {
		a.draw(r, t, p)
	}
	s, c := newSim(a.net, 2*pairs, steps, false), newScan(a.Bound, pairs)
	t.run(s, c, steps)
	worst := 0
	for p, v := range c.best {
		if v > c.best[worst] {
			worst = p
		}
	}
	f := a.finding(t, c, worst)
	f.Box, f.Tried = c.box, pairs
	return f
}

// draw fills pair p with a random pair: equal inputs, equal states, or both different.
func (a *attack) draw(r *rand.Rand, t *trial, p int) {
	su, sx := r.IntN(5), r.IntN(6)
	switch r.IntN(3) {
	case 0:
		su, sx = 0, 1+r.IntN(5)
	case 1:
		su, sx = 1+r.IntN(4), 0
	}
	x, y := make([]float64, a.net.states), make([]float64, a.net.states)
	a.states(r, x, y, sx)
	t.setState(p, x)
	t.setState(t.pairs+p, y)
	u, v := make([]float64, t.steps), make([]float64, t.steps)
	for i := range a.net.in {
		inputs(r, u, v, su)
		t.setInput(p, i, u)
		t.setInput(t.pairs+p, i, v)
	}
}

// trial holds the initial states and inputs of some pairs, lane by lane as a scan wants them.
type trial struct {
	*net
	pairs, steps int
	x            []float64 // states x lanes
	u            []float64 // steps x inputs x lanes
}

func (a *attack) newTrial(pairs, steps int) *trial {
	n := a.net
	return &trial{net: n, pairs: pairs, steps: steps, x: make([]float64, n.states*2*pairs), u: make([]float64, steps*n.in*2*pairs)}
}

func (t *trial) setState(lane int, x []float64) {
	for j, v := range x {
		t.x[j*2*t.pairs+lane] = v
	}
}

func (t *trial) setInput(lane, i int, u []float64) {
	for k, v := range u {
		t.u[(k*t.net.in+i)*2*t.pairs+lane] = v
	}
}

// run simulates the trial and scans it.
func (t *trial) run(s *sim, c *scan, steps int) {
	L := 2 * t.pairs
	for j := range t.states {
		copy(s.stateRow(0, j), t.x[j*L:(j+1)*L])
	}
	c.start(s)
	for k := range steps {
		copy(s.input(k), t.u[k*t.net.in*L:(k+1)*t.net.in*L])
		s.step(k)
		c.next(s, k)
	}
}

// finding copies the best of pair p out of a trial.
func (a *attack) finding(t *trial, c *scan, p int) Finding {
	f := Finding{Ratio: c.best[p], Quantity: c.at[p], Step: c.step[p]}
	n, L := t.net, 2*t.pairs
	need := f.Step
	if a.Quantities[f.Quantity].States == nil {
		need++ // an output at step k reads u(k)
	}
	f.A, f.B = make([]float64, n.states), make([]float64, n.states)
	f.UA, f.UB = seq.NewMat(n.in, need), seq.NewMat(n.in, need)
	for j := range n.states {
		f.A[j], f.B[j] = t.x[j*L+p], t.x[j*L+t.pairs+p]
	}
	for i := range n.in {
		for k := range need {
			at := (k*n.in + i) * L
			f.UA.Row(i)[k], f.UB.Row(i)[k] = t.u[at+p], t.u[at+t.pairs+p]
		}
	}
	return f
}
