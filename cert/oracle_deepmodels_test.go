package cert_test

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// deepFamilies are the kinds of delta-iss certificate the tests draw from.
var deepFamilies = []string{"lstm", "lstm filter", "lstm norm", "lstm mixed", "gru", "gru filter", "deep ensemble"}

func deepParts(g *rand.Rand, family string, d draw) []*part {
	switch family {
	case "lstm":
		return []*part{d.recurrent(g, "lstm", d.blocks, 0, 0)}
	case "lstm filter":
		return []*part{d.recurrent(g, "lstm", d.layers, 1+d.static%3, 0)}
	case "lstm norm":
		return []*part{d.recurrent(g, "lstm", d.layers, 0, 1)}
	case "lstm mixed":
		return []*part{d.recurrent(g, "lstm", 2+d.layers%2, d.static%2, 0.5)}
	case "gru":
		return []*part{d.recurrent(g, "gru", d.blocks, 0, 0)}
	case "gru filter":
		return []*part{d.recurrent(g, "gru", d.layers, 1+d.static%3, 0)}
	}
	return []*part{d.recurrent(g, "lstm", 1, 1, 0), d.recurrent(g, "gru", 1, 0, 0), d.recurrent(g, "lstm", 2, 0, 0), d.recurrent(g, "lstm", 1, 1, 0)}[:d.members]
}

// recurrent is an lstm or gru member with its witness. Layers have up to d.n units; norm is the share of layers in norm form.
func (d draw) recurrent(g *rand.Rand, kind string, layers, filter int, norm float64) *part {
	for {
		p := d.recurrentWeights(g, kind, layers, filter)
		p.cells = nil
		for range layers {
			p.cells = append(p.cells, cellWitness{norm: g.Float64() < norm})
		}
		for range 20 {
			if d.solve(g, p) {
				return p
			}
			for _, name := range p.names() { // weaker couplings
				if name[0] == 'l' && name[len(name)-2] == 'U' {
					scale(p.x(name), 0.7)
				}
			}
		}
	}
}

func (d draw) recurrentWeights(g *rand.Rand, kind string, layers, filter int) *part {
	p := &part{kind: kind, fstates: filter, w: map[string]*tensor{}}
	width := d.m
	if filter > 0 {
		p.fwidth = 1 + g.IntN(2)
		re, im, box := make([]float64, filter), make([]float64, filter), make([]float64, filter)
		for i := range filter {
			r, th := 0.95*g.Float64(), math.Pi*g.Float64()
			re[i], im[i], box[i] = r*math.Cos(th), r*math.Sin(th), 0.2+g.Float64()
		}
		p.vec("f.lre", re)
		p.vec("f.lim", im)
		p.vec("f.box", box)
		for name, shape := range map[string][2]int{"Bre": {filter, d.m}, "Bim": {filter, d.m}, "Cre": {p.fwidth, filter}, "Cim": {p.fwidth, filter},
			"D": {p.fwidth, d.m}, "Ere": {d.p, filter}, "Eim": {d.p, filter}} {
			p.put("f."+name, newMx(shape[0], shape[1]))
		}
		for _, name := range p.names() { // in the order of names, so that the draw is the same every time
			if t := p.w[name]; len(t.shape) == 2 {
				t.v = randMx(g, t.shape[0], t.shape[1], 0.4).v
			}
		}
		width = p.fwidth
		p.states = 2 * filter
	}
	n := 0
	for l := range layers {
		if n = d.units; n == 0 {
			n = 1 + g.IntN(d.n)
		}
		p.units = append(p.units, n)
		gates := "ifgo"
		if kind == "gru" {
			gates = "zrn"
		}
		for _, c := range gates {
			at := func(s string) string { return fmt.Sprintf("l%d.%s%c", l, s, c) }
			p.put(at("W"), randMx(g, n, width, 0.6/math.Sqrt(float64(width))))
			p.put(at("U"), randMx(g, n, n, 0.4/float64(n)))
			shift := map[rune]float64{'i': -1, 'f': 1, 'z': 0.5}[c]
			b := gauss(g, n, 0.7)
			for i := range b {
				b[i] += shift
			}
			p.vec(at("b"), b)
		}
		width = n
		p.states += n
		if kind == "lstm" {
			p.states += n
		}
	}
	p.put("Wy", randMx(g, d.p, n, 0.7))
	p.put("Dy", randMx(g, d.p, d.m, 0.3))
	p.noise(g, "by", d.p)
	p.put("enc_W", randMx(g, p.states, d.window*(d.m+d.p), 0.05))
	p.vec("enc_b", gauss(g, p.states, 0.05))
	return p
}

