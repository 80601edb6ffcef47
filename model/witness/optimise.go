package witness

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/lmi"
)

const (
	// optTol is the accuracy of the semidefinite programs: their answers are proposals, whose numbers are computed again.
	optTol = 1e-7
	// optIters bounds their iterations.
	optIters = 60
	// optMargin keeps the inequalities strict, in coordinates in which the old witness is the identity.
	optMargin = 1e-7
	// bisections of the squared rate between its lower bound and the old rate: what is left is below the first of shares.
	bisections = 8
	// topMultiplier bounds Lambda, which nothing else does for a channel that no state feeds.
	topMultiplier = 1e4
	// forgotten is the share of a difference that counts as forgotten where rates are weighed against conditions.
	forgotten = 0.01
)

// shares are the places between the smallest rate (0) and the old one (1) where metrics of small condition are looked for:
// at the smallest rate itself the condition is as a rule large.
var shares = []float64{0.01, 0.03, 0.1, 0.25, 0.5}

// frame holds the data in coordinates x = inv(R) z, w_i = v_i/sqrt(l_i) in which the metric R'R = M and the multiplier
// Lambda are identities.
type frame struct {
	s          *Lure
	r, inv     *mat.Dense // n x n
	root       []float64  // square roots of Lambda
	ab, c0, cc *mat.Dense // as stack; c0 has no row where q = 0
	b2, d12    *mat.Dense
	d22        *mat.Dense
	one        bool // Lambda is a multiple of the identity
}

func (s *Lure) frame(m, lambda []float64, one bool) (*frame, error) {
	if len(m) != s.N*s.N || len(lambda) != s.Q {
		return nil, fmt.Errorf("witness: a metric of %d and a multiplier of %d numbers, expected %d and %d", len(m), len(lambda), s.N*s.N, s.Q)
	}
	var ch mat.Cholesky
	if !ch.Factorize(sym(dense(s.N, s.N, m))) {
		return nil, ErrNone
	}
	var u mat.TriDense
	ch.UTo(&u)
	f := &frame{s: s, r: mat.DenseCopyOf(&u), one: one}
	f.inv = new(mat.Dense)
	if f.inv.Inverse(f.r) != nil {
		return nil, ErrNone
	}
	f.root = make([]float64, s.Q)
	for i, l := range lambda {
		if !(l > 0) {
			return nil, ErrNone
		}
		f.root[i] = math.Sqrt(l)
	}
	ab, c0, cc := s.stack()
	right := mat.NewDense(s.N+s.Q, s.N+s.Q, nil) // maps the new x and w to the old
	for i := range s.N {
		for j := range s.N {
			right.Set(i, j, f.inv.At(i, j))
		}
	}
	for i := range s.Q {
		right.Set(s.N+i, s.N+i, 1/f.root[i])
	}
	f.ab, f.cc = product(f.r, ab, right), product(cc, right)
	f.b2, f.d22 = product(f.r, dense(s.N, s.In, s.B2)), dense(s.Out, s.In, s.D22)
	if s.Q > 0 {
		d := diag(f.root)
		f.c0, f.d12 = product(d, c0, right), product(d, dense(s.Q, s.In, s.D12))
	}
	return f, nil
}

// back returns the metric and multiplier in the coordinates of the model.
func (f *frame) back(sol *lmi.Solution, metric, multiplier lmi.Expr) (m, lambda []float64, err error) {
	v, err := sol.Value(metric)
	if err != nil {
		return nil, nil, err
	}
	m = flat(sym(product(f.r.T(), v, f.r)))
	if f.s.Q == 0 {
		return m, nil, nil
	}
	l, err := sol.Value(multiplier)
	if err != nil {
		return nil, nil, err
	}
	lambda = make([]float64, f.s.Q)
	for i := range lambda {
		lambda[i] = l.At(i, i) * f.root[i] * f.root[i]
	}
	if f.one { // rounding apart they are equal; the checker wants them exactly so
		for i := range lambda {
			lambda[i] = lambda[0]
		}
	}
	return m, lambda, nil
}

