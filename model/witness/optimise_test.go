package witness

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestTightenProves: what Tighten returns is proved by the inequality, is never worse in rate or in the time to forget, is seldom
// the same, and cannot beat the spectral radius.
func TestTightenProves(t *testing.T) {
	better, proved := 0, 0
	for seed := range uint64(20) {
		s, m, l := random(seed)
		s.Slopes = kinds[seed%2]
		old, _, err := s.Contraction(m, l)
		if err != nil {
			continue
		}
		proved++
		rate, m2, l2, err := s.Tighten(t.Context(), m, l, false)
		if err != nil {
			t.Fatal(err)
		}
		if !definite(s.lmi(rate*rate*(1+1e-7), m2, l2)) || !definite(sym(dense(s.N, s.N, m2))) {
			t.Errorf("seed %d: the rate %g is not proved", seed, rate)
		}
		if rate > old || forgetting(rate, Condition(m2, s.N)) > forgetting(old, Condition(m, s.N)) {
			t.Errorf("seed %d: rate %g after %g", seed, rate, old)
		}
		if rate < spectralRadius(dense(s.N, s.N, s.A)) {
			t.Errorf("seed %d: rate %g below the spectral radius", seed, rate)
		}
		if rate < 0.99*old {
			better++
		}
	}
	if proved < 8 || better < proved/2 {
		t.Errorf("%d of %d rates improved", better, proved)
	}
}

// TestTightenOne: with a multiple of the identity asked for, Lambda is one.
func TestTightenOne(t *testing.T) {
	for seed := range uint64(10) {
		s, m, l := random(seed)
		rate, m2, l2, err := s.Tighten(t.Context(), m, l, true)
		if err != nil {
			continue
		}
		if !constant(l2) || !definite(s.lmi(rate*rate*(1+1e-7), m2, l2)) {
			t.Errorf("seed %d: %v", seed, l2)
		}
		if _, _, l2, err = s.TightenGain(t.Context(), m, l, true); err == nil && !constant(l2) {
			t.Errorf("seed %d: gain with %v", seed, l2)
		}
	}
}

// TestLinearOptimum: of a linear system the smallest rate is the spectral radius and the smallest gain the H-infinity norm, here
// of a companion form, x+ = [0 1; -0.45 1.2] x + [0; 1] u, y = x_1, whose poles 0.6 +- 0.3i ring.
func TestLinearOptimum(t *testing.T) {
	s := &Lure{N: 2, In: 1, Out: 1, A: []float64{0, 1, -0.45, 1.2}, B2: []float64{0, 1}, Cx: []float64{1, 0}, D22: []float64{0}}
	start := flat(lyapunov(dense(2, 2, s.A), eyeDense(2), 1))
	radius := math.Sqrt(0.45)
	old, _, err := s.Contraction(start, nil)
	if err != nil {
		t.Fatal(err)
	}
	rate, _, _, err := s.Tighten(t.Context(), start, nil, false)
	if err != nil || rate < radius || rate > radius+0.6*(old-radius) {
		t.Errorf("rate %g, radius %g, from %g, %v", rate, radius, old, err)
	}
	var norm float64
	for k := range 100001 { // |1/(z^2 - 1.2 z + 0.45)| on the unit circle
		w := math.Pi * float64(k) / 100000
		re, im := math.Cos(2*w)-1.2*math.Cos(w)+0.45, math.Sin(2*w)-1.2*math.Sin(w)
		norm = max(norm, 1/math.Hypot(re, im))
	}
	before, _, _, err := s.Gain(start, nil)
	if err != nil {
		t.Fatal(err)
	}
	g2, m, _, err := s.TightenGain(t.Context(), start, nil, false)
	if gain := math.Sqrt(g2); err != nil || gain < norm*(1-1e-9) || gain > norm*(1+1e-4) {
		t.Errorf("gain %g, H-infinity norm %g, before %g, %v", gain, norm, math.Sqrt(before), err)
	}
	if !definite(sym(dense(2, 2, m))) {
		t.Error("M is not positive definite")
	}
}

func eyeDense(n int) *mat.Dense { return mat.DenseCopyOf(eye(n)) }

// TestTightenGainHolds: gains fall, and no input reaches them in simulation.
func TestTightenGainHolds(t *testing.T) {
	better, proved := 0, 0
	for seed := range uint64(20) {
		s, m, l := random(seed)
		s.Slopes = kinds[seed%2]
		_, scaled, err := s.Contraction(m, l)
		if err != nil {
			continue
		}
		before, _, _, err := s.Gain(m, scaled)
		if err != nil {
			continue
		}
		proved++
		g2, m2, l2, err := s.TightenGain(t.Context(), m, scaled, false)
		if err != nil {
			t.Fatal(err)
		}
		again, _, _, err := s.Gain(m2, l2)
		if err != nil || math.Abs(again/g2-1) > 1e-4 {
			t.Errorf("seed %d: gamma2 %g, from its own metric %g, %v", seed, g2, again, err)
		}
		if g2 > before {
			t.Errorf("seed %d: gain rose", seed)
		}
		if g2 < 0.95*before {
			better++
		}
		var dy, du float64
		a, b := make([]float64, s.N), make([]float64, s.N)
		for k := range 300 {
			ua, ub := make([]float64, 2), make([]float64, 2)
			for i := range 2 {
				ub[i] = 1e-3 * math.Cos(float64(k)*0.02*float64(seed))
				du += ub[i] * ub[i]
			}
			ya, yb := s.step(a, ua), s.step(b, ub)
			for i := range 2 {
				dy += (ya[i] - yb[i]) * (ya[i] - yb[i])
			}
		}
		if dy > g2*du {
			t.Errorf("seed %d: gain %g, bound %g", seed, math.Sqrt(dy/du), math.Sqrt(g2))
		}
	}
	if proved < 8 || better < proved/2 {
		t.Errorf("%d of %d gains improved", better, proved)
	}
}

// TestTightenISS: the input-to-state gain falls, at a rate that is not larger, and its numbers are those of its metric.
func TestTightenISS(t *testing.T) {
	better, proved := 0, 0
	for seed := range uint64(12) {
		s, m, l := random(seed)
		old, _, err := s.Contraction(m, l)
		if err != nil {
			continue
		}
		before, err := s.ISS(m)
		if err != nil {
			continue
		}
		proved++
		rate, m2, l2, iss, err := s.TightenISS(t.Context(), m, l)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.ISS(m2)
		if err != nil || again.Total(rate) != iss.Total(rate) || !definite(s.lmi(rate*rate*(1+1e-7), m2, l2)) {
			t.Errorf("seed %d: gain %g, from its own metric %+v, %v", seed, iss.Total(rate), again, err)
		}
		if rate > old || iss.Total(rate) > before.Total(old) {
			t.Errorf("seed %d: rate %g after %g, gain %g after %g", seed, rate, old, iss.Total(rate), before.Total(old))
		}
		if iss.Total(rate) < 0.95*before.Total(old) {
			better++
		}
	}
	if proved < 4 || better < proved/2 {
		t.Errorf("%d of %d gains improved", better, proved)
	}
}
