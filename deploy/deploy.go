// Package deploy runs a deployed model: physical signals in, physical signals out, exactly as docs/bundle.md defines
// it. It knows nothing of training; predictions that are scored, reported or served all come from here.
package deploy

import (
	"fmt"
	"math"
	"slices"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/internal/kernel"
	"github.com/plumb-go/plumb/nn/seq"
)

// Scaling maps physical signals to what the members see, u' = (u - UMid)/UHalf and y' = (y - YMean)/YStd, and holds
// what stands around the certified block: input delays, integrators and sensor limits.
type Scaling struct {
	UMid, UHalf []float64
	YMean, YStd []float64
	Delay       []int     // samples, per input
	Integrate   []bool    // per output: members predict the increment y(k) - y(k-1)
	Low, High   []float64 // sensor limits in physical units, -Inf and +Inf where there are none
}

// Member is one network of a parallel sum.
type Member struct {
	Cell       seq.Cell
	Kind       string
	W          []float64
	EncW, EncB []float64 // States x Lags(m+p) and States
}

// Model is a deployed model.
type Model struct {
	Scaling
	Lags    int // samples before the first prediction that the encoders read
	Members []Member
}

// Inputs returns the scaled, delayed inputs over samples [from, to) of an experiment, inputs x (to-from). Before the
// experiment's first sample an input is taken as constant.
func (s *Scaling) Inputs(set *dataset.Set, exp, from, to int) seq.Mat {
	u := seq.NewMat(len(set.Inputs), to-from)
	data := set.Record.Experiments[exp].Data
	for i, c := range set.Inputs {
		row := u.Row(i)
		for k := range row {
			row[k] = (data[c][max(from+k-s.Delay[i], 0)] - s.UMid[i]) / s.UHalf[i]
		}
	}
	return u
}

// Outputs returns the scaled measured outputs over samples [from, to) of an experiment, increments where integrated. It
// reads no other sample: the first increment is taken from the second (NaN where there is none).
func (s *Scaling) Outputs(set *dataset.Set, exp, from, to int) seq.Mat {
	return s.outputs(set, exp, from, from, to)
}

// outputs is Outputs where samples from floor <= from on may be read, so that the first increment is known if
// floor < from.
func (s *Scaling) outputs(set *dataset.Set, exp, floor, from, to int) seq.Mat {
	y := seq.NewMat(len(set.Outputs), to-from)
	data := set.Record.Experiments[exp].Data
	for i, c := range set.Outputs {
		row := y.Row(i)
		for k := range row {
			v := data[c][from+k]
			if j := max(from+k, floor+1); s.Integrate[i] && j < to {
				v = data[c][j] - data[c][j-1]
			} else if s.Integrate[i] {
				v = math.NaN()
			}
			row[k] = (v - s.YMean[i]) / s.YStd[i]
		}
	}
	return y
}

// SimulatePart predicts the scored samples of a part in free simulation: it reads the measured outputs of the part's
// window only. The result has one slice of part.Scored() samples per output, in physical units.
func (m *Model) SimulatePart(set *dataset.Set, p dataset.Part) ([][]float64, error) {
	if err := m.fits(set, p); err != nil {
		return nil, err
	}
	start := p.From + p.Window
	past := m.past(set, p.Experiment, p.From, []int{start})
	u := m.Inputs(set, p.Experiment, start, p.To)
	y := m.Simulate(past, u)
	out := make([][]float64, len(set.Outputs))
	for i, c := range set.Outputs {
		var last float64
		if m.Integrate[i] {
			last = set.Record.Experiments[p.Experiment].Data[c][start-1]
		}
		out[i] = m.physical(i, y.Row(i), 1, 0, p.Scored(), last)
	}
	return out, nil
}

// SimulateZero predicts the samples of a part after its window in free simulation from the zero state of every member,
// without a measured output; integrated outputs start from 0. What of it the initial state caused fades as far as the
// model forgets.
func (m *Model) SimulateZero(set *dataset.Set, p dataset.Part) ([][]float64, error) {
	if err := m.covers(set, p); err != nil {
		return nil, err
	}
	var x0 []seq.Mat
	for _, b := range m.Members {
		x0 = append(x0, seq.NewMat(b.Cell.States(), 1))
	}
	y := m.From(x0, m.Inputs(set, p.Experiment, p.From+p.Window, p.To))
	out := make([][]float64, len(m.YMean))
	for i := range out {
		out[i] = m.physical(i, y.Row(i), 1, 0, p.Scored(), 0)
	}
	return out, nil
}

