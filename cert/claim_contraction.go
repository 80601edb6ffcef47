package cert

import (
	"fmt"
)

// contraction proves that a lure or linear member forgets its initial state, and bounds its incremental gain when asked.
//
// Claim: for every input sequence and every pair of initial states, |dx(k)|_M <= r^k |dx(0)|_M.
//
// Proof. Let dx, dv, dw, dx+ be differences of two trajectories under the same input; biases cancel, so
//
//	dv = C1 dx,  dw = g(v1) - g(v2),  dx+ = A dx + B1 dw.
//
// tanh has slopes in [0, 1], so |dw_i| <= |dv_i| for each i, and dw'L dw <= dv'L dv for L = diag(Lambda) >= 0. With sandwich
// layers only |dw|_2 <= |dv|_2 is known (see lipschitz), which gives the same for L = lambda I. The condition
//
//	S = [[r^2 M - C1'L C1, 0], [0, L]] - [A B1]'M [A B1] > 0
//
// at the vector (dx, dw) says |dx+|_M^2 <= r^2 |dx|_M^2 - dv'L dv + dw'L dw <= r^2 |dx|_M^2. Induct over k. A linear member
// is the case without w. QED
//
// Reference: Revay, Wang, Manchester 2024 (contracting REN) and Barbara, Wang, Manchester 2025 (R2DN), at a rate r and
// checked from the deployed matrices instead of the parametrisation.
func (p *part) contraction() {
	n, q := p.States, p.Hidden
	m := p.metric("M", p.w.M)
	side := p.weight("A")
	f := p.form(n+q).add(square(p.w.Rate), 0, m)
	name := "r^2 M - A'MA > 0"
	if p.Kind == "lure" {
		p.lipschitz()
		l := p.sector("Lambda", p.w.Lambda)
		side = beside(side, p.weight("B1"))
		f.add(one, n, l).sub(beside(p.weight("C1"), zeros(q, q)), l)
		name = "[[r^2 M - C1'LC1, 0], [0, L]] - [A B1]'M[A B1] > 0"
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
//	diag(M, L, gamma2 I) - [A B1 B2]'M [A B1 B2] - [C1 0 D12]'L [C1 0 D12] - [Cx Cw D22]'[Cx Cw D22] > 0
//
// at (dx, dw, du) says |dx+|_M^2 - |dx|_M^2 <= gamma2 |du|^2 - |dy|^2 + dw'L dw - dv'L dv, whose last two terms are <= 0. Sum over
// k; dx(0) = 0 and M > 0. QED
func (p *part) gain() {
	n, q := p.States, p.Hidden
	g := p.w.Gain
	m := p.metric("gain M", g.M)
	side, out := p.weight("A"), p.weight("Cx")
	f := p.form(n+q+p.nu).add(one, 0, m).add(g.Gamma2, n+q, identity(p.nu))
	if p.Kind == "lure" {
		l := p.sector("gain Lambda", g.Lambda)
		side, out = beside(side, p.weight("B1")), beside(out, p.weight("Cw"))
		f.add(one, n, l).sub(beside(p.weight("C1"), zeros(q, q), p.weight("D12")), l)
	}
	side, out = beside(side, p.weight("B2")), beside(out, p.weight("D22"))
	p.positive(f.sub(side, m).sub(out, identity(p.ny)), "gain: diag(M, L, gamma2 I) - [A B1 B2]'M[A B1 B2] - [C1 0 D12]'L[C1 0 D12] - [Cx Cw D22]'[Cx Cw D22] > 0")
	p.out.Gain = sqrtUp(g.Gamma2)
}

// sector returns diag(lambda) > 0; with sandwich layers it must be a multiple of the identity.
func (p *part) sector(name string, lambda []float64) matrix {
	for i, x := range lambda {
		p.require(p.Layers == 0 || x == lambda[0], name+" is a multiple of the identity, as sandwich layers need", fmt.Sprintf("entry %d is %g, entry 0 is %g", i, x, lambda[0]))
	}
	return p.multiplier(name, lambda)
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
		f := p.form(q+t.r).add(one, 0, identity(q)).add(two, q, t)
		f.block(minusOne, 0, q, p.mul(win.transpose(), t))
		f.add(minusOne, q, p.mul(wout.transpose(), wout))
		p.positive(f, "%s is 1-Lipschitz: [[I, -Win'T], [-T Win, 2T - Wout'Wout]] > 0", name)
	}
}
