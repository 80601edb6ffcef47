package plot

import "math"

// Mark is something drawn in a panel: *Line, *Bars, *Points, *Band, *Rule or *Span.
type Mark interface {
	bounds(b *box)
	draw(w *writer, p *area)
	entry() (name string, swatch func(w *writer, x, y float64))
}

// box collects the ranges of the data.
type box struct {
	xlo, xhi, ylo, yhi float64
	xpos, ypos         float64 // smallest positive values, for logarithmic axes
}

func newBox() *box {
	inf := math.Inf(1)
	return &box{xlo: inf, xhi: -inf, ylo: inf, yhi: -inf, xpos: inf, ypos: inf}
}

func (b *box) add(x, y float64) {
	if finite(x) && finite(y) {
		b.addX(x)
		b.addY(y)
	}
}

func (b *box) addX(x float64) {
	b.xlo, b.xhi = min(b.xlo, x), max(b.xhi, x)
	if x > 0 {
		b.xpos = min(b.xpos, x)
	}
}

func (b *box) addY(y float64) {
	b.ylo, b.yhi = min(b.ylo, y), max(b.yhi, y)
	if y > 0 {
		b.ypos = min(b.ypos, y)
	}
}

// area is the plotting area of one panel in pixels with its two scales.
type area struct {
	x, y                     scale
	left, top, width, height float64
}

// Dash is the pattern of a line.
type Dash string

// Patterns.
const (
	Solid  Dash = ""
	Dashed Dash = "6 4"
	Dotted Dash = "1 4"
)

// Line is a curve through samples. X must not fall and has the length of Y.
type Line struct {
	Name  string // legend; "" leaves it out
	Color Color
	Dash  Dash
	Width float64 // 0 means 1.5
	Hold  bool    // each value holds until the next sample, as an input does between samples
	X, Y  []float64
}

func (l *Line) width() float64 {
	if l.Width == 0 {
		return 1.5
	}
	return l.Width
}

func (l *Line) bounds(b *box) {
	for i, x := range l.X {
		b.add(x, l.Y[i])
	}
}

func (l *Line) draw(w *writer, p *area) {
	columns := int(p.width)
	x, y := Decimate(l.X, l.Y, columns)
	if len(x) > 6*columns { // broken by many gaps: the range of each pixel column says as much
		x, y = columnRanges(l.X, l.Y, columns)
	}
	var px, py []float64
	for i := range x {
		qx, qy := p.x.at(x[i]), p.y.at(y[i])
		if l.Hold && i > 0 && len(l.X) <= 2*columns {
			px, py = append(px, qx), append(py, py[len(py)-1])
		}
		px, py = append(px, qx), append(py, qy)
	}
	if d := polyline(px, py); d != "" {
		w.put(`<path class="l s-`, string(l.Color), `"`, l.stroke(), ` d="`, d, "\"/>\n")
	}
}

func (l *Line) stroke() string {
	s := ` stroke-width="` + num(l.width()) + `"`
	if l.Dash != Solid {
		s += ` stroke-dasharray="` + string(l.Dash) + `"`
	}
	return s
}

func (l *Line) entry() (string, func(*writer, float64, float64)) {
	return l.Name, func(w *writer, x, y float64) {
		w.put(`<path class="l s-`, string(l.Color), `"`, l.stroke(), ` d="M`, num(x), ` `, num(y), "h20\"/>\n")
	}
}

// columnRanges returns one vertical stroke a pixel column, from its lowest to its highest sample.
func columnRanges(x, y []float64, columns int) (dx, dy []float64) {
	lo, hi := extent(x)
	low, high := make([]float64, columns+1), make([]float64, columns+1)
	for c := range low {
		low[c], high[c] = math.Inf(1), math.Inf(-1)
	}
	for i, v := range y {
		if finite(x[i]) && finite(v) {
			c := int((x[i] - lo) / (hi - lo) * float64(columns))
			low[c], high[c] = min(low[c], v), max(high[c], v)
		}
	}
	for c := range low {
		if low[c] <= high[c] {
			at := lo + float64(c)/float64(columns)*(hi-lo)
			dx, dy = append(dx, at, at, math.NaN()), append(dy, low[c], high[c], math.NaN())
		}
	}
	return dx, dy
}

