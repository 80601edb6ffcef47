package seq

import "github.com/plumb-go/plumb/internal/kernel"

// Gated is the deployed sector-gated Lur'e network: the feedback is a state-dependent gain delta in [-1, 1] applied to
// v, so that |w| <= |v| for every gating network,
//
//	ut = u - u0
//	v  = C1 x + D12 ut,   delta = tanh(G2 tanh(G1 x + Gu ut + g1) + g2),   w = delta * v (elementwise)
//	x+ = A x + B1 w + B2 ut
//	y  = Cx x + Cw w + D22 u + by
//
// tanh maps every real number into (-1, 1) and every float64 into [-1, 1], so the clamp of the deployed form never acts.
type Gated struct {
	In, Out, N, Q, Gate int // inputs, outputs, states, gated channels, width of the gating network
}

var _ Cell = Gated{}

func (c Gated) Inputs() int  { return c.In }
func (c Gated) Outputs() int { return c.Out }
func (c Gated) States() int  { return c.N }

// GatedTensors gives the place of each matrix of a Gated cell in its weight vector.
type GatedTensors struct {
	A, B1, B2, C1, D12, Cx, Cw, D22, By, U0, G1, Gu, Gb1, G2, Gb2 Tensor
}

// Tensors returns the named places; Layout lists the same in order.
func (c Gated) Tensors() GatedTensors { t, _ := c.tensors(); return t }

// Layout lists A, B1, B2, C1, D12, Cx, Cw, D22, by, u0, G1, Gu, g1, G2, g2.
func (c Gated) Layout() Layout { _, l := c.tensors(); return l }

func (c Gated) tensors() (t GatedTensors, l Layout) {
	t.A = l.Add("A", c.N, c.N)
	t.B1 = l.Add("B1", c.N, c.Q)
	t.B2 = l.Add("B2", c.N, c.In)
	t.C1 = l.Add("C1", c.Q, c.N)
	t.D12 = l.Add("D12", c.Q, c.In)
	t.Cx = l.Add("Cx", c.Out, c.N)
	t.Cw = l.Add("Cw", c.Out, c.Q)
	t.D22 = l.Add("D22", c.Out, c.In)
	t.By = l.Add("by", c.Out, 0)
	t.U0 = l.Add("u0", c.In, 0)
	t.G1 = l.Add("G1", c.Gate, c.N)
	t.Gu = l.Add("Gu", c.Gate, c.In)
	t.Gb1 = l.Add("g1", c.Gate, 0)
	t.G2 = l.Add("G2", c.Q, c.Gate)
	t.Gb2 = l.Add("g2", c.Q, 0)
	return t, l
}

// NewPass returns a workspace for steps x lanes.
func (c Gated) NewPass(steps, lanes int) Pass {
	p := &gatedPass{cell: c, t: c.Tensors(), steps: steps, lanes: lanes}
	k := c.Q + c.N + c.In + 1
	cols := steps * lanes
	p.z, p.dz = NewMat(k, cols+lanes), NewMat(c.Q+c.N, cols+lanes)
	p.s, p.ds = NewMat(c.Q+c.Gate+1, cols), NewMat(c.Q+c.Gate, cols)
	p.delta, p.dd = NewMat(c.Q, cols), NewMat(c.Q, cols)
	p.v, p.dv = NewMat(c.Q+c.Gate, c.N+c.In+1), NewMat(c.Q+c.Gate, c.N+c.In+1)
	p.f, p.df = NewMat(c.N, k), NewMat(c.N, k)
	p.h, p.dh = NewMat(c.Out, k), NewMat(c.Out, k)
	p.g, p.dg = NewMat(c.Q, c.Gate+1), NewMat(c.Q, c.Gate+1)
	fill(p.z.Row(k-1), 1)
	fill(p.s.Row(c.Q+c.Gate), 1)
	return p
}

// gatedPass keeps z = [w; x; ut; 1] and s = [v; a; 1] for all steps (a = hidden layer of the gating network).
type gatedPass struct {
	cell         Gated
	t            GatedTensors
	steps, lanes int
	z, dz        Mat
	s, ds        Mat
	delta, dd    Mat // the gate and the gradient before its tanh
	v, f, h, g   Mat // [C1 D12 0; G1 Gu g1], [B1 A B2 0], [Cw Cx D22 by+D22 u0], [G2 g2]
	dv, df       Mat
	dh, dg       Mat
}

