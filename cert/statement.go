package cert

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

// combine derives the figures of the whole model, y = mean + std (1/J) sum_j y_j, from those of its members. Norms of
// signals with several components turn physical through |std x| <= max std |x| and |u'| <= |u|/min half.
func (v *Verdict) combine(b *Bundle) {
	scale := func(name string) []*big.Rat { return rats(b.byName["scale."+name].Data) }
	mid, half, mean, std := scale("u_mid"), scale("u_half"), scale("y_mean"), scale("y_std")
	unit := new(big.Rat).Quo(slices.MaxFunc(std, (*big.Rat).Cmp), slices.MinFunc(half, (*big.Rat).Cmp))
	average := func(of func(j int) *big.Rat) *big.Rat { // nil when a member lacks the figure
		sum := new(big.Rat)
		for j := range v.Members {
			x := of(j)
			if x == nil {
				return nil
			}
			sum.Add(sum, x)
		}
		return sum.Quo(sum, big.NewRat(int64(len(v.Members)), 1))
	}
	if v.Claim == "delta-iss" {
		for i, s := range std {
			gain := average(func(j int) *big.Rat { return v.Members[j].DeltaGain[i] })
			v.DeltaGain = append(v.DeltaGain, gain)
			v.PhysicalDeltaGain = append(v.PhysicalDeltaGain, up(new(big.Rat).Quo(mul(gain, s), slices.MinFunc(half, (*big.Rat).Cmp))))
		}
		for i, m := range mid {
			v.InputLow, v.InputHigh = append(v.InputLow, new(big.Rat).Sub(m, half[i])), append(v.InputHigh, add(m, half[i]))
		}
		for _, f := range v.Members {
			v.Recovery = max(v.Recovery, recovery(larger(f.Decay...), f.Rate))
		}
	}
	switch u0 := b.commonRest(); {
	case v.Claim == "contraction":
		if v.Gain = average(func(j int) *big.Rat { return v.Members[j].Gain }); v.Gain != nil {
			v.PhysicalGain = up(mul(v.Gain, unit))
		}
	case v.Claim == "iss" && u0 != nil:
		v.ISSGain = average(func(j int) *big.Rat { return v.Members[j].ISSGain })
		v.PhysicalISSGain = up(mul(v.ISSGain, unit))
		for i, u := range u0 {
			v.RestInput = append(v.RestInput, add(mid[i], mul(half[i], rat(u))))
		}
		for i := range mean {
			rest := average(func(j int) *big.Rat { return b.rest(j, i, u0) })
			v.RestOutput = append(v.RestOutput, add(mean[i], mul(std[i], rest)))
		}
	case v.Claim == "bounded" || v.Claim == "delta-iss":
		if slices.ContainsFunc(v.Members, func(f Figures) bool { return f.Radius == nil }) {
			return // a contracting or input-to-state stable member gives no explicit ball
		}
		for i := range mean {
			centre := add(mean[i], mul(std[i], average(func(j int) *big.Rat { return v.Members[j].Centre[i] })))
			radius := mul(std[i], average(func(j int) *big.Rat { return v.Members[j].Radius[i] }))
			v.Low, v.High = append(v.Low, new(big.Rat).Sub(centre, radius)), append(v.High, add(centre, radius))
		}
	}
}

// recovery returns the smallest k with 100 d r^k <= 1, as far as powers rounded up tell; math.MaxInt when it is not below 2^40. A bit
// of k - 1 is kept while the bound stays above 1, so the lowest bit that is not kept has shown the bound for k itself.
func recovery(d, r *big.Rat) (k int) {
	left, power := mul(d, big.NewRat(100, 1)), bounds{up(r)} // r^(2^i)
	if left.Cmp(one) <= 0 {
		return 0
	}
	for i := 0; mul(left, power[i]).Cmp(one) > 0; i++ {
		if i == 40 {
			return math.MaxInt
		}
		power = append(power, up(square(power[i])))
	}
	for i, q := range slices.Backward(power) {
		if next := up(mul(left, q)); next.Cmp(one) > 0 {
			left = next
			k += 1 << i
		}
	}
	return k + 1
}

