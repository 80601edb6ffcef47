package system

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/lti"
)

// Dynamics returns a program of the right-hand side f and one of the outputs g; their variables are the states and then
// the inputs. The programs belong to the caller. ErrOpaque for a system made by FromFunc.
func (s *System) Dynamics() (f, g *expr.Program, err error) {
	if s.fn != nil {
		return nil, nil, ErrOpaque
	}
	return s.f.Clone(), s.g.Clone(), nil
}

// Autonomous returns a program of the right-hand side as a function of the states alone, the inputs held at u (nil means
// zero).
func (s *System) Autonomous(u []float64) (*expr.Program, error) {
	es, err := s.autonomous(u)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(s.d.States))
	for i, x := range s.d.States {
		names[i] = x.Name
	}
	return expr.Compile(es, names)
}

// autonomous is the closed right-hand side with the inputs replaced by numbers.
func (s *System) autonomous(u []float64) ([]*expr.Expr, error) {
	if s.fn != nil {
		return nil, ErrOpaque
	}
	if u == nil {
		u = make([]float64, len(s.d.Inputs))
	}
	if err := s.fits("input", u, len(s.d.Inputs)); err != nil {
		return nil, err
	}
	with := map[string]*expr.Expr{}
	for i, in := range s.d.Inputs {
		with[in.Name] = expr.Number(u[i])
	}
	es := s.d.closed(s.d.Rhs)
	for i := range es {
		es[i] = es[i].Substitute(with).Simplify()
	}
	return es, nil
}

// Tokens is the right-hand side in the checker's postfix words, one list a state, with x0, x1, ... for the states; the
// inputs are held at u (nil means zero). Errors as those of expr.Expr.Tokens.
func (s *System) Tokens(u []float64) ([][]expr.Token, error) {
	es, err := s.autonomous(u)
	if err != nil {
		return nil, err
	}
	words := map[string]string{}
	for i, x := range s.d.States {
		words[x.Name] = fmt.Sprintf("x%d", i)
	}
	out, total := make([][]expr.Token, len(es)), 0
	for i, e := range es {
		if out[i], err = e.Tokens(words); err != nil {
			return nil, fmt.Errorf("system: equation of %s: %w", s.d.States[i].Name, err)
		}
		if total += len(out[i]); total > expr.MaxTokens {
			return nil, fmt.Errorf("system: %w: the equations have more than %d words together", expr.ErrToken, expr.MaxTokens)
		}
	}
	return out, nil
}

func (s *System) fits(what string, v []float64, want int) error {
	if len(v) != want {
		return fmt.Errorf("%w: %s of %d numbers, the system has %d", ErrShape, what, len(v), want)
	}
	return nil
}

// point checks and joins a state and an input; nil inputs mean zero.
func (s *System) point(x, u []float64) ([]float64, error) {
	n, m := len(s.d.States), len(s.d.Inputs)
	if u == nil {
		u = make([]float64, m)
	}
	if err := s.fits("state", x, n); err != nil {
		return nil, err
	}
	if err := s.fits("input", u, m); err != nil {
		return nil, err
	}
	return append(append(make([]float64, 0, n+m), x...), u...), nil
}

// Rhs is the derivative or the next state at x under inputs u; nil inputs mean zero. It allocates; use Dynamics in
// loops.
func (s *System) Rhs(x, u []float64) ([]float64, error) { return s.values(x, u, true) }

// Output is y = g(x, u).
func (s *System) Output(x, u []float64) ([]float64, error) { return s.values(x, u, false) }

func (s *System) values(x, u []float64, rhs bool) ([]float64, error) {
	z, err := s.point(x, u)
	if err != nil {
		return nil, err
	}
	v := s.evaluator()
	if rhs {
		dst := make([]float64, len(s.d.States))
		v.rhs(dst, z)
		return dst, nil
	}
	dst := make([]float64, len(s.d.Outputs))
	v.output(dst, z)
	return dst, nil
}

