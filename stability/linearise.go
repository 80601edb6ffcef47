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
// eigenvalues seem to say, but for affine systems, which structured decides.
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
	if isAffine(e.Field) {
		if v := structured(n, e.jac, e.Time()); v != "" {
			return v, Verified
		}
	}
	return Undecided, Bounded
}

// Linearise returns the Jacobian of f at x in floating point (from its enclosure) and its classification, for every
// matrix of the enclosure where that can be verified.
func Linearise(f Field, x []float64) (*Linear, *mat.Dense, error) {
	if err := checkPoint(f, x); err != nil {
		return nil, nil, err
	}
	e := newEnclosing(f)
	j := e.jacobianAt(x)
	l, err := Classify(j, f.Time())
	if err != nil {
		return nil, nil, err
	}
	if v, basis := e.linearisation(point(x), l); v != Undecided {
		l.Verdict, l.Basis = v, basis
	}
	return l, j, nil
}

// affine is what a Field may say of itself: that its Jacobian is one matrix.
type affine interface{ Affine() bool }

func isAffine(f Field) bool {
	a, ok := f.(affine)
	return ok && a.Affine()
}

// FreeStates returns the states of an affine field whose values do not matter: with an equilibrium x*, every x that differs
// from it in these states alone is one. all says that there are no other equilibria, verified.
//
// Method: columns of zeros in the Jacobian (less the identity, in discrete time), and a rank that leaves no more than these.
func FreeStates(f Field) (free []int, all bool) {
	if !isAffine(f) {
		return nil, false
	}
	n := f.Dim()
	j := make([]interval.I, n*n)
	f.EncloseJacobian(j, make([]interval.I, n))
	if f.Time() == Discrete {
		for i := range n {
			j[i*n+i] = j[i*n+i].Sub(interval.Point(1))
		}
	}
	for k := range n {
		zero := true
		for i := range n {
			zero = zero && isZero(j[i*n+k])
		}
		if zero {
			free = append(free, k)
		}
	}
	least, _ := rank(n, j)
	return free, least == n-len(free)
}