// PredictPart returns the k-step-ahead predictions of the scored samples of a part: sample t is simulated k steps from
// the initial state that the encoder reads off the measurements up to t-k. The first k-1 scored samples, whose start
// would lie before the window's end, are predicted from the window's end.
func (m *Model) PredictPart(set *dataset.Set, p dataset.Part, k int) ([][]float64, error) {
	if err := m.fits(set, p); err != nil {
		return nil, err
	}
	if k < 1 {
		return nil, fmt.Errorf("deploy: prediction horizon must be at least 1, got %d", k)
	}
	first := p.From + p.Window
	out := make([][]float64, len(set.Outputs))
	for i := range out {
		out[i] = make([]float64, p.Scored())
	}
	if k > 1 {
		head, err := m.SimulatePart(set, dataset.Part{Experiment: p.Experiment, From: p.From, To: min(first+k-1, p.To), Window: p.Window})
		if err != nil {
			return nil, err
		}
		for i := range out {
			copy(out[i], head[i])
		}
	}
	const block = 512 // lanes simulated at once
	for at := first + k - 1; at < p.To; at += block {
		lanes := min(block, p.To-at)
		starts := make([]int, lanes)
		u := seq.NewMat(len(set.Inputs), k*lanes)
		all := m.Inputs(set, p.Experiment, at-k+1, at+lanes)
		for l := range starts {
			starts[l] = at + l - k + 1
			for i := range set.Inputs {
				for t := range k {
					u.Row(i)[t*lanes+l] = all.Row(i)[l+t]
				}
			}
		}
		y := m.Simulate(m.past(set, p.Experiment, p.From, starts), u)
		for i, c := range set.Outputs {
			data := set.Record.Experiments[p.Experiment].Data[c]
			for l := range starts {
				var last float64
				if m.Integrate[i] {
					last = data[starts[l]-1]
				}
				tail := m.physical(i, y.Row(i), lanes, l, k, last)
				out[i][at-first+l] = tail[k-1]
			}
		}
	}
	return out, nil
}

// covers reports whether the data have the model's signals and the part has samples to predict.
func (m *Model) covers(set *dataset.Set, p dataset.Part) error {
	if len(set.Inputs) != len(m.UMid) || len(set.Outputs) != len(m.YMean) {
		return fmt.Errorf("deploy: the model has %d inputs and %d outputs, the data %d and %d", len(m.UMid), len(m.YMean), len(set.Inputs), len(set.Outputs))
	}
	if n := len(set.Record.Experiments); p.Experiment < 0 || p.Experiment >= n {
		return fmt.Errorf("deploy: part %q is of experiment %d, the record has %d", p.Name, p.Experiment+1, n)
	}
	if n := set.Record.Experiments[p.Experiment].Len(); p.From < 0 || p.Window < 0 || p.To > n {
		return fmt.Errorf("deploy: part %q covers samples %d to %d with a window of %d, the experiment has %d samples", p.Name, p.From, p.To-1, p.Window, n)
	}
	if p.Scored() < 1 {
		return fmt.Errorf("deploy: part %q has no samples after its window of %d", p.Name, p.Window)
	}
	return nil
}

// fits reports whether the model can predict the part from its window.
func (m *Model) fits(set *dataset.Set, p dataset.Part) error {
	if err := m.covers(set, p); err != nil {
		return err
	}
	if p.Window < m.Lags {
		return fmt.Errorf("deploy: the initial state needs %d measured samples, the window of part %q has %d", m.Lags, p.Name, p.Window)
	}
	if slices.Contains(m.Integrate, true) && p.Window < min(m.Lags, 1)+1 {
		return fmt.Errorf("deploy: an integrated output starts from %d measured samples, the window of part %q has %d", min(m.Lags, 1)+1, p.Name, p.Window)
	}
	return nil
}

// Past stacks the encoder's regressors for a simulation whose first predicted sample is start. Of the outputs it reads
// the Lags samples before start.
func (m *Model) Past(set *dataset.Set, exp, start int) seq.Mat {
	return m.past(set, exp, start-m.Lags, []int{start})
}

