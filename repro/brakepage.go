package repro

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
)

// transientSeconds is the length of the enlarged stretch of Figure 6.
const transientSeconds = 3.0

// brakePage draws the figures and tables.
func brakePage(s *study, r *Result, own, free, lin *fitted) *report.Document {
	d := &report.Document{Warnings: own.res.Warnings}
	caliper := len(s.set.Outputs) - 1
	worst := math.Inf(1)
	for _, v := range own.FIT {
		worst = min(worst, float64(v))
	}
	d.Cards = append(d.Cards,
		report.Card{Name: "FIT, proved LSTM", Value: fixed(worst, 1) + " %", Note: "the lower of both pressures, test experiment, free simulation"},
		report.Card{Name: "FIT, linear model", Value: fixed(float64(lin.FIT[caliper]), 1) + " %", Note: s.name(caliper)},
		report.Card{Name: "lowest pressure, linear model", Value: fixed(float64(lin.Smallest), 2) + " bar", Note: "the proved LSTM: " + fixed(float64(own.Smallest), 2) + " bar"})
	if own.Verdict == "proved" {
		d.Cards = append(d.Cards, report.Card{Name: "recovery time", Value: "≤ " + s.seconds(own.Recovery), Note: "proved, any two initial states in the boxes, to 1 % of the output's standard deviation"})
	}
	d.Sections = []report.Section{
		{ID: "checks", Title: "Checks", Blocks: []report.Block{checkTable(r.Checks)}},
		{ID: "models", Title: "Models", Blocks: []report.Block{
			report.Text("Free simulation of the test experiment from the measured piston position alone; the first samples, which initialise the state, are not scored."),
			s.fitTable(own), s.claimTable(own), s.prices(free)}},
		{ID: "figure-3", Title: "Figure 3: inputs", Blocks: []report.Block{s.inputs()}},
		{ID: "figures-4-5", Title: "Figures 4 and 5: pressures", Blocks: s.simulated()},
		{ID: "figure-6", Title: "Figure 6: transient", Blocks: []report.Block{s.enlarged()}},
	}
	if c := s.training(); c != nil {
		d.Sections = append(d.Sections, report.Section{ID: "figure-7", Title: "Figure 7: training", Blocks: []report.Block{c}})
	}
	d.Sections = append(d.Sections,
		report.Section{ID: "claim", Title: "Claim", Blocks: s.claim(own)},
		report.Section{ID: "differences", Title: "Differences from the paper", Blocks: []report.Block{
			report.Text("The paper's measurements are not public; the rig here is simulated, with constants from the literature that were fixed before any network was trained. The paper does not print the sampling time, the sizes of its network or its figures of merit, so the checks above are bands, not its numbers."),
			report.Text("The paper trains with a soft penalty on its stability condition and checks afterwards (the row “penalty”: windows with washout, random initial states, regulariser (19), RMSProp, early stopping on validation). The proved model satisfies a less conservative condition, which the independent checker decides in exact arithmetic; the unconstrained model has the same units and no condition. Here four experiments train, one validates and one tests; the paper cuts one experiment into validation and test."),
		}},
		report.Section{ID: "reproduce", Title: "Reproduce", Blocks: []report.Block{
			report.Code(s.o.Command), report.Text(fmt.Sprintf("Seed %d; %s of training in all; version %s; %s. A time budget trains as many steps as the machine allows, so the figures vary a little from run to run.",
				s.o.Seed, secondsText(s.elapsed().Seconds()), s.o.Version, s.o.Platform))}})
	return d
}

// checkTable lists the checks that have a bound.
func checkTable(checks []Check) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "check"}, {Text: "value", Number: true}, {Text: "bound", Number: true}, {Text: ""}}}
	for _, c := range checks {
		word := "✓ pass"
		if !c.Pass {
			word = "✗ FAIL"
		}
		if c.Bound != Reported {
			bound := strings.NewReplacer(">=", "≥", "<=", "≤", "-", "−").Replace(c.Bound)
			t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: c.Name}, {Text: Text(float64(c.Value))}, {Text: bound}, {Text: word}}})
		}
	}
	return t
}

