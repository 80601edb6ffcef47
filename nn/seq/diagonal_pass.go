package seq

import "github.com/plumb-go/plumb/internal/kernel"

// chunkCols is the number of columns worked through all blocks at a time, so that a chunk's signals stay in the
// second-level cache between the product, the scan and the activation that use them.
const chunkCols = 512

// diagonalPass runs the cascade chunk of time by chunk of time. Within a chunk the parts that have no memory are
// single products over all its columns:
//
//	drive = B xin,   z = H [sre; sim; xin; 1],   a = tanh(P [1; z]),   xout = O [a; 1; z]
//
// with B = [Bre; Bim], H = [Cre -Cim D c], P = [b1 W1], O = [W2 b2 I].
type diagonalPass struct {
	cell         Diagonal
	steps, lanes int
	blocks       []diagonalWeights
	chunks       []diagonalChunk
	back         []diagonalBack
}

// diagonalWeights holds the stacked weights of one block and their gradients.
type diagonalWeights struct {
	s, in, out, hid int
	t               DiagonalTensors
	b, h, p, o      Mat
	db, dh, dp, do  Mat
	lre, lim        []float64
	dlre, dlim      []float64
}

// diagonalChunk is a span of columns [at, at+cols) with the signals of each block.
type diagonalChunk struct {
	at, cols int
	x        []Mat // [sre; sim; xin; 1], cols+lanes columns: the last lanes hold the state after the chunk
	v        []Mat // [a; 1; z], only with hidden units
}

// diagonalBack is the gradient scratch of one block for one chunk.
type diagonalBack struct {
	x Mat // gradients of [sre; sim; xin], the last lanes columns carried over from the later chunk
	a Mat // before the activation
	z Mat
}

// NewPass returns a workspace for steps x lanes.
func (c Diagonal) NewPass(steps, lanes int) Pass {
	p := &diagonalPass{cell: c, steps: steps, lanes: lanes}
	for b, t := range c.Tensors() {
		s, hid := c.Blocks[b].States, c.Blocks[b].Hidden
		in, out := c.Widths(b)
		w := diagonalWeights{s: s, in: in, out: out, hid: hid, t: t}
		w.b, w.db = NewMat(2*s, in), NewMat(2*s, in)
		w.h, w.dh = NewMat(out, 2*s+in+1), NewMat(out, 2*s+in+1)
		w.p, w.dp = NewMat(hid, 1+out), NewMat(hid, 1+out)
		w.o, w.do = NewMat(out, hid+1+out), NewMat(out, hid+1)
		w.dlre, w.dlim = make([]float64, s), make([]float64, s)
		for i := range out {
			w.o.Row(i)[hid+1+i] = 1
		}
		p.blocks = append(p.blocks, w)
	}
	span := max(1, chunkCols/max(1, lanes))
	for k := 0; k == 0 || k < steps; k += span {
		p.chunks = append(p.chunks, p.newChunk(k*lanes, min(span, steps-k)*lanes))
	}
	widest := p.chunks[0].cols
	for _, w := range p.blocks {
		g := diagonalBack{x: NewMat(2*w.s+w.in, widest+lanes)}
		if w.hid > 0 {
			g.a, g.z = NewMat(w.hid, widest), NewMat(w.out, widest)
		}
		p.back = append(p.back, g)
	}
	return p
}

func (p *diagonalPass) newChunk(at, cols int) diagonalChunk {
	k := diagonalChunk{at: at, cols: cols}
	for _, w := range p.blocks {
		x, v := NewMat(2*w.s+w.in+1, cols+p.lanes), Mat{}
		fill(x.Row(2*w.s+w.in), 1)
		if w.hid > 0 {
			v = NewMat(w.hid+1+w.out, cols)
			fill(v.Row(w.hid), 1)
		}
		k.x, k.v = append(k.x, x), append(k.v, v)
	}
	return k
}

func (p *diagonalPass) Forward(w []float64, u, x0, y Mat) {
	last := len(p.blocks) - 1
	for b := range p.blocks {
		p.blocks[b].gather(w)
	}
	for c := range p.chunks {
		k := &p.chunks[c]
		first := p.blocks[0]
		for i := range first.in {
			copy(k.x[0].Row(2*first.s + i)[:k.cols], u.Row(i)[k.at:])
		}
		row := 0
		for b := range p.blocks {
			n := 2 * p.blocks[b].s
			for i := range n {
				copy(k.x[b].Row(i)[:p.lanes], p.before(c, b, i, x0.Row(row+i)))
			}
			row += n
			if b == last {
				p.blocks[b].forward(k.x[b], k.v[b], p.lanes, k.cols, y.Data[k.at:], y.Stride)
				break
			}
			next, skip := k.x[b+1], 2*p.blocks[b+1].s
			p.blocks[b].forward(k.x[b], k.v[b], p.lanes, k.cols, next.Data[skip*next.Stride:], next.Stride)
		}
	}
}

