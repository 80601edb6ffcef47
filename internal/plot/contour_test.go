package plot

import (
	"math"
	"strings"
	"testing"
)

// The circle comes out as one closed curve whose points lie on it.
func TestContourOfCircle(t *testing.T) {
	x, y := Contour(func(x, y float64) float64 { return x*x + y*y }, -2, 2, -2, 2, 64, 1)
	curves, last := 0, 0
	for i := range x {
		if math.IsNaN(x[i]) {
			curves++
			if d := math.Hypot(x[last]-x[i-1], y[last]-y[i-1]); d > 1e-12 {
				t.Errorf("the curve is open: ends %g apart", d)
			}
			last = i + 1
			continue
		}
		const sag = 2e-3 // cell^2/8 for linear interpolation of a quadratic, cell = 1/16, with factor four
		if r := math.Hypot(x[i], y[i]); math.Abs(r-1) > sag {
			t.Errorf("point at radius %g", r)
		}
	}
	if curves != 1 {
		t.Errorf("%d curves, want 1", curves)
	}
	if x, _ := Contour(func(x, y float64) float64 { return x }, -1, 1, -1, 1, 8, 5); x != nil {
		t.Error("a level that is not met has a curve")
	}
}

// Two separate curves, one of them open at the edge.
func TestContourPieces(t *testing.T) {
	x, _ := Contour(func(x, y float64) float64 { return min(math.Hypot(x+1, y), 2-x) }, -2, 2, -2, 2, 80, 0.5)
	curves := 0
	for _, v := range x {
		if math.IsNaN(v) {
			curves++
		}
	}
	if curves != 2 {
		t.Errorf("%d curves, want a circle and a line", curves)
	}
}

// Streamlines of a rotation stay at their radius; all of them are within the rectangle.
func TestStreamlines(t *testing.T) {
	lines := Streamlines(func(x, y float64) (float64, float64) { return -y, x }, -1, 1, -1, 1, 12)
	if len(lines) < 5 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, l := range lines {
		r := math.Hypot(l.X[0], l.Y[0])
		for i := range l.X {
			if q := math.Hypot(l.X[i], l.Y[i]); math.Abs(q-r) > 0.01 {
				t.Fatalf("radius %g becomes %g", r, q)
			}
			if math.Abs(l.X[i]) > 1 || math.Abs(l.Y[i]) > 1 {
				t.Fatal("outside")
			}
		}
	}
}

func TestPathMarks(t *testing.T) {
	f := &Figure{Label: "marks", X: Axis{Name: "x"}, Panels: []Panel{{Marks: []Mark{
		&Path{Name: "loop", Color: Blue, Fill: true, Arrows: 2, X: []float64{0, 1, 0.5, 0}, Y: []float64{0, 0, 1, 0}},
		&Symbols{Name: "stable", Color: Green, X: []float64{0.5}, Y: []float64{0.5}},
		&Symbols{Name: "unstable", Color: Vermillion, Shape: Ring, X: []float64{0.2}, Y: []float64{0.2}},
		&Symbols{Name: "saddle", Color: Purple, Shape: Cross, X: []float64{0.8}, Y: []float64{0.2, math.NaN()}},
	}}}}
	s := f.File()
	for _, want := range []string{"loop", "fill:var(--blue)", "unstable", "saddle"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is not in the picture", want)
		}
	}
	if strings.Contains(s, "NaN") {
		t.Error("NaN in the picture")
	}
}
