package cert_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/plumb-go/plumb/bundle"
)

// This file judges witnesses of systems from docs/system-bundle.md alone. A quadratic form is evaluated as the number that its
// definition gives at a vector, by walking along the signals of the loop, and its matrix found from values at unit vectors and sums of
// two (polarisation); the checker forms it from blocks. All numbers have 512 bits.

// loopCase is a matrix or loop system with a witness, in the numbers of the file.
type loopCase struct {
	kind, claim          string
	continuous, positive bool
	np, nk, m, p         int
	t                    map[string][]float64 // tensors, row-major
	rate, alpha, skew    *big.Rat
	channels             []int
	metric               []float64
	lambda, mu           []float64
}

func (c *loopCase) n() int { return c.np + c.nk }

func (c *loopCase) clone() *loopCase {
	d := *c
	d.t = map[string][]float64{}
	for k, v := range c.t {
		d.t[k] = slices.Clone(v)
	}
	d.metric, d.lambda, d.mu, d.channels = slices.Clone(c.metric), slices.Clone(c.lambda), slices.Clone(c.mu), slices.Clone(c.channels)
	return &d
}

func (c *loopCase) shape(name string) [2]int {
	return map[string][2]int{"A": {c.np, c.np}, "P.A": {c.np, c.np}, "P.B": {c.np, c.m}, "P.C": {c.p, c.np}, "P.D": {c.p, c.m},
		"K.A": {c.nk, c.nk}, "K.B": {c.nk, c.p}, "K.C": {c.m, c.nk}, "K.D": {c.m, c.p}}[name]
}

func (c *loopCase) model() *bundle.Model {
	member := bundle.Member{Kind: c.kind, States: c.n(), Positive: c.positive}
	if c.kind == "loop" {
		member.Plant = c.np
	}
	w := bundle.Witness{Rate: c.rate, M: c.metric, Alpha: c.alpha, Skew: c.skew, Channels: c.channels, Lambda: c.lambda, Mu: c.mu}
	b := system(c.continuous, member, c.claim, w)
	for i := range c.m {
		b.Manifest.Inputs = append(b.Manifest.Inputs, bundle.Signal{Name: fmt.Sprint("u", i)})
	}
	for i := range c.p {
		b.Manifest.Outputs = append(b.Manifest.Outputs, bundle.Signal{Name: fmt.Sprint("y", i)})
	}
	for name, v := range c.t {
		if s := c.shape(name); s[0]*s[1] > 0 {
			b.Tensors = append(b.Tensors, bundle.Tensor{Name: name, Shape: s[:], Data: v})
		}
	}
	return b
}

var hp = newHP()

func hpSum(x ...*big.Float) *big.Float {
	s := hp.f64(0)
	for _, y := range x {
		s.Add(s, y)
	}
	return s
}

func hpMul(x ...*big.Float) *big.Float {
	s := hp.f64(1)
	for _, y := range x {
		s.Mul(s, y)
	}
	return s
}

// apply is a stored matrix times a vector.
func (c *loopCase) apply(name string, x []*big.Float) []*big.Float {
	s := c.shape(name)
	out := make([]*big.Float, s[0])
	for i := range out {
		out[i] = hp.f64(0)
		for j := range s[1] {
			out[i].Add(out[i], hpMul(hp.f64(c.t[name][i*s[1]+j]), x[j]))
		}
	}
	return out
}

func hpAdd(x, y []*big.Float) []*big.Float {
	out := make([]*big.Float, len(x))
	for i := range x {
		out[i] = hpSum(x[i], y[i])
	}
	return out
}

// metricForm is x'M y.
func (c *loopCase) metricForm(x, y []*big.Float) *big.Float {
	s := hp.f64(0)
	for i := range x {
		for j := range y {
			s.Add(s, hpMul(x[i], hp.f64(c.metric[i*len(y)+j]), y[j]))
		}
	}
	return s
}

