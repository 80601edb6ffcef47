package linear

import (
	"cmp"
	"math"
	"math/cmplx"
	"slices"

	"github.com/plumb-go/plumb/internal/linalg"
)

// section is one term of the parallel sum: a real mode or a pair of modes with characteristic polynomial
// z - t or z^2 - t z + d. In observer form its state is x+ = [t 1; -d 0] x + B u, or x+ = t x + B u.
type section struct {
	order int // 1 or 2
	t, d  float64
	fixed int // 0: free; i+1: an integrator (t = 1) that only output i sees and that the constant input drives too
}

// sum is a linear model as a parallel sum of sections, in scaled signals:
//
//	x(k+1) = A x(k) + B u(k) + bx,   y(k) = C x(k) + D u(k) + y0,   u_j already delayed.
//
// Real pairs turn into complex pairs and back without a change of form, which modal coordinates do not allow, and the
// sensitivities of all parameters are outputs of the same small filters. With one output C is [1 0] for each section.
type sum struct {
	m, p  int
	secs  []section
	b     []float64 // n x m
	c     []float64 // p x n
	d     []float64 // p x m
	y0    []float64 // p
	drift []float64 // one per fixed section: its entry of bx
}

func (s *sum) order() (n int) {
	for _, q := range s.secs {
		n += q.order
	}
	return n
}

func (s *sum) clone() *sum {
	c := *s
	c.secs = slices.Clone(s.secs)
	c.b, c.c, c.d, c.y0, c.drift = slices.Clone(s.b), slices.Clone(s.c), slices.Clone(s.d), slices.Clone(s.y0), slices.Clone(s.drift)
	return &c
}

// maxRadius bounds the moduli of fitted poles: free simulation over any record in memory stays finite below it.
const maxRadius = 1 - 1e-7

// stable reports whether all free sections have their poles inside the circle of maxRadius.
func (s *sum) stable() bool {
	const r = maxRadius
	for _, q := range s.secs {
		switch {
		case q.fixed > 0:
		case q.order == 1:
			if !(math.Abs(q.t) <= r) {
				return false
			}
		default: // the triangle of the stability test, scaled by r
			if !(math.Abs(q.d) <= r*r && math.Abs(q.t)*r <= r*r+q.d) {
				return false
			}
		}
	}
	return true
}

// newSum makes the sections for poles (conjugates together or once; the positive half plane decides) and fixed
// integrators, with all other numbers zero and C as one output has it. Poles outside the unit circle are reflected.
func newSum(m, p int, poles []complex128, integrators []int) *sum {
	s := &sum{m: m, p: p}
	s.secs = pair(poles)
	for _, i := range integrators {
		s.secs = append(s.secs, section{order: 1, t: 1, fixed: i + 1})
	}
	n := s.order()
	s.b, s.c, s.d, s.y0 = make([]float64, n*m), make([]float64, p*n), make([]float64, p*m), make([]float64, p)
	s.drift = make([]float64, len(integrators))
	at := 0
	for _, q := range s.secs {
		for i := range p {
			if q.fixed == 0 && p == 1 || q.fixed == i+1 {
				s.c[i*n+at] = 1
			}
		}
		at += q.order
	}
	return s
}

// inside moves a pole into the unit circle.
func inside(z complex128) complex128 {
	const largest = 0.99999 // where sensible starts end
	r := cmplx.Abs(z)
	if r > 1 {
		z /= complex(r*r, 0)
		r = 1 / r
	}
	if r > largest {
		z *= complex(largest/r, 0)
	}
	return z
}

// pair sorts poles into sections: conjugates together, neighbouring real ones together, at most one alone.
func pair(poles []complex128) []section {
	var out []section
	var reals []float64
	for _, z := range poles {
		z = inside(z)
		switch {
		case imag(z) > 0:
			out = append(out, section{order: 2, t: 2 * real(z), d: real(z)*real(z) + imag(z)*imag(z)})
		case imag(z) == 0:
			reals = append(reals, real(z))
		}
	}
	slices.SortFunc(reals, func(a, b float64) int { return cmp.Compare(b, a) })
	for len(reals) > 1 {
		out = append(out, section{order: 2, t: reals[0] + reals[1], d: reals[0] * reals[1]})
		reals = reals[2:]
	}
	for _, r := range reals {
		out = append(out, section{order: 1, t: r})
	}
	return out
}

// poles of the sum.
func (s *sum) poles() []complex128 {
	var out []complex128
	for _, q := range s.secs {
		if q.order == 1 {
			out = append(out, complex(q.t, 0))
			continue
		}
		h := q.t / 2
		if e := h*h - q.d; e >= 0 {
			w := math.Copysign(math.Sqrt(e), h)
			big := h + w
			small := 0.0
			if big != 0 {
				small = q.d / big
			}
			out = append(out, complex(big, 0), complex(small, 0))
		} else {
			w := math.Sqrt(-e)
			out = append(out, complex(h, w), complex(h, -w))
		}
	}
	return out
}

