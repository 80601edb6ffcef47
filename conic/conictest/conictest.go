// Package conictest is the suite that every conic.Solver must pass: small problems whose optima are known in closed form,
// infeasible and unbounded problems whose certificates are checked here, problems without interior, and the rules on
// statuses, cancellation and input that is not accepted. No expected value is computed by a solver.
package conictest

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/plumb-go/plumb/conic"
)

// Case is a problem with a known optimum.
type Case struct {
	Name    string
	Problem *conic.Problem
	Optimum float64
}

const (
	// objectiveTol: relative to 1 + |optimum|, ten times the default tolerance of a solve, for a gap on either side.
	objectiveTol = 1e-7
	// feasibilityTol: violation of the constraints at X, relative to the size of the data.
	feasibilityTol = 1e-7
	// rayTol: residual of a certificate relative to its gain of one.
	rayTol = 1e-6
)

// Run runs the suite on s.
func Run(t *testing.T, s conic.Solver) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) { solve(t, s, c) })
	}
	for _, c := range Infeasible() {
		t.Run("infeasible/"+c.Name, func(t *testing.T) { infeasible(t, s, c.Problem) })
	}
	for _, c := range Unbounded() {
		t.Run("unbounded/"+c.Name, func(t *testing.T) { unbounded(t, s, c.Problem) })
	}
	for _, c := range NoInterior() {
		t.Run("no interior/"+c.Name, func(t *testing.T) { honest(t, s, c) })
	}
	t.Run("warm", func(t *testing.T) { warm(t, s) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, s) })
	t.Run("invalid", func(t *testing.T) { invalid(t, s) })
	t.Run("deterministic", func(t *testing.T) { deterministic(t, s) })
}

