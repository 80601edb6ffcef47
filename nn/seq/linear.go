package seq

import "github.com/plumb-go/plumb/internal/kernel"

// Linear is the deployed linear system x+ = A x + B2 u + bx, y = Cx x + D22 u + by.
type Linear struct{ In, Out, N int }

var _ Cell = Linear{}

func (c Linear) Inputs() int  { return c.In }
func (c Linear) Outputs() int { return c.Out }
func (c Linear) States() int  { return c.N }

// LinearTensors gives the place of each matrix of a Linear cell in its weight vector.
type LinearTensors struct{ A, B2, Bx, Cx, D22, By Tensor }

// Tensors returns the named places; Layout lists the same in order.
func (c Linear) Tensors() LinearTensors { t, _ := c.tensors(); return t }

// Layout lists A, B2, bx, Cx, D22, by.
func (c Linear) Layout() Layout { _, l := c.tensors(); return l }

func (c Linear) tensors() (t LinearTensors, l Layout) {
	t.A = l.Add("A", c.N, c.N)
	t.B2 = l.Add("B2", c.N, c.In)
	t.Bx = l.Add("bx", c.N, 0)
	t.Cx = l.Add("Cx", c.Out, c.N)
	t.D22 = l.Add("D22", c.Out, c.In)
	t.By = l.Add("by", c.Out, 0)
	return t, l
}

// NewPass returns a workspace for steps x lanes.
func (c Linear) NewPass(steps, lanes int) Pass {
	k := c.N + c.In + 1
	p := &linearPass{cell: c, t: c.Tensors(), steps: steps, lanes: lanes,
		z: NewMat(k, (steps+1)*lanes), dz: NewMat(c.N, (steps+1)*lanes),
		f: NewMat(c.N, k), df: NewMat(c.N, k), h: NewMat(c.Out, k), dh: NewMat(c.Out, k)}
	fill(p.z.Row(k-1), 1)
	return p
}

// linearPass keeps z = [x; u; 1] for all steps, F = [A B2 bx], H = [Cx D22 by].
type linearPass struct {
	cell         Linear
	t            LinearTensors
	steps, lanes int
	z, dz        Mat
	f, df, h, dh Mat
}

func (p *linearPass) Forward(w []float64, u, x0, y Mat) {
	c, L := p.cell, p.lanes
	pack(p.f, 0, w, p.t.A)
	pack(p.f, c.N, w, p.t.B2)
	pack(p.f, c.N+c.In, w, p.t.Bx)
	pack(p.h, 0, w, p.t.Cx)
	pack(p.h, c.N, w, p.t.D22)
	pack(p.h, c.N+c.In, w, p.t.By)
	for i := range c.In {
		copy(p.z.Row(c.N+i), u.Row(i))
	}
	for i := range c.N {
		copy(p.z.Row(i)[:L], x0.Row(i))
	}
	k, s := c.N+c.In+1, p.z.Stride
	for t := range p.steps {
		now := p.z.Data[t*L:]
		kernel.Gemm(false, false, c.N, L, k, p.f.Data, p.f.Stride, now, s, false, now[L:], s)
	}
	kernel.Gemm(false, false, c.Out, p.steps*L, k, p.h.Data, p.h.Stride, p.z.Data, s, false, y.Data, y.Stride)
}

func (p *linearPass) Backward(_ []float64, dy Mat, dw []float64, dx0 Mat) {
	c, L := p.cell, p.lanes
	cols, k := p.steps*p.lanes, c.N+c.In+1
	sz, sd := p.z.Stride, p.dz.Stride
	kernel.Gemm(true, false, c.N, cols, c.Out, p.h.Data, p.h.Stride, dy.Data, dy.Stride, false, p.dz.Data, sd)
	for i := range c.N {
		clear(p.dz.Row(i)[cols:])
	}
	for t := p.steps - 1; t >= 0; t-- {
		d := p.dz.Data[t*L:]
		kernel.Gemm(true, false, c.N, L, c.N, p.f.Data, p.f.Stride, d[L:], sd, true, d, sd)
	}
	kernel.Gemm(false, true, c.N, k, cols, p.dz.Data[L:], sd, p.z.Data, sz, false, p.df.Data, p.df.Stride)
	kernel.Gemm(false, true, c.Out, k, cols, dy.Data, dy.Stride, p.z.Data, sz, false, p.dh.Data, p.dh.Stride)
	unpack(dw, p.t.A, p.df, 0)
	unpack(dw, p.t.B2, p.df, c.N)
	unpack(dw, p.t.Bx, p.df, c.N+c.In)
	unpack(dw, p.t.Cx, p.dh, 0)
	unpack(dw, p.t.D22, p.dh, c.N)
	unpack(dw, p.t.By, p.dh, c.N+c.In)
	for i := range c.N {
		kernel.Add(dx0.Row(i), dx0.Row(i), p.dz.Row(i)[:L])
	}
}

func (p *linearPass) State(x Mat) {
	for i := range p.cell.N {
		copy(x.Row(i), p.z.Row(i)[p.steps*p.lanes:])
	}
}
