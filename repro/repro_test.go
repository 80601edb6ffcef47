package repro

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/plant/brakebywire"
	"github.com/plumb-go/plumb/train"
)

// toy is a set of one position and two pressures: a dead travel, a square law and a lag, in short experiments.
func toy(t *testing.T) *dataset.Set {
	t.Helper()
	const n = 700
	rec := &dataset.Record{Name: "toy", Ts: 0.01, Signals: []dataset.Signal{{Name: "x", Unit: "mm"}, {Name: "p_mc", Unit: "bar"}, {Name: "p_cal", Unit: "bar"}}}
	set := &dataset.Set{Record: rec, Inputs: []int{0}, Outputs: []int{1, 2}}
	for e := range 4 {
		r := rng.Stream(1, "toy/"+string(rune('0'+e)))
		data := [][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}
		goal, x, p := 0.0, 0.0, 0.0
		for k := range n {
			if k%40 == 0 {
				goal = 10 * r.Float64()
			}
			x += 0.15 * (goal - x)
			q := max(x-2, 0)
			p += 0.3 * (0.6*q*q - p)
			data[0][k], data[1][k], data[2][k] = x, 0.6*q*q+0.2*r.NormFloat64(), p+0.2*r.NormFloat64()
		}
		rec.Experiments = append(rec.Experiments, dataset.Experiment{Name: string(rune('a' + e)), Data: data})
		part := dataset.Part{Experiment: e, To: n, Window: 20}
		switch e {
		case 2:
			set.Validation = append(set.Validation, part)
		case 3:
			set.Test = append(set.Test, part)
		default:
			set.Train = append(set.Train, part)
		}
	}
	if err := set.Check(); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestListAndUnknown(t *testing.T) {
	l := List()
	if len(l) == 0 || l[0].Name != "brake-by-wire" || l[0].Budget != 90*time.Second || l[0].Source == "" {
		t.Errorf("%+v", l)
	}
	if _, err := Run(t.Context(), "nothing", Options{}); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "brake-by-wire") {
		t.Errorf("%v", err)
	}
}

