package ident

import (
	"math"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/dataset"
)

func record(u, y []float64) *dataset.Record {
	return &dataset.Record{Name: "t", Ts: 1, Signals: []dataset.Signal{{Name: "u", Unit: "V"}, {Name: "y", Unit: "m"}},
		Experiments: []dataset.Experiment{{Data: [][]float64{u, y}}}}
}

func TestScalingIgnoresTestPart(t *testing.T) {
	u := []float64{0, 1, 2, 1, 0, 100, -100}
	y := []float64{1, 3, 5, 3, 1, 1e6, 1e6}
	set := &dataset.Set{Record: record(u, y), Inputs: []int{0}, Outputs: []int{1}, Train: []dataset.Part{{From: 0, To: 5}}, Test: []dataset.Part{{From: 5, To: 7}}}
	s, err := scaling(set, []int{0}, []bool{false})
	if err != nil {
		t.Fatal(err)
	}
	if s.UMid[0] != 1 || s.UHalf[0] != 1 {
		t.Errorf("input scaling %g -+ %g, want 1 -+ 1", s.UMid[0], s.UHalf[0])
	}
	if m, sd := s.YMean[0], s.YStd[0]; math.Abs(m-2.6) > 1e-15 || math.Abs(sd-math.Sqrt(2.24)) > 1e-15 {
		t.Errorf("output scaling %g, %g, want 2.6, %g", m, sd, math.Sqrt(2.24))
	}
	out := OutOfRange(set, set.Test, &s)
	if len(out) != 1 || !strings.Contains(out[0], "2 of 2 samples") {
		t.Errorf("test inputs outside the range were reported as %q", out)
	}
}

func TestConstantSignalsAreRefused(t *testing.T) {
	set := &dataset.Set{Record: record([]float64{3, 3, 3}, []float64{1, 2, 3}), Inputs: []int{0}, Outputs: []int{1}, Train: []dataset.Part{{From: 0, To: 3}}}
	if _, err := scaling(set, []int{0}, []bool{false}); err == nil || !strings.Contains(err.Error(), `"u"`) {
		t.Errorf("constant input: %v", err)
	}
	set = &dataset.Set{Record: record([]float64{1, 2, 3}, []float64{4, 4, 4}), Inputs: []int{0}, Outputs: []int{1}, Train: []dataset.Part{{From: 0, To: 3}}}
	if _, err := scaling(set, []int{0}, []bool{false}); err == nil || !strings.Contains(err.Error(), `"y"`) {
		t.Errorf("constant output: %v", err)
	}
}

func TestSaturation(t *testing.T) {
	n := 200
	u, y := make([]float64, n), make([]float64, n)
	for k := range n {
		u[k] = math.Sin(float64(k) / 7)
		y[k] = math.Min(10, 9+3*math.Sin(float64(k)/9))
	}
	set := &dataset.Set{Record: record(u, y), Inputs: []int{0}, Outputs: []int{1}, Train: []dataset.Part{{From: 0, To: n}}}
	s, err := scaling(set, []int{0}, []bool{false})
	if err != nil {
		t.Fatal(err)
	}
	saturate(set, &s)
	if s.High[0] != 10 || !math.IsInf(s.Low[0], -1) {
		t.Errorf("limits [%g, %g], want none and 10", s.Low[0], s.High[0])
	}
}

func TestCarve(t *testing.T) {
	fit, check := carve([]dataset.Part{{From: 0, To: 1000}}, 0.15, 20)
	if fit[0].To != 850 || check[0].From != 830 || check[0].To != 1000 {
		t.Errorf("one part: fit %+v, check %+v", fit, check)
	}
	five := []dataset.Part{{To: 100}, {To: 100, Experiment: 1}, {To: 100, Experiment: 2}, {To: 100, Experiment: 3}, {To: 100, Experiment: 4}}
	fit, check = carve(five, 0.2, 20)
	if len(fit) != 4 || len(check) != 1 || check[0].Experiment != 4 {
		t.Errorf("five parts: fit %+v, check %+v", fit, check)
	}
}
