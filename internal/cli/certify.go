package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/weights"
)

// certifyFlags is what the user asked for.
type certifyFlags struct {
	file     string
	ranges   []string
	inScale  []string
	outScale []string
	source
	budget   string
	steps    int
	out      string
	rate     float64
	noRepair bool
	seed     uint64
	torch    lstm.TorchOptions
	asJSON   bool
}

func newCertify() *cobra.Command {
	var f certifyFlags
	c := &cobra.Command{
		Use:   "certify FILE",
		Short: "Prove a network that you already have: an LSTM from elsewhere, or a .plumb model",
		Long: `certify reads the weights of an LSTM from a .safetensors or .npz file and asks whether it is
incrementally input-to-state stable (delta-ISS) while its inputs stay in --input-range: any two
trajectories under one input approach each other at a proved rate, and inputs that differ little
give outputs that differ little. The network, its range and the proof are written as a .plumb
file, which the checker judges in exact arithmetic.

A network that does not pass these conditions need not be unstable: they are sufficient. certify
then looks for a nearby network that passes, with smaller recurrent weights, says by how much
weights and outputs change, and writes that one. Its figures hold for the file written.

Weights are read under PyTorch's names (nn.LSTM or nn.LSTMCell, gates i, f, g, o, both biases), or
Keras' (kernel, recurrent_kernel, bias), or as W, R, B of ONNX' operator, with one linear output
layer. The network starts from zero states, as in these frameworks. Save a PyTorch model with
  safetensors.torch.save_file(model.state_dict(), "model.safetensors")
GRUs of PyTorch, bidirectional networks and projections are refused: they are other networks.

The input range is in the units that the network was trained on. Where your code normalises signals
around the network, (u - MEAN)/STD before and MEAN + STD y after it, give these numbers with
--input-scale and --output-scale; then the range, the data and the file are in physical units.

Smaller recurrent weights change what the network computes, often much. --budget 30s trains the
nearby network further, with a penalty that keeps it provable: to imitate the network of the file
on random inputs in the range, or with --data to predict measured outputs. --data also compares
all of them with the measurements.

A .plumb model that was identified without a guarantee, or with a weaker one, is attempted as it
is: certify tries the claims from the strongest down (contraction, input-to-state stability of
gated members, boundedness; delta-ISS of LSTM and GRU), prints the outcome of each, and writes the
same weights with a new certificate. Of a parallel sum every member must pass. A claim that the
file has already is tightened: a smaller rate, a smaller gain. Where the strongest claim is not
proved it looks for a counterexample by simulation, two responses to one input that never meet;
a search that fails proves nothing either way. Of the flags --out, --seed, --json, --data and those
that describe the data apply; --data prints how well the model predicts them.

Exit status: 0 when the file written is proved, 1 when nothing is proved or the file cannot be read,
2 when a .plumb file is malformed.`,
		Example: `  plumb certify model.safetensors
  plumb certify model.safetensors --input-range 0,10 --ts 0.1 --out pump.plumb
  plumb certify model.npz --input-range -1,1 --input-range 0,5 --lstm encoder.lstm --output fc.weight
  plumb certify model.safetensors --budget 30s
  plumb certify model.safetensors --data pump.csv --input-scale 3.2,1.1 --output-scale 0.4,0.2 --budget 60s
  plumb certify model.safetensors --no-repair --json
  plumb identify pump.csv --guarantee none --out runs/free
  plumb certify runs/free/pump.plumb --out pump-proved.plumb
  plumb certify runs/free/pump.plumb --data pump.csv --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("certify needs one FILE: weights, .safetensors or .npz, or a .plumb model; got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.file = args[0]
			if isBundle(f.file) {
				if err := onlyWeights(cmd.Flags()); err != nil {
					return err
				}
				return f.runModel(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.flags(c)
	return c
}

func (f *certifyFlags) flags(c *cobra.Command) {
	fl := c.Flags()
	fl.StringArrayVar(&f.ranges, "input-range", nil, "LOW,HIGH of an input, once for all inputs or once for each in their order; default -1,1, with --data what the data span")
	fl.StringArrayVar(&f.inScale, "input-scale", nil, "MEAN,STD by which your code normalises an input before the network, once for all or once for each; default 0,1")
	fl.StringArrayVar(&f.outScale, "output-scale", nil, "MEAN,STD by which your code scales an output back, once for all or once for each; default 0,1")
	fl.Float64Var(&f.Ts, "ts", 0, "sampling time in seconds of one step of the network, for figures per second")
	fl.StringVar(&f.out, "out", "", "file to write; default NAME.plumb, of a .plumb model NAME-certified.plumb")
	fl.StringSliceVar(&f.torch.Stacks, "lstm", nil, "recurrent parts by their names, in the order of the cascade, where the file has several")
	fl.StringVar(&f.torch.Output, "output", "", "array of the output layer, such as fc.weight, where several fit; "+lstm.NoOutput+": the hidden states are the outputs")
	fl.StringSliceVar(&f.torch.Ignore, "ignore", nil, "arrays that are no part of the network")
	fl.Float64Var(&f.rate, "rate", 0, "rate per sample that the layers of a nearby network shall have (default 0.999)")
	fl.BoolVar(&f.noRepair, "no-repair", false, "judge the network as it is; write nothing when it cannot be proved")
	fl.StringVar(&f.budget, "budget", "", "train the nearby network for so long, such as 30s; default not at all")
	fl.IntVar(&f.steps, "steps", 0, "training steps in place of a time, for repeatable results")
	fl.StringVar(&f.Data, "data", "", "record to compare with and to train on: a file, demo:NAME or benchmark:NAME")
	fl.StringVar(&f.Dir, "data-dir", "", "folder that holds the files of benchmark:NAME")
	fl.StringSliceVar(&f.Inputs, "inputs", nil, "signals of the data that drive the network, in its order; default u, u1, u2, ...")
	fl.StringSliceVar(&f.Outputs, "outputs", nil, "signals of the data that it predicts, in its order; default y, y1, y2, ...")
	fl.StringSliceVar(&f.Units, "units", nil, "units as NAME=UNIT, comma separated, where the data have none")
	fl.StringVar(&f.Split, "split", "", "TRAIN/VALIDATION/TEST of the data, as in plumb identify")
	fl.IntVar(&f.Window, "init-window", 0, "samples at the start of each part that initialise the state and are not scored; default 20")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of random inputs and of training")
	fl.BoolVar(&f.asJSON, "json", false, "print the figures as JSON")
}

// tuning is the plan of training that was asked for; no steps and no seconds: none.
func (f *certifyFlags) tuning() (steps int, seconds float64, err error) {
	if f.steps < 0 {
		return 0, 0, fmt.Errorf("--steps %d must not be negative", f.steps)
	}
	if f.budget != "" && f.steps > 0 {
		return 0, 0, errors.New("--budget and --steps both say how long to train; give one")
	}
	if f.budget == "" {
		return f.steps, 0, nil
	}
	d, err := time.ParseDuration(f.budget)
	if err != nil || d <= 0 {
		return 0, 0, fmt.Errorf("--budget %q is not a duration; write for example 30s or 2m", f.budget)
	}
	return 0, d.Seconds(), nil
}

func (f *certifyFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	if f.Ts < 0 || math.IsInf(f.Ts, 0) || math.IsNaN(f.Ts) {
		return fmt.Errorf("--ts %g must be a positive number of seconds", f.Ts)
	}
	if f.rate != 0 && !(f.rate >= 0.5 && f.rate < 1) {
		return fmt.Errorf("--rate %g must lie in [0.5, 1)", f.rate)
	}
	steps, seconds, err := f.tuning()
	if err != nil {
		return err
	}
	if f.noRepair && steps+int(math.Ceil(seconds)) > 0 {
		return errors.New("--no-repair leaves nothing to train; leave out --budget and --steps")
	}
	n, err := f.load()
	if err != nil {
		return err
	}
	r, m, err := n.certify(ctx, f, stderr)
	if err != nil {
		return err
	}
	r.File = f.file
	return f.finish(stdout, r, m, ".plumb")
}

// load reads the network and the data, if any.
func (f *certifyFlags) load() (*imported, error) {
	arrays, err := weights.Read(f.file)
	if err != nil {
		return nil, err
	}
	cell, w, err := lstm.FromTorch(arrays, f.torch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.file, err)
	}
	n := &imported{cell: cell, ts: f.Ts, seed: f.seed, inputs: signals("u", cell.In), outputs: signals("y", cell.Out)}
	if f.Data != "" {
		if err := n.open(&f.source); err != nil {
			return nil, err
		}
	} else if len(f.Inputs)+len(f.Outputs)+len(f.Units) > 0 || f.Split != "" || f.Window != 0 {
		return nil, errors.New("--inputs, --outputs, --units, --split and --init-window describe the record of --data, which is missing")
	}
	if n.inMean, n.inStd, err = pairs("--input-scale", "MEAN,STD", f.inScale, "inputs", cell.In, 0, 1); err != nil {
		return nil, err
	}
	if n.outMean, n.outStd, err = pairs("--output-scale", "MEAN,STD", f.outScale, "outputs", cell.Out, 0, 1); err != nil {
		return nil, err
	}
	for i, s := range append(slices.Clone(n.inStd), n.outStd...) {
		if !(s > 0) {
			return nil, fmt.Errorf("%s: the STD %g must be positive", []string{"--input-scale", "--output-scale"}[min(i/cell.In, 1)], s)
		}
	}
	low, high, err := pairs("--input-range", "LOW,HIGH", f.ranges, "inputs", cell.In, -1, 1)
	if err != nil {
		return nil, err
	}
	if len(f.ranges) == 0 && n.set != nil {
		low, high = n.spanned()
	} else if len(f.ranges) == 0 && len(f.inScale) > 0 {
		return nil, errors.New("with --input-scale give the --input-range too, in physical units: the proof holds on it")
	}
	for i, a := range low {
		c, h := a/2+high[i]/2, high[i]/2-a/2
		if !(h > 0) || math.IsInf(h, 0) || h < math.Abs(c)*0x1p-40 {
			return nil, fmt.Errorf("--input-range %g,%g: LOW must be below HIGH", a, high[i])
		}
		n.mid, n.half = append(n.mid, c), append(n.half, h)
	}
	return n, n.scale(w)
}

// pairs parses two numbers for each of n signals, or two for all.
func pairs(flag, form string, texts []string, what string, n int, a, b float64) (first, second []float64, err error) {
	if len(texts) == 0 {
		return filled(n, a), filled(n, b), nil
	}
	if len(texts) != 1 && len(texts) != n {
		return nil, nil, fmt.Errorf("%s is given %d times, the network has %d %s; give it once for all or once for each", flag, len(texts), n, what)
	}
	for i := range n {
		text := texts[min(i, len(texts)-1)]
		x, y, ok := strings.Cut(text, ",")
		a, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		b, err2 := strconv.ParseFloat(strings.TrimSpace(y), 64)
		if !ok || err != nil || err2 != nil || !finite(a) || !finite(b) {
			return nil, nil, fmt.Errorf("%s %q: write %s, two numbers", flag, text, form)
		}
		first, second = append(first, a), append(second, b)
	}
	return first, second, nil
}
