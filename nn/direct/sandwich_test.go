package direct

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestSandwichIsLipschitz tests the theorem: for every slope pattern in [0, 1] the layer's Jacobian Wout S Win has norm
// at most one, and the multiplier inequality holds.
func TestSandwichIsLipschitz(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		q := 1 + r.IntN(6)
		w := 1 + r.IntN(2*q)
		s, err := NewSandwich(q, w)
		if err != nil {
			t.Fatal(err)
		}
		theta := randomTheta(r, s.Dim())
		win, wout := make([]float64, w*q), make([]float64, q*w)
		s.Map(theta, win, wout)
		for range 20 {
			j := mat.NewDense(q, q, nil)
			slope := make([]float64, w)
			for i := range slope {
				slope[i] = r.Float64()
			}
			for a := range q {
				for b := range q {
					var v float64
					for i := range w {
						v += wout[a*w+i] * slope[i] * win[i*q+b]
					}
					j.Set(a, b, v)
				}
			}
			var svd mat.SVD
			svd.Factorize(j, mat.SVDNone)
			if top := svd.Values(nil)[0]; top > 1 {
				t.Fatalf("seed %d: q=%d w=%d: Jacobian norm %v", seed, q, w, top)
			}
		}
		m := s.Multiplier()
		lmi := mat.NewSymDense(q+w, nil)
		for i := range q {
			lmi.SetSym(i, i, 1)
			for k := range w {
				lmi.SetSym(i, q+k, -win[k*q+i]*m[k])
			}
		}
		for a := range w {
			for b := a; b < w; b++ {
				var v float64
				for i := range q {
					v -= wout[i*w+a] * wout[i*w+b]
				}
				if a == b {
					v += 2 * m[a]
				}
				lmi.SetSym(q+a, q+b, v)
			}
		}
		var ch mat.Cholesky
		if !ch.Factorize(lmi) {
			t.Errorf("seed %d: the multiplier inequality fails", seed)
		}
	}
}

func TestSandwichGradient(t *testing.T) {
	for _, size := range [][2]int{{3, 4}, {2, 4}, {4, 2}} {
		q, w := size[0], size[1]
		r := rand.New(rand.NewPCG(4, 4))
		s, err := NewSandwich(q, w)
		if err != nil {
			t.Fatal(err)
		}
		theta := randomTheta(r, s.Dim())
		win, wout := make([]float64, w*q), make([]float64, q*w)
		gi, gout := randomTheta(r, w*q), randomTheta(r, q*w)
		eval := func() (f float64) {
			s.Map(theta, win, wout)
			for i := range win {
				f += gi[i]*win[i] + gout[i]*wout[i]
			}
			return f
		}
		eval()
		g := make([]float64, s.Dim())
		s.Pull(gi, gout, g)
		for i := range theta {
			const h = 1e-6
			keep := theta[i]
			theta[i] = keep + h
			fp := eval()
			theta[i] = keep - h
			fm := eval()
			theta[i] = keep
			if d := (fp - fm) / (2 * h); math.Abs(d-g[i]) > 1e-6*(1+math.Abs(d)) {
				t.Errorf("q=%d w=%d parameter %d: gradient %g, difference quotient %g", q, w, i, g[i], d)
			}
		}
	}
	if _, err := NewSandwich(2, 5); err == nil {
		t.Error("a layer wider than twice its input was accepted")
	}
}