// Linearise returns the linear system of small deviations from x and u (nil means zero),
//
//	A = df/dx, B = df/du, C = dg/dx, D = dg/du,
//
// exact to rounding, with the signals' names, units and Step. A system without inputs gets one of zero effect, since an
// lti.SS has at least one. Linearise does not ask whether the point is an equilibrium: Residual tells.
func (s *System) Linearise(x, u []float64) (*lti.SS, error) {
	z, err := s.point(x, u)
	if err != nil {
		return nil, err
	}
	n, m, p := s.Dims()
	jf, jg := make([]float64, n*(n+m)), make([]float64, p*(n+m))
	v := s.evaluator()
	v.jacobians(jf, jg, z)
	f, g := mat.NewDense(n, n+m, jf), mat.NewDense(p, n+m, jg)
	b, d := mat.NewDense(n, max(m, 1), nil), mat.NewDense(p, max(m, 1), nil)
	if m > 0 {
		b.Copy(f.Slice(0, n, n, n+m))
		d.Copy(g.Slice(0, p, n, n+m))
	}
	ss, err := lti.NewSS(mat.DenseCopyOf(f.Slice(0, n, 0, n)), b, mat.DenseCopyOf(g.Slice(0, p, 0, n)), d, s.d.Step)
	if err != nil {
		return nil, fmt.Errorf("system: linearisation of %s: %w", s.d.Name, err)
	}
	ss.States, ss.Outputs = signals(s.States()), signals(s.Outputs())
	if m > 0 {
		ss.Inputs = signals(s.Inputs())
	}
	return ss, nil
}

func signals(all []Signal) []lti.Signal {
	out := make([]lti.Signal, len(all))
	for i, s := range all {
		out[i] = lti.Signal(s)
	}
	return out
}

// Residual is what keeps a point from being an equilibrium: f(x, u) in continuous time, f(x, u) - x in discrete time.
func (s *System) Residual(x, u []float64) ([]float64, error) {
	r, err := s.Rhs(x, u)
	if err != nil || s.d.Step == 0 {
		return r, err
	}
	for i := range r {
		r[i] -= x[i]
	}
	return r, nil
}

// EncloseJacobian bounds the Jacobian of the right-hand side over a box of states and inputs (nil inputs mean zero):
// n x n entries by the states and n x m by the inputs, row-major.
func (s *System) EncloseJacobian(x, u []interval.I) (byState, byInput []interval.I, err error) {
	if s.fn != nil {
		return nil, nil, ErrOpaque
	}
	n, m := len(s.d.States), len(s.d.Inputs)
	if u == nil {
		u = make([]interval.I, m)
	}
	if len(x) != n || len(u) != m {
		return nil, nil, fmt.Errorf("%w: box of %d states and %d inputs, the system has %d and %d", ErrShape, len(x), len(u), n, m)
	}
	all := make([]interval.I, n*(n+m))
	s.f.Clone().EncloseJacobian(all, append(append(make([]interval.I, 0, n+m), x...), u...))
	for i := range n {
		row := all[i*(n+m):]
		byState, byInput = append(byState, row[:n]...), append(byInput, row[n:n+m]...)
	}
	return byState, byInput, nil
}

// evaluator computes the right-hand side and the outputs of a point of states and inputs, from one goroutine.
type evaluator interface {
	rhs(dst, z []float64)
	output(dst, z []float64)
	jacobians(f, g, z []float64) // n x (n+m) and p x (n+m)
}

func (s *System) evaluator() evaluator {
	if s.fn != nil {
		return s.fn
	}
	return &compiled{s.f.Clone(), s.g.Clone()}
}

type compiled struct{ f, g *expr.Program }

func (c *compiled) rhs(dst, z []float64)    { c.f.Eval(dst, z) }
func (c *compiled) output(dst, z []float64) { c.g.Eval(dst, z) }
func (c *compiled) jacobians(f, g, z []float64) {
	c.f.Jacobian(f, z)
	c.g.Jacobian(g, z)
}
