package ident

import (
	"context"

	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
)

// Rung is one step of the ladder of claims that was considered.
type Rung struct {
	Claim   string `json:"claim"`
	Outcome string `json:"outcome"` // "chosen", "contradicted", "not tried"
	Why     string `json:"why"`
}

// ladder decides the rung and fits it.
func (r *run) ladder(ctx context.Context) (*Result, error) {
	claim := r.o.Guarantee
	res := &Result{Set: r.set, Linear: r.lin, YStd: r.mt.scale.YStd}
	share := 1.0
	res.Warnings = r.unsuited()
	if r.o.deep() {
		claim = r.o.deepClaim()
		res.Rungs = append(res.Rungs, Rung{claim, "chosen", "the claim of the class asked for with --model " + r.o.Model})
	} else if claim == Auto {
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
	return r.finish(ctx, res, claim, jobs)
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
		switch {
		case claim == Contraction && r.o.Model != "r2dn" && r.o.Model != "ssm",
			claim == DeltaISS && (r.o.Guarantee == Auto || r.o.Guarantee == DeltaISS):
			return 1 // of each of two classes
		}
		return 2
	}
	return 3
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
