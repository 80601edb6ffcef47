package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/ident"
)

// rounding bounds the relative difference of two evaluations of one figure in floating point: thousands of roundings.
const rounding = 1e-9

func near(a, b float64) bool { return math.Abs(a-b) <= rounding*math.Max(math.Abs(a), math.Abs(b)) }

// TestJSON identifies the demo and compares what --json says with figures computed here from the simulated signals.
func TestJSON(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	args := []string{"identify", "demo:two-tanks", "--out", dir, "--steps", "60", "--restarts", "1", "--quiet", "--json"}
	if testing.Short() { // without the search for a counterexample
		args = append(args, "--guarantee", "contraction")
	}
	v := decode(t, must(t, args...))
	for _, key := range []string{"tests", "test", "linear", "certificate", "model", "parameters", "steps", "seconds", "bundle", "rungs"} {
		if v[key] == nil {
			t.Errorf("no %q", key)
		}
	}
	test := v["test"].(map[string]any)
	if fmt.Sprint(test) != fmt.Sprint(v["tests"].([]any)[0]) {
		t.Error("test is not the first of tests")
	}
	for _, at := range []map[string]any{test, v["linear"].(map[string]any)["test"].(map[string]any)} {
		for _, key := range []string{"name", "samples", "unit", "rmse", "fit", "nrmse", "rmse_pooled"} {
			if at[key] == nil {
				t.Errorf("no %q in a test", key)
			}
		}
	}
	c := v["certificate"].(map[string]any)
	if c["verdict"] != "proved" || c["claim"] != "contraction" {
		t.Errorf("certificate %v", c)
	}
	rate := c["rate"].(float64)
	if !near(c["rate_per_second"].(float64), math.Sqrt(math.Sqrt(rate))) { // one step is 4 s
		t.Errorf("rate %g, per second %g", rate, c["rate_per_second"])
	}
	if g, s := c["gain"].(float64), c["gain_simulated"].(float64); !(s > 0 && s <= g) {
		t.Errorf("gain at most %g, seen %g", g, s)
	}
	csv := filepath.Join(dir, "sim.csv")
	must(t, "simulate", v["bundle"].(string), "demo:two-tanks", "--csv", csv, "--quiet")
	rmse, fit, n := byHand(t, csv)
	if one := test["rmse"].([]any)[0].(float64); !near(one, rmse) {
		t.Errorf("RMSE %g, by hand %g", one, rmse)
	}
	if one := test["fit"].([]any)[0].(float64); !near(one, fit) {
		t.Errorf("FIT %g, by hand %g", one, fit)
	}
	if int(test["samples"].(float64)) != n {
		t.Errorf("%v samples, by hand %d", test["samples"], n)
	}
	out, _, code := plumb(t, "check", v["bundle"].(string))
	if code != exitOK || !strings.Contains(out, ": proved") {
		t.Errorf("plumb check: exit %d: %s", code, out)
	}
	for _, f := range []string{runFileName, reportData, reportPage} {
		if !exists(filepath.Join(dir, f)) {
			t.Errorf("no %s", f)
		}
	}
	if exists(filepath.Join(dir, checkpointName)) {
		t.Error("a finished run left its checkpoint")
	}
}

// byHand computes RMSE and FIT of the last two columns of a CSV file.
func byHand(t *testing.T, path string) (rmse, fit float64, n int) {
	t.Helper()
	var y, sim []float64
	for _, line := range strings.Split(strings.TrimSpace(string(read(t, path))), "\n")[1:] {
		cells := strings.Split(line, ",")
		a, err := strconv.ParseFloat(cells[len(cells)-2], 64)
		b, err2 := strconv.ParseFloat(cells[len(cells)-1], 64)
		if err != nil || err2 != nil {
			t.Fatalf("%q: %v %v", line, err, err2)
		}
		y, sim = append(y, a), append(sim, b)
	}
	var mean, sse, spread float64
	for _, v := range y {
		mean += v / float64(len(y))
	}
	for k, v := range y {
		sse += (v - sim[k]) * (v - sim[k])
		spread += (v - mean) * (v - mean)
	}
	return math.Sqrt(sse / float64(len(y))), 100 * (1 - math.Sqrt(sse/spread)), len(y)
}

