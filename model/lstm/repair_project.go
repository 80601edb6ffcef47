package lstm

import (
	"math"
	"slices"
)

// projection moves the magnitudes of the recurrent weights of one neuron, m0 (four gates by n), into the half-space
// a m <= room, and returns half the squared distance moved and its slope -d/d(room) >= 0. What it writes to m lies in
// [0, m0].
type projection func(m, m0, a []float64, room float64) (cost, slope float64)

// shrinkRow multiplies all weights of the neuron by one factor.
func shrinkRow(m, m0, a []float64, room float64) (cost, slope float64) {
	var load, norm float64
	for i, v := range m0 {
		load += a[i] * v
		norm += v * v
	}
	s := 1.0
	if load > room {
		s = room / load
		cost, slope = 0.5*norm*(1-s)*(1-s), norm*(1-s)/load
	}
	for i, v := range m0 {
		m[i] = s * v
	}
	return cost, slope
}

// shrinkEntries moves to the nearest point: m = max(0, m0 - slope a). The load of it is a convex, decreasing, piecewise
// linear function of the slope, so Newton's method from zero rises to its root in a few steps.
func shrinkEntries(m, m0, a []float64, room float64) (cost, slope float64) {
	for range 4 * len(m0) {
		load, drop := -room, 0.0
		for i, v := range m0 {
			if d := v - slope*a[i]; d > 0 {
				load, drop = load+a[i]*d, drop+a[i]*a[i]
			}
		}
		if load <= room*1e-12 || drop == 0 {
			break
		}
		slope += load / drop
	}
	for i, v := range m0 {
		m[i] = math.Max(0, v-slope*a[i])
		cost += 0.5 * square(v-m[i])
	}
	return cost, slope
}

// project finds recurrent weights near those of w0, in the sense of p, with which the layer decays with the rate. It
// starts from a w that does, with the metric eta. Given a metric, and the coefficients of K for the bounds of w, each
// neuron has its own half-space sum_k K_jk(m) eta_k <= eta_j, and the point nearest to w0 is found neuron by neuron;
// descent improves the metric. Then bounds and metric are found anew. The nearest w that passes is kept.
func (l *repairLayer) project(w, w0, eta []float64, rate float64, p projection) {
	const rounds = 30
	best, least := slices.Clone(w), l.distance(w, w0)
	zero := make([]float64, len(w))
	m := newMagnitudes(l, w0, p)
	for range rounds {
		if !l.bound(w, rate) {
			break
		}
		l.apply(w, w0, m.nearest(eta))
		from, to := slices.Clone(w), w0 // where it passes already, as far back towards the original as it does
		if !l.passes(w, rate) {
			from, to = zero, from
		}
		l.farthest(w, from, to, rate)
		var ok bool
		if eta, ok = l.contracts(w, rate); !ok {
			break
		}
		if d := l.distance(w, w0); d < least*(1-1e-3) {
			copy(best, w)
			least = d
		} else {
			break
		}
	}
	copy(w, best)
}

// distance is the squared distance of the recurrent weights.
func (l *repairLayer) distance(w, w0 []float64) (d float64) {
	for _, g := range l.gates {
		for i, v := range g.U.Of(w0) {
			d += square(v - g.U.Of(w)[i])
		}
	}
	return d
}

// magnitudes looks for the metric whose half-spaces lie nearest to the magnitudes m0 of the recurrent weights, listed by
// neuron, gate and column.
type magnitudes struct {
	l        *repairLayer
	p        projection
	m0, m, a []float64
}

func newMagnitudes(l *repairLayer, w0 []float64, p projection) *magnitudes {
	n := l.n
	s := &magnitudes{l: l, p: p, m0: make([]float64, 4*n*n), m: make([]float64, 4*n*n), a: make([]float64, 4*n)}
	for q, g := range l.gates {
		for i, v := range g.U.Of(w0) {
			s.m0[(i/n*4+q)*n+i%n] = math.Abs(v)
		}
	}
	return s
}

// nearest improves the metric eta by descent in its logarithm and returns the projected magnitudes.
func (s *magnitudes) nearest(eta []float64) []float64 {
	const (
		descents = 3
		spread   = 1.2 // of the logarithm of the metric about its mean: a lopsided metric stays nearer to w0 but proves gains of no use
	)
	n := s.l.n
	x, grad, next, trial := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	var centre float64
	for k := range x {
		x[k] = math.Log(eta[k])
		centre += x[k] / float64(n)
	}
	for k := range x {
		x[k] = min(max(x[k], centre-spread), centre+spread)
	}
	cost := s.cost(x, grad)
	best := slices.Clone(s.m)
	step := 1.0
	for range descents {
		var size float64
		for _, g := range grad {
			size = math.Max(size, math.Abs(g))
		}
		if size == 0 || step < 1e-6 {
			break
		}
		for k := range trial {
			trial[k] = min(max(x[k]-step*grad[k]/size, centre-spread), centre+spread)
		}
		c := s.cost(trial, next)
		if c >= cost {
			step /= 3
			continue
		}
		cost, step = c, 1.5*step
		x, trial, grad, next = trial, x, next, grad
		copy(best, s.m)
	}
	return best
}

// cost is half the squared distance for the metric exp(x), and its gradient: by the envelope theorem that of the
// half-space a m <= 1 with a = K_jk eta_k / eta_j, times the slope.
func (s *magnitudes) cost(x, grad []float64) (sum float64) {
	const tight = 1 - 1e-7 // strictness for the exact checker
	n := s.l.n
	clear(grad)
	eta := make([]float64, n)
	for k, v := range x {
		eta[k] = math.Exp(v)
	}
	for j := range n {
		for q := range 4 {
			c := s.l.coef[q][j] / eta[j]
			for k, v := range eta {
				s.a[q*n+k] = c * v
			}
		}
		row := s.m[j*4*n : (j+1)*4*n]
		cost, slope := s.p(row, s.m0[j*4*n:(j+1)*4*n], s.a, tight)
		sum += cost
		if slope == 0 {
			continue
		}
		for q := range 4 {
			for k := range n {
				g := slope * s.a[q*n+k] * row[q*n+k]
				grad[k] += g
				grad[j] -= g
			}
		}
	}
	return sum
}

// apply gives the recurrent weights of w the signs of w0 and the magnitudes m.
func (l *repairLayer) apply(w, w0, m []float64) {
	n := l.n
	for q, g := range l.gates {
		u, u0 := g.U.Of(w), g.U.Of(w0)
		for i := range u {
			u[i] = math.Copysign(m[(i/n*4+q)*n+i%n], u0[i])
		}
	}
}
