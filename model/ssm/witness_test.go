package ssm

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/nn/seq"
)

// sample draws sizes and deployed weights of a random cascade, most with poles near the circle.
func sample(t *testing.T, r *rand.Rand) (*Network, []float64) {
	o := Options{Width: 1 + r.IntN(4), MaxRadius: []float64{0.5, 0.9, 0.99, 0.9999}[r.IntN(4)]}
	for range 1 + r.IntN(3) {
		o.Blocks = append(o.Blocks, seq.DiagonalBlock{States: 1 + r.IntN(4), Hidden: r.IntN(3) * 3})
	}
	m := network(t, 1+r.IntN(2), 1+r.IntN(2), o)
	theta, w := normal(r, m.Dim(), 1), make([]float64, m.Layout().Len())
	rest := theta
	for i := range m.blocks {
		nu, angle, _, _ := m.blocks[i].split(rest[:m.blocks[i].dim()])
		for j := range nu {
			nu[j], angle[j] = -3+2*r.NormFloat64(), 3*r.Float64()
		}
		rest = rest[m.blocks[i].dim():]
	}
	m.Deploy(theta, w)
	return m, w
}

func signal(r *rand.Rand, rows, cols int, sd float64) seq.Mat {
	x := seq.NewMat(rows, cols)
	for i := range rows {
		copy(x.Row(i), normal(r, cols, sd))
	}
	return x
}

func parse(t *testing.T, s string) (*big.Rat, float64) {
	t.Helper()
	x, ok := new(big.Rat).SetString(s)
	if !ok || x.String() != s {
		t.Fatalf("%q is not a ratio in lowest terms", s)
	}
	f, _ := x.Float64()
	return x, f
}

// TestContraction tests the theorem: for random cascades, inputs and pairs of initial states, |dx(k)| <= c r'^k |dx(0)|
// at every step. It also looks for slack in the other direction: the largest ratio seen must exceed 1, so that c is not
// idle, for a good part of the cascades.
func TestContraction(t *testing.T) {
	const steps, pairs = 120, 8
	const rounding = 1e-12 // relative to the size of the trajectories, whose differences are taken
	overshoots := 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 9))
		m, w := sample(t, r)
		wit, err := NewWitness(m.Diagonal, w)
		if err != nil {
			t.Fatal(err)
		}
		_, rate := parse(t, wit.Rate)
		n := m.States()
		u, x := signal(r, m.Inputs(), 2*pairs, 1), signal(r, n, 2*pairs, math.Exp(2*r.NormFloat64()))
		y, p := seq.NewMat(m.Outputs(), 2*pairs), m.NewPass(1, 2*pairs)
		distance := func() (d [pairs]float64, size float64) {
			for i := range n {
				row := x.Row(i)
				for l := range pairs {
					d[l] = math.Hypot(d[l], row[l]-row[pairs+l])
					size = max(size, math.Abs(row[l]), math.Abs(row[pairs+l]))
				}
			}
			return d, size
		}
		first, _ := distance()
		worst, bound := 0.0, wit.C
		for k := 1; k <= steps; k++ {
			for i := range m.Inputs() {
				row := u.Row(i)
				copy(row, normal(r, pairs, 1))
				copy(row[pairs:], row[:pairs])
			}
			p.Forward(w, u, x, y)
			p.State(x)
			bound *= rate
			d, size := distance()
			for l := range pairs {
				if d[l] > bound*first[l]+rounding*size {
					t.Fatalf("seed %d: |dx(%d)| = %v of |dx(0)| = %v; bound %v", seed, k, d[l], first[l], bound*first[l])
				}
				worst = max(worst, d[l]/first[l])
			}
		}
		if worst > 1 {
			overshoots++
		}
	}
	if overshoots < 10 {
		t.Errorf("only %d cascades overshoot; the test says nothing of c", overshoots)
	}
}

