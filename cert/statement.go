package cert

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// combine derives the figures of the whole model, y = mean + std (1/J) sum_j y_j, from those of its members. Norms of
// signals with several components turn physical through |std x| <= max std |x| and |u'| <= |u|/min half.
func (v *Verdict) combine(b *Bundle) {
	scale := func(name string) []*big.Rat {
		var out []*big.Rat
		for _, x := range b.byName["scale."+name].Data {
			out = append(out, rat(x))
		}
		return out
	}
	mid, half, mean, std := scale("u_mid"), scale("u_half"), scale("y_mean"), scale("y_std")
	unit := new(big.Rat).Quo(slices.MaxFunc(std, (*big.Rat).Cmp), slices.MinFunc(half, (*big.Rat).Cmp))
	share := big.NewRat(1, int64(len(v.Members)))
	average := func(of func(i int) *big.Rat) *big.Rat {
		sum := new(big.Rat)
		for i := range v.Members {
			x := of(i)
			if x == nil {
				return nil
			}
			sum.Add(sum, x)
		}
		return sum.Mul(sum, share)
	}
	if v.Claim == "contraction" {
		if v.Gain = average(func(i int) *big.Rat { return v.Members[i].Gain }); v.Gain != nil {
			v.PhysicalGain = up(mul(v.Gain, unit))
		}
	}
	if u0 := b.commonRest(); v.Claim == "iss" && u0 != nil {
		v.ISSGain = average(func(i int) *big.Rat { return v.Members[i].ISSGain })
		v.PhysicalISSGain = up(mul(v.ISSGain, unit))
		for i := range u0 {
			v.RestInput = append(v.RestInput, add(mid[i], mul(half[i], rat(u0[i]))))
		}
		for i := range mean {
			rest := average(func(j int) *big.Rat { return b.rest(j, i, u0) })
			v.RestOutput = append(v.RestOutput, add(mean[i], mul(std[i], rest)))
		}
	}
	if v.Claim != "bounded" {
		return
	}
	for i := range mean {
		component := func(x []*big.Rat) *big.Rat {
			if x == nil {
				return nil
			}
			return x[i]
		}
		centre := average(func(j int) *big.Rat { return component(v.Members[j].Centre) })
		if centre == nil { // a contracting or input-to-state stable member gives no explicit ball
			return
		}
		radius := mul(std[i], average(func(j int) *big.Rat { return component(v.Members[j].Radius) }))
		centre = add(mean[i], mul(std[i], centre))
		v.Low = append(v.Low, new(big.Rat).Sub(centre, radius))
		v.High = append(v.High, add(centre, radius))
	}
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
	var s strings.Builder
	time := "one step of unknown length"
	if m.SamplingTime > 0 {
		time = fmt.Sprintf("one step = %g s", m.SamplingTime)
	}
	model, outputs := "the model", "the output"
	if len(v.Members) > 1 {
		model = fmt.Sprintf("each of the %d members, whose outputs are averaged,", len(v.Members))
	}
	if slices.Contains(m.Integrate, true) {
		outputs = "the output before its integrator"
	}
	rate := rateText(v.Rate)
	switch v.Claim {
	case "contraction":
		fmt.Fprintf(&s, "Contraction: for every input sequence and every pair of initial states, %s forgets its initial state, the distance of two trajectories shrinking at least like %s^k in a fixed norm.", model, rate)
		if v.PhysicalGain != nil {
			fmt.Fprintf(&s, " Input differences reach %s with an l2 gain of at most %s in physical units.", outputs, upText(v.PhysicalGain))
		}
	case "iss":
		fmt.Fprintf(&s, "Input-to-state stability: for every input sequence and every initial state, %s", model)
		if v.RestInput == nil {
			fmt.Fprintf(&s, " is input-to-state stable, the initial state being forgotten at least like %s^k.", rate)
			break
		}
		fmt.Fprintf(&s, " returns to rest at least like %s^k when the input rests at %s, and the distance of %s from its rest value %s is ultimately at most %s times the largest distance of the input from rest, in physical units.",
			rate, listText(v.RestInput), outputs, listText(v.RestOutput), upText(v.PhysicalISSGain))
	case "bounded":
		fmt.Fprintf(&s, "Boundedness: for every initial state and every input within the scaled range |u'| <= 1, the state of %s enters a fixed ball at least like %s^k.", model, rate)
		if v.Low != nil {
			fmt.Fprintf(&s, " Ultimately %s lies in", outputs)
			for i := range v.Low {
				low := upText(new(big.Rat).Neg(v.Low[i]))
				if low = "-" + low; strings.HasPrefix(low, "--") {
					low = low[2:]
				}
				fmt.Fprintf(&s, " [%s, %s]", low, upText(v.High[i]))
			}
			s.WriteString(" in physical units.")
		}
	}
	fmt.Fprintf(&s, " Discrete time, %s; real-number evaluation of the stored weights.", time)
	return s.String()
}

// rateText prints a rate below one, rounded up, with at least four decimals and as many as keep it below one.
func rateText(r *big.Rat) string {
	for digits := 4; ; digits++ {
		ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
		n, rest := new(big.Int).QuoRem(new(big.Int).Mul(r.Num(), ten), r.Denom(), new(big.Int))
		if rest.Sign() > 0 {
			n.Add(n, big.NewInt(1))
		}
		if n.Cmp(ten) < 0 {
			return new(big.Rat).SetFrac(n, ten).FloatString(digits)
		}
	}
}

// upText prints a number with four significant digits, rounded towards +infinity.
func upText(r *big.Rat) string {
	f := new(big.Float).SetPrec(200).SetMode(big.ToPositiveInf).SetRat(r)
	text := f.Text('g', 4)
	if back, ok := new(big.Rat).SetString(text); ok && back.Cmp(r) < 0 { // rounded down: add one unit in the last place
		e := f.Text('e', 3)
		ulp, _ := new(big.Rat).SetString("1e" + e[strings.IndexByte(e, 'e')+1:])
		text = new(big.Float).SetPrec(200).SetRat(back.Add(back, ulp.Quo(ulp, big.NewRat(1000, 1)))).Text('g', 4)
	}
	return text
}

func listText(x []*big.Rat) string {
	var out []string
	for _, r := range x {
		out = append(out, decimal(r))
	}
	return strings.Join(out, ", ")
}
