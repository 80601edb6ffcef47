package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/stability"
)

// page draws the report.
func (a *analysis) page() *report.Document {
	d := &report.Document{Title: a.Title, About: fmt.Sprintf("%s time; states %s", a.timeText(), stateList(a.States)), Version: Version, Warnings: a.Notes}
	d.Verdict, d.Good = a.verdict()
	d.Cards = a.cards()
	d.Sections = append(d.Sections, report.Section{ID: "equilibria", Title: "Equilibria", Blocks: a.equilibriumBlocks()})
	if p := a.portrait(); p != nil {
		d.Sections = append(d.Sections, report.Section{ID: "portrait", Title: "Phase portrait", Blocks: []report.Block{p}})
	}
	if a.Region != nil {
		d.Sections = append(d.Sections, report.Section{ID: "region", Title: "Region of attraction", Blocks: a.regionBlocks()})
	}
	if a.Candidate != nil {
		d.Sections = append(d.Sections, report.Section{ID: "lyapunov", Title: "Lyapunov function", Blocks: []report.Block{a.candidateTable()}})
	}
	if a.Looked >= 0 {
		if b := a.pathBlocks(); b != nil {
			d.Sections = append(d.Sections, report.Section{ID: "trajectories", Title: "Trajectories", Blocks: b})
		}
	}
	if b := a.responseBlocks(); b != nil {
		d.Sections = append(d.Sections, report.Section{ID: "response", Title: "Responses", Blocks: b})
	}
	if b := a.proofBlocks(); b != nil {
		d.Sections = append(d.Sections, report.Section{ID: "certificate", Title: "Certificate", Blocks: b})
	}
	d.Sections = append(d.Sections, report.Section{ID: "reproduce", Title: "Reproduce", Blocks: []report.Block{report.Code(a.Command), a.parameterTable()}})
	return d
}

// verdict is the badge: the strongest word that holds of the equilibrium that was looked at.
func (a *analysis) verdict() (string, *bool) {
	good, bad := true, false
	if a.Looked < 0 {
		return "no equilibrium", nil
	}
	e := &a.Equilibria[a.Looked]
	switch {
	case a.Proof != nil && a.Proof.Verdict == verdictProved:
		return "stability proved", &good
	case e.Verdict == string(stability.Asymptotic):
		return e.Verdict + ", " + e.How, &good
	case e.Verdict == string(stability.Unstable):
		return e.Verdict + ", " + e.How, &bad
	}
	return e.Verdict + ", " + e.How, nil
}

func (a *analysis) cards() []report.Card {
	note := "others may exist"
	count := fmt.Sprint(len(a.Equilibria))
	if a.Complete {
		note = "all of the box, verified"
	}
	if a.Free != nil {
		count, note = "a flat set", "any "+strings.Join(a.Free, ", ")+", verified"
	}
	out := []report.Card{{Name: "equilibria", Value: count, Note: note}}
	if r := a.Region; r != nil && r.Global {
		out = append(out, report.Card{Name: "region of attraction", Value: "everything", Note: "verified"})
	} else if r != nil && r.Proved > 0 {
		out = append(out, report.Card{Name: "region of attraction", Value: fmt.Sprintf("%.4g", float64(r.Volume)), Note: fmt.Sprintf("%s of {V ≤ %.5g}, verified", measure(len(a.States)), float64(r.Proved))})
		if p := a.Proof; p != nil && p.Verdict == verdictProved {
			out = append(out, report.Card{Name: "of it proved", Value: fmt.Sprintf("%.4g", p.Volume), Note: fmt.Sprintf("%s of {V < %s}, by the checker", p.measure, p.Level)})
		}
		if r.Counter != nil {
			out = append(out, report.Card{Name: "level of the first failure", Value: fmt.Sprintf("%.5g", float64(r.Falsified)), Note: "estimated: the lowest that was found"})
		}
	}
	for _, g := range a.Gains[:min(2, len(a.Gains))] {
		out = append(out, report.Card{Name: g.Name, Value: short(g.Value), Note: "bounded numerically"})
	}
	return out
}

