package seq

import (
	"fmt"

	"github.com/plumb-go/plumb/internal/kernel"
)

// Lure is the deployed Lur'e network: a linear system in feedback with a static nonlinearity g,
//
//	v  = C1 x + D12 u + bv,   w = g(v)
//	x+ = A x + B1 w + B2 u + bx
//	y  = Cx x + Cw w + D22 u + by
//
// with g = tanh elementwise, or with Layers > 0 the composition of sandwich layers h <- Wout tanh(Win h + b). The
// stability of the network is a property of the stored matrices; see the packages under model.
type Lure struct {
	In, Out, N, Q int // inputs, outputs, states, width of the nonlinearity
	Layers, Width int // sandwich layers and their inner width; 0 layers: g = tanh
}

var _ Cell = Lure{}

func (c Lure) Inputs() int  { return c.In }
func (c Lure) Outputs() int { return c.Out }
func (c Lure) States() int  { return c.N }

// LureTensors gives the place of each matrix of a Lure cell in its weight vector.
type LureTensors struct {
	A, B1, B2, Bx, C1, D12, Bv, Cx, Cw, D22, By Tensor
	G                                           []SandwichTensors
}

// SandwichTensors gives the place of one sandwich layer.
type SandwichTensors struct{ Win, B, Wout Tensor }

// Tensors returns the named places; Layout lists the same in order.
func (c Lure) Tensors() LureTensors { t, _ := c.tensors(); return t }

// Layout lists A, B1, B2, bx, C1, D12, bv, Cx, Cw, D22, by, then g0.Win, g0.b, g0.Wout, ...
func (c Lure) Layout() Layout { _, l := c.tensors(); return l }

func (c Lure) tensors() (t LureTensors, l Layout) {
	t.A = l.Add("A", c.N, c.N)
	t.B1 = l.Add("B1", c.N, c.Q)
	t.B2 = l.Add("B2", c.N, c.In)
	t.Bx = l.Add("bx", c.N, 0)
	t.C1 = l.Add("C1", c.Q, c.N)
	t.D12 = l.Add("D12", c.Q, c.In)
	t.Bv = l.Add("bv", c.Q, 0)
	t.Cx = l.Add("Cx", c.Out, c.N)
	t.Cw = l.Add("Cw", c.Out, c.Q)
	t.D22 = l.Add("D22", c.Out, c.In)
	t.By = l.Add("by", c.Out, 0)
	for k := range c.Layers {
		t.G = append(t.G, SandwichTensors{
			Win:  l.Add(fmt.Sprintf("g%d.Win", k), c.Width, c.Q),
			B:    l.Add(fmt.Sprintf("g%d.b", k), c.Width, 0),
			Wout: l.Add(fmt.Sprintf("g%d.Wout", k), c.Q, c.Width),
		})
	}
	return t, l
}

// NewPass returns a workspace for steps x lanes.
func (c Lure) NewPass(steps, lanes int) Pass {
	p := &lurePass{cell: c, t: c.Tensors(), steps: steps, lanes: lanes}
	k := c.Q + c.N + c.In + 1
	p.z = NewMat(k, (steps+1)*lanes)
	p.dz = NewMat(c.Q+c.N, (steps+1)*lanes)
	p.v = NewMat(c.Q, c.N+c.In+1)
	p.f = NewMat(c.N, k)
	p.h = NewMat(c.Out, k)
	p.dv, p.df, p.dh = NewMat(c.Q, c.N+c.In+1), NewMat(c.N, k), NewMat(c.Out, k)
	if c.Layers > 0 {
		p.stack = newSandwich(c, steps, lanes)
	}
	one := p.z.Row(k - 1)
	for i := range one {
		one[i] = 1
	}
	return p
}

// lurePass keeps the stacked signal z = [w; x; u; 1] for all steps, so that the three affine maps of the cell are one
// matrix each: v = V [x; u; 1], x+ = F z, y = H z, and each weight gradient is one product over all steps.
type lurePass struct {
	cell         Lure
	t            LureTensors
	steps, lanes int
	z, dz        Mat // signals and their gradients; columns [steps*lanes, (steps+1)*lanes) hold the final state
	v, f, h      Mat // [C1 D12 bv], [B1 A B2 bx], [Cw Cx D22 by]
	dv, df, dh   Mat
	stack        *sandwich
}

func (p *lurePass) Forward(w []float64, u, x0, y Mat) {
	c, L := p.cell, p.lanes
	p.gather(w)
	for i := range c.In {
		copy(p.z.Row(c.Q+c.N+i), u.Row(i))
	}
	for i := range c.N {
		copy(p.z.Row(c.Q + i)[:L], x0.Row(i))
	}
	sz := p.z.Stride
	for t := range p.steps {
		at := t * L
		now := p.z.Data[at:]
		x := now[c.Q*sz:]
		kernel.Gemm(false, false, c.Q, L, c.N+c.In+1, p.v.Data, p.v.Stride, x, sz, false, now, sz)
		if p.stack != nil {
			p.stack.forward(w, now, sz, at)
		} else {
			for i := range c.Q {
				row := now[i*sz : i*sz+L]
				kernel.Tanh(row, row)
			}
		}
		kernel.Gemm(false, false, c.N, L, c.Q+c.N+c.In+1, p.f.Data, p.f.Stride, now, sz, false, x[L:], sz)
	}
	kernel.Gemm(false, false, c.Out, p.steps*L, c.Q+c.N+c.In+1, p.h.Data, p.h.Stride, p.z.Data, sz, false, y.Data, y.Stride)
}