// unknowns adds the metric and, where there are channels, the multiplier. A multiplier that is a multiple of the identity is
// so in the model's coordinates.
func (f *frame) unknowns(p *lmi.Problem) (metric, multiplier lmi.Expr) {
	metric = p.Sym("M", f.s.N)
	if f.s.Q == 0 {
		return metric, lmi.Expr{}
	}
	if f.one {
		multiplier = p.Scalar("lambda").Times(eye(f.s.Q))
	} else {
		multiplier = p.Diag("Lambda", f.s.Q)
	}
	return metric, multiplier
}

// contraction is diag(r2 M, 0) + S - [A B1]'M[A B1], S being that of sector.
func (f *frame) contraction(metric, multiplier lmi.Expr, r2 *lmi.Param) lmi.Expr {
	if f.s.Q == 0 {
		return metric.ScaleBy(r2).Minus(metric.Congruence(f.ab))
	}
	d := lmi.SymBlock([][]lmi.Expr{{metric.ScaleBy(r2)}, {{}, multiplier}})
	return lmi.Sum(d, f.sector(multiplier, f.c0), metric.Congruence(f.ab).Scale(-1))
}

// sector is S without its part w'L w, a form in the columns of c, v = c z: -v'L v or, with Slopes, w'L w - 2 w'L v, which is
// (w - v)'L(w - v) - v'L v.
func (f *frame) sector(multiplier lmi.Expr, c *mat.Dense) lmi.Expr {
	norm := multiplier.Congruence(c).Scale(-1)
	if !f.s.Slopes {
		return norm
	}
	e := mat.DenseCopyOf(c)
	e.Scale(-1, e)
	for i := range f.s.Q {
		e.Set(i, f.s.N+i, 1)
	}
	return lmi.Sum(norm, multiplier.Congruence(e))
}

func (f *frame) identity() lmi.Expr { return lmi.Identity(f.s.N) }

// rates is the program "largest t with S(r2, M, L) >= t I, 0 <= M <= I" and its parameter r2: the rate is proved by some
// metric exactly when t > 0.
type rates struct {
	c                  *lmi.Compiled
	t, metric, lambdas lmi.Expr
}

func (f *frame) rates() (*rates, error) {
	p := lmi.New()
	w := &rates{}
	w.metric, w.lambdas = f.unknowns(p)
	w.t = p.Scalar("t")
	r2 := p.Param("r2", mat.NewDense(1, 1, []float64{1}))
	p.PSD("contraction", f.contraction(w.metric, w.lambdas, r2).Minus(w.t.Times(eye(f.s.N+f.s.Q))), 0)
	p.PSD("below", f.identity().Minus(w.metric), 0)
	p.PSD("above", w.metric, 0)
	f.limit(p, w.lambdas)
	p.Minimize(w.t.Scale(-1))
	var err error
	w.c, err = p.Compile()
	return w, err
}

// limit bounds the multiplier.
func (f *frame) limit(p *lmi.Problem, multiplier lmi.Expr) {
	if f.s.Q == 0 {
		return
	}
	top := lmi.Identity(f.s.Q).Scale(topMultiplier)
	p.PSD("multiplier", top.Minus(multiplier), 0)
}

// possible reports whether a metric proves the squared rate with a margin.
func (w *rates) possible(ctx context.Context, r2 float64) (bool, error) {
	if err := w.c.Set("r2", mat.NewDense(1, 1, []float64{r2})); err != nil {
		return false, err
	}
	s, err := w.c.Solve(ctx, lmi.Options{Tol: optTol, MaxIter: optIters})
	if err != nil || len(s.X) == 0 {
		return false, err
	}
	v, err := s.Value(w.t)
	return err == nil && v.At(0, 0) > optMargin, err
}

