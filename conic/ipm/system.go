package ipm

import (
	"math"

	"github.com/plumb-go/plumb/conic"
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

// primalSystem factors the Schur complement M + Q (+ rho A'A), order m.
type primalSystem struct {
	*Compiled
	mat, fac   []float64 // full matrix and its factor
	diag       []float64
	neg        []float64
	res, sol   []float64
	replaced   int
	rho        float64
	refine     bool
	eqs        []float64 // A M^-1 A' and its factor
	am         []float64 // M^-1 A' by rows
	eqDiag, r2 []float64
}

func newPrimalSystem(s *Compiled) *primalSystem {
	m, e := s.m, len(s.p.Eqs)
	return &primalSystem{Compiled: s,
		mat: make([]float64, m*s.ld), fac: make([]float64, m*s.ld),
		diag: make([]float64, m), neg: make([]float64, scratchSize(m)),
		res: make([]float64, m), sol: make([]float64, m),
		eqs: make([]float64, e*e), am: make([]float64, e*m), eqDiag: make([]float64, e), r2: make([]float64, e)}
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
	s.addEqualities()
	for i := range m {
		d := s.mat[i*ld+i]
		if d == 0 {
			d = 1 // a variable that appears nowhere
			s.mat[i*ld+i] = 1
		}
		s.diag[i] = d
	}
	copy(s.fac, s.mat)
	var ok bool
	s.replaced, ok = cholesky(m, s.fac, ld, s.neg, s.diag, pivotFloor)
	if !ok {
		return false
	}
	if s.refine {
		mirrorUpper(m, s.mat, ld)
	}
	return s.factorEqualities()
}

// solve finds dx from (M + Q) dx - A'dnu = F*(T - Y - H(Rp)) - rd and A dx = rb.
func (s *primalSystem) solve(sigmaMu float64, correct bool) {
	for i, v := range s.rd {
		s.g[i] = -v
	}
	for _, c := range s.cones {
		c.right(s.g, sigmaMu, correct)
	}
	s.equalityRight()
	copy(s.dx, s.g)
	s.backsolve(s.dx)
	s.equalityStep()
	for _, c := range s.cones {
		c.direction(s.dx, sigmaMu, correct)
	}
}

// backsolve overwrites b with the solution of the factored matrix, refined when that helps.
func (s *primalSystem) backsolve(b []float64) {
	if !s.refine {
		solveFactor(s.m, s.fac, s.ld, b)
		return
	}
	copy(s.sol, b)
	solveFactor(s.m, s.fac, s.ld, s.sol)
	last := math.Inf(1)
	for range maxRefine {
		kernel.Gemm(false, true, 1, s.m, s.m, s.sol, s.m, s.mat, s.ld, false, s.res, s.m)
		for i, v := range b {
			s.res[i] = v - s.res[i]
			if s.fac[i*s.ld+i] == hugePivot {
				s.res[i] = 0
			}
		}
		r := norm(s.res)
		if !(r < last/2) {
			break
		}
		last = r
		solveFactor(s.m, s.fac, s.ld, s.res)
		kernel.Add(s.sol, s.sol, s.res)
	}
	copy(b, s.sol)
}

const maxRefine = 3

// equalities holds A by rows.
type equalities struct {
	e, m int
	a    []float64
	b    []float64
}

func newEqualities(e, m int) equalities {
	return equalities{e, m, make([]float64, e*m), make([]float64, e)}
}

func (q *equalities) load(eqs []conic.Equality) {
	clear(q.a)
	for j, r := range eqs {
		for l, i := range r.Vars {
			q.a[j*q.m+i] += r.Vals[l]
		}
		q.b[j] = r.RHS
	}
}

// addEqualities adds rho A'A, which leaves the solution as it is and makes the matrix definite on what A alone determines.
func (s *primalSystem) addEqualities() {
	if s.eq.e == 0 {
		return
	}
	m := s.m
	var tr, ta float64
	for i := range m {
		tr += s.mat[i*s.ld+i]
	}
	ta = dot(s.eq.a, s.eq.a)
	if ta == 0 {
		s.rho = 0
		return
	}
	s.rho = max(tr, 1e-8) / ta
	for j := range s.eq.e {
		row := s.eq.a[j*m : (j+1)*m]
		for i, v := range row {
			if v != 0 {
				kernel.Axpy(s.mat[i*s.ld+i:i*s.ld+m], row[i:], s.rho*v)
			}
		}
	}
}

func (s *primalSystem) factorEqualities() bool {
	e, m := s.eq.e, s.m
	if e == 0 {
		return true
	}
	copy(s.am, s.eq.a)
	for j := range e {
		solveFactor(m, s.fac, s.ld, s.am[j*m:(j+1)*m])
	}
	kernel.Gemm(false, true, e, e, m, s.eq.a, m, s.am, m, false, s.eqs, e)
	for j := range e {
		s.eqDiag[j] = s.eqs[j*e+j]
		if s.eqDiag[j] == 0 {
			s.eqDiag[j], s.eqs[j*e+j] = 1, 1
		}
	}
	_, ok := cholesky(e, s.eqs, e, s.neg, s.eqDiag, equalityFloor)
	return ok
}

// equalityFloor: rows of A that depend on others leave pivots of rounding.
const equalityFloor = 1e-13

func (s *primalSystem) equalityRight() {
	m := s.m
	for j, r := range s.rb {
		kernel.Axpy(s.g, s.eq.a[j*m:(j+1)*m], s.rho*r)
	}
}

// equalityStep turns dx = M^-1 g into the solution with A dx = rb.
func (s *primalSystem) equalityStep() {
	e, m := s.eq.e, s.m
	if e == 0 {
		return
	}
	for range 2 { // the second pass is the refinement
		for j := range e {
			s.r2[j] = s.rb[j] - dot(s.eq.a[j*m:(j+1)*m], s.dx)
		}
		solveFactor(e, s.eqs, e, s.r2)
		for j, v := range s.r2 {
			kernel.Axpy(s.dx, s.am[j*m:(j+1)*m], v)
			s.dnu[j] += v
		}
	}
}
