package cert

import (
	"math"
	"math/big"
	"slices"
)

// matrix is an exact real matrix: entry (i, j) is v[i*c+j] 2^exp. Entries are never modified in place.
type matrix struct {
	r, c int
	exp  int
	v    []*big.Int
}

func (m matrix) at(i, j int) *big.Int { return m.v[i*m.c+j] }

func (m matrix) entry(i, j int) *big.Rat { return scale2(m.at(i, j), m.exp) }

func (m matrix) row(i int) matrix { return matrix{r: 1, c: m.c, exp: m.exp, v: m.v[i*m.c : (i+1)*m.c]} }

// fromFloats returns the matrix of these numbers, row-major. Every finite float64 is an integer over a power of two.
func fromFloats(r, c int, x []float64) matrix { return fromRats(r, c, rats(x)) }

// fromRats returns the matrix of these numbers, whose denominators are powers of two.
func fromRats(r, c int, x []*big.Rat) matrix {
	m := matrix{r: r, c: c, v: make([]*big.Int, len(x))}
	for _, q := range x {
		m.exp = min(m.exp, 1-q.Denom().BitLen())
	}
	for i, q := range x {
		m.v[i] = new(big.Int).Lsh(q.Num(), uint(1-q.Denom().BitLen()-m.exp))
	}
	return m
}

func rats(x []float64) []*big.Rat {
	out := make([]*big.Rat, len(x))
	for i, f := range x {
		out[i] = rat(f)
	}
	return out
}

func rat(x float64) *big.Rat {
	if x == 0 { // for which SetFloat64 is slow
		return new(big.Rat)
	}
	return new(big.Rat).SetFloat64(x)
}

func zeros(r, c int) matrix { return fromFloats(r, c, make([]float64, r*c)) }

func diagonal(x []float64) matrix {
	full := make([]float64, len(x)*len(x))
	for i, f := range x {
		full[i*len(x)+i] = f
	}
	return fromFloats(len(x), len(x), full)
}

func identity(n int) matrix { return diagonal(slices.Repeat([]float64{1}, n)) }

func (m matrix) transpose() matrix {
	t := matrix{r: m.c, c: m.r, exp: m.exp, v: make([]*big.Int, len(m.v))}
	for i := range m.r {
		for j := range m.c {
			t.v[j*m.r+i] = m.v[i*m.c+j]
		}
	}
	return t
}

// each applies f(z, x), which sets z, to copies of the entries.
func (m matrix) each(f func(z, x *big.Int) *big.Int) matrix {
	o := matrix{r: m.r, c: m.c, exp: m.exp}
	for _, x := range m.v {
		o.v = append(o.v, f(new(big.Int), x))
	}
	return o
}

func negative(m matrix) matrix { return m.each((*big.Int).Neg) }

// gridBits is the precision of numbers that are not exact, in units of 2^-gridBits or relative.
const gridBits = 128

// floor rounds down to the unit.
func (m matrix) floor() matrix {
	o := m.each(func(z, x *big.Int) *big.Int { return z.Rsh(z.Lsh(x, gridBits), uint(-m.exp)) }) // exponents are never positive
	o.exp = -gridBits
	return o
}

func stack(a, b matrix) matrix { return beside(a.transpose(), b.transpose()).transpose() }

// beside returns [m1 m2 ...].
func beside(ms ...matrix) matrix {
	o := matrix{r: ms[0].r, exp: ms[0].exp}
	for _, m := range ms {
		o.c += m.c
		o.exp = min(o.exp, m.exp)
	}
	for i := range o.r {
		for _, m := range ms {
			for j := range m.c {
				o.v = append(o.v, new(big.Int).Lsh(m.at(i, j), uint(m.exp-o.exp)))
			}
		}
	}
	return o
}

// arith counts the work of one Check. An operation that would exceed what is left panics with a refusal, and the claim
// is refused as undecided.
type arith struct{ left int64 }

// workLimit is the budget in units of about a nanosecond: one product of two machine words, or a fiftieth of the fixed
// cost of an operation on integers. It ends a hostile file within about a minute; certificates of 20 states and hidden units
// together take a thousandth of it.
const workLimit = 30e9

func (a *arith) spend(ops, wordsA, wordsB int) {
	a.left -= int64(ops) * (50 + int64(wordsA)*int64(wordsB))
	if a.left < 0 {
		panic(refusal{failed: "undecided: more work than the limit of the checker allows"})
	}
}

func (m matrix) words() int {
	n := 0
	for _, x := range m.v {
		n = max(n, x.BitLen())
	}
	return n/64 + 1
}

// mul returns x y.
func (a *arith) mul(x, y matrix) matrix {
	a.spend(x.r*x.c*y.c, x.words(), y.words())
	o := zeros(x.r, y.c)
	o.exp = x.exp + y.exp
	var t big.Int
	for i := range x.r {
		for k := range x.c {
			if f := x.at(i, k); f.Sign() != 0 {
				for j := range y.c {
					s := o.v[i*o.c+j]
					s.Add(s, t.Mul(f, y.at(k, j)))
				}
			}
		}
	}
	return o
}

// form is a symmetric matrix under construction: a sum of weighted blocks.
type form struct {
	a     *arith
	n     int
	terms []term
}

type term struct {
	w        *big.Rat
	row, col int
	m        matrix
}

func (a *arith) form(n int) *form { return &form{a: a, n: n} }

// add puts w m on the diagonal, with its first entry at (at, at).
func (f *form) add(w *big.Rat, at int, m matrix) *form { return f.block(w, at, at, m) }

// sub takes x'sx away, with its first entry at (0, 0).
func (f *form) sub(x, s matrix) *form {
	return f.block(minusOne, 0, 0, f.a.mul(x.transpose(), f.a.mul(s, x)))
}

// block adds w m with its first entry at (row, col), row <= col, and, off the diagonal, its transpose.
func (f *form) block(w *big.Rat, row, col int, m matrix) *form {
	f.terms = append(f.terms, term{w, row, col, m})
	if row != col {
		f.terms = append(f.terms, term{w, col, row, m.transpose()})
	}
	return f
}

var (
	one      = big.NewRat(1, 1)
	two      = big.NewRat(2, 1)
	minusOne = big.NewRat(-1, 1)
)

// sum returns the matrix times den, the least common denominator of the weights; den > 0 changes no sign.
func (f *form) sum() (s matrix, den *big.Int) {
	den = big.NewInt(1)
	exp := math.MaxInt
	for _, t := range f.terms {
		d := t.w.Denom()
		den.Mul(den, new(big.Int).Quo(d, new(big.Int).GCD(nil, nil, den, d)))
		exp = min(exp, t.m.exp)
	}
	s = zeros(f.n, f.n)
	s.exp = exp
	var x big.Int
	for _, t := range f.terms {
		w := new(big.Int).Quo(den, t.w.Denom())
		w.Mul(w, t.w.Num())
		shift := uint(t.m.exp - exp)
		f.a.spend(len(t.m.v), t.m.words()+int(shift)/64, w.BitLen()/64+1)
		for i := range t.m.r {
			for j := range t.m.c {
				to := s.at(t.row+i, t.col+j)
				x.Mul(t.m.at(i, j), w)
				to.Add(to, x.Lsh(&x, shift))
			}
		}
	}
	return s, den
}
