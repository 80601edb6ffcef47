package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
)

// marginOf runs margin --json.
func marginOf(t *testing.T, args ...string) (r marginResult, code int, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	var out, errs bytes.Buffer
	code = Main(append([]string{"margin", "--json", "--out", dir}, args...), &out, &errs)
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("margin %v: %v\n%s%s", args, err, out.String(), errs.String())
	}
	return r, code, dir
}

const satellitePlant = `{"name": "satellite", "A": [[0,10],[-10,0]], "B": [[1,0],[0,1]], "C": [[1,10],[-10,1]], "inputs": ["mx","my"], "outputs": ["wx","wy"]}`

func writePlant(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plant.json")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// printedFour is half a unit of the fourth decimal.
const printedFour = 0.5001e-4

func TestMarginUnstableLoopIsRefused(t *testing.T) {
	r, code, dir := marginOf(t, "tf: num=[10] den=[1 1 0 0]", "1", "--certify")
	if code != exitFailed || r.Closed != "unstable" || len(r.Loops) != 0 || r.Places[0].Disk.Lower != 0 || r.Places[0].Proved != "" {
		t.Errorf("exit %d, %+v; expected exit 1, unstable, margin 0", code, r)
	}
	if math.Abs(r.Pole[0]-0.772) > 1e-3 {
		t.Errorf("pole %v, expected 0.772 +- 1.826i", r.Pole)
	}
	page, err := os.ReadFile(filepath.Join(dir, reportPage))
	if err != nil || !bytes.Contains(page, []byte("An unstable loop has no margin")) {
		t.Errorf("report: %v, expected it to say why", err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.plumb")); len(files) != 0 {
		t.Errorf("files %v claim something of an unstable loop", files)
	}
}

func TestMarginFindsNarrowResonance(t *testing.T) {
	// 0.5/(s+1) - 0.72*2*zeta*w0*s/(s^2+2 zeta w0 s+w0^2), zeta 1e-3, w0 2.537490
	w0, zeta := math.Pow(10, -2+4*600.5/999), 1e-3
	plant := writePlant(t, jsonOf(t, map[string]any{
		"A": [][]float64{{-1, 0, 0}, {0, -2 * zeta * w0, -w0 * w0}, {0, 1, 0}}, "B": [][]float64{{1}, {1}, {0}}, "C": [][]float64{{0.5, -0.72 * 2 * zeta * w0, 0}}}))
	r, code, _ := marginOf(t, plant, "1", "--at", "input")
	if d := r.Places[0].Disk; code != exitOK || math.Abs(float64(d.Lower)-0.4464) > printedFour || math.Abs(float64(d.Upper)-0.4464) > printedFour {
		t.Errorf("exit %d, alpha [%v, %v], expected 0.4464", code, d.Lower, d.Upper)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMarginMIMO(t *testing.T) {
	r, code, dir := marginOf(t, writePlant(t, satellitePlant), "[1 -2; 0 1]")
	want := (math.Sqrt(134416) - 80) / 762 // det(I - M(0) diag(a, -a)) = 0
	if code != exitOK || len(r.Places) != 3 || len(r.Loops) != 4 {
		t.Fatalf("exit %d, %d places, %d loops; expected 0, 3, 4", code, len(r.Places), len(r.Loops))
	}
	const tol = 1e-6
	for _, p := range r.Places[:2] {
		if math.Abs(float64(p.Disk.Lower)-want) > tol || math.Abs(float64(p.Disk.Upper)-want) > tol {
			t.Errorf("%s: alpha [%v, %v], expected %.7f", p.Place, p.Disk.Lower, p.Disk.Upper, want)
		}
	}
	if strings.Join(r.Places[2].Signals, " ") != "mx my wx wy" || !(r.Places[2].Disk.Upper < r.Places[0].Disk.Lower) {
		t.Errorf("both: %+v", r.Places[2])
	}
	for _, name := range []string{"result.json", reportPage, "bode-plant-input-mx.csv", "margin-over-frequency.csv", "gain-phase-region.csv"} {
		if !exists(filepath.Join(dir, name)) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestMarginClassical(t *testing.T) {
	r, _, _ := marginOf(t, "tf: num=[2] den=[1 3 2 0]", "1")
	l := r.Loops[0]
	const tol = 1e-9
	if math.Abs(float64(l.GainHigh)-3) > tol || math.Abs(float64(l.HighFreq)-math.Sqrt2) > tol || math.Abs(float64(l.Delay)-0.759581) > 0.5001e-6 {
		t.Errorf("%+v, expected gain 3 at sqrt 2, delay 0.759581", l)
	}
	// half of the gain in the controller, half in the plant, and the other sign of both feedback and controller
	s, _, _ := marginOf(t, "tf: num=[1] den=[1 3 2 0]", "2")
	p, _, _ := marginOf(t, "tf: num=[1] den=[1 3 2 0]", "[-2]", "--positive")
	for _, v := range []marginResult{s, p} {
		if math.Abs(float64(v.Loops[0].GainHigh-l.GainHigh)) > tol || math.Abs(float64(v.Places[0].Disk.Lower-r.Places[0].Disk.Lower)) > tol {
			t.Errorf("%+v, expected the margins of the same loop", v.Loops[0])
		}
	}
	d, _, _ := marginOf(t, "tf: num=[1] den=[1 -0.5] ts=0.2", "1")
	if d.Time != "discrete" || math.Abs(float64(d.Loops[0].HighFreq)-math.Pi/0.2) > tol {
		t.Errorf("%+v, expected the crossing at the Nyquist frequency", d.Loops[0])
	}
}

func TestMarginErrors(t *testing.T) {
	sat := writePlant(t, satellitePlant)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"1"}, "needs PLANT and CONTROLLER"},
		{[]string{"tf: num=[1] den=[1 1]", "2", "--at", "middle"}, "none of input, output, both, all"},
		{[]string{sat, "2"}, "write a matrix"},
		{[]string{sat, "[1 2 3; 4 5 6]"}, "needs 2 inputs and 2 outputs"},
		{[]string{"tf: num=[1] den=[1 1]", "tf: num=[1] den=[1 0.5] ts=0.1"}, "different sample times"},
		{[]string{"tf: num=[1 0 0] den=[1 1]", "1"}, "improper"},
		{[]string{"tf: num=[1]", "1"}, "den is missing"},
		{[]string{"tf: num=[1] den=[1 x]", "1"}, `"x" is not a number`},
		{[]string{"[1 2; 3]", "1"}, "row 2 has 1 entry"},
		{[]string{"nothing", "1"}, "none of the forms"},
		{[]string{"plant.mdl", "1"}, "expected .json, .yaml, .mat or .npz"},
		{[]string{"none.json", "1"}, "no such file"},
		{[]string{writePlant(t, `{"A": [[1]], "E": 2}`), "1"}, `"E" is no key of a system`},
		{[]string{writePlant(t, `{"A": [[1,2],[3]], "B": [[1],[1]], "C": [[1,1]]}`), "1"}, "A: row 2 has 1 entry"},
		{[]string{"tf: num=[1] den=[1 1]", "1", "--skew", "NaN"}, "finite"},
	} {
		var out, errs bytes.Buffer
		args := append([]string{"margin", "--out", filepath.Join(t.TempDir(), "x")}, c.args...)
		if code := Main(args, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%v: exit %d, %q; expected exit 1 and %q", c.args, code, errs.String(), c.want)
		}
	}
}

func TestMarginText(t *testing.T) {
	var out, errs bytes.Buffer
	code := Main([]string{"margin", "tf: num=[2] den=[1 1 0]", "1", "--at", "input", "--out", filepath.Join(t.TempDir(), "x")}, &out, &errs)
	for _, want := range []string{"feedback negative, u = -K y", "closed loop stable (verified)", "alpha in [0.666666, 0.666667]", "limited at 1.41421 rad/s", "gain from 0.5 to 2"} {
		if code != exitOK || !strings.Contains(out.String(), want) {
			t.Errorf("exit %d, expected %q in\n%s%s", code, want, out.String(), errs.String())
		}
	}
}

// TestMarginIsProved: the checker accepts the margin to five digits, continuous and discrete, one channel and several, at every
// place; with more than the margin in the same file it refuses.
func TestMarginIsProved(t *testing.T) {
	w0, zeta := math.Pow(10, -2+4*600.5/999), 1e-3
	narrow := writePlant(t, jsonOf(t, map[string]any{
		"A": [][]float64{{-1, 0, 0}, {0, -2 * zeta * w0, -w0 * w0}, {0, 1, 0}}, "B": [][]float64{{1}, {1}, {0}}, "C": [][]float64{{0.5, -0.72 * 2 * zeta * w0, 0}}}))
	for _, c := range []struct {
		name string
		args []string
	}{
		{"narrow resonance", []string{narrow, "1"}},
		{"satellite", []string{writePlant(t, satellitePlant), "[1 -2; 0 1]", "--skew", "0.5"}},
		{"discrete", []string{"tf: num=[0.1 0.05] den=[1 -1.2 0.3] ts=0.1", "tf: num=[1 0.2] den=[1 -0.5] ts=0.1", "--skew", "-0.25"}},
		{"positive feedback with feedthrough", []string{"tf: num=[0.5 1] den=[1 2]", "tf: num=[-0.3 -1] den=[1 1]", "--positive"}},
	} {
		r, code, dir := marginOf(t, append(c.args, "--certify")...)
		if code != exitOK {
			t.Errorf("%s: exit %d, %+v", c.name, code, r.Places)
			continue
		}
		for _, p := range r.Places {
			alpha, err := strconv.ParseFloat(p.Proved, 64)
			const reserve = 2e-5
			if err != nil || p.Verdict != verdictProved || alpha > float64(p.Constant) || alpha < float64(p.Constant)*(1-reserve) {
				t.Errorf("%s, %s: proved %q of %g, verdict %s %s", c.name, p.Place, p.Proved, float64(p.Constant), p.Verdict, p.Failed)
			}
		}
		file := filepath.Join(dir, "margin-plant-input.plumb")
		m, err := bundle.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w := &m.Certificate.Members[0]
		w.Alpha.SetFloat64(float64(r.Places[0].Disk.Upper) * 1.001)
		if err := bundle.WriteFile(file, m); err != nil {
			t.Fatal(err)
		}
		if j := judge(file); j.verdict != verdictRefused {
			t.Errorf("%s: alpha above the margin is %s", c.name, j.verdict)
		}
	}
}

// TestMarginForms: one plant in every form that is documented has one margin.
func TestMarginForms(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const tol = 1e-6
	want, _, _ := marginOf(t, "tf: num=[2] den=[1 3 2 0]", "1")
	for _, plant := range []string{
		"zpk: z=[] p=[0 -1 -2] k=2",
		"ss: a=[0 1 0; 0 0 1; 0 -2 -3] b=[0; 0; 1] c=[2 0 0]",
		write("matrices.yaml", "A: [[0, 1, 0], [0, 0, 1], [0, -2, -3]]\nB: [[0], [0], [1]]\nC: [[2, 0, 0]]\n"),
		write("plant.json", `{"A": [[0, 1, 0], [0, 0, 1], [0, -2, -3]], "B": [[0], [0], [1]], "C": [[2, 0, 0]]}`),
		write("described.yaml", "name: cascade\ntime: continuous\nstates: {x: m, v: m/s, w: m/s^2}\ninputs: {a: N}\nderivative: {x: v, v: w, w: -2*v - 3*w + a}\noutputs: {y: 2*x}\nequilibrium: {x: 0, v: 0, w: 0}\n"),
	} {
		got, _, _ := marginOf(t, plant, "1")
		if len(got.Loops) == 0 || math.Abs(float64(got.Loops[0].Delay-want.Loops[0].Delay)) > tol {
			t.Errorf("%s: %+v, the transfer function gives %+v", plant, got.Loops, want.Loops)
		}
	}
}