// before is state row i of block b at the start of chunk c.
func (p *diagonalPass) before(c, b, i int, x0 []float64) []float64 {
	if c == 0 {
		return x0
	}
	k := &p.chunks[c-1]
	return k.x[b].Row(i)[k.cols:]
}

// forward runs one block over one chunk and writes xout to y.
func (w *diagonalWeights) forward(x, v Mat, lanes, cols int, y []float64, sy int) {
	sx, n := x.Stride, 2*w.s
	kernel.Gemm(false, false, n, cols, w.in, w.b.Data, w.b.Stride, x.Data[n*sx:], sx, false, x.Data[lanes:], sx)
	for i := range w.s {
		scan(x.Row(i), x.Row(w.s+i), lanes, w.lre[i], w.lim[i])
	}
	k := n + w.in + 1
	if w.hid == 0 {
		kernel.Gemm(false, false, w.out, cols, k, w.h.Data, w.h.Stride, x.Data, sx, false, y, sy)
		return
	}
	sv := v.Stride
	one := v.Data[w.hid*sv:]
	kernel.Gemm(false, false, w.out, cols, k, w.h.Data, w.h.Stride, x.Data, sx, false, one[sv:], sv)
	kernel.Gemm(false, false, w.hid, cols, 1+w.out, w.p.Data, w.p.Stride, one, sv, false, v.Data, sv)
	for i := range w.hid {
		a := v.Row(i)
		kernel.Tanh(a, a)
	}
	kernel.Gemm(false, false, w.out, cols, w.hid+1+w.out, w.o.Data, w.o.Stride, v.Data, sv, false, y, sy)
}

func (p *diagonalPass) Backward(_ []float64, dy Mat, dw []float64, dx0 Mat) {
	last := len(p.blocks) - 1
	p.zeroGradients()
	for c := len(p.chunks) - 1; c >= 0; c-- {
		k := &p.chunks[c]
		for b := last; b >= 0; b-- {
			w, g := &p.blocks[b], &p.back[b]
			p.carry(c, w, g)
			if b == last {
				w.backward(k.x[b], k.v[b], g, p.lanes, k.cols, b > 0, dy.Data[k.at:], dy.Stride)
				continue
			}
			next, skip := p.back[b+1].x, 2*p.blocks[b+1].s
			w.backward(k.x[b], k.v[b], g, p.lanes, k.cols, b > 0, next.Data[skip*next.Stride:], next.Stride)
		}
	}
	row := 0
	for b := range p.blocks {
		p.blocks[b].scatter(dw)
		for i := range 2 * p.blocks[b].s {
			dst, src := dx0.Row(row+i), p.back[b].x.Row(i)[:p.lanes]
			kernel.Add(dst, dst, src)
		}
		row += 2 * p.blocks[b].s
	}
}

func (p *diagonalPass) zeroGradients() {
	for b := range p.blocks {
		w := &p.blocks[b]
		clear(w.db.Data)
		clear(w.dh.Data)
		clear(w.dp.Data)
		clear(w.do.Data)
		clear(w.dlre)
		clear(w.dlim)
	}
}

// carry places the gradient of the state after chunk c behind the chunk's columns.
func (p *diagonalPass) carry(c int, w *diagonalWeights, g *diagonalBack) {
	cols := p.chunks[c].cols
	for i := range 2 * w.s {
		row := g.x.Row(i)
		if c == len(p.chunks)-1 {
			clear(row[cols : cols+p.lanes])
		} else {
			copy(row[cols:cols+p.lanes], row[:p.lanes])
		}
	}
}

