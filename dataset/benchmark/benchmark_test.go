package benchmark

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/dataset"
)

func dataDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PLUMB_DATA")
	if dir == "" {
		t.Skip("PLUMB_DATA does not name the folder of measured data")
	}
	return dir
}

// TestOfficial checks sizes, units and statistics of every benchmark against what its authors state: the number of
// scored samples and the standard deviation of the test output.
func TestOfficial(t *testing.T) {
	dir := dataDir(t)
	const digits = 0.006 // the sources give three digits
	for _, c := range []struct {
		name    string
		unit    string
		ts      float64
		trained int
		scored  []int
		std     []float64 // of the scored first output; 0 where the source gives none
	}{
		{"cascaded-tanks", "V", 4, 1024, []int{974}, []float64{2.12}},
		{"silverbox", "V", 1 / 610.35, 65062, []int{21638, 40425, 31950}, []float64{.0543, .0535, .0430}},
		{"wiener-hammerstein", "V", 1. / 51200, 100000, []int{78750}, []float64{.2439}},
		{"emps", "mm", 0.001, 24841, []int{24821}, []float64{82.66}},
		{"actuator", "", 0, 512, []int{512}, []float64{0}},
		{"fine-steering-mirror", "µm", 1. / 6400, 6 * 16384, []int{16284, 16284, 16284}, []float64{0, 0, 0}},
	} {
		s, err := Open(c.name, dir)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Record.Ts != c.ts || len(s.Validation) != 0 || len(s.Notes) < 2 || len(s.Test) != len(c.scored) {
			t.Errorf("%s: Ts %v, %d validation parts, notes %q, %d test parts", c.name, s.Record.Ts, len(s.Validation), s.Notes, len(s.Test))
			continue
		}
		n := 0
		for _, p := range s.Train {
			n += p.To - p.From
		}
		if n != c.trained {
			t.Errorf("%s: %d training samples, want %d", c.name, n, c.trained)
		}
		out := s.Outputs[0]
		if u := s.Record.Signals[out].Unit; u != c.unit {
			t.Errorf("%s: output in %q, want %q", c.name, u, c.unit)
		}
		for i, p := range s.Test {
			if p.Scored() != c.scored[i] {
				t.Errorf("%s %s: %d scored samples, want %d", c.name, p.Name, p.Scored(), c.scored[i])
			}
			sd := std(s.Record.Experiments[p.Experiment].Data[out][p.From+p.Window : p.To])
			if c.std[i] > 0 && math.Abs(sd/c.std[i]-1) > digits {
				t.Errorf("%s %s: standard deviation %.5g, published %.5g", c.name, p.Name, sd, c.std[i])
			}
		}
	}
}

func std(y []float64) float64 {
	mean, ss := 0.0, 0.0
	for _, v := range y {
		mean += v / float64(len(y))
	}
	for _, v := range y {
		ss += (v - mean) * (v - mean)
	}
	return math.Sqrt(ss / float64(len(y)))
}

// TestMirrorPooledRMS: the provenance states a pooled RMS of 4.044 µm over the test outputs.
func TestMirrorPooledRMS(t *testing.T) {
	s, err := Open("fine-steering-mirror", dataDir(t))
	if err != nil {
		t.Fatal(err)
	}
	ss, n := 0.0, 0.0
	for _, p := range s.Test {
		for _, c := range s.Outputs {
			for _, v := range s.Record.Experiments[p.Experiment].Data[c][p.From:p.To] {
				ss += v * v
				n++
			}
		}
	}
	if rms := math.Sqrt(ss / n); math.Abs(rms-4.044) > 0.0006 { // as printed, one in the last digit
		t.Errorf("pooled RMS %.4f µm, published 4.044", rms)
	}
}

// TestPlainCSV writes the tanks' record as a plain table with other file, experiment and part names and reads it with
// the same signals, units, sampling time, split and window: the content hash must be the benchmark's.
func TestPlainCSV(t *testing.T) {
	s, err := Open("cascaded-tanks", dataDir(t))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dataDir(t), "cascaded-tanks", "dataBenchmark.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var a, b strings.Builder // the official file's cells, moved as text
	for i, line := range strings.Split(strings.TrimSpace(string(raw)), "\n")[1:] {
		f := strings.Split(line, ",")
		fmt.Fprintf(&a, "first;%d;%s;%s\n", 4*i, f[0], f[2])
		fmt.Fprintf(&b, "second;%d;%s;%s\n", 4*i, f[1], f[3])
	}
	path := filepath.Join(t.TempDir(), "mine.txt")
	text := "experiment;t;u;y\n;s;V;V\n" + a.String() + b.String()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rec, err := dataset.Open(path, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := dataset.Select(rec, []string{"u"}, []string{"y"}, "exp=first/-/2", 50)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := plain.Sum(), s.Sum(); got != want {
		t.Errorf("plain CSV has hash %x, benchmark %x", got, want)
	}
	other, err := dataset.Select(rec, []string{"u"}, []string{"y"}, "exp=first/-/2", 4)
	if err != nil {
		t.Fatal(err)
	}
	if other.Sum() == s.Sum() {
		t.Error("another window has the same hash")
	}
}

// TestActuatorPlain: the actuator's overlapping window is an ordinary split, too.
func TestActuatorPlain(t *testing.T) {
	dir := dataDir(t)
	s, err := Open("actuator", filepath.Join(dir, "small-processes"))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := dataset.Open(filepath.Join(dir, "small-processes", "actuator.csv"), dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := dataset.Select(rec, []string{"u"}, []string{"p"}, "0-511/-/462-1023", 50)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Sum() != s.Sum() {
		t.Error("the plain file has another hash than the benchmark")
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"HTML", "<!DOCTYPE html><html><body>Please log in</body></html>", []string{"HTML page", "SHA-256", "expected ef2388ed"}},
		{"changed", "\"uEst\",\"uVal\",\"yEst\",\"yVal\",\"Ts\",\n1,2,3,4,4,\n", []string{"changed, cut off", "expected ef2388ed"}},
		{"empty", "", []string{"is empty"}},
		{"pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", []string{"LFS pointer"}},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "dataBenchmark.csv")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open("cascaded-tanks", dir)
		for _, w := range append(c.want, path) {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error %v lacks %q", c.name, err, w)
			}
		}
	}
	if _, err := Open("silverbox", t.TempDir()); err == nil || !strings.Contains(err.Error(), "SNLS80mV.csv") {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open("brake", "."); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "wiener-hammerstein") {
		t.Errorf("unknown name: %v", err)
	}
}

// TestTable: names are unique, hashes well formed, every source exists and parts are inside (as far as known without
// the files).
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range table() {
		if seen[s.name] || s.folder == "" || s.cite == "" || len(s.train) == 0 || len(s.test) == 0 {
			t.Errorf("incomplete entry %q", s.name)
		}
		seen[s.name] = true
		for _, f := range s.files {
			if b, err := hex.DecodeString(f.sha256); err != nil || len(b) != 32 {
				t.Errorf("%s: hash %q", f.name, f.sha256)
			}
		}
		for _, e := range s.experiments {
			if len(e.sources) != len(s.inputs)+len(s.outputs) {
				t.Errorf("%s %s: %d sources for %d signals", s.name, e.name, len(e.sources), len(s.inputs)+len(s.outputs))
			}
			for _, src := range e.sources {
				if src.file >= len(s.files) {
					t.Errorf("%s %s: no file %d", s.name, e.name, src.file)
				}
			}
		}
	}
}
