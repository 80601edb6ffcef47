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
var undefined = refusal{"undecided: f has no value there, or numbers leave the range of the checker", ""}

const maxExponent = 1 << 13

func between(lo, hi *big.Float) interval {
	if a, b := lo.MantExp(nil), hi.MantExp(nil); max(a, b) > maxExponent || min(a, b) < -maxExponent {
		panic(undefined)
	}
	if lo.Cmp(hi) == 0 {
		return point(lo)
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

func point(x *big.Float) interval          { return interval{x, x} }
func number(x float64) interval            { return point(big.NewFloat(x)) } // exact
func hull(x, y interval) interval          { return interval{least(x.lo, y.lo), most(x.hi, y.hi)} }
func (x interval) zero() bool              { return x.lo.Sign() == 0 && x.hi.Sign() == 0 }
func (x interval) straddles() bool         { return x.lo.Sign() <= 0 && x.hi.Sign() >= 0 }
func (x interval) neg() interval           { return between(new(big.Float).Neg(x.hi), new(big.Float).Neg(x.lo)) }
func (x interval) sub(y interval) interval { return x.add(y.neg()) }
func (x interval) div(y interval) interval { return x.mul(y.inv()) }
func (x interval) middle() interval        { return point(lower().Add(x.lo, x.hi)).mul(number(0.5)) } // exact halving

// String prints the lower end, for people.
func (x interval) String() string { return x.lo.Text('g', 9) }

// within moves ends outside [-b, b] to the nearest number inside.
func (x interval) within(b float64) interval {
	at := func(e *big.Float) *big.Float { return most(big.NewFloat(-b), least(big.NewFloat(b), e)) }
	return interval{at(x.lo), at(x.hi)}
}

func (x interval) add(y interval) interval {
	return between(lower().Add(x.lo, y.lo), upper().Add(x.hi, y.hi))
}

func (x interval) mul(y interval) interval {
	if x.lo == x.hi {
		return y.scaled(x.lo)
	}
	return hull(y.scaled(x.lo), y.scaled(x.hi))
}

func (x interval) scaled(s *big.Float) interval {
	if s.Sign() < 0 {
		x.lo, x.hi = x.hi, x.lo
	}
	return between(lower().Mul(s, x.lo), upper().Mul(s, x.hi))
}

func (x interval) inv() interval {
	if x.straddles() {
		panic(undefined)
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

// series encloses B_1, where B_j = 1 - y/c(j) B_(j+1), 0 <= y <= 1 <= c(1) <= c(2) ... It is an alternating series whose terms shrink from 1,
// as is each B_j; so all lie in [0, 1], which encloses the last one used.
func series(y interval, terms int64, c func(j int64) int64) interval {
	b := hull(enclose(new(big.Rat)), enclose(one))
	for j := terms; j > 0; j-- {
		d := new(big.Float).SetInt64(c(j))
		b = y.mul(b)
		b = number(1).sub(between(lower().Quo(b.lo, d), upper().Quo(b.hi, d)))
	}
	return b
}

// Numbers of terms at y = 2^-8 with which the rest is below 2^-gridBits: 2^-8k/k! for exp, 2^-8k/(2k)! for sine and cosine.
const expTerms, turnTerms = 13, 10

// exp takes e^-|t| from the series at |t|/2^k <= 2^-8, squared k times, and its inverse for t > 0.
func (x interval) exp() interval {
	at := func(t *big.Float) interval {
		e, k := interval{new(big.Float), big.NewFloat(0x1p-256)}, t.MantExp(nil)+8 // where |t| >= 256
		if k <= 16 {
			e = series(point(new(big.Float).SetMantExp(new(big.Float).Abs(t), -max(0, k))), expTerms, func(j int64) int64 { return j })
			for range k {
				e = e.pow(2)
			}
		}
		if t.Sign() > 0 {
			return e.inv()
		}
		return e
	}
	if x.lo == x.hi {
		return at(x.lo)
	}
	return hull(at(x.lo), at(x.hi))
}

// tanh is 1 - 2/(1 + e^2x), whose upper bound at 100 is 1.
func (x interval) tanh() interval {
	x = x.within(100)
	return number(1).sub(number(2).div(number(1).add(x.add(x).exp())))
}

// sqrt is undefined at 0, where the root has no derivative. Its lower end is x.lo over a bound of its root.
func (x interval) sqrt() interval {
	if x.lo.Sign() <= 0 {
		panic(undefined)
	}
	root := func(t *big.Float) interval { r, _ := t.Rat(nil); return enclose(sqrtUp(r)) }
	return interval{point(x.lo).div(root(x.lo)).lo, root(x.hi).hi}
}

// turn returns sin x and cos x.
//
// Proof. Let m lie in x. By Taylor's theorem |sin(m + h) - sin m - h cos m| <= h^2/2, and the same of cos and -sin. Let y = m/2^k,
// |y| <= 2^-4; then sin y = y (1 - y^2/(2 3) (1 - y^2/(4 5) ...)), cos y = 1 - y^2/(1 2) (1 - y^2/(3 4) ...). Doubling the angle k times leads
// back to m. QED
func (x interval) turn() (sin, cos interval) {
	m, all := x.middle(), hull(number(-1), number(1))
	k := max(0, m.lo.MantExp(nil)+4)
	if k > 16 {
		return all, all
	} else if x.zero() {
		return x, number(1)
	}
	y := point(new(big.Float).SetMantExp(m.lo, -k))
	sin = y.mul(series(y.pow(2), turnTerms, func(j int64) int64 { return 2 * j * (2*j + 1) }))
	cos = series(y.pow(2), turnTerms, func(j int64) int64 { return (2*j - 1) * 2 * j })
	for range k {
		sin, cos = number(2).mul(sin).mul(cos), number(1).sub(number(2).mul(sin.pow(2)))
	}
	h := x.sub(m)
	rest := h.pow(2).mul(hull(number(-0.5), number(0.5)))
	return sin.add(cos.mul(h)).add(rest).within(1), cos.sub(sin.mul(h)).add(rest).within(1)
}

// sinc encloses sin(x/2)/(x/2), which lies between 1 - (x/2)^2/6 and 1.
func (x interval) sinc() interval { return number(1).sub(hull(number(0), x.pow(2).div(number(24)))) }

// decay is e^-|x|, from which the upper bounds below come: of the logistic function sigma(x) = 1/(1 + e^-x), of tanh and of their slopes.
func decay(x *big.Rat) (e, onePlus interval) {
	e = enclose(new(big.Rat).Abs(x)).neg().exp()
	return e, number(1).add(e)
}

func ceiling(x interval) *big.Rat {
	r, _ := x.hi.Rat(nil)
	return up(r)
}

// sigmoid returns a bound >= sigma(x). A lower bound of sigma(x) is 1 - sigmoid(-x).
func sigmoid(x *big.Rat) *big.Rat {
	e, d := decay(x)
	if x.Sign() < 0 { // sigma(x) = e^x/(1 + e^x)
		return ceiling(e.div(d))
	}
	return ceiling(d.inv())
}

// tanh returns a bound >= tanh x, x >= 0, that is at most x.
func tanh(x *big.Rat) *big.Rat {
	if t := ceiling(enclose(x).tanh()); t.Cmp(x) <= 0 {
		return t
	}
	return up(x)
}

// slope returns a bound of sigma' where |x| >= t >= 0: sigma'(x) = e/(1 + e)^2 with e = e^-|x| <= 1, and that grows with e. The slope
// of tanh is 4 sigma'(2x).
func slope(t *big.Rat) *big.Rat {
	e, d := decay(t)
	return ceiling(e.div(d.mul(d)))
}
