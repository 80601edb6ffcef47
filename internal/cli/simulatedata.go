package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
)

// prepare reads the data and finds the model's signals in them.
func (f *simulateFlags) prepare(m *deploy.Model, b *cert.Manifest) (*dataset.Set, []dataset.Part, error) {
	rec, set, err := f.open()
	if err != nil {
		return nil, nil, err
	}
	parts := []dataset.Part(nil)
	if set != nil { // the source has its own signals and parts
		parts, _ = scored(set)
		set = &dataset.Set{Record: set.Record}
		rec = set.Record
	} else {
		set = &dataset.Set{Record: rec}
		if parts, err = f.parts(rec, m.Lags); err != nil {
			return nil, nil, err
		}
	}
	if set.Inputs, err = f.find("input", rec, f.Inputs, b.Inputs, false); err != nil {
		return nil, nil, err
	}
	if set.Outputs, err = f.find("output", rec, f.Outputs, b.Outputs, f.initial == fromZero); err != nil {
		return nil, nil, err
	}
	for _, p := range parts {
		if err := f.readable(set, p); err != nil {
			return nil, nil, err
		}
	}
	return set, parts, nil
}

// parts are the stretches to simulate: the test part of the split, else every experiment.
func (f *simulateFlags) parts(rec *dataset.Record, lags int) ([]dataset.Part, error) {
	window := lags
	if f.initial == fromZero {
		window = 0
	}
	if f.Window > 0 {
		window = f.Window
	}
	var parts []dataset.Part
	if f.Split != "" {
		var err error
		if _, _, parts, err = dataset.ParseSplit(rec, f.Split); err != nil {
			return nil, err
		}
		if len(parts) == 0 {
			return nil, fmt.Errorf("--split %q has no test part to simulate", f.Split)
		}
	} else {
		for i := range rec.Experiments {
			parts = append(parts, dataset.Part{Experiment: i, To: rec.Experiments[i].Len()})
		}
	}
	for i := range parts {
		p := &parts[i]
		p.Window = window
		if p.Name = rec.Experiments[p.Experiment].Name; p.Name == "" {
			p.Name = "record"
		}
		if len(parts) > 1 && p.Name == "record" {
			p.Name = fmt.Sprintf("experiment %d", p.Experiment+1)
		}
		if p.Scored() < 1 {
			return nil, fmt.Errorf("part %q has %d samples, and the initial state takes %d; nothing is left to simulate. Give a longer record or --initial zero", p.Name, p.To-p.From, window)
		}
	}
	return parts, nil
}

// find returns the columns of the model's signals. Missing outputs become columns without values where they are not
// needed.
func (f *simulateFlags) find(role string, rec *dataset.Record, given []string, sigs []cert.Signal, optional bool) ([]int, error) {
	if len(given) > 0 && len(given) != len(sigs) {
		return nil, fmt.Errorf("--%ss names %d signals, the model has %d", role, len(given), len(sigs))
	}
	var out []int
	for i, s := range sigs {
		name := s.Name
		if len(given) > 0 {
			name = given[i]
		}
		c := slices.IndexFunc(rec.Signals, func(t dataset.Signal) bool { return t.Name == name })
		if c < 0 && optional && len(given) == 0 {
			c = len(rec.Signals)
			rec.Signals = append(rec.Signals, dataset.Signal(s))
			for e := range rec.Experiments {
				x := &rec.Experiments[e]
				empty := make([]float64, x.Len())
				for k := range empty {
					empty[k] = math.NaN()
				}
				x.Data = append(x.Data, empty)
			}
		}
		if c < 0 {
			var have []string
			for _, t := range rec.Signals {
				have = append(have, t.Name)
			}
			fix := fmt.Sprintf("name it with --%ss", role)
			if role == "output" {
				fix += ", add it (only its first samples are read; leave the others empty), or start from --initial zero"
			}
			return nil, fmt.Errorf("%s has no signal %q, an %s of the model; there are %s. Either %s", f.Data, name, role, strings.Join(have, ", "), fix)
		}
		out = append(out, c)
	}
	return out, nil
}

// readable tests that inputs are complete and outputs measured in the window.
func (f *simulateFlags) readable(set *dataset.Set, p dataset.Part) error {
	data := set.Record.Experiments[p.Experiment].Data
	for _, c := range set.Inputs {
		for k, v := range data[c][:p.To] {
			if !finite(v) {
				return fmt.Errorf("input %s has no value at sample %d of part %q; values are never filled: repair the file or leave the gap out with --split", set.Record.Signals[c].Name, k, p.Name)
			}
		}
	}
	if f.initial == fromZero {
		return nil
	}
	for _, c := range set.Outputs {
		for k := p.From; k < p.From+p.Window; k++ {
			if !finite(data[c][k]) {
				return fmt.Errorf("output %s has no value at sample %d of part %q, in the window of %d samples that gives the initial state; measure it or start from --initial zero", set.Record.Signals[c].Name, k, p.Name, p.Window)
			}
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// sameTs is the relative difference of two sampling times that are one and the same, up to the clock of a logger.
const sameTs = 1e-4

// compare refuses another sampling time and warns of other units.
func (f *simulateFlags) compare(set *dataset.Set, b *cert.Manifest) (warnings []string, err error) {
	data, model := set.Record.Ts, b.SamplingTime
	switch {
	case data == 0 && model > 0:
		warnings = append(warnings, fmt.Sprintf("the sampling time of the data is unknown; the model's is %.6g s. State it with --ts", model))
	case model == 0 || math.Abs(data-model) <= sameTs*model:
	case f.force:
		warnings = append(warnings, fmt.Sprintf("the data are sampled every %.6g s, the model every %.6g s: its simulation runs %.4g times too fast or slow", data, model, model/data))
	default:
		return nil, fmt.Errorf("the data are sampled every %.6g s, the model every %.6g s. A discrete-time model cannot change its step: resample the data to %.6g s, identify again, or take the result for what it is with --force", data, model, model)
	}
	for role, x := range map[string]struct {
		columns []int
		sigs    []cert.Signal
	}{"input": {set.Inputs, b.Inputs}, "output": {set.Outputs, b.Outputs}} {
		for i, c := range x.columns {
			if s := set.Record.Signals[c]; s.Unit != "" && x.sigs[i].Unit != "" && s.Unit != x.sigs[i].Unit {
				warnings = append(warnings, fmt.Sprintf("%s %s is in %s, the model's %s is in %s; nothing is converted", role, s.Name, s.Unit, x.sigs[i].Name, x.sigs[i].Unit))
			}
		}
	}
	slices.Sort(warnings)
	return warnings, nil
}
