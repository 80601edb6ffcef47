package interval

import "math"

// errorSafe is the magnitude above which the rounding error of a product, quotient or root of two float64 is a float64
// itself, so that a fused multiply-add gives it exactly: 2^-1022 times 2^53 twice, rounded up.
const errorSafe = 0x1p-915

// next and prev are the neighbours of a float64; both keep NaN and the infinity on their own side.
func next(v float64) float64 {
	switch b := math.Float64bits(v); {
	case v != v || v == math.Inf(1):
		return v
	case v == 0:
		return math.SmallestNonzeroFloat64
	case v > 0:
		return math.Float64frombits(b + 1)
	default:
		return math.Float64frombits(b - 1)
	}
}

func prev(v float64) float64 { return -next(-v) }

// addUp and addDown are the float64 next to the real sum of a and b, above and below.
func addUp(a, b float64) float64 {
	s := a + b
	if math.IsInf(s, 0) {
		return overflowUp(s, a, b)
	}
	t := s - a
	if e := (a - (s - t)) + (b - t); e <= 0 && e >= -math.MaxFloat64 {
		return s
	}
	return next(s)
}

func addDown(a, b float64) float64 { return -addUp(-a, -b) }

// overflowUp is an upper bound where the sum s of a and b left the range: -Inf comes from an infinite operand, and then
// is the bound itself, or from finite ones, and then the bound is the most negative number.
func overflowUp(s, a, b float64) float64 {
	if s < 0 && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return -math.MaxFloat64
	}
	return s
}

// mulUp and mulDown bound the product. An infinite bound stands for unbounded real numbers, so zero times it is zero.
func mulUp(a, b float64) float64 {
	if a == 0 || b == 0 {
		if a != a || b != b {
			return math.NaN()
		}
		return 0
	}
	p := float64(a * b)
	switch m := math.Abs(p); {
	case m > math.MaxFloat64:
		return overflowUp(p, a, b)
	case m < errorSafe:
		return next(p)
	case math.FMA(a, b, -p) > 0:
		return next(p)
	}
	return p
}

func mulDown(a, b float64) float64 { return -mulUp(-a, b) }

// divUp and divDown bound the quotient for b != 0.
func divUp(a, b float64) float64 {
	if a == 0 {
		return 0 / b // keeps NaN
	}
	if math.IsInf(b, 0) {
		if math.IsInf(a, 0) {
			return math.Inf(1)
		}
		return next(0 * a) // the quotient tends to zero from either side
	}
	q := a / b
	switch m := math.Abs(q); {
	case m > math.MaxFloat64:
		return overflowUp(q, a, b)
	case m < errorSafe || math.Abs(a) < errorSafe:
		return next(q)
	}
	if r := math.FMA(-q, b, a); r != 0 && (r > 0) == (b > 0) || r != r {
		return next(q)
	}
	return q
}

func divDown(a, b float64) float64 { return -divUp(-a, b) }

// sqrtUp and sqrtDown bound the root of v >= 0.
func sqrtUp(v float64) float64 {
	s := math.Sqrt(v)
	if v == 0 || math.IsInf(s, 1) {
		return s
	}
	if v < errorSafe || math.FMA(-s, s, v) > 0 {
		return next(s)
	}
	return s
}

func sqrtDown(v float64) float64 {
	s := math.Sqrt(v)
	if v == 0 || math.IsInf(s, 1) {
		return s
	}
	if v < errorSafe || math.FMA(-s, s, v) < 0 {
		return prev(s)
	}
	return s
}
