package repro

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/stability"
)

// exampleA is the system of the response, Gaussian, gain and input-to-state checks; C = [1 -2].
var exampleA = [4]float64{0.8, 0.3, -0.2, 0.6}

func lectureResponse() ([]Check, []*report.Drawing, error) {
	const horizon = 20
	a := exampleA
	r := rng.Stream(1, "lecture/response")
	w := make([][2]float64, horizon)
	for k := range w {
		w[k] = [2]float64{r.NormFloat64(), r.NormFloat64()}
	}
	apply := func(x, y float64) (float64, float64) { return a[0]*x + a[1]*y, a[2]*x + a[3]*y }
	x, y := 1.0, -1.0
	for k := range w {
		x, y = apply(x, y)
		x, y = x+w[k][0], y+w[k][1]
	}
	var fx, fy float64 // by the formula
	power := func(v [2]float64, k int) (float64, float64) {
		p, q := v[0], v[1]
		for range k {
			p, q = apply(p, q)
		}
		return p, q
	}
	fx, fy = power([2]float64{1, -1}, horizon)
	for k := 1; k <= horizon; k++ {
		p, q := power(w[horizon-k], k-1)
		fx, fy = fx+p, fy+q
	}
	return []Check{atMost("distance of the sum from the iteration after 20 steps", math.Abs(x-2*y-(fx-2*fy)), 1e-13, "")}, nil, nil
}

func lectureGaussian() ([]Check, []*report.Drawing, error) {
	a := exampleA
	mean, start := []float64{0.1, -0.3}, []float64{2, 1}
	cov := mat.NewSymDense(2, []float64{0.5, 0.2, 0.2, 0.3})
	g := &stability.Gaussian{A: square(2, a[:]...), C: mat.NewDense(1, 2, []float64{1, -2}), Mean: mean, Cov: cov, Mean0: start}
	const horizon, runs, shown = 40, 20000, 6
	root := []float64{math.Sqrt(0.5), 0.2 / math.Sqrt(0.5), math.Sqrt(0.3 - 0.04/0.5)} // of the covariance, lower triangle
	r := rng.Stream(1, "lecture/gaussian")
	sum, square2 := make([]float64, horizon+1), make([]float64, horizon+1)
	var paths [][]float64
	for k := range runs {
		x, y := start[0], start[1]
		var path []float64
		for t := range horizon + 1 {
			v := x - 2*y
			sum[t] += v
			square2[t] += v * v
			path = append(path, v)
			e, f := r.NormFloat64(), r.NormFloat64()
			x, y = a[0]*x+a[1]*y+mean[0]+root[0]*e, a[2]*x+a[3]*y+mean[1]+root[1]*e+root[2]*f
		}
		if k < shown {
			paths = append(paths, path)
		}
	}
	worstMean, worstVar := 0.0, 0.0 // in standard errors
	var t, centre, high, low []float64
	for k := range horizon + 1 {
		m, c, err := g.At(k)
		if err != nil {
			return nil, nil, err
		}
		v := c.At(0, 0)
		t, centre = append(t, float64(k)), append(centre, m[0])
		high, low = append(high, m[0]+2*math.Sqrt(v)), append(low, m[0]-2*math.Sqrt(v))
		if k == 0 {
			continue
		}
		sm := sum[k] / runs
		worstMean = max(worstMean, math.Abs(sm-m[0])/math.Sqrt(v/runs))
		worstVar = max(worstVar, math.Abs(square2[k]/runs-sm*sm-v)/(v*math.Sqrt(2.0/runs)))
	}
	m, c, err := g.Stationary()
	if err != nil {
		return nil, nil, err
	}
	late, lateCov, err := g.At(400)
	if err != nil {
		return nil, nil, err
	}
	const errors = 5 // standard errors; 80 correlated figures exceed it with a chance below 1e-4
	checks := []Check{
		atMost("Monte Carlo, mean: largest deviation in standard errors", worstMean, errors, ""),
		atMost("Monte Carlo, variance: largest deviation in standard errors", worstVar, errors, ""),
		atMost("distance of the moments at t = 400 from the stationary ones", max(math.Abs(late[0]-m[0]), math.Abs(lateCov.At(0, 0)-c.At(0, 0))), 1e-12, ""),
		holds("the notes' sum to k = t agrees where s₀ and w share mean and covariance", sharedMoments(g)),
	}
	d := &report.Drawing{File: "gaussian", Caption: fmt.Sprintf("y = s₁ − 2 s₂ under Gaussian disturbances: %d sample paths, mean and two standard deviations as computed.", shown),
		Figure:  &plot.Figure{Label: "Response to Gaussian disturbances", X: plot.Axis{Name: "step"}},
		Columns: []report.Column{{Name: "step", Values: t}, {Name: "mean", Values: centre}, {Name: "mean + 2 sigma", Values: high}, {Name: "mean - 2 sigma", Values: low}}}
	var marks []plot.Mark
	for _, p := range paths {
		marks = append(marks, &plot.Line{Color: plot.Sky, Width: 0.9, X: t, Y: p})
	}
	marks = append(marks, &plot.Line{Name: "mean", Color: plot.Blue, Width: 2, X: t, Y: centre},
		&plot.Line{Name: "± 2 σ", Color: plot.Vermillion, Dash: plot.Dashed, X: t, Y: high}, &plot.Line{Color: plot.Vermillion, Dash: plot.Dashed, X: t, Y: low})
	d.Figure.Panels = []plot.Panel{{Y: plot.Axis{Name: "y"}, Marks: marks}}
	return checks, []*report.Drawing{d}, nil
}

