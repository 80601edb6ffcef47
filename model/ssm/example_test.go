package ssm_test

import (
	"fmt"

	"github.com/plumb-go/plumb/model/ssm"
	"github.com/plumb-go/plumb/nn/seq"
)

// One block with one eigenvalue 0.6 + 0.5i, whose modulus is the irrational sqrt(0.61): the radius is that number
// rounded up to a fraction, and Re^2 + Im^2 <= radius^2 holds without rounding.
func ExampleNewWitness() {
	cell := seq.Diagonal{In: 1, Out: 1, Width: 1, Blocks: []seq.DiagonalBlock{{States: 1}}}
	w := make([]float64, cell.Layout().Len())
	t := cell.Tensors()[0]
	t.Lre.Of(w)[0], t.Lim.Of(w)[0] = 0.6, 0.5
	t.Bre.Of(w)[0], t.Cre.Of(w)[0] = 1, 1
	v, err := ssm.NewWitness(cell, w)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("radius", v.Radius)
	fmt.Printf("gain at most %.2f\n", v.Gain) // 1/(1 - |lambda|)
	// Output:
	// radius 31241/40000
	// gain at most 4.57
}