// form is the quadratic form of the claim at z = (x, w, r).
func (c *loopCase) form(z []*big.Float) *big.Float {
	n := c.n()
	x, rest := z[:n], z[n:]
	next, total := []*big.Float(nil), hp.f64(0)
	if c.kind == "matrix" {
		next = c.apply("A", x)
	} else {
		w, r := rest[:len(c.channels)], rest[len(c.channels):]
		in := make([]*big.Float, len(r)) // what plant and controller receive
		for i := range r {
			in[i] = hp.f64(0).Set(r[i])
		}
		for j, ch := range c.channels {
			in[ch].Add(in[ch], w[j])
		}
		up, yk, xp, xk := in[:c.m], in[c.m:], x[:c.np], x[c.np:]
		next = append(hpAdd(c.apply("P.A", xp), c.apply("P.B", up)), hpAdd(c.apply("K.A", xk), c.apply("K.B", yk))...)
		u := hpAdd(c.apply("K.C", xk), c.apply("K.D", yk))
		y := hpAdd(c.apply("P.C", xp), c.apply("P.D", up))
		for i := range u {
			if !c.positive {
				u[i].Neg(u[i])
			}
		}
		for i, s := range append(u, y...) {
			gap := hp.f64(0).Sub(r[i], s)
			total.Add(total, hpMul(hp.f64(c.mu[i]), gap, gap))
		}
		if c.claim == "margin" {
			h := hp.quo(hpSum(hp.f64(1), hp.rat(c.skew)), hp.f64(2))
			a := hp.rat(c.alpha)
			for j, ch := range c.channels {
				v := hpSum(r[ch], hpMul(h, w[j]))
				total.Add(total, hpMul(hp.f64(c.lambda[j]), w[j], w[j]))
				total.Sub(total, hpMul(hp.f64(c.lambda[j]), a, a, v, v))
			}
		}
	}
	rate := hp.f64(0)
	if !c.continuous {
		rate = hp.f64(1)
	}
	if c.claim == "lyapunov" {
		rate = hp.rat(c.rate)
	}
	if c.continuous {
		total.Sub(total, hpMul(hp.f64(2), c.metricForm(x, next)))
		return total.Sub(total, hpMul(hp.f64(2), rate, c.metricForm(x, x)))
	}
	total.Add(total, hpMul(rate, rate, c.metricForm(x, x)))
	return total.Sub(total, c.metricForm(next, next))
}

// matrixOf is the matrix of a quadratic form of that many variables.
func matrixOf(size int, form func([]*big.Float) *big.Float) rmat[*big.Float] {
	unit := func(at ...int) []*big.Float {
		z := make([]*big.Float, size)
		for i := range z {
			z[i] = hp.f64(0)
		}
		for _, i := range at {
			z[i] = hp.f64(1)
		}
		return z
	}
	s := rzero[*big.Float](hp, size, size)
	for i := range size {
		s.v[i*size+i] = form(unit(i))
	}
	for i := range size {
		for j := range i {
			v := form(unit(i, j))
			v.Sub(v, hpSum(s.at(i, i), s.at(j, j)))
			s.v[i*size+j] = hp.quo(v, hp.f64(2))
			s.v[j*size+i] = s.v[i*size+j]
		}
	}
	return s
}

// definiteness is the smallest pivot of s relative to its diagonal, negative when s is not positive definite.
func definiteness(s rmat[*big.Float]) float64 {
	var pos []*big.Float
	for i := range s.r {
		if s.at(i, i).Sign() <= 0 {
			return min(-1e-300, -math.Abs(hp.float(s.at(i, i))))
		}
		pos = append(pos, s.at(i, i))
	}
	sign, margin, _ := ldl[*big.Float](hp, condition[*big.Float]{s: s, pos: pos})
	if sign <= 0 {
		return min(margin, -1e-300)
	}
	return margin
}

