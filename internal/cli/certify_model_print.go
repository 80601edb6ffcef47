package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/model/witness"
)

// recertified is what certify --json prints of a .plumb model. Figures are in physical units; null means that the claim gives none.
type recertified struct {
	File    string         `json:"file"`
	Members []string       `json:"members"`
	Inputs  []string       `json:"inputs"`
	Outputs []string       `json:"outputs"`
	Stored  storedClaim    `json:"stored"`
	Rungs   []rungResult   `json:"rungs"`
	Boxes   *boxChange     `json:"boxes,omitempty"`
	Data    []comparison   `json:"data,omitempty"`
	Contra  []contraResult `json:"counterexamples,omitempty"`
	Notes   []string       `json:"notes,omitempty"`

	writtenFile
	Claim  string         `json:"claim"`
	Change string         `json:"change,omitempty"` // new, better or none, against the certificate that was stored
	Gain   ident.Figure   `json:"gain"`             // incremental l2 gain, or input-to-state gain
	Gains  []ident.Figure `json:"gains,omitempty"`  // delta-iss, per output

	inputs, outputs []cert.Signal
}

// storedClaim is what the file claimed before.
type storedClaim struct {
	Claim   string       `json:"claim"`
	Verdict string       `json:"verdict"`
	Failed  string       `json:"failed,omitempty"`
	Rate    ident.Figure `json:"rate"`
	Gain    ident.Figure `json:"gain"`
}

// rungResult is the outcome of one claim.
type rungResult struct {
	Claim   string `json:"claim"`
	Outcome string `json:"outcome"` // proved, not proved, not available, not tried
	Why     string `json:"why,omitempty"`

	failing []int // members without a proof
}

// What became of the certificate.
const (
	changeNew    = "new"
	changeBetter = "better"
	changeNone   = "none"
)

// describe begins the result.
func (e *existing) describe() *recertified {
	m := &e.b.Manifest
	r := &recertified{File: e.file, Inputs: signalNames(m.Inputs), Outputs: signalNames(m.Outputs), Claim: ident.None,
		writtenFile: nothingWritten(m.SamplingTime), Gain: unknown, inputs: m.Inputs, outputs: m.Outputs,
		Stored: storedClaim{Claim: ident.None, Verdict: verdictNone, Rate: unknown, Gain: unknown}}
	for _, k := range m.Members {
		r.Members = append(r.Members, memberText(k))
	}
	if c := e.b.Certificate; c != nil {
		s := &r.Stored
		s.Claim, s.Verdict, s.Failed = c.Claim, verdictRefused, e.v.Failed
		if e.v.Proved {
			s.Verdict, s.Rate, s.Gain = verdictProved, ident.Figure(upward(e.v.Rate)), gainOf(&e.v)
		}
	}
	return r
}

// memberText is the kind and the sizes of a member.
func memberText(k cert.Member) string {
	switch k.Kind {
	case "lure":
		s := fmt.Sprintf("lure, %s, %d hidden", plural(k.States, "state"), k.Hidden)
		if k.Layers > 0 {
			s += ", " + plural(k.Layers, "sandwich layer")
		}
		return s
	case "gated":
		return fmt.Sprintf("gated, %s, %d gated", plural(k.States, "state"), k.Hidden)
	case "ssm":
		return "ssm, " + plural(len(k.Blocks), "block")
	case "lstm", "gru":
		return k.Kind + ", layers of " + layersText(k.Units) + " units"
	}
	return k.Kind + ", " + plural(k.States, "state")
}

// gainOf is the gain that a proved claim gives of the whole model.
func gainOf(v *cert.Verdict) ident.Figure {
	switch {
	case v.PhysicalGain != nil:
		return ident.Figure(upward(v.PhysicalGain))
	case v.PhysicalISSGain != nil:
		return ident.Figure(upward(v.PhysicalISSGain))
	}
	return unknown
}

// modelReason is an error of a search for people.
func modelReason(err error) string {
	if e, ok := errors.AsType[*lstm.NotProvableError](err); ok {
		var list []string
		for l, x := range e.Radii {
			text := fmt.Sprintf("layer %d has %.4g by components", l, x[0])
			if !math.IsInf(x[1], 1) {
				text += fmt.Sprintf(" and %.4g in norms", x[1])
			}
			list = append(list, text)
		}
		return "the comparisons of its layers do not contract: " + strings.Join(list, "; ") + ", where a number below 1 proves a layer"
	}
	none, ok := errors.AsType[*witness.NotFoundError](err)
	switch {
	case !ok:
		return strings.TrimPrefix(reason(err), "witness: ")
	case !(none.Radius < 1):
		return fmt.Sprintf("its linear part has spectral radius %.6g, which must be below 1: a slope of tanh may be 0", none.Radius)
	case math.IsInf(none.Rate, 1):
		return "no metric was found"
	}
	return fmt.Sprintf("no constant metric with one multiplier a channel gives a rate below 1; the smallest found gives %.5g", none.Rate)
}

