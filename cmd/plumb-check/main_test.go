package main

import (
	"bytes"
	"encoding/json"
	"go/build"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
)

// TestLinksOnlyTheChecker follows the imports of this command: cert, and otherwise the standard library.
func TestLinksOnlyTheChecker(t *testing.T) {
	const module = "github.com/plumb-go/plumb/"
	folders := map[string]string{".": ".", module + "cert": "../../cert"}
	seen := map[string]bool{}
	for _, folder := range folders {
		p, err := build.ImportDir(folder, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s uses cgo", folder)
		}
		for _, imp := range p.Imports {
			seen[imp] = true
			outside := strings.Contains(strings.Split(imp, "/")[0], ".")
			if outside && folders[imp] == "" {
				t.Errorf("%s imports %s", folder, imp)
			}
			for _, no := range []string{"unsafe", "plugin", "os/exec", "net", "net/http", "reflect"} {
				if imp == no {
					t.Errorf("%s imports %s", folder, imp)
				}
			}
		}
	}
	if !seen[module+"cert"] {
		t.Error("the imports of the command were not read")
	}
}

// halving is x+ = a x + u, y = x, claimed to contract at rate 1/2 in the metric 1.
func halving(t *testing.T, name string, a float64, claim bool) string {
	t.Helper()
	tensor := func(name string, v ...float64) bundle.Tensor {
		return bundle.Tensor{Name: name, Shape: []int{len(v)}, Data: v}
	}
	matrix := func(name string, v ...float64) bundle.Tensor {
		return bundle.Tensor{Name: name, Shape: []int{1, len(v)}, Data: v}
	}
	m := &bundle.Model{
		Manifest: bundle.Manifest{
			Inputs: []bundle.Signal{{Name: "u"}}, Outputs: []bundle.Signal{{Name: "y"}}, SamplingTime: 1, Window: 1, InputDelay: []int{0},
			Integrate: []bool{false}, Saturation: []bundle.Limits{{}}, InputRange: []bundle.Range{{Low: -1, High: 1}},
			Members: []bundle.Member{{Kind: "linear", States: 1}},
		},
		Tensors: []bundle.Tensor{tensor("scale.u_mid", 0), tensor("scale.u_half", 1), tensor("scale.y_mean", 0), tensor("scale.y_std", 1),
			matrix("m0.A", a), matrix("m0.B2", 1), tensor("m0.bx", 0), matrix("m0.Cx", 1), matrix("m0.D22", 0), tensor("m0.by", 0),
			matrix("m0.enc_W", 0, 1), tensor("m0.enc_b", 0)},
	}
	if claim {
		m.Certificate = &bundle.Certificate{Claim: "contraction", Members: []bundle.Witness{{Rate: big.NewRat(1, 2), M: []float64{1}}}}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := bundle.WriteFile(path, m); err != nil {
		t.Fatal(err)
	}
	return path
}

// relaxing is an lstm with one unit and all weights zero but Wg = w: f = i = o = 1/2, dc+ = dc/2 + D_g/2, dh+ = dc+/2; y = h. Its
// input range is [0, 4] V, its output scale 10 bar.
func relaxing(t *testing.T, name string, rate *big.Rat, w float64) string {
	t.Helper()
	tensor := func(name string, v ...float64) bundle.Tensor {
		return bundle.Tensor{Name: name, Shape: []int{len(v)}, Data: v}
	}
	matrix := func(name string, r, c int) bundle.Tensor {
		return bundle.Tensor{Name: name, Shape: []int{r, c}, Data: make([]float64, r*c)}
	}
	m := &bundle.Model{
		Manifest: bundle.Manifest{
			Inputs: []bundle.Signal{{Name: "valve", Unit: "V"}}, Outputs: []bundle.Signal{{Name: "pressure", Unit: "bar"}}, SamplingTime: 0.01, Window: 1,
			InputDelay: []int{0}, Integrate: []bool{false}, Saturation: []bundle.Limits{{}}, InputRange: []bundle.Range{{Low: 0, High: 4}},
			Members: []bundle.Member{{Kind: "lstm", Units: []int{1}}},
		},
		Tensors: []bundle.Tensor{tensor("scale.u_mid", 2), tensor("scale.u_half", 2), tensor("scale.y_mean", 5), tensor("scale.y_std", 10),
			tensor("m0.l0.cbox", 2), tensor("m0.l0.hbox", 0.5), matrix("m0.Wy", 1, 1), tensor("m0.by", 0), matrix("m0.Dy", 1, 1),
			matrix("m0.enc_W", 2, 2), tensor("m0.enc_b", 0, 0)},
		Certificate: &bundle.Certificate{Claim: "delta-iss", Members: []bundle.Witness{{Rate: rate,
			Cells: []bundle.CellWitness{{Eta: []float64{2, 1}, Zeta: []float64{1, 0.5}}}}}},
	}
	m.Tensors[6].Data[0] = 1
	for _, g := range []string{"i", "f", "g", "o"} {
		m.Tensors = append(m.Tensors, matrix("m0.l0.W"+g, 1, 1), matrix("m0.l0.U"+g, 1, 1), tensor("m0.l0.b"+g, 0))
		if g == "g" {
			m.Tensors[len(m.Tensors)-3].Data[0] = w
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := bundle.WriteFile(path, m); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDeltaISS prints what can be worked out by hand: two starts differ by at most twice the boxes, so d = 2 and |dy(k)| <= 2^-k, at most
// 1/100 from k = 7 on; with Wg = 1 the gain is zeta_h = 1/2, 10/2 bar over 2 V times it; y = 5 + 10 h, |h| <= 1/2.
func TestDeltaISS(t *testing.T) {
	file := relaxing(t, "lstm.plumb", big.NewRat(1, 2), 1)
	var out, errs bytes.Buffer
	if exit := run([]string{file}, &out, &errs); exit != 0 {
		t.Fatalf("exit %d: %s%s", exit, &out, &errs)
	}
	for _, w := range []string{"proved", "valve in [0, 4] V", "0.5^k", "from step 7 on", "more than 1 V change pressure by at most 2.5 bar", "Always pressure lies in [0, 10] bar", "one step = 0.01 s"} {
		if !strings.Contains(out.String(), w) {
			t.Errorf("want %q in\n%s", w, &out)
		}
	}
	out.Reset()
	if exit := run([]string{"--json", file, relaxing(t, "fast.plumb", big.NewRat(49, 100), 1)}, &out, &errs); exit != 1 {
		t.Fatalf("exit %d: %s", exit, &errs)
	}
	var got []result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	g := got[0]
	if g.Claim != "delta-iss" || g.Rate != "1/2" || g.Recovery == nil || *g.Recovery != 7 || g.DeltaGain[0] != "5/2" || g.InputLow[0] != "0/1" ||
		g.InputHigh[0] != "4/1" || g.Low[0] != "0/1" || g.High[0] != "10/1" {
		t.Errorf("got %+v", g)
	}
	if got[1].Verdict != "refused" || !strings.Contains(got[1].Failed, "layer 0: F(eta, in) <= rate eta") || got[1].Recovery != nil {
		t.Errorf("got %+v", got[1])
	}
}

// write stores a system with one state and one witness.
func write(t *testing.T, m bundle.Member, w bundle.Witness, claim string, tensors ...bundle.Tensor) string {
	t.Helper()
	b := &bundle.Model{Manifest: bundle.Manifest{Members: []bundle.Member{m}, System: &bundle.System{Name: "plant", Continuous: true, States: []bundle.Signal{{Name: "x"}}}},
		Certificate: &bundle.Certificate{Claim: claim, Members: []bundle.Witness{w}}, Tensors: tensors}
	if m.Kind == "loop" {
		b.Manifest.Inputs, b.Manifest.Outputs = []bundle.Signal{{Name: "torque", Unit: "N m"}}, []bundle.Signal{{Name: "angle"}}
	}
	path := filepath.Join(t.TempDir(), "system.plumb")
	if err := bundle.WriteFile(path, b); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSystems prints what can be worked out by hand: x' = x^3 - x has the region |x| < 1; the loop of 1/(s+1) and 1 has a disk margin of 2, and the
// factors of the disk 1 lie between 1/3 and 3, its phases up to 2 arctan(1/2) = 53.13 degrees.
func TestSystems(t *testing.T) {
	region := write(t, bundle.Member{Kind: "expressions", States: 1, Right: [][]string{{"x0", "pow:3", "x0", "-"}}},
		bundle.Witness{Rate: new(big.Rat), M: []float64{1}, Level: big.NewRat(99, 100), Box: []float64{1}}, "lyapunov")
	scalar := func(name string, x float64) bundle.Tensor {
		return bundle.Tensor{Name: name, Shape: []int{1, 1}, Data: []float64{x}}
	}
	margin := write(t, bundle.Member{Kind: "loop", States: 1, Plant: 1}, bundle.Witness{Alpha: big.NewRat(1, 1), Skew: new(big.Rat), Channels: []int{0},
		M: []float64{1}, Lambda: []float64{0.5}, Mu: []float64{1000, 1000}}, "margin", scalar("P.A", -1), scalar("P.B", 1), scalar("P.C", 1), scalar("P.D", 0), scalar("K.D", 1))
	var out, errs bytes.Buffer
	if exit := run([]string{region, margin}, &out, &errs); exit != 0 {
		t.Fatalf("exit %d: %s%s", exit, &out, &errs)
	}
	for _, w := range []string{"equilibrium x = 0 of \"plant\" is asymptotically stable", "V(x) = x'Mx < 0.99", "Continuous time", "Disk margin", "torque", "alpha = 1, skew = 0",
		"real factors from 0.3334 to 3.0000, phase alone up to 53.13 degrees"} {
		if !strings.Contains(out.String(), w) {
			t.Errorf("want %q in\n%s", w, &out)
		}
	}
	out.Reset()
	if exit := run([]string{"--json", region, margin}, &out, &errs); exit != 0 {
		t.Fatalf("exit %d: %s", exit, &errs)
	}
	var got []result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got[0].Level != "99/100" || got[0].Rate != "0/1" || got[0].Alpha != "" || got[1].Alpha != "1/1" || got[1].GainLow != "1/3" || got[1].GainHigh != "3/1" || got[1].Phase == nil || *got[1].Phase != 53.13 {
		t.Errorf("got %+v", got)
	}
}

func TestVerdictsAndExitCodes(t *testing.T) {
	good, bad := halving(t, "good.plumb", 0.25, true), halving(t, "bad.plumb", 0.75, true)
	silent := halving(t, "silent.plumb", 0.25, false)
	broken := filepath.Join(t.TempDir(), "broken.plumb")
	if err := os.WriteFile(broken, []byte("PK\x03\x04"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		exit int
		want []string
	}{
		{[]string{good}, 0, []string{"good.plumb: proved", "0.5^k", "one step = 1 s"}},
		{[]string{bad}, 1, []string{"bad.plumb: refused", "r^2 M - A'MA > 0", "by how much: diagonal entry 0 is -0.3125"}},
		{[]string{silent}, 1, []string{"refused", "Nothing is claimed"}},
		{[]string{broken}, 2, []string{"malformed", "manifest.json"}},
		{[]string{good, bad, broken}, 2, []string{"proved", "refused", "malformed"}},
		{[]string{good, filepath.Join(t.TempDir(), "absent")}, 1, []string{"proved", "unreadable"}},
		{[]string{"--help"}, 0, []string{"Exit status", "exact integer"}},
		{[]string{"--nonsense"}, 2, nil},
		{nil, 2, nil},
		{[]string{"--", good}, 0, []string{"proved"}},
	} {
		var out, errs bytes.Buffer
		if exit := run(c.args, &out, &errs); exit != c.exit {
			t.Errorf("%v: exit %d, want %d; %s%s", c.args, exit, c.exit, &out, &errs)
		}
		for _, w := range c.want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%v: want %q in\n%s", c.args, w, &out)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	var out, errs bytes.Buffer
	if exit := run([]string{"--json", halving(t, "good.plumb", 0.25, true), halving(t, "bad.plumb", 0.5, true)}, &out, &errs); exit != 1 {
		t.Fatalf("exit %d: %s", exit, &errs)
	}
	var got []result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got[0].Verdict != "proved" || got[0].Rate != "1/2" || got[0].Claim != "contraction" || got[0].Failed != "" {
		t.Errorf("got %+v", got[0])
	}
	if got[1].Verdict != "refused" || got[1].By != "diagonal entry 0 is 0" || got[1].Rate != "" {
		t.Errorf("got %+v", got[1])
	}
}

// TestNamesOfFiles: the name of a file cannot print a line of its own, and what is no file is not opened.
func TestNamesOfFiles(t *testing.T) {
	odd := filepath.Join(t.TempDir(), "a\n\x1b[2Kgood.plumb: proved")
	if err := os.WriteFile(odd, []byte("PK"), 0o644); err != nil {
		t.Skipf("no such name on this file system: %v", err)
	}
	for file, want := range map[string]string{odd: "a??[2Kgood.plumb: proved: malformed\n", odd + "absent": "unreadable\n", t.TempDir(): ": unreadable\n  not a regular file\n"} {
		var out, errs bytes.Buffer
		if exit := run([]string{file}, &out, &errs); exit == 0 || !strings.Contains(out.String(), want) {
			t.Errorf("%q: exit %d, %q", file, exit, &out)
		}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(strings.TrimSpace(line), "\x1b") || strings.HasPrefix(line, "good") || strings.Contains(line, "\x1b") {
				t.Errorf("%q printed %q", file, line)
			}
		}
	}
}

// TestPhaseIsBelow: low = -1/2 + 1e-18 and high = 2 turn by just less than 90 degrees, which float64 cannot tell from 90.
func TestPhaseIsBelow(t *testing.T) {
	low := new(big.Rat).Add(big.NewRat(-1, 2), big.NewRat(1, 1e18))
	if p := phase(low, big.NewRat(2, 1)); p == nil || *p != 89.99 {
		t.Errorf("got %v", *p)
	}
	if p := phase(big.NewRat(999999999, 1000000000), big.NewRat(1000000001, 1000000000)); p == nil || *p != 0 {
		t.Errorf("got %v", p)
	}
}
