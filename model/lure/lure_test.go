package lure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/testkit"
	"github.com/plumb-go/plumb/model/witness"
	"github.com/plumb-go/plumb/nn/seq"
)

func perturbed(t *testing.T, m *Network, seed uint64, sd float64) (theta, w []float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 6))
	theta = make([]float64, m.Dim())
	m.Init(r, []complex128{0.95, 0.6 + 0.6i}, theta)
	for i := range theta {
		theta[i] += sd * r.NormFloat64()
	}
	w = make([]float64, m.Layout().Len())
	m.Deploy(theta, w)
	return theta, w
}

func TestPullback(t *testing.T) {
	b, err := NewBounded(2, 1, 3, 4, 0.99)
	if err != nil {
		t.Fatal(err)
	}
	theta, _ := perturbed(t, b, 1, 0.3)
	testkit.CheckPullback(t, "bounded", b, b.Layout().Len(), theta)
	f := NewFree(1, 2, 3, 4)
	theta, _ = perturbed(t, f, 1, 0.3)
	testkit.CheckPullback(t, "free", f, f.Layout().Len(), theta)
}

// TestBounded tests the theorem: from far away and under inputs of size one, every trajectory of random networks ends
// in the output ball of the witness, and the state obeys the bound at every step.
func TestBounded(t *testing.T) {
	for seed := range uint64(16) {
		m, err := NewBounded(1, 1, 1+int(seed%5), 6, 0.98)
		if err != nil {
			t.Fatal(err)
		}
		_, w := perturbed(t, m, seed, 0.5)
		tt := m.Tensors()
		s := witness.Lure{N: m.N, Q: m.Q, In: 1, Out: 1, A: tt.A.Of(w), B1: tt.B1.Of(w), B2: tt.B2.Of(w), C1: tt.C1.Of(w), D12: tt.D12.Of(w), Cx: tt.Cx.Of(w), Cw: tt.Cw.Of(w), D22: tt.D22.Of(w), Bx: tt.Bx.Of(w)}
		b, err := s.Bounded()
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		for _, v := range b.T {
			sum += v
		}
		ball := math.Sqrt(sum) / (1 - b.Rate)
		out := math.Sqrt(b.Kappa2[0])*ball + math.Abs(tt.D22.Of(w)[0])
		for _, v := range tt.Cw.Of(w) {
			out += math.Abs(v)
		}
		const lanes, steps = 24, 3000
		r := rand.New(rand.NewPCG(seed, 7))
		x, u, y := seq.NewMat(m.N, lanes), seq.NewMat(1, lanes), seq.NewMat(1, lanes)
		p := m.NewPass(1, lanes)
		for l := range lanes {
			for i := range m.N {
				x.Row(i)[l] = 1e3 * r.NormFloat64()
			}
		}
		for k := range steps {
			for l := range lanes {
				u.Row(0)[l] = math.Copysign(1, math.Sin(float64(k)*0.05*float64(l+1)))
			}
			before := norms(b.M, x)
			p.Forward(w, u, x, y)
			p.State(x)
			for l, after := range norms(b.M, x) {
				if limit := b.Rate*before[l] + math.Sqrt(sum); after > limit*(1+1e-9) {
					t.Fatalf("seed %d step %d: |x| %g became %g > %g", seed, k, before[l], after, limit)
				}
				if k == steps-1 {
					if d := math.Abs(y.Row(0)[l] - tt.By.Of(w)[0]); d > out*1.001 {
						t.Fatalf("seed %d: output ends %g from its centre, ball %g", seed, d, out)
					}
				}
			}
		}
	}
}

func norms(m []float64, x seq.Mat) []float64 {
	out := make([]float64, x.Cols)
	for l := range out {
		var s float64
		for i := range x.Rows {
			for j := range x.Rows {
				s += x.Row(i)[l] * m[i*x.Rows+j] * x.Row(j)[l]
			}
		}
		out[l] = math.Sqrt(s)
	}
	return out
}
