package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/metric"
)

// simulateFlags is what the user asked for.
type simulateFlags struct {
	source
	csv     string
	initial string
	force   bool
	asJSON  bool
	quiet   bool
}

// Where a simulation starts.
const (
	fromWindow = "window"
	fromZero   = "zero"
)

func newSimulate() *cobra.Command {
	var f simulateFlags
	c := &cobra.Command{
		Use:   "simulate MODEL DATA",
		Short: "Run an identified model on the inputs of a record, in physical units",
		Long: `simulate runs a .plumb model in free simulation on the inputs of DATA: the whole record, or its
test part with --split. Measured outputs are read in the first samples only (the window), where
they give the initial state; without them use --initial zero. Where outputs are present, RMSE and
FIT are printed. The CSV file has the time, each measured and each simulated output.

The signals of DATA are found by the names that the model knows; --inputs and --outputs name
others, in the model's order. A record with another sampling time than the model's is refused:
one step of the model is one sample of its own record.`,
		Example: `  plumb simulate runs/pump/pump.plumb tomorrow.csv --csv sim.csv
  plumb simulate runs/two-tanks/two-tanks.plumb demo:two-tanks
  plumb simulate pump.plumb inputs-only.csv --initial zero --csv - > sim.csv
  plumb simulate pump.plumb log.csv --inputs valve --outputs h --units h=V --split 0-499/-/500-999`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("simulate needs MODEL and DATA, got %d arguments; see plumb simulate --help", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Data = args[1]
			return f.run(args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := c.Flags()
	f.source.flags(fl)
	fl.Lookup("split").Usage = "simulate the test part of TRAIN/VALIDATION/TEST, such as 0-499/-/500-999; default the whole record"
	fl.Lookup("inputs").Usage = "signals that drive the model, in its order; default its own names"
	fl.Lookup("outputs").Usage = "signals to compare with and to start from, in the model's order; default its own names"
	fl.Lookup("init-window").Usage = "samples before the first simulated one; default as many as the model needs"
	fl.StringVar(&f.csv, "csv", "", "file for the simulation, - for standard output; default NAME-simulated.csv")
	fl.StringVar(&f.initial, "initial", fromWindow, "initial state: window (from the first measured samples) or zero")
	fl.BoolVar(&f.force, "force", false, "simulate although the sampling time differs")
	fl.BoolVar(&f.asJSON, "json", false, "print the figures as JSON")
	fl.BoolVar(&f.quiet, "quiet", false, "print nothing but warnings, errors (and JSON)")
	return c
}

// simulated is what simulate --json prints.
type simulated struct {
	Model    string        `json:"model"`
	Data     string        `json:"data"`
	CSV      string        `json:"csv"`
	Initial  string        `json:"initial"`
	Tests    []ident.Score `json:"tests"` // parts with measured outputs
	Warnings []string      `json:"warnings,omitempty"`
}

func (f *simulateFlags) run(file string, stdout, stderr io.Writer) error {
	if f.initial != fromWindow && f.initial != fromZero {
		return fmt.Errorf("--initial %q: write %s or %s", f.initial, fromWindow, fromZero)
	}
	b, err := cert.OpenFile(file)
	if m, ok := errors.AsType[*cert.MalformedError](err); ok {
		fmt.Fprintf(stderr, "plumb: %s is malformed: %v\n", file, m)
		return exitError{exitMalformed}
	} else if err != nil {
		return err
	}
	m, err := deploy.FromBundle(b)
	if err != nil {
		return err
	}
	manifest := b.Manifest()
	set, parts, err := f.prepare(m, &manifest)
	if err != nil {
		return err
	}
	out := &simulated{Model: file, Data: f.Data, Initial: f.initial, CSV: f.csv}
	if out.Warnings, err = f.compare(set, &manifest); err != nil {
		return err
	}
	out.Warnings = append(out.Warnings, ident.OutOfRange(set, parts, &m.Scaling)...)
	sims := make([][][]float64, len(parts))
	for i, p := range parts {
		if f.initial == fromZero {
			sims[i], err = m.SimulateZero(set, p)
		} else {
			sims[i], err = m.SimulatePart(set, p)
		}
		if err != nil {
			return err
		}
		if s, ok := compared(set, p, sims[i]); ok {
			out.Tests = append(out.Tests, s)
		}
	}
	table := stdout
	switch f.csv {
	case "":
		out.CSV = slug(f.Data) + "-simulated.csv"
		fallthrough
	default:
		if err := writeAtomic(out.CSV, simulationCSV(set, parts, sims)); err != nil {
			return err
		}
	case "-":
		if f.asJSON {
			return errors.New("--csv - and --json both want standard output; give --csv a file")
		}
		table = stderr
		if _, err := stdout.Write(simulationCSV(set, parts, sims)); err != nil {
			return err
		}
	}
	return f.show(out, set, table, stderr)
}

func (f *simulateFlags) show(out *simulated, set *dataset.Set, table, stderr io.Writer) error {
	if f.asJSON {
		enc := json.NewEncoder(table)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(out)
	}
	for _, w := range out.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", w)
	}
	if f.quiet {
		return nil
	}
	outputs := names(set, set.Outputs)
	var g grid
	if len(out.Tests) > 0 {
		g.add("part", "samples", "output", "RMSE", "FIT %", "")
	}
	for _, s := range out.Tests {
		for i := range s.RMSE {
			g.add(s.Name, fmt.Sprint(s.Samples), outputs[i], short(s.RMSE[i]), percentage(s.FIT[i]), s.Unit[i])
		}
	}
	if len(out.Tests) > 0 {
		fmt.Fprintf(table, "free simulation from the %s\n", map[string]string{fromWindow: "measured window", fromZero: "zero state"}[f.initial])
		g.print(table)
	} else {
		fmt.Fprintln(table, "no measured outputs to compare with")
	}
	if f.csv != "-" {
		fmt.Fprintln(table, out.CSV)
	}
	return nil
}

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

// compared scores the samples of a part where an output was measured; false when there are none.
func compared(set *dataset.Set, p dataset.Part, sim [][]float64) (ident.Score, bool) {
	s := ident.Score{Name: p.Name, Pooled: unknown}
	var all []metric.Scores
	for i, y := range ident.Measured(set, p) {
		var a, b []float64
		for k, v := range y {
			if finite(v) {
				a, b = append(a, v), append(b, sim[i][k])
			}
		}
		m, err := metric.Of(a, b)
		if err != nil {
			return s, false
		}
		s.Samples = max(s.Samples, len(a))
		s.Unit = append(s.Unit, set.Record.Signals[set.Outputs[i]].Unit)
		s.RMSE, s.FIT, s.NRMSE = append(s.RMSE, ident.Figure(m.RMSE)), append(s.FIT, ident.Figure(m.FIT)), append(s.NRMSE, ident.Figure(m.NRMSE))
		all = append(all, m)
	}
	if !mixed(s.Unit) {
		s.Pooled = ident.Figure(metric.Pooled(all...))
	}
	return s, true
}