// backward pulls the gradient d of xout back through one block and one chunk: to the states and, if input, to xin.
func (w *diagonalWeights) backward(x, v Mat, g *diagonalBack, lanes, cols int, input bool, d []float64, sd int) {
	if w.hid > 0 {
		w.backStatic(v, g, cols, d, sd)
		d, sd = g.z.Data, g.z.Stride
	}
	sx, sg, n := x.Stride, g.x.Stride, 2*w.s
	kernel.Gemm(false, true, w.out, n+w.in+1, cols, d, sd, x.Data, sx, true, w.dh.Data, w.dh.Stride)
	rows := n
	if input {
		rows += w.in
	}
	kernel.Gemm(true, false, rows, cols, w.out, w.h.Data, w.h.Stride, d, sd, false, g.x.Data, sg)
	for i := range w.s {
		re, im := g.x.Row(i)[:cols+lanes], g.x.Row(w.s + i)[:cols+lanes]
		dre, dim := scanBack(re, im, x.Row(i), x.Row(w.s+i), lanes, w.lre[i], w.lim[i])
		w.dlre[i] += dre
		w.dlim[i] += dim
	}
	after := g.x.Data[lanes:] // gradient of the state that the drive of each column enters
	kernel.Gemm(false, true, n, w.in, cols, after, sg, x.Data[n*sx:], sx, true, w.db.Data, w.db.Stride)
	if input {
		kernel.Gemm(true, false, w.in, cols, n, w.b.Data, w.b.Stride, after, sg, true, g.x.Data[n*sg:], sg)
	}
}

// backStatic pulls d through xout = z + W2 tanh(W1 z + b1) + b2 and leaves the gradient of z in g.z.
func (w *diagonalWeights) backStatic(v Mat, g *diagonalBack, cols int, d []float64, sd int) {
	sv, sa := v.Stride, g.a.Stride
	kernel.Gemm(true, false, w.hid, cols, w.out, w.o.Data, w.o.Stride, d, sd, false, g.a.Data, sa)
	for i := range w.hid {
		row := g.a.Row(i)[:cols]
		kernel.TanhGrad(row, row, v.Row(i))
	}
	for i := range w.out {
		copy(g.z.Row(i)[:cols], d[i*sd:])
	}
	kernel.Gemm(true, false, w.out, cols, w.hid, w.p.Data[1:], w.p.Stride, g.a.Data, sa, true, g.z.Data, g.z.Stride)
	kernel.Gemm(false, true, w.out, w.hid+1, cols, d, sd, v.Data, sv, true, w.do.Data, w.do.Stride)
	kernel.Gemm(false, true, w.hid, 1+w.out, cols, g.a.Data, sa, v.Data[w.hid*sv:], sv, true, w.dp.Data, w.dp.Stride)
}

func (p *diagonalPass) State(x Mat) {
	k := p.chunks[len(p.chunks)-1]
	row := 0
	for b, w := range p.blocks {
		for i := range 2 * w.s {
			copy(x.Row(row+i), k.x[b].Row(i)[k.cols:])
		}
		row += 2 * w.s
	}
}

// gather copies the block's weights into the stacked matrices; scatter adds their gradients back.
func (w *diagonalWeights) gather(x []float64) {
	t := w.t
	w.lre, w.lim = t.Lre.Of(x), t.Lim.Of(x)
	packAt(w.b, 0, 0, x, t.Bre)
	packAt(w.b, w.s, 0, x, t.Bim)
	pack(w.h, 0, x, t.Cre)
	pack(w.h, w.s, x, t.Cim)
	for i := range w.out {
		for j := w.s; j < 2*w.s; j++ {
			w.h.Row(i)[j] *= -1
		}
	}
	pack(w.h, 2*w.s, x, t.D)
	pack(w.h, 2*w.s+w.in, x, t.C)
	if w.hid > 0 {
		pack(w.p, 0, x, t.B1)
		pack(w.p, 1, x, t.W1)
		pack(w.o, 0, x, t.W2)
		pack(w.o, w.hid, x, t.B2)
	}
}

func (w *diagonalWeights) scatter(dx []float64) {
	t := w.t
	kernel.Add(t.Lre.Of(dx), t.Lre.Of(dx), w.dlre)
	kernel.Add(t.Lim.Of(dx), t.Lim.Of(dx), w.dlim)
	unpackAt(dx, t.Bre, w.db, 0, 0)
	unpackAt(dx, t.Bim, w.db, w.s, 0)
	for i := range w.out {
		for j := w.s; j < 2*w.s; j++ {
			w.dh.Row(i)[j] *= -1
		}
	}
	unpack(dx, t.Cre, w.dh, 0)
	unpack(dx, t.Cim, w.dh, w.s)
	unpack(dx, t.D, w.dh, 2*w.s)
	unpack(dx, t.C, w.dh, 2*w.s+w.in)
	if w.hid > 0 {
		unpack(dx, t.B1, w.dp, 0)
		unpack(dx, t.W1, w.dp, 1)
		unpack(dx, t.W2, w.do, 0)
		unpack(dx, t.B2, w.do, w.hid)
	}
}
