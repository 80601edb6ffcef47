package lstm_test

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/nn/seq"
	"github.com/plumb-go/plumb/weights"
)

// fixture reads a file that testdata/fixtures.py made.
func fixture(t *testing.T, name string) map[string]weights.Array {
	t.Helper()
	a, err := weights.Read(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// simulate runs the cell from zero states under u, steps x inputs, and returns steps x outputs, row-major.
func simulate(cell seq.Cell, w []float64, u weights.Array) []float64 {
	steps := u.Shape[0]
	in, x0, y := seq.NewMat(cell.Inputs(), steps), seq.NewMat(cell.States(), 1), seq.NewMat(cell.Outputs(), steps)
	for k := range steps {
		for i := range cell.Inputs() {
			in.Row(i)[k] = u.Data[k*cell.Inputs()+i]
		}
	}
	cell.NewPass(steps, 1).Forward(w, in, x0, y)
	out := make([]float64, steps*cell.Outputs())
	for k := range steps {
		for j := range cell.Outputs() {
			out[k*cell.Outputs()+j] = y.Row(j)[k]
		}
	}
	return out
}

// TestFromTorchTraces (E16): the imported network computes what the framework computed, for every order of gates.
func TestFromTorchTraces(t *testing.T) {
	const tol = 1e-12 // 60 steps of float64 in another order of summation
	traces := fixture(t, "traces.npz")
	for _, c := range []struct {
		file, trace string
		o           lstm.TorchOptions
		units       []int
	}{
		{"lstm.safetensors", "lstm", lstm.TorchOptions{}, []int{6, 6}},
		{"single.safetensors", "single", lstm.TorchOptions{}, []int{4}},
		{"plain.npz", "plain", lstm.TorchOptions{}, []int{3}},
		{"cells.npz", "cells", lstm.TorchOptions{Stacks: []string{"cell_a", "cell_b."}}, []int{3, 2}},
		{"keras.npz", "keras", lstm.TorchOptions{}, []int{3}},
		{"onnx.npz", "onnx", lstm.TorchOptions{}, []int{3}},
	} {
		cell, w, err := lstm.FromTorch(fixture(t, c.file), c.o)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if !slices.Equal(cell.Units, c.units) || len(w) != cell.Layout().Len() {
			t.Errorf("%s: units %v with %d weights, want %v with %d", c.file, cell.Units, len(w), c.units, cell.Layout().Len())
		}
		want := traces[c.trace+".y"]
		got := simulate(cell, w, traces[c.trace+".u"])
		worst := 0.0
		for i := range got {
			worst = math.Max(worst, math.Abs(got[i]-want.Data[i]))
		}
		if !(worst <= tol) || len(got) != len(want.Data) {
			t.Errorf("%s: outputs differ by %g, want at most %g", c.file, worst, tol)
		}
	}
}

// TestTorchGRUDiffers: the reason for which GRUs are refused is true. With the weights of a PyTorch GRU, the class with
// the reset gate before the product computes something else, and the one with the gate after it what PyTorch does.
func TestTorchGRUDiffers(t *testing.T) {
	const same, different = 1e-12, 1e-3
	a, traces := fixture(t, "gru.safetensors"), fixture(t, "traces.npz")
	u, want := traces["gru.u"], traces["gru.y"]
	const n, m = 4, 2
	row := func(name string, gate, j, k, cols int) float64 { return a["lstm."+name].Data[(gate*n+j)*cols+k] }
	product := func(name string, gate, j int, x []float64) (s float64) {
		for k := range x {
			s += row(name, gate, j, k, len(x)) * x[k]
		}
		return s
	}
	bias := func(name string, gate, j int) float64 { return a["lstm."+name].Data[gate*n+j] }
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	run := func(after bool) (worst float64) {
		h := make([]float64, n)
		for k := range u.Shape[0] {
			v := u.Data[k*m : (k+1)*m]
			var r, z [n]float64
			rh, next := make([]float64, n), make([]float64, n)
			for j := range n {
				in := func(g int) float64 { return product("weight_ih_l0", g, j, v) + bias("bias_ih_l0", g, j) }
				r[j] = sigmoid(in(0) + product("weight_hh_l0", 0, j, h) + bias("bias_hh_l0", 0, j))
				z[j] = sigmoid(in(1) + product("weight_hh_l0", 1, j, h) + bias("bias_hh_l0", 1, j))
				rh[j] = r[j] * h[j]
			}
			for j := range n {
				recurrent := product("weight_hh_l0", 2, j, rh) + bias("bias_hh_l0", 2, j)
				if after {
					recurrent = r[j] * (product("weight_hh_l0", 2, j, h) + bias("bias_hh_l0", 2, j))
				}
				next[j] = (1-z[j])*math.Tanh(product("weight_ih_l0", 2, j, v)+bias("bias_ih_l0", 2, j)+recurrent) + z[j]*h[j]
				worst = math.Max(worst, math.Abs(next[j]-want.Data[k*n+j]))
			}
			h = next
		}
		return worst
	}
	if d := run(true); !(d <= same) {
		t.Errorf("with the gate after the product the outputs differ from PyTorch's by %g", d)
	}
	if d := run(false); !(d >= different) {
		t.Errorf("with the gate before the product the outputs differ from PyTorch's by %g only", d)
	}
}

// array is a matrix or vector of zeros.
func array(shape ...int) weights.Array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return weights.Array{Shape: shape, Data: make([]float64, n)}
}

// TestFromTorchRefusals: what cannot be imported is refused with the array, its shape and the reason.
func TestFromTorchRefusals(t *testing.T) {
	base := func(edit func(a map[string]weights.Array)) map[string]weights.Array {
		a := map[string]weights.Array{
			"lstm.weight_ih_l0": array(12, 2), "lstm.weight_hh_l0": array(12, 3), "lstm.bias_ih_l0": array(12), "lstm.bias_hh_l0": array(12),
			"lstm.weight_ih_l1": array(12, 3), "lstm.weight_hh_l1": array(12, 3), "lstm.bias_ih_l1": array(12), "lstm.bias_hh_l1": array(12),
			"fc.weight": array(1, 3), "fc.bias": array(1),
		}
		if edit != nil {
			edit(a)
		}
		return a
	}
	type arrays = map[string]weights.Array
	for name, c := range map[string]struct {
		a    arrays
		o    lstm.TorchOptions
		want []string
	}{
		"empty":          {arrays{}, lstm.TorchOptions{}, []string{"no recurrent layer", "weight_ih_l0", "kernel"}},
		"no recurrence":  {arrays{"fc.weight": array(1, 3)}, lstm.TorchOptions{}, []string{"no recurrent layer", "fc.weight [1 3]"}},
		"gru":            {fixture(t, "gru.safetensors"), lstm.TorchOptions{}, []string{"GRU", "reset gate", "after", "lstm.weight_hh_l0"}},
		"keras gru":      {arrays{"gru/gru_cell/kernel": array(2, 9), "gru/gru_cell/recurrent_kernel": array(3, 9)}, lstm.TorchOptions{}, []string{"GRU", "reset gate"}},
		"projection":     {fixture(t, "projected.safetensors"), lstm.TorchOptions{}, []string{"weight_hr_l0", "proj_size"}},
		"bidirectional":  {fixture(t, "bidirectional.safetensors"), lstm.TorchOptions{}, []string{"_reverse", "both directions"}},
		"plain rnn":      {arrays{"rnn.weight_ih_l0": array(3, 2), "rnn.weight_hh_l0": array(3, 3)}, lstm.TorchOptions{}, []string{"no gates", "rnn.weight_hh_l0"}},
		"missing layer":  {base(func(a arrays) { delete(a, "lstm.weight_hh_l0") }), lstm.TorchOptions{}, []string{"lstm.weight_hh_l0", "missing"}},
		"missing input":  {base(func(a arrays) { delete(a, "lstm.weight_ih_l1") }), lstm.TorchOptions{}, []string{"lstm.weight_ih_l1", "missing"}},
		"one bias":       {base(func(a arrays) { delete(a, "lstm.bias_hh_l1") }), lstm.TorchOptions{}, []string{"lstm.bias_hh_l1", "missing"}},
		"layer width":    {base(func(a arrays) { a["lstm.weight_ih_l1"] = array(12, 4) }), lstm.TorchOptions{}, []string{"lstm.weight_ih_l1", "[12 4]", "[12 3]"}},
		"recurrent":      {base(func(a arrays) { a["lstm.weight_hh_l1"] = array(12, 5) }), lstm.TorchOptions{}, []string{"lstm.weight_hh_l1", "[12 5]", "4 gates"}},
		"vector":         {base(func(a arrays) { a["lstm.weight_hh_l1"] = array(36) }), lstm.TorchOptions{}, []string{"lstm.weight_hh_l1", "[36]", "matrix"}},
		"bias":           {base(func(a arrays) { a["lstm.bias_ih_l0"] = array(11) }), lstm.TorchOptions{}, []string{"lstm.bias_ih_l0", "[11]", "[12]"}},
		"head bias":      {base(func(a arrays) { a["fc.bias"] = array(2) }), lstm.TorchOptions{}, []string{"fc.bias", "[2]", "[1]"}},
		"two heads":      {base(func(a arrays) { a["aux.weight"] = array(1, 3) }), lstm.TorchOptions{}, []string{"aux.weight, fc.weight", "--output"}},
		"wrong head":     {base(nil), lstm.TorchOptions{Output: "gc"}, []string{`"gc"`, "fc.weight [1 3]"}},
		"head shape":     {base(func(a arrays) { a["aux.weight"] = array(2, 7) }), lstm.TorchOptions{Output: "aux.weight"}, []string{"aux.weight", "[2 7]", "[outputs 3]"}},
		"left over":      {base(func(a arrays) { a["norm.weight"] = array(3) }), lstm.TorchOptions{}, []string{"norm.weight [3]", "--ignore"}},
		"head unclaimed": {base(nil), lstm.TorchOptions{Output: lstm.NoOutput}, []string{"fc.bias", "fc.weight", "--ignore"}},
		"wrong ignore":   {base(nil), lstm.TorchOptions{Ignore: []string{"x"}}, []string{`"x"`}},
		"two lstms":      {base(func(a arrays) { a["b.weight_hh_l0"], a["b.weight_ih_l0"] = array(4, 1), array(4, 3) }), lstm.TorchOptions{}, []string{`"b", "lstm"`, "--lstm"}},
		"unknown lstm":   {base(nil), lstm.TorchOptions{Stacks: []string{"rnn"}}, []string{`"rnn"`, `"lstm"`}},
		"infinite":       {base(func(a arrays) { a["fc.weight"].Data[1] = math.Inf(1) }), lstm.TorchOptions{}, []string{"fc.weight", "+Inf", "index 1"}},
		"many layers":    {base(func(a arrays) { a["lstm.weight_hh_l8"] = array(12, 3) }), lstm.TorchOptions{}, []string{"weight_hh_l8", "8 layers"}},
		"wide":           {arrays{"weight_ih_l0": array(1028, 1), "weight_hh_l0": array(1028, 257)}, lstm.TorchOptions{}, []string{"257 units", "256"}},
		"no output":      {arrays{"weight_ih_l0": array(400, 1), "weight_hh_l0": array(400, 100)}, lstm.TorchOptions{}, []string{"100 outputs", "output layer"}},
		"onnx peepholes": {arrays{"R": array(1, 12, 3), "W": array(1, 12, 2), "P": array(1, 9)}, lstm.TorchOptions{}, []string{"P", "peepholes"}},
		"onnx two ways":  {arrays{"R": array(2, 12, 3), "W": array(2, 12, 2)}, lstm.TorchOptions{}, []string{"R", "both directions"}},
	} {
		_, _, err := lstm.FromTorch(c.a, c.o)
		if err == nil {
			t.Errorf("%s: imported", name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: the error does not say %q: %v", name, w, err)
			}
		}
	}
	for name, o := range map[string]lstm.TorchOptions{"found": {}, "named": {Output: "fc.weight"}, "module": {Output: "fc", Stacks: []string{"lstm"}}, "none": {Output: lstm.NoOutput, Ignore: []string{"fc.weight", "fc.bias"}}} {
		if cell, _, err := lstm.FromTorch(base(nil), o); err != nil || fmt.Sprint(cell.Units) != "[3 3]" {
			t.Errorf("%s: %v, %v", name, cell, err)
		}
	}
}

// TestScale: with scaled signals the network is the same function of the physical ones, to the rounding of its weights;
// exactly so where nothing is rounded.
func TestScale(t *testing.T) {
	const tol = 1e-12
	cell, plain, err := lstm.FromTorch(fixture(t, "lstm.safetensors"), lstm.TorchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	u := fixture(t, "traces.npz")["lstm.u"]
	by := slices.Clone(cell.Tensors().Out.By.Of(plain))
	for _, c := range []struct {
		mid, half, mean, std []float64
		tol                  float64
	}{
		{[]float64{0, 0}, []float64{4, 0.5}, by, []float64{2, 0.25}, 0x1p-52}, // the sum by + std y' rounds
		{[]float64{3.7, -0.2}, []float64{11, 0.03}, []float64{0.3, -7}, []float64{1.7, 0.1}, tol},
	} {
		w := slices.Clone(plain)
		if err := lstm.ScaleInputs(cell, w, c.mid, c.half); err != nil {
			t.Fatal(err)
		}
		if err := lstm.ScaleOutputs(cell, w, c.mean, c.std); err != nil {
			t.Fatal(err)
		}
		physical := array(u.Shape...)
		for i, x := range u.Data { // physical inputs with exactly known scaled ones, up to rounding
			physical.Data[i] = c.mid[i%2] + c.half[i%2]*x
		}
		want, got := simulate(cell, plain, physical), simulate(cell, w, u)
		for i := range got {
			if y := c.mean[i%2] + c.std[i%2]*got[i]; !(math.Abs(y-want[i]) <= c.tol) {
				t.Fatalf("mid %v, half %v: output %d is %g, want %g", c.mid, c.half, i, y, want[i])
			}
		}
	}
	if lstm.ScaleInputs(cell, plain, []float64{1}, []float64{1}) == nil || lstm.ScaleOutputs(cell, plain, []float64{1, 2, 3}, []float64{1}) == nil {
		t.Error("wrong lengths were accepted")
	}
}
