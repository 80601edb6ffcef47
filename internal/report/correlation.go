package report

import "math"

// Band99 is the half-width of the 99 % band of a sample correlation of white signals over n pairs, 2.576/sqrt(n): the
// estimate is asymptotically normal with variance 1/n (Bartlett 1946; Ljung 1999, section 16.6).
func Band99(n int) float64 { return 2.576 / math.Sqrt(float64(n)) }

// Autocorrelation returns the sample autocorrelation of e at lags 0..maxLag,
//
//	r(l) = sum_k (e(k) - m)(e(k+l) - m) / sum_k (e(k) - m)^2,
//
// the biased estimate, whose sequence is positive definite. Pairs with a missing sample are left out. All entries are
// NaN where e is constant or has no sample.
func Autocorrelation(e []float64, maxLag int) []float64 {
	c := Crosscorrelation(e, e, maxLag)
	return c[maxLag:]
}

// Crosscorrelation returns the sample cross-correlation of an input u and a residual e at lags -maxLag..maxLag,
//
//	c(l) = sum_k (u(k) - mu)(e(k+l) - me) / sqrt(sum (u - mu)^2 sum (e - me)^2),
//
// entry maxLag+l for lag l: positive lags tell what past inputs still explain of the residual, negative ones point to
// feedback from the output to the input. Missing samples as in Autocorrelation. u and e have equal length.
func Crosscorrelation(u, e []float64, maxLag int) []float64 {
	if len(u) != len(e) {
		panic("report: input and residual of different length")
	}
	u, su := centre(u)
	e, se := centre(e)
	norm := math.Sqrt(su) * math.Sqrt(se)
	c := make([]float64, 2*maxLag+1)
	for i := range c {
		lag := i - maxLag
		var sum float64
		for k := max(0, -lag); k < len(u)-max(0, lag); k++ {
			if p := u[k] * e[k+lag]; !math.IsNaN(p) {
				sum += p
			}
		}
		c[i] = sum / norm // 0/0, NaN, where a signal is constant
	}
	return c
}

// constant is the relative spread below which a signal is constant up to rounding of its mean.
const constant = 1e-13

// centre subtracts the mean and returns the sum of squares of what is left; infinities become missing.
func centre(v []float64) ([]float64, float64) {
	var mean, n, biggest float64
	for _, x := range v {
		if finite(x) {
			n++
			mean += (x - mean) / n
			biggest = max(biggest, math.Abs(x))
		}
	}
	out := make([]float64, len(v))
	var sum float64
	for i, x := range v {
		out[i] = math.NaN()
		if finite(x) {
			d := x - mean
			if math.Abs(d) <= constant*biggest {
				d = 0
			}
			out[i] = d
			sum += d * d
		}
	}
	return out, sum
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// residual returns measured - simulated and the number of samples where both are known.
func residual(t *Trace) (e []float64, known int) {
	e = make([]float64, len(t.Measured))
	for k, y := range t.Measured {
		e[k] = y - t.Simulated[k]
		if finite(e[k]) {
			known++
		}
	}
	return e, known
}

// outside counts the entries of c beyond the band, and the finite ones.
func outside(c []float64, band float64) (out, of int) {
	for _, v := range c {
		if finite(v) {
			of++
			if math.Abs(v) > band {
				out++
			}
		}
	}
	return out, of
}
