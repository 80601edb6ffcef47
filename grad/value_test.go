package grad_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/grad"
	"github.com/plumb-go/plumb/grad/gradtest"
)

// Values are compared with the standard library and gonum; a few units in the last place of the largest intermediate
// result, over sums of at most some ten terms and matrices of condition below 10.
const valueTolerance = 1e-13

func wantValue(t *testing.T, tape *grad.Tape, name string, v grad.Var, rows, cols int, want func(i, j int) float64) {
	t.Helper()
	if err := tape.Err(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if r, c := tape.Shape(v); r != rows || c != cols {
		t.Fatalf("%s: shape %dx%d, want %dx%d", name, r, c, rows, cols)
	}
	for k, got := range tape.Value(v) {
		if w := want(k/cols, k%cols); math.Abs(got-w) > valueTolerance*max(1, math.Abs(w)) {
			t.Errorf("%s: element %d,%d is %v, want %v", name, k/cols, k%cols, got, w)
		}
	}
}

func TestElementwiseValues(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const m, n = 5, 7
	am, bm := gradtest.Random(r, m, n, -3, 3), gradtest.Random(r, m, n, 0.5, 3)
	row, col := gradtest.Random(r, 1, n, -1, 1), gradtest.Random(r, m, 1, -1, 1)
	tp := grad.NewTape()
	a, b := tp.Const(m, n, am.Data), tp.Const(m, n, bm.Data)
	u, v := tp.Const(1, n, row.Data), tp.Const(m, 1, col.Data)
	for _, c := range []struct {
		name string
		got  grad.Var
		want func(x, y, u, v float64) float64
	}{
		{"Add", tp.Add(a, b), func(x, y, _, _ float64) float64 { return x + y }},
		{"Sub", tp.Sub(a, b), func(x, y, _, _ float64) float64 { return x - y }},
		{"AddScaled", tp.AddScaled(a, -2.5, b), func(x, y, _, _ float64) float64 { return x - 2.5*y }},
		{"Mul", tp.Mul(a, b), func(x, y, _, _ float64) float64 { return x * y }},
		{"Div", tp.Div(a, b), func(x, y, _, _ float64) float64 { return x / y }},
		{"Scale", tp.Scale(a, 3), func(x, _, _, _ float64) float64 { return 3 * x }},
		{"Affine", tp.Affine(a, 3, -1), func(x, _, _, _ float64) float64 { return 3*x - 1 }},
		{"Tanh", tp.Tanh(a), func(x, _, _, _ float64) float64 { return math.Tanh(x) }},
		{"Sigmoid", tp.Sigmoid(a), func(x, _, _, _ float64) float64 { return 1 / (1 + math.Exp(-x)) }},
		{"Softplus", tp.Softplus(a), func(x, _, _, _ float64) float64 { return math.Log(1 + math.Exp(x)) }},
		{"Relu", tp.Relu(a), func(x, _, _, _ float64) float64 { return math.Max(x, 0) }},
		{"Exp", tp.Exp(a), func(x, _, _, _ float64) float64 { return math.Exp(x) }},
		{"Log", tp.Log(b), func(_, y, _, _ float64) float64 { return math.Log(y) }},
		{"Sqrt", tp.Sqrt(b), func(_, y, _, _ float64) float64 { return math.Sqrt(y) }},
		{"AddBias", tp.AddBias(a, u), func(x, _, u, _ float64) float64 { return x + u }},
		{"MulCol", tp.MulCol(a, v), func(x, _, _, v float64) float64 { return x * v }},
		{"Expand/row", tp.Expand(u, m, n), func(_, _, u, _ float64) float64 { return u }},
		{"Expand/column", tp.Expand(v, m, n), func(_, _, _, v float64) float64 { return v }},
	} {
		wantValue(t, tp, c.name, c.got, m, n, func(i, j int) float64 {
			return c.want(am.Data[i*n+j], bm.Data[i*n+j], row.Data[j], col.Data[i])
		})
	}
	at := func(i, j int) float64 { return am.Data[i*n+j] }
	wantValue(t, tp, "Transpose", tp.Transpose(a), n, m, func(i, j int) float64 { return at(j, i) })
	wantValue(t, tp, "SliceRows", tp.SliceRows(a, 1, 4), 3, n, func(i, j int) float64 { return at(i+1, j) })
	wantValue(t, tp, "SliceCols", tp.SliceCols(a, 2, 6), m, 4, func(i, j int) float64 { return at(i, j+2) })
	wantValue(t, tp, "ConcatRows", tp.ConcatRows(u, a), m+1, n, func(i, j int) float64 {
		if i == 0 {
			return row.Data[j]
		}
		return at(i-1, j)
	})
	wantValue(t, tp, "ConcatCols", tp.ConcatCols(a, v), m, n+1, func(i, j int) float64 {
		if j == n {
			return col.Data[i]
		}
		return at(i, j)
	})
}

func TestMatrixValues(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const m, n, k = 6, 5, 9
	dense := func(x gradtest.Matrix) *mat.Dense { return mat.NewDense(x.Rows, x.Cols, x.Data) }
	tp := grad.NewTape()
	put := func(x gradtest.Matrix) grad.Var { return tp.Const(x.Rows, x.Cols, x.Data) }
	am, bm := plain(r, m, k), plain(r, k, n)
	at, bt := dense(am).T(), dense(bm).T()
	var p mat.Dense
	p.Mul(dense(am), dense(bm))
	for _, ta := range []bool{false, true} {
		for _, tb := range []bool{false, true} {
			a, b := put(am), put(bm)
			if ta {
				a = tp.Const(k, m, mat.DenseCopyOf(at).RawMatrix().Data)
			}
			if tb {
				b = tp.Const(n, k, mat.DenseCopyOf(bt).RawMatrix().Data)
			}
			wantValue(t, tp, "MatMul", tp.MatMul(a, b, ta, tb), m, n, p.At)
		}
	}
	bias := plain(r, 1, n)
	for act, f := range map[grad.Activation]func(float64) float64{
		grad.Linear: func(x float64) float64 { return x }, grad.Tanh: math.Tanh,
		grad.Sigmoid: func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		grad.Relu:    func(x float64) float64 { return max(x, 0) },
	} {
		wantValue(t, tp, "Dense", tp.Dense(put(am), put(bm), put(bias), act), m, n,
			func(i, j int) float64 { return f(p.At(i, j) + bias.Data[j]) })
	}
	s := system(r, m, n, 0)
	var x, xt, inv mat.Dense
	if x.Solve(dense(s[0]), dense(s[1])) != nil || xt.Solve(dense(s[0]).T(), dense(s[1])) != nil || inv.Inverse(dense(s[0])) != nil {
		t.Fatal("reference solution failed")
	}
	wantValue(t, tp, "Solve", tp.Solve(put(s[0]), put(s[1]), false), m, n, x.At)
	wantValue(t, tp, "Solve/transposed", tp.Solve(put(s[0]), put(s[1]), true), m, n, xt.At)
	wantValue(t, tp, "Inverse", tp.Inverse(put(s[0])), m, m, inv.At)
	swapped := tp.Const(2, 2, []float64{0, 2, 4, 0}) // needs pivoting
	wantValue(t, tp, "Inverse/pivot", tp.Inverse(swapped), 2, 2, mat.NewDense(2, 2, []float64{0, 0.25, 0.5, 0}).At)

	a := tp.Const(2, 3, []float64{1, 2, 3, 4, 5, 6})
	b := tp.Const(2, 3, []float64{2, 0, 1, -1, 1, 2})
	wantValue(t, tp, "RowDot", tp.RowDot(a, b), 2, 1, mat.NewDense(2, 1, []float64{5, 13}).At)
	wantValue(t, tp, "SumRows", tp.SumRows(a), 1, 3, mat.NewDense(1, 3, []float64{5, 7, 9}).At)
	wantValue(t, tp, "SumCols", tp.SumCols(a), 2, 1, mat.NewDense(2, 1, []float64{6, 15}).At)
	wantValue(t, tp, "Sum", tp.Sum(a), 1, 1, mat.NewDense(1, 1, []float64{21}).At)
	wantValue(t, tp, "MSE", tp.MSE(a, b), 1, 1, mat.NewDense(1, 1, []float64{(1 + 4 + 4 + 25 + 16 + 16) / 6.0}).At)
}

// TestTails holds where the naive formulas overflow or lose all digits.
func TestTails(t *testing.T) {
	tp := grad.NewTape()
	x := tp.Const(1, 4, []float64{-700, -40, 40, 800})
	wantValue(t, tp, "Sigmoid", tp.Scale(tp.Sigmoid(x), 1), 1, 4, func(_, j int) float64 {
		return []float64{math.Exp(-700), math.Exp(-40), 1, 1}[j]
	})
	if got, want := tp.Value(tp.Sigmoid(x))[0], math.Exp(-700); math.Abs(got/want-1) > valueTolerance {
		t.Errorf("sigmoid(-700) = %g, want %g", got, want)
	}
	if got, want := tp.Value(tp.Softplus(x))[1], math.Exp(-40); math.Abs(got/want-1) > valueTolerance {
		t.Errorf("softplus(-40) = %g, want %g", got, want)
	}
	if got := tp.Value(tp.Softplus(x))[3]; got != 800 {
		t.Errorf("softplus(800) = %g", got)
	}
}

func TestErrorsNameBothShapes(t *testing.T) {
	for _, c := range []struct {
		name, want string
		f          func(t *grad.Tape, a, b grad.Var) grad.Var // a is 2x3, b 4x5
	}{
		{"MatMul", "2x3 times 4x5", func(t *grad.Tape, a, b grad.Var) grad.Var { return t.MatMul(a, b, false, false) }},
		{"MatMul/transposed", "3x2 times 5x4", func(t *grad.Tape, a, b grad.Var) grad.Var { return t.MatMul(a, b, true, true) }},
		{"Dense", "input 2x3, weights 4x5, bias 2x3", func(t *grad.Tape, a, b grad.Var) grad.Var { return t.Dense(a, b, a, grad.Tanh) }},
		{"Add", "2x3 with 4x5", (*grad.Tape).Add},
		{"Mul", "2x3 with 4x5", (*grad.Tape).Mul},
		{"AddBias", "2x3 with 4x5", (*grad.Tape).AddBias},
		{"RowDot", "2x3 with 4x5", (*grad.Tape).RowDot},
		{"MulCol", "2x3 with 4x5", (*grad.Tape).MulCol},
		{"MSE", "2x3 with 4x5", (*grad.Tape).MSE},
		{"Solve", "matrix 2x3, right-hand side 4x5", func(t *grad.Tape, a, b grad.Var) grad.Var { return t.Solve(a, b, false) }},
		{"Expand", "2x3 to 4x3", func(t *grad.Tape, a, _ grad.Var) grad.Var { return t.Expand(a, 4, 3) }},
		{"SliceRows", "rows 1 to 3 of 2x3", func(t *grad.Tape, a, _ grad.Var) grad.Var { return t.SliceRows(a, 1, 3) }},
		{"SliceCols", "columns 2 to 2 of 2x3", func(t *grad.Tape, a, _ grad.Var) grad.Var { return t.SliceCols(a, 2, 2) }},
		{"ConcatRows", "4x5 below 3 columns", func(t *grad.Tape, a, b grad.Var) grad.Var { return t.ConcatRows(a, b) }},
		{"ConcatCols", "4x5 beside 2 rows", func(t *grad.Tape, a, b grad.Var) grad.Var { return t.ConcatCols(a, b) }},
		{"ConcatRows/none", "nothing to join", func(t *grad.Tape, _, _ grad.Var) grad.Var { return t.ConcatRows() }},
		{"Const", "5 elements for shape 2x3", func(t *grad.Tape, _, _ grad.Var) grad.Var { return t.Const(2, 3, make([]float64, 5)) }},
		{"Tanh/zero", "operand is not a variable", func(t *grad.Tape, _, _ grad.Var) grad.Var { return t.Tanh(grad.Var{}) }},
		{"Grad/zero", "operand is not a variable", func(t *grad.Tape, a, _ grad.Var) grad.Var { return t.Grad(a, grad.Var{}) }},
	} {
		tp := grad.NewTape()
		a, b := tp.Const(2, 3, make([]float64, 6)), tp.Const(4, 5, make([]float64, 20))
		v := c.f(tp, a, b)
		err := tp.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "grad: ") {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
		if v != (grad.Var{}) || tp.Add(a, a) != (grad.Var{}) || tp.Value(v) != nil {
			t.Errorf("%s: operations go on after the error", c.name)
		}
		if _, again := tp.Backward(v); again != err {
			t.Errorf("%s: Backward reports %v, not the first error", c.name, again)
		}
		tp.Start(nil, nil)
		if tp.Err() != nil {
			t.Errorf("%s: the error outlives the step", c.name)
		}
	}
}

func TestOtherErrors(t *testing.T) {
	tp := grad.NewTape()
	if v := tp.Inverse(tp.Const(2, 2, []float64{1, 2, 2, 4})); v == (grad.Var{}) || tp.Err() == nil {
		t.Error("a singular matrix has an inverse")
	}
	tp.Start(nil, nil)
	if _, err := tp.Backward(tp.Const(1, 2, []float64{1, 2})); err == nil {
		t.Error("a 1x2 loss passed")
	}
	tp.Start(make([]float64, 3), nil)
	if tp.Err() == nil {
		t.Error("a vector of length 3 passed for 0 parameters")
	}
	tp.Start(nil, nil)
	tp.Const(1, 1, []float64{1})
	tp.Param(2, 2)
	tp.Start(nil, nil)
	if tp.Err() == nil {
		t.Error("a parameter declared too late was forgotten")
	}
	bad := &grad.Func{Tape: grad.NewTape(), Build: func(t *grad.Tape) grad.Var { return t.Const(1, 2, []float64{1, 2}) }}
	if !math.IsNaN(bad.ValueGrad(nil, []float64{})) || bad.Err() == nil {
		t.Error("a failing objective has a value")
	}
}

func TestParametersAreViewsOfOneVector(t *testing.T) {
	tp := grad.NewTape()
	w, b, unused := tp.Param(2, 3), tp.Param(1, 3), tp.Param(1, 1)
	if tp.Dim() != 10 {
		t.Fatalf("dimension %d, want 10", tp.Dim())
	}
	theta, g := make([]float64, 10), make([]float64, 10)
	for i := range theta {
		theta[i], g[i] = float64(i), math.NaN() // the old content of the gradient must not matter
	}
	tp.Start(theta, g)
	if !slices.Equal(tp.Value(w), theta[:6]) || !slices.Equal(tp.Value(b), theta[6:9]) || !slices.Equal(tp.Value(unused), theta[9:]) {
		t.Error("parameters do not lie one after another")
	}
	x := tp.Const(1, 2, []float64{1, 2})
	loss := tp.Sum(tp.AddBias(tp.MatMul(x, w, false, false), b))
	v, err := tp.Backward(loss)
	if err != nil {
		t.Fatal(err)
	}
	// x w + b = [0+6, 1+8, 2+10] + [6, 7, 8]
	if v != 48 {
		t.Errorf("value %g, want 48", v)
	}
	want := []float64{1, 1, 1, 2, 2, 2, 1, 1, 1, 0}
	if !slices.Equal(g, want) {
		t.Errorf("gradient %v, want %v", g, want)
	}
	if _, err := tp.Backward(loss); err != nil || g[3] != 4 || g[8] != 2 {
		t.Errorf("a second Backward of the step did not add: %v, %v", g, err)
	}
	tp.Start(theta, nil)
	if tp.Backward(tp.Sum(w)); !slices.Equal(g[6:9], []float64{2, 2, 2}) {
		t.Error("a step without gradient wrote one")
	}
}
