package brakebywire

import (
	"math"
	"testing"
)

// The closed-form inverse satisfies the law it inverts, and no volume reaches vacuum.
func TestGasLaw(t *testing.T) {
	r := New()
	const tol = 1e-12 // some ten roundings
	for _, g := range []gasLaw{r.Cylinder.Chamber, r.node()} {
		for _, v := range []float64{-1e-4, -1e-6, -1e-8, 0, 1e-9, 1e-7, 1e-6, 1e-5} {
			p := g.pressure(v)
			if !(p > -atmosphere) {
				t.Errorf("volume %g m^3: pressure %g Pa", v, p)
			}
			// multiplied by p + p0, which is small near vacuum
			left, right := (g.elastic*p-v)*(p+atmosphere), -g.air*p
			if math.Abs(left-right) > tol*(math.Abs(v)*atmosphere+math.Abs(right)) {
				t.Errorf("volume %g m^3: pressure %g Pa leaves %g", v, p, left-right)
			}
		}
	}
}

// Energy is the integral of pressure over volume: its difference quotient is the pressure.
func TestEnergyIsIntegralOfPressure(t *testing.T) {
	r := New()
	const (
		h   = 1e-11 // m^3
		tol = 1e-6  // of the pressure, at least 1 bar: differences of second order, cancellation in energies below 10 J
	)
	check := func(name string, v, p float64, energy func(float64) float64) {
		if d := (energy(v+h) - energy(v-h)) / (2 * h); math.Abs(d-p) > tol*max(p, bar) {
			t.Errorf("%s at %g m^3: slope %g Pa, pressure %g Pa", name, v, d, p)
		}
	}
	for _, v := range []float64{-2e-8, 1e-8, 3e-8, 8e-8, 2e-7} {
		check("chamber", v, r.Cylinder.Chamber.pressure(v), r.Cylinder.Chamber.energy)
		check("node", v, r.node().pressure(v), r.node().energy)
	}
	for _, v := range []float64{0, 1e-7, 2e-7, 3e-7, 1e-6, 1.8e-6} {
		check("caliper", v, r.Caliper.curve(v), r.Caliper.energy)
	}
}

// The caliper takes what the comment says: nothing but the seals' pressure inside the clearance, 80 bar at 1.8 cm^3,
// stiffer from volume to volume.
func TestCaliperIsProgressive(t *testing.T) {
	c := New().Caliper
	if p := c.curve(0.15e-6); p < 0 || p > bar {
		t.Errorf("%.2f bar inside the clearance", p/bar)
	}
	if p := c.curve(1.8e-6); math.Abs(p-84*bar) > bar { // 80 of the pads, 3.6 of the seals
		t.Errorf("%.2f bar at 1.8 cm^3", p/bar)
	}
	last := 0.0
	for v := 0.0; v < 2e-6; v += 1e-8 {
		slope := c.curve(v+1e-8) - c.curve(v)
		if slope < last {
			t.Fatalf("softer at %g m^3", v)
		}
		last = slope
	}
}

// push moves the piston at a prescribed speed for a time and calls see after each step.
func push(r *Rig, s State, speed, seconds, dt float64, see func(State)) State {
	for range int(math.Round(seconds / dt)) {
		s.V = speed
		s = rungeKutta(s, dt, func(s State) State {
			d := State{X: s.V}
			r.circuit(&s, &d)
			return d
		})
		see(s)
	}
	return s
}

// hysteresis returns the largest difference, in bar, between both pressures on the way in and on the way out, in the
// second of two slow triangular cycles of 14 mm.
func hysteresis(r *Rig, speed float64) (master, caliper float64) {
	const stroke, points = 14e-3, 280 // compared every 50 um
	const piece = stroke / points
	s := State{}
	pass := func(State) {}
	for range 2 {
		var in [points + 1][2]float64
		master, caliper = 0, 0
		for k := range points {
			in[k][0], in[k][1] = r.Pressures(s)
			s = push(r, s, speed, piece/speed, 2e-4, pass)
		}
		for k := points; k > 0; k-- {
			m, c := r.Pressures(s)
			if k < points {
				master, caliper = max(master, (in[k][0]-m)/bar), max(caliper, (in[k][1]-c)/bar)
			}
			s = push(r, s, -speed, piece/speed, 2e-4, pass)
		}
	}
	return master, caliper
}

