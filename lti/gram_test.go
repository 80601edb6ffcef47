package lti

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// randStable has its spectral abscissa (radius) at the given distance inside the boundary.
func randStable(seed uint64, n, m, p int, ts, distance float64) *SS {
	g := randSystem(stream(seed), n, m, p, ts)
	if ts > 0 {
		g.A = scale((1-distance)/abscissa(g.A, true), g.A)
	} else {
		g.A = sub(g.A, scale(abscissa(g.A, false)+distance, identity(n)))
	}
	return g
}

// nonminimal adds states that the inputs do not reach and states that the outputs do not see, then mixes all states.
func nonminimal(seed uint64, g *SS, unreached, unseen int) *SS {
	r := stream(seed)
	n, m, p := g.Dims()
	k := n + unreached + unseen
	out := blank(k, m, p, g.Ts)
	put(out.A, 0, 0, 1, g.A)
	put(out.B, 0, 0, 1, g.B)
	put(out.C, 0, 0, 1, g.C)
	out.D = clone(g.D)
	put(out.A, n, n, 0.5, randA(r, unreached))
	put(out.A, 0, n, 0.3, randn(r, n, unreached))
	put(out.C, 0, n, 1, randn(r, p, unreached))
	put(out.A, n+unreached, n+unreached, 0.5, randA(r, unseen))
	put(out.A, n+unreached, 0, 0.3, randn(r, unseen, n))
	put(out.B, n+unreached, 0, 1, randn(r, unseen, m))
	t := add(identity(k), scale(0.3, randn(r, k, k)))
	inv, err := solve(t, identity(k))
	if err != nil {
		panic(err)
	}
	out.A, out.B, out.C = mul3(t, out.A, inv), mul(t, out.B), mul(out.C, inv)
	return out
}

