package lti

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// closedBig is the system matrix of the closed loop formed without rounding, for a plant without feedthrough:
//
//	[ Ap + s Bp Dk Cp   s Bp Ck ]
//	[ Bk Cp             Ak      ]   s the sign of the feedback
func closedBig(l Loop) *bigMat {
	np, m, _ := l.P.Dims()
	nk, _, _ := l.K.Dims()
	out := newBig(np+nk, np+nk)
	put := func(r, c int, b *bigMat) {
		for i := range b.r {
			for j := range b.c {
				out.at(r+i, c+j).Add(out.at(r+i, c+j), b.at(i, j))
			}
		}
	}
	s := toBig(scale(l.sign(), identity(m)))
	bp, cp := toBig(l.P.B).mul(s), toBig(l.P.C)
	put(0, 0, toBig(l.P.A))
	put(0, 0, bp.mul(toBig(l.K.D)).mul(cp))
	if nk > 0 {
		put(0, np, bp.mul(toBig(l.K.C)))
		put(np, 0, toBig(l.K.B).mul(cp))
		put(np, np, toBig(l.K.A))
	}

	return out
}

// stableBig decides by Routh's table, in discrete time after the bilinear map.
func stableBig(a *bigMat, discrete bool) bool {
	if discrete {
		i := toBig(identity(a.r))
		if a = a.plus(1, i).solve(a.plus(-1, i)); a == nil {
			return false
		}
	}
	return hurwitz(a.charpoly())
}

// edgeLoop draws a loop of n states whose outermost closed-loop pole lies edge times the largest modulus outside (inside for
// a negative edge) the stability region, up to rounding.
func edgeLoop(r *rand.Rand, n int, discrete bool, edge float64) Loop {
	nk := r.IntN(n/2 + 1)
	np, m, p := n-nk, 1+r.IntN(3), 1+r.IntN(3)
	ts := 0.0
	if discrete {
		ts = 0.25
	}
	part := func(n, m, p int, feed float64) *SS {
		d := scale(feed, randn(r, p, m))
		if n == 0 {
			return must(Gain(d, ts))
		}
		a := randomSystem(r, n, -0.01).A
		if r.IntN(3) == 0 {
			a = randA(r, n)
		}
		return must(NewSS(a, randn(r, n, m), randn(r, p, n), d, ts))
	}
	l := Loop{P: part(np, m, p, 0), K: part(nk, p, m, math.Pow(10, 2*r.Float64()-1)), Positive: r.IntN(2) == 0}
	a := closedBig(l).float()
	outer, top := 0.0, 0.0
	for i, v := range must(eigenvalues(a)) {
		top = math.Max(top, cmplx.Abs(v))
		if i == 0 || real(v) > outer {
			outer = real(v)
		}
	}
	for _, g := range []*SS{l.P, l.K} { // a shift of both A shifts the loop; a factor on A and B multiplies it
		n, _, _ := g.Dims()
		if n == 0 {
			continue
		}
		if discrete {
			g.A.Scale((1+edge)/top, g.A)
			g.B.Scale((1+edge)/top, g.B)
			continue
		}
		for i := range n {
			g.A.Set(i, i, g.A.At(i, i)-outer+edge*top)
		}
	}
	return l
}

