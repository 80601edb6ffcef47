package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
)

// format holds what the formulas need to know of a format.
type format struct {
	mantissa   int     // explicit bits
	bias       float64 // of the exponent
	ln2hi      float64 // ln 2 to few enough bits that n*ln2hi is exact for every n that occurs
	ln2lo      float64 // the rest of ln 2
	expMax     float64 // e^x overflows above
	expMin     float64 // e^x is less than half the smallest number below
	tanhMax    float64 // 2|x| above which tanh rounds to one
	expTerms   int     // degree of the Taylor polynomial of e^r, |r| <= ln(2)/2
	log1pTerms int     // terms of the series of atanh up to 1/3
}

// The truncation errors are below 0.05 units in the last place: ln(2)/2 to the power 14 over 14! is 2^-57.8, to the
// power 9 over 9! is 2^-32; 3^-34/35 is 2^-59, 3^-18/19 is 2^-32.
var formats = map[int]format{
	8: {mantissa: 52, bias: 1023, ln2hi: 0x1.62e42fefa38p-1, ln2lo: 0x1.ef35793c7673p-45,
		expMax: 710, expMin: -746, tanhMax: 44, expTerms: 13, log1pTerms: 16},
	4: {mantissa: 23, bias: 127, ln2hi: 0x1.62ep-1, ln2lo: 0x1.0bfbe8p-15,
		expMax: 89, expMin: -104, tanhMax: 20, expTerms: 8, log1pTerms: 8},
}

// reduce writes t = n ln 2 + r with integer n and |r| <= ln(2)/2. The integer comes back as the low bits of a number
// around 1.5*2^mantissa, with offset added: ready to be shifted into an exponent.
func (p prec) reduce(t vec, offset float64) (bits, r vec) {
	f := formats[p.size]
	round := p.at(t, 1.5*math.Ldexp(1, f.mantissa)+offset)
	bits = p.into(p.copyOf(round), p.at(t, math.Log2E), t)
	n := apply(p.sub, bits, round)
	r = p.less(t, p.at(t, f.ln2hi), n)
	r = p.less(r, p.at(t, f.ln2lo), n)
	return bits, r
}

// expm1Poly gives e^r - 1 = r + r^2 poly, poly = 1/2 + r/6 + ..., for |r| <= ln(2)/2.
func (p prec) expm1Poly(r vec) (poly, r2 vec) {
	var c []float64
	for i, fact := 2, 2.0; i <= formats[p.size].expTerms; i++ {
		c = append(c, 1/fact)
		fact *= float64(i + 1)
	}
	r2 = apply(p.mul, r, r)
	return p.polynomial(c, r, r2), r2
}

// exp is e^x for every x. The power of two is split in two factors so that results beyond the normal range are
// rounded once.
func (p prec) exp(from source) vec {
	x := from.load()
	return p.expBelow(apply(p.min, p.copyOf(p.at(x, formats[p.size].expMax)), x))
}

// expBelow is exp for x <= expMax. Operand orders keep a NaN of x, here and above.
func (p prec) expBelow(x vec) vec {
	f := formats[p.size]
	t := apply(p.max, p.copyOf(p.at(x, f.expMin)), x)
	bits, r := p.reduce(t, 2*f.bias)
	poly, r2 := p.expm1Poly(r)
	e := apply(p.add, p.step(poly, r2, r), p.at(x, 1))
	sub := VPSUBQ
	if p.size == 4 {
		sub = VPSUBD
	}
	half := p.shiftInt(true, 1, bits)
	rest := apply(op(sub), bits, half)
	e = apply(p.mul, e, p.shiftInt(false, f.mantissa, half))
	return apply(p.mul, e, p.shiftInt(false, f.mantissa, rest))
}

// tanh is e/(e+2), e = exp(2|x|) - 1, with the sign of x. Where |x| is near 0.2, e = 2^n q + (2^n - 1) cancels and
// magnifies the rounding of q, so what the roundings of q and e lose (low) is carried along.
func (p prec) tanh(from source) vec {
	x := from.load()
	f := formats[p.size]
	t := apply(p.and, x, p.signs(x, true))
	t = apply(p.add, t, t)
	t = apply(p.min, p.copyOf(p.at(x, f.tanhMax)), t)
	bits, r := p.reduce(t, f.bias)
	poly, r2 := p.expm1Poly(r)
	q := p.into(p.copyOf(r), poly, r2)
	low := p.into(apply(p.sub, r, q), poly, r2)
	s := p.shiftInt(false, f.mantissa, bits)
	less1 := apply(p.sub, s, p.at(x, 1))
	e := p.into(p.copyOf(less1), q, s)
	low = p.step(low, s, p.into(apply(p.sub, less1, e), q, s))
	d := apply(p.add, e, p.at(x, 2))
	y := apply(p.div, p.copyOf(p.at(x, 1)), d)
	w := apply(p.mul, e, y)
	rem := p.less(e, w, d)
	rem = p.into(rem, low, apply(p.sub, p.copyOf(p.at(x, 1)), w))
	w = p.into(w, rem, y)
	return apply(p.or, w, apply(p.and, from.load(), p.signs(x, false)))
}

// sigmoid is N/(1+e), e = exp(-|x|), N = e for negative x and 1 otherwise; the rounding errors of 1+e and of the
// quotient are carried along.
func (p prec) sigmoid(from source) vec {
	x := from.load()
	e := p.expBelow(apply(p.or, x, p.signs(x, false)))
	one := repeat(x, p.copyOf(p.at(x[:1], 1))[0])
	s := apply(p.add, e, one)
	low := apply(p.sub, e, apply(p.sub, s, one))
	top := make(vec, len(x))
	x = from.load()
	for i := range x {
		top[i] = YMM()
		if p.size == 8 {
			VBLENDVPD(x[i], e[i], one[i], top[i])
		} else {
			VBLENDVPS(x[i], e[i], one[i], top[i])
		}
	}
	y := apply(p.div, one, s)
	q := apply(p.mul, top, y)
	rem := p.less(top, q, s)
	rem = p.less(rem, q, low)
	return p.into(q, rem, y)
}

// softplus is max(x, 0) + log(1 + e), e = exp(-|x|); with h = e/(2+e) <= 1/3, log(1+e) = 2 atanh(h).
func (p prec) softplus(from source) vec {
	x := from.load()
	var c []float64
	for i := range formats[p.size].log1pTerms {
		c = append(c, 1/float64(2*i+3))
	}
	e := p.expBelow(apply(p.or, x, p.signs(x, false)))
	w := apply(p.div, apply(p.add, e, e), apply(p.add, e, p.at(x, 2)))
	h := apply(p.mul, w, p.at(x, 0.5))
	z := apply(p.mul, h, h)
	series := p.polynomial(c, z, apply(p.mul, z, z))
	series = apply(p.mul, series, z)
	log := p.step(series, w, w)
	zero := apply(p.xor, w, w)
	return apply(p.add, log, apply(p.max, x, zero))
}

func maps(p prec) {
	for _, k := range []struct {
		name string
		f    func(source) vec
		doc  string
	}{
		{"exp", p.exp, "e^x"},
		{"tanh", p.tanh, "tanh x"},
		{"sigmoid", p.sigmoid, "1/(1+e^-x)"},
		{"softplus", p.softplus, "log(1+e^x)"},
	} {
		mapKernel{p: p, name: k.name, in: []string{"x"}, out: []string{"dst"}, unroll: []int{2, 1},
			doc:   []string{k.name + p.tag + " writes " + k.doc + " for n numbers; dst may be x."},
			unary: k.f}.write()
	}
}
