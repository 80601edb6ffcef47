package cert

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
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

	// Of a system: docs/system-bundle.md.
	Level       *big.Rat  // lyapunov of expressions; nil: the whole space
	Box         []float64 // half widths; nil with Squares
	Squares     []Square  // nil with Box
	Mu          []float64
	Alpha, Skew *big.Rat
	Channels    []int // perturbed: plant inputs, then plant outputs
}

// Square is a polynomial Weight Root^2, Root in the tokens of Member.Right; Inside says that it is multiplied by p - q V, p/q the level.
type Square struct {
	Weight float64
	Root   []string
	Inside bool
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

// witnessKeys gives the keys of a witness by kind of member, or by claim and kind where that differs; "layers" is of lure with layers.
var witnessKeys = map[string]string{
	"lure": "rate M Lambda gain", "layers": "rate M Lambda layers gain", "bounded lure": "rate M T kappa2", "linear": "rate M gain",
	"gated": "rate M Lambda g2 T kappa2 Ty d2 Td", "ssm": "rate radius gain", "lstm": "rate filter layers", "gru": "rate filter layers",
	"matrix": "rate M", "expressions": "rate M level box squares", "loop": "rate M mu", "margin loop": "alpha skew channels M Lambda mu",
	"gain lure": "gamma2 M Lambda", "gain linear": "gamma2 M", "gain ssm": "",
}

// WitnessKeys lists the keys of the witness of member m under a claim.
func WitnessKeys(claim string, m Member) []string {
	keys, ok := witnessKeys[claim+" "+m.Kind]
	switch {
	case !ok && m.Layers > 0:
		keys = witnessKeys["layers"]
	case !ok:
		keys = witnessKeys[m.Kind]
	}
	return strings.Fields(keys)
}

// GainKeys lists the keys of the gain witness of a member of this kind.
func GainKeys(kind string) []string { return strings.Fields(witnessKeys["gain "+kind]) }

func readCertificate(data []byte, m *Manifest, stored map[string]Tensor) *Certificate {
	o := parseJSON(certificateEntry, data).object("claim", "members", "provenance", "weights_sha256")
	c := &Certificate{
		Claim:         o["claim"].choice(kinds[m.Members[0].Kind].claims),
		Provenance:    readProvenance(o["provenance"], "seed", "version"),
		WeightsSHA256: hash(o["weights_sha256"]),
	}
	for i, v := range o["members"].list(len(m.Members), len(m.Members)) {
		width := func(k int) int { return stored[fmt.Sprintf("m%d.g%d.b", i, k)].Shape[0] }
		c.Members = append(c.Members, readWitness(v, c.Claim, m.Members[i], len(m.Inputs), len(m.Outputs), width))
	}
	return c
}

// readWitness reads the witness of a member with nu inputs, ny outputs and sandwich layers of these widths.
func readWitness(v value, claim string, m Member, nu, ny int, width func(layer int) int) (w Witness) {
	q, t, least, f := m.Hidden, m.Hidden, 0, v.object(WitnessKeys(claim, m)...)
	has := func(key string) bool { // and is not null, where that is allowed
		x, ok := f[key]
		return ok && !(x.null() && (slices.Contains([]string{"gain", "level", "box", "squares"}, key) || key == "T" && m.Kind == "gated"))
	}
	if has("channels") {
		w.Channels = gather(f["channels"].list(1, nu+ny), func(e value) int { c := e.size(least, nu+ny-1); least = c + 1; return c }) // increasing: none twice
		q = len(w.Channels)
	}
	if m.Kind == "lure" {
		t += nu + 1
	}
	for i, to := range []**big.Rat{&w.Rate, &w.Radius, &w.G2, &w.D2, &w.Level, &w.Alpha, &w.Skew} {
		if key := []string{"rate", "radius", "g2", "d2", "level", "alpha", "skew"}[i]; has(key) {
			*to = f[key].ratio()
		}
	}
	for i, to := range []*[]float64{&w.Lambda, &w.Ty, &w.Td, &w.T, &w.Mu, &w.Box} {
		if key := []string{"Lambda", "Ty", "Td", "T", "mu", "box"}[i]; has(key) {
			*to = f[key].numbers([]int{q, q, q, t, nu + ny, m.States}[i])
		}
	}
	if has("squares") {
		w.Squares = gather(f["squares"].list(1, maxSize), func(e value) Square {
			g := e.object("weight", "root", "inside")
			root, ops := g["root"].expression(m.States)
			return Square{g["weight"].number(), root, g["inside"].boolean(), ops}
		})
	}
	if has("M") {
		w.M = f["M"].square(m.States)
	}
	if has("filter") {
		w.Filter = f["filter"].numbers(m.Filter.States)
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
	} else if has("layers") {
		for i, e := range f["layers"].list(m.Layers, m.Layers) {
			w.Layers = append(w.Layers, e.object("T")["T"].numbers(width(i)))
		}
	}
	if has("gain") {
		g := f["gain"].object(GainKeys(m.Kind)...)
		w.Gain = &Gain{}
		if x, ok := g["gamma2"]; ok {
			w.Gain.Gamma2, w.Gain.M = x.ratio(), g["M"].square(m.States)
		}
		if x, ok := g["Lambda"]; ok {
			w.Gain.Lambda = x.numbers(q)
		}
	}
	if x, ok := f["kappa2"]; ok && m.Kind == "gated" {
		w.Kappa2 = []*big.Rat{x.ratio()}
	} else if ok {
		w.Kappa2 = gather(x.list(ny, ny), value.ratio)
	}
	return w
}