// dynamics returns A (n x n) and bx (n).
func (s *sum) dynamics() (a, bx []float64) {
	n := s.order()
	a, bx = make([]float64, n*n), make([]float64, n)
	at, fixed := 0, 0
	for _, q := range s.secs {
		a[at*n+at] = q.t
		if q.order == 2 {
			a[at*n+at+1], a[(at+1)*n+at] = 1, -q.d
		}
		if q.fixed > 0 {
			bx[at] = s.drift[fixed]
			fixed++
		}
		at += q.order
	}
	return a, bx
}

// newSumFrom brings x+ = A x + B u, y = C x + D u + y0 into section form; false when A has no well-conditioned basis of
// eigenvectors. Poles outside the unit circle are reflected.
func newSumFrom(n, m, p int, a, b, c, d, y0 []float64) (*sum, bool) {
	values, v, err := linalg.Eigenvectors(n, a)
	if err != nil {
		return nil, false
	}
	// real basis T: real and imaginary part of one eigenvector of each pair
	t := make([]float64, n*n)
	type mode struct {
		z  complex128
		at int // column of T
	}
	var pairs, reals []mode
	for j := 0; j < n; j++ {
		for i := range n {
			t[i*n+j] = real(v[i*n+j])
		}
		if imag(values[j]) == 0 {
			reals = append(reals, mode{inside(values[j]), j})
			continue
		}
		if j+1 >= n {
			return nil, false
		}
		for i := range n {
			t[i*n+j+1] = imag(v[i*n+j])
		}
		pairs = append(pairs, mode{inside(values[j]), j})
		j++
	}
	bm, err := linalg.Solve(n, m, t, b)
	if err != nil {
		return nil, false
	}
	cm := linalg.Mul(p, n, n, c, t)
	slices.SortStableFunc(reals, func(x, y mode) int { return cmp.Compare(real(y.z), real(x.z)) })
	s := &sum{m: m, p: p, b: make([]float64, n*m), c: make([]float64, p*n), d: slices.Clone(d), y0: slices.Clone(y0)}
	at := 0
	for _, q := range pairs {
		re, im := real(q.z), imag(q.z)
		if im == 0 {
			return nil, false
		}
		s.secs = append(s.secs, section{order: 2, t: 2 * re, d: re*re + im*im})
		s.place(at, n, []int{q.at, q.at + 1}, [4]float64{re, im, -im, re}, bm, cm)
		at += 2
	}
	for len(reals) > 1 && real(reals[0].z) != real(reals[1].z) {
		x, y := real(reals[0].z), real(reals[1].z)
		s.secs = append(s.secs, section{order: 2, t: x + y, d: x * y})
		s.place(at, n, []int{reals[0].at, reals[1].at}, [4]float64{x, 0, 0, y}, bm, cm)
		at += 2
		reals = reals[2:]
	}
	for _, q := range reals {
		s.secs = append(s.secs, section{order: 1, t: real(q.z)})
		for j := range m {
			s.b[at*m+j] = bm[q.at*m+j]
		}
		for i := range p {
			s.c[i*n+at] = cm[i*n+q.at]
		}
		at++
	}
	return s, true
}

// place writes B and C of a second-order section whose modal block A2 acts on the states from: with the observability
// matrix O = [c; c A2] of c = [1 1], T = inv([1 0; t 1]) O takes the block to observer form.
func (s *sum) place(at, n int, from []int, a2 [4]float64, bm, cm []float64) {
	q := s.secs[len(s.secs)-1]
	o := [4]float64{1, 1, a2[0] + a2[2], a2[1] + a2[3]}
	t := [4]float64{o[0], o[1], o[2] - q.t*o[0], o[3] - q.t*o[1]}
	det := t[0]*t[3] - t[1]*t[2]
	inv := [4]float64{t[3] / det, -t[1] / det, -t[2] / det, t[0] / det}
	for r := range 2 {
		for j := range s.m {
			s.b[(at+r)*s.m+j] = t[2*r]*bm[from[0]*s.m+j] + t[2*r+1]*bm[from[1]*s.m+j]
		}
		for i := range s.p {
			s.c[i*n+at+r] = cm[i*n+from[0]]*inv[r] + cm[i*n+from[1]]*inv[2+r]
		}
	}
}

// integrating adds integrators of outputs, which nothing drives yet.
func (s *sum) integrating(outputs []int) *sum {
	if len(outputs) == 0 {
		return s
	}
	n := s.order()
	wide := n + len(outputs)
	out := s.clone()
	out.c = make([]float64, s.p*wide)
	for i := range s.p {
		copy(out.c[i*wide:], s.c[i*n:(i+1)*n])
	}
	for k, i := range outputs {
		out.secs = append(out.secs, section{order: 1, t: 1, fixed: i + 1})
		out.b = append(out.b, make([]float64, s.m)...)
		out.c[i*wide+n+k] = 1
		out.drift = append(out.drift, 0)
	}
	return out
}
