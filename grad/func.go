package grad

import "math"

// Func is a scalar function of the flat parameter vector, built on its tape anew at every call. With a nil gradient
// only the value is computed. It implements train.Objective; it is not safe for concurrent use.
type Func struct {
	Tape  *Tape
	Build func(*Tape) Var // returns the loss, 1 x 1
}

// Dim is the length of the parameter vector.
func (f *Func) Dim() int { return f.Tape.Dim() }

// ValueGrad returns the loss at theta and overwrites grad. It returns NaN when building the loss fails; Err tells why.
func (f *Func) ValueGrad(theta, grad []float64) float64 {
	t := f.Tape
	t.Start(theta, grad)
	loss := f.Build(t)
	if grad == nil && t.err == nil {
		if r, c := t.Shape(loss); r == 1 && c == 1 {
			return t.nodes[loss.i].val[0]
		}
	}
	v, err := t.Backward(loss)
	if err != nil {
		return math.NaN()
	}
	return v
}

// Err is the error of the last ValueGrad.
func (f *Func) Err() error { return f.Tape.err }
