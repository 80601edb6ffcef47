package ident

import (
	"math"
	"testing"

	"github.com/plumb-go/plumb/dataset"
)

// TestAcrossKernels: a hundred steps of Adam with the vectorised and with the plain kernels (build tag purego), on any
// platform, give the same predictions to 1e-6 of the output's size, and a proved certificate on either. The numbers
// below were made with the AVX2 kernels; .ci/run runs this test with both. L-BFGS is left out: its line search turns
// rounding into other steps, and kernels that round differently part company after some tens of them.
func TestAcrossKernels(t *testing.T) {
	all := hammerstein(t, 700)
	set, err := dataset.Select(all.Record, []string{"u"}, []string{"y"}, "0-524/-/525-699", 20) // Adam alone: nothing is held out
	if err != nil {
		t.Fatal(err)
	}
	o := quick(Contraction)
	o.Model, o.Steps = "r2dn", 100
	res := mustFit(t, set, o)
	if !res.Verdict.Proved {
		t.Errorf("not proved: %s", res.Verdict.Failed)
	}
	y, err := res.Model.SimulatePart(set, set.Test[0])
	if err != nil {
		t.Fatal(err)
	}
	const tol = 1e-6 * 5 // rounding grows over the steps; the output is about 5
	for i, want := range goldenPrediction {
		k := 20 * (i + 1)
		if got := y[0][k]; math.Abs(got-want) > tol {
			t.Errorf("sample %d: predicted %.9f, want %.9f", k, got, want)
		}
	}
}

// goldenPrediction holds samples 20, 40, ..., 120 of the predicted test part.
var goldenPrediction = []float64{2.807060563, 2.500222767, 2.708529878, 4.847433050, 6.779788862, 7.706773467}
