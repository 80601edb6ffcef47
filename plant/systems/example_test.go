package systems_test

import (
	"fmt"

	"github.com/plumb-go/plumb/plant/systems"
)

func ExampleLoad() {
	s, err := systems.Load("pendulum-euler")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err = s.With(map[string]float64{"h": 0.02})
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := s.Linearise([]float64{0, 0}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("step %v s, |lambda|^2 = %.6f\n", s.Step(), g.A.At(0, 0)*g.A.At(1, 1)-g.A.At(0, 1)*g.A.At(1, 0))
	// Output:
	// step 0.02 s, |lambda|^2 = 0.993924
}
