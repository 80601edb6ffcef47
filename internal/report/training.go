package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/internal/plot"
)

// maxCurves is the number of training curves drawn in colour.
const maxCurves = 6

// trainingPicture is the drawing of Training with its data; nil without points.
func trainingPicture(curves []Curve) *picture {
	d := Training("Training: error over optimiser steps", curves)
	if d == nil {
		return nil
	}
	return d.drawn()
}

// Training shows loss and validation error over the steps of all curves and, where a class has one, the residual of the
// stability condition below; nil without points.
func Training(label string, curves []Curve) *Drawing {
	d := newTraining(curves)
	if d.drawn == 0 {
		return nil
	}
	return &Drawing{Figure: d.figure(label), Caption: d.caption(), Columns: d.columns}
}

// training collects the marks of the training picture.
type training struct {
	drawn           int
	errors          []plot.Mark
	residuals       []plot.Mark
	best, bestBelow plot.Points
	last            float64 // largest step
	columns         []Column
	starts          []stageStart
}

func newTraining(curves []Curve) *training {
	d := &training{}
	for i := range curves {
		if len(curves[i].Points) > 0 {
			d.add(&curves[i])
		}
	}
	d.best.Name, d.best.Color, d.bestBelow.Color = "iterate kept", plot.Ink, plot.Ink
	return d
}

func (d *training) add(c *Curve) {
	u := unroll(c.Points)
	color, name := plot.Cycle(d.drawn), c.Name
	if d.drawn++; d.drawn > maxCurves {
		color, name = plot.Grey, ""
	}
	d.errors = append(d.errors, &plot.Line{Color: color, Dash: plot.Dotted, Width: 1.2, X: u.steps, Y: u.loss},
		&plot.Line{Name: name, Color: color, Width: 1.6, X: u.steps, Y: u.validation})
	d.columns = append(d.columns, Column{c.Name + " step", "", u.steps}, Column{c.Name + " training", "", u.loss}, Column{c.Name + " validation", "", u.validation})
	if u.certifiable {
		d.residuals = append(d.residuals, &plot.Line{Color: color, Width: 1.6, X: u.steps, Y: u.residual})
		d.columns = append(d.columns, Column{c.Name + " residual", "", u.residual})
	}
	d.last = max(d.last, u.steps[len(u.steps)-1])
	d.starts = append(d.starts, u.starts...)
	if b := c.Best; b >= 0 && b < len(u.steps) {
		d.best.X, d.best.Y = append(d.best.X, u.steps[b]), append(d.best.Y, u.validation[b])
		if u.certifiable {
			d.bestBelow.X, d.bestBelow.Y = append(d.bestBelow.X, u.steps[b]), append(d.bestBelow.Y, u.residual[b])
		}
	}
}

// ruleShare is the share of the axis that a label of a stage needs.
const ruleShare = 0.08

// rules marks where stages begin. Stages that begin together share a label; a start close behind a labelled one of the same
// stage has none.
func (d *training) rules() (out []plot.Mark) {
	slices.SortStableFunc(d.starts, func(a, b stageStart) int { return cmp.Compare(a.at, b.at) })
	labelled := map[string]float64{}
	for i := 0; i < len(d.starts); {
		at := d.starts[i].at
		var names []string
		for ; i < len(d.starts) && d.starts[i].at == at; i++ {
			if s := d.starts[i].stage; !slices.Contains(names, s) {
				names = append(names, s)
			}
		}
		label := strings.Join(names, ", ")
		if before, ok := labelled[label]; ok && at-before < ruleShare*d.last {
			label = ""
		} else {
			labelled[label] = at
		}
		out = append(out, &plot.Rule{X: at, Label: label})
	}
	return out
}

func (d *training) figure(label string) *plot.Figure {
	marks := append(d.errors, d.rules()...)
	f := &plot.Figure{Label: label, X: plot.Axis{Name: "optimiser step"}, Panels: []plot.Panel{{
		Height: 240, Y: plot.Axis{Name: "error, root mean square", Unit: "standard deviations of the output", Log: true}, Marks: append(marks, &d.best)}}}
	if len(d.residuals) > 0 {
		zero := &plot.Line{Name: "zero: provable below", Color: plot.Ink, Dash: plot.Dashed, Width: 1.2, X: []float64{0, d.last}, Y: []float64{0, 0}}
		marks := append([]plot.Mark{zero}, d.residuals...)
		f.Panels = append(f.Panels, plot.Panel{Height: 130, Y: plot.Axis{Name: "residual of the stability condition"}, Marks: append(marks, &d.bestBelow)})
	}
	return f
}

func (d *training) caption() string {
	s := "Solid: free-simulation error on the validation windows. Dotted: training error. Both in scaled outputs."
	if len(d.residuals) > 0 {
		s += " Below: the residual of the condition that the claim rests on; an iterate can be proved where it is negative."
	}
	if d.drawn > maxCurves {
		s += fmt.Sprintf(" The %s after the first %d are grey.", plural(d.drawn-maxCurves, "curve", "curves"), maxCurves)
	}
	return s
}

type stageStart struct {
	at    float64
	stage string
}

// unrolled is a curve with its stages one after the other on one axis of steps.
type unrolled struct {
	steps, validation []float64
	loss              []float64 // the root of the loss
	residual          []float64 // NaN where a point has none
	certifiable       bool      // some point has a residual
	starts            []stageStart
}

func unroll(points []Point) (u unrolled) {
	var offset, last float64
	for i, p := range points {
		if i == 0 || p.Stage != points[i-1].Stage {
			offset = last
			u.starts = append(u.starts, stageStart{offset, p.Stage})
		}
		last = offset + float64(p.Step)
		u.steps = append(u.steps, last)
		u.loss = append(u.loss, math.Sqrt(float64(p.Loss)))
		u.validation = append(u.validation, float64(p.Validation))
		residual := math.NaN()
		if p.Residual != nil {
			residual, u.certifiable = float64(*p.Residual), true
		}
		u.residual = append(u.residual, residual)
	}
	return u
}
