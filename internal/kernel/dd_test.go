package kernel

import "math"

// dd is the unevaluated sum of two doubles, good to about 100 bits: the reference for the activation functions,
// itself checked against math/big.
type dd struct{ hi, lo float64 }

func twoSum(a, b float64) dd {
	s := a + b
	t := s - a
	return dd{s, (a - (s - t)) + (b - t)}
}

func (x dd) add(y dd) dd {
	s, t := twoSum(x.hi, y.hi), twoSum(x.lo, y.lo)
	s = twoSum(s.hi, s.lo+t.hi)
	return twoSum(s.hi, s.lo+t.lo)
}

func (x dd) neg() dd { return dd{-x.hi, -x.lo} }

func (x dd) mul(y dd) dd {
	p := x.hi * y.hi
	e := math.FMA(x.hi, y.hi, -p) + (x.hi*y.lo + x.lo*y.hi)
	return twoSum(p, e)
}

func (x dd) div(y dd) dd {
	q := dd{x.hi / y.hi, 0}
	for range 2 {
		r := x.add(y.mul(q).neg())
		q = q.add(dd{r.hi / y.hi, 0})
	}
	return q
}

func (x dd) scale(n int) dd { return dd{math.Ldexp(x.hi, n), math.Ldexp(x.lo, n)} }

var (
	ddOne, ddTwo = dd{1, 0}, dd{2, 0}
	// ln 2 in three parts, the first two with 42 and 43 bits, so that products with n < 2^11 are exact.
	ln2Parts = [3]dd{{0x1.62e42fefa38p-1, 0}, {0x1.ef35793c764p-45, 0}, {0x1.9803f2f6af40fp-88, 0x1.a193394c5b16cp-143}}
)

// ddExpm1 is e^r - 1 for |r| < 0.4: the Taylor series at r/64, doubled six times by e(e+2).
func ddExpm1(r dd) dd {
	r = r.scale(-6)
	sum := dd{1, 0}
	for i := 13; i >= 2; i-- {
		sum = ddOne.add(sum.mul(r).div(dd{float64(i), 0}))
	}
	e := sum.mul(r)
	for range 6 {
		e = e.mul(e.add(ddTwo))
	}
	return e
}

// ddReduce writes x = n ln 2 + r.
func ddReduce(x float64) (n int, r dd) {
	n = int(math.Round(x / math.Ln2))
	r = dd{x, 0}
	for _, part := range ln2Parts {
		r = r.add(part.mul(dd{float64(-n), 0}))
	}
	return n, r
}

// scaled is v times 2^n: references far outside the range of doubles stay exact.
type scaled struct {
	v dd
	n int
}

func ddExp(x float64) scaled {
	n, r := ddReduce(max(-2000, min(2000, x)))
	return scaled{ddOne.add(ddExpm1(r)), n}
}

func ddTanh(x float64) scaled {
	if math.Abs(x) < 0x1p-60 { // x to 2^-120
		return scaled{dd{x, 0}, 0}
	}
	n, r := ddReduce(math.Min(2*math.Abs(x), 1000))
	// tanh = E/(E+2) with E = 2^n (e^r-1) + 2^n - 1, divided through by 2^n.
	e := ddExpm1(r).add(ddOne).add(dd{-math.Ldexp(1, -n), 0})
	if n == 0 {
		e = ddExpm1(r)
	}
	t := e.div(e.add(dd{math.Ldexp(1, 1-n), 0}))
	return scaled{dd{math.Copysign(1, x), 0}.mul(t), 0}
}

func ddSigmoid(x float64) scaled {
	e := ddExp(-math.Abs(x))
	s := ddOne
	if e.n > -1000 {
		s = s.add(e.v.scale(e.n))
	}
	if x < 0 {
		return scaled{e.v.div(s), e.n}
	}
	return scaled{ddOne.div(s), 0}
}

// ddSoftplus takes one Newton step of e^y = 1+u from the library's log1p.
func ddSoftplus(x float64) scaled {
	e := ddExp(-math.Abs(x))
	if e.n < -120 { // log1p(u) is u to 2^-120
		if x < 0 {
			return e
		}
		return scaled{dd{x, 0}, 0}
	}
	u := e.v.scale(e.n)
	y := math.Log1p(u.hi)
	n, r := ddReduce(y)
	em := ddExpm1(r)
	if n != 0 {
		em = em.scale(n).add(dd{math.Ldexp(1, n) - 1, 0})
	}
	l := dd{y, 0}.add(u.add(em.neg()).div(ddOne.add(em)))
	return scaled{l.add(dd{math.Max(x, 0), 0}), 0}
}

// ulps is the distance of got from ref in units in the last place of ref, for a format with the given bits of
// precision, smallest exponent (that of the smallest subnormal number) and largest (of the power of two that
// overflows: an infinity is right where the reference rounds to that).
func ulps(got float64, ref scaled, precision, smallest, largest int) float64 {
	_, e := math.Frexp(ref.v.hi)
	unit := max(e+ref.n-precision, smallest)
	r := ref.v.scale(ref.n - unit)
	if math.IsInf(got, 0) && got > 0 == (r.hi > 0) && math.Abs(r.hi)+0.5 >= math.Ldexp(1, largest-unit) {
		return 0
	}
	return math.Abs(math.Ldexp(got, -unit) - r.hi - r.lo)
}
