package ipm

import (
	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/internal/kernel"
)

// terms holds the coefficients of a block stated as s (L V R + R'V'L'). With the tables TX = D P D' and TY = D Y D' over
// the block's dictionary D (r x n), every entry of F* H F is a sum of products of two table entries: for dyads
// u v' + v u' and p q' + q p',
//
//	<u v' + v u', P (p q' + q p') Y> = TX[v,p] TY[q,u] + TX[v,q] TY[p,u] + TX[u,p] TY[q,v] + TX[u,q] TY[p,v]
//
// so a row of the Schur complement against a whole matrix variable is one product of two thin matrices whose rows are
// rows of the tables. This is the idea of LMI Lab (Gahinet and Nemirovski 1997) and of KYPD (Wallin and Hansson 2004)
// without their restriction to one shape of inequality.
type terms struct {
	n, r   int
	rows   []int // kept rows of the dictionary's columns
	fixed  int   // vectors that come from the problem's dictionary
	dict   []float64
	groups []group
	extra  *sparse // coefficients given as elements; their covers are further dyads
	starts []int   // first vector of the covers, by active variable of extra
	units  []int   // for every row, the dictionary vector that is its unit vector, or -1

	xd, tx, ty []float64
	a, b, g    []float64 // thin factors and their product
	row        []float64
	v, t, w    []float64
	pairs      [][2]int
}

// group is a matrix variable with its terms in this block.
type group struct {
	v     conic.Variable
	terms []term
}

type term struct {
	left, right int
	scale       float64
	from        int // index of the problem's term, or -1
}

func newTerms(n int, b numbers, place []int, m int) *terms {
	t := &terms{n: n, rows: place, fixed: len(b.block.Dict) / b.block.N}
	t.r = t.fixed
	at := map[int]int{}
	for i, q := range b.block.Terms {
		k, ok := at[q.Var]
		if !ok {
			k = len(t.groups)
			at[q.Var] = k
			t.groups = append(t.groups, group{v: b.vars[q.Var]})
		}
		t.groups[k].terms = append(t.groups[k].terms, term{left: q.Left, right: q.Right, from: i})
	}
	if len(b.block.Coefs) > 0 {
		t.addElements(b.block.Coefs, place)
	}
	t.allocate()
	return t
}

// addElements turns coefficients given as elements into dyads e_s g_s' + g_s e_s' of 1 x 1 variables.
func (t *terms) addElements(coefs []conic.Coef, place []int) {
	t.extra = newSparse(t.n, coefs, place)
	t.units = make([]int, t.n)
	for i := range t.units {
		t.units[i] = -1
	}
	for a, i := range t.extra.vars {
		c := t.extra.coverOf(a)
		t.extra.cover[a] = c
		g := group{v: conic.Variable{Kind: conic.Full, Rows: 1, Cols: 1, First: i}}
		t.starts = append(t.starts, t.r)
		t.r += len(c.vert)
		for s, v := range c.vert {
			if t.units[v] < 0 {
				t.units[v] = -2 // wanted; numbered below
			}
			g.terms = append(g.terms, term{left: int(v), right: t.starts[a] + s, scale: 1, from: -1})
		}
		t.groups = append(t.groups, g)
	}
	for v, u := range t.units {
		if u == -2 {
			t.units[v] = t.r
			t.r++
		}
	}
	for k := range t.groups {
		for l := range t.groups[k].terms {
			if q := &t.groups[k].terms[l]; q.from < 0 {
				q.left = t.units[q.left]
			}
		}
	}
}

func (t *terms) allocate() {
	n, r := t.n, t.r
	t.dict, t.xd = make([]float64, r*n), make([]float64, r*n)
	t.tx, t.ty = make([]float64, r*r), make([]float64, r*r)
	var most, size, cells, depth int
	for _, g := range t.groups {
		most = max(most, g.v.Rows, g.v.Cols)
		size = max(size, g.v.Size())
		cells = max(cells, g.v.Rows*g.v.Cols)
		d := 8 * len(g.terms)
		if g.v.Kind == conic.Scalar {
			d = 4 * g.v.Rows * len(g.terms)
		}
		depth = max(depth, d)
	}
	var terms int
	for _, g := range t.groups {
		terms = max(terms, len(g.terms))
	}
	depth *= terms
	t.a, t.b, t.g = make([]float64, depth*most), make([]float64, depth*most), make([]float64, cells)
	t.row = make([]float64, size)
	t.v = make([]float64, cells)
	t.t, t.w = make([]float64, most*n), make([]float64, n*n)
	t.pairs = make([][2]int, 0, max(most, 2))
}

