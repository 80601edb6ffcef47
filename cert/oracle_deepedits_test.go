package cert_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// deepSeed keeps the draws of this test apart from those of TestMutation.
const deepSeed = 1 << 20

// TestMutationDeep is TestMutation for delta-iss. All 10,400 edits are made with PLUMB_LONG=1: the functions in 512 bits take two
// minutes.
func TestMutationDeep(t *testing.T) {
	t.Parallel()
	run(t, campaign{deepFamilies, deepSeed, deepEdits, newDeepKnob}, effort(basesFull, len(deepFamilies)+2, 3))
}

// deepWeight picks a tensor that the certificate depends on.
func (e *editor) deepWeight(p *part) *tensor {
	var names []string
	for _, n := range p.names() {
		if n[0] == 'l' || n[0] == 'f' && n != "f.Ere" && n != "f.Eim" {
			names = append(names, n)
		}
	}
	return p.w[names[e.g.IntN(len(names))]]
}

// couplings lists the recurrent and input matrices.
func (p *part) couplings() []string {
	var names []string
	for _, n := range p.names() {
		if n[0] == 'l' && (strings.Contains(n, ".W") || strings.Contains(n, ".U")) {
			names = append(names, n)
		}
	}
	return names
}

// vectors lists the vectors of the witness.
func (p *part) vectors() [][]float64 {
	var out [][]float64
	if len(p.etaF) > 0 {
		out = append(out, p.etaF)
	}
	for _, w := range p.cells {
		out = append(out, w.eta, w.zeta)
	}
	return out
}

func newDeepKnob(g *rand.Rand, s *spec, first bool) knob {
	i := g.IntN(len(s.parts))
	p := s.parts[i]
	var ks []knob
	add := func(name string, f func(p *part, t float64)) {
		ks = append(ks, knob{name, func(s *spec, t float64) { f(s.parts[i], t) }})
	}
	add("rate", func(p *part, t float64) { p.rate = timesRat(p.rate, 1/(1+t)) })
	e := &editor{g: g, s: s, sib: s}
	target := e.deepWeight(p)
	for n, x := range p.w {
		if x != target {
			continue
		}
		k, sign := g.IntN(len(x.v)), float64(1-2*g.IntN(2))
		if !strings.HasSuffix(n, "box") {
			add("one weight", func(p *part, t float64) { p.x(n)[k] += sign * t })
			add("a tensor", func(p *part, t float64) { scale(p.x(n), 1+t) })
		} else {
			add("box", func(p *part, t float64) { p.x(n)[k] /= 1 + t })
			add("box", func(p *part, t float64) { p.x(n)[k] *= 1 + t })
		}
	}
	add("all couplings", func(p *part, t float64) {
		for _, n := range p.couplings() {
			scale(p.x(n), 1+t)
		}
	})
	v := g.IntN(len(p.vectors()))
	k := g.IntN(len(p.vectors()[v]))
	add("witness", func(p *part, t float64) { p.vectors()[v][k] /= 1 + t })
	add("witness", func(p *part, t float64) { p.vectors()[v][k] *= 1 + t })
	add("witness vector", func(p *part, t float64) { scale(p.vectors()[v], 1/(1+t)) })
	if first {
		return ks[0]
	}
	return ks[g.IntN(len(ks))]
}

func (e *editor) vector(f func(float64) float64) bool {
	p, _ := e.pick()
	vs := p.vectors()
	return e.entry(vs[e.g.IntN(len(vs))], f)
}

// box edits an entry, or with all the whole, of a box.
func (e *editor) box(all bool, f func(float64) float64) bool {
	p, _ := e.pick()
	var names []string
	for _, n := range p.names() {
		if strings.HasSuffix(n, "box") {
			names = append(names, n)
		}
	}
	v := p.x(names[e.g.IntN(len(names))])
	if !all {
		return e.entry(v, f)
	}
	for i := range v {
		v[i] = f(v[i])
	}
	return true
}

// deepEdits are drawn uniformly.
var deepEdits = slices.Concat(deepWeightEdits, deepWitnessEdits)

