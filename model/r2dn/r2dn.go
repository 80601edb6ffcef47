// Package r2dn is the contracting Lur'e network by direct parametrisation (Barbara, Wang, Manchester: R2DN, 2025).
//
//	v = C1 x + D12 u + bv,   w = g(v)
//	x+ = A x + B1 w + B2 u + bx,   y = Cx x + Cw w + D22 u + by
//
// Theorem. For every parameter vector there are M > 0 and Lambda > 0 diagonal such that two trajectories under the
// same input, whatever it is, satisfy |x'(k) - x(k)|_M <= Rate^k |x'(0) - x(0)|_M. The proof is at
// direct.Contracting: tanh has slopes in [0, 1], so |dw_i| <= |(C1 dx)_i|, and the inequality of the map applies. With
// sandwich layers g is 1-Lipschitz as a whole (direct.Sandwich), |dw| <= |C1 dx|, and one multiplier serves all channels.
// What is proved of the trained network without layers uses more, dw_i between 0 and (C1 dx)_i: package witness, docs/bundle.md.
//
// Notation: paper X, Y, C-hat, B-hat, psi -> parameters of direct.Contracting; alpha-bar -> Rate.
package r2dn

import (
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/direct"
	"github.com/plumb-go/plumb/nn/seq"
)

// Network is a contracting Lur'e network of fixed size.
type Network struct {
	seq.Lure
	Rate float64 // prescribed contraction rate, in (0, 1]

	t      seq.LureTensors
	core   *direct.Contracting
	layers []*direct.Sandwich
	rest   model.Verbatim
	b2     []float64 // free input matrix; deployed as inv(E) b2
	dk     []float64
}

var _ model.Starter = (*Network)(nil)

// New returns a network with n states, q hidden channels and the prescribed rate. With layers = 0, w = tanh(v)
// elementwise; with more, w passes that many 1-Lipschitz sandwich layers of inner width q and the multiplier is one
// number for all channels.
func New(inputs, outputs, n, q, layers int, rate float64) (*Network, error) {
	psi := direct.PsiChannel
	if layers > 0 {
		psi = direct.PsiShared
	}
	core, err := direct.NewContracting(n, q, rate, psi)
	if err != nil {
		return nil, err
	}
	c := seq.Lure{In: inputs, Out: outputs, N: n, Q: q, Layers: layers, Width: q}
	t := c.Tensors()
	m := &Network{
		Lure: c, Rate: rate, t: t, core: core,
		rest: model.Verbatim{t.Bx, t.D12, t.Bv, t.Cx, t.Cw, t.D22, t.By},
		b2:   make([]float64, n*inputs),
		dk:   make([]float64, n*n),
	}
	for _, g := range t.G {
		s, err := direct.NewSandwich(q, q)
		if err != nil {
			return nil, err
		}
		m.layers = append(m.layers, s)
		m.rest = append(m.rest, g.B)
	}
	return m, nil
}

// Kind is the member kind in the bundle.
func (*Network) Kind() string { return "lure" }

// Deployed is the cell that a bundle stores.
func (m *Network) Deployed() seq.Cell { return m.Lure }

// Dim counts the core's parameters, the free input matrix and the tensors that deploy verbatim.
func (m *Network) Dim() int {
	d := m.core.Dim() + len(m.b2) + m.rest.Len()
	for _, s := range m.layers {
		d += s.Dim()
	}
	return d
}

// Deploy maps theta to the weights of the Lure cell.
func (m *Network) Deploy(theta, w []float64) {
	t := m.t
	m.core.Map(theta[:m.core.Dim()], t.A.Of(w), t.B1.Of(w), t.C1.Of(w))
	theta = theta[m.core.Dim():]
	copy(m.b2, theta)
	matMul(t.B2.Of(w), m.core.InvE(), m.b2, m.N, m.N, m.In)
	theta = theta[len(m.b2):]
	m.rest.Deploy(theta, w)
	theta = theta[m.rest.Len():]
	for k, s := range m.layers {
		s.Map(theta, t.G[k].Win.Of(w), t.G[k].Wout.Of(w))
		theta = theta[s.Dim():]
	}
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
	dtheta = dtheta[len(m.b2):]
	m.rest.Pullback(dw, dtheta)
	dtheta = dtheta[m.rest.Len():]
	for k, s := range m.layers {
		s.Pull(t.G[k].Win.Of(dw), t.G[k].Wout.Of(dw), dtheta)
		dtheta = dtheta[s.Dim():]
	}
}

// Init starts near a linear system with the given modes and weak nonlinear feedback.
func (m *Network) Init(r *rand.Rand, modes []complex128, theta []float64) {
	d := model.RandomDraft(r, m.N, m.Q, m.In, m.Out, modes, func(rMax float64) float64 { return model.Limit(m.Rate, rMax) })
	if err := m.start(r, d, theta); err != nil {
		panic("r2dn: initial matrix outside the parametrised set") // the radius was limited above
	}
}

// InitLinear starts as the given linear model, with surplus states and weak nonlinear feedback beside it.
func (m *Network) InitLinear(r *rand.Rand, s *model.Start, theta []float64) error {
	d, err := model.LinearDraft(r, s, m.N, m.Q, func(rMax float64) float64 { return model.Limit(m.Rate, rMax) })
	if err != nil {
		return err
	}
	return m.start(r, d, theta)
}

func (m *Network) start(r *rand.Rand, d model.Draft, theta []float64) error {
	c, b := model.Coupling(r, m.N, m.Q, d.RMax)
	e, err := m.core.InitNear(d.A, c, b, model.LogPsi, model.Margin(d.RMax), theta[:m.core.Dim()])
	if err != nil {
		return err
	}
	theta = theta[m.core.Dim():]
	matMul(theta, e, d.B2, m.N, m.N, m.In)
	theta = theta[len(m.b2):]
	for _, t := range m.rest {
		x := theta[:t.Len()]
		switch {
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
	for _, s := range m.layers {
		model.Normal(r, theta[:s.Dim()], 0.5)
		clear(theta[s.Dim()-m.Q : s.Dim()]) // d: Psi starts at one
		theta = theta[s.Dim():]
	}
	return nil
}

// Multipliers returns the diagonal multiplier of each sandwich layer of the parameters last deployed.
func (m *Network) Multipliers() [][]float64 {
	var out [][]float64
	for _, s := range m.layers {
		out = append(out, s.Multiplier())
	}
	return out
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
