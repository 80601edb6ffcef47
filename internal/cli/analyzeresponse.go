package cli

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/stability"
)

// responses computes gains, step responses and the effect of noise at the equilibrium, of the linearisation.
func (a *analysis) responses() error {
	e := &a.found[a.Looked]
	ss, err := a.sys.Linearise(e.X, a.inputs)
	if err != nil {
		return err
	}
	a.ss = ss
	if e.Linear.Verdict != stability.Asymptotic {
		return nil
	}
	if len(a.Inputs) > 0 {
		a.gains()
		a.steps()
	}
	a.disturb()
	return nil
}

// gains are those from the inputs to the outputs. One that cannot be computed is left out with a note.
func (a *analysis) gains() {
	if h, err := lti.HInfNorm(a.ss); err != nil {
		a.Notes = append(a.Notes, "H-infinity norm: "+err.Error())
	} else {
		a.Gains = append(a.Gains, gain{"H-infinity norm", ident.Figure(h.Norm), fmt.Sprintf("energy of the outputs over energy of the inputs; at %.4g rad/s", h.Freq)})
	}
	if l, err := lti.L1Gain(a.ss); err != nil {
		a.Notes = append(a.Notes, "l1 gain: "+err.Error())
	} else {
		a.Gains = append(a.Gains, gain{"l1 gain", ident.Figure(l.Upper), fmt.Sprintf("peak of the outputs over peak of the inputs; at least %.6g", l.Lower)})
	}
	if h, err := lti.H2Norm(a.ss); err != nil {
		a.Notes = append(a.Notes, "H2 norm: "+err.Error())
	} else {
		a.Gains = append(a.Gains, gain{"H2 norm", ident.Figure(h), "standard deviation of the outputs under unit white noise at the inputs"})
	}
}

func (a *analysis) steps() {
	t, err := lti.TimeGrid(a.ss)
	if err != nil {
		return
	}
	r, err := lti.Step(a.ss, t)
	if err != nil {
		return
	}
	all, err := lti.StepInfo(a.ss, r)
	if err != nil {
		a.Notes = append(a.Notes, "step response: "+err.Error())
		return
	}
	for i := range all {
		for j, m := range all[i] {
			a.Steps = append(a.Steps, stepFigures{a.Inputs[j].Name, a.Outputs[i].Name, ident.Figure(m.Final), ident.Figure(m.Rise), ident.Figure(m.Settling), ident.Figure(m.Overshoot)})
		}
	}
}

// spread is the covariance of the state under unit white noise: at the inputs, or on every state where there are none.
type spread struct {
	dt     float64
	a      *mat.Dense    // over dt
	q      *mat.SymDense // of the noise over dt
	limit  *mat.SymDense
	source string
}

// spread discretises the linearisation so that the covariances at the samples are those of the continuous system.
func (a *analysis) spread() (*spread, error) {
	n := len(a.States)
	b := mat.NewDense(n, n, nil)
	s := &spread{dt: a.Step, source: "unit white noise on every state"}
	if len(a.Inputs) > 0 {
		s.source = "unit white noise at the inputs"
		b = a.ss.B
	} else {
		for i := range n {
			b.Set(i, i, 1)
		}
	}
	var w mat.Dense
	w.Mul(b, b.T())
	if a.Step > 0 {
		x, err := lti.DLyap(a.ss.A, &w)
		if err != nil {
			return nil, err
		}
		s.a, s.q, s.limit = a.ss.A, symmetricOf(&w), symmetricOf(x.X)
		return s, nil
	}
	x, err := lti.Lyap(a.ss.A, &w)
	if err != nil {
		return nil, err
	}
	t, err := lti.TimeGrid(a.ss)
	if err != nil {
		return nil, err
	}
	s.dt = t[1] - t[0]
	s.limit = symmetricOf(x.X)
	var scaled, moved mat.Dense
	s.a = new(mat.Dense)
	scaled.Scale(s.dt, a.ss.A)
	s.a.Exp(&scaled)
	moved.Product(s.a, x.X, s.a.T())
	moved.Sub(x.X, &moved)
	s.q = symmetricOf(&moved)
	return s, nil
}

func symmetricOf(a mat.Matrix) *mat.SymDense {
	n, _ := a.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, (a.At(i, j)+a.At(j, i))/2)
		}
	}
	return s
}

// disturb fills in the stationary noise and, in discrete time, the bounds of the response to a bounded disturbance.
func (a *analysis) disturb() {
	s, err := a.spread()
	if err != nil {
		a.Notes = append(a.Notes, "noise: "+err.Error())
		return
	}
	var y mat.Dense
	y.Product(a.ss.C, s.limit, a.ss.C.T())
	for i, o := range a.Outputs {
		a.Noise = append(a.Noise, noise{o.Name, ident.Figure(math.Sqrt(max(y.At(i, i), 0)))})
	}
	if a.Step == 0 {
		return
	}
	u, err := stability.Ultimate(a.ss.A, 1)
	if err != nil {
		a.Notes = append(a.Notes, "bounded disturbance: "+err.Error())
		return
	}
	d := &disturbance{Lecture: ident.Figure(u.Lecture), Metric: ident.Figure(u.BestMetric), Ellipsoid: ident.Figure(u.Ellipsoid), Sum: ident.Figure(u.Sum), Reached: ident.Figure(u.Reached)}
	for _, c := range u.Components {
		d.Components = append(d.Components, ident.Figure(c))
	}
	a.Ultimate = d
}
