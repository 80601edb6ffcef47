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
