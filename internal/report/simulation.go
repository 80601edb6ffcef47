package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/plumb-go/plumb/internal/plot"
)

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
