package ssm

import (
	"math"
	"math/big"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/plumb-go/plumb/nn/seq"
)

// shapes are sizes of small and usual cascades.
var shapes = map[string]Options{
	"default":            {},
	"wiener-hammerstein": WienerHammerstein(),
	"single":             {Blocks: []seq.DiagonalBlock{{States: 2, Hidden: 3}}, MaxRadius: 0.5},
	"three":              {Width: 2, Blocks: []seq.DiagonalBlock{{States: 1}, {States: 3, Hidden: 2}, {States: 2, Hidden: 5}}, MaxRadius: 0.99},
}

func network(t testing.TB, in, out int, o Options) *Network {
	t.Helper()
	m, err := New(in, out, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func normal(r *rand.Rand, n int, sd float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = sd * r.NormFloat64()
	}
	return x
}

func TestDeployClosedForm(t *testing.T) {
	m := network(t, 1, 1, Options{Blocks: []seq.DiagonalBlock{{States: 1}}, MaxRadius: 0.9})
	w := make([]float64, m.Layout().Len())
	// nu = log log(9/8): |lambda| = 0.9 * 8/9 = 0.8, sqrt(1-|lambda|^2) = 0.6
	m.Deploy([]float64{math.Log(math.Log(9. / 8)), math.Pi / 2, 10, -5, 1, 2, 3, 4}, w)
	want := []float64{0, 0.8, 6, -3, 1, 2, 3, 4}
	const tol = 1e-12 // shrink and a few roundings
	for i, x := range w {
		if math.Abs(x-want[i]) > tol {
			t.Errorf("weight %d is %v, want %v", i, x, want[i])
		}
	}
}

// The bound on the modulus is claimed of the stored float64 numbers, so it is tested in exact arithmetic.
func TestModulusBoundIsExact(t *testing.T) {
	for _, bound := range []float64{0.05, 0.5, 0.9, 0.99, 0.9999, 1 - 1e-9} {
		m := network(t, 1, 1, Options{Blocks: []seq.DiagonalBlock{{States: 500}}, MaxRadius: bound})
		r := rand.New(rand.NewPCG(1, 2))
		theta, w := normal(r, m.Dim(), 1), make([]float64, m.Layout().Len())
		b := m.blocks[0]
		nu, angle, _, _ := b.split(theta)
		for i := range nu {
			nu[i] = [...]float64{-800, -745, -40, -30, -20, -3, 0, 6, 7, 800}[i%10] + r.NormFloat64()
			angle[i] = [...]float64{0, math.Pi / 4, math.Pi / 2, math.Pi, 1e6}[r.IntN(5)] * (1 + r.NormFloat64()*float64(i%2))
		}
		m.Deploy(theta, w)
		square := new(big.Rat).SetFloat64(bound)
		square.Mul(square, square)
		closest := 0.0
		for i, re := range b.t.Lre.Of(w) {
			im := b.t.Lim.Of(w)[i]
			x, y := new(big.Rat).SetFloat64(re), new(big.Rat).SetFloat64(im)
			x.Add(x.Mul(x, x), y.Mul(y, y))
			if x.Cmp(square) > 0 {
				t.Errorf("bound %v: |%v + %vi| exceeds it", bound, re, im)
			}
			closest = max(closest, math.Hypot(re, im))
		}
		if closest < bound*(1-1e-12) {
			t.Errorf("bound %v: largest modulus %v; the set should reach the bound", bound, closest)
		}
		dtheta := make([]float64, len(theta))
		m.Pullback(theta, normal(r, len(w), 1), dtheta)
		for i, g := range dtheta {
			if math.IsNaN(g) || math.IsInf(g, 0) {
				t.Fatalf("bound %v: gradient %d is %v", bound, i, g)
			}
		}
	}
}

func TestPullbackAgainstDifferences(t *testing.T) {
	for name, o := range shapes {
		m := network(t, 2, 3, o)
		r := rand.New(rand.NewPCG(3, 4))
		theta, dw := normal(r, m.Dim(), 0.7), normal(r, m.Layout().Len(), 1)
		w, dtheta := make([]float64, len(dw)), make([]float64, m.Dim())
		value := func() float64 {
			m.Deploy(theta, w)
			var f float64
			for i, x := range w {
				f += dw[i] * x
			}
			return f
		}
		value()
		const prior = 3 // Pullback adds to what is there
		for i := range dtheta {
			dtheta[i] = prior
		}
		m.Pullback(theta, dw, dtheta)
		for i := range theta {
			const h = 1e-5
			const tol = 1e-8 // h^2 times third derivatives of size one, and rounding of the sum divided by h
			keep := theta[i]
			theta[i] = keep + h
			fp := value()
			theta[i] = keep - h
			fm := value()
			theta[i] = keep
			if d := (fp - fm) / (2 * h); math.Abs(d-dtheta[i]+prior) > tol*(1+math.Abs(d)) {
				t.Errorf("%s: parameter %d: gradient %v, difference quotient %v", name, i, dtheta[i]-prior, d)
			}
		}
	}
}

func TestDeployDoesNotAllocate(t *testing.T) {
	m := network(t, 1, 1, Options{})
	theta, w := make([]float64, m.Dim()), make([]float64, m.Layout().Len())
	m.Init(rand.New(rand.NewPCG(1, 1)), nil, theta)
	if n := testing.AllocsPerRun(10, func() { m.Deploy(theta, w); m.Pullback(theta, w, theta) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// poles returns the eigenvalues of each block.
func poles(m *Network, w []float64) [][]complex128 {
	var out [][]complex128
	for _, x := range m.Tensors() {
		var p []complex128
		for i, re := range x.Lre.Of(w) {
			p = append(p, complex(re, x.Lim.Of(w)[i]))
		}
		out = append(out, p)
	}
	return out
}

func TestInitPlacesTheModes(t *testing.T) {
	const rounding = 1e-12 // of exp and log
	pair, slow := cmplx.Rect(0.93, 0.7), complex(0.98, 0)
	many := []complex128{slow, 0.5, -0.6}
	for i := range 5 {
		p := cmplx.Rect(0.9-0.05*float64(i), 0.2+0.3*float64(i))
		many = append(many, p, cmplx.Conj(p))
	}
	for name, modes := range map[string][]complex128{
		"none":     nil,
		"few":      {pair, cmplx.Conj(pair), slow},
		"many":     many,
		"unstable": {1, 1.02, cmplx.Rect(1.1, 0.4), cmplx.Rect(1.1, -0.4), 0, cmplx.NaN(), cmplx.Inf()},
	} {
		for shape, o := range shapes {
			m := network(t, 1, 1, o)
			theta, w := make([]float64, m.Dim()), make([]float64, m.Layout().Len())
			m.Init(rand.New(rand.NewPCG(5, 6)), modes, theta)
			m.Deploy(theta, w)
			for i, x := range w {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Fatalf("%s, %s: weight %d is %v", name, shape, i, x)
				}
			}
			all := poles(m, w)
			for b, ps := range all {
				for _, p := range ps {
					if a := cmplx.Abs(p); a > min(0.999, m.MaxRadius)+rounding || a < 0.01 {
						t.Errorf("%s, %s: block %d starts with |lambda| = %v", name, shape, b, a)
					}
				}
			}
			if o.MaxRadius != 0 || name == "unstable" {
				continue
			}
			var want []complex128
			for _, p := range modes {
				if imag(p) >= 0 {
					want = append(want, p)
				}
			}
			near := func(ps []complex128, p complex128) bool {
				// real modes are moved by a tenth of their distance to the circle, standard deviation
				return slices.ContainsFunc(ps, func(q complex128) bool {
					return cmplx.Abs(p-q) < 1e-9 || imag(p) == 0 && cmplx.Abs(p-q) < 0.5*(1-cmplx.Abs(p))
				})
			}
			if n := len(all[0]); len(want) > n { // the first take the first block, the others go on
				all = [][]complex128{slices.Concat(all...)}
			}
			for b, ps := range all {
				for _, p := range want {
					if !near(ps, p) {
						t.Errorf("%s, %s: block %d lacks the mode %v among %v", name, shape, b, p, ps)
					}
				}
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, try := range map[string]func() (*Network, error){
		"inputs": func() (*Network, error) { return New(0, 1, Options{}) },
		"radius": func() (*Network, error) { return New(1, 1, Options{MaxRadius: 1}) },
		"nan":    func() (*Network, error) { return New(1, 1, Options{MaxRadius: math.NaN()}) },
		"empty":  func() (*Network, error) { return New(1, 1, Options{Blocks: []seq.DiagonalBlock{}}) },
		"states": func() (*Network, error) { return New(1, 1, Options{Blocks: []seq.DiagonalBlock{{Hidden: 3}}}) },
		"hidden": func() (*Network, error) {
			return New(1, 1, Options{Blocks: []seq.DiagonalBlock{{States: 1, Hidden: -1}}})
		},
		"width": func() (*Network, error) { return New(1, 1, Options{Width: -1}) },
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
