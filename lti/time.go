package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Response is a simulated trajectory: row k of Y (p columns) and X (n columns; empty for a static gain) belong to T[k] in s.
type Response struct {
	T    []float64
	Y, X *mat.Dense
}

// StepResponse holds one trajectory per channel: Y[i][j][k] is output i at T[k] for a signal at input j alone.
type StepResponse struct {
	T []float64
	Y [][][]float64
}

// Hold is what an input of a continuous system does between samples.
type Hold int

// HeldInput stays constant, LinearInput runs straight to the next sample. For both the simulation is exact at the samples
// up to rounding.
const (
	HeldInput Hold = iota
	LinearInput
)

// LSim simulates from x0 (nil means zero) under the inputs u (one row per time, m columns). t must start anywhere and
// rise by a constant step; for a discrete system that is Ts, and hold says nothing.
func LSim(g *SS, u *mat.Dense, t, x0 []float64, hold Hold) (*Response, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	n, m, _ := g.Dims()
	step, err := g.evenStep(t)
	if err != nil {
		return nil, err
	}
	if err := shape("u", u, len(t), m); err != nil {
		return nil, err
	}
	if x0 == nil {
		x0 = make([]float64, n)
	}
	if len(x0) != n {
		return nil, fmt.Errorf("%w: the initial state has %d entries, expected %d", ErrShape, len(x0), n)
	}
	out := &Response{T: append([]float64(nil), t...), Y: mul(u, g.D.T()), X: &mat.Dense{}}
	if n == 0 {
		return out, nil
	}
	f, b0, b1, err := g.transition(step, hold)
	if err != nil {
		return nil, err
	}
	out.X = mat.NewDense(len(t), n, nil)
	x := out.X.RowView(0).(*mat.VecDense)
	copy(out.X.RawRowView(0), x0)
	var next, v mat.VecDense
	for k := range len(t) - 1 {
		next.MulVec(f, x)
		v.MulVec(b0, u.RowView(k))
		next.AddVec(&next, &v)
		if b1 != nil {
			v.MulVec(b1, u.RowView(k+1))
			next.AddVec(&next, &v)
		}
		x = out.X.RowView(k + 1).(*mat.VecDense)
		x.CopyVec(&next)
	}
	cx := mul(out.X, g.C.T())
	out.Y.Add(out.Y, cx)
	return out, nil
}

// transition returns F, B0, B1 with x(k+1) = F x(k) + B0 u(k) + B1 u(k+1); a nil B1 is zero.
func (g *SS) transition(step float64, hold Hold) (f, b0, b1 *mat.Dense, err error) {
	n, m, _ := g.Dims()
	if g.Discrete() {
		return g.A, g.B, nil, nil
	}
	// exp of [A B 0; 0 0 I; 0 0 0] h in scaled time holds exp(Ah), its first and its second integral (Van Loan 1978).
	e := mat.NewDense(n+2*m, n+2*m, nil)
	unit := unitScale(step, g.B)
	put(e, 0, 0, step, g.A)
	put(e, 0, n, unit*step, g.B)
	put(e, n, n+m, 1, identity(m))
	x, err := exponential(e)
	if err != nil {
		return nil, nil, nil, err
	}
	f, b0 = part(x, 0, n, 0, n), scale(1/unit, part(x, 0, n, n, n+m))
	if hold == HeldInput {
		return f, b0, nil, nil
	}
	b1 = scale(1/unit, part(x, 0, n, n+m, n+2*m))
	return f, sub(b0, b1), b1, nil
}

