package witness

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lmi"
)

// issShares are the places between the smallest rate (0) and the old one (1) where the input-to-state gain kappa g/(1 - r) + d is
// minimised.
var issShares = []float64{0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1}

// Total is the input-to-state gain kappa g/(1 - rate) + d.
func (w *ISS) Total(rate float64) float64 {
	return math.Sqrt(w.Kappa2*w.G2)/(1-rate) + math.Sqrt(w.D2)
}

// TightenISS looks for a metric and multiplier of a gated network that prove a smaller input-to-state gain at a rate that is not
// larger, and returns the given ones where it finds none.
//
// Method: at a fixed rate and kappa = 1, which only scales M, the smallest g2 for which contraction, the input inequality with
// a multiplier T and the output inequality with a multiplier Ty hold is a semidefinite program in (M, Lambda, T, Ty, g2); a few rates are tried. The numbers
// returned are computed from M by Contraction and ISS. Deterministic. Cost: about 16 programs.
func (s *Lure) TightenISS(ctx context.Context, m, lambda []float64) (rate float64, m2, l2 []float64, iss *ISS, err error) {
	rate, l2, err = s.Contraction(m, lambda)
	if err != nil {
		return rate, m, l2, nil, err
	}
	m2 = m
	if iss, err = s.ISS(m); err != nil {
		return rate, m2, l2, nil, err
	}
	f, err := s.frame(m, l2, false)
	if err != nil || s.Q == 0 || !(iss.G2 > 0) || !(iss.Kappa2 > 0) {
		return rate, m2, l2, iss, nil
	}
	low, err := s.smallestRate(ctx, f, rate)
	if err != nil {
		return rate, m2, l2, iss, err
	}
	p, err := f.gains(math.Sqrt(iss.G2), math.Sqrt(iss.Kappa2))
	if err != nil {
		return rate, m2, l2, iss, err
	}
	old := rate
	for _, share := range issShares {
		cm, cl, err := p.solve(ctx, f, low+share*(old-low))
		if err != nil {
			return rate, m2, l2, iss, err
		}
		if cm == nil {
			continue
		}
		r, scaled, err := s.Contraction(cm, cl)
		if err != nil || r > old {
			continue
		}
		if w, err := s.ISS(cm); err == nil && w.Total(r) < iss.Total(rate) {
			rate, m2, l2, iss = r, cm, scaled, w
		}
	}
	return rate, m2, l2, iss, nil
}

// gains is the program of TightenISS, in inputs and outputs scaled so that the old g and kappa are one.
func (f *frame) gains(g, kappa float64) (*conditions, error) {
	n, q, in := f.s.N, f.s.Q, f.s.In
	p := lmi.New()
	w := &conditions{}
	w.metric, w.multiplier = f.unknowns(p)
	r2 := p.Param("r2", mat.NewDense(1, 1, []float64{1}))
	p.PSD("contraction", f.contraction(w.metric, w.multiplier, r2), optMargin)
	p.PSD("metric", w.metric, optMargin)

	g2, t, ty := p.Scalar("g2"), p.Diag("T", q), p.Diag("Ty", q)
	var b2, d12, b, cc mat.Dense
	b2.Scale(1/g, f.b2)
	d12.Scale(1/g, f.d12)
	b.Augment(&b2, f.ab.Slice(0, n, n, n+q))
	p.PSD("inputs", lmi.SymBlock([][]lmi.Expr{{g2.Times(eye(in)).Minus(t.Congruence(&d12))}, {{}, t}}).Minus(w.metric.Congruence(&b)), optMargin)

	cc.Scale(1/kappa, f.cc)
	c1 := mat.DenseCopyOf(f.c0.Slice(0, q, 0, n))
	p.PSD("outputs", lmi.SymBlock([][]lmi.Expr{{w.metric.Minus(ty.Congruence(c1))}, {{}, ty}}).Minus(lmi.Const(cc.T()).Right(&cc)), optMargin)
	p.Minimize(g2)
	var err error
	w.c, err = p.Compile()
	return w, err
}
