package ident

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/model/linear"
	"github.com/plumb-go/plumb/train"
)

// Curve is the training history of one fit.
type Curve struct {
	Fit   string
	Claim string
	Kept  bool
	Trace []train.Point
	Best  train.Point
}

// Result is an identified model with everything that a report or a later run needs.
type Result struct {
	Set            *dataset.Set
	Model          *deploy.Model
	Kind           string // class of the members: "r2dn", "ssm", "r2dn + ssm", ...
	Claim          string
	Bundle         *bundle.Model
	Verdict        cert.Verdict // what the checker says of the bundle
	Linear         *linear.Model
	Rungs          []Rung
	Warnings       []string // what a user should know before trusting the class that was asked for
	Counterexample *Counterexample
	Curves         []Curve
	Stages         []Stage
	Others         []Other // models of other rungs and classes fitted on the way
	Parameters     int     // free parameters of the members, encoders included
	Steps          int     // optimiser steps over all fits
	Seconds        float64
	YStd           []float64
}

// run is one identification in progress.
type run struct {
	o      Options
	set    *dataset.Set
	mt     *material
	lin    *linear.Model
	began  time.Time
	spent  float64 // seconds of training before a resume
	limit  float64 // seconds of training
	mu     sync.Mutex
	saved  time.Time
	seen   []*job                  // all fits of the run, in the order they were made
	states map[string]*train.State // latest states for a checkpoint
	noted  map[string]time.Time    // when each was taken
}

