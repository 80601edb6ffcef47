package system

import (
	"context"
	"fmt"
	"math"

	"github.com/plumb-go/plumb/expr"
)

// Simulation says what Simulate does. The zero value of a field means its default.
type Simulation struct {
	Until float64                        // s, length; must be positive
	Every float64                        // s between stored points; default Until/500, in discrete time one step
	Input func(t float64, dst []float64) // default zero inputs
	Hold  bool                           // sample Input at the stored points and hold it; else it is a smooth function of time
	Tol   float64                        // relative error a step, default 1e-9; the absolute one is a thousandth of it
}

// Trajectory is a sequence of points: X[k] the states, U[k] the inputs and Y[k] the outputs at time T[k].
type Trajectory struct {
	T       []float64
	X, U, Y [][]float64
}

// Limits of a simulation.
const (
	defaultTol    = 1e-9
	defaultPoints = 500
	maxPoints     = 10_000_000 // stored points, or discrete steps
	maxStages     = 50_000_000 // evaluations of the right-hand side
)

// Simulate follows the system from the state x0. In continuous time the method is that of Dormand and Prince (1980), order 5
// with an error estimate of order 4, whose steps end on each stored point; in discrete time the map is iterated. When the
// states stop being finite, or the steps become too short or too many, the trajectory so far is returned with an error
// that matches ErrUnsolved. The result is an estimate, not an enclosure.
func (s *System) Simulate(ctx context.Context, x0 []float64, o Simulation) (*Trajectory, error) {
	z, err := s.point(x0, nil)
	if err != nil {
		return nil, err
	}
	points, every, err := s.grid(o)
	if err != nil {
		return nil, err
	}
	if o.Tol == 0 {
		o.Tol = defaultTol
	}
	if !(o.Tol >= 1e-14 && o.Tol < 1) {
		return nil, fmt.Errorf("system: tolerance %v, expected a number from 1e-14 to 1", o.Tol)
	}
	r := &run{s: s, v: s.evaluator(), o: o, n: len(s.d.States), z: z, out: &Trajectory{}}
	r.start()
	for k := range points {
		r.store(float64(k) * every)
		if k == points-1 {
			break
		}
		if err := ctx.Err(); err != nil {
			return r.out, fmt.Errorf("system: %w", err)
		}
		if s.d.Step > 0 {
			err = r.iterate(float64(k)*every, int(math.Round(every/s.d.Step)))
		} else {
			err = r.advance(float64(k)*every, float64(k+1)*every)
		}
		if err != nil {
			return r.out, err
		}
	}
	return r.out, nil
}

// grid is the number of stored points and the time between them.
func (s *System) grid(o Simulation) (points int, every float64, err error) {
	if !(o.Until > 0) || math.IsInf(o.Until, 0) || o.Every < 0 || math.IsNaN(o.Every) {
		return 0, 0, fmt.Errorf("system: simulation of %v s with points every %v s; both must be positive", o.Until, o.Every)
	}
	every = o.Every
	step := s.d.Step
	switch {
	case every == 0 && step == 0:
		every = o.Until / defaultPoints
	case every == 0:
		every = step
	case step > 0:
		n := math.Round(every / step)
		if n < 1 || math.Abs(n*step-every) > 1e-9*every {
			return 0, 0, fmt.Errorf("system: points every %v s are no multiple of the step of %v s", every, step)
		}
		every = n * step
	}
	n := math.Floor(o.Until/every + 1e-9)
	if n < 1 || n > maxPoints || step > 0 && o.Until/step > maxPoints {
		return 0, 0, fmt.Errorf("system: %v points; expected 1 to %d, and as many steps at most", n, maxPoints)
	}
	return int(n) + 1, every, nil
}

// run is a simulation under way. z holds states and inputs.
type run struct {
	s      *System
	v      evaluator
	o      Simulation
	n      int
	z      []float64
	k      [7][]float64 // stages
	w      []float64    // states and inputs of a stage
	y      []float64    // proposed states
	h      float64      // proposed step, 0 at the start
	stages int
	out    *Trajectory
}

func (r *run) start() {
	for i := range r.k {
		r.k[i] = make([]float64, r.n)
	}
	r.w, r.y = make([]float64, len(r.z)), make([]float64, r.n)
}

func (r *run) input(t float64, z []float64) {
	if r.o.Input != nil {
		r.o.Input(t, z[r.n:])
	}
}

