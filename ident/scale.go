package ident

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/train"
)

// scaling derives the scaling from the estimation parts alone: inputs by the middle and half of their range (the
// declared operating range), outputs by mean and standard deviation.
func scaling(set *dataset.Set, delay []int, integrate []bool) (deploy.Scaling, error) {
	s := deploy.Scaling{Delay: delay, Integrate: integrate}
	parts := estimation(set)
	for _, c := range set.Inputs {
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range parts {
			for _, v := range set.Record.Experiments[p.Experiment].Data[c][p.From:p.To] {
				low, high = min(low, v), max(high, v)
			}
		}
		if !(high > low) {
			return s, fmt.Errorf("ident: input %q does not change in the training data (always %g); a model of its effect cannot be identified", set.Record.Signals[c].Name, low)
		}
		s.UMid = append(s.UMid, (low+high)/2)
		s.UHalf = append(s.UHalf, (high-low)/2)
	}
	for i, c := range set.Outputs {
		var n, mean, m2 float64
		for _, p := range parts {
			data := set.Record.Experiments[p.Experiment].Data[c]
			for k := p.From; k < p.To; k++ {
				v := data[k]
				if integrate[i] {
					if k == p.From {
						continue
					}
					v -= data[k-1]
				}
				n++ // Welford
				d := v - mean
				mean += d / n
				m2 += d * (v - mean)
			}
		}
		sd := math.Sqrt(m2 / n)
		if !(sd > 0) {
			return s, fmt.Errorf("ident: output %q does not change in the training data (always %g); there is nothing to identify", set.Record.Signals[c].Name, mean)
		}
		s.YMean, s.YStd = append(s.YMean, mean), append(s.YStd, sd)
		s.Low, s.High = append(s.Low, math.Inf(-1)), append(s.High, math.Inf(1))
	}
	return s, nil
}

// estimation lists the parts that may shape the model: training and validation.
func estimation(set *dataset.Set) []dataset.Part {
	return append(append([]dataset.Part(nil), set.Train...), set.Validation...)
}

// saturate finds sensor limits: an extreme value that the estimation outputs take at least this often, in runs, is a
// limit of the sensor and not of the plant.
const (
	saturationCount = 8
	saturationRun   = 3
)

// saturate sets the limits of outputs that visibly saturate.
func saturate(set *dataset.Set, s *deploy.Scaling) {
	for i, c := range set.Outputs {
		if s.Integrate[i] {
			continue
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range estimation(set) {
			for _, v := range set.Record.Experiments[p.Experiment].Data[c][p.From:p.To] {
				low, high = min(low, v), max(high, v)
			}
		}
		if sticks(set, c, high) {
			s.High[i] = high
		}
		if sticks(set, c, low) {
			s.Low[i] = low
		}
	}
}

// sticks reports whether the signal stays within a hair of the value often and in runs. The hair allows for a
// converter's last bit.
func sticks(set *dataset.Set, c int, value float64) bool {
	count, longest := 0, 0
	tol := 2e-4 * math.Abs(value)
	for _, p := range estimation(set) {
		run := 0
		for _, v := range set.Record.Experiments[p.Experiment].Data[c][p.From:p.To] {
			if math.Abs(v-value) <= tol {
				count++
				run++
				longest = max(longest, run)
			} else {
				run = 0
			}
		}
	}
	return count >= saturationCount && longest >= saturationRun
}

// sequences returns the scaled signals of the parts, windows included.
func sequences(set *dataset.Set, s *deploy.Scaling, parts []dataset.Part) []train.Sequence {
	var out []train.Sequence
	for _, p := range parts {
		out = append(out, train.Sequence{U: s.Inputs(set, p.Experiment, p.From, p.To), Y: s.Outputs(set, p.Experiment, p.From, p.To)})
	}
	return out
}

// carve cuts the last fraction of the training parts off for validation: whole parts where there are several of
// similar length, else the tail of each. The tail keeps lags samples of overlap so that its first window can start.
func carve(parts []dataset.Part, fraction float64, lags int) (fit, check []dataset.Part) {
	total := 0
	for _, p := range parts {
		total += p.To - p.From
	}
	if len(parts) >= 4 {
		k, n := len(parts), 0
		for k > 1 && float64(n) < fraction*float64(total)*0.75 {
			k--
			n += parts[k].To - parts[k].From
		}
		return parts[:k], parts[k:]
	}
	for _, p := range parts {
		cut := p.To - int(math.Round(fraction*float64(p.To-p.From)))
		a, b := p, p
		a.To = cut
		b.From = max(cut-lags, p.From)
		fit, check = append(fit, a), append(check, b)
	}
	return fit, check
}

// outputMap puts the scaling's limits and integrators into the trainer's units. A running sum of increments is
// compared in units of the output's standard deviation over a window.
func outputMap(s *deploy.Scaling, seqs []train.Sequence, steps int) train.OutputMap {
	var m train.OutputMap
	for i := range s.YMean {
		m.Low = append(m.Low, (s.Low[i]-s.YMean[i])/s.YStd[i])
		m.High = append(m.High, (s.High[i]-s.YMean[i])/s.YStd[i])
		kappa := 0.0
		if s.Integrate[i] {
			kappa = spread(seqs, i, steps)
		}
		m.Integrate = append(m.Integrate, kappa)
	}
	return m
}

// spread is the standard deviation of the running sum of output i over windows of the given length.
func spread(seqs []train.Sequence, i, steps int) float64 {
	var n, ss float64
	for _, q := range seqs {
		row := q.Y.Row(i)
		for at := 0; at+steps <= len(row); at += steps {
			var run float64
			for _, v := range row[at : at+steps] {
				run += v
				ss += run * run
				n++
			}
		}
	}
	return math.Sqrt(ss/max(n, 1)) + 1e-12
}
