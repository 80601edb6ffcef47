package cert

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
)

// Upper bounds are rounded up to this many bits, so that numbers do not grow along a chain of bounds.
const boundBits = 64

// up returns a rational >= r >= 0 with a power of two as denominator and at most boundBits significant bits.
func up(r *big.Rat) *big.Rat {
	out, _ := upper().SetPrec(boundBits).SetRat(r).Rat(nil)
	return out
}

// scale2 is q 2^e.
func scale2(q *big.Int, e int) *big.Rat {
	return new(big.Rat).SetFrac(new(big.Int).Lsh(q, uint(max(e, 0))), new(big.Int).Lsh(big.NewInt(1), uint(max(-e, 0))))
}

// sqrtUp returns a rational >= sqrt(r), r >= 0: sqrt(p/q) = sqrt(p q 4^s)/(q 2^s), the root rounded up to an integer. It is
// exact when the root is rational, as long as up is.
func sqrtUp(r *big.Rat) *big.Rat {
	t := new(big.Int).Mul(r.Num(), r.Denom())
	t.Lsh(t, 2*boundBits)
	root := new(big.Int).Sqrt(t)
	if new(big.Int).Mul(root, root).Cmp(t) < 0 {
		root.Add(root, big.NewInt(1))
	}
	return up(new(big.Rat).SetFrac(root, new(big.Int).Lsh(r.Denom(), boundBits)))
}

// normMax is the largest dimension for which largest decides anything; above, the trace itself is the bound.
const normMax = 48

// largest returns a bound >= lambda_max(s/den) of a positive semidefinite s: a t for which t I - s/den > 0 is decided exactly. It is
// within about 1/800 where the proposal is good; else it is the trace, which is a bound since no eigenvalue is negative.
func (a *arith) largest(s matrix, den *big.Int) *big.Rat {
	n := s.r
	var trace big.Int
	for i := range n {
		trace.Add(&trace, s.at(i, i))
	}
	f := valueOf(&trace, s.exp, den)
	if n == 1 || n > normMax || f.Sign() == 0 {
		return up(f)
	}
	if share := rat(top(s, &trace)); share != nil && share.Cmp(one) < 0 {
		bound := up(mul(f, share))
		if a.definite(a.form(n).add(bound, 0, identity(n)).add(new(big.Rat).SetFrac(big.NewInt(-1), den), 0, s).sum()).positive {
			return bound
		}
	}
	return up(f)
}

// top proposes an upper bound of lambda_max(s)/trace: (trace of the k-th power of s/trace)^(1/k) with k = 2^12, a little enlarged, in
// floating point. Nothing here is trusted.
func top(s matrix, trace *big.Int) float64 {
	n, log := s.r, 0.0
	m := make([]float64, n*n) // a power of s over its trace
	for i, x := range s.v {
		m[i] = scaled(x, trace.BitLen()) / scaled(trace, trace.BitLen())
	}
	for k := 2.0; k <= 1<<12; k *= 2 {
		next, t := make([]float64, n*n), 0.0
		for i, x := range m {
			for j := range n {
				next[i-i%n+j] += x * m[i%n*n+j]
			}
		}
		for i := range n {
			t += next[i*n+i]
		}
		for i := range next {
			next[i] /= t
		}
		m, log = next, log+math.Log(t)/k
	}
	return math.Exp(log) * (1 + 0x1p-12)
}

// smallest returns a bound 0 < t <= lambda_min(s) within an eighth of it, for s > 0; nil when there is none above 2^-100
// times the least diagonal entry.
func (a *arith) smallest(s matrix) *big.Rat {
	top := s.entry(0, 0) // lambda_min is at most every diagonal entry
	for i := range s.r {
		top = slices.MinFunc([]*big.Rat{top, s.entry(i, i)}, (*big.Rat).Cmp)
	}
	if s.r == 1 {
		return top
	}
	bound := func(j int) *big.Rat { // falls by 1/16 to 1/9 from step to step
		return mul(top, big.NewRat(int64(16-j%8), 16), scale2(big.NewInt(1), -(j/8)))
	}
	const none = 800
	j := sort.Search(none, func(j int) bool {
		return a.definite(a.form(s.r).add(one, 0, s).add(mul(minusOne, bound(j)), 0, identity(s.r)).sum()).positive
	})
	if j == none {
		return nil
	}
	return bound(j)
}

// norm returns a bound >= |W^(1/2) x| of the spectral norm, W = diag(w) >= 0 or the identity: its square is
// lambda_max(x'Wx), and x'Wx the sum of w_i x_i'x_i over the rows of x.
func (a *arith) norm(x matrix, w ...*big.Rat) *big.Rat {
	if w == nil {
		if x.r < x.c {
			x = x.transpose() // the same norm from a smaller Gram matrix
		}
		return sqrtUp(a.largest(a.mul(x.transpose(), x), big.NewInt(1)))
	}
	f := a.form(x.c)
	for i, q := range w {
		f.add(q, 0, a.mul(x.row(i).transpose(), x.row(i)))
	}
	return sqrtUp(a.largest(f.sum()))
}

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
