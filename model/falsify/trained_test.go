package falsify

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model/lstm"
	"github.com/plumb-go/plumb/nn/seq"
	"github.com/plumb-go/plumb/plant"
	"github.com/plumb-go/plumb/train"
)

// TestTrained attacks a trained network of every guarantee: the proved bound must hold, and with gates enlarged by 1.5
// behind the same certificate it must be violated. The worst ratios are printed with -v.
func TestTrained(t *testing.T) {
	pairs, searches := effort()
	steps := 50
	if os.Getenv("PLUMB_LONG") != "" {
		steps = 0
	}
	for _, o := range []lstm.Options{
		{Guarantee: lstm.Construct, Units: []int{6, 6}, Rate: 0.99},
		{Guarantee: lstm.Componentwise, Units: []int{6, 6}, Rate: 0.99},
		{Guarantee: lstm.Penalty, Units: []int{8}},
		{Guarantee: lstm.Construct, GRU: true, Units: []int{6, 6}, Rate: 0.99},
		{Guarantee: lstm.Componentwise, GRU: true, Units: []int{6, 6}, Rate: 0.99},
	} {
		o.Inputs, o.Outputs = 1, 1
		f := fit(t, o, 250, 1)
		proved(t, f)
		b := f.bound(t)
		t.Logf("%v, gru %v, units %v: rate %.5f, proved in norms %v", o.Guarantee, o.GRU, o.Units, b.Rate, f.witness.Cells[0].Norm)
		r, a, m := attackAll(t, f, f.w, b, pairs, searches, steps)
		if worst := max(r.Ratio, a.Ratio, r.Box, a.Box, m.Ratio); worst > 1+rounded {
			t.Errorf("%v: a proved bound is violated: %.12g", o.Guarantee, worst)
		}
		w, err := Scaled(f.cell, f.w, 1.5)
		if err != nil {
			t.Fatal(err)
		}
		r, a, _ = attackAll(t, f, w, b, 1000, 200, steps)
		if worst := max(r.Ratio, a.Ratio); worst < 1.01 {
			t.Errorf("%v: the enlarged network keeps within %.4f of the bound", o.Guarantee, worst)
		}
	}
}

// fit trains a network for some steps on the two tanks and looks for its witness.
func fit(t *testing.T, o lstm.Options, steps int, seed uint64) fixture {
	t.Helper()
	rec, err := plant.NewTwoTanks().Record(seed)
	if err != nil {
		t.Fatal(err)
	}
	x := rec.Experiments[0].Data
	data := train.Sequence{U: seq.NewMat(1, len(x[0])), Y: seq.NewMat(1, len(x[0]))}
	lo, hi := ends(x[0])
	for k := range x[0] {
		data.U.Row(0)[k] = (2*x[0][k] - lo - hi) / (hi - lo)
		data.Y.Row(0)[k] = (x[1][k] - 5) / 2.5 // V, of a sensor that ends at 10
	}
	net, err := lstm.New(o)
	if err != nil {
		t.Fatal(err)
	}
	out := train.OutputMap{Low: []float64{math.Inf(-1)}, High: []float64{math.Inf(1)}, Integrate: []float64{0}}
	win := train.NewWindows(net, []train.Sequence{data}, out, 5, 80, parallel.New(1))
	theta := make([]float64, win.Dim())
	win.InitEncoder(rng.Stream(seed, "encoder"), theta)
	net.Init(rng.Stream(seed, "init"), []complex128{0.98, 0.93, 0.8}, theta[:net.Dim()])
	run := train.NewFit(train.Plan{AdamSteps: steps, Batch: 12, Rate: 5e-3, Every: 25}, win, nil, nil, theta, rng.Source(seed, "fit"))
	if err := run.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	f := fixture{cell: net.(interface{ Deployed() seq.Cell }).Deployed(), w: make([]float64, net.Layout().Len())}
	net.Deploy(run.State.Best[:net.Dim()], f.w)
	if f.witness, err = lstm.Prove(f.cell, f.w); err != nil {
		t.Fatalf("%v: %v", o.Guarantee, err)
	}
	return f
}

func ends(x []float64) (lo, hi float64) {
	lo, hi = x[0], x[0]
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}

// proved asks the checker for its verdict on a fixture.
func proved(t *testing.T, f fixture) {
	t.Helper()
	kind, deep := "lstm", seq.Deep{}
	switch c := f.cell.(type) {
	case seq.LSTM:
		deep = c.Deep
	case seq.GRU:
		kind, deep = "gru", c.Deep
	}
	p := cert.Provenance{Version: "test"}
	m := &bundle.Model{
		Manifest: cert.Manifest{
			Window: 1, Provenance: p, Members: []cert.Member{{Kind: kind, Units: deep.Units, Filter: cert.Filter(deep.Filter)}},
		},
		Certificate: &cert.Certificate{Claim: "delta-iss", Members: []cert.Witness{f.witness}, Provenance: p},
	}
	add := func(name string, x []float64, shape ...int) {
		m.Tensors = append(m.Tensors, cert.Tensor{Name: name, Shape: shape, Data: x})
	}
	for i := range deep.In {
		m.Manifest.Inputs = append(m.Manifest.Inputs, cert.Signal{Name: fmt.Sprint("u", i)})
		m.Manifest.InputRange = append(m.Manifest.InputRange, cert.Range{Low: -1, High: 1})
	}
	for i := range deep.Out {
		m.Manifest.Outputs = append(m.Manifest.Outputs, cert.Signal{Name: fmt.Sprint("y", i)})
	}
	m.Manifest.InputDelay = make([]int, deep.In)
	m.Manifest.Integrate, m.Manifest.Saturation = make([]bool, deep.Out), make([]cert.Limits, deep.Out)
	add("scale.u_mid", make([]float64, deep.In), deep.In)
	add("scale.u_half", ones(deep.In), deep.In)
	add("scale.y_mean", make([]float64, deep.Out), deep.Out)
	add("scale.y_std", ones(deep.Out), deep.Out)
	n := f.cell.States()
	add("m0.enc_W", make([]float64, n*(deep.In+deep.Out)), n, deep.In+deep.Out)
	add("m0.enc_b", make([]float64, n), n)
	for _, l := range f.cell.Layout() {
		shape := []int{l.Rows}
		if l.Cols > 0 {
			shape = append(shape, l.Cols)
		}
		add("m0."+l.Name, l.Of(f.w), shape...)
	}
	v, err := bundle.Check(m)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Proved {
		t.Fatalf("not proved: %s (%s)", v.Failed, v.By)
	}
}
