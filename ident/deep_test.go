package ident

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/internal/rng"
)

// deepFit are options of a short fit of a gated recurrent class.
func deepFit(kind, guarantee string) Options {
	o := quick(guarantee)
	o.Model, o.States, o.Hidden, o.Units, o.Steps = kind, 0, 0, []int{4, 3}, 150
	return o
}

// TestDeltaISSIsProved fits each class on each way, with and without filter, and has the claim judged.
func TestDeltaISSIsProved(t *testing.T) {
	set := hammerstein(t, 700)
	for _, c := range []struct {
		kind, way string
		filter    int
	}{
		{"lstm", Construct, 0}, {"lstm", Componentwise, 0}, {"lstm", Penalty, 0}, {"lstm", Construct, 1}, {"lstm", Componentwise, 2},
		{"gru", Construct, 0}, {"gru", Componentwise, 1}, {"lstm", Auto, 0},
	} {
		o := deepFit(c.kind, c.way)
		o.Filter = c.filter
		res := mustFit(t, set, o)
		if res.Claim != DeltaISS || !res.Verdict.Proved {
			t.Errorf("%s %s filter %d: claim %s, refused: %s by %s", c.kind, c.way, c.filter, res.Claim, res.Verdict.Failed, res.Verdict.By)
		}
		for _, curve := range res.Curves {
			for _, p := range curve.Trace {
				if regular := c.way == Componentwise || c.way == Penalty; regular && p.Residual == nil {
					t.Fatalf("%s %s: no residual in the training curve", c.kind, c.way)
				}
			}
		}
	}
	res := mustFit(t, set, deepFit("lstm", None))
	if res.Claim != None || res.Bundle.Certificate != nil {
		t.Errorf("none: claim %q", res.Claim)
	}
}

// TestDeltaISSBoundsSimulations compares simulations of the bundle with what the checker printed: under one input, any
// two starts that the model can make differ by at most factor * rate^k.
func TestDeltaISSBoundsSimulations(t *testing.T) {
	set := hammerstein(t, 700)
	res := mustFit(t, set, deepFit("lstm", Construct))
	data := packed(t, res)
	b, err := cert.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	v := cert.Check(b)
	m, err := deploy.FromBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	rate, _ := v.Rate.Float64()
	factor, _ := v.Members[0].Decay[0].Float64()
	r := rng.Stream(1, "starts")
	const lanes, steps = 2, 200
	for trial := range 50 {
		ys := make([][]float64, lanes)
		u := m.Inputs(set, 0, 100+trial, 100+trial+steps)
		for l := range ys {
			past := m.Past(set, 0, 100)
			for i := range past.Data {
				past.Data[i] = 100 * r.NormFloat64() // far beyond the data: the box confines what the encoder makes of it
			}
			y, _ := m.Members[0].Run(m.Members[0].Encode(past), u)
			ys[l] = y.Row(0)
		}
		bound := factor
		for k := range steps {
			if d := math.Abs(ys[0][k] - ys[1][k]); d > bound*(1+1e-9)+1e-12 {
				t.Fatalf("trial %d, sample %d: outputs differ by %g, proved %g", trial, k, d, bound)
			}
			bound *= rate
		}
	}
}

// TestDeepResume: an interrupted fit with a penalty continues to the same bytes, and repeats by its recorded steps.
func TestDeepResume(t *testing.T) {
	set := hammerstein(t, 700)
	for _, way := range []string{Penalty, Auto} { // Auto fits both other ways
		o := deepFit("lstm", way)
		res := mustFit(t, set, o)
		whole := packed(t, res)
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
				if calls++; calls == 3 {
					cancel()
				}
			}
		}
		if _, err := Fit(ctx, set, p); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: error %v, want cancellation", way, err)
		}
		cancel()
		p = o
		p.Resume = &Checkpoint{}
		if err := json.Unmarshal(kept, p.Resume); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(whole, packed(t, mustFit(t, set, p))) {
			t.Errorf("%s: the resumed fit gave another bundle", way)
		}
		p = o
		p.Steps, p.Repeat = 0, res.Stages
		p.Budget = 1e9
		if !bytes.Equal(whole, packed(t, mustFit(t, set, p))) {
			t.Errorf("%s: repeating the recorded steps gave another bundle", way)
		}
	}
}

// TestUnsuited: a lightly damped plant is named, with the classes that can carry it; a damped one is not.
func TestUnsuited(t *testing.T) {
	r := &run{o: Options{Model: "lstm", Guarantee: Auto}, mt: &material{}}
	r.mt.plant.modes = []complex128{complex(0.75, 0.62), complex(0.75, -0.62), 0.9} // silverbox: 0.973 at 0.69 rad
	w := r.unsuited()
	if len(w) != 1 || !strings.Contains(w[0], "r2dn") || !strings.Contains(w[0], "ssm") || !strings.Contains(w[0], "1.370") {
		t.Errorf("lightly damped: %q", w)
	}
	r.mt.plant.modes = []complex128{complex(0.4, 0.5), complex(0.4, -0.5), 0.95}
	if w := r.unsuited(); len(w) != 0 {
		t.Errorf("damped: %q", w)
	}
	r.mt.plant.modes = []complex128{complex(0.75, 0.62), complex(0.75, -0.62)}
	r.o.Model = "r2dn"
	if w := r.unsuited(); len(w) != 0 {
		t.Errorf("another class: %q", w)
	}
}

// TestDeepErrors: a guarantee of another class is refused by name.
func TestDeepErrors(t *testing.T) {
	set := hammerstein(t, 700)
	_, err := Fit(t.Context(), set, deepFit("lstm", Contraction))
	if err == nil || !strings.Contains(err.Error(), Componentwise) {
		t.Errorf("contraction of an LSTM: %v", err)
	}
	if _, err := Fit(t.Context(), set, deepFit("gru", Penalty)); err == nil {
		t.Error("the penalty of an LSTM was accepted for a GRU")
	}
}
