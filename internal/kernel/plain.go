package kernel

import "math"

// The plain twins of the activation functions take the steps of the generated ones (gen/map.go) in the same order, so
// the two agree to the last bit in double precision. Explicit conversions keep the compiler from fusing more than that.

const (
	ln2Hi    = 0x1.62e42fefa38p-1 // ln 2 to 42 bits: its products with exponents are exact
	ln2Lo    = 0x1.ef35793c7673p-45
	bias     = 1023
	mantissa = 52
)

// The series of (e^r - 1 - r)/r^2 and of (atanh(h)/h - 1)/h^2.
var (
	expSeries = [...]float64{1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880,
		1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800}
	atanhSeries = [...]float64{1. / 3, 1. / 5, 1. / 7, 1. / 9, 1. / 11, 1. / 13, 1. / 15, 1. / 17, 1. / 19, 1. / 21,
		1. / 23, 1. / 25, 1. / 27, 1. / 29, 1. / 31, 1. / 33}
)

// polynomial is c[0] + c[1] x + ..., an even number of terms, by two interleaved Horner chains.
func polynomial(c []float64, x, x2 float64) float64 {
	even, odd := c[len(c)-2], c[len(c)-1]
	for i := len(c) - 4; i >= 0; i -= 2 {
		even, odd = math.FMA(even, x2, c[i]), math.FMA(odd, x2, c[i+1])
	}
	return math.FMA(odd, x, even)
}

// reduce writes t = n ln 2 + r; n comes back as the low bits of a double, with offset added.
func reduce(t, offset float64) (bits uint64, r float64) {
	round := 0x1.8p52 + offset
	b := math.FMA(math.Log2E, t, round)
	n := b - round
	return math.Float64bits(b), math.FMA(-ln2Lo, n, math.FMA(-ln2Hi, n, t))
}

func exp(x float64) float64 {
	bits, r := reduce(max(-746, min(710, x)), 2*bias)
	r2 := float64(r * r)
	e := math.FMA(polynomial(expSeries[:], r, r2), r2, r) + 1
	half := bits >> 1
	return float64(e*math.Float64frombits(half<<mantissa)) * math.Float64frombits((bits-half)<<mantissa)
}

func tanh(x float64) float64 {
	a := math.Abs(x)
	bits, r := reduce(min(44, a+a), bias)
	r2 := float64(r * r)
	poly := polynomial(expSeries[:], r, r2)
	q := math.FMA(poly, r2, r)
	s := math.Float64frombits(bits << mantissa)
	e := math.FMA(q, s, s-1)
	low := math.FMA(math.FMA(poly, r2, r-q), s, math.FMA(q, s, (s-1)-e))
	d := e + 2
	y := 1 / d
	w := float64(e * y)
	rem := math.FMA(low, 1-w, math.FMA(-w, d, e))
	return math.Copysign(math.FMA(rem, y, w), x)
}

func sigmoid(x float64) float64 {
	e := exp(-math.Abs(x))
	s, top := e+1, 1.0
	if math.Signbit(x) {
		top = e
	}
	low := e - (s - 1)
	y := 1 / s
	q := float64(top * y)
	return math.FMA(math.FMA(-q, low, math.FMA(-q, s, top)), y, q)
}

func softplus(x float64) float64 {
	e := exp(-math.Abs(x))
	w := (e + e) / (e + 2)
	h := float64(w * 0.5)
	z := float64(h * h)
	series := polynomial(atanhSeries[:], z, float64(z*z))
	return math.FMA(float64(series*z), w, w) + max(x, 0)
}
