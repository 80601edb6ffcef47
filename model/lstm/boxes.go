package lstm

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// tightening is how often Boxes repeats the steps that a parametrisation makes.
const tightening = 8

// Boxes writes invariant boxes of a seq.LSTM or seq.GRU into its weights w, for inputs |u| <= 1: those that interval
// arithmetic finds, with a margin that survives the checker's rounding. It is for weights that come from elsewhere; the
// networks of this package deploy their own. The boxes are part of the network, since initial states are confined to
// them. An error says that a gate saturates in float64, so that a box is not finite.
func Boxes(cell seq.Cell, w []float64) error {
	if n := cell.Layout().Len(); len(w) != n {
		return fmt.Errorf("lstm: %d weights for a cell of %d", len(w), n)
	}
	f, err := frontOf(cell)
	if err != nil {
		return err
	}
	if f.s > 0 {
		if err := f.setBox(w); err != nil {
			return err
		}
	}
	vbar := f.response(f.t.Cre, f.t.Cim, f.t.D, w).reach
	bound := func(l int, run func(start []float64), box ...seq.Tensor) error {
		start := units(box[len(box)-1].Rows)
		for range tightening {
			run(start)
			copy(start, box[len(box)-1].Of(w))
		}
		for _, t := range box {
			for j, x := range t.Of(w) {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return fmt.Errorf("lstm: the state of unit %d of layer %d has no finite bound: a forget gate reaches 1 in float64", j, l)
				}
			}
		}
		vbar = box[len(box)-1].Of(w)
		return nil
	}
	switch c := cell.(type) {
	case seq.LSTM:
		for l, t := range c.Tensors().Layers {
			b := newLSTMBox(t)
			if err := bound(l, func(start []float64) { b.run(w, vbar, start) }, t.CBox, t.HBox); err != nil {
				return err
			}
		}
	case seq.GRU:
		for l, t := range c.Tensors().Layers {
			b := newGRUBox(t)
			if err := bound(l, func(start []float64) { b.run(w, vbar, start) }, t.HBox); err != nil {
				return err
			}
		}
	}
	return nil
}

// front is what stands before the first layer and beside the layers: the filter and the output map.
type front struct {
	s, in int
	t     seq.FilterTensors
	out   seq.OutTensors
}

func frontOf(cell seq.Cell) (f front, err error) {
	switch c := cell.(type) {
	case seq.LSTM:
		t := c.Tensors()
		return front{c.Filter.States, c.In, t.Filter, t.Out}, nil
	case seq.GRU:
		t := c.Tensors()
		return front{c.Filter.States, c.In, t.Filter, t.Out}, nil
	}
	return f, fmt.Errorf("lstm: a cell of type %T is neither a seq.LSTM nor a seq.GRU", cell)
}

// moduli returns the moduli of complex numbers.
func moduli(re, im []float64) []float64 {
	out := make([]float64, len(re))
	for i := range re {
		out[i] = math.Hypot(re[i], im[i])
	}
	return out
}

// setBox writes the filter's box: what its states stay within from any state in it.
func (f front) setBox(w []float64) error {
	lambda, b := moduli(f.t.Lre.Of(w), f.t.Lim.Of(w)), moduli(f.t.Bre.Of(w), f.t.Bim.Of(w))
	for i, r := range lambda {
		if !(r < 1) {
			return fmt.Errorf("lstm: eigenvalue %d of the filter has modulus %g; it must be below 1", i, r)
		}
		var s float64
		for _, x := range b[i*f.in : (i+1)*f.in] {
			s += x
		}
		f.t.Box.Of(w)[i] = grown*s/(1-r) + boxFloor
	}
	return nil
}

// linear is what the filter and the direct path do to a signal Re(M s) + D u.
type linear struct {
	c     []float64 // |M|, row-major
	gain  []float64 // l1 gain, summed over the inputs
	reach []float64 // bound for |u| <= 1 and initial states in the box
}

// A response is summed for at most so many samples and until every |lambda|^k is below this; the checker sums as many.
const (
	responseSteps = 4096
	responseFall  = 1.0 / (1 << 14)
	responseRoom  = 1 + 1e-9 // for rounding
)

// response bounds z = Re(M s) + D u over the impulse response h, with the rest after n samples bounded by a geometric
// series: gain_j = sum_t |h_j(t)| and reach_j = sup_k sum_{t<=k} |h_j(t)| + sqrt 2 sum_i |M_ji| |lambda_i|^k box_i.
// Without filter M and its states are empty.
func (f front) response(mre, mim, d seq.Tensor, w []float64) (z linear) {
	rows := d.Rows
	if f.s == 0 && d.Name != f.out.Dy.Name { // v = u
		z.gain, z.reach = ones(f.in), ones(f.in)
		return z
	}
	z.gain = make([]float64, rows)
	for j := range z.gain {
		for _, x := range d.Of(w)[j*f.in : (j+1)*f.in] {
			z.gain[j] += math.Abs(x)
		}
	}
	z.reach = append([]float64(nil), z.gain...)
	if f.s == 0 {
		return z
	}
	z.c = moduli(mre.Of(w), mim.Of(w))
	lre, lim, bre, bim := f.t.Lre.Of(w), f.t.Lim.Of(w), f.t.Bre.Of(w), f.t.Bim.Of(w)
	for j := range rows {
		z.gain[j], z.reach[j] = f.row(z.gain[j], z.c[j*f.s:(j+1)*f.s], func(state []complex128) (h float64) {
			for i, x := range state {
				h += mre.Of(w)[j*f.s+i]*real(x) - mim.Of(w)[j*f.s+i]*imag(x)
			}
			return h
		}, lre, lim, bre, bim, f.t.Box.Of(w))
	}
	return z
}

// row is response for one row with direct gain d, moduli c and the given reading of the state.
func (f front) row(d float64, c []float64, read func([]complex128) float64, lre, lim, bre, bim, box []float64) (gain, reach float64) {
	x := make([][]complex128, f.in)
	for k := range x {
		x[k] = make([]complex128, f.s)
		for i := range x[k] {
			x[k][i] = complex(bre[i*f.in+k], bim[i*f.in+k])
		}
	}
	lambda, left := moduli(lre, lim), ones(f.s)
	total, most := d, 0.0
	for range responseSteps {
		free, slow := 0.0, 0.0
		for i, l := range left {
			free += c[i] * l * sqrtTwo * box[i]
			slow = max(slow, l)
		}
		most = max(most, total+free)
		if slow < responseFall {
			break
		}
		for _, x := range x {
			total += math.Abs(read(x))
			for i := range x {
				x[i] *= complex(lre[i], lim[i])
			}
		}
		for i := range left {
			left[i] *= lambda[i]
		}
	}
	gain = total
	for i, l := range left {
		var b float64
		for k := range f.in {
			b += math.Hypot(bre[i*f.in+k], bim[i*f.in+k])
		}
		g := b / (1 - lambda[i])
		gain += c[i] * l * g
		total += c[i] * l * max(g, sqrtTwo*box[i])
	}
	return gain * responseRoom, max(most, total) * responseRoom
}
