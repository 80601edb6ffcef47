package cli

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/nn/seq"
)

// imported is a network from elsewhere in the form of a bundle: scaled inputs and outputs.
type imported struct {
	cell            seq.LSTM
	original        []float64 // weights of the file
	file            variant   // the same, scaled
	inMean, inStd   []float64
	outMean, outStd []float64
	mid, half       []float64                                // physical
	mean, std       []float64                                // physical
	net             struct{ mid, half, mean, std []float64 } // the same of the normalised signals
	inputs, outputs []cert.Signal
	ts              float64
	seed            uint64
	set             *dataset.Set // nil: no data

	u        seq.Mat   // scaled inputs for comparisons, compareLanes records of compareSteps
	y        seq.Mat   // scaled outputs of the network on them
	spread   []float64 // standard deviation of each output, scaled
	rounding float64   // largest difference of the outputs before and after scaling, relative to that deviation
}

// variant is a network of the same sizes with the encoder of its initial state.
type variant struct {
	w, encW, encB []float64
	lags          int
	boxed         bool // the boxes in w are its own
}

// Random inputs that compare two networks.
const (
	compareLanes = 24
	compareSteps = 500
	compareHold  = 40 // samples that a level lasts at most
)

// fromRest is the network w started from zero states, as frameworks do.
func (n *imported) fromRest(w []float64) variant {
	s := n.cell.States()
	return variant{w, make([]float64, s*(n.cell.In+n.cell.Out)), make([]float64, s), 1, false}
}

// scale brings the network w, which reads and gives normalised signals, into the form of a bundle. The outputs are
// scaled by powers of 2 near their standard deviations under random inputs and centred at their biases, which rounds no
// weight; where there are data, by those of the measurements and at their means.
func (n *imported) scale(w []float64) error {
	in, out := n.cell.In, n.cell.Out
	mid, half := make([]float64, in), make([]float64, in)
	n.original = w
	n.u = randomInputs(rng.Stream(n.seed, "certify/inputs"), in, compareLanes, compareSteps)
	v := seq.NewMat(in, n.u.Cols)
	for i := range in {
		mid[i], half[i] = (n.mid[i]-n.inMean[i])/n.inStd[i], n.half[i]/n.inStd[i]
		for k, u := range n.u.Row(i) {
			v.Row(i)[k] = mid[i] + half[i]*u
		}
	}
	y := n.simulate(n.fromRest(w), v)
	scaled := slices.Clone(w)
	if err := lstm.ScaleInputs(n.cell, scaled, mid, half); err != nil {
		return err
	}
	mean, std := slices.Clone(n.cell.Tensors().Out.By.Of(scaled)), make([]float64, out)
	for i := range out {
		_, s := moments(y.Row(i))
		if !finite(s) {
			return fmt.Errorf("output %s of the network is not finite under inputs in the range", n.outputs[i].Name)
		}
		size := s
		if y := n.trained(i); len(y) > 0 {
			mean[i], size = moments(y)
			mean[i], size = (mean[i]-n.outMean[i])/n.outStd[i], size/n.outStd[i]
		}
		if std[i] = 1; size > 0 && finite(size) {
			std[i] = math.Ldexp(1, int(math.Round(math.Log2(size))))
		}
		n.spread = append(n.spread, s/std[i])
		n.mean, n.std = append(n.mean, n.outMean[i]+n.outStd[i]*mean[i]), append(n.std, n.outStd[i]*std[i])
	}
	if err := lstm.ScaleOutputs(n.cell, scaled, mean, std); err != nil {
		return err
	}
	n.net.mid, n.net.half, n.net.mean, n.net.std = mid, half, mean, std
	n.file = n.fromRest(scaled)
	n.y = n.simulate(n.file, n.u)
	for i := range out {
		for k, x := range n.y.Row(i) {
			if n.spread[i] > 0 {
				n.rounding = math.Max(n.rounding, math.Abs(mean[i]+std[i]*x-y.Row(i)[k])/(std[i]*n.spread[i]))
			}
		}
	}
	return nil
}

// randomInputs are scaled records: noise in every fourth, else staircases that hold random levels for random times.
func randomInputs(r *rand.Rand, inputs, lanes, steps int) seq.Mat {
	u := seq.NewMat(inputs, steps*lanes)
	for i := range inputs {
		for lane := range lanes {
			level, left := 0.0, 0
			for k := range steps {
				if left == 0 {
					level, left = 2*r.Float64()-1, 1
					if lane%4 > 0 {
						left = 1 + r.IntN(compareHold)
					}
				}
				u.Row(i)[k*lanes+lane] = level
				left--
			}
		}
	}
	return u
}

// simulate runs compareLanes records from the states that the encoder gives when it reads zeros.
func (n *imported) simulate(v variant, u seq.Mat) seq.Mat {
	x, y := seq.NewMat(n.cell.States(), compareLanes), seq.NewMat(n.cell.Out, u.Cols)
	for i, b := range v.encB {
		for l := range x.Row(i) {
			x.Row(i)[l] = b
		}
	}
	seq.Confine(n.cell, v.w, x, x)
	n.cell.NewPass(compareSteps, compareLanes).Forward(v.w, u, x, y)
	return y
}

// moments are mean and standard deviation.
func moments(x []float64) (mean, std float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		std += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(std / float64(len(x)))
}

