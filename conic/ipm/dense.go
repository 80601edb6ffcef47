package ipm

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// Dense kernels on row-major upper triangular factors: A = R'R. Only the upper triangles of A and R are read or written.

const (
	leaf  = 24 // order up to which factors are computed element by element
	panel = 96 // rows per product when one triangle of a symmetric product is wanted
)

// cholesky overwrites the upper triangle of A (n x n, stride ld) with R. neg is scratch of at least n*n/4 + n numbers.
// A pivot that is not above floor times its original diagonal, given in diag, is replaced by a huge one, which makes its
// unknown zero in later solves; without diag it makes the function return false. It returns also how many were replaced.
func cholesky(n int, a []float64, ld int, neg []float64, diag []float64, floor float64) (replaced int, ok bool) {
	if n <= leaf {
		return choleskyLeaf(n, a, ld, diag, floor)
	}
	n1 := n / 2
	if n1 > 8 {
		n1 &^= 7
	}
	n2 := n - n1
	var d1, d2 []float64
	if diag != nil {
		d1, d2 = diag[:n1], diag[n1:n]
	}
	r1, ok := cholesky(n1, a, ld, neg, d1, floor)
	if !ok {
		return 0, false
	}
	b := a[n1:]
	solveTransposed(n1, n2, a, ld, b, ld, neg)
	c := a[n1*ld+n1:]
	subtractProduct(n1, n2, b, ld, c, ld, neg)
	r2, ok := cholesky(n2, c, ld, neg, d2, floor)
	return r1 + r2, ok
}

// hugePivot stands in for the pivot of an unknown that the others determine.
const hugePivot = 1e64

func choleskyLeaf(n int, a []float64, ld int, diag []float64, floor float64) (replaced int, ok bool) {
	for i := range n {
		row := a[i*ld+i : i*ld+n]
		p := row[0]
		if diag != nil {
			if math.IsNaN(p) || math.IsInf(p, 0) {
				return replaced, false
			}
			if !(p > floor*diag[i]) {
				replaced++
				row[0] = hugePivot
				clear(row[1:])
				continue
			}
		} else if !(p > 0) || math.IsInf(p, 1) {
			return 0, false
		}
		p = math.Sqrt(p)
		row[0] = p
		inv := 1 / p
		for j := 1; j < len(row); j++ {
			row[j] *= inv
		}
		for l := i + 1; l < n; l++ {
			f := row[l-i]
			if f == 0 {
				continue
			}
			dst, src := a[l*ld+l:l*ld+n], row[l-i:]
			for j, v := range src[:len(dst)] {
				dst[j] -= f * v
			}
		}
	}
	return replaced, true
}

// solveTransposed overwrites B (n x p, stride ldb) with the X of R'X = B.
func solveTransposed(n, p int, r []float64, ld int, b []float64, ldb int, neg []float64) {
	if n <= leaf {
		for i := range n {
			row := b[i*ldb : i*ldb+p]
			for l := range i {
				if f := r[l*ld+i]; f != 0 {
					kernel.Axpy(row, b[l*ldb:l*ldb+p], -f)
				}
			}
			kernel.Scale(row, row, 1/r[i*ld+i])
		}
		return
	}
	n1 := (n / 2) &^ 7
	n2 := n - n1
	solveTransposed(n1, p, r, ld, b, ldb, neg)
	for i := range n1 {
		kernel.Scale(neg[i*n2:(i+1)*n2], r[i*ld+n1:i*ld+n], -1)
	}
	kernel.Gemm(true, false, n2, p, n1, neg, n2, b, ldb, true, b[n1*ldb:], ldb)
	solveTransposed(n2, p, r[n1*ld+n1:], ld, b[n1*ldb:], ldb, neg)
}

// subtractProduct subtracts B'B from the upper triangle of C (p x p), B n x p.
func subtractProduct(n, p int, b []float64, ldb int, c []float64, ldc int, neg []float64) {
	for i := 0; i < p; i += panel {
		w := min(panel, p-i)
		for l := range n {
			kernel.Scale(neg[l*w:(l+1)*w], b[l*ldb+i:l*ldb+i+w], -1)
		}
		kernel.Gemm(true, false, w, p-i, n, neg, w, b[i:], ldb, true, c[i*ldc+i:], ldc)
	}
}

// scratchSize is the length of neg for order n: the largest panel that is negated.
func scratchSize(n int) int { return (n/2+8)*max(n/2+8, panel) + n }

