package cert

import "fmt"

// contraction proves that a lure or linear member forgets its initial state, and bounds its incremental gain when asked.
//
// Claim: for every input sequence and every pair of initial states, |dx(k)|_M <= r^k |dx(0)|_M.
//
// Proof. Let dx, dv, dw, dx+ be differences of two trajectories under the same input; biases cancel, so
//
//	dv = C1 dx,  dw = g(v1) - g(v2),  dx+ = A dx + B1 dw.
//
// The condition diag(r^2 M, 0) + S - [A B1]'M [A B1] > 0 at the vector (dx, dw), S being that of sector, says
// |dx+|_M^2 <= r^2 |dx|_M^2 + (dx, dw)'S(dx, dw) <= r^2 |dx|_M^2. Induct over k. A linear member is the case without w. QED
//
// Reference: Revay, Wang, Manchester 2024 (contracting REN) and Barbara, Wang, Manchester 2025 (R2DN), at a rate r and
// checked from the deployed matrices instead of the parametrisation.
func (p *part) contraction() {
	m := p.metric("M", p.w.M)
	side, name := p.weight("A"), "r^2 M - A'MA > 0"
	f := p.form(p.States+p.Hidden).add(square(p.w.Rate), 0, m)
	if p.Kind == "lure" {
		p.lipschitz()
		p.sector(f, "Lambda", p.w.Lambda, zeros(p.Hidden, 0))
		side, name = beside(side, p.weight("B1")), "diag(r^2 M, 0) + sector(Lambda) - [A B1]'M[A B1] > 0"
	}
	p.positive(f.sub(side, m), "%s", name)
	p.overshoot(m)
	if p.w.Gain != nil {
		p.gain()
	}
}

// gain proves sum |dy|^2 <= gamma2 sum |du|^2 over every horizon, from equal initial states, in scaled signals.
//
// Proof. With an input difference du, dv = C1 dx + D12 du and dy = Cx dx + Cw dw + D22 du. The condition
//
//	diag(M, 0, gamma2 I) + S - [A B1 B2]'M [A B1 B2] - [Cx Cw D22]'[Cx Cw D22] > 0
//
// at z = (dx, dw, du) says |dx+|_M^2 - |dx|_M^2 <= gamma2 |du|^2 - |dy|^2 + z'Sz, whose last term is <= 0. Sum over
// k; dx(0) = 0 and M > 0. QED
func (p *part) gain() {
	g, nq := p.w.Gain, p.States+p.Hidden
	m := p.metric("gain M", g.M)
	side, out := p.weight("A"), p.weight("Cx")
	f := p.form(nq+p.nu).add(one, 0, m).add(g.Gamma2, nq, identity(p.nu))
	if p.Kind == "lure" {
		p.sector(f, "gain Lambda", g.Lambda, p.weight("D12"))
		side, out = beside(side, p.weight("B1")), beside(out, p.weight("Cw"))
	}
	side, out = beside(side, p.weight("B2")), beside(out, p.weight("D22"))
	p.positive(f.sub(side, m).sub(out, identity(p.ny)), "gain: diag(M, 0, gamma2 I) + sector(Lambda) - [A B1 B2]'M[A B1 B2] - [Cx Cw D22]'[Cx Cw D22] > 0")
	p.out.Gain = sqrtUp(g.Gamma2)
}

// sector adds S to f, a form with z'Sz <= 0 at every z = (dx, dw, du) of two trajectories, dv = C1 dx + d du, for
// L = diag(lambda) > 0.
//
// Without sandwich layers dw_i lies between 0 and dv_i, as tanh has slopes in [0, 1], so dw'L(dv - dw) >= 0 and
//
//	z'Sz = 2 dw'L(dw - dv),  S = [[0, -C1'L, 0], [-LC1, 2L, -Ld], [0, -d'L, 0]].
//
// With layers only |dw|_2 <= |dv|_2 is known (see lipschitz), so L must be a multiple of the identity and
//
//	z'Sz = dw'L dw - dv'L dv,  S = diag(0, L, 0) - [C1 0 d]'L[C1 0 d].
//
// The first z'Sz exceeds the second by (dw - dv)'L(dw - dv) >= 0: it proves whatever the second proves.
func (p *part) sector(f *form, name string, lambda []float64, d matrix) {
	n, q, l, c := p.States, p.Hidden, p.multiplier(name, lambda), p.weight("C1")
	if p.Layers == 0 {
		f.add(two, n, l).block(minusOne, 0, n, p.mul(c.transpose(), l)).block(minusOne, n, n+q, p.mul(l, d))
		return
	}
	for i, x := range lambda {
		p.require(x == lambda[0], name+" is a multiple of the identity, as sandwich layers need", fmt.Sprintf("entry %d is %g, entry 0 is %g", i, x, lambda[0]))
	}
	f.add(one, n, l).sub(beside(c, zeros(q, q), d), l)
}

// lipschitz proves that each sandwich layer h -> Wout tanh(Win h + b) is 1-Lipschitz, hence so is their composition g.
//
// Proof. Let dz = Win dh and ds the difference of tanh: ds_j lies between 0 and dz_j, so ds'T(dz - ds) >= 0 for diagonal
// T > 0. The condition
//
//	[[I, -Win'T], [-T Win, 2T - Wout'Wout]] > 0
//
// at (dh, ds) says |Wout ds|^2 <= |dh|^2 - 2 ds'T(dz - ds) <= |dh|^2. QED
//
// Reference: Fazlyab et al. 2019 (LipSDP), Wang and Manchester 2023 (sandwich layers).
func (p *part) lipschitz() {
	q := p.Hidden
	for i := range p.Layers {
		name := fmt.Sprintf("layer %d", i)
		win, wout := p.weight(fmt.Sprintf("g%d.Win", i)), p.weight(fmt.Sprintf("g%d.Wout", i))
		t := p.multiplier(name+" T", p.w.Layers[i])
		f := p.form(q+t.r).add(one, 0, identity(q)).add(two, q, t).block(minusOne, 0, q, p.mul(win.transpose(), t))
		p.positive(f.add(minusOne, q, p.mul(wout.transpose(), wout)), "%s is 1-Lipschitz: [[I, -Win'T], [-T Win, 2T - Wout'Wout]] > 0", name)
	}
}
