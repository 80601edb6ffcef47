package conictest

import (
	"math"

	"github.com/plumb-go/plumb/conic"
)

// Objective returns c'x + 1/2 x'Q x + offset.
func Objective(p *conic.Problem, x []float64) float64 {
	s := p.Offset
	for i, v := range timesQuad(p, x) {
		s += (p.C[i] + v/2) * x[i]
	}
	return s
}

func timesQuad(p *conic.Problem, x []float64) []float64 {
	out := make([]float64, len(x))
	for _, q := range p.Quad {
		out[q.Row] += q.Val * x[q.Col]
		if q.Row != q.Col {
			out[q.Col] += q.Val * x[q.Row]
		}
	}
	return out
}

// Violation returns by how much x violates the constraints, relative to 1 plus the largest constant of each.
func Violation(p *conic.Problem, x []float64) float64 {
	var worst float64
	for k := range p.Blocks {
		f := make([]float64, p.Blocks[k].Len())
		p.Eval(f, k, x, true)
		scale := 1.0
		for _, e := range p.Blocks[k].Constant {
			scale = max(scale, 1+math.Abs(e.Val))
		}
		worst = max(worst, outside(&p.Blocks[k], f)/scale)
	}
	for _, e := range p.Eqs {
		v := -e.RHS
		for l, i := range e.Vars {
			v += e.Vals[l] * x[i]
		}
		worst = max(worst, math.Abs(v)/(1+math.Abs(e.RHS)))
	}
	return worst
}

// outside returns by how much f, an element of the block's space, lies outside its cone.
func outside(b *conic.Block, f []float64) float64 {
	switch b.Cone {
	case conic.Nonneg:
		var w float64
		for _, v := range f {
			w = max(w, -v)
		}
		return w
	case conic.SecondOrder:
		var s float64
		for _, v := range f[1:] {
			s += v * v
		}
		return max(0, math.Sqrt(s)-f[0])
	}
	return max(0, -lowest(b.N, f))
}

// lowest returns the lowest eigenvalue of a symmetric matrix by cyclic Jacobi rotations: slow, and independent of what is
// tested.
func lowest(n int, f []float64) float64 {
	a := append([]float64(nil), f...)
	const sweeps = 60
	for range sweeps {
		var off, all float64
		for i := range n {
			for j := range n {
				all += a[i*n+j] * a[i*n+j]
				if i != j {
					off += a[i*n+j] * a[i*n+j]
				}
			}
		}
		if off <= 1e-30*all {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(n, a, p, q)
			}
		}
	}
	low := math.Inf(1)
	for i := range n {
		low = min(low, a[i*n+i])
	}
	return low
}

func rotate(n int, a []float64, p, q int) {
	apq := a[p*n+q]
	if apq == 0 {
		return
	}
	theta := (a[q*n+q] - a[p*n+p]) / (2 * apq)
	t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(t*t+1)
	s := t * c
	for k := range n {
		x, y := a[k*n+p], a[k*n+q]
		a[k*n+p], a[k*n+q] = c*x-s*y, s*x+c*y
	}
	for k := range n {
		x, y := a[p*n+k], a[q*n+k]
		a[p*n+k], a[q*n+k] = c*x-s*y, s*x+c*y
	}
}

// dualResidual returns the largest element of f (c + Q x) - F*(Y) - A'nu, relative to 1 + max|c| when f is not 0.
func dualResidual(p *conic.Problem, r *conic.Solution, f float64) float64 {
	g := make([]float64, len(p.C))
	scale := 1.0
	if f != 0 {
		for i, v := range timesQuad(p, r.X) {
			g[i] = f * (p.C[i] + v)
			scale = max(scale, 1+math.Abs(p.C[i]))
		}
	}
	for k := range p.Blocks {
		b := &p.Blocks[k]
		for _, c := range conic.Expand(p, k) {
			v := c.Val * r.Dual[k][c.Row]
			if b.Cone == conic.PSD {
				v = c.Val * r.Dual[k][c.Row*b.N+c.Col]
				if c.Row != c.Col {
					v *= 2
				}
			}
			g[c.Var] -= v
		}
	}
	for j, e := range p.Eqs {
		for l, i := range e.Vars {
			g[i] -= e.Vals[l] * r.EqDual[j]
		}
	}
	var worst float64
	for _, v := range g {
		worst = max(worst, math.Abs(v))
	}
	return worst / scale
}
