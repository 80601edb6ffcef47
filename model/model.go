// Package model states what training sees of a model class: a deployed recurrent cell together with the smooth map
// from unconstrained parameters to its weights. Each class, with its theorem, lives in a folder of its own.
package model

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"

	"github.com/plumb-go/plumb/nn/seq"
)

// Network is a parametrised model class of fixed size. It owns workspace and is not safe for concurrent use; passes
// made by NewPass are independent of it.
type Network interface {
	seq.Cell
	Kind() string                                           // member kind in the bundle manifest
	Dim() int                                               // number of free parameters
	Init(r *rand.Rand, modes []complex128, theta []float64) // modes: poles of a linear fit, may be empty
	Deploy(theta, w []float64)                              // w = deploy(theta), len(w) = Layout().Len()
	Pullback(theta, dw, dtheta []float64)                   // dtheta += (dw/dtheta)' dw at the theta last deployed
}

// Penalised is a class whose training adds a penalty to the loss, such as one that keeps it provable.
type Penalised interface {
	// Penalty returns the penalty at the parameters last deployed and adds its gradient to grad; nil: the value alone.
	Penalty(theta, grad []float64) float64
}

// Certifiable is a class whose claim does not hold for all parameters.
type Certifiable interface {
	// Residual is negative where the claim can be proved at theta.
	Residual(theta []float64) float64
}

// Verbatim is a list of tensors whose numbers are free parameters themselves.
type Verbatim []seq.Tensor

// Len is the number of parameters.
func (v Verbatim) Len() int {
	n := 0
	for _, t := range v {
		n += t.Len()
	}
	return n
}

// Deploy copies theta into the tensors of w.
func (v Verbatim) Deploy(theta, w []float64) {
	for _, t := range v {
		copy(t.Of(w), theta[:t.Len()])
		theta = theta[t.Len():]
	}
}

// Pullback adds the tensors' gradients to dtheta.
func (v Verbatim) Pullback(dw, dtheta []float64) {
	for _, t := range v {
		for i, g := range t.Of(dw) {
			dtheta[i] += g
		}
		dtheta = dtheta[t.Len():]
	}
}

// Normal fills x with independent normal numbers of standard deviation sd.
func Normal(r *rand.Rand, x []float64, sd float64) {
	for i := range x {
		x[i] = sd * r.NormFloat64()
	}
}

// Modal returns an n x n real block-diagonal matrix with eigenvalues near the given modes: first the modes themselves
// (conjugate pairs once, slowest and most oscillatory kept first, moduli limited to rMax), then modes drawn around
// them. With no modes it draws radii in [0.6, rMax] and angles in [0, 1.5].
func Modal(r *rand.Rand, n int, modes []complex128, rMax float64) []float64 {
	a := make([]float64, n*n)
	known := upper(modes, rMax)
	next := func(room int) (complex128, bool) {
		if len(known) > 0 {
			m := known[0]
			if imag(m) != 0 && room < 2 {
				return complex(cmplx.Abs(m), 0), true
			}
			known = known[1:]
			return m, true
		}
		return 0, false
	}
	all := upper(modes, rMax)
	for i := 0; i < n; {
		m, ok := next(n - i)
		if !ok {
			m = draw(r, all, rMax)
		}
		if i+1 < n && (imag(m) != 0 || !ok) {
			re, im := real(m), imag(m)
			a[i*n+i], a[i*n+i+1] = re, -im
			a[(i+1)*n+i], a[(i+1)*n+i+1] = im, re
			i += 2
			continue
		}
		a[i*n+i] = real(m)
		i++
	}
	return a
}

// upper keeps one of each conjugate pair, sorted by falling modulus, with moduli at most rMax.
func upper(modes []complex128, rMax float64) []complex128 {
	var out []complex128
	for _, m := range modes {
		if imag(m) < 0 || cmplx.Abs(m) < 0.05 {
			continue
		}
		if a := cmplx.Abs(m); a > rMax {
			m *= complex(rMax/a, 0)
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b complex128) int {
		switch d := cmplx.Abs(b) - cmplx.Abs(a); {
		case d > 0:
			return 1
		case d < 0:
			return -1
		}
		return 0
	})
	return out
}

// draw picks a mode around the known ones: radius and angle jittered, so that extra states begin where the plant lives.
func draw(r *rand.Rand, known []complex128, rMax float64) complex128 {
	if len(known) == 0 {
		return cmplx.Rect(0.6+(rMax-0.6)*r.Float64(), 1.5*r.Float64())
	}
	m := known[r.IntN(len(known))]
	slow := 1 - cmplx.Abs(m)
	rad := 1 - slow*math.Exp(1.2*r.NormFloat64())
	ang := math.Abs(cmplx.Phase(m) + 0.5*slow*r.NormFloat64() + 0.1*r.NormFloat64()*math.Abs(cmplx.Phase(m)))
	return cmplx.Rect(min(max(rad, 0.3), rMax), min(ang, 3))
}

// Radius is the largest modulus among the modes, limited to [lo, hi]; mid when there are none.
func Radius(modes []complex128, lo, mid, hi float64) float64 {
	if len(modes) == 0 {
		return mid
	}
	var r float64
	for _, m := range modes {
		r = max(r, cmplx.Abs(m))
	}
	return min(max(r, lo), hi)
}

// Margin is the room that a network with a largest first modulus rMax keeps from the edge of the set that
// direct.Contracting parametrises.
func Margin(rMax float64) float64 { return 0.2 * (1 - rMax) }

// Limit is the largest first modulus, at most rMax, that this set holds for the given rate and small couplings.
func Limit(rate, rMax float64) float64 {
	delta := Margin(rMax)
	if rate < 0.95 { // the other balance of direct.Contracting.Init
		return min(rMax, 0.999*rate*(1-delta))
	}
	return min(rMax, 0.999*math.Sqrt(max(2-1/(rate*rate)-delta, 0.01)*(1-delta)))
}
