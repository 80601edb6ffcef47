package lti

import (
	"errors"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// evaluator is anything with a transfer matrix.
type evaluator interface {
	At(s complex128) *mat.CDense
}

// sameTransfer compares two systems at points off the axes, relative to the larger value.
func sameTransfer(t *testing.T, name string, got, want evaluator, rel float64) {
	t.Helper()
	for _, s := range []complex128{0.3i, 1.7i, 12i, 0.9 + 0.4i, cmplx.Exp(0.4i), cmplx.Exp(2.9i), 1.9 - 2i} {
		g, w := got.At(s), want.At(s)
		p, m := w.Dims()
		for i := range p {
			for j := range m {
				if d := cmplx.Abs(g.At(i, j) - w.At(i, j)); !(d <= rel*(cmplx.Abs(w.At(i, j))+1e-3)) {
					t.Errorf("%s: channel (%d, %d) at %v is %v, want %v", name, i, j, s, g.At(i, j), w.At(i, j))
					return
				}
			}
		}
	}
}

func randSystem(r *rand.Rand, n, m, p int, ts float64) *SS {
	g, err := NewSS(randA(r, n), randn(r, n, m), randn(r, p, n), randn(r, p, m), ts)
	if err != nil {
		panic(err)
	}
	return g
}

func TestConversionsKeepTheTransferFunction(t *testing.T) {
	r := stream(10)
	for _, n := range []int{1, 2, 3, 5, 8} {
		for _, ts := range []float64{0, 0.1} {
			g := randSystem(r, n, 2, 3, ts)
			z, err := g.ZPK()
			if err != nil {
				t.Fatal(err)
			}
			f, err := z.TF()
			if err != nil {
				t.Fatal(err)
			}
			// Coefficients of degree 8 with roots in the unit disk lose a few digits.
			sameTransfer(t, "ZPK", z, g, 1e-9)
			sameTransfer(t, "TF", f, g, 1e-9)
			for name, c := range map[string]interface{ SS() (*SS, error) }{"ZPK to SS": z, "TF to SS": f} {
				s, err := c.SS()
				if err != nil {
					t.Fatal(err)
				}
				sameTransfer(t, name, s, g, 1e-8)
				if s.Ts != ts {
					t.Errorf("%s: sample time %g", name, s.Ts)
				}
			}
		}
	}
}

func TestTransferFunctionOfMatrices(t *testing.T) {
	// One common denominator per column shares states; others do not.
	den := []float64{1, 3, 2}
	g, err := NewTFMatrix([][][]float64{{{1, 0}, {2}}, {{1}, {0}}}, [][][]float64{{den, {1, 5}}, {den, {1, 6}}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.SS()
	if err != nil {
		t.Fatal(err)
	}
	if n, m, p := s.Dims(); n != 4 || m != 2 || p != 2 {
		t.Errorf("%d states, %d inputs, %d outputs", n, m, p)
	}
	sameTransfer(t, "matrix", s, g, 1e-12)
	small, err := MinReal(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n, _, _ := small.Dims(); n != 3 { // the zero channel has no state of its own
		t.Errorf("minimal order %d, want 3", n)
	}
	if _, err := (&TF{Num: [][][]float64{{{1, 0}}}, Den: [][][]float64{{{2}}}}).SS(); !errors.Is(err, ErrImproper) {
		t.Error(err)
	}
	if _, err := NewTF([]float64{1}, []float64{0, 0}, 0); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := NewTF([]float64{1}, []float64{1, math.Inf(1)}, 0); !errors.Is(err, ErrNotFinite) {
		t.Error(err)
	}
	if _, err := NewZPK([]complex128{1i}, []complex128{-1, -2}, 1, 0); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := NewTF([]float64{1}, []float64{1, 1}, -1); !errors.Is(err, ErrTime) {
		t.Error(err)
	}
}

// TestHighOrderCascade: twenty poles in a row survive the way through ZPK and state space.
func TestHighOrderCascade(t *testing.T) {
	var poles, zeros []complex128
	for k := 1; k <= 20; k++ {
		poles = append(poles, complex(-float64(k), 0))
		if k%3 == 0 {
			zeros = append(zeros, complex(-float64(k)-0.5, 1), complex(-float64(k)-0.5, -1))
		}
	}
	z, err := NewZPK(zeros, poles, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := z.SS()
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Poles()
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "poles", got, poles, 1e-9)
	sameTransfer(t, "cascade", s, z, 1e-11)
	back, err := s.ZPK()
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "zeros", back.Z[0][0], zeros, 1e-6)
	if math.Abs(back.K[0][0]/3-1) > 1e-9 {
		t.Errorf("gain %v, want 3", back.K[0][0])
	}
}

func TestRootsAndPoly(t *testing.T) {
	c := Poly([]complex128{-1, -2, 1 + 2i, 1 - 2i, 0})
	for i, w := range []float64{1, 1, 1, 11, 10, 0} {
		if math.Abs(c[i]-w) > 1e-13 {
			t.Errorf("coefficient %d is %v, want %v", i, c[i], w)
		}
	}
	z, err := Roots([]float64{0, 0, 2, 0, -8, 0})
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "roots", z, []complex128{0, 2, -2}, 1e-14)
	for _, c := range [][]float64{nil, {0}, {5}} {
		if z, err := Roots(c); err != nil || len(z) != 0 {
			t.Error(c, z, err)
		}
	}
	if z, _ = Roots([]float64{3, 0, 0}); len(z) != 2 || z[0] != 0 || z[1] != 0 {
		t.Error(z)
	}
}

// TestZeros: the system matrix loses rank exactly there, for square, tall and wide systems of every relative degree.
func TestZeros(t *testing.T) {
	r := stream(11)
	for _, size := range [][3]int{{1, 1, 1}, {4, 1, 1}, {6, 2, 2}, {9, 3, 3}, {12, 2, 2}} {
		for _, direct := range []bool{true, false} {
			n, m, p := size[0], size[1], size[2]
			g := randSystem(r, n, m, p, 0)
			if !direct {
				g.D = mat.NewDense(p, m, nil)
			}
			z, err := g.Zeros()
			if err != nil {
				t.Fatal(err)
			}
			want := n // generically n zeros with D regular, n - m with D = 0 and CB regular
			if !direct {
				want = n - m
			}
			if len(z) != want {
				t.Errorf("%v, D %v: %d zeros, want %d", size, direct, len(z), want)
			}
			for _, s := range z {
				if c := rosenbrock(g, s); c > 1e-10 {
					t.Errorf("%v: at %v the smallest singular value is %g", size, s, c)
				}
			}
		}
	}
	// A tall system generically has none; with a zero built in it has that one.
	g := randSystem(r, 5, 1, 2, 0)
	if z, err := g.Zeros(); err != nil || len(z) != 0 {
		t.Error(z, err)
	}
	f, err := NewTFMatrix([][][]float64{{{1, -3}}, {{2, -6}}}, [][][]float64{{{1, 3, 2}}, {{1, 3, 2}}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.SS()
	if err != nil {
		t.Fatal(err)
	}
	z, err := s.Zeros()
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "common zero", z, []complex128{3}, 1e-12)
	// Decoupling zeros: an unreached mode is a zero. A two-input example of Rosenbrock's kind.
	h, err := NewSS(mat.NewDense(2, 2, []float64{-1, 0, 0, -5}), mat.NewDense(2, 1, []float64{1, 0}), mat.NewDense(1, 2, []float64{1, 1}), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if z, err = h.Zeros(); err != nil {
		t.Fatal(err)
	}
	sameSet(t, "decoupling zero", z, []complex128{-5}, 1e-13)
	// Triple integrator: no zeros, relative degree three.
	h, err = NewSS(mat.NewDense(3, 3, []float64{0, 1, 0, 0, 0, 1, 0, 0, 0}), mat.NewDense(3, 1, []float64{0, 0, 1}), mat.NewDense(1, 3, []float64{1, 0, 0}), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if z, err = h.Zeros(); err != nil || len(z) != 0 {
		t.Error(z, err)
	}
	// Units: states in very different units change nothing.
	a := mat.NewDense(2, 2, []float64{0, 1e9, -2e-9, -3})
	h, err = NewSS(a, mat.NewDense(2, 1, []float64{0, 1e-9}), mat.NewDense(1, 2, []float64{4, 1e9}), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if z, err = h.Zeros(); err != nil {
		t.Fatal(err)
	}
	sameSet(t, "scaled", z, []complex128{-4}, 1e-12)
}

// rosenbrock is the smallest singular value of the system matrix at s over its norm.
func rosenbrock(g *SS, s complex128) float64 {
	n, m, p := g.Dims()
	k := n + max(m, p)
	big := mat.NewDense(2*k, 2*k, nil)
	set := func(i, j int, v complex128) {
		big.Set(i, j, real(v))
		big.Set(k+i, k+j, real(v))
		big.Set(i, k+j, -imag(v))
		big.Set(k+i, j, imag(v))
	}
	for i := range n {
		for j := range n {
			v := complex(g.A.At(i, j), 0)
			if i == j {
				v -= s
			}
			set(i, j, v)
		}
		for j := range m {
			set(i, n+j, complex(g.B.At(i, j), 0))
		}
		for j := range p {
			set(n+j, i, complex(g.C.At(j, i), 0))
		}
	}
	for i := range p {
		for j := range m {
			set(n+i, n+j, complex(g.D.At(i, j), 0))
		}
	}
	var d mat.SVD
	d.Factorize(big, mat.SVDNone)
	v := d.Values(nil)
	return v[len(v)-1] / v[0]
}

// TestQZ: eigenvalues of pencils with known ones, infinite and repeated included.
func TestQZ(t *testing.T) {
	r := stream(12)
	for _, n := range []int{1, 2, 3, 6, 15, 40} {
		q, z := randn(r, n, n), randn(r, n, n)
		a, b := mat.NewDense(n, n, nil), mat.NewDense(n, n, nil)
		var want []complex128
		infinite := 0
		for i := range n {
			a.Set(i, i, float64(i%5)-1.53+0.1*float64(i))
			b.Set(i, i, 1)
			if i%4 == 3 {
				b.Set(i, i, 0)
				infinite++
				continue
			}
			want = append(want, complex(a.At(i, i), 0))
		}
		alpha, beta, err := generalisedEigenvalues(mul3(q, a, z), mul3(q, b, z))
		if err != nil {
			t.Fatal(err)
		}
		var got []complex128
		for i := range alpha {
			if cmplx.Abs(beta[i]) > 1e-9*cmplx.Abs(alpha[i]) {
				got = append(got, alpha[i]/beta[i])
			}
		}
		if len(got) != n-infinite {
			t.Fatalf("order %d: %d finite eigenvalues, want %d", n, len(got), n-infinite)
		}
		sameSet(t, "finite eigenvalues", got, want, 1e-8) // condition of random transformations of order 40
	}
}

func TestFreqResp(t *testing.T) {
	r := stream(13)
	for _, ts := range []float64{0, 0.2} {
		g := randSystem(r, 7, 2, 2, ts)
		w := []float64{0, 0.1, 1, 9}
		for k, h := range g.FreqResp(w) {
			s := complex(0, w[k])
			if ts > 0 {
				s = cmplx.Exp(complex(0, w[k]*ts))
			}
			sameComplex(t, h, direct(g, s))
		}
	}
	// 1/(s^2 + 1) at its pole, and a static gain.
	f, err := NewTF([]float64{1}, []float64{1, 0, 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.SS()
	if err != nil {
		t.Fatal(err)
	}
	if v := s.FreqResp([]float64{1})[0].At(0, 0); !cmplx.IsInf(v) {
		t.Errorf("at a pole: %v", v)
	}
	d, err := Gain(mat.NewDense(1, 2, []float64{2, 3}), 0)
	if err != nil {
		t.Fatal(err)
	}
	if v := d.FreqResp([]float64{1})[0]; v.At(0, 1) != 3 {
		t.Error(v)
	}
}

// direct evaluates C (sI - A)^-1 B + D with a real system of twice the size.
func direct(g *SS, s complex128) *mat.CDense {
	n, m, p := g.Dims()
	big, rhs := mat.NewDense(2*n, 2*n, nil), mat.NewDense(2*n, m, nil)
	for i := range n {
		for j := range n {
			v := -g.A.At(i, j)
			if i == j {
				v += real(s)
				big.Set(i, n+j, -imag(s))
				big.Set(n+i, j, imag(s))
			}
			big.Set(i, j, v)
			big.Set(n+i, n+j, v)
		}
	}
	put(rhs, 0, 0, 1, g.B)
	var x mat.Dense
	if err := x.Solve(big, rhs); err != nil {
		panic(err)
	}
	re, im := mul(g.C, x.Slice(0, n, 0, m)), mul(g.C, x.Slice(n, 2*n, 0, m))
	out := mat.NewCDense(p, m, nil)
	for i := range p {
		for j := range m {
			out.Set(i, j, complex(re.At(i, j)+g.D.At(i, j), im.At(i, j)))
		}
	}
	return out
}

func sameComplex(t *testing.T, got, want *mat.CDense) {
	t.Helper()
	p, m := want.Dims()
	for i := range p {
		for j := range m {
			if cmplx.Abs(got.At(i, j)-want.At(i, j)) > 1e-12*(1+cmplx.Abs(want.At(i, j))) {
				t.Errorf("element (%d, %d): %v, want %v", i, j, got.At(i, j), want.At(i, j))
			}
		}
	}
}

// TestStableAgainstHighPrecision: with the rightmost eigenvalue a little to either side of the boundary, the verdict is
// that of Routh's table in 512 bits.
func TestStableAgainstHighPrecision(t *testing.T) {
	orders := []int{1, 2, 5, 10, 20, 40, 60}
	if testing.Short() {
		orders = orders[:5]
	}
	r := stream(14)
	for _, n := range orders {
		for _, discrete := range []bool{false, true} {
			distances := []float64{-1e-7, 1e-7, -0.1, 0.1}
			if n > 30 {
				distances = distances[:2] // the hard ones; exact arithmetic takes its time
			}
			for _, distance := range distances {
				a := randA(r, n)
				ts := 0.0
				if discrete {
					ts = 1
					a = scale((1+distance)/abscissa(a, true), a)
				} else {
					a = sub(a, scale(abscissa(a, false)-distance, identity(n)))
				}
				g, err := NewSS(a, mat.NewDense(n, 1, nil), mat.NewDense(1, n, nil), nil, ts)
				if err != nil {
					t.Fatal(err)
				}
				got, err := g.Stable()
				if err != nil {
					t.Fatal(err)
				}
				if want := bigStable(a, discrete); got != want || want != (distance < 0) {
					t.Errorf("order %d, discrete %v, distance %g: stable %v, high precision says %v", n, discrete, distance, got, want)
				}
			}
		}
	}
}
