package repro

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/stability"
)

func lectureEquilibria() ([]Check, []*report.Drawing, error) {
	f, err := eulerPendulum(0.5)
	if err != nil {
		return nil, nil, err
	}
	r, err := stability.Equilibria(f, []interval.I{interval.Of(-10, 10), interval.Of(-20, 20)}, stability.EquilibriaOptions{})
	if err != nil {
		return nil, nil, err
	}
	off := 0.0
	for i, e := range r.Equilibria {
		off = max(off, math.Abs(e.X[0]-float64(i-len(r.Equilibria)/2)*math.Pi), math.Abs(e.X[1]))
	}
	return []Check{
		near("equilibria with |θ| ≤ 10", float64(len(r.Equilibria)), 7, 0),
		holds("verified: each is alone in its box, there are no others", r.Complete()),
		atMost("distance from kπ, k = −3 … 3", off, 1e-14, ""),
	}, nil, nil
}

func lectureLinear() ([]Check, []*report.Drawing, error) {
	var checks []Check
	for _, c := range []struct {
		name string
		a    *mat.Dense
		want stability.Verdict
	}{
		{"ρ = 0.9: asymptotically stable", square(2, 0.9, 1, 0, 0.5), stability.Asymptotic},
		{"ρ = 1.1: unstable", square(2, 1.1, 1, 0, 0.5), stability.Unstable},
		{"[[0, 5], [0, 1]]: stable, not asymptotically", square(2, 0, 5, 0, 1), stability.Marginal},
		{"[[1, 1], [0, 1]]: unstable", square(2, 1, 1, 0, 1), stability.Unstable},
	} {
		l, err := stability.Classify(c.a, stability.Discrete)
		if err != nil {
			return nil, nil, err
		}
		checks = append(checks, holds(c.name, l.Verdict == c.want))
	}
	// A^2 = A, so the first step decides, and (0, 1) goes to (5, 1): the notes see the 5 and forget the 1.
	worst := math.Sqrt(26)
	largest := math.Hypot(5*1, 1)
	checks = append(checks,
		near("largest |x| from |x₀| = 1 under [[0, 5], [0, 1]]", largest, worst, 1e-12),
		Check{"the notes' δ = ε/5: largest |x|/ε", Number(largest / 5), "> 1, so δ is too large", largest/5 > 1},
		atMost("δ = ε/√26: largest |x|/ε", largest/math.Sqrt(26), 1+1e-15, ""))
	// x+ = f(y), y+ = y with f(y) = 30 y exp(-y^2), which falls again beyond |y| = sqrt(1/2): the largest |x| is inside.
	const delta = 2.0
	f := func(y float64) float64 { return 30 * y * math.Exp(-y*y) }
	reached := 0.0
	for k := range 2001 {
		y := -delta + 2*delta*float64(k)/2000
		reached = max(reached, math.Hypot(f(y), y))
	}
	notes, right := math.Hypot(f(delta), delta), math.Hypot(f(math.Sqrt(0.5)), delta)
	checks = append(checks,
		Check{"f not monotone, ε² = f(δ)² + δ²: largest |x|/ε", Number(reached / notes), "> 1, so ε is too small", reached > notes},
		atMost("the same with sup|f|: largest |x|/ε", reached/right, 1, ""))
	return checks, nil, nil
}

func lectureLinearisation() ([]Check, []*report.Drawing, error) {
	var checks []Check
	for _, c := range []struct {
		name string
		f    string
		want stability.Verdict
	}{
		{"x⁺ = sin(x)/2: locally asymptotically stable", "sin(x)/2", stability.Asymptotic},
		{"x⁺ = 2 sin x: unstable", "2*sin(x)", stability.Unstable},
		{"x⁺ = x − x³ (stable): nothing follows", "x - x^3", stability.Undecided},
		{"x⁺ = x + x³ (unstable): nothing follows", "x + x^3", stability.Undecided},
	} {
		f, err := equations(stability.Discrete, []string{"x"}, c.f)
		if err != nil {
			return nil, nil, err
		}
		l, _, err := stability.Linearise(f, []float64{0})
		if err != nil {
			return nil, nil, err
		}
		got := l.Verdict
		if l.Verdict == stability.Marginal {
			got = stability.Undecided // of the nonlinear system
		}
		checks = append(checks, holds(c.name, got == c.want))
	}
	return checks, nil, nil
}

// pendulumModulus is the largest modulus of the eigenvalues at theta = k pi by the lecture's formula, c = cos theta.
func pendulumModulus(d, c float64) float64 {
	root := d*d/4 + gravity*c
	if root < 0 {
		return math.Sqrt(1 - stepH*d + stepH*stepH*gravity*-c)
	}
	return max(math.Abs(1-stepH*d/2+stepH*math.Sqrt(root)), math.Abs(1-stepH*d/2-stepH*math.Sqrt(root)))
}

