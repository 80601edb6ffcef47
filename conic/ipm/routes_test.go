package ipm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/plumb-go/plumb/conic"
)

// mixedBlock returns a PSD block with terms of every kind of variable, overlapping variables and elements, and its
// problem.
func mixedBlock(r *rand.Rand, n int) *conic.Problem {
	p := &conic.Problem{}
	first := 0
	add := func(k conic.Kind, rows, cols int) {
		v := conic.Variable{Kind: k, Rows: rows, Cols: cols, First: first}
		first += v.Size()
		p.Vars = append(p.Vars, v)
	}
	add(conic.Symmetric, 4, 4)
	add(conic.Full, 2, 3)
	add(conic.Diagonal, 5, 5)
	add(conic.Scalar, 3, 3)
	add(conic.Full, 3, 1)
	p.Vars = append(p.Vars, conic.Variable{Kind: conic.Full, Rows: 2, Cols: 2, First: 1})
	p.C = make([]float64, first+3)
	b := conic.Block{Cone: conic.PSD, N: n}
	const vectors = 12
	for range vectors * n {
		b.Dict = append(b.Dict, float64(r.IntN(3)-1)*r.Float64())
	}
	for i, v := range p.Vars {
		for range 1 + r.IntN(2) {
			t := conic.Term{Var: i, Left: r.IntN(vectors - v.Rows + 1), Right: r.IntN(vectors - v.Cols + 1), Scale: r.NormFloat64()}
			b.Terms = append(b.Terms, t)
		}
	}
	b.Terms = append(b.Terms, conic.Term{Var: 0, Left: 3, Right: 3, Scale: 0.5})
	for range 14 {
		i, j := r.IntN(n), r.IntN(n)
		b.Coefs = append(b.Coefs, conic.Coef{Var: r.IntN(len(p.C)), Row: min(i, j), Col: max(i, j), Val: r.NormFloat64()})
	}
	p.Blocks = []conic.Block{b}
	return p
}

// bruteSchur is F* H F from full matrices, by definition, summed in the obvious order.
func bruteSchur(p *conic.Problem, x, y []float64) []float64 {
	n, m := p.Blocks[0].N, len(p.C)
	f := make([][]float64, m)
	unit := make([]float64, m)
	for i := range f {
		f[i] = make([]float64, n*n)
		unit[i] = 1
		p.Eval(f[i], 0, unit, false)
		unit[i] = 0
	}
	out := make([]float64, m*m)
	t1, t2 := make([]float64, n*n), make([]float64, n*n)
	for j := range m {
		for a := range n {
			for b := range n {
				t1[a*n+b] = 0
				for l := range n {
					t1[a*n+b] += f[j][a*n+l] * y[l*n+b]
				}
			}
		}
		for a := range n {
			for b := range n {
				t2[a*n+b] = 0
				for l := range n {
					t2[a*n+b] += x[a*n+l] * t1[l*n+b]
				}
			}
		}
		for i := range m {
			for a := range n {
				for b := range n {
					out[i*m+j] += f[i][a*n+b] * t2[b*n+a]
				}
			}
		}
	}
	return out
}

// routeTol bounds the difference of two ways to sum some hundred products of size one.
const routeTol = 1e-10

// checkRoutes compares a route with the definition: F(x), its adjoint, the norms and the Schur complement.
func checkRoutes(t *testing.T, r *rand.Rand, p *conic.Problem, f coefficients, name string) {
	t.Helper()
	n, m := p.Blocks[0].N, len(p.C)
	f.load(numbers{&p.Blocks[0], p.Vars})
	px, py := randomSPD(r, n), randomSPD(r, n)
	want := bruteSchur(p, px, py)
	ld := stride(m)
	got := make([]float64, m*ld)
	f.schur(px, py, got, ld)
	var size, worst float64
	for i := range m {
		for j := i; j < m; j++ {
			size = max(size, math.Abs(want[i*m+j]))
			worst = max(worst, math.Abs(want[i*m+j]-got[i*ld+j]))
		}
	}
	if !(worst <= routeTol*size) {
		t.Errorf("%s: Schur complement differs by %g of %g", name, worst, size)
	}
	x := make([]float64, m)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	a, b := make([]float64, n*n), make([]float64, n*n)
	p.Eval(a, 0, x, false)
	f.apply(x, b)
	g := make([]float64, m)
	f.adjoint(py, g)
	var lhs, rhs float64
	for i := range a {
		if d := math.Abs(a[i] - b[i]); d > routeTol*(1+math.Abs(a[i])) {
			t.Fatalf("%s: F(x) differs by %g at %d", name, d, i)
		}
		lhs += a[i] * py[i]
	}
	for i, v := range g {
		rhs += v * x[i]
	}
	if math.Abs(lhs-rhs) > routeTol*(1+math.Abs(lhs)) {
		t.Errorf("%s: <F(x), Y> = %g, <x, F*(Y)> = %g", name, lhs, rhs)
	}
}

func TestRoutesAgainstDefinition(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 6 + int(seed)
		p := mixedBlock(r, n)
		place := make([]int, n)
		for i := range place {
			place[i] = i
		}
		checkRoutes(t, r, p, newTerms(n, numbers{&p.Blocks[0], p.Vars}, place, len(p.C)), "terms")
		repeated := mixedBlock(r, n) // few different vectors, so that factors are parts of others
		d := repeated.Blocks[0].Dict
		clear(d)
		for i := 0; i < len(d); i += n {
			d[i+r.IntN(2)] = 1
		}
		checkRoutes(t, r, repeated, newTerms(n, numbers{&repeated.Blocks[0], repeated.Vars}, place, len(p.C)), "shared vectors")
		flat := &conic.Problem{C: p.C, Blocks: []conic.Block{{Cone: conic.PSD, N: n, Coefs: conic.Expand(p, 0)}}}
		s := newSparse(n, flat.Blocks[0].Coefs, place)
		checkRoutes(t, r, flat, s, "planned")
		for route := range 3 {
			s := newSparse(n, flat.Blocks[0].Coefs, place)
			forceRoute(s, route)
			checkRoutes(t, r, flat, s, []string{"pairs", "cover", "whole"}[route])
		}
		half := newSparse(n, flat.Blocks[0].Coefs, place)
		forceRoute(half, 1)
		for a := range half.vars {
			if a%3 == 0 {
				half.small = append(half.small, a)
			}
		}
		half.big = nil
		for a := range half.vars {
			if a%3 != 0 {
				half.big = append(half.big, a)
			}
		}
		checkRoutes(t, r, flat, half, "mixed")
	}
}

// forceRoute makes every variable take one route.
func forceRoute(s *sparse, route int) {
	all := make([]int, len(s.vars))
	rows := 0
	for a := range all {
		all[a] = a
		if route == 2 {
			s.cover[a] = cover{dense: true}
		} else {
			s.cover[a] = s.coverOf(a)
			rows = max(rows, 6*len(s.cover[a].vert))
		}
	}
	s.big, s.small = all, nil
	if route == 0 {
		s.big, s.small = nil, all
	}
	n := s.n
	s.batch = 8
	s.work.rows = make([]float64, max(rows*n, n*n))
	s.work.many, s.work.turned = make([]float64, s.batch*n*n), make([]float64, s.batch*n*n)
	s.work.sums = make([]float64, s.batch)
}