// change is the root mean square of the difference of each output from that of the file's network under random inputs,
// in standard deviations of that output; all is the root mean square over outputs.
func (n *imported) change(v variant) (each []ident.Figure, all float64) {
	y := n.simulate(v, n.u)
	for i := range n.cell.Out {
		var sum float64
		for k, x := range y.Row(i) {
			d := x - n.y.Row(i)[k]
			sum += d * d
		}
		c := 0.0
		if n.spread[i] > 0 {
			c = math.Sqrt(sum/float64(y.Cols)) / n.spread[i]
		}
		each = append(each, ident.Figure(c))
		all += c * c
	}
	return each, math.Sqrt(all / float64(n.cell.Out))
}

// distance is |w - w0|/|w0| over the weights as the file has them, w0 those of the file and w scaled ones.
func (n *imported) distance(w []float64) (float64, error) {
	w = slices.Clone(w)
	over := func(a, b []float64) []float64 { // -a/b
		out := make([]float64, len(a))
		for i := range out {
			out[i] = -a[i] / b[i]
		}
		return out
	}
	inverse := func(a []float64) []float64 { return over(filled(len(a), -1), a) }
	if err := lstm.ScaleInputs(n.cell, w, over(n.net.mid, n.net.half), inverse(n.net.half)); err != nil {
		return 0, err
	}
	if err := lstm.ScaleOutputs(n.cell, w, over(n.net.mean, n.net.std), inverse(n.net.std)); err != nil {
		return 0, err
	}
	for _, b := range n.cell.Box() { // boxes are none of the file's weights
		copy(b.Tensor.Of(w), b.Tensor.Of(n.original))
	}
	var d, s float64
	for i, x := range n.original {
		d, s = d+(w[i]-x)*(w[i]-x), s+x*x
	}
	for _, b := range n.cell.Box() {
		for _, x := range b.Tensor.Of(n.original) {
			s -= x * x
		}
	}
	return math.Sqrt(d / s), nil
}

// model is the variant as it is deployed.
func (n *imported) model(v variant) *deploy.Model {
	in, out := n.cell.In, n.cell.Out
	return &deploy.Model{
		Scaling: deploy.Scaling{UMid: n.mid, UHalf: n.half, YMean: n.mean, YStd: n.std, Delay: make([]int, in), Integrate: make([]bool, out),
			Low: filled(out, math.Inf(-1)), High: filled(out, math.Inf(1))},
		Lags:    v.lags,
		Members: []deploy.Member{{Cell: n.cell, Kind: "lstm", W: v.w, EncW: v.encW, EncB: v.encB}},
	}
}

// signals names count signals: u, or u1, u2, ...
func signals(name string, count int) (out []cert.Signal) {
	for i := range count {
		s := name
		if count > 1 {
			s = fmt.Sprint(name, i+1)
		}
		out = append(out, cert.Signal{Name: s})
	}
	return out
}

func signalNames(s []cert.Signal) (out []string) {
	for _, x := range s {
		out = append(out, x.Name)
	}
	return out
}

// prove returns the bundle of a variant if the checker accepts its certificate, else why there is none.
func (n *imported) prove(v variant, words string) (*bundle.Model, error) {
	v.w = slices.Clone(v.w)
	if !v.boxed { // initial states are zero: the boxes change nothing but the claim
		if err := lstm.Boxes(n.cell, v.w); err != nil {
			return nil, err
		}
	}
	witness, err := lstm.Prove(n.cell, v.w)
	if err != nil {
		return nil, err
	}
	d := n.model(v)
	m := &bundle.Model{Manifest: d.Manifest(), Tensors: d.Tensors(), Card: n.card(words)}
	p := cert.Provenance{Seed: n.seed, Version: Version}
	f := &m.Manifest
	f.Window, f.SamplingTime, f.Provenance, f.Inputs, f.Outputs = v.lags, n.ts, p, n.inputs, n.outputs
	if n.set != nil {
		f.Provenance.DataSHA256 = fmt.Sprintf("%x", n.set.Sum())
	}
	m.Certificate = &cert.Certificate{Claim: ident.DeltaISS, Members: []cert.Witness{witness}, Provenance: p}
	j, err := bundle.Check(m)
	if err != nil {
		return nil, err
	}
	if !j.Proved {
		return nil, fmt.Errorf("the checker refuses it: %s %s", j.Failed, j.By)
	}
	return m, nil
}

// card is the model in words, for people.
func (n *imported) card(change string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Model\n\nAn LSTM with layers of %s units, trained elsewhere and imported. %s\n\n", layersText(n.cell.Units), change)
	for i, x := range n.inputs {
		fmt.Fprintf(&s, "- input %s in [%g, %g] %s\n", x.Name, n.mid[i]-n.half[i], n.mid[i]+n.half[i], x.Unit)
	}
	s.WriteString("\nClaim: delta-iss. Check it with `plumb-check` on this file; the claim holds in discrete time and for real-number\nevaluation of the stored weights, while the inputs stay in their ranges.\n")
	return s.String()
}

// count is the number of weights of the file: no boxes, no direct path, and one bias where it has two.
func (n *imported) count() int {
	sum := n.cell.Layout().Len() - n.cell.In*n.cell.Out
	for _, b := range n.cell.Box() {
		sum -= b.States
	}
	return sum
}
