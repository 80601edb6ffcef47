package grad

// vjp passes the gradient g of node n, which has index y, on to its operands. All is expressed in operations of the
// tape; only the last of each chain goes through give, which either pushes it (Grad) or evaluates it in place
// (Backward). Where a derivative can be had from the value of the function, y is used.
func (t *Tape) vjp(n *node, y, g int) {
	switch n.op {
	case opMatMul:
		t.matMulVJP(n, g)
	case opDense:
		dz := g
		if n.act != Linear {
			dz = t.elementwise(node{op: opActGrad, act: n.act, a: g, b: y})
		}
		t.give(n.c, node{op: opSumRows, a: dz})
		t.give(n.b, node{op: opMatMul, a: n.a, b: dz, ta: true})
		t.give(n.a, node{op: opMatMul, a: dz, b: n.b, tb: true})
	case opAct:
		t.give(n.a, node{op: opActGrad, act: n.act, a: g, b: y})
	case opActGrad:
		t.actGradVJP(n, g)
	case opSoftplus:
		if t.wanted(n.a) {
			t.give(n.a, node{op: opMul, a: g, b: t.elementwise(node{op: opAct, act: Sigmoid, a: n.a})})
		}
	case opExp:
		t.give(n.a, node{op: opMul, a: g, b: y})
	case opLog:
		t.give(n.a, node{op: opDiv, a: g, b: n.a})
	case opSqrt: // g / (2 y)
		t.give(n.a, node{op: opDiv, a: t.elementwise(node{op: opAffine, a: g, alpha: 0.5}), b: y})
	case opAddBias:
		t.add(n.a, g)
		t.give(n.b, node{op: opSumRows, a: g})
	case opAddScaled:
		t.add(n.a, g)
		if n.alpha == 1 {
			t.add(n.b, g)
		} else {
			t.give(n.b, node{op: opAffine, a: g, alpha: n.alpha})
		}
	case opAffine:
		t.give(n.a, node{op: opAffine, a: g, alpha: n.alpha})
	case opMul:
		t.give(n.a, node{op: opMul, a: g, b: n.b})
		t.give(n.b, node{op: opMul, a: g, b: n.a})
	case opDiv: // y = a/b: da = g/b, db = -(g/b) y
		q := t.elementwise(node{op: opDiv, a: g, b: n.b})
		t.add(n.a, q)
		if t.wanted(n.b) {
			t.give(n.b, node{op: opMul, a: t.elementwise(node{op: opAffine, a: q, alpha: -1}), b: y})
		}
	case opSolve:
		t.solveVJP(n, y, g)
	default:
		t.reduceVJP(n, g)
	}
}

// elementwise pushes c with the shape of its first operand.
func (t *Tape) elementwise(c node) int {
	c.rows, c.cols = t.nodes[c.a].rows, t.nodes[c.a].cols
	return t.push(c)
}

// matMulVJP: for Y = op(A) op(B), d op(A) = G op(B)ᵀ and d op(B) = op(A)ᵀ G; transposed where A or B is.
func (t *Tape) matMulVJP(n *node, g int) {
	if n.ta {
		t.give(n.a, node{op: opMatMul, a: n.b, b: g, ta: n.tb, tb: true})
	} else {
		t.give(n.a, node{op: opMatMul, a: g, b: n.b, tb: !n.tb})
	}
	if n.tb {
		t.give(n.b, node{op: opMatMul, a: g, b: n.a, ta: true, tb: n.ta})
	} else {
		t.give(n.b, node{op: opMatMul, a: n.a, b: g, ta: !n.ta})
	}
}

// actGradVJP differentiates h s'(y), where s' as a function of the value y is 1-y² for tanh and y-y² for the logistic
// function; for relu and the identity it is constant.
func (t *Tape) actGradVJP(n *node, g int) {
	h, y := n.a, n.b
	t.give(h, node{op: opActGrad, act: n.act, a: g, b: y})
	if !t.wanted(y) || n.act == Linear || n.act == Relu {
		return
	}
	slope := node{op: opAffine, a: y, alpha: -2}
	if n.act == Sigmoid {
		slope.beta = 1
	}
	t.give(y, node{op: opMul, a: t.elementwise(node{op: opMul, a: g, b: h}), b: t.elementwise(slope)})
}

