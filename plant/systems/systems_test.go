package systems

import (
	"errors"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/system"
)

func load(t *testing.T, name string) *system.System {
	t.Helper()
	s, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rounding is what a dozen operations on numbers of order one may lose.
const rounding = 1e-13

// Each plant is at rest where it says so, has a region of interest around it, and reads back as written.
func TestAllPlants(t *testing.T) {
	names := Names()
	for _, want := range []string{"pendulum", "pendulum-upright", "pendulum-euler", "van-der-pol", "rod-flexible", "rod-rigid", "double-integrator", "pendulum-links-2"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
	for _, name := range names {
		s := load(t, name)
		if s.Name() != name || s.Description().Title == "" {
			t.Errorf("%s calls itself %s, %q", name, s.Name(), s.Description().Title)
		}
		x, u, named := s.Equilibrium()
		r, err := s.Residual(x, u)
		if err != nil || !named || s.Box() == nil {
			t.Errorf("%s: equilibrium or box is missing: %v", name, err)
		}
		for i, v := range r {
			if v != 0 {
				t.Errorf("%s: residual %d at the equilibrium is %v", name, i, v)
			}
		}
		if w := s.UnitWarnings(); len(w) > 0 {
			t.Errorf("%s: units: %v", name, w)
		}
		text, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		back, err := system.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v in\n%s", name, err, text)
		}
		for i := range x {
			x[i] = 0.1 * float64(i+1)
		}
		a, _ := s.Rhs(x, u)
		b, _ := back.Rhs(x, u)
		if !slices.Equal(a, b) {
			t.Errorf("%s: %v became %v", name, a, b)
		}
	}
}

// The flexible rod has the matrices printed with the paper's constants (math: M, K and B of the first mode), to the
// digits given there.
func TestFlexibleRod(t *testing.T) {
	g, err := load(t, "rod-flexible").Linearise(make([]float64, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want float64 }{
		{g.A.At(0, 2), 1}, {g.A.At(1, 3), 1}, {g.A.At(2, 1), 6637.168}, {g.A.At(2, 3), 0.950704}, {g.A.At(3, 1), -59734.508}, {g.A.At(3, 3), -8.556338},
		{g.B.At(2, 0), 0.950704}, {g.B.At(3, 0), -1.056338}, {g.C.At(0, 0), 1}, {g.C.At(0, 1), 1}, {g.C.At(0, 2), 0},
	} {
		if math.Abs(c.got-c.want) > 5e-7*max(1, math.Abs(c.want)) { // seven printed digits
			t.Errorf("entry %v, want %v", c.got, c.want)
		}
	}
	var e mat.Eigen
	if !e.Factorize(g.A, mat.EigenNone) {
		t.Fatal("no eigenvalues")
	}
	found := false
	for _, v := range e.Values(nil) {
		found = found || cmplx.Abs(v-complex(-4.278, 244.369)) < 1e-3
	}
	if !found {
		t.Errorf("eigenvalues %v, want -4.278 +- 244.369i among them", e.Values(nil))
	}
	r, err := load(t, "rod-rigid").Linearise([]float64{0, 0}, nil)
	if err != nil || math.Abs(r.B.At(1, 0)-0.83333) > 5e-6 {
		t.Errorf("rigid: %v %v", r, err)
	}
}

// Eigenvalues of the lecture: 1 - h d/2 +- h sqrt(d^2/4 -+ g/l), hanging and standing; |lambda|^2 = 1 - h d + h^2 g/l hanging, so
// that the discretised pendulum is stable only for d > h g/l.
func TestEulerPendulum(t *testing.T) {
	const g, h = 9.81, 0.01
	for _, c := range []struct {
		name   string
		theta  float64
		stands bool
	}{{"pendulum-euler", 0, false}, {"pendulum-euler", math.Pi, true}, {"pendulum-euler-upright", 0, true}, {"pendulum-euler-upright", math.Pi, false}} {
		for _, d := range []float64{0.05, 0.5, 3} {
			s, err := load(t, c.name).With(map[string]float64{"d": d})
			if err != nil {
				t.Fatal(err)
			}
			lin, err := s.Linearise([]float64{c.theta, 0}, nil)
			if err != nil {
				t.Fatal(err)
			}
			sign := -1.0
			if c.stands {
				sign = 1
			}
			root := cmplx.Sqrt(complex(d*d/4+sign*g, 0))
			trace, det := lin.A.At(0, 0)+lin.A.At(1, 1), lin.A.At(0, 0)*lin.A.At(1, 1)-lin.A.At(0, 1)*lin.A.At(1, 0)
			for _, w := range []complex128{root, -root} {
				lambda := complex(1-h*d/2, 0) + complex(h, 0)*w
				if p := lambda*lambda - complex(trace, 0)*lambda + complex(det, 0); cmplx.Abs(p) > rounding {
					t.Errorf("%s at %v, d = %v: %v is no eigenvalue", c.name, c.theta, d, lambda)
				}
			}
			if !c.stands && math.Abs(det-(1-h*d+h*h*g)) > rounding {
				t.Errorf("%s: |lambda|^2 = %v", c.name, det)
			}
			if !c.stands && (det < 1) != (d > h*g) {
				t.Errorf("%s, d = %v: |lambda|^2 = %v", c.name, d, det)
			}
		}
	}
	// The step follows its parameter.
	s, err := load(t, "pendulum-euler").With(map[string]float64{"h": 0.05})
	if err != nil || s.Step() != 0.05 {
		t.Errorf("step %v, %v", s.Step(), err)
	}
	// Euler's method applied to the continuous plant is the same system.
	e, err := load(t, "pendulum").Euler(h)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := e.Rhs([]float64{1, 2}, []float64{0.5})
	b, _ := load(t, "pendulum-euler").Rhs([]float64{1, 2}, []float64{0.5})
	if math.Abs(a[0]-b[0])+math.Abs(a[1]-b[1]) > rounding {
		t.Errorf("%v and %v", a, b)
	}
}

// Reversed time turns every velocity around.
func TestVanDerPol(t *testing.T) {
	a, _ := load(t, "van-der-pol").Rhs([]float64{2, 3}, nil)
	b, _ := load(t, "van-der-pol-reversed").Rhs([]float64{2, 3}, nil)
	if !slices.Equal(a, []float64{3, -11}) || !slices.Equal(b, []float64{-3, 11}) {
		t.Errorf("%v and %v", a, b)
	}
	s := load(t, "van-der-pol")
	r, err := s.Simulate(t.Context(), []float64{0.1, 0}, system.Simulation{Until: 60, Every: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	top := 0.0
	for _, x := range r.X[len(r.X)/2:] {
		top = max(top, math.Abs(x[0]))
	}
	const amplitude = 2.00862           // of the cycle for mu = 1 (Andersen and Geer 1982, SIAM J. Appl. Math. 42)
	if math.Abs(top-amplitude) > 1e-4 { // the largest of points 0.01 s apart lies below the crest by at most (0.005)^2
		t.Errorf("amplitude %v, want %v", top, amplitude)
	}
}

// One link is a pendulum; the description by elimination and the Go function with a Cholesky factor are two ways to one
// number, values and Jacobians.
func TestLinks(t *testing.T) {
	one, err := Links(1)
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := one.Rhs([]float64{0.7, 2}, nil); math.Abs(f[1]-(-9.81*math.Sin(0.7)-0.3*2)) > rounding*10 {
		t.Errorf("one link: %v", f)
	}
	r := rand.New(rand.NewPCG(6, 1))
	for n := 1; n <= maxLinks; n++ {
		a, err := Links(n)
		if err != nil {
			t.Fatal(err)
		}
		b, err := LinksFunc(n)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float64, 2*n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		ga, err := a.Linearise(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		gb, err := b.Linearise(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		fa, _ := a.Rhs(x, nil)
		fb, _ := b.Rhs(x, nil)
		size := mat.Norm(ga.A, 1) * float64(n)
		for i := range fa {
			if math.Abs(fa[i]-fb[i]) > rounding*size {
				t.Errorf("%d links: %v and %v", n, fa, fb)
			}
		}
		if !mat.EqualApprox(ga.A, gb.A, rounding*size) {
			t.Errorf("%d links: Jacobians differ", n)
		}
	}
	for _, n := range []int{0, -1, maxLinks + 1} {
		if _, err := Links(n); !errors.Is(err, ErrUnknown) {
			t.Errorf("%d links: %v", n, err)
		}
	}
	if _, err := LinksFunc(0); !errors.Is(err, ErrUnknown) {
		t.Error("no links pass")
	}
}

// Without friction the energy of two links stays what it is: kinetic energy of two point masses and their height,
// written from their positions.
func TestEnergyOfTwoLinks(t *testing.T) {
	s, err := load(t, "pendulum-links-2").With(map[string]float64{"b": 0})
	if err != nil {
		t.Fatal(err)
	}
	const l = 0.5
	energy := func(x []float64) float64 {
		vx1, vy1 := l*math.Cos(x[0])*x[2], l*math.Sin(x[0])*x[2]
		vx2, vy2 := vx1+l*math.Cos(x[1])*x[3], vy1+l*math.Sin(x[1])*x[3]
		y1 := -l * math.Cos(x[0])
		y2 := y1 - l*math.Cos(x[1])
		return (vx1*vx1+vy1*vy1+vx2*vx2+vy2*vy2)/2 + 9.81*(y1+y2)
	}
	r, err := s.Simulate(t.Context(), []float64{2, 1, 0, -1}, system.Simulation{Until: 5, Every: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.X {
		if d := math.Abs(energy(x) - energy(r.X[0])); d > 1e-6 { // about 1e4 steps of relative error 1e-9, which do not all add up
			t.Fatalf("energy changed by %v", d)
		}
	}
}

func TestNames(t *testing.T) {
	if _, err := Load("pendulm"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "did you mean pendulum") {
		t.Errorf("misspelt: %v", err)
	}
	for _, bad := range []string{"", "../systems", "pendulum-links-", "pendulum-links-99", "pendulum.yaml", "zzz"} {
		if _, err := Load(bad); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if s, err := Open("plant:pendulum-links-3"); err != nil || len(s.States()) != 6 {
		t.Errorf("three links: %v", err)
	}
	text, err := Text("pendulum")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path); err != nil || s.Name() != "pendulum" {
		t.Errorf("from a file: %v", err)
	}
}
