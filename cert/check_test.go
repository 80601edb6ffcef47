package cert_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// fixtures are true claims of every kind.
var fixtures = []struct {
	name string
	make func() *builder
}{
	{"lure", func() *builder { return newBuilder("contraction", 1, 2, 2).lure(4, 6, 0, false) }},
	{"lure with gain", func() *builder { return newBuilder("contraction", 2, 2, 1).lure(4, 6, 0, true) }},
	{"sandwich", func() *builder { return newBuilder("contraction", 3, 1, 2).lure(3, 4, 2, true) }},
	{"linear", func() *builder { return newBuilder("contraction", 4, 2, 2).linear(3, true) }},
	{"ssm", func() *builder { return newBuilder("contraction", 5, 2, 2).ssm(3, true, 4, 0, 5) }},
	{"ssm, one block", func() *builder { return newBuilder("contraction", 6, 1, 1).ssm(3, false, 0) }},
	{"contracting ensemble", func() *builder {
		return newBuilder("contraction", 7, 2, 2).lure(3, 4, 0, true).ssm(2, true, 3, 0).linear(2, true).lure(2, 3, 1, true)
	}},
	{"gated, multiplier", func() *builder { return newBuilder("iss", 8, 2, 2).gated(4, 6, false) }},
	{"gated, vertices", func() *builder { return newBuilder("iss", 9, 2, 1).gated(4, 5, true) }},
	{"gated ensemble", func() *builder { return newBuilder("iss", 10, 1, 1).gated(3, 4, true).gated(2, 3, false) }},
	{"mixed iss", func() *builder {
		return newBuilder("iss", 11, 1, 1).gated(3, 4, true).lure(2, 3, 0, false).ssm(2, true, 0).linear(2, false)
	}},
	{"bounded", func() *builder { return newBuilder("bounded", 12, 2, 2).bounded(4, 6) }},
	{"bounded ensemble", func() *builder { return newBuilder("bounded", 13, 1, 2).bounded(3, 4).bounded(2, 3) }},
	{"mixed bounded", func() *builder {
		return newBuilder("bounded", 14, 1, 1).bounded(3, 4).gated(2, 3, true).ssm(2, false, 2).linear(2, false)
	}},
}

func TestTrueClaimsAreProved(t *testing.T) {
	for _, f := range fixtures {
		v := f.make().check(t)
		if !v.Proved {
			t.Errorf("%s: refused: %s, %s", f.name, v.Failed, v.By)
		}
		t.Logf("%s: %s", f.name, v.Statement)
	}
}

