package cert_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/plumb-go/plumb/cert"
)

// deepSpec wraps members into a bundle with plain scaling.
func deepSpec(m, p int, parts ...*part) *spec {
	return &spec{claim: "delta-iss", m: m, p: p, window: 1, parts: parts, scale: map[string][]float64{
		"u_mid": make([]float64, m), "u_half": constantVec(m, 1), "y_mean": make([]float64, p), "y_std": constantVec(p, 1)}}
}

// TestDeltaISSIsProved draws true certificates of every family.
func TestDeltaISSIsProved(t *testing.T) {
	for i, family := range deepFamilies {
		g := rand.New(rand.NewPCG(mutationSeed, uint64(3000+i)))
		for k := range 6 {
			s := newSpec(g, family, newDraw(g, k == 5))
			if v, why := ask(s.render().pack()); v != proved {
				t.Errorf("%s: %s %s", family, v, why)
			}
		}
	}
}

// pair is two trajectories of one member in scaled signals.
type pair struct {
	p      *part
	xa, xb []float64
}

// start draws two states in the boxes: uniform, at corners, close together, or at opposite corners.
func (p *part) start(g *rand.Rand) pair {
	half := p.half()
	q := pair{p, make([]float64, len(half)), make([]float64, len(half))}
	shape := g.IntN(4)
	for i, h := range half {
		a, b := 2*g.Float64()-1, 2*g.Float64()-1
		switch shape {
		case 1:
			a, b = sign(a), sign(b)
		case 2:
			b = a * (1 - 1e-3*g.Float64())
		case 3:
			a, b = sign(a), -sign(a)
		}
		q.xa[i], q.xb[i] = h*a, h*b
	}
	return q
}

// sizes are |dx| as the claim measures it, with the eta and zeta that belong to each; for the filter's states zeta is
// not in the witness.
func (q pair) sizes() (size, eta, zeta []float64) {
	d := minus(q.xa, q.xb)
	p := q.p
	for i := range p.fstates {
		size, eta, zeta = append(size, math.Hypot(d[i], d[p.fstates+i])), append(eta, p.etaF[i]), append(zeta, math.Inf(1))
	}
	d = d[2*p.fstates:]
	for l, w := range p.cells {
		n := p.units[l]
		if p.kind == "lstm" {
			n *= 2
		}
		x := d[:n]
		d = d[n:]
		if w.norm {
			x = []float64{norm2(x[:n/2]), norm2(x[n/2:])}
		}
		for i := range x {
			size, eta, zeta = append(size, math.Abs(x[i])), append(eta, w.eta[i]), append(zeta, w.zeta[i])
		}
	}
	return size, eta, zeta
}

// TestDeltaISSOnTrajectories holds everything that is claimed against pairs of trajectories: states, outputs, ranges,
// boxes and the recovery time.
func TestDeltaISSOnTrajectories(t *testing.T) {
	const steps = 150
	worst := map[string]float64{}
	for i, family := range deepFamilies {
		g := rand.New(rand.NewPCG(mutationSeed, uint64(5000+i)))
		for range 3 {
			s := newSpec(g, family, newDraw(g, false))
			v := figuresOf(t, s)
			use := func(what string, seen, bound float64) {
				if ratio := seen / bound; ratio > worst[what] && seen > 1e-12 {
					worst[what] = ratio
				}
				if !(seen <= bound*(1+simSlack)+1e-12) {
					t.Fatalf("%s: %s: simulated %.12g, claimed at most %.12g", family, what, seen, bound)
				}
			}
			for j, p := range s.parts {
				for range 30 {
					checkPair(g, s, p, v.Members[j], steps, use)
				}
			}
			if v.Recovery > 20000 {
				continue
			}
			for shape := range 3 { // from two starts under one input, until the recovery time
				var pairs []pair
				for _, p := range s.parts {
					pairs = append(pairs, p.start(g))
				}
				for k := range v.Recovery + 1 {
					u := unit(g, s.m, k, shape)
					dy := make([]float64, s.p)
					for j := range pairs {
						a, ya := pairs[j].p.step(pairs[j].xa, u)
						b, yb := pairs[j].p.step(pairs[j].xb, u)
						pairs[j].xa, pairs[j].xb, dy = a, b, sum(dy, minus(ya, yb))
					}
					if k == v.Recovery {
						use("recovery", maxOf(each(dy, math.Abs))/float64(len(pairs)), 0.01)
					}
				}
			}
		}
	}
	for _, what := range []string{"decay of states", "gain of states", "decay of outputs", "gain of outputs", "range of outputs"} {
		t.Logf("%s: %.3g of the bound is reached", what, worst[what])
		if worst[what] < 0.01 {
			t.Errorf("%s: no trajectory used more than %.3g of the bound: the test is void", what, worst[what])
		}
	}
}

