package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// H2Norm returns the H2 norm of g, the root mean square of the output under white noise of unit intensity: +Inf for a
// continuous system with feedthrough, and with ErrUnstable unless all poles are stable.
//
// Method: trace(C X C' [+ D D']) with the controllability Gramian X (Lyap, DLyap).
func H2Norm(g *SS) (float64, error) {
	v, err := g.Stability()
	if err != nil {
		return 0, err
	}
	if v.State != Stable {
		return math.Inf(1), fmt.Errorf("%w: %s", ErrUnstable, v)
	}
	d := frob(g.D)
	if d > 0 && !g.Discrete() {
		return math.Inf(1), nil
	}
	n, _, _ := g.Dims()
	if n == 0 {
		return d, nil
	}
	b := g.balanced()
	bb := mul(b.B, b.B.T())
	symmetrise(bb)
	var s *Solution
	if g.Discrete() {
		s, err = DLyap(b.A, bb)
	} else {
		s, err = Lyap(b.A, bb)
	}
	if err != nil {
		return 0, err
	}
	return math.Sqrt(max(mat.Trace(mul3(b.C, s.X, b.C.T())), 0) + d*d), nil
}

// L1 brackets an l1 gain.
type L1 struct {
	Lower, Upper float64 // bounded numerically
}

// Constants of the l1 gain.
const (
	l1Gap   = 1e-6    // relative width at which refinement stops
	l1Cells = 1 << 17 // most cells of the time axis in one pass, about a second for order 10
)

// L1Gain brackets the l1 gain, the largest ratio of sup|y| to sup|u| in the maximum norm: the largest over outputs of the sum
// over inputs of the integral of |g(t)| (continuous, plus |D|) or the sum of |g_k| (discrete). ErrUnstable (and +Inf)
// unless all poles are stable.
//
// Method, continuous: time is cut into cells that grow with time. With V = x'Px, A'P + PA = -I, the response's derivative
// is bounded in each cell; where it cannot reach 0 the integral of |g| is that of g up to sign, elsewhere the difference is
// bounded by the bound of the derivative. V also bounds what is left after the last cell. Cells are halved until the
// bracket is narrow or too many; stiff or lightly damped systems may keep a wide one.
func L1Gain(g *SS) (L1, error) {
	inf := L1{math.Inf(1), math.Inf(1)}
	v, err := g.Stability()
	if err != nil {
		return inf, err
	}
	if v.State != Stable {
		return inf, fmt.Errorf("%w: %s", ErrUnstable, v)
	}
	n, m, p := g.Dims()
	feed := newBlock(p, m)
	for i := range p {
		for j := range m {
			feed.v[i*m+j] = math.Abs(g.D.At(i, j))
		}
	}
	if n == 0 {
		return gainOf(feed, feed), nil
	}
	s, err := newImpulse(g.balanced())
	if err != nil {
		return inf, err
	}
	best := inf
	best.Lower = 0
	for cells := 64; cells <= l1Cells; cells *= 4 {
		lo, hi, used := s.pass(feed, cells)
		r := gainOf(lo, hi)
		best.Lower, best.Upper = max(best.Lower, r.Lower), min(best.Upper, r.Upper)
		if best.Upper-best.Lower <= l1Gap*best.Upper || used > l1Cells {
			break
		}
	}
	return best, nil
}

// gainOf takes the largest row sums.
func gainOf(lo, hi block) L1 {
	var out L1
	for i := range lo.r {
		var a, b float64
		for j := range lo.c {
			a += lo.v[i*lo.c+j]
			b += hi.v[i*hi.c+j]
		}
		out.Lower, out.Upper = max(out.Lower, a), max(out.Upper, b)
	}
	return out
}

// impulse is what bounds the impulse response: |c x(t)| <= reach sqrt(V), |c A x(t)| <= slope sqrt(V), and V falls by the
// factor exp(-2 rate) a second (a factor 1 - decay a step).
type impulse struct {
	g            *SS
	v            *mat.Dense
	reach, slope []float64 // one an output
	rate         float64
}

