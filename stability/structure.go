package stability

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/interval"
)

// structured decides the stability of x' = Jx (x+ = Jx) for every J in an interval matrix by its zeros; "" where it cannot.
//
// Claim: the eigenvalues of J are those of its blocks, the strongly connected components of the graph of its nonzero entries. Let
// each block be asymptotically stable or a number on the border (0; 1 or -1 in discrete time). Then x' = Jx is stable iff for
// each such number, lambda of multiplicity m, the rank of J - lambda I is n - m; otherwise a Jordan block grows without bound.
// Integrators, such as a position that enters no equation, are of this kind, and no tolerance is needed for them.
//
// Method: the stability of larger blocks by lyapunovVerdict. The rank of a matrix of numbers is
// exact; of intervals it lies between the pivots of an elimination that exclude zero and the largest matching of nonzero
// entries. Verified.
//
// Reference: Khalil (2002), theorem 4.5.
func structured(n int, jac []interval.I, t Time) Verdict {
	var border []float64
	for _, c := range components(n, jac) {
		block := submatrix(n, jac, c)
		if v, ok := onBorder(block, t); ok {
			border = append(border, v)
			continue
		}
		switch blockVerdict(len(c), block, t) {
		case Unstable:
			return Unstable
		case Asymptotic:
		default:
			return ""
		}
	}
	if len(border) == 0 {
		return Asymptotic
	}
	out := Marginal
	for _, lambda := range []float64{0, 1, -1} {
		m := 0
		for _, v := range border {
			if v == lambda {
				m++
			}
		}
		if m == 0 {
			continue
		}
		shifted := append([]interval.I(nil), jac...)
		for i := range n {
			shifted[i*n+i] = shifted[i*n+i].Sub(interval.Point(lambda))
		}
		least, most := rank(n, shifted)
		switch {
		case least > n-m:
			return Unstable
		case most > n-m:
			out = ""
		}
	}
	return out
}

// onBorder returns the eigenvalue of a block of one number on the border.
func onBorder(block []interval.I, t Time) (float64, bool) {
	if len(block) != 1 || !block[0].IsPoint() {
		return 0, false
	}
	v := block[0].Lo
	return v, t == Continuous && v == 0 || t == Discrete && math.Abs(v) == 1
}

func blockVerdict(n int, block []interval.I, t Time) Verdict {
	m := mat.NewDense(n, n, mids(block))
	outside := math.Inf(-1)
	var e mat.Eigen
	if e.Factorize(m, mat.EigenNone) {
		for _, v := range e.Values(nil) {
			outside = max(outside, distance(v, t))
		}
	}
	_, v, _ := lyapunovVerdict(m, block, outside, t)
	return v
}

func submatrix(n int, a []interval.I, rows []int) []interval.I {
	out := make([]interval.I, 0, len(rows)*len(rows))
	for _, i := range rows {
		for _, j := range rows {
			out = append(out, a[i*n+j])
		}
	}
	return out
}

func isZero(v interval.I) bool { return v.Lo == 0 && v.Hi == 0 }

// components are the strongly connected components of the graph i -> j where a_ij may differ from zero, each in
// rising order.
func components(n int, a []interval.I) [][]int {
	reach := make([]bool, n*n) // transitive closure: n is small, and this is short
	for k := range reach {
		reach[k] = !isZero(a[k])
	}
	for k := range n {
		for i := range n {
			for j := range n {
				reach[i*n+j] = reach[i*n+j] || reach[i*n+k] && reach[k*n+j]
			}
		}
	}
	var out [][]int
	done := make([]bool, n)
	for i := range n {
		if done[i] {
			continue
		}
		c := []int{i}
		for j := i + 1; j < n; j++ {
			if reach[i*n+j] && reach[j*n+i] {
				c, done[j] = append(c, j), true
			}
		}
		out = append(out, c)
	}
	return out
}

