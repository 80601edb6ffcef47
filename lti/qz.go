package lti

import (
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"
)

// pencil is the pair (A, B) of n x n matrices, row-major, during the QZ iteration.
type pencil struct {
	n    int
	a, b []complex128
}

// generalisedEigenvalues returns alpha, beta with A x = (alpha/beta) B x; beta is exactly zero for infinite eigenvalues.
// Both are zero, up to rounding, where the pencil is singular.
//
// Method: complex single-shift QZ (Moler and Stewart, 1973, An algorithm for generalized matrix eigenvalue problems,
// SIAM J. Numer. Anal. 10), backward stable for each of A and B.
func generalisedEigenvalues(a, b *mat.Dense) (alpha, beta []complex128, err error) {
	n, _ := a.Dims()
	p := &pencil{n: n, a: make([]complex128, n*n), b: make([]complex128, n*n)}
	for i := range n {
		for j := range n {
			p.a[i*n+j], p.b[i*n+j] = complex(a.At(i, j), 0), complex(b.At(i, j), 0)
		}
	}
	p.reduce()
	if err := p.iterate(eps*frob(a), eps*frob(b)); err != nil {
		return nil, nil, err
	}
	for i := range n {
		alpha, beta = append(alpha, p.a[i*n+i]), append(beta, p.b[i*n+i])
	}
	return alpha, beta, nil
}

// rotation returns c real, s with [c s; -conj(s) c] [x; y] = [r; 0].
func rotation(x, y complex128) (c float64, s complex128) {
	if y == 0 {
		return 1, 0
	}
	ax := cmplx.Abs(x)
	if ax == 0 {
		return 0, cmplx.Conj(y) / complex(cmplx.Abs(y), 0)
	}
	h := math.Hypot(ax, cmplx.Abs(y))
	return ax / h, x / complex(ax, 0) * cmplx.Conj(y) / complex(h, 0)
}

// rows mixes rows i and k of both matrices from column j on so that m[k][j] becomes zero.
func (p *pencil) rows(m []complex128, i, k, j int) {
	n := p.n
	c, s := rotation(m[i*n+j], m[k*n+j])
	for _, m := range [][]complex128{p.a, p.b} {
		for l := range n {
			x, y := m[i*n+l], m[k*n+l]
			m[i*n+l] = complex(c, 0)*x + s*y
			m[k*n+l] = complex(c, 0)*y - cmplx.Conj(s)*x
		}
	}
	m[k*n+j] = 0
}

// columns mixes columns i and k of both matrices so that m[j][k] becomes zero.
func (p *pencil) columns(m []complex128, i, k, j int) {
	n := p.n
	c, s := rotation(m[j*n+i], m[j*n+k])
	for _, m := range [][]complex128{p.a, p.b} {
		for l := range n {
			x, y := m[l*n+i], m[l*n+k]
			m[l*n+i] = complex(c, 0)*x + s*y
			m[l*n+k] = complex(c, 0)*y - cmplx.Conj(s)*x
		}
	}
	m[j*n+k] = 0
}

// reduce brings A to Hessenberg and B to upper triangular form.
func (p *pencil) reduce() {
	n := p.n
	for j := range n {
		for i := n - 1; i > j; i-- {
			p.rows(p.b, i-1, i, j)
		}
	}
	for j := range max(n-2, 0) {
		for i := n - 1; i > j+1; i-- {
			p.rows(p.a, i-1, i, j)
			p.columns(p.b, i, i-1, i)
		}
	}
}

// iterate deflates eigenvalues from the bottom. Entries below atol (btol) count as zero.
func (p *pencil) iterate(atol, btol float64) error {
	n := p.n
	const most = 60 // iterations for one eigenvalue; a few are usual
	count := 0
	for last := n - 1; last > 0; {
		if cmplx.Abs(p.a[last*n+last-1]) <= atol {
			p.a[last*n+last-1] = 0
			last, count = last-1, 0
			continue
		}
		if cmplx.Abs(p.b[last*n+last]) <= btol { // infinite eigenvalue at the bottom
			p.b[last*n+last] = 0
			p.columns(p.a, last, last-1, last)
			continue
		}
		first, zero := p.active(last, atol, btol)
		if zero >= 0 {
			p.chase(zero, last)
			continue
		}
		if count++; count > most {
			return fmt.Errorf("%w: generalised eigenvalues", ErrNoConverge)
		}
		p.step(first, last, count)
	}
	if n > 0 && cmplx.Abs(p.b[0]) <= btol {
		p.b[0] = 0
	}
	return nil
}

// active finds the top of the unreduced block that ends at last, and a zero on the diagonal of B in it (else -1).
func (p *pencil) active(last int, atol, btol float64) (first, zero int) {
	n := p.n
	for first = last; first > 0; first-- {
		if cmplx.Abs(p.a[first*n+first-1]) <= atol {
			p.a[first*n+first-1] = 0
			break
		}
	}
	for j := last - 1; j >= first; j-- {
		if cmplx.Abs(p.b[j*n+j]) <= btol {
			p.b[j*n+j] = 0
			return first, j
		}
	}
	return first, -1
}

// chase moves a zero on the diagonal of B from row j to the bottom of the block.
func (p *pencil) chase(j, last int) {
	n := p.n
	for k := j; k < last; k++ {
		p.rows(p.b, k, k+1, k+1)
		if k > 0 && p.a[(k+1)*n+k-1] != 0 {
			p.columns(p.a, k, k-1, k+1)
		}
	}
	p.b[last*n+last] = 0
}

// step is one QZ sweep with the eigenvalue of the trailing 2 x 2 block of A B^-1 nearest to its last entry as shift.
func (p *pencil) step(first, last, count int) {
	n := p.n
	a := func(i, j int) complex128 { return p.a[i*n+j] }
	b := func(i, j int) complex128 { return p.b[i*n+j] }
	l, k := last, last-1
	// M = A B^-1 on rows and columns k, l with B upper triangular.
	m00 := a(k, k) / b(k, k)
	m10 := a(l, k) / b(k, k)
	m01 := (a(k, l) - m00*b(k, l)) / b(l, l)
	m11 := (a(l, l) - m10*b(k, l)) / b(l, l)
	half := (m00 - m11) / 2
	root := cmplx.Sqrt(half*half + m01*m10)
	if real(half)*real(root)+imag(half)*imag(root) < 0 {
		root = -root
	}
	shift := m11
	if d := half + root; d != 0 {
		shift -= m01 * m10 / d
	}
	if count%10 == 0 { // an unusual shift breaks cycles
		shift += m10
	}
	x, y := a(first, first)-shift*b(first, first), a(first+1, first)
	for k := first; k < last; k++ {
		if k > first {
			p.rows(p.a, k, k+1, k-1)
		} else {
			p.rotateRows(k, k+1, x, y)
		}
		p.columns(p.b, k+1, k, k+1)
	}
}

// rotateRows applies the rotation that would map (x, y) to (r, 0) to rows i and k.
func (p *pencil) rotateRows(i, k int, x, y complex128) {
	n := p.n
	c, s := rotation(x, y)
	for _, m := range [][]complex128{p.a, p.b} {
		for l := range n {
			x, y := m[i*n+l], m[k*n+l]
			m[i*n+l] = complex(c, 0)*x + s*y
			m[k*n+l] = complex(c, 0)*y - cmplx.Conj(s)*x
		}
	}
}
