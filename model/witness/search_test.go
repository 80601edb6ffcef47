package witness

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// mixed returns s in other coordinates of state and channels, x = T z and v_i = d_i u_i, of condition up to 10^spread: its metric is no longer
// near the identity.
func mixed(s *Lure, seed uint64, spread float64) *Lure {
	r := rand.New(rand.NewPCG(seed, 9))
	t := mat.NewDense(s.N, s.N, nil)
	for i := range s.N {
		for j := range s.N {
			t.Set(i, j, 0.3*r.NormFloat64())
		}
		t.Set(i, i, t.At(i, i)+math.Pow(10, spread*(r.Float64()-0.5)))
	}
	var inv mat.Dense
	if inv.Inverse(t) != nil {
		panic("singular")
	}
	out := *s
	out.A = product(&inv, dense(s.N, s.N, s.A), t).RawMatrix().Data
	out.B1 = product(&inv, dense(s.N, s.Q, s.B1)).RawMatrix().Data
	out.B2 = product(&inv, dense(s.N, s.In, s.B2)).RawMatrix().Data
	out.C1 = product(dense(s.Q, s.N, s.C1), t).RawMatrix().Data
	out.Cx = product(dense(s.Out, s.N, s.Cx), t).RawMatrix().Data
	return &out
}

// TestSearchFinds: a network that contracts in some metric is found to do so in any coordinates, and what is returned proves it.
func TestSearchFinds(t *testing.T) {
	known := 0
	for seed := range uint64(25) {
		s, m, l := random(seed)
		s.Slopes = kinds[seed%2]
		if _, _, err := s.Contraction(m, l); err != nil {
			continue
		}
		known++
		for _, spread := range []float64{0, 2, 4} {
			for _, one := range []bool{false, true} {
				x := mixed(s, seed, spread)
				m2, l2, err := x.Search(t.Context(), one)
				if err != nil {
					t.Errorf("seed %d, spread %g, one %v: %v", seed, spread, one, err)
					continue
				}
				rate, _, err := x.Contraction(m2, l2)
				if err != nil || !definite(x.lmi(rate*rate*(1+1e-7), m2, l2)) || one && !constant(l2) {
					t.Errorf("seed %d, spread %g: rate %g is not proved: %v", seed, spread, rate, err)
				}
			}
		}
	}
	if known < 10 {
		t.Errorf("only %d networks that contract", known)
	}
}

// TestSearchNearOne: A and B1 times c have c times the smallest rate (take c^2 L for L), so a network is brought to a smallest rate just below 1,
// where few metrics are left, and is found to contract in any coordinates.
func TestSearchNearOne(t *testing.T) {
	known := 0
	for seed := range uint64(12) {
		s, m, l := random(seed)
		s.Slopes = kinds[seed%2]
		rate, scaled, err := s.Contraction(m, l)
		if err != nil {
			continue
		}
		f, err := s.frame(m, scaled, false)
		if err != nil {
			t.Fatal(err)
		}
		if rate, err = s.smallestRate(t.Context(), f, rate); err != nil {
			t.Fatal(err)
		}
		known++
		for _, spread := range []float64{0, 3} {
			x := mixed(s, seed, spread)
			for i := range x.A {
				x.A[i] *= 0.999 / rate
			}
			for i := range x.B1 {
				x.B1[i] *= 0.999 / rate
			}
			m2, l2, err := x.Search(t.Context(), false)
			if err != nil {
				t.Errorf("seed %d, spread %g: %v", seed, spread, err)
				continue
			}
			if r, _, err := x.Contraction(m2, l2); err != nil || !definite(x.lmi(r*r*(1+1e-9), m2, l2)) {
				t.Errorf("seed %d, spread %g: rate %g is not proved: %v", seed, spread, r, err)
			}
		}
	}
	if known < 5 {
		t.Errorf("only %d networks that contract", known)
	}
}

