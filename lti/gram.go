package lti

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Kind selects controllability or observability.
type Kind int

// The two properties; each is the other's of the transposed system.
const (
	Controllability Kind = iota
	Observability
)

func (k Kind) String() string {
	if k == Observability {
		return "observability"
	}
	return "controllability"
}

// Gram returns the Gramian of a stable system: the solution of A W + W A' + B B' = 0 (A W A' - W + B B' = 0) or of the
// transposed equation with C'C, symmetric and positive semidefinite up to its residual. ErrUnstable where a pole is not
// inside the stability region: the integral that defines it diverges there.
func Gram(g *SS, kind Kind) (*Solution, error) {
	if err := check(g); err != nil {
		return nil, err
	}
	n, _, _ := g.Dims()
	if n == 0 {
		return nil, fmt.Errorf("%w: a static gain has no Gramian", ErrShape)
	}
	if err := g.mustBeStable("the " + kind.String() + " Gramian"); err != nil {
		return nil, err
	}
	a, b := g.A, g.B
	if kind == Observability {
		a, b = transposed(g.A), transposed(g.C)
	}
	q := mul(b, b.T())
	symmetrise(q)
	return linearEquation(g.Discrete(), a, nil, q)
}

// mustBeStable names the pole that is not inside the stability region.
func (g *SS) mustBeStable(what string) error {
	poles, err := g.Poles()
	if err != nil {
		return err
	}
	for _, p := range poles {
		if outside(p, g.Discrete()) {
			return fmt.Errorf("%w: pole at %.6g; %s needs all poles inside the stability region", ErrUnstable, p, what)
		}
	}
	return nil
}

// Ctrb returns [B, AB, ..., A^(n-1) B] (n x nm). Its rank is a poor numerical test at higher order; see Rank.
func Ctrb(g *SS) *mat.Dense {
	n, m, _ := g.Dims()
	if n == 0 {
		return &mat.Dense{}
	}
	out := mat.NewDense(n, n*m, nil)
	b := g.B
	for i := range n {
		put(out, 0, i*m, 1, b)
		b = mul(g.A, b)
	}
	return out
}

// Obsv returns [C; CA; ...; C A^(n-1)] (np x n).
func Obsv(g *SS) *mat.Dense { return transposed(Ctrb(g.dual())) }

// dual is the transposed system (A', C', B', D').
func (g *SS) dual() *SS {
	return &SS{A: transposed(g.A), B: transposed(g.C), C: transposed(g.B), D: transposed(g.D), Ts: g.Ts,
		Inputs: append([]Signal(nil), g.Outputs...), Outputs: append([]Signal(nil), g.Inputs...), States: append([]Signal(nil), g.States...)}
}

// Rank returns the dimension of the controllable (observable) subspace by the staircase algorithm, see MinReal; tol is
// relative to the norm of [A B] after scaling of the states, 0 means n eps times ten.
func Rank(g *SS, kind Kind, tol float64) (int, error) {
	if err := check(g); err != nil {
		return 0, err
	}
	if kind == Observability {
		g = g.dual()
	}
	s, err := newStaircase(g.balanced(), tol)
	if err != nil {
		return 0, err
	}
	return s.rank, nil
}

// staircase is the controllability form of a system.
type staircase struct {
	sys  *SS // in coordinates where the first rank states are controllable, the others are not reached
	t    *mat.Dense
	rank int
}

