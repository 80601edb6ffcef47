package linear

import (
	"context"
	"fmt"
	"math"
	"math/cmplx"
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
	patience    = 4    // orders without improvement before the search ends
	price       = 0.02 // relative fall of the error that each order must bring
	uncertain   = 0.25 // the same where initial states are uncertain and matter to the end: the few starts are luck
	leastRecord = 40   // samples
	checkStarts = 3    // simulations of each stretch that is scored, for less luck of a single initial state
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

	lasting bool    // initial states follow from windows and their effect lasts as long as the record
	score   float64 // mean square simulation error on the data that choose, or on the fitted data if that is larger
}

// chooser holds the data of one fit.
type chooser struct {
	ctx         context.Context
	o           Options
	m, p        int
	scale       *scaling
	all         []stretch // training and validation
	folds       []fold
	moments     *lagged // of the folds' common training data
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
	lags := max(c.past, c.o.MaxOrder/c.p) + o.MaxDelay + 1
	c.all = c.scale.stretches(set, parts, lags)
	c.folds = makeFolds(c.all[:len(set.Train)], c.all[len(set.Train):])
	source := c.all
	if len(c.folds) == 1 {
		source = c.folds[0].fit
	}
	if len(c.integrators) > 0 && c.p == 1 {
		source = increments(source)
	}
	c.moments = newLagged(source, c.m, c.p, lags)
	if c.moments.rows < float64(2*lags) {
		return nil, fmt.Errorf("%w: %.0f samples with a memory of %d before them, at least %d are needed", ErrShort, c.moments.rows, lags, 2*lags)
	}
	for i := range c.folds {
		c.folds[i].fit, c.folds[i].check = middle(c.folds[i].fit, fewSamples), beginning(c.folds[i].check, fewSamples)
	}
	return c, nil
}

// try fits a candidate from a start, in each fold; nil when it breaks down.
func (c *chooser) try(s *sum, delay []int, method string, iterations int) (*candidate, error) {
	k := &candidate{delay: slices.Clone(delay), method: method}
	for _, d := range c.folds {
		f := &fitter{parts: d.fit, delay: delay, stride: stride(d.fit, c.p, fewRows)}
		fitted, m, e, err := c.settle(f, s, nil, iterations)
		if err != nil {
			if c.ctx.Err() != nil {
				return nil, err
			}
			return nil, nil
		}
		k.sum = fitted
		if e != nil {
			k.eye = e
			k.lasting = k.lasting || lasts(fitted, f.horizon())
		}
		worst := max(m.score(d.check, checkStarts), m.score(d.fit, 1))
		if len(c.folds) > 1 { // the pieces are short: errors that grow show in the whole
			worst = max(worst, m.score(c.all, 1))
		}
		k.score += worst / float64(len(c.folds))
	}
	return k, nil
}

// lasts reports whether some mode has not decayed to 1/e within the samples.
func lasts(s *sum, samples int) bool {
	for _, z := range s.poles() {
		if math.Pow(cmplx.Abs(z), float64(samples)) > 1/math.E {
			return true
		}
	}
	return false
}

// stride leaves about rows samples times outputs.
func stride(parts []stretch, p, rows int) int { return max(length(parts)*p/rows, 1) }

// finish fits the chosen structure to all estimation data, some of a long record first, and keeps the candidate's own
// poles where more fitting made simulations from within the record worse.
func (c *chooser) finish(best *candidate) (*Model, error) {
	f := &fitter{parts: c.all, delay: best.delay, stride: stride(c.all, c.p, manyRows)}
	_, m, _, err := c.settle(f, best.sum, best.eye, 0)
	if err != nil {
		return nil, fmt.Errorf("linear: last fit: %w", err)
	}
	s, iterations := best.sum, lastIters
	if some := middle(c.all, fewSamples); length(some) < length(c.all) {
		g := &fitter{parts: some, delay: best.delay, stride: stride(some, c.p, fewRows)}
		if t, _, _, err := c.settle(g, s, best.eye, lastIters); err == nil {
			s, iterations = t, allIters
		}
	}
	f.eye = nil
	if _, k, _, err := c.settle(f, s, best.eye, iterations); err == nil && k.score(c.all, checkStarts) < m.score(c.all, checkStarts) {
		m = k
	}
	if err := c.ctx.Err(); err != nil {
		return nil, fmt.Errorf("linear: %w", err)
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
func (c *chooser) settle(f *fitter, s *sum, e *eye, iterations int) (*sum, *Model, *eye, error) {
	if e != nil {
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
	if iterations == 0 || m.score(f.parts, checkStarts) <= free*(1+hidden)*(1+hidden) {
		return s, m, nil, nil
	}
	m.tune(f.parts)
	e = &eye{m.trust, m.forget}
	t, k, err := c.watch(f, s, x0, e, iterations)
	if err != nil {
		if c.ctx.Err() != nil {
			return nil, nil, nil, err
		}
		return s, m, e, nil
	}
	return t, k, e, nil
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
		errors := make([]float64, c.p)
		for o := range errors {
			errors[o] = 1 / e.trust[o]
		}
		k := f.deployed(s, errors)
		k.forget = e.forget
		if v := k.score(f.parts, checkStarts); v < least {
			best, m, least = s, k, v
		}
	}
	if best == nil {
		return nil, nil, errNormal
	}
	return best, m, nil
}