// Fit identifies a model from the set's training and validation parts.
func Fit(ctx context.Context, set *dataset.Set, o Options) (*Result, error) {
	if len(set.Train) == 0 {
		return nil, ErrNoTraining
	}
	if n := samples(set.Train); n < minTrain {
		return nil, fmt.Errorf("ident: the training part has %d samples; at least %d are needed", n, minTrain)
	}
	for _, i := range slices.Concat(set.Inputs, set.Outputs) { // now, not after the training
		signal := set.Record.Signals[i]
		if !cert.Printable(signal.Name) || !cert.Printable(signal.Unit) {
			return nil, fmt.Errorf("ident: signal %q, unit %q: a model stores at most 128 bytes that print as they are; rename the column", signal.Name, signal.Unit)
		}
	}
	r := &run{o: o, set: set, began: time.Now(), limit: 60, states: map[string]*train.State{}, noted: map[string]time.Time{}}
	if o.Budget > 0 {
		r.limit = o.Budget.Seconds()
	}
	if o.Guarantee == "" {
		r.o.Guarantee = Auto
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if o.Resume != nil {
		if sum := fmt.Sprintf("%x", set.Sum()); o.Resume.Data != sum {
			return nil, fmt.Errorf("ident: the checkpoint belongs to other data (hash %.12s, this set %.12s)", o.Resume.Data, sum)
		}
		r.spent = o.Resume.Spent
	}
	return r.ladder(ctx)
}

// prepare scales the data and fits the linear model.
func (r *run) prepare(ctx context.Context) error {
	set, o := r.set, r.o
	integrate := make([]bool, len(set.Outputs))
	for _, name := range o.Integrate {
		i := slices.IndexFunc(set.Outputs, func(c int) bool { return set.Record.Signals[c].Name == name })
		if i < 0 {
			return fmt.Errorf("ident: --integrate names %q, which is not an output", name)
		}
		integrate[i] = true
	}
	r.tell(Progress{Stage: "linear"})
	lin, err := linear.Fit(ctx, set, linear.Options{Integrate: integrate, Delay: o.Delay})
	if err != nil {
		return fmt.Errorf("ident: linear baseline: %w", err)
	}
	r.lin = lin
	in, err := r.inner(ctx, integrate)
	if err != nil {
		return fmt.Errorf("ident: linear start: %w", err)
	}
	delay := o.Delay
	if delay == nil {
		delay = deadTime(set)
	}
	scale, err := scaling(set, delay, integrate)
	if err != nil {
		return err
	}
	saturate(set, &scale)
	m := &material{scale: scale, seed: o.Seed, lags: defaultLags}
	for _, p := range slices.Concat(set.Validation, set.Test) {
		m.lags = min(m.lags, max(p.Window, 1))
	}
	if slices.Contains(integrate, true) && m.lags < 2 {
		return fmt.Errorf("ident: an integrated output needs a window of at least 2 samples, it has %d; use --init-window", m.lags)
	}
	m.plant = plant{inputs: len(set.Inputs), outputs: len(set.Outputs), order: in.Order, modes: in.Poles(), samples: samples(set.Train), start: startOf(in, &scale)}
	m.plant.integrates = slices.Contains(integrate, true)
	m.plant.rest = rest(o, &scale)
	fit, check := set.Train, set.Validation
	m.held = true
	switch {
	case len(check) > 0:
	case m.plant.integrates: // a drift shows only in a simulation of the whole record, whose last part is held out
		check = fit
		fit, _ = carve(fit, 0.25, m.lags)
	case m.plant.long():
		fit, check = carve(fit, 0.15, m.lags)
	default: // too short to give a part away: fit all of it, guarded by weight decay, and watch the tail
		_, check = carve(fit, 0.25, m.lags)
		m.held = false
	}
	if !m.held {
		m.weightDecay = shortDecay
	}
	m.fit, m.check = sequences(set, &m.scale, fit), sequences(set, &m.scale, check)
	m.measure()
	m.out = outputMap(&m.scale, m.fit, shortWindow)
	r.mt = m
	return nil
}

// rest is the scaled rest input: as declared, else physical zero where it lies in the operating range, else its middle.
func rest(o Options, s *deploy.Scaling) []float64 {
	out := make([]float64, len(s.UMid))
	for i := range out {
		zero := 0.0
		if i < len(o.Rest) {
			zero = o.Rest[i]
		}
		if v := (zero - s.UMid[i]) / s.UHalf[i]; math.Abs(v) <= 1 {
			out[i] = v
		}
	}
	return out
}

// Shares of a phase's time on long records: Adam, L-BFGS of every fit, L-BFGS of the best fit on all workers.
const (
	adamShare   = 0.25
	lbfgsShare  = 0.30
	polishShare = 0.45
)

// fitAll fits number jobs of every class with the claim, in parallel, in the given share of the budget. On long
// records the best of them is then polished on all workers.
func (r *run) fitAll(ctx context.Context, claim string, number int, share float64, polish bool) ([]*job, error) {
	cands, err := candidates(claim, r.mt.plant, r.o)
	if err != nil {
		return nil, err
	}
	workers := max(r.o.Workers, 1)
	count := len(cands) * number
	rounds := math.Ceil(float64(count) / float64(workers))
	seconds := r.limit * share
	if !polish {
		seconds /= 1 - polishShare // the whole share goes to the fits
	}
	smooth := slices.ContainsFunc(cands, func(c candidate) bool { return !c.way.plain })
	var jobs []*job
	for _, c := range cands {
		for k := range number {
			j, err := newJob(c, k+1, r.mt, r.plan(c, smooth, seconds/rounds, share*r.limit/rounds))
			if err != nil {
				return nil, err
			}
			r.repeat(j, &j.fit.Plan)
			if err := r.resume(j); err != nil {
				return nil, err
			}
			jobs = append(jobs, j)
		}
	}
	r.mu.Lock()
	r.seen = append(r.seen, jobs...)
	r.mu.Unlock()
	errs := make([]error, len(jobs))
	parallel.New(workers).Run(len(jobs), func(_, i int) { errs[i] = jobs[i].fit.Run(ctx, r.watch(jobs[i])) })
	if err := errors.Join(errs...); err != nil {
		r.checkpoint(true)
		return nil, err
	}
	if polish && r.mt.polish() {
		if err := r.polish(ctx, jobs, polishShare*seconds, workers); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// plan shares the time of one fit out between its stages. Seconds are those of a fit with all stages, whole what one
// fit has when nothing is polished afterwards; smooth says that some class of the run is.
func (r *run) plan(c candidate, smooth bool, seconds, whole float64) train.Plan {
	p := train.Plan{AdamSteps: r.o.Steps}
	long := r.mt.polish() && smooth // the run ends with a polish of the best fit
	switch {
	case long && !c.way.plain:
		p.LBFGSSteps = r.o.Steps / 4
		p.AdamSeconds, p.LBFGSSeconds = adamShare*seconds, lbfgsShare*seconds
	case long:
		p.AdamSeconds = (adamShare + lbfgsShare) * seconds
	default:
		p.AdamSeconds = whole
	}
	if p.AdamSteps > 0 {
		p.AdamSeconds, p.LBFGSSeconds = 0, 0
	}
	return p
}

// polish continues the L-BFGS stage of the fit that validates best, on all workers.
func (r *run) polish(ctx context.Context, jobs []*job, seconds float64, workers int) error {
	var smooth []*job
	for _, j := range jobs {
		if !j.cand.way.plain {
			smooth = append(smooth, j)
		}
	}
	j := r.best(smooth)
	if j == nil {
		return nil
	}
	steps := r.o.Steps / 4
	if s := r.recorded(j); s != nil {
		steps = s.PolishSteps
	}
	if j.fit.State.Polish > 0 { // a resumed run that had finished this
		return nil
	}
	j.fit.Extend(steps, seconds, parallel.New(workers))
	if err := j.fit.Run(ctx, r.watch(j)); err != nil {
		r.checkpoint(true)
		return err
	}
	return nil
}

// best is the fit with the smallest validation error, nil when none is finite.
func (r *run) best(jobs []*job) *job {
	var best *job
	for _, j := range jobs {
		if s := &j.fit.State; s.Valid() && (best == nil || s.BestValidation < best.fit.State.BestValidation) {
			best = j
		}
	}
	return best
}
