package repro

import (
	"fmt"
	"math"
	"slices"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
)

// transientSeconds is the length of the enlarged stretch of Figure 6.
const transientSeconds = 3.0

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
// in a panel of its own, all on one scale.
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
		for _, m := range models {
			e := difference(s.measured[i], m.y[i])
			cols = append(cols, report.Column{Name: "error of " + m.Name, Unit: s.rawUnit(i), Values: e})
			largest = max(largest, extent(e))
		}
		for j := len(models) - 1; j >= 0; j-- {
			f.Panels = append(f.Panels, plot.Panel{Height: 62, Y: plot.Axis{Name: "error of " + models[j].Name, Unit: s.rawUnit(i), Min: -largest, Max: largest},
				Marks: []plot.Mark{&plot.Line{Color: styles[j].color, Width: 1.1, X: t, Y: difference(s.measured[i], models[j].y[i])}}})
		}
		out = append(out, &report.Drawing{File: fmt.Sprintf("figure-%d-%s", 4+i, s.name(i)), Figure: f, Columns: append([]report.Column{{Name: axis.Name, Unit: axis.Unit, Values: t}}, cols...),
			Caption: fmt.Sprintf("Figure %d. %s of the test experiment, free simulation; below, measured − simulated of each model, all on one scale, which cuts the largest %.1f %% of errors of the worst model.", 4+i, s.name(i), 100*(1-shownShare))})
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

// shownShare of each model's errors fit the scale of their panels; single peaks would hide the rest.
const shownShare = 0.995

// extent is the modulus that this share of the samples does not exceed.
func extent(x []float64) float64 {
	var moduli []float64
	for _, v := range x {
		if finite(v) {
			moduli = append(moduli, math.Abs(v))
		}
	}
	if len(moduli) == 0 {
		return 0
	}
	slices.Sort(moduli)
	return moduli[int(shownShare*float64(len(moduli)-1))]
}
