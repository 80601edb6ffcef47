package metric

import (
	"math"
	"strings"
	"testing"
)

// tol covers the two roundings of a division and a square root in values of at most a few hundred.
const tol = 4 * 0x1p-52 * 300

func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tol
}

// TestHandWorked checks three-sample cases worked on paper (E13). y = 1 2 3 has mean 2 and population variance 2/3.
func TestHandWorked(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name    string
		y, yhat []float64
		want    Scores
	}{
		{"perfect", []float64{1, 2, 3}, []float64{1, 2, 3}, Scores{3, 0, 0, math.Sqrt(2. / 3), 0, 100, 100, 1, 100}},
		{"the mean", []float64{1, 2, 3}, []float64{2, 2, 2}, Scores{3, math.Sqrt(2. / 3), 2. / 3, math.Sqrt(2. / 3), 1, 0, 0, 0, 0}},
		{"reversed: negative FIT, not clipped", []float64{1, 2, 3}, []float64{3, 2, 1}, Scores{3, math.Sqrt(8. / 3), 4. / 3, math.Sqrt(2. / 3), 2, -100, 0, -3, -300}},
		{"offset: VAF does not see it", []float64{1, 2, 3}, []float64{2, 3, 4}, Scores{3, 1, 1, math.Sqrt(2. / 3), math.Sqrt(1.5), 100 * (1 - math.Sqrt(1.5)), 0, -.5, 100}},
		{"one sample off", []float64{0, 0, 3}, []float64{0, 0, 0}, Scores{3, math.Sqrt(3), 1, math.Sqrt2, math.Sqrt(1.5), 100 * (1 - math.Sqrt(1.5)), 0, -.5, 0}},
		{"constant y", []float64{5, 5, 5}, []float64{5, 5, 8}, Scores{3, math.Sqrt(3), 1, 0, nan, nan, nan, nan, nan}},
		{"constant y, perfect", []float64{0.1, 0.1, 0.1}, []float64{0.1, 0.1, 0.1}, Scores{3, 0, 0, 0, nan, nan, nan, nan, nan}},
		{"diverged", []float64{1, 2, 3}, []float64{1, nan, 3}, Scores{3, inf, inf, math.Sqrt(2. / 3), inf, -inf, 0, -inf, -inf}},
	} {
		got, err := Of(c.y, c.yhat)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, f := range []struct {
			name      string
			got, want float64
		}{
			{"RMSE", got.RMSE, c.want.RMSE}, {"MAE", got.MAE, c.want.MAE}, {"Std", got.Std, c.want.Std},
			{"NRMSE", got.NRMSE, c.want.NRMSE}, {"FIT", got.FIT, c.want.FIT}, {"BFR", got.BFR, c.want.BFR},
			{"R2", got.R2, c.want.R2}, {"VAF", got.VAF, c.want.VAF},
		} {
			if !near(f.got, f.want) {
				t.Errorf("%s: %s = %v, want %v", c.name, f.name, f.got, f.want)
			}
		}
		if got.Samples != c.want.Samples {
			t.Errorf("%s: %d samples, want %d", c.name, got.Samples, c.want.Samples)
		}
	}
}

// TestExactEnds requires the round cases bit for bit: nobody should read FIT = 99.99999999999999 of a perfect model.
func TestExactEnds(t *testing.T) {
	y := []float64{1, 2, 3}
	for _, c := range []struct {
		yhat []float64
		fit  float64
	}{{[]float64{1, 2, 3}, 100}, {[]float64{2, 2, 2}, 0}, {[]float64{3, 2, 1}, -100}} {
		if s, err := Of(y, c.yhat); err != nil || s.FIT != c.fit {
			t.Errorf("FIT of %v = %v (%v), want exactly %v", c.yhat, s.FIT, err, c.fit)
		}
	}
}

// TestOneNorm: one norm over all scored samples. y = 0 1 2 3 has mean 1.5 and variance 1.25; e = 0 0 1 3 has mean square
// 2.5; halves scored apart would give 100 and -347 instead.
func TestOneNorm(t *testing.T) {
	s, err := Of([]float64{0, 1, 2, 3}, []float64{0, 1, 1, 0})
	if err != nil || !near(s.FIT, 100*(1-math.Sqrt2)) {
		t.Errorf("FIT = %v (%v), want %v", s.FIT, err, 100*(1-math.Sqrt2))
	}
}