// TestSearchEdge: x+ = a x + b tanh(x) contracts exactly for |a + b s| < 1 at slopes s in [0, 1], which the inequality decides for q = n = 1: with
// slopes it is max(|a|, |a + b|) < 1; without, b of either sign counts as the worse, |a| + |b| < 1.
func TestSearchEdge(t *testing.T) {
	const near = 0.01 // of the rate, from the shares at which Tighten looks
	for _, c := range []struct {
		a, b          float64
		norms, slopes bool
	}{
		{0.5, 0.4, true, true}, {0.5, 0.499, true, true}, {0.5, 0.501, false, false}, {0.5, 0.6, false, false}, {0.9, -0.0999, true, true},
		{0.9, -0.2, false, true}, {0.999, 0.0009, true, true}, {1.0, 0, false, false}, {1.2, -0.5, false, false}, {0, 0.9999, true, true},
		{0, 1.0001, false, false}, {0.5, 0, true, true}, {0.5, -1, false, true}, {0.5, -1.499, false, true}, {0.5, -1.501, false, false},
		{-0.9, 1.8, false, true}, {-0.9, 1.901, false, false}, {0, -0.999, true, true},
	} {
		for i, want := range []bool{c.norms, c.slopes} {
			least := max(math.Abs(c.a), math.Abs(c.a+c.b))
			if !kinds[i] {
				least = math.Abs(c.a) + math.Abs(c.b)
			}
			for _, scale := range []float64{1, 1e3, 1e-4} { // of the channel
				s := &Lure{N: 1, Q: 1, In: 1, Out: 1, A: []float64{c.a}, B1: []float64{c.b * scale}, C1: []float64{1 / scale}, B2: []float64{1}, D12: []float64{0}, Cx: []float64{1}, Cw: []float64{0}, D22: []float64{0}}
				s.Slopes = kinds[i]
				m, l, err := s.Search(t.Context(), false)
				if (err == nil) != want {
					t.Errorf("a %g, b %g, slopes %v, scale %g: %v", c.a, c.b, s.Slopes, scale, err)
				}
				if err != nil {
					var none *NotFoundError
					if !errors.Is(err, ErrNone) || !errors.As(err, &none) || none.Radius != math.Abs(c.a) || none.Rate < 1 {
						t.Errorf("a %g, b %g: %v", c.a, c.b, err)
					}
					continue
				}
				if rate, _, _, err := s.Tighten(t.Context(), m, l, false); err != nil || rate < least-1e-9 || rate > least+near || rate >= 1 {
					t.Errorf("a %g, b %g, slopes %v: rate %g, want %g, %v", c.a, c.b, s.Slopes, rate, least, err)
				}
			}
		}
	}
}

// TestSearchFailure: where a slope in the sector makes the linear network unstable, no search may succeed.
func TestSearchFailure(t *testing.T) {
	refuted := 0
	for seed := range uint64(30) {
		s, _, _ := random(seed)
		s.Slopes = kinds[seed/2%2]
		for i := range s.B1 {
			s.B1[i] *= 6
		}
		unstable := false
		r := rand.New(rand.NewPCG(seed, 10))
		for range 200 {
			a := dense(s.N, s.N, s.A)
			for l := range s.Q {
				slope := float64(r.IntN(2))
				for i := range s.N {
					for j := range s.N {
						a.Set(i, j, a.At(i, j)+slope*s.B1[i*s.Q+l]*s.C1[l*s.N+j])
					}
				}
			}
			unstable = unstable || spectralRadius(a) > 1+1e-9
		}
		if !unstable {
			continue
		}
		refuted++
		if m, l, err := s.Search(t.Context(), false); err == nil {
			rate, _, _ := s.Contraction(m, l)
			t.Errorf("seed %d: rate %g of a network that does not contract", seed, rate)
		}
	}
	if refuted < 3 {
		t.Errorf("only %d networks without contraction", refuted)
	}
}

// TestLipschitz: a layer with |Wout||Win| < 1 is found 1-Lipschitz with a T that proves it, one with a larger product at slope 1 is not.
func TestLipschitz(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	const width, q = 5, 3
	win, wout := mat.NewDense(width, q, nil), mat.NewDense(q, width, nil)
	for i := range width {
		for j := range q {
			win.Set(i, j, r.NormFloat64())
			wout.Set(j, i, r.NormFloat64())
		}
	}
	size := math.Sqrt(Norm(product(wout, win).RawMatrix().Data, q, q)) // of the layer at slope 1
	for _, c := range []struct {
		factor float64
		want   bool
	}{{0.3, true}, {1.01, false}} {
		var in, out mat.Dense
		in.Scale(c.factor/size, win)
		out.Scale(c.factor/size, wout)
		d, err := Lipschitz(t.Context(), in.RawMatrix().Data, out.RawMatrix().Data, width, q)
		if err != nil || (d != nil) != c.want {
			t.Errorf("factor %g: %v, %v", c.factor, d, err)
			continue
		}
		if d == nil {
			continue
		}
		form := mat.NewDense(q+width, q+width, nil)
		oo := product(out.T(), &out)
		for i := range q {
			form.Set(i, i, 1)
		}
		for i := range width {
			for j := range width {
				form.Set(q+i, q+j, -oo.At(i, j))
			}
			form.Set(q+i, q+i, 2*d[i]-oo.At(i, i))
			for j := range q {
				form.Set(q+i, j, -d[i]*in.At(i, j))
				form.Set(j, q+i, -d[i]*in.At(i, j))
			}
		}
		if !definite(sym(form)) {
			t.Errorf("factor %g: the layer is not proved by %v", c.factor, d)
		}
	}
}
