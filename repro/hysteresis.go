package repro

import (
	"math"
	"slices"

	"github.com/plumb-go/plumb/plant/brakebywire"
)

// rampSeconds is the time that the current takes to its largest value: slow enough that what the two pressures differ by
// at one position is friction, not flow. The cycle goes on to travel, metres, which the piston reaches in every experiment.
const (
	rampSeconds = 30.0
	travel      = 14e-3
)

// hysteresis is the largest difference of the caliper's pressure at one position of the piston between a slow rise and a
// slow fall of the current, as a share of the sensors' full scale.
func hysteresis(r *brakebywire.Rig) float64 {
	n := int(rampSeconds / r.Ts)
	rise := make([]float64, 2*n)
	for k := range rise {
		rise[k] = r.CurrentMax * float64(k) / float64(n)
	}
	up := r.Simulate(r.Rest(), rise)
	if i := slices.IndexFunc(up, func(s brakebywire.State) bool { return s.X >= travel }); i >= 0 {
		up, rise = up[:i+1], rise[:i+1]
	}
	fall := slices.Clone(rise)
	slices.Reverse(fall)
	var x, p [2][]float64 // rising, falling
	for way, states := range [][]brakebywire.State{up, r.Simulate(up[len(up)-1], fall)} {
		for _, s := range states {
			_, caliper := r.Pressures(s)
			x[way], p[way] = append(x[way], s.X), append(p[way], caliper)
		}
	}
	slices.Reverse(x[1])
	slices.Reverse(p[1])
	low, high := max(slices.Min(x[0]), slices.Min(x[1])), min(slices.Max(x[0]), slices.Max(x[1]))
	worst := 0.0
	const points = 1000
	for i := range points {
		at := low + (high-low)*float64(i)/(points-1)
		worst = max(worst, math.Abs(interpolate(x[0], p[0], at)-interpolate(x[1], p[1], at)))
	}
	return worst / r.Sensors.FullScale
}

// interpolate returns y at the first place where the samples of x, rising as a whole, reach at.
func interpolate(x, y []float64, at float64) float64 {
	i := slices.IndexFunc(x, func(v float64) bool { return v >= at })
	switch {
	case i < 0:
		return y[len(y)-1]
	case i == 0 || x[i] == x[i-1]:
		return y[i]
	}
	return y[i-1] + (y[i]-y[i-1])*(at-x[i-1])/(x[i]-x[i-1])
}
