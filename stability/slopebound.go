package stability

import (
	"math"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/linalg"
)

// fall is a lower bound of -W = d'Sd over the box, for every S in the interval matrix q.sym that slope left: -Inf where it has
// none.
//
// Claim: with S = M +- R, m the middle of the box and r its half widths, and D >= 0 diagonal such that M + D is positive definite,
//
//	d'Sd >= m'Mm + min (2 m'M v + v'(M + D)v) - sum D_i r_i^2 - |d|'R|d|,   |v_i| <= r_i
//
// and a convex function lies above its tangent at any point, so that a minimiser in floating point is enough.
//
// So a box passes where W is clearly negative for the one M of its middle, however badly the directions in which V falls fast
// and slowly are mixed: the quadratic part of W costs nothing, only the change of the slopes over the box does. The mean value
// form pays for both.
//
// Numerics: verified.
func (q *quadratic) fall(d []interval.I) float64 {
	n := q.n
	if !finiteAll(q.sym) {
		return math.Inf(-1)
	}
	m, w := mids(d), make([]float64, n)
	middle, wide := make([]float64, n*n), make([]float64, n*n) // M and R
	for i := range n {
		w[i] = d[i].Radius()
	}
	for i := range n {
		for j := range n {
			middle[i*n+j] = q.sym[i*n+j].Mid()
			wide[i*n+j] = q.sym[i*n+j].Radius()
		}
	}
	convex, penalty, ok := convexified(n, middle, w)
	if !ok {
		return math.Inf(-1)
	}
	v := boxMinimum(n, convex, linalg.Mul(n, n, 1, middle, m), w)
	var s interval.I
	pm, pv, pw := point(m), point(v), point(w)
	im, ic := point(middle), point(convex)
	s = form(im, pm)
	for i := range n {
		var mm, cv, rest interval.I
		for j := range n {
			mm = mm.Add(im[i*n+j].Mul(pm[j]))
			cv = cv.Add(ic[i*n+j].Mul(pv[j]))
			rest = rest.Add(interval.Point(wide[i*n+j]).Mul(interval.Point(d[j].Mag())))
		}
		g := mm.Add(cv).Scale(2) // the gradient at v
		s = s.Add(mm.Scale(2).Mul(pv[i])).Add(cv.Mul(pv[i])).Add(g.Mul(interval.I{Lo: -w[i], Hi: w[i]}.Sub(pv[i])))
		s = s.Sub(rest.Mul(interval.Point(d[i].Mag()))).Sub(interval.Point(penalty[i]).Mul(pw[i].Sqr()))
	}
	if s.IsUndefined() {
		return math.Inf(-1)
	}
	return s.Lo
}

// convexified returns M + D, verified positive definite, and D, for vectors of the sizes w.
func convexified(n int, m, w []float64) (sum, d []float64, ok bool) {
	scaled := make([]float64, n*n)
	for i := range n {
		for j := range n {
			scaled[i*n+j] = m[i*n+j] * w[i] * w[j]
		}
	}
	values, _, err := linalg.EigenSym(n, scaled)
	if err != nil {
		return nil, nil, false
	}
	const margin = 1e-9 // of the size of M: room for definite to see it
	add := max(0, -values[0]) + margin*max(math.Abs(values[0]), math.Abs(values[n-1]))
	sum, d = append([]float64(nil), m...), make([]float64, n)
	for i := range n {
		if !(w[i] > 0) {
			return nil, nil, false
		}
		d[i] = add / (w[i] * w[i])
		up := interval.Point(m[i*n+i]).Add(interval.Point(d[i]))
		sum[i*n+i] = up.Lo
	}
	return sum, d, definite(n, point(sum))
}

// boxMinimum is about the minimiser of 2 g'v + v'Mv over |v_i| <= w_i, M positive definite, by sweeps over the coordinates.
func boxMinimum(n int, m, g, w []float64) []float64 {
	v := make([]float64, n)
	const sweeps = 12
	for range sweeps {
		for i := range n {
			s := g[i]
			for j := range n {
				if j != i {
					s += m[i*n+j] * v[j]
				}
			}
			v[i] = min(max(-s/m[i*n+i], -w[i]), w[i])
		}
	}
	return v
}
