package stability

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

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
	p := mat.NewSymDense(4, []float64{17.2, -0.317, 0.187, 0.0413, -0.317, 9.23, 0.0132, 0.257, 0.187, 0.0132, 0.866, 0.429, 0.0413, 0.257, 0.429, 0.438}) // as the search finds it
	r, err := Region(f, make([]float64, 4), RegionOptions{P: p, Radius: []float64{3.2, 3.2, 8, 8}, Boxes: 2_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("proved %.4g, falsified %.4g, volume %.4g, %d boxes: %s", r.Proved, r.Falsified, r.Volume, r.Boxes, r.Why)
	const least = 0.05 // volume; ten times the boxes gave 0.004 without fall and this P
	if r.Volume < least {
		t.Errorf("volume %.4g, want at least %g", r.Volume, least)
	}
	again, err := Region(f, make([]float64, 4), RegionOptions{P: p, Radius: []float64{3.2, 3.2, 8, 8}, Boxes: 2_000, Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	if again.Proved != r.Proved || again.Boxes != r.Boxes {
		t.Errorf("three workers prove %v with %d boxes, one %v with %d", again.Proved, again.Boxes, r.Proved, r.Boxes)
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
