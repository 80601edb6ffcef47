package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/model/ssm"
	"github.com/plumb-go/plumb/model/witness"
	"github.com/plumb-go/plumb/nn/seq"
)

// errNoClaim says that no member of a kind can have a claim.
var errNoClaim = errors.New("no such claim")

// memberProof makes the witness of one member with a slack for rounding, and says which boxes it needs.
type memberProof struct {
	witness func(slack float64) cert.Witness
	boxed   []float64 // weights with new boxes; nil: those that are stored
}

// prove looks for the numbers that prove the claim for member j.
func (e *existing) prove(ctx context.Context, j int, claim string) (*memberProof, error) {
	b := &e.m.Members[j]
	var stored *cert.Witness
	if c := e.b.Certificate; c != nil {
		stored = &c.Members[j]
	}
	switch cell := b.Cell.(type) {
	case seq.LSTM, seq.GRU:
		return proveDeep(cell, b.W)
	}
	if claim == ident.DeltaISS {
		return nil, fmt.Errorf("%w: sums of lstm or gru members with others have none", errNoClaim)
	}
	switch cell := b.Cell.(type) {
	case seq.Gated:
		if claim == ident.Contraction {
			return nil, fmt.Errorf("%w: its gain follows the state, so differences of trajectories are not those of its sector", errNoClaim)
		}
		return proveGated(ctx, gatedOf(cell, b.W), stored)
	case seq.Lure:
		if claim == ident.Bounded {
			return proveBounded(lureOf(cell, b.W), cell.Layers)
		}
		return proveContraction(ctx, lureOf(cell, b.W), e.layers(j, cell), stored)
	case seq.Linear:
		return proveContraction(ctx, linearOf(cell, b.W), nil, stored)
	case seq.Diagonal:
		return proveCascade(cell, b.W)
	}
	return nil, fmt.Errorf("%w: %s is not known for this kind", errNoClaim, claim)
}

func lureOf(c seq.Lure, w []float64) *witness.Lure {
	t := c.Tensors()
	return &witness.Lure{N: c.N, Q: c.Q, In: c.In, Out: c.Out, A: t.A.Of(w), B1: t.B1.Of(w), B2: t.B2.Of(w), C1: t.C1.Of(w), D12: t.D12.Of(w),
		Cx: t.Cx.Of(w), Cw: t.Cw.Of(w), D22: t.D22.Of(w), Bx: t.Bx.Of(w), Slopes: c.Layers == 0}
}

func gatedOf(c seq.Gated, w []float64) *witness.Lure {
	t := c.Tensors()
	return &witness.Lure{N: c.N, Q: c.Q, In: c.In, Out: c.Out, A: t.A.Of(w), B1: t.B1.Of(w), B2: t.B2.Of(w), C1: t.C1.Of(w), D12: t.D12.Of(w),
		Cx: t.Cx.Of(w), Cw: t.Cw.Of(w), D22: t.D22.Of(w)}
}

func linearOf(c seq.Linear, w []float64) *witness.Lure {
	t := c.Tensors()
	return &witness.Lure{N: c.N, In: c.In, Out: c.Out, A: t.A.Of(w), B2: t.B2.Of(w), Cx: t.Cx.Of(w), D22: t.D22.Of(w)}
}

// sandwich is one layer of a nonlinearity.
type sandwich struct {
	win, wout []float64
	width, q  int
	known     []float64 // T of the stored certificate, if any
}

func (e *existing) layers(j int, c seq.Lure) (out []sandwich) {
	w := e.m.Members[j].W
	for i, g := range c.Tensors().G {
		s := sandwich{g.Win.Of(w), g.Wout.Of(w), c.Width, c.Q, nil}
		if x := e.b.Certificate; x != nil && i < len(x.Members[j].Layers) {
			s.known = x.Members[j].Layers[i]
		}
		out = append(out, s)
	}
	return out
}

// start returns a metric and multiplier that prove contraction: those that are stored if they do, else what a search finds.
func start(ctx context.Context, s *witness.Lure, one bool, m, lambda []float64) ([]float64, []float64, error) {
	if len(m) == s.N*s.N && len(lambda) == s.Q {
		if _, _, err := s.Contraction(m, lambda); err == nil {
			return m, lambda, nil
		}
	}
	return s.Search(ctx, one)
}

