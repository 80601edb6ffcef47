package r2dn_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model/r2dn"
	"github.com/plumb-go/plumb/nn/seq"
)

// A random network with one state forgets: two trajectories under one input meet at least at the prescribed rate. With
// one state the metric is a factor on both sides.
func ExampleNew() {
	const rate, steps = 0.9, 50
	net, err := r2dn.New(1, 1, 1, 4, 0, rate)
	if err != nil {
		fmt.Println(err)
		return
	}
	theta, w := make([]float64, net.Dim()), make([]float64, net.Layout().Len())
	net.Init(rand.New(rand.NewPCG(1, 2)), nil, theta)
	net.Deploy(theta, w)

	u, y, x := seq.NewMat(1, 2*steps), seq.NewMat(1, 2*steps), seq.NewMat(1, 2) // two lanes side by side
	for k := range steps {
		u.Row(0)[2*k] = math.Sin(float64(k))
		u.Row(0)[2*k+1] = math.Sin(float64(k))
	}
	x.Row(0)[0], x.Row(0)[1] = -3, 5
	pass := net.NewPass(steps, 2)
	pass.Forward(w, u, x, y)
	pass.State(x)
	fmt.Println(math.Abs(x.Row(0)[0]-x.Row(0)[1]) <= 8*math.Pow(rate, steps))
	// Output:
	// true
}