// sharedMoments compares the general formula with the notes' sum_{k=0..t} where it applies.
func sharedMoments(g *stability.Gaussian) bool {
	same := *g
	same.Mean0, same.Cov0 = g.Mean, g.Cov
	const t = 7
	m, c, err := same.At(t)
	if err != nil {
		return false
	}
	power := square(2, 1, 0, 0, 1)
	var mean, variance float64
	for range t + 1 {
		var row, moved mat.Dense
		row.Mul(g.C, power)
		mean += row.At(0, 0)*g.Mean[0] + row.At(0, 1)*g.Mean[1]
		moved.Product(&row, g.Cov, row.T())
		variance += moved.At(0, 0)
		var next mat.Dense
		next.Mul(power, g.A)
		power = &next
	}
	const rounding = 1e-12
	return math.Abs(m[0]-mean) < rounding && math.Abs(c.At(0, 0)-variance) < rounding
}

func lectureGains() ([]Check, []*report.Drawing, error) {
	a := exampleA
	ss, err := lti.NewSS(square(2, a[:]...), square(2, 1, 0, 0, 1), mat.NewDense(1, 2, []float64{1, -2}), nil, 1)
	if err != nil {
		return nil, nil, err
	}
	l, err := lti.L1Gain(ss)
	if err != nil {
		return nil, nil, err
	}
	h, err := lti.HInfNorm(ss)
	if err != nil {
		return nil, nil, err
	}
	// The input that reaches the l1 gain: the signs of C A^k, backwards.
	sum, p, q := 0.0, 1.0, -2.0
	for range 400 {
		sum += math.Abs(p) + math.Abs(q)
		p, q = p*a[0]+q*a[2], p*a[1]+q*a[3]
	}
	// The frequency response by the formula C (e^{iw} - A)^{-1}, on a fine grid: a lower bound of the norm.
	peak := 0.0
	for k := range 20001 {
		w := math.Pi * float64(k) / 20000
		s, c := math.Sincos(w)
		z := complex(c, s)
		det := (z-complex(a[0], 0))*(z-complex(a[3], 0)) - complex(a[1]*a[2], 0)
		u := ((z - complex(a[3], 0)) - 2*complex(a[2], 0)) / det
		v := (complex(a[1], 0) - 2*(z-complex(a[0], 0))) / det
		peak = max(peak, math.Sqrt(real(u)*real(u)+imag(u)*imag(u)+real(v)*real(v)+imag(v)*imag(v)))
	}
	return []Check{
		near("l1 gain (maximum norm), against the sum of 400 terms", l.Upper, sum, 1e-5*sum),
		near("H∞ norm, against 20000 frequencies", h.Norm, peak, 1e-6*peak),
		atLeast("H∞ norm less the largest value on the grid", h.Norm-peak, -1e-12, ""),
	}, nil, nil
}