// TestGain searches, without gradients, for pairs of inputs whose outputs differ by more than the gain bound allows.
func TestGain(t *testing.T) {
	const steps, lanes, rounds = 60, 32, 40
	const rounding = 1 + 1e-12
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 10))
		m, w := sample(t, r)
		wit, err := NewWitness(m.Diagonal, w)
		if err != nil {
			t.Fatal(err)
		}
		in, out, cols := m.Inputs(), m.Outputs(), steps*lanes
		x0, p := seq.NewMat(m.States(), lanes), m.NewPass(steps, lanes)
		u, du, v := signal(r, in, cols, 1), signal(r, in, cols, 1), seq.NewMat(in, cols)
		yu, yv := seq.NewMat(out, cols), seq.NewMat(out, cols)
		best, at := 0.0, 0
		for round := range rounds {
			if round > 0 { // all lanes become mutants of the best; lane at stays
				for i := range in {
					a, d := u.Row(i), du.Row(i)
					for j := range a {
						if j%lanes != at {
							a[j] = a[j-j%lanes+at] + 0.3*r.NormFloat64()
							d[j] = d[j-j%lanes+at] * (1 + 0.3*r.NormFloat64())
						}
					}
				}
			}
			for i := range in {
				for j, a := range u.Row(i) {
					v.Row(i)[j] = a + du.Row(i)[j]
				}
			}
			p.Forward(w, u, x0, yu)
			p.Forward(w, v, x0, yv)
			for l := range lanes {
				ratio := energy(yu, yv, l, lanes) / energy(u, v, l, lanes)
				if ratio > wit.Gain*rounding {
					t.Fatalf("seed %d: gain %v found, bound %v", seed, ratio, wit.Gain)
				}
				if ratio > best {
					best, at = ratio, l
				}
			}
		}
	}
}

// energy is the root of the sum over time and signals of the squared difference in one lane.
func energy(a, b seq.Mat, lane, lanes int) float64 {
	var s float64
	for i := range a.Rows {
		for j := lane; j < a.Cols; j += lanes {
			d := a.Row(i)[j] - b.Row(i)[j]
			s += d * d
		}
	}
	return math.Sqrt(s)
}

// chain is a cascade of two scalar blocks with real poles: lambda 0.5 and 0.75, every other map given.
func chain(b0, c0, d0, b1, c1, d1 float64) (seq.Diagonal, []float64) {
	c := seq.Diagonal{In: 1, Out: 1, Width: 1, Blocks: []seq.DiagonalBlock{{States: 1}, {States: 1}}}
	// lre lim Bre Bim Cre Cim D c
	return c, []float64{0.5, 0, b0, 0, c0, 0, d0, 0, 0, 0.75, 0, b1, c1, 0, d1, 0}
}

func TestWitnessClosedForm(t *testing.T) {
	c, w := chain(2, 3, 1, 5, 7, 4)
	wit, err := NewWitness(c, w)
	if err != nil {
		t.Fatal(err)
	}
	if wit.Radius != "3/4" {
		t.Errorf("radius %s, want 3/4: it is exactly the largest modulus", wit.Radius)
	}
	const tol = 1e-12
	// (1 + 3*2/(1/2)) (4 + 7*5/(1/4)) = 13 * 144
	if want := 1872.0; math.Abs(wit.Gain-want) > tol*want {
		t.Errorf("gain %v, want %v", wit.Gain, want)
	}
	// T = [1 0; t 1], t = 5*3/(r'-r); |T| = (t + sqrt(t^2+4))/2
	_, rate := parse(t, wit.Rate)
	s := 15 / (rate - 0.75)
	if want := (s + math.Sqrt(s*s+4)) / 2; math.Abs(wit.C-want) > tol*want {
		t.Errorf("c %v, want %v", wit.C, want)
	}
}

// With B, C, D and lambda positive a constant input makes the bound of one scalar block tight: D + C B / (1-lambda).
func TestGainIsReached(t *testing.T) {
	const steps = 4000
	c := seq.Diagonal{In: 1, Out: 1, Blocks: []seq.DiagonalBlock{{States: 1}}}
	w := []float64{0.5, 0, 2, 0, 3, 0, 1, 0}
	wit, err := NewWitness(c, w)
	if err != nil {
		t.Fatal(err)
	}
	u, y, zero := seq.NewMat(1, steps), seq.NewMat(1, steps), seq.NewMat(1, steps)
	for i := range u.Row(0) {
		u.Row(0)[i] = 1
	}
	c.NewPass(steps, 1).Forward(w, u, seq.NewMat(2, 1), y)
	got := energy(y, zero, 0, 1) / energy(u, zero, 0, 1)
	if got > wit.Gain || got < 0.999*wit.Gain { // the start-up costs about one part in steps
		t.Errorf("gain %v reached, bound %v", got, wit.Gain)
	}
}

