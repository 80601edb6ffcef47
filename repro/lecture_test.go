package repro

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every concept has checks, all of which pass, and the files are written.
func TestLecture(t *testing.T) {
	dir := t.TempDir()
	r, err := Run(t.Context(), "lecture", Options{Dir: dir, Version: "test", Command: "plumb reproduce lecture"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if !c.Pass {
			t.Errorf("%s: %v, want %s", c.Name, c.Value, c.Bound)
		}
	}
	for _, c := range concepts() {
		found := false
		for _, k := range r.Checks {
			found = found || strings.HasPrefix(k.Name, c.id+": ") && k.Bound != Reported
		}
		if !found {
			t.Errorf("concept %q has no check", c.title)
		}
	}
	for _, name := range []string{"report.html", "result.json", "pendulum-modulus.csv", "pendulum-region.csv", "gaussian.csv", "iss.csv"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), "Corrected: "); n < 14 {
		t.Errorf("the page states %d corrections", n)
	}
}

// The lecture's formula for the eigenvalues, against the characteristic polynomial: trace 2 - hd, determinant
// 1 - hd - h^2 g/l cos theta.
func TestPendulumModulus(t *testing.T) {
	for _, d := range []float64{0, 0.05, 1, 7, 20} {
		for _, c := range []float64{-1, 1} {
			trace, det := 2-stepH*d, 1-stepH*d-stepH*stepH*gravity*c
			want := math.Sqrt(det)
			if disc := trace*trace/4 - det; disc >= 0 {
				want = math.Abs(trace/2) + math.Sqrt(disc)
			}
			if got := pendulumModulus(d, c); math.Abs(got-want) > 1e-13 {
				t.Errorf("d = %g, cos = %g: %.15g, want %.15g", d, c, got, want)
			}
		}
	}
}
