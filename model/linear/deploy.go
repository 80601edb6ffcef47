package linear

import (
	"math"
	"slices"

	"github.com/plumb-go/plumb/internal/linalg"
)

// prior is the matrix of the penalty x' Pi x on an initial state, n x n and positive definite:
//
//	Pi = mean over H = 1, 2, 4, .. <= steps of (1/H) sum_{k<H} (C A^k)' C A^k
//
// x' Pi x is the mean square of the free response, averaged over horizons of all orders, so a unit penalty stands for free
// responses about as large as the (scaled) outputs. It sees what modes do together, where a covariance of states would
// not, and does not depend on the inputs.
func (s *sum) prior(steps int) []float64 {
	n := s.order()
	a, _ := s.dynamics()
	g := linalg.Mul(n, s.p, n, linalg.Transpose(s.p, n, s.c), s.c) // sum over H samples
	out := make([]float64, n*n)
	count := 0.0
	for h := 1; h <= max(steps, 1); h *= 2 {
		axpy(out, 1/float64(h), g)
		count++
		g1 := linalg.Mul(n, n, n, linalg.Transpose(n, n, a), linalg.Mul(n, n, n, g, a))
		axpy(g, 1, g1)
		a = linalg.Mul(n, n, n, a, a)
	}
	const least = 1e-12 // share of the trace: states that no output shows
	var trace float64
	for r := range n {
		trace += out[r*n+r]
	}
	for r := range n {
		out[r*n+r] += least*trace + 1e-300
		for c := range n {
			out[r*n+c] /= count
		}
	}
	return out
}

// horizon is the mean length of the fitter's stretches.
func (f *fitter) horizon() int { return length(f.parts) / len(f.parts) }

// errors returns the mean square simulation error of each output.
func (f *fitter) errors(s *sum, x0 [][]float64) []float64 {
	out := make([]float64, s.p)
	for i := range f.parts {
		b := f.bank(s, i)
		b.simulate(s, x0[i])
		for o, y := range f.parts[i].y {
			for k, v := range y {
				d := v - b.yhat[o][k]
				out[o] += d * d
			}
		}
	}
	for o := range out {
		out[o] = max(out[o]/float64(length(f.parts)), 1e-12)
	}
	return out
}

// deployed turns a fitted sum into a model in scaled signals whose coordinates make the prior the identity.
func (f *fitter) deployed(s *sum, errors []float64) *Model {
	n := s.order()
	a, bx := s.dynamics()
	m := &Model{
		Order: n, Inputs: s.m, Outputs: s.p, A: a, B: slices.Clone(s.b), C: slices.Clone(s.c), D: slices.Clone(s.d),
		Bx: bx, By: slices.Clone(s.y0), Delay: slices.Clone(f.delay), forget: 1,
	}
	for _, e := range errors {
		m.trust = append(m.trust, 1/e)
	}
	if l, ok := linalg.Cholesky(n, s.prior(f.horizon())); ok { // z = L' x has |z|^2 = x' Pi x
		if t, err := linalg.Inverse(n, linalg.Transpose(n, n, l)); err == nil {
			m.transform(t, linalg.Transpose(n, n, l))
		}
	}
	return m
}

// transform changes the state to z with x = T z.
func (m *Model) transform(t, inv []float64) {
	n := m.Order
	m.A = linalg.Mul(n, n, n, inv, linalg.Mul(n, n, n, m.A, t))
	m.B = linalg.Mul(n, n, m.Inputs, inv, m.B)
	m.C = linalg.Mul(m.Outputs, n, n, m.C, t)
	m.Bx = linalg.Mul(n, n, 1, inv, m.Bx)
}

// physical turns a model in scaled signals into one in physical units.
func (s *scaling) physical(m *Model) *Model {
	out := *m
	out.B, out.C, out.D = slices.Clone(m.B), slices.Clone(m.C), slices.Clone(m.D)
	out.Bx, out.By, out.trust = slices.Clone(m.Bx), slices.Clone(m.By), slices.Clone(m.trust)
	for r := range m.Order {
		for j := range m.Inputs {
			out.B[r*m.Inputs+j] /= s.uStd[j]
			out.Bx[r] -= out.B[r*m.Inputs+j] * s.uMean[j]
		}
	}
	for i := range m.Outputs {
		for r := range m.Order {
			out.C[i*m.Order+r] *= s.yStd[i]
		}
		out.By[i] = s.yMean[i] + s.yStd[i]*m.By[i]
		for j := range m.Inputs {
			out.D[i*m.Inputs+j] *= s.yStd[i] / s.uStd[j]
			out.By[i] -= out.D[i*m.Inputs+j] * s.uMean[j]
		}
		out.trust[i] /= s.yStd[i] * s.yStd[i]
	}
	return &out
}

// score is the mean square error of free simulation over the samples after the windows, averaged over outputs, of a
// model in scaled signals; each stretch is simulated from its beginning and, with more than one start, from as many
// places. +Inf when it diverges.
func (m *Model) score(parts []stretch, starts int) float64 {
	var ss, count float64
	for i := range parts {
		s := &parts[i]
		for k := range starts {
			if k > 0 && s.steps < 4*s.window {
				break
			}
			e, n := m.sse(s, k*s.steps/starts)
			ss, count = ss+e, count+n
		}
	}
	if v := ss / max(count, 1); !math.IsNaN(v) {
		return v
	}
	return math.Inf(1)
}

// sse sums squared errors of the simulation whose window begins at a sample.
func (m *Model) sse(s *stretch, from int) (ss, count float64) {
	w := min(s.window, s.steps-from)
	u, uw := make([][]float64, m.Inputs), make([][]float64, m.Inputs)
	for j := range u {
		d := s.delayed(j, m.Delay[j])
		uw[j], u[j] = d[from:from+w], d[from+w:]
	}
	yw := make([][]float64, m.Outputs)
	for o := range yw {
		yw[o] = s.y[o][from : from+w]
	}
	y, _ := m.run(u, m.observe(uw, yw, w), s.steps-from-w)
	for o := range y {
		for k, v := range y[o] {
			d := s.y[o][from+w+k] - v
			ss += d * d
		}
		count += float64(len(y[o]))
	}
	return ss, count
}
