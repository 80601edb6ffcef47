// Package nn holds the layers of neural networks on package grad.
//
// A layer declares its parameters on a tape when it is made and is applied to variables of that tape in every step:
//
//	t := grad.NewTape()
//	net, err := nn.NewMLP(t, grad.Tanh, 4, 100, 100, 4)
//	theta := make([]float64, t.Dim())
//	net.Init(theta, stream)
//	obj := &grad.Func{Tape: t, Build: func(t *grad.Tape) grad.Var {
//		return t.MSE(net.Apply(t, t.Const(256, 4, x)), t.Const(256, 4, y))
//	}}
//
// A batch is samples x features; weights are stored inputs x outputs, the transpose of the deployed form in a bundle.
// Layers are values without state of their own. To evaluate on several goroutines make a tape and the layers once for
// each; equal declarations in equal order lay out the parameter vector alike.
package nn
