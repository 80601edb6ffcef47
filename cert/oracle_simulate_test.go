package cert_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// This file simulates deployed models in float64 and holds the conclusions of docs/bundle.md against trajectories: it
// tests that the conditions of a claim, which the oracle and the checker both decide, imply what the claim says.

// simSlack allows for the rounding of a few hundred float64 steps.
const simSlack = 1e-9

func (a mx) apply(x []float64) []float64 { return a.mul(mx{len(x), 1, x}).v }

func sum(vs ...[]float64) []float64 {
	o := make([]float64, len(vs[0]))
	for _, v := range vs {
		for i, x := range v {
			o[i] += x
		}
	}
	return o
}

func minus(a, b []float64) []float64 {
	o := make([]float64, len(a))
	for i := range a {
		o[i] = a[i] - b[i]
	}
	return o
}

func each(v []float64, f func(float64) float64) []float64 {
	o := make([]float64, len(v))
	for i, x := range v {
		o[i] = f(x)
	}
	return o
}

func norm2(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x * x
	}
	return math.Sqrt(s)
}

// norm is |x|_M.
func (p *part) norm(x []float64) float64 {
	mxx := mx{p.n, p.n, p.m}.apply(x)
	s := 0.0
	for i := range x {
		s += x[i] * mxx[i]
	}
	return math.Sqrt(max(s, 0))
}

// step is one step of member p in scaled signals.
func (p *part) step(x, u []float64) (next, y []float64) {
	switch p.kind {
	case "linear":
		return sum(p.mx("A").apply(x), p.mx("B2").apply(u), p.x("bx")), sum(p.mx("Cx").apply(x), p.mx("D22").apply(u), p.x("by"))
	case "ssm":
		return p.stepSSM(x, u)
	case "lstm", "gru":
		return p.stepDeep(x, u)
	case "gated":
		ut := minus(u, p.x("u0"))
		v := sum(p.mx("C1").apply(x), p.mx("D12").apply(ut))
		h := each(sum(p.mx("G1").apply(x), p.mx("Gu").apply(ut), p.x("g1")), math.Tanh)
		d := each(sum(p.mx("G2").apply(h), p.x("g2")), math.Tanh)
		for i := range v {
			v[i] *= d[i]
		}
		return sum(p.mx("A").apply(x), p.mx("B1").apply(v), p.mx("B2").apply(ut)),
			sum(p.mx("Cx").apply(x), p.mx("Cw").apply(v), p.mx("D22").apply(u), p.x("by"))
	}
	w := sum(p.mx("C1").apply(x), p.mx("D12").apply(u), p.x("bv"))
	for i := range p.layers {
		name := func(t string) string { return fmt.Sprintf("g%d.%s", i, t) }
		w = p.mx(name("Wout")).apply(each(sum(p.mx(name("Win")).apply(w), p.x(name("b"))), math.Tanh))
	}
	if p.layers == 0 {
		w = each(w, math.Tanh)
	}
	return sum(p.mx("A").apply(x), p.mx("B1").apply(w), p.mx("B2").apply(u), p.x("bx")),
		sum(p.mx("Cx").apply(x), p.mx("Cw").apply(w), p.mx("D22").apply(u), p.x("by"))
}

func (p *part) stepSSM(x, u []float64) (next, y []float64) {
	for b, blk := range p.blocks {
		name := func(t string) string { return fmt.Sprintf("b%d.%s", b, t) }
		re, im := x[:blk.states], x[blk.states:2*blk.states]
		x = x[2*blk.states:]
		lre, lim := p.x(name("lre")), p.x(name("lim"))
		bre, bim := p.mx(name("Bre")).apply(u), p.mx(name("Bim")).apply(u)
		nre, nim := make([]float64, blk.states), make([]float64, blk.states)
		for i := range nre {
			nre[i] = lre[i]*re[i] - lim[i]*im[i] + bre[i]
			nim[i] = lre[i]*im[i] + lim[i]*re[i] + bim[i]
		}
		next = append(append(next, nre...), nim...)
		z := sum(p.mx(name("Cre")).apply(re), each(p.mx(name("Cim")).apply(im), func(v float64) float64 { return -v }),
			p.mx(name("D")).apply(u), p.x(name("c")))
		if blk.hidden > 0 {
			h := each(sum(p.mx(name("W1")).apply(z), p.x(name("b1"))), math.Tanh)
			z = sum(z, p.mx(name("W2")).apply(h), p.x(name("b2")))
		}
		u = z
	}
	return next, u
}

