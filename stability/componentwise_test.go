package stability

import (
	"errors"
	"math"
	"testing"

	"github.com/plumb-go/plumb/internal/rng"
)

// tanh network of two states: the bound holds in simulation under the worst signs, and is exact for a linear scalar.
func TestComponentwise(t *testing.T) {
	f := field(t, Discrete, []string{"x", "y"}, "0.5*tanh(x) + 0.2*y", "0.3*sin(x) - 0.4*tanh(y)")
	w := []float64{0.1, 0.05}
	v, err := Componentwise(f, []float64{0, 0}, []float64{1, 1}, w)
	if err != nil {
		t.Fatal(err)
	}
	r := rng.Stream(8, "componentwise")
	largest := []float64{0, 0}
	for range 2000 {
		x, y := []float64{0, 0}, make([]float64, 2)
		for range 40 {
			f.Eval(y, x)
			for i := range x {
				x[i] = y[i] + w[i]*float64(2*r.IntN(2)-1)
				largest[i] = max(largest[i], math.Abs(x[i]))
			}
		}
	}
	for i := range v {
		if largest[i] > v[i] || largest[i] < 0.5*v[i] {
			t.Errorf("component %d: reached %.4f, bound %.4f", i, largest[i], v[i])
		}
	}
	g := field(t, Discrete, []string{"x"}, "-0.75*x")
	v, err = Componentwise(g, []float64{0}, []float64{10}, []float64{0.5})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(v[0]-2) > 1e-8 { // 0.5/(1 - 0.75), widened by 1e-9 twice
		t.Errorf("bound %.12g, want 2", v[0])
	}
	if _, err := Componentwise(g, []float64{0}, []float64{1}, []float64{0.5}); err == nil {
		t.Error("a bound outside the box was returned")
	}
	if _, err := Componentwise(field(t, Discrete, []string{"x"}, "1.2*sin(x)"), []float64{0}, []float64{1}, []float64{0.1}); !errors.Is(err, ErrNotStable) {
		t.Errorf("slope 1.2: %v, want ErrNotStable", err)
	}
}