// evenStep checks the times and returns their step.
func (g *SS) evenStep(t []float64) (float64, error) {
	const even = 1e-6 // relative deviation of a step: the rounding of decimal times, not jitter
	if len(t) < 2 {
		return 0, fmt.Errorf("%w: %d times, expected at least two", ErrTime, len(t))
	}
	step := (t[len(t)-1] - t[0]) / float64(len(t)-1)
	if !(step > 0) || math.IsInf(step, 1) {
		return 0, fmt.Errorf("%w: times must rise", ErrTime)
	}
	for k := range len(t) - 1 {
		if !(math.Abs(t[k+1]-t[k]-step) <= even*step+4*eps*math.Abs(t[k+1])) {
			return 0, fmt.Errorf("%w: the step after time %g s is %g s, expected %g s everywhere", ErrTime, t[k], t[k+1]-t[k], step)
		}
	}
	if g.Discrete() {
		if math.Abs(step-g.Ts) > even*g.Ts {
			return 0, fmt.Errorf("%w: times are %g s apart, the system's sample time is %g s", ErrTime, step, g.Ts)
		}
		return g.Ts, nil
	}
	return step, nil
}

// Initial simulates from x0 without input.
func Initial(g *SS, x0, t []float64) (*Response, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	_, m, _ := g.Dims()
	if len(t) == 0 {
		return nil, fmt.Errorf("%w: no times", ErrTime)
	}
	return LSim(g, mat.NewDense(len(t), m, nil), t, x0, HeldInput)
}

// Step returns the responses to unit steps at time 0, one input at a time. Nil t means TimeGrid.
func Step(g *SS, t []float64) (*StepResponse, error) {
	return g.each(t, func(j int, t []float64) (*Response, error) {
		_, m, _ := g.Dims()
		u := mat.NewDense(len(t), m, nil)
		for k := range t {
			u.Set(k, j, 1)
		}
		return LSim(g, u, t, nil, HeldInput)
	})
}

// Impulse returns the responses to impulses of unit area at time 0, one input at a time: in continuous time the response
// from x = B e_j without the impulse D at time 0; in discrete time to a pulse of height 1/Ts (MATLAB's convention). Nil t
// means TimeGrid.
func Impulse(g *SS, t []float64) (*StepResponse, error) {
	return g.each(t, func(j int, t []float64) (*Response, error) {
		n, m, _ := g.Dims()
		u := mat.NewDense(len(t), m, nil)
		if g.Discrete() {
			u.Set(0, j, 1/g.Ts)
			return LSim(g, u, t, nil, HeldInput)
		}
		x0 := make([]float64, n)
		for i := range n {
			x0[i] = g.B.At(i, j)
		}
		return LSim(g, u, t, x0, HeldInput)
	})
}

func (g *SS) each(t []float64, run func(j int, t []float64) (*Response, error)) (*StepResponse, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	if t == nil {
		var err error
		if t, err = TimeGrid(g); err != nil {
			return nil, err
		}
	}
	_, m, p := g.Dims()
	out := &StepResponse{T: append([]float64(nil), t...), Y: make([][][]float64, p)}
	for i := range p {
		out.Y[i] = make([][]float64, m)
	}
	for j := range m {
		r, err := run(j, t)
		if err != nil {
			return nil, err
		}
		for i := range p {
			out.Y[i][j] = mat.Col(nil, i, r.Y)
		}
	}
	return out, nil
}