// unit draws an input with |u'| <= 1: held at a corner, switching, or random.
func unit(g *rand.Rand, m, k, shape int) []float64 {
	u := make([]float64, m)
	for i := range u {
		switch shape {
		case 0:
			u[i] = 1
		case 1:
			u[i] = float64(1 - 2*(k/7%2))
		default:
			u[i] = 2*g.Float64() - 1
		}
	}
	return u
}

// checkPair simulates a pair under equal inputs, or from equal states, or neither.
func checkPair(g *rand.Rand, s *spec, p *part, f cert.Figures, steps int, use func(string, float64, float64)) {
	q := p.start(g)
	mode, shape, eps := g.IntN(3), g.IntN(3), math.Exp(-5*g.Float64())
	if mode == 1 {
		copy(q.xb, q.xa)
	}
	r, d, e := asFloat(f.Rate), 0.0, 0.0
	size, eta, _ := q.sizes()
	for i := range size {
		d = max(d, size[i]/eta[i])
	}
	use("spread", d, asFloat(f.Spread))
	type seen struct{ ua, ub []float64 }
	var inputs []seen
	for k := range steps {
		ua := unit(g, s.m, k, shape)
		ub := ua
		if mode != 0 {
			ub = each(ua, func(x float64) float64 { return max(-1, min(1, x-2*eps*g.Float64()*sign(x))) })
		}
		e = max(e, maxOf(each(minus(ua, ub), math.Abs)))
		inputs = append(inputs, seen{ua, ub})
	}
	name := []string{"decay of ", "gain of ", "mix of "}[mode]
	rk := 1.0
	half := p.half()
	for _, u := range inputs {
		size, eta, zeta := q.sizes()
		for i := range size {
			if bound := eta[i]*rk*d + zeta[i]*e; !math.IsNaN(bound) { // infinite times zero: a filter under equal inputs
				use(name+"states", size[i], bound)
			} else {
				use(name+"states", size[i], eta[i]*rk*d)
			}
		}
		for i, h := range half[2*p.fstates:] {
			use("box", math.Abs(q.xa[2*p.fstates+i]), h)
		}
		a, ya := p.step(q.xa, u.ua)
		b, yb := p.step(q.xb, u.ub)
		for i := range ya {
			use(name+"outputs", math.Abs(ya[i]-yb[i]), asFloat(f.Decay[i])/asFloat(f.Spread)*rk*d+asFloat(f.DeltaGain[i])*e)
			use("range of outputs", math.Abs(ya[i]-asFloat(f.Centre[i])), asFloat(f.Radius[i]))
		}
		q.xa, q.xb = a, b
		rk *= r
	}
}

