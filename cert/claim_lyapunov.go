package cert

import (
	"fmt"
	"math/big"
	"slices"
)

// lyapunov proves that x = 0 is asymptotically stable with the region {V < level}, V = x'Px, and the rate r: docs/system-bundle.md.
//
// Claim: P > 0, f(0) = 0, f is continuously differentiable on the region (continuous time: so solutions exist and are unique), and for
// x != 0 in the region W(x) < 0, where
//
//	W(x) = 2 x'P (f(x) + r x) = dV/dt + 2r V   resp.   W(x) = (f(x) - r x)'P(f(x) + r x) = V(f(x)) - r^2 V(x).
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
	p.require(r.Sign() >= 0 && (p.continuous || r.Sign() > 0 && r.Cmp(one) <= 0), "rate >= 0, in discrete time 0 < rate <= 1", "it is "+r.RatString())
	m := p.metric("P", w.M)
	if p.Kind != "expressions" {
		side, f := p.weight("A"), zeros(0, n) // no constraint
		if p.Kind == "loop" {
			side, f, _ = p.loop(nil)
		}
		p.positive(p.fall(r, m, side, f), "-A'P - PA - 2rP > 0, resp. r^2 P - A'PA > 0")
		return
	}
	p.require((w.Box == nil) != (w.Squares == nil), "one of box and squares is given", "")
	p.require(w.Level == nil && w.Box == nil && w.Multiplier == nil || w.Level != nil && w.Level.Sign() > 0 && (w.Box == nil) != (w.Multiplier == nil),
		"a positive level is given with a box or a multiplier, and only then", "")
	zero := duals(slices.Repeat([]interval{number(0)}, n))
	for i, ops := range p.ops {
		p.require(attempt(func() bool { f := evaluate(ops, zero).v; return f.lo.Sign() == 0 && f.hi.Sign() == 0 }), fmt.Sprintf("f(0) = 0, component %d", i), "")
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
	if !p.continuous {
		return s.add(square(r), 0, m).sub(side, m)
	}
	x := stack(p.mul(m, side), zeros(side.c-m.r, side.c))
	return s.add(minusOne, 0, x).add(minusOne, 0, x.transpose()).add(mul(two, minusOne, r), 0, m)
}

// attempt is false where f ends as undefined.
func attempt(f func() bool) bool {
	defer func() {
		if e := recover(); e != nil && e != any(undefined{}) {
			panic(e)
		}
	}()
	return f()
}

// duals are constants, or with gradients the coordinates.
func duals(x []interval, gradients ...[]interval) []dual {
	out := make([]dual, len(x))
	for i, v := range x {
		out[i].v, out[i].degree = v, 1
		if gradients != nil {
			out[i].d = gradients[i]
		}
	}
	return out
}

func product(x, y []dual) dual {
	sum := x[0].mul(y[0])
	for i := range x[1:] {
		sum = sum.add(x[i+1].mul(y[i+1]))
	}
	return sum
}

func (p *part) image(x []dual) (out []dual) { // P x
	var row []dual
	for _, f := range p.w.M {
		if row = append(row, dual{v: number(f)}); len(row) == len(x) {
			out, row = append(out, product(row, x)), nil
		}
	}
	return out
}

