package lstm

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/nn/seq"
	"github.com/plumb-go/plumb/weights"
)

// TorchOptions says how to read arrays whose names leave a choice.
type TorchOptions struct {
	Stacks []string // names of the LSTMs in the order of their cascade, such as "encoder.lstm"; empty: the only one
	Output string   // array of the output layer, such as "fc.weight"; "": the only one that fits; NoOutput: there is none
	Ignore []string // arrays that are no part of the network
}

// NoOutput as TorchOptions.Output says that the outputs of the network are the hidden states of its last layer.
const NoOutput = "none"

// Limits of a bundle (docs/bundle.md).
const (
	maxLayers  = 8
	maxUnits   = 256
	maxSignals = 64
)

// FromTorch makes a deployed LSTM of the arrays of a network that was trained elsewhere, with the layers
//
//	i, f, o = sigmoid(W u + U h + b),  g = tanh(Wg u + Ug h + bg),  c+ = f * c + i * g,  h+ = o * tanh(c+),  y = Wy h+ + by
//
// PyTorch stacks the gates i, f, g, o in the rows of weight_ih_lK [4n x inputs] and weight_hh_lK [4n x n] and has two
// biases, which are added; the names of nn.LSTMCell are the same without _lK. Keras stacks the same order (called i, f,
// c, o) in the columns of kernel [inputs x 4n] and recurrent_kernel [n x 4n]. ONNX's operator LSTM has the order i, o,
// f, c in the rows of W [1 x 4n x inputs], R [1 x 4n x n] and both biases in B [1 x 8n]. Missing biases are zero. The
// output layer is a linear map [outputs x n] (Keras: [n x outputs]); without one the outputs are the hidden states.
//
// Refused, because they are other networks: GRUs (see seq.GRU: PyTorch's, and Keras' default, multiply the reset gate
// after the recurrent product), plain RNNs, both directions, projections, peepholes, and arrays that would be left over.
// Activations are not in such files: those above are assumed, as is a start from zero states.
//
// The boxes of w are positive but not yet those of the network: scale its inputs, then call Boxes.
func FromTorch(arrays map[string]weights.Array, o TorchOptions) (seq.LSTM, []float64, error) {
	r := &torchReader{arrays: arrays, left: map[string]bool{}}
	for name := range arrays {
		r.left[name] = true
	}
	cell, w, err := r.read(o)
	if err != nil {
		return seq.LSTM{}, nil, fmt.Errorf("lstm: %w", err)
	}
	return cell, w, nil
}

// torchReader keeps account of the arrays that no part of the network has claimed.
type torchReader struct {
	arrays map[string]weights.Array
	left   map[string]bool
}

func (r *torchReader) read(o TorchOptions) (seq.LSTM, []float64, error) {
	var none seq.LSTM
	for _, name := range o.Ignore {
		if !r.left[name] {
			return none, nil, fmt.Errorf("there is no array %q to ignore; there are %s", name, r.listAll())
		}
		delete(r.left, name)
	}
	stacks, err := r.choose(o.Stacks)
	if err != nil {
		return none, nil, err
	}
	var layers []*torchLayer
	inputs := 0 // of the next layer; 0: as many as the array has
	for _, s := range stacks {
		for _, names := range s.layers {
			l, err := r.layer(names, inputs)
			if err != nil {
				return none, nil, err
			}
			layers, inputs = append(layers, l), l.units
		}
	}
	head, err := r.head(o.Output, inputs)
	if err != nil {
		return none, nil, err
	}
	if err := r.rest(); err != nil {
		return none, nil, err
	}
	return assemble(layers, head)
}

// assemble packs the layers into the weight vector of a cell.
func assemble(layers []*torchLayer, head *torchHead) (seq.LSTM, []float64, error) {
	cell := seq.LSTM{Deep: seq.Deep{In: layers[0].inputs, Out: head.outputs}}
	for _, l := range layers {
		if l.units > maxUnits {
			return cell, nil, fmt.Errorf("a layer has %d units, a model holds at most %d", l.units, maxUnits)
		}
		cell.Units = append(cell.Units, l.units)
	}
	switch {
	case len(layers) > maxLayers:
		return cell, nil, fmt.Errorf("there are %d layers, a model holds at most %d", len(layers), maxLayers)
	case cell.In > maxSignals:
		return cell, nil, fmt.Errorf("there are %d inputs, a model holds at most %d", cell.In, maxSignals)
	case cell.Out > maxSignals:
		return cell, nil, fmt.Errorf("there are %d outputs, a model holds at most %d; is the output layer missing?", cell.Out, maxSignals)
	}
	w := make([]float64, cell.Layout().Len())
	t := cell.Tensors()
	for k, l := range layers {
		y := t.Layers[k]
		for i, g := range []seq.GateTensors{y.I, y.F, y.G, y.O} {
			copy(g.W.Of(w), l.gate[i].w)
			copy(g.U.Of(w), l.gate[i].u)
			copy(g.B.Of(w), l.gate[i].b)
		}
		for _, box := range []seq.Tensor{y.CBox, y.HBox} {
			for i := range box.Of(w) {
				box.Of(w)[i] = 1
			}
		}
	}
	copy(t.Out.Wy.Of(w), head.w)
	copy(t.Out.By.Of(w), head.b)
	return cell, w, nil
}

