package falsify

import (
	"fmt"

	"github.com/plumb-go/plumb/nn/seq"
)

// net is a deep LSTM or GRU with its weights gathered for one product per layer and step. It is shared by all workers.
type net struct {
	gru             bool
	in, out, states int
	fs, fw          int       // complex states and outputs of the filter
	f, v            []float64 // s+ = f [s; u; 1] (2fs rows), input of layer 0 = v [s; u; 1]
	layers          []layer
	wy, py          []float64 // dy = wy dh+ + py [ds; du]
	box             []float64 // half-widths of the states
	rows            int       // rows of one step in a simulation
	fin             int       // first row of [s; u; 1]
}

// layer is one layer: first its places in a step's rows, then its matrices over [v; h; 1] (n rows a gate).
type layer struct {
	n, d                  int
	x, rx, act, c, tanhC  int       // rows of [v; h; 1], [v; r h; 1] (GRU), gates, c and tanh c+ (LSTM)
	w, wn                 []float64 // LSTM: gates i, f, o, g. GRU: z, r, and apart n
	stateC, stateH, count int       // first state of c and of h; states of the layer
}

// deployed is implemented by parametrised classes that embed a deployed cell.
type deployed interface{ Deployed() seq.Cell }

// gather reads the weights of a seq.LSTM or seq.GRU.
func gather(cell seq.Cell, w []float64) (*net, error) {
	if d, ok := cell.(deployed); ok {
		cell = d.Deployed()
	}
	if want := cell.Layout().Len(); len(w) != want {
		return nil, fmt.Errorf("falsify: %d weights for a cell of %d", len(w), want)
	}
	switch c := cell.(type) {
	case seq.LSTM:
		return gatherLSTM(c, w), nil
	case seq.GRU:
		return gatherGRU(c, w), nil
	}
	return nil, fmt.Errorf("falsify: no attack on a cell of type %T, only on seq.LSTM and seq.GRU", cell)
}

func gatherLSTM(c seq.LSTM, w []float64) *net {
	t := c.Tensors()
	n := gatherDeep(c.Deep, t.Filter, t.Out, c.States(), c.Box(), w)
	for l, y := range t.Layers {
		u, d := c.Units[l], c.Width(l)
		k := layer{n: u, d: d, x: n.take(d + u + 1), act: n.take(4 * u), c: n.take(u), tanhC: n.take(u)}
		k.stateC, k.count = n.place(l), 2*u
		k.stateH = k.stateC + u
		k.w = stack(w, u, d, y.I, y.F, y.O, y.G)
		n.layers = append(n.layers, k)
	}
	return n
}

func gatherGRU(c seq.GRU, w []float64) *net {
	t := c.Tensors()
	n := gatherDeep(c.Deep, t.Filter, t.Out, c.States(), c.Box(), w)
	n.gru = true
	for l, y := range t.Layers {
		u, d := c.Units[l], c.Width(l)
		k := layer{n: u, d: d, x: n.take(d + u + 1), rx: n.take(d + u + 1), act: n.take(3 * u)}
		k.stateH, k.count = n.place(l), u
		k.w, k.wn = stack(w, u, d, y.Z, y.R), stack(w, u, d, y.N)
		n.layers = append(n.layers, k)
	}
	return n
}

// gatherDeep reads what both kinds share.
func gatherDeep(c seq.Deep, f seq.FilterTensors, o seq.OutTensors, states int, box []seq.BoxPart, w []float64) *net {
	n := &net{in: c.In, out: c.Out, states: states, fs: c.Filter.States, fw: c.Filter.Width, wy: o.Wy.Of(w)}
	s, m := n.fs, n.in
	k := 2*s + m
	n.fin = n.take(k + 1)
	n.py = make([]float64, n.out*k)
	dy := o.Dy.Of(w)
	for i := range n.out {
		copy(n.py[i*k+2*s:], dy[i*m:(i+1)*m])
	}
	if s > 0 {
		n.gatherFilter(f, w)
	}
	n.box = make([]float64, states)
	for _, p := range box {
		copy(n.box[p.First:p.First+p.States], p.Tensor.Of(w))
	}
	return n
}

// gatherFilter writes the complex recursion in real and imaginary parts.
func (n *net) gatherFilter(t seq.FilterTensors, w []float64) {
	s, m, p := n.fs, n.in, n.fw
	k, k1 := 2*s+m, 2*s+m+1
	n.f, n.v = make([]float64, 2*s*k1), make([]float64, p*k1)
	re, im, br, bi := t.Lre.Of(w), t.Lim.Of(w), t.Bre.Of(w), t.Bim.Of(w)
	for i := range s {
		a, b := n.f[i*k1:], n.f[(s+i)*k1:]
		a[i], a[s+i], b[i], b[s+i] = re[i], -im[i], im[i], re[i]
		copy(a[2*s:2*s+m], br[i*m:])
		copy(b[2*s:2*s+m], bi[i*m:])
	}
	cr, ci, d := t.Cre.Of(w), t.Cim.Of(w), t.D.Of(w)
	for i := range p {
		for j := range s {
			n.v[i*k1+j], n.v[i*k1+s+j] = cr[i*s+j], -ci[i*s+j]
		}
		copy(n.v[i*k1+2*s:i*k1+2*s+m], d[i*m:])
	}
	er, ei := t.Ere.Of(w), t.Eim.Of(w)
	for i := range n.out {
		for j := range s {
			n.py[i*k+j], n.py[i*k+s+j] = er[i*s+j], -ei[i*s+j]
		}
	}
}

// take reserves rows of a step.
func (n *net) take(rows int) int {
	at := n.rows
	n.rows += rows
	return at
}

// place returns the first state of layer l, whose predecessors are gathered.
func (n *net) place(l int) int {
	at := 2 * n.fs
	for _, k := range n.layers[:l] {
		at += k.count
	}
	return at
}

// stack writes [W U b] of the gates one below the other.
func stack(w []float64, n, d int, gates ...seq.GateTensors) []float64 {
	k := d + n + 1
	out := make([]float64, len(gates)*n*k)
	for g, t := range gates {
		ww, u, b := t.W.Of(w), t.U.Of(w), t.B.Of(w)
		for i := range n {
			row := out[(g*n+i)*k:]
			copy(row[:d], ww[i*d:])
			copy(row[d:d+n], u[i*n:])
			row[d+n] = b[i]
		}
	}
	return out
}

// Scaled returns the weights with every gate matrix and gate bias multiplied by factor; boxes, filter and output map
// stay. Under the certificate of the original it is the control of an attack: with a factor well above 1 a search worth
// its name finds a violation.
func Scaled(cell seq.Cell, w []float64, factor float64) ([]float64, error) {
	if _, err := gather(cell, w); err != nil {
		return nil, err
	}
	if d, ok := cell.(deployed); ok {
		cell = d.Deployed()
	}
	var gates []seq.GateTensors
	switch c := cell.(type) {
	case seq.LSTM:
		for _, y := range c.Tensors().Layers {
			gates = append(gates, y.I, y.F, y.G, y.O)
		}
	case seq.GRU:
		for _, y := range c.Tensors().Layers {
			gates = append(gates, y.Z, y.R, y.N)
		}
	}
	out := append([]float64(nil), w...)
	for _, g := range gates {
		for _, t := range []seq.Tensor{g.W, g.U, g.B} {
			x := t.Of(out)
			for i := range x {
				x[i] *= factor
			}
		}
	}
	return out, nil
}
