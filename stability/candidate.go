package stability

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
)

// CandidateOptions of CheckCandidate.
type CandidateOptions struct {
	Box   []interval.I // searched, in x; the equilibrium is inside
	Level float64      // of V; the sublevel set must end inside the box
	Boxes int          // for each condition; 0 means 50 000
}

// Outcome of a condition.
type Outcome string

// Outcomes.
const (
	Holds Outcome = "verified"
	Fails Outcome = "refuted"
	Open  Outcome = "undecided"
)

// Condition is one of the conditions on a Lyapunov function.
type Condition struct {
	Name    string
	Outcome Outcome
	At      []float64 // a point where it fails, verified; nil otherwise
	Why     string
}

// CandidateResult lists the conditions in the order in which they are checked.
type CandidateResult struct {
	Conditions []Condition
	Holds      bool // all of them, verified
}

// CheckCandidate decides whether V is a Lyapunov function of the equilibrium at on the part of {V <= Level} in the box.
//
// Claim: f(x*) = 0 (x* in discrete time), V(x*) = 0, V > 0 on the box elsewhere, V > Level on the boundary of the box and,
// with W = V'f (V(f(x)) - V(x)), W < 0 on {V <= Level} off x*. Then the connected part of {V <= Level} that holds x* is
// compact, invariant, and attracted by x*; in discrete time the whole set {V <= Level} in the box is, provided that f maps it
// into the box, which is checked.
//
// Method: all four are checked, positivity and V(x*) = 0 no less than the decrease. V and W are differentiated as expressions.
// Near x* a function with exactly vanishing value and gradient is positive where its Hessian is positive definite over
// a box, or, where that is degenerate, where its leading Taylor coefficients along all rays are positive; elsewhere the mean
// value form decides, with branch and bound.
//
// Numerics: verified; a refutation carries a point at which interval arithmetic confirms it.
//
// Reference: Bof, Carli, Schenato (2018), theorem 1.2; Khalil (2002), theorem 4.1.
func CheckCandidate(f *Expressions, v *expr.Expr, at []float64, o CandidateOptions) (*CandidateResult, error) {
	if err := checkPoint(f, at); err != nil {
		return nil, err
	}
	if len(o.Box) != f.Dim() || !finiteAll(o.Box) {
		return nil, fmt.Errorf("%w: the box %v, want %d finite intervals", ErrShape, o.Box, f.Dim())
	}
	for i, b := range o.Box {
		if !(b.Lo < at[i] && at[i] < b.Hi) {
			return nil, fmt.Errorf("stability: the equilibrium %v is not inside the box %v", at, o.Box)
		}
	}
	if !(o.Level > 0) || math.IsInf(o.Level, 0) {
		return nil, fmt.Errorf("stability: level %v, want a positive number", o.Level)
	}
	if o.Boxes == 0 {
		o.Boxes = 50_000
	}
	c := &candidate{f: f, at: at, o: o}
	var err error
	if c.v, err = newScalar(v, f.vars); err != nil {
		return nil, err
	}
	if c.w, err = newScalar(f.change(v), f.vars); err != nil {
		return nil, err
	}
	r := &CandidateResult{Holds: true}
	for _, check := range []func() Condition{c.equilibrium, c.zero, c.positive, c.bounded, c.decreasing, c.stays} {
		k := check()
		if k.Name == "" {
			continue
		}
		r.Conditions = append(r.Conditions, k)
		r.Holds = r.Holds && k.Outcome == Holds
	}
	return r, nil
}

// change is V'f, or V(f(x)) - V(x).
func (e *Expressions) change(v *expr.Expr) *expr.Expr {
	if e.time == Discrete {
		to := map[string]*expr.Expr{}
		for i, name := range e.vars {
			to[name] = e.f[i]
		}
		return v.Substitute(to).Sub(v)
	}
	var sum *expr.Expr
	for i, name := range e.vars {
		term := v.Diff(name).Mul(e.f[i])
		if sum == nil {
			sum = term
		} else {
			sum = sum.Add(term)
		}
	}
	return sum
}

// scalar is a function with gradient and Hessian.
type scalar struct {
	n               int
	value, gradient *expr.Program
	one             []interval.I
	grad, hessian   []interval.I
}

func newScalar(e *expr.Expr, vars []string) (*scalar, error) {
	var first []*expr.Expr
	for _, v := range vars {
		first = append(first, e.Diff(v))
	}
	value, err := expr.Compile([]*expr.Expr{e}, vars)
	if err != nil {
		return nil, fmt.Errorf("stability: Lyapunov function: %w", err)
	}
	gradient, err := expr.Compile(first, vars)
	if err != nil {
		return nil, fmt.Errorf("stability: gradient of the Lyapunov function: %w", err)
	}
	n := len(vars)
	return &scalar{n: n, value: value, gradient: gradient, one: make([]interval.I, 1), grad: make([]interval.I, n), hessian: make([]interval.I, n*n)}, nil
}

