package train_test

import (
	"fmt"

	"github.com/plumb-go/plumb/train"
)

// valley is Rosenbrock's function, whose minimum 0 lies at (1, 1) at the end of a curved valley.
type valley struct{}

func (valley) Dim() int { return 2 }

func (valley) ValueGrad(x, grad []float64) float64 {
	a, b := 1-x[0], x[1]-x[0]*x[0]
	grad[0], grad[1] = -2*a-400*x[0]*b, 200*b
	return a*a + 100*b*b
}

func ExampleLBFGS() {
	l := train.NewLBFGS(valley{}, []float64{-1.2, 1})
	for l.F > 1e-12 && l.Iter < 100 && l.Step(valley{}) {
	}
	fmt.Printf("minimum %.3f at %.3f, within 100 steps: %v\n", l.F, l.Theta, l.Iter < 100)
	// Output:
	// minimum 0.000 at [1.000 1.000], within 100 steps: true
}
