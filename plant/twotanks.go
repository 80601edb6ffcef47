package plant

import (
	"errors"
	"fmt"
	"math"
)

// TwoTanks is a pump that feeds an upper tank which drains into a lower tank which drains to the reservoir. Levels are
// above the outlets, in cm; volumes in cm^3; time in seconds:
//
//	S1 dh1/dt = k u - q1 - w1
//	S2 dh2/dt = q1 + f w1 - q2 - w2
//	q_i = a_i sqrt(2 g h_i)          outlet valve (Torricelli)
//	w_i = c_i max(h_i - H, 0)^(3/2)  overflow over the rim, a sharp-crested weir: c_i = (2/3) Cd b_i sqrt(2 g)
//
// The pump gives k u for u > 0, else nothing. The share f of the upper tank's overflow falls into the lower tank, the
// rest onto the floor; all of the lower tank's overflow is lost. The sensor measures h2.
//
// Sources: the tank sections, the upper outlet, the pump gain, the sensor gain and g are those of the laboratory
// process of Johansson (2000), The quadruple-tank process, IEEE Trans. Control Syst. Technol. 8(3); the arrangement with
// overflow is that of Schoukens and Noel (2017), Three benchmarks addressing open challenges in nonlinear system
// identification, IFAC-PapersOnLine 50(1). Ours: the wider lower outlet (so that the upper tank overflows first), the
// share f, the discharge coefficient of a sharp crest (0.6, any textbook of hydraulics) and the noise.
type TwoTanks struct {
	Section [2]float64 // S1, S2, cm^2
	Outlet  [2]float64 // a1, a2, cm^2
	Weir    [2]float64 // c1, c2, cm^(3/2)/s
	Height  float64    // H, cm
	Share   float64    // f
	Gravity float64    // g, cm/s^2
	Pump    float64    // k, cm^3/(s V)

	PumpMin    float64 // V, smallest and
	PumpMax    float64 // V, largest input used in the records
	SensorGain float64 // V/cm
	SensorMax  float64 // V, where the sensor saturates
	Noise      float64 // V, standard deviation of the sensor noise

	Ts       float64 // s, sampling time
	Substeps int     // integration steps per sample
}

// NewTwoTanks returns the plant with its constants.
func NewTwoTanks() *TwoTanks {
	const (
		gravity   = 981.0
		discharge = 0.6
	)
	t := &TwoTanks{
		Section: [2]float64{28, 32},
		Outlet:  [2]float64{0.071, 0.084},
		Height:  20, Share: 0.5, Gravity: gravity, Pump: 3.33,
		PumpMin: 1, PumpMax: 6.5, SensorGain: 0.5, SensorMax: 10, Noise: 0.05,
		Ts: 4, Substeps: 40,
	}
	for i, s := range t.Section {
		rim := 2 * math.Sqrt(math.Pi*s) // circumference of a circle of that area
		t.Weir[i] = 2.0 / 3 * discharge * rim * math.Sqrt(2*gravity)
	}
	return t
}

// NoiseStd is the standard deviation of the sensor noise in V: no model can simulate the measured output with a smaller
// root mean square error, up to chance.
func (t *TwoTanks) NoiseStd() float64 { return t.Noise }

// State of the tanks: two levels in cm, and the volumes in cm^3 that left through the lower outlet and over the rims
// since the start.
type State struct{ Upper, Lower, Drained, Spilled float64 }

func (s State) plus(f float64, d State) State {
	return State{s.Upper + f*d.Upper, s.Lower + f*d.Lower, s.Drained + f*d.Drained, s.Spilled + f*d.Spilled}
}

// Volume is the water in both tanks, cm^3.
func (t *TwoTanks) Volume(s State) float64 { return t.Section[0]*s.Upper + t.Section[1]*s.Lower }

// Inflow is the pump's flow in cm^3/s at input u in V.
func (t *TwoTanks) Inflow(u float64) float64 { return t.Pump * max(u, 0) }

// Derivative returns the rates of change at a state under input u.
func (t *TwoTanks) Derivative(s State, u float64) State {
	q1, q2 := t.outflow(0, s.Upper), t.outflow(1, s.Lower)
	w1, w2 := t.overflow(0, s.Upper), t.overflow(1, s.Lower)
	return State{
		Upper:   (t.Inflow(u) - q1 - w1) / t.Section[0],
		Lower:   (q1 + t.Share*w1 - q2 - w2) / t.Section[1],
		Drained: q2,
		Spilled: (1-t.Share)*w1 + w2,
	}
}

func (t *TwoTanks) outflow(i int, h float64) float64 {
	return t.Outlet[i] * math.Sqrt(2*t.Gravity*max(h, 0))
}

func (t *TwoTanks) overflow(i int, h float64) float64 {
	d := max(h-t.Height, 0)
	return t.Weir[i] * d * math.Sqrt(d)
}

// Overflowing reports whether either tank is above its rim.
func (t *TwoTanks) Overflowing(s State) bool { return s.Upper > t.Height || s.Lower > t.Height }

// Step returns the state dt seconds later under constant input, by one step of the classical Runge-Kutta method of
// order 4. It keeps the water balance to rounding, since that is a linear invariant. With dt <= 0.1 s it is stable for
// all inputs up to PumpMax (fastest mode of the overflow below 6 per second, limit of the method 2.8/dt).
func (t *TwoTanks) Step(s State, u, dt float64) State {
	k1 := t.Derivative(s, u)
	k2 := t.Derivative(s.plus(dt/2, k1), u)
	k3 := t.Derivative(s.plus(dt/2, k2), u)
	k4 := t.Derivative(s.plus(dt, k3), u)
	return s.plus(dt/6, k1).plus(dt/3, k2).plus(dt/3, k3).plus(dt/6, k4)
}

// Steady returns the levels at rest under constant input, in closed form; ErrOverflow when a tank would overflow.
func (t *TwoTanks) Steady(u float64) (State, error) {
	q := t.Inflow(u)
	var h [2]float64
	for i := range h {
		v := q / t.Outlet[i]
		h[i] = v * v / (2 * t.Gravity)
		if h[i] > t.Height {
			return State{}, fmt.Errorf("%w: level %.3g cm at %.3g V, tank height %.3g cm", ErrOverflow, h[i], u, t.Height)
		}
	}
	return State{Upper: h[0], Lower: h[1]}, nil
}

// ErrOverflow says that no rest state without overflow exists.
var ErrOverflow = errors.New("plant: tank overflows")

// Simulate holds each input for one sampling time and returns the state at each sampling instant, before the input of
// that instant acts: states[0] = s.
func (t *TwoTanks) Simulate(s State, u []float64) []State {
	out := make([]State, len(u))
	dt := t.Ts / float64(t.Substeps)
	for k, v := range u {
		out[k] = s
		for range t.Substeps {
			s = t.Step(s, v, dt)
		}
	}
	return out
}

// Reading is the sensor's voltage for a lower level and a noise sample, both in their units.
func (t *TwoTanks) Reading(level, noise float64) float64 {
	return min(max(t.SensorGain*level+noise, 0), t.SensorMax)
}
