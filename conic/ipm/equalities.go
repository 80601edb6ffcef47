package ipm

import (
	"math"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/internal/kernel"
)

// equalities holds A (e x m) and the factorisation A' P = Q [R; 0] by Householder reflections with column exchanges
// (Businger and Golub 1965). In the basis of Q the equalities fix the first rank unknowns, and the rest is free: the Schur
// complement is restricted to it, which stays accurate where eliminating through A M^-1 A' cancels.
type equalities struct {
	e, m  int
	a, b  []float64
	rank  int
	perm  []int     // row of A that column j of the factorisation is
	v     []float64 // reflections, m numbers each, zero before their index
	tau   []float64
	r     []float64 // e columns of R, e x e, R[i*e+j]
	work  []float64 // A' P while it is reduced, by columns
	coef  []float64
	scale float64
}

// rankTol: columns whose rest is below this part of the longest column depend on the others.
const rankTol = 1e-11

func newEqualities(e, m int) equalities {
	return equalities{e: e, m: m, a: make([]float64, e*m), b: make([]float64, e), perm: make([]int, e),
		v: make([]float64, e*m), tau: make([]float64, e), r: make([]float64, e*e), work: make([]float64, e*m), coef: make([]float64, e)}
}

func (q *equalities) load(eqs []conic.Equality) {
	clear(q.a)
	for j, r := range eqs {
		for l, i := range r.Vars {
			q.a[j*q.m+i] += r.Vals[l]
		}
		q.b[j] = r.RHS
	}
	q.factor()
}

func (q *equalities) factor() {
	e, m := q.e, q.m
	q.rank, q.scale = 0, 0
	if e == 0 {
		return
	}
	copy(q.work, q.a)
	clear(q.v)
	clear(q.r)
	for j := range e {
		q.perm[j] = j
		q.scale = max(q.scale, norm(q.a[j*m:(j+1)*m]))
	}
	for h := range min(e, m) {
		best, at := -1.0, h
		for j := h; j < e; j++ {
			if s := norm(q.work[j*m+h : (j+1)*m]); s > best {
				best, at = s, j
			}
		}
		if !(best > rankTol*q.scale) {
			break
		}
		q.exchange(h, at)
		col := q.work[h*m : (h+1)*m]
		v := q.v[h*m : (h+1)*m]
		copy(v[h:], col[h:])
		v[h] += math.Copysign(best, col[h])
		q.tau[h] = 2 / dot(v[h:], v[h:])
		for j := h; j < e; j++ {
			c := q.work[j*m+h : (j+1)*m]
			kernel.Axpy(c, v[h:], -q.tau[h]*dot(v[h:], c))
		}
		q.rank++
	}
	for j := range e {
		for i := range min(j+1, q.rank) {
			q.r[i*e+j] = q.work[j*m+i]
		}
	}
}

func (q *equalities) exchange(i, j int) {
	if i == j {
		return
	}
	q.perm[i], q.perm[j] = q.perm[j], q.perm[i]
	a, b := q.work[i*q.m:(i+1)*q.m], q.work[j*q.m:(j+1)*q.m]
	for l := range a {
		a[l], b[l] = b[l], a[l]
	}
}

// turn replaces x by Q'x, or by Q x.
func (q *equalities) turn(x []float64, transposed bool) {
	for l := range q.rank {
		h := l
		if !transposed {
			h = q.rank - 1 - l
		}
		v := q.v[h*q.m+h : (h+1)*q.m]
		kernel.Axpy(x[h:], v, -q.tau[h]*dot(v, x[h:]))
	}
}

// turnMatrix replaces the full symmetric M by Q'M Q, one reflection after the other: M - v w' - w v'.
func (q *equalities) turnMatrix(mat []float64, ld int, p, w []float64) {
	m := q.m
	for h := range q.rank {
		v := q.v[h*m : (h+1)*m]
		kernel.Gemm(false, true, 1, m, m, v, m, mat, ld, false, p, m)
		f := q.tau[h]
		s := f * f * dot(p, v) / 2
		for i := range w {
			w[i] = f*p[i] - s*v[i]
		}
		for i := range m {
			row := mat[i*ld : i*ld+m]
			kernel.Axpy(row, w, -v[i])
			kernel.Axpy(row, v, -w[i])
		}
	}
}

// forward solves R'y = P'b for the first rank equalities.
func (q *equalities) forward(b, y []float64) {
	for i := range q.rank {
		s := b[q.perm[i]]
		for j := range i {
			s -= q.r[j*q.e+i] * y[j]
		}
		y[i] = s / q.r[i*q.e+i]
	}
}

// backward solves R x = t for the first rank equalities and writes x to their places; the others get zero.
func (q *equalities) backward(t, x []float64) {
	clear(x)
	for i := q.rank - 1; i >= 0; i-- {
		s := t[i]
		for j := i + 1; j < q.rank; j++ {
			s -= q.r[i*q.e+j] * x[q.perm[j]]
		}
		x[q.perm[i]] = s / q.r[i*q.e+i]
	}
}

// contradictionTol: how far the right-hand side of a dependent equality may be off, relative to the right-hand sides it
// follows from.
const contradictionTol = 1e-9

// contradiction tells whether the right-hand side of a dependent equality contradicts the others, and leaves in coef
// multipliers nu with A'nu = 0 and b'nu = 1.
func (q *equalities) contradiction() bool {
	for j := q.rank; j < q.e; j++ {
		clear(q.coef)
		for i := q.rank - 1; i >= 0; i-- {
			s := q.r[i*q.e+j]
			for l := i + 1; l < q.rank; l++ {
				s -= q.r[i*q.e+l] * q.coef[q.perm[l]]
			}
			q.coef[q.perm[i]] = s / q.r[i*q.e+i]
		}
		at := q.perm[j]
		d, size := q.b[at], 1+math.Abs(q.b[at])
		for l, c := range q.coef {
			d -= c * q.b[l]
			size += math.Abs(c * q.b[l])
		}
		if math.Abs(d) > contradictionTol*size {
			for l, c := range q.coef {
				q.coef[l] = -c / d
			}
			q.coef[at] = 1 / d
			return true
		}
	}
	return false
}

// contradicted writes the certificate of equalities that contradict each other.
func (s *Compiled) contradicted(dst *conic.Solution) {
	clear(s.x)
	clear(s.nu)
	for _, c := range s.cones {
		clear(c.base().x)
		clear(c.base().y)
	}
	*dst = conic.Solution{Status: conic.Infeasible, X: fill(dst.X, s.x), Slack: dst.Slack, Dual: dst.Dual,
		EqDual: fill(dst.EqDual, s.eq.coef), Trace: dst.Trace}
	s.writeCones(dst)
}
