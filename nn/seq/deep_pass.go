package seq

import "github.com/plumb-go/plumb/internal/kernel"

// deepPass runs the layers of a deep cell along a wavefront: at wave k layer l takes its step k-l, so that all layers
// of a wave are independent of one another, and what they read stands in one block of memory,
//
//	block k = [h of the last layer; 1; ...; h of layer 0; 1; v],   h of layer l before its step k-l, v of step k
//
// with pad columns a row, one for each lane. Layer l reads the rows [h; 1; input] of its own from the middle of the
// block, so its pre-activations are one product [U b W] [h; 1; input], and its updated state goes into block k+1, where
// both the layer itself and the one above find it. The outputs are read as by one more layer.
//
// The backward pass goes through the waves in reverse. It transposes the blocks of a few waves, so that the gradient of
// [U b W] is one product over the lanes of all of them.
type deepPass struct {
	cell              Deep
	steps, lanes, pad int
	front             *deepFront
	layers            []deepLayer
	gates             recurrence
	rows              int       // of a block
	blocks            []float64 // steps + layers of them
	out               OutTensors
	wy                Mat
	back              deepBack
}

// recurrence is the cell's own part of a step of layer i: x and next are the layer's rows of the block that the step
// reads and of the block that it writes. State is the cell's own state, beside h, of which x0 holds all rows.
type recurrence interface {
	start(w []float64, x0 Mat)
	// forward turns the pre-activations of step t, in the layer's z, into activations and writes h to next.
	forward(i, t int, x, next []float64)
	startBack()
	// backward takes the gradient of the updated h as the sum of two parts and writes that of the pre-activations to dz,
	// rows of pad numbers a stride apart. What h contributes beside [U b W], finish adds to the gradient of h.
	backward(i, t int, x, dh0, dh1, dz []float64, stride int)
	finish(i int, dh []float64)
	endBack(dw []float64, dx0 Mat)
	state(x Mat)
}

// deepLayer is one layer with its weights, what the forward pass keeps of each step, and the gradients.
type deepLayer struct {
	n, k   int // units, rows of [h; 1; input]
	g      int // gates times units
	first  int // row of h in a block
	hidden int // row of h in the state of the cell
	gates  []GateTensors
	a, da  Mat       // [U b W], one gate after the other
	z      []float64 // activations: for each step g x pad
	dx     []float64 // gradient of [h; 1; input] by the layer's latest step
	dz     Mat       // gradients of the pre-activations, g x columns of the waves held
}

// deepBack is the scratch of the backward pass.
type deepBack struct {
	held, waves int
	xt          Mat       // transposed blocks of the waves held
	dy          Mat       // dL/dy of those waves
	dh          []float64 // gradient of the last layer's h by the outputs of the latest wave
	dwy         Mat
}

// waveCols is the number of columns of the waves whose weight gradients are summed in one product.
const waveCols = 64

