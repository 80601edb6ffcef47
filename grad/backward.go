package grad

import "github.com/plumb-go/plumb/internal/kernel"

// Backward adds the gradient of the scalar loss (1 x 1) with respect to the parameters into the gradient vector given
// to Start, and with respect to every Input into what InputGrad returns. Start counts as zeroing both: a second
// Backward in the same step adds. It returns the value of loss, or the first error of the step.
//
// Intermediate gradients are accumulated in place and their memory is reused as soon as they have been passed on.
func (t *Tape) Backward(loss Var) (float64, error) {
	if !t.ok("Backward", loss) {
		return 0, t.err
	}
	if n := &t.nodes[loss.i]; n.rows != 1 || n.cols != 1 {
		t.fail("Backward: loss is %dx%d, not 1x1", n.rows, n.cols)
		return 0, t.err
	}
	value := t.nodes[loss.i].val[0]
	t.into = toBuffers
	if t.nodes[loss.i].needs {
		one := t.constant(1, 1, 1)
		t.add(loss.i, one)
		t.nodes = t.nodes[:one]
	}
	for i := loss.i; i > len(t.params); i-- {
		if g := t.nodes[i].grad; g != nil && t.nodes[i].op != opInput {
			t.pull(i, g)
			t.nodes[i].grad = nil
			t.bufs.put(g)
		}
	}
	for i := range t.params {
		if p, n := &t.params[i], &t.nodes[i+1]; t.grad != nil && !p.added {
			clear(t.grad[p.offset : p.offset+n.rows*n.cols])
			p.added = true
		}
	}
	return value, t.err
}

// pull passes the gradient g of node i on to its operands. Nodes and values made on the way are dropped.
func (t *Tape) pull(i int, g []float64) {
	free, top := t.mem.place, len(t.nodes)
	n := t.nodes[i]
	t.nodes = append(t.nodes, node{op: opConst, rows: n.rows, cols: n.cols, val: g})
	t.vjp(&n, i, top)
	t.nodes = t.nodes[:top]
	t.mem.release(free)
}

// Grad returns the gradient, with the shape of x, of the sum of all elements of y with respect to x, as a variable that
// can be used and differentiated like any other. Where row i of y depends on row i of x alone, row i of the result is
// the gradient of that row.
func (t *Tape) Grad(y, x Var) Var {
	var dst [1]Var
	t.GradTo(dst[:], y, x)
	return dst[0]
}

// GradTo is Grad with respect to several variables at once, written into dst.
func (t *Tape) GradTo(dst []Var, y Var, xs ...Var) {
	clear(dst)
	if !t.ok("Grad", y) || !t.ok("Grad", xs...) {
		return
	}
	if len(dst) != len(xs) {
		t.fail("Grad: %d places for %d gradients", len(dst), len(xs))
		return
	}
	low := t.trace(y.i, xs)
	if low <= y.i && t.nodes[y.i].mark == t.mark {
		t.into = toTape
		t.add(y.i, t.constant(t.nodes[y.i].rows, t.nodes[y.i].cols, 1))
		for i := y.i; i >= low; i-- {
			if n := t.nodes[i]; n.mark == t.mark && n.slot != 0 && n.op > opParam {
				t.vjp(&n, i, n.slot)
			}
		}
		t.into = toBuffers
	}
	for k, x := range xs {
		if n := &t.nodes[x.i]; x.i <= y.i && n.mark == t.mark && n.slot != 0 {
			dst[k] = Var{n.slot}
		} else {
			dst[k] = Var{t.constant(n.rows, n.cols, 0)}
		}
	}
}

// trace marks the nodes up to y that depend on xs with a fresh number and returns the first of them.
func (t *Tape) trace(y int, xs []Var) int {
	t.mark++
	low := y + 1
	for _, x := range xs {
		if x.i <= y {
			t.nodes[x.i].mark, t.nodes[x.i].slot = t.mark, 0
			low = min(low, x.i)
		}
	}
	for i := low; i <= y; i++ {
		n := &t.nodes[i]
		if n.mark != t.mark && t.depends(n) {
			n.mark, n.slot = t.mark, 0
		}
	}
	return low
}

// depends reports whether an operand of n carries the running mark.
func (t *Tape) depends(n *node) bool {
	if t.nodes[n.a].mark == t.mark || t.nodes[n.b].mark == t.mark || t.nodes[n.c].mark == t.mark {
		return true
	}
	for _, i := range t.operands(n) {
		if t.nodes[i].mark == t.mark {
			return true
		}
	}
	return false
}

// constant pushes a matrix of equal elements.
func (t *Tape) constant(rows, cols int, v float64) int {
	val := t.mem.get(rows * cols)
	for i := range val {
		val[i] = v
	}
	t.nodes = append(t.nodes, node{op: opConst, rows: rows, cols: cols, val: val})
	return len(t.nodes) - 1
}

// wanted reports whether the running pass wants the gradient of node i.
func (t *Tape) wanted(i int) bool {
	if t.into == toTape {
		return t.nodes[i].mark == t.mark
	}
	return t.nodes[i].needs
}

// give evaluates c, which has the shape of node i, and adds it to the gradient of node i.
func (t *Tape) give(i int, c node) {
	if !t.wanted(i) {
		return
	}
	c.rows, c.cols = t.nodes[i].rows, t.nodes[i].cols
	if t.into == toTape {
		t.add(i, t.push(c))
		return
	}
	buf, fresh := t.buffer(i)
	if fresh || c.op.accumulates() {
		t.eval(&c, buf, !fresh)
		return
	}
	free := t.mem.place
	val := t.mem.get(len(buf))
	t.eval(&c, val, false)
	kernel.Add(buf, buf, val)
	t.mem.release(free)
}

// add adds the variable g, which has the shape of node i, to the gradient of node i.
func (t *Tape) add(i, g int) {
	if !t.wanted(i) {
		return
	}
	if t.into == toTape {
		if s := t.nodes[i].slot; s != 0 {
			g = t.push(node{op: opAddScaled, a: s, b: g, alpha: 1, rows: t.nodes[i].rows, cols: t.nodes[i].cols})
		}
		t.nodes[i].slot = g
		return
	}
	if buf, fresh := t.buffer(i); fresh {
		copy(buf, t.nodes[g].val)
	} else {
		kernel.Add(buf, buf, t.nodes[g].val)
	}
}

// buffer returns the gradient of node i and whether it is still to be written for the first time.
func (t *Tape) buffer(i int) (buf []float64, fresh bool) {
	n := &t.nodes[i]
	if n.op == opParam {
		p := &t.params[n.at]
		fresh, p.added = !p.added, true
		return t.grad[p.offset : p.offset+n.rows*n.cols], fresh
	}
	if n.grad != nil {
		return n.grad, false
	}
	n.grad = t.bufs.get(n.rows * n.cols)
	return n.grad, true
}
