package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/repro"
)

// reproduceFlags is what the user asked of a reproduction.
type reproduceFlags struct {
	budget  time.Duration
	seed    uint64
	steps   int
	workers int
	out     string
	asJSON  bool
	quiet   bool
	typed   string
}

func newReproduce(typed string) *cobra.Command {
	f := reproduceFlags{typed: typed}
	c := &cobra.Command{
		Use:   "reproduce NAME",
		Short: "Reproduce published figures and check their numbers",
		Long: `reproduce runs a published experiment, draws its figures and checks the published numbers or the bands
they must lie in. NAME is one of those that "plumb reproduce list" prints. Results go to
runs/reproduce-NAME/: report.html, the data of each picture as CSV, the models with their certificates, and
result.json. The exit code is 1 when a check fails.`,
		Example: `  plumb reproduce list
  plumb reproduce brake-by-wire
  plumb reproduce brake-by-wire --budget 90s --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("reproduce needs NAME, or list, got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "list" {
				return f.list(cmd.OutOrStdout())
			}
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := c.Flags()
	fl.DurationVar(&f.budget, "budget", 0, "training time of each model, such as 90s; default the entry's own")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of every random choice")
	fl.IntVar(&f.steps, "steps", 0, "Adam steps per fit instead of a time budget: the same numbers on every run")
	fl.IntVar(&f.workers, "workers", 0, "parallel workers; 0 means one per core")
	fl.StringVar(&f.out, "out", "", "folder for the results; default runs/reproduce-NAME")
	fl.BoolVar(&f.asJSON, "json", false, "print the result as JSON on standard output")
	fl.BoolVar(&f.quiet, "quiet", false, "print nothing but errors (and JSON)")
	return c
}

// listed is what list --json prints of an entry.
type listed struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Source string  `json:"source"`
	Budget float64 `json:"budget"` // seconds of training for each model
	Models int     `json:"models"`
}

func (f *reproduceFlags) list(stdout io.Writer) error {
	var all []listed
	for _, e := range repro.List() {
		all = append(all, listed{e.Name, e.Title, e.Source, e.Budget.Seconds(), e.Models})
	}
	if f.asJSON {
		return encode(stdout, all)
	}
	for _, e := range all {
		fmt.Fprintf(stdout, "%s\n  %s\n  %s\n", e.Name, e.Title, e.Source)
		if e.Models > 0 {
			fmt.Fprintf(stdout, "  trains %d models, %.0f s each\n", e.Models, e.Budget)
		}
	}
	return nil
}

func (f *reproduceFlags) run(ctx context.Context, name string, stdout, stderr io.Writer) error {
	known := false
	for _, e := range repro.List() {
		known = known || e.Name == name
	}
	if !known { // before a folder is made
		return fmt.Errorf("there is no reproduction %q; see plumb reproduce list", name)
	}
	if f.budget < 0 || f.steps < 0 || f.workers < 0 {
		return fmt.Errorf("--budget %s, --steps %d and --workers %d must not be negative", f.budget, f.steps, f.workers)
	}
	dir, err := runDir(f.out, "reproduce-"+name)
	if err != nil {
		return err
	}
	workers := f.workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	bars := bars{w: stderr, quiet: f.quiet, timed: f.steps == 0}
	r, err := repro.Run(ctx, name, repro.Options{
		Budget: f.budget, Steps: f.steps, Seed: f.seed, Workers: workers, Dir: dir, Version: Version, Platform: platform(), Command: f.typed, Progress: bars.update,
	})
	bars.done()
	if err != nil {
		return err
	}
	switch {
	case f.asJSON:
		if err := encode(stdout, r); err != nil {
			return err
		}
	case !f.quiet:
		printReproduction(stdout, r)
	}
	if !r.Pass {
		return exitError{exitFailed}
	}
	return nil
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// bars shows the progress of one model after the other.
type bars struct {
	w            io.Writer
	quiet, timed bool
	model        string
	bar          *progress
}

func (b *bars) update(model string, p ident.Progress) {
	if b.quiet {
		return
	}
	if model != b.model {
		b.done()
		fmt.Fprintln(b.w, model)
		b.model, b.bar = model, newProgress(b.w, false, b.timed)
	}
	b.bar.update(p)
}

func (b *bars) done() {
	if b.bar != nil {
		b.bar.done()
		b.bar = nil
	}
}

// claimText is the claim of a model with its verdict, - where that was not asked.
func claimText(m *repro.Model) string {
	if m.Claim == "" {
		return "-"
	}
	return claimed(m.Claim, m.Verdict)
}

// printReproduction prints models and checks on paper.
func printReproduction(w io.Writer, r *repro.Result) {
	fmt.Fprintln(w)
	var g grid
	for i, m := range r.Models {
		if i == 0 {
			head := []string{"model"}
			for _, name := range r.Outputs {
				head = append(head, "FIT "+name+" %")
			}
			smallest := "smallest"
			if len(r.Units) > 0 && !mixed(r.Units) {
				smallest = withUnit(smallest, r.Units[0])
			}
			g.add(append(head, "FIT (20) %", smallest, "rate/sample", "recovery [samples]", "worst ratio", "parameters", "claim")...)
		}
		cells := []string{m.Name}
		for _, v := range m.FIT {
			cells = append(cells, percentage(v))
		}
		rate, recovery, ratio := "-", "-", "-"
		if !math.IsNaN(float64(m.Rate)) {
			rate = rateText(float64(m.Rate))
		}
		if m.Recovery > 0 {
			recovery = fmt.Sprint(m.Recovery)
		}
		if m.Attack != nil {
			ratio = short(ident.Figure(m.Attack.Ratio))
		}
		g.add(append(cells, percentage(m.SumFIT), percentage(m.Smallest), rate, recovery, ratio, fmt.Sprint(m.Parameters), claimText(&m))...)
	}
	g.print(w)
	fmt.Fprintln(w)
	g = grid{}
	g.add("check", "value", "bound", "")
	for _, c := range r.Checks {
		word := "pass"
		switch {
		case c.Bound == repro.Reported:
			word = ""
		case !c.Pass:
			word = "FAIL"
		}
		g.add(c.Name, short(c.Value), c.Bound, word)
	}
	g.print(w)
	words := map[bool]string{true: "PASS", false: "FAIL"}
	fmt.Fprintf(w, "\n%s: %s in %.0f s\n%s\n", r.Name, words[r.Pass], r.Seconds, r.Page)
}
