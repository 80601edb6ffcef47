package lti

import (
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// The structured singular value for a diagonal complex perturbation, mu(M) = 1/min{|Delta| : det(I - M Delta) = 0}.

// Constants of the scaling search.
const (
	// scalingGap ends the ellipsoid method: relative distance of the upper bound from its minimum.
	scalingGap = 1e-8
	// slopeGap ends the bisection of one logarithm: the slope may jump at the minimum, so the value errs in proportion.
	slopeGap = 1e-11
	// scalingSpan bounds the logarithms of the scaling, e^20 = 5e8.
	scalingSpan = 20
	// scalingSteps bounds the ellipsoid method; n channels need about 2 n^2 ln(span/gap).
	scalingSteps = 4000
)

// muUpper minimises the largest singular value of D M D^-1 over D = diag(scale), scale[last] = 1. The minimum is mu for up
// to three channels (Packard and Doyle, 1993, The complex structured singular value, Automatica 29).
func muUpper(m ...*mat.CDense) (value float64, scale []float64) { return muWithin(scalingGap, m...) }

// muWithin ends at the relative distance gap from the minimum.
func muWithin(gap float64, m ...*mat.CDense) (value float64, scale []float64) {
	n, _ := m[0].Dims()
	at := func(x []float64) (float64, []float64) { return largestScaled(m, x) }
	if n == 1 {
		v, _ := at(nil)
		return v, []float64{1}
	}
	x, value := ellipsoid(n-1, gap, at)
	scale = make([]float64, n)
	for i := range scale {
		scale[i] = 1
		if i < n-1 {
			scale[i] = math.Exp(x[i])
		}
	}
	return value, scale
}

// largestScaled is the largest singular value over several matrices at scale = exp(x), with a subgradient in x: by the
// singular vectors, d sigma/dx_i = sigma (|left_i|^2 - |right_i|^2). The function is convex in x.
func largestScaled(ms []*mat.CDense, x []float64) (float64, []float64) {
	best, grad := -1.0, make([]float64, len(x))
	for _, m := range ms {
		n, _ := m.Dims()
		z := mat.NewCDense(n, n, nil)
		for i := range n {
			for j := range n {
				e := 0.0
				if i < n-1 {
					e += x[i]
				}
				if j < n-1 {
					e -= x[j]
				}
				z.Set(i, j, m.At(i, j)*complex(math.Exp(e), 0))
			}
		}
		if frobComplex(z) <= best { // the largest singular value is no larger
			continue
		}
		s := topSingular(z)
		if s.value > best {
			best = s.value
			for i := range grad {
				grad[i] = s.value * (sq(s.left[i]) - sq(s.right[i]))
			}
		}
	}
	return best, grad
}

func frobComplex(z *mat.CDense) float64 {
	s := 0.0
	for _, v := range z.RawCMatrix().Data {
		s += sq(v)
	}
	return math.Sqrt(s)
}

func sq(z complex128) float64 { return real(z)*real(z) + imag(z)*imag(z) }

// ellipsoid minimises a convex function over |x| <= scalingSpan by the ellipsoid method (Shor, 1977; Yudin and Nemirovski,
// 1976), in one dimension by bisection of the slope. f returns the value and a subgradient.
func ellipsoid(n int, gap float64, f func([]float64) (float64, []float64)) (x []float64, value float64) {
	if n == 1 {
		return bisectSlope(f)
	}
	c, best := make([]float64, n), make([]float64, n)
	value = math.Inf(1)
	p := identityOf(n)
	for i := range p.v {
		p.v[i] *= float64(n) * scalingSpan * scalingSpan
	}
	pg := make([]float64, n)
	for range scalingSteps {
		v, g := f(c)
		if v < value {
			value = v
			copy(best, c)
		}
		q := 0.0
		for i := range n {
			pg[i] = 0
			for j := range n {
				pg[i] += p.v[i*n+j] * g[j]
			}
			q += g[i] * pg[i]
		}
		if !(q > 0) || math.Sqrt(q) <= gap*value {
			break
		}
		// deep cut: the minimum lies in the half space g'(x - c) <= best - v
		root, k := math.Sqrt(q), float64(n)
		deep := min((v-value)/root, 1)
		if deep >= 1 {
			break
		}
		step, shrink := (1+k*deep)/(k+1), k*k*(1-deep*deep)/(k*k-1)
		rank := 2 * (1 + k*deep) / ((k + 1) * (1 + deep))
		for i := range n {
			c[i] -= step * pg[i] / root
		}
		for i := range n {
			for j := range n {
				p.v[i*n+j] = shrink * (p.v[i*n+j] - rank*pg[i]*pg[j]/q)
			}
		}
	}
	return best, value
}

func bisectSlope(f func([]float64) (float64, []float64)) ([]float64, float64) {
	lo, hi := -float64(scalingSpan), float64(scalingSpan)
	best, value := 0.0, math.Inf(1)
	for range 80 {
		x := (lo + hi) / 2
		v, g := f([]float64{x})
		if v < value {
			best, value = x, v
		}
		if g[0] == 0 || hi-lo < slopeGap {
			break
		}
		if g[0] > 0 {
			hi = x
		} else {
			lo = x
		}
	}
	return []float64{best}, value
}

// muLower returns a diagonal Delta with |Delta_ii| = 1/value for which I - M Delta is singular; value 0 if M is 0. scale is
// that of the upper bound, whose singular vectors give the first guess.
//
// Method: the power iteration of Packard, Fan and Doyle (1988) for full blocks of size 1 from several starts, then a
// compass search on the phases. Any unitary diagonal Q gives a valid bound, the spectral radius of M Q.
func muLower(m *mat.CDense, scale []float64) (value float64, delta []complex128) {
	n, _ := m.Dims()
	if n == 1 {
		v := m.At(0, 0)
		if v == 0 {
			return 0, nil
		}
		return cmplx.Abs(v), []complex128{1 / v}
	}
	z := mat.NewCDense(n, n, nil)
	for i := range n {
		for j := range n {
			z.Set(i, j, m.At(i, j)*complex(scale[i]/scale[j], 0))
		}
	}
	s := topSingular(z)
	best, phases := 0.0, make([]float64, n)
	try := func(q []float64) {
		if r, _ := radius(z, q); r > best {
			best = r
			copy(phases, q)
		}
	}
	q := make([]float64, n)
	for i := range n {
		q[i] = cmplx.Phase(s.right[i]) - cmplx.Phase(s.left[i])
	}
	try(q)
	for start := range n + 1 {
		b := make([]complex128, n)
		for i := range n {
			b[i] = s.right[i]
			if start > 0 {
				b[i] = cmplx.Rect(1, 2*math.Pi*float64(i*(start-1))/float64(n))
			}
		}
		try(powerPhases(z, b))
	}
	const first, last = 0.5, 1e-9 // rad
	for step := first; step > last; step /= 2 {
		for moved := true; moved; {
			moved = false
			for i := range n - 1 {
				for _, d := range []float64{step, -step} {
					q := slices.Clone(phases)
					q[i] += d
					if r, _ := radius(z, q); r > best*(1+4*eps) {
						best, phases, moved = r, q, true
					}
				}
			}
		}
	}
	if best == 0 {
		return 0, nil
	}
	if q, r := realPhases(z); r >= best*(1-realLoss) {
		best, phases = r, q
	}
	_, l := radius(z, phases)
	for i := range n {
		delta = append(delta, cmplx.Rect(1, phases[i])/l)
	}
	return best, delta
}

// realLoss is what a real perturbation may be larger by and still be taken at a frequency where M is real: the phase of a
// complex one could not be had from a real system there.
const realLoss = 1e-9

// realPhases is the best matrix of signs for a real M; radius 0 if M is not real or has too many channels to try all.
func realPhases(m *mat.CDense) (phases []float64, best float64) {
	n, _ := m.Dims()
	const most = 8 // 128 patterns
	if n > most {
		return nil, 0
	}
	for _, v := range m.RawCMatrix().Data {
		if imag(v) != 0 {
			return nil, 0
		}
	}
	for pattern := range 1 << (n - 1) {
		q := make([]float64, n)
		for i := range n - 1 {
			q[i] = math.Pi * float64(pattern>>i&1)
		}
		if r, l := radius(m, q); r > best && math.Abs(imag(l)) <= realLoss*r {
			best, phases = r, q
		}
	}
	return phases, best
}

// powerPhases runs the power iteration from b and returns the phases of the unitary matrix that it ends at.
func powerPhases(m *mat.CDense, b []complex128) []float64 {
	n := len(b)
	w := slices.Clone(b)
	a := make([]complex128, n)
	const steps = 60
	for range steps {
		times(a, m, b, false)
		normalise(a)
		for i := range n { // z
			b[i] = withModulus(a[i], cmplx.Abs(w[i]))
		}
		times(w, m, b, true)
		normalise(w)
		for i := range n {
			b[i] = withModulus(w[i], cmplx.Abs(a[i]))
		}
	}
	q := make([]float64, n)
	for i := range n {
		q[i] = cmplx.Phase(w[i]) - cmplx.Phase(a[i])
	}
	return q
}

func times(dst []complex128, m *mat.CDense, x []complex128, adjoint bool) {
	for i := range dst {
		dst[i] = 0
		for j := range x {
			if adjoint {
				dst[i] += cmplx.Conj(m.At(j, i)) * x[j]
			} else {
				dst[i] += m.At(i, j) * x[j]
			}
		}
	}
}

func normalise(x []complex128) {
	s := 0.0
	for _, v := range x {
		s += sq(v)
	}
	if s = math.Sqrt(s); s > 0 {
		for i := range x {
			x[i] /= complex(s, 0)
		}
	}
}

func withModulus(z complex128, r float64) complex128 {
	if z == 0 {
		return complex(r, 0)
	}
	return z * complex(r/cmplx.Abs(z), 0)
}

// radius is the largest modulus of an eigenvalue of M Q, Q = diag(exp(i q)), and that eigenvalue.
func radius(m *mat.CDense, q []float64) (float64, complex128) {
	n := len(q)
	z := mat.NewCDense(n, n, nil)
	for i := range n {
		for j := range n {
			z.Set(i, j, m.At(i, j)*cmplx.Rect(1, q[j]))
		}
	}
	best := complex128(0)
	for _, l := range complexValues(z) {
		if cmplx.Abs(l) > cmplx.Abs(best) {
			best = l
		}
	}
	return cmplx.Abs(best), best
}

// complexValues returns the eigenvalues of a complex matrix. The real matrix [Re -Im; Im Re] has them and their
// conjugates; which of a pair belongs to the matrix is seen by the smaller determinant of M - l I.
func complexValues(z *mat.CDense) []complex128 {
	n, _ := z.Dims()
	if n == 2 { // in closed form
		t, d := (z.At(0, 0)+z.At(1, 1))/2, z.At(0, 0)*z.At(1, 1)-z.At(0, 1)*z.At(1, 0)
		r := cmplx.Sqrt(t*t - d)
		return []complex128{t + r, t - r}
	}
	e := mat.NewDense(2*n, 2*n, nil)
	for i := range n {
		for j := range n {
			v := z.At(i, j)
			e.Set(i, j, real(v))
			e.Set(n+i, n+j, real(v))
			e.Set(i, n+j, -imag(v))
			e.Set(n+i, j, imag(v))
		}
	}
	var eig mat.Eigen
	if !eig.Factorize(e, mat.EigenNone) {
		return nil
	}
	var out []complex128
	for _, l := range eig.Values(nil) {
		if imag(l) == 0 || determinant(z, l) <= determinant(z, cmplx.Conj(l)) {
			out = append(out, l)
		}
	}
	return out
}

// determinant is |det(M - l I)|, by elimination with row exchanges.
func determinant(z *mat.CDense, l complex128) float64 {
	n, _ := z.Dims()
	w := make([]complex128, n*n)
	for i := range n {
		for j := range n {
			w[i*n+j] = z.At(i, j)
		}
		w[i*n+i] -= l
	}
	det := 1.0
	for k := range n {
		p := k
		for i := k + 1; i < n; i++ {
			if size1(w[i*n+k]) > size1(w[p*n+k]) {
				p = i
			}
		}
		for j := range n {
			w[k*n+j], w[p*n+j] = w[p*n+j], w[k*n+j]
		}
		det *= cmplx.Abs(w[k*n+k])
		if w[k*n+k] == 0 {
			return 0
		}
		for i := k + 1; i < n; i++ {
			f := w[i*n+k] / w[k*n+k]
			for j := k; j < n; j++ {
				w[i*n+j] -= f * w[k*n+j]
			}
		}
	}
	return det
}
