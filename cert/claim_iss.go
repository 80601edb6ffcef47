package cert

import (
	"fmt"
	"math/big"
)

// inputToState proves that a gated member returns to rest, with a rate and with gains.
//
// Claim, for ut = u - u0, y_rest = D22 u0 + by, every gating network and every input, in scaled signals:
//
//	|x(k+1)|_M <= r |x(k)|_M + g |ut(k)|_2
//	|y(k) - y_rest|_2 <= kappa |x(k)|_M + d |ut(k)|_2
//
// so |y(k) - y_rest|_2 <= kappa (r^k |x(0)|_M + g/(1-r) sup |ut|) + d |ut(k)|.
//
// Proof. The deployed form clamps delta to [-1, 1], and w = delta*(C1 x + D12 ut) elementwise. Split w = wx + wu with
// wx = delta*C1 x, wu = delta*D12 ut; then wx'L wx <= (C1 x)'L (C1 x) for every diagonal L >= 0, and likewise wu.
//
//   - S = [[r^2 M - C1'L C1, 0], [0, L]] - [A B1]'M [A B1] > 0 at (x, wx): |A x + B1 wx|_M^2 <= r^2 |x|_M^2.
//   - The rest of x+ is B2 ut + B1 wu = N ut, N = B2 + B1 diag(delta) D12. Its norm is convex in delta, so largest at a vertex
//     of the cube: g2 I - N'MN > 0 for all delta in {-1,1}^q gives |N ut|_M <= g |ut|, g^2 = g2. Or, with a multiplier T > 0:
//     diag(g2 I - D12'T D12, T) - [B2 B1]'M [B2 B1] > 0 at (ut, wu) gives the same, as wu'T wu <= (D12 ut)'T (D12 ut).
//   - y - y_rest = (Cx x + Cw wx) + (D22 ut + Cw wu). Both terms are bounded in the same way:
//     diag(kappa2 M - C1'Ty C1, Ty) - [Cx Cw]'[Cx Cw] > 0 at (x, wx), diag(d2 I - D12'Td D12, Td) - [D22 Cw]'[D22 Cw] > 0 at (ut, wu).
//
// The gating network occurs nowhere: only |delta| <= 1 does. QED
//
// The stronger form of sector does not hold here: delta may be negative, and then w'L(v - w) < 0.
func (p *part) inputToState() {
	q, w := p.Hidden, p.w
	m, l := p.metric("M", w.M), p.multiplier("Lambda", w.Lambda)
	a, b1, b2, c1, d12 := p.weight("A"), p.weight("B1"), p.weight("B2"), p.weight("C1"), p.weight("D12")
	cx, cw, d22 := p.weight("Cx"), p.weight("Cw"), p.weight("D22")

	// split is diag(X - c'tc, t) - side's side, the shape of all the conditions above.
	split := func(weight *big.Rat, x, c, t, side, s matrix) *form {
		return p.form(x.r+q).add(weight, 0, x).add(one, x.r, t).sub(beside(c, zeros(q, q)), t).sub(side, s)
	}
	p.positive(split(square(w.Rate), m, c1, l, beside(a, b1), m), "[[r^2 M - C1'LC1, 0], [0, L]] - [A B1]'M[A B1] > 0")
	if w.T == nil {
		p.vertices(m, b1, b2, d12)
	} else {
		t := p.multiplier("T", w.T)
		p.positive(split(w.G2, identity(p.nu), d12, t, beside(b2, b1), m), "input gain: diag(g2 I - D12'TD12, T) - [B2 B1]'M[B2 B1] > 0")
	}
	ty, td := p.multiplier("Ty", w.Ty), p.multiplier("Td", w.Td)
	p.positive(split(w.Kappa2[0], m, c1, ty, beside(cx, cw), identity(p.ny)), "output: diag(kappa2 M - C1'TyC1, Ty) - [Cx Cw]'[Cx Cw] > 0")
	p.positive(split(w.D2, identity(p.nu), d12, td, beside(d22, cw), identity(p.ny)), "feed-through: diag(d2 I - D12'TdD12, Td) - [D22 Cw]'[D22 Cw] > 0")

	o := p.out
	o.StateGain, o.Kappa, o.Direct = sqrtUp(w.G2), sqrtUp(w.Kappa2[0]), sqrtUp(w.D2)
	o.ISSGain = add(mul(o.Kappa, o.StateGain, new(big.Rat).Inv(new(big.Rat).Sub(one, w.Rate))), o.Direct)
	p.overshoot(m)
}

// vertices requires g2 I - N'MN > 0 at all 2^q vertices. N = [B2 B1] [I; diag(delta) D12], so one Gram matrix serves them all.
func (p *part) vertices(m, b1, b2, d12 matrix) {
	q := p.Hidden
	p.require(q <= maxVertices, fmt.Sprintf("T is given for more than %d gated channels", maxVertices), fmt.Sprintf("there are %d", q))
	side := beside(b2, b1)
	gram := p.mul(side.transpose(), p.mul(m, side))
	delta := make([]float64, q)
	for v := range 1 << q {
		for i := range delta {
			delta[i] = 1 - 2*float64(v>>i&1)
		}
		x := beside(identity(p.nu), p.mul(d12.transpose(), diagonal(delta))).transpose()
		p.positive(p.form(p.nu).add(p.w.G2, 0, identity(p.nu)).sub(x, gram), "input gain: g2 I - N'MN > 0, N = B2 + B1 diag(delta) D12, delta_i = -1 where bit i of %d is set", v)
	}
}
