package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func dataDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PLUMB_DATA")
	if dir == "" {
		t.Skip("PLUMB_DATA does not name the folder of measured data")
	}
	return dir
}

// TestSameInTwoFormats compares MAT files of the benchmarks' authors with the text files beside them: the tanks' text
// holds five digits, EMPS's nine.
func TestSameInTwoFormats(t *testing.T) {
	dir := dataDir(t)
	for _, c := range []struct {
		mat, csv string
		digits   float64 // half a unit in the last digit, relative to the largest value
	}{
		{"cascaded-tanks/dataBenchmark.mat", "cascaded-tanks/dataBenchmark.csv", 5e-5},
		{"emps/DATA_EMPS.mat", "emps/DATA_EMPS.csv", 5e-9},
		{"emps/DATA_EMPS_PULSES.mat", "emps/DATA_EMPS_PULSES.csv", 5e-9},
	} {
		a, err := Open(filepath.Join(dir, c.mat), Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		b, err := Open(filepath.Join(dir, c.csv), Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		if a.Ts != b.Ts || len(a.Signals) != len(b.Signals) {
			t.Errorf("%s: Ts %g and %g, signals %v and %v", c.mat, a.Ts, b.Ts, a.Signals, b.Signals)
			continue
		}
		for i, s := range a.Signals {
			j := slices.Index(b.Signals, s)
			if j < 0 {
				t.Errorf("%s: no %q in the text", c.mat, s.Name)
				continue
			}
			x, y := a.Experiments[0].Data[i], b.Experiments[0].Data[j]
			if len(x) != len(y) {
				t.Errorf("%s %s: %d and %d samples", c.mat, s.Name, len(x), len(y))
				continue
			}
			most := max(slices.Max(x), -slices.Min(x))
			for k := range x {
				if d := x[k] - y[k]; d > c.digits*most || d < -c.digits*most {
					t.Errorf("%s %s sample %d: %v in MAT, %v in text", c.mat, s.Name, k, x[k], y[k])
					break
				}
			}
		}
	}
}

// TestPendulumCells reads cells of unequal number by choosing variables: 4 swings of 2 signals over 9167 samples.
func TestPendulumCells(t *testing.T) {
	path := filepath.Join(dataDir(t), "pendulum", "SinglePendulumDataForParameterEstimation.mat")
	if _, err := Open(path, Options{}); err == nil {
		t.Error("cells of different numbers made one record")
	}
	r, err := Open(path, Options{Columns: []string{"Y_id"}, Time: "Time_id"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Experiments) != 4 || len(r.Signals) != 2 || r.Experiments[3].Len() != 9167 || r.Ts != 0.001 {
		t.Errorf("%d experiments, signals %v, %d samples, Ts %g", len(r.Experiments), r.Signals, r.Experiments[0].Len(), r.Ts)
	}
}

// TestDiagnoseTanks: the overflow of the lower tank drives its sensor into the limit of 10 V; a check that misses it is
// useless.
func TestDiagnoseTanks(t *testing.T) {
	r, err := Open(filepath.Join(dataDir(t), "cascaded-tanks", "dataBenchmark.csv"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	limits := 0
	for _, f := range Diagnose(r) {
		switch f.Kind {
		case Saturation:
			limits++
			if f.Value != 10 || f.Signal[0] != 'y' {
				t.Errorf("%+v", f)
			}
		case Unit:
		default:
			t.Errorf("%+v", f)
		}
	}
	if limits != 2 {
		t.Errorf("%d saturated outputs found, want both", limits)
	}
}
