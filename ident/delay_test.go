package ident

import (
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/internal/rng"
)

// TestDeadTime: a pure delay of d samples before a first-order lag is found, and kept by half; a slow second-order
// system without dead time gets none.
func TestDeadTime(t *testing.T) {
	for _, c := range []struct{ delay, want int }{{0, 0}, {3, 0}, {20, 10}, {40, 20}} {
		r := rng.Stream(1, "dead time")
		n := 3000
		u, y := make([]float64, n), make([]float64, n)
		var x, level float64
		for k := range u {
			level = 0.7*level + r.NormFloat64()
			u[k] = level
			y[k] = x + 0.02*r.NormFloat64()
			if k >= c.delay {
				x = 0.8*x + 0.3*u[k-c.delay]
			}
		}
		set := &dataset.Set{Record: record(u, y), Inputs: []int{0}, Outputs: []int{1}, Train: []dataset.Part{{To: n}}}
		if got := deadTime(set)[0]; got != c.want {
			t.Errorf("dead time of %d samples: kept %d, want %d", c.delay, got, c.want)
		}
	}
}
