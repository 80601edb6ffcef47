package lmi

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// kind of a matrix variable.
type kind int

const (
	symmetric kind = iota
	diagonal
	full
	scalar // a multiple of an identity
)

// variable is a matrix of unknowns. Unknown first+k of the problem is its k-th scalar: of a symmetric one the entries (i, j)
// with i <= j row by row, of a diagonal one (i, i), of a full one all of them row by row.
type variable struct {
	owner *Problem
	name  string
	kind  kind
	r, c  int
	first int
}

func (v *variable) size() int {
	switch v.kind {
	case symmetric:
		return v.r * (v.r + 1) / 2
	case diagonal:
		return v.r
	case full:
		return v.r * v.c
	}
	return 1
}

// index returns the unknown at entry (i, j), -1 for a zero.
func (v *variable) index(i, j int) int {
	switch v.kind {
	case symmetric:
		if i > j {
			i, j = j, i
		}
		return v.first + i*v.r - i*(i-1)/2 + j - i
	case full:
		return v.first + i*v.c + j
	}
	if i != j {
		return -1
	}
	if v.kind == scalar {
		return v.first
	}
	return v.first + i
}

// term is s L V R, s L V' R, or the constant s L where v is nil. s is the product of nums and of 1 x 1 parameters. inner is the shape
// of V (or of V') here, for a scalar variable k x k.
type term struct {
	l, r   chain
	v      *variable
	trans  bool
	ir, ic int
	nums   []float64
	pars   []*Param
}

func (t term) t() term {
	if t.v == nil {
		t.l = t.l.t()
		return t
	}
	t.l, t.r = t.r.t(), t.l.t()
	t.ir, t.ic = t.ic, t.ir
	if t.v.kind == full {
		t.trans = !t.trans
	}
	return t
}

// Expr is an affine matrix expression, a value that is never changed. The zero Expr is of no use.
type Expr struct {
	rows, cols int
	terms      []term
	err        error
}

// Dims returns the shape.
func (e Expr) Dims() (r, c int) { return e.rows, e.cols }

// Err returns what was wrong with the operands, such as shapes that do not fit.
func (e Expr) Err() error { return e.err }

func failed(format string, args ...any) Expr { return Expr{err: fmt.Errorf("lmi: "+format, args...)} }

// Const is a constant matrix.
func Const(m mat.Matrix) Expr {
	f, err := newFactor(m)
	if err != nil {
		return failed("Const: %v", err)
	}
	return Expr{rows: f.r, cols: f.c, terms: []term{{l: chain{f}}}}
}

// Identity is the n x n identity.
func Identity(n int) Expr {
	if n < 1 {
		return failed("Identity of order %d, expected at least 1", n)
	}
	return Expr{rows: n, cols: n, terms: []term{{l: chain{{r: n, c: n, embed: true}}}}}
}

// Zero is the r x c zero matrix.
func Zero(r, c int) Expr {
	if r < 1 || c < 1 {
		return failed("Zero of shape %d x %d, expected at least 1 x 1", r, c)
	}
	return Expr{rows: r, cols: c}
}

// Sum adds expressions of one shape.
func Sum(es ...Expr) Expr {
	if len(es) == 0 {
		return failed("Sum of nothing")
	}
	out := Expr{rows: es[0].rows, cols: es[0].cols}
	for _, e := range es {
		if e.err != nil {
			return e
		}
		if e.rows != out.rows || e.cols != out.cols {
			return failed("sum of shapes %d x %d and %d x %d", out.rows, out.cols, e.rows, e.cols)
		}
		out.terms = append(out.terms, e.terms...)
	}
	return out
}

// Plus returns e + f.
func (e Expr) Plus(f Expr) Expr { return Sum(e, f) }

// Minus returns e - f.
func (e Expr) Minus(f Expr) Expr { return Sum(e, f.Scale(-1)) }