// Bars are thin vertical bars from 0.
type Bars struct {
	Name  string
	Color Color
	X, Y  []float64
}

func (m *Bars) bounds(b *box) {
	for i, x := range m.X {
		b.add(x, m.Y[i])
		b.add(x, 0)
	}
}

func (m *Bars) draw(w *writer, p *area) {
	width := min(max(0.55*p.width/float64(max(len(m.X), 1)), 1), 6)
	w.put(`<path class="s-`, string(m.Color), `" stroke-width="`, num(width), `" d="`)
	for i, x := range m.X {
		if finite(x) && finite(m.Y[i]) {
			w.put("M", num(p.x.at(x)), " ", num(p.y.at(0)), "V", num(p.y.at(m.Y[i])))
		}
	}
	w.put("\"/>\n")
}

func (m *Bars) entry() (string, func(*writer, float64, float64)) {
	return m.Name, func(w *writer, x, y float64) {
		w.put(`<path class="s-`, string(m.Color), `" stroke-width="4" d="M`, num(x+5), ` `, num(y+4), `v-6m5 6v-9m5 9v-4"/>`, "\n")
	}
}

// Points are unconnected dots.
type Points struct {
	Name  string
	Color Color
	X, Y  []float64
}

func (m *Points) bounds(b *box) {
	for i, x := range m.X {
		b.add(x, m.Y[i])
	}
}

func (m *Points) draw(w *writer, p *area) {
	for i, x := range m.X {
		if px, py := p.x.at(x), p.y.at(m.Y[i]); finite(px) && finite(py) {
			w.put(`<circle class="f-`, string(m.Color), `" cx="`, num(px), `" cy="`, num(py), "\" r=\"4\"/>\n")
		}
	}
}

func (m *Points) entry() (string, func(*writer, float64, float64)) {
	return m.Name, func(w *writer, x, y float64) {
		w.put(`<circle class="f-`, string(m.Color), `" cx="`, num(x+10), `" cy="`, num(y), "\" r=\"4\"/>\n")
	}
}

// Band shades a horizontal range of values, such as a confidence band.
type Band struct {
	Name      string
	Color     Color
	Low, High float64
}

func (m *Band) bounds(b *box) {
	if finite(m.Low) && finite(m.High) {
		b.addY(m.Low)
		b.addY(m.High)
	}
}

func (m *Band) draw(w *writer, p *area) {
	if y0, y1 := p.y.at(m.High), p.y.at(m.Low); finite(y0) && finite(y1) {
		w.rect("b f-"+string(m.Color), p.left, y0, p.width, y1-y0)
	}
}

func (m *Band) entry() (string, func(*writer, float64, float64)) {
	return m.Name, func(w *writer, x, y float64) { w.rect("b f-"+string(m.Color), x, y-5, 20, 10) }
}

// Rule is a labelled vertical line.
type Rule struct {
	X     float64
	Label string
}

func (m *Rule) bounds(*box) {}

func (m *Rule) draw(w *writer, p *area) {
	x := p.x.at(m.X)
	if !finite(x) || x < p.left-1 || x > p.left+p.width+1 {
		return
	}
	w.line("r", x, p.top, x, p.top+p.height)
	if x+6+textWidth(m.Label) > p.left+p.width {
		w.text("t e", x-5, p.top+12, m.Label)
		return
	}
	w.text("t", x+5, p.top+12, m.Label)
}

func (m *Rule) entry() (string, func(*writer, float64, float64)) { return "", nil }

// Span shades a range of the horizontal axis.
type Span struct {
	Name     string
	Color    Color
	From, To float64
}

func (m *Span) bounds(*box) {}

func (m *Span) draw(w *writer, p *area) {
	x0, x1 := max(p.x.at(m.From), p.left), min(p.x.at(m.To), p.left+p.width)
	if x1 > x0 {
		w.rect("b f-"+string(m.Color), x0, p.top, x1-x0, p.height)
	}
}

func (m *Span) entry() (string, func(*writer, float64, float64)) {
	return m.Name, func(w *writer, x, y float64) { w.rect("b f-"+string(m.Color), x, y-5, 20, 10) }
}
