package cert

import (
	"fmt"
	"math/big"
)

// Certificate is certificate.json: a claim and one witness per member.
type Certificate struct {
	Claim         string // contraction, iss, bounded or delta-iss; of a system lyapunov or margin
	Members       []Witness
	Provenance    Provenance
	WeightsSHA256 string
}

// Witness holds the numbers that prove the claim for one member; WitnessKeys says which fields are used. Matrices are
// n x n, row-major, n states.
type Witness struct {
	Rate, Radius *big.Rat
	M            []float64
	Lambda       []float64   // diagonal
	Layers       [][]float64 // diagonal T of each sandwich layer
	Gain         *Gain       // nil: no gain is claimed
	G2, D2       *big.Rat
	Kappa2       []*big.Rat // one number under iss, one per output under bounded
	T, Ty, Td    []float64  // T nil under iss: the gain is decided over vertices
	Filter       []float64  // lstm, gru: eta of the filter's complex states
	Cells        []CellWitness

	// Of a system, where M is P: docs/system-bundle.md.
	Level       *big.Rat  // lyapunov of expressions; nil: the whole space
	Box         []float64 // half widths; nil with Squares
	Squares     []Square
	Multiplier  []Square // with a level
	Mu          []float64
	Alpha, Skew *big.Rat
	Channels    []int // perturbed: plant inputs, then plant outputs
}

// Square is a polynomial Weight Root^2, Root in the tokens of Member.Right.
type Square struct {
	Weight float64
	Root   []string
	ops    []op
}

// CellWitness holds the vectors of one lstm or gru layer: eta for the decay, zeta for the gain. They have one number a state,
// c before h, or with Norm one for each of |dc|_2 and |dh|_2.
type CellWitness struct {
	Norm      bool
	Eta, Zeta []float64
}

// Gain is the witness of an incremental gain; for an ssm member all fields are empty.
type Gain struct {
	Gamma2    *big.Rat
	M, Lambda []float64
}

// WitnessKeys lists the keys of the witness of member m under a claim.
func WitnessKeys(claim string, m Member) []string {
	switch {
	case claim == "margin":
		return []string{"alpha", "skew", "channels", "P", "Lambda", "mu"}
	case m.Kind == "expressions":
		return []string{"rate", "P", "level", "box", "squares", "multiplier"}
	case m.Kind == "loop":
		return []string{"rate", "P", "mu"}
	case claim == "lyapunov":
		return []string{"rate", "P"}
	case m.Kind == "lure" && claim == "bounded":
		return []string{"rate", "M", "T", "kappa2"}
	case m.Kind == "lure" && m.Layers > 0:
		return []string{"rate", "M", "Lambda", "layers", "gain"}
	case m.Kind == "lure":
		return []string{"rate", "M", "Lambda", "gain"}
	case m.Kind == "gated":
		return []string{"rate", "M", "Lambda", "g2", "T", "kappa2", "Ty", "d2", "Td"}
	case m.Kind == "ssm":
		return []string{"rate", "radius", "gain"}
	case m.Kind == "lstm" || m.Kind == "gru":
		return []string{"rate", "filter", "layers"}
	}
	return []string{"rate", "M", "gain"} // linear
}

// GainKeys lists the keys of the gain witness of a member of this kind.
func GainKeys(kind string) []string {
	switch kind {
	case "lure":
		return []string{"gamma2", "M", "Lambda"}
	case "ssm":
		return []string{}
	}
	return []string{"gamma2", "M"} // linear
}

// claims lists the claims that a file may make.
func (m *Manifest) claims() []string {
	switch {
	case m.System == nil:
		return []string{"contraction", "iss", "bounded", "delta-iss"}
	case m.Members[0].Kind == "loop":
		return []string{"lyapunov", "margin"}
	}
	return []string{"lyapunov"}
}

