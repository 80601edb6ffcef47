package stability

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/rng"
)

func dense(n int, v ...float64) *mat.Dense { return mat.NewDense(n, n, v) }

// Closed cases: the eigenvalues and Jordan blocks are known by construction.
func TestClassify(t *testing.T) {
	turn := func(a float64) *mat.Dense { s, c := math.Sincos(a); return dense(2, c, -s, s, c) }
	for _, c := range []struct {
		name string
		a    *mat.Dense
		time Time
		want Verdict
		semi bool
	}{
		{"lecture [0 5; 0 1]", dense(2, 0, 5, 0, 1), Discrete, Marginal, true}, // A^2 = A
		{"identity", dense(2, 1, 0, 0, 1), Discrete, Marginal, true},
		{"double integrator, sampled", dense(2, 1, 1, 0, 1), Discrete, Unstable, false},
		{"double integrator", dense(2, 0, 1, 0, 0), Continuous, Unstable, false},
		{"two integrators", dense(2, 0, 0, 0, 0), Continuous, Marginal, true},
		{"oscillator", dense(2, 0, 1, -1, 0), Continuous, Marginal, true},
		{"rotation", turn(0.7), Discrete, Marginal, true},
		{"half", dense(2, 0.5, 1, 0, 0.5), Discrete, Asymptotic, true},
		{"saddle", dense(2, 1, 0, 0, -2), Continuous, Unstable, true},
		{"0.99995 twice, one eigenvector", dense(2, 0.99995, 1, 0, 0.99995), Discrete, Asymptotic, true},
		{"1.00005 twice, one eigenvector", dense(2, 1.00005, 1, 0, 1.00005), Discrete, Unstable, true},
		{"four oscillators in resonance", dense(4, 0, 1, 1, 0, -1, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1, 0), Continuous, Unstable, false},
		{"flexible rod on a cart: two integrators in a row", dense(4, 0, 0, 1, 0, 0, 0, 0, 1, 0, 6637.168, 0, 0.950704, 0, -59734.508, 0, -8.556338), Continuous, Unstable, false},
		{"the same in micrometres and kilometres", dense(4, 0, 0, 1e-9, 0, 0, 0, 0, 1, 0, 6637.168e6, 0, 0.950704e6, 0, -59734.508, 0, -8.556338), Continuous, Unstable, false},
		{"two integrators beside a stable pair", dense(4, 0, 0, 1, 1, 0, 0, 5, 3, 0, 0, 0, 1, 0, 0, -1, -1e-3), Continuous, Marginal, true},
		{"sampled integrators, one driving the other", dense(3, 1, 1e-12, 0, 0, 1, 0, 0, 3, 0.5), Discrete, Unstable, false},
		{"two equal oscillators", dense(4, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0), Continuous, Marginal, true},
	} {
		l, err := Classify(c.a, c.time)
		if err != nil {
			t.Fatal(err)
		}
		if l.Verdict != c.want || l.Semisimple != c.semi {
			t.Errorf("%s: %s, semisimple %v (eigenvalues %v, tolerance %.1e, %s), want %s, %v", c.name, l.Verdict, l.Semisimple, l.Eigenvalues, l.Tolerance, l.Basis, c.want, c.semi)
		}
		numeric := strings.Contains(c.name, "oscillator") || c.name == "rotation" // pairs on the border
		if (l.Basis != Verified) != numeric {
			t.Errorf("%s: decided as %s", c.name, l.Basis)
		}
	}
}

// A change of coordinates leaves the answer: Jordan blocks with eigenvalues on the border, up to order 5, in random
// coordinates, which split the multiple eigenvalues by rounding.
func TestClassifyInOtherCoordinates(t *testing.T) {
	r := rng.Stream(1, "coordinates")
	for _, c := range []struct {
		name string
		j    *mat.Dense
		want Verdict
	}{
		{"Jordan block 2", dense(3, 1, 1, 0, 0, 1, 0, 0, 0, 0.5), Unstable},
		{"semisimple 2", dense(3, 1, 0, 0, 0, 1, 0, 0, 0, 0.5), Marginal},
		{"Jordan block 3", dense(3, 1, 1, 0, 0, 1, 1, 0, 0, 1), Unstable},
		{"1, -1 and 0.3", dense(3, 1, 0, 0, 0, -1, 0, 0, 0, 0.3), Marginal},
		{"outside", dense(3, 1.01, 0, 0, 0, -1, 0, 0, 0, 0.3), Unstable},
		{"inside", dense(3, 0.99, 1, 0, 0, 0.99, 1, 0, 0, 0.3), Asymptotic},
	} {
		for k := range 20 {
			n, _ := c.j.Dims()
			s, inv := mat.NewDense(n, n, nil), new(mat.Dense)
			for i := range n {
				for j := range n {
					s.Set(i, j, r.NormFloat64())
				}
			}
			if mat.Cond(s, 2) > 30 { // the tolerance grows with the condition, and so would what is undecidable
				continue
			}
			if err := inv.Inverse(s); err != nil {
				continue
			}
			a := new(mat.Dense)
			a.Product(s, c.j, inv)
			l, err := Classify(a, Discrete)
			if err != nil {
				t.Fatal(err)
			}
			if l.Verdict != c.want {
				t.Errorf("%s, coordinates %d: %s (%v, tolerance %.1e), want %s", c.name, k, l.Verdict, l.Eigenvalues, l.Tolerance, c.want)
			}
		}
	}
}

