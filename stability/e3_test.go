package stability

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
)

// quartic is dx/dt = s (U - 1) dU/dx with U = 100 x^4 - 384 x^2 y^2 + 400 y^4, test E3: U = (x'A1'A1x)(x'A2'A2x),
// A1 = [1 2; 3 4], A2 = A1 diag(-1, 1). With V = x'x, W = 8 s U (U - 1), and U <= 400 V^2 with equality at x = 0, so the
// decrease holds exactly on {V < 1/20}. The Jacobian at the origin is zero.
type quartic struct {
	handField
	scale float64
}

func newQuartic(scale float64) *quartic {
	q := &quartic{scale: scale}
	q.n = 2
	q.f = func(d, x []float64) {
		a, b := x[0]*x[0], x[1]*x[1]
		u := 100*a*a - 384*a*b + 400*b*b - 1
		d[0], d[1] = scale*u*x[0]*(400*a-768*b), scale*u*x[1]*(1600*b-768*a)
	}
	q.box = func(d, x []interval.I) {
		u, g := q.parts(x)
		for i := range d {
			d[i] = u.Sub(num(1)).Mul(g[i]).Scale(scale)
		}
	}
	q.jac = func(d, x []interval.I) {
		u, g := q.parts(x)
		a, b := x[0].Sqr(), x[1].Sqr()
		h := []interval.I{a.Scale(1200).Sub(b.Scale(768)), x[0].Mul(x[1]).Scale(-1536), {}, b.Scale(4800).Sub(a.Scale(768))}
		h[2] = h[1]
		for i := range 2 {
			for j := range 2 {
				d[2*i+j] = g[i].Mul(g[j]).Add(u.Sub(num(1)).Mul(h[2*i+j])).Scale(scale)
			}
		}
	}
	return q
}

func (q *quartic) parts(x []interval.I) (u interval.I, g [2]interval.I) {
	a, b := x[0].Sqr(), x[1].Sqr()
	u = a.Sqr().Scale(100).Sub(a.Mul(b).Scale(384)).Add(b.Sqr().Scale(400))
	return u, [2]interval.I{x[0].Mul(a.Scale(400).Sub(b.Scale(768))), x[1].Mul(b.Scale(1600).Sub(a.Scale(768)))}
}

func (q *quartic) EncloseSeries(x, u []interval.I, order int) ([][]interval.I, bool) {
	c := func(v float64) series { return constant(num(v), order) }
	line := func(i int) series {
		s := constant(x[i], order)
		if order > 0 {
			s[1] = u[i]
		}
		return s
	}
	xs, ys := line(0), line(1)
	a, b := xs.mul(xs), ys.mul(ys)
	un := c(100).mul(a.mul(a)).sub(c(384).mul(a.mul(b))).add(c(400).mul(b.mul(b))).sub(c(1))
	return [][]interval.I{
		c(q.scale).mul(un).mul(xs.mul(c(400).mul(a).sub(c(768).mul(b)))),
		c(q.scale).mul(un).mul(ys.mul(c(1600).mul(b).sub(c(768).mul(a)))),
	}, true
}

func TestE3(t *testing.T) {
	for _, scale := range []float64{1, 1e8, 1e-8} {
		for _, v := range []float64{1, 1e8, 1e-8} {
			f, p := newQuartic(scale), mat.NewSymDense(2, []float64{v, 0, 0, v})
			at := func(level float64) *LevelResult {
				r, err := CheckLevel(f, []float64{0, 0}, level*v, RegionOptions{P: p})
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			if r := at(0.0499); !r.Proved {
				t.Errorf("field times %g, V times %g: level 0.0499 is not proved: %s", scale, v, r.Why)
			} else if scale == 1 && v == 1 {
				t.Logf("0.0499: %d boxes", r.Boxes)
			}
			r := at(0.0500001)
			if r.Proved || r.Counter == nil {
				t.Errorf("field times %g, V times %g: level 0.0500001: %+v, want a counterexample", scale, v, r)
			} else if math.Abs(r.Counter[0]) > 1e-3 || math.Abs(math.Abs(r.Counter[1])-math.Sqrt(0.05)) > 1e-5 {
				t.Errorf("counterexample %v, want (0, +-%.6f)", r.Counter, math.Sqrt(0.05))
			}
		}
	}
	r, err := Region(newQuartic(1), []float64{0, 0}, RegionOptions{P: mat.NewSymDense(2, []float64{1, 0, 0, 1})})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("region: proved %.6f, falsified %.7f, %d boxes: %s", r.Proved, r.Falsified, r.Boxes, r.Why)
	if r.Proved < 0.0499 || r.Proved >= 0.05 || r.Falsified < 0.05 {
		t.Errorf("region %.6f, falsified %.9f, want either side of 1/20", r.Proved, r.Falsified)
	}
}

// The same system as expressions, with U expanded: the compiled program and its series give the same answers.
func TestE3AsExpressions(t *testing.T) {
	const u = "(100*x^4 - 384*x^2*y^2 + 400*y^4 - 1)"
	f := field(t, Continuous, []string{"x", "y"}, u+"*(400*x^3 - 768*x*y^2)", u+"*(1600*y^3 - 768*x^2*y)")
	p := mat.NewSymDense(2, []float64{1, 0, 0, 1})
	for level, want := range map[float64]bool{0.0499: true, 0.0500001: false} {
		r, err := CheckLevel(f, []float64{0, 0}, level, RegionOptions{P: p})
		if err != nil {
			t.Fatal(err)
		}
		if r.Proved != want || (r.Counter == nil) != want {
			t.Errorf("level %g: %+v, want proved %v", level, r, want)
		}
	}
}
