package lmi

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// exactly decides by Sylvester's criterion in rationals whether a - c I is positive definite.
func exactly(n int, a []float64, c float64) bool {
	return definiteRat(n, func(i, j int) *big.Rat {
		x := new(big.Rat).SetFloat64(a[i*n+j])
		if i == j {
			x.Sub(x, new(big.Rat).SetFloat64(c))
		}
		return x
	})
}

// edge returns a symmetric matrix whose smallest eigenvalue is about gap, with rows and columns scaled.
func edge(r *rand.Rand, n int, gap float64) []float64 {
	v := random(r, n, n)
	var qr mat.QR
	qr.Factorize(v)
	var q mat.Dense
	qr.QTo(&q)
	d := make([]float64, n)
	for i := range d {
		d[i] = 0.1 + r.Float64()
	}
	d[0] = gap
	s := dense(&q, mat.NewDiagDense(n, d), q.T())
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			a[i*n+j] = math.Ldexp(s.At(min(i, j), max(i, j)), (i%5-2)+(j%5-2))
		}
	}
	return a
}

// TestDefiniteIsSound: near the edge the tests never say yes where rational elimination says no, they say yes where there is
// room, and the exact one finds a proof almost always.
func TestDefiniteIsSound(t *testing.T) {
	var missed, missedExact, yes, no int
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 1 + r.IntN(6)
		gap := math.Pow(10, -17+10*r.Float64())
		if seed%2 == 1 {
			gap = -gap
		}
		a := edge(r, n, gap)
		truth := exactly(n, a, 0)
		if truth {
			yes++
		} else {
			no++
		}
		fast := definite(n, a, 0, 0, make([]float64, 2*n*n))
		m, err := exactOf(n, n, func(i, j int) float64 { return a[i*n+j] })
		if err != nil {
			t.Fatal(err)
		}
		exact := m.positive()
		if fast && !truth || exact && !truth {
			t.Fatalf("seed %d: floating %v, integers %v, truth %v", seed, fast, exact, truth)
		}
		if truth && !exact {
			missedExact++
		}
		if truth && gap > 1e-12 && !fast {
			missed++
		}
		// a radius and a floor are honoured
		if definite(n, a, 1e-9, 0, make([]float64, 2*n*n)) && !exactly(n, a, 1e-9) || definite(n, a, 0, 1e-9, make([]float64, 2*n*n)) && !exactly(n, a, 1e-9) {
			t.Fatalf("seed %d: radius or floor ignored", seed)
		}
	}
	if yes < 250 || no < 250 {
		t.Fatalf("%d matrices are positive definite and %d not: no test", yes, no)
	}
	if missed > 0 || missedExact > yes/20 {
		t.Errorf("of %d positive definite matrices floating point missed %d with room, integers %d", yes, missed, missedExact)
	}
}

// TestEnclosure: the bound holds against exact evaluation, and is not far from the rounding errors.
func TestEnclosure(t *testing.T) {
	var worst float64
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 4))
		n := 1 + r.IntN(5)
		p := New()
		P, s := p.Sym("P", n), p.Scalar("s")
		rho := p.Param("rho", mat.NewDense(1, 1, []float64{0.3}))
		a := random(r, n, n)
		big1 := scaled(1e8, random(r, n, n))
		e := Sum(P.Congruence(a).Left(big1).Right(big1.T()), P.ScaleBy(rho).Scale(-1e9), s.Times(a), Const(a).Right(a).Scale(0.1))
		p.GE("g", e, 0, 0)
		c, err := p.Compile()
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float64, len(c.Conic().C))
		for i := range x {
			x[i] = r.NormFloat64()
		}
		f, ok := c.enclose(e, x)
		if !ok {
			t.Fatal("no bound")
		}
		pt, err := pointOf(x)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := c.exact(e, pt)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range exact.v {
			q := rational(v, exact.exp, pt.den)
			q.Sub(q, new(big.Rat).SetFloat64(f.mid[i]))
			d, _ := q.Float64()
			if math.Abs(d) > f.rad[i] {
				t.Fatalf("seed %d: entry %d is off by %g, bound %g", seed, i, d, f.rad[i])
			}
			worst = max(worst, f.rad[i]/math.Abs(f.mid[i]))
		}
	}
	if worst > 1e-9 {
		t.Errorf("a bound is %g of the value", worst)
	}
}

