package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
)

// isBundle tells a model of plumb from weights of elsewhere by its name.
func isBundle(file string) bool { return strings.EqualFold(filepath.Ext(file), ".plumb") }

// modelFlagNames are the flags of certify that a .plumb model takes.
var modelFlagNames = []string{"out", "json", "seed", "data", "data-dir", "inputs", "outputs", "units", "split", "init-window", "ts"}

// onlyWeights refuses flags that change or describe a network, which a bundle does not need.
func onlyWeights(given *pflag.FlagSet) error {
	var other []string
	given.Visit(func(f *pflag.Flag) {
		if !slices.Contains(modelFlagNames, f.Name) {
			other = append(other, "--"+f.Name)
		}
	})
	if len(other) > 0 {
		return fmt.Errorf("a .plumb model keeps its weights, scaling and input range; leave out %s", strings.Join(other, ", "))
	}
	if given.Changed("data") {
		return nil
	}
	for _, name := range []string{"data-dir", "inputs", "outputs", "units", "split", "init-window", "ts"} {
		if given.Changed(name) {
			return fmt.Errorf("--%s describes the record of --data, which is missing", name)
		}
	}
	return nil
}

// existing is a model of a bundle whose claims are tried.
type existing struct {
	file  string
	b     *bundle.Model
	m     *deploy.Model
	v     cert.Verdict // of the certificate that is stored
	seed  uint64
	set   *dataset.Set // nil: no data
	parts []dataset.Part
}

func (f *certifyFlags) runModel(ctx context.Context, stdout, stderr io.Writer) error {
	e, err := f.loadModel()
	if m, ok := errors.AsType[*cert.MalformedError](err); ok {
		fmt.Fprintf(stderr, "plumb: %s is malformed: %v\n", f.file, m)
		return exitError{exitMalformed}
	} else if err != nil {
		return err
	}
	r, found, err := e.certify(ctx)
	if err != nil {
		return err
	}
	return f.finish(stdout, r, found, "-certified.plumb")
}

