package lti

import (
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"
)

// Zeros returns the finite invariant zeros of the system: the s at which the matrix
//
//	[ A - sI  B ]
//	[   C     D ]
//
// loses rank. For a minimal system these are the transmission zeros; otherwise modes that cannot be reached or seen are
// among them. A system whose matrix has no full normal rank has the zeros of its regular part.
//
// Method: Emami-Naeini and Van Dooren (1982), Computation of zeros of linear multivariable systems, Automatica 18: the
// pencil is reduced by orthogonal transformations to a regular one without infinite eigenvalues, whose generalised
// eigenvalues QZ finds. Numerics: ranks are decided by singular values relative to the norm of the balanced system.
func (g *SS) Zeros() ([]complex128, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	n, _, _ := g.Dims()
	if n == 0 {
		return nil, nil
	}
	s := g.balanced()
	z := &zeroPencil{n: n, a: clone(s.A), b: clone(s.B), c: clone(s.C), d: clone(s.D)}
	z.m, z.p = z.sizes()
	z.tol = float64(n+z.m+z.p) * eps * math.Sqrt(sumSquares(s.A, s.B, s.C, s.D))
	if err := z.fullRowRank(); err != nil {
		return nil, err
	}
	z.transpose()
	if err := z.fullRowRank(); err != nil {
		return nil, err
	}
	return z.eigenvalues()
}

// zeroPencil is a system during the reduction. Any of n, m, p may fall to zero, where matrices are empty.
type zeroPencil struct {
	n, m, p    int
	a, b, c, d *mat.Dense
	tol        float64
}

func (z *zeroPencil) sizes() (m, p int) {
	p, m = z.d.Dims()
	return m, p
}

func (z *zeroPencil) transpose() {
	z.a, z.b, z.c, z.d = transposed(z.a), transposed(z.c), transposed(z.b), transposed(z.d)
	z.m, z.p = z.p, z.m
}

// fullRowRank removes states until D has full row rank, keeping the finite zeros.
func (z *zeroPencil) fullRowRank() error {
	for z.n > 0 && z.p > 0 {
		rank, u, err := rowCompress(z.d, z.p, z.m, z.tol)
		if err != nil {
			return err
		}
		if rank == z.p {
			return nil
		}
		ud, uc := &mat.Dense{}, mul(u.T(), z.c)
		if z.m > 0 {
			ud = mul(u.T(), z.d)
		}
		d1, c1, c2 := part(ud, 0, rank, 0, z.m), part(uc, 0, rank, 0, z.n), part(uc, rank, z.p, 0, z.n)
		// Columns of V: first those that C2 does not see.
		rho, w, err := rowCompress(transposed(c2), z.n, z.p-rank, z.tol)
		if err != nil {
			return err
		}
		if rho == 0 {
			z.c, z.d, z.p = c1, d1, rank
			return nil
		}
		z.reduce(rotateColumns(w, rho), rho, rank, c1, d1)
	}
	return nil
}

// reduce keeps the n - rho states that C2 does not see; the others become outputs.
func (z *zeroPencil) reduce(v *mat.Dense, rho, rank int, c1, d1 *mat.Dense) {
	keep := z.n - rho
	a := mul3(v.T(), z.a, v)
	b := &mat.Dense{}
	if z.m > 0 {
		b = mul(v.T(), z.b)
	}
	p := rho + rank
	c, d := &mat.Dense{}, &mat.Dense{}
	if keep > 0 {
		c = mat.NewDense(p, keep, nil)
		put(c, 0, 0, 1, part(a, keep, z.n, 0, keep))
		if rank > 0 {
			put(c, rho, 0, 1, part(mul(c1, v), 0, rank, 0, keep))
		}
	}
	if z.m > 0 {
		d = mat.NewDense(p, z.m, nil)
		put(d, 0, 0, 1, part(b, keep, z.n, 0, z.m))
		put(d, rho, 0, 1, d1)
	}
	z.a, z.b, z.c, z.d = part(a, 0, keep, 0, keep), part(b, 0, keep, 0, z.m), c, d
	z.n, z.p = keep, p
}