// TestLoopVerdicts: stable and unstable loops, continuous and discrete, down to 1e-13 of the largest pole from the boundary,
// are never called wrongly, and the disk margin of what is not called stable is 0. A thousand loops up to order 60 with
// PLUMB_LONG set.
func TestLoopVerdicts(t *testing.T) {
	seeds, orders := 2, []int{1, 2, 4, 9, 16}
	if os.Getenv("PLUMB_LONG") != "" {
		seeds, orders = 20, []int{1, 2, 3, 5, 9, 16, 30, 45, 60}
	}
	r := rand.New(rand.NewPCG(4, 17))
	decided, all := map[string]int{}, map[string]int{}
	for range seeds {
		for _, n := range orders {
			for k, edge := range []float64{1e-1, 1e-3, 1e-6, 1e-9, 1e-11, 1e-13} {
				discrete := r.IntN(2) == 0
				l := edgeLoop(r, n, discrete, edge*float64(1-2*r.IntN(2)))
				_, v, err := l.stable(0)
				if err != nil {
					t.Errorf("order %d: %v", n, err)
					continue
				}
				want := map[bool]Stability{true: Stable, false: Unstable}[stableBig(closedBig(l), discrete)]
				at := fmt.Sprintf("1e%d", int(math.Round(math.Log10(edge))))
				all[at]++
				if v.State != Undecided {
					decided[at]++
				}
				if v.State != want && v.State != Undecided {
					t.Errorf("order %d, discrete %t, outermost pole %g from the boundary: %s, high precision says %s", n, discrete, edge, v, want)
				}
				if v.State != want && k < 2 && n <= 16 {
					t.Errorf("order %d, discrete %t, outermost pole %g from the boundary is left undecided", n, discrete, edge)
				}
				if n <= 9 || k == 0 && n < 30 {
					if d := must(DiskMargin(l, AtInput, 0)); d.Closed.State != v.State || v.State != Stable && (d.Lower != 0 || d.Upper != 0 || d.Constant != 0 || d.Worst != nil) {
						t.Errorf("order %d: margin %+v of a loop that is %s", n, d, v)
					}
				}
			}
		}
	}
	t.Logf("decided %v of %v", decided, all)
}

// TestMarginalLoops: an exact integrator, an oscillator, a Jordan block on the boundary and a pole on the unit circle are
// not asymptotically stable, and are never called stable.
func TestMarginalLoops(t *testing.T) {
	zero := must(Gain(mat.NewDense(1, 1, []float64{0}), 0))
	for name, l := range map[string]Loop{
		"integrator":             {P: companion([]float64{1}, []float64{1, 0}, 0), K: zero},
		"oscillator":             {P: companion([]float64{1}, []float64{1, 0, 1}, 0), K: unity(0)},
		"double integrator":      {P: companion([]float64{1}, []float64{1, 0, 0}, 0), K: unity(0)},
		"integrator and lag":     {P: companion([]float64{1}, []float64{1, 1e-3, 0}, 0), K: zero},
		"Routh edge k = 6":       {P: companion([]float64{6}, []float64{1, 3, 2, 0}, 0), K: unity(0)},
		"discrete integrator":    {P: companion([]float64{1}, []float64{1, -1}, 0.1), K: must(Gain(mat.NewDense(1, 1, []float64{0}), 0.1))},
		"pole at -1":             {P: companion([]float64{1.5}, []float64{1, -0.5}, 0.1), K: unity(0.1)},
		"pair on the circle":     {P: companion([]float64{1}, []float64{1, -1, 0}, 0.1), K: unity(0.1)},
		"hidden undamped mode":   {P: must(NewSS(mat.NewDense(2, 2, []float64{-1, 0, 0, 0}), mat.NewDense(2, 1, []float64{1, 0}), mat.NewDense(1, 2, []float64{1, 0}), nil, 0)), K: unity(0)},
		"hidden unstable mode":   {P: must(NewSS(mat.NewDense(2, 2, []float64{-1, 0, 0, 1e-8}), mat.NewDense(2, 1, []float64{1, 0}), mat.NewDense(1, 2, []float64{1, 0}), nil, 0)), K: unity(0)},
		"cancelled unstable one": {P: companion([]float64{1, -2}, []float64{1, 4, 3}, 0), K: companion([]float64{1}, []float64{1, -2}, 0)},
	} {
		for _, at := range []Break{AtInput, AtOutput, AtBoth} {
			d := must(DiskMargin(l, at, 0))
			if d.Closed.State == Stable || d.Lower != 0 || d.Upper != 0 {
				t.Errorf("%s, %s: %s with margin [%g, %g]", name, at, d.Closed, d.Lower, d.Upper)
			}
			if _, err := l.Witness(at, 0, 0.01); err == nil {
				t.Errorf("%s, %s: a witness of stability", name, at)
			}
		}
	}
}
