package ipm

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// system solves the Newton equations
//
//	F*(dY) + A'dnu - Q dx = rd,  dX = F(dx) + Rp,  dY = T - Y - H(dX),  A dx = rb.
type system interface {
	factor() bool                                    // at the present point
	solve(sigmaMu float64, correct bool)             // direction in dx, dnu and the cones
	describe() (replaced int, regularisation string) // for reports
}

// readQuad reads Q: hasQuad, and the diagonal when Q is diagonal.
func (s *Compiled) readQuad() {
	s.hasQuad = len(s.p.Quad) > 0
	s.qdiag = nil
	if !s.hasQuad {
		return
	}
	for _, q := range s.p.Quad {
		if q.Row != q.Col {
			return
		}
	}
	s.qdiag = make([]float64, s.m)
}

func (s *Compiled) loadQuad() {
	if s.qdiag == nil {
		return
	}
	clear(s.qdiag)
	for _, q := range s.p.Quad {
		s.qdiag[q.Row] += q.Val
	}
}

// timesQuad writes Q v to dst.
func (s *Compiled) timesQuad(v, dst []float64) {
	if s.qdiag != nil {
		kernel.Mul(dst, s.qdiag, v)
		return
	}
	clear(dst)
	for _, q := range s.p.Quad {
		dst[q.Row] += q.Val * v[q.Col]
		if q.Row != q.Col {
			dst[q.Col] += q.Val * v[q.Row]
		}
	}
}

func newPrimalOrDual(s *Compiled, dual bool) system {
	if dual {
		return newDualSystem(s)
	}
	return newPrimalSystem(s)
}

// primalSystem factors the Schur complement M + Q, order m, restricted to the null space of A (see equalities.go).
type primalSystem struct {
	*Compiled
	mat, fac []float64 // full matrix and its factor
	diag     []float64
	neg      []float64
	res, sol []float64
	t1, t2   []float64
	replaced int
	refine   bool
}

func newPrimalSystem(s *Compiled) *primalSystem {
	m := s.m
	buf := make([]float64, 5*m)
	part := func() []float64 { v := buf[:m:m]; buf = buf[m:]; return v }
	return &primalSystem{Compiled: s, mat: make([]float64, m*s.ld), fac: make([]float64, m*s.ld),
		neg: make([]float64, scratchSize(m)), diag: part(), res: part(), sol: part(), t1: part(), t2: part()}
}

func (s *primalSystem) describe() (int, string) { return s.replaced, "" }

// pivotFloor: a pivot of the Schur complement below this part of its diagonal is rounding.
const pivotFloor = 1e-16

func (s *primalSystem) factor() bool {
	m, ld := s.m, s.ld
	clear(s.mat)
	for _, c := range s.cones {
		if !c.prepare(false) {
			return false
		}
		c.schur(s.mat, ld)
	}
	for _, q := range s.p.Quad {
		s.mat[q.Row*ld+q.Col] += q.Val
	}
	k := s.eq.rank
	if s.refine || k > 0 {
		mirrorUpper(m, s.mat, ld)
	}
	s.eq.turnMatrix(s.mat, ld, s.t1, s.t2)
	n := m - k
	for i := range n {
		at := (k+i)*ld + k + i
		d := s.mat[at]
		if d == 0 {
			d = 1 // a variable that appears nowhere
			s.mat[at] = 1
		}
		s.diag[i] = d
	}
	copy(s.fac[k*ld:], s.mat[k*ld:])
	var ok bool
	s.replaced, ok = cholesky(n, s.fac[k*ld+k:], ld, s.neg, s.diag, pivotFloor)
	return ok
}

// solve finds dx and dnu from (M + Q) dx - A'dnu = F*(T - Y - H(Rp)) - rd and A dx = rb.
func (s *primalSystem) solve(sigmaMu float64, correct bool) {
	for i, v := range s.rd {
		s.g[i] = -v
	}
	for _, c := range s.cones {
		c.right(s.g, sigmaMu, correct)
	}
	if k := s.eq.rank; k == 0 {
		copy(s.dx, s.g)
		s.backsolve(s.dx)
	} else {
		s.solveTurned(k)
	}
	for _, c := range s.cones {
		c.direction(s.dx, sigmaMu, correct)
	}
}

// solveTurned solves in the basis of the equalities: the first k unknowns y1 follow from A dx = rb, the others from the
// rows below, and dnu from the rows above:
//
//	R'y1 = rb,  M22 y2 = g2 - M21 y1,  R dnu = M11 y1 + M12 y2 - g1
func (s *primalSystem) solveTurned(k int) {
	m, ld := s.m, s.ld
	s.eq.turn(s.g, true)
	y := s.dx
	s.eq.forward(s.rb, y[:k])
	y2 := y[k:]
	if k < m {
		kernel.Gemm(false, true, 1, m-k, k, y, k, s.mat[k*ld:], ld, false, y2, m-k)
		kernel.Sub(y2, s.g[k:], y2)
		s.backsolve(y2)
	}
	kernel.Gemm(false, true, 1, k, m, y, m, s.mat, ld, false, s.t1, k)
	kernel.Sub(s.t1[:k], s.t1[:k], s.g[:k])
	s.eq.backward(s.t1[:k], s.dnu)
	s.eq.turn(y, false)
}

// backsolve overwrites b with the solution of the factored matrix, refined when that helps.
func (s *primalSystem) backsolve(b []float64) {
	k, n, ld := s.eq.rank, s.m-s.eq.rank, s.ld
	fac := s.fac[k*ld+k:]
	if !s.refine {
		solveFactor(n, fac, ld, b)
		return
	}
	sol, res := s.sol[:n], s.res[:n]
	copy(sol, b)
	solveFactor(n, fac, ld, sol)
	last := math.Inf(1)
	for range maxRefine {
		kernel.Gemm(false, true, 1, n, n, sol, n, s.mat[k*ld+k:], ld, false, res, n)
		for i, v := range b {
			res[i] = v - res[i]
			if fac[i*ld+i] == hugePivot {
				res[i] = 0
			}
		}
		r := norm(res)
		if !(r < last/2) {
			break
		}
		last = r
		solveFactor(n, fac, ld, res)
		kernel.Add(sol, sol, res)
	}
	copy(b, sol)
}

const maxRefine = 3
