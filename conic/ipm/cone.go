package ipm

// cone is one block with its iterates. X is the slack in the cone, Y its multiplier, dX and dY the search direction. The
// linearised complementarity is written, for every cone, as
//
//	dY = T - Y - H(dX)
//
// with a symmetric positive definite operator H and a target T; with F the linear part of the block,
// dX = F(dx) + Rp, and the Schur complement gathers F* H F.
type cone interface {
	degree() int // the complementarity <X, Y> on the central path is degree times mu

	load(numbers)      // reads the numbers of the problem afresh
	norms(w []float64) // adds the squares of the norms of the coefficients: w[i] += |F_i|^2
	begin(eta, xi float64)
	take(dst, a []float64)     // copies the kept rows of an element of the problem's block
	resume(x, y []float64)     // X and Y of an earlier solution
	sizes() (x, y float64)     // sums of the moduli on the diagonal
	shift(delta float64)       // moves X and Y inside
	centre(s, mu float64) bool // moves X and Y onto the central path of the cone

	residual(x []float64) // Rp = F_0 + F(x) - X
	adjoint(g []float64)  // g += F*(Y)
	gap() float64         // <X, Y>
	constantGap() float64 // <F_0, Y>

	prepare(swapped bool) bool // H and what T needs, from the factors of X and Y
	schur(m []float64, ld int) // adds F* H F to the upper triangle of m

	right(g []float64, sigmaMu float64, correct bool)      // g += F*(T - Y - H(Rp))
	direction(dx []float64, sigmaMu float64, correct bool) // dX and dY
	keepPredictor()                                        // what the second-order correction needs
	maxStep(dual bool) float64                             // largest step to the boundary, an estimate
	gapAfter(p, d float64) float64                         // <X + p dX, Y + d dY>

	try(dual bool, step float64, x []float64) bool // trial point, factored; x not nil: take X = F_0 + F(x)
	accept(dual bool)

	base() *state
}

// state is what all cones keep.
type state struct {
	index, n, size int // block of the problem, order after removal of empty rows, length of X
	constant       []float64
	x, y, xt, yt   []float64
	dx, dy, rp     []float64
	rows           []int // rows of the problem's block that are kept, nil for all
	feasible       bool  // Rp is zero
	full           int   // order in the problem
}

func (s *state) base() *state { return s }

func newState(index, n, size, full int, rows []int) state {
	buf := make([]float64, 8*size)
	part := func() []float64 { p := buf[:size:size]; buf = buf[size:]; return p }
	return state{index: index, n: n, size: size, full: full, rows: rows,
		constant: part(), x: part(), y: part(), xt: part(), yt: part(), dx: part(), dy: part(), rp: part()}
}

func (s *state) gap() float64         { return dot(s.x, s.y) }
func (s *state) constantGap() float64 { return dot(s.constant, s.y) }

func (s *state) gapAfter(p, d float64) float64 {
	g := dot(s.x, s.y) + p*dot(s.dx, s.y) + d*dot(s.x, s.dy) + p*d*dot(s.dx, s.dy)
	return max(g, 0)
}

func (s *state) accept(dual bool) {
	if dual {
		s.y, s.yt = s.yt, s.y
	} else {
		s.x, s.xt = s.xt, s.x
	}
}

// trial sets the trial X or Y to step along the direction.
func (s *state) trial(dual bool, step float64) []float64 {
	from, along, to := s.x, s.dx, s.xt
	if dual {
		from, along, to = s.y, s.dy, s.yt
	}
	for i, v := range from {
		to[i] = v + step*along[i]
	}
	return to
}
