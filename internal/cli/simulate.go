package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

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
	if c := b.Certificate(); c != nil && c.Claim == ident.DeltaISS {
		out.Warnings = append(out.Warnings, applies(m, set, parts)...)
	}
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
