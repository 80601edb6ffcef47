package stability

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/rng"
)

// 2/gamma_max is sharp: iterations just below converge, just above diverge.
func TestLargestStepIsSharp(t *testing.T) {
	h := mat.NewSymDense(2, []float64{3, 1, 1, 2})
	d, err := GradientDescent(h)
	if err != nil {
		t.Fatal(err)
	}
	top := (5 + math.Sqrt(5)) / 2
	if math.Abs(d.LargestStep-2/top) > 1e-15 {
		t.Errorf("largest step %.17g, want %.17g", d.LargestStep, 2/top)
	}
	for _, c := range []struct {
		factor float64
		want   Verdict
	}{{0.5001, Asymptotic}, {0.999, Asymptotic}, {1, Undecided}, {1.001, Unstable}} {
		alpha := c.factor * d.LargestStep
		if v, _ := d.At(alpha); v != c.want {
			t.Errorf("step %g: %s, want %s", alpha, v, c.want)
		}
		x := []float64{1, 1}
		for range 20000 {
			x = []float64{x[0] - alpha*(3*x[0]+x[1]), x[1] - alpha*(x[0]+2*x[1])}
		}
		if end := math.Hypot(x[0], x[1]); c.want == Asymptotic && end > 1e-8 || c.want == Unstable && !(end > 1e3) {
			t.Errorf("step %g is %s but the iteration ends at %g", alpha, c.want, end)
		}
	}
}

// The worst noise is reached, the mean square is met by simulation.
func TestNoiseBall(t *testing.T) {
	d, err := GradientDescent(mat.NewSymDense(2, []float64{4, 0, 0, 1}))
	if err != nil {
		t.Fatal(err)
	}
	const alpha, bound, variance = 0.1, 0.5, 0.04
	b, err := d.Ball(alpha, bound, variance)
	if err != nil {
		t.Fatal(err)
	}
	x := 0.0
	for range 1000 {
		x = x - alpha*(x-bound)
	}
	if math.Abs(x-b.Worst) > 1e-12 {
		t.Errorf("worst noise drives to %.15g, the ball is %.15g", x, b.Worst)
	}
	r := rng.Stream(5, "noise")
	var p, q, sum float64
	const steps = 400000
	for range steps {
		p, q = p-alpha*(4*p+math.Sqrt(variance)*r.NormFloat64()), q-alpha*(q+math.Sqrt(variance)*r.NormFloat64())
		sum += p*p + q*q
	}
	got := math.Sqrt(sum / steps)
	if math.Abs(got/b.RMS-1) > 0.02 { // about 20 000 independent samples at a memory of 20 steps: one percent is three sigma
		t.Errorf("simulated root mean square %.5f, computed %.5f", got, b.RMS)
	}
	if _, err := d.Ball(0.51, bound, variance); !errors.Is(err, ErrNotStable) {
		t.Errorf("step above 2/4: %v, want ErrNotStable", err)
	}
}

func TestFlatAndConcaveDirections(t *testing.T) {
	d, err := GradientDescent(mat.NewSymDense(2, []float64{1, 0, 0, 0}))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := d.At(0.5); v != Undecided {
		t.Errorf("zero curvature: %s, want undecided", v)
	}
	if d, err = GradientDescent(mat.NewSymDense(2, []float64{1, 0, 0, -1})); err != nil {
		t.Fatal(err)
	}
	if v, _ := d.At(0.5); v != Unstable || d.LargestStep != 0 {
		t.Errorf("saddle: %s, largest step %g; want unstable, 0", v, d.LargestStep)
	}
}

func ExampleGradientDescent() {
	d, _ := GradientDescent(mat.NewSymDense(2, []float64{10, 0, 0, 1}))
	fmt.Printf("stable below %.3f, fastest at %.3f with rate %.3f\n", d.LargestStep, d.BestStep, d.BestRate)
	// Output:
	// stable below 0.200, fastest at 0.182 with rate 0.818
}
