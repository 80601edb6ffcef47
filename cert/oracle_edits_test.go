package cert_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
)

// editor changes the meaning of a certificate: s is edited in place, sib is a true certificate of another model with the
// same sizes. A meaning edit reports whether it applied; the oracle then says whether the claim still holds.
type editor struct {
	g      *rand.Rand
	s, sib *spec
}

type meaningEdit struct {
	name  string
	apply func(e *editor) bool
	grey  bool // the contract does not promise that such a file is proved when true
}

func (e *editor) pick() (p, sib *part) {
	i := e.g.IntN(len(e.s.parts))
	return e.s.parts[i], e.sib.parts[i]
}

// weight picks a tensor that the certificate depends on.
func (e *editor) weight(p *part) *tensor {
	var names []string
	for _, n := range p.names() {
		switch n[strings.LastIndex(n, ".")+1:] {
		case "A", "B1", "C1", "Win", "Wout", "lre", "lim", "B2", "D12", "Cx", "Cw", "D22":
			names = append(names, n)
		case "bx":
			if e.s.claim == "bounded" {
				names = append(names, n)
			}
		}
	}
	return p.w[names[e.g.IntN(len(names))]]
}

// multipliers lists the diagonal witnesses of p.
func (p *part) multipliers() [][]float64 {
	var out [][]float64
	for _, d := range append([][]float64{p.l, p.t, p.ty, p.td}, p.layerT...) {
		if len(d) > 0 {
			out = append(out, d)
		}
	}
	if p.gain != nil && len(p.gain.l) > 0 {
		out = append(out, p.gain.l)
	}
	return out
}

// ratios lists the ratio witnesses of p besides the rate, each with whether the claim is monotone in it: a larger value
// keeps it true.
func (p *part) ratios() []**big.Rat {
	var out []**big.Rat
	for _, r := range []**big.Rat{&p.g2, &p.kappa2, &p.d2} {
		if *r != nil {
			out = append(out, r)
		}
	}
	for i := range p.kappa2s {
		out = append(out, &p.kappa2s[i])
	}
	if p.gain != nil {
		out = append(out, &p.gain.gamma2)
	}
	return out
}

func (e *editor) entry(v []float64, f func(float64) float64) bool {
	if len(v) == 0 {
		return false
	}
	i := e.g.IntN(len(v))
	old := v[i]
	v[i] = f(old)
	return math.Float64bits(v[i]) != math.Float64bits(old)
}

func (e *editor) ulp(x float64) float64 {
	return math.Nextafter(x, math.Inf(1-2*e.g.IntN(2)))
}

func timesRat(r *big.Rat, f float64) *big.Rat { return new(big.Rat).Mul(r, ratio(f)) }

