package cert_test

import "math/rand/v2"

// splitWitness returns positive t and w with diag(w X - C' diag(t) C, diag(t)) - [L R]' W [L R] > 0: t dominates R'WR
// twice over, w comes from the Schur complement of the leading block, in the metric of X, bounded by its trace.
func splitWitness(x, c, l, r, weight mx) (w float64, t []float64) {
	k := r.t().mul(weight).mul(r)
	t = k.absRows()
	for i := range t {
		t[i] = 2*t[i] + 0.05
	}
	d := k.times(-1)
	for i := range t {
		d.v[i*d.c+i] += t[i]
	}
	off := r.t().mul(weight).mul(l)
	need := l.t().mul(weight).mul(l).plus(1, c.t().mul(c.scaled(t))).plus(1, off.t().mul(d.inv()).mul(off))
	return 1.1 * x.inv().mul(need).trace(), t
}

func eyeMx(n int) mx {
	a := newMx(n, n)
	for i := range n {
		a.set(i, i, 1)
	}
	return a
}

// gated is a sector-gated member with its witness of input-to-state stability; vertices leaves T null.
func (d draw) gated(g *rand.Rand, vertices bool) *part {
	p := d.base(g, "gated", d.n)
	r, rr := rateIn(g)
	ones := make([]float64, d.q)
	for i := range ones {
		ones[i] = 1
	}
	a, b1, c1, m, l := lureCore(g, d.n, d.q, r, ones)
	p.rate, p.m, p.l = rr, m.v, l
	p.put("A", a)
	p.put("B1", b1)
	p.put("C1", c1)
	p.put("B2", randMx(g, d.n, d.m, 0.5))
	p.put("D12", randMx(g, d.q, d.m, 0.7))
	d.outputs(g, p, true)
	p.noise(g, "u0", d.m)
	p.put("G1", randMx(g, d.h, d.n, 0.7))
	p.put("Gu", randMx(g, d.h, d.m, 0.7))
	p.noise(g, "g1", d.h)
	p.put("G2", randMx(g, d.q, d.h, 0.7))
	p.noise(g, "g2", d.q)

	metric := mx{d.n, d.n, p.m}
	g2, t := splitWitness(eyeMx(d.m), p.mx("D12"), p.mx("B2"), p.mx("B1"), metric)
	if !vertices {
		p.t = t
	}
	k2, ty := splitWitness(metric, p.mx("C1"), p.mx("Cx"), p.mx("Cw"), eyeMx(d.p))
	d2, td := splitWitness(eyeMx(d.m), p.mx("D12"), p.mx("D22"), p.mx("Cw"), eyeMx(d.p))
	p.g2, p.kappa2, p.d2, p.ty, p.td = ratio(g2), ratio(k2), ratio(d2), ty, td
	return p
}

// bounded is a Lur'e member with stable A and free B1, C1, with its witness of boundedness.
func (d draw) bounded(g *rand.Rand) *part {
	d.layers = 0
	p := d.base(g, "lure", d.n)
	r, rr := rateIn(g)
	a, _, _, m, _ := lureCore(g, d.n, 0, r, nil)
	p.rate, p.m = rr, m.v
	p.put("A", a)
	p.put("B1", randMx(g, d.n, d.q, 0.6))
	p.put("C1", randMx(g, d.q, d.n, 1.5))
	p.put("B2", randMx(g, d.n, d.m, 0.5))
	p.put("D12", randMx(g, d.q, d.m, 0.7))
	p.noise(g, "bx", d.n)
	p.noise(g, "bv", d.q)
	d.outputs(g, p, true)
	side := join(join(p.mx("B1"), p.mx("B2")), mx{d.n, 1, p.x("bx")})
	p.t = side.t().mul(m).mul(side).absRows()
	for i := range p.t {
		p.t[i] = 1.1*p.t[i] + 1e-3
	}
	cx := p.mx("Cx")
	for i := range d.p {
		c := cx.block(i, 0, 1, d.n)
		p.kappa2s = append(p.kappa2s, ratio(1.1*c.mul(m.inv()).mul(c.t()).at(0, 0)))
	}
	return p
}

