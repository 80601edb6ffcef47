package cli

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
)

// grid prints rows in aligned columns: the first and the last to the left, the others to the right.
type grid struct{ rows [][]string }

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

func (g *grid) print(w io.Writer) {
	var width []int
	for _, r := range g.rows {
		for i, c := range r {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range g.rows {
		var b strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i == 0 || i == len(width)-1 {
				b.WriteString("  " + c + pad)
			} else {
				b.WriteString("  " + pad + c)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// printResult is the end of an identification on paper.
func printResult(w io.Writer, set *dataset.Set, r *result) {
	fmt.Fprintln(w)
	for i := range r.Tests {
		printSimulation(w, set, r, i)
	}
	printPredictions(w, set, r)
	printVerdict(w, set, r)
	for _, s := range r.Warnings {
		fmt.Fprintf(w, "warning: %s\n", s)
	}
	for _, s := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", s)
	}
	fmt.Fprintf(w, "\n%s\n%s\n%s\n", r.Bundle, r.Report, r.Run)
}

func printSimulation(w io.Writer, set *dataset.Set, r *result, part int) {
	s := &r.Tests[part]
	fmt.Fprintf(w, "free simulation, part %q, %d samples scored\n", s.Name, s.Samples)
	var g grid
	head := []string{""}
	for i, name := range r.Outputs {
		what := "RMSE"
		if len(r.Outputs) > 1 {
			what = name + " RMSE"
		}
		head = append(head, withUnit(what, s.Unit[i]), "FIT %")
	}
	pooled := len(r.Outputs) > 1 && !mixed(s.Unit)
	if pooled {
		head = append(head, "pooled RMSE")
	}
	g.add(append(head, "claim")...)
	row := func(name string, s *ident.Score, claim string) {
		cells := []string{name}
		for i := range s.RMSE {
			cells = append(cells, short(s.RMSE[i]), percentage(s.FIT[i]))
		}
		if pooled {
			cells = append(cells, short(s.Pooled))
		}
		g.add(append(cells, claim)...)
	}
	row(modelName(r), s, claimed(r.Certificate.Claim, r.Certificate.Verdict))
	row(linearName(&r.Linear), &r.Linear.Tests[part], claimed(r.Linear.Claim, r.Linear.Decided))
	for _, o := range r.Others {
		row(o.Model, &o.Tests[part], claimed(o.Claim, o.Decided))
	}
	g.print(w)
}

// modelName is the class of the model, with the number of members of a parallel sum.
func modelName(r *result) string {
	if r.Members > 1 {
		return fmt.Sprintf("%s, %d members", r.Model, r.Members)
	}
	return r.Model
}

func claimed(claim, decided string) string {
	if claim == ident.None || claim == "" {
		return "none"
	}
	return claim + ", " + decided
}

func printPredictions(w io.Writer, set *dataset.Set, r *result) {
	if len(r.Predictions) == 0 {
		return
	}
	fmt.Fprintln(w, "k-step prediction from measured data (not simulation), RMSE")
	var g grid
	head := []string{"steps ahead"}
	for _, k := range horizons {
		head = append(head, strconv.Itoa(k))
	}
	g.add(append(head, "")...)
	for _, s := range r.Tests {
		for i, out := range r.Outputs {
			for _, lin := range []bool{false, true} {
				name, label := modelName(r), out
				if lin {
					name = "linear"
				}
				if len(r.Tests) > 1 {
					label = s.Name + " " + out
				}
				cells := []string{name}
				for _, p := range r.Predictions {
					switch {
					case p.Name != s.Name:
					case lin:
						cells = append(cells, short(p.Linear[i]))
					default:
						cells = append(cells, short(p.RMSE[i]))
					}
				}
				g.add(append(cells, withUnit(label, s.Unit[i]))...)
			}
		}
	}
	g.print(w)
}

func printVerdict(w io.Writer, set *dataset.Set, r *result) {
	c := &r.Certificate
	fmt.Fprintln(w)
	switch c.Verdict {
	case verdictProved:
		fmt.Fprintf(w, "%s: PROVED by the checker in %.3g s\n", claimTitle[c.Claim], c.CheckerSeconds)
	case verdictNone:
		fmt.Fprintln(w, "no claim: nothing was proved (--guarantee none)")
		return
	default:
		fmt.Fprintf(w, "%s: %s, NOT proved. %s\n", claimTitle[c.Claim], strings.ToUpper(c.Verdict), c.Failed)
		if c.By != "" {
			fmt.Fprintf(w, "  by how much: %s\n", c.By)
		}
		return
	}
	for _, g := range r.Rungs {
		if g.Outcome != "chosen" {
			fmt.Fprintf(w, "  %s was %s: %s\n", claimTitle[g.Claim], g.Outcome, g.Why)
		}
	}
	fmt.Fprintf(w, "  %s\n", c.Statement)
	line := "  rate " + rateText(float64(c.Rate)) + " per sample"
	if r.Ts > 0 {
		line += fmt.Sprintf(" of %.6g s, %s per second", r.Ts, rateText(float64(c.RatePerSecond)))
	}
	fmt.Fprintln(w, line)
	if !math.IsNaN(float64(c.Gain)) {
		fmt.Fprintf(w, "  gain at most %s %s (%s); at least %s seen in simulation\n", roundUp(float64(c.Gain)), c.GainUnit, c.GainWhat, short(c.GainSimulated))
	}
	printDeltaISS(w, r)
	for _, b := range c.Balls {
		fmt.Fprintf(w, "  in the long run %s lies in [%s, %s] %s for inputs in the declared range\n", b.Output, outward(float64(b.Low), -1), outward(float64(b.High), 1), b.Unit)
	}
	printForgetting(w, r)
}

// printDeltaISS prints the figures of a delta-iss claim and the attack on its bound.
func printDeltaISS(w io.Writer, r *result) {
	c := &r.Certificate
	if c.Recovery != nil {
		fmt.Fprintf(w, "  recovery: from any two initial states in the boxes, under one input, the outputs differ by at most 1 %% of their standard deviation after at most %s\n", samplesText(*c.Recovery, r.Ts))
	}
	for _, b := range c.OutputBounds {
		fmt.Fprintf(w, "  %s: gain at most %s %s (largest difference over that of the inputs)", b.Output, roundUp(float64(b.Gain)), b.GainUnit)
		if !math.IsNaN(float64(b.Low)) {
			fmt.Fprintf(w, "; always lies in [%s, %s] %s", outward(float64(b.Low), -1), outward(float64(b.High), 1), b.Unit)
		}
		fmt.Fprintln(w)
	}
	if a := c.Attack; a != nil {
		fmt.Fprintf(w, "  attack on the bound: worst ratio %s (%s) in %d random pairs of trajectories and %d gradient searches (%s)\n", short(a.Ratio), a.Where, a.Pairs, a.Searches, a.Decided)
	}
}

func printForgetting(w io.Writer, r *result) {
	t := r.Forgetting
	seen := "not within " + samplesText(t.Samples, r.Ts)
	if t.Measured != nil {
		seen = "after " + samplesText(*t.Measured, r.Ts)
	}
	if t.Bound == nil {
		fmt.Fprintf(w, "  initial state forgotten to 1 %% of the output span: measured %s; the claim gives no time\n", seen)
		return
	}
	where := ""
	if r.Certificate.Claim == ident.ISS {
		where = " under the rest input"
	}
	fmt.Fprintf(w, "  initial state forgotten to 1 %% of the output span: after at most %s%s (%s, from the proved rate), measured %s\n",
		samplesText(*t.Bound, r.Ts), where, t.Decided, seen)
	if t.Note != "" {
		fmt.Fprintf(w, "  %s\n", t.Note)
	}
}

func samplesText(n int, ts float64) string {
	if ts == 0 {
		return fmt.Sprintf("%d samples", n)
	}
	return fmt.Sprintf("%d samples (%.4g s)", n, float64(n)*ts)
}

var claimTitle = map[string]string{
	ident.Contraction: "contraction",
	ident.DeltaISS:    "incremental input-to-state stability",
	ident.ISS:         "input-to-state stability",
	ident.Bounded:     "boundedness",
	ident.None:        "no claim",
}

// short prints four digits.
func short(f ident.Figure) string {
	v := float64(f)
	switch {
	case math.IsNaN(v):
		return "-"
	case math.IsInf(v, 0):
		return "diverged"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

func percentage(f ident.Figure) string {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// rateText rounds a proved rate up, with enough digits to tell it from 1.
func rateText(r float64) string {
	if r < 0.1 {
		return roundUp(r)
	}
	digits := 4
	if r < 1 && r > 0 {
		digits = max(4, 2+int(math.Ceil(-math.Log10(1-r))))
	}
	digits = min(digits, 15)
	scale := math.Pow(10, float64(digits))
	up := math.Ceil(r*scale) / scale
	if up < r {
		up += 1 / scale
	}
	if up >= 1 && r < 1 {
		return strconv.FormatFloat(r, 'g', -1, 64)
	}
	return strconv.FormatFloat(up, 'f', digits, 64)
}

// roundUp prints an upper bound with four digits, never below it.
func roundUp(v float64) string {
	if !(v > 0) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	step := math.Pow(10, math.Floor(math.Log10(v))-3)
	for k := math.Ceil(v / step); ; k++ {
		s := strconv.FormatFloat(k*step, 'g', 4, 64)
		if back, _ := strconv.ParseFloat(s, 64); back >= v {
			return s
		}
	}
}