// TestText: the printed end of a run has the comparison, the verdict and the paths, and no control characters.
func TestText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	args := identifyArgs(hammerstein(t, "log.csv", 500, nil), dir)
	args = slices.DeleteFunc(args, func(a string) bool { return a == "--quiet" })
	out, errs, code := plumb(t, args...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if line := regexp.MustCompile(`linear, order .*`).FindString(out); !strings.HasSuffix(line, "contraction, proved") {
		t.Errorf("the linear row says %q", line)
	}
	for _, want := range []string{"free simulation", "RMSE [bar]", "FIT %", "k-step prediction", "contraction: PROVED", "per sample of 0.5 s", "per second",
		"bar/V", "forgotten", filepath.Join(dir, "log.plumb"), filepath.Join(dir, reportPage)} {
		if !strings.Contains(out, want) {
			t.Errorf("the output does not say %q:\n%s", want, out)
		}
	}
	for _, want := range []string{"u [V] -> y [bar]", "Ts 0.5 s", "samples: 300 for training, 75 for validation, 125 for test"} {
		if !strings.Contains(errs, want) {
			t.Errorf("the head does not say %q:\n%s", want, errs)
		}
	}
	if strings.ContainsAny(out+errs, "\x1b\r") {
		t.Error("control characters although nothing is a terminal")
	}
}

