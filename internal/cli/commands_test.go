package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
)

// model identifies a small record once for the tests of other commands.
func model(t *testing.T) (file, csv string) {
	t.Helper()
	csv = hammerstein(t, "log.csv", 500, nil)
	dir := filepath.Join(t.TempDir(), "log")
	must(t, identifyArgs(csv, dir)...)
	return filepath.Join(dir, "log.plumb"), csv
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCheck: the verdicts and exit codes of plumb-check.
func TestCheck(t *testing.T) {
	file, _ := model(t)
	m, err := bundle.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m.Certificate.Members[0].Rate = big.NewRat(1, 1000) // no such model contracts that fast
	refused := filepath.Join(t.TempDir(), "refused.plumb")
	if err := bundle.WriteFile(refused, m); err != nil {
		t.Fatal(err)
	}
	malformed := write(t, "malformed.plumb", "PK, but not really")
	for _, c := range []struct {
		files []string
		code  int
		word  string
	}{
		{[]string{file}, exitOK, "proved"},
		{[]string{refused}, exitFailed, "refused"},
		{[]string{malformed}, exitMalformed, "malformed"},
		{[]string{file, malformed, refused}, exitMalformed, "malformed"},
		{[]string{file, refused}, exitFailed, "refused"},
		{[]string{"missing.plumb"}, exitFailed, "unreadable"},
	} {
		out, _, code := plumb(t, append([]string{"check"}, c.files...)...)
		if code != c.code || !strings.Contains(out, ": "+c.word) {
			t.Errorf("check %v: exit %d, want %d with %q:\n%s", c.files, code, c.code, c.word, out)
		}
		out, _, code = plumb(t, append([]string{"check", "--json"}, c.files...)...)
		var list []checked
		if err := json.Unmarshal([]byte(out), &list); err != nil || code != c.code || len(list) != len(c.files) {
			t.Errorf("check --json %v: exit %d, %v:\n%s", c.files, code, err, out)
		}
	}
}

// TestSimulate: sampling time, units, range and missing outputs are noticed.
func TestSimulate(t *testing.T) {
	file, csv := model(t)
	sim := filepath.Join(t.TempDir(), "sim.csv")
	text := string(read(t, csv))
	lines := strings.Split(strings.TrimSpace(text), "\n")

	out := must(t, "simulate", file, csv, "--csv", sim)
	if !strings.Contains(out, "record") || !strings.Contains(out, "bar") {
		t.Errorf("simulate says %q", out)
	}
	if head := strings.SplitN(string(read(t, sim)), "\n", 2)[0]; head != "t [s],y [bar],y_simulated [bar]" {
		t.Errorf("CSV head %q", head)
	}
	if shown := must(t, "data", "show", sim); !strings.Contains(shown, "y_simulated") || !strings.Contains(shown, "0.5 s") {
		t.Errorf("the CSV does not read back: %s", shown)
	}
	again := must(t, "simulate", file, csv, "--csv", "-") // a second run, to standard output: the same bytes
	if again != string(read(t, sim)) {
		t.Error("two simulations differ")
	}

	var slow, inputs strings.Builder
	for i, line := range lines {
		f := strings.Split(line, ",")
		if i == 0 {
			slow.WriteString("u [V],y [mbar]\n")
			inputs.WriteString("t [s],u [V]\n")
			continue
		}
		u := f[1]
		if i == 50 {
			u = "2.5"
		}
		fmt.Fprintf(&slow, "%s,%s\n", u, f[2])
		fmt.Fprintf(&inputs, "%s,%s\n", f[0], f[1])
	}
	other := write(t, "slow.csv", slow.String())
	if _, errs, code := plumb(t, "simulate", file, other, "--ts", "0.25", "--csv", sim); code != exitFailed || !strings.Contains(errs, "0.25") || !strings.Contains(errs, "0.5 s") || !strings.Contains(errs, "resample") {
		t.Errorf("another sampling time: exit %d, %s", code, errs)
	}
	_, errs, code := plumb(t, "simulate", file, other, "--ts", "0.25", "--force", "--csv", sim)
	if code != exitOK {
		t.Errorf("--force: exit %d, %s", code, errs)
	}
	for _, want := range []string{"sampled every 0.25 s", "mbar", "nothing is converted", "leaves the declared range"} {
		if !strings.Contains(errs, want) {
			t.Errorf("no warning of %q:\n%s", want, errs)
		}
	}
	if _, errs, _ := plumb(t, "simulate", file, other, "--csv", sim); !strings.Contains(errs, "unknown") {
		t.Errorf("no warning of an unknown sampling time: %s", errs)
	}

	bare := write(t, "bare.csv", inputs.String())
	if _, errs, code := plumb(t, "simulate", file, bare, "--csv", sim); code != exitFailed || !strings.Contains(errs, `"y"`) || !strings.Contains(errs, "--initial zero") {
		t.Errorf("no outputs: exit %d, %s", code, errs)
	}
	out = must(t, "simulate", file, bare, "--initial", "zero", "--csv", sim)
	if !strings.Contains(out, "no measured outputs") {
		t.Errorf("simulate --initial zero says %q", out)
	}
	if n := bytes.Count(read(t, sim), []byte("\n")); n != len(lines) {
		t.Errorf("%d lines of simulation from %d of data", n, len(lines))
	}
	if _, errs, code := plumb(t, "simulate", file, csv, "--inputs", "u,y", "--csv", sim); code != exitFailed || !strings.Contains(errs, "2 signals") {
		t.Errorf("too many inputs: exit %d, %s", code, errs)
	}
	if _, _, code := plumb(t, "simulate", write(t, "x.plumb", "no zip"), csv, "--csv", sim); code != exitMalformed {
		t.Errorf("malformed model: exit %d", code)
	}
}

// TestReport: drawing again gives the same bytes, and the picture is an SVG.
func TestReport(t *testing.T) {
	file, _ := model(t)
	dir := filepath.Dir(file)
	page := read(t, dir, reportPage)
	for _, want := range []string{"contraction", "proved", "bar", "linear, order", "plumb rerun"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if err := os.Remove(filepath.Join(dir, reportPage)); err != nil {
		t.Fatal(err)
	}
	must(t, "report", dir)
	if !bytes.Equal(page, read(t, dir, reportPage)) {
		t.Error("the report drawn again differs")
	}
	svg := filepath.Join(t.TempDir(), "x.svg")
	must(t, "report", dir, "--picture", svg, "--part", "test", "--output", "y")
	if b := read(t, svg); !bytes.HasPrefix(b, []byte("<svg")) && !bytes.HasPrefix(b, []byte("<?xml")) {
		t.Errorf("no SVG: %.60s", b)
	}
	if _, errs, code := plumb(t, "report", dir, "--picture", svg, "--part", "arrow"); code != exitFailed || !strings.Contains(errs, "arrow") || !strings.Contains(errs, "test") {
		t.Errorf("unknown part: exit %d, %s", code, errs)
	}
}

// TestData: findings in words, and the record in a table.
func TestData(t *testing.T) {
	var b strings.Builder
	b.WriteString("u,y,z\n")
	for k := range 300 {
		y := fmt.Sprint(float64(k%17) * 0.37)
		if k == 40 {
			y = "NaN"
		}
		fmt.Fprintf(&b, "%g,%s,7\n", float64(k%13)*0.91, y)
	}
	csv := write(t, "bad.csv", b.String())
	out := must(t, "data", "check", csv)
	for _, want := range []string{"missing", "constant", "z", "sampling time is unknown", "3 signals, 1 experiment, 300 samples"} {
		if !strings.Contains(out, want) {
			t.Errorf("data check does not say %q:\n%s", want, out)
		}
	}
	var found []map[string]any
	if err := json.Unmarshal([]byte(must(t, "data", "check", csv, "--json", "--ts", "0.1")), &found); err != nil || len(found) == 0 {
		t.Errorf("data check --json: %v, %v", found, err)
	}
	v := decode(t, must(t, "data", "show", csv, "--json", "--units", "y=bar"))
	y := v["signals"].([]any)[1].(map[string]any)
	if y["unit"] != "bar" || y["missing"] != 1.0 || y["high"] != 16*0.37 {
		t.Errorf("data show --json: %v", y)
	}
	if out := must(t, "data", "show", "demo:two-tanks"); !strings.Contains(out, "samples 0-1199") || !strings.Contains(out, "input") {
		t.Errorf("data show: %s", out)
	}
}

// TestBenchmarkIsItsCSV: a benchmark and the same record as a plain file with the same split give the same bytes.
func TestBenchmarkIsItsCSV(t *testing.T) {
	data := os.Getenv("PLUMB_DATA")
	if data == "" {
		t.Skip("PLUMB_DATA is not set: the measured record of cascaded-tanks is needed")
	}
	raw := string(read(t, data, "cascaded-tanks", "dataBenchmark.csv"))
	var a, b strings.Builder // the official cells, moved as text
	for i, line := range strings.Split(strings.TrimSpace(raw), "\n")[1:] {
		f := strings.Split(line, ",")
		fmt.Fprintf(&a, "one,%d,%s,%s\n", 4*i, f[0], f[2])
		fmt.Fprintf(&b, "two,%d,%s,%s\n", 4*i, f[1], f[3])
	}
	csv := write(t, "mine.csv", "experiment,t [s],u [V],y [V]\n"+a.String()+b.String())
	tmp := t.TempDir()
	must(t, identifyArgs("benchmark:cascaded-tanks", filepath.Join(tmp, "a"), "--data", data)...)
	must(t, identifyArgs(csv, filepath.Join(tmp, "b"), "--split", "exp=1/-/2", "--init-window", "50")...)
	if !bytes.Equal(read(t, tmp, "a", "cascaded-tanks.plumb"), read(t, tmp, "b", "mine.plumb")) {
		t.Error("the name of the benchmark changed the model")
	}
}

// TestQuoted: the command line in run.json can be pasted into a shell.
func TestQuoted(t *testing.T) {
	if got, want := typed([]string{"identify", "my log.csv", "--units", "y=°C", "it's"}), `plumb identify 'my log.csv' --units 'y=°C' 'it'\''s'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestRounding: printed bounds are never better than what was proved.
func TestRounding(t *testing.T) {
	third := big.NewRat(1, 3)
	if up, down := upward(third), downward(third); new(big.Rat).SetFloat64(up).Cmp(third) <= 0 || new(big.Rat).SetFloat64(down).Cmp(third) >= 0 {
		t.Errorf("1/3 lies in [%v, %v]", down, up)
	}
	for in, want := range map[float64]string{0.97: "0.9700", 0.99990001: "0.9999001", 0.123456: "0.1235", 0.9999995: "0.999999500", 0.00020643: "0.0002065"} {
		if got := rateText(in); got != want {
			t.Errorf("rate %v prints as %s, want %s", in, got, want)
		}
	}
	for in, want := range map[float64]string{695.788935617706: "695.8", 2.00001: "2.001", 0.5: "0.5", 155.12: "155.2", 2e-7: "2e-07", 99999: "1e+05"} {
		if got := roundUp(in); got != want {
			t.Errorf("gain bound %v prints as %s, want %s", in, got, want)
		}
	}
	for _, c := range []struct {
		v, side float64
		want    string
	}{{141.6912, 1, "141.7"}, {141.6912, -1, "141.69"}, {-182.8144, -1, "-182.82"}, {-182.8144, 1, "-182.81"}, {2, 1, "2"}, {0, -1, "0"}, {99999.5, 1, "1e+05"}} {
		if got := outward(c.v, c.side); got != c.want {
			t.Errorf("bound %v of side %v prints as %s, want %s", c.v, c.side, got, c.want)
		}
	}
}
