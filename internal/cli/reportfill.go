package cli

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
)

// report fills the report of the run.
func (h *handover) report() (*report.Report, error) {
	set, m := h.set, h.res.Model
	r := &report.Report{
		Name: h.name, Data: h.run.Flags.Data, Ts: set.Record.Ts,
		Model: report.Model{Name: h.title(), Details: h.details(), Parameters: h.res.Parameters, Seconds: h.r.Seconds, Bundle: filepath.Base(h.path)},
		Claim: h.claim(), Rows: h.rows(), Warnings: h.warnings, Notes: h.notes,
		Counterexample: h.counterexample(),
	}
	for i, c := range set.Inputs {
		s := set.Record.Signals[c]
		r.Inputs = append(r.Inputs, report.Signal{Name: s.Name, Unit: s.Unit, Low: report.Number(m.UMid[i] - m.UHalf[i]), High: report.Number(m.UMid[i] + m.UHalf[i])})
	}
	var noise float64 // known of simulated data only
	if d, ok := demoNamed(h.run.Flags.Data); ok {
		noise = d.noise
	}
	for _, c := range set.Outputs {
		s := set.Record.Signals[c]
		r.Outputs = append(r.Outputs, report.Signal{Name: s.Name, Unit: s.Unit, Noise: report.Number(noise)})
	}
	for i, p := range h.parts {
		part, err := h.part(p, i)
		if err != nil {
			return nil, err
		}
		r.Parts = append(r.Parts, *part)
	}
	for _, c := range h.res.Curves {
		r.Training = append(r.Training, report.TrainingCurve(c))
	}
	r.Forgetting = h.curveOfForgetting()
	r.Reproduce = report.Reproduce{
		Command: h.run.Command, Rerun: "plumb rerun " + h.r.Run, Check: "plumb-check " + h.path, Seed: h.run.Flags.Seed,
		Version: h.run.Version, Platform: h.run.Platform, DataSHA256: h.run.DataSHA256, BundleSum: h.run.BundleSHA256,
	}
	for _, s := range h.res.Stages {
		line := fmt.Sprintf("%s: %s %d", s.Fit, report.FirstStage(s.Fit), s.AdamSteps)
		if s.LBFGSSteps+s.PolishSteps > 0 {
			line += fmt.Sprintf(", L-BFGS %d", s.LBFGSSteps)
		}
		if s.PolishSteps > 0 {
			line += fmt.Sprintf(", then %d on all workers", s.PolishSteps)
		}
		r.Reproduce.Steps = append(r.Reproduce.Steps, line)
	}
	return r, nil
}

// kindWords names a class for people.
var kindWords = map[string]string{
	"r2dn":       "contracting Lur'e network",
	"ssm":        "stable state-space cascade",
	"gated":      "sector-gated network",
	"lure-schur": "Lur'e network with Schur linear part",
	"lure-free":  "unconstrained Lur'e network",

	"lstm":               "deep LSTM, stable by construction",
	"lstm-componentwise": "deep LSTM, componentwise condition",
	"lstm-penalty":       "deep LSTM, soft penalty",
	"lstm-free":          "unconstrained deep LSTM",
	"gru":                "deep GRU, stable by construction",
	"gru-componentwise":  "deep GRU, componentwise condition",
	"gru-penalty":        "deep GRU, soft penalty",
	"gru-free":           "unconstrained deep GRU",
}

func inWords(kind string) string {
	var out []string
	for k := range strings.SplitSeq(kind, " + ") {
		if w, ok := kindWords[k]; ok {
			k = w
		}
		out = append(out, k)
	}
	return strings.Join(out, " + ")
}

func (h *handover) title() string {
	t := inWords(h.res.Kind)
	if n := len(h.res.Model.Members); n > 1 {
		t += fmt.Sprintf(", %d members", n)
	}
	return t
}

func (h *handover) details() []string {
	m := h.res.Model
	var out []string
	for j, b := range h.res.Bundle.Manifest.Members {
		out = append(out, fmt.Sprintf("member %d: %s", j, sizes(b)))
	}
	out = append(out, fmt.Sprintf("input delay %s samples", joined(m.Delay)), fmt.Sprintf("initial state from %d samples", m.Lags))
	for i, c := range h.set.Outputs {
		s := h.set.Record.Signals[c]
		if m.Integrate[i] {
			out = append(out, s.Name+" is integrated outside the certified block")
		}
		if !math.IsInf(m.Low[i], 0) || !math.IsInf(m.High[i], 0) {
			out = append(out, fmt.Sprintf("%s limited to %s, as its sensor is", s.Name, limits(m.Low[i], m.High[i], s.Unit)))
		}
	}
	return out
}

func limits(low, high float64, unit string) string {
	switch {
	case math.IsInf(low, -1):
		return fmt.Sprintf("at most %.6g %s", high, unit)
	case math.IsInf(high, 1):
		return fmt.Sprintf("at least %.6g %s", low, unit)
	}
	return fmt.Sprintf("[%.6g, %.6g] %s", low, high, unit)
}

