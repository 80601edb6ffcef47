package cert_test

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/cert"
)

// figuresOf returns the checker's verdict on a true certificate.
func figuresOf(t *testing.T, s *spec) cert.Verdict {
	file := s.render().pack()
	b, err := cert.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	v := cert.Check(b)
	if !v.Proved {
		t.Fatalf("not proved: %s %s", v.Failed, v.By)
	}
	return v
}

func asFloat(r *big.Rat) float64 { f, _ := r.Float64(); return f }

// model runs the ensemble in physical units, without delay, integrator and sensor limits.
type model struct {
	s *spec
	x [][]float64
}

func newModel(g *rand.Rand, s *spec, size float64) *model {
	m := &model{s: s}
	for _, p := range s.parts {
		m.x = append(m.x, gauss(g, p.states, size))
	}
	return m
}

// step takes a physical input and returns the physical output.
func (m *model) step(u []float64) []float64 {
	scaled := make([]float64, len(u))
	for i := range u {
		scaled[i] = (u[i] - m.s.scale["u_mid"][i]) / m.s.scale["u_half"][i]
	}
	out := make([]float64, m.s.p)
	for j, p := range m.s.parts {
		next, y := p.step(m.x[j], scaled)
		m.x[j], out = next, sum(out, y)
	}
	for i := range out {
		out[i] = m.s.scale["y_mean"][i] + m.s.scale["y_std"][i]*out[i]/float64(len(m.s.parts))
	}
	return out
}

func (m *model) clone() *model {
	c := &model{s: m.s}
	for _, x := range m.x {
		c.x = append(c.x, append([]float64(nil), x...))
	}
	return c
}

// physical draws an input with |u'| <= 1, in one of several shapes: held, switching, random.
func (s *spec) physical(g *rand.Rand, k, shape int) []float64 {
	u := make([]float64, s.m)
	for i := range u {
		x := 1.0
		switch shape {
		case 1:
			x = float64(1 - 2*(k/5%2))
		case 2:
			x = 2*g.Float64() - 1
		case 3:
			x = -1
		}
		u[i] = s.scale["u_mid"][i] + s.scale["u_half"][i]*x
	}
	return u
}

// TestFigures holds the numbers that the checker derives (transients, gains, balls) against simulated lower bounds, and
// against the squares they are roots of.
func TestFigures(t *testing.T) {
	for i, family := range families {
		g := rand.New(rand.NewPCG(mutationSeed, uint64(2000+i)))
		for range 5 {
			s := newSpec(g, family, newDraw(g, false))
			v := figuresOf(t, s)
			report := func(what string, seen, bound float64) {
				if !(seen <= bound*(1+simSlack)+simSlack) {
					t.Errorf("%s: %s: simulated %.9g, claimed at most %.9g", family, what, seen, bound)
				}
			}
			for j, p := range s.parts {
				f := v.Members[j]
				if p.kind == "gated" {
					rootOf(t, f.StateGain, p.g2)
					rootOf(t, f.Kappa, p.kappa2)
					rootOf(t, f.Direct, p.d2)
				}
				if p.gain != nil {
					rootOf(t, f.Gain, p.gain.gamma2)
				}
				if s.contractionWitness(p) {
					overshoots(g, s, p, asFloat(f.Rate), asFloat(f.Overshoot), report)
				}
			}
			if v.PhysicalGain != nil {
				report("l2 gain", simulatedGain(g, s), asFloat(v.PhysicalGain))
			}
			if v.PhysicalISSGain != nil {
				report("ultimate ISS gain", simulatedISS(g, s, v), asFloat(v.PhysicalISSGain))
			}
			if v.Low != nil {
				simulatedBall(g, s, v, report)
			}
			if gains := family == "lure gain" || family == "ssm gain" || family == "linear gain"; gains && v.PhysicalGain == nil {
				t.Errorf("%s: no gain in the verdict", family)
			}
			if family == "bounded" && v.Low == nil || family == "iss" && v.PhysicalISSGain == nil {
				t.Errorf("%s: no bounds in the verdict", family)
			}
		}
	}
}

