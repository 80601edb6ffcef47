package lti

import (
	"math/big"

	"gonum.org/v1/gonum/mat"
)

// The reference for verdicts: characteristic polynomials, the Routh table and Sturm chains in floating point of
// precisionBits bits. It shares nothing with the package. The verdicts are the same with three times as many bits.
const precisionBits = 1000

func bigFloat(v float64) *big.Float { return new(big.Float).SetPrec(precisionBits).SetFloat64(v) }

func bigZero() *big.Float { return new(big.Float).SetPrec(precisionBits) }

// poly holds coefficients in ascending powers.
type bigPoly []*big.Float

// charPoly is det(sI - A) by reduction to Hessenberg form with elimination and La Budde's recursion.
func charPoly(a [][]*big.Float) bigPoly {
	n := len(a)
	h := make([][]*big.Float, n)
	for i := range a {
		h[i] = make([]*big.Float, n)
		for j := range a[i] {
			h[i][j] = bigZero().Set(a[i][j])
		}
	}
	tmp := bigZero()
	for k := 1; k < n-1; k++ {
		p := k
		for i := k; i < n; i++ {
			if tmp.Abs(h[i][k-1]).Cmp(bigZero().Abs(h[p][k-1])) > 0 {
				p = i
			}
		}
		if h[p][k-1].Sign() == 0 {
			continue
		}
		h[k], h[p] = h[p], h[k]
		for i := range n {
			h[i][k], h[i][p] = h[i][p], h[i][k]
		}
		for i := k + 1; i < n; i++ {
			if h[i][k-1].Sign() == 0 {
				continue
			}
			f := bigZero().Quo(h[i][k-1], h[k][k-1])
			for j := k - 1; j < n; j++ {
				h[i][j].Sub(h[i][j], tmp.Mul(f, h[k][j]))
			}
			for j := range n {
				h[j][k].Add(h[j][k], tmp.Mul(f, h[j][i]))
			}
		}
	}
	// p_k(s) = (s - h_kk) p_{k-1} - sum_{i<k} h_ik (product of subdiagonals i+1..k) p_{i-1}
	p := []bigPoly{{bigFloat(1)}}
	for k := range n {
		next := make(bigPoly, k+2)
		for i := range next {
			next[i] = bigZero()
		}
		for i, c := range p[k] {
			next[i+1].Add(next[i+1], c)
			next[i].Sub(next[i], tmp.Mul(c, h[k][k]))
		}
		prod := bigFloat(1)
		for i := k - 1; i >= 0; i-- {
			prod.Mul(prod, h[i+1][i])
			f := bigZero().Mul(prod, h[i][k])
			for j, c := range p[i] {
				next[j].Sub(next[j], tmp.Mul(f, c))
			}
		}
		p = append(p, next)
	}
	return p[n]
}

// hurwitz says whether all roots have negative real parts, by the Routh table.
func (p bigPoly) hurwitz() bool {
	n := len(p) - 1
	var rows [2][]*big.Float
	for i := n; i >= 0; i-- {
		k := (n - i) % 2
		rows[k] = append(rows[k], p[i])
	}
	sign := p[n].Sign()
	for range n {
		if len(rows[1]) == 0 || rows[1][0].Sign() != sign {
			return false
		}
		f := bigZero().Quo(rows[0][0], rows[1][0])
		var next []*big.Float
		for j := 1; j < len(rows[0]); j++ {
			v := bigZero().Set(rows[0][j])
			if j < len(rows[1]) {
				v.Sub(v, bigZero().Mul(f, rows[1][j]))
			}
			next = append(next, v)
		}
		rows[0], rows[1] = rows[1], next
	}
	return true
}

// square is p(jw) p(-jw) as a polynomial in x = w^2.
func (p bigPoly) square() bigPoly {
	re, im := bigPoly{}, bigPoly{} // p(jw) = re(x) + jw im(x)
	for i, c := range p {
		v := bigZero().Set(c)
		if i/2%2 == 1 {
			v.Neg(v)
		}
		if i%2 == 0 {
			re = append(re, v)
		} else {
			im = append(im, v)
		}
	}
	out := make(bigPoly, len(p))
	for i := range out {
		out[i] = bigZero()
	}
	for i, a := range re {
		for j, b := range re {
			out[i+j].Add(out[i+j], bigZero().Mul(a, b))
		}
	}
	for i, a := range im {
		for j, b := range im {
			out[i+j+1].Add(out[i+j+1], bigZero().Mul(a, b))
		}
	}
	return out
}

// positiveRoots counts the distinct roots above 0 by Sturm's theorem.
func (p bigPoly) positiveRoots() int {
	chain := []bigPoly{p.trim()}
	d := bigPoly{}
	for i := 1; i < len(chain[0]); i++ {
		d = append(d, bigZero().Mul(bigFloat(float64(i)), chain[0][i]))
	}
	for b := d; len(b) > 0; {
		chain = append(chain, b)
		a := append(bigPoly(nil), chain[len(chain)-2]...)
		for i := range a {
			a[i] = bigZero().Set(a[i])
		}
		for len(a) >= len(b) {
			f := bigZero().Quo(a[len(a)-1], b[len(b)-1])
			k := len(a) - len(b)
			for i, c := range b {
				a[i+k].Sub(a[i+k], bigZero().Mul(f, c))
			}
			a = a[:len(a)-1]
		}
		for i := range a {
			a[i].Neg(a[i])
		}
		b = a.trim()
	}
	low, high := 0, 0
	var l, h int
	for _, q := range chain {
		if s := q[0].Sign(); s != 0 {
			if l != 0 && s != l {
				low++
			}
			l = s
		}
		s := q[len(q)-1].Sign()
		if h != 0 && s != h {
			high++
		}
		h = s
	}
	return low - high
}

// trim drops leading coefficients that are zero or rounding.
func (p bigPoly) trim() bigPoly {
	top := bigZero()
	for _, c := range p {
		if a := bigZero().Abs(c); a.Cmp(top) > 0 {
			top = a
		}
	}
	top.SetMantExp(top, -precisionBits/2)
	for len(p) > 0 && bigZero().Abs(p[len(p)-1]).Cmp(top) <= 0 {
		p = p[:len(p)-1]
	}
	return p
}

func bigMatrix(a *mat.Dense) [][]*big.Float {
	r, c := a.Dims()
	out := make([][]*big.Float, r)
	for i := range r {
		for j := range c {
			out[i] = append(out[i], bigFloat(a.At(i, j)))
		}
	}
	return out
}

// fraction is numerator and denominator of a system with one input and one output: num = d den + det(sI - A + bc) - den.
func fraction(g *SS) (num, den bigPoly) {
	a := bigMatrix(g.A)
	den = charPoly(a)
	for i := range a {
		for j := range a {
			a[i][j].Sub(a[i][j], bigZero().Mul(bigFloat(g.B.At(i, 0)), bigFloat(g.C.At(0, j))))
		}
	}
	num = charPoly(a)
	d := bigFloat(g.D.At(0, 0))
	for i := range num {
		num[i].Sub(num[i], den[i])
		num[i].Add(num[i], bigZero().Mul(d, den[i]))
	}
	return num, den
}

// above says whether |G(jw)| passes the level at some finite frequency w > 0.
func above(g *SS, level float64) bool {
	num, den := fraction(g)
	n, d := num.square(), den.square()
	l := bigZero().Mul(bigFloat(level), bigFloat(level))
	for i := range d {
		d[i].Mul(d[i], l)
		d[i].Sub(d[i], n[i])
	}
	return d.positiveRoots() > 0
}
