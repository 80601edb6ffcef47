package cert_test

import (
	"math"
	"math/rand/v2"
	"testing"
)

// layerGain is the checker's gain of xout = z + W2 tanh(W1 z), z = u: a block with D = I, whose state no input reaches.
func layerGain(t *testing.T, w1, w2 mx) float64 {
	d := draw{n: 1, q: w1.r, m: w1.c, p: w1.c, h: w1.c, window: 1, blocks: 1, static: 1}
	p := d.ssm(rand.New(rand.NewPCG(1, 1)), 1, true)
	for _, name := range []string{"Bre", "Bim", "D"} {
		clear(p.x("b0." + name))
	}
	for i := range d.m {
		p.x("b0.D")[i*d.m+i] = 1
	}
	copy(p.x("b0.W1"), w1.v)
	copy(p.x("b0.W2"), w2.v)
	s := &spec{claim: "contraction", m: d.m, p: d.p, window: 1, parts: []*part{p}, scale: map[string][]float64{}}
	for i, name := range []string{"u_mid", "u_half", "y_mean", "y_std"} {
		for range d.m {
			s.scale[name] = append(s.scale[name], float64(i%2))
		}
	}
	return asFloat(figuresOf(t, s).Gain)
}

// TestStaticLayers compares the Lipschitz constants of static layers with those known by hand, and, for random layers, with the largest norm of
// I + W2 Delta W1 over slopes in {0, 1}, which is that over [0, 1], a norm being convex, and with 1 + |W1||W2|.
func TestStaticLayers(t *testing.T) {
	const closed = 1e-14 // of numbers of few bits
	c, s := 0.8, 0.6     // a rotation
	for _, k := range []struct {
		name   string
		w1, w2 mx
		want   float64
	}{
		{"z - tanh(z)", mx{1, 1, []float64{1}}, mx{1, 1, []float64{-1}}, 1},
		{"z + tanh(z)", mx{1, 1, []float64{1}}, mx{1, 1, []float64{1}}, 2},
		{"z - 4 tanh(z)", mx{1, 1, []float64{1}}, mx{1, 1, []float64{-4}}, 3},
		{"z - tanh(4 z)", mx{1, 1, []float64{4}}, mx{1, 1, []float64{-1}}, 3},
		{"z + tanh(0)", mx{1, 1, []float64{0}}, mx{1, 1, []float64{5}}, 1},
	} {
		if got := layerGain(t, k.w1, k.w2); math.Abs(got-k.want) > closed {
			t.Errorf("%s: %g, want %g", k.name, got, k.want)
		}
	}
	// z + 2 R tanh(z), R a rotation by theta: |I + R| + 1 = 2 cos(theta/2) + 1
	const norms = 1e-3 // bounds of norms of matrices are within 1/800 in their squares
	want := math.Sqrt(2+2*c) + 1
	if got := layerGain(t, mx{2, 2, []float64{1, 0, 0, 1}}, mx{2, 2, []float64{2 * c, -2 * s, 2 * s, 2 * c}}); got < want || got > want*(1+norms) {
		t.Errorf("rotation: %g, want %g", got, want)
	}

	smaller := 0
	for seed := range uint64(40) {
		g := rand.New(rand.NewPCG(seed, 12))
		h, n := 1+g.IntN(6), 1+g.IntN(4)
		w1, w2 := randMx(g, h, n, 1), randMx(g, n, h, 1)
		got := layerGain(t, w1, w2)
		slopes, least := make([]float64, h), 0.0
		for v := range 1 << h {
			for i := range slopes {
				slopes[i] = float64(v >> i & 1)
			}
			x := w2.mul(w1.scaled(slopes))
			for i := range n {
				x.v[i*n+i]++
			}
			least = max(least, normOf(x))
		}
		if got < least*(1-normSlack) {
			t.Errorf("seed %d: %g is no Lipschitz constant, slopes reach %g", seed, got, least)
		}
		old := 1 + normOf(w1)*normOf(w2)
		if got > old*(1+norms) {
			t.Errorf("seed %d: %g exceeds 1 + |W1||W2| = %g", seed, got, old)
		}
		if got < 0.9*old {
			smaller++
		}
	}
	if smaller < 15 {
		t.Errorf("only %d of 40 are smaller by a tenth", smaller)
	}
}

// normSlack: the trace of the power 2^30 exceeds the largest eigenvalue's by the factor n, and 30 logarithms are rounded.
const normSlack = 1e-8

// normOf is the spectral norm, the root of the trace of a large power of x'x: at most the relative normSlack above or below.
func normOf(x mx) float64 {
	k := x.t().mul(x)
	if k.trace() == 0 {
		return 0
	}
	scale := 0.0 // log of the trace of k^(2^i), over 2^i
	p := 1.0
	for range 30 {
		f := k.trace()
		scale += math.Log(f) / p
		k = k.times(1 / f)
		k = k.mul(k)
		p *= 2
	}
	return math.Exp(scale / 2)
}
