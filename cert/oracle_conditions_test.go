package cert_test

import (
	"fmt"
	"math/big"
)

// reader evaluates the matrices of one part in a ring.
type reader[T any] struct {
	ring[T]
	s *spec
	p *part
}

func (r reader[T]) mat(name string, rows, cols int) rmat[T] {
	return rof(r.ring, rows, cols, r.p.x(name))
}
func (r reader[T]) vec(v []float64) []T     { return rof(r.ring, 1, len(v), v).v }
func (r reader[T]) sym(m []float64) rmat[T] { return rof(r.ring, r.p.n, r.p.n, m) }
func (r reader[T]) square(x *big.Rat) T     { return r.rat(new(big.Rat).Mul(x, x)) }
func (r reader[T]) zeros(a, b int) rmat[T]  { return rzero(r.ring, a, b) }
func (r reader[T]) ones(n int) []T {
	v := make([]T, n)
	for i := range v {
		v[i] = r.f64(1)
	}
	return v
}
func (r reader[T]) fill(n int, x T) []T {
	v := make([]T, n)
	for i := range v {
		v[i] = r.addMul(r.f64(0), r.f64(1), x)
	}
	return v
}

// diag copies the diagonal: the scale of a condition is the diagonal of its positive part, before anything is subtracted.
func (r reader[T]) diag(s rmat[T]) []T {
	v := make([]T, s.r)
	for i := range v {
		v[i] = r.addMul(r.f64(0), r.f64(1), s.at(i, i))
	}
	return v
}

// conditions lists the matrix inequalities of one member under the claim, in the order of docs/bundle.md.
func conditions[T any](k ring[T], s *spec, p *part) []condition[T] {
	r := reader[T]{k, s, p}
	switch {
	case p.kind == "gated":
		return r.gated()
	case p.kind == "lure" && s.claim == "bounded":
		return r.bounded()
	case p.kind == "lure" || p.kind == "linear":
		return r.contraction()
	}
	return nil
}

func (r reader[T]) metric(name string, m []float64) condition[T] {
	s := r.sym(m)
	return condition[T]{name, s, r.diag(s)}
}

// slopes adds what is known of the nonlinearity of a member, from the channels v = (c, d)(x, u) in the coordinates x, w, u, and returns the
// scale. tanh of a Lur'e network without layers, slopes in [0, 1]: 2 w'L(w - v), entry by entry; else w'L w - v'L v.
func (r reader[T]) slopes(s rmat[T], l []T, c, d rmat[T]) (pos []T) {
	n, q := r.p.n, len(l)
	addDiag(r.ring, s, n, l)
	if r.p.kind != "lure" || r.p.layers > 0 {
		pos = r.diag(s)
		if q > 0 {
			subDiagQuad(r.ring, s, beside(c, r.zeros(q, q), d), l)
		}
		return pos
	}
	addDiag(r.ring, s, n, l)
	pos = r.diag(s)
	for i := range q {
		for j, x := range append(append([]T(nil), c.v[i*n:i*n+n]...), d.v[i*d.c:i*d.c+d.c]...) {
			if j >= n {
				j += q
			}
			for _, at := range [2]int{(n+i)*s.c + j, j*s.c + n + i} {
				s.v[at] = r.subMul(s.v[at], l[i], x)
			}
		}
	}
	return pos
}

// sector is diag(r^2 M, 0) + slopes - [A B1]' M [A B1]; without w for q = 0.
func (r reader[T]) sector() condition[T] {
	n, q := r.p.n, r.p.q
	m := r.sym(r.p.m)
	s := r.zeros(n+q, n+q)
	addScaled(r.ring, s, 0, r.square(r.p.rate), m)
	side, c := r.mat("A", n, n), r.zeros(0, n)
	if q > 0 {
		side, c = beside(side, r.mat("B1", n, q)), r.mat("C1", q, n)
	}
	pos := r.slopes(s, r.vec(r.p.l), c, r.zeros(q, 0))
	subQuad(r.ring, s, side, m)
	return condition[T]{"contraction inequality", s, pos}
}

func (r reader[T]) contraction() []condition[T] {
	p, nu, ny := r.p, r.s.m, r.s.p
	out := []condition[T]{r.metric("M > 0", p.m), r.sector()}
	for i := range p.layers {
		out = append(out, r.layer(i))
	}
	if p.gain == nil {
		return out
	}
	n, q := p.n, p.q
	m := r.sym(p.gain.m)
	s := r.zeros(n+q+nu, n+q+nu)
	addScaled(r.ring, s, 0, r.f64(1), m)
	addDiag(r.ring, s, n+q, r.fill(nu, r.rat(p.gain.gamma2)))
	side, read, c, d := r.mat("A", n, n), r.mat("Cx", ny, n), r.zeros(0, n), r.zeros(0, nu)
	if q > 0 {
		side, read, c, d = beside(side, r.mat("B1", n, q)), beside(read, r.mat("Cw", ny, q)), r.mat("C1", q, n), r.mat("D12", q, nu)
	}
	pos := r.slopes(s, r.vec(p.gain.l), c, d)
	subQuad(r.ring, s, beside(side, r.mat("B2", n, nu)), m)
	subDiagQuad(r.ring, s, beside(read, r.mat("D22", ny, nu)), r.ones(ny))
	return append(out, r.metric("gain M > 0", p.gain.m), condition[T]{"gain inequality", s, pos})
}

