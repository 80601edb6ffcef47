// Package ssm is the stable state-space cascade: complex-diagonal linear systems with static layers between them,
// contracting for every parameter vector.
//
//	s+   = lambda s + sqrt(1-|lambda|^2) B' xin,   lambda = exp(-(exp(nu) + a) + i theta),   a = -log MaxRadius
//	z    = Re(C s) + D xin + c
//	xout = z + W2 tanh(W1 z + b1) + b2             z itself in a block without hidden units
//
// and the xout of one block is the xin of the next. What is deployed is seq.Diagonal with the real and imaginary parts
// of lambda and with B = sqrt(1-|lambda|^2) B', so that no exponential is left to the reader of a model.
//
// Theorem. Let |lambda| <= r < r' < 1 for every eigenvalue of every block, and let |.| be the Euclidean norm. Two
// trajectories under the same input obey |dx(k)| <= c r'^k |dx(0)| with c = |T|, where T is lower triangular with
//
//	T_bj = 1                                             b = j
//	T_bj = beta_b l_(b-1) (|C_(b-1)| T_(b-1)j + |D_(b-1)| X_(b-1)j)   b > j,   beta_b = |B_b| / (r'-r)
//
// X_bj = l_(b-1) (|C_(b-1)| T_(b-1)j + |D_(b-1)| X_(b-1)j) being the bound on the block's input, zero for b <= j, and
// l_b = |I + W2_b W1_b/2| + |W2_b| |W1_b|/2 a Lipschitz constant of a static layer. From equal initial states
// sum |dy|^2 <= gamma^2 sum |du|^2 with gamma the product over the blocks of l_b (|D_b| + |C_b W^1/2| |W^1/2 B_b|),
// W = diag 1/(1-|lambda_i|) over the block's eigenvalues.
//
// Proof. Write N = sup_k r'^-k |ds_b(k)| and X = sup_k r'^-k |dxin_b(k)|. From s(k) = lambda^k s(0) + sum over i < k of
// lambda^(k-1-i) B xin(i): |ds_b(k)| <= r^k |ds_b(0)| + |B| X (r'^k - r^k)/(r'-r), so N <= |ds_b(0)| + beta X; the output
// map and the static layer have no memory, so the next X is at most l (|C| N + |D| X). Solve from the first block, whose
// X is zero; |N| <= |T| |dx(0)| gives c. For the gain, one state s+ = lambda s + f maps f to s with l2 gain at most
// sum |lambda|^k = 1/(1-|lambda|) (Young), so the map from B u to s is W^1/2 G W^1/2 with |G| <= 1; gains and Lipschitz
// constants of a cascade multiply. The tanh layers enter only through l_b: a difference of tanh is Delta W1 dz, Delta diagonal with entries in
// [0, 1], and W2 Delta W1 = W2 W1/2 + W2 (Delta - I/2) W1 with |Delta - I/2| <= 1/2. (Stable linear systems and Lipschitz layers
// in cascade: F. Bonassi, C. Andersson, P. Mattsson, T. B. Schön, "Structured state-space models are deep Wiener
// models", 2024; the constants are ours.)
//
// Sound for every r with |lambda| <= r. Complete for the rate: no rate below max |lambda| can hold. The gain is not
// tight: the product ignores that the worst frequencies of states and blocks differ.
//
// Paper to field: nu, theta, B' are parameters of Network (A. Orvieto and others, "Resurrecting recurrent neural
// networks for long sequences", 2023, section 3.3, with theta itself in place of its logarithm, so that real poles are
// inside the set, and with the bound MaxRadius).
package ssm

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// Options gives the sizes of a cascade.
type Options struct {
	Width     int                 // signals between blocks; 0 means 4
	Blocks    []seq.DiagonalBlock // nil means two blocks of 4 complex states and 12 hidden units
	MaxRadius float64             // bound on |lambda|, below 1; 0 means 0.9999
}

// WienerHammerstein returns sizes for a static nonlinearity between two linear systems: the last block has no hidden
// units.
func WienerHammerstein() Options {
	return Options{Width: 3, Blocks: []seq.DiagonalBlock{{States: 6, Hidden: 16}, {States: 6}}}
}

func (o Options) withDefaults() Options {
	if o.Width == 0 {
		o.Width = 4
	}
	if o.Blocks == nil {
		o.Blocks = []seq.DiagonalBlock{{States: 4, Hidden: 12}, {States: 4, Hidden: 12}}
	}
	if o.MaxRadius == 0 {
		o.MaxRadius = 0.9999
	}
	return o
}

// shrink is added to the decay -log|lambda|. It exceeds the relative errors of exp, sine, cosine and the two products,
// below 2^-50 in all, so that Re^2 + Im^2 <= MaxRadius^2 holds exactly for the float64 numbers that are stored.
const shrink = 1.0 / (1 << 47)

// flat is the largest exp(nu) at which the modulus exp(-exp(nu)) still has a slope in float64.
const flat = 700

// Network is a cascade of fixed size. Its parameters are, block after block, nu (s), theta (s), B' (real part s x d_in,
// then imaginary part), and after all blocks the remaining tensors of the layout in order.
type Network struct {
	seq.Diagonal
	MaxRadius float64

	blocks []block
	rest   model.Verbatim
}

var _ model.Network = (*Network)(nil)

// block holds what one block's pullback needs from its last deployment.
type block struct {
	t          seq.DiagonalTensors
	decay      float64   // least -log|lambda|
	slope      []float64 // exp(nu), 0 where the modulus is flat
	rad, gamma []float64 // |lambda|, sqrt(1-|lambda|^2)
}

