package ident

import (
	"context"

	"github.com/plumb-go/plumb/model/gated"
	"github.com/plumb-go/plumb/model/r2dn"
	"github.com/plumb-go/plumb/model/witness"
)

// proofs are the numbers of a contraction or iss witness in floating point.
type proofs struct {
	rate            float64
	m, lambda       []float64
	gamma2          float64 // 0: none
	gainM, gainLamb []float64
	iss             *witness.ISS
}

// plain returns the proofs with the metric that the network was trained with.
func plain(s *witness.Lure, m, lambda []float64, iss bool) (*proofs, error) {
	p := &proofs{m: m}
	var err error
	if p.rate, p.lambda, err = s.Contraction(m, lambda); err != nil {
		return nil, err
	}
	if iss {
		p.iss, err = s.ISS(m)
		return p, err
	}
	if g2, gm, gl, err := s.Gain(m, p.lambda); err == nil {
		p.gamma2, p.gainM, p.gainLamb = g2, gm, gl
	}
	return p, nil
}

// tightened returns proofs whose metric was optimised for the deployed network: a smaller rate and a smaller gain. nil where the
// class has no metric, or nothing was gained. Training needs a metric that is good enough; a claim wants the best.
func tightened(ctx context.Context, j *job) *proofs {
	var p proofs
	var err error
	w := j.deployed()
	switch net := j.net.(type) {
	case *r2dn.Network:
		s := r2dnData(net, w)
		m, lambda := net.Witness()
		one := len(net.Multipliers()) > 0
		if p.rate, p.m, p.lambda, err = s.Tighten(ctx, m, lambda, one); err != nil {
			return nil
		}
		// the gain has a metric of its own; the trained one is the start that is known to work
		if g2, gm, gl, err := s.TightenGain(ctx, m, lambda, one); err == nil {
			p.gamma2, p.gainM, p.gainLamb = g2, gm, gl
		}
	case *gated.Network:
		m, lambda := net.Witness()
		if p.rate, p.m, p.lambda, p.iss, err = gatedData(net, w).TightenISS(ctx, m, lambda); err != nil {
			return nil
		}
	default:
		return nil
	}
	return &p
}

// deployed returns the deployed weights of the job's best iterate, and makes them those of its network.
func (j *job) deployed() []float64 {
	w := make([]float64, j.net.Layout().Len())
	j.net.Deploy(j.fit.State.Best, w)
	return w
}

func r2dnData(net *r2dn.Network, w []float64) *witness.Lure {
	t := net.Lure.Tensors()
	s := lureData(t.A.Of(w), net.N, net.Q, net.In, net.Out)
	s.Slopes = net.Layers == 0
	s.B1, s.B2, s.C1, s.D12, s.Cx, s.Cw, s.D22 = t.B1.Of(w), t.B2.Of(w), t.C1.Of(w), t.D12.Of(w), t.Cx.Of(w), t.Cw.Of(w), t.D22.Of(w)
	return s
}

func gatedData(net *gated.Network, w []float64) *witness.Lure {
	t := net.Gated.Tensors()
	s := lureData(t.A.Of(w), net.N, net.Q, net.In, net.Out)
	s.B1, s.B2, s.C1, s.D12, s.Cx, s.Cw, s.D22 = t.B1.Of(w), t.B2.Of(w), t.C1.Of(w), t.D12.Of(w), t.Cx.Of(w), t.Cw.Of(w), t.D22.Of(w)
	return s
}
