package ssm

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// linear returns a random linear model with the given real poles and pairs, in mixed coordinates, and its modal form.
func linear(t *testing.T, r *rand.Rand, in, out int, reals []float64, pairs []complex128) (a, b, c []float64, s *model.Start) {
	t.Helper()
	n := len(reals) + 2*len(pairs)
	a = make([]float64, n*n)
	for i, p := range reals {
		a[i*n+i] = p
	}
	for k, p := range pairs {
		i := len(reals) + 2*k
		a[i*n+i], a[i*n+i+1], a[(i+1)*n+i], a[(i+1)*n+i+1] = real(p), imag(p), -imag(p), real(p)
	}
	for range 3 * n { // shears keep the poles
		i, j := r.IntN(n), r.IntN(n)
		if i == j {
			continue
		}
		f := 0.3 * r.NormFloat64()
		for k := range n { // rows
			a[i*n+k] += f * a[j*n+k]
		}
		for k := range n { // columns, by the inverse
			a[k*n+j] -= f * a[k*n+i]
		}
	}
	b, c = normal(r, n*in, 1), normal(r, out*n, 1)
	s, err := model.NewStart(n, in, out, a, b, c, normal(r, out*in, 1), 0.999)
	if err != nil {
		t.Fatal(err)
	}
	s.Y0 = normal(r, out, 1)
	return a, b, c, s
}

func TestInitLinearIsTheLinearModel(t *testing.T) {
	const steps = 50
	const tol = 1e-10 // conditioning of the modal basis times rounding
	pair := cmplx.Rect(0.9, 0.8)
	for name, x := range map[string]struct {
		in, out int
		o       Options
		reals   []float64
		pairs   []complex128
	}{
		"default":            {1, 1, Options{}, []float64{0.97, -0.4}, []complex128{pair}},
		"one block":          {2, 2, Options{Blocks: []seq.DiagonalBlock{{States: 3, Hidden: 4}}}, []float64{0.5}, []complex128{pair}},
		"over two blocks":    {1, 1, WienerHammerstein(), []float64{0.9, 0.8, 0.7, 0.6, 0.5}, []complex128{pair, cmplx.Rect(0.7, 2)}},
		"two in, two out":    {2, 2, Options{}, []float64{0.95, 0.3, 0.1, -0.2}, []complex128{pair}},
		"no room for inputs": {2, 3, Options{}, []float64{0.95}, []complex128{pair}},
	} {
		r := rand.New(rand.NewPCG(13, 14))
		m := network(t, x.in, x.out, x.o)
		a, b, c, s := linear(t, r, x.in, x.out, x.reals, x.pairs)
		theta, w := make([]float64, m.Dim()), make([]float64, m.Layout().Len())
		if err := m.InitLinear(r, s, theta); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m.Deploy(theta, w)
		u, y, bent := signal(r, x.in, steps, 1), seq.NewMat(x.out, steps), seq.NewMat(x.out, steps)
		p, zero := m.NewPass(steps, 1), seq.NewMat(m.States(), 1)
		p.Forward(w, u, zero, bent)
		for _, b := range m.Tensors() {
			clear(b.W2.Of(w))
		}
		p.Forward(w, u, zero, y)
		var off, size float64
		state := make([]float64, s.N)
		for k := range steps {
			next := make([]float64, s.N)
			for o := range x.out {
				want := s.Y0[o]
				for j := range x.in {
					want += s.D[o*x.in+j] * u.Row(j)[k]
				}
				for i, v := range state {
					want += c[o*s.N+i] * v
				}
				if got := y.Row(o)[k]; !(math.Abs(got-want) <= tol*(1+math.Abs(want))) {
					t.Fatalf("%s: output %d at %d is %v, the linear model's %v", name, o, k, got, want)
				}
				off += math.Pow(bent.Row(o)[k]-want, 2)
				size += want * want
			}
			for i := range next {
				for j := range x.in {
					next[i] += b[i*x.in+j] * u.Row(j)[k]
				}
				for j, v := range state {
					next[i] += a[i*s.N+j] * v
				}
			}
			state = next
		}
		if ratio := math.Sqrt(off / size); !(ratio > 0 && ratio < 0.3) {
			t.Errorf("%s: the static layers bend the start by %v of its size", name, ratio)
		}
	}
}

func TestInitLinearRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	_, _, _, s := linear(t, r, 1, 2, []float64{0.1, 0.2, 0.3, 0.4, 0.5}, nil)
	for name, m := range map[string]*Network{
		"inputs":   network(t, 2, 2, Options{}),
		"width":    network(t, 1, 2, Options{Width: 1}),
		"no room":  network(t, 1, 2, Options{Blocks: []seq.DiagonalBlock{{States: 4}}}),
		"no input": network(t, 1, 2, Options{Width: 2}),
	} {
		if err := m.InitLinear(r, s, make([]float64, m.Dim())); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
