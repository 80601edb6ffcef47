package interval

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// prec is the precision of the reference in bits: products and quotients of two float64 of any exponent that the tests
// draw fit with many bits to spare.
const prec = 400

func exact(v float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(v) }

// draw gives numbers of all signs and sizes, small integers and zeros included.
func draw(r *rand.Rand) float64 {
	switch r.IntN(8) {
	case 0:
		return float64(r.IntN(9) - 4)
	case 1:
		return math.Ldexp(r.NormFloat64(), r.IntN(1800)-900)
	}
	return math.Ldexp(r.NormFloat64(), r.IntN(12)-6)
}

func drawI(r *rand.Rand) I {
	v := draw(r)
	if r.IntN(4) == 0 {
		return Point(v)
	}
	return Of(v, draw(r))
}

// inside picks a number of the interval, its ends often.
func inside(r *rand.Rand, x I) float64 {
	switch r.IntN(4) {
	case 0:
		return x.Lo
	case 1:
		return x.Hi
	}
	t := r.Float64()
	return min(max(x.Lo*(1-t)+x.Hi*t, x.Lo), x.Hi)
}

// holds reports whether an interval contains a number of high precision.
func holds(x I, v *big.Float) bool {
	lo := math.IsInf(x.Lo, -1) || exact(x.Lo).Cmp(v) <= 0
	hi := math.IsInf(x.Hi, 1) || exact(x.Hi).Cmp(v) >= 0
	return lo && hi
}

func TestArithmeticContainsTheExactResult(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		x, y := drawI(r), drawI(r)
		a, b := inside(r, x), inside(r, y)
		p, q := exact(a), exact(b)
		check := func(name string, z I, v *big.Float) {
			if !holds(z, v) {
				t.Fatalf("%s of %v in %v and %v in %v is %v, outside %v", name, a, x, b, y, v, z)
			}
		}
		check("sum", x.Add(y), new(big.Float).SetPrec(3*prec).Add(p, q))
		check("difference", x.Sub(y), new(big.Float).SetPrec(3*prec).Sub(p, q))
		check("product", x.Mul(y), new(big.Float).Mul(p, q))
		check("square", x.Sqr(), new(big.Float).Mul(p, p))
		check("magnitude", x.Abs(), new(big.Float).Abs(p))
		if z := x.Div(y); y.Contains(0) {
			if !z.IsUndefined() {
				t.Fatalf("%v/%v is %v", x, y, z)
			}
		} else if v := new(big.Float).Quo(p, q); v.Sign() != 0 || p.Sign() == 0 {
			check("quotient", z, v)
		}
		if z := x.Sqrt(); x.Lo < 0 {
			if !z.IsUndefined() {
				t.Fatalf("root of %v is %v", x, z)
			}
		} else {
			check("root", z, new(big.Float).SetPrec(prec).Sqrt(p))
		}
	}
}

func TestPowersContainTheExactResult(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for range 20_000 {
		x, n := drawI(r), r.IntN(13)-3
		if x.Mag() > 1e20 || x.Mag() < 1e-20 || x.Mig() > 0 && x.Mig() < 1e-20 {
			continue // the reference has a fixed precision
		}
		a := inside(r, x)
		v := exact(1)
		for range max(n, -n) {
			v.Mul(v, exact(a).SetPrec(2000)).SetPrec(2000)
		}
		if z := x.PowInt(n); n < 0 && x.Contains(0) {
			if !z.IsUndefined() {
				t.Fatalf("%v^%d is %v", x, n, z)
			}
		} else {
			if n < 0 {
				v.Quo(exact(1), v)
			}
			if !holds(z, v) {
				t.Fatalf("%v^%d with %v in %v is outside %v", a, n, a, x, z)
			}
		}
	}
}