var deepWeightEdits = []meaningEdit{
	{name: "unchanged", apply: func(e *editor) bool { return true }},
	{name: "weights of another model", apply: func(e *editor) bool {
		p, sib := e.pick()
		if len(p.w) != len(sib.w) {
			return false
		}
		for n, t := range sib.w {
			if p.w[n] == nil || !slices.Equal(p.w[n].shape, t.shape) {
				return false
			}
		}
		p.w = sib.clone().w
		return true
	}},
	{name: "tensor of another model", apply: func(e *editor) bool {
		p, sib := e.pick()
		names := p.names()
		n := names[e.g.IntN(len(names))]
		t := sib.w[n]
		if t == nil || !slices.Equal(t.shape, p.w[n].shape) {
			return false
		}
		copy(p.w[n].v, t.v)
		return true
	}},
	{name: "weight replaced", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, func(x float64) float64 { return math.Abs(e.g.NormFloat64()) * sign(x) })
	}},
	{name: "weight scaled", apply: func(e *editor) bool {
		p, _ := e.pick()
		f := math.Exp(e.g.NormFloat64())
		return e.entry(e.deepWeight(p).v, func(x float64) float64 { return f * x })
	}},
	{name: "weight sign flipped", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, func(x float64) float64 { return -x })
	}},
	{name: "couplings sign flipped", apply: func(e *editor) bool { return e.couplings(-1, 1) }},
	{name: "couplings scaled by 1.5", apply: func(e *editor) bool { return e.couplings(1.5, 1) }},
	{name: "all couplings scaled by 1.5", apply: func(e *editor) bool { return e.couplings(1.5, 100) }},
	{name: "couplings halved", apply: func(e *editor) bool { return e.couplings(0.5, 3) }},
	{name: "tensor scaled", apply: func(e *editor) bool {
		p, _ := e.pick()
		t, f := e.deepWeight(p), math.Exp(0.3*e.g.NormFloat64())
		for i := range t.v {
			t.v[i] *= f
		}
		return true
	}},
	{name: "weight moved by one ulp", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, e.ulp)
	}},
	{name: "weight zero", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, func(float64) float64 { return 0 })
	}},
	{name: "weight with most of its digits", grey: true, apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, func(x float64) float64 { return float64(float32(x)) })
	}},
	{name: "denormal weight", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, func(float64) float64 { return 5e-324 })
	}},
	{name: "negative zero weight", grey: true, apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, func(float64) float64 { return math.Copysign(0, -1) })
	}},
	{name: "huge weight", apply: func(e *editor) bool {
		p, _ := e.pick()
		return e.entry(e.deepWeight(p).v, func(x float64) float64 { return 1e300 * sign(x) })
	}},
	{name: "wild tensor", apply: func(e *editor) bool {
		p, _ := e.pick()
		v := e.deepWeight(p).v
		for i, x := range v {
			v[i] = math.Abs(math.Ldexp(e.g.NormFloat64(), e.g.IntN(2000)-1040)) * sign(x)
		}
		return true
	}},
	{name: "bias far up", apply: func(e *editor) bool { return e.bias(40) }},
	{name: "bias far down", apply: func(e *editor) bool { return e.bias(-40) }},
	{name: "bias beyond every exponent", apply: func(e *editor) bool { return e.bias(1e9 * float64(1-2*e.g.IntN(2))) }},
	{name: "gates exchanged", apply: func(e *editor) bool {
		p, _ := e.pick()
		names := map[string]string{"lstm": "ifgo", "gru": "zrn"}[p.kind]
		i, j := e.g.IntN(len(names)), e.g.IntN(len(names))
		l := e.g.IntN(len(p.units))
		for _, t := range "WUb" {
			a, b := fmt.Sprintf("l%d.%c%c", l, t, names[i]), fmt.Sprintf("l%d.%c%c", l, t, names[j])
			p.w[a], p.w[b] = p.w[b], p.w[a]
		}
		return i != j
	}},
	{name: "data transposed under the same shape", apply: func(e *editor) bool {
		p, _ := e.pick()
		t := e.deepWeight(p)
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
	{name: "float32 tensors", apply: func(e *editor) bool {
		for _, p := range e.s.parts {
			for _, t := range p.w {
				t.toF32()
			}
		}
		return true
	}},
	{name: "units relabelled", apply: (*editor).relabel},
	{name: "number outside the claim changed", apply: func(e *editor) bool { return e.deepOutside(e.g.NormFloat64()) }},
	{name: "huge number outside the claim", apply: func(e *editor) bool { return e.deepOutside(1e300) }},
	{name: "box shrunk", apply: func(e *editor) bool { return e.box(true, func(x float64) float64 { return 0.9 * x }) }},
	{name: "box grown", apply: func(e *editor) bool { return e.box(true, func(x float64) float64 { return 1.1 * x }) }},
	{name: "box entry changed", apply: func(e *editor) bool {
		return e.box(false, func(x float64) float64 { return x * math.Exp(0.1*e.g.NormFloat64()) })
	}},
	{name: "box entry zero or negative", apply: func(e *editor) bool {
		return e.box(false, func(x float64) float64 { return []float64{0, -x}[e.g.IntN(2)] })
	}},
	{name: "box moved by one ulp", apply: func(e *editor) bool { return e.box(false, e.ulp) }},
	{name: "box huge", apply: func(e *editor) bool { return e.box(true, func(float64) float64 { return 1e300 }) }},
}

var deepWitnessEdits = []meaningEdit{
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
		p.rate = []*big.Rat{new(big.Rat), big.NewRat(1, 1), big.NewRat(-1, 2), big.NewRat(1001, 1000)}[e.g.IntN(4)]
		return true
	}},
	{name: "witness of another model", apply: func(e *editor) bool {
		p, sib := e.pick()
		if !slices.Equal(p.units, sib.units) {
			return false
		}
		c := sib.clone()
		p.rate, p.etaF = c.rate, c.etaF
		p.cells = c.cells
		return len(c.etaF) == p.fstates
	}},
	{name: "zeta times 0.99", apply: func(e *editor) bool {
		p, _ := e.pick()
		scale(p.cells[e.g.IntN(len(p.cells))].zeta, 0.99)
		return true
	}},
	{name: "witness vector scaled", apply: func(e *editor) bool {
		p, _ := e.pick()
		vs := p.vectors()
		scale(vs[e.g.IntN(len(vs))], math.Exp(0.3*e.g.NormFloat64()))
		return true
	}},
	{name: "witness entry halved", apply: func(e *editor) bool { return e.vector(func(x float64) float64 { return x / 2 }) }},
	{name: "witness entry doubled", apply: func(e *editor) bool { return e.vector(func(x float64) float64 { return 2 * x }) }},
	{name: "witness entry zero", apply: func(e *editor) bool { return e.vector(func(float64) float64 { return 0 }) }},
	{name: "witness entry negative", apply: func(e *editor) bool { return e.vector(func(x float64) float64 { return -x }) }},
	{name: "witness entry tiny", apply: func(e *editor) bool { return e.vector(func(float64) float64 { return 5e-324 }) }},
	{name: "witness entry huge", apply: func(e *editor) bool { return e.vector(func(float64) float64 { return 1e308 }) }},
	{name: "witness moved by one ulp", apply: func(e *editor) bool { return e.vector(e.ulp) }},
	{name: "eta and zeta exchanged", apply: func(e *editor) bool {
		p, _ := e.pick()
		w := &p.cells[e.g.IntN(len(p.cells))]
		w.eta, w.zeta = w.zeta, w.eta
		return true
	}},
	{name: "eta scaled by a power of two", apply: func(e *editor) bool { return e.etaScaled(e.g.IntN(41) - 20) }},
	{name: "eta scaled by 2^400", grey: true, apply: func(e *editor) bool { return e.etaScaled(400 - 800*e.g.IntN(2)) }},
	{name: "witness of layers exchanged", apply: func(e *editor) bool {
		p, _ := e.pick()
		if len(p.cells) < 2 || p.units[0] != p.units[1] {
			return false
		}
		p.cells[0], p.cells[1] = p.cells[1], p.cells[0]
		return true
	}},
	{name: "norm form taken", apply: func(e *editor) bool {
		p, _ := e.pick()
		w := &p.cells[e.g.IntN(len(p.cells))]
		if w.norm || p.kind == "gru" {
			return false
		}
		n := len(w.eta) / 2
		w.norm = true
		w.eta, w.zeta = []float64{norm2(w.eta[:n]), norm2(w.eta[n:])}, []float64{norm2(w.zeta[:n]), norm2(w.zeta[n:])}
		return true
	}},
	{name: "norm form left", apply: func(e *editor) bool {
		p, _ := e.pick()
		i := e.g.IntN(len(p.cells))
		w, n := &p.cells[i], p.units[i]
		if !w.norm {
			return false
		}
		w.norm = false
		w.eta = append(constantVec(n, w.eta[0]), constantVec(n, w.eta[1])...)
		w.zeta = append(constantVec(n, w.zeta[0]), constantVec(n, w.zeta[1])...)
		return true
	}},
}