// TestLargeOffset: spread 1 on an offset of 1e9 must not drown (a one-pass sum of squares would give 0 or NaN).
func TestLargeOffset(t *testing.T) {
	s, err := Of([]float64{1e9 - 1, 1e9, 1e9 + 1}, []float64{1e9, 1e9, 1e9})
	if err != nil || !near(s.Std, math.Sqrt(2./3)) || !near(s.FIT, 0) {
		t.Errorf("Std %v FIT %v (%v)", s.Std, s.FIT, err)
	}
}

// TestPooled: three samples with RMSE 2 and one with RMSE 4: √((3·4 + 16)/4) = √7.
func TestPooled(t *testing.T) {
	if got := Pooled(Scores{Samples: 3, RMSE: 2}, Scores{Samples: 1, RMSE: 4}); !near(got, math.Sqrt(7)) {
		t.Errorf("pooled RMSE %v, want √7", got)
	}
	if got := Pooled(); !math.IsNaN(got) {
		t.Errorf("pooled RMSE of nothing = %v, want NaN", got)
	}
}

// TestSumFIT works equation (20) on paper: y = (0,0) (3,4) (6,8) has mean (3,4), deviations 5, 0, 5, sum 10. One norm over
// all samples would give 100 (1 - 5/√50) = 29.3 for the second case.
func TestSumFIT(t *testing.T) {
	y := [][]float64{{0, 3, 6}, {0, 4, 8}}
	for _, c := range []struct {
		name string
		yhat [][]float64
		want float64
	}{
		{"perfect", y, 100},
		{"last sample off by (3,4)", [][]float64{{0, 3, 3}, {0, 4, 4}}, 50},
		{"two samples off by (3,4)", [][]float64{{3, 0, 6}, {4, 0, 8}}, 0},
		{"the mean", [][]float64{{3, 3, 3}, {4, 4, 4}}, 0},
		{"reversed, not clipped", [][]float64{{6, 3, 0}, {8, 4, 0}}, -100},
		{"one output only", [][]float64{{0, 3, 6}, {2, 4, 9}}, 70},
		{"diverged", [][]float64{{0, math.NaN(), 6}, {0, 4, 8}}, math.Inf(-1)},
	} {
		if got, err := SumFIT(y, c.yhat); err != nil || !near(got, c.want) {
			t.Errorf("%s: %v (%v), want %v", c.name, got, err, c.want)
		}
	}
	if got, err := SumFIT([][]float64{{0.1, 0.1, 0.1}}, [][]float64{{0.1, 0.1, 0.2}}); err != nil || !math.IsNaN(got) {
		t.Errorf("constant y: %v (%v), want NaN", got, err)
	}
	for _, c := range []struct {
		y, yhat [][]float64
		want    string
	}{
		{nil, nil, "no output"}, {y, y[:1], "2 measured outputs but 1"},
		{[][]float64{{0, 1, 2}, {3, 4}}, [][]float64{{0, 1, 2}, {3, 4}}, "output 1 has 3 samples, output 2 has 2"},
	} {
		if _, err := SumFIT(c.y, c.yhat); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestPersistence: y = 0 1 3 6 10. One step: e = 1 2 3 4, RMSE √7.5; two steps: e = 3 5 7, RMSE √(83/3).
func TestPersistence(t *testing.T) {
	y := []float64{0, 1, 3, 6, 10}
	for k, want := range map[int]float64{1: math.Sqrt(7.5), 2: math.Sqrt(83. / 3)} {
		if s, err := Persistence(y, k); err != nil || !near(s.RMSE, want) || s.Samples != 5-k {
			t.Errorf("%d steps: RMSE %v of %d samples (%v), want %v", k, s.RMSE, s.Samples, err, want)
		}
	}
	for _, k := range []int{0, 5} {
		if _, err := Persistence(y, k); err == nil {
			t.Errorf("horizon %d accepted", k)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		y, yhat []float64
		want    string
	}{
		{[]float64{1, 2}, []float64{1}, "2 measured samples but 1"},
		{nil, nil, "no sample"},
		{[]float64{1, math.NaN()}, []float64{1, 2}, "sample 1 of 2 is NaN"},
	} {
		if _, err := Of(c.y, c.yhat); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	if _, err := PerOutput([][]float64{{1}}, nil); err == nil {
		t.Error("one measured and no predicted output accepted")
	}
	s, err := PerOutput([][]float64{{1, 3}, {0, 4}}, [][]float64{{1, 3}, {4, 0}})
	if err != nil || s[0].FIT != 100 || s[1].FIT != -100 {
		t.Errorf("per output %v %v", s, err)
	}
}
