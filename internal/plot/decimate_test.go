package plot

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDecimateKeepsExtremes: in every pixel column the lowest and highest sample survive, in time order, and nothing is
// invented.
func TestDecimateKeepsExtremes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 100, 1601, 80000} {
		const columns = 800
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = float64(i)*0.25+3, r.NormFloat64()
		}
		y[n/2] = 1e6 // a spike one sample wide
		dx, dy := Decimate(x, y, columns)
		if n <= 2*columns && len(dx) != n {
			t.Errorf("n=%d: short line thinned to %d", n, len(dx))
		}
		if len(dx) > 2*columns+4 && n > 2*columns {
			t.Errorf("n=%d: %d samples kept for %d columns", n, len(dx), columns)
		}
		known := map[[2]float64]bool{}
		for i := range x {
			known[[2]float64{x[i], y[i]}] = true
		}
		for i := range dx {
			if !known[[2]float64{dx[i], dy[i]}] {
				t.Fatalf("n=%d: (%g, %g) is not a sample", n, dx[i], dy[i])
			}
			if i > 0 && dx[i] <= dx[i-1] {
				t.Fatalf("n=%d: out of order at %d", n, i)
			}
		}
		if n == 1 {
			continue
		}
		want, got := columnExtremes(x, y, x[0], x[n-1], columns), columnExtremes(dx, dy, x[0], x[n-1], columns)
		for c := range want {
			if want[c] != got[c] {
				t.Fatalf("n=%d: column %d has range %v, the line %v", n, c, got[c], want[c])
			}
		}
	}
}

func columnExtremes(x, y []float64, lo, hi float64, columns int) [][2]float64 {
	out := make([][2]float64, columns+1)
	for c := range out {
		out[c] = [2]float64{math.Inf(1), math.Inf(-1)}
	}
	width := (hi - lo) / float64(columns)
	for i := range x {
		c := int(math.Floor((x[i] - lo) / width))
		out[c] = [2]float64{min(out[c][0], y[i]), max(out[c][1], y[i])}
	}
	return out
}

func TestDecimateBreaksAtMissing(t *testing.T) {
	nan := math.NaN()
	dx, dy := Decimate([]float64{0, 1, 2, 3, 4, 5, 6}, []float64{nan, 1, nan, math.Inf(1), 4, 5, nan}, 100)
	wantX, wantY := []float64{1, nan, 4, 5}, []float64{1, nan, 4, 5}
	if len(dx) != len(wantX) {
		t.Fatalf("got %v %v, want %v", dx, dy, wantX)
	}
	for i := range wantX {
		if math.IsNaN(wantX[i]) != math.IsNaN(dx[i]) || !math.IsNaN(wantX[i]) && (dx[i] != wantX[i] || dy[i] != wantY[i]) {
			t.Errorf("entry %d: (%g, %g), want (%g, %g)", i, dx[i], dy[i], wantX[i], wantY[i])
		}
	}
}
