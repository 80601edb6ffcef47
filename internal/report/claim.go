package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// realNumbers is the line on arithmetic that each report prints when the certificate says nothing else.
const realNumbers = "Claims are about real-number evaluation of the stored weights; rounding of the running model is not part of them."

// claimWords names a rung for people.
func claimWords(claim string) string {
	switch claim {
	case ClaimContraction:
		return "contraction"
	case ClaimDeltaISS:
		return "incremental input-to-state stability"
	case ClaimISS:
		return "input-to-state stability"
	case ClaimBounded:
		return "boundedness"
	case ClaimNone, "":
		return "none"
	}
	return claim
}

// claimTitle is the verdict in a few words. Only the checker's "proved" makes it a claim.
func claimTitle(c *Claim) string {
	switch {
	case c.Verdict == Malformed:
		return "bundle malformed, nothing proved"
	case c.Claim == ClaimNone || c.Claim == "":
		return "no stability claim"
	case c.Verdict == Proved:
		return claimWords(c.Claim) + " proved"
	case c.Verdict == Refused:
		return claimWords(c.Claim) + " refused by the checker"
	case c.Decided != "":
		return claimWords(c.Claim) + " " + c.Decided + ", not proved"
	}
	return claimWords(c.Claim) + " not decided"
}

// rungs is the ladder of claims, strongest first, as the page shows it.
func rungs(c *Claim) []rungView {
	ladder := []rungView{
		{Claim: ClaimContraction, Name: "contraction", Meaning: "any two simulations under the same input converge at the stated rate, whatever their initial states"},
		{Claim: ClaimISS, Name: "input-to-state stability", Meaning: "the influence of the initial state dies out, and a bounded input keeps the state within a stated gain of rest"},
		{Claim: ClaimBounded, Name: "boundedness", Meaning: "a bounded input keeps the state in a stated ball; different responses to the same input may coexist"},
	}
	if c.Claim == ClaimDeltaISS { // regional, so neither above nor below the global claims in general: shown where it is claimed
		ladder = slices.Insert(ladder, 1, rungView{Claim: ClaimDeltaISS, Name: claimWords(ClaimDeltaISS), Meaning: "on the declared range of the inputs, the difference of any two simulations " +
			"falls at the stated rate to at most a stated gain times the difference of their inputs"})
	}
	for i := range ladder {
		if ladder[i].Claim == c.Claim {
			ladder[i].Here = true
			ladder[i].Mark = verdictWord(c)
		}
	}
	return ladder
}

// verdictWord is the verdict alone, as an adjective of the claim.
func verdictWord(c *Claim) string {
	switch {
	case c.Verdict == Proved || c.Verdict == Refused:
		return c.Verdict
	case c.Verdict != Malformed && c.Decided != "":
		return c.Decided + ", not proved"
	}
	return "not proved"
}

type rungView struct {
	Claim, Name, Meaning, Mark string
	Here                       bool
}

// figure is one line of the table of proved and simulated figures.
type figure struct{ Name, Proved, Seen, Decided, Note string }

// claimFigures lists rate, gain, forgetting time and balls. Proved bounds are rounded up, simulated lower bounds down.
func claimFigures(r *Report) []figure {
	c := &r.Claim
	var out []figure
	decided := func(own string) string {
		if own != "" {
			return own
		}
		return c.Decided
	}
	if c.Rate.known() {
		out = append(out, figure{Name: "rate per step", Proved: rate(float64(c.Rate)), Decided: decided(c.RateDecided), Note: rateMeaning(c.Claim)})
		if s := perSecond(c, r.Ts); s > 0 {
			f := figure{Name: "rate per second", Proved: rate(s), Decided: decided(c.RateDecided)}
			if s < 1 && s > 0 {
				f.Note = "time constant " + duration(-1/math.Log(s))
			}
			out = append(out, f)
		}
	}
	if c.Recovery > 0 {
		out = append(out, figure{Name: "recovery time", Proved: "≤ " + samples(c.Recovery, r.Ts), Decided: c.Decided,
			Note: "until two simulations under the same input, from any two initial states in the certificate's boxes, differ by at most 1 % of each output's standard deviation"})
	}
	for _, b := range c.Bounds {
		out = append(out, outputFigures(c, &b)...)
	}
	if c.Attack != nil {
		out = append(out, attackFigure(c.Attack, c.Decided))
	}
	if c.Gain.known() || c.GainSimulated.known() {
		f := figure{Name: c.GainWhat, Proved: unknown, Decided: decided(c.GainDecided)}
		if f.Name == "" {
			f.Name = "gain"
		}
		if c.Gain.known() {
			f.Proved = "≤ " + upper(float64(c.Gain), 4) + " " + c.GainUnit
		} else {
			f.Decided = ""
		}
		if c.GainSimulated.known() {
			f.Seen = "≥ " + lower(float64(c.GainSimulated), 4) + " " + c.GainUnit
		}
		if c.Gain.known() && c.GainSimulated.known() {
			f.Note = fmt.Sprintf("the proved bound is %s times the largest gain found by simulation", digits(float64(c.Gain/c.GainSimulated), 2))
		}
		out = append(out, f)
	}
	if c.ForgettingProved != 0 || c.ForgettingMeasured != 0 {
		out = append(out, forgettingFigure(r))
	}
	for _, b := range c.Balls {
		out = append(out, figure{Name: "ball of " + b.Output, Proved: trimmed(float64(b.Center)) + " ± " + upper(float64(b.Radius), 4) + " " + b.Unit, Decided: c.Decided,
			Note: "in the long run, for inputs in the declared range"})
	}
	return out
}

