package seq

// The two scans below are the only sequential part of a Diagonal pass. They run over flat rows in which one step is
// lanes contiguous columns, so that column j+lanes is the next step of column j whatever the number of steps.

// scan advances one complex state in place: on entry columns lanes.. of (re, im) hold the drive B xin and columns
// 0..lanes-1 the initial state; on return s(j+lanes) = lambda s(j) + drive(j).
func scan(re, im []float64, lanes int, lre, lim float64) {
	n := len(re) - lanes
	r0, i0 := re[:n], im[:n]
	r1, i1 := re[lanes:][:n], im[lanes:][:n]
	for j, x := range r0 {
		y := i0[j]
		r1[j] += lre*x - lim*y
		i1[j] += lre*y + lim*x
	}
}

// scanBack is the adjoint of scan: on entry columns 0.. of (gre, gim) hold the direct gradients of the states and the
// last lanes columns the gradient of the state after the last step; on return
//
//	g(j) = direct(j) + conj(lambda) g(j+lanes)
//
// and it returns dL/dlambda as the sum of g(j+lanes) conj(s(j)), for the states (re, im) of the forward scan.
func scanBack(gre, gim, re, im []float64, lanes int, lre, lim float64) (dre, dim float64) {
	n := len(gre) - lanes
	a0, b0 := gre[:n], gim[:n]
	a1, b1 := gre[lanes:][:n], gim[lanes:][:n]
	re, im = re[:n], im[:n]
	for j := n - 1; j >= 0; j-- {
		a, b, x, y := a1[j], b1[j], re[j], im[j]
		a0[j] += lre*a + lim*b
		b0[j] += lre*b - lim*a
		dre += a*x + b*y
		dim += b*x - a*y
	}
	return dre, dim
}
