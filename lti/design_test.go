package lti

import (
	"errors"
	"math"
	"math/cmplx"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// cost is x0'Px0 of a given feedback, by the closed loop's Lyapunov equation.
func costOf(t *testing.T, g *SS, k, q, r, n *mat.Dense) *mat.Dense {
	t.Helper()
	closed := sub(g.A, mul(g.B, k))
	w := add(q, mul3(k.T(), r, k))
	nk := mul(n, k)
	w = sub(w, add(nk, nk.T()))
	f := Lyap
	if g.Discrete() {
		f = DLyap
	}
	p, err := f(transposed(closed), w)
	if err != nil {
		t.Fatal(err)
	}
	return p.X
}

// TestLQRIsOptimal: the cost matrix is that of the feedback, and every changed feedback that stabilises costs more from
// every initial state.
func TestLQRIsOptimal(t *testing.T) {
	r := stream(40)
	for _, ts := range []float64{0, 0.2} {
		for _, n := range []int{1, 3, 6} {
			g := randSystem(r, n, 2, 1, ts)
			q, rr, nn := randPSD(r, n), add(randPSD(r, 2), identity(2)), scale(0.05, randn(r, n, 2))
			q = add(q, identity(n))
			d, err := LQR(g, q, rr, nn)
			if err != nil {
				t.Fatal(err)
			}
			own := costOf(t, g, d.K, q, rr, nn)
			if e := frob(sub(own, d.S)); e > 1e-9*frob(own) {
				t.Errorf("order %d: cost differs from S by %g of %g", n, e, frob(own))
			}
			for range 5 {
				other := add(d.K, scale(0.01, randn(r, 2, n)))
				if !bigStable(sub(g.A, mul(g.B, other)), ts > 0) {
					continue
				}
				more := sub(costOf(t, g, other, q, rr, nn), own)
				symmetrise(more)
				if v := eigSym(more)[0]; v < -1e-9*frob(own) {
					t.Errorf("order %d: another feedback is cheaper by %g", n, -v)
				}
			}
		}
	}
	// DLQR of the double integrator with T = 1, Q = I, R = 1, from the factored spectral polynomial in the test below.
	a, b := mat.NewDense(2, 2, []float64{1, 1, 0, 1}), mat.NewDense(2, 1, []float64{0.5, 1})
	d, err := DLQR(a, b, identity(2), identity(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	// K from value iteration in 512 bits.
	p := toBig(identity(2))
	ba, bb := toBig(a), toBig(b)
	var k *bigMat
	for range 400 {
		w := toBig(identity(1)).plus(1, bb.t().mul(p).mul(bb))
		k = w.solve(bb.t().mul(p).mul(ba))
		p = toBig(identity(2)).plus(1, ba.t().mul(p).mul(ba.plus(-1, bb.mul(k))))
	}
	if e := frob(sub(k.float(), d.K)); e > 1e-14 {
		t.Errorf("DLQR gain is off by %g", e)
	}
}

func TestLQRRefused(t *testing.T) {
	g, err := NewSS(mat.NewDense(2, 2, []float64{1, 0, 0, -1}), mat.NewDense(2, 1, []float64{0, 1}), identity(2), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = LQR(g, identity(2), identity(1), nil); !errors.Is(err, ErrNoStabilising) {
		t.Error(err)
	}
	if _, err = LQR(g, identity(2), scale(-1, identity(1)), nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err = LQR(g, scale(-1, identity(2)), identity(1), nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err = LQR(g, identity(3), identity(1), nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	static, err := Gain(identity(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = LQR(static, identity(1), identity(1), nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// TestKalmanIsDual: the filter's error covariance solves its own Lyapunov equation and no other gain has a smaller one.
func TestKalmanIsDual(t *testing.T) {
	r := stream(41)
	for _, ts := range []float64{0, 0.2} {
		g := randSystem(r, 4, 1, 2, ts)
		qn, rn, nn := scale(2, identity(1)), add(randPSD(r, 2), identity(2)), scale(0.1, randn(r, 1, 2))
		h := randn(r, 2, 1)
		k, err := Kalman(g, nil, h, qn, rn, nn)
		if err != nil {
			t.Fatal(err)
		}
		covariance := func(l *mat.Dense) *mat.Dense {
			// e+ = (A - LC) e + (G - L H) w - L v
			gw := sub(g.B, mul(l, h))
			c := mul3(gw, nn, l.T())
			q := sub(add(mul3(gw, qn, gw.T()), mul3(l, rn, l.T())), add(c, c.T()))
			f := Lyap
			if ts > 0 {
				f = DLyap
			}
			x, err := f(sub(g.A, mul(l, g.C)), q)
			if err != nil {
				t.Fatal(err)
			}
			return x.X
		}
		own := covariance(k.L)
		if e := frob(sub(own, k.P)); e > 1e-10*frob(own) {
			t.Errorf("Ts %g: covariance differs by %g", ts, e)
		}
		for range 4 {
			other := sub(covariance(add(k.L, scale(0.01, randn(r, 4, 2)))), own)
			symmetrise(other)
			if v := eigSym(other)[0]; v < -1e-10 {
				t.Errorf("Ts %g: another gain has a smaller covariance by %g", ts, -v)
			}
		}
		if ts > 0 {
			s := add(mul3(g.C, k.P, g.C.T()), add(add(rn, mul3(h, qn, h.T())), add(mul(h, nn), mul(h, nn).T())))
			inv, err := solve(s, mul(g.C, k.P))
			if err != nil {
				t.Fatal(err)
			}
			if e := frob(sub(k.Z, sub(k.P, mul(mul(k.P, g.C.T()), inv)))); e > 1e-12*frob(k.P) {
				t.Errorf("updated covariance is off by %g", e)
			}
		}
		if err := k.Kest.Check(); err != nil {
			t.Error(err)
		}
	}
}

// TestSeparation: the poles of the LQG loop are those of regulator and filter.
func TestSeparation(t *testing.T) {
	r := stream(42)
	for _, ts := range []float64{0, 0.2} {
		g := randSystem(r, 4, 2, 2, ts)
		d, err := LQG(g, identity(4), identity(2), nil, identity(2), identity(2))
		if err != nil {
			t.Fatal(err)
		}
		loop, err := FeedbackSign(g, d.Reg, Positive)
		if err != nil {
			t.Fatal(err)
		}
		poles, err := loop.Poles()
		if err != nil {
			t.Fatal(err)
		}
		sameSet(t, "LQG loop", poles, append(append([]complex128(nil), d.LQR.E...), d.Kalman.E...), 1e-7)
		minus, err := Feedback(g, Negate(d.Reg))
		if err != nil {
			t.Fatal(err)
		}
		sameTransfer(t, "negated regulator", minus, loop, 1e-10)
	}
}

// TestLQITracks: the loop with integral action has no steady-state error although the plant is not the model's.
func TestLQITracks(t *testing.T) {
	for _, ts := range []float64{0, 0.1} {
		g := randStable(43, 3, 1, 1, ts, 0.3)
		g.D = mat.NewDense(1, 1, nil)
		d, err := LQI(g, identity(4), identity(1), nil)
		if err != nil {
			t.Fatal(err)
		}
		// Closed loop of plant with B 10 % stronger: states x, xi; input r.
		b := scale(1.1, g.B)
		f := 1.0
		a := mat.NewDense(4, 4, nil)
		if ts > 0 {
			f = ts
			a.Set(3, 3, 1)
		}
		put(a, 0, 0, 1, g.A)
		put(a, 3, 0, -f, g.C)
		put(a, 0, 0, 1, sub(part(a, 0, 3, 0, 4), mul(b, d.K)))
		c := mat.NewDense(1, 4, nil)
		put(c, 0, 0, 1, g.C)
		loop, err := NewSS(a, mat.NewDense(4, 1, []float64{0, 0, 0, f}), c, nil, ts)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := loop.Stable(); err != nil || !ok {
			t.Fatal("the loop is not stable", err)
		}
		k, err := DCGain(loop)
		if err != nil || math.Abs(k.At(0, 0)-1) > 1e-11 {
			t.Errorf("Ts %g: steady state %v, want 1 (%v)", ts, k.At(0, 0), err)
		}
	}
}

func TestPlace(t *testing.T) {
	r := stream(44)
	for _, n := range []int{1, 2, 3, 5, 8, 12} {
		for _, m := range []int{1, 2, 3} {
			if m > n || m == 1 && n > 8 { // with one input of order 12 rounding of the only gain moves the poles by a tenth
				continue
			}
			a, b := randA(r, n), randn(r, n, m)
			var poles []complex128
			for i := 0; i+1 < n; i += 2 {
				p := complex(-1-0.3*float64(i), 0.5+0.2*float64(i))
				poles = append(poles, p, cmplx.Conj(p))
			}
			if n%2 == 1 {
				poles = append(poles, -0.7)
			}
			p, err := Place(a, b, poles)
			if err != nil {
				t.Errorf("order %d, %d inputs: %v", n, m, err)
				continue
			}
			// One input determines the gain, which is ill-conditioned at order 12.
			sameSet(t, "placed", p.Poles, poles, 1e-5)
			// The characteristic polynomial in high precision.
			c := toBig(sub(a, mul(b, p.K))).charpoly()
			want := Poly(poles)
			for i := range want {
				if v, _ := c[i].Float64(); math.Abs(v-want[i]) > 1e-5*(1+math.Abs(want[i])) {
					t.Errorf("order %d, %d inputs: coefficient %d is %g, want %g", n, m, i, v, want[i])
				}
			}
		}
	}
	// All real, all equal: one input (a defective closed loop) and two.
	a, b := randA(r, 4), randn(r, 4, 2)
	for m := 1; m <= 2; m++ {
		p, err := Place(a, part(b, 0, 4, 0, m), []complex128{-2, -2, -2, -2})
		if err != nil && !errors.Is(err, ErrNoConverge) {
			t.Error(err)
		}
		if err == nil {
			c := toBig(sub(a, mul(part(b, 0, 4, 0, m), p.K))).charpoly()
			for i, w := range []float64{1, 8, 24, 32, 16} {
				if v, _ := c[i].Float64(); math.Abs(v-w) > 1e-9*w {
					t.Errorf("%d inputs, coefficient %d: %g, want %g", m, i, v, w)
				}
			}
		} else {
			t.Logf("%d inputs: %v", m, err)
		}
	}
	// A pole that the input does not reach may stay, not move.
	fixed, in := mat.NewDense(2, 2, []float64{-3, 0, 0, 1}), mat.NewDense(2, 1, []float64{0, 1})
	if _, err := Place(fixed, in, []complex128{-1, -2}); !errors.Is(err, ErrSingular) {
		t.Error(err)
	}
	p, err := Place(fixed, in, []complex128{-3, -2})
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "beside a fixed pole", p.Poles, []complex128{-3, -2}, 1e-14)
	if _, err := Place(fixed, in, []complex128{-1}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Place(fixed, in, []complex128{1i, -2}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// TestPlaceOneInput: the only gain, from Ackermann's formula in 512 bits, to all but a few digits: Ackermann's formula in
// floating point loses ten of them at order 12.
func TestPlaceOneInput(t *testing.T) {
	r := stream(45)
	for _, n := range []int{1, 2, 4, 6, 8, 10, 12} {
		a, b := randA(r, n), randn(r, n, 1)
		var poles []complex128
		for i := 0; i+1 < n; i += 2 {
			p := complex(-1-0.3*float64(i), 0.5+0.2*float64(i))
			poles = append(poles, p, cmplx.Conj(p))
		}
		if n%2 == 1 {
			poles = append(poles, -0.7)
		}
		k, err := schurGain(a, b, poles)
		if err != nil {
			t.Fatal(err)
		}
		ba, v := toBig(a), toBig(b)
		reach := newBig(n, n)
		for j := range n {
			for i := range n {
				reach.at(i, j).Set(v.at(i, 0))
			}
			v = ba.mul(v)
		}
		phi := newBig(n, n)
		for _, c := range Poly(poles) {
			phi = ba.mul(phi).plus(c, toBig(identity(n)))
		}
		last := newBig(n, 1)
		last.at(n-1, 0).SetFloat64(1)
		want := reach.t().solve(last).t().mul(phi).float()
		const digits = 1e-11 // condition of the gain as a function of A and b
		if e := frob(sub(k, want)); e > digits*frob(want) {
			t.Errorf("order %d: gain is off by %g of %g", n, e, frob(want))
		}
	}
}
