// Package testkit holds checks that the tests of several packages share.
package testkit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Pullback is the part of a parametrisation that CheckPullback exercises.
type Pullback interface {
	Dim() int
	Deploy(theta, w []float64)
	Pullback(theta, dw, dtheta []float64)
}

// CheckPullback compares the pullback of a random linear functional of the deployed weights (weights of them) at theta
// with central differences, in every parameter.
func CheckPullback(t *testing.T, name string, p Pullback, weights int, theta []float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	w, c := make([]float64, weights), make([]float64, weights)
	for i := range c {
		c[i] = r.NormFloat64()
	}
	eval := func() (f float64) {
		p.Deploy(theta, w)
		for i, v := range w {
			f += c[i] * v
		}
		return f
	}
	eval()
	g := make([]float64, p.Dim())
	p.Pullback(theta, c, g)
	for i := range theta {
		const h = 1e-6
		keep := theta[i]
		theta[i] = keep + h
		fp := eval()
		theta[i] = keep - h
		fm := eval()
		theta[i] = keep
		// central differences: h^2 times the third derivative plus rounding of f over h
		if d := (fp - fm) / (2 * h); math.Abs(d-g[i]) > 3e-6*(1+math.Abs(d)) {
			t.Errorf("%s: parameter %d: gradient %g, difference quotient %g", name, i, g[i], d)
		}
	}
}
