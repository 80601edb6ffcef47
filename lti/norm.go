package lti

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// HInf brackets an H-infinity norm, the largest singular value of the frequency response over all frequencies.
type HInf struct {
	Norm  float64 // the largest value found, a lower bound; attained at Freq
	Upper float64 // no crossing of this level was found: bounded numerically; +Inf for an unstable system
	Freq  float64 // rad/s; +Inf (continuous) means the limit of high frequencies
}

// Constants of the search for the norm.
const (
	// normGap is the relative distance of the level that the Hamiltonian test is asked for above the largest value found.
	// Two crossings that close to a peak of unit curvature lie 6e-5 apart, far above the square root of the rounding error.
	normGap = 2e-9
	// normIterations bounds the search; convergence is quadratic, 3 to 6 iterations are usual.
	normIterations = 60
	// axisLoose takes an eigenvalue for a crossing if its real part is below this fraction of its modulus. Generous on
	// purpose: a false crossing is one more frequency to look at.
	axisLoose = 1e-2
	// axisFloor does the same relative to the largest eigenvalue, for slow modes beside fast ones.
	axisFloor = 1e-9
)

// HInfNorm returns the H-infinity norm of g with the frequency of its peak; ErrUnstable (and +Inf) unless every pole is
// stable.
//
// Method: Bruinsma and Steinbuch (1990, A fast algorithm to compute the H-infinity norm of a transfer function matrix,
// Systems and Control Letters 14): the frequencies at which a singular value passes the level gamma are the imaginary
// eigenvalues of a Hamiltonian matrix, valid for gamma above the largest singular value of D, where the search starts;
// the largest value between neighbouring crossings is the next level. There is no grid of frequencies. What we changed:
// eigenvalues count as crossings under a generous tolerance and the response is evaluated at and between all of them, so
// that rounding cannot hide a peak. Discrete systems are mapped by z = (1 + s)/(1 - s), which keeps the norm.
//
// Numerics: Norm is correct to a few units of rounding of the response; Upper exceeds it by 2e-9. O(n^3) an iteration.
func HInfNorm(g *SS) (HInf, error) {
	if err := g.Check(); err != nil {
		return HInf{}, err
	}
	v, err := g.stability(nil)
	if err != nil {
		return HInf{}, err
	}
	if v.State != Stable {
		return HInf{math.Inf(1), math.Inf(1), math.NaN()}, fmt.Errorf("%w: %s", ErrUnstable, v)
	}
	t, err := newSweep(g)
	if err != nil {
		return HInf{}, err
	}
	h, err := t.peak(nil)
	if err != nil {
		return HInf{}, err
	}
	h.Freq = t.freq(h.Freq)
	return h, nil
}

// sweep is a stable system prepared for tests over all frequencies: mapped to continuous time and with balanced states.
type sweep struct {
	n, m, p    int
	a, b, c, d *mat.Dense
	r          *responder
	marks      []float64 // frequencies worth a look: moduli and imaginary parts of the poles, 0
	ts         float64
}

func newSweep(g *SS) (*sweep, error) {
	c := g
	if g.Discrete() {
		var err error
		if c, err = g.bilinear(); err != nil {
			return nil, err
		}
	}
	c = c.balanced()
	t := &sweep{a: c.A, b: c.B, c: c.C, d: c.D, r: newResponder(c), ts: g.Ts, marks: []float64{0}}
	t.n, t.m, t.p = c.Dims()
	poles, err := eigenvalues(c.A)
	if err != nil {
		return nil, err
	}
	for _, p := range poles {
		t.marks = append(t.marks, math.Hypot(real(p), imag(p)))
		if imag(p) > 0 {
			t.marks = append(t.marks, imag(p))
		}
	}
	slices.Sort(t.marks)
	return t, nil
}

// freq turns a frequency of the mapped system into rad/s, and back.
func (t *sweep) freq(w float64) float64 {
	if t.ts > 0 {
		return 2 * math.Atan(w) / t.ts
	}
	return w
}

