package interval

import "math"

// Neg is -x.
func (x I) Neg() I { return I{-x.Hi, -x.Lo} }

// Add is x + y.
func (x I) Add(y I) I { return I{addDown(x.Lo, y.Lo), addUp(x.Hi, y.Hi)} }

// Sub is x - y, with no knowledge of how x and y depend on each other.
func (x I) Sub(y I) I { return I{addDown(x.Lo, -y.Hi), addUp(x.Hi, -y.Lo)} }

// Mul is x y.
func (x I) Mul(y I) I {
	switch {
	case x.Lo >= 0:
		return x.mulPositive(y)
	case y.Lo >= 0:
		return y.mulPositive(x)
	case x.Hi <= 0:
		return x.Neg().mulPositive(y).Neg()
	case y.Hi <= 0:
		return y.Neg().mulPositive(x).Neg()
	}
	return I{min(mulDown(x.Lo, y.Hi), mulDown(x.Hi, y.Lo)), max(mulUp(x.Lo, y.Lo), mulUp(x.Hi, y.Hi))}
}

// mulPositive is x y for x >= 0.
func (x I) mulPositive(y I) I {
	low, high := x.Lo, x.Hi
	if y.Lo < 0 {
		low = x.Hi
	}
	if y.Hi < 0 {
		high = x.Lo
	}
	return I{mulDown(low, y.Lo), mulUp(high, y.Hi)}
}

// Div is x/y, Undefined when y contains zero.
func (x I) Div(y I) I {
	switch {
	case y.Lo > 0:
		return x.divPositive(y)
	case y.Hi < 0:
		return x.Neg().divPositive(y.Neg())
	}
	return Undefined()
}

// divPositive is x/y for y > 0.
func (x I) divPositive(y I) I {
	low, high := y.Hi, y.Lo
	if x.Lo < 0 {
		low = y.Lo
	}
	if x.Hi < 0 {
		high = y.Hi
	}
	return I{divDown(x.Lo, low), divUp(x.Hi, high)}
}

// Scale is c x for a finite float64 c.
func (x I) Scale(c float64) I { return x.Mul(Point(c)) }

// Sqr is the square of x: never negative.
func (x I) Sqr() I { return x.PowInt(2) }

// Sqrt is the square root, Undefined when x contains negative numbers.
func (x I) Sqrt() I {
	if !(x.Lo >= 0) {
		return Undefined()
	}
	return I{sqrtDown(x.Lo), sqrtUp(x.Hi)}
}

// Abs is the absolute value.
func (x I) Abs() I { return I{x.keep(x.Mig()), x.Mag()} }

// keep turns a bound into NaN for an Undefined interval.
func (x I) keep(bound float64) float64 {
	if x.IsUndefined() {
		return math.NaN()
	}
	return bound
}

// Min and Max are the smaller and the larger of two numbers, one from each interval.
func (x I) Min(y I) I { return I{min(x.Lo, y.Lo), min(x.Hi, y.Hi)} }

// Max is described with Min.
func (x I) Max(y I) I { return I{max(x.Lo, y.Lo), max(x.Hi, y.Hi)} }

// PowInt is x^n; x^0 is 1, and a negative power of an interval with zero is Undefined.
func (x I) PowInt(n int) I {
	switch {
	case x.IsUndefined():
		return x
	case n < 0:
		return Point(1).Div(x.powNatural(uint(-(n + 1)) + 1))
	}
	return x.powNatural(uint(n))
}

func (x I) powNatural(n uint) I {
	switch {
	case n == 0:
		return Point(1)
	case n%2 == 0:
		return I{power(x.Mig(), n, mulDown), power(x.Mag(), n, mulUp)}
	}
	return I{oddPower(x.Lo, n, false), oddPower(x.Hi, n, true)}
}

// power multiplies v >= 0 with itself; every product is rounded by mul, so the result bounds the power on that side.
func power(v float64, n uint, mul func(a, b float64) float64) float64 {
	r := 1.0
	for square := v; ; square = mul(square, square) {
		if n&1 == 1 {
			r = mul(r, square)
		}
		if n >>= 1; n == 0 {
			return max(r, 0)
		}
	}
}

func oddPower(v float64, n uint, up bool) float64 {
	sign, mul := 1.0, mulDown
	if v < 0 {
		sign, up = -1, !up
	}
	if up {
		mul = mulUp
	}
	return sign * power(math.Abs(v), n, mul)
}
