package ipm

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// eigenSym replaces the symmetric matrix a (n x n, row-major) by its eigenvectors, one in each row, and writes the
// eigenvalues to d, in no order; e holds n numbers of scratch. False when the iteration does not converge.
//
// Method: Householder's tridiagonal form, then the implicit QL iteration with Wilkinson's shift (Bowdler, Martin, Reinsch and
// Wilkinson, 1968, The QR and QL algorithms for symmetric matrices, Numerische Mathematik 11).
func eigenSym(n int, a, d, e []float64) bool {
	tridiagonal(n, a, d, e)
	for l := range n {
		if !deflate(n, l, a, d, e) {
			return false
		}
	}
	return true
}

// tridiagonal leaves the diagonal in d, the elements beside it in e[0..n-2], and in row i of a the vector q_i with
// A = sum of T_ij q_i q_j'.
func tridiagonal(n int, a, d, e []float64) {
	for k := 0; k+2 < n; k++ { // H = I - beta v v' makes column k zero below its second element; v stays in row k
		v := a[k*n+k+1 : k*n+n]
		size := norm(v)
		if size == 0 {
			d[k], e[k] = 0, 0
			continue
		}
		head := v[0]
		e[k] = -math.Copysign(size, head)
		v[0] = head - e[k]
		beta := -1 / (e[k] * v[0]) // 2/v'v
		d[k] = beta
		m := n - k - 1
		p := e[k+1 : n] // free as yet
		for i := range m {
			p[i] = beta * dot(a[(k+1+i)*n+k+1:(k+2+i)*n], v)
		}
		kernel.Axpy(p, v, -beta/2*dot(v, p))
		for i := range m {
			row := a[(k+1+i)*n+k+1 : (k+2+i)*n]
			kernel.Axpy(row, p, -v[i])
			kernel.Axpy(row, v, -p[i])
		}
	}
	if n >= 2 {
		e[n-2] = a[(n-2)*n+n-1]
	}
	accumulate(n, a, d)
}

// accumulate multiplies the reflections out, from the last, whose block is the smallest; factors stand in d and give way to
// the diagonal.
func accumulate(n int, a, d []float64) {
	for k := n - 1; k >= 0; k-- {
		beta, diagonal := 0.0, a[k*n+k]
		if k+2 < n {
			beta = d[k]
		}
		d[k] = diagonal
		if beta != 0 { // block := (block) H, rows are the q
			v := a[k*n+k+1 : k*n+n]
			for i := k + 1; i < n; i++ {
				row := a[i*n+k+1 : (i+1)*n]
				kernel.Axpy(row, v, -beta*dot(row, v))
			}
		}
		clear(a[k*n+k : k*n+n])
		a[k*n+k] = 1
		for i := k + 1; i < n; i++ {
			a[i*n+k] = 0
		}
	}
}

// deflate iterates until the element beside d[l] is rounding.
func deflate(n, l int, a, d, e []float64) bool {
	const most = 60 // two or three are usual
	for range most {
		m := l
		for m < n-1 && math.Abs(e[m]) > epsilon*(math.Abs(d[m])+math.Abs(d[m+1])) {
			m++
		}
		if m == l {
			return true
		}
		g := (d[l+1] - d[l]) / (2 * e[l])
		g = d[m] - d[l] + e[l]/(g+math.Copysign(math.Hypot(g, 1), g))
		s, c, p := 1.0, 1.0, 0.0
		i := m - 1
		for ; i >= l; i-- {
			f, b := s*e[i], c*e[i]
			r := math.Hypot(f, g)
			e[i+1] = r
			if r == 0 { // the matrix splits here
				d[i+1] -= p
				e[m] = 0
				break
			}
			s, c = f/r, g/r
			g = d[i+1] - p
			r = (d[i]-g)*s + 2*c*b
			p = s * r
			d[i+1] = g + p
			g = c*r - b
			rotate(a[i*n:(i+1)*n], a[(i+1)*n:(i+2)*n], c, s)
		}
		if i >= l {
			continue
		}
		d[l] -= p
		e[l], e[m] = g, 0
	}
	return false
}

func rotate(x, y []float64, c, s float64) {
	for i, u := range x {
		v := y[i]
		x[i], y[i] = c*u-s*v, s*u+c*v
	}
}

// epsilon is the spacing of numbers at 1.
const epsilon = 0x1p-52
