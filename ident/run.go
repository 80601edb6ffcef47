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
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model/linear"
	"github.com/plumb-go/plumb/nn/seq"
	"github.com/plumb-go/plumb/train"
)

// Rung is one step of the ladder of claims that was considered.
type Rung struct {
	Claim   string `json:"claim"`
	Outcome string `json:"outcome"` // "chosen", "contradicted", "not tried"
	Why     string `json:"why"`
}

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
	Counterexample *Counterexample
	Curves         []Curve
	Stages         []Stage
	Others         []Other // models of other rungs and classes fitted on the way
	Parameters     int     // free parameters of the members, encoders included
	Steps          int     // optimiser steps over all fits
	Seconds        float64
	YStd           []float64
}

// Other is a model that was fitted but not chosen.
type Other struct {
	Name       string
	Claim      string
	Parameters int
	Model      *deploy.Model
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
	if any(integrate) && m.lags < 2 {
		return fmt.Errorf("ident: an integrated output needs a window of at least 2 samples, it has %d; use --init-window", m.lags)
	}
	m.plant = plant{inputs: len(set.Inputs), outputs: len(set.Outputs), order: in.Order, modes: in.Poles(), samples: samples(set.Train), start: startOf(in, &scale)}
	m.plant.integrates = any(integrate)
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

func any(flags []bool) bool { return slices.Contains(flags, true) }

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

// ladder decides the rung and fits it.
func (r *run) ladder(ctx context.Context) (*Result, error) {
	claim := r.o.Guarantee
	res := &Result{Set: r.set, Linear: r.lin, YStd: r.mt.scale.YStd}
	share := 1.0
	if claim == Auto {
		scouts, err := r.scouts(ctx)
		if err != nil {
			return nil, err
		}
		share = 1 - scoutShare
		res.Counterexample = r.search(scouts)
		claim = Contraction
		if c := res.Counterexample; c != nil {
			claim = ISS
			res.Rungs = append(res.Rungs, Rung{Contraction, "contradicted", c.Statement}, Rung{ISS, "chosen", "the highest rung that the counterexample leaves open"})
		} else {
			res.Rungs = append(res.Rungs, Rung{Contraction, "chosen", "no two coexisting responses to one tone were found in the declared input range (estimated, by simulation of two fitted models)"})
		}
		if best := r.best(scouts); best != nil {
			res.Others = append(res.Others, r.other("Lur'e network with Schur linear part", best))
		}
	} else {
		res.Rungs = append(res.Rungs, Rung{claim, "chosen", "asked for with --guarantee " + claim})
	}
	jobs, err := r.fitAll(ctx, claim, r.restarts(claim), share, true)
	if err != nil {
		return nil, err
	}
	parallel.New(max(r.o.Workers, 1)).Run(len(jobs), func(_, i int) { jobs[i].refineEncoder(r.mt) })
	return r.finish(res, claim, jobs)
}

// scoutShare is the share of the budget spent on the search for a counterexample.
const scoutShare = 0.2

// scouts fits two bounded networks from different starts. Their evidence about the plant is worth what they predict, so
// they are stopped on held-out data even where the final fits use all of a short record.
func (r *run) scouts(ctx context.Context) ([]*job, error) {
	all := r.mt
	defer func() { r.mt = all }()
	if !all.held {
		m := *all
		fit, check := carve(r.set.Train, 0.3, m.lags)
		m.fit, m.check = sequences(r.set, &m.scale, fit), sequences(r.set, &m.scale, check)
		m.held = true
		r.mt = &m
	}
	return r.fitAll(ctx, Bounded, 2, scoutShare, false)
}

// restarts is the number of fits per class: many cheap ones on short records, where a parallel sum of all is kept.
func (r *run) restarts(claim string) int {
	if r.o.Restarts > 0 {
		return r.o.Restarts
	}
	if r.mt.plant.long() {
		if claim == Contraction && r.o.Model != "r2dn" && r.o.Model != "ssm" {
			return 1
		}
		return 2
	}
	return 3
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
	var jobs []*job
	for _, c := range cands {
		for k := range number {
			plan := train.Plan{AdamSteps: r.o.Steps}
			if r.mt.polish() {
				plan.LBFGSSteps = r.o.Steps / 4
				plan.AdamSeconds, plan.LBFGSSeconds = adamShare*seconds/rounds, lbfgsShare*seconds/rounds
				if plan.AdamSteps > 0 {
					plan.AdamSeconds, plan.LBFGSSeconds = 0, 0
				}
			} else if r.o.Steps == 0 {
				plan.AdamSeconds = share * r.limit / rounds
			}
			j, err := newJob(c, k+1, r.mt, plan)
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

// polish continues the L-BFGS stage of the fit that validates best, on all workers.
func (r *run) polish(ctx context.Context, jobs []*job, seconds float64, workers int) error {
	j := r.best(jobs)
	if j == nil {
		return ErrNoModel
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

// search looks for a counterexample to contraction: a tone with two coexisting responses. Both scouts must show one,
// and both must describe the data, so that an oddity of one fit does not decide.
func (r *run) search(scouts []*job) *Counterexample {
	r.tell(Progress{Stage: "search"})
	var found *Counterexample
	names := signalNames{ts: r.set.Record.Ts}
	for _, c := range r.set.Inputs {
		names.inputs = append(names.inputs, r.set.Record.Signals[c])
	}
	for _, c := range r.set.Outputs {
		names.outputs = append(names.outputs, r.set.Record.Signals[c])
	}
	for _, j := range scouts {
		if !j.fit.State.Valid() {
			return nil
		}
		m := &deploy.Model{Scaling: r.mt.scale, Lags: r.mt.lags, Members: []deploy.Member{j.member(r.mt)}}
		c := counterexample(m, r.mt, names, r.visited(m), rng.Stream(r.mt.seed, "tones/"+j.name))
		if c == nil {
			return nil
		}
		if found == nil {
			c.Model = j.name
			found = c
		}
	}
	return found
}

// visited returns states that the model passes through on training inputs.
func (r *run) visited(m *deploy.Model) []seq.Mat {
	var out []seq.Mat
	b := &m.Members[0]
	for _, s := range r.mt.fit {
		x := seq.NewMat(b.Cell.States(), 1)
		for k := range 24 {
			n := min(400, s.Len())
			at := k * (s.Len() - n) / 24
			u := s.U
			u.Data, u.Cols = u.Data[at:], n
			_, x = b.Run(x, u)
			out = append(out, x)
		}
		if len(out) > 100 {
			break
		}
	}
	return out
}

// finish chooses among the fits, deploys and certifies.
func (r *run) finish(res *Result, claim string, jobs []*job) (*Result, error) {
	chosen := r.choose(jobs)
	if len(chosen) == 0 {
		return nil, ErrNoModel
	}
	r.tell(Progress{Stage: "certify"})
	res.Claim = claim
	res.Model = r.model(chosen)
	res.Kind = kinds(chosen)
	for _, j := range chosen {
		res.Parameters += len(j.fit.State.Best)
	}
	if err := r.seal(res, chosen); err != nil {
		return nil, err
	}
	for _, j := range r.seen {
		s := &j.fit.State
		res.Steps += s.EndedAdam + s.EndedLBFGS + s.Polish
		res.Stages = append(res.Stages, Stage{Fit: j.name, Schedule: s.Schedule, AdamSteps: s.EndedAdam, LBFGSSteps: s.EndedLBFGS, PolishSteps: s.Polish})
		res.Curves = append(res.Curves, Curve{Fit: j.name, Claim: j.cand.claim, Kept: slices.Contains(chosen, j), Trace: s.Trace, Best: s.BestAt})
	}
	res.Others = append(res.Others, r.rejected(jobs, chosen)...)
	res.Seconds = time.Since(r.began).Seconds() + r.spent
	return res, nil
}

// rejected keeps the best fit of each class that was not chosen.
func (r *run) rejected(jobs, chosen []*job) []Other {
	var out []Other
	done := map[string]bool{}
	for _, j := range chosen {
		done[j.cand.name] = true
	}
	for _, j := range jobs {
		if !done[j.cand.name] {
			done[j.cand.name] = true
			var same []*job
			for _, k := range jobs {
				if k.cand.name == j.cand.name {
					same = append(same, k)
				}
			}
			if b := r.best(same); b != nil {
				out = append(out, r.other(b.cand.name, b))
			}
		}
	}
	return out
}

func (r *run) other(name string, j *job) Other {
	return Other{Name: name, Claim: j.cand.claim, Parameters: len(j.fit.State.Best), Model: r.model([]*job{j})}
}

func (r *run) model(jobs []*job) *deploy.Model {
	m := &deploy.Model{Scaling: r.mt.scale, Lags: r.mt.lags}
	for _, j := range jobs {
		m.Members = append(m.Members, j.member(r.mt))
	}
	return m
}

func kinds(jobs []*job) string {
	var names []string
	for _, j := range jobs {
		if !slices.Contains(names, j.cand.name) {
			names = append(names, j.cand.name)
		}
	}
	out := names[0]
	for _, n := range names[1:] {
		out += " + " + n
	}
	return out
}

// ensembleGain is the relative fall of the validation error that pays for simulating several members.
const ensembleGain = 0.02

// choose returns the members of the final model. Where validation data were held out, that is the single fit, or the
// parallel sum over one class or over all, that simulates them best. On a short record without held-out data the tail
// does not rank fits, so the parallel sum over all of them is kept.
func (r *run) choose(jobs []*job) []*job {
	var alive []*job
	for _, j := range jobs {
		if j.fit.State.Valid() {
			alive = append(alive, j)
		}
	}
	if len(alive) == 0 {
		return nil
	}
	if !r.mt.held {
		return alive
	}
	options := [][]*job{{r.best(alive)}}
	var names []string
	for _, j := range alive {
		if !slices.Contains(names, j.cand.name) {
			names = append(names, j.cand.name)
		}
	}
	for _, n := range names {
		var class []*job
		for _, j := range alive {
			if j.cand.name == n {
				class = append(class, j)
			}
		}
		options = append(options, class)
	}
	options = append(options, alive)
	best, least := options[0], r.validate(options[0])
	for _, c := range options[1:] {
		if len(c) < 2 {
			continue
		}
		if v := r.validate(c); v < least*(1-ensembleGain) {
			best, least = c, v
		}
	}
	return best
}

// validate is the root mean square error of the parallel sum in free simulation of the validation stretches, scaled.
func (r *run) validate(jobs []*job) float64 {
	m := r.model(jobs)
	var ss, n float64
	for _, s := range r.mt.check {
		steps := s.Len() - r.mt.lags
		past := seq.NewMat(r.mt.lags*(s.U.Rows+s.Y.Rows), 1)
		fillPast(past, s.U, s.Y, r.mt.lags, r.mt.lags)
		u := seq.NewMat(s.U.Rows, steps)
		for i := range s.U.Rows {
			copy(u.Row(i), s.U.Row(i)[r.mt.lags:])
		}
		y := m.Simulate(past, u)
		for i := range y.Rows {
			kappa := r.mt.out.Integrate[i]
			var run float64
			for k, v := range y.Row(i) {
				e := v - s.Y.Row(i)[r.mt.lags+k]
				if kappa > 0 {
					run += e
					e = run / kappa
				} else {
					v = min(max(v, r.mt.out.Low[i]), r.mt.out.High[i])
					e = v - s.Y.Row(i)[r.mt.lags+k]
				}
				ss += e * e
				n++
			}
		}
	}
	return math.Sqrt(ss / n)
}
