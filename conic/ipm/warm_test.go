package ipm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/conic"
)

// projection returns the problem of the nearest X to a random symmetric centre with X >= I/10 and A'X + X A <= -I/10, the
// full matrix G with |G row| bound by terms: a projection onto an LMI set, with the weights of the Frobenius norm.
func projection(r *rand.Rand, n int) *conic.Problem {
	v := conic.Variable{Kind: conic.Symmetric, Rows: n, Cols: n}
	p := &conic.Problem{C: make([]float64, v.Size()), Vars: []conic.Variable{v}}
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			a[i*n+j] = r.NormFloat64() / math.Sqrt(float64(n))
		}
		a[i*n+i] -= 2.5
	}
	b := conic.Block{N: n, Dict: append(identity(n), a...), Terms: []conic.Term{{Right: n, Scale: -1}}}
	q := conic.Block{N: n, Dict: identity(n), Terms: []conic.Term{{Scale: 0.5}}}
	for i := range n {
		b.Constant = append(b.Constant, conic.Elem{Row: i, Col: i, Val: -0.1})
		q.Constant = append(q.Constant, conic.Elem{Row: i, Col: i, Val: -0.1})
		for j := i; j < n; j++ {
			w := 2.0
			if i == j {
				w = 1
			}
			k := v.Index(i, j)
			p.Quad = append(p.Quad, conic.Quad{Row: k, Col: k, Val: w})
		}
	}
	p.Blocks = []conic.Block{b, q}
	setCentre(p, r, 1)
	return p
}

// setCentre moves the centre by size per entry.
func setCentre(p *conic.Problem, r *rand.Rand, size float64) {
	for i, q := range p.Quad {
		p.C[i] -= q.Val * size * r.NormFloat64()
	}
}

// warmTol: two solves to a relative gap of 1e-8.
const warmTol = 1e-7

func TestWarmStart(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	p := projection(r, 10)
	c, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	var cold, warm conic.Solution
	if err := c.Solve(t.Context(), &warm, conic.Options{}); err != nil {
		t.Fatal(err)
	}
	var colds, warms int
	for range 6 {
		setCentre(p, r, 1e-3)
		if err := c.Solve(t.Context(), &cold, conic.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := c.Solve(t.Context(), &warm, conic.Options{Warm: &warm}); err != nil {
			t.Fatal(err)
		}
		if cold.Status != conic.Optimal || warm.Status != conic.Optimal || !warm.Warm || cold.Warm {
			t.Errorf("statuses %v, %v, warm %v", cold.Status, warm.Status, warm.Warm)
		}
		if math.Abs(cold.Primal-warm.Primal) > warmTol*(1+math.Abs(cold.Primal)) {
			t.Errorf("objective %.10g warm, %.10g cold", warm.Primal, cold.Primal)
		}
		colds, warms = colds+cold.Iterations, warms+warm.Iterations
	}
	t.Logf("%d iterations cold, %d warm", colds, warms)
	if 3*warms > colds+6 {
		t.Errorf("%d iterations warm, %d cold: expected about a third", warms, colds)
	}
}

func TestRepeatedSolveAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := rand.New(rand.NewPCG(5, 7))
	p := projection(r, 8)
	quadratic, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	linear := *p
	linear.Quad = nil
	for i := range linear.C { // min tr X
		linear.C = append([]float64(nil), linear.C...)
		linear.C[i] = 0
	}
	for i := range 8 {
		linear.C[p.Vars[0].Index(i, i)] = 1
	}
	plain, err := Compile(&linear)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Compiled{"quadratic": quadratic, "linear": plain} {
		var s conic.Solution
		solve := func() {
			if err := c.Solve(t.Context(), &s, conic.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := c.Solve(t.Context(), &s, conic.Options{Warm: &s}); err != nil {
				t.Fatal(err)
			}
		}
		solve()
		if n := testing.AllocsPerRun(5, solve); n > 0 {
			t.Errorf("%s: %g allocations per solve", name, n)
		}
		if s.Status != conic.Optimal {
			t.Errorf("%s: %v", name, s.Status)
		}
	}
}

// TestNumbersMayChange solves, changes numbers in place and compares with a fresh solve, for the constant, the
// coefficients, a row that was empty, and the dictionary.
func TestNumbersMayChange(t *testing.T) {
	build := func() *conic.Problem {
		return &conic.Problem{C: []float64{1, 1}, Blocks: []conic.Block{{N: 3,
			Constant: []conic.Elem{{Row: 0, Col: 1, Val: 1}, {Row: 2, Col: 2}},
			Coefs:    []conic.Coef{{Var: 0, Row: 0, Col: 0, Val: 1}, {Var: 1, Row: 1, Col: 1, Val: 1}}}}}
	}
	p := build()
	c, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	var s conic.Solution
	// min x + y with x y >= k^2: 2 |k|
	check := func(want float64) {
		t.Helper()
		if err := c.Solve(t.Context(), &s, conic.Options{}); err != nil {
			t.Fatal(err)
		}
		if s.Status.Err() != nil || math.Abs(s.Primal-want) > warmTol*(1+want) {
			t.Errorf("%v, objective %.10g, expected %.10g", s.Status, s.Primal, want)
		}
	}
	check(2)
	p.Blocks[0].Constant[0].Val = 3
	check(6)
	p.Blocks[0].Coefs[0].Val = 4 // 4 x y >= 9: x + y >= 2 sqrt(9/4)
	check(3)
	p.Blocks[0].Constant[1].Val = 1 // the empty row comes to life, and is satisfied
	check(3)
	p.Blocks[0].Constant[1].Val = -1
	if err := c.Solve(t.Context(), &s, conic.Options{}); err != nil || s.Status != conic.Infeasible {
		t.Errorf("%v, %v, expected infeasible", err, s.Status)
	}
	p.Blocks[0].Constant[1].Val = 0
	check(3)
	q := projection(rand.New(rand.NewPCG(1, 9)), 5)
	d, err := Compile(q)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Solve(t.Context(), &s, conic.Options{}); err != nil {
		t.Fatal(err)
	}
	q.Blocks[0].Dict[5*5+3] += 0.5
	if err := d.Solve(t.Context(), &s, conic.Options{}); err != nil {
		t.Fatal(err)
	}
	// Equal factors that differ later: A' = I at first.
	g := projection(rand.New(rand.NewPCG(1, 9)), 5)
	same := append([]float64(nil), g.Blocks[0].Dict...)
	copy(g.Blocks[0].Dict[25:], identity(5))
	h, err := Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	var again conic.Solution
	if err := h.Solve(t.Context(), &again, conic.Options{}); err != nil || again.Status != conic.Infeasible {
		t.Errorf("%v, %v, expected infeasible for an unstable matrix", err, again.Status)
	}
	copy(g.Blocks[0].Dict, same)
	g.Blocks[0].Dict[5*5+3] += 0.5
	if err := h.Solve(t.Context(), &again, conic.Options{}); err != nil || math.Abs(again.Primal-s.Primal) > warmTol*(1+math.Abs(s.Primal)) {
		t.Errorf("%v, objective %.10g after equal factors became different, expected %.10g", err, again.Primal, s.Primal)
	}
	fresh, err := Solver{}.Solve(t.Context(), q, conic.Options{})
	if err != nil || math.Abs(fresh.Primal-s.Primal) > warmTol*(1+math.Abs(fresh.Primal)) {
		t.Errorf("after a change of the dictionary %.10g, fresh %.10g", s.Primal, fresh.Primal)
	}
}
