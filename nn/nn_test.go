package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/grad"
	"github.com/plumb-go/plumb/grad/gradtest"
	"github.com/plumb-go/plumb/nn"
)

// fill gives every parameter, biases too, a value of moderate size.
func fill(theta []float64, r *rand.Rand) {
	for i := range theta {
		theta[i] = 2*r.Float64() - 1
	}
}

// TestMLPValue compares with the formula y = tanh(tanh(x W1 + b1) W2 + b2) W3 + b3 written out in loops.
func TestMLPValue(t *testing.T) {
	const tol = 1e-14 // a few roundings of sums of at most 6 terms of size 1
	r := rand.New(rand.NewPCG(1, 1))
	tp := grad.NewTape()
	net, err := nn.NewMLP(tp, grad.Tanh, 3, 5, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	theta := make([]float64, tp.Dim())
	if want := 3*5 + 5 + 5*4 + 4 + 4*2 + 2; len(theta) != want {
		t.Fatalf("%d parameters, want %d", len(theta), want)
	}
	fill(theta, r)
	x := gradtest.Random(r, 6, 3, -1, 1)
	tp.Start(theta, nil)
	y := net.Apply(tp, tp.Const(6, 3, x.Data))
	if err := tp.Err(); err != nil {
		t.Fatal(err)
	}
	for s := range 6 {
		h, rest := x.Data[s*3:(s+1)*3], theta
		for l, size := range []int{5, 4, 2} {
			next := make([]float64, size)
			for j := range next {
				next[j] = rest[len(h)*size+j]
				for i, v := range h {
					next[j] += v * rest[i*size+j]
				}
				if l < 2 {
					next[j] = math.Tanh(next[j])
				}
			}
			rest = rest[len(h)*size+size:]
			h = next
		}
		for j, want := range h {
			if got := tp.Value(y)[s*2+j]; math.Abs(got-want) > tol {
				t.Errorf("sample %d, output %d: %v, want %v", s, j, got, want)
			}
		}
	}
}

// TestMLPGradient compares the gradient with respect to all parameters with differences of the loss.
func TestMLPGradient(t *testing.T) {
	const (
		h   = 1e-5 // error h²/6 |f'''| + eps |f|/h: both near 1e-11 for values of size 1
		tol = 1e-9
	)
	for _, act := range []grad.Activation{grad.Linear, grad.Tanh, grad.Sigmoid} {
		r := rand.New(rand.NewPCG(2, 2))
		tp := grad.NewTape()
		net, err := nn.NewMLP(tp, act, 3, 6, 5, 2)
		if err != nil {
			t.Fatal(err)
		}
		x, y := gradtest.Random(r, 4, 3, -1, 1), gradtest.Random(r, 4, 2, -1, 1)
		f := &grad.Func{Tape: tp, Build: func(t *grad.Tape) grad.Var {
			return t.MSE(net.Apply(t, t.Const(4, 3, x.Data)), t.Const(4, 2, y.Data))
		}}
		theta, g := make([]float64, f.Dim()), make([]float64, f.Dim())
		fill(theta, r)
		f.ValueGrad(theta, g)
		for i, v := range theta {
			theta[i] = v + h
			hi := f.ValueGrad(theta, nil)
			theta[i] = v - h
			lo := f.ValueGrad(theta, nil)
			theta[i] = v
			if want := (hi - lo) / (2 * h); math.Abs(g[i]-want) > tol*max(1, math.Abs(want)) {
				t.Errorf("activation %d: gradient %d is %g, differences give %g", act, i, g[i], want)
			}
		}
	}
}

// TestTraining fits y = sin(2x), of variance 0.44, to less than a two-hundredth of it.
func TestTraining(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	tp := grad.NewTape()
	net, err := nn.NewMLP(tp, grad.Tanh, 1, 16, 16, 1)
	if err != nil {
		t.Fatal(err)
	}
	const n = 64
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = -2 + 4*float64(i)/(n-1)
		y[i] = math.Sin(2 * x[i])
	}
	f := &grad.Func{Tape: tp, Build: func(t *grad.Tape) grad.Var {
		return t.MSE(net.Apply(t, t.Const(n, 1, x)), t.Const(n, 1, y))
	}}
	theta, g := make([]float64, f.Dim()), make([]float64, f.Dim())
	net.Init(theta, r)
	first := f.ValueGrad(theta, g)
	speed := make([]float64, len(theta))
	for range 2000 { // gradient descent with momentum
		f.ValueGrad(theta, g)
		for i := range theta {
			speed[i] = 0.9*speed[i] - 0.02*g[i]
			theta[i] += speed[i]
		}
	}
	if last := f.ValueGrad(theta, nil); !(last < 2e-3) {
		t.Errorf("loss went from %.4f to %.4f only", first, last)
	}
}

// TestInit checks mean and variance of the drawn weights: with 10,000 weights the sample variance of a uniform
// distribution has standard deviation 0.9 %, the sample mean 1 % of the standard deviation; both within five of those.
func TestInit(t *testing.T) {
	for act, want := range map[grad.Activation]float64{grad.Tanh: 2.0 / 200, grad.Relu: 2.0 / 100} {
		tp := grad.NewTape()
		nn.NewDense(tp, 3, 2, act)
		d := nn.NewDense(tp, 100, 100, act)
		theta := make([]float64, tp.Dim())
		fill(theta, rand.New(rand.NewPCG(4, 4)))
		d.Init(theta, rand.New(rand.NewPCG(5, 5)))
		w, b := d.Weights(theta)
		var mean, square float64
		for _, v := range w {
			mean += v / float64(len(w))
			square += v * v / float64(len(w))
		}
		if math.Abs(square/want-1) > 0.045 || math.Abs(mean) > 0.05*math.Sqrt(want) {
			t.Errorf("activation %d: mean %g, variance %g, want 0 and %g", act, mean, square, want)
		}
		for _, v := range b {
			if v != 0 {
				t.Fatalf("bias %g", v)
			}
		}
		if theta[0] == 0 || theta[7] == 0 {
			t.Error("Init wrote outside its layer")
		}
	}
}

func TestErrors(t *testing.T) {
	for _, sizes := range [][]int{nil, {3}, {3, 0, 2}, {-1, 2}} {
		if _, err := nn.NewMLP(grad.NewTape(), grad.Tanh, sizes...); err == nil {
			t.Errorf("sizes %v passed", sizes)
		}
	}
	tp := grad.NewTape()
	net, _ := nn.NewMLP(tp, grad.Tanh, 3, 4, 2)
	tp.Start(make([]float64, tp.Dim()), nil)
	net.Apply(tp, tp.Const(5, 2, make([]float64, 10)))
	if tp.Err() == nil {
		t.Error("a batch of the wrong width passed")
	}
}

func ExampleMLP() {
	t := grad.NewTape()
	net, err := nn.NewMLP(t, grad.Tanh, 1, 2, 1)
	if err != nil {
		panic(err)
	}
	theta := []float64{1, -1, 0, 0, 1, 1, 0.5} // W1, b1, W2, b2: the two tanh cancel
	t.Start(theta, nil)
	y := net.Apply(t, t.Const(2, 1, []float64{0.3, 2}))
	fmt.Printf("%.3f\n", t.Value(y))
	// Output: [0.500 0.500]
}
