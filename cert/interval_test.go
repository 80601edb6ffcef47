package cert

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func ref(x float64) *big.Float { return new(big.Float).SetPrec(refPrec).SetFloat64(x) }

func refOp(f func(z, x, y *big.Float) *big.Float, x, y *big.Float) *big.Float {
	return f(new(big.Float).SetPrec(refPrec), x, y)
}

// refSinCos is the series at x/2^k, and k doublings of sin and 1 - cos, with refPrec bits.
func refSinCos(x *big.Float) (sin, cos *big.Float) {
	const k = 20
	y := new(big.Float).SetPrec(refPrec).SetMantExp(x, -k)
	sin, vers := new(big.Float).SetPrec(refPrec), new(big.Float).SetPrec(refPrec) // versine: 1 - cos, small
	term := new(big.Float).SetPrec(refPrec).Set(y)
	for i := int64(1); i < 60; i++ {
		switch i % 4 {
		case 1:
			sin.Add(sin, term)
		case 3:
			sin.Sub(sin, term)
		case 2:
			vers.Add(vers, term)
		case 0:
			vers.Sub(vers, term)
		}
		term.Quo(term.Mul(term, y), ref(float64(i+1)))
	}
	for range k {
		c := refOp((*big.Float).Sub, ref(1), vers)
		vers = refOp((*big.Float).Mul, ref(2), refOp((*big.Float).Mul, sin, sin))
		sin = refOp((*big.Float).Mul, ref(2), refOp((*big.Float).Mul, sin, c))
	}
	return sin, refOp((*big.Float).Sub, ref(1), vers)
}

// holds requires that an interval holds a reference value, up to the error of the reference.
func holds(t *testing.T, name string, x float64, got interval, want *big.Float) {
	t.Helper()
	slack := new(big.Float).SetPrec(refPrec).SetMantExp(new(big.Float).Add(new(big.Float).Abs(want), big.NewFloat(1e-60)), -300)
	if refOp((*big.Float).Sub, got.lo, slack).Cmp(want) > 0 || refOp((*big.Float).Add, got.hi, slack).Cmp(want) < 0 {
		t.Errorf("%s(%g): [%s, %s] does not hold %s", name, x, got.lo.Text('g', 45), got.hi.Text('g', 45), want.Text('g', 45))
	}
}

// TestIntervalFunctions holds each function at points against references of 400 bits, and requires narrow results there.
func TestIntervalFunctions(t *testing.T) {
	g := rand.New(rand.NewPCG(21, 22))
	points := []float64{0, 5e-324, 1e-300, 1e-30, 1e-9, 0.5, 1, math.Pi / 2, math.Pi, 2, 3, 7, 20, 44, 85, 99, 255, 256, 1000, 4095}
	for range 400 {
		points = append(points, g.NormFloat64()*math.Exp(2*g.NormFloat64()))
	}
	for _, x := range append(points, -0.5, -3, -44, -99, -255, -1000) {
		p, r := enclose(rat(x)), ref(x)
		sin, cos := refSinCos(r)
		want := map[string]*big.Float{"sin": sin, "cos": cos}
		if math.Abs(x) < 100 {
			e := refExp(r)
			want["exp"] = e
			e2 := refExp(refOp((*big.Float).Mul, ref(2), r))
			want["tanh"] = refOp((*big.Float).Quo, refOp((*big.Float).Sub, e2, ref(1)), refOp((*big.Float).Add, e2, ref(1)))
		}
		if x > 1e-20 {
			want["sqrt"] = new(big.Float).SetPrec(refPrec).Sqrt(r)
			want["inv"] = refOp((*big.Float).Quo, ref(1), r)
		}
		for name, w := range want {
			v, _ := calculus[name](p, 0)
			holds(t, name, x, v, w)
			width := refOp((*big.Float).Sub, v.hi, v.lo)
			bits := 90
			if name == "sqrt" { // bounds of roots have boundBits
				bits = boundBits - 6
			}
			scale := new(big.Float).SetMantExp(new(big.Float).Add(ref(1), new(big.Float).Abs(w)), -bits)
			if width.Cmp(scale) > 0 {
				t.Errorf("%s(%g) is %s wide", name, x, width.Text('g', 3))
			}
		}
	}
}

// TestTanhBeyond: for large arguments the bounds are 1 and just below it.
func TestTanhBeyond(t *testing.T) {
	for _, x := range []float64{101, 1e5, 1e100} {
		v := enclose(rat(x)).tanh()
		if v.hi.Cmp(big.NewFloat(1)) != 0 || v.lo.Cmp(big.NewFloat(1-0x1p-50)) < 0 {
			t.Errorf("tanh(%g) in [%v, %v]", x, v.lo, v.hi)
		}
	}
}

// randomTokens writes a random expression in two states, with its value and gradient by float64 rules of its own.
func randomTokens(g *rand.Rand, depth int) []string {
	if depth == 0 {
		return []string{[]string{"x0", "x1", "0.7", "-1.3", "3/7"}[g.IntN(5)]}
	}
	a := randomTokens(g, depth-1)
	if g.IntN(2) == 0 {
		return append(a, []string{"sin", "cos", "tanh", "neg", "pow:2", "pow:3"}[g.IntN(6)])
	}
	return append(append(a, randomTokens(g, g.IntN(depth))...), []string{"+", "-", "*"}[g.IntN(3)])
}