func (t *terms) load(b numbers) {
	full := b.block.N
	for u := range t.fixed {
		src, dst := b.block.Dict[u*full:(u+1)*full], t.dict[u*t.n:(u+1)*t.n]
		for i, v := range src {
			if r := t.rows[i]; r >= 0 {
				dst[r] = v
			}
		}
	}
	for k := range t.groups {
		for l := range t.groups[k].terms {
			if q := &t.groups[k].terms[l]; q.from >= 0 {
				q.scale = b.block.Terms[q.from].Scale
			}
		}
	}
	if t.extra == nil {
		return
	}
	t.extra.load(b)
	clear(t.dict[t.fixed*t.n:])
	for a := range t.extra.vars {
		c := &t.extra.cover[a]
		half := t.extra.half[t.extra.ptr[a]:]
		for s := range c.vert {
			g := t.dict[(t.starts[a]+s)*t.n:]
			for e := c.ptr[s]; e < c.ptr[s+1]; e++ {
				g[c.other[e]] += half[c.elem[e]]
			}
		}
	}
	for v, u := range t.units {
		if u >= 0 {
			t.dict[u*t.n+v] = 1
		}
	}
}

// table writes D S D' to dst for a symmetric S.
func (t *terms) table(s, dst []float64) {
	n, r := t.n, t.r
	kernel.Gemm(false, false, r, n, n, t.dict, n, s, n, false, t.xd, n)
	kernel.Gemm(false, true, r, r, n, t.xd, n, t.dict, n, false, dst, r)
}

// cells lists the elements (a, b) of v that scalar k of it stands for.
func (t *terms) cells(v *conic.Variable, a, b int) [][2]int {
	p := t.pairs[:0]
	switch v.Kind {
	case conic.Scalar:
		for i := range v.Rows {
			p = append(p, [2]int{i, i})
		}
	case conic.Symmetric:
		p = append(p, [2]int{a, b})
		if a != b {
			p = append(p, [2]int{b, a})
		}
	default:
		p = append(p, [2]int{a, b})
	}
	return p
}

// each calls f for every scalar of v with the element that stands for it and its index.
func each(v *conic.Variable, f func(a, b, i int)) {
	switch v.Kind {
	case conic.Scalar:
		f(0, 0, v.First)
	case conic.Diagonal:
		for a := range v.Rows {
			f(a, a, v.First+a)
		}
	case conic.Symmetric:
		i := v.First
		for a := range v.Rows {
			for b := a; b < v.Cols; b++ {
				f(a, b, i)
				i++
			}
		}
	default:
		i := v.First
		for a := range v.Rows {
			for b := range v.Cols {
				f(a, b, i)
				i++
			}
		}
	}
}

func (t *terms) norms(w []float64) {
	kernel.Gemm(false, true, t.r, t.r, t.n, t.dict, t.n, t.dict, t.n, false, t.tx, t.r)
	r := t.r
	for k := range t.groups {
		g := &t.groups[k]
		each(&g.v, func(a, b, i int) {
			cells := t.cells(&g.v, a, b)
			var s float64
			for _, p := range g.terms {
				for _, q := range g.terms {
					for _, c := range cells {
						for _, d := range cells {
							u, v := (p.left+c[0])*r, (p.right+c[1])*r
							x, y := q.left+d[0], q.right+d[1]
							s += 2 * p.scale * q.scale * (t.tx[v+x]*t.tx[u+y] + t.tx[v+y]*t.tx[u+x])
						}
					}
				}
			}
			w[i] += s
		})
	}
}

