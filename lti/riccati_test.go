package lti

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// exactRiccati is the residual in high precision, with the inverse of the weight applied there too.
func exactRiccati(discrete bool, a, b, q, r, s, x *mat.Dense) float64 {
	ba, bb, bx := toBig(a), toBig(b), toBig(x)
	f := bx.mul(bb)
	w := toBig(r)
	out := ba.t().mul(bx)
	if discrete {
		f = ba.t().mul(f)
		w = w.plus(1, bb.t().mul(bx).mul(bb))
		out = out.mul(ba).plus(-1, bx)
	} else {
		out = out.plus(1, bx.mul(ba))
	}
	f = f.plus(1, toBig(s))
	return out.plus(1, toBig(q)).plus(-1, f.mul(w.solve(f.t()))).norm()
}

func TestRiccatiResidualIsBounded(t *testing.T) {
	rng := stream(4)
	for _, n := range []int{1, 2, 3, 5, 9, 16, 30} {
		for _, discrete := range []bool{false, true} {
			m := 1 + n/3
			a, b, q := randA(rng, n), randn(rng, n, m), randPSD(rng, n)
			r := add(randPSD(rng, m), identity(m))
			s := scale(0.1, randn(rng, n, m))
			f := CARE
			if discrete {
				f = DARE
			}
			x, err := f(a, b, q, r, s)
			if err != nil {
				t.Fatalf("order %d, discrete %v: %v", n, discrete, err)
			}
			if exact := exactRiccati(discrete, a, b, q, r, s, x.X); exact > x.Residual {
				t.Errorf("order %d, discrete %v: residual %g is above its bound %g", n, discrete, exact, x.Residual)
			}
			const small = 1e-12 // n eps with the constant of the bound of rounding
			if x.Relative > small {
				t.Errorf("order %d, discrete %v: relative residual %g", n, discrete, x.Relative)
			}
			if closed := sub(a, mul(b, x.K)); !bigStable(closed, discrete) {
				t.Errorf("order %d, discrete %v: A - BK is not stable", n, discrete)
			}
		}
	}
}

