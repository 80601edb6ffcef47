package cert

import (
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// refValue evaluates tokens at a point with refPrec bits; ok is false where they have no value or the reference leaves its range.
func refValue(tokens []string, x []*big.Float) (v *big.Float, ok bool) {
	const reach = 80 // of refExp
	var s []*big.Float
	for _, t := range tokens {
		n := len(s)
		if f, known := map[string]func(z, x, y *big.Float) *big.Float{"+": (*big.Float).Add, "-": (*big.Float).Sub, "*": (*big.Float).Mul, "/": (*big.Float).Quo}[t]; known {
			if t == "/" && s[n-1].Sign() == 0 {
				return nil, false
			}
			s = append(s[:n-2], refOp(f, s[n-2], s[n-1]))
			continue
		}
		if i, known := strings.CutPrefix(t, "x"); known {
			k, _ := strconv.Atoi(i)
			s = append(s, x[k])
			continue
		}
		if r, known := new(big.Rat).SetString(t); known && strings.Contains(t, "/") {
			s = append(s, new(big.Float).SetPrec(refPrec).SetRat(r))
			continue
		}
		if f, err := strconv.ParseFloat(t, 64); err == nil {
			s = append(s, ref(f))
			continue
		}
		a := s[n-1]
		size, _ := a.Float64()
		if math.Abs(size) > reach && !strings.HasPrefix(t, "pow:") && t != "neg" || t == "sqrt" && size <= 0 {
			return nil, false
		}
		switch t {
		case "neg":
			a = new(big.Float).Neg(a)
		case "sqrt":
			a = new(big.Float).SetPrec(refPrec).Sqrt(a)
		case "exp":
			a = refExp(a)
		case "tanh":
			if math.Abs(size) < 1e-25 { // where e^2a - 1 cancels: a - a^3/3, the rest is below 1e-100 a
				cube := refOp((*big.Float).Mul, a, refOp((*big.Float).Mul, a, a))
				a = refOp((*big.Float).Sub, a, refOp((*big.Float).Quo, cube, ref(3)))
				break
			}
			e := refExp(refOp((*big.Float).Mul, ref(2), a))
			a = refOp((*big.Float).Quo, refOp((*big.Float).Sub, e, ref(1)), refOp((*big.Float).Add, e, ref(1)))
		case "sin":
			a, _ = refSinCos(a)
		case "cos":
			_, a = refSinCos(a)
		default:
			k, _ := strconv.Atoi(strings.TrimPrefix(t, "pow:"))
			p := a
			for range k - 1 {
				p = refOp((*big.Float).Mul, p, a)
			}
			a = p
		}
		s[n-1] = a
	}
	return s[0], true
}

// allTokens writes a random expression of every kind in two states.
func allTokens(g *rand.Rand, depth int) []string {
	if depth == 0 {
		return []string{[]string{"x0", "x1"}[g.IntN(2)]}
	}
	a := allTokens(g, depth-1)
	binary := []string{"+", "-", "*", "/"}[g.IntN(4)]
	switch g.IntN(3) {
	case 0:
		return append(a, []string{"sin", "cos", "tanh", "neg", "exp", "sqrt", "pow:2", "pow:3", "pow:4", "pow:7", "pow:64"}[g.IntN(11)])
	case 1:
		return append(a, []string{"0.7", "-1.3", "3/7", "1e-20", "300", "-5e-324", "1/3", "0"}[g.IntN(8)], binary)
	}
	return append(append(a, allTokens(g, g.IntN(depth))...), binary)
}

// TestSlopesAreEnclosed: for x in a box and y in another, which may be a point, overlap or be the same, f(x) and f(y) lie in their
// enclosures and f(x) - f(y) in d'(x - y), against references of 400 bits.
func TestSlopesAreEnclosed(t *testing.T) {
	count := 1500
	if os.Getenv("PLUMB_LONG") != "" {
		count = 100000
	}
	g := rand.New(rand.NewPCG(55, 56))
	held := 0
	for range count {
		tokens := allTokens(g, 1+g.IntN(6))
		var boxes [2][]interval
		var low, width [2][2]float64
		same := g.IntN(4) == 0
		for i := range 2 {
			for b := range 2 {
				low[b][i], width[b][i] = g.NormFloat64()*math.Pow(10, g.NormFloat64()), []float64{0, 1e-30, 1e-6, 0.01, 0.3, 2}[g.IntN(6)]
				if b == 1 && g.IntN(2) == 0 {
					low[b][i], width[b][i] = 0, 0
				}
				end := new(big.Rat).Add(rat(low[b][i]), rat(width[b][i]))
				boxes[b] = append(boxes[b], interval{enclose(rat(low[b][i])).lo, enclose(end).hi})
			}
		}
		in := duals(boxes[0], true)
		for i := range in {
			if !same {
				in[i].c = boxes[1][i]
			}
		}
		f, ok := func() (f dual, ok bool) {
			defer func() {
				if e := recover(); e != nil && e != any(undefined) {
					panic(e)
				}
			}()
			return newArith().evaluate(readTokens(tokens), in), true
		}()
		if !ok {
			continue
		}
		for range 4 {
			at := func(b int) (x []*big.Float) {
				for i := range 2 {
					x = append(x, refOp((*big.Float).Add, ref(low[b][i]), ref(width[b][i]*[]float64{0, 1, g.Float64(), 0.5}[g.IntN(4)])))
				}
				return x
			}
			x, y := at(0), at(1)
			if same {
				y = at(0)
			}
			fx, ok1 := refValue(tokens, x)
			fy, ok2 := refValue(tokens, y)
			if !ok1 || !ok2 {
				continue
			}
			held++
			name := strings.Join(tokens, " ")
			holds(t, name+" at x", 0, f.v, fx)
			holds(t, name+" at y", 0, f.c, fy)
			rise := number(0)
			for i := range f.d {
				h := refOp((*big.Float).Sub, x[i], y[i])
				rise = rise.add(f.d[i].mul(point(h)))
			}
			d := refOp((*big.Float).Sub, fx, fy)
			size := refOp((*big.Float).Add, new(big.Float).Abs(fx), new(big.Float).Abs(fy))
			slack := new(big.Float).SetMantExp(refOp((*big.Float).Add, size, ref(1e-60)), -250) // cancellation in the reference
			if refOp((*big.Float).Sub, rise.lo, slack).Cmp(d) > 0 || refOp((*big.Float).Add, rise.hi, slack).Cmp(d) < 0 {
				t.Fatalf("%s on %v, %v (same %t): the difference %s is outside [%s, %s]", name, low, width, same, d.Text('g', 40), rise.lo.Text('g', 40), rise.hi.Text('g', 40))
			}
			if t.Failed() {
				t.Fatalf("%s on %v, %v (same %t)", name, low, width, same)
			}
		}
	}
	if held < count {
		t.Errorf("only %d points of %d expressions were compared", held, count)
	}
	t.Logf("%d points", held)
}
