package cli

import (
	"fmt"
	"slices"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
)

// scored returns the parts that figures are printed for: the test parts, each with a name, or, where there is none, the
// validation or the training parts under that name, with a note.
func scored(set *dataset.Set) (parts []dataset.Part, notes []string) {
	role, from := "test", set.Test
	notes = append(notes, set.Notes...)
	if len(from) == 0 {
		role, from = "validation", set.Validation
		why := "the model was chosen on it"
		if len(from) == 0 {
			role, from = "training", set.Train
			why = "the model was fitted to it"
		}
		notes = append(notes, fmt.Sprintf("there is no test part: the figures are of the %s part, and %s; they say little about new data. Give one with --split", role, why))
	}
	for i, p := range from {
		if p.Name == "" || role != "test" {
			p.Name = role
			if len(from) > 1 && role == "test" {
				p.Name = fmt.Sprintf("%s %d", role, i+1)
			}
		}
		parts = append(parts, p)
	}
	return parts, notes
}

func names(set *dataset.Set, columns []int) []string {
	var out []string
	for _, c := range columns {
		out = append(out, set.Record.Signals[c].Name)
	}
	return out
}

// memo simulates each part once.
type memo struct {
	ident.Simulator
	done map[dataset.Part][][]float64
}

func remember(m ident.Simulator) *memo { return &memo{m, map[dataset.Part][][]float64{}} }

func (m *memo) SimulatePart(set *dataset.Set, p dataset.Part) ([][]float64, error) {
	if y, ok := m.done[p]; ok {
		return y, nil
	}
	y, err := m.Simulator.SimulatePart(set, p)
	if err == nil {
		m.done[p] = y
	}
	return y, err
}

// predictor predicts the scored samples of a part k steps ahead of measured data.
type predictor interface {
	PredictPart(*dataset.Set, dataset.Part, int) ([][]float64, error)
}

// ahead is a predictor as a simulator, so that it is scored by the same code.
type ahead struct {
	predictor
	steps int
}

// score evaluates all models on all scored parts.
func (h *handover) score() error {
	r, lin := h.r, h.res.Linear
	h.model, h.linear = remember(h.res.Model), remember(lin)
	var err error
	if r.Tests, err = evaluate(h.set, h.parts, h.model); err != nil {
		return err
	}
	claim, decided := linearClaim(lin, h.set)
	r.Linear = linearResult{Order: lin.Order, Delay: lin.Delay, Parameters: lin.Parameters(), Claim: claim, Decided: decided}
	if r.Linear.Tests, err = evaluate(h.set, h.parts, h.linear); err != nil {
		return err
	}
	r.Test, r.Linear.Test = first(r.Tests), first(r.Linear.Tests)
	for _, o := range h.res.Others {
		s, err := evaluate(h.set, h.parts, o.Model)
		if err != nil {
			return err
		}
		r.Others = append(r.Others, otherResult{o.Name, o.Claim, byConstruction(o.Claim), o.Parameters, first(s), s})
	}
	for _, k := range horizons {
		m, err := ident.Evaluate(h.set, h.parts, ahead{h.res.Model, k})
		if err != nil {
			return err
		}
		l, err := ident.Evaluate(h.set, h.parts, ahead{lin, k})
		if err != nil {
			return err
		}
		for i := range m {
			r.Predictions = append(r.Predictions, prediction{m[i].Name, k, m[i].RMSE, l[i].RMSE})
		}
	}
	return nil
}

// evaluate scores a model. Outputs of different units are not pooled.
func evaluate(set *dataset.Set, parts []dataset.Part, m ident.Simulator) ([]ident.Score, error) {
	scores, err := ident.Evaluate(set, parts, m)
	for i := range scores {
		if s := &scores[i]; mixed(s.Unit) {
			s.Pooled = unknown
		}
	}
	return scores, err
}

func mixed(units []string) bool {
	return slices.ContainsFunc(units, func(u string) bool { return u != units[0] })
}

// byConstruction is how a claim is decided that follows from the parametrisation in floating point and that no checker
// has seen.
func byConstruction(claim string) string {
	if claim == ident.None {
		return ""
	}
	return report.Numerical
}

// horizons of k-step prediction, in samples.
var horizons = []int{1, 5, 20}
