package lstm_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/nn/seq"
)

// A constructed network is proved whatever its parameters are, here drawn without any measure.
func ExampleNew() {
	m, err := lstm.New(lstm.Options{Inputs: 1, Outputs: 1, Units: []int{5, 4}, Guarantee: lstm.Construct, Rate: 0.98})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := rand.New(rand.NewPCG(1, 1))
	theta, w := make([]float64, m.Dim()), make([]float64, m.Layout().Len())
	for i := range theta {
		theta[i] = 3 * r.NormFloat64()
	}
	m.Deploy(theta, w)
	_, err = lstm.ProveRate(m.(*lstm.Network).Deployed(), w, 0.980001)
	fmt.Println("not provable:", err)
	// Output:
	// not provable: <nil>
}

// One unit with h+ = sigma(bo) tanh(c+), c+ = sigma(bf) c + sigma(bi) tanh(v + h/10), all gates constant: the comparison
// matrix is [1/2 1/20; 1/4 1/40], whose eigenvalues are 0 and 21/40.
func ExampleProve() {
	cell := seq.LSTM{Deep: seq.Deep{In: 1, Out: 1, Units: []int{1}}}
	w := make([]float64, cell.Layout().Len())
	t := cell.Tensors()
	t.Layers[0].G.W.Of(w)[0], t.Layers[0].G.U.Of(w)[0], t.Out.Wy.Of(w)[0] = 1, 0.1, 1
	if err := lstm.Boxes(cell, w); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := lstm.ProveRate(cell, w, 0.52); err != nil {
		fmt.Println(err)
	}
	x, err := lstm.Prove(cell, w)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, _ := x.Rate.Float64()
	fmt.Printf("proved with rate %.3f\n", r)
	// Output:
	// lstm: not provable with a rate below 0.52: layer 0 has 0.525 by components and 0.525 in norms; filter 0
	// proved with rate 0.525
}
