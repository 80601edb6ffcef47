package grad

import "math"

// solve writes op(a)^-1 b into dst, or NaN where a is singular.
func (t *Tape) solve(n *node, dst []float64) {
	a, size := t.nodes[n.a].val, t.nodes[n.a].rows
	free := t.mem.place
	lu := t.mem.get(size * size)
	if n.ta {
		transpose(lu, a, size, size)
	} else {
		copy(lu, a)
	}
	copy(dst, t.nodes[n.b].val)
	if !eliminate(lu, size, dst, n.cols) {
		t.fail("Solve: matrix %dx%d is singular", size, size)
		for i := range dst {
			dst[i] = math.NaN()
		}
	}
	t.mem.release(free)
}

// eliminate overwrites x (n x cols) by a^-1 x and a by its triangular factor; false when a pivot is zero or not finite.
func eliminate(a []float64, n int, x []float64, cols int) bool {
	for k := range n {
		p := k
		for i := k + 1; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[p*n+k]) {
				p = i
			}
		}
		pivot := a[p*n+k]
		if pivot == 0 || math.IsNaN(pivot) || math.IsInf(pivot, 0) {
			return false
		}
		if p != k {
			swap(a[k*n:(k+1)*n], a[p*n:(p+1)*n])
			swap(x[k*cols:(k+1)*cols], x[p*cols:(p+1)*cols])
		}
		for i := k + 1; i < n; i++ {
			f := -a[i*n+k] / pivot
			addScaled(a[i*n+k+1:(i+1)*n], a[i*n+k+1:(i+1)*n], f, a[k*n+k+1:(k+1)*n])
			addScaled(x[i*cols:(i+1)*cols], x[i*cols:(i+1)*cols], f, x[k*cols:(k+1)*cols])
		}
	}
	for k := n - 1; k >= 0; k-- {
		row := x[k*cols : (k+1)*cols]
		for i := k + 1; i < n; i++ {
			addScaled(row, row, -a[k*n+i], x[i*cols:(i+1)*cols])
		}
		affine(row, row, 1/a[k*n+k], 0)
	}
	return true
}

func swap(a, b []float64) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}