// TestDeltaISSFigures composes the figures of a scaled ensemble by hand.
func TestDeltaISSFigures(t *testing.T) {
	g := rand.New(rand.NewPCG(mutationSeed, 6000))
	s := newSpec(g, "deep ensemble", draw{n: 2, m: 2, p: 2, window: 1, members: 3})
	v := figuresOf(t, s)
	low := math.Inf(1)
	for _, h := range s.scale["u_half"] {
		low = min(low, h)
	}
	rate := new(big.Rat)
	for i := range 2 {
		gain, radius, centre := 0.0, 0.0, 0.0
		for _, f := range v.Members {
			gain, radius, centre = gain+asFloat(f.DeltaGain[i])/3, radius+asFloat(f.Radius[i])/3, centre+asFloat(f.Centre[i])/3
			if rate.Cmp(f.Rate) < 0 {
				rate = f.Rate
			}
		}
		std, mean := s.scale["y_std"][i], s.scale["y_mean"][i]
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"gain", asFloat(v.DeltaGain[i]), gain}, {"physical gain", asFloat(v.PhysicalDeltaGain[i]), gain * std / low},
			{"low", asFloat(v.Low[i]), mean + std*(centre-radius)}, {"high", asFloat(v.High[i]), mean + std*(centre+radius)},
			{"input low", asFloat(v.InputLow[i]), s.scale["u_mid"][i] - s.scale["u_half"][i]},
			{"input high", asFloat(v.InputHigh[i]), s.scale["u_mid"][i] + s.scale["u_half"][i]},
		} {
			if math.Abs(c.got-c.want) > 1e-12*(1+math.Abs(c.want)) {
				t.Errorf("%s of signal %d: %.15g, want %.15g", c.name, i, c.got, c.want)
			}
		}
	}
	if v.Rate.Cmp(rate) != 0 {
		t.Errorf("rate %s, want the largest of the members, %s", v.Rate, rate)
	}
}

// TestFilterBoundsInClosedForm reads the bounds of the filter through E with Wy = 0: y = Dy u + Re(E s).
func TestFilterBoundsInClosedForm(t *testing.T) {
	const tail = 1.0 / (1 << 12) // of the sum is left to the geometric bound where signs alternate
	root2 := math.Sqrt2
	for _, c := range []struct {
		name               string
		re, im, box        float64
		bre, ere, eim, dy  float64
		gain, reach, slack float64
	}{
		{"real", 0.5, 0, 1, 1, 1, 0, -0.25, 2.25, 2.25, 1e-12}, // h = -1/4, 1, 1/2, ...; box sqrt 2 < 2, so the sum decides
		{"real, large box", 0.5, 0, 10, 1, 1, 0, -0.25, 2.25, 0.25 + 10*root2, 1e-12},
		{"negative", -0.5, 0, 1, 1, 1, 0, 0, 2, 2, 1e-12},
		{"imaginary", 0, 0.5, 0.1, 1, 1, 0, 0, 4.0 / 3, 4.0 / 3, tail},                                   // h = 0, 1, 0, -1/4, 0, 1/16, ...
		{"imaginary, largest after one step", 0, 0.5, 1.5 / root2, 1, 1, 0, 0, 4.0 / 3, 1 + 1.5/2, tail}, // 3/2, 1 + 3/4, 1 + 3/8, ...
		{"imaginary, through Im", 0, 0.5, 0.1, 1, 0, 1, 0, 2.0 / 3, 2.0 / 3, tail},
		{"zero", 0, 0, 0.5, 3, 2, 0, 1, 7, 7, 1e-12},
	} {
		p := (draw{n: 1, m: 1, p: 1, window: 1}).recurrent(rand.New(rand.NewPCG(1, 2)), "gru", 1, 1, 0)
		for name, x := range map[string]float64{"f.lre": c.re, "f.lim": c.im, "f.box": c.box, "f.Bre": c.bre, "f.Bim": 0, "f.Ere": c.ere, "f.Eim": c.eim,
			"Dy": c.dy, "Wy": 0, "f.Cre": 0, "f.Cim": 0, "f.D": 0} {
			p.x(name)[0] = x
			clear(p.x(name)[1:])
		}
		p.rate = big.NewRat(999, 1000)
		if v, why := ask(deepSpec(1, 1, p).render().pack()); v != proved {
			t.Fatalf("%s: %s %s", c.name, v, why)
		}
		f := figuresOf(t, deepSpec(1, 1, p)).Members[0]
		for what, x := range map[string][2]float64{"gain": {asFloat(f.DeltaGain[0]), c.gain}, "reach": {asFloat(f.Radius[0]), c.reach}} {
			if !(x[0] >= x[1]*(1-1e-15) && x[0] <= x[1]*(1+c.slack)) {
				t.Errorf("%s: %s %.15g, want %.15g", c.name, what, x[0], x[1])
			}
		}
	}
}

