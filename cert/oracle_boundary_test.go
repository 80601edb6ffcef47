package cert_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
)

// nearMargin is the relative distance to the boundary below which an edit counts as near.
const nearMargin = 1e-9

// knob is a direction through the space of models and certificates: set moves s by t >= 0 along it.
type knob struct {
	name string
	set  func(s *spec, t float64)
}

// newKnob draws a direction that starts at the base s. The first one of a gated network whose gain is decided over
// vertices lowers that gain.
func newKnob(g *rand.Rand, s *spec, first bool) knob {
	i := g.IntN(len(s.parts))
	p := s.parts[i]
	var ks []knob
	add := func(name string, f func(p *part, t float64)) {
		ks = append(ks, knob{name, func(s *spec, t float64) { f(s.parts[i], t) }})
	}
	add("rate", func(p *part, t float64) { p.rate = timesRat(p.rate, 1/(1+t)) })
	e := &editor{g: g, s: s, sib: s}
	if p.kind == "ssm" {
		b := g.IntN(len(p.blocks))
		k := g.IntN(p.blocks[b].states)
		add("radius", func(p *part, t float64) { p.radius = timesRat(p.radius, 1/(1+t)) })
		for _, n := range []string{"lre", "lim"} {
			add("eigenvalue", func(p *part, t float64) { p.x(fmt.Sprintf("b%d.%s", b, n))[k] *= 1 + t })
		}
		return ks[g.IntN(len(ks))]
	}
	if p.kind == "gated" && p.t == nil && (first || g.IntN(3) == 0) {
		flips := g.IntN(1 << p.q)
		return knob{"gain over vertices", func(s *spec, t float64) {
			p := s.parts[i]
			p.g2 = timesRat(p.g2, 1/(1+t))
			p.flip(flips)
		}}
	}
	target := e.weight(p)
	for n, t := range p.w {
		if t != target {
			continue
		}
		k, sign := g.IntN(len(t.v)), float64(1-2*g.IntN(2))
		add("one weight", func(p *part, t float64) { p.x(n)[k] += sign * t })
		add("a tensor", func(p *part, t float64) { scale(p.x(n), 1+t) })
	}
	add("metric", moveMetric(g, p, false))
	add("metric entry", moveMetric(g, p, true))
	for m := range p.multipliers() {
		k, up := g.IntN(len(p.multipliers()[m])), g.IntN(2) == 0
		if p.layers > 0 && m == 0 { // lambda I stays a multiple of the identity
			continue
		}
		add("multiplier", func(p *part, t float64) {
			if up {
				p.multipliers()[m][k] *= 1 + t
			} else {
				p.multipliers()[m][k] /= 1 + t
			}
		})
	}
	for r := range p.ratios() {
		add("ratio", func(p *part, t float64) { x := p.ratios()[r]; *x = timesRat(*x, 1/(1+t)) })
	}
	return ks[g.IntN(len(ks))]
}

// flip changes the sign of the columns of B1 named by the bits of mask: the vertices change places, the truth stays.
func (p *part) flip(mask int) {
	b := p.x("B1")
	for j := range b {
		if mask>>(j%p.q)&1 == 1 {
			b[j] = -b[j]
		}
	}
}

func scale(v []float64, f float64) {
	for i := range v {
		v[i] *= f
	}
}

// moveMetric adds a random symmetric matrix, or one symmetric pair of entries, to the metric of the claim or of the gain.
func moveMetric(g *rand.Rand, p *part, one bool) func(*part, float64) {
	ofGain := p.gain != nil && g.IntN(2) == 0
	size := p.m[0]
	d := randMx(g, p.n, p.n, size).symmetrised()
	if one {
		i, j := g.IntN(p.n), g.IntN(p.n)
		x := d.at(i, j)
		d = newMx(p.n, p.n)
		d.set(i, j, x)
		d.set(j, i, x)
	}
	return func(p *part, t float64) {
		m := p.m
		if ofGain {
			m = p.gain.m
		}
		for i := range m {
			m[i] += t * d.v[i]
		}
	}
}

// nearTargets are the margins asked for, on both sides; the smallest lie below the rounding errors of float64.
var nearTargets = []float64{5e-10, 1e-11, 1e-12, 1e-14, 1e-16, -1e-16, -1e-14, -1e-12, -1e-11, -5e-10}

// boundary searches along a knob for the place where the claim turns false and returns edits with margins near
// nearTargets. The search brackets in float64, then closes in with the oracle; nil when the claim survives the knob.
func boundary(base *spec, k knob) []*spec {
	at := func(t float64) *spec {
		s := base.clone()
		k.set(s, t)
		return s
	}
	lo, hi := 0.0, math.Ldexp(1, -12)
	for judge(at(hi), true).true {
		lo, hi = hi, 2*hi
		if hi > 1<<12 {
			return nil
		}
	}
	for range 30 { // float64 resolves the place to about 1e-10
		mid := lo + (hi-lo)/2
		if judge(at(mid), true).true {
			lo = mid
		} else {
			hi = mid
		}
	}
	root, slope, ok := closeIn(func(t float64) float64 { return judge(at(t), false).margin }, lo, hi)
	if !ok {
		return nil
	}
	var out []*spec
	for _, m := range nearTargets {
		if t := root + m/slope; t >= 0 {
			out = append(out, at(t))
		}
	}
	return out
}

