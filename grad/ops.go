package grad

// op is what a node does; eval holds the meaning, vjp the derivative.
type op uint8

const (
	opNone op = iota
	opConst
	opInput
	opParam
	opMatMul    // op(a) op(b)
	opDense     // act(a b + c), c one row
	opActGrad   // a * act'(.) with b = act(.), elementwise
	opAddBias   // a + b, b one row
	opAddScaled // a + alpha b
	opAffine    // alpha a + beta
	opMul
	opDiv
	opSoftplus
	opAct // act(a)
	opExp
	opLog
	opSqrt
	opRowDot  // sum over columns of a*b
	opMulCol  // row i of a times b[i]
	opSumRows // sum over rows: one row
	opSumCols // sum over columns: one column
	opSum
	opExpand // a row, column or scalar repeated to the shape
	opMSE
	opSolve // op(a)^-1 b
	opTranspose
	opSliceRows // rows at..
	opSliceCols // columns at..
	opPadRows   // a at rows at.., zero elsewhere
	opPadCols   // a at columns at.., zero elsewhere
	opConcatRows
	opConcatCols
)

// Activation is an elementwise function whose derivative is a function of its value.
type Activation uint8

const (
	Linear Activation = iota
	Tanh
	Sigmoid
	Relu
)

// ok reports whether the operands exist; a zero or stale one is an error.
func (t *Tape) ok(name string, vs ...Var) bool {
	if t.err != nil {
		return false
	}
	for _, v := range vs {
		if v.i <= 0 || v.i >= len(t.nodes) {
			t.fail("%s: operand is not a variable of this step", name)
			return false
		}
	}
	return true
}

// same reports whether a and b exist and have one shape.
func (t *Tape) same(name string, a, b Var) bool {
	if !t.ok(name, a, b) {
		return false
	}
	x, y := &t.nodes[a.i], &t.nodes[b.i]
	if x.rows != y.rows || x.cols != y.cols {
		t.fail("%s: %dx%d with %dx%d", name, x.rows, x.cols, y.rows, y.cols)
		return false
	}
	return true
}

// like pushes n with the shape of its first operand.
func (t *Tape) like(name string, n node) Var {
	if !t.ok(name, Var{n.a}) {
		return Var{}
	}
	n.rows, n.cols = t.nodes[n.a].rows, t.nodes[n.a].cols
	return Var{t.push(n)}
}

// binary pushes n, which works elementwise on two operands of one shape.
func (t *Tape) binary(name string, n node) Var {
	if !t.same(name, Var{n.a}, Var{n.b}) {
		return Var{}
	}
	return t.like(name, n)
}

// MatMul returns op(a) op(b), where op transposes when ta or tb is set.
func (t *Tape) MatMul(a, b Var, ta, tb bool) Var {
	if !t.ok("MatMul", a, b) {
		return Var{}
	}
	m, k := t.Shape(a)
	if ta {
		m, k = k, m
	}
	l, n := t.Shape(b)
	if tb {
		l, n = n, l
	}
	if k != l {
		return t.fail("MatMul: %dx%d times %dx%d", m, k, l, n)
	}
	return Var{t.push(t.matMul(a.i, b.i, ta, tb))}
}

// matMul is the node of a product of fitting shapes.
func (t *Tape) matMul(a, b int, ta, tb bool) node {
	m, n := t.nodes[a].rows, t.nodes[b].cols
	if ta {
		m = t.nodes[a].cols
	}
	if tb {
		n = t.nodes[b].rows
	}
	return node{op: opMatMul, a: a, b: b, ta: ta, tb: tb, rows: m, cols: n}
}

// Dense returns act(x w + b) for a batch x (samples x inputs), weights w (inputs x outputs) and bias b (1 x outputs): one
// fused operation with the value of act(AddBias(MatMul(x, w), b)).
func (t *Tape) Dense(x, w, b Var, act Activation) Var {
	if !t.ok("Dense", x, w, b) {
		return Var{}
	}
	p, q, r := &t.nodes[x.i], &t.nodes[w.i], &t.nodes[b.i]
	if p.cols != q.rows || q.cols != r.cols || r.rows != 1 {
		return t.fail("Dense: input %dx%d, weights %dx%d, bias %dx%d", p.rows, p.cols, q.rows, q.cols, r.rows, r.cols)
	}
	if q.op == opParam {
		t.params[q.at].uses++
	}
	return Var{t.push(node{op: opDense, a: x.i, b: w.i, c: b.i, act: act, rows: p.rows, cols: q.cols})}
}

// AddBias adds the row b (1 x columns) to every row of a.
func (t *Tape) AddBias(a, b Var) Var {
	if !t.ok("AddBias", a, b) {
		return Var{}
	}
	p, q := &t.nodes[a.i], &t.nodes[b.i]
	if q.rows != 1 || p.cols != q.cols {
		return t.fail("AddBias: %dx%d with %dx%d", p.rows, p.cols, q.rows, q.cols)
	}
	return t.like("AddBias", node{op: opAddBias, a: a.i, b: b.i})
}

