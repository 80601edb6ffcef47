package stability

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/linalg"
)

// quadratic is V = d'Pd in the deviation d = x - x* from an equilibrium that lies in the box at, with its decrease
//
//	W(d) = 2 d'P f(x* + d)            (continuous: dV/dt)
//	W(d) = e'Pe - d'Pd, e = f(x* + d) - x*   (discrete: V after one step less V before)
//
// Boxes are boxes of d. All enclosures hold for the equilibrium wherever it is in at, given that it is one: f(x*) = 0
// (x* in discrete time).
type quadratic struct {
	e    *enclosing
	n    int
	time Time
	p    []float64
	ip   []interval.I // P as points
	at   []interval.I
	mid  []float64 // of at

	x, f, pf, grad, ipd []interval.I
	jac, sym, work      []interval.I
}

func newQuadratic(e *enclosing, p *mat.SymDense, at []interval.I) *quadratic {
	n := e.n
	vec := func(k int) []interval.I { return make([]interval.I, k) }
	raw := flat(p)
	return &quadratic{e: e, n: n, time: e.Time(), p: raw, ip: point(raw), at: at, mid: mids(at),
		x: vec(n), f: vec(n), pf: vec(n), grad: vec(n), ipd: vec(n), jac: vec(n * n), sym: vec(n * n), work: vec(2 * n * n)}
}

// clone is the same with scratch of its own, for another goroutine; false where the field cannot be copied.
func (q *quadratic) clone() (*quadratic, bool) {
	c, ok := q.e.Field.(interface{ Clone() Field })
	if !ok {
		return nil, false
	}
	return newQuadratic(newEnclosing(c.Clone()), mat.NewSymDense(q.n, append([]float64(nil), q.p...)), q.at), true
}

// value is V at a number, in floating point.
func (q *quadratic) value(d []float64) float64 {
	s := 0.0
	for i := range d {
		for j := range d {
			s += d[i] * q.p[i*q.n+j] * d[j]
		}
	}
	return s
}

// change is W at a number, in floating point.
func (q *quadratic) change(d []float64) float64 {
	x, y := q.e.point, q.e.value
	for i := range d {
		x[i] = q.mid[i] + d[i]
	}
	q.e.Eval(y, x)
	if q.time == Discrete {
		for i := range y {
			y[i] -= q.mid[i]
		}
		return q.value(y) - q.value(d)
	}
	s := 0.0
	for i := range d {
		for j := range d {
			s += d[i] * q.p[i*q.n+j] * y[j]
		}
	}
	return 2 * s
}

// shift sets q.x to the box of states x* + d.
func (q *quadratic) shift(d []interval.I) {
	for i := range d {
		q.x[i] = q.at[i].Add(d[i])
	}
}

// odd reports whether f(x* - d) = -f(x* + d), so that W(-d) = W(d): known where the equilibrium is 0 and the field says so.
func (q *quadratic) odd() bool {
	for _, v := range q.at {
		if !isZero(v) {
			return false
		}
	}
	o, ok := q.e.Field.(interface{ Odd() bool })
	return ok && o.Odd()
}

// slopes is what a Field may offer besides: S with f(x) - f(c) = S (x - c) for x and c in the boxes.
type slopes interface {
	EncloseSlope(dst, x, centre []interval.I)
}

// slope reports whether V falls on the whole box except at d = 0, by the slope form: f(x* + d) - f(x*) = J d with J in the
// Jacobian's enclosure over the hull of x* and the box (mean value theorem, row by row) or in the tighter slope that the field
// offers, so W < 0 where the matrix of decreaseMatrix is positive definite for every such J.
func (q *quadratic) slope(d []interval.I) bool {
	if s, ok := q.e.Field.(slopes); ok {
		q.shift(d)
		s.EncloseSlope(q.jac, q.x, q.at)
	} else {
		for i := range d {
			q.x[i] = q.at[i].Add(d[i].Hull(interval.I{}))
		}
		q.e.EncloseJacobian(q.jac, q.x)
	}
	decreaseMatrix(q.sym, q.ip, q.jac, q.n, q.time, q.work)
	return definite(q.n, q.sym)
}

// low is a lower bound of V on the box: V is convex, so it lies above its tangent at any point; the point is the
// floating-point minimiser over the box, found by sweeps over the coordinates.
func (q *quadratic) low(d []interval.I) float64 {
	n := q.n
	x := mids(d)
	for i := range x {
		x[i] = min(max(0, d[i].Lo), d[i].Hi)
	}
	const sweeps = 8
	for range sweeps {
		for i := range n {
			g := 0.0
			for j := range n {
				if j != i {
					g += q.p[i*n+j] * x[j]
				}
			}
			x[i] = min(max(-g/q.p[i*n+i], d[i].Lo), d[i].Hi)
		}
	}
	px := point(x)
	mulMat(q.ipd, q.ip, px, n, n, 1)
	var s interval.I
	for i := range n {
		s = s.Add(q.ipd[i].Mul(px[i])).Add(q.ipd[i].Scale(2).Mul(d[i].Sub(px[i])))
	}
	return max(0, s.Lo)
}