// expand writes V(x) to t.v.
func (t *terms) expand(v *conic.Variable, x []float64) {
	n := v.Rows
	switch v.Kind {
	case conic.Full:
		copy(t.v, x[v.First:v.First+v.Rows*v.Cols])
	case conic.Symmetric:
		i := v.First
		for a := range n {
			for b := a; b < n; b++ {
				t.v[a*n+b], t.v[b*n+a] = x[i], x[i]
				i++
			}
		}
	}
}

func (t *terms) apply(x, dst []float64) {
	n := t.n
	first := true
	for k := range t.groups {
		g := &t.groups[k]
		v := &g.v
		t.expand(v, x)
		for _, q := range g.terms {
			right := t.dict[q.right*n : (q.right+v.Cols)*n]
			tmp := t.t[:v.Rows*n]
			switch v.Kind {
			case conic.Diagonal:
				for a := range v.Rows {
					kernel.Scale(tmp[a*n:(a+1)*n], right[a*n:(a+1)*n], q.scale*x[v.First+a])
				}
			case conic.Scalar:
				kernel.Scale(tmp, right, q.scale*x[v.First])
			default:
				kernel.Gemm(false, false, v.Rows, n, v.Cols, t.v, v.Cols, right, n, false, tmp, n)
				if q.scale != 1 {
					kernel.Scale(tmp, tmp, q.scale)
				}
			}
			kernel.Gemm(true, false, n, n, v.Rows, t.dict[q.left*n:], n, tmp, n, !first, t.w, n)
			first = false
		}
	}
	if first {
		return
	}
	w := t.w
	for i := range n {
		row, out := w[i*n:(i+1)*n], dst[i*n:(i+1)*n]
		for j := range row {
			out[j] += row[j] + w[j*n+i]
		}
	}
}

func (t *terms) adjoint(w, g []float64) {
	n := t.n
	// D W for the whole dictionary at once.
	kernel.Gemm(false, false, t.r, n, n, t.dict, n, w, n, false, t.xd, n)
	for k := range t.groups {
		v := &t.groups[k].v
		for _, q := range t.groups[k].terms {
			left, right := t.xd[q.left*n:(q.left+v.Rows)*n], t.dict[q.right*n:(q.right+v.Cols)*n]
			f := 2 * q.scale
			switch v.Kind {
			case conic.Diagonal:
				for a := range v.Rows {
					g[v.First+a] += f * dot(left[a*n:(a+1)*n], right[a*n:(a+1)*n])
				}
			case conic.Scalar:
				g[v.First] += f * dot(left, right)
			default:
				kernel.Gemm(false, true, v.Rows, v.Cols, n, left, n, right, n, false, t.v, v.Cols)
				fold(v, t.v, v.Cols, 0, f, g[v.First:])
			}
		}
	}
}

// fold adds f times the sum of the elements that each scalar of v (Full, or Symmetric from row and column `from` on)
// stands for. m holds rows and columns from `from` on with stride ld.
func fold(v *conic.Variable, m []float64, ld, from int, f float64, out []float64) {
	if v.Kind == conic.Full {
		kernel.Axpy(out[:v.Rows*v.Cols], m[:v.Rows*v.Cols], f)
		return
	}
	n := v.Rows
	i := from*n - from*(from-1)/2
	w := n - from
	for a := range w {
		row := m[a*ld : a*ld+w]
		o := out[i : i+w-a]
		o[0] += f * row[a]
		for b := a + 1; b < w; b++ {
			o[b-a] += f * (row[b] + m[b*ld+a])
		}
		i += w - a
	}
}

func (t *terms) schur(p, y []float64, m []float64, ld int) {
	t.table(p, t.tx)
	t.table(y, t.ty)
	for k := range t.groups {
		for l := k; l < len(t.groups); l++ {
			a, b := &t.groups[k], &t.groups[l]
			if a.v.First > b.v.First {
				a, b = b, a
			}
			t.cross(a, b, k == l, m, ld)
		}
	}
}

