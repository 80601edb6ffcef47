package repro

import (
	"fmt"
	"strings"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
)

// checkTable lists the checks that have a bound.
func checkTable(checks []Check) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "check"}, {Text: "value", Number: true}, {Text: "bound", Number: true}, {Text: ""}}}
	for _, c := range checks {
		word := "✓ pass"
		if !c.Pass {
			word = "✗ FAIL"
		}
		if c.Bound != Reported {
			bound := strings.NewReplacer(">=", "≥", "<=", "≤", "-", "−").Replace(c.Bound)
			t.Rows = append(t.Rows, report.TableRow{Cells: []report.Cell{{Text: c.Name}, {Text: text(float64(c.Value))}, {Text: bound}, {Text: word}}})
		}
	}
	return t
}

// fitTable compares the models' simulations.
func (s *study) fitTable(own *fitted) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "model"}}}
	for i := range s.set.Outputs {
		t.Heads = append(t.Heads, report.Head{Text: "FIT " + s.name(i) + " [%]", Number: true}, report.Head{Text: "RMSE " + s.name(i) + s.unit(i), Number: true})
	}
	t.Heads = append(t.Heads, report.Head{Text: "FIT, eq. (20) [%]", Number: true}, report.Head{Text: "smallest prediction" + s.unit(0), Number: true},
		report.Head{Text: "parameters", Number: true}, report.Head{Text: "training run [s]", Number: true})
	for _, f := range s.models {
		row := report.TableRow{Chosen: f == own, Cells: []report.Cell{{Text: f.Name}}}
		for i := range f.FIT {
			row.Cells = append(row.Cells, report.Cell{Text: fixed(float64(f.FIT[i]), 2)}, report.Cell{Text: text(float64(f.RMSE[i]))})
		}
		row.Cells = append(row.Cells, report.Cell{Text: fixed(float64(f.SumFIT), 2)}, report.Cell{Text: fixed(float64(f.Smallest), 2)},
			report.Cell{Text: fmt.Sprint(f.Parameters)}, report.Cell{Text: fixed(float64(f.Seconds), 0)})
		t.Rows = append(t.Rows, row)
	}
	t.Note = "FIT = 100 (1 − |y − ŷ| / |y − mean y|) over the scored samples, per output. FIT, eq. (20) of Bonassi et al. 2023 = 100 (1 − Σₖ |yₖ − ŷₖ|₂ / Σₖ |yₖ − mean y|₂) over both outputs jointly. " +
		"A model fitted on the way shares the training run of the model that was handed over."
	return t
}

// claimTable compares what is proved of the models.
func (s *study) claimTable(own *fitted) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "model"}, {Text: "claim"}, {Text: "verdict"}, {Text: "rate per sample", Number: true}, {Text: "recovery time", Number: true}}}
	for i := range s.set.Outputs {
		t.Heads = append(t.Heads, report.Head{Text: "gain of " + s.name(i), Number: true})
	}
	t.Heads = append(t.Heads, report.Head{Text: "worst ratio over the bound", Number: true}, report.Head{Text: "residual", Number: true})
	for _, f := range s.models {
		row := report.TableRow{Chosen: f == own, Cells: []report.Cell{{Text: f.Name}, {Text: claimWord(f.Claim)}, {Text: dash(f.Verdict)}, {Text: rateText(float64(f.Rate))}, s.recovery(f)}}
		for i := range s.set.Outputs {
			c := report.Cell{Text: "–"}
			if i < len(f.Gain) {
				c = report.Cell{Text: "≤ " + upperText(float64(f.Gain[i])), Small: f.GainUnit[i]}
			}
			row.Cells = append(row.Cells, c)
		}
		attack := report.Cell{Text: "–"}
		if f.Attack != nil {
			attack = report.Cell{Text: text(f.Attack.Ratio), Small: "estimated"}
		}
		row.Cells = append(row.Cells, attack, report.Cell{Text: text(float64(f.Residual))})
		t.Rows = append(t.Rows, row)
	}
	t.Note = "Rate, recovery time and gain are proved bounds. Recovery time: until two simulations under one input differ by at most 1 % of each output's standard deviation, from any two initial states in the boxes. " +
		"Worst ratio: the largest difference over its proved bound that the attack found. Residual: of the stability condition at the stored iterate, for classes that keep to it by training; provable where negative."
	return t
}

// prices compares the models that carry a guarantee, or aim at one, with the unconstrained one.
func (s *study) prices(free *fitted) *report.Table {
	t := &report.Table{Heads: []report.Head{{Text: "price of the guarantee, FIT points"}}, Note: "FIT of the unconstrained network of equal size less that of the model: what the guarantee costs; negative where it costs nothing."}
	for i := range s.set.Outputs {
		t.Heads = append(t.Heads, report.Head{Text: s.name(i), Number: true})
	}
	for _, f := range s.models {
		if f == free || f.linear {
			continue
		}
		row := report.TableRow{Cells: []report.Cell{{Text: f.Name}}}
		for i := range f.FIT {
			row.Cells = append(row.Cells, report.Cell{Text: fixed(float64(free.FIT[i]-f.FIT[i]), 2)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// claimWord is a claim as the paper writes it.
func claimWord(claim string) string {
	if claim == ident.DeltaISS {
		return "δISS"
	}
	return dash(claim)
}

// recovery is a recovery time with its samples.
func (s *study) recovery(f *fitted) report.Cell {
	if f.Recovery == 0 {
		return report.Cell{Text: "–"}
	}
	return report.Cell{Text: "≤ " + s.seconds(f.Recovery), Small: fmt.Sprintf("%d samples", f.Recovery)}
}
