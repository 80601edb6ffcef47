package lmi

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/plumb-go/plumb/conic"
)

// Verify decides, like Compiled.Certify and in floating point with error bounds, whether x satisfies the constraints of a problem in the solver's
// form: PSD blocks strictly, orthants and second-order cones as stated, equalities exactly. Constraint k of the proof is block k.
func Verify(p *conic.Problem, x []float64) *Proof {
	proof := &Proof{Verified: true}
	if err := p.Validate(); err != nil {
		return proof.refuse("%v", err)
	}
	if len(x) != len(p.C) {
		return proof.refuse("%d numbers, expected %d", len(x), len(p.C))
	}
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return proof.refuse("a variable is %g", v)
		}
		proof.X = append(proof.X, new(big.Rat).SetFloat64(v))
	}
	for k := range p.Blocks {
		b := &p.Blocks[k]
		c := Checked{Name: fmt.Sprintf("block %d", k)}
		what := verifyBlock(p, b, x, &c)
		proof.Constraints = append(proof.Constraints, c)
		if !c.Proved && proof.Verified {
			proof.refuse("block %d of %d is not proved: %s %.3g", k+1, len(p.Blocks), what, c.Estimate)
		}
	}
	for j := range p.Eqs {
		if !satisfied(&p.Eqs[j], x) && proof.Verified {
			proof.refuse("equality %d does not hold exactly", j)
		}
	}
	return proof
}

func satisfied(e *conic.Equality, x []float64) bool {
	sum := new(big.Rat).SetFloat64(-e.RHS)
	for i, u := range e.Vars {
		t := new(big.Rat).SetFloat64(e.Vals[i])
		sum.Add(sum, t.Mul(t, new(big.Rat).SetFloat64(x[u])))
	}
	return sum.Sign() == 0
}

// accumulator sums products entry by entry with what the error bound needs.
type accumulator struct {
	n        int
	mid, abs []float64
	count    []int
	largest  float64
}

// add adds the product of the factors to entry (r, c).
func (a *accumulator) add(r, c int, factors ...float64) {
	v := 1.0
	for _, f := range factors {
		v *= f
		a.largest = max(a.largest, math.Abs(f))
	}
	i := r*a.n + c
	a.mid[i] += v
	a.abs[i] += math.Abs(v)
	a.count[i] += 1
}

// maxFactors bounds the factors of one product in add.
const maxFactors = 5

// enclosed returns the sums with their error bounds.
func (a *accumulator) enclosed() (*enclosed, bool) {
	out := &enclosed{mid: a.mid, rad: a.abs}
	growth := math.Pow(max(a.largest, 1), maxFactors) * 2
	for i, k := range a.count {
		g := gamma(k+maxFactors) * (1 + 4*gamma(2*k+2*maxFactors))
		out.rad[i] = (g*a.abs[i] + tiny*growth*float64(k+1)) * (1 + 8*unit)
		if math.IsNaN(out.mid[i]+out.rad[i]) || math.IsInf(out.mid[i]+out.rad[i], 0) {
			return out, false
		}
	}
	return out, true
}

// verifyBlock fills c and says what its estimate is.
func verifyBlock(p *conic.Problem, b *conic.Block, x []float64, c *Checked) string {
	if b.Cone != conic.PSD {
		return verifyVector(b, x, c)
	}
	n := b.N
	a := &accumulator{n: n, mid: make([]float64, n*n), abs: make([]float64, n*n), count: make([]int, n*n)}
	both := func(r, s int, f ...float64) {
		a.add(r, s, f...)
		if r != s {
			a.add(s, r, f...)
		}
	}
	for _, e := range b.Constant {
		both(e.Row, e.Col, e.Val)
	}
	for _, e := range b.Coefs {
		both(e.Row, e.Col, e.Val, x[e.Var])
	}
	for _, t := range b.Terms {
		v := p.Vars[t.Var]
		for i := range v.Rows {
			for j := range v.Cols {
				u := v.Index(i, j)
				if u < 0 || x[u] == 0 {
					continue
				}
				left, right := b.Dict[(t.Left+i)*n:(t.Left+i+1)*n], b.Dict[(t.Right+j)*n:(t.Right+j+1)*n]
				for r, l := range left {
					if l == 0 {
						continue
					}
					for s, q := range right {
						if q != 0 {
							a.add(r, s, t.Scale, x[u], l, q)
							a.add(s, r, t.Scale, x[u], l, q)
						}
					}
				}
			}
		}
	}
	f, ok := a.enclosed()
	c.Estimate = smallest(n, f.mid)
	if ok {
		s, radius := symmetricPart(n, f)
		w := make([]float64, 2*n*n)
		if half := c.Estimate / 2; half > 0 && definite(n, s, radius, half, w) {
			c.Proved, c.Above = true, half
		} else {
			c.Proved = c.Estimate > 0 && definite(n, s, radius, 0, w)
		}
	}
	return estimates[psd]
}

