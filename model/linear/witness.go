package linear

import (
	"errors"
	"fmt"

	"github.com/plumb-go/plumb/internal/linalg"
)

// ErrUnstable says that a model does not forget its initial state.
var ErrUnstable = errors.New("linear: the model is not Schur stable")

// Witness proves that the difference of two responses to one input falls by Rate per sample in the norm of M:
//
//	M > 0,   Rate^2 M - A' M A > 0
type Witness struct {
	Rate float64
	M    []float64 // Order x Order, symmetric
}

// Share of the distance between spectral radius and one that the witness's rate stays above the radius: nearer, M
// becomes ill-conditioned; farther, the rate says less.
const rateMargin = 0.1

// Witness returns a contraction witness: M solves Rate^2 M - A' M A = I (discrete Lyapunov equation of A / Rate), which
// is positive definite whenever Rate exceeds the spectral radius of A. A model whose radius is not below one gives
// ErrUnstable. The witness is computed in floating point and proves nothing by itself; package cert decides.
func (m *Model) Witness() (*Witness, error) {
	n := m.Order
	rho, err := linalg.SpectralRadius(n, m.A)
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	if !(rho < 1) {
		return nil, fmt.Errorf("%w: spectral radius %.9g", ErrUnstable, rho)
	}
	w := &Witness{Rate: rho + rateMargin*(1-rho)}
	a, q := make([]float64, n*n), linalg.Identity(n)
	for i := range a {
		a[i] = m.A[i] / w.Rate
		q[i] /= w.Rate * w.Rate
	}
	if w.M, err = linalg.DLyap(n, a, q); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnstable, err)
	}
	return w, nil
}
