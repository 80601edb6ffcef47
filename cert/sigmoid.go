package cert

import "math/big"

// Upper bounds of the logistic function sigma(x) = 1/(1 + e^-x), of tanh and of their slopes, as bounds are kept. All come from e^-|x|.

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