// tampered claims are false, or their witness does not prove them. want is part of the first condition that fails.
var tampered = []struct {
	name, want string
	base       func() *builder
	edit       func(b *builder)
}{
	{"rate below the spectral radius", "[A B1]'M[A B1]", lureBase, func(b *builder) { b.witness(0).Rate = big.NewRat(1, 10) }},
	{"rate 1", "rate lies in", lureBase, func(b *builder) { b.witness(0).Rate = big.NewRat(1, 1) }},
	{"rate 0", "rate lies in", lureBase, func(b *builder) { b.witness(0).Rate = new(big.Rat) }},
	{"rate negative, its square fine", "rate lies in", lureBase, func(b *builder) { b.witness(0).Rate.Neg(b.witness(0).Rate) }},
	{"M not symmetric by one ulp", "symmetric", lureBase, func(b *builder) { m := b.witness(0).M; m[1] = math.Nextafter(m[1], 9) }},
	{"M negative", "M > 0", lureBase, func(b *builder) { negate(b.witness(0).M) }},
	{"Lambda negative", "Lambda > 0", lureBase, func(b *builder) { b.witness(0).Lambda[2] = -1 }},
	{"Lambda zero", "Lambda > 0", lureBase, func(b *builder) { b.witness(0).Lambda[2] = 0 }},
	{"B1 scaled", "[A B1]'M[A B1]", lureBase, func(b *builder) { scaleBy(b.data("m0.B1"), 30) }},
	{"C1 scaled", "[A B1]'M[A B1]", lureBase, func(b *builder) { scaleBy(b.data("m0.C1"), 30) }},
	{"gain too small", "gain: diag", lureBase, func(b *builder) { b.witness(0).Gain.Gamma2 = big.NewRat(1, 1000) }},
	{"gain M negative", "gain M > 0", lureBase, func(b *builder) { negate(b.witness(0).Gain.M) }},
	{"gain Lambda negative", "gain Lambda > 0", lureBase, func(b *builder) { negate(b.witness(0).Gain.Lambda) }},
	{"D22 huge", "gain: diag", lureBase, func(b *builder) { b.data("m0.D22")[0] = 1e9 }},
	{"second member unstable", "member 1 (linear): r^2 M - A'MA", func() *builder { return newBuilder("contraction", 1, 1, 1).linear(2, false).linear(2, false) },
		func(b *builder) { scaleBy(b.data("m1.A"), 5) }},
	{"sandwich layer too steep", "layer 1 is 1-Lipschitz", sandwichBase, func(b *builder) { scaleBy(b.data("m0.g1.Wout"), 20) }},
	{"sandwich Win too steep", "layer 0 is 1-Lipschitz", sandwichBase, func(b *builder) { scaleBy(b.data("m0.g0.Win"), 20) }},
	{"sandwich T zero", "layer 1 T > 0", sandwichBase, func(b *builder) { b.witness(0).Layers[1][0] = 0 }},
	{"sandwich Lambda not a multiple", "multiple of the identity", sandwichBase, func(b *builder) { b.witness(0).Lambda[1] *= 1 + 1e-15 }},
	{"sandwich gain Lambda not a multiple", "gain Lambda is a multiple", sandwichBase, func(b *builder) { b.witness(0).Gain.Lambda[1] *= 1 + 1e-15 }},
	{"eigenvalue outside", "b2.lre^2 + lim^2", ssmBase, func(b *builder) { b.data("m0.b2.lim")[1] = 0.95 }},
	{"radius = rate", "0 < radius < rate", ssmBase, func(b *builder) { b.witness(0).Rate = b.witness(0).Radius }},
	{"radius 0", "0 < radius < rate", ssmBase, func(b *builder) { b.witness(0).Radius = new(big.Rat) }},
	{"gated under contraction", "no contraction claim", gatedBase, func(b *builder) { b.m.Certificate.Claim = "contraction" }},
	{"g2 too small for the vertices", "input gain: g2 I - N'MN", gatedBase, func(b *builder) { b.witness(0).G2 = big.NewRat(1, 1e6) }},
	{"g2 too small for T", "input gain: diag", multiplierBase, func(b *builder) { b.witness(0).G2 = big.NewRat(1, 1e6) }},
	{"T negative", "T > 0", multiplierBase, func(b *builder) { negate(b.witness(0).T) }},
	{"Ty negative", "Ty > 0", gatedBase, func(b *builder) { negate(b.witness(0).Ty) }},
	{"kappa2 too small", "output: diag", gatedBase, func(b *builder) { b.witness(0).Kappa2[0] = big.NewRat(1, 1e6) }},
	{"d2 too small", "feed-through: diag", gatedBase, func(b *builder) { b.witness(0).D2 = big.NewRat(1, 1e6) }},
	{"13 gated channels without T", "more than 12 gated", func() *builder { return newBuilder("iss", 3, 1, 1).gated(2, 13, true) }, func(*builder) {}},
	{"bounded: A unstable", "r^2 M - A'MA", boundedBase, func(b *builder) { scaleBy(b.data("m0.A"), 5) }},
	{"bounded: T too small", "diag(T)", boundedBase, func(b *builder) { scaleBy(b.witness(0).T, 1e-3) }},
	{"bounded: bias not covered", "diag(T)", boundedBase, func(b *builder) { b.data("m0.bx")[0] = 1e6 }},
	{"bounded: kappa2 too small", "output 1: kappa2", boundedBase, func(b *builder) { b.witness(0).Kappa2[1] = big.NewRat(1, 1e9) }},
	{"bounded with sandwich layers", "without sandwich layers", sandwichBase, func(b *builder) {
		b.m.Certificate.Claim = "bounded"
		w := b.witness(0)
		w.T, w.Kappa2 = constants(4+1+1, 1), []*big.Rat{big.NewRat(1, 1), big.NewRat(1, 1)}
	}},
	{"no certificate", "claims nothing", lureBase, func(b *builder) { b.m.Certificate = nil }},
}