// newStaircase transforms by orthogonal T so that T'AT = [Ac *; 0 An], T'B = [Bc; 0] with (Ac, Bc) controllable: one step
// adds the states that the last group reaches (Rosenbrock 1970; Van Dooren, 1981, The generalized eigenstructure problem
// in linear system theory, IEEE TAC 26). Ranks by singular values.
func newStaircase(g *SS, tol float64) (*staircase, error) {
	n, m, _ := g.Dims()
	s := &staircase{sys: g.Copy()}
	if n == 0 {
		return s, nil
	}
	if tol == 0 {
		tol = 10 * float64(n) * eps
	}
	tol *= math.Sqrt(sumSquares(g.A, g.B))
	s.t = identity(n)
	group, width := s.sys.B, m // rows of what the last group reaches, and its width
	for {
		at := s.rank
		rank, u, err := rowCompress(part(group, at, n, 0, width), n-at, width, tol)
		if err != nil {
			return nil, err
		}
		if rank == 0 {
			break
		}
		full := identity(n)
		put(full, at, at, 1, u)
		s.sys.A, s.sys.B = mul3(full.T(), s.sys.A, full), mul(full.T(), s.sys.B)
		s.sys.C, s.t = mul(s.sys.C, full), mul(s.t, full)
		s.rank += rank
		if s.rank == n {
			break
		}
		group, width = part(s.sys.A, 0, n, at, at+rank), rank
	}
	return s, nil
}

// MinReal returns a minimal realisation: the states that are not reached and those that are not seen are removed (Kalman
// decomposition by two staircases). tol is relative to the norm of the scaled system, 0 means n eps times ten; raise it
// (say 1e-8) where the data carry rounding of their own. The transfer matrix changes by about tol times the norm of the
// system. The states of the result have no names of the old ones.
func MinReal(g *SS, tol float64) (*SS, error) {
	if tol < 0 || tol >= 1 {
		return nil, fmt.Errorf("%w: tolerance is %g, expected between 0 and 1", ErrShape, tol)
	}
	if err := check(g); err != nil {
		return nil, err
	}
	first, err := newStaircase(g.balanced(), tol)
	if err != nil {
		return nil, err
	}
	reached := first.sys.leadingStates(first.rank)
	second, err := newStaircase(reached.balanced().dual(), tol)
	if err != nil {
		return nil, err
	}
	n, _, _ := g.Dims()
	if second.rank == n {
		return g.Copy(), nil
	}
	return named(second.sys.leadingStates(second.rank).dual(), g.Inputs, g.Outputs), nil
}

// leadingStates keeps the first k states.
func (g *SS) leadingStates(k int) *SS {
	_, m, p := g.Dims()
	return &SS{A: part(g.A, 0, k, 0, k), B: part(g.B, 0, k, 0, m), C: part(g.C, 0, p, 0, k), D: clone(g.D), Ts: g.Ts,
		Inputs: append([]Signal(nil), g.Inputs...), Outputs: append([]Signal(nil), g.Outputs...), States: numbered("x", k)}
}

// Balanced is a balanced realisation: both Gramians are diag(HSV).
type Balanced struct {
	Sys  *SS
	HSV  []float64  // Hankel singular values, falling
	T    *mat.Dense // new states = T old states
	TInv *mat.Dense
}

// BalReal returns the balanced realisation of a stable and minimal system.
//
// Method: square-root algorithm (Laub, Heath, Paige, Ward, 1987, Computation of system balancing transformations, IEEE TAC
// 32) with square roots of the Gramians from their eigenvalues. ErrUnstable; ErrSingular where the smallest Hankel singular
// value is within rounding of zero: remove states with MinReal or BalRed.
func BalReal(g *SS) (*Balanced, error) {
	r, err := newBalancing(g)
	if err != nil {
		return nil, err
	}
	n, _, _ := g.Dims()
	if k := r.useful(); k < n {
		return nil, fmt.Errorf("%w: Hankel singular value %d is %.2g of the largest; the system is not minimal, reduce it to %d states with BalRed or MinReal", ErrSingular, k+1, r.hsv[k]/r.hsv[0], k)
	}
	return r.project(n), nil
}

// Reduction is how BalRed removes states.
type Reduction int

// Truncate keeps the response at infinite frequency (D), MatchDC that at zero frequency.
const (
	Truncate Reduction = iota
	MatchDC
)