func (p *lurePass) Backward(w []float64, dy Mat, dw []float64, dx0 Mat) {
	c, L := p.cell, p.lanes
	n := c.Q + c.N
	sz, sd := p.z.Stride, p.dz.Stride
	cols := p.steps * L
	kernel.Gemm(true, false, n, cols, c.Out, p.h.Data, p.h.Stride, dy.Data, dy.Stride, false, p.dz.Data, sd)
	for i := range c.N {
		clear(p.dz.Row(c.Q + i)[cols:])
	}
	for t := p.steps - 1; t >= 0; t-- {
		at := t * L
		d := p.dz.Data[at:]
		dx := d[c.Q*sd:]
		kernel.Gemm(true, false, n, L, c.N, p.f.Data, p.f.Stride, dx[L:], sd, true, d, sd)
		if p.stack != nil {
			p.stack.backward(w, d, sd, at)
		} else {
			for i := range c.Q {
				g := d[i*sd : i*sd+L]
				kernel.TanhGrad(g, g, p.z.Data[i*sz+at:i*sz+at+L])
			}
		}
		kernel.Gemm(true, false, c.N, L, c.Q, p.v.Data, p.v.Stride, d, sd, true, dx, sd)
	}
	k := n + c.In + 1
	kernel.Gemm(false, true, c.Q, c.N+c.In+1, cols, p.dz.Data, sd, p.z.Data[c.Q*sz:], sz, false, p.dv.Data, p.dv.Stride)
	kernel.Gemm(false, true, c.N, k, cols, p.dz.Data[c.Q*sd+L:], sd, p.z.Data, sz, false, p.df.Data, p.df.Stride)
	kernel.Gemm(false, true, c.Out, k, cols, dy.Data, dy.Stride, p.z.Data, sz, false, p.dh.Data, p.dh.Stride)
	p.scatter(dw)
	if p.stack != nil {
		p.stack.weights(dw)
	}
	for i := range c.N {
		kernel.Add(dx0.Row(i), dx0.Row(i), p.dz.Row(c.Q + i)[:L])
	}
}

func (p *lurePass) State(x Mat) {
	for i := range p.cell.N {
		copy(x.Row(i), p.z.Row(p.cell.Q + i)[p.steps*p.lanes:])
	}
}

// gather copies the weights into the stacked matrices V, F, H; scatter adds their gradients back.
func (p *lurePass) gather(w []float64) {
	c, t := p.cell, p.t
	n := c.Q + c.N
	pack(p.v, 0, w, t.C1)
	pack(p.v, c.N, w, t.D12)
	pack(p.v, c.N+c.In, w, t.Bv)
	pack(p.f, 0, w, t.B1)
	pack(p.f, c.Q, w, t.A)
	pack(p.f, n, w, t.B2)
	pack(p.f, n+c.In, w, t.Bx)
	pack(p.h, 0, w, t.Cw)
	pack(p.h, c.Q, w, t.Cx)
	pack(p.h, n, w, t.D22)
	pack(p.h, n+c.In, w, t.By)
}

func (p *lurePass) scatter(dw []float64) {
	c, t := p.cell, p.t
	n := c.Q + c.N
	unpack(dw, t.C1, p.dv, 0)
	unpack(dw, t.D12, p.dv, c.N)
	unpack(dw, t.Bv, p.dv, c.N+c.In)
	unpack(dw, t.B1, p.df, 0)
	unpack(dw, t.A, p.df, c.Q)
	unpack(dw, t.B2, p.df, n)
	unpack(dw, t.Bx, p.df, n+c.In)
	unpack(dw, t.Cw, p.dh, 0)
	unpack(dw, t.Cx, p.dh, c.Q)
	unpack(dw, t.D22, p.dh, n)
	unpack(dw, t.By, p.dh, n+c.In)
}

// pack copies tensor t of w into columns col.. of m.
func pack(m Mat, col int, w []float64, t Tensor) { packAt(m, 0, col, w, t) }

// packAt copies tensor t of w into the block of m that begins at (row, col).
func packAt(m Mat, row, col int, w []float64, t Tensor) {
	cols := max(t.Cols, 1)
	src := t.Of(w)
	for i := range t.Rows {
		copy(m.Row(row + i)[col:col+cols], src[i*cols:(i+1)*cols])
	}
}

// unpack adds columns col.. of m to tensor t of dw.
func unpack(dw []float64, t Tensor, m Mat, col int) { unpackAt(dw, t, m, 0, col) }

// unpackAt adds the block of m that begins at (row, col) to tensor t of dw.
func unpackAt(dw []float64, t Tensor, m Mat, row, col int) {
	cols := max(t.Cols, 1)
	dst := t.Of(dw)
	for i := range t.Rows {
		src := m.Row(row + i)[col : col+cols]
		for j, g := range src {
			dst[i*cols+j] += g
		}
	}
}
