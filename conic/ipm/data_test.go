package ipm

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumb-go/plumb/conic"
)

// reference holds the optima of the problems in PLUMB_DATA/lmi, on which three solvers of others agree to the digits
// shown; digits counts how many after the point.
var reference = map[string]struct {
	value float64
	half  float64 // half a unit of the last digit shown
}{
	"lyap5": {5, 5e-8}, "lyap10": {10, 5e-8}, "lyap15": {15.287715, 5e-7}, "lyap20": {24.5565773, 5e-8},
	"lyapone5": {5, 5e-8}, "lyapone10": {10.2764350, 5e-8}, "lyapone20": {22.0717237, 5e-8},
	"disk2p16": {-0.0327769166, 5e-11}, "disk4p16": {-0.0076359500, 5e-11}, "disk4p32": {-0.0077118436, 5e-11},
	"proj2p8": {4.4365461, 5e-8}, "proj2p16": {4.7758333, 5e-8}, "proj4p16": {976.126503, 5e-7},
	"proj2p8-arrow": {4.4365461, 5e-8}, "proj2p16-arrow": {4.7758333, 5e-8}, "proj4p16-arrow": {976.126503, 5e-7},
	"lip10x50": {5.7264299, 5e-8},
	"lyap30":   {32.6587470, 5e-8}, "lyap40": {42.5853755, 5e-8}, "lyapone30": {30.7689287, 5e-8}, "lyapone40": {41.2701621, 5e-8},
	"disk10p32": {-0.0181567783, 5e-11}, "disk10p64": {-0.0181950014, 5e-11}, "lip20x100": {4.8666665, 5e-8}, "lip50x200": {3.6122605, 5e-8},
}

func readProblem(t testing.TB, file string) *conic.Problem {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := conic.ReadSDPA(f)
	if err != nil {
		t.Fatal(err)
	}
	if q, err := os.Open(file[:len(file)-len(".dat-s")] + ".quad"); err == nil {
		defer q.Close()
		if err := conic.ReadQuad(q, p); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// objectiveTol is the gate of the solver: 1e-7 relative in the objective.
const objectiveTol = 1e-7

func TestReferenceData(t *testing.T) {
	for _, file := range dataFiles(t) {
		solveReference(t, strings.TrimSuffix(filepath.Base(file), ".dat-s"), readProblem(t, file))
	}
}

func solveReference(t *testing.T, name string, p *conic.Problem) {
	t.Helper()
	want, ok := reference[name]
	if !ok {
		return
	}
	c, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	var s conic.Solution
	begin := time.Now()
	if err := c.Solve(t.Context(), &s, conic.Options{}); err != nil {
		t.Fatal(err)
	}
	diff := math.Abs(s.Primal - want.value)
	t.Logf("%-16s m %4d %-12v %3d it %8.2f ms  objective %.10g diff %.1e dimacs %.1e", name, len(p.C), s.Status, s.Iterations,
		float64(time.Since(begin).Microseconds())/1e3, s.Primal, diff/math.Abs(want.value), s.DIMACS)
	if s.Status.Err() != nil || diff > objectiveTol*math.Abs(want.value)+want.half {
		t.Errorf("%s: %v, objective %.10g, expected %.10g", name, s.Status, s.Primal, want.value)
	}
}

func BenchmarkReference(b *testing.B) {
	for _, file := range dataFiles(b) {
		name := strings.TrimSuffix(filepath.Base(file), ".dat-s")
		p := readProblem(b, file)
		for form, p := range map[string]*conic.Problem{"elements": p, "terms": structured(name, p)} {
			if p == nil {
				continue
			}
			c, err := Compile(p)
			if err != nil {
				b.Fatal(err)
			}
			var s conic.Solution
			b.Run(name+"/"+form, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := c.Solve(b.Context(), &s, conic.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(s.Iterations), "iterations")
			})
		}
	}
}
