package linear

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

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
	l       layout
	what    unknowns
	cost    float64 // sum of squares
	s, rhs  []float64
	x, z, w [][]float64 // per stretch: n x size, n x n, n
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
	q := &normal{l: l, what: what, s: make([]float64, l.size*l.size), rhs: make([]float64, l.size)}
	for i := range f.parts {
		b := f.bank(s, i)
		b.simulate(s, x0[i])
		b.respond(s)
		if what == everything {
			b.sense(s)
		}
		q.x = append(q.x, make([]float64, l.n*l.size))
		q.z = append(q.z, make([]float64, l.n*l.n))
		q.w = append(q.w, make([]float64, l.n))
		for out := range s.p {
			q.output(s, b, f.parts[i].y[out], out, i, f.stride)
		}
	}
	for i := range l.size {
		for j := range i {
			q.s[i*l.size+j] = q.s[j*l.size+i]
		}
	}
	return q
}

// output adds the rows of one output of one stretch.
func (q *normal) output(s *sum, b *bank, y []float64, out, part, stride int) {
	cols := q.columns(s, out)
	shared := len(cols) // then the initial state, then the residual
	n := q.l.n
	width := shared + n + 1
	rows := make([]float64, width*chunk)
	g := make([]float64, width*width)
	for from := 0; from < b.steps; from += chunk * stride {
		count := min(chunk, (b.steps-from+stride-1)/stride)
		j := jacobian{s: s, b: b, out: out, from: from, stride: stride, count: count, data: rows}
		if q.what != onlyStates {
			j.fill(q.what == butPoles)
		}
		live := from < b.live
		j.skip(n, live)
		res := rows[(width-1)*chunk : (width-1)*chunk+count]
		for k := range res {
			res[k] = y[from+k*stride] - b.yhat[out][from+k*stride]
		}
		blas64.Syrk(blas.NoTrans, 1, blas64.General{Rows: width, Cols: count, Stride: chunk, Data: rows}, 1,
			blas64.Symmetric{N: width, Stride: width, Data: g, Uplo: blas.Upper})
	}
	q.scatter(cols, g, shared, part)
}

// scatter adds an output's local products to their places.
func (q *normal) scatter(cols []int, g []float64, shared, part int) {
	n, size := q.l.n, q.l.size
	width := shared + n + 1
	for a, ca := range cols {
		for b := a; b < shared; b++ {
			cb := cols[b]
			q.s[min(ca, cb)*size+max(ca, cb)] += g[a*width+b]
		}
		q.rhs[ca] += g[a*width+width-1]
		for r := range n {
			q.x[part][r*size+ca] += g[a*width+shared+r]
		}
	}
	for r := range n {
		for c := r; c < n; c++ {
			v := g[(shared+r)*width+shared+c]
			q.z[part][r*n+c] += v
			if c != r {
				q.z[part][c*n+r] += v
			}
		}
		q.w[part][r] += g[(shared+r)*width+width-1]
	}
	q.cost += g[width*width-1]
}

// columns lists the parameters that output out depends on, in the order in which jacobian.fill writes them.
func (q *normal) columns(s *sum, out int) []int {
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

// solve returns the step of the parameters and of the initial states for the damping mu, relative to the diagonal. False when the equations are not positive definite.
func (q *normal) solve(mu float64) (step []float64, dx [][]float64, ok bool) {
	l := q.l
	size := l.size
	s, rhs := append([]float64(nil), q.s...), append([]float64(nil), q.rhs...)
	damp(s, size, mu)
	factors := make([][]float64, len(q.z))
	for i := range q.z {
		z := append([]float64(nil), q.z[i]...)
		damp(z, l.n, mu)
		if factors[i], ok = linalg.Cholesky(l.n, z); !ok {
			return nil, nil, false
		}
		zx := linalg.SolveCholesky(l.n, size, factors[i], q.x[i])
		zw := linalg.SolveCholesky(l.n, 1, factors[i], q.w[i])
		for r := range l.n {
			for a := range size {
				v := q.x[i][r*size+a]
				if v == 0 {
					continue
				}
				rhs[a] -= v * zw[r]
				row, zr := s[a*size:(a+1)*size], zx[r*size:(r+1)*size]
				for c := range row {
					row[c] -= v * zr[c]
				}
			}
		}
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
	for i := range q.z {
		w := append([]float64(nil), q.w[i]...)
		for r := range l.n {
			w[r] -= dot(q.x[i][r*size:(r+1)*size], step)
		}
		dx = append(dx, linalg.SolveCholesky(l.n, 1, factors[i], w))
	}
	return step, dx, true
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
