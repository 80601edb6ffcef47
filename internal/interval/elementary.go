package interval

import "math"

// ulps is how many units in the last place a result of package math is moved outward. The functions used here are the
// FreeBSD (exp, log) and Cephes (sin, cos, atan, tanh) ones or assembly of the same algorithms, whose authors state errors
// below 1 unit and 2 to 3 units; sinh, cosh and tanh take one exponential and at most three more roundings.
// TestElementaryErrors measures them against package math/big; the largest error seen there is below 2 units. 8 leaves a
// factor of four. No proof is known to us: what rests on these functions is verified on that condition.
const ulps = 8

// angleError bounds, per unit of |x|, the absolute error that the reduction of the argument brings into sin and cos: the
// library subtracts multiples of pi/4 held as a sum of three float64 of which the first two have few enough bits to be
// exact products, and the third (2.7e-15) is rounded: |x| (4/pi) 2.7e-15 2^-53 twice is below 2^-99 |x|.
const angleError = 0x1p-97

// largestAngle is where sin and cos give up and return [-1, 1]. Below it the products of the reduction are exact and
// the quotient by pi decides the quadrant to turnError.
const largestAngle = 0x1p20

// Ends of the exponential: below tinyExponent the library may return zero for a number that is none, and above
// hugeExponent infinity for one that is a float64, which would be no lower bound.
const (
	tinyExponent = -690.0
	tinyPower    = 0x1p-995 // above e^-690 = 2.2e-300
	hugeExponent = 709.0
)

func up(v float64) float64   { return shift(v, ulps) }
func down(v float64) float64 { return -shift(-v, ulps) }

// shift moves v up by n neighbours; zero stays zero, since the functions here are exact at their zeros other than those
// of sin and cos, which have an error term of their own.
func shift(v float64, n int) float64 {
	if v == 0 || v != v {
		return v
	}
	if m := math.Abs(v); m > farFromEnds && m < 1/farFromEnds { // neighbours are neighbouring integers
		if v < 0 {
			n = -n
		}
		return math.Float64frombits(math.Float64bits(v) + uint64(n))
	}
	for range n {
		v = next(v)
	}
	return v
}

const farFromEnds = 0x1p-1000

// increasing is an increasing function of the library, bounded at both ends of x.
func (x I) increasing(f func(float64) float64) I { return I{down(f(x.Lo)), up(f(x.Hi))} }

// Exp is e^x.
func (x I) Exp() I {
	return I{x.keep(max(0, expDown(x.Lo))), expUp(x.Hi)}
}

func expDown(v float64) float64 {
	if v < tinyExponent {
		return 0
	}
	return exactly(v == 0, 1, down(math.Exp(min(v, hugeExponent))))
}

func expUp(v float64) float64 {
	if v < tinyExponent {
		return tinyPower
	}
	return exactly(v == 0, 1, up(math.Exp(v)))
}

// exactly is value where the function is known to have it, else the bound.
func exactly(at bool, value, bound float64) float64 {
	if at {
		return value
	}
	return bound
}

// Log is the natural logarithm, Undefined unless x > 0.
func (x I) Log() I {
	if !(x.Lo > 0) {
		return Undefined()
	}
	return x.increasing(math.Log)
}

// Atan is the arc tangent.
func (x I) Atan() I { return x.increasing(math.Atan) }

// Sinh is the hyperbolic sine.
func (x I) Sinh() I { return I{sinhDown(x.Lo), -sinhDown(-x.Hi)} }

func sinhDown(v float64) float64 { return down(math.Sinh(min(v, hugeExponent))) }

// Tanh is the hyperbolic tangent, within [-1, 1].
func (x I) Tanh() I {
	y := x.increasing(math.Tanh)
	return I{max(y.Lo, -1), min(y.Hi, 1)}
}

// Cosh is the hyperbolic cosine, at least 1.
func (x I) Cosh() I {
	lo, hi := x.Mig(), x.Mag()
	return I{x.keep(max(1, down(math.Cosh(min(lo, hugeExponent))))), exactly(hi == 0, 1, up(math.Cosh(hi)))}
}

// Sin is the sine.
func (x I) Sin() I {
	if x.IsUndefined() {
		return x
	}
	if !(x.Mag() <= largestAngle) {
		return I{-1, 1}
	}
	if x.Lo == 0 && x.Hi == 0 {
		return x
	}
	return x.wave(math.Sin, 0.25, 0.75)
}

