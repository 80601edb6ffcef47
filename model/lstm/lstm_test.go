package lstm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/testkit"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// sizes are the option sets of the gradient tests.
func sizes(g Guarantee) (out []Options) {
	for _, gru := range []bool{false, true} {
		if gru && g == Penalty {
			continue
		}
		for _, units := range [][]int{{4}, {3, 4}} {
			out = append(out,
				Options{GRU: gru, Inputs: 2, Outputs: 1, Units: units, Guarantee: g, Rate: 0.97},
				Options{GRU: gru, Inputs: 1, Outputs: 2, Units: units, Guarantee: g, Rate: 0.97, Filter: 2, FilterWidth: 3, Direct: true})
		}
	}
	return out
}

func (o Options) name() string {
	return fmt.Sprintf("%v gru=%v units=%v filter=%d", o.Guarantee, o.GRU, o.Units, o.Filter)
}

// build makes a network with parameters about its start, shaken by normal numbers of the given size.
func build(t *testing.T, o Options, seed uint64, shake float64) (model.Network, []float64) {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 3))
	theta := make([]float64, m.Dim())
	m.Init(r, []complex128{0.9, complex(0.7, 0.4), complex(0.7, -0.4)}, theta)
	for i := range theta {
		theta[i] += shake * r.NormFloat64()
	}
	return m, theta
}

func TestPullback(t *testing.T) {
	for g := Construct; g <= None; g++ {
		for _, o := range sizes(g) {
			for seed := range uint64(3) {
				m, theta := build(t, o, seed, 0.6)
				testkit.CheckPullback(t, o.name(), boxed{m}, m.Layout().Len(), theta)
			}
		}
	}
}

// boxed replaces each box by its logarithm, so that differences of large boxes are resolved.
type boxed struct{ model.Network }

func (b boxed) Deploy(theta, w []float64) {
	b.Network.Deploy(theta, w)
	for _, p := range b.Network.(seq.Confined).Box() {
		if p.First == 0 || p.Tensor.Name != "f.box" {
			for i, v := range p.Tensor.Of(w) {
				p.Tensor.Of(w)[i] = math.Log(v)
			}
		}
	}
}

func (b boxed) Pullback(theta, dw, dtheta []float64) {
	w, d := make([]float64, len(dw)), append([]float64(nil), dw...)
	b.Network.Deploy(theta, w)
	for _, p := range b.Network.(seq.Confined).Box() {
		for i := range p.Tensor.Of(w) {
			p.Tensor.Of(d)[i] = p.Tensor.Of(dw)[i] / p.Tensor.Of(w)[i]
		}
	}
	b.Network.Pullback(theta, d, dtheta)
}

func TestPenaltyGradient(t *testing.T) {
	for _, g := range []Guarantee{Componentwise, Penalty} {
		for _, o := range sizes(g) {
			m, theta := build(t, o, 5, 0.4)
			p := m.(model.Penalised)
			w := make([]float64, m.Layout().Len())
			at := func() float64 { m.Deploy(theta, w); return p.Penalty(theta, nil) }
			grad := make([]float64, m.Dim())
			m.Deploy(theta, w)
			if v := p.Penalty(theta, grad); !(v > 0) {
				t.Fatalf("%s: penalty %g; the test needs a violated condition", o.name(), v)
			}
			for i := range theta {
				const h = 1e-6
				keep := theta[i]
				theta[i] = keep + h
				fp := at()
				theta[i] = keep - h
				fm := at()
				theta[i] = keep
				// central differences: h^2 times the third derivative, and the penalty's rounding over h
				if d := (fp - fm) / (2 * h); math.Abs(d-grad[i]) > 1e-6*(1+math.Abs(d)) {
					t.Errorf("%s: parameter %d: gradient %g, difference quotient %g", o.name(), i, grad[i], d)
				}
			}
		}
	}
}
