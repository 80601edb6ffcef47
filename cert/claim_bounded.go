package cert

import (
	"fmt"
	"math/big"
	"slices"
)

// bounded proves that a lure member without sandwich layers enters an explicit ball.
//
// Claim, for |u'_i| <= 1 and every initial state: |x(k)|_M <= r^k |x(0)|_M + beta/(1-r), beta^2 = sum T, and
//
//	limsup |y'_i - by_i| <= kappa_i beta/(1-r) + sum_j |Cw_ij| + sum_j |D22_ij|.
//
// Proof. r^2 M - A'MA > 0 gives |A x|_M <= r |x|_M. For z = (w, u', 1) all |z_i| <= 1, as |tanh| <= 1, so
// diag(T) - [B1 B2 bx]'M [B1 B2 bx] > 0 gives |B1 w + B2 u' + bx|_M^2 <= z'diag(T)z <= sum T. The triangle inequality and the
// geometric sum give the first line. kappa2_i M - Cx_i'Cx_i > 0 gives |Cx_i x| <= kappa_i |x|_M, hence the second. QED
//
// C1, D12 and bv do not enter: only |w| <= 1 does. The slopes of tanh could not help here, since the claim is for networks whose
// feedback need not contract, and M therefore belongs to A alone.
func (p *part) bounded() {
	p.require(p.Layers == 0, "a bounded claim needs w = tanh(v), without sandwich layers", fmt.Sprintf("there are %d", p.Layers))
	n, w := p.States, p.w
	m, t := p.metric("M", w.M), p.multiplier("T", w.T)
	p.positive(p.form(n).add(square(w.Rate), 0, m).sub(p.weight("A"), m), "r^2 M - A'MA > 0")
	side := beside(p.weight("B1"), p.weight("B2"), p.weight("bx"))
	p.positive(p.form(side.c).add(one, 0, t).sub(side, m), "diag(T) - [B1 B2 bx]'M[B1 B2 bx] > 0")

	reach := new(big.Rat).Quo(sqrtUp(add(rats(w.T)...)), new(big.Rat).Sub(one, w.Rate))
	p.out.Centre = rats(p.floats("by"))
	direct := magnitude(beside(p.weight("Cw"), p.weight("D22")))
	sums := p.mul(direct, fromFloats(direct.c, 1, slices.Repeat([]float64{1}, direct.c)))
	for i, kappa2 := range w.Kappa2 {
		p.positive(p.form(n).add(kappa2, 0, m).sub(p.weight("Cx").row(i), identity(1)), "output %d: kappa2 M - Cx_i'Cx_i > 0", i)
		p.out.Radius = append(p.out.Radius, up(add(mul(sqrtUp(kappa2), reach), sums.entry(i, 0))))
	}
	p.overshoot(m)
}
