package ipm

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
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
	dir := os.Getenv("PLUMB_DATA")
	if dir == "" {
		t.Skip("PLUMB_DATA is not set: no reference problems")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "lmi", "*.dat-s"))
	if extra := os.Getenv("PLUMB_LMI_EXTRA"); extra != "" {
		more, _ := filepath.Glob(filepath.Join(extra, "*.dat-s"))
		files = append(files, more...)
	}
	if len(files) == 0 {
		t.Fatal("no .dat-s files in PLUMB_DATA/lmi")
	}
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".dat-s")])
		p := readProblem(t, file)
		c, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		var s conic.Solution
		o := conic.Options{}
		if os.Getenv("PLUMB_LMI_TRACE") == name {
			o.Progress = func(i conic.Iter) {
				fmt.Printf("%2d p %.8g d %.8g gap %.1e pres %.1e dres %.1e steps %.3f %.3f mu %.1e sigma %.1e repl %g\n", i.Iteration, i.Primal, i.Dual, i.Gap, i.PrimalRes, i.DualRes, i.StepPrimal, i.StepDual, i.Mu, i.Sigma, i.Regularise)
			}
		}
		begin := time.Now()
		if err := c.Solve(context.Background(), &s, o); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		want, ok := reference[name]
		if !ok {
			continue
		}
		diff := math.Abs(s.Primal - want.value)
		t.Logf("%-16s m %4d %-12v %3d it %8.2f ms  objective %.10g diff %.1e dimacs %.1e %.1e gap %.1e", name, len(p.C), s.Status, s.Iterations,
			float64(took.Microseconds())/1e3, s.Primal, diff/math.Abs(want.value), s.DIMACS[0], s.DIMACS[2], s.DIMACS[4])
		if s.Status != conic.Optimal && s.Status != conic.Near || diff > objectiveTol*math.Abs(want.value)+want.half {
			t.Errorf("%s: %v, objective %.10g, expected %.10g", name, s.Status, s.Primal, want.value)
		}
	}
}
