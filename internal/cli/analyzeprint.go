package cli

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/plumb-go/plumb/stability"
)

// vector prints (1.2, 3).
func vector(x []float64) string {
	s := make([]string, len(x))
	for i, v := range x {
		s[i] = fmt.Sprintf("%.5g", v)
	}
	return "(" + strings.Join(s, ", ") + ")"
}

func complexText(v [2]float64) string {
	switch {
	case v[1] == 0:
		return fmt.Sprintf("%.5g", v[0])
	case v[1] < 0:
		return fmt.Sprintf("%.5g-%.5gi", v[0], -v[1])
	}
	return fmt.Sprintf("%.5g+%.5gi", v[0], v[1])
}

func (e *equilibrium) eigenvalues() string {
	var s []string
	for i, v := range e.Eigenvalues {
		if i > 0 && v[1] != 0 && v[0] == e.Eigenvalues[i-1][0] && v[1] == -e.Eigenvalues[i-1][1] {
			s[len(s)-1] = fmt.Sprintf("%.5g±%.5gi", v[0], math.Abs(v[1]))
			continue
		}
		s = append(s, complexText(v))
	}
	return strings.Join(s, ", ")
}

// print writes the result on paper.
func (a *analysis) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s time, %d states (%s)\n\n", a.Title, a.timeText(), len(a.States), stateList(a.States))
	a.printEquilibria(w)
	if a.Looked < 0 {
		a.printEnd(w)
		return
	}
	fmt.Fprintf(w, "\nat %s\n", vector(a.Equilibria[a.Looked].X))
	a.printRegion(w)
	a.printCandidate(w)
	for _, g := range a.Gains {
		fmt.Fprintf(w, "  %s %s, bounded numerically (%s)\n", g.Name, short(g.Value), g.Note)
	}
	var g grid
	for i, s := range a.Steps {
		if i == 0 {
			g.add("step response (linearised)", "final", "rise [s]", "settling [s]", "overshoot %", "")
		}
		g.add(s.Input+" to "+s.Output, short(s.Final), short(s.Rise), short(s.Settling), short(s.Overshoot), "")
	}
	g.print(w)
	for _, n := range a.Noise {
		fmt.Fprintf(w, "  standard deviation of %s under %s: %s (linearised)\n", n.Output, a.noiseSource(), short(n.Sigma))
	}
	if u := a.Ultimate; u != nil {
		fmt.Fprintf(w, "  limsup |s| for a disturbance |w| <= 1 at every step (linearised, bounded numerically):\n")
		fmt.Fprintf(w, "    lecture %s, best metric %s, ellipsoid %s, sum of powers %s; reached by a search %s\n", short(u.Lecture), short(u.Metric), short(u.Ellipsoid), short(u.Sum), short(u.Reached))
	}
	a.printEnd(w)
}

func (a *analysis) printEnd(w io.Writer) {
	if p := a.Proof; p != nil {
		fmt.Fprintf(w, "  certificate: %s\n", p.text())
	}
	for _, s := range a.Notes {
		fmt.Fprintf(w, "note: %s\n", s)
	}
	fmt.Fprintln(w)
	if p := a.Proof; p != nil && p.Bundle != "" {
		fmt.Fprintln(w, p.Bundle)
	}
	fmt.Fprintln(w, a.Page)
}

func (a *analysis) printEquilibria(w io.Writer) {
	var g grid
	g.add("equilibrium", "kind", "stability", "how decided", "eigenvalues")
	for i := range a.Equilibria {
		e := &a.Equilibria[i]
		g.add(vector(e.X), e.Kind, e.Verdict, e.How, e.eigenvalues())
	}
	if len(a.Equilibria) > 0 {
		g.print(w)
	}
	for _, e := range a.Equilibria {
		if e.Note != "" {
			fmt.Fprintf(w, "  %s: %s\n", vector(e.X), e.Note)
		}
	}
	fmt.Fprintf(w, "  %s\n", a.completeness())
}

