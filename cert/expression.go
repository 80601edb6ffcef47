package cert

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// op is one operation on a stack of values: a number, a state, the sum or product of the last two, or a function of the last one.
type op struct {
	name  string   // x, +, *, or a function of calculus
	n     int      // index of the state, or the exponent
	value *big.Rat // a number
}

// tokens gives the operations that a token stands for.
func tokens(n int) map[string][]op {
	t := map[string][]op{"-": {{value: minusOne}, {name: "*"}, {name: "+"}}, "/": {{name: "inv"}, {name: "*"}}, "neg": {{value: minusOne}, {name: "*"}}}
	for _, name := range []string{"+", "*", "sin", "cos", "tanh", "exp", "sqrt"} {
		t[name] = []op{{name: name}}
	}
	for i := range max(n, maxDegree+1) {
		if i < n {
			t[fmt.Sprint("x", i)] = []op{{name: "x", n: i}}
		}
		if i > 1 && i <= maxDegree {
			t[fmt.Sprint("pow:", i)] = []op{{name: "pow", n: i}}
		}
	}
	return t
}

// expression reads tokens in postfix form, in n states, which must leave one value.
func (v value) expression(n int) (text []string, ops []op) {
	depth, known := 0, tokens(n)
	for _, e := range v.list(1, maxTokens) {
		t, number := e.v.(json.Number)
		o := []op{{}}
		switch {
		case number:
			o[0].value = rat(e.number())
		case strings.Contains(e.text(), "/") && e.v != "/":
			o[0].value = e.ratio()
		case known[e.text()] == nil:
			e.fail("want a number, a ratio, x0 to x%d, + - * / neg sin cos tanh exp sqrt, or pow:2 to pow:%d", n-1, maxDegree)
		default:
			o = known[e.text()]
		}
		if !number {
			t = json.Number(e.text())
		}
		for _, o := range o {
			if o.value != nil || o.name == "x" {
				depth++
			} else if o.name == "+" || o.name == "*" {
				depth--
			}
			if depth < 1 {
				e.fail("want more values before %s", t)
			}
		}
		text, ops = append(text, string(t)), append(ops, o...)
	}
	if depth != 1 {
		v.fail("want an expression that leaves one value, got %d", depth)
	}
	return text, ops
}

func evaluate(ops []op, x []dual) dual {
	var s []dual
	for _, o := range ops {
		switch n := len(s); {
		case o.value != nil:
			s = append(s, dual{v: enclose(o.value)})
		case o.name == "x":
			s = append(s, x[o.n])
		case o.name == "+":
			s = append(s[:n-2], s[n-2].add(s[n-1]))
		case o.name == "*":
			s = append(s[:n-2], s[n-2].mul(s[n-1]))
		default:
			s[n-1] = s[n-1].apply(o)
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

const notPolynomial = 1 << 30

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

func (x dual) apply(o op) dual {
	v, slope := calculus[o.name](x.v, o.n)
	if o.name != "pow" {
		o.n = notPolynomial
	}
	return dual{v, chain(slope, x.d, slope, nil), min(x.degree*o.n, notPolynomial)}
}
