package stability

import (
	"testing"

	"github.com/plumb-go/plumb/plant/systems"
)

// BenchmarkRegionOfTwoLinks proves a region in four states.
func BenchmarkRegionOfTwoLinks(b *testing.B) {
	s, err := systems.Load("pendulum-links-2")
	if err != nil {
		b.Fatal(err)
	}
	f, err := OfSystem(s, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Region(f, make([]float64, 4), RegionOptions{Radius: []float64{3.2, 3.2, 8, 8}, Boxes: 10_000}); err != nil {
			b.Fatal(err)
		}
	}
}