// plain is a member with one unit, all weights zero.
func plain(kind string) *part {
	p := (draw{n: 1, m: 1, p: 1, window: 1}).recurrent(rand.New(rand.NewPCG(1, 2)), kind, 1, 0, 0)
	for _, n := range p.names() {
		if n[0] == 'l' {
			clear(p.x(n))
		}
	}
	p.x("l0.hbox")[0] = 1
	p.rate = big.NewRat(1, 2)
	if kind == "lstm" { // f = i = o = 1/2, g = 0: dc+ = dc/2, dh+ = dc+/2
		p.x("l0.cbox")[0] = 1
		p.cells[0] = cellWitness{false, []float64{1, 0.5}, []float64{1, 1}}
	} else { // z = r = 1/2, n = 0: dh+ = dh/2
		p.cells[0] = cellWitness{false, []float64{1}, []float64{1}}
	}
	return p
}

// TestDeltaISSAtTheBoundary holds one-unit certificates exactly at the boundary, where conditions hold with equality, and
// one unit in the last place beyond it.
func TestDeltaISSAtTheBoundary(t *testing.T) {
	below := func(x float64) float64 { return math.Nextafter(x, 0) }
	for _, c := range []struct {
		name, kind string
		truth      bool
		edit       func(p *part)
	}{
		{"lstm at rate 1/2", "lstm", true, func(*part) {}},
		{"lstm just below rate 1/2", "lstm", false, func(p *part) { p.rate = new(big.Rat).SetFrac64(1<<61-1, 1<<62) }},
		{"lstm, eta of h lowered", "lstm", false, func(p *part) { p.cells[0].eta[1] = below(0.5) }},
		{"lstm, eta of h raised", "lstm", true, func(p *part) { p.cells[0].eta[1] = math.Nextafter(0.5, 1) }},
		{"lstm, scaled eta", "lstm", true, func(p *part) { scale(p.cells[0].eta, 0x1p-700) }},
		// Wg = 1/2: ibar tanh(1/2) <= cbox/2, and zeta_c/2 + (1/2)(1/2) <= zeta_c from 1/2 on, zeta_h >= zeta_c/2 = 1/4
		{"lstm gain at 1/2", "lstm", true, func(p *part) { p.x("l0.Wg")[0], p.cells[0].zeta = 0.5, []float64{0.5, 0.25} }},
		{"lstm gain below 1/2", "lstm", false, func(p *part) { p.x("l0.Wg")[0], p.cells[0].zeta = 0.5, []float64{below(0.5), 0.25} }},
		{"lstm gain of h below 1/4", "lstm", false, func(p *part) { p.x("l0.Wg")[0], p.cells[0].zeta = 0.5, []float64{0.5, below(0.25)} }},
		// obar = sigma(0) = 1/2: tanh(cbox)/2 <= hbox; tanh 1 / 2 = 0.38079707797788244...
		{"lstm box above tanh(1)/2", "lstm", true, func(p *part) { p.x("l0.hbox")[0] = 0.3807970779778825 }},
		{"lstm box below tanh(1)/2", "lstm", false, func(p *part) { p.x("l0.hbox")[0] = below(0.38079707797788237) }},
		{"gru at rate 1/2", "gru", true, func(*part) {}},
		{"gru just below rate 1/2", "gru", false, func(p *part) { p.rate = new(big.Rat).SetFrac64(1<<61-1, 1<<62) }},
		// Un = 1/2: n = tanh(r h/2) has slope 1 at 0: dh+ = dh/2 + (1/2)(1/2)(dh/2) = 5/8 dh
		{"gru at rate 5/8", "gru", true, func(p *part) { p.x("l0.Un")[0], p.rate = 0.5, big.NewRat(5, 8) }},
		{"gru just below rate 5/8", "gru", false, func(p *part) { p.x("l0.Un")[0], p.rate = 0.5, new(big.Rat).SetFrac64(5<<58-1, 1<<61) }},
		// bn = 1, zero box demand: nbar = tanh 1 <= hbox
		{"gru box above tanh 1", "gru", true, func(p *part) { p.x("l0.bn")[0], p.x("l0.hbox")[0] = 1, 0.7615941559557650 }},
		{"gru box below tanh 1", "gru", false, func(p *part) { p.x("l0.bn")[0], p.x("l0.hbox")[0] = 1, 0.7615941559557648 }},
	} {
		p := plain(c.kind)
		c.edit(p)
		s := deepSpec(1, 1, p)
		if j := judge(s, false); j.true != c.truth {
			t.Errorf("%s: the oracle says %t, want %t (margin %g at %s)", c.name, j.true, c.truth, j.margin, j.name)
		}
		want := refusedBy
		if c.truth {
			want = proved
		}
		if v, why := ask(s.render().pack()); v != want {
			t.Errorf("%s: %s (%s), want %s", c.name, v, why, want)
		}
	}
}