func (p *gatedPass) Forward(w []float64, u, x0, y Mat) {
	c, L := p.cell, p.lanes
	p.gather(w)
	u0 := p.t.U0.Of(w)
	for i := range c.In {
		row := p.z.Row(c.Q + c.N + i)
		for j, v := range u.Row(i) {
			row[j] = v - u0[i]
		}
	}
	for i := range c.N {
		copy(p.z.Row(c.Q + i)[:L], x0.Row(i))
	}
	sz, ss := p.z.Stride, p.s.Stride
	for t := range p.steps {
		at := t * L
		now, s := p.z.Data[at:], p.s.Data[at:]
		x, a, delta := now[c.Q*sz:], s[c.Q*ss:], p.delta.Data[at:]
		kernel.Gemm(false, false, c.Q+c.Gate, L, c.N+c.In+1, p.v.Data, p.v.Stride, x, sz, false, s, ss)
		for i := range c.Gate {
			row := a[i*ss : i*ss+L]
			kernel.Tanh(row, row)
		}
		kernel.Gemm(false, false, c.Q, L, c.Gate+1, p.g.Data, p.g.Stride, a, ss, false, delta, p.delta.Stride)
		for i := range c.Q {
			row := delta[i*p.delta.Stride : i*p.delta.Stride+L]
			kernel.Tanh(row, row)
			kernel.Mul(now[i*sz:i*sz+L], row, s[i*ss:i*ss+L])
		}
		kernel.Gemm(false, false, c.N, L, c.Q+c.N+c.In+1, p.f.Data, p.f.Stride, now, sz, false, x[L:], sz)
	}
	kernel.Gemm(false, false, c.Out, p.steps*L, c.Q+c.N+c.In+1, p.h.Data, p.h.Stride, p.z.Data, sz, false, y.Data, y.Stride)
}

func (p *gatedPass) Backward(w []float64, dy Mat, dw []float64, dx0 Mat) {
	c, L := p.cell, p.lanes
	n, cols := c.Q+c.N, p.steps*p.lanes
	sz, sd, ss, sds := p.z.Stride, p.dz.Stride, p.s.Stride, p.ds.Stride
	kernel.Gemm(true, false, n, cols, c.Out, p.h.Data, p.h.Stride, dy.Data, dy.Stride, false, p.dz.Data, sd)
	for i := range c.N {
		clear(p.dz.Row(c.Q + i)[cols:])
	}
	for t := p.steps - 1; t >= 0; t-- {
		at := t * L
		d, ds, s := p.dz.Data[at:], p.ds.Data[at:], p.s.Data[at:]
		dx, da, dd := d[c.Q*sd:], ds[c.Q*sds:], p.dd.Data[at:]
		kernel.Gemm(true, false, n, L, c.N, p.f.Data, p.f.Stride, dx[L:], sd, true, d, sd)
		for i := range c.Q { // w = delta * v
			dwi := d[i*sd : i*sd+L]
			delta := p.delta.Row(i)[at : at+L]
			ddi := dd[i*p.dd.Stride : i*p.dd.Stride+L]
			kernel.Mul(ddi, dwi, s[i*ss:i*ss+L])
			kernel.TanhGrad(ddi, ddi, delta)
			kernel.Mul(ds[i*sds:i*sds+L], dwi, delta)
		}
		kernel.Gemm(true, false, c.Gate, L, c.Q, p.g.Data, p.g.Stride, dd, p.dd.Stride, false, da, sds)
		for i := range c.Gate {
			row := da[i*sds : i*sds+L]
			kernel.TanhGrad(row, row, s[(c.Q+i)*ss:(c.Q+i)*ss+L])
		}
		kernel.Gemm(true, false, c.N, L, c.Q+c.Gate, p.v.Data, p.v.Stride, ds, sds, true, dx, sd)
	}
	k := n + c.In + 1
	kernel.Gemm(false, true, c.Q+c.Gate, c.N+c.In+1, cols, p.ds.Data, sds, p.z.Data[c.Q*sz:], sz, false, p.dv.Data, p.dv.Stride)
	kernel.Gemm(false, true, c.N, k, cols, p.dz.Data[c.Q*sd+L:], sd, p.z.Data, sz, false, p.df.Data, p.df.Stride)
	kernel.Gemm(false, true, c.Out, k, cols, dy.Data, dy.Stride, p.z.Data, sz, false, p.dh.Data, p.dh.Stride)
	kernel.Gemm(false, true, c.Q, c.Gate+1, cols, p.dd.Data, p.dd.Stride, p.s.Data[c.Q*ss:], ss, false, p.dg.Data, p.dg.Stride)
	p.scatter(w, dw)
	for i := range c.N {
		kernel.Add(dx0.Row(i), dx0.Row(i), p.dz.Row(c.Q + i)[:L])
	}
}

