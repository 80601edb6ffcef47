package lti

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"
)

// robust returns the feedback of method 0 of Kautsky, Nichols and Van Dooren: every eigenvector x_j lies in the space that
// a pole allows, null(U1'(A - p_j I)) with U1 orthogonal to the range of B, and is replaced in turn by the projection on
// that space of the direction orthogonal to all others. It says false where the method does not apply (too high
// multiplicity, B of full row rank needs no search but is covered too) or breaks down.
func robust(a, b *mat.Dense, poles []complex128) (*mat.Dense, bool) {
	n, _ := a.Dims()
	var d mat.SVD
	if !d.Factorize(b, mat.SVDFull) {
		return nil, false
	}
	rank := 0
	sv := d.Values(nil)
	for _, s := range sv {
		if s > float64(n)*eps*sv[0] {
			rank++
		}
	}
	if rank < 2 || multiplicity(poles) > rank {
		return nil, false
	}
	var u mat.Dense
	d.UTo(&u)
	s := newEigenvectors(a, part(&u, 0, n, rank, n), poles, rank)
	const sweeps = 12 // the condition number falls little after a few
	best, bestCond := []complex128(nil), math.Inf(1)
	for range sweeps {
		if !s.invert() {
			break
		}
		if c := condition(mat.NewCDense(n, n, append([]complex128(nil), s.x...))); c < bestCond {
			if bestCond < c*(1+1e-3) { // no progress
				break
			}
			best, bestCond = append([]complex128(nil), s.x...), c
		}
		s.sweep()
	}
	if best == nil {
		return nil, false
	}
	s.x = best
	closed, ok := s.matrix()
	if !ok {
		return nil, false
	}
	// B K = A - M.
	return pseudoInverse(&d, rank, sub(a, closed)), true
}

// multiplicity is the largest number of equal poles.
func multiplicity(poles []complex128) int {
	most := 0
	for _, p := range poles {
		count := 0
		for _, q := range poles {
			if p == q {
				count++
			}
		}
		most = max(most, count)
	}
	return most
}

func pseudoInverse(d *mat.SVD, rank int, rhs *mat.Dense) *mat.Dense {
	var u, v mat.Dense
	d.UTo(&u)
	d.VTo(&v)
	n, _ := u.Dims()
	m, _ := v.Dims()
	y := mul(part(&u, 0, n, 0, rank).T(), rhs)
	sv := d.Values(nil)
	_, c := y.Dims()
	for i := range rank {
		for j := range c {
			y.Set(i, j, y.At(i, j)/sv[i])
		}
	}
	return mul(part(&v, 0, m, 0, rank), y)
}

// eigenvectors holds X (n x n, row-major) and its inverse; column j belongs to pole j, pairs stand side by side.
type eigenvectors struct {
	n      int
	poles  []complex128
	spaces [][][]complex128 // orthonormal bases of the spaces that the poles allow
	x, inv []complex128
}

func newEigenvectors(a, u1 *mat.Dense, poles []complex128, rank int) *eigenvectors {
	n, _ := a.Dims()
	s := &eigenvectors{n: n, poles: poles, x: make([]complex128, n*n), spaces: make([][][]complex128, n)}
	for j, p := range poles {
		if imag(p) < 0 {
			continue
		}
		s.spaces[j] = allowed(a, u1, p, rank)
		v := make([]complex128, n)
		for k, basis := range s.spaces[j] {
			f := complex(math.Cos(float64(1+j+k*(j+2))), 0) // some direction, another for each pole
			for i := range v {
				v[i] += f * basis[i]
			}
		}
		s.set(j, v)
	}
	return s
}

// allowed returns an orthonormal basis of null(U1'(A - pI)): the complement of the columns of (A - pI)^H U1.
func allowed(a, u1 *mat.Dense, p complex128, rank int) [][]complex128 {
	n, _ := a.Dims()
	var basis [][]complex128
	for k := range n - rank {
		v := make([]complex128, n)
		for i := range n {
			for l := range n {
				v[i] += complex(a.At(l, i)*u1.At(l, k), 0)
			}
			v[i] -= cmplx.Conj(p) * complex(u1.At(i, k), 0)
		}
		if q, ok := orthonormal(v, basis); ok {
			basis = append(basis, q)
		}
	}
	from := len(basis)
	// Complete to a basis of the whole space, by the unit vectors that are farthest from what there is.
	for len(basis) < n {
		at, least := 0, math.Inf(1)
		for i := range n {
			var inside float64
			for _, q := range basis {
				inside += real(q[i])*real(q[i]) + imag(q[i])*imag(q[i])
			}
			if inside < least {
				at, least = i, inside
			}
		}
		e := make([]complex128, n)
		e[at] = 1
		q, ok := orthonormal(e, basis)
		if !ok {
			break
		}
		basis = append(basis, q)
	}
	return basis[from:]
}