func lureBase() *builder       { return newBuilder("contraction", 2, 2, 1).lure(4, 6, 0, true) }
func sandwichBase() *builder   { return newBuilder("contraction", 3, 1, 2).lure(3, 4, 2, true) }
func ssmBase() *builder        { return newBuilder("contraction", 5, 2, 2).ssm(3, true, 4, 0, 5) }
func gatedBase() *builder      { return newBuilder("iss", 9, 2, 1).gated(4, 5, true) }
func multiplierBase() *builder { return newBuilder("iss", 8, 2, 2).gated(4, 6, false) }
func boundedBase() *builder    { return newBuilder("bounded", 12, 2, 2).bounded(4, 6) }

func negate(x []float64) { scaleBy(x, -1) }

func scaleBy(x []float64, f float64) {
	for i := range x {
		x[i] *= f
	}
}

func TestTamperedClaimsAreRefused(t *testing.T) {
	for _, c := range tampered {
		b := c.base()
		c.edit(b)
		v := b.check(t)
		if v.Proved || !strings.Contains(v.Failed, c.want) {
			t.Errorf("%s: proved %t, failed %q by %q; want refused for %q", c.name, v.Proved, v.Failed, v.By, c.want)
		}
		if v.Rate != nil || v.Gain != nil || v.Members != nil {
			t.Errorf("%s: a refused verdict carries figures", c.name)
		}
	}
}

// scalar is x+ = a x + b u, y = c x + d u with M = 1: every condition has a closed form.
func scalar(claim string, a, bu, c, d float64, rate *big.Rat) *builder {
	b := newBuilder(claim, 1, 1, 1).linear(1, false)
	b.data("m0.A")[0], b.data("m0.B2")[0], b.data("m0.Cx")[0], b.data("m0.D22")[0] = a, bu, c, d
	b.witness(0).M, b.witness(0).Rate = []float64{1}, rate
	return b
}