// Add returns a + b.
func (t *Tape) Add(a, b Var) Var {
	return t.binary("Add", node{op: opAddScaled, a: a.i, b: b.i, alpha: 1})
}

// Sub returns a - b.
func (t *Tape) Sub(a, b Var) Var {
	return t.binary("Sub", node{op: opAddScaled, a: a.i, b: b.i, alpha: -1})
}

// AddScaled returns a + s b.
func (t *Tape) AddScaled(a Var, s float64, b Var) Var {
	return t.binary("AddScaled", node{op: opAddScaled, a: a.i, b: b.i, alpha: s})
}

// Mul returns the elementwise product.
func (t *Tape) Mul(a, b Var) Var { return t.binary("Mul", node{op: opMul, a: a.i, b: b.i}) }

// Div returns the elementwise quotient a / b.
func (t *Tape) Div(a, b Var) Var { return t.binary("Div", node{op: opDiv, a: a.i, b: b.i}) }

// Affine returns s a + c, elementwise.
func (t *Tape) Affine(a Var, s, c float64) Var {
	return t.like("Affine", node{op: opAffine, a: a.i, alpha: s, beta: c})
}

// Scale returns s a.
func (t *Tape) Scale(a Var, s float64) Var {
	return t.like("Scale", node{op: opAffine, a: a.i, alpha: s})
}

// Tanh returns tanh(a).
func (t *Tape) Tanh(a Var) Var { return t.like("Tanh", node{op: opAct, act: Tanh, a: a.i}) }

// Sigmoid returns 1/(1+exp(-a)).
func (t *Tape) Sigmoid(a Var) Var { return t.like("Sigmoid", node{op: opAct, act: Sigmoid, a: a.i}) }

// Relu returns max(a, 0); its derivative at 0 is 0.
func (t *Tape) Relu(a Var) Var { return t.like("Relu", node{op: opAct, act: Relu, a: a.i}) }

// Softplus returns log(1+exp(a)).
func (t *Tape) Softplus(a Var) Var { return t.like("Softplus", node{op: opSoftplus, a: a.i}) }

// Exp returns exp(a).
func (t *Tape) Exp(a Var) Var { return t.like("Exp", node{op: opExp, a: a.i}) }

// Log returns the natural logarithm of a.
func (t *Tape) Log(a Var) Var { return t.like("Log", node{op: opLog, a: a.i}) }

// Sqrt returns the square root of a.
func (t *Tape) Sqrt(a Var) Var { return t.like("Sqrt", node{op: opSqrt, a: a.i}) }

// RowDot returns the column (rows x 1) of scalar products of the rows of a with those of b.
func (t *Tape) RowDot(a, b Var) Var {
	if !t.same("RowDot", a, b) {
		return Var{}
	}
	return Var{t.push(node{op: opRowDot, a: a.i, b: b.i, rows: t.nodes[a.i].rows, cols: 1})}
}

// MulCol multiplies row i of a by element i of the column s (rows x 1).
func (t *Tape) MulCol(a, s Var) Var {
	if !t.ok("MulCol", a, s) {
		return Var{}
	}
	p, q := &t.nodes[a.i], &t.nodes[s.i]
	if q.cols != 1 || p.rows != q.rows {
		return t.fail("MulCol: %dx%d with %dx%d", p.rows, p.cols, q.rows, q.cols)
	}
	return t.like("MulCol", node{op: opMulCol, a: a.i, b: s.i})
}

// MSE returns the mean of the squared elements of a - b: 1 x 1.
func (t *Tape) MSE(a, b Var) Var {
	if !t.same("MSE", a, b) {
		return Var{}
	}
	return Var{t.push(node{op: opMSE, a: a.i, b: b.i, rows: 1, cols: 1})}
}

// Solve returns op(a)^-1 b for a square a, where op transposes when ta is set, by Gaussian elimination with partial
// pivoting. It is meant for small a; a zero pivot is an error.
func (t *Tape) Solve(a, b Var, ta bool) Var {
	if !t.ok("Solve", a, b) {
		return Var{}
	}
	p, q := &t.nodes[a.i], &t.nodes[b.i]
	if p.rows != p.cols || p.rows != q.rows {
		return t.fail("Solve: matrix %dx%d, right-hand side %dx%d", p.rows, p.cols, q.rows, q.cols)
	}
	return Var{t.push(node{op: opSolve, a: a.i, b: b.i, ta: ta, rows: q.rows, cols: q.cols})}
}

// Inverse returns a^-1 for a square a; see Solve.
func (t *Tape) Inverse(a Var) Var {
	if !t.ok("Inverse", a) {
		return Var{}
	}
	n := t.nodes[a.i].rows
	eye := t.mem.get(n * n)
	clear(eye)
	for i := range n {
		eye[i*n+i] = 1
	}
	return t.Solve(a, t.Const(n, n, eye), false)
}