func sizes(b cert.Member) string {
	switch b.Kind {
	case "ssm":
		var blocks []string
		for _, k := range b.Blocks {
			blocks = append(blocks, fmt.Sprintf("%d complex states, %d hidden units", k.States, k.Hidden))
		}
		return "cascade of " + strings.Join(blocks, "; ")
	case "gated":
		return fmt.Sprintf("%d states, %d gated channels, gate of width %d", b.States, b.Hidden, b.Gate)
	}
	if len(b.Units) > 0 {
		s := joined(b.Units) + " units"
		if len(b.Units) > 1 {
			s = "layers of " + s
		}
		if b.Filter.States > 0 {
			s += fmt.Sprintf(", filter of %d complex states", b.Filter.States)
		}
		return s
	}
	s := fmt.Sprintf("%d states, %d hidden units", b.States, b.Hidden)
	if b.Layers > 0 {
		s += fmt.Sprintf(", %d sandwich layers", b.Layers)
	}
	return s
}

func joined(x []int) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(x), " ", ", "), "[]") }

func (h *handover) claim() report.Claim {
	c := &h.r.Certificate
	t := h.r.Forgetting
	out := report.Claim{
		Claim: c.Claim, Statement: c.Statement, Failed: c.Failed, Rate: known(c.Rate), RatePerSecond: known(c.RatePerSecond),
		Gain: known(c.Gain), GainWhat: c.GainWhat, GainUnit: c.GainUnit, GainSimulated: known(c.GainSimulated),
		RecordSamples: t.Samples, CheckerSeconds: c.CheckerSeconds,
	}
	if c.By != "" {
		out.Failed += ", by " + c.By
	}
	switch c.Verdict {
	case verdictProved:
		out.Verdict, out.Decided = report.Proved, report.Proved
	case verdictRefused:
		out.Verdict, out.Decided = report.Refused, report.Undecided
	case verdictNone:
		out.Verdict = report.NotClaimed
	default:
		out.Verdict = report.Malformed
	}
	if t.Bound != nil {
		out.ForgettingProved, out.ForgettingDecided = *t.Bound, t.Decided
	}
	out.ForgettingMeasured = -1
	if t.Measured != nil {
		out.ForgettingMeasured = *t.Measured
	}
	step := "one step is one sample"
	if ts := h.set.Record.Ts; ts > 0 {
		step = fmt.Sprintf("one step is the sampling time of %.6g s, inputs held", ts)
	}
	where := domain[c.Claim]
	if c.Claim == ident.DeltaISS {
		where = assumed(c.InputRange)
	}
	out.Assumptions = []string{where, "Time model: discrete; " + step + ".",
		"The claim is about the identified model, not about the plant; how well the model describes the plant is what the test figures say."}
	if out.Assumptions[0] == "" {
		out.Assumptions = out.Assumptions[1:]
	}
	if c.Recovery != nil {
		out.Recovery = *c.Recovery
	}
	for _, b := range c.OutputBounds {
		out.Bounds = append(out.Bounds, report.OutputBound{Output: b.Output, Unit: b.Unit, Gain: known(b.Gain), GainUnit: b.GainUnit, Low: known(b.Low), High: known(b.High)})
	}
	if a := c.Attack; a != nil {
		out.Attack = &report.Attack{Ratio: report.Number(a.Ratio), Where: a.Where, Pairs: a.Pairs, Searches: a.Searches, Samples: a.Samples, Box: report.Number(a.Box)}
	}
	for _, b := range c.Balls {
		out.Balls = append(out.Balls, report.Ball{Output: b.Output, Unit: b.Unit, Center: report.Number((b.Low + b.High) / 2), Radius: report.Number((b.High - b.Low) / 2)})
	}
	for _, g := range h.res.Rungs {
		out.Ladder = append(out.Ladder, report.Rung(g))
	}
	return out
}

// assumed says where a delta-iss claim holds.
func assumed(inputs []inputRange) string {
	var words []string
	for _, u := range inputs {
		words = append(words, fmt.Sprintf("%s lies in [%s, %s]%s", u.Input, outward(float64(u.Low), 1), outward(float64(u.High), -1), spaced(u.Unit)))
	}
	if len(words) == 0 {
		return ""
	}
	return "Domain: regional. It is assumed that " + strings.Join(words, " and ") + " at all times, and that a simulation starts inside the certificate's boxes, as every start that the model makes does. From the first sample outside that range on, nothing is claimed."
}

