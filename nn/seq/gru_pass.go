package seq

import "github.com/plumb-go/plumb/internal/kernel"

var _ Confined = GRU{}

// NewPass returns a workspace for steps x lanes.
func (c GRU) NewPass(steps, lanes int) Pass {
	t := c.Tensors()
	var gates [][]GateTensors
	for _, l := range t.Layers {
		n := l.N
		n.U = Tensor{} // acts on r * h, not on h
		gates = append(gates, []GateTensors{l.Z, l.R, n})
	}
	p := newDeepPass(c.Deep, gates, 0, t.Filter, t.Out, steps, lanes)
	g := &gruGates{p: p}
	for i, n := range c.Units {
		size := n * p.pad
		g.layers = append(g.layers, gruCarry{n: size, u: NewMat(n, n), du: NewMat(n, (n+3)&^3), tensor: t.Layers[i].N.U,
			rh: make([]float64, steps*size), drh: make([]float64, size), dh: make([]float64, size), t1: make([]float64, size),
			xt: NewMat(p.pad, n+4)})
	}
	p.gates = g
	return p
}

// gruGates is the recurrence of a GRU. The matrix [U b W] of a layer has zeros in the place of Un, whose product with
// r * h comes after the gate r.
type gruGates struct {
	p      *deepPass
	layers []gruCarry
}

type gruCarry struct {
	n       int
	u, du   Mat // Un and its gradient
	tensor  Tensor
	rh      []float64 // r * h of each step
	dh      []float64 // gradient of h beside [U b W]
	drh, t1 []float64 // scratch: gradient of h+, then of r * h; gradients of one gate
	xt      Mat       // r * h of one step, transposed
}

func (g *gruGates) start(w []float64, _ Mat) {
	for i := range g.layers {
		pack(g.layers[i].u, 0, w, g.layers[i].tensor)
	}
}

func (g *gruGates) forward(i, t int, x, next []float64) {
	l, pad := &g.layers[i], g.p.pad
	n, rows := l.n, l.n/pad
	z := g.p.layers[i].z[3*n*t : 3*n*(t+1)]
	kernel.Sigmoid(z[:2*n], z[:2*n])
	h, rh, a := x[:n], l.rh[n*t:n*(t+1)], z[2*n:]
	kernel.Mul(rh, z[n:2*n], h)
	kernel.Gemm(false, false, rows, pad, rows, l.u.Data, l.u.Stride, rh, pad, true, a, pad)
	kernel.Tanh(a, a)
	kernel.Sub(l.t1, h, a)
	next = next[:n]
	copy(next, a)
	kernel.MulAdd(next, z[:n], l.t1)
}

func (g *gruGates) startBack() {
	for _, l := range g.layers {
		clear(l.du.Data)
	}
}

func (g *gruGates) backward(i, t int, x, dh0, dh1, dz []float64, stride int) {
	l, pad := &g.layers[i], g.p.pad
	n, rows := l.n, l.n/pad
	act := g.p.layers[i].z[3*n*t : 3*n*(t+1)]
	z, r, a, h := act[:n], act[n:2*n], act[2*n:], x[:n]
	to := func(gate int) { // the pre-activations' gradient, in t1, to its rows of dz
		for j := range rows {
			copy(dz[(gate*rows+j)*stride:][:pad], l.t1[j*pad:])
		}
	}
	kernel.Add(l.drh, dh0, dh1)
	kernel.Mul(l.dh, l.drh, z)
	kernel.Sub(l.t1, h, a)
	kernel.Mul(l.t1, l.t1, l.drh)
	kernel.SigmoidGrad(l.t1, l.t1, z)
	to(0)
	kernel.Sub(l.t1, l.drh, l.dh)
	kernel.TanhGrad(l.t1, l.t1, a)
	to(2)
	kernel.Gemm(true, false, rows, pad, rows, l.u.Data, l.u.Stride, l.t1, pad, false, l.drh, pad)
	kernel.Transpose(l.xt.Data, l.xt.Stride, l.rh[n*t:], pad, rows, pad)
	kernel.Gemm(false, false, rows, l.du.Cols, pad, l.t1, pad, l.xt.Data, l.xt.Stride, true, l.du.Data, l.du.Stride)
	kernel.MulAdd(l.dh, l.drh, r)
	kernel.Mul(l.t1, l.drh, h)
	kernel.SigmoidGrad(l.t1, l.t1, r)
	to(1)
}

func (g *gruGates) finish(i int, dh []float64) { kernel.Add(dh, dh, g.layers[i].dh) }

func (g *gruGates) endBack(dw []float64, _ Mat) {
	for _, l := range g.layers {
		unpack(dw, l.tensor, l.du, 0)
	}
}

func (g *gruGates) state(Mat) {}