// TestOptimalIsNotProved (test E20) is the case of a solver that says optimal while the smallest eigenvalue is -1e-9: whatever the
// status, that is not verified, in floating point or exactly; one with room is.
func TestOptimalIsNotProved(t *testing.T) {
	p := New()
	P := p.Sym("P", 2)
	p.PSD("P", P, 0)
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		x    []float64
		want bool
	}{
		{[]float64{1, 1, 1 - 2e-9}, false}, // smallest eigenvalue -1e-9
		{[]float64{1, 1, 1}, false},        // singular
		{[]float64{1, 1, 1 + 2e-9}, true},
	} {
		for _, exact := range []bool{false, true} {
			sol, err := c.At(tc.x)
			if err != nil {
				t.Fatal(err)
			}
			sol.Status = 1 // optimal
			proof := c.Certify(sol, CertifyOptions{Exact: exact})
			if proof.Verified != tc.want || proof.Exact != exact || !tc.want && proof.Reason == "" {
				t.Errorf("%v exact %v: verified %v, %q", tc.x, exact, proof.Verified, proof.Reason)
			}
			if est := proof.Constraints[0].Estimate; math.Abs(est-(tc.x[2]-1)/2) > 1e-15*4 {
				t.Errorf("%v: estimate %g", tc.x, est)
			}
			if proof.Constraints[0].Above > 1e-9 {
				t.Errorf("%v: proved above %g", tc.x, proof.Constraints[0].Above)
			}
		}
	}
	if proof := c.Certify(nil, CertifyOptions{}); proof.Verified {
		t.Error("verified nothing")
	}
	sol, _ := c.At([]float64{1, math.NaN(), 1})
	if proof := c.Certify(sol, CertifyOptions{}); proof.Verified {
		t.Error("verified NaN")
	}
}

// TestEqualities: an equality that floating point cannot satisfy (x = 1/3 of y) is satisfied by moving an unknown to a rational.
func TestEqualities(t *testing.T) {
	p := New()
	x, y := p.Scalar("x"), p.Scalar("y")
	p.Eq("third", x.Scale(3).Minus(y))
	p.GE("large", y, 1, 0)
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	third := 1.0 / 3
	sol, _ := c.At([]float64{third, 1})
	proof := c.Certify(sol, CertifyOptions{})
	if !proof.Verified || !proof.Exact || proof.Moved > 1e-15 {
		t.Fatalf("%+v", proof)
	}
	if got := new(big.Rat).Mul(proof.X[0], big.NewRat(3, 1)); got.Cmp(proof.X[1]) != 0 {
		t.Errorf("3 x = %v, y = %v", got, proof.X[1])
	}
	sol, _ = c.At([]float64{0.25, 0.75})
	if c.Certify(sol, CertifyOptions{}).Verified {
		t.Error("y >= 1 was verified at 0.75")
	}
	p.Eq("again", x.Scale(3).Minus(y).Minus(Identity(1)))
	if c, err = p.Compile(); err != nil {
		t.Fatal(err)
	}
	sol, _ = c.At([]float64{third, 1})
	if c.Certify(sol, CertifyOptions{}).Verified {
		t.Error("equalities that contradict one another were verified")
	}
}

// TestSOCAndRows: at 3-4-5 the cone holds with equality and a hair beside it does not.
func TestSOCAndRows(t *testing.T) {
	p := New()
	v, s := p.Mat("v", 2, 1), p.Scalar("s")
	p.SOC("norm", v, s)
	c, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	up := math.Nextafter(5, 6)
	for _, tc := range []struct {
		s            float64
		float, exact bool
	}{{5, false, true}, {up, false, true}, {math.Nextafter(5, 4), false, false}, {-5, false, false}, {5.001, true, true}} {
		sol, _ := c.At([]float64{3, 4, tc.s})
		if got := c.Certify(sol, CertifyOptions{}).Verified; got != tc.float {
			t.Errorf("s = %v: floating point says %v", tc.s, got)
		}
		if got := c.Certify(sol, CertifyOptions{Exact: true}).Verified; got != tc.exact {
			t.Errorf("s = %v: integers say %v", tc.s, got)
		}
	}
}

