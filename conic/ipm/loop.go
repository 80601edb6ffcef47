package ipm

import (
	"context"
	"fmt"
	"math"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/internal/kernel"
)

const (
	defaultTol     = 1e-8
	defaultMaxIter = 100
	leastDelta     = 1e-6 // shift of a warm start when nothing has changed
	mostDelta      = 1e-2 // and the most that is chosen
	deltaPerSquare = 0.1  // shift per squared relative residual, from sequences of projections with moving centres
	restartGrowth  = 10   // a centred restart may have so many times the residual of the old solution,
	restartLeast   = 1e-2 // or this one
	localScale     = 1e-2 // weight of all cones in the ratio of X to Y of one

	backOff         = 0.8   // a step that left the cone is shortened by this
	tries           = 30    // shortenings before the step counts as zero: 0.8^30 = 1e-3
	shortStep       = 1e-3  // steps below it, three times in a row, are a stall
	patience        = 12    // iterations without a better point that are a stall
	exactRes        = 1e-13 // relative residual from which the slack is recomputed from x, and stays so
	smallGap        = 5     // gap relative to the objective itself that is aimed at, in tolerances
	extraIterations = 4     // iterations spent on that
	refineMu        = 1e-3  // relative gap from which the Schur solves are refined
)

// Solve solves the problem with its present numbers and fills dst, reusing its slices. The error is not nil only for
// numbers that are not finite and for an ended context; in the second case dst holds the best point.
func (s *Compiled) Solve(ctx context.Context, dst *conic.Solution, o conic.Options) error {
	if err := s.reload(); err != nil {
		return err
	}
	if o.Tol <= 0 {
		o.Tol = defaultTol
	}
	if o.MaxIter <= 0 {
		o.MaxIter = defaultMaxIter
	}
	dst.Trace = dst.Trace[:0]
	if s.eq.contradiction() {
		s.contradicted(dst)
		return nil
	}
	r := run{Compiled: s, o: o, dst: dst, ctx: ctx}
	status, iterations := conic.Unknown, 0
	if o.Warm != nil && s.fits(o.Warm) {
		if r.warm() {
			status = r.iterate()
			iterations = r.iter
		}
		if status == conic.Cancelled || status == conic.Optimal || status == conic.Near {
			return s.finish(&r, status, iterations, true)
		}
	}
	r.cold()
	status = r.iterate()
	if (status == conic.Stalled || status == conic.IterationLimit) && !s.nested && r.pres > o.Tol && r.phaseOne() {
		status = conic.Infeasible
	}
	return s.finish(&r, status, iterations+r.iter, false)
}

// reload reads the numbers, after a new analysis when a row that was left out has come to life.
func (s *Compiled) reload() error {
	if err := s.p.Validate(); err != nil {
		return fmt.Errorf("ipm: %w", err)
	}
	if s.stale() {
		s.build()
	}
	p := s.p
	copy(s.c, p.C)
	s.loadQuad()
	s.eq.load(p.Eqs)
	clear(s.weight)
	s.maxF = 0
	for _, c := range s.cones {
		b := c.base()
		c.load(numbers{s.blocks[b.index], p.Vars})
		c.norms(s.weight)
		s.maxF = max(s.maxF, maxAbs(b.constant))
	}
	if d, ok := s.sys.(*dualSystem); ok {
		d.refresh()
	}
	s.maxC, s.maxB = maxAbs(s.c), maxAbs(s.eq.b)
	s.maxCoef = 0
	for i, v := range s.weight {
		s.weight[i] = math.Sqrt(v)
		s.maxCoef = max(s.maxCoef, s.weight[i])
	}
	return nil
}

// fits tells whether a solution has the shape of this problem and finite numbers.
func (s *Compiled) fits(w *conic.Solution) bool {
	if len(w.X) != s.m || len(w.EqDual) != len(s.p.Eqs) || len(w.Slack) != len(s.p.Blocks) || len(w.Dual) != len(s.p.Blocks) {
		return false
	}
	if w.Status == conic.Infeasible || w.Status == conic.Unbounded || w.Status == conic.Unknown {
		return false
	}
	for k := range s.p.Blocks {
		if len(w.Slack[k]) != s.p.Blocks[k].Len() || len(w.Dual[k]) != s.p.Blocks[k].Len() {
			return false
		}
	}
	return finite(w.X) && finite(w.EqDual)
}

