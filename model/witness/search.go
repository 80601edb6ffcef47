package witness

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lmi"
)

// NotFoundError says how far a search for a contraction metric came. It is no proof that the network does not contract: only
// constant metrics were tried, and of the nonlinearity only its slopes were used (or, without Slopes, its Lipschitz constant).
type NotFoundError struct {
	Radius float64 // spectral radius of A; at or above 1 no rate below 1 can be proved in this way
	Rate   float64 // the smallest rate that was proved, at or above 1; +Inf: none
}

func (e *NotFoundError) Error() string {
	if !(e.Radius < 1) {
		return fmt.Sprintf("witness: the linear part has spectral radius %.6g, and slopes of 0, which the sector allows, leave it alone", e.Radius)
	}
	return fmt.Sprintf("witness: no metric and multiplier give a rate below 1; the smallest found gives %.6g", e.Rate)
}

// Is reports ErrNone.
func (e *NotFoundError) Is(target error) bool { return target == ErrNone }

const (
	// searchFrames bounds the semidefinite programs of a search.
	searchFrames = 24
	// searchGap is the relative distance of the squared rates between which a search that stays above 1 ends.
	searchGap = 1e-3
	// goalShare is the share of the distance between the spectral radius and 1 that a search first asks to stay below 1.
	goalShare = 1e-4
	// lyapunovShare places the rate of the first metric between the spectral radius and 1.
	lyapunovShare = 0.5
	// floorShare regularises the right-hand side of the first metric's equation, relative to its trace.
	floorShare = 1e-3
)

// Search looks for a metric and multiplier that prove contraction of a network that comes without any: M > 0 and
// diagonal L > 0 that satisfy the inequality of docs/bundle.md, with Slopes that of layers 0, else that of layers K, for some r < 1. one says that L
// must be a multiple of the identity.
// It returns a *NotFoundError, which is ErrNone, where it finds none. Tighten makes the rate small.
//
// Method: at fixed r the inequality is linear in (M, L), and whether it has a solution is monotone in r. Some r > 1 is proved by
// the solution of a discrete Lyapunov equation of A. From there the rate is bisected towards 1, each step a semidefinite program in
// coordinates in which the last solution is the identity, so that a metric of large condition is approached in steps of moderate ones. Deterministic.
// Reference: the inequality is that of Revay, Wang and Manchester 2024; the search is ours.
func (s *Lure) Search(ctx context.Context, one bool) (m, lambda []float64, err error) {
	radius := spectralRadius(dense(s.N, s.N, s.A))
	none := &NotFoundError{Radius: radius, Rate: math.Inf(1)}
	if !(radius < 1) {
		return nil, nil, none
	}
	m, lambda = s.first(radius, one)
	if m == nil {
		return nil, nil, none
	}
	none.Rate, lambda = s.least(m, lambda)
	if math.IsInf(none.Rate, 1) {
		return nil, nil, none
	}
	goal := math.Pow(radius+(1-goalShare)*(1-radius), 2)
	lo, target := goal, goal
	for range searchFrames {
		hi := none.Rate * none.Rate
		if none.Rate < 1 || hi < lo*(1+searchGap) {
			break
		}
		cm, cl, rate, err := s.metricAt(ctx, m, lambda, target, one)
		switch {
		case err != nil:
			return nil, nil, err
		case rate*rate <= math.Sqrt(target*hi): // at least half of what was asked for; the goal may be in reach from there
			m, lambda, none.Rate, target = cm, cl, rate, goal
		case target == goal:
			target = math.Sqrt(lo * hi)
		default:
			lo = target
			target = math.Sqrt(lo * hi)
		}
	}
	if !(none.Rate < 1) {
		return nil, nil, none
	}
	return m, lambda, nil
}

