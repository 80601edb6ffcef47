package describe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/dataset"
)

// write puts files into a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// table is a CSV with a text column; row k holds k/4 and h.
func table(names string, n int, row func(k int) string) string {
	var b strings.Builder
	fmt.Fprintln(&b, names)
	for k := range n {
		fmt.Fprintln(&b, row(k))
	}
	return b.String()
}

// documented is the description of the package comment.
func documented(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.SplitSeq(string(src), "\n") {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			b.WriteString(text + "\n")
		}
	}
	return b.String()
}

// lab is what the documented description needs.
func lab(t *testing.T) map[string]string {
	return map[string]string{
		"two-runs.yaml":     documented(t),
		"morning.csv":       table("time,valve,h,remark", 30, func(k int) string { return fmt.Sprintf("%g,%d,%g,fine", 0.5*float64(k), k, 0.25*float64(k)) }),
		"evening.csv":       table("valve", 50, func(k int) string { return fmt.Sprint(100 + k) }),
		"evening-level.csv": table("h", 50, func(k int) string { return fmt.Sprint(1000 + k) }),
	}
}

// TestDocumented reads the example of the package comment and checks every sample and part it promises.
func TestDocumented(t *testing.T) {
	s, err := Open(filepath.Join(write(t, lab(t)), "two-runs.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r := s.Record
	if r.Name != "two-runs" || r.Ts != 0.5 || fmt.Sprint(r.Signals) != "[{u V} {level mm}]" || len(r.Experiments) != 2 {
		t.Fatalf("record %q, Ts %g, signals %v, %d experiments", r.Name, r.Ts, r.Signals, len(r.Experiments))
	}
	m, e := r.Experiments[0], r.Experiments[1]
	if m.Len() != 30 || m.Data[0][7] != 7 || m.Data[1][7] != 1750 { // 0.25*7 m in mm
		t.Errorf("morning: %d samples, u(7) = %g, level(7) = %g", m.Len(), m.Data[0][7], m.Data[1][7])
	}
	if e.Len() != 40 || e.Data[0][0] != 102 || e.Data[1][39] != 1041e3 {
		t.Errorf("evening: %d samples, u(0) = %g, level(39) = %g", e.Len(), e.Data[0][0], e.Data[1][39])
	}
	got := fmt.Sprint(s.Inputs, s.Outputs, s.Train, s.Validation, s.Test)
	want := "[0] [1] [{morning 0 0 30 4}] [{evening 1 0 20 4}] [{steps 1 20 40 8}]"
	if got != want {
		t.Errorf("set %s, want %s", got, want)
	}
}

// TestDefaultSplit leaves the parts out: the last quarter tests, the 15 % before it validate.
func TestDefaultSplit(t *testing.T) {
	dir := write(t, map[string]string{
		"a.yaml": "window: 5\nts: 1\ninputs:\n- name: u\noutputs:\n- name: y\nexperiments:\n- {name: all, file: a.csv}\n",
		"a.csv":  table("u,y", 100, func(k int) string { return fmt.Sprintf("%d,%d", k, -k) }),
	})
	s, err := Open(filepath.Join(dir, "a.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.Train, s.Validation, s.Test); got != "[{ 0 0 60 5}] [{ 0 60 75 5}] [{ 0 75 100 5}]" {
		t.Errorf("parts %s", got)
	}
	if s.Record.Name != "a" {
		t.Errorf("record is called %q", s.Record.Name)
	}
	// The same file opened directly has the same content.
	rec, err := dataset.Open(filepath.Join(dir, "a.csv"), dataset.Options{Ts: 1})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := dataset.Select(rec, []string{"u"}, []string{"y"}, "", 5)
	if err != nil || plain.Sum() != s.Sum() {
		t.Errorf("plain file: %v, sums equal: %v", err, plain.Sum() == s.Sum())
	}
}

// TestMistakes edits the documented description; each error must name the line of the edit and the word in question.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		old, new string
		line     int
		want     string
	}{
		{"window: 4 ", "windw: 4 ", 3, "windw"},
		{"window: 4 ", "window: -4 ", 3, `"-4"`},
		{"ts: 0.5", "ts: soon", 2, `"soon"`},
		{"ts: 0.5", "ts: [1, 2]", 2, "expected a word"},
		{"ts: 0.5 ", "ts: 0.25 ", 10, "expected 0.25 s as stated"},
		{"{name: level, unit: mm}", "{name: level, units: mm}", 7, "units"},
		{"{name: level, unit: mm}", "{name: u}", 7, "declared twice"},
		{"u: valve", "v: valve", 12, `"v" is no signal`},
		{"u: valve", "u: pump", 10, `"pump"`},
		{"file: morning.csv", "file: mourning.csv", 10, "mourning.csv"},
		{"- name: evening", "- name: morning", 14, "declared twice"},
		{"rows: 2-41", "rows: 2-51", 19, "samples 0-49"},
		{"rows: 2-41", "rows: all", 19, "FROM-TO"},
		{"scale: 1000}              #", "scale: much}#", 13, `"much"`},
		{"scale: 1000}              #", "skale: 1000}#", 13, "skale"},
		{"[morning]", "[noon]", 21, `"noon"`},
		{"evening:0-19", "evening:0-99", 22, "samples 0-39"},
		{"window: 8", "window: 20", 24, "nothing is left to score"},
		{"name: two-runs", "name: [", 0, ""},
		{"name: two-runs", "name: a\nname: b", 2, "name"},
	} {
		files := lab(t)
		text := strings.Replace(files["two-runs.yaml"], c.old, c.new, 1)
		if text == files["two-runs.yaml"] {
			t.Errorf("%q is not in the example", c.old)
		}
		files["two-runs.yaml"] = text
		path := filepath.Join(write(t, files), "two-runs.yaml")
		_, err := Open(path)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v, want a description error", c.new, err)
			continue
		}
		if e.Line != c.line && c.line != 0 || !strings.Contains(e.Error(), c.want) || !strings.HasPrefix(e.Error(), "describe: "+path) {
			t.Errorf("%q: error %v, want line %d and %q", c.new, e, c.line, c.want)
		}
	}
}

// TestOverlap: what a set must fulfil is checked here, too.
func TestOverlap(t *testing.T) {
	files := lab(t)
	files["two-runs.yaml"] = regexp.MustCompile(`evening:0-19`).ReplaceAllString(files["two-runs.yaml"], "evening:10-30")
	_, err := Open(filepath.Join(write(t, files), "two-runs.yaml"))
	if err == nil || !strings.Contains(err.Error(), "validation") || !strings.Contains(err.Error(), "28-30") {
		t.Errorf("overlapping parts: %v", err)
	}
}

// FuzzParse: no text makes the parser panic or hang, and what it accepts has places.
func FuzzParse(f *testing.F) {
	f.Add([]byte("name: a\nts: 1\ninputs:\n- {name: u}\n"))
	f.Add([]byte("parts:\n  train: [a, {experiment: b, rows: 1-2}]\n"))
	f.Add([]byte("experiments:\n- name: x\n  columns: {u: v, y: {column: w, scale: 2}}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		doc, err := parse(text)
		if (doc == nil) == (err == nil) {
			t.Errorf("document %v, error %v", doc, err)
		}
	})
}