func proveContraction(ctx context.Context, s *witness.Lure, layers []sandwich, stored *cert.Witness) (*memberProof, error) {
	one := len(layers) > 0
	var known cert.Witness
	if stored != nil {
		known = *stored
	}
	m, lambda, err := start(ctx, s, one, known.M, known.Lambda)
	if err != nil {
		return nil, err
	}
	var ts [][]float64
	for i, l := range layers {
		t := l.known
		if t == nil {
			if t, err = witness.Lipschitz(ctx, l.win, l.wout, l.width, l.q); err != nil {
				return nil, err
			}
		}
		if t == nil {
			return nil, fmt.Errorf("no multiplier shows that sandwich layer %d is 1-Lipschitz", i)
		}
		ts = append(ts, t)
	}
	rate, bestM, bestL, err := s.Tighten(ctx, m, lambda, one)
	if err != nil {
		return nil, err
	}
	gamma2, gm, gl := math.Inf(1), []float64(nil), []float64(nil)
	starts := [][2][]float64{{m, lambda}, {bestM, bestL}}
	if g := known.Gain; g != nil && len(g.M) == len(m) && len(g.Lambda) == len(lambda) {
		starts = append(starts, [2][]float64{g.M, g.Lambda})
	}
	for _, x := range starts {
		if g2, a, b, err := s.TightenGain(ctx, x[0], x[1], one); err == nil && g2 < gamma2 {
			gamma2, gm, gl = g2, a, b
		}
	}
	return &memberProof{witness: func(slack float64) cert.Witness {
		w := cert.Witness{Rate: witness.RateUp(rate, slack), M: bestM, Lambda: bestL, Layers: ts}
		if gm != nil {
			w.Gain = &cert.Gain{Gamma2: witness.Up(gamma2, slack), M: gm, Lambda: gl}
		}
		return w
	}}, nil
}

func proveGated(ctx context.Context, s *witness.Lure, stored *cert.Witness) (*memberProof, error) {
	var known cert.Witness
	if stored != nil {
		known = *stored
	}
	m, lambda, err := start(ctx, s, false, known.M, known.Lambda)
	if err != nil {
		return nil, err
	}
	rate, m, lambda, iss, err := s.TightenISS(ctx, m, lambda)
	if err != nil {
		return nil, err
	}
	return &memberProof{witness: func(slack float64) cert.Witness {
		return cert.Witness{Rate: witness.RateUp(rate, slack), M: m, Lambda: lambda, G2: witness.Up(iss.G2, slack), T: iss.T,
			Kappa2: []*big.Rat{witness.Up(iss.Kappa2, slack)}, Ty: iss.Ty, D2: witness.Up(iss.D2, slack), Td: iss.Td}
	}}, nil
}

func proveBounded(s *witness.Lure, layers int) (*memberProof, error) {
	if layers > 0 {
		return nil, fmt.Errorf("%w: sandwich layers have no known bound of their own", errNoClaim)
	}
	b, err := s.Bounded()
	if errors.Is(err, witness.ErrNone) {
		return nil, errors.New("its linear part has a spectral radius of 1 or more, and no ball holds its states by this proof")
	} else if err != nil {
		return nil, err
	}
	return &memberProof{witness: func(slack float64) cert.Witness {
		w := cert.Witness{Rate: witness.RateUp(b.Rate, slack), M: b.M, T: b.T}
		for _, k := range b.Kappa2 {
			w.Kappa2 = append(w.Kappa2, witness.Up(k, slack))
		}
		return w
	}}, nil
}

func proveCascade(c seq.Diagonal, w []float64) (*memberProof, error) {
	v, err := ssm.NewWitness(c, w)
	if err != nil {
		return nil, err
	}
	rate, ok := new(big.Rat).SetString(v.Rate)
	radius, ok2 := new(big.Rat).SetString(v.Radius)
	if !ok || !ok2 {
		return nil, fmt.Errorf("unreadable ratios %q and %q", v.Rate, v.Radius)
	}
	return &memberProof{witness: func(float64) cert.Witness { return cert.Witness{Rate: rate, Radius: radius, Gain: &cert.Gain{}} }}, nil
}

