package cert

import (
	"fmt"
	"math"
	"math/big"
)

// decision is the answer to "is S positive definite", with its evidence in words.
type decision struct {
	positive bool
	by       string // by how much not
}

// definite decides exactly whether x'Sx > 0 for all x != 0, for a symmetric S that is den > 0 times the matrix meant.
//
// A floating-point LDL' factorisation of a scaled copy proposes evidence, which is then verified over the integers:
//
//   - a square V with V'SV strictly diagonally dominant, diagonal positive. Then z'V'SVz > 0 for z != 0 (Gershgorin), so
//     V has no null vector, is invertible, and S is positive definite;
//   - or a vector x != 0 with x'Sx <= 0. Then S is not.
//
// Where neither holds, Bareiss' fraction-free elimination decides. Complete within the work limit; cost about n^3
// operations on numbers twice as long as those of S, in the last case on numbers n times as long.
//
// Reference: Bareiss 1968 (elimination); Rump 2006 (verification from approximate factors; there in floating point with
// error bounds, here exactly).
func (a *arith) definite(s matrix, den *big.Int) decision {
	n := s.r
	for i := range n {
		if d := s.at(i, i); d.Sign() <= 0 {
			return decision{by: fmt.Sprintf("diagonal entry %d is %s", i, decimal(valueOf(d, s.exp, den)))}
		}
	}
	v, breaks, ok := guess(s)
	if ok && breaks < 0 && a.dominant(v, s) {
		return decision{positive: true}
	}
	if ok && breaks >= 0 {
		x := matrix{r: n, c: 1, exp: v.exp}
		var size, t big.Int
		for i := range n {
			x.v = append(x.v, v.at(i, breaks))
			size.Add(&size, t.Mul(t.Mul(x.v[i], x.v[i]), s.at(i, i)))
		}
		// size = sum x_i^2 S_ii > 0 says x != 0
		if q := a.mul(x.transpose(), a.mul(s, x)).v[0]; size.Sign() > 0 && q.Sign() <= 0 {
			return decision{by: fmt.Sprintf("x'Sx = %s sum x_i^2 S_ii for an x that was found", decimal(new(big.Rat).SetFrac(q, &size)))}
		}
	}
	return a.bareiss(s)
}

// valueOf is v 2^exp / den.
func valueOf(v *big.Int, exp int, den *big.Int) *big.Rat {
	return mul(scale2(v, exp), new(big.Rat).SetFrac(big.NewInt(1), den))
}

// decimal prints a rational with four digits, for people.
func decimal(r *big.Rat) string { return new(big.Float).SetPrec(64).SetRat(r).Text('g', 4) }

// guess orthogonalises the unit vectors in the inner product of a copy of S scaled to a diagonal near one. breaks is -1 and
// the columns of v make v'Sv nearly the identity, or column number breaks is an x with x'Sx about <= 0. ok is false when
// floating point gave nothing finite. Nothing here is trusted.
func guess(s matrix) (v matrix, breaks int, ok bool) {
	n := s.r
	half, high := make([]int, n), 0
	for i := range n {
		half[i] = s.at(i, i).BitLen() / 2
		high = max(high, half[i])
	}
	x := make([][]float64, n)
	largest := 0.0
	breaks = -1
	for j := 0; j < n && breaks < 0; j++ {
		f := make([]float64, j+1) // column j of the scaled copy
		for k := range f {
			f[k] = scaled(s.at(k, j), half[j]+half[k])
		}
		y := make([]float64, j+1)
		y[j] = 1
		d := f[j]
		for i := range j {
			c := 0.0
			for k, t := range x[i] {
				c += t * f[k]
			}
			d -= c * c
			for k, t := range x[i] {
				y[k] -= c * t
			}
		}
		if !(d > 0) {
			breaks, d, largest = j, 1, 0 // only this column counts
			clear(x)
		}
		for k := range y {
			y[k] /= math.Sqrt(d)
			largest = max(largest, math.Abs(y[k]))
		}
		x[j] = y
	}
	if math.IsNaN(largest) || math.IsInf(largest, 0) {
		return matrix{}, breaks, false
	}
	_, e := math.Frexp(largest)
	v = zeros(n, n)
	for j, col := range x {
		for i, f := range col {
			t := v.at(i, j).SetInt64(int64(math.Ldexp(f, guessBits-e)))
			t.Lsh(t, uint(high-half[i])) // undo the scaling
		}
	}
	return v, breaks, true
}

// guessBits is the length to which proposals are rounded: below the 63 bits of int64, above the 53 of float64.
const guessBits = 60

// scaled returns x 2^-shift as float64.
func scaled(x *big.Int, shift int) float64 {
	f := new(big.Float).SetPrec(53).SetInt(x)
	g, _ := f.SetMantExp(f, -shift).Float64()
	return g
}

// dominant reports whether v's v is strictly diagonally dominant with a positive diagonal.
func (a *arith) dominant(v, s matrix) bool {
	e := a.mul(v.transpose(), a.mul(s, v))
	for i := range e.r {
		var off, t big.Int
		for j := range e.c {
			off.Add(&off, t.Abs(e.at(i, j)))
		}
		if t.Lsh(e.at(i, i), 1).Cmp(&off) <= 0 { // off has |e_ii| too
			return false
		}
	}
	return true
}

// bareiss decides by Sylvester's criterion: S is positive definite iff all leading minors are positive. They are the
// pivots of the fraction-free elimination
//
//	m_ij <- (m_ij m_kk - m_ik m_kj) / previous pivot,
//
// whose divisions are exact (Sylvester's identity: every m_ij is a minor of S). Only the lower triangle is kept.
func (a *arith) bareiss(s matrix) decision {
	n := s.r
	words := s.words()
	for k := range n { // by Hadamard's inequality a minor of order k has about k times the bits of an entry
		a.spend((n-k)*(n-k), k*words, 2*k*words)
	}
	m := make([][]*big.Int, n)
	for i := range m {
		for j := range i + 1 {
			m[i] = append(m[i], new(big.Int).Set(s.at(i, j)))
		}
	}
	previous := big.NewInt(1)
	var t big.Int
	for k := range n {
		pivot := m[k][k]
		if pivot.Sign() <= 0 {
			size := new(big.Int).Mul(previous, s.at(k, k))
			return decision{by: fmt.Sprintf("pivot %d is %s of its diagonal entry", k, decimal(new(big.Rat).SetFrac(pivot, size)))}
		}
		for i := k + 1; i < n; i++ {
			for j := k + 1; j <= i; j++ {
				x := m[i][j]
				x.Mul(x, pivot)
				x.Sub(x, t.Mul(m[i][k], m[j][k]))
				x.Quo(x, previous)
			}
		}
		previous = pivot
	}
	return decision{positive: true}
}
