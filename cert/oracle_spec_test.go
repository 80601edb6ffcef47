package cert_test

import (
	"maps"
	"math/big"
	"slices"
)

// tensor is one weight tensor; f32 stores it with dtype F32 (its values are then float32 numbers).
type tensor struct {
	shape []int
	v     []float64
	f32   bool
}

// ssmBlock holds the sizes of one block of a state-space member.
type ssmBlock struct{ states, hidden int }

// gainWitness is the witness of an incremental l2 gain.
type gainWitness struct {
	gamma2 *big.Rat
	m, l   []float64
}

// part is one member of a bundle: its sizes, its weights under their local names, and its witness. Which witness fields
// are used depends on kind and claim.
type part struct {
	kind                    string
	n, q, layers, h, states int // h: width of the sandwich layers, or of the gate; states: what the encoder fills
	width                   int
	blocks                  []ssmBlock
	units                   []int // of each lstm or gru layer
	fstates, fwidth         int   // of the filter
	w                       map[string]*tensor

	rate, radius   *big.Rat
	m, l           []float64
	layerT         [][]float64
	gain           *gainWitness
	ssmGain        bool
	g2, kappa2, d2 *big.Rat
	t, ty, td      []float64 // t nil for the gated network: the gain is decided over vertices
	kappa2s        []*big.Rat
	etaF           []float64 // of the filter's states
	cells          []cellWitness
}

// spec is the meaning of a bundle: one claim on an ensemble of members with m inputs and p outputs.
type spec struct {
	claim        string
	m, p, window int
	scale        map[string][]float64
	parts        []*part
}

func (p *part) x(name string) []float64 { return p.w[name].v }

func cloneRat(r *big.Rat) *big.Rat {
	if r == nil {
		return nil
	}
	return new(big.Rat).Set(r)
}

func (p *part) clone() *part {
	c := *p
	c.blocks = slices.Clone(p.blocks)
	c.w = map[string]*tensor{}
	for k, t := range p.w {
		c.w[k] = &tensor{slices.Clone(t.shape), slices.Clone(t.v), t.f32}
	}
	c.m, c.l, c.t, c.ty, c.td = slices.Clone(p.m), slices.Clone(p.l), slices.Clone(p.t), slices.Clone(p.ty), slices.Clone(p.td)
	c.layerT = nil
	for _, t := range p.layerT {
		c.layerT = append(c.layerT, slices.Clone(t))
	}
	if p.gain != nil {
		c.gain = &gainWitness{cloneRat(p.gain.gamma2), slices.Clone(p.gain.m), slices.Clone(p.gain.l)}
	}
	c.rate, c.radius, c.g2, c.kappa2, c.d2 = cloneRat(p.rate), cloneRat(p.radius), cloneRat(p.g2), cloneRat(p.kappa2), cloneRat(p.d2)
	c.kappa2s = nil
	c.units, c.etaF, c.cells = slices.Clone(p.units), slices.Clone(p.etaF), nil
	for _, w := range p.cells {
		c.cells = append(c.cells, cellWitness{w.norm, slices.Clone(w.eta), slices.Clone(w.zeta)})
	}
	for _, k := range p.kappa2s {
		c.kappa2s = append(c.kappa2s, cloneRat(k))
	}
	return &c
}

func (s *spec) clone() *spec {
	c := *s
	c.scale = map[string][]float64{}
	for k, v := range s.scale {
		c.scale[k] = slices.Clone(v)
	}
	c.parts = nil
	for _, p := range s.parts {
		c.parts = append(c.parts, p.clone())
	}
	return &c
}

// names lists the weight tensors of p in order.
func (p *part) names() []string { return slices.Sorted(maps.Keys(p.w)) }

// contractionWitness says whether p carries the contraction witness under the claim.
func (s *spec) contractionWitness(p *part) bool {
	switch p.kind {
	case "lure":
		return s.claim == "contraction" || s.claim == "iss"
	case "ssm", "linear":
		return true
	}
	return false
}