func spaced(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

// domain says where a claim holds.
var domain = map[string]string{
	ident.Contraction: "Domain: all inputs and all initial states.",
	ident.ISS:         "Domain: all bounded inputs and all initial states; the rest state belongs to the declared rest input.",
	ident.Bounded:     "Domain: all initial states; inputs in the declared operating range.",
}

// known turns an unknown figure into the report's 0.
func known(f ident.Figure) report.Number {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return report.Number(f)
}

func (h *handover) rows() []report.Row {
	r := h.r
	role := report.RoleChosen
	decided := report.Proved
	switch r.Certificate.Verdict {
	case verdictProved:
	case verdictNone:
		decided = report.Undecided
	default:
		decided = report.Refused
	}
	rows := []report.Row{
		{Name: h.title(), Role: role, Claim: r.Certificate.Claim, Decided: decided, Parameters: r.Parameters, Scores: rowScores(r.Tests)},
		{Name: linearName(&r.Linear), Role: report.RoleLinear, Claim: r.Linear.Claim, Decided: r.Linear.Decided, Parameters: r.Linear.Parameters, Scores: rowScores(r.Linear.Tests)},
	}
	for _, o := range r.Others {
		role := report.RoleClass
		if o.Claim == ident.None {
			role = report.RoleUnconstrained
		}
		rows = append(rows, report.Row{Name: inWords(o.Model), Role: role, Claim: o.Claim, Decided: o.Decided, Parameters: o.Parameters, Scores: rowScores(o.Tests),
			Note: "fitted on the way, not handed over"})
	}
	return rows
}

func linearName(l *linearResult) string { return fmt.Sprintf("linear, order %d", l.Order) }

func rowScores(scores []ident.Score) []report.Score {
	var out []report.Score
	for _, s := range scores {
		t := report.Score{Part: s.Name, RMSE: series(s.RMSE), FIT: series(s.FIT), NRMSE: series(s.NRMSE)}
		if len(s.RMSE) > 1 {
			t.Pooled = known(s.Pooled)
		}
		out = append(out, t)
	}
	return out
}

func series(f []ident.Figure) report.Series {
	out := make(report.Series, len(f))
	for i, v := range f {
		out[i] = float64(v)
	}
	return out
}

// part is one scored part with its traces. Parts that share a name, and are scored together, are numbered.
func (h *handover) part(p dataset.Part, index int) (*report.Part, error) {
	set := h.set
	out := &report.Part{Name: p.Name, Window: p.Window, Time0: float64(p.From+p.Window) * set.Record.Ts}
	number, same := 0, 0
	for i, q := range h.parts {
		if q.Name == p.Name {
			same++
			if i <= index {
				number++
			}
		}
	}
	if same > 1 {
		out.Name = fmt.Sprintf("%s %d", p.Name, number)
	}
	y, err := h.model.SimulatePart(set, p)
	if err != nil {
		return nil, err
	}
	lin, err := h.linear.SimulatePart(set, p)
	if err != nil {
		return nil, err
	}
	meas := ident.Measured(set, p)
	for i, c := range set.Outputs {
		s := set.Record.Signals[c]
		out.Outputs = append(out.Outputs, report.Trace{Name: s.Name, Unit: s.Unit, Measured: meas[i], Simulated: y[i], Linear: lin[i]})
	}
	for _, c := range set.Inputs {
		s := set.Record.Signals[c]
		out.Inputs = append(out.Inputs, report.Input{Name: s.Name, Unit: s.Unit, Values: set.Record.Experiments[p.Experiment].Data[c][p.From+p.Window : p.To]})
	}
	if number == 1 {
		for _, k := range h.r.Predictions {
			if k.Name == p.Name {
				out.Prediction = append(out.Prediction, report.Prediction{Steps: k.Steps, RMSE: series(k.RMSE), Linear: series(k.Linear)})
			}
		}
	}
	return out, nil
}

func (h *handover) curveOfForgetting() *report.Forgetting {
	f := &report.Forgetting{What: "largest output difference of two simulations of part " + h.r.Forgetting.Part, Unit: "spans of the output",
		Difference: h.forgetting.Difference, Bound: h.bound, Decided: report.Estimated,
		Note: "Each state of the second simulation starts displaced by its travel along the part plus half a unit."}
	switch {
	case h.bound != nil && h.r.Certificate.Claim == ident.DeltaISS:
		f.Decided = report.Numerical
		f.Note = "Each state of the second simulation starts at the far side of its box. The bound holds for any two initial states in the boxes."
	case h.bound != nil:
		f.Decided = report.Numerical
		f.Note += " The bound follows from the proved rate and the metric of each member for this displacement."
	case h.r.Certificate.Claim == ident.ISS:
		f.Note += " Input-to-state stability bounds the distance from rest under the rest input, not this difference; no bound is drawn."
	}
	return f
}

func (h *handover) counterexample() *report.Counterexample {
	c := h.res.Counterexample
	if c == nil {
		return nil
	}
	out := &report.Counterexample{Statement: c.Statement, Decided: report.Estimated, Ts: h.set.Record.Ts, Input: report.Input{Name: c.Input, Values: c.U}, A: c.Y[0], B: c.Y[1]}
	for _, s := range h.set.Record.Signals {
		if s.Name == c.Input {
			out.Input.Unit = s.Unit
		}
		if s.Name == c.Output {
			out.Output = report.Signal{Name: s.Name, Unit: s.Unit}
		}
	}
	return out
}

var _ ident.Simulator = (*deploy.Model)(nil)
