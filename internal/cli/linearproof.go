package cli

import (
	"math"
	"math/big"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/model/linear"
	"github.com/plumb-go/plumb/nn/seq"
)

// linearClaim is what holds of the linear baseline and how that was decided: a stable one contracts, and the exact checker
// is asked, as for the model that is handed over.
func linearClaim(m *linear.Model, set *dataset.Set) (claim, decided string) {
	w, err := m.Witness()
	if err != nil {
		return ident.None, ""
	}
	b := linearBundle(m, set)
	b.Certificate = &cert.Certificate{Claim: ident.Contraction, Provenance: cert.Provenance{Version: Version},
		Members: []cert.Witness{{Rate: new(big.Rat).SetFloat64(w.Rate), M: w.M}}}
	if v, err := bundle.Check(b); err == nil && v.Proved {
		return ident.Contraction, report.Proved
	}
	return ident.Contraction, report.Numerical
}

// linearBundle packs the linear model in physical units. Its initial state is taken as zero, which no claim depends on.
func linearBundle(m *linear.Model, set *dataset.Set) *bundle.Model {
	cell := seq.Linear{In: m.Inputs, Out: m.Outputs, N: m.Order}
	w := make([]float64, cell.Layout().Len())
	t := cell.Tensors()
	for _, x := range []struct {
		t seq.Tensor
		v []float64
	}{{t.A, m.A}, {t.B2, m.B}, {t.Bx, m.Bx}, {t.Cx, m.C}, {t.D22, m.D}, {t.By, m.By}} {
		copy(x.t.Of(w), x.v)
	}
	d := deploy.Model{
		Scaling: deploy.Scaling{UMid: make([]float64, m.Inputs), UHalf: filled(m.Inputs, 1), YMean: make([]float64, m.Outputs), YStd: filled(m.Outputs, 1),
			Delay: m.Delay, Integrate: make([]bool, m.Outputs), Low: filled(m.Outputs, math.Inf(-1)), High: filled(m.Outputs, math.Inf(1))},
		Lags:    1,
		Members: []deploy.Member{{Cell: cell, Kind: "linear", W: w, EncW: make([]float64, m.Order*(m.Inputs+m.Outputs)), EncB: make([]float64, m.Order)}},
	}
	b := &bundle.Model{Manifest: d.Manifest(), Tensors: d.Tensors(), Card: "linear baseline\n"}
	b.Manifest.Window, b.Manifest.SamplingTime, b.Manifest.Provenance.Version = 1, set.Record.Ts, Version
	for _, c := range set.Inputs {
		b.Manifest.Inputs = append(b.Manifest.Inputs, cert.Signal(set.Record.Signals[c]))
	}
	for _, c := range set.Outputs {
		b.Manifest.Outputs = append(b.Manifest.Outputs, cert.Signal(set.Record.Signals[c]))
	}
	return b
}

func filled(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}
