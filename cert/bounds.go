package cert

import (
	"fmt"
	"math/big"
	"slices"
)

// bounds are upper bounds of non-negative numbers. Denominators are powers of two, and up keeps them short.
type bounds []*big.Rat

// each applies f to the entries with the same index and rounds up; a single number stands for a vector of it.
func each(f func(...*big.Rat) *big.Rat, xs ...bounds) bounds {
	out := make(bounds, len(xs[0]))
	entry := make([]*big.Rat, len(xs))
	for i := range out {
		for j, x := range xs {
			entry[j] = x[min(i, len(x)-1)]
		}
		out[i] = up(f(entry...))
	}
	return out
}

func plus(xs ...bounds) bounds  { return each(add, xs...) }
func times(xs ...bounds) bounds { return each(mul, xs...) }

func larger(x ...*big.Rat) *big.Rat { return slices.MaxFunc(x, (*big.Rat).Cmp) }

// norm2 bounds the Euclidean norm.
func (a *arith) norm2(x bounds) bounds { return bounds{a.norm(fromRats(len(x), 1, x))} }

// apply bounds w x for w >= 0.
func (a *arith) apply(w matrix, x bounds) bounds { return a.mul(w, fromRats(len(x), 1, x)).bounds() }

func (m matrix) bounds() bounds {
	out := make(bounds, len(m.v))
	for i, q := range m.v {
		out[i] = up(scale2(q, m.exp))
	}
	return out
}

// magnitude is |w| by entries: if |x| <= b by entries, then |w x| <= |w| b.
func magnitude(w matrix) matrix { return w.each((*big.Int).Abs) }

// gauge bounds w as a map between differences: by entries; or, where its argument is bounded by its 2-norm, by the 2-norms of its rows;
// or, where both are, by its spectral norm.
func (a *arith) gauge(w matrix, rows, cols bool) matrix {
	var out bounds
	switch {
	case rows:
		return fromRats(1, 1, bounds{a.norm(w)})
	case cols:
		for i := range w.r {
			out = append(out, a.norm(w.row(i)))
		}
		return fromRats(w.r, 1, out)
	}
	return magnitude(w)
}

// below requires x <= q y > 0 for each entry.
func (p *part) below(x bounds, q *big.Rat, y bounds, condition string) {
	for i := range x {
		if limit := mul(q, y[i]); x[i].Cmp(limit) > 0 {
			excess := new(big.Rat).Sub(new(big.Rat).Quo(x[i], limit), one)
			panic(refusal{condition, fmt.Sprintf("entry %d exceeds by %s of the limit", i, decimal(excess))})
		}
	}
}
