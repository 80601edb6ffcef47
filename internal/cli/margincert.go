package cli

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/lti"
)

// reserves are how far below the margin with one scaling the proof is tried, relative, until the checker accepts.
var reserves = [...]float64{1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.05}

// multiplierBits are tried in turn for the multiplier of the loop's algebraic equations, which every large number serves: it
// has to exceed the entries of the inequality by their square over its slack, so 2^60 does where the units are sensible.
var multiplierBits = [...]int{60, 120, 240}

// multiplier is one number for each equation, above the largest entry of the witness by so many bits.
func multiplier(w *lti.MarginWitness, bits, n int) []float64 {
	top := 0.0
	for _, v := range append(slices.Clone(w.P.RawMatrix().Data), w.Lambda...) {
		top = max(top, math.Abs(v))
	}
	_, exp := math.Frexp(top)
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Ldexp(1, exp+bits)
	}
	return out
}

// certify writes a file for each place and lets the checker judge it.
func (r *marginResult) certify(l lti.Loop, dir string) error {
	n, _, _ := l.P.Dims()
	k, _, _ := l.K.Dims()
	for i := range r.Places {
		p := &r.Places[i]
		switch {
		case n+k == 0:
			p.Verdict, p.Failed = verdictNone, "the loop has no state, and the claim is about dynamics"
			continue
		case !(p.Constant > 0) || math.IsInf(float64(p.Constant), 0):
			p.Verdict, p.Failed = verdictNone, "no perturbation destabilises this loop, so there is no largest alpha to prove"
			continue
		}
		if err := r.prove(p, l, filepath.Join(dir, "margin-"+strings.ReplaceAll(p.Place, " ", "-")+".plumb")); err != nil {
			return err
		}
	}
	return nil
}

func (r *marginResult) prove(p *placeMargin, l lti.Loop, path string) error {
	p.Verdict = verdictNone
	for _, reserve := range reserves {
		text := directed(float64(p.Constant)*(1-reserve), 7, -1)
		alpha, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		w, err := l.Witness(p.at, r.Skew, alpha)
		if errors.Is(err, lti.ErrMargin) {
			p.Failed = err.Error()
			continue
		}
		if err != nil {
			return err
		}
		m, err := r.file(p, l, w, text)
		if err != nil {
			return err
		}
		var j judgement
		for _, bits := range multiplierBits {
			m.Certificate.Members[0].Mu = multiplier(w, bits, len(m.Manifest.Inputs)+len(m.Manifest.Outputs))
			if err := bundle.WriteFile(path, m); err != nil {
				return err
			}
			if j = judge(path); j.verdict == verdictProved || j.err != nil {
				break
			}
		}
		p.Verdict, p.Failed, p.Checked, p.Bundle = j.verdict, j.v.Failed, ident.Figure(j.seconds), path
		if j.err != nil {
			p.Failed = j.err.Error()
		}
		if j.verdict == verdictProved {
			d := lti.Disk{Alpha: alpha, Skew: r.Skew}
			low, high := d.Gain()
			p.Proved, p.Factors, p.Phase = text, [2]string{directed(low, 5, 1), directed(high, 5, -1)}, ident.Figure(d.Phase()/degree)
			return nil
		}
	}
	return nil
}

// file is the loop with its certificate in the format of docs/system-bundle.md.
func (r *marginResult) file(p *placeMargin, l lti.Loop, w *lti.MarginWitness, alpha string) (*bundle.Model, error) {
	np, m, q := l.P.Dims()
	nk, _, _ := l.K.Dims()
	exact, ok := new(big.Rat).SetString(alpha)
	skew := new(big.Rat).SetFloat64(r.Skew)
	if !ok || skew == nil {
		return nil, fmt.Errorf("alpha %s or skew %g is no finite number", alpha, r.Skew)
	}
	out := &bundle.Model{
		Manifest: bundle.Manifest{
			System:       &bundle.System{Name: "loop of " + storable(baseName(r.Plant), nameBytes) + " and " + storable(baseName(r.Controller), nameBytes), Continuous: r.Ts == 0, States: bundleSignals(l.P.States, l.K.States)},
			Inputs:       bundleSignals(l.P.Inputs),
			Outputs:      bundleSignals(l.P.Outputs),
			SamplingTime: r.Ts,
			Members:      []bundle.Member{{Kind: "loop", States: np + nk, Plant: np, Positive: l.Positive}},
			Provenance:   bundle.Provenance{Version: Version},
		},
		Certificate: &bundle.Certificate{
			Claim:      "margin",
			Members:    []bundle.Witness{{Alpha: exact, Skew: skew, Channels: channels(p.at, m, q), M: w.P.RawMatrix().Data, Lambda: w.Lambda}},
			Provenance: bundle.Provenance{Version: Version},
		},
		Card: fmt.Sprintf("# Disk margin of a loop\n\nplant %s, controller %s, feedback %s.\n\nAt the %s every channel tolerates its own factor from the disk with alpha = %s and skew %g.\n",
			baseName(r.Plant), baseName(r.Controller), r.Feedback, p.Place, alpha, r.Skew),
	}
	for _, t := range []struct {
		name string
		m    *mat.Dense
	}{{"P.A", l.P.A}, {"P.B", l.P.B}, {"P.C", l.P.C}, {"P.D", l.P.D}, {"K.A", l.K.A}, {"K.B", l.K.B}, {"K.C", l.K.C}, {"K.D", l.K.D}} {
		rows, cols := t.m.Dims()
		if rows > 0 && cols > 0 {
			out.Tensors = append(out.Tensors, bundle.Tensor{Name: t.name, Shape: []int{rows, cols}, Data: mat.DenseCopyOf(t.m).RawMatrix().Data})
		}
	}
	return out, nil
}

// baseName leaves the folder out of the name of a file.
func baseName(arg string) string {
	if exists(arg) {
		return filepath.Base(arg)
	}
	return arg
}

// nameBytes is how much of a name the statement of a margin shows.
const nameBytes = 56

// channels are those of the loop that are perturbed at a place: the plant's inputs, then its outputs.
func channels(at lti.Break, inputs, outputs int) []int {
	from, to := 0, inputs+outputs
	switch at {
	case lti.AtInput:
		to = inputs
	case lti.AtOutput:
		from = inputs
	}
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func bundleSignals(lists ...[]lti.Signal) []bundle.Signal {
	var out []bundle.Signal
	for _, l := range lists {
		for _, s := range l {
			out = append(out, bundle.Signal{Name: storable(s.Name, nameBytes), Unit: storable(s.Unit, nameBytes)})
		}
	}
	return out
}