func lectureISS() ([]Check, []*report.Drawing, error) {
	a := square(2, 0.5, 1, 0, 0.6)
	u, err := stability.Ultimate(a, 1)
	if err != nil {
		return nil, nil, err
	}
	const slack = 1e-9 // relative: rounding of the bounds
	checks := []Check{reported("reached by a searched disturbance", u.Reached)}
	for _, c := range []struct {
		name  string
		bound float64
	}{{"Σ|Aᵏ|", u.Sum}, {"invariant ellipsoid", u.Ellipsoid}, {"lecture's bound, best metric of a family", u.BestMetric}, {"lecture's bound", u.Lecture}} {
		checks = append(checks, Check{c.name, Number(c.bound), fmt.Sprintf(">= %.4g, what was reached", u.Reached), c.bound >= u.Reached*(1-slack)})
	}
	checks = append(checks,
		atMost("sharpest bound over the lecture's", min(u.Sum, u.Ellipsoid, u.BestMetric)/u.Lecture, 1, ""),
		atMost("largest component bound over Σ|Aᵏ|", max(u.Components[0], u.Components[1])/u.Sum, 1+slack, ""))
	f, err := equations(stability.Discrete, []string{"x", "y"}, "0.5*tanh(x) + 0.2*y", "0.3*sin(x) - 0.4*tanh(y)")
	if err != nil {
		return nil, nil, err
	}
	w := []float64{0.1, 0.05}
	v, err := stability.Componentwise(f, []float64{0, 0}, []float64{1, 1}, w)
	if err != nil {
		return nil, nil, err
	}
	reached := 0.0
	r := rng.Stream(1, "lecture/iss")
	for range 1000 {
		x, y := []float64{0, 0}, make([]float64, 2)
		for range 40 {
			f.Eval(y, x)
			for i := range x {
				x[i] = y[i] + w[i]*float64(2*r.IntN(2)-1)
				reached = max(reached, math.Abs(x[i])/v[i])
			}
		}
	}
	checks = append(checks, atMost("nonlinear, componentwise bound: largest |x_i|/bound in simulation", reached, 1, ""))
	return checks, []*report.Drawing{issDrawing(a, u)}, nil
}

// issDrawing shows the norm under the worst disturbance that was found, and the bounds.
func issDrawing(a *mat.Dense, u *stability.UltimateBounds) *report.Drawing {
	const horizon = 30
	raw := a.RawMatrix().Data
	direction, _ := stability.Worst(2, raw, 1)
	// w(t) = (A^(T-1-t))' v normalised reaches the value of Worst at t = T.
	var w [][2]float64
	v := [2]float64{direction[0], direction[1]}
	for range horizon {
		l := math.Hypot(v[0], v[1])
		w = append(w, [2]float64{v[0] / l, v[1] / l})
		v = [2]float64{raw[0]*v[0] + raw[2]*v[1], raw[1]*v[0] + raw[3]*v[1]}
	}
	t, norm := []float64{0}, []float64{0}
	x, y := 0.0, 0.0
	for k := range horizon {
		d := w[horizon-1-k]
		x, y = raw[0]*x+raw[1]*y+d[0], raw[2]*x+raw[3]*y+d[1]
		t, norm = append(t, float64(k+1)), append(norm, math.Hypot(x, y))
	}
	d := &report.Drawing{File: "iss", Caption: "Norm of the state under the worst disturbance that was found, |w| ≤ 1, and the bounds of limsup|s|.",
		Figure:  &plot.Figure{Label: "Input-to-state bounds", X: plot.Axis{Name: "step"}},
		Columns: []report.Column{{Name: "step", Values: t}, {Name: "norm", Values: norm}}}
	marks := []plot.Mark{&plot.Line{Name: "worst found", Color: plot.Blue, Width: 2, X: t, Y: norm}}
	for i, c := range []struct {
		name  string
		bound float64
	}{{"Σ|Aᵏ|", u.Sum}, {"ellipsoid", u.Ellipsoid}, {"lecture", u.Lecture}} {
		marks = append(marks, &plot.Line{Name: c.name, Color: plot.Cycle(i + 1), Dash: plot.Dashed, X: []float64{0, horizon}, Y: []float64{c.bound, c.bound}})
	}
	d.Figure.Panels = []plot.Panel{{Y: plot.Axis{Name: "|s|"}, Marks: marks}}
	return d
}
