package conictest

import (
	"math"

	"github.com/plumb-go/plumb/conic"
)

// Cases returns the problems with known optima.
func Cases() []Case {
	return []Case{
		theta5(), lowestEigenvalue(), lyapunov(), lyapunovTerms(), maxCut5(), ballProjection(), norm2(), linear(), quadratic(),
		conePoint(), trace(), equalitiesOnly(), truss(), emptyRow(), twins(), fixedByEquality(), dependentEqualities(),
		offDiagonalQuad(), dualSize(), dualSizeTerms(), completion(), scalarTerms(),
	}
}

type block struct{ conic.Block }

func psd(n int) *block { return &block{conic.Block{Cone: conic.PSD, N: n}} }
func nonneg(n int) *block {
	return &block{conic.Block{Cone: conic.Nonneg, N: n}}
}
func soc(n int) *block { return &block{conic.Block{Cone: conic.SecondOrder, N: n}} }

func (b *block) c(r, c int, v float64) *block {
	b.Constant = append(b.Constant, conic.Elem{Row: min(r, c), Col: max(r, c), Val: v})
	return b
}

func (b *block) x(i, r, c int, v float64) *block {
	b.Coefs = append(b.Coefs, conic.Coef{Var: i, Row: min(r, c), Col: max(r, c), Val: v})
	return b
}

func problem(c []float64, blocks ...*block) *conic.Problem {
	p := &conic.Problem{C: c}
	for _, b := range blocks {
		p.Blocks = append(p.Blocks, b.Block)
	}
	return p
}

// theta5 is the Lovasz number of the pentagon, sqrt 5 (Lovasz 1979), as min t with t I - J + sum of x_ij E_ij over the
// edges positive semidefinite.
func theta5() Case {
	b := psd(5)
	for i := range 5 {
		b.x(0, i, i, 1)
		for j := i; j < 5; j++ {
			b.c(i, j, -1)
		}
	}
	for i := range 5 {
		b.x(1+i, i, (i+1)%5, 1)
	}
	return Case{"theta of C5", problem([]float64{1, 0, 0, 0, 0, 0}, b), math.Sqrt(5)}
}

// lowestEigenvalue: max t with T - t I >= 0 for the second difference matrix of order 6, 2 - 2 cos(pi/7).
func lowestEigenvalue() Case {
	const n = 6
	b := psd(n)
	for i := range n {
		b.c(i, i, 2).x(0, i, i, -1)
		if i > 0 {
			b.c(i-1, i, -1)
		}
	}
	return Case{"lowest eigenvalue", problem([]float64{-1}, b), -(2 - 2*math.Cos(math.Pi/(n+1)))}
}

// lyapunov: min tr P with A'P + P A + I <= 0 for A = [-1 1; 0 -2]; P solves the Lyapunov equation, tr P = 5/6:
// -2 p11 + 1 = 0, p11 - 3 p12 = 0, 2 p12 - 4 p22 + 1 = 0.
func lyapunov() Case {
	b := psd(2).c(0, 0, -1).c(1, 1, -1)
	// -(A'P + PA) for P = [p q; q r]: [2p, 3q-p; 3q-p, 4r-2q]
	b.x(0, 0, 0, 2).x(0, 0, 1, -1).x(1, 0, 1, 3).x(1, 1, 1, -2).x(2, 1, 1, 4)
	return Case{"Lyapunov equation", problem([]float64{1, 0, 1}, b), 0.5 + (1.0/3+1)/4}
}