// TestStrictAtTheBoundary puts claims exactly on the boundary, one unit in the last place inside and outside.
func TestStrictAtTheBoundary(t *testing.T) {
	half := big.NewRat(1, 2)
	in, out := math.Nextafter(0.5, 0), math.Nextafter(0.5, 1)
	tiny := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 1000))
	gain := func(gamma2 *big.Rat) *builder { // M = 2: [[2 - 1/2 - 1, -1], [-1, gamma2 - 2]] is singular at gamma2 = 4
		b := scalar("contraction", 0.5, 1, 1, 0, big.NewRat(3, 4))
		b.witness(0).Gain = &bundle.Gain{Gamma2: gamma2, M: []float64{2}}
		return b
	}
	ssm := func(re, im float64, radius *big.Rat) *builder {
		b := newBuilder("contraction", 1, 1, 1).ssm(1, false, 0)
		b.data("m0.b0.lre")[0], b.data("m0.b0.lim")[0], b.witness(0).Radius = re, im, radius
		return b
	}
	for _, c := range []struct {
		name string
		b    *builder
		want bool
	}{
		{"|a| = r", scalar("contraction", 0.5, 1, 1, 0, half), false},
		{"|a| one ulp below r", scalar("contraction", in, 1, 1, 0, half), true},
		{"|a| one ulp above r", scalar("contraction", out, 1, 1, 0, half), false},
		{"rate 2^-1000 above |a|", scalar("contraction", 0.5, 1, 1, 0, new(big.Rat).Add(half, tiny)), true},
		{"rate 2^-1000 below |a|", scalar("contraction", 0.5, 1, 1, 0, new(big.Rat).Sub(half, tiny)), false},
		{"float64(1/3) < 1/3", scalar("contraction", 1.0/3, 1, 1, 0, big.NewRat(1, 3)), true},
		{"float64(0.1) > 1/10", scalar("contraction", 0.1, 1, 1, 0, big.NewRat(1, 10)), false},
		{"gamma2 = 4", gain(big.NewRat(4, 1)), false},
		{"gamma2 one ulp above 4", gain(ratioOf(math.Nextafter(4, 5))), true},
		{"gamma2 one ulp below 4", gain(ratioOf(math.Nextafter(4, 3))), false},
		{"|3/8 + i/2| = 5/8, not strict", ssm(0.375, 0.5, big.NewRat(5, 8)), true},
		{"|3/8 + i/2| one ulp above 5/8", ssm(math.Nextafter(0.375, 1), 0.5, big.NewRat(5, 8)), false},
		{"float64(0.3) + i float64(0.4) exceeds 1/2", ssm(0.3, 0.4, half), false},
	} {
		if v := c.b.check(t); v.Proved != c.want {
			t.Errorf("%s: proved %t, want %t (%s, %s)", c.name, v.Proved, c.want, v.Failed, v.By)
		}
	}
}

// TestFiguresInClosedForm compares the derived figures of scalar models with hand calculation. Upper bounds may exceed the
// exact value by the relative figureSlack: square roots are rounded up at 2^-60.
func TestFiguresInClosedForm(t *testing.T) {
	const figureSlack = 1e-15
	near := func(name string, got *big.Rat, want float64) {
		t.Helper()
		if got == nil {
			t.Errorf("%s is missing, want %g", name, want)
		} else if g, _ := got.Float64(); math.Abs(g-want) > figureSlack*math.Abs(want) {
			t.Errorf("%s is %g, want %g", name, g, want)
		}
	}
	// scaling of the fixtures: u_half = 2, y_std = 1/2, u_mid = 1, y_mean = 5
	b := scalar("contraction", 0.5, 1, 1, 0, big.NewRat(3, 4))
	b.witness(0).Gain = &bundle.Gain{Gamma2: big.NewRat(9, 1), M: []float64{2}}
	v := b.check(t)
	near("rate", v.Rate, 0.75)
	near("gain", v.Gain, 3)
	near("physical gain", v.PhysicalGain, 0.75)
	near("overshoot", v.Members[0].Overshoot, 1)

	// one complex state lambda = i/2, B = 1, C = 3, D = 2: gain 2 + 3/(1 - 1/2) = 8
	b = newBuilder("contraction", 1, 1, 1).ssm(1, true, 0)
	for name, x := range map[string]float64{"lre": 0, "lim": 0.5, "Bre": 1, "Bim": 0, "Cre": 3, "Cim": 0, "D": 2} {
		b.data("m0.b0." + name)[0] = x
	}
	v = b.check(t)
	near("ssm gain", v.Members[0].Gain, 8)
	near("ssm overshoot", v.Members[0].Overshoot, 1)

	// gated: A = 1/2, B1 = 1/8, B2 = 1, C1 = D12 = 1, M = 4, g2 = 16, kappa2 = 9, d2 = 25, r = 3/4: gain 3*4/(1/4) + 5 = 53
	b = newBuilder("iss", 1, 1, 1).gated(1, 1, true)
	for name, x := range map[string]float64{"A": 0.5, "B1": 0.125, "B2": 1, "C1": 1, "D12": 1, "Cx": 1, "Cw": 1, "D22": 1, "by": 2, "u0": -0.5} {
		b.data("m0." + name)[0] = x
	}
	w := b.witness(0)
	*w = bundle.Witness{Rate: big.NewRat(3, 4), M: []float64{4}, Lambda: []float64{0.5}, G2: big.NewRat(16, 1), Kappa2: []*big.Rat{big.NewRat(9, 1)},
		D2: big.NewRat(25, 1), Ty: []float64{3}, Td: []float64{3}}
	v = b.check(t)
	if !v.Proved {
		t.Fatalf("gated: %s %s", v.Failed, v.By)
	}
	near("ISS gain", v.ISSGain, 53)
	near("physical ISS gain", v.PhysicalISSGain, 53.0/4)
	near("rest input", v.RestInput[0], 1+2*-0.5)
	near("rest output", v.RestOutput[0], 5+0.5*(2-0.5))

	// bounded: A = 1/2, B1 = 1, B2 = 1, bx = 1, M = 1, T = (4, 4, 8), r = 3/4, kappa2 = 4, Cw = -2, D22 = 3, by = 1:
	// radius 2*4/(1/4) + 2 + 3 = 37; T - 11' > 0 as 1/4 + 1/4 + 1/8 < 1
	b = newBuilder("bounded", 1, 1, 1).bounded(1, 1)
	for name, x := range map[string]float64{"A": 0.5, "B1": 1, "B2": 1, "bx": 1, "Cx": 1, "Cw": -2, "D22": 3, "by": 1} {
		b.data("m0." + name)[0] = x
	}
	*b.witness(0) = bundle.Witness{Rate: big.NewRat(3, 4), M: []float64{1}, T: []float64{4, 4, 8}, Kappa2: []*big.Rat{big.NewRat(4, 1)}}
	v = b.check(t)
	if !v.Proved {
		t.Fatalf("bounded: %s %s", v.Failed, v.By)
	}
	near("low", v.Low[0], 5+0.5*(1-37))
	near("high", v.High[0], 5+0.5*(1+37))
	if want := "y0 lies in [-13, 24] m"; !strings.Contains(v.Statement, want) {
		t.Errorf("statement %q, want %q", v.Statement, want)
	}
}