// torchHead is the output layer: w outputs x n, row-major.
type torchHead struct {
	outputs int
	w, b    []float64
}

// head finds the output layer for n hidden units: the array named, or the only one that fits.
func (r *torchReader) head(name string, n int) (*torchHead, error) {
	var fit []string
	for _, k := range slices.Sorted(maps.Keys(r.left)) {
		if s := r.arrays[k].Shape; len(s) == 2 && s[inputAxis(k)] == n && s[1-inputAxis(k)] > 0 {
			fit = append(fit, k)
		}
	}
	switch {
	case name == NoOutput, name == "" && len(fit) == 0:
		h := &torchHead{outputs: n, w: make([]float64, n*n), b: make([]float64, n)}
		for i := range n {
			h.w[i*n+i] = 1
		}
		return h, nil
	case name == "" && len(fit) > 1:
		return nil, fmt.Errorf("which array is the output layer? Several fit %d hidden units: %s; name it (--output)", n, strings.Join(fit, ", "))
	case name == "":
		name = fit[0]
	case !r.left[name] && r.left[name+".weight"]:
		name += ".weight"
	}
	a, ok := r.arrays[name]
	if !ok || !r.left[name] {
		return nil, fmt.Errorf("there is no array %q for the output layer; there are %s", name, r.list())
	}
	axis := inputAxis(name)
	if len(a.Shape) != 2 || a.Shape[axis] != n {
		want := [2]any{"outputs", "outputs"}
		want[axis] = n
		return nil, fmt.Errorf("the output layer %s has shape %v, expected [%v %v] after a layer of %d units", name, a.Shape, want[0], want[1], n)
	}
	if err := r.claim(name); err != nil {
		return nil, err
	}
	h := &torchHead{outputs: a.Shape[1-axis], w: a.Data}
	if axis == 0 {
		h.w = transposed(a.Data, n, h.outputs)
	}
	h.b = make([]float64, h.outputs)
	if bias := biasOf(name); r.left[bias] {
		b := r.arrays[bias]
		if len(b.Data) != h.outputs || len(b.Shape) != 1 {
			return nil, fmt.Errorf("the bias %s has shape %v, expected [%d], as many as rows of %s", bias, b.Shape, h.outputs, name)
		}
		if err := r.claim(bias); err != nil {
			return nil, err
		}
		h.b = b.Data
	}
	return h, nil
}

// inputAxis is the axis of a linear layer's array that runs over its inputs: 0 in Keras, whose name is kernel, else 1.
func inputAxis(name string) int {
	if strings.HasSuffix(strings.TrimSuffix(name, ":0"), "kernel") {
		return 0
	}
	return 1
}

// biasOf is the name of the bias that goes with a linear layer's array.
func biasOf(name string) string {
	for _, word := range []string{"weight", "kernel"} {
		if i := strings.LastIndex(name, word); i >= 0 {
			return name[:i] + "bias" + name[i+len(word):]
		}
	}
	return ""
}

// claim takes an array into the network; its numbers must be finite.
func (r *torchReader) claim(name string) error {
	for i, x := range r.arrays[name].Data {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s holds %g at index %d, expected finite numbers", name, x, i)
		}
	}
	delete(r.left, name)
	return nil
}

// rest refuses arrays that no part of the network has claimed: what would be certified would not be what is in the file.
func (r *torchReader) rest() error {
	if len(r.left) == 0 {
		return nil
	}
	return fmt.Errorf("arrays are left over: %s; the class is LSTM layers and one linear output layer. Name those that are no part of the network (--ignore)", r.list())
}

// list names the arrays that are left, listAll all, with their shapes.
func (r *torchReader) list() string { return listed(r.arrays, slices.Sorted(maps.Keys(r.left))) }

func (r *torchReader) listAll() string { return listed(r.arrays, slices.Sorted(maps.Keys(r.arrays))) }

func listed(arrays map[string]weights.Array, names []string) string {
	const most = 12
	var out []string
	for i, k := range names {
		if i == most {
			out = append(out, fmt.Sprintf("%d more", len(names)-most))
			break
		}
		out = append(out, fmt.Sprintf("%s %v", k, arrays[k].Shape))
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// transposed turns rows x cols into cols x rows, row-major.
func transposed(x []float64, rows, cols int) []float64 {
	out := make([]float64, len(x))
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = x[i*cols+j]
		}
	}
	return out
}

var errNoLayer = errors.New("no recurrent layer is among the arrays: expected names such as lstm.weight_ih_l0 and lstm.weight_hh_l0 (PyTorch), " +
	"lstm/lstm_cell/kernel and lstm/lstm_cell/recurrent_kernel (Keras), or W, R, B (ONNX)")
