package ssm

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
)

var _ model.Starter = (*Network)(nil)

// startLayer is W2 of a start from a linear model relative to a random start: the static layers bend the linear
// response by some percent.
const startLayer = 0.3

// InitLinear starts as the given linear model: with W2 = 0 the response from corresponding states is that of s (poles
// outside the start's limits apart, which are pulled back). The first signals between blocks carry the linear output,
// the next ones the input where there is room for both; modes beyond the states of the first block then go to the later
// ones. Surplus states are drawn as in Init and not observed by the output, surplus signals are drawn and not used.
//
// It returns an error when the modes do not fit or the width is below the number of outputs.
func (m *Network) InitLinear(r *rand.Rand, s *model.Start, theta []float64) error {
	if s.In != m.In || s.Out != m.Out {
		return fmt.Errorf("ssm: a linear model of %d inputs and %d outputs for a network of %d and %d", s.In, s.Out, m.In, m.Out)
	}
	several := len(m.blocks) > 1
	if several && m.Width < m.Out {
		return fmt.Errorf("ssm: width %d cannot carry %d outputs from block to block", m.Width, m.Out)
	}
	through := several && m.Width >= m.Out+m.In // the input reaches every block
	modes, room := complexModes(s), 0
	for i, b := range m.Blocks {
		if i == 0 || through {
			room += b.States
		}
	}
	if len(modes) > room {
		return fmt.Errorf("ssm: %d modes of a linear model for %d complex states", len(modes), room)
	}
	m.Init(r, s.Modes(), theta)
	for i, p := range m.parts(theta) {
		n := 0
		if i == 0 || through {
			n = min(len(modes), len(p.nu))
		}
		m.startOutputs(i, p, s, through)
		for j, v := range modes[:n] {
			m.startState(r, i, p, j, v)
		}
		modes = modes[n:]
		for k := range p.w2 {
			p.w2[k] *= startLayer
		}
	}
	return nil
}

// startOutputs makes block i hand on the linear output and the input, observing no state yet.
func (m *Network) startOutputs(i int, p parts, s *model.Start, through bool) {
	in, _ := m.Widths(i)
	states := len(p.nu)
	fixed := m.Out
	if through && i < len(m.blocks)-1 {
		fixed += m.In
	}
	clear(p.cre[:fixed*states])
	clear(p.cim[:fixed*states])
	clear(p.d[:fixed*in])
	for o := range fixed {
		switch {
		case i > 0: // signal o of the block before
			p.d[o*in+o] = 1
		case o < m.Out:
			copy(p.d[o*in:(o+1)*in], s.D[o*in:])
		default: // an input
			p.d[o*in+o-m.Out] = 1
		}
	}
	if i == 0 {
		copy(p.c, s.Y0)
	}
}

// startState makes state j of block i one mode of the linear model, driven by the input, observed by the output.
func (m *Network) startState(r *rand.Rand, i int, p parts, j int, v mode) {
	gamma := m.blocks[i].place(p, j, v.pole, m.limit())
	in, _ := m.Widths(i)
	states, from := len(p.nu), 0
	if i > 0 {
		from = m.Out
	}
	clear(p.bre[j*in : (j+1)*in])
	clear(p.bim[j*in : (j+1)*in])
	for k, b := range v.b {
		p.bre[j*in+from+k], p.bim[j*in+from+k] = real(b)/gamma, imag(b)/gamma
	}
	for o, c := range v.c {
		p.cre[o*states+j], p.cim[o*states+j] = real(c), imag(c)
		if imag(v.pole) == 0 { // the imaginary part of the state is zero: this lets it learn to be otherwise
			p.cim[o*states+j] = 0.3 * math.Abs(real(c)) * r.NormFloat64()
		}
	}
}

// mode is one complex state s+ = pole s + b u of a linear model whose output sums Re(c s).
type mode struct {
	pole complex128
	b, c []complex128
}

// complexModes joins the states of each 2x2 block [re im; -im re] to s = x1 - i x2, so that s+ = (re + i im) s + (b1 -
// i b2) u and c1 x1 + c2 x2 = Re((c1 + i c2) s).
func complexModes(s *model.Start) []mode {
	var out []mode
	for i := 0; i < s.N; i++ {
		v := mode{pole: complex(s.A[i*s.N+i], 0), b: make([]complex128, s.In), c: make([]complex128, s.Out)}
		pair := i+1 < s.N && s.A[i*s.N+i+1] != 0
		if pair {
			v.pole = complex(s.A[i*s.N+i], s.A[i*s.N+i+1])
		}
		for k := range v.b {
			v.b[k] = complex(s.B[i*s.In+k], 0)
			if pair {
				v.b[k] -= complex(0, s.B[(i+1)*s.In+k])
			}
		}
		for o := range v.c {
			v.c[o] = complex(s.C[o*s.N+i], 0)
			if pair {
				v.c[o] += complex(0, s.C[o*s.N+i+1])
			}
		}
		out = append(out, v)
		if pair {
			i++
		}
	}
	return out
}