// TestCascadeBounds simulates differences of an ssm cascade with static layers and compares them with the checker's c.
func TestCascadeBounds(t *testing.T) {
	for seed := range uint64(5) {
		b := newBuilder("contraction", 20+seed, 1, 1).ssm(2, true, 3, 0, 2)
		v := b.check(t)
		c, _ := v.Members[0].Overshoot.Float64()
		r, _ := v.Rate.Float64()
		x := b.simulate(30)
		for k, d := range x {
			if bound := c * math.Pow(r, float64(k)) * x[0]; d > bound {
				t.Fatalf("seed %d: after %d steps the distance is %g, beyond the bound %g", seed, k, d, bound)
			}
		}
	}
}

// simulate returns the distance of two trajectories of the ssm member 0 from random states under the same random input.
func (b *builder) simulate(steps int) []float64 {
	blocks := b.m.Manifest.Members[0].Blocks
	states := make([][2][]complex128, len(blocks))
	for i, k := range blocks {
		for side := range 2 {
			for range k.States {
				states[i][side] = append(states[i][side], complex(b.g.NormFloat64(), b.g.NormFloat64()))
			}
		}
	}
	var out []float64
	for range steps {
		sum := 0.0
		for _, s := range states {
			for j := range s[0] {
				d := s[0][j] - s[1][j]
				sum += real(d)*real(d) + imag(d)*imag(d)
			}
		}
		out = append(out, math.Sqrt(sum))
		u := []float64{b.g.NormFloat64()}
		for side := range 2 {
			in := u
			for i := range blocks {
				in = b.step(i, states[i][side], in)
			}
		}
	}
	return out
}

