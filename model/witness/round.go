package witness

import (
	"math"
	"math/big"
)

// rateGrid is the denominator of printed rates: a rate is rounded up to it.
const rateGrid = 1_000_000

// RateUp rounds a rate up to the grid of a million, at least slack above it, staying below one.
func RateUp(rate, slack float64) *big.Rat {
	p := int64(math.Ceil((rate + slack) * rateGrid))
	if p >= rateGrid { // between the last grid point and one: halve the distance
		r := new(big.Rat).SetFloat64(rate + slack)
		r.Add(r, big.NewRat(1, 1))
		return r.Mul(r, big.NewRat(1, 2))
	}
	return big.NewRat(p, rateGrid)
}

// Up rounds a squared bound up to six digits, at least a relative slack above it.
func Up(x, slack float64) *big.Rat {
	x = x*(1+slack) + 1e-300
	e := math.Floor(math.Log10(x)) - 5
	p := new(big.Rat).SetInt64(int64(math.Ceil(x / math.Pow(10, e))))
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(math.Abs(e))), nil)
	if e < 0 {
		return p.Quo(p, new(big.Rat).SetInt(scale))
	}
	return p.Mul(p, new(big.Rat).SetInt(scale))
}
