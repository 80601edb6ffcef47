package stability

import (
	"testing"

	"github.com/plumb-go/plumb/expr"
)

func field(t *testing.T, time Time, vars []string, f ...string) *Expressions {
	t.Helper()
	var e []*expr.Expr
	for _, s := range f {
		e = append(e, parse(t, s))
	}
	out, err := NewExpressions(e, vars, time)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parse(t *testing.T, s string) *expr.Expr {
	t.Helper()
	e, err := expr.Parse(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Every condition is checked, not only the decrease (test E6): V(0) != 0, V negative somewhere, V rising somewhere and a
// sublevel set that leaves the box are refuted by name; a true Lyapunov function passes.
func TestCandidateConditions(t *testing.T) {
	xy := []string{"x", "y"}
	pendulum := field(t, Continuous, xy, "y", "-9.81*sin(x) - 0.5*y")
	decay := field(t, Continuous, xy, "-x", "-y")
	half := field(t, Discrete, xy, "x/2", "y/2 + x^2/4")
	for _, c := range []struct {
		name  string
		f     *Expressions
		v     string
		level float64
		fails string // name of the first condition that is refuted; "" when all hold
	}{
		{"quadratic", decay, "x^2 + y^2", 0.9, ""},
		{"quartic and quadratic", decay, "x^2 + y^2 + x^4", 0.9, ""},
		{"one is added", decay, "x^2 + y^2 + 1", 0.9, "V(x*) = 0"},
		{"negative far out", decay, "x^2 + y^2 - 2*x^4", 0.2, "V > 0 off x*"},
		{"negative everywhere", decay, "-x^2 - y^2", 0.9, "V > 0 off x*"},
		{"set leaves the box", decay, "x^2 + y^2", 1.5, "V > level on the boundary of the box"},
		{"flat in y", decay, "x^2", 0.9, "V > level on the boundary of the box"},
		{"pendulum, wrong V", pendulum, "x^2 + y^2", 0.5, "V falls on {V <= level} off x*"},
		{"pendulum", pendulum, "11*x^2 + 0.5*x*y + 1.1*y^2", 1, ""},
		{"quartic", decay, "x^4 + y^4", 0.9, ""},
		{"quartic, rising", field(t, Continuous, xy, "x^3", "-y"), "x^4 + y^4", 0.9, "V falls on {V <= level} off x*"},
		{"discrete", half, "x^2 + y^2", 0.9, ""},
	} {
		r, err := CheckCandidate(c.f, parse(t, c.v), []float64{0, 0}, CandidateOptions{Box: box(-1, 1, -1, 1), Level: c.level, Boxes: 3000})
		if err != nil {
			t.Fatal(err)
		}
		first := ""
		for _, k := range r.Conditions {
			if k.Outcome == Fails && first == "" {
				first = k.Name
			}
		}
		if first != c.fails || r.Holds != (c.fails == "") {
			t.Errorf("%s: holds %v, refuted %q, want %q: %+v", c.name, r.Holds, first, c.fails, r.Conditions)
		}
	}
}

func TestCandidateAwayFromEquilibrium(t *testing.T) {
	f := field(t, Continuous, []string{"x"}, "1 - x")
	r, err := CheckCandidate(f, parse(t, "x^2"), []float64{0}, CandidateOptions{Box: box(-1, 1), Level: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if r.Holds || r.Conditions[0].Outcome != Fails {
		t.Errorf("0 passes as an equilibrium of 1 - x: %+v", r.Conditions)
	}
	r, err = CheckCandidate(f, parse(t, "(x-1)^2"), []float64{1}, CandidateOptions{Box: box(0, 2), Level: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Holds {
		t.Errorf("(x-1)^2 is refused: %+v", r.Conditions)
	}
}