// families are the kinds of certificate the test draws from.
var families = []string{
	"lure", "lure gain", "sandwich", "sandwich gain", "linear", "linear gain", "ssm", "ssm gain", "iss", "iss vertices",
	"bounded", "contraction ensemble", "iss ensemble", "bounded ensemble",
}

// newDraw draws sizes: mostly small, up to n = 8, q = 16, m = 3, p = 2.
func newDraw(g *rand.Rand, large bool) draw {
	d := draw{n: 1 + g.IntN(4), q: 1 + g.IntN(6), m: 1 + g.IntN(2), p: 1 + g.IntN(2), h: 1 + g.IntN(4), window: 1 + g.IntN(3)}
	if large {
		d.n, d.q, d.m = 5+g.IntN(4), 8+g.IntN(9), 1+g.IntN(3)
	}
	d.layers, d.blocks, d.static, d.members = 1+g.IntN(2), 1+g.IntN(3), g.IntN(8), 2+g.IntN(3)
	return d
}

// newSpec draws a true certificate of a family. The oracle confirms it, with a margin well off the boundary.
func newSpec(g *rand.Rand, family string, d draw) *spec {
	for {
		s := &spec{claim: "contraction", m: d.m, p: d.p, window: d.window, scale: map[string][]float64{}}
		for i := range d.m {
			s.scale["u_mid"] = append(s.scale["u_mid"], float64(g.IntN(9)-4)/4)
			s.scale["u_half"] = append(s.scale["u_half"], float64(1+i+g.IntN(8))/4)
		}
		for range d.p {
			s.scale["y_mean"] = append(s.scale["y_mean"], g.NormFloat64())
			s.scale["y_std"] = append(s.scale["y_std"], 0.1+g.Float64())
		}
		s.parts = drawParts(g, family, d)
		switch family {
		case "iss", "iss vertices", "iss ensemble":
			s.claim = "iss"
		case "bounded", "bounded ensemble":
			s.claim = "bounded"
		case "lstm", "lstm filter", "lstm norm", "lstm mixed", "gru", "gru filter", "deep ensemble":
			s.claim = "delta-iss"
		}
		if j := judge(s, false); j.true && j.margin > drawMargin && !j.grey {
			return s
		}
	}
}

// mutationSeed seeds everything that the tests of this judge draw.
const mutationSeed = 20260101

// drawMargin keeps base certificates a thousand times further from the boundary than the edits called near.
const drawMargin = 1e-6

func drawParts(g *rand.Rand, family string, d draw) []*part {
	layered, small := d, d
	d.layers, small.layers = 0, 0
	small.q = min(d.q, 7) // 2^q vertices
	switch family {
	case "lure", "lure gain":
		return []*part{d.lure(g, family == "lure gain")}
	case "sandwich", "sandwich gain":
		return []*part{layered.lure(g, family == "sandwich gain")}
	case "linear", "linear gain":
		return []*part{d.linear(g, family == "linear gain")}
	case "ssm", "ssm gain":
		return []*part{d.ssm(g, d.blocks, family == "ssm gain")}
	case "iss":
		return []*part{d.gated(g, false)}
	case "iss vertices":
		return []*part{small.gated(g, true)}
	case "bounded":
		return []*part{d.bounded(g)}
	case "contraction ensemble":
		return []*part{d.lure(g, true), d.ssm(g, 2, true), d.lure(g, true), d.linear(g, true)}[:d.members]
	case "iss ensemble":
		return []*part{d.gated(g, false), d.gated(g, false), layered.lure(g, false), d.linear(g, false)}[:d.members]
	case "bounded ensemble":
		return []*part{d.bounded(g), d.bounded(g), d.ssm(g, 1, false), d.gated(g, false)}[:d.members]
	}
	return deepParts(g, family, layered)
}
