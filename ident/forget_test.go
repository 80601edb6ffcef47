package ident

import (
	"math"
	"testing"
)

// TestForgettingIsBounded: two simulations of a proved model under one input from different initial states differ, at
// every sample, by no more than the bound made of the certificate's rate, and the forgetting time is the first sample
// at which that bound for a unit distance is at most one percent. A bound that stays above the largest difference tells
// nothing, so for one class at least it must fall below within the part.
func TestForgettingIsBounded(t *testing.T) {
	const rounding = 1e-9 // in units of the output span; both simulations are float64
	set := hammerstein(t, 700)
	part := set.Test[0]
	telling := 0
	for _, class := range []string{"r2dn", Auto} {
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
		largest := 0.0
		for k, d := range f.Difference {
			if d > bound[k]+rounding {
				t.Fatalf("%s: sample %d: difference %g of the span, bound %g", class, k, d, bound[k])
			}
			largest = max(largest, d)
		}
		if bound[len(bound)-1] < largest {
			telling++
		}
		n, c, rate := res.ForgettingProved(span)
		if n < 1 || c*math.Pow(rate, float64(n)) > 0.01*(1+rounding) || c*math.Pow(rate, float64(n-1)) <= 0.01*(1-rounding) {
			t.Errorf("%s: %d samples are not the first with %g %g^k <= 1 %%", class, n, c, rate)
		}
	}
	if telling == 0 {
		t.Error("every bound stays above the largest difference: the test says nothing")
	}
}