// cross adds the rows of matrix variable a against the columns of b.
func (t *terms) cross(a, b *group, same bool, m []float64, ld int) {
	disjoint := a.v.First+a.v.Size() <= b.v.First
	size := b.v.Size()
	row := t.row[:size]
	j0 := b.v.First
	each(&a.v, func(r, c, i int) {
		from := 0 // rows and columns of b below it belong to earlier variables
		if same && a.v.Kind == conic.Symmetric {
			from = r
		}
		cells := t.cells(&a.v, r, c)
		switch b.v.Kind {
		case conic.Diagonal, conic.Scalar:
			t.diagonalRow(a, b, cells, row)
		default:
			t.matrixRow(a, b, cells, from, row)
		}
		switch {
		case disjoint:
			kernel.Add(m[i*ld+j0:i*ld+j0+size], m[i*ld+j0:i*ld+j0+size], row)
		case same:
			k := i - j0
			kernel.Add(m[i*ld+i:i*ld+j0+size], m[i*ld+i:i*ld+j0+size], row[k:])
		default: // overlapping variables: entry (i, j) counts for (j, i) too
			for k, v := range row {
				switch j := j0 + k; {
				case j > i:
					m[i*ld+j] += v
				case j < i:
					m[j*ld+i] += v
				default:
					m[i*ld+i] += 2 * v
				}
			}
		}
	})
}

// twin tells whether a term is symmetric by itself: L' = R.
func (q *term) twin(v *conic.Variable) bool { return q.left == q.right && v.Kind == conic.Symmetric }

// matrixRow writes to row the products with every scalar of a full or symmetric b.
func (t *terms) matrixRow(a, b *group, cells [][2]int, from int, row []float64) {
	r := t.r
	h, w := b.v.Rows-from, b.v.Cols-from
	k := 0
	put := func(x []float64, left int, y []float64, right int, f float64) {
		kernel.Scale(t.a[k*h:(k+1)*h], x[left:left+h], f)
		copy(t.b[k*w:(k+1)*w], y[right:right+w])
		k++
	}
	for i := range a.terms {
		p := &a.terms[i]
		cs, f := cells, p.scale
		if p.twin(&a.v) && len(cs) == 2 {
			cs, f = cs[:1], 2*f
		}
		for _, c := range cs {
			u, v := (p.left+c[0])*r, (p.right+c[1])*r
			for j := range b.terms {
				q := &b.terms[j]
				s := f * q.scale
				left, right := q.left+from, q.right+from
				if q.twin(&b.v) { // the other two are the transposes, which fold adds anyway
					put(t.tx[v:], left, t.ty[u:], right, 2*s)
					put(t.tx[u:], left, t.ty[v:], right, 2*s)
					continue
				}
				put(t.tx[v:], left, t.ty[u:], right, s)
				put(t.ty[u:], left, t.tx[v:], right, s)
				put(t.tx[u:], left, t.ty[v:], right, s)
				put(t.ty[v:], left, t.tx[u:], right, s)
			}
		}
	}
	kernel.Gemm(true, false, h, w, k, t.a, h, t.b, w, false, t.g, w)
	clear(row)
	fold(&b.v, t.g, w, from, 1, row)
}

// diagonalRow writes to row the products with every scalar of a diagonal or scalar b.
func (t *terms) diagonalRow(a, b *group, cells [][2]int, row []float64) {
	r, n := t.r, b.v.Rows
	clear(row)
	for i := range a.terms {
		p := &a.terms[i]
		cs, f := cells, p.scale
		if p.twin(&a.v) && len(cs) == 2 {
			cs, f = cs[:1], 2*f
		}
		for _, c := range cs {
			u, v := (p.left+c[0])*r, (p.right+c[1])*r
			for j := range b.terms {
				q := &b.terms[j]
				xu, xv := t.tx[u:u+r], t.tx[v:v+r]
				yu, yv := t.ty[u:u+r], t.ty[v:v+r]
				s := f * q.scale
				l, o := q.left, q.right
				var sum float64
				for k := range n {
					d := s * (xv[l+k]*yu[o+k] + yu[l+k]*xv[o+k] + xu[l+k]*yv[o+k] + yv[l+k]*xu[o+k])
					if len(row) == n {
						row[k] += d
					} else {
						sum += d
					}
				}
				if len(row) != n {
					row[0] += sum
				}
			}
		}
	}
}