// TestDeltaISSRefusals names the first condition that fails after an edit.
func TestDeltaISSRefusals(t *testing.T) {
	g := rand.New(rand.NewPCG(mutationSeed, 7000))
	d := draw{n: 3, m: 2, p: 1, window: 1, layers: 2, blocks: 2, static: 1, members: 2, units: 3}
	lstm, gru, norm := newSpec(g, "lstm filter", d), newSpec(g, "gru", d), newSpec(g, "lstm norm", d)
	for _, c := range []struct {
		name, want string
		base       *spec
		edit       func(p *part)
	}{
		{"rate below the eigenvalue", "f.lre^2 + lim^2 <= rate^2", lstm, func(p *part) { p.rate = timesRat(p.rate, 1e-3) }},
		{"rate below the layer's", "layer 0: F(eta, in) <= rate eta", gru, func(p *part) { p.rate = timesRat(p.rate, 0.3) }},
		{"rate 1", "rate lies in (0, 1)", lstm, func(p *part) { p.rate = big.NewRat(1, 1) }},
		{"zeta too small", "layer 1: F(zeta, in) <= zeta", lstm, func(p *part) { scale(p.cells[1].zeta, 0.01) }},
		{"eta halved", "layer 0: F(eta, in) <= rate eta", lstm, func(p *part) { p.cells[0].eta[1] /= 50 }},
		{"eta of the second layer too small", "layer 1: F(eta, in) <= rate eta", gru, func(p *part) { scale(p.cells[1].eta, 1e-6) }},
		{"eta of the filter zero", "filter eta > 0", lstm, func(p *part) { p.etaF[0] = 0 }},
		{"eta negative", "layer 1: eta > 0", lstm, func(p *part) { p.cells[1].eta[0] *= -1 }},
		{"zeta zero", "layer 0: zeta > 0", gru, func(p *part) { p.cells[0].zeta[2] = 0 }},
		{"cbox shrunk", "layer 0: the box is invariant: fbar cbox", lstm, func(p *part) { scale(p.x("l0.cbox"), 0.5) }},
		{"hbox shrunk", "layer 1: the box is invariant: obar tanh(cbox)", lstm, func(p *part) { scale(p.x("l1.hbox"), 0.5) }},
		{"hbox of a gru shrunk", "layer 1: the box is invariant: nbar <= hbox", gru, func(p *part) { scale(p.x("l1.hbox"), 0.3) }},
		{"recurrence of z scaled", "layer 0: F(", gru, func(p *part) { scale(p.x("l0.Uz"), 30) }},
		{"norm form, couplings scaled", "layer 0:", norm, func(p *part) { scale(p.x("l0.Ug"), 20) }},
		{"norm form, eta of h too small", "layer 1: F(eta, in) <= rate eta", norm, func(p *part) { p.cells[1].eta[1] *= 1e-3 }},
	} {
		s := c.base.clone()
		c.edit(s.parts[0])
		file := s.render().pack()
		b, err := cert.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if v := cert.Check(b); v.Proved || !strings.Contains(v.Failed, c.want) || v.Members != nil || v.DeltaGain != nil {
			t.Errorf("%s: proved %t, failed %q by %q; want refused for %q, without figures", c.name, v.Proved, v.Failed, v.By, c.want)
		}
	}
}

