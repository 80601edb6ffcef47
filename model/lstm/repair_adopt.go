package lstm

import (
	"errors"
	"fmt"

	"github.com/plumb-go/plumb/model"
)

// Adopt writes into theta the parameters whose deployed weights are w, boxes apart, so that training may go on from a
// network that came from elsewhere. The network must have free gates (Componentwise, Penalty, None) and no filter; what
// w holds in a direct path that the network lacks must be zero.
func (m *Network) Adopt(w, theta []float64) error {
	if n := m.Layout().Len(); len(w) != n || len(theta) != m.Dim() {
		return fmt.Errorf("lstm: %d weights and %d parameters for a network of %d and %d", len(w), len(theta), n, m.Dim())
	}
	if m.filter != nil {
		return errors.New("lstm: a network with a filter adopts no weights")
	}
	if !m.Options.Direct {
		for _, x := range m.out.Dy.Of(w) {
			if x != 0 {
				return errors.New("lstm: the weights have a direct path, the network has none")
			}
		}
	}
	take := func(v model.Verbatim) {
		for _, t := range v {
			copy(theta, t.Of(w))
			theta = theta[t.Len():]
		}
	}
	for _, l := range m.layers {
		switch l := l.(type) {
		case *freeLSTM:
			take(l.rest)
		case *freeGRU:
			take(l.rest)
		case *loose:
			take(l.rest)
		default:
			return fmt.Errorf("lstm: a network with guarantee %s adopts no weights", m.Options.Guarantee)
		}
	}
	take(m.rest)
	return nil
}
