package expr

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Expr is an expression. It does not change once made, and expressions may share parts.
type Expr struct {
	op    op
	n     int     // exponent of opPowInt
	value float64 // of opNumber: finite, not negative
	name  string  // of opName
	a, b  *Expr
}

// ErrName says that a name is unknown or no name.
var ErrName = errors.New("expr: no such name")

// Number is the expression of a finite float64; anything else is a bug of the caller and panics.
func Number(v float64) *Expr {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		panic("expr: Number of NaN or infinity")
	}
	if v < 0 {
		return &Expr{op: opNeg, a: Number(-v)}
	}
	return &Expr{op: opNumber, value: math.Abs(v)} // no negative zero
}

// Pi is the word pi.
func Pi() *Expr { return &Expr{op: opPi} }

// Name is the expression of a variable or parameter.
func Name(name string) *Expr { return &Expr{op: opName, name: name} }

// Add is e + f.
func (e *Expr) Add(f *Expr) *Expr { return &Expr{op: opAdd, a: e, b: f} }

// Sub is e - f.
func (e *Expr) Sub(f *Expr) *Expr { return &Expr{op: opSub, a: e, b: f} }

// Mul is e f.
func (e *Expr) Mul(f *Expr) *Expr { return &Expr{op: opMul, a: e, b: f} }

// Div is e/f.
func (e *Expr) Div(f *Expr) *Expr { return &Expr{op: opDiv, a: e, b: f} }

// Neg is -e.
func (e *Expr) Neg() *Expr { return &Expr{op: opNeg, a: e} }

// Pow is e^f: a product where f is a whole number of at most maxExponent, else a real power.
func (e *Expr) Pow(f *Expr) *Expr {
	if n, ok := f.whole(); ok {
		return &Expr{op: opPowInt, n: n, a: e}
	}
	return &Expr{op: opPow, a: e, b: f}
}

// maxExponent is the largest whole exponent that is taken as a product.
const maxExponent = 1000

// Call applies a function of the language. ErrName for an unknown one; an error for the wrong number of arguments.
func Call(name string, args ...*Expr) (*Expr, error) {
	o, ok := function(name)
	if !ok {
		return nil, fmt.Errorf("%w: function %s", ErrName, name)
	}
	if len(args) != o.arity() {
		return nil, fmt.Errorf("expr: %s takes %d arguments, got %d", name, o.arity(), len(args))
	}
	e := &Expr{op: o, a: args[0]}
	if len(args) == 2 {
		e.b = args[1]
	}
	return e, nil
}

func apply(o op, a *Expr) *Expr { return &Expr{op: o, a: a} }

// constant is the value of a number, of minus a number.
func (e *Expr) constant() (float64, bool) {
	switch {
	case e.op == opNumber:
		return e.value, true
	case e.op == opNeg && e.a.op == opNumber:
		return -e.a.value, true
	}
	return 0, false
}

func (e *Expr) whole() (int, bool) {
	v, ok := e.constant()
	if !ok || v != math.Trunc(v) || math.Abs(v) > maxExponent {
		return 0, false
	}
	return int(v), true
}

// operands lists a and b as far as there are any.
func (e *Expr) operands() []*Expr { return []*Expr{e.a, e.b}[:e.op.arity()] }

// walk visits each part once, shared ones too, operands first.
func (e *Expr) walk(visit func(*Expr)) {
	seen := map[*Expr]bool{}
	var down func(*Expr)
	down = func(x *Expr) {
		if seen[x] {
			return
		}
		seen[x] = true
		for _, y := range x.operands() {
			down(y)
		}
		visit(x)
	}
	down(e)
}

// Names lists the variables and parameters of the expression in alphabetical order.
func (e *Expr) Names() []string {
	var all []string
	e.walk(func(x *Expr) {
		if x.op == opName {
			all = append(all, x.name)
		}
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// Smooth reports whether the expression is free of abs, min and max.
func (e *Expr) Smooth() bool {
	smooth := true
	e.walk(func(x *Expr) { smooth = smooth && !x.op.kinked() })
	return smooth
}

// Substitute replaces names by expressions, all at once. A power whose exponent becomes a whole number becomes a
// product.
func (e *Expr) Substitute(with map[string]*Expr) *Expr {
	done := map[*Expr]*Expr{}
	e.walk(func(x *Expr) {
		y := *x
		switch {
		case x.op == opName:
			if r, ok := with[x.name]; ok {
				done[x] = r
				return
			}
		case x.op == opPow:
			done[x] = done[x.a].Pow(done[x.b])
			return
		}
		if x.a != nil {
			y.a = done[x.a]
		}
		if x.b != nil {
			y.b = done[x.b]
		}
		if y.a == x.a && y.b == x.b {
			done[x] = x
			return
		}
		done[x] = &y
	})
	return done[e]
}

// Equal reports whether two expressions have the same parts in the same places.
func (e *Expr) Equal(f *Expr) bool {
	type pair struct{ a, b *Expr }
	seen := map[pair]bool{}
	var same func(a, b *Expr) bool
	same = func(a, b *Expr) bool {
		if a == b || seen[pair{a, b}] {
			return true
		}
		if a == nil || b == nil || a.op != b.op || a.n != b.n || a.value != b.value || a.name != b.name {
			return false
		}
		if !same(a.a, b.a) || !same(a.b, b.b) {
			return false
		}
		seen[pair{a, b}] = true
		return true
	}
	return same(e, f)
}
