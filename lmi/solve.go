package lmi

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/conic/ipm"
)

// Options of a solve; the zero value is the default.
type Options struct {
	Tol     float64 // relative gap and residuals; 0 means 1e-8
	MaxIter int     // 0 means 100
	Warm    bool    // start from the solution of the solve before, if there is one
	Delta   float64 // see conic.Options
	Solver  conic.Solver
}

// Solution is the outcome of a solve.
type Solution struct {
	Status     conic.Status
	X          []float64 // the unknowns
	Objective  float64
	DIMACS     [6]float64
	Iterations int
	Warm       bool // the warm start was used to the end

	of *Compiled
}

// solving is what Compiled keeps between solves.
type solving struct {
	stale  bool // Set was called since the last refresh
	ipm    *ipm.Compiled
	buffer [2]conic.Solution // the last solution and the one before
	last   *conic.Solution
	sol    Solution
}

// Solve solves the problem with the present numbers. The solution is c's and is overwritten by the next Solve. How the solve
// ended is Solution.Status; the error says that the problem was not accepted or the context ended. Without Options.Solver the
// interior-point method of package conic/ipm is used, and from the second solve on nothing is allocated.
func (c *Compiled) Solve(ctx context.Context, o Options) (*Solution, error) {
	if c.stale {
		c.refresh(false)
	}
	opt := conic.Options{Tol: o.Tol, MaxIter: o.MaxIter, Delta: o.Delta}
	if o.Warm && c.last != nil && c.last.Status.Err() == nil {
		opt.Warm = c.last
	}
	s, err := c.run(ctx, o.Solver, opt)
	if err != nil {
		return nil, fmt.Errorf("lmi: %w", err)
	}
	c.last = s
	c.sol.Status, c.sol.Objective, c.sol.DIMACS, c.sol.Iterations, c.sol.Warm, c.sol.of = s.Status, s.Primal, s.DIMACS, s.Iterations, s.Warm, c
	c.sol.X = append(c.sol.X[:0], s.X...)
	return &c.sol, nil
}

func (c *Compiled) run(ctx context.Context, solver conic.Solver, o conic.Options) (*conic.Solution, error) {
	if solver != nil {
		return solver.Solve(ctx, &c.conic, o)
	}
	if c.ipm == nil {
		var err error
		if c.ipm, err = ipm.Compile(&c.conic); err != nil {
			return nil, err
		}
	}
	s := &c.buffer[0]
	if c.last == s {
		s = &c.buffer[1]
	}
	return s, c.ipm.Solve(ctx, s, o)
}

// At returns a solution with the given unknowns, for Certify: where a point comes from makes no difference to a proof. The
// order of the unknowns is that of the variables, each as Problem's methods say.
func (c *Compiled) At(x []float64) (*Solution, error) {
	if len(x) != c.problem.unknown {
		return nil, fmt.Errorf("lmi: %d unknowns, expected %d", len(x), c.problem.unknown)
	}
	return &Solution{X: append([]float64(nil), x...), of: c}, nil
}

// Value returns the value of an expression at the solution, in floating point. Of a variable it is exact.
func (s *Solution) Value(e Expr) (*mat.Dense, error) {
	if e.err != nil {
		return nil, e.err
	}
	if e.rows == 0 {
		return nil, fmt.Errorf("lmi: the value of an empty expression")
	}
	for _, t := range e.terms {
		if t.v != nil && t.v.owner != s.of.problem {
			return nil, fmt.Errorf("lmi: variable %q belongs to another problem", t.v.name)
		}
	}
	if len(s.X) != s.of.problem.unknown {
		return nil, fmt.Errorf("lmi: the solve (%v) left no values", s.Status)
	}
	return mat.NewDense(e.rows, e.cols, s.of.eval(e, s.X)), nil
}
