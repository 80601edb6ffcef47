package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
)

// options turns the flags into the library's options.
func (f *identifyFlags) options(set *dataset.Set) (ident.Options, error) {
	o := ident.Options{
		Guarantee: f.Guarantee, Model: f.Model, Rate: f.Rate, Layers: f.Layers, States: f.States, Filter: f.Filter,
		Integrate: f.Integrate, Seed: f.Seed, Restarts: f.Restarts, Steps: f.Steps, Workers: f.workers, Repeat: f.repeat,
		Version: Version,
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	budget, err := time.ParseDuration(f.Budget)
	if err != nil || budget <= 0 {
		return o, fmt.Errorf("--budget %q is not a duration; write for example 60s or 5m", f.Budget)
	}
	o.Budget = budget
	if err := f.consistent(); err != nil {
		return o, err
	}
	if f.Rate < 0 || f.Rate >= 1 {
		return o, fmt.Errorf("--rate %g must lie in (0, 1)", f.Rate)
	}
	for i, n := range []int{f.Filter, f.Layers, f.States, f.Restarts, f.Steps, f.workers} {
		if n < 0 {
			return o, fmt.Errorf("%s %d must not be negative; 0 means the default", []string{"--filter", "--layers", "--states", "--restarts", "--steps", "--workers"}[i], n)
		}
	}
	for _, n := range f.Hidden {
		if n < 1 {
			return o, fmt.Errorf("--hidden %d must be at least 1", n)
		}
	}
	if len(f.Hidden) == 1 {
		o.Hidden = f.Hidden[0]
	} else {
		o.Units = f.Hidden
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

// consistent refuses choices that do not go together before any time is spent.
func (f *identifyFlags) consistent() error {
	if !slices.Contains([]string{ident.Auto, "r2dn", "ssm", "lstm", "gru"}, f.Model) {
		return fmt.Errorf("--model %q is none of auto, r2dn, ssm, lstm, gru", f.Model)
	}
	if f.Model == "lstm" || f.Model == "gru" {
		if !slices.Contains([]string{ident.Auto, ident.DeltaISS, ident.Construct, ident.Componentwise, ident.Penalty, ident.None}, f.Guarantee) {
			return fmt.Errorf("--guarantee %q is none of auto, delta-iss, construct, componentwise, penalty, none, which --model %s has", f.Guarantee, f.Model)
		}
		if f.Layers > 0 || f.States > 0 {
			return fmt.Errorf("--layers and --states have no meaning for --model %s; give the units of each layer with --hidden, such as --hidden 10,10", f.Model)
		}
		return nil
	}
	if f.Filter > 0 || len(f.Hidden) > 1 {
		return errors.New("--filter and several numbers in --hidden belong to --model lstm or gru")
	}
	if !slices.Contains([]string{ident.Auto, ident.Contraction, ident.ISS, ident.Bounded, ident.None}, f.Guarantee) {
		return fmt.Errorf("--guarantee %q is none of auto, contraction, iss, bounded, none; delta-iss and the ways to it belong to --model lstm or gru", f.Guarantee)
	}
	if f.Model != ident.Auto && f.Guarantee != ident.Auto && f.Guarantee != ident.Contraction {
		return fmt.Errorf("--model %s chooses among the contracting classes; --guarantee %s has one class of its own: leave out --model", f.Model, f.Guarantee)
	}
	if f.Layers > 0 && (f.Model == "ssm" || f.Guarantee == ident.ISS || f.Guarantee == ident.Bounded || f.Guarantee == ident.None) {
		return fmt.Errorf("--layers %d builds sandwich layers of r2dn; it has no meaning for this model", f.Layers)
	}
	return nil
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

// complete takes the data from the arguments, or everything from the run that is resumed.
func (f *identifyFlags) complete(given *pflag.FlagSet, args []string) error {
	if f.resume == "" {
		if len(args) != 1 {
			return errors.New("identify needs DATA: a file, demo:two-tanks or benchmark:NAME; see plumb identify --help")
		}
		f.Data = args[0]
		if d, ok := demoNamed(f.Data); ok && !given.Changed("budget") {
			f.Budget = d.budget
		}
		return nil
	}
	var other []string
	given.Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "resume", "json", "quiet", "workers":
		default:
			other = append(other, "--"+flag.Name)
		}
	})
	if len(args) > 0 {
		other = append(other, args...)
	}
	if len(other) > 0 {
		return fmt.Errorf("--resume %s takes its data and options from that run; leave out %s", f.resume, strings.Join(other, ", "))
	}
	old, err := readRun(filepath.Join(f.resume, runFileName))
	if err != nil {
		return fmt.Errorf("nothing to resume in %s: %w", f.resume, err)
	}
	now := *f
	*f = old.Flags
	f.repeat = old.Stages // of a rerun
	f.typed, f.out, f.resume, f.asJSON, f.quiet, f.workers = old.Command, now.resume, now.resume, now.asJSON, now.quiet, now.workers
	return nil
}