// newDeepPass returns the workspace of a cell whose layers have the given gates, own states of its own beside h for
// each unit, and those gates' recurrent part.
func newDeepPass(c Deep, gates [][]GateTensors, own int, f FilterTensors, o OutTensors, steps, lanes int) *deepPass {
	p := &deepPass{cell: c, steps: steps, lanes: lanes, pad: lanes, out: o}
	if lanes > 1 {
		p.pad = (lanes + 3) &^ 3 // whole registers; single lanes are for long records, where memory counts
	}
	p.front = newDeepFront(c, f, o, steps, lanes)
	b := &p.back
	b.waves = max(1, waveCols/p.pad)
	p.layers = make([]deepLayer, len(c.Units))
	for i := len(c.Units) - 1; i >= 0; i-- {
		n := c.Units[i]
		l := deepLayer{n: n, k: n + 1 + c.Width(i), g: len(gates[i]) * n, first: p.rows, gates: gates[i]}
		l.a, l.da = NewMat(l.g, l.k), NewMat(l.g, (l.k+3)&^3)
		l.z, l.dx, l.dz = make([]float64, steps*l.g*p.pad), make([]float64, l.k*p.pad), NewMat(l.g, b.waves*p.pad)
		p.rows += n + 1
		p.layers[i] = l
	}
	p.rows += c.Width(0)
	at := 2 * c.Filter.States
	for i, n := range c.Units {
		p.layers[i].hidden = at + own*n
		at += (1 + own) * n
	}
	waves := steps + len(c.Units)
	p.blocks = make([]float64, waves*p.rows*p.pad)
	for k := range waves {
		for _, l := range p.layers {
			fill(p.block(k, l.first+l.n)[:p.pad], 1)
		}
	}
	n := c.Units[len(c.Units)-1]
	p.wy, b.dwy = NewMat(c.Out, n), NewMat(c.Out, (n+3)&^3)
	b.xt, b.dy = NewMat(b.waves*p.pad, p.rows+4), NewMat(c.Out, b.waves*p.pad)
	b.dh = make([]float64, n*p.pad)
	return p
}

// block is block k from the given row on.
func (p *deepPass) block(k, row int) []float64 {
	return p.blocks[(k*p.rows+row)*p.pad : (k+1)*p.rows*p.pad]
}

// active are the layers that have a step in wave k.
func (p *deepPass) active(k int) (from, to int) {
	return max(0, k-p.steps+1), min(k+1, len(p.layers))
}

func (p *deepPass) Forward(w []float64, u, x0, y Mat) {
	p.gather(w)
	v := p.front.forward(w, u, x0, y)
	first := p.rows - p.cell.Width(0)
	for i := range p.cell.Width(0) {
		row := v.Row(i)
		for t := range p.steps {
			copy(p.block(t, first+i), row[t*p.lanes:(t+1)*p.lanes])
		}
	}
	for i, l := range p.layers {
		for j := range l.n {
			copy(p.block(i, l.first+j), x0.Row(l.hidden + j)[:p.lanes])
		}
	}
	p.gates.start(w, x0)
	depth := len(p.layers)
	for k := range p.steps + depth {
		for i, to := p.active(k); i < to; i++ {
			l := &p.layers[i]
			x, n := p.block(k, l.first), l.g*p.pad
			kernel.Gemm(false, false, l.g, p.pad, l.k, l.a.Data, l.a.Stride, x, p.pad, false, l.z[(k-i)*n:], p.pad)
			p.gates.forward(i, k-i, x, p.block(k+1, l.first))
		}
		if t := k - depth; t >= 0 {
			kernel.Gemm(false, false, p.cell.Out, p.lanes, p.wy.Cols, p.wy.Data, p.wy.Stride, p.block(k, 0), p.pad, true,
				y.Data[t*p.lanes:], y.Stride)
		}
	}
}

func (p *deepPass) Backward(_ []float64, dy Mat, dw []float64, dx0 Mat) {
	p.startBack()
	b, depth := &p.back, len(p.layers)
	for k := p.steps + depth - 1; k >= 0; k-- {
		at := b.held * p.pad
		for i := range p.layers {
			l := &p.layers[i]
			dz := l.dz.Data[at:]
			if t := k - i; t < 0 || t >= p.steps {
				for j := range l.g {
					clear(dz[j*l.dz.Stride:][:p.pad])
				}
				continue
			}
			p.backLayer(i, k-i, p.block(k, l.first), dz)
		}
		for i := range p.cell.Out {
			row := b.dy.Row(i)[at : at+p.pad]
			clear(row)
			if t := k - depth; t >= 0 {
				copy(row, dy.Row(i)[t*p.lanes:(t+1)*p.lanes])
			}
		}
		kernel.Gemm(true, false, p.wy.Cols, p.pad, p.cell.Out, p.wy.Data, p.wy.Stride, b.dy.Data[at:], b.dy.Stride, false,
			b.dh, p.pad)
		kernel.Transpose(b.xt.Data[at*b.xt.Stride:], b.xt.Stride, p.block(k, 0), p.pad, p.rows, p.pad)
		if b.held++; b.held == b.waves || k == 0 {
			p.sum()
		}
	}
	for i, l := range p.layers {
		for j := range l.n {
			dst := dx0.Row(p.layers[i].hidden + j)[:p.lanes]
			kernel.Add(dst, dst, l.dx[j*p.pad:][:p.lanes])
		}
	}
	p.gates.endBack(dw, dx0)
	p.front.backward(dy, dw, dx0)
	p.scatter(dw)
}

