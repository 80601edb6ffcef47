package falsify

import "github.com/plumb-go/plumb/internal/kernel"

// sim simulates a net for several lanes. Everything of one step lies in one slot, row by row, lanes contiguous: slot k
// holds the states x(k), the input u(k) and the gates between x(k) and x(k+1). With two slots it only runs forward;
// with one more slot than steps, reverse can follow.
type sim struct {
	*net
	lanes, slots int
	data         []float64
	back         *adjoints // nil when it only runs forward
}

// adjoints holds the gradients of one reverse sweep.
type adjoints struct {
	c, h           [][]float64 // to the states of each layer
	s, u           []float64   // to the filter's states; to [s; u] of the present step
	du             []float64   // to the inputs of every step
	lastS, lastU   []float64   // what an output of the last step adds to the gradients to s and u there
	gate, in, prod []float64   // before the gates; to [v; h]; scratch
}

// newSim allocates a simulation; reverse may follow over at most so many steps when keep is set.
func newSim(n *net, lanes, steps int, keep bool) *sim {
	s := &sim{net: n, lanes: lanes, slots: 2}
	if keep {
		s.slots = steps + 1
		s.back = newAdjoints(n, lanes, steps)
	}
	s.data = make([]float64, s.slots*n.rows*lanes)
	for k := range s.slots {
		fill(s.rows(k, n.fin+2*n.fs+n.in, 1), 1)
		for _, y := range n.layers {
			fill(s.rows(k, y.x+y.d+y.n, 1), 1)
			if n.gru {
				fill(s.rows(k, y.rx+y.d+y.n, 1), 1)
			}
		}
	}
	return s
}

func newAdjoints(n *net, lanes, steps int) *adjoints {
	b := &adjoints{}
	widest, in := 0, 0
	for _, y := range n.layers {
		b.c = append(b.c, make([]float64, y.n*lanes))
		b.h = append(b.h, make([]float64, y.n*lanes))
		widest, in = max(widest, y.n), max(in, y.d+y.n)
	}
	b.gate, b.in, b.prod = make([]float64, 4*widest*lanes), make([]float64, in*lanes), make([]float64, widest*lanes)
	b.s, b.u = make([]float64, 2*n.fs*lanes), make([]float64, (2*n.fs+n.in)*lanes)
	b.lastS, b.lastU = make([]float64, 2*n.fs*lanes), make([]float64, n.in*lanes)
	b.du = make([]float64, steps*n.in*lanes)
	return b
}

// rows returns count rows of the slot of step k.
func (s *sim) rows(k, first, count int) []float64 {
	at := (k%s.slots)*s.net.rows + first
	return s.data[at*s.lanes : (at+count)*s.lanes]
}

// stateRow is the row of state j at step k, one number a lane.
func (s *sim) stateRow(k, j int) []float64 {
	if j < 2*s.fs {
		return s.rows(k, s.fin+j, 1)
	}
	for _, y := range s.layers {
		switch {
		case j >= y.stateH+y.n:
			continue
		case j >= y.stateH:
			return s.rows(k, y.x+y.d+j-y.stateH, 1)
		}
		return s.rows(k, y.c+j-y.stateC, 1)
	}
	panic("falsify: no such state")
}

// input is the rows of u(k).
func (s *sim) input(k int) []float64 { return s.rows(k, s.fin+2*s.fs, s.net.in) }

// step computes x(k+1) from x(k) and u(k).
func (s *sim) step(k int) {
	L, n := s.lanes, s.net
	fin := s.rows(k, n.fin, 2*n.fs+n.in+1)
	first := s.rows(k, n.layers[0].x, n.layers[0].d)
	if n.fs > 0 {
		kw := 2*n.fs + n.in + 1
		kernel.Gemm(false, false, 2*n.fs, L, kw, n.f, kw, fin, L, false, s.rows(k+1, n.fin, 2*n.fs), L)
		kernel.Gemm(false, false, n.fw, L, kw, n.v, kw, fin, L, false, first, L)
	} else {
		copy(first, s.input(k))
	}
	for l := range n.layers {
		y := &n.layers[l]
		if l > 0 {
			before := &n.layers[l-1]
			copy(s.rows(k, y.x, y.d), s.rows(k+1, before.x+before.d, y.d))
		}
		if n.gru {
			s.stepGRU(y, k)
		} else {
			s.stepLSTM(y, k)
		}
	}
}

func (s *sim) stepLSTM(y *layer, k int) {
	L, q, in := s.lanes, y.n*s.lanes, y.d+y.n+1
	act := s.rows(k, y.act, 4*y.n)
	kernel.Gemm(false, false, 4*y.n, L, in, y.w, in, s.rows(k, y.x, in), L, false, act, L)
	kernel.Sigmoid(act[:3*q], act[:3*q])
	kernel.Tanh(act[3*q:], act[3*q:])
	i, f, o, g := act[:q], act[q:2*q], act[2*q:3*q], act[3*q:]
	c, tc := s.rows(k+1, y.c, y.n), s.rows(k, y.tanhC, y.n)
	kernel.Mul(c, f, s.rows(k, y.c, y.n))
	kernel.MulAdd(c, i, g)
	kernel.Tanh(tc, c)
	kernel.Mul(s.rows(k+1, y.x+y.d, y.n), o, tc)
}

