package lti

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// exactResidual is the left side of the linear equation in high precision.
func exactResidual(discrete bool, a, b, c, x *mat.Dense) float64 {
	ba, bb, bx := toBig(a), toBig(b), toBig(x)
	if discrete {
		return ba.mul(bx).mul(bb).plus(-1, bx).plus(1, toBig(c)).norm()
	}
	return ba.mul(bx).plus(1, bx.mul(bb)).plus(1, toBig(c)).norm()
}

// smallRelative is what Bartels-Stewart with refinement reaches at order 60, relative to the terms of the equation: n eps
// with a constant, most of it the bound of the rounding of the residual itself.
const smallRelative = 1e-13

func TestLyapunovResidualIsBounded(t *testing.T) {
	r := stream(1)
	for _, n := range []int{1, 2, 3, 4, 7, 12, 25, 60} {
		for _, discrete := range []bool{false, true} {
			a, q := randA(r, n), randPSD(r, n) // stable and unstable alike
			f := Lyap
			if discrete {
				f = DLyap
			}
			s, err := f(a, q)
			if err != nil {
				t.Fatalf("order %d, discrete %v: %v", n, discrete, err)
			}
			if exact := exactResidual(discrete, a, transposed(a), q, s.X); exact > s.Residual {
				t.Errorf("order %d, discrete %v: residual %g is above its bound %g", n, discrete, exact, s.Residual)
			}
			if s.Relative > smallRelative {
				t.Errorf("order %d, discrete %v: relative residual %g", n, discrete, s.Relative)
			}
			if !isSymmetric(s.X) {
				t.Errorf("order %d: X is not symmetric", n)
			}
		}
	}
}

// TestSylvesterAgainstKronecker compares with the linear system for vec X in high precision: the error is within the
// condition number times rounding.
func TestSylvesterAgainstKronecker(t *testing.T) {
	r := stream(2)
	for _, size := range [][2]int{{1, 1}, {2, 3}, {4, 2}, {5, 5}} {
		for _, discrete := range []bool{false, true} {
			n, m := size[0], size[1]
			a, b, c := randA(r, n), randA(r, m), randn(r, n, m)
			f := Sylvester
			if discrete {
				f = DSylvester
			}
			s, err := f(a, b, c)
			if err != nil {
				t.Fatal(err)
			}
			k, rhs := newBig(n*m, n*m), newBig(n*m, 1)
			for i := range n {
				for j := range m {
					row := i*m + j
					rhs.at(row, 0).SetFloat64(-c.At(i, j))
					for p := range n {
						for q := range m {
							at := k.at(row, p*m+q)
							var v float64
							switch {
							case discrete:
								at.Mul(toBig(a).at(i, p), toBig(b).at(q, j))
							default:
								if q == j {
									v += a.At(i, p)
								}
								at.SetFloat64(v)
								if p == i {
									at.Add(at, toBig(b).at(q, j))
								}
							}
							if discrete && p == i && q == j {
								at.Sub(at, toBig(identity(1)).at(0, 0))
							}
						}
					}
				}
			}
			want := k.solve(rhs)
			var worst float64
			for i := range n {
				for j := range m {
					w, _ := want.at(i*m+j, 0).Float64()
					worst = max(worst, math.Abs(w-s.X.At(i, j)))
				}
			}
			if limit := 10 * float64(n*m) * eps * max(s.Cond, 1) * frob(s.X); worst > limit {
				t.Errorf("%d x %d, discrete %v: error %g, limit %g", n, m, discrete, worst, limit)
			}
			// The estimate of the condition number is a lower bound and not far from it.
			inverse := k.solve(toBig(identity(n * m))).float()
			var d mat.SVD
			d.Factorize(inverse, mat.SVDNone)
			size := frob(a) + frob(b)
			if discrete {
				size = 1 + frob(a)*frob(b)
			}
			if true2 := d.Values(nil)[0] * size; s.Cond > true2*(1+1e-9) || s.Cond < true2/3 {
				t.Errorf("%d x %d, discrete %v: condition number %g, exact %g", n, m, discrete, s.Cond, true2)
			}
		}
	}
}

