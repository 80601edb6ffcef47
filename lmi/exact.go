package lmi

import (
	"fmt"
	"math"
	"math/big"
)

// integers is the r x c matrix v 2^exp of exact numbers.
type integers struct {
	r, c, exp int
	v         []*big.Int
}

// maxSpread bounds the exponents of exact numbers apart from one another: products stay of a few thousand bits.
const maxSpread = 4096

// exactOf converts r x c floats given by at.
func exactOf(r, c int, at func(i, j int) float64) (*integers, error) {
	m := &integers{r: r, c: c, v: make([]*big.Int, r*c)}
	low, high := math.MaxInt, math.MinInt
	mant, exps := make([]int64, r*c), make([]int, r*c)
	for i := range r {
		for j := range c {
			x := at(i, j)
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("entry (%d, %d) is %g", i, j, x)
			}
			if x == 0 {
				continue
			}
			f, e := math.Frexp(x)
			k := i*c + j
			mant[k], exps[k] = int64(math.Ldexp(f, 53)), e-53
			for mant[k]&1 == 0 {
				mant[k] >>= 1
				exps[k]++
			}
			low, high = min(low, exps[k]), max(high, exps[k])
		}
	}
	if low > high {
		low, high = 0, 0
	}
	if high-low > maxSpread {
		return nil, fmt.Errorf("exponents differ by %d bits, at most %d are handled", high-low, maxSpread)
	}
	m.exp = low
	for k := range m.v {
		m.v[k] = big.NewInt(mant[k])
		if mant[k] != 0 {
			m.v[k].Lsh(m.v[k], uint(exps[k]-low))
		}
	}
	return m, nil
}

// times returns a b.
func (a *integers) times(b *integers) *integers {
	out := &integers{r: a.r, c: b.c, exp: a.exp + b.exp, v: make([]*big.Int, a.r*b.c)}
	var t big.Int
	for i := range a.r {
		for j := range b.c {
			s := new(big.Int)
			for k := range a.c {
				x, y := a.v[i*a.c+k], b.v[k*b.c+j]
				if x.Sign() != 0 && y.Sign() != 0 {
					s.Add(s, t.Mul(x, y))
				}
			}
			out.v[i*b.c+j] = s
		}
	}
	return out
}

func (a *integers) transpose() *integers {
	out := &integers{r: a.c, c: a.r, exp: a.exp, v: make([]*big.Int, len(a.v))}
	for i := range a.r {
		for j := range a.c {
			out.v[j*a.r+i] = a.v[i*a.c+j]
		}
	}
	return out
}

// scaled returns s a for an integer s.
func (a *integers) scaled(s *big.Int, exp int) *integers {
	out := &integers{r: a.r, c: a.c, exp: a.exp + exp, v: make([]*big.Int, len(a.v))}
	for k, x := range a.v {
		out.v[k] = new(big.Int).Mul(x, s)
	}
	return out
}

// plus returns a + b.
func (a *integers) plus(b *integers) (*integers, error) {
	if d := a.exp - b.exp; d > maxSpread || d < -maxSpread {
		return nil, fmt.Errorf("summands differ by more than %d bits", maxSpread)
	}
	if a.exp < b.exp {
		a, b = b, a
	}
	out := &integers{r: a.r, c: a.c, exp: b.exp, v: make([]*big.Int, len(a.v))}
	for k, x := range a.v {
		y := new(big.Int).Lsh(x, uint(a.exp-b.exp))
		out.v[k] = y.Add(y, b.v[k])
	}
	return out, nil
}

// chainExact is the exact product of a chain; size as in newProduct.
func chainExact(ch chain, size int, v values) (*integers, error) {
	if len(ch) == 0 {
		ch = chain{{r: size, c: size, embed: true}}
	}
	var out *integers
	for i := range ch {
		f := &ch[i]
		m, err := exactOf(f.r, f.c, func(i, j int) float64 { return f.entry(i, j, v) })
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = m
		} else {
			out = out.times(m)
		}
	}
	return out, nil
}

// point is the unknowns as integers num 2^exp / den.
type point struct {
	num []*big.Int
	exp int
	den *big.Int
}

func pointOf(x []float64) (*point, error) {
	m, err := exactOf(len(x), 1, func(i, _ int) float64 { return x[i] })
	if err != nil {
		return nil, fmt.Errorf("the unknowns: %w", err)
	}
	return &point{num: m.v, exp: m.exp, den: big.NewInt(1)}, nil
}

