package linear

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
	"github.com/plumb-go/plumb/internal/linalg"
)

// layout numbers the parameters of a sum: poles of the free sections, B, drifts, C, D, y0. C is free with several
// outputs only.
type layout struct {
	n, m, p, poles, b, drift, c, d, y0, size int
}

func (s *sum) layout() layout {
	l := layout{n: s.order(), m: s.m, p: s.p}
	for _, q := range s.secs {
		if q.fixed == 0 {
			l.poles += q.order
		}
	}
	l.b = l.poles
	l.drift = l.b + l.n*l.m
	l.c = l.drift + len(s.drift)
	l.d = l.c
	if l.p > 1 {
		l.d += l.n * l.p
	}
	l.y0 = l.d + l.p*l.m
	l.size = l.y0 + l.p
	return l
}

// moved returns the sum with its parameters changed by step.
func (s *sum) moved(step []float64) *sum {
	l, out := s.layout(), s.clone()
	at := 0
	for i := range out.secs {
		q := &out.secs[i]
		if q.fixed > 0 {
			continue
		}
		q.t += step[at]
		if q.order == 2 {
			q.d += step[at+1]
		}
		at += q.order
	}
	add := func(x []float64, from int) {
		for i := range x {
			x[i] += step[from+i]
		}
	}
	add(out.b, l.b)
	add(out.drift, l.drift)
	if l.p > 1 {
		add(out.c, l.c)
	}
	add(out.d, l.d)
	add(out.y0, l.y0)
	return out
}

// normal holds the normal equations of the output error at one point, initial states apart:
//
//	[S  X_1' X_2' ..] step    = [rhs]
//	[X_i  Z_i       ] dx0_i     [w_i]
type normal struct {
	l      layout
	what   unknowns
	cost   float64   // sum of squares
	costs  []float64 // the same by output
	s, rhs []float64
	states []states // per stretch
	eyes   []states // per stretch, of the window that its initial state is estimated from; nil when it is free
}

// states are the blocks of an initial state: X n x size, Z n x n, w n.
type states struct{ x, z, w []float64 }

func newStates(l layout) states {
	return states{make([]float64, l.n*l.size), make([]float64, l.n*l.n), make([]float64, l.n)}
}

// unknowns says which parameters equations are for, beside the initial states.
type unknowns int

const (
	everything unknowns = iota
	butPoles            // everything that a single output depends on linearly
	onlyStates
)

// chunk is the number of rows of the Jacobian that are held at once.
const chunk = 512

// equations accumulates the normal equations over every stride-th sample.
func (f *fitter) equations(s *sum, x0 [][]float64, what unknowns) *normal {
	l := s.layout()
	q := &normal{l: l, what: what, s: make([]float64, l.size*l.size), rhs: make([]float64, l.size), costs: make([]float64, s.p)}
	for i := range f.parts {
		b := f.bank(s, i)
		b.simulate(s, x0[i])
		b.respond(s)
		if what == everything {
			b.sense(s)
		}
		y := f.parts[i].y
		at := newStates(l)
		for o := range s.p {
			cols := q.columns(o)
			g := q.products(s, b, y[o], o, len(cols), samples{0, b.steps, f.stride, nil})
			q.shared(cols, g, o)
			at.add(cols, g, l, 1)
		}
		q.states = append(q.states, at)
	}
	if f.eye != nil {
		q.eyes = f.eye.equations(f, q, s, x0)
	}
	for i := range l.size {
		for j := range i {
			q.s[i*l.size+j] = q.s[j*l.size+i]
		}
	}
	return q
}

// samples says which rows to take: every stride-th in [from, to), with weights unless nil.
type samples struct {
	from, to, stride int
	weight           []float64
}

// products returns the Gram matrix of the columns of one output's rows: parameters, initial state, residual.
func (q *normal) products(s *sum, b *bank, y []float64, out, shared int, r samples) []float64 {
	n := q.l.n
	width := shared + n + 1
	rows := make([]float64, width*chunk)
	g := make([]float64, width*width)
	for from := r.from; from < r.to; from += chunk * r.stride {
		count := min(chunk, (r.to-from+r.stride-1)/r.stride)
		j := jacobian{s: s, b: b, out: out, from: from, stride: r.stride, count: count, data: rows}
		if shared > 0 {
			j.fill(q.what == butPoles)
		}
		j.initial(n, from < b.live)
		res := rows[(width-1)*chunk : (width-1)*chunk+count]
		for k := range res {
			res[k] = y[from+k*r.stride] - b.yhat[out][from+k*r.stride]
		}
		if r.weight != nil {
			for i := range width {
				row := rows[i*chunk : i*chunk+count]
				for k := range row {
					row[k] *= r.weight[from+k*r.stride]
				}
			}
		}
		const panel = 48 // rows of the result at once: only the upper triangle is wanted
		for i := 0; i < width; i += panel {
			kernel.Gemm(false, true, min(panel, width-i), width-i, count, rows[i*chunk:], chunk, rows[i*chunk:], chunk, true, g[i*width+i:], width)
		}
	}
	return g
}