// TestWorkersAndRerun: one and two workers, and a rerun of the recorded steps, give the same bytes; other data are refused.
func TestWorkersAndRerun(t *testing.T) {
	tmp := t.TempDir()
	csv := hammerstein(t, "log.csv", 500, nil)
	one, two := filepath.Join(tmp, "one"), filepath.Join(tmp, "two")
	must(t, identifyArgs(csv, one, "--workers", "1")...)
	must(t, identifyArgs(csv, two, "--workers", "2")...)
	if string(read(t, one, "log.plumb")) != string(read(t, two, "log.plumb")) {
		t.Error("1 and 2 workers give different bytes")
	}
	out := must(t, "rerun", one, "--out", filepath.Join(tmp, "again"), "--quiet")
	_, errs, _ := plumb(t, "rerun", filepath.Join(one, runFileName), "--out", filepath.Join(tmp, "again2"), "--quiet")
	if !strings.Contains(out+errs, "identical") || strings.Contains(errs, "NOT") {
		t.Errorf("rerun says %q %q", out, errs)
	}
	if string(read(t, one, "log.plumb")) != string(read(t, tmp, "again", "log.plumb")) {
		t.Error("the rerun's bytes differ")
	}
	if _, errs, code := plumb(t, "rerun", one, "--out", one); code != exitFailed || !strings.Contains(errs, "give another") {
		t.Errorf("rerun into its own folder: exit %d, %s", code, errs)
	}

	run, err := readRun(filepath.Join(one, runFileName))
	if err != nil {
		t.Fatal(err)
	}
	run.Flags.Seed++
	if err := writeJSON(filepath.Join(two, runFileName), run); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := plumb(t, "rerun", two, "--out", filepath.Join(tmp, "seed"), "--quiet"); code != exitFailed || !strings.Contains(errs, "NOT identical") {
		t.Errorf("rerun with another seed: exit %d, %s", code, errs)
	}
	if err := os.WriteFile(csv, append(read(t, csv), "250,0.1,0.2\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := plumb(t, "rerun", one, "--out", filepath.Join(tmp, "changed"), "--quiet"); code != exitFailed || !strings.Contains(errs, "have changed") {
		t.Errorf("rerun on other data: exit %d, %s", code, errs)
	}
}

// TestBudgetRerun: a run that was bounded by time is repeated by its steps.
func TestBudgetRerun(t *testing.T) {
	thorough(t)
	tmp := t.TempDir()
	csv := hammerstein(t, "log.csv", 500, nil)
	must(t, "identify", csv, "--out", filepath.Join(tmp, "a"), "--budget", "700ms", "--guarantee", "contraction", "--restarts", "1", "--quiet")
	must(t, "rerun", filepath.Join(tmp, "a"), "--out", filepath.Join(tmp, "b"), "--quiet")
	if string(read(t, tmp, "a", "log.plumb")) != string(read(t, tmp, "b", "log.plumb")) {
		t.Error("the rerun's bytes differ")
	}
}

// TestResume interrupts training at several places; each time the continued run ends in the bytes of an uninterrupted one.
func TestResume(t *testing.T) {
	tmp := t.TempDir()
	csv := hammerstein(t, "log.csv", 500, nil)
	whole := filepath.Join(tmp, "whole")
	args := []string{"--guarantee", "contraction", "--steps", "100", "--restarts", "1", "--quiet", "--workers", "1"}
	must(t, append([]string{"identify", csv, "--out", whole}, args...)...)
	want := string(read(t, whole, "log.plumb"))
	type cut struct {
		fit  string
		step int
	}
	cuts := []cut{{"r2dn/1", 50}, {"r2dn/1", 100}, {"ssm/1", 50}}
	if testing.Short() {
		cuts = cuts[:1]
	}
	for _, at := range cuts {
		dir := filepath.Join(tmp, fmt.Sprintf("cut-%s-%d", at.fit[:3], at.step))
		ctx, cancel := context.WithCancel(t.Context())
		f := identifyFlags{source: source{Data: csv}, Model: "auto", Guarantee: "contraction", Seed: 1, Steps: 100, Restarts: 1, Budget: defaultBudget, quiet: true, workers: 1, out: dir}
		f.watch = func(p ident.Progress) {
			if p.Fit == at.fit && p.Step >= at.step {
				cancel()
			}
		}
		if err := f.run(ctx, io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
			t.Fatalf("%v: interrupted run returned %v", at, err)
		}
		if exists(filepath.Join(dir, "log.plumb")) {
			t.Error("an interrupted run left a model")
		}
		if _, errs, code := plumb(t, "rerun", dir); code != exitFailed || !strings.Contains(errs, "--resume") {
			t.Errorf("rerun of an unfinished run: exit %d, %s", code, errs)
		}
		must(t, "identify", "--resume", dir, "--quiet")
		if got := string(read(t, dir, "log.plumb")); got != want {
			t.Errorf("%v: the continued run ends in other bytes", at)
		}
		if _, errs, code := plumb(t, "identify", "--resume", dir, "--quiet"); code != exitFailed || !strings.Contains(errs, "nothing to resume") {
			t.Errorf("resuming a finished run: exit %d, %s", code, errs)
		}
	}
}

// TestBlind: measured outputs of the test part after its window reach nothing but the scores.
func TestBlind(t *testing.T) {
	thorough(t)
	const samples, test, window = 500, 375, defaultWindow // the default split of 500 samples tests on 375-499
	tmp := t.TempDir()
	open := hammerstein(t, "log.csv", samples, nil)
	other := hammerstein(t, "log.csv", samples, func(k int, y float64) string {
		if k >= test+window {
			y = -3 + 40*y // far outside of anything seen in training
		}
		return fmt.Sprint(y)
	})
	var columns [2][]string
	var weights [2]string
	for i, csv := range []string{open, other} {
		dir := filepath.Join(tmp, strconv.Itoa(i))
		must(t, identifyArgs(csv, dir)...)
		m, err := bundle.ReadFile(filepath.Join(dir, "log.plumb"))
		if err != nil {
			t.Fatal(err)
		}
		weights[i] = m.Manifest.WeightsSHA256
		sim := filepath.Join(dir, "sim.csv")
		must(t, "simulate", filepath.Join(dir, "log.plumb"), csv, "--split", fmt.Sprintf("0-99/-/%d-%d", test, samples-1), "--csv", sim, "--quiet")
		for _, line := range strings.Split(strings.TrimSpace(string(read(t, sim))), "\n") {
			cells := strings.Split(line, ",")
			columns[i] = append(columns[i], cells[len(cells)-1])
		}
	}
	if weights[0] != weights[1] {
		t.Error("the test outputs changed the model")
	}
	if len(columns[0]) != samples-test-window+1 || !slices.Equal(columns[0], columns[1]) {
		t.Error("the test outputs changed the simulation")
	}

	// The same with outputs that do not exist: simulate needs them in the window only.
	missing := hammerstein(t, "log.csv", samples, func(k int, y float64) string {
		if k >= test+window {
			return ""
		}
		return fmt.Sprint(y)
	})
	sim := filepath.Join(tmp, "blind.csv")
	out := must(t, "simulate", filepath.Join(tmp, "0", "log.plumb"), missing, "--split", fmt.Sprintf("0-99/-/%d-%d", test, samples-1), "--csv", sim)
	if !strings.Contains(out, "no measured outputs") {
		t.Errorf("simulate without outputs says %q", out)
	}
	var blind []string
	for _, line := range strings.Split(strings.TrimSpace(string(read(t, sim))), "\n") {
		cells := strings.Split(line, ",")
		blind = append(blind, cells[len(cells)-1])
	}
	if !slices.Equal(blind, columns[0]) {
		t.Error("simulation differs where no outputs are measured")
	}
}

// TestDescription: two outputs of different units, described in YAML, are scored one by one, and the model is that of the
// plain file with the same split.
func TestDescription(t *testing.T) {
	thorough(t)
	var b strings.Builder
	b.WriteString("t,valve,level,p\n")
	r := rand.New(rand.NewPCG(9, 10))
	x, z, u := 0.0, 0.0, 0.0
	for k := range 400 {
		if k%8 == 0 {
			u = 2*r.Float64() - 1
		}
		fmt.Fprintf(&b, "%g,%g,%g,%g\n", 0.5*float64(k), u, x+0.002*r.NormFloat64(), 1000*(z+0.002*r.NormFloat64()))
		x, z = 0.9*x+0.1*math.Tanh(2*u), 0.8*z+0.2*x
	}
	csv := write(t, "log.csv", b.String())
	yaml := write(t, "log.yaml", `name: plant
window: 20
inputs:
  - {name: valve, unit: V}
outputs:
  - {name: level, unit: m}
  - {name: p, unit: Pa}
experiments:
  - {name: run, file: `+csv+`}
parts:
  train: ["run:0-239"]
  validation: ["run:240-299"]
  test: ["run:300-399"]
`)
	tmp := t.TempDir()
	v := decode(t, must(t, identifyArgs(yaml, filepath.Join(tmp, "a"), "--json")...))
	must(t, identifyArgs(csv, filepath.Join(tmp, "b"), "--inputs", "valve", "--outputs", "level,p", "--units", "valve=V,level=m,p=Pa", "--split", "0-239/240-299/300-399")...)
	if !bytes.Equal(read(t, tmp, "a", "log.plumb"), read(t, tmp, "b", "log.plumb")) {
		t.Error("the description and the plain file give different models")
	}
	test := v["test"].(map[string]any)
	if test["rmse_pooled"] != nil || len(test["rmse"].([]any)) != 2 || fmt.Sprint(test["unit"]) != "[m Pa]" {
		t.Errorf("test %v", test)
	}
}

// TestNoTestPart: figures of a part that shaped the model carry its name and a note.
func TestNoTestPart(t *testing.T) {
	thorough(t)
	csv := hammerstein(t, "log.csv", 500, nil)
	for split, name := range map[string]string{"0-299/300-499/-": "validation", "0-499/-/-": "training"} {
		v := decode(t, must(t, identifyArgs(csv, filepath.Join(t.TempDir(), "x"), "--split", split, "--json")...))
		if got := v["test"].(map[string]any)["name"]; got != name {
			t.Errorf("split %s: scored part %q", split, got)
		}
		if notes, _ := json.Marshal(v["notes"]); !strings.Contains(string(notes), "no test part") {
			t.Errorf("split %s: notes %s", split, notes)
		}
	}
}

// TestIntegrator: what no contracting model can represent is said, with the way out, and the way out works.
func TestIntegrator(t *testing.T) {
	thorough(t)
	var b strings.Builder
	b.WriteString("u,y\n")
	r := rand.New(rand.NewPCG(7, 8))
	x, u := 0.0, 0.0
	for k := range 500 {
		if k%10 == 0 {
			u = 2*r.Float64() - 1
		}
		fmt.Fprintf(&b, "%g,%g\n", u, x+0.01*r.NormFloat64())
		x += 0.2 * u
	}
	csv := write(t, "drive.csv", b.String())
	args := func(more ...string) []string {
		return append([]string{"identify", csv, "--out", filepath.Join(t.TempDir(), "x"), "--ts", "0.1", "--steps", "40", "--restarts", "1", "--model", "r2dn", "--guarantee", "contraction"}, more...)
	}
	if out := must(t, args()...); !strings.Contains(out, "represents an integrator") || !strings.Contains(out, "--integrate y") {
		t.Errorf("nothing is said of the integrator:\n%s", out)
	}
	if out := must(t, args("--integrate", "y")...); strings.Contains(out, "represents an integrator") || !strings.Contains(out, "PROVED") {
		t.Errorf("with --integrate:\n%s", out)
	}
}

// TestOtherRungs: each rung and the unconstrained model go through the command line with their own words.
func TestOtherRungs(t *testing.T) {
	thorough(t)
	csv := hammerstein(t, "log.csv", 500, nil)
	for claim, want := range map[string]string{"iss": "proved", "bounded": "proved", "none": "none"} {
		dir := filepath.Join(t.TempDir(), claim)
		v := decode(t, must(t, "identify", csv, "--out", dir, "--guarantee", claim, "--steps", "60", "--restarts", "1", "--quiet", "--json"))
		c := v["certificate"].(map[string]any)
		if c["verdict"] != want || c["claim"] != claim {
			t.Errorf("%s: certificate %v", claim, c)
		}
		out, _, code := plumb(t, "check", filepath.Join(dir, "log.plumb"))
		if claim == "none" {
			if code != exitFailed || !strings.Contains(out, "claims nothing") && !strings.Contains(out, "Nothing is claimed") {
				t.Errorf("check of a model without claim: exit %d, %s", code, out)
			}
		} else if code != exitOK {
			t.Errorf("check: exit %d, %s", code, out)
		}
		switch claim {
		case "iss":
			g, s := c["gain"].(float64), c["gain_simulated"].(float64)
			if !(s > 0 && s <= g) {
				t.Errorf("ISS gain at most %g, seen %g", g, s)
			}
		case "bounded":
			b := c["balls"].([]any)[0].(map[string]any)
			if b["unit"] != "bar" || !(b["low"].(float64) < b["high"].(float64)) {
				t.Errorf("ball %v", b)
			}
		}
	}
}