func verifyVector(b *conic.Block, x []float64, c *Checked) string {
	n := b.N
	a := &accumulator{n: 1, mid: make([]float64, n), abs: make([]float64, n), count: make([]int, n)}
	for _, e := range b.Constant {
		a.add(e.Row, 0, e.Val)
	}
	for _, e := range b.Coefs {
		a.add(e.Row, 0, e.Val, x[e.Var])
	}
	f, ok := a.enclosed()
	if b.Cone == conic.Nonneg {
		c.Estimate, c.Proved = slices.Min(f.mid), ok
		for i, v := range f.mid {
			c.Proved = c.Proved && v-f.rad[i] >= 0
		}
		return estimates[ge]
	}
	norm := upperNorm(f.mid[1:], f.rad[1:])
	c.Estimate = f.mid[0] - norm
	c.Proved = ok && (f.mid[0]-f.rad[0])*(1-4*unit) >= norm
	return estimates[soc]
}

// upperNorm is at least the 2-norm of every vector within rad of mid.
func upperNorm(mid, rad []float64) float64 {
	var sum float64
	for i, v := range mid {
		y := (math.Abs(v) + rad[i]) * (1 + 4*unit)
		sum += y*y*(1+4*unit) + tiny
	}
	return math.Sqrt(sum*(1+2*gamma(len(mid)+4))) * (1 + 4*unit)
}

// Interior solves a problem in the solver's form and verifies the answer; where it is on the wrong side of a constraint by
// rounding, it solves again with a margin in every block, as SolveVerified does. sol is the answer to the problem as stated, x the
// point that was verified (nil where none was) and value its objective, above the optimum by about the margin.
func Interior(ctx context.Context, solver conic.Solver, p *conic.Problem, o conic.Options) (sol *conic.Solution, proof *Proof, x []float64, value float64, err error) {
	sol, err = solver.Solve(ctx, p, o)
	if err != nil {
		return sol, nil, nil, 0, fmt.Errorf("lmi: %w", err)
	}
	if sol.Status == conic.Infeasible || sol.Status == conic.Unbounded || len(sol.X) != len(p.C) {
		proof = &Proof{}
		return sol, proof.refuse("the problem is %v", sol.Status), nil, 0, nil
	}
	sol = clone(sol)
	proof = Verify(p, sol.X)
	x = sol.X
	size := 1.0
	for k := range p.Blocks {
		for _, e := range p.Blocks[k].Constant {
			size = max(size, math.Abs(e.Val))
		}
	}
	for _, m := range repairs {
		if proof.Verified {
			break
		}
		next, err := solver.Solve(ctx, withMargin(p, m*size), o)
		if err != nil {
			return sol, proof, nil, 0, fmt.Errorf("lmi: %w", err)
		}
		if next.Status == conic.Infeasible {
			proof.Reason += fmt.Sprintf("; no point keeps a margin of %.3g", m*size)
			break
		}
		if q := Verify(p, next.X); q.Verified {
			proof, x = q, append([]float64(nil), next.X...)
		}
	}
	if !proof.Verified {
		return sol, proof, nil, 0, nil
	}
	return sol, proof, x, objectiveAt(p, x), nil
}

// clone copies what a later solve may overwrite.
func clone(s *conic.Solution) *conic.Solution {
	c := *s
	c.X = append([]float64(nil), s.X...)
	c.Slack, c.Dual, c.EqDual = nil, nil, nil
	return &c
}

// withMargin is p with the constants of its blocks lowered by margin times the unit of the cone.
func withMargin(p *conic.Problem, margin float64) *conic.Problem {
	q := *p
	q.Blocks = slices.Clone(p.Blocks)
	for k := range q.Blocks {
		b := &q.Blocks[k]
		b.Constant = slices.Clone(b.Constant)
		rows := b.N
		if b.Cone == conic.SecondOrder {
			rows = 1
		}
		for i := range rows {
			b.Constant = append(b.Constant, conic.Elem{Row: i, Col: i, Val: -margin})
		}
	}
	return &q
}

func objectiveAt(p *conic.Problem, x []float64) float64 {
	f := p.Offset
	for i, v := range p.C {
		f += v * x[i]
	}
	for _, q := range p.Quad {
		w := q.Val * x[q.Row] * x[q.Col]
		if q.Row == q.Col {
			w /= 2
		}
		f += w
	}
	return f
}
