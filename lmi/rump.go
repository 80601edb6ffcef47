package lmi

import "math"

// unit is the unit roundoff of float64.
const unit = 0x1p-53

// tiny stands for the absolute error that underflow adds to one operation. The smallest subnormal would do; the rest of
// the factor leaves room to multiply it by sizes without care.
const tiny = 0x1p-1020

// gamma bounds the relative error of k roundings, (1+u)^k - 1 <= gamma, itself rounded up.
func gamma(k int) float64 {
	x := float64(k) * unit
	return x / (1 - x) * (1 + 4*unit)
}

// cholesky writes the lower factor of the n x n matrix (its lower triangle is read) to l and reports whether every pivot was positive. The
// order of summation does not matter to the bound of definite, nor do fused operations.
func cholesky(n int, a, l []float64) bool {
	for j := range n {
		lj := l[j*n : j*n+j]
		d := a[j*n+j]
		for _, x := range lj {
			d -= x * x
		}
		if !(d > 0) || math.IsInf(d, 0) {
			return false
		}
		d = math.Sqrt(d)
		l[j*n+j] = d
		for i := j + 1; i < n; i++ {
			s := a[i*n+j]
			for k, x := range l[i*n : i*n+j] {
				s -= x * lj[k]
			}
			l[i*n+j] = s / d
		}
	}
	return true
}

// invertLower inverts a lower triangular n x n matrix.
func invertLower(n int, l []float64) []float64 {
	r := make([]float64, n*n)
	for j := range n {
		r[j*n+j] = 1 / l[j*n+j]
		for i := j + 1; i < n; i++ {
			var s float64
			for k := j; k < i; k++ {
				s -= l[i*n+k] * r[k*n+j]
			}
			r[i*n+j] = s / l[i*n+i]
		}
	}
	return r
}

// definite proves that every symmetric matrix within radius (in the spectral norm) of the n x n matrix a, whose lower triangle is read, has its
// eigenvalues above floor. False means that no proof was found. w is work of 2 n*n numbers.
//
// Method: rows and columns are scaled by powers of two to a diagonal near one, which is exact. If the floating-point
// Cholesky factorisation of B = fl(A - c I) completes, R'R = B + E with |E_ij| <= g sqrt(b_ii b_jj)/(1 - g), g = gamma(n+1), so B >= -g/(1-g)
// tr(B). With c above that, the rounding of the subtraction and an underflow term, A > 0.
//
// Reference: Rump 2006, Verification of positive definiteness, BIT 46; Higham 2002, theorem 10.3. Ours are n+2 roundings and a
// coarser underflow term.
func definite(n int, a []float64, radius, floor float64, w []float64) bool {
	s, l := w[:n*n], w[n*n:2*n*n]
	shift := radius + max(floor, 0)
	shift += 4*unit*shift + tiny
	for i := range n {
		d := a[i*n+i]
		if !(d > shift) || math.IsInf(d, 0) {
			return false
		}
	}
	var trace, largest, worst float64
	half := l[:n] // free until the factorisation
	for i := range n {
		_, e := math.Frexp(a[i*n+i])
		half[i] = math.Ldexp(1, -e/2)
		worst = max(worst, half[i])
	}
	for i := range n {
		for j := range i + 1 {
			x := a[i*n+j]
			y := x * half[i] * half[j]
			if math.IsNaN(y) || math.IsInf(y, 0) || x != 0 && math.Abs(y) < tiny {
				return false // scaling would not be exact
			}
			s[i*n+j] = y
		}
		trace += s[i*n+i]
		largest = max(largest, s[i*n+i])
	}
	g := gamma(n + 2)
	c := g / (1 - g) * trace * (1 + gamma(n+8))
	c += 2*unit*largest + shift*worst*worst*(1+8*unit)
	c += float64(n*n) * 0x1p-900 // underflow inside the factorisation, whose diagonal is below 2
	c *= 1 + 16*unit
	for i := range n {
		s[i*n+i] -= c
	}
	clear(l)
	return cholesky(n, s, l)
}
