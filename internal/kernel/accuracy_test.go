package kernel

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

var samples = flag.Int("samples", 8000, "samples per function and region in the accuracy tests")

// Bounds that doc.go promises, in units in the last place.
const (
	boundExp      = 2.0
	boundTanh     = 2.0
	boundSigmoid  = 2.0
	boundSoftplus = 4.0
)

// function is one activation function with its implementations and reference.
type function struct {
	name  string
	f64   func(dst, x []float64)
	f32   func(dst, x []float32)
	plain func(float64) float64
	ref   func(float64) scaled
	bound float64
	max   float64 // beyond +-max nothing happens any more
}

var functions = []function{
	{"exp", Exp, Exp32, exp, ddExp, boundExp, 760},
	{"tanh", Tanh, Tanh32, tanh, ddTanh, boundTanh, 30},
	{"sigmoid", Sigmoid, Sigmoid32, sigmoid, ddSigmoid, boundSigmoid, 760},
	{"softplus", Softplus, Softplus32, softplus, ddSoftplus, boundSoftplus, 760},
}

// arguments is a dense set over the whole range: linear, logarithmic down to the smallest numbers, near multiples of
// ln(2)/2, where the reduction changes over, and at the ends of the format.
func arguments(r *rand.Rand, n int, max float64) []float64 {
	var x []float64
	for i := range n {
		t := (float64(i) + r.Float64()) / float64(n)
		x = append(x, max*(2*t-1), 4*(2*t-1), 0.7*(2*t-1))
		small := math.Exp(math.Log(max) + t*(math.Log(0x1p-1060)-math.Log(max)))
		x = append(x, small, -small)
		near := math.Ln2 / 2 * math.Round(r.Float64()*max/math.Ln2*2)
		near *= 1 + math.Ldexp(2*r.Float64()-1, -r.IntN(50))
		x = append(x, near, -near)
	}
	for _, v := range []float64{0, math.SmallestNonzeroFloat64, 0x1p-1022, 0x1.fffffffffffffp-1023, 1e-300, 709.782712893384,
		709.7827128933841, 745.1332191019411, 745.1332191019412, 708.3964185322641, 22, 0x1p-27, 1, 1e10, math.MaxFloat64} {
		x = append(x, v, -v)
	}
	return x
}

// worst is the largest error and where it occurs.
type worst struct{ ulp, at float64 }

func (w *worst) see(u, at float64) {
	if u > w.ulp || u != u {
		*w = worst{u, at}
	}
}

func TestActivationsWithinTheirBounds(t *testing.T) {
	for _, f := range functions {
		t.Run(f.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			x := arguments(r, *samples, f.max)
			y, x32, y32 := make([]float64, len(x)), make([]float32, len(x)), make([]float32, len(x))
			for i, v := range x {
				x32[i] = float32(v)
			}
			f.f64(y, x)
			f.f32(y32, x32)
			var double, single worst
			for i, v := range x {
				ref := f.ref(v)
				if fast && math.Float64bits(y[i]) != math.Float64bits(f.plain(v)) {
					t.Fatalf("at %v the kernel gives %v, its twin %v", v, y[i], f.plain(v))
				}
				double.see(ulps(y[i], ref, 53, -1074, 1024), v)
				if i%3 == 0 {
					single.see(ulps(float64(y32[i]), f.ref(float64(x32[i])), 24, -149, 128), float64(x32[i]))
				}
			}
			t.Logf("%d samples: worst %.3f ulp at %v, in single precision %.3f at %v",
				len(x), double.ulp, double.at, single.ulp, single.at)
			if !(double.ulp <= f.bound && single.ulp <= f.bound) {
				t.Errorf("beyond %v ulp", f.bound)
			}
		})
	}
}

func TestActivationsAtSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	negZero := math.Copysign(0, -1)
	x := []float64{0, negZero, inf, -inf, nan, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64}
	const tiny = math.SmallestNonzeroFloat64
	want := map[string][]float64{
		"exp":      {1, 1, inf, 0, nan, inf, 0, 1, 1},
		"tanh":     {0, negZero, 1, -1, nan, 1, -1, tiny, -tiny},
		"sigmoid":  {0.5, 0.5, 1, 0, nan, 1, 0, 0.5, 0.5},
		"softplus": {math.Ln2, math.Ln2, inf, 0, nan, math.MaxFloat64, 0, math.Ln2, math.Ln2},
	}
	for _, f := range functions {
		y := make([]float64, len(x))
		f.f64(y, x)
		x32, y32 := make([]float32, len(x)), make([]float32, len(x))
		for i, v := range x {
			x32[i] = float32(v)
		}
		f.f32(y32, x32)
		for i, v := range x {
			w := want[f.name][i]
			for kind, got := range map[string]float64{"kernel": y[i], "twin": f.plain(v)} {
				if math.Float64bits(got) != math.Float64bits(w) && !(got != got && w != w) {
					t.Errorf("%s of %s at %v is %v, want %v", kind, f.name, v, got, w)
				}
			}
			w32 := float32(w)
			if g := y32[i]; math.Float32bits(g) != math.Float32bits(w32) && !(g != g && w != w) && x32[i] == float32(v) {
				t.Errorf("single %s at %v is %v, want %v", f.name, x32[i], g, w32)
			}
		}
	}
}

// bigBits leaves 100 bits of log(1+e^x) for x down to -200.
const bigBits = 500

// bigExp is e^x by its Taylor series at x/2^k, squared k times, with bigBits bits.
func bigExp(x *big.Float) *big.Float {
	const prec, halvings = bigBits, 30
	z := new(big.Float).SetPrec(prec).SetMantExp(x, -halvings)
	sum, term := big.NewFloat(1).SetPrec(prec), big.NewFloat(1).SetPrec(prec)
	for i := 1; i < 40; i++ {
		term.Mul(term, z)
		term.Quo(term, new(big.Float).SetPrec(prec).SetInt64(int64(i)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// The reference agrees with 400-bit arithmetic to well below the thousandth of a unit that the tests resolve.
func TestReferenceAgainstBig(t *testing.T) {
	const agreement = 0x1p-90
	one := big.NewFloat(1).SetPrec(bigBits)
	check := func(name string, x float64, got scaled, want *big.Float) {
		g := new(big.Float).SetPrec(bigBits).Add(big.NewFloat(got.v.hi), big.NewFloat(got.v.lo))
		g.SetMantExp(g, got.n)
		d := new(big.Float).Sub(g, want)
		rel, _ := d.Quo(d, want).Float64()
		if math.Abs(rel) > agreement {
			t.Errorf("%s at %v: reference is off by 2^%.1f", name, x, math.Log2(math.Abs(rel)))
		}
	}
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 300 {
		x := (2*r.Float64() - 1) * math.Ldexp(1, r.IntN(20)-10)
		if i%10 == 0 {
			x = -700 * r.Float64()
		}
		e := bigExp(big.NewFloat(x))
		check("exp", x, ddExp(x), e)
		en := bigExp(big.NewFloat(-x))
		check("sigmoid", x, ddSigmoid(x), new(big.Float).SetPrec(bigBits).Quo(one, new(big.Float).Add(one, en)))
		e2 := bigExp(big.NewFloat(2 * x))
		num, den := new(big.Float).Sub(e2, one), new(big.Float).Add(e2, one)
		check("tanh", x, ddTanh(x), num.Quo(num, den))
		if x < -200 {
			continue
		}
		// softplus is checked through its inverse: e^softplus = 1 + e^x, to first order in the difference.
		s := ddSoftplus(x)
		b := new(big.Float).SetPrec(bigBits).Add(big.NewFloat(s.v.hi), big.NewFloat(s.v.lo))
		b.SetMantExp(b, s.n)
		target := new(big.Float).SetPrec(bigBits).Add(one, e)
		back := bigExp(b)
		d := new(big.Float).Sub(back, target)
		d.Quo(d, target)
		want := new(big.Float).SetPrec(bigBits).Sub(b, d)
		check("softplus", x, s, want)
	}
}
