package lstm

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// check seals the cell with the witness and asks the checker.
func check(t *testing.T, m model.Network, w []float64, x cert.Witness) cert.Verdict {
	t.Helper()
	d := deepOf(m.(interface{ Deployed() seq.Cell }).Deployed())
	b := &bundle.Model{
		Manifest: cert.Manifest{
			Window: 1, Provenance: cert.Provenance{Version: "test"},
			Members: []cert.Member{{Kind: m.Kind(), Units: d.Units, Filter: cert.Filter(d.Filter)}},
		},
		Certificate: &cert.Certificate{Claim: "delta-iss", Members: []cert.Witness{x}, Provenance: cert.Provenance{Version: "test"}},
	}
	add := func(name string, data []float64, shape ...int) {
		b.Tensors = append(b.Tensors, cert.Tensor{Name: name, Shape: shape, Data: data})
	}
	constant := func(n int, x float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = x
		}
		return v
	}
	for i := range d.In {
		b.Manifest.Inputs = append(b.Manifest.Inputs, cert.Signal{Name: fmt.Sprint("u", i)})
		b.Manifest.InputDelay = append(b.Manifest.InputDelay, 0)
		b.Manifest.InputRange = append(b.Manifest.InputRange, cert.Range{Low: -1, High: 1})
	}
	for i := range d.Out {
		b.Manifest.Outputs = append(b.Manifest.Outputs, cert.Signal{Name: fmt.Sprint("y", i)})
		b.Manifest.Integrate = append(b.Manifest.Integrate, false)
		b.Manifest.Saturation = append(b.Manifest.Saturation, cert.Limits{})
	}
	add("scale.u_mid", constant(d.In, 0), d.In)
	add("scale.u_half", constant(d.In, 1), d.In)
	add("scale.y_mean", constant(d.Out, 0), d.Out)
	add("scale.y_std", constant(d.Out, 1), d.Out)
	n := m.States()
	add("m0.enc_W", constant(n*(d.In+d.Out), 0), n, d.In+d.Out)
	add("m0.enc_b", constant(n, 0), n)
	for _, l := range m.Layout() {
		shape := []int{l.Rows}
		if l.Cols > 0 {
			shape = append(shape, l.Cols)
		}
		add("m0."+l.Name, l.Of(w), shape...)
	}
	v, err := bundle.Check(b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func deepOf(c seq.Cell) seq.Deep {
	if l, ok := c.(seq.LSTM); ok {
		return l.Deep
	}
	return c.(seq.GRU).Deep
}

// raw draws parameters of a constructed network that know no measure.
func raw(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	sd := math.Exp(3*r.Float64() - 1.5)
	for i := range x {
		x[i] = sd * r.NormFloat64()
	}
	return x
}

func randomOptions(r *rand.Rand, g Guarantee) Options {
	o := Options{
		GRU: r.IntN(2) == 0 && g != Penalty, Inputs: 1 + r.IntN(2), Outputs: 1 + r.IntN(2), Guarantee: g,
		Rate: 1 - math.Exp(-1-5*r.Float64()), Direct: r.IntN(2) == 0,
	}
	for range 1 + r.IntN(3) {
		o.Units = append(o.Units, 1+r.IntN(5))
	}
	if r.IntN(3) == 0 {
		o.Filter, o.FilterWidth = 1+r.IntN(3), 1+r.IntN(4)
	}
	return o
}

// TestConstruct: whatever the parameters, the checker proves the network, and with the prescribed rate.
func TestConstruct(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 60 {
		o := randomOptions(r, Construct)
		m, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		w := make([]float64, m.Layout().Len())
		m.Deploy(raw(r, m.Dim()), w)
		// a rate that rounding of the rows cannot exceed
		above := o.Rate + 1e-9*(1-o.Rate)
		for _, f := range []func() (cert.Witness, error){
			func() (cert.Witness, error) { return Prove(m.(*Network).Deployed(), w) },
			func() (cert.Witness, error) { return ProveRate(m.(*Network).Deployed(), w, above) },
		} {
			x, err := f()
			if err != nil {
				t.Fatalf("%d, %s, rate %g: %v", i, o.name(), o.Rate, err)
			}
			if v := check(t, m, w, x); !v.Proved {
				t.Fatalf("%d, %s, rate %v: refused: %s %s", i, o.name(), x.Rate, v.Failed, v.By)
			}
		}
	}
}

func TestNotProvable(t *testing.T) {
	m, err := New(Options{Inputs: 1, Outputs: 1, Units: []int{6}, Guarantee: None})
	if err != nil {
		t.Fatal(err)
	}
	theta, w := make([]float64, m.Dim()), make([]float64, m.Layout().Len())
	m.Init(rand.New(rand.NewPCG(1, 2)), nil, theta)
	for i := range theta {
		theta[i] *= 3
	}
	m.Deploy(theta, w)
	cell := m.(*Network).Deployed()
	if _, err := Prove(cell, w); !errors.Is(err, ErrBox) {
		t.Errorf("with boxes that are not invariant: %v", err)
	}
	if err := Boxes(cell, w); err != nil {
		t.Fatal(err)
	}
	_, err = Prove(cell, w)
	var e *NotProvableError
	if !errors.Is(err, ErrNotProvable) || !errors.As(err, &e) || !(e.Radii[0][0] > 1) {
		t.Errorf("with invariant boxes: %v", err)
	}
}
