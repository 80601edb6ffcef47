package cert

import (
	"fmt"
	"math/big"
	"slices"
)

// deltaISS proves that an lstm or gru member is incrementally input-to-state stable while |u'| <= 1 in every component, from any
// two initial states in its boxes. docs/bundle.md has the equations.
//
// Claim: let d be the largest |dx_i(0)|/eta_i over the states (a complex state of the filter counts with its modulus, a layer in
// norm form with |dc|_2 and |dh|_2), and |du'_j(k)| <= e for all j and k. Then, for the states of the layers and the outputs,
//
//	|dx_i(k)| <= eta_i r^k d + zeta_i e,   |dy_i(k)| <= Y_i r^k d + G_i e.
//
// Proof. The boxes are invariant (cell), so all states stay in them, and bounds taken there hold for ever. A layer has a map F with
// |dx+| <= F(|dx|, |dv|), monotone, positively homogeneous and subadditive (cell). Let its input obey |dv(k)| <= in r^k d + gin e.
// If the claim holds at k, then
//
//	|dx(k+1)| <= F(eta r^k d + zeta e, in r^k d + gin e) <= r^k d F(eta, in) + e F(zeta, gin) <= eta r^(k+1) d + zeta e
//
// by the two inequalities required below. The next layer reads h(k+1): its in is r eta_h and its gin zeta_h. The first layer reads
// the filter, whose states obey |ds(k)| <= r^k |ds(0)| <= eta_f r^k d under equal inputs: in = |C| eta_f, and gin is the filter's gain.
// Without filter in = 0 and gin = 1. The output reads h(k+1) of the last layer, the filter's states and the input. Two states in
// the boxes differ by at most twice the box, a complex one by sqrt 2 times that, which bounds d. QED
//
// Reference: Bonassi et al. 2023, Theorem 1 (norm form, cascade). Here a layer may use bounds by components instead, gates are
// bounded with their signed bias and local slopes, and eta, zeta stand for the spectral radius of a comparison matrix.
func (p *part) deltaISS() {
	direct := identity(p.nu)
	if p.Filter.States > 0 {
		direct = p.weight("f.D")
	}
	front, side := p.response("C", direct), p.response("E", p.weight("Dy"))
	d, etaF := new(big.Rat), p.positives("filter eta", p.w.Filter)
	spread := func(box, eta bounds) {
		for i, x := range box {
			d = larger(d, up(new(big.Rat).Quo(mul(two, x), eta[i])))
		}
	}
	spread(front.box, etaF)
	in, gin, v, norm := p.apply(front.c, etaF), front.gain, front.reach, false // norm: in and gin bound a 2-norm
	for l, w := range p.w.Cells {
		name := fmt.Sprintf("layer %d: ", l)
		y := p.cell(l, w.Norm, norm, v)
		eta, zeta := p.positives(name+"eta", w.Eta), p.positives(name+"zeta", w.Zeta)
		p.below(y.step(eta, in), p.w.Rate, eta, name+"F(eta, in) <= rate eta")
		p.below(y.step(zeta, gin), one, zeta, name+"F(zeta, in) <= zeta")
		spread(y.box, eta)
		in, gin, v, norm = times(eta[y.h:], bounds{p.w.Rate}), zeta[y.h:], y.hbox, w.Norm
	}
	wy := p.weight("Wy")
	reads := p.gauge(wy, false, norm)
	p.out.Decay = times(plus(p.apply(reads, in), p.apply(side.c, etaF)), bounds{d})
	p.out.DeltaGain = plus(p.apply(reads, gin), side.gain)
	p.out.Spread, p.out.Centre = d, rats(p.floats("by"))
	p.out.Radius = plus(p.apply(magnitude(wy), v), side.reach)
}

// cell is a layer as the proof above sees it.
type cell struct {
	step func(dx, dv bounds) bounds // F
	box  bounds                     // of what each number of eta measures
	hbox bounds
	h    int // where h begins in eta
}

