package lti

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// block is a row-major matrix that may have no rows or no columns, which gonum's do not.
type block struct {
	r, c int
	v    []float64
}

func newBlock(r, c int) block { return block{r, c, make([]float64, r*c)} }

func blockOf(a *mat.Dense) block {
	r, c := a.Dims()
	b := newBlock(r, c)
	for i := range r {
		for j := range c {
			b.v[i*c+j] = a.At(i, j)
		}
	}
	return b
}

func identityOf(n int) block {
	b := newBlock(n, n)
	for i := range n {
		b.v[i*n+i] = 1
	}
	return b
}

// full returns the matrices of a system, with their shapes also when it has no state.
func (g *SS) full() (a, b, c, d block) {
	n, m, p := g.Dims()
	if n == 0 {
		return newBlock(0, 0), newBlock(0, m), newBlock(p, 0), blockOf(g.D)
	}
	return blockOf(g.A), blockOf(g.B), blockOf(g.C), blockOf(g.D)
}

// dense is the gonum matrix; the empty one where a side is 0.
func (b block) dense() *mat.Dense {
	if len(b.v) == 0 {
		return &mat.Dense{}
	}
	return mat.NewDense(b.r, b.c, append([]float64(nil), b.v...))
}

func (b block) times(o block) block {
	if b.c != o.r {
		panic("lti: shapes of a product do not fit")
	}
	out := newBlock(b.r, o.c)
	for i := range b.r {
		for k := range b.c {
			f := b.v[i*b.c+k]
			for j := range o.c {
				out.v[i*o.c+j] += f * o.v[k*o.c+j]
			}
		}
	}
	return out
}

// add adds f times o with its corner at row i and column j.
func (b block) add(i, j int, f float64, o block) {
	for r := range o.r {
		for c := range o.c {
			b.v[(i+r)*b.c+j+c] += f * o.v[r*o.c+c]
		}
	}
}

// with is add with factor 1, for chains.
func (b block) with(i, j int, o block) block {
	b.add(i, j, 1, o)
	return b
}

func (b block) part(i0, i1, j0, j1 int) block {
	out := newBlock(i1-i0, j1-j0)
	for i := range out.r {
		copy(out.v[i*out.c:(i+1)*out.c], b.v[(i0+i)*b.c+j0:(i0+i)*b.c+j1])
	}
	return out
}

func (b block) abs() block {
	out := newBlock(b.r, b.c)
	for i, v := range b.v {
		out.v[i] = math.Abs(v)
	}
	return out
}
