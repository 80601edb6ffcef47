package repro

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"slices"
	"time"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/metric"
	"github.com/plumb-go/plumb/model/falsify"
)

// study fits models of several guarantees to one data set and compares them on its test part.
type study struct {
	o        Options
	set      *dataset.Set
	part     dataset.Part
	measured [][]float64
	models   []*fitted
}

// fitted is one model of the study with its simulation of the test part.
type fitted struct {
	Model
	y      [][]float64
	res    *ident.Result // of the run that fitted it
	member bool          // the model that the run handed over, with a bundle
	linear bool

	statement string // the claim as the checker states it, with its assumption on the inputs
}

// method is a way of fitting a model.
type method struct {
	name string // in words
	file string // of the bundle
	opt  ident.Options
}

func newStudy(set *dataset.Set, o Options) (*study, error) {
	if len(set.Test) == 0 {
		return nil, fmt.Errorf("the data set has no test part")
	}
	s := &study{o: o, set: set, part: set.Test[0]}
	s.measured = ident.Measured(set, s.part)
	return s, nil
}

// fit runs one method and appends the model that it hands over.
func (s *study) fit(ctx context.Context, m method) (*fitted, error) {
	o := m.opt
	o.Seed, o.Budget, o.Steps, o.Workers, o.Version = s.o.Seed, s.o.Budget, s.o.Steps, s.o.Workers, s.o.Version
	if s.o.Progress != nil {
		o.Progress = func(p ident.Progress) { s.o.Progress(m.name, p) }
	}
	res, err := ident.Fit(ctx, s.set, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.name, err)
	}
	f := &fitted{res: res, member: true}
	f.Model = blank(m.name)
	f.Claim, f.Parameters, f.Seconds = res.Claim, res.Parameters, Number(res.Seconds)
	if err := s.score(f, res.Model); err != nil {
		return nil, err
	}
	v, err := s.judge(f, m.file)
	if err != nil {
		return nil, err
	}
	f.Verdict = verdictWord(v)
	if v.Proved {
		s.figures(f, &v)
		if f.Attack, err = s.attack(ctx, f); err != nil {
			return nil, err
		}
	}
	for _, c := range res.Curves {
		if c.Kept && c.Best.Residual != nil && (!finite(float64(f.Residual)) || *c.Best.Residual > float64(f.Residual)) {
			f.Residual = Number(*c.Best.Residual)
		}
	}
	s.models = append(s.models, f)
	return f, nil
}

// also appends a model that was fitted on the way of a run and not handed over.
func (s *study) also(name string, res *ident.Result, o ident.Other) error {
	f := &fitted{res: res}
	f.Model = blank(name)
	f.Claim, f.Verdict, f.Parameters, f.Seconds = o.Claim, "not handed over", o.Parameters, Number(res.Seconds)
	s.models = append(s.models, f)
	return s.score(f, o.Model)
}

// linear appends the linear model of a run. Its stability is not judged here.
func (s *study) linear(res *ident.Result) (*fitted, error) {
	f := &fitted{res: res, linear: true}
	f.Model = blank(fmt.Sprintf("linear, order %d", res.Linear.Order))
	f.Parameters, f.Seconds = res.Linear.Parameters(), Number(unknown)
	s.models = append(s.models, f)
	return f, s.score(f, res.Linear)
}

func blank(name string) Model {
	u := Number(unknown)
	return Model{Name: name, SumFIT: u, Smallest: u, Rate: u, Residual: u}
}

// score simulates the test part.
func (s *study) score(f *fitted, m ident.Simulator) error {
	y, err := m.SimulatePart(s.set, s.part)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	scores, err := metric.PerOutput(s.measured, y)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	for _, c := range scores {
		f.FIT, f.RMSE = append(f.FIT, Number(c.FIT)), append(f.RMSE, Number(c.RMSE))
	}
	sum, err := metric.SumFIT(s.measured, y)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	f.y, f.SumFIT, f.Smallest = y, Number(sum), Number(lowest(y))
	return nil
}

// judge writes the bundle and has the file on disk judged; without a folder, the bundle in memory.
func (s *study) judge(f *fitted, file string) (cert.Verdict, error) {
	if s.o.Dir == "" {
		return bundle.Check(f.res.Bundle)
	}
	f.Bundle = file + ".plumb"
	path := filepath.Join(s.o.Dir, f.Bundle)
	if err := bundle.WriteFile(path, f.res.Bundle); err != nil {
		return cert.Verdict{}, err
	}
	b, err := cert.OpenFile(path)
	if err != nil {
		return cert.Verdict{}, err
	}
	return cert.Check(b), nil
}

