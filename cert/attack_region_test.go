package cert_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
)

// term is a random smooth function of n states in words, not always defined everywhere.
func term(g *rand.Rand, n, depth int) string {
	if depth == 0 {
		if g.IntN(3) == 0 {
			return strconv.FormatFloat(math.Round(100*g.NormFloat64())/100, 'g', -1, 64)
		}
		return fmt.Sprint("x", g.IntN(n))
	}
	a := term(g, n, depth-1)
	switch k := g.IntN(12); k {
	case 0, 1, 2, 3:
		return a + []string{" sin", " cos", " tanh", " pow:2"}[k]
	case 4:
		return a + " sin exp"
	case 5:
		return "1.75 " + a + " + sqrt"
	case 6:
		return "1 1.5 " + a + " + /"
	case 7:
		return a + " pow:3 neg"
	default:
		return a + " " + term(g, n, g.IntN(depth)) + []string{" +", " -", " *", " *"}[k-8]
	}
}

// value evaluates words in float64; NaN or infinite where they are not defined.
func valueOf(words []string, x []float64) float64 {
	var s []float64
	unary := map[string]func(float64) float64{"sin": math.Sin, "cos": math.Cos, "tanh": math.Tanh, "exp": math.Exp, "sqrt": math.Sqrt,
		"neg": func(a float64) float64 { return -a }}
	binary := map[string]func(a, b float64) float64{"+": func(a, b float64) float64 { return a + b }, "-": func(a, b float64) float64 { return a - b },
		"*": func(a, b float64) float64 { return a * b }, "/": func(a, b float64) float64 { return a / b }}
	for _, t := range words {
		n := len(s)
		if f := unary[t]; f != nil {
			s[n-1] = f(s[n-1])
		} else if f := binary[t]; f != nil {
			s = append(s[:n-2], f(s[n-2], s[n-1]))
		} else if p, ok := strings.CutPrefix(t, "pow:"); ok {
			k, _ := strconv.Atoi(p)
			s[n-1] = math.Pow(s[n-1], float64(k))
		} else if i, ok := strings.CutPrefix(t, "x"); ok {
			k, _ := strconv.Atoi(i)
			s = append(s, x[k])
		} else {
			c, _ := strconv.ParseFloat(t, 64)
			s = append(s, c)
		}
	}
	return s[0]
}

// TestRegionsAgainstSearch: for random systems, the level at which a search along rays first sees V rise is an upper bound of what may be
// proved. A little above it nothing is proved; at half of it most is.
func TestRegionsAgainstSearch(t *testing.T) {
	t.Parallel()
	count := effort(300, 8, 4)
	g := rand.New(rand.NewPCG(51, 52))
	half, edge := 0, 0
	for range count {
		n, continuous := 1+g.IntN(2), g.IntN(2) == 0
		if effort(1, 0, 0) == 1 {
			n = 1 + g.IntN(21)/10
		}
		var right []string
		for i := range n {
			pole := -0.5 - g.Float64()
			if !continuous {
				pole = 0.7 * (2*g.Float64() - 1)
			}
			right = append(right, fmt.Sprintf("%.3g x%d * %.3g x%d * %s * + %.3g x%d * x%d sin * +", pole, i, g.NormFloat64(), g.IntN(n), term(g, n, 3), 0.3*g.NormFloat64(), g.IntN(n), g.IntN(n)))
		}
		m := make([]float64, n*n)
		for i := range n {
			for j := range i {
				m[i*n+j] = 0.3 * g.NormFloat64()
				m[j*n+i] = m[i*n+j]
			}
			m[i*n+i] = 1.5 + g.Float64()
		}
		words := make([][]string, n)
		for i := range right {
			words[i] = strings.Fields(right[i])
		}
		rate := map[bool]float64{true: 0, false: 1}[continuous]
		if g.IntN(2) == 0 {
			rate = map[bool]float64{true: 0.25, false: 0.875}[continuous]
		}
		form := func(x, y []float64) (s float64) {
			for i := range n {
				for j := range n {
					s += x[i] * m[i*n+j] * y[j]
				}
			}
			return s
		}
		rises := func(x []float64) bool { // V does not fall at x
			f := make([]float64, n)
			for i := range f {
				f[i] = valueOf(words[i], x)
			}
			w := 2*form(x, f) + 2*rate*form(x, x)
			if !continuous {
				w = form(f, f) - rate*rate*form(x, x)
			}
			return !(w < 0) || math.IsInf(w, 0)
		}
		const high = 20.0
		level := high
		for k := range map[int]int{1: 2, 2: 500, 3: 4000}[n] {
			d := make([]float64, n)
			for i := range d {
				d[i] = g.NormFloat64()
			}
			if n == 2 {
				d[0], d[1] = math.Sincos(2 * math.Pi * float64(k) / 500)
			} else if n == 1 {
				d[0] = float64(2*k - 1)
			}
			unit := math.Sqrt(form(d, d))
			for s := 0.01; s*s < level; s *= 1.02 { // V = s^2
				x := slices.Clone(d)
				for i := range x {
					x[i] *= s / unit
				}
				if rises(x) {
					level = s * s
				}
			}
		}
		if level < 0.01 {
			continue // V falls nowhere near 0
		}
		claim := func(level float64) *bundle.Model {
			w := bundle.Witness{Rate: ratioOf(rate), Level: ratioOf(level), M: m}
			inv := dense{n, n, m}.solve(eye(n))
			for i := range n {
				w.Box = append(w.Box, math.Sqrt(level*inv.v[i*n+i])*1.01)
			}
			return system(continuous, expressions(right...), "lyapunov", w)
		}
		if v := judged(t, claim(level/2)); v.Proved {
			half++
		} else if strings.Contains(v.By, "counterexample") {
			t.Logf("a counterexample that the search has missed: %v at %g: %s", right, level/2, v.By)
		}
		if level < high {
			edge++
			if v := judged(t, claim(level*1.05)); v.Proved {
				t.Errorf("%v, M %v, continuous %t: level %g is proved, and V rises at %g", right, m, continuous, level*1.05, level)
			}
		}
	}
	t.Logf("%d proved at half of the level, %d refused above it", half, edge)
	if half < count/4 || edge < count/4 {
		t.Errorf("%d and %d of %d", half, edge, count)
	}
}
