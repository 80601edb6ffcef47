package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/repro"
)

func TestReproduceList(t *testing.T) {
	out := must(t, "reproduce", "list")
	for _, w := range []string{"brake-by-wire\n", "Bonassi", "trains 3 models, 90 s each"} {
		if !strings.Contains(out, w) {
			t.Errorf("the list does not say %q: %s", w, out)
		}
	}
	var all []map[string]any
	if err := json.Unmarshal([]byte(must(t, "reproduce", "list", "--json")), &all); err != nil || len(all) == 0 || all[0]["name"] != "brake-by-wire" || all[0]["budget"] != 90.0 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestReproduceErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"reproduce"}, "reproduce needs NAME, or list, got 0 arguments"},
		{[]string{"reproduce", "figure-9", "--out", dir}, `there is no reproduction "figure-9"; see plumb reproduce list`},
		{[]string{"reproduce", "brake-by-wire", "--steps", "-1", "--out", dir}, "must not be negative"},
	} {
		_, stderr, code := plumb(t, c.args...)
		if code != exitFailed || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, %q; want %q", c.args, code, stderr, c.says)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a refused reproduction left a folder")
	}
}

func TestPrintReproduction(t *testing.T) {
	nan := repro.Number(math.NaN())
	r := &repro.Result{Name: "toy", Pass: false, Seconds: 12, Page: "runs/toy/report.html", Outputs: []string{"p_mc", "p_cal"}, Units: []string{"bar", "bar"},
		Checks: []repro.Check{{Name: "FIT of p_mc", Value: 91.234, Bound: ">= 90 %", Pass: true}, {Name: "FIT of p_cal", Value: 89, Bound: ">= 90 %"}, {Name: "price", Value: 2, Bound: repro.Reported, Pass: true}},
		Models: []repro.Model{
			{Name: "proved", Claim: ident.DeltaISS, Verdict: "proved", FIT: []repro.Number{91.234, 89}, SumFIT: 93, Smallest: -0.5, Rate: 0.95501, Recovery: 290, Attack: &repro.Attack{Ratio: 0.97}, Parameters: 3170},
			{Name: "linear", FIT: []repro.Number{80, 80}, SumFIT: 79, Smallest: -9, Rate: nan, Parameters: 10},
		}}
	var b bytes.Buffer
	printReproduction(&b, r)
	s := strings.Join(strings.Fields(b.String()), " ")
	for _, w := range []string{"FIT p_mc % FIT p_cal % FIT (20) % smallest [bar] rate/sample recovery [samples] worst ratio parameters claim", "proved 91.23 89.00 93.00 -0.50 0.9551 290 0.97 3170 delta-iss, proved", "linear 80.00 80.00 79.00 -9.00 - - - 10 -",
		"FIT of p_mc 91.23 >= 90 % pass", "FIT of p_cal 89 >= 90 % FAIL", "price 2 reported", "toy: FAIL in 12 s runs/toy/report.html"} {
		if !strings.Contains(s, w) {
			t.Errorf("not printed: %q in %q", w, s)
		}
	}
}

// TestReproduce runs the whole command with so few steps that the checks fail: the exit code says so, the files are there.
func TestReproduce(t *testing.T) {
	if os.Getenv("PLUMB_LONG") == "" {
		t.Skip("a minute; set PLUMB_LONG=1")
	}
	dir := t.TempDir()
	out, stderr, code := plumb(t, "reproduce", "brake-by-wire", "--steps", "3", "--out", dir, "--json", "--quiet")
	if code != exitFailed || stderr != "" {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	var r repro.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Name != "brake-by-wire" || r.Pass || len(r.Checks) < 10 || len(r.Models) < 4 {
		t.Errorf("%v, %s", err, out)
	}
	for _, f := range []string{"report.html", "result.json", "figure-3-inputs.csv", "lstm-proved.plumb"} {
		if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
			t.Error(err)
		}
	}
}

// TestDecay: the bound of two members with known decay in two outputs of different span, and when it falls below 1 %.
func TestDecay(t *testing.T) {
	half, tenth := big.NewRat(1, 2), big.NewRat(1, 10)
	v := &cert.Verdict{Members: []cert.Figures{
		{Rate: half, Decay: []*big.Rat{big.NewRat(8, 1), big.NewRat(2, 1)}},
		{Rate: tenth, Decay: []*big.Rat{big.NewRat(0, 1), big.NewRat(2, 1)}},
	}}
	bound, n := decay(v, []float64{2, 0.5}, 3) // output 0: 8 2^-k / 2 / 2, output 1: (2 2^-k + 2 10^-k) / 2 / 0.5, the larger
	for k, want := range []float64{4, 1.2, 0.52} {
		if math.Abs(bound[k]-want) > 1e-12 {
			t.Errorf("sample %d: %g, want %g", k, bound[k], want)
		}
	}
	if n != 8 { // 2 2^-k <= 0.01 from k = 7.6
		t.Errorf("forgotten after %d samples, want 8", n)
	}
	if _, n := decay(v, []float64{1e3, 1e3}, 1); n != 0 {
		t.Errorf("forgotten after %d samples, want 0", n)
	}
	v.Members[0].Rate = new(big.Rat).SetFloat64(1 - 0x1p-52)
	if _, n := decay(v, []float64{2, 1}, 1); n != -1 {
		t.Errorf("forgotten after %d samples, want -1", n)
	}
}

// TestApplies: the claim ends with the first scored sample whose input, delayed as the model reads it, leaves the range.
func TestApplies(t *testing.T) {
	u := make([]float64, 30)
	u[3], u[17] = 9, 4.1 // the first within the window, the second beyond [0, 4]
	rec := &dataset.Record{Signals: []dataset.Signal{{Name: "x"}, {Name: "y"}}, Experiments: []dataset.Experiment{{Data: [][]float64{u, make([]float64, 30)}}}}
	set := &dataset.Set{Record: rec, Inputs: []int{0}, Outputs: []int{1}}
	parts := []dataset.Part{{Name: "test", To: 30, Window: 10}}
	m := &deploy.Model{Lags: 5, Scaling: deploy.Scaling{UMid: []float64{2}, UHalf: []float64{2}, YMean: []float64{0}, YStd: []float64{1}, Delay: []int{2}, Integrate: []bool{false}}}
	got := applies(m, set, parts)
	if len(got) != 1 || !strings.Contains(got[0], `part "test": the claim no longer applies from scored sample 9 on (of 20), where input x`) {
		t.Errorf("%q", got)
	}
	u[17] = 4
	if got := applies(m, set, parts); got != nil {
		t.Errorf("at the edge of the range: %q", got)
	}
}
