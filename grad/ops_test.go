package grad_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/grad"
	"github.com/plumb-go/plumb/grad/gradtest"
)

// opCase is one operation as a function of random arguments of random shapes.
type opCase struct {
	name string
	args func(r *rand.Rand, m, n, k int) []gradtest.Matrix
	f    func(t *grad.Tape, x []grad.Var) grad.Var
}

func plain(r *rand.Rand, rows, cols int) gradtest.Matrix {
	return gradtest.Random(r, rows, cols, -2, 2)
}

func one(r *rand.Rand, m, n, _ int) []gradtest.Matrix { return []gradtest.Matrix{plain(r, m, n)} }

func two(r *rand.Rand, m, n, _ int) []gradtest.Matrix {
	return []gradtest.Matrix{plain(r, m, n), plain(r, m, n)}
}

// positive keeps away from zero, where log, sqrt and division have no derivative.
func positive(r *rand.Rand, m, n, _ int) []gradtest.Matrix {
	return []gradtest.Matrix{gradtest.Random(r, m, n, 0.5, 2)}
}

// awayFromKink keeps relu's argument off its kink by far more than the step of the differences.
func awayFromKink(r *rand.Rand, m, n, _ int) []gradtest.Matrix {
	x := plain(r, m, n)
	for i, v := range x.Data {
		if v >= 0 {
			x.Data[i] += 0.1
		} else {
			x.Data[i] -= 0.1
		}
	}
	return []gradtest.Matrix{x}
}

func product(ta, tb bool) func(r *rand.Rand, m, n, k int) []gradtest.Matrix {
	return func(r *rand.Rand, m, n, k int) []gradtest.Matrix {
		a, b := plain(r, m, k), plain(r, k, n)
		if ta {
			a = plain(r, k, m)
		}
		if tb {
			b = plain(r, n, k)
		}
		return []gradtest.Matrix{a, b}
	}
}

// system is a diagonally dominant matrix, hence well conditioned, and right-hand sides.
func system(r *rand.Rand, m, n, _ int) []gradtest.Matrix {
	a := plain(r, m, m)
	for i := range m {
		a.Data[i*m+i] += float64(3 * m)
	}
	return []gradtest.Matrix{a, plain(r, m, n)}
}

func dense(act grad.Activation) opCase {
	return opCase{fmt.Sprintf("Dense/%d", act), func(r *rand.Rand, m, n, k int) []gradtest.Matrix {
		x, w, b := awayFromKink(r, m, k, 0)[0], plain(r, k, n), plain(r, 1, n)
		if act == grad.Relu { // signs fixed, so that no sum comes near the kink
			x, w, b = gradtest.Random(r, m, k, 0.1, 1), gradtest.Random(r, k, n, 0.1, 1), gradtest.Random(r, 1, n, 0.1, 1)
			for i := range m {
				if i%2 == 1 {
					for j := range k {
						x.Data[i*k+j] *= -1
					}
				}
			}
			for j := range b.Data {
				b.Data[j] *= 0.005 // below the smallest |x w|
			}
		}
		return []gradtest.Matrix{x, w, b}
	}, func(t *grad.Tape, x []grad.Var) grad.Var { return t.Dense(x[0], x[1], x[2], act) }}
}

