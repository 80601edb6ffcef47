package cli

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/plumb-go/plumb/lti"
)

// print is the result on paper.
func (r *marginResult) print(w io.Writer) {
	fmt.Fprintf(w, "plant %s (%s), controller %s (%s), feedback %s\n", r.Plant, plural(r.States[0], "state"), r.Controller, plural(r.States[1], "state"), r.Feedback)
	fmt.Fprintf(w, "%s\n", r.closedText())
	if !r.stable() {
		fmt.Fprintf(w, "margin 0: %s\n", lowerFirst(r.stabilityWords()))
		fmt.Fprintf(w, "\n%s\n", r.Page)
		return
	}
	fmt.Fprintln(w, "\none loop at a time, the others closed (bounded numerically)")
	var g grid
	g.add("", "gain from", "to", "at rad/s", "phase deg", "at rad/s", "delay s", "at rad/s", "disk alpha", "at rad/s", "peak S", "peak T")
	for i := range r.Loops {
		l := &r.Loops[i]
		g.add(l.Place+" "+l.Signal, amount(float64(l.GainLow)), amount(float64(l.GainHigh)), amount(float64(l.HighFreq)), amount(float64(l.Phase)), amount(float64(l.PhaseFreq)),
			amount(float64(l.Delay)), amount(float64(l.DelayFreq)), amount(float64(l.Disk.Lower)), amount(float64(l.Disk.Freq)), amount(float64(l.Ms)), amount(float64(l.Mt)))
	}
	g.print(w)
	fmt.Fprintf(w, "\nall channels at the same time, each with its own factor from the disk, skew %g\n", r.Skew)
	for i := range r.Places {
		r.Places[i].print(w)
	}
	fmt.Fprintf(w, "\n%s\n", r.Page)
}

func (r *marginResult) closedText() string {
	what := "closed loop " + strings.ToUpper(r.Closed)
	if r.verdict.State == lti.Stable {
		what = "closed loop stable (verified)"
	}
	if r.States[0]+r.States[1] == 0 {
		return what + ": no dynamics"
	}
	pole := strconv.FormatFloat(r.Pole[0], 'g', 6, 64)
	if r.Pole[1] != 0 {
		pole += " ± " + strconv.FormatFloat(math.Abs(r.Pole[1]), 'g', 6, 64) + "i"
	}
	if r.Time == "discrete" {
		return fmt.Sprintf("%s: outermost pole %s, sampled every %g s", what, pole, r.Ts)
	}
	return fmt.Sprintf("%s: rightmost pole %s", what, pole)
}

func (p *placeMargin) print(w io.Writer) {
	d := &p.Disk
	fmt.Fprintf(w, "  %s (%s): alpha in %s, limited at %s\n", p.Place, strings.Join(p.Signals, ", "), p.bracket(), freqText(float64(d.Freq)))
	fmt.Fprintf(w, "    gain from %s to %s (%s to %s dB), phase ± %s deg\n", amount(float64(d.GainLow)), amount(float64(d.GainHigh)), decibel(float64(d.GainLow)), decibel(float64(d.GainHigh)), down(float64(d.Phase)))
	if len(p.Worst) > 0 {
		var parts []string
		for i, f := range p.Worst {
			parts = append(parts, fmt.Sprintf("%s x %s at %s deg", p.Signals[i], amount(float64(f.Gain)), angle(float64(f.Phase))))
		}
		note := ""
		if v := float64(p.Distance); !math.IsNaN(v) {
			note = fmt.Sprintf("; closing the loop with it puts a pole %.1e from the boundary, relative", v)
		}
		fmt.Fprintf(w, "    worst: %s%s\n", strings.Join(parts, ", "), note)
	}
	if len(p.Signals) > 1 {
		fmt.Fprintf(w, "    with one scaling for all frequencies, so also for factors that vary: alpha %s (bounded numerically)\n", directed(float64(p.Constant), 6, -1))
	}
	switch p.Verdict {
	case "":
	case verdictProved:
		fmt.Fprintf(w, "    PROVED: alpha >= %s at all frequencies, also for factors that vary with time: gain from %s to %s, phase ± %s deg\n", p.Proved, p.Factors[0], p.Factors[1], down(float64(p.Phase)))
		fmt.Fprintf(w, "    %s, judged in %.3g s\n", p.Bundle, float64(p.Checked))
	default:
		fmt.Fprintf(w, "    NOT proved (%s): %s\n", p.Verdict, p.Failed)
	}
}

// bracket rounds the two bounds outwards to six digits.
func (p *placeMargin) bracket() string {
	lo, hi := float64(p.Disk.Lower), float64(p.Disk.Upper)
	if math.IsInf(hi, 1) && math.IsInf(lo, 1) {
		return "[inf, inf] (no perturbation destabilises)"
	}
	return fmt.Sprintf("[%s, %s] (below bounded numerically, above by a perturbation)", directed(lo, 6, -1), directed(hi, 6, 1))
}

// directed rounds to so many significant digits, down for -1, up for 1.
func directed(v float64, digits int, way float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return amount(v)
	}
	step := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-float64(digits-1))
	k := math.Floor(v / step)
	if way > 0 {
		k = math.Ceil(v / step)
	}
	return strconv.FormatFloat(k*step, 'g', digits, 64)
}

// down prints a lower bound with five digits.
func down(v float64) string { return directed(v, 5, -1) }

// amount prints five digits; - is unknown or none.
func amount(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.IsInf(v, 1):
		return "inf"
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}

// angle prints degrees; rounding of a real factor is 0.
func angle(v float64) string {
	const rounding = 1e-9 // degrees
	if math.Abs(v) < rounding {
		return "0"
	}
	return amount(v)
}

func decibel(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+inf"
	case !(v > 0):
		return "-inf"
	}
	return strconv.FormatFloat(20*math.Log10(v), 'f', 2, 64)
}

func freqText(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "high frequencies"
	case math.IsNaN(v):
		return "no frequency"
	}
	return strconv.FormatFloat(v, 'g', 6, 64) + " rad/s"
}

// lowerFirst continues a sentence.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
