package lstm

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// torchStack is a cascade of layers under one prefix: all layers of an nn.LSTM, or one cell.
type torchStack struct {
	prefix string
	layers []torchNames
}

// torchNames says where the numbers of one layer are.
type torchNames struct {
	w, u   string   // of the input and of the hidden state
	biases []string // to be added; they may all be missing
	order  string   // of the gates
	turned bool     // Keras: gates along the columns
	onnx   bool     // a leading axis for the direction, both biases in one array
}

// torchLayer holds the gates i, f, g, o of one layer.
type torchLayer struct {
	inputs, units int
	gate          [4]struct{ w, u, b []float64 } // units x inputs, units x units, units
}

var (
	torchName = regexp.MustCompile(`^(.*)weight_hh(?:_l(\d+))?$`)
	kerasName = regexp.MustCompile(`^(.*)recurrent_kernel(:0)?$`)
	onnxName  = regexp.MustCompile(`^(.*)R$`)
	twoWays   = regexp.MustCompile(`weight_[ih]h_l\d+_reverse$|bidirectional|backward_lstm`)
	projected = regexp.MustCompile(`weight_hr_l\d+$`)
)

// stacks finds the recurrent parts by the names of their recurrent arrays, in the order of these names.
func (r *torchReader) stacks() ([]torchStack, error) {
	var out []torchStack
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(r.left)) {
		switch {
		case twoWays.MatchString(name):
			return nil, fmt.Errorf("%s belongs to a network that reads its input in both directions: it needs inputs of the future and is no dynamical system that runs in time", name)
		case projected.MatchString(name):
			return nil, fmt.Errorf("%s is a projection of the hidden state (proj_size), which the model class does not have", name)
		}
		if m := torchName.FindStringSubmatch(name); m != nil {
			if seen[m[1]] {
				continue
			}
			seen[m[1]] = true
			s, err := r.torchStack(m[1], m[2])
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		} else if m := kerasName.FindStringSubmatch(name); m != nil {
			out = append(out, torchStack{m[1], []torchNames{{w: m[1] + "kernel" + m[2], u: name, biases: []string{m[1] + "bias" + m[2]}, order: "ifgo", turned: true}}})
		} else if m := onnxName.FindStringSubmatch(name); m != nil && len(r.arrays[name].Shape) == 3 {
			if p := m[1] + "P"; r.left[p] {
				return nil, fmt.Errorf("%s holds peepholes, which the model class does not have", p)
			}
			out = append(out, torchStack{m[1], []torchNames{{w: m[1] + "W", u: name, biases: []string{m[1] + "B"}, order: "iofg", onnx: true}}})
		}
	}
	if out == nil {
		return nil, fmt.Errorf("%w; there are %s", errNoLayer, r.listAll())
	}
	return out, nil
}

// torchStack lists the layers l0, l1, ... of an nn.LSTM, or the one of an nn.LSTMCell, whose first is "".
func (r *torchReader) torchStack(prefix, first string) (torchStack, error) {
	s := torchStack{prefix: prefix}
	add := func(suffix string) {
		s.layers = append(s.layers, torchNames{w: prefix + "weight_ih" + suffix, u: prefix + "weight_hh" + suffix,
			biases: []string{prefix + "bias_ih" + suffix, prefix + "bias_hh" + suffix}, order: "ifgo"})
	}
	if first == "" {
		add("")
		return s, nil
	}
	last := 0
	for name := range r.left {
		if m := torchName.FindStringSubmatch(name); m != nil && m[1] == prefix && m[2] != "" {
			if l, err := strconv.Atoi(m[2]); err == nil {
				last = max(last, l)
			}
		}
	}
	if last >= maxLayers {
		return s, fmt.Errorf("%sweight_hh_l%d: a model holds at most %d layers", prefix, last, maxLayers)
	}
	for l := range last + 1 {
		add(fmt.Sprintf("_l%d", l))
	}
	return s, nil
}

// choose picks the recurrent parts that were named, or the only one.
func (r *torchReader) choose(names []string) ([]torchStack, error) {
	all, err := r.stacks()
	if err != nil {
		return nil, err
	}
	var prefixes []string
	for _, s := range all {
		prefixes = append(prefixes, strconv.Quote(strings.TrimRight(s.prefix, "./")))
	}
	if len(names) == 0 {
		if len(all) > 1 {
			return nil, fmt.Errorf("there are several recurrent parts: %s; name those that form the network, in the order of their cascade (--lstm)", strings.Join(prefixes, ", "))
		}
		return all, nil
	}
	var out []torchStack
	for _, name := range names {
		i := slices.IndexFunc(all, func(s torchStack) bool { return strings.TrimRight(s.prefix, "./") == strings.TrimRight(name, "./") })
		if i < 0 {
			return nil, fmt.Errorf("there is no recurrent part %q; there are %s", name, strings.Join(prefixes, ", "))
		}
		out = append(out, all[i])
	}
	return out, nil
}

