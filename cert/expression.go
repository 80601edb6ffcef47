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
		t[fmt.Sprint("pow:", i)] = op{1, 2*i + i*i/4, func(v []dual) dual { return v[0].apply("pow", i) }}
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

// dual encloses a function f over a box, v, and over another one, c, and slopes d between them: for x in the box and y in the other
// f(x) - f(y) = d'(x - y) for a d in those. Where the boxes are the same, c is v and the d are the partial derivatives (mean value theorem).
// Of a constant d is nil. degree is that of a polynomial, or notPolynomial and more.
//
// Proof by induction: f(x) g(x) - f(y) g(y) = (f(x) - f(y)) g(x) + f(y) (g(x) - g(y)). A function h of f has by the mean value theorem the
// slope h' somewhere between f(x) and f(y), or one of quotients, times that of f. QED
//
// Reference: Krawczyk and Neumaier 1985 (slopes).
type dual struct {
	v, c   interval
	d      []interval
	degree int
}

const notPolynomial = 1 << 15

func exact(r *big.Rat) dual    { return constant(enclose(r)) }
func constant(v interval) dual { return dual{v: v, c: v} }

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

// combine applies f to the enclosures over both boxes, once where they are the same.
func (x dual) combine(y dual, f func(x, y interval) interval) dual {
	z := constant(f(x.v, y.v))
	if x.c != x.v || y.c != y.v {
		z.c = f(x.c, y.c)
	}
	return z
}

func (x dual) add(y dual) dual {
	z := x.combine(y, interval.add)
	z.d, z.degree = chain(number(1), x.d, number(1), y.d), max(x.degree, y.degree)
	return z
}

func (x dual) mul(y dual) dual {
	z := x.combine(y, interval.mul)
	z.d, z.degree = chain(y.v, x.d, x.c, y.d), min(x.degree+y.degree, notPolynomial)
	return z
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

// quotients gives (f(x) - f(y))/(x - y), where it is known better than from f' over all that lies between; of sin and cos it is the cosine,
// resp. minus the sine, of the mean of x and y, times sin(h)/h for half their difference h.
var quotients = map[string]func(x, y interval, n int) interval{
	"inv":  func(x, y interval, _ int) interval { return x.mul(y).inv().neg() },
	"sqrt": func(x, y interval, _ int) interval { return x.sqrt().add(y.sqrt()).inv() },
	"sin": func(x, y interval, _ int) interval {
		_, c := x.add(y).mul(number(0.5)).turn()
		return c.mul(x.sub(y).sinc())
	},
	"cos": func(x, y interval, _ int) interval {
		s, _ := x.add(y).mul(number(-0.5)).turn()
		return s.mul(x.sub(y).sinc())
	},
	"pow": func(x, y interval, n int) interval { // x^(n-1) + x^(n-2) y + ... + y^(n-1)
		s := number(1)
		for k := 1; k < n; k++ {
			s = s.mul(y).add(x.pow(k))
		}
		return s
	},
}

// apply returns a function of x; n is the exponent of a power, notPolynomial otherwise.
func (x dual) apply(name string, n int) dual {
	v, slope := calculus[name](x.v, n)
	z := constant(v)
	if x.c != x.v {
		z.c, _ = calculus[name](x.c, n)
		if f := quotients[name]; f != nil {
			slope = f(x.v, x.c, n)
		} else {
			_, slope = calculus[name](hull(x.v, x.c), n)
		}
	}
	z.d, z.degree = chain(slope, x.d, slope, nil), min(x.degree*n, notPolynomial)
	return z
}
