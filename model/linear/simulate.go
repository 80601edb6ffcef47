package linear

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/internal/linalg"
)

// Simulate returns the outputs (one slice per output) under inputs u (one slice per input, equally long) from the state
// x0; nil x0 means zero, the state at rest under the mean input of the estimation data. An input is taken as constant before its first sample.
func (m *Model) Simulate(u [][]float64, x0 []float64) ([][]float64, error) {
	steps, err := m.window(u, nil)
	if err != nil {
		return nil, err
	}
	if x0 == nil {
		x0 = make([]float64, m.Order)
	}
	if len(x0) != m.Order {
		return nil, fmt.Errorf("linear: initial state of length %d for a model of order %d", len(x0), m.Order)
	}
	y, _ := m.run(m.shift(u), x0, steps)
	return y, nil
}

// InitialState returns the state at the sample after a window of measured inputs and outputs (one slice per signal, all
// equally long). It is the weighted least-squares estimate: the window's outputs against their simulation, errors weighed
// by the inverse variance that the model's simulation error has on the estimation data and by the sample's age, together with
// the state's second moments on the estimation data, which decide what the window does not show. An empty window gives
// zero.
func (m *Model) InitialState(u, y [][]float64) ([]float64, error) {
	steps, err := m.window(u, y)
	if err != nil {
		return nil, err
	}
	return m.observe(m.shift(u), y, steps), nil
}

func (m *Model) window(u, y [][]float64) (steps int, err error) {
	if len(u) != m.Inputs || y != nil && len(y) != m.Outputs {
		return 0, fmt.Errorf("linear: the model has %d inputs and %d outputs, the data %d and %d", m.Inputs, m.Outputs, len(u), len(y))
	}
	if m.Inputs > 0 {
		steps = len(u[0])
	}
	for _, x := range append(append([][]float64(nil), u...), y...) {
		if len(x) != steps {
			return 0, fmt.Errorf("linear: signals of %d and %d samples", steps, len(x))
		}
	}
	return steps, nil
}

// shift delays the inputs.
func (m *Model) shift(u [][]float64) [][]float64 {
	out := make([][]float64, len(u))
	for j, x := range u {
		out[j] = make([]float64, len(x))
		for k := range x {
			out[j][k] = x[max(k-m.Delay[j], 0)]
		}
	}
	return out
}

// run simulates from x under delayed inputs and returns outputs and final state.
func (m *Model) run(u [][]float64, x []float64, steps int) (y [][]float64, end []float64) {
	y = make([][]float64, m.Outputs)
	for i := range y {
		y[i] = make([]float64, steps)
	}
	x = append([]float64(nil), x...)
	next, in := make([]float64, m.Order), make([]float64, m.Inputs)
	for k := range steps {
		for j := range in {
			in[j] = u[j][k]
		}
		for i := range y {
			y[i][k] = m.By[i] + dot(m.C[i*m.Order:(i+1)*m.Order], x) + dot(m.D[i*m.Inputs:(i+1)*m.Inputs], in)
		}
		for r := range next {
			next[r] = m.Bx[r] + dot(m.A[r*m.Order:(r+1)*m.Order], x) + dot(m.B[r*m.Inputs:(r+1)*m.Inputs], in)
		}
		x, next = next, x
	}
	return y, x
}

// observe is InitialState for delayed inputs. With unit second moments of the state the estimate
// minimises
//
//	|x|^2 + sum_k w_k sum_i trust_i (y_i(k) - yfree_i(k) - (C A^k x)_i)^2
func (m *Model) observe(u, y [][]float64, steps int) []float64 {
	n := m.Order
	x := make([]float64, n)
	free, _ := m.run(u, x, steps)
	info, rhs := linalg.Identity(n), make([]float64, n)
	rows := append([]float64(nil), m.C...) // C A^k
	w := math.Pow(m.forget, float64(steps-1))
	for k := range steps {
		for i := range m.Outputs {
			c := rows[i*n : (i+1)*n]
			f := w * m.trust[i]
			axpy(rhs, f*(y[i][k]-free[i][k]), c)
			for r := range n {
				axpy(info[r*n:(r+1)*n], f*c[r], c)
			}
		}
		rows = linalg.Mul(m.Outputs, n, n, rows, m.A)
		w /= m.forget
	}
	if l, ok := linalg.Cholesky(n, info); ok { // identity plus squares: fails on overflow only
		x = linalg.SolveCholesky(n, 1, l, rhs)
	}
	_, end := m.run(u, x, steps)
	return end
}

// longestWindow bounds the samples that an initial state is estimated from.
const longestWindow = 200

// SimulatePart predicts the scored samples of a part in free simulation: of the measured outputs it reads those of the
// part's window only. The result has one slice of part.Scored() samples per output, in physical units.
func (m *Model) SimulatePart(set *dataset.Set, p dataset.Part) ([][]float64, error) {
	if err := m.fits(set, p); err != nil {
		return nil, err
	}
	start := p.From + p.Window
	x := m.stateAt(set, p, start)
	y, _ := m.run(m.inputs(set, p.Experiment, start, p.To), x, p.To-start)
	return y, nil
}

