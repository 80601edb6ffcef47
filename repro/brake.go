package repro

import (
	"context"
	"fmt"
	"strings"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/plant/brakebywire"
)

// Names of the compared models.
const (
	proved        = "LSTM, proved"
	unconstrained = "LSTM, unconstrained"
	penalised     = "LSTM, penalty (the paper)"
)

// Bands of the checks.
const (
	wantFIT        = 90.0 // percent, both pressures of the test experiment
	linearFIT      = 85.0 // percent, the most that a linear model reaches on the caliper
	linearLowest   = -1.0 // bar, what the linear model predicts at least once
	wantHysteresis = 3.0  // percent of full scale
	wantNoise      = 0.5  // percent of full scale
	wantRatio      = 1.0
)

// rig holds what the checks need to know of the simulated apparatus.
type rig struct {
	hysteresis, noise float64 // percent of full scale
}

// brakeByWire reproduces Figures 3 to 7 of Bonassi et al. 2023 on simulated data: theirs are not public.
func brakeByWire(ctx context.Context, o Options) (*Result, *report.Document, error) {
	plant := brakebywire.New()
	set, err := plant.Set()
	if err != nil {
		return nil, nil, err
	}
	facts := rig{hysteresis: 100 * hysteresis(plant), noise: 100 * plant.NoiseStd() / (plant.Sensors.FullScale / 1e5)}
	return brake(ctx, set, facts, nil, o)
}

// brake fits the models to a set of one input and two pressures, the caliper's last. Units nil lets ident choose.
func brake(ctx context.Context, set *dataset.Set, facts rig, units []int, o Options) (*Result, *report.Document, error) {
	s, err := newStudy(set, o)
	if err != nil {
		return nil, nil, err
	}
	lstm := func(guarantee string) ident.Options {
		return ident.Options{Model: "lstm", Guarantee: guarantee, Units: units}
	}
	own, err := s.fit(ctx, method{proved, "lstm-proved", lstm(ident.Auto)})
	if err != nil {
		return nil, nil, err
	}
	for _, other := range own.res.Others { // of the two ways to the claim the one that validated worse
		if err := s.also("LSTM, "+way(other.Name)+", not chosen", own.res, other); err != nil {
			return nil, nil, err
		}
	}
	free, err := s.fit(ctx, method{unconstrained, "lstm-unconstrained", lstm(ident.None)})
	if err != nil {
		return nil, nil, err
	}
	paper, err := s.fit(ctx, method{penalised, "lstm-penalty", lstm(ident.Penalty)})
	if err != nil {
		return nil, nil, err
	}
	lin, err := s.linear(own.res)
	if err != nil {
		return nil, nil, err
	}
	r := &Result{Checks: brakeChecks(s, own, free, paper, lin, facts)}
	for i := range set.Outputs {
		r.Outputs, r.Units = append(r.Outputs, s.name(i)), append(r.Units, s.rawUnit(i))
	}
	for _, f := range s.models {
		r.Models = append(r.Models, f.Model)
	}
	return r, brakePage(s, r, own, free, lin), nil
}

// way names the way to the claim of a class.
func way(class string) string {
	if strings.HasSuffix(class, ident.Componentwise) {
		return ident.Componentwise
	}
	return "by construction"
}

// brakeChecks compares the figures with their bands.
func brakeChecks(s *study, own, free, paper, lin *fitted, facts rig) []Check {
	var out []Check
	name := func(i int) string { return s.set.Record.Signals[s.set.Outputs[i]].Name }
	caliper := len(s.set.Outputs) - 1
	for i := range s.set.Outputs {
		out = append(out, atLeast(fmt.Sprintf("FIT of %s, %s", name(i), own.Name), float64(own.FIT[i]), wantFIT, "%"))
	}
	out = append(out, holds(own.Name+": accepted by the checker", own.Verdict == "proved"))
	if own.Attack != nil {
		out = append(out, atMost("worst ratio over the proved bound, "+own.Name, own.Attack.Ratio, wantRatio, ""),
			atMost("largest state over its proved box, "+own.Name, own.Attack.Box, wantRatio, ""))
	}
	out = append(out,
		atMost(fmt.Sprintf("FIT of %s, linear model", name(caliper)), float64(lin.FIT[caliper]), linearFIT, "%"),
		below("smallest pressure predicted by the linear model", float64(lin.Smallest), linearLowest, "bar"),
		atLeast("hysteresis of the rig, share of full scale", facts.hysteresis, wantHysteresis, "%"),
		atLeast("noise of the pressure sensors, share of full scale", facts.noise, wantNoise, "%"),
		below("δISS residual of the stored iterate, "+paper.Name, float64(paper.Residual), 0, ""),
	)
	if paper.Attack != nil {
		out = append(out, atMost("worst ratio over the proved bound, "+paper.Name, paper.Attack.Ratio, wantRatio, ""))
	}
	for _, f := range s.models {
		if f == free || f == lin {
			continue
		}
		for i := range s.set.Outputs {
			out = append(out, reported(fmt.Sprintf("price of the guarantee in FIT points, %s, %s", f.Name, name(i)), float64(free.FIT[i]-f.FIT[i])))
		}
	}
	for _, f := range s.models {
		out = append(out, reported("FIT, eq. (20) of Bonassi et al. 2023, in percent, "+f.Name, float64(f.SumFIT)))
	}
	return out
}
