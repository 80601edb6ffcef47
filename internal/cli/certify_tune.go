package cli

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/nn/seq"
	"github.com/plumb-go/plumb/train"
)

// Training of a nearby network.
const (
	tuneRecords = 256 // random records to imitate, and as many samples in each
	tuneChecks  = 32  // those that choose the iterate
	tuneSteps   = 300
	tuneWindow  = 300 // samples of a window of measured data
	tuneBatch   = 24
	tuneRate    = 5e-3
	tuneEvery   = 25
)

// tune trains a provable variant further with a penalty on the spectral radii of its comparisons; only iterates that can
// be proved are kept. Without data it learns to imitate the network of the file on random records, from one constant
// initial state; with data to predict the measured outputs, with an encoder of the initial state.
func (n *imported) tune(ctx context.Context, v variant, rate float64, steps int, seconds float64) (variant, *tuned, error) {
	begin := time.Now()
	net, err := lstm.New(lstm.Options{Inputs: n.cell.In, Outputs: n.cell.Out, Units: n.cell.Units, Guarantee: lstm.Componentwise, Rate: rate})
	if err != nil {
		return v, nil, err
	}
	t := &tuned{Towards: "to imitate the network of the file on random inputs"}
	fit, check, lags, window := []train.Sequence(nil), []train.Sequence(nil), 1, tuneSteps
	if n.set == nil {
		fit, check = n.records("certify/fit", tuneRecords), n.records("certify/check", tuneChecks)
	} else {
		t.Towards = "to predict the measured outputs"
		if fit, check, lags, window, err = n.measured(); err != nil {
			return v, nil, err
		}
	}
	limits := train.OutputMap{Low: filled(n.cell.Out, math.Inf(-1)), High: filled(n.cell.Out, math.Inf(1)), Integrate: make([]float64, n.cell.Out)}
	pool := parallel.New(runtime.GOMAXPROCS(0))
	random := train.NewWindows(net, fit, limits, lags, window, pool)
	longest := 0
	for _, s := range check {
		longest = max(longest, s.Len())
	}
	validation := train.NewWindows(net, check, limits, lags, min(3*window, longest-lags), pool)
	if err := validation.Cover(0); err != nil {
		return v, nil, err
	}
	theta := make([]float64, random.Dim())
	if err := net.(interface {
		Adopt(w, theta []float64) error
	}).Adopt(v.w, theta[:net.Dim()]); err != nil {
		return v, nil, err
	}
	if n.set != nil {
		random.InitEncoder(rng.Stream(n.seed, "certify/encoder"), theta)
	}
	job := train.NewFit(train.Plan{AdamSteps: steps, AdamSeconds: seconds, Batch: tuneBatch, Rate: tuneRate, Every: tuneEvery}, random, nil, validation, theta, rng.Source(n.seed, "certify/train"))
	if err := job.Run(ctx, nil); err != nil {
		return v, nil, err
	}
	s := &job.State
	if !s.Valid() {
		return v, nil, fmt.Errorf("training met no network that can be proved in %d steps; give it more time with --budget", s.EndedAdam)
	}
	out := variant{w: make([]float64, len(v.w)), lags: lags, boxed: true}
	net.Deploy(s.Best, out.w)
	states := n.cell.States()
	enc := s.Best[net.Dim():]
	out.encW, out.encB = slices.Clone(enc[:len(enc)-states]), slices.Clone(enc[len(enc)-states:])
	change, err := n.distance(out.w)
	if err != nil {
		return v, nil, err
	}
	t.Steps, t.Seconds, t.Weights = s.EndedAdam, time.Since(begin).Seconds(), ident.Figure(change)
	t.Outputs, _ = n.change(out)
	return out, t, nil
}

// records are random inputs and what the network of the file answers from zero states. The sample before the start,
// which the encoder reads, is zero, so that it gives one constant initial state.
func (n *imported) records(stream string, count int) (out []train.Sequence) {
	u := randomInputs(rng.Stream(n.seed, stream), n.cell.In, count, tuneSteps)
	y := seq.NewMat(n.cell.Out, u.Cols)
	n.cell.NewPass(tuneSteps, count).Forward(n.file.w, u, seq.NewMat(n.cell.States(), count), y)
	lane := func(m seq.Mat, l int) seq.Mat {
		x := seq.NewMat(m.Rows, tuneSteps+1)
		for i := range m.Rows {
			for k := range tuneSteps {
				x.Row(i)[k+1] = m.Row(i)[k*count+l]
			}
		}
		return x
	}
	for l := range count {
		out = append(out, train.Sequence{U: lane(u, l), Y: lane(y, l)})
	}
	return out
}