// rootOf requires root^2 >= square, exactly, and within rootSlack of it.
func rootOf(t *testing.T, root, square *big.Rat) {
	t.Helper()
	r2 := new(big.Rat).Mul(root, root)
	loose := new(big.Rat).Mul(square, big.NewRat(1<<rootSlack+1, 1<<rootSlack))
	if r2.Cmp(square) < 0 || r2.Cmp(loose) > 0 {
		t.Errorf("%v is no upper bound of the root of %v", root, square)
	}
}

// rootSlack: upper bounds of square roots are good to this many bits.
const rootSlack = 50

// overshoots compares pairs of trajectories with c r^k.
func overshoots(g *rand.Rand, s *spec, p *part, r, c float64, report func(string, float64, float64)) {
	for range 10 {
		x, z := gauss(g, p.states, 1), gauss(g, p.states, 1)
		d0, rk := norm2(minus(x, z)), 1.0
		for range 30 {
			report(p.kind+" overshoot", norm2(minus(x, z)), c*rk*d0)
			u := gauss(g, s.m, 1)
			x, _ = p.step(x, u)
			z, _ = p.step(z, u)
			rk *= r
		}
	}
}

// simulatedGain is the largest ratio of output to input differences over random pairs of inputs, from equal states.
func simulatedGain(g *rand.Rand, s *spec) float64 {
	worst := 0.0
	for shape := range 4 {
		for range 5 {
			a := newModel(g, s, 1)
			b := a.clone()
			eps := math.Exp(-4 * g.Float64())
			var du, dy float64
			for k := range 100 {
				u := s.physical(g, k, 2)
				d := minus(s.physical(g, k, shape), s.scale["u_mid"])
				scale(d, eps)
				dy += math.Pow(norm2(minus(a.step(sum(u, d)), b.step(u))), 2)
				du += math.Pow(norm2(d), 2)
			}
			worst = max(worst, math.Sqrt(dy/du))
		}
	}
	return worst
}

// settled is the number of steps after which r^k, the share of the initial state left, is below 1e-12, at most 5000.
func settled(v cert.Verdict) (steps int, done bool) {
	k := int(math.Log(1e-12)/math.Log(asFloat(v.Rate))) + 1
	return min(k, 5000), k <= 5000
}

// simulatedISS is the largest ultimate distance from rest over the largest distance of the input from rest.
func simulatedISS(g *rand.Rand, s *spec, v cert.Verdict) float64 {
	steps, ok := settled(v)
	if !ok {
		return 0
	}
	var rest, restOut []float64
	for _, r := range v.RestInput {
		rest = append(rest, asFloat(r))
	}
	for _, r := range v.RestOutput {
		restOut = append(restOut, asFloat(r))
	}
	worst := 0.0
	for shape := range 4 {
		m := newModel(g, s, 1)
		sup, out := 0.0, 0.0
		for k := range steps + 50 {
			u := s.physical(g, k, shape)
			sup = max(sup, norm2(minus(u, rest)))
			y := m.step(u)
			if k >= steps {
				out = max(out, norm2(minus(y, restOut)))
			}
		}
		worst = max(worst, out/sup)
	}
	// at rest the output must be the rest output
	m := newModel(g, s, 1)
	var y []float64
	for range steps {
		y = m.step(rest)
	}
	if d := norm2(minus(y, restOut)); d > 1e-6 {
		return math.Inf(1)
	}
	return worst
}

// simulatedBall compares settled outputs under |u'| <= 1 with the ultimate bounds.
func simulatedBall(g *rand.Rand, s *spec, v cert.Verdict, report func(string, float64, float64)) {
	steps, ok := settled(v)
	if !ok {
		return
	}
	for shape := range 4 {
		m := newModel(g, s, 1)
		for k := range steps + 50 {
			y := m.step(s.physical(g, k, shape))
			for i := range y {
				if k >= steps {
					report("upper bound", y[i]-asFloat(v.High[i]), 0)
					report("lower bound", asFloat(v.Low[i])-y[i], 0)
				}
			}
		}
	}
}
