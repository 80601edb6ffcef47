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

// At most filterSteps samples of the impulse response are summed, and fewer when every |lambda|^k has fallen below 2^-filterFall.
const (
	filterSteps = 4096
	filterFall  = 14
)

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
// Rounding. x_i = lambda_i^k B_im, lambda and M are integers of a unit, each part rounded down, hence off by less than 2 in modulus.
// If x is off by e, the next x is off by less than e + 2|x| + 2 with |x| <= |B| + e: after k steps by less than
// 4 (k + 1) (|B| + 1) units. So sum_i Re(M_i x_i) is off by less than that times |M_i| + 1, summed over i; over n steps and all inputs
// by 4 n^2 sum_i (|M_i| + 1)(sum_m |B_im| + inputs) units. The rounding of each such sum itself is added where it is made.
func (p *part) response(name string, d matrix) (z response) {
	ones := func(n int) bounds { return slices.Repeat(bounds{one}, n) }
	z.gain, z.c = p.apply(magnitude(d), ones(d.c)), zeros(d.r, 0)
	z.reach = slices.Clone(z.gain)
	s := p.Filter.States
	if s == 0 {
		return z
	}
	pair := func(x, y string) matrix { return beside(p.weight("f."+x).transpose(), p.weight("f."+y).transpose()) }
	m, b, l := beside(p.weight("f."+name+"re"), p.weight("f."+name+"im")), pair("Bre", "Bim"), pair("lre", "lim").units(0)
	z.c, z.box = moduli(m), moduli(pair("box", "box")).bounds()
	fast := p.eigenvalues("f.", "rate", p.w.Rate)
	shrink, size := units(fast), p.apply(moduli(b).transpose(), ones(b.r))
	g, turn := make(bounds, s), make([][]*big.Int, 2*s) // turn: lambda as a matrix that acts on (Re, Im)
	for i, q := range fast {
		g[i] = up(new(big.Rat).Quo(size[i], new(big.Rat).Sub(one, q)))
		turn[i], turn[s+i] = []*big.Int{l[i], new(big.Int).Neg(l[s+i])}, []*big.Int{l[s+i], l[i]}
	}
	for j := range d.r {
		row, c := m.units(j), z.c.row(j).bounds()
		for _, q := range row[s:] { // Re(M x) = Re M Re x - Im M Im x
			q.Neg(q)
		}
		x := make([][]*big.Int, b.r) // one state an input
		for k := range x {
			x[k] = b.units(k)
		}
		free, left := units(times(c, z.box)), units(ones(s)) // left >= |lambda|^n
		sum, most, n := new(big.Int), new(big.Int), int64(0)
		for ; n < filterSteps && slices.ContainsFunc(left, func(q *big.Int) bool { return q.BitLen() > gridBits-filterFall }); n++ {
			p.spend(8*s*(b.r+1), 4, 4)
			_, now := dot(free, left)
			if now.Add(now, sum).Cmp(most) > 0 {
				most = now
			}
			for _, x := range x {
				h, _ := dot(row, x)
				sum.Add(sum, h.Abs(h)).Add(sum, big.NewInt(1))
				for i := range s {
					at := []*big.Int{x[i], x[s+i]}
					x[i], _ = dot(at, turn[i])
					x[s+i], _ = dot(at, turn[s+i])
				}
			}
			for i := range left {
				_, left[i] = dot(left[i:i+1], shrink[i:i+1])
			}
		}
		rounding := new(big.Rat)
		for i := range size {
			rounding.Add(rounding, mul(big.NewRat(4*n*n, 1), add(c[i], one), add(size[i], big.NewRat(int64(b.r), 1))))
		}
		_, tail := dot(units(times(c, g)), left)
		_, late := dot(units(times(c, each(larger, g, z.box))), left)
		if late.Add(late, sum).Cmp(most) > 0 {
			most = late
		}
		total := func(direct *big.Rat, q *big.Int) *big.Rat {
			return up(add(direct, mul(add(new(big.Rat).SetInt(q), rounding), scale2(big.NewInt(1), -gridBits))))
		}
		z.gain[j], z.reach[j] = total(z.gain[j], tail.Add(tail, sum)), total(z.reach[j], most)
	}
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

// units returns row i in units, rounded down; the function of that name rounds up.
func (m matrix) units(i int) []*big.Int {
	out := make([]*big.Int, m.c)
	for j := range out {
		out[j], _ = fixed(m.entry(i, j))
	}
	return out
}

func units(x bounds) []*big.Int {
	out := make([]*big.Int, len(x))
	for i, q := range x {
		_, out[i] = fixed(q)
	}
	return out
}

// dot returns sum x_i y_i, rounded down and up to the unit.
func dot(x, y []*big.Int) (down, up *big.Int) {
	var s, t big.Int
	for i := range x {
		s.Add(&s, t.Mul(x[i], y[i]))
	}
	return quo(&s, unit)
}
