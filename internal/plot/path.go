package plot

import (
	"math"
	"strings"
)

// Path is a curve that may go anywhere: an orbit, a level set, a Nyquist curve. NaN breaks it.
type Path struct {
	Name   string // legend; "" leaves it out
	Color  Color
	Dash   Dash
	Width  float64 // 0 means 1.5
	Fill   bool    // shade the inside of the closed curve
	Arrows int     // arrow heads along the curve, evenly spaced, pointing forward
	Quiet  bool    // does not stretch the axes
	X, Y   []float64
}

func (m *Path) line() *Line { return &Line{Name: m.Name, Color: m.Color, Dash: m.Dash, Width: m.Width} }

func (m *Path) bounds(b *box) {
	if m.Quiet {
		return
	}
	for i, x := range m.X {
		b.add(x, m.Y[i])
	}
}

// pathStep is the distance in pixels below which a point of a path is left out.
const pathStep = 0.7

func (m *Path) draw(w *writer, p *area) {
	var x, y []float64
	for i := range m.X {
		qx, qy := p.x.at(m.X[i]), p.y.at(m.Y[i])
		if n := len(x); n > 0 && i < len(m.X)-1 && math.Hypot(qx-x[n-1], qy-y[n-1]) < pathStep {
			continue
		}
		x, y = append(x, far(qx, p.left, p.width)), append(y, far(qy, p.top, p.height))
	}
	d := polyline(x, y)
	if d == "" {
		return
	}
	if m.Fill {
		w.put(`<path class="b" style="fill:var(--`, string(m.Color), `)" d="`, d, "Z\"/>\n")
	}
	w.put(`<path class="l s-`, string(m.Color), `"`, m.line().stroke(), ` d="`, d, "\"/>\n")
	if heads := arrows(x, y, m.Arrows); heads != "" {
		w.put(`<path class="l s-`, string(m.Color), `" stroke-width="`, num(m.line().width()), `" d="`, heads, "\"/>\n")
	}
}

// far keeps a point that leaves the picture within what SVG viewers draw exactly.
func far(v, from, size float64) float64 {
	return min(max(v, from-20*size), from+21*size)
}

// arrows returns the path of n heads along a curve in pixels.
func arrows(x, y []float64, n int) string {
	if n == 0 || len(x) < 2 {
		return ""
	}
	total := 0.0
	step := func(i int) float64 {
		if d := math.Hypot(x[i]-x[i-1], y[i]-y[i-1]); finite(d) {
			return d
		}
		return 0
	}
	for i := 1; i < len(x); i++ {
		total += step(i)
	}
	var b strings.Builder
	gone, next := 0.0, 1
	for i := 1; i < len(x) && next <= n; i++ {
		d := step(i)
		if gone += d; d == 0 || gone < total*(float64(next)-0.5)/float64(n) {
			continue
		}
		next++
		const size, wing = 4.5, 2.6 // pixels
		ux, uy := (x[i]-x[i-1])/d, (y[i]-y[i-1])/d
		b.WriteString("M" + num(x[i]-size*ux+wing*uy) + " " + num(y[i]-size*uy-wing*ux) + "L" + num(x[i]) + " " + num(y[i]) +
			"L" + num(x[i]-size*ux-wing*uy) + " " + num(y[i]-size*uy+wing*ux))
	}
	return b.String()
}

func (m *Path) entry() (string, func(*writer, float64, float64)) { return m.line().entry() }

// Shape is the form of a Symbols mark.
type Shape int

// Shapes.
const (
	Disk  Shape = iota // filled
	Ring               // open
	Cross              // diagonal
)

// Symbols are unconnected marks of one shape.
type Symbols struct {
	Name  string
	Color Color
	Shape Shape
	X, Y  []float64
}

func (m *Symbols) bounds(b *box) {
	for i, x := range m.X {
		b.add(x, m.Y[i])
	}
}

func (m *Symbols) draw(w *writer, p *area) {
	for i, x := range m.X {
		if px, py := p.x.at(x), p.y.at(m.Y[i]); finite(px) && finite(py) {
			m.symbol(w, px, py)
		}
	}
}

func (m *Symbols) symbol(w *writer, x, y float64) {
	const r = 4.5 // pixels
	switch m.Shape {
	case Ring:
		w.put(`<circle class="s-`, string(m.Color), `" style="fill:none" stroke-width="2" cx="`, num(x), `" cy="`, num(y), `" r="`, num(r), "\"/>\n")
	case Cross:
		w.put(`<path class="s-`, string(m.Color), `" stroke-width="2" d="M`, num(x-r), ` `, num(y-r), `L`, num(x+r), ` `, num(y+r), `M`, num(x-r), ` `, num(y+r), `L`, num(x+r), ` `, num(y-r), "\"/>\n")
	default:
		w.put(`<circle class="f-`, string(m.Color), `" cx="`, num(x), `" cy="`, num(y), `" r="`, num(r), "\"/>\n")
	}
}

func (m *Symbols) entry() (string, func(*writer, float64, float64)) {
	return m.Name, func(w *writer, x, y float64) { m.symbol(w, x+10, y) }
}
