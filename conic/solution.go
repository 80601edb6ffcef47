package conic

import (
	"context"
	"errors"
	"fmt"
)

// Status is how a solve ended.
type Status uint8

const (
	// Unknown: not solved.
	Unknown Status = iota
	// Optimal: gap and both infeasibilities are below the tolerance.
	Optimal
	// Near: gap and the residual of the blocks are below the tolerance, that of the dual equations below NearFactor times it.
	Near
	// Infeasible: Dual and EqDual hold a certificate that no x satisfies the constraints.
	Infeasible
	// Unbounded: X holds a direction along which the objective falls for ever inside the constraints.
	Unbounded
	// Stalled: no further progress; X is the best point seen and DIMACS says how good it is.
	Stalled
	// IterationLimit: stopped after Options.MaxIter iterations.
	IterationLimit
	// Cancelled: the context ended.
	Cancelled
)

var statusNames = [...]string{"unknown", "optimal", "near optimal", "infeasible", "unbounded", "stalled", "iteration limit", "cancelled"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// NearFactor is how much larger than the tolerance the dual residual of a Near solution may be. The dual residual does not
// touch the constraints on x, which is what a certificate needs.
const NearFactor = 100

// Errors that statuses turn into.
var (
	ErrInfeasible = errors.New("conic: infeasible")
	ErrUnbounded  = errors.New("conic: unbounded")
	ErrNotSolved  = errors.New("conic: not solved to the tolerance")
)

// Err returns nil for Optimal and Near, and otherwise an error that wraps ErrInfeasible, ErrUnbounded or ErrNotSolved.
func (s Status) Err() error {
	switch s {
	case Optimal, Near:
		return nil
	case Infeasible:
		return ErrInfeasible
	case Unbounded:
		return ErrUnbounded
	}
	return fmt.Errorf("%w: %v", ErrNotSolved, s)
}

// Solution is the outcome of a solve. Slices belong to the solution; a solver that is handed a solution to fill reuses
// them.
type Solution struct {
	Status Status
	X      []float64   // m variables; for Unbounded a ray with objective slope -1
	Slack  [][]float64 // per block, the slack in the cone: N x N row-major for PSD, else N numbers
	Dual   [][]float64 // per block, the multiplier Y; for Infeasible scaled so that -<F_0, Y> + b'nu = 1
	EqDual []float64   // the multipliers nu of the equalities

	Primal     float64 // objective at X
	DualValue  float64 // objective of the dual
	DIMACS     [6]float64
	Iterations int
	Warm       bool // the warm start was used to the end
	Trace      []Iter
}

// Iter is the state after one iteration. Residuals are relative, as in DIMACS errors.
type Iter struct {
	Iteration             int
	Primal, Dual          float64 // objectives
	Gap                   float64 // relative gap
	PrimalRes, DualRes    float64 // residual of the blocks and equalities, and of the dual equations
	StepPrimal, StepDual  float64
	Mu, Sigma, Regularise float64
}

// Options of a solve; the zero value is the default.
type Options struct {
	Tol      float64    // relative gap and residuals; 0 means 1e-8
	MaxIter  int        // 0 means 100
	Warm     *Solution  // earlier solution of a problem of the same shape to start from; nil means a cold start
	Delta    float64    // what a warm start adds to Slack and Dual, relative to their size; 0 means what suits the residuals of Warm
	Trace    bool       // fill Solution.Trace
	Progress func(Iter) // called after each iteration from the solving goroutine; may be nil
}

// Solver solves a problem. The error says why a problem was not accepted, or that the context ended (errors.Is
// context.Canceled); in the second case the solution is the best point so far. How a solve ended is Solution.Status.
type Solver interface {
	Solve(ctx context.Context, p *Problem, o Options) (*Solution, error)
}