// eigenvalues of the square regular pencil that is left: columns of [C D] are compressed to [0 Df], and the finite zeros
// are the eigenvalues of what [A B] and [I 0] have in the columns of the zeros.
func (z *zeroPencil) eigenvalues() ([]complex128, error) {
	if z.n == 0 {
		return nil, nil
	}
	if z.p == 0 || z.m == 0 {
		return finiteEigenvalues(z.a, identity(z.n))
	}
	cd := mat.NewDense(z.p, z.n+z.m, nil)
	put(cd, 0, 0, 1, z.c)
	put(cd, 0, z.n, 1, z.d)
	rank, w, err := rowCompress(transposed(cd), z.n+z.m, z.p, z.tol)
	if err != nil {
		return nil, err
	}
	if rank != z.m || z.p != z.m {
		return nil, fmt.Errorf("%w: the ranks of the zero pencil cannot be decided (%d x %d, rank %d)", ErrSingular, z.p, z.m, rank)
	}
	v := part(w, 0, z.n+z.m, rank, z.n+z.m)
	ab := mat.NewDense(z.n, z.n+z.m, nil)
	put(ab, 0, 0, 1, z.a)
	put(ab, 0, z.n, 1, z.b)
	return finiteEigenvalues(mul(ab, v), part(v, 0, z.n, 0, z.n))
}

func finiteEigenvalues(a, b *mat.Dense) ([]complex128, error) {
	alpha, beta, err := generalisedEigenvalues(a, b)
	if err != nil {
		return nil, err
	}
	var out []complex128
	for i := range alpha {
		if beta[i] != 0 {
			out = append(out, alpha[i]/beta[i])
		}
	}
	return conjugate(out), nil
}

// conjugate makes numbers that are eigenvalues of real matrices up to rounding exactly so: what has an imaginary part
// within rounding of its modulus becomes real, others are matched in pairs.
func conjugate(z []complex128) []complex128 {
	out := make([]complex128, 0, len(z))
	used := make([]bool, len(z))
	for i, a := range z {
		if used[i] {
			continue
		}
		used[i] = true
		best := -1
		for j := i + 1; j < len(z); j++ {
			if !used[j] && imag(z[j])*imag(a) < 0 && (best < 0 || cmplx.Abs(z[j]-cmplx.Conj(a)) < cmplx.Abs(z[best]-cmplx.Conj(a))) {
				best = j
			}
		}
		own := 2 * math.Abs(imag(a)) // distance to its own conjugate
		if best < 0 || own <= cmplx.Abs(z[best]-cmplx.Conj(a)) {
			out = append(out, complex(real(a), 0))
			continue
		}
		used[best] = true
		m := (a + cmplx.Conj(z[best])) / 2
		m = complex(real(m), math.Abs(imag(m)))
		out = append(out, m, cmplx.Conj(m))
	}
	return out
}

// rowCompress returns the rank of an r x c matrix and U (r x r orthogonal) such that only the first rank rows of U'M are
// nonzero, up to tol.
func rowCompress(m *mat.Dense, r, c int, tol float64) (int, *mat.Dense, error) {
	if c == 0 || m.IsEmpty() {
		return 0, identity(r), nil
	}
	var d mat.SVD
	if !d.Factorize(m, mat.SVDFullU) {
		return 0, nil, fmt.Errorf("%w: singular values", ErrNoConverge)
	}
	rank := 0
	for _, s := range d.Values(nil) {
		if s > tol {
			rank++
		}
	}
	var u mat.Dense
	d.UTo(&u)
	return rank, &u, nil
}

// rotateColumns moves the first k columns to the end.
func rotateColumns(u *mat.Dense, k int) *mat.Dense {
	r, c := u.Dims()
	out := mat.NewDense(r, c, nil)
	put(out, 0, 0, 1, part(u, 0, r, k, c))
	put(out, 0, c-k, 1, part(u, 0, r, 0, k))
	return out
}

func sumSquares(ms ...*mat.Dense) float64 {
	var s float64
	for _, m := range ms {
		f := frob(m)
		s += f * f
	}
	return s
}