// TestDeltaISSIsForRecurrentMembersOnly: no other kind proves it, and they prove nothing else.
func TestDeltaISSIsForRecurrentMembersOnly(t *testing.T) {
	g := rand.New(rand.NewPCG(mutationSeed, 8000))
	d := newDraw(g, false)
	for family, claim := range map[string]string{"lstm": "contraction", "gru": "iss", "lstm norm": "bounded", "lure": "delta-iss", "ssm": "delta-iss", "linear": "delta-iss"} {
		s := newSpec(g, family, d)
		s.claim = claim
		file := s.render().pack()
		b, err := cert.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if v := cert.Check(b); v.Proved || !strings.Contains(v.Failed, "no others do") {
			t.Errorf("%s under %s: proved %t, failed %q", family, claim, v.Proved, v.Failed)
		}
	}
	mixed := newSpec(g, "lstm", d)
	other := newSpec(g, "linear", d)
	mixed.parts = append(mixed.parts, other.parts...)
	for _, p := range mixed.parts {
		if c := len(p.w["enc_W"].v) / p.states; c != mixed.window*(d.m+d.p) {
			t.Fatal("the encoders differ")
		}
	}
	if v, why := ask(mixed.render().pack()); v != refusedBy || !strings.Contains(why, "member 1 (linear)") {
		t.Errorf("an lstm and a linear member: %s (%s), want refused", v, why)
	}
}

// at returns the value at a path of keys and indices, and how to replace it.
func (o jObject) at(t *testing.T, path ...any) spot {
	t.Helper()
	found := spot{value: o}
	for _, step := range path {
		switch v := found.value.(type) {
		case jObject:
			for i := range v {
				if v[i].key == step {
					found = spot{v[i].key, v[i].value, func(x any) { v[i].value = x }}
				}
			}
		case []any:
			i := step.(int)
			found = spot{"", v[i], func(x any) { v[i] = x }}
		}
	}
	if found.set == nil {
		t.Fatalf("no %v", path)
	}
	return found
}

