package lstm

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// Guarantee says how the class comes by its claim.
type Guarantee int

const (
	Construct     Guarantee = iota // every parameter vector carries the claim
	Componentwise                  // a penalty in training keeps the spectral radius of the comparison matrices below the rate
	Penalty                        // the penalty of Bonassi et al. 2023 on their scalar condition
	None                           // no claim
)

func (g Guarantee) String() string {
	if g < Construct || g > None {
		return fmt.Sprintf("Guarantee(%d)", int(g))
	}
	return [...]string{"construct", "componentwise", "penalty", "none"}[g]
}

// Options gives the sizes of a network and the way to its claim.
type Options struct {
	GRU             bool // GRU cells in place of LSTM cells
	Inputs, Outputs int
	Units           []int // hidden units of each layer; nil means one layer of 10
	Filter          int   // complex states of a linear filter in front of the first layer; 0: none
	FilterWidth     int   // signals from the filter to the first layer; 0 means Inputs + 2 Filter
	Direct          bool  // the output also reads the input and the filter's states
	Guarantee       Guarantee

	// Rate in (0, 1) bounds the proved decay per sample: exactly for Construct, as the aim of the penalty for
	// Componentwise; the filter's poles stay within it. 0 means 0.999; Rate(modes) of this package chooses by the plant.
	Rate float64
}

// defaultRate is Rate where nothing is known of the plant.
const defaultRate = 0.999

