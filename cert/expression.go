package cert

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// op is a token: a function of the last values on a stack, or, of arity 0, of the state. cost is its work in sums of intervals, about.
type op struct {
	arity, cost int
	f           func(v []dual) dual
}

// tokens are those that are no numbers, in n states.
func tokens(n int) map[string]op {
	minus := exact(minusOne)
	t := map[string]op{
		"+":   {2, 1, func(v []dual) dual { return v[0].add(v[1]) }},
		"-":   {2, 1, func(v []dual) dual { return v[0].add(minus.mul(v[1])) }},
		"*":   {2, 1, func(v []dual) dual { return v[0].mul(v[1]) }},
		"/":   {2, 8, func(v []dual) dual { return v[0].mul(v[1].apply("inv", notPolynomial)) }},
		"neg": {1, 1, func(v []dual) dual { return minus.mul(v[0]) }},
	}
	for _, name := range []string{"sin", "cos", "tanh", "exp", "sqrt"} {
		t[name] = op{1, 150, func(v []dual) dual { return v[0].apply(name, notPolynomial) }}
	}
	for i := range n {
		t[fmt.Sprint("x", i)] = op{0, 1, func(x []dual) dual { return x[i] }}
	}
	for i := 2; i <= maxDegree; i++ {
		t[fmt.Sprint("pow:", i)] = op{1, 2 * i, func(v []dual) dual { return v[0].apply("pow", i) }}
	}
	return t
}

// expression reads tokens in postfix form, in n states, which must leave one value.
func (v value) expression(n int) (text []string, ops []op) {
	depth, known := 0, tokens(n)
	constant := func(r *big.Rat) op { c := exact(r); return op{0, 1, func([]dual) dual { return c }} }
	for _, e := range v.list(1, maxTokens) {
		t := fmt.Sprint(e.v)
		o, ok := known[t]
		if _, number := e.v.(json.Number); number {
			o, ok = constant(rat(e.number())), true
		} else if strings.Contains(t, "/") && !ok {
			o, ok = constant(e.ratio()), true
		}
		if depth += 1 - o.arity; !ok || depth < 1 {
			e.fail("want a number, a ratio, x0 to x%d, or a known operation on values that are there", n-1)
		}
		text, ops = append(text, t), append(ops, o)
	}
	if depth != 1 {
		v.fail("want an expression that leaves one value, got %d", depth)
	}
	return text, ops
}

func (a *arith) evaluate(ops []op, x []dual) dual {
	var s []dual
	for _, o := range ops {
		a.spend(10*(o.cost+2*len(x[0].d)), int(x[0].v.lo.Prec())/4, 1)
		n := len(s) - o.arity
		if v := s[n:]; o.arity > 0 {
			s = append(s[:n], o.f(v))
		} else {
			s = append(s, o.f(x))
		}
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

const notPolynomial = 1 << 15

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

// apply returns a function of x; n is the exponent of a power, notPolynomial otherwise.
func (x dual) apply(name string, n int) dual {
	v, slope := calculus[name](x.v, n)
	return dual{v, chain(slope, x.d, slope, nil), min(x.degree*n, notPolynomial)}
}
