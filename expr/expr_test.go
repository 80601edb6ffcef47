package expr

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/internal/interval"
)

func parse(t *testing.T, text string) *Expr {
	t.Helper()
	e, err := Parse(text, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func compile(t *testing.T, vars string, texts ...string) *Program {
	t.Helper()
	var es []*Expr
	for _, s := range texts {
		es = append(es, parse(t, s))
	}
	p, err := Compile(es, strings.Fields(vars))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func at(p *Program, x ...float64) float64 {
	y := make([]float64, len(p.outputs))
	p.Eval(y, x)
	return y[0]
}

// few units in the last place: the values are single roundings of the right ones, or sums of two or three.
const roundings = 1e-15

// Values worked out by hand.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		text string
		x    float64
		want float64
	}{
		{"1 + 2*3", 0, 7}, {"(1 + 2)*3", 0, 9}, {"2^3^2", 0, 512}, {"-x^2", 3, -9}, {"(-x)^2", 3, 9}, {"2^-2", 0, 0.25},
		{"1 - 2 - 3", 0, -4}, {"8/4/2", 0, 1}, {"--x", 2, 2}, {"+x", 2, 2}, {"2*-x", 3, -6}, {"x^0", 0, 1}, {"1.5e2 + .5", 0, 150.5},
		{"x^0.5", 4, 2}, {"x^(1/2)", 9, 3}, {"x^x", 3, 27}, {"max(x, min(2, 5))", 1, 2}, {"abs(x)", -4, 4}, {"sqrt(x)", 16, 4},
		{"sin(pi/2)", 0, 1}, {"cos(pi)", 0, -1}, {"exp(0) + log(1)", 0, 1}, {"tan(pi/4)", 0, 1}, {"atan(1)*4", 0, math.Pi}, {"asin(1)*2", 0, math.Pi},
		{"acos(-1)", 0, math.Pi}, {"cosh(x)^2 - sinh(x)^2", 0.5, 1}, {"tanh(0)", 0, 0}, {"x^3 - 1/x", 2, 7.5}, {"x^-1", 4, 0.25},
	} {
		if got := at(compile(t, "x", c.text), c.x); math.Abs(got-c.want) > roundings*max(1, math.Abs(c.want)) {
			t.Errorf("%s at %v is %v, want %v", c.text, c.x, got, c.want)
		}
	}
	for _, c := range []struct {
		text string
		x    float64
	}{{"x^0.5", -1}, {"x^(1/3)", -8}, {"x^0.5/1 + 0*log(x)", -2}, {"0^(0*x)", 1}, {"sqrt(x)", -1}, {"log(x)", -1}, {"asin(x)", 2}} {
		if got := at(compile(t, "x", c.text), c.x); got == got {
			t.Errorf("%s at %v is %v, want no number", c.text, c.x, got)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	known := []string{"theta", "omega", "g", "l"}
	for _, c := range []struct {
		text         string
		line, column int
		says         string
	}{
		{"omgea", 1, 1, "unknown name omgea; did you mean omega"},
		{"g*sin(tehta)", 1, 7, "did you mean theta"},
		{"1 +\n  2*thet", 2, 5, "did you mean theta"},
		{"sine(theta)", 1, 1, "unknown function sine; did you mean sin"},
		{"ln(theta)", 1, 1, "did you mean log"},
		{"q", 1, 1, "known are theta, omega, g, l"},
		{"2theta", 1, 1, "write 2* for a product"},
		{"g(theta)", 1, 1, "write g*(...) for a product"},
		{"g theta", 1, 3, `expected an operator before "theta"`},
		{"sin theta", 1, 1, "needs its argument in parentheses"},
		{"(g + l", 1, 7, "opened at line 1, column 1 is not closed"},
		{"g)", 1, 2, "without an opening one"},
		{"g*", 1, 3, "found the end of the expression"},
		{"g**2", 1, 2, "a power is written ^"},
		{"min(g)", 1, 1, "min takes 2 arguments, got 1"},
		{"sin(g, l)", 1, 1, "sin takes 1 argument, got 2"},
		{"sin()", 1, 1, "sin takes 1 argument, got 0"},
		{"1,5", 1, 2, "decimals are written with a point"},
		{"1e999", 1, 1, "too large for a float64"},
		{"", 1, 1, "empty"},
		{"θ̇", 1, 1, "unknown name"},
		{"omega = 1", 1, 7, "without an equation"},
		{"g·l", 1, 2, "write *"},
		{"g² ", 1, 2, "write ^2"},
		{"g $ l", 1, 3, "unexpected character"},
		{strings.Repeat("(", 2000), 1, maxDepth + 1, "nested deeper"},
		{strings.Repeat("-", 2000) + "1", 1, maxDepth + 1, "nested deeper"},
		{strings.Repeat("1+", maxText), 1, 1, "at most"},
		{"pi(2)", 1, 1, "pi is no function"},
		{".", 1, 1, "no number"},
		{"g^", 1, 3, "found the end"},
		{"\xff", 1, 1, "UTF-8"},
	} {
		_, err := Parse(c.text, known)
		e, ok := errors.AsType[*Error](err)
		short := c.text[:min(len(c.text), 20)]
		if !ok {
			t.Errorf("%q: no error with a place: %v", short, err)
			continue
		}
		if e.Line != c.line || e.Column != c.column || !strings.Contains(e.Problem, c.says) {
			t.Errorf("%q: %v, want line %d, column %d: ...%s...", short, e, c.line, c.column, c.says)
		}
		if strings.HasPrefix(e.Problem, "unknown") != errors.Is(err, ErrName) {
			t.Errorf("%q: errors.Is(ErrName) is %v", short, errors.Is(err, ErrName))
		}
	}
}

// random builds an expression that is defined for most points of [-2, 2]^3.
func random(r *rand.Rand, depth int, smooth bool) *Expr {
	if depth == 0 {
		switch r.IntN(4) {
		case 0:
			return Number(math.Round(r.NormFloat64()*8) / 4)
		case 1:
			return Pi()
		}
		return Name([]string{"x", "y", "z"}[r.IntN(3)])
	}
	sub := func() *Expr { return random(r, r.IntN(depth), smooth) }
	positive := func() *Expr { return sub().Pow(Number(2)).Add(Number(0.5)) }
	unit := func() *Expr { return apply(opTanh, sub()).Mul(Number(0.9)) }
	kinds := 19
	if smooth {
		kinds = 16
	}
	switch r.IntN(kinds) {
	case 0, 1:
		return sub().Add(sub())
	case 2:
		return sub().Sub(sub())
	case 3, 4:
		return sub().Mul(sub())
	case 5:
		return sub().Div(positive())
	case 6:
		return sub().Neg()
	case 7:
		return sub().Pow(Number(float64(r.IntN(5))))
	case 8:
		return positive().Pow([]*Expr{Number(0.5), Number(-1.5), Number(-2), sub()}[r.IntN(4)])
	case 9, 10:
		return apply([]op{opSin, opCos, opTanh, opAtan}[r.IntN(4)], sub())
	case 11:
		return apply([]op{opSinh, opCosh, opExp, opTan}[r.IntN(4)], unit())
	case 12:
		return apply([]op{opAsin, opAcos}[r.IntN(2)], unit())
	case 13:
		return apply(opLog, positive())
	case 14:
		return apply(opSqrt, positive())
	case 15:
		return sub().Mul(apply(opSin, sub()))
	case 16:
		return apply(opAbs, sub())
	case 17:
		return &Expr{op: opMin, a: sub(), b: sub()}
	}
	return &Expr{op: opMax, a: sub(), b: sub()}
}

func TestPrintThenParseIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		e := random(r, 5, false)
		back, err := Parse(e.String(), nil)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		if !back.Equal(e) || back.String() != e.String() {
			t.Fatalf("%s became %s", e, back)
		}
	}
	for text, want := range map[string]string{
		"a-(b-c)": "a - (b - c)", "(a-b)-c": "a - b - c", "a*(b*c)": "a*(b*c)", "(a*b)/c": "a*b/c", "-(a*b)": "-(a*b)", "-a*b": "-a*b",
		"a*(-b)": "a*(-b)", "(a^b)^c": "(a^b)^c", "a^(b^c)": "a^(b^c)", "a^-2": "a^(-2)", "sin(((a)))": "sin(a)", "max(a,b+1)": "max(a, b + 1)",
		"2.50": "2.5", "1e3": "1000", "- -a": "-(-a)",
	} {
		if got := parse(t, text).String(); got != want {
			t.Errorf("%s prints as %s, want %s", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-g/l*sin(theta) - d*omega", "x^2^-3", "min(1e-3, y)", "((", "2x", "a--b", "√x", "pow:2", "θ_1*2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, nil)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("%q: error without a place: %v", text, err)
			}
			return
		}
		back, err := Parse(e.String(), nil)
		if err != nil || !back.Equal(e) {
			t.Fatalf("%q prints as %q, which reads as %v, %v", text, e, back, err)
		}
		if _, err := Compile([]*Expr{e, e.Diff("x")}, e.Names()); err != nil {
			t.Fatal(err)
		}
	})
}

// The derivative that Jacobian carries, the symbolic one, and one by differences of the complex kind are three ways to one
// number. The difference's error is about the third root of the rounding unit squared, times the function's third
// derivative, which the random expressions keep below 1e4.
const (
	differenceStep  = 1e-5
	differenceError = 1e-5
	symbolicError   = 1e-9 // of the sizes of the terms that cancel, below 1e4
)

func TestDerivativesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	vars := []string{"x", "y", "z"}
	used := 0
	for range 3000 {
		e := random(r, 5, true)
		symbolic := []*Expr{e, e.Diff("x"), e.Diff("y"), e.Diff("z")}
		p, err := Compile(symbolic, vars)
		if err != nil {
			t.Fatal(err)
		}
		x := []float64{4*r.Float64() - 2, 4*r.Float64() - 2, 4*r.Float64() - 2}
		v, jac := make([]float64, 4), make([]float64, 12)
		p.Eval(v, x)
		p.Jacobian(jac, x)
		if math.Abs(v[0]) > 100 || mag(jac) > 1e4 || v[0] != v[0] {
			continue
		}
		used++
		for j := range vars {
			if d := math.Abs(v[1+j] - jac[j]); !(d <= symbolicError*(1+math.Abs(jac[j]))) {
				t.Fatalf("d/d%s of %s at %v: symbolic %v, carried %v", vars[j], e, x, v[1+j], jac[j])
			}
			up, down := slices.Clone(x), slices.Clone(x)
			up[j] += differenceStep
			down[j] -= differenceStep
			d := (at(p, up...) - at(p, down...)) / (2 * differenceStep)
			if !(math.Abs(d-jac[j]) <= differenceError*(1+mag(jac))) {
				t.Fatalf("d/d%s of %s at %v: by differences %v, carried %v", vars[j], e, x, d, jac[j])
			}
		}
	}
	if used < 2000 {
		t.Fatalf("only %d expressions were of ordinary size", used)
	}
}

