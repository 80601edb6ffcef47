package stability

import (
	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
)

// linearisation decides the stability of an equilibrium that lies in the enclosure from the linear system there.
//
// Claim: f continuously differentiable with Jacobian J at the equilibrium. All eigenvalues strictly inside the border: locally
// exponentially stable. One strictly outside: unstable, whatever is on the border. Otherwise nothing follows.
//
// Method: the Lyapunov inequality of Classify is checked for every Jacobian over the enclosure, so that a solution which is
// no float64 makes no difference. Verified. Where that fails the answer is Undecided, whatever the floating-point
// eigenvalues seem to say.
//
// Reference: Bof, Carli, Schenato (2018), theorem 3.3; Khalil (2002), theorem 4.7.
func (e *enclosing) linearisation(enclosure []interval.I, l *Linear) (Verdict, Basis) {
	n := e.n
	e.EncloseJacobian(e.jac, enclosure)
	if !finiteAll(e.jac) {
		return Undecided, Bounded
	}
	outside := l.Growth
	if e.Time() == Discrete {
		outside--
	}
	if _, v, _ := lyapunovVerdict(mat.NewDense(n, n, mids(e.jac)), e.jac, outside, e.Time()); v != "" {
		return v, Verified
	}
	return Undecided, Bounded
}

// Linearise returns the Jacobian of f at x in floating point (from its enclosure) and its classification.
func Linearise(f Field, x []float64) (*Linear, *mat.Dense, error) {
	if err := checkPoint(f, x); err != nil {
		return nil, nil, err
	}
	j := newEnclosing(f).jacobianAt(x)
	l, err := Classify(j, f.Time())
	return l, j, err
}