// meaningEdits are drawn uniformly.
var meaningEdits = []meaningEdit{
	{name: "unchanged", apply: func(e *editor) bool { return true }},
	{name: "rate lowered", apply: func(e *editor) bool {
		p, _ := e.pick()
		p.rate = timesRat(p.rate, 0.3+0.7*e.g.Float64())
		return true
	}},
	{name: "rate raised", apply: func(e *editor) bool {
		p, _ := e.pick()
		p.rate = new(big.Rat).Mul(p.rate.Add(p.rate, big.NewRat(1, 1)), big.NewRat(1, 2))
		return true
	}},
	{name: "rate outside (0,1)", apply: func(e *editor) bool {
		p, _ := e.pick()
		p.rate = big.NewRat([]int64{0, 1, 3, -1, 1001}[e.g.IntN(5)], []int64{1, 2, 1000}[e.g.IntN(3)])
		if e.g.IntN(2) == 0 {
			p.rate = big.NewRat(1, 1)
		}
		return true
	}},
	{name: "weights of another model", apply: func(e *editor) bool {
		for i, p := range e.s.parts {
			p.w = e.sib.clone().parts[i].w
		}
		return true
	}},
	{name: "tensor of another model", apply: func(e *editor) bool {
		p, sib := e.pick()
		names := p.names()
		n := names[e.g.IntN(len(names))]
		t := sib.w[n]
		copy(p.w[n].v, t.v)
		return true
	}},
	{name: "weight replaced", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.weight(p).v, func(float64) float64 { return e.g.NormFloat64() })
	}},
	{name: "weight scaled", apply: func(e *editor) bool {
		p, _ := e.pick()
		f := math.Exp(e.g.NormFloat64())
		return e.entry(e.weight(p).v, func(x float64) float64 { return f * x })
	}},
	{name: "weight sign flipped", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.weight(p).v, func(x float64) float64 { return -x })
	}},
	{name: "tensor sign flipped", apply: func(e *editor) bool {
		p, _ := e.pick()
		t := e.weight(p)
		for i := range t.v {
			t.v[i] = -t.v[i]
		}
		return true
	}},
	{name: "tensor scaled", apply: func(e *editor) bool {
		p, _ := e.pick()
		t, f := e.weight(p), math.Exp(0.5*e.g.NormFloat64())
		for i := range t.v {
			t.v[i] *= f
		}
		return true
	}},
	{name: "weight moved by one ulp", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.weight(p).v, e.ulp)
	}},
	{name: "witness moved by one ulp", apply: func(e *editor) bool {
		p, _ := e.pick()
		if ms := p.multipliers(); len(ms) > 0 && e.g.IntN(2) == 0 {
			return e.entry(ms[e.g.IntN(len(ms))], e.ulp)
		}
		if p.m == nil {
			return false
		}
		i, j := e.g.IntN(p.n), e.g.IntN(p.n)
		p.m[i*p.n+j] = e.ulp(p.m[i*p.n+j])
		p.m[j*p.n+i] = p.m[i*p.n+j]
		return true
	}},
	{name: "metric asymmetric by one ulp", apply: func(e *editor) bool { return e.asymmetric(e.ulp) }},
	{name: "metric asymmetric", apply: func(e *editor) bool {
		return e.asymmetric(func(x float64) float64 { return x + 0.01 })
	}},
	{name: "multiplier negative", apply: func(e *editor) bool { return e.multiplier(func(x float64) float64 { return -x }) }},
	{name: "multiplier zero", apply: func(e *editor) bool { return e.multiplier(func(float64) float64 { return 0 }) }},
	{name: "multiplier tiny", apply: func(e *editor) bool { return e.multiplier(func(float64) float64 { return 5e-324 }) }},
	{name: "multiplier scaled", apply: func(e *editor) bool {
		f := math.Exp(e.g.NormFloat64())
		return e.multiplier(func(x float64) float64 { return f * x })
	}},
	{name: "metric negated", apply: func(e *editor) bool { return e.metric(func(x float64) float64 { return -x }) }},
	{name: "metric zero", apply: func(e *editor) bool { return e.metric(func(float64) float64 { return 0 }) }},
	{name: "witness of another model", apply: func(e *editor) bool {
		i := e.g.IntN(len(e.s.parts))
		q := e.sib.clone().parts[i]
		q.w = e.s.parts[i].w
		e.s.parts[i] = q
		return true
	}},
	{name: "metric of another model", apply: func(e *editor) bool {
		p, sib := e.pick()
		copy(p.m, sib.m)
		return p.m != nil
	}},
	{name: "ratio lowered", apply: func(e *editor) bool { return e.ratio(0.2 + 0.8*e.g.Float64()) }},
	{name: "ratio raised", apply: func(e *editor) bool { return e.ratio(1 + e.g.Float64()) }},
	{name: "ratio negative or zero", apply: func(e *editor) bool { return e.ratio(float64(-e.g.IntN(2))) }},
	{name: "gain dropped", apply: func(e *editor) bool {
		p, _ := e.pick()
		had := p.gain != nil || p.ssmGain
		p.gain, p.ssmGain = nil, false
		return had
	}},
	{name: "rows permuted", apply: func(e *editor) bool {
		p, _ := e.pick()
		t := e.weight(p)
		if len(t.shape) < 2 || t.shape[0] < 2 {
			return false
		}
		c := t.shape[1]
		for j := range c {
			t.v[j], t.v[c+j] = t.v[c+j], t.v[j]
		}
		return true
	}},
	{name: "data transposed under the same shape", apply: func(e *editor) bool {
		p, _ := e.pick()
		t := e.weight(p)
		if len(t.shape) < 2 {
			return false
		}
		copy(t.v, mx{t.shape[0], t.shape[1], t.v}.t().v)
		return true
	}},
	{name: "members swapped", apply: func(e *editor) bool {
		if len(e.s.parts) < 2 {
			return false
		}
		e.s.parts[0], e.s.parts[1] = e.s.parts[1], e.s.parts[0]
		return true
	}},
	{name: "weights swapped between members", apply: func(e *editor) bool {
		i, j, ok := e.alike()
		if ok {
			e.s.parts[i].w, e.s.parts[j].w = e.s.parts[j].w, e.s.parts[i].w
		}
		return ok
	}},
	{name: "float32 tensors", apply: func(e *editor) bool {
		for _, p := range e.s.parts {
			for _, t := range p.w {
				t.toF32()
			}
		}
		return true
	}},
	{name: "one float32 tensor", apply: func(e *editor) bool {
		p, _ := e.pick()
		e.weight(p).toF32()
		return true
	}},
	{name: "states relabelled", apply: func(e *editor) bool { return e.similarity(1) }},
	{name: "states scaled by powers of two", apply: func(e *editor) bool { return e.similarity(math.Ldexp(1, e.g.IntN(9)-4)) }},
	{name: "witness scaled by a power of two", apply: func(e *editor) bool { return e.rescale(e.g.IntN(41) - 20) }},
	{name: "witness scaled by 2^400", apply: func(e *editor) bool { return e.rescale(400 - 800*e.g.IntN(2)) }, grey: true},
	{name: "number outside the claim changed", apply: func(e *editor) bool { return e.outside(e.g.NormFloat64()) }},
	{name: "huge number outside the claim", apply: func(e *editor) bool { return e.outside(1e300) }},
	{name: "denormal weight", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.weight(p).v, func(float64) float64 { return 5e-324 })
	}},
	{name: "negative zero weight", grey: true, apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.weight(p).v, func(float64) float64 { return math.Copysign(0, -1) })
	}},
	{name: "huge weight", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.weight(p).v, func(float64) float64 { return 1e300 })
	}},
	{name: "wild numbers", apply: func(e *editor) bool {
		p, _ := e.pick()
		if p.m == nil || p.n+p.q > 7 { // the exact oracle needs long numbers here
			return false
		}
		wild := func(float64) float64 { return math.Ldexp(e.g.NormFloat64(), e.g.IntN(2000)-1040) }
		lists := append(p.multipliers(), e.weight(p).v, p.m)
		v := lists[e.g.IntN(len(lists))]
		for i := range v {
			v[i] = wild(0)
			if e.g.IntN(2) == 0 {
				v[i] = math.Abs(v[i])
			}
		}
		for i := range p.n {
			for j := range i {
				p.m[i*p.n+j] = p.m[j*p.n+i]
			}
		}
		return true
	}},
	{name: "layer multipliers unequal", apply: func(e *editor) bool {
		p, _ := e.pick()
		if p.layers == 0 || p.q < 2 {
			return false
		}
		l := p.l
		if p.gain != nil && e.g.IntN(2) == 0 {
			l = p.gain.l
		}
		l[e.g.IntN(len(l))] *= 1 + 1e-9*e.g.Float64() + 1e-15
		return true
	}},
	{name: "layers under a bounded claim", apply: func(e *editor) bool {
		p, _ := e.pick()
		if p.kind != "lure" || e.s.claim != "bounded" {
			return false
		}
		p.layers, p.h = 1, 1
		p.put("g0.Win", randMx(e.g, 1, p.q, 1))
		p.put("g0.Wout", randMx(e.g, p.q, 1, 1))
		p.noise(e.g, "g0.b", 1)
		return true
	}},
	{name: "metric nearly singular", apply: func(e *editor) bool {
		p, _ := e.pick()
		if p.n < 2 {
			return false
		}
		for j := range p.n { // M = 11' + diag(tiny): rank one before the last bit
			for i := range p.n {
				p.m[i*p.n+j] = 1
			}
			p.m[j*p.n+j] = 1 + float64(e.g.IntN(2))*0x1p-52
		}
		return true
	}},
}

