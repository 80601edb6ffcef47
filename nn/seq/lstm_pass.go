package seq

import "github.com/plumb-go/plumb/internal/kernel"

var _ Confined = LSTM{}

// NewPass returns a workspace for steps x lanes.
func (c LSTM) NewPass(steps, lanes int) Pass {
	t := c.Tensors()
	var gates [][]GateTensors
	for _, l := range t.Layers {
		gates = append(gates, []GateTensors{l.I, l.F, l.O, l.G}) // one call of sigmoid covers the first three
	}
	p := newDeepPass(c.Deep, gates, 1, t.Filter, t.Out, steps, lanes)
	g := &lstmGates{p: p}
	for _, n := range c.Units {
		n *= p.pad
		g.layers = append(g.layers, lstmCarry{n: n, c: make([]float64, (steps+1)*n), tc: make([]float64, steps*n), dc: make([]float64, n)})
	}
	p.gates = g
	return p
}

// lstmGates is the recurrence of an LSTM.
type lstmGates struct {
	p      *deepPass
	layers []lstmCarry
}

// lstmCarry holds the cell state c before each step and after the last, tanh c after each, and the gradient of c.
type lstmCarry struct {
	n         int
	c, tc, dc []float64
}

func (g *lstmGates) start(_ []float64, x0 Mat) {
	for i, l := range g.p.layers {
		for j := range l.n {
			copy(g.layers[i].c[j*g.p.pad:], x0.Row(l.hidden - l.n + j)[:g.p.lanes])
		}
	}
}

func (g *lstmGates) forward(i, t int, _, next []float64) {
	l := &g.layers[i]
	n := l.n
	kernel.LSTM(g.p.layers[i].z[4*n*t:4*n*(t+1)], l.c[n*t:n*(t+1)], l.c[n*(t+1):n*(t+2)], l.tc[n*t:n*(t+1)], next[:n])
}

func (g *lstmGates) startBack() {
	for _, l := range g.layers {
		clear(l.dc)
	}
}

func (g *lstmGates) backward(i, t int, _, dh0, dh1, dz []float64, stride int) {
	l, pad := &g.layers[i], g.p.pad
	n := l.n
	kernel.LSTMGrad(dz, stride, g.p.layers[i].z[4*n*t:4*n*(t+1)], l.c[n*t:n*(t+1)], l.tc[n*t:n*(t+1)], dh0, dh1, l.dc, n/pad, pad)
}

func (g *lstmGates) finish(int, []float64) {}

func (g *lstmGates) endBack(_ []float64, dx0 Mat) {
	for i, l := range g.p.layers {
		for j := range l.n {
			dst := dx0.Row(l.hidden - l.n + j)[:g.p.lanes]
			kernel.Add(dst, dst, g.layers[i].dc[j*g.p.pad:][:g.p.lanes])
		}
	}
}

func (g *lstmGates) state(x Mat) {
	for i, l := range g.p.layers {
		for j := range l.n {
			copy(x.Row(l.hidden-l.n+j), g.layers[i].c[g.p.steps*g.layers[i].n+j*g.p.pad:][:g.p.lanes])
		}
	}
}
