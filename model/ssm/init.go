package ssm

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"

	"github.com/plumb-go/plumb/model"
)

// Spread of the first parameters. With B' and C of unit size the normalised states and the signals between blocks
// start at the size of the input; the static layers start weak but not at zero, with offsets that place the slopes of
// the hidden units over the signal's range.
const (
	initLayer  = 0.3 // standard deviation of W2 times sqrt(hidden)
	initOffset = 0.5 // standard deviation of b1
)

// initRadius limits the modulus of the first poles: a pole of a linear fit on or outside the unit circle (an
// integrator, a drift) begins as a memory of 1000 samples.
const initRadius = 0.999

// initRoom is the share of the distance to the unit circle that the first poles keep from MaxRadius, where the slope of
// the modulus vanishes.
const initRoom = 0.1

// Init places the poles of every block at the given discrete-time modes and around them, and draws the rest. Modes of
// a block beyond its number of states go to the next block; conjugate pairs count once, as one complex state; a real
// mode becomes a state of nearly zero angle. Without modes the moduli are spread over [0.6, 0.99] and the angles over
// [0, 1.5] rad.
func (m *Network) Init(r *rand.Rand, modes []complex128, theta []float64) {
	limit := min(initRadius, m.MaxRadius-initRoom*min(m.MaxRadius, 1-m.MaxRadius))
	known := distinct(modes, limit)
	at := 0
	for i := range m.blocks {
		b := &m.blocks[i]
		nu, angle, re, im := b.split(theta[:b.dim()])
		for j := range nu {
			var p complex128
			if j < len(known) {
				p = known[at%len(known)]
				at++
			} else {
				p = around(r, known, limit)
			}
			rad := min(cmplx.Abs(p), limit)
			nu[j] = math.Log(-math.Log(rad) - b.decay)
			angle[j] = cmplx.Phase(p)
			if imag(p) == 0 {
				angle[j] += 0.1 * (1 - rad) * r.NormFloat64()
			}
		}
		if len(known) <= len(nu) {
			at = 0 // this block holds all modes, so does the next
		}
		sd := 1 / math.Sqrt(2*float64(b.t.Bre.Cols))
		model.Normal(r, re, sd)
		model.Normal(r, im, sd)
		theta = theta[b.dim():]
	}
	m.initRest(r, theta)
}

func (m *Network) initRest(r *rand.Rand, theta []float64) {
	take := func(n int) []float64 {
		x := theta[:n]
		theta = theta[n:]
		return x
	}
	for i, b := range m.blocks {
		states := float64(m.Blocks[i].States)
		model.Normal(r, take(b.t.Cre.Len()), 1/math.Sqrt(2*states))
		model.Normal(r, take(b.t.Cim.Len()), 1/math.Sqrt(2*states))
		model.Normal(r, take(b.t.D.Len()), 1/math.Sqrt(float64(b.t.D.Cols)))
		clear(take(b.t.C.Len()))
		if hidden := m.Blocks[i].Hidden; hidden > 0 {
			model.Normal(r, take(b.t.W1.Len()), 1/math.Sqrt(float64(b.t.W1.Cols)))
			model.Normal(r, take(b.t.B1.Len()), initOffset)
			model.Normal(r, take(b.t.W2.Len()), initLayer/math.Sqrt(float64(hidden)))
			clear(take(b.t.B2.Len()))
		}
	}
}

// distinct keeps one of each conjugate pair, slowest first, with moduli at most limit. Modes of modulus below 0.05 are
// feedthrough and delay, which D and later blocks express.
func distinct(modes []complex128, limit float64) []complex128 {
	var out []complex128
	for _, p := range modes {
		a := cmplx.Abs(p)
		if imag(p) < 0 || !(a >= 0.05) || math.IsInf(a, 1) {
			continue
		}
		if a > limit {
			p *= complex(limit/a, 0)
		}
		out = append(out, p)
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

// around draws a pole near a random known one: its distance from the unit circle by a factor of about three, its angle
// by about a tenth and by the width of its resonance.
func around(r *rand.Rand, known []complex128, limit float64) complex128 {
	if len(known) == 0 {
		top := min(0.99, limit)
		low := min(0.6, 0.6*top)
		return cmplx.Rect(low+(top-low)*r.Float64(), 1.5*r.Float64())
	}
	p := known[r.IntN(len(known))]
	slow, angle := 1-cmplx.Abs(p), cmplx.Phase(p)
	rad := 1 - slow*math.Exp(1.2*r.NormFloat64())
	angle += 0.5*slow*r.NormFloat64() + 0.1*angle*r.NormFloat64()
	return cmplx.Rect(min(max(rad, 0.3*limit), limit), min(math.Abs(angle), math.Pi))
}
