// Package r2dn is the contracting Lur'e network by direct parametrisation (Barbara, Wang, Manchester: R2DN, 2025).
//
//	v = C1 x + D12 u + bv,   w = tanh(v)
//	x+ = A x + B1 w + B2 u + bx,   y = Cx x + Cw w + D22 u + by
//
// Theorem. For every parameter vector there are M > 0 and Lambda > 0 diagonal such that two trajectories under the
// same input, whatever it is, satisfy |x'(k) - x(k)|_M <= Rate^k |x'(0) - x(0)|_M. The proof is at
// direct.Contracting: tanh has slopes in [0, 1], so |dw_i| <= |(C1 dx)_i|, and the inequality of the map applies.
//
// Notation: paper X, Y, C-hat, B-hat, psi -> parameters of direct.Contracting; alpha-bar -> Rate.
package r2dn

import (
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/direct"
	"github.com/plumb-go/plumb/nn/seq"
)

// Network is a contracting Lur'e network of fixed size.
type Network struct {
	seq.Lure
	Rate float64 // prescribed contraction rate, in (0, 1]

	t    seq.LureTensors
	core *direct.Contracting
	rest model.Verbatim
	b2   []float64 // free input matrix; deployed as inv(E) b2
	dk   []float64
}

var _ model.Network = (*Network)(nil)

// New returns a network with n states, q hidden channels and the prescribed rate; tanh acts elementwise.
func New(inputs, outputs, n, q int, rate float64) (*Network, error) {
	core, err := direct.NewContracting(n, q, rate, false)
	if err != nil {
		return nil, err
	}
	c := seq.Lure{In: inputs, Out: outputs, N: n, Q: q}
	t := c.Tensors()
	return &Network{
		Lure: c, Rate: rate, t: t, core: core,
		rest: model.Verbatim{t.Bx, t.D12, t.Bv, t.Cx, t.Cw, t.D22, t.By},
		b2:   make([]float64, n*inputs),
		dk:   make([]float64, n*n),
	}, nil
}

// Kind is the member kind in the bundle.
func (*Network) Kind() string { return "lure" }

// Dim counts the core's parameters, the free input matrix and the tensors that deploy verbatim.
func (m *Network) Dim() int { return m.core.Dim() + len(m.b2) + m.rest.Len() }

// Deploy maps theta to the weights of the Lure cell.
func (m *Network) Deploy(theta, w []float64) {
	t := m.t
	m.core.Map(theta[:m.core.Dim()], t.A.Of(w), t.B1.Of(w), t.C1.Of(w))
	theta = theta[m.core.Dim():]
	copy(m.b2, theta)
	matMul(t.B2.Of(w), m.core.InvE(), m.b2, m.N, m.N, m.In)
	m.rest.Deploy(theta[len(m.b2):], w)
}

// Pullback adds the gradient at the parameters last deployed.
func (m *Network) Pullback(_, dw, dtheta []float64) {
	t := m.t
	db2 := t.B2.Of(dw)
	inv := m.core.InvE()
	for i := range m.N { // dK = dB2 b2'
		for l := range m.N {
			var s float64
			for j := range m.In {
				s += db2[i*m.In+j] * m.b2[l*m.In+j]
			}
			m.dk[i*m.N+l] = s
		}
	}
	m.core.Pull(t.A.Of(dw), t.B1.Of(dw), t.C1.Of(dw), m.dk, dtheta[:m.core.Dim()])
	dtheta = dtheta[m.core.Dim():]
	for l := range m.N { // db2 = K' dB2
		for j := range m.In {
			var s float64
			for i := range m.N {
				s += inv[i*m.N+l] * db2[i*m.In+j]
			}
			dtheta[l*m.In+j] += s
		}
	}
	m.rest.Pullback(dw, dtheta[len(m.b2):])
}

// Init starts near a linear system with the given modes and weak nonlinear feedback.
func (m *Network) Init(r *rand.Rand, modes []complex128, theta []float64) {
	rMax := model.Radius(modes, 0.8, 0.95, 0.99)
	delta := 0.2 * (1 - rMax)
	limit := math.Sqrt(max(2-1/(m.Rate*m.Rate)-delta, 0.01) * (1 - delta))
	a0 := model.Modal(r, m.N, modes, min(rMax, 0.999*limit))
	c, b := make([]float64, m.Q*m.N), make([]float64, m.N*m.Q)
	sd := 0.3 * math.Sqrt((1-rMax)/float64(m.Q))
	model.Normal(r, c, sd)
	model.Normal(r, b, sd)
	if err := m.core.Init(a0, c, b, -1.5, delta, theta[:m.core.Dim()]); err != nil {
		panic("r2dn: initial matrix outside the parametrised set") // the radius was limited above
	}
	theta = theta[m.core.Dim():]
	model.Normal(r, theta[:len(m.b2)], math.Sqrt(1-rMax*rMax))
	theta = theta[len(m.b2):]
	for _, t := range m.rest {
		x := theta[:t.Len()]
		switch t {
		case m.t.D12:
			model.Normal(r, x, 0.7)
		case m.t.Bv:
			model.Normal(r, x, 0.5)
		case m.t.Cx, m.t.Cw:
			model.Normal(r, x, 1/math.Sqrt(float64(m.N+m.Q)))
		default:
			clear(x)
		}
		theta = theta[t.Len():]
	}
}

// Witness returns the metric M (n x n) and multiplier Lambda (q) of the parameters last deployed.
func (m *Network) Witness() (metric, lambda []float64) { return m.core.Metric() }

// matMul writes the m x n product of row-major a (m x k) and b (k x n).
func matMul(dst, a, b []float64, m, k, n int) {
	for i := range m {
		for j := range n {
			var s float64
			for l := range k {
				s += a[i*k+l] * b[l*n+j]
			}
			dst[i*n+j] = s
		}
	}
}
