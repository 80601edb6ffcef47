package witness

import (
	"math/big"
	"testing"
)

func TestRoundedUp(t *testing.T) {
	for _, x := range []float64{1e-12, 0.3, 1, 12345.678, 3e9} {
		for _, slack := range []float64{1e-9, 1e-7, 1e-5, 1e-3} {
			r := Up(x, slack)
			v, _ := r.Float64()
			if r.Cmp(new(big.Rat).SetFloat64(x)) <= 0 || v > x*(1+slack+2e-5) {
				t.Errorf("Up(%g, %g) = %v", x, slack, r)
			}
		}
	}
	for _, x := range []float64{0.5, 0.99985, 0.9999995, 0.99999999} {
		r := RateUp(x, 1e-9)
		if r.Cmp(new(big.Rat).SetFloat64(x)) <= 0 || r.Cmp(big.NewRat(1, 1)) >= 0 {
			t.Errorf("RateUp(%g) = %v", x, r)
		}
	}
}
