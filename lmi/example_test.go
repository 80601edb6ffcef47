package lmi_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lmi"
)

// The damped oscillator x1' = x2, x2' = -x1 - x2 has a Lyapunov function x'Px; among those with P >= I the one of smallest trace
// is found, and that it is one is proved.
func Example() {
	a := mat.NewDense(2, 2, []float64{0, 1, -1, -1})
	p := lmi.New()
	P := p.Sym("P", 2)
	A := p.Param("A", a)
	p.PSD("floor", P.Minus(lmi.Identity(2)), 0)
	p.NSD("decay", P.Right(A).He(), 1e-6)
	p.Minimize(P.Trace())
	c, err := p.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	sol, proof, err := c.SolveVerified(context.Background(), lmi.Options{}, lmi.CertifyOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v, trace %.3f, verified %v\n", sol.Status, sol.Objective, proof.Verified)

	// a faster oscillator: the structure stays, the numbers change
	a.Set(1, 0, -4)
	if err := c.Set("A", a); err != nil {
		fmt.Println(err)
		return
	}
	sol, proof, err = c.SolveVerified(context.Background(), lmi.Options{Warm: true}, lmi.CertifyOptions{Exact: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v, trace %.3f, verified %v\n", sol.Status, sol.Objective, proof.Verified)
	// Output:
	// optimal, trace 2.000, verified true
	// optimal, trace 3.665, verified true
}