// TestDeepFilesMalformed breaks each field of the new kinds.
func TestDeepFilesMalformed(t *testing.T) {
	g := rand.New(rand.NewPCG(mutationSeed, 9000))
	d := draw{n: 2, m: 1, p: 1, window: 1, layers: 2, blocks: 2, static: 1, units: 2}
	lstm, gru := newSpec(g, "lstm filter", d), newSpec(g, "gru", d)
	num := func(n ...string) []any {
		var out []any
		for _, x := range n {
			out = append(out, jNumber(x))
		}
		return out
	}
	man := func(v any, path ...any) func(*draft) {
		return func(d *draft) { d.man.at(t, append([]any{"members", 0}, path...)...).set(v) }
	}
	crt := func(v any, path ...any) func(*draft) {
		return func(d *draft) { d.crt.at(t, append([]any{"members", 0}, path...)...).set(v) }
	}
	for _, c := range []struct {
		name, field string
		base        *spec
		edit        func(*draft)
	}{
		{"no layers", "units", lstm, man([]any{}, "units")},
		{"nine layers", "units", lstm, man(num("2", "2", "2", "2", "2", "2", "2", "2", "2"), "units")},
		{"zero units", "units[0]", lstm, man(num("0", "2"), "units")},
		{"257 units", "units[0]", lstm, man(num("257", "2"), "units")},
		{"units no list", "units", lstm, man(jNumber("2"), "units")},
		{"a layer too few", "enc_W", lstm, man(num("2"), "units")},
		{"a layer too many", "enc_W", lstm, man(num("2", "2", "2"), "units")},
		{"other units", "enc_W", lstm, man(num("3", "2"), "units")},
		{"filter without width", "filter", lstm, man(jNumber("0"), "filter", "width")},
		{"width without filter", "filter", gru, man(jNumber("1"), "filter", "width")},
		{"more filter states", "enc_W", lstm, man(jNumber("9"), "filter", "states")},
		{"257 filter states", "filter.states", lstm, man(jNumber("257"), "filter", "states")},
		{"filter null", "filter", gru, man(nil, "filter")},
		{"filter negative", "filter.states", gru, man(jNumber("-1"), "filter", "states")},
		{"kind lstm for a gru", "", gru, man("lstm", "kind")},
		{"kind gru for an lstm", "", lstm, man("gru", "kind")},
		{"norm a number", "norm", lstm, crt(jNumber("0"), "layers", 0, "norm")},
		{"norm true for vectors by components", "eta", lstm, crt(true, "layers", 0, "norm")},
		{"norm true for a gru", "norm", gru, crt(true, "layers", 0, "norm")},
		{"eta short", "eta", lstm, crt(num("1", "1", "1"), "layers", 0, "eta")},
		{"zeta long", "zeta", gru, crt(num("1", "1", "1"), "layers", 1, "zeta")},
		{"eta empty", "eta", gru, crt([]any{}, "layers", 1, "eta")},
		{"eta a ratio", "eta[0]", gru, crt([]any{"1/2", "1/2"}, "layers", 1, "eta")},
		{"eta of a filter that is not there", "filter", gru, crt(num("1"), "filter")},
		{"eta of the filter missing", "filter", lstm, crt([]any{}, "filter")},
		{"layers null", "layers", lstm, crt(nil, "layers")},
		{"layer with a T", "layers[0]", lstm, crt(jObject{{"T", num("1")}}, "layers", 0)},
		{"box zero", "l1.hbox", gru, func(d *draft) { d.tensor("m0.l1.hbox").data = f64Bytes([]float64{1, 0}) }},
		{"box negative", "l0.cbox", lstm, func(d *draft) { d.tensor("m0.l0.cbox").data = f64Bytes([]float64{-1, 1}) }},
		{"filter box zero", "f.box", lstm, func(d *draft) { clear(d.tensor("m0.f.box").data) }},
		{"gate of the other kind", "l0.Wz", lstm, func(d *draft) { d.tensor("m0.l0.Wo").name = "m0.l0.Wz" }},
	} {
		f := c.base.clone().render()
		c.edit(f)
		file := f.pack()
		_, err := cert.Open(bytes.NewReader(file), int64(len(file)))
		m, ok := errors.AsType[*cert.MalformedError](err)
		if !ok || !strings.Contains(m.Field, c.field) {
			t.Errorf("%s: %v; want malformed at %q", c.name, err, c.field)
		}
	}
}

func (d *draft) tensor(name string) *rawTensor {
	for i := range d.tensors {
		if d.tensors[i].name == name {
			return &d.tensors[i]
		}
	}
	panic("no tensor " + name)
}

