package cli

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/nn/seq"
	"github.com/plumb-go/plumb/weights"
)

// torchFile is a fixture of package lstm, made by PyTorch.
func torchFile(name string) string {
	return filepath.Join("..", "..", "model", "lstm", "testdata", name)
}

// certify runs plumb certify --json and decodes what it prints.
func certify(t *testing.T, want int, args ...string) certified {
	t.Helper()
	out, errs, code := plumb(t, append([]string{"certify", "--json"}, args...)...)
	if code != want {
		t.Fatalf("certify %v: exit %d, want %d\n%s%s", args, code, want, out, errs)
	}
	var r certified
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

// runBundle simulates the model of a bundle from its zero initial state in physical units.
func runBundle(t *testing.T, path string, u weights.Array) []float64 {
	t.Helper()
	b, err := cert.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := deploy.FromBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	steps, in := u.Shape[0], u.Shape[1]
	scaled := seq.NewMat(in, steps)
	for k := range steps {
		for i := range in {
			scaled.Row(i)[k] = (u.Data[k*in+i] - m.UMid[i]) / m.UHalf[i]
		}
	}
	y, _ := m.Members[0].Run(seq.NewMat(m.Members[0].Cell.States(), 1), scaled)
	var out []float64
	for k := range steps {
		for i := range y.Rows {
			out = append(out, m.YMean[i]+m.YStd[i]*y.Row(i)[k])
		}
	}
	return out
}

// TestCertifyProved: a network that passes is packed as it is. The bundle computes what PyTorch computed, in the range
// of its training and in another, and the checker of plumb check proves it.
func TestCertifyProved(t *testing.T) {
	const tol = 1e-12
	traces, err := weights.Read(torchFile("traces.npz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range []string{"-1,1", "-2,1.5", "-1.1,1.3"} {
		out := filepath.Join(t.TempDir(), "single.plumb")
		r := certify(t, exitOK, torchFile("single.safetensors"), "--out", out, "--input-range", span, "--ts", "0.5")
		if r.Original != verdictProved || r.Repair != nil || r.Verdict != verdictProved || !(r.Rate > 0 && r.Rate < 1) || r.Recovery == nil || len(r.Gain) != 1 || len(r.Reach) != 1 {
			t.Errorf("%s: %+v", span, r)
		}
		if want := perSecond(r.Rate, 0.5); r.PerSecond != want || !(r.Rounding < 1e-13) {
			t.Errorf("%s: rate per second %g, want %g; scaling changed the outputs by %g", span, r.PerSecond, want, r.Rounding)
		}
		must(t, "check", out)
		want := traces["single.y"].Data
		for k, y := range runBundle(t, out, traces["single.u"]) {
			if math.Abs(y-want[k]) > tol {
				t.Fatalf("%s: sample %d is %g, PyTorch says %g", span, k, y, want[k])
			}
			if y < r.Reach[0][0] || y > r.Reach[0][1] {
				t.Fatalf("%s: sample %d is %g, outside %v", span, k, y, r.Reach[0])
			}
		}
	}
}

// TestCertifyGain: pairs of inputs in the range change the outputs by no more than the printed gain.
func TestCertifyGain(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.plumb")
	r := certify(t, exitOK, torchFile("single.safetensors"), "--out", out, "--input-range", "-3,5")
	random := rand.New(rand.NewPCG(1, 1))
	var worst float64
	for range 200 {
		a := weights.Array{Shape: []int{80, 1}, Data: make([]float64, 80)}
		b := weights.Array{Shape: []int{80, 1}, Data: make([]float64, 80)}
		size := math.Pow(10, -3*random.Float64())
		var du float64
		for k := range a.Data {
			a.Data[k] = -3 + 8*random.Float64()
			b.Data[k] = min(max(a.Data[k]+8*size*(random.Float64()-0.5), -3), 5)
			du = max(du, math.Abs(a.Data[k]-b.Data[k]))
		}
		ya, yb := runBundle(t, out, a), runBundle(t, out, b)
		for k := range ya {
			worst = max(worst, math.Abs(ya[k]-yb[k])/du)
		}
	}
	if g := float64(r.Gain[0]); !(worst <= g) || worst < g/100 {
		t.Errorf("outputs changed by %g times the inputs, the printed gain is %g", worst, g)
	}
}

// weightChange compares a bundle made of lstm.safetensors for |u| <= 1 with the arrays of that file.
func weightChange(t *testing.T, path string) float64 {
	t.Helper()
	file, err := weights.Read(torchFile("lstm.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := cert.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string][]float64{}
	for _, x := range b.Tensors() {
		stored[x.Name] = x.Data
	}
	var d, s float64
	add := func(got, want float64) { d, s = d+(got-want)*(got-want), s+want*want }
	const n = 6
	for l, inputs := range []int{2, n} {
		array := func(name string) []float64 { return file[fmt.Sprintf("lstm.%s_l%d", name, l)].Data }
		for q, gate := range []string{"i", "f", "g", "o"} {
			tensor := func(kind string) []float64 { return stored[fmt.Sprintf("m0.l%d.%s%s", l, kind, gate)] }
			for i := range n * inputs {
				add(tensor("W")[i], array("weight_ih")[q*n*inputs+i])
			}
			for i := range n * n {
				add(tensor("U")[i], array("weight_hh")[q*n*n+i])
			}
			for i := range n {
				add(tensor("b")[i], array("bias_ih")[q*n+i]+array("bias_hh")[q*n+i])
			}
		}
	}
	for i, x := range file["fc.weight"].Data {
		add(stored["m0.Wy"][i]*stored["scale.y_std"][i/n], x)
	}
	for i, x := range file["fc.bias"].Data {
		add(stored["scale.y_mean"][i]+stored["scale.y_std"][i]*stored["m0.by"][i], x)
	}
	return math.Sqrt(d / s)
}

// TestCertifyRepair: PyTorch's own start does not pass; a nearby network is proved and its changes are true.
func TestCertifyRepair(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "net.plumb")
	r := certify(t, exitOK, torchFile("lstm.safetensors"), "--out", out)
	if r.Original != notProvable || r.Why == "" || r.Repair == nil || r.Verdict != verdictProved || len(r.Repair.Layers) != 2 || len(r.Repair.Outputs) != 2 {
		t.Fatalf("%+v", r)
	}
	if c, want := float64(r.Repair.Weights), weightChange(t, out); math.Abs(c-want) > 1e-12 || !(c > 0 && c < 0.8) {
		t.Errorf("the weights change by %g, said to be %g", want, c)
	}
	must(t, "check", out)
	traces, err := weights.Read(torchFile("traces.npz"))
	if err != nil {
		t.Fatal(err)
	}
	want, got := traces["lstm.y"].Data, runBundle(t, out, traces["lstm.u"])
	for j := range 2 { // on another record than the one the change was measured on: the same order of magnitude
		var mean, sum, d float64
		for k := j; k < len(want); k += 2 {
			mean += 2 * want[k] / float64(len(want))
		}
		for k := j; k < len(want); k += 2 {
			sum, d = sum+(want[k]-mean)*(want[k]-mean), d+(got[k]-want[k])*(got[k]-want[k])
		}
		if c := math.Sqrt(d / sum); c < float64(r.Repair.Outputs[j])/4 || c > 4*float64(r.Repair.Outputs[j]) {
			t.Errorf("output %d changes by %g, said to be %g", j, c, r.Repair.Outputs[j])
		}
	}
	text := must(t, "certify", torchFile("lstm.safetensors"), "--out", out)
	for _, w := range []string{"your network: " + notProvable, "not a proof of instability", "layer 0", "weights change by", "y1 by", "net.plumb: proved", "rate 0."} {
		if !strings.Contains(text, w) {
			t.Errorf("the text does not say %q:\n%s", w, text)
		}
	}
	none := filepath.Join(dir, "none.plumb")
	r = certify(t, exitFailed, torchFile("lstm.safetensors"), "--no-repair", "--out", none)
	if r.Original != notProvable || r.Repair != nil || r.Bundle != "" || exists(none) {
		t.Errorf("--no-repair: %+v", r)
	}
}

// TestCertifyOrders: Keras', ONNX' and hand-made files, networks without output layer.
func TestCertifyOrders(t *testing.T) {
	for _, args := range [][]string{{"keras.npz"}, {"onnx.npz"}, {"plain.npz"}, {"cells.npz", "--lstm", "cell_a,cell_b"}} {
		args[0] = torchFile(args[0])
		r := certify(t, exitOK, append(args, "--out", filepath.Join(t.TempDir(), "m.plumb"), "--rate", "0.99")...)
		if r.Verdict != verdictProved || len(r.Gain) != len(r.Outputs) {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// saveF64 writes a safetensors file of float64 arrays.
func saveF64(t *testing.T, name string, arrays map[string]weights.Array) string {
	t.Helper()
	header, data := map[string]any{}, []byte(nil)
	for k, a := range arrays {
		from := len(data)
		for _, v := range a.Data {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
		}
		header[k] = map[string]any{"dtype": "F64", "shape": a.Shape, "data_offsets": []int{from, len(data)}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), data...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCertifyRandom: whatever the size, a network near a random one is proved by the exact checker.
func TestCertifyRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, c := range []struct {
		units []int
		scale float64
	}{{[]int{4}, 1}, {[]int{12, 12}, 1}, {[]int{16}, 4}, {[]int{8, 8, 8}, 2}, {[]int{32}, 1.5}} {
		arrays := map[string]weights.Array{}
		random := func(name string, shape ...int) {
			a := weights.Array{Shape: shape, Data: make([]float64, shape[0])}
			if len(shape) == 2 {
				a.Data = make([]float64, shape[0]*shape[1])
			}
			for i := range a.Data {
				a.Data[i] = c.scale * (2*r.Float64() - 1) / math.Sqrt(float64(c.units[0]))
			}
			arrays[name] = a
		}
		in := 2
		for l, n := range c.units {
			random(fmt.Sprintf("weight_ih_l%d", l), 4*n, in)
			random(fmt.Sprintf("weight_hh_l%d", l), 4*n, n)
			random(fmt.Sprintf("bias_ih_l%d", l), 4*n)
			random(fmt.Sprintf("bias_hh_l%d", l), 4*n)
			in = n
		}
		random("head.weight", 1, in)
		res := certify(t, exitOK, saveF64(t, "r.safetensors", arrays), "--out", filepath.Join(t.TempDir(), "r.plumb"))
		if res.Verdict != verdictProved || res.Original == verdictProved {
			t.Errorf("units %v, scale %g: %+v", c.units, c.scale, res)
		}
	}
}

// TestCertifyErrors: exit 1, and the error says what to change.
func TestCertifyErrors(t *testing.T) {
	single, dir := torchFile("single.safetensors"), t.TempDir()
	expectRefused(t, dir, "certify ", []refused{
		{"", []string{"one FILE"}},
		{"missing.safetensors", []string{"missing.safetensors", "no such file"}},
		{torchFile("fixtures.py"), []string{"fixtures.py", "neither"}},
		{torchFile("traces.npz"), []string{"no recurrent layer", "weight_ih_l0"}},
		{torchFile("gru.safetensors"), []string{"GRU", "reset gate"}},
		{torchFile("projected.safetensors"), []string{"proj_size"}},
		{torchFile("bidirectional.safetensors"), []string{"both directions"}},
		{torchFile("cells.npz"), []string{`"cell_a", "cell_b"`, "--lstm"}},
		{single + " --output fd.weight", []string{`"fd.weight"`, "fc.weight [1 4]"}},
		{single + " --ignore nothing", []string{`"nothing"`}},
		{single + " --input-range 3", []string{`"3"`, "LOW,HIGH"}},
		{single + " --input-range 3,3", []string{"3,3", "below"}},
		{single + " --input-range a,3", []string{`"a,3"`, "LOW,HIGH"}},
		{single + " --input-range 0,1 --input-range 0,2", []string{"2 times", "1 inputs"}},
		{single + " --input-scale 0,1", []string{"--input-range", "physical"}},
		{single + " --input-range 0,1 --input-scale 0,0", []string{"--input-scale", "positive"}},
		{single + " --output-scale 1", []string{"--output-scale", "MEAN,STD"}},
		{single + " --budget soon", []string{"soon", "30s"}},
		{single + " --budget 1s --steps 2", []string{"--budget", "--steps"}},
		{single + " --steps -2", []string{"--steps -2"}},
		{single + " --no-repair --steps 2", []string{"--no-repair", "leave out"}},
		{single + " --split 0.5/0.2/0.3", []string{"--data", "missing"}},
		{single + " --data missing.csv", []string{"missing.csv"}},
		{torchFile("lstm.safetensors") + " --data demo:two-tanks", []string{"2 inputs and 2 outputs", "1 and 1", "--inputs"}},
		{single + " --ts -1", []string{"--ts -1"}},
		{single + " --rate 1", []string{"--rate 1"}},
		{single + " --out " + filepath.Join(dir, "no", "m.plumb"), []string{"no such file"}},
	})
}

// randomFile saves a network with one input, one output and the given layers, that does not pass.
func randomFile(t *testing.T, units ...int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 9))
	arrays := map[string]weights.Array{}
	random := func(name string, shape ...int) {
		a := weights.Array{Shape: shape, Data: make([]float64, shape[0]*shape[len(shape)-1])}
		if len(shape) == 1 {
			a.Data = a.Data[:shape[0]]
		}
		for i := range a.Data {
			a.Data[i] = 1.5 * (2*r.Float64() - 1) / math.Sqrt(float64(units[0]))
		}
		arrays[name] = a
	}
	in := 1
	for l, n := range units {
		random(fmt.Sprintf("weight_ih_l%d", l), 4*n, in)
		random(fmt.Sprintf("weight_hh_l%d", l), 4*n, n)
		random(fmt.Sprintf("bias_ih_l%d", l), 4*n)
		random(fmt.Sprintf("bias_hh_l%d", l), 4*n)
		in = n
	}
	random("fc.weight", 1, in)
	random("fc.bias", 1)
	return saveF64(t, "random.safetensors", arrays)
}

// TestCertifyImitate: trained further, a nearby network comes closer to that of the file, and is still proved.
func TestCertifyImitate(t *testing.T) {
	thorough(t)
	out := filepath.Join(t.TempDir(), "m.plumb")
	r := certify(t, exitOK, randomFile(t, 6), "--steps", "120", "--out", out)
	if r.Tuned == nil || r.Tuned.Failed != "" || r.Tuned.Steps != 120 || r.Verdict != verdictProved {
		t.Fatalf("%+v", r.Tuned)
	}
	if before, after := r.Repair.Outputs[0], r.Tuned.Outputs[0]; !(after < before/2) {
		t.Errorf("the outputs changed by %g before training and %g after it", before, after)
	}
	again := certify(t, exitOK, randomFile(t, 6), "--steps", "120", "--out", filepath.Join(t.TempDir(), "again.plumb"))
	if again.Tuned.Outputs[0] != r.Tuned.Outputs[0] || again.Rate != r.Rate {
		t.Errorf("the same steps gave %g and %g, rates %g and %g", again.Tuned.Outputs[0], r.Tuned.Outputs[0], again.Rate, r.Rate)
	}
	must(t, "check", out)
}

// TestCertifyData: all networks are scored on the record, and the trained one learns it.
func TestCertifyData(t *testing.T) {
	thorough(t)
	csv := hammerstein(t, "log.csv", 600, nil)
	out := filepath.Join(t.TempDir(), "m.plumb")
	args := []string{randomFile(t, 6), "--data", csv, "--steps", "250", "--out", out, "--output-scale", "0,0.5"}
	r := certify(t, exitOK, args...)
	if len(r.Data) != 3 || r.Tuned == nil || r.Tuned.Failed != "" || r.Verdict != verdictProved {
		t.Fatalf("%+v", r)
	}
	fit := func(i int) float64 { return float64(r.Data[i].Tests[0].FIT[0]) }
	if !(fit(2) > 40 && fit(2) > fit(0)) {
		t.Errorf("FIT %g, %g, %g", fit(0), fit(1), fit(2))
	}
	if r.InputRange[0][0] >= -0.9 || r.InputRange[0][1] <= 0.9 || r.Inputs[0] != "u" || r.Outputs[0] != "y" {
		t.Errorf("the range of the data is given as %v", r.InputRange)
	}
	var sim simulated // the file that was written predicts as well
	if err := json.Unmarshal([]byte(must(t, "simulate", out, csv, "--split", "0-359/360-449/450-599", "--json", "--csv", filepath.Join(t.TempDir(), "s.csv"))), &sim); err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(float64(sim.Tests[0].FIT[0]) - fit(2)); !(d < 1e-9) {
		t.Errorf("plumb simulate says FIT %g, certify %g", sim.Tests[0].FIT[0], fit(2))
	}
	text := must(t, "certify", args[0], "--data", csv, "--out", out)
	for _, w := range []string{"free simulation of the data", "network of the file", "nearby network", "bar", "FIT"} {
		if !strings.Contains(text, w) {
			t.Errorf("the text does not say %q:\n%s", w, text)
		}
	}
}

// TestCertifyNormalised (E16): normalisers around the network are folded into the file.
func TestCertifyNormalised(t *testing.T) {
	const tol, inMean, inStd, outMean, outStd = 1e-12, 3.2, 1.1, -0.4, 0.25
	out := filepath.Join(t.TempDir(), "m.plumb")
	r := certify(t, exitOK, torchFile("single.safetensors"), "--input-scale", "3.2,1.1", "--output-scale", "-0.4,0.25", "--input-range", "2,4.5", "--out", out)
	traces, err := weights.Read(torchFile("traces.npz"))
	if err != nil {
		t.Fatal(err)
	}
	u := weights.Array{Shape: traces["single.u"].Shape}
	for _, v := range traces["single.u"].Data { // what the network read was (u - mean)/std
		u.Data = append(u.Data, inMean+inStd*v)
	}
	for k, y := range runBundle(t, out, u) {
		if want := outMean + outStd*traces["single.y"].Data[k]; math.Abs(y-want) > tol {
			t.Fatalf("sample %d is %g, want %g", k, y, want)
		}
	}
	if r.InputRange[0] != [2]float64{2, 4.5} {
		t.Errorf("the range is %v", r.InputRange)
	}
}

// TestOutward: printed bounds are never tighter than the numbers.
func TestOutward(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		v := r.NormFloat64() * math.Pow(10, 8*r.Float64()-4)
		for _, side := range []float64{-1, 1} {
			var back float64
			if _, err := fmt.Sscan(outward(v, side), &back); err != nil || (back-v)*side < 0 || math.Abs(back-v) > 2e-4*math.Abs(v) {
				t.Fatalf("%.17g is printed as %s towards %g", v, outward(v, side), side)
			}
		}
	}
}