// bilinear maps a discrete system to continuous time by z = (1 + s)/(1 - s); the frequency w becomes tan(w Ts/2). The
// pole z = -1 has no image.
func (g *SS) bilinear() (*SS, error) {
	n, _, _ := g.Dims()
	out := g.Copy()
	out.Ts = 0
	if n == 0 {
		return out, nil
	}
	ap, am := mat.DenseCopyOf(g.A), mat.DenseCopyOf(g.A)
	for i := range n {
		ap.Set(i, i, ap.At(i, i)+1)
		am.Set(i, i, am.At(i, i)-1)
	}
	var lu mat.LU
	lu.Factorize(ap)
	if lu.Cond() > 1/eps {
		return nil, fmt.Errorf("%w: a pole at z = -1 has no image under the bilinear map", ErrSingular)
	}
	var at, bt, ct mat.Dense
	if err := solved(lu.SolveTo(&at, false, am)); err != nil {
		return nil, err
	}
	if err := solved(lu.SolveTo(&bt, false, g.B)); err != nil {
		return nil, err
	}
	if err := solved(lu.SolveTo(&ct, true, g.C.T())); err != nil {
		return nil, err
	}
	out.A = &at
	out.D.Sub(g.D, mul(g.C, &bt))
	bt.Scale(math.Sqrt2, &bt)
	out.B = &bt
	out.C = mat.DenseCopyOf(ct.T())
	out.C.Scale(math.Sqrt2, out.C)
	return out, nil
}

// solved passes over the warning of a badly conditioned matrix, which the callers judge themselves, not over a singular one.
func solved(err error) error {
	if c, ok := err.(mat.Condition); ok && !math.IsInf(float64(c), 1) {
		return nil
	}
	return err
}

// balanced returns the system in states scaled by powers of two that bring rows and columns of [A B; C 0] to like size. The
// transfer function is the same and nothing is rounded.
func (g *SS) balanced() *SS {
	out, _ := g.scaledStates()
	return out
}

// scaledStates also returns the factors: state i of the result is that of g divided by factor i.
func (g *SS) scaledStates() (*SS, []float64) {
	n, m, p := g.Dims()
	out := g.Copy()
	factor := make([]float64, n)
	for i := range factor {
		factor[i] = 1
	}
	const sweeps, gain = 20, 0.95 // as in LAPACK's dgebal
	for range sweeps {
		done := true
		for i := range n {
			var row, col float64
			for j := range n {
				if j != i {
					row += math.Abs(out.A.At(i, j))
					col += math.Abs(out.A.At(j, i))
				}
			}
			for j := range m {
				row += math.Abs(out.B.At(i, j))
			}
			for j := range p {
				col += math.Abs(out.C.At(j, i))
			}
			if row == 0 || col == 0 || math.IsInf(row, 0) || math.IsInf(col, 0) {
				continue
			}
			f := math.Exp2(math.Round(math.Log2(row/col) / 2))
			if row/f+col*f >= gain*(row+col) {
				continue
			}
			done = false
			factor[i] *= f
			for j := range n {
				out.A.Set(i, j, out.A.At(i, j)/f)
			}
			for j := range n {
				out.A.Set(j, i, out.A.At(j, i)*f)
			}
			for j := range m {
				out.B.Set(i, j, out.B.At(i, j)/f)
			}
			for j := range p {
				out.C.Set(j, i, out.C.At(j, i)*f)
			}
		}
		if done {
			break
		}
	}
	return out, factor
}

// response is D M(jw) D^-1 with D = diag(scale); scale nil means 1. w may be +Inf.
func (t *sweep) response(w float64, scale []float64) *mat.CDense {
	var z *mat.CDense
	if math.IsInf(w, 1) {
		z = mat.NewCDense(t.p, t.m, nil)
		for i := range t.p {
			for j := range t.m {
				z.Set(i, j, complex(t.d.At(i, j), 0))
			}
		}
	} else {
		z = t.r.at(complex(0, w))
	}
	for i := range scale {
		for j := range scale {
			z.Set(i, j, z.At(i, j)*complex(scale[i]/scale[j], 0))
		}
	}
	return z
}

