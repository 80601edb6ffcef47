package plot

// Figure is a stack of panels over one horizontal axis.
type Figure struct {
	Label  string  // one line saying what the picture shows: for screen readers, and the heading of a file
	Width  float64 // pixels; 0 means DefaultWidth
	X      Axis
	Panels []Panel
}

// Panel is one plotting area. Its header line names the vertical axis and holds the legend.
type Panel struct {
	Height float64 // of the plotting area; 0 means 200
	Y      Axis
	Marks  []Mark
}

// DefaultWidth is the width of a figure that states none, in pixels.
const DefaultWidth = 920

// Sizes of the layout in pixels.
const (
	defaultHeight = 200
	header        = 24 // above each panel: axis name and legend
	footer        = 40 // below the last panel: tick labels and name of the horizontal axis
	gap           = 12 // between panels
	right         = 14
	heading       = 34 // of a stand-alone file
	perTickX      = 95
	perTickY      = 38
	yPad          = 0.06 // margin above and below the data, of their span
)

// Inline returns the picture as an svg element for a page that includes CSS.
func (f *Figure) Inline() string { return f.render(false) }

// File returns the picture as a stand-alone SVG file with heading, background and style.
func (f *Figure) File() string { return f.render(true) }

// laid is a panel with its place.
type laid struct {
	*Panel
	area
	ok      bool
	yticks  []tick
	label   string
	legends [][]Mark // one line each
}

func (f *Figure) render(file bool) string {
	width := f.Width
	if width == 0 {
		width = DefaultWidth
	}
	top := 0.0
	if file {
		top = heading
	}
	panels, xticks, xlabel, height := f.layout(width, top)

	w := new(writer)
	w.put(`<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 `, num(width), ` `, num(height), `"`)
	if file {
		w.put(` width="`, num(width), `" height="`, num(height), `"`)
	}
	w.put(` role="img" aria-label="`, escape(f.Label), "\">\n")
	if file {
		w.put("<title>", escape(f.Label), "</title>\n<style>", CSS, "</style>\n")
		w.rect("paper", 0, 0, width, height)
		w.text("k", 12, 22, clip(f.Label, (width-24)/1.45)) // 16 px bold
	}
	for i := range panels {
		panels[i].draw(w, xticks)
	}
	if n := len(panels); n > 0 {
		panels[n-1].footer(w, xticks, xlabel)
	}
	w.put("</svg>\n")
	return w.String()
}

// layout places the panels below top and returns the height of the whole.
func (f *Figure) layout(width, top float64) (panels []laid, xticks []tick, xlabel string, height float64) {
	all := newBox()
	left := 48.0
	panels = make([]laid, len(f.Panels))
	for i := range panels {
		p := &panels[i]
		p.Panel = &f.Panels[i]
		b := newBox()
		for _, m := range p.Marks {
			m.bounds(b)
			m.bounds(all)
		}
		p.height = p.Height
		if p.height == 0 {
			p.height = defaultHeight
		}
		p.y, p.ok = p.Y.fit(b.ylo, b.yhi, b.ypos, yPad)
		if p.ok {
			var exp int
			p.yticks, exp = p.y.ticks(max(2, int(p.height/perTickY)))
			p.label = p.Y.label(exp)
		} else {
			p.label = p.Y.label(0)
		}
		for _, t := range p.yticks {
			left = max(left, textWidth(t.label)+14)
		}
	}
	left = min(left, 130)
	inner := width - left - right
	xs, ok := f.X.fit(all.xlo, all.xhi, all.xpos, 0)
	xs.p0, xs.p1 = left, left+inner
	xlabel = f.X.label(0)
	if ok {
		var exp int
		xticks, exp = xs.ticks(max(2, int(inner/perTickX)))
		xlabel = f.X.label(exp)
	}
	y := top
	for i := range panels {
		p := &panels[i]
		p.ok = p.ok && ok
		p.x, p.left, p.width = xs, left, inner
		p.legend()
		p.top = y + float64(max(1, len(p.legends)))*header
		p.y.p0, p.y.p1 = p.top+p.height, p.top
		y = p.top + p.height + gap
	}
	return panels, xticks, xlabel, y - gap + footer
}

