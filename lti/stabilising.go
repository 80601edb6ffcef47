package lti

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// reduced returns A - B R^-1 S', G = B R^-1 B', Q - S R^-1 S': the equation without cross term.
func (e *equation) reduced() (a, g, q *mat.Dense, err error) {
	var lu mat.LU
	lu.Factorize(e.r)
	rb, err := solveLU(&lu, transposed(e.b), false)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w: R", err)
	}
	rs, err := solveLU(&lu, transposed(e.s), false)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w: R", err)
	}
	a, g, q = sub(e.a, mul(e.b, rs)), mul(e.b, rb), sub(e.q, mul(e.s, rs))
	symmetrise(g)
	symmetrise(q)
	return a, g, q, nil
}

// hamiltonian solves the continuous equation from the invariant subspace of the left half plane.
func (e *equation) hamiltonian() (*mat.Dense, error) {
	a, g, q, err := e.reduced()
	if err != nil {
		return nil, err
	}
	n := e.n
	h := mat.NewDense(2*n, 2*n, nil)
	put(h, 0, 0, 1, a)
	put(h, 0, n, -1, g)
	put(h, n, 0, -1, q)
	put(h, n, n, -1, transposed(a))
	return e.invariant(h)
}

// invariant returns X from the invariant subspace [I; X] of H (2n x 2n) for the left half plane.
func (e *equation) invariant(h *mat.Dense) (*mat.Dense, error) {
	n := e.n
	s, err := newSchur(h)
	if err != nil {
		return nil, err
	}
	k, err := s.order(func(v complex128) bool { return real(v) < 0 })
	if err != nil {
		return nil, err
	}
	if k != n {
		return nil, fmt.Errorf("%w: %d of the eigenvalues of the Hamiltonian or symplectic pencil are inside the stability region, expected %d: some are on its boundary", ErrNoStabilising, k, n)
	}
	u1, u2 := part(s.u, 0, n, 0, n), part(s.u, n, 2*n, 0, n)
	xt, err := solve(transposed(u1), transposed(u2))
	if err != nil {
		return nil, fmt.Errorf("%w: (A, B) is not stabilisable", ErrNoStabilising)
	}
	symmetrise(xt)
	return xt, nil
}

// doubling solves the discrete equation. Where R is nearly singular and there is no cross term it starts from X = Q: the
// equation for X - Q has the weight R + B'QB.
func (e *equation) doubling() (*mat.Dense, error) {
	const illConditioned = 1e8 // R^-1 would cost half of the digits
	least, most := spread(e.r)
	if (least == 0 || !(most <= illConditioned*least)) && frob(e.s) == 0 {
		k, err := e.gain(e.q)
		if err != nil {
			return nil, err
		}
		rest := e.residual(e.q, k)
		symmetrise(rest)
		shifted := &equation{discrete: true, n: e.n, m: e.m, a: sub(e.a, mul(e.b, k)), b: e.b, q: rest, r: e.weight(e.q), s: e.s}
		x, err := shifted.double()
		if err != nil {
			return nil, err
		}
		x.Add(x, e.q)
		return x, nil
	}
	x, err := e.double()
	if err == nil && e.stabilises(x) {
		return x, nil
	}
	// Doubling finds the least solution, which is not the stabilising one where unstable modes cost nothing.
	return e.cayley()
}

// stabilises says whether A - BK with the gain of X is stable.
func (e *equation) stabilises(x *mat.Dense) bool {
	k, err := e.gain(x)
	if err != nil {
		return false
	}
	poles, err := eigenvalues(sub(e.a, mul(e.b, k)))
	return err == nil && !slices.ContainsFunc(poles, func(p complex128) bool { return outside(p, true) })
}

