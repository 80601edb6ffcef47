package lti

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Disk is the set of complex factors
//
//	D(alpha, skew) = { (1 + (1-skew)/2 delta) / (1 - (1+skew)/2 delta) : |delta| <= alpha }
//
// by which each channel of a loop may be multiplied (Seiler, Packard and Gahinet, 2020, An introduction to disk margins,
// IEEE Control Systems Magazine 40). Skew 0 treats increase and decrease of the gain alike.
type Disk struct{ Alpha, Skew float64 }

// DiskOfGain is the disk of skew 0 whose largest real factor is gain > 1: 2(gain-1)/(gain+1).
func DiskOfGain(gain float64) Disk { return Disk{2 * (gain - 1) / (gain + 1), 0} }

// Gain returns the interval of real factors in the disk. A negative low end means that the sign may change; high is +Inf
// where the disk reaches infinity.
func (d Disk) Gain() (low, high float64) {
	low, signed := d.ends()
	if !(2 > d.Alpha*(1+d.Skew)) {
		return low, math.Inf(1)
	}
	return low, signed
}

// ends are the two points of the boundary on the real axis; the second is negative where the disk contains infinity.
func (d Disk) ends() (low, high float64) {
	if math.IsInf(d.Alpha, 1) {
		v := -(1 - d.Skew) / (1 + d.Skew)
		return v, v
	}
	return (2 - d.Alpha*(1-d.Skew)) / (2 + d.Alpha*(1+d.Skew)), (2 + d.Alpha*(1-d.Skew)) / (2 - d.Alpha*(1+d.Skew))
}

// Phase returns the largest pure change of phase in the disk, in rad; pi if all are.
func (d Disk) Phase() float64 {
	low, high := d.ends()
	c := (1 + low*high) / (low + high)
	if math.IsInf(high, 0) {
		c = low
	}
	switch {
	case c >= 1: // alpha 0
		return 0
	case !(c > -1):
		return math.Pi
	}
	return math.Acos(c)
}

// Factor is the point of the disk that belongs to delta.
func (d Disk) Factor(delta complex128) complex128 {
	return (1 + complex((1-d.Skew)/2, 0)*delta) / (1 - complex((1+d.Skew)/2, 0)*delta)
}

// Perturbation is a diagonal perturbation that takes a stable loop to the boundary of stability.
type Perturbation struct {
	Freq   float64      // rad/s of the oscillation; +Inf: the algebraic loop at high frequencies becomes singular
	Delta  []complex128 // one entry a channel, all of modulus Size, at Freq
	Size   float64
	Factor []complex128 // the factor on each channel at Freq; infinite where delta is the pole of the factor
	// Pole is the pole of the loop closed with the perturbation that is nearest to the point of Freq on the boundary, and
	// Distance its distance from there, over the modulus of the largest pole or of Freq. The perturbation is realised as
	// a gain with an all-pass of order at most one a channel, so all numbers are real. NaN without a frequency.
	Pole     complex128
	Distance float64
}

// DiskMarginResult is a disk margin with what limits it.
type DiskMarginResult struct {
	Break  Break
	Closed StabilityVerdict // of the nominal loop; margin 0 unless stable
	Names  []Signal         // of the perturbed channels
	Skew   float64
	// Lower and Upper bracket the margin against independent factors in each channel, constant in time. Lower is bounded
	// numerically over all frequencies, Upper by the perturbation Worst. They agree for up to three channels.
	Lower, Upper float64
	Freq         float64 // rad/s where the bound is attained; +Inf for high frequencies
	// Constant is the margin proved with one scaling for all frequencies: it also holds for factors that vary with time
	// or depend on amplitude. Scaling are the entries of D; the multiplier of the certificate is D^2.
	Constant float64
	Scaling  []float64
	Worst    *Perturbation // nil if unstable, or if nothing destabilises
}

// Disk is the disk of the margin that is sure.
func (r *DiskMarginResult) Disk() Disk { return Disk{r.Lower, r.Skew} }

// DiskMargin returns the disk margin of the loop at the place.
//
// Claim: if the nominal loop is stable, it stays so when each channel i at the place is multiplied by any stable system
// with all values in D(alpha, skew), if and only if alpha < 1/max_w mu(S(jw) + (skew-1)/2 I), S the sensitivity there and mu
// for diagonal complex perturbations; for one channel mu is the modulus.
// Method: closed-loop stability comes first, with error bounds; an unstable loop has margin 0. One channel: HInfNorm. More:
// the largest of the scaled upper bounds is followed over frequency with the Hamiltonian test, each scaling covering the
// whole range on which it keeps the bound, until ranges cover all frequencies; no grid.
// Numerics: floating point, relative 1e-6 between the bounds where mu equals its upper bound.
func DiskMargin(l Loop, at Break, skew float64) (*DiskMarginResult, error) {
	g, v, err := l.stable(skew)
	if err != nil {
		return nil, err
	}
	return g.diskMargin(v, at, skew)
}