func TestLyapunovClosedForm(t *testing.T) {
	// a x + x a + q = 0: x = -q/(2a); a x a - x + q = 0: x = q/(1 - a^2).
	s, err := Lyap(mat.NewDense(1, 1, []float64{-0.5}), mat.NewDense(1, 1, []float64{3}))
	if err != nil || s.X.At(0, 0) != 3 {
		t.Fatal(s, err)
	}
	s, err = DLyap(mat.NewDense(1, 1, []float64{0.5}), mat.NewDense(1, 1, []float64{3}))
	if err != nil || math.Abs(s.X.At(0, 0)-4) > 4*eps*4 {
		t.Fatal(s, err)
	}
	// Damped oscillator x'' + d x' + k x = w: variances 1/(2dk) and 1/(2d) for white noise of intensity one.
	const d, k = 0.3, 2.0
	s, err = Lyap(mat.NewDense(2, 2, []float64{0, 1, -k, -d}), mat.NewDense(2, 2, []float64{0, 0, 0, 1}))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{1 / (2 * d * k), 0, 0, 1 / (2 * d)} {
		if math.Abs(s.X.At(i/2, i%2)-want) > 20*eps*s.Cond {
			t.Errorf("element %d is %v, want %v", i, s.X.At(i/2, i%2), want)
		}
	}
}

func TestLyapunovRefused(t *testing.T) {
	i2 := identity(2)
	marginal := []struct {
		name     string
		discrete bool
		a        *mat.Dense
	}{
		{"undamped oscillator", false, mat.NewDense(2, 2, []float64{0, 1, -4, 0})},
		{"integrator", false, mat.NewDense(2, 2, []float64{-1, 2, 0, 0})},
		{"double integrator", false, mat.NewDense(2, 2, []float64{0, 1, 0, 0})},
		{"mirrored eigenvalues", false, mat.NewDense(2, 2, []float64{1, 5, 0, -1})},
		{"rotation", true, mat.NewDense(2, 2, []float64{0.6, 0.8, -0.8, 0.6})},
		{"eigenvalues 2 and 1/2", true, mat.NewDense(2, 2, []float64{2, 1, 0, 0.5})},
		{"sum", true, mat.NewDense(2, 2, []float64{1, 0, 0, 0.5})},
	}
	for _, c := range marginal {
		f := Lyap
		if c.discrete {
			f = DLyap
		}
		if _, err := f(c.a, i2); !errors.Is(err, ErrSingular) {
			t.Errorf("%s: %v, want ErrSingular", c.name, err)
		}
	}
	if _, err := Lyap(mat.NewDense(2, 3, nil), i2); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Lyap(i2, mat.NewDense(3, 3, nil)); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Lyap(mat.NewDense(1, 1, []float64{math.NaN()}), identity(1)); !errors.Is(err, ErrNotFinite) {
		t.Error(err)
	}
	if _, err := Lyap(nil, i2); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// TestSchur checks the invariants of the ordered Schur form.
func TestSchur(t *testing.T) {
	r := stream(3)
	for _, n := range []int{1, 2, 5, 20, 60} {
		a := randA(r, n)
		s, err := newSchur(a)
		if err != nil {
			t.Fatal(err)
		}
		k, err := s.order(func(v complex128) bool { return real(v) < 0 })
		if err != nil {
			t.Fatal(err)
		}
		back := mul3(s.u, s.t, s.u.T())
		if d := frob(sub(back, a)); d > 100*float64(n)*eps*frob(a) {
			t.Errorf("order %d: U T U' is off by %g", n, d)
		}
		for i := range n {
			for j := range i - 1 {
				if s.t.At(i, j) != 0 {
					t.Fatalf("order %d: T(%d, %d) = %g", n, i, j, s.t.At(i, j))
				}
			}
		}
		if k > 0 {
			if top := abscissa(part(s.t, 0, k, 0, k), false); top >= 1e-12 {
				t.Errorf("order %d: leading block reaches %g", n, top)
			}
		}
		if k < n {
			if top := abscissa(scale(-1, part(s.t, k, n, k, n)), false); top >= 1e-12 {
				t.Errorf("order %d: trailing block reaches %g", n, -top)
			}
		}
	}
}