// loadModel reads the bundle and the data, if any.
func (f *certifyFlags) loadModel() (*existing, error) {
	b, err := cert.OpenFile(f.file)
	if err != nil {
		return nil, err
	}
	manifest := b.Manifest()
	if manifest.System != nil {
		return nil, fmt.Errorf("%s holds a system, not an identified model; plumb analyze and plumb margin prove claims of systems", f.file)
	}
	e := &existing{file: f.file, seed: f.seed, v: cert.Check(b),
		b: &bundle.Model{Manifest: manifest, Tensors: b.Tensors(), Certificate: b.Certificate(), Card: b.Card()}}
	if e.m, err = deploy.FromBundle(b); err != nil {
		return nil, err
	}
	if f.Data != "" {
		s := simulateFlags{source: f.source, initial: fromWindow}
		s.Dir = f.Dir
		if e.set, e.parts, err = s.prepare(e.m, &manifest); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// certify climbs down the ladder of claims until one is proved, and returns the bundle with that claim, nil where none is.
func (e *existing) certify(ctx context.Context) (*recertified, *bundle.Model, error) {
	r := e.describe()
	var best *bundle.Model
	for _, claim := range ladderOf(e.b.Manifest.Members, e.v.Claim) {
		if best != nil {
			r.Rungs = append(r.Rungs, rungResult{Claim: claim, Outcome: rungSkipped, Why: "a stronger claim is proved"})
			continue
		}
		rung, m, err := e.rung(ctx, r, claim)
		if err != nil {
			return nil, nil, err
		}
		if m != nil {
			best = m
		}
		r.Rungs = append(r.Rungs, rung)
	}
	if best != nil {
		r.changes(e, best)
	}
	if err := e.compareData(r, best); err != nil {
		return nil, nil, err
	}
	e.contradict(r)
	return r, best, nil
}

// ladderOf lists the claims that a sum of these members could have, the strongest first. Input-to-state stability says more than
// boundedness and less than contraction only where a member is gated, or where it is what the file claims.
func ladderOf(members []cert.Member, stored string) []string {
	deep, gated := false, false
	for _, m := range members {
		deep = deep || m.Units != nil
		gated = gated || m.Kind == "gated"
	}
	switch {
	case deep:
		return []string{ident.DeltaISS}
	case gated || stored == ident.ISS:
		return []string{ident.Contraction, ident.ISS, ident.Bounded}
	}
	return []string{ident.Contraction, ident.Bounded}
}

// Outcomes of a rung.
const (
	rungProved  = "proved"
	rungFailed  = "not proved"
	rungNone    = "not available"
	rungSkipped = "not tried"
)

// slacks are tried in turn until the checker accepts: roundings of the solver are usually far below the first.
var certifySlacks = []float64{1e-9, 1e-7, 1e-5, 1e-3}

// rung tries one claim. The bundle is nil unless the checker proves it.
func (e *existing) rung(ctx context.Context, r *recertified, claim string) (rungResult, *bundle.Model, error) {
	out := rungResult{Claim: claim, Outcome: rungFailed}
	stored := e.v.Proved && e.v.Claim == claim
	var proofs []*memberProof
	whys := make([]string, len(e.m.Members))
	for j := range e.m.Members {
		p, err := e.prove(ctx, j, claim)
		switch {
		case errors.Is(err, errNoClaim):
			out.Outcome, out.Why = rungNone, e.member(j)+": "+strings.TrimPrefix(err.Error(), errNoClaim.Error()+": ")
			return out, nil, nil
		case ctx.Err() != nil:
			return out, nil, ctx.Err()
		case err != nil:
			whys[j] = e.member(j) + ": " + modelReason(err)
			out.failing = append(out.failing, j)
		default:
			proofs = append(proofs, p)
		}
	}
	if stored && len(proofs) < len(e.m.Members) {
		out.Outcome, out.failing, out.Why = rungProved, nil, "by the certificate that is stored"
		return out, e.b, nil
	}
	if len(out.failing) > 0 {
		out.Why = strings.Join(slices.DeleteFunc(whys, func(s string) bool { return s == "" }), "; ")
		return out, nil, nil
	}
	m, v, err := e.judged(claim, proofs)
	if err != nil {
		return out, nil, err
	}
	if stored {
		if m, err = e.keep(m, v); err != nil {
			return out, nil, err
		}
		out.Outcome = rungProved
		return out, m, nil
	}
	if m == nil {
		out.Why = "the checker refuses the numbers found: " + v.Failed
		return out, nil, nil
	}
	out.Outcome = rungProved
	return out, m, nil
}

// judged packs proofs of all members and asks the checker, with more slack where it refuses; the bundle is nil where it always does.
func (e *existing) judged(claim string, proofs []*memberProof) (*bundle.Model, cert.Verdict, error) {
	var v cert.Verdict
	for _, slack := range certifySlacks {
		var w []cert.Witness
		tensors := e.b.Tensors
		for j, p := range proofs {
			w = append(w, p.witness(slack))
			tensors = e.withBoxes(tensors, j, p)
		}
		m := e.pack(claim, w, tensors)
		var err error
		if v, err = bundle.Check(m); err != nil {
			return nil, v, err
		}
		if v.Proved {
			return m, v, nil
		}
	}
	return nil, v, nil
}

// pack is the bundle with another certificate.
func (e *existing) pack(claim string, w []cert.Witness, tensors []cert.Tensor) *bundle.Model {
	return &bundle.Model{Manifest: e.b.Manifest, Tensors: tensors, Card: e.card(claim),
		Certificate: &cert.Certificate{Claim: claim, Members: w, Provenance: cert.Provenance{Seed: e.b.Manifest.Provenance.Seed, Version: Version}}}
}

// card replaces the paragraph on the claim.
func (e *existing) card(claim string) string {
	text := e.b.Card
	for _, start := range []string{"Nothing is claimed", "Claim: "} {
		if i := strings.LastIndex("\n"+text, "\n"+start); i >= 0 {
			text = text[:i]
		}
	}
	if text = strings.TrimRight(text, "\n"); text != "" {
		text += "\n\n"
	}
	return text + fmt.Sprintf("Claim: %s, proved after training. Check it with `plumb-check` on this file; the claim holds in discrete time and for real-number\nevaluation of the stored weights.\n", claim)
}

func (e *existing) member(j int) string {
	return fmt.Sprintf("member %d (%s)", j, memberText(e.b.Manifest.Members[j]))
}
