package repro

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/internal/report"
)

// brakePage draws the figures and tables.
func brakePage(s *study, r *Result, own, free, lin *fitted) *report.Document {
	d := &report.Document{Warnings: own.res.Warnings}
	caliper := len(s.set.Outputs) - 1
	worst := math.Inf(1)
	for _, v := range own.FIT {
		worst = min(worst, float64(v))
	}
	d.Cards = append(d.Cards,
		report.Card{Name: "FIT, proved LSTM", Value: fixed(worst, 1) + " %", Note: "the lower of both pressures, test experiment, free simulation"},
		report.Card{Name: "FIT, linear model", Value: fixed(float64(lin.FIT[caliper]), 1) + " %", Note: s.name(caliper)},
		report.Card{Name: "lowest pressure, linear model", Value: fixed(float64(lin.Smallest), 2) + " bar", Note: "the proved LSTM: " + fixed(float64(own.Smallest), 2) + " bar"})
	if own.Verdict == "proved" {
		d.Cards = append(d.Cards, report.Card{Name: "recovery time", Value: "≤ " + s.seconds(own.Recovery), Note: "proved, any two initial states in the boxes, to 1 % of the output's standard deviation"})
	}
	d.Sections = []report.Section{
		{ID: "checks", Title: "Checks", Blocks: []report.Block{checkTable(r.Checks)}},
		{ID: "models", Title: "Models", Blocks: []report.Block{
			report.Text("Free simulation of the test experiment from the measured piston position alone; the first samples, which initialise the state, are not scored."),
			s.fitTable(own), s.claimTable(own), s.prices(free)}},
		{ID: "figure-3", Title: "Figure 3: inputs", Blocks: []report.Block{s.inputs()}},
		{ID: "figures-4-5", Title: "Figures 4 and 5: pressures", Blocks: s.simulated()},
		{ID: "figure-6", Title: "Figure 6: transient", Blocks: []report.Block{s.enlarged()}},
	}
	if c := s.training(); c != nil {
		d.Sections = append(d.Sections, report.Section{ID: "figure-7", Title: "Figure 7: training", Blocks: []report.Block{c}})
	}
	d.Sections = append(d.Sections,
		report.Section{ID: "claim", Title: "Claim", Blocks: s.claim(own)},
		report.Section{ID: "differences", Title: "Differences from the paper", Blocks: []report.Block{
			report.Text("The paper's measurements are not public; the rig here is simulated, with constants from the literature that were fixed before any network was trained. Sampling time, size of the network and figures of merit of the original were not available to us, so the checks above are bands, not its numbers."),
			report.Text("The paper trains with a soft penalty on its stability condition and checks afterwards (the row “penalty”: windows with washout, random initial states, regulariser (19), RMSProp, early stopping on validation). The proved model satisfies a less conservative condition, which the independent checker decides in exact arithmetic; the unconstrained model has the same units and no condition. Here four experiments train, one validates and one tests; the paper cuts one experiment into validation and test."),
		}},
		report.Section{ID: "reproduce", Title: "Reproduce", Blocks: []report.Block{
			report.Code(s.o.Command), report.Text(fmt.Sprintf("Seed %d; %s of training in all; version %s; %s. A time budget trains as many steps as the machine allows, so the figures vary a little from run to run.",
				s.o.Seed, secondsText(s.elapsed().Seconds()), s.o.Version, s.o.Platform))}})
	return d
}

func (s *study) claim(own *fitted) []report.Block {
	if own.Verdict != "proved" {
		return []report.Block{report.Text("Nothing was proved of the model " + own.Name + ": " + own.Verdict + ".")}
	}
	out := []report.Block{report.Text(own.statement)}
	if a := own.Attack; a != nil {
		out = append(out, report.Text(fmt.Sprintf("The attack on the bound, %d random pairs of trajectories and %d gradient searches over %d samples, found a largest ratio of %s of a difference to its proved bound (%s). A ratio above 1 would refute the proof. How decided: the bound proved, the ratio estimated.",
			a.Pairs, a.Searches, a.Samples, text(a.Ratio), a.Where)))
	}
	if own.Bundle != "" {
		out = append(out, report.Text("The proof, by the independent checker:"), report.Code("plumb-check "+own.Bundle))
	}
	return out
}
