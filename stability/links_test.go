package stability

import (
	"math"
	"testing"

	"github.com/plumb-go/plumb/plant/systems"
)

// Two links, four states: the region is worth something within seconds, and the search is fooled by no number: V falls along
// simulated directions of the proved level set.
func TestRegionOfTwoLinks(t *testing.T) {
	s, err := systems.Load("pendulum-links-2")
	if err != nil {
		t.Fatal(err)
	}
	f, err := OfSystem(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Odd() || f.Affine() {
		t.Error("the pendulum of two links is odd and nonlinear")
	}
	r, err := Region(f, make([]float64, 4), RegionOptions{Radius: []float64{3.2, 3.2, 8, 8}, Boxes: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("proved %.4g, falsified %.4g, volume %.4g, %d boxes: %s", r.Proved, r.Falsified, r.Volume, r.Boxes, r.Why)
	const least = 0.3 // volume; without the slopes' part of W apart it was 0.004
	if r.Volume < least {
		t.Errorf("volume %.4g, want at least %g", r.Volume, least)
	}
	q := newQuadratic(newEnclosing(f), r.P, point(make([]float64, 4)))
	fall, ok := newFalsifier(q, 1)
	if !ok {
		t.Fatal("P has no Cholesky factor")
	}
	for _, z := range directions(4, 5000, searchStream("test")) {
		for _, part := range []float64{0.1, 0.5, 1} {
			if w := fall.at(z, math.Sqrt(part*r.Proved)); !(w < 0) {
				t.Fatalf("V does not fall at %v of the level, direction %v: %v", part, z, w)
			}
		}
	}
}