// shared adds the products among parameters to their places.
func (q *normal) shared(cols []int, g []float64, out int) {
	size, width := q.l.size, len(cols)+q.l.n+1
	for a, ca := range cols {
		for b := a; b < len(cols); b++ {
			cb := cols[b]
			q.s[min(ca, cb)*size+max(ca, cb)] += g[a*width+b]
		}
		q.rhs[ca] += g[a*width+width-1]
	}
	q.cost += g[width*width-1]
	q.costs[out] += g[width*width-1]
}

// add adds the products with an initial state, times f.
func (t *states) add(cols []int, g []float64, l layout, f float64) {
	n, width := l.n, len(cols)+l.n+1
	for a, ca := range cols {
		for r := range n {
			t.x[r*l.size+ca] += f * g[a*width+len(cols)+r]
		}
	}
	for r := range n {
		for c := r; c < n; c++ {
			v := f * g[(len(cols)+r)*width+len(cols)+c]
			t.z[r*n+c] += v
			if c != r {
				t.z[c*n+r] += v
			}
		}
		t.w[r] += f * g[(len(cols)+r)*width+width-1]
	}
}

// columns lists the parameters that output out depends on, in the order in which jacobian.fill writes them.
func (q *normal) columns(out int) []int {
	l := q.l
	var cols []int
	if q.what == onlyStates {
		return nil
	}
	if q.what == everything {
		for i := range l.poles {
			cols = append(cols, i)
		}
	}
	for i := l.b; i < l.c; i++ {
		cols = append(cols, i)
	}
	if l.p > 1 {
		for i := range l.n {
			cols = append(cols, l.c+out*l.n+i)
		}
	}
	for j := range l.m {
		cols = append(cols, l.d+out*l.m+j)
	}
	return append(cols, l.y0+out)
}

// solve returns the step of the parameters and of the initial states for the damping mu, relative to the diagonal. False
// when the equations are not positive definite.
//
// A free initial state is eliminated by its own equations (Schur complement). One that a window decides moves with the
// parameters as dx0 = k0 + K step, k0 = inv(Zw) ww, K = -inv(Zw) Xw, from the window's equations; that is put in.
func (q *normal) solve(mu float64) (step []float64, dx [][]float64, ok bool) {
	l := q.l
	n, size := l.n, l.size
	s, rhs := append([]float64(nil), q.s...), append([]float64(nil), q.rhs...)
	if q.eyes == nil {
		damp(s, size, mu)
	}
	k, k0 := make([][]float64, len(q.states)), make([][]float64, len(q.states))
	for i, t := range q.states {
		e := t
		if q.eyes != nil {
			e = q.eyes[i]
		}
		z := append([]float64(nil), e.z...)
		if q.eyes == nil {
			damp(z, n, mu)
		}
		c, ok := linalg.Cholesky(n, z)
		if !ok {
			return nil, nil, false
		}
		k0[i], k[i] = linalg.SolveCholesky(n, 1, c, e.w), linalg.SolveCholesky(n, size, c, e.x)
		for r := range k[i] {
			k[i][r] = -k[i][r]
		}
		if q.eyes == nil { // S + X'K, rhs - X' k0
			addTransposed(s, n, size, size, t.x, k[i], 1)
			addTransposed(rhs, n, size, 1, t.x, k0[i], -1)
			continue
		}
		// S + X'K + K'X + K'ZK = S + X'K + K'(X + ZK), rhs - X' k0 + K'(w - Z k0)
		xz := linalg.Mul(n, n, size, t.z, k[i])
		axpy(xz, 1, t.x)
		wz := linalg.Mul(n, n, 1, t.z, k0[i])
		for r := range wz {
			wz[r] = t.w[r] - wz[r]
		}
		addTransposed(s, n, size, size, t.x, k[i], 1)
		addTransposed(s, n, size, size, k[i], xz, 1)
		addTransposed(rhs, n, size, 1, t.x, k0[i], -1)
		addTransposed(rhs, n, size, 1, k[i], wz, 1)
	}
	if q.eyes != nil {
		damp(s, size, mu)
	}
	for i := range size { // what was left out stays
		if q.what == butPoles && i < l.poles || q.what == onlyStates {
			s[i*size+i] = 1
		}
	}
	c, ok := linalg.Cholesky(size, s)
	if !ok {
		return nil, nil, false
	}
	step = linalg.SolveCholesky(size, 1, c, rhs)
	for i := range k {
		d := linalg.Mul(n, size, 1, k[i], step)
		axpy(d, 1, k0[i])
		dx = append(dx, d)
	}
	return step, dx, true
}

// addTransposed adds f A'B to s, A n x r, B n x c, s r x c.
func addTransposed(s []float64, n, r, c int, a, b []float64, f float64) {
	for k := range n {
		bk := b[k*c : (k+1)*c]
		for i, v := range a[k*r : (k+1)*r] {
			if v != 0 {
				axpy(s[i*c:(i+1)*c], f*v, bk)
			}
		}
	}
}

// floor of the damping: rounding of normal equations whose columns are nearly dependent.
const leastDamping = 1e-11

// damp adds mu times the diagonal, and a trace for columns that are zero.
func damp(s []float64, n int, mu float64) {
	var top float64
	for i := range n {
		top = max(top, s[i*n+i])
	}
	for i := range n {
		s[i*n+i] += (mu+leastDamping)*s[i*n+i] + leastDamping*leastDamping*top + math.SmallestNonzeroFloat64
	}
}