// decrease encloses W over the box by plain interval arithmetic, with f over the box left in q.f (e in discrete time)
// and P times it in q.pf.
func (q *quadratic) decrease(d []interval.I) interval.I {
	n := q.n
	q.shift(d)
	q.e.Enclose(q.f, q.x)
	var s interval.I
	if q.time == Discrete {
		for i := range d {
			q.f[i] = q.f[i].Sub(q.at[i])
		}
		mulMat(q.pf, q.ip, q.f, n, n, 1)
		return form(q.ip, q.f).Sub(form(q.ip, d))
	}
	mulMat(q.pf, q.ip, q.f, n, n, 1)
	for i := range d {
		s = s.Add(q.pf[i].Mul(d[i]))
	}
	return s.Scale(2)
}

// centred encloses W over the box by the mean value form W(m) + W'(box)(d - m) around the middle m, with the gradient
//
//	W' = 2 (P f + J'P d)   or   2 (J'P e - P d)
//
// It returns the plain enclosure met with the centred one, W at the middle, and in q.grad the gradient.
func (q *quadratic) centred(d []interval.I, m []float64) (over, middle interval.I) {
	n := q.n
	plain := q.decrease(d)
	q.e.EncloseJacobian(q.jac, q.x)
	mulMat(q.ipd, q.ip, d, n, n, 1)
	for i := range n {
		var s interval.I
		for j := range n {
			if q.time == Discrete {
				s = s.Add(q.jac[j*n+i].Mul(q.pf[j]))
			} else {
				s = s.Add(q.jac[j*n+i].Mul(q.ipd[j]))
			}
		}
		if q.time == Discrete {
			s = s.Sub(q.ipd[i])
		} else {
			s = s.Add(q.pf[i])
		}
		q.grad[i] = s.Scale(2)
	}
	middle = q.decrease(point(m))
	over = middle
	for i := range n {
		over = over.Add(q.grad[i].Mul(d[i].Sub(interval.Point(m[i]))))
	}
	switch {
	case over.IsUndefined():
		return plain, middle
	case plain.IsUndefined():
		return over, middle
	}
	return both(over, plain), middle
}

// contains reports whether {V <= level} lies in |d_i| <= r_i, verified: (r_i^2/level) P - e_i e_i' > 0 says that
// d_i^2 < r_i^2 where V <= level.
func (q *quadratic) contains(level float64, r []float64) bool {
	n := q.n
	s := make([]interval.I, n*n)
	for i := range n {
		f := interval.Point(r[i]).Sqr()
		for k := range s {
			s[k] = q.ip[k].Mul(f)
		}
		s[i*n+i] = s[i*n+i].Sub(interval.Point(level))
		if !definite(n, s) {
			return false
		}
	}
	return true
}

// Hull returns r, verified and nearly tight, with |d_i| < r_i wherever d'Pd <= level.
func Hull(p *mat.SymDense, level float64) ([]float64, error) {
	q := &quadratic{n: p.SymmetricDim(), p: flat(p)}
	q.ip = point(q.p)
	return q.hull(level)
}

// Volume is that of {d'Pd <= level}, in floating point; 0 where P is not positive definite.
func Volume(p *mat.SymDense, level float64) float64 {
	q := &quadratic{n: p.SymmetricDim(), p: flat(p)}
	return q.volume(level)
}

// hull returns r with {V <= level} in |d_i| <= r_i, verified and tight to a relative 1e-6 or so.
func (q *quadratic) hull(level float64) ([]float64, error) {
	inv, err := linalg.Inverse(q.n, q.p)
	if err != nil {
		return nil, fmt.Errorf("stability: P: %w", err)
	}
	r := make([]float64, q.n)
	for grow := 1e-12; grow < 1; grow *= 10 {
		for i := range r {
			r[i] = math.Sqrt(level*inv[i*q.n+i]) * (1 + grow)
		}
		if finiteNumbers(r) && q.contains(level, r) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("stability: the sublevel set {V <= %g} cannot be bounded: P is not positive definite to working precision", level)
}

// within returns a level, verified and nearly the largest, whose sublevel set lies in |d_i| <= r_i.
func (q *quadratic) within(r []float64) (float64, error) {
	inv, err := linalg.Inverse(q.n, q.p)
	if err != nil {
		return 0, fmt.Errorf("stability: P: %w", err)
	}
	level := math.Inf(1)
	for i := range r {
		level = min(level, r[i]*r[i]/inv[i*q.n+i])
	}
	for shrink := 1e-12; shrink < 1; shrink *= 10 {
		if c := level * (1 - shrink); c > 0 && q.contains(c, r) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("stability: no sublevel set fits into the box %v", r)
}

// volume is that of {V <= level}.
func (q *quadratic) volume(level float64) float64 {
	l, ok := linalg.Cholesky(q.n, q.p)
	if !ok {
		return 0
	}
	v := ballVolume(q.n) * math.Pow(level, float64(q.n)/2)
	for i := range q.n {
		v /= l[i*q.n+i]
	}
	return v
}

// ballVolume is that of the unit ball.
func ballVolume(n int) float64 {
	return math.Pow(math.Pi, float64(n)/2) / math.Gamma(float64(n)/2+1)
}
