package model

import (
	"math"
	"math/rand/v2"
)

// Draft is the linear part that a Lur'e-type network begins with.
type Draft struct {
	A, B2, Cx []float64 // n x n, n x In, Out x n
	CwSd      float64   // spread of the output weights of the nonlinearity
	RMax      float64   // largest modulus the linear part was drawn for
	Linear    *Start    // the linear model it is, nil for a random one near its poles
}

// RandomDraft draws a linear part with n states near the given modes; limit bounds the moduli that the class can hold.
func RandomDraft(r *rand.Rand, n, q, in, out int, modes []complex128, limit func(rMax float64) float64) Draft {
	rMax := Radius(modes, 0.8, 0.95, 0.99)
	d := Draft{A: Modal(r, n, modes, limit(rMax)), B2: make([]float64, n*in), Cx: make([]float64, out*n), CwSd: 1 / math.Sqrt(float64(n+q)), RMax: rMax}
	Normal(r, d.B2, math.Sqrt(1-rMax*rMax))
	Normal(r, d.Cx, d.CwSd)
	return d
}

// LinearDraft is the given linear model with surplus states drawn around its modes and little nonlinearity.
func LinearDraft(r *rand.Rand, s *Start, n, q int, limit func(rMax float64) float64) (Draft, error) {
	rMax := Radius(s.Modes(), 0.8, 0.95, 0.999)
	a, b, c, err := s.Extended(r, n, s.Modes(), limit(rMax))
	return Draft{A: a, B2: b, Cx: c, CwSd: 0.1 / math.Sqrt(float64(q)), RMax: rMax, Linear: s}, err
}

// Coupling draws the weak feedback couplings C-hat (q x n) and B-hat (n x q) of a network whose slowest mode is rMax.
func Coupling(r *rand.Rand, n, q int, rMax float64) (c, b []float64) {
	c, b = make([]float64, q*n), make([]float64, n*q)
	sd := CouplingSd * math.Sqrt((1-rMax)/float64(q))
	Normal(r, c, sd)
	Normal(r, b, sd)
	return c, b
}

// Spreads of the random start: the nonlinear feedback is weak, its pre-activations cover the bend of tanh.
const (
	CouplingSd = 0.3
	InputSd    = 0.7
	BiasSd     = 0.5
	LogPsi     = -1.5 // logarithm of the first multipliers psi
)