func mag(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, math.Abs(x))
	}
	return m
}

// Derivatives in closed form, printed.
func TestDiffPrints(t *testing.T) {
	for text, want := range map[string]string{
		"x^3": "3*x^2", "sin(2*x)": "cos(2*x)*2", "x*y": "y", "exp(x)": "exp(x)", "log(x)": "1/x", "y^2": "0", "-g/l*sin(x)": "-g/l*cos(x)", "x": "1",
		"sqrt(x)": "0.5/sqrt(x)", "x/y": "1/y", "cos(x)": "-sin(x)", "abs(x)": "x/abs(x)",
	} {
		if got := parse(t, text).Diff("x").String(); got != want {
			t.Errorf("d/dx %s = %s, want %s", text, got, want)
		}
	}
}

// At kinks: the member that the package comment names, and its sign beside them.
func TestKinks(t *testing.T) {
	p := compile(t, "x y", "abs(x)", "min(x, y)", "max(x, y)")
	jac := make([]float64, 6)
	for _, c := range []struct {
		x, y float64
		want []float64
	}{
		{0, 0, []float64{0, 0, 1, 0, 1, 0}}, {-1, 2, []float64{-1, 0, 1, 0, 0, 1}}, {3, 2, []float64{1, 0, 0, 1, 1, 0}},
	} {
		if p.Jacobian(jac, []float64{c.x, c.y}); !slices.Equal(jac, c.want) {
			t.Errorf("Jacobian at (%v, %v) is %v, want %v", c.x, c.y, jac, c.want)
		}
	}
	box := make([]interval.I, 6)
	p.EncloseJacobian(box, []interval.I{{Lo: -1, Hi: 1}, {Lo: 0, Hi: 0}})
	for i, want := range []interval.I{{Lo: -1, Hi: 1}, {}, {Lo: 0, Hi: 1}, {Lo: 0, Hi: 1}, {Lo: 0, Hi: 1}, {Lo: 0, Hi: 1}} {
		if box[i] != want {
			t.Errorf("entry %d of the enclosed Jacobian is %v, want %v", i, box[i], want)
		}
	}
	if p.Smooth() || !parse(t, "sin(x)").Smooth() {
		t.Error("Smooth does not see abs")
	}
}