// BalRed returns a system of the given order from the balanced realisation of the stable part; modes that are not stable
// are kept as they are and count. ErrShape where the order is below their number.
//
// Claim: the largest singular value of G - Gr on the boundary of stability (the H-infinity norm for stable G) is at most
// twice the sum of the distinct Hankel singular values that were removed (Enns 1984, Glover 1984, for both ways); bound is
// twice the sum of all of them, which is not below.
func BalRed(g *SS, order int, how Reduction) (reduced *SS, bound float64, err error) {
	if err := check(g); err != nil {
		return nil, 0, err
	}
	n, _, _ := g.Dims()
	if order < 0 || order > n {
		return nil, 0, fmt.Errorf("%w: order %d, expected 0 to %d", ErrShape, order, n)
	}
	stable, rest, err := StabSep(g)
	if err != nil {
		return nil, 0, err
	}
	fixed, _, _ := rest.Dims()
	if order < fixed {
		return nil, 0, fmt.Errorf("%w: order %d, expected at least %d: so many modes are not stable and are kept", ErrShape, order, fixed)
	}
	if n == fixed {
		return g.Copy(), 0, nil
	}
	if reduced, bound, err = balredStable(stable, order-fixed, how); err != nil || fixed == 0 {
		return reduced, bound, err
	}
	if reduced, err = Parallel(reduced, rest); err != nil {
		return nil, 0, err
	}
	reduced.States = numbered("x", len(reduced.States))
	return reduced, bound, nil
}

func balredStable(g *SS, order int, how Reduction) (reduced *SS, bound float64, err error) {
	r, err := newBalancing(g)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range r.hsv[order:] {
		bound += 2 * s
	}
	useful := r.useful()
	if how == Truncate || order >= useful {
		return r.project(min(order, useful)).Sys, bound, nil
	}
	reduced, err = residualise(r.project(useful).Sys, order)
	return reduced, bound, err
}

// StabSep splits G = stable + rest: the modes inside the stability region with D, and the others with no direct term.
//
// Method: ordered Schur form, and a Sylvester equation that decouples its blocks; ErrSingular where a mode inside and one
// outside are too close to be told apart.
func StabSep(g *SS) (stable, rest *SS, err error) {
	if err := check(g); err != nil {
		return nil, nil, err
	}
	n, m, p := g.Dims()
	none := blank(0, m, p, g.Ts)
	copy(none.Inputs, g.Inputs)
	copy(none.Outputs, g.Outputs)
	if n == 0 {
		return g.Copy(), none, nil
	}
	s, err := newSchur(g.A)
	if err != nil {
		return nil, nil, err
	}
	k, err := s.order(func(v complex128) bool { return !outside(v, g.Discrete()) })
	if err != nil {
		return nil, nil, err
	}
	if k == n {
		return g.Copy(), none, nil
	}
	if k == 0 {
		none.D = clone(g.D)
		rest = g.Copy()
		rest.D = mat.NewDense(p, m, nil)
		return none, rest, nil
	}
	t11, t22 := part(s.t, 0, k, 0, k), part(s.t, k, n, k, n)
	x, err := Sylvester(t11, scale(-1, t22), part(s.t, 0, k, k, n))
	if err != nil {
		return nil, nil, err
	}
	b, c := mul(s.u.T(), g.B), mul(g.C, s.u)
	b2, c1 := part(b, k, n, 0, m), part(c, 0, p, 0, k)
	stable, rest = g.leadingStates(k), g.leadingStates(n-k)
	stable.A, stable.B, stable.C = t11, sub(part(b, 0, k, 0, m), mul(x.X, b2)), c1
	rest.A, rest.B, rest.C, rest.D = t22, b2, add(part(c, 0, p, k, n), mul(c1, x.X)), mat.NewDense(p, m, nil)
	rest.States = numbered("x", n-k)
	return stable, rest, nil
}

// HSV returns the Hankel singular values of a stable system, falling.
func HSV(g *SS) ([]float64, error) {
	r, err := newBalancing(g)
	if err != nil {
		return nil, err
	}
	return r.hsv, nil
}

