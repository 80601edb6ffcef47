package conic

import "slices"

// Expand returns the coefficients of block k with its terms multiplied out: every place once, ordered by variable, row and
// column, without zeros.
func Expand(p *Problem, k int) []Coef {
	b := &p.Blocks[k]
	all := append([]Coef(nil), b.Coefs...)
	n := b.N
	for _, t := range b.Terms {
		v := p.Vars[t.Var]
		for r := range v.Rows {
			for c := range v.Cols {
				i := v.Index(r, c)
				if i < 0 {
					continue
				}
				all = dyad(all, i, t.Scale, b.Dict[(t.Left+r)*n:(t.Left+r+1)*n], b.Dict[(t.Right+c)*n:(t.Right+c+1)*n])
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Coef) int {
		if a.Var != b.Var {
			return a.Var - b.Var
		}
		if a.Row != b.Row {
			return a.Row - b.Row
		}
		return a.Col - b.Col
	})
	out := all[:0]
	for _, c := range all {
		if l := len(out) - 1; l >= 0 && out[l].Var == c.Var && out[l].Row == c.Row && out[l].Col == c.Col {
			out[l].Val += c.Val
			continue
		}
		out = append(out, c)
	}
	return slices.DeleteFunc(out, func(c Coef) bool { return c.Val == 0 })
}

// dyad appends the upper triangle of s (u v' + v u').
func dyad(to []Coef, i int, s float64, u, v []float64) []Coef {
	var at []int
	for r := range u {
		if u[r] != 0 || v[r] != 0 {
			at = append(at, r)
		}
	}
	for a, r := range at {
		for _, c := range at[a:] {
			if x := s * (u[r]*v[c] + v[r]*u[c]); x != 0 {
				to = append(to, Coef{i, r, c, x})
			}
		}
	}
	return to
}

// Eval writes F_k(x) to dst, a full symmetric matrix (N x N) or a vector (N); constant tells whether F_k0 is part of it.
func (p *Problem) Eval(dst []float64, k int, x []float64, constant bool) {
	b := &p.Blocks[k]
	clear(dst)
	put := func(r, c int, v float64) {
		if b.Cone != PSD {
			dst[r] += v
			return
		}
		dst[r*b.N+c] += v
		if r != c {
			dst[c*b.N+r] += v
		}
	}
	if constant {
		for _, e := range b.Constant {
			put(e.Row, e.Col, e.Val)
		}
	}
	for _, e := range b.Coefs {
		put(e.Row, e.Col, e.Val*x[e.Var])
	}
	n := b.N
	for _, t := range b.Terms {
		v := p.Vars[t.Var]
		for r := range v.Rows {
			for c := range v.Cols {
				i := v.Index(r, c)
				if i < 0 || x[i] == 0 {
					continue
				}
				u, w, s := b.Dict[(t.Left+r)*n:(t.Left+r+1)*n], b.Dict[(t.Right+c)*n:(t.Right+c+1)*n], t.Scale*x[i]
				for a := range n {
					for d := range n {
						dst[a*n+d] += s * (u[a]*w[d] + w[a]*u[d])
					}
				}
			}
		}
	}
}