func gauss(g *rand.Rand, n int, sigma float64) []float64 { return randMx(g, 1, n, sigma).v }

// claimTest steps one member from a random state and reports the ratio of what happened to what the claim allows.
func claimTest(g *rand.Rand, s *spec, p *part) float64 {
	r, _ := p.rate.Float64()
	size := math.Exp(4*g.Float64() - 2)
	x, u := gauss(g, p.states, size), gauss(g, s.m, size)
	switch {
	case p.kind == "gated":
		g2, _ := p.g2.Float64()
		k2, _ := p.kappa2.Float64()
		d2, _ := p.d2.Float64()
		next, y := p.step(x, u)
		ut := norm2(minus(u, p.x("u0")))
		rest := sum(p.mx("D22").apply(p.x("u0")), p.x("by"))
		out := norm2(minus(y, rest))
		return max(p.norm(next)/(r*p.norm(x)+math.Sqrt(g2)*ut), out/(math.Sqrt(k2)*p.norm(x)+math.Sqrt(d2)*ut))
	case s.claim == "bounded" && p.kind == "lure":
		u = each(u, math.Tanh)
		beta := 0.0
		for _, t := range p.t {
			beta += t
		}
		next, y := p.step(x, u)
		worst := p.norm(next) / (r*p.norm(x) + math.Sqrt(beta))
		cw, dd := p.mx("Cw").absRows(), p.mx("D22").absRows()
		for i, k := range p.kappa2s {
			k2, _ := k.Float64()
			worst = max(worst, math.Abs(y[i]-p.x("by")[i])/(math.Sqrt(k2)*p.norm(x)+cw[i]+dd[i]))
		}
		return worst
	}
	z := gauss(g, p.states, size)
	a, ya := p.step(x, u)
	b, _ := p.step(z, u)
	worst := p.norm(minus(a, b)) / (r * p.norm(minus(x, z)))
	if p.gain == nil {
		return worst
	}
	// dissipation of the gain: V(dx+) + |dy|^2 <= V(dx) + gamma2 |du|^2 with V in the metric of the gain
	gp := p.clone()
	gp.m = p.gain.m
	u2 := gauss(g, s.m, size)
	b, yb := p.step(z, u2)
	g2, _ := p.gain.gamma2.Float64()
	v := func(d []float64) float64 { return gp.norm(d) * gp.norm(d) }
	du, dy := norm2(minus(u, u2)), norm2(minus(ya, yb))
	return max(worst, (v(minus(a, b))+dy*dy)/(v(minus(x, z))+g2*du*du))
}

// TestConclusions holds the one-step conclusions of each claim against random states and inputs of true certificates.
// It also fails when every step uses less than a hundredth of the allowance, because then it tests nothing.
func TestConclusions(t *testing.T) {
	for i, family := range families {
		g := rand.New(rand.NewPCG(mutationSeed, uint64(1000+i)))
		worst := 0.0
		for range 10 {
			s := newSpec(g, family, newDraw(g, false))
			for _, p := range s.parts {
				if p.kind == "ssm" {
					continue
				}
				for range 200 {
					worst = max(worst, claimTest(g, s, p))
				}
			}
		}
		if worst > 1+simSlack {
			t.Errorf("%s: a step used %.12g of what the claim allows", family, worst)
		}
		if worst != 0 && worst < 0.01 {
			t.Errorf("%s: no step used more than %g of what the claim allows: the test is void", family, worst)
		}
	}
}
