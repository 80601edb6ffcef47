package lti

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// oddMatrices are the ones that break eigenvalue software: defective, derogatory, graded, of extreme size, cyclic.
func oddMatrices() map[string]*mat.Dense {
	out := map[string]*mat.Dense{
		"zero": mat.NewDense(3, 3, nil), "identity": identity(3), "minus identity": scale(-1, identity(4)),
		"one by one": mat.NewDense(1, 1, []float64{-2}), "two equal pairs": mat.NewDense(4, 4, []float64{-1, 2, 1, 0, -2, -1, 0, 1, 0, 0, -1, 2, 0, 0, -2, -1}),
	}
	jordan, cyclic, graded, rank1, big := mat.NewDense(5, 5, nil), mat.NewDense(6, 6, nil), mat.NewDense(4, 4, nil), mat.NewDense(4, 4, nil), mat.NewDense(3, 3, nil)
	for i := range 5 {
		jordan.Set(i, i, -0.5)
		if i > 0 {
			jordan.Set(i-1, i, 1)
		}
	}
	for i := range 6 {
		cyclic.Set(i, (i+1)%6, 1)
	}
	for i := range 4 {
		for j := range 4 {
			graded.Set(i, j, -math.Pow(10, -4*float64(i+j))*float64(1+(i*j)%3))
			rank1.Set(i, j, float64(i+1)*float64(2-j))
		}
	}
	for i := range 3 {
		for j := range 3 {
			big.Set(i, j, float64((i*7+j*3)%5)-2.5)
		}
	}
	out["Jordan block"], out["cyclic"], out["graded"], out["rank one"] = jordan, cyclic, graded, rank1
	for _, f := range []float64{1e150, 1e-150, 1e300, 1e-300, 1e15, 1e-15} {
		out[fmt.Sprint("scaled by ", f)] = scale(f, big)
	}
	return out
}

// TestOddMatrices: every function answers or refuses; none panics or hangs, and answers are finite.
func TestOddMatrices(t *testing.T) {
	for name, a := range oddMatrices() {
		n, _ := a.Dims()
		for _, f := range []float64{1, 1e-100, 1e100, 0} {
			b, c := mat.NewDense(n, 1, nil), mat.NewDense(1, n, nil)
			b.Set(n-1, 0, f)
			c.Set(0, 0, 1)
			for _, ts := range []float64{0, 0.5} {
				g, err := NewSS(a, b, c, nil, ts)
				if err != nil {
					t.Fatal(name, err)
				}
				every(t, fmt.Sprintf("%s, input %g, Ts %g", name, f, ts), g, a, b)
			}
		}
	}
}

func every(t *testing.T, name string, g *SS, a, b *mat.Dense) {
	t.Helper()
	n, _, _ := g.Dims()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: panic: %v", name, p)
		}
	}()
	at := func(what string, x *mat.Dense, err error) {
		if err == nil && !finite(x) {
			t.Errorf("%s: %s is not finite", name, what)
		}
	}
	eq := func(what string, s *Solution, err error) {
		if err == nil {
			at(what, s.X, nil)
		}
	}
	ric := func(what string, s *Riccati, err error) {
		if err == nil {
			at(what, s.X, nil)
			at(what, s.K, nil)
		}
	}
	sys := func(what string, s *SS, err error) {
		if err == nil {
			if e := s.Check(); e != nil {
				t.Errorf("%s: %s: %v", name, what, e)
			}
		}
	}
	s, err := Lyap(a, identity(n))
	eq("Lyap", s, err)
	s, err = DLyap(a, identity(n))
	eq("DLyap", s, err)
	s, err = Sylvester(a, a, identity(n))
	eq("Sylvester", s, err)
	s, err = Gram(g, Controllability)
	eq("Gram", s, err)
	r, err := CARE(a, b, identity(n), nil, nil)
	ric("CARE", r, err)
	r, err = DARE(a, b, identity(n), nil, nil)
	ric("DARE", r, err)
	r, err = CARE(a, b, mat.NewDense(n, n, nil), nil, nil)
	ric("CARE without cost", r, err)
	r, err = DARE(a, b, mat.NewDense(n, n, nil), nil, nil)
	ric("DARE without cost", r, err)
	m, err := MinReal(g, 0)
	sys("MinReal", m, err)
	m, _, err = BalRed(g, 1, MatchDC)
	sys("BalRed", m, err)
	m, _, err = StabSep(g)
	sys("StabSep", m, err)
	m, err = Feedback(g, nil)
	sys("Feedback", m, err)
	if g.Discrete() {
		m, err = D2C(g, ZOH, 0)
		sys("D2C", m, err)
		m, err = D2C(g, Tustin, 0)
		sys("D2C by Tustin", m, err)
	} else {
		m, err = C2D(g, 0.1, ZOH, 0)
		sys("C2D", m, err)
		m, err = C2D(g, 0.1, Tustin, 0)
		sys("C2D by Tustin", m, err)
	}
	g.Zeros()
	if z, err := g.ZPK(); err == nil {
		m, err = z.SS()
		sys("ZPK to SS", m, err)
	}
	if f, err := g.TF(); err == nil {
		m, err = f.SS()
		sys("TF to SS", m, err)
	}
	if k, err := DCGain(g); err == nil {
		for _, v := range k.RawMatrix().Data {
			if math.IsNaN(v) {
				t.Errorf("%s: DC gain is NaN", name)
			}
		}
	}
	Damp(g)
	BalReal(g)
	g.FreqResp([]float64{0, 1, 1e9})
	poles := make([]complex128, n)
	for i := range poles {
		poles[i] = complex(-1-0.3*float64(i), 0)
	}
	Place(a, b, poles)
	Place(a, identity(n), poles)
	Rank(g, Observability, 0)
	if _, err := Step(g, nil); err != nil {
		Step(g, []float64{0, 0.5, 1})
	}
	LQR(g, identity(n), identity(1), nil)
	Kalman(g, nil, nil, identity(1), identity(1), nil)
}
