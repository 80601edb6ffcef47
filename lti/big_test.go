package lti

import (
	"math"
	"math/big"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// bits is the precision of the independent arithmetic: far above what 60 steps of elimination with growth can lose.
const bits = 512

// bigMat is a matrix of high-precision numbers; its algorithms share nothing with the package's.
type bigMat struct {
	r, c int
	v    []*big.Float
}

func newBig(r, c int) *bigMat {
	b := &bigMat{r, c, make([]*big.Float, r*c)}
	for i := range b.v {
		b.v[i] = new(big.Float).SetPrec(bits)
	}
	return b
}

func toBig(a *mat.Dense) *bigMat {
	r, c := a.Dims()
	b := newBig(r, c)
	for i := range r {
		for j := range c {
			b.v[i*c+j].SetFloat64(a.At(i, j))
		}
	}
	return b
}

func (a *bigMat) at(i, j int) *big.Float { return a.v[i*a.c+j] }

func (a *bigMat) t() *bigMat {
	b := newBig(a.c, a.r)
	for i := range a.r {
		for j := range a.c {
			b.at(j, i).Set(a.at(i, j))
		}
	}
	return b
}

func (a *bigMat) mul(b *bigMat) *bigMat {
	out := newBig(a.r, b.c)
	p := new(big.Float).SetPrec(bits)
	for i := range a.r {
		for j := range b.c {
			for k := range a.c {
				out.at(i, j).Add(out.at(i, j), p.Mul(a.at(i, k), b.at(k, j)))
			}
		}
	}
	return out
}

func (a *bigMat) plus(f float64, b *bigMat) *bigMat {
	out, p := newBig(a.r, a.c), new(big.Float).SetPrec(bits)
	for i := range a.v {
		out.v[i].Add(a.v[i], p.Mul(b.v[i], big.NewFloat(f)))
	}
	return out
}

func (a *bigMat) norm() float64 {
	s, p := new(big.Float).SetPrec(bits), new(big.Float).SetPrec(bits)
	for _, v := range a.v {
		s.Add(s, p.Mul(v, v))
	}
	f, _ := s.Sqrt(s).Float64()
	return f
}

func (a *bigMat) float() *mat.Dense {
	out := mat.NewDense(a.r, a.c, nil)
	for i := range a.r {
		for j := range a.c {
			f, _ := a.at(i, j).Float64()
			out.Set(i, j, f)
		}
	}
	return out
}

// solve returns a^-1 b by Gauss-Jordan elimination with row exchanges; nil if singular.
func (a *bigMat) solve(b *bigMat) *bigMat {
	n := a.r
	x, y := a.plus(0, a), b.plus(0, b)
	p := new(big.Float).SetPrec(bits)
	for k := range n {
		best := k
		for i := k; i < n; i++ {
			if new(big.Float).Abs(x.at(i, k)).Cmp(new(big.Float).Abs(x.at(best, k))) > 0 {
				best = i
			}
		}
		if x.at(best, k).Sign() == 0 {
			return nil
		}
		for j := range n {
			x.v[k*n+j], x.v[best*n+j] = x.v[best*n+j], x.v[k*n+j]
		}
		for j := range y.c {
			y.v[k*y.c+j], y.v[best*y.c+j] = y.v[best*y.c+j], y.v[k*y.c+j]
		}
		for i := range n {
			if i == k || x.at(i, k).Sign() == 0 {
				continue
			}
			f := new(big.Float).SetPrec(bits).Quo(x.at(i, k), x.at(k, k))
			for j := k; j < n; j++ {
				x.at(i, j).Sub(x.at(i, j), p.Mul(f, x.at(k, j)))
			}
			for j := range y.c {
				y.at(i, j).Sub(y.at(i, j), p.Mul(f, y.at(k, j)))
			}
		}
	}
	for i := range n {
		for j := range y.c {
			y.at(i, j).Quo(y.at(i, j), x.at(i, i))
		}
	}
	return y
}

// charpoly returns the characteristic polynomial, descending, by Hessenberg reduction with elimination and the recurrence
// of its leading minors.
func (a *bigMat) charpoly() []*big.Float {
	n := a.r
	h := a.plus(0, a)
	p := new(big.Float).SetPrec(bits)
	for k := 1; k < n-1; k++ {
		best := k
		for i := k; i < n; i++ {
			if new(big.Float).Abs(h.at(i, k-1)).Cmp(new(big.Float).Abs(h.at(best, k-1))) > 0 {
				best = i
			}
		}
		if h.at(best, k-1).Sign() == 0 {
			continue
		}
		for j := range n {
			h.v[k*n+j], h.v[best*n+j] = h.v[best*n+j], h.v[k*n+j]
		}
		for i := range n {
			h.v[i*n+k], h.v[i*n+best] = h.v[i*n+best], h.v[i*n+k]
		}
		for i := k + 1; i < n; i++ {
			f := new(big.Float).SetPrec(bits).Quo(h.at(i, k-1), h.at(k, k-1))
			for j := range n {
				h.at(i, j).Sub(h.at(i, j), p.Mul(f, h.at(k, j)))
			}
			for j := range n {
				h.at(j, k).Add(h.at(j, k), p.Mul(f, h.at(j, i)))
			}
		}
	}
	// q[k] = characteristic polynomial of the leading k x k block, ascending.
	q := [][]*big.Float{{big.NewFloat(1).SetPrec(bits)}}
	for k := 1; k <= n; k++ {
		next := make([]*big.Float, k+1)
		for i := range next {
			next[i] = new(big.Float).SetPrec(bits)
		}
		for i, v := range q[k-1] {
			next[i+1].Add(next[i+1], v)
			next[i].Sub(next[i], p.Mul(v, h.at(k-1, k-1)))
		}
		prod := big.NewFloat(1).SetPrec(bits)
		for i := k - 1; i >= 1; i-- {
			prod.Mul(prod, h.at(i, i-1))
			f := new(big.Float).SetPrec(bits).Mul(prod, h.at(i-1, k-1))
			for l, v := range q[i-1] {
				next[l].Sub(next[l], p.Mul(f, v))
			}
		}
		q = append(q, next)
	}
	out := make([]*big.Float, n+1)
	for i := range out {
		out[i] = q[n][n-i]
	}
	return out
}

// hurwitz decides by Routh's table whether all roots have negative real part.
func hurwitz(c []*big.Float) bool {
	n := len(c) - 1
	var up, low []*big.Float
	for i := 0; i <= n; i++ {
		if i%2 == 0 {
			up = append(up, c[i])
		} else {
			low = append(low, c[i])
		}
	}
	p := new(big.Float).SetPrec(bits)
	for range n {
		if up[0].Sign()*low[0].Sign() <= 0 {
			return false
		}
		f := new(big.Float).SetPrec(bits).Quo(up[0], low[0])
		var next []*big.Float
		for i := 1; i < len(up); i++ {
			v := new(big.Float).SetPrec(bits).Set(up[i])
			if i < len(low) {
				v.Sub(v, p.Mul(f, low[i]))
			}
			next = append(next, v)
		}
		up, low = low, next
		if len(low) == 0 {
			break
		}
	}
	return up[0].Sign() != 0
}

// bigStable decides the stability of A without eigenvalues: Routh for A, or for (A - I)(A + I)^-1 in discrete time.
func bigStable(a *mat.Dense, discrete bool) bool {
	b := toBig(a)
	if discrete {
		i := toBig(identity(b.r))
		b = b.plus(1, i).solve(b.plus(-1, i)) // the factors commute
		if b == nil {
			return false
		}
	}
	return hurwitz(b.charpoly())
}

func randn(r *rand.Rand, n, m int) *mat.Dense {
	d := mat.NewDense(n, m, nil)
	for i := range n {
		for j := range m {
			d.Set(i, j, r.NormFloat64())
		}
	}
	return d
}

// randA has eigenvalues in about the unit disk.
func randA(r *rand.Rand, n int) *mat.Dense { return scale(1/math.Sqrt(float64(n)), randn(r, n, n)) }

func randPSD(r *rand.Rand, n int) *mat.Dense {
	a := randn(r, n, n)
	q := mul(a, a.T())
	symmetrise(q)
	return q
}

func stream(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 5)) }

// abscissa returns the largest real part (modulus) of the eigenvalues, by gonum.
func abscissa(a *mat.Dense, discrete bool) float64 {
	var e mat.Eigen
	e.Factorize(a, mat.EigenNone)
	top := math.Inf(-1)
	for _, v := range e.Values(nil) {
		if discrete {
			top = max(top, math.Hypot(real(v), imag(v)))
		} else {
			top = max(top, real(v))
		}
	}
	return top
}
