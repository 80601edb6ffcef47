package lmi

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Problem collects variables, constraints and an objective. Mistakes are kept and returned by Compile.
type Problem struct {
	vars    []*variable
	params  []*Param
	names   map[string]bool
	unknown int
	cones   []constraint
	linear  []Expr
	squares []Expr
	err     error
}

type sort int

const (
	psd sort = iota
	ge
	soc
	eq
)

type constraint struct {
	sort   sort
	name   string
	e      Expr
	t      Expr    // bound of a soc
	margin float64 // asked from the solver beyond the claim
}

// New returns an empty problem.
func New() *Problem { return &Problem{names: map[string]bool{}} }

func (p *Problem) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("lmi: "+format, args...)
	}
}

func (p *Problem) name(what, s string) {
	if s == "" {
		p.fail("a %s needs a name", what)
	}
	if p.names[what+" "+s] {
		p.fail("the %s %q exists already", what, s)
	}
	p.names[what+" "+s] = true
}

func (p *Problem) variable(name string, k kind, r, c int) Expr {
	p.name("variable", name)
	if r < 1 || c < 1 {
		p.fail("variable %q of shape %d x %d, expected at least 1 x 1", name, r, c)
		return failed("variable %q of shape %d x %d, expected at least 1 x 1", name, r, c)
	}
	v := &variable{owner: p, name: name, kind: k, r: r, c: c, first: p.unknown}
	p.vars = append(p.vars, v)
	p.unknown += v.size()
	return Expr{rows: r, cols: c, terms: []term{{v: v, ir: r, ic: c}}}
}

// Sym adds a symmetric n x n variable.
func (p *Problem) Sym(name string, n int) Expr { return p.variable(name, symmetric, n, n) }

// Diag adds a diagonal n x n variable.
func (p *Problem) Diag(name string, n int) Expr { return p.variable(name, diagonal, n, n) }

// Mat adds a full r x c variable.
func (p *Problem) Mat(name string, r, c int) Expr { return p.variable(name, full, r, c) }

// Scalar adds a 1 x 1 variable.
func (p *Problem) Scalar(name string) Expr { return p.variable(name, scalar, 1, 1) }

// BlockDiag adds a block diagonal variable of symmetric blocks with the given orders.
func (p *Problem) BlockDiag(name string, sizes ...int) Expr {
	var n, at int
	for _, s := range sizes {
		n += s
	}
	if n == 0 {
		p.fail("block diagonal variable %q without blocks", name)
		return failed("block diagonal variable %q without blocks", name)
	}
	out := Expr{rows: n, cols: n}
	for i, s := range sizes {
		b := p.Sym(fmt.Sprintf("%s[%d]", name, i), s)
		if b.err != nil {
			return b
		}
		out.terms = append(out.terms, place(b, n, at, n, at).terms...)
		at += s
	}
	return out
}

// Param adds a parameter with a first value.
func (p *Problem) Param(name string, value mat.Matrix) *Param {
	p.name("parameter", name)
	f, err := newFactor(value)
	if err != nil || f.data == nil {
		p.fail("parameter %q needs a constant matrix as first value", name)
		f = factor{r: 1, c: 1, data: []float64{0}}
	}
	q := &Param{name: name, index: len(p.params), r: f.r, c: f.c, data: f.data}
	p.params = append(p.params, q)
	return q
}

func (p *Problem) add(c constraint) {
	p.name("constraint", c.name)
	p.check(c.name, c.e)
	if c.margin < 0 || math.IsNaN(c.margin) || math.IsInf(c.margin, 0) {
		p.fail("constraint %q: margin %g, expected a finite number of at least 0", c.name, c.margin)
	}
	p.cones = append(p.cones, c)
}

func (p *Problem) check(name string, e Expr) {
	if e.err != nil {
		if p.err == nil {
			p.err = fmt.Errorf("lmi: %s: %w", name, e.err)
		}
		return
	}
	if e.rows == 0 {
		p.fail("%s: the expression is empty", name)
	}
	for _, t := range e.terms {
		if t.v != nil && t.v.owner != p {
			p.fail("%s: variable %q belongs to another problem", name, t.v.name)
		}
		for _, c := range []chain{t.l, t.r} {
			for i := range c {
				p.mine(name, c[i].param)
			}
		}
		for _, q := range t.pars {
			p.mine(name, q)
		}
	}
}

func (p *Problem) mine(name string, q *Param) {
	if q != nil && (q.index >= len(p.params) || p.params[q.index] != q) {
		p.fail("%s: parameter %q belongs to another problem", name, q.name)
	}
}

// PSD requires e to be positive semidefinite. The claim that Certify decides is e > 0 (strictly); the solver is asked for
// e - margin I >= 0, so that a strict answer survives rounding. e must be symmetric as an expression.
func (p *Problem) PSD(name string, e Expr, margin float64) {
	if e.err == nil && e.rows != e.cols {
		p.fail("constraint %q: PSD of shape %d x %d, expected a square", name, e.rows, e.cols)
	}
	p.add(constraint{sort: psd, name: name, e: e, margin: margin})
}

// NSD requires -e to be positive semidefinite, as PSD does.
func (p *Problem) NSD(name string, e Expr, margin float64) { p.PSD(name, e.Scale(-1), margin) }

// GE requires every entry of e to be at least lower; Certify decides that without the margin, which only the solver is
// given.
func (p *Problem) GE(name string, e Expr, lower, margin float64) {
	if e.err == nil && lower != 0 {
		ones := make([]float64, e.rows*e.cols)
		for i := range ones {
			ones[i] = 1
		}
		if len(ones) > 0 {
			e = e.Minus(Const(mat.NewDense(e.rows, e.cols, ones)).Scale(lower))
		}
	}
	p.add(constraint{sort: ge, name: name, e: e, margin: margin})
}

// Eq requires e = 0.
func (p *Problem) Eq(name string, e Expr) { p.add(constraint{sort: eq, name: name, e: e}) }

// SOC requires the 2-norm of all entries of e (the Frobenius norm of a matrix) to be at most the 1 x 1 expression t.
func (p *Problem) SOC(name string, e, t Expr) {
	p.check(name, t)
	if t.err == nil && (t.rows != 1 || t.cols != 1) {
		p.fail("constraint %q: the bound is %d x %d, expected 1 x 1", name, t.rows, t.cols)
	}
	p.add(constraint{sort: soc, name: name, e: e, t: t})
}

// Minimize adds a 1 x 1 expression to the objective.
func (p *Problem) Minimize(e Expr) {
	p.check("objective", e)
	if e.err == nil && (e.rows != 1 || e.cols != 1) {
		p.fail("the objective is %d x %d, expected 1 x 1", e.rows, e.cols)
	}
	p.linear = append(p.linear, e)
}

// MinimizeSquares adds 1/2 |e|_F^2, half the sum of the squared entries, to the objective.
func (p *Problem) MinimizeSquares(e Expr) {
	p.check("objective", e)
	p.squares = append(p.squares, e)
}
