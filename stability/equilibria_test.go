package stability

import (
	"math"
	"testing"

	"github.com/plumb-go/plumb/internal/interval"
)

func box(v ...float64) []interval.I {
	out := make([]interval.I, len(v)/2)
	for i := range out {
		out[i] = interval.I{Lo: v[2*i], Hi: v[2*i+1]}
	}
	return out
}

// All multiples of pi, no more, each alone in its box.
func TestPendulumEquilibria(t *testing.T) {
	r, err := Equilibria(hanging(9.81, 0.5), box(-10, 10, -3, 7), EquilibriaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete() || len(r.Equilibria) != 7 {
		t.Fatalf("%d equilibria, %d unsure; want 7, 0", len(r.Equilibria), len(r.Unsure))
	}
	for i, e := range r.Equilibria {
		k := i - 3
		if math.Abs(e.X[0]-float64(k)*math.Pi) > 1e-14 || e.X[1] != 0 {
			t.Errorf("equilibrium %d at %v, want %v pi", i, e.X, k)
		}
		if e.Enclosure[0].Width() > 1e-14 {
			t.Errorf("enclosure %v of %d is wide", e.Enclosure, k)
		}
		want, kind := Asymptotic, "stable focus"
		if k%2 != 0 {
			want, kind = Unstable, "saddle"
		}
		if e.Verdict != want || e.Linear.Kind != kind || e.Basis != Verified {
			t.Errorf("%d pi: %s, %s, %s; want %s, %s", k, e.Verdict, e.Linear.Kind, e.Basis, want, kind)
		}
	}
	t.Logf("%d boxes", r.Boxes)
}

// cubic is x' = a + b x - x^3 in one state.
func cubic(a, b float64) *handField {
	return &handField{n: 1,
		f:   func(y, x []float64) { y[0] = a + b*x[0] - x[0]*x[0]*x[0] },
		box: func(y, x []interval.I) { y[0] = num(a).Add(x[0].Scale(b)).Sub(x[0].PowInt(3)) },
		jac: func(y, x []interval.I) { y[0] = num(b).Sub(x[0].Sqr().Scale(3)) },
	}
}

// A double root is not decided and says so; next to it on either side the count is right.
func TestFold(t *testing.T) {
	fold := 2 / (3 * math.Sqrt(3)) // a at which x - x^3 + a has a double root
	for _, c := range []struct {
		a      float64
		roots  int
		unsure bool
	}{{0, 3, false}, {fold - 1e-6, 3, false}, {fold + 1e-6, 1, false}, {fold, 1, true}} {
		r, err := Equilibria(cubic(c.a, 1), box(-2, 2), EquilibriaOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if c.unsure {
			if r.Complete() {
				t.Errorf("a = %g: %d equilibria without a doubt at a double root", c.a, len(r.Equilibria))
			}
			continue
		}
		if !r.Complete() || len(r.Equilibria) != c.roots {
			t.Errorf("a = %g: %d equilibria, %d unsure; want %d, 0", c.a, len(r.Equilibria), len(r.Unsure), c.roots)
		}
	}
	r, err := Equilibria(cubic(0, 0), box(-1, 1), EquilibriaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Complete() {
		t.Error("the triple root of x^3 was decided")
	}
}

// Polynomials with roots drawn at random, also on the dyadic points where boxes are split: none is lost.
func TestNoRootIsLost(t *testing.T) {
	for _, roots := range [][]float64{{0, 0.5, -1}, {1, -1, 0.25}, {0.3, 0.31, -0.7}, {-1, 0, 1}} {
		f := &handField{n: 1,
			f: func(y, x []float64) { y[0] = (x[0] - roots[0]) * (x[0] - roots[1]) * (x[0] - roots[2]) },
			box: func(y, x []interval.I) {
				y[0] = x[0].Sub(num(roots[0])).Mul(x[0].Sub(num(roots[1]))).Mul(x[0].Sub(num(roots[2])))
			},
			jac: func(y, x []interval.I) {
				a, b, c := x[0].Sub(num(roots[0])), x[0].Sub(num(roots[1])), x[0].Sub(num(roots[2]))
				y[0] = a.Mul(b).Add(b.Mul(c)).Add(a.Mul(c))
			}}
		r, err := Equilibria(f, box(-1, 1), EquilibriaOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Equilibria) != 3 || !r.Complete() {
			t.Errorf("roots %v: %d found, unsure %v", roots, len(r.Equilibria), r.Unsure)
		}
	}
}

// Where f is undefined nothing is excluded.
func TestUndefinedIsUnsure(t *testing.T) {
	f := &handField{n: 1,
		f:   func(y, x []float64) { y[0] = math.Sqrt(x[0]) - 1 },
		box: func(y, x []interval.I) { y[0] = x[0].Sqrt().Sub(num(1)) },
		jac: func(y, x []interval.I) { y[0] = num(0.5).Div(x[0].Sqrt()) }}
	r, err := Equilibria(f, box(-1, 4), EquilibriaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Equilibria) != 1 || r.Equilibria[0].X[0] != 1 || r.Complete() {
		t.Errorf("%d equilibria, unsure %v; want 1 and doubt below 0", len(r.Equilibria), r.Unsure)
	}
}

// A cut that leaves the solution itself, a box without width, is still proved.
func TestRootAtTheMiddle(t *testing.T) {
	f := field(t, Continuous, []string{"x", "v"}, "-v", "x - (1 - x^2)*v")
	r, err := Equilibria(f, box(-3, 3, -4, 4), EquilibriaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Equilibria) != 1 || !r.Complete() || r.Equilibria[0].Verdict != Asymptotic {
		t.Errorf("%+v, want the stable origin alone", r)
	}
}

// Saddles whose eigenvalues have opposite signs, and unstable points with a mode on the border, are verified to be unstable.
func TestUnstableWithoutDamping(t *testing.T) {
	for name, f := range map[string]*Expressions{
		"pendulum":               field(t, Continuous, []string{"x", "v"}, "v", "9.81*sin(x)"),
		"with a neutral state":   field(t, Continuous, []string{"x", "y"}, "0.5*x", "x^2"),
		"discrete, neutral":      field(t, Discrete, []string{"x", "y"}, "1.5*x + y^2", "y"),
		"saddle and oscillation": field(t, Continuous, []string{"x", "y", "z"}, "x + y*z", "z", "-y"),
	} {
		n := f.Dim()
		e := newEnclosing(f)
		l, _, err := Linearise(f, make([]float64, n))
		if err != nil {
			t.Fatal(err)
		}
		if v, basis := e.linearisation(point(make([]float64, n)), l); v != Unstable || basis != Verified {
			t.Errorf("%s: %s, %s; want unstable, verified", name, v, basis)
		}
	}
	centre := field(t, Continuous, []string{"x", "v"}, "v", "-sin(x)")
	l, _, err := Linearise(centre, []float64{0, 0})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := newEnclosing(centre).linearisation(point([]float64{0, 0}), l); v != Undecided {
		t.Errorf("centre: %s, want undecided", v)
	}
}
