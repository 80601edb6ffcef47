package cert

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// lyapunov proves that x = 0 is asymptotically stable with the region {V < level}, V = x'Mx, and the rate r: docs/system-bundle.md.
//
// Claim: M > 0, f(0) = 0, f is continuously differentiable on the region (continuous time: so solutions exist and are unique), and for
// x != 0 in the region W(x) < 0, where
//
//	W(x) = 2 x'M (f(x) + r x) = dV/dt + 2r V   resp.   W(x) = (f(x) - r x)'M(f(x) + r x) = V(f(x)) - r^2 V(x).
//
// Then every trajectory that starts in the region stays there, goes to 0, and V falls at least like e^(-2rt), resp. r^(2k).
//
// Proof. V(0) = 0 and V > 0 elsewhere. r >= 0, resp. 0 < r <= 1, so V falls strictly on the region off 0. A trajectory from V = v < level
// stays in {V <= v}, which is compact and lies in the region. V falls to a limit l >= 0; if l > 0, the trajectory stayed in the compact set
// {l <= V <= v}, on which the fall is at least a positive constant. So l = 0. The rate is Gronwall's inequality, resp. induction. QED
//
// Reference: Khalil 2002, Theorem 4.1; Bof, Carli and Schenato 2018 (discrete time).
func (p *part) lyapunov() {
	w, r, n := p.w, p.w.Rate, p.States
	p.require(r.Sign() >= 0 && (p.b.manifest.System.Continuous || r.Sign() > 0 && r.Cmp(one) <= 0), "rate >= 0, in discrete time 0 < rate <= 1", "it is "+r.RatString())
	m := p.metric("M", w.M)
	switch p.Kind {
	case "matrix":
		p.positive(p.fall(r, m, p.weight("A"), zeros(0, n)), "-A'M - MA - 2rM > 0, resp. r^2 M - A'MA > 0")
		return
	case "loop":
		side, f, _ := p.loop(nil)
		p.positive(p.fall(r, m, side, f), "-dV/dt - 2rV + mu |Fz|^2 > 0, resp. r^2 V - V+ + mu |Fz|^2 > 0, in the closed loop")
		return
	}
	p.require((w.Box == nil) != (w.Squares == nil) && (w.Level == nil && w.Box == nil || w.Level != nil && w.Level.Sign() > 0), "the witness is a positive level and a box, or squares", "")
	for i, ops := range p.ops {
		p.require(p.evaluate(ops, duals(slices.Repeat([]interval{number(0)}, n), false)).v.zero(), fmt.Sprintf("f(0) = 0, component %d", i), "")
	}
	if w.Box != nil {
		p.cover(m)
	} else {
		p.squares()
	}
}

// fall is r^2 V(x) - V(x+), resp. -dV/dt - 2r V, plus mu |f z|^2, as a quadratic form in z = (x, ...), for x+, resp. dx/dt = side z.
func (p *part) fall(r *big.Rat, m, side, f matrix) *form {
	s := p.form(side.c).add(one, 0, p.mul(f.transpose(), p.mul(p.multiplier("mu", p.w.Mu), f)))
	if !p.b.manifest.System.Continuous {
		return s.add(square(r), 0, m).sub(side, m)
	}
	x := stack(p.mul(m, side), zeros(side.c-m.r, side.c))
	return s.add(minusOne, 0, x).add(minusOne, 0, x.transpose()).add(mul(two, minusOne, r), 0, m)
}

// duals are the coordinates x, with their gradients or without.
func duals(x []interval, gradients bool) []dual {
	out := make([]dual, len(x))
	for i, v := range x {
		out[i] = dual{v: v, c: v, degree: 1}
		if gradients {
			out[i].d = slices.Repeat([]interval{number(0)}, len(x))
			out[i].d[i] = number(1)
		}
	}
	return out
}