func (s *sim) stepGRU(y *layer, k int) {
	L, q, in := s.lanes, y.n*s.lanes, y.d+y.n+1
	act, x, rx := s.rows(k, y.act, 3*y.n), s.rows(k, y.x, in), s.rows(k, y.rx, in)
	kernel.Gemm(false, false, 2*y.n, L, in, y.w, in, x, L, false, act, L)
	kernel.Sigmoid(act[:2*q], act[:2*q])
	z, r, n := act[:q], act[q:2*q], act[2*q:]
	h, next := s.rows(k, y.x+y.d, y.n), s.rows(k+1, y.x+y.d, y.n)
	copy(rx[:y.d*L], x)
	kernel.Mul(rx[y.d*L:y.d*L+q], r, h)
	kernel.Gemm(false, false, y.n, L, in, y.wn, in, rx, L, false, n, L)
	kernel.Tanh(n, n)
	kernel.Sub(next, h, n) // h+ = n + z (h - n)
	kernel.Mul(next, next, z)
	kernel.Add(next, next, n)
}

// clearAdjoints starts a reverse sweep; the caller then adds the gradient to the last state and to the last output.
func (s *sim) clearAdjoints() {
	b := s.back
	for l := range b.c {
		clear(b.c[l])
		clear(b.h[l])
	}
	clear(b.s)
	clear(b.lastS)
	clear(b.lastU)
}

// adjoint is the row of the gradient to state j.
func (s *sim) adjoint(j int) []float64 {
	L, b := s.lanes, s.back
	if j < 2*s.fs {
		return b.s[j*L : (j+1)*L]
	}
	for l, y := range s.layers {
		switch {
		case j >= y.stateH+y.n:
			continue
		case j >= y.stateH:
			return b.h[l][(j-y.stateH)*L : (j-y.stateH+1)*L]
		}
		return b.c[l][(j-y.stateC)*L : (j-y.stateC+1)*L]
	}
	panic("falsify: no such state")
}

// reverse pulls the gradients to x(steps) back to x(0), where adjoint finds them, and to the inputs, in back.du.
func (s *sim) reverse(steps int) {
	L, n, b := s.lanes, s.net, s.back
	for k := steps - 1; k >= 0; k-- {
		for l := len(n.layers) - 1; l >= 0; l-- {
			y := &n.layers[l]
			if n.gru {
				s.reverseGRU(l, y, k)
			} else {
				s.reverseLSTM(l, y, k)
			}
			if l > 0 { // the layer read h+ of the one before
				kernel.Add(b.h[l-1], b.h[l-1], b.in[:y.d*L])
			}
		}
		du := b.du[k*n.in*L : (k+1)*n.in*L]
		if n.fs > 0 {
			kw, ks := 2*n.fs+n.in+1, 2*n.fs+n.in
			kernel.Gemm(true, false, ks, L, n.fw, n.v, kw, b.in, L, false, b.u, L)
			kernel.Gemm(true, false, ks, L, 2*n.fs, n.f, kw, b.s, L, true, b.u, L)
			copy(b.s, b.u[:2*n.fs*L])
			copy(du, b.u[2*n.fs*L:])
		} else {
			copy(du, b.in[:n.in*L])
		}
		if k == steps-1 {
			kernel.Add(b.s, b.s, b.lastS)
			kernel.Add(du, du, b.lastU)
		}
	}
}

// reverseLSTM turns the gradients to c+, h+ of layer l into those to c, h, and writes the gradient to its input first
// in back.in.
func (s *sim) reverseLSTM(l int, y *layer, k int) {
	L, q, b := s.lanes, y.n*s.lanes, s.back
	act, tc := s.rows(k, y.act, 4*y.n), s.rows(k, y.tanhC, y.n)
	i, f, o, g := act[:q], act[q:2*q], act[2*q:3*q], act[3*q:]
	dz, t := b.gate[:4*q], b.prod[:q]
	kernel.Mul(dz[2*q:3*q], b.h[l], tc)
	kernel.Mul(t, b.h[l], o)
	kernel.TanhGrad(t, t, tc)
	kernel.Add(b.c[l], b.c[l], t)
	kernel.Mul(dz[:q], b.c[l], g)
	kernel.Mul(dz[q:2*q], b.c[l], s.rows(k, y.c, y.n))
	kernel.Mul(dz[3*q:], b.c[l], i)
	kernel.SigmoidGrad(dz[:3*q], dz[:3*q], act[:3*q])
	kernel.TanhGrad(dz[3*q:], dz[3*q:], g)
	kernel.Mul(b.c[l], b.c[l], f)
	kernel.Gemm(true, false, y.d+y.n, L, 4*y.n, y.w, y.d+y.n+1, dz, L, false, b.in, L)
	copy(b.h[l], b.in[y.d*L:])
}

func (s *sim) reverseGRU(l int, y *layer, k int) {
	L, q, b, in := s.lanes, y.n*s.lanes, s.back, y.d+y.n+1
	act, h := s.rows(k, y.act, 3*y.n), s.rows(k, y.x+y.d, y.n)
	z, r, n := act[:q], act[q:2*q], act[2*q:]
	dz, t, dh := b.gate[:3*q], b.prod[:q], b.h[l]
	kernel.Sub(t, h, n)
	kernel.Mul(dz[:q], dh, t)
	kernel.Mul(t, dh, z) // what reaches h directly
	kernel.Sub(dz[2*q:], dh, t)
	kernel.TanhGrad(dz[2*q:], dz[2*q:], n)
	kernel.Gemm(true, false, y.d+y.n, L, y.n, y.wn, in, dz[2*q:], L, false, b.in, L)
	drh := b.in[y.d*L : y.d*L+q]
	kernel.Mul(dz[q:2*q], drh, h)
	kernel.MulAdd(t, drh, r)
	clear(drh)
	kernel.SigmoidGrad(dz[:2*q], dz[:2*q], act[:2*q])
	kernel.Gemm(true, false, y.d+y.n, L, 2*y.n, y.w, in, dz[:2*q], L, true, b.in, L)
	kernel.Add(dh, t, drh)
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}
