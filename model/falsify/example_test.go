package falsify_test

import (
	"context"
	"fmt"
	"math/big"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/model/falsify"
	"github.com/plumb-go/plumb/nn/seq"
)

// One unit whose gates are constant, i = f = o = 1/2, keeps half of a difference of c at each step: |dc(k)| <= 2^-k |dc(0)|. The
// witness claims the rate 0.8, so the worst of c is 0.5/0.8 of the bound after one step, and that of h no worse.
func ExampleAscend() {
	cell := seq.LSTM{Deep: seq.Deep{In: 1, Out: 1, Units: []int{1}}}
	w := make([]float64, cell.Layout().Len())
	layer := cell.Tensors().Layers[0]
	layer.G.W.Of(w)[0] = 0.25
	layer.CBox.Of(w)[0], layer.HBox.Of(w)[0] = 0.25, 0.125
	proof := cert.Witness{
		Rate:  big.NewRat(4, 5),
		Cells: []cert.CellWitness{{Eta: []float64{1, 0.5}, Zeta: []float64{0.5, 0.5}}},
	}
	b, err := falsify.NewBound(cell, w, proof)
	if err != nil {
		panic(err)
	}
	f, err := falsify.Ascend(context.Background(), cell, w, b, falsify.Options{Count: 40, Steps: 8, Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f of the bound of %s at step %d\n", f.Ratio, b.Quantities[f.Quantity].Name, f.Step)
	// Output:
	// 0.625 of the bound of c[0] of layer 0 at step 1
}
