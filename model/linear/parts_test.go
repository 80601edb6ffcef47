package linear

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/linalg"
)

// noise is a stretch of random signals with a lead.
func noise(r *rand.Rand, m, p, lead, steps int) stretch {
	s := stretch{steps: steps, lead: lead, window: 20}
	for range m {
		u := make([]float64, lead+steps)
		for k := range u {
			u[k] = r.NormFloat64()
		}
		s.u = append(s.u, u)
	}
	for range p {
		y := make([]float64, steps)
		for k := range y {
			y[k] = r.NormFloat64()
		}
		s.y = append(s.y, y)
	}
	return s
}

// The moments equal the sums that define them.
func TestLaggedMoments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const m, p, lags = 2, 2, 4
	parts := []stretch{noise(r, m, p, lags, 30), noise(r, m, p, lags, 47)}
	l := newLagged(parts, m, p, lags)
	value := func(s *stretch, index, k int) float64 {
		if index == l.n-1 {
			return 1
		}
		c, lag := index%(m+p), index/(m+p)
		if c < m {
			return s.u[c][lags+k-lag]
		}
		return s.y[c-m][k-lag]
	}
	for i := range l.n {
		for j := range l.n {
			var want float64
			for q := range parts {
				for k := lags; k < parts[q].steps; k++ {
					want += value(&parts[q], i, k) * value(&parts[q], j, k)
				}
			}
			if d := math.Abs(l.g[i*l.n+j] - want); d > 1e-11 { // sums of 70 products, moved lags times
				t.Fatalf("moment %d, %d: off by %g", i, j, d)
			}
		}
	}
}

// sample is a sum with sections of both orders and, with fixed, an integrator.
func sample(r *rand.Rand, m, p int, fixed bool) *sum {
	var integrators []int
	if fixed {
		integrators = []int{p - 1}
	}
	s := newSum(m, p, []complex128{complex(0.7, 0.4), 0.9, 0.5, -0.3}, integrators)
	for _, x := range [][]float64{s.b, s.d, s.y0, s.drift} {
		for i := range x {
			x[i] = r.NormFloat64()
		}
	}
	if p > 1 {
		n := s.order()
		for i := range s.c {
			if i%n < n-len(integrators) {
				s.c[i] = r.NormFloat64()
			}
		}
	}
	return s
}

// The right-hand side of the normal equations is minus half the gradient of the cost, in every parameter and every
// initial state.
func TestGradientOfTheOutputError(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, c := range []struct {
		m, p  int
		fixed bool
	}{{1, 1, false}, {2, 1, true}, {2, 3, false}, {1, 2, true}} {
		s := sample(r, c.m, c.p, c.fixed)
		f := &fitter{parts: []stretch{noise(r, c.m, c.p, 5, 40), noise(r, c.m, c.p, 5, 60)}, delay: make([]int, c.m), stride: 1}
		f.delay[0] = 3
		x0 := f.states(s)
		for _, x := range x0 {
			for i := range x {
				x[i] = r.NormFloat64()
			}
		}
		q := f.equations(s, x0, everything)
		const h = 1e-6
		close := func(name string, i int, got, plus, minus float64) {
			t.Helper()
			// central differences: rounding of the cost over h, and h^2 times its third derivative
			if want := -(plus - minus) / (4 * h); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("%+v: %s %d: %g, difference quotient %g", c, name, i, got, want)
			}
		}
		step := make([]float64, q.l.size)
		free := func(i int) bool { // C of an integrator is fixed
			return !(c.fixed && c.p > 1 && i >= q.l.c && i < q.l.d && (i-q.l.c)%q.l.n == q.l.n-1)
		}
		for i := range step {
			if !free(i) {
				continue
			}
			step[i] = h
			plus := f.cost(s.moved(step), x0)
			step[i] = -h
			minus := f.cost(s.moved(step), x0)
			step[i] = 0
			close("parameter", i, q.rhs[i], plus, minus)
		}
		for e := range x0 {
			for i := range x0[e] {
				keep := x0[e][i]
				x0[e][i] = keep + h
				plus := f.cost(s, x0)
				x0[e][i] = keep - h
				minus := f.cost(s, x0)
				x0[e][i] = keep
				close("state", i, q.states[e].w[i], plus, minus)
			}
		}
	}
}

