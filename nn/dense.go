package nn

import (
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/grad"
)

// Dense is an affine map followed by an activation: y = act(x W + b), row by row, W inputs x outputs.
type Dense struct {
	In, Out int
	Act     grad.Activation
	Offset  int // place of W in the flat parameter vector; b follows

	w, b grad.Var
}

// NewDense declares In*Out weights and Out biases on t; an empty shape is an error of the tape.
func NewDense(t *grad.Tape, in, out int, act grad.Activation) Dense {
	d := Dense{In: in, Out: out, Act: act, Offset: t.Dim()}
	d.w = t.Param(in, out)
	d.b = t.Param(1, out)
	return d
}

// Apply returns the layer's output for a batch x (samples x In): samples x Out.
func (d Dense) Apply(t *grad.Tape, x grad.Var) grad.Var { return t.Dense(x, d.w, d.b, d.Act) }

// Weights returns W (In x Out, row-major) and b (Out) inside the flat parameter vector.
func (d Dense) Weights(theta []float64) (w, b []float64) {
	n := d.In * d.Out
	return theta[d.Offset : d.Offset+n], theta[d.Offset+n : d.Offset+n+d.Out]
}

// Init draws the weights uniformly and sets the biases to zero. The variance is 2/(In+Out), Glorot and Bengio (2010),
// equation 16, or for Relu 2/In, He, Zhang, Ren and Sun (2015), equation 10, with a uniform in place of their normal
// distribution.
func (d Dense) Init(theta []float64, r *rand.Rand) {
	w, b := d.Weights(theta)
	variance := 2 / float64(d.In+d.Out)
	if d.Act == grad.Relu {
		variance = 2 / float64(d.In)
	}
	bound := math.Sqrt(3 * variance) // of the uniform distribution with this variance
	for i := range w {
		w[i] = bound * (2*r.Float64() - 1)
	}
	clear(b)
}