func verdictWord(v cert.Verdict) string {
	switch {
	case v.Proved:
		return "proved"
	case v.Claim == ident.None:
		return "none"
	}
	return "refused: " + v.Failed
}

// attack looks for two trajectories that violate the proved bound of any member.
func (s *study) attack(ctx context.Context, f *fitted) (*Attack, error) {
	out, e := &Attack{}, s.o.effort
	if e == (effort{}) {
		e = usual
	}
	for j, m := range f.res.Model.Members {
		b, err := falsify.NewBound(m.Cell, m.W, f.res.Bundle.Certificate.Members[j])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		o := falsify.Options{Workers: s.o.Workers, Seed: s.o.Seed, Count: e.pairs}
		random, err := falsify.Random(ctx, m.Cell, m.W, b, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		o.Count = e.searches
		ascent, err := falsify.Ascend(ctx, m.Cell, m.W, b, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		reach, err := falsify.Reach(ctx, m.Cell, m.W, b, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		out.Box = max(out.Box, random.Box, ascent.Box, reach.Box)
		out.Pairs, out.Searches, out.Samples = out.Pairs+random.Tried, out.Searches+ascent.Tried, max(out.Samples, b.Horizon())
		if w := (falsify.Report{Random: random, Ascent: ascent}).Worst(); w.Ratio >= out.Ratio {
			out.Ratio, out.Where = w.Ratio, fmt.Sprintf("%s of member %d, sample %d", s.quantity(b.Quantities[w.Quantity]), j, w.Step)
		}
	}
	return out, nil
}

// quantity names what a bound is about.
func (s *study) quantity(q falsify.Quantity) string {
	if q.States == nil {
		return "output " + s.name(q.Output)
	}
	return q.Name
}

// transient is the stretch of the given length in which the measured outputs move most: the largest sum of squared
// changes over a tenth of it, in units of each output's variance.
func (s *study) transient(length int) (from, to int) {
	n := len(s.measured[0])
	if n <= length {
		return 0, n
	}
	lag := max(length/10, 1)
	step := make([]float64, n)
	for i := range s.measured {
		mean, ss := 0.0, 0.0
		for _, v := range s.measured[i] {
			mean += v / float64(n)
		}
		for _, v := range s.measured[i] {
			ss += (v - mean) * (v - mean)
		}
		for k := lag; k < n; k++ {
			d := s.measured[i][k] - s.measured[i][k-lag]
			step[k] += d * d / ss
		}
	}
	best, sum := math.Inf(-1), 0.0
	for k, v := range step {
		sum += v
		if k >= length {
			sum -= step[k-length]
		}
		if k >= length-1 && sum > best {
			best, from = sum, k-length+1
		}
	}
	return from, from + length
}

func (s *study) find(name string) *fitted {
	i := slices.IndexFunc(s.models, func(f *fitted) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return s.models[i]
}

// elapsed adds the training times of all runs.
func (s *study) elapsed() time.Duration {
	t := 0.0
	for _, f := range s.models {
		if f.member {
			t += float64(f.Seconds)
		}
	}
	return time.Duration(t * float64(time.Second))
}

// upward is the smallest float64 that is not below r.
func upward(r *big.Rat) float64 {
	f, exact := r.Float64()
	if !exact && new(big.Rat).SetFloat64(f).Cmp(r) < 0 {
		f = math.Nextafter(f, math.Inf(1))
	}
	return f
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// figures fills in what the checker proved.
func (s *study) figures(f *fitted, v *cert.Verdict) {
	f.Rate, f.statement = Number(upward(v.Rate)), v.Statement
	if v.Claim != ident.DeltaISS {
		return
	}
	if v.Recovery < math.MaxInt {
		f.Recovery = v.Recovery
	}
	for i, g := range v.PhysicalDeltaGain {
		f.Gain, f.GainUnit = append(f.Gain, Number(upward(g))), append(f.GainUnit, s.rawUnit(i)+"/"+s.set.Record.Signals[s.set.Inputs[0]].Unit)
	}
}
