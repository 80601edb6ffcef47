package gated

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/testkit"
	"github.com/plumb-go/plumb/model/witness"
	"github.com/plumb-go/plumb/nn/seq"
)

func random(t *testing.T, seed uint64, rate float64) (*Network, []float64, []float64) {
	t.Helper()
	m, err := New([]float64{0.2, -0.1}, 1, 1+int(seed%4), 5, 4, rate)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 4))
	theta := make([]float64, m.Dim())
	m.Init(r, nil, theta)
	for i := range theta {
		theta[i] += 0.6 * r.NormFloat64()
	}
	w := make([]float64, m.Layout().Len())
	m.Deploy(theta, w)
	return m, theta, w
}

func TestPullback(t *testing.T) {
	m, theta, _ := random(t, 2, 0.98)
	testkit.CheckPullback(t, "gated", m, m.Layout().Len(), theta)
}

// TestInputToStateStable tests the theorem: |x+|_M <= r |x|_M + g |u - u0| on random states and inputs, and the rest
// state stays at rest.
func TestInputToStateStable(t *testing.T) {
	for seed := range uint64(20) {
		rate := []float64{0.995, 0.9}[seed%2]
		m, _, w := random(t, seed, rate)
		metric, _ := m.Witness()
		tt := m.Tensors()
		s := witness.Lure{N: m.N, Q: m.Q, In: m.In, Out: m.Out, A: tt.A.Of(w), B1: tt.B1.Of(w), B2: tt.B2.Of(w), C1: tt.C1.Of(w), D12: tt.D12.Of(w), Cx: tt.Cx.Of(w), Cw: tt.Cw.Of(w), D22: tt.D22.Of(w)}
		iss, err := s.ISS(metric)
		if err != nil {
			t.Fatal(err)
		}
		g := math.Sqrt(iss.G2)
		const lanes = 200
		r := rand.New(rand.NewPCG(seed, 5))
		x, u, y, next := seq.NewMat(m.N, lanes), seq.NewMat(2, lanes), seq.NewMat(1, lanes), seq.NewMat(m.N, lanes)
		for l := range lanes {
			for i := range m.N {
				x.Row(i)[l] = 2 * r.NormFloat64() * float64(l%3) // a third from the origin
			}
			for i := range 2 {
				u.Row(i)[l] = m.Rest[i] + 3*r.NormFloat64()*float64(l%2) // half at rest
			}
		}
		p := m.NewPass(1, lanes)
		p.Forward(w, u, x, y)
		p.State(next)
		for l := range lanes {
			ut := math.Hypot(u.Row(0)[l]-m.Rest[0], u.Row(1)[l]-m.Rest[1])
			before, after := norm(metric, x, l), norm(metric, next, l)
			if after > rate*before+g*ut+1e-9*(1+before) { // rounding of one step
				t.Fatalf("seed %d: |x| %g, |ut| %g gave |x+| %g > %g", seed, before, ut, after, rate*before+g*ut)
			}
			if before == 0 && ut == 0 && after != 0 {
				t.Fatalf("seed %d: the rest state moved by %g", seed, after)
			}
			yrest := tt.By.Of(w)[0] + tt.D22.Of(w)[0]*m.Rest[0] + tt.D22.Of(w)[1]*m.Rest[1]
			bound := math.Sqrt(iss.Kappa2)*before + math.Sqrt(iss.D2)*ut
			if d := math.Abs(y.Row(0)[l] - yrest); d > bound*(1+1e-9)+1e-9 {
				t.Fatalf("seed %d: output %g from rest, bound %g", seed, d, bound)
			}
		}
	}
}

func norm(m []float64, x seq.Mat, l int) float64 {
	var s float64
	for i := range x.Rows {
		for j := range x.Rows {
			s += x.Row(i)[l] * m[i*x.Rows+j] * x.Row(j)[l]
		}
	}
	return math.Sqrt(s)
}
