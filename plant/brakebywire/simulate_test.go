package brakebywire

import (
	"math"
	"testing"
)

// What the piston swept is in chamber, line and caliper or in the reservoir; only rounding may be missing.
func TestVolumeBalance(t *testing.T) {
	r := New()
	_, states := r.experiment(3, "balance", 3000)
	start := r.Volume(states[0]) + states[0].Returned
	var least, most float64
	for k, s := range states {
		// 25 steps a sample of a few roundings, each below 1e-21 m^3
		if d := math.Abs(r.Volume(s) + s.Returned - start); d > 1e-16 {
			t.Fatalf("sample %d: %g m^3 are missing", k, d)
		}
		least, most = min(least, s.Returned), max(most, s.Returned)
	}
	if least > -1e-8 || most < 1e-8 {
		t.Errorf("reservoir gave %g and took %g m^3; the test does not cover both", -least, most)
	}
}

// The piston's work on the fluid is stored or lost. Nothing forces this balance but the equations; it holds to the
// integrator's accuracy, so it closes faster than the step shrinks.
func TestEnergyBalance(t *testing.T) {
	r := New()
	gap := func(substeps int) (float64, State) {
		r.Substeps = substeps
		_, states := r.experiment(3, "balance", 3000)
		var worst float64
		for _, s := range states {
			worst = max(worst, math.Abs(s.Work-s.Lost-r.Energy(s)+r.Energy(states[0])))
		}
		return worst, states[len(states)-1]
	}
	coarse, end := gap(New().Substeps)
	fine, _ := gap(4 * New().Substeps)
	t.Logf("%.1f J lost; missing %.2g J, with a quarter of the step %.2g J", end.Lost, coarse, fine)
	const small = 1e-4 // of the energy lost
	if coarse > small*end.Lost || !(end.Lost > 10) {
		t.Errorf("%g J are missing of %g J lost", coarse, end.Lost)
	}
	if fine > coarse/8 {
		t.Errorf("with a quarter of the step %g J are missing, before %g J", fine, coarse)
	}
}

// While nothing changes direction the right-hand side is smooth, and the error falls with the fourth power of the step.
func TestOrderOfConvergence(t *testing.T) {
	r := New()
	start := stretched(r, 6e-3, 20*bar)
	start.V, start.Drag, start.Grip = 0.05, 0.9, 0.5
	for i := range start.Flow {
		start.Flow[i] = r.Cylinder.Area * start.V
	}
	const seconds, current = 0.02, 12.0
	run := func(steps int) State {
		s := start
		for range steps {
			s = r.Step(s, current, seconds/float64(steps))
			for _, q := range append(s.Flow[:], s.V) {
				if q <= 0 {
					t.Fatalf("a flow turned: %v", s)
				}
			}
		}
		return s
	}
	var gaps []float64
	before := run(100)
	for n := 200; n <= 800; n *= 2 {
		s := run(n)
		a, _ := r.Pressures(before)
		b, _ := r.Pressures(s)
		gaps, before = append(gaps, math.Abs(a-b)), s
	}
	for i := 1; i < len(gaps); i++ {
		if order := math.Log2(gaps[i-1] / gaps[i]); math.Abs(order-4) > 0.2 {
			t.Errorf("order %.3f between gaps of %g and %g Pa", order, gaps[i-1], gaps[i])
		}
	}
}

// Under constant current the rig settles where the forces balance up to the friction that is left, with one pressure
// at both ends of the line.
func TestSettlesInBalance(t *testing.T) {
	r := New()
	m := r.Motor
	for _, i := range []float64{4, 10, 18} {
		u := make([]float64, 500)
		for k := range u {
			u[k] = i
		}
		s := r.Simulate(r.Rest(), u)[len(u)-1]
		p, c := r.Pressures(s)
		if math.Abs(p-c) > 1e-3*bar || math.Abs(s.V) > 1e-6 {
			t.Errorf("%g A: not at rest: %g and %g bar, %g m/s", i, p/bar, c/bar, s.V)
		}
		left := m.Force*i - r.Cylinder.Area*p - m.Preload - m.Spring*s.X
		if most := m.Coulomb + m.Load*r.Cylinder.Area*p; math.Abs(left) > 1.001*most {
			t.Errorf("%g A: %g N are left, friction holds %g N", i, left, most)
		}
	}
}

// Without current the rig stays where it is.
func TestRestIsRest(t *testing.T) {
	r := New()
	d := r.Derivative(r.Rest(), 0)
	if math.Abs(d.V) > 1e-12 || d.Chamber != 0 || d.Caliper != 0 {
		t.Errorf("at rest: %+v", d)
	}
}

// Square waves of full amplitude and every period, also at the actuator's own frequency, leave the state finite, the
// pressures above vacuum and the frictions within their levels.
func TestStaysInBounds(t *testing.T) {
	r := New()
	for _, period := range []int{2, 3, 5, 8, 13, 15, 21, 34, 55, 100} {
		u := make([]float64, 400)
		for k := range u {
			if k%period < (period+1)/2 {
				u[k] = r.CurrentMax
			}
		}
		for k, s := range r.Simulate(r.Rest(), u) {
			p, c := r.Pressures(s)
			if !(p > -0.9*bar && p < 2*r.Sensors.FullScale && c > -0.9*bar && c < 2*r.Sensors.FullScale) {
				t.Fatalf("period %d, sample %d: %g and %g bar", period, k, p/bar, c/bar)
			}
			if !(math.Abs(s.Grip) <= 1 && math.Abs(s.Drag) <= 1) {
				t.Fatalf("period %d, sample %d: friction shares %g and %g", period, k, s.Grip, s.Drag)
			}
			if !(s.X > -1e-3 && s.X < r.Motor.Stroke+1e-3) {
				t.Fatalf("period %d, sample %d: position %g mm", period, k, 1e3*s.X)
			}
		}
	}
}
