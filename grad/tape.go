package grad

import "fmt"

// Var names a matrix on a tape. The zero Var names nothing.
type Var struct{ i int }

// Tape records operations on matrices; see the package documentation. Use NewTape.
type Tape struct {
	nodes  []node // nodes[0] stands for the zero Var, nodes[1..len(params)] are the parameters
	list   []int  // operands of concatenations
	params []param
	dim    int // length of the flat parameter vector
	err    error

	undeclared error // first error of a Param call

	grad   []float64 // flat gradient of the running step; nil when only values are wanted
	mem    arena
	bufs   pool
	inputs []int // Inputs of the running step, whose gradients are kept

	into mode
	mark int // number of the running Grad call
	ones []float64
}

// mode says where the contributions of vjp go.
type mode uint8

const (
	toBuffers mode = iota // Backward: accumulated in place in node.grad
	toTape                // Grad: new nodes, added up in node.slot
)

// param is a parameter's place in the flat vector and its transposed copy, made on demand once a step.
type param struct {
	offset int
	uses   int // products of the running step in which the parameter is the right factor
	wt     []float64
	wtMade bool
	added  bool // whether the running step has written the parameter's gradient
}

// node is one matrix and how it was computed.
type node struct {
	op          op
	act         Activation
	ta, tb      bool // transpositions of a product; ta: of Solve
	needs       bool // depends on a parameter or an input
	rows, cols  int
	a, b, c     int // operands
	at, n       int // offset of a slice; first operand in Tape.list and their number; index of a parameter
	alpha, beta float64
	val         []float64 // rows*cols elements, row-major

	grad []float64 // Backward: accumulated gradient, nil before the first contribution
	mark int       // Grad: the call for which slot holds
	slot int       // Grad: accumulated gradient, 0 before the first contribution
}

// NewTape returns an empty tape.
func NewTape() *Tape { return &Tape{nodes: make([]node, 1, 64)} }

// Param reserves the next rows*cols elements of the flat parameter vector. The Var is valid in every later step. All
// parameters must be declared before the first operation.
func (t *Tape) Param(rows, cols int) Var {
	if len(t.nodes) != len(t.params)+1 {
		return t.declare("Param: declared after the first operation of a step")
	}
	if rows < 1 || cols < 1 {
		return t.declare("Param: shape %dx%d is empty", rows, cols)
	}
	t.nodes = append(t.nodes, node{op: opParam, rows: rows, cols: cols, at: len(t.params)})
	t.params = append(t.params, param{offset: t.dim})
	t.dim += rows * cols
	return Var{len(t.nodes) - 1}
}

// declare keeps an error of a declaration, which Start does not forget.
func (t *Tape) declare(format string, args ...any) Var {
	if t.undeclared == nil {
		t.undeclared = fmt.Errorf("grad: "+format, args...)
	}
	t.err = t.undeclared
	return Var{}
}

// Dim is the length of the flat parameter vector so far; the next Param starts there.
func (t *Tape) Dim() int { return t.dim }

// Start forgets all but the parameters and begins a step with parameter vector theta, which must not change during the
// step. Backward will write gradients into grad, which may be nil when only values are wanted. Both have length Dim.
func (t *Tape) Start(theta, grad []float64) {
	for _, i := range t.inputs {
		if i < len(t.nodes) && t.nodes[i].grad != nil {
			t.bufs.put(t.nodes[i].grad)
		}
	}
	t.nodes, t.list, t.inputs = t.nodes[:len(t.params)+1], t.list[:0], t.inputs[:0]
	t.mem.release(place{})
	t.grad, t.err, t.mark, t.into = grad, t.undeclared, 0, toBuffers
	if len(theta) != t.dim || grad != nil && len(grad) != t.dim {
		t.fail("Start: vectors of length %d and %d for %d parameters", len(theta), len(grad), t.dim)
		return
	}
	for i := range t.params {
		p, n := &t.params[i], &t.nodes[i+1]
		p.uses, p.wtMade, p.added = 0, false, false
		n.val = theta[p.offset : p.offset+n.rows*n.cols]
		n.needs, n.grad, n.mark, n.slot = grad != nil, nil, 0, 0
	}
}

// Err is the first error since Start.
func (t *Tape) Err() error { return t.err }

func (t *Tape) fail(format string, args ...any) Var {
	if t.err == nil {
		t.err = fmt.Errorf("grad: "+format, args...)
	}
	return Var{}
}

// Const puts a rows x cols matrix on the tape, without copying, as something that needs no gradient.
func (t *Tape) Const(rows, cols int, data []float64) Var {
	return t.leaf("Const", opConst, rows, cols, data)
}

// Input puts a rows x cols matrix on the tape, without copying, as something that gradients are taken of.
func (t *Tape) Input(rows, cols int, data []float64) Var {
	v := t.leaf("Input", opInput, rows, cols, data)
	if v.i != 0 {
		t.inputs = append(t.inputs, v.i)
	}
	return v
}

func (t *Tape) leaf(name string, o op, rows, cols int, data []float64) Var {
	if t.err != nil {
		return Var{}
	}
	if rows < 1 || cols < 1 || len(data) != rows*cols {
		return t.fail("%s: %d elements for shape %dx%d", name, len(data), rows, cols)
	}
	t.nodes = append(t.nodes, node{op: o, rows: rows, cols: cols, val: data, needs: o == opInput})
	return Var{len(t.nodes) - 1}
}

// Value returns the elements of v, row-major, to be read only; nil for the zero Var.
func (t *Tape) Value(v Var) []float64 {
	if v.i <= 0 || v.i >= len(t.nodes) {
		return nil
	}
	return t.nodes[v.i].val
}

// Shape returns the size of v; 0, 0 for the zero Var.
func (t *Tape) Shape(v Var) (rows, cols int) {
	if v.i <= 0 || v.i >= len(t.nodes) {
		return 0, 0
	}
	return t.nodes[v.i].rows, t.nodes[v.i].cols
}

// InputGrad returns what Backward has added up for an Input; nil when nothing reached it.
func (t *Tape) InputGrad(v Var) []float64 {
	if v.i <= 0 || v.i >= len(t.nodes) || t.nodes[v.i].op != opInput {
		return nil
	}
	return t.nodes[v.i].grad
}

// push evaluates n and puts it on the tape.
func (t *Tape) push(n node) int {
	if n.op == opSliceRows { // contiguous: a view
		n.val = t.nodes[n.a].val[n.at*n.cols : (n.at+n.rows)*n.cols]
	} else {
		n.val = t.mem.get(n.rows * n.cols)
		t.eval(&n, n.val, false)
	}
	n.needs = t.nodes[n.a].needs || t.nodes[n.b].needs || t.nodes[n.c].needs
	for _, i := range t.operands(&n) {
		n.needs = n.needs || t.nodes[i].needs
	}
	t.nodes = append(t.nodes, n)
	return len(t.nodes) - 1
}

// operands returns the operands of a concatenation, nothing for other operations.
func (t *Tape) operands(n *node) []int {
	if n.op != opConcatRows && n.op != opConcatCols {
		return nil
	}
	return t.list[n.at : n.at+n.n]
}
