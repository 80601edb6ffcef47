package lti

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"
)

// FreqResp returns the frequency response G(jw) (continuous) or G(exp(jw Ts)) (discrete) at each frequency w in rad/s,
// as p x m matrices. At a pole on the axis the entries are complex infinities.
//
// Method: A is brought to Hessenberg form once, so that a frequency costs O(n^2 m) instead of O(n^3) (Laub, 1981,
// Efficient multivariable frequency response computations, IEEE TAC 26).
func (g *SS) FreqResp(w []float64) []*mat.CDense {
	h := newResponder(g)
	out := make([]*mat.CDense, len(w))
	for i, w := range w {
		out[i] = h.at(g.point(w))
	}
	return out
}

// At returns the transfer matrix C (sI - A)^-1 B + D (p x m) at a complex point s (or z). At a pole the entries are
// complex infinities.
func (g *SS) At(s complex128) *mat.CDense { return newResponder(g).at(s) }

// point is the complex variable at frequency w in rad/s.
func (g *SS) point(w float64) complex128 {
	if g.Discrete() {
		sin, cos := math.Sincos(w * g.Ts)
		return complex(cos, sin)
	}
	return complex(0, w)
}

// responder evaluates C (sI - H)^-1 B + D with H upper Hessenberg.
type responder struct {
	n, m, p int
	h, b, c []float64 // H n x n, Q'B n x m, CQ p x n, row-major
	d       *mat.Dense
	work, x []complex128
}

func newResponder(g *SS) *responder {
	n, m, p := g.Dims()
	r := &responder{n: n, m: m, p: p, d: g.D}
	if n == 0 {
		return r
	}
	h, q := hessenberg(g.A)
	r.h = h.RawMatrix().Data
	r.b = mul(q.T(), g.B).RawMatrix().Data
	r.c = mul(g.C, q).RawMatrix().Data
	r.work, r.x = make([]complex128, n*n), make([]complex128, n*m)
	return r
}

// at eliminates the subdiagonal of sI - H with row exchanges, then substitutes back.
func (r *responder) at(s complex128) *mat.CDense {
	out := mat.NewCDense(r.p, r.m, nil)
	for i := range r.p {
		for j := range r.m {
			out.Set(i, j, complex(r.d.At(i, j), 0))
		}
	}
	n, m := r.n, r.m
	if n == 0 {
		return out
	}
	w, x := r.work, r.x
	for i, v := range r.h {
		w[i] = complex(-v, 0)
	}
	for i := range n {
		w[i*n+i] += s
	}
	for i, v := range r.b {
		x[i] = complex(v, 0)
	}
	for k := range n - 1 {
		if size1(w[(k+1)*n+k]) > size1(w[k*n+k]) {
			for j := k; j < n; j++ {
				w[k*n+j], w[(k+1)*n+j] = w[(k+1)*n+j], w[k*n+j]
			}
			for j := range m {
				x[k*m+j], x[(k+1)*m+j] = x[(k+1)*m+j], x[k*m+j]
			}
		}
		if w[(k+1)*n+k] == 0 {
			continue
		}
		f := w[(k+1)*n+k] / w[k*n+k]
		for j := k + 1; j < n; j++ {
			w[(k+1)*n+j] -= f * w[k*n+j]
		}
		for j := range m {
			x[(k+1)*m+j] -= f * x[k*m+j]
		}
	}
	for i := n - 1; i >= 0; i-- {
		if w[i*n+i] == 0 {
			return infinite(out)
		}
		for j := range m {
			v := x[i*m+j]
			for k := i + 1; k < n; k++ {
				v -= w[i*n+k] * x[k*m+j]
			}
			x[i*m+j] = v / w[i*n+i]
		}
	}
	for i := range r.p {
		for j := range m {
			v := out.At(i, j)
			for k := range n {
				v += complex(r.c[i*n+k], 0) * x[k*m+j]
			}
			out.Set(i, j, v)
		}
	}
	return out
}

func infinite(out *mat.CDense) *mat.CDense {
	p, m := out.Dims()
	for i := range p {
		for j := range m {
			out.Set(i, j, cmplx.Inf())
		}
	}
	return out
}

// size1 is |re| + |im|, within sqrt 2 of the modulus and cheaper: good enough to choose a pivot.
func size1(z complex128) float64 { return math.Abs(real(z)) + math.Abs(imag(z)) }