// measured are the training and validation stretches of the data. The encoder reads as many samples as the shortest
// window has.
func (n *imported) measured() (fit, check []train.Sequence, lags, window int, err error) {
	lags = math.MaxInt
	for _, parts := range [][]dataset.Part{n.set.Train, n.set.Validation, n.set.Test} {
		for _, p := range parts {
			lags = min(lags, p.Window)
		}
	}
	if len(n.set.Train) == 0 {
		return nil, nil, 0, 0, fmt.Errorf("there is no training part in the data; give one with --split")
	}
	scaling := n.model(n.file).Scaling
	sequences := func(parts []dataset.Part) (out []train.Sequence) {
		for _, p := range parts {
			out = append(out, train.Sequence{U: scaling.Inputs(n.set, p.Experiment, p.From, p.To), Y: scaling.Outputs(n.set, p.Experiment, p.From, p.To)})
		}
		return out
	}
	fit, check = sequences(n.set.Train), sequences(n.set.Validation)
	if len(check) == 0 {
		check = fit
	}
	longest := 0
	for _, s := range fit {
		longest = max(longest, s.Len())
	}
	if window = min(tuneWindow, (longest-lags)*4/5); window < 10 {
		return nil, nil, 0, 0, fmt.Errorf("the longest training part has %d samples; at least %d are needed", longest, lags+13)
	}
	return fit, check, lags, window, nil
}

// open reads the data and takes over the names of their signals.
func (n *imported) open(s *source) (err error) {
	if n.set, err = s.load(); err != nil {
		return err
	}
	n.ts = n.set.Record.Ts
	if len(n.set.Inputs) != n.cell.In || len(n.set.Outputs) != n.cell.Out {
		return fmt.Errorf("the network has %d inputs and %d outputs, the data %d and %d; name those of the network with --inputs and --outputs", n.cell.In, n.cell.Out, len(n.set.Inputs), len(n.set.Outputs))
	}
	take := func(to []cert.Signal, columns []int) {
		for i, c := range columns {
			to[i] = cert.Signal(n.set.Record.Signals[c])
		}
	}
	take(n.inputs, n.set.Inputs)
	take(n.outputs, n.set.Outputs)
	return nil
}

// spanned is the range of each input over all parts of the data.
func (n *imported) spanned() (low, high []float64) {
	low, high = filled(n.cell.In, math.Inf(1)), filled(n.cell.In, math.Inf(-1))
	for _, p := range slices.Concat(n.set.Train, n.set.Validation, n.set.Test) {
		for i, c := range n.set.Inputs {
			for _, v := range n.set.Record.Experiments[p.Experiment].Data[c][p.From:p.To] {
				low[i], high[i] = min(low[i], v), max(high[i], v)
			}
		}
	}
	return low, high
}

// trained lists output i over the training parts of the data, if any.
func (n *imported) trained(i int) (y []float64) {
	if n.set == nil {
		return nil
	}
	for _, p := range n.set.Train {
		y = append(y, n.set.Record.Experiments[p.Experiment].Data[n.set.Outputs[i]][p.From:p.To]...)
	}
	return y
}

// compare scores a variant in free simulation on the data, if any. One that starts from a state of its own starts with
// the part, so that it has forgotten it, as far as it forgets, where the scored samples begin.
func (n *imported) compare(r *certified, name string, v variant) error {
	if n.set == nil {
		return nil
	}
	parts, notes := scored(n.set)
	m := n.model(v)
	row := comparison{Network: name}
	for _, p := range parts {
		q, early := p, 0
		if v.lags == 1 && p.Window > 1 {
			q.Window, early = 1, p.Window-1
		}
		y, err := m.SimulatePart(n.set, q)
		if err != nil {
			return err
		}
		for i := range y {
			y[i] = y[i][early:]
		}
		if s, ok := compared(n.set, p, y); ok {
			row.Tests = append(row.Tests, s)
		}
	}
	if r.Data == nil {
		r.Notes = append(notes, ident.OutOfRange(n.set, parts, &m.Scaling)...)
	}
	r.Data = append(r.Data, row)
	return nil
}
