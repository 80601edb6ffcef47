package direct

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func randomTheta(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 0.7 * r.NormFloat64()
	}
	return x
}

// TestContractingInequality tests the theorem itself: the smallest eigenvalue of
// [[r^2 M - C'LC, 0], [0, L]] - [A B]'M[A B] is not negative beyond rounding, for random parameters and rates.
func TestContractingInequality(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		n, q := 1+r.IntN(6), r.IntN(8)
		rate := []float64{1, 0.9999, 0.99, 0.9, 0.5}[r.IntN(5)]
		c, err := NewContracting(n, q, rate, Psi(r.IntN(3)))
		if err != nil {
			t.Fatal(err)
		}
		theta := randomTheta(r, c.Dim())
		a, b, cc := make([]float64, n*n), make([]float64, n*q), make([]float64, q*n)
		c.Map(theta, a, b, cc)
		m, lambda := c.Metric()
		k := n + q
		lmi := mat.NewSymDense(k, nil)
		ab := func(l, j int) float64 {
			if j < n {
				return a[l*n+j]
			}
			return b[l*q+j-n]
		}
		scale := 0.0
		for i := range k {
			for j := i; j < k; j++ {
				var v float64
				if j < n {
					v = rate * rate * m[i*n+j]
					for l := range q {
						v -= cc[l*n+i] * lambda[l] * cc[l*n+j]
					}
				} else if i == j {
					v = lambda[i-n]
				}
				scale = max(scale, math.Abs(v))
				for l := range n {
					for s := range n {
						v -= ab(l, i) * m[l*n+s] * ab(s, j)
					}
				}
				lmi.SetSym(i, j, v)
			}
		}
		var es mat.EigenSym
		es.Factorize(lmi, false)
		if low := es.Values(nil)[0]; low < -1e-9*scale { // n^2 roundings and the condition of P
			t.Errorf("seed %d: n=%d q=%d rate=%g: smallest eigenvalue %g at scale %g", seed, n, q, rate, low, scale)
		}
	}
}

func TestContractingGradient(t *testing.T) {
	for _, psi := range []Psi{PsiChannel, PsiShared, PsiUnit} {
		r := rand.New(rand.NewPCG(9, 9))
		const n, q, rate = 3, 4, 0.95
		c, err := NewContracting(n, q, rate, psi)
		if err != nil {
			t.Fatal(err)
		}
		theta := randomTheta(r, c.Dim())
		a, b, cc := make([]float64, n*n), make([]float64, n*q), make([]float64, q*n)
		ga, gb, gc, gk := randomTheta(r, n*n), randomTheta(r, n*q), randomTheta(r, q*n), randomTheta(r, n*n)
		dot := func(x, y []float64) (s float64) {
			for i := range x {
				s += x[i] * y[i]
			}
			return
		}
		eval := func() float64 {
			c.Map(theta, a, b, cc)
			return dot(ga, a) + dot(gb, b) + dot(gc, cc) + dot(gk, c.InvE())
		}
		eval()
		g := make([]float64, c.Dim())
		c.Pull(ga, gb, gc, gk, g)
		for i := range theta {
			const h = 1e-6
			keep := theta[i]
			theta[i] = keep + h
			fp := eval()
			theta[i] = keep - h
			fm := eval()
			theta[i] = keep
			if d := (fp - fm) / (2 * h); math.Abs(d-g[i]) > 1e-6*(1+math.Abs(d)) {
				t.Errorf("psi %v parameter %d: gradient %g, difference quotient %g", psi, i, g[i], d)
			}
		}
	}
}

func TestContractingInit(t *testing.T) {
	const n, q = 4, 3
	c, err := NewContracting(n, q, 0.9999, PsiChannel)
	if err != nil {
		t.Fatal(err)
	}
	a0 := make([]float64, n*n)
	for i := range n {
		a0[i*n+i] = 0.95 - 0.1*float64(i)
	}
	theta := make([]float64, c.Dim())
	small := []float64{0.02, -0.01, 0.03, 0, 0.01, 0.02, -0.02, 0.01, 0, 0.01, 0.02, -0.03}
	e, err := c.Init(a0, small, small, -1.5, 0.01, theta)
	if err != nil {
		t.Fatal(err)
	}
	a := make([]float64, n*n)
	c.Map(theta, a, make([]float64, n*q), make([]float64, q*n))
	for i := range a {
		if math.Abs(a[i]-a0[i]) > 1e-12 { // rounding of a small inverse
			t.Errorf("A[%d] = %g, want %g", i, a[i], a0[i])
		}
		if math.Abs(c.e[i]-e[i]) > 1e-12 {
			t.Errorf("E[%d] = %g, Init said %g", i, c.e[i], e[i])
		}
	}
	a0[0] = 1.01
	if _, err := c.Init(a0, small, small, -1.5, 0.01, theta); err == nil {
		t.Error("an unstable start was accepted")
	}
}

// TestContractingInitNear: at every rate there is a start, also for modes slower than the rate, and where the set holds
// the wanted matrix the start is that matrix.
func TestContractingInitNear(t *testing.T) {
	const n, q = 3, 4
	for _, rate := range []float64{0.05, 0.3, 0.7, 0.8, 0.94, 0.96, 0.99, 1} {
		for _, radius := range []float64{0, 0.5, 0.9, 0.999} {
			c, err := NewContracting(n, q, rate, PsiChannel)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(5, 6))
			a0, cHat, bHat, theta := make([]float64, n*n), make([]float64, q*n), make([]float64, n*q), make([]float64, c.Dim())
			for i := range n {
				a0[i*n+i] = radius
			}
			for i := range cHat {
				cHat[i], bHat[i] = 0.05*r.NormFloat64(), 0.05*r.NormFloat64()
			}
			if _, err := c.InitNear(a0, cHat, bHat, -1.5, 0.01, theta); err != nil {
				t.Errorf("rate %g, modes of radius %g: %v", rate, radius, err)
				continue
			}
			a := make([]float64, n*n)
			c.Map(theta, a, make([]float64, n*q), make([]float64, q*n))
			if radius < rate-0.06 && math.Abs(a[0]-radius) > 1e-12 { // rounding of a small inverse
				t.Errorf("rate %g: the start has %g where %g is allowed", rate, a[0], radius)
			}
			if a[0] >= rate {
				t.Errorf("rate %g: the start has the slower mode %g", rate, a[0])
			}
		}
	}
}