// The pressures on a slow way in and out differ by at least 3 % of full scale, and as much at half the speed: it is
// friction, not flow.
func TestHysteresis(t *testing.T) {
	r := New()
	const least = 0.03
	full := r.Sensors.FullScale / bar
	m, c := hysteresis(r, 2e-3)
	t.Logf("hysteresis: master cylinder %.2f bar, caliper %.2f bar, full scale %.0f bar", m, c, full)
	if m < least*full || c < least*full {
		t.Errorf("hysteresis %.2f and %.2f bar, want at least %.2f", m, c, least*full)
	}
	slowM, slowC := hysteresis(r, 1e-3)
	const flow = 0.1 // bar: resistance times the difference of flows, below 2 times 2e-3 m/s A R = 0.04 bar
	if math.Abs(slowM-m) > flow || math.Abs(slowC-c) > flow {
		t.Errorf("at half the speed %.2f and %.2f bar, at full %.2f and %.2f", slowM, slowC, m, c)
	}
}

// stretched is the rig at rest at x with pressure p everywhere and the seals relaxed.
func stretched(r *Rig, x, p float64) State {
	held := func(g gasLaw) float64 { return g.elastic*p + g.air*p/(p+atmosphere) }
	s := State{X: x, Chamber: held(r.Cylinder.Chamber)}
	for i := range s.Node {
		s.Node[i] = held(r.node())
	}
	low, high := 0.0, 1e-5
	for range 100 {
		if s.Caliper = (low + high) / 2; r.Caliper.curve(s.Caliper) < p {
			low = s.Caliper
		} else {
			high = s.Caliper
		}
	}
	return s
}

// A short push of the piston reaches the caliper after length/wave speed, and then the line swings at the frequency that
// the wave equation gives for a uniform line with compliances a1 and a2 times its own at its ends:
//
//	tan(w T) = -w T (a1 + a2)/(1 - a1 a2 (w T)^2)
func TestDelayAndResonance(t *testing.T) {
	r := New()
	const p = 40 * bar
	r.Caliper.Load, r.Caliper.Coulomb = 0, 0 // friction of the seals would stiffen the caliper for small motion
	s := stretched(r, 5e-3, p)
	area := math.Pi / 4 * r.Line.Diameter * r.Line.Diameter
	travel := r.Line.Length / math.Sqrt(area/(r.Fluid.Density*r.Line.Elastic))

	const dt, pulse, swing = 1e-4, 1e-3, 14e-3
	var far, across []float64
	see := func(s State) {
		m, c := r.Pressures(s)
		far, across = append(far, c-p), append(across, m-c)
	}
	push(r, push(r, s, 0.05, pulse, dt, see), 0, 0.05, dt, see)
	peak := 0
	for far[peak+1] > far[peak] || far[peak] < 0.1*bar {
		peak++
	}
	arrival := 0
	for far[arrival] < far[peak]/2 {
		arrival++
	}
	// The lumped line has a wave front of about one section, a quarter of the travel.
	if got := float64(arrival)*dt - pulse/2; math.Abs(got-travel) > travel/4 {
		t.Errorf("the push arrives after %.1f ms, waves take %.1f ms", got*1e3, travel*1e3)
	}

	// A push of half the swing's period hardly stirs the next mode.
	across = nil
	push(r, push(r, s, 0.02, swing, dt, see), 0, 0.3, dt, see)
	var crossings []int
	for k := 1; k < len(across) && len(crossings) < 5; k++ {
		if (across[k-1] < 0) != (across[k] < 0) && float64(k)*dt > swing {
			crossings = append(crossings, k)
		}
	}
	seen := float64(len(crossings)-1) / 2 / (float64(crossings[len(crossings)-1]-crossings[0]) * dt)
	slope := func(f func(float64) float64, v float64) float64 { return (f(v+1e-9) - f(v-1e-9)) / 2e-9 }
	line := r.Line.Elastic * r.Line.Length
	a1 := 1 / slope(r.Cylinder.Chamber.pressure, s.Chamber) / line
	a2 := 1 / slope(r.Caliper.curve, s.Caliper) / line
	low, high := math.Pi/2+1e-9, math.Pi
	for range 60 {
		mid := (low + high) / 2
		if math.Tan(mid)*(1-a1*a2*mid*mid)+mid*(a1+a2) < 0 {
			low = mid
		} else {
			high = mid
		}
	}
	want := low / travel / (2 * math.Pi)
	t.Logf("resonance %.1f Hz, wave equation without losses %.1f Hz; travel %.1f ms", seen, want, travel*1e3)
	const lumped = 0.1 // four nodes in two thirds of half a wave, and damping
	if math.Abs(seen-want) > lumped*want {
		t.Errorf("resonance %.1f Hz, wave equation %.1f Hz", seen, want)
	}
}
