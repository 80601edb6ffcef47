package ident

import (
	"math"
	"testing"
)

// TestForgettingIsBounded: two simulations of a proved model under one input from different initial states differ, at
// every sample, by no more than the bound made of the certificate's rate, and the forgetting time is the first sample
// at which that bound for a unit distance is at most one percent. The test says nothing of a bound that is never below
// the start of the difference, so it must fall there within the part.
func TestForgettingIsBounded(t *testing.T) {
	const rounding = 1e-9 // in units of the output span; both simulations are float64
	set := hammerstein(t, 700)
	part := set.Test[0]
	for _, class := range []string{"r2dn", "ssm", Auto} {
		o := quick(Contraction)
		o.Model, o.Rate = class, 0.97
		res := mustFit(t, set, o)
		f, err := Forget(res.Model, set, part)
		if err != nil {
			t.Fatal(err)
		}
		y, err := res.Model.SimulatePart(set, part)
		if err != nil {
			t.Fatal(err)
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, v := range y[0] {
			low, high = min(low, v), max(high, v)
		}
		span := (high - low) / res.YStd[0]
		bound := res.ForgettingBound(span, f.Distance, len(f.Difference))
		idle := true
		for k, d := range f.Difference {
			if d > bound[k]+rounding {
				t.Fatalf("%s: sample %d: difference %g of the span, bound %g", class, k, d, bound[k])
			}
			idle = idle && bound[k] >= f.Difference[0]
		}
		if idle {
			t.Errorf("%s: the bound stays above the first difference, %g: it tests nothing", class, f.Difference[0])
		}
		n, c, rate := res.ForgettingProved(span)
		if n < 1 || c*math.Pow(rate, float64(n)) > 0.01*(1+rounding) || c*math.Pow(rate, float64(n-1)) <= 0.01*(1-rounding) {
			t.Errorf("%s: %d samples are not the first with %g %g^k <= 1 %%", class, n, c, rate)
		}
	}
}
