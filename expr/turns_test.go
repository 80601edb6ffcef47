package expr

import (
	"math"
	"testing"
)

// Shifted by whole multiples of pi the expression has the value of the original there, and no pi in it.
func TestShiftHalfTurns(t *testing.T) {
	turns := map[string]int{"x": 1, "y": -2}
	at := []float64{0.7, -0.4, 1.3}
	moved := []float64{0.7 + math.Pi, -0.4 - 2*math.Pi, 1.3}
	names := []string{"x", "y", "v"}
	for _, c := range []struct {
		text string
		k    int
		ok   bool
	}{
		{"sin(x)", 0, true}, {"-9.81*sin(x) - 0.5*v", 0, true}, {"cos(x - y)*v^2", 0, true}, {"sin(3*x)*cos(y*2)", 0, true}, {"tan(x)/(2 + sin(x)^2)", 0, true},
		{"x + 0.1*v", 1, true}, {"2*x + y - (x - v)", -1, true}, {"exp(sin(-x))", 0, true},
		{"x^2", 0, false}, {"sin(x/2)", 0, false}, {"0.5*x", 0, false}, {"x*v", 0, false}, {"exp(x)", 0, false},
	} {
		e, err := Parse(c.text, names)
		if err != nil {
			t.Fatal(err)
		}
		g, k, ok := e.ShiftHalfTurns(turns)
		if ok != c.ok || ok && k != c.k {
			t.Errorf("%s: k %d, %v; want %d, %v", c.text, k, ok, c.k, c.ok)
		}
		if !ok {
			continue
		}
		p, err := Compile([]*Expr{e, g}, names)
		if err != nil {
			t.Fatal(err)
		}
		want, got := make([]float64, 2), make([]float64, 2)
		p.Eval(want, moved)
		p.Eval(got, at)
		const rounding = 1e-14 // a few operations on numbers of order one to ten
		if d := got[1] + math.Pi*float64(k) - want[0]; math.Abs(d) > rounding*10 {
			t.Errorf("%s became %s, %d: off by %g", c.text, g, k, d)
		}
	}
}