// quadratic returns x'M y.
func (p *part) quadratic(x, y []dual) dual {
	p.spend(30*(1+len(x))*(1+len(x))*(1+len(x[0].d)), int(x[0].v.lo.Prec())/16, 1)
	sum := constant(number(0))
	for i, f := range p.w.M {
		sum = sum.add(x[i/len(x)].mul(constant(number(f))).mul(y[i%len(x)]))
	}
	return sum
}

// decrease returns W = left'M right with left = 2x, resp. f - rx, and right = f + rx.
func (p *part) decrease(x []dual) (w dual, left, right []dual) {
	for i, ops := range p.ops {
		f, rx, l := p.evaluate(ops, x), x[i].mul(exact(p.w.Rate)), x[i].add(x[i])
		if !p.b.manifest.System.Continuous {
			l = f.add(rx.mul(exact(minusOne)))
		}
		left, right = append(left, l), append(right, f.add(rx))
	}
	return p.quadratic(left, right), left, right
}

// tangent is v + d (x - m).
func tangent(v interval, d, x, m []interval) interval {
	for i := range x {
		v = v.add(d[i].mul(x[i].sub(m[i])))
	}
	return v
}

// maxHalvings is how often a box is halved in each direction before it counts as undecided.
const maxHalvings = 40

// cover proves W < 0 for 0 != x in {V < level} by branch and bound: a box that holds the region is divided until each part is settled.
//
// Proof. b^2 M - level e_i e_i' > 0 says level x_i^2 < b^2 V(x), so |x_i| < b where V <= level. A part is left out where V >= level: V is
// convex and lies above its tangent plane at the middle. Else W < 0 off 0 by the mean value theorem: W(x) = W(m) + W'(s)(x - m) with s in the
// part; or f(x) = f(x) - f(0) = J x for a J of slopes between 0 and the part, so W = x'Ja'M Jb x with Ja = 2I, resp. J - rI, and Jb = J + rI, and
// Ja and Jb are among the slopes of left and right. QED
func (p *part) cover(metric matrix) {
	var root []interval
	for i, b := range p.positives("box", p.w.Box) {
		p.positive(p.form(p.States).add(square(b), 0, metric).add(mul(minusOne, p.w.Level), i, identity(1)), "the box holds the region, state %d: b^2 M - level ee' > 0", i)
		root = append(root, hull(enclose(b), enclose(b).neg()))
	}
	p.settle(root, 0, enclose(p.w.Level))
}

// settle ends when the box x, halved depth times, is settled.
func (p *part) settle(x []interval, depth int, level interval) {
	m := make([]interval, len(x))
	for i := range x {
		m[i] = x[i].middle()
	}
	v := p.quadratic(duals(m, true), duals(m, true))
	if tangent(v.v, v.d, x, m).lo.Cmp(level.hi) >= 0 || p.falls(x, m, v.v.hi.Cmp(level.lo) < 0) {
		return
	}
	p.require(depth < maxHalvings*len(x), "undecided: the decrease of V near x = "+fmt.Sprint(m), "")
	left, right, i := slices.Clone(x), slices.Clone(x), depth%len(x)
	left[i].hi, right[i].lo = m[i].lo, m[i].lo
	p.settle(left, depth+1, level)
	p.settle(right, depth+1, level)
}

// falls decides W < 0 on the box x off 0, as said in cover, and refuses the claim when its middle m, in the region, shows the contrary.
func (p *part) falls(x, m []interval, inside bool) (ok bool) {
	defer func() { // not decided where f has no value
		if e := recover(); e != nil && e != any(undefined) {
			panic(e)
		}
	}()
	if !slices.ContainsFunc(x, func(e interval) bool { return !e.straddles() }) {
		return p.steep(x)
	}
	w, left, right := p.decrease(duals(x, true))
	middle, ml, mr := p.decrease(duals(m, false))
	p.require(middle.v.lo.Sign() < 0 || !inside, "the decrease of V where 0 < V < level", "a counterexample is x = ", m)
	negative := func() bool { return w.v.hi.Sign() < 0 || tangent(middle.v, w.d, x, m).hi.Sign() < 0 }
	if negative() {
		return true
	}
	for i := range left { // the mean value theorem for f itself
		left[i].v, right[i].v = tangent(ml[i].v, left[i].d, x, m), tangent(mr[i].v, right[i].d, x, m)
		left[i].c, right[i].c = left[i].v, right[i].v
	}
	w = p.quadratic(left, right)
	return negative() || p.steep(x)
}

