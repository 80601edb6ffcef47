package lti

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// GainCrossing is a frequency at which the loop gain is 1.
type GainCrossing struct {
	Freq  float64 // rad/s
	Phase float64 // distance of the phase from -180 degrees, rad in (-pi, pi]
	Delay float64 // dead time that brings the loop to the critical point here, s
}

// PhaseCrossing is a frequency at which the loop transfer function is real and negative.
type PhaseCrossing struct {
	Freq float64 // rad/s; may be 0, or +Inf for the limit of high frequencies
	Gain float64 // factor on the loop gain that brings it to the critical point
}

// Margins are the classical margins of a loop with all the crossings that they come from, in ascending frequency.
type Margins struct {
	Closed         StabilityVerdict // of the closed loop; all margins are none (1, 1, 0, 0) unless it is stable
	GainCrossings  []GainCrossing
	PhaseCrossings []PhaseCrossing

	GainLow, GainHigh         float64 // the gain may be multiplied by anything between; 0 and +Inf: no limit
	GainLowFreq, GainHighFreq float64 // NaN without a limit
	Phase, PhaseFreq          float64 // rad, the smallest over all gain crossings; +Inf and NaN without a crossing
	Delay, DelayFreq          float64 // s, the smallest over all gain crossings; +Inf and NaN without a crossing
}

// Margin returns the classical margins of the loop transfer function l (one input, one output) under negative unit
// feedback: MATLAB's margin and allmargin. An unstable loop has no margin, whatever its crossings say.
//
// Method: gain crossings are zeros of 1 - L(-s)L(s), phase crossings zeros of L(s) - L(-s), found as eigenvalues, so that a
// narrow pair does not fall between points of a grid; each is then bracketed by a change of sign between neighbours and
// bisected on the frequency response. The delay margin is the minimum of phase/frequency over all gain crossings, with the
// phase in (0, 2 pi). Discrete systems are mapped by z = (1 + s)/(1 - s); their delay multiplies the sampled response by
// exp(-jwd). A curve that touches without crossing gives no crossing.
func Margin(l *SS) (Margins, error) {
	m := noMargins()
	if err := l.Check(); err != nil {
		return m, err
	}
	if _, in, out := l.Dims(); in != 1 || out != 1 {
		return m, fmt.Errorf("%w: the loop transfer function is %d x %d, expected 1 x 1; take one loop at a time", ErrShape, out, in)
	}
	one, err := Gain(mat.NewDense(1, 1, []float64{1}), l.Ts)
	if err != nil {
		return m, err
	}
	g, err := Loop{P: l, K: one}.close()
	if err != nil {
		return m, err
	}
	if m.Closed, err = g.stability(g.rounding); err != nil {
		return m, err
	}
	return m, m.fill(l)
}

// Margin returns the classical margins of channel i at the place with all other loops closed; channels as in OneLoop.
func (l Loop) Margin(at Break, i int) (Margins, error) {
	m := noMargins()
	_, v, err := l.stable(0)
	if err != nil {
		return m, err
	}
	m.Closed = v
	one, err := l.OneLoop(at, i)
	if err != nil {
		return m, err
	}
	return m, m.fill(one)
}

func noMargins() Margins {
	return Margins{GainLow: 1, GainHigh: 1, GainLowFreq: math.NaN(), GainHighFreq: math.NaN(), PhaseFreq: math.NaN(), DelayFreq: math.NaN()}
}

func (m *Margins) fill(l *SS) error {
	f := newCurve(l)
	gain, err := f.candidates(f.gainZeros)
	if err != nil {
		return err
	}
	for _, w := range f.crossings(gain, func(w float64) float64 { return math.Log(cmplx.Abs(f.at(w))) }) {
		v := f.at(w)
		if a := math.Abs(math.Log(cmplx.Abs(v))); !(a <= crossingError) {
			continue // a jump over the level at a pole or zero on the axis
		}
		phase := cmplx.Phase(-v)
		late := phase
		if late <= 0 {
			late += 2 * math.Pi
		}
		m.GainCrossings = append(m.GainCrossings, GainCrossing{f.freq(w), phase, late / f.freq(w)})
	}
	real1, err := f.candidates(f.phaseZeros)
	if err != nil {
		return err
	}
	at := f.crossings(real1, func(w float64) float64 { return imag(f.at(w)) })
	at = append([]float64{0}, append(at, math.Inf(1))...)
	for _, w := range at {
		v := f.at(w)
		if a := cmplx.Abs(v); real(v) < 0 && math.Abs(imag(v)) <= crossingError*a && a < 1/crossingError && a > crossingError {
			m.PhaseCrossings = append(m.PhaseCrossings, PhaseCrossing{f.freq(w), 1 / a})
		}
	}
	if m.Closed.State == Stable {
		m.summarise(!l.Discrete() && math.Abs(l.D.At(0, 0)) >= 1)
	}
	return nil
}