// layer reads the layer with these names; inputs 0: as many as the array has.
func (r *torchReader) layer(names torchNames, inputs int) (*torchLayer, error) {
	u, rows, n, err := r.matrix(names.u, names)
	if err != nil {
		return nil, err
	}
	switch {
	case n > 0 && rows == 3*n:
		return nil, fmt.Errorf("%s has 3 gates of %d units: a GRU. PyTorch's GRU, and Keras' by default, multiplies the reset gate after the recurrent product, r * (U h + b), "+
			"the model class before it, U (r * h): these are different networks, and the proof is of the second. Only LSTMs are imported", names.u, n)
	case n > 0 && rows == n:
		return nil, fmt.Errorf("%s has no gates: a plain recurrent network of %d units. Only LSTMs are imported", names.u, n)
	case n == 0 || rows != 4*n:
		return nil, fmt.Errorf("%s has shape %v, expected 4 gates of n units each for n hidden states", names.u, r.arrays[names.u].Shape)
	}
	w, rows, d, err := r.matrix(names.w, names)
	if err != nil {
		return nil, err
	}
	if d == 0 || rows != 4*n || inputs > 0 && d != inputs {
		return nil, fmt.Errorf("%s has shape %v, expected %s: 4 gates of %d units", names.w, r.arrays[names.w].Shape, r.shape(names, n, inputs), n)
	}
	b, err := r.bias(names, n)
	if err != nil {
		return nil, err
	}
	l := &torchLayer{inputs: d, units: n}
	for i, gate := range "ifgo" {
		at := strings.IndexRune(names.order, gate) * n
		g := &l.gate[i]
		g.w, g.u, g.b = w[at*d:(at+n)*d], u[at*n:(at+n)*n], b[at:at+n]
	}
	return l, nil
}

// matrix returns an array with gates along the rows.
func (r *torchReader) matrix(name string, names torchNames) (data []float64, rows, cols int, err error) {
	a, ok := r.arrays[name]
	if !ok || !r.left[name] {
		return nil, 0, 0, fmt.Errorf("%s is missing; there are %s", name, r.list())
	}
	shape := a.Shape
	if names.onnx && len(shape) == 3 {
		if shape[0] != 1 {
			return nil, 0, 0, fmt.Errorf("%s has shape %v: a network that reads its input in both directions is no dynamical system that runs in time", name, shape)
		}
		shape = shape[1:]
	}
	if len(shape) != 2 {
		return nil, 0, 0, fmt.Errorf("%s has shape %v, expected a matrix", name, a.Shape)
	}
	if err := r.claim(name); err != nil {
		return nil, 0, 0, err
	}
	if names.turned {
		return transposed(a.Data, shape[0], shape[1]), shape[1], shape[0], nil
	}
	return a.Data, shape[0], shape[1], nil
}

// bias adds the biases of a layer of n units; all of them may be missing, as with bias=False.
func (r *torchReader) bias(names torchNames, n int) ([]float64, error) {
	sum := make([]float64, 4*n)
	found := 0
	for _, name := range names.biases {
		if !r.left[name] {
			continue
		}
		found++
		a := r.arrays[name]
		want := []int{4 * n}
		if names.onnx {
			want = []int{1, 8 * n}
		}
		if !slices.Equal(a.Shape, want) {
			return nil, fmt.Errorf("%s has shape %v, expected %v: 4 gates of %d units", name, a.Shape, want, n)
		}
		if err := r.claim(name); err != nil {
			return nil, err
		}
		for i, x := range a.Data {
			sum[i%(4*n)] += x
		}
	}
	if found > 0 && found < len(names.biases) {
		return nil, fmt.Errorf("of the biases %s one is missing", strings.Join(names.biases, " and "))
	}
	return sum, nil
}

// shape words the shape of the array of the input.
func (r *torchReader) shape(names torchNames, n, inputs int) string {
	d := "inputs"
	if inputs > 0 {
		d = strconv.Itoa(inputs)
	}
	switch {
	case names.turned:
		return fmt.Sprintf("[%s %d]", d, 4*n)
	case names.onnx:
		return fmt.Sprintf("[1 %d %s]", 4*n, d)
	}
	return fmt.Sprintf("[%d %s]", 4*n, d)
}
