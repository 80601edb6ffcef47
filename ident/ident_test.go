package ident

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/internal/rng"
)

// hammerstein simulates y+ = 0.8 y + 0.3 tanh(2 u) with a little noise: train, validation and test parts in one record.
func hammerstein(t *testing.T, samples int) *dataset.Set {
	t.Helper()
	r := rng.Stream(7, "hammerstein")
	u, y := make([]float64, samples), make([]float64, samples)
	var x, level float64
	for k := range u {
		if k%12 == 0 {
			level = 2*r.Float64() - 1
		}
		u[k] = level
		y[k] = 5 + 2*x + 0.01*r.NormFloat64()
		x = 0.8*x + 0.3*math.Tanh(2*u[k])
	}
	rec := &dataset.Record{Name: "hammerstein", Ts: 0.5, Signals: []dataset.Signal{{Name: "u", Unit: "V"}, {Name: "y", Unit: "bar"}},
		Experiments: []dataset.Experiment{{Data: [][]float64{u, y}}}}
	set, err := dataset.Select(rec, []string{"u"}, []string{"y"}, "", 20)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// quick are options of a fit that takes a fraction of a second.
func quick(guarantee string) Options {
	return Options{Guarantee: guarantee, Seed: 3, Steps: 60, Restarts: 1, States: 2, Hidden: 4, Workers: 1, Version: "test"}
}

func mustFit(t *testing.T, set *dataset.Set, o Options) *Result {
	t.Helper()
	res, err := Fit(t.Context(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func packed(t *testing.T, res *Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(&b, res.Bundle); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEveryRungIsProved(t *testing.T) {
	set := hammerstein(t, 700)
	for _, o := range []Options{quick(Contraction), quick(ISS), quick(Bounded), quick(None), quick(Auto),
		{Guarantee: Contraction, Model: "r2dn", Layers: 2, Seed: 1, Steps: 60, Restarts: 1, Version: "test"}} {
		res := mustFit(t, set, o)
		if o.Guarantee == None {
			if res.Verdict.Proved || res.Bundle.Certificate != nil {
				t.Errorf("none: a claim was made")
			}
			continue
		}
		if !res.Verdict.Proved {
			t.Errorf("%s (%s): refused: %s by %s", o.Guarantee, res.Kind, res.Verdict.Failed, res.Verdict.By)
		}
		if o.Guarantee != Auto && res.Claim != o.Guarantee {
			t.Errorf("asked for %s, got %s", o.Guarantee, res.Claim)
		}
	}
}

func TestSameBytesForAnyNumberOfWorkers(t *testing.T) {
	set := hammerstein(t, 700)
	o := quick(Contraction)
	o.Restarts = 2
	one := packed(t, mustFit(t, set, o))
	o.Workers = 3
	if !bytes.Equal(one, packed(t, mustFit(t, set, o))) {
		t.Error("three workers gave another bundle than one")
	}
	o.Seed++
	if bytes.Equal(one, packed(t, mustFit(t, set, o))) {
		t.Error("another seed gave the same bundle")
	}
}

// TestBlind: measured outputs of the test part after its window influence neither the model nor its predictions.
func TestBlind(t *testing.T) {
	set := hammerstein(t, 700)
	blind := set.Blind()
	a, b := mustFit(t, set, quick(Contraction)), mustFit(t, blind, quick(Contraction))
	b.Bundle.Manifest.Provenance.DataSHA256 = a.Bundle.Manifest.Provenance.DataSHA256 // the data do differ
	if !bytes.Equal(packed(t, a), packed(t, b)) {
		t.Error("blinding the test outputs changed the model")
	}
	for _, m := range []Simulator{a.Model, a.Linear} {
		x, err := m.SimulatePart(set, set.Test[0])
		if err != nil {
			t.Fatal(err)
		}
		y, err := m.SimulatePart(blind, set.Test[0])
		if err != nil {
			t.Fatal(err)
		}
		for i := range x {
			for k := range x[i] {
				if x[i][k] != y[i][k] {
					t.Fatalf("%T: sample %d: %g with the measured outputs, %g without", m, k, x[i][k], y[i][k])
				}
			}
		}
	}
}

// TestResume: a fit interrupted at an arbitrary moment and continued from its stored checkpoint ends in the same bytes.
func TestResume(t *testing.T) {
	set := hammerstein(t, 700)
	o := quick(Contraction)
	o.Steps, o.Restarts = 300, 2
	whole := packed(t, mustFit(t, set, o))
	for _, stop := range []int{1, 3, 7} {
		ctx, cancel := context.WithCancel(t.Context())
		var kept []byte
		p := o
		p.Checkpoint = func(c *Checkpoint) {
			var err error
			if kept, err = json.Marshal(c); err != nil {
				t.Error(err)
			}
		}
		calls := 0
		p.Progress = func(e Progress) {
			if e.Stage == "adam" {
				if calls++; calls == stop {
					cancel()
				}
			}
		}
		if _, err := Fit(ctx, set, p); !errors.Is(err, context.Canceled) {
			t.Fatalf("stop after %d reports: error %v, want cancellation", stop, err)
		}
		p = o
		p.Resume = &Checkpoint{}
		if err := json.Unmarshal(kept, p.Resume); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(whole, packed(t, mustFit(t, set, p))) {
			t.Errorf("stop after %d reports: the resumed fit gave another bundle", stop)
		}
		cancel()
	}
}

// TestRepeat: the recorded steps of a run bounded by time give the same bundle again.
func TestRepeat(t *testing.T) {
	set := hammerstein(t, 700)
	o := quick(Contraction)
	o.Steps, o.Budget = 0, 1e9 // one second
	first := mustFit(t, set, o)
	o.Repeat = first.Stages
	if !bytes.Equal(packed(t, first), packed(t, mustFit(t, set, o))) {
		t.Error("repeating the recorded steps gave another bundle")
	}
}

// TestDeployedModelIsTheBundle: what was scored is what the file says.
func TestDeployedModelIsTheBundle(t *testing.T) {
	set := hammerstein(t, 700)
	res := mustFit(t, set, quick(Contraction))
	data := packed(t, res)
	b, err := cert.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := deploy.FromBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	x, err := res.Model.SimulatePart(set, set.Test[0])
	if err != nil {
		t.Fatal(err)
	}
	y, err := m.SimulatePart(set, set.Test[0])
	if err != nil {
		t.Fatal(err)
	}
	for k := range x[0] {
		if x[0][k] != y[0][k] {
			t.Fatalf("sample %d: %g before and %g after the file", k, x[0][k], y[0][k])
		}
	}
}

func TestErrors(t *testing.T) {
	set := hammerstein(t, 700)
	o := quick("certain")
	if _, err := Fit(t.Context(), set, o); err == nil {
		t.Error("an unknown guarantee was accepted")
	}
	o = quick(Contraction)
	o.Integrate = []string{"z"}
	if _, err := Fit(t.Context(), set, o); err == nil {
		t.Error("integrating an unknown output was accepted")
	}
	short := *set
	short.Train = []dataset.Part{{To: 50}}
	if _, err := Fit(t.Context(), &short, quick(Contraction)); err == nil {
		t.Error("a training part of 50 samples was accepted")
	}
	short.Train = nil
	if _, err := Fit(t.Context(), &short, quick(Contraction)); !errors.Is(err, ErrNoTraining) {
		t.Errorf("no training part: %v", err)
	}
}
