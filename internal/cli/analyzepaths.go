package cli

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/plot"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/stability"
	"github.com/plumb-go/plumb/system"
)

// Numbers of the simulated trajectories.
const (
	decayTimes  = 5  // of the slowest decay
	growthTimes = 15 // of the fastest growth
	pathPoints  = 400
	fewSteps    = 20      // in discrete time at least
	mostSteps   = 200_000 // and at most
	offset      = 0.01    // of the box, from an equilibrium that does not attract
)

// pathBlocks shows the nonlinear equations at work: trajectories that begin on the border of the verified level set, or beside an
// equilibrium that does not attract. nil where none can be simulated.
func (a *analysis) pathBlocks() []report.Block {
	e := &a.found[a.Looked]
	starts, caption := a.starts()
	until := a.horizon(e.Linear)
	d := &report.Drawing{File: "trajectories", Caption: caption, Figure: &plot.Figure{Label: "Trajectories", X: plot.Axis{Name: "time", Unit: "s"}}}
	panels := make([]plot.Panel, len(a.States))
	for i, s := range a.States {
		panels[i] = plot.Panel{Height: 120, Y: plot.Axis{Name: s.Name, Unit: s.Unit}}
	}
	level := plot.Panel{Height: 120, Y: plot.Axis{Name: "V / level", Log: true}}
	for k, x0 := range starts {
		o := system.Simulation{Until: until, Tol: 1e-8}
		if a.Step > 0 {
			o.Every = a.Step * math.Max(1, math.Round(until/a.Step/pathPoints))
		} else {
			o.Every = until / pathPoints
		}
		if in := a.inputs; len(in) > 0 {
			o.Input = func(_ float64, dst []float64) { copy(dst, in) }
		}
		r, _ := a.sys.Simulate(context.Background(), x0, o) // a trajectory that ends early is drawn as far as it goes
		if r == nil || len(r.T) < 2 {
			continue
		}
		t, x := a.inside(r)
		d.Columns = append(d.Columns, report.Column{Name: fmt.Sprintf("time, trajectory %d", k+1), Unit: "s", Values: t})
		for i := range panels {
			y := make([]float64, len(t))
			for j := range y {
				y[j] = x[j][i]
			}
			panels[i].Marks = append(panels[i].Marks, &plot.Line{Color: plot.Cycle(k), Width: 1.2, X: t, Y: y})
			d.Columns = append(d.Columns, report.Column{Name: fmt.Sprintf("%s, trajectory %d", a.States[i].Name, k+1), Unit: a.States[i].Unit, Values: y})
		}
		if q := a.attraction; q != nil && q.Proved > 0 {
			v := make([]float64, len(t))
			for j := range v {
				v[j] = a.valueAt(x[j]) / q.Proved
			}
			level.Marks = append(level.Marks, &plot.Line{Color: plot.Cycle(k), Width: 1.2, X: t, Y: v})
		}
	}
	if len(d.Columns) == 0 {
		return nil
	}
	d.Figure.Panels = panels
	if len(level.Marks) > 0 {
		d.Figure.Panels = append(d.Figure.Panels, level)
	}
	return []report.Block{d}
}

// valueAt is V, in floating point.
func (a *analysis) valueAt(x []float64) float64 {
	q := a.attraction
	d := mat.NewVecDense(len(x), nil)
	for i := range x {
		d.SetVec(i, x[i]-q.At[i])
	}
	return mat.Inner(d, q.P, d)
}

// starts are the points from which trajectories are drawn.
func (a *analysis) starts() (points [][]float64, caption string) {
	e := &a.found[a.Looked]
	n := len(a.States)
	if q := a.attraction; q != nil && q.Proved > 0 {
		var eig mat.EigenSym
		if eig.Factorize(q.P, true) {
			var v mat.Dense
			eig.VectorsTo(&v)
			for k, w := range eig.Values(nil) {
				x := append([]float64(nil), e.X...)
				for i := range x {
					x[i] += v.At(i, k) * math.Sqrt(q.Proved/w)
				}
				points = append(points, x)
			}
			return points, "Simulated trajectories of the nonlinear equations from the ends of the axes of the verified level set; the last panel is V along each."
		}
	}
	for _, sign := range []float64{1, -1} {
		x := append([]float64(nil), e.X...)
		for i := range n {
			x[i] += sign * offset * a.box[i].Width() / 2
		}
		points = append(points, x)
	}
	return points, "Simulated trajectories of the nonlinear equations from two points beside the equilibrium, as far as they stay in the box of interest."
}

// horizon is how long trajectories are followed.
func (a *analysis) horizon(l *stability.Linear) float64 {
	rate := math.Abs(l.Growth)
	if a.Step > 0 {
		rate = math.Abs(math.Log(l.Growth)) / a.Step
	}
	until := 10.0
	if rate > 0 && !math.IsInf(rate, 0) && len(l.Border) == 0 {
		until = decayTimes / rate
		if l.Verdict == stability.Unstable {
			until = growthTimes / rate
		}
	}
	if a.Step > 0 {
		until = a.Step * math.Min(mostSteps, math.Max(fewSteps, math.Round(until/a.Step)))
	}
	return until
}

// inside cuts a trajectory where it leaves the box of interest.
func (a *analysis) inside(r *system.Trajectory) (t []float64, x [][]float64) {
	for k := range r.T {
		for i, b := range a.box {
			if !(r.X[k][i] >= b.Lo && r.X[k][i] <= b.Hi) {
				return r.T[:k], r.X[:k]
			}
		}
	}
	return r.T, r.X
}
