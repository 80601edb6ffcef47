package linear

import (
	"math"
)

// eye is the estimator of initial states as training sees it: the state at the beginning of a stretch is the one that
// Model.InitialState would find in the stretch's first samples. A fit whose initial states are free may hide an error
// of its own, such as friction at rest, in states that no window shows.
type eye struct {
	trust  []float64 // weight of a squared error, per output
	forget float64
}

// equations returns, per stretch, the equations of the window and the prior. The fitter's banks must hold the
// simulation from x0. How the prior changes with the poles is left out.
func (e *eye) equations(f *fitter, q *normal, s *sum, x0 [][]float64) []states {
	n := q.l.n
	prior := s.prior(f.horizon())
	out := make([]states, len(f.parts))
	for i := range f.parts {
		out[i] = newStates(q.l)
		b := f.bank(s, i)
		w := f.parts[i].window
		weight := make([]float64, w)
		for k := range weight {
			weight[k] = math.Pow(e.forget, 0.5*float64(w-1-k))
		}
		for o := range s.p {
			cols := q.columns(o)
			g := q.products(s, b, f.parts[i].y[o], o, len(cols), samples{0, w, 1, weight})
			out[i].add(cols, g, q.l, e.trust[o])
		}
		for r := range n {
			for c := range n {
				out[i].z[r*n+c] += prior[r*n+c]
				out[i].w[r] -= prior[r*n+c] * x0[i][c]
			}
		}
	}
	return out
}
