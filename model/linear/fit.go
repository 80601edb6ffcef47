package linear

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/plumb-go/plumb/dataset"
)

// Budgets of a fit, in samples and iterations.
const (
	fewSamples  = 20000 // per candidate fit and per score
	fewRows     = 4000  // rows of the Jacobian in a candidate fit
	manyRows    = 30000 // in the last fit
	tryIters    = 8     // Levenberg-Marquardt iterations of a candidate
	lastIters   = 40    // of the last fit, on some of a long record
	allIters    = 12    // then on all of it
	eyeRounds   = 4
	heldOut     = 0.25 // share of the training data that chooses where there are no validation data
	heldWindow  = 50   // samples that initialise a held-out stretch
	patience    = 4    // orders without improvement before the search ends
	improvement = 0.01 // relative fall of the error that counts
	uncertain   = 0.25 // the same where windows do not settle the initial state: the error of the few starts is luck
	leastRecord = 40   // samples
)

// Fit chooses and fits a linear model. Order, input delays and start are those that simulate the validation parts best
// (where there are none: the last quarter of the training parts); the model is then fitted to training and validation
// parts together. Test parts are not read.
//
// A set without an estimation part long enough gives ErrShort, a signal that does not change ErrConstant.
func Fit(ctx context.Context, set *dataset.Set, o Options) (*Model, error) {
	o, err := o.withDefaults(len(set.Inputs), len(set.Outputs))
	if err != nil {
		return nil, err
	}
	c, err := newChooser(ctx, set, o)
	if err != nil {
		return nil, err
	}
	best, err := c.choose()
	if err != nil {
		return nil, err
	}
	m, err := c.finish(best)
	if err != nil {
		return nil, err
	}
	return c.scale.physical(m), nil
}

// candidate is one fitted structure.
type candidate struct {
	delay  []int
	sum    *sum
	eye    *eye // nil: initial states free
	method string
	score  float64 // mean square simulation error on the data that choose, or on the fitted data if that is larger
}

// chooser holds the data of one fit.
type chooser struct {
	ctx         context.Context
	o           Options
	m, p        int
	scale       *scaling
	all         []stretch // training and validation
	fit         []stretch // what candidates are fitted to
	check       []stretch // what chooses among them
	windows     []int     // of check
	starts      []int     // of all
	few         []stretch
	moments     *lagged
	integrators []int
	past        int // samples of past of the subspace start
}

func newChooser(ctx context.Context, set *dataset.Set, o Options) (*chooser, error) {
	c := &chooser{ctx: ctx, o: o, m: len(set.Inputs), p: len(set.Outputs)}
	for i, on := range o.Integrate {
		if on {
			c.integrators = append(c.integrators, i)
		}
	}
	parts := append(append([]dataset.Part(nil), set.Train...), set.Validation...)
	total := 0
	for _, p := range parts {
		total += p.To - p.From
	}
	if len(set.Train) == 0 || total < leastRecord {
		return nil, fmt.Errorf("%w: %d samples, at least %d are needed", ErrShort, total, leastRecord)
	}
	var err error
	if c.scale, err = newScaling(set, parts); err != nil {
		return nil, err
	}
	c.past = max(min(40, total/(6*(c.m+c.p))), 2)
	c.o.MaxOrder = min(c.o.MaxOrder, max(total/(8*(c.m+c.p)), 1))
	lags := max(c.past, o.MaxOrder/c.p) + o.MaxDelay + 1
	c.all = c.scale.stretches(set, parts, lags)
	c.fit = c.all[:len(set.Train)]
	c.check = c.all[len(set.Train):]
	for _, p := range parts {
		w := p.Window
		if w == 0 {
			w = min(heldWindow, (p.To-p.From)/4)
		}
		c.starts = append(c.starts, w)
	}
	c.windows = c.starts[len(set.Train):]
	if len(c.check) == 0 {
		c.carve()
	}
	c.few = shorten(c.fit, fewSamples)
	c.check, c.windows = shortenChecks(c.check, c.windows, fewSamples)
	source := c.fit
	if len(c.integrators) > 0 && c.p == 1 {
		source = increments(c.fit)
	}
	shortest := math.MaxInt
	for i := range source {
		shortest = min(shortest, source[i].steps)
	}
	c.moments = newLagged(source, c.m, c.p, lags)
	if c.moments.rows < float64(2*lags) {
		return nil, fmt.Errorf("%w: stretches of %d samples are too short for a memory of %d", ErrShort, shortest, lags)
	}
	return c, nil
}

// carve holds out the last quarter of the training data: whole parts where there are four or more, else the tail of
// each. A tail begins with samples of overlap that initialise it.
func (c *chooser) carve() {
	total := length(c.fit)
	if k := len(c.fit); k >= 4 {
		n := 0
		for k > 1 && float64(n) < heldOut*float64(total) {
			k--
			n += c.fit[k].steps
		}
		c.fit, c.check = c.fit[:k], c.fit[k:]
		for i := range c.check {
			c.windows = append(c.windows, c.starts[k+i])
		}
		return
	}
	var fit []stretch
	for i := range c.fit {
		s := &c.fit[i]
		cut := s.steps - int(heldOut*float64(s.steps))
		w := min(c.starts[i], cut)
		fit = append(fit, s.cut(0, cut))
		c.check, c.windows = append(c.check, s.cut(cut-w, s.steps)), append(c.windows, w)
	}
	c.fit = fit
}

// shorten keeps at most n samples: a run from the middle of each stretch.
func shorten(parts []stretch, n int) []stretch {
	total := length(parts)
	if total <= n {
		return parts
	}
	var out []stretch
	for i := range parts {
		s := &parts[i]
		keep := int(float64(s.steps) * float64(n) / float64(total))
		from := (s.steps - keep) / 2
		out = append(out, s.cut(from, from+keep))
	}
	return out
}

