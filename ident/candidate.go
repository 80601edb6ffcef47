package ident

import (
	"fmt"
	"math/rand/v2"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/model/gated"
	"github.com/plumb-go/plumb/model/lure"
	"github.com/plumb-go/plumb/model/r2dn"
	"github.com/plumb-go/plumb/model/ssm"
	"github.com/plumb-go/plumb/nn/seq"
)

// candidate is one model class at one size, with the claim it carries by construction.
type candidate struct {
	name  string // class name, as users know it
	claim string
	make  func() (model.Network, error)
	way   way // of training, where it is not the usual
}

// plant is what the linear fit told about the system.
type plant struct {
	inputs, outputs int
	order           int
	modes           []complex128
	samples         int
	rest            []float64 // scaled rest input
	integrates      bool
	start           *model.Start // the linear fit itself in scaled signals, nil when it has no modal form
}

// manyModes is the order of the linear fit beyond which a network begins as the linear model itself: random starts do
// not find that many modes. Below it they end lower, because the linear model is a flat place of the objective.
const manyModes = 12

// begin draws the first parameters of a network.
func (p plant) begin(net model.Network, r *rand.Rand, theta []float64) error {
	if s, ok := net.(model.Starter); ok && p.start != nil && p.start.N <= net.States() && (p.integrates || p.order > manyModes) {
		return s.InitLinear(r, p.start, theta[:net.Dim()])
	}
	net.Init(r, p.modes, theta[:net.Dim()])
	return nil
}

// radius is the largest modulus of the linear poles, limited to stable values.
func (p plant) radius() float64 { return model.Radius(p.modes, 0.5, 0.95, 0.9995) }

// decay is the prescribed rate of a proved decay: a sixth of the plant's own decay per sample leaves room to fit and
// keeps the proved gain and forgetting time useful.
func (p plant) decay() float64 { return min(1-(1-p.radius())/6, 0.9999) }

// long reports whether the record is long enough for a full-batch polish: many more samples than parameters.
func (p plant) long() bool { return p.samples > 20*600 }

// states sizes the Lur'e classes: a few more than the linear fit has, but not many, because surplus modes of a linear
// fit describe its own inadequacy; where the plant really has many modes, the network begins as the linear model.
func (p plant) states(o Options) int {
	switch {
	case o.States > 0:
		return o.States
	case p.integrates: // a drive or an actuator: few states, or the running sum drifts
		return p.order + 2
	case p.order > manyModes:
		return min(p.order+2, 40)
	case p.long():
		return max(6, min(p.order+2, 8), p.outputs+2)
	}
	return max(5, p.outputs+2)
}

func (p plant) hidden(o Options) int {
	if o.Hidden > 0 {
		return o.Hidden
	}
	switch {
	case p.integrates:
		return 6
	case p.long():
		return 16
	case p.samples > 1500:
		return 20
	}
	return 10
}

// cascade sizes the state-space class: two blocks with static layers on short records; on long ones, where the data can
// tell, a static layer between two linear systems.
func (p plant) cascade(o Options) ssm.Options {
	c := ssm.Options{Width: 4, Blocks: []seq.DiagonalBlock{{States: 4, Hidden: 12}, {States: 4, Hidden: 12}}}
	if p.long() {
		c = ssm.Options{Width: 4, Blocks: []seq.DiagonalBlock{{States: 6, Hidden: 16}, {States: 6}}}
	}
	c.Width = max(c.Width, p.outputs)
	c.MaxRadius = o.Rate // 0 leaves the class's own bound
	for i := range c.Blocks {
		if o.States > 0 {
			c.Blocks[i].States = o.States
		} else if p.order > manyModes {
			c.Blocks[i].States = min(p.complexModes(), 20)
		}
		if o.Hidden > 0 && c.Blocks[i].Hidden > 0 {
			c.Blocks[i].Hidden = o.Hidden
		}
	}
	return c
}

// complexModes counts the linear poles, a conjugate pair once.
func (p plant) complexModes() int {
	n := 0
	for _, m := range p.modes {
		if imag(m) >= 0 {
			n++
		}
	}
	return n
}

// candidates lists the classes that carry the wanted claim.
func candidates(claim string, p plant, o Options) ([]candidate, error) {
	if o.deep() {
		return deepCandidates(p, o)
	}
	n, q := p.states(o), p.hidden(o)
	rate := func(otherwise float64) float64 {
		if o.Rate > 0 {
			return o.Rate
		}
		return otherwise
	}
	free := candidate{name: "lure-free", claim: None, make: func() (model.Network, error) { return lure.NewFree(p.inputs, p.outputs, n, q), nil }}
	bounded := candidate{name: "lure-schur", claim: Bounded, make: func() (model.Network, error) {
		return lure.NewBounded(p.inputs, p.outputs, n, q, rate(0.9999))
	}}
	contracting := candidate{name: "r2dn", claim: Contraction, make: func() (model.Network, error) {
		return r2dn.New(p.inputs, p.outputs, n, q, o.Layers, rate(p.decay()))
	}}
	statespace := candidate{name: "ssm", claim: Contraction, make: func() (model.Network, error) {
		return ssm.New(p.inputs, p.outputs, p.cascade(o))
	}}
	sector := candidate{name: "gated", claim: ISS, make: func() (model.Network, error) {
		gn, gq := max(4, min(p.order, 6), p.outputs+1), 8
		if o.States > 0 {
			gn = o.States
		}
		if o.Hidden > 0 {
			gq = o.Hidden
		}
		return gated.New(p.rest, p.outputs, gn, gq, 10, rate(p.decay()))
	}}
	switch claim {
	case Contraction:
		switch o.Model {
		case "", Auto:
			return []candidate{contracting, statespace}, nil
		case "r2dn":
			return []candidate{contracting}, nil
		case "ssm":
			return []candidate{statespace}, nil
		}
		return nil, fmt.Errorf("ident: model %q has no contraction claim; choose r2dn, ssm or auto", o.Model)
	case ISS:
		return []candidate{sector}, nil
	case Bounded:
		return []candidate{bounded}, nil
	case None:
		return []candidate{free}, nil
	}
	return nil, fmt.Errorf("ident: unknown guarantee %q; choose auto, contraction, iss, bounded or none", claim)
}
