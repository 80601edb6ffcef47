package main

import (
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/grad"
	"github.com/plumb-go/plumb/internal/kernel"
	"github.com/plumb-go/plumb/nn"
)

// stepCases are whole training steps in double precision: loss, gradient and Adam.
func stepCases() []benchCase {
	return []benchCase{{"mlp", mlpStep}, {"rollout", rolloutStep}}
}

// mlpStep fits a 4-100-100-4 network to a batch of 256.
func mlpStep() func() {
	const batch = 256
	x, y := uniform[float64](batch*4), uniform[float64](batch*4)
	return training(100, func(t *grad.Tape, net nn.MLP) grad.Var {
		return t.MSE(net.Apply(t, t.Const(batch, 4, x)), t.Const(batch, 4, y))
	})
}

// rolloutStep fits a 4-64-64-4 network through 100 steps x <- x + 0.1 net(x) of 32 trajectories, every state compared.
func rolloutStep() func() {
	const steps, batch = 100, 32
	x0, y := uniform[float64](batch*4), uniform[float64](steps*batch*4)
	xs := make([]grad.Var, steps)
	return training(64, func(t *grad.Tape, net nn.MLP) grad.Var {
		x := t.Const(batch, 4, x0)
		for k := range xs {
			x = t.AddScaled(x, 0.1, net.Apply(t, x))
			xs[k] = x
		}
		return t.MSE(t.ConcatRows(xs...), t.Const(steps*batch, 4, y))
	})
}

// training returns one step of training a 4-hidden-hidden-4 tanh network.
func training(hidden int, loss func(t *grad.Tape, net nn.MLP) grad.Var) func() {
	tape := grad.NewTape()
	net, err := nn.NewMLP(tape, grad.Tanh, 4, hidden, hidden, 4)
	if err != nil {
		panic(err)
	}
	f := &grad.Func{Tape: tape, Build: func(t *grad.Tape) grad.Var { return loss(t, net) }}
	n := f.Dim()
	theta, g, m, v := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	net.Init(theta, rand.New(rand.NewPCG(1, 1)))
	adam := kernel.AdamStep{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	k := 0.0
	return func() {
		f.ValueGrad(theta, g)
		if f.Err() != nil {
			panic(f.Err())
		}
		k++
		adam.Bias1, adam.Bias2 = 1-math.Pow(adam.Beta1, k), 1-math.Pow(adam.Beta2, k)
		kernel.Adam(theta, g, m, v, adam)
	}
}
