package seq

import "fmt"

// Deep gives the sizes of a deep gated network: layers in cascade, an optional diagonal linear filter in front of them,
// and a linear path beside them. The filter, complex diagonal with s states, turns the cell's input u into the input v
// of the first layer,
//
//	s+ = lambda s + B u,   v = Re(C s) + D u              (v = u without filter)
//
// layer l turns its input (v, or the updated hidden state of the layer before) into its updated hidden state h+, and
//
//	y = Wy h+ + by + Dy u + Re(E s)
//
// with h+ of the last layer. The state of the cell is Re s, Im s, then for each layer its own state.
type Deep struct {
	In, Out int
	Units   []int      // hidden units of each layer, at least one layer
	Filter  FilterSize // zero: no filter
}

// FilterSize gives the complex states of a filter and the number of its outputs, which the first layer reads.
type FilterSize struct{ States, Width int }

// Inputs of the cell.
func (c Deep) Inputs() int { return c.In }

// Outputs of the cell.
func (c Deep) Outputs() int { return c.Out }

// Width returns the number of inputs of layer l.
func (c Deep) Width(l int) int {
	switch {
	case l > 0:
		return c.Units[l-1]
	case c.Filter.States > 0:
		return c.Filter.Width
	}
	return c.In
}

// LSTM is the deployed deep LSTM. Layer l with input v and state (c, h), elementwise products written *,
//
//	i = sigmoid(Wi v + Ui h + bi),  f = sigmoid(Wf v + Uf h + bf),  o = sigmoid(Wo v + Uo h + bo),  g = tanh(Wg v + Ug h + bg)
//	c+ = f * c + i * g,   h+ = o * tanh(c+)
//
// The output reads the updated hidden state, as PyTorch does; with an input delay of one sample this is the paper's
// y(k) = C h(k). Reference: Hochreiter and Schmidhuber 1997 with forget gate (Gers et al. 2000), no peepholes.
type LSTM struct{ Deep }

// GRU is the deployed deep GRU with the reset gate before the recurrent matrix,
//
//	z = sigmoid(Wz v + Uz h + bz),  r = sigmoid(Wr v + Ur h + br),  n = tanh(Wn v + Un (r * h) + bn)
//	h+ = z * h + (1 - z) * n
//
// Reference: Cho et al. 2014. PyTorch's nn.GRU puts r after the product with Un, which is another network.
type GRU struct{ Deep }

// Confined is a cell whose initial state is confined to a box: x0 = box * tanh(e) elementwise for any real e. The box
// belongs to the deployed weights.
type Confined interface {
	Cell
	// Box returns the half-widths of the box, one tensor per stretch of the state vector, in order.
	Box() []BoxPart
}

// BoxPart says that the States elements of the state vector from First on have half-widths Tensor.
type BoxPart struct {
	First, States int
	Tensor        Tensor
}

// States counts the real states: two for a complex state of the filter, c and h for each unit.
func (c LSTM) States() int { return 2*c.Filter.States + 2*c.hidden() }

// States counts the real states: two for a complex state of the filter, one for each unit.
func (c GRU) States() int { return 2*c.Filter.States + c.hidden() }

// hidden counts the units of all layers.
func (c Deep) hidden() int {
	n := 0
	for _, v := range c.Units {
		n += v
	}
	return n
}

// FilterTensors gives the places of the filter's numbers; empty without a filter. Box bounds |Re s| and |Im s| at the
// start of a simulation.
type FilterTensors struct{ Lre, Lim, Bre, Bim, Cre, Cim, D, Ere, Eim, Box Tensor }

// GateTensors gives the places of one gate: W times the layer's input, U times its hidden state, bias.
type GateTensors struct{ W, U, B Tensor }

// LSTMLayer gives the places of one layer. CBox and HBox bound |c| and |h| at the start of a simulation.
type LSTMLayer struct {
	I, F, G, O GateTensors
	CBox, HBox Tensor
}

// GRULayer gives the places of one layer. HBox bounds |h| at the start of a simulation.
type GRULayer struct {
	Z, R, N GateTensors
	HBox    Tensor
}

// OutTensors gives the places of the output map.
type OutTensors struct{ Wy, By, Dy Tensor }

// LSTMTensors gives the place of each array of an LSTM in its weight vector.
type LSTMTensors struct {
	Filter FilterTensors
	Layers []LSTMLayer
	Out    OutTensors
}

// GRUTensors gives the place of each array of a GRU in its weight vector.
type GRUTensors struct {
	Filter FilterTensors
	Layers []GRULayer
	Out    OutTensors
}

