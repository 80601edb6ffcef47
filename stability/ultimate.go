package stability

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/linalg"
	"github.com/plumb-go/plumb/internal/rng"
)

// UltimateBounds are bounds of limsup |s(t)| for s(t+1) = A s(t) + w(t) with |w(t)| <= B in the Euclidean norm, and the
// largest value that a disturbance was found to reach. All are upper bounds except Reached.
type UltimateBounds struct {
	Lecture    float64   // sqrt(cond P) B / (1 - sqrt gamma), P = sum (A')^t A^t
	BestMetric float64   // the same with P chosen on a grid of rates
	Ellipsoid  float64   // half the longest axis of the smallest invariant ellipsoid of the family
	Sum        float64   // B sum_k |A^k|
	Components []float64 // of |s_i|: B sum_k |row i of A^k|, which a disturbance reaches
	Box        []float64 // of |s_i| for the larger set |w_j(t)| <= B: B sum_k sum_j |(A^k)_ij|
	Reached    float64   // by the disturbance that Worst returns: a lower bound of the truth
	Gamma      float64   // of the lecture's bound: V(As) <= gamma V(s)
}

// Ultimate bounds the response of an asymptotically stable discrete-time linear system to a bounded disturbance.
//
// Claim: with V = s'Ps, V(As) <= gamma V(s) and alpha1 |s|^2 <= V <= alpha2 |s|^2,
//
//	limsup |s(t)| <= sqrt(alpha2/alpha1) B / (1 - sqrt gamma)                      (Lecture, BestMetric)
//	A P A'/g + B^2 I/(1 - g) = P  =>  {s'P^-1 s <= 1} is invariant, |s| <= sqrt(lambda_max P)   (Ellipsoid)
//	|s_i| <= B sum_k |e_i'A^k|,   |s| <= B sum_k |A^k|                             (Components, Sum)
//
// Method: the metric is chosen among P with (A/sqrt g)'P(A/sqrt g) - P = -I, the ellipsoid among g in (rho(A)^2, 1), both on
// a grid refined by golden section. Sums stop where |A^k| is contractive and bound the rest by the geometric series.
//
// Numerics: floating point (Bounded); the tails of the sums are included.
//
// Reference: the lecture, slide "ISS", whose limit must be a limsup and whose gamma must not be negative; invariant
// ellipsoids: Boyd, El Ghaoui, Feron, Balakrishnan (1994), section 6.1.3; the sums are the triangle inequality.
func Ultimate(a *mat.Dense, b float64) (*UltimateBounds, error) {
	n, err := square(a)
	if err != nil {
		return nil, err
	}
	if !(b >= 0) || math.IsInf(b, 0) {
		return nil, fmt.Errorf("stability: bound of the disturbance is %v, want a finite number that is not negative", b)
	}
	raw := flat(a)
	rho, err := linalg.SpectralRadius(n, raw)
	if err != nil {
		return nil, fmt.Errorf("stability: %w", err)
	}
	if !(rho < 1) {
		return nil, fmt.Errorf("%w: spectral radius %.6g, want below 1", ErrNotStable, rho)
	}
	u := &UltimateBounds{}
	if u.Lecture, u.Gamma, err = metricBound(n, raw, 1); err != nil {
		return nil, err
	}
	u.BestMetric, u.Ellipsoid = u.Lecture, math.Inf(1)
	lo := rho * rho
	u.BestMetric = min(u.BestMetric, minimise(lo, func(g float64) float64 {
		v, _, err := metricBound(n, raw, g)
		if err != nil {
			return math.Inf(1)
		}
		return v
	}))
	u.Ellipsoid = minimise(lo, func(g float64) float64 { return ellipsoid(n, raw, g) })
	u.sums(n, raw)
	u.Lecture, u.BestMetric, u.Ellipsoid, u.Sum = b*u.Lecture, b*u.BestMetric, b*u.Ellipsoid, b*u.Sum
	for i := range u.Components {
		u.Components[i] *= b
		u.Box[i] *= b
	}
	_, u.Reached = Worst(n, raw, b)
	return u, nil
}

// ErrNotStable is returned where only an asymptotically stable system has an answer.
var ErrNotStable = fmt.Errorf("stability: not asymptotically stable")

// metricBound is sqrt(cond P)/(1 - sqrt gamma) for P = sum g^-t (A')^t A^t, with gamma = lambda_max(P^-1 A'PA), which is
// g (1 - 1/lambda_max(P)).
func metricBound(n int, a []float64, g float64) (bound, gamma float64, err error) {
	s := append([]float64(nil), a...)
	for i := range s {
		s[i] /= math.Sqrt(g)
	}
	p, err := linalg.DLyap(n, s, linalg.Identity(n))
	if err != nil {
		return 0, 0, fmt.Errorf("stability: metric: %w", err)
	}
	w, _, err := linalg.EigenSym(n, p)
	if err != nil {
		return 0, 0, fmt.Errorf("stability: metric: %w", err)
	}
	gamma = max(0, g*(1-1/w[n-1]))
	if !(w[0] > 0) || gamma >= 1 {
		return math.Inf(1), gamma, nil
	}
	return math.Sqrt(w[n-1]/w[0]) / (1 - math.Sqrt(gamma)), gamma, nil
}

