package report

import (
	"math"
	"math/rand/v2"
	"testing"
)

// rounding bounds the error of sums of n products relative to their scale: n eps with n up to 4000.
const rounding = 1e-12

func TestAutocorrelationByHand(t *testing.T) {
	// e - mean = (-1, 1, -1, 1): r(0) = 4/4, r(1) = -3/4, r(2) = 2/4.
	for i, want := range []float64{1, -0.75, 0.5} {
		if got := Autocorrelation([]float64{4, 6, 4, 6}, 2)[i]; math.Abs(got-want) > rounding {
			t.Errorf("lag %d: %g, want %g", i, got, want)
		}
	}
}

// TestBandHoldsWhiteNoise: over 200 records of white noise, normal or binary, 99 % of the lags lie in the band.
func TestBandHoldsWhiteNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, c := range []struct {
		name string
		draw func() float64
	}{{"normal", r.NormFloat64}, {"binary", func() float64 { return float64(2*r.IntN(2) - 1) }}} {
		const records, n, lags = 200, 1000, 40
		var out, of int
		for range records {
			e := make([]float64, n)
			for i := range e {
				e[i] = c.draw()
			}
			a, b := outside(Autocorrelation(e, lags)[1:], Band99(n))
			out, of = out+a, of+b
		}
		// 8000 lags, 1 % of them outside: 80 expected, standard deviation 9; the biased estimate makes them slightly fewer.
		if of != records*lags || out < 80-5*9 || out > 80+4*9 {
			t.Errorf("%s: %d of %d lags outside, expected about 80", c.name, out, of)
		}
	}
}

func TestColouredSeriesLeavesBand(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	const n, a = 4000, 0.9
	e := make([]float64, n)
	for i := 1; i < n; i++ {
		e[i] = a*e[i-1] + r.NormFloat64()
	}
	c := Autocorrelation(e, 10)
	for l := 1; l <= 10; l++ {
		want := math.Pow(a, float64(l))
		// Standard deviation of the estimate by Bartlett's formula is below sqrt((1+a²)/(1-a²)/n) = 0.049; three of them.
		if c[l] < Band99(n) || math.Abs(c[l]-want) > 0.15 {
			t.Errorf("lag %d: %.3f, theory %.3f, band %.3f", l, c[l], want, Band99(n))
		}
	}
}

// TestCrosscorrelationSign: a residual that repeats the input three samples later shows at lag +3, and only there.
func TestCrosscorrelationSign(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	const n, lags = 4000, 20
	u, e := make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = 2 + r.NormFloat64()
		if i >= 3 {
			e[i] = 5*u[i-3] - 1
		}
	}
	c := Crosscorrelation(u, e, lags)
	if len(c) != 2*lags+1 || c[lags+3] < 0.95 {
		t.Fatalf("lag 3: %g of %d lags", c[lags+3], len(c))
	}
	c[lags+3] = 0
	if out, of := outside(c, Band99(n)); out > 3 { // 40 lags, 0.4 expected outside
		t.Errorf("%d of %d other lags outside", out, of)
	}
}

func TestCorrelationDegenerate(t *testing.T) {
	nan := math.NaN()
	for name, e := range map[string][]float64{"empty": nil, "one": {3}, "constant": {0.1, 0.1, 0.1}, "missing": {nan, nan}, "nearly constant": {1e6, 1e6 * (1 + 1e-15), 1e6}} {
		for l, v := range Autocorrelation(e, 3) {
			if !math.IsNaN(v) {
				t.Errorf("%s, lag %d: %g, want not defined", name, l, v)
			}
		}
	}
	// A missing sample is left out: the rest of (4, 6, 4, 6) keeps its signs.
	c := Autocorrelation([]float64{4, 6, nan, 6, 4, math.Inf(1)}, 1)
	if math.Abs(c[0]-1) > rounding || !(c[1] < 0) {
		t.Errorf("with missing samples: %v", c)
	}
}
