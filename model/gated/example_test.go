package gated_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model/gated"
	"github.com/plumb-go/plumb/nn/seq"
)

// At its declared rest input a network returns to the zero state, whatever its parameters and its start.
func ExampleNew() {
	const rest, steps = 0.25, 400
	net, err := gated.New([]float64{rest}, 1, 3, 4, 4, 0.95)
	if err != nil {
		fmt.Println(err)
		return
	}
	theta, w := make([]float64, net.Dim()), make([]float64, net.Layout().Len())
	net.Init(rand.New(rand.NewPCG(1, 2)), nil, theta)
	net.Deploy(theta, w)

	u, y, x := seq.NewMat(1, steps), seq.NewMat(1, steps), seq.NewMat(3, 1)
	for k := range steps {
		u.Row(0)[k] = rest
	}
	for i := range 3 {
		x.Row(i)[0] = 10
	}
	pass := net.NewPass(steps, 1)
	pass.Forward(w, u, x, y)
	pass.State(x)
	largest := 0.0
	for i := range 3 {
		largest = max(largest, x.Row(i)[0], -x.Row(i)[0])
	}
	fmt.Println(largest < 1e-3)
	// Output:
	// true
}
