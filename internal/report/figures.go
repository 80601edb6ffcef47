package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/internal/plot"
)

// picture is one drawing with its caption and the data behind it.
type picture struct {
	SVG     template.HTML
	Caption string
	Sheet   *sheet
}

// draw fixes the drawing; plot escapes every text in it.
func draw(f *plot.Figure, caption string, s *sheet) *picture {
	return &picture{SVG: template.HTML(f.Inline()), Caption: caption, Sheet: s}
}

// clock is the time axis of a stretch of samples.
type clock struct {
	ts, time0 float64
	per       float64 // axis units a second, or 1 when times are samples
	axis      plot.Axis
}

// newClock chooses the unit for n samples from time0 on.
func newClock(ts, time0 float64, n int) clock {
	if !(ts > 0) {
		return clock{ts: 1, per: 1, axis: plot.Axis{Name: "sample"}}
	}
	unit, per := plot.TimeUnit(max(math.Abs(time0), math.Abs(time0+float64(n)*ts)))
	return clock{ts: ts, time0: time0, per: per, axis: plot.Axis{Name: "time", Unit: unit}}
}

// times returns the axis values of samples from..to-1.
func (c clock) times(from, to int) []float64 {
	return plot.Steps((c.time0+float64(from)*c.ts)*c.per, c.ts*c.per, to-from)
}

func (c clock) head() string { return unitHead(c.axis.Name, c.axis.Unit) }

// Series drawn the same way in every picture.
func measuredLine(x, y []float64) *plot.Line {
	return &plot.Line{Name: "measured", Color: plot.Grey, Width: 3.6, X: x, Y: y}
}

func simulatedLine(x, y []float64) *plot.Line {
	return &plot.Line{Name: "simulated", Color: plot.Vermillion, Width: 1.4, X: x, Y: y}
}

func linearLine(x, y []float64) *plot.Line {
	return &plot.Line{Name: "linear model", Color: plot.Blue, Dash: plot.Dashed, Width: 1.2, X: x, Y: y}
}

// simulationFigure shows samples from..to-1 of an output: measured and simulated, the error below, then the first inputs.
func simulationFigure(r *Report, p *Part, t *Trace, label string, inputs, from, to int) (*plot.Figure, clock) {
	c := newClock(r.Ts, p.Time0, len(t.Measured))
	noise := noiseOf(r, t.Name)
	x := c.times(from, to)
	e, _ := residual(t)
	output := plot.Panel{Height: 240, Y: plot.Axis{Name: t.Name, Unit: t.Unit}}
	errors := plot.Panel{Height: 100, Y: plot.Axis{Name: "error (measured − simulated)", Unit: t.Unit}}
	output.Marks = append(output.Marks, measuredLine(x, t.Measured[from:to]))
	if len(t.Linear) > 0 {
		output.Marks = append(output.Marks, linearLine(x, t.Linear[from:to]))
	}
	output.Marks = append(output.Marks, simulatedLine(x, t.Simulated[from:to]))
	if noise > 0 {
		errors.Marks = append(errors.Marks, &plot.Band{Name: "sensor noise, ± 1 standard deviation", Color: plot.Grey, Low: -noise, High: noise})
	}
	errors.Marks = append(errors.Marks, &plot.Line{Color: plot.Vermillion, Width: 1.4, X: x, Y: e[from:to]})
	f := &plot.Figure{Label: label, X: c.axis, Panels: []plot.Panel{output, errors}}
	for _, u := range p.Inputs[:min(len(p.Inputs), inputs)] {
		f.Panels = append(f.Panels, plot.Panel{Height: 70, Y: plot.Axis{Name: "input " + u.Name, Unit: u.Unit},
			Marks: []plot.Mark{&plot.Line{Color: plot.Green, Width: 1.2, Hold: true, X: x, Y: u.Values[from:to]}}})
	}
	return f, c
}

// maxInputPanels is the number of inputs shown below an output; more would push the output off the page.
const maxInputPanels = 3

// zoomPicture shows the stretch of a part that is worth a close look; nil when the record is short enough to see whole.
func zoomPicture(r *Report, p *Part, t *Trace) *picture {
	from, to := zoom(t)
	if to-from == len(t.Measured) {
		return nil
	}
	label := fmt.Sprintf("%s: measured and simulated, samples %s to %s", title(p, t), count(from), count(to-1))
	f, c := simulationFigure(r, p, t, label, maxInputPanels, from, to)
	return draw(f, label+".", traceSheet(label, c, p, t, from, to))
}

