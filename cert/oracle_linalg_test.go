package cert_test

// This file and the other oracle_*_test.go files are an independent judge of certificates, written from
// docs/bundle.md alone. They share no code with the checker: conditions are decided by LDL' factorisation over 512-bit
// floating point, and over exact rationals where that leaves a doubt.

import (
	"math"
	"math/big"
)

const (
	// oraclePrec leaves more than 200 bits between rounding errors and the smallest margin decided in floating point.
	oraclePrec = 512
	// oracleSure: with entries exact to 2^-(512-106) of the scale, a product of relative pivots above 2^-280 proves the
	// sign: the smallest eigenvalue of a unit-diagonal matrix is at least det/e.
	oracleSure = -280
	// oracleSpread bounds the cancellation (sum of absolute terms over scale) accepted in floating point.
	oracleSpread = 100
)

// ring is the arithmetic a condition is evaluated in. addMul and subMul may overwrite acc and return it.
type ring[T any] interface {
	f64(x float64) T
	rat(x *big.Rat) T
	addMul(acc, a, b T) T
	subMul(acc, a, b T) T
	quo(a, b T) T
	sign(a T) int
	float(a T) float64
	log2(a T) float64 // of |a|
}

// hpRing is floating point with 512 bits.
type hpRing struct{ t *big.Float }

func newHP() hpRing                           { return hpRing{new(big.Float).SetPrec(oraclePrec)} }
func (hpRing) f64(x float64) *big.Float       { return new(big.Float).SetPrec(oraclePrec).SetFloat64(x) }
func (hpRing) rat(x *big.Rat) *big.Float      { return new(big.Float).SetPrec(oraclePrec).SetRat(x) }
func (hpRing) sign(a *big.Float) int          { return a.Sign() }
func (hpRing) quo(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(oraclePrec).Quo(a, b) }
func (hpRing) float(a *big.Float) float64 {
	f, _ := a.Float64()
	return f
}
func (hpRing) log2(a *big.Float) float64 {
	if a.Sign() == 0 {
		return math.Inf(-1)
	}
	m := new(big.Float)
	e := a.MantExp(m)
	f, _ := m.Float64()
	return math.Log2(math.Abs(f)) + float64(e)
}
func (k hpRing) addMul(acc, a, b *big.Float) *big.Float {
	if a.Sign() == 0 || b.Sign() == 0 {
		return acc
	}
	return acc.Add(acc, k.t.Mul(a, b))
}
func (k hpRing) subMul(acc, a, b *big.Float) *big.Float {
	if a.Sign() == 0 || b.Sign() == 0 {
		return acc
	}
	return acc.Sub(acc, k.t.Mul(a, b))
}

// exactRing is the rational numbers.
type exactRing struct{ t *big.Rat }

func newExact() exactRing                    { return exactRing{new(big.Rat)} }
func (exactRing) f64(x float64) *big.Rat     { return new(big.Rat).SetFloat64(x) }
func (exactRing) rat(x *big.Rat) *big.Rat    { return new(big.Rat).Set(x) }
func (exactRing) sign(a *big.Rat) int        { return a.Sign() }
func (exactRing) quo(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }
func (exactRing) float(a *big.Rat) float64 {
	f, _ := a.Float64()
	return f
}
func (exactRing) log2(a *big.Rat) float64 {
	if a.Sign() == 0 {
		return math.Inf(-1)
	}
	return float64(a.Num().BitLen() - a.Denom().BitLen())
}
func (k exactRing) addMul(acc, a, b *big.Rat) *big.Rat {
	if a.Sign() == 0 || b.Sign() == 0 {
		return acc
	}
	return acc.Add(acc, k.t.Mul(a, b))
}
func (k exactRing) subMul(acc, a, b *big.Rat) *big.Rat {
	if a.Sign() == 0 || b.Sign() == 0 {
		return acc
	}
	return acc.Sub(acc, k.t.Mul(a, b))
}

// quickRing is float64, for bracketing a boundary and for clearing the many easy vertices of the gated network.
type quickRing struct{}

func (quickRing) f64(x float64) float64 { return x }
func (quickRing) rat(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f
}
func (quickRing) addMul(acc, a, b float64) float64 { return acc + a*b }
func (quickRing) subMul(acc, a, b float64) float64 { return acc - a*b }
func (quickRing) quo(a, b float64) float64         { return a / b }
func (quickRing) float(a float64) float64          { return a }
func (quickRing) log2(a float64) float64           { return math.Log2(math.Abs(a)) }
func (quickRing) sign(a float64) int {
	switch {
	case a > 0:
		return 1
	case a < 0:
		return -1
	}
	return 0
}

