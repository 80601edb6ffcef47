package linear

import (
	"math"
	"slices"

	"github.com/plumb-go/plumb/internal/linalg"
)

// least share of the largest state variance that counts as a variance of its own, in the coordinates of the sections.
const leastVariance = 1e-12

// spread is what the states of a sum do over the fitter's stretches.
type spread struct {
	mean, cov []float64 // of the states, in the coordinates of the sections; cov is positive definite
	errors    []float64 // mean square simulation error of each output
}

// visit simulates all stretches and returns their spread.
func (f *fitter) visit(s *sum, x0 [][]float64) *spread {
	for i := range f.parts {
		f.bank(s, i).simulate(s, x0[i])
	}
	return f.spread(s)
}

// spread sums over every stride-th sample of what the banks last simulated.
func (f *fitter) spread(s *sum) *spread {
	n := s.order()
	v := &spread{make([]float64, n), make([]float64, n*n), make([]float64, s.p)}
	count := 0.0
	x := make([]float64, n)
	for i := range f.parts {
		b := f.bank(s, i)
		for k := 0; k < b.steps; k += f.stride {
			count++
			for r := range x {
				x[r] = b.x[r][k]
				v.mean[r] += x[r]
				axpy(v.cov[r*n:r*n+r+1], x[r], x)
			}
			for o, y := range f.parts[i].y {
				d := y[k] - b.yhat[o][k]
				v.errors[o] += d * d
			}
		}
	}
	for o := range v.errors {
		v.errors[o] = max(v.errors[o]/count, 1e-12)
	}
	var top float64
	for r := range n {
		v.mean[r] /= count
		for c := range r + 1 {
			z := v.cov[r*n+c]/count - v.mean[r]*v.mean[c]
			v.cov[r*n+c], v.cov[c*n+r] = z, z
		}
		top = max(top, v.cov[r*n+r])
	}
	for r := range n {
		v.cov[r*n+r] += leastVariance*(top+1e-6) + 1e-9*math.Abs(v.cov[r*n+r])
	}
	return v
}

// deployed turns a fitted sum into a model in scaled signals with unit state covariance over the fitter's stretches.
func (f *fitter) deployed(s *sum, x0 [][]float64) (*Model, *spread) {
	n := s.order()
	a, bx := s.dynamics()
	v := f.visit(s, x0)
	m := &Model{
		Order: n, Inputs: s.m, Outputs: s.p, A: a, B: slices.Clone(s.b), C: slices.Clone(s.c), D: slices.Clone(s.d),
		Bx: bx, By: slices.Clone(s.y0), Delay: slices.Clone(f.delay), forget: 1, mean: v.mean,
	}
	for _, e := range v.errors {
		m.trust = append(m.trust, 1/e)
	}
	if l, ok := linalg.Cholesky(n, v.cov); ok {
		m.transform(l)
	}
	return m, v
}

// transform changes the state to z with x = L z, L lower triangular.
func (m *Model) transform(l []float64) {
	n := m.Order
	inv, err := linalg.Inverse(n, l)
	if err != nil {
		return // keeps the coordinates it has
	}
	m.A = linalg.Mul(n, n, n, inv, linalg.Mul(n, n, n, m.A, l))
	m.B = linalg.Mul(n, n, m.Inputs, inv, m.B)
	m.C = linalg.Mul(m.Outputs, n, n, m.C, l)
	m.Bx = linalg.Mul(n, n, 1, inv, m.Bx)
	m.mean = linalg.Mul(n, n, 1, inv, m.mean)
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

// score is the mean square error of free simulation over the samples after the window, averaged over outputs, of a
// model in scaled signals. +Inf when it diverges.
func (m *Model) score(parts []stretch, windows []int) float64 {
	var ss, count float64
	for i := range parts {
		s, w := &parts[i], windows[i]
		u := make([][]float64, m.Inputs)
		uw := make([][]float64, m.Inputs)
		for j := range u {
			d := s.delayed(j, m.Delay[j])
			uw[j], u[j] = d[:w], d[w:]
		}
		yw := make([][]float64, m.Outputs)
		for o := range yw {
			yw[o] = s.y[o][:w]
		}
		y, _ := m.run(u, m.observe(uw, yw, w), s.steps-w)
		for o := range y {
			for k, v := range y[o] {
				d := s.y[o][w+k] - v
				ss += d * d
			}
			count += float64(len(y[o]))
		}
	}
	if v := ss / max(count, 1); !math.IsNaN(v) {
		return v
	}
	return math.Inf(1)
}