// sigma is the largest singular value of the scaled response.
func (t *sweep) sigma(w float64, scale []float64) float64 {
	return topSingular(t.response(w, scale)).value
}

// peak brackets the norm of the scaled response.
func (t *sweep) peak(scale []float64) (HInf, error) {
	best := HInf{Norm: -1}
	look := func(w float64) {
		if s := t.sigma(w, scale); s > best.Norm {
			best.Norm, best.Freq = s, w
		}
	}
	for _, w := range t.marks {
		look(w)
	}
	look(math.Inf(1))
	best.Norm = max(best.Norm, 0)
	for range normIterations {
		if best.Norm == 0 {
			best.Upper = 0
			return best, nil
		}
		level := best.Norm * (1 + normGap)
		cross, err := t.crossings(level, scale)
		if err != nil {
			return best, err
		}
		for i, w := range cross {
			look(w)
			if i > 0 {
				look((w + cross[i-1]) / 2)
			}
		}
		if best.Norm <= level {
			best.Upper = level
			t.refine(&best, scale)
			return best, nil
		}
	}
	return best, fmt.Errorf("%w: H-infinity norm after %d levels, last %g", ErrNoConverge, normIterations, best.Norm)
}

// refine moves the frequency of the peak to the maximum of the response nearby, by golden section.
func (t *sweep) refine(h *HInf, scale []float64) {
	if h.Freq == 0 || math.IsInf(h.Freq, 0) {
		return
	}
	const width, steps = 1e-4, 40 // the level leaves the frequency to about sqrt(normGap) = 4e-5
	lo, hi := h.Freq*(1-width), h.Freq*(1+width)
	w, s := golden(lo, hi, steps, func(w float64) float64 { return t.sigma(w, scale) })
	if s > h.Norm {
		h.Norm, h.Freq = s, w
		h.Upper = max(h.Upper, s*(1+normGap/2))
	}
}

// golden maximises f on [lo, hi] by golden section.
func golden(lo, hi float64, steps int, f func(float64) float64) (x, fx float64) {
	const ratio = 0.6180339887498949
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := f(a), f(b)
	for range steps {
		if fa > fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = f(b)
		}
	}
	if fa > fb {
		return a, fa
	}
	return b, fb
}

