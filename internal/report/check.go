package report

import "fmt"

// check refuses a report whose lists do not fit together, naming both lengths.
func check(r *Report) error {
	for i := range r.Parts {
		if err := checkPart(&r.Parts[i], len(r.Outputs)); err != nil {
			return fmt.Errorf("report: part %q: %w", r.Parts[i].Name, err)
		}
	}
	for _, row := range r.Rows {
		for _, s := range row.Scores {
			if len(s.RMSE) > len(r.Outputs) || len(s.FIT) > len(r.Outputs) {
				return fmt.Errorf("report: row %q, part %q: %d RMSE and %d FIT for %d outputs", row.Name, s.Part, len(s.RMSE), len(s.FIT), len(r.Outputs))
			}
		}
	}
	if g := r.Forgetting; g != nil {
		if len(g.Bound) > 0 && len(g.Bound) != len(g.Difference) || g.K != nil && len(g.K) != len(g.Difference) {
			return fmt.Errorf("report: forgetting: %d differences, %d bounds, %d sample numbers", len(g.Difference), len(g.Bound), len(g.K))
		}
	}
	if e := r.Counterexample; e != nil {
		if len(e.A) != len(e.B) || len(e.Input.Values) > 0 && len(e.Input.Values) != len(e.A) {
			return fmt.Errorf("report: counterexample: responses of %d and %d samples, input of %d", len(e.A), len(e.B), len(e.Input.Values))
		}
	}
	return nil
}

func checkPart(p *Part, outputs int) error {
	if len(p.Outputs) > outputs {
		return fmt.Errorf("%d outputs, the report names %d", len(p.Outputs), outputs)
	}
	for _, t := range p.Outputs {
		n := len(t.Measured)
		if len(t.Simulated) != n || len(t.Linear) > 0 && len(t.Linear) != n {
			return fmt.Errorf("output %q: %d measured, %d simulated, %d linear samples", t.Name, n, len(t.Simulated), len(t.Linear))
		}
		for _, u := range p.Inputs {
			if len(u.Values) != n {
				return fmt.Errorf("output %q has %d samples, input %q has %d", t.Name, n, u.Name, len(u.Values))
			}
		}
	}
	for _, k := range p.Prediction {
		if len(k.RMSE) > outputs || len(k.Linear) > outputs {
			return fmt.Errorf("%d-step prediction: %d and %d figures for %d outputs", k.Steps, len(k.RMSE), len(k.Linear), outputs)
		}
	}
	return nil
}