// TestCertifyIsSound decides Lyapunov inequalities on both sides of their edge, and compares with rationals that are formed here
// from the definition.
func TestCertifyIsSound(t *testing.T) {
	var yes, no int
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := 1 + r.IntN(4)
		a := random(r, n, n)
		p := New()
		P := p.Sym("P", n)
		p.NSD("decay", Sum(P.Left(a.T()), P.Right(a)), 0)
		c, err := p.Compile()
		if err != nil {
			t.Fatal(err)
		}
		pm := random(r, n, n)
		pm.Add(pm, pm.T())
		// shift A so that the largest eigenvalue of A'P + PA is about +-gap: with P = pm the sum is changed by P shift
		f := add(dense(a.T(), pm), dense(pm, a))
		top := -smallest(n, scaled(-1, f).RawMatrix().Data)
		x := make([]float64, len(c.Conic().C))
		k := 0
		for i := range n {
			for j := i; j < n; j++ {
				x[k] = pm.At(i, j)
				k++
			}
		}
		gap := math.Pow(10, -16+8*r.Float64())
		if seed%2 == 0 {
			gap = -gap
		}
		shift := -top + gap // decay + shift I: the constant makes the edge
		p.NSD("edge", Sum(P.Left(a.T()), P.Right(a), Identity(n).Scale(shift)), 0)
		if c, err = p.Compile(); err != nil {
			t.Fatal(err)
		}
		truth := definiteRat(n, func(i, j int) *big.Rat {
			sum := new(big.Rat)
			if i == j {
				sum.SetFloat64(shift)
			}
			for l := range n {
				for _, f := range [][2]float64{{a.At(l, i), pm.At(l, j)}, {pm.At(i, l), a.At(l, j)}} {
					u, v := new(big.Rat).SetFloat64(f[0]), new(big.Rat).SetFloat64(f[1])
					sum.Add(sum, u.Mul(u, v))
				}
			}
			return sum.Neg(sum)
		})
		sol, err := c.At(x)
		if err != nil {
			t.Fatal(err)
		}
		fast, exact := c.Certify(sol, CertifyOptions{}).Constraints[1].Proved, c.Certify(sol, CertifyOptions{Exact: true}).Constraints[1].Proved
		form := Verify(c.Conic(), x).Constraints[1].Proved
		if (fast || exact || form) && !truth {
			t.Fatalf("seed %d: floating %v, exact %v, solver's form %v, truth %v", seed, fast, exact, form, truth)
		}
		if gap < -1e-13 && !exact || gap < -1e-10 && !(fast && form) {
			t.Errorf("seed %d: gap %g: floating %v, exact %v, solver's form %v, truth %v", seed, gap, fast, exact, form, truth)
		}
		if truth {
			yes++
		} else {
			no++
		}
	}
	if yes < 60 || no < 60 {
		t.Fatalf("%d hold and %d do not: no test", yes, no)
	}
}

// definiteRat is Sylvester's criterion in rationals.
func definiteRat(n int, at func(i, j int) *big.Rat) bool {
	m := make([]*big.Rat, n*n)
	for i := range m {
		m[i] = at(i/n, i%n)
	}
	var t big.Rat
	for k := range n {
		if m[k*n+k].Sign() <= 0 {
			return false
		}
		for i := k + 1; i < n; i++ {
			f := new(big.Rat).Quo(m[i*n+k], m[k*n+k])
			for j := k; j < n; j++ {
				m[i*n+j].Sub(m[i*n+j], t.Mul(f, m[k*n+j]))
			}
		}
	}
	return true
}
