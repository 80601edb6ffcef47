package lmi

import (
	"fmt"
	"math"
	"math/big"
)

// maxExactEqualities bounds the rational elimination, whose cost grows with the fourth power.
const maxExactEqualities = 200

// satisfy returns a point that satisfies the equalities exactly: unknowns chosen by pivoting are solved for in rationals, the
// others stay. moved is the largest change.
func (c *Compiled) satisfy(pt *point, x []float64) (*point, float64, error) {
	m := len(c.conic.Eqs)
	if m > maxExactEqualities {
		return nil, 0, fmt.Errorf("%d equalities, at most %d are made exact", m, maxExactEqualities)
	}
	n := c.problem.unknown
	var eqs [][]*big.Rat // coefficients and, last, the right-hand side
	for _, b := range c.blocks {
		if b.sort != eq {
			continue
		}
		zero := &point{num: make([]*big.Int, n), den: big.NewInt(1)}
		for i := range zero.num {
			zero.num[i] = new(big.Int)
		}
		f0, err := c.exact(b.e, zero)
		if err != nil {
			return nil, 0, err
		}
		first := len(eqs)
		for _, v := range f0.v {
			row := make([]*big.Rat, n+1)
			for i := range n {
				row[i] = new(big.Rat)
			}
			row[n] = rational(new(big.Int).Neg(v), f0.exp, big.NewInt(1))
			eqs = append(eqs, row)
		}
		seen := map[int]bool{}
		for _, u := range b.rows.vars {
			if seen[u] {
				continue
			}
			seen[u] = true
			zero.num[u].SetInt64(1)
			f, err := c.exact(b.e, zero)
			if err != nil {
				return nil, 0, err
			}
			for k, v := range f.v {
				q := rational(v, f.exp, big.NewInt(1))
				eqs[first+k][u] = q.Add(q, eqs[first+k][n])
			}
			zero.num[u].SetInt64(0)
		}
	}
	pivots, err := eliminate(eqs, n)
	if err != nil {
		return nil, 0, err
	}
	values := make([]*big.Rat, n)
	for i := range n {
		values[i] = rational(pt.num[i], pt.exp, pt.den)
	}
	var moved float64
	isPivot := make([]bool, n)
	for _, u := range pivots {
		isPivot[u] = u >= 0
	}
	var t big.Rat
	for k, u := range pivots {
		v := new(big.Rat).Set(eqs[k][n])
		for i := range n {
			if !isPivot[i] && eqs[k][i].Sign() != 0 {
				v.Sub(v, t.Mul(eqs[k][i], values[i]))
			}
		}
		y, _ := v.Float64()
		moved = max(moved, math.Abs(y-x[u]))
		values[u] = v
	}
	den := big.NewInt(1)
	for _, v := range values {
		g := new(big.Int).GCD(nil, nil, den, v.Denom())
		den.Mul(den, g.Quo(v.Denom(), g))
		if den.BitLen() > 4*maxSpread {
			return nil, 0, fmt.Errorf("their exact solution has denominators of more than %d bits", 4*maxSpread)
		}
	}
	out := &point{num: make([]*big.Int, n), den: den}
	for i, v := range values {
		q := new(big.Int).Quo(den, v.Denom())
		out.num[i] = q.Mul(q, v.Num())
	}
	return out, moved, nil
}

// eliminate brings the rows (n coefficients and a right-hand side) to reduced echelon form in place, drops zero rows to the
// end, and returns the pivot column of each remaining row.
func eliminate(rows [][]*big.Rat, n int) ([]int, error) {
	var pivots []int
	var t big.Rat
	for k := 0; k < len(rows); k++ {
		best, size := -1, 0.0
		for i := range n {
			if f, _ := rows[k][i].Float64(); math.Abs(f) > size {
				best, size = i, math.Abs(f)
			}
		}
		if best < 0 {
			if rows[k][n].Sign() != 0 {
				return nil, fmt.Errorf("they contradict one another")
			}
			rows[k] = rows[len(rows)-1]
			rows = rows[:len(rows)-1]
			k--
			continue
		}
		inv := new(big.Rat).Inv(rows[k][best])
		for i := range rows[k] {
			rows[k][i].Mul(rows[k][i], inv)
		}
		for r := range rows {
			if f := rows[r][best]; r != k && f.Sign() != 0 {
				f = new(big.Rat).Set(f)
				for i := range rows[r] {
					if rows[k][i].Sign() != 0 {
						rows[r][i].Sub(rows[r][i], t.Mul(f, rows[k][i]))
					}
				}
			}
		}
		pivots = append(pivots, best)
	}
	return pivots, nil
}
