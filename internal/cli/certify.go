package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/weights"
)

// certifyFlags is what the user asked for.
type certifyFlags struct {
	file     string
	ranges   []string
	ts       float64
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
		Short: "Is my LSTM delta-ISS? Prove a network trained elsewhere, or one near it",
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

The input range is in the units that the network was trained on. If your code scales its inputs
before they enter the network, give the range after that scaling.

Exit status: 0 when the file written is proved, 1 when nothing is proved or the file cannot be read.`,
		Example: `  plumb certify model.safetensors
  plumb certify model.safetensors --input-range 0,10 --ts 0.1 --out pump.plumb
  plumb certify model.npz --input-range -1,1 --input-range 0,5 --lstm encoder.lstm --output fc.weight
  plumb certify model.safetensors --no-repair --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("certify needs one FILE of weights, .safetensors or .npz; got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.file = args[0]
			return f.run(cmd.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.StringArrayVar(&f.ranges, "input-range", nil, "low,high of an input, in the units the network was trained on; once for all inputs, or once for each in their order (default -1,1)")
	fl.Float64Var(&f.ts, "ts", 0, "sampling time in seconds of one step of the network, for figures per second")
	fl.StringVar(&f.out, "out", "", "file to write; default NAME.plumb")
	fl.StringSliceVar(&f.torch.Stacks, "lstm", nil, "recurrent parts by their names, in the order of the cascade, where the file has several")
	fl.StringVar(&f.torch.Output, "output", "", "array of the output layer, such as fc.weight, where several fit; "+lstm.NoOutput+": the hidden states are the outputs")
	fl.StringSliceVar(&f.torch.Ignore, "ignore", nil, "arrays that are no part of the network")
	fl.Float64Var(&f.rate, "rate", 0, "rate per sample that the layers of a nearby network shall have (default 0.999)")
	fl.BoolVar(&f.noRepair, "no-repair", false, "judge the network as it is; write nothing when it cannot be proved")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of the random inputs that compare outputs")
	fl.BoolVar(&f.asJSON, "json", false, "print the figures as JSON")
	return c
}

func (f *certifyFlags) run(stdout io.Writer) error {
	if f.ts < 0 || math.IsInf(f.ts, 0) || math.IsNaN(f.ts) {
		return fmt.Errorf("--ts %g must be a positive number of seconds", f.ts)
	}
	if f.rate != 0 && !(f.rate >= 0.5 && f.rate < 1) {
		return fmt.Errorf("--rate %g must lie in [0.5, 1)", f.rate)
	}
	arrays, err := weights.Read(f.file)
	if err != nil {
		return err
	}
	cell, w, err := lstm.FromTorch(arrays, f.torch)
	if err != nil {
		return fmt.Errorf("%s: %w", f.file, err)
	}
	mid, half, err := inputRanges(f.ranges, cell.In)
	if err != nil {
		return err
	}
	n, err := newImported(cell, w, mid, half, f.seed)
	if err != nil {
		return err
	}
	n.ts, n.seed = f.ts, f.seed
	r, m, err := n.certify(f)
	if err != nil {
		return err
	}
	r.File = f.file
	if m != nil {
		if r.Bundle = f.out; r.Bundle == "" {
			r.Bundle = slug(f.file) + ".plumb"
		}
		if err := bundle.WriteFile(r.Bundle, m); err != nil {
			return err
		}
		r.judge(r.Bundle)
	}
	if f.asJSON {
		if err := printJSON(stdout, r); err != nil {
			return err
		}
	} else {
		r.print(stdout)
	}
	if r.Verdict != verdictProved {
		return exitError{exitFailed}
	}
	return nil
}

// inputRanges parses one low,high for each of m inputs, or one for all.
func inputRanges(texts []string, m int) (mid, half []float64, err error) {
	if len(texts) == 0 {
		texts = []string{"-1,1"}
	}
	if len(texts) != 1 && len(texts) != m {
		return nil, nil, fmt.Errorf("--input-range is given %d times, the network has %d inputs; give it once for all or once for each", len(texts), m)
	}
	for i := range m {
		text := texts[min(i, len(texts)-1)]
		low, high, ok := strings.Cut(text, ",")
		a, err := strconv.ParseFloat(strings.TrimSpace(low), 64)
		b, err2 := strconv.ParseFloat(strings.TrimSpace(high), 64)
		if err = errors.Join(err, err2); !ok || err != nil {
			return nil, nil, fmt.Errorf("--input-range %q: write low,high, for example 0,10", text)
		}
		c, h := a/2+b/2, b/2-a/2
		if !(h > 0) || math.IsInf(h, 0) || math.IsInf(c, 0) || h < math.Abs(c)*0x1p-40 {
			return nil, nil, fmt.Errorf("--input-range %q: low must be below high, both finite", text)
		}
		mid, half = append(mid, c), append(half, h)
	}
	return mid, half, nil
}
