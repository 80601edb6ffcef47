package stability

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/linalg"
)

// errNotAsymptotic is why no quadratic Lyapunov function can be chosen.
var errNotAsymptotic = errors.New("the linearisation is not asymptotically stable, so no quadratic V proves a region")

// choose searches P with a large region that can be proved: Nelder and Mead's method over the Cholesky factor of P, up to
// scale, from the solution of the Lyapunov equation with Q = I. The value of P is the volume of its smallest falsified
// level set and, with less weight, that of the core, the level set whose hull passes the slope form undivided; a P whose decrease
// at the equilibrium is not clearly definite has none. The core keeps away from P that fall so slowly in some direction
// that the proof would need very many boxes: measured, four states prove a hundred times the volume in the same time, and
// the checker needs a fifth of the boxes for two states, for a few percent of the volume.
func choose(e *enclosing, at []interval.I, r []float64) (*mat.SymDense, string, error) {
	n := e.n
	j := e.jacobianAt(mids(at))
	p0, err := Lyapunov(j, nil, e.Time())
	if err != nil {
		return nil, "", fmt.Errorf("no quadratic V was found: %w", err)
	}
	l0, ok := linalg.Cholesky(n, flat(p0))
	if l, err := Classify(j, e.Time()); err != nil || l.Verdict != Asymptotic || !ok {
		return nil, "", errNotAsymptotic
	}
	m := &metricSearch{e: e, at: at, r: r, jac: point(flat(j)), base: l0}
	best, bestAt := m.value(p0), p0
	start := make([]float64, n*(n+1)/2-1)
	if len(start) == 0 {
		return p0, "A'P + PA = -I", nil
	}
	result, err := optimize.Minimize(optimize.Problem{Func: func(x []float64) float64 {
		p := m.matrix(x)
		v := m.value(p)
		if v > best {
			best, bestAt = v, p
		}
		return -v
	}}, start, &optimize.Settings{FuncEvaluations: metricEvaluations * n}, &optimize.NelderMead{SimplexSize: 0.3})
	if result == nil && err != nil {
		return p0, "A'P + PA = -I", nil
	}
	return bestAt, "searched for a large region that can be proved", nil
}

// metricEvaluations is the number of matrices tried per state.
const metricEvaluations = 120

type metricSearch struct {
	e    *enclosing
	at   []interval.I
	r    []float64
	jac  []interval.I
	base []float64 // Cholesky factor of the first P
}

// matrix is P = L L' with L = base (I + X), X lower triangular with the entries x; the first diagonal entry is fixed, which
// fixes the scale, and the others are exponents.
func (m *metricSearch) matrix(x []float64) *mat.SymDense {
	n := m.e.n
	t := linalg.Identity(n)
	k := 0
	for i := range n {
		for j := range i + 1 {
			switch {
			case i == 0:
				continue
			case i == j:
				t[i*n+i] = math.Exp(x[k])
			default:
				t[i*n+j] = x[k]
			}
			k++
		}
	}
	l := linalg.Mul(n, n, n, m.base, t)
	return symmetric(n, linalg.Mul(n, n, n, l, linalg.Transpose(n, n, l)))
}

// relative returns the eigenvalues of P^-1 S, rising; they do not depend on the units of the states.
func relative(n int, s, p []float64) ([]float64, error) {
	l, ok := linalg.Cholesky(n, p)
	if !ok {
		return nil, errNotAsymptotic
	}
	inv, err := linalg.Inverse(n, l)
	if err != nil {
		return nil, err
	}
	w, _, err := linalg.EigenSym(n, linalg.Mul(n, n, n, linalg.Mul(n, n, n, inv, s), linalg.Transpose(n, n, inv)))
	return w, err
}

// clearly is the smallest ratio of the extreme relative rates of decrease at the equilibrium: below it the box on which
// the slope form works becomes too small.
const clearly = 1e-3

// coreWeight is that of the logarithm of the core's volume beside that of the falsified level set.
const coreWeight = 0.1

// worthless is the value of a P that does not prove anything, or less.
const worthless = -1e3

// value is the logarithm of the volumes, weighted; at most worthless where P does not prove anything.
func (m *metricSearch) value(p *mat.SymDense) float64 {
	q := newQuadratic(m.e, p, m.at)
	v := m.score(q)
	if v <= worthless {
		return v
	}
	unit := math.Log(q.volume(1))
	half := float64(m.e.n) / 2
	core := q.coreLevel(math.Exp((v - unit) / half))
	if !(core > 0) {
		return worthless
	}
	return v + coreWeight*(unit+half*math.Log(core))
}

// coreLevel is about the largest level up to limit whose sublevel set lies in a box that passes the slope form; 0
// where none was found.
func (q *quadratic) coreLevel(limit float64) float64 {
	passes := func(level float64) bool {
		r, err := q.hull(level)
		if err != nil {
			return false
		}
		d := make([]interval.I, q.n)
		for i := range d {
			d[i] = interval.I{Lo: -r[i], Hi: r[i]}
		}
		return q.slope(d)
	}
	if passes(limit) {
		return limit
	}
	const quarters, bisections = 20, 8
	high := limit
	for range quarters {
		low := high / 4
		if !passes(low) {
			high = low
			continue
		}
		for range bisections {
			if m := (low + high) / 2; passes(m) {
				low = m
			} else {
				high = m
			}
		}
		return low
	}
	return 0
}

// score is the logarithm of the volume of the falsified level set.
func (m *metricSearch) score(q *quadratic) float64 {
	n := m.e.n
	decreaseMatrix(q.sym, q.ip, m.jac, n, q.time, q.work)
	w, err := relative(n, mids(q.sym), q.p)
	if err != nil || !(w[n-1] > 0) {
		return -1e6
	}
	if w[0] < clearly*w[n-1] {
		return worthless * (1 + clearly - w[0]/w[n-1])
	}
	limit, err := q.within(m.r)
	if err != nil {
		return -1e6
	}
	f, ok := newFalsifier(q, 60)
	if !ok {
		return -1e6
	}
	s, z := f.search(math.Sqrt(limit), 48*n, 0, searchStream("metric"))
	if z == nil {
		s = math.Sqrt(limit)
	}
	return math.Log(q.volume(s * s))
}