// shortenChecks keeps the beginning of each stretch.
func shortenChecks(parts []stretch, windows []int, n int) ([]stretch, []int) {
	total := length(parts)
	if total <= n {
		return parts, windows
	}
	var out []stretch
	for i := range parts {
		s := &parts[i]
		keep := max(int(float64(s.steps)*float64(n)/float64(total)), min(2*windows[i], s.steps))
		out = append(out, s.cut(0, keep))
	}
	return out, windows
}

// increments replaces the outputs by their differences, scaled to unit mean square.
func increments(parts []stretch) []stretch {
	var out []stretch
	var ss, n float64
	for i := range parts {
		d := parts[i].cut(1, parts[i].steps)
		for o, y := range d.y {
			diff := make([]float64, len(y))
			for k := range y {
				diff[k] = y[k] - parts[i].y[o][k]
				ss += diff[k] * diff[k]
				n++
			}
			d.y[o] = diff
		}
		out = append(out, d)
	}
	if ss > 0 {
		f := math.Sqrt(n / ss)
		for i := range out {
			for _, y := range out[i].y {
				for k := range y {
					y[k] *= f
				}
			}
		}
	}
	return out
}

// try fits a candidate from a start; nil when it breaks down.
func (c *chooser) try(s *sum, delay []int, method string, iterations int) (*candidate, error) {
	f := &fitter{parts: c.few, delay: delay, stride: stride(c.few, c.p, fewRows)}
	fitted, m, e, err := c.settle(f, s, c.starts[:len(c.few)], nil, iterations)
	if err != nil {
		if c.ctx.Err() != nil {
			return nil, err
		}
		return nil, nil
	}
	dbg("   %d %v %s %d: check %.4g starts %.4g free %.4g", fitted.order(), delay, method, iterations, math.Sqrt(m.score(c.check, c.windows)), math.Sqrt(m.score(f.parts, c.starts)), m.trust)
	k := &candidate{delay: slices.Clone(delay), sum: fitted, eye: e, method: method}
	k.score = max(m.again(c.check, c.windows), m.score(f.parts, c.starts))
	return k, nil
}

// stride leaves about rows samples times outputs.
func stride(parts []stretch, p, rows int) int { return max(length(parts)*p/rows, 1) }

// finish fits the chosen structure to all estimation data, some of a long record first.
func (c *chooser) finish(best *candidate) (*Model, error) {
	some := shorten(c.all, fewSamples)
	s := best.sum
	var m *Model
	for _, f := range []*fitter{
		{parts: some, stride: stride(some, c.p, fewRows)},
		{parts: c.all, stride: stride(c.all, c.p, manyRows)},
	} {
		iterations := lastIters
		if len(f.parts) > 0 && length(f.parts) > fewSamples {
			iterations = allIters
		}
		f.delay = best.delay
		var err error
		if s, m, _, err = c.settle(f, s, c.starts, best.eye, iterations); err != nil {
			return nil, fmt.Errorf("linear: last fit: %w", err)
		}
		if length(some) == length(c.all) {
			break
		}
	}
	m.Method = best.method
	return m, nil
}

// hidden is the relative rise of the simulation error, when the initial states follow from windows, above which a free
// initial state is taken to have hidden an error of the model.
const hidden = 0.05

// settle fits from a start: first with free initial states; then, where it makes a difference, with initial states that
// follow from the windows as they do when the model is used, after finding out how far windows can be trusted. With a
// known estimator e it begins with that. It returns the estimator if one was used.
func (c *chooser) settle(f *fitter, s *sum, windows []int, e *eye, iterations int) (*sum, *Model, *eye, error) {
	if e != nil {
		e = &eye{windows, e.trust, e.forget}
		s, m, err := c.watch(f, s, nil, e, iterations)
		return s, m, e, err
	}
	s, x0, err := f.refine(c.ctx, s, nil, iterations)
	if err != nil {
		return nil, nil, nil, err
	}
	errors := f.errors(s, x0)
	m := f.deployed(s, errors)
	free := 0.0
	for _, e := range errors {
		free += e / float64(c.p)
	}
	if iterations == 0 || m.score(f.parts, windows) <= free*(1+hidden)*(1+hidden) {
		return s, m, nil, nil
	}
	m.tune(f.parts, windows)
	e = &eye{windows, m.trust, m.forget}
	t, k, err := c.watch(f, s, x0, e, iterations)
	if err != nil {
		if c.ctx.Err() != nil {
			return nil, nil, nil, err
		}
		return s, m, e, nil
	}
	if k.score(f.parts, windows) < m.score(f.parts, windows) {
		s, m = t, k
	}
	return s, m, e, nil
}

// watch fits with initial states that follow from the windows. The estimator's prior changes with the poles, which the
// steps do not account for, so the best of a few rounds is kept, the start among them.
func (c *chooser) watch(f *fitter, s *sum, x0 [][]float64, e *eye, iterations int) (best *sum, m *Model, err error) {
	f.eye = e
	least := math.Inf(1)
	for round := range eyeRounds + 1 {
		count := 0
		if round > 0 {
			count = max(iterations/eyeRounds, 1)
		}
		if s, x0, err = f.refine(c.ctx, s, x0, count); err != nil {
			return nil, nil, err
		}
		k := f.deployed(s, nil)
		k.trust, k.forget = e.trust, e.forget
		if v := k.score(f.parts, e.windows); v < least {
			best, m, least = s, k, v
		}
	}
	if best == nil {
		return nil, nil, errNormal
	}
	return best, m, nil
}

var dbg = func(string, ...any) {}
