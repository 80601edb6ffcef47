package lstm

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/plumb-go/plumb/nn/seq"
)

// RepairOptions says what a repair aims at.
type RepairOptions struct {
	Rate    float64                   // decay per sample that each repaired layer shall have; 0: 0.999
	Measure func(w []float64) float64 // size of the change from the network to w, for choosing; nil: Change
}

// Repaired is a network that can be proved, near one that cannot.
type Repaired struct {
	W      []float64
	Method string // how the recurrent weights were scaled; Unchanged when the network was provable
	Layers []RepairedLayer
	Change float64 // |W - w|/|w| over all weights, Euclidean
}

// RepairedLayer says what was changed in a layer.
type RepairedLayer struct {
	Low, High float64 // smallest and largest factor on the recurrent weights of a neuron (norms of its four rows); 1: untouched
	Forget    float64 // most by which the largest argument of a forget gate was lowered, besides its recurrent part
}

// How recurrent weights were scaled.
const (
	Unchanged    = "unchanged"
	CommonFactor = "one factor for a layer"
	RowFactors   = "one factor for a neuron"
	EntryFactors = "each weight by itself"
)

const (
	repairRate = 0.999
	bisections = 24
)

// Repair looks for a network near the one given, for inputs |u| <= 1, whose layers pass the componentwise test of the
// claim delta-iss. Only recurrent weights are made smaller, and the bias and input weights of a forget gate that could
// otherwise come too near to one:
//
//   - one factor s for all recurrent weights of a layer. The test is monotone in s, so the largest is found by bisection;
//   - a factor for each neuron, or for each weight: the nearest point that satisfies the test for a metric, and the metric
//     improved by descent (beyond the row scaling, this is a projection onto a half-space for each neuron); then as far
//     back towards the original as the test allows;
//   - each with several limits of the forget gate, since a gate near one leaves no room for recurrent weights. Without
//     recurrent weights the limit alone makes a layer pass, so that a repair always exists.
//
// Of all these the one with the smallest measure is returned, with the boxes of the result in W. Layers that pass at any
// rate below one are left as they are; when all do, so is the network. Nothing here is a proof: Prove the result and let
// the checker decide. Nor is a network unstable because it needs repair.
func Repair(cell seq.LSTM, w []float64, o RepairOptions) (*Repaired, error) {
	if len(w) != cell.Layout().Len() {
		return nil, fmt.Errorf("lstm: %d weights for a network of %d", len(w), cell.Layout().Len())
	}
	if cell.Filter.States > 0 {
		return nil, errors.New("lstm: a cell with a filter is not repaired")
	}
	if o.Rate == 0 {
		o.Rate = repairRate
	}
	if o.Rate < 0.5 || o.Rate >= 1 {
		return nil, fmt.Errorf("lstm: the rate of a repair must lie in [0.5, 1), got %g", o.Rate)
	}
	var best *Repaired
	least := math.Inf(1)
	highest := topForget(cell, w)
	for _, method := range []string{CommonFactor, RowFactors, EntryFactors} {
		for i, room := range []float64{1.5, 10, 60, 400} {
			limit := 1 - room*(1-o.Rate)
			if i > 0 && (limit < 0.3*o.Rate || limit >= highest) {
				continue
			}
			c := candidate(cell, w, method, limit, o.Rate)
			if c.Method == Unchanged {
				return c, nil
			}
			size := c.Change
			if o.Measure != nil {
				size = o.Measure(c.W)
			}
			if size < least || best == nil {
				best, least = c, size
			}
		}
	}
	return best, nil
}

// candidate repairs layer after layer, since the box of one bounds the input of the next.
func candidate(cell seq.LSTM, w0 []float64, method string, limit, rate float64) *Repaired {
	c := &Repaired{W: slices.Clone(w0), Method: Unchanged}
	vbar := make([]float64, cell.In)
	for i := range vbar {
		vbar[i] = 1
	}
	for _, t := range cell.Tensors().Layers {
		l := newRepairLayer(t, vbar)
		change := RepairedLayer{Low: 1, High: 1}
		if !l.asItIs(c.W) {
			c.Method = method
			change.Forget = l.limitForget(c.W, limit)
			l.repair(c.W, w0, method, rate)
			change.Low, change.High = l.factors(c.W, w0)
		}
		c.Layers = append(c.Layers, change)
		l.bound(c.W, rate) // writes the box
		vbar = t.HBox.Of(c.W)
	}
	if c.Method != Unchanged {
		c.Change = relative(cell, c.W, w0)
	}
	return c
}

