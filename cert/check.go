package cert

import (
	"fmt"
	"math/big"
)

// Verdict is the checker's answer. Every *big.Rat in it is exact or rounded to the safe side; those that the claim does
// not give are nil.
type Verdict struct {
	Proved bool
	Claim  string // contraction, iss, bounded, delta-iss, lyapunov, margin, or none when the file claims nothing
	Failed string // first condition that does not hold, "" when proved
	By     string // by how much, "" when that has no meaning

	Rate    *big.Rat  // per step, the largest of the members; lyapunov in continuous time: r of e^(-rt)
	Members []Figures // what was proved of each member, in order

	// Gain bounds the incremental l2 gain, ISSGain limsup |y - y_rest| / sup |u - u_rest|, both in scaled signals, and the others the same in
	// physical units, times max y_std / min u_half.
	Gain, PhysicalGain, ISSGain, PhysicalISSGain *big.Rat

	RestInput, RestOutput []*big.Rat // physical; nil unless all members are gated with the same u0

	// Under delta-iss. The assumption: every input stays in its interval, physical. Gains are per output, bounds of sup |dy_i| over the
	// supremum of the largest |du_j| from equal states, scaled and physical (times y_std_i / min u_half). After Recovery steps the
	// outputs of any two starts under one input differ by at most 1 % of y_std; math.MaxInt when that is above 2^40.
	InputLow, InputHigh          []*big.Rat
	DeltaGain, PhysicalDeltaGain []*big.Rat
	Recovery                     int

	// Physical, before sensor limits, while |u'| <= 1: ultimate bounds of each output under bounded, bounds at all times under delta-iss.
	Low, High []*big.Rat

	// Of a system. Lyapunov: the region {V < Level}, nil for the whole space. Margin: the disk D(Alpha, Skew).
	Level, Alpha, Skew *big.Rat

	Statement string // the claim in words
}

// Figures are bounds that hold for one member, in scaled signals.
type Figures struct {
	Kind      string
	Rate      *big.Rat
	Overshoot *big.Rat // c in |dx(k)|_2 <= c r^k |dx(0)|_2 (gated: x for dx, at rest input)
	Gain      *big.Rat // incremental l2 gain

	// Gated: |x+|_M <= r |x|_M + StateGain |u - u0|_2, |y - y_rest|_2 <= Kappa |x|_M + Direct |u - u0|_2, ISSGain = Kappa StateGain/(1-r) + Direct.
	StateGain, Kappa, Direct, ISSGain *big.Rat

	Centre    []*big.Rat // bounded: by
	Radius    []*big.Rat // bounded: limsup |y_i - by_i|; delta-iss: sup |y_i - by_i|
	Spread    *big.Rat   // delta-iss: d of two states in the boxes
	Decay     []*big.Rat // delta-iss: |dy_i(k)| <= Decay_i r^k for any two initial states in the boxes, under equal inputs
	DeltaGain []*big.Rat // delta-iss: sup |dy_i| / sup |du'|_inf from equal states
}

// refusal ends a check at the first condition that does not hold.
type refusal struct{ failed, by string }

// part is one member under check.
type part struct {
	*arith
	b      *Bundle
	prefix string  // of the names of its tensors
	Member         // kind and sizes
	w      Witness // untrusted
	nu, ny int
	out    *Figures
}

// Check decides whether the claim of the bundle follows from its numbers.
//
// Sound: proved means that the statement holds in real-number arithmetic for the stored weights. Complete up to
// strictness and the work limit: a witness that satisfies its conditions strictly is accepted. Cost: milliseconds for
// 20 states and hidden units together; at most about a minute for any file.
func Check(b *Bundle) (v Verdict) {
	c := b.certificate
	if c == nil {
		return Verdict{Claim: "none", Failed: "the bundle claims nothing: it has no certificate.json",
			Statement: "Nothing is claimed of this model, and nothing was proved."}
	}
	v = Verdict{Claim: c.Claim, Members: make([]Figures, len(c.Members))}
	where := ""
	defer func() {
		switch e := recover().(type) {
		case nil:
			return
		case refusal:
			v = Verdict{Claim: c.Claim, Failed: where + e.failed, By: e.by}
		default:
			panic(e)
		}
		v.Statement = fmt.Sprintf("Not proved: the claim %q does not follow from this witness. %s.", c.Claim, v.Failed)
	}()
	a := &arith{left: workLimit}
	for i, m := range b.manifest.Members {
		where = fmt.Sprintf("member %d (%s): ", i, m.Kind)
		v.Members[i].Kind = m.Kind
		p := &part{arith: a, b: b, prefix: fmt.Sprintf("m%d.", i), Member: m, w: c.Members[i], nu: len(b.manifest.Inputs), ny: len(b.manifest.Outputs), out: &v.Members[i]}
		if b.manifest.System != nil {
			where, p.prefix = "", ""
			v.system(p)
			return v
		}
		p.prove(c.Claim)
		if v.Rate == nil || v.Rate.Cmp(p.w.Rate) < 0 {
			v.Rate = p.w.Rate
		}
	}
	v.Proved = true
	v.combine(b)
	v.Statement = v.words(&b.manifest)
	return v
}