func (p *gatedPass) State(x Mat) {
	for i := range p.cell.N {
		copy(x.Row(i), p.z.Row(p.cell.Q + i)[p.steps*p.lanes:])
	}
}

func (p *gatedPass) gather(w []float64) {
	c, t := p.cell, p.t
	n := c.Q + c.N
	pack(p.v, 0, w, t.C1)
	pack(p.v, c.N, w, t.D12)
	packAt(p.v, c.Q, 0, w, t.G1)
	packAt(p.v, c.Q, c.N, w, t.Gu)
	packAt(p.v, c.Q, c.N+c.In, w, t.Gb1)
	pack(p.f, 0, w, t.B1)
	pack(p.f, c.Q, w, t.A)
	pack(p.f, n, w, t.B2)
	pack(p.h, 0, w, t.Cw)
	pack(p.h, c.Q, w, t.Cx)
	pack(p.h, n, w, t.D22)
	pack(p.h, n+c.In, w, t.By)
	d22, u0 := t.D22.Of(w), t.U0.Of(w)
	for i := range c.Out { // D22 acts on u = ut + u0
		for j := range c.In {
			p.h.Row(i)[n+c.In] += d22[i*c.In+j] * u0[j]
		}
	}
	pack(p.g, 0, w, t.G2)
	pack(p.g, c.Gate, w, t.Gb2)
}

func (p *gatedPass) scatter(w, dw []float64) {
	c, t := p.cell, p.t
	n := c.Q + c.N
	unpack(dw, t.C1, p.dv, 0)
	unpack(dw, t.D12, p.dv, c.N)
	unpackAt(dw, t.G1, p.dv, c.Q, 0)
	unpackAt(dw, t.Gu, p.dv, c.Q, c.N)
	unpackAt(dw, t.Gb1, p.dv, c.Q, c.N+c.In)
	unpack(dw, t.B1, p.df, 0)
	unpack(dw, t.A, p.df, c.Q)
	unpack(dw, t.B2, p.df, n)
	unpack(dw, t.Cw, p.dh, 0)
	unpack(dw, t.Cx, p.dh, c.Q)
	unpack(dw, t.D22, p.dh, n)
	unpack(dw, t.By, p.dh, n+c.In)
	unpack(dw, t.G2, p.dg, 0)
	unpack(dw, t.Gb2, p.dg, c.Gate)
	// The last columns of dv, df and dh are the sums over all steps; ut = u - u0 and the output offset D22 u0 + by.
	u0, du0, dd22, d12 := t.U0.Of(w), t.U0.Of(dw), t.D22.Of(dw), t.D12.Of(w)
	gu, b2 := t.Gu.Of(w), t.B2.Of(w)
	for j := range c.In {
		var s float64
		for i := range c.Q {
			s += d12[i*c.In+j] * p.dv.Row(i)[c.N+c.In]
		}
		for i := range c.Gate {
			s += gu[i*c.In+j] * p.dv.Row(c.Q + i)[c.N+c.In]
		}
		for i := range c.N {
			s += b2[i*c.In+j] * p.df.Row(i)[n+c.In]
		}
		du0[j] -= s
		for i := range c.Out {
			dd22[i*c.In+j] += u0[j] * p.dh.Row(i)[n+c.In]
		}
	}
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}