// cayley solves the discrete equation through the matrix (M + L)^-1 (M - L) of its symplectic pencil
//
//	M = [A 0; -Q I],  L = [I G; 0 A'],
//
// whose eigenvalues (z-1)/(z+1) are in the left half plane for |z| < 1 and whose invariant subspaces are those of the
// pencil. M + L is singular only if -1 is an eigenvalue of the pencil, where no stabilising solution exists.
func (e *equation) cayley() (*mat.Dense, error) {
	a, g, q, err := e.reduced()
	if err != nil {
		return nil, err
	}
	n := e.n
	m, l := mat.NewDense(2*n, 2*n, nil), mat.NewDense(2*n, 2*n, nil)
	put(m, 0, 0, 1, a)
	put(m, n, 0, -1, q)
	put(m, n, n, 1, identity(n))
	put(l, 0, 0, 1, identity(n))
	put(l, 0, n, 1, g)
	put(l, n, n, 1, transposed(a))
	h, err := solve(add(m, l), sub(m, l))
	if err != nil {
		return nil, fmt.Errorf("%w: the symplectic pencil has the eigenvalue -1", ErrNoStabilising)
	}
	return e.invariant(h)
}

// double iterates
//
//	A <- A W A,  G <- G + A W G A',  H <- H + A' H W A,   W = (I + G H)^-1,
//
// from (A, G, Q); H tends to X and each step squares the closed loop.
func (e *equation) double() (*mat.Dense, error) {
	a, g, h, err := e.reduced()
	if err != nil {
		return nil, err
	}
	const doublings = 64 // a closed-loop radius closer to one than rounding
	for range doublings {
		w := mul(g, h)
		w.Add(w, identity(e.n))
		var lu mat.LU
		lu.Factorize(w)
		wa, err := solveLU(&lu, a, false)
		if err != nil {
			return nil, fmt.Errorf("%w: doubling met a singular matrix", ErrNoStabilising)
		}
		wg, err := solveLU(&lu, g, false)
		if err != nil {
			return nil, fmt.Errorf("%w: doubling met a singular matrix", ErrNoStabilising)
		}
		dh := mul(a.T(), mul(h, wa))
		g = add(g, mul3(a, wg, a.T()))
		h = add(h, dh)
		a = mul(a, wa)
		symmetrise(g)
		symmetrise(h)
		if !finite(h) || !finite(g) || !finite(a) {
			return nil, fmt.Errorf("%w: doubling diverges, (A, B) is not stabilisable or a mode on the unit circle is not seen by Q", ErrNoStabilising)
		}
		if frob(dh) <= eps*frob(h) {
			return h, nil
		}
	}
	return nil, fmt.Errorf("%w: doubling did not converge", ErrNoStabilising)
}

// newton improves X by steps D with Acl' D + D Acl + residual = 0 (Acl' D Acl - D + residual = 0).
func (e *equation) newton(x *mat.Dense) (*mat.Dense, error) {
	const (
		steps   = 6
		done    = 8 * eps // correction below the rounding of X
		settled = 1e-6    // a correction that is still larger comes from eigenvalues on the boundary
		floor   = 1e-12   // of |X| in coordinates where Q and G have similar size: rounding of X = 0
	)
	last := -1.0
	for range steps {
		k, err := e.gain(x)
		if err != nil {
			return nil, err
		}
		res := e.residual(x, k)
		symmetrise(res)
		l, err := linearEquation(e.discrete, transposed(sub(e.a, mul(e.b, k))), nil, res)
		if err != nil {
			return nil, fmt.Errorf("%w: the closed loop cannot be told from the boundary of stability in floating point (%w)", ErrNoStabilising, err)
		}
		d := frob(l.X) / max(frob(x), floor)
		if last >= 0 && d > last { // corrections are rounding only
			break
		}
		x, last = add(x, l.X), d
		if d <= done {
			break
		}
	}
	if last > settled {
		return nil, fmt.Errorf("%w: the closed loop cannot be told from the boundary of stability in floating point (the last correction was %.1e of X)", ErrNoStabilising, last)
	}
	return x, nil
}