// plain evaluates tokens in float64.
func plain(tokens []string, x []float64) float64 {
	var s []float64
	for _, t := range tokens {
		n := len(s)
		switch t {
		case "+", "-", "*", "/":
			a, b := s[n-2], s[n-1]
			s = append(s[:n-2], map[string]float64{"+": a + b, "-": a - b, "*": a * b, "/": a / b}[t])
		case "exp":
			s[n-1] = math.Exp(s[n-1])
		case "sqrt":
			s[n-1] = math.Sqrt(s[n-1])
		case "sin":
			s[n-1] = math.Sin(s[n-1])
		case "cos":
			s[n-1] = math.Cos(s[n-1])
		case "tanh":
			s[n-1] = math.Tanh(s[n-1])
		case "neg":
			s[n-1] = -s[n-1]
		case "pow:2":
			s[n-1] *= s[n-1]
		case "pow:3":
			s[n-1] *= s[n-1] * s[n-1]
		case "pow:4":
			s[n-1] = math.Pow(s[n-1], 4)
		case "x0":
			s = append(s, x[0])
		case "x1":
			s = append(s, x[1])
		case "3/7":
			s = append(s, 3.0/7)
		default:
			var f float64
			if err := json.Unmarshal([]byte(t), &f); err != nil {
				panic(err)
			}
			s = append(s, f)
		}
	}
	return s[0]
}

// readTokens parses tokens as a bundle would give them.
func readTokens(tokens []string) []op {
	list := []value{}
	for _, t := range tokens {
		v := value{v: t}
		if json.Unmarshal([]byte(t), new(float64)) == nil {
			v.v = json.Number(t)
		}
		list = append(list, v)
	}
	_, ops := value{v: list}.expression(2)
	return ops
}

// TestExpressionsAreEnclosed: values and gradients over a box hold those of float64 at random points of the box, up to rounding.
func TestExpressionsAreEnclosed(t *testing.T) {
	const rounding, step = 1e-9, 1e-5 // of float64 through 30 operations; of central differences
	g := rand.New(rand.NewPCG(23, 24))
	for range 1500 {
		tokens := randomTokens(g, 1+g.IntN(5))
		box := make([]interval, 2)
		var lo, size [2]float64
		for i := range box {
			lo[i], size[i] = g.NormFloat64(), g.ExpFloat64()*math.Pow(10, -float64(g.IntN(5)))
			box[i] = hull(enclose(rat(lo[i])), enclose(rat(lo[i]+size[i])))
		}
		v := newArith().evaluate(readTokens(tokens), duals(box, true))
		for range 8 {
			x := []float64{lo[0] + size[0]*g.Float64(), lo[1] + size[1]*g.Float64()}
			f := plain(tokens, x)
			inside := func(what string, e interval, f, slack float64) {
				low, _ := e.lo.Float64()
				high, _ := e.hi.Float64()
				if f < low-slack*(1+math.Abs(f)) || f > high+slack*(1+math.Abs(f)) {
					t.Fatalf("%v at %v: %s %g outside [%g, %g]", tokens, x, what, f, low, high)
				}
			}
			inside("value", v.v, f, rounding)
			for i := range x {
				d := 0.0
				if len(v.d) > 0 {
					up, down := append([]float64(nil), x...), append([]float64(nil), x...)
					up[i] += step
					down[i] -= step
					d = (plain(tokens, up) - plain(tokens, down)) / (2 * step)
					if math.Abs(d) < 1e4 && math.Abs(f) < 1e4 {
						inside("slope", v.d[i], d, 1e-4)
					}
				}
			}
		}
	}
}