// balancing holds Lo'Lc = U diag(hsv) V' with Wc = Lc Lc', Wo = Lo Lo'.
type balancing struct {
	g      *SS
	hsv    []float64
	lc, lo *mat.Dense
	u, v   mat.Dense
}

func newBalancing(g *SS) (*balancing, error) {
	r := &balancing{g: g}
	for _, k := range []Kind{Controllability, Observability} {
		w, err := Gram(g, k)
		if err != nil {
			return nil, err
		}
		l, err := rootOf(w.X)
		if err != nil {
			return nil, err
		}
		if k == Controllability {
			r.lc = l
		} else {
			r.lo = l
		}
	}
	var d mat.SVD
	if !d.Factorize(mul(r.lo.T(), r.lc), mat.SVDFull) {
		return nil, fmt.Errorf("%w: singular values", ErrNoConverge)
	}
	r.hsv = d.Values(nil)
	d.UTo(&r.u)
	d.VTo(&r.v)
	return r, nil
}

// useful is the number of Hankel singular values above rounding: the Gramians have errors of n eps, their roots of the
// square root of that, and hsv is known to about eps hsv[0] n.
func (r *balancing) useful() int {
	n := len(r.hsv)
	for i, s := range r.hsv {
		if !(s > float64(10*n)*eps*r.hsv[0]) {
			return i
		}
	}
	return n
}

// project keeps the first k balanced states: T = S^-1/2 U'Lo', TInv = Lc V S^-1/2.
func (r *balancing) project(k int) *Balanced {
	n := len(r.hsv)
	out := &Balanced{HSV: r.hsv, T: &mat.Dense{}, TInv: &mat.Dense{}}
	if k == 0 {
		out.Sys = r.g.leadingStates(0)
		return out
	}
	out.T = mul(part(&r.u, 0, n, 0, k).T(), r.lo.T())
	out.TInv = mul(r.lc, part(&r.v, 0, n, 0, k))
	for i := range k {
		f := 1 / math.Sqrt(r.hsv[i])
		for j := range n {
			out.T.Set(i, j, out.T.At(i, j)*f)
			out.TInv.Set(j, i, out.TInv.At(j, i)*f)
		}
	}
	s := r.g.leadingStates(k)
	s.A, s.B, s.C = mul3(out.T, r.g.A, out.TInv), mul(out.T, r.g.B), mul(r.g.C, out.TInv)
	out.Sys = s
	return out
}

// rootOf returns L with L L' = W for W positive semidefinite up to rounding.
func rootOf(w *mat.Dense) (*mat.Dense, error) {
	n, _ := w.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, w.At(i, j))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, true) {
		return nil, fmt.Errorf("%w: eigenvalues of a Gramian", ErrNoConverge)
	}
	var l mat.Dense
	e.VectorsTo(&l)
	for j, v := range e.Values(nil) {
		f := math.Sqrt(max(v, 0))
		for i := range n {
			l.Set(i, j, l.At(i, j)*f)
		}
	}
	return &l, nil
}

// residualise sets the derivatives (differences) of the states after the first k to zero.
func residualise(g *SS, k int) (*SS, error) {
	n, m, p := g.Dims()
	a22 := part(g.A, k, n, k, n)
	if g.Discrete() {
		a22 = sub(a22, identity(n-k))
	}
	b2, c2 := part(g.B, k, n, 0, m), part(g.C, 0, p, k, n)
	xb, err := solve(a22, b2)
	if err != nil {
		return nil, fmt.Errorf("%w: the removed states have a pole at zero frequency", err)
	}
	out := g.leadingStates(k)
	out.D = sub(g.D, mul(c2, xb))
	if k == 0 {
		return out, nil
	}
	a12 := part(g.A, 0, k, k, n)
	xa, err := solve(a22, part(g.A, k, n, 0, k))
	if err != nil {
		return nil, err
	}
	out.A = sub(out.A, mul(a12, xa))
	out.B = sub(out.B, mul(a12, xb))
	out.C = sub(out.C, mul(c2, xa))
	return out, nil
}