// exact returns den F(x) for the expression F.
func (c *Compiled) exact(e Expr, x *point) (*integers, error) {
	sum, _ := exactOf(e.rows, e.cols, func(int, int) float64 { return 0 })
	started := false
	for i := range e.terms {
		t := &e.terms[i]
		m, err := chainExact(t.l, t.ir, c.values)
		if err != nil {
			return nil, err
		}
		if t.v == nil {
			m = m.scaled(x.den, 0)
		} else {
			v := &integers{r: t.ir, c: t.ic, exp: x.exp, v: make([]*big.Int, t.ir*t.ic)}
			for a := range t.ir {
				for b := range t.ic {
					v.v[a*t.ic+b] = new(big.Int)
					if u := t.unknownAt(a, b); u >= 0 {
						v.v[a*t.ic+b] = x.num[u]
					}
				}
			}
			r, err := chainExact(t.r, t.ic, c.values)
			if err != nil {
				return nil, err
			}
			m = m.times(v).times(r)
		}
		for _, s := range t.nums {
			f, err := exactOf(1, 1, func(int, int) float64 { return s })
			if err != nil {
				return nil, err
			}
			m = m.scaled(f.v[0], f.exp)
		}
		for _, p := range t.pars {
			f, err := exactOf(1, 1, func(int, int) float64 { return c.values[p.index][0] })
			if err != nil {
				return nil, err
			}
			m = m.scaled(f.v[0], f.exp)
		}
		if !started {
			sum, started = m, true
			continue
		}
		if sum, err = sum.plus(m); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// symmetrised returns twice the symmetric part.
func (a *integers) symmetrised() *integers {
	out, _ := a.plus(a.transpose())
	return out
}

// approx returns the entries of a with rows and columns scaled by powers of two to a diagonal between 1/4 and 2, and half the
// exponents: entry (i, j) is a_ij 2^(-half_i - half_j). ok is false where a diagonal entry is not positive.
func (a *integers) approx() (f []float64, half []int, ok bool) {
	n := a.r
	half = make([]int, n)
	for i := range n {
		d := a.v[i*n+i]
		if d.Sign() <= 0 {
			return nil, nil, false
		}
		half[i] = d.BitLen() / 2
	}
	f = make([]float64, n*n)
	for i := range n {
		for j := range n {
			g := new(big.Float).SetPrec(53).SetInt(a.v[i*n+j])
			f[i*n+j], _ = g.SetMantExp(g, -half[i]-half[j]).Float64()
		}
	}
	return f, half, true
}

// congruenceBits are the lengths to which the approximate inverse factor is rounded, tried in turn: the first is enough up to
// condition numbers of about 1e12, the second keeps all that floating point has.
var congruenceBits = []int{30, 53}

// positive proves that the symmetric matrix is positive definite: for a square R with R A R' strictly diagonally dominant and of
// positive diagonal, z'R A R'z > 0 for z != 0 (Gershgorin), so R' has no null vector and A > 0. R is the rounded inverse of a
// floating-point Cholesky factor, the product is exact. False means that no proof was found.
//
// Reference: Rump 2006 proposes the approximate inverse factor; here its residual is decided in integers instead of bounded.
func (a *integers) positive() bool {
	n := a.r
	f, half, ok := a.approx()
	if !ok {
		return false
	}
	l := make([]float64, n*n)
	if !cholesky(n, f, l) {
		return false
	}
	r := invertLower(n, l)
	top := 0.0
	for _, x := range r {
		top = max(top, math.Abs(x))
	}
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return false
	}
	high := 0
	for _, h := range half {
		high = max(high, h)
	}
	for _, bits := range congruenceBits {
		if a.dominant(r, half, high, bits) {
			return true
		}
	}
	return false
}

func (a *integers) dominant(r []float64, half []int, high, bits int) bool {
	n := a.r
	m := &integers{r: n, c: n, v: make([]*big.Int, n*n)}
	for i := range n {
		var top float64
		for j := range i + 1 {
			top = max(top, math.Abs(r[i*n+j]))
		}
		_, e := math.Frexp(top)
		for j := range n {
			x := new(big.Int)
			if j <= i {
				x.SetInt64(int64(math.Round(math.Ldexp(r[i*n+j], bits-e))))
				x.Lsh(x, uint(high-half[j])) // undo the scaling
			}
			m.v[i*n+j] = x
		}
	}
	s := m.times(a).times(m.transpose())
	var off, t big.Int
	// rows of s have the scales of the rows of r; weights 1/sqrt(diagonal) make the test independent of them
	w := make([]*big.Int, n)
	for i := range n {
		d := s.v[i*n+i]
		if d.Sign() <= 0 {
			return false
		}
		w[i] = new(big.Int).Sqrt(d)
	}
	scale := new(big.Int)
	for _, x := range w {
		if x.Cmp(scale) > 0 {
			scale.Set(x)
		}
	}
	scale.Lsh(scale, 32)
	for i := range n {
		w[i].Quo(scale, w[i].Add(w[i], big.NewInt(1)))
		if w[i].Sign() <= 0 {
			return false
		}
	}
	for i := range n {
		off.SetInt64(0)
		for j := range n {
			if j != i {
				off.Add(&off, t.Mul(t.Abs(s.v[i*n+j]), w[j]))
			}
		}
		if t.Mul(s.v[i*n+i], w[i]).Cmp(&off) <= 0 {
			return false
		}
	}
	return true
}
