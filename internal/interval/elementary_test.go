package interval

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The references below sum Taylor series of package math/big after halving the argument, apart from the code under test
// in method and in precision: 400 bits, of which cancellation and the error of the series cost fewer than 100 for the
// arguments drawn here.

func bigExp(x *big.Float) *big.Float {
	const halvings = 40
	y := new(big.Float).SetPrec(prec).SetMantExp(x, -halvings)
	sum, term := exact(1), exact(1)
	for k := 1; k < 60; k++ {
		term.Quo(term.Mul(term, y), exact(float64(k)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigSinCos sums the series at x/2^40 and doubles the angle with sin 2x = 2 sin x cos x, 1 - cos 2x = 2 sin^2 x.
func bigSinCos(x *big.Float) (sin, cos *big.Float) {
	const halvings = 60
	y := new(big.Float).SetPrec(prec).SetMantExp(x, -halvings)
	y2 := new(big.Float).Mul(y, y)
	s, term := new(big.Float).Copy(y), new(big.Float).Copy(y)
	v, termV := new(big.Float).SetPrec(prec), exact(-1) // v = 1 - cos
	for k := 1; k < 30; k++ {
		term.Neg(term.Quo(term.Mul(term, y2), exact(float64(2*k*(2*k+1)))))
		s.Add(s, term)
		termV.Neg(termV.Quo(termV.Mul(termV, y2), exact(float64((2*k-1)*2*k))))
		v.Add(v, termV)
	}
	for range halvings {
		c := new(big.Float).Sub(exact(1), v)
		v.Mul(exact(2), new(big.Float).Mul(s, s))
		s.Mul(exact(2), new(big.Float).Mul(s, c))
	}
	return s, new(big.Float).Sub(exact(1), v)
}

// newton solves f(y) = x from a start with 40 right bits, which each step doubles.
func newton(start float64, step func(y *big.Float) *big.Float) *big.Float {
	y := exact(start)
	for range 4 {
		y.Sub(y, step(y))
	}
	return y
}

func bigLog(x *big.Float) *big.Float {
	v, _ := x.Float64()
	return newton(math.Log(v), func(y *big.Float) *big.Float {
		e := bigExp(new(big.Float).Neg(y))
		return new(big.Float).Sub(exact(1), e.Mul(e, x)) // y - 1 + x e^-y
	})
}

func bigAtan(x *big.Float) *big.Float {
	v, _ := x.Float64()
	return newton(math.Atan(v), func(y *big.Float) *big.Float {
		s, c := bigSinCos(y)
		return new(big.Float).Mul(c, s.Sub(s, new(big.Float).Mul(x, c))) // (tan y - x) cos^2 y
	})
}

func bigSinhCosh(x *big.Float) (sinh, cosh *big.Float) {
	e := bigExp(x)
	inv := new(big.Float).Quo(exact(1), e)
	half := exact(0.5)
	return new(big.Float).Mul(half, new(big.Float).Sub(e, inv)), new(big.Float).Mul(half, new(big.Float).Add(e, inv))
}

func quo(a, b *big.Float) *big.Float { return new(big.Float).Quo(a, b) }

// angle is atan2(s, c) for c >= 0.
func angle(s, c2 *big.Float) *big.Float { return bigAtan(quo(s, new(big.Float).Sqrt(c2))) }

var elementary = []struct {
	name   string
	lo, hi float64
	box    func(I) I
	lib    func(float64) float64 // nil where the box is not a widened library function
	ref    func(*big.Float) *big.Float
}{
	{"exp", -600, 600, I.Exp, math.Exp, bigExp},
	{"log", 1e-12, 1e12, I.Log, math.Log, bigLog},
	{"sin", -30, 30, I.Sin, math.Sin, func(x *big.Float) *big.Float { s, _ := bigSinCos(x); return s }},
	{"cos", -30, 30, I.Cos, math.Cos, func(x *big.Float) *big.Float { _, c := bigSinCos(x); return c }},
	{"sin far out", -1e6, 1e6, I.Sin, nil, func(x *big.Float) *big.Float { s, _ := bigSinCos(x); return s }},
	{"cos far out", -1e6, 1e6, I.Cos, nil, func(x *big.Float) *big.Float { _, c := bigSinCos(x); return c }},
	{"tan", -1.5, 1.5, I.Tan, nil, func(x *big.Float) *big.Float { s, c := bigSinCos(x); return quo(s, c) }},
	{"atan", -20, 20, I.Atan, math.Atan, bigAtan},
	{"sinh", -600, 600, I.Sinh, math.Sinh, func(x *big.Float) *big.Float { s, _ := bigSinhCosh(x); return s }},
	{"cosh", -600, 600, I.Cosh, math.Cosh, func(x *big.Float) *big.Float { _, c := bigSinhCosh(x); return c }},
	{"tanh", -22, 22, I.Tanh, math.Tanh, func(x *big.Float) *big.Float { s, c := bigSinhCosh(x); return quo(s, c) }},
	{"asin", -1, 1, I.Asin, nil, func(x *big.Float) *big.Float {
		return angle(x, new(big.Float).Sub(exact(1), new(big.Float).Mul(x, x)))
	}},
	{"acos", -1, 1, I.Acos, nil, func(x *big.Float) *big.Float {
		a := bigAtan(new(big.Float).Sqrt(quo(new(big.Float).Sub(exact(1), x), new(big.Float).Add(exact(1), x))))
		return a.Mul(a, exact(2))
	}},
	{"pow 0.3", 1e-6, 1e6, func(x I) I { return x.Pow(Point(0.3)) }, nil, func(x *big.Float) *big.Float {
		l := bigLog(x)
		return bigExp(l.Mul(l, exact(0.3)))
	}},
}

// observedUlps is the error that the widening's reason states; ulps is four times as much.
const observedUlps = 2

// An argument near a zero of sin is where the reduction matters: multiples of pi/2 rounded to float64 are drawn too. The
// arguments of the others crowd at zero and at the ends.
func drawIn(r *rand.Rand, lo, hi float64) float64 {
	v := lo + (hi-lo)*r.Float64()
	switch r.IntN(6) {
	case 0:
		v = math.Round(v/(math.Pi/2)) * (math.Pi / 2)
	case 1:
		v *= math.Exp(-30 * r.Float64())
	case 2:
		v = lo + (hi-lo)*math.Exp(-35*r.Float64())
	case 3:
		v = hi - (hi-lo)*math.Exp(-35*r.Float64())
	}
	return min(max(v, lo), hi)
}

func TestElementaryContainsTheExactResult(t *testing.T) {
	for k, f := range elementary {
		r := rand.New(rand.NewPCG(3, uint64(k)))
		for range 200 {
			v := drawIn(r, f.lo, f.hi)
			x := Of(v, drawIn(r, f.lo, f.hi))
			if r.IntN(2) == 0 {
				x = Of(v, min(max(v+0.01*r.NormFloat64(), f.lo), f.hi))
			}
			if (f.name == "asin" || f.name == "acos") && math.Abs(v) == 1 {
				continue // poles of the references
			}
			want := f.ref(exact(v))
			if z := f.box(Point(v)); !holds(z, want) {
				t.Fatalf("%s(%v) is %v, outside %v", f.name, v, want, z)
			}
			if z := f.box(x); !z.IsUndefined() && !holds(z, want) {
				t.Fatalf("%s(%v) is %v, outside %v for %v", f.name, v, want, z, x)
			}
		}
	}
	for _, c := range []struct{ got, want I }{
		{Point(1).Asin(), Pi().Scale(0.5)}, {Point(-1).Asin(), Pi().Scale(-0.5)}, {Point(-1).Acos(), Pi()}, {Point(1).Acos(), Point(0)},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

// The reason given for the widening: the library is within two units where the argument's reduction plays no part.
func TestElementaryErrors(t *testing.T) {
	for k, f := range elementary {
		if f.lib == nil {
			continue
		}
		r := rand.New(rand.NewPCG(4, uint64(k)))
		worst := 0.0
		for range 300 {
			v := drawIn(r, f.lo, f.hi)
			got, want := f.lib(v), f.ref(exact(v))
			e, _ := quo(new(big.Float).Sub(exact(got), want), exact(math.Nextafter(math.Abs(got), math.Inf(1))-math.Abs(got))).Float64()
			if (f.name == "sin" || f.name == "cos") && math.Abs(got) < 1e-10 {
				continue // the absolute term covers these
			}
			worst = max(worst, math.Abs(e))
		}
		t.Logf("%s: %.2f units", f.name, worst)
		if worst > observedUlps {
			t.Errorf("%s: %.2f units, more than the %d that the widening assumes", f.name, worst, observedUlps)
		}
	}
}

// Ranges of sin and cos over intervals that hold a crest or a trough by a hair, and that miss it.
func TestWaveExtremes(t *testing.T) {
	half := math.Pi / 2
	if z := (I{half - 1e-6, half + 1e-6}).Sin(); z.Hi != 1 {
		t.Errorf("crest missed: %v", z)
	}
	if z := (I{half + 1e-6, half + 2e-6}).Sin(); z.Hi >= 1 {
		t.Errorf("no crest in %v", z)
	}
	if z := (I{math.Pi - 1e-9, math.Pi + 1e-9}).Cos(); z.Lo != -1 {
		t.Errorf("trough missed: %v", z)
	}
	if z := (I{1e19, 1e19 + 4096}).Sin(); z != (I{-1, 1}) {
		t.Errorf("far out: %v", z)
	}
	if z := (I{-1, 1}).Cos(); z.Hi != 1 || z.Lo < 0.5403 {
		t.Errorf("cos [-1, 1] = %v", z)
	}
}
