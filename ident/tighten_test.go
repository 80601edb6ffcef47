package ident

import (
	"testing"
	"time"

	"github.com/plumb-go/plumb/train"
)

// TestTightened: the metric found after the fit gives a smaller rate and gain than that of training, and the checker accepts it; where it
// is refused, the certificate of training is handed over.
func TestTightened(t *testing.T) {
	set := hammerstein(t, 700)
	for _, claim := range []string{Contraction, ISS} {
		o := quick(claim)
		o.Steps = 30
		r := &run{o: o, set: set, began: time.Now(), limit: 60, states: map[string]*train.State{}, noted: map[string]time.Time{}}
		if err := r.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		jobs, err := r.fitAll(t.Context(), claim, r.restarts(claim), 1, true)
		if err != nil {
			t.Fatal(err)
		}
		var j *job
		for _, k := range jobs {
			if tightened(t.Context(), k) != nil {
				j = k
			}
		}
		if j == nil {
			t.Fatalf("%s: no fit has a metric", claim)
		}
		res := &Result{Claim: claim, Model: r.model([]*job{j})}
		if err := r.seal(t.Context(), res, []*job{j}); err != nil || !res.Verdict.Proved {
			t.Fatalf("%s: %v, %s", claim, err, res.Verdict.Statement)
		}
		rate, gain := figures(res)
		best := tightened(t.Context(), j)
		best.rate *= 0.5 // refused
		if err := r.certify(res.Bundle, res, []*job{j}, []*proofs{best}); err != nil || !res.Verdict.Proved {
			t.Fatalf("%s: with the metric of training: %v, %s", claim, err, res.Verdict.Statement)
		}
		oldRate, oldGain := figures(res)
		if rate > oldRate || gain > oldGain || rate > oldRate*0.9999 && gain > oldGain*0.99 {
			t.Errorf("%s: rate %g after %g, gain %g after %g", claim, rate, oldRate, gain, oldGain)
		}
	}
}

// figures returns the proved rate and gain.
func figures(res *Result) (rate, gain float64) {
	v := res.Verdict
	rate, _ = v.Rate.Float64()
	if v.Gain != nil {
		gain, _ = v.Gain.Float64()
	} else {
		gain, _ = v.ISSGain.Float64()
	}
	return rate, gain
}
