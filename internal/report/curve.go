package report

import (
	"strings"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/train"
)

// FirstStage names the optimiser that a fit begins with; the penalty is trained as Bonassi et al. 2023 do.
func FirstStage(fit string) string {
	if strings.Contains(fit, "-"+ident.Penalty) {
		return "RMSProp"
	}
	return "Adam"
}

// TrainingCurve is the training history of one fit.
func TrainingCurve(c ident.Curve) Curve {
	first := FirstStage(c.Fit)
	out := Curve{Name: c.Fit, Kept: c.Kept}
	for i, p := range c.Trace {
		stage := first
		if p.Stage == train.StageLBFGS {
			stage = "L-BFGS"
		}
		q := Point{Stage: stage, Step: p.Step, Loss: Number(p.Loss), Validation: Number(p.Validation)}
		if p.Residual != nil {
			v := Number(*p.Residual)
			q.Residual = &v
		}
		out.Points = append(out.Points, q)
		if p.Stage == c.Best.Stage && p.Step == c.Best.Step {
			out.Best = i
		}
	}
	return out
}