// lyapunovTerms is lyapunov with the inequality stated by a term and P >= 0 beside it.
func lyapunovTerms() Case {
	p := &conic.Problem{C: []float64{1, 0, 1}, Vars: []conic.Variable{{Kind: conic.Symmetric, Rows: 2, Cols: 2}}}
	// -(I P A + A'P I)
	b := psd(2).c(0, 0, -1).c(1, 1, -1)
	b.Dict = []float64{1, 0, 0, 1, -1, 1, 0, -2}
	b.Terms = []conic.Term{{Left: 0, Right: 2, Scale: -1}}
	q := psd(2)
	q.Dict = []float64{1, 0, 0, 1}
	q.Terms = []conic.Term{{Left: 0, Right: 0, Scale: 0.5}}
	p.Blocks = []conic.Block{b.Block, q.Block}
	return Case{"Lyapunov equation by terms", p, 0.5 + (1.0/3+1)/4}
}

// maxCut5 is the relaxation of Goemans and Williamson (1995) on the pentagon, dual form: min sum y with diag(y) - L/4 >= 0,
// L the Laplacian, whose optimum is 5/4 lambda_max(L) = (25 + 5 sqrt 5)/8.
func maxCut5() Case {
	b := psd(5)
	c := make([]float64, 5)
	for i := range 5 {
		c[i] = 1
		b.x(i, i, i, 1).c(i, i, -0.5).c(i, (i+1)%5, 0.25)
	}
	return Case{"maximum cut of C5", problem(c, b), (25 + 5*math.Sqrt(5)) / 8}
}

// ballProjection: min 1/2 |x - z|^2 with |x| <= 1 for z = (3, 4): 1/2 (5 - 1)^2.
func ballProjection() Case {
	b := soc(3).c(0, 0, 1).x(0, 1, 1, 1).x(1, 2, 2, 1)
	p := problem([]float64{-3, -4}, b)
	p.Quad = []conic.Quad{{Row: 0, Col: 0, Val: 1}, {Row: 1, Col: 1, Val: 1}}
	p.Offset = 12.5
	return Case{"projection onto a ball", p, 8}
}

// norm2: min t with |(1, 2, 2) + s (1, 0, 0)| <= t: s = -1, t = sqrt 8.
func norm2() Case {
	b := soc(4).x(0, 0, 0, 1).c(1, 1, 1).c(2, 2, 2).c(3, 3, 2).x(1, 1, 1, 1)
	return Case{"smallest norm", problem([]float64{1, 0}, b), math.Sqrt(8)}
}

// linear: max 3x + 5y, x <= 4, 2y <= 12, 3x + 2y <= 18: 36 at (2, 6).
func linear() Case {
	b := nonneg(5).x(0, 0, 0, 1).x(1, 1, 1, 1).c(2, 2, 4).x(0, 2, 2, -1).c(3, 3, 12).x(1, 3, 3, -2).
		c(4, 4, 18).x(0, 4, 4, -3).x(1, 4, 4, -2)
	return Case{"linear program", problem([]float64{-3, -5}, b), -36}
}

// quadratic: min 1/2 (x^2 + y^2) with x + y >= 2: 1.
func quadratic() Case {
	p := problem([]float64{0, 0}, nonneg(1).c(0, 0, -2).x(0, 0, 0, 1).x(1, 0, 0, 1))
	p.Quad = []conic.Quad{{Row: 0, Col: 0, Val: 1}, {Row: 1, Col: 1, Val: 1}}
	return Case{"quadratic program", p, 1}
}

// conePoint: min x - y with |(y, 1)| <= x, whose infimum 0 is not attained, so bounded by y <= 3: sqrt 10 - 3.
func conePoint() Case {
	return Case{"second-order cone with bound", problem([]float64{1, -1},
		soc(3).x(0, 0, 0, 1).x(1, 1, 1, 1).c(2, 2, 1), nonneg(1).c(0, 0, 3).x(1, 0, 0, -1)), math.Sqrt(10) - 3}
}

// trace: nuclear norm of [1 2; 3 4] = sqrt(30 + 4) by min 1/2 (tr U + tr V) with [U M; M' V] >= 0: the sum s1 + s2 has
// (s1 + s2)^2 = |M|^2 + 2 |det M| = 30 + 4.
func trace() Case {
	b := psd(4).c(0, 2, 1).c(0, 3, 2).c(1, 2, 3).c(1, 3, 4)
	b.x(0, 0, 0, 1).x(1, 0, 1, 1).x(2, 1, 1, 1).x(3, 2, 2, 1).x(4, 2, 3, 1).x(5, 3, 3, 1)
	return Case{"nuclear norm", problem([]float64{.5, 0, .5, .5, 0, .5}, b), math.Sqrt(34)}
}