// fitTable compares the models' simulations.
func (s *study) fitTable(own *fitted) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "model"}}}
	for i := range s.set.Outputs {
		t.Heads = append(t.Heads, report.Head{Text: "FIT " + s.name(i) + " [%]", Number: true}, report.Head{Text: "RMSE " + s.name(i) + s.unit(i), Number: true})
	}
	t.Heads = append(t.Heads, report.Head{Text: "FIT, eq. (20) [%]", Number: true}, report.Head{Text: "smallest prediction" + s.unit(0), Number: true},
		report.Head{Text: "parameters", Number: true}, report.Head{Text: "training run [s]", Number: true})
	for _, f := range s.models {
		row := report.TableRow{Chosen: f == own, Cells: []report.Cell{{Text: f.Name}}}
		for i := range f.FIT {
			row.Cells = append(row.Cells, report.Cell{Text: fixed(float64(f.FIT[i]), 2)}, report.Cell{Text: Text(float64(f.RMSE[i]))})
		}
		row.Cells = append(row.Cells, report.Cell{Text: fixed(float64(f.SumFIT), 2)}, report.Cell{Text: fixed(float64(f.Smallest), 2)},
			report.Cell{Text: fmt.Sprint(f.Parameters)}, report.Cell{Text: fixed(float64(f.Seconds), 0)})
		t.Rows = append(t.Rows, row)
	}
	t.Note = "FIT = 100 (1 − |y − ŷ| / |y − mean y|) over the scored samples, per output. FIT, eq. (20) of Bonassi et al. 2023 = 100 (1 − Σₖ |yₖ − ŷₖ|₂ / Σₖ |yₖ − mean y|₂) over both outputs jointly. " +
		"A model fitted on the way shares the training run of the model that was handed over."
	return t
}

// claimTable compares what is proved of the models.
func (s *study) claimTable(own *fitted) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "model"}, {Text: "claim"}, {Text: "verdict"}, {Text: "rate per sample", Number: true}, {Text: "recovery time", Number: true}}}
	for i := range s.set.Outputs {
		t.Heads = append(t.Heads, report.Head{Text: "gain of " + s.name(i), Number: true})
	}
	t.Heads = append(t.Heads, report.Head{Text: "worst ratio over the bound", Number: true}, report.Head{Text: "residual", Number: true})
	for _, f := range s.models {
		row := report.TableRow{Chosen: f == own, Cells: []report.Cell{{Text: f.Name}, {Text: claimWord(f.Claim)}, {Text: dash(f.Verdict)}, {Text: rateText(float64(f.Rate))}, s.recovery(f)}}
		for i := range s.set.Outputs {
			c := report.Cell{Text: "–"}
			if i < len(f.Gain) {
				c = report.Cell{Text: "≤ " + Text(float64(f.Gain[i])), Small: f.GainUnit[i]}
			}
			row.Cells = append(row.Cells, c)
		}
		attack := report.Cell{Text: "–"}
		if f.Attack != nil {
			attack = report.Cell{Text: Text(f.Attack.Ratio), Small: "estimated"}
		}
		row.Cells = append(row.Cells, attack, report.Cell{Text: Text(float64(f.Residual))})
		t.Rows = append(t.Rows, row)
	}
	t.Note = "Rate, recovery time and gain are proved bounds. Recovery time: until two simulations under one input differ by at most 1 % of each output's standard deviation, from any two initial states in the boxes. " +
		"Worst ratio: the largest difference over its proved bound that the attack found. Residual: of the stability condition at the stored iterate, for classes that keep to it by training; provable where negative."
	return t
}

