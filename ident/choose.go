package ident

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/nn/seq"
)

// Other is a model that was fitted but not chosen.
type Other struct {
	Name       string
	Claim      string
	Parameters int
	Model      *deploy.Model
}

// finish chooses among the fits, deploys and certifies.
func (r *run) finish(ctx context.Context, res *Result, claim string, jobs []*job) (*Result, error) {
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
	if err := r.seal(context.WithoutCancel(ctx), res, chosen); err != nil { // the fits are done; what is left is short
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
