package lmi

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Param is a matrix of numbers that Compiled.Set may replace. It is a mat.Matrix and may stand wherever a constant may,
// itself or as its own T(); a gonum product of it is a constant.
type Param struct {
	name  string
	index int
	r, c  int
	data  []float64 // the value at the time of New, row-major
}

// Dims returns the shape.
func (p *Param) Dims() (r, c int) { return p.r, p.c }

// At returns an entry of the value that the parameter was made with.
func (p *Param) At(i, j int) float64 { return p.data[i*p.c+j] }

// T returns the transpose, which follows the parameter.
func (p *Param) T() mat.Matrix { return paramT{p} }

type paramT struct{ *Param }

func (p paramT) Dims() (r, c int)    { return p.c, p.r }
func (p paramT) At(i, j int) float64 { return p.Param.At(j, i) }
func (p paramT) T() mat.Matrix       { return p.Param }

// values holds the numbers of the parameters, by index, row-major.
type values [][]float64

// factor is one matrix of a product: a constant, a parameter, or a block of rows of the identity. trans says that the
// transpose is meant; r and c are the shape after that.
type factor struct {
	r, c  int
	trans bool
	data  []float64 // constant, row-major before transposition
	param *Param
	embed bool // rows at .. at+c of an r x c matrix are the identity (before transposition)
	at    int
}

// newFactor copies a constant, or refers to a parameter.
func newFactor(m mat.Matrix) (factor, error) {
	if m == nil {
		return factor{}, fmt.Errorf("a matrix is nil")
	}
	switch p := m.(type) {
	case *Param:
		return factor{r: p.r, c: p.c, param: p}, nil
	case paramT:
		return factor{r: p.c, c: p.r, param: p.Param, trans: true}, nil
	}
	r, c := m.Dims()
	f := factor{r: r, c: c, data: make([]float64, r*c)}
	for i := range r {
		for j := range c {
			f.data[i*c+j] = m.At(i, j)
		}
	}
	return f, nil
}

func (f factor) t() factor {
	f.r, f.c, f.trans = f.c, f.r, !f.trans
	return f
}

// at returns entry (i, j).
func (f *factor) entry(i, j int, v values) float64 {
	if f.trans {
		i, j = j, i
	}
	if f.embed {
		if i == j+f.at {
			return 1
		}
		return 0
	}
	cols := f.c
	if f.trans {
		cols = f.r
	}
	if f.param != nil {
		return v[f.param.index][i*cols+j]
	}
	return f.data[i*cols+j]
}

// equal reports whether two factors are the same matrix for all values of the parameters.
func (f *factor) equal(g *factor) bool {
	if f.r != g.r || f.c != g.c || f.param != g.param || f.embed != g.embed {
		return false
	}
	if f.embed {
		return f.trans == g.trans && f.at == g.at
	}
	if f.param != nil {
		return f.trans == g.trans
	}
	if f.trans == g.trans && len(f.data) > 0 && &f.data[0] == &g.data[0] {
		return true
	}
	for i := range f.r {
		for j := range f.c {
			if f.entry(i, j, nil) != g.entry(i, j, nil) {
				return false
			}
		}
	}
	return true
}

// chain is a product of factors, the identity when empty.
type chain []factor

func (c chain) t() chain {
	out := make(chain, len(c))
	for i := range c {
		out[len(c)-1-i] = c[i].t()
	}
	return out
}

func (c chain) equal(d chain) bool {
	if len(c) != len(d) {
		return false
	}
	for i := range c {
		if !c[i].equal(&d[i]) {
			return false
		}
	}
	return true
}

func (c chain) constant() bool {
	for i := range c {
		if c[i].param != nil {
			return false
		}
	}
	return true
}

func join(a, b chain) chain { return append(append(make(chain, 0, len(a)+len(b)), a...), b...) }

// product is the floating-point value of a chain, with the partial products that recomputing it needs.
type product struct {
	chain chain
	r, c  int
	parts [][]float64 // after each factor; the last is the value
}

// newProduct evaluates the chain; size is the order of the identity where the chain is empty.
func newProduct(ch chain, size int, v values) *product {
	if len(ch) == 0 {
		ch = chain{{r: size, c: size, embed: true}}
	}
	p := &product{chain: ch, r: ch[0].r, c: ch[len(ch)-1].c}
	for i := range ch {
		p.parts = append(p.parts, make([]float64, p.r*ch[i].c))
	}
	p.update(v)
	return p
}

func (p *product) value() []float64 { return p.parts[len(p.parts)-1] }

// update recomputes the product. It allocates nothing.
func (p *product) update(v values) {
	for k := range p.chain {
		f, out := &p.chain[k], p.parts[k]
		clear(out)
		if k == 0 {
			for i := range f.r {
				for j := range f.c {
					out[i*f.c+j] = f.entry(i, j, v)
				}
			}
			continue
		}
		prev := p.parts[k-1]
		for i := range p.r {
			for l := range f.r {
				x := prev[i*f.r+l]
				if x == 0 {
					continue
				}
				row := out[i*f.c : (i+1)*f.c]
				for j := range row {
					row[j] += x * f.entry(l, j, v)
				}
			}
		}
	}
}