// each returns e with f applied to a copy of every term.
func (e Expr) each(rows, cols int, f func(*term)) Expr {
	if e.err != nil {
		return e
	}
	out := Expr{rows: rows, cols: cols, terms: make([]term, len(e.terms))}
	for i, t := range e.terms {
		f(&t)
		out.terms[i] = t
	}
	return out
}

// Scale returns s e.
func (e Expr) Scale(s float64) Expr {
	return e.each(e.rows, e.cols, func(t *term) { t.nums = append(append([]float64(nil), t.nums...), s) })
}

// ScaleBy returns e times a 1 x 1 parameter.
func (e Expr) ScaleBy(s *Param) Expr {
	if s == nil || s.r != 1 || s.c != 1 {
		return failed("ScaleBy expected a 1 x 1 parameter")
	}
	return e.each(e.rows, e.cols, func(t *term) { t.pars = append(append([]*Param(nil), t.pars...), s) })
}

// T returns the transpose.
func (e Expr) T() Expr { return e.each(e.cols, e.rows, func(t *term) { *t = t.t() }) }

// Left returns m e.
func (e Expr) Left(m mat.Matrix) Expr {
	f, err := newFactor(m)
	if err != nil {
		return failed("Left: %v", err)
	}
	return e.left(f)
}

func (e Expr) left(f factor) Expr {
	if e.err == nil && f.c != e.rows {
		return failed("product of shapes %d x %d and %d x %d", f.r, f.c, e.rows, e.cols)
	}
	return e.each(f.r, e.cols, func(t *term) { t.l = join(chain{f}, t.l) })
}

// Right returns e m.
func (e Expr) Right(m mat.Matrix) Expr {
	f, err := newFactor(m)
	if err != nil {
		return failed("Right: %v", err)
	}
	return e.right(f)
}

func (e Expr) right(f factor) Expr {
	if e.err == nil && e.cols != f.r {
		return failed("product of shapes %d x %d and %d x %d", e.rows, e.cols, f.r, f.c)
	}
	return e.each(e.rows, f.c, func(t *term) {
		if t.v == nil {
			t.l = join(t.l, chain{f})
		} else {
			t.r = join(t.r, chain{f})
		}
	})
}

// Congruence returns m' e m.
func (e Expr) Congruence(m mat.Matrix) Expr {
	if m == nil {
		return failed("Congruence: a matrix is nil")
	}
	return e.Left(m.T()).Right(m)
}

// He returns e + e', of a square e.
func (e Expr) He() Expr { return Sum(e, e.T()) }

// Times returns the 1 x 1 expression e times a constant matrix.
func (e Expr) Times(m mat.Matrix) Expr {
	f, err := newFactor(m)
	if err != nil {
		return failed("Times: %v", err)
	}
	if e.err != nil {
		return e
	}
	if e.rows != 1 || e.cols != 1 {
		return failed("Times expected a 1 x 1 expression, got %d x %d", e.rows, e.cols)
	}
	out := Expr{rows: f.r, cols: f.c}
	for _, t := range e.terms {
		if t.v != nil && t.v.kind == scalar && len(t.l) == 0 && len(t.r) == 0 {
			t.l, t.ir, t.ic = chain{f}, f.c, f.c
			out.terms = append(out.terms, t)
			continue
		}
		for k := range f.c { // sum over k of (m e_k) t e_k'
			u := t
			unit := factor{r: f.c, c: 1, embed: true, at: k}
			u.l = join(chain{f, unit}, t.l)
			if t.v == nil {
				u.l = join(u.l, chain{unit.t()})
			} else {
				u.r = join(t.r, chain{unit.t()})
			}
			out.terms = append(out.terms, u)
		}
	}
	return out
}