// solve sets boxes, rate, eta and zeta by iterating the float64 step maps; false when a layer does not contract.
func (d draw) solve(g *rand.Rand, p *part) bool {
	s := &spec{m: d.m, p: d.p}
	e := deep[float64]{quickRing{}, s, p, true}
	p.rate = ratio(0.999) // for the bounds of the filter; the modulus does not depend on it
	f, _ := e.fronts()
	v, vnorm := f.reach, false
	var maps []deepLayer[float64]
	rho := 0.0
	for i := range p.fstates {
		rho = max(rho, math.Hypot(p.x("f.lre")[i], p.x("f.lim")[i]))
	}
	for l, w := range p.cells {
		e.box(g, l, v)
		y := e.layer(l, w.norm, vnorm, v)
		maps = append(maps, y)
		zero := f.gain
		if l > 0 {
			zero = y.hbox[:0:0]
			for range p.units[l-1] {
				zero = append(zero, 0)
			}
		} else {
			zero = make([]float64, len(zero))
		}
		if vnorm {
			zero = []float64{0}
		}
		size := p.size(l)
		x, growth := constantVec(size, 1), 0.0
		for range 200 {
			next := y.step(x, zero)
			growth = 0
			for i := range next {
				next[i] += 0.2*x[i] + 1e-9
				growth = max(growth, next[i]/x[i]-0.2)
			}
			scale(next, 1/maxOf(next))
			for i := range next {
				next[i] = max(next[i], 1e-6)
			}
			x = next
		}
		rho = max(rho, growth)
		v, vnorm = y.hbox, w.norm
	}
	if rho > 0.995 {
		return false
	}
	r := rho + (1-rho)*(0.05+0.6*g.Float64())
	p.rate = ratio(r)
	p.etaF = make([]float64, p.fstates)
	for i := range p.etaF {
		p.etaF[i] = math.Exp(0.5 * g.NormFloat64())
	}
	in, gin := make([]float64, len(f.gain)), f.gain
	for j := range in {
		for i, eta := range p.etaF {
			in[j] += f.moduli[j][i] * eta
		}
	}
	for l, y := range maps {
		w := &p.cells[l]
		slack := math.Exp(-6 * g.Float64()) // how far off the boundary
		w.eta, w.zeta = fixedPoint(y, in, r, slack, p.size(l)), fixedPoint(y, gin, 1, slack, p.size(l))
		from := p.hFrom(len(w.eta))
		in, gin = append([]float64(nil), w.eta[from:]...), w.zeta[from:]
		scale(in, r)
	}
	return true
}

// size counts the numbers of eta of layer l.
func (p *part) size(l int) int {
	switch {
	case p.cells[l].norm:
		return 2
	case p.kind == "lstm":
		return 2 * p.units[l]
	}
	return p.units[l]
}

// fixedPoint iterates x = (F(x, in) + slack)/r.
func fixedPoint(y deepLayer[float64], in []float64, r, slack float64, n int) []float64 {
	x := constantVec(n, slack)
	for range 20000 {
		next, change := y.step(x, in), 0.0
		for i := range next {
			next[i] = (next[i] + slack*(0.1+maxOf(in)) + 1e-4) / r
			change = max(change, math.Abs(next[i]-x[i])/next[i])
		}
		x = next
		if change < 1e-12 {
			break
		}
	}
	return x
}