// rank bounds the rank of every matrix of an interval matrix.
func rank(n int, a []interval.I) (least, most int) {
	numbers := true
	for _, v := range a {
		numbers = numbers && v.IsPoint()
	}
	if numbers {
		r := exactRank(n, mids(a))
		return r, r
	}
	return pivots(n, append([]interval.I(nil), a...)), matching(n, a)
}

// pivots counts the pivots that exclude zero in Gaussian elimination with complete pivoting: so many columns are
// independent.
func pivots(n int, a []interval.I) int {
	rows := make([]bool, n)
	for k := range n {
		p, q := -1, -1
		for i := range n {
			for j := range n {
				if !rows[i] && (p < 0 || a[i*n+j].Mig() > a[p*n+q].Mig()) {
					p, q = i, j
				}
			}
		}
		if p < 0 || !(a[p*n+q].Mig() > 0) {
			return k
		}
		rows[p] = true
		for i := range n {
			if rows[i] || isZero(a[i*n+q]) {
				continue
			}
			f := a[i*n+q].Div(a[p*n+q])
			for j := range n {
				if !isZero(a[p*n+j]) {
					a[i*n+j] = a[i*n+j].Sub(f.Mul(a[p*n+j]))
				}
			}
			a[i*n+q] = interval.I{}
		}
	}
	return n
}

// matching is the size of the largest set of nonzero entries with no row or column in common: an upper bound of the rank.
func matching(n int, a []interval.I) int {
	row := make([]int, n) // of each column
	for j := range row {
		row[j] = -1
	}
	count := 0
	for i := range n {
		if augment(n, a, i, row, make([]bool, n)) {
			count++
		}
	}
	return count
}

func augment(n int, a []interval.I, i int, row []int, seen []bool) bool {
	for j := range n {
		if isZero(a[i*n+j]) || seen[j] {
			continue
		}
		seen[j] = true
		if row[j] < 0 || augment(n, a, row[j], row, seen) {
			row[j] = i
			return true
		}
	}
	return false
}

// exactRank is that of a matrix of finite float64, which are rational numbers.
func exactRank(n int, a []float64) int {
	m := make([]*big.Rat, n*n)
	for i, v := range a {
		m[i] = new(big.Rat)
		m[i].SetFloat64(v)
	}
	r := 0
	for j := 0; j < n && r < n; j++ {
		p := r
		for p < n && m[p*n+j].Sign() == 0 {
			p++
		}
		if p == n {
			continue
		}
		for k := j; k < n; k++ {
			m[p*n+k], m[r*n+k] = m[r*n+k], m[p*n+k]
		}
		for i := r + 1; i < n; i++ {
			if m[i*n+j].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Quo(m[i*n+j], m[r*n+j])
			for k := j; k < n; k++ {
				m[i*n+k] = new(big.Rat).Sub(m[i*n+k], new(big.Rat).Mul(f, m[r*n+k]))
			}
		}
		r++
	}
	return r
}

// balanced returns D^-1 A D with D diagonal, of powers of two, so that nothing is rounded: rows and columns off the diagonal
// become of one size, and tolerances relative to |A| do not depend on the units of the states (Osborne 1960).
func balanced(n int, a []float64) []float64 {
	b := append([]float64(nil), a...)
	for range 20 {
		changed := false
		for i := range n {
			var row, col float64
			for j := range n {
				if j != i {
					row, col = row+math.Abs(b[i*n+j]), col+math.Abs(b[j*n+i])
				}
			}
			if row == 0 || col == 0 {
				continue
			}
			k := int(math.Round(math.Log2(row/col) / 2))
			if k == 0 {
				continue
			}
			changed = true
			for j := range n {
				if j != i {
					b[i*n+j], b[j*n+i] = math.Ldexp(b[i*n+j], -k), math.Ldexp(b[j*n+i], k)
				}
			}
		}
		if !changed {
			break
		}
	}
	if !finiteNumbers(b) {
		return a
	}
	return b
}
