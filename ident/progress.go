package ident

import (
	"fmt"
	"math"
	"time"

	"github.com/plumb-go/plumb/train"
)

// tell passes progress on, one call at a time.
func (r *run) tell(p Progress) {
	if r.o.Progress == nil {
		return
	}
	p.Elapsed = time.Since(r.began)
	p.Budget = time.Duration(r.limit * float64(time.Second))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.o.Progress(p)
}

// watch returns the progress callback of one fit.
func (r *run) watch(j *job) func(*train.Fit, train.Point) {
	return func(f *train.Fit, p train.Point) {
		stage, total := "adam", f.State.Planned()
		if p.Stage == train.StageLBFGS {
			stage, total = "lbfgs", f.Plan.LBFGSSteps
		}
		r.tell(Progress{Fit: j.name, Stage: stage, Step: p.Step, Total: total, Loss: math.Sqrt(p.Loss), Validation: p.Validation})
		r.note(j)
		r.checkpoint(false)
	}
}

// checkpointEvery is the time between checkpoints of a running identification.
const checkpointEvery = 10 * time.Second

// note copies a fit's state so that a checkpoint can be written while other fits run on.
func (r *run) note(j *job) {
	if r.o.Checkpoint == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.noted[j.name]) > checkpointEvery {
		r.states[j.name] = clone(j.fit.Snapshot())
		r.noted[j.name] = time.Now()
	}
}

// checkpoint hands the latest state of every fit to the caller. At the end of a run that was cancelled it takes the
// states as they are, because then no fit is running.
func (r *run) checkpoint(final bool) {
	if r.o.Checkpoint == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !final && time.Since(r.saved) < checkpointEvery {
		return
	}
	if final {
		for _, j := range r.seen {
			r.states[j.name] = clone(j.fit.Snapshot())
		}
	}
	c := &Checkpoint{Data: fmt.Sprintf("%x", r.set.Sum()), Fits: r.states, Spent: r.spent + time.Since(r.began).Seconds()}
	r.o.Checkpoint(c)
	r.saved = time.Now()
}

// clone copies what the fit goes on changing in place.
func clone(s *train.State) *train.State {
	c := *s
	c.Theta = append([]float64(nil), s.Theta...)
	c.Best = append([]float64(nil), s.Best...)
	c.Adam.M = append([]float64(nil), s.Adam.M...)
	c.Adam.V = append([]float64(nil), s.Adam.V...)
	c.Trace = append([]train.Point(nil), s.Trace...)
	if s.LBFGS != nil {
		l := *s.LBFGS
		l.Theta = append([]float64(nil), s.LBFGS.Theta...)
		l.Grad = append([]float64(nil), s.LBFGS.Grad...)
		l.S, l.Y = nil, nil
		for i := range s.LBFGS.S {
			l.S = append(l.S, append([]float64(nil), s.LBFGS.S[i]...))
			l.Y = append(l.Y, append([]float64(nil), s.LBFGS.Y[i]...))
		}
		c.LBFGS = &l
	}
	return &c
}

// resume restores a fit from the checkpoint when it has a state of that name.
func (r *run) resume(j *job) error {
	if r.o.Resume == nil {
		return nil
	}
	s, ok := r.o.Resume.Fits[j.name]
	if !ok {
		return nil
	}
	if err := j.fit.Restore(*clone(s)); err != nil {
		return fmt.Errorf("ident: fit %s: %w", j.name, err)
	}
	if j.fit.State.Extended && j.fit.State.Stage == train.StageLBFGS {
		j.fit.State.Stage = train.StageDone // its first phase was over; the polish goes on later
	}
	r.states[j.name] = s
	return nil
}

// repeat sets the plan to the recorded steps of an earlier run.
func (r *run) repeat(j *job, p *train.Plan) {
	if s := r.recorded(j); s != nil {
		p.Schedule, p.AdamSteps, p.LBFGSSteps = s.Schedule, s.AdamSteps, s.LBFGSSteps
		p.AdamSeconds, p.LBFGSSeconds = 0, 0
	}
}

func (r *run) recorded(j *job) *Stage {
	for i := range r.o.Repeat {
		if r.o.Repeat[i].Fit == j.name {
			return &r.o.Repeat[i]
		}
	}
	return nil
}
