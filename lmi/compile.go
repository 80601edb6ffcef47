package lmi

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
)

// Compiled is a problem whose structure is settled and whose numbers may change. It is not safe for concurrent use.
type Compiled struct {
	problem *Problem
	values  values
	byName  map[string]*Param
	conic   conic.Problem
	blocks  []*block
	objects objective
	extra   float64 // asked from the solver beyond the margins, by Solve's repair
	solving
}

// block ties a constraint to its place in the conic problem.
type block struct {
	constraint
	at int // index of the conic block, or of the first equality

	// sort psd
	terms  []*bound // with a variable
	consts []*bound
	scales []int // of terms: index of the conic term
	dict   []group
	f0     []float64

	// other sorts
	rows, top *rows // top is the bound of a soc
}

// group is a run of rows of the dictionary: the columns of a left product, or the rows of a right one.
type group struct {
	chain chain // as rows: its value is count x n
	first int
	value *product
}

// objective is C, Offset and Quad from the linear and the squared expressions.
type objective struct {
	linear  []*rows
	squares []*rows
	quad    [][]int // of squares: for each pair of entries of each row, the index into Quad
}

// Compile settles the structure: dictionaries of the columns of left and right factors, term lists, sparse rows. It returns
// the first mistake made while the problem was stated.
func (p *Problem) Compile() (*Compiled, error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.unknown == 0 {
		return nil, fmt.Errorf("lmi: the problem has no variables")
	}
	c := &Compiled{problem: p, byName: map[string]*Param{}}
	for _, q := range p.params {
		c.byName[q.name] = q
		c.values = append(c.values, append([]float64(nil), q.data...))
	}
	c.conic.C = make([]float64, p.unknown)
	vars := map[conic.Variable]int{}
	for _, con := range p.cones {
		var err error
		if con.sort == psd {
			err = c.addPSD(con, vars)
		} else {
			c.addRows(con)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, e := range p.linear {
		c.objects.linear = append(c.objects.linear, newRows(e, p.unknown, c.values))
	}
	c.addSquares()
	c.refresh(true)
	if err := c.conic.Validate(); err != nil {
		return nil, fmt.Errorf("lmi: %w", err)
	}
	return c, nil
}

// Conic returns the compiled problem in the solver's form. It belongs to c and changes with Set.
func (c *Compiled) Conic() *conic.Problem { return &c.conic }

// Set replaces the numbers of a parameter.
func (c *Compiled) Set(name string, value mat.Matrix) error {
	q := c.byName[name]
	if q == nil {
		return fmt.Errorf("lmi: no parameter %q", name)
	}
	if value == nil {
		return fmt.Errorf("lmi: parameter %q: the value is nil", name)
	}
	if r, k := value.Dims(); r != q.r || k != q.c {
		return fmt.Errorf("lmi: parameter %q is %d x %d, got %d x %d", name, q.r, q.c, r, k)
	}
	for i := range q.r {
		for j := range q.c {
			x := value.At(i, j)
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("lmi: parameter %q: entry (%d, %d) is %g, expected a finite number", name, i, j, x)
			}
			c.values[q.index][i*q.c+j] = x
		}
	}
	c.stale = true
	return nil
}

// merged adds up terms that are equal to, or the transpose of, one another: L V R and R'V'L' have the same symmetric part.
func merged(e Expr) []term {
	var out []term
next:
	for _, t := range e.terms {
		if t.v != nil && t.v.kind == full && t.trans {
			t = t.t()
		}
		for i := range out {
			if o := &out[i]; same(o, &t) || same(o, ptr(t.t())) {
				if len(o.pars) == 0 && len(t.pars) == 0 {
					o.nums = []float64{o.scale(nil) + t.scale(nil)}
					continue next
				}
			}
		}
		out = append(out, t)
	}
	return out
}

func ptr(t term) *term { return &t }

func same(a, b *term) bool {
	return a.v == b.v && a.v != nil && a.trans == b.trans && a.ir == b.ir && a.ic == b.ic && a.l.equal(b.l) && a.r.equal(b.r)
}

func (c *Compiled) addPSD(con constraint, vars map[conic.Variable]int) error {
	if err := c.symmetric(con); err != nil {
		return err
	}
	n := con.e.rows
	b := &block{constraint: con, at: len(c.conic.Blocks), f0: make([]float64, n*n)}
	out := conic.Block{Cone: conic.PSD, N: n}
	for _, t := range merged(con.e) {
		bt := bind(t, c.values)
		if t.v == nil {
			b.consts = append(b.consts, bt)
			continue
		}
		v := conic.Variable{Kind: kinds[t.v.kind], Rows: t.v.r, Cols: t.v.c, First: t.v.first}
		if t.v.kind == scalar {
			v.Rows, v.Cols = t.ir, t.ic
		}
		id, ok := vars[v]
		if !ok {
			id = len(c.conic.Vars)
			vars[v] = id
			c.conic.Vars = append(c.conic.Vars, v)
		}
		b.terms = append(b.terms, bt)
		b.scales = append(b.scales, len(out.Terms))
		out.Terms = append(out.Terms, conic.Term{Var: id, Left: b.words(t.l.t(), t.ir, n, c.values), Right: b.words(t.r, t.ic, n, c.values)})
	}
	for _, g := range b.dict {
		out.Dict = append(out.Dict, g.value.value()...)
	}
	fixed := con.margin == 0
	for _, t := range b.consts {
		fixed = fixed && t.constant() && len(t.pars) == 0
	}
	b.constants(c.values)
	for i := range n {
		for j := i; j < n; j++ {
			if i == j || !fixed || b.f0[i*n+j] != 0 { // the diagonal takes margins
				out.Constant = append(out.Constant, conic.Elem{Row: i, Col: j})
			}
		}
	}
	c.conic.Blocks = append(c.conic.Blocks, out)
	c.blocks = append(c.blocks, b)
	return nil
}

var kinds = map[kind]conic.Kind{symmetric: conic.Symmetric, diagonal: conic.Diagonal, full: conic.Full, scalar: conic.Scalar}

// words returns where the rows of a chain (count x n) are in the dictionary, adding them when they are new.
func (b *block) words(ch chain, count, n int, v values) int {
	total := 0
	for _, g := range b.dict {
		if g.value.r == count && g.chain.equal(ch) {
			return g.first
		}
		total += g.value.r
	}
	b.dict = append(b.dict, group{chain: ch, first: total, value: newProduct(ch, n, v)})
	return total
}

// constants sums the constant terms, symmetrised, into f0.
func (b *block) constants(v values) {
	n := b.e.rows
	clear(b.f0)
	for _, t := range b.consts {
		s, x := t.scale(v), t.left.value()
		for i := range n {
			for j := range n {
				b.f0[i*n+j] += s * 0.5 * (x[i*n+j] + x[j*n+i])
			}
		}
	}
}

func (c *Compiled) addRows(con constraint) {
	b := &block{constraint: con, rows: newRows(con.e, c.problem.unknown, c.values), at: len(c.conic.Blocks)}
	n := len(b.rows.cons)
	switch con.sort {
	case eq:
		b.at = len(c.conic.Eqs)
		for k := range n {
			lo, hi := b.rows.start[k], b.rows.start[k+1]
			c.conic.Eqs = append(c.conic.Eqs, conic.Equality{Vars: b.rows.vars[lo:hi], Vals: make([]float64, hi-lo)})
		}
	case ge:
		out := conic.Block{Cone: conic.Nonneg, N: n}
		appendRows(&out, b.rows, 0)
		c.conic.Blocks = append(c.conic.Blocks, out)
	case soc:
		b.top = newRows(con.t, c.problem.unknown, c.values)
		out := conic.Block{Cone: conic.SecondOrder, N: n + 1}
		appendRows(&out, b.top, 0)
		appendRows(&out, b.rows, 1)
		c.conic.Blocks = append(c.conic.Blocks, out)
	}
	c.blocks = append(c.blocks, b)
}

func appendRows(out *conic.Block, r *rows, at int) {
	for k := range r.cons {
		out.Constant = append(out.Constant, conic.Elem{Row: at + k, Col: at + k})
		for i := r.start[k]; i < r.start[k+1]; i++ {
			out.Coefs = append(out.Coefs, conic.Coef{Var: r.vars[i], Row: at + k, Col: at + k})
		}
	}
}

func (c *Compiled) addSquares() {
	where := map[[2]int]int{}
	for _, e := range c.problem.squares {
		r := newRows(e, c.problem.unknown, c.values)
		var at []int
		for k := range r.cons {
			for i := r.start[k]; i < r.start[k+1]; i++ {
				for j := i; j < r.start[k+1]; j++ {
					a, b := min(r.vars[i], r.vars[j]), max(r.vars[i], r.vars[j])
					q, ok := where[[2]int{a, b}]
					if !ok {
						q = len(c.conic.Quad)
						where[[2]int{a, b}] = q
						c.conic.Quad = append(c.conic.Quad, conic.Quad{Row: a, Col: b})
					}
					at = append(at, q)
				}
			}
		}
		c.objects.squares = append(c.objects.squares, r)
		c.objects.quad = append(c.objects.quad, at)
	}
}

// refresh writes the numbers into the conic problem; all says that the constant parts are to be written too.
func (c *Compiled) refresh(all bool) {
	for _, b := range c.blocks {
		if b.sort == psd {
			b.refreshPSD(&c.conic.Blocks[b.at], c.values, c.extra, all)
			continue
		}
		if all || !b.rows.constant() {
			b.rows.update(c.values)
		}
		switch b.sort {
		case eq:
			for k := range b.rows.cons {
				q := &c.conic.Eqs[b.at+k]
				copy(q.Vals, b.rows.vals[b.rows.start[k]:b.rows.start[k+1]])
				q.RHS = -b.rows.cons[k]
			}
		case ge:
			writeRows(&c.conic.Blocks[b.at], b.rows, 0, 0, b.margin+c.extra)
		case soc:
			b.top.update(c.values)
			writeRows(&c.conic.Blocks[b.at], b.top, 0, 0, c.extra)
			writeRows(&c.conic.Blocks[b.at], b.rows, 1, len(b.top.vals), 0)
		}
	}
	c.refreshObjective()
	c.stale = false
}

func writeRows(out *conic.Block, r *rows, at, coef int, margin float64) {
	for k, x := range r.cons {
		out.Constant[at+k].Val = x - margin
	}
	for i, x := range r.vals {
		out.Coefs[coef+i].Val = x
	}
}

func (b *block) refreshPSD(out *conic.Block, v values, extra float64, all bool) {
	n := out.N
	for i := range b.dict {
		g := &b.dict[i]
		if all || !g.chain.constant() {
			g.value.update(v)
			copy(out.Dict[g.first*n:], g.value.value())
		}
	}
	for i, t := range b.terms {
		out.Terms[b.scales[i]].Scale = t.scale(v) / 2
	}
	for _, t := range b.consts {
		t.update(v)
	}
	b.constants(v)
	for i := range out.Constant {
		q := &out.Constant[i]
		if q.Val = b.f0[q.Row*n+q.Col]; q.Row == q.Col {
			q.Val -= b.margin + extra
		}
	}
}

func (c *Compiled) refreshObjective() {
	p := &c.conic
	clear(p.C)
	p.Offset = 0
	for i := range p.Quad {
		p.Quad[i].Val = 0
	}
	for _, r := range c.objects.linear {
		r.update(c.values)
		p.Offset += r.cons[0]
		for i, x := range r.vars {
			p.C[x] += r.vals[i]
		}
	}
	for s, r := range c.objects.squares {
		r.update(c.values)
		at := c.objects.quad[s]
		for k, d := range r.cons {
			p.Offset += 0.5 * d * d
			for i := r.start[k]; i < r.start[k+1]; i++ {
				p.C[r.vars[i]] += d * r.vals[i]
				for j := i; j < r.start[k+1]; j++ {
					p.Quad[at[0]].Val += r.vals[i] * r.vals[j]
					at = at[1:]
				}
			}
		}
	}
}

// asymmetry is the relative difference between an expression and its transpose that passes for rounding.
const asymmetry = 1e-10

// symmetric checks that the expression is, by evaluating it at two points.
func (c *Compiled) symmetric(con constraint) error {
	r := rand.New(rand.NewPCG(1, 1)) // any point serves
	x := make([]float64, c.problem.unknown)
	for range 2 {
		for i := range x {
			x[i] = r.NormFloat64()
		}
		n := con.e.rows
		f := c.eval(con.e, x)
		var size float64
		for _, v := range f {
			size = max(size, math.Abs(v))
		}
		for i := range n {
			for j := range i {
				if a, b := f[i*n+j], f[j*n+i]; math.Abs(a-b) > asymmetry*size {
					return fmt.Errorf("lmi: constraint %q is not symmetric: entries (%d, %d) and (%d, %d) differ", con.name, i, j, j, i)
				}
			}
		}
	}
	return nil
}

// eval returns the value of an expression at x, row-major.
func (c *Compiled) eval(e Expr, x []float64) []float64 {
	out := make([]float64, e.rows*e.cols)
	for i := range e.terms {
		b := bind(e.terms[i], c.values)
		s, l := b.scale(c.values), b.left.value()
		if b.v == nil {
			for k, y := range l {
				out[k] += s * y
			}
			continue
		}
		r := b.right.value()
		lv := make([]float64, b.ic)
		for i := range e.rows {
			clear(lv)
			for a := range b.ir {
				if y := l[i*b.ir+a]; y != 0 {
					for k := range lv {
						if u := b.unknownAt(a, k); u >= 0 {
							lv[k] += y * x[u]
						}
					}
				}
			}
			for k, y := range lv {
				if y != 0 {
					for j := range e.cols {
						out[i*e.cols+j] += s * y * r[k*e.cols+j]
					}
				}
			}
		}
	}
	return out
}
