package ident

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/metric"
	"github.com/plumb-go/plumb/model/ssm"
	"github.com/plumb-go/plumb/model/witness"
	"github.com/plumb-go/plumb/nn/seq"
)

// Score holds the free-simulation figures of one model on one part, lists over outputs, physical units.
type Score struct {
	Name    string   `json:"name"`
	Samples int      `json:"samples"`
	Unit    []string `json:"unit"`
	RMSE    []Figure `json:"rmse"`
	FIT     []Figure `json:"fit"`
	NRMSE   []Figure `json:"nrmse"`
	Pooled  Figure   `json:"rmse_pooled"`
}

// Figure is a number that JSON writes as null where it is not finite: a ratio to a constant signal, a simulation that
// diverged.
type Figure float64

// MarshalJSON writes the shortest decimal, or null.
func (f Figure) MarshalJSON() ([]byte, error) {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// UnmarshalJSON reads null as NaN.
func (f *Figure) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*f = Figure(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(f))
}

// Simulator predicts the scored samples of a part in free simulation.
type Simulator interface {
	SimulatePart(*dataset.Set, dataset.Part) ([][]float64, error)
}

// Measured returns the scored samples of a part, one slice per output.
func Measured(set *dataset.Set, p dataset.Part) [][]float64 {
	var out [][]float64
	for _, c := range set.Outputs {
		out = append(out, set.Record.Experiments[p.Experiment].Data[c][p.From+p.Window:p.To])
	}
	return out
}

// Groups joins the test parts that carry one name, such as the realisations of one experiment, into one figure.
func Groups(parts []dataset.Part) (names []string, groups [][]dataset.Part) {
	at := map[string]int{}
	for i, p := range parts {
		name := p.Name
		if name == "" {
			name = "test"
			if len(parts) > 1 {
				name = fmt.Sprintf("test %d", i+1)
			}
		}
		j, ok := at[name]
		if !ok {
			j = len(groups)
			at[name] = j
			names, groups = append(names, name), append(groups, nil)
		}
		groups[j] = append(groups[j], p)
	}
	return names, groups
}

// Evaluate scores a model on the parts in free simulation; parts with one name are scored together.
func Evaluate(set *dataset.Set, parts []dataset.Part, m Simulator) ([]Score, error) {
	names, groups := Groups(parts)
	var out []Score
	for g, name := range names {
		y, yhat := make([][]float64, len(set.Outputs)), make([][]float64, len(set.Outputs))
		for _, p := range groups[g] {
			sim, err := m.SimulatePart(set, p)
			if err != nil {
				return nil, err
			}
			for i, meas := range Measured(set, p) {
				y[i], yhat[i] = append(y[i], meas...), append(yhat[i], sim[i]...)
			}
		}
		s, err := score(name, y, yhat)
		if err != nil {
			return nil, err
		}
		for _, c := range set.Outputs {
			s.Unit = append(s.Unit, set.Record.Signals[c].Unit)
		}
		out = append(out, s)
	}
	return out, nil
}

func score(name string, y, yhat [][]float64) (Score, error) {
	s := Score{Name: name, Samples: len(y[0])}
	scores, err := metric.PerOutput(y, yhat)
	if err != nil {
		return s, fmt.Errorf("ident: part %q: %w", name, err)
	}
	for _, m := range scores {
		s.RMSE, s.NRMSE, s.FIT = append(s.RMSE, Figure(m.RMSE)), append(s.NRMSE, Figure(m.NRMSE)), append(s.FIT, Figure(m.FIT))
	}
	s.Pooled = Figure(metric.Pooled(scores...))
	return s, nil
}

// OutOfRange lists, per part, how far an input leaves the range that the model was identified on. Nothing is clipped.
func OutOfRange(set *dataset.Set, parts []dataset.Part, s *deploy.Scaling) []string {
	var out []string
	for _, p := range parts {
		for i, c := range set.Inputs {
			count, worst := 0, 0.0
			for _, v := range set.Record.Experiments[p.Experiment].Data[c][p.From:p.To] {
				if d := math.Abs(v-s.UMid[i]) / s.UHalf[i]; d > 1+1e-12 {
					count++
					worst = max(worst, d)
				}
			}
			if count > 0 {
				sig := set.Record.Signals[c]
				out = append(out, fmt.Sprintf("part %q: input %s leaves the declared range [%.6g, %.6g] %s in %d of %d samples, by up to %.3g %% of its half-width; there the model extrapolates",
					p.Name, sig.Name, s.UMid[i]-s.UHalf[i], s.UMid[i]+s.UHalf[i], sig.Unit, count, p.To-p.From, 100*(worst-1)))
			}
		}
	}
	return out
}

// Forgetting compares two free simulations of one part under the same input from different initial states.
type Forgetting struct {
	Difference []float64 // largest output difference per sample, in units of the output spans
	Measured   int       // first sample after which it stays below 1 %; -1 when it does not
	Distance   []float64 // of the two initial states, per member, Euclidean norm
}