// margin is positive when the witness proves the claim: the smallest relative pivot of all its conditions.
func (c *loopCase) margin() float64 {
	n := c.n()
	for i := range n {
		for j := range i {
			if c.metric[i*n+j] != c.metric[j*n+i] {
				return -1
			}
		}
	}
	for _, x := range slices.Concat(c.lambda, c.mu) {
		if x <= 0 {
			return -1
		}
	}
	if c.claim == "lyapunov" && (c.rate.Sign() < 0 || !c.continuous && (c.rate.Sign() == 0 || c.rate.Cmp(big.NewRat(1, 1)) > 0)) {
		return -1
	}
	if c.claim == "margin" && c.alpha.Sign() <= 0 {
		return -1
	}
	size := n
	if c.kind == "loop" {
		size += len(c.channels) + c.m + c.p
	}
	return min(definiteness(matrixOf(n, func(z []*big.Float) *big.Float { return c.metricForm(z, z) })), definiteness(matrixOf(size, c.form)))
}

// closed is the loop solved for r in float64: dx = a x + b w, v = c x + d w.
func (c *loopCase) closed() (a, b, cc, d dense) {
	n, k, q := c.n(), c.m+c.p, len(c.channels)
	put := func(to dense, i, j int, name string, f float64) {
		s := c.shape(name)
		for r := range s[0] {
			for col := range s[1] {
				to.v[(i+r)*to.c+j+col] += f * c.t[name][r*s[1]+col]
			}
		}
	}
	sign := -1.0
	if c.positive {
		sign = 1
	}
	a0, b0, c0, d0, e := newDense(n, n), newDense(n, k), newDense(k, n), newDense(k, k), newDense(k, q)
	if c.kind == "matrix" {
		put(a0, 0, 0, "A", 1)
		return a0, newDense(n, 0), newDense(0, n), newDense(0, 0)
	}
	put(a0, 0, 0, "P.A", 1)
	put(a0, c.np, c.np, "K.A", 1)
	put(b0, 0, 0, "P.B", 1)
	put(b0, c.np, c.m, "K.B", 1)
	put(c0, 0, c.np, "K.C", sign)
	put(c0, c.m, 0, "P.C", 1)
	put(d0, 0, c.m, "K.D", sign)
	put(d0, c.m, 0, "P.D", 1)
	for j, ch := range c.channels {
		e.v[ch*q+j] = 1
	}
	loop := lin(1, eye(k), -1, d0)
	rx, rw := loop.solve(c0), loop.solve(d0.mul(e))
	h := 0.5
	if c.skew != nil {
		s, _ := c.skew.Float64()
		h = (1 + s) / 2
	}
	return lin(1, a0, 1, b0.mul(rx)), lin(1, b0.mul(e), 1, b0.mul(rw)), e.t().mul(rx), lin(1, e.t().mul(rw), h, eye(q))
}

func eye(n int) dense {
	o := newDense(n, n)
	for i := range n {
		o.v[i*n+i] = 1
	}
	return o
}

// sign is the matrix sign of h by Newton's iteration; false where it does not settle.
func (h dense) sign() (dense, bool) {
	const steps, settled = 60, 1e-11
	for range steps {
		next := lin(0.5, h, 0.5, h.solve(eye(h.r)))
		change, size := 0.0, 0.0
		for i := range next.v {
			change, size = max(change, math.Abs(next.v[i]-h.v[i])), max(size, math.Abs(next.v[i]))
		}
		h = next
		if math.IsNaN(size) || size > 1e12 {
			return h, false
		}
		if change < settled*size {
			return h, true
		}
	}
	return h, false
}