// steep decides W < 0 off 0 on the box x by W = x'Sx of cover: -(S + S') > 0, S_ij = sum_kl left_k.d_i M_kl right_l.d_j, for
// all S in these intervals, as all pivots of the elimination in interval arithmetic are positive, hence those of each matrix, and these
// are ratios of leading minors (Sylvester).
func (p *part) steep(x []interval) bool {
	n, from0 := len(x), duals(x, true)
	for i := range x {
		from0[i].c = number(0)
	}
	_, left, right := p.decrease(from0)
	p.spend(30*n*n*n*n, gridBits/4, 1)
	s := make([][]interval, n)
	for i := range s {
		for j := range i + 1 {
			t := number(0)
			for k, f := range p.w.M {
				t = t.sub(number(f).mul(left[k/n].d[i].mul(right[k%n].d[j]).add(left[k/n].d[j].mul(right[k%n].d[i]))))
			}
			s[i] = append(s[i], t)
		}
	}
	for k, row := range s {
		if row[k].lo.Sign() <= 0 {
			return false
		}
		for i := k + 1; i < n; i++ {
			for j := k + 1; j <= i; j++ {
				s[i][j] = s[i][j].sub(s[i][k].mul(s[j][k]).div(row[k]))
			}
		}
	}
	return true
}

// squareBits is the precision in which identities are evaluated; no identity is accepted that needs more.
const squareBits = 1 << 12

// squares proves W < 0 for 0 != x in {V < level} by an identity of polynomials, with level = p/q,
//
//	-W = sum a_i s_i^2 + (p - q V) sum b_j t_j^2,        without the second sum for the whole space.
//
// Proof. All a_i, b_j > 0, so both terms are >= 0 in the region. Off 0 one of them is positive, since among the s and t there is a power of
// each state alone. A polynomial of degree d that vanishes on the grid {0, ..., d}^n vanishes everywhere: by induction over n, as one in
// one variable with d + 1 roots does. An enclosure [0, 0] says that it vanishes at a point. QED
func (p *part) squares() {
	for i := range p.States {
		p.require(slices.ContainsFunc(p.w.Squares, func(q Square) bool {
			return q.Root[0] == fmt.Sprint("x", i) && (len(q.Root) == 1 || len(q.Root) == 2 && strings.HasPrefix(q.Root[1], "pow:"))
		}), "a power of each state is among the squares", "")
	}
	zero, inside := point(new(big.Float).SetPrec(squareBits)), dual{}
	for at, i := slices.Repeat([]interval{zero}, p.States), 0; i < len(at); {
		x := duals(at, false)
		if p.w.Level != nil {
			num, den := new(big.Rat).SetInt(p.w.Level.Num()), new(big.Rat).SetInt(p.w.Level.Denom())
			inside = exact(num).add(exact(den.Neg(den)).mul(p.quadratic(x, x)))
		}
		rest, _, _ := p.decrease(x)
		for _, q := range p.w.Squares {
			p.require(q.Weight > 0 && (p.w.Level != nil || !q.Inside), "weights of squares are positive, and a level is given for those inside", "")
			root := p.evaluate(q.ops, x)
			term := root.mul(root).mul(constant(number(q.Weight)))
			if q.Inside {
				term = term.mul(inside)
			}
			rest = rest.add(term)
		}
		p.require(rest.degree < notPolynomial && rest.v.zero(), "-W = sum of squares + (p - q V) times those inside, all polynomials", "at x = ", at, " the sides differ by ", rest.v)
		for i = 0; i < len(at); i++ { // the next point of the grid
			if at[i] = at[i].add(number(1)); at[i].lo.Cmp(big.NewFloat(float64(rest.degree))) <= 0 {
				break
			}
			at[i] = zero
		}
	}
}
