package ssm

import "math"

// spectral returns the largest singular value of a row-major matrix, +Inf when an element is not finite. One-sided
// Jacobi rotations (Hestenes 1958) make the columns orthogonal; their norms are then the singular values.
func spectral(x []float64, cols int) float64 {
	x = append([]float64(nil), x...)
	var size float64
	for _, v := range x {
		size = max(size, math.Abs(v)) // NaN stays NaN
	}
	if math.IsNaN(size) || math.IsInf(size, 1) {
		return math.Inf(1)
	}
	if size == 0 {
		return 0
	}
	for i := range x {
		x[i] /= size
	}
	const sweeps = 60 // quadratic convergence: about ten in practice
	for range sweeps {
		turned := false
		for i := range cols {
			for j := i + 1; j < cols; j++ {
				turned = rotate(x, cols, i, j) || turned
			}
		}
		if !turned {
			break
		}
	}
	var top float64
	for j := range cols {
		top = max(top, math.Sqrt(inner(x, cols, j, j)))
	}
	return top * size
}

// rotate makes columns i and j orthogonal and reports whether they were not.
func rotate(x []float64, cols, i, j int) bool {
	const eps = 1e-15
	a, b, c := inner(x, cols, i, i), inner(x, cols, j, j), inner(x, cols, i, j)
	if math.Abs(c) <= eps*math.Sqrt(a)*math.Sqrt(b) {
		return false
	}
	tau := (b - a) / (2 * c)
	t := math.Copysign(1/(math.Abs(tau)+math.Hypot(1, tau)), tau)
	cos := 1 / math.Hypot(1, t)
	sin := t * cos
	for k := 0; k < len(x); k += cols {
		p, q := x[k+i], x[k+j]
		x[k+i], x[k+j] = cos*p-sin*q, sin*p+cos*q
	}
	return true
}

// inner is the inner product of columns i and j.
func inner(x []float64, cols, i, j int) float64 {
	var s float64
	for k := 0; k < len(x); k += cols {
		s += x[k+i] * x[k+j]
	}
	return s
}