// fullPicture shows a part from end to end, with the zoomed stretch shaded.
func fullPicture(r *Report, p *Part, t *Trace) *picture {
	n := len(t.Measured)
	label := fmt.Sprintf("%s: measured and simulated, all %s", title(p, t), plural(n, "scored sample", "scored samples"))
	from, to := zoom(t)
	inputs := 0
	if to-from == n { // this picture is the only one
		inputs = maxInputPanels
	}
	f, c := simulationFigure(r, p, t, label, inputs, 0, n)
	if to-from < n {
		x := c.times(from, to)
		for i := range f.Panels {
			f.Panels[i].Marks = slices.Insert(f.Panels[i].Marks, 0, plot.Mark(&plot.Span{Color: plot.Grey, From: x[0], To: x[len(x)-1]}))
		}
	}
	caption := label + "."
	if to-from < n {
		caption += " Grey: the stretch shown enlarged."
	}
	if n > plot.DefaultWidth {
		caption += " Where samples are denser than pixels, the lowest and the highest of each pixel column are drawn."
	}
	return draw(f, caption, traceSheet(label, c, p, t, 0, n))
}

// noiseOf returns the standard deviation of an output's sensor noise, 0 when unknown.
func noiseOf(r *Report, output string) float64 {
	for _, s := range r.Outputs {
		if s.Name == output && s.Noise.known() {
			return float64(s.Noise)
		}
	}
	return 0
}

func title(p *Part, t *Trace) string {
	if p.Name == "" {
		return t.Name
	}
	return p.Name + ", " + t.Name
}

func traceSheet(name string, c clock, p *Part, t *Trace, from, to int) *sheet {
	e, _ := residual(t)
	cols := []column{{c.head(), c.times(from, to)},
		{unitHead(t.Name+" measured", t.Unit), t.Measured[from:to]},
		{unitHead(t.Name+" simulated", t.Unit), t.Simulated[from:to]},
		{unitHead("error", t.Unit), e[from:to]}}
	if len(t.Linear) > 0 {
		cols = append(cols, column{unitHead(t.Name+" linear model", t.Unit), t.Linear[from:to]})
	}
	for _, u := range p.Inputs {
		cols = append(cols, column{unitHead(u.Name, u.Unit), u.Values[from:to]})
	}
	return newSheet(name, cols...)
}

// Lengths of the zoomed stretch: an eighth of the record, but enough samples to show a shape and few enough to see each.
const (
	zoomLeast = 120
	zoomMost  = 400
)

// zoom returns the stretch to enlarge: the given one, else the one of largest variance of the measured output, else all.
func zoom(t *Trace) (from, to int) {
	n := len(t.Measured)
	if t.ZoomTo > t.ZoomFrom && t.ZoomFrom >= 0 && t.ZoomTo <= n {
		return t.ZoomFrom, t.ZoomTo
	}
	length := min(max(n/8, zoomLeast), zoomMost)
	if n <= 2*length {
		return 0, n
	}
	best := math.Inf(-1)
	for i := 0; i+length <= n; i += length / 4 {
		if _, ss := centre(t.Measured[i : i+length]); ss > best {
			best, from = ss, i
		}
	}
	return from, from + length
}

// maxLag is the largest lag of the residual analysis.
const maxLag = 50

// leastCorrelated is the fewest residuals whose correlation says anything.
const leastCorrelated = 20

// correlationPictures returns the autocorrelation of an output's residual and its cross-correlation with each input.
// why says in words that there is none.
func correlationPictures(r *Report, p *Part, t *Trace) (pics []*picture, why string) {
	e, n := residual(t)
	if n < leastCorrelated {
		return nil, fmt.Sprintf("%s: %s, too few for a correlation.", title(p, t), plural(n, "residual", "residuals"))
	}
	lags := min(maxLag, n/4)
	band := Band99(n)
	auto := Autocorrelation(e, lags)[1:]
	if out, of := outside(auto, band); of == 0 {
		return nil, fmt.Sprintf("%s: the residual is constant, its correlation is not defined.", title(p, t))
	} else {
		label := fmt.Sprintf("%s: autocorrelation of the residual", title(p, t))
		pics = append(pics, correlationPicture(label, auto, 1, band, out, of))
	}
	for _, u := range p.Inputs {
		label := fmt.Sprintf("%s: residual against input %s", title(p, t), u.Name)
		c := Crosscorrelation(u.Values, e, lags)
		out, of := outside(c, band)
		if of == 0 {
			why += fmt.Sprintf("%s: the input is constant, its correlation is not defined. ", label)
			continue
		}
		pics = append(pics, correlationPicture(label, c, -lags, band, out, of))
	}
	return pics, strings.TrimSpace(why)
}

