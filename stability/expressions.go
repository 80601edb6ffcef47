package stability

import (
	"fmt"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/system"
)

// Program is a Field that a program of package expr computes.
type Program struct {
	program *expr.Program
	time    Time
}

var (
	_ Field  = (*Program)(nil)
	_ Jets   = (*Program)(nil)
	_ slopes = (*Program)(nil)
)

// NewProgram takes a program with as many outputs as variables.
func NewProgram(p *expr.Program, t Time) (*Program, error) {
	if outputs, variables := p.Dims(); outputs != variables || outputs == 0 {
		return nil, fmt.Errorf("%w: %d right-hand sides for %d states", ErrShape, outputs, variables)
	}
	return &Program{p, t}, nil
}

// OfSystem returns the right-hand side of a system with its inputs held at u (nil means zero).
func OfSystem(s *system.System, u []float64) (*Program, error) {
	p, err := s.Autonomous(u)
	if err != nil {
		return nil, fmt.Errorf("stability: %w", err)
	}
	t := Continuous
	if s.Step() > 0 {
		t = Discrete
	}
	return NewProgram(p, t)
}

// Clone is the same field for another goroutine.
func (p *Program) Clone() Field { return &Program{p.program.Clone(), p.time} }

// Affine reports whether all right-hand sides are linear up to constants, by their operations: true is certain.
func (p *Program) Affine() bool {
	n := p.Dim()
	x := make([]int, n)
	for i := range x {
		x[i] = 1
	}
	const nonlinear = 2
	degrees, ok := expr.Fold(p.program, x, func(interval.I) int { return 0 }, func(op string, _ int, a, b int) (int, bool) {
		switch op {
		case "+", "-", "neg":
			return max(a, b), true
		case "*":
			return min(a+b, nonlinear), true
		case "/":
			if b == 0 {
				return a, true
			}
		}
		if a == 0 && b == 0 {
			return 0, true
		}
		return nonlinear, true
	})
	for _, d := range degrees {
		ok = ok && d < nonlinear
	}
	return ok
}

// parity of a function of the states.
type parity int

const (
	neither parity = iota
	even           // numbers too
	odd
)

// Odd reports whether f(-x) = -f(x), by the operations: true is certain.
func (p *Program) Odd() bool {
	x := make([]parity, p.Dim())
	for i := range x {
		x[i] = odd
	}
	out, ok := expr.Fold(p.program, x, func(v interval.I) parity { return even }, parityOf)
	for _, v := range out {
		ok = ok && v == odd
	}
	return ok
}

func parityOf(op string, n int, a, b parity) (parity, bool) {
	switch op {
	case "+", "-", "min", "max":
		if a == b && (a == even || op == "+" || op == "-") {
			return a, true
		}
		return neither, true
	case "*", "/":
		switch {
		case a == neither || b == neither:
			return neither, true
		case a == b:
			return even, true
		}
		return odd, true
	case "neg", "sin", "tan", "asin", "atan", "sinh", "tanh":
		return a, true
	case "cos", "cosh", "abs":
		if a == neither {
			return neither, true
		}
		return even, true
	case "pow":
		if a == odd && n%2 == 0 {
			return even, true
		}
		return a, true
	}
	if a == even && (b == even || op != "^") { // any function of a number or of an even function
		return even, true
	}
	return neither, true
}

// Dim is the number of states.
func (p *Program) Dim() int { n, _ := p.program.Dims(); return n }

// Time is the time of the system.
func (p *Program) Time() Time { return p.time }

// Eval implements Field.
func (p *Program) Eval(dst, x []float64) { p.program.Eval(dst, x) }

// Enclose implements Field.
func (p *Program) Enclose(dst, x []interval.I) { p.program.Enclose(dst, x) }

// EncloseJacobian implements Field.
func (p *Program) EncloseJacobian(dst, x []interval.I) { p.program.EncloseJacobian(dst, x) }

// Expressions is a Program whose expressions are known.
type Expressions struct {
	*Program
	f    []*expr.Expr
	vars []string
}

// NewExpressions compiles f; every name in it must be one of vars, of which there are as many as expressions.
func NewExpressions(f []*expr.Expr, vars []string, t Time) (*Expressions, error) {
	p, err := expr.Compile(f, vars)
	if err != nil {
		return nil, fmt.Errorf("stability: %w", err)
	}
	q, err := NewProgram(p, t)
	if err != nil {
		return nil, err
	}
	return &Expressions{q, f, vars}, nil
}

// EncloseSlope encloses S with f(x) - f(c) = S (x - c) for x and c in the boxes: tighter than the Jacobian over their hull.
func (p *Program) EncloseSlope(dst, x, centre []interval.I) {
	p.program.EncloseSlope(dst, x, centre)
}

// EncloseSeries implements Jets; false where f has kinks, inverse functions but atan, or real powers.
func (p *Program) EncloseSeries(x, u []interval.I, order int) ([][]interval.I, bool) {
	return along(p.program, x, u, order)
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
