package train

import "math"

// LBFGS minimises a smooth objective by the limited-memory BFGS method (Nocedal 1980) with a backtracking line search.
// Its exported fields are its whole state: stored and restored, it continues to the same bytes.
type LBFGS struct {
	Theta, Grad []float64
	F           float64
	Iter        int
	Evals       int
	S, Y        [][]float64 // steps and gradient differences, oldest first
	Memory      int         // 0 means 30

	dir, next, gnext, alpha []float64
}

// NewLBFGS evaluates the objective at theta (copied) and returns the starting state.
func NewLBFGS(obj Objective, theta []float64) *LBFGS {
	l := &LBFGS{Theta: append([]float64(nil), theta...), Grad: make([]float64, len(theta))}
	l.F = obj.ValueGrad(l.Theta, l.Grad)
	l.Evals = 1
	return l
}

// Line-search constants: sufficient decrease of Armijo, most trials per step, smallest accepted curvature.
const (
	armijo    = 1e-4
	maxTrials = 25
	curvature = 1e-10
)

// Step makes one iteration and reports whether the objective fell; false means that no descent was found even along
// the gradient, so the iteration has converged to rounding.
func (l *LBFGS) Step(obj Objective) bool {
	n := len(l.Theta)
	if l.dir == nil {
		l.dir, l.next, l.gnext = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	for {
		l.direction()
		slope := dot(l.Grad, l.dir)
		t := 1.0
		if len(l.S) == 0 {
			t = min(1, 1/norm(l.Grad)) * 0.1
		}
		if slope < 0 && l.search(obj, slope, t) {
			l.Iter++
			return true
		}
		if len(l.S) == 0 {
			return false
		}
		l.S, l.Y = nil, nil // a stale model: start again from the gradient
	}
}

// search backtracks from step length t until the Armijo condition holds, then stores the curvature pair and moves.
func (l *LBFGS) search(obj Objective, slope, t float64) bool {
	for range maxTrials {
		for i := range l.next {
			l.next[i] = l.Theta[i] + t*l.dir[i]
		}
		f := obj.ValueGrad(l.next, l.gnext)
		l.Evals++
		if f <= l.F+armijo*t*slope && !math.IsNaN(norm(l.gnext)) {
			if f < l.F {
				l.store()
				copy(l.Theta, l.next)
				copy(l.Grad, l.gnext)
				l.F = f
				return true
			}
			return false // equal to rounding
		}
		shrink := 0.1
		if !math.IsNaN(f) && !math.IsInf(f, 0) { // minimum of the parabola through f(0), f'(0), f(t)
			shrink = min(max(-0.5*slope*t/(f-l.F-slope*t), 0.1), 0.5)
		}
		t *= shrink
	}
	return false
}

// direction writes -H grad by the two-loop recursion.
func (l *LBFGS) direction() {
	copy(l.dir, l.Grad)
	k := len(l.S)
	if cap(l.alpha) < k {
		l.alpha = make([]float64, 0, 64)
	}
	l.alpha = l.alpha[:k]
	for i := k - 1; i >= 0; i-- {
		l.alpha[i] = dot(l.S[i], l.dir) / dot(l.S[i], l.Y[i])
		axpy(l.dir, -l.alpha[i], l.Y[i])
	}
	if k > 0 {
		scale(l.dir, dot(l.S[k-1], l.Y[k-1])/dot(l.Y[k-1], l.Y[k-1]))
	}
	for i := range k {
		beta := dot(l.Y[i], l.dir) / dot(l.S[i], l.Y[i])
		axpy(l.dir, l.alpha[i]-beta, l.S[i])
	}
	scale(l.dir, -1)
}

func (l *LBFGS) store() {
	memory := l.Memory
	if memory == 0 {
		memory = 30
	}
	var s, y []float64
	if len(l.S) == memory { // reuse the oldest pair's storage
		s, y = l.S[0], l.Y[0]
		copy(l.S, l.S[1:])
		copy(l.Y, l.Y[1:])
		l.S, l.Y = l.S[:memory-1], l.Y[:memory-1]
	} else {
		s, y = make([]float64, len(l.Theta)), make([]float64, len(l.Theta))
	}
	for i := range s {
		s[i] = l.next[i] - l.Theta[i]
		y[i] = l.gnext[i] - l.Grad[i]
	}
	if dot(s, y) > curvature*norm(s)*norm(y) {
		l.S, l.Y = append(l.S, s), append(l.Y, y)
	}
}

func dot(x, y []float64) float64 {
	var s float64
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

func axpy(dst []float64, a float64, x []float64) {
	for i, v := range x {
		dst[i] += a * v
	}
}

func scale(x []float64, a float64) {
	for i := range x {
		x[i] *= a
	}
}