func (r *run) store(t float64) {
	r.input(t, r.z)
	y := make([]float64, len(r.s.d.Outputs))
	r.v.output(y, r.z)
	r.out.T = append(r.out.T, t)
	r.out.X = append(r.out.X, append([]float64(nil), r.z[:r.n]...))
	r.out.U = append(r.out.U, append([]float64(nil), r.z[r.n:]...))
	r.out.Y = append(r.out.Y, y)
}

func (r *run) iterate(t float64, steps int) error {
	for i := range steps {
		if i > 0 && !r.o.Hold {
			r.input(t+float64(i)*r.s.d.Step, r.z)
		}
		r.v.rhs(r.y, r.z)
		if !finite(r.y) {
			return fmt.Errorf("%w: a state left the range of numbers after t = %.6g s", ErrUnsolved, t+float64(i)*r.s.d.Step)
		}
		copy(r.z, r.y)
	}
	return nil
}

func finite(v []float64) bool {
	for _, x := range v {
		if x-x != 0 {
			return false
		}
	}
	return true
}

// The tableau of Dormand and Prince (1980), A family of embedded Runge-Kutta formulae, J. Comput. Appl. Math. 6(1): nodes,
// stages (the last row is the solution of order 5) and the difference to the solution of order 4.
var (
	nodes  = [7]float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1}
	weight = [7][]float64{
		{},
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
	}
	misfit = [7]float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40}
)

// Step control: aim below the tolerance, and change the step by bounded factors (Hairer, Norsett, Wanner 1993, II.4).
const (
	caution = 0.9
	shrink  = 0.2
	grow    = 5
)

// advance integrates from t to end.
func (r *run) advance(t, end float64) error {
	if r.h == 0 {
		r.h = (end - t) / 10
	}
	for t < end {
		h := min(r.h, end-t)
		last := h >= (end-t)*(1-1e-12)
		if !(t+h > t) {
			return fmt.Errorf("%w: at t = %.6g s the step fell below the resolution of time", ErrUnsolved, t)
		}
		if r.stages += 7; r.stages > maxStages {
			return fmt.Errorf("%w: %d evaluations by t = %.6g s", ErrUnsolved, maxStages, t)
		}
		e := r.attempt(t, h)
		if !(e <= 1) {
			factor := caution * math.Pow(e, -0.2)
			if !(factor >= shrink) { // NaN too
				factor = shrink
			}
			r.h = h * factor
			continue
		}
		copy(r.z, r.y)
		if t += h; last {
			t = end
		}
		if next := h * min(grow, caution*math.Pow(max(e, 1e-10), -0.2)); !last || next > r.h {
			r.h = next // a step cut short by a stored point says little about the next one
		}
	}
	return nil
}

// attempt proposes the states a step later in y and returns its error in units of the tolerance.
func (r *run) attempt(t, h float64) float64 {
	copy(r.w, r.z)
	for i := range r.k {
		for j := range r.n {
			x := r.z[j]
			for l, a := range weight[i] {
				x += h * a * r.k[l][j]
			}
			r.w[j] = x
		}
		if !r.o.Hold {
			r.input(t+nodes[i]*h, r.w)
		}
		r.v.rhs(r.k[i], r.w)
	}
	copy(r.y, r.w)
	worst := 0.0
	for j := range r.n {
		e := 0.0
		for l, d := range misfit {
			e += d * r.k[l][j]
		}
		size := r.o.Tol * (1e-3 + max(math.Abs(r.z[j]), math.Abs(r.y[j])))
		worst = max(worst, math.Abs(h*e)/size)
	}
	if !finite(r.y) {
		return math.NaN()
	}
	return worst
}

// Euler is the system sampled with step h by the explicit Euler method: x(k+1) = x(k) + h f(x(k), u(k)). It is another
// system, with other equilibria's stability, not an approximation with a known error.
func (s *System) Euler(h float64) (*System, error) {
	if s.fn != nil {
		return nil, ErrOpaque
	}
	if s.d.Step != 0 {
		return nil, fmt.Errorf("system: %s is in discrete time already, with step %v s", s.d.Name, s.d.Step)
	}
	if !(h > 0) {
		return nil, fmt.Errorf("system: step %v s, expected a positive number", h)
	}
	d := s.d.clone()
	d.Step = h
	d.Title = fmt.Sprintf("%s, Euler's method with step %v s", d.Title, h)
	for i, x := range d.States {
		d.Rhs[i] = expr.Name(x.Name).Add(expr.Number(h).Mul(d.Rhs[i]))
	}
	return New(d)
}