// step advances block i by one step and returns its output.
func (b *builder) step(i int, s []complex128, in []float64) []float64 {
	get := func(name string) []float64 {
		for _, t := range b.m.Tensors {
			if t.Name == fmt.Sprintf("m0.b%d.%s", i, name) {
				return t.Data
			}
		}
		return nil
	}
	c := get("c")
	z := append([]float64(nil), c...)
	for o := range z {
		for j, x := range s {
			z[o] += real(complex(get("Cre")[o*len(s)+j], get("Cim")[o*len(s)+j]) * x)
		}
		for j, x := range in {
			z[o] += get("D")[o*len(in)+j] * x
		}
	}
	for j := range s {
		s[j] *= complex(get("lre")[j], get("lim")[j])
		for k, x := range in {
			s[j] += complex(get("Bre")[j*len(in)+k]*x, get("Bim")[j*len(in)+k]*x)
		}
	}
	h := get("b1")
	y := append([]float64(nil), z...)
	for k := range h {
		v := h[k]
		for o, x := range z {
			v += get("W1")[k*len(z)+o] * x
		}
		for o := range y {
			y[o] += get("W2")[o*len(h)+k] * math.Tanh(v)
		}
	}
	for o := range get("b2") {
		y[o] += get("b2")[o]
	}
	return y
}

// TestHostileFilesEndQuickly gives the checker the largest matrices with the widest numbers, and hairline ones.
func TestHostileFilesEndQuickly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	t.Parallel()
	const limit = 90 * time.Second // the work limit is about a minute, on a busy machine
	wide := func(b *builder) {
		for _, name := range []string{"m0.A", "m0.B1", "m0.C1"} {
			d := b.data(name)
			for i := range d {
				d[i] = math.Ldexp(d[i], i*7919%1800-1000)
			}
		}
	}
	hairline := func(b *builder) { // M = 11' + 2^-900 I: positive definite, far below what floating point sees
		m := b.witness(0).M
		n := int(math.Sqrt(float64(len(m))))
		for i := range m {
			m[i] = 0x1p-900
			if i%(n+1) != 0 {
				m[i] = 0
			}
		}
		m[0], m[1], m[n], m[n+1] = 1, 1, 1, 1
		for i := 2; i < n; i++ {
			m[i*n+i] = 1
		}
	}
	dense := func(b *builder) { // the same without structure
		m := b.witness(0).M
		n := int(math.Sqrt(float64(len(m))))
		for i := range m {
			m[i] = 1 + float64(i%n*(i/n)%97)*0x1p-40 + float64(i%n+i/n)*0x1p-45
		}
	}
	for name, edit := range map[string]func(*builder){"wide": wide, "hairline": hairline, "dense": dense} {
		for _, size := range [][2]int{{60, 60}, {150, 4}, {4, 250}} {
			b := newBuilder("contraction", 1, 1, 1).lure(size[0], size[1], 0, true)
			edit(b)
			start := time.Now()
			if v := b.check(t); v.Proved || time.Since(start) > limit {
				t.Errorf("%s, n = %d, q = %d: proved %t after %v: %s", name, size[0], size[1], v.Proved, time.Since(start), v.Failed)
			} else {
				t.Logf("%s, n = %d, q = %d: %v: %s; %s", name, size[0], size[1], time.Since(start), v.Failed, v.By)
			}
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, s := range [][2]int{{4, 8}, {6, 16}, {12, 28}, {20, 80}} {
		for _, claim := range []string{"proved", "refused"} {
			k := newBuilder("contraction", 1, 1, 1).lure(s[0], s[1], 0, false)
			if claim == "refused" {
				k.witness(0).Rate = big.NewRat(1, 2)
			}
			data := k.bytes(b)
			b.Run(fmt.Sprintf("n+q=%d/%s", s[0]+s[1], claim), func(b *testing.B) {
				for b.Loop() {
					if cert.Check(open(b, data)).Proved != (claim == "proved") {
						b.Fatal("wrong verdict")
					}
				}
			})
		}
	}
}