// TestChecks: each kind of check can fail, at its bound and for a figure that is unknown.
func TestChecks(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		got  Check
		pass bool
		text string
	}{
		{atLeast("a", 90, 90, "%"), true, ">= 90 %"}, {atLeast("a", 89.99, 90, "%"), false, ">= 90 %"}, {atLeast("a", nan, 90, "%"), false, ">= 90 %"},
		{atMost("a", 1, 1, ""), true, "<= 1"}, {atMost("a", 1.001, 1, ""), false, "<= 1"}, {atMost("a", nan, 1, ""), false, "<= 1"},
		{below("a", -1.1, -1, "bar"), true, "< -1 bar"}, {below("a", -1, -1, "bar"), false, "< -1 bar"}, {below("a", nan, -1, "bar"), false, "< -1 bar"},
		{holds("a", true), true, "= 1"}, {holds("a", false), false, "= 1"}, {reported("a", nan), true, Reported},
	} {
		if c.got.Pass != c.pass || c.got.Bound != c.text {
			t.Errorf("%+v, want pass %v, bound %q", c.got, c.pass, c.text)
		}
	}
	b, err := json.Marshal(Result{Name: "x", Checks: []Check{holds("ok", true), reported("price", nan)}})
	want := `{"name":"x","pass":false,"seconds":0,"checks":[{"name":"ok","value":1,"bound":"= 1","pass":true},{"name":"price","value":null,"bound":"reported","pass":true}]}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
}

// TestHysteresis: the measurement sees the friction of the caliper, and nothing where there is none.
func TestHysteresis(t *testing.T) {
	r := brakebywire.New()
	h := hysteresis(r)
	r.Caliper.Coulomb, r.Caliper.Load = 0, 0
	none := hysteresis(r)
	t.Logf("hysteresis %.2f %% of full scale, %.2f %% without friction", 100*h, 100*none)
	const flow = 0.01 // what the flow of a 30 s ramp leaves
	if h < wantHysteresis/100 || none > flow {
		t.Errorf("hysteresis %g of full scale, %g without friction", h, none)
	}
}

func TestText(t *testing.T) {
	for v, want := range map[float64]string{91.5309: "91.53", 0.99997306: "0.99997", 1: "1", 18855.24: "18855", -13.766: "−13.77", 0.5: "0.5", math.Inf(-1): "−∞", 3e9: "3e+09"} {
		if got := text(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{18855.24: "18860", 323.657: "323.7", 279.11: "279.2", 2: "2", 0.99999: "1"} {
		if got := upperText(v); got != want {
			t.Errorf("bound %v: %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0.98489687: "0.9849", 0.99999: "0.99999", math.NaN(): "–"} {
		if got := rateText(v); got != want {
			t.Errorf("rate %v: %s, want %s", v, got, want)
		}
	}
}

func TestInterpolate(t *testing.T) {
	x, y := []float64{0, 1, 1, 3}, []float64{0, 10, 20, 40}
	for at, want := range map[float64]float64{-1: 0, 0: 0, 0.5: 5, 1: 10, 2: 30, 3: 40, 4: 40} {
		if got := interpolate(x, y, at); got != want {
			t.Errorf("at %g: %g, want %g", at, got, want)
		}
	}
}

// fake is a study whose models are made up, with simulations that are the measurement plus a known error.
func fake(t *testing.T) *study {
	t.Helper()
	s, err := newStudy(toy(t), Options{Seed: 3, Version: "0", Platform: "here", Command: "plumb reproduce toy"})
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string, offset float64) *fitted {
		f := &fitted{res: &ident.Result{}, member: true}
		f.Model = blank(name)
		f.Claim, f.Verdict = ident.None, "none"
		for i := range s.measured {
			y := slices.Clone(s.measured[i])
			for k := range y {
				y[k] += offset
			}
			f.y = append(f.y, y)
			f.FIT, f.RMSE = append(f.FIT, Number(100-10*math.Abs(offset))), append(f.RMSE, Number(math.Abs(offset)))
		}
		f.SumFIT, f.Smallest = Number(90), Number(lowest(f.y))
		s.models = append(s.models, f)
		return f
	}
	own := add(proved, 0.5)
	own.Claim, own.Verdict, own.Rate, own.Recovery = ident.DeltaISS, "proved", 0.98, 250
	own.Gain, own.GainUnit, own.statement = []Number{12, 14}, []string{"bar/mm", "bar/mm"}, "While x lies in [0, 10] mm, responses meet."
	own.Attack = &Attack{Ratio: 0.5, Where: "output p_cal of member 0, sample 3", Pairs: 10, Searches: 2, Samples: 50, Box: 0.9}
	nu := -0.02
	own.res.Curves = []ident.Curve{{Fit: "lstm-componentwise/1", Kept: true, Trace: []train.Point{{Step: 50, Loss: 0.1, Validation: 0.3, Residual: &nu}, {Step: 100, Loss: 0.05, Validation: 0.2, Residual: &nu}}}}
	add(unconstrained, 0.3)
	add(penalised, 1).Residual = Number(nu)
	lin := add("linear, order 2", -3)
	lin.linear, lin.member = true, false
	return s
}

// TestPage: figures, tables and words of the page, and the verdict that a failed check gives it.
func TestPage(t *testing.T) {
	s := fake(t)
	own, free, paper, lin := s.models[0], s.models[1], s.models[2], s.models[3]
	r := &Result{Checks: brakeChecks(s, own, free, paper, lin, rig{hysteresis: 4, noise: 0.6})}
	pass := map[string]bool{}
	for _, c := range r.Checks {
		pass[c.Name] = c.Pass
	}
	for name, want := range map[string]bool{
		"FIT of p_mc, LSTM, proved": true, "LSTM, proved: accepted by the checker": true, "FIT of p_cal, linear model": true,
		"smallest pressure predicted by the linear model": true, "worst ratio over the proved bound, LSTM, proved": true,
		"δISS residual of the stored iterate, LSTM, penalty (the paper)": true, "hysteresis of the rig, share of full scale": true,
	} {
		if got, ok := pass[name]; !ok || got != want {
			t.Errorf("check %q: there %v, pass %v", name, ok, got)
		}
	}
	own.Verdict, own.FIT[1], own.Attack.Ratio, paper.Residual = "refused: x", 89, 1.1, 0.1
	for _, c := range brakeChecks(s, own, free, paper, lin, rig{hysteresis: 2, noise: 0.4}) {
		switch c.Name {
		case "FIT of p_cal, LSTM, proved", "LSTM, proved: accepted by the checker", "worst ratio over the proved bound, LSTM, proved",
			"δISS residual of the stored iterate, LSTM, penalty (the paper)", "hysteresis of the rig, share of full scale", "noise of the pressure sensors, share of full scale":
			if c.Pass {
				t.Errorf("%s passes", c.Name)
			}
		}
	}
	own.Verdict, own.Attack.Ratio = "proved", 0.5
	page := brakePage(s, r, own, free, lin)
	var b bytes.Buffer
	if err := report.RenderDocument(&b, page); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"Figure 3", "Figure 4", "Figure 5", "Figure 6", "Figure 7", "experiment 4 (test)", "experiment 3 (validation)", "bar/mm", "FIT, eq. (20)", "zero: provable below",
		"plumb reproduce toy", "2.5 s", "found a largest ratio of 0.5", "error of linear, order 2"} {
		if !strings.Contains(b.String(), w) {
			t.Errorf("the page does not say %q", w)
		}
	}
	var files []string
	for _, d := range page.Drawings() {
		files = append(files, d.Name())
	}
	want := []string{"figure-3-inputs", "figure-4-p-mc", "figure-5-p-cal", "figure-6-transient", "figure-7-training"}
	if !slices.Equal(files, want) {
		t.Errorf("data files %v, want %v", files, want)
	}
}

// TestTransient: the stretch that moves most is found, from a record of which only one stretch moves.
func TestTransient(t *testing.T) {
	s := &study{measured: [][]float64{make([]float64, 1000)}}
	for k := 400; k < 460; k++ {
		s.measured[0][k] = float64(k % 7)
	}
	if from, to := s.transient(100); to-from != 100 || from > 400 || to < 460 {
		t.Errorf("%d to %d, the burst is 400 to 460", from, to)
	}
	if from, to := s.transient(2000); from != 0 || to != 1000 {
		t.Errorf("%d to %d of a short record", from, to)
	}
}

// TestReproduction runs the whole of brake-by-wire on short experiments with a few steps: files are complete, the bundles
// are judged as the result says, and a model this poor fails its checks.
func TestReproduction(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three small networks")
	}
	dir := t.TempDir()
	e := entry{Entry{Name: "toy", Title: "Toy", Source: "nobody"}, nil}
	e.run = func(ctx context.Context, o Options) (*Result, *report.Document, error) {
		return brake(ctx, toy(t), rig{hysteresis: 4, noise: 0.6}, []int{4}, o)
	}
	seen := map[string]bool{}
	o := Options{Steps: 40, Seed: 1, Workers: 2, Dir: dir, Version: "0", effort: effort{pairs: 500, searches: 4}, Progress: func(m string, _ ident.Progress) { seen[m] = true }}
	r, err := e.reproduce(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 {
		t.Errorf("progress of %v, want three models", seen)
	}
	var stored Result
	data, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil || json.Unmarshal(data, &stored) != nil || stored.Name != "toy" || len(stored.Checks) != len(r.Checks) || stored.Pass != r.Pass {
		t.Errorf("result.json: %v, %s", err, data)
	}
	for _, c := range r.Checks {
		t.Logf("%-70s %10.4g %-12s %v", c.Name, c.Value, c.Bound, c.Pass)
	}
	for _, name := range []string{"report.html", "figure-3-inputs.csv", "figure-4-p-mc.csv", "figure-5-p-cal.csv", "figure-6-transient.csv", "figure-7-training.csv"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, m := range r.Models {
		if m.Bundle == "" {
			continue
		}
		b, err := cert.OpenFile(filepath.Join(dir, m.Bundle))
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
			continue
		}
		if v := cert.Check(b); v.Proved != (m.Verdict == "proved") {
			t.Errorf("%s: the result says %q, the checker %v", m.Name, m.Verdict, v.Proved)
		}
	}
	again, err := e.reproduce(t.Context(), Options{Steps: 40, Seed: 1, Workers: 1, effort: effort{pairs: 500, searches: 4}})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range again.Checks {
		if c != r.Checks[i] && !(math.IsNaN(float64(c.Value)) && math.IsNaN(float64(r.Checks[i].Value))) {
			t.Errorf("a second run gives %+v, the first %+v", c, r.Checks[i])
		}
	}
}