// equalitiesOnly: min 1/2 |x|^2 with x1 + x2 + x3 = 3, no cone: 3/2.
func equalitiesOnly() Case {
	p := problem([]float64{0, 0, 0})
	for i := range 3 {
		p.Quad = append(p.Quad, conic.Quad{Row: i, Col: i, Val: 1})
	}
	p.Eqs = []conic.Equality{{Vars: []int{0, 1, 2}, Vals: []float64{1, 1, 1}, RHS: 3}}
	return Case{"equalities without cones", p, 1.5}
}

// truss: least weight t1 + t2 of two bars with stiffness t1 e1 e1' + t2 e2 e2' under a unit load along (1, 1) with
// compliance at most 1: [1 f'; f K] >= 0, 1/t1 + 1/t2 <= 1, so t1 = t2 = 2.
func truss() Case {
	b := psd(3).c(0, 0, 1).c(0, 1, 1).c(0, 2, 1).x(0, 1, 1, 1).x(1, 2, 2, 1)
	return Case{"truss of two bars", problem([]float64{1, 1}, b, nonneg(2).x(0, 0, 0, 1).x(1, 1, 1, 1)), 4}
}

// emptyRow is [x 1; 1 x] >= 0 with a third row that is empty, so that no point is strictly feasible: 1.
func emptyRow() Case {
	b := psd(3).c(0, 2, 1).x(0, 0, 0, 1).x(0, 2, 2, 1)
	n := nonneg(2).x(0, 0, 0, 1)
	return Case{"empty rows", problem([]float64{1}, b, n), 1}
}

// twins has two variables with the same coefficients and one that appears nowhere: x + y >= 1 in a matrix: 1.
func twins() Case {
	b := psd(2).c(0, 1, 1).x(0, 0, 0, 1).x(0, 1, 1, 1).x(1, 0, 0, 1).x(1, 1, 1, 1)
	return Case{"twin and unused variables", problem([]float64{1, 1, 0}, b), 1}
}

// fixedByEquality: min y with [y x; x 1] >= 0 and x = 3: 9.
func fixedByEquality() Case {
	p := problem([]float64{1, 0}, psd(2).x(0, 0, 0, 1).x(1, 0, 1, 1).c(1, 1, 1))
	p.Eqs = []conic.Equality{{Vars: []int{1}, Vals: []float64{1}, RHS: 3}}
	return Case{"variable fixed by an equality", p, 9}
}

// dependentEqualities states x + y = 2 twice, once doubled: min x^2/2 + y^2/2 with x, y >= 0: 1.
func dependentEqualities() Case {
	p := problem([]float64{0, 0}, nonneg(2).x(0, 0, 0, 1).x(1, 1, 1, 1))
	p.Quad = []conic.Quad{{Row: 0, Col: 0, Val: 1}, {Row: 1, Col: 1, Val: 1}}
	p.Eqs = []conic.Equality{{Vars: []int{0, 1}, Vals: []float64{1, 1}, RHS: 2}, {Vars: []int{0, 1}, Vals: []float64{2, 2}, RHS: 4}}
	return Case{"dependent equalities", p, 1}
}

// offDiagonalQuad: min 1/2 x'[2 1; 1 2]x - (1, 1)x with x1 <= 1/6: at x1 = 1/6 the gradient of x2 vanishes for
// x2 = (1 - 1/6)/2 = 5/12; value 1/2 (2/36 + 2*5/72 + 2*25/144) - 7/12.
func offDiagonalQuad() Case {
	p := problem([]float64{-1, -1}, nonneg(1).c(0, 0, 1.0/6).x(0, 0, 0, -1))
	p.Quad = []conic.Quad{{Row: 0, Col: 0, Val: 2}, {Row: 0, Col: 1, Val: 1}, {Row: 1, Col: 1, Val: 2}}
	return Case{"coupled quadratic objective", p, 0.5*(2.0/36+10.0/72+50.0/144) - 7.0/12}
}

