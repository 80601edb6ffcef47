package lstm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/model"
)

// BenchmarkParametrisation times what a training step does besides the pass: deploy, pull back, penalty.
func BenchmarkParametrisation(b *testing.B) {
	for _, g := range []Guarantee{Construct, Componentwise, Penalty} {
		for _, n := range []int{10, 40} {
			b.Run(fmt.Sprintf("%v/%d,%d", g, n, n), func(b *testing.B) {
				m, err := New(Options{Inputs: 1, Outputs: 2, Units: []int{n, n}, Guarantee: g})
				if err != nil {
					b.Fatal(err)
				}
				theta, w := make([]float64, m.Dim()), make([]float64, m.Layout().Len())
				r := rand.New(rand.NewPCG(1, 1))
				m.Init(r, nil, theta)
				model.Normal(r, theta, 0.2)
				dw, grad := make([]float64, len(w)), make([]float64, len(theta))
				b.ReportAllocs()
				for b.Loop() {
					m.Deploy(theta, w)
					m.Pullback(theta, dw, grad)
					if p, ok := m.(model.Penalised); ok {
						p.Penalty(theta, grad)
					}
				}
			})
		}
	}
}