func readCertificate(data []byte, m *Manifest, stored map[string]Tensor) *Certificate {
	o := parseJSON(certificateEntry, data).object("claim", "members", "provenance", "weights_sha256")
	c := &Certificate{
		Claim:         o["claim"].choice(m.claims()...),
		Provenance:    readProvenance(o["provenance"], "seed", "version"),
		WeightsSHA256: hash(o["weights_sha256"]),
	}
	for i, v := range o["members"].list(len(m.Members), len(m.Members)) {
		var widths []int
		for k := range m.Members[i].Layers {
			widths = append(widths, stored[fmt.Sprintf("m%d.g%d.b", i, k)].Shape[0])
		}
		c.Members = append(c.Members, readWitness(v, c.Claim, m.Members[i], len(m.Inputs), len(m.Outputs), widths))
	}
	return c
}

// readWitness reads the witness of a member with nu inputs, ny outputs and sandwich layers of these widths.
func readWitness(v value, claim string, m Member, nu, ny int, widths []int) Witness {
	var w Witness
	q := m.Hidden
	f := v.object(WitnessKeys(claim, m)...)
	if x, ok := f["channels"]; ok {
		for _, e := range x.list(1, nu+ny) {
			w.Channels = append(w.Channels, e.size(q, nu+ny-1))
			q = w.Channels[len(w.Channels)-1] + 1
		}
		q = len(w.Channels)
	}
	for i, to := range []**big.Rat{&w.Rate, &w.Radius, &w.G2, &w.D2, &w.Level, &w.Alpha, &w.Skew} {
		if x, ok := f[[]string{"rate", "radius", "g2", "d2", "level", "alpha", "skew"}[i]]; ok && !(x.null() && i == 4) {
			*to = x.ratio()
		}
	}
	for i, to := range []*[]float64{&w.Lambda, &w.Ty, &w.Td} {
		if x, ok := f[[]string{"Lambda", "Ty", "Td"}[i]]; ok {
			*to = x.numbers(q)
		}
	}
	for _, k := range []string{"M", "P"} {
		if x, ok := f[k]; ok {
			w.M = x.square(m.States)
		}
	}
	if x, ok := f["box"]; ok && !x.null() {
		w.Box = x.numbers(m.States)
	}
	if x, ok := f["mu"]; ok {
		w.Mu = x.numbers(nu + ny)
	}
	for i, to := range []*[]Square{&w.Squares, &w.Multiplier} {
		if x, ok := f[[]string{"squares", "multiplier"}[i]]; ok && !x.null() {
			for _, e := range x.list(1, maxSize) {
				g := e.object("weight", "root")
				root, ops := g["root"].expression(m.States)
				*to = append(*to, Square{g["weight"].number(), root, ops})
			}
		}
	}
	if x, ok := f["filter"]; ok {
		w.Filter = x.numbers(m.Filter.States)
		for i, e := range f["layers"].list(len(m.Units), len(m.Units)) {
			g := e.object("norm", "eta", "zeta")
			norm, n := g["norm"].boolean(), 2
			if norm && m.Kind == "gru" {
				g["norm"].fail("want false for a gru")
			}
			if !norm {
				n = m.Units[i] * numbersPerUnit[m.Kind]
			}
			w.Cells = append(w.Cells, CellWitness{norm, g["eta"].numbers(n), g["zeta"].numbers(n)})
		}
	} else if x, ok := f["layers"]; ok {
		for i, e := range x.list(m.Layers, m.Layers) {
			w.Layers = append(w.Layers, e.object("T")["T"].numbers(widths[i]))
		}
	}
	if x, ok := f["gain"]; ok && !x.null() {
		w.Gain = readGain(x, m)
	}
	switch {
	case m.Kind == "gated":
		w.Kappa2 = []*big.Rat{f["kappa2"].ratio()}
		if !f["T"].null() {
			w.T = f["T"].numbers(q)
		}
	case m.Kind == "lure" && claim == "bounded":
		w.T = f["T"].numbers(q + nu + 1)
		for _, e := range f["kappa2"].list(ny, ny) {
			w.Kappa2 = append(w.Kappa2, e.ratio())
		}
	}
	return w
}

func readGain(v value, m Member) *Gain {
	f := v.object(GainKeys(m.Kind)...)
	g := &Gain{}
	if x, ok := f["gamma2"]; ok {
		g.Gamma2 = x.ratio()
	}
	if x, ok := f["M"]; ok {
		g.M = x.square(m.States)
	}
	if x, ok := f["Lambda"]; ok {
		g.Lambda = x.numbers(m.Hidden)
	}
	return g
}
