package ident

import (
	"fmt"
	"math"
	"slices"

	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/model/lstm"
)

// DeltaISS is the claim of the gated recurrent classes: on the declared range of the inputs any two responses approach
// each other up to a multiple of the difference of their inputs.
const DeltaISS = "delta-iss"

// Ways to the claim that can be asked for with the model classes lstm and gru. Asked for the claim itself, the first
// two are both fitted and the validation data choose.
const (
	Construct     = "construct"     // every network of the class carries the claim
	Componentwise = "componentwise" // training keeps the componentwise bound below one
	Penalty       = "penalty"       // training as Bonassi et al. 2023, a soft penalty on their scalar condition
)

// deep reports whether a gated recurrent class was asked for.
func (o Options) deep() bool { return o.Model == "lstm" || o.Model == "gru" }

// deepClaim is the claim that the guarantee asks of such a class.
func (o Options) deepClaim() string {
	if o.Guarantee == None {
		return None
	}
	return DeltaISS
}

// way is how a candidate is trained.
type way struct {
	plain bool // no L-BFGS: the penalty is not smooth
	paper bool // windows, initial states and optimiser of Bonassi et al. 2023
}

// deepCandidates lists the gated recurrent classes for the guarantee asked for.
func deepCandidates(p plant, o Options) ([]candidate, error) {
	rate := o.Rate
	if rate == 0 {
		rate = lstm.Rate(p.modes)
	}
	build := func(name string, g lstm.Guarantee, w way) candidate {
		claim := DeltaISS
		if g == lstm.None {
			claim = None
		}
		return candidate{name: o.Model + name, claim: claim, way: w, make: func() (model.Network, error) {
			return lstm.New(lstm.Options{
				GRU: o.Model == "gru", Inputs: p.inputs, Outputs: p.outputs, Units: p.units(o), Filter: o.Filter, FilterWidth: p.filterWidth(o),
				Direct: o.Filter > 0, Guarantee: g, Rate: rate,
			})
		}}
	}
	construct := build("", lstm.Construct, way{})
	componentwise := build("-componentwise", lstm.Componentwise, way{plain: true})
	switch o.Guarantee {
	case Auto, DeltaISS:
		return []candidate{construct, componentwise}, nil
	case Construct:
		return []candidate{construct}, nil
	case Componentwise:
		return []candidate{componentwise}, nil
	case Penalty:
		return []candidate{build("-penalty", lstm.Penalty, way{plain: true, paper: true})}, nil
	case None:
		return []candidate{build("-free", lstm.None, way{})}, nil
	}
	return nil, fmt.Errorf("ident: model %s carries %s, by way of %s, %s or %s, or %s; not %q",
		o.Model, DeltaISS, Construct, Componentwise, Penalty, None, o.Guarantee)
}

// units sizes the layers: as asked, else one layer on short records and two on long ones.
func (p plant) units(o Options) []int {
	switch {
	case len(o.Units) > 0:
		return o.Units
	case o.Hidden > 0:
		return []int{o.Hidden}
	case p.long():
		return []int{16}
	}
	return []int{10}
}

// filterWidth is the number of signals that a filter hands to the first layer.
func (p plant) filterWidth(o Options) int {
	if o.Filter == 0 {
		return 0
	}
	return p.inputs + 2*o.Filter
}

// unsuited warns of a plant that the gated recurrent classes cannot be certified for.
func (r *run) unsuited() []string {
	if !r.o.deep() || r.o.Guarantee == None {
		return nil
	}
	poles := lstm.Oscillators(r.mt.plant.modes)
	if len(poles) == 0 {
		return nil
	}
	worst := slices.MaxFunc(poles, func(a, b complex128) int {
		return int(math.Copysign(1, signless(a)-signless(b)))
	})
	advice := "--model r2dn or --model ssm (claim contraction) have no such limit"
	if r.o.Filter == 0 {
		advice += "; --filter N puts a certified linear filter with N oscillating modes in front of the network"
	}
	return []string{fmt.Sprintf("the linear fit has a lightly damped pole pair %.3f ± %.3fi with |Re| + |Im| = %.3f > 1: no two neurons of an %s can carry it under a %s certificate, and training was never seen to find more that do; %s",
		real(worst), math.Abs(imag(worst)), signless(worst), r.o.Model, DeltaISS, advice)}
}

// signless is r(|cos| + |sin|) of a pole: the spectral radius of the comparison matrix of its two-state realisation.
func signless(p complex128) float64 { return math.Abs(real(p)) + math.Abs(imag(p)) }