// commonRest returns the scaled rest input u0 when all members are gated and share it, else nil.
func (b *Bundle) commonRest() []float64 {
	var u0 []float64
	for j, m := range b.manifest.Members {
		x := b.byName[fmt.Sprintf("m%d.u0", j)].Data
		if m.Kind != "gated" || u0 != nil && !slices.Equal(u0, x) {
			return nil
		}
		u0 = x
	}
	return u0
}

// rest is output i of D22 u0 + by of member j.
func (b *Bundle) rest(j, i int, u0 []float64) *big.Rat {
	d, y := b.byName[fmt.Sprintf("m%d.D22", j)].Data, rat(b.byName[fmt.Sprintf("m%d.by", j)].Data[i])
	for k, u := range u0 {
		y.Add(y, mul(rat(d[i*len(u0)+k]), rat(u)))
	}
	return y
}

// words states a proved claim.
func (v *Verdict) words(m *Manifest) string {
	model, rate := "the model", ceilText(v.Rate, 4)
	if len(v.Members) > 1 {
		model = fmt.Sprintf("each of the %d members, whose outputs are averaged,", len(v.Members))
	}
	var s string
	switch {
	case v.Claim == "contraction":
		s = fmt.Sprintf("Contraction: for every input sequence, %s forgets its initial state: the distance of any two trajectories shrinks at least like %s^k, k steps.", model, rate)
		if v.PhysicalGain != nil {
			s += fmt.Sprintf(" The l2 gain from input differences to differences of the outputs is at most %s, in physical units.", ceilText(v.PhysicalGain, -4))
		}
	case v.RestInput != nil:
		s = fmt.Sprintf("Input-to-state stability: from every initial state, %s returns to rest at least like %s^k, k steps, when the input rests at %s; under every input, the distance of the outputs from their rest values %s is ultimately at most %s times the largest distance of the input from rest, in physical units.",
			model, rate, listText(v.RestInput), listText(v.RestOutput), ceilText(v.PhysicalISSGain, -4))
	case v.Claim == "iss":
		s = fmt.Sprintf("Input-to-state stability: under every input, %s is input-to-state stable and forgets its initial state at least like %s^k, k steps.", model, rate)
	case v.Claim == "delta-iss":
		s = "Incremental input-to-state stability (delta-ISS), as long as the inputs stay in their ranges:"
		unit := "1, each in its own unit,"
		for i, u := range m.Inputs {
			s += fmt.Sprintf(" %s in [%s, %s]%s;", u.Name, ceilText(v.InputLow[i], -6), floorText(v.InputHigh[i], -6), spaced(u.Unit))
			if len(m.Inputs) == 1 {
				unit = "1" + spaced(u.Unit)
			}
		}
		s += fmt.Sprintf(" from every state that the model can start from. Under the same inputs %s forgets its initial state: the distance of any two trajectories is at most a constant times %s^k, k steps", model, rate)
		if v.Recovery < math.MaxInt {
			s += fmt.Sprintf(", and from step %d on each output differs by at most 1 %% of its scale y_std", v.Recovery)
		}
		s += "."
		for i, y := range m.Outputs {
			s += fmt.Sprintf(" From the same state, inputs that never differ by more than %s change %s by at most %s%s.", unit, y.Name, ceilText(v.PhysicalDeltaGain[i], -4), spaced(y.Unit))
		}
	default:
		s = fmt.Sprintf("Boundedness: from every initial state and under every input with |u'| <= 1, its scaled range, %s enters a fixed ball of states at least like %s^k, k steps.", model, rate)
	}
	for i := range v.Low {
		what, when := m.Outputs[i].Name, " Ultimately"
		if m.Integrate[i] {
			what = "the increment of " + what
		}
		if v.Claim == "delta-iss" {
			when = " Always"
		}
		s += fmt.Sprintf("%s %s lies in [%s, %s]%s (sensor limits apart).", when, what, floorText(v.Low[i], -4), ceilText(v.High[i], -4), spaced(m.Outputs[i].Unit))
	}
	if slices.Contains(m.Integrate, true) {
		s += " Integrators stand outside the claim: integrated outputs are meant before them."
	}
	return fmt.Sprintf("%s Discrete time, one step %s; real-number evaluation of the stored weights.", s, stepText(m))
}

