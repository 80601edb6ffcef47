package seq

import "github.com/plumb-go/plumb/internal/kernel"

// deepFront is what of a deep cell is linear in the input alone: the filter and the linear path beside the layers,
//
//	[v; y] = H [sre; sim; u; 1],   H = [Cre -Cim D 0; Ere -Eim Dy by]      H = [Dy by] without filter
//
// over all steps at once; the layers add Wy h+ to y.
type deepFront struct {
	s, width, in, out int
	lanes, cols       int
	filter            FilterTensors
	readout           OutTensors
	x, dx             Mat // [sre; sim; u; 1] and the gradients of [sre; sim]; the last lanes columns hold the final state
	v, dv             Mat // the filter's output and its gradient
	b, h, db, dh      Mat
	lre, lim          []float64
}

func newDeepFront(c Deep, f FilterTensors, o OutTensors, steps, lanes int) *deepFront {
	p := &deepFront{s: c.Filter.States, in: c.In, out: c.Out, lanes: lanes, cols: steps * lanes, filter: f, readout: o}
	if p.s > 0 {
		p.width = c.Filter.Width
		p.dx = NewMat(2*p.s, p.cols+lanes)
		p.v, p.dv = NewMat(p.width, p.cols), NewMat(p.width, p.cols)
		p.b, p.db = NewMat(2*p.s, p.in), NewMat(2*p.s, p.in)
	}
	k := 2*p.s + p.in + 1
	p.x = NewMat(k, p.cols+lanes)
	p.h, p.dh = NewMat(p.width+p.out, k), NewMat(p.width+p.out, k)
	fill(p.x.Row(k-1), 1)
	return p
}

// forward writes the linear part of y and returns the input of the first layer.
func (p *deepFront) forward(w []float64, u, x0, y Mat) Mat {
	p.gather(w)
	n, k, sx := 2*p.s, 2*p.s+p.in+1, p.x.Stride
	for i := range p.in {
		copy(p.x.Row(n+i), u.Row(i)[:p.cols])
	}
	v := u
	if p.s > 0 {
		for i := range n {
			copy(p.x.Row(i)[:p.lanes], x0.Row(i))
		}
		kernel.Gemm(false, false, n, p.cols, p.in, p.b.Data, p.b.Stride, p.x.Data[n*sx:], sx, false, p.x.Data[p.lanes:], sx)
		for i := range p.s {
			scan(p.x.Row(i), p.x.Row(p.s+i), p.lanes, p.lre[i], p.lim[i])
		}
		kernel.Gemm(false, false, p.width, p.cols, k, p.h.Data, p.h.Stride, p.x.Data, sx, false, p.v.Data, p.v.Stride)
		v = p.v
	}
	kernel.Gemm(false, false, p.out, p.cols, k, p.h.Data[p.width*p.h.Stride:], p.h.Stride, p.x.Data, sx, false, y.Data, y.Stride)
	return v
}

// backward takes dL/dy, and dL/dv from p.dv; it adds the gradients of the weights and, to the first rows of dx0, those
// of the filter's initial state.
func (p *deepFront) backward(dy Mat, dw []float64, dx0 Mat) {
	n, k, sx := 2*p.s, 2*p.s+p.in+1, p.x.Stride
	direct, ddirect := p.h.Data[p.width*p.h.Stride:], p.dh.Data[p.width*p.dh.Stride:]
	kernel.Gemm(false, true, p.out, k, p.cols, dy.Data, dy.Stride, p.x.Data, sx, false, ddirect, p.dh.Stride)
	if p.s > 0 {
		sd := p.dx.Stride
		kernel.Gemm(false, true, p.width, k, p.cols, p.dv.Data, p.dv.Stride, p.x.Data, sx, false, p.dh.Data, p.dh.Stride)
		kernel.Gemm(true, false, n, p.cols, p.width, p.h.Data, p.h.Stride, p.dv.Data, p.dv.Stride, false, p.dx.Data, sd)
		kernel.Gemm(true, false, n, p.cols, p.out, direct, p.h.Stride, dy.Data, dy.Stride, true, p.dx.Data, sd)
		dlre, dlim := p.filter.Lre.Of(dw), p.filter.Lim.Of(dw)
		for i := range n {
			clear(p.dx.Row(i)[p.cols:])
		}
		for i := range p.s {
			re, im := scanBack(p.dx.Row(i), p.dx.Row(p.s+i), p.x.Row(i), p.x.Row(p.s+i), p.lanes, p.lre[i], p.lim[i])
			dlre[i] += re
			dlim[i] += im
		}
		kernel.Gemm(false, true, n, p.in, p.cols, p.dx.Data[p.lanes:], sd, p.x.Data[n*sx:], sx, false, p.db.Data, p.db.Stride)
		for i := range n {
			kernel.Add(dx0.Row(i), dx0.Row(i), p.dx.Row(i)[:p.lanes])
		}
	}
	p.scatter(dw)
}

// gather copies the weights into the stacked matrices; scatter adds their gradients back.
func (p *deepFront) gather(w []float64) {
	n := 2 * p.s
	packAt(p.h, p.width, n, w, p.readout.Dy)
	packAt(p.h, p.width, n+p.in, w, p.readout.By)
	if p.s == 0 {
		return
	}
	f := p.filter
	p.lre, p.lim = f.Lre.Of(w), f.Lim.Of(w)
	packAt(p.b, 0, 0, w, f.Bre)
	packAt(p.b, p.s, 0, w, f.Bim)
	packAt(p.h, 0, 0, w, f.Cre)
	packAt(p.h, 0, p.s, w, f.Cim)
	packAt(p.h, 0, n, w, f.D)
	packAt(p.h, p.width, 0, w, f.Ere)
	packAt(p.h, p.width, p.s, w, f.Eim)
	p.conjugate(p.h)
}

func (p *deepFront) scatter(dw []float64) {
	n := 2 * p.s
	unpackAt(dw, p.readout.Dy, p.dh, p.width, n)
	unpackAt(dw, p.readout.By, p.dh, p.width, n+p.in)
	if p.s == 0 {
		return
	}
	f := p.filter
	p.conjugate(p.dh)
	unpackAt(dw, f.Bre, p.db, 0, 0)
	unpackAt(dw, f.Bim, p.db, p.s, 0)
	unpackAt(dw, f.Cre, p.dh, 0, 0)
	unpackAt(dw, f.Cim, p.dh, 0, p.s)
	unpackAt(dw, f.D, p.dh, 0, n)
	unpackAt(dw, f.Ere, p.dh, p.width, 0)
	unpackAt(dw, f.Eim, p.dh, p.width, p.s)
}

// conjugate changes the sign of what multiplies the imaginary parts.
func (p *deepFront) conjugate(h Mat) {
	for i := range h.Rows {
		row := h.Row(i)[p.s : 2*p.s]
		for j := range row {
			row[j] = -row[j]
		}
	}
}

func (p *deepFront) state(x Mat) {
	for i := range 2 * p.s {
		copy(x.Row(i), p.x.Row(i)[p.cols:])
	}
}
