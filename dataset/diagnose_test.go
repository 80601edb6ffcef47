package dataset

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// clean is a record without anything to find: a multilevel input and a smooth output with units.
func clean(n int) *Record {
	r := rand.New(rand.NewPCG(3, 4))
	u, y := make([]float64, n), make([]float64, n)
	level := 0.0
	for k := range n {
		if k%20 == 0 {
			level = math.Round(r.NormFloat64()*100) / 100
		}
		u[k] = level
		y[k] = 2 * math.Sin(float64(k)*0.03)
		if k > 0 {
			y[k] = 0.9*y[k-1] + 0.2*u[k-1] + 0.01*r.NormFloat64()
		}
	}
	return &Record{Ts: 1, Signals: []Signal{{"u", "V"}, {"y", "m"}}, Experiments: []Experiment{{Data: [][]float64{u, y}}}}
}

func TestDiagnose(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(*Record)
		kind   string // "" when nothing may be found
		signal string
		sample int
		count  int
		value  float64
		word   string
	}{
		{"clean", func(*Record) {}, "", "", 0, 0, 0, ""},
		{"smooth extremes are no limits", func(r *Record) {
			for k := range r.Experiments[0].Data[1] {
				r.Experiments[0].Data[1][k] = 3 * math.Sin(float64(k)*0.05)
			}
		}, "", "", 0, 0, 0, ""},
		{"a two-level input is not saturated", func(r *Record) {
			for k := range r.Experiments[0].Data[0] {
				r.Experiments[0].Data[0][k] = float64((k / 7 * 31) % 2)
			}
		}, "", "", 0, 0, 0, ""},
		{"missing", func(r *Record) {
			y := r.Experiments[0].Data[1]
			y[10], y[50], y[51], y[52] = math.NaN(), math.NaN(), math.NaN(), math.Inf(1)
		}, Missing, "y", 10, 4, 3, "4 of 1000 values"},
		{"constant", func(r *Record) {
			for k := range r.Experiments[0].Data[0] {
				r.Experiments[0].Data[0][k] = 5
			}
		}, Constant, "u", -1, 1000, 5, "always 5"},
		{"constant in one experiment", func(r *Record) {
			n := 300
			e := Experiment{Data: [][]float64{make([]float64, n), make([]float64, n)}}
			for k := range n {
				e.Data[1][k] = r.Experiments[0].Data[1][k]
			}
			r.Experiments = append(r.Experiments, e)
		}, Constant, "u", -1, 1, 1, "1 of 2 experiments"},
		{"saturation", func(r *Record) {
			y := r.Experiments[0].Data[1]
			for k := range y {
				y[k] = min(3*math.Sin(float64(k)*0.05)+0.001*math.Cos(float64(k)), 2.5)
			}
		}, Saturation, "y", 20, 187, 2.5, "limit 2.5"},
		{"spike", func(r *Record) { r.Experiments[0].Data[1][333] = 40 }, Outlier, "y", 333, 1, 40, "40"},
		{"spike inside the range", func(r *Record) {
			y := r.Experiments[0].Data[1]
			for k := range y {
				y[k] = 100 * math.Sin(float64(k)*0.01)
			}
			y[157] = 0 // at the crest
		}, Outlier, "y", 157, 1, 0, "neighbourhood"},
		{"wrapped angle", func(r *Record) {
			for k := range r.Experiments[0].Data[1] {
				r.Experiments[0].Data[1][k] = math.Mod(float64(k)*0.1, 2*math.Pi)
			}
			r.Signals[1].Unit = "rad"
		}, Wrap, "y", 63, 15, 2 * math.Pi, "full turn"},
		{"jitter", func(r *Record) { r.Experiments[0].Jitter, r.Experiments[0].JitterAt = 0.004, 77 }, Jitter, "", 77, 1, 0.004, "0.4 %"},
		{"no unit", func(r *Record) { r.Signals[0].Unit = "" }, Unit, "u", -1, 0, 0, "no unit"},
		{"metres or micrometres", func(r *Record) {
			for k := range r.Experiments[0].Data[1] {
				r.Experiments[0].Data[1][k] *= 1e-7
			}
		}, Unit, "y", -1, 0, 0, "only"},
		{"sampling time", func(r *Record) { r.Ts = 0 }, NoTime, "", -1, 0, 0, "unknown"},
		{"short", func(r *Record) {
			for i, x := range r.Experiments[0].Data {
				r.Experiments[0].Data[i] = x[:60]
			}
		}, Short, "", -1, 60, 60, "60 samples"},
	} {
		r := clean(1000)
		c.spoil(r)
		got := Diagnose(r)
		if c.kind == "" {
			if len(got) > 0 {
				t.Errorf("%s: %+v", c.name, got)
			}
			continue
		}
		if len(got) != 1 {
			t.Errorf("%s: %d findings %+v, want one of %s", c.name, len(got), got, c.kind)
			continue
		}
		f := got[0]
		if f.Kind != c.kind || f.Signal != c.signal || f.Sample != c.sample || !strings.Contains(f.Text, c.word) || f.Fix == "" {
			t.Errorf("%s: %+v", c.name, f)
		}
		if c.kind != Unit && (f.Count != c.count || f.Value != c.value) {
			t.Errorf("%s: count %d, value %g, want %d, %g", c.name, f.Count, f.Value, c.count, c.value)
		}
	}
}
