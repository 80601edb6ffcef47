package ssm

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
)

var _ model.Starter = (*Network)(nil)

// startLayer is the standard deviation of W2 times sqrt(hidden) for a start from a linear model: the static layers bend
// its response by a few percent.
const startLayer = 0.1

// InitLinear starts as the given linear model: with W2 = 0 the network's response from the zero state would be exactly
// that of s, poles beyond the start's limit pulled back to it apart. The first signals between blocks carry the linear
// output, and the next ones the input where there is room for both; then modes that do not fit into the first block go
// to the later ones. Surplus states are drawn as in Init and not observed, surplus signals are drawn and not used.
//
// It returns an error when the modes do not fit or the width is below the number of outputs.
func (m *Network) InitLinear(r *rand.Rand, s *model.Start, theta []float64) error {
	if s.In != m.In || s.Out != m.Out {
		return fmt.Errorf("ssm: a linear model of %d inputs and %d outputs for a network of %d and %d", s.In, s.Out, m.In, m.Out)
	}
	if len(m.blocks) > 1 && m.Width < m.Out {
		return fmt.Errorf("ssm: width %d cannot carry %d outputs between blocks", m.Width, m.Out)
	}
	modes := complexModes(s)
	last, room := len(m.blocks)-1, 0
	through := last > 0 && m.Width >= m.Out+m.In // the input reaches every block
	for i, b := range m.Blocks {
		if i == 0 || through {
			room += b.States
		}
	}
	if len(modes) > room {
		return fmt.Errorf("ssm: %d modes of a linear model for %d complex states", len(modes), room)
	}
	m.Init(r, s.Modes(), theta)
	rest := theta[m.Dim()-m.rest.Len():]
	for i := range m.blocks {
		b := &m.blocks[i]
		n := 0
		if i == 0 || through {
			n = min(len(modes), m.Blocks[i].States)
		}
		from := 0 // first column of B' and D that carries the input
		if i > 0 {
			from = m.Out
		}
		m.startStates(r, b, modes[:n], from, theta[:b.dim()])
		theta, modes = theta[b.dim():], modes[n:]
		rest = m.startMaps(r, i, through, s, rest, n)
		m.startOutputs(i, n)
	}
	return nil
}
