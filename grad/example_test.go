package grad_test

import (
	"fmt"

	"github.com/plumb-go/plumb/grad"
)

// The gradient of a scalar function of the parameters, as an objective for an optimiser.
func ExampleFunc() {
	t := grad.NewTape()
	w := t.Param(2, 1)
	x, y := []float64{1, 0, 0, 1, 1, 1}, []float64{1, 2, 3}
	f := &grad.Func{Tape: t, Build: func(t *grad.Tape) grad.Var {
		return t.MSE(t.MatMul(t.Const(3, 2, x), w, false, false), t.Const(3, 1, y))
	}}
	g := make([]float64, f.Dim())
	fmt.Printf("%.3f\n", f.ValueGrad([]float64{1, 1}, g))
	fmt.Printf("%.3f\n", g)
	// Output:
	// 0.667
	// [-0.667 -1.333]
}

// The gradient of V(x) = |x|²/2 for each row x, and its square summed up, differentiated again: the derivative of the sum
// of |grad V|² is 2x.
func ExampleTape_Grad() {
	t := grad.NewTape()
	x := t.Input(2, 2, []float64{1, 2, 3, 4})
	v := t.Scale(t.RowDot(x, x), 0.5)
	slope := t.Grad(v, x)
	fmt.Println(t.Value(slope))
	if _, err := t.Backward(t.Sum(t.Mul(slope, slope))); err != nil {
		fmt.Println(err)
	}
	fmt.Println(t.InputGrad(x))
	// Output:
	// [1 2 3 4]
	// [2 4 6 8]
}
