package brakebywire_test

import (
	"fmt"

	"github.com/plumb-go/plumb/plant/brakebywire"
)

// Half a second at 10 A: the piston passes the dead travel and presses the pads.
func ExampleRig_Simulate() {
	rig := brakebywire.New()
	current := make([]float64, 51)
	for k := range current {
		current[k] = 10
	}
	states := rig.Simulate(rig.Rest(), current)
	for _, k := range []int{0, 3, 50} {
		master, caliper := rig.Pressures(states[k])
		fmt.Printf("%.2f s: %4.1f mm, %2.0f bar, %2.0f bar\n", float64(k)*rig.Ts, 1e3*states[k].X, master/1e5, caliper/1e5)
	}
	// Output:
	// 0.00 s: -0.0 mm,  0 bar,  0 bar
	// 0.03 s:  2.6 mm, 17 bar,  2 bar
	// 0.50 s:  8.9 mm, 37 bar, 37 bar
}