func correlationPicture(label string, c []float64, first int, band float64, out, of int) *picture {
	x := plot.Steps(float64(first), 1, len(c))
	f := &plot.Figure{Label: label, Width: 450, X: plot.Axis{Name: "lag", Unit: "samples", Min: x[0] - 1, Max: x[len(x)-1] + 1}, Panels: []plot.Panel{{
		Height: 150, Y: plot.Axis{Name: "correlation"}, Marks: []plot.Mark{
			&plot.Band{Name: "99 % band of white residuals", Color: plot.Blue, Low: -band, High: band},
			&plot.Bars{Color: plot.Ink, X: x, Y: c},
		}}}}
	caption := fmt.Sprintf("%s. %s of %s outside the band of ±%s (by chance: %s).", label,
		count(out), plural(of, "lag", "lags"), digits(band, 2), digits(0.01*float64(of), 2))
	return draw(f, caption, newSheet(label, column{"lag [samples]", x}, column{"correlation", c}))
}

// maxCurves is the number of training curves drawn in colour.
const maxCurves = 6

// trainingPicture shows loss and validation error over the steps of all curves; nil without points.
func trainingPicture(curves []Curve) *picture {
	panel := plot.Panel{Height: 240, Y: plot.Axis{Name: "error, root mean square", Unit: "standard deviations of the output", Log: true}}
	var cols []column
	var best plot.Points
	drawn, marked := 0, map[stageStart]bool{}
	for i := range curves {
		c := &curves[i]
		if len(c.Points) == 0 {
			continue
		}
		steps, loss, validation, switches := unroll(c.Points)
		color, name := plot.Cycle(drawn), c.Name
		if drawn++; drawn > maxCurves {
			color, name = plot.Grey, ""
		}
		panel.Marks = append(panel.Marks, &plot.Line{Color: color, Dash: plot.Dotted, Width: 1.2, X: steps, Y: loss},
			&plot.Line{Name: name, Color: color, Width: 1.6, X: steps, Y: validation})
		if c.Best >= 0 && c.Best < len(steps) {
			best.X, best.Y = append(best.X, steps[c.Best]), append(best.Y, validation[c.Best])
		}
		for _, s := range switches {
			if !marked[s] {
				marked[s] = true
				panel.Marks = append(panel.Marks, &plot.Rule{X: s.at, Label: s.stage})
			}
		}
		cols = append(cols, column{c.Name + " step", steps}, column{c.Name + " training", loss}, column{c.Name + " validation", validation})
	}
	if drawn == 0 {
		return nil
	}
	best.Name, best.Color = "iterate kept", plot.Ink
	panel.Marks = append(panel.Marks, &best)
	label := "Training: error over optimiser steps"
	f := &plot.Figure{Label: label, X: plot.Axis{Name: "optimiser step (" + stages(curves) + ")"}, Panels: []plot.Panel{panel}}
	caption := "Solid: free-simulation error on the validation windows. Dotted: training error. Both in scaled outputs."
	if drawn > maxCurves {
		caption += fmt.Sprintf(" The %s after the first %d are grey.", plural(drawn-maxCurves, "curve", "curves"), maxCurves)
	}
	return draw(f, caption, newSheet(label, cols...))
}

type stageStart struct {
	at    float64
	stage string
}

// unroll puts the stages of a curve one after the other on one axis of steps; the loss is given as its root.
func unroll(points []Point) (steps, loss, validation []float64, starts []stageStart) {
	var offset, last float64
	for i, p := range points {
		if i == 0 || p.Stage != points[i-1].Stage {
			offset = last
			starts = append(starts, stageStart{offset, p.Stage})
		}
		last = offset + float64(p.Step)
		steps = append(steps, last)
		loss = append(loss, math.Sqrt(float64(p.Loss)))
		validation = append(validation, float64(p.Validation))
	}
	return steps, loss, validation, starts
}

// stages names the stages of the curves in order of appearance.
func stages(curves []Curve) string {
	var names []string
	seen := map[string]bool{}
	for _, c := range curves {
		for _, p := range c.Points {
			if !seen[p.Stage] {
				seen[p.Stage] = true
				names = append(names, p.Stage)
			}
		}
	}
	return strings.Join(names, ", then ")
}