// layer is [[I, -Win' T], [-T Win, 2T - Wout' Wout]].
func (r reader[T]) layer(i int) condition[T] {
	q, h := r.p.q, r.p.h
	win, wout := r.mat(fmt.Sprintf("g%d.Win", i), h, q), r.mat(fmt.Sprintf("g%d.Wout", i), q, h)
	t := r.vec(r.p.layerT[i])
	s := r.zeros(q+h, q+h)
	addDiag(r.ring, s, 0, r.ones(q))
	addDiag(r.ring, s, q, t)
	addDiag(r.ring, s, q, t)
	pos := r.diag(s)
	for a := range h {
		for b := range q {
			lo, up := (q+a)*s.c+b, b*s.c+q+a
			s.v[lo] = r.subMul(s.v[lo], t[a], win.at(a, b))
			s.v[up] = r.subMul(s.v[up], t[a], win.at(a, b))
		}
	}
	subDiagQuad(r.ring, s, beside(r.zeros(q, q), wout), r.ones(q))
	return condition[T]{fmt.Sprintf("layer %d 1-Lipschitz", i), s, pos}
}

// split is diag(w X - C' diag(t) C, t) - [L R]' W [L R], the shape of the gain and output conditions of the gated
// network: the caller gives X (its leading block) and the weight W.
func (r reader[T]) split(name string, w *big.Rat, x rmat[T], c rmat[T], t []float64, side, weight rmat[T]) condition[T] {
	k, q := x.r, len(t)
	tv := r.vec(t)
	s := r.zeros(k+q, k+q)
	addScaled(r.ring, s, 0, r.rat(w), x)
	addDiag(r.ring, s, k, tv)
	pos := r.diag(s)
	subDiagQuad(r.ring, s, beside(c, r.zeros(q, q)), tv)
	subQuad(r.ring, s, side, weight)
	return condition[T]{name, s, pos}
}

func (r reader[T]) identity(n int) rmat[T] {
	s := r.zeros(n, n)
	addDiag(r.ring, s, 0, r.ones(n))
	return s
}

func (r reader[T]) gated() []condition[T] {
	p, n, q, nu, ny := r.p, r.p.n, r.p.q, r.s.m, r.s.p
	out := []condition[T]{r.metric("M > 0", p.m), r.sector()}
	m := r.sym(p.m)
	c1, d12 := r.mat("C1", q, n), r.mat("D12", q, nu)
	if p.t != nil {
		out = append(out, r.split("input gain g2", p.g2, r.identity(nu), d12, p.t, beside(r.mat("B2", n, nu), r.mat("B1", n, q)), m))
	}
	return append(out,
		r.split("output kappa2", p.kappa2, m, c1, p.ty, beside(r.mat("Cx", ny, n), r.mat("Cw", ny, q)), r.identity(ny)),
		r.split("feed-through d2", p.d2, r.identity(nu), d12, p.td, beside(r.mat("D22", ny, nu), r.mat("Cw", ny, q)), r.identity(ny)))
}

// vertex is g2 I - N' M N at one sign pattern.
func vertex[T any](k ring[T], s *spec, p *part, delta []float64) condition[T] {
	r := reader[T]{k, s, p}
	n, q, nu := p.n, p.q, s.m
	b1, d12, dv := r.mat("B1", n, q), r.mat("D12", q, nu), r.vec(delta)
	N := r.mat("B2", n, nu)
	for i := range n {
		for l := range q {
			bd := k.addMul(k.f64(0), b1.at(i, l), dv[l])
			for c := range nu {
				N.v[i*nu+c] = k.addMul(N.v[i*nu+c], bd, d12.at(l, c))
			}
		}
	}
	x := r.zeros(nu, nu)
	addScaled(k, x, 0, r.rat(p.g2), r.identity(nu))
	pos := r.diag(x)
	subQuad(k, x, N, r.sym(p.m))
	return condition[T]{"input gain g2", x, pos}
}

func (r reader[T]) bounded() []condition[T] {
	p, n, q, nu, ny := r.p, r.p.n, r.p.q, r.s.m, r.s.p
	m := r.sym(p.m)
	lyap := r.zeros(n, n)
	addScaled(r.ring, lyap, 0, r.square(p.rate), m)
	pos := r.diag(lyap)
	subQuad(r.ring, lyap, r.mat("A", n, n), m)
	t := r.vec(p.t)
	ball := r.zeros(q+nu+1, q+nu+1)
	addDiag(r.ring, ball, 0, t)
	posT := r.diag(ball)
	subQuad(r.ring, ball, beside(r.mat("B1", n, q), r.mat("B2", n, nu), r.mat("bx", n, 1)), m)
	out := []condition[T]{r.metric("M > 0", p.m), {"Lyapunov inequality", lyap, pos}, {"ball", ball, posT}}
	cx := r.mat("Cx", ny, n)
	for i := range ny {
		s := r.zeros(n, n)
		addScaled(r.ring, s, 0, r.rat(p.kappa2s[i]), m)
		pos := r.diag(s)
		row := rmat[T]{1, n, cx.v[i*n : i*n+n]}
		subDiagQuad(r.ring, s, row, r.ones(1))
		out = append(out, condition[T]{fmt.Sprintf("output %d kappa2", i), s, pos})
	}
	return out
}