// TimeGrid chooses times from 0 that show the response: until the slowest decaying mode has fallen to one percent, ten
// times the period of undamped and the time constant of unstable modes; about 500 points, fewer for a discrete system
// that settles in fewer samples. It is a choice for pictures, not for measurements.
func TimeGrid(g *SS) ([]float64, error) {
	const (
		points  = 500
		settled = 4.6  // time constants until one percent
		slow    = 1e-9 // of the fastest mode: slower ones are integrators to the eye
		most    = 5000 // points of a stiff or discrete system
	)
	modes, err := Damp(g)
	if err != nil {
		return nil, err
	}
	end, fastest := 0.0, 0.0
	for _, m := range modes {
		if !math.IsInf(m.Wn, 0) {
			fastest = max(fastest, m.Wn)
		}
	}
	for _, m := range modes {
		switch {
		case m.Wn <= slow*fastest || math.IsInf(m.Wn, 1) || m.Wn == 0:
		case m.Zeta > 0:
			end = max(end, min(settled*m.Tau, 100*2*math.Pi/m.Wn)) // lightly damped: 100 periods
		case m.Zeta == 0:
			end = max(end, 10*2*math.Pi/m.Wn)
		default:
			end = max(end, settled*-m.Tau)
		}
	}
	if end == 0 {
		if end = 10; fastest > 0 {
			end = 10 / fastest
		}
		if g.Discrete() {
			end = 20 * g.Ts
		}
	}
	var step float64
	count := points
	if g.Discrete() {
		step, count = g.Ts, min(max(int(math.Ceil(end/g.Ts)), 10), most)
	} else {
		// At least ten points per period of a lightly damped mode.
		for _, m := range modes {
			if math.Abs(m.Zeta) < 0.5 && m.Wn > 0 && !math.IsInf(m.Wn, 1) {
				count = min(max(count, int(end*m.Wn*10/(2*math.Pi))), most)
			}
		}
		step = end / float64(count)
	}
	t := make([]float64, count+1)
	for k := range t {
		t[k] = float64(k) * step
	}
	return t, nil
}

// StepMetrics describes one channel of a step response, in s and in units of the output.
type StepMetrics struct {
	Final     float64 // steady state
	Rise      float64 // from 10 % to 90 % of Final
	Settling  float64 // last time at which |y - Final| > 2 % of |Final|
	Overshoot float64 // percent of Final, 0 if none
	Peak      float64 // largest |y|
	PeakTime  float64
}

// StepInfo returns the metrics of each channel [i][j] of a stable system, with Final from the DC gain; times are
// interpolated in the given response, which must be long enough to settle: NaN where it is not. ErrUnstable.
func StepInfo(g *SS, r *StepResponse) ([][]StepMetrics, error) {
	if err := g.mustBeStable("a step response with a final value"); err != nil {
		return nil, err
	}
	dc, err := DCGain(g)
	if err != nil {
		return nil, err
	}
	if p, m := dc.Dims(); len(r.Y) != p || len(r.Y[0]) != m {
		return nil, fmt.Errorf("%w: the response has %d outputs, the system is %d x %d", ErrShape, len(r.Y), p, m)
	}
	out := make([][]StepMetrics, len(r.Y))
	for i := range r.Y {
		for j, y := range r.Y[i] {
			out[i] = append(out[i], metrics(r.T, y, dc.At(i, j)))
		}
	}
	return out, nil
}

func metrics(t, y []float64, final float64) StepMetrics {
	const band = 0.02
	s := StepMetrics{Final: final}
	low, high := crossing(t, y, 0.1*final), crossing(t, y, 0.9*final)
	s.Rise = high - low
	for k, v := range y {
		if a := math.Abs(v); a > s.Peak {
			s.Peak, s.PeakTime = a, t[k]
		}
		if final != 0 {
			s.Overshoot = max(s.Overshoot, 100*(v/final-1))
		}
		if math.Abs(v-final) > band*math.Abs(final) {
			s.Settling = math.NaN()
			if k+1 < len(y) {
				edge := final + math.Copysign(band*math.Abs(final), v-final)
				s.Settling = t[k]
				if d := y[k+1] - v; d != 0 {
					s.Settling += (t[k+1] - t[k]) * min(max((edge-v)/d, 0), 1)
				}
			}
		}
	}
	return s
}

// crossing is the first time at which y reaches level from the side of 0.
func crossing(t, y []float64, level float64) float64 {
	for k := range y {
		if y[k]*math.Copysign(1, level) >= math.Abs(level) {
			if k == 0 {
				return t[0]
			}
			return t[k-1] + (t[k]-t[k-1])*(level-y[k-1])/(y[k]-y[k-1])
		}
	}
	return math.NaN()
}
