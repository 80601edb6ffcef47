package stability

import (
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/internal/linalg"
	"github.com/plumb-go/plumb/internal/rng"
)

// falsifier searches points where V does not fall, near the equilibrium first. In z = R d with P = R'R a level set is a
// sphere, and the level of a direction is the square of the first distance at which W is not negative.
type falsifier struct {
	q     *quadratic
	inv   []float64 // R^-1, n x n
	steps int       // samples along a ray
	z, d  []float64
}

func newFalsifier(q *quadratic, steps int) (*falsifier, bool) {
	l, ok := linalg.Cholesky(q.n, q.p) // P = L L', R = L'
	if !ok {
		return nil, false
	}
	inv, err := linalg.Inverse(q.n, linalg.Transpose(q.n, q.n, l))
	if err != nil || !finiteNumbers(inv) {
		return nil, false
	}
	return &falsifier{q: q, inv: inv, steps: steps, z: make([]float64, q.n), d: make([]float64, q.n)}, true
}

// at sets f.d to the deviation at distance s along the unit direction z and returns W there.
func (f *falsifier) at(z []float64, s float64) float64 {
	n := f.q.n
	for i := range n {
		f.d[i] = 0
		for j := i; j < n; j++ {
			f.d[i] += f.inv[i*n+j] * z[j]
		}
		f.d[i] *= s
	}
	return f.q.change(f.d)
}

// first returns the first sampled distance up to far at which W is not negative, refined by bisection; +Inf where there is
// none. NaN, where f is undefined, counts as not falling.
func (f *falsifier) first(z []float64, far float64) float64 {
	last := 0.0
	for k := 1; k <= f.steps; k++ {
		s := far * float64(k) / float64(f.steps)
		if f.at(z, s) < 0 {
			last = s
			continue
		}
		for range 40 {
			m := (last + s) / 2
			if f.at(z, m) < 0 {
				last = m
			} else {
				s = m
			}
		}
		return s
	}
	return math.Inf(1)
}

// search returns the smallest distance found over directions, and its direction; +Inf and nil where none was found. count
// directions are scanned and the best few refined by a pattern search on the sphere.
func (f *falsifier) search(far float64, count, refine int, r *rand.Rand) (float64, []float64) {
	type hit struct {
		s float64
		z []float64
	}
	var best []hit
	keep := func(s float64, z []float64) {
		if math.IsInf(s, 1) {
			return
		}
		i := len(best)
		for i > 0 && best[i-1].s > s {
			i--
		}
		best = append(best, hit{})
		copy(best[i+1:], best[i:])
		best[i] = hit{s, append([]float64(nil), z...)}
		if len(best) > max(refine, 1) {
			best = best[:len(best)-1]
		}
	}
	for _, z := range directions(f.q.n, count, r) {
		keep(f.first(z, far), z)
	}
	if len(best) == 0 {
		return math.Inf(1), nil
	}
	out := best[0]
	for _, h := range best[:min(refine, len(best))] {
		s, z := f.polish(h.s, h.z, count, r)
		if s < out.s {
			out = hit{s, z}
		}
	}
	return out.s, out.z
}

// negligible is the relative distance below which a failure is no longer followed inward: it reaches the equilibrium.
const negligible = 1e-9

// polish lowers the distance by steps along random tangent directions whose size halves when none helps.
func (f *falsifier) polish(s float64, z []float64, count int, r *rand.Rand) (float64, []float64) {
	n := f.q.n
	step := math.Pi / math.Pow(float64(count), 1/float64(max(n-1, 1)))
	y, least := make([]float64, n), s*negligible
	for step > 1e-7 && s > least {
		better := false
		for range 2 * n {
			for i := range y {
				y[i] = z[i] + step*r.NormFloat64()
			}
			if !normalise(y) {
				continue
			}
			if t := f.first(y, s); t < s {
				s, better = t, true
				copy(z, y)
			}
		}
		if !better {
			step /= 2
		}
	}
	return s, z
}

// directions returns unit vectors: evenly spaced in the plane, both ways on the line, the axes and random ones beyond.
func directions(n, count int, r *rand.Rand) [][]float64 {
	var out [][]float64
	switch n {
	case 1:
		return [][]float64{{1}, {-1}}
	case 2:
		for k := range count {
			s, c := math.Sincos(2 * math.Pi * float64(k) / float64(count))
			out = append(out, []float64{c, s})
		}
		return out
	}
	for i := range n {
		for _, sign := range []float64{1, -1} {
			z := make([]float64, n)
			z[i] = sign
			out = append(out, z)
		}
	}
	for len(out) < count {
		z := make([]float64, n)
		for i := range z {
			z[i] = r.NormFloat64()
		}
		if normalise(z) {
			out = append(out, z)
		}
	}
	return out
}

// searchStream names the random numbers of the search.
func searchStream(name string) *rand.Rand { return rng.Stream(0, "stability/"+name) }
