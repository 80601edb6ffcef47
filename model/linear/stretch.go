package linear

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/dataset"
)

// stretch is one part in scaled signals. Inputs carry a lead of earlier samples, so that a delayed input is a shifted
// view: input j at time k with delay d is u[j][lead+k-d]. The first window samples initialise a simulation.
type stretch struct {
	steps, lead, window int
	u, y                [][]float64
}

// delayed is the view of input j whose element k is the input at time k-delay.
func (s *stretch) delayed(j, delay int) []float64 {
	return s.u[j][s.lead-delay : s.lead-delay+s.steps]
}

// cut returns samples [from, to) with what came before as lead.
func (s *stretch) cut(from, to int) stretch {
	c := stretch{steps: to - from, lead: s.lead + from, window: min(s.window, (to-from)/2)}
	for _, u := range s.u {
		c.u = append(c.u, u[:s.lead+to])
	}
	for _, y := range s.y {
		c.y = append(c.y, y[from:to])
	}
	return c
}

// usualWindow is the window of a part that has none, in samples.
const usualWindow = 50

// scaling maps signals to zero mean and unit standard deviation over the estimation parts.
type scaling struct {
	uMean, uStd, yMean, yStd []float64
}

// newScaling fails on a signal that does not change, since nothing can be learnt from or about it.
func newScaling(set *dataset.Set, parts []dataset.Part) (*scaling, error) {
	s := &scaling{}
	for _, c := range set.Inputs {
		mean, std := moments(set, parts, c)
		if !(std > 0) {
			return nil, fmt.Errorf("%w: input %q is always %g", ErrConstant, set.Record.Signals[c].Name, mean)
		}
		s.uMean, s.uStd = append(s.uMean, mean), append(s.uStd, std)
	}
	for _, c := range set.Outputs {
		mean, std := moments(set, parts, c)
		if !(std > 0) {
			return nil, fmt.Errorf("%w: output %q is always %g", ErrConstant, set.Record.Signals[c].Name, mean)
		}
		s.yMean, s.yStd = append(s.yMean, mean), append(s.yStd, std)
	}
	return s, nil
}

// moments returns mean and population standard deviation of a signal over parts.
func moments(set *dataset.Set, parts []dataset.Part, c int) (mean, std float64) {
	var n, m2 float64
	for _, p := range parts {
		for _, v := range set.Record.Experiments[p.Experiment].Data[c][p.From:p.To] {
			n++ // Welford
			d := v - mean
			mean += d / n
			m2 += d * (v - mean)
		}
	}
	return mean, math.Sqrt(m2 / n)
}

// stretches scales the parts. Before the experiment's first sample an input is taken as constant.
func (s *scaling) stretches(set *dataset.Set, parts []dataset.Part, lead int) []stretch {
	var out []stretch
	for _, p := range parts {
		data := set.Record.Experiments[p.Experiment].Data
		st := stretch{steps: p.To - p.From, lead: lead, window: p.Window}
		if st.window == 0 {
			st.window = min(usualWindow, st.steps/4)
		}
		for j, c := range set.Inputs {
			u := make([]float64, lead+st.steps)
			for k := range u {
				u[k] = (data[c][max(p.From+k-lead, 0)] - s.uMean[j]) / s.uStd[j]
			}
			st.u = append(st.u, u)
		}
		for i, c := range set.Outputs {
			y := make([]float64, st.steps)
			for k := range y {
				y[k] = (data[c][p.From+k] - s.yMean[i]) / s.yStd[i]
			}
			st.y = append(st.y, y)
		}
		out = append(out, st)
	}
	return out
}

func length(parts []stretch) (n int) {
	for i := range parts {
		n += parts[i].steps
	}
	return n
}
