package ident

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
)

// slacks are tried in turn until the exact checker accepts the witness: the float solver's roundings are usually far
// below the first.
var slacks = []float64{1e-9, 1e-7, 1e-5, 1e-3}

// seal packs the chosen model with its certificate and has it judged: first with metrics optimised for the claim, then, where
// the checker refuses those, with the ones of training. The claim is handed over as the checker saw it last, accepted or not;
// nothing is hidden.
func (r *run) seal(ctx context.Context, res *Result, chosen []*job) error {
	b := &bundle.Model{Manifest: res.Model.Manifest(), Tensors: res.Model.Tensors()}
	describe(&b.Manifest, r.set, r.mt.lags, r.o)
	var best []*proofs
	if res.Claim != None {
		for _, j := range chosen {
			best = append(best, tightened(ctx, j))
		}
	}
	return r.certify(b, res, chosen, best)
}

// certify tries the given proofs, nil for members without, and then those of training.
func (r *run) certify(b *bundle.Model, res *Result, chosen []*job, best []*proofs) error {
	if slices.ContainsFunc(best, func(p *proofs) bool { return p != nil }) {
		if err := r.judge(b, res, chosen, best); err != nil || res.Verdict.Proved {
			return err
		}
	}
	return r.judge(b, res, chosen, make([]*proofs, len(chosen)))
}

// judge makes the certificate with the given proofs, nil for those of training, and asks the checker.
func (r *run) judge(b *bundle.Model, res *Result, chosen []*job, best []*proofs) error {
	for _, slack := range slacks {
		if res.Claim != None {
			b.Certificate = &cert.Certificate{Claim: res.Claim, Provenance: cert.Provenance{Seed: r.o.Seed, Version: r.o.Version}}
			for i, j := range chosen {
				w, err := r.witnessOf(res.Claim, j, best[i], slack)
				if err != nil {
					return err
				}
				b.Certificate.Members = append(b.Certificate.Members, w)
			}
		}
		b.Card = card(b, res)
		v, err := bundle.Check(b)
		if err != nil {
			return fmt.Errorf("ident: the bundle just made does not read back: %w", err)
		}
		res.Bundle, res.Verdict = b, v
		if v.Proved || res.Claim == None {
			return nil
		}
	}
	return nil
}

// describe fills what the manifest says of the data.
func describe(m *cert.Manifest, set *dataset.Set, lags int, o Options) {
	for _, c := range set.Inputs {
		m.Inputs = append(m.Inputs, cert.Signal(set.Record.Signals[c]))
	}
	for _, c := range set.Outputs {
		m.Outputs = append(m.Outputs, cert.Signal(set.Record.Signals[c]))
	}
	m.SamplingTime = set.Record.Ts
	m.Window = lags
	m.Provenance = cert.Provenance{DataSHA256: fmt.Sprintf("%x", set.Sum()), Seed: o.Seed, Version: o.Version}
}

// card is the model in words, for people.
func card(b *bundle.Model, res *Result) string {
	var s strings.Builder
	m := &b.Manifest
	fmt.Fprintf(&s, "# Model\n\n%s, identified from measured data.\n\n", res.Kind)
	list := func(what string, sigs []cert.Signal) {
		for _, x := range sigs {
			fmt.Fprintf(&s, "- %s %s", what, x.Name)
			if x.Unit != "" {
				fmt.Fprintf(&s, " [%s]", x.Unit)
			}
			s.WriteByte('\n')
		}
	}
	list("input", m.Inputs)
	list("output", m.Outputs)
	if m.SamplingTime > 0 {
		fmt.Fprintf(&s, "- sampling time %g s\n", m.SamplingTime)
	}
	fmt.Fprintf(&s, "- initial state from the %d samples before the first prediction\n- %d members in parallel\n\n", m.Window, len(m.Members))
	if b.Certificate == nil {
		s.WriteString("Nothing is claimed about its stability.\n")
	} else {
		fmt.Fprintf(&s, "Claim: %s. Check it with `plumb-check` on this file; the claim holds in discrete time and for real-number\nevaluation of the stored weights.\n", b.Certificate.Claim)
	}
	return s.String()
}
