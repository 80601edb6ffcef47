package cert_test

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// Edits of the mutation test of systems: with PLUMB_LONG=1, usually, and under -short.
const (
	loopBasesFull, loopBasesUsual, loopBasesShort       = 420, 60, 12
	loopEdits, loopNear                                 = 16, 6
	squareEditsFull, squareEditsUsual, squareEditsShort = 1000, 150, 40
	regionEditsFull, regionEditsUsual, regionEditsShort = 500, 80, 20
	editsFull                                           = 10000
	nearSystems                                         = 1e-9 // relative distance from the boundary of near edits
	greySystems                                         = 1e-120
	regionSlack, regionTrue                             = 1e-9, 0.97 // of thresholds known in float64: truth, and where proof is demanded
)

// tally counts verdicts.
type tally struct{ edits, truths, proved, falses, refused int }

func (s *tally) add(t *testing.T, what string, truth, certain bool, v bool) {
	s.edits++
	switch {
	case !truth:
		s.falses++
		if !v {
			s.refused++
		} else {
			t.Errorf("%s: a false claim was proved", what)
		}
	case certain:
		s.truths++
		if v {
			s.proved++
		}
	}
}

// editLoop changes one thing in a case.
func editLoop(g *rand.Rand, c, other *loopCase) string {
	pick := func() []float64 {
		var names []string
		for name, v := range c.t {
			if len(v) > 0 {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return c.t[names[g.IntN(len(names))]]
	}
	any := func(x []float64) *float64 { return &x[g.IntN(len(x))] }
	switch k := g.IntN(16); {
	case k == 0:
		*any(pick()) *= 1 + 0.3*g.NormFloat64()
		return "weight"
	case k == 1:
		x := any(pick())
		*x = -*x
		return "sign of a weight"
	case k == 2:
		x := any(pick())
		*x = math.Nextafter(*x, math.Inf(1-2*g.IntN(2)))
		return "weight by a unit"
	case k == 3:
		i, j := g.IntN(c.n()), g.IntN(c.n())
		f := 1 + 0.2*g.NormFloat64()
		c.metric[i*c.n()+j] *= f
		if i != j {
			c.metric[j*c.n()+i] *= f
		}
		return "M"
	case k == 4:
		*any(c.metric) += 1e-12
		return "one entry of M"
	case k == 5:
		scaleBy(c.metric, math.Pow(10, 2*g.NormFloat64()))
		return "M scaled"
	case k == 6:
		c.positive = !c.positive
		return "feedback"
	case k == 7:
		c.continuous = !c.continuous
		return "time"
	case k == 8 && len(c.lambda) > 0:
		*any(c.lambda) *= []float64{-1, 0.1, 10, 0}[g.IntN(4)]
		return "Lambda"
	case k == 9 && len(c.mu) > 0:
		*any(c.mu) *= []float64{-1, 1e-4, 100, 0}[g.IntN(4)]
		return "mu"
	case k == 10 && c.claim == "margin":
		c.skew = ratioOf(2 * g.NormFloat64())
		return "skew"
	case k == 11 && c.claim == "margin":
		next := slices.Clone(c.channels)
		next[g.IntN(len(next))] = g.IntN(c.m + c.p)
		slices.Sort(next)
		if len(slices.Compact(slices.Clone(next))) == len(next) { // a channel twice is malformed
			c.channels = next
		}
		return "channel"
	case k == 12 && c.kind == other.kind && c.np == other.np && c.nk == other.nk && c.m == other.m && c.p == other.p:
		c.t = other.clone().t
		return "weights of another"
	case k == 13 && c.n() > 1:
		v := pick()
		v[0], v[len(v)-1] = v[len(v)-1], v[0]
		return "two weights swapped"
	}
	p := c.knob()
	*p = new(big.Rat).Mul(*p, ratioOf(math.Exp(0.5*g.NormFloat64())))
	if g.IntN(6) == 0 {
		*p = new(big.Rat).Add(*p, ratioOf(0.1*g.NormFloat64()))
	}
	return "rate or alpha"
}

// edgeOf finds a number of the knob where the oracle changes its mind, between a true and a false one; nil when there is none.
func edgeOf(c *loopCase) *big.Rat {
	good := *c.knob()
	f, _ := good.Float64()
	up := c.claim == "margin" || c.continuous // larger is harder
	holds := func(x float64) bool {
		d := c.clone()
		*d.knob() = ratioOf(x)
		return d.margin() > 0
	}
	bad := f*1.5 + 1
	if !up {
		bad = f / 8
	}
	if holds(bad) {
		return nil
	}
	for range 48 {
		middle := (f + bad) / 2
		if holds(middle) {
			f = middle
		} else {
			bad = middle
		}
	}
	return ratioOf(f)
}

// TestMutationSystems edits true certificates of systems: no false claim is proved, and at least 99 % of the true ones off the boundary are.
func TestMutationSystems(t *testing.T) {
	t.Parallel()
	bases := effort(loopBasesFull, loopBasesUsual, loopBasesShort)
	squares := effort(squareEditsFull, squareEditsUsual, squareEditsShort)
	regions := effort(regionEditsFull, regionEditsUsual, regionEditsShort)
	start := time.Now()
	var all [3]tally
	near, nearProved := 0, 0
	g := rand.New(rand.NewPCG(41, 42))
	other := randomLoop(g)
	for range bases {
		base := randomLoop(g)
		for range loopEdits {
			c := base.clone()
			what := editLoop(g, c, other)
			m := c.margin()
			all[0].add(t, fmt.Sprintf("%s of %s %s, margin %g", what, c.kind, c.claim, m), m > greySystems, math.Abs(m) > nearSystems, judged(t, c.model()).Proved)
		}
		if edge := edgeOf(base); edge != nil {
			for i := range loopNear {
				c := base.clone()
				step := nearSystems * math.Pow(10, -float64(i/2)) * float64(1-2*(i%2))
				*c.knob() = new(big.Rat).Mul(edge, new(big.Rat).Add(big.NewRat(1, 1), ratioOf(step)))
				m := c.margin()
				v := judged(t, c.model()).Proved
				all[0].add(t, fmt.Sprintf("near: %s %s, margin %g", c.kind, c.claim, m), m > 0, false, v)
				near++
				if v {
					nearProved++
				}
			}
		}
		other = base
	}

	for i := range squares {
		m := e3("1/20")
		if i%3 == 0 {
			m = system(true, expressions("x0 pow:3 neg x1 -", "x0 x1 -"), "lyapunov", bundle.Witness{Rate: new(big.Rat), M: []float64{1, 0, 0, 1},
				Squares: []bundle.Square{{Weight: 2, Root: []string{"x0", "pow:2"}}, {Weight: 2, Root: []string{"x1"}}}})
		}
		w := &m.Certificate.Members[0]
		sq := &w.Squares[g.IntN(len(w.Squares))]
		right := &m.Manifest.Members[0].Right[g.IntN(2)]
		what := ""
		switch g.IntN(9) {
		case 0:
			sq.Weight, what = math.Nextafter(sq.Weight, float64(g.IntN(2))*1e9), "weight by a unit"
		case 1:
			sq.Weight, what = sq.Weight*float64(1-2*g.IntN(2)), "sign of a weight"
		case 2:
			sq.Inside, what = !sq.Inside, "inside"
		case 3:
			if w.Level != nil {
				w.Level = new(big.Rat).Mul(w.Level, new(big.Rat).Add(big.NewRat(1, 1), ratioOf(1e-9*g.NormFloat64())))
			}
			what = "level"
		case 4:
			w.M[3*g.IntN(2)], what = 1+1e-10*float64(g.IntN(2)), "M"
		case 5:
			w.Rate, what = ratioOf(1e-12*float64(g.IntN(2))), "rate"
		case 6:
			root := sq.Root
			sq.Root, what = append(slices.Clone(root), []string{"neg", "pow:2"}[g.IntN(2)]), "root"
		case 7:
			tokens := slices.Clone(*right)
			for j, x := range tokens {
				if x == "x0" && g.IntN(4) == 0 {
					tokens[j] = "x1"
				}
			}
			*right, what = tokens, "state in the dynamics"
		case 8:
			w.Squares, what = slices.Delete(w.Squares, 0, g.IntN(2)), "squares dropped"
		}
		truth := identity(g, m)
		all[1].add(t, "squares: "+what, truth, truth, judged(t, m).Proved)
	}

	// Regions whose largest level is known in closed form: V = m |x|^2.
	families := []struct {
		right      string
		threshold  func(c, rate float64) float64 // of |x|^2; c is the number #
		continuous bool
		states     int
	}{
		{"x0 pow:3 # x0 * -", func(c, r float64) float64 { return c - r }, true, 1},
		{"x0 # / x0 pow:3 +", func(c, r float64) float64 { return r - 1/c }, false, 1},
		{"x0 # x0 * sin -", func(c, r float64) float64 { return -1 }, true, 1}, // by bisection below
		{"x0 # neg * 2 x1 * + x0 pow:2 x1 pow:2 + x0 * +", func(c, r float64) float64 { return c - r }, true, 2},
	}
	for i := range regions {
		f := families[i%len(families)]
		c, scale, rate := 1.5+g.Float64(), math.Exp(3*g.NormFloat64()), 0.1*g.Float64()
		if !f.continuous {
			c, rate = 3+c, 0.9+0.1*g.Float64()
		}
		edge := f.threshold(c, rate)
		if edge < 0 { // x' = x - sin cx: the first zero of sin cx - (1 + r) x
			lo, hi := 0.01, math.Pi/c
			for range 60 {
				if x := (lo + hi) / 2; math.Sin(c*x) > (1+rate)*x {
					lo = x
				} else {
					hi = x
				}
			}
			edge = lo * lo
		}
		factor := []float64{1 + 1e-9, 1 + 1e-6, 1.001, 1.03, 1 + g.Float64(), 0.96, 0.9 * g.Float64(), 0.9, 1 - 1e-6, 5, 0.8, 0.5, 0.1, 0.95}[g.IntN(14)]
		right := []string{strings.ReplaceAll(f.right, "#", fmt.Sprint(c))}
		if f.states == 2 {
			right = append(right, strings.ReplaceAll("x1 # neg * 2 x0 * - x0 pow:2 x1 pow:2 + x1 * +", "#", fmt.Sprint(c)))
			if math.Abs(factor-1) < 1e-3 { // the whole circle is near the boundary: too many boxes for a test
				factor = 1.03
			}
		}
		m := regional(f.continuous, expressions(right...), "1/1", "0/1", slices.Repeat([]float64{scale}, f.states)...)
		w := &m.Certificate.Members[0]
		w.Rate, w.Level = ratioOf(rate), ratioOf(edge*factor*scale)
		for j := range w.Box {
			w.Box[j] = math.Sqrt(edge*factor) * 1.0001
		}
		boxed := g.IntN(8) > 0
		if !boxed {
			w.Box[0] *= 0.5
		}
		truth := boxed && factor < 1+regionSlack/2
		all[2].add(t, fmt.Sprintf("%v: level %g of the largest", right, factor), truth, factor < regionTrue, judged(t, m).Proved)
	}

	total := 0
	for i, name := range []string{"matrices and loops", "squares", "regions"} {
		s := all[i]
		total += s.edits
		t.Logf("%-20s %6d edits: %5d false, %5d of them refused; %5d true off the boundary, %5d of them proved", name, s.edits, s.falses, s.refused, s.truths, s.proved)
		if float64(s.proved) < provedShare*float64(s.truths) {
			t.Errorf("%s: only %d of %d true claims off the boundary were proved", name, s.proved, s.truths)
		}
	}
	t.Logf("%d edits, %d within %g of the boundary (%d of them proved), in %v", total, near, nearSystems, nearProved, time.Since(start))
	if want := effort(editsFull, editsFull/8, 0); total < want {
		t.Errorf("only %d edits, want %d", total, want)
	}
}

// stableLoop is a loop whose margin condition has that many rows: a chain of filters, symmetric and stable, with a small gain.
func stableLoop(size int) *loopCase {
	g := rand.New(rand.NewPCG(43, uint64(size)))
	n := size - 3 // one channel and the two signals of the loop
	c := &loopCase{kind: "loop", claim: "margin", continuous: true, np: n, m: 1, p: 1, skew: new(big.Rat), alpha: big.NewRat(1, 2), channels: []int{0},
		t:      map[string][]float64{"P.A": make([]float64, n*n), "P.B": normal(g, n, 1, 0.5/math.Sqrt(float64(n))).v, "P.C": normal(g, 1, n, 0.5/math.Sqrt(float64(n))).v, "P.D": {0}, "K.D": {0.5}},
		metric: make([]float64, n*n), lambda: []float64{1}, mu: []float64{100, 100}}
	skewed := normal(g, n, n, 5/math.Sqrt(float64(n)))
	for i := range n {
		for j := range n {
			c.t["P.A"][i*n+j] = skewed.v[i*n+j] - skewed.v[j*n+i] // x'Ax = -2 |x|^2
			c.metric[i*n+j] = 1e-3 / float64(n) * math.Sin(float64(i*j+i+j))
		}
		c.t["P.A"][i*n+i] = -2 - 0.1*g.Float64()
		c.metric[i*n+i] = 1 + 0.001*g.Float64()
	}
	return c
}

// BenchmarkMargin times the check of conditions of 40 and of 100 rows, products included.
func BenchmarkMargin(b *testing.B) {
	for _, size := range []int{40, 100} {
		for _, continuous := range []bool{true, false} {
			b.Run(fmt.Sprintf("rows=%d/continuous=%t", size, continuous), func(b *testing.B) {
				c := stableLoop(size)
				c.continuous = continuous
				if !continuous {
					for i, x := range c.t["P.A"] {
						c.t["P.A"][i] = 0.05 * x
					}
					scaleBy(c.t["P.B"], 0.2)
				}
				var out bytes.Buffer
				if err := bundle.Write(&out, c.model()); err != nil {
					b.Fatal(err)
				}
				file := open(b, out.Bytes())
				var took []float64
				for b.Loop() {
					start := time.Now()
					if v := cert.Check(file); !v.Proved {
						b.Fatal(v.Failed, v.By)
					}
					took = append(took, float64(time.Since(start).Microseconds())/1e3)
				}
				slices.Sort(took)
				b.ReportMetric(took[len(took)/2], "ms/median")
			})
		}
	}
}

// BenchmarkPendulum times the region of the hanging pendulum.
func BenchmarkPendulum(b *testing.B) {
	for _, level := range []string{"6/1", "127/20", "642/100"} {
		b.Run(level, func(b *testing.B) {
			m := pendulum(level)
			for b.Loop() {
				if v := judged(b, m); !v.Proved {
					b.Fatal(v.Failed, v.By)
				}
			}
		})
	}
}