// Tighten looks for a metric and multiplier that prove a smaller contraction rate than the given ones, without a longer time to
// forget: with the condition number k of M a difference has fallen to a hundredth after log(100 sqrt k)/log(1/r) steps. one
// says that Lambda must be a multiple of the identity. It returns the given ones where it finds none.
//
// Method: the smallest rate by bisection, each step a linear matrix inequality in (M, Lambda) at fixed r; then, at a few rates above it,
// the metric of smallest condition, a semidefinite program. Every number returned is computed by Contraction from the metric,
// so a solver that fails costs only the improvement. Deterministic. Cost: about 13 programs of n(n+1)/2 + q unknowns and one matrix of
// order n + q.
func (s *Lure) Tighten(ctx context.Context, m, lambda []float64, one bool) (rate float64, m2, l2 []float64, err error) {
	rate, l2, err = s.Contraction(m, lambda)
	if err != nil {
		return rate, m, l2, err
	}
	m2 = m
	f, err := s.frame(m, l2, one)
	if err != nil {
		return rate, m2, l2, nil
	}
	low, err := s.smallestRate(ctx, f, rate)
	if err != nil {
		return rate, m2, l2, err
	}
	p, err := f.conditions()
	if err != nil {
		return rate, m2, l2, err
	}
	best := forgetting(rate, Condition(m2, s.N))
	for _, share := range shares {
		cm, cl, err := p.solve(ctx, f, low+share*(rate-low))
		if err != nil {
			return rate, m2, l2, err
		}
		if cm == nil {
			continue
		}
		r, scaled, err := s.Contraction(cm, cl)
		if err != nil || f.one && !constant(scaled) {
			continue
		}
		if time := forgetting(r, Condition(cm, s.N)); r <= rate && time < best {
			best = time
			rate, m2, l2 = r, cm, scaled
		}
	}
	return rate, m2, l2, nil
}

func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

// forgetting is the number of steps after which a difference has fallen to the share forgotten for certain.
func forgetting(rate, condition float64) float64 {
	return (0.5*math.Log(condition) - math.Log(forgotten)) / -math.Log(rate)
}

// smallestRate returns a rate at most the given one that some metric proves.
func (s *Lure) smallestRate(ctx context.Context, f *frame, rate float64) (float64, error) {
	w, err := f.rates()
	if err != nil {
		return rate, err
	}
	low := spectralRadius(dense(s.N, s.N, s.A))
	lo, hi := low*low, rate*rate
	for range bisections {
		mid := 0.5 * (lo + hi)
		ok, err := w.possible(ctx, mid)
		if err != nil {
			return rate, err
		}
		if ok {
			hi = mid
		} else {
			lo = mid
		}
	}
	return math.Sqrt(hi), nil
}

// conditions is the program "smallest k with I <= M <= k I in the model's coordinates and the rate proved".
type conditions struct {
	c                  *lmi.Compiled
	metric, multiplier lmi.Expr
}

func (f *frame) conditions() (*conditions, error) {
	p := lmi.New()
	w := &conditions{}
	w.metric, w.multiplier = f.unknowns(p)
	k := p.Scalar("k")
	r2 := p.Param("r2", mat.NewDense(1, 1, []float64{1}))
	p.PSD("contraction", f.contraction(w.metric, w.multiplier, r2), optMargin)
	floor := product(f.inv.T(), f.inv)
	size := mat.Norm(floor, 2)
	floor.Scale(1/size, floor)
	p.PSD("above", w.metric.Minus(lmi.Const(floor)), 0)
	p.PSD("below", k.Times(floor).Minus(w.metric), 0)
	p.Minimize(k)
	var err error
	w.c, err = p.Compile()
	return w, err
}

