package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// stepTolerance covers one more or one fewer rounding, relative to the largest number in the formula: a fused
// multiply-add against a product and a sum.
const stepTolerance64, stepTolerance32 = 0x1p-51, 0x1p-22

type binary[T number] struct {
	name string
	f    func(dst, x, y []T)
	want func(dst, x, y float64) float64
}

func binaries[T number](add, sub, mul, mulAdd, tanhGrad, sigmoidGrad func(dst, x, y []T), scale, axpy func(dst, x []T, s T)) []binary[T] {
	return []binary[T]{
		{"add", add, func(_, x, y float64) float64 { return x + y }},
		{"sub", sub, func(_, x, y float64) float64 { return x - y }},
		{"mul", mul, func(_, x, y float64) float64 { return x * y }},
		{"mulAdd", mulAdd, func(d, x, y float64) float64 { return d + x*y }},
		{"tanhGrad", tanhGrad, func(_, x, y float64) float64 { return x * (1 - y*y) }},
		{"sigmoidGrad", sigmoidGrad, func(_, x, y float64) float64 { return x * (y - y*y) }},
		{"scale", func(d, x, _ []T) { scale(d, x, 0.75) }, func(_, x, _ float64) float64 { return 0.75 * x }},
		{"axpy", func(d, x, _ []T) { axpy(d, x, 0.75) }, func(d, x, _ float64) float64 { return d + 0.75*x }},
	}
}

// checkSteps runs every operation at every short length, with the operands apart and with dst one of them, and looks
// at the numbers on both sides of dst.
func checkSteps[T number](t *testing.T, ops []binary[T], tol float64) {
	r := rand.New(rand.NewPCG(13, 14))
	random := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(2*r.Float64() - 1)
		}
		return x
	}
	for _, op := range ops {
		for n := range 70 {
			for alias := range 3 {
				room := random(n + 2)
				dst, x, y := room[1:n+1:n+1], random(n), random(n)
				switch alias {
				case 1:
					x = dst
				case 2:
					y = dst
				}
				want := make([]float64, n)
				for i := range want {
					want[i] = op.want(float64(dst[i]), float64(x[i]), float64(y[i]))
				}
				left, right := room[0], room[n+1]
				op.f(dst, x, y)
				for i, w := range want {
					if d := math.Abs(float64(dst[i]) - w); !(d <= tol) {
						t.Fatalf("%s, %d numbers, alias %d: number %d is %v, want %v", op.name, n, alias, i, dst[i], w)
					}
				}
				if room[0] != left || room[n+1] != right {
					t.Fatalf("%s, %d numbers: wrote beside dst", op.name, n)
				}
			}
		}
	}
}

func TestElementwise(t *testing.T) {
	checkSteps(t, binaries(Add, Sub, Mul, MulAdd, TanhGrad, SigmoidGrad, Scale, Axpy), stepTolerance64)
	checkSteps(t, binaries(Add32, Sub32, Mul32, MulAdd32, TanhGrad32, SigmoidGrad32, Scale32, Axpy32), stepTolerance32)
}

// An activation at any length, in place too, gives what it gives number by number.
func TestActivationsAtEveryLength(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, f := range functions {
		for n := range 40 {
			room := make([]float64, n+2)
			for i := range room {
				room[i] = 6*r.Float64() - 3
			}
			x := append([]float64(nil), room[1:n+1]...)
			left, right := room[0], room[n+1]
			f.f64(room[1:n+1], room[1:n+1])
			for i, v := range x {
				var one [1]float64
				f.f64(one[:], []float64{v})
				if room[1+i] != one[0] {
					t.Fatalf("%s, %d numbers: number %d is %v in a row and %v alone", f.name, n, i, room[1+i], one[0])
				}
			}
			if room[0] != left || room[n+1] != right {
				t.Fatalf("%s, %d numbers: wrote beside dst", f.name, n)
			}
		}
	}
}

// adamByHand is algorithm 1 of Kingma and Ba as printed, with the moments corrected first.
func adamByHand(theta, g, m, v float64, s AdamStep) (theta1, m1, v1 float64) {
	m = s.Beta1*m + (1-s.Beta1)*g
	v = s.Beta2*v + (1-s.Beta2)*g*g
	return theta - s.Rate*s.Decay*theta - s.Rate*(m/s.Bias1)/(math.Sqrt(v/s.Bias2)+s.Eps), m, v
}

func TestAdam(t *testing.T) {
	const steps = 20
	r := rand.New(rand.NewPCG(17, 18))
	for n := range 30 {
		theta, m, v, g := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		theta32, m32, v32, g32 := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		want := make([][3]float64, n)
		for i := range theta {
			theta[i] = r.Float64()
			theta32[i] = float32(theta[i])
			want[i][0] = theta[i]
		}
		for step := range steps {
			s := AdamStep{Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.1,
				Bias1: 1 - math.Pow(0.9, float64(step+1)), Bias2: 1 - math.Pow(0.999, float64(step+1))}
			for i := range g {
				g[i] = math.Exp(10*r.Float64()-8) - 0.01
				g32[i] = float32(g[i])
				want[i][0], want[i][1], want[i][2] = adamByHand(want[i][0], g[i], want[i][1], want[i][2], s)
			}
			Adam(theta, g, m, v, s)
			Adam32(theta32, g32, m32, v32, s)
		}
		// About ten roundings a step, each below the unit of a parameter near one.
		const tol64, tol32 = steps * 10 * 0x1p-53, steps * 10 * 0x1p-24
		for i := range theta {
			if d := math.Abs(theta[i] - want[i][0]); !(d <= tol64) {
				t.Fatalf("%d numbers: theta %d is %v, want %v", n, i, theta[i], want[i][0])
			}
			if d := math.Abs(float64(theta32[i]) - want[i][0]); !(d <= tol32) {
				t.Fatalf("%d numbers: single theta %d is %v, want %v", n, i, theta32[i], want[i][0])
			}
		}
	}
}

func TestElementwiseRefusesUnequalLengths(t *testing.T) {
	x, y := make([]float64, 3), make([]float64, 4)
	for name, f := range map[string]func(){
		"Tanh": func() { Tanh(x, y) }, "Add": func() { Add(x, x, y) }, "Axpy": func() { Axpy(y, x, 1) },
		"Adam": func() { Adam(x, x, x, y, AdamStep{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
