package stability

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lti"
)

// Lyapunov returns P with A'P + PA = -Q (continuous) or A'PA - P = -Q (discrete); nil Q means the identity.
//
// Claim: for Q > 0, P > 0 exactly if the system is asymptotically stable; then V = x'Px falls by x'Qx, with Q = I in
// discrete time by the factor gamma = 1 - 1/lambda_max(P) at least. It is a strict local Lyapunov function of every
// nonlinear system with this Jacobian at its equilibrium.
//
// Numerics: floating point; Classify verifies. Reference: the lecture, slide "Lyapunov equation"; package lti solves it.
func Lyapunov(a *mat.Dense, q *mat.SymDense, t Time) (*mat.SymDense, error) {
	n, err := square(a)
	if err != nil {
		return nil, err
	}
	right := mat.NewDense(n, n, nil)
	switch {
	case q == nil:
		for i := range n {
			right.Set(i, i, 1)
		}
	case q.SymmetricDim() != n:
		return nil, fmt.Errorf("%w: Q is %d x %d, A %d x %d", ErrShape, q.SymmetricDim(), q.SymmetricDim(), n, n)
	default:
		right.Copy(q)
	}
	solve := lti.Lyap
	if t == Discrete {
		solve = lti.DLyap
	}
	s, err := solve(mat.DenseCopyOf(a.T()), right)
	if err != nil {
		return nil, fmt.Errorf("stability: Lyapunov equation: %w", err)
	}
	return symmetric(n, flat(s.X)), nil
}
