package cert

import "math/big"

// margin proves that a loop is asymptotically stable and stays so when each of the channels is multiplied by its own factor from the disk
// D(alpha, skew), constant and complex, or varying with time and amplitude: docs/system-bundle.md.
//
// Claim: let w_i = Delta_i(v_i) on the channels, with |w_i| <= alpha |v_i| at each time, or sum |w_i|^2 <= alpha^2 sum |v_i|^2 + c_i from the start to
// each time (a causal operator of norm alpha, in any state). Then M > 0, L = diag(Lambda) > 0 and, with mu > 0, side, F of loop and v = r + h w,
// h = (1 + skew)/2, on the channels,
//
//	-dV/dt, resp. V - V+,  + w'L w - alpha^2 v'L v + |diag(mu)^(1/2) F z|^2 > 0      for all z = (x, w, r) != 0
//
// say that the loop is asymptotically stable, and that w = delta v has a solution for all complex |delta_i| <= alpha.
//
// Proof. On trajectories F z = 0, so dV/dt, resp. V+ - V, <= -c|z|^2 + w'L w - alpha^2 v'L v with c > 0. Under the first condition the last two
// terms are <= 0 together, so V is a Lyapunov function; under the second their sum from the start to each time is bounded, so z is square
// summable, and so is dx/dt, a matrix times z; x goes to 0.
// Delta = 0 is the loop itself. For complex z the form, being real, is positive too. Let x = 0, w = delta v and F z = 0: then
// w'L w <= alpha^2 v'L v, -dV/dt = 0, resp. V - V+ <= 0, so z = 0: delta and (with w = 0) the loop are well posed. QED
//
// mu stands for eliminating r (Finsler's lemma): if the form without it is positive where F z = 0, all large mu do.
//
// Reference: Seiler, Packard and Gahinet 2020 (disk margins); Junnarkar, Arcak and Seiler 2024, Lemma III.1, without a network.
func (p *part) margin() {
	w, n := p.w, p.States
	p.require(w.Alpha.Sign() > 0, "alpha > 0", "it is "+w.Alpha.RatString())
	m, l := p.metric("M", w.M), p.multiplier("Lambda", w.Lambda)
	still := map[bool]*big.Rat{true: new(big.Rat), false: one}[p.b.manifest.System.Continuous] // the rate at which V does not fall
	side, f, pick := p.loop(w.Channels)
	a2, h := mul(minusOne, w.Alpha, w.Alpha), mul(big.NewRat(1, 2), add(one, w.Skew))
	q, lr := len(w.Channels), p.mul(l, pick.transpose()) // v'L v = h^2 w'L w + 2 h w'lr r + r'pick lr r
	p.positive(p.fall(still, m, side, f).add(add(one, mul(a2, h, h)), n, l).block(mul(a2, h), n, n+q, lr).add(a2, n+q, p.mul(pick, lr)),
		"the decrease of V and the sector of Delta: -dV/dt, resp. V - V+, + w'Lw - alpha^2 v'Lv + mu |Fz|^2 > 0")
}

// loop returns, for z = (x, w, r), side of dx/dt, resp. x+ = side z, and f such that f z = 0, and the columns of the identity that belong to
// the channels. r = (u, y) are the signals that come out of the controller and the plant, and r + pick w go into the plant and the controller:
//
//	dx/dt or x+ = A x + B (r + pick w),   r = C x + D (r + pick w),   A = diag(A_P, A_K),  B = diag(B_P, B_K),  C = [[0, s C_K], [C_P, 0]],  D = [[0, s D_K], [D_P, 0]].
func (p *part) loop(channels []int) (side, f, pick matrix) {
	np, nk, m, k := p.Plant, p.States-p.Plant, p.nu, p.ny
	get := func(name string, rows, cols int) matrix {
		if rows*cols == 0 {
			return zeros(rows, cols)
		}
		return p.weight(name)
	}
	turn := negative // feedback
	if p.Positive {
		turn = func(x matrix) matrix { return x }
	}
	corners := func(a, b, c, d matrix) matrix { return stack(beside(a, b), beside(c, d)) }
	a := corners(get("P.A", np, np), zeros(np, nk), zeros(nk, np), get("K.A", nk, nk))
	b := corners(get("P.B", np, m), zeros(np, k), zeros(nk, m), get("K.B", nk, k))
	c := corners(zeros(m, np), turn(get("K.C", m, nk)), get("P.C", k, np), zeros(k, nk))
	dp, dk := get("P.D", k, m), turn(get("K.D", m, k))
	pick = zeros(m+k, len(channels))
	for j, i := range channels {
		pick.v[i*len(channels)+j] = big.NewInt(1)
	}
	d := corners(zeros(m, m), dk, dp, zeros(k, k))
	f = beside(negative(c), negative(p.mul(d, pick)), corners(identity(m), negative(dk), negative(dp), identity(k)))
	return beside(a, p.mul(b, pick), b), f, pick
}
