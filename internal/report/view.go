package report

import (
	"fmt"
	"math"
	"strings"
)

// view is what the page template shows.
type view struct {
	R           *Report
	Title       string
	Verdict     string
	State       string // class of the verdict badge: proved, refused, none
	Cards       []Card
	Lead        *picture
	Table       *table
	Rungs       []rungView
	Figures     []figure
	Assumptions []string
	Forgetting  *picture
	Counter     *picture
	Parts       []partView
	Training    *picture
	Sampling    string
	Signals     []signalView
	Seconds     string // wall time of the run; "" when unknown
	Checker     string // time the checker took
}

type partView struct {
	Name, Facts  string
	Full         []*picture
	Correlations []*picture
	Words        []string
	Prediction   *predictionTable
}

func newView(r *Report) *view {
	v := &view{R: r, Title: r.Name, Verdict: claimTitle(&r.Claim), State: state(&r.Claim), Rungs: rungs(&r.Claim), Figures: claimFigures(r)}
	if v.Title == "" {
		v.Title = r.Data
	}
	v.Cards = cards(r)
	v.Table = comparison(r)
	v.Assumptions = append(v.Assumptions, r.Claim.Assumptions...)
	if r.Claim.Arithmetic != "" {
		v.Assumptions = append(v.Assumptions, r.Claim.Arithmetic)
	} else {
		v.Assumptions = append(v.Assumptions, realNumbers)
	}
	for i := range r.Parts {
		v.Parts = append(v.Parts, newPart(r, i))
	}
	v.Lead = lead(r)
	if r.Forgetting != nil {
		v.Forgetting = forgettingPicture(r, r.Forgetting)
	}
	if r.Counterexample != nil {
		v.Counter = counterexamplePicture(r.Counterexample)
	}
	v.Training = trainingPicture(r.Training)
	v.Sampling = "sampling time unknown"
	if r.Ts > 0 {
		v.Sampling = "sampling time " + duration(r.Ts)
	}
	v.Signals = signals(r)
	if r.Model.Seconds > 0 {
		v.Seconds = duration(r.Model.Seconds)
	}
	if r.Claim.CheckerSeconds > 0 {
		v.Checker = duration(r.Claim.CheckerSeconds)
	}
	return v
}

type signalView struct{ Name, Unit, Range, Noise string }

func signals(r *Report) []signalView {
	var out []signalView
	for _, s := range r.Inputs {
		v := signalView{Name: "input " + s.Name, Unit: s.Unit, Range: unknown, Noise: unknown}
		if s.Low != s.High {
			v.Range = digits(float64(s.Low), 4) + " to " + digits(float64(s.High), 4)
		}
		out = append(out, v)
	}
	for _, s := range r.Outputs {
		v := signalView{Name: "output " + s.Name, Unit: s.Unit, Range: unknown, Noise: unknown}
		if s.Noise.known() {
			v.Noise = quantity(float64(s.Noise), s.Unit)
		}
		out = append(out, v)
	}
	return out
}

func state(c *Claim) string {
	switch {
	case c.Verdict == Malformed, c.Verdict == Refused:
		return "refused"
	case c.Verdict == Proved && c.Claim != ClaimNone && c.Claim != "":
		return "proved"
	}
	return "none"
}

// lead returns the first look: the first output of the first part, enlarged where the record is long. nil without one.
func lead(r *Report) *picture {
	if len(r.Parts) == 0 || len(r.Parts[0].Outputs) == 0 || len(r.Parts[0].Outputs[0].Measured) == 0 {
		return nil
	}
	p := &r.Parts[0]
	if pic := zoomPicture(r, p, &p.Outputs[0]); pic != nil {
		return pic
	}
	return fullPicture(r, p, &p.Outputs[0])
}

