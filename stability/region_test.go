package stability

import (
	"fmt"
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
)

// The hanging pendulum with V from A'P + PA = -I: the decrease first fails at level 6.42140, area 5.8388 (issue 4).
func TestHangingPendulum(t *testing.T) {
	const g, d, first, area = 9.81, 0.5, 6.42140, 5.8388
	f := hanging(g, d)
	p, err := Lyapunov(mat.NewDense(2, 2, []float64{0, 1, -g, -d}), nil, Continuous)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r, err := Region(f, []float64{0, 0}, RegionOptions{P: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("proved %.6f, falsified %.6f at %.5g (W %.2e), volume %.5f, %d boxes, %v: %s", r.Proved, r.Falsified, r.Counter, r.DecreaseAt, r.Volume, r.Boxes, time.Since(began), r.Why)
	if r.Proved < 6.35 || r.Proved > first {
		t.Errorf("proved level %.5f, want in [6.35, %.5f]", r.Proved, first)
	}
	if math.Abs(r.Falsified-first) > 1e-4 {
		t.Errorf("falsified level %.6f, want %.5f", r.Falsified, first)
	}
	if got := r.Volume * r.Falsified / r.Proved; math.Abs(got-area) > 1e-3 {
		t.Errorf("area at the failure %.5f, want %.4f", got, area)
	}
	began = time.Now()
	r, err = Region(f, []float64{0, 0}, RegionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("own V: proved %.6f, falsified %.6f at %.5g, volume %.5f, %d boxes, %v: %s", r.Proved, r.Falsified, r.Counter, r.Volume, r.Boxes, time.Since(began), r.Why)
	if r.Volume < area {
		t.Errorf("the default V proves the area %.4f, want at least %.4f", r.Volume, area)
	}
}

func ExampleRegion() {
	f := hanging(9.81, 0.5)
	p, _ := Lyapunov(mat.NewDense(2, 2, []float64{0, 1, -9.81, -0.5}), nil, Continuous)
	r, _ := Region(f, []float64{0, 0}, RegionOptions{P: p})
	fmt.Printf("verified above 6.35: %v, first failure found at %.4f\n", r.Proved > 6.35, r.Falsified)
	// Output:
	// verified above 6.35: true, first failure found at 6.4214
}