// TestSlopes: f(x) - f(y) = d'(x - y) for numbers d in the slopes, x in one box and y in another, up to rounding; of a function of one
// variable d is the quotient, also where the boxes meet, and about a point they are tighter than the derivatives between.
func TestSlopes(t *testing.T) {
	const rounding = 1e-9 // of float64 through 30 operations
	g := rand.New(rand.NewPCG(27, 28))
	unary := [][]string{{"x0", "sin"}, {"x0", "cos"}, {"x0", "tanh"}, {"x0", "exp"}, {"x0", "pow:2"}, {"x0", "pow:3"}, {"x0", "pow:4"}, {"1", "x0", "/"}, {"x0", "sqrt"}, {"x0", "x0", "*"}}
	for i := range 4000 {
		tokens := randomTokens(g, 1+g.IntN(5))
		if i%2 == 0 {
			tokens = unary[i/2%len(unary)]
		}
		x := make([]dual, 2)
		var lo, size [2][2]float64 // of x and y
		for j := range x {
			x[j].d, x[j].degree = []interval{number(0), number(0)}, 1
			x[j].d[j] = number(1)
			for k, e := range []*interval{&x[j].v, &x[j].c} {
				lo[k][j], size[k][j] = g.NormFloat64(), g.ExpFloat64()*math.Pow(10, -float64(g.IntN(5)))
				if k == 1 && g.IntN(2) == 0 { // about a point, often the one that claims have
					lo[k][j], size[k][j] = lo[k][j]*float64(g.IntN(2)), 0
				}
				if tokens[len(tokens)-1] == "/" || tokens[len(tokens)-1] == "sqrt" {
					lo[k][j] = 0.1 + math.Abs(lo[k][j])
				}
				*e = hull(enclose(rat(lo[k][j])), enclose(rat(lo[k][j]+size[k][j])))
			}
		}
		f, ok := func() (f dual, ok bool) {
			defer func() { ok = recover() == nil }()
			return newArith().evaluate(readTokens(tokens), x), true
		}()
		if !ok {
			continue // undefined on a box
		}
		for range 8 {
			var at [2][]float64
			for k := range at {
				for j := range x {
					at[k] = append(at[k], lo[k][j]+size[k][j]*g.Float64())
				}
			}
			var low, high, scale float64
			for j := range f.d {
				a, _ := f.d[j].lo.Float64()
				b, _ := f.d[j].hi.Float64()
				h := at[0][j] - at[1][j]
				low, high, scale = low+min(a*h, b*h), high+max(a*h, b*h), scale+max(math.Abs(a*h), math.Abs(b*h))
			}
			p, q := plain(tokens, at[0]), plain(tokens, at[1])
			if slack := rounding * (scale + math.Abs(p) + math.Abs(q) + 1); p-q < low-slack || p-q > high+slack {
				t.Fatalf("%v from %v to %v: %g outside [%g, %g]", tokens, at[1], at[0], p-q, low, high)
			}
		}
	}
	about0 := []dual{{v: hull(number(-1), number(1)), c: number(0), d: []interval{number(1)}, degree: 1}}
	for _, c := range []struct {
		tokens []string
		width  float64 // of the slope over [-1, 1] about 0: 0.46 to 2 for the derivatives
	}{{[]string{"x0", "sin"}, 0.17}, {[]string{"x0", "cos"}, 1.26}, {[]string{"x0", "pow:2"}, 2}, {[]string{"x0", "pow:3"}, 1}, {[]string{"1", "2", "x0", "+", "/"}, 0.34}} {
		d := newArith().evaluate(readTokens(c.tokens), about0).d[0]
		low, _ := d.lo.Float64()
		if high, _ := d.hi.Float64(); high-low > c.width {
			t.Errorf("%v: slope [%g, %g], want no wider than %g", c.tokens, low, high, c.width)
		}
	}
}

// TestIntervalArithmetic: sums, products, quotients and powers hold the exact results of numbers in their operands.
func TestIntervalArithmetic(t *testing.T) {
	g := rand.New(rand.NewPCG(25, 26))
	random := func() (interval, *big.Rat) {
		a, b := rat(g.NormFloat64()), rat(g.NormFloat64())
		if g.IntN(4) == 0 {
			b = a
		}
		if a.Cmp(b) > 0 {
			a, b = b, a
		}
		w := big.NewRat(int64(g.IntN(1000)), 999) // can be at both ends
		if w.Cmp(one) > 0 {
			w = one
		}
		return hull(enclose(a), enclose(b)), add(a, mul(w, add(b, mul(minusOne, a))))
	}
	check := func(name string, e interval, r *big.Rat) {
		lo, _ := e.lo.Rat(nil)
		hi, _ := e.hi.Rat(nil)
		if lo.Cmp(r) > 0 || hi.Cmp(r) < 0 {
			t.Fatalf("%s: %s outside [%s, %s]", name, r.FloatString(30), lo.FloatString(30), hi.FloatString(30))
		}
	}
	for range 20000 {
		x, a := random()
		y, b := random()
		check("sum", x.add(y), add(a, b))
		check("difference", x.sub(y), add(a, mul(minusOne, b)))
		check("product", x.mul(y), mul(a, b))
		check("middle", x, func() *big.Rat { m, _ := x.middle().lo.Rat(nil); return m }())
		p := one
		n := 1 + g.IntN(5)
		for range n {
			p = mul(p, a)
		}
		check("power", x.pow(n), p)
		if !y.straddles() {
			check("quotient", x.div(y), new(big.Rat).Quo(a, b))
		}
	}
}

// TestUndefined: where a function has no value, or numbers leave the range, evaluation ends so.
func TestUndefined(t *testing.T) {
	big1 := enclose(rat(1e300))
	for name, f := range map[string]func(){
		"1/0": func() { hull(number(-1), number(1)).inv() }, "sqrt 0": func() { number(0).sqrt() }, "sqrt -1": func() { number(-1).sqrt() },
		"exp 300":  func() { enclose(rat(300)).exp() },
		"overflow": func() { big1.pow(10) }, "underflow": func() { big1.inv().pow(10) },
	} {
		func() {
			defer func() {
				if e := recover(); e != any(undefined) {
					t.Errorf("%s ended with %v", name, e)
				}
			}()
			f()
		}()
	}
}
