package seq

import "github.com/plumb-go/plumb/internal/kernel"

// sandwich is the static nonlinearity g of a Lure cell with layers: h <- Wout tanh(Win h + b), applied per step to the
// rows that hold v on entry and w on return.
type sandwich struct {
	cell  Lure
	t     LureTensors
	lanes int
	h     []Mat // input of each layer, Q x steps*lanes
	a     []Mat // tanh(Win h + b), Width x steps*lanes
	dh    []Mat // gradient at each layer's output, Q x steps*lanes
	da    []Mat // gradient before the activation, Width x steps*lanes
	cols  int
	gw    Mat // scratch for a weight gradient
}

func newSandwich(c Lure, steps, lanes int) *sandwich {
	s := &sandwich{cell: c, t: c.Tensors(), lanes: lanes, cols: steps * lanes}
	for range c.Layers {
		s.h = append(s.h, NewMat(c.Q, s.cols))
		s.a = append(s.a, NewMat(c.Width, s.cols))
		s.dh = append(s.dh, NewMat(c.Q, s.cols))
		s.da = append(s.da, NewMat(c.Width, s.cols))
	}
	s.gw = NewMat(max(c.Q, c.Width), max(c.Q, c.Width))
	return s
}

func (s *sandwich) forward(w, v []float64, stride, at int) {
	c, L := s.cell, s.lanes
	for i := range c.Q {
		copy(s.h[0].Row(i)[at:at+L], v[i*stride:])
	}
	for k, g := range s.t.G {
		a, h := s.a[k], s.h[k]
		b := g.B.Of(w)
		for i := range c.Width {
			row := a.Row(i)[at : at+L]
			for j := range row {
				row[j] = b[i]
			}
		}
		kernel.Gemm(false, false, c.Width, L, c.Q, g.Win.Of(w), c.Q, h.Data[at:], h.Stride, true, a.Data[at:], a.Stride)
		for i := range c.Width {
			row := a.Row(i)[at : at+L]
			kernel.Tanh(row, row)
		}
		out, so := v, stride
		if k+1 < c.Layers {
			out, so = s.h[k+1].Data[at:], s.h[k+1].Stride
		}
		kernel.Gemm(false, false, c.Q, L, c.Width, g.Wout.Of(w), c.Width, a.Data[at:], a.Stride, false, out, so)
	}
}

func (s *sandwich) backward(w, d []float64, stride, at int) {
	c, L := s.cell, s.lanes
	last := c.Layers - 1
	for i := range c.Q {
		copy(s.dh[last].Row(i)[at:at+L], d[i*stride:])
	}
	for k := last; k >= 0; k-- {
		g, da, dh := s.t.G[k], s.da[k], s.dh[k]
		kernel.Gemm(true, false, c.Width, L, c.Q, g.Wout.Of(w), c.Width, dh.Data[at:], dh.Stride, false, da.Data[at:], da.Stride)
		for i := range c.Width {
			row := da.Row(i)[at : at+L]
			kernel.TanhGrad(row, row, s.a[k].Row(i)[at:at+L])
		}
		out, so := d, stride
		if k > 0 {
			out, so = s.dh[k-1].Data[at:], s.dh[k-1].Stride
		}
		kernel.Gemm(true, false, c.Q, L, c.Width, g.Win.Of(w), c.Q, da.Data[at:], da.Stride, false, out, so)
	}
}

// weights adds the gradients of all layers; each is one product over all steps.
func (s *sandwich) weights(dw []float64) {
	c := s.cell
	for k, g := range s.t.G {
		da, dh := s.da[k], s.dh[k]
		kernel.Gemm(false, true, c.Width, c.Q, s.cols, da.Data, da.Stride, s.h[k].Data, s.h[k].Stride, false, s.gw.Data, s.gw.Stride)
		unpack(dw, g.Win, s.gw, 0)
		kernel.Gemm(false, true, c.Q, c.Width, s.cols, dh.Data, dh.Stride, s.a[k].Data, s.a[k].Stride, false, s.gw.Data, s.gw.Stride)
		unpack(dw, g.Wout, s.gw, 0)
		b := g.B.Of(dw)
		for i := range c.Width {
			for _, x := range da.Row(i) {
				b[i] += x
			}
		}
	}
}