func opCases() []opCase {
	unary := func(f func(*grad.Tape, grad.Var) grad.Var) func(*grad.Tape, []grad.Var) grad.Var {
		return func(t *grad.Tape, x []grad.Var) grad.Var { return f(t, x[0]) }
	}
	binary := func(f func(*grad.Tape, grad.Var, grad.Var) grad.Var) func(*grad.Tape, []grad.Var) grad.Var {
		return func(t *grad.Tape, x []grad.Var) grad.Var { return f(t, x[0], x[1]) }
	}
	cases := []opCase{
		{"Add", two, binary((*grad.Tape).Add)},
		{"Sub", two, binary((*grad.Tape).Sub)},
		{"AddScaled", two, func(t *grad.Tape, x []grad.Var) grad.Var { return t.AddScaled(x[0], -0.3, x[1]) }},
		{"Mul", two, binary((*grad.Tape).Mul)},
		{"Mul/self", one, func(t *grad.Tape, x []grad.Var) grad.Var { return t.Mul(x[0], x[0]) }},
		{"Div", func(r *rand.Rand, m, n, k int) []gradtest.Matrix {
			return []gradtest.Matrix{plain(r, m, n), positive(r, m, n, k)[0]}
		}, binary((*grad.Tape).Div)},
		{"Affine", one, func(t *grad.Tape, x []grad.Var) grad.Var { return t.Affine(x[0], 1.7, -0.4) }},
		{"Scale", one, func(t *grad.Tape, x []grad.Var) grad.Var { return t.Scale(x[0], -2.5) }},
		{"Tanh", one, unary((*grad.Tape).Tanh)},
		{"Sigmoid", one, unary((*grad.Tape).Sigmoid)},
		{"Softplus", one, unary((*grad.Tape).Softplus)},
		{"Relu", awayFromKink, unary((*grad.Tape).Relu)},
		{"Exp", one, unary((*grad.Tape).Exp)},
		{"Log", positive, unary((*grad.Tape).Log)},
		{"Sqrt", positive, unary((*grad.Tape).Sqrt)},
		{"AddBias", func(r *rand.Rand, m, n, _ int) []gradtest.Matrix {
			return []gradtest.Matrix{plain(r, m, n), plain(r, 1, n)}
		}, binary((*grad.Tape).AddBias)},
		{"RowDot", two, binary((*grad.Tape).RowDot)},
		{"MulCol", func(r *rand.Rand, m, n, _ int) []gradtest.Matrix {
			return []gradtest.Matrix{plain(r, m, n), plain(r, m, 1)}
		}, binary((*grad.Tape).MulCol)},
		{"SumRows", one, unary((*grad.Tape).SumRows)},
		{"SumCols", one, unary((*grad.Tape).SumCols)},
		{"Sum", one, unary((*grad.Tape).Sum)},
		{"Expand/row", func(r *rand.Rand, _, n, _ int) []gradtest.Matrix { return []gradtest.Matrix{plain(r, 1, n)} },
			func(t *grad.Tape, x []grad.Var) grad.Var { _, n := t.Shape(x[0]); return t.Expand(x[0], 3, n) }},
		{"Expand/column", func(r *rand.Rand, m, _, _ int) []gradtest.Matrix { return []gradtest.Matrix{plain(r, m, 1)} },
			func(t *grad.Tape, x []grad.Var) grad.Var { m, _ := t.Shape(x[0]); return t.Expand(x[0], m, 4) }},
		{"Expand/scalar", func(r *rand.Rand, _, _, _ int) []gradtest.Matrix { return []gradtest.Matrix{plain(r, 1, 1)} },
			func(t *grad.Tape, x []grad.Var) grad.Var { return t.Expand(x[0], 2, 5) }},
		{"MSE", two, binary((*grad.Tape).MSE)},
		{"Solve", system, func(t *grad.Tape, x []grad.Var) grad.Var { return t.Solve(x[0], x[1], false) }},
		{"Solve/transposed", system, func(t *grad.Tape, x []grad.Var) grad.Var { return t.Solve(x[0], x[1], true) }},
		{"Inverse", system, unary((*grad.Tape).Inverse)},
		{"Transpose", one, unary((*grad.Tape).Transpose)},
		{"SliceRows", one, func(t *grad.Tape, x []grad.Var) grad.Var { m, _ := t.Shape(x[0]); return t.SliceRows(x[0], m/2, m) }},
		{"SliceCols", one, func(t *grad.Tape, x []grad.Var) grad.Var { _, n := t.Shape(x[0]); return t.SliceCols(x[0], n/2, n) }},
		{"ConcatRows", func(r *rand.Rand, m, n, k int) []gradtest.Matrix {
			return []gradtest.Matrix{plain(r, m, n), plain(r, k, n)}
		}, func(t *grad.Tape, x []grad.Var) grad.Var { return t.ConcatRows(x[0], x[1], x[0]) }},
		{"ConcatCols", func(r *rand.Rand, m, n, k int) []gradtest.Matrix {
			return []gradtest.Matrix{plain(r, m, n), plain(r, m, k)}
		}, func(t *grad.Tape, x []grad.Var) grad.Var { return t.ConcatCols(x[0], x[1], x[0]) }},
		dense(grad.Linear), dense(grad.Tanh), dense(grad.Sigmoid), dense(grad.Relu),
	}
	for _, ta := range []bool{false, true} {
		for _, tb := range []bool{false, true} {
			cases = append(cases, opCase{fmt.Sprintf("MatMul/%t,%t", ta, tb), product(ta, tb),
				func(t *grad.Tape, x []grad.Var) grad.Var { return t.MatMul(x[0], x[1], ta, tb) }})
		}
	}
	return cases
}

// TestDerivatives checks the gradient and the Hessian-vector product of every operation alone, and inside a nonlinear
// function that uses the result twice, so that the derivative's own derivative and the accumulation are seen too.
func TestDerivatives(t *testing.T) {
	for _, c := range opCases() {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			inside := func(tp *grad.Tape, x []grad.Var) grad.Var {
				y := tp.Scale(c.f(tp, x), 0.25)
				return tp.Mul(tp.Tanh(y), tp.Affine(y, 1, 0.5))
			}
			for range 6 {
				at := c.args(r, 1+r.IntN(5), 1+r.IntN(5), 1+r.IntN(5))
				if err := gradtest.Check(c.f, r, at...); err != nil {
					t.Fatal(err)
				}
				if err := gradtest.Check(inside, r, at...); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestThirdOrder differentiates the gradient of a gradient: the second derivative as a function under test.
func TestThirdOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	f := func(tp *grad.Tape, x []grad.Var) grad.Var {
		y := tp.Dense(x[0], x[1], x[2], grad.Tanh)
		g := tp.Grad(tp.Sigmoid(y), x[0])
		return tp.Grad(tp.Softplus(g), x[1])
	}
	if err := gradtest.Check(f, r, plain(r, 3, 2), plain(r, 2, 4), plain(r, 1, 4)); err != nil {
		t.Fatal(err)
	}
}

// TestCheckFails makes sure that the checker sees a wrong gradient and a wrong second derivative.
func TestCheckFails(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	stopped := func(tp *grad.Tape, v grad.Var) grad.Var { // a copy through which no derivative flows
		m, n := tp.Shape(v)
		return tp.Const(m, n, append([]float64(nil), tp.Value(v)...))
	}
	if gradtest.Check(func(tp *grad.Tape, x []grad.Var) grad.Var {
		return tp.Mul(x[0], stopped(tp, x[0]))
	}, r, plain(r, 2, 3)) == nil {
		t.Error("half a gradient passed")
	}
	if gradtest.Check(func(tp *grad.Tape, x []grad.Var) grad.Var {
		// x² + (x - stop(x))²/2: value and gradient of x², Hessian 3 instead of 2
		d := tp.Sub(x[0], stopped(tp, x[0]))
		return tp.AddScaled(tp.Mul(x[0], x[0]), 0.5, tp.Mul(d, d))
	}, r, plain(r, 2, 3)) == nil {
		t.Error("a wrong second derivative passed")
	}
}