// dualSize has more variables than multipliers: min 1/2 |x - 1|^2 over 12 variables with [2 s; s 2] >= 0, s = sum x: the
// projection of s = 12 to 2 costs 10^2/(2*12).
func dualSize() Case {
	const n = 12
	p := problem(make([]float64, n), psd(2).c(0, 0, 2).c(1, 1, 2))
	for i := range n {
		p.C[i] = -1
		p.Quad = append(p.Quad, conic.Quad{Row: i, Col: i, Val: 1})
		p.Blocks[0].Coefs = append(p.Blocks[0].Coefs, conic.Coef{Var: i, Row: 0, Col: 1, Val: 1})
	}
	p.Offset = n / 2.0
	return Case{"fewer multipliers than variables", p, 100.0 / 24}
}

// dualSizeTerms is dualSize with the sum stated as e1 (x' 1) e2' + its transpose.
func dualSizeTerms() Case {
	c := dualSize()
	p := c.Problem
	p.Vars = []conic.Variable{{Kind: conic.Full, Rows: 1, Cols: 12}}
	b := &p.Blocks[0]
	b.Coefs = nil
	b.Dict = []float64{1, 0}
	for range 12 {
		b.Dict = append(b.Dict, 0, 1)
	}
	b.Terms = []conic.Term{{Left: 0, Right: 1, Scale: 1}}
	return Case{"fewer multipliers than variables, by terms", p, c.Optimum}
}

// completion: projection of [1 2; 2 1] onto the semidefinite matrices in the Frobenius norm: the eigenvalue -1 goes to 0,
// half the squared distance is 1/2.
func completion() Case {
	p := problem([]float64{-1, -4, -1}, psd(2).x(0, 0, 0, 1).x(1, 0, 1, 1).x(2, 1, 1, 1))
	p.Quad = []conic.Quad{{Row: 0, Col: 0, Val: 1}, {Row: 1, Col: 1, Val: 2}, {Row: 2, Col: 2, Val: 1}}
	p.Offset = 5
	return Case{"nearest semidefinite matrix", p, 0.5}
}

// scalarTerms: min t with t I + diag(d) >= S, d_1 + d_2 + d_3 = 0, for S of ones: the optimum is 1 with d = 0, stated with a
// scalar and a diagonal variable.
func scalarTerms() Case {
	p := &conic.Problem{C: []float64{1, 0, 0, 0}, Vars: []conic.Variable{
		{Kind: conic.Scalar, Rows: 3, Cols: 3}, {Kind: conic.Diagonal, Rows: 3, Cols: 3, First: 1}}}
	b := psd(3)
	for i := range 3 {
		for j := i; j < 3; j++ {
			b.c(i, j, -1)
		}
	}
	b.Dict = []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}
	b.Terms = []conic.Term{{Var: 0, Scale: 0.5}, {Var: 1, Scale: 0.5}}
	p.Blocks = []conic.Block{b.Block}
	p.Eqs = []conic.Equality{{Vars: []int{1, 2, 3}, Vals: []float64{1, 1, 1}}}
	return Case{"scalar and diagonal variables", p, 3}
}