// solveVJP: for X = A⁻¹ B, dB = A⁻ᵀ G and dA = -dB Xᵀ; transposed for X = A⁻ᵀ B.
func (t *Tape) solveVJP(n *node, x, g int) {
	db := t.push(node{op: opSolve, a: n.a, b: g, ta: !n.ta, rows: n.rows, cols: n.cols})
	t.add(n.b, db)
	if !t.wanted(n.a) {
		return
	}
	neg := t.elementwise(node{op: opAffine, a: db, alpha: -1})
	if n.ta {
		t.give(n.a, node{op: opMatMul, a: x, b: neg, tb: true})
	} else {
		t.give(n.a, node{op: opMatMul, a: neg, b: x, tb: true})
	}
}

// reduceVJP is vjp for the operations that sum up, repeat or move elements.
func (t *Tape) reduceVJP(n *node, g int) {
	from := t.nodes[n.a]
	switch n.op {
	case opRowDot:
		t.give(n.a, node{op: opMulCol, a: n.b, b: g})
		t.give(n.b, node{op: opMulCol, a: n.a, b: g})
	case opMulCol:
		t.give(n.a, node{op: opMulCol, a: g, b: n.b})
		t.give(n.b, node{op: opRowDot, a: g, b: n.a})
	case opSumRows, opSumCols, opSum:
		t.spread(n.a, g)
	case opExpand:
		switch {
		case from.rows == 1 && from.cols == 1:
			t.give(n.a, node{op: opSum, a: g})
		case from.rows == 1:
			t.give(n.a, node{op: opSumRows, a: g})
		default:
			t.give(n.a, node{op: opSumCols, a: g})
		}
	case opMSE: // 2/N (a-b) g
		s := t.elementwise(node{op: opAffine, a: g, alpha: 2 / float64(from.rows*from.cols)})
		e := t.expand(s, from.rows, from.cols)
		d := t.elementwise(node{op: opAddScaled, a: n.a, b: n.b, alpha: -1})
		t.give(n.a, node{op: opMul, a: d, b: e})
		if t.wanted(n.b) {
			t.give(n.b, node{op: opMul, a: t.elementwise(node{op: opAffine, a: d, alpha: -1}), b: e})
		}
	case opTranspose:
		t.give(n.a, node{op: opTranspose, a: g})
	case opSliceRows:
		t.give(n.a, node{op: opPadRows, a: g, at: n.at})
	case opSliceCols:
		t.give(n.a, node{op: opPadCols, a: g, at: n.at})
	case opPadRows:
		t.give(n.a, node{op: opSliceRows, a: g, at: n.at})
	case opPadCols:
		t.give(n.a, node{op: opSliceCols, a: g, at: n.at})
	case opConcatRows, opConcatCols:
		t.concatVJP(n, g)
	default:
		panic("grad: operation without a derivative")
	}
}

// spread adds g, a sum over rows or columns or both of node i, to every element it was summed from.
func (t *Tape) spread(i, g int) {
	rows, cols := t.nodes[i].rows, t.nodes[i].cols
	if n := &t.nodes[g]; n.rows == rows && n.cols == cols {
		t.add(i, g)
		return
	}
	t.give(i, node{op: opExpand, a: g})
}

func (t *Tape) concatVJP(n *node, g int) {
	at := 0
	for k := range n.n {
		i := t.list[n.at+k]
		if n.op == opConcatRows {
			t.give(i, node{op: opSliceRows, a: g, at: at})
			at += t.nodes[i].rows
		} else {
			t.give(i, node{op: opSliceCols, a: g, at: at})
			at += t.nodes[i].cols
		}
	}
}