func (s *scalar) at(x []interval.I) interval.I {
	s.value.Enclose(s.one, x)
	return s.one[0]
}

// over encloses the function over a box by plain evaluation and the mean value form.
func (s *scalar) over(x []interval.I) (over, middle interval.I) {
	plain := s.at(x)
	m := mids(x)
	s.gradient.Enclose(s.grad, x)
	middle = s.at(point(m))
	over = middle
	for i := range x {
		over = over.Add(s.grad[i].Mul(x[i].Sub(interval.Point(m[i]))))
	}
	if over.IsUndefined() {
		return plain, middle
	}
	if plain.IsUndefined() {
		return over, middle
	}
	return both(plain, over), middle
}

// flatAt reports whether value and gradient vanish exactly.
func (s *scalar) flatAt(x []float64) bool {
	v := s.at(point(x))
	s.gradient.Enclose(s.grad, point(x))
	return v.Lo == 0 && v.Hi == 0 && allZero(s.grad)
}

// convex reports whether the Hessian, times sign, is positive definite over the box.
func (s *scalar) convex(x []interval.I, sign float64) bool {
	s.gradient.EncloseJacobian(s.hessian, x)
	h := make([]interval.I, len(s.hessian))
	for i := range s.n {
		for j := range s.n {
			h[i*s.n+j] = both(s.hessian[i*s.n+j], s.hessian[j*s.n+i]).Scale(sign)
		}
	}
	return finiteAll(h) && definite(s.n, h)
}

type candidate struct {
	f    *Expressions
	at   []float64
	o    CandidateOptions
	v, w *scalar
}

func (c *candidate) equilibrium() Condition {
	k := Condition{Name: "f(x*) = 0", Outcome: Holds}
	if c.f.time == Discrete {
		k.Name = "f(x*) = x*"
	}
	y := make([]interval.I, len(c.at))
	c.f.Enclose(y, point(c.at))
	for i := range y {
		if c.f.time == Discrete {
			y[i] = y[i].Sub(interval.Point(c.at[i]))
		}
		switch {
		case y[i].Lo == 0 && y[i].Hi == 0:
		case y[i].Lo > 0 || y[i].Hi < 0:
			return Condition{k.Name, Fails, c.at, fmt.Sprintf("component %d is in %v", i+1, y[i])}
		default:
			k.Outcome, k.Why = Open, "x* is known up to rounding only"
		}
	}
	return k
}

func (c *candidate) zero() Condition {
	v := c.v.at(point(c.at))
	switch {
	case v.Lo == 0 && v.Hi == 0:
		return Condition{Name: "V(x*) = 0", Outcome: Holds}
	case v.Lo > 0 || v.Hi < 0:
		return Condition{"V(x*) = 0", Fails, c.at, fmt.Sprintf("V(x*) is in %v", v)}
	}
	return Condition{Name: "V(x*) = 0", Outcome: Open, Why: fmt.Sprintf("V(x*) is in %v", v)}
}

func (c *candidate) positive() Condition {
	return c.sign("V > 0 off x*", c.v, 1, math.Inf(1))
}

func (c *candidate) decreasing() Condition {
	return c.sign("V falls on {V <= level} off x*", c.w, -1, c.o.Level)
}

// bounded checks V > level on the faces of the box.
func (c *candidate) bounded() Condition {
	k := Condition{Name: "V > level on the boundary of the box", Outcome: Holds}
	var stack [][]interval.I
	for i := range c.o.Box {
		for _, end := range []float64{c.o.Box[i].Lo, c.o.Box[i].Hi} {
			face := append([]interval.I(nil), c.o.Box...)
			face[i] = interval.Point(end)
			stack = append(stack, face)
		}
	}
	return c.branch(k, stack, func(x []interval.I) (bool, bool) {
		over, middle := c.v.over(x)
		return over.Lo > c.o.Level, middle.Hi <= c.o.Level
	})
}

// stays checks in discrete time that the sublevel set is mapped into the box.
func (c *candidate) stays() Condition {
	if c.f.time == Continuous {
		return Condition{}
	}
	k := Condition{Name: "f maps {V <= level} into the box", Outcome: Holds}
	y := make([]interval.I, len(c.at))
	return c.branch(k, [][]interval.I{c.o.Box}, func(x []interval.I) (bool, bool) {
		if over, _ := c.v.over(x); over.Lo > c.o.Level {
			return true, false
		}
		c.f.Enclose(y, x)
		if inside(y, c.o.Box) {
			return true, false
		}
		m := point(mids(x))
		c.f.Enclose(y, m)
		out := false
		for i := range y {
			out = out || y[i].Lo > c.o.Box[i].Hi || y[i].Hi < c.o.Box[i].Lo
		}
		return false, out && c.v.at(m).Hi <= c.o.Level
	})
}

