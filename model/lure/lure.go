// Package lure is the Lur'e network with a Schur linear part, whose every trajectory is bounded, and its
// unconstrained twin.
//
//	v = C1 x + D12 u + bv,   w = tanh(v)
//	x+ = A x + B1 w + B2 u + bx,   y = Cx x + Cw w + D22 u + by
//
// Theorem. If A'MA <= r^2 M with M > 0 and r < 1, then for every initial state and every input with |u|_inf <= 1
//
//	|x(k)|_M <= r^k |x(0)|_M + beta/(1-r),   beta >= max |B1 w + B2 u + bx|_M over |w_i| <= 1, |u_i| <= 1.
//
// Proof. |tanh| <= 1, so one step gives |x+|_M <= r |x|_M + beta; iterate. The map direct.Contracting with no channels
// parametrises all such A; B1, C1, D12 are free, which is why the bound costs no accuracy. The unconstrained twin has
// a free A and no claim; it serves only as the printed price of a certificate.
package lure

import (
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/direct"
	"github.com/plumb-go/plumb/nn/seq"
)

// Network is a Lur'e network whose linear part is Schur (Rate > 0) or free (Rate 0).
type Network struct {
	seq.Lure
	Rate float64

	t    seq.LureTensors
	core *direct.Contracting // nil when A is free
	rest model.Verbatim
}

var _ model.Starter = (*Network)(nil)

// NewBounded returns a network with n states and q channels whose linear part satisfies A'MA <= rate^2 M.
func NewBounded(inputs, outputs, n, q int, rate float64) (*Network, error) {
	core, err := direct.NewContracting(n, 0, rate, direct.PsiUnit)
	if err != nil {
		return nil, err
	}
	m := newNetwork(inputs, outputs, n, q)
	m.Rate, m.core = rate, core
	return m, nil
}

// NewFree returns the unconstrained twin.
func NewFree(inputs, outputs, n, q int) *Network {
	m := newNetwork(inputs, outputs, n, q)
	m.rest = append(model.Verbatim{m.t.A}, m.rest...)
	return m
}

func newNetwork(inputs, outputs, n, q int) *Network {
	c := seq.Lure{In: inputs, Out: outputs, N: n, Q: q}
	t := c.Tensors()
	return &Network{Lure: c, t: t, rest: model.Verbatim{t.B1, t.B2, t.Bx, t.C1, t.D12, t.Bv, t.Cx, t.Cw, t.D22, t.By}}
}

// Kind is the member kind in the bundle.
func (*Network) Kind() string { return "lure" }

// Deployed is the cell that a bundle stores.
func (m *Network) Deployed() seq.Cell { return m.Lure }

// Dim counts the parameters of the linear part and the tensors that deploy verbatim.
func (m *Network) Dim() int {
	if m.core == nil {
		return m.rest.Len()
	}
	return m.core.Dim() + m.rest.Len()
}

// Deploy maps theta to the weights of the Lure cell.
func (m *Network) Deploy(theta, w []float64) {
	if m.core != nil {
		m.core.Map(theta[:m.core.Dim()], m.t.A.Of(w), nil, nil)
		theta = theta[m.core.Dim():]
	}
	m.rest.Deploy(theta, w)
}

// Pullback adds the gradient at the parameters last deployed.
func (m *Network) Pullback(_, dw, dtheta []float64) {
	if m.core != nil {
		m.core.Pull(m.t.A.Of(dw), nil, nil, nil, dtheta[:m.core.Dim()])
		dtheta = dtheta[m.core.Dim():]
	}
	m.rest.Pullback(dw, dtheta)
}

// Init starts near a linear system with the given modes and weak nonlinear feedback.
func (m *Network) Init(r *rand.Rand, modes []complex128, theta []float64) {
	d := model.RandomDraft(r, m.N, m.Q, m.In, m.Out, modes, m.limit)
	if err := m.start(r, d, theta); err != nil {
		panic("lure: initial matrix outside the parametrised set") // the radius was limited above
	}
}

// InitLinear starts as the given linear model, with surplus states and weak nonlinear feedback beside it.
func (m *Network) InitLinear(r *rand.Rand, s *model.Start, theta []float64) error {
	d, err := model.LinearDraft(r, s, m.N, m.Q, m.limit)
	if err != nil {
		return err
	}
	return m.start(r, d, theta)
}

// limit is the largest first modulus; a free linear part has no bound.
func (m *Network) limit(rMax float64) float64 {
	if m.core == nil {
		return rMax
	}
	return model.Limit(m.Rate, rMax)
}

func (m *Network) start(r *rand.Rand, d model.Draft, theta []float64) error {
	if m.core != nil {
		if _, err := m.core.InitNear(d.A, nil, nil, 0, model.Margin(d.RMax), theta[:m.core.Dim()]); err != nil {
			return err
		}
		theta = theta[m.core.Dim():]
	}
	sd := model.CouplingSd * math.Sqrt((1-d.RMax)/float64(m.Q))
	for _, t := range m.rest {
		x := theta[:t.Len()]
		switch {
		case t == m.t.A:
			copy(x, d.A)
		case t == m.t.B1:
			model.Normal(r, x, sd*math.Exp(model.LogPsi))
		case t == m.t.C1:
			model.Normal(r, x, sd*math.Exp(-model.LogPsi))
		case t == m.t.B2:
			copy(x, d.B2)
		case t == m.t.D12:
			model.Normal(r, x, model.InputSd)
		case t == m.t.Bv:
			model.Normal(r, x, model.BiasSd)
		case t == m.t.Cx:
			copy(x, d.Cx)
		case t == m.t.Cw:
			model.Normal(r, x, d.CwSd)
		case t == m.t.D22 && d.Linear != nil:
			copy(x, d.Linear.D)
		case t == m.t.By && d.Linear != nil:
			copy(x, d.Linear.Y0)
		default:
			clear(x)
		}
		theta = theta[t.Len():]
	}
	return nil
}

// Witness returns the metric M of the linear part (n x n), nil for the unconstrained twin.
func (m *Network) Witness() []float64 {
	if m.core == nil {
		return nil
	}
	metric, _ := m.core.Metric()
	return metric
}