// system checks the claim of a system and states it.
func (v *Verdict) system(p *part) {
	m, w := &p.b.manifest, p.w
	clock, fall, from := "Continuous time", "e^(-r t)", "every state"
	if !m.System.Continuous {
		clock, fall = "Discrete time, one step "+stepText(m), "r^k, k steps"
	}
	if v.Claim == "margin" {
		p.margin()
		var names []string
		for _, c := range w.Channels {
			names = append(names, fmt.Sprintf("%s %q", map[bool]string{true: "input", false: "output"}[c < len(m.Inputs)], slices.Concat(m.Inputs, m.Outputs)[c].Name))
		}
		v.Statement = fmt.Sprintf("Disk margin: the closed loop of %q is asymptotically stable, and stays so when these signals of the plant are multiplied, each by its own factor from the disk D(alpha, skew), alpha = %s, skew = %s, constant (complex, at every frequency) or varying with time and amplitude: %s.",
			m.System.Name, floorText(w.Alpha, -6), w.Skew.RatString(), strings.Join(names, ", "))
	} else {
		p.lyapunov()
		if w.Level != nil {
			from = fmt.Sprintf("every state with V(x) = x'Mx < %s", floorText(w.Level, -6))
		}
		v.Statement = fmt.Sprintf("Lyapunov: the equilibrium x = 0 of %q is asymptotically stable. From %s the state goes to 0 and V falls at all times, its root at least like %s, r = %s.", m.System.Name, from, fall, w.Rate.RatString())
	}
	v.Statement += " " + clock + "; real-number evaluation of the stored numbers."
	v.Proved, v.Rate, v.Level, v.Alpha, v.Skew = true, w.Rate, w.Level, w.Alpha, w.Skew
}

func stepText(m *Manifest) string {
	if m.SamplingTime > 0 {
		return fmt.Sprintf("= %g s", m.SamplingTime)
	}
	return "of unknown length"
}

func spaced(unit string) string { return strings.TrimRight(" "+unit, " ") }

// ceilText prints r rounded up to that many decimals, or, when negative, to at least that many significant digits;
// zeros at the end are left out.
func ceilText(r *big.Rat, decimals int) string {
	if r.Sign() != 0 && decimals < 0 {
		size := (r.Num().BitLen() - r.Denom().BitLen()) * 3 / 10 // about log10 |r|
		decimals = max(0, -decimals-size)
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(decimals, 0))), nil)
	n, rest := new(big.Int).DivMod(new(big.Int).Mul(r.Num(), ten), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	if n.Cmp(ten) >= 0 && r.Cmp(one) < 0 { // a rate must not be rounded up to one
		return ceilText(r, max(decimals, 0)+1)
	}
	text := new(big.Rat).SetFrac(n, ten).FloatString(max(decimals, 0))
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func floorText(r *big.Rat, decimals int) string {
	s := ceilText(new(big.Rat).Neg(r), decimals)
	if positive, ok := strings.CutPrefix(s, "-"); ok || s == "0" {
		return positive
	}
	return "-" + s
}

func listText(x []*big.Rat) string {
	var out []string
	for _, r := range x {
		out = append(out, decimal(r))
	}
	return strings.Join(out, ", ")
}
