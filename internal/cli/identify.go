package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
)

// identifyFlags is what the user asked for; it is stored in run.json and repeated by rerun and --resume.
type identifyFlags struct {
	source
	Model     string   `json:"model"`
	Guarantee string   `json:"guarantee"`
	Rate      float64  `json:"rate,omitempty"`
	Hidden    []int    `json:"hidden,omitempty"`
	Layers    int      `json:"layers,omitempty"`
	States    int      `json:"states,omitempty"`
	Filter    int      `json:"filter,omitempty"`
	Integrate []string `json:"integrate,omitempty"`
	Delay     string   `json:"delay,omitempty"`
	Rest      string   `json:"rest,omitempty"`
	Seed      uint64   `json:"seed"`
	Restarts  int      `json:"restarts,omitempty"`
	Budget    string   `json:"budget"`
	Steps     int      `json:"steps,omitempty"`

	typed   string // the command line, for run.json and the report
	resume  string
	out     string
	asJSON  bool
	quiet   bool
	workers int
	repeat  []ident.Stage
	watch   func(ident.Progress) // also told of progress; nil outside tests
}

// Training times when --budget is not given. The record of the tanks is short, that of the brake long.
const (
	defaultBudget = "60s"
	tanksBudget   = "15s"
	brakeBudget   = "90s"
)