func (a *analysis) equilibriumBlocks() []report.Block {
	t := &report.Table{Heads: []report.Head{{Text: "equilibrium"}, {Text: "kind"}, {Text: "stability"}, {Text: "how decided"}, {Text: "eigenvalues"}}, Note: a.equilibriumNote()}
	for i := range a.Equilibria {
		e := &a.Equilibria[i]
		t.Rows = append(t.Rows, report.TableRow{Chosen: i == a.Looked, Cells: []report.Cell{{Text: vector(e.X), Small: e.Note}, {Text: e.Kind}, {Text: e.Verdict}, {Text: e.How}, {Text: e.eigenvalues()}}})
	}
	return []report.Block{t}
}

func (a *analysis) equilibriumNote() string {
	rest := a.completeness()
	rest = strings.ToUpper(rest[:1]) + rest[1:] + "."
	if a.Affine && !a.Complete || a.Free != nil {
		return "The equations are linear; the eigenvalues decide. " + rest
	}
	return "Each lies in a box of its own that holds no other, verified. " + rest
}

// Numbers of the portrait.
const (
	portraitWidth = 640 // pixels
	streamCells   = 22  // seeds of streamlines across
	contourCells  = 160
)

// portrait draws two states against each other: streamlines, equilibria by kind and level sets.
func (a *analysis) portrait() *report.Drawing {
	if len(a.States) != 2 {
		return nil
	}
	xlo, xhi, ylo, yhi := a.Box[0][0], a.Box[0][1], a.Box[1][0], a.Box[1][1]
	f := func(x, y float64) (float64, float64) {
		v := make([]float64, 2)
		a.field.Eval(v, []float64{x, y})
		if a.Step > 0 {
			return v[0] - x, v[1] - y
		}
		return v[0], v[1]
	}
	var marks []plot.Mark
	for _, s := range plot.Streamlines(f, xlo, xhi, ylo, yhi, streamCells) {
		marks = append(marks, s)
	}
	marks = append(marks, a.levelSets(xlo, xhi, ylo, yhi)...)
	marks = append(marks, a.symbols()...)
	d := &report.Drawing{File: "phase-portrait", Caption: a.portraitCaption(), Figure: &plot.Figure{Label: "Phase portrait", Width: portraitWidth,
		X:      plot.Axis{Name: a.States[0].Name, Unit: a.States[0].Unit, Min: xlo, Max: xhi},
		Panels: []plot.Panel{{Height: 430, Y: plot.Axis{Name: a.States[1].Name, Unit: a.States[1].Unit, Min: ylo, Max: yhi}, Marks: marks}}}}
	for i := range 2 {
		var all []float64
		for _, e := range a.Equilibria {
			all = append(all, e.X[i])
		}
		d.Columns = append(d.Columns, report.Column{Name: "equilibrium " + a.States[i].Name, Unit: a.States[i].Unit, Values: all})
	}
	for _, m := range marks {
		if p, ok := m.(*plot.Path); ok && p.Name != "" {
			d.Columns = append(d.Columns, report.Column{Name: p.Name + ", " + a.States[0].Name, Unit: a.States[0].Unit, Values: p.X}, report.Column{Name: p.Name + ", " + a.States[1].Name, Unit: a.States[1].Unit, Values: p.Y})
		}
	}
	return d
}

func (a *analysis) portraitCaption() string {
	s := "Streamlines of the field"
	if a.Step > 0 {
		s = "Streamlines of the displacement f(x) − x of one step"
	}
	s += "; equilibria by kind."
	if r := a.Region; r != nil && !r.Global && r.Proved > 0 {
		word := "verified"
		if p := a.Proof; p != nil && p.Verdict == verdictProved {
			word = "proved"
		}
		s += " From inside the green set every trajectory ends at the equilibrium (" + word + ")."
		if r.Counter != nil {
			s += " The dashed set is the smallest on which V was found not to fall, at the point marked (estimated); a quadratic V cannot prove more than it encloses, the true region may be larger."
		}
	}
	return s
}