// proveDeep proves a network of lstm or gru layers with the boxes that are stored, or with the smallest that interval arithmetic finds.
func proveDeep(cell seq.Cell, w []float64) (*memberProof, error) {
	if x, err := lstm.Prove(cell, w); err == nil {
		return &memberProof{witness: func(float64) cert.Witness { return x }}, nil
	}
	w = slices.Clone(w)
	if err := lstm.Boxes(cell, w); err != nil {
		return nil, err
	}
	x, err := lstm.Prove(cell, w)
	if err != nil {
		return nil, err
	}
	return &memberProof{witness: func(float64) cert.Witness { return x }, boxed: w}, nil
}

// withBoxes replaces the boxes of member j where its proof needs others.
func (e *existing) withBoxes(tensors []cert.Tensor, j int, p *memberProof) []cert.Tensor {
	c, ok := e.m.Members[j].Cell.(seq.Confined)
	if !ok || p.boxed == nil {
		return tensors
	}
	out := slices.Clone(tensors)
	for _, b := range c.Box() {
		name := fmt.Sprintf("m%d.%s", j, b.Tensor.Name)
		for i := range out {
			if out[i].Name == name {
				out[i].Data = slices.Clone(b.Tensor.Of(p.boxed))
			}
		}
	}
	return out
}

// keep returns the better of the stored certificate and a new one of the same claim, member by member; a new one that is nil or not better is
// left out.
func (e *existing) keep(m *bundle.Model, v cert.Verdict) (*bundle.Model, error) {
	if m == nil {
		return e.b, nil
	}
	old := e.b.Certificate.Members
	mixed := slices.Clone(m.Certificate.Members)
	better := false
	for j := range mixed {
		var b bool
		mixed[j], b = choose(e.b.Manifest.Members[j], e.v.Claim, &old[j], &mixed[j], &e.v.Members[j], &v.Members[j])
		better = better || b
	}
	if !better {
		return e.b, nil
	}
	out := e.pack(e.v.Claim, mixed, m.Tensors)
	w, err := bundle.Check(out)
	if err != nil {
		return nil, err
	}
	if !w.Proved {
		return e.b, nil
	}
	return out, nil
}

// worthwhile is the share by which 1 - rate, a squared gain or a bound must improve before a stored certificate is replaced.
var worthwhile = big.NewRat(1, 1000)

// less reports whether a is smaller than b by a worthwhile share; nil is no bound.
func less(a, b *big.Rat) bool {
	if a == nil || b == nil {
		return a != nil
	}
	limit := new(big.Rat).Sub(big.NewRat(1, 1), worthwhile)
	return a.Cmp(limit.Mul(limit, b)) < 0
}

// faster reports whether the rate a is smaller than b by a worthwhile share of 1 - b.
func faster(a, b *big.Rat) bool {
	gap := new(big.Rat).Sub(big.NewRat(1, 1), b)
	return a.Cmp(gap.Sub(b, gap.Mul(gap, worthwhile))) < 0
}

// choose returns the better witness of a member and whether something of it is new. Rate and gain of a contraction are proved apart.
func choose(k cert.Member, claim string, old, found *cert.Witness, oldFigures, figures *cert.Figures) (cert.Witness, bool) {
	switch {
	case k.Units != nil || k.Kind == "ssm": // these have one best witness, which is found again
		return *old, false
	case k.Kind == "gated":
		if less(figures.ISSGain, oldFigures.ISSGain) && figures.Rate.Cmp(oldFigures.Rate) <= 0 {
			return *found, true
		}
		return *old, false
	case k.Kind == "lure" && claim == ident.Bounded:
		if less(sum(figures.Radius), sum(oldFigures.Radius)) {
			return *found, true
		}
		return *old, false
	}
	w, better := *old, false
	if faster(found.Rate, old.Rate) {
		gain := w.Gain
		w, better = *found, true
		w.Gain = gain
	}
	if found.Gain != nil && (old.Gain == nil || less(found.Gain.Gamma2, old.Gain.Gamma2)) {
		w.Gain, better = found.Gain, true
	}
	return w, better
}

func sum(x []*big.Rat) *big.Rat {
	s := new(big.Rat)
	for _, v := range x {
		s.Add(s, v)
	}
	return s
}
