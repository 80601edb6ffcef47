package nn

import (
	"fmt"
	"math/rand/v2"

	"github.com/plumb-go/plumb/grad"
)

// MLP is a chain of dense layers.
type MLP struct{ Layers []Dense }

// NewMLP declares the layers sizes[0] -> sizes[1] -> ... on t. All but the last have activation act, the last is linear.
func NewMLP(t *grad.Tape, act grad.Activation, sizes ...int) (MLP, error) {
	if len(sizes) < 2 {
		return MLP{}, fmt.Errorf("nn: an MLP needs an input and an output size, got %v", sizes)
	}
	for _, n := range sizes {
		if n < 1 {
			return MLP{}, fmt.Errorf("nn: layer sizes %v must be positive", sizes)
		}
	}
	var m MLP
	for i, in := range sizes[:len(sizes)-1] {
		if i == len(sizes)-2 {
			act = grad.Linear
		}
		m.Layers = append(m.Layers, NewDense(t, in, sizes[i+1], act))
	}
	return m, nil
}

// Apply returns the network's output for a batch x (samples x inputs): samples x outputs.
func (m MLP) Apply(t *grad.Tape, x grad.Var) grad.Var {
	for _, d := range m.Layers {
		x = d.Apply(t, x)
	}
	return x
}

// Init draws all weights in the order of the layers; see Dense.Init.
func (m MLP) Init(theta []float64, r *rand.Rand) {
	for _, d := range m.Layers {
		d.Init(theta, r)
	}
}