// solve returns the metric of smallest condition at a rate, nil where the program was not solved.
func (w *conditions) solve(ctx context.Context, f *frame, rate float64) (m, lambda []float64, err error) {
	if err := w.c.Set("r2", mat.NewDense(1, 1, []float64{rate * rate})); err != nil {
		return nil, nil, err
	}
	s, err := w.c.Solve(ctx, lmi.Options{Tol: optTol, MaxIter: optIters})
	if err != nil || !usable(s) {
		return nil, nil, err
	}
	return f.back(s, w.metric, w.multiplier)
}

// usable reports whether a solution has values worth looking at; what they prove is found out afterwards.
func usable(s *lmi.Solution) bool {
	return len(s.X) > 0 && s.Status != conic.Infeasible && s.Status != conic.Unbounded
}

// TightenGain looks for a metric and multiplier that prove a smaller incremental l2 gain than (m, lambda), and returns the
// given ones where it finds none: the smallest gamma2 for which the bounded-real inequality of docs/bundle.md has a
// solution (M, Lambda, gamma2), one semidefinite program. Numbers returned are computed by Gain. one is as in Tighten.
func (s *Lure) TightenGain(ctx context.Context, m, lambda []float64, one bool) (gamma2 float64, m2, l2 []float64, err error) {
	if gamma2, m2, l2, err = s.Gain(m, lambda); err != nil { // perhaps at the scale of Lambda that proves a rate
		if _, scaled, e := s.Contraction(m, lambda); e == nil {
			gamma2, m2, l2, err = s.Gain(m, scaled)
		}
	}
	if err != nil || !(gamma2 > 0) {
		return gamma2, m2, l2, err
	}
	f, err := s.frame(m2, l2, one)
	if err != nil {
		return gamma2, m2, l2, nil
	}
	p := lmi.New()
	metric, multiplier := f.unknowns(p)
	g := p.Scalar("gamma2")
	scale := 1 / math.Sqrt(gamma2) // inputs are scaled so that the old gamma2 is one
	bounded := f.boundedReal(metric, multiplier, g, scale)
	p.PSD("bounded-real", bounded, optMargin)
	p.PSD("metric", metric, optMargin)
	p.Minimize(g)
	c, err := p.Compile()
	if err != nil {
		return gamma2, m2, l2, err
	}
	sol, err := c.Solve(ctx, lmi.Options{Tol: optTol, MaxIter: optIters})
	if err != nil || !usable(sol) {
		return gamma2, m2, l2, err
	}
	nm, nl, err := f.back(sol, metric, multiplier)
	if err != nil {
		return gamma2, m2, l2, err
	}
	if g2, sm, sl, err := s.Gain(nm, nl); err == nil && g2 < gamma2 && (!one || constant(sl)) {
		return g2, sm, sl, nil
	}
	return gamma2, m2, l2, nil
}

// boundedReal is diag(M, 0, g I) + S - [A B1 B2]'M[..] - [Cx Cw D22]'[..] with the inputs times scale, S being that of sector.
func (f *frame) boundedReal(metric, multiplier, g lmi.Expr, scale float64) lmi.Expr {
	in := f.s.In
	beside := func(a, b *mat.Dense) *mat.Dense {
		var out, sb mat.Dense
		sb.Scale(scale, b)
		out.Augment(a, &sb)
		return &out
	}
	blocks := [][]lmi.Expr{{metric}, {{}, g.Times(eye(in))}}
	if f.s.Q > 0 {
		blocks = [][]lmi.Expr{{metric}, {{}, multiplier}, {{}, {}, g.Times(eye(in))}}
	}
	out := beside(f.cc, f.d22)
	e := lmi.Sum(lmi.SymBlock(blocks), metric.Congruence(beside(f.ab, f.b2)).Scale(-1), lmi.Const(out.T()).Right(out).Scale(-1))
	if f.s.Q > 0 {
		e = lmi.Sum(e, f.sector(multiplier, beside(f.c0, f.d12)))
	}
	return e
}
