package cert

import "math/big"

// Bounds of the logistic function sigma(x) = 1/(1 + e^-x), of tanh x = 2 sigma(2x) - 1 and of their slopes. All come from one
// enclosure of e^-t for t >= 0, in integers of the unit 2^-gridBits, every division rounded outward.
const (
	gridBits = 128
	expTerms = 14 // the remainder at 2^-8 is below the unit
)

var (
	unit   = new(big.Int).Lsh(big.NewInt(1), gridBits)
	almost = new(big.Int).Sub(unit, big.NewInt(1))
)

// quo returns x/y rounded down and rounded up, y > 0.
func quo(x, y *big.Int) (down, up *big.Int) {
	down, rest := new(big.Int).DivMod(x, y, new(big.Int))
	return down, new(big.Int).Add(down, big.NewInt(int64(rest.Sign())))
}

// fixed returns r rounded down and up to the unit.
func fixed(r *big.Rat) (down, up *big.Int) {
	return quo(new(big.Int).Lsh(r.Num(), gridBits), r.Denom())
}

// expNeg returns lo <= e^-t <= hi in units, t >= 0; both are exact at 0, and hi <= 1.
//
// Proof. Let y = t/2^k <= 2^-8, and E_j = sum over i >= 0 of (-y)^i (j-1)!/(j-1+i)!. Then E_1 = e^-y, E_j = 1 - (y/j) E_(j+1), and each
// E_j lies in [0, 1], because its terms alternate and shrink from 1. So [0, 1] encloses E_(terms+1), and each step of the recursion,
// which reverses the order, encloses the E before. Last, e^-t is e^-y squared k times. Where t > 256, e^-t is below one unit. QED
func expNeg(t *big.Rat) (lo, hi *big.Int) {
	size := t.Num().BitLen() - t.Denom().BitLen() // 2^(size-1) < t < 2^(size+1)
	switch {
	case t.Sign() == 0:
		return unit, unit
	case size > 8:
		return new(big.Int), big.NewInt(1)
	}
	k := max(0, size+9)
	y0, y1 := fixed(mul(t, scale2(big.NewInt(1), -k)))
	lo, hi = new(big.Int), unit
	for j := int64(expTerms); j > 0; j-- {
		d := new(big.Int).Mul(unit, big.NewInt(j))
		small, _ := quo(new(big.Int).Mul(y0, lo), d)
		_, large := quo(new(big.Int).Mul(y1, hi), d)
		lo, hi = large.Sub(unit, large), small.Sub(unit, small)
	}
	for range k {
		lo.Rsh(lo.Mul(lo, lo), gridBits)
		hi.Rsh(hi.Add(hi.Mul(hi, hi), almost), gridBits)
	}
	return lo, hi
}

// sigmoid returns a bound >= sigma(x). A lower bound of sigma(x) is 1 - sigmoid(-x).
func sigmoid(x *big.Rat) *big.Rat {
	lo, hi := expNeg(new(big.Rat).Abs(x))
	if x.Sign() < 0 { // sigma(x) = e^x/(1 + e^x) grows with e^x
		return up(new(big.Rat).SetFrac(hi, new(big.Int).Add(unit, hi)))
	}
	return up(new(big.Rat).SetFrac(unit, new(big.Int).Add(unit, lo)))
}

// tanh returns a bound >= tanh x, x >= 0, that is at most x: tanh x = (1 - e)/(1 + e) with e = e^(-2x).
func tanh(x *big.Rat) *big.Rat {
	lo, _ := expNeg(mul(two, x))
	t := up(new(big.Rat).SetFrac(new(big.Int).Sub(unit, lo), new(big.Int).Add(unit, lo)))
	if t.Cmp(x) > 0 {
		return up(x)
	}
	return t
}

// slope returns a bound of sigma' where |x| >= t >= 0: sigma'(x) = e/(1 + e)^2 with e = e^-|x| <= 1, and that grows with e. The slope
// of tanh is 4 sigma'(2x).
func slope(t *big.Rat) *big.Rat {
	_, hi := expNeg(t)
	d := new(big.Int).Add(unit, hi)
	return up(new(big.Rat).SetFrac(new(big.Int).Mul(unit, hi), d.Mul(d, d)))
}
