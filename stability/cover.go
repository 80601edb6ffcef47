package stability

import (
	"container/heap"
	"math"
	"sync"

	"github.com/plumb-go/plumb/internal/interval"
)

// cover proves the decrease of a quadratic over boxes, lowest level first.
//
// Claim: let every point of the root box be in a proved box or in a box of the queue, and let each box have a lower bound
// of V. Then W < 0 at all d != 0 of the root box with V(d) below the smallest bound in the queue. Where f is odd about the
// equilibrium, W(-d) = W(d), and half of the root box is enough.
//
// Method: branch and bound. The box with the smallest bound is examined: proved by the mean value form or the slope form (slope
// and fall), or split across the coordinate that contributes most to the uncertainty of W. So one pass gives the largest level that
// the work allows, where a bisection over levels would repeat the boxes of all lower ones.
//
// Numerics: verified. Sound; complete in the limit wherever W < 0 strictly.
//
// Reference: branch and bound for regions of attraction as in Yang et al. (ICML 2024); the slope form at the equilibrium,
// which leaves no hole there, and the order by level are ours.
type cover struct {
	q     *quadratic
	r     []float64 // root box: |d_i| <= r_i
	cap   float64   // levels of interest; {V <= cap} lies in the root box
	queue levelQueue
	boxes int

	falsified float64   // level of counter; +Inf without one
	counter   []float64 // d with W(d) >= 0, verified
	stuck     bool      // a box could not be split any more
	proved    [][]interval.I
	sloped    bool // the field offers slopes, which are tight far from the equilibrium too
	keep      bool // record the proved boxes
}

// cell is a box of deviations and a lower bound of V on it.
type cell struct {
	low float64
	box []interval.I
}

type levelQueue []cell

func (q levelQueue) Len() int           { return len(q) }
func (q levelQueue) Less(i, j int) bool { return q[i].low < q[j].low }
func (q levelQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *levelQueue) Push(x any)        { *q = append(*q, x.(cell)) }
func (q *levelQueue) Pop() any {
	old := *q
	c := old[len(old)-1]
	*q = old[:len(old)-1]
	return c
}

// newCover prepares the levels up to cap. ok is false where no box around the equilibrium could be proved.
func newCover(q *quadratic, level float64, keep bool) (*cover, bool, error) {
	r, err := q.hull(level)
	if err != nil {
		return nil, false, err
	}
	c := &cover{q: q, r: r, cap: level, falsified: math.Inf(1), keep: keep}
	_, c.sloped = q.e.Field.(slopes)
	core, ok := c.core()
	if !ok {
		return c, false, nil
	}
	root := make([]interval.I, len(r))
	for i := range r {
		root[i] = interval.I{Lo: -r[i], Hi: r[i]}
	}
	for _, box := range without(root, core) {
		if !keep && q.odd() {
			if box[0].Hi <= 0 {
				continue
			}
			box[0].Lo = max(box[0].Lo, 0)
		}
		c.push(box)
	}
	return c, true, nil
}

// coreHalvings bounds how small the proved box at the equilibrium may become, relative to the root box.
const coreHalvings = 48

// core returns a box around the equilibrium on which V falls, by the slope form, or by the blow-up where the linearisation
// is degenerate.
func (c *cover) core() ([]interval.I, bool) {
	box := func(f float64) []interval.I {
		b := make([]interval.I, len(c.r))
		for i, r := range c.r {
			b[i] = interval.I{Lo: -f * r, Hi: f * r}
		}
		return b
	}
	prove, least := c.q.slope, box(math.Ldexp(1, -coreHalvings))
	if !prove(least) {
		if prove = c.q.blowUp; !prove(least) {
			return nil, false
		}
	}
	h := largest(coreHalvings, func(h int) bool { return prove(box(math.Ldexp(1, -h))) })
	f := math.Ldexp(1, -h)
	if h > 0 && prove(box(1.5*f)) {
		f *= 1.5
	}
	c.record(box(f))
	return box(f), true
}

// largest returns the smallest number of halvings at which ok holds, by bisection, given that it holds at most. Where ok is
// not monotone it returns one at which it holds.
func largest(most int, ok func(halvings int) bool) int {
	low, high := -1, most // ok at high; low is not known to be ok
	for high-low > 1 {
		m := (low + high) / 2
		if ok(m) {
			high = m
		} else {
			low = m
		}
	}
	return high
}

func (c *cover) record(box []interval.I) {
	if c.keep {
		c.proved = append(c.proved, box)
	}
}

func (c *cover) push(box []interval.I) {
	if low := c.q.low(box); !(low > c.cap) {
		heap.Push(&c.queue, cell{low, box})
	}
}

// level is the largest level below which everything is proved.
func (c *cover) level() float64 {
	if len(c.queue) == 0 {
		return c.cap
	}
	return min(c.cap, math.Nextafter(c.queue[0].low, 0))
}

// batch is how many boxes are examined before the next ones are chosen: the result must not depend on the number of
// workers.
const batch = 32

