package lmi

// rows is the entries of an affine expression as sparse affine functions of the unknowns: entry k, of the matrix read row
// by row, is cons[k] + sum of vals[i] x[vars[i]] for start[k] <= i < start[k+1].
type rows struct {
	start []int
	vars  []int
	vals  []float64
	cons  []float64
	terms []*bound
	parts []part
}

// part adds scale L[l] R[r] of a term to vals[at], or scale L[l] to cons[at] where r < 0.
type part struct{ term, at, l, r int }

// bound is a term with its products in floating point.
type bound struct {
	term
	left, right *product // right nil for a constant
}

func bind(t term, v values) *bound {
	b := &bound{term: t, left: newProduct(t.l, t.ir, v)}
	if t.v != nil {
		b.right = newProduct(t.r, t.ic, v)
	}
	return b
}

// constant reports whether no parameter enters the products.
func (b *bound) constant() bool { return b.l.constant() && b.r.constant() }

func (b *bound) update(v values) {
	if !b.l.constant() {
		b.left.update(v)
	}
	if b.right != nil && !b.r.constant() {
		b.right.update(v)
	}
}

func (t *term) scale(v values) float64 {
	s := 1.0
	for _, x := range t.nums {
		s *= x
	}
	for _, p := range t.pars {
		s *= v[p.index][0]
	}
	return s
}

// unknownAt returns the unknown at entry (a, b) of V, or of V' where the term says so; -1 for a zero.
func (t *term) unknownAt(a, b int) int {
	if t.trans {
		a, b = b, a
	}
	return t.v.index(a, b)
}

// newRows lists the entries of e. unknowns is the number of unknowns of the problem.
func newRows(e Expr, unknowns int, v values) *rows {
	r := &rows{cons: make([]float64, e.rows*e.cols)}
	patterns := make([][2][]bool, len(e.terms))
	for i, t := range e.terms {
		b := bind(t, v)
		r.terms = append(r.terms, b)
		patterns[i][0] = pattern(b.left)
		if b.right != nil {
			patterns[i][1] = pattern(b.right)
		}
	}
	where := make([]int, unknowns) // position + 1 of an unknown in the row at hand
	for k := range r.cons {
		i, j := k/e.cols, k%e.cols
		r.start = append(r.start, len(r.vars))
		for ti, b := range r.terms {
			left, right := patterns[ti][0], patterns[ti][1]
			if b.v == nil {
				if left[k] {
					r.parts = append(r.parts, part{term: ti, at: k, l: k, r: -1})
				}
				continue
			}
			for a := range b.ir {
				if !left[i*b.ir+a] {
					continue
				}
				for c := range b.ic {
					x := b.unknownAt(a, c)
					if x < 0 || !right[c*e.cols+j] {
						continue
					}
					if where[x] == 0 {
						r.vars, r.vals = append(r.vars, x), append(r.vals, 0)
						where[x] = len(r.vars)
					}
					r.parts = append(r.parts, part{term: ti, at: where[x] - 1, l: i*b.ir + a, r: c*e.cols + j})
				}
			}
		}
		for _, x := range r.vars[r.start[k]:] {
			where[x] = 0
		}
	}
	r.start = append(r.start, len(r.vars))
	r.fill(v)
	return r
}

// pattern says which entries of a product can differ from zero for some values of the parameters.
func pattern(p *product) []bool {
	var now []bool
	for k := range p.chain {
		f := &p.chain[k]
		nz := func(i, j int) bool {
			if f.param != nil {
				return true
			}
			return f.entry(i, j, nil) != 0
		}
		next := make([]bool, p.r*f.c)
		for i := range p.r {
			for j := range f.c {
				if k == 0 {
					next[i*f.c+j] = nz(i, j)
					continue
				}
				for l := range f.r {
					if now[i*f.r+l] && nz(l, j) {
						next[i*f.c+j] = true
						break
					}
				}
			}
		}
		now = next
	}
	return now
}

// fill recomputes the coefficients from the products.
func (r *rows) fill(v values) {
	clear(r.vals)
	clear(r.cons)
	for _, p := range r.parts {
		b := r.terms[p.term]
		if x := b.scale(v) * b.left.value()[p.l]; p.r < 0 {
			r.cons[p.at] += x
		} else {
			r.vals[p.at] += x * b.right.value()[p.r]
		}
	}
}

func (r *rows) update(v values) {
	for _, b := range r.terms {
		b.update(v)
	}
	r.fill(v)
}

// constant reports whether no parameter enters.
func (r *rows) constant() bool {
	for _, b := range r.terms {
		if !b.constant() || len(b.pars) > 0 {
			return false
		}
	}
	return true
}
