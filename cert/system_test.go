package cert_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// system returns a bundle of a system with states x0, x1, ... and one witness.
func system(continuous bool, m bundle.Member, claim string, w bundle.Witness) *bundle.Model {
	s := &bundle.System{Name: "test", Continuous: continuous}
	for i := range m.States {
		s.States = append(s.States, bundle.Signal{Name: fmt.Sprint("x", i)})
	}
	return &bundle.Model{Manifest: bundle.Manifest{System: s, Members: []bundle.Member{m}},
		Certificate: &bundle.Certificate{Claim: claim, Members: []bundle.Witness{w}}}
}

func expressions(right ...string) bundle.Member {
	m := bundle.Member{Kind: "expressions", States: len(right)}
	for _, r := range right {
		m.Right = append(m.Right, strings.Fields(r))
	}
	return m
}

func judged(t testing.TB, m *bundle.Model) cert.Verdict {
	t.Helper()
	v, err := bundle.Check(m)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func ratioText(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

// expect requires a verdict; a refusal must name a condition that contains want.
func expect(t *testing.T, name string, m *bundle.Model, proved bool, want string) {
	t.Helper()
	v := judged(t, m)
	if v.Proved != proved {
		t.Errorf("%s: proved %t, want %t: %s; %s", name, v.Proved, proved, v.Failed, v.By)
	}
	if !proved && !strings.Contains(v.Failed+"; "+v.By, want) {
		t.Errorf("%s: refused for %q, %q, want %q", name, v.Failed, v.By, want)
	}
}

// regional is a claim by boxes with the metric M = diag(metric) and boxes a little larger than needed.
func regional(continuous bool, m bundle.Member, level, rate string, metric ...float64) *bundle.Model {
	w := bundle.Witness{Rate: ratioText(rate), Level: ratioText(level), M: make([]float64, len(metric)*len(metric))}
	f, _ := w.Level.Float64()
	for i, x := range metric {
		w.M[i*len(metric)+i] = x
		w.Box = append(w.Box, math.Sqrt(f/x)*1.001)
	}
	return system(continuous, m, "lyapunov", w)
}

// TestRegionsInOneState: the decrease of x^2 ends where the right-hand side changes its sign, which is known.
func TestRegionsInOneState(t *testing.T) {
	for _, c := range []struct {
		right, inside, outside string
		continuous             bool
	}{
		{"x0 pow:3 x0 -", "9999/10000", "10001/10000", true},                    // |x| = 1
		{"x0 neg x0 cos *", "2467/1000", "2468/1000", true},                     // |x| = pi/2, 2.4674
		{"x0 sin neg", "986/100", "988/100", true},                              // |x| = pi, 9.8696
		{"x0 2 x0 tanh * -", "3667/1000", "3668/1000", true},                    // x = 2 tanh x: 1.91501, 3.66725
		{"x0 exp 2 - x0 *", "480/1000", "481/1000", true},                       // x = ln 2, 0.480453
		{"x0 2 1 x0 - sqrt 3 * - *", "308/1000", "309/1000", true},              // sqrt(1-x) = 2/3, x = 5/9: 0.308642
		{"x0 2 1 x0 - / 3 - *", "111/1000", "112/1000", true},                   // 2/(1-x) = 3, x = 1/3: 0.1111
		{"x0 neg 1/3 x0 * +", "1000000/1", "", true},                            // everywhere
		{"x0 2 / x0 pow:3 +", "49/100", "51/100", false},                        // |1/2 + x^2| = 1
		{"x0 cos 1 - x0 2 / +", "1/1", "", false},                               //
		{"x0 x0 x0 * 1/100 - * x0 pow:2 4 - *", "99/10000", "101/10000", false}, // unstable or not: see below
	} {
		m := expressions(c.right)
		rate := "0/1"
		if !c.continuous {
			rate = "1/1"
		}
		if strings.Contains(c.right, "1/100") { // x+ = x (x^2 - 1/100)(x^2 - 4), near 0 x/25: stable until |(x^2 - 0.01)(x^2 - 4)| = 1
			c.inside, c.outside = "27/100", "28/100" // s^2 - 4.01 s + 0.04 = -1: s = 0.2786
		}
		expect(t, c.right+" inside", regional(c.continuous, m, c.inside, rate, 1), true, "")
		if c.outside != "" {
			expect(t, c.right+" outside", regional(c.continuous, m, c.outside, rate, 1), false, "the decrease of V")
		}
	}
}

// pendulum is theta” = -9.81 sin theta - 0.5 theta' with the metric of A'M + MA = -I.
func pendulum(level string) *bundle.Model {
	const g, d = 9.81, 0.5
	const m12 = 1 / (2 * g)
	const m22 = (1 + 2*m12) / (2 * d)
	const m11 = d*m12 + g*m22
	l := ratioText(level)
	f, _ := l.Float64()
	det := m11*m22 - m12*m12
	return system(true, expressions("x1", "-9.81 x0 sin * 0.5 x1 * -"), "lyapunov", bundle.Witness{Rate: new(big.Rat), Level: l,
		M: []float64{m11, m12, m12, m22}, Box: []float64{math.Sqrt(f*m22/det) * 1.001, math.Sqrt(f*m11/det) * 1.001}})
}

// TestPendulum: the decrease first fails at level 6.42140 (docs of the plant, by dense search).
func TestPendulum(t *testing.T) {
	start := time.Now()
	expect(t, "6.35", pendulum("127/20"), true, "")
	t.Logf("6.35 in %v", time.Since(start))
	expect(t, "6.43", pendulum("643/100"), false, "the decrease of V")
}

// TestRotating: x' = -x + w y + x |x|^2/rho and its like have the exact region |x|^2 < rho (1 - r) in each metric m I.
func TestRotating(t *testing.T) {
	m := expressions("x0 neg 3 x1 * + x0 pow:2 x1 pow:2 + 2 / x0 * +", "x1 neg 3 x0 * - x0 pow:2 x1 pow:2 + 2 / x1 * +")
	expect(t, "inside", regional(true, m, "19/10", "0/1", 1, 1), true, "")
	expect(t, "outside", regional(true, m, "21/10", "0/1", 1, 1), false, "the decrease of V")
	expect(t, "rate 1/2 inside", regional(true, m, "9/10", "1/2", 1, 1), true, "")
	expect(t, "rate 1/2 outside", regional(true, m, "11/10", "1/2", 1, 1), false, "the decrease of V")
	expect(t, "scaled", regional(true, m, "190000000/1", "0/1", 1e8, 1e8), true, "")
	expect(t, "scaled down", regional(true, m, "19/1000000000", "0/1", 1e-8, 1e-8), true, "")
}

// TestRegionRefusals: every hypothesis is decided (positivity, V(0) = 0 by form, f(0) = 0, the box, the decrease).
func TestRegionRefusals(t *testing.T) {
	base := func() *bundle.Model {
		return regional(true, expressions("x1", "x0 sin neg x1 -"), "1/2", "0/1", 1.5, 1)
	}
	w := func(m *bundle.Model) *bundle.Witness { return &m.Certificate.Members[0] }
	m := base()
	w(m).M = []float64{1.5, 0.5, 0.5, 1}
	w(m).Box = []float64{1, 1}
	expect(t, "base", m, true, "")
	for _, c := range []struct {
		name, want string
		edit       func(m *bundle.Model)
	}{
		{"indefinite M", "M > 0", func(m *bundle.Model) { w(m).M[0] = -1 }},
		{"asymmetric M", "M is symmetric", func(m *bundle.Model) { w(m).M[1] = 0.25 }},
		{"f(0) != 0", "f(0) = 0, component 1", func(m *bundle.Model) { m.Manifest.Members[0].Right[1] = strings.Fields("x0 sin neg x1 - 1e-300 +") }},
		{"f(0) not exact", "f(0) = 0", func(m *bundle.Model) {
			m.Manifest.Members[0].Right[1] = strings.Fields("x0 sin neg x1 - 1/3 1 3 / - +")
		}},
		{"box too small", "the box holds the region, state 0", func(m *bundle.Model) { w(m).Box[0] = 0.3 }},
		{"box negative", "box > 0", func(m *bundle.Model) { w(m).Box[1] = -1 }},
		{"level 0", "a positive level", func(m *bundle.Model) { w(m).Level = new(big.Rat) }},
		{"no level", "a positive level", func(m *bundle.Model) { w(m).Level = nil }},
		{"rate negative", "rate >= 0", func(m *bundle.Model) { w(m).Rate = big.NewRat(-1, 2) }},
		{"rate too large", "the decrease of V", func(m *bundle.Model) { w(m).Rate = big.NewRat(1, 2) }},
		{"level too large", "the decrease of V", func(m *bundle.Model) { w(m).Level, w(m).Box = big.NewRat(40, 1), []float64{8, 8} }},
		{"unstable", "the decrease of V", func(m *bundle.Model) { m.Manifest.Members[0].Right[1] = strings.Fields("x0 sin x1 -") }},
		{"marginal", "the decrease of V", func(m *bundle.Model) { m.Manifest.Members[0].Right[1] = strings.Fields("x0 sin neg") }},
		{"box and squares", "a box, or squares", func(m *bundle.Model) {
			w(m).Squares = []bundle.Square{{Weight: 1, Root: []string{"x0"}}, {Weight: 1, Root: []string{"x1"}}}
		}},
		{"neither", "a box, or squares", func(m *bundle.Model) { w(m).Box = nil }},
		{"undefined at 0", "undecided", func(m *bundle.Model) { m.Manifest.Members[0].Right[0] = strings.Fields("x1 x0 sqrt x0 * +") }},
		{"undefined elsewhere", "undecided", func(m *bundle.Model) {
			m.Manifest.Members[0].Right[0] = strings.Fields("x1 0.2 x0 + sqrt 0.2 sqrt - x0 * +")
		}},
	} {
		m := base()
		w(m).M, w(m).Box = []float64{1.5, 0.5, 0.5, 1}, []float64{1, 1}
		c.edit(m)
		expect(t, c.name, m, false, c.want)
	}
}

// TestPlantedCounterexamples (in the manner of SoundnessBench): narrow places where V rises, away from every grid, are found or left
// undecided, never proved; without the bump the same claim is proved.
func TestPlantedCounterexamples(t *testing.T) {
	g := rand.New(rand.NewPCG(31, 32))
	for range 12 {
		x, y, width := 0.4+0.5*g.Float64(), 0.3*g.NormFloat64(), math.Pow(10, -1-2.5*g.Float64())
		bump := fmt.Sprintf("x0 %g - pow:2 x1 %g - pow:2 + %g / neg exp 2.5 *", x, y, width*width)
		right := func(bump string) bundle.Member {
			return expressions(fmt.Sprintf("x0 neg x1 + x0 %s * +", bump), "x0 neg x1 -")
		}
		expect(t, bump, regional(true, right(bump), "1/1", "0/1", 1, 1), false, "the decrease of V")
	}
	expect(t, "no bump", regional(true, expressions("x0 neg x1 +", "x0 neg x1 -"), "1/1", "0/1", 1, 1), true, "")
}

// e3 is x' = (U-1) dU/dx with U = (x'A1'A1 x)(x'A2'A2 x), A1 = [1 2; 3 4], A2 = A1 diag(-1, 1), and V = x'x: W = 8U(U-1). The
// largest region {V < level} is that of 1/20, with
//
//	-W = 8U (400 V^2 - U) + (1 - 20 V) 8U (1 + 20 V),   400 V^2 - U = 300 x0^4 + 1184 x0^2 x1^2.
func e3(level string) *bundle.Model {
	const u = "100 x0 pow:4 * 384 x0 pow:2 * x1 pow:2 * - 400 x1 pow:4 * + 1 -"
	m := expressions("400 x0 pow:3 * 768 x0 * x1 pow:2 * - "+u+" *", "1600 x1 pow:3 * 768 x0 pow:2 * x1 * - "+u+" *")
	const b = 1987.0 / 1024 // U = 99 (x0^2 - b x1^2)^2 + x0^4 + (400 - 99 b^2) x1^4 + (198 b - 384) x0^2 x1^2
	roots := []struct {
		root   string
		weight float64
	}{{"x0 pow:2 1.9404296875 x1 pow:2 * -", 99}, {"x0 pow:2", 1}, {"x1 pow:2", 400 - 99*b*b}, {"x0 x1 *", 198*b - 384}}
	w := bundle.Witness{Rate: new(big.Rat), M: []float64{1, 0, 0, 1}, Level: ratioText(level)}
	for _, f := range []struct {
		factor string
		weight float64
		inside bool
	}{{"", 8, true}, {" x0 *", 160, true}, {" x1 *", 160, true}, {" x0 pow:2 *", 2400, false}, {" x0 x1 * *", 9472, false}} {
		for _, r := range roots {
			w.Squares = append(w.Squares, bundle.Square{Weight: f.weight * r.weight, Root: strings.Fields(r.root + f.factor), Inside: f.inside})
		}
	}
	return system(true, m, "lyapunov", w)
}

// TestE3: the exact region is proved by squares at the level 1/20 itself, and refused at the float64 0.05, which is larger.
func TestE3(t *testing.T) {
	expect(t, "1/20", e3("1/20"), true, "")
	expect(t, "float64 0.05", e3("3602879701896397/72057594037927936"), false, "sum of squares")
	scaled := e3("5000000/1")
	w := &scaled.Certificate.Members[0]
	for i := range w.M {
		w.M[i] *= 1e8
	}
	for i, s := range w.Squares {
		w.Squares[i].Weight *= 1e8
		if s.Inside { // p - q V is 5000000 (1 - 20 V) here, 1 - 20 V there
			w.Squares[i].Weight /= 5e6
		}
	}
	expect(t, "V times 1e8", scaled, true, "")
	boxes := e3("499/10000")
	boxes.Certificate.Members[0].Squares, boxes.Certificate.Members[0].Box = nil, []float64{0.3, 0.3}
	if !testing.Short() { // seconds
		expect(t, "boxes at a degenerate equilibrium", boxes, false, "undecided: the decrease of V near")
	}
	for i := range e3("1/20").Certificate.Members[0].Squares {
		m := e3("1/20")
		s := &m.Certificate.Members[0].Squares[i]
		s.Weight = math.Nextafter(s.Weight, 1e9)
		expect(t, "a weight one unit up", m, false, "sum of squares")
	}
}

// TestSquares: identities over the whole space and in discrete time, and what is not one.
func TestSquares(t *testing.T) {
	square := func(weight float64, inside bool, root string) bundle.Square {
		return bundle.Square{Weight: weight, Inside: inside, Root: strings.Fields(root)}
	}
	cubic := func(s ...bundle.Square) *bundle.Model { // x' = -x^3 - x: W = -2x^4 - 2x^2
		return system(true, expressions("x0 pow:3 neg x0 -"), "lyapunov", bundle.Witness{Rate: new(big.Rat), M: []float64{1}, Squares: s})
	}
	global := []bundle.Square{square(2, false, "x0 pow:2"), square(2, false, "x0")}
	expect(t, "global", cubic(global...), true, "")
	fast := cubic(square(2, false, "x0 pow:2"), square(1, false, "x0"))
	fast.Certificate.Members[0].Rate = big.NewRat(1, 2)
	expect(t, "with a rate", fast, true, "")
	expect(t, "wrong weight", cubic(square(2, false, "x0 pow:2"), square(1, false, "x0")), false, "sum of squares")
	expect(t, "inside without level", cubic(square(2, true, "x0 pow:2"), square(2, false, "x0")), false, "a level is given")
	expect(t, "negative weight", cubic(square(3, false, "x0 pow:2"), square(-1, false, "x0 pow:2"), square(2, false, "x0")), false, "positive")
	expect(t, "no power alone", cubic(square(2, false, "x0 x0 *"), square(2, false, "x0 1 *")), false, "a power of each state")
	functions := cubic(global...)
	functions.Manifest.Members[0].Right[0] = strings.Fields("x0 sin neg")
	expect(t, "no polynomial", functions, false, "all polynomials")
	ratio := cubic(global...)
	ratio.Manifest.Members[0].Right[0] = strings.Fields("x0 pow:3 neg x0 - x0 x0 pow:2 1 + / x0 x0 pow:2 1 + / - +")
	expect(t, "a quotient", ratio, false, "all polynomials")
	// x+ = x/2: W = x^2/4 - r^2 x^2, r = 3/4: -W = 5/16 x^2
	half := system(false, expressions("x0 2 /"), "lyapunov", bundle.Witness{Rate: big.NewRat(3, 4), M: []float64{1}, Squares: []bundle.Square{square(0.3125, false, "x0")}})
	expect(t, "discrete", half, true, "")
	half.Certificate.Members[0].Squares[0].Weight = 0.375
	expect(t, "discrete, wrong", half, false, "sum of squares")
	flat := system(true, expressions("x0 neg", "0 x1 *"), "lyapunov", bundle.Witness{Rate: new(big.Rat), M: []float64{1, 0, 0, 1}, Squares: []bundle.Square{square(2, false, "x0")}})
	expect(t, "not asymptotic", flat, false, "a power of each state")
}

// TestLinearBoundary: x' = -x and x+ = x/2 have rates that are known, and the condition is strict.
func TestLinearBoundary(t *testing.T) {
	matrix := func(continuous bool, a float64, rate string) *bundle.Model {
		m := system(continuous, bundle.Member{Kind: "matrix", States: 1}, "lyapunov", bundle.Witness{Rate: ratioText(rate), M: []float64{3}})
		m.Tensors = []bundle.Tensor{{Name: "A", Shape: []int{1, 1}, Data: []float64{a}}}
		return m
	}
	const below = "9223372036854775807/9223372036854775808"
	expect(t, "rate 1", matrix(true, -1, "1/1"), false, "> 0")
	expect(t, "rate below 1", matrix(true, -1, below), true, "")
	expect(t, "a one unit slower", matrix(true, math.Nextafter(-1, 0), below), false, "> 0")
	expect(t, "integrator", matrix(true, 0, "0/1"), false, "> 0")
	expect(t, "discrete rate 1/2", matrix(false, 0.5, "1/2"), false, "> 0")
	expect(t, "discrete rate above", matrix(false, 0.5, "4611686018427387905/9223372036854775808"), true, "")
	expect(t, "discrete rate 1", matrix(false, math.Nextafter(1, 0), "1/1"), true, "")
	expect(t, "discrete integrator", matrix(false, 1, "1/1"), false, "> 0")
	expect(t, "discrete rate above 1", matrix(false, 0.5, "3/2"), false, "rate >= 0")
	expect(t, "discrete rate 0", matrix(false, 0, "0/1"), false, "rate >= 0")
}

// siso is the loop of 1/(s+1) and the gain 1 with negative feedback: S - 1/2 = s/(2(s+2)), norm 1/2 at infinity, so the disk margin of skew 0 is 2.
func siso(alpha string) *loopCase {
	return &loopCase{kind: "loop", claim: "margin", continuous: true, np: 1, m: 1, p: 1, skew: new(big.Rat), alpha: ratioText(alpha), channels: []int{0},
		t: map[string][]float64{"P.A": {-1}, "P.B": {1}, "P.C": {1}, "P.D": {0}, "K.D": {1}}, metric: []float64{1}, lambda: []float64{0.5}, mu: []float64{1e6, 1e6}}
}

// TestMarginInClosedForm: the margin of a loop that can be worked out, its two ends, and what destroys it.
func TestMarginInClosedForm(t *testing.T) {
	expect(t, "just below", siso("1999/1000").model(), true, "")
	expect(t, "the margin itself", siso("2/1").model(), false, "the decrease of V and the sector")
	for name, edit := range map[string]func(c *loopCase){
		"positive feedback: an integrator": func(c *loopCase) { c.positive = true },
		"Lambda negative":                  func(c *loopCase) { c.lambda[0] = -1 },
		"mu too small":                     func(c *loopCase) { c.mu[0] = 1e-3 },
		"mu negative":                      func(c *loopCase) { c.mu[1] = -1 },
		"M negative":                       func(c *loopCase) { c.metric[0] = -1 },
		"alpha 0":                          func(c *loopCase) { c.alpha = new(big.Rat) },
		"alpha negative":                   func(c *loopCase) { c.alpha = big.NewRat(-1, 2) },
		"unstable loop":                    func(c *loopCase) { c.t["K.D"][0] = -2 },
		"no algebraic solution":            func(c *loopCase) { c.t["P.D"][0], c.t["K.D"][0] = 1, -1 },
		"skew 1, margin 1":                 func(c *loopCase) { c.skew = big.NewRat(1, 1) },
		"discrete time":                    func(c *loopCase) { c.continuous = false },
	} {
		c := siso("19/10")
		edit(c)
		expect(t, name, c.model(), false, "")
	}
	// E1: L = 10/(s^2 (s+1)) is unstable in closed loop, whatever the metric.
	g := rand.New(rand.NewPCG(33, 34))
	for range 50 {
		c := &loopCase{kind: "loop", claim: "margin", continuous: true, np: 3, m: 1, p: 1, skew: new(big.Rat), alpha: big.NewRat(1, 1e6), channels: []int{0},
			t:      map[string][]float64{"P.A": {0, 1, 0, 0, 0, 1, 0, 0, -1}, "P.B": {0, 0, 10}, "P.C": {1, 0, 0}, "P.D": {0}, "K.D": {1}},
			lambda: []float64{1}, mu: []float64{1e6, 1e6}}
		r := normal(g, 3, 3, 1)
		c.metric = lin(1, r.t().mul(r), 1e-3, eye(3)).symmetric()
		expect(t, "E1", c.model(), false, "")
	}
}

// TestMarginsOfOracles: the loop of the disk-margin literature with a = [0 10; -10 0], b = I, c = [1 10; -10 1], k = [1 -2; 0 1]
// (margin at the plant's output 0.37615) and E2, a narrow resonance (0.4464); what is proved lies below and close.
func TestMarginsOfOracles(t *testing.T) {
	spinning := &loopCase{kind: "loop", claim: "margin", continuous: true, np: 2, m: 2, p: 2, skew: new(big.Rat), channels: []int{2, 3}, lambda: []float64{1, 1},
		t: map[string][]float64{"P.A": {0, 10, -10, 0}, "P.B": {1, 0, 0, 1}, "P.C": {1, 10, -10, 1}, "P.D": {0, 0, 0, 0}, "K.D": {1, -2, 0, 1}}}
	const w0, zeta = 2.537490, 1e-3
	resonant := &loopCase{kind: "loop", claim: "margin", continuous: true, np: 3, m: 1, p: 1, skew: new(big.Rat), channels: []int{0}, lambda: []float64{1},
		t: map[string][]float64{"P.A": {-1, 0, 0, 0, 0, 1, 0, -w0 * w0, -2 * zeta * w0}, "P.B": {1, 0, 1}, "P.C": {0.5, 0, -0.72 * 2 * zeta * w0}, "P.D": {0}, "K.D": {1}}}
	best := map[string]float64{}
	for name, c := range map[string]*loopCase{"spinning": spinning, "resonant": resonant} {
		for _, tilt := range []float64{1.0 / 21, 1, 21} { // ratio of the scalings; sqrt 21 balances S(0) of the spinning loop
			step := 0.004
			if testing.Short() {
				step = 0.01
			}
			for alpha := 0.30; alpha < 0.45; alpha += step {
				c.alpha = ratioOf(alpha)
				c.lambda[len(c.lambda)-1] = tilt
				if c.witness(alpha*1.0005, 1e-9) && judged(t, c.model()).Proved {
					best[name] = max(best[name], alpha)
				}
			}
		}
	}
	t.Logf("proved %v", best)
	if best["spinning"] > 0.37615 || best["spinning"] < 0.36 || best["resonant"] > 0.4464 || best["resonant"] < 0.43 {
		t.Errorf("proved %v, want just below 0.37615 (constant scalings may give less) and 0.4464", best)
	}
}

// TestMarginConclusion: in loops with a proved margin, V falls at random complex states for random constant complex perturbations of
// size alpha, by the definition of the disk; for perturbations 10 % larger this fails in some loop.
func TestMarginConclusion(t *testing.T) {
	g := rand.New(rand.NewPCG(35, 36))
	checked := 0
	for checked < 25 {
		c := randomLoop(g)
		if c.claim != "margin" || !judged(t, c.model()).Proved {
			continue
		}
		checked++
		a, b, cc, d := c.closed()
		alpha, _ := c.alpha.Float64()
		for range 40 {
			delta := make([]complex128, b.c)
			for i := range delta {
				delta[i] = cmplx.Rect(alpha*math.Sqrt(g.Float64()), 2*math.Pi*g.Float64())
			}
			// w = delta (cc x + d w): close by fixed point, a contraction in the scaled norm
			x, w := make([]complex128, a.r), make([]complex128, b.c)
			for i := range x {
				x[i] = complex(g.NormFloat64(), g.NormFloat64())
			}
			for range 4000 {
				next := make([]complex128, len(w))
				for i := range next {
					s := complex128(0)
					for j := range x {
						s += complex(cc.v[i*cc.c+j], 0) * x[j]
					}
					for j := range w {
						s += complex(d.v[i*d.c+j], 0) * w[j]
					}
					next[i] = delta[i] * s
				}
				w = next
			}
			dx := make([]complex128, len(x))
			for i := range dx {
				for j := range x {
					dx[i] += complex(a.v[i*a.c+j], 0) * x[j]
				}
				for j := range w {
					dx[i] += complex(b.v[i*b.c+j], 0) * w[j]
				}
			}
			form := func(x, y []complex128) (s float64) {
				for i := range x {
					for j := range y {
						s += c.metric[i*len(y)+j] * real(cmplx.Conj(x[i])*y[j])
					}
				}
				return s
			}
			fall := -2 * form(x, dx)
			if !c.continuous {
				fall = form(x, x) - form(dx, dx)
			}
			if fall < 0 {
				t.Fatalf("V rises by %g at a perturbation in the disk", -fall)
			}
		}
	}
}

// TestSystemsRoundTrip: what is written is read, and read again gives the same bytes.
func TestSystemsRoundTrip(t *testing.T) {
	g := rand.New(rand.NewPCG(37, 38))
	for _, m := range []*bundle.Model{pendulum("1/1"), e3("1/20"), randomLoop(g).model(), randomLoop(g).model(), siso("1/1").model()} {
		var first, second bytes.Buffer
		if err := bundle.Write(&first, m); err != nil {
			t.Fatal(err)
		}
		back, err := bundle.Read(bytes.NewReader(first.Bytes()), int64(first.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if err := bundle.Write(&second, back); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("reading and writing changed the bytes, %v", err)
		}
	}
}

// TestMalformedSystems: what breaks the format of docs/system-bundle.md, by entry and place.
func TestMalformedSystems(t *testing.T) {
	const manifest, certificate = "manifest.json", "certificate.json"
	base := func(m *bundle.Model) ([]string, map[string][]byte) {
		var out bytes.Buffer
		if err := bundle.Write(&out, m); err != nil {
			t.Fatal(err)
		}
		return contents(t, out.Bytes())
	}
	for _, c := range []struct {
		model                *bundle.Model
		entry, old, new, say string
	}{
		{pendulum("1/1"), manifest, `"plumb-system/1"`, `"plumb-system/2"`, "format"},
		{pendulum("1/1"), manifest, `"plumb-system/1"`, `"plumb/1"`, "unknown key"},
		{pendulum("1/1"), manifest, `"continuous"`, `"constant"`, "time: want one of continuous, discrete"},
		{pendulum("1/1"), manifest, `"sampling_time": 0`, `"sampling_time": 1`, "want 0 in continuous time"},
		{pendulum("1/1"), manifest, `"kind": "expressions"`, `"kind": "linear"`, "dynamics.kind: want one of matrix"},
		{pendulum("1/1"), manifest, `"sin"`, `"sinh"`, "want a number, a ratio"},
		{pendulum("1/1"), manifest, `"sin"`, `"pow:1"`, "want a number, a ratio"},
		{pendulum("1/1"), manifest, `"sin"`, `"pow:65"`, "want a number, a ratio"},
		{pendulum("1/1"), manifest, `"sin"`, `"pow:02"`, "want a number, a ratio"},
		{pendulum("1/1"), manifest, `"x0"`, `"x2"`, "x0 to x1"},
		{pendulum("1/1"), manifest, `"x0"`, `"x00"`, "x0 to x1"},
		{pendulum("1/1"), manifest, `"x0"`, `"9.81"`, "want a number, a ratio"},
		{pendulum("1/1"), manifest, `"x0"`, `"2/4"`, "lowest terms"},
		{pendulum("1/1"), manifest, `"x0"`, `"1/0"`, "lowest terms"},
		{pendulum("1/1"), manifest, `"x0"`, `["x0"]`, "want a number, a ratio"},
		{pendulum("1/1"), manifest, `"x0"`, `null`, "want a number, a ratio"},
		{pendulum("1/1"), manifest, `-9.81`, `-9.810`, "shortest"},
		{pendulum("1/1"), manifest, `-9.81`, `-0`, "shortest"},
		{pendulum("1/1"), manifest, `-9.81`, `1e999`, "float64"},
		{pendulum("1/1"), manifest, `"sin"`, `"*"`, "operation on values that are there"},
		{pendulum("1/1"), manifest, `"-"`, `"neg"`, "leaves one value, got 2"},
		{pendulum("1/1"), certificate, `"lyapunov"`, `"margin"`, "claim: want one of lyapunov"},
		{pendulum("1/1"), certificate, `"lyapunov"`, `"contraction"`, "claim: want one of lyapunov"},
		{pendulum("1/1"), certificate, `"squares": null`, `"squares": []`, "squares: want a list of 1"},
		{pendulum("1/1"), certificate, `"level": "1/1"`, `"level": 1`, "level: want a ratio"},
		{e3("1/20"), certificate, `"box": null`, `"box": [1]`, "box: want a list of 2"},
		{e3("1/20"), certificate, `"inside": true`, `"inside": null`, "want true or false"},
		{e3("1/20"), certificate, `"x1"`, `"x2"`, "x0 to x1"},
		{siso("1/1").model(), manifest, `"negative"`, `"none"`, "want one of negative, positive"},
		{siso("1/1").model(), manifest, `"plant_states": 1`, `"plant_states": 2`, "want an integer from 0 to 1"},
		{siso("1/1").model(), manifest, `"plant_states": 1`, `"plant_states": 0`, "the manifest has no such tensor"},
		{siso("1/1").model(), certificate, `"alpha": "1/1"`, `"alpha": null`, "alpha: want a ratio"},
		{siso("1/1").model(), certificate, "    0\n", "    2\n", "channels[0]: want an integer from 0 to 1"},
		{siso("1/1").model(), certificate, `"channels": [`, `"channels": [0,`, "channels[1]: want an integer from 1 to 1"},
		{siso("1/1").model(), certificate, `"Lambda": [`, `"Lambda": [1,`, "Lambda: want a list of 1"},
		{siso("1/1").model(), certificate, `"mu": [`, `"mu": [1,`, "mu: want a list of 2"},
	} {
		names, entries := base(c.model)
		text := string(entries[c.entry])
		if !strings.Contains(text, c.old) && c.old != "    0\n" {
			t.Fatalf("%s has no %s:\n%s", c.entry, c.old, text)
		}
		if c.old == "    0\n" {
			i := strings.Index(text, `"channels"`)
			text = text[:i] + strings.Replace(text[i:], "0", "2", 1)
		} else {
			text = strings.Replace(text, c.old, c.new, 1)
		}
		entries[c.entry] = []byte(text)
		expectMalformed(t, c.old+" -> "+c.new, zipped(t, zip.Store, names, entries, nil), c.say)
	}
}

// TestHostileSystemsEndQuickly: no file of legal form takes much longer than the work limit says.
func TestHostileSystemsEndQuickly(t *testing.T) {
	t.Parallel()
	const limit = 90 * time.Second // the work limit is about a minute, on a busy machine
	wide := make([]string, 40)
	for i := range wide {
		wide[i] = fmt.Sprintf("x%d neg x%d sin +", i, (i+1)%40)
	}
	long := strings.Repeat("x0 sin exp tanh cos ", 1) + strings.Repeat("x0 sin exp tanh * ", 800)
	tower := "x0" + strings.Repeat(" pow:64", 50)
	var sum []bundle.Square
	for i := range 6 {
		sum = append(sum, bundle.Square{Weight: 1, Root: []string{fmt.Sprint("x", i)}})
	}
	powers := expressions("x0 pow:60", "x1 pow:60", "x2 pow:60", "x3 pow:60", "x4 pow:60", "x5 pow:60")
	models := map[string]*bundle.Model{
		"40 states":    regional(true, expressions(wide...), "1/1", "0/1", slices.Repeat([]float64{1}, 40)...),
		"long":         regional(true, expressions("x0 neg x1 "+long+" * +", "x1 neg"), "1/1", "0/1", 1, 1),
		"tower":        regional(true, expressions(tower+" x0 -"), "1/1", "0/1", 1),
		"wild numbers": regional(true, expressions("x0 1e300 * pow:60 x0 -"), "1/1", "0/1", 1),
		"tangent":      regional(true, expressions("x0 pow:3 x0 -", "x1 pow:3 x1 -"), "1/1", "0/1", 1, 1),
		"large grid":   system(true, powers, "lyapunov", bundle.Witness{Rate: new(big.Rat), M: eye(6).v, Squares: sum}),
		"tower of squares": system(true, expressions(tower), "lyapunov", bundle.Witness{Rate: new(big.Rat), M: []float64{1},
			Squares: []bundle.Square{{Weight: 1, Root: []string{"x0"}}}}),
	}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		if effort(1, 0, 0) == 0 && (name == "40 states" || name == "tangent") {
			continue // to the work limit: half a minute each
		}
		start := time.Now()
		v := judged(t, models[name])
		took := time.Since(start)
		t.Logf("%s: %v: proved %t %s", name, took, v.Proved, v.Failed)
		if v.Proved != (name == "long") || took > limit { // the long product is below 1
			t.Errorf("%s: proved %t after %v", name, v.Proved, took)
		}
	}
}