// PredictPart returns the k-step-ahead predictions of the scored samples of a part: sample t is simulated k steps from
// the state estimated from measurements up to t-k. The first k-1 scored samples, whose start would lie before the
// window's end, are predicted from the window's end.
func (m *Model) PredictPart(set *dataset.Set, p dataset.Part, k int) ([][]float64, error) {
	if err := m.fits(set, p); err != nil {
		return nil, err
	}
	if k < 1 {
		return nil, fmt.Errorf("linear: prediction horizon must be at least 1, got %d", k)
	}
	start := p.From + p.Window
	out, err := m.SimulatePart(set, dataset.Part{Experiment: p.Experiment, From: p.From, To: min(start+k, p.To), Window: p.Window})
	if err != nil {
		return nil, err
	}
	reach := min(p.Window, longestWindow)
	e := m.encoder(reach)
	for t := start + k; t < p.To; t++ {
		at := t - k + 1
		x := e.state(m.inputs(set, p.Experiment, at-reach, at), m.outputs(set, p.Experiment, at-reach, at))
		y, _ := m.run(m.inputs(set, p.Experiment, at, t+1), x, k)
		for i := range out {
			out[i] = append(out[i], y[i][k-1])
		}
	}
	return out, nil
}

func (m *Model) fits(set *dataset.Set, p dataset.Part) error {
	if len(set.Inputs) != m.Inputs || len(set.Outputs) != m.Outputs {
		return fmt.Errorf("linear: the model has %d inputs and %d outputs, the data %d and %d", m.Inputs, m.Outputs, len(set.Inputs), len(set.Outputs))
	}
	if p.Scored() < 1 {
		return fmt.Errorf("linear: part %q has no samples after its window of %d", p.Name, p.Window)
	}
	return nil
}

// stateAt is the state at sample start of a part, from what was measured before.
func (m *Model) stateAt(set *dataset.Set, p dataset.Part, start int) []float64 {
	from := max(p.From, start-longestWindow)
	return m.observe(m.inputs(set, p.Experiment, from, start), m.outputs(set, p.Experiment, from, start), start-from)
}

// inputs returns delayed inputs over samples [from, to) of an experiment, constant before its first sample.
func (m *Model) inputs(set *dataset.Set, exp, from, to int) [][]float64 {
	u := make([][]float64, m.Inputs)
	for j, c := range set.Inputs {
		data := set.Record.Experiments[exp].Data[c]
		if d := m.Delay[j]; from >= d {
			u[j] = data[from-d : to-d]
			continue
		}
		u[j] = make([]float64, to-from)
		for k := range u[j] {
			u[j][k] = data[max(from+k-m.Delay[j], 0)]
		}
	}
	return u
}

func (m *Model) outputs(set *dataset.Set, exp, from, to int) [][]float64 {
	y := make([][]float64, m.Outputs)
	for i, c := range set.Outputs {
		y[i] = set.Record.Experiments[exp].Data[c][from:to]
	}
	return y
}

// encoder is InitialState for one window length as an affine map of the window.
type encoder struct {
	steps int
	u, y  []float64 // n x steps*m and n x steps*p, time-major columns
	b     []float64
}

// encoder evaluates the affine map on unit windows.
func (m *Model) encoder(steps int) *encoder {
	n := m.Order
	e := &encoder{steps: steps, u: make([]float64, n*steps*m.Inputs), y: make([]float64, n*steps*m.Outputs)}
	u, y := zeros(m.Inputs, steps), zeros(m.Outputs, steps)
	e.b = m.observe(u, y, steps)
	probe := func(x []float64, k int, into []float64, width, col int) {
		x[k] = 1
		end := m.observe(u, y, steps)
		x[k] = 0
		for r := range n {
			into[r*width+col] = end[r] - e.b[r]
		}
	}
	for k := range steps {
		for j := range u {
			probe(u[j], k, e.u, steps*m.Inputs, k*m.Inputs+j)
		}
		for i := range y {
			probe(y[i], k, e.y, steps*m.Outputs, k*m.Outputs+i)
		}
	}
	return e
}

// state is the state after a window of delayed inputs and outputs.
func (e *encoder) state(u, y [][]float64) []float64 {
	x := append([]float64(nil), e.b...)
	for r := range x {
		x[r] += e.part(e.u, r, u) + e.part(e.y, r, y)
	}
	return x
}

func (e *encoder) part(w []float64, r int, s [][]float64) (sum float64) {
	width := e.steps * len(s)
	row := w[r*width : (r+1)*width]
	for i, x := range s {
		for k, v := range x {
			sum += row[k*len(s)+i] * v
		}
	}
	return sum
}

func zeros(rows, cols int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		out[i] = make([]float64, cols)
	}
	return out
}
