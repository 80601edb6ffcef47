package lti

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/lapack"
	lapackgo "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"
)

// Placement is a state feedback u = -K x that places poles.
type Placement struct {
	K     *mat.Dense
	Poles []complex128 // computed eigenvalues of A - B K
	// Error is the largest distance of an achieved pole from the one asked for, relative to the larger of its modulus and
	// 1e-3 of the largest modulus.
	Error float64
	// Cond is the condition number of the matrix of closed-loop eigenvectors (columns of unit length): a perturbation of
	// A - B K moves no pole by more than Cond times its norm (Bauer and Fike 1960). Infinite for a defective matrix.
	Cond float64
}

// Place returns a feedback with the n given poles, a list closed under conjugation.
//
// Method: the Schur method (Varga, 1981, A Schur method for pole assignment, IEEE TAC 26) for any number of inputs and any
// multiplicities; with one input it finds the only solution, by orthogonal transformations instead of Ackermann's powers
// of A. With several inputs, and no pole of higher multiplicity than the rank of B, the eigenvectors are then made as
// orthogonal as a fixed number of sweeps can (Kautsky, Nichols, Van Dooren, 1985, Robust pole assignment in linear state
// feedback, Int. J. Control 41, method 0, conjugate pairs updated together) and the better conditioned of the two feedbacks
// is returned.
//
// Numerics: pole placement is ill-conditioned at high order or with poles far from those of A, whatever the method: look at
// Error and Cond. ErrSingular where a mode that should move is not controllable; ErrNoConverge where the poles achieved
// are off by more than one percent.
func Place(a, b *mat.Dense, poles []complex128) (*Placement, error) {
	n, err := square("A", a)
	if err != nil {
		return nil, err
	}
	if b == nil || b.IsEmpty() {
		return nil, fmt.Errorf("%w: B is empty, expected %d rows", ErrShape, n)
	}
	_, m := b.Dims()
	if err := shape("B", b, n, m); err != nil {
		return nil, err
	}
	if len(poles) != n {
		return nil, fmt.Errorf("%w: %d poles, expected %d", ErrShape, len(poles), n)
	}
	if poles, err = paired("pole", poles); err != nil {
		return nil, err
	}
	k, err := schurGain(a, b, poles)
	if err != nil {
		return nil, err
	}
	best, err := judge(a, b, k, poles)
	if err != nil {
		return nil, err
	}
	if m > 1 {
		if k, ok := robust(a, b, poles); ok {
			const loss = 1e-6 // of accuracy that better conditioning may cost
			if r, err := judge(a, b, k, poles); err == nil && r.Cond < best.Cond && r.Error <= max(loss, best.Error) {
				best = r
			}
		}
	}
	const off = 0.01
	if !(best.Error <= off) {
		return nil, fmt.Errorf("%w: pole placement reaches the poles with a relative error of %.2g only", ErrNoConverge, best.Error)
	}
	return best, nil
}

// schurGain places by the Schur method what the input reaches; modes that it does not reach must be among the poles.
func schurGain(a, b *mat.Dense, poles []complex128) (*mat.Dense, error) {
	n, m := b.Dims()
	g, err := NewSS(a, b, mat.NewDense(1, n, nil), nil, 0)
	if err != nil {
		return nil, err
	}
	c, err := newStaircase(g, 0)
	if err != nil {
		return nil, err
	}
	free, t := slices.Clone(poles), c.t
	if c.rank < n {
		values, err := eigenvalues(part(c.sys.A, c.rank, n, c.rank, n))
		if err != nil {
			return nil, err
		}
		if free, err = without(free, values); err != nil {
			return nil, err
		}
		if c.rank == 0 {
			return mat.NewDense(m, n, nil), nil
		}
		a, b = part(c.sys.A, 0, c.rank, 0, c.rank), part(c.sys.B, 0, c.rank, 0, m)
	} else {
		t = identity(n) // nothing to separate: stay in the given coordinates
	}
	s, err := newShifter(a, b, free)
	if err != nil {
		return nil, err
	}
	k, err := s.run()
	if err != nil {
		return nil, err
	}
	return mul(k, part(t, 0, n, 0, c.rank).T()), nil
}