// The radius is the least ratio with its denominator, decided exactly.
func TestRadiusIsSmallest(t *testing.T) {
	one := big.NewRat(1, 1)
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 11))
		m, w := sample(t, r)
		if seed%4 == 0 { // one pole within 1e-7 to 1e-15 of the circle
			x := m.Tensors()[0]
			x.Lre.Of(w)[0], x.Lim.Of(w)[0] = 1-math.Pow(10, -7-8*r.Float64()), 0
		}
		wit, err := NewWitness(m.Diagonal, w)
		if err != nil {
			t.Fatal(err)
		}
		radius, _ := parse(t, wit.Radius)
		rate, _ := parse(t, wit.Rate)
		if !(radius.Sign() > 0 && radius.Cmp(rate) < 0 && rate.Cmp(one) < 0) {
			t.Fatalf("seed %d: radius %v, rate %v", seed, wit.Radius, wit.Rate)
		}
		step := big.NewRat(1, 1000000)
		for !new(big.Rat).Quo(radius, step).IsInt() {
			step.Mul(step, big.NewRat(1, 1000))
		}
		less := new(big.Rat).Sub(radius, step)
		if !within(m, w, radius) {
			t.Errorf("seed %d: an eigenvalue exceeds %v", seed, wit.Radius)
		}
		if less.Sign() > 0 && within(m, w, less) {
			t.Errorf("seed %d: %v is not the smallest radius", seed, wit.Radius)
		}
	}
}

func within(m *Network, w []float64, r *big.Rat) bool {
	square := new(big.Rat).Mul(r, r)
	for _, t := range m.Tensors() {
		for i, re := range t.Lre.Of(w) {
			x, y := new(big.Rat).SetFloat64(re), new(big.Rat).SetFloat64(t.Lim.Of(w)[i])
			if x.Add(x.Mul(x, x), y.Mul(y, y)).Cmp(square) > 0 {
				return false
			}
		}
	}
	return true
}

func TestWitnessRefuses(t *testing.T) {
	for _, re := range []float64{1, -1, 1.5, math.Nextafter(1, 2), math.NaN(), math.Inf(1), 1e300} {
		c, w := chain(1, 1, 1, 1, 1, 1)
		w[0] = re
		if _, err := NewWitness(c, w); !errors.Is(err, ErrUnstable) {
			t.Errorf("lambda %v: error %v", re, err)
		}
	}
	c, w := chain(1, 1, 1, 1, 1, 1)
	if _, err := NewWitness(c, w[1:]); err == nil || errors.Is(err, ErrUnstable) {
		t.Errorf("wrong length: error %v", err)
	}
	w[0], w[8] = math.Nextafter(1, 0), 0 // the last float64 below 1 has a witness
	if wit, err := NewWitness(c, w); err != nil {
		t.Errorf("lambda below 1 by half an ulp: %v", err)
	} else if _, rate := parse(t, wit.Rate); rate > 1 {
		t.Errorf("rate %v", wit.Rate)
	}
}

// TestLayerConstants compares the Lipschitz constants of static layers z + W2 tanh(W1 z) with those known by hand.
func TestLayerConstants(t *testing.T) {
	const rounding = 1e-14 // of a singular value decomposition of order 2
	for _, c := range []struct {
		w1, w2 []float64
		width  int
		want   float64
	}{
		{[]float64{1}, []float64{-1}, 1, 1},                                            // z - tanh(z)
		{[]float64{1}, []float64{1}, 1, 2},                                             // z + tanh(z)
		{[]float64{4}, []float64{-1}, 1, 3},                                            // z - tanh(4 z)
		{[]float64{1, 1}, []float64{-1, 0}, 1, 0.5 + math.Sqrt2/2},                     // two units, one without effect; the true constant is 1
		{[]float64{1, 0, 0, 1}, []float64{1.6, -1.2, 1.2, 1.6}, 2, math.Sqrt(3.6) + 1}, // z + 2 R tanh(z), cos = 0.8
	} {
		if got := lipschitz(c.w1, c.w2, c.width); math.Abs(got-c.want) > rounding {
			t.Errorf("%v, %v: %g, want %g", c.w1, c.w2, got, c.want)
		}
	}
}