// closeIn finds the root and the slope of a margin near [lo, hi] by secant steps.
func closeIn(margin func(float64) float64, lo, hi float64) (root, slope float64, ok bool) {
	w := max(hi-lo, 1e-9*hi)
	a, b := lo-w, hi+w
	fa, fb := margin(a), margin(b)
	for range 8 {
		if fa == fb {
			return 0, 0, false
		}
		c := b - fb*(b-a)/(fb-fa)
		slope = (fb - fa) / (b - a)
		if !(c >= 0 && c < 1e6) {
			return 0, 0, false
		}
		if c == b {
			break
		}
		fc := margin(c)
		a, fa, b, fb = b, fb, c, fc
		if math.Abs(fb) < 1e-17 {
			break
		}
	}
	return b, slope, math.Abs(fb) < nearMargin && slope != 0 && !math.IsNaN(slope)
}

// exactBoundary lists hand-made certificates that lie exactly on the boundary, or one unit in the last place off it,
// with their truth known by hand.
func exactBoundary() []struct {
	name  string
	s     *spec
	truth bool
} {
	g := rand.New(rand.NewPCG(7, 7))
	d := draw{n: 1, q: 1, m: 1, p: 1, h: 1, window: 1}
	wrap := func(claim string, p *part) *spec {
		return &spec{claim: claim, m: 1, p: 1, window: 1, parts: []*part{p},
			scale: map[string][]float64{"u_mid": {0}, "u_half": {1}, "y_mean": {0}, "y_std": {1}}}
	}
	var out []struct {
		name  string
		s     *spec
		truth bool
	}
	add := func(name string, truth bool, s *spec) {
		out = append(out, struct {
			name  string
			s     *spec
			truth bool
		}{name, s, truth})
	}
	linear := func(a float64, rate *big.Rat) *spec { // r^2 M - a^2 M > 0 iff |a| < r
		p := d.linear(g, false)
		p.m, p.rate = []float64{3}, rate
		p.w["A"].v[0] = a
		return wrap("contraction", p)
	}
	half := big.NewRat(1, 2)
	add("scalar a = r", false, linear(0.5, half))
	add("scalar a one ulp below r", true, linear(math.Nextafter(0.5, 0), half))
	add("scalar a one ulp above r", false, linear(math.Nextafter(0.5, 1), half))
	add("scalar a = float64(1/3) < r = 1/3", true, linear(1.0/3, big.NewRat(1, 3))) // float64(1/3) lies below 1/3
	add("scalar a = float64(1/10) > r = 1/10", false, linear(0.1, big.NewRat(1, 10)))
	add("scalar -a = r", false, linear(-0.5, half))

	p := d.ssm(g, 1, false)
	set := func(re, im float64, radius *big.Rat) *spec {
		q := p.clone()
		q.x("b0.lre")[0], q.x("b0.lim")[0], q.radius = re, im, radius
		q.rate = big.NewRat(9, 10)
		return wrap("contraction", q)
	}
	add("|0.375 + 0.5i| = 5/8", true, set(0.375, 0.5, big.NewRat(5, 8)))
	add("|0.375 + 0.5i| one ulp beyond 5/8", false, set(0.375, math.Nextafter(0.5, 1), big.NewRat(5, 8)))
	add("|0.375 + 0.5i| one ulp within 5/8", true, set(math.Nextafter(0.375, 0), 0.5, big.NewRat(5, 8)))
	add("float64(0.3), float64(0.4) and 1/2", false, set(0.3, 0.4, big.NewRat(1, 2))) // 0.4 rounds up by more than 0.3 down
	same := set(0.1, 0.1, big.NewRat(9, 10))
	add("rate = radius", false, same)

	// Lur'e, n = q = 1, A = 1/2, C1 = 1, M = 4, L = l, r = 3/4: the inequality is [[5/4, -l - 2b], [-l - 2b, 2l - 4b^2]], b = B1.
	// For b = 1/4 its determinant is -(l - 3/4)^2, for b = -1, when A + b s lies in [-1/2, 1/2], it is (l - 2)(9/2 - l).
	lure := func(d draw, b, l float64, rate *big.Rat) *spec {
		p := d.lure(g, false)
		p.x("A")[0], p.x("B1")[0], p.x("C1")[0] = 0.5, b, 1
		p.m, p.l, p.rate = []float64{4}, []float64{l}, rate
		return wrap("contraction", p)
	}
	r := big.NewRat(3, 4)
	above, below := ratio(math.Nextafter(0.75, 1)), ratio(math.Nextafter(0.75, 0))
	add("Lur'e inequality singular", false, lure(d, 0.25, 0.75, r))
	add("Lur'e inequality one ulp of rate inside", true, lure(d, 0.25, 0.75, above))
	add("Lur'e inequality one ulp of rate outside", false, lure(d, 0.25, 0.75, below))
	add("Lur'e inequality off its singular multiplier", false, lure(d, 0.25, math.Nextafter(0.75, 1), r))
	add("negative feedback at the least multiplier", false, lure(d, -1, 2, r))
	add("negative feedback one ulp above it", true, lure(d, -1, math.Nextafter(2, 3), r))
	add("negative feedback at the largest multiplier", false, lure(d, -1, 4.5, r))
	add("negative feedback one ulp below it", true, lure(d, -1, math.Nextafter(4.5, 0), r))
	// With a sandwich layer it is [[5/4 - l, -2b], [-2b, l - 4b^2]], which for b = 1/4 is singular at l = 3/4 too, and for b = -1 never positive.
	layered := draw{n: 1, q: 1, m: 1, p: 1, h: 1, window: 1, layers: 1}
	add("sandwich inequality singular", false, lure(layered, 0.25, 0.75, r))
	add("sandwich inequality one ulp of rate inside", true, lure(layered, 0.25, 0.75, above))
	add("sandwich inequality one ulp of rate outside", false, lure(layered, 0.25, 0.75, below))
	add("negative feedback through a sandwich layer", false, lure(layered, -1, 3, r))
	// y = tanh(u) - u has gain 1: the inequality diag(M, [[2l - 1, 1 - l], [1 - l, gamma2 - 1]]) > 0 is singular at l = gamma2 = 1. Through a layer
	// only the gain 2 follows.
	still := func(d draw, l, gamma2 float64) *spec {
		p := d.lure(g, false)
		for _, name := range []string{"A", "B1", "B2", "C1", "Cx"} {
			clear(p.x(name))
		}
		p.x("D12")[0], p.x("Cw")[0], p.x("D22")[0] = 1, 1, -1
		p.m, p.l, p.rate = []float64{1}, []float64{1}, r
		p.gain = &gainWitness{ratio(gamma2), []float64{1}, []float64{l}}
		return wrap("contraction", p)
	}
	add("gain of tanh(u) - u", false, still(d, 1, 1))
	add("gain of tanh(u) - u one ulp above", true, still(d, 1, math.Nextafter(1, 2)))
	add("gain of tanh(u) - u one ulp below", false, still(d, 1, math.Nextafter(1, 0)))
	add("gain of tanh(u) - u, another multiplier", false, still(d, math.Nextafter(1, 2), 1))
	// [[l - 1, 1], [1, gamma2 - 1 - l]] is singular at l = 2, gamma2 = 4
	add("gain of a sandwich layer minus identity", false, still(layered, 2, 4))
	add("gain of a sandwich layer minus identity one ulp above", true, still(layered, 2, math.Nextafter(4, 5)))
	add("gain of a sandwich layer minus identity, too small", false, still(layered, 2, 3))
	// M = v v' has rank one; float64 elimination leaves a last pivot of either sign
	for i := 3; i < 20; i += 2 {
		p := (draw{n: 2, m: 1, p: 1, h: 1, window: 1}).linear(g, false)
		clear(p.x("A"))
		x, y := float64(i), float64(i+7)
		p.m = []float64{x * x, x * y, x * y, y * y}
		add(fmt.Sprintf("metric of rank one, v = (%g, %g)", x, y), false, wrap("contraction", p))
	}
	for _, second := range []struct {
		name    string
		a, b, c float64
		truth   bool
	}{
		{"metric with tiny pivots, then an indefinite block", 1 + 0x1p-52, 2, 1 + 0x1p-52, false},
		// a c exceeds b^2 by less than float64 can see
		{"metric with tiny pivots, then a pivot below float64", 0x1.36c86dd2ef1ecp+00, 0x1.8695fb88b3b45p+00, 0x1.eae171965dc08p+00, true},
	} {
		d := draw{n: 6, m: 1, p: 1, h: 1, window: 1}
		p := d.linear(g, false)
		clear(p.x("A"))
		p.m = tinyPivots(second.a, second.b, second.c).v
		add(second.name, second.truth, wrap("contraction", p))
	}
	return out
}

// tinyPivots is a 4 x 4 positive definite block whose LDL' has D = (1, u, u, u), u = 2^-52, so that its inverse factor
// reaches 2^78, beside the block [[a, b], [b, c]].
func tinyPivots(a, b, c float64) mx {
	m := newMx(6, 6)
	for i := range 4 {
		m.set(i, i, 1+0x1p-52)
	}
	m.set(0, 0, 1)
	m.set(4, 4, a)
	m.set(5, 5, c)
	for i, x := range map[int]float64{1: 1, 2: 0x1p-26, 3: 0x1p-26, 5: b} {
		m.set(i, i-1, x)
		m.set(i-1, i, x)
	}
	return m
}