// crossings returns, in ascending order, frequencies that contain all at which a singular value of the scaled response
// passes level, with 0 in front. level must exceed the largest singular value of the scaled D.
func (t *sweep) crossings(level float64, scale []float64) ([]float64, error) {
	out := []float64{0}
	if t.n == 0 {
		return out, nil
	}
	h, err := t.hamiltonian(level, scale)
	if err != nil {
		return nil, err
	}
	var e mat.Eigen
	if !e.Factorize(h, mat.EigenNone) {
		return nil, fmt.Errorf("%w: eigenvalues of the Hamiltonian matrix", ErrNoConverge)
	}
	values := e.Values(nil)
	top := 0.0
	for _, v := range values {
		top = max(top, math.Hypot(real(v), imag(v)))
	}
	for _, v := range values {
		if imag(v) > 0 && math.Abs(real(v)) <= axisLoose*imag(v)+axisFloor*top {
			out = append(out, imag(v))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// hamiltonian is [F, B R^-1 B'; -C'(I + D R^-1 D')C, -F'] with F = A + B R^-1 D'C and R = level^2 I - D'D, in scaled
// channels.
func (t *sweep) hamiltonian(level float64, scale []float64) (*mat.Dense, error) {
	n, b, c, d := t.n, t.b, t.c, t.d
	if scale != nil {
		b, c, d = mat.DenseCopyOf(b), mat.DenseCopyOf(c), mat.DenseCopyOf(d)
		scaleChannels(b, c, d, scale)
	}
	b, d = mat.DenseCopyOf(b), mat.DenseCopyOf(d) // of G/level
	b.Scale(1/level, b)
	d.Scale(1/level, d)
	r := mul(d.T(), d)
	r.Scale(-1, r)
	for i := range t.m {
		r.Set(i, i, r.At(i, i)+1)
	}
	var rb, rdc mat.Dense // R^-1 B', R^-1 D'C
	var lu mat.LU
	lu.Factorize(r)
	if err := solved(lu.SolveTo(&rb, false, b.T())); err != nil {
		return nil, fmt.Errorf("lti: level %g is a singular value of D: %w", level, err)
	}
	dc := mul(d.T(), c)
	if err := solved(lu.SolveTo(&rdc, false, dc)); err != nil {
		return nil, fmt.Errorf("lti: level %g is a singular value of D: %w", level, err)
	}
	f := mul(b, &rdc)
	f.Add(f, t.a)
	brb := mul(b, &rb)
	q := mul(c.T(), c)
	q.Add(q, mul(dc.T(), &rdc))
	h := mat.NewDense(2*n, 2*n, nil)
	for i := range n {
		for j := range n {
			h.Set(i, j, f.At(i, j))
			h.Set(n+j, n+i, -f.At(i, j))
			h.Set(i, n+j, (brb.At(i, j)+brb.At(j, i))/2)
			h.Set(n+i, j, -(q.At(i, j)+q.At(j, i))/2)
		}
	}
	return h, nil
}

// scaleChannels replaces the system by D G D^-1, D = diag(scale).
func scaleChannels(b, c, d *mat.Dense, scale []float64) {
	nb, m := b.Dims()
	for i := range nb {
		for j := range m {
			b.Set(i, j, b.At(i, j)/scale[j])
		}
	}
	p, nc := c.Dims()
	for i := range p {
		for j := range nc {
			c.Set(i, j, c.At(i, j)*scale[i])
		}
		for j := range m {
			d.Set(i, j, d.At(i, j)*(scale[i]/scale[j]))
		}
	}
}

// singular is the largest singular value of a complex matrix with its vectors: M right = value left.
type singular struct {
	value       float64
	left, right []complex128
}

// topSingular works on the real matrix [Re -Im; Im Re], whose singular values are those of the complex one, each twice.
func topSingular(z *mat.CDense) singular {
	p, m := z.Dims()
	if p == 1 && m == 1 {
		v := z.At(0, 0)
		a := math.Hypot(real(v), imag(v))
		if a == 0 {
			return singular{0, []complex128{1}, []complex128{1}}
		}
		return singular{a, []complex128{v / complex(a, 0)}, []complex128{1}}
	}
	e := mat.NewDense(2*p, 2*m, nil)
	for i := range p {
		for j := range m {
			v := z.At(i, j)
			if math.IsNaN(real(v)) || math.IsInf(real(v), 0) || math.IsNaN(imag(v)) || math.IsInf(imag(v), 0) {
				return singular{value: math.Inf(1), left: make([]complex128, p), right: make([]complex128, m)}
			}
			e.Set(i, j, real(v))
			e.Set(p+i, m+j, real(v))
			e.Set(i, m+j, -imag(v))
			e.Set(p+i, j, imag(v))
		}
	}
	var svd mat.SVD
	if !svd.Factorize(e, mat.SVDThin) {
		return singular{value: math.NaN(), left: make([]complex128, p), right: make([]complex128, m)}
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	s := singular{value: svd.Values(nil)[0]}
	for i := range p {
		s.left = append(s.left, complex(u.At(i, 0), u.At(p+i, 0)))
	}
	for i := range m {
		s.right = append(s.right, complex(v.At(i, 0), v.At(m+i, 0)))
	}
	return s
}

// LargestSingular returns the largest singular value of the frequency response at each frequency in rad/s: MATLAB's sigma,
// first row.
func LargestSingular(g *SS, w []float64) []float64 {
	out := make([]float64, len(w))
	for i, z := range g.FreqResp(w) {
		out[i] = topSingular(z).value
	}
	return out
}
