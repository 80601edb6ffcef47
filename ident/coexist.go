package ident

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/nn/seq"
)

const (
	// believable bounds the scaled outputs of a pair of responses where no data say how far they reach.
	believable = 1e6
	// restSteps is how long a model runs under a constant input before it is linearised.
	restSteps = 2000
	// tailSteps are looked at after settling.
	tailSteps = 200
)

// levels of constant inputs, of the declared range.
var levels = []float64{0, -0.5, 0.5, -1, 1}

// Coexisting searches a model of one member, without data, for a constant input or a tone inside its declared input range that has
// two responses which never meet. starts are states (States x any) to begin from, such as ones that the model visits. nil: none was
// found, which proves nothing. Deterministic in the seed.
func Coexisting(m *deploy.Model, starts []seq.Mat, in, out []dataset.Signal, ts float64, seed uint64) *Counterexample {
	names := signalNames{inputs: in, outputs: out, ts: ts}
	r := rng.Stream(seed, "coexisting")
	mt := &material{plant: plant{rest: make([]float64, len(in)), modes: modesAtRest(m)}}
	for range out {
		mt.low, mt.high = append(mt.low, -believable), append(mt.high, believable)
	}
	if c := coexistingRest(m, mt, names, starts, r); c != nil {
		return c
	}
	return counterexample(m, mt, names, starts, r)
}

// coexistingRest looks for two responses to one constant input.
func coexistingRest(m *deploy.Model, mt *material, names signalNames, starts []seq.Mat, r *rand.Rand) *Counterexample {
	for input := range m.UMid {
		for _, level := range levels {
			base := make([]float64, len(m.UMid))
			base[input] = level
			t := tone{m: m, input: input, base: base, freqs: []float64{1}, low: mt.low, high: mt.high}
			const lanes = 4 * startCount
			x := seq.NewMat(m.Members[0].Cell.States(), lanes)
			for l := range lanes {
				s := starts[r.IntN(len(starts))]
				c := r.IntN(s.Cols)
				for i := range x.Rows {
					x.Row(i)[l] = []float64{0, 1, -1, 2}[l%4] * s.Row(i)[c]
				}
			}
			of := func(int) float64 { return 0 }
			_, end := t.run(x, t.signal(0, settle, lanes, of))
			tail, _ := t.run(end, t.signal(settle, tailSteps, lanes, of))
			a, b, gap := farthest(tail, lanes)
			if gap > apart && t.confirmed(column(end, a), column(end, b), 1, settle) {
				return t.describeRest(column(end, a), column(end, b), names)
			}
		}
	}
	return nil
}

// farthest returns the two lanes whose means differ most in some output.
func farthest(y seq.Mat, lanes int) (a, b int, gap float64) {
	steps := float64(y.Cols / lanes)
	for i := range y.Rows {
		lo, hi, least, most := 0, 0, math.Inf(1), math.Inf(-1)
		for l := range lanes {
			var mean float64
			for k := l; k < y.Cols; k += lanes {
				mean += y.Row(i)[k] / steps
			}
			if math.IsNaN(mean) || math.Abs(mean) > believable {
				continue
			}
			if mean < least {
				lo, least = l, mean
			}
			if mean > most {
				hi, most = l, mean
			}
		}
		if most-least > gap {
			a, b, gap = lo, hi, most-least
		}
	}
	return a, b, gap
}

// describeRest is describe for a constant input.
func (t *tone) describeRest(a, b []float64, names signalNames) *Counterexample {
	c := t.describe(a, b, 1, names)
	c.Frequency = 0
	var mean [2]float64
	for l, y := range c.Y {
		for _, v := range y {
			mean[l] += v / float64(len(y))
		}
	}
	in, out := names.inputs[t.input], dataset.Signal{Name: c.Output}
	for _, s := range names.outputs {
		if s.Name == c.Output {
			out = s
		}
	}
	c.Statement = fmt.Sprintf("the constant input %s = %.4g %s has two coexisting responses, in which %s is on average %.4g and %.4g %s (estimated, by simulation of a fitted model)",
		in.Name, c.Offset, in.Unit, out.Name, min(mean[0], mean[1]), max(mean[0], mean[1]), out.Unit)
	return c
}

// modesAtRest are the eigenvalues of the linearisation where the model comes to rest in the middle of its inputs, those that do
// not oscillate included; nil where it does not come to rest at finite states.
func modesAtRest(m *deploy.Model) []complex128 {
	b := &m.Members[0]
	n, in := b.Cell.States(), b.Cell.Inputs()
	_, rest := b.Run(seq.NewMat(n, 1), seq.NewMat(in, restSteps))
	x := seq.NewMat(n, 2*n)
	for i := range n {
		for l := range 2 * n {
			x.Row(i)[l] = rest.Row(i)[0]
		}
		h := linearStep * (1 + math.Abs(rest.Row(i)[0]))
		x.Row(i)[2*i] += h
		x.Row(i)[2*i+1] -= h
	}
	_, next := b.Run(x, seq.NewMat(in, 2*n))
	j := mat.NewDense(n, n, nil)
	for i := range n {
		for k := range n {
			d := (next.Row(i)[2*k] - next.Row(i)[2*k+1]) / (x.Row(k)[2*k] - x.Row(k)[2*k+1])
			if math.IsNaN(d) || math.IsInf(d, 0) {
				return nil
			}
			j.Set(i, k, d)
		}
	}
	var eig mat.Eigen
	if !eig.Factorize(j, mat.EigenNone) {
		return nil
	}
	var out []complex128
	for _, v := range eig.Values(nil) {
		if cmplx.Abs(v) <= 1 {
			out = append(out, v)
		}
	}
	return out
}

// linearStep of the central differences, relative.
const linearStep = 1e-6