// mostlyProved is the part of the verified level from which on the proved set is drawn alone.
const mostlyProved = 0.98

func (a *analysis) levelSets(xlo, xhi, ylo, yhi float64) []plot.Mark {
	r := a.attraction
	if r == nil || r.Proved == 0 {
		return nil
	}
	v := func(x, y float64) float64 {
		d, e := x-r.At[0], y-r.At[1]
		return r.P.At(0, 0)*d*d + 2*r.P.At(0, 1)*d*e + r.P.At(1, 1)*e*e
	}
	curve := func(level float64) (x, y []float64) {
		return plot.Contour(v, xlo, xhi, ylo, yhi, contourCells, level)
	}
	var out []plot.Mark
	level, name := r.Proved, "verified level set"
	if p := a.Proof; p != nil && p.Verdict == verdictProved {
		if v, err := strconv.ParseFloat(p.Level, 64); err == nil {
			level, name = v, "proved level set"
		}
	}
	if level < mostlyProved*r.Proved {
		x, y := curve(r.Proved)
		out = append(out, &plot.Path{Name: "verified level set", Color: plot.Green, Dash: plot.Dotted, Width: 1.5, Quiet: true, X: x, Y: y})
	}
	x, y := curve(level)
	out = append(out, &plot.Path{Name: name, Color: plot.Green, Width: 2.2, Fill: true, Quiet: true, X: x, Y: y})
	for _, part := range []float64{0.25, 0.5, 0.75} { // of the axes
		x, y := curve(part * part * level)
		out = append(out, &plot.Path{Color: plot.Green, Width: 0.8, Quiet: true, X: x, Y: y})
	}
	if r.Counter != nil {
		x, y := curve(r.Falsified)
		out = append(out, &plot.Path{Name: "falsified level set", Color: plot.Vermillion, Dash: plot.Dashed, Quiet: true, X: x, Y: y},
			&plot.Symbols{Name: "V does not fall here", Color: plot.Vermillion, Shape: plot.Cross, X: r.Counter[:1], Y: r.Counter[1:2]})
	}
	return out
}

// symbols marks the equilibria by kind.
func (a *analysis) symbols() []plot.Mark {
	kinds := []struct {
		name string
		is   func(e *equilibrium) bool
		mark plot.Symbols
	}{
		{"stable", func(e *equilibrium) bool { return e.Verdict == string(stability.Asymptotic) }, plot.Symbols{Color: plot.Blue, Shape: plot.Disk}},
		{"saddle", func(e *equilibrium) bool { return e.Kind == "saddle" }, plot.Symbols{Color: plot.Purple, Shape: plot.Cross}},
		{"unstable", func(e *equilibrium) bool { return e.Verdict == string(stability.Unstable) }, plot.Symbols{Color: plot.Orange, Shape: plot.Ring}},
		{"not decided", func(*equilibrium) bool { return true }, plot.Symbols{Color: plot.Ink, Shape: plot.Ring}},
	}
	done := make([]bool, len(a.Equilibria))
	var out []plot.Mark
	for _, k := range kinds {
		m := k.mark
		m.Name = k.name
		for i := range a.Equilibria {
			if e := &a.Equilibria[i]; !done[i] && k.is(e) {
				done[i] = true
				m.X, m.Y = append(m.X, e.X[0]), append(m.Y, e.X[1])
			}
		}
		if len(m.X) > 0 {
			out = append(out, &m)
		}
	}
	return out
}

func (a *analysis) regionBlocks() []report.Block {
	r := a.Region
	if r.Proved == 0 {
		return []report.Block{report.Text("No region was verified: " + r.Why + ".")}
	}
	return []report.Block{
		report.Text("V(x) = d'Pd with d = x − " + vector(a.Equilibria[a.Looked].X) + ": " + r.text() + ". V(0) = 0, V > 0 elsewhere, the equilibrium and the decrease are all checked, and no neighbourhood of the equilibrium is left out."),
		report.Code("P = " + strings.ReplaceAll(matrixText(r.P), "; ", ";\n     "))}
}