// inverseUpper writes the inverse of R (n x n) to the upper triangle of q and zeros below it.
func inverseUpper(n int, r []float64, ld int, q []float64, ldq int, tmp []float64) {
	if n <= leaf {
		for i := n - 1; i >= 0; i-- {
			row := q[i*ldq : i*ldq+n]
			clear(row)
			d := 1 / r[i*ld+i]
			row[i] = d
			for l := i + 1; l < n; l++ {
				f := -d * r[i*ld+l]
				if f == 0 {
					continue
				}
				src := q[l*ldq+l : l*ldq+n]
				dst := row[l:]
				for j, v := range src[:len(dst)] {
					dst[j] += f * v
				}
			}
		}
		return
	}
	n1 := (n / 2) &^ 7
	n2 := n - n1
	inverseUpper(n1, r, ld, q, ldq, tmp)
	inverseUpper(n2, r[n1*ld+n1:], ld, q[n1*ldq+n1:], ldq, tmp)
	for i := range n2 {
		clear(q[(n1+i)*ldq : (n1+i)*ldq+n1])
	}
	// q12 = -q11 r12 q22
	kernel.Gemm(false, false, n1, n2, n1, q, ldq, r[n1:], ld, false, tmp, n2)
	kernel.Scale(tmp[:n1*n2], tmp[:n1*n2], -1)
	kernel.Gemm(false, false, n1, n2, n2, tmp, n2, q[n1*ldq+n1:], ldq, false, q[n1:], ldq)
}

// timesTransposed writes Q Q' (n x n, full) for upper triangular q to dst.
func timesTransposed(n int, q []float64, dst []float64) {
	for i := 0; i < n; i += panel {
		w := min(panel, n-i)
		kernel.Gemm(false, true, n-i, w, n-i, q[i*n+i:], n, q[i*n+i:], n, false, dst[i*n+i:], n)
	}
	mirrorLower(n, dst, n)
}

// mirrorLower copies the lower triangle onto the upper, averaging nothing.
func mirrorLower(n int, a []float64, ld int) {
	for i := 1; i < n; i++ {
		row := a[i*ld : i*ld+i]
		for j, v := range row {
			a[j*ld+i] = v
		}
	}
}

// mirrorUpper copies the upper triangle onto the lower.
func mirrorUpper(n int, a []float64, ld int) {
	for i := 0; i < n; i++ {
		row := a[i*ld : i*ld+n]
		for j := i + 1; j < n; j++ {
			a[j*ld+i] = row[j]
		}
	}
}

// symmetrise replaces A (n x n) by f (A + A').
func symmetrise(n int, a []float64, f float64) {
	for i := range n {
		row := a[i*n : (i+1)*n]
		row[i] *= 2 * f
		for j := i + 1; j < n; j++ {
			v := f * (row[j] + a[j*n+i])
			row[j], a[j*n+i] = v, v
		}
	}
}

// solveFactor overwrites b (n) with the x of R'R x = b.
func solveFactor(n int, r []float64, ld int, b []float64) {
	for i := range n {
		v := b[i] / r[i*ld+i]
		b[i] = v
		if v != 0 && i+1 < n {
			kernel.Axpy(b[i+1:n], r[i*ld+i+1:i*ld+n], -v)
		}
	}
	for i := n - 1; i >= 0; i-- {
		b[i] = (b[i] - dot(r[i*ld+i+1:i*ld+n], b[i+1:n])) / r[i*ld+i]
	}
}

// dot sums in four interleaved parts, in a fixed order.
func dot(a, b []float64) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// timesVector writes A v (A r x c row-major) to dst.
func timesVector(r, c int, a, v, dst []float64) {
	kernel.Gemm(false, true, 1, r, c, v, c, a, c, false, dst, r)
}

// transposedTimesVector writes A'v (A r x c) to dst.
func transposedTimesVector(r, c int, a, v, dst []float64) {
	kernel.Gemm(false, false, 1, c, r, v, r, a, c, false, dst, c)
}

func multiply(n int, a, b, dst []float64) {
	kernel.Gemm(false, false, n, n, n, a, n, b, n, false, dst, n)
}

func norm(a []float64) float64 { return math.Sqrt(dot(a, a)) }

func maxAbs(a []float64) (m float64) {
	for _, v := range a {
		m = max(m, math.Abs(v))
	}
	return m
}