// The state that training takes from a window is the one that the deployed model finds there.
func TestTrainingSeesTheModelsInitialState(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, p := range []int{1, 2} {
		s := sample(r, 1, p, false)
		f := &fitter{parts: []stretch{noise(r, 1, p, 5, 80)}, delay: []int{2}, stride: 1}
		f.eye = &eye{trust: []float64{30, 20}[:p], forget: 0.9}
		_, dx, ok := f.equations(s, f.states(s), onlyStates).solve(0)
		if !ok {
			t.Fatal("equations broke down")
		}
		errors := make([]float64, p)
		for o := range errors {
			errors[o] = 1 / f.eye.trust[o]
		}
		m := f.deployed(s, errors)
		m.forget = f.eye.forget
		b := f.bank(s, 0)
		b.simulate(s, dx[0])
		part := &f.parts[0]
		u := part.delayed(0, 2)
		window := make([][]float64, p)
		for o := range window {
			window[o] = part.y[o][:part.window]
		}
		y, _ := m.run([][]float64{u[part.window:]}, m.observe([][]float64{u[:part.window]}, window, part.window), part.steps-part.window)
		for o := range y {
			for k, v := range y[o] {
				if d := math.Abs(v - b.yhat[o][part.window+k]); d > 1e-8 { // rounding in two coordinate systems
					t.Fatalf("output %d, sample %d: model and training differ by %g", o, k, d)
				}
			}
		}
	}
}

// newSumFrom keeps the Markov parameters C A^k B and D.
func TestSectionsKeepTheTransferFunction(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{1, 2, 5, 8} {
		const m, p = 2, 3
		a, b, c := make([]float64, n*n), make([]float64, n*m), make([]float64, p*n)
		for _, x := range [][]float64{a, b, c} {
			for i := range x {
				x[i] = r.NormFloat64()
			}
		}
		rho, err := linalg.SpectralRadius(n, a)
		if err != nil {
			t.Fatal(err)
		}
		for i := range a {
			a[i] *= 0.95 / rho
		}
		s, ok := newSumFrom(n, m, p, a, b, c, make([]float64, p*m), make([]float64, p))
		if !ok {
			t.Fatal("no basis of eigenvectors")
		}
		sa, _ := s.dynamics()
		left, right := c, s.c
		for k := range 2 * n {
			x, y := linalg.Mul(p, n, m, left, b), linalg.Mul(p, n, m, right, s.b)
			for i := range x {
				if d := math.Abs(x[i] - y[i]); d > 1e-8 { // condition of the eigenvectors times rounding
					t.Errorf("n=%d: Markov parameter %d is off by %g", n, k, d)
				}
			}
			left, right = linalg.Mul(p, n, n, left, a), linalg.Mul(p, n, n, right, sa)
		}
	}
}

// The triangle of stable() is the set of polynomials with roots inside the circle.
func TestStableSections(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		s := &sum{secs: []section{{order: 2, t: 4*r.Float64() - 2, d: 2.4*r.Float64() - 1.2}}}
		var radius float64
		for _, z := range s.poles() {
			radius = max(radius, math.Hypot(real(z), imag(z)))
		}
		if math.Abs(radius-maxRadius) > 1e-9 && s.stable() != (radius < maxRadius) {
			t.Fatalf("t=%g d=%g: radius %g, stable %v", s.secs[0].t, s.secs[0].d, radius, s.stable())
		}
	}
}

// A subspace estimate from noise-free data has the system's poles.
func TestSubspaceIsExactWithoutNoise(t *testing.T) {
	s := coupled()
	set := s.set(0, 800, 100)
	scale, err := newScaling(set, set.Train)
	if err != nil {
		t.Fatal(err)
	}
	l := newLagged(scale.stretches(set, set.Train, 12), s.m, s.p, 12)
	q, ok := newSubspace(l, s.delay, 10, 6)
	if !ok {
		t.Fatal("no estimate")
	}
	a, _, _, _, _, ok := q.model(4)
	if !ok {
		t.Fatal("no model")
	}
	m := &Model{Order: 4, A: a}
	if d := nearest(m, complex(0.8, 0.5), complex(0.8, -0.5), 0.7, -0.3); d > 1e-3 { // the ridge's bias
		t.Errorf("poles %v, off by %g", m.Poles(), d)
	}
}
