package nn_test

import (
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/grad"
	"github.com/plumb-go/plumb/nn"
)

// benchmarkStep measures value and gradient; the optimiser's update is not included.
func benchmarkStep(b *testing.B, hidden int, loss func(t *grad.Tape, net nn.MLP) grad.Var) {
	tp := grad.NewTape()
	net, err := nn.NewMLP(tp, grad.Tanh, 4, hidden, hidden, 4)
	if err != nil {
		b.Fatal(err)
	}
	f := &grad.Func{Tape: tp, Build: func(t *grad.Tape) grad.Var { return loss(t, net) }}
	theta, g := make([]float64, f.Dim()), make([]float64, f.Dim())
	net.Init(theta, rand.New(rand.NewPCG(1, 2)))
	b.ReportAllocs()
	for b.Loop() {
		f.ValueGrad(theta, g)
	}
	if f.Err() != nil {
		b.Fatal(f.Err())
	}
}

// BenchmarkMLP is the gradient of a 4-100-100-4 network over a batch of 256.
func BenchmarkMLP(b *testing.B) {
	x, y := make([]float64, 256*4), make([]float64, 256*4)
	fill(x, rand.New(rand.NewPCG(1, 3)))
	benchmarkStep(b, 100, func(t *grad.Tape, net nn.MLP) grad.Var {
		return t.MSE(net.Apply(t, t.Const(256, 4, x)), t.Const(256, 4, y))
	})
}

// BenchmarkRollout is the gradient through 100 steps x <- x + 0.1 net(x) of a 4-64-64-4 network, batch 32.
func BenchmarkRollout(b *testing.B) {
	const steps, batch = 100, 32
	x0, y := make([]float64, batch*4), make([]float64, steps*batch*4)
	fill(x0, rand.New(rand.NewPCG(1, 3)))
	xs := make([]grad.Var, steps)
	benchmarkStep(b, 64, func(t *grad.Tape, net nn.MLP) grad.Var {
		x := t.Const(batch, 4, x0)
		for k := range xs {
			x = t.AddScaled(x, 0.1, net.Apply(t, x))
			xs[k] = x
		}
		return t.MSE(t.ConcatRows(xs...), t.Const(steps*batch, 4, y))
	})
}
