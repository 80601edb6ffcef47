package train

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// Adam is the method of Kingma and Ba (2015) with bias correction. Its fields are its whole state.
type Adam struct {
	Step int
	M, V []float64
}

// Constants of the method, those of the paper.
const (
	adamBeta1 = 0.9
	adamBeta2 = 0.999
	adamEps   = 1e-8
)

// Update moves theta by one step of the given learning rate.
func (a *Adam) Update(theta, grad []float64, rate float64) {
	if a.M == nil {
		a.M, a.V = make([]float64, len(theta)), make([]float64, len(theta))
	}
	a.Step++
	kernel.Adam(theta, grad, a.M, a.V, kernel.AdamStep{
		Rate: rate, Beta1: adamBeta1, Beta2: adamBeta2, Eps: adamEps,
		Bias1: 1 - math.Pow(adamBeta1, float64(a.Step)), Bias2: 1 - math.Pow(adamBeta2, float64(a.Step)),
	})
}

// Constants of RMSProp: the forgetting factor of the squared gradient and the momentum that Bonassi's examples use.
const (
	rmsAlpha    = 0.9
	rmsMomentum = 0.1
	rmsEps      = 1e-8
)

// UpdateRMSProp moves theta by one step of RMSProp, not centred, with momentum (Tieleman and Hinton 2012): V averages the
// squared gradient, M accumulates the steps.
func (a *Adam) UpdateRMSProp(theta, grad []float64, rate float64) {
	if a.M == nil {
		a.M, a.V = make([]float64, len(theta)), make([]float64, len(theta))
	}
	a.Step++
	for i, g := range grad {
		a.V[i] = rmsAlpha*a.V[i] + (1-rmsAlpha)*g*g
		a.M[i] = rmsMomentum*a.M[i] + g/(math.Sqrt(a.V[i])+rmsEps)
		theta[i] -= rate * a.M[i]
	}
}

// clip scales grad to at most the given 2-norm and reports whether it is finite.
func clip(grad []float64, limit float64) bool {
	n := norm(grad)
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return false
	}
	if n > limit {
		s := limit / n
		for i := range grad {
			grad[i] *= s
		}
	}
	return true
}

// Cosine is a learning rate that rises linearly over the first warm steps and then falls along a half cosine from
// rate to floor*rate at step total.
func Cosine(step, warm, total int, rate, floor float64) float64 {
	if step < warm {
		return rate * float64(step+1) / float64(warm)
	}
	x := min(float64(step-warm)/float64(max(total-warm, 1)), 1)
	return rate * (floor + (1-floor)*0.5*(1+math.Cos(math.Pi*x)))
}