func TestMinimalRealisation(t *testing.T) {
	r := stream(30)
	for seed, size := range [][3]int{{1, 1, 1}, {4, 1, 1}, {6, 2, 3}, {12, 2, 2}} {
		for _, ts := range []float64{0, 1} {
			g := randSystem(r, size[0], size[1], size[2], ts)
			big := nonminimal(uint64(seed), g, 2, 3)
			small, err := MinReal(big, 1e-11)
			if err != nil {
				t.Fatal(err)
			}
			if n, _, _ := small.Dims(); n != size[0] {
				t.Errorf("%v: order %d", size, n)
			}
			sameTransfer(t, "minimal realisation", small, g, 1e-9)
			for kind, want := range map[Kind]int{Controllability: size[0] + 3, Observability: size[0] + 2} {
				if k, err := Rank(big, kind, 1e-11); err != nil || k != want {
					t.Errorf("%v: rank of %v is %d, want %d (%v)", size, kind, k, want, err)
				}
			}
		}
	}
	// A minimal system comes back as it is; pole-zero cancellation in a transfer function goes.
	g := randSystem(r, 3, 1, 1, 0)
	same, err := MinReal(g, 0)
	if err != nil || !mat.Equal(same.A, g.A) {
		t.Error(err)
	}
	f, err := NewTF([]float64{1, 1}, []float64{1, 3, 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.SS()
	if err != nil {
		t.Fatal(err)
	}
	if s, err = MinReal(s, 0); err != nil {
		t.Fatal(err)
	}
	poles, err := s.Poles()
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "after cancellation", poles, []complex128{-2}, 1e-13)
	// Nothing reached at all: the static gain remains.
	g.B = mat.NewDense(3, 1, nil)
	if s, err = MinReal(g, 0); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := s.Dims(); n != 0 || s.D.At(0, 0) != g.D.At(0, 0) {
		t.Errorf("order %d", n)
	}
}

// TestGramians compares with the integral (sum) that defines them, by the exact transition over short steps.
func TestGramians(t *testing.T) {
	g := randStable(31, 5, 2, 2, 1, 0.3)
	w, err := Gram(g, Observability)
	if err != nil {
		t.Fatal(err)
	}
	sum, f := mat.NewDense(5, 5, nil), identity(5)
	for range 300 { // 0.7^600 is below rounding
		cf := mul(g.C, f)
		sum.Add(sum, mul(cf.T(), cf))
		f = mul(f, g.A)
	}
	if e := frob(sub(sum, w.X)); e > 1e-12*frob(sum) {
		t.Errorf("discrete Gramian is off by %g", e)
	}
	g = randStable(32, 5, 2, 2, 0, 0.5)
	if w, err = Gram(g, Controllability); err != nil {
		t.Fatal(err)
	}
	// W = integral over one step + F W F' with F = exp(A h): the step's integral by Van Loan's exponential in the test.
	const h = 0.5
	e := mat.NewDense(10, 10, nil)
	put(e, 0, 0, -h, g.A)
	put(e, 0, 5, h, mul(g.B, g.B.T()))
	put(e, 5, 5, h, transposed(g.A))
	var x mat.Dense
	x.Exp(e)
	ft := part(&x, 5, 10, 5, 10)
	q := mul(ft.T(), part(&x, 0, 5, 5, 10))
	if d := frob(sub(add(q, mul3(ft.T(), w.X, ft)), w.X)); d > 1e-12*frob(w.X) {
		t.Errorf("continuous Gramian is off by %g", d)
	}
	bad, err := NewSS(mat.NewDense(1, 1, []float64{1}), identity(1), identity(1), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Gram(bad, Controllability); !errors.Is(err, ErrUnstable) {
		t.Error(err)
	}
	bad.A.Set(0, 0, 0)
	if _, err := Gram(bad, Controllability); !errors.Is(err, ErrUnstable) {
		t.Error(err)
	}
}

func TestBalancedRealisation(t *testing.T) {
	for _, ts := range []float64{0, 0.1} {
		g := randStable(33, 8, 2, 2, ts, 0.2)
		b, err := BalReal(g)
		if err != nil {
			t.Fatal(err)
		}
		sameTransfer(t, "balanced", b.Sys, g, 1e-10)
		for _, k := range []Kind{Controllability, Observability} {
			w, err := Gram(b.Sys, k)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 8 {
				for j := range 8 {
					want := 0.0
					if i == j {
						want = b.HSV[i]
					}
					if math.Abs(w.X.At(i, j)-want) > 1e-9*b.HSV[0] {
						t.Errorf("Ts %g, %v: element (%d, %d) is %g, want %g", ts, k, i, j, w.X.At(i, j), want)
					}
				}
			}
		}
		if e := frob(sub(mul(b.T, b.TInv), identity(8))); e > 1e-8 {
			t.Errorf("T TInv is off by %g", e)
		}
		for order := range 9 {
			for _, how := range []Reduction{Truncate, MatchDC} {
				small, bound, err := BalRed(g, order, how)
				if err != nil {
					t.Fatal(err)
				}
				var worst float64
				for i := range 60 { // sampled: below the norm, which must be below the bound
					w := math.Pow(10, -3+5*float64(i)/59)
					if ts > 0 {
						w = math.Pi / ts * float64(i) / 199
					}
					d := cadd(small.FreqResp([]float64{w})[0], -1, g.FreqResp([]float64{w})[0])
					worst = max(worst, largestGain(d))
				}
				if worst > bound+1e-9*b.HSV[0] {
					t.Errorf("Ts %g, order %d, way %d: error %g above the bound %g", ts, order, how, worst, bound)
				}
				if how == MatchDC {
					a, err1 := DCGain(small)
					c, err2 := DCGain(g)
					if err1 != nil || err2 != nil || frob(sub(a, c)) > 1e-9*frob(c) {
						t.Errorf("order %d: DC gain is not kept (%v, %v)", order, err1, err2)
					}
				}
			}
		}
	}
	// First-order lag k/(s+1): the Hankel singular value is k/2.
	g, err := NewSS(mat.NewDense(1, 1, []float64{-1}), identity(1), mat.NewDense(1, 1, []float64{3}), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := HSV(g); err != nil || math.Abs(h[0]-1.5) > 4*eps {
		t.Error(h, err)
	}
	if _, err := BalReal(nonminimal(5, randStable(34, 3, 1, 1, 0, 0.9), 1, 1)); err == nil {
		t.Error("a system that is not minimal was balanced")
	}
}

// largestGain is the largest singular value of a complex matrix.
func largestGain(v *mat.CDense) float64 {
	p, m := v.Dims()
	big := mat.NewDense(2*p, 2*m, nil)
	for i := range p {
		for j := range m {
			z := v.At(i, j)
			big.Set(i, j, real(z))
			big.Set(p+i, m+j, real(z))
			big.Set(i, m+j, -imag(z))
			big.Set(p+i, j, imag(z))
		}
	}
	var d mat.SVD
	d.Factorize(big, mat.SVDNone)
	return d.Values(nil)[0]
}

func TestDampAndDCGain(t *testing.T) {
	const w, z = 5.0, 0.2
	f, err := NewTF([]float64{3 * w * w}, []float64{1, 2 * z * w, w * w}, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.SS()
	if err != nil {
		t.Fatal(err)
	}
	d, err := C2D(g, 0.1, ZOH, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*SS{g, d} {
		modes, err := Damp(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range modes {
			if math.Abs(m.Wn/w-1) > 1e-12 || math.Abs(m.Zeta/z-1) > 1e-12 || math.Abs(m.Tau*w*z-1) > 1e-12 {
				t.Errorf("Ts %g: %+v", s.Ts, m)
			}
		}
		k, err := DCGain(s)
		if err != nil || math.Abs(k.At(0, 0)/3-1) > 1e-13 {
			t.Error(k, err)
		}
	}
	// Integrator beside a lag: infinite and finite entries.
	m, err := NewTFMatrix([][][]float64{{{-2}, {4}}}, [][][]float64{{{1, 0}, {1, 2}}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.SS()
	if err != nil {
		t.Fatal(err)
	}
	k, err := DCGain(s)
	if err != nil || !math.IsInf(k.At(0, 0), -1) || math.Abs(k.At(0, 1)-2) > 1e-14 {
		t.Error(k, err)
	}
}

func TestCtrbObsv(t *testing.T) {
	g, err := NewSS(mat.NewDense(2, 2, []float64{0, 1, -2, -3}), mat.NewDense(2, 1, []float64{0, 1}), mat.NewDense(1, 2, []float64{1, 0}), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !mat.Equal(Ctrb(g), mat.NewDense(2, 2, []float64{0, 1, 1, -3})) {
		t.Error(mat.Formatted(Ctrb(g)))
	}
	if !mat.Equal(Obsv(g), identity(2)) {
		t.Error(mat.Formatted(Obsv(g)))
	}
	// The staircase finds the rank of a long chain, whose controllability matrix spans thirty orders of magnitude.
	n := 12
	a, b := mat.NewDense(n, n, nil), mat.NewDense(n, 1, nil)
	b.Set(0, 0, 1)
	for i := range n {
		a.Set(i, i, -1)
		if i > 0 {
			a.Set(i, i-1, 1e-3)
		}
	}
	c := mat.NewDense(1, n, nil)
	c.Set(0, n-1, 1)
	chain, err := NewSS(a, b, c, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := Rank(chain, Controllability, 0); err != nil || k != n {
		t.Error(k, err)
	}
}

func TestStableUnstableParts(t *testing.T) {
	for _, ts := range []float64{0, 0.1} {
		g := randSystem(stream(60), 9, 2, 2, ts)
		if ts > 0 {
			g.A = scale(1.3/abscissa(g.A, true), g.A)
			g.A = sub(g.A, scale(0.2, identity(9)))
		}
		stable, rest, err := StabSep(g)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := Parallel(stable, rest)
		if err != nil {
			t.Fatal(err)
		}
		sameTransfer(t, "sum of the parts", sum, g, 1e-10)
		if !bigStable(stable.A, ts > 0) {
			t.Error("the stable part is not")
		}
		poles, err := rest.Poles()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range poles {
			if !outside(p, ts > 0) {
				t.Errorf("pole %v is in the wrong part", p)
			}
		}
		k := len(poles)
		if k == 0 || k == 9 {
			t.Fatalf("%d unstable modes test nothing", k)
		}
		small, bound, err := BalRed(g, k+2, Truncate)
		if err != nil {
			t.Fatal(err)
		}
		if n, _, _ := small.Dims(); n != k+2 {
			t.Errorf("order %d, want %d", n, k+2)
		}
		for i := range 100 {
			w := math.Pow(10, -2+3.4*float64(i)/99)
			d := cadd(small.FreqResp([]float64{w})[0], -1, g.FreqResp([]float64{w})[0])
			if e := largestGain(d); e > bound+1e-9 { // rounding of responses of size ten
				t.Errorf("error %g at %g, bound %g", e, w, bound)
			}
		}
		if _, _, err := BalRed(g, k-1, Truncate); !errors.Is(err, ErrShape) {
			t.Error(err)
		}
	}
	for _, a := range []float64{-1, 1} {
		g, err := NewSS(mat.NewDense(1, 1, []float64{a}), identity(1), identity(1), identity(1), 0)
		if err != nil {
			t.Fatal(err)
		}
		stable, rest, err := StabSep(g)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := Parallel(stable, rest)
		if err != nil {
			t.Fatal(err)
		}
		sameTransfer(t, "one mode", sum, g, 1e-14)
	}
}

// TestMalformedSystems: a system put together wrongly by hand gives an error, never a panic.
func TestMalformedSystems(t *testing.T) {
	good := randSystem(stream(61), 3, 1, 1, 0)
	change := []func(g *SS){
		func(g *SS) { g.A = nil },
		func(g *SS) { g.A = mat.NewDense(3, 2, nil) },
		func(g *SS) { g.B = mat.NewDense(2, 1, nil) },
		func(g *SS) { g.C = &mat.Dense{} },
		func(g *SS) { g.D = &mat.Dense{} },
		func(g *SS) { g.D = nil },
		func(g *SS) { g.A.Set(0, 0, math.NaN()) },
		func(g *SS) { g.B.Set(0, 0, math.Inf(1)) },
		func(g *SS) { g.Ts = -1 },
		func(g *SS) { g.Inputs = nil },
	}
	for i, f := range change {
		g := good.Copy()
		f(g)
		for name, call := range map[string]func() error{
			"Poles":    func() error { _, err := g.Poles(); return err },
			"Stable":   func() error { _, err := g.Stable(); return err },
			"Zeros":    func() error { _, err := g.Zeros(); return err },
			"ZPK":      func() error { _, err := g.ZPK(); return err },
			"TF":       func() error { _, err := g.TF(); return err },
			"Series":   func() error { _, err := Series(good, g); return err },
			"Parallel": func() error { _, err := Parallel(g, good); return err },
			"Feedback": func() error { _, err := Feedback(g, nil); return err },
			"LFT":      func() error { _, err := LFT(good, g, 1, 1); return err },
			"Connect":  func() error { _, err := Connect([]*SS{g}, nil, []string{"u1"}, []string{"y1"}); return err },
			"Select":   func() error { _, err := g.Select([]int{0}, []int{0}); return err },
			"C2D":      func() error { _, err := C2D(g, 0.1, ZOH, 0); return err },
			"D2C":      func() error { _, err := D2C(g, ZOH, 0); return err },
			"Gram":     func() error { _, err := Gram(g, Observability); return err },
			"Rank":     func() error { _, err := Rank(g, Observability, 0); return err },
			"MinReal":  func() error { _, err := MinReal(g, 0); return err },
			"BalReal":  func() error { _, err := BalReal(g); return err },
			"HSV":      func() error { _, err := HSV(g); return err },
			"StabSep":  func() error { _, _, err := StabSep(g); return err },
			"Damp":     func() error { _, err := Damp(g); return err },
			"DCGain":   func() error { _, err := DCGain(g); return err },
			"LQR":      func() error { _, err := LQR(g, identity(3), identity(1), nil); return err },
			"LQI":      func() error { _, err := LQI(g, identity(4), identity(1), nil); return err },
			"Kalman":   func() error { _, err := Kalman(g, nil, nil, identity(1), identity(1), nil); return err },
			"Step":     func() error { _, err := Step(g, nil); return err },
			"Impulse":  func() error { _, err := Impulse(g, nil); return err },
			"Initial":  func() error { _, err := Initial(g, []float64{1, 2, 3}, []float64{0, 1}); return err },
			"TimeGrid": func() error { _, err := TimeGrid(g); return err },
		} {
			if call() == nil {
				t.Errorf("change %d: %s accepts the system", i, name)
			}
		}
	}
}