func TestNamesAndSubstitution(t *testing.T) {
	e := parse(t, "a*x^n + x")
	if !slices.Equal(e.Names(), []string{"a", "n", "x"}) {
		t.Errorf("names %v", e.Names())
	}
	f := e.Substitute(map[string]*Expr{"a": Number(-2), "n": Number(3)})
	if f.String() != "-2*x^3 + x" {
		t.Errorf("substituted: %s", f)
	}
	if v := at(mustCompile(t, f), -2); v != 14 { // a whole exponent takes negative x
		t.Errorf("-2 (-2)^3 - 2 = %v", v)
	}
	if _, err := Compile([]*Expr{e}, []string{"x"}); !errors.Is(err, ErrName) {
		t.Errorf("missing name: %v", err)
	}
	if _, err := Compile(nil, []string{"x", "x"}); !errors.Is(err, ErrName) {
		t.Errorf("doubled variable: %v", err)
	}
	for _, bad := range []string{"", "1a", "a b", "sin", "pi", "a-b", " a"} {
		if CheckName(bad) == nil {
			t.Errorf("%q passes as a name", bad)
		}
	}
	for _, good := range []string{"a", "theta_1", "θ", "_x", "E"} {
		if err := CheckName(good); err != nil {
			t.Error(err)
		}
	}
}

