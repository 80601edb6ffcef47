package cli

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// analyze runs the command and reads its JSON.
func analyze(t *testing.T, args ...string) *analysis {
	t.Helper()
	out := must(t, append([]string{"analyze", "--json", "--out", t.TempDir()}, args...)...)
	var a analysis
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	return &a
}

// The hanging pendulum: three equilibria in the box, the region of the issue at least, a proof, and files.
func TestAnalyzePendulum(t *testing.T) {
	a := analyze(t, "plant:pendulum")
	if len(a.Equilibria) != 3 || !a.Complete || a.Looked != 1 {
		t.Fatalf("%d equilibria, complete %v, looked at %d", len(a.Equilibria), a.Complete, a.Looked)
	}
	for i, want := range []string{"unstable", "asymptotically stable", "unstable"} {
		if e := a.Equilibria[i]; e.Verdict != want || e.How != "verified" || math.Abs(e.X[0]-float64(i-1)*math.Pi) > 1e-12 {
			t.Errorf("equilibrium %d: %+v, want %s", i, e, want)
		}
	}
	const area = 5.8388 // of the level at which the decrease of A'P + PA = -I first fails
	if r := a.Region; r == nil || float64(r.Volume) < area || float64(r.Proved) >= float64(r.Falsified) {
		t.Errorf("region %+v, want an area of at least %g", a.Region, area)
	}
	if p := a.Proof; p == nil || p.Verdict != verdictProved || p.Volume < area {
		t.Errorf("certificate %+v, want proved", a.Proof)
	} else if out := must(t, "check", p.Bundle); !strings.Contains(out, "proved") {
		t.Errorf("plumb check says %s", out)
	}
	dir := filepath.Dir(a.Page)
	for _, name := range []string{"report.html", "result.json", "phase-portrait.csv", "step.csv", "noise.csv"} {
		if !exists(filepath.Join(dir, name)) {
			t.Errorf("%s is missing", name)
		}
	}
	page, err := os.ReadFile(a.Page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"stability proved", "proved level set", "falsified level set", "saddle", "Step response", "± 2 σ"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(string(page), "NaN") {
		t.Error("NaN in the report")
	}
}

// With V from A'P + PA = -I the decrease first fails at 6.42140; the checker proves nearly all of what lies below.
func TestAnalyzePendulumLyapunov(t *testing.T) {
	a := analyze(t, "plant:pendulum", "--metric", "lyapunov")
	const least, first = 6.35, 6.42140
	p := a.Proof
	if p == nil || p.Verdict != verdictProved {
		t.Fatalf("certificate %+v", p)
	}
	if level, err := strconv.ParseFloat(p.Level, 64); err != nil || level < least || level > first {
		t.Errorf("proved level %s, want in [%g, %g]", p.Level, least, first)
	}
}

// An equilibrium at a multiple of pi is no float64, and is proved all the same: in the deviation the equations have no pi.
func TestAnalyzeUprightPendulum(t *testing.T) {
	a := analyze(t, "plant:pendulum-euler-upright", "--param", "h=0.1,d=3", "--at", "pi,0")
	if e := a.Equilibria[a.Looked]; math.Abs(e.X[0]-math.Pi) > 1e-12 || a.Proof == nil || a.Proof.Verdict != verdictProved {
		t.Errorf("at %v: certificate %+v", e.X, a.Proof)
	}
	if p := a.Proof; p != nil && !strings.Contains(p.Statement, "deviation from (pi, 0)") {
		t.Errorf("the statement does not say where x = 0 is: %s", p.Statement)
	}
	a = analyze(t, "plant:pendulum-upright", "--at", "0,0")
	if e := a.Equilibria[a.Looked]; e.X[0] != 0 || e.Verdict != "unstable" || a.Region != nil || a.Proof != nil {
		t.Errorf("upright: %+v, region %v", e, a.Region)
	}
}

// Two integrators in a row are unstable, exactly, whatever the stiffness beside them; the rod rests anywhere.
func TestAnalyzeRods(t *testing.T) {
	for _, name := range []string{"plant:rod-flexible", "plant:rod-rigid", "plant:double-integrator"} {
		a := analyze(t, name)
		if len(a.Equilibria) != 1 || !a.Affine || !a.Complete || !slices.Equal(a.Free, []string{"x"}) {
			t.Fatalf("%s: %d equilibria, affine %v, complete %v, free %v", name, len(a.Equilibria), a.Affine, a.Complete, a.Free)
		}
		if e := a.Equilibria[0]; e.Verdict != "unstable" || e.How != "verified" {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// Euler steps: stable and proved for d > h g/l, 0.981 at the step h = 0.1, unstable below. (Shorter steps take the checker
// longer, since V falls less a step.)
func TestAnalyzeEulerPendulum(t *testing.T) {
	a := analyze(t, "plant:pendulum-euler", "--param", "h=0.1", "--param", "d=0.97")
	if e := a.Equilibria[a.Looked]; e.Verdict != "unstable" || e.How != "verified" || a.Proof != nil {
		t.Errorf("d = 0.97: %+v, certificate %+v", e, a.Proof)
	}
	a = analyze(t, "plant:pendulum-euler", "--param", "h=0.1", "--param", "d=3")
	if a.Proof == nil || a.Proof.Verdict != verdictProved {
		t.Errorf("d = 3: certificate %+v", a.Proof)
	}
	if u := a.Ultimate; u == nil || u.Reached > u.Sum || u.Sum > u.Lecture {
		t.Errorf("bounds of a disturbance %+v", u)
	}
}

// Linear systems are decided for the whole space, exactly.
func TestAnalyzeLinear(t *testing.T) {
	a := analyze(t, "tf: num=[1] den=[1 0.2 1]")
	if !a.Affine || a.Region == nil || !a.Region.Global || a.Proof == nil || a.Proof.Verdict != verdictProved || a.Proof.Rate != "0.09 per second" {
		t.Errorf("affine %v, region %+v, certificate %+v", a.Affine, a.Region, a.Proof)
	}
	if len(a.Steps) != 1 || math.Abs(float64(a.Steps[0].Final)-1) > 1e-9 {
		t.Errorf("step response %+v, want the final value 1", a.Steps)
	}
	// The closed form of the H2 norm of 1/(s^2 + 2 z s + 1) is 1/sqrt(4 z), z = 0.1.
	if g := a.Gains[2]; math.Abs(float64(g.Value)-1/math.Sqrt(0.4)) > 1e-9 {
		t.Errorf("H2 norm %v", g.Value)
	}
	a = analyze(t, "plant:double-integrator")
	if e := a.Equilibria[0]; e.Verdict != "unstable" || !strings.Contains(e.Note, "lacks an eigenvector") || a.Proof != nil {
		t.Errorf("double integrator: %+v", e)
	}
}

// The user's Lyapunov function: all conditions of the right one hold, a wrong one is refuted by name.
func TestAnalyzeLyapunov(t *testing.T) {
	a := analyze(t, "plant:van-der-pol-reversed", "--lyapunov", "1.5*x^2 - x*v + mu*v^2", "--level", "1.5")
	if !a.Candidate.Holds {
		t.Errorf("%+v", a.Candidate)
	}
	if p := a.Proof; p == nil || p.Verdict != verdictProved || p.Level != "1.5" || math.Abs(p.Volume-1.5*math.Pi/math.Sqrt(1.25)) > 1e-9 { // det P = 5/4
		t.Errorf("certificate of the user's V: %+v", p)
	}
	a = analyze(t, "plant:van-der-pol-reversed", "--lyapunov", "1 + x^2 + v^2", "--level", "1.5")
	if a.Candidate.Holds || a.Candidate.Conditions[1].Outcome != "refuted" {
		t.Errorf("V(0) = 1 passes: %+v", a.Candidate)
	}
}

func TestAnalyzeText(t *testing.T) {
	out := must(t, "analyze", "plant:van-der-pol-reversed", "--out", t.TempDir())
	for _, want := range []string{"stable focus", "there are no others", "region of attraction: {V <= ", "lowest found: estimated", "certificate: proved", "report.html"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestAnalyzeErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{}, "needs SYSTEM"},
		{[]string{"plant:pendulun"}, "pendulum"},
		{[]string{"pendulum"}, "plant:pendulum"},
		{[]string{"plant:pendulum", "--param", "leng=2"}, "leng"},
		{[]string{"plant:pendulum", "--param", "l"}, "NAME=NUMBER"},
		{[]string{"plant:pendulum", "--param", "l=nan"}, "NAME=NUMBER"},
		{[]string{"plant:pendulum", "--param", "l=0"}, "equation of omega"},
		{[]string{"plant:pendulum", "--metric", "best"}, "lyapunov"},
		{[]string{"plant:pendulum", "--at", "1"}, "2 states"},
		{[]string{"plant:pendulum", "--at", "1,0"}, "no equilibrium is near"},
		{[]string{"plant:pendulum", "--lyapunov", "theta^2"}, "belong together"},
		{[]string{"plant:pendulum", "--lyapunov", "thta^2", "--level", "1"}, "theta"},
		{[]string{"3.5"}, "no states"},
		{[]string{"missing.yaml"}, "missing.yaml"},
	} {
		out, errs, code := plumb(t, append([]string{"analyze", "--out", t.TempDir()}, c.args...)...)
		if code != exitFailed || !strings.Contains(errs, c.want) {
			t.Errorf("analyze %v: exit %d, %q %q; want an error with %q", c.args, code, out, errs, c.want)
		}
	}
}
