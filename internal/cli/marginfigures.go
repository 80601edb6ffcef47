package cli

import (
	"math"
	"math/cmplx"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/lti"
)

// Sizes of the pictures.
const (
	gridPoints   = 500 // over the range of frequencies, for drawing only
	sparsePoints = 150 // where a point costs more
	localPoints  = 12  // on each side of a frequency where something happens
	squareWidth  = 560 // of pictures with equal scales
	squareHeight = 480
	diskPoints   = 361
)

// grid is where curves are drawn: two decades beyond the poles, dense near poles and peaks. No figure is taken from it.
func (r *marginResult) grid(l lti.Loop) ([]float64, error) {
	var at []float64
	keep := func(w float64) {
		if w > 0 && !math.IsInf(w, 0) {
			at = append(at, w)
		}
	}
	closed, err := l.Poles()
	if err != nil {
		return nil, err
	}
	ts := l.P.Ts
	widths := map[float64]float64{} // relative half width of a resonance
	for _, g := range []*lti.SS{l.P, l.K} {
		p, err := g.Poles()
		if err != nil {
			return nil, err
		}
		closed = append(closed, p...)
	}
	for _, p := range closed {
		if ts > 0 {
			if p == 0 {
				continue
			}
			p = cmplx.Log(p) / complex(ts, 0)
		}
		w := cmplx.Abs(p)
		keep(w)
		if w > 0 {
			widths[w] = math.Abs(real(p)) / w
		}
	}
	for i := range r.Loops {
		d := &r.Loops[i]
		for _, w := range []float64{float64(d.HighFreq), float64(d.LowFreq), float64(d.PhaseFreq), float64(d.DelayFreq), float64(d.Disk.Freq)} {
			keep(w)
		}
	}
	for i := range r.Places {
		keep(float64(r.Places[i].Disk.Freq))
	}
	if len(at) == 0 {
		at = []float64{1}
	}
	lo, hi := slices.Min(at)/30, slices.Max(at)*30
	if ts > 0 {
		hi = math.Pi / ts
	}
	lo = max(lo, hi*1e-9)
	var out []float64
	for k := range gridPoints {
		out = append(out, lo*math.Pow(hi/lo, float64(k)/(gridPoints-1)))
	}
	for _, w := range at {
		width := max(widths[w], 1e-6)
		for k := -localPoints; k <= localPoints; k++ {
			d := width * math.Sinh(float64(k)/3)
			if v := w * (1 + d); v > lo && v < hi {
				out = append(out, v)
			}
		}
	}
	if ts > 0 {
		out[gridPoints-1] = hi
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// figures are the pictures of a loop: Bode, Nyquist, sensitivities, step.
func (m *loopMargin) figures(l lti.Loop, grid []float64) ([]report.Block, error) {
	g, err := l.OneLoop(m.at, m.channel)
	if err != nil {
		return nil, err
	}
	n := len(grid)
	db, phase, re, im := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	last := 0.0
	for i, z := range g.FreqResp(grid) {
		v := z.At(0, 0)
		re[i], im[i] = real(v), imag(v)
		db[i] = 20 * math.Log10(cmplx.Abs(v))
		p := cmplx.Phase(v) / degree
		if i > 0 {
			p += 360 * math.Round((last-p)/360)
		} else if p > 90 { // a loop with integrators begins at -90, -180, ...
			p -= 360
		}
		phase[i], last = p, p
	}
	name := strings.ReplaceAll(m.Place, " ", "-") + "-" + m.Signal
	columns := []report.Column{{Name: "frequency", Unit: "rad/s", Values: grid}, {Name: "gain", Unit: "dB", Values: db}, {Name: "phase", Unit: "deg", Values: phase}, {Name: "real", Values: re}, {Name: "imaginary", Values: im}}
	s, t, err := l.Sensitivity(m.at)
	if err != nil {
		return nil, err
	}
	s, t = s.Channel(m.channel, m.channel), t.Channel(m.channel, m.channel)
	step, err := m.step(name, s, t)
	if err != nil {
		return nil, err
	}
	return []report.Block{m.bode(name, grid, db, phase, columns), report.Pair{m.nyquist(name, re, im, g), m.sensitivity(name, grid, s, t)}, step}, nil
}

// sensitivity draws the two transfer functions that say how much of a disturbance and of noise comes through.
func (m *loopMargin) sensitivity(name string, grid []float64, s, t *lti.SS) *report.Drawing {
	panel := plot.Panel{Height: squareHeight, Y: plot.Axis{Name: "magnitude", Unit: "dB"},
		Marks: []plot.Mark{&plot.Line{Color: plot.Grey, Dash: plot.Dashed, Width: 1, X: []float64{grid[0], grid[len(grid)-1]}, Y: []float64{0, 0}}}}
	columns := []report.Column{{Name: "frequency", Unit: "rad/s", Values: grid}}
	low := 0.0
	for i, g := range []*lti.SS{s, t} {
		db := lti.LargestSingular(g, grid)
		for k := range db {
			db[k] = 20 * math.Log10(db[k])
			if !math.IsInf(db[k], 0) {
				low = min(low, db[k])
			}
		}
		panel.Marks = append(panel.Marks, &plot.Line{Name: []string{"S", "T"}[i], Color: plot.Cycle(i), Width: 2, X: grid, Y: db})
		columns = append(columns, report.Column{Name: []string{"S", "T"}[i], Unit: "dB", Values: db})
	}
	const depth = 60 // dB that are of interest below 0
	panel.Y.Min, panel.Y.Max = max(low, -depth), 20*math.Log10(max(float64(m.Ms), float64(m.Mt), 1))+6
	return &report.Drawing{File: "sensitivity-" + name, Figure: &plot.Figure{Label: "Sensitivities of the loop at the " + m.Place + " " + m.Signal, Width: squareWidth,
		X: plot.Axis{Name: "frequency", Unit: "rad/s", Log: true}, Panels: []plot.Panel{panel}},
		Caption: "S = 1/(1+L): what is left of a disturbance; T = L/(1+L): what comes through of a reference or of noise. Peaks " + amount(float64(m.Ms)) + " and " + amount(float64(m.Mt)) + ".", Columns: columns}
}

// step draws what a unit step at the channel becomes.
func (m *loopMargin) step(name string, s, t *lti.SS) (*report.Drawing, error) {
	grid, err := lti.TimeGrid(t)
	if err != nil {
		return nil, err
	}
	panel := plot.Panel{Height: 180, Y: plot.Axis{Name: "step response"}}
	columns := []report.Column{{Name: "time", Unit: "s", Values: grid}}
	for i, g := range []*lti.SS{t, s} {
		r, err := lti.Step(g, grid)
		if err != nil {
			return nil, err
		}
		what := []string{"T, from a reference", "S, from a disturbance"}[i]
		panel.Marks = append(panel.Marks, &plot.Line{Name: what, Color: plot.Cycle(1 - i), Width: 2, X: grid, Y: r.Y[0][0]})
		columns = append(columns, report.Column{Name: what[:1], Values: r.Y[0][0]})
	}
	return &report.Drawing{File: "step-" + name, Figure: &plot.Figure{Label: "Step responses of the loop at the " + m.Place + " " + m.Signal, X: plot.Axis{Name: "time", Unit: "s"}, Panels: []plot.Panel{panel}},
		Caption: "A unit step at this channel, all loops closed.", Columns: columns}, nil
}

func (m *loopMargin) bode(name string, grid, db, phase []float64, columns []report.Column) *report.Drawing {
	level := func(v float64) *plot.Line {
		return &plot.Line{Color: plot.Grey, Dash: plot.Dashed, Width: 1, X: []float64{grid[0], grid[len(grid)-1]}, Y: []float64{v, v}}
	}
	gain := plot.Panel{Y: plot.Axis{Name: "|L|", Unit: "dB"}, Marks: []plot.Mark{level(0), &plot.Line{Name: "loop gain", Color: plot.Blue, Width: 2, X: grid, Y: db}}}
	angle := plot.Panel{Y: plot.Axis{Name: "phase of L", Unit: "deg"}, Marks: []plot.Mark{level(-180), &plot.Line{Name: "phase", Color: plot.Blue, Width: 2, X: grid, Y: phase}}}
	var gx, gy, px, py []float64
	for _, c := range m.classical.PhaseCrossings {
		if inside(c.Freq, grid) {
			gx, gy = append(gx, c.Freq), append(gy, -20*math.Log10(c.Gain))
		}
	}
	for _, c := range m.classical.GainCrossings {
		if inside(c.Freq, grid) {
			near, _ := slices.BinarySearch(grid, c.Freq)
			p := -180 + c.Phase/degree
			p += 360 * math.Round((phase[min(near, len(phase)-1)]-p)/360)
			px, py = append(px, c.Freq), append(py, p)
		}
	}
	gain.Marks = append(gain.Marks, &plot.Points{Name: "phase -180°: gain margin", Color: plot.Vermillion, X: gx, Y: gy})
	angle.Marks = append(angle.Marks, &plot.Points{Name: "gain 1: phase margin", Color: plot.Vermillion, X: px, Y: py})
	if w := float64(m.Disk.Freq); inside(w, grid) {
		gain.Marks = append(gain.Marks, &plot.Rule{X: w, Label: "disk margin"})
		angle.Marks = append(angle.Marks, &plot.Rule{X: w})
	}
	return &report.Drawing{File: "bode-" + name, Figure: &plot.Figure{Label: "Bode diagram of the loop at the " + m.Place + " " + m.Signal, X: plot.Axis{Name: "frequency", Unit: "rad/s", Log: true}, Panels: []plot.Panel{gain, angle}},
		Caption: "Loop transfer function, all other loops closed, negative feedback. Crossings are computed, not read off the curve.", Columns: columns}
}

func inside(w float64, grid []float64) bool { return w >= grid[0] && w <= grid[len(grid)-1] }

// nyquist draws L and the set -1/f of the factors f in the disk: it touches the curve at the critical frequency.
func (m *loopMargin) nyquist(name string, re, im []float64, g *lti.SS) *report.Drawing {
	d := m.disk.Disk()
	var ux, uy, dx, dy []float64
	for k := range diskPoints {
		z := cmplx.Rect(1, 2*math.Pi*float64(k)/(diskPoints-1))
		ux, uy = append(ux, real(z)), append(uy, imag(z))
		if math.IsInf(d.Alpha, 1) {
			continue
		}
		v := -1 / d.Factor(complex(d.Alpha, 0)*z)
		dx, dy = append(dx, real(v)), append(dy, imag(v))
	}
	low, high := d.Gain()
	half := 2.2
	const widest = 6 // beyond it the set is a half plane to the eye
	if low > 0 && !math.IsInf(high, 1) && 1.15/low <= widest {
		half = max(half, 1.15/low)
	}
	marks := []plot.Mark{
		&plot.Path{Name: "excluded by the margin", Color: plot.Vermillion, Fill: low > 0, Quiet: true, X: dx, Y: dy},
		&plot.Path{Name: "unit circle", Color: plot.Grey, Dash: plot.Dashed, Width: 1, Quiet: true, X: ux, Y: uy},
		&plot.Path{Name: "L(jω), ω > 0", Color: plot.Blue, Width: 2, Arrows: 2, Quiet: true, X: re, Y: im},
		&plot.Path{Name: "ω < 0", Color: plot.Blue, Dash: plot.Dotted, Quiet: true, X: re, Y: negated(im)},
		&plot.Symbols{Name: "-1", Color: plot.Ink, Shape: plot.Cross, X: []float64{-1}, Y: []float64{0}},
	}
	if w := float64(m.Disk.Freq); !math.IsNaN(w) && !math.IsInf(w, 0) {
		v := g.FreqResp([]float64{w})[0].At(0, 0)
		if !cmplx.IsInf(v) && !cmplx.IsNaN(v) && cmplx.Abs(v) < 2*half {
			marks = append(marks, &plot.Symbols{Name: "critical frequency", Color: plot.Vermillion, X: []float64{real(v)}, Y: []float64{imag(v)}})
		}
	}
	ratio := float64(squareWidth-62) / squareHeight // of the plotting area, so that circles are round
	return &report.Drawing{File: "nyquist-" + name, Figure: &plot.Figure{Label: "Nyquist diagram of the loop at the " + m.Place + " " + m.Signal, Width: squareWidth,
		X: plot.Axis{Name: "real part", Min: -0.7 - half*ratio, Max: -0.7 + half*ratio}, Panels: []plot.Panel{{Height: squareHeight, Y: plot.Axis{Name: "imaginary part", Min: -half, Max: half}, Marks: marks}}},
		Caption: "The curve may not enter the shaded set, the points -1/f of all factors f in the disk; it touches it at the critical frequency."}
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = -v[i]
	}
	return out
}

// region draws which gain and phase changes at the same time the disk of each place contains.
func (r *marginResult) region() *report.Drawing {
	const top = 30.0 // dB, of the picture
	var marks []plot.Mark
	var columns []report.Column
	add := func(name string, d lti.Disk, color plot.Color, dash plot.Dash) {
		if !(d.Alpha > 0) || math.IsInf(d.Alpha, 1) {
			return
		}
		var x, y []float64
		for k := range diskPoints {
			f := d.Factor(cmplx.Rect(d.Alpha, 2*math.Pi*float64(k)/(diskPoints-1)))
			x, y = append(x, min(max(20*math.Log10(cmplx.Abs(f)), -4*top), 4*top)), append(y, cmplx.Phase(f)/degree)
		}
		for i := 1; i < len(y); i++ {
			if math.Abs(y[i]-y[i-1]) > 180 { // the boundary passes the negative axis
				y[i-1] = math.NaN()
			}
		}
		low, high := d.Gain()
		marks = append(marks, &plot.Path{Name: name, Color: color, Dash: dash, Width: 2, Fill: dash == plot.Solid && low > 0 && !math.IsInf(high, 1), Quiet: true, X: x, Y: y})
		columns = append(columns, report.Column{Name: "gain " + name, Unit: "dB", Values: x}, report.Column{Name: "phase " + name, Unit: "deg", Values: y})
	}
	span, angle := 6.0, 45.0
	for i := range r.Places {
		p := &r.Places[i]
		d := p.result.Disk()
		if low, high := d.Gain(); low > 0 && !math.IsInf(high, 1) {
			span = max(span, 1.3*20*math.Log10(high), -1.3*20*math.Log10(low))
		} else {
			span = top
		}
		angle = max(angle, 1.3*d.Phase()/degree)
		add(p.Place, d, plot.Cycle(i), plot.Solid)
	}
	span, angle = min(span, top), min(angle, 180)
	return &report.Drawing{File: "gain-phase-region", Figure: &plot.Figure{Label: "Gain and phase changes that are tolerated", Width: squareWidth, X: plot.Axis{Name: "gain", Unit: "dB", Min: -span, Max: span},
		Panels: []plot.Panel{{Height: 320, Y: plot.Axis{Name: "phase", Unit: "deg", Min: -angle, Max: angle}, Marks: marks}}},
		Caption: "Inside the curve every combination of gain and phase is tolerated, in each channel its own, at the same time.", Columns: columns}
}

// overFrequency draws the margin that each frequency alone would leave, with the peaks of S and T.
func (r *marginResult) overFrequency(l lti.Loop, grid []float64) (*report.Drawing, error) {
	most := 0
	for i := range r.Places {
		most = max(most, len(r.Places[i].Signals))
	}
	if most > 2 { // a small optimisation at each frequency
		grid = thinned(grid, sparsePoints)
	}
	columns := []report.Column{{Name: "frequency", Unit: "rad/s", Values: grid}}
	panel := plot.Panel{Y: plot.Axis{Name: "α at each frequency", Log: true}}
	for i := range r.Places {
		p := &r.Places[i]
		v, err := lti.DiskMarginAt(l, p.at, r.Skew, grid)
		if err != nil {
			return nil, err
		}
		panel.Marks = append(panel.Marks, &plot.Line{Name: p.Place, Color: plot.Cycle(i), Width: 2, X: grid, Y: v})
		columns = append(columns, report.Column{Name: "alpha " + p.Place, Values: v})
		a := float64(p.Disk.Lower)
		panel.Marks = append(panel.Marks, &plot.Line{Color: plot.Cycle(i), Dash: plot.Dashed, Width: 1, X: []float64{grid[0], grid[len(grid)-1]}, Y: []float64{a, a}})
	}
	size := plot.Panel{Y: plot.Axis{Name: "largest singular value", Unit: "dB"}}
	s, t, err := l.Sensitivity(r.Places[0].at)
	if err != nil {
		return nil, err
	}
	for i, g := range []*lti.SS{s, t} {
		name := []string{"S", "T"}[i]
		v := lti.LargestSingular(g, grid)
		for k := range v {
			v[k] = 20 * math.Log10(v[k])
		}
		size.Marks = append(size.Marks, &plot.Line{Name: name + ", " + r.Places[0].Place, Color: plot.Cycle(3 + i), X: grid, Y: v})
		columns = append(columns, report.Column{Name: name, Unit: "dB", Values: v})
	}
	return &report.Drawing{File: "margin-over-frequency", Figure: &plot.Figure{Label: "Smallest destabilising perturbation at each frequency", X: plot.Axis{Name: "frequency", Unit: "rad/s", Log: true}, Panels: []plot.Panel{panel, size}},
		Caption: "Dashed: the margin, the minimum over all frequencies (computed, not read off the curve).", Columns: columns}, nil
}

// thinned keeps about n points and the last.
func thinned(grid []float64, n int) []float64 {
	step := max(1, len(grid)/n)
	var out []float64
	for i := 0; i < len(grid)-1; i += step {
		out = append(out, grid[i])
	}
	return append(out, grid[len(grid)-1])
}

// poleMap draws the poles of the closed loop.
func (r *marginResult) poleMap(l lti.Loop) (*report.Drawing, error) {
	poles, err := l.Poles()
	if err != nil {
		return nil, err
	}
	var good, bad [2][]float64
	for _, p := range poles {
		to := &good
		if r.Time == "discrete" && cmplx.Abs(p) >= 1 || r.Time != "discrete" && real(p) >= 0 {
			to = &bad
		}
		to[0], to[1] = append(to[0], real(p)), append(to[1], imag(p))
	}
	marks := []plot.Mark{&plot.Symbols{Name: "stable", Color: plot.Blue, Shape: plot.Cross, X: good[0], Y: good[1]}}
	if len(bad[0]) > 0 {
		marks = append(marks, &plot.Symbols{Name: "not stable", Color: plot.Vermillion, Shape: plot.Cross, X: bad[0], Y: bad[1]})
	}
	x, y := plot.Axis{Name: "real part", Unit: "rad/s"}, plot.Axis{Name: "imaginary part", Unit: "rad/s"}
	if r.Time == "discrete" {
		var cx, cy []float64
		for k := range diskPoints {
			z := cmplx.Rect(1, 2*math.Pi*float64(k)/(diskPoints-1))
			cx, cy = append(cx, real(z)), append(cy, imag(z))
		}
		marks = append(marks, &plot.Path{Name: "unit circle", Color: plot.Grey, Dash: plot.Dashed, X: cx, Y: cy})
		x.Unit, y.Unit = "", ""
	} else {
		marks = append(marks, &plot.Rule{X: 0})
	}
	if r.Time != "discrete" {
		top := 0.0
		for _, v := range append(slices.Clone(good[1]), bad[1]...) {
			top = max(top, math.Abs(v))
		}
		if top == 0 { // all real
			top = 1
		}
		y.Min, y.Max = -1.15*top, 1.15*top
	}
	all := append(slices.Clone(good[0]), bad[0]...)
	if len(all) > 0 && r.Time != "discrete" {
		lo, hi := min(slices.Min(all), 0), max(slices.Max(all), 0)
		pad := 0.08 * (hi - lo)
		x.Min, x.Max = lo-pad, hi+pad
	}
	return &report.Drawing{File: "closed-loop-poles", Figure: &plot.Figure{Label: "Poles of the closed loop", Width: squareWidth, X: x, Panels: []plot.Panel{{Height: 320, Y: y, Marks: marks}}},
		Caption: "Poles of the closed loop" + map[bool]string{true: " and the unit circle", false: "; the dashed line bounds the stable half plane"}[r.Time == "discrete"] + ".", Columns: []report.Column{{Name: "real", Values: all}, {Name: "imaginary", Values: append(slices.Clone(good[1]), bad[1]...)}}}, nil
}
