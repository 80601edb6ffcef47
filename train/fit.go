package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/model"
)

// Plan says how one model is fitted. A stage runs its number of steps; where that is 0 it runs for its time, and the
// number of steps it made is recorded so that the fit can be repeated step by step.
type Plan struct {
	Schedule                  []Revision // recorded lengths of the learning-rate schedule; nil: AdamSteps, or planned from the time
	AdamSteps, LBFGSSteps     int
	AdamSeconds, LBFGSSeconds float64
	Batch                     int     // windows per Adam step
	Rate                      float64 // peak learning rate of Adam
	Every                     int     // steps between validations in Adam; L-BFGS validates every 25
	KeepLast                  bool    // store the last iterate instead of the best on validation
	RMSProp                   bool    // the first stage is RMSProp at a constant rate instead of Adam on a cosine
	Patience                  int     // the first stage ends after this many validations without improvement; 0: never
}

// Revision says that from Adam step At on the learning-rate schedule is Total steps long. A stage that is given in
// seconds measures its speed and revises; the record of the revisions is what repeats it step by step.
type Revision struct {
	At    int `json:"at"`
	Total int `json:"total"`
}

// Stages of a fit in order.
const (
	StageAdam = iota
	StageLBFGS
	StageDone
)

// Point is one entry of the training curve.
type Point struct {
	Stage      int     `json:"stage"`
	Step       int     `json:"step"`
	Loss       float64 `json:"loss"`       // training loss, scaled outputs squared
	Validation float64 `json:"validation"` // root mean square on validation windows, scaled outputs

	// Residual is negative where the network can be proved (model.Certifiable); nil for classes whose claim holds by
	// construction or that have none.
	Residual *float64 `json:"residual,omitempty"`
}

// State is everything that a fit is at one moment; stored as JSON it continues to the same bytes.
type State struct {
	Stage          int
	Theta          []float64
	Adam           Adam
	Schedule       []Revision
	Random         []byte
	LBFGS          *LBFGS
	Best           []float64
	BestValidation float64
	BestAt         Point
	Trace          []Point
	AdamSpent      float64 // seconds
	LBFGSSpent     float64
	LossSum        float64 // since the last trace point
	LossCount      int
	Failed         string // why the fit ended early, if it did
	EndedAdam      int    // Adam steps made
	EndedLBFGS     int    // L-BFGS steps made before any extension
	Extended       bool   // the L-BFGS stage was reopened
	Polish         int    // L-BFGS steps made after that, once ended
}

// Valid reports whether some iterate simulated the validation windows with a finite error.
func (s *State) Valid() bool { return s.BestValidation < math.MaxFloat64 }

// Planned is the present length of the Adam stage, 0 while unknown.
func (s *State) Planned() int {
	if n := len(s.Schedule); n > 0 {
		return s.Schedule[n-1].Total
	}
	return 0
}

// Fit is a resumable fit of one model: Adam on random windows, then L-BFGS on a fixed batch, keeping the iterate that
// simulates the validation windows best.
type Fit struct {
	Plan       Plan
	Random     *Windows // windows of the Adam stage
	Fixed      *Windows // batch of the L-BFGS stage; nil leaves the stage out
	Validation *Windows // nil: the training loss decides
	State      State

	src  *rand.PCG
	rng  *rand.Rand
	grad []float64
}

// NewFit starts a fit at theta with the given random source.
func NewFit(p Plan, random, fixed, validation *Windows, theta []float64, src *rand.PCG) *Fit {
	f := &Fit{Plan: p, Random: random, Fixed: fixed, Validation: validation, src: src, rng: rand.New(src)}
	f.State.Theta = append([]float64(nil), theta...)
	f.State.Best = append([]float64(nil), theta...)
	f.State.BestValidation = math.MaxFloat64
	f.grad = make([]float64, len(theta))
	return f
}

// Snapshot completes the State for storage.
func (f *Fit) Snapshot() *State {
	f.State.Random, _ = f.src.MarshalBinary() // PCG's MarshalBinary cannot fail
	return &f.State
}

