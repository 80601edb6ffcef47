package stability

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/rng"
)

// The bound of d'Sd lies below every sampled value, for indefinite S and boxes anywhere; for a definite S without width it is
// close to the least one.
func TestFallIsALowerBound(t *testing.T) {
	r := rng.Stream(3, "fall")
	tight := 0
	for k := range 400 {
		n := 1 + k%4
		q := &quadratic{n: n, sym: make([]interval.I, n*n)}
		wide := []float64{0, 0.01, 0.3}[k%3]
		for i := range n {
			for j := i; j < n; j++ {
				m := r.NormFloat64()
				if i == j && k%2 == 0 {
					m += 3
				}
				v := interval.Of(m-wide*r.Float64(), m+wide*r.Float64())
				q.sym[i*n+j], q.sym[j*n+i] = v, v
			}
		}
		d := make([]interval.I, n)
		for i := range d {
			c := 2 * r.NormFloat64()
			d[i] = interval.Of(c-0.5*r.Float64(), c+0.5*r.Float64())
		}
		bound, least := q.fall(d), math.Inf(1)
		x := make([]float64, n)
		for range 2000 {
			for i, v := range d {
				u := r.Float64()
				x[i] = v.Lo + math.Round(u*4)/4*(v.Hi-v.Lo) // corners and faces too
			}
			s := 0.0
			for i := range n {
				for j := i; j < n; j++ {
					v := q.sym[i*n+j]
					e := v.Lo
					if r.Float64() < 0.5 {
						e = v.Hi
					}
					if j > i {
						e *= 2
					}
					s += e * x[i] * x[j]
				}
			}
			least = min(least, s)
		}
		const rounding = 1e-12 // of the sampled sums, whose terms are of order ten
		if bound > least+rounding {
			t.Fatalf("case %d: bound %v above the value %v", k, bound, least)
		}
		if wide == 0 && least-bound < 0.1*math.Abs(least)+0.1 {
			tight++
		}
	}
	if tight < 60 { // of 134 without width
		t.Errorf("the bound is close to the least value in %d cases alone", tight)
	}
}

// What the rehearsal says: it gets through below the first failure, for the pendulum, and not above it.
func TestRehearse(t *testing.T) {
	f := hanging(9.81, 0.5)
	p, err := Lyapunov(mat.NewDense(2, 2, []float64{0, 1, -9.81, -0.5}), nil, Continuous)
	if err != nil {
		t.Fatal(err)
	}
	const first = 6.42140
	for _, c := range []struct {
		level float64
		most  int
		want  bool
	}{{0.99 * first, 20_000, true}, {1.01 * first, 20_000, false}, {0.99 * first, 10, false}} {
		half, err := Hull(p, c.level)
		if err != nil {
			t.Fatal(err)
		}
		boxes, ok, err := Rehearse(f, []float64{0, 0}, p, c.level, half, c.most)
		if err != nil {
			t.Fatal(err)
		}
		if ok != c.want || boxes > c.most+2 {
			t.Errorf("level %v within %d boxes: %v with %d, want %v", c.level, c.most, ok, boxes, c.want)
		}
	}
	if _, _, err := Rehearse(f, []float64{0}, p, 1, []float64{1, 1}, 10); err == nil {
		t.Error("a point of the wrong size passes")
	}
}

// Operations decide what is linear and what is odd; a doubt counts as no.
func TestAffineAndOdd(t *testing.T) {
	for _, c := range []struct {
		text        string
		affine, odd bool
	}{
		{"2*x - v/3", true, true}, {"x + 1", true, false}, {"sin(1)*x + v*cos(2)^2", true, true}, {"x*v", false, false}, {"x^3 + sin(v)*cos(x)", false, true},
		{"x*abs(v) + tanh(x)/(1 + v^2)", false, true}, {"exp(x) - exp(v)", false, false}, {"x*exp(-v^2)", false, true}, {"x^2", false, false}, {"max(x, v)", false, false},
	} {
		f := field(t, Continuous, []string{"x", "v"}, c.text, "v")
		if f.Affine() != c.affine || f.Odd() != c.odd {
			t.Errorf("%s: affine %v, odd %v; want %v, %v", c.text, f.Affine(), f.Odd(), c.affine, c.odd)
		}
	}
}
