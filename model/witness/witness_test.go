package witness

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// scalar is x+ = a x + b u, y = c x + d u.
func scalar(a, b, c, d float64) *Lure {
	return &Lure{N: 1, In: 1, Out: 1, A: []float64{a}, B2: []float64{b}, Cx: []float64{c}, D22: []float64{d}}
}

func TestScalarSystem(t *testing.T) {
	for _, a := range []float64{0.5, -0.9, 0.99} {
		s := scalar(a, 2, 3, 0)
		rate, _, err := s.Contraction([]float64{7}, nil)
		if err != nil || math.Abs(rate-math.Abs(a)) > 1e-12 {
			t.Errorf("a = %g: rate %g, %v", a, rate, err)
		}
		g2, _, _, err := s.Gain([]float64{1}, nil)
		want := 6 / (1 - math.Abs(a)) // H-infinity norm, at z = sign(a)
		if err != nil || math.Abs(math.Sqrt(g2)/want-1) > 1e-5 {
			t.Errorf("a = %g: gain %g, want %g, %v", a, math.Sqrt(g2), want, err)
		}
	}
	if _, _, err := scalar(1.1, 1, 1, 0).Contraction([]float64{1}, nil); !errors.Is(err, ErrNone) {
		t.Errorf("an unstable system got a rate: %v", err)
	}
	if _, err := scalar(1, 1, 1, 0).Bounded(); !errors.Is(err, ErrNone) {
		t.Error("an integrator got a ball")
	}
}

// kinds are what may be known of the nonlinearity: norms, slopes.
var kinds = []bool{false, true}

// random returns a Lur'e system with small feedback and its metric I.
func random(seed uint64) (*Lure, []float64, []float64) {
	r := rand.New(rand.NewPCG(seed, 8))
	n, q := 1+r.IntN(5), 1+r.IntN(6)
	s := &Lure{N: n, Q: q, In: 2, Out: 2}
	draw := func(k int, sd float64) []float64 {
		x := make([]float64, k)
		for i := range x {
			x[i] = sd * r.NormFloat64()
		}
		return x
	}
	s.A, s.B1, s.B2 = draw(n*n, 0.4/math.Sqrt(float64(n))), draw(n*q, 0.2/math.Sqrt(float64(q))), draw(n*2, 1)
	s.C1, s.D12 = draw(q*n, 0.5/math.Sqrt(float64(n))), draw(q*2, 1)
	s.Cx, s.Cw, s.D22, s.Bx = draw(2*n, 1), draw(2*q, 1), draw(4, 1), draw(n, 1)
	m := make([]float64, n*n)
	for i := range n {
		m[i*n+i] = 1
	}
	lambda := make([]float64, q)
	for i := range lambda {
		lambda[i] = 1
	}
	return s, m, lambda
}

// lmi is diag(r2 M, L) - [C1 0]'L[C1 0] - [A B1]'M[A B1] or, with Slopes, [[r2 M, -C1'L], [-L C1, 2L]] - [A B1]'M[A B1], entry by entry.
func (s *Lure) lmi(r2 float64, m, l []float64) *mat.SymDense {
	n, k := s.N, s.N+s.Q
	ab, _, _ := s.stack()
	d := mat.NewDense(k, k, nil)
	for i := range n {
		for j := range n {
			x := r2 * m[i*n+j]
			for c := range s.Q {
				if !s.Slopes {
					x -= s.C1[c*n+i] * l[c] * s.C1[c*n+j]
				}
			}
			d.Set(i, j, x)
		}
	}
	for c := range s.Q {
		d.Set(n+c, n+c, l[c])
		if s.Slopes {
			d.Set(n+c, n+c, 2*l[c])
			for i := range n {
				d.Set(n+c, i, -l[c]*s.C1[c*n+i])
				d.Set(i, n+c, -l[c]*s.C1[c*n+i])
			}
		}
	}
	d.Sub(d, product(ab.T(), dense(n, n, m), ab))
	return sym(d)
}

func definite(s mat.Symmetric) bool {
	var ch mat.Cholesky
	return ch.Factorize(s)
}

// TestRateIsTheSmallest: the inequality holds just above the rate and fails just below it, for the scaled multiplier.
func TestRateIsTheSmallest(t *testing.T) {
	proved := 0
	for seed := range uint64(60) {
		s, m, l := random(seed)
		s.Slopes = kinds[seed%2]
		rate, scaled, err := s.Contraction(m, l)
		if err != nil {
			continue
		}
		proved++
		if !definite(s.lmi(rate*rate*(1+1e-7), m, scaled)) {
			t.Errorf("seed %d: the inequality fails above the rate %g", seed, rate)
		}
		if definite(s.lmi(rate*rate*(1-1e-7), m, scaled)) {
			t.Errorf("seed %d: the inequality holds below the rate %g", seed, rate)
		}
	}
	if proved < 20 {
		t.Errorf("only %d of 60 systems were proved", proved)
	}
}