func finite(v []float64) bool {
	for _, a := range v {
		if a-a != 0 {
			return false
		}
	}
	return true
}

// run is one attempt.
type run struct {
	*Compiled
	o    conic.Options
	dst  *conic.Solution
	ctx  context.Context
	iter int

	mu, primal, dual, gapRel, pres, dres, complementarity float64
	feasible                                              bool
	affineStep, lastDres                                  float64
	extra                                                 int // iterations with gap and slack residual below the tolerance
}

// cold sets the start of SDPT3 (Toh, Todd and Tutuncu 1999): multiples of the identity as large as the data suggest.
func (r *run) cold() {
	clear(r.x)
	clear(r.nu)
	r.feasible = false
	for _, c := range r.cones {
		b := c.base()
		n := float64(b.n)
		clear(r.g)
		c.norms(r.g)
		eta, xi := max(10, math.Sqrt(n), norm(b.constant)), max(10, math.Sqrt(n))
		for i, v := range r.g {
			if v == 0 {
				continue
			}
			f := math.Sqrt(v)
			eta = max(eta, f)
			xi = max(xi, n*(1+math.Abs(r.c[i]))/(1+f))
		}
		c.begin(eta, xi)
	}
}

// warm starts from the solution of an earlier solve; false when a factor fails.
func (r *run) warm() bool {
	w := r.o.Warm
	copy(r.x, w.X)
	copy(r.nu, w.EqDual)
	r.feasible = false
	for _, c := range r.cones {
		b := c.base()
		b.feasible = false
		c.resume(w.Slack[b.index], w.Dual[b.index])
		if !finite(b.x) || !finite(b.y) {
			return false
		}
	}
	res := r.relativeResidual()
	delta := r.o.Delta
	if delta <= 0 {
		delta = min(max(leastDelta, deltaPerSquare*res*res), mostDelta)
	}
	ok := r.centre(delta)
	if !ok || r.relativeResidual() > max(restartGrowth*res, restartLeast) { // ill-scaled: nearly nothing is far inside
		for _, c := range r.cones {
			b := c.base()
			c.resume(w.Slack[b.index], w.Dual[b.index])
			c.shift(delta)
		}
	}
	for _, c := range r.cones {
		b := c.base()
		clear(b.dx)
		clear(b.dy)
		for _, dual := range [2]bool{false, true} {
			if !c.try(dual, 0, nil) {
				return false
			}
			c.accept(dual)
		}
	}
	return true
}

// centre moves every cone onto its central path; delta is relative to the size of the old solution.
func (r *run) centre(delta float64) bool {
	var size, xs, ys float64
	for _, c := range r.cones {
		x, y := c.sizes()
		size += x * y / float64(c.degree())
		xs += x
		ys += y
	}
	n := float64(max(r.degree, 1))
	mu := delta * max(size, 1+math.Abs(r.o.Warm.Primal)+math.Abs(r.o.Warm.DualValue)) / n
	for _, c := range r.cones {
		x, y := c.sizes()
		k := float64(c.degree())
		if !c.centre(balance(x/k+localScale*xs/n, y/k+localScale*ys/n), mu) || !finite(c.base().x) || !finite(c.base().y) {
			return false
		}
	}
	return true
}

// relativeResidual is the larger of the relative residuals.
func (r *run) relativeResidual() float64 {
	d, p := r.residualNorms()
	return max(d/(1+r.maxC), p/(1+r.maxF))
}

// residualNorms returns the norms of the residuals of the dual equations and of the blocks, and leaves the first in rd and
// the second in every Rp.
func (r *run) residualNorms() (dual, primal float64) {
	if r.hasQuad {
		r.timesQuad(r.x, r.qx)
	}
	for i, v := range r.c {
		r.rd[i] = v + r.qx[i]
	}
	clear(r.g)
	for _, c := range r.cones {
		c.adjoint(r.g)
		if !r.feasible {
			c.residual(r.x)
			rp := c.base().rp
			primal += dot(rp, rp)
		}
	}
	kernel.Sub(r.rd, r.rd, r.g)
	for j, v := range r.nu {
		kernel.Axpy(r.rd, r.eq.a[j*r.m:(j+1)*r.m], -v)
	}
	return norm(r.rd), math.Sqrt(primal)
}