func solve(t *testing.T, s conic.Solver, c Case) {
	r, err := s.Solve(t.Context(), c.Problem, conic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Status.Err(); err != nil {
		t.Fatalf("%v after %d iterations, dimacs %.1e", err, r.Iterations, r.DIMACS)
	}
	if d := math.Abs(r.Primal - c.Optimum); !(d <= objectiveTol*(1+math.Abs(c.Optimum))) {
		t.Errorf("objective %.12g, expected %.12g", r.Primal, c.Optimum)
	}
	if v := Violation(c.Problem, r.X); !(v <= feasibilityTol) {
		t.Errorf("constraints are violated by %g", v)
	}
	if d := math.Abs(Objective(c.Problem, r.X) - r.Primal); !(d <= objectiveTol*(1+math.Abs(c.Optimum))) {
		t.Errorf("objective %.12g reported, %.12g at X", r.Primal, Objective(c.Problem, r.X))
	}
	if v := dualResidual(c.Problem, r, 1); !(v <= feasibilityTol*100) {
		t.Errorf("dual equations are violated by %g", v)
	}
	for k := range c.Problem.Blocks {
		if v := outside(&c.Problem.Blocks[k], r.Dual[k]); !(v <= feasibilityTol) {
			t.Errorf("multiplier of block %d is outside its cone by %g", k, v)
		}
	}
}

// infeasible checks the certificate: Y in the cones, F*(Y) + A'nu = 0, -<F_0, Y> + b'nu = 1.
func infeasible(t *testing.T, s conic.Solver, p *conic.Problem) {
	r, err := s.Solve(t.Context(), p, conic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != conic.Infeasible || !errors.Is(r.Status.Err(), conic.ErrInfeasible) {
		t.Fatalf("status %v, expected infeasible", r.Status)
	}
	if v := dualResidual(p, r, 0); !(v <= rayTol) {
		t.Errorf("F*(Y) + A'nu is off zero by %g", v)
	}
	gain := 0.0
	for j, e := range p.Eqs {
		gain += e.RHS * r.EqDual[j]
	}
	zero := make([]float64, len(p.C))
	for k := range p.Blocks {
		f := make([]float64, p.Blocks[k].Len())
		p.Eval(f, k, zero, true)
		for i, v := range f {
			gain -= v * r.Dual[k][i]
		}
		if v := outside(&p.Blocks[k], r.Dual[k]); !(v <= rayTol) {
			t.Errorf("multiplier of block %d is outside its cone by %g", k, v)
		}
	}
	if math.Abs(gain-1) > rayTol {
		t.Errorf("gain of the certificate %g, expected 1", gain)
	}
}

// unbounded checks the ray: F(x) in the cones, A x = 0, Q x = 0, c'x = -1.
func unbounded(t *testing.T, s conic.Solver, p *conic.Problem) {
	r, err := s.Solve(t.Context(), p, conic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != conic.Unbounded || !errors.Is(r.Status.Err(), conic.ErrUnbounded) {
		t.Fatalf("status %v, expected unbounded", r.Status)
	}
	slope := 0.0
	for i, v := range p.C {
		slope += v * r.X[i]
	}
	if math.Abs(slope+1) > rayTol {
		t.Errorf("slope of the ray %g, expected -1", slope)
	}
	for k := range p.Blocks {
		f := make([]float64, p.Blocks[k].Len())
		p.Eval(f, k, r.X, false)
		if v := outside(&p.Blocks[k], f); !(v <= rayTol) {
			t.Errorf("block %d leaves its cone along the ray by %g", k, v)
		}
	}
	for j, e := range p.Eqs {
		v := 0.0
		for l, i := range e.Vars {
			v += e.Vals[l] * r.X[i]
		}
		if math.Abs(v) > rayTol {
			t.Errorf("equality %d changes along the ray by %g", j, v)
		}
	}
	for _, v := range timesQuad(p, r.X) {
		if math.Abs(v) > rayTol {
			t.Errorf("Q x = %g along the ray", v)
		}
	}
}

// honest accepts any status but a wrong one: a claim of optimality must hold, and so must claims of rays.
func honest(t *testing.T, s conic.Solver, c Case) {
	r, err := s.Solve(t.Context(), c.Problem, conic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	switch r.Status {
	case conic.Optimal, conic.Near:
		if v := Violation(c.Problem, r.X); !(v <= feasibilityTol) {
			t.Errorf("%v, but the constraints are violated by %g", r.Status, v)
		}
		if math.IsNaN(c.Optimum) {
			t.Errorf("%v, but the optimum is not attained and no such point exists", r.Status)
		}
		// Without interior, violations of size tol move the optimum by sqrt(tol).
		if d := math.Abs(r.Primal - c.Optimum); d > math.Sqrt(feasibilityTol) {
			t.Errorf("%v with objective %g, expected %g", r.Status, r.Primal, c.Optimum)
		}
	case conic.Infeasible, conic.Unbounded:
		t.Errorf("%v, but the problem has an optimum", r.Status)
	}
}

func warm(t *testing.T, s conic.Solver) {
	p := Cases()[0].Problem
	cold, err := s.Solve(t.Context(), p, conic.Options{})
	if err != nil || cold.Status.Err() != nil {
		t.Fatal(err, cold.Status)
	}
	again, err := s.Solve(t.Context(), p, conic.Options{Warm: cold})
	if err != nil || again.Status.Err() != nil || math.Abs(again.Primal-cold.Primal) > objectiveTol*(1+math.Abs(cold.Primal)) {
		t.Errorf("warm: %v %v, objective %.10g after %.10g", err, again.Status, again.Primal, cold.Primal)
	}
	// A start that fits in shape but is nonsense must not harm.
	bad := &conic.Solution{Status: conic.Optimal, X: make([]float64, len(p.C)), EqDual: make([]float64, len(p.Eqs))}
	for i := range bad.X {
		bad.X[i] = 1e6 * float64(1-2*(i%2))
	}
	for k := range p.Blocks {
		bad.Slack = append(bad.Slack, make([]float64, p.Blocks[k].Len()))
		bad.Dual = append(bad.Dual, make([]float64, p.Blocks[k].Len()))
		for i := range bad.Slack[k] {
			bad.Slack[k][i], bad.Dual[k][i] = -float64(i), math.NaN()
		}
	}
	for _, w := range []*conic.Solution{bad, {Status: conic.Optimal}} {
		r, err := s.Solve(t.Context(), p, conic.Options{Warm: w})
		if err != nil || r.Status.Err() != nil || math.Abs(r.Primal-cold.Primal) > objectiveTol*(1+math.Abs(cold.Primal)) {
			t.Errorf("bad warm start: %v %v, objective %.10g after %.10g", err, r.Status, r.Primal, cold.Primal)
		}
	}
}

func cancelled(t *testing.T, s conic.Solver) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := s.Solve(ctx, Cases()[0].Problem, conic.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, expected context.Canceled", err)
	}
	if r == nil || r.Status != conic.Cancelled || len(r.X) != len(Cases()[0].Problem.C) {
		t.Errorf("expected the point so far with status cancelled, found %+v", r)
	}
}

func invalid(t *testing.T, s conic.Solver) {
	for name, p := range map[string]*conic.Problem{
		"no variables": {},
		"nan":          {C: []float64{math.NaN()}},
		"index":        {C: []float64{1}, Blocks: []conic.Block{{N: 1, Coefs: []conic.Coef{{Var: 1, Val: 1}}}}},
		"order":        {C: []float64{1}, Blocks: []conic.Block{{N: 0}}},
		"lower":        {C: []float64{1}, Blocks: []conic.Block{{N: 2, Constant: []conic.Elem{{Row: 1, Col: 0, Val: 1}}}}},
		"huge":         {C: []float64{1}, Blocks: []conic.Block{{N: conic.MaxOrder}}},
	} {
		if r, err := s.Solve(t.Context(), p, conic.Options{}); err == nil {
			t.Errorf("%s: accepted with status %v", name, r.Status)
		}
	}
}

func deterministic(t *testing.T, s conic.Solver) {
	p := Cases()[0].Problem
	a, _ := s.Solve(t.Context(), p, conic.Options{})
	b, _ := s.Solve(t.Context(), p, conic.Options{})
	for i := range a.X {
		if math.Float64bits(a.X[i]) != math.Float64bits(b.X[i]) {
			t.Fatalf("variable %d: %v and %v in two runs", i, a.X[i], b.X[i])
		}
	}
}