// orthonormal removes from v what lies in the span of the basis (twice, against rounding) and scales it to unit length.
func orthonormal(v []complex128, basis [][]complex128) ([]complex128, bool) {
	start := length(v)
	for range 2 {
		for _, q := range basis {
			c := inner(q, v)
			for i := range v {
				v[i] -= c * q[i]
			}
		}
	}
	l := length(v)
	if !(l > 100*eps*start) {
		return nil, false
	}
	for i := range v {
		v[i] /= complex(l, 0)
	}
	return v, true
}

func inner(q, v []complex128) complex128 {
	var s complex128
	for i := range q {
		s += cmplx.Conj(q[i]) * v[i]
	}
	return s
}

func length(v []complex128) float64 {
	var s float64
	for _, z := range v {
		s = math.Hypot(s, cmplx.Abs(z))
	}
	return s
}

// set stores a unit vector as column j, and its conjugate beside it for a complex pole.
func (s *eigenvectors) set(j int, v []complex128) {
	l := complex(length(v), 0)
	for i := range s.n {
		s.x[i*s.n+j] = v[i] / l
		if imag(s.poles[j]) > 0 {
			s.x[i*s.n+j+1] = cmplx.Conj(v[i] / l)
		}
	}
}

// sweep replaces each vector once; the inverse follows by rank-one updates.
func (s *eigenvectors) sweep() {
	n := s.n
	for j, p := range s.poles {
		if imag(p) < 0 {
			continue
		}
		y := make([]complex128, n) // orthogonal to all columns but j
		for i := range n {
			y[i] = cmplx.Conj(s.inv[j*n+i])
		}
		v := make([]complex128, n)
		for _, q := range s.spaces[j] {
			c := inner(q, y)
			for i := range n {
				v[i] += c * q[i]
			}
		}
		if l := length(v); !(l > 1e-8*length(y)) { // nearly dependent on the others: keep the old vector
			continue
		}
		s.set(j, v)
		s.update(j)
		if imag(p) > 0 {
			s.update(j + 1)
		}
	}
}

// update restores inv = X^-1 after column j of X has changed.
func (s *eigenvectors) update(j int) {
	n := s.n
	w := make([]complex128, n) // old inverse times new column
	for i := range n {
		for k := range n {
			w[i] += s.inv[i*n+k] * s.x[k*n+j]
		}
	}
	if w[j] == 0 {
		return // singular: the next inversion will tell
	}
	for k := range n {
		s.inv[j*n+k] /= w[j]
	}
	for i := range n {
		if i == j {
			continue
		}
		for k := range n {
			s.inv[i*n+k] -= w[i] * s.inv[j*n+k]
		}
	}
}

// invert computes X^-1 by Gauss-Jordan elimination with row exchanges.
func (s *eigenvectors) invert() bool {
	n := s.n
	a, b := append([]complex128(nil), s.x...), make([]complex128, n*n)
	for i := range n {
		b[i*n+i] = 1
	}
	for k := range n {
		p := k
		for i := k; i < n; i++ {
			if size1(a[i*n+k]) > size1(a[p*n+k]) {
				p = i
			}
		}
		if !(size1(a[p*n+k]) > 0) {
			return false
		}
		for j := range n {
			a[k*n+j], a[p*n+j] = a[p*n+j], a[k*n+j]
			b[k*n+j], b[p*n+j] = b[p*n+j], b[k*n+j]
		}
		f := 1 / a[k*n+k]
		for j := range n {
			a[k*n+j] *= f
			b[k*n+j] *= f
		}
		for i := range n {
			if c := a[i*n+k]; i != k && c != 0 {
				for j := range n {
					a[i*n+j] -= c * a[k*n+j]
					b[i*n+j] -= c * b[k*n+j]
				}
			}
		}
	}
	s.inv = b
	return true
}

// matrix is X diag(poles) X^-1, real up to rounding.
func (s *eigenvectors) matrix() (*mat.Dense, bool) {
	if !s.invert() {
		return nil, false
	}
	n := s.n
	out := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			var v complex128
			for k := range n {
				v += s.x[i*n+k] * s.poles[k] * s.inv[k*n+j]
			}
			out.Set(i, j, real(v))
		}
	}
	return out, finite(out)
}