// summarise picks the smallest margins; high says that the loop gain stays at or above 1 at high frequencies, where any
// delay is too long.
func (m *Margins) summarise(high bool) {
	m.GainLow, m.GainHigh = 0, math.Inf(1)
	m.Phase, m.Delay = math.Inf(1), math.Inf(1)
	for _, c := range m.PhaseCrossings {
		if c.Gain > 1 && c.Gain < m.GainHigh {
			m.GainHigh, m.GainHighFreq = c.Gain, c.Freq
		}
		if c.Gain < 1 && c.Gain > m.GainLow {
			m.GainLow, m.GainLowFreq = c.Gain, c.Freq
		}
	}
	for _, c := range m.GainCrossings {
		if math.Abs(c.Phase) < m.Phase {
			m.Phase, m.PhaseFreq = math.Abs(c.Phase), c.Freq
		}
		if c.Delay < m.Delay {
			m.Delay, m.DelayFreq = c.Delay, c.Freq
		}
	}
	if high {
		m.Delay, m.DelayFreq = 0, math.Inf(1)
	}
}

// crossingError is how far, relatively, a computed crossing may be from its condition: bisection ends at rounding of the
// frequency, which a narrow resonance of damping 1e-6 magnifies a millionfold.
const crossingError = 1e-7

// curve is the response of a loop over the mapped frequency.
type curve struct {
	l *SS // as given
	c *SS // mapped to continuous time and balanced, for the eigenvalue problems only
	r *responder
	a *SS
}

func newCurve(l *SS) *curve {
	f := &curve{l: l, a: l.balanced()}
	f.r = newResponder(f.a)
	f.c = f.a
	if l.Discrete() {
		c, err := f.a.bilinear()
		for nudge := 1e-12; err != nil; nudge *= 2 { // a pole at z = -1: candidates may be a little off, the response is not
			n := f.a.Copy()
			n.A.Scale(1-nudge, n.A)
			c, err = n.bilinear()
		}
		f.c = c.balanced()
	}
	return f
}

func (f *curve) freq(w float64) float64 {
	if f.l.Discrete() {
		return 2 * math.Atan(w) / f.l.Ts
	}
	return w
}

// at is L at the mapped frequency w; +Inf is the limit, which is z = -1 for a discrete system.
func (f *curve) at(w float64) complex128 {
	switch {
	case f.l.Discrete():
		return f.r.at(cmplx.Rect(1, 2*math.Atan(w))).At(0, 0)
	case math.IsInf(w, 1):
		return complex(f.a.D.At(0, 0), 0)
	}
	return f.r.at(complex(0, w)).At(0, 0)
}

// gainZeros realises 1 - L(-s) L(s), with L(-s) = -B'(sI + A')^-1 C' + D'.
func (f *curve) gainZeros() (a, b, c block, d float64) {
	la, lb, lc, ld := f.c.full()
	n, k := la.r, ld.v[0]
	a, b, c = newBlock(2*n, 2*n), newBlock(2*n, 1), newBlock(1, 2*n)
	a.add(0, 0, 1, la)
	for i := range n {
		for j := range n {
			a.v[(n+i)*2*n+j] = lc.v[i] * lc.v[j]
			a.v[(n+i)*2*n+n+j] = -la.v[j*n+i]
		}
		b.v[i], b.v[n+i] = lb.v[i], lc.v[i]*k
		c.v[i], c.v[n+i] = -k*lc.v[i], lb.v[i]
	}
	return a, b, c, 1 - k*k
}

// phaseZeros realises L(s) - L(-s), with L(-s) = -C(sI + A)^-1 B + D.
func (f *curve) phaseZeros() (a, b, c block, d float64) {
	la, lb, lc, _ := f.c.full()
	n := la.r
	a, b, c = newBlock(2*n, 2*n), newBlock(2*n, 1), newBlock(1, 2*n)
	a.add(0, 0, 1, la)
	a.add(n, n, -1, la)
	b.add(0, 0, 1, lb)
	b.add(n, 0, 1, lb)
	c.add(0, 0, 1, lc)
	c.add(0, n, 1, lc)
	return a, b, c, 0
}

