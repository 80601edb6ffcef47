package ipm

import (
	"slices"

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
	from   []int // which of its vectors each of them is
	moved  []int // for every first vector of a factor in the problem's dictionary, its first vector here
	shared [][3]int
	dict   []float64
	groups []group
	extra  *sparse // coefficients given as elements; their covers are further dyads
	starts []int   // first vector of the covers, by active variable of extra
	units  []int   // for every row, the dictionary vector that is its unit vector, or -1

	xd, tx, ty []float64
	a, b, g    []float64 // thin factors and their product
	row, diag  []float64
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
	t.share(b)
	at := map[int]int{}
	for i, q := range b.block.Terms {
		k, ok := at[q.Var]
		if !ok {
			k = len(t.groups)
			at[q.Var] = k
			t.groups = append(t.groups, group{v: b.vars[q.Var]})
		}
		t.groups[k].terms = append(t.groups[k].terms, term{left: t.moved[q.Left], right: t.moved[q.Right], from: i})
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

// share finds factors whose vectors are equal to those of another, or of a part of it, as identities often are, and keeps
// them once: the tables shrink, and terms that are symmetric by themselves are recognised. stillShared tells later whether
// that holds for other numbers.
func (t *terms) share(b numbers) {
	n := b.block.N
	t.moved = make([]int, t.fixed+1)
	var ranges [][2]int // first vector and count, each once
	seen := map[[2]int]bool{}
	for _, q := range b.block.Terms {
		v := b.vars[q.Var]
		for _, r := range [2][2]int{{q.Left, v.Rows}, {q.Right, v.Cols}} {
			if !seen[r] {
				seen[r] = true
				ranges = append(ranges, r)
			}
		}
	}
	slices.SortStableFunc(ranges, func(a, b [2]int) int { return b[1] - a[1] }) // long ones first: others may be parts of them
	t.fixed = 0
	placed := map[int]bool{}
	for _, r := range ranges {
		if placed[r[0]] {
			continue // a longer factor starts at the same vector
		}
		placed[r[0]] = true
		at := t.find(b.block.Dict, n, r)
		if at < 0 {
			at = t.fixed
			for i := range r[1] {
				t.from = append(t.from, r[0]+i)
			}
			t.fixed += r[1]
		} else {
			t.shared = append(t.shared, [3]int{at, r[0], r[1]})
		}
		t.moved[r[0]] = at
	}
	t.r = t.fixed
}

// find returns where the vectors of range r are kept already, or -1.
func (t *terms) find(dict []float64, n int, r [2]int) int {
	for at := 0; at+r[1] <= t.fixed; at++ {
		if t.equal(dict, n, at, r[0], r[1]) {
			return at
		}
	}
	return -1
}

func (t *terms) equal(dict []float64, n, at, first, count int) bool {
	for i := range count {
		u := t.from[at+i]
		if !slices.Equal(dict[u*n:(u+1)*n], dict[(first+i)*n:(first+i+1)*n]) {
			return false
		}
	}
	return true
}

// stillShared tells whether factors that were found equal are equal in the present numbers.
func (t *terms) stillShared(b *conic.Block) bool {
	for _, s := range t.shared {
		if !t.equal(b.Dict, b.N, s[0], s[1], s[2]) {
			return false
		}
	}
	return true
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
	t.row, t.diag = make([]float64, size), make([]float64, most)
	t.v = make([]float64, cells)
	t.t, t.w = make([]float64, most*n), make([]float64, n*n)
	t.pairs = make([][2]int, 0, max(most, 2))
}

func (t *terms) load(b numbers) {
	full := b.block.N
	for u := range t.fixed {
		at := t.from[u]
		src, dst := b.block.Dict[at*full:(at+1)*full], t.dict[u*t.n:(u+1)*t.n]
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

// twin tells whether the dyads of both orders of a symmetric variable are the same: L' = R.
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
				s, same := f*q.scale, u == v
				if same { // u = v: the dyad is a square, the products come in pairs
					s *= 2
				}
				left, right := q.left+from, q.right+from
				if q.twin(&b.v) { // the other two are the transposes, which fold adds anyway
					put(t.tx[v:], left, t.ty[u:], right, 2*s)
					if !same {
						put(t.tx[u:], left, t.ty[v:], right, 2*s)
					}
					continue
				}
				put(t.tx[v:], left, t.ty[u:], right, s)
				put(t.ty[u:], left, t.tx[v:], right, s)
				if !same {
					put(t.tx[u:], left, t.ty[v:], right, s)
					put(t.ty[v:], left, t.tx[u:], right, s)
				}
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
	out := row
	if b.v.Kind == conic.Scalar {
		out = t.diag[:n]
	}
	clear(out)
	for i := range a.terms {
		p := &a.terms[i]
		cs, f := cells, p.scale
		if p.twin(&a.v) && len(cs) == 2 {
			cs, f = cs[:1], 2*f
		}
		for _, c := range cs {
			u, v := (p.left+c[0])*r, (p.right+c[1])*r
			xu, xv := t.tx[u:u+r], t.tx[v:v+r]
			yu, yv := t.ty[u:u+r], t.ty[v:v+r]
			for j := range b.terms {
				q := &b.terms[j]
				l, o, s := q.left, q.right, f*q.scale
				switch {
				case u == v && l == o:
					addProducts(out, 4*s, xv[l:], yu[l:])
				case u == v:
					addProducts(out, 2*s, xv[l:], yu[o:])
					addProducts(out, 2*s, yu[l:], xv[o:])
				case l == o:
					addProducts(out, 2*s, xv[l:], yu[l:])
					addProducts(out, 2*s, xu[l:], yv[l:])
				default:
					addProducts(out, s, xv[l:], yu[o:])
					addProducts(out, s, yu[l:], xv[o:])
					addProducts(out, s, xu[l:], yv[o:])
					addProducts(out, s, yv[l:], xu[o:])
				}
			}
		}
	}
	if b.v.Kind == conic.Scalar {
		var sum float64
		for _, v := range out {
			sum += v
		}
		row[0] = sum
	}
}

// addProducts adds f x_i y_i to out.
func addProducts(out []float64, f float64, x, y []float64) {
	x, y = x[:len(out)], y[:len(out)]
	for i := range out {
		out[i] += f * x[i] * y[i]
	}
}
