package linear

import (
	"math"

	"github.com/plumb-go/plumb/internal/linalg"
)

// subspace holds what a predictor-based subspace estimate of any order needs: the map from past to state of the largest
// order, cut to the wanted one.
//
// With psi(k) = [u(k - delay); y(k)] and z(k) = [psi(k-1); ..; psi(k-s)], a vector ARX model y(k) = Theta z(k) + D u(k) + c gives the
// predictor's Markov parameters Theta_i = C Ã^(i-1) [B̃ K]. The matrix whose block row r holds Theta_(r+1), .., Theta_s,
// 0, .. maps z to the future outputs that the past decides; its singular value decomposition, weighed with the
// Cholesky factor of the past's covariance, gives the state x = S^(-1/2) U' M z. C, D, and then A, B, K follow by regression
// on states, all from the same lagged moments.
type subspace struct {
	l     *lagged
	delay []int
	s     int
	past  []int     // indices of z(k)
	next  []int     // indices of z(k+1)
	state []float64 // rank x len(past)
	rank  int
}

// newSubspace uses s past samples; false when the data do not suffice.
func newSubspace(l *lagged, delay []int, s, largest int) (*subspace, bool) {
	q := &subspace{l: l, delay: delay, s: s, past: l.psi(delay, 1, s), next: l.psi(delay, 0, s-1)}
	w := l.m + l.p
	x := append(append(append([]int(nil), q.past...), l.inputs(delay)...), l.n-1)
	theta, ok := l.regress(x, l.outputs())
	if !ok {
		return nil, false
	}
	future := min(s, largest/l.p+2)
	cols := s * w
	m := make([]float64, future*l.p*cols)
	for r := range future {
		for o := range l.p {
			row := m[(r*l.p+o)*cols : (r*l.p+o+1)*cols]
			for c := range (s - r) * w {
				row[c] = theta[(r*w+c)*l.p+o]
			}
		}
	}
	cov := make([]float64, cols*cols)
	for a, i := range q.past {
		for b, j := range q.past {
			cov[a*cols+b] = l.g[i*l.n+j] / l.rows
		}
		cov[a*cols+a] += ridge
	}
	f, ok := linalg.Cholesky(cols, cov)
	if !ok {
		return nil, false
	}
	u, sv, _, err := linalg.SVD(future*l.p, cols, linalg.Mul(future*l.p, cols, cols, m, f))
	if err != nil {
		return nil, false
	}
	k := len(sv)
	for q.rank < min(largest, k) && sv[q.rank] > 1e-9*sv[0] {
		q.rank++
	}
	left := make([]float64, q.rank*future*l.p)
	for r := range q.rank {
		for i := range future * l.p {
			left[r*future*l.p+i] = u[i*k+r] / math.Sqrt(sv[r])
		}
	}
	q.state = linalg.Mul(q.rank, future*l.p, cols, left, m)
	return q, true
}

// psi lists the indices of psi(k-from), .., psi(k-to).
func (l *lagged) psi(delay []int, from, to int) (out []int) {
	for i := from; i <= to; i++ {
		for j, d := range delay {
			out = append(out, l.at(j, d+i))
		}
		for o := range l.p {
			out = append(out, l.at(l.m+o, i))
		}
	}
	return out
}

func (l *lagged) inputs(delay []int) (out []int) {
	for j, d := range delay {
		out = append(out, l.at(j, d))
	}
	return out
}

func (l *lagged) outputs() (out []int) {
	for o := range l.p {
		out = append(out, l.at(l.m+o, 0))
	}
	return out
}

// combined returns the moments X Y' of linear combinations: x maps the signals xi to rows(x) rows, y likewise.
func (l *lagged) combined(rx int, x []float64, xi []int, ry int, y []float64, yi []int) []float64 {
	g := make([]float64, len(xi)*len(yi))
	for a, i := range xi {
		for b, j := range yi {
			g[a*len(yi)+b] = l.g[i*l.n+j]
		}
	}
	return linalg.Mul(rx, len(xi), ry, x, linalg.Mul(len(xi), len(yi), ry, g, linalg.Transpose(ry, len(yi), y)))
}

// model estimates A, B, C, D and the output offset of the given order, at most q.rank.
func (q *subspace) model(n int) (a, b, c, d, y0 []float64, ok bool) {
	l := q.l
	m, p := l.m, l.p
	// regressors [x(k); u(k); 1; y(k)], the last p for the state equation only
	now := append(append(append([]int(nil), q.past...), l.inputs(q.delay)...), l.n-1)
	now = append(now, l.outputs()...)
	base := n + m + 1
	rows := base + p
	t := make([]float64, rows*len(now))
	for r := range n {
		copy(t[r*len(now):], q.state[r*len(q.past):(r+1)*len(q.past)])
	}
	for r := n; r < rows; r++ {
		t[r*len(now)+len(q.past)+r-n] = 1
	}
	s := q.state[:n*len(q.past)]
	g := l.combined(rows, t, now, rows, t, now)
	gx := l.combined(rows, t, now, n, s, q.next)
	solve := func(size, k int, rhs []float64) ([]float64, bool) {
		h := make([]float64, size*size)
		for i := range size {
			copy(h[i*size:(i+1)*size], g[i*rows:i*rows+size])
			h[i*size+i] *= 1 + ridge
		}
		f, ok := linalg.Cholesky(size, h)
		if !ok {
			return nil, false
		}
		return linalg.SolveCholesky(size, k, f, rhs), true
	}
	gy := make([]float64, base*p)
	for r := range base {
		copy(gy[r*p:(r+1)*p], g[r*rows+base:r*rows+rows])
	}
	out, ok := solve(base, p, gy)
	if !ok {
		return
	}
	st, ok := solve(rows, n, gx)
	if !ok {
		return
	}
	a, b = make([]float64, n*n), make([]float64, n*m)
	c, d, y0 = make([]float64, p*n), make([]float64, p*m), make([]float64, p)
	for o := range p {
		for r := range n {
			c[o*n+r] = out[r*p+o]
		}
		for j := range m {
			d[o*m+j] = out[(n+j)*p+o]
		}
		y0[o] = out[(n+m)*p+o]
	}
	for r := range n { // x(k+1) = Ã x + B̃ u + b̃ + K y with y = C x + D u + y0 + e
		for i := range n {
			a[r*n+i] = st[i*n+r]
			for o := range p {
				a[r*n+i] += st[(base+o)*n+r] * c[o*n+i]
			}
		}
		for j := range m {
			b[r*m+j] = st[(n+j)*n+r]
			for o := range p {
				b[r*m+j] += st[(base+o)*n+r] * d[o*m+j]
			}
		}
	}
	return a, b, c, d, y0, true
}
