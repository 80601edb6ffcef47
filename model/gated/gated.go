// Package gated is the sector-gated Lur'e network: globally input-to-state stable with a rate and a gain, and
// exponentially stable at the declared rest input.
//
//	ut = u - u0,   v = C1 x + D12 ut,   delta(x, ut) in [-1, 1]^q,   w = delta * v
//	x+ = A x + B1 w + B2 ut,   y = Cx x + Cw w + D22 u + by
//
// Theorem. For every gating network and every input, |x+|_M <= r |x|_M + g |ut| with
// g = max over delta in {-1,1}^q of |B2 + B1 diag(delta) D12|_M. So |x(k)|_M <= r^k |x(0)|_M + g/(1-r) sup |ut|, and
// the rest state is globally exponentially stable under u = u0.
//
// Proof. The map direct.Contracting (psi = 1) gives [[r^2 M - C1'C1, 0], [0, I]] >= [A B1]'M[A B1]. Apply it to
// (x, delta*C1 x): |A x + B1 (delta*C1 x)|_M^2 <= r^2 |x|_M^2 - |C1 x|^2 + |delta*C1 x|^2 <= r^2 |x|_M^2. The rest of
// x+ is (B2 + B1 diag(delta) D12) ut, a convex function of delta, so its norm is largest at a vertex. The gating
// network does not enter: only |delta| <= 1 does.
package gated

import (
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/direct"
	"github.com/plumb-go/plumb/nn/seq"
)

// Network is a sector-gated network of fixed size.
type Network struct {
	seq.Gated
	Rate float64
	Rest []float64 // declared rest input u0, scaled

	t    seq.GatedTensors
	core *direct.Contracting
	rest model.Verbatim
}

var _ model.Starter = (*Network)(nil)

// New returns a network with n states, q gated channels and a gating network of the given width; rest is the scaled
// input at which the network is to be exponentially stable, one number per input.
func New(rest []float64, outputs, n, q, gate int, rate float64) (*Network, error) {
	core, err := direct.NewContracting(n, q, rate, direct.PsiUnit)
	if err != nil {
		return nil, err
	}
	c := seq.Gated{In: len(rest), Out: outputs, N: n, Q: q, Gate: gate}
	t := c.Tensors()
	return &Network{
		Gated: c, Rate: rate, Rest: rest, t: t, core: core,
		rest: model.Verbatim{t.B2, t.D12, t.Cx, t.Cw, t.D22, t.By, t.G1, t.Gu, t.Gb1, t.G2, t.Gb2},
	}, nil
}

// Kind is the member kind in the bundle.
func (*Network) Kind() string { return "gated" }

// Deployed is the cell that a bundle stores.
func (m *Network) Deployed() seq.Cell { return m.Gated }

// Dim counts the core's parameters and the tensors that deploy verbatim; the rest input is not a parameter.
func (m *Network) Dim() int { return m.core.Dim() + m.rest.Len() }

// Deploy maps theta to the weights of the Gated cell.
func (m *Network) Deploy(theta, w []float64) {
	t := m.t
	m.core.Map(theta[:m.core.Dim()], t.A.Of(w), t.B1.Of(w), t.C1.Of(w))
	m.rest.Deploy(theta[m.core.Dim():], w)
	copy(t.U0.Of(w), m.Rest)
}

// Pullback adds the gradient at the parameters last deployed.
func (m *Network) Pullback(_, dw, dtheta []float64) {
	t := m.t
	m.core.Pull(t.A.Of(dw), t.B1.Of(dw), t.C1.Of(dw), nil, dtheta[:m.core.Dim()])
	m.rest.Pullback(dw, dtheta[m.core.Dim():])
}

// Spreads of the gate and of its pre-activations at the start.
const (
	inputSd = 0.3
	gateSd  = 0.5
)

// Init starts near a linear system with the given modes and a gate around zero.
func (m *Network) Init(r *rand.Rand, modes []complex128, theta []float64) {
	d := model.RandomDraft(r, m.N, m.Q, m.In, m.Out, modes, func(rMax float64) float64 { return model.Limit(m.Rate, rMax) })
	if err := m.start(r, d, theta); err != nil {
		panic("gated: initial matrix outside the parametrised set") // the radius was limited above
	}
}

// InitLinear starts as the given linear model around the rest input, with surplus states and a gate around zero.
func (m *Network) InitLinear(r *rand.Rand, s *model.Start, theta []float64) error {
	d, err := model.LinearDraft(r, s, m.N, m.Q, func(rMax float64) float64 { return model.Limit(m.Rate, rMax) })
	if err != nil {
		return err
	}
	return m.start(r, d, theta)
}

func (m *Network) start(r *rand.Rand, d model.Draft, theta []float64) error {
	c, b := model.Coupling(r, m.N, m.Q, d.RMax)
	if _, err := m.core.InitNear(d.A, c, b, 0, model.Margin(d.RMax), theta[:m.core.Dim()]); err != nil {
		return err
	}
	theta = theta[m.core.Dim():]
	for _, t := range m.rest {
		x := theta[:t.Len()]
		switch {
		case t == m.t.B2:
			copy(x, d.B2)
		case t == m.t.D12:
			model.Normal(r, x, inputSd)
		case t == m.t.Cx:
			copy(x, d.Cx)
		case t == m.t.Cw:
			model.Normal(r, x, d.CwSd)
		case t == m.t.G1:
			model.Normal(r, x, 1/math.Sqrt(float64(m.N+m.Q)))
		case t == m.t.Gu, t == m.t.Gb1:
			model.Normal(r, x, gateSd)
		case t == m.t.G2:
			model.Normal(r, x, 1/math.Sqrt(float64(m.Gate)))
		case t == m.t.D22 && d.Linear != nil:
			copy(x, d.Linear.D)
		case t == m.t.By && d.Linear != nil:
			copy(x, d.Linear.At(m.Rest))
		default:
			clear(x)
		}
		theta = theta[t.Len():]
	}
	return nil
}

// Witness returns the metric M (n x n) and multiplier Lambda (q ones) of the parameters last deployed.
func (m *Network) Witness() (metric, lambda []float64) { return m.core.Metric() }
