package system

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/num/dual"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
)

const pendulum = `# a comment
name: pendulum
title: Hanging pendulum
time: continuous
parameters:
  g: 9.81 m/s^2
  l: 0.5 m
  d: 0.5 1/s
states:
  theta: rad
  omega: rad/s
inputs:
  a: rad/s^2
define:
  w2: g/l
  pull: -w2*sin(theta)
derivative:
  omega: pull - d*omega + a
  theta: omega
outputs:
  theta: theta
  energy: {value: "omega^2/2 - w2*cos(theta)", unit: 1/s^2}
equilibrium: {theta: 0}
box:
  theta: [-pi, pi]
  omega: [-8, 8]
`

func parse(t *testing.T, text string) *System {
	t.Helper()
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParse(t *testing.T) {
	s := parse(t, pendulum)
	if n, m, p := s.Dims(); n != 2 || m != 1 || p != 2 || s.Name() != "pendulum" || s.Step() != 0 {
		t.Errorf("%d states, %d inputs, %d outputs", n, m, p)
	}
	if x := s.States()[1]; x != (Signal{"omega", "rad/s"}) {
		t.Errorf("state 2 is %v", x)
	}
	if o := s.Outputs(); o[0] != (Signal{"theta", "rad"}) || o[1].Unit != "1/s^2" {
		t.Errorf("outputs %v", o)
	}
	if p := s.Parameters()[0]; p != (Parameter{"g", 9.81, "m/s^2"}) {
		t.Errorf("parameter 1 is %v", p)
	}
	if b := s.Box(); b[0] != interval.Of(-math.Pi, math.Pi) || b[1] != interval.Of(-8, 8) {
		t.Errorf("box %v", b)
	}
	// theta'' = -(9.81/0.5) sin 0.3 - 0.5 2 + 1
	f, err := s.Rhs([]float64{0.3, 2}, []float64{1})
	if want := -19.62 * math.Sin(0.3); err != nil || f[0] != 2 || math.Abs(f[1]-want) > 1e-14*19.62 {
		t.Errorf("f = %v, want [2 %v]", f, want)
	}
	y, err := s.Output([]float64{0.3, 2}, nil)
	if want := 2 - 19.62*math.Cos(0.3); err != nil || y[0] != 0.3 || math.Abs(y[1]-want) > 1e-14*19.62 {
		t.Errorf("y = %v, want [0.3 %v]", y, want)
	}
	if x, u, named := s.Equilibrium(); !named || len(x) != 2 || len(u) != 1 || x[0] != 0 {
		t.Errorf("equilibrium %v %v %v", x, u, named)
	}
}

// Each mistake is found where it stands.
func TestErrorsSayWhere(t *testing.T) {
	for _, c := range []struct {
		old, new string
		place    string // line:column
		says     string
	}{
		{"pull - d*omega", "pull - d*omgea", "18:19", "unknown name omgea; did you mean omega"},
		{`"omega^2/2 - w2*cos(theta)"`, `"omega^2/2 - w2*cos(teta)"`, "22:39", "did you mean theta"},
		{"sin(theta)", "sn(theta)", "16:13", "unknown function sn; did you mean sin"},
		{"g: 9.81 m", "g: 9,81 m", "6:7", "decimals are written with a point"},
		{"g: 9.81 m/s^2", "g: m/s^2", "6:6", "unknown name m"},
		{"g: 9.81 m/s^2", "g:", "6:5", "expected an expression"},
		{"g: 9.81 m/s^2", "g: 1/0", "6:6", "expected a finite number"},
		{"states:", "state:", "9:1", "unknown key state; did you mean states"},
		{"time: continuous", "time: contiuous", "4:7", `time is "contiuous", expected continuous or discrete`},
		{"time: continuous", "time: discrete", "4:7", "needs step"},
		{"time: continuous", "time: discrete\nstep: 0", "5:7", "step is 0 s, expected a positive number"},
		{"time: continuous", "time: discrete\nstep: 1 ms", "5:7", `unit "ms", expected seconds`},
		{"time: continuous", "time: discrete\nstep: l", "5:7", `unit "m", expected seconds`},
		{"time: continuous", "time: discrete\nstep: h", "5:7", "unknown name h"},
		{"time: continuous", "time: discrete\nstep: 0.1 s", "18:1", "derivative does not belong to this time model; expected next"},
		{"time: continuous", "step: 1\ntime: continuous", "4:1", "step belongs to time: discrete"},
		{"time: continuous\n", "", "", "expected time: continuous"},
		{"  theta: omega\n", "", "17:1", "nothing for state theta"},
		{"  theta: omega\n", "  theta: omega\n  theta: omega\n", "20:3", "appears twice|already defined"},
		{"  theta: omega\n", "  theta: omega\n  thta: omega\n", "20:3", "thta is no state; did you mean theta"},
		{"  a: rad/s^2", "  g: rad/s^2", "13:3", "the name is taken"},
		{"  a: rad/s^2", "  sin: rad/s^2", "13:3", "meaning of its own"},
		{"  a: rad/s^2", "  1a: rad/s^2", "13:3", "begins with no digit"},
		{"  w2: g/l\n", "", "15:10", "unknown name w2"},
		{"pull: -w2*sin(theta)", "pull: -w2*sin(pull)", "16:17", "unknown name pull"},
		{"[-8, 8]", "[8, -8]", "26:10", "the lower bound 8 is not below the upper bound -8"},
		{"[-8, 8]", "[8]", "26:10", "expected [LOWER, UPPER]"},
		{"  omega: [-8, 8]\n", "", "24:1", "nothing for state omega"},
		{"{theta: 0}", "{thet: 0}", "23:15", "neither a state nor an input; did you mean theta"},
		{"{theta: 0}", "0", "23:14", "expected a mapping"},
		{"unit: 1/s^2", "units: 1/s^2", "22:48", "unknown key units; did you mean unit"},
		{"name: pendulum", "name: [pendulum]", "2:7", "expected a word"},
		{"pull - d*omega + a", "t*omega", "18:10", "do not depend on time"},
		{"pull - d*omega + a", ">-\n    pull - d*omega\n    + b", "18:10", "line 1, column 18 of the expression"},
		{"pull - d*omega + a", "pull -\n    d*omgea", "18:10", "line 1, column 10 of the expression"},
		{"box:", "---\nbox:", "25:1", "second document"},
		{"name: pendulum", "name: {pendulum", "", ""},
	} {
		text := strings.Replace(pendulum, c.old, c.new, 1)
		if text == pendulum {
			t.Fatalf("%q is not in the text", c.old)
		}
		_, err := Parse([]byte(text))
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%q: no error with a place: %v", c.new, err)
			continue
		}
		first, second, _ := strings.Cut(c.says, "|")
		if !strings.Contains(e.Error(), c.place) || !strings.Contains(e.Problem, first) && (second == "" || !strings.Contains(e.Problem, second)) {
			t.Errorf("%q: %v, want at %s: %s", c.new, e, c.place, c.says)
		}
	}
	for _, text := range []string{"", "# nothing", "3", "- a", "states: {x: m}", "time: continuous", "a: &x 1\nb: *x"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q passes", text)
		}
	}
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(pendulum, "name:", "nme:", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "p.yaml:2:1: unknown key nme") {
		t.Errorf("Open: %v", err)
	}
	if _, err := Open(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(pendulum)
	f.Add("time: discrete\nstep: 1\nstates: {x: }\nnext: {x: x/2}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse([]byte(text))
		if err != nil {
			return
		}
		again, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse([]byte(again))
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, again, err)
		}
		if twice, _ := back.YAML(); twice != again {
			t.Fatalf("%q was written as %q, then as %q", text, again, twice)
		}
	})
}

