package ipm

import (
	"cmp"
	"slices"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/internal/kernel"
)

// coefficients is the linear part of a PSD block: F(x), its adjoint and F* H F with H(W) = sym(P W Y).
type coefficients interface {
	load(numbers)
	norms(w []float64)
	apply(x, dst []float64) // dst += F(x), a full symmetric matrix
	adjoint(w, g []float64) // g += F*(W), W symmetric
	schur(p, y []float64, m []float64, ld int)
}

// numbers is where values are read from.
type numbers struct {
	block *conic.Block
	vars  []conic.Variable
}

// sparse holds the coefficients of a block element by element, by variable; the elements of variable a are
// ptr[a]..ptr[a+1].
type sparse struct {
	n    int
	vars []int
	ptr  []int
	pos  []int32 // row*n + column, row <= column
	slot []int   // where each Coef of the problem goes
	val  []float64
	wt   []float64 // val, doubled off the diagonal: for inner products with symmetric matrices
	half []float64 // val, halved on the diagonal: for inner products with G + G'

	big   []int // variables (indices into vars) whose F_j is multiplied out
	small []int // variables with few elements, done pairwise
	cover []cover
	batch int
	work  struct{ rows, prod, many, turned, sums []float64 }
}

// cover writes one F_j as a sum over s of e_s g_s' + g_s e_s'. dense tells that F_j is better taken as it is.
type cover struct {
	dense bool
	vert  []int32
	ptr   []int
	elem  []int32 // elements of the variable, by vertex
	other []int32 // the index of g_s that the element sets
}

func newSparse(n int, coefs []conic.Coef, place []int) *sparse {
	s := &sparse{n: n, slot: make([]int, len(coefs))}
	order := make([]int, len(coefs))
	for i := range order {
		order[i] = i
	}
	key := func(i int) (int, int) {
		c := coefs[i]
		return c.Var, place[c.Row]*n + place[c.Col]
	}
	slices.SortFunc(order, func(i, j int) int {
		vi, pi := key(i)
		vj, pj := key(j)
		return cmp.Or(cmp.Compare(vi, vj), cmp.Compare(pi, pj), cmp.Compare(i, j))
	})
	lastVar, lastPos := -1, -1
	for _, i := range order {
		v, p := key(i)
		if v != lastVar {
			s.vars = append(s.vars, v)
			s.ptr = append(s.ptr, len(s.pos))
			lastVar, lastPos = v, -1
		}
		if p != lastPos {
			s.pos = append(s.pos, int32(p))
			lastPos = p
		}
		s.slot[i] = len(s.pos) - 1
	}
	s.ptr = append(s.ptr, len(s.pos))
	buf := make([]float64, 3*len(s.pos))
	k := len(s.pos)
	s.val, s.wt, s.half = buf[:k:k], buf[k:2*k:2*k], buf[2*k:]
	s.plan()
	return s
}

// Costs of the routes in multiply-adds of a vectorised product, from timings: one pair of elements with its four
// products costs as much as 30, moving one number of a product into the batch as much as 4, one element times a batch
// 1.5 per column, adding one number to the Schur complement 8.
const (
	costPair    = 30
	costMove    = 4
	costElement = 1.5
	costAdd     = 8
)

// plan chooses which variables are multiplied out and how.
func (s *sparse) plan() {
	n, m := s.n, len(s.vars)
	s.cover = make([]cover, m)
	form := make([]float64, m)
	total := float64(len(s.pos))
	for a := range m {
		nnz := float64(s.ptr[a+1] - s.ptr[a])
		c := s.coverOf(a)
		byCover := float64(4*len(c.vert)*n*n) + 2*nnz*float64(n)
		whole := float64(n*n*n) + nnz*float64(n)
		if whole < byCover {
			c = cover{dense: true}
		}
		s.cover[a] = c
		form[a] = min(byCover, whole) + costMove*float64(n*n) + costElement*total + costAdd*float64(m)
	}
	order := make([]int, m)
	for a := range order {
		order[a] = a
	}
	count := func(a int) int { return s.ptr[a+1] - s.ptr[a] }
	slices.SortStableFunc(order, func(a, b int) int { return count(b) - count(a) })
	// pairs[k]: the cost of doing order[k:] pairwise
	var rest, pairs float64
	best, at := 0.0, m
	tail := make([]float64, m+1)
	for k := m - 1; k >= 0; k-- {
		c := float64(count(order[k]))
		rest += c
		pairs += costPair * c * rest
		tail[k] = pairs
	}
	var head float64
	best = tail[0]
	at = 0
	for k := range m {
		head += form[order[k]]
		if v := head + tail[k+1]; v < best {
			best, at = v, k+1
		}
	}
	s.big, s.small = append([]int(nil), order[:at]...), append([]int(nil), order[at:]...)
	slices.Sort(s.big)
	slices.Sort(s.small)
	if len(s.big) == 0 {
		return
	}
	const batchBytes = 512 << 10
	s.batch = min(max(batchBytes/8/(n*n), 8), 64, (len(s.big)+7)&^7)
	rows := 0
	for _, a := range s.big {
		rows = max(rows, 6*len(s.cover[a].vert))
	}
	s.work.rows = make([]float64, max(rows*n, n*n))
	s.work.many = make([]float64, s.batch*n*n)
	s.work.turned = make([]float64, s.batch*n*n)
	s.work.sums = make([]float64, s.batch)
}