// backLayer pulls the gradient through step t of layer i: what the layer's own next step and the layer above, or the
// outputs, say of the updated h, to the pre-activations and to what the step read.
func (p *deepPass) backLayer(i, t int, x, dz []float64) {
	l, above := &p.layers[i], p.back.dh
	if i+1 < len(p.layers) {
		next := &p.layers[i+1]
		above = next.dx[(next.n+1)*p.pad:]
	}
	n := l.n * p.pad
	p.gates.backward(i, t, x, l.dx[:n], above[:n], dz, l.dz.Stride)
	rows := l.k
	if i == 0 && p.front.s == 0 {
		rows = l.n // nobody asks for the gradient of the input
	}
	kernel.Gemm(true, false, rows, p.pad, l.g, l.a.Data, l.a.Stride, dz, l.dz.Stride, false, l.dx, p.pad)
	p.gates.finish(i, l.dx[:n])
	if i == 0 && p.front.s > 0 {
		for j := range p.front.width {
			copy(p.front.dv.Row(j)[t*p.lanes:(t+1)*p.lanes], l.dx[(l.n+1+j)*p.pad:])
		}
	}
}

// sum adds to the weight gradients what the waves held contribute.
func (p *deepPass) sum() {
	b := &p.back
	cols := b.held * p.pad
	for i := range p.layers {
		l := &p.layers[i]
		kernel.Gemm(false, false, l.g, l.da.Cols, cols, l.dz.Data, l.dz.Stride, b.xt.Data[l.first:], b.xt.Stride, true,
			l.da.Data, l.da.Stride)
	}
	kernel.Gemm(false, false, p.cell.Out, b.dwy.Cols, cols, b.dy.Data, b.dy.Stride, b.xt.Data, b.xt.Stride, true,
		b.dwy.Data, b.dwy.Stride)
	b.held = 0
}

func (p *deepPass) startBack() {
	for i := range p.layers {
		clear(p.layers[i].da.Data)
		clear(p.layers[i].dx)
	}
	clear(p.back.dwy.Data)
	p.gates.startBack()
}

func (p *deepPass) State(x Mat) {
	p.front.state(x)
	for i, l := range p.layers {
		for j := range l.n {
			copy(x.Row(l.hidden+j), p.block(p.steps+i, l.first+j)[:p.lanes])
		}
	}
	p.gates.state(x)
}

// gather copies the weights into the stacked matrices; scatter adds their gradients back.
func (p *deepPass) gather(w []float64) {
	for _, l := range p.layers {
		for j, g := range l.gates {
			packAt(l.a, j*l.n, 0, w, g.U)
			packAt(l.a, j*l.n, l.n, w, g.B)
			packAt(l.a, j*l.n, l.n+1, w, g.W)
		}
	}
	pack(p.wy, 0, w, p.out.Wy)
}

func (p *deepPass) scatter(dw []float64) {
	for _, l := range p.layers {
		for j, g := range l.gates {
			unpackAt(dw, g.U, l.da, j*l.n, 0)
			unpackAt(dw, g.B, l.da, j*l.n, l.n)
			unpackAt(dw, g.W, l.da, j*l.n, l.n+1)
		}
	}
	unpack(dw, p.out.Wy, p.back.dwy, 0)
}