// cell bounds layer l for inputs |v| within these bounds, requires that its box is invariant, and returns its map F: in norm form,
// with 2-norms of its differences, or by components. vnorm says that its input is measured by its 2-norm in any case.
//
// Proof of F. For products, f1 c1 - f2 c2 = f1 (c1 - c2) + (f1 - f2) c2. A gate differs by at most D = slope (|W||dv| + |U||dh|), by
// the mean value theorem on the interval that holds both arguments. So for an lstm, with bars for upper bounds in the box,
//
//	|dc+| <= fbar |dc| + cbox D_f + ibar D_g + gbar D_i,   |dh+| <= obar |dc+| + tanh(cbox) D_o;
//
// with 2-norms the same holds for the largest entries and spectral norms in place of entries and magnitudes. For a gru,
// n reads r h, |d(r h)| <= rbar |dh| + D_r hbox, and |dh+| <= max over z of (z |dh| + (1 - z) D_n) + D_z (hbox + nbar); the maximum of
// a function linear in z is at an end of its interval. Sums, products with numbers >= 0 and maxima are monotone, homogeneous and subadditive. QED
//
// Proof of invariance. |c+| <= fbar cbox + ibar gbar, and |h+| = |o tanh(c+)| <= obar tanh(cbox). For a gru h+ lies between h and n.
func (p *part) cell(l int, norm, vnorm bool, v bounds) cell {
	at := fmt.Sprintf("l%d.", l)
	hbox := bounds(rats(p.floats(at + "hbox")))
	g := map[string]*gate{}
	for _, name := range gates[p.Kind] {
		h := hbox
		if name == "n" {
			h = times(g["r"].top, hbox)
		}
		g[name] = p.gate(at, name, norm, vnorm, v, h)
	}
	change := func(name string, dv, dh bounds) bounds { // D
		return times(g[name].slope, plus(p.apply(g[name].w, dv), p.apply(g[name].u, dh)))
	}
	invariant := fmt.Sprintf("layer %d: the box is invariant: ", l)
	if p.Kind == "gru" {
		z, r, n := g["z"], g["r"], g["n"]
		p.below(n.top, one, hbox, invariant+"nbar <= hbox")
		minus := func(x ...*big.Rat) *big.Rat { return new(big.Rat).Sub(one, x[0]) }
		ends := [][]bounds{{z.top, each(minus, z.top)}, {each(minus, z.rest), z.rest}} // z and 1 - z
		return cell{func(dh, dv bounds) bounds {
			dn := change("n", dv, plus(times(r.top, dh), times(hbox, change("r", dv, dh))))
			mix := func(z []bounds) bounds { return plus(times(z[0], dh), times(z[1], dn)) }
			return plus(each(larger, mix(ends[0]), mix(ends[1])), times(change("z", dv, dh), plus(hbox, n.top)))
		}, hbox, hbox, 0}
	}
	cbox := bounds(rats(p.floats(at + "cbox")))
	ceil := each(func(x ...*big.Rat) *big.Rat { return tanh(x[0]) }, cbox)
	i, f, gg, o := g["i"], g["f"], g["g"], g["o"]
	p.below(plus(times(f.top, cbox), times(i.top, gg.top)), one, cbox, invariant+"fbar cbox + ibar gbar <= cbox")
	p.below(times(o.top, ceil), one, hbox, invariant+"obar tanh(cbox) <= hbox")
	box := slices.Concat(cbox, hbox)
	if norm {
		box = slices.Concat(p.norm2(cbox), p.norm2(hbox))
		cbox, ceil = bounds{larger(cbox...)}, bounds{larger(ceil...)}
		for _, x := range g {
			x.top, x.slope = bounds{larger(x.top...)}, bounds{larger(x.slope...)}
		}
	}
	return cell{func(x, dv bounds) bounds {
		if norm {
			dv = p.norm2(dv)
		}
		dc, dh := x[:len(x)/2], x[len(x)/2:]
		dc = plus(times(f.top, dc), times(cbox, change("f", dv, dh)), times(i.top, change("g", dv, dh)), times(gg.top, change("i", dv, dh)))
		return append(dc, plus(times(o.top, dc), times(ceil, change("o", dv, dh)))...)
	}, box, hbox, len(box) / 2}
}

// gate holds the bounds of a gate while its inputs are in |v| and |h|, and its weights as maps between differences.
type gate struct {
	w, u      matrix
	top, rest bounds // of |value|, and of 1 - value for a sigmoid
	slope     bounds
}

// gate returns the bounds of gate name of the layer at this prefix: its argument lies in b -+ (|W| v + |U| h).
func (p *part) gate(at, name string, norm, vnorm bool, v, h bounds) *gate {
	w, u, b := p.weight(at+"W"+name), p.weight(at+"U"+name), rats(p.floats(at+"b"+name))
	reach := plus(p.apply(magnitude(w), v), p.apply(magnitude(u), h))
	p.spend(len(b), 100, 100) // the functions below
	g := &gate{w: p.gauge(w, norm, vnorm), u: p.gauge(u, norm, norm)}
	for i, x := range reach {
		hi, minusLo := add(b[i], x), new(big.Rat).Sub(x, b[i])
		apart := larger(new(big.Rat), new(big.Rat).Neg(hi), new(big.Rat).Neg(minusLo)) // of the interval from 0
		if name == "g" || name == "n" {
			g.top = append(g.top, tanh(larger(hi, minusLo)))
			g.slope = append(g.slope, mul(big.NewRat(4, 1), slope(mul(two, apart))))
		} else {
			g.top, g.rest = append(g.top, sigmoid(hi)), append(g.rest, sigmoid(minusLo))
			g.slope = append(g.slope, slope(apart))
		}
	}
	return g
}

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
