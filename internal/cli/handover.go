package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
)

// outcome is a finished identification.
type outcome struct {
	result *result
	dir    string
	print  func(io.Writer)
}

// handOver writes the bundle, has the file on disk judged, scores all models and writes run.json and the report.
func handOver(ctx context.Context, res *ident.Result, set *dataset.Set, run *runFile, dir string, began time.Time) (*outcome, error) {
	name := slug(run.Flags.Data)
	path := filepath.Join(dir, name+".plumb")
	if err := bundle.WriteFile(path, res.Bundle); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	h := &handover{res: res, set: set, run: run, path: path, name: name}
	h.parts, h.notes = scored(set)
	h.warnings = ident.OutOfRange(set, h.parts, &res.Model.Scaling)
	if res.Claim == ident.DeltaISS {
		h.warnings = append(h.warnings, applies(res.Model, set, h.parts)...)
	}
	h.warnings = slices.Concat(res.Warnings, integrator(res, set), h.warnings)
	h.judged = judge(path)
	r := &result{
		Data: run.Flags.Data, Inputs: names(set, set.Inputs), Outputs: names(set, set.Outputs), Ts: set.Record.Ts,
		Model: res.Kind, Members: len(res.Model.Members), Parameters: res.Parameters, Steps: res.Steps,
		Bundle: path, Report: filepath.Join(dir, reportPage), Run: filepath.Join(dir, runFileName), Rungs: res.Rungs,
		Warnings: h.warnings, Notes: h.notes,
	}
	h.r = r
	if err := h.score(); err != nil {
		return nil, err
	}
	h.certificate()
	if err := h.attack(ctx); err != nil {
		return nil, err
	}
	if err := h.forget(); err != nil {
		return nil, err
	}
	if c := res.Counterexample; c != nil {
		r.Contra = &contraResult{Statement: c.Statement, Decided: report.Estimated, Model: c.Model, Input: c.Input, Offset: c.Offset,
			Amplitude: c.Amplitude, Frequency: c.Frequency, Output: c.Output, Peaks: c.Peaks}
	}
	r.Seconds = max(time.Since(began).Seconds(), res.Seconds) // a resumed run adds what it had spent
	run.Stages, run.Result, run.BundleSHA256 = res.Stages, r, fmt.Sprintf("%x", sha256.Sum256(data))
	rep, err := h.report()
	if err != nil {
		return nil, err
	}
	if err := report.WriteFile(filepath.Join(dir, reportData), rep); err != nil {
		return nil, err
	}
	if err := report.RenderFile(filepath.Join(dir, reportPage), rep); err != nil {
		return nil, err
	}
	if err := writeJSON(filepath.Join(dir, runFileName), run); err != nil {
		return nil, err
	}
	return &outcome{result: r, dir: dir, print: func(w io.Writer) { printResult(w, set, r) }}, nil
}

// handover is the evaluation of one result.
type handover struct {
	res      *ident.Result
	set      *dataset.Set
	run      *runFile
	path     string
	name     string
	parts    []dataset.Part
	notes    []string
	warnings []string
	judged   judgement
	r        *result

	model, linear *memo
	forgetting    *ident.Forgetting
	bound         []float64
}

// integrator warns of a linear pole so near 1 that its time constant is longer than every training part, where no output
// was said to integrate.
func integrator(res *ident.Result, set *dataset.Set) []string {
	if slices.Contains(res.Model.Integrate, true) {
		return nil
	}
	longest := 0
	for _, p := range set.Train {
		longest = max(longest, p.To-p.From)
	}
	for _, p := range res.Linear.Poles() {
		if imag(p) == 0 && real(p) > 1-1/float64(longest) {
			return []string{fmt.Sprintf("the linear model has a pole at %.7g, which integrates over the %d samples of the training data. No contracting, input-to-state stable or bounded model represents an integrator. "+
				"If an output is the sum of its increments, as a position is of velocity, name it: --integrate %s. The integrator then stands outside the certified block", real(p), longest, strings.Join(names(set, set.Outputs), ","))}
		}
	}
	return nil
}

func (a ahead) SimulatePart(set *dataset.Set, p dataset.Part) ([][]float64, error) {
	return a.PredictPart(set, p, a.steps)
}