func mustCompile(t *testing.T, e *Expr) *Program {
	t.Helper()
	p, err := Compile([]*Expr{e}, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSimplify(t *testing.T) {
	for text, want := range map[string]string{
		"x + 0": "x", "0*x + y*1": "y", "0*log(x)": "0*log(x)", "0*sin(x)^2": "0", "x^1 - 0": "x", "-(-x)": "x", "2*3 + x": "6 + x", "0.1*3": "0.1*3", "x/1": "x",
		"0*(1/x)": "0*(1/x)",
	} {
		if got := parse(t, text).Simplify().String(); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
	r := rand.New(rand.NewPCG(9, 2))
	for range 1000 {
		e := random(r, 5, false)
		p, err := Compile([]*Expr{e, e.Simplify()}, []string{"x", "y", "z"})
		if err != nil {
			t.Fatal(err)
		}
		v := make([]float64, 2)
		p.Eval(v, []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()})
		if math.Abs(v[0]) < 1e6 && !(math.Abs(v[0]-v[1]) <= symbolicError*(1+math.Abs(v[0]))) {
			t.Fatalf("%s = %v, %s = %v", e, v[0], e.Simplify(), v[1])
		}
	}
}

// Shared parts are computed once, and a repeated evaluation allocates nothing.
func TestProgram(t *testing.T) {
	p := compile(t, "x y", "sin(x*y)^2 + cos(x*y)", "sin(x*y)*y")
	if p.Size() != 6 {
		t.Errorf("%d instructions, want x*y, sin, square, cos, sum, product", p.Size())
	}
	if d := p.Depends(1); !slices.Equal(d, []int{0, 1}) {
		t.Errorf("output 2 depends on %v", d)
	}
	x, y, jac := []float64{1, 2}, make([]float64, 2), make([]float64, 4)
	bx, by, bj := []interval.I{{Lo: 0, Hi: 1}, {Lo: 1, Hi: 2}}, make([]interval.I, 2), make([]interval.I, 4)
	centre := []interval.I{{}, {}}
	for name, f := range map[string]func(){
		"Eval": func() { p.Eval(y, x) }, "Jacobian": func() { p.Jacobian(jac, x) }, "Enclose": func() { p.Enclose(by, bx) },
		"EncloseJacobian": func() { p.EncloseJacobian(bj, bx) },
	} {
		if n := testing.AllocsPerRun(20, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
	q := p.Clone()
	p.Eval(y, x)
	z := slices.Clone(y)
	q.Eval(y, []float64{3, 4})
	p.EncloseSlope(bj, bx, centre)
	if p.Eval(y, x); !slices.Equal(y, z) {
		t.Error("a clone shares its scratch")
	}
	defer func() {
		if recover() == nil {
			t.Error("a slice of the wrong length passes")
		}
	}()
	p.Eval(y, []float64{1})
}

// The postfix form computes the same value on a plain stack machine, and reads back.
func TestTokens(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	words := map[string]string{"x": "x0", "y": "x1", "z": "x2"}
	used := 0
	for range 3000 {
		e := random(r, 4, true)
		tokens, err := e.Tokens(words)
		if errors.Is(err, ErrToken) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		used++
		text, err := json.Marshal(tokens)
		if err != nil {
			t.Fatal(err)
		}
		var back []Token
		if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back, tokens) {
			t.Fatalf("%s reads back as %v, %v", text, back, err)
		}
		f, err := FromTokens(back)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		x := []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		p, err := Compile([]*Expr{e}, []string{"x", "y", "z"})
		if err != nil {
			t.Fatal(err)
		}
		q, err := Compile([]*Expr{f}, []string{"x0", "x1", "x2"})
		if err != nil {
			t.Fatal(err)
		}
		want, again, machine := at(p, x...), at(q, x...), stack(tokens, x)
		if math.Abs(want) > 1e6 || want != want {
			continue
		}
		for _, got := range []float64{again, machine} {
			if !(math.Abs(got-want) <= symbolicError*(1+math.Abs(want))) {
				t.Fatalf("%s at %v is %v, its tokens %s give %v and %v", e, x, want, text, again, machine)
			}
		}
	}
	if used < 1000 {
		t.Fatalf("only %d expressions have tokens", used)
	}
	if text, _ := json.Marshal(must(parse(t, "-9.81*sin(x) - 0.5*y^2").Tokens(words))); string(text) != `[-9.81,"x0","sin","*",0.5,"x1","pow:2","*","-"]` {
		t.Errorf("pendulum: %s", text)
	}
	for _, bad := range []string{"log(x)", "abs(x)", "x^0.3", "x^65", "asin(x)"} {
		if _, err := parse(t, bad).Tokens(words); !errors.Is(err, ErrToken) {
			t.Errorf("%s has tokens: %v", bad, err)
		}
	}
	if _, err := parse(t, "w").Tokens(words); !errors.Is(err, ErrName) {
		t.Errorf("unknown name: %v", err)
	}
	for _, bad := range [][]Token{nil, {{Word: "+"}}, {{Number: 1}, {Number: 2}}, {{Number: 1}, {Word: "pow:x"}}, {{Number: math.NaN()}}, {{Word: "a b"}}} {
		if e, err := FromTokens(bad); err == nil {
			t.Errorf("%v reads as %s", bad, e)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// stack is a machine for the tokens, written from their description.
func stack(tokens []Token, x []float64) float64 {
	var s []float64
	for _, t := range tokens {
		n := len(s)
		switch w := t.Word; {
		case w == "":
			s = append(s, t.Number)
		case w[0] == 'x':
			s = append(s, x[w[1]-'0'])
		case w == "+":
			s = append(s[:n-2], s[n-2]+s[n-1])
		case w == "-":
			s = append(s[:n-2], s[n-2]-s[n-1])
		case w == "*":
			s = append(s[:n-2], s[n-2]*s[n-1])
		case w == "/":
			s = append(s[:n-2], s[n-2]/s[n-1])
		case w == "neg":
			s[n-1] = -s[n-1]
		case strings.HasPrefix(w, "pow:"):
			var k float64
			for _, c := range w[4:] {
				k = 10*k + float64(c-'0')
			}
			s[n-1] = math.Pow(s[n-1], k)
		default:
			f := map[string]func(float64) float64{"sin": math.Sin, "cos": math.Cos, "tanh": math.Tanh, "exp": math.Exp, "sqrt": math.Sqrt}[w]
			s[n-1] = f(s[n-1])
		}
	}
	return s[0]
}

// Fold with floats is Eval.
func TestFold(t *testing.T) {
	p := compile(t, "x y", "-2*sin(x) + y^3/x", "max(x, y) - x^y")
	x := []float64{1.5, 2.5}
	want := make([]float64, 2)
	p.Eval(want, x)
	got, ok := Fold(p, x, interval.I.Mid, func(op string, n int, a, b float64) (float64, bool) {
		switch op {
		case "+":
			return a + b, true
		case "-":
			return a - b, true
		case "*":
			return a * b, true
		case "/":
			return a / b, true
		case "neg":
			return -a, true
		case "pow":
			return math.Pow(a, float64(n)), true
		case "^":
			return math.Pow(a, b), true
		case "max":
			return max(a, b), true
		case "sin":
			return math.Sin(a), true
		}
		return 0, false
	})
	if !ok || math.Abs(got[0]-want[0])+math.Abs(got[1]-want[1]) > 4*roundings*4 {
		t.Errorf("%v, want %v", got, want)
	}
	if _, ok := Fold(p, x, interval.I.Mid, func(string, int, float64, float64) (float64, bool) { return 0, false }); ok {
		t.Error("Fold goes on after an unknown operation")
	}
}
