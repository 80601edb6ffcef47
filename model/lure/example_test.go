package lure_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model/lure"
	"github.com/plumb-go/plumb/model/witness"
	"github.com/plumb-go/plumb/nn/seq"
)

// A trajectory that starts far away ends in the ball that the linear part and the tanh's range give, however steep the
// feedback C1 is: the claim does not depend on it.
func ExampleNewBounded() {
	net, err := lure.NewBounded(1, 1, 2, 3, 0.98)
	if err != nil {
		fmt.Println(err)
		return
	}
	theta, w := make([]float64, net.Dim()), make([]float64, net.Layout().Len())
	net.Init(rand.New(rand.NewPCG(1, 2)), nil, theta)
	net.Deploy(theta, w)
	t := net.Tensors()
	for i := range t.C1.Of(w) {
		t.C1.Of(w)[i] *= 100
	}
	s := witness.Lure{N: 2, Q: 3, In: 1, Out: 1, A: t.A.Of(w), B1: t.B1.Of(w), B2: t.B2.Of(w), Bx: t.Bx.Of(w),
		C1: t.C1.Of(w), D12: t.D12.Of(w), Cx: t.Cx.Of(w), Cw: t.Cw.Of(w), D22: t.D22.Of(w)}
	b, err := s.Bounded()
	if err != nil {
		fmt.Println(err)
		return
	}
	beta2 := 0.0
	for _, v := range b.T {
		beta2 += v
	}
	ball := math.Sqrt(beta2) / (1 - b.Rate) // |x|_M in the long run, for inputs in the declared range

	const steps = 3000
	u, y, x := seq.NewMat(1, steps), seq.NewMat(1, steps), seq.NewMat(2, 1)
	for k := range steps {
		u.Row(0)[k] = math.Copysign(1, math.Sin(0.1*float64(k)))
	}
	x.Row(0)[0], x.Row(1)[0] = 1e3, -1e3
	size := func() float64 {
		p, q := x.Row(0)[0], x.Row(1)[0]
		return math.Sqrt(b.M[0]*p*p + (b.M[1]+b.M[2])*p*q + b.M[3]*q*q)
	}
	fmt.Println("starts outside:", size() > ball)
	pass := net.NewPass(steps, 1)
	pass.Forward(w, u, x, y)
	pass.State(x)
	fmt.Println("ends inside:", size() <= ball)
	// Output:
	// starts outside: true
	// ends inside: true
}
