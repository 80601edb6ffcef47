package cert_test

import (
	"fmt"
	"math"
	"math/big"
)

// This file judges the claim delta-iss of lstm and gru members, from docs/bundle.md, in 512-bit floating point.

// cellWitness is the witness of one layer.
type cellWitness struct {
	norm      bool
	eta, zeta []float64
}

// deepRing is a ring with what gates and norms need.
type deepRing[T any] interface {
	ring[T]
	exp(T) T
	sqrt(T) T
}

func (quickRing) exp(a float64) float64  { return math.Exp(a) }
func (quickRing) sqrt(a float64) float64 { return math.Sqrt(a) }

func (hpRing) sqrt(a *big.Float) *big.Float { return new(big.Float).SetPrec(oraclePrec).Sqrt(a) }

// exp divides the argument by 2^k until it is below 2^-32, sums the series, and squares k times. Beyond 10^5 it is as
// good as infinite.
func (k hpRing) exp(a *big.Float) *big.Float {
	const far = 1e5
	if f, _ := a.Float64(); math.Abs(f) > far {
		a = k.f64(math.Copysign(far, f))
	}
	halvings := 0
	if a.Sign() != 0 {
		halvings = max(0, a.MantExp(nil)+32)
	}
	x := new(big.Float).SetPrec(oraclePrec+64).SetMantExp(a, -halvings)
	sum, t := new(big.Float).SetPrec(oraclePrec+64).SetInt64(1), new(big.Float).SetPrec(oraclePrec+64).SetInt64(1)
	for i := int64(1); i < 20; i++ {
		t.Mul(t, x)
		t.Quo(t, new(big.Float).SetInt64(i))
		sum.Add(sum, t)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return new(big.Float).SetPrec(oraclePrec).Set(sum)
}

// deep evaluates the bounds of one member. loose takes spectral norms as coarsely as the checker may.
type deep[T any] struct {
	deepRing[T]
	s     *spec
	p     *part
	loose bool
}

func (d deep[T]) copy(a T) T   { return d.addMul(d.f64(0), d.f64(1), a) }
func (d deep[T]) add(a, b T) T { return d.addMul(d.copy(a), d.f64(1), b) }
func (d deep[T]) sub(a, b T) T { return d.subMul(d.copy(a), d.f64(1), b) }
func (d deep[T]) mul(a, b T) T { return d.addMul(d.f64(0), a, b) }
func (d deep[T]) abs(a T) T {
	if d.sign(a) < 0 {
		return d.sub(d.f64(0), a)
	}
	return a
}
func (d deep[T]) max(a, b T) T {
	if d.sign(d.sub(a, b)) < 0 {
		return b
	}
	return a
}
func (d deep[T]) vec(v []float64) []T { return rof(d.ringOf(), 1, len(v), v).v }
func (d deep[T]) ringOf() ring[T]     { return d.deepRing }
func (d deep[T]) get(name string) []T { return d.vec(d.p.x(name)) }
func (d deep[T]) top(v []T) T {
	m := v[0]
	for _, x := range v {
		m = d.max(m, x)
	}
	return m
}

// dist is the Euclidean norm.
func (d deep[T]) dist(v []T) T {
	s := d.f64(0)
	for _, x := range v {
		s = d.addMul(s, x, x)
	}
	return d.sqrt(s)
}

// sigma is the logistic function, slopes are suprema over [lo, hi].
func (d deep[T]) sigma(x T) T {
	if d.sign(x) < 0 { // exp of a large number is cut off, that of a large negative one only tiny
		e := d.exp(x)
		return d.quo(e, d.add(d.f64(1), e))
	}
	return d.quo(d.f64(1), d.add(d.f64(1), d.exp(d.sub(d.f64(0), x))))
}
func (d deep[T]) tanh(x T) T {
	if d.sign(x) < 0 {
		return d.sub(d.f64(0), d.tanh(d.abs(x)))
	}
	e := d.exp(d.mul(d.f64(-2), x))
	return d.quo(d.sub(d.f64(1), e), d.add(d.f64(1), e))
}

// row is |row j of w| v.
func (d deep[T]) row(w []float64, j int, v []T) T {
	s := d.f64(0)
	for k, x := range v {
		s = d.addMul(s, d.f64(math.Abs(w[j*len(v)+k])), x)
	}
	return s
}

// gateBounds are per unit: largest and smallest value (tanh: top is the largest modulus), largest slope.
type gateBounds[T any] struct{ top, low, slope []T }

func (d deep[T]) gate(l int, name string, v, h []T) (g gateBounds[T]) {
	at := func(s string) []float64 { return d.p.x(fmt.Sprintf("l%d.%s%s", l, s, name)) }
	w, u := at("W"), at("U")
	for j, b := range at("b") {
		reach := d.add(d.row(w, j, v), d.row(u, j, h))
		lo, hi := d.sub(d.f64(b), reach), d.add(d.f64(b), reach)
		// the point of the interval nearest to 0
		near := d.f64(0)
		if d.sign(lo) > 0 {
			near = lo
		} else if d.sign(hi) < 0 {
			near = hi
		}
		if name == "g" || name == "n" {
			g.top = append(g.top, d.max(d.abs(d.tanh(lo)), d.abs(d.tanh(hi))))
			t := d.tanh(near)
			g.slope = append(g.slope, d.sub(d.f64(1), d.mul(t, t)))
			continue
		}
		g.top, g.low = append(g.top, d.sigma(hi)), append(g.low, d.sigma(lo))
		t := d.sigma(near)
		g.slope = append(g.slope, d.mul(t, d.sub(d.f64(1), t)))
	}
	return g
}

// spectral is the spectral norm of a r x c matrix; loosely, its square is up to 1/700 larger, as the contract
// leaves it open.
func (d deep[T]) spectral(w []float64, r, c int) T {
	if r < c {
		w, r, c = mx{r, c, w}.t().v, c, r
	}
	s := rzero[T](d.deepRing, c, c)
	trace := d.f64(0)
	for i := range r {
		for a := range c {
			for b := range c {
				s.v[a*c+b] = d.addMul(s.v[a*c+b], d.f64(w[i*c+a]), d.f64(w[i*c+b]))
			}
			trace = d.addMul(trace, d.f64(w[i*c+a]), d.f64(w[i*c+a]))
		}
	}
	if c == 1 || d.sign(trace) == 0 {
		return d.sqrt(trace)
	}
	definite := func(mid T) bool { // mid I - s > 0
		m := rzero[T](d.deepRing, c, c)
		pos := make([]T, c)
		for i := range c {
			m.v[i*c+i], pos[i] = d.copy(mid), d.copy(mid)
			for j := range c {
				m.v[i*c+j] = d.sub(m.v[i*c+j], s.at(i, j))
			}
		}
		sign, _, _ := ldl[T](d.deepRing, condition[T]{"", m, pos})
		return sign > 0
	}
	lo, hi, steps := d.f64(0), trace, 90 // the largest eigenvalue lies in (lo, hi]
	guess := powerIteration(d.float, s)
	if math.IsNaN(guess) || guess > 1e300 {
		guess = 0
	}
	if a, b := d.f64(guess*(1-1e-9)), d.f64(guess*(1+1e-9)); definite(b) && !definite(a) {
		lo, hi, steps = a, b, 35
	}
	for range steps {
		mid := d.mul(d.f64(0.5), d.add(lo, hi))
		if definite(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	if d.loose {
		hi = d.mul(hi, d.f64(1+1.0/700))
	}
	return d.sqrt(hi)
}

// powerIteration estimates the largest eigenvalue in float64.
func powerIteration[T any](float func(T) float64, s rmat[T]) float64 {
	x, size := constantVec(s.r, 1), 0.0
	m := mx{s.r, s.c, nil}
	for i, t := range s.v {
		m.v = append(m.v, float(t))
		x[i%s.r] += 0.1 * float64(i%3)
	}
	for range 100 {
		y := m.apply(x)
		size = norm2(y) / norm2(x)
		scale(y, 1/norm2(y))
		x = y
	}
	return size
}

// front is what the filter and the direct path do to a signal Re(M s) + D u.
type front[T any] struct {
	moduli      [][]T // |M_ji|
	gain, reach []T
}

func (d deep[T]) modulus(re, im float64) T { return d.dist(d.vec([]float64{re, im})) }

// response follows docs/bundle.md: impulse response until every |lambda|^n is below 2^-14, at most 4096 samples, then the tail.
func (d deep[T]) response(re, im []float64, direct []float64, rows int) (f front[T]) {
	m, s := d.s.m, d.p.fstates
	for j := range rows {
		sum := d.f64(0)
		for _, x := range direct[j*m : j*m+m] {
			sum = d.add(sum, d.f64(math.Abs(x)))
		}
		f.gain, f.reach, f.moduli = append(f.gain, sum), append(f.reach, sum), append(f.moduli, nil)
	}
	if s == 0 {
		return f
	}
	lre, lim, bre, bim, box := d.p.x("f.lre"), d.p.x("f.lim"), d.p.x("f.Bre"), d.p.x("f.Bim"), d.p.x("f.box")
	lambda, start, steady := make([]T, s), make([]T, s), make([]T, s)
	for i := range s {
		lambda[i] = d.modulus(lre[i], lim[i])
		start[i] = d.mul(d.sqrt(d.f64(2)), d.f64(box[i]))
		b := d.f64(0)
		for k := range m {
			b = d.add(b, d.modulus(bre[i*m+k], bim[i*m+k]))
		}
		steady[i] = d.quo(b, d.sub(d.f64(1), lambda[i]))
	}
	for j := range rows {
		for i := range s {
			f.moduli[j] = append(f.moduli[j], d.modulus(re[j*s+i], im[j*s+i]))
		}
		left := make([]T, s)
		xre, xim := make([]T, s*m), make([]T, s*m)
		for i := range s {
			left[i] = d.f64(1)
		}
		for i := range xre {
			xre[i], xim[i] = d.f64(bre[i]), d.f64(bim[i])
		}
		at := func(weights []T) T {
			t := d.f64(0)
			for i, w := range weights {
				t = d.add(t, d.mul(f.moduli[j][i], d.mul(left[i], w)))
			}
			return t
		}
		sum, most := d.f64(0), d.f64(0)
		for n := 0; n < 4096 && d.float(d.top(left)) >= 0x1p-14; n++ {
			most = d.max(most, d.add(sum, at(start)))
			for k := range m {
				h := d.f64(0)
				for i := range s {
					q := i*m + k
					h = d.addMul(h, d.f64(re[j*s+i]), xre[q])
					h = d.subMul(h, d.f64(im[j*s+i]), xim[q])
					nre := d.subMul(d.mul(d.f64(lre[i]), xre[q]), d.f64(lim[i]), xim[q])
					xim[q] = d.addMul(d.mul(d.f64(lre[i]), xim[q]), d.f64(lim[i]), xre[q])
					xre[q] = nre
				}
				sum = d.add(sum, d.abs(h))
			}
			for i := range s {
				left[i] = d.mul(left[i], lambda[i])
			}
		}
		late := make([]T, s)
		for i := range late {
			late[i] = d.max(steady[i], start[i])
		}
		most = d.max(most, d.add(sum, at(late)))
		f.gain[j], f.reach[j] = d.add(f.gain[j], d.add(sum, at(steady))), d.add(f.reach[j], most)
	}
	return f
}

// deepLayer is the step map of one layer and the margins of its box.
type deepLayer[T any] struct {
	step  func(x, dv []T) []T // dv: by components, or one 2-norm
	hbox  []T
	names []string // of the conditions that the box is invariant
	have  []T
	limit []T
}

// layer builds layer l; vnorm says that dv is one 2-norm.
func (d deep[T]) layer(l int, norm, vnorm bool, v []T) deepLayer[T] {
	at := func(s string) string { return fmt.Sprintf("l%d.%s", l, s) }
	n, width := d.p.units[l], len(v)
	hbox := d.get(at("hbox"))
	out := deepLayer[T]{hbox: hbox}
	demand := func(name string, have, limit T) {
		out.names, out.have, out.limit = append(out.names, fmt.Sprintf("layer %d: %s", l, name)), append(out.have, have), append(out.limit, limit)
	}
	// read is |W| dv for unit j, or with a 2-norm the norm of its row
	read := func(gate string, j int, dv []T) T {
		w := d.p.x(at("W" + gate))
		if vnorm {
			return d.mul(d.dist(d.vec(w[j*width:j*width+width])), dv[0])
		}
		return d.row(w, j, dv)
	}
	if d.p.kind == "gru" {
		z, r := d.gate(l, "z", v, hbox), d.gate(l, "r", v, hbox)
		rh := make([]T, n)
		for j := range rh {
			rh[j] = d.mul(r.top[j], hbox[j])
		}
		g := d.gate(l, "n", v, rh)
		for j := range n {
			demand("nbar <= hbox", g.top[j], hbox[j])
		}
		out.step = func(dh, dv []T) []T {
			inner := make([]T, n)
			for j := range n {
				dr := d.mul(r.slope[j], d.add(read("r", j, dv), d.row(d.p.x(at("Ur")), j, dh)))
				inner[j] = d.add(d.mul(r.top[j], dh[j]), d.mul(hbox[j], dr))
			}
			next := make([]T, n)
			for j := range n {
				dn := d.mul(g.slope[j], d.add(read("n", j, dv), d.row(d.p.x(at("Un")), j, inner)))
				dz := d.mul(z.slope[j], d.add(read("z", j, dv), d.row(d.p.x(at("Uz")), j, dh)))
				end := func(x T) T { return d.add(d.mul(x, dh[j]), d.mul(d.sub(d.f64(1), x), dn)) }
				next[j] = d.add(d.max(end(z.top[j]), end(z.low[j])), d.mul(dz, d.add(hbox[j], g.top[j])))
			}
			return next
		}
		return out
	}
	g := map[string]gateBounds[T]{}
	for _, name := range []string{"i", "f", "g", "o"} {
		g[name] = d.gate(l, name, v, hbox)
	}
	cbox := d.get(at("cbox"))
	capped := make([]T, n)
	for j := range n {
		capped[j] = d.tanh(cbox[j])
		demand("fbar cbox + ibar gbar <= cbox", d.add(d.mul(g["f"].top[j], cbox[j]), d.mul(g["i"].top[j], g["g"].top[j])), cbox[j])
		demand("obar tanh(cbox) <= hbox", d.mul(g["o"].top[j], capped[j]), hbox[j])
	}
	// one evaluates the map with these gate bounds and differences D
	one := func(f, i, gg, o, c, t, dc T, change map[string]T) (T, T) {
		c1 := d.add(d.add(d.mul(f, dc), d.mul(c, change["f"])), d.add(d.mul(i, change["g"]), d.mul(gg, change["i"])))
		return c1, d.add(d.mul(o, c1), d.mul(t, change["o"]))
	}
	if norm {
		norms := map[string][2]T{}
		for name := range g {
			norms[name] = [2]T{d.spectral(d.p.x(at("W"+name)), n, width), d.spectral(d.p.x(at("U"+name)), n, n)}
		}
		out.step = func(x, dv []T) []T {
			change := map[string]T{}
			for name, b := range g {
				change[name] = d.mul(d.top(b.slope), d.add(d.mul(norms[name][0], d.dist(dv)), d.mul(norms[name][1], x[1])))
			}
			c, h := one(d.top(g["f"].top), d.top(g["i"].top), d.top(g["g"].top), d.top(g["o"].top), d.top(cbox), d.top(capped), x[0], change)
			return []T{c, h}
		}
		return out
	}
	out.step = func(x, dv []T) []T {
		next := make([]T, 2*n)
		for j := range n {
			change := map[string]T{}
			for name, b := range g {
				change[name] = d.mul(b.slope[j], d.add(read(name, j, dv), d.row(d.p.x(at("U"+name)), j, x[n:])))
			}
			next[j], next[n+j] = one(g["f"].top[j], g["i"].top[j], g["g"].top[j], g["o"].top[j], cbox[j], capped[j], x[j], change)
		}
		return next
	}
	return out
}

// fronts are the bounds of the first layer's input and of the linear path to the output.
func (d deep[T]) fronts() (in, side front[T]) {
	p := d.p
	dy := p.x("Dy")
	if p.fstates == 0 {
		return d.response(nil, nil, eyeMx(d.s.m).v, d.s.m), d.response(nil, nil, dy, d.s.p)
	}
	return d.response(p.x("f.Cre"), p.x("f.Cim"), p.x("f.D"), p.fwidth), d.response(p.x("f.Ere"), p.x("f.Eim"), dy, d.s.p)
}

// hFrom is where the h part of a layer's vector begins.
func (p *part) hFrom(v int) int {
	if p.kind == "lstm" {
		return v / 2
	}
	return 0
}

// conditions calls demand for each inequality have <= limit of the member, with limit > 0.
func (d deep[T]) conditions(demand func(name string, have, limit T)) {
	p := d.p
	r := d.rat(p.rate)
	for i := range p.fstates {
		demand(fmt.Sprintf("filter eigenvalue %d", i), d.modulus(p.x("f.lre")[i], p.x("f.lim")[i]), r)
	}
	f, _ := d.fronts()
	in, gin, v := make([]T, len(f.gain)), f.gain, f.reach
	for j := range in {
		in[j] = d.f64(0)
		for i, e := range p.etaF {
			in[j] = d.addMul(in[j], f.moduli[j][i], d.f64(e))
		}
	}
	vnorm := false
	for l, w := range p.cells {
		y := d.layer(l, w.norm, vnorm, v)
		for i, name := range y.names {
			demand(name, y.have[i], y.limit[i])
		}
		eta, zeta := d.vec(w.eta), d.vec(w.zeta)
		fall, stay := y.step(eta, in), y.step(zeta, gin)
		for i := range eta {
			demand(fmt.Sprintf("layer %d: decay %d", l, i), fall[i], d.mul(r, eta[i]))
			demand(fmt.Sprintf("layer %d: gain %d", l, i), stay[i], zeta[i])
		}
		from := p.hFrom(len(eta))
		in, gin, v, vnorm = nil, zeta[from:], y.hbox, w.norm
		for _, e := range eta[from:] {
			in = append(in, d.mul(r, e))
		}
	}
}

// tie is the relative slack below which two 512-bit numbers count as equal; the conditions are not strict.
const tie = 1e-130

// deepMember judges one lstm or gru member.
func (j *judgement) deepMember(s *spec, p *part, where string, quick bool) {
	for _, w := range append([]cellWitness{{eta: p.etaF}}, p.cells...) {
		j.scalar(where+"eta, zeta > 0", positive(w.eta) && positive(w.zeta))
	}
	for _, name := range p.names() {
		if n := len(name); n >= 3 && name[n-3:] == "box" {
			j.scalar(where+"boxes positive", positive(p.x(name)))
		}
	}
	for i := range p.fstates { // the tail needs |lambda| < 1
		j.scalar(where+"|lambda| < 1", math.Hypot(p.x("f.lre")[i], p.x("f.lim")[i]) < 1)
	}
	if !j.true {
		return
	}
	if quick {
		judgeDeep(j, deep[float64]{quickRing{}, s, p, false}, where)
		return
	}
	judgeDeep(j, deep[*big.Float]{newHP(), s, p, false}, where)
	for _, w := range p.cells {
		if w.norm && j.true && !j.grey {
			k := judgement{true: true, margin: 1}
			judgeDeep(&k, deep[*big.Float]{newHP(), s, p, true}, where)
			j.grey = !k.true || k.margin < 1e-6
		}
	}
}

func judgeDeep[T any](j *judgement, d deep[T], where string) {
	d.conditions(func(name string, have, limit T) {
		margin := d.float(d.quo(d.sub(limit, have), limit))
		j.note(where+name, margin >= -tie, margin)
	})
}