// without removes modes that stay from the list of poles.
func without(poles, fixed []complex128) ([]complex128, error) {
	const stays = 1e-6 // relative distance at which a pole asked for is the mode that stays
	for _, z := range fixed {
		at := -1
		for i, p := range poles {
			if at < 0 || cmplx.Abs(p-z) < cmplx.Abs(poles[at]-z) {
				at = i
			}
		}
		if at < 0 || cmplx.Abs(poles[at]-z) > stays*max(cmplx.Abs(z), stays) {
			return nil, fmt.Errorf("%w: the input does not reach the mode at %.6g, which is not among the poles asked for", ErrSingular, z)
		}
		poles = slices.Delete(poles, at, at+1)
	}
	return paired("pole", poles)
}

// judge measures a feedback.
func judge(a, b, k *mat.Dense, poles []complex128) (*Placement, error) {
	var e mat.Eigen
	closed := sub(a, mul(b, k))
	if !finite(closed) || !e.Factorize(closed, mat.EigenRight) {
		return nil, fmt.Errorf("%w: closed-loop eigenvalues", ErrNoConverge)
	}
	p := &Placement{K: k, Poles: e.Values(nil)}
	var v mat.CDense
	e.VectorsTo(&v)
	p.Cond = condition(&v)
	var top float64
	for _, z := range poles {
		top = max(top, cmplx.Abs(z))
	}
	rest := slices.Clone(p.Poles)
	for _, z := range poles {
		at := 0
		for i := range rest {
			if cmplx.Abs(rest[i]-z) < cmplx.Abs(rest[at]-z) {
				at = i
			}
		}
		if d := cmplx.Abs(rest[at] - z); d > 0 {
			p.Error = max(p.Error, d/max(cmplx.Abs(z), 1e-3*top))
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return p, nil
}

// condition is the ratio of the extreme singular values of a square complex matrix with columns scaled to unit length.
func condition(v *mat.CDense) float64 {
	n, _ := v.Dims()
	big := mat.NewDense(2*n, 2*n, nil) // [Re -Im; Im Re] has the same singular values, twice each
	for j := range n {
		var s float64
		for i := range n {
			s = math.Hypot(s, cmplx.Abs(v.At(i, j)))
		}
		for i := range n {
			z := v.At(i, j) / complex(s, 0)
			big.Set(i, j, real(z))
			big.Set(n+i, n+j, real(z))
			big.Set(i, n+j, -imag(z))
			big.Set(n+i, j, imag(z))
		}
	}
	var d mat.SVD
	if !finite(big) || !d.Factorize(big, mat.SVDNone) {
		return math.Inf(1)
	}
	s := d.Values(nil)
	return s[0] / s[2*n-1]
}

// shifter moves the eigenvalues of the last diagonal block of the Schur form, then moves that block to the top.
type shifter struct {
	*realSchur
	g    *mat.Dense // U'B
	f    *mat.Dense // feedback so far, in Schur coordinates: A + B f U'
	rest []complex128
	tol  float64 // rows of U'B below count as zero
}

func newShifter(a, b *mat.Dense, poles []complex128) (*shifter, error) {
	s, err := newSchur(a)
	if err != nil {
		return nil, err
	}
	n, m := b.Dims()
	return &shifter{realSchur: s, g: mul(s.u.T(), b), f: mat.NewDense(m, n, nil), rest: slices.Clone(poles), tol: float64(n) * eps * frob(b)}, nil
}

func (s *shifter) run() (*mat.Dense, error) {
	n := len(s.values)
	for placed := 0; placed < n; {
		size, err := s.lastBlock(placed)
		if err != nil {
			return nil, err
		}
		want := s.choose(size, n)
		if err := s.shift(n-size, size, want); err != nil {
			return nil, err
		}
		if err := s.raise(n-size, size); err != nil {
			return nil, err
		}
		placed += size
	}
	return scale(-1, mul(s.f, s.u.T())), nil
}

// lastBlock is the size of the block to place next: the last one, or the last two real eigenvalues where only conjugate
// pairs are left to place.
func (s *shifter) lastBlock(placed int) (int, error) {
	n := len(s.values)
	if n >= 2 && s.t.At(n-1, n-2) != 0 {
		return 2, nil
	}
	for _, p := range s.rest {
		if imag(p) == 0 {
			return 1, nil
		}
	}
	if n-placed < 2 { // cannot be: pairs are two
		return 1, nil
	}
	if n >= 3 && s.t.At(n-2, n-3) != 0 { // a conjugate pair above the real one: place that first
		return 2, s.move(n-1, n-3)
	}
	return 2, nil
}

// choose takes from the poles left those nearest to the eigenvalues of the last block.
func (s *shifter) choose(size, n int) []complex128 {
	z := s.values[n-1]
	if s.t.At(n-1, max(n-2, 0)) == 0 || n == 1 {
		z = complex(s.t.At(n-1, n-1), 0)
	}
	take := func(ok func(complex128) bool) (complex128, bool) {
		at := -1
		for i, p := range s.rest {
			if ok(p) && (at < 0 || cmplx.Abs(p-z) < cmplx.Abs(s.rest[at]-z)) {
				at = i
			}
		}
		if at < 0 {
			return 0, false
		}
		p := s.rest[at]
		s.rest = slices.Delete(s.rest, at, at+1)
		return p, true
	}
	isReal := func(p complex128) bool { return imag(p) == 0 }
	if size == 1 {
		p, _ := take(isReal)
		return []complex128{p}
	}
	z = complex(real(z), math.Abs(imag(z)))
	isUpper := func(p complex128) bool { return imag(p) > 0 }
	if p, ok := take(isUpper); ok {
		i := slices.Index(s.rest, cmplx.Conj(p))
		s.rest = slices.Delete(s.rest, i, i+1)
		return []complex128{p, cmplx.Conj(p)}
	}
	p, _ := take(isReal)
	q, _ := take(isReal)
	return []complex128{p, q}
}

// shift finds the feedback of the block at i that gives it the wanted eigenvalues, and applies it.
func (s *shifter) shift(i, size int, want []complex128) error {
	n := len(s.values)
	_, m := s.g.Dims()
	block, g := part(s.t, i, n, i, n), part(s.g, i, n, 0, m)
	f, err := placeSmall(block, g, want, s.tol)
	if err != nil {
		return fmt.Errorf("%w: the input does not reach the mode at %.6g, which should move to %.6g", err, s.values[n-1], want[0])
	}
	put(s.f, 0, i, 1, add(part(s.f, 0, m, i, n), f))
	t := add(part(s.t, 0, n, i, n), mul(s.g, f))
	put(s.t, 0, i, 1, t)
	if size == 2 {
		s.standardise(i)
	}
	return nil
}

// standardise brings the 2 x 2 block at i to standard form by a rotation of all coordinates.
func (s *shifter) standardise(i int) {
	n := len(s.values)
	var l lapackgo.Implementation
	_, _, _, _, _, _, _, _, cs, sn := l.Dlanv2(s.t.At(i, i), s.t.At(i, i+1), s.t.At(i+1, i), s.t.At(i+1, i+1))
	r := identity(n)
	r.Set(i, i, cs)
	r.Set(i, i+1, -sn)
	r.Set(i+1, i, sn)
	r.Set(i+1, i+1, cs)
	s.t, s.u, s.g, s.f = mul3(r.T(), s.t, r), mul(s.u, r), mul(r.T(), s.g), mul(s.f, r)
	scale := math.Hypot(s.t.At(i, i), s.t.At(i, i+1))
	if math.Abs(s.t.At(i+1, i)) <= 4*eps*scale {
		s.t.Set(i+1, i, 0)
	}
	if s.t.At(i+1, i) != 0 { // equal diagonal entries to the last bit, as Dtrexc expects
		d := 0.5 * (s.t.At(i, i) + s.t.At(i+1, i+1))
		s.t.Set(i, i, d)
		s.t.Set(i+1, i+1, d)
	}
}

// raise moves the block at i to the top: in two moves where it has split into real eigenvalues.
func (s *shifter) raise(i, size int) error {
	if i == 0 {
		return nil
	}
	if size == 2 && s.t.At(i+1, i) == 0 {
		if err := s.move(i, 0); err != nil {
			return err
		}
		return s.move(i+1, 0)
	}
	return s.move(i, 0)
}

// move reorders T and carries U, G and F along. The diagonal is read anew.
func (s *shifter) move(from, to int) error {
	n := len(s.values)
	var l lapackgo.Implementation
	q := identity(n)
	if _, _, ok := l.Dtrexc(lapack.UpdateSchur, n, s.t.RawMatrix().Data, n, q.RawMatrix().Data, n, from, to, make([]float64, n)); !ok {
		return fmt.Errorf("%w: eigenvalues are too close to reorder the Schur form", ErrNoConverge)
	}
	s.u, s.g, s.f = mul(s.u, q), mul(q.T(), s.g), mul(s.f, q)
	for i := 0; i < n; i++ {
		if s.block(i) == 2 {
			w := math.Sqrt(math.Abs(s.t.At(i, i+1))) * math.Sqrt(math.Abs(s.t.At(i+1, i)))
			s.values[i], s.values[i+1] = complex(s.t.At(i, i), w), complex(s.t.At(i, i), -w)
			i++
			continue
		}
		s.values[i] = complex(s.t.At(i, i), 0)
	}
	return nil
}

// placeSmall returns F (m x k) such that T + G F has the k = 1 or 2 wanted eigenvalues; with two useful inputs, the
// smallest that keeps the form of the block.
func placeSmall(t, g *mat.Dense, want []complex128, tol float64) (*mat.Dense, error) {
	var d mat.SVD
	if !d.Factorize(g, mat.SVDThin) {
		return nil, ErrNoConverge
	}
	sv := d.Values(nil)
	if !(sv[0] > tol) {
		return nil, ErrSingular
	}
	var u, v mat.Dense
	d.UTo(&u)
	d.VTo(&v)
	_, m := g.Dims()
	v1 := part(&v, 0, m, 0, 1)
	if len(want) == 1 {
		sign := u.At(0, 0) // U is 1 x 1
		return scale(sign*(real(want[0])-t.At(0, 0))/sv[0], v1), nil
	}
	sum, prod := real(want[0]+want[1]), real(want[0]*want[1])
	// One input along the strongest direction b = u1 s1: f = first row of what makes trace and determinant right.
	w := mul3(fullRotation(&u).T(), t, fullRotation(&u))
	single, ok := singleInput(w, sv[0], sum, prod)
	var best *mat.Dense
	if ok {
		best = mul(v1, mul(single, fullRotation(&u).T()))
	}
	const weak = 1e-3 // a second direction this much weaker only costs
	if len(sv) > 1 && sv[1] > weak*sv[0] {
		if f := doubleInput(t, &u, &v, sv, sum, prod); best == nil || frob(f) < frob(best) {
			best = f
		}
	}
	if best == nil {
		return nil, ErrSingular
	}
	return best, nil
}

// fullRotation completes the left singular vectors (2 x 1 or 2 x 2) to a 2 x 2 rotation.
func fullRotation(u *mat.Dense) *mat.Dense {
	c, s := u.At(0, 0), u.At(1, 0)
	return mat.NewDense(2, 2, []float64{c, -s, s, c})
}

// singleInput returns the row f such that W + [s; 0] f has the given sum and product of eigenvalues.
func singleInput(w *mat.Dense, s, sum, prod float64) (*mat.Dense, bool) {
	a, b, c, d := w.At(0, 0), w.At(0, 1), w.At(1, 0), w.At(1, 1)
	if math.Abs(c) <= 4*eps*frob(w) { // the second mode is not reached through the first
		return nil, false
	}
	f1 := (sum - a - d) / s
	// determinant: (a + s f1) d - (b + s f2) c = prod
	f2 := ((a+s*f1)*d - b*c - prod) / (s * c)
	return mat.NewDense(1, 2, []float64{f1, f2}), true
}

// doubleInput returns F = G^+ (Gamma - T) with Gamma = [h x; y h] of the given sum and product, the ratio of x and y by
// search for the smallest F.
func doubleInput(t, u, v *mat.Dense, sv []float64, sum, prod float64) *mat.Dense {
	_, k := v.Dims()
	inv := mat.NewDense(k, k, nil)
	for i := range k {
		inv.Set(i, i, 1/sv[i])
	}
	pinv := mul3(v, inv, u.T())
	h := sum / 2
	xy := h*h - prod
	size := math.Sqrt(math.Abs(xy))
	var best *mat.Dense
	const grid = 97 // ratios from 2^-12 to 2^12 by steps of a quarter
	for i := range grid {
		f := math.Exp2(float64(i-grid/2) / 4)
		for _, sign := range []float64{1, -1} {
			x, y := sign*size*f, sign*math.Copysign(size, xy)/f
			if xy == 0 {
				x, y = sign*f*math.Abs(t.At(0, 1)), 0
			}
			gamma := mat.NewDense(2, 2, []float64{h, x, y, h})
			c := mul(pinv, sub(gamma, t))
			if best == nil || frob(c) < frob(best) {
				best = c
			}
		}
	}
	return best
}
