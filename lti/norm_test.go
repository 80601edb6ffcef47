package lti

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Tolerances of norms: the level of the test stands normGap above the value; Gramians lose the condition of the equation.
const (
	hinfTol = 4e-9
	h2Tol   = 1e-12
)

// companion realises num/den, descending powers, in controller form.
func companion(num, den []float64, ts float64) *SS {
	n := len(den) - 1
	f := make([]float64, n+1)
	copy(f[n+1-len(num):], num)
	d := f[0] / den[0]
	a, b, c := mat.NewDense(n, n, nil), mat.NewDense(n, 1, nil), mat.NewDense(1, n, nil)
	for i := range n {
		a.Set(0, i, -den[i+1]/den[0])
		if i > 0 {
			a.Set(i, i-1, 1)
		}
		c.Set(0, i, (f[i+1]-d*den[i+1])/den[0])
	}
	b.Set(0, 0, 1)
	return must(NewSS(a, b, c, mat.NewDense(1, 1, []float64{d}), ts))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func near(got, want, tol float64) bool {
	if math.IsInf(want, 0) || want == got {
		return got == want
	}
	return math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))
}

func TestHInfNormClosedForms(t *testing.T) {
	const narrow = 1e-6
	resonance := func(w, zeta float64) *SS { return companion([]float64{w * w}, []float64{1, 2 * zeta * w, w * w}, 0) }
	for _, c := range []struct {
		name       string
		g          *SS
		norm, freq float64
	}{
		{"2 + 0.1/(s+1)", companion([]float64{2, 2.1}, []float64{1, 1}, 0), 2.1, 0},
		{"s/(s+1)", companion([]float64{1, 0}, []float64{1, 1}, 0), 1, math.Inf(1)},
		{"all-pass", companion([]float64{1, -3}, []float64{1, 3}, 0), 1, math.NaN()},
		{"resonance", resonance(3, 0.1), 1 / (0.2 * math.Sqrt(0.99)), 3 * math.Sqrt(0.98)},
		{"narrow resonance", resonance(2.5, narrow), 1 / (2 * narrow * math.Sqrt(1-narrow*narrow)), 2.5 * math.Sqrt(1-2*narrow*narrow)},
		{"far resonance", resonance(1e7, 0.1), 1 / (0.2 * math.Sqrt(0.99)), 1e7 * math.Sqrt(0.98)},
		{"lag in discrete time", companion([]float64{1}, []float64{1, -0.9}, 0.1), 10, 0},
		{"peak at Nyquist", companion([]float64{1}, []float64{1, 0.9}, 0.1), 10, math.Pi / 0.1},
		{"zero", companion([]float64{0}, []float64{1, 1}, 0), 0, math.NaN()},
		{"gain", must(Gain(mat.NewDense(2, 2, []float64{3, 0, 0, -4}), 0)), 4, math.NaN()},
	} {
		h, err := HInfNorm(c.g)
		if err != nil || !near(h.Norm, c.norm, hinfTol) || !near(h.Upper, c.norm, hinfTol) || h.Upper < h.Norm {
			t.Errorf("%s: %+v, %v; expected norm %.12g", c.name, h, err, c.norm)
		}
		const freqTol = 1e-6 // a flat maximum: the square root of rounding
		if !math.IsNaN(c.freq) && !near(h.Freq, c.freq, freqTol) {
			t.Errorf("%s: peak at %.9g rad/s, expected %.9g", c.name, h.Freq, c.freq)
		}
	}
	h, err := HInfNorm(companion([]float64{1}, []float64{1, -1}, 0))
	if !errors.Is(err, ErrUnstable) || !math.IsInf(h.Norm, 1) {
		t.Errorf("1/(s-1): %+v, %v; expected an infinite norm and ErrUnstable", h, err)
	}
}

func TestH2AndL1ClosedForms(t *testing.T) {
	zeta := 0.1
	for _, c := range []struct {
		name   string
		g      *SS
		h2, l1 float64
	}{
		{"1/(s+a)", companion([]float64{1}, []float64{1, 4}, 0), math.Sqrt(1.0 / 8), 1.0 / 4},
		// integral of |impulse response| of 1/(s^2+2 zeta s+1): coth(pi zeta/(2 sqrt(1-zeta^2)))
		{"resonance", companion([]float64{1}, []float64{1, 2 * zeta, 1}, 0), math.Sqrt(1 / (4 * zeta)), 1 / math.Tanh(math.Pi*zeta/(2*math.Sqrt(1-zeta*zeta)))},
		{"1/(z+a)", companion([]float64{1}, []float64{1, 0.5}, 1), math.Sqrt(1 / 0.75), 2},
		{"2 + 1/(z-a)", companion([]float64{2, 0}, []float64{1, -0.5}, 1), math.Sqrt(4 / 0.75), 4},
		{"feedthrough", companion([]float64{-2, -1}, []float64{1, 1}, 0), math.Inf(1), 3},
	} {
		if h, err := H2Norm(c.g); err != nil || !near(h, c.h2, h2Tol) {
			t.Errorf("%s: H2 norm %.15g, %v; expected %.15g", c.name, h, err, c.h2)
		}
		l, err := L1Gain(c.g)
		const slack = 1e-9 // rounding of some thousand cells
		if err != nil || l.Lower > c.l1*(1+slack) || l.Upper < c.l1*(1-slack) || l.Upper-l.Lower > 2*l1Gap*c.l1 {
			t.Errorf("%s: l1 gain %+v, %v; expected %.12g inside", c.name, l, err, c.l1)
		}
	}
}