func TestWrittenTextIsTheSame(t *testing.T) {
	s := parse(t, pendulum)
	text, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	back := parse(t, text)
	if again, _ := back.YAML(); again != text {
		t.Errorf("written as\n%s\nthen as\n%s", text, again)
	}
	r := rand.New(rand.NewPCG(1, 4))
	for range 20 {
		x, u := []float64{r.NormFloat64(), r.NormFloat64()}, []float64{r.NormFloat64()}
		a, _ := s.Rhs(x, u)
		b, _ := back.Rhs(x, u)
		if a[0] != b[0] || a[1] != b[1] {
			t.Fatalf("at %v: %v became %v", x, a, b)
		}
	}
}

func TestParameters(t *testing.T) {
	s := parse(t, pendulum)
	long, err := s.With(map[string]float64{"l": 2, "d": 0})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := long.Rhs([]float64{math.Pi / 2, 0}, nil)
	if math.Abs(f[1]+9.81/2) > 1e-14 {
		t.Errorf("omega' = %v, want -4.905", f[1])
	}
	if f, _ := s.Rhs([]float64{math.Pi / 2, 0}, nil); math.Abs(f[1]+19.62) > 1e-13 {
		t.Error("With changed the system itself")
	}
	if _, err := s.With(map[string]float64{"ll": 2}); !errors.Is(err, ErrName) || !strings.Contains(err.Error(), "there are g, l, d") {
		t.Errorf("unknown parameter: %v", err)
	}
	if _, err := s.With(map[string]float64{"l": math.NaN()}); err == nil {
		t.Error("NaN passes as a parameter")
	}
}

