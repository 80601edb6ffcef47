package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/lti"
)

// marginFlags is what the user asked for.
type marginFlags struct {
	skew     float64
	at       string
	certify  bool
	positive bool
	out      string
	asJSON   bool
	quiet    bool
	typed    string
}

func newMargin(typed string) *cobra.Command {
	f := marginFlags{typed: typed}
	c := &cobra.Command{
		Use:   "margin PLANT CONTROLLER",
		Short: "Gain, phase, delay and disk margins of a loop, with a proof",
		Long: `margin closes the loop of a linear plant and controller, y = P u and u = -K y (negative feedback),
and says how far it is from instability: classical gain, phase and delay margins of one loop at a
time, and the disk margin alpha, the size of the set of gain and phase changes that all channels
may suffer at the same time:
  factor = (1 + (1-skew)/2 delta) / (1 - (1+skew)/2 delta),  |delta| <= alpha
Stability of the closed loop is decided first; an unstable loop has no margin. No frequency grid is
used: peaks are found by eigenvalues, however narrow. The worst perturbation is constructed, and the
loop closed with it has a pole on the boundary.

With --certify the margin is proved: a quadratic Lyapunov function with one scaling for all
frequencies, judged by the checker in exact arithmetic. It then also holds for factors that vary
with time or depend on amplitude, and may be smaller than the bound for constant ones when there are
several channels.

PLANT and CONTROLLER are each
` + systemForms + `
The report (report.html), the data of its pictures and the proofs go to runs/margin-PLANT.

Exit status: 0 for a stable loop (with --certify: a proved margin), 1 otherwise.`,
		Example: `  plumb margin "tf: num=[2] den=[1 3 2 0]" 1
  plumb margin plant.json controller.json --skew 0 --certify
  plumb margin satellite.json "[1 -2; 0 1]" --at output --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("margin needs PLANT and CONTROLLER, got %d arguments; for a loop given as L alone write: plumb margin L 1", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(args[0], args[1], cmd.OutOrStdout())
		},
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w; a gain with a minus sign is written in brackets, such as \"[-2]\"", err)
	})
	fl := c.Flags()
	fl.Float64Var(&f.skew, "skew", 0, "shape of the disk: 0 treats more and less gain alike, above 0 favours more gain, below 0 less")
	fl.StringVar(&f.at, "at", "all", "where the loop is perturbed: input or output of the plant, both at the same time, or all of these")
	fl.BoolVar(&f.certify, "certify", false, "prove the margin and write it as a .plumb file")
	fl.BoolVar(&f.positive, "positive", false, "positive feedback, u = K y")
	fl.StringVar(&f.out, "out", "", "folder for the results; default runs/margin-PLANT")
	fl.BoolVar(&f.asJSON, "json", false, "print the result as JSON on standard output")
	fl.BoolVar(&f.quiet, "quiet", false, "print nothing but errors (and JSON)")
	return c
}

// places are where the loop is perturbed; one loop has the same margin everywhere but at both.
func (f *marginFlags) places(l lti.Loop) ([]lti.Break, error) {
	switch f.at {
	case "input":
		return []lti.Break{lti.AtInput}, nil
	case "output":
		return []lti.Break{lti.AtOutput}, nil
	case "both":
		return []lti.Break{lti.AtBoth}, nil
	case "all":
		if _, m, p := l.P.Dims(); m == 1 && p == 1 {
			return []lti.Break{lti.AtInput, lti.AtBoth}, nil
		}
		return []lti.Break{lti.AtInput, lti.AtOutput, lti.AtBoth}, nil
	}
	return nil, fmt.Errorf("--at %q is none of input, output, both, all", f.at)
}

func (f *marginFlags) run(plant, controller string, stdout io.Writer) error {
	begin := time.Now()
	if math.IsNaN(f.skew) || math.IsInf(f.skew, 0) {
		return fmt.Errorf("--skew %g must be a finite number", f.skew)
	}
	l := lti.Loop{Positive: f.positive}
	var err error
	if l.P, l.K, err = readLoop(plant, controller); err != nil {
		return err
	}
	places, err := f.places(l)
	if err != nil {
		return err
	}
	r, err := margins(l, places, f.skew)
	if err != nil {
		return err
	}
	r.Plant, r.Controller, r.Command = plant, controller, f.typed
	dir, err := runDir(f.out, "margin-"+slug(shortName(plant)))
	if err != nil {
		return err
	}
	if f.certify && r.stable() {
		if err := r.certify(l, dir); err != nil {
			return err
		}
	}
	r.Seconds = ident.Figure(time.Since(begin).Seconds())
	if err := r.write(l, dir); err != nil {
		return err
	}
	switch {
	case f.asJSON:
		if err := encode(stdout, r); err != nil {
			return err
		}
	case !f.quiet:
		r.print(stdout)
	}
	if !r.stable() || f.certify && !r.proved() {
		return exitError{exitFailed}
	}
	return nil
}

// write leaves the report, its pictures with their data, and the figures in the folder.
func (r *marginResult) write(l lti.Loop, dir string) error {
	page, err := r.page(l)
	if err != nil {
		return err
	}
	if r.Page, err = report.RenderFolder(dir, page); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, "result.json"), r)
}

// shortName keeps the name of a file and shortens a system that was typed in.
func shortName(arg string) string {
	if _, err := os.Stat(arg); err == nil {
		return arg
	}
	if strings.HasPrefix(arg, "plant:") {
		return arg
	}
	return "loop"
}

// readLoop reads plant and controller. A static gain has the sample time of the other.
func readLoop(plant, controller string) (p, k *lti.SS, err error) {
	if p, err = readSystem(plant); err != nil {
		return nil, nil, fmt.Errorf("plant: %w", err)
	}
	if k, err = readSystem(controller); err != nil {
		return nil, nil, fmt.Errorf("controller: %w", err)
	}
	for _, g := range [][2]*lti.SS{{p, k}, {k, p}} {
		if n, _, _ := g[0].Dims(); n == 0 && g[0].Ts == 0 {
			g[0].Ts = g[1].Ts
		}
	}
	_, m, q := p.Dims()
	_, km, kp := k.Dims()
	if n, _, _ := k.Dims(); n == 0 && km == 1 && kp == 1 && m == q && m > 1 {
		return nil, nil, fmt.Errorf("the plant has %d inputs and outputs, the controller is one number; write a matrix, such as %q", m, "[1 0; 0 1]")
	}
	if km != q || kp != m {
		return nil, nil, fmt.Errorf("the plant has %s and %s; the controller needs %s and %s, it has %d and %d", plural(m, "input"), plural(q, "output"), plural(q, "input"), plural(m, "output"), km, kp)
	}
	if p.Ts != k.Ts {
		return nil, nil, errors.New("plant and controller have different sample times: " + timeText(p.Ts) + " and " + timeText(k.Ts) + "; bring one to the other first")
	}
	return p, k, nil
}

func timeText(ts float64) string {
	if ts == 0 {
		return "continuous time"
	}
	return fmt.Sprintf("%g s", ts)
}
