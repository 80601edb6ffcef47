package grad

// SumRows adds up the rows of a: 1 x columns.
func (t *Tape) SumRows(a Var) Var {
	if !t.ok("SumRows", a) {
		return Var{}
	}
	return Var{t.push(node{op: opSumRows, a: a.i, rows: 1, cols: t.nodes[a.i].cols})}
}

// SumCols adds up the columns of a: rows x 1.
func (t *Tape) SumCols(a Var) Var {
	if !t.ok("SumCols", a) {
		return Var{}
	}
	return Var{t.push(node{op: opSumCols, a: a.i, rows: t.nodes[a.i].rows, cols: 1})}
}

// Sum adds up all elements of a: 1 x 1.
func (t *Tape) Sum(a Var) Var {
	if !t.ok("Sum", a) {
		return Var{}
	}
	return Var{t.push(node{op: opSum, a: a.i, rows: 1, cols: 1})}
}

// Expand repeats a row (1 x cols), a column (rows x 1) or a scalar (1 x 1) to the shape rows x cols.
func (t *Tape) Expand(a Var, rows, cols int) Var {
	if !t.ok("Expand", a) {
		return Var{}
	}
	n := &t.nodes[a.i]
	if n.rows != 1 && n.rows != rows || n.cols != 1 && n.cols != cols || rows < 1 || cols < 1 {
		return t.fail("Expand: %dx%d to %dx%d", n.rows, n.cols, rows, cols)
	}
	return Var{t.expand(a.i, rows, cols)}
}

// expand is Expand without checks; nothing is pushed where nothing changes.
func (t *Tape) expand(a, rows, cols int) int {
	if n := &t.nodes[a]; n.rows == rows && n.cols == cols {
		return a
	}
	return t.push(node{op: opExpand, a: a, rows: rows, cols: cols})
}

// Transpose returns the transpose of a.
func (t *Tape) Transpose(a Var) Var {
	if !t.ok("Transpose", a) {
		return Var{}
	}
	return Var{t.push(node{op: opTranspose, a: a.i, rows: t.nodes[a.i].cols, cols: t.nodes[a.i].rows})}
}

// SliceRows returns rows from <= i < to of a.
func (t *Tape) SliceRows(a Var, from, to int) Var {
	if !t.ok("SliceRows", a) {
		return Var{}
	}
	n := &t.nodes[a.i]
	if from < 0 || from >= to || to > n.rows {
		return t.fail("SliceRows: rows %d to %d of %dx%d", from, to, n.rows, n.cols)
	}
	return Var{t.push(node{op: opSliceRows, a: a.i, at: from, rows: to - from, cols: n.cols})}
}

// SliceCols returns columns from <= j < to of a.
func (t *Tape) SliceCols(a Var, from, to int) Var {
	if !t.ok("SliceCols", a) {
		return Var{}
	}
	n := &t.nodes[a.i]
	if from < 0 || from >= to || to > n.cols {
		return t.fail("SliceCols: columns %d to %d of %dx%d", from, to, n.rows, n.cols)
	}
	return Var{t.push(node{op: opSliceCols, a: a.i, at: from, rows: n.rows, cols: to - from})}
}

// ConcatRows puts matrices of equal width below one another.
func (t *Tape) ConcatRows(vs ...Var) Var {
	if !t.ok("ConcatRows", vs...) {
		return Var{}
	}
	n := node{op: opConcatRows, at: len(t.list), n: len(vs)}
	for _, v := range vs {
		r, c := t.Shape(v)
		if n.cols != 0 && c != n.cols {
			return t.fail("ConcatRows: %dx%d below %d columns", r, c, n.cols)
		}
		n.rows, n.cols = n.rows+r, c
	}
	return t.concat("ConcatRows", n, vs)
}

// ConcatCols puts matrices of equal height side by side.
func (t *Tape) ConcatCols(vs ...Var) Var {
	if !t.ok("ConcatCols", vs...) {
		return Var{}
	}
	n := node{op: opConcatCols, at: len(t.list), n: len(vs)}
	for _, v := range vs {
		r, c := t.Shape(v)
		if n.rows != 0 && r != n.rows {
			return t.fail("ConcatCols: %dx%d beside %d rows", r, c, n.rows)
		}
		n.rows, n.cols = r, n.cols+c
	}
	return t.concat("ConcatCols", n, vs)
}

func (t *Tape) concat(name string, n node, vs []Var) Var {
	if len(vs) == 0 {
		return t.fail("%s: nothing to join", name)
	}
	for _, v := range vs {
		t.list = append(t.list, v.i)
	}
	return Var{t.push(n)}
}
