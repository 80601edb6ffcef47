package r2dn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/internal/testkit"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

func TestPullback(t *testing.T) {
	for _, layers := range []int{0, 2} {
		m, err := New(2, 1, 3, 4, layers, 0.98)
		if err != nil {
			t.Fatal(err)
		}
		theta := make([]float64, m.Dim())
		m.Init(rand.New(rand.NewPCG(1, 1)), []complex128{0.9, 0.7 + 0.3i}, theta)
		testkit.CheckPullback(t, "r2dn", m, m.Layout().Len(), theta)
	}
}

// TestContracts tests the theorem on trajectories: for random parameters far from the start, random inputs and random
// pairs of initial states, |dx|_M falls at least by the prescribed rate in every step.
func TestContracts(t *testing.T) {
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 2))
		rate := []float64{0.9999, 0.99, 0.9}[seed%3]
		m, err := New(1, 1, 1+int(seed%5), 6, int(seed%2)*2, rate)
		if err != nil {
			t.Fatal(err)
		}
		theta := make([]float64, m.Dim())
		m.Init(r, nil, theta)
		for i := range theta {
			theta[i] += 0.7 * r.NormFloat64()
		}
		w := make([]float64, m.Layout().Len())
		m.Deploy(theta, w)
		metric, _ := m.Witness()
		const steps, lanes = 1, 40 // even lanes against odd lanes
		p := m.NewPass(steps, lanes)
		x, u, y := seq.NewMat(m.N, lanes), seq.NewMat(1, lanes), seq.NewMat(1, lanes)
		for l := 0; l < lanes; l += 2 {
			for i := range m.N {
				x.Row(i)[l], x.Row(i)[l+1] = 3*r.NormFloat64(), 3*r.NormFloat64()
			}
		}
		for range 30 {
			for l := 0; l < lanes; l += 2 {
				u.Row(0)[l] = 2 * r.NormFloat64()
				u.Row(0)[l+1] = u.Row(0)[l]
			}
			before := distances(metric, x)
			p.Forward(w, u, x, y)
			p.State(x)
			for l, d := range distances(metric, x) {
				if d > rate*before[l]*(1+1e-9)+1e-12 { // rounding of one step
					t.Fatalf("seed %d: distance %g became %g, rate %g", seed, before[l], d, rate)
				}
			}
		}
	}
}

// distances returns |x_2l - x_2l+1|_M for each pair of lanes.
func distances(m []float64, x seq.Mat) []float64 {
	n := x.Rows
	out := make([]float64, x.Cols/2)
	for l := range out {
		var s float64
		for i := range n {
			for j := range n {
				s += (x.Row(i)[2*l] - x.Row(i)[2*l+1]) * m[i*n+j] * (x.Row(j)[2*l] - x.Row(j)[2*l+1])
			}
		}
		out[l] = math.Sqrt(s)
	}
	return out
}

// TestInitLinear: started from a linear model, the network simulates it once the nonlinear feedback is cut.
func TestInitLinear(t *testing.T) {
	a := []float64{0.9, 0.2, 0, -0.1, 0.8, 0.1, 0, 0, 0.5}
	b, c, d := []float64{1, 0.5, -0.3}, []float64{0.4, -1, 0.7}, []float64{0.1}
	s, err := model.NewStart(3, 1, 1, a, b, c, d, 0.999)
	if err != nil {
		t.Fatal(err)
	}
	s.Y0 = []float64{0.3}
	m, err := New(1, 1, 5, 6, 0, 0.9999)
	if err != nil {
		t.Fatal(err)
	}
	theta := make([]float64, m.Dim())
	r := rand.New(rand.NewPCG(3, 3))
	if err := m.InitLinear(r, s, theta); err != nil {
		t.Fatal(err)
	}
	w := make([]float64, m.Layout().Len())
	m.Deploy(theta, w)
	const steps = 60
	u, y, x0 := seq.NewMat(1, steps), seq.NewMat(1, steps), seq.NewMat(5, 1)
	for k := range steps {
		u.Row(0)[k] = r.NormFloat64()
	}
	for i := range m.t.B1.Len() { // switch the feedback off
		m.t.B1.Of(w)[i] = 0
	}
	clear(m.t.Cw.Of(w))
	x := make([]float64, 3)
	m.NewPass(steps, 1).Forward(w, u, x0, y)
	for k := range steps {
		v := u.Row(0)[k]
		want := 0.3 + d[0]*v
		next := make([]float64, 3)
		for i := range 3 {
			want += c[i] * x[i]
			next[i] = b[i] * v
			for j := range 3 {
				next[i] += a[i*3+j] * x[j]
			}
		}
		x = next
		if got := y.Row(0)[k]; math.Abs(got-want) > 1e-9 {
			t.Fatalf("step %d without feedback: got %g, the linear model gives %g", k, got, want)
		}
	}
}
