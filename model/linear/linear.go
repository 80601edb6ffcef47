// Package linear fits linear state-space models by free simulation. A linear model stands beside every nonlinear fit,
// tells what the nonlinearity is worth, and lends its poles and input delays to the networks.
//
//	x(k+1) = A x(k) + B u(k) + bx,   y(k) = C x(k) + D u(k) + by,   u_j(k) = input j at sample k - delay_j
//
// Starts come from ARX models (least squares on past inputs and outputs) and from a subspace estimate; each is refined
// on the output error, the squared difference between measured outputs and free simulation, by Levenberg-Marquardt
// steps. Order, delay and start are chosen by the root mean square error of free simulation on validation data. Budgets
// are counted in iterations and samples, never in time, so the same data give the same model.
//
// References: Ljung (1999), System Identification, 2nd ed., chapters 4, 7 and 10; Chiuso (2007), The role of vector
// autoregressive modeling in predictor-based subspace identification, Automatica 43(6), of which the subspace start is
// the version with one set of moments for all orders.
package linear

import (
	"errors"
	"fmt"

	"github.com/plumb-go/plumb/internal/linalg"
)

// Errors that callers can act on.
var (
	ErrConstant = errors.New("linear: signal does not change")
	ErrShort    = errors.New("linear: too little training data")
)

var errNormal = errors.New("linear: normal equations broke down")

// Options of a fit. The zero value means the defaults.
type Options struct {
	MaxOrder  int    // 0 means 12 with one input and one output, else 28
	MaxDelay  int    // largest input delay tried, in samples; 0 means 10, negative means none
	Delay     []int  // delays in samples, one per input; nil: chosen
	Integrate []bool // outputs that hold an integrator, one per output; nil: none is forced
}

func (o Options) withDefaults(m, p int) (Options, error) {
	if o.MaxOrder == 0 {
		o.MaxOrder = 12
		if m*p > 1 {
			o.MaxOrder = 28
		}
	}
	switch {
	case o.MaxDelay == 0:
		o.MaxDelay = 10
	case o.MaxDelay < 0:
		o.MaxDelay = 0
	}
	if o.Delay != nil && len(o.Delay) != m {
		return o, fmt.Errorf("linear: %d delays for %d inputs", len(o.Delay), m)
	}
	if o.Integrate != nil && len(o.Integrate) != p {
		return o, fmt.Errorf("linear: %d integration flags for %d outputs", len(o.Integrate), p)
	}
	for _, d := range o.Delay {
		if d < 0 {
			return o, fmt.Errorf("linear: delay %d is negative", d)
		}
		o.MaxDelay = max(o.MaxDelay, d)
	}
	if o.MaxOrder < 1 {
		return o, fmt.Errorf("linear: largest order %d; it must be positive", o.MaxOrder)
	}
	return o, nil
}

// Model is a linear model in physical units. Matrices are row-major. The states are those of the
// mean input's rest state at zero, scaled to unit second moments over the estimation data.
type Model struct {
	Order, Inputs, Outputs int
	A                      []float64 // Order x Order
	B                      []float64 // Order x Inputs
	C                      []float64 // Outputs x Order
	D                      []float64 // Outputs x Inputs
	Bx                     []float64 // Order
	By                     []float64 // Outputs
	Delay                  []int     // samples, one per input
	Method                 string    // the start that won: "arx" or "subspace", refined on the output error

	trust  []float64 // per output: 1 / variance of the simulation error
	forget float64   // weight of a window's sample falls by this factor per sample of age
}

// Poles returns the eigenvalues of A, conjugate pairs adjacent.
func (m *Model) Poles() []complex128 {
	v, err := linalg.Eigenvalues(m.Order, m.A)
	if err != nil {
		return nil // does not happen: A is finite
	}
	return v
}

// Parameters is the number of free parameters: those of the transfer functions and offsets, n of the n^2 + n(m+p) of A, B
// and C apart from a change of coordinates.
func (m *Model) Parameters() int {
	return m.Order*(m.Inputs+m.Outputs) + m.Outputs*(m.Inputs+1)
}
