package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Select makes a set of a record: it names the input and output signals, splits the record into parts and gives each
// part its window. See ParseSplit for the split; an empty one means the default split. The window is the number of
// samples at the beginning of each part, inside it, that may initialise a state from measured outputs and are not
// scored: with a window of 50 a test part 512-1023 is scored on 562-1023.
//
// It returns an error for a name that is not a signal, a signal used twice, a part that is not longer than its window,
// a test or validation sample that is scored and also trains, and a missing or infinite value inside a part.
func Select(r *Record, inputs, outputs []string, split string, window int) (*Set, error) {
	s := &Set{Record: r}
	var err error
	if s.Inputs, err = r.columns("input", inputs); err != nil {
		return nil, err
	}
	if s.Outputs, err = r.columns("output", outputs); err != nil {
		return nil, err
	}
	if window < 0 {
		return nil, fmt.Errorf("dataset: the window has %d samples; it must be 0 or more", window)
	}
	if s.Train, s.Validation, s.Test, err = ParseSplit(r, split); err != nil {
		return nil, err
	}
	for _, parts := range [][]Part{s.Train, s.Validation, s.Test} {
		for i := range parts {
			parts[i].Window = window
		}
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	return s, nil
}

// columns finds signals by name.
func (r *Record) columns(role string, names []string) ([]int, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("dataset: no %s named; the signals are %s", role, r.names())
	}
	var out []int
	for _, name := range names {
		i := slices.IndexFunc(r.Signals, func(s Signal) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("dataset: %s %q is not a signal of %s; the signals are %s", role, name, r.label(), r.names())
		}
		out = append(out, i)
	}
	return out, nil
}

func (r *Record) label() string {
	if r.Name == "" {
		return "the record"
	}
	return r.Name
}

func (r *Record) names() string {
	const most = 20
	var out []string
	for i, s := range r.Signals {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(r.Signals)-most))
			break
		}
		out = append(out, fmt.Sprintf("%q", s.Name))
	}
	return strings.Join(out, ", ")
}

// Check tests that the set is usable: columns exist and are used once, every part lies inside its experiment and is
// longer than its window, no scored test or validation sample also trains, and every value inside a part is finite.
// Select and the benchmarks call it; a set built by hand should.
func (s *Set) Check() error {
	r := s.Record
	if !(r.Ts >= 0) || math.IsInf(r.Ts, 0) {
		return fmt.Errorf("dataset: sampling time %g s; it must be positive, or 0 when unknown", r.Ts)
	}
	used := map[int]bool{}
	for _, c := range slices.Concat(s.Inputs, s.Outputs) {
		if c < 0 || c >= len(r.Signals) {
			return fmt.Errorf("dataset: signal %d of a record with %d signals", c, len(r.Signals))
		}
		if used[c] {
			return fmt.Errorf("dataset: signal %q is used twice; each signal is one input or one output", r.Signals[c].Name)
		}
		used[c] = true
	}
	for i, e := range r.Experiments {
		if len(e.Data) != len(r.Signals) {
			return fmt.Errorf("dataset: experiment %s has %d signals, the record %d", r.experiment(i), len(e.Data), len(r.Signals))
		}
		for c, col := range e.Data {
			if len(col) != e.Len() {
				return fmt.Errorf("dataset: experiment %s: signal %q has %d samples, %q has %d", r.experiment(i), r.Signals[c].Name, len(col), r.Signals[0].Name, e.Len())
			}
		}
	}
	for _, g := range s.roles() {
		for _, p := range g.parts {
			if err := s.checkPart(g.role, p); err != nil {
				return err
			}
		}
	}
	return s.checkOverlap()
}

type role struct {
	role  string
	parts []Part
}

func (s *Set) roles() []role {
	return []role{{"training", s.Train}, {"validation", s.Validation}, {"test", s.Test}}
}

func (s *Set) checkPart(role string, p Part) error {
	r := s.Record
	if p.Experiment < 0 || p.Experiment >= len(r.Experiments) {
		return fmt.Errorf("dataset: %s part in experiment %d of %d", role, p.Experiment+1, len(r.Experiments))
	}
	n := r.Experiments[p.Experiment].Len()
	if p.From < 0 || p.From >= p.To || p.To > n {
		return fmt.Errorf("dataset: %s part %d-%d of experiment %s, which has samples 0-%d", role, p.From, p.To-1, r.experiment(p.Experiment), n-1)
	}
	if p.Window < 0 || p.Scored() < 1 {
		return fmt.Errorf("dataset: %s part %d-%d of experiment %s has %d samples and a window of %d; nothing is left to score. Use a smaller window or a longer part", role, p.From, p.To-1, r.experiment(p.Experiment), p.To-p.From, p.Window)
	}
	for _, c := range slices.Concat(s.Inputs, s.Outputs) {
		data := r.Experiments[p.Experiment].Data[c][p.From:p.To]
		bad, first := 0, -1
		for k, v := range data {
			if !finite(v) {
				if bad == 0 {
					first = k
				}
				bad++
			}
		}
		if bad > 0 {
			word := "is missing"
			if math.IsInf(data[first], 0) {
				word = "is infinite"
			}
			from, to := s.longest(p)
			return fmt.Errorf("dataset: signal %q %s at sample %d of experiment %s (%d such samples in the %s part %d-%d). Values are never filled: repair the file or leave the gap out of the split; the longest stretch without a gap in this part is %d-%d",
				r.Signals[c].Name, word, p.From+first, r.experiment(p.Experiment), bad, role, p.From, p.To-1, from, to-1)
		}
	}
	return nil
}

// longest is the longest stretch of a part in which all used signals are finite.
func (s *Set) longest(p Part) (from, to int) {
	cols := slices.Concat(s.Inputs, s.Outputs)
	start := p.From
	for k := p.From; k <= p.To; k++ {
		ok := k < p.To
		for _, c := range cols {
			ok = ok && finite(s.Record.Experiments[p.Experiment].Data[c][k])
		}
		if !ok {
			if k-start > to-from {
				from, to = start, k
			}
			start = k + 1
		}
	}
	return from, to
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// checkOverlap refuses scored samples that also train, or that validate and test at once.
func (s *Set) checkOverlap() error {
	type pair struct {
		name, other string
		scored, all []Part
	}
	for _, q := range []pair{
		{"validation", "training", s.Validation, s.Train},
		{"test", "training", s.Test, s.Train},
		{"test", "validation", s.Test, s.Validation},
	} {
		for _, a := range q.scored {
			for _, b := range q.all {
				from, to := max(a.From+a.Window, b.From), min(a.To, b.To)
				if a.Experiment == b.Experiment && from < to {
					return fmt.Errorf("dataset: samples %d-%d of experiment %s are scored in the %s part and lie in the %s part too; a model must not be judged on samples that shaped it",
						from, to-1, s.Record.experiment(a.Experiment), q.name, q.other)
				}
			}
		}
	}
	return nil
}

// experiment names an experiment for messages: its 1-based number and its name.
func (r *Record) experiment(i int) string {
	if name := r.Experiments[i].Name; name != "" {
		return fmt.Sprintf("%d (%q)", i+1, name)
	}
	return fmt.Sprintf("%d", i+1)
}