// The sign of the verdict against the characteristic polynomial, for random matrices of order 2: Routh and Jury.
func TestClassifyAgainstRouthAndJury(t *testing.T) {
	r := rng.Stream(2, "routh")
	for range 2000 {
		a := dense(2, r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64())
		tr, det := a.At(0, 0)+a.At(1, 1), a.At(0, 0)*a.At(1, 1)-a.At(0, 1)*a.At(1, 0)
		for _, c := range []struct {
			time Time
			want bool
		}{{Continuous, tr < 0 && det > 0}, {Discrete, math.Abs(det) < 1 && math.Abs(tr) < 1+det}} {
			l, err := Classify(a, c.time)
			if err != nil {
				t.Fatal(err)
			}
			if got := l.Verdict == Asymptotic; got != c.want || l.Basis != Verified {
				t.Errorf("%s %v: %s, %s; want stable %v, verified", c.time, mat.Formatted(a), l.Verdict, l.Basis, c.want)
			}
		}
	}
}

func TestClassifyRefuses(t *testing.T) {
	if _, err := Classify(mat.NewDense(2, 3, nil), Discrete); !errors.Is(err, ErrShape) {
		t.Errorf("2 x 3: %v, want ErrShape", err)
	}
	if _, err := Classify(dense(1, math.NaN()), Discrete); err == nil {
		t.Error("NaN was accepted")
	}
}

// The lecture: eigenvalues 1 - hd/2 +- h sqrt(d^2/4 + (g/l) cos theta), and the hanging equilibrium of the Euler-discretised
// pendulum is stable only for d > h g/l.
func TestEulerPendulum(t *testing.T) {
	const g, h = 9.81, 0.01
	for _, c := range []struct {
		d    float64
		want Verdict
	}{{0, Unstable}, {0.05, Unstable}, {0.098, Unstable}, {0.0982, Asymptotic}, {0.5, Asymptotic}} {
		f := euler(g, c.d, h)
		r, err := Equilibria(f, box(-4, 4, -5, 5), EquilibriaOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Complete() || len(r.Equilibria) != 3 {
			t.Fatalf("d = %g: %d equilibria, %d unsure boxes; want -pi, 0, pi", c.d, len(r.Equilibria), len(r.Unsure))
		}
		for i, e := range r.Equilibria {
			want := c.want
			if i == 1 {
				want = Unstable // upright
			}
			if e.Verdict != want || e.Basis != Verified {
				t.Errorf("d = %g at %.4f: %s (%s), want %s", c.d, e.X, e.Verdict, e.Basis, want)
			}
			root := c.d*c.d/4 + g*math.Cos(e.X[0])
			big := 1 - h*c.d/2 + h*math.Sqrt(max(root, 0))
			if root < 0 {
				big = math.Sqrt(1 - h*c.d + h*h*g)
			}
			if math.Abs(e.Linear.Growth-big) > 1e-12 {
				t.Errorf("d = %g at %.4f: modulus %.15f, want %.15f", c.d, e.X, e.Linear.Growth, big)
			}
		}
	}
}

func ExampleClassify() {
	l, _ := Classify(mat.NewDense(2, 2, []float64{0, 1, -9.81, -0.5}), Continuous)
	fmt.Printf("%s, %s, %s\n", l.Verdict, l.Kind, l.Basis)
	l, _ = Classify(mat.NewDense(2, 2, []float64{1, 0.05, 0, 1}), Discrete)
	fmt.Printf("%s, semisimple: %v\n", l.Verdict, l.Semisimple)
	// Output:
	// asymptotically stable, stable focus, verified
	// unstable, semisimple: false
}