// Tensors returns the named places; Layout lists the same in order.
func (c LSTM) Tensors() LSTMTensors { t, _ := c.tensors(); return t }

// Layout lists, where there is a filter, f.lre, f.lim, f.Bre, f.Bim, f.Cre, f.Cim, f.D, f.Ere, f.Eim, f.box; for each
// layer l0.Wi, l0.Ui, l0.bi, then f, g, o, then l0.cbox, l0.hbox; then Wy, by, Dy.
func (c LSTM) Layout() Layout { _, l := c.tensors(); return l }

func (c LSTM) tensors() (t LSTMTensors, l Layout) {
	t.Filter = c.filter(&l)
	for k, n := range c.Units {
		var y LSTMLayer
		for i, g := range []*GateTensors{&y.I, &y.F, &y.G, &y.O} {
			*g = gate(&l, k, "ifgo"[i:i+1], n, c.Width(k))
		}
		y.CBox = l.Add(fmt.Sprintf("l%d.cbox", k), n, 0)
		y.HBox = l.Add(fmt.Sprintf("l%d.hbox", k), n, 0)
		t.Layers = append(t.Layers, y)
	}
	t.Out = c.out(&l)
	return t, l
}

// Tensors returns the named places; Layout lists the same in order.
func (c GRU) Tensors() GRUTensors { t, _ := c.tensors(); return t }

// Layout lists the filter as for an LSTM; for each layer l0.Wz, l0.Uz, l0.bz, then r, n, then l0.hbox; then Wy, by, Dy.
func (c GRU) Layout() Layout { _, l := c.tensors(); return l }

func (c GRU) tensors() (t GRUTensors, l Layout) {
	t.Filter = c.filter(&l)
	for k, n := range c.Units {
		var y GRULayer
		for i, g := range []*GateTensors{&y.Z, &y.R, &y.N} {
			*g = gate(&l, k, "zrn"[i:i+1], n, c.Width(k))
		}
		y.HBox = l.Add(fmt.Sprintf("l%d.hbox", k), n, 0)
		t.Layers = append(t.Layers, y)
	}
	t.Out = c.out(&l)
	return t, l
}

func gate(l *Layout, layer int, name string, n, width int) GateTensors {
	at := func(kind string) string { return fmt.Sprintf("l%d.%s%s", layer, kind, name) }
	return GateTensors{W: l.Add(at("W"), n, width), U: l.Add(at("U"), n, n), B: l.Add(at("b"), n, 0)}
}

func (c Deep) filter(l *Layout) (t FilterTensors) {
	s, w := c.Filter.States, c.Filter.Width
	if s == 0 {
		return t
	}
	t.Lre, t.Lim = l.Add("f.lre", s, 0), l.Add("f.lim", s, 0)
	t.Bre, t.Bim = l.Add("f.Bre", s, c.In), l.Add("f.Bim", s, c.In)
	t.Cre, t.Cim, t.D = l.Add("f.Cre", w, s), l.Add("f.Cim", w, s), l.Add("f.D", w, c.In)
	t.Ere, t.Eim = l.Add("f.Ere", c.Out, s), l.Add("f.Eim", c.Out, s)
	t.Box = l.Add("f.box", s, 0)
	return t
}

func (c Deep) out(l *Layout) OutTensors {
	return OutTensors{
		Wy: l.Add("Wy", c.Out, c.Units[len(c.Units)-1]), By: l.Add("by", c.Out, 0), Dy: l.Add("Dy", c.Out, c.In),
	}
}

// Box lists f.box twice (real and imaginary parts) and each layer's cbox and hbox.
func (c LSTM) Box() []BoxPart {
	t := c.Tensors()
	parts, at := c.filterBox(t.Filter)
	for k, n := range c.Units {
		parts = append(parts, BoxPart{at, n, t.Layers[k].CBox}, BoxPart{at + n, n, t.Layers[k].HBox})
		at += 2 * n
	}
	return parts
}

// Box lists f.box twice (real and imaginary parts) and each layer's hbox.
func (c GRU) Box() []BoxPart {
	t := c.Tensors()
	parts, at := c.filterBox(t.Filter)
	for k, n := range c.Units {
		parts = append(parts, BoxPart{at, n, t.Layers[k].HBox})
		at += n
	}
	return parts
}

func (c Deep) filterBox(t FilterTensors) (parts []BoxPart, at int) {
	if s := c.Filter.States; s > 0 {
		parts = []BoxPart{{0, s, t.Box}, {s, s, t.Box}}
		at = 2 * s
	}
	return parts, at
}
