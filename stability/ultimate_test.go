package stability

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/rng"
)

// Scalar and diagonal systems have limsup |s| = B/(1 - |a|), and every bound is that number.
func TestUltimateScalar(t *testing.T) {
	const a, b = -0.8, 0.3
	u, err := Ultimate(dense(1, a), b)
	if err != nil {
		t.Fatal(err)
	}
	want := b / (1 - 0.8)
	const tol = 1e-7 // of the searched parameters; the sums are exact to 1e-11
	for name, v := range map[string]float64{"lecture": u.Lecture, "metric": u.BestMetric, "ellipsoid": u.Ellipsoid, "sum": u.Sum, "component": u.Components[0], "box": u.Box[0], "reached": u.Reached} {
		if math.Abs(v-want) > tol*want {
			t.Errorf("%s: %.9g, want %.9g", name, v, want)
		}
	}
}

// No bound is below what a simulated disturbance reaches, and the sharper ones are not above the lecture's.
func TestUltimateBoundsHold(t *testing.T) {
	r := rng.Stream(3, "ultimate")
	for k := range 60 {
		n := 1 + k%4
		a := mat.NewDense(n, n, nil)
		for i := range n {
			for j := range n {
				a.Set(i, j, r.NormFloat64())
			}
		}
		l, err := Classify(a, Discrete)
		if err != nil {
			t.Fatal(err)
		}
		a.Scale(0.9*r.Float64()/l.Growth, a)
		const b = 2
		u, err := Ultimate(a, b)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := Worst(n, flat(a), b)
		norm, largest := simulate(a, v, b)
		const rounding = 1e-9
		if math.Abs(norm-u.Reached) > 1e-6*norm {
			t.Errorf("simulated %.9g, Worst says %.9g", norm, u.Reached)
		}
		for name, bound := range map[string]float64{"lecture": u.Lecture, "metric": u.BestMetric, "ellipsoid": u.Ellipsoid, "sum": u.Sum} {
			if bound < norm*(1-rounding) {
				t.Errorf("%s: %.9g is below the simulated %.9g for %v", name, bound, norm, mat.Formatted(a))
			}
		}
		for i, c := range u.Components {
			if c < largest[i]*(1-rounding) || u.Box[i] < c*(1-rounding) {
				t.Errorf("component %d: %.9g, box %.9g, simulated %.9g", i, c, u.Box[i], largest[i])
			}
		}
		if u.BestMetric > u.Lecture*(1+rounding) {
			t.Errorf("the best metric gives %.9g, the lecture's %.9g", u.BestMetric, u.Lecture)
		}
	}
}

// simulate drives s from 0 by w(T-k) = b (A^k)'v/|(A^k)'v| and returns the last norm and the largest components.
func simulate(a *mat.Dense, v []float64, b float64) (norm float64, largest []float64) {
	n := len(v)
	var w []*mat.VecDense
	for x := mat.NewVecDense(n, append([]float64(nil), v...)); len(w) < 3000; {
		y := mat.NewVecDense(n, nil)
		if l := mat.Norm(x, 2); l > 1e-14 {
			y.ScaleVec(b/l, x)
		}
		w = append(w, y)
		next := mat.NewVecDense(n, nil)
		next.MulVec(a.T(), x)
		x = next
	}
	s, largest := mat.NewVecDense(n, nil), make([]float64, n)
	for k := len(w) - 1; k >= 0; k-- {
		next := mat.NewVecDense(n, nil)
		next.MulVec(a, s)
		next.AddVec(next, w[k])
		s = next
		for i := range largest {
			largest[i] = max(largest[i], math.Abs(s.AtVec(i)))
		}
	}
	return mat.Norm(s, 2), largest
}

func TestUltimateRefusesUnstable(t *testing.T) {
	if _, err := Ultimate(dense(2, 1, 0, 0, 0.5), 1); !errors.Is(err, ErrNotStable) {
		t.Errorf("marginal system: %v, want ErrNotStable", err)
	}
	if _, err := Ultimate(dense(1, 0.5), math.Inf(1)); err == nil {
		t.Error("an unbounded disturbance was accepted")
	}
}

func ExampleUltimate() {
	u, _ := Ultimate(mat.NewDense(2, 2, []float64{0.5, 0.4, 0, 0.6}), 1)
	fmt.Printf("lecture %.2f, best metric %.2f, ellipsoid %.2f, sum %.2f, reached %.2f\n", u.Lecture, u.BestMetric, u.Ellipsoid, u.Sum, u.Reached)
	// Output:
	// lecture 5.72, best metric 5.72, ellipsoid 3.71, sum 3.70, reached 3.68
}