// box sets an invariant box of layer l for inputs within v, a little larger than the one found by iteration.
func (e deep[T]) box(g *rand.Rand, l int, v []float64) {
	p := e.p
	f := deep[float64]{quickRing{}, e.s, p, false}
	n := p.units[l]
	h := constantVec(n, 1)
	c := constantVec(n, 1)
	for range 3 {
		if p.kind == "gru" {
			r := f.gate(l, "r", v, h)
			rh := make([]float64, n)
			for j := range rh {
				rh[j] = r.top[j] * h[j]
			}
			h = f.gate(l, "n", v, rh).top
			continue
		}
		i, fg, o, gg := f.gate(l, "i", v, h), f.gate(l, "f", v, h), f.gate(l, "o", v, h), f.gate(l, "g", v, h)
		next := make([]float64, n)
		for j := range n {
			c[j] = i.top[j] * gg.top[j] / (1 - fg.top[j])
			next[j] = o.top[j] * math.Tanh(c[j])
		}
		h = next
	}
	slack := 1 + 0.01*math.Exp(-6*g.Float64())
	scale(h, slack)
	scale(c, 1+(slack-1)/2)
	p.vec(fmt.Sprintf("l%d.hbox", l), h)
	if p.kind == "lstm" {
		p.vec(fmt.Sprintf("l%d.cbox", l), c)
	}
}

func constantVec(n int, x float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = x
	}
	return v
}

func maxOf(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, x)
	}
	return m
}

// stepDeep is one step of an lstm or gru member in scaled signals.
func (p *part) stepDeep(x, u []float64) (next, y []float64) {
	s := p.fstates
	v := u
	y = sum(p.x("by"), p.mx("Dy").apply(u))
	if s > 0 {
		re, im := x[:s], x[s:2*s]
		x = x[2*s:]
		neg := func(a []float64) []float64 { return each(a, func(t float64) float64 { return -t }) }
		bre, bim := p.mx("f.Bre").apply(u), p.mx("f.Bim").apply(u)
		for i := range s {
			next = append(next, p.x("f.lre")[i]*re[i]-p.x("f.lim")[i]*im[i]+bre[i])
		}
		for i := range s {
			next = append(next, p.x("f.lre")[i]*im[i]+p.x("f.lim")[i]*re[i]+bim[i])
		}
		v = sum(p.mx("f.Cre").apply(re), neg(p.mx("f.Cim").apply(im)), p.mx("f.D").apply(u))
		y = sum(y, p.mx("f.Ere").apply(re), neg(p.mx("f.Eim").apply(im)))
	}
	logistic := func(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
	for l, n := range p.units {
		gate := func(name string, h []float64, f func(float64) float64) []float64 {
			at := func(t string) string { return fmt.Sprintf("l%d.%s%s", l, t, name) }
			return each(sum(p.mx(at("W")).apply(v), p.mx(at("U")).apply(h), p.x(at("b"))), f)
		}
		h := make([]float64, n)
		if p.kind == "gru" {
			old := x[:n]
			x = x[n:]
			z, r := gate("z", old, logistic), gate("r", old, logistic)
			rh := make([]float64, n)
			for j := range n {
				rh[j] = r[j] * old[j]
			}
			c := gate("n", rh, math.Tanh)
			for j := range n {
				h[j] = z[j]*old[j] + (1-z[j])*c[j]
			}
			next = append(next, h...)
		} else {
			c, old := x[:n], x[n:2*n]
			x = x[2*n:]
			i, f, o, g := gate("i", old, logistic), gate("f", old, logistic), gate("o", old, logistic), gate("g", old, math.Tanh)
			for j := range n {
				next = append(next, f[j]*c[j]+i[j]*g[j])
			}
			for j, cn := range next[len(next)-n:] {
				h[j] = o[j] * math.Tanh(cn)
			}
			next = append(next, h...)
		}
		v = h
	}
	return next, sum(y, p.mx("Wy").apply(v))
}

// half is the half-width of the box of each state.
func (p *part) half() []float64 {
	var out []float64
	if p.fstates > 0 {
		out = append(append(out, p.x("f.box")...), p.x("f.box")...)
	}
	for l := range p.units {
		if p.kind == "lstm" {
			out = append(out, p.x(fmt.Sprintf("l%d.cbox", l))...)
		}
		out = append(out, p.x(fmt.Sprintf("l%d.hbox", l))...)
	}
	return out
}
