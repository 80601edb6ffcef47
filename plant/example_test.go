package plant_test

import (
	"fmt"

	"github.com/plumb-go/plumb/plant"
)

// At rest the outlets carry what the pump brings: h = (k u/a)^2/(2 g), with k = 3.33 cm^3/(s V) and a = 0.071 and
// 0.084 cm^2.
func ExampleTwoTanks_Steady() {
	t := plant.NewTwoTanks()
	s, err := t.Steady(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("3 V hold %.1f cm and %.1f cm of water\n", s.Upper, s.Lower)
	_, err = t.Steady(6)
	fmt.Println(err)
	// Output:
	// 3 V hold 10.1 cm and 7.2 cm of water
	// plant: tank overflows: level 40.4 cm at 6 V, tank height 20 cm
}
