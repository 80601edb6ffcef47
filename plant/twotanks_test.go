package plant

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// The water pumped in is in the tanks, has drained or was spilled, also through overflow; only rounding may be missing.
func TestWaterBalance(t *testing.T) {
	p := NewTwoTanks()
	u, states, err := p.experiment(3, "balance", 1500)
	if err != nil {
		t.Fatal(err)
	}
	var pumped, spilled float64
	start := p.Volume(states[0])
	for k, s := range states {
		have := p.Volume(s) + s.Drained + s.Spilled
		// 40 substeps a sample, a few roundings each, of volumes around 1e5 cm^3
		if d := math.Abs(have - start - pumped); d > 1e-7 {
			t.Fatalf("sample %d: %g cm^3 are missing", k, d)
		}
		pumped += p.Ts * p.Inflow(u[k])
		spilled = s.Spilled
	}
	if spilled < 100 {
		t.Errorf("only %g cm^3 were spilled; the test does not cover overflow", spilled)
	}
}

// At rest a_i sqrt(2 g h_i) = k u for both tanks (Torricelli); the simulation settles there from elsewhere.
func TestSteadyStateIsTorricellis(t *testing.T) {
	p := NewTwoTanks()
	for _, v := range []float64{1, 2.5, 4} {
		flow := p.Pump * v
		upper, lower := flow*flow/(2*p.Gravity*p.Outlet[0]*p.Outlet[0]), flow*flow/(2*p.Gravity*p.Outlet[1]*p.Outlet[1])
		u := make([]float64, 1000) // 4000 s, more than 30 time constants
		for i := range u {
			u[i] = v
		}
		states := p.Simulate(State{Upper: 8, Lower: 3}, u)
		end := states[len(states)-1]
		if math.Abs(end.Upper-upper) > 1e-9*upper || math.Abs(end.Lower-lower) > 1e-9*lower {
			t.Errorf("%g V: settled at %v, closed form %g and %g cm", v, end, upper, lower)
		}
		s, err := p.Steady(v)
		if err != nil || math.Abs(s.Upper-upper) > 1e-12*upper || math.Abs(s.Lower-lower) > 1e-12*lower {
			t.Errorf("%g V: Steady gives %v, %v", v, s, err)
		}
	}
	if _, err := p.Steady(5); !errors.Is(err, ErrOverflow) {
		t.Errorf("5 V: error %v, want overflow", err)
	}
}

// A tank that only drains obeys sqrt(h(t)) = sqrt(h(0)) - a sqrt(g/2)/S t in closed form; the integrator's error falls
// with the fourth power of the step.
func TestOrderOfConvergence(t *testing.T) {
	p := NewTwoTanks()
	const h0, seconds = 15.0, 36.0
	root := math.Sqrt(h0) - p.Outlet[0]*math.Sqrt(p.Gravity/2)/p.Section[0]*seconds
	exact := root * root
	var errs []float64
	for _, n := range []int{2, 4, 8, 16} {
		s := State{Upper: h0, Lower: 10}
		for range n {
			s = p.Step(s, 0, seconds/float64(n))
		}
		errs = append(errs, math.Abs(s.Upper-exact))
	}
	for i := 1; i < len(errs); i++ {
		if order := math.Log2(errs[i-1] / errs[i]); math.Abs(order-4) > 0.2 {
			t.Errorf("order %.3f between errors %g and %g", order, errs[i-1], errs[i])
		}
	}
}

// A full upper tank spills what the pump brings beyond its outlet, over a head that the weir formula gives.
func TestOverflowAtRest(t *testing.T) {
	p := NewTwoTanks()
	u := make([]float64, 500)
	for i := range u {
		u[i] = 6
	}
	states := p.Simulate(State{Upper: 20, Lower: 10}, u)
	end := states[len(states)-1]
	head := end.Upper - p.Height
	surplus := p.Pump*6 - p.Outlet[0]*math.Sqrt(2*p.Gravity*end.Upper)
	if w := p.Weir[0] * math.Pow(head, 1.5); math.Abs(w-surplus) > 1e-9*surplus || !(surplus > 5) {
		t.Errorf("overflow %g cm^3/s, surplus %g", w, surplus)
	}
	if d := p.Derivative(end, 6); math.Abs(d.Upper)+math.Abs(d.Lower) > 1e-9 {
		t.Errorf("not at rest: %v", d)
	}
}

func TestRecord(t *testing.T) {
	p := NewTwoTanks()
	a, err := p.Record(5)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := p.Record(5)
	c, _ := p.Record(6)
	for i, e := range a.Experiments {
		if !slices.Equal(e.Data[0], b.Experiments[i].Data[0]) || !slices.Equal(e.Data[1], b.Experiments[i].Data[1]) {
			t.Errorf("experiment %s differs between two calls", e.Name)
		}
		if slices.Equal(e.Data[0], c.Experiments[i].Data[0]) || slices.Equal(e.Data[1], c.Experiments[i].Data[1]) {
			t.Errorf("experiment %s does not depend on the seed", e.Name)
		}
		for k := range e.Data[0] {
			if u, y := e.Data[0][k], e.Data[1][k]; !(u >= p.PumpMin && u <= p.PumpMax) || !(y >= 0 && y <= p.SensorMax) {
				t.Fatalf("experiment %s, sample %d: u %g V, y %g V out of range", e.Name, k, u, y)
			}
		}
	}
}

func TestDemoSet(t *testing.T) {
	p := NewTwoTanks()
	s, err := p.Set()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	// the test stays inside the inputs that the training part visits
	limits := func(e int) (float64, float64) {
		return slices.Min(s.Record.Experiments[e].Data[0]), slices.Max(s.Record.Experiments[e].Data[0])
	}
	low, high := limits(0)
	if a, b := limits(2); a < low || b > high {
		t.Errorf("test inputs %g to %g V, training inputs %g to %g V", a, b, low, high)
	}
	const least = 0.05 // share of samples with overflow that the demo promises
	for i, e := range s.Record.Experiments {
		_, states, err := p.experiment(demoSeed, e.Name, e.Len())
		if err != nil {
			t.Fatal(err)
		}
		over, stuck := 0, 0
		var ss float64
		for k, x := range states {
			if p.Overflowing(x) && k >= s.Test[0].Window {
				over++
			}
			y := e.Data[1][k]
			if y == p.SensorMax {
				stuck++
				continue
			}
			d := y - p.SensorGain*x.Lower
			ss += d * d
		}
		n := float64(e.Len())
		t.Logf("%s: overflow in %.1f %%, sensor saturated in %.1f %%", e.Name, 100*float64(over)/n, 100*float64(stuck)/n)
		if f := float64(over) / n; f < least {
			t.Errorf("experiment %d: overflow in %.3f of the samples, want at least %.2f", i, f, least)
		}
		// four standard errors of a standard deviation from n samples
		if sd := math.Sqrt(ss / (n - float64(stuck))); math.Abs(sd-p.NoiseStd()) > p.NoiseStd()*4/math.Sqrt(2*n) {
			t.Errorf("experiment %d: noise %.4f V, promised %.4f", i, sd, p.NoiseStd())
		}
	}
}