func lecturePendulum() ([]Check, []*report.Drawing, error) {
	var checks []Check
	worst := 0.0
	threshold := stepH * gravity
	verdict := map[float64]stability.Verdict{}
	for _, factor := range []float64{0, 0.5, 0.99, 1.01, 5} {
		d := factor * threshold
		f, err := eulerPendulum(d)
		if err != nil {
			return nil, nil, err
		}
		r, err := stability.Equilibria(f, []interval.I{interval.Of(-4, 4), interval.Of(-5, 5)}, stability.EquilibriaOptions{})
		if err != nil {
			return nil, nil, err
		}
		if len(r.Equilibria) != 3 || !r.Complete() {
			return nil, nil, fmt.Errorf("%d equilibria of the pendulum with d = %g, want 3", len(r.Equilibria), d)
		}
		for _, e := range r.Equilibria {
			worst = max(worst, math.Abs(e.Linear.Growth-pendulumModulus(d, math.Cos(e.X[0]))))
		}
		if r.Equilibria[1].Verdict != stability.Unstable || r.Equilibria[1].Linear.Kind != "saddle" {
			checks = append(checks, holds(fmt.Sprintf("upright is a saddle for d = %.4g", d), false))
		}
		verdict[factor] = r.Equilibria[2].Verdict
	}
	checks = append(checks,
		atMost("distance of the eigenvalues from the formula", worst, 1e-12, ""),
		reported("threshold d = h g/l [1/s]", threshold),
		holds("hanging, d = 0: unstable, verified", verdict[0] == stability.Unstable),
		holds("hanging, d = 0.99 h g/l: unstable, verified", verdict[0.99] == stability.Unstable),
		holds("hanging, d = 1.01 h g/l: asymptotically stable, verified", verdict[1.01] == stability.Asymptotic))
	grown := swing(0.5*threshold, 0.01, 40000)
	checks = append(checks, Check{"amplitude after 400 s from 0.01, d = 0.5 h g/l", Number(grown), "> 0.01: the step adds energy", grown > 0.01},
		below("amplitude after 400 s from 0.01, d = 1.5 h g/l", swing(1.5*threshold, 0.01, 40000), 0.01, ""))
	return checks, []*report.Drawing{modulusDrawing(threshold)}, nil
}

// swing iterates the hanging pendulum from a small angle and returns the largest angle of the last two seconds.
func swing(d, angle float64, steps int) float64 {
	a, w, largest := angle, 0.0, 0.0
	for k := range steps {
		a, w = a+stepH*w, w+stepH*(-gravity*math.Sin(a)-d*w)
		if k >= steps-200 {
			largest = max(largest, math.Abs(a))
		}
	}
	return largest
}

func modulusDrawing(threshold float64) *report.Drawing {
	var d, euler, exact []float64
	for k := range 201 {
		v := 0.002 * float64(k)
		d = append(d, v)
		euler = append(euler, pendulumModulus(v, -1)-1)
		exact = append(exact, math.Exp(-v*stepH/2)-1)
	}
	return &report.Drawing{File: "pendulum-modulus", Caption: "Hanging position of the pendulum with Euler steps: above zero it is unstable. The exact step of the same linearisation is stable for every d > 0.",
		Figure: &plot.Figure{Label: "Modulus of the eigenvalues less one", X: plot.Axis{Name: "friction d", Unit: "1/s"}, Panels: []plot.Panel{{Y: plot.Axis{Name: "|λ| − 1"}, Marks: []plot.Mark{
			&plot.Line{Name: "Euler step", Color: plot.Vermillion, X: d, Y: euler}, &plot.Line{Name: "exact step", Color: plot.Blue, Dash: plot.Dashed, X: d, Y: exact}, &plot.Rule{X: threshold, Label: "h g/l"}}}}},
		Columns: []report.Column{{Name: "d", Unit: "1/s", Values: d}, {Name: "Euler", Values: euler}, {Name: "exact", Values: exact}}}
}

func lectureDescent() ([]Check, []*report.Drawing, error) {
	h := mat.NewSymDense(2, []float64{3, 1, 1, 2})
	g, err := stability.GradientDescent(h)
	if err != nil {
		return nil, nil, err
	}
	end := func(alpha float64) float64 {
		x, y := 1.0, 1.0
		for range 20000 {
			x, y = x-alpha*(3*x+y), y-alpha*(x+2*y)
		}
		return math.Hypot(x, y)
	}
	top := (5 + math.Sqrt(5)) / 2
	saddle, err := stability.GradientDescent(mat.NewSymDense(2, []float64{1, 0, 0, -1}))
	if err != nil {
		return nil, nil, err
	}
	plateau, err := stability.GradientDescent(mat.NewSymDense(2, []float64{1, 0, 0, 0}))
	if err != nil {
		return nil, nil, err
	}
	down, _ := saddle.At(0.1)
	flat, _ := plateau.At(0.1)
	const alpha, bound = 0.1, 0.5
	one, err := stability.GradientDescent(mat.NewSymDense(1, []float64{1}))
	if err != nil {
		return nil, nil, err
	}
	ball, err := one.Ball(alpha, bound, 0)
	if err != nil {
		return nil, nil, err
	}
	x := 0.0
	for range 2000 {
		x -= alpha * (x - bound)
	}
	return []Check{
		near("largest step 2/γ_max", g.LargestStep, 2/top, 1e-14),
		below("distance after 20000 steps, α = 0.999 · 2/γ_max (above 1/γ_max)", end(0.999*g.LargestStep), 1e-8, ""),
		Check{"distance after 20000 steps, α = 1.001 · 2/γ_max", Number(end(1.001 * g.LargestStep)), "> 1: unstable", end(1.001*g.LargestStep) > 1},
		holds("some γ < 0: unstable", down == stability.Unstable),
		holds("some γ = 0: undecided", flat == stability.Undecided),
		near("gradient noise within 0.5, α = 0.1: distance reached over the ball", x/ball.Worst, 1, 1e-9),
	}, nil, nil
}