func TestRiccatiClosedForms(t *testing.T) {
	near := func(name string, got *mat.Dense, want ...float64) {
		t.Helper()
		_, c := got.Dims()
		for i, w := range want {
			if g := got.At(i/c, i%c); math.Abs(g-w) > 1e-14*max(1, math.Abs(w)) { // some eps
				t.Errorf("%s: element %d is %v, want %v", name, i, g, w)
			}
		}
	}
	// Double integrator with unit weights: K = [1 sqrt 3].
	x, err := CARE(mat.NewDense(2, 2, []float64{0, 1, 0, 0}), mat.NewDense(2, 1, []float64{0, 1}), identity(2), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r3 := math.Sqrt(3)
	near("double integrator K", x.K, 1, r3)
	near("double integrator X", x.X, r3, 1, 1, r3)
	// Scalar a = b = q = r = 1: the golden ratio in discrete time, 1 + sqrt 2 in continuous time.
	one := identity(1)
	if x, err = DARE(one, one, one, one, nil); err != nil {
		t.Fatal(err)
	}
	near("scalar DARE", x.X, (1+math.Sqrt(5))/2)
	if x, err = CARE(one, one, one, one, nil); err != nil {
		t.Fatal(err)
	}
	near("scalar CARE", x.X, 1+math.Sqrt2)
	// Unstable mode without cost: X = 2a in continuous time; in discrete time the closed loop is 1/a, x = (a^2 - 1).
	if x, err = CARE(one, one, mat.NewDense(1, 1, nil), one, nil); err != nil {
		t.Fatal(err)
	}
	near("minimum energy", x.X, 2)
	two := scale(2, one)
	if x, err = DARE(two, one, mat.NewDense(1, 1, nil), one, nil); err != nil {
		t.Fatal(err)
	}
	near("minimum energy, discrete", x.X, 3)
	// Deadbeat: no cost of the input, R = 0, and A singular.
	x, err = DARE(mat.NewDense(2, 2, []float64{0, 1, 0, 0}), mat.NewDense(2, 1, []float64{0, 1}), identity(2), mat.NewDense(1, 1, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	near("deadbeat X", x.X, 1, 0, 0, 2)
	near("deadbeat K", x.K, 0, 0)
	// H-infinity form: indefinite R = -1. a = -2, b = 1, q = 1: -4x + x^2 + 1 = 0, stabilising x = 2 - sqrt 3.
	if x, err = CARE(scale(-2, one), one, one, scale(-1, one), nil); err != nil {
		t.Fatal(err)
	}
	near("indefinite", x.X, 2-r3)
}

// TestRiccatiIllConditioned: E18. The residual bound holds where the data span many orders of magnitude, and the answer
// agrees with the closed form after scaling.
func TestRiccatiIllConditioned(t *testing.T) {
	for _, f := range []float64{1e-12, 1e-6, 1, 1e6, 1e12} {
		// States in units of f and 1/f: the gain must be that of the double integrator, transformed exactly.
		a := mat.NewDense(2, 2, []float64{0, f * f, 0, 0})
		b := mat.NewDense(2, 1, []float64{0, 1 / f})
		q := mat.NewDense(2, 2, []float64{1 / (f * f), 0, 0, f * f})
		x, err := CARE(a, b, q, nil, nil)
		if err != nil {
			t.Fatalf("%g: %v", f, err)
		}
		for i, w := range []float64{1 / f, math.Sqrt(3) * f} {
			if math.Abs(x.K.At(0, i)/w-1) > 1e-13 {
				t.Errorf("%g: gain %d is %v, want %v", f, i, x.K.At(0, i), w)
			}
		}
		s := mat.NewDense(2, 1, nil)
		if exact := exactRiccati(false, a, b, q, identity(1), s, x.X); exact > x.Residual {
			t.Errorf("%g: residual %g above its bound %g", f, exact, x.Residual)
		}
	}
	for _, f := range []float64{1e-10, 1e-5, 1e5, 1e10} {
		// Scalar DARE with weights f apart: x^2 b^2 + x (r - a^2 r - q b^2) - q r = 0.
		a, q, r := 1.5, f, 1/f
		x, err := DARE(mat.NewDense(1, 1, []float64{a}), identity(1), mat.NewDense(1, 1, []float64{q}), mat.NewDense(1, 1, []float64{r}), nil)
		if err != nil {
			t.Fatal(err)
		}
		h := (r - a*a*r - q) / 2
		want := q * r / (h + math.Sqrt(h*h+q*r))
		if h < 0 {
			want = -h + math.Sqrt(h*h+q*r)
		}
		if math.Abs(x.X.At(0, 0)/want-1) > 1e-12 {
			t.Errorf("f = %g: %v, want %v", f, x.X.At(0, 0), want)
		}
	}
}

// TestSymmetryIsRelative: E18. Rounding of C'QC passes at any scale, an error of a typed number at none.
func TestSymmetryIsRelative(t *testing.T) {
	a, b := mat.NewDense(2, 2, []float64{0, 1, 0, 0}), mat.NewDense(2, 1, []float64{0, 1})
	for _, f := range []float64{1e-30, 1e-8, 1, 1e8, 1e30} {
		q := mat.NewDense(2, 2, []float64{2 * f, f * (1 + 8*eps), f, 2 * f})
		if _, err := CARE(a, b, q, nil, nil); err != nil {
			t.Errorf("%g: %v", f, err)
		}
		q.Set(0, 1, 1.001*f)
		_, err := DARE(a, b, q, nil, nil)
		var e *AsymmetryError
		if !errors.As(err, &e) || e.Name != "Q" || e.Row != 2 || e.Col != 1 {
			t.Errorf("%g: %v, want an AsymmetryError", f, err)
		}
	}
}

// TestRiccatiRefused: no stabilising solution, exactly or to working precision, is never answered.
func TestRiccatiRefused(t *testing.T) {
	zero1, zero2 := mat.NewDense(1, 1, nil), mat.NewDense(2, 2, nil)
	col := func(v ...float64) *mat.Dense { return mat.NewDense(len(v), 1, v) }
	sq := func(v ...float64) *mat.Dense {
		n := int(math.Sqrt(float64(len(v))))
		return mat.NewDense(n, n, v)
	}
	cases := []struct {
		name     string
		discrete bool
		a, b, q  *mat.Dense
	}{
		{"integrator without cost", false, zero1, col(1), zero1},
		{"oscillator without cost", false, sq(0, 1, -1, 0), col(0, 1), zero2},
		{"oscillator, near semisimple", false, sq(0, 1, -1, 1e-17), col(0, 1), zero2},
		{"unreached unstable mode", false, sq(1, 0, 0, -1), col(0, 1), identity(2)},
		{"unreached integrator", false, sq(0, 0, 0, -1), col(0, 1), identity(2)},
		{"discrete integrator without cost", true, identity(1), col(1), zero1},
		{"rotation without cost", true, sq(0.6, 0.8, -0.8, 0.6), col(0, 1), zero2},
		{"minus one without cost", true, sq(-1), col(1), zero1},
		{"unreached unstable mode, discrete", true, sq(2, 0, 0, 0.5), col(0, 1), identity(2)},
		{"unreached mode at one", true, sq(1, 0, 0, 0.5), col(0, 1), identity(2)},
	}
	for _, c := range cases {
		f := CARE
		if c.discrete {
			f = DARE
		}
		if x, err := f(c.a, c.b, c.q, nil, nil); !errors.Is(err, ErrNoStabilising) {
			t.Errorf("%s: %v %v, want ErrNoStabilising", c.name, x, err)
		}
	}
	if _, err := CARE(identity(1), identity(1), identity(1), zero1, nil); !errors.Is(err, ErrSingular) {
		t.Error(err)
	}
	// Indefinite R without a solution: gamma below the H-infinity norm.
	if x, err := CARE(scale(-1, identity(1)), identity(1), scale(2, identity(1)), scale(-1, identity(1)), nil); !errors.Is(err, ErrNoStabilising) {
		t.Error(x, err)
	}
	if _, err := CARE(identity(2), identity(1), identity(2), nil, nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// TestSlowModesAreNotMarginal: poles near the boundary that are well defined are answered.
func TestSlowModesAreNotMarginal(t *testing.T) {
	for _, slow := range []float64{1e-4, 1e-7, 1e-9} {
		// Scalar a = 0, q = slow^2, r = 1, b = 1: x = slow, closed loop -slow; beside a fast mode.
		a := mat.NewDense(2, 2, []float64{0, 0, 0, -1})
		x, err := CARE(a, identity(2), mat.NewDense(2, 2, []float64{slow * slow, 0, 0, 1}), nil, nil)
		if err != nil {
			t.Errorf("%g: %v", slow, err)
			continue
		}
		if math.Abs(x.X.At(0, 0)/slow-1) > 1e-10 {
			t.Errorf("%g: %v", slow, x.X.At(0, 0))
		}
	}
}

// TestRiccatiVerdicts: orders up to 60, stable and unstable, well and barely controllable. An answer must stabilise by
// Routh's table in high precision and meet its residual bound; a refusal is allowed only where the problem is known to be
// out of reach.
func TestRiccatiVerdicts(t *testing.T) {
	orders := []int{2, 6, 15, 30, 60}
	if testing.Short() {
		orders = orders[:4]
	}
	rng := stream(8)
	for _, n := range orders {
		for _, discrete := range []bool{false, true} {
			for _, spread := range []float64{0.7, 1.4} { // radius of the eigenvalues
				for _, m := range []int{1 + n/4, n} {
					a, b := scale(spread, randA(rng, n)), randn(rng, n, m)
					f := CARE
					if discrete {
						f = DARE
					}
					x, err := f(a, b, identity(n), nil, nil)
					if err != nil {
						t.Errorf("order %d, %d inputs, radius %g, discrete %v: %v", n, m, spread, discrete, err)
						continue
					}
					if n <= 15 { // the table at order 60 takes a second; TestStableAgainstHighPrecision goes there
						if !bigStable(sub(a, mul(b, x.K)), discrete) {
							t.Errorf("order %d, %d inputs, radius %g, discrete %v: A - BK is not stable", n, m, spread, discrete)
						}
					}
					const small = 1e-10 // the bound holds the condition number of R + B'XB, some 1e4 with sixty inputs
					if x.Relative > small {
						t.Errorf("order %d, %d inputs, radius %g, discrete %v: relative residual %g", n, m, spread, discrete, x.Relative)
					}
				}
			}
		}
	}
}

// TestRiccatiFromTrackers: E18, problems on which other tools failed.
func TestRiccatiFromTrackers(t *testing.T) {
	// drake #8034: an infinite loop; the answer is diag(1, 2).
	x, err := DARE(mat.NewDense(2, 2, []float64{0, 1, 0, 0}), mat.NewDense(2, 1, []float64{0, 1}), identity(2), identity(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if e := frob(sub(x.X, mat.NewDense(2, 2, []float64{1, 0, 0, 2}))); e > 4*eps {
		t.Errorf("drake #8034: %v", mat.Formatted(x.X))
	}
	// scipy #2251: A uniform in [0, 1], often far from stable; some solutions were indefinite.
	r := stream(9)
	for i := range 100 {
		a, b := mat.NewDense(3, 3, nil), mat.NewDense(3, 1, nil)
		for j := range 9 {
			a.Set(j/3, j%3, r.Float64())
			b.Set(j/3, 0, r.Float64())
		}
		x, err := DARE(a, b, identity(3), identity(1), nil)
		if err != nil {
			t.Fatalf("draw %d: %v", i, err)
		}
		if v := eigSym(x.X)[0]; v < 1-1e-9 { // X >= Q
			t.Errorf("draw %d: least eigenvalue %g, expected at least 1", i, v)
		}
		if e := exactRiccati(true, a, b, identity(3), identity(1), mat.NewDense(3, 1, nil), x.X); e > x.Residual || x.Relative > 1e-11 {
			t.Errorf("draw %d: residual %g, bound %g, relative %g", i, e, x.Residual, x.Relative)
		}
	}
	// Fast sampling: the poles crowd at 1 and the gain tends to the continuous one, [1 sqrt 3], with an error of order T.
	for _, h := range []float64{1e-2, 1e-3, 1e-4, 1e-5} {
		a, b := mat.NewDense(2, 2, []float64{1, h, 0, 1}), mat.NewDense(2, 1, []float64{h * h / 2, h})
		x, err := DARE(a, b, scale(h, identity(2)), scale(h, identity(1)), nil)
		if err != nil {
			t.Errorf("step %g: %v", h, err)
			continue
		}
		if d := math.Hypot(x.K.At(0, 0)-1, x.K.At(0, 1)-math.Sqrt(3)); d > 4*h {
			t.Errorf("step %g: gain %v, differs by %g", h, mat.Formatted(x.K), d)
		}
		if e := exactRiccati(true, a, b, scale(h, identity(2)), scale(h, identity(1)), mat.NewDense(2, 1, nil), x.X); e > x.Residual {
			t.Errorf("step %g: residual %g above its bound %g", h, e, x.Residual)
		}
	}
}
