package lstm

import "math"

// addAbs adds |m| x to y; m is row-major, len(y) x len(x).
func addAbs(y, m, x []float64) {
	n := len(x)
	for j := range y {
		row := m[j*n : j*n+n]
		var s float64
		for k, v := range row {
			s += math.Abs(v) * x[k]
		}
		y[j] += s
	}
}

// pullAbs adds the gradients of addAbs to dm and dx (nil: not wanted), the derivative of |v| at zero taken as zero.
func pullAbs(dm, dx, m, x, dy []float64) {
	n := len(x)
	for j, g := range dy {
		if g == 0 {
			continue
		}
		row, drow := m[j*n:j*n+n], dm[j*n:j*n+n]
		for k, v := range row {
			switch {
			case v > 0:
				drow[k] += g * x[k]
			case v < 0:
				drow[k] -= g * x[k]
			}
		}
		if dx != nil {
			for k, v := range row {
				dx[k] += g * math.Abs(v)
			}
		}
	}
}

func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

func logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }

// logSigmoid is log sigmoid(x) without underflow.
func logSigmoid(x float64) float64 { return min(x, 0) - math.Log1p(math.Exp(-math.Abs(x))) }

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// steepest returns the largest slope of the logistic function over [lo, hi], taken at the end nearest to zero, and its
// derivatives; the slope at zero is stationary, so the function is smooth.
func steepest(lo, hi float64) (s, dlo, dhi float64) {
	switch {
	case lo > 0:
		p := sigmoid(lo)
		s = p * sigmoid(-lo)
		return s, s * (1 - 2*p), 0
	case hi < 0:
		p := sigmoid(hi)
		s = p * sigmoid(-hi)
		return s, 0, s * (1 - 2*p)
	}
	return 0.25, 0, 0
}

// steepestTanh is steepest for tanh.
func steepestTanh(lo, hi float64) (s, dlo, dhi float64) {
	switch {
	case lo > 0:
		t := math.Tanh(lo)
		s = tanhSlope(lo)
		return s, -2 * t * s, 0
	case hi < 0:
		t := math.Tanh(hi)
		s = tanhSlope(hi)
		return s, 0, -2 * t * s
	}
	return 1, 0, 0
}

// tanhSlope is 1 - tanh(x)^2 without cancellation.
func tanhSlope(x float64) float64 {
	e := math.Exp(-2 * math.Abs(x))
	return 4 * e / ((1 + e) * (1 + e))
}
