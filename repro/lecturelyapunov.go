package repro

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/stability"
)

func lectureLyapunov() ([]Check, []*report.Drawing, error) {
	states := []string{"x", "y"}
	f, err := equations(stability.Discrete, states, "0.5*x", "0.5*y + 0.25*x^2")
	if err != nil {
		return nil, nil, err
	}
	refuted := func(v string) (first string, err error) {
		e, err := expr.Parse(v, states)
		if err != nil {
			return "", err
		}
		r, err := stability.CheckCandidate(f, e, []float64{0, 0}, stability.CandidateOptions{Box: around(1), Level: 0.9})
		if err != nil || r.Holds {
			return "", err
		}
		for _, c := range r.Conditions {
			if c.Outcome == stability.Fails {
				return c.Name, nil
			}
		}
		return "undecided", nil
	}
	var checks []Check
	for _, c := range []struct{ name, v, first string }{
		{"V = x² + y²: all conditions verified", "x^2 + y^2", ""},
		{"V = 1 + x² + y²: refused, V(0) ≠ 0", "1 + x^2 + y^2", "V(x*) = 0"},
		{"V = −x² − y²: refused, not positive", "-x^2 - y^2", "V > 0 off x*"},
		{"V = x² + 100(y − x²)²: refused, it rises somewhere", "x^2 + 100*(y - x^2)^2", "V falls on {V <= level} off x*"},
	} {
		first, err := refuted(c.v)
		if err != nil {
			return nil, nil, err
		}
		checks = append(checks, holds(c.name, first == c.first))
	}
	return checks, nil, nil
}

func lectureEquation() ([]Check, []*report.Drawing, error) {
	a := square(2, 0.8, 0.5, -0.2, 0.6)
	p, err := stability.Lyapunov(a, nil, stability.Discrete)
	if err != nil {
		return nil, nil, err
	}
	sum, power := mat.NewDense(2, 2, nil), square(2, 1, 0, 0, 1)
	for range 400 {
		var term, next mat.Dense
		term.Mul(power.T(), power)
		sum.Add(sum, &term)
		next.Mul(power, a)
		power = &next
	}
	var e mat.EigenSym
	if !e.Factorize(p, false) {
		return nil, nil, stability.ErrNotStable
	}
	gamma := 1 - 1/e.Values(nil)[1]
	value := func(x, y float64) float64 { return p.At(0, 0)*x*x + 2*p.At(0, 1)*x*y + p.At(1, 1)*y*y }
	drop, rate := 0.0, 0.0
	for k := range 720 {
		s, c := math.Sincos(math.Pi * float64(k) / 360)
		v, w := value(c, s), value(0.8*c+0.5*s, -0.2*c+0.6*s)
		drop, rate = max(drop, math.Abs(v-w-1)), max(rate, w/v)
	}
	var off mat.Dense
	off.Sub(p, sum)
	return []Check{
		atMost("distance of P from the sum of 400 terms", mat.Norm(&off, 2), 1e-12, ""),
		atMost("V(x) − V(Ax) on the unit circle: distance from 1", drop, 1e-12, ""),
		near("largest V(Ax)/V(x), against γ = 1 − 1/λ_max(P)", rate, gamma, 1e-4),
	}, nil, nil
}

// The hanging pendulum with friction 0.5, in continuous time: P from A'P + PA = -I, and the level at which the decrease
// first fails, from an independent computation.
const (
	pendulumFriction = 0.5
	firstFailure     = 6.42140
	failureArea      = 5.8388
)

func lectureRegion() ([]Check, []*report.Drawing, error) {
	f, err := equations(stability.Continuous, []string{"theta", "omega"}, "omega", "-9.81*sin(theta) - 0.5*omega")
	if err != nil {
		return nil, nil, err
	}
	p, err := stability.Lyapunov(square(2, 0, 1, -gravity, -pendulumFriction), nil, stability.Continuous)
	if err != nil {
		return nil, nil, err
	}
	origin, radius := []float64{0, 0}, []float64{3.2, 10}
	r, err := stability.Region(f, origin, stability.RegionOptions{P: p, Radius: radius})
	if err != nil {
		return nil, nil, err
	}
	own, err := stability.Region(f, origin, stability.RegionOptions{Radius: radius})
	if err != nil {
		return nil, nil, err
	}
	e, err := eulerPendulum(1)
	if err != nil {
		return nil, nil, err
	}
	discrete, err := stability.Region(e, []float64{math.Pi, 0}, stability.RegionOptions{Radius: []float64{3.2, 10}})
	if err != nil {
		return nil, nil, err
	}
	return []Check{
		atLeast("level verified, P from AᵀP + PA = −I", r.Proved, 6.35, ""),
		near("level of the first failure (estimated)", r.Falsified, firstFailure, 1e-4),
		atMost("level verified below the first failure", r.Proved, firstFailure, ""),
		near("area at the first failure", r.Volume*r.Falsified/r.Proved, failureArea, 1e-3),
		atLeast("area verified with a searched P", own.Volume, failureArea, ""),
		atLeast("Euler steps, d = 1, at θ = π: area verified", discrete.Volume, 1, ""),
	}, []*report.Drawing{regionDrawing(f, r, own)}, nil
}

func regionDrawing(f *stability.Expressions, r, own *stability.RegionResult) *report.Drawing {
	const w, h = 4, 9
	field := func(x, y float64) (float64, float64) {
		v := make([]float64, 2)
		f.Eval(v, []float64{x, y})
		return v[0], v[1]
	}
	d := &report.Drawing{File: "pendulum-region", Caption: "Hanging pendulum, d = 0.5 1/s: regions of attraction verified with P from the Lyapunov equation and with a searched one, and the level set at which V of the first fails to fall (dashed).",
		Figure: &plot.Figure{Label: "Regions of attraction", Width: 640, X: plot.Axis{Name: "θ", Unit: "rad", Min: -w, Max: w}}}
	var marks []plot.Mark
	for _, s := range plot.Streamlines(field, -w, w, -h, h, 20) {
		marks = append(marks, s)
	}
	add := func(name string, q *stability.RegionResult, level float64, c plot.Color, dash plot.Dash, fill bool) {
		x, y := plot.Contour(func(x, y float64) float64 {
			return q.P.At(0, 0)*x*x + 2*q.P.At(0, 1)*x*y + q.P.At(1, 1)*y*y
		}, -w, w, -h, h, 160, level)
		marks = append(marks, &plot.Path{Name: name, Color: c, Dash: dash, Fill: fill, Width: 2, Quiet: true, X: x, Y: y})
		d.Columns = append(d.Columns, report.Column{Name: name + ", theta", Unit: "rad", Values: x}, report.Column{Name: name + ", omega", Unit: "rad/s", Values: y})
	}
	add("searched P", own, own.Proved, plot.Green, plot.Solid, true)
	add("Lyapunov equation", r, r.Proved, plot.Blue, plot.Solid, true)
	add("first failure", r, r.Falsified, plot.Vermillion, plot.Dashed, false)
	marks = append(marks, &plot.Symbols{Color: plot.Blue, X: []float64{0}, Y: []float64{0}}, &plot.Symbols{Name: "saddles", Color: plot.Purple, Shape: plot.Cross, X: []float64{-math.Pi, math.Pi}, Y: []float64{0, 0}})
	d.Figure.Panels = []plot.Panel{{Height: 420, Y: plot.Axis{Name: "ω", Unit: "rad/s", Min: -h, Max: h}, Marks: marks}}
	return d
}