// Infeasible returns problems that no x satisfies, with a certificate.
func Infeasible() []Case {
	eq := problem([]float64{1, 1}, nonneg(2).x(0, 0, 0, 1).x(1, 1, 1, 1))
	eq.Eqs = []conic.Equality{{Vars: []int{0, 1}, Vals: []float64{1, 1}, RHS: -1}}
	quad := problem([]float64{0}, nonneg(2).c(0, 0, -1).x(0, 0, 0, 1).c(1, 1, -1).x(0, 1, 1, -1))
	quad.Quad = []conic.Quad{{Row: 0, Col: 0, Val: 1}}
	contra := problem([]float64{1, 1}, nonneg(2).x(0, 0, 0, 1).x(1, 1, 1, 1))
	contra.Eqs = []conic.Equality{{Vars: []int{0, 1}, Vals: []float64{1, 1}, RHS: 1}, {Vars: []int{0, 1}, Vals: []float64{3, 3}, RHS: 4}}
	return []Case{
		{Name: "contradicting equalities", Problem: contra},
		{Name: "linear", Problem: problem([]float64{1}, nonneg(2).c(0, 0, -1).x(0, 0, 0, 1).x(0, 1, 1, -1))},
		{Name: "matrix", Problem: problem([]float64{1, 0}, psd(2).x(0, 0, 0, 1).x(1, 0, 1, 1).c(1, 1, -1).x(1, 1, 1, 0))},
		{Name: "lyapunov", Problem: unstable()},
		{Name: "cone", Problem: problem([]float64{1}, soc(2).c(0, 0, 1).c(1, 1, 3).x(0, 0, 0, 0), nonneg(1).x(0, 0, 0, 1))},
		{Name: "equality", Problem: eq},
		{Name: "quadratic objective", Problem: quad},
	}
}

// unstable asks for P >= I with A'P + PA <= 0 for the unstable A = diag(1, -1).
func unstable() *conic.Problem {
	b := psd(2).c(0, 0, -1).c(1, 1, -1).x(0, 0, 0, 1).x(1, 0, 1, 1).x(2, 1, 1, 1)
	d := psd(2).x(0, 0, 0, -2).x(2, 1, 1, 2).x(1, 0, 1, 0)
	return problem([]float64{1, 0, 1}, b, d)
}

// Unbounded returns problems whose objective falls for ever along a ray.
func Unbounded() []Case {
	eq := problem([]float64{-1, 0}, nonneg(2).x(0, 0, 0, 1).x(1, 1, 1, 1))
	eq.Eqs = []conic.Equality{{Vars: []int{0, 1}, Vals: []float64{1, -1}, RHS: 1}}
	quad := problem([]float64{-1, 0}, nonneg(1).x(0, 0, 0, 1))
	quad.Quad = []conic.Quad{{Row: 1, Col: 1, Val: 1}}
	return []Case{
		{Name: "linear", Problem: problem([]float64{-1}, nonneg(1).c(0, 0, 1).x(0, 0, 0, 1))},
		{Name: "matrix", Problem: problem([]float64{-1, 0}, psd(2).c(0, 1, 1).x(0, 0, 0, 1).x(1, 1, 1, 1))},
		{Name: "cone", Problem: problem([]float64{-1, -1}, soc(2).x(0, 0, 0, 1).x(1, 1, 1, 1))},
		{Name: "equality", Problem: eq},
		{Name: "quadratic objective", Problem: quad},
	}
}

// NoInterior returns problems whose constraints or whose dual have no interior; Optimum is NaN where none is attained.
func NoInterior() []Case {
	// [x 1; 1 y] >= 0, min x: infimum 0, not attained.
	gap := problem([]float64{1, 0}, psd(2).x(0, 0, 0, 1).c(0, 1, 1).x(1, 1, 1, 1))
	// x >= 0 and -x >= 0: the only point is 0.
	point := problem([]float64{1}, nonneg(2).x(0, 0, 0, 1).x(0, 1, 1, -1))
	// [x y; y 0] >= 0 with a zero that is no empty row: y = 0.
	face := problem([]float64{1, 1}, psd(2).x(0, 0, 0, 1).x(1, 0, 1, 1), nonneg(1).c(0, 0, 1).x(1, 0, 0, 1))
	return []Case{{"infimum not attained", gap, 0}, {"single point", point, 0}, {"face", face, 0}}
}