// sign checks that sign times s is positive on the box, as far as V <= level, off x*.
func (c *candidate) sign(name string, s *scalar, sign, level float64) Condition {
	k := Condition{Name: name, Outcome: Holds}
	stack := [][]interval.I{c.o.Box}
	core, found := c.core(s, sign)
	if found {
		stack = without(c.o.Box, core)
	}
	k = c.branch(k, stack, func(x []interval.I) (bool, bool) {
		if !math.IsInf(level, 1) {
			if over, _ := c.v.over(x); over.Lo > level {
				return true, false
			}
		}
		over, middle := s.over(x)
		over, middle = over.Scale(sign), middle.Scale(sign)
		m := mids(x)
		wrong := middle.Hi <= 0 && gap(m, c.at) > 0
		if wrong && !math.IsInf(level, 1) {
			wrong = c.v.at(point(m)).Hi <= level
		}
		return over.Lo > 0, wrong
	})
	if k.Outcome == Open && !found {
		k.Why = "no neighbourhood of x* could be decided"
	}
	return k
}

// core returns a box around x* on which sign times s is positive off x*: by the Hessian where value and gradient vanish, else
// by the leading coefficients along rays.
func (c *candidate) core(s *scalar, sign float64) ([]interval.I, bool) {
	at := point(c.at)
	shape := func(h int) (d, box []interval.I) {
		d, box = make([]interval.I, s.n), make([]interval.I, s.n)
		for i, b := range c.o.Box {
			r := math.Ldexp(min(b.Hi-c.at[i], c.at[i]-b.Lo), -h)
			d[i] = interval.I{Lo: -r, Hi: r}
			sum := at[i].Add(d[i])
			box[i] = interval.I{Lo: math.Nextafter(c.at[i]-r, c.at[i]), Hi: math.Nextafter(c.at[i]+r, c.at[i])}
			if !box[i].In(sum) || !box[i].Contains(c.at[i]) {
				return nil, nil
			}
		}
		return d, box
	}
	prove := func(d, box []interval.I) bool { return s.convex(box, sign) }
	const smallest = coreHalvings - 4
	if _, box := shape(smallest); box == nil || !s.flatAt(c.at) || !s.convex(box, sign) {
		prove = func(d, box []interval.I) bool {
			return onRays(func(x, u []interval.I, order int) ([][]interval.I, bool) {
				return along(s.value, x, u, order)
			}, at, d, func(_, leading []interval.I) bool { return leading[0].Scale(sign).Lo > 0 })
		}
	}
	if d, box := shape(smallest); box == nil || !prove(d, box) { // a failure at all sizes would cost much
		return nil, false
	}
	_, box := shape(largest(smallest, func(h int) bool { return prove(shape(h)) }))
	return box, true
}

// branch covers the boxes; test says whether the condition holds on a whole box, or fails at its middle.
func (c *candidate) branch(k Condition, stack [][]interval.I, test func(x []interval.I) (holds, fails bool)) Condition {
	for count := 0; len(stack) > 0; count++ {
		x := stack[0] // breadth first: a failure anywhere is found early
		stack = stack[1:]
		holds, fails := test(x)
		if fails {
			return Condition{k.Name, Fails, mids(x), ""}
		}
		if holds {
			continue
		}
		if count >= c.o.Boxes {
			k.Outcome, k.Why = Open, fmt.Sprintf("undecided after %d boxes, near %.4g", count, mids(x))
			return k
		}
		i, w := 0, -1.0
		for j := range x {
			if r := x[j].Width() / c.o.Box[j].Width(); r > w {
				i, w = j, r
			}
		}
		left, right := append([]interval.I(nil), x...), append([]interval.I(nil), x...)
		left[i], right[i] = x[i].Split()
		if left[i] == x[i] || right[i] == x[i] {
			k.Outcome, k.Why = Open, fmt.Sprintf("undecided at %v", x)
			return k
		}
		stack = append(stack, left, right)
	}
	return k
}

// without covers the box less the core by at most 2n boxes.
func without(box, core []interval.I) [][]interval.I {
	var out [][]interval.I
	for i := range box {
		for _, side := range []interval.I{{Lo: box[i].Lo, Hi: core[i].Lo}, {Lo: core[i].Hi, Hi: box[i].Hi}} {
			if side.Lo >= side.Hi {
				continue
			}
			b := append([]interval.I(nil), core[:i]...)
			b = append(b, side)
			out = append(out, append(b, box[i+1:]...))
		}
	}
	return out
}