// sign of x; zero counts as positive.
func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// couplings multiplies up to k coupling matrices.
func (e *editor) couplings(f float64, k int) bool {
	p, _ := e.pick()
	names := p.couplings()
	e.g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, n := range names[:min(k, len(names))] {
		scale(p.x(n), f)
	}
	return true
}

func (e *editor) bias(by float64) bool {
	p, _ := e.pick()
	c := map[string]string{"lstm": "ifgo", "gru": "zrn"}[p.kind]
	l := e.g.IntN(len(p.units))
	return e.entry(p.x(fmt.Sprintf("l%d.b%c", l, c[e.g.IntN(len(c))])), func(x float64) float64 { return x + by })
}

// etaScaled multiplies every eta of a member, which changes nothing.
func (e *editor) etaScaled(k int) bool {
	p, _ := e.pick()
	f := math.Ldexp(1, k)
	scale(p.etaF, f)
	for _, w := range p.cells {
		scale(w.eta, f)
	}
	return true
}

// relabel exchanges two units of a layer everywhere, which changes nothing.
func (e *editor) relabel() bool {
	p, _ := e.pick()
	l := e.g.IntN(len(p.units))
	n := p.units[l]
	if n < 2 {
		return false
	}
	a := e.g.IntN(n - 1)
	swap := func(v []float64) { v[a], v[a+1] = v[a+1], v[a] }
	rows := func(t *tensor) {
		if t == nil {
			return
		}
		c := len(t.v) / n
		for j := range c {
			t.v[a*c+j], t.v[(a+1)*c+j] = t.v[(a+1)*c+j], t.v[a*c+j]
		}
	}
	cols := func(t *tensor) {
		if t == nil {
			return
		}
		for i := range t.shape[0] {
			swap(t.v[i*n : i*n+n])
		}
	}
	for _, c := range "ifgozrn" {
		at := func(l int, s string) *tensor { return p.w[fmt.Sprintf("l%d.%s%c", l, s, c)] }
		rows(at(l, "W"))
		rows(at(l, "U"))
		cols(at(l, "U"))
		rows(at(l, "b"))
		cols(at(l+1, "W"))
	}
	rows(p.w[fmt.Sprintf("l%d.cbox", l)])
	rows(p.w[fmt.Sprintf("l%d.hbox", l)])
	if l == len(p.units)-1 {
		cols(p.w["Wy"])
	}
	if w := p.cells[l]; !w.norm {
		for _, v := range [][]float64{w.eta, w.zeta} {
			for from := 0; from < len(v); from += n {
				swap(v[from : from+n])
			}
		}
	}
	return true
}

func (e *editor) deepOutside(x float64) bool {
	p, _ := e.pick()
	names := []string{"enc_W", "enc_b", "by", "Wy", "Dy"}
	if p.fstates > 0 {
		names = append(names, "f.Ere", "f.Eim")
	}
	return e.entry(p.w[names[e.g.IntN(len(names))]].v, func(float64) float64 { return x })
}