func (t *tensor) toF32() {
	t.f32 = true
	for i, x := range t.v {
		t.v[i] = float64(float32(x))
	}
}

func (e *editor) asymmetric(f func(float64) float64) bool {
	p, _ := e.pick()
	m := p.m
	if p.gain != nil && e.g.IntN(2) == 0 {
		m = p.gain.m
	}
	if p.n < 2 {
		return false
	}
	i := e.g.IntN(p.n - 1)
	m[i*p.n+i+1] = f(m[i*p.n+i+1])
	return true
}

func (e *editor) multiplier(f func(float64) float64) bool {
	p, _ := e.pick()
	ms := p.multipliers()
	return len(ms) > 0 && e.entry(ms[e.g.IntN(len(ms))], f)
}

func (e *editor) metric(f func(float64) float64) bool {
	p, _ := e.pick()
	m := p.m
	if p.gain != nil && e.g.IntN(2) == 0 {
		m = p.gain.m
	}
	for i := range m {
		m[i] = f(m[i])
	}
	return m != nil
}

func (e *editor) ratio(f float64) bool {
	p, _ := e.pick()
	rs := p.ratios()
	if len(rs) == 0 {
		return false
	}
	r := rs[e.g.IntN(len(rs))]
	*r = timesRat(*r, f)
	return true
}

