package linear

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/dataset/benchmark"
)

func dataDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PLUMB_DATA")
	if dir == "" {
		t.Skip("PLUMB_DATA names no folder with measured data")
	}
	return dir
}

// rmse pools the parts with equal names.
func rmse(t *testing.T, m *Model, set *dataset.Set, parts []dataset.Part) float64 {
	t.Helper()
	var ss, n float64
	for _, p := range parts {
		y, err := m.SimulatePart(set, p)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range set.Outputs {
			for k, v := range set.Record.Experiments[p.Experiment].Data[c][p.From+p.Window : p.To] {
				ss += (v - y[i][k]) * (v - y[i][k])
				n++
			}
		}
	}
	return math.Sqrt(ss / n)
}

// band is how far above the reference an error may lie: other estimators of the same model class differ by that much.
const band = 1.1

// Free-simulation errors of linear models, published or found by others with the same data and split.
func TestBenchmarks(t *testing.T) {
	dir := dataDir(t)
	for _, c := range []struct {
		name string
		want []float64 // in the units of the file's outputs
	}{
		{"cascaded-tanks", []float64{0.588}},
		{"silverbox", []float64{6.95e-3, 14.4e-3, 6.6e-3}},
		{"wiener-hammerstein", []float64{43.6e-3}},
		{"actuator", []float64{0.975}},
		{"emps", []float64{5.53}},
		{"fine-steering-mirror", []float64{0.2277}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "fine-steering-mirror" && os.Getenv("PLUMB_LONG") == "" {
				t.Skip("takes ten seconds; PLUMB_LONG=1 runs it")
			}
			set, err := benchmark.Open(c.name, dir)
			if err != nil {
				t.Fatal(err)
			}
			check(t, set, c.want)
		})
	}
}

func check(t *testing.T, set *dataset.Set, want []float64) {
	t.Helper()
	begin := time.Now()
	m, err := Fit(t.Context(), set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f s, order %d, delay %v, %s, poles %.4g", time.Since(begin).Seconds(), m.Order, m.Delay, m.Method, m.Poles())
	groups := map[string][]dataset.Part{}
	var names []string
	for _, p := range set.Test {
		name := p.Name
		if len(want) == 1 {
			name = "test"
		}
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], p)
	}
	for i, n := range names {
		if e := rmse(t, m, set, groups[n]); e > band*want[i] {
			t.Errorf("test %q: %.4g, reference %.4g", n, e, want[i])
		} else {
			t.Logf("test %q: %.4g, reference %.4g", n, e, want[i])
		}
	}
}

// The first half trains; of the second, all is scored.
func TestSmallProcesses(t *testing.T) {
	dir := filepath.Join(dataDir(t), "small-processes")
	for _, c := range []struct {
		file string
		want float64
	}{{"dryer.dat", 0.117}, {"ballbeam.dat", 0.0573}, {"gas_furnace.csv", 1.245}} {
		t.Run(c.file, func(t *testing.T) {
			rec, err := dataset.Open(filepath.Join(dir, c.file), dataset.Options{Ts: 1})
			if err != nil {
				t.Fatal(err)
			}
			n := rec.Experiments[0].Len()
			set := &dataset.Set{Record: rec, Inputs: []int{0}, Outputs: []int{1},
				Train: []dataset.Part{{To: n / 2}}, Test: []dataset.Part{{From: n/2 - 50, To: n, Window: 50}}}
			check(t, set, []float64{c.want})
		})
	}
}