func newPart(r *Report, i int) partView {
	p := &r.Parts[i]
	v := partView{Name: p.Name, Prediction: predictions(r, p)}
	if v.Name == "" {
		v.Name = "test part"
	}
	n := 0
	if len(p.Outputs) > 0 {
		n = len(p.Outputs[0].Measured)
	}
	v.Facts = fmt.Sprintf("%s, free simulation. ", plural(n, "scored sample", "scored samples"))
	if p.Window > 0 {
		v.Facts += fmt.Sprintf("The %s before them initialised the state and are not scored.", plural(p.Window, "sample", "samples"))
	} else {
		v.Facts += "No measured output initialised the state."
	}
	for j := range p.Outputs {
		t := &p.Outputs[j]
		if len(t.Measured) == 0 {
			v.Words = append(v.Words, title(p, t)+": no samples, nothing to show.")
			continue
		}
		if words := gaps(t); words != "" {
			v.Words = append(v.Words, title(p, t)+": "+words)
		}
		leads := i == 0 && j == 0 // its first picture leads the page
		zoomed := zoomPicture(r, p, t)
		if zoomed != nil && !leads {
			v.Full = append(v.Full, zoomed)
		}
		if zoomed != nil || !leads {
			v.Full = append(v.Full, fullPicture(r, p, t))
		}
		pics, why := correlationPictures(r, p, t)
		v.Correlations = append(v.Correlations, pics...)
		if why != "" {
			v.Words = append(v.Words, why)
		}
	}
	return v
}

// gaps says how many samples of a trace cannot be compared, and why.
func gaps(t *Trace) string {
	var missing, diverged int
	for k, y := range t.Measured {
		switch {
		case !finite(y):
			missing++
		case !finite(t.Simulated[k]):
			diverged++
		}
	}
	var words []string
	if missing > 0 {
		words = append(words, fmt.Sprintf("%s missing in the measurement; lines break there.", plural(missing, "sample is", "samples are")))
	}
	if diverged > 0 {
		words = append(words, fmt.Sprintf("the simulation is not finite at %s.", plural(diverged, "sample", "samples")))
	}
	return strings.Join(words, " ")
}

// cards are the headline figures: the error, and what it compares with.
func cards(r *Report) []Card {
	chosen, linear, twin := find(r, RoleChosen), find(r, RoleLinear), find(r, RoleUnconstrained)
	var out []Card
	own, name, unit := headline(r, chosen)
	if !finite(own) {
		out = append(out, Card{"simulation error", "not known", "no scored part"})
	} else {
		out = append(out, Card{"simulation error (RMSE)", quantity(own, unit), name})
		if l, _, _ := headline(r, linear); finite(l) && l > 0 && own > 0 {
			out = append(out, Card{"against the linear model", ratio(l / own), "linear: " + quantity(l, unit)})
		}
		if len(r.Outputs) > 0 && len(r.Outputs) == 1 && r.Outputs[0].Noise.known() {
			noise := float64(r.Outputs[0].Noise)
			out = append(out, Card{"against the sensor noise", digits(own/noise, 3) + " × noise", "noise: " + quantity(noise, unit)})
		}
		if t, _, _ := headline(r, twin); finite(t) && t > 0 {
			out = append(out, Card{"price of the guarantee", digits(own/t, 3) + " × the error", "without a guarantee: " + quantity(t, unit)})
		}
	}
	if c := &r.Claim; c.Rate.known() && state(c) == "proved" {
		note := "per step"
		if s := perSecond(c, r.Ts); s > 0 && s < 1 {
			note = "per step; time constant " + duration(-1/math.Log(s))
		}
		out = append(out, Card{"proved rate", rate(float64(c.Rate)), note})
		if c.Recovery > 0 {
			out = append(out, Card{"recovery time", "≤ " + recoveryTime(c.Recovery, r.Ts), "proved, any two initial states in the boxes, to 1 % of the output's standard deviation"})
		}
	}
	return out
}

// recoveryTime is a time where the sampling time is known.
func recoveryTime(k int, ts float64) string {
	if ts > 0 {
		return duration(float64(k) * ts)
	}
	return samples(k, 0)
}

func ratio(x float64) string {
	if x >= 1 {
		return digits(x, 3) + " × smaller"
	}
	return digits(1/x, 3) + " × larger"
}

func find(r *Report, role string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Role == role {
			return &r.Rows[i]
		}
	}
	return nil
}

// headline returns a row's figure on the first scored part: the pooled one where there are several outputs. NaN when
// there is none.
func headline(r *Report, row *Row) (v float64, name, unit string) {
	if row == nil || len(row.Scores) == 0 || len(r.Outputs) == 0 {
		return math.NaN(), "", ""
	}
	s := row.Scores[0]
	unit, name = r.Outputs[0].Unit, r.Outputs[0].Name
	if s.Part != "" {
		name += ", " + s.Part
	}
	if len(r.Outputs) > 1 && s.Pooled.known() {
		return float64(s.Pooled), "all outputs pooled, " + s.Part, unit
	}
	if len(s.RMSE) == 0 {
		return math.NaN(), name, unit
	}
	return s.RMSE[0], name, unit
}
