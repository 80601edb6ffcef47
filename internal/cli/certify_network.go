package cli

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/nn/seq"
)

// imported is a network from elsewhere in the form of a bundle: scaled inputs and outputs.
type imported struct {
	cell      seq.LSTM
	w         []float64 // scaled
	mid, half []float64
	mean, std []float64
	ts        float64
	seed      uint64

	u        seq.Mat   // scaled inputs for comparisons, compareLanes records of compareSteps
	y        seq.Mat   // scaled outputs of the network on them
	spread   []float64 // standard deviation of each output, scaled
	rounding float64   // largest difference of the outputs before and after scaling, relative to that deviation
}

// Random inputs that compare two networks.
const (
	compareLanes = 24
	compareSteps = 500
	compareHold  = 40 // samples that a level lasts at most
)

// newImported scales the network w of physical signals. The outputs are scaled by powers of 2 near their standard
// deviations under random inputs and centred at their biases, which rounds nothing.
func newImported(cell seq.LSTM, w, mid, half []float64, seed uint64) (*imported, error) {
	n := &imported{cell: cell, w: slices.Clone(w), mid: mid, half: half, u: randomInputs(rng.Stream(seed, "certify/inputs"), cell.In)}
	physical := seq.NewMat(cell.In, n.u.Cols)
	for i := range cell.In {
		for k, v := range n.u.Row(i) {
			physical.Row(i)[k] = mid[i] + half[i]*v
		}
	}
	y := n.simulate(w, physical)
	if err := lstm.ScaleInputs(cell, n.w, mid, half); err != nil {
		return nil, err
	}
	n.mean = slices.Clone(cell.Tensors().Out.By.Of(n.w))
	for i := range cell.Out {
		s := deviation(y.Row(i))
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return nil, fmt.Errorf("output %d of the network is not finite under inputs in the range", i+1)
		}
		scale := 1.0
		if s > 0 {
			scale = math.Ldexp(1, int(math.Round(math.Log2(s))))
		}
		n.std, n.spread = append(n.std, scale), append(n.spread, s/scale)
	}
	if err := lstm.ScaleOutputs(cell, n.w, n.mean, n.std); err != nil {
		return nil, err
	}
	n.y = n.simulate(n.w, n.u)
	for i := range cell.Out {
		for k, v := range n.y.Row(i) {
			if n.spread[i] > 0 {
				n.rounding = math.Max(n.rounding, math.Abs(n.mean[i]+n.std[i]*v-y.Row(i)[k])/(n.std[i]*n.spread[i]))
			}
		}
	}
	return n, nil
}

// randomInputs are compareLanes records: noise, and staircases that hold random levels for random times.
func randomInputs(r *rand.Rand, inputs int) seq.Mat {
	u := seq.NewMat(inputs, compareSteps*compareLanes)
	for i := range inputs {
		for lane := range compareLanes {
			level, left := 0.0, 0
			for k := range compareSteps {
				if left == 0 {
					level, left = 2*r.Float64()-1, 1
					if lane%4 > 0 {
						left = 1 + r.IntN(compareHold)
					}
				}
				u.Row(i)[k*compareLanes+lane] = level
				left--
			}
		}
	}
	return u
}

// simulate runs the network from zero states.
func (n *imported) simulate(w []float64, u seq.Mat) seq.Mat {
	y := seq.NewMat(n.cell.Out, u.Cols)
	n.cell.NewPass(compareSteps, compareLanes).Forward(w, u, seq.NewMat(n.cell.States(), compareLanes), y)
	return y
}

func deviation(x []float64) float64 {
	var mean, sum float64
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)))
}

// change is the root mean square of the difference of each output of w from the network's, in standard deviations of
// that output; all is the root mean square over outputs.
func (n *imported) change(w []float64) (each []float64, all float64) {
	y := n.simulate(w, n.u)
	for i := range n.cell.Out {
		var sum float64
		for k, v := range y.Row(i) {
			d := v - n.y.Row(i)[k]
			sum += d * d
		}
		c := 0.0
		if n.spread[i] > 0 {
			c = math.Sqrt(sum/float64(y.Cols)) / n.spread[i]
		}
		each = append(each, c)
		all += c * c
	}
	return each, math.Sqrt(all / float64(n.cell.Out))
}