// randomSystem has poles of all kinds over three decades in coordinates of condition 1e3 or so, moved so that the
// rightmost pole lies at edge times the largest modulus.
func randomSystem(r *rand.Rand, n int, edge float64) *SS {
	a := mat.NewDense(n, n, nil)
	for i := 0; i < n; i++ {
		w := math.Pow(10, 3*r.Float64()-1)
		if i+1 < n && r.IntN(2) == 0 {
			s := w * r.Float64()
			a.Set(i, i, -s)
			a.Set(i+1, i+1, -s)
			a.Set(i, i+1, w)
			a.Set(i+1, i, -w)
			i++
			continue
		}
		a.Set(i, i, -w)
	}
	q := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			q.Set(i, j, r.NormFloat64())
		}
	}
	a = mul(q, a)
	var qi mat.Dense
	if err := qi.Inverse(q); err != nil {
		panic(err)
	}
	a = mul(a, &qi)
	b, c := mat.NewDense(n, 1, nil), mat.NewDense(1, n, nil)
	for i := range n {
		b.Set(i, 0, r.NormFloat64())
		c.Set(0, i, r.NormFloat64())
	}
	g := must(NewSS(a, b, c, nil, 0))
	top, right := 0.0, math.Inf(-1)
	for _, p := range must(g.Poles()) {
		top, right = math.Max(top, math.Hypot(real(p), imag(p))), math.Max(right, real(p))
	}
	for i := range n {
		g.A.Set(i, i, g.A.At(i, i)-right+edge*top)
	}
	return g
}

// TestStabilityAgainstHighPrecision: stable and unstable systems up to order 60, down to 1e-11 of the largest pole from the
// boundary, are never called wrongly; at 1e-6 and more they are called at all.
func TestStabilityAgainstHighPrecision(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	decided := map[float64]int{}
	for _, n := range []int{1, 2, 5, 12, 30, 60} {
		for _, edge := range []float64{1e-2, 1e-6, 1e-9, 1e-11, 1e-13} {
			if n == 60 && (edge == 1e-9 || edge == 1e-13) {
				continue // half a second each
			}
			for _, side := range []float64{-1, 1} {
				g := randomSystem(r, n, side*edge)
				v := must(g.Stability())
				want := map[bool]Stability{true: Stable, false: Unstable}[charPoly(bigMatrix(g.A)).hurwitz()]
				if v.State != Undecided {
					decided[edge]++
				}
				if v.State != want && (v.State != Undecided || edge >= 1e-6) {
					t.Errorf("order %d, rightmost pole at %g of the largest: %s, high precision says %s", n, side*edge, v, want)
				}
			}
		}
	}
	t.Logf("systems decided at each distance: %v", decided)
}

// TestHInfNormAgainstHighPrecision: no level above Upper is passed, one below Norm is.
func TestHInfNormAgainstHighPrecision(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for _, n := range []int{2, 6, 14, 30} {
		for _, edge := range []float64{-1e-2, -1e-5} {
			g := randomSystem(r, n, edge)
			g.D.Set(0, 0, r.NormFloat64())
			h, err := HInfNorm(g)
			if err != nil {
				t.Errorf("order %d, edge %g: %v", n, edge, err)
				continue
			}
			const rounding = 1e-7 // of the response of ill-conditioned systems
			atZero := math.Abs(real(g.At(0).At(0, 0)))
			if above(g, h.Upper*(1+rounding)) {
				t.Errorf("order %d, edge %g: the response passes the upper bound %.12g", n, edge, h.Upper)
			}
			if low := h.Norm * (1 - rounding); !above(g, low) && !(atZero > low) && !(math.Abs(g.D.At(0, 0)) > low) {
				t.Errorf("order %d, edge %g: the response does not reach the norm %.12g", n, edge, h.Norm)
			}
		}
	}
}

// TestHInfNormMetamorphic: coordinates, time scale, transposition and the bilinear map leave the norm.
func TestHInfNormMetamorphic(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 3))
	for _, n := range []int{3, 8, 20} {
		g := randomSystem(r, n, -1e-3)
		want := must(HInfNorm(g)).Norm
		fast := g.Copy()
		fast.A.Scale(1000, fast.A)
		fast.B.Scale(1000, fast.B)
		other := &SS{A: transposed(g.A), B: transposed(g.C), C: transposed(g.B), D: g.D, Inputs: g.Inputs, Outputs: g.Outputs, States: g.States}
		scaled := g.Copy()
		for i := range n { // units of the states
			f := math.Pow(10, float64(i%7)-3)
			for j := range n {
				scaled.A.Set(i, j, scaled.A.At(i, j)*f)
			}
			for j := range n {
				scaled.A.Set(j, i, scaled.A.At(j, i)/f)
			}
			scaled.B.Set(i, 0, scaled.B.At(i, 0)*f)
			scaled.C.Set(0, i, scaled.C.At(0, i)/f)
		}
		const tol = 1e-7 // the change of coordinates rounds an ill-conditioned A
		for i, v := range []*SS{fast, other, scaled} {
			if h := must(HInfNorm(v)).Norm; !near(h/want, 1, tol) {
				t.Errorf("order %d, variant %d: norm %.12g, expected %.12g", n, i, h, want)
			}
		}
	}
}

func ExampleHInfNorm() {
	// 2 + 0.1/(s + 1)
	g, _ := NewSS(mat.NewDense(1, 1, []float64{-1}), mat.NewDense(1, 1, []float64{1}), mat.NewDense(1, 1, []float64{0.1}),
		mat.NewDense(1, 1, []float64{2}), 0)
	h, _ := HInfNorm(g)
	fmt.Printf("%.6f at %g rad/s\n", h.Norm, h.Freq)
	// Output: 2.100000 at 0 rad/s
}
