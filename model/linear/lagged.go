package linear

import (
	"github.com/plumb-go/plumb/internal/linalg"
)

// lagged holds the second moments of all inputs and outputs at lags 0..lags and of the constant 1: every ARX model up to
// that memory, with any delays, and the subspace estimate are least-squares problems on blocks of it.
type lagged struct {
	m, p, lags int
	n          int       // size: (m+p)(lags+1) + 1, the constant last
	g          []float64 // n x n, symmetric
	rows       float64   // samples summed
}

// at is the index of signal c (inputs first) at the given lag.
func (l *lagged) at(c, lag int) int { return lag*(l.m+l.p) + c }

// newLagged sums over the samples of each stretch that have all their output lags inside it. The lead of the stretches
// must be at least lags.
//
// Method: the entry for lags (i+1, j+1) is the entry for (i, j) moved by one sample, so only products with an unlagged
// factor are summed in full: N (lags+1) (m+p)^2 multiplications in all.
func newLagged(parts []stretch, m, p, lags int) *lagged {
	l := &lagged{m: m, p: p, lags: lags, n: (m+p)*(lags+1) + 1}
	l.g = make([]float64, l.n*l.n)
	for i := range parts {
		l.add(&parts[i])
	}
	for i := range l.n {
		for j := range i {
			l.g[i*l.n+j] = l.g[j*l.n+i]
		}
	}
	return l
}

// add sums the upper triangle (lag of the row at most the lag of the column) of one stretch.
func (l *lagged) add(s *stretch) {
	from, to := l.lags, s.steps
	if to <= from {
		return
	}
	q := l.m + l.p
	signal := func(c int) (x []float64, origin int) {
		if c < l.m {
			return s.u[c], s.lead
		}
		return s.y[c-l.m], 0
	}
	part := make([]float64, l.n*l.n)
	for a := range q {
		xa, oa := signal(a)
		for b := range q {
			xb, ob := signal(b)
			for j := range l.lags + 1 {
				part[l.at(a, 0)*l.n+l.at(b, j)] = dot(xa[oa+from:oa+to], xb[ob+from-j:ob+to-j])
			}
			for j := 1; j <= l.lags; j++ { // along each diagonal
				for i := 1; i <= j; i++ {
					part[l.at(a, i)*l.n+l.at(b, j)] = part[l.at(a, i-1)*l.n+l.at(b, j-1)] +
						xa[oa+from-i]*xb[ob+from-j] - xa[oa+to-i]*xb[ob+to-j]
				}
			}
		}
		for j := range l.lags + 1 {
			var sum float64
			for _, v := range xa[oa+from-j : oa+to-j] {
				sum += v
			}
			part[l.at(a, j)*l.n+l.n-1] = sum
		}
	}
	count := float64(to - from)
	part[l.n*l.n-1] = count
	l.rows += count
	for i := range l.n {
		for j := i; j < l.n; j++ {
			l.g[i*l.n+j] += part[i*l.n+j]
		}
	}
}

// ridge is the weight that keeps normal equations definite, as a share of the number of samples: scaled signals have
// unit variance, so it stands for a noise of that variance on the regressors.
const ridge = 1e-10

// regress returns the least-squares coefficients (len(x) x len(y), row-major) of the signals with indices y on those with
// indices x, and false when the normal equations break down.
func (l *lagged) regress(x, y []int) ([]float64, bool) {
	a, b := make([]float64, len(x)*len(x)), make([]float64, len(x)*len(y))
	for i, xi := range x {
		for j, xj := range x {
			a[i*len(x)+j] = l.g[xi*l.n+xj]
		}
		a[i*len(x)+i] += ridge * l.rows
		for j, yj := range y {
			b[i*len(y)+j] = l.g[xi*l.n+yj]
		}
	}
	f, ok := linalg.Cholesky(len(x), a)
	if !ok {
		return nil, false
	}
	return linalg.SolveCholesky(len(x), len(y), f, b), true
}

func dot(a, b []float64) (s float64) {
	b = b[:len(a)]
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
