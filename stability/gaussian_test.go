package stability

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/rng"
)

func TestGaussianScalar(t *testing.T) {
	const a, m, v, m0, v0 = 0.7, 0.4, 0.09, -1, 0.25
	g := &Gaussian{A: dense(1, a), Mean: []float64{m}, Cov: mat.NewSymDense(1, []float64{v}), Mean0: []float64{m0}, Cov0: mat.NewSymDense(1, []float64{v0})}
	const tol = 1e-14 // a few roundings of numbers near one
	for _, n := range []int{0, 1, 5, 40} {
		mean, cov, err := g.At(n)
		if err != nil {
			t.Fatal(err)
		}
		p := math.Pow(a, float64(n))
		wantMean := p*m0 + m*(1-p)/(1-a)
		wantVar := p*p*v0 + v*(1-p*p)/(1-a*a)
		if math.Abs(mean[0]-wantMean) > tol || math.Abs(cov.At(0, 0)-wantVar) > tol {
			t.Errorf("t = %d: N(%v, %v), want N(%v, %v)", n, mean[0], cov.At(0, 0), wantMean, wantVar)
		}
	}
	mean, cov, err := g.Stationary()
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(mean[0]-m/(1-a)) > tol || math.Abs(cov.At(0, 0)-v/(1-a*a)) > tol {
		t.Errorf("stationary N(%v, %v)", mean[0], cov.At(0, 0))
	}
}

// Sample moments of simulated trajectories lie within five standard errors of the computed ones.
func TestGaussianMonteCarlo(t *testing.T) {
	a := dense(2, 0.8, 0.3, -0.2, 0.6)
	c := mat.NewDense(1, 2, []float64{1, -2})
	cov := mat.NewSymDense(2, []float64{0.5, 0.2, 0.2, 0.3}) // = L L' with L = [a 0; b c]
	l := []float64{math.Sqrt(0.5), 0.2 / math.Sqrt(0.5), math.Sqrt(0.3 - 0.04/0.5)}
	mean := []float64{0.1, -0.3}
	g := &Gaussian{A: a, C: c, Mean: mean, Cov: cov, Mean0: []float64{2, 1}}
	const horizon, runs = 6, 40000
	wantMean, wantCov, err := g.At(horizon)
	if err != nil {
		t.Fatal(err)
	}
	r := rng.Stream(4, "monte carlo")
	var sum, square float64
	for range runs {
		x, y := 2.0, 1.0
		for range horizon {
			e, f := r.NormFloat64(), r.NormFloat64()
			x, y = 0.8*x+0.3*y+mean[0]+l[0]*e, -0.2*x+0.6*y+mean[1]+l[1]*e+l[2]*f
		}
		v := x - 2*y
		sum += v
		square += v * v
	}
	m := sum / runs
	v := square/runs - m*m
	want := wantCov.At(0, 0)
	if e := 5 * math.Sqrt(want/runs); math.Abs(m-wantMean[0]) > e {
		t.Errorf("sample mean %.4f, computed %.4f, five standard errors %.4f", m, wantMean[0], e)
	}
	if e := 5 * want * math.Sqrt(2.0/runs); math.Abs(v-want) > e {
		t.Errorf("sample variance %.4f, computed %.4f, five standard errors %.4f", v, want, e)
	}
}

func TestGaussianRefuses(t *testing.T) {
	g := &Gaussian{A: dense(1, 1), Mean: []float64{0}, Cov: mat.NewSymDense(1, []float64{1})}
	if _, _, err := g.Stationary(); !errors.Is(err, ErrNotStable) {
		t.Errorf("random walk: %v, want ErrNotStable", err)
	}
	g.Mean = nil
	if _, _, err := g.At(1); !errors.Is(err, ErrShape) {
		t.Errorf("no mean: %v, want ErrShape", err)
	}
}
