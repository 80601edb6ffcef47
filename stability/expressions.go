package stability

import (
	"fmt"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
)

// Expressions is a Field given by one expression a state.
type Expressions struct {
	f       []*expr.Expr
	vars    []string
	time    Time
	program *expr.Program
}

var _ Field = (*Expressions)(nil)

// NewExpressions compiles f; every name in it must be one of vars, of which there are as many as expressions.
func NewExpressions(f []*expr.Expr, vars []string, t Time) (*Expressions, error) {
	if len(f) != len(vars) || len(f) == 0 {
		return nil, fmt.Errorf("%w: %d expressions for %d states", ErrShape, len(f), len(vars))
	}
	p, err := expr.Compile(f, vars)
	if err != nil {
		return nil, fmt.Errorf("stability: %w", err)
	}
	return &Expressions{f: f, vars: vars, time: t, program: p}, nil
}

// Dim is the number of states.
func (e *Expressions) Dim() int { return len(e.vars) }

// Time is the time of the system.
func (e *Expressions) Time() Time { return e.time }

// States lists the names of the states.
func (e *Expressions) States() []string { return append([]string(nil), e.vars...) }

// Eval implements Field.
func (e *Expressions) Eval(dst, x []float64) { e.program.Eval(dst, x) }

// Enclose implements Field.
func (e *Expressions) Enclose(dst, x []interval.I) { e.program.Enclose(dst, x) }

// EncloseJacobian implements Field.
func (e *Expressions) EncloseJacobian(dst, x []interval.I) { e.program.EncloseJacobian(dst, x) }

// EncloseSlope encloses S with f(x) - f(c) = S (x - c) for x and c in the boxes: tighter than the Jacobian over their hull.
func (e *Expressions) EncloseSlope(dst, x, centre []interval.I) {
	e.program.EncloseSlope(dst, x, centre)
}

var _ Jets = (*Expressions)(nil)

// EncloseSeries implements Jets; false where f has kinks, inverse functions but atan, or real powers.
func (e *Expressions) EncloseSeries(x, u []interval.I, order int) ([][]interval.I, bool) {
	return along(e.program, x, u, order)
}

// along returns the Taylor coefficients of the outputs along x + t u.
func along(p *expr.Program, x, u []interval.I, order int) ([][]interval.I, bool) {
	in := make([]series, len(x))
	for i := range x {
		in[i] = constant(x[i], order)
		if order > 0 {
			in[i][1] = u[i]
		}
	}
	out, ok := expr.Fold(p, in, func(v interval.I) series { return constant(v, order) }, seriesOf)
	if !ok {
		return nil, false
	}
	plain := make([][]interval.I, len(out))
	for i := range out {
		plain[i] = out[i]
	}
	return plain, true
}

// seriesOf applies an operation of package expr to series.
func seriesOf(op string, n int, a, b series) (series, bool) {
	switch op {
	case "+":
		return a.add(b), true
	case "-":
		return a.sub(b), true
	case "*":
		return a.mul(b), true
	case "/":
		return a.div(b), true
	case "neg":
		return a.neg(), true
	case "pow":
		return a.powInt(n), true
	case "sin":
		s, _ := a.sinCos(false)
		return s, true
	case "cos":
		_, c := a.sinCos(false)
		return c, true
	case "tan":
		s, c := a.sinCos(false)
		return s.div(c), true
	case "sinh":
		s, _ := a.sinCos(true)
		return s, true
	case "cosh":
		_, c := a.sinCos(true)
		return c, true
	case "tanh":
		return a.tanh(), true
	case "atan":
		return a.atan(), true
	case "exp":
		return a.exp(), true
	case "log":
		return a.log(), true
	case "sqrt":
		return a.sqrt(), true
	}
	return nil, false
}
