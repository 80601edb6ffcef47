package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// plumb runs the command line.
func plumb(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = execute(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), code
}

// must runs the command line and fails the test unless it exits with 0.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, code := plumb(t, args...)
	if code != exitOK {
		t.Fatalf("plumb %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// hammerstein writes a record y+ = 0.9 y + 0.1 tanh(2u), measured with noise, as CSV with units and time. edit may change
// an output.
func hammerstein(t *testing.T, name string, samples int, edit func(k int, y float64) string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	b.WriteString("t [s],u [V],y [bar]\n")
	x, u := 0.0, 0.0
	for k := range samples {
		if k%8 == 0 {
			u = 2*r.Float64() - 1
		}
		y := x + 0.002*r.NormFloat64()
		text := fmt.Sprint(y)
		if edit != nil {
			text = edit(k, y)
		}
		fmt.Fprintf(&b, "%g,%g,%s\n", 0.5*float64(k), u, text)
		x = 0.9*x + 0.1*math.Tanh(2*u)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tiny are options under which an identification takes about a second.
var tiny = []string{"--guarantee", "contraction", "--model", "r2dn", "--steps", "60", "--restarts", "1", "--hidden", "4", "--quiet"}

func identifyArgs(data, out string, more ...string) []string {
	return append(append([]string{"identify", data, "--out", out}, tiny...), more...)
}

func read(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Everybody who reads --help sees how the command is typed.
func TestEveryCommandHasAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example or no summary", c.CommandPath())
		}
		for _, s := range c.Commands() {
			walk(s)
		}
	}
	walk(newRoot(nil, os.Stdout, os.Stderr))
}

// Errors name what failed, the number that failed, and a change that would fix it.
func TestErrors(t *testing.T) {
	csv := hammerstein(t, "log.csv", 300, nil)
	holes := hammerstein(t, "holes.csv", 300, func(k int, y float64) string {
		if k == 100 {
			return "NaN"
		}
		return fmt.Sprint(y)
	})
	page := filepath.Join(t.TempDir(), "page.csv")
	if err := os.WriteFile(page, []byte("<!DOCTYPE html><html><body>not found</body></html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	yaml := filepath.Join(t.TempDir(), "set.yaml")
	if err := os.WriteFile(yaml, []byte("name: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	expectRefused(t, dir, "", []refused{
		{"identify", []string{"DATA", "demo:two-tanks"}},
		{"identify a b", []string{"1 arg", "2"}},
		{"identify demo:three-tanks", []string{"three-tanks", "demo:two-tanks", "demo:brake-by-wire"}},
		{"identify demo:two-tanks --ts 3", []string{"leave out", "--ts"}},
		{"identify benchmark:cascaded-tanks", []string{"--data DIR"}},
		{"identify benchmark:nothing --data .", []string{"nothing", "cascaded-tanks"}},
		{"identify " + yaml + " --ts 3", []string{"description", "--ts"}},
		{"identify missing.csv", []string{"missing.csv", "no such file"}},
		{"identify " + page, []string{"page.csv", "HTML"}},
		{"identify " + csv + " --inputs valve", []string{`"valve"`, `"u"`, `"y"`}},
		{"identify " + csv + " --outputs u", []string{`"u"`, "twice"}},
		{"identify " + csv + " --units y", []string{"NAME=UNIT"}},
		{"identify " + csv + " --units z=V", []string{`"z"`, "not a signal"}},
		{"identify " + csv + " --split 0.5/0.5", []string{"0.5/0.5", "TRAIN/VALIDATION/TEST"}},
		{"identify " + csv + " --split 0-99/-/50-199", []string{"test", "training", "70-99"}},
		{"identify " + csv + " --split 0-99/-/100-400", []string{"400", "299"}},
		{"identify " + csv + " --init-window 80", []string{"window of 80", "smaller window"}},
		{"identify " + csv + " --init-window -1", []string{"-1", "negative"}},
		{"identify " + holes, []string{`"y"`, "100", "never filled"}},
		{"identify " + csv + " --budget soon", []string{"soon", "60s"}},
		{"identify " + csv + " --budget 0s", []string{"0s", "60s"}},
		{"identify " + csv + " --rate 1", []string{"--rate 1", "(0, 1)"}},
		{"identify " + csv + " --hidden -3", []string{"--hidden -3"}},
		{"identify " + csv + " --steps x", []string{"steps", "x"}},
		{"identify " + csv + " --delay 1,2", []string{"2 numbers", "1 inputs"}},
		{"identify " + csv + " --delay 1.5", []string{"1.5", "whole"}},
		{"identify " + csv + " --rest a", []string{`"a"`, "number"}},
		{"identify " + csv + " --guarantee stable", []string{"stable", "contraction"}},
		{"identify " + csv + " --model transformer", []string{"transformer", "r2dn", "lstm"}},
		{"identify " + csv + " --model lstm --guarantee contraction", []string{"contraction", "lstm", "construct"}},
		{"identify " + csv + " --model lstm --states 4", []string{"--states", "--hidden 10,10"}},
		{"identify " + csv + " --filter 2", []string{"--filter", "lstm"}},
		{"identify " + csv + " --model ssm --guarantee iss", []string{"ssm", "iss", "leave out --model"}},
		{"identify " + csv + " --model ssm --layers 2", []string{"--layers 2", "r2dn"}},
		{"identify " + csv + " --integrate z --steps 50 --out " + filepath.Join(dir, "no"), []string{`"z"`, "not an output"}},
		{"identify --resume " + dir, []string{"nothing to resume", dir}},
		{"identify " + csv + " --resume " + dir + " --seed 3", []string{"--seed", "log.csv", "leave out"}},
		{"simulate model.plumb", []string{"MODEL", "DATA"}},
		{"simulate missing.plumb " + csv, []string{"missing.plumb"}},
		{"simulate m d --initial random", []string{"random", "window", "zero"}},
		{"report", []string{"RUN"}},
		{"report " + dir, []string{"report.json"}},
		{"rerun " + dir, []string{"run.json"}},
		{"data check missing.csv", []string{"missing.csv"}},
		{"data check", []string{"DATA"}},
		{"data show a b", []string{"2 arguments"}},
		{"nonsense", []string{"nonsense"}},
		{"identify " + csv + " --colour", []string{"--colour"}},
	})
}

// An unfinished context is an interruption, exit 130, and tells how to go on when there is something to go on from.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	dir := filepath.Join(t.TempDir(), "run")
	if code := execute(ctx, identifyArgs(hammerstein(t, "log.csv", 300, nil), dir), &out, &errs); code != exitInterrupted {
		t.Errorf("exit %d, want %d: %s", code, exitInterrupted, errs.String())
	}
	if exists(dir) {
		t.Error("a run that was interrupted before anything was worth keeping left its folder")
	}
}

// thorough skips a test of something that the short ones exercise already, which are repeated under the race detector.
func thorough(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("one of several identifications; left out with -short")
	}
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// refused is a command line that fails, and words of its error.
type refused struct {
	args string
	want []string
}

// expectRefused runs command lines that must fail with these words, print no result and leave nothing in dir.
func expectRefused(t *testing.T, dir, command string, cases []refused) {
	t.Helper()
	for _, c := range cases {
		out, errs, code := plumb(t, strings.Fields(command+c.args)...)
		if code != exitFailed || out != "" {
			t.Errorf("plumb %s%s: exit %d, output %q", command, c.args, code, out)
		}
		for _, w := range c.want {
			if !strings.Contains(errs, w) {
				t.Errorf("plumb %s%s: the error does not say %q:\n%s", command, c.args, w, errs)
			}
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("failed runs left %v behind", left)
	}
}