// iterate is the method; it leaves the best point in s.best.
func (r *run) iterate() conic.Status {
	r.best.reset()
	r.extra, r.lastDres = 0, math.Inf(1)
	if p, ok := r.sys.(*primalSystem); ok {
		p.refine = false
	}
	short := 0
	for r.iter = 0; ; r.iter++ {
		r.residuals()
		if status := r.judge(); status != conic.Unknown {
			return status
		}
		if r.ctx.Err() != nil {
			return conic.Cancelled
		}
		if r.iter >= r.o.MaxIter {
			return conic.IterationLimit
		}
		if r.iter-r.best.iter > patience {
			return conic.Stalled
		}
		if !r.sys.factor() {
			return conic.Stalled
		}
		clear(r.dnu)
		sigma := r.predict()
		clear(r.dnu)
		r.sys.solve(sigma*r.mu, true)
		p, d := r.steps(0.9 + 0.09*r.affineStep)
		p, d, ok := r.advance(p, d)
		r.report(p, d, sigma)
		if !ok {
			return conic.Stalled
		}
		if max(p, d) < shortStep {
			if short++; short == 3 {
				return conic.Stalled
			}
		} else {
			short = 0
		}
	}
}

// residuals computes the residuals, objectives and the relative measures of the present point.
func (r *run) residuals() {
	rd, rp := r.residualNorms()
	var gap, fy, by, rb float64
	for _, c := range r.cones {
		gap += c.gap()
		fy += c.constantGap()
	}
	for j, v := range r.nu {
		by += v * r.eq.b[j]
		r.rb[j] = r.eq.b[j] - dot(r.eq.a[j*r.m:(j+1)*r.m], r.x)
		rb += r.rb[j] * r.rb[j]
	}
	xqx := dot(r.qx, r.x)
	r.primal = dot(r.c, r.x) + xqx/2 + r.p.Offset
	r.dual = by - fy - xqx/2 + r.p.Offset
	scale := 1 + math.Abs(r.primal) + math.Abs(r.dual)
	r.gapRel = (r.primal - r.dual) / scale
	r.complementarity = gap / scale
	r.mu = gap / float64(max(r.degree, 1))
	r.pres = rp / (1 + r.maxF)
	if !r.feasible && r.pres <= exactRes {
		r.recompute()
	}
	r.pres = max(r.pres, math.Sqrt(rb)/(1+r.maxB))
	r.dres = rd / (1 + r.maxC)
	if q, ok := r.sys.(*primalSystem); ok && r.complementarity < refineMu {
		q.refine = true
	}
}

// recompute replaces every X by F_0 + F(x), unless that leaves the cone by rounding.
func (r *run) recompute() {
	for _, c := range r.cones {
		if !c.try(false, 0, r.x) {
			return
		}
	}
	for _, c := range r.cones {
		c.accept(false)
		c.base().feasible = true
		clear(c.base().rp)
	}
	r.feasible = true
	r.pres = 0
}

// judge decides whether the present point ends the solve.
func (r *run) judge() conic.Status {
	if !finite(r.x) || !(r.mu >= 0) || math.IsInf(r.mu, 1) {
		return conic.Stalled
	}
	tol := r.o.Tol
	gap := max(math.Abs(r.gapRel), r.complementarity)
	r.best.offer(r, max(gap, r.pres, r.dres/conic.NearFactor))
	if gap <= tol && r.pres <= tol {
		// Small objectives: the relative measure says little, so go on for a while towards a gap relative to them.
		small := math.Abs(r.primal-r.dual) > smallGap*tol*max(math.Abs(r.primal), math.Abs(r.dual))
		r.extra++
		switch {
		case r.dres <= tol && (!small || r.extra > extraIterations):
			return conic.Optimal
		case r.dres <= conic.NearFactor*tol && r.dres > r.lastDres/2 && r.extra > 2:
			return conic.Near
		}
	}
	r.lastDres = r.dres
	switch {
	case r.infeasible():
		return conic.Infeasible
	case r.unbounded():
		return conic.Unbounded
	}
	return conic.Unknown
}

// certificateTol bounds the residual of a ray relative to its gain: no x below 1/certificateTol in the scaled norm
// satisfies the constraints.
const certificateTol = 1e-8

