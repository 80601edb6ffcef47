package cert

import (
	"math/big"
	"slices"
)

// response is what the filter and the direct path do to a signal z = Re(M s) + D u that reads them, by components of z.
type response struct {
	c     matrix // |M_ji|, complex moduli
	gain  bounds // of |dz| over sup |du'|_inf, from equal states
	reach bounds // of |z| while |u'| <= 1, from any state in the box
	box   bounds // of |s_i(0)|
}

// At most filterSteps samples of the impulse response are summed, and fewer once every |lambda|^n is below filterRest.
const filterSteps = 4096

var filterRest = big.NewRat(1, 1<<14)

// response requires |lambda| <= rate for the filter and bounds z = Re(M s) + D u, M = f.<name>re + i f.<name>im.
//
// Let h(0) = D and h(t) = Re(M lambda^(t-1) B), so that z(k) = sum of h(t) u(k-t) over t <= k, plus Re(M lambda^k s(0)). Then
//
//	gain_j  = sum over t of |h_j(t)|, summed over inputs
//	reach_j = sup over k of sum_{t<=k} |h_j(t)| + sum_i |M_ji| |lambda_i|^k b_i,   b_i = sqrt 2 box_i >= |s_i(0)|.
//
// After n steps: with g_i = sum_m |B_im|/(1 - |lambda_i|), the rest of the first sum is at most sum_i |M_ji| |lambda_i|^n g_i, and for
// k >= n the second is at most its terms t <= n plus sum_i |M_ji| |lambda_i|^n (g_i (1 - x) + b_i x) with x = |lambda_i|^(k-n), hence
// plus sum_i |M_ji| |lambda_i|^n max(g_i, b_i).
//
// Of lambda^k B the conjugate is kept, x = [Re; -Im], because h(k+1) = [Re M, Im M] x. Each part of each step is rounded down to a unit, so
// after k steps it is off by less than 2k units in modulus: the first n samples, summed over m inputs, by n^2 m sum_i |M_ji| units.
func (p *part) response(name string, d matrix) (z response) {
	ones := func(n int) bounds { return slices.Repeat(bounds{one}, n) }
	z.gain, z.c = p.apply(magnitude(d), ones(d.c)), zeros(d.r, 0)
	z.reach = z.gain
	s := p.Filter.States
	if s == 0 {
		return z
	}
	get := func(x, y string) matrix { return beside(p.weight("f."+x), p.weight("f."+y)) }
	fast := p.eigenvalues("f.", "rate", p.w.Rate)
	slack := func(x ...*big.Rat) *big.Rat { return new(big.Rat).Quo(x[0], new(big.Rat).Sub(one, x[1])) }
	g := each(slack, p.apply(moduli(get("Bre", "Bim")), ones(p.nu)), fast)
	m := get(name+"re", name+"im")
	z.c, z.box = moduli(m), moduli(get("box", "box")).bounds()
	re, im := diagonal(p.floats("f.lre")), diagonal(p.floats("f.lim"))
	turn := stack(beside(re, im), beside(negative(im), re))
	x, left, n := stack(p.weight("f.Bre"), negative(p.weight("f.Bim"))), ones(s), int64(0) // left >= |lambda|^n
	for ; n < filterSteps && larger(left...).Cmp(filterRest) >= 0; n++ {
		z.reach = each(larger, z.reach, plus(z.gain, p.apply(z.c, times(left, z.box))))
		z.gain = plus(z.gain, p.apply(magnitude(p.mul(m, x)), ones(p.nu)))
		x, left = p.mul(turn, x).floor(), times(left, fast)
	}
	rounding := times(p.apply(z.c, ones(s)), bounds{mul(big.NewRat(n*n*int64(p.nu), 1), scale2(big.NewInt(1), -gridBits))})
	z.reach = plus(each(larger, z.reach, plus(z.gain, p.apply(z.c, times(left, each(larger, g, z.box))))), rounding)
	z.gain = plus(z.gain, p.apply(z.c, times(left, g)), rounding)
	return z
}

// moduli bounds the moduli of complex numbers whose real parts are the left half of x and whose imaginary parts are the right.
func moduli(x matrix) matrix {
	var out bounds
	for i := range x.r {
		for j := range x.c / 2 {
			out = append(out, sqrtUp(add(square(x.entry(i, j)), square(x.entry(i, x.c/2+j)))))
		}
	}
	return fromRats(x.r, x.c/2, out)
}