// forgettingPicture shows the difference of two simulations against the proved bound.
func forgettingPicture(r *Report, g *Forgetting) *picture {
	n := len(g.Difference)
	k := make([]int, n)
	for i := range k {
		k[i] = i
		if g.K != nil {
			k[i] = g.K[i]
		}
	}
	if n == 0 {
		return nil
	}
	c := newClock(r.Ts, 0, k[n-1]+1)
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(k[i]) * c.ts * c.per
	}
	name := g.What
	if name == "" {
		name = "difference"
	}
	panel := plot.Panel{Height: 220, Y: plot.Axis{Name: name, Unit: g.Unit, Log: true}}
	cols := []column{{c.head(), x}, {unitHead("difference", g.Unit), g.Difference}}
	if len(g.Bound) > 0 {
		bound := "bound c·rateᵏ"
		if g.Decided != "" {
			bound += " (" + g.Decided + ")"
		}
		panel.Marks = append(panel.Marks, &plot.Line{Name: bound, Color: plot.Blue, Dash: plot.Dashed, Width: 1.8, X: x, Y: g.Bound})
		cols = append(cols, column{unitHead("bound", g.Unit), g.Bound})
	}
	panel.Marks = append(panel.Marks, &plot.Line{Name: "two simulations", Color: plot.Vermillion, Width: 1.8, X: x, Y: g.Difference})
	label := "Forgetting: two simulations under the same input from different initial states"
	f := &plot.Figure{Label: label, X: c.axis, Panels: []plot.Panel{panel}}
	return draw(f, strings.TrimSpace(label+". "+g.Note), newSheet(label, cols...))
}

// counterexamplePicture shows two responses to one input that both persist.
func counterexamplePicture(e *Counterexample) *picture {
	n := len(e.A)
	c := newClock(e.Ts, 0, n)
	x := c.times(0, n)
	label := "Counterexample to contraction: two responses to the same input"
	f := &plot.Figure{Label: label, X: c.axis, Panels: []plot.Panel{{
		Height: 190, Y: plot.Axis{Name: e.Output.Name, Unit: e.Output.Unit}, Marks: []plot.Mark{
			&plot.Line{Name: "from one initial state", Color: plot.Vermillion, Width: 1.8, X: x, Y: e.A},
			&plot.Line{Name: "from another", Color: plot.Blue, Dash: plot.Dashed, Width: 1.8, X: x, Y: e.B},
		}}}}
	cols := []column{{c.head(), x}, {unitHead(e.Output.Name+" first", e.Output.Unit), e.A}, {unitHead(e.Output.Name+" second", e.Output.Unit), e.B}}
	if len(e.Input.Values) > 0 {
		f.Panels = append(f.Panels, plot.Panel{Height: 70, Y: plot.Axis{Name: "input " + e.Input.Name, Unit: e.Input.Unit},
			Marks: []plot.Mark{&plot.Line{Color: plot.Green, Hold: true, X: x, Y: e.Input.Values}}})
		cols = append(cols, column{unitHead(e.Input.Name, e.Input.Unit), e.Input.Values})
	}
	return draw(f, label+".", newSheet(label, cols...))
}

// pictureMost is the longest record that Picture shows whole.
const pictureMost = 2000

// Picture returns one output of one part, measured against simulated with the error below, as a stand-alone SVG file:
// the picture for a page that is not the report. part and output are indices into Report.Parts and Part.Outputs. The
// whole part is shown unless it is long; then the stretch that the report enlarges.
func Picture(r *Report, part, output int) (string, error) {
	if err := check(r); err != nil {
		return "", err
	}
	if part < 0 || part >= len(r.Parts) {
		return "", fmt.Errorf("report: part %d of %d does not exist", part, len(r.Parts))
	}
	p := &r.Parts[part]
	if output < 0 || output >= len(p.Outputs) {
		return "", fmt.Errorf("report: output %d of %d does not exist", output, len(p.Outputs))
	}
	t := &p.Outputs[output]
	from, to := 0, len(t.Measured)
	if to > pictureMost {
		from, to = zoom(t)
	}
	label := r.Data + ": " + r.Model.Name + ", " + claimTitle(&r.Claim)
	key := columnKey{p.Name, output}
	if own := rmseOf(find(r, RoleChosen), key); finite(own) {
		label += ", RMSE " + quantity(own, t.Unit)
		if l := rmseOf(find(r, RoleLinear), key); finite(l) {
			label += " (linear " + quantity(l, t.Unit) + ")"
		}
	}
	f, _ := simulationFigure(r, p, t, label, 1, from, to)
	return f.File(), nil
}
