package report

import (
	"fmt"
	"html/template"
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
	n = lively(g)
	k = k[:n]
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
	cols := []column{{c.head(), x}, {unitHead("difference", g.Unit), g.Difference[:n]}}
	if len(g.Bound) > 0 {
		bound := "bound c·rateᵏ"
		if g.Decided != "" {
			bound += " (" + g.Decided + ")"
		}
		panel.Marks = append(panel.Marks, &plot.Line{Name: bound, Color: plot.Blue, Dash: plot.Dashed, Width: 1.8, X: x, Y: g.Bound[:n]})
		cols = append(cols, column{unitHead("bound", g.Unit), g.Bound[:n]})
	}
	panel.Marks = append(panel.Marks, &plot.Line{Name: "two simulations", Color: plot.Vermillion, Width: 1.8, X: x, Y: g.Difference[:n]})
	label := "Forgetting: two simulations under the same input from different initial states"
	f := &plot.Figure{Label: label, X: c.axis, Panels: []plot.Panel{panel}}
	return draw(f, strings.TrimSpace(label+". "+g.Note), newSheet(label, cols...))
}

// What a picture of forgetting shows: the difference until it has fallen to a millionth of its largest value, the bound until
// it has fallen to a tenth of the percent at which an initial state counts as forgotten, and a fifth more.
const (
	livelyDifference = 1e-6
	livelyBound      = 1e-3
	livelyLeast      = 50 // samples
)

// lively is the number of samples worth showing.
func lively(g *Forgetting) int {
	largest, last := 0.0, 0
	for _, v := range g.Difference {
		largest = max(largest, v)
	}
	for i, v := range g.Difference {
		if v > livelyDifference*largest || len(g.Bound) > 0 && g.Bound[i] > livelyBound*min(largest, 1) {
			last = i
		}
	}
	return min(max(last+last/5, livelyLeast), len(g.Difference))
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
