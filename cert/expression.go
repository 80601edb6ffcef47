package cert

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// op is a token: an operation on a stack of values, at the state x, which makes it grow by so many.
type op struct {
	grows int
	do    func(stack, x []dual) []dual
}

func push(f func(x []dual) dual) op {
	return op{1, func(s, x []dual) []dual { return append(s, f(x)) }}
}

func unary(f func(dual) dual) op {
	return op{0, func(s, _ []dual) []dual { return append(s[:len(s)-1], f(s[len(s)-1])) }}
}

func pair(f func(a, b dual) dual) op {
	return op{-1, func(s, _ []dual) []dual { n := len(s) - 2; return append(s[:n], f(s[n], s[n+1])) }}
}

// tokens are those that are no numbers, in n states.
func tokens(n int) map[string]op {
	minus := exact(minusOne)
	t := map[string]op{"+": pair(dual.add), "*": pair(dual.mul), "neg": unary(minus.mul)}
	t["-"] = pair(func(a, b dual) dual { return a.add(minus.mul(b)) })
	t["/"] = pair(func(a, b dual) dual { return a.mul(b.apply("inv", 0)) })
	for _, name := range []string{"sin", "cos", "tanh", "exp", "sqrt"} {
		t[name] = unary(func(a dual) dual { return a.apply(name, 0) })
	}
	for i := range n {
		t[fmt.Sprint("x", i)] = push(func(x []dual) dual { return x[i] })
	}
	for i := 2; i <= maxDegree; i++ {
		t[fmt.Sprint("pow:", i)] = unary(func(a dual) dual { return a.apply("pow", i) })
	}
	return t
}

// expression reads tokens in postfix form, in n states, which must leave one value.
func (v value) expression(n int) (text []string, ops []op) {
	depth, known := 0, tokens(n)
	for _, e := range v.list(1, maxTokens) {
		t := fmt.Sprint(e.v)
		o, ok := known[t]
		if _, number := e.v.(json.Number); number || strings.Contains(t, "/") && !ok {
			var c dual
			if number {
				c = exact(rat(e.number()))
			} else {
				c = exact(e.ratio())
			}
			o, ok = push(func([]dual) dual { return c }), true
		}
		if depth += o.grows; !ok || depth < 1 {
			e.fail("want a number, a ratio, x0 to x%d, or a known operation on values that are there", n-1)
		}
		text, ops = append(text, t), append(ops, o)
	}
	if depth != 1 {
		v.fail("want an expression that leaves one value, got %d", depth)
	}
	return text, ops
}

func evaluate(ops []op, x []dual) dual {
	var s []dual
	for _, o := range ops {
		s = o.do(s, x)
	}
	return s[0]
}

// dual is an interval and those of its partial derivatives (forward differentiation); of a constant d is nil. degree is that of a polynomial,
// or notPolynomial and more.
type dual struct {
	v      interval
	d      []interval
	degree int
}

const notPolynomial = 1 << 30

func exact(r *big.Rat) dual { return dual{v: enclose(r)} }

// chain is a x + b y.
func chain(a interval, x []interval, b interval, y []interval) []interval {
	z := make([]interval, max(len(x), len(y)))
	for i := range z {
		z[i] = number(0)
		if len(x) > 0 {
			z[i] = a.mul(x[i])
		}
		if len(y) > 0 {
			z[i] = z[i].add(b.mul(y[i]))
		}
	}
	return z
}

func (x dual) add(y dual) dual {
	return dual{x.v.add(y.v), chain(number(1), x.d, number(1), y.d), max(x.degree, y.degree)}
}

func (x dual) mul(y dual) dual {
	return dual{x.v.mul(y.v), chain(y.v, x.d, x.v, y.d), min(x.degree+y.degree, notPolynomial)}
}

// calculus gives each function and its slope.
var calculus = map[string]func(x interval, n int) (v, slope interval){
	"inv":  func(x interval, _ int) (v, slope interval) { v = x.inv(); return v, v.pow(2).neg() },
	"pow":  func(x interval, n int) (v, slope interval) { return x.pow(n), number(float64(n)).mul(x.pow(n - 1)) },
	"sin":  func(x interval, _ int) (v, slope interval) { return x.turn() },
	"cos":  func(x interval, _ int) (v, slope interval) { s, c := x.turn(); return c, s.neg() },
	"tanh": func(x interval, _ int) (v, slope interval) { v = x.tanh(); return v, number(1).sub(v.pow(2)) },
	"exp":  func(x interval, _ int) (v, slope interval) { v = x.exp(); return v, v },
	"sqrt": func(x interval, _ int) (v, slope interval) { v = x.sqrt(); return v, v.add(v).inv() },
}

func (x dual) apply(name string, n int) dual {
	v, slope := calculus[name](x.v, n)
	if n == 0 { // no power
		n = notPolynomial
	}
	return dual{v, chain(slope, x.d, slope, nil), min(x.degree*n, notPolynomial)}
}