// TestHostileDeepFilesEndQuickly gives the checker the largest layers and filters, with the widest numbers.
func TestHostileDeepFilesEndQuickly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	t.Parallel()
	const limit = 90 * time.Second // the work limit is about a minute, on a busy machine
	g := rand.New(rand.NewPCG(mutationSeed, 10000))
	for _, c := range []struct {
		name            string
		units, layers   int
		states, inputs  int
		norm, wild, rat bool
	}{
		{name: "8 layers of 200, wild numbers", units: 200, layers: 8, inputs: 1, wild: true},
		{name: "norm form, 8 layers of 48", units: 48, layers: 8, inputs: 1, norm: true},
		{name: "norm form, wild numbers", units: 48, layers: 4, inputs: 1, norm: true, wild: true},
		{name: "filter of 256 states", units: 2, layers: 1, states: 256, inputs: 60},
		{name: "filter of 8 states, wild numbers", units: 2, layers: 1, states: 8, inputs: 2, wild: true},
		{name: "rate of 2000 digits", units: 20, layers: 2, states: 4, inputs: 1, rat: true},
	} {
		p := (draw{n: 1, m: c.inputs, p: 2, window: 1, units: c.units}).recurrentWeights(g, "lstm", c.layers, c.states)
		p.rate = big.NewRat(99999, 100000)
		if c.rat {
			q := new(big.Int).Exp(big.NewInt(10), big.NewInt(1999), nil)
			p.rate = new(big.Rat).SetFrac(new(big.Int).Sub(q, big.NewInt(1)), q)
		}
		p.etaF = constantVec(c.states, 1)
		for l, n := range p.units {
			p.vec(fmt.Sprintf("l%d.cbox", l), constantVec(n, 1))
			p.vec(fmt.Sprintf("l%d.hbox", l), constantVec(n, 1))
			k := 2 * n
			if c.norm {
				k = 2
			}
			p.cells = append(p.cells, cellWitness{c.norm, constantVec(k, 1), constantVec(k, 1)})
		}
		for _, n := range p.names() {
			v := p.x(n)
			for i := range v {
				if n[0] == 'l' { // so small that boxes stay invariant and every step of the check is reached
					v[i] *= 1e-6 / float64(c.units)
					if strings.HasSuffix(n, "box") {
						v[i] = 1
					}
				}
				if c.wild && !strings.HasSuffix(n, "box") && !strings.HasPrefix(n, "f.l") {
					v[i] = math.Ldexp(v[i], -i*7919%900)
				}
			}
		}
		for i := range c.states {
			p.x("f.lre")[i], p.x("f.lim")[i] = 0.9999*math.Cos(float64(i)), 0.9999*math.Sin(float64(i))
		}
		file := deepSpec(c.inputs, 2, p).render().pack()
		start := time.Now()
		v, why := ask(file)
		t.Logf("%s: %s after %v: %s", c.name, v, time.Since(start), why)
		if v == panicked || v == malformedBy || time.Since(start) > limit {
			t.Errorf("%s: %s after %v: %s", c.name, v, time.Since(start), why)
		}
	}
}

// BenchmarkDeltaISS times the check of two layers: goals are 20 ms for 10 units each and 300 ms for 40.
func BenchmarkDeltaISS(b *testing.B) {
	for _, c := range []struct {
		name, kind string
		n, filter  int
		norm       float64
	}{
		{"lstm 2x10", "lstm", 10, 0, 0}, {"lstm 2x40", "lstm", 40, 0, 0}, {"lstm 2x10 norm", "lstm", 10, 0, 1}, {"lstm 2x40 norm", "lstm", 40, 0, 1},
		{"gru 2x10", "gru", 10, 0, 0}, {"gru 2x40", "gru", 40, 0, 0}, {"lstm 2x10 filter 4", "lstm", 10, 4, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := rand.New(rand.NewPCG(mutationSeed, 4000))
			d := draw{n: c.n, m: 1, p: 2, window: 1, units: c.n}
			s := &spec{claim: "delta-iss", m: 1, p: 2, window: 1, parts: []*part{d.recurrent(g, c.kind, 2, c.filter, c.norm)},
				scale: map[string][]float64{"u_mid": {0}, "u_half": {1}, "y_mean": {0, 0}, "y_std": {1, 1}}}
			file := s.render().pack()
			for b.Loop() {
				if v, why := ask(file); v != proved {
					b.Fatal(why)
				}
			}
		})
	}
}
