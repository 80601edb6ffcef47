package cli

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lmiFiles are small problems in SDPA's format: x I - [2 1; 1 2] >= 0 (largest eigenvalue 3), the same with a second block that asks
// for x <= 1 (infeasible), and one whose objective falls for ever.
var lmiFiles = map[string]string{
	"eigenvalue.dat-s": "1\n1\n2\n1\n0 1 1 1 2\n0 1 1 2 1\n0 1 2 2 2\n1 1 1 1 1\n1 1 2 2 1\n",
	"infeasible.dat-s": "1\n2\n2 -1\n1\n0 1 1 1 2\n0 1 1 2 1\n0 1 2 2 2\n1 1 1 1 1\n1 1 2 2 1\n0 2 1 1 -1\n1 2 1 1 -1\n",
	"unbounded.dat-s":  "1\n1\n2\n-1\n0 1 1 1 2\n0 1 1 2 1\n0 1 2 2 2\n1 1 1 1 1\n1 1 2 2 1\n",
	"broken.dat-s":     "1\n1\n2\n1\n0 1 1 3 2\n",
	"two.quad":         "2 5\n", // + (x - 5)^2: the sum is smallest at 4.5, 4.75
}

func TestLMISolve(t *testing.T) {
	dir := t.TempDir()
	for name, text := range lmiFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	const tol = 1e-6 // of the solver, on numbers of size 5
	for _, tc := range []struct {
		args     []string
		code     int
		status   string
		value    float64
		verified bool
	}{
		{[]string{at("eigenvalue.dat-s")}, exitOK, "optimal", 3, true},
		{[]string{at("eigenvalue.dat-s"), "--quad", at("two.quad")}, exitOK, "optimal", 4.75, true},
		{[]string{at("eigenvalue.dat-s"), "--no-verify"}, exitOK, "optimal", 3, false},
		{[]string{at("infeasible.dat-s")}, exitFailed, "infeasible", math.NaN(), false},
		{[]string{at("unbounded.dat-s")}, exitFailed, "unbounded", math.NaN(), false},
	} {
		out, errs, code := plumb(t, append([]string{"lmi", "solve", "--json"}, tc.args...)...)
		var r solved
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Errorf("%v: %v\n%s%s", tc.args, err, out, errs)
			continue
		}
		if code != tc.code || r.Status != tc.status || r.Verified != tc.verified || len(r.DIMACS) != 6 || !r.Verified && r.Reason == "" {
			t.Errorf("%v: exit %d, %+v", tc.args, code, r)
		}
		if v := float64(r.Objective); math.Abs(v-tc.value) > tol || math.IsNaN(v) != math.IsNaN(tc.value) {
			t.Errorf("%v: objective %g, want %g", tc.args, v, tc.value)
		}
		if v := float64(r.VerifiedObjective); tc.verified && (v < tc.value-tol || v > tc.value+1e-4) {
			t.Errorf("%v: verified objective %g, optimum %g", tc.args, v, tc.value)
		}
	}
	out, _, code := plumb(t, "lmi", "solve", at("eigenvalue.dat-s"))
	for _, want := range []string{"optimal after", "DIMACS errors", "verified"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is missing from:\n%s", code, want, out)
		}
	}
	// x >= 3 and x <= 1: multipliers (Y1, Y2) with tr Y1 = Y2 and 3 tr(Y1 v v') - Y2 = 1 on the eigenvector v; direction 1
	out, _, _ = plumb(t, "lmi", "solve", "--json", at("infeasible.dat-s"))
	var r solved
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if c := r.Certificate; c == nil || c.Kind != "multipliers" || len(c.Multipliers) != 2 {
		t.Errorf("certificate of infeasibility: %+v", c)
	} else {
		y1, y2 := c.Multipliers[0], c.Multipliers[1]
		one, zero := 2*y1[0]+2*y1[1]+2*y1[3]-y2[0], y1[0]+y1[3]-y2[0]
		const loose = 1e-7 // of the solver
		if math.Abs(one-1) > loose || math.Abs(zero) > loose || y1[0]*y1[3] < y1[1]*y1[1] || y2[0] < 0 || math.Abs(float64(c.Residual)-math.Abs(zero)) > 1e-12 || !(float64(c.Below) > 1/loose) {
			t.Errorf("Y1 %v, Y2 %v: tr(F_0 Y) = %g, tr(F_1 Y) = %g; %+v", y1, y2, one, zero, c)
		}
	}
	out, _, _ = plumb(t, "lmi", "solve", at("unbounded.dat-s"))
	if !strings.Contains(out, "d = [1]") || !strings.Contains(out, "falls along d for ever") {
		t.Errorf("no direction in:\n%s", out)
	}
	for _, args := range [][]string{{at("broken.dat-s")}, {at("none.dat-s")}, {at("eigenvalue.dat-s"), "--tol", "2"}, {at("eigenvalue.dat-s"), "--quad", at("eigenvalue.dat-s")}} {
		if _, errs, code := plumb(t, append([]string{"lmi", "solve"}, args...)...); code != exitFailed || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
}