// Restore continues from a stored state.
func (f *Fit) Restore(s State) error {
	if len(s.Theta) != len(f.State.Theta) {
		return fmt.Errorf("train: the checkpoint has %d parameters, this model has %d; resume with the options of the interrupted run", len(s.Theta), len(f.State.Theta))
	}
	if err := f.src.UnmarshalBinary(s.Random); err != nil {
		return fmt.Errorf("train: random state in checkpoint: %w", err)
	}
	f.State = s
	return nil
}

// Run advances the fit until it is done or the context ends, calling progress after each validation. On cancellation
// the state is whole and the context's error is returned.
func (f *Fit) Run(ctx context.Context, progress func(*Fit, Point)) error {
	for f.State.Stage != StageDone {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		if p, ok := f.step(); ok && progress != nil {
			progress(f, p)
		}
	}
	return nil
}

// step makes one optimiser step, timed; it returns a trace point when one was made.
func (f *Fit) step() (Point, bool) {
	begin := time.Now()
	s := &f.State
	var p Point
	var ok bool
	switch s.Stage {
	case StageAdam:
		p, ok = f.adam()
		s.AdamSpent += time.Since(begin).Seconds()
	case StageLBFGS:
		p, ok = f.lbfgs()
		s.LBFGSSpent += time.Since(begin).Seconds()
	}
	return p, ok
}

// Schedule of the Adam stage: warm-up steps, floor of the cosine, norm at which gradients are clipped; a stage given in
// seconds revises its length every revise steps when that changes it by more than revisedBy.
const (
	warmUp    = 100
	rateFloor = 0.005
	clipNorm  = 1
	revise    = 50
	revisedBy = 0.03
)

// total is the length of the learning-rate schedule at Adam step k.
func (f *Fit) total(k int) int {
	s := &f.State
	last := 0
	if n := len(s.Schedule); n > 0 {
		last = s.Schedule[n-1].Total
	}
	next := last
	switch {
	case f.Plan.Schedule != nil:
		for _, r := range f.Plan.Schedule {
			if r.At == k {
				next = r.Total
			}
		}
	case f.Plan.AdamSteps > 0:
		next = f.Plan.AdamSteps
	case k > 0 && k%revise == 0:
		next = max(int(float64(k)*f.Plan.AdamSeconds/max(s.AdamSpent, 1e-9)), k)
		if math.Abs(float64(next-last)) <= revisedBy*float64(last) && next > k {
			next = last
		}
	}
	if next != last {
		s.Schedule = append(s.Schedule, Revision{k, next})
	}
	return next
}

func (f *Fit) adam() (Point, bool) {
	s := &f.State
	k := s.Adam.Step
	total := f.total(k)
	if (total > 0 && k >= total) || (f.Plan.AdamSteps > 0 && k >= f.Plan.AdamSteps) || f.stalled(k) {
		f.endAdam()
		return Point{}, false
	}
	if err := f.Random.Draw(f.rng, f.Plan.Batch); err != nil {
		s.Failed, s.Stage = err.Error(), StageDone
		return Point{}, false
	}
	loss := f.Random.ValueGrad(s.Theta, f.grad)
	if !clip(f.grad, clipNorm) {
		s.Failed = fmt.Sprintf("the loss is not finite at Adam step %d", k)
		f.endAdam()
		return Point{}, false
	}
	if f.Plan.RMSProp {
		s.Adam.UpdateRMSProp(s.Theta, f.grad, f.Plan.Rate)
	} else {
		s.Adam.Update(s.Theta, f.grad, Cosine(k, warmUp, max(total, warmUp+1), f.Plan.Rate, rateFloor))
	}
	s.LossSum += loss
	s.LossCount++
	if (k+1)%f.Plan.Every == 0 || k+1 == total {
		return f.check(k+1, s.LossSum/float64(s.LossCount)), true
	}
	return Point{}, false
}

// stalled reports whether the validation error has not fallen for as long as the plan's patience.
func (f *Fit) stalled(k int) bool {
	s := &f.State
	return f.Plan.Patience > 0 && s.Valid() && k-s.BestAt.Step >= f.Plan.Patience*f.Plan.Every
}