// DiskMarginEach returns the disk margins of one loop at a time, the other loops closed and unperturbed; AtBoth gives the
// plant inputs, then the outputs.
func DiskMarginEach(l Loop, at Break, skew float64) ([]*DiskMarginResult, error) {
	g, v, err := l.stable(skew)
	if err != nil {
		return nil, err
	}
	from, to := 0, g.nu+g.ny
	switch at {
	case AtInput:
		to = g.nu
	case AtOutput:
		from = g.nu
	}
	var out []*DiskMarginResult
	for i := from; i < to; i++ {
		place := AtInput
		if i >= g.nu {
			place = AtOutput
		}
		r, err := diskMargin(v, g.channels(i, i+1, (1+skew)/2), place, skew)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// DiskMarginAt returns, for each frequency in rad/s, the smallest alpha at which a perturbation at the place brings a pole to
// that point of the boundary (for more than three channels a lower bound of it): a picture, no proof. The nominal loop
// must be stable: ErrUnstable.
func DiskMarginAt(l Loop, at Break, skew float64, w []float64) ([]float64, error) {
	g, v, err := l.stable(skew)
	if err != nil {
		return nil, err
	}
	if v.State != Stable {
		return nil, fmt.Errorf("%w: %s", ErrUnstable, v)
	}
	out := make([]float64, len(w))
	for i, z := range g.perturbed(at, skew).FreqResp(w) {
		mu, _ := muWithin(pictureGap, z)
		out[i] = 1 / mu
	}
	return out, nil
}

func (l Loop) stable(skew float64) (*interconnection, StabilityVerdict, error) {
	if math.IsNaN(skew) || math.IsInf(skew, 0) {
		return nil, StabilityVerdict{}, fmt.Errorf("%w: skew is %g", ErrNotFinite, skew)
	}
	g, err := l.close()
	if err != nil {
		return nil, StabilityVerdict{}, err
	}
	v, err := g.stability(g.rounding)
	return g, v, err
}

func (g *interconnection) diskMargin(v StabilityVerdict, at Break, skew float64) (*DiskMarginResult, error) {
	return diskMargin(v, g.perturbed(at, skew), at, skew)
}

func diskMargin(v StabilityVerdict, m *SS, at Break, skew float64) (*DiskMarginResult, error) {
	r := &DiskMarginResult{Break: at, Closed: v, Names: m.Inputs, Skew: skew, Freq: math.NaN()}
	if v.State != Stable {
		return r, nil
	}
	t, err := newSweep(m)
	if err != nil {
		return nil, err
	}
	constant, scaling, err := t.constantScaling()
	if err != nil {
		return nil, err
	}
	r.Constant, r.Scaling = 1/constant.Upper, scaling
	upper, w := constant, constant.Freq
	if len(m.Inputs) > 1 {
		if upper, err = t.cover(constant, scaling); err != nil {
			return nil, err
		}
		w = upper.Freq
	}
	r.Lower, r.Freq = 1/upper.Upper, t.freq(w)
	low, delta := t.lower(w)
	if w == 0 && slices.ContainsFunc(delta, func(d complex128) bool { return math.Abs(imag(d)) > realLoss*cmplx.Abs(d) }) {
		// no real system has a complex response at frequency 0, but at one nearby
		for _, v := range t.marks {
			if v > 0 {
				const nearby = 1e-6
				r.Freq = t.freq(nearby * v)
				low, delta = t.lower(nearby * v)
				break
			}
		}
	}
	r.Upper = 1 / low
	if low > 0 {
		r.Worst = destabilise(m, Disk{r.Upper, skew}, r.Freq, delta)
	}
	return r, nil
}

// lower is the lower bound of mu at a frequency and its perturbation.
func (t *sweep) lower(w float64) (float64, []complex128) {
	z := t.response(w, nil)
	_, scale := muUpper(z)
	return muLower(z, scale)
}

// constantScaling minimises the norm of D M D^-1 over constant D: the scaling that is best for a finite set of frequencies,
// to which the peak under that scaling is added until nothing changes.
func (t *sweep) constantScaling() (HInf, []float64, error) {
	n := t.m
	scale := make([]float64, n)
	for i := range scale {
		scale[i] = 1
	}
	best, err := t.peak(scale)
	if err != nil || n == 1 || best.Norm == 0 {
		return best, scale, err
	}
	set := []*mat.CDense{t.response(best.Freq, nil)}
	const rounds = 25
	for range rounds {
		bound, s := muUpper(set...)
		h, err := t.peak(s)
		if err != nil {
			return best, scale, err
		}
		if h.Norm < best.Norm {
			best, scale = h, s
		}
		const enough = 1e-7
		if h.Norm <= bound*(1+enough) {
			break
		}
		set = append(set, t.response(h.Freq, nil))
	}
	return best, scale, nil
}

// Constants of the cover of all frequencies.
const (
	coverGap    = 1e-6 // relative distance of the bound above the largest value found
	coverPieces = 400  // of ranges, after which the gap grows tenfold
	coverGrow   = 4
	pictureGap  = 1e-3 // of curves that are only looked at
)

// cover bounds the scaled upper bound of mu over all frequencies by a level: for each range of frequencies a scaling is
// known whose largest singular value stays below it.
func (t *sweep) cover(constant HInf, scaling []float64) (HInf, error) {
	best := HInf{Norm: -1}
	known := [][]float64{scaling}
	look := func(w float64) []float64 { // a scaling for w, the best one where the others do not keep the level
		for _, s := range known {
			if t.sigma(w, s) <= best.Norm {
				return s
			}
		}
		v, s := muUpper(t.response(w, nil))
		known = append(known, s)
		if v > best.Norm {
			best.Norm, best.Freq = v, w
		}
		return s
	}
	for _, w := range append([]float64{constant.Freq, math.Inf(1)}, t.marks...) {
		look(w)
	}
	gap := coverGap
	for range coverGrow {
		open := []span{{0, math.Inf(1)}}
		for range coverPieces {
			if len(open) == 0 {
				best.Upper = min(best.Norm*(1+gap), constant.Upper)
				return best, nil
			}
			w := open[0].middle(t.marks)
			s := look(w)
			level := best.Norm * (1 + gap)
			if level >= constant.Upper {
				best.Upper = constant.Upper
				return best, nil
			}
			done, err := t.below(level, s, w)
			if err != nil {
				return best, err
			}
			open = uncovered(open, done)
		}
		gap *= 10
	}
	best.Upper = constant.Upper // too many ranges: the constant scaling holds anyhow
	return best, nil
}

// span is a range of frequencies.
type span struct{ lo, hi float64 }

// middle picks a frequency inside, on the scale on which the range is short.
func (s span) middle(marks []float64) float64 {
	switch {
	case math.IsInf(s.hi, 1):
		return max(2*s.lo, 2*marks[len(marks)-1], 1)
	case s.lo > 0 && s.hi > 4*s.lo:
		return math.Sqrt(s.lo) * math.Sqrt(s.hi)
	}
	return s.lo + (s.hi-s.lo)/2
}

func uncovered(open []span, done span) []span {
	var out []span
	for _, s := range open {
		if done.hi <= s.lo || done.lo >= s.hi {
			out = append(out, s)
			continue
		}
		const width = 1e-13 // relative: rounding of a boundary
		if done.lo > s.lo*(1+width) {
			out = append(out, span{s.lo, done.lo})
		}
		if done.hi*(1+width) < s.hi {
			out = append(out, span{done.hi, s.hi})
		}
	}
	return out
}

// below returns the range around w in which the singular values under the scaling stay below level. A singular value may
// exceed it elsewhere, also at infinity: the eigenvalues mark every crossing, and each gap between them is looked at once.
func (t *sweep) below(level float64, scale []float64, w float64) (span, error) {
	cross, err := t.crossings(level, scale)
	if err != nil {
		return span{}, err
	}
	out := span{w, w}
	i, _ := slices.BinarySearch(cross, w)
	for k := i; ; k++ { // upwards from w
		if k == len(cross) {
			if t.sigma(2*out.hi+1, scale) < level {
				out.hi = math.Inf(1)
			}
			break
		}
		if t.sigma((out.hi+cross[k])/2, scale) >= level {
			break
		}
		out.hi = cross[k]
		if t.sigma(cross[k], scale) >= level {
			break
		}
	}
	for k := i - 1; k >= 0; k-- {
		if t.sigma((out.lo+cross[k])/2, scale) >= level {
			break
		}
		out.lo = cross[k]
		if t.sigma(cross[k], scale) >= level {
			break
		}
	}
	return out, nil
}

// destabilise closes the loop of m with Delta and looks for the pole on the boundary.
func destabilise(m *SS, d Disk, w float64, delta []complex128) *Perturbation {
	p := &Perturbation{Freq: w, Delta: delta, Size: d.Alpha, Pole: cmplx.NaN(), Distance: math.NaN()}
	for _, z := range delta {
		p.Factor = append(p.Factor, d.Factor(z))
	}
	if n, _, _ := m.Dims(); n == 0 || math.IsInf(w, 0) {
		return p
	}
	poles, err := perturbedPoles(m, w, delta)
	if err != nil {
		return p
	}
	z := m.point(w)
	top := cmplx.Abs(z)
	p.Distance = math.Inf(1)
	for _, q := range poles {
		top = max(top, cmplx.Abs(q))
		if a := cmplx.Abs(q - z); a < p.Distance {
			p.Distance, p.Pole = a, q
		}
	}
	p.Distance /= top
	return p
}

// perturbedPoles closes v = M w with w = Delta(v), Delta real and rational.
func perturbedPoles(m *SS, w float64, delta []complex128) ([]complex128, error) {
	n, k, _ := m.Dims()
	ma, mb, mc, md := m.full()
	z := m.point(w)
	var poles, gains []float64 // of the all-passes
	var channel []int
	feed := make([]float64, k)
	for i, d := range delta {
		a, pole, dynamic := allPass(d, z, m.Discrete())
		if !dynamic {
			feed[i] = a
			continue
		}
		// delta(s) = a (s - b)/(s + b) = a - 2ab/(s + b);  in z: s = (z - 1)/(z + 1), see allPass
		channel, poles, gains = append(channel, i), append(poles, pole), append(gains, a)
	}
	q := len(channel)
	// w_i = a v_i + c_i xd, xd' = p xd + b v: delta in state space
	da, db, dc := newBlock(q, q), newBlock(q, k), newBlock(k, q)
	for j, i := range channel {
		b, a := poles[j], gains[j]
		if !m.Discrete() {
			da.v[j*q+j], db.v[j*k+i], dc.v[i*q+j], feed[i] = -b, 1, -2*a*b, a
			continue
		}
		// (s - b)/(s + b) = ((1-b) z - (1+b))/((1+b) z - (1-b)): pole r = (1-b)/(1+b), feedthrough r, residue r*r - 1
		r := (1 - b) / (1 + b)
		da.v[j*q+j], db.v[j*k+i], dc.v[i*q+j], feed[i] = r, 1, a*(r*r-1), a*r
	}
	dd := newBlock(k, k)
	e := identityOf(k) // I - Md Dd
	for i := range k {
		dd.v[i*k+i] = feed[i]
	}
	e.add(0, 0, -1, md.times(dd))
	var lu mat.LU
	lu.Factorize(e.dense())
	rhs := newBlock(k, n+q) // v = E^-1 (Mc x + Md dc xd)
	rhs.add(0, 0, 1, mc)
	rhs.add(0, n, 1, md.times(dc))
	var v mat.Dense
	if err := solved(lu.SolveTo(&v, false, rhs.dense())); err != nil {
		return nil, err
	}
	vb := blockOf(&v)
	win := newBlock(k, n+q)
	win.add(0, 0, 1, dd.times(vb))
	win.add(0, n, 1, dc)
	a := newBlock(n+q, n+q)
	a.add(0, 0, 1, ma)
	a.add(0, 0, 1, mb.times(win))
	a.add(n, n, 1, da)
	a.add(n, 0, 1, db.times(vb))
	closed, _ := balancedPair(a.dense(), nil)
	return eigenvalues(closed)
}

// allPass finds real a and b > 0 with a (s - b)/(s + b) = d at the boundary point z, with |a| = |d|; where d is real the gain
// d alone does it. In discrete time s = (z - 1)/(z + 1), which is imaginary on the unit circle.
func allPass(d, z complex128, discrete bool) (a, b float64, dynamic bool) {
	s := imag(z)
	if discrete {
		s = imag((z - 1) / (z + 1))
	}
	r, phase := cmplx.Polar(d)
	const real0 = 1e-12 // rad
	switch {
	case math.Abs(phase) < real0 || s == 0:
		return math.Copysign(r, real(d)), 0, false
	case math.Pi-math.Abs(phase) < real0:
		return -r, 0, false
	}
	// the phase of (js - b)/(js + b) is pi - 2 atan(s/b), between 0 and pi
	a = r
	if phase < 0 {
		phase += math.Pi
		a = -r
	}
	return a, s / math.Tan((math.Pi-phase)/2), true
}
