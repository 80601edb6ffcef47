package cli

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
)

// boxChange says how new boxes of initial states change the outputs under random inputs in the range: after the start the weights
// are the same, and the difference fades as far as the model forgets.
type boxChange struct {
	Start   []ident.Figure `json:"start"`   // per output: largest difference in the first samples, physical units
	Overall []ident.Figure `json:"overall"` // per output: RMS of the difference, in standard deviations of the output
	Fades   *int           `json:"fades"`   // samples until it is at most 1 % of the output's standard deviation; null: not within the records
	Samples int            `json:"samples"`
}

// startSamples are the first samples of a record, in which new boxes are seen.
const startSamples = 20

// boxes compares the model with the one that is written, nil where the weights are the same.
func (e *existing) boxes(found *bundle.Model) *boxChange {
	same := true
	for i, t := range found.Tensors {
		for k, x := range t.Data {
			same = same && x == e.b.Tensors[i].Data[k]
		}
	}
	if same {
		return nil
	}
	r := rng.Stream(e.seed, "certify/model")
	u := randomInputs(r, len(e.m.UMid), compareLanes, compareSteps)
	past := seq.NewMat(e.m.Lags*(len(e.m.UMid)+len(e.m.YMean)), compareLanes)
	for i := range past.Rows {
		for l := range compareLanes {
			past.Row(i)[l] = 2*r.Float64() - 1
		}
	}
	before, after := e.m.Simulate(past, u), e.with(found).Simulate(past, u)
	c := &boxChange{Samples: compareSteps}
	last := -1
	for i := range before.Rows {
		_, std := moments(before.Row(i))
		var first, all float64
		for k, y := range before.Row(i) {
			d := math.Abs(y - after.Row(i)[k])
			all += d * d
			if k/compareLanes < startSamples {
				first = max(first, d)
			}
			if d > forgottenShare*std {
				last = max(last, k/compareLanes)
			}
		}
		c.Start = append(c.Start, ident.Figure(e.m.YStd[i]*first))
		c.Overall = append(c.Overall, ident.Figure(math.Sqrt(all/float64(before.Cols))/std))
	}
	if last++; last < compareSteps {
		c.Fades = &last
	}
	return c
}

// with is the model with the weights of another bundle of the same sizes.
func (e *existing) with(b *bundle.Model) *deploy.Model {
	by := map[string][]float64{}
	for _, t := range b.Tensors {
		by[t.Name] = t.Data
	}
	m := *e.m
	m.Members = nil
	for j, x := range e.m.Members {
		x.W = append([]float64(nil), x.W...)
		for _, t := range x.Cell.Layout() {
			copy(t.Of(x.W), by[fmt.Sprintf("m%d.%s", j, t.Name)])
		}
		m.Members = append(m.Members, x)
	}
	return &m
}

func (c *boxChange) print(w io.Writer, outputs []string) {
	fmt.Fprintln(w, "the boxes that confine its initial states were replaced by the smallest invariant ones found; all other weights are the same")
	var list []string
	for i, name := range outputs {
		list = append(list, fmt.Sprintf("%s by up to %s in the first %d samples, %.3g %% of its standard deviation over %d (RMS)", name, short(c.Start[i]), startSamples, 100*float64(c.Overall[i]), c.Samples))
	}
	fmt.Fprintf(w, "  under random inputs in the range this changes %s\n", strings.Join(list, "; "))
	if c.Fades != nil {
		fmt.Fprintf(w, "  the change is below 1 %% of the standard deviation after %s\n", plural(*c.Fades, "sample"))
	}
}

// compareData scores the model on the data, and the one that is written where its boxes are others.
func (e *existing) compareData(r *recertified, found *bundle.Model) error {
	if e.set == nil {
		return nil
	}
	add := func(name string, m *deploy.Model) error {
		row := comparison{Network: name}
		for _, p := range e.parts {
			y, err := m.SimulatePart(e.set, p)
			if err != nil {
				return err
			}
			if s, ok := compared(e.set, p, y); ok {
				row.Tests = append(row.Tests, s)
			}
		}
		r.Data = append(r.Data, row)
		return nil
	}
	r.Notes = append(r.Notes, ident.OutOfRange(e.set, e.parts, &e.m.Scaling)...)
	if err := add("model", e.m); err != nil {
		return err
	}
	if r.Boxes != nil {
		return add("with new boxes", e.with(found))
	}
	return nil
}

// contradict looks for a counterexample where the strongest claim was not proved of members that could have had it.
func (e *existing) contradict(r *recertified) {
	first := &r.Rungs[0]
	if first.Outcome != rungFailed {
		return
	}
	signals := func(s []cert.Signal) (out []dataset.Signal) {
		for _, x := range s {
			out = append(out, dataset.Signal(x))
		}
		return out
	}
	f := &e.b.Manifest
	for _, j := range first.failing {
		m := *e.m
		m.Members = e.m.Members[j : j+1]
		c := ident.Coexisting(&m, e.visited(j), signals(f.Inputs), signals(f.Outputs), f.SamplingTime, e.seed)
		if c == nil {
			continue
		}
		text := c.Statement
		if len(e.m.Members) > 1 {
			text = fmt.Sprintf("in member %d alone, %s", j, text)
		}
		r.Contra = append(r.Contra, contraResult{Statement: text, Decided: report.Estimated, Model: c.Model, Input: c.Input, Offset: c.Offset,
			Amplitude: c.Amplitude, Frequency: c.Frequency, Output: c.Output, Peaks: c.Peaks})
	}
	if len(first.failing) > 0 && len(r.Contra) == 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("no two responses to one constant input or tone that stay apart were found, so %s may still hold", first.Claim))
	}
}

// visited are states that member j passes through under random inputs in the range, or under those of the data.
func (e *existing) visited(j int) (out []seq.Mat) {
	b := &e.m.Members[j]
	u := randomInputs(rng.Stream(e.seed, "certify/visited"), len(e.m.UMid), compareLanes, compareSteps)
	lanes := compareLanes
	if e.set != nil {
		p := e.parts[0]
		u, lanes = e.m.Inputs(e.set, p.Experiment, p.From, p.To), 1
	}
	x := seq.NewMat(b.Cell.States(), lanes)
	const stops = 24
	steps := max(u.Cols/lanes/stops, 1)
	for at := 0; at+steps <= u.Cols/lanes; at += steps {
		v := u
		v.Data, v.Cols = u.Data[at*lanes:], steps*lanes
		_, x = b.Run(x, v)
		out = append(out, x)
	}
	return out
}