func (f *Fit) endAdam() {
	s := &f.State
	s.EndedAdam = s.Adam.Step
	s.Stage = StageDone
	if f.Fixed != nil && (f.Plan.LBFGSSteps > 0 || f.Plan.LBFGSSeconds > 0) {
		s.Stage = StageLBFGS
		if !f.Plan.KeepLast || s.Failed != "" {
			copy(s.Theta, s.Best)
		}
		s.Failed = ""
		return
	}
	if r := f.residual(); f.Plan.KeepLast && s.Failed == "" && (r == nil || *r < 0) {
		copy(s.Best, s.Theta)
	}
}

// residual is that of the present iterate, nil where the class has none.
func (f *Fit) residual() *float64 {
	c, ok := f.Random.Net.(model.Certifiable)
	if !ok {
		return nil
	}
	r := c.Residual(f.State.Theta[:f.Random.Net.Dim()])
	if math.IsNaN(r) || r > math.MaxFloat64 {
		r = math.MaxFloat64
	}
	return &r
}

// lbfgsEvery is the number of L-BFGS steps between validations.
const lbfgsEvery = 25

func (f *Fit) lbfgs() (Point, bool) {
	s := &f.State
	if s.LBFGS == nil {
		s.LBFGS = NewLBFGS(f.Fixed, s.Theta)
		return Point{}, false
	}
	l := s.LBFGS
	steps := f.Plan.LBFGSSteps
	if (steps > 0 && l.Iter >= steps) || (steps == 0 && s.LBFGSSpent >= f.Plan.LBFGSSeconds) {
		return f.endLBFGS()
	}
	fell := l.Step(f.Fixed)
	if !fell { // converged to rounding
		return f.endLBFGS()
	}
	if l.Iter%lbfgsEvery == 0 {
		copy(s.Theta, l.Theta)
		return f.check(l.Iter, l.F), true
	}
	return Point{}, false
}

func (f *Fit) endLBFGS() (Point, bool) {
	s := &f.State
	if s.Extended {
		s.Polish = s.LBFGS.Iter - s.EndedLBFGS
	} else {
		s.EndedLBFGS = s.LBFGS.Iter
	}
	copy(s.Theta, s.LBFGS.Theta)
	p := f.check(s.LBFGS.Iter, s.LBFGS.F)
	s.Stage = StageDone
	if f.Plan.KeepLast && (p.Residual == nil || *p.Residual < 0) {
		copy(s.Best, s.Theta)
	}
	return p, true
}

// Keep stores parameters that were found outside the fit, with their mean squared error on the validation windows.
func (f *Fit) Keep(theta []float64, value float64) {
	copy(f.State.Best, theta)
	f.State.BestValidation = math.Sqrt(value)
}

// Extend reopens the L-BFGS stage of a finished fit for more steps or seconds, on all workers of the pool. The history
// is kept, so the steps continue as if there had been no pause.
func (f *Fit) Extend(steps int, seconds float64, pool *parallel.Pool) {
	f.Fixed.Use(pool)
	f.Validation.Use(pool)
	s := &f.State
	if s.LBFGS == nil || s.Failed != "" {
		return
	}
	s.Extended = true
	f.Plan.LBFGSSteps, f.Plan.LBFGSSeconds = 0, 0
	if steps > 0 {
		f.Plan.LBFGSSteps = s.EndedLBFGS + steps
	} else {
		f.Plan.LBFGSSeconds = s.LBFGSSpent + seconds
	}
	s.Stage = StageLBFGS
}

// check validates the present iterate, keeps it when it is the best so far, and records a trace point. Of a class that
// can be proved only now and then, only iterates that can are kept; where the last is to be kept, the last of them.
func (f *Fit) check(step int, loss float64) Point {
	s := &f.State
	v := math.Sqrt(loss)
	if f.Validation != nil {
		v = math.Sqrt(f.Validation.Value(s.Theta))
	}
	if math.IsNaN(v) || v > math.MaxFloat64 {
		v = math.MaxFloat64 // diverged; JSON has no infinity
	}
	p := Point{Stage: s.Stage, Step: step, Loss: loss, Validation: v, Residual: f.residual()}
	s.LossSum, s.LossCount = 0, 0
	keep := v < s.BestValidation
	if p.Residual != nil {
		keep = *p.Residual < 0 && (keep || f.Plan.KeepLast && v < math.MaxFloat64)
	}
	if keep {
		s.BestValidation, s.BestAt = v, p
		copy(s.Best, s.Theta)
	}
	s.Trace = append(s.Trace, p)
	return p
}