func (a *analysis) candidateTable() *report.Table {
	c := a.Candidate
	t := &report.Table{Heads: []report.Head{{Text: "condition"}, {Text: "outcome"}, {Text: "where it fails"}}, Note: fmt.Sprintf("V = %s, level %g.", c.V, c.Level)}
	for _, k := range c.Conditions {
		at := ""
		if k.At != nil {
			at = vector(k.At)
		}
		t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: k.Name}, {Text: k.Outcome}, {Text: at, Small: k.Why}}})
	}
	return t
}

func (a *analysis) parameterTable() report.Block {
	t := &report.Table{Heads: []report.Head{{Text: "parameter"}, {Text: "value", Number: true}, {Text: "unit"}}}
	for _, p := range a.Parameters {
		t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: p.Name}, {Text: fmt.Sprintf("%g", p.Value)}, {Text: p.Unit}}})
	}
	if len(t.Rows) == 0 {
		return report.Text("The system has no parameters.")
	}
	return t
}

func (a *analysis) responseBlocks() []report.Block {
	if a.ss == nil || a.found[a.Looked].Linear.Verdict != stability.Asymptotic {
		return nil
	}
	out := []report.Block{report.Text("Of the linearisation at the equilibrium, bounded numerically.")}
	if len(a.Gains) > 0 {
		t := &report.Table{Heads: []report.Head{{Text: "gain from all inputs to all outputs"}, {Text: "value", Number: true}, {Text: "meaning"}}}
		for _, g := range a.Gains {
			t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: g.Name}, {Text: short(g.Value)}, {Text: g.Note}}})
		}
		out = append(out, t)
	}
	if d := a.stepDrawing(); d != nil {
		out = append(out, d)
	}
	if d := a.noiseDrawing(); d != nil {
		out = append(out, d)
	}
	if u := a.Ultimate; u != nil {
		t := &report.Table{Heads: []report.Head{{Text: "bound of limsup |s| for |w| ≤ 1 at every step"}, {Text: "value", Number: true}}, Note: "The last row is reached by a disturbance that was searched for: what lies between is the conservatism of the bounds."}
		for _, c := range []struct {
			name  string
			value string
		}{{"lecture: √cond P / (1 − √γ)", short(u.Lecture)}, {"the same, best metric of a family", short(u.Metric)}, {"invariant ellipsoid", short(u.Ellipsoid)}, {"Σ|Aᵏ|", short(u.Sum)}, {"reached", short(u.Reached)}} {
			t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: c.name}, {Text: c.value}}})
		}
		out = append(out, t)
	}
	return out
}

// stepDrawing shows the step responses, a panel for each output.
func (a *analysis) stepDrawing() *report.Drawing {
	if len(a.Inputs) == 0 {
		return nil
	}
	t, err := lti.TimeGrid(a.ss)
	if err != nil {
		return nil
	}
	r, err := lti.Step(a.ss, t)
	if err != nil {
		return nil
	}
	d := &report.Drawing{File: "step", Caption: "Step response of the linearisation, deviation from the equilibrium.", Figure: &plot.Figure{Label: "Step response", X: plot.Axis{Name: "time", Unit: "s"}},
		Columns: []report.Column{{Name: "time", Unit: "s", Values: t}}}
	for i := range r.Y {
		p := plot.Panel{Height: 150, Y: plot.Axis{Name: a.Outputs[i].Name, Unit: a.Outputs[i].Unit}}
		for j, y := range r.Y[i] {
			p.Marks = append(p.Marks, &plot.Line{Name: "step in " + a.Inputs[j].Name, Color: plot.Cycle(j), Hold: a.Step > 0, X: t, Y: y})
			d.Columns = append(d.Columns, report.Column{Name: a.Outputs[i].Name + " for " + a.Inputs[j].Name, Unit: a.Outputs[i].Unit, Values: y})
		}
		d.Figure.Panels = append(d.Figure.Panels, p)
	}
	return d
}