// decrease returns W times the denominator b of the rate a/b (squared in discrete time): left'right with left = 2x, resp. b f - a x, and
// right = P (b f + a x).
func (p *part) decrease(x []dual) (w dual, left, right []dual) {
	p.spend(100*p.States*(1+len(x[0].d)), len(p.ops[0]), 1)
	for i, ops := range p.ops {
		f := evaluate(ops, x).mul(dual{v: enclose(new(big.Rat).SetInt(p.w.Rate.Denom()))})
		ax := x[i].mul(dual{v: enclose(new(big.Rat).SetInt(p.w.Rate.Num()))})
		right = append(right, f.add(ax))
		if p.continuous {
			left = append(left, x[i].add(x[i]))
		} else {
			left = append(left, f.add(ax.mul(dual{v: number(-1)})))
		}
	}
	right = p.image(right)
	return product(left, right), left, right
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
// Proof. b^2 P - level e_i e_i' > 0 says level x_i^2 < b^2 V(x), so |x_i| < b where V <= level. A part is left out where V >= level: V is
// convex and lies above its tangent plane at the middle. Else W < 0 off 0 by the mean value theorem: W(x) = W(m) + W'(s)(x - m) with s in the box; or,
// where the box contains 0, f(x) = J x for a J of which row i is the derivative of f_i somewhere in the box, so W = x'Ja'P Jb x with Ja = 2I, resp.
// J - rI, and Jb = J + rI, and Ja and P Jb are among the derivatives of left and right. QED
func (p *part) cover(metric matrix) {
	type cell struct {
		x     []interval
		depth int
	}
	n, level, root, gradients := p.States, enclose(p.w.Level), cell{}, make([][]interval, p.States)
	for i, b := range p.positives("box", p.w.Box) {
		p.positive(p.form(n).add(square(b), 0, metric).add(mul(minusOne, p.w.Level), i, identity(1)), "the box holds the region, state %d: b^2 P - level ee' > 0", i)
		root.x = append(root.x, hull(enclose(b), enclose(b).neg()))
		gradients[i] = slices.Repeat([]interval{number(0)}, n)
		gradients[i][i] = number(1)
	}
	for stack := []cell{root}; len(stack) > 0; {
		top, m := stack[len(stack)-1], make([]interval, n)
		stack = stack[:len(stack)-1]
		for i, x := range top.x {
			m[i] = x.middle()
		}
		at := duals(m, gradients...)
		v := product(at, p.image(at))
		if tangent(v.v, v.d, top.x, m).lo.Cmp(level.hi) >= 0 || attempt(func() bool {
			w, left, right := p.decrease(duals(top.x, gradients...))
			if !slices.ContainsFunc(top.x, func(e interval) bool { return !e.straddles() }) {
				return steep(left, right)
			}
			middle, _, _ := p.decrease(duals(m))
			p.require(middle.v.lo.Sign() < 0 || v.v.hi.Cmp(level.lo) >= 0, "the decrease of V where 0 < V < level", "a counterexample is x = "+listed(m))
			return w.v.hi.Sign() < 0 || tangent(middle.v, w.d, top.x, m).hi.Sign() < 0
		}) {
			continue
		}
		p.require(top.depth < maxHalvings*n, "undecided: the decrease of V near x = "+listed(m), "")
		left, right, i := slices.Clone(top.x), top.x, top.depth%n
		left[i].hi, right[i].lo = m[i].lo, m[i].lo
		stack = append(stack, cell{left, top.depth + 1}, cell{right, top.depth + 1})
	}
}

// steep decides S > 0, S_ij = -sum_k (left_k.d_i right_k.d_j + left_k.d_j right_k.d_i), for all S in these intervals: all pivots of the
// elimination in interval arithmetic are positive, hence those of each S, and these are ratios of leading minors (Sylvester).
func steep(left, right []dual) bool {
	s := make([][]interval, len(left))
	for i := range s {
		for j := range i + 1 {
			t := number(0)
			for k, l := range left {
				t = t.sub(l.d[i].mul(right[k].d[j])).sub(l.d[j].mul(right[k].d[i]))
			}
			s[i] = append(s[i], t)
		}
	}
	for k, row := range s {
		if row[k].lo.Sign() <= 0 {
			return false
		}
		for i := k + 1; i < len(s); i++ {
			for j := k + 1; j <= i; j++ {
				s[i][j] = s[i][j].sub(s[i][k].mul(s[j][k]).div(row[k]))
			}
		}
	}
	return true
}

func listed(x []interval) (s string) {
	for _, e := range x {
		s += " " + e.lo.Text('g', 9)
	}
	return "(" + s + " )"
}

// squareBits is the precision in which identities are evaluated; no identity is accepted that needs more.
const squareBits = 1 << 12

// squares proves W < 0 for 0 != x in {V < level} by an identity of polynomials, with level = p/q and b of decrease,
//
//	-b W = sum a_i q_i^2 + (p - q V) sum b_j p_j^2,        in discrete time with b^2; without the second sum for the whole space.
//
// Proof. All a_i, b_j > 0, so both terms are >= 0 in the region. Off 0 one of them is positive, since among the q and p there is a power of
// each state alone. A polynomial of degree d that vanishes on the grid {0, ..., d}^n vanishes everywhere: by induction over n, as one in
// one variable with d + 1 roots does. An enclosure [0, 0] says that it vanishes at a point. QED
func (p *part) squares() {
	powers := map[int]bool{}
	for _, q := range slices.Concat(p.w.Squares, p.w.Multiplier) {
		p.positives("the weights of squares", []float64{q.Weight})
		if q.ops[0].name == "x" && (len(q.ops) == 1 || len(q.ops) == 2 && q.ops[1].name == "pow") {
			powers[q.ops[0].n] = true
		}
	}
	p.require(len(powers) == p.States, "a power of each state is among the squares", "")
	sum := func(squares []Square, x []dual) dual {
		s := dual{v: number(0)}
		for _, q := range squares {
			root := evaluate(q.ops, x)
			s = s.add(dual{v: number(q.Weight)}.mul(root.mul(root)))
		}
		return s
	}
	zero := point(new(big.Float).SetPrec(squareBits))
	for at, i := slices.Repeat([]interval{zero}, p.States), 0; i < len(at); {
		x := duals(at)
		rest, _, _ := p.decrease(x)
		rest = rest.add(sum(p.w.Squares, x))
		if level := p.w.Level; level != nil {
			below := product(x, p.image(x)).mul(dual{v: enclose(new(big.Rat).SetInt(level.Denom())).neg()}).add(dual{v: enclose(new(big.Rat).SetInt(level.Num()))})
			rest = rest.add(below.mul(sum(p.w.Multiplier, x)))
		}
		p.require(rest.degree < notPolynomial, "an identity of polynomials needs polynomial dynamics", "")
		p.require(rest.v.lo.Sign() == 0 && rest.v.hi.Sign() == 0, "-b W = sum a q^2 + (p - q V) sum b p^2", fmt.Sprintf("at x = %s the sides differ by %s", listed(at), rest.v.hi.Text('g', 3)))
		for i = 0; i < len(at); i++ { // the next point of the grid
			if at[i] = at[i].add(number(1)); at[i].lo.Cmp(big.NewFloat(float64(rest.degree))) <= 0 {
				break
			}
			at[i] = zero
		}
	}
}
