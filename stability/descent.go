package stability

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/internal/linalg"
)

// Descent is gradient descent theta+ = theta - alpha grad g(theta) near a minimiser, as a dynamical system.
type Descent struct {
	Curvatures  []float64 // gamma_i: eigenvalues of the Hessian, rising
	LargestStep float64   // 2/gamma_max: asymptotically stable exactly for steps below; 0 where some gamma_i is negative
	BestStep    float64   // 2/(gamma_min + gamma_max): fastest contraction
	BestRate    float64   // (gamma_max - gamma_min)/(gamma_max + gamma_min)
}

// GradientDescent analyses gradient descent by the Hessian at an equilibrium.
//
// Claim: J = I - alpha H has the eigenvalues 1 - alpha gamma_i, so the equilibrium is locally asymptotically stable for
// every alpha in (0, 2/gamma_max) if all gamma_i are positive, and unstable for alpha > 2/gamma_max or if some gamma_i is
// negative. A zero gamma_i, like alpha = 2/gamma_max, is inconclusive: a constant g is stable.
//
// Numerics: floating point (Bounded). Reference: the lecture, whose "alpha < 1/gamma_i" is sufficient only and whose
// "any gamma_i <= 0 is not stable" holds for gamma_i < 0.
func GradientDescent(hessian *mat.SymDense) (*Descent, error) {
	if hessian == nil || hessian.SymmetricDim() == 0 {
		return nil, fmt.Errorf("%w: no Hessian", ErrShape)
	}
	n := hessian.SymmetricDim()
	w, _, err := linalg.EigenSym(n, flat(hessian))
	if err != nil {
		return nil, fmt.Errorf("stability: Hessian: %w", err)
	}
	d := &Descent{Curvatures: w, BestRate: 1}
	if w[0] < 0 || w[n-1] == 0 {
		return d, nil
	}
	d.LargestStep = 2 / w[n-1]
	d.BestStep = 2 / (w[0] + w[n-1])
	d.BestRate = (w[n-1] - w[0]) / (w[n-1] + w[0])
	return d, nil
}

// At classifies the step alpha > 0 by max |1 - alpha gamma_i|, with Undecided where it is 1 up to rounding.
func (d *Descent) At(alpha float64) (Verdict, float64) {
	rate := 0.0
	for _, g := range d.Curvatures {
		rate = max(rate, math.Abs(1-alpha*g))
	}
	switch {
	case math.Abs(rate-1) <= borderFactor*float64(len(d.Curvatures))*eps:
		return Undecided, rate
	case rate < 1:
		return Asymptotic, rate
	}
	return Unstable, rate
}

// NoiseBall is where stochastic gradient descent theta+ = theta - alpha (H theta + e) stays in the long run.
type NoiseBall struct {
	Worst float64 // limsup |theta| for |e| <= bound: alpha bound / (1 - max |1 - alpha gamma_i|), reached
	RMS   float64 // root mean square for uncorrelated e with covariance variance*I: sqrt(sum alpha variance/(gamma_i (2 - alpha gamma_i)))
}

// Ball returns both for a stable step. The gradient noise is the disturbance w = -alpha e of the input-to-state bound; J
// is symmetric, so the bound needs no condition number and is reached by noise along the slowest eigenvector (with
// alternating sign where 1 - alpha gamma is negative). ErrNotStable otherwise.
func (d *Descent) Ball(alpha, bound, variance float64) (NoiseBall, error) {
	v, rate := d.At(alpha)
	if v != Asymptotic || !(alpha > 0) {
		return NoiseBall{}, fmt.Errorf("%w: step %g contracts by %.6g, want below 1; the largest step is %.6g", ErrNotStable, alpha, rate, d.LargestStep)
	}
	sum := 0.0
	for _, g := range d.Curvatures {
		sum += alpha * variance / (g * (2 - alpha*g))
	}
	return NoiseBall{Worst: alpha * bound / (1 - rate), RMS: math.Sqrt(sum)}, nil
}
