package ident

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/nn/seq"
)

// bistable is x+ = a x + b tanh(3 x) + 0.1 u, y = x, alone in a model. With a = 0.5, b = 0.4 it has two stable rest
// points near x = -+0.8; with b = 0.1 it contracts: |a| + 3 |b| < 1.
func bistable(b float64) (*deploy.Model, *material) {
	c := seq.Lure{In: 1, Out: 1, N: 1, Q: 1}
	w := make([]float64, c.Layout().Len())
	t := c.Tensors()
	t.A.Of(w)[0], t.B1.Of(w)[0], t.B2.Of(w)[0], t.C1.Of(w)[0], t.Cx.Of(w)[0] = 0.5, b, 0.1, 3, 1
	m := &deploy.Model{
		Scaling: deploy.Scaling{UMid: []float64{2}, UHalf: []float64{4}, YMean: []float64{1}, YStd: []float64{2}, Delay: []int{0}, Integrate: []bool{false}, Low: []float64{math.Inf(-1)}, High: []float64{math.Inf(1)}},
		Members: []deploy.Member{{Cell: c, Kind: "lure", W: w}},
	}
	return m, &material{plant: plant{rest: []float64{0}, outputs: 1}, low: []float64{-1}, high: []float64{1}}
}

func search(b float64) *Counterexample {
	m, mt := bistable(b)
	names := signalNames{inputs: []dataset.Signal{{Name: "u", Unit: "V"}}, outputs: []dataset.Signal{{Name: "y", Unit: "m"}}, ts: 0.1}
	states := seq.NewMat(1, 40)
	r := rand.New(rand.NewPCG(1, 1))
	for l := range 40 {
		states.Row(0)[l] = r.NormFloat64()
	}
	return counterexample(m, mt, names, []seq.Mat{states}, r)
}

func TestCounterexampleIsFound(t *testing.T) {
	c := search(0.4)
	if c == nil {
		t.Fatal("two stable rest points, and no coexisting responses were found")
	}
	if c.Offset != 2 || c.Amplitude <= 0 || c.Amplitude > 4 {
		t.Errorf("tone of %g around %g leaves the declared range [-2, 6]", c.Amplitude, c.Offset)
	}
	// the pair must be what it says: apart at every sample of the last periods, in physical units
	for k := range c.Time {
		if d := math.Abs(c.Y[0][k] - c.Y[1][k]); d < apart*2 {
			t.Fatalf("sample %d: responses are only %g apart", k, d)
		}
	}
	if c.Statement == "" || len(c.U) != len(c.Time) {
		t.Errorf("incomplete description: %+v", c)
	}
}

func TestContractingHasNoCounterexample(t *testing.T) {
	if c := search(0.1); c != nil {
		t.Errorf("a contracting system was contradicted: %s", c.Statement)
	}
}
