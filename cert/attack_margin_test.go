package cert_test

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/cert"
)

// csolve returns a^-1 b by elimination with pivots; a is square, b has as many rows.
func csolve(a, b [][]complex128) [][]complex128 {
	n := len(a)
	w := make([][]complex128, n)
	for i := range w {
		w[i] = slices.Concat(a[i], b[i])
	}
	for k := range n {
		for i := k + 1; i < n; i++ {
			if cmplx.Abs(w[i][k]) > cmplx.Abs(w[k][k]) {
				w[i], w[k] = w[k], w[i]
			}
		}
		for i := range n {
			if i != k {
				f := w[i][k] / w[k][k]
				for j := range w[i] {
					w[i][j] -= f * w[k][j]
				}
			}
		}
	}
	for k := range w {
		for j := n; j < len(w[k]); j++ {
			w[k][j] /= w[k][k]
		}
		w[k] = w[k][n:]
	}
	return w
}

// multiplied is the matrix of the closed loop when the plant's input i is multiplied by f[i], and its output j by f[m+j]: from the
// definition of a loop, without the signals of the claim.
func (c *loopCase) multiplied(f []complex128) [][]complex128 {
	at := func(name string, i, j int) complex128 { return complex(c.t[name][i*c.shape(name)[1]+j], 0) }
	sign, k, n := complex128(-1), c.m+c.p, c.n()
	if c.positive {
		sign = 1
	}
	loop, right := make([][]complex128, k), make([][]complex128, k) // of (u, y), u from the controller, y from the plant
	for i := range k {
		loop[i], right[i] = make([]complex128, k), make([]complex128, n)
		loop[i][i] = 1
		for j := range c.p {
			if i < c.m {
				loop[i][c.m+j] = -sign * at("K.D", i, j) * f[c.m+j]
			}
		}
		for j := range c.m {
			if i >= c.m {
				loop[i][j] = -at("P.D", i-c.m, j) * f[j]
			}
		}
		for j := range n {
			if i < c.m && j >= c.np {
				right[i][j] = sign * at("K.C", i, j-c.np)
			} else if i >= c.m && j < c.np {
				right[i][j] = at("P.C", i-c.m, j)
			}
		}
	}
	uy := csolve(loop, right)
	a := make([][]complex128, n)
	for i := range n {
		a[i] = make([]complex128, n)
		for j := range n {
			if i < c.np {
				if j < c.np {
					a[i][j] = at("P.A", i, j)
				}
				for s := range c.m {
					a[i][j] += at("P.B", i, s) * f[s] * uy[s][j]
				}
			} else {
				if j >= c.np {
					a[i][j] = at("K.A", i-c.np, j-c.np)
				}
				for s := range c.p {
					a[i][j] += at("K.B", i-c.np, s) * f[c.m+s] * uy[c.m+s][j]
				}
			}
		}
	}
	return a
}

// decays tells whether all solutions of x+ = a x, or dx/dt = a x (by Cayley's map), go to 0: whether a high power is small.
func decays(a [][]complex128, continuous bool) bool {
	n := len(a)
	if continuous {
		minus, plus := make([][]complex128, n), make([][]complex128, n)
		for i := range n {
			minus[i], plus[i] = make([]complex128, n), slices.Clone(a[i])
			for j := range n {
				minus[i][j] = -a[i][j]
			}
			minus[i][i]++
			plus[i][i]++
		}
		a = csolve(minus, plus)
	}
	for range 20 { // a^(2^20): moduli of eigenvalues up to 1 - 1e-4 are seen to decay
		next, size := make([][]complex128, n), 0.0
		for i := range n {
			next[i] = make([]complex128, n)
			for j := range n {
				for k := range n {
					next[i][j] += a[i][k] * a[k][j]
				}
				size = max(size, cmplx.Abs(next[i][j]))
			}
		}
		if !(size < 1e100) {
			return false
		}
		a = next
		if size < 1e-3/float64(n) {
			return true
		}
	}
	return false
}

// TestMarginByFactors: loops with a proved margin stay stable when their signals are multiplied by factors from the edge of the disk, by
// the definition of both; static plants and controllers, direct terms, disks that hold infinity, skews beyond 1 and both signs of
// feedback included. Twice the largest alpha that was proved is too much for some of these loops.
func TestMarginByFactors(t *testing.T) {
	t.Parallel()
	count := effort(300, 10, 6)
	g := rand.New(rand.NewPCG(53, 54))
	static, infinite, broken := 0, 0, 0
	for proved := 0; proved < count; {
		c := &loopCase{kind: "loop", claim: "margin", continuous: g.IntN(2) == 0, positive: g.IntN(2) == 0, np: g.IntN(3), nk: g.IntN(3), m: g.IntN(3), p: g.IntN(3),
			t: map[string][]float64{}, skew: ratioText([]string{"0/1", "1/1", "-1/1", "5/1", "-5/1", "3/10", "-3/2"}[g.IntN(7)])}
		if c.n() == 0 {
			continue
		}
		for _, name := range []string{"P.A", "P.B", "P.C", "P.D", "K.A", "K.B", "K.C", "K.D"} {
			s := c.shape(name)
			if s[0]*s[1] == 0 {
				continue
			}
			c.t[name] = normal(g, s[0], s[1], 0.6).v
			for i := range s[0] {
				if strings.HasSuffix(name, "A") && c.continuous {
					c.t[name][i*s[0]+i] -= 1
				}
			}
		}
		for i := range c.m + c.p {
			if g.IntN(2) == 0 {
				c.channels, c.lambda = append(c.channels, i), append(c.lambda, math.Exp(0.5*g.NormFloat64()))
			}
		}
		if len(c.channels) == 0 {
			continue
		}
		var v cert.Verdict
		for alpha := 8.0; alpha > 0.1 && !v.Proved; alpha *= 0.6 {
			if c.alpha = ratioOf(alpha); c.witness(alpha*1.001, 1e-3) {
				v = judged(t, c.model())
			}
		}
		if !v.Proved {
			continue
		}
		proved++
		alpha, _ := v.Alpha.Float64()
		skew, _ := v.Skew.Float64()
		factors := func(alpha float64, k int) []complex128 {
			f := slices.Repeat([]complex128{1}, c.m+c.p)
			for _, i := range c.channels {
				delta := cmplx.Rect(alpha, 2*math.Pi*g.Float64())
				if k < 4 { // the ends of the real factors
					delta = complex(alpha*float64(1-2*(k>>(i%2)&1)), 0)
				}
				f[i] = (1 + complex((1-skew)/2, 0)*delta) / (1 - complex((1+skew)/2, 0)*delta)
			}
			return f
		}
		for k := range 40 {
			if f := factors(alpha, k); !decays(c.multiplied(f), c.continuous) {
				t.Fatalf("a loop with the margin %g, skew %g in %v is not stable with the factors %v: %+v", alpha, skew, c.channels, f, c)
			}
		}
		broken += map[bool]int{true: 1}[slices.ContainsFunc(slices.Repeat([]int{0}, 40), func(int) bool {
			return !decays(c.multiplied(factors(2*alpha, 9)), c.continuous)
		})]
		if c.np == 0 || c.nk == 0 {
			static++
		}
		if alpha*math.Abs(1+skew) >= 2 {
			infinite++
		}
	}
	t.Logf("%d loops, %d with a static part, %d with a disk that holds infinity; %d unstable at twice alpha", count, static, infinite, broken)
	if static == 0 || broken == 0 || infinite == 0 && effort(1, 0, 0) == 1 {
		t.Error("cases are missing")
	}
}
