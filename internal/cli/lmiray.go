package cli

import (
	"fmt"
	"io"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/ident"
)

// ray is why a problem has no solution, with how good a reason it is in floating point.
type ray struct {
	// Kind is "multipliers" (infeasible: Y >= 0 with tr(F_i Y) = 0 for i = 1..m and tr(F_0 Y) = 1) or "direction"
	// (unbounded: c'd = -1 and F_1 d_1 + ... + F_m d_m >= 0).
	Kind string `json:"kind"`
	// Smallest is the smallest eigenvalue of Y or of F(d).
	Smallest ident.Figure `json:"smallest_eigenvalue"`
	// Residual is the norm of the vector of tr(F_i Y), and Below its inverse: no x of smaller norm satisfies the constraints.
	Residual ident.Figure `json:"residual"`
	Below    ident.Figure `json:"no_solution_below"`

	Multipliers [][]float64 `json:"multipliers,omitempty"` // block by block, matrices row by row
	Direction   []float64   `json:"direction,omitempty"`
}

// rayOf measures the certificate of an infeasible or unbounded problem; nil for every other end.
func rayOf(p *conic.Problem, s *conic.Solution) *ray {
	r := &ray{Residual: unknown, Below: unknown, Smallest: ident.Figure(math.Inf(1))}
	blocks := s.Dual
	switch s.Status {
	case conic.Infeasible:
		r.Kind, r.Multipliers = "multipliers", s.Dual
		e := make([]float64, len(p.C))
		for k := range p.Blocks {
			for _, c := range conic.Expand(p, k) {
				e[c.Var] += c.Val * entry(&p.Blocks[k], s.Dual[k], c.Row, c.Col)
			}
		}
		var sum float64
		for _, v := range e {
			sum += v * v
		}
		r.Residual, r.Below = ident.Figure(math.Sqrt(sum)), ident.Figure(1/math.Sqrt(sum))
	case conic.Unbounded:
		r.Kind, r.Direction = "direction", s.X
		blocks = nil
		for k := range p.Blocks {
			f := make([]float64, p.Blocks[k].Len())
			p.Eval(f, k, s.X, false)
			blocks = append(blocks, f)
		}
	default:
		return nil
	}
	for k := range p.Blocks {
		r.Smallest = ident.Figure(min(float64(r.Smallest), smallest(&p.Blocks[k], blocks[k])))
	}
	return r
}

// entry is what the coefficient at (i, j) of a block is multiplied with: an element off the diagonal counts twice.
func entry(b *conic.Block, y []float64, i, j int) float64 {
	switch {
	case b.Cone != conic.PSD:
		return y[i]
	case i == j:
		return y[i*b.N+i]
	}
	return 2 * y[i*b.N+j]
}

// smallest is the smallest eigenvalue of a block, or entry of a diagonal one.
func smallest(b *conic.Block, f []float64) float64 {
	low := math.Inf(1)
	if b.Cone != conic.PSD {
		for _, v := range f {
			low = min(low, v)
		}
		return low
	}
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(b.N, append([]float64(nil), f...)), false) {
		return math.NaN()
	}
	return e.Values(nil)[0]
}

func (r *ray) print(w io.Writer) {
	const few = 12 // numbers that are printed
	if r.Kind == "multipliers" {
		who := "no x"
		if !math.IsInf(float64(r.Below), 1) {
			who = fmt.Sprintf("no x of norm below %.1e", float64(r.Below))
		}
		fmt.Fprintf(w, "  certificate     Y with smallest eigenvalue %.1e, tr(F_0 Y) = 1 and |tr(F_i Y)| together %.1e:\n"+
			"                  %s satisfies the constraints (bounded numerically)\n", float64(r.Smallest), float64(r.Residual), who)
		for k, y := range r.Multipliers {
			if len(y) <= few {
				fmt.Fprintf(w, "                  Y%d = %s\n", k+1, list(y))
			}
		}
		return
	}
	fmt.Fprintf(w, "  direction       c'd = -1 and F(d) with smallest eigenvalue %.1e: the objective falls along d for ever,\n"+
		"                  from every point that satisfies the constraints (bounded numerically)\n", float64(r.Smallest))
	if len(r.Direction) <= few {
		fmt.Fprintf(w, "                  d = %s\n", list(r.Direction))
	}
}

func list(v []float64) string {
	var out []string
	for _, x := range v {
		out = append(out, amount(x))
	}
	return "[" + strings.Join(out, " ") + "]"
}