// judge has the file on disk judged.
func (r *recertified) judge() {
	v := r.writtenFile.judge()
	if r.Verdict == verdictProved {
		r.Claim, r.Gain, r.Gains = v.Claim, gainOf(v), deltaGains(v)
	}
}

// changes says what became of the certificate and of the boxes.
func (r *recertified) changes(e *existing, found *bundle.Model) {
	switch {
	case found == e.b:
		r.Change = changeNone
	case e.v.Proved && e.v.Claim == found.Certificate.Claim:
		r.Change = changeBetter
	default:
		r.Change = changeNew
	}
	r.Boxes = e.boxes(found)
}

func (r *recertified) print(w io.Writer) {
	fmt.Fprintf(w, "%s: ", r.File)
	if len(r.Members) == 1 {
		fmt.Fprintf(w, "%s\n", r.Members[0])
	} else {
		fmt.Fprintf(w, "a parallel sum of %d members, all of which must pass: %s\n", len(r.Members), strings.Join(r.Members, "; "))
	}
	switch s := &r.Stored; s.Verdict {
	case verdictNone:
		fmt.Fprintln(w, "it claims nothing yet")
	case verdictProved:
		text := "it has a claim already: " + s.Claim + ", proved, rate " + rateText(float64(s.Rate)) + " per sample"
		if !math.IsNaN(float64(s.Gain)) {
			text += ", gain at most " + roundUp(float64(s.Gain))
		}
		fmt.Fprintln(w, text)
	default:
		fmt.Fprintf(w, "it claims %s, which the checker refuses: %s\n", s.Claim, s.Failed)
	}
	fmt.Fprintln(w, "claims, the strongest first")
	for _, x := range r.Rungs {
		text := fmt.Sprintf("  %-11s  %s", x.Claim, x.Outcome)
		if x.Why != "" {
			text += ": " + x.Why
		}
		fmt.Fprintln(w, text)
	}
	if slices.ContainsFunc(r.Rungs, func(x rungResult) bool { return x.Outcome == rungFailed }) {
		fmt.Fprintln(w, "  A search that fails is no proof of the contrary: the conditions are sufficient, not necessary.")
	}
	for _, c := range r.Contra {
		fmt.Fprintf(w, "counterexample: %s\n", c.Statement) // which says how it was decided
	}
	if r.Boxes != nil {
		r.Boxes.print(w, r.Outputs)
	}
	r.compared(w)
	for _, s := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", s)
	}
	r.printWritten(w)
}

// compared prints how the model predicts the data.
func (r *recertified) compared(w io.Writer) {
	c := certified{Data: r.Data, Outputs: r.Outputs}
	c.compared(w)
}

// printWritten prints the verdict on the new file.
func (r *recertified) printWritten(w io.Writer) {
	if r.Bundle == "" {
		fmt.Fprintln(w, "nothing is proved, nothing was written")
		return
	}
	r.printVerdict(w, r.figures)
}

// figures prints what was proved, each rounded to the safe side.
func (r *recertified) figures(w io.Writer) {
	switch r.Change {
	case changeNone:
		fmt.Fprintln(w, "  nothing better was found: the certificate is the one that was stored")
	case changeBetter:
		text := fmt.Sprintf("  tightened: rate %s after %s", rateText(float64(r.Rate)), rateText(float64(r.Stored.Rate)))
		if !math.IsNaN(float64(r.Stored.Gain)) {
			text += fmt.Sprintf(", gain %s after %s", roundUp(float64(r.Gain)), roundUp(float64(r.Stored.Gain)))
		}
		fmt.Fprintln(w, text)
	}
	if r.Claim == ident.DeltaISS {
		c := certified{writtenFile: r.writtenFile, Gain: r.Gains, Outputs: r.Outputs}
		c.figures(w)
		return
	}
	rate := "rate " + rateText(float64(r.Rate)) + " per sample"
	if r.ts > 0 {
		rate += ", " + rateText(float64(r.PerSecond)) + " per second"
	}
	fmt.Fprintf(w, "  %s: %s\n", r.Claim, rate)
	if !math.IsNaN(float64(r.Gain)) {
		what := "incremental l2 gain from inputs to outputs"
		if r.Claim == ident.ISS {
			what = "ISS gain: sup |y - y_rest| over sup |u - u_rest|, in the long run"
		}
		fmt.Fprintf(w, "  gain at most %s (%s)\n", roundUp(float64(r.Gain)), what)
	}
	for i, name := range r.Outputs {
		if i < len(r.Reach) {
			fmt.Fprintf(w, "  in the long run %s lies in [%s, %s] %s for inputs in the declared range\n", name, outward(r.Reach[i][0], -1), outward(r.Reach[i][1], 1), r.outputs[i].Unit)
		}
	}
}