// alike finds two members whose tensors have equal names and shapes.
func (e *editor) alike() (i, j int, ok bool) {
	for i, a := range e.s.parts {
		for j, b := range e.s.parts[:i] {
			same := a.kind == b.kind && len(a.w) == len(b.w)
			for n, t := range a.w {
				same = same && b.w[n] != nil && len(b.w[n].v) == len(t.v)
			}
			if same {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// similarity relabels and negates the states of one member and scales one of them: an exact change of coordinates
// x = S z with S a signed permutation times powers of two, so the truth stays.
func (e *editor) similarity(scale float64) bool {
	p, _ := e.pick()
	if p.kind == "ssm" {
		return false
	}
	perm, d := e.g.Perm(p.n), make([]float64, p.n)
	for i := range d {
		d[i] = float64(1 - 2*e.g.IntN(2))
	}
	d[0] *= scale
	s, si := newMx(p.n, p.n), newMx(p.n, p.n)
	for i, k := range perm {
		s.set(k, i, d[i])
		si.set(i, k, 1/d[i])
	}
	left := func(n string) {
		t := p.w[n]
		if t == nil {
			return
		}
		c := len(t.v) / p.n
		t.v = si.mul(mx{p.n, c, t.v}).v
	}
	right := func(n string) {
		if t := p.w[n]; t != nil {
			t.v = mx{t.shape[0], p.n, t.v}.mul(s).v
		}
	}
	for _, n := range []string{"A", "B1", "B2", "bx", "enc_W", "enc_b"} {
		left(n)
	}
	for _, n := range []string{"A", "C1", "Cx", "G1"} {
		right(n)
	}
	p.m = s.t().mul(mx{p.n, p.n, p.m}).mul(s).v
	if p.gain != nil {
		p.gain.m = s.t().mul(mx{p.n, p.n, p.gain.m}).mul(s).v
	}
	return true
}

// rescale multiplies a witness by 2^k, which changes nothing.
func (e *editor) rescale(k int) bool {
	p, _ := e.pick()
	if p.m == nil {
		return false
	}
	f := math.Ldexp(1, k)
	for _, v := range [][]float64{p.m, p.l, p.t} {
		for i := range v {
			v[i] *= f
		}
	}
	if p.g2 != nil {
		p.g2, p.kappa2 = timesRat(p.g2, f), timesRat(p.kappa2, 1/f)
	}
	for i := range p.kappa2s {
		p.kappa2s[i] = timesRat(p.kappa2s[i], 1/f)
	}
	return true
}

// outside changes a number on which no claim depends.
func (e *editor) outside(x float64) bool {
	p, _ := e.pick()
	var names []string
	for _, n := range p.names() {
		switch n {
		case "enc_W", "enc_b", "by", "bv", "u0", "G1", "Gu", "g1", "G2", "g2", "b0.c", "b0.b1", "b0.b2":
			names = append(names, n)
		}
	}
	return e.entry(p.w[names[e.g.IntN(len(names))]].v, func(float64) float64 { return x })
}