// prove dispatches to the theorem that gives the claim for a member of this kind. A contracting member is also
// input-to-state stable and bounded, an input-to-state stable one bounded.
func (p *part) prove(claim string) {
	rate := p.w.Rate
	p.require(rate.Sign() > 0 && rate.Cmp(one) < 0, "the rate lies in (0, 1)", "it is "+rate.RatString())
	p.out.Rate = rate
	p.require((p.Units != nil) == (claim == "delta-iss"), "lstm and gru members prove delta-iss, and no others do", "the claim is "+claim)
	switch {
	case p.Units != nil:
		p.deltaISS()
	case p.Kind == "lure" && claim == "bounded":
		p.bounded()
	case p.Kind == "gated":
		p.require(claim != "contraction", "a gated network has no contraction claim", "")
		p.inputToState()
	case p.Kind == "ssm":
		p.cascade()
	default: // lure and linear
		p.contraction()
	}
}

// require ends the check when a condition does not hold.
func (p *part) require(ok bool, condition string, by ...any) {
	if !ok {
		panic(refusal{condition, fmt.Sprint(by...)})
	}
}

// positive requires a form to be positive definite.
func (p *part) positive(f *form, format string, args ...any) {
	if d := p.definite(f.sum()); !d.positive {
		panic(refusal{fmt.Sprintf(format, args...), d.by})
	}
}

func (p *part) floats(name string) []float64 { return p.b.byName[p.prefix+name].Data }

// weight returns a stored tensor of the member; vectors become columns.
func (p *part) weight(name string) matrix {
	t := p.b.byName[p.prefix+name]
	return fromFloats(t.Shape[0], len(t.Data)/t.Shape[0], t.Data)
}

// metric returns a witness matrix that it has found symmetric and positive definite.
func (p *part) metric(name string, x []float64) matrix {
	n := p.States
	for i := range n {
		for j := range i {
			p.require(x[i*n+j] == x[j*n+i], name+" is symmetric", fmt.Sprintf("entries (%d,%d) are %g and %g", i, j, x[i*n+j], x[j*n+i]))
		}
	}
	m := fromFloats(n, n, x)
	p.positive(p.form(n).add(one, 0, m), "%s > 0", name)
	return m
}

// positives returns numbers of the witness that it has found positive.
func (p *part) positives(name string, x []float64) []*big.Rat {
	for i, f := range x {
		p.require(f > 0, name+" > 0", fmt.Sprintf("entry %d is %g", i, f))
	}
	return rats(x)
}

// multiplier returns diag(x) of a witness whose entries it has found positive.
func (p *part) multiplier(name string, x []float64) matrix {
	p.positives(name, x)
	return diagonal(x)
}

// overshoot records c with |x|_2 <= c |x0|_2 whenever |x|_M <= |x0|_M: c^2 = lambda_max(M)/lambda_min(M).
func (p *part) overshoot(m matrix) {
	if m.r > normMax {
		return
	}
	if low := p.smallest(m); low != nil {
		p.out.Overshoot = sqrtUp(new(big.Rat).Quo(p.largest(m, big.NewInt(1)), low))
	}
}

func square(r *big.Rat) *big.Rat { return new(big.Rat).Mul(r, r) }

func add(x ...*big.Rat) *big.Rat {
	s := new(big.Rat)
	for _, y := range x {
		s.Add(s, y)
	}
	return s
}

func mul(x ...*big.Rat) *big.Rat {
	s := big.NewRat(1, 1)
	for _, y := range x {
		s.Mul(s, y)
	}
	return s
}