// ellipsoid is sqrt(lambda_max P) for APA'/g + I/(1-g) = P.
func ellipsoid(n int, a []float64, g float64) float64 {
	s := linalg.Transpose(n, n, a)
	for i := range s {
		s[i] /= math.Sqrt(g)
	}
	p, err := linalg.DLyap(n, s, linalg.Identity(n)) // s'Ps - P = -I with s = A'/sqrt g
	if err != nil {
		return math.Inf(1)
	}
	w, _, err := linalg.EigenSym(n, p)
	if err != nil || !(w[0] > 0) {
		return math.Inf(1)
	}
	return math.Sqrt(w[n-1] / (1 - g))
}

// gridRates is the number of rates tried before the golden section; the functions are smooth in g.
const gridRates = 40

// minimise searches f over g in (lo, 1).
func minimise(lo float64, f func(float64) float64) float64 {
	at := func(i int) float64 { return lo + (1-lo)*(float64(i)+0.5)/gridRates }
	best, k := math.Inf(1), 0
	for i := range gridRates {
		if v := f(at(i)); v < best {
			best, k = v, i
		}
	}
	const golden = 0.6180339887498949
	l, r := max(at(k-1), lo), min(at(k+1), 1)
	for range 40 { // the width falls by golden^40 = 4e-9
		x, y := r-golden*(r-l), l+golden*(r-l)
		fx, fy := f(x), f(y)
		best = min(best, fx, fy)
		if fx < fy {
			r = y
		} else {
			l = x
		}
	}
	return best
}

// sumTail is the part of the sums, relative to their value, below which the geometric tail is added and the sum ends.
const sumTail = 1e-12

// maxPowers bounds the powers of A that are summed.
const maxPowers = 1 << 20

// sums fills Sum, Components and Box for B = 1. With |A^m| = q < 1 and S = |I| + ... + |A^(m-1)|, all powers sum to at most
// S/(1 - q), so those from k on sum to at most |A^k| S/(1 - q).
func (u *UltimateBounds) sums(n int, a []float64) {
	u.Components, u.Box = make([]float64, n), make([]float64, n)
	power, all := linalg.Identity(n), math.Inf(1)
	for k := range maxPowers {
		c := spectral(n, power)
		if k > 0 && c < 1 {
			all = min(all, u.Sum/(1-c))
		}
		if tail := c * all; c == 0 || tail <= sumTail*u.Sum {
			if c == 0 {
				tail = 0
			}
			u.Sum += tail
			for i := range n {
				u.Components[i] += tail
				u.Box[i] += tail * math.Sqrt(float64(n))
			}
			return
		}
		u.Sum += c
		for i := range n {
			two, one := 0.0, 0.0
			for _, v := range power[i*n : (i+1)*n] {
				two = math.Hypot(two, v)
				one += math.Abs(v)
			}
			u.Components[i] += two
			u.Box[i] += one
		}
		power = linalg.Mul(n, n, n, power, a)
	}
	u.Sum = math.Inf(1)
	for i := range n {
		u.Components[i], u.Box[i] = math.Inf(1), math.Inf(1)
	}
}

// spectral is the largest singular value, +Inf where it cannot be computed.
func spectral(n int, a []float64) float64 {
	_, s, _, err := linalg.SVD(n, n, a)
	if err != nil {
		return math.Inf(1)
	}
	return s[0]
}

// worstSearches is the number of random directions that Worst starts from, besides the axes.
const worstSearches = 24

// Worst searches the disturbance with |w(t)| <= b that drives |s(t)| farthest from s = 0: the direction v of the final
// state and the value max over v of b sum_k |(A^k)'v|, which w(t-k) = b (A^k)'v/|(A^k)'v| reaches. The maximisation over v
// climbs by the fixed point v <- sum_k A^k (A^k)'v/|(A^k)'v|, which never falls because the sum is convex in v. The result is
// a lower bound of the truth (Estimated).
func Worst(n int, a []float64, b float64) (direction []float64, reached float64) {
	r := rng.Stream(0, "stability/worst")
	powers := [][]float64{linalg.Identity(n)}
	for len(powers) < 4096 {
		next := linalg.Mul(n, n, n, powers[len(powers)-1], a)
		powers = append(powers, next)
		if frobenius(next) <= sumTail {
			break
		}
	}
	for s := range n + worstSearches {
		v := make([]float64, n)
		if s < n {
			v[s] = 1
		} else {
			for i := range v {
				v[i] = r.NormFloat64()
			}
		}
		normalise(v)
		value := 0.0
		for range 200 {
			var next []float64
			if next, value = climb(n, powers, v); !normalise(next) || gap(next, v) < 1e-13 {
				break
			}
			v = next
		}
		if value > reached {
			reached, direction = value, v
		}
	}
	return direction, b * reached
}

func climb(n int, powers [][]float64, v []float64) (next []float64, value float64) {
	next = make([]float64, n)
	for _, p := range powers {
		w := make([]float64, n)
		for i := range n {
			for j := range n {
				w[j] += p[i*n+j] * v[i]
			}
		}
		length := frobenius(w)
		if length == 0 {
			continue
		}
		value += length
		for i := range n {
			for j := range n {
				next[i] += p[i*n+j] * w[j] / length
			}
		}
	}
	return next, value
}

func normalise(v []float64) bool {
	l := frobenius(v)
	if l == 0 {
		return false
	}
	for i := range v {
		v[i] /= l
	}
	return true
}

func gap(a, b []float64) (d float64) {
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}
