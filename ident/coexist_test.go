package ident

import (
	"math"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/nn/seq"
)

// scalarLure is x+ = a x + b tanh(x) + c u, y = x.
func scalarLure(a, b, c float64) *deploy.Model {
	cell := seq.Lure{In: 1, Out: 1, N: 1, Q: 1}
	w := make([]float64, cell.Layout().Len())
	t := cell.Tensors()
	t.A.Of(w)[0], t.B1.Of(w)[0], t.C1.Of(w)[0], t.B2.Of(w)[0], t.Cx.Of(w)[0] = a, b, 1, c, 1
	return &deploy.Model{Scaling: deploy.Scaling{UMid: []float64{0}, UHalf: []float64{1}, YMean: []float64{10}, YStd: []float64{2}},
		Members: []deploy.Member{{Cell: cell, Kind: "lure", W: w}}}
}

// TestCoexisting: x+ = x/2 + 1.2 tanh(x) + c u rests at +-2.3574, where x/2 = 1.2 tanh(x), for u = 0; with b = 0.4 it forgets.
func TestCoexisting(t *testing.T) {
	const rest = 2.3574
	start := seq.NewMat(1, 2)
	start.Row(0)[0], start.Row(0)[1] = 0.1, -0.2
	search := func(m *deploy.Model) *Counterexample {
		return Coexisting(m, []seq.Mat{start}, []dataset.Signal{{Name: "u", Unit: "V"}}, []dataset.Signal{{Name: "y", Unit: "m"}}, 0, 1)
	}
	c := search(scalarLure(0.5, 1.2, 0.01))
	if c == nil || c.Offset != 0 || c.Amplitude != 0 || c.Frequency != 0 || !strings.Contains(c.Statement, "two coexisting responses") {
		t.Fatalf("%+v", c)
	}
	for l, want := range []float64{10 - 2*rest, 10 + 2*rest} {
		found := false
		for _, y := range c.Y {
			found = found || math.Abs(y[0]-want) < 1e-3
		}
		if !found {
			t.Errorf("no response at %g: %g and %g (%d)", want, c.Y[0][0], c.Y[1][0], l)
		}
	}
	if again := search(scalarLure(0.5, 1.2, 0.01)); again.Statement != c.Statement {
		t.Errorf("%s after %s", again.Statement, c.Statement)
	}
	if c := search(scalarLure(0.5, 0.4, 0.5)); c != nil {
		t.Errorf("a contracting model has %s", c.Statement)
	}
}
