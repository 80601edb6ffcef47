package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/conic/ipm"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/lmi"
)

// solved is what lmi solve --json prints.
type solved struct {
	File       string       `json:"file"`
	Status     string       `json:"status"`
	Objective  ident.Figure `json:"objective"`
	Dual       ident.Figure `json:"dual_objective"`
	DIMACS     []float64    `json:"dimacs"`
	Iterations int          `json:"iterations"`
	Seconds    float64      `json:"seconds"`
	// Verified: the point with VerifiedObjective satisfies every constraint, proved in floating point with error bounds.
	Verified          bool         `json:"verified"`
	VerifiedObjective ident.Figure `json:"verified_objective"`
	Reason            string       `json:"reason,omitempty"` // why not verified
	// Certificate shows that an infeasible or unbounded problem is so.
	Certificate *ray `json:"certificate,omitempty"`
}

func newLMI() *cobra.Command {
	c := &cobra.Command{
		Use:   "lmi",
		Short: "Solve linear matrix inequalities (semidefinite programs)",
		Example: `  plumb lmi solve problem.dat-s
  plumb lmi solve projection.dat-s --quad projection.quad --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newLMISolve())
	return c
}

func newLMISolve() *cobra.Command {
	var quad string
	var tol float64
	var noVerify, asJSON bool
	c := &cobra.Command{
		Use:   "solve FILE.dat-s",
		Short: "Solve a problem in the sparse format of SDPA, and verify the answer",
		Long: `solve reads minimise c'x subject to F_1 x_1 + ... + F_m x_m - F_0 >= 0 (positive semidefinite)
from a file in SDPA's sparse format and solves it by an interior-point method. With --quad the
objective gains 1/2 sum of w_i (x_i - z_i)^2, read from a file with a line "w_i z_i" for each
variable.

"optimal" is what the solver says: the DIMACS errors are below the tolerance. An optimum lies on the
edge of the constraints, and rounding may put it outside. Therefore a point is also looked for that
satisfies every constraint for certain, if need be with a small margin: its objective is printed as
verified. Every matrix is evaluated there with a bound on the rounding errors and proved positive
definite (Rump 2006). The seconds are those of the first solve. An infeasible or unbounded problem
comes with its reason: multipliers Y, or a direction in which the objective falls for ever (with
--json, all their numbers).

Exit status: 0 for optimal or near optimal, 1 for every other end (infeasible, unbounded, stalled) or when
the file cannot be read.`,
		Example: `  plumb lmi solve lyap20.dat-s
  plumb lmi solve proj2p16.dat-s --quad proj2p16.quad --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := readProblem(args[0], quad)
			if err != nil {
				return err
			}
			r, status, err := solveProblem(cmd.Context(), p, conic.Options{Tol: tol}, !noVerify)
			if err != nil {
				return err
			}
			r.File = args[0]
			if asJSON {
				err = writeSolved(cmd.OutOrStdout(), r)
			} else {
				r.print(cmd.OutOrStdout())
			}
			if err == nil && status.Err() != nil {
				return exitError{exitFailed}
			}
			return err
		},
	}
	c.Flags().StringVar(&quad, "quad", "", "file with the quadratic part of the objective")
	c.Flags().Float64Var(&tol, "tol", 1e-8, "relative gap and residuals")
	c.Flags().BoolVar(&noVerify, "no-verify", false, "only solve")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}

func readProblem(file, quad string) (*conic.Problem, error) {
	p, err := readFrom(file, conic.ReadSDPA)
	if err != nil {
		return nil, err
	}
	if quad != "" {
		_, err = readFrom(quad, func(r io.Reader) (*conic.Problem, error) { return p, conic.ReadQuad(r, p) })
	}
	if p.Name == "" {
		p.Name = strings.TrimSuffix(filepath.Base(file), ".dat-s")
	}
	return p, err
}

func readFrom(file string, read func(io.Reader) (*conic.Problem, error)) (*conic.Problem, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// timed notes how long the first solve took.
type timed struct {
	ipm.Solver
	seconds float64
}

func (t *timed) Solve(ctx context.Context, p *conic.Problem, o conic.Options) (*conic.Solution, error) {
	start := time.Now()
	s, err := t.Solver.Solve(ctx, p, o)
	if t.seconds == 0 {
		t.seconds = time.Since(start).Seconds()
	}
	return s, err
}

// solveProblem solves and, where asked to, looks for a verified point.
func solveProblem(ctx context.Context, p *conic.Problem, o conic.Options, verify bool) (*solved, conic.Status, error) {
	if !(o.Tol > 0) || o.Tol >= 1 {
		return nil, conic.Unknown, fmt.Errorf("--tol %g: expected a number between 0 and 1", o.Tol)
	}
	solver := &timed{}
	r := &solved{VerifiedObjective: unknown}
	var s *conic.Solution
	var err error
	if verify {
		var proof *lmi.Proof
		var value float64
		s, proof, _, value, err = lmi.Interior(ctx, solver, p, o)
		if err == nil {
			r.Verified, r.Reason = proof.Verified, proof.Reason
			if proof.Verified {
				r.VerifiedObjective = ident.Figure(value)
			}
		}
	} else {
		s, err = solver.Solve(ctx, p, o)
		r.Reason = "not asked for"
	}
	if err != nil {
		return nil, conic.Unknown, err
	}
	r.Status, r.Iterations, r.Seconds = s.Status.String(), s.Iterations, solver.seconds
	r.Objective, r.Dual, r.DIMACS = ident.Figure(s.Primal), ident.Figure(s.DualValue), s.DIMACS[:]
	if s.Status == conic.Infeasible || s.Status == conic.Unbounded {
		r.Objective, r.Dual, r.Certificate = unknown, unknown, rayOf(p, s)
	}
	return r, s.Status, nil
}

func writeSolved(w io.Writer, r *solved) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

func (r *solved) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s after %s, %.3g s\n", r.File, r.Status, plural(r.Iterations, "iteration"), r.Seconds)
	if r.Certificate != nil {
		r.Certificate.print(w)
		return
	}
	fmt.Fprintf(w, "  objective       %.10g\n  dual objective  %.10g\n", float64(r.Objective), float64(r.Dual))
	fmt.Fprintf(w, "  DIMACS errors  ")
	for _, e := range r.DIMACS {
		fmt.Fprintf(w, " %.1e", e)
	}
	fmt.Fprintln(w)
	if r.Verified {
		fmt.Fprintf(w, "  verified        %.10g  at a point that satisfies every constraint for certain\n", float64(r.VerifiedObjective))
	} else {
		fmt.Fprintf(w, "  not verified    %s\n", r.Reason)
	}
}
