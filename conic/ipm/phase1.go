package ipm

import (
	"math"

	"github.com/plumb-go/plumb/conic"
)

// phaseOne looks for a certificate of infeasibility after a solve that stalled away from the constraints. It solves
//
//	minimise t  subject to  F_k(x) + t e_k in K_k,  A x = b,  t >= -1
//
// with e_k the identity of the cone, which has an interior whatever the problem; where its optimum is positive, its
// multipliers are the certificate. It allocates, unlike a solve that ends well, and reports whether s holds a certificate.
func (r *run) phaseOne() bool {
	p, m := r.p, r.m
	aux := &conic.Problem{C: make([]float64, m+1), Vars: p.Vars, Eqs: p.Eqs, Blocks: append([]conic.Block(nil), p.Blocks...)}
	aux.C[m] = 1
	for k := range aux.Blocks {
		b := &aux.Blocks[k]
		b.Coefs = append([]conic.Coef(nil), b.Coefs...)
		n := b.N
		if b.Cone == conic.SecondOrder {
			n = 1
		}
		for i := range n {
			b.Coefs = append(b.Coefs, conic.Coef{Var: m, Row: i, Col: i, Val: 1})
		}
	}
	aux.Blocks = append(aux.Blocks, conic.Block{Cone: conic.Nonneg, N: 1, Constant: []conic.Elem{{Val: 1}}, Coefs: []conic.Coef{{Var: m, Val: 1}}})
	c, err := Compile(aux)
	if err != nil {
		return false
	}
	c.nested = true
	var s conic.Solution
	o := conic.Options{Tol: phaseOneTol, MaxIter: r.o.MaxIter}
	if err := c.Solve(r.ctx, &s, o); err != nil || s.Status == conic.Infeasible || !(s.DualValue > 0) {
		return false
	}
	for _, cone := range r.cones {
		b := cone.base()
		copy(b.yt, b.y)
		cone.take(b.y, s.Dual[b.index])
	}
	copy(r.dnu, r.nu)
	copy(r.nu, s.EqDual)
	if r.certified() {
		return true
	}
	for _, cone := range r.cones {
		copy(cone.base().y, cone.base().yt)
	}
	copy(r.nu, r.dnu)
	return false
}

// phaseOneTol is tighter than that of a solve: the certificate is judged relative to its gain.
const phaseOneTol = 1e-10

// certified tests the multipliers by themselves: F*(Y) + A'nu = 0 with -<F_0, Y> + b'nu > 0.
func (r *run) certified() bool {
	gain := dot(r.nu, r.eq.b)
	clear(r.g)
	for _, c := range r.cones {
		gain -= c.constantGap()
		c.adjoint(r.g)
	}
	for j, v := range r.nu {
		row := r.eq.a[j*r.m : (j+1)*r.m]
		for i, a := range row {
			r.g[i] += v * a
		}
	}
	return gain > 0 && math.Sqrt(dot(r.g, r.g)) <= r.certificateBound(gain)
}