// Exact results stay exact: no bound moves where no rounding happened. Rounded ones move by one neighbour.
func TestRoundingIsTight(t *testing.T) {
	for _, c := range []struct{ got, want I }{
		{Point(1).Add(Point(2)), Point(3)},
		{Point(0.5).Mul(Point(3)), Point(1.5)},
		{Point(1).Div(Point(4)), Point(0.25)},
		{Point(9).Sqrt(), Point(3)},
		{Point(-2).PowInt(3), Point(-8)},
		{Point(0).Mul(Whole()), Point(0)},
		{Point(0).Sin(), Point(0)},
		{Point(0).Exp(), Point(1)},
		{Point(1).Log(), Point(0)},
		{I{-1, 2}.Sqr(), I{0, 4}},
		{I{-3, 2}.PowInt(3), I{-27, 8}},
		{I{0, 4}.Sin(), I{math.Sin(4) - 8e-16, 1}},
		{I{-1, 7}.Cos(), I{-1, 1}},
	} {
		if c.want.IsPoint() && c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
		if !c.got.In(I{c.want.Lo - 1e-15, c.want.Hi + 1e-15}) {
			t.Errorf("got %v, want about %v", c.got, c.want)
		}
	}
	third := Point(1).Div(Point(3))
	if third.Hi != math.Nextafter(third.Lo, 1) {
		t.Errorf("1/3 is %v, want neighbours", third)
	}
	tenths := Point(0.1).Add(Point(0.2))
	if tenths.Hi != math.Nextafter(tenths.Lo, 1) {
		t.Errorf("0.1+0.2 is %v, want neighbours", tenths)
	}
}

// Nothing that follows an operation outside its domain compares as true.
func TestUndefinedStaysUndefined(t *testing.T) {
	for _, u := range []I{
		Point(1).Div(I{-1, 1}), I{-1, 4}.Sqrt(), I{0, 1}.Log(), I{0, 2}.Asin(), I{1, 2}.Tan(), Point(-2).Pow(Point(0.5)),
		I{0, 1}.Pow(I{-1, 1}), I{-2, 0}.Acos(), I{-1, 1}.PowInt(-2),
	} {
		for i, v := range []I{
			u, u.Sin(), u.Cos(), u.Tanh(), u.Abs(), u.Sqr(), u.Min(Point(-1)), u.Max(Point(1)), u.Exp(), u.Cosh(), u.Mul(Point(0)),
			u.Add(Whole()), u.Atan(), Point(1).Div(u), u.Neg(), u.PowInt(0), u.Sqrt(), u.Sinh(), u.Hull(Point(1)), u.Tan(),
		} {
			if v.Lo < 1e300 || v.Hi > -1e300 || !v.IsUndefined() {
				t.Errorf("operation %d of an undefined value gives %v", i, v)
			}
		}
		if _, ok := u.Meet(Whole()); ok || u.Contains(0) || u.In(Whole()) || Point(0).In(u) {
			t.Error("an undefined value has members")
		}
	}
}

// Overflow gives bounds that stay true: the largest float64 below, infinity above.
func TestOverflow(t *testing.T) {
	big := Point(1e300)
	for _, v := range []I{big.Mul(big), big.Exp(), big.Sqr(), big.Div(Point(1e-300)), Point(1.7e308).Add(Point(1.7e308)), Point(800).Sinh(), Point(800).Cosh()} {
		if !math.IsInf(v.Hi, 1) || !(v.Lo > 1e307) || math.IsInf(v.Lo, 1) {
			t.Errorf("got %v", v)
		}
	}
	// sinh 710 and cosh 710 are 1.117e308, though e^710 overflows.
	for _, v := range []I{Point(710).Sinh(), Point(710).Cosh(), Point(-710).Sinh().Neg()} {
		if !v.Contains(1.117e308) {
			t.Errorf("got %v", v)
		}
	}
	if v := Point(-1e300).Mul(big); !math.IsInf(v.Lo, -1) || v.Hi > -1e307 {
		t.Errorf("got %v", v)
	}
	if v := Point(1e-300).Mul(Point(1e-300)); v.Lo > 0 || v.Hi <= 0 {
		t.Errorf("underflow gives %v", v)
	}
	if v := Point(-800).Exp(); v.Lo != 0 || v.Hi <= 0 {
		t.Errorf("e^-800 in %v", v)
	}
}

func TestParts(t *testing.T) {
	x := Of(4, -2)
	l, r := x.Split()
	if x != (I{-2, 4}) || x.Mid() != 1 || x.Width() != 6 || x.Radius() != 3 || x.Mag() != 4 || x.Mig() != 0 || l != (I{-2, 1}) || r != (I{1, 4}) {
		t.Error("parts of [-2, 4]")
	}
	if !(I{0, 1}).Inside(x) || x.Inside(x) || !x.In(x) || l.Hull(r) != x || x.String() != "[-2, 4]" || Point(0.5).String() != "0.5" {
		t.Error("relations of [-2, 4]")
	}
	for _, v := range []I{Whole(), {math.Inf(-1), 3}, {7, math.Inf(1)}, {-math.MaxFloat64, math.MaxFloat64}} {
		if m := v.Mid(); math.IsInf(m, 0) || !v.Contains(m) {
			t.Errorf("middle of %v is %v", v, m)
		}
	}
}