// absRing replaces every term by its absolute value and every difference by a sum: it bounds what cancelled.
type absRing struct{ quickRing }

func (absRing) f64(x float64) float64            { return math.Abs(x) }
func (k absRing) rat(x *big.Rat) float64         { return math.Abs(k.quickRing.rat(x)) }
func (absRing) addMul(acc, a, b float64) float64 { return acc + a*b }
func (absRing) subMul(acc, a, b float64) float64 { return acc + a*b }

// rmat is a dense matrix over a ring, row-major.
type rmat[T any] struct {
	r, c int
	v    []T
}

func (a rmat[T]) at(i, j int) T { return a.v[i*a.c+j] }

func rzero[T any](k ring[T], r, c int) rmat[T] {
	a := rmat[T]{r, c, make([]T, r*c)}
	for i := range a.v {
		a.v[i] = k.f64(0)
	}
	return a
}

func rof[T any](k ring[T], r, c int, v []float64) rmat[T] {
	a := rmat[T]{r, c, make([]T, r*c)}
	for i := range a.v {
		a.v[i] = k.f64(v[i])
	}
	return a
}

// beside is [a b c ...].
func beside[T any](ms ...rmat[T]) rmat[T] {
	out := rmat[T]{r: ms[0].r}
	for _, m := range ms {
		out.c += m.c
	}
	for i := range out.r {
		for _, m := range ms {
			out.v = append(out.v, m.v[i*m.c:i*m.c+m.c]...)
		}
	}
	return out
}

// addScaled does s += w*a on the leading or any other diagonal block of s that begins at row o.
func addScaled[T any](k ring[T], s rmat[T], o int, w T, a rmat[T]) {
	for i := range a.r {
		for j := range a.c {
			p := (o+i)*s.c + o + j
			s.v[p] = k.addMul(s.v[p], w, a.at(i, j))
		}
	}
}

// addDiag does s[o+i, o+i] += d[i].
func addDiag[T any](k ring[T], s rmat[T], o int, d []T) {
	one := k.f64(1)
	for i := range d {
		p := (o+i)*s.c + o + i
		s.v[p] = k.addMul(s.v[p], one, d[i])
	}
}

// subQuad does s -= n' m n, with m symmetric.
func subQuad[T any](k ring[T], s rmat[T], n, m rmat[T]) {
	mn := rzero(k, m.r, n.c)
	for i := range m.r {
		for l := range m.c {
			for j := range n.c {
				p := i*mn.c + j
				mn.v[p] = k.addMul(mn.v[p], m.at(i, l), n.at(l, j))
			}
		}
	}
	for l := range n.r {
		for i := range n.c {
			for j := range n.c {
				p := i*s.c + j
				s.v[p] = k.subMul(s.v[p], n.at(l, i), mn.at(l, j))
			}
		}
	}
}

// subDiagQuad does s -= n' diag(d) n.
func subDiagQuad[T any](k ring[T], s rmat[T], n rmat[T], d []T) {
	for l := range n.r {
		for i := range n.c {
			di := k.addMul(k.f64(0), d[l], n.at(l, i))
			for j := range n.c {
				p := i*s.c + j
				s.v[p] = k.subMul(s.v[p], di, n.at(l, j))
			}
		}
	}
}

// condition says that the symmetric matrix s is positive definite. pos is the diagonal of its positive part: pivots are
// measured relative to it.
type condition[T any] struct {
	name string
	s    rmat[T]
	pos  []T
}

// ldl returns the sign of the definiteness of s (1 when positive definite), the smallest pivot relative to pos, and
// log2 of the product of relative pivots up to the one that decided. Method: symmetric elimination without pivoting,
// s = L D L', on the lower triangle.
func ldl[T any](k ring[T], c condition[T]) (sign int, margin, logp float64) {
	n := c.s.r
	a := append([]T(nil), c.s.v...)
	for i := range a { // the elimination overwrites entries
		a[i] = k.addMul(k.f64(0), k.f64(1), a[i])
	}
	margin = 1
	for p := range n {
		if k.sign(c.pos[p]) <= 0 {
			return -1, -1, 0
		}
		d := a[p*n+p]
		rel := k.quo(d, c.pos[p])
		margin = min(margin, k.float(rel))
		logp += k.log2(rel)
		if k.sign(d) <= 0 {
			return k.sign(d), margin, logp
		}
		for i := p + 1; i < n; i++ {
			if k.sign(a[i*n+p]) == 0 {
				continue
			}
			l := k.quo(a[i*n+p], d)
			for j := p + 1; j <= i; j++ {
				a[i*n+j] = k.subMul(a[i*n+j], l, a[j*n+p])
			}
		}
	}
	return 1, margin, logp
}