// Numbers of the stochastic response.
const (
	noisePaths   = 8
	noiseSamples = 400
)

// noiseDrawing shows sample paths of the linearisation from rest under white noise within two standard deviations.
func (a *analysis) noiseDrawing() *report.Drawing {
	s, err := a.spread()
	if err != nil {
		return nil
	}
	n := len(a.States)
	g := &stability.Gaussian{A: s.a, C: a.ss.C, Mean: make([]float64, n), Cov: s.q}
	root, ok := rootOf(s.q)
	if !ok {
		return nil
	}
	t := plot.Steps(0, s.dt, noiseSamples)
	paths := make([][][]float64, noisePaths) // path, output, sample
	r := rng.Stream(1, "analyze/noise")
	for k := range paths {
		paths[k] = walk(r.NormFloat64, s.a, root, a.ss.C, noiseSamples)
	}
	bands := make([][]float64, len(a.Outputs))
	for k := range noiseSamples {
		_, cov, err := g.At(k)
		if err != nil {
			return nil
		}
		for i := range bands {
			bands[i] = append(bands[i], 2*math.Sqrt(max(cov.At(i, i), 0)))
		}
	}
	d := &report.Drawing{File: "noise", Caption: fmt.Sprintf("Response of the linearisation from rest to %s: %d sample paths, and two standard deviations as computed (dashed).", s.source, noisePaths),
		Figure: &plot.Figure{Label: "Stochastic response", X: plot.Axis{Name: "time", Unit: "s"}}, Columns: []report.Column{{Name: "time", Unit: "s", Values: t}}}
	for i, o := range a.Outputs {
		p := plot.Panel{Height: 150, Y: plot.Axis{Name: o.Name, Unit: o.Unit}}
		for k := range paths {
			p.Marks = append(p.Marks, &plot.Line{Color: plot.Sky, Width: 0.8, X: t, Y: paths[k][i]})
		}
		low := make([]float64, len(t))
		for k, v := range bands[i] {
			low[k] = -v
		}
		p.Marks = append(p.Marks, &plot.Line{Name: "± 2 σ", Color: plot.Vermillion, Dash: plot.Dashed, X: t, Y: bands[i]}, &plot.Line{Color: plot.Vermillion, Dash: plot.Dashed, X: t, Y: low})
		d.Figure.Panels = append(d.Figure.Panels, p)
		d.Columns = append(d.Columns, report.Column{Name: "2 sigma of " + o.Name, Unit: o.Unit, Values: bands[i]}, report.Column{Name: "a path of " + o.Name, Unit: o.Unit, Values: paths[0][i]})
	}
	return d
}

// rootOf is R with R R' = q for a positive semidefinite q.
func rootOf(q *mat.SymDense) (*mat.Dense, bool) {
	var e mat.EigenSym
	if !e.Factorize(q, true) {
		return nil, false
	}
	n := q.SymmetricDim()
	var v mat.Dense
	e.VectorsTo(&v)
	for j, w := range e.Values(nil) {
		for i := range n {
			v.Set(i, j, v.At(i, j)*math.Sqrt(max(w, 0)))
		}
	}
	return &v, true
}

// walk simulates x+ = A x + R e, y = C x from rest.
func walk(normal func() float64, a, root, c *mat.Dense, samples int) [][]float64 {
	n, _ := a.Dims()
	p, _ := c.Dims()
	x, e := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	out := make([][]float64, p)
	for range samples {
		var y, next, kick mat.VecDense
		y.MulVec(c, x)
		for i := range out {
			out[i] = append(out[i], y.AtVec(i))
		}
		for i := range n {
			e.SetVec(i, normal())
		}
		kick.MulVec(root, e)
		next.MulVec(a, x)
		next.AddVec(&next, &kick)
		x.CloneFromVec(&next)
	}
	return out
}