// prices compares the models that carry a guarantee, or aim at one, with the unconstrained one.
func (s *study) prices(free *fitted) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "price of the guarantee, FIT points"}}, Note: "FIT of the unconstrained network of equal size less that of the model: what the guarantee costs; negative where it costs nothing."}
	for i := range s.set.Outputs {
		t.Heads = append(t.Heads, report.Head{Text: s.name(i), Number: true})
	}
	for _, f := range s.models {
		if f == free || f.linear {
			continue
		}
		row := report.TableRow{Cells: []report.Cell{{Text: f.Name}}}
		for i := range f.FIT {
			row.Cells = append(row.Cells, report.Cell{Text: fixed(float64(free.FIT[i]-f.FIT[i]), 2)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// claimWord is a claim as the paper writes it.
func claimWord(claim string) string {
	if claim == ident.DeltaISS {
		return "δISS"
	}
	return claim
}

// recovery is a recovery time with its samples.
func (s *study) recovery(f *fitted) report.Cell {
	if f.Recovery == 0 {
		return report.Cell{Text: "–"}
	}
	return report.Cell{Text: "≤ " + s.seconds(f.Recovery), Small: fmt.Sprintf("%d samples", f.Recovery)}
}

// inputs is Figure 3: the inputs of all experiments.
func (s *study) inputs() *report.Drawing {
	rec := s.set.Record
	d := &report.Drawing{File: "figure-3-inputs", Figure: &plot.Figure{Label: "Figure 3: inputs of the experiments"},
		Caption: "Figure 3. Measured input of every experiment, and what it is used for."}
	c := s.set.Inputs[0]
	sig := rec.Signals[c]
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range rec.Experiments {
		low, high = min(low, slices.Min(x.Data[c])), max(high, slices.Max(x.Data[c]))
	}
	pad := 0.05 * (high - low)
	for e, x := range rec.Experiments {
		t, axis := s.clock(0, len(x.Data[c]))
		if e == 0 {
			d.Figure.X = axis
			d.Columns = append(d.Columns, report.Column{Name: axis.Name, Unit: axis.Unit, Values: t})
		}
		name := fmt.Sprintf("%s, experiment %d (%s)", sig.Name, e+1, s.use(e))
		d.Figure.Panels = append(d.Figure.Panels, plot.Panel{Height: 66, Y: plot.Axis{Name: name, Unit: sig.Unit, Min: low - pad, Max: high + pad},
			Marks: []plot.Mark{&plot.Line{Color: plot.Green, Width: 1.2, Hold: true, X: t, Y: x.Data[c]}}})
		d.Columns = append(d.Columns, report.Column{Name: name, Unit: sig.Unit, Values: x.Data[c]})
	}
	return d
}

// use says what an experiment is for.
func (s *study) use(experiment int) string {
	for _, u := range []struct {
		word  string
		parts []dataset.Part
	}{{"training", s.set.Train}, {"validation", s.set.Validation}, {"test", s.set.Test}} {
		for _, p := range u.parts {
			if p.Experiment == experiment {
				return u.word
			}
		}
	}
	return "not used"
}

// style of a model's line.
type style struct {
	color plot.Color
	dash  plot.Dash
	width float64
}

// shown are the models of Figures 4 to 6, with their styles.
func (s *study) shown() (models []*fitted, styles []style) {
	for _, c := range []struct {
		name string
		style
	}{{unconstrained, style{plot.Green, "8 3", 1.3}}, {penalised, style{plot.Purple, "2 3", 1.5}}, {proved, style{plot.Vermillion, plot.Solid, 1.4}}} {
		if f := s.find(c.name); f != nil {
			models, styles = append(models, f), append(styles, c.style)
		}
	}
	for _, f := range s.models {
		if f.linear {
			models, styles = append([]*fitted{f}, models...), append([]style{{plot.Blue, plot.Dashed, 1.2}}, styles...)
			break
		}
	}
	return models, styles
}

// simulated are Figures 4 and 5: measured and simulated pressures of the test experiment, the errors below, each model's
// in a panel of its own; all networks on one scale, the linear model on its own.
func (s *study) simulated() []report.Block {
	var out []report.Block
	n := len(s.measured[0])
	for i := range s.set.Outputs {
		t, axis := s.clock(s.part.From+s.part.Window, n)
		label := fmt.Sprintf("Figure %d: %s, measured and simulated", 4+i, s.name(i))
		top, cols := s.panel(i, t, 0, n, 230)
		f := &plot.Figure{Label: label, X: axis, Panels: []plot.Panel{top}}
		models, styles := s.shown()
		largest := 0.0
		for j, m := range models {
			e := difference(s.measured[i], m.y[i])
			cols = append(cols, report.Column{Name: "error of " + m.Name, Unit: s.rawUnit(i), Values: e})
			if styles[j].color != plot.Blue {
				largest = max(largest, extent(e))
			}
		}
		for j := len(models) - 1; j >= 0; j-- {
			p := plot.Panel{Height: 62, Y: plot.Axis{Name: "error of " + models[j].Name, Unit: s.rawUnit(i)},
				Marks: []plot.Mark{&plot.Line{Color: styles[j].color, Width: 1.1, X: t, Y: difference(s.measured[i], models[j].y[i])}}}
			if styles[j].color != plot.Blue {
				p.Y.Min, p.Y.Max = -1.05*largest, 1.05*largest
			}
			f.Panels = append(f.Panels, p)
		}
		out = append(out, &report.Drawing{File: fmt.Sprintf("figure-%d-%s", 4+i, s.name(i)), Figure: f, Columns: append([]report.Column{{Name: axis.Name, Unit: axis.Unit, Values: t}}, cols...),
			Caption: fmt.Sprintf("Figure %d. %s of the test experiment, free simulation; below, measured − simulated of each model: the networks on one scale, the linear model on its own.", 4+i, s.name(i))})
	}
	return out
}

// panel shows samples from..to-1 of an output with all models.
func (s *study) panel(i int, t []float64, from, to int, height float64) (plot.Panel, []report.Column) {
	p := plot.Panel{Height: height, Y: plot.Axis{Name: s.name(i), Unit: s.rawUnit(i)},
		Marks: []plot.Mark{&plot.Line{Name: "measured", Color: plot.Grey, Width: 3.6, X: t, Y: s.measured[i][from:to]}}}
	cols := []report.Column{{Name: s.name(i) + " measured", Unit: s.rawUnit(i), Values: s.measured[i][from:to]}}
	models, styles := s.shown()
	for j, m := range models {
		y := m.y[i][from:to]
		p.Marks = append(p.Marks, &plot.Line{Name: m.Name, Color: styles[j].color, Dash: styles[j].dash, Width: styles[j].width, X: t, Y: y})
		cols = append(cols, report.Column{Name: s.name(i) + " " + m.Name, Unit: s.rawUnit(i), Values: y})
	}
	return p, cols
}

// enlarged is Figure 6: the liveliest stretch of the test experiment.
func (s *study) enlarged() *report.Drawing {
	length := 300
	if ts := s.set.Record.Ts; ts > 0 {
		length = int(transientSeconds / ts)
	}
	from, to := s.transient(length)
	t, axis := s.clock(s.part.From+s.part.Window+from, to-from)
	f := &plot.Figure{Label: "Figure 6: a highly dynamic transient", X: axis}
	cols := []report.Column{{Name: axis.Name, Unit: axis.Unit, Values: t}}
	for i := range s.set.Outputs {
		p, c := s.panel(i, t, from, to, 200)
		f.Panels, cols = append(f.Panels, p), append(cols, c...)
	}
	for _, c := range s.set.Inputs {
		sig := s.set.Record.Signals[c]
		first := s.part.From + s.part.Window
		u := s.set.Record.Experiments[s.part.Experiment].Data[c][first+from : first+to]
		f.Panels = append(f.Panels, plot.Panel{Height: 80, Y: plot.Axis{Name: "input " + sig.Name, Unit: sig.Unit},
			Marks: []plot.Mark{&plot.Line{Color: plot.Green, Width: 1.2, Hold: true, X: t, Y: u}}})
		cols = append(cols, report.Column{Name: sig.Name, Unit: sig.Unit, Values: u})
	}
	return &report.Drawing{File: "figure-6-transient", Figure: f, Columns: cols,
		Caption: "Figure 6. The stretch of the test experiment in which the pressures move most, enlarged."}
}

// training is Figure 7; nil without curves.
func (s *study) training() *report.Drawing {
	var curves []report.Curve
	for _, f := range s.models {
		if f.member {
			for _, c := range f.res.Curves {
				curves = append(curves, report.TrainingCurve(c))
			}
		}
	}
	d := report.Training("Figure 7: training", curves)
	if d != nil {
		d.File, d.Caption = "figure-7-training", "Figure 7. "+d.Caption
	}
	return d
}

func (s *study) claim(own *fitted) []report.Block {
	if own.Verdict != "proved" {
		return []report.Block{report.Text("Nothing was proved of the model " + own.Name + ": " + own.Verdict + ".")}
	}
	out := []report.Block{report.Text(own.statement)}
	for _, line := range own.assumptions {
		out = append(out, report.Text(line))
	}
	if a := own.Attack; a != nil {
		out = append(out, report.Text(fmt.Sprintf("The attack on the bound, %d random pairs of trajectories and %d gradient searches over %d samples, found a largest ratio of %s of a difference to its proved bound (%s). A ratio above 1 would refute the proof. How decided: the bound proved, the ratio estimated.",
			a.Pairs, a.Searches, a.Samples, Text(a.Ratio), a.Where)))
	}
	if own.Bundle != "" {
		out = append(out, report.Text("The proof, by the independent checker:"), report.Code("plumb-check "+own.Bundle))
	}
	return out
}

// clock returns the times of n samples from sample first on.
func (s *study) clock(first, n int) ([]float64, plot.Axis) {
	ts := s.set.Record.Ts
	if ts == 0 {
		return plot.Steps(float64(first), 1, n), plot.Axis{Name: "sample"}
	}
	return plot.Steps(float64(first)*ts, ts, n), plot.Axis{Name: "time", Unit: "s"}
}

func (s *study) name(i int) string    { return s.set.Record.Signals[s.set.Outputs[i]].Name }
func (s *study) rawUnit(i int) string { return s.set.Record.Signals[s.set.Outputs[i]].Unit }
func (s *study) unit(i int) string {
	if u := s.rawUnit(i); u != "" {
		return " [" + u + "]"
	}
	return ""
}

// seconds writes a number of samples as a time where that is known.
func (s *study) seconds(samples int) string {
	switch ts := s.set.Record.Ts; {
	case samples == 0:
		return "–"
	case ts > 0:
		return secondsText(float64(samples) * ts)
	}
	return fmt.Sprintf("%d samples", samples)
}

func difference(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for k := range out {
		out[k] = a[k] - b[k]
	}
	return out
}

func extent(x []float64) float64 {
	most := 0.0
	for _, v := range x {
		if finite(v) {
			most = max(most, math.Abs(v))
		}
	}
	return most
}