// outputFigures are the gain and the reachable range of one output.
func outputFigures(c *Claim, b *OutputBound) (out []figure) {
	if b.Gain.known() {
		out = append(out, figure{Name: "incremental gain of " + b.Output, Proved: strings.TrimSpace("≤ " + upper(float64(b.Gain), 4) + " " + b.GainUnit), Decided: c.Decided,
			Note: "largest difference of the output over the largest difference of the inputs, from equal initial states"})
	}
	if b.Low < b.High {
		out = append(out, figure{Name: "reachable range of " + b.Output, Decided: c.Decided,
			Proved: strings.TrimSpace("[" + lower(float64(b.Low), 4) + ", " + upper(float64(b.High), 4) + "] " + b.Unit), Note: "what the model can answer at all, for inputs in the declared range"})
	}
	return out
}

// attackFigure sets the search for a violation beside the bound. A ratio above 1 would refute the proof.
func attackFigure(a *Attack, decided string) figure {
	f := figure{Name: "worst ratio over the bound", Proved: "≤ 1", Decided: decided, Seen: "≥ " + lower(float64(a.Ratio), 3)}
	f.Note = fmt.Sprintf("estimated by attack: %s of trajectories", plural(a.Pairs, "random pair", "random pairs"))
	if a.Searches > 0 {
		f.Note += " and " + plural(a.Searches, "gradient search", "gradient searches")
	}
	if a.Samples > 0 {
		f.Note += fmt.Sprintf(" over %s", plural(a.Samples, "sample", "samples"))
	}
	if a.Where != "" {
		f.Note += "; the worst at " + a.Where
	}
	switch left := a.Box > 1+attackRounding; {
	case left:
		f.Note += fmt.Sprintf("; a state reached %s times its box", digits(float64(a.Box), 3))
	case a.Box.known():
		f.Note += fmt.Sprintf("; no state left its box (it reached %s of it)", lower(float64(a.Box), 3))
	}
	if a.Ratio > 1+attackRounding || a.Box > 1+attackRounding {
		f.Note = "VIOLATED, the proof or the search is wrong; " + f.Note
	}
	return f
}

// attackRounding is the rounding that a simulated ratio may carry above a proved bound of 1.
const attackRounding = 1e-9

// rateMeaning says what shrinks by the rate.
func rateMeaning(claim string) string {
	switch claim {
	case ClaimDeltaISS:
		return "factor by which the bound on the difference of two simulations under the same input shrinks each step"
	case ClaimContraction:
		return "factor by which the difference of two simulations shrinks each step, in the norm of the certificate"
	case ClaimISS:
		return "factor by which the influence of the initial state shrinks each step, in the norm of the certificate"
	}
	return "factor by which the share of the initial state in the bound shrinks each step"
}

// perSecond returns the rate per second, computed where the run left it out; 0 when unknown.
func perSecond(c *Claim, ts float64) float64 {
	if c.RatePerSecond.known() {
		return float64(c.RatePerSecond)
	}
	if ts > 0 && c.Rate > 0 {
		return math.Pow(float64(c.Rate), 1/ts)
	}
	return 0
}

func forgettingFigure(r *Report) figure {
	c := &r.Claim
	f := figure{Name: "forgetting time", Proved: unknown, Note: "until two initial states differ by at most 1 % of the output span"}
	if c.ForgettingProved > 0 {
		f.Proved, f.Decided = "≤ "+samples(c.ForgettingProved, r.Ts), c.Decided
		if c.RateDecided != "" {
			f.Decided = c.RateDecided
		}
		if c.ForgettingDecided != "" {
			f.Decided = c.ForgettingDecided
		}
	}
	switch {
	case c.ForgettingMeasured > 0:
		f.Seen = samples(c.ForgettingMeasured, r.Ts)
	case c.ForgettingMeasured < 0:
		f.Seen = "not within the simulated stretch"
	}
	if c.RecordSamples > 0 && c.ForgettingProved > c.RecordSamples {
		f.Note += fmt.Sprintf(". The proved time is longer than the record (%s): the proof says that the model forgets, but no record here is long enough to benefit from it", samples(c.RecordSamples, r.Ts))
	}
	return f
}