func newIdentify(typed string) *cobra.Command {
	f := identifyFlags{typed: typed}
	c := &cobra.Command{
		Use:   "identify DATA",
		Short: "Measured data in, model with the strongest true stability claim out",
		Long: `identify fits a nonlinear model to a measured record and proves the strongest claim that is
true of it: contraction (any two responses to one input meet), else input-to-state stability
(bounded by the input, rest state exponentially stable), else boundedness. A linear model is
fitted and printed beside it.

DATA is a CSV, MAT, npy or npz file, a YAML description of a record spread over files,
demo:two-tanks or demo:brake-by-wire (simulated on the spot), or benchmark:NAME with --data DIR.

The last quarter of the samples is the test part unless --split says otherwise; it is never
used for fitting. Results go to runs/NAME/: the model NAME.plumb, report.html, run.json.`,
		Example: `  plumb identify demo:two-tanks
  plumb identify pump.csv --inputs u --outputs level --budget 30s
  plumb identify log.csv --inputs u1,u2 --outputs y --ts 0.01 --split 0.6/0.15/0.25
  plumb identify rig.mat --outputs p_mc,p_cal --split exp=1..4/5/6 --guarantee contraction
  plumb identify demo:brake-by-wire --model lstm --hidden 16,16
  plumb identify benchmark:silverbox --data ../shared/data --guarantee iss --budget 240s
  plumb identify --resume runs/pump`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.complete(cmd.Flags(), args); err != nil {
				return err
			}
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := c.Flags()
	f.source.flags(fl)
	fl.StringVar(&f.Model, "model", "auto", "model class: auto, r2dn (Lur'e network) or ssm (state-space cascade), both contracting; lstm or gru, incrementally input-to-state stable (delta-iss)")
	fl.StringVar(&f.Guarantee, "guarantee", "auto", "claim: auto (highest that is true), contraction, iss, bounded, none; for lstm and gru delta-iss or a way to it: construct, componentwise, penalty")
	fl.Float64Var(&f.Rate, "rate", 0, "prescribed decay rate per sample in (0, 1); 0 chooses")
	fl.IntSliceVar(&f.Hidden, "hidden", nil, "width of the nonlinearity; of lstm and gru one number per layer, such as 10,10; default chosen")
	fl.IntVar(&f.Layers, "layers", 0, "1-Lipschitz sandwich layers of r2dn; 0 means one tanh layer")
	fl.IntVar(&f.States, "states", 0, "number of states; 0 chooses from the linear fit")
	fl.IntVar(&f.Filter, "filter", 0, "oscillating modes of a certified linear filter in front of lstm or gru; 0: none")
	fl.StringSliceVar(&f.Integrate, "integrate", nil, "outputs that integrate their increments outside the certified block, such as a position")
	fl.StringVar(&f.Delay, "delay", "", "input delay in samples, one number or one per input; default from the correlation of input and output")
	fl.StringVar(&f.Rest, "rest", "", "input at which the plant rests, one number per input, physical units (iss); default 0 where that lies in the range")
	fl.Uint64Var(&f.Seed, "seed", 1, "seed of every random choice")
	fl.IntVar(&f.Restarts, "restarts", 0, "fits per class; 0 chooses")
	fl.StringVar(&f.Budget, "budget", defaultBudget, "training time, such as 90s or 5m; demo:two-tanks takes "+tanksBudget+" and demo:brake-by-wire "+brakeBudget+" unless told otherwise")
	fl.IntVar(&f.Steps, "steps", 0, "Adam steps per fit instead of a time budget: the same bytes on every run and any number of cores")
	fl.IntVar(&f.workers, "workers", 0, "parallel workers; 0 means one per core")
	fl.StringVar(&f.resume, "resume", "", "continue the interrupted run in this folder")
	fl.StringVar(&f.out, "out", "", "folder for the results; default runs/NAME")
	fl.BoolVar(&f.asJSON, "json", false, "print the result as JSON on standard output")
	fl.BoolVar(&f.quiet, "quiet", false, "print nothing but errors (and JSON)")
	return c
}

// run is the main job.
func (f *identifyFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	set, err := f.load()
	if err != nil {
		return err
	}
	o, err := f.options(set)
	if err != nil {
		return err
	}
	dir, err := runDir(f.out, slug(f.Data))
	if err != nil {
		return err
	}
	out, err := f.identify(ctx, set, o, dir, stderr)
	if err != nil {
		return err
	}
	return out.show(f, stdout)
}

// identify fits into the folder dir, which it removes again when it ends with nothing in it worth keeping.
func (f *identifyFlags) identify(ctx context.Context, set *dataset.Set, o ident.Options, dir string, stderr io.Writer) (*outcome, error) {
	began := time.Now()
	run := runFile{Version: Version, Command: f.typed, Flags: *f, Platform: platform(), DataSHA256: fmt.Sprintf("%x", set.Sum()), Stages: f.repeat}
	if err := writeJSON(filepath.Join(dir, runFileName), &run); err != nil {
		return nil, err
	}
	checkpoint := filepath.Join(dir, checkpointName)
	if f.resume != "" {
		o.Resume = &ident.Checkpoint{}
		if err := readJSON(checkpoint, o.Resume); err != nil {
			return nil, fmt.Errorf("nothing to resume in %s, the run had finished or kept no checkpoint: %w", dir, err)
		}
	} else {
		removeIfThere(checkpoint) // of an earlier run in the same folder
	}
	var failed error
	o.Checkpoint = func(c *ident.Checkpoint) {
		if data, err := json.Marshal(c); err != nil {
			failed = err
		} else if err := writeAtomic(checkpoint, data); err != nil {
			failed = err
		}
	}
	bar := newProgress(stderr, f.quiet, f.Steps == 0 && f.repeat == nil)
	o.Progress = func(p ident.Progress) {
		bar.update(p)
		if f.watch != nil {
			f.watch(p)
		}
	}
	if !f.quiet {
		fmt.Fprintln(stderr, headline(set))
	}
	res, err := ident.Fit(ctx, set, o)
	bar.done()
	if failed != nil {
		fmt.Fprintf(stderr, "plumb: the checkpoint could not be stored, so --resume would not work: %v\n", failed)
	}
	if err != nil {
		if exists(checkpoint) {
			fmt.Fprintf(stderr, "stopped; continue with: plumb identify --resume %s\n", dir)
		} else {
			removeIfThere(filepath.Join(dir, runFileName))
			os.Remove(dir) // fails, as it should, when something else is in it
		}
		return nil, err
	}
	out, err := handOver(ctx, res, set, &run, dir, began)
	if err != nil {
		return nil, err
	}
	removeIfThere(checkpoint)
	return out, nil
}

// show prints the outcome; its error carries the exit code of a claim that was not proved.
func (out *outcome) show(f *identifyFlags, stdout io.Writer) error {
	switch {
	case f.asJSON:
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(out.result); err != nil {
			return err
		}
	case !f.quiet:
		out.print(stdout)
	}
	if v := out.result.Certificate.Verdict; v != verdictProved && v != verdictNone {
		return exitError{exitFailed}
	}
	return nil
}

// headline says in one line what is being identified.
func headline(set *dataset.Set) string {
	r := set.Record
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s -> %s", r.Name, signalList(set, set.Inputs), signalList(set, set.Outputs))
	if r.Ts > 0 {
		fmt.Fprintf(&b, ", Ts %.6g s", r.Ts)
	} else {
		b.WriteString(", sampling time unknown: times are in samples")
	}
	fmt.Fprintf(&b, "; samples: %s for training, %s for validation, %s for test", lengths(set.Train), lengths(set.Validation), lengths(set.Test))
	if len(set.Test) > 0 {
		fmt.Fprintf(&b, " (the first %d of each initialise the state)", set.Test[0].Window)
	}
	return b.String()
}

func signalList(set *dataset.Set, columns []int) string {
	var out []string
	for _, c := range columns {
		out = append(out, withUnit(set.Record.Signals[c].Name, set.Record.Signals[c].Unit))
	}
	return strings.Join(out, ", ")
}

func withUnit(name, unit string) string {
	if unit == "" {
		return name
	}
	return name + " [" + unit + "]"
}

func lengths(parts []dataset.Part) string {
	if len(parts) == 0 {
		return "none"
	}
	var out []string
	for _, p := range parts {
		out = append(out, strconv.Itoa(p.To-p.From))
	}
	if len(out) > 6 {
		out = append(out[:6], "...")
	}
	return strings.Join(out, " + ")
}