// metricAt solves for the metric and multiplier that satisfy the inequality at the squared rate r2 with the largest margin, in
// coordinates in which (m, lambda) are identities, and returns the rate that they give, +Inf where there is none.
func (s *Lure) metricAt(ctx context.Context, m, lambda []float64, r2 float64, one bool) ([]float64, []float64, float64, error) {
	f, err := s.frame(m, lambda, one)
	if err != nil {
		return nil, nil, math.Inf(1), nil // no coordinates: a metric at the edge
	}
	w, err := f.rates()
	if err != nil {
		return nil, nil, 0, err
	}
	if err := w.c.Set("r2", mat.NewDense(1, 1, []float64{r2})); err != nil {
		return nil, nil, 0, err
	}
	sol, err := w.c.Solve(ctx, lmi.Options{Tol: optTol, MaxIter: optIters})
	if err != nil || !usable(sol) {
		return nil, nil, math.Inf(1), err
	}
	cm, cl, err := f.back(sol, w.metric, w.lambdas)
	if err != nil {
		return nil, nil, 0, err
	}
	rate, scaled := s.least(cm, cl)
	if one && !constant(scaled) {
		rate = math.Inf(1)
	}
	return cm, scaled, rate, nil
}

// first returns the solution of A'MA/r^2 + C1'C1 + Cx'Cx + eps I = M for a rate between the spectral radius of A and 1, and the row sums of
// |B1'MB1| as multiplier, which makes L - B1'MB1 > 0 with a factor above 1.
func (s *Lure) first(radius float64, one bool) (m, lambda []float64) {
	q := mat.NewDense(s.N, s.N, nil)
	for _, c := range []*mat.Dense{dense(s.Q, s.N, s.C1), dense(s.Out, s.N, s.Cx)} {
		if c != nil {
			q.Add(q, product(c.T(), c))
		}
	}
	floor := floorShare*mat.Trace(q)/float64(s.N) + 1e-300
	if mat.Trace(q) == 0 {
		floor = 1
	}
	for i := range s.N {
		q.Set(i, i, q.At(i, i)+floor)
	}
	metric := lyapunov(dense(s.N, s.N, s.A), q, radius+lyapunovShare*(1-radius))
	if metric == nil {
		return nil, nil
	}
	lambda = make([]float64, s.Q)
	if s.Q > 0 {
		b := dense(s.N, s.Q, s.B1)
		k := product(b.T(), metric, b)
		var top float64
		for i := range lambda {
			for j := range lambda {
				lambda[i] += math.Abs(k.At(i, j))
			}
			top = max(top, lambda[i])
		}
		for i := range lambda {
			if lambda[i] = max(lambda[i], floorShare*top); one || top == 0 {
				lambda[i] = max(top, floor)
			}
		}
	}
	return flat(metric), lambda
}

// Lipschitz returns the diagonal T > 0 that satisfies [[I, -Win'T], [-T Win, 2T - Wout'Wout]] >= t I with the largest t, nil where no
// t > 0 was found: the sandwich layer h -> Wout tanh(Win h + b) then is 1-Lipschitz. Win is width x q and Wout q x width.
// Reference: Fazlyab et al. 2019 (LipSDP).
func Lipschitz(ctx context.Context, win, wout []float64, width, q int) ([]float64, error) {
	in, out := dense(width, q, win), dense(q, width, wout)
	p := lmi.New()
	t, least := p.Diag("T", width), p.Scalar("t")
	cross := t.Right(in).Scale(-1)
	form := lmi.SymBlock([][]lmi.Expr{{lmi.Identity(q)}, {cross, t.Scale(2).Minus(lmi.Const(out.T()).Right(out))}})
	p.PSD("layer", form.Minus(least.Times(eye(q+width))), 0)
	p.Minimize(least.Scale(-1))
	c, err := p.Compile()
	if err != nil {
		return nil, err
	}
	sol, err := c.Solve(ctx, lmi.Options{Tol: optTol, MaxIter: optIters})
	if err != nil || !usable(sol) {
		return nil, err
	}
	v, err := sol.Value(least)
	if err != nil || !(v.At(0, 0) > 0) {
		return nil, err
	}
	d, err := sol.Value(t)
	if err != nil {
		return nil, err
	}
	diagonal := make([]float64, width)
	for i := range diagonal {
		diagonal[i] = d.At(i, i)
	}
	return diagonal, nil
}