// past stacks the encoder's regressors for simulations whose first predicted samples are starts: for each input its
// Lags past values, oldest first, then for each output. No output before sample floor is read.
func (m *Model) past(set *dataset.Set, exp, floor int, starts []int) seq.Mat {
	in, out := len(set.Inputs), len(set.Outputs)
	z := seq.NewMat(m.Lags*(in+out), len(starts))
	for l, at := range starts {
		u := m.Inputs(set, exp, at-m.Lags, at)
		y := m.outputs(set, exp, floor, at-m.Lags, at)
		for i := range in {
			for j, v := range u.Row(i) {
				z.Row(i*m.Lags + j)[l] = v
			}
		}
		for i := range out {
			for j, v := range y.Row(i) {
				z.Row((in+i)*m.Lags + j)[l] = v
			}
		}
	}
	return z
}

// Simulate returns the mean of the members' scaled outputs (outputs x steps*lanes) under scaled inputs u from encoded
// initial states; past has one column per lane.
func (m *Model) Simulate(past, u seq.Mat) seq.Mat {
	x0 := make([]seq.Mat, len(m.Members))
	for j := range m.Members {
		x0[j] = m.Members[j].Encode(past)
	}
	return m.From(x0, u)
}

// From is Simulate from given initial states, one matrix (States x lanes) per member.
func (m *Model) From(x0 []seq.Mat, u seq.Mat) seq.Mat {
	lanes := x0[0].Cols
	steps := u.Cols / lanes
	sum := seq.NewMat(len(m.YMean), steps*lanes)
	for j := range m.Members {
		y, _ := m.Members[j].Run(x0[j], u)
		for i := range y.Rows {
			kernel.Add(sum.Row(i), sum.Row(i), y.Row(i))
		}
	}
	for i := range sum.Rows {
		row := sum.Row(i)
		for k := range row {
			row[k] /= float64(len(m.Members))
		}
	}
	return sum
}

// Encode returns the initial states for regressors past (Lags(m+p) x lanes).
func (b *Member) Encode(past seq.Mat) seq.Mat {
	n := b.Cell.States()
	x := seq.NewMat(n, past.Cols)
	for i := range n {
		row := x.Row(i)
		for l := range row {
			row[l] = b.EncB[i]
		}
	}
	kernel.Gemm(false, false, n, past.Cols, past.Rows, b.EncW, past.Rows, past.Data, past.Stride, true, x.Data, x.Stride)
	if c, ok := b.Cell.(seq.Confined); ok {
		seq.Confine(c, b.W, x, x)
	}
	return x
}

// Box returns the half-widths of the box that confines the member's initial state, nil where nothing does.
func (b *Member) Box() []float64 {
	c, ok := b.Cell.(seq.Confined)
	if !ok {
		return nil
	}
	box := make([]float64, c.States())
	for _, p := range c.Box() {
		copy(box[p.First:p.First+p.States], p.Tensor.Of(b.W))
	}
	return box
}

// Run simulates the member alone, from x0 (States x lanes) under u (inputs x steps*lanes), in scaled signals; it
// returns the outputs and the final states.
func (b *Member) Run(x0, u seq.Mat) (y, end seq.Mat) {
	lanes := x0.Cols
	steps := u.Cols / lanes
	y, end = seq.NewMat(b.Cell.Outputs(), steps*lanes), x0
	block := max(1<<14/lanes, 1) // steps simulated at once: bounds the workspace of long records
	var pass seq.Pass
	for at := 0; at < steps; at += block {
		n := min(block, steps-at)
		if pass == nil || n < block {
			pass = b.Cell.NewPass(n, lanes)
		}
		pass.Forward(b.W, columns(u, at*lanes, n*lanes), end, columns(y, at*lanes, n*lanes))
		next := seq.NewMat(b.Cell.States(), lanes)
		pass.State(next)
		end = next
	}
	return y, end
}

// columns is the view of count columns of m from col on.
func columns(m seq.Mat, col, count int) seq.Mat {
	m.Data = m.Data[col:]
	m.Cols = count
	return m
}

// physical turns one lane of scaled output i into physical units: unscale, integrate from the last measured value, and
// limit to the sensor's range.
func (m *Model) physical(i int, y []float64, lanes, lane, steps int, last float64) []float64 {
	out := make([]float64, steps)
	run := last
	for t := range out {
		v := m.YMean[i] + m.YStd[i]*y[t*lanes+lane]
		if m.Integrate[i] {
			run += v
			v = run
		}
		out[t] = math.Min(math.Max(v, m.Low[i]), m.High[i])
	}
	return out
}
