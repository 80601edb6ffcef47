package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
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
	Hidden    int      `json:"hidden,omitempty"`
	Layers    int      `json:"layers,omitempty"`
	States    int      `json:"states,omitempty"`
	Integrate []string `json:"integrate,omitempty"`
	Delay     string   `json:"delay,omitempty"`
	Rest      string   `json:"rest,omitempty"`
	Seed      uint64   `json:"seed"`
	Restarts  int      `json:"restarts,omitempty"`
	Budget    string   `json:"budget"`
	Steps     int      `json:"steps,omitempty"`

	resume  string
	out     string
	asJSON  bool
	quiet   bool
	workers int
	repeat  []ident.Stage
}

func newIdentify() *cobra.Command {
	var f identifyFlags
	c := &cobra.Command{
		Use:   "identify DATA",
		Short: "Measured data in, model with the strongest true stability claim out",
		Long: `identify fits a nonlinear model to a measured record and proves the strongest claim that is
true of it: contraction (any two responses to one input meet), else input-to-state stability
(bounded by the input, rest state exponentially stable), else boundedness. A linear model is
fitted and printed beside it.

DATA is a CSV, MAT, npy or npz file, a YAML description of a record spread over files,
demo:two-tanks (simulated on the spot), or benchmark:NAME with --data DIR.

The last quarter of the samples is the test part unless --split says otherwise; it is never
used for fitting. Results go to runs/NAME/: the model NAME.plumb, report.html, run.json.`,
		Example: `  plumb identify demo:two-tanks
  plumb identify pump.csv --inputs u --outputs level --budget 30s
  plumb identify log.csv --inputs u1,u2 --outputs y --ts 0.01 --split 0.6/0.15/0.25
  plumb identify rig.mat --outputs p_mc,p_cal --split exp=1..4/5/6 --guarantee contraction
  plumb identify benchmark:silverbox --data ../shared/data --guarantee iss --budget 240s
  plumb identify --resume runs/pump`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.resume != "" {
				kept := f
				if err := loadFlags(filepath.Join(f.resume, runFileName), &f); err != nil {
					return err
				}
				f.resume, f.out, f.asJSON, f.quiet, f.workers = kept.resume, kept.resume, kept.asJSON, kept.quiet, kept.workers
			} else if len(args) != 1 {
				return errors.New("identify needs DATA: a file, demo:two-tanks or benchmark:NAME; see plumb identify --help")
			} else {
				f.Data = args[0]
			}
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := c.Flags()
	f.source.flags(fl)
	fl.StringVar(&f.Model, "model", "auto", "model class for the contraction claim: auto, r2dn (Lur'e network) or ssm (state-space cascade)")
	fl.StringVar(&f.Guarantee, "guarantee", "auto", "claim: auto (highest that is true), contraction, iss, bounded, none")
	fl.Float64Var(&f.Rate, "rate", 0, "prescribed decay rate per sample in (0, 1); 0 chooses")
	fl.IntVar(&f.Hidden, "hidden", 0, "width of the nonlinearity; 0 chooses")
	fl.IntVar(&f.Layers, "layers", 0, "1-Lipschitz sandwich layers of r2dn; 0 means one tanh layer")
	fl.IntVar(&f.States, "states", 0, "number of states; 0 chooses from the linear fit")
	fl.StringSliceVar(&f.Integrate, "integrate", nil, "outputs that integrate their increments outside the certified block, such as a position")
	fl.StringVar(&f.Delay, "delay", "", "input delay in samples, one number or one per input; default from the linear fit")
	fl.StringVar(&f.Rest, "rest", "", "input at which the plant rests, one number per input, physical units (iss); default 0 where that lies in the range")
	fl.Uint64Var(&f.Seed, "seed", 1, "seed of every random choice")
	fl.IntVar(&f.Restarts, "restarts", 0, "fits per class; 0 chooses")
	fl.StringVar(&f.Budget, "budget", "60s", "training time, such as 90s or 5m")
	fl.IntVar(&f.Steps, "steps", 0, "Adam steps per fit instead of a time budget: the same bytes on every run and any number of cores")
	fl.IntVar(&f.workers, "workers", 0, "parallel workers; 0 means one per core")
	fl.StringVar(&f.resume, "resume", "", "continue the interrupted run in this folder")
	fl.StringVar(&f.out, "out", "", "folder for the results; default runs/NAME")
	fl.BoolVar(&f.asJSON, "json", false, "print the result as JSON on standard output")
	fl.BoolVar(&f.quiet, "quiet", false, "print nothing but errors (and JSON)")
	return c
}

// options turns the flags into the library's options.
func (f *identifyFlags) options(set *dataset.Set) (ident.Options, error) {
	o := ident.Options{
		Guarantee: f.Guarantee, Model: f.Model, Rate: f.Rate, Hidden: f.Hidden, Layers: f.Layers, States: f.States,
		Integrate: f.Integrate, Seed: f.Seed, Restarts: f.Restarts, Steps: f.Steps, Workers: f.workers, Repeat: f.repeat,
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	budget, err := time.ParseDuration(f.Budget)
	if err != nil || budget <= 0 {
		return o, fmt.Errorf("--budget %q is not a duration; write for example 60s or 5m", f.Budget)
	}
	o.Budget = budget
	if f.Rate < 0 || f.Rate >= 1 {
		return o, fmt.Errorf("--rate %g must lie in (0, 1)", f.Rate)
	}
	for what, n := range map[string]int{"--hidden": f.Hidden, "--layers": f.Layers, "--states": f.States, "--restarts": f.Restarts, "--steps": f.Steps} {
		if n < 0 {
			return o, fmt.Errorf("%s %d must not be negative", what, n)
		}
	}
	if f.Delay != "" {
		d, err := numbers("--delay", f.Delay, len(set.Inputs))
		if err != nil {
			return o, err
		}
		for _, v := range d {
			if v < 0 || v != float64(int(v)) {
				return o, fmt.Errorf("--delay %g must be a whole number of samples, 0 or more", v)
			}
			o.Delay = append(o.Delay, int(v))
		}
	}
	if f.Rest != "" {
		if o.Rest, err = numbers("--rest", f.Rest, len(set.Inputs)); err != nil {
			return o, err
		}
	}
	return o, nil
}

// numbers parses a comma list with one entry per input; a single entry stands for all.
func numbers(flag, text string, inputs int) ([]float64, error) {
	fields := strings.Split(text, ",")
	if len(fields) != 1 && len(fields) != inputs {
		return nil, fmt.Errorf("%s has %d numbers, the data have %d inputs", flag, len(fields), inputs)
	}
	out := make([]float64, inputs)
	for i := range out {
		v, err := strconv.ParseFloat(strings.TrimSpace(fields[min(i, len(fields)-1)]), 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a number", flag, fields[min(i, len(fields)-1)])
		}
		out[i] = v
	}
	return out, nil
}

const (
	runFileName    = "run.json"
	checkpointName = "checkpoint.json"
)

// run is the main job.
func (f *identifyFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	began := time.Now()
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
	if err := writeJSON(filepath.Join(dir, runFileName), runFile{Version: Version, Flags: *f}); err != nil {
		return err
	}
	checkpoint := filepath.Join(dir, checkpointName)
	if f.resume != "" {
		o.Resume = &ident.Checkpoint{}
		if err := readJSON(checkpoint, o.Resume); err != nil {
			return fmt.Errorf("nothing to resume in %s: %w", dir, err)
		}
	}
	var failed error
	o.Checkpoint = func(c *ident.Checkpoint) {
		if data, err := json.Marshal(c); err != nil {
			failed = err
		} else if err := writeAtomic(checkpoint, data); err != nil {
			failed = err
		}
	}
	bar := newProgress(stderr, f.quiet)
	o.Progress = bar.update
	if !f.quiet {
		fmt.Fprintln(stderr, f.describe(set))
	}
	res, err := ident.Fit(ctx, set, o)
	bar.done()
	if failed != nil {
		fmt.Fprintf(stderr, "plumb: checkpoint: %v\n", failed)
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(stderr, "interrupted; continue with: plumb identify --resume %s\n", dir)
	}
	if err != nil {
		return err
	}
	out, err := f.handOver(res, set, dir, began)
	if err != nil {
		return err
	}
	removeIfThere(checkpoint)
	if f.asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(out.JSON); err != nil {
			return err
		}
	} else if !f.quiet {
		out.print(stdout)
	}
	if out.JSON.Certificate.Verdict == "refused" || out.JSON.Certificate.Verdict == "malformed" {
		return exitError{exitFailed}
	}
	return nil
}
