package cert

import (
	"math/big"
	"slices"
)

// interval is the set of numbers from lo to hi. An operation returns an interval that holds its results for all numbers in its
// operands. The ends are dyadic numbers, of type big.Float, whose operations round to the longer of their operands' precisions, exactly
// and to the demanded side, outward, as long as exponents stay in range; between sees to that. Ends are never modified.
type interval struct{ lo, hi *big.Float }

// undefined ends an evaluation that has no value somewhere in its operands, or leaves the range of exponents.
type undefined struct{}

const maxExponent = 1 << 13

func between(lo, hi *big.Float) interval {
	if a, b := lo.MantExp(nil), hi.MantExp(nil); max(a, b) > maxExponent || min(a, b) < -maxExponent {
		panic(undefined{})
	}
	return interval{lo, hi}
}

func lower() *big.Float { return new(big.Float).SetMode(big.ToNegativeInf) }
func upper() *big.Float { return new(big.Float).SetMode(big.ToPositiveInf) }

func least(x ...*big.Float) *big.Float { return slices.MinFunc(x, (*big.Float).Cmp) }
func most(x ...*big.Float) *big.Float  { return slices.MaxFunc(x, (*big.Float).Cmp) }

// enclose rounds to gridBits, which then is the precision of all that follows.
func enclose(r *big.Rat) interval {
	return between(lower().SetPrec(gridBits).SetRat(r), upper().SetPrec(gridBits).SetRat(r))
}

func point(x *big.Float) interval             { return interval{x, x} }
func number(x float64) interval               { return point(big.NewFloat(x)) } // exact
func hull(x, y interval) interval             { return interval{least(x.lo, y.lo), most(x.hi, y.hi)} }
func (x interval) within(y interval) interval { return interval{most(x.lo, y.lo), least(x.hi, y.hi)} }
func (x interval) straddles() bool            { return x.lo.Sign() <= 0 && x.hi.Sign() >= 0 }
func (x interval) neg() interval              { return x.scaled(big.NewFloat(-1)) }
func (x interval) sub(y interval) interval    { return x.add(y.neg()) }
func (x interval) mul(y interval) interval    { return hull(y.scaled(x.lo), y.scaled(x.hi)) }
func (x interval) div(y interval) interval    { return x.mul(y.inv()) }

func (x interval) add(y interval) interval {
	return between(lower().Add(x.lo, y.lo), upper().Add(x.hi, y.hi))
}

func (x interval) middle() interval {
	m := lower().Add(x.lo, x.hi)
	return point(m.SetMantExp(m, -1))
}

func (x interval) scaled(s *big.Float) interval {
	if s.Sign() < 0 {
		x.lo, x.hi = x.hi, x.lo
	}
	return between(lower().Mul(s, x.lo), upper().Mul(s, x.hi))
}

func (x interval) inv() interval {
	if x.straddles() {
		panic(undefined{})
	}
	return between(lower().Quo(big.NewFloat(1), x.hi), upper().Quo(big.NewFloat(1), x.lo))
}

func (x interval) pow(n int) interval {
	if n%2 == 0 && x.straddles() {
		x = interval{new(big.Float), most(x.hi, x.neg().hi)}
	}
	z := x
	for range n - 1 {
		z = z.mul(x)
	}
	return z
}

// exp is undefined where the lower bound of e^-x that it takes is 0, for x > 88.
func (x interval) exp() interval {
	at := func(t *big.Float) interval {
		r, _ := t.Rat(nil)
		lo, hi := expNeg(r.Abs(r))
		z := interval{enclose(scale2(lo, -gridBits)).lo, enclose(scale2(hi, -gridBits)).hi}
		if t.Sign() > 0 {
			return z.inv()
		}
		return z
	}
	return hull(at(x.lo), at(x.hi))
}

func (x interval) tanh() interval { // 1 - 2/(1 + e^2x)
	return number(1).sub(number(2).div(number(1).add(x.add(x).exp())))
}

// sqrt is undefined at 0, where the root has no derivative. Its lower end is x.lo over a bound of its root.
func (x interval) sqrt() interval {
	if x.lo.Sign() <= 0 {
		panic(undefined{})
	}
	root := func(t *big.Float) interval { r, _ := t.Rat(nil); return enclose(sqrtUp(r)) }
	return interval{point(x.lo).div(root(x.lo)).lo, root(x.hi).hi}
}

const sineTerms = 11 // of the series at 2^-4; the rest is below 2^-gridBits

// turn returns sin x and cos x.
//
// Proof. Let m lie in x. By Taylor's theorem |sin(m + h) - sin m - h cos m| <= h^2/2, and the same of cos and -sin. Let y = m/2^k,
// |y| <= 2^-4, and B_j = 1 - y^2/(j(j+1)) B_(j+2), so that sin y = y B_2 and cos y = B_1. Each B_j is an alternating series whose terms
// shrink from 1, so it lies in [0, 1], which encloses the last one used. Doubling the angle k times leads back to m. QED
func (x interval) turn() (sin, cos interval) {
	m, pm1 := x.middle(), hull(number(-1), number(1))
	k := max(0, m.lo.MantExp(nil)+4)
	if k > 16 {
		return pm1, pm1
	}
	y := point(new(big.Float).SetMantExp(m.lo, -k))
	series := func(j int) interval {
		b := hull(number(0), number(1))
		for i := j + 2*sineTerms; i >= j; i -= 2 {
			b = number(1).sub(y.pow(2).mul(b).div(enclose(big.NewRat(int64(i*(i+1)), 1))))
		}
		return b
	}
	sin, cos = y.mul(series(2)), series(1)
	for range k {
		sin, cos = number(2).mul(sin).mul(cos), number(1).sub(number(2).mul(sin.pow(2)))
	}
	h := x.sub(m)
	rest := h.pow(2).mul(pm1).div(number(2))
	return sin.add(cos.mul(h)).add(rest).within(pm1), cos.sub(sin.mul(h)).add(rest).within(pm1)
}
