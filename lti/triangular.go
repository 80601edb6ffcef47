package lti

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// transposed is the Schur form of A': with J the exchange of order, A' = (UJ)(J T' J)(UJ)', and J T' J is quasi upper
// triangular again.
func (s *realSchur) transposed() *realSchur {
	n := len(s.values)
	r := &realSchur{t: mat.NewDense(n, n, nil), u: mat.NewDense(n, n, nil), values: make([]complex128, n)}
	for i := range n {
		r.values[i] = s.values[n-1-i]
		for j := range n {
			r.t.Set(i, j, s.t.At(n-1-j, n-1-i))
			r.u.Set(i, j, s.u.At(i, n-1-j))
		}
	}
	return r
}

// blocks lists the first rows of the diagonal blocks of a quasi triangular matrix, and its size at the end.
func blocks(t *mat.Dense) []int {
	n, _ := t.Dims()
	var out []int
	for i := 0; i < n; i++ {
		out = append(out, i)
		if i+1 < n && t.At(i+1, i) != 0 {
			i++
		}
	}
	return append(out, n)
}

// solveTriangular overwrites F (n x m) with X, where
//
//	T X + X S = F     or     T X S - X = F (discrete)
//
// and T (n x n) and S (m x m) are quasi upper triangular: column blocks from the left, within them row blocks from the
// bottom, each a system of at most four unknowns. It says false where one of these is singular.
func solveTriangular(discrete bool, t, s, f *mat.Dense) bool {
	n, m := f.Dims()
	rows, cols := blocks(t), blocks(s)
	td, sd, x := t.RawMatrix().Data, s.RawMatrix().Data, f.RawMatrix().Data
	y := x // what the columns to the left contribute is y S: X itself, or T X
	if discrete {
		y = make([]float64, n*m)
	}
	for cb := 0; cb+1 < len(cols); cb++ {
		j0, j1 := cols[cb], cols[cb+1]
		for i := range n {
			for j := j0; j < j1; j++ {
				v := x[i*m+j]
				for k := range j0 {
					v -= y[i*m+k] * sd[k*m+j]
				}
				x[i*m+j] = v
			}
		}
		for rb := len(rows) - 2; rb >= 0; rb-- {
			i0, i1 := rows[rb], rows[rb+1]
			var z [2][2]float64 // the rows below: sum of T_ik X_kj
			for i := i0; i < i1; i++ {
				for j := j0; j < j1; j++ {
					for k := i1; k < n; k++ {
						z[i-i0][j-j0] += td[i*n+k] * x[k*m+j]
					}
				}
			}
			if !smallBlock(discrete, td, sd, x, n, m, i0, i1, j0, j1, &z) {
				return false
			}
		}
		if discrete {
			for i := range n {
				for j := j0; j < j1; j++ {
					var v float64
					for k := max(0, i-1); k < n; k++ {
						v += td[i*n+k] * x[k*m+j]
					}
					y[i*m+j] = v
				}
			}
		}
	}
	return true
}

// smallBlock solves for the block of X in rows i0..i1-1 and columns j0..j1-1.
func smallBlock(discrete bool, t, s, x []float64, n, m, i0, i1, j0, j1 int, z *[2][2]float64) bool {
	r, c := i1-i0, j1-j0
	var a [4][5]float64
	for i := range r {
		for j := range c {
			row := &a[i*c+j]
			rhs := x[(i0+i)*m+j0+j]
			if discrete {
				for k := range c {
					rhs -= z[i][k] * s[(j0+k)*m+j0+j]
				}
				for k := range r {
					for l := range c {
						row[k*c+l] = t[(i0+i)*n+i0+k] * s[(j0+l)*m+j0+j]
					}
				}
				row[i*c+j]--
			} else {
				rhs -= z[i][j]
				for k := range r {
					row[k*c+j] += t[(i0+i)*n+i0+k]
				}
				for l := range c {
					row[i*c+l] += s[(j0+l)*m+j0+j]
				}
			}
			row[4] = rhs
		}
	}
	v, ok := eliminate(&a, r*c)
	for i := range r {
		for j := range c {
			x[(i0+i)*m+j0+j] = v[i*c+j]
		}
	}
	return ok
}

// eliminate solves a system of n <= 4 equations, right side in column 4, with complete pivoting.
func eliminate(a *[4][5]float64, n int) (x [4]float64, ok bool) {
	var at [4]int // unknown in each column
	for i := range n {
		at[i] = i
	}
	for k := range n {
		p, q := k, k
		for i := k; i < n; i++ {
			for j := k; j < n; j++ {
				if math.Abs(a[i][j]) > math.Abs(a[p][q]) {
					p, q = i, j
				}
			}
		}
		if a[p][q] == 0 {
			return x, false
		}
		a[k], a[p] = a[p], a[k]
		for i := range n {
			a[i][k], a[i][q] = a[i][q], a[i][k]
		}
		at[k], at[q] = at[q], at[k]
		for i := k + 1; i < n; i++ {
			f := a[i][k] / a[k][k]
			for j := k; j < n; j++ {
				a[i][j] -= f * a[k][j]
			}
			a[i][4] -= f * a[k][4]
		}
	}
	for i := n - 1; i >= 0; i-- {
		v := a[i][4]
		for j := i + 1; j < n; j++ {
			v -= a[i][j] * x[at[j]]
		}
		x[at[i]] = v / a[i][i]
	}
	return x, true
}