// Cos is the cosine.
func (x I) Cos() I {
	if x.IsUndefined() {
		return x
	}
	if !(x.Mag() <= largestAngle) {
		return I{-1, 1}
	}
	if x.Lo == 0 && x.Hi == 0 {
		return Point(1)
	}
	return x.wave(math.Cos, 0, 0.5)
}

// wave is sin or cos over a bounded interval: the ends, and 1 or -1 where the interval may hold a crest or a trough,
// which are at the given fractions of the period.
func (x I) wave(f func(float64) float64, crest, trough float64) I {
	a, b := f(x.Lo), f(x.Hi)
	ea, eb := angleError*math.Abs(x.Lo), angleError*math.Abs(x.Hi)
	y := I{min(waveDown(a, ea), waveDown(b, eb)), max(-waveDown(-a, ea), -waveDown(-b, eb))}
	first, last := x.Lo/(2*math.Pi), x.Hi/(2*math.Pi)
	if meetsInteger(first-crest, last-crest) {
		y.Hi = 1
	}
	if meetsInteger(first-trough, last-trough) {
		y.Lo = -1
	}
	return I{max(y.Lo, -1), min(y.Hi, 1)}
}

func waveDown(v, e float64) float64 { return addDown(down(v), -e) }

// turnError bounds the error of x/(2 pi) or x/pi minus a fraction, in floats, for |x| <= largestAngle: the quotients are
// below 2^19, and pi and the two operations are each off by less than 2^-52 of that.
const turnError = 0x1p-30

// meetsInteger reports whether an integer may lie between two numbers that are known to within turnError.
func meetsInteger(lo, hi float64) bool {
	return math.Ceil(lo-turnError) <= math.Floor(hi+turnError)
}

// Tan is the tangent, Undefined where x may hold a pole.
func (x I) Tan() I {
	if x.IsUndefined() || !(x.Mag() <= largestAngle) {
		return Undefined()
	}
	if meetsInteger(x.Lo/math.Pi-0.5, x.Hi/math.Pi-0.5) {
		return Undefined()
	}
	at := func(v float64) I { return Point(v).Sin().Div(Point(v).Cos()) }
	a, b := at(x.Lo), at(x.Hi)
	if a.IsUndefined() || b.IsUndefined() {
		return Undefined()
	}
	return I{a.Lo, b.Hi}
}

// Asin is the arc sine, Undefined unless x is within [-1, 1]. The library's loses digits near 1; this one is
//
//	asin x = atan(x/sqrt((1-x)(1+x)))
func (x I) Asin() I {
	if !(x.Lo >= -1 && x.Hi <= 1) {
		return Undefined()
	}
	return I{asin(x.Lo).Lo, asin(x.Hi).Hi}
}

func asin(v float64) I {
	half := Pi().Scale(0.5)
	switch v {
	case 1:
		return half
	case -1:
		return half.Neg()
	}
	x, one := Point(v), Point(1)
	return x.Div(one.Sub(x).Mul(one.Add(x)).Sqrt()).Atan()
}

// Acos is the arc cosine, Undefined unless x is within [-1, 1]:
//
//	acos x = 2 atan(sqrt((1-x)/(1+x)))
func (x I) Acos() I {
	if !(x.Lo >= -1 && x.Hi <= 1) {
		return Undefined()
	}
	return I{acos(x.Hi).Lo, acos(x.Lo).Hi}
}

func acos(v float64) I {
	if v == -1 {
		return Pi()
	}
	x, one := Point(v), Point(1)
	return one.Sub(x).Div(one.Add(x)).Sqrt().Atan().Scale(2)
}

// Pow is x^y = e^(y log x) for x > 0. With y > 0 it takes x = 0 too, where it is 0; anything else is Undefined. Integer
// powers of any x are PowInt's.
func (x I) Pow(y I) I {
	switch {
	case x.IsUndefined() || y.IsUndefined():
		return Undefined()
	case x.Lo > 0:
		return y.Mul(x.Log()).Exp()
	case x.Lo == 0 && y.Lo > 0:
		if x.Hi == 0 {
			return Point(0)
		}
		return I{0, y.Mul(Point(x.Hi).Log()).Exp().Hi}
	}
	return Undefined()
}