// oneBelow is the largest rate at which a layer may stay as it is.
const oneBelow = 1 - 1e-6

// topForget bounds the forget gates of all layers without recurrent weights.
func topForget(cell seq.LSTM, w []float64) (top float64) {
	for _, t := range cell.Tensors().Layers {
		z := slices.Clone(t.F.B.Of(w))
		for i, v := range t.F.W.Of(w) {
			z[i/t.F.W.Cols] += math.Abs(v)
		}
		top = math.Max(top, sigmoid(slices.Max(z)))
	}
	return top
}

// limitForget lowers the forget biases and the magnitudes of the input weights of the forget gates to the nearest point
// where no gate exceeds limit without recurrent weights, and returns the most that an argument was lowered by.
func (l *repairLayer) limitForget(w []float64, limit float64) (most float64) {
	d := len(l.vbar)
	bias, in := l.t.F.B.Of(w), l.t.F.W.Of(w)
	for j := range bias {
		row := in[j*d : (j+1)*d]
		t := 0.0 // bias - t, max(0, |in| - t vbar); Newton's method as in shrinkEntries
		for range 4 * (d + 1) {
			over, drop := bias[j]-t-logit(limit), 1.0
			for i, v := range l.vbar {
				if m := math.Abs(row[i]) - t*v; m > 0 {
					over, drop = over+v*m, drop+v*v
				}
			}
			if t == 0 {
				most = math.Max(most, over)
			}
			if over <= 1e-12*drop {
				break
			}
			t += over / drop
		}
		bias[j] -= t
		for i, v := range l.vbar {
			row[i] = math.Copysign(math.Max(0, math.Abs(row[i])-t*v), row[i])
		}
	}
	return most
}

// repair scales the recurrent weights of w, which are those of w0 at first, so that the layer decays with the rate.
func (l *repairLayer) repair(w, w0 []float64, method string, rate float64) {
	if l.passes(w, rate) { // the limit of the forget gate was enough
		return
	}
	l.farthest(w, make([]float64, len(w)), w0, rate)
	eta, ok := l.contracts(w, rate)
	if method == CommonFactor || !ok {
		return
	}
	p := projection(shrinkRow)
	if method == EntryFactors {
		p = shrinkEntries
	}
	l.project(w, w0, eta, rate, p)
}

func (l *repairLayer) passes(w []float64, rate float64) bool {
	_, ok := l.contracts(w, rate)
	return ok
}

// farthest gives w the recurrent weights a + s (b - a) with the largest s in [0, 1] for which the layer passes. The
// magnitudes, and with them K, grow with s.
func (l *repairLayer) farthest(w, a, b []float64, rate float64) {
	set := func(s float64) {
		for _, g := range l.gates {
			u, from, to := g.U.Of(w), g.U.Of(a), g.U.Of(b)
			for i := range u {
				u[i] = from[i] + s*(to[i]-from[i])
			}
		}
	}
	lo, hi := 0.0, 1.0
	for range bisections {
		mid := lo + (hi-lo)/2
		if set(mid); l.passes(w, rate) {
			lo = mid
		} else {
			hi = mid
		}
	}
	set(lo)
}

// factors are the smallest and largest ratio of the norms of a neuron's recurrent weights, after and before.
func (l *repairLayer) factors(w, w0 []float64) (low, high float64) {
	low, high = math.Inf(1), 0
	for j := range l.n {
		var after, before float64
		for _, g := range l.gates {
			for k := j * l.n; k < (j+1)*l.n; k++ {
				after, before = after+square(g.U.Of(w)[k]), before+square(g.U.Of(w0)[k])
			}
		}
		s := 1.0
		if before > 0 {
			s = math.Sqrt(after / before)
		}
		low, high = math.Min(low, s), math.Max(high, s)
	}
	return low, high
}

func square(x float64) float64 { return x * x }

// relative is |w - w0|/|w0| over all weights but the boxes.
func relative(cell seq.LSTM, w, w0 []float64) float64 {
	var d, s float64
	add := func(tensors ...seq.Tensor) {
		for _, t := range tensors {
			for i, x := range t.Of(w0) {
				d, s = d+square(t.Of(w)[i]-x), s+square(x)
			}
		}
	}
	t := cell.Tensors()
	for _, y := range t.Layers {
		for _, g := range []seq.GateTensors{y.I, y.F, y.G, y.O} {
			add(g.W, g.U, g.B)
		}
	}
	add(t.Out.Wy, t.Out.By, t.Out.Dy)
	return math.Sqrt(d / s)
}
