// Package metric scores predictions of measured signals: FIT, RMSE, NRMSE and their relatives.
//
// Each figure belongs to one output and to the scored samples only (the initialisation window is cut off by the
// caller). With e = y - ŷ, means and standard deviations over the N scored samples of that output, population form
// (divided by N), and one norm over all of them:
//
//	RMSE  = |e|/√N                      unit of y
//	MAE   = Σ|e|/N                      unit of y
//	NRMSE = RMSE/std(y)                 1 = no better than the mean
//	FIT   = 100 (1 - NRMSE)             percent, MATLAB's compare; negative when worse than the mean, never clipped
//	BFR   = max(0, FIT)                 best fit rate, the clipped form some papers print
//	R2    = 1 - NRMSE²
//	VAF   = 100 (1 - var(e)/var(y))     percent; blind to a constant offset
//
// SumFIT is another index over all outputs, the one of Bonassi et al. 2023; it is never printed as FIT.
//
// A constant y has no spread to compare with: NRMSE, FIT, BFR, R2 and VAF are then NaN ("not defined"), RMSE and MAE
// stay meaningful. A prediction that is not finite makes RMSE and MAE +Inf and the figures relative to them -Inf
// (NRMSE +Inf, BFR 0): a simulation that left the numbers is the worst, not a missing one.
//
// The package does not know whether ŷ is a free simulation or a k-step prediction. Always say which; Persistence is
// the baseline of the latter.
package metric

import (
	"fmt"
	"math"
)

// Scores are the figures of one output.
type Scores struct {
	Samples int
	RMSE    float64
	MAE     float64
	Std     float64 // population standard deviation of y over the scored samples
	NRMSE   float64
	FIT     float64
	BFR     float64
	R2      float64
	VAF     float64
}

// Of scores the prediction yhat of y. It returns an error when the lengths differ, when there is no sample, and when a
// measured value is missing or infinite.
func Of(y, yhat []float64) (Scores, error) {
	if len(y) != len(yhat) {
		return Scores{}, fmt.Errorf("metric: %d measured samples but %d predicted", len(y), len(yhat))
	}
	if len(y) == 0 {
		return Scores{}, fmt.Errorf("metric: no sample to score")
	}
	finite := true
	for k, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Scores{}, fmt.Errorf("metric: measured sample %d of %d is %g; score only samples that were measured", k, len(y), v)
		}
		finite = finite && !math.IsNaN(yhat[k]) && !math.IsInf(yhat[k], 0)
	}
	n := float64(len(y))
	s := Scores{Samples: len(y), Std: std(len(y), func(k int) float64 { return y[k] })}
	if !finite {
		s.RMSE, s.MAE = math.Inf(1), math.Inf(1)
		s.relative(math.Inf(1))
		return s, nil
	}
	var sse, sae float64
	for k := range y {
		e := y[k] - yhat[k]
		sse += e * e
		sae += math.Abs(e)
	}
	s.RMSE, s.MAE = math.Sqrt(sse/n), sae/n
	s.relative(std(len(y), func(k int) float64 { return y[k] - yhat[k] }))
	return s, nil
}

// relative fills the figures that compare with the spread of y.
func (s *Scores) relative(stdError float64) {
	if s.Std == 0 {
		nan := math.NaN()
		s.NRMSE, s.FIT, s.BFR, s.R2, s.VAF = nan, nan, nan, nan, nan
		return
	}
	s.NRMSE = s.RMSE / s.Std
	s.FIT = 100 * (1 - s.NRMSE)
	s.BFR = max(0, s.FIT)
	s.R2 = 1 - s.NRMSE*s.NRMSE
	ratio := stdError / s.Std
	s.VAF = 100 * (1 - ratio*ratio)
}

// std is the population standard deviation of n values. All values equal gives exactly 0, whatever the mean rounds to.
func std(n int, at func(int) float64) float64 {
	first, constant, mean := at(0), true, 0.0
	for k := range n {
		v := at(k)
		constant = constant && v == first
		mean += (v - first) / float64(n) // relative to the first value: no cancellation for a large offset
	}
	if constant {
		return 0
	}
	mean += first
	var ss, rest float64
	for k := range n {
		d := at(k) - mean
		ss += d * d
		rest += d
	}
	return math.Sqrt(max(ss-rest*rest/float64(n), 0) / float64(n)) // the second term corrects the rounding of the mean
}

// PerOutput scores each output: y and yhat hold one slice of samples per output.
func PerOutput(y, yhat [][]float64) ([]Scores, error) {
	if len(y) != len(yhat) {
		return nil, fmt.Errorf("metric: %d measured outputs but %d predicted", len(y), len(yhat))
	}
	out := make([]Scores, len(y))
	for i := range y {
		s, err := Of(y[i], yhat[i])
		if err != nil {
			return nil, fmt.Errorf("output %d: %w", i+1, err)
		}
		out[i] = s
	}
	return out, nil
}

// Pooled is the root mean square error over all samples of all scores, √(Σ N RMSE² / Σ N). The outputs must have the
// same unit. It is NaN without any score.
func Pooled(scores ...Scores) float64 {
	var sse, n float64
	for _, s := range scores {
		sse += float64(s.Samples) * s.RMSE * s.RMSE
		n += float64(s.Samples)
	}
	return math.Sqrt(sse / n)
}

// SumFIT is the index of Bonassi et al. 2023, equation (20), in percent: over all outputs jointly, and a sum of norms, one
// for each sample, where FIT has one norm over all samples of one output,
//
//	100 (1 - Σ_k |y(k) - ŷ(k)|₂ / Σ_k |y(k) - ȳ|₂),   ȳ = Σ_k y(k)/N
//
// y and yhat hold one slice of samples per output, all outputs in one unit or scaled. It is a figure of its own: it
// depends on the units of the outputs relative to each other, and for one output it compares mean absolute instead of
// root mean square deviations. NaN when y is constant, -Inf for a prediction that is not finite; errors as Of.
func SumFIT(y, yhat [][]float64) (float64, error) {
	scores, err := PerOutput(y, yhat)
	if err != nil {
		return 0, err
	}
	if len(y) == 0 {
		return 0, fmt.Errorf("metric: no output to score")
	}
	constant, mean := true, make([]float64, len(y))
	for i := range y {
		if len(y[i]) != len(y[0]) {
			return 0, fmt.Errorf("metric: output 1 has %d samples, output %d has %d", len(y[0]), i+1, len(y[i]))
		}
		constant = constant && scores[i].Std == 0
		for _, v := range y[i] {
			mean[i] += v / float64(len(y[i]))
		}
	}
	if constant {
		return math.NaN(), nil
	}
	var off, spread float64
	for k := range y[0] {
		var e, d float64
		for i := range y {
			e, d = math.Hypot(e, y[i][k]-yhat[i][k]), math.Hypot(d, y[i][k]-mean[i])
		}
		off, spread = off+e, spread+d
	}
	if math.IsNaN(off) {
		off = math.Inf(1)
	}
	return 100 * (1 - off/spread), nil
}

// Persistence scores the k-step prediction ŷ(t) = y(t-k), "nothing changes in k steps", on samples k..len(y)-1: what a
// k-step predictor has to beat.
func Persistence(y []float64, k int) (Scores, error) {
	if k < 1 || k >= len(y) {
		return Scores{}, fmt.Errorf("metric: horizon of %d steps on a record of %d samples; it must be between 1 and %d", k, len(y), len(y)-1)
	}
	return Of(y[k:], y[:len(y)-k])
}
