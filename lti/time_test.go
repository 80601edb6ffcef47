package lti

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func secondOrder(t *testing.T, w, z, k float64) *SS {
	t.Helper()
	f, err := NewTF([]float64{k * w * w}, []float64{1, 2 * z * w, w * w}, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.SS()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestStepClosedForm(t *testing.T) {
	const w, z, k = 3.0, 0.25, 2.0
	g := secondOrder(t, w, z, k)
	r, err := Step(g, nil)
	if err != nil {
		t.Fatal(err)
	}
	wd, s := w*math.Sqrt(1-z*z), z*w
	for i, tt := range r.T {
		want := k * (1 - math.Exp(-s*tt)*(math.Cos(wd*tt)+s/wd*math.Sin(wd*tt)))
		if math.Abs(r.Y[0][0][i]-want) > 1e-12*k {
			t.Fatalf("step at %g: %v, want %v", tt, r.Y[0][0][i], want)
		}
	}
	p, err := Impulse(g, r.T)
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range p.T {
		want := k * w * w / wd * math.Exp(-s*tt) * math.Sin(wd*tt)
		if math.Abs(p.Y[0][0][i]-want) > 1e-12*k*w {
			t.Fatalf("impulse at %g: %v, want %v", tt, p.Y[0][0][i], want)
		}
	}
	m, err := StepInfo(g, r)
	if err != nil {
		t.Fatal(err)
	}
	overshoot := 100 * math.Exp(-math.Pi*z/math.Sqrt(1-z*z))
	if math.Abs(m[0][0].Overshoot-overshoot) > 0.1 || math.Abs(m[0][0].PeakTime-math.Pi/wd) > r.T[1] || math.Abs(m[0][0].Final-k) > 1e-13 {
		t.Errorf("%+v, want overshoot %g at %g", m[0][0], overshoot, math.Pi/wd)
	}
	// First-order lag: rise time ln 9, settling time ln 50.
	lag, err := NewSS(mat.NewDense(1, 1, []float64{-1}), identity(1), identity(1), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = Step(lag, nil); err != nil {
		t.Fatal(err)
	}
	if m, err = StepInfo(lag, r); err != nil {
		t.Fatal(err)
	}
	if math.Abs(m[0][0].Rise-math.Log(9)) > 1e-3 || math.Abs(m[0][0].Settling-math.Log(50)) > 1e-3 {
		t.Errorf("%+v", m[0][0])
	}
}

// TestDiscreteAgreesWithContinuous: a held input gives the same samples through C2D, and the impulse response is the
// step response's difference.
func TestDiscreteAgreesWithContinuous(t *testing.T) {
	g := randStable(50, 4, 2, 2, 0, 0.3)
	d, err := C2D(g, 0.1, ZOH, 0)
	if err != nil {
		t.Fatal(err)
	}
	times := make([]float64, 50)
	u := mat.NewDense(50, 2, nil)
	for k := range times {
		times[k] = 0.1 * float64(k)
		u.Set(k, 0, math.Sin(float64(k)))
		u.Set(k, 1, float64(k%7))
	}
	x0 := []float64{1, -1, 2, 0}
	a, err := LSim(g, u, times, x0, HeldInput)
	if err != nil {
		t.Fatal(err)
	}
	b, err := LSim(d, u, times, x0, HeldInput)
	if err != nil {
		t.Fatal(err)
	}
	if e := frob(sub(a.Y, b.Y)); e > 1e-11*frob(a.Y) {
		t.Errorf("trajectories differ by %g", e)
	}
	s, err := Step(d, times)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Impulse(d, times)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for k := range times {
		sum += p.Y[1][0][k] * d.Ts
		if math.Abs(sum-s.Y[1][0][k]) > 1e-12*(1+math.Abs(sum)) {
			t.Fatalf("sum of impulses at %d: %g, step %g", k, sum, s.Y[1][0][k])
		}
	}
	free, err := Initial(g, x0, times)
	if err != nil {
		t.Fatal(err)
	}
	var f mat.Dense
	f.Exp(scale(times[49], g.A))
	want := mul(&f, mat.NewDense(4, 1, x0))
	for i := range 4 {
		if math.Abs(free.X.At(49, i)-want.At(i, 0)) > 1e-12*frob(want) {
			t.Errorf("state %d: %g, want %g", i, free.X.At(49, i), want.At(i, 0))
		}
	}
	// Ramp with linear input on an integrator: exactly t^2/2.
	in, err := NewSS(mat.NewDense(1, 1, nil), identity(1), identity(1), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ramp := mat.NewDense(50, 1, times)
	r, err := LSim(in, ramp, times, nil, LinearInput)
	if err != nil {
		t.Fatal(err)
	}
	if y := r.Y.At(49, 0); math.Abs(y-times[49]*times[49]/2) > 1e-12 {
		t.Errorf("ramp: %v", y)
	}
}

func TestSimulationRefused(t *testing.T) {
	g := secondOrder(t, 1, 0.5, 1)
	if _, err := Step(g, []float64{0, 1, 3}); !errors.Is(err, ErrTime) {
		t.Error(err)
	}
	if _, err := Step(g, []float64{0}); !errors.Is(err, ErrTime) {
		t.Error(err)
	}
	d, err := C2D(g, 0.1, ZOH, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Step(d, []float64{0, 0.2, 0.4}); !errors.Is(err, ErrTime) {
		t.Error(err)
	}
	if _, err := LSim(g, mat.NewDense(3, 2, nil), []float64{0, 1, 2}, nil, HeldInput); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Initial(g, []float64{1}, []float64{0, 1}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	bad := secondOrder(t, 1, -0.1, 1)
	r, err := Step(bad, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := StepInfo(bad, r); !errors.Is(err, ErrUnstable) {
		t.Error(err)
	}
}

// TestTimeGrid: every kind of system gets a finite, rising grid of bounded size.
func TestTimeGrid(t *testing.T) {
	static, err := Gain(identity(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewSS(mat.NewDense(2, 2, []float64{0, 1, 0, 0}), mat.NewDense(2, 1, []float64{0, 1}), mat.NewDense(1, 2, []float64{1, 0}), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := NewSS(mat.NewDense(1, 1, nil), identity(1), identity(1), nil, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range []*SS{static, in, dead, secondOrder(t, 1e6, 1e-6, 1), secondOrder(t, 2, 0, 1), secondOrder(t, 1, -0.2, 1), secondOrder(t, 1, 1e5, 1)} {
		grid, err := TimeGrid(g)
		if err != nil {
			t.Fatal(i, err)
		}
		if n := len(grid); n < 10 || n > 5001 || grid[0] != 0 || !(grid[n-1] > 0) || math.IsInf(grid[n-1], 0) {
			t.Errorf("system %d: %d points to %g", i, n, grid[n-1])
		}
		if _, err := Step(g, grid); err != nil {
			t.Errorf("system %d: %v", i, err)
		}
	}
}
