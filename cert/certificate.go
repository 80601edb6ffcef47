package cert

import (
	"math/big"
	"slices"
)

// Certificate is certificate.json: a claim and one witness per member.
type Certificate struct {
	Claim         string // contraction, iss or bounded
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
}

// Gain is the witness of an incremental gain; for an ssm member all fields are empty.
type Gain struct {
	Gamma2    *big.Rat
	M, Lambda []float64
}

// WitnessKeys lists the keys of the witness of member m under a claim.
func WitnessKeys(claim string, m Member) []string {
	switch {
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

var claims = []string{"contraction", "iss", "bounded"}

func readCertificate(data []byte, m *Manifest) *Certificate {
	o := parseJSON(certificateEntry, data).object("claim", "members", "provenance", "weights_sha256")
	c := &Certificate{
		Claim:         o["claim"].text(),
		Provenance:    readProvenance(o["provenance"], "seed", "version"),
		WeightsSHA256: hash(o["weights_sha256"]),
	}
	if !slices.Contains(claims, c.Claim) {
		o["claim"].fail("want contraction, iss or bounded")
	}
	for i, v := range o["members"].list(len(m.Members), len(m.Members)) {
		c.Members = append(c.Members, readWitness(v, c.Claim, m.Members[i], len(m.Inputs), len(m.Outputs)))
	}
	return c
}

func readWitness(v value, claim string, m Member, nu, ny int) Witness {
	var w Witness
	n, q := m.States, m.Hidden
	keys := WitnessKeys(claim, m)
	fields := v.object(keys...)
	for _, key := range keys {
		f := fields[key]
		switch key {
		case "rate":
			w.Rate = f.ratio()
		case "radius":
			w.Radius = f.ratio()
		case "M":
			w.M = f.square(n)
		case "Lambda":
			w.Lambda = f.numbers(q)
		case "layers":
			w.Layers = readLayers(f, m.Layers)
		case "gain":
			w.Gain = readGain(f, m)
		case "g2":
			w.G2 = f.ratio()
		case "d2":
			w.D2 = f.ratio()
		case "Ty":
			w.Ty = f.numbers(q)
		case "Td":
			w.Td = f.numbers(q)
		case "T":
			if m.Kind == "lure" {
				w.T = f.numbers(q + nu + 1)
			} else if !f.null() {
				w.T = f.numbers(q)
			}
		case "kappa2":
			if m.Kind == "gated" {
				w.Kappa2 = []*big.Rat{f.ratio()}
				continue
			}
			for _, e := range f.list(ny, ny) {
				w.Kappa2 = append(w.Kappa2, e.ratio())
			}
		}
	}
	return w
}

// readLayers reads one T per layer; checkLayers compares their lengths with the weights.
func readLayers(v value, layers int) [][]float64 {
	var out [][]float64
	for _, e := range v.list(layers, layers) {
		t := e.object("T")["T"]
		out = append(out, t.numbers(len(t.list(1, maxSize))))
	}
	return out
}

func readGain(v value, m Member) *Gain {
	if v.null() {
		return nil
	}
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