// coverOf returns a greedy vertex cover of the graph of elements of variable a.
func (s *sparse) coverOf(a int) cover {
	n := s.n
	pos := s.pos[s.ptr[a]:s.ptr[a+1]]
	deg := map[int32]int{}
	for _, p := range pos {
		r, c := p/int32(n), p%int32(n)
		deg[r]++
		if c != r {
			deg[c]++
		}
	}
	keys := make([]int32, 0, len(deg))
	for k := range deg {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	done := make([]bool, len(pos))
	var c cover
	for left := len(pos); left > 0; {
		v := keys[0]
		for _, k := range keys {
			if deg[k] > deg[v] {
				v = k
			}
		}
		c.vert = append(c.vert, v)
		c.ptr = append(c.ptr, len(c.elem))
		for e, p := range pos {
			r, q := p/int32(n), p%int32(n)
			if done[e] || r != v && q != v {
				continue
			}
			done[e] = true
			left--
			o := r + q - v
			c.elem = append(c.elem, int32(e))
			c.other = append(c.other, o)
			deg[v]--
			if o != v {
				deg[o]--
			}
		}
	}
	c.ptr = append(c.ptr, len(c.elem))
	return c
}

func (s *sparse) load(b numbers) {
	clear(s.val)
	for i := range b.block.Coefs {
		s.val[s.slot[i]] += b.block.Coefs[i].Val
	}
	n := int32(s.n)
	for e, v := range s.val {
		s.wt[e], s.half[e] = 2*v, v
		if p := s.pos[e]; p/n == p%n {
			s.wt[e], s.half[e] = v, v/2
		}
	}
}

func (s *sparse) norms(w []float64) {
	for a, i := range s.vars {
		for e := s.ptr[a]; e < s.ptr[a+1]; e++ {
			w[i] += s.wt[e] * s.val[e]
		}
	}
}

func (s *sparse) apply(x, dst []float64) {
	n := int32(s.n)
	for a, i := range s.vars {
		xi := x[i]
		if xi == 0 {
			continue
		}
		for e := s.ptr[a]; e < s.ptr[a+1]; e++ {
			p := s.pos[e]
			v := s.val[e] * xi
			dst[p] += v
			if r, c := p/n, p%n; r != c {
				dst[c*n+r] += v
			}
		}
	}
}

func (s *sparse) adjoint(w, g []float64) {
	for a, i := range s.vars {
		lo, hi := s.ptr[a], s.ptr[a+1]
		pos, wt := s.pos[lo:hi], s.wt[lo:hi]
		var t float64
		for e, v := range wt {
			t += v * w[pos[e]]
		}
		g[i] += t
	}
}

func (s *sparse) schur(p, y []float64, m []float64, ld int) {
	for k := 0; k < len(s.big); k += s.batch {
		cols := s.big[k:min(k+s.batch, len(s.big))]
		s.multiplyOut(cols, p, y)
		w := len(cols)
		last := cols[w-1]
		for _, list := range [2][]int{s.big, s.small} {
			both := len(list) > 0 && &list[0] == &s.big[0]
			for _, a := range list {
				if both && a > last {
					break
				}
				s.row(a, cols, both, m, ld)
			}
		}
	}
	s.pairs(p, y, m, ld)
}

// row adds <F_a, P F_j Y> for the columns j of a batch; of a pair within the batch, and of two big ones, only the one with
// a <= j.
func (s *sparse) row(a int, cols []int, both bool, m []float64, ld int) {
	w := len(cols)
	sums := s.work.sums[:w]
	clear(sums)
	lo, hi := s.ptr[a], s.ptr[a+1]
	pos, half := s.pos[lo:hi], s.half[lo:hi]
	for e, v := range half {
		at := int(pos[e]) * s.batch
		kernel.Axpy(sums, s.work.turned[at:at+w], v)
	}
	i := s.vars[a]
	for l, b := range cols {
		j := s.vars[b]
		switch {
		case i <= j:
			m[i*ld+j] += sums[l]
		case !both:
			m[j*ld+i] += sums[l]
		}
	}
}

// multiplyOut forms P F_j Y + (P F_j Y)' for the columns of a batch and turns the batch so that the columns are
// neighbours.
func (s *sparse) multiplyOut(cols []int, p, y []float64) {
	n := s.n
	for l, a := range cols {
		dst := s.work.many[l*n*n : (l+1)*n*n]
		if s.cover[a].dense {
			s.wholeProduct(a, p, y, dst)
		} else {
			s.coverProduct(a, p, y, dst)
		}
	}
	kernel.Transpose(s.work.turned, s.batch, s.work.many, n*n, len(cols), n*n)
}

func (s *sparse) wholeProduct(a int, p, y, dst []float64) {
	n := s.n
	fy := s.work.rows[:n*n]
	clear(fy)
	for e := s.ptr[a]; e < s.ptr[a+1]; e++ {
		r, c := int(s.pos[e])/n, int(s.pos[e])%n
		kernel.Axpy(fy[r*n:(r+1)*n], y[c*n:(c+1)*n], s.val[e])
		if r != c {
			kernel.Axpy(fy[c*n:(c+1)*n], y[r*n:(r+1)*n], s.val[e])
		}
	}
	multiply(n, p, fy, dst)
	symmetrise(n, dst, 1)
}

func (s *sparse) coverProduct(a int, p, y, dst []float64) {
	n, c := s.n, &s.cover[a]
	k := len(c.vert)
	rows := s.work.rows[:6*k*n]
	half := s.half[s.ptr[a]:s.ptr[a+1]]
	// rows: P e, P g, Y g, Y e, P e, P g for every vertex
	for t, v := range c.vert {
		pe, pg := rows[t*n:(t+1)*n], rows[(k+t)*n:(k+t+1)*n]
		yg, ye := rows[(2*k+t)*n:(2*k+t+1)*n], rows[(3*k+t)*n:(3*k+t+1)*n]
		copy(pe, p[int(v)*n:int(v+1)*n])
		copy(ye, y[int(v)*n:int(v+1)*n])
		clear(pg)
		clear(yg)
		for e := c.ptr[t]; e < c.ptr[t+1]; e++ {
			f, o := half[c.elem[e]], int(c.other[e])
			kernel.Axpy(pg, p[o*n:(o+1)*n], f)
			kernel.Axpy(yg, y[o*n:(o+1)*n], f)
		}
	}
	copy(rows[4*k*n:], rows[:2*k*n])
	kernel.Gemm(true, false, n, n, 4*k, rows, n, rows[2*k*n:], n, false, dst, n)
}

// pairs adds the products of variables with few elements, element by element.
func (s *sparse) pairs(p, y []float64, m []float64, ld int) {
	n := s.n
	for u, a := range s.small {
		i := s.vars[a]
		for e := s.ptr[a]; e < s.ptr[a+1]; e++ {
			r, c := int(s.pos[e])/n, int(s.pos[e])%n
			pr, pc := p[r*n:(r+1)*n], p[c*n:(c+1)*n]
			yr, yc := y[r*n:(r+1)*n], y[c*n:(c+1)*n]
			f := s.half[e]
			for _, b := range s.small[u:] {
				var t float64
				for h := s.ptr[b]; h < s.ptr[b+1]; h++ {
					v, w := int(s.pos[h])/n, int(s.pos[h])%n
					t += s.half[h] * (pr[v]*yc[w] + pr[w]*yc[v] + pc[v]*yr[w] + pc[w]*yr[v])
				}
				m[i*ld+s.vars[b]] += f * t
			}
		}
	}
}