// bundle packs the network w with a certificate. It starts from zero states: the encoder reads nothing.
func (n *imported) bundle(w []float64, witness cert.Witness, card string) *bundle.Model {
	in, out, states := n.cell.In, n.cell.Out, n.cell.States()
	d := deploy.Model{
		Scaling: deploy.Scaling{UMid: n.mid, UHalf: n.half, YMean: n.mean, YStd: n.std, Delay: make([]int, in), Integrate: make([]bool, out),
			Low: filled(out, math.Inf(-1)), High: filled(out, math.Inf(1))},
		Lags:    1,
		Members: []deploy.Member{{Cell: n.cell, Kind: "lstm", W: w, EncW: make([]float64, states*(in+out)), EncB: make([]float64, states)}},
	}
	m := &bundle.Model{Manifest: d.Manifest(), Tensors: d.Tensors(), Card: card}
	p := cert.Provenance{Seed: n.seed, Version: Version}
	m.Manifest.Window, m.Manifest.SamplingTime, m.Manifest.Provenance = 1, n.ts, p
	m.Manifest.Inputs, m.Manifest.Outputs = signals("u", in), signals("y", out)
	m.Certificate = &cert.Certificate{Claim: ident.DeltaISS, Members: []cert.Witness{witness}, Provenance: p}
	return m
}

// signals names n signals: u, or u1, u2, ...
func signals(name string, n int) (out []cert.Signal) {
	for i := range n {
		s := name
		if n > 1 {
			s = fmt.Sprint(name, i+1)
		}
		out = append(out, cert.Signal{Name: s})
	}
	return out
}

// proved returns the bundle of the network w if the checker accepts its certificate, else why there is none.
func (n *imported) proved(w []float64, card string) (*bundle.Model, error) {
	w = slices.Clone(w)
	if err := lstm.Boxes(n.cell, w); err != nil {
		return nil, err
	}
	witness, err := lstm.Prove(n.cell, w)
	if err != nil {
		return nil, err
	}
	m := n.bundle(w, witness, card)
	v, err := bundle.Check(m)
	if err != nil {
		return nil, err
	}
	if !v.Proved {
		return nil, fmt.Errorf("the checker refuses it: %s %s", v.Failed, v.By)
	}
	return m, nil
}

// certify proves the network, or one near it; the bundle is nil when there is none.
func (n *imported) certify(f *certifyFlags) (*certified, *bundle.Model, error) {
	r := &certified{Units: n.cell.Units, Inputs: signalNames(signals("u", n.cell.In)), Outputs: signalNames(signals("y", n.cell.Out)), Weights: n.count(),
		Rounding: ident.Figure(n.rounding), Verdict: verdictNone, Original: verdictProved}
	for i := range n.mid {
		r.InputRange = append(r.InputRange, [2]float64{n.mid[i] - n.half[i], n.mid[i] + n.half[i]})
	}
	m, err := n.proved(n.w, n.card(""))
	if err == nil {
		return r, m, nil
	}
	r.Original, r.Why = notProvable, err.Error()
	if f.noRepair {
		return r, nil, nil
	}
	m, r.Repair, err = n.repair(f.rate)
	if err != nil {
		return nil, nil, err
	}
	return r, m, nil
}

// repair looks for a nearby network. The first rate almost always does; the others leave the exact checker more room.
func (n *imported) repair(rate float64) (*bundle.Model, *repaired, error) {
	if rate == 0 {
		rate = 0.999
	}
	var err error
	for _, step := range []float64{0, 0.001, 0.01, 0.1} {
		var rep *lstm.Repaired
		rep, err = lstm.Repair(n.cell, n.w, lstm.RepairOptions{Rate: max(rate-step, 0.5), Measure: func(w []float64) float64 {
			_, all := n.change(w)
			return all
		}})
		if err != nil {
			return nil, nil, err
		}
		out := &repaired{Method: rep.Method, Weights: ident.Figure(rep.Change)}
		for _, l := range rep.Layers {
			out.Layers = append(out.Layers, repairedLayer{l.Low, l.High, l.Forget})
		}
		each, _ := n.change(rep.W)
		for _, c := range each {
			out.Outputs = append(out.Outputs, ident.Figure(c))
		}
		var m *bundle.Model
		if m, err = n.proved(rep.W, n.card(fmt.Sprintf("Its recurrent weights were made smaller so that it can be proved: weights changed by %.3g, relative.", rep.Change))); err == nil {
			return m, out, nil
		}
	}
	return nil, nil, fmt.Errorf("no nearby network was proved: %w", err)
}

// count is the number of weights, without the boxes.
func (n *imported) count() int {
	sum := n.cell.Layout().Len()
	for _, b := range n.cell.Box() {
		sum -= b.States
	}
	return sum
}

func signalNames(s []cert.Signal) (out []string) {
	for _, x := range s {
		out = append(out, x.Name)
	}
	return out
}

// card is the model in words, for people.
func (n *imported) card(change string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Model\n\nAn LSTM with layers of %v units, trained elsewhere and imported. %s\n\n", n.cell.Units, change)
	for i := range n.mid {
		fmt.Fprintf(&s, "- input %d in [%g, %g]\n", i+1, n.mid[i]-n.half[i], n.mid[i]+n.half[i])
	}
	s.WriteString("\nIt starts from zero states. Claim: delta-iss. Check it with `plumb-check` on this file; the claim holds in discrete\ntime and for real-number evaluation of the stored weights, while the inputs stay in their ranges.\n")
	return s.String()
}
