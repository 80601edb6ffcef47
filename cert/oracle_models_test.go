package cert_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
)

// mx is a small float64 matrix for building models and witnesses; the oracle never uses it.
type mx struct {
	r, c int
	v    []float64
}

func newMx(r, c int) mx              { return mx{r, c, make([]float64, r*c)} }
func (a mx) at(i, j int) float64     { return a.v[i*a.c+j] }
func (a mx) set(i, j int, x float64) { a.v[i*a.c+j] = x }

func randMx(g *rand.Rand, r, c int, sigma float64) mx {
	a := newMx(r, c)
	for i := range a.v {
		a.v[i] = sigma * g.NormFloat64()
	}
	return a
}

func (a mx) t() mx {
	b := newMx(a.c, a.r)
	for i := range a.r {
		for j := range a.c {
			b.set(j, i, a.at(i, j))
		}
	}
	return b
}

func (a mx) mul(b mx) mx {
	o := newMx(a.r, b.c)
	for i := range a.r {
		for l := range a.c {
			x := a.at(i, l)
			for j := range b.c {
				o.v[i*b.c+j] += x * b.at(l, j)
			}
		}
	}
	return o
}

// plus is a + w b.
func (a mx) plus(w float64, b mx) mx {
	o := mx{a.r, a.c, append([]float64(nil), a.v...)}
	for i := range o.v {
		o.v[i] += w * b.v[i]
	}
	return o
}

func (a mx) block(i, j, r, c int) mx {
	o := newMx(r, c)
	for k := range r {
		copy(o.v[k*c:k*c+c], a.v[(i+k)*a.c+j:])
	}
	return o
}

// scaled multiplies row i by d[i] from the left.
func (a mx) scaled(d []float64) mx {
	o := newMx(a.r, a.c)
	for i := range a.v {
		o.v[i] = a.v[i] * d[i/a.c]
	}
	return o
}

func (a mx) trace() float64 {
	s := 0.0
	for i := range a.r {
		s += a.at(i, i)
	}
	return s
}

// inv is Gauss-Jordan elimination with partial pivoting.
func (a mx) inv() mx {
	n := a.r
	w, o := a.plus(0, a), newMx(n, n)
	for i := range n {
		o.set(i, i, 1)
	}
	for p := range n {
		b := p
		for i := p; i < n; i++ {
			if math.Abs(w.at(i, p)) > math.Abs(w.at(b, p)) {
				b = i
			}
		}
		for j := range n {
			w.v[p*n+j], w.v[b*n+j] = w.v[b*n+j], w.v[p*n+j]
			o.v[p*n+j], o.v[b*n+j] = o.v[b*n+j], o.v[p*n+j]
		}
		d := 1 / w.at(p, p)
		for j := range n {
			w.v[p*n+j] *= d
			o.v[p*n+j] *= d
		}
		for i := range n {
			if f := w.at(i, p); i != p && f != 0 {
				for j := range n {
					w.v[i*n+j] -= f * w.v[p*n+j]
					o.v[i*n+j] -= f * o.v[p*n+j]
				}
			}
		}
	}
	return o
}

func (a mx) symmetrised() mx { return a.plus(1, a.t()).times(0.5) }

func (a mx) times(w float64) mx { return newMx(a.r, a.c).plus(w, a) }

// absRows is the row sums of absolute values.
func (a mx) absRows() []float64 {
	d := make([]float64, a.r)
	for i, x := range a.v {
		d[i/a.c] += math.Abs(x)
	}
	return d
}

func join(a, b mx) mx {
	o := newMx(a.r, a.c+b.c)
	for i := range a.r {
		copy(o.v[i*o.c:], a.v[i*a.c:i*a.c+a.c])
		copy(o.v[i*o.c+a.c:], b.v[i*b.c:i*b.c+b.c])
	}
	return o
}

// lureCore is a random A, B1, C1 with the metric and multiplier of the direct parametrisation of Barbara, Wang and
// Manchester (R2DN, 2025) at rate r: G = X'X + eps I, E = (G11 + C'C + P/r^2 + Y - Y')/2, P = G22 + B B', A = inv(E) G21,
// M = E' inv(P) E, Lambda = psi^2. X is drawn close enough to orthogonal for a visible margin.
func lureCore(g *rand.Rand, n, q int, r float64, psi []float64) (a, b1, c1, m mx, lambda []float64) {
	x := randMx(g, 2*n, 2*n, 0.6/math.Sqrt(float64(2*n)))
	for i := range 2 * n {
		x.v[i*2*n+i] += 0.6 + 0.4*g.Float64()
	}
	G := x.t().mul(x)
	for i := range 2 * n {
		G.v[i*2*n+i] += 0.05
	}
	s := 0.5 / math.Sqrt(float64(max(q, 1)))
	c, b, y := randMx(g, q, n, s), randMx(g, n, q, s), randMx(g, n, n, 0.4)
	p := G.block(n, n, n, n).plus(1, b.mul(b.t()))
	e := G.block(0, 0, n, n).plus(1, c.t().mul(c)).plus(1/(r*r), p).plus(1, y).plus(-1, y.t()).times(0.5)
	k := e.inv()
	a, m = k.mul(G.block(n, 0, n, n)), e.t().mul(p.inv()).mul(e).symmetrised()
	b1, c1, lambda = k.mul(b), newMx(q, n), make([]float64, q)
	for j := range q {
		lambda[j] = psi[j] * psi[j]
		for i := range n {
			b1.v[i*q+j] *= psi[j]
			c1.v[j*n+i] = c.at(j, i) / psi[j]
		}
	}
	return
}