// TestSlopesNeverWorse: with slopes known, no metric and multiplier prove a larger rate or gain than without, and most a smaller one.
func TestSlopesNeverWorse(t *testing.T) {
	const rounding = 1e-7 // of the searches over scales, relative
	proved, better := 0, 0
	for seed := range uint64(40) {
		s, m, l := random(seed)
		old, scaled, err := s.Contraction(m, l)
		if err != nil {
			continue
		}
		oldGain, _, _, err := s.Gain(m, scaled)
		if err != nil {
			continue
		}
		proved++
		s.Slopes = true
		rate, _, err := s.Contraction(m, l)
		if err != nil || rate > old*(1+rounding) {
			t.Errorf("seed %d: rate %g, %g without slopes, %v", seed, rate, old, err)
		}
		gain, _, _, err := s.Gain(m, scaled)
		if err != nil || gain > oldGain*(1+rounding) {
			t.Errorf("seed %d: squared gain %g, %g without slopes, %v", seed, gain, oldGain, err)
		}
		if rate < 0.999*old && gain < 0.999*oldGain {
			better++
		}
	}
	if proved < 15 || better < proved/2 {
		t.Errorf("%d of %d improved", better, proved)
	}
}

// TestGainOfTanh: y = tanh(u) - u has incremental gain 1, and 2 when only |dw| <= |du| is known.
func TestGainOfTanh(t *testing.T) {
	const near = 1e-4 // of the smallest gain, which is not attained
	s := &Lure{N: 1, Q: 1, In: 1, Out: 1, A: []float64{0.1}, B1: []float64{0}, B2: []float64{0}, C1: []float64{0}, D12: []float64{1}, Cx: []float64{0}, Cw: []float64{1}, D22: []float64{-1}}
	for i, want := range []float64{2, 1} {
		s.Slopes = kinds[i]
		g2, _, _, err := s.TightenGain(t.Context(), []float64{1}, []float64{3}, false)
		if gain := math.Sqrt(g2); err != nil || gain < want || gain > want*(1+near) {
			t.Errorf("slopes %v: gain %.9g, want %g, %v", s.Slopes, gain, want, err)
		}
	}
}

// TestGainsHoldInSimulation: no random input reaches more than the gain, and the multiplier bound of the input-to-state
// gain is at least the maximum over the vertices.
func TestGainsHoldInSimulation(t *testing.T) {
	for seed := range uint64(40) {
		s, m, l := random(seed)
		s.Slopes = kinds[seed%2]
		_, scaled, err := s.Contraction(m, l)
		if err != nil {
			continue
		}
		g2, _, _, err := s.Gain(m, scaled)
		if err != nil {
			t.Errorf("seed %d: contracting but no gain", seed)
			continue
		}
		r := rand.New(rand.NewPCG(seed, 9))
		for range 20 {
			var dy, du float64
			a, b := make([]float64, s.N), make([]float64, s.N)
			for k := range 200 {
				ua, ub := make([]float64, 2), make([]float64, 2)
				for i := range 2 {
					ua[i] = 2 * r.NormFloat64()
					ub[i] = ua[i] + 0.3*math.Cos(float64(k)*0.01*float64(seed+1))
					du += (ua[i] - ub[i]) * (ua[i] - ub[i])
				}
				ya, yb := s.step(a, ua), s.step(b, ub)
				for i := range 2 {
					dy += (ya[i] - yb[i]) * (ya[i] - yb[i])
				}
			}
			if dy > g2*du {
				t.Fatalf("seed %d: gain %g, bound %g", seed, math.Sqrt(dy/du), math.Sqrt(g2))
			}
		}
		iss, err := s.ISS(m)
		if err != nil {
			t.Fatal(err)
		}
		bound, _ := multiplier(sym(dense(s.N, s.N, m)), dense(s.N, 2, s.B2), dense(s.N, s.Q, s.B1), dense(s.Q, 2, s.D12), eye(2))
		if bound < iss.G2*(1-1e-9) {
			t.Errorf("seed %d: multiplier bound %g below the vertices' %g", seed, bound, iss.G2)
		}
	}
}

// step advances x in place and returns y.
func (s *Lure) step(x, u []float64) []float64 {
	w := make([]float64, s.Q)
	for i := range w {
		var v float64
		for j := range x {
			v += s.C1[i*s.N+j] * x[j]
		}
		for j := range u {
			v += s.D12[i*2+j] * u[j]
		}
		w[i] = math.Tanh(v)
	}
	mul := func(m []float64, z []float64, i int) (v float64) {
		for j := range z {
			v += m[i*len(z)+j] * z[j]
		}
		return v
	}
	y, next := make([]float64, 2), make([]float64, s.N)
	for i := range y {
		y[i] = mul(s.Cx, x, i) + mul(s.Cw, w, i) + mul(s.D22, u, i)
	}
	for i := range next {
		next[i] = mul(s.A, x, i) + mul(s.B1, w, i) + mul(s.B2, u, i)
	}
	copy(x, next)
	return y
}