// New returns a cascade with the given numbers of inputs and outputs.
func New(inputs, outputs int, o Options) (*Network, error) {
	o = o.withDefaults()
	if inputs < 1 || outputs < 1 || o.Width < 1 {
		return nil, fmt.Errorf("ssm: %d inputs, %d outputs, width %d; each must be at least 1", inputs, outputs, o.Width)
	}
	if !(o.MaxRadius > 0 && o.MaxRadius < 1) {
		return nil, fmt.Errorf("ssm: MaxRadius %v; it must lie between 0 and 1", o.MaxRadius)
	}
	if len(o.Blocks) == 0 {
		return nil, fmt.Errorf("ssm: no blocks; at least one is needed")
	}
	for i, b := range o.Blocks {
		if b.States < 1 || b.Hidden < 0 {
			return nil, fmt.Errorf("ssm: block %d has %d states and %d hidden units; at least 1 and 0 are needed", i, b.States, b.Hidden)
		}
	}
	m := &Network{
		Diagonal:  seq.Diagonal{In: inputs, Out: outputs, Width: o.Width, Blocks: o.Blocks},
		MaxRadius: o.MaxRadius,
	}
	for i, t := range m.Tensors() {
		n := o.Blocks[i].States
		m.blocks = append(m.blocks, block{
			t: t, decay: -math.Log(o.MaxRadius) + shrink,
			slope: make([]float64, n), rad: make([]float64, n), gamma: make([]float64, n),
		})
		m.rest = append(m.rest, t.Cre, t.Cim, t.D, t.C)
		if o.Blocks[i].Hidden > 0 {
			m.rest = append(m.rest, t.W1, t.B1, t.W2, t.B2)
		}
	}
	return m, nil
}

// Kind is the member kind in the bundle.
func (*Network) Kind() string { return "ssm" }

// Deployed is the cell that a bundle stores.
func (m *Network) Deployed() seq.Cell { return m.Diagonal }

// Dim is the number of free parameters; it equals the number of weights.
func (m *Network) Dim() int {
	n := m.rest.Len()
	for _, b := range m.blocks {
		n += b.dim()
	}
	return n
}

func (b *block) dim() int { return 2 * (b.t.Lre.Len() + b.t.Bre.Len()) }

// Deploy maps theta to the weights of the Diagonal cell.
func (m *Network) Deploy(theta, w []float64) {
	for i := range m.blocks {
		b := &m.blocks[i]
		b.deploy(theta[:b.dim()], w)
		theta = theta[b.dim():]
	}
	m.rest.Deploy(theta, w)
}

// Pullback adds the gradient at the parameters last deployed.
func (m *Network) Pullback(theta, dw, dtheta []float64) {
	for i := range m.blocks {
		b := &m.blocks[i]
		b.pullback(theta[:b.dim()], dw, dtheta[:b.dim()])
		theta, dtheta = theta[b.dim():], dtheta[b.dim():]
	}
	m.rest.Pullback(dw, dtheta)
}

// split cuts a block's parameters, or their gradient, into nu, theta and the parts of B'.
func (b *block) split(x []float64) (nu, angle, re, im []float64) {
	n, k := b.t.Lre.Len(), b.t.Bre.Len()
	return x[:n], x[n : 2*n], x[2*n : 2*n+k], x[2*n+k:]
}

func (b *block) deploy(x, w []float64) {
	nu, angle, re, im := b.split(x)
	lre, lim, bre, bim := b.t.Lre.Of(w), b.t.Lim.Of(w), b.t.Bre.Of(w), b.t.Bim.Of(w)
	in := b.t.Bre.Cols
	for i := range nu {
		slope := math.Exp(nu[i])
		decay := slope + b.decay
		if slope > flat {
			slope = 0
		}
		b.slope[i] = slope
		b.rad[i] = math.Exp(-decay)
		b.gamma[i] = math.Sqrt(-math.Expm1(-2 * decay))
		sin, cos := math.Sincos(angle[i])
		lre[i], lim[i] = b.rad[i]*cos, b.rad[i]*sin
		for j := i * in; j < (i+1)*in; j++ {
			bre[j], bim[j] = b.gamma[i]*re[j], b.gamma[i]*im[j]
		}
	}
}

// pullback uses d|lambda|/dnu = -|lambda| e^nu and dgamma/dnu = |lambda|^2 e^nu / gamma.
func (b *block) pullback(x, dw, dx []float64) {
	_, angle, re, im := b.split(x)
	dnu, dangle, dre, dim := b.split(dx)
	lre, lim, bre, bim := b.t.Lre.Of(dw), b.t.Lim.Of(dw), b.t.Bre.Of(dw), b.t.Bim.Of(dw)
	in := b.t.Bre.Cols
	for i := range dnu {
		var dgamma float64
		for j := i * in; j < (i+1)*in; j++ {
			dre[j] += b.gamma[i] * bre[j]
			dim[j] += b.gamma[i] * bim[j]
			dgamma += bre[j]*re[j] + bim[j]*im[j]
		}
		sin, cos := math.Sincos(angle[i])
		r, e := b.rad[i], b.slope[i]
		dnu[i] += r * e * (r/b.gamma[i]*dgamma - lre[i]*cos - lim[i]*sin)
		dangle[i] += r * (lim[i]*cos - lre[i]*sin)
	}
}