// run examines boxes until done says so, the queue is empty or the budget is spent. A counterexample lowers the cap.
func (c *cover) run(budget, workers int, done func() bool) {
	team := []*examiner{{c.q, c.r, c.sloped}}
	for len(team) < min(workers, batch) {
		q, ok := c.q.clone()
		if !ok {
			break
		}
		team = append(team, &examiner{q, c.r, c.sloped})
	}
	var cells []cell
	out := make([]outcome, batch)
	for len(c.queue) > 0 && c.boxes < budget && !c.stuck && !done() {
		cells = cells[:0]
		for len(c.queue) > 0 && len(cells) < min(batch, budget-c.boxes) {
			top := heap.Pop(&c.queue).(cell)
			if top.low > c.cap {
				c.queue = c.queue[:0]
				break
			}
			cells = append(cells, top)
		}
		var wg sync.WaitGroup
		for w := range team[1:] {
			wg.Go(func() { team[w+1].share(cells, out, w+1, len(team)) })
		}
		team[0].share(cells, out, 0, len(team))
		wg.Wait()
		for i := range cells {
			c.merge(cells[i], &out[i])
		}
	}
}

// merge takes note of what became of a box.
func (c *cover) merge(top cell, o *outcome) {
	c.boxes++
	if o.proved {
		c.record(top.box)
		return
	}
	if o.counter != nil {
		c.counterexample(o.counter)
	}
	if o.stuck {
		heap.Push(&c.queue, top)
		c.stuck = true
		return
	}
	for _, half := range o.halves {
		if !(half.low > c.cap) {
			heap.Push(&c.queue, half)
		}
	}
}

// examiner examines boxes from one goroutine.
type examiner struct {
	q      *quadratic
	r      []float64
	sloped bool
}

// outcome is what became of a box.
type outcome struct {
	proved, stuck bool      // stuck: too small to split
	counter       []float64 // the middle, where W is not negative; nil otherwise
	halves        [2]cell
}

// share examines every k-th cell from the given one on.
func (c *examiner) share(cells []cell, out []outcome, first, k int) {
	for i := first; i < len(cells); i += k {
		out[i] = c.examine(cells[i])
	}
}

// examine proves or splits a box.
func (c *examiner) examine(top cell) outcome {
	d := top.box
	m := mids(d)
	over, middle := c.q.centred(d, m)
	if over.Hi < 0 || (c.sloped || c.near(d)) && (c.q.slope(d) || c.q.fall(d) > 0) {
		return outcome{proved: true}
	}
	var o outcome
	if middle.Lo >= 0 {
		o.counter = m
	}
	i := c.branch(d)
	left, right := append([]interval.I(nil), d...), append([]interval.I(nil), d...)
	left[i], right[i] = d[i].Split()
	if left[i] == d[i] || right[i] == d[i] {
		o.stuck = true
		return o
	}
	o.halves = [2]cell{{c.q.low(left), left}, {c.q.low(right), right}}
	return o
}

// near says whether the box is so close to the equilibrium, for its size, that the slope form has a chance.
func (c *examiner) near(d []interval.I) bool {
	for i := range d {
		if d[i].Mig() > 4*d[i].Width() {
			return false
		}
	}
	return true
}

// counterexample keeps d if its level is the lowest so far and it is not the equilibrium.
func (c *cover) counterexample(d []float64) {
	v := form(c.q.ip, point(d))
	if v.Lo > 0 && v.Hi < c.falsified {
		c.falsified, c.counter = v.Hi, append([]float64(nil), d...)
		c.cap = min(c.cap, v.Hi)
	}
}

// tried chooses the coordinate whose middle half has the best bound of the slope form. Worth its cost from three
// states on.
func (c *examiner) tried(d []interval.I) (int, bool) {
	if !c.sloped || len(d) < 3 {
		return 0, false
	}
	const tooThin = 1e-6
	best, at := math.Inf(-1), -1
	for i, whole := range d {
		if whole.Width() < tooThin*c.r[i] {
			continue
		}
		quarter := whole.Width() / 4
		d[i] = interval.Point(whole.Mid()).Add(interval.I{Lo: -quarter, Hi: quarter})
		c.q.slope(d)
		if b := c.q.fall(d); b > best {
			best, at = b, i
		}
		d[i] = whole
	}
	return at, at >= 0
}

// branch chooses the coordinate that tried proposes, else the one with the largest |dW/dd_i| width, or the relatively
// widest where the gradient is unbounded.
func (c *examiner) branch(d []interval.I) int {
	if i, ok := c.tried(d); ok {
		return i
	}
	k, most := -1, 0.0
	for i := range d {
		if w := c.q.grad[i].Mag() * d[i].Width(); w > most && !math.IsInf(w, 0) {
			k, most = i, w
		}
	}
	if k >= 0 && finiteAll(c.q.grad) {
		return k
	}
	k, most = 0, -1
	for i := range d {
		if w := d[i].Width() / c.r[i]; w > most {
			k, most = i, w
		}
	}
	return k
}
