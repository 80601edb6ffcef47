package expr

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/interval"
)

// slack is what the floats of the comparison may be off by, relative to the sizes in them; the enclosures themselves have
// no slack (package interval tests them against high precision).
const slack = 1e-9

func within(x interval.I, v, size float64) bool {
	return x.Lo <= v+slack*(1+size) && v-slack*(1+size) <= x.Hi
}

func drawBox(r *rand.Rand, n int) []interval.I {
	b := make([]interval.I, n)
	for i := range b {
		c, w := 4*r.Float64()-2, math.Pow(10, -4*r.Float64())
		switch b[i] = interval.Of(c-w, c+w); r.IntN(5) {
		case 0:
			b[i] = interval.Point(c)
		case 1:
			b[i] = interval.Of(0, c)
		}
	}
	return b
}

func drawPoint(r *rand.Rand, b []interval.I) []float64 {
	x := make([]float64, len(b))
	for i := range x {
		switch r.IntN(4) {
		case 0:
			x[i] = b[i].Lo
		case 1:
			x[i] = b[i].Hi
		default:
			x[i] = min(max(b[i].Lo+(b[i].Hi-b[i].Lo)*r.Float64(), b[i].Lo), b[i].Hi)
		}
	}
	return x
}

func points(x []float64) []interval.I {
	b := make([]interval.I, len(x))
	for i, v := range x {
		b[i] = interval.Point(v)
	}
	return b
}

func TestEnclosuresContainValuesAndJacobians(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	used := 0
	for range 3000 {
		e := random(r, 5, false)
		p, err := Compile([]*Expr{e}, []string{"x", "y", "z"})
		if err != nil {
			t.Fatal(err)
		}
		box := drawBox(r, 3)
		f, jac := make([]interval.I, 1), make([]interval.I, 3)
		p.Enclose(f, box)
		p.EncloseJacobian(jac, box)
		for range 4 {
			x := drawPoint(r, box)
			d := make([]float64, 3)
			p.Jacobian(d, x)
			v := at(p, x...)
			if v != v || math.Abs(v) > 1e6 || mag(d) > 1e6 {
				continue
			}
			used++
			if !f[0].IsUndefined() && !within(f[0], v, math.Abs(v)) {
				t.Fatalf("%s at %v is %v, outside %v over %v", e, x, v, f[0], box)
			}
			for j := range d {
				if !jac[j].IsUndefined() && !within(jac[j], d[j], mag(d)) {
					t.Fatalf("derivative %d of %s at %v is %v, outside %v over %v", j, e, x, d[j], jac[j], box)
				}
			}
		}
	}
	if used < 6000 {
		t.Fatalf("only %d points were of ordinary size", used)
	}
}

// The defining property of a slope: f(x) - f(c) is in S (x - c), one variable at a time and together.
func TestSlopesContainDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 3))
	used := 0
	for k := range 6000 {
		e := random(r, 1+k%5, false)
		p, err := Compile([]*Expr{e}, []string{"x", "y", "z"})
		if err != nil {
			t.Fatal(err)
		}
		box, centre := drawBox(r, 3), drawBox(r, 3) // a centre known to lie in a box
		c := drawPoint(r, centre)
		switch k % 3 {
		case 0:
			c = []float64{0, 0, 0}
			centre = points(c)
		case 1:
			centre = points(c)
		}
		s := make([]interval.I, 3)
		p.EncloseSlope(s, box, centre)
		for range 6 {
			x := drawPoint(r, box)
			fx, fc := at(p, x...), at(p, c...)
			if fx != fx || fc != fc || math.Abs(fx)+math.Abs(fc) > 1e5 {
				continue
			}
			var sum interval.I
			size := math.Abs(fx) + math.Abs(fc)
			for j := range x {
				sum = sum.Add(s[j].Mul(interval.Point(x[j]).Sub(interval.Point(c[j]))))
			}
			if sum.IsUndefined() {
				continue
			}
			used++
			if !within(sum, fx-fc, size) {
				t.Fatalf("%s: f(%v) - f(%v) = %v, outside %v; slopes %v over %v", e, x, c, fx-fc, sum, s, box)
			}
		}
	}
	if used < 20_000 {
		t.Fatalf("only %d points were of ordinary size", used)
	}
}

