package lti

import (
	"fmt"

	"gonum.org/v1/gonum/lapack"
	lapackgo "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"
)

// hessenberg returns H upper Hessenberg and Q orthogonal with A = Q H Q' (all n x n, n >= 1).
func hessenberg(a *mat.Dense) (h, q *mat.Dense) {
	n, _ := a.Dims()
	h = mat.DenseCopyOf(a)
	if n == 1 {
		return h, identity(1)
	}
	var l lapackgo.Implementation
	hd, tau := h.RawMatrix().Data, make([]float64, n-1)
	work := make([]float64, 1)
	l.Dgehrd(n, 0, n-1, hd, n, tau, work, -1)
	work = make([]float64, max(int(work[0]), n))
	l.Dgehrd(n, 0, n-1, hd, n, tau, work, len(work))
	q = mat.DenseCopyOf(h)
	l.Dorghr(n, 0, n-1, q.RawMatrix().Data, n, tau, work, len(work))
	for i := 2; i < n; i++ {
		for j := range i - 1 {
			h.Set(i, j, 0)
		}
	}
	return h, q
}

// realSchur is A = U T U' with U orthogonal and T quasi upper triangular: 1 x 1 blocks of real eigenvalues and 2 x 2
// blocks of conjugate pairs in standard form (equal diagonal entries, off-diagonal entries of opposite signs).
type realSchur struct {
	t, u   *mat.Dense
	values []complex128 // eigenvalues in the order of the diagonal
}

func newSchur(a *mat.Dense) (*realSchur, error) {
	n, _ := a.Dims()
	if !finite(a) {
		return nil, ErrNotFinite
	}
	h, q := hessenberg(a)
	var l lapackgo.Implementation
	wr, wi := make([]float64, n), make([]float64, n)
	work := make([]float64, 1)
	l.Dhseqr(lapack.EigenvaluesAndSchur, lapack.SchurOrig, n, 0, n-1, h.RawMatrix().Data, n, wr, wi, q.RawMatrix().Data, n, work, -1)
	work = make([]float64, max(int(work[0]), n))
	left := l.Dhseqr(lapack.EigenvaluesAndSchur, lapack.SchurOrig, n, 0, n-1, h.RawMatrix().Data, n, wr, wi, q.RawMatrix().Data, n, work, len(work))
	if left > 0 {
		return nil, fmt.Errorf("%w: Schur form", ErrNoConverge)
	}
	s := &realSchur{t: h, u: q, values: make([]complex128, n)}
	for i := range n {
		s.values[i] = complex(wr[i], wi[i])
	}
	return s, nil
}

// order moves the eigenvalues for which first says true to the top of the diagonal and returns how many there are. The
// order within the two groups is kept. A pair is moved as one block.
func (s *realSchur) order(first func(complex128) bool) (int, error) {
	n := len(s.values)
	var l lapackgo.Implementation
	t, u, work := s.t.RawMatrix().Data, s.u.RawMatrix().Data, make([]float64, n)
	done := 0
	for i := 0; i < n; {
		size := s.block(i)
		if !first(s.values[i]) {
			i += size
			continue
		}
		if i != done {
			if _, _, ok := l.Dtrexc(lapack.UpdateSchur, n, t, n, u, n, i, done, work); !ok {
				return 0, fmt.Errorf("%w: eigenvalues are too close to reorder the Schur form", ErrNoConverge)
			}
			block := append([]complex128(nil), s.values[i:i+size]...)
			copy(s.values[done+size:i+size], s.values[done:i])
			copy(s.values[done:], block)
		}
		done, i = done+size, i+size
	}
	return done, nil
}

// block is the size, 1 or 2, of the diagonal block that begins at i.
func (s *realSchur) block(i int) int {
	if i+1 < len(s.values) && s.t.At(i+1, i) != 0 {
		return 2
	}
	return 1
}