// certificate fills in what the checker said.
func (h *handover) certificate() {
	j := &h.judged
	c := certificate{Verdict: j.verdict, Claim: j.v.Claim, Statement: j.v.Statement, Failed: j.v.Failed, By: j.v.By, CheckerSeconds: j.seconds,
		Rate: unknown, RatePerSecond: unknown, Gain: unknown, GainSimulated: unknown}
	if j.err != nil {
		c.Claim, c.Failed = h.res.Claim, j.err.Error()
	}
	if j.verdict == verdictProved {
		c.Rate = ident.Figure(upward(j.v.Rate))
		c.RatePerSecond = perSecond(c.Rate, h.set.Record.Ts)
		switch {
		case j.v.PhysicalGain != nil:
			c.Gain, c.GainWhat = ident.Figure(upward(j.v.PhysicalGain)), "incremental l2 gain from inputs to outputs"
			c.GainSimulated = ident.Figure(incrementalGain(h.res.Model, h.set, h.longest()))
		case j.v.PhysicalISSGain != nil:
			c.Gain, c.GainWhat = ident.Figure(upward(j.v.PhysicalISSGain)), "ISS gain: sup |y - y_rest| over sup |u - u_rest|, in the long run"
			c.GainSimulated = ident.Figure(restGain(h.res.Model, j.v.RestOutput))
		}
		if c.GainWhat != "" {
			c.GainUnit = gainUnit(h.set, h.res.Model.Integrate)
		}
		if j.v.Claim == ident.DeltaISS {
			c.deltaISS(&j.v, h.set, h.res.Model.Integrate)
			j.v.Low = nil // stands in the bounds of the outputs
		}
		for i := range j.v.Low {
			s := h.set.Record.Signals[h.set.Outputs[i]]
			c.Balls = append(c.Balls, ball{s.Name, s.Unit, ident.Figure(downward(j.v.Low[i])), ident.Figure(upward(j.v.High[i]))})
		}
	}
	h.r.Certificate = c
}

// longest is the scored part with most samples.
func (h *handover) longest() dataset.Part {
	best := h.parts[0]
	for _, p := range h.parts {
		if p.Scored() > best.Scored() {
			best = p
		}
	}
	return best
}

// forget fills in the forgetting times.
func (h *handover) forget() error {
	p := h.longest()
	f, err := ident.Forget(h.res.Model, h.set, p)
	if err != nil {
		return err
	}
	h.forgetting = f
	t := &forgettingTimes{Part: p.Name, Samples: p.Scored()}
	if f.Measured >= 0 {
		t.Measured = &f.Measured
	}
	claim := h.r.Certificate.Claim
	if h.judged.verdict == verdictProved && claim == ident.DeltaISS {
		y, err := h.model.SimulatePart(h.set, p)
		if err != nil {
			return err
		}
		var n int
		if h.bound, n = decay(&h.judged.v, spans(y, h.res.YStd), len(f.Difference)); n >= 0 {
			t.Bound, t.Decided = &n, report.Numerical
		}
	}
	if h.judged.verdict == verdictProved && (claim == ident.Contraction || claim == ident.ISS) {
		y, err := h.model.SimulatePart(h.set, p)
		if err != nil {
			return err
		}
		span := smallestSpan(y, h.res.YStd)
		n, _, _ := h.res.ForgettingProved(span)
		t.Bound, t.Decided = &n, report.Numerical
		if n > p.Scored() {
			t.Note = fmt.Sprintf("the guaranteed time, %d samples, is longer than the record of %d: the proof says that the model forgets, but not within this record", n, p.Scored())
		}
		if claim == ident.Contraction {
			h.bound = h.res.ForgettingBound(span, f.Distance, len(f.Difference))
		}
	}
	h.r.Forgetting = t
	return nil
}

// smallestSpan is the smallest span of the simulated outputs, in scaled units.
func smallestSpan(y [][]float64, std []float64) float64 {
	least := math.Inf(1)
	for i := range y {
		low, high := math.Inf(1), math.Inf(-1)
		for _, v := range y[i] {
			low, high = min(low, v), max(high, v)
		}
		least = min(least, (high-low)/std[i])
	}
	return max(least, 1e-12)
}