// Each function by itself, about zero and elsewhere: the slope over a box contains the difference quotients of points in
// it, and is no wider than the range of the quotients where the function is convex, concave or odd about the centre.
func TestSlopesOfFunctions(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 3))
	for _, c := range []struct {
		text   string
		lo, hi float64
	}{
		{"sin(x)", -6, 6}, {"cos(x)", -6, 6}, {"tanh(x)", -4, 4}, {"atan(x)", -4, 4}, {"exp(x)", -3, 3}, {"log(x)", 0.1, 5}, {"sqrt(x)", 0, 5},
		{"sinh(x)", -3, 3}, {"cosh(x)", -3, 3}, {"tan(x)", -1.5, 1.5}, {"asin(x)", -1, 1}, {"acos(x)", -1, 1}, {"abs(x)", -2, 2}, {"x^2", -3, 3}, {"x^3", -3, 3},
		{"x^4", -3, 3}, {"x^7", -2, 2}, {"x^-1", 0.1, 4}, {"x^-3", -4, -0.1}, {"x^0.5", 0.01, 4}, {"x^1.5", 0, 4}, {"x^-0.5", 0.1, 4}, {"x*x", -3, 3}, {"1/x", 0.2, 3},
		{"min(x, 0.5)", -2, 2}, {"max(x, 0.5)", -2, 2}, {"tan(x)", 1.6, 4.7}, {"x^pi", 0.1, 2},
	} {
		p := compile(t, "x", c.text)
		draw := func() float64 { return c.lo + (c.hi-c.lo)*r.Float64() }
		for k := range 400 {
			centre := draw()
			if k%3 == 0 && c.lo <= 0 && c.hi >= 0 && c.text != "x^-0.5" {
				centre = 0
			}
			box := interval.Of(draw(), draw())
			if k%4 == 1 {
				box = interval.Of(centre, draw())
			}
			s := make([]interval.I, 1)
			p.EncloseSlope(s, []interval.I{box}, []interval.I{interval.Point(centre)})
			seen := interval.I{Lo: math.Inf(1), Hi: math.Inf(-1)}
			if box.Contains(centre) { // the limit
				seen = interval.Point((at(p, centre+differenceStep) - at(p, centre-differenceStep)) / (2 * differenceStep))
			}
			for i := range 41 {
				x := min(box.Lo+(box.Hi-box.Lo)*float64(i)/40, box.Hi)
				if math.Abs(x-centre) < 1e-6 {
					continue
				}
				q := (at(p, x) - at(p, centre)) / (x - centre)
				seen = seen.Hull(interval.Point(q))
				if !s[0].IsUndefined() && !within(s[0], q, math.Abs(q)*1e3) {
					t.Fatalf("%s: quotient %v between %v and %v, outside %v over %v", c.text, q, x, centre, s[0], box)
				}
			}
			if c.text == "sin(x)" && centre == 0 && box.Mag() < sincFalls || c.text == "tanh(x)" && centre == 0 || c.text == "exp(x)" || c.text == "x^3" && centre == 0 {
				if extra := s[0].Width() - seen.Width(); extra > 0.01*(1+seen.Mag()) {
					t.Errorf("%s about %v over %v: slope %v, quotients %v", c.text, centre, box, s[0], seen)
				}
			}
		}
	}
}

// A slope sees through the dependence that makes the Jacobian over the hull wide: sin(x)/x over [2, 2.2] about 0.
func TestSlopeIsTighterThanTheJacobian(t *testing.T) {
	p := compile(t, "x", "sin(x)")
	s, j := make([]interval.I, 1), make([]interval.I, 1)
	p.EncloseSlope(s, []interval.I{{Lo: 2, Hi: 2.2}}, []interval.I{{}})
	p.EncloseJacobian(j, []interval.I{{Lo: 0, Hi: 2.2}})
	if want := interval.Of(math.Sin(2.2)/2.2, math.Sin(2)/2); !within(s[0], want.Lo, 1) || s[0].Width() > want.Width()+1e-12 {
		t.Errorf("slope %v, want %v", s[0], want)
	}
	if j[0].Width() < 10*s[0].Width() {
		t.Errorf("Jacobian %v is not wider than the slope %v", j[0], s[0])
	}
}

// Where a function is undefined for some points of the box nothing is bounded.
func TestUndefinedBoxes(t *testing.T) {
	for _, text := range []string{"log(x)", "sqrt(x)", "1/x", "asin(2*x)", "tan(x*2)", "x^0.5", "0*log(x)", "sin(1/x)", "min(1/x, -1)", "x^-2"} {
		p := compile(t, "x", text)
		f, s := make([]interval.I, 1), make([]interval.I, 1)
		p.Enclose(f, []interval.I{{Lo: -1, Hi: 1}})
		if !f[0].IsUndefined() {
			t.Errorf("%s over [-1, 1] is %v", text, f[0])
		}
		for _, c := range []float64{0.3, -0.3, 0} {
			p.EncloseSlope(s, []interval.I{{Lo: -1, Hi: 1}}, []interval.I{interval.Point(c)})
			if !s[0].IsUndefined() {
				t.Errorf("slope of %s over [-1, 1] about %v is %v", text, c, s[0])
			}
		}
	}
}

// Constants keep their rounding: 1/10 + 2/10 is enclosed, not folded to one float64, and pi holds the number.
func TestConstantsAreEnclosed(t *testing.T) {
	p := compile(t, "x", "x + (1/10 + 2/10)", "pi + x", "3 + x")
	f := make([]interval.I, 3)
	p.Enclose(f, []interval.I{{}})
	if f[0].IsPoint() || !f[0].Contains(0.3) || f[0].Width() > 1e-15 {
		t.Errorf("3/10 in %v", f[0])
	}
	if f[1].IsPoint() || f[1].Lo != math.Pi {
		t.Errorf("pi in %v", f[1])
	}
	// A rounded constant does not become the literal of the same float64.
	q := compile(t, "x", "0.3333333333333333*x + 1/3")
	if q.Enclose(f[:1], []interval.I{{}}); f[0].IsPoint() {
		t.Errorf("1/3 in %v", f[0])
	}
	if f[2] != interval.Point(3) {
		t.Errorf("3 in %v", f[2])
	}
}