// draw holds the sizes of the members of one certificate; static is a bit mask of the state-space blocks with a layer,
// units the size of every recurrent layer, 0 for a random one.
type draw struct{ n, q, m, p, layers, h, window, blocks, static, members, units int }

func (d draw) base(g *rand.Rand, kind string, states int) *part {
	p := &part{kind: kind, n: d.n, q: d.q, layers: d.layers, h: d.h, states: states, w: map[string]*tensor{}}
	p.put("enc_W", randMx(g, states, d.window*(d.m+d.p), 0.05))
	p.vec("enc_b", randMx(g, 1, states, 0.05).v)
	return p
}

func (p *part) put(name string, a mx)                  { p.w[name] = &tensor{shape: []int{a.r, a.c}, v: a.v} }
func (p *part) vec(name string, v []float64)           { p.w[name] = &tensor{shape: []int{len(v)}, v: v} }
func (p *part) mx(name string) mx                      { t := p.w[name]; return mx{t.shape[0], t.shape[1], t.v} }
func (p *part) noise(g *rand.Rand, name string, n int) { p.vec(name, randMx(g, 1, n, 0.4).v) }

func ratio(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// rateIn returns a random rate as float64 and as ratio, sometimes one with a denominator that is no power of two.
func rateIn(g *rand.Rand) (float64, *big.Rat) {
	r := 1 - math.Exp(-0.4-6*g.Float64())
	if g.IntN(2) == 0 {
		rr := big.NewRat(int64(r*10000), 10000)
		r, _ = rr.Float64()
		return r, rr
	}
	return r, ratio(r)
}

func (d draw) outputs(g *rand.Rand, p *part, wide bool) {
	p.put("Cx", randMx(g, d.p, d.n, 0.7))
	p.put("D22", randMx(g, d.p, d.m, 0.3))
	p.noise(g, "by", d.p)
	if wide {
		p.put("Cw", randMx(g, d.p, d.q, 0.5))
	}
}

// lure is a Lur'e member with its contraction witness, with d.layers sandwich layers.
func (d draw) lure(g *rand.Rand, gain bool) *part {
	p := d.base(g, "lure", d.n)
	r, rr := rateIn(g)
	psi := make([]float64, d.q)
	for i := range psi {
		psi[i] = math.Exp(0.7 * g.NormFloat64())
		if d.layers > 0 {
			psi[i] = psi[0]
		}
	}
	a, b1, c1, m, l := lureCore(g, d.n, d.q, r, psi)
	p.rate, p.m, p.l = rr, m.v, l
	p.put("A", a)
	p.put("B1", b1)
	p.put("C1", c1)
	p.put("B2", randMx(g, d.n, d.m, 0.5))
	p.put("D12", randMx(g, d.q, d.m, 0.7))
	p.noise(g, "bx", d.n)
	p.noise(g, "bv", d.q)
	d.outputs(g, p, true)
	for i := range d.layers {
		d.sandwich(g, p, i)
	}
	if gain {
		d.gainOf(p)
	}
	return p
}

// sandwich adds a layer with 2T > Wout'Wout + T Win Win' T by bounding both terms through their traces.
func (d draw) sandwich(g *rand.Rand, p *part, i int) {
	t, root := make([]float64, d.h), make([]float64, d.h)
	for j := range t {
		t[j] = math.Exp(0.5 * g.NormFloat64())
		root[j] = math.Sqrt(t[j])
	}
	win, wout := randMx(g, d.h, d.q, 1), randMx(g, d.q, d.h, 1)
	inRoot := win.scaled(root)
	win = win.times(math.Sqrt(0.9 / inRoot.mul(inRoot.t()).trace()))
	outRoot := wout.t()
	for j := range root {
		root[j] = 1 / root[j]
	}
	outRoot = outRoot.scaled(root)
	wout = wout.times(math.Sqrt(0.9 / outRoot.mul(outRoot.t()).trace()))
	p.put(fmt.Sprintf("g%d.Win", i), win)
	p.put(fmt.Sprintf("g%d.Wout", i), wout)
	p.noise(g, fmt.Sprintf("g%d.b", i), d.h)
	p.layerT = append(p.layerT, t)
}

// gainOf adds a gain witness: the contraction metric times s, s large enough to absorb the output, then gamma2 from the
// Schur complement of the input block, bounded by its trace.
func (d draw) gainOf(p *part) {
	n, q := p.n, p.q
	w := n + q
	m := mx{n, n, p.m}
	side, out, in := p.mx("A"), p.mx("Cx"), p.mx("B2")
	c := newMx(0, n)
	dd := newMx(0, d.m)
	if q > 0 {
		side, out = join(side, p.mx("B1")), join(out, p.mx("Cw"))
		c, dd = p.mx("C1"), p.mx("D12")
	}
	cl, dl := c.scaled(p.l), dd.scaled(p.l)
	k := side.t().mul(m).mul(side).times(-1)
	corner := m.plus(-1, c.t().mul(cl))
	for i := range n {
		for j := range n {
			k.v[i*w+j] += corner.at(i, j)
		}
	}
	for i := range q {
		k.v[(n+i)*w+n+i] += p.l[i]
	}
	oo := out.t().mul(out)
	s := 2 * k.inv().mul(oo).trace()
	off := side.t().mul(m).mul(in)
	cu := c.t().mul(dl)
	for i := range n {
		for j := range d.m {
			off.v[i*d.m+j] += cu.at(i, j)
		}
	}
	R := off.times(s).plus(1, out.t().mul(p.mx("D22")))
	rest := in.t().mul(m).mul(in).plus(1, dd.t().mul(dl)).times(s).plus(1, p.mx("D22").t().mul(p.mx("D22")))
	rest = rest.plus(1, R.t().mul(k.times(s).plus(-1, oo).inv()).mul(R))
	lg := make([]float64, q)
	for i := range lg {
		lg[i] = s * p.l[i]
	}
	p.gain = &gainWitness{ratio(1.1 * rest.trace()), m.times(s).symmetrised().v, lg}
}

// linear is a linear member with its contraction witness.
func (d draw) linear(g *rand.Rand, gain bool) *part {
	d.q = 0
	p := d.base(g, "linear", d.n)
	r, rr := rateIn(g)
	a, _, _, m, _ := lureCore(g, d.n, 0, r, nil)
	p.rate, p.m = rr, m.v
	p.put("A", a)
	p.put("B2", randMx(g, d.n, d.m, 0.5))
	p.noise(g, "bx", d.n)
	d.outputs(g, p, false)
	if gain {
		d.gainOf(p)
	}
	return p
}

// ssm is a cascade of complex diagonal blocks with static layers.
func (d draw) ssm(g *rand.Rand, blocks int, gain bool) *part {
	p := &part{kind: "ssm", width: d.h, ssmGain: gain, w: map[string]*tensor{}}
	radius, rr := rateIn(g)
	in := d.m
	for b := range blocks {
		out := d.h
		if b == blocks-1 {
			out = d.p
		}
		s, hid := d.n, d.q*(d.static>>b&1)
		p.blocks = append(p.blocks, ssmBlock{s, hid})
		re, im := make([]float64, s), make([]float64, s)
		for i := range s {
			r, th := radius*(1-0.5*g.Float64()*g.Float64()-1e-6), math.Pi*g.Float64()
			re[i], im[i] = r*math.Cos(th), r*math.Sin(th)
		}
		name := func(t string) string { return fmt.Sprintf("b%d.%s", b, t) }
		p.vec(name("lre"), re)
		p.vec(name("lim"), im)
		p.put(name("Bre"), randMx(g, s, in, 0.4))
		p.put(name("Bim"), randMx(g, s, in, 0.4))
		p.put(name("Cre"), randMx(g, out, s, 0.4))
		p.put(name("Cim"), randMx(g, out, s, 0.4))
		p.put(name("D"), randMx(g, out, in, 0.4))
		p.noise(g, name("c"), out)
		if hid > 0 {
			p.put(name("W1"), randMx(g, hid, out, 0.4))
			p.noise(g, name("b1"), hid)
			p.put(name("W2"), randMx(g, out, hid, 0.4))
			p.noise(g, name("b2"), out)
		}
		p.states += 2 * s
		in = d.h
	}
	e := d.base(g, "ssm", p.states)
	p.w["enc_W"], p.w["enc_b"] = e.w["enc_W"], e.w["enc_b"]
	p.radius = rr
	p.rate = new(big.Rat).Add(rr, big.NewRat(1, 1))
	p.rate.Mul(p.rate, big.NewRat(1, 2))
	return p
}
