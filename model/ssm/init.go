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

// initLeast is the smallest modulus of a first pole: that of a pole at zero has no slope either.
const initLeast = 1e-3

// limit is the largest modulus of a first pole.
func (m *Network) limit() float64 {
	return min(initRadius, m.MaxRadius-initRoom*min(m.MaxRadius, 1-m.MaxRadius))
}

// parts is one block's share of a parameter vector, each row-major as the tensor of the same name; bre and bim are B'.
type parts struct {
	nu, angle, bre, bim, cre, cim, d, c, w1, b1, w2, b2 []float64
}

// parts cuts a parameter vector.
func (m *Network) parts(theta []float64) []parts {
	var out []parts
	rest := theta[len(theta)-m.rest.Len():]
	take := func(n int) []float64 {
		x := rest[:n]
		rest = rest[n:]
		return x
	}
	for i := range m.blocks {
		b := &m.blocks[i]
		var p parts
		p.nu, p.angle, p.bre, p.bim = b.split(theta[:b.dim()])
		theta = theta[b.dim():]
		p.cre, p.cim, p.d, p.c = take(b.t.Cre.Len()), take(b.t.Cim.Len()), take(b.t.D.Len()), take(b.t.C.Len())
		if m.Blocks[i].Hidden > 0 {
			p.w1, p.b1, p.w2, p.b2 = take(b.t.W1.Len()), take(b.t.B1.Len()), take(b.t.W2.Len()), take(b.t.B2.Len())
		}
		out = append(out, p)
	}
	return out
}

// place sets state j's pole to v, with the modulus limited to what a start allows, and returns sqrt(1-|lambda|^2).
func (b *block) place(p parts, j int, v complex128, limit float64) (gamma float64) {
	rad := min(max(cmplx.Abs(v), initLeast*limit), limit)
	p.nu[j] = math.Log(-math.Log(rad) - b.decay)
	p.angle[j] = cmplx.Phase(v)
	return math.Sqrt((1 - rad) * (1 + rad))
}

// Init places the poles of every block at the given discrete-time modes and around them, and draws the rest. Modes of
// a block beyond its number of states go to the next block; conjugate pairs count once, as one complex state; a real
// mode becomes a state of nearly zero angle. Without modes the moduli are spread over [0.6, 0.99] and the angles over
// [0, 1.5] rad.
func (m *Network) Init(r *rand.Rand, modes []complex128, theta []float64) {
	limit := m.limit()
	known := distinct(modes, limit)
	at := 0
	for i, p := range m.parts(theta) {
		for j := range p.nu {
			if j >= len(known) {
				m.blocks[i].place(p, j, around(r, known, limit), limit)
				continue
			}
			v := known[at%len(known)]
			at++
			m.blocks[i].place(p, j, v, limit)
			if imag(v) == 0 {
				p.angle[j] += 0.1 * (1 - min(cmplx.Abs(v), limit)) * r.NormFloat64()
			}
		}
		if len(known) <= len(p.nu) {
			at = 0 // this block holds all modes, so does the next
		}
		m.spread(r, i, p)
	}
}

// spread draws everything but the poles of block i.
func (m *Network) spread(r *rand.Rand, i int, p parts) {
	in, out := m.Widths(i)
	root := func(n int) float64 { return math.Sqrt(float64(n)) }
	model.Normal(r, p.bre, 1/root(2*in))
	model.Normal(r, p.bim, 1/root(2*in))
	model.Normal(r, p.cre, 1/root(2*m.Blocks[i].States))
	model.Normal(r, p.cim, 1/root(2*m.Blocks[i].States))
	model.Normal(r, p.d, 1/root(in))
	clear(p.c)
	model.Normal(r, p.w1, 1/root(out))
	model.Normal(r, p.b1, initOffset)
	model.Normal(r, p.w2, initLayer/root(max(m.Blocks[i].Hidden, 1)))
	clear(p.b2)
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
