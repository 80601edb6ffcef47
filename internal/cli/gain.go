package cli

import (
	"math"
	"math/big"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/nn/seq"
)

// Lower bounds of the gains that the checker bounds from above, found by simulating the deployed model. Perturbations
// are a constant and slow to fast tones on each input; any perturbation gives a valid lower bound.
const (
	gainSamples   = 2000 // simulated at most
	gainSmall     = 0.02 // amplitudes of a perturbation, in half-widths of the declared input range
	gainLarge     = 0.5
	gainTones     = 6   // frequencies, from one period in the whole stretch upward
	gainTopPeriod = 8.0 // samples, of the fastest tone
)

// perturbations returns directions in scaled inputs, one lane each: inputs x (steps*lanes).
func perturbations(inputs, steps int, amplitudes ...float64) (seq.Mat, int) {
	lanes := inputs * (gainTones + 1) * len(amplitudes)
	u := seq.NewMat(inputs, steps*lanes)
	lane := 0
	for i := range inputs {
		for _, a := range amplitudes {
			for f := range gainTones + 1 {
				omega := 0.0 // the constant
				if f > 0 {
					low, high := 2*math.Pi/float64(steps), 2*math.Pi/gainTopPeriod
					omega = low * math.Pow(high/low, float64(f-1)/(gainTones-1))
				}
				for k := range steps {
					u.Row(i)[k*lanes+lane] = a * math.Cos(omega*float64(k))
				}
				lane++
			}
		}
	}
	return u, lanes
}

// incrementalGain is the largest ratio |dy|_2/|du|_2 over samples and channels, physical units, of simulations of the
// part under its input and a perturbed one from the same initial state. Integrated outputs count by their increments
// and sensor limits are left out, as in the claim.
func incrementalGain(m *deploy.Model, set *dataset.Set, p dataset.Part) float64 {
	start := p.From + p.Window
	steps := min(p.Scored(), gainSamples)
	du, lanes := perturbations(len(set.Inputs), steps, gainSmall, gainLarge)
	base := m.Inputs(set, p.Experiment, start, start+steps)
	moved := seq.NewMat(du.Rows, du.Cols)
	for i := range du.Rows {
		for k := range steps {
			for l := range lanes {
				moved.Row(i)[k*lanes+l] = base.Row(i)[k] + du.Row(i)[k*lanes+l]
			}
		}
	}
	past := m.Past(set, p.Experiment, start)
	y0 := m.Simulate(past, base)
	y := m.Simulate(repeat(past, lanes), moved)
	best := 0.0
	for l := range lanes {
		var num, den float64
		for k := range steps {
			for i := range y.Rows {
				d := m.YStd[i] * (y.Row(i)[k*lanes+l] - y0.Row(i)[k])
				num += d * d
			}
			for i := range du.Rows {
				d := m.UHalf[i] * du.Row(i)[k*lanes+l]
				den += d * d
			}
		}
		best = max(best, math.Sqrt(num/den))
	}
	return best
}

// repeat copies a single column into all lanes.
func repeat(x seq.Mat, lanes int) seq.Mat {
	out := seq.NewMat(x.Rows, lanes)
	for i := range x.Rows {
		for l := range lanes {
			out.Row(i)[l] = x.Row(i)[0]
		}
	}
	return out
}

// restGain is the largest ratio of sup |y - y_rest| to sup |u - u_rest|, physical units, in the second half of
// simulations that start at rest. All members are gated networks with one rest input, at rest in the zero state.
func restGain(m *deploy.Model, rest []*big.Rat) float64 {
	inputs := len(m.UMid)
	u, lanes := perturbations(inputs, gainSamples, -gainLarge, gainSmall, gainLarge)
	at := make([]float64, inputs) // rest input, scaled
	cell := m.Members[0].Cell
	if s, ok := cell.(deploy.Sized); ok {
		cell = s.Deployed()
	}
	if g, ok := cell.(seq.Gated); ok {
		copy(at, g.Tensors().U0.Of(m.Members[0].W))
	}
	sup := make([]float64, lanes)
	for k := range gainSamples {
		for l := range lanes {
			var ss float64
			for i := range inputs {
				d := m.UHalf[i] * u.Row(i)[k*lanes+l]
				ss += d * d
			}
			sup[l] = max(sup[l], math.Sqrt(ss))
		}
	}
	for i := range inputs {
		row := u.Row(i)
		for k := range row {
			row[k] += at[i]
		}
	}
	var x0 []seq.Mat
	for _, b := range m.Members {
		x0 = append(x0, seq.NewMat(b.Cell.States(), lanes))
	}
	y := m.From(x0, u)
	best := 0.0
	for l := range lanes {
		for k := gainSamples / 2; k < gainSamples; k++ {
			var ss float64
			for i := range y.Rows {
				r, _ := rest[i].Float64()
				d := m.YMean[i] + m.YStd[i]*y.Row(i)[k*lanes+l] - r
				ss += d * d
			}
			best = max(best, math.Sqrt(ss)/sup[l])
		}
	}
	return best
}

// gainUnit is the unit of a gain: output over input, or in words where several units stand beside each other.
func gainUnit(set *dataset.Set, integrate []bool) string {
	of := func(columns []int) string {
		unit := set.Record.Signals[columns[0]].Unit
		for _, c := range columns {
			if set.Record.Signals[c].Unit != unit {
				return "mixed units"
			}
		}
		if unit == "" {
			return "1"
		}
		return unit
	}
	out, in := of(set.Outputs), of(set.Inputs)
	for _, i := range integrate {
		if i {
			out += " per sample"
			break
		}
	}
	return out + "/" + in
}
