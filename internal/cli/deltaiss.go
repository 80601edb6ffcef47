package cli

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/model/falsify"
)

// outputBound is what a delta-iss claim says of one output.
type outputBound struct {
	Output   string       `json:"output"`
	Unit     string       `json:"unit"`
	Gain     ident.Figure `json:"gain"` // largest difference of the output over that of the inputs, from equal initial states
	GainUnit string       `json:"gain_unit"`
	Low      ident.Figure `json:"low"` // reachable range
	High     ident.Figure `json:"high"`
}

// inputRange is the assumption of a delta-iss claim on one input.
type inputRange struct {
	Input string       `json:"input"`
	Unit  string       `json:"unit"`
	Low   ident.Figure `json:"low"`
	High  ident.Figure `json:"high"`
}

// attackResult is the search for two trajectories that violate the proved bound.
type attackResult struct {
	Ratio    ident.Figure `json:"ratio"` // largest ratio of a difference to its bound; above 1 the proof would be wrong
	Where    string       `json:"where"`
	Pairs    int          `json:"pairs"`
	Searches int          `json:"searches"`
	Samples  int          `json:"samples"`
	Box      ident.Figure `json:"box"` // largest ratio of a state to its invariant box
	Decided  string       `json:"decided"`
}

// deltaISS fills in what a proved delta-iss claim says of inputs and outputs. A recovery time beyond counting is left out.
func (c *certificate) deltaISS(v *cert.Verdict, set *dataset.Set, integrate []bool) {
	if v.Recovery < math.MaxInt {
		c.Recovery = &v.Recovery
	}
	for i, col := range set.Inputs {
		s := set.Record.Signals[col]
		c.InputRange = append(c.InputRange, inputRange{s.Name, s.Unit, ident.Figure(downward(v.InputLow[i])), ident.Figure(upward(v.InputHigh[i]))})
	}
	for i, col := range set.Outputs {
		s := set.Record.Signals[col]
		b := outputBound{Output: s.Name, Unit: s.Unit, Gain: ident.Figure(upward(v.PhysicalDeltaGain[i])), Low: unknown, High: unknown}
		one := *set
		one.Outputs = []int{col}
		b.GainUnit = gainUnit(&one, integrate[i:i+1])
		if v.Low != nil {
			b.Low, b.High = ident.Figure(downward(v.Low[i])), ident.Figure(upward(v.High[i]))
		}
		c.OutputBounds = append(c.OutputBounds, b)
	}
}

// attack searches two trajectories that violate the proved bound of any member, for a few seconds.
func (h *handover) attack(ctx context.Context) error {
	if h.judged.verdict != verdictProved || h.r.Certificate.Claim != ident.DeltaISS {
		return nil
	}
	out := &attackResult{Decided: report.Estimated}
	for j, m := range h.res.Model.Members {
		b, err := falsify.NewBound(m.Cell, m.W, h.res.Bundle.Certificate.Members[j])
		if err != nil {
			return err
		}
		found, err := falsify.Quick(ctx, m.Cell, m.W, b, runtime.GOMAXPROCS(0), h.run.Flags.Seed)
		if err != nil {
			return err
		}
		out.Pairs += found.Random.Tried
		out.Searches += found.Ascent.Tried
		out.Samples = max(out.Samples, b.Horizon())
		out.Box = max(out.Box, ident.Figure(found.Random.Box), ident.Figure(found.Ascent.Box), ident.Figure(found.Reach.Box))
		if w := found.Worst(); ident.Figure(w.Ratio) >= out.Ratio {
			q := b.Quantities[w.Quantity]
			name := q.Name
			if q.States == nil {
				name = "output " + h.r.Outputs[q.Output]
			}
			out.Ratio, out.Where = ident.Figure(w.Ratio), fmt.Sprintf("%s of member %d, sample %d", name, j, w.Step)
		}
	}
	h.r.Certificate.Attack = out
	wrong := func(what string) {
		h.warnings = append(h.warnings, what+": the proof, the checker or the simulation is wrong; please report it")
		h.r.Warnings = h.warnings
	}
	if out.Ratio > 1+attackRounding {
		wrong(fmt.Sprintf("a simulated pair of trajectories exceeds its proved bound by the factor %s (%s)", short(out.Ratio), out.Where))
	}
	if out.Box > 1+attackRounding {
		wrong(fmt.Sprintf("a simulated state reaches %s times its proved box", short(out.Box)))
	}
	return nil
}

// attackRounding is what rounding may add to a simulated ratio.
const attackRounding = 1e-9

// decay is the proved bound under a delta-iss claim of the largest output difference, in spans of the outputs, of any two
// simulations that start in the boxes, under one input, at samples 0, 1, ..., and the first sample from which it is at
// most 1 %; -1 when that is not within a century of samples. Span is in scaled units, per output.
func decay(v *cert.Verdict, span []float64, samples int) (bound []float64, forgotten int) {
	at := func(k int) float64 {
		worst := 0.0
		for i := range span {
			sum := 0.0
			for _, f := range v.Members {
				sum += upward(f.Decay[i]) * math.Pow(upward(f.Rate), float64(k))
			}
			worst = max(worst, sum/float64(len(v.Members))/span[i])
		}
		return worst
	}
	bound = make([]float64, samples)
	for k := range bound {
		bound[k] = at(k)
	}
	const longest = 1 << 40
	low, high := -1, 1 // forgotten after low, not later than high
	for at(high) > forgottenShare {
		if low, high = high, 2*high; high > longest {
			return bound, -1
		}
	}
	if at(0) <= forgottenShare {
		return bound, 0
	}
	for low = max(low, 0); high-low > 1; {
		if mid := low + (high-low)/2; at(mid) > forgottenShare {
			low = mid
		} else {
			high = mid
		}
	}
	return bound, high
}

// forgottenShare is the share of the output span at which an initial state counts as forgotten.
const forgottenShare = 0.01

// spans are the spans of the simulated outputs, in scaled units.
func spans(y [][]float64, std []float64) []float64 {
	out := make([]float64, len(y))
	for i := range y {
		out[i] = max((slices.Max(y[i])-slices.Min(y[i]))/std[i], 1e-12)
	}
	return out
}

// applies says, for a claim about a range of the inputs, from which sample of a part on it no longer applies.
func applies(m *deploy.Model, set *dataset.Set, parts []dataset.Part) (out []string) {
	for _, p := range parts {
		start := p.From + p.Window
		u := m.Inputs(set, p.Experiment, start, p.To)
		first, input := -1, 0
		for i := range u.Rows {
			k := slices.IndexFunc(u.Row(i)[:u.Cols], func(v float64) bool { return math.Abs(v) > 1+1e-12 })
			if k >= 0 && (first < 0 || k < first) {
				first, input = k, i
			}
		}
		if first < 0 {
			continue
		}
		out = append(out, fmt.Sprintf("part %q: the claim no longer applies from scored sample %d on (of %d), where input %s leaves the range that it assumes",
			p.Name, first, p.Scored(), set.Record.Signals[set.Inputs[input]].Name))
	}
	return out
}