func (o Options) withDefaults() Options {
	if o.Units == nil {
		o.Units = []int{10}
	}
	if o.Filter > 0 && o.FilterWidth == 0 {
		o.FilterWidth = o.Inputs + 2*o.Filter
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	return o
}

func (o Options) check() error {
	switch {
	case o.Inputs < 1 || o.Outputs < 1:
		return fmt.Errorf("lstm: %d inputs and %d outputs; each must be at least 1", o.Inputs, o.Outputs)
	case len(o.Units) == 0 || slices.Min(o.Units) < 1:
		return fmt.Errorf("lstm: units %v; at least one layer of at least 1 unit is needed", o.Units)
	case o.Filter < 0 || o.FilterWidth < 0 || o.Filter == 0 && o.FilterWidth > 0:
		return fmt.Errorf("lstm: filter of %d states and width %d; both must be positive, or 0 for none", o.Filter, o.FilterWidth)
	case !(o.Rate > 0 && o.Rate < 1):
		return fmt.Errorf("lstm: rate %v; it must lie between 0 and 1", o.Rate)
	case o.Guarantee < Construct || o.Guarantee > None:
		return fmt.Errorf("lstm: unknown guarantee %v", o.Guarantee)
	case o.Guarantee == Penalty && o.GRU:
		return fmt.Errorf("lstm: the penalty of Bonassi et al. 2023 is for LSTM cells; for a GRU choose construct or componentwise")
	}
	return nil
}

// Network is a deep LSTM or GRU of fixed size. Its parameters are those of the layers in order, of the filter, and the
// tensors of the output map that the options leave free.
type Network struct {
	seq.Confined
	Options Options // with defaults filled in

	layers []layer
	filter *filter
	rest   model.Verbatim
	out    seq.OutTensors
	hbox   []seq.Tensor // of each layer

	w, dw  []float64   // last deployed weights, gradient with respect to weights
	inputs [][]float64 // bounds of each layer's inputs
	dinput [][]float64
}

// layer is the parametrisation of one layer. vbar bounds the layer's inputs.
type layer interface {
	dim() int
	init(r *rand.Rand, s start, theta []float64)
	deploy(theta, w, vbar []float64) // writes gates and box
	// pullback adds to dtheta and dvbar the gradient of a function with derivatives dw with respect to the deployed
	// weights w, box included; dw is changed.
	pullback(theta, w, dw, dtheta, dvbar []float64)
}

// New returns a network: *Network for Construct and None, *Regularised for Componentwise and Penalty.
func New(o Options) (model.Network, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Network{Options: o}
	d := seq.Deep{In: o.Inputs, Out: o.Outputs, Units: slices.Clone(o.Units), Filter: seq.FilterSize{States: o.Filter, Width: o.FilterWidth}}
	var f seq.FilterTensors
	if o.GRU {
		c := seq.GRU{Deep: d}
		t := c.Tensors()
		m.Confined, f, m.out = c, t.Filter, t.Out
		for _, l := range t.Layers {
			m.layers = append(m.layers, newGRULayer(l, o))
			m.hbox = append(m.hbox, l.HBox)
		}
	} else {
		c := seq.LSTM{Deep: d}
		t := c.Tensors()
		m.Confined, f, m.out = c, t.Filter, t.Out
		for _, l := range t.Layers {
			m.layers = append(m.layers, newLSTMLayer(l, o))
			m.hbox = append(m.hbox, l.HBox)
		}
	}
	if o.Filter > 0 {
		m.filter = newFilter(f, o.Rate)
		if o.Direct {
			m.rest = append(m.rest, f.Ere, f.Eim)
		}
	}
	m.rest = append(m.rest, m.out.Wy, m.out.By)
	if o.Direct {
		m.rest = append(m.rest, m.out.Dy)
	}
	m.w, m.dw = make([]float64, m.Layout().Len()), make([]float64, m.Layout().Len())
	for l := range o.Units {
		m.inputs = append(m.inputs, make([]float64, d.Width(l)))
		m.dinput = append(m.dinput, make([]float64, d.Width(l)))
		for i := range m.inputs[l] {
			m.inputs[l][i] = 1
		}
	}
	if o.Guarantee == Componentwise || o.Guarantee == Penalty {
		return newRegularised(m), nil
	}
	return m, nil
}

// Kind is the member kind in the bundle.
func (m *Network) Kind() string {
	if m.Options.GRU {
		return "gru"
	}
	return "lstm"
}

// Deployed is the cell that a bundle stores, a seq.LSTM or a seq.GRU.
func (m *Network) Deployed() seq.Cell { return m.Confined }

// Dim is the number of free parameters.
func (m *Network) Dim() int {
	n := m.rest.Len()
	for _, l := range m.layers {
		n += l.dim()
	}
	if m.filter != nil {
		n += m.filter.dim()
	}
	return n
}

// Deploy maps theta to the weights of the cell, boxes included.
func (m *Network) Deploy(theta, w []float64) {
	for l, y := range m.layers {
		if l > 0 {
			copy(m.inputs[l], m.hbox[l-1].Of(m.w))
		}
		y.deploy(theta[:y.dim()], m.w, m.inputs[l])
		theta = theta[y.dim():]
	}
	if m.filter != nil {
		m.filter.deploy(theta[:m.filter.dim()], m.w)
		theta = theta[m.filter.dim():]
	}
	m.rest.Deploy(theta, m.w)
	copy(w, m.w)
}

// Pullback adds the gradient at the parameters last deployed.
func (m *Network) Pullback(theta, dw, dtheta []float64) {
	copy(m.dw, dw)
	at := m.Dim() - m.rest.Len()
	m.rest.Pullback(m.dw, dtheta[at:])
	if m.filter != nil {
		at -= m.filter.dim()
		m.filter.pullback(theta[at:at+m.filter.dim()], m.dw, dtheta[at:at+m.filter.dim()])
	}
	for l := len(m.layers) - 1; l >= 0; l-- {
		y := m.layers[l]
		at -= y.dim()
		clear(m.dinput[l])
		y.pullback(theta[at:at+y.dim()], m.w, m.dw, dtheta[at:at+y.dim()], m.dinput[l])
		if l > 0 {
			for j, g := range m.dinput[l] {
				m.hbox[l-1].Of(m.dw)[j] += g
			}
		}
	}
}
