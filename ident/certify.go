package ident

import (
	"fmt"
	"math/big"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/model/gated"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/model/lure"
	"github.com/plumb-go/plumb/model/r2dn"
	"github.com/plumb-go/plumb/model/ssm"
	"github.com/plumb-go/plumb/model/witness"
)

// witnessOf produces the witness of the job's best iterate for the claim. All bounds are rounded up with the given
// relative slack, so that the strict inequalities survive the rounding of the solver. p is what tightened found, or nil.
func (r *run) witnessOf(claim string, j *job, p *proofs, slack float64) (cert.Witness, error) {
	w := j.deployed()
	var out cert.Witness
	var err error
	switch net := j.net.(type) {
	case *r2dn.Network:
		out, err = contracting(net, w, p, slack)
	case *ssm.Network:
		out, err = cascade(net, w)
	case *gated.Network:
		out, err = sector(net, w, p, slack)
	case *lure.Network:
		out, err = bounded(net, w, slack)
	case *lstm.Network, *lstm.Regularised:
		out, err = lstm.Prove(deployed(net), w)
	default:
		err = fmt.Errorf("no witness is known for this class")
	}
	if err != nil {
		return out, fmt.Errorf("ident: %s claim of %s: %w", claim, j.name, err)
	}
	return out, nil
}

func contracting(net *r2dn.Network, w []float64, p *proofs, slack float64) (cert.Witness, error) {
	if p == nil {
		var err error
		m, lambda := net.Witness()
		if p, err = plain(r2dnData(net, w), m, lambda, false); err != nil {
			return cert.Witness{}, err
		}
	}
	out := cert.Witness{Rate: witness.RateUp(p.rate, slack), M: p.m, Lambda: p.lambda, Layers: net.Multipliers()}
	if p.gamma2 > 0 {
		out.Gain = &cert.Gain{Gamma2: witness.Up(p.gamma2, slack), M: p.gainM, Lambda: p.gainLamb}
	}
	return out, nil
}

func lureData(a []float64, n, q, in, out int) *witness.Lure {
	return &witness.Lure{N: n, Q: q, In: in, Out: out, A: a}
}

func cascade(net *ssm.Network, w []float64) (cert.Witness, error) {
	v, err := ssm.NewWitness(net.Diagonal, w)
	if err != nil {
		return cert.Witness{}, err
	}
	rate, ok := new(big.Rat).SetString(v.Rate)
	radius, ok2 := new(big.Rat).SetString(v.Radius)
	if !ok || !ok2 {
		return cert.Witness{}, fmt.Errorf("unreadable ratios %q and %q", v.Rate, v.Radius)
	}
	return cert.Witness{Rate: rate, Radius: radius, Gain: &cert.Gain{}}, nil
}

func sector(net *gated.Network, w []float64, p *proofs, slack float64) (cert.Witness, error) {
	if p == nil {
		var err error
		m, lambda := net.Witness()
		if p, err = plain(gatedData(net, w), m, lambda, true); err != nil {
			return cert.Witness{}, err
		}
	}
	iss := p.iss
	return cert.Witness{
		Rate: witness.RateUp(p.rate, slack), M: p.m, Lambda: p.lambda, G2: witness.Up(iss.G2, slack), T: iss.T,
		Kappa2: []*big.Rat{witness.Up(iss.Kappa2, slack)}, Ty: iss.Ty, D2: witness.Up(iss.D2, slack), Td: iss.Td,
	}, nil
}

func bounded(net *lure.Network, w []float64, slack float64) (cert.Witness, error) {
	t := net.Lure.Tensors()
	s := lureData(t.A.Of(w), net.N, net.Q, net.In, net.Out)
	s.B1, s.B2, s.C1, s.D12, s.Cx, s.Cw, s.D22, s.Bx = t.B1.Of(w), t.B2.Of(w), t.C1.Of(w), t.D12.Of(w), t.Cx.Of(w), t.Cw.Of(w), t.D22.Of(w), t.Bx.Of(w)
	b, err := s.Bounded()
	if err != nil {
		return cert.Witness{}, err
	}
	out := cert.Witness{Rate: witness.RateUp(b.Rate, slack), M: b.M, T: b.T}
	for _, k := range b.Kappa2 {
		out.Kappa2 = append(out.Kappa2, witness.Up(k, slack))
	}
	return out, nil
}
