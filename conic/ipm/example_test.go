package ipm_test

import (
	"context"
	"fmt"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/conic/ipm"
)

// The smallest trace of a P >= I with A'P + P A <= 0, stated by terms.
func ExampleSolver() {
	p := &conic.Problem{
		C:    []float64{1, 0, 1}, // tr P: the upper triangle of P by rows is p11, p12, p22
		Vars: []conic.Variable{{Kind: conic.Symmetric, Rows: 2, Cols: 2}},
	}
	minusI := []conic.Elem{{Row: 0, Col: 0, Val: -1}, {Row: 1, Col: 1, Val: -1}}
	floor := conic.Block{N: 2, Constant: minusI,
		Dict:  []float64{1, 0, 0, 1},
		Terms: []conic.Term{{Scale: 0.5}}} // 1/2 (I P I + I P I)
	decay := conic.Block{N: 2,
		Dict: []float64{
			1, 0, 0, 1, // I
			-1, 4, 0, -1}, // A by rows
		Terms: []conic.Term{{Right: 2, Scale: -1}}} // -(I P A + A'P I)
	p.Blocks = []conic.Block{floor, decay}

	s, err := ipm.Solver{}.Solve(context.Background(), p, conic.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v: tr P = %.4f, p11 = %.3f, p22 = %.3f\n", s.Status, s.Primal, s.X[0], s.X[2])
	// Output:
	// optimal: tr P = 5.0000, p11 = 1.000, p22 = 4.000
}