// legend breaks the legend into lines beside the axis name.
func (p *laid) legend() {
	x := boldWidth(p.label) + 18
	for _, m := range p.Marks {
		name, _ := m.entry()
		if name == "" {
			continue
		}
		wide := legendWidth(name)
		if len(p.legends) == 0 {
			p.legends = append(p.legends, nil)
		}
		if x+wide > p.width && x > 24 {
			p.legends = append(p.legends, nil)
			x = 24
		}
		last := len(p.legends) - 1
		p.legends[last] = append(p.legends[last], m)
		x += wide
	}
}

// boldWidth is the width of an axis name, which is set bold.
func boldWidth(s string) float64 { return 1.2 * textWidth(s) }

func legendWidth(name string) float64 { return 26 + textWidth(name) + 18 }

func (p *laid) draw(w *writer, xticks []tick) {
	base := p.top - float64(max(1, len(p.legends)))*header
	w.text("h", p.left, base+16, clip(p.label, p.width/1.2))
	for i, row := range p.legends {
		x, y := p.left, base+float64(i)*header+12
		if i == 0 {
			x += boldWidth(p.label) + 18
		}
		for _, m := range row {
			name, swatch := m.entry()
			swatch(w, x, y)
			w.text("", x+26, y+4, clip(name, p.left+p.width-x-26))
			x += legendWidth(name)
		}
	}
	if !p.ok {
		w.rect("b f-grey", p.left, p.top, p.width, p.height)
		w.text("m", p.left+p.width/2, p.top+p.height/2, "no data to show")
		return
	}
	p.grid(w, xticks)
	// A nested svg clips without an id that would have to be unique in the page.
	w.put(`<svg x="`, num(p.left), `" y="`, num(p.top-2), `" width="`, num(p.width+2), `" height="`, num(p.height+4), `" viewBox="`,
		num(p.left), ` `, num(p.top-2), ` `, num(p.width+2), ` `, num(p.height+4), "\">\n")
	for _, m := range p.Marks {
		m.draw(w, &p.area)
	}
	w.put("</svg>\n")
}

// grid draws the grid lines, the tick labels of the vertical axis and the two axes.
func (p *laid) grid(w *writer, xticks []tick) {
	bottom, end := p.top+p.height, p.left+p.width
	for _, t := range xticks {
		x := p.x.at(t.at)
		class := "g"
		if t.label == "" {
			class = "g2"
		}
		w.line(class, x, p.top, x, bottom)
	}
	for _, t := range p.yticks {
		y := p.y.at(t.at)
		switch {
		case t.label == "":
			w.line("g2", p.left, y, end, y)
			continue
		case !p.y.log && t.at == 0:
			w.line("a", p.left, y, end, y)
		default:
			w.line("g", p.left, y, end, y)
		}
		w.text("t e", p.left-7, y+4, t.label)
	}
	w.line("a", p.left, p.top, p.left, bottom)
	w.line("a", p.left, bottom, end, bottom)
}

func (p *laid) footer(w *writer, xticks []tick, label string) {
	y := p.top + p.height
	if p.ok {
		for _, t := range xticks {
			if t.label == "" {
				continue
			}
			x := p.x.at(t.at)
			class, half := "t m", textWidth(t.label)/2
			if x+half > p.left+p.width+right {
				class, x = "t e", p.left+p.width+right
			}
			w.text(class, x, y+15, t.label)
		}
	}
	w.text("m", p.left+p.width/2, y+33, clip(label, p.width))
}

// Steps returns x = x0 + k dx for k = 0..n-1, the usual horizontal axis of a record.
func Steps(x0, dx float64, n int) []float64 {
	x := make([]float64, n)
	for k := range x {
		x[k] = x0 + float64(float64(k)*dx)
	}
	return x
}