func newImpulse(g *SS) (*impulse, error) {
	n, _, p := g.Dims()
	at := transposed(g.A)
	var s *Solution
	var err error
	if g.Discrete() {
		s, err = DLyap(at, identity(n))
	} else {
		s, err = Lyap(at, identity(n))
	}
	if err != nil {
		return nil, err
	}
	symmetrise(s.X)
	values, ok := symmetricValues(s.X)
	if !ok || values[0] <= 0 {
		return nil, fmt.Errorf("%w: Lyapunov function of the impulse response", ErrSingular)
	}
	w := &impulse{g: g, v: s.X, rate: 1 / (2 * values[n-1])}
	if g.Discrete() {
		w.rate = -0.5 * math.Log1p(-1/values[n-1])
	}
	var inv mat.Dense
	if err := solved(inv.Inverse(s.X)); err != nil {
		return nil, err
	}
	ca := mul(g.C, g.A)
	for i := range p {
		c, d := part(g.C, i, i+1, 0, n), part(ca, i, i+1, 0, n)
		w.reach = append(w.reach, math.Sqrt(max(mul3(c, &inv, c.T()).At(0, 0), 0)))
		w.slope = append(w.slope, math.Sqrt(max(mul3(d, &inv, d.T()).At(0, 0), 0)))
	}
	return w, nil
}

// pass integrates with cells of one length before each doubling.
func (w *impulse) pass(feed block, cells int) (lo, hi block, used int) {
	g := w.g
	n, m, p := g.Dims()
	lo, hi = newBlock(p, m), newBlock(p, m)
	copy(lo.v, feed.v)
	copy(hi.v, feed.v)
	x := mat.DenseCopyOf(g.B)
	h, step, integral := 1.0, g.A, identity(n)
	if !g.Discrete() {
		h = 1 / (float64(cells) * max(mat.Norm(g.A, 1), w.rate))
		step, integral = flow(g.A, h)
	}
	const tail = 0.1 * l1Gap
	for used < 2*l1Cells {
		for range cells {
			total, rest := 0.0, 0.0
			ci, c := mul3(g.C, integral, x), mul(g.C, x)
			vx := mul(w.v, x)
			for j := range m {
				v := 0.0
				for k := range n {
					v += x.At(k, j) * vx.At(k, j)
				}
				v = math.Sqrt(max(v, 0))
				for i := range p {
					a := math.Abs(ci.At(i, j))
					lo.v[i*m+j] += a
					hi.v[i*m+j] += a
					if d := h * w.slope[i] * v; !g.Discrete() && math.Abs(c.At(i, j)) <= d {
						hi.v[i*m+j] += d * h
					}
					total += lo.v[i*m+j]
					rest += w.reach[i] * v / w.rate
				}
			}
			x = mul(step, x)
			used++
			if rest <= tail*total || total == 0 && rest == 0 {
				w.addTail(hi, x)
				return lo, hi, used
			}
		}
		if !g.Discrete() {
			h *= 2
			integral = add(integral, mul(step, integral))
			step = mul(step, step)
		}
	}
	w.addTail(hi, x)
	return lo, hi, used
}

// addTail adds the bound of what follows the state x: the integral of reach sqrt(V) exp(-rate t), or its sum.
func (w *impulse) addTail(hi block, x *mat.Dense) {
	_, m := x.Dims()
	vx := mul(w.v, x)
	per := w.rate
	if w.g.Discrete() {
		per = -math.Expm1(-w.rate)
	}
	for j := range m {
		v := 0.0
		for k := range w.g.A.RawMatrix().Rows {
			v += x.At(k, j) * vx.At(k, j)
		}
		for i := range hi.r {
			hi.v[i*m+j] += w.reach[i] * math.Sqrt(max(v, 0)) / per
		}
	}
}

// flow returns exp(A h) and the integral of exp(A t) from 0 to h.
func flow(a *mat.Dense, h float64) (step, integral *mat.Dense) {
	n, _ := a.Dims()
	e := mat.NewDense(2*n, 2*n, nil)
	for i := range n {
		for j := range n {
			e.Set(i, j, a.At(i, j)*h)
		}
		e.Set(i, n+i, h)
	}
	var f mat.Dense
	f.Exp(e)
	return part(&f, 0, n, 0, n), part(&f, 0, n, n, 2*n)
}
