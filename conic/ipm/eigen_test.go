package ipm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestEigenSym: orthonormal rows that A maps to their multiples, for random, diagonal, repeated, graded and zero matrices.
func TestEigenSym(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 21))
	for _, n := range []int{1, 2, 3, 7, 22, 60} {
		for name, f := range map[string]func(i, j int) float64{
			"random":   func(int, int) float64 { return r.NormFloat64() },
			"diagonal": func(i, j int) float64 { return float64((i + 1) * (1 - min(1, max(i-j, j-i)))) },
			"rank one": func(i, j int) float64 { return float64((i + 1) * (j + 1)) },
			"identity": func(i, j int) float64 { return float64(1 - min(1, max(i-j, j-i))) },
			"graded":   func(i, j int) float64 { return math.Pow(10, -float64(i+j)/4) * float64(1+(i*j)%3) },
			"zero":     func(int, int) float64 { return 0 },
			"large":    func(int, int) float64 { return 1e150 * r.NormFloat64() },
		} {
			a := make([]float64, n*n)
			var size float64
			for i := range n {
				for j := i; j < n; j++ {
					v := f(i, j)
					a[i*n+j], a[j*n+i] = v, v
					size = max(size, math.Abs(v))
				}
			}
			v, d, e := append([]float64(nil), a...), make([]float64, n), make([]float64, n)
			if !eigenSym(n, v, d, e) {
				t.Errorf("%s of order %d: no convergence", name, n)
				continue
			}
			tol := 30 * float64(n) * epsilon // of sums of n products, through n steps of reduction
			for i := range n {
				for j := range n {
					var inner, image float64
					for k := range n {
						inner += v[i*n+k] * v[j*n+k]
						image += a[j*n+k] * v[i*n+k]
					}
					if i == j {
						inner--
					}
					if !(math.Abs(inner) <= tol) || !(math.Abs(image-d[i]*v[i*n+j]) <= tol*size*float64(n)) {
						t.Fatalf("%s of order %d: vector %d: inner product with %d off by %g, (A v - d v) is %g there", name, n, i, j, inner, image-d[i]*v[i*n+j])
					}
				}
			}
		}
	}
}

// TestCentre: X Y = mu I after centring, X/s - s Y is what it was, for matrices, vectors and second-order cones.
func TestCentre(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 22))
	const n, s, mu = 6, 3.0, 1e-4
	c := newPSD(0, n, n, nil, nil)
	before := make([]float64, n*n)
	for k := range 3 { // rank three each, on orthogonal axes turned together
		u := make([]float64, n)
		w := make([]float64, n)
		for i := range n {
			u[i], w[i] = r.NormFloat64(), r.NormFloat64()
		}
		for i := range n {
			for j := range n {
				c.x[i*n+j] += u[i] * u[j]
				c.y[i*n+j] += w[i] * w[j] * float64(k)
			}
		}
	}
	for i := range before {
		before[i] = c.x[i]/s - s*c.y[i]
	}
	if !c.centre(s, mu) {
		t.Fatal("no centre")
	}
	const tol = 1e-12 // rounding of entries of size 10
	for i := range n {
		for j := range n {
			var xy float64
			for k := range n {
				xy += c.x[i*n+k] * c.y[k*n+j]
			}
			want := 0.0
			if i == j {
				want = mu
			}
			if math.Abs(xy-want) > tol || math.Abs(c.x[i*n+j]/s-s*c.y[i*n+j]-before[i*n+j]) > tol {
				t.Errorf("(%d, %d): XY = %g, expected %g; difference %g, was %g", i, j, xy, want, c.x[i*n+j]/s-s*c.y[i*n+j], before[i*n+j])
			}
		}
	}
	q := &soc{vector: vector{state: newState(0, 3, 3, 3, nil)}, a: make([]float64, 3)}
	copy(q.x, []float64{2, 1, -1})
	copy(q.y, []float64{1, 0.3, 0.5})
	was := [3]float64{}
	for i := range was {
		was[i] = q.x[i]/s - s*q.y[i]
	}
	q.centre(s, mu)
	if xy := dot(q.x, q.y); math.Abs(xy-mu) > tol || !(jnorm(q.x) > 0) || !(jnorm(q.y) > 0) {
		t.Errorf("second-order cone: x %v, y %v, <x, y> = %g, expected %g", q.x, q.y, xy, mu)
	}
	for i := range was {
		if math.Abs(q.x[i]/s-s*q.y[i]-was[i]) > tol {
			t.Errorf("second-order cone: difference %g, was %g", q.x[i]/s-s*q.y[i], was[i])
		}
		if i > 0 && math.Abs(q.x[0]*q.y[i]+q.y[0]*q.x[i]) > tol {
			t.Errorf("second-order cone: x o y is not a multiple of the unit at %d", i)
		}
	}
}