func (a *analysis) completeness() string {
	var s []string
	for i, b := range a.Box {
		s = append(s, fmt.Sprintf("%s in [%.5g, %.5g]", a.States[i].Name, b[0], b[1]))
	}
	where := strings.Join(s, ", ")
	switch {
	case a.Free != nil:
		return fmt.Sprintf("verified: the equilibria are this one with any %s, and no others", strings.Join(a.Free, ", "))
	case a.Complete:
		return "verified: there are no others with " + where
	case len(a.Unsure) == 1:
		return "one box remains undecided with " + where + ": there may be others, or a curve of them"
	}
	return fmt.Sprintf("%d boxes remain undecided with %s: there may be others, or a curve of them", len(a.Unsure), where)
}

// noRegion says why no region of attraction is given.
func (a *analysis) noRegion() string {
	switch e := &a.Equilibria[a.Looked]; e.Verdict {
	case string(stability.Unstable):
		return "unstable: trajectories leave it from arbitrarily near, so it has no region of attraction"
	case string(stability.Marginal):
		return "stable, but trajectories need not return to it, so it has no region of attraction"
	case string(stability.Undecided):
		return "the linearisation does not decide the stability, and no region of attraction was looked for"
	}
	return "no region of attraction was looked for"
}

func (a *analysis) printRegion(w io.Writer) {
	r := a.Region
	if r == nil {
		fmt.Fprintf(w, "  %s\n", a.noRegion())
		return
	}
	if r.Proved == 0 {
		fmt.Fprintf(w, "  no region of attraction was verified: %s\n", r.Why)
		return
	}
	fmt.Fprintf(w, "  region of attraction: %s\n", r.text())
	fmt.Fprintf(w, "  V = d'Pd, d = x - x*, P = %s (%s)\n", matrixText(r.P), r.Chosen)
}

// measure names the size of a set of n states.
func measure(n int) string {
	switch n {
	case 1:
		return "length"
	case 2:
		return "area"
	}
	return "volume"
}

// text says what is known of the region.
func (r *region) text() string {
	if r.Global {
		return "the whole space, verified (the equations are linear)"
	}
	s := fmt.Sprintf("{V <= %.6g} verified, %s %.5g, %d boxes in %.2f s", float64(r.Proved), measure(len(r.P)), float64(r.Volume), r.Boxes, r.Seconds)
	switch {
	case !math.IsInf(float64(r.Falsified), 0) && !math.IsNaN(float64(r.Falsified)):
		s += fmt.Sprintf("; V does not fall at %s, level %.6g (lowest found: estimated)", vector(r.Counter), float64(r.Falsified))
	case r.Limited:
		s += "; it ends at the box of interest, not at a failure"
	default:
		s += "; " + r.Why
	}
	return s
}

func (a *analysis) printCandidate(w io.Writer) {
	c := a.Candidate
	if c == nil {
		return
	}
	word := "is no verified Lyapunov function"
	if c.Holds {
		word = "is a Lyapunov function, verified"
	}
	fmt.Fprintf(w, "  %s %s on {V <= %g}\n", c.V, word, c.Level)
	for _, k := range c.Conditions {
		s := ""
		if k.At != nil {
			s = " at " + vector(k.At)
		}
		if k.Why != "" {
			s += " (" + k.Why + ")"
		}
		fmt.Fprintf(w, "    %-45s %s%s\n", k.Name, k.Outcome, s)
	}
}

func matrixText(m [][]float64) string {
	var rows []string
	for _, r := range m {
		var s []string
		for _, v := range r {
			s = append(s, fmt.Sprintf("%.5g", v))
		}
		rows = append(rows, strings.Join(s, " "))
	}
	return "[" + strings.Join(rows, "; ") + "]"
}

func stateList(all []stateName) string {
	var s []string
	for _, x := range all {
		s = append(s, withUnit(x.Name, x.Unit))
	}
	return strings.Join(s, ", ")
}

func (a *analysis) timeText() string {
	if a.Step > 0 {
		return fmt.Sprintf("discrete (%g s)", a.Step)
	}
	return "continuous"
}

func (a *analysis) noiseSource() string {
	if len(a.Inputs) > 0 {
		return "unit white noise at the inputs"
	}
	return "unit white noise on every state"
}
