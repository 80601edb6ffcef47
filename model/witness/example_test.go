package witness_test

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/model/witness"
)

// The system x+ = 0.8 x + 2 u, y = 3 x amplifies constants most, by 2*3/(1 - 0.8).
func ExampleLure_Gain() {
	s := &witness.Lure{N: 1, In: 1, Out: 1, A: []float64{0.8}, B2: []float64{2}, Cx: []float64{3}, D22: []float64{0}}
	gamma2, _, _, err := s.Gain([]float64{1}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("gain %.2f\n", math.Sqrt(gamma2))
	// Output:
	// gain 30.00
}
