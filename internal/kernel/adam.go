package kernel

import "math"

// AdamStep holds the numbers of one step of Adam; Bias1 and Bias2 are 1 - Beta1^t and 1 - Beta2^t at step t = 1, 2, ...
type AdamStep struct {
	Rate, Beta1, Beta2, Eps float64
	Bias1, Bias2            float64
	Decay                   float64 // decoupled: theta shrinks by the factor 1 - Rate*Decay
}

// Adam updates the moments m and v with grad, and theta with them:
//
//	m = Beta1 m + (1-Beta1) grad,  v = Beta2 v + (1-Beta2) grad^2
//	theta = (1 - Rate Decay) theta - Rate (m/Bias1) / (sqrt(v/Bias2) + Eps)
//
// Reference: Kingma and Ba (2015), algorithm 1; the decay is that of Loshchilov and Hutter (2019).
func Adam(theta, grad, m, v []float64, s AdamStep) {
	n := max(triple(theta, grad, m), triple(theta, grad, v))
	keep, rate, root := 1-s.Rate*s.Decay, s.Rate/s.Bias1, math.Sqrt(s.Bias2)
	if n > 0 && fast {
		adamF64(&theta[0], &m[0], &v[0], &grad[0], keep, rate, s.Beta1, 1-s.Beta1, s.Beta2, 1-s.Beta2, root, s.Eps, n)
		return
	}
	adamPlain(theta, grad, m, v, s)
}

// Adam32 is Adam in single precision.
func Adam32(theta, grad, m, v []float32, s AdamStep) {
	n := max(triple(theta, grad, m), triple(theta, grad, v))
	keep, rate, root := float32(1-s.Rate*s.Decay), float32(s.Rate/s.Bias1), float32(math.Sqrt(s.Bias2))
	if n > 0 && fast {
		adamF32(&theta[0], &m[0], &v[0], &grad[0], keep, rate, float32(s.Beta1), float32(1-s.Beta1),
			float32(s.Beta2), float32(1-s.Beta2), root, float32(s.Eps), n)
		return
	}
	adamPlain(theta, grad, m, v, s)
}

func adamPlain[T number](theta, grad, m, v []T, s AdamStep) {
	keep, rate, root := T(1-s.Rate*s.Decay), T(s.Rate/s.Bias1), T(math.Sqrt(s.Bias2))
	for i, g := range grad {
		m[i] = T(s.Beta1)*m[i] + T(1-s.Beta1)*g
		v[i] = T(s.Beta2)*v[i] + T(1-s.Beta2)*g*g
		theta[i] = keep*theta[i] - rate*m[i]/(T(math.Sqrt(float64(v[i])))/root+T(s.Eps))
	}
}
