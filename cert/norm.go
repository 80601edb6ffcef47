package cert

import "math/big"

// Upper bounds are rounded up to this many bits, so that numbers do not grow along a chain of bounds.
const boundBits = 64

// up returns a rational >= r >= 0 with a power of two as denominator and at most boundBits significant bits.
func up(r *big.Rat) *big.Rat {
	shift := boundBits - 1 - (r.Num().BitLen() - r.Denom().BitLen())
	num, den := new(big.Int).Set(r.Num()), new(big.Int).Set(r.Denom())
	if shift > 0 {
		num.Lsh(num, uint(shift))
	} else {
		den.Lsh(den, uint(-shift))
	}
	q, rest := new(big.Int).QuoRem(num, den, new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return scale2(q, -shift)
}

// scale2 is q 2^e.
func scale2(q *big.Int, e int) *big.Rat {
	if e >= 0 {
		return new(big.Rat).SetInt(new(big.Int).Lsh(q, uint(e)))
	}
	return new(big.Rat).SetFrac(q, new(big.Int).Lsh(big.NewInt(1), uint(-e)))
}

// sqrtUp returns a rational >= sqrt(r), r >= 0, within a relative 2^-60 of it: with r <= q 2^-2s for an integer q,
// sqrt(r) <= (floor(sqrt(q)) + 1) 2^-s.
func sqrtUp(r *big.Rat) *big.Rat {
	if r.Sign() == 0 {
		return new(big.Rat)
	}
	s := boundBits - (r.Num().BitLen()-r.Denom().BitLen())/2
	x := up(r)
	var q *big.Int
	if y := new(big.Rat).Mul(x, scale2(big.NewInt(1), 2*s)); y.IsInt() {
		q = new(big.Int).Sqrt(y.Num())
		if new(big.Int).Mul(q, q).Cmp(y.Num()) == 0 {
			return scale2(q, -s)
		}
	} else {
		q = new(big.Int).Sqrt(new(big.Int).Add(new(big.Int).Quo(y.Num(), y.Denom()), big.NewInt(1)))
	}
	return up(scale2(q.Add(q, big.NewInt(1)), -s))
}

// normGrid is the resolution of largest relative to the trace, normMax the largest dimension for which it searches;
// above, the trace itself is the bound.
const (
	normGrid = 1024
	normMax  = 48
)

// largest returns a bound >= lambda_max(s) of a positive semidefinite s: the least multiple t of trace(s)/normGrid for
// which t I - s > 0 is decided exactly. The trace itself is a bound, since no eigenvalue is negative.
func (a *arith) largest(s matrix) *big.Rat {
	n := s.r
	trace := new(big.Int)
	for i := range n {
		trace.Add(trace, s.at(i, i))
	}
	f := valueOf(trace, s.exp, big.NewInt(1))
	if n == 1 || n > normMax || f.Sign() == 0 {
		return up(f)
	}
	bound := func(j int) *big.Rat { return up(new(big.Rat).Mul(f, big.NewRat(int64(j), normGrid))) }
	low, high := normGrid/n-1, normGrid // lambda_max is at least trace/n
	for high-low > 1 {
		mid := (low + high) / 2
		if a.definite(a.form(n).add(bound(mid), 0, identity(n)).add(minusOne, 0, s).sum()).positive {
			high = mid
		} else {
			low = mid
		}
	}
	return bound(high)
}

// smallest returns a bound 0 < t <= lambda_min(s), within an eighth of it, for s > 0 of at most normMax rows; nil when
// there is none above 2^-100 times the least diagonal entry.
func (a *arith) smallest(s matrix) *big.Rat {
	d := s.at(0, 0)
	for i := range s.r {
		if s.at(i, i).Cmp(d) < 0 {
			d = s.at(i, i)
		}
	}
	top := valueOf(d, s.exp, big.NewInt(1)) // lambda_min is at most every diagonal entry
	bound := func(j int) *big.Rat {         // falls by 1/8 to 1/15 from step to step
		return new(big.Rat).Mul(top, new(big.Rat).Mul(big.NewRat(int64(16-j%8), 16), scale2(big.NewInt(1), -(j/8))))
	}
	low, high := -1, 800
	for high-low > 1 {
		mid := (low + high) / 2
		if a.definite(a.form(s.r).add(one, 0, s).add(new(big.Rat).Neg(bound(mid)), 0, identity(s.r)).sum()).positive {
			high = mid
		} else {
			low = mid
		}
	}
	if high == 800 {
		return nil
	}
	return bound(high)
}

// norm returns a bound >= the spectral norm of x.
func (a *arith) norm(x matrix) *big.Rat { return a.weightedNorm(x, identity(x.r)) }

// weightedNorm returns a bound >= the spectral norm of W^(1/2) x, W >= 0 diagonal: |W^(1/2) x|^2 = lambda_max(x'Wx).
func (a *arith) weightedNorm(x, w matrix) *big.Rat {
	return sqrtUp(a.largest(a.mul(x.transpose(), a.mul(w, x))))
}