// Slice returns rows i0 to i1-1 and columns j0 to j1-1.
func (e Expr) Slice(i0, i1, j0, j1 int) Expr {
	if e.err != nil {
		return e
	}
	if i0 < 0 || i0 >= i1 || i1 > e.rows || j0 < 0 || j0 >= j1 || j1 > e.cols {
		return failed("Slice [%d:%d, %d:%d] of shape %d x %d", i0, i1, j0, j1, e.rows, e.cols)
	}
	if i1-i0 < e.rows {
		e = e.left(factor{r: e.rows, c: i1 - i0, embed: true, at: i0}.t())
	}
	if j1-j0 < e.cols {
		e = e.right(factor{r: e.cols, c: j1 - j0, embed: true, at: j0})
	}
	return e
}

// Trace returns the 1 x 1 trace of a square expression.
func (e Expr) Trace() Expr {
	if e.err != nil {
		return e
	}
	if e.rows != e.cols {
		return failed("Trace of shape %d x %d", e.rows, e.cols)
	}
	out := Expr{rows: 1, cols: 1}
	for i := range e.rows {
		out.terms = append(out.terms, e.Slice(i, i+1, i, i+1).terms...)
	}
	return out
}

// Block composes a matrix from blocks, row by row. The zero Expr stands for a zero block; each row and each column needs one
// block that gives its size.
func Block(blocks [][]Expr) Expr {
	height, width := make([]int, len(blocks)), []int(nil)
	for i, row := range blocks {
		if i == 0 {
			width = make([]int, len(row))
		}
		if len(row) != len(width) {
			return failed("Block row %d has %d blocks, expected %d", i, len(row), len(width))
		}
		for j, e := range row {
			if e.err != nil {
				return e
			}
			if e.rows == 0 {
				continue
			}
			if height[i] == 0 {
				height[i] = e.rows
			}
			if width[j] == 0 {
				width[j] = e.cols
			}
			if height[i] != e.rows || width[j] != e.cols {
				return failed("Block (%d, %d) is %d x %d, expected %d x %d", i, j, e.rows, e.cols, height[i], width[j])
			}
		}
	}
	rows, err := offsets(height)
	if err != nil {
		return failed("Block: row %v", err)
	}
	cols, err := offsets(width)
	if err != nil {
		return failed("Block: column %v", err)
	}
	n, m := rows[len(rows)-1], cols[len(cols)-1]
	out := Expr{rows: n, cols: m}
	for i, row := range blocks {
		for j, e := range row {
			if e.rows > 0 {
				out.terms = append(out.terms, place(e, n, rows[i], m, cols[j]).terms...)
			}
		}
	}
	return out
}

// place puts e at row i and column j of an n x m zero matrix.
func place(e Expr, n, i, m, j int) Expr {
	if e.rows < n {
		e = e.left(factor{r: n, c: e.rows, embed: true, at: i})
	}
	if e.cols < m {
		e = e.right(factor{r: m, c: e.cols, embed: true, at: j}.t())
	}
	return e
}

func offsets(sizes []int) ([]int, error) {
	out := make([]int, len(sizes)+1)
	for i, s := range sizes {
		if s == 0 {
			return nil, fmt.Errorf("%d has no block that gives its size", i)
		}
		out[i+1] = out[i] + s
	}
	if len(sizes) == 0 {
		return nil, fmt.Errorf("count is zero")
	}
	return out, nil
}

// SymBlock composes a symmetric matrix from its lower triangle: row i has i+1 blocks, the last of them symmetric. The zero Expr
// stands for a zero block off the diagonal.
func SymBlock(lower [][]Expr) Expr {
	all := make([][]Expr, len(lower))
	for i, row := range lower {
		if len(row) != i+1 {
			return failed("SymBlock row %d has %d blocks, expected %d", i, len(row), i+1)
		}
		all[i] = make([]Expr, len(lower))
		copy(all[i], row)
	}
	for i, row := range lower {
		for j := range i {
			if row[j].err != nil {
				return row[j]
			}
			if row[j].rows > 0 {
				all[j][i] = row[j].T()
			}
		}
	}
	return Block(all)
}