// infeasible tests the multipliers as a certificate of infeasibility: F*(Y) + A'nu = 0 with -<F_0, Y> + b'nu > 0.
func (r *run) infeasible() bool {
	if r.feasible {
		return false
	}
	var gain float64
	for j, v := range r.nu {
		gain += v * r.eq.b[j]
	}
	for _, c := range r.cones {
		gain -= c.constantGap()
	}
	if !(gain > 0) {
		return false
	}
	// F*(Y) + A'nu = c + Q x - rd
	var e float64
	for i, v := range r.rd {
		d := r.c[i] + r.qx[i] - v
		e += d * d
	}
	return math.Sqrt(e) <= r.certificateBound(gain)
}

// certificateBound is the residual that a certificate with this gain may have.
func (r *run) certificateBound(gain float64) float64 {
	return certificateTol * gain * (1 + r.maxCoef) / (1 + max(r.maxF, r.maxB))
}

// unbounded tests x as a ray: c'x < 0, F(x) in the cone, A x = 0, Q x = 0.
func (r *run) unbounded() bool {
	slope := -dot(r.c, r.x)
	if !(slope > 0) {
		return false
	}
	var e float64
	for _, c := range r.cones {
		b := c.base()
		for i, v := range b.constant { // X - F(x) = F_0 - Rp
			d := v - b.rp[i]
			e += d * d
		}
	}
	for j, v := range r.rb {
		d := r.eq.b[j] - v
		e += d * d
	}
	e += dot(r.qx, r.qx)
	return math.Sqrt(e) <= certificateTol*slope*(1+r.maxCoef)/(1+r.maxC)
}

// predict solves for the affine direction and returns the centring that its steps suggest (Mehrotra 1992, with the
// exponents of SDPT3).
func (r *run) predict() float64 {
	r.sys.solve(0, false)
	p, d := r.steps(1)
	p, d = min(p, 1), min(d, 1)
	r.affineStep = min(p, d)
	var after, now float64
	for _, c := range r.cones {
		after += c.gapAfter(p, d)
		now += c.gap()
	}
	for _, c := range r.cones {
		c.keepPredictor()
	}
	if now <= 0 {
		return 0
	}
	exponent := 1.0
	if r.mu > 1e-6 {
		exponent = max(1, 3*r.affineStep*r.affineStep)
	}
	return min(1, math.Pow(after/now, exponent))
}

// steps returns the largest steps along the direction times gamma, at most 1; with a quadratic objective both are the
// same, since x then enters the dual residual.
func (r *run) steps(gamma float64) (p, d float64) {
	p, d = math.Inf(1), math.Inf(1)
	for _, c := range r.cones {
		p, d = min(p, c.maxStep(false)), min(d, c.maxStep(true))
	}
	p, d = min(1, gamma*p), min(1, gamma*d)
	if r.hasQuad {
		p = min(p, d)
		d = p
	}
	return p, d
}

// advance steps by at most p and d, shortened until the new point factors.
func (r *run) advance(p, d float64) (float64, float64, bool) {
	for range tries {
		kernel.Axpy(r.x, r.dx, p)
		ok := r.tryAll(false, p)
		if ok && r.hasQuad && !r.tryAll(true, d) {
			ok = false
		}
		if ok {
			break
		}
		kernel.Axpy(r.x, r.dx, -p)
		p *= backOff
		if r.hasQuad {
			d = p
		}
		if p < 1e-8 {
			return 0, 0, false
		}
	}
	for range tries {
		if r.tryAll(true, d) {
			break
		}
		d *= backOff
		if d < 1e-8 {
			return 0, 0, false
		}
	}
	for _, c := range r.cones {
		c.accept(false)
		c.accept(true)
	}
	kernel.Axpy(r.nu, r.dnu, d)
	return p, d, true
}

func (r *run) tryAll(dual bool, step float64) bool {
	x := r.x
	if dual || !r.feasible {
		x = nil
	}
	for _, c := range r.cones {
		if !c.try(dual, step, x) {
			return false
		}
	}
	return true
}

func (r *run) report(p, d, sigma float64) {
	if !r.o.Trace && r.o.Progress == nil {
		return
	}
	replaced, _ := r.sys.describe()
	it := conic.Iter{Iteration: r.iter, Primal: r.primal, Dual: r.dual, Gap: r.gapRel, PrimalRes: r.pres, DualRes: r.dres,
		StepPrimal: p, StepDual: d, Mu: r.mu, Sigma: sigma, Regularise: float64(replaced)}
	if r.o.Trace {
		r.dst.Trace = append(r.dst.Trace, it)
	}
	if r.o.Progress != nil {
		r.o.Progress(it)
	}
}
