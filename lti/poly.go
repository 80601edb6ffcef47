package lti

import (
	"cmp"
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Roots returns the roots of a polynomial with real coefficients in descending powers, as eigenvalues of its companion
// matrix after balancing; conjugate pairs are exact conjugates. Zero trailing coefficients give exact zeros.
func Roots(c []float64) ([]complex128, error) {
	c = trim(c)
	var out []complex128
	for len(c) > 1 && c[len(c)-1] == 0 {
		c, out = c[:len(c)-1], append(out, 0)
	}
	n := len(c) - 1
	if n < 1 {
		return out, nil
	}
	a := mat.NewDense(n, n, nil)
	for j := range n {
		a.Set(0, j, -c[j+1]/c[0])
		if j > 0 {
			a.Set(j, j-1, 1)
		}
	}
	if !finite(a) {
		return nil, fmt.Errorf("%w: the leading coefficient %g is too small", ErrNotFinite, c[0])
	}
	var e mat.Eigen
	if !e.Factorize(a, mat.EigenNone) {
		return nil, fmt.Errorf("%w: roots", ErrNoConverge)
	}
	return append(out, e.Values(nil)...), nil
}

// Poly returns the monic real polynomial with the given roots, coefficients in descending powers. Complex roots must
// stand in conjugate pairs; imaginary parts of the result are dropped.
//
// The factors are multiplied in the Leja order of the roots, which keeps intermediate coefficients from growing
// (Calvetti and Reichel, 2003, On the evaluation of polynomial coefficients, Numerical Algorithms 33).
func Poly(roots []complex128) []float64 {
	c := []complex128{1}
	for _, r := range leja(roots) {
		c = append(c, 0)
		for i := len(c) - 1; i > 0; i-- {
			c[i] -= r * c[i-1]
		}
	}
	out := make([]float64, len(c))
	for i, v := range c {
		out[i] = real(v)
	}
	return out
}

// leja orders points so that each is the one farthest, by product of distances, from those before it.
func leja(z []complex128) []complex128 {
	rest := slices.Clone(z)
	out := make([]complex128, 0, len(z))
	for len(rest) > 0 {
		best, most := 0, math.Inf(-1)
		for i, p := range rest {
			d := math.Log(cmplx.Abs(p)) // the first is the largest
			if len(out) > 0 {
				d = 0
				for _, q := range out {
					d += math.Log(cmplx.Abs(p - q))
				}
			}
			if d > most {
				best, most = i, d
			}
		}
		out = append(out, rest[best])
		rest = slices.Delete(rest, best, best+1)
	}
	return out
}

// paired sorts by modulus and puts conjugates side by side, positive imaginary part first. It is an error if a complex
// number has no conjugate within rounding; the pair is made exact.
func paired(what string, z []complex128) ([]complex128, error) {
	z = slices.Clone(z)
	slices.SortStableFunc(z, func(a, b complex128) int { return cmp.Compare(cmplx.Abs(a), cmplx.Abs(b)) })
	const near = 1e-8 // relative distance up to which typed conjugates count as such
	var out []complex128
	used := make([]bool, len(z))
	for i, a := range z {
		if used[i] {
			continue
		}
		used[i] = true
		if imag(a) == 0 {
			out = append(out, a)
			continue
		}
		best := -1
		for j := range z {
			if !used[j] && (best < 0 || cmplx.Abs(z[j]-cmplx.Conj(a)) < cmplx.Abs(z[best]-cmplx.Conj(a))) {
				best = j
			}
		}
		if best < 0 || cmplx.Abs(z[best]-cmplx.Conj(a)) > near*cmplx.Abs(a) {
			return nil, fmt.Errorf("%w: %s %.6g has no conjugate, expected %.6g too", ErrShape, what, a, cmplx.Conj(a))
		}
		used[best] = true
		up := complex(real(a), math.Abs(imag(a)))
		out = append(out, up, cmplx.Conj(up))
	}
	return out, nil
}