// The linearisation of the pendulum in closed form, hanging and standing, with names and units.
func TestLinearise(t *testing.T) {
	s := parse(t, pendulum)
	for _, c := range []struct {
		x    float64
		want float64
	}{{0, -19.62}, {math.Pi, 19.62}, {1, -19.62 * math.Cos(1)}} {
		g, err := s.Linearise([]float64{c.x, 0}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := mat.NewDense(2, 2, []float64{0, 1, c.want, -0.5})
		if !mat.EqualApprox(g.A, want, 1e-13) || g.B.At(1, 0) != 1 || g.B.At(0, 0) != 0 || g.C.At(0, 0) != 1 || g.D.At(0, 0) != 0 {
			t.Errorf("at %v: A = %v", c.x, mat.Formatted(g.A))
		}
		if d := g.C.At(1, 0) - 19.62*math.Sin(c.x); math.Abs(d) > 1e-13 {
			t.Errorf("at %v: d energy/d theta is off by %v", c.x, d)
		}
		if g.Inputs[0].Name != "a" || g.States[1].Unit != "rad/s" || g.Outputs[1].Name != "energy" || g.Ts != 0 {
			t.Error("names, units or time are lost")
		}
	}
	byState, byInput, err := s.EncloseJacobian([]interval.I{{Lo: -1, Hi: 1}, {}}, nil)
	if err != nil || len(byState) != 4 || len(byInput) != 2 || byInput[1] != interval.Point(1) {
		t.Fatalf("%v %v %v", byState, byInput, err)
	}
	if !byState[2].Contains(-19.62) || !byState[2].Contains(-19.62*math.Cos(1)) || byState[2].Width() > 19.62*(1-math.Cos(1))+1e-12 {
		t.Errorf("d omega'/d theta over [-1, 1] is %v", byState[2])
	}
	auto := parse(t, "time: discrete\nstep: 0.1\nstates: {x: }\nnext: {x: x/2}")
	if g, err := auto.Linearise([]float64{1}, nil); err != nil || g.A.At(0, 0) != 0.5 || g.B.At(0, 0) != 0 || g.Ts != 0.1 {
		t.Errorf("without inputs: %v %v", g, err)
	}
	if r, _ := auto.Residual([]float64{1}, nil); r[0] != -0.5 {
		t.Errorf("residual %v, want -0.5", r)
	}
}

func TestShapes(t *testing.T) {
	s := parse(t, pendulum)
	for name, err := range map[string]error{
		"state": second(s.Rhs([]float64{1}, nil)), "input": second(s.Output([]float64{1, 2}, []float64{1, 2})),
		"linearise": second(s.Linearise(nil, nil)), "tokens": second(s.Tokens([]float64{1, 2})),
		"new": second(New(Description{States: []Signal{{"x", ""}}})), "empty": second(New(Description{})),
		"box": second(New(Description{States: []Signal{{"x", ""}}, Rhs: []*expr.Expr{expr.Name("x")}, Box: make([]interval.I, 2)})),
	} {
		if !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Description{States: []Signal{{"x", ""}}, Rhs: []*expr.Expr{expr.Name("y")}}); !errors.Is(err, expr.ErrName) {
		t.Errorf("unknown name: %v", err)
	}
	if _, err := New(Description{States: []Signal{{"x", ""}, {"x", ""}}, Rhs: []*expr.Expr{expr.Name("x"), expr.Name("x")}}); !errors.Is(err, ErrName) {
		t.Errorf("doubled name: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTokens(t *testing.T) {
	tokens, err := parse(t, pendulum).Tokens(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(tokens)
	if want := `[["x1"],[9.81,0.5,"/","x0","sin","*","neg",0.5,"x1","*","-"]]`; string(text) != want {
		t.Errorf("tokens %s, want %s", text, want)
	}
	// The input held at 2 enters as a number.
	if tokens, err = parse(t, pendulum).Tokens([]float64{2}); err != nil || tokens[1][len(tokens[1])-2].Number != 2 {
		t.Errorf("with input: %v %v", tokens, err)
	}
}

// A system given as a Go function has the values and the Jacobians of the same one given as text.
func TestFromFunc(t *testing.T) {
	d := Description{Name: "go", States: []Signal{{"theta", "rad"}, {"omega", "rad/s"}}, Inputs: []Signal{{"a", ""}}}
	g, err := FromFunc(d, func(dst, x, u []dual.Number) {
		dst[0] = x[1]
		dst[1] = dual.Add(dual.Sub(dual.Scale(-19.62, dual.Sin(x[0])), dual.Scale(0.5, x[1])), u[0])
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, pendulum)
	r := rand.New(rand.NewPCG(2, 4))
	for range 50 {
		x, u := []float64{r.NormFloat64(), r.NormFloat64()}, []float64{r.NormFloat64()}
		a, _ := s.Rhs(x, u)
		b, _ := g.Rhs(x, u)
		ga, _ := s.Linearise(x, u)
		gb, err := g.Linearise(x, u)
		if err != nil || math.Abs(a[1]-b[1]) > 1e-13*20 || !mat.EqualApprox(ga.A, gb.A, 1e-13*20) || !mat.EqualApprox(ga.B, gb.B, 0) {
			t.Fatalf("at %v: %v and %v, %v", x, a, b, err)
		}
	}
	for _, err := range []error{second(g.Autonomous(nil)), second(g.YAML()), second(g.Tokens(nil)), second(g.With(map[string]float64{"a": 1})), second(g.Euler(0.1))} {
		if !errors.Is(err, ErrOpaque) {
			t.Errorf("expressions of a Go function: %v", err)
		}
	}
	if _, err := FromFunc(Description{}, nil, nil); !errors.Is(err, ErrShape) {
		t.Errorf("nothing at all: %v", err)
	}
	var jac [4]float64
	f := func(dst, x []dual.Number) { dst[0], dst[1] = dual.Mul(x[0], x[1]), dual.Exp(x[0]) }
	if err := Jacobian(f, jac[:], 2, []float64{2, 3}); err != nil || jac != [4]float64{3, 2, math.Exp(2), 0} {
		t.Errorf("Jacobian %v %v", jac, err)
	}
	if err := Jacobian(f, jac[:3], 2, []float64{2, 3}); !errors.Is(err, ErrShape) {
		t.Errorf("short Jacobian: %v", err)
	}
}

func TestManyGoroutines(t *testing.T) {
	s := parse(t, pendulum)
	want, _ := s.Rhs([]float64{1, 2}, nil)
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			for range 200 {
				if f, _ := s.Rhs([]float64{1, 2}, nil); k%2 == 0 && f[1] != want[1] {
					t.Error("a call of another goroutine shows")
					return
				}
				_, _ = s.Linearise([]float64{float64(k), 0}, nil)
			}
		})
	}
	wg.Wait()
}

// Each system has a solution in closed form.
func TestSimulateAgainstClosedForms(t *testing.T) {
	// x'' = -x from (1, 0): cos t. The error per step is 1e-9 of the size, so that over 20 s it stays below a hundred times that.
	s := parse(t, "time: continuous\nstates: {x: m, v: m/s}\nderivative: {x: v, v: -x}")
	r, err := s.Simulate(t.Context(), []float64{1, 0}, Simulation{Until: 20, Every: 0.5})
	if err != nil || len(r.T) != 41 {
		t.Fatalf("%d points, %v", len(r.T), err)
	}
	for k, x := range r.X {
		if math.Abs(x[0]-math.Cos(r.T[k])) > 1e-7 || math.Abs(x[1]+math.Sin(r.T[k])) > 1e-7 {
			t.Fatalf("at %v s: %v, want %v", r.T[k], x, math.Cos(r.T[k]))
		}
	}
	// x' = -x + u with u = sin t: x = (sin t - cos t + 3 e^-t)/2 from 1; held inputs: exact steps of the sampled system.
	lag := parse(t, "time: continuous\nstates: {x: }\ninputs: {u: }\nderivative: {x: -x + u}\noutputs: {y: 2*x + u}")
	input := func(t float64, u []float64) { u[0] = math.Sin(t) }
	r, err = lag.Simulate(t.Context(), []float64{1}, Simulation{Until: 5, Every: 0.25, Input: input})
	if err != nil {
		t.Fatal(err)
	}
	for k, x := range r.X {
		now := r.T[k]
		want := (math.Sin(now) - math.Cos(now) + 3*math.Exp(-now)) / 2
		if math.Abs(x[0]-want) > 1e-8 || math.Abs(r.Y[k][0]-2*want-math.Sin(now)) > 1e-7 || r.U[k][0] != math.Sin(now) {
			t.Fatalf("at %v s: %v, want %v", now, x, want)
		}
	}
	r, err = lag.Simulate(t.Context(), []float64{1}, Simulation{Until: 5, Every: 0.25, Input: input, Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	held := 1.0
	for k, x := range r.X {
		if math.Abs(x[0]-held) > 1e-8 {
			t.Fatalf("held input, at %v s: %v, want %v", r.T[k], x, held)
		}
		held = math.Exp(-0.25)*held + (1-math.Exp(-0.25))*math.Sin(r.T[k])
	}
	// x+ = x/2 + u, u = 1: x_k = 2 - 2^-k from 1.
	map1 := parse(t, "time: discrete\nstep: 0.1 s\nstates: {x: }\ninputs: {u: }\nnext: {x: x/2 + u}")
	r, err = map1.Simulate(t.Context(), []float64{1}, Simulation{Until: 1, Every: 0.2, Input: func(_ float64, u []float64) { u[0] = 1 }})
	if err != nil || len(r.T) != 6 {
		t.Fatalf("%d points, %v", len(r.T), err)
	}
	for k, x := range r.X {
		if want := 2 - math.Pow(2, -2*float64(k)); x[0] != want {
			t.Fatalf("step %d: %v, want %v", 2*k, x[0], want)
		}
	}
}

// The error falls as the tolerance does: a hundredth of the tolerance gives at most a thirtieth of the error, over a
// nonlinear oscillation whose energy is constant.
func TestToleranceIsKept(t *testing.T) {
	s := parse(t, "time: continuous\nstates: {q: , v: }\nderivative: {q: v, v: -sin(q)}\noutputs: {e: v^2/2 - cos(q)}")
	var errs []float64
	for _, tol := range []float64{1e-5, 1e-7, 1e-9} {
		r, err := s.Simulate(t.Context(), []float64{2, 0}, Simulation{Until: 30, Every: 30, Tol: tol})
		if err != nil {
			t.Fatal(err)
		}
		errs = append(errs, math.Abs(r.Y[1][0]-r.Y[0][0]))
	}
	for i, e := range errs[1:] {
		if !(e < errs[i]/30) {
			t.Errorf("energy is off by %v", errs)
		}
	}
}

func TestSimulationsThatEnd(t *testing.T) {
	blow := parse(t, "time: continuous\nstates: {x: }\nderivative: {x: x^2}") // infinite at t = 1
	r, err := blow.Simulate(t.Context(), []float64{1}, Simulation{Until: 2, Every: 0.1})
	if !errors.Is(err, ErrUnsolved) || len(r.T) < 9 || len(r.T) > 10 {
		t.Errorf("blow-up: %d points, %v", len(r.T), err)
	}
	if _, err := parse(t, "time: discrete\nstep: h\nparameters: {h: 0.1 s}\nstates: {x: }\nnext: {x: h*x}").With(map[string]float64{"h": 0}); err == nil {
		t.Error("a step of zero passes as a parameter")
	}
	double := parse(t, "time: discrete\nstep: 1\nstates: {x: }\nnext: {x: x^2}")
	if r, err = double.Simulate(t.Context(), []float64{3}, Simulation{Until: 100}); !errors.Is(err, ErrUnsolved) || len(r.T) < 5 {
		t.Errorf("overflow: %v", err)
	}
	if _, err := blow.Simulate(t.Context(), []float64{1, 2}, Simulation{Until: 1}); !errors.Is(err, ErrShape) {
		t.Errorf("shape: %v", err)
	}
	for _, o := range []Simulation{{}, {Until: -1}, {Until: 1, Every: -1}, {Until: 1, Every: 2}, {Until: 1, Tol: 1e-20}, {Until: math.Inf(1)}, {Until: 1e12, Every: 1e-3}} {
		if _, err := blow.Simulate(t.Context(), []float64{0}, o); err == nil {
			t.Errorf("%+v passes", o)
		}
	}
	if _, err := double.Simulate(t.Context(), []float64{0}, Simulation{Until: 10, Every: 1.5}); err == nil {
		t.Error("points between the steps pass")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := blow.Simulate(ctx, []float64{0}, Simulation{Until: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEuler(t *testing.T) {
	s := parse(t, pendulum)
	e, err := s.Euler(0.01)
	if err != nil || e.Step() != 0.01 {
		t.Fatal(err)
	}
	f, _ := e.Rhs([]float64{0.3, 2}, []float64{1})
	if math.Abs(f[0]-0.32) > 1e-15 || math.Abs(f[1]-(2-0.1962*math.Sin(0.3))) > 1e-14 {
		t.Errorf("Euler's step gives %v", f)
	}
	if _, err := e.Euler(0.01); err == nil {
		t.Error("Euler of a discrete system passes")
	}
	if _, err := s.Euler(0); err == nil {
		t.Error("step 0 passes")
	}
}