// witness fills in metric and mu for a margin alpha, or a rate, from a Riccati equation in float64; it need not be one.
func (c *loopCase) witness(alpha, slack float64) bool {
	a, b, cc, d := c.closed()
	n, q := a.r, b.c
	if !c.continuous { // the bilinear map keeps the metric
		in := lin(1, eye(n), 1, a)
		g := in.solve(b)
		d = lin(1, d, -1, cc.mul(g))
		back := in.t().solve(cc.t()).t() // c (I + a)^-1
		a, b, cc = in.solve(lin(1, a, -1, eye(n))), lin(math.Sqrt2, g, 0, g), lin(math.Sqrt2, back, 0, back)
	}
	l := newDense(q, q)
	for i := range q {
		l.v[i*q+i] = c.lambda[i]
	}
	a2 := alpha * alpha
	r := lin(1, l, -a2, d.t().mul(l).mul(d))
	cross := lin(a2, d.t().mul(l).mul(cc), 0, newDense(q, n))
	f, g, s := a, newDense(n, n), lin(a2, cc.t().mul(l).mul(cc), slack, eye(n))
	if q > 0 {
		f = lin(1, a, 1, b.mul(r.solve(cross)))
		g = b.mul(r.solve(b.t()))
		s = lin(1, s, 1, cross.t().mul(r.solve(cross)))
	}
	h := newDense(2*n, 2*n)
	for i := range n {
		for j := range n {
			h.v[i*2*n+j], h.v[i*2*n+n+j] = f.v[i*n+j], g.v[i*n+j]
			h.v[(n+i)*2*n+j], h.v[(n+i)*2*n+n+j] = -s.v[i*n+j], -f.v[j*n+i]
		}
	}
	z, ok := h.sign()
	if !ok {
		return false
	}
	z = lin(1, z, 1, eye(2*n))
	x, y := z.block(0, n, 2*n, n), z.block(0, 0, 2*n, n)
	c.metric = x.t().mul(x).solve(lin(-1, x.t().mul(y), 0, newDense(n, n))).symmetric()
	for _, x := range c.metric {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	c.mu = nil
	if c.kind == "loop" {
		c.mu = constants(c.m+c.p, 1)
	}
	for range 12 {
		if c.margin() > 0 {
			return true
		}
		scaleBy(c.mu, 16)
	}
	return false
}

// randomLoop draws a case with a true witness.
func randomLoop(g *rand.Rand) *loopCase {
	for {
		c := &loopCase{kind: "loop", claim: "margin", continuous: g.IntN(3) > 0, positive: g.IntN(3) == 0, np: 1 + g.IntN(3), nk: g.IntN(3), m: 1 + g.IntN(2), p: 1 + g.IntN(2),
			t: map[string][]float64{}, skew: []*big.Rat{new(big.Rat), big.NewRat(3, 4), big.NewRat(-1, 3), ratioOf(0.1)}[g.IntN(4)]}
		names := []string{"P.A", "P.B", "P.C", "P.D", "K.A", "K.B", "K.C", "K.D"}
		switch g.IntN(4) {
		case 0:
			c.kind, c.claim, c.nk, c.m, c.p, names = "matrix", "lyapunov", 0, 0, 0, []string{"A"}
		case 1:
			c.claim = "lyapunov"
		}
		for _, name := range names {
			s := c.shape(name)
			c.t[name] = normal(g, s[0], s[1], 0.6).v
			if strings.HasSuffix(name, "D") && g.IntN(2) == 0 {
				c.t[name] = make([]float64, s[0]*s[1])
			}
			if strings.HasSuffix(name, "A") && c.continuous {
				for i := range s[0] {
					c.t[name][i*s[0]+i] -= 1.5
				}
			}
		}
		if c.claim == "lyapunov" {
			c.channels, c.lambda, c.alpha, c.skew = nil, nil, nil, nil
			c.rate = new(big.Rat)
			if !c.continuous {
				c.rate = big.NewRat(1, 1)
			}
			if c.witness(0, 1) {
				return c
			}
			continue
		}
		for i := range c.m + c.p {
			if g.IntN(2) == 0 {
				c.channels = append(c.channels, i)
			}
		}
		if c.channels == nil {
			c.channels = []int{0}
		}
		for range c.channels {
			c.lambda = append(c.lambda, math.Exp(0.3*g.NormFloat64()))
		}
		for _, alpha := range []float64{1, 0.5, 0.2, 0.05} {
			c.alpha = ratioOf(alpha)
			if c.witness(alpha*1.01, 1e-3) {
				return c
			}
		}
	}
}

// knob is the number that moves the claim across its boundary: the rate, or alpha.
func (c *loopCase) knob() **big.Rat {
	if c.claim == "margin" {
		return &c.alpha
	}
	return &c.rate
}

// exactAt evaluates tokens at rational numbers, for polynomials only.
func exactAt(tokens []string, x []*big.Rat) *big.Rat {
	var s []*big.Rat
	for _, t := range tokens {
		n := len(s)
		var e int
		switch {
		case t == "+":
			s = append(s[:n-2], new(big.Rat).Add(s[n-2], s[n-1]))
		case t == "-":
			s = append(s[:n-2], new(big.Rat).Sub(s[n-2], s[n-1]))
		case t == "*":
			s = append(s[:n-2], new(big.Rat).Mul(s[n-2], s[n-1]))
		case t == "/":
			s = append(s[:n-2], new(big.Rat).Quo(s[n-2], s[n-1]))
		case t == "neg":
			s[n-1] = new(big.Rat).Neg(s[n-1])
		case strings.HasPrefix(t, "x"):
			fmt.Sscanf(t, "x%d", &e)
			s = append(s, new(big.Rat).Set(x[e]))
		case strings.HasPrefix(t, "pow:"):
			fmt.Sscanf(t, "pow:%d", &e)
			p := big.NewRat(1, 1)
			for range e {
				p.Mul(p, s[n-1])
			}
			s[n-1] = p
		case strings.Contains(t, "/"):
			r, _ := new(big.Rat).SetString(t)
			s = append(s, r)
		default:
			var f float64
			fmt.Sscan(t, &f)
			s = append(s, ratioOf(f))
		}
	}
	return s[0]
}

// identity reports whether the squares of a witness are what docs/system-bundle.md demands, at random rational points.
func identity(g *rand.Rand, b *bundle.Model) bool {
	m, w := b.Manifest.Members[0], b.Certificate.Members[0]
	alone := map[string]bool{}
	for _, q := range w.Squares {
		if q.Weight <= 0 || q.Inside && w.Level == nil {
			return false
		}
		if len(q.Root) == 1 || len(q.Root) == 2 && strings.HasPrefix(q.Root[1], "pow:") {
			alone[q.Root[0]] = true
		}
	}
	for i := range m.States {
		if !alone[fmt.Sprint("x", i)] {
			return false
		}
	}
	if w.Level != nil && w.Level.Sign() <= 0 {
		return false
	}
	for range 4 {
		var x, f []*big.Rat
		for range m.States {
			x = append(x, big.NewRat(g.Int64N(2e6)-1e6, 1+g.Int64N(1e3)))
		}
		for _, r := range m.Right {
			f = append(f, exactAt(r, x))
		}
		form := func(y, z []*big.Rat) *big.Rat {
			s := new(big.Rat)
			for i := range y {
				for j := range z {
					s.Add(s, new(big.Rat).Mul(new(big.Rat).Mul(y[i], ratioOf(w.M[i*m.States+j])), z[j]))
				}
			}
			return s
		}
		v := form(x, x)
		sum := form(f, f)
		sum.Sub(sum, new(big.Rat).Mul(v, new(big.Rat).Mul(w.Rate, w.Rate)))
		if b.Manifest.System.Continuous {
			sum = form(x, f)
			sum.Add(sum, new(big.Rat).Mul(v, w.Rate))
			sum.Add(sum, sum)
		}
		for _, q := range w.Squares {
			r := exactAt(q.Root, x)
			r.Mul(new(big.Rat).Mul(r, r), ratioOf(q.Weight))
			if q.Inside {
				d := new(big.Rat).SetInt(w.Level.Denom())
				r.Mul(r, new(big.Rat).Sub(new(big.Rat).SetInt(w.Level.Num()), d.Mul(d, v)))
			}
			sum.Add(sum, r)
		}
		if sum.Sign() != 0 {
			return false
		}
	}
	return true
}