// Forget simulates the part from the encoded initial state and from a displaced one (each state moved by what it
// travels over the part, plus a half; where a box confines initial states, to the far side of the box) and follows the
// outputs' difference.
func Forget(m *deploy.Model, set *dataset.Set, p dataset.Part) (*Forgetting, error) {
	if p.Scored() < 1 {
		return nil, fmt.Errorf("ident: part %q has no scored samples", p.Name)
	}
	start := p.From + p.Window
	u := m.Inputs(set, p.Experiment, start, p.To)
	past := m.Past(set, p.Experiment, start)
	var a, b []seq.Mat
	var distance []float64
	for j := range m.Members {
		x := m.Members[j].Encode(past)
		_, end := m.Members[j].Run(x, u)
		z := seq.NewMat(x.Rows, 1)
		box := m.Members[j].Box()
		var ss float64
		for i := range x.Rows {
			d := math.Abs(end.Row(i)[0]-x.Row(i)[0]) + 0.5
			if box != nil {
				d = -math.Copysign(box[i], x.Row(i)[0]) - x.Row(i)[0]
			}
			z.Row(i)[0] = x.Row(i)[0] + d
			ss += d * d
		}
		a, b, distance = append(a, x), append(b, z), append(distance, math.Sqrt(ss))
	}
	ya, yb := m.From(a, u), m.From(b, u)
	f := &Forgetting{Difference: make([]float64, ya.Cols), Measured: -1, Distance: distance}
	for i := range ya.Rows {
		low, high := math.Inf(1), math.Inf(-1)
		for _, v := range ya.Row(i) {
			low, high = min(low, v), max(high, v)
		}
		for k, v := range ya.Row(i) {
			f.Difference[k] = max(f.Difference[k], math.Abs(v-yb.Row(i)[k])/max(high-low, 1e-12))
		}
	}
	for k := len(f.Difference) - 1; k >= 0 && f.Difference[k] <= 0.01; k-- {
		f.Measured = k
	}
	return f, nil
}

// ForgettingProved is the number of samples after which the proved bound leaves at most one percent of the output span
// of a unit difference of (scaled) states: the first k with c r^k L <= 0.01 span, where c = sqrt(cond M) or the
// cascade's constant, r the proved rate and L the worst output of a unit state difference. For a parallel sum it is the
// largest of the members' times. span is in scaled units, the smallest over the outputs. The second result is c L/span,
// the start of the bound, and the third the rate, of that slowest member.
func (r *Result) ForgettingProved(span float64) (samples int, c, rate float64) {
	for j := range r.Model.Members {
		start, rj := r.forgets(j)
		k := int(math.Ceil(math.Log(0.01*span/start) / math.Log(rj)))
		if k = max(k, 0); k >= samples {
			samples, c, rate = k, start/span, rj
		}
	}
	return samples, c, rate
}

// ForgettingBound is the proved bound of the output difference, in units of the span, of two simulations under one
// input whose members' initial states have the given distances: the mean over the members of c L r^k distance/span. It
// holds under a contraction claim.
func (r *Result) ForgettingBound(span float64, distance []float64, samples int) []float64 {
	out := make([]float64, samples)
	for j, d := range distance {
		v, rate := r.forgets(j)
		v *= d / span / float64(len(distance))
		for k := range out {
			out[k] += v
			v *= rate
		}
	}
	return out
}

// forgets returns c L and r of a member: under one input the scaled outputs of two simulations differ by at most
// c L r^k per unit of the distance of their initial states.
func (r *Result) forgets(j int) (start, rate float64) {
	w := r.Bundle.Certificate.Members[j]
	b := &r.Model.Members[j]
	rate, _ = w.Rate.Float64()
	overshoot, worst := 1.0, 1.0
	switch cell := deployed(b.Cell).(type) {
	case seq.Lure:
		t := cell.Tensors()
		overshoot = math.Sqrt(witness.Condition(w.M, cell.N))
		worst = witness.Norm(t.Cx.Of(b.W), cell.Out, cell.N) + witness.Norm(t.Cw.Of(b.W), cell.Out, cell.Q)*witness.Norm(t.C1.Of(b.W), cell.Q, cell.N)
	case seq.Gated:
		t := cell.Tensors()
		overshoot = math.Sqrt(witness.Condition(w.M, cell.N))
		worst = witness.Norm(t.Cx.Of(b.W), cell.Out, cell.N) + witness.Norm(t.Cw.Of(b.W), cell.Out, cell.Q)*witness.Norm(t.C1.Of(b.W), cell.Q, cell.N)
	case seq.Diagonal:
		if v, err := ssm.NewWitness(cell, b.W); err == nil {
			overshoot = v.C
		}
		worst = cascadeOutput(cell, b.W)
	}
	return overshoot * worst, rate
}

// cascadeOutput bounds the output difference of a unit difference of all states of a cascade.
func cascadeOutput(c seq.Diagonal, w []float64) float64 {
	var l float64 // of the block's input with respect to the states before it
	for i, t := range c.Tensors() {
		in, out := c.Widths(i)
		s := c.Blocks[i].States
		cn := math.Hypot(witness.Norm(t.Cre.Of(w), out, s), witness.Norm(t.Cim.Of(w), out, s))
		l = cn + witness.Norm(t.D.Of(w), out, in)*l
		if h := c.Blocks[i].Hidden; h > 0 {
			l *= 1 + witness.Norm(t.W2.Of(w), out, h)*witness.Norm(t.W1.Of(w), h, out)
		}
	}
	return l
}

func deployed(c seq.Cell) seq.Cell {
	if s, ok := c.(deploy.Sized); ok {
		return s.Deployed()
	}
	return c
}