// candidates returns frequencies that contain the imaginary zeros of the function. With s = s0 + 1/q a function with
// g(s0) != 0 has the feedthrough g(s0) in q, so that its zeros are eigenvalues:
//
//	E = (s0 I - A)^-1,   q in the spectrum of -E + E b c E / g(s0)
//
// Several real points s0 across the scales of the poles keep each zero well conditioned for one of them.
func (f *curve) candidates(realise func() (a, b, c block, d float64)) ([]float64, error) {
	poles, err := eigenvalues(f.c.A)
	if err != nil {
		return nil, err
	}
	var out, sizes []float64
	for _, p := range poles {
		sizes = append(sizes, cmplx.Abs(p))
		if imag(p) > 0 {
			out = append(out, imag(p))
		}
	}
	if len(poles) == 0 {
		return nil, nil
	}
	const integrator = 1e-8 // of the largest pole: rounding of a multiple pole at 0
	top := slices.Max(sizes)
	sizes = slices.DeleteFunc(sizes, func(s float64) bool { return s <= integrator*top })
	if len(sizes) == 0 { // integrators only: where the gain is about 1
		sizes = []float64{math.Pow(frob(f.c.B)*frob(f.c.C), 1/float64(len(poles)))}
	}
	out = append(out, sizes...)
	// Besides, ten points a decade far beyond the poles: a crossing there stands alone but its eigenvalue is badly
	// conditioned. The eigenvalues are for what a grid would miss.
	const beyond, perDecade = 1e6, 10
	for w := slices.Min(sizes) / beyond; w > 0 && w < slices.Max(sizes)*beyond; w *= math.Pow(10, 1.0/perDecade) {
		out = append(out, w)
	}
	a, b, c, d := realise()
	for range 2 { // the second time around the scale of the zeros themselves
		slices.Sort(sizes)
		var found []float64
		for _, s := range []float64{sizes[0], sizes[len(sizes)/2], sizes[len(sizes)-1]} {
			const off = 0.7368 // so that s0 meets no pole but by chance
			z, err := imaginaryZeros(a, b, c, d, s*off)
			if err != nil {
				return nil, err
			}
			found = append(found, z...)
		}
		out = append(out, found...)
		if sizes = found; len(found) == 0 {
			break
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func imaginaryZeros(a, b, c block, d, s0 float64) ([]float64, error) {
	n := a.r
	m := a.dense()
	m.Scale(-1, m)
	for i := range n {
		m.Set(i, i, m.At(i, i)+s0)
	}
	var lu mat.LU
	lu.Factorize(m)
	var e, eb, ce mat.Dense
	if err := solved(lu.SolveTo(&e, false, identity(n))); err != nil {
		return nil, nil // s0 is a pole: another point serves
	}
	eb.Mul(&e, b.dense())
	ce.Mul(c.dense(), &e)
	g := d + mul(c.dense(), &eb).At(0, 0)
	if math.Abs(g) <= 64*eps*(math.Abs(d)+frob(c.dense())*frob(&eb)) {
		return nil, nil // zero everywhere, as far as rounding lets see: no isolated crossing
	}
	x := mul(&eb, &ce)
	x.Scale(1/g, x)
	x.Sub(x, &e)
	var eig mat.Eigen
	if !eig.Factorize(x, mat.EigenNone) {
		return nil, fmt.Errorf("%w: zeros", ErrNoConverge)
	}
	var out []float64
	for _, q := range eig.Values(nil) {
		if q == 0 {
			continue
		}
		s := complex(s0, 0) + 1/q
		if w := math.Abs(imag(s)); w > 0 && math.Abs(real(s)) <= 10*axisLoose*w {
			out = append(out, w)
		}
	}
	return out, nil
}

// crossings returns the places where f changes its sign between neighbouring gaps of the candidates.
func (c *curve) crossings(cand []float64, f func(float64) float64) []float64 {
	cand = slices.DeleteFunc(cand, func(w float64) bool { return w <= 0 || math.IsInf(w, 0) || math.IsNaN(w) })
	if len(cand) == 0 {
		return nil
	}
	at := []float64{cand[0] / 2}
	for i := 1; i < len(cand); i++ {
		at = append(at, (cand[i-1]+cand[i])/2)
	}
	at = append(at, 2*cand[len(cand)-1])
	var out []float64
	for i := 1; i < len(at); i++ {
		lo, hi := at[i-1], at[i]
		flo, fhi := f(lo), f(hi)
		if math.IsNaN(flo) || math.IsNaN(fhi) || (flo > 0) == (fhi > 0) { // an exact zero counts as negative, on either side
			continue
		}
		for { // to the last bit
			mid := (lo + hi) / 2
			if mid <= lo || mid >= hi {
				break
			}
			if v := f(mid); (v > 0) == (flo > 0) {
				lo = mid
			} else {
				hi = mid
			}
		}
		out = append(out, lo)
	}
	return out
}
