// Package grad is reverse-mode automatic differentiation on matrices.
//
// A Tape computes eagerly: every method such as MatMul or Tanh evaluates at once and remembers how its result came
// about. Backward then adds the gradient of a scalar into the flat gradient vector, and Grad returns a gradient that is
// itself made of tape operations, so that it can be differentiated again (Lyapunov decrease along a network's own
// gradient, Hessian-vector products).
//
//	t := grad.NewTape()
//	w := t.Param(3, 2)                        // reserves theta[0:6]
//	loss := func(t *grad.Tape) grad.Var {
//		x, y := t.Const(5, 3, input), t.Const(5, 2, target)
//		return t.MSE(t.Tanh(t.MatMul(x, w, false, false)), y)
//	}
//	obj := &grad.Func{Tape: t, Build: loss}   // Dim and ValueGrad: a train.Objective
//
// Conventions. Every value is a row-major float64 matrix; in a batch a row is a sample and a column a feature, and a
// weight matrix is inputs x outputs, so that the products of the forward pass and of the weight gradients are the fast
// forms of GEMM. Parameters are views of one flat vector, in the order of the Param calls; Start binds that vector.
//
// Errors. The first wrong shape or singular matrix is kept, later operations do nothing and return the zero Var, and
// Err, Backward and Func.Err report it, naming both shapes (as in bufio.Writer).
//
// Memory. Values live in an arena that Start rewinds, so a training step of fixed shapes allocates nothing after the
// first. Slices and Vars obtained from a tape, parameters aside, are valid until the next Start. A Tape is for one
// goroutine; results do not depend on how many tapes run beside it.
//
// Reverse mode with gradients expressed in the operations of the tape itself follows Griewank and Walther, Evaluating
// Derivatives, 2nd ed. (2008), chapters 3 and 5.
package grad
