package falsify

import (
	"context"
	"fmt"
	"math"

	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/nn/seq"
)

// Finding is the worst of an attack: the largest ratio and where it was found, so that it can be printed and replayed.
type Finding struct {
	Ratio    float64
	Quantity int // index in Bound.Quantities
	Step     int // k

	A, B   []float64 // initial states
	UA, UB seq.Mat   // inputs, Inputs x as many steps as the quantity needs

	Box   float64 // largest |state| over its box after the first step, of any layer; at most 1 if the boxes are invariant
	Tried int     // pairs of Random, searches of Ascend and Reach
}

// Options gives the effort of an attack. The zero value of a field means its default.
type Options struct {
	Count      int    // pairs of Random, 10000; searches of Ascend and Reach, 200
	Steps      int    // longest horizon; Bound.Horizon
	Iterations int    // of each climb; 40
	Workers    int    // 1
	Seed       uint64 // of the random streams
}

func (o Options) withDefaults(b *Bound, count int) Options {
	if o.Count <= 0 {
		o.Count = count
	}
	if o.Steps <= 0 {
		o.Steps = b.Horizon()
	}
	if o.Iterations <= 0 {
		o.Iterations = 40
	}
	return o
}

// Horizon is a number of steps after which the proved decay has left 5 % of an initial difference, within [50, 200].
func (b *Bound) Horizon() int {
	return int(min(max(math.Ceil(math.Log(0.05)/math.Log(b.Rate)), 50), 200))
}

// attack is one network under attack; w may be other weights than those of the bound.
type attack struct {
	*Bound
	net *net
	o   Options
}

func newAttack(cell seq.Cell, w []float64, b *Bound, o Options) (*attack, error) {
	n, err := gather(cell, w)
	if err != nil {
		return nil, err
	}
	if m := b.net; n.gru != m.gru || n.states != m.states || n.in != m.in || n.out != m.out || n.fs != m.fs || len(n.layers) != len(m.layers) {
		return nil, fmt.Errorf("falsify: a cell of %d states, %d inputs and %d outputs under the bound of one of %d, %d and %d", n.states, n.in, n.out, m.states, m.in, m.out)
	}
	return &attack{Bound: b, net: n, o: o}, nil
}

// collect runs numbered parts of an attack and keeps the worst; of equal ones the first, whatever the workers.
func (a *attack) collect(ctx context.Context, parts int, part func(i int) Finding) (Finding, error) {
	found := make([]Finding, parts)
	parallel.New(a.o.Workers).Run(parts, func(_, i int) {
		if ctx.Err() == nil {
			found[i] = part(i)
		}
	})
	worst := Finding{}
	for _, f := range found {
		f.Box, f.Tried = max(f.Box, worst.Box), f.Tried+worst.Tried
		if f.Ratio > worst.Ratio {
			worst = f
			continue
		}
		worst.Box, worst.Tried = f.Box, f.Tried
	}
	if err := ctx.Err(); err != nil {
		return worst, fmt.Errorf("falsify: %w", err)
	}
	return worst, nil
}

// Report is the outcome of the three searches.
type Report struct{ Random, Ascent, Reach Finding }

// Worst is the pair of trajectories with the largest ratio.
func (r Report) Worst() Finding {
	if r.Random.Ratio >= r.Ascent.Ratio {
		return r.Random
	}
	return r.Ascent
}

// Quick attacks for about two seconds on one core: the numbers of pairs and searches follow from the size of the
// network, never from the clock. A small network takes less.
func Quick(ctx context.Context, cell seq.Cell, w []float64, b *Bound, workers int, seed uint64) (Report, error) {
	o, count := b.quick()
	o.Workers, o.Seed = workers, seed
	climbs := o
	climbs.Count = count
	var r Report
	var err error
	if r.Random, err = Random(ctx, cell, w, b, o); err != nil {
		return r, err
	}
	if r.Ascent, err = Ascend(ctx, cell, w, b, climbs); err != nil {
		return r, err
	}
	r.Reach, err = Reach(ctx, cell, w, b, climbs)
	return r, err
}

// quick divides two seconds among random pairs and climbs. Times of one step of one lane, in nanoseconds, were measured on a desktop core of 2020: the
// products run at about eight multiplications a nanosecond, the rest costs as much again for the sizes that are usual.
func (b *Bound) quick() (o Options, climbs int) {
	const forRandom, forClimbs = 0.9e9, 0.8e9
	cost := 40.0
	for _, y := range b.net.layers {
		cost += float64(4*y.n*(y.d+y.n+1))/8 + float64(8*y.n)
	}
	o = Options{Steps: b.Horizon(), Iterations: 20}
	o.Count = int(min(max(forRandom/(2*cost*float64(o.Steps)*longRuns), 8*pairsAtOnce), 20000))
	mean := 0.0
	const parts = 12 // at least as many as there are horizons
	for _, k := range horizons(o.Steps, parts) {
		mean += float64(k) / parts
	}
	climb := 3 * 1.7 * cost * mean * float64(o.Iterations+drafts) // a pair and a single trajectory, forward and back
	return o, int(min(max(forClimbs/climb, 40), 200))
}
