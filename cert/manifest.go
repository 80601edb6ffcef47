package cert

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Manifest is manifest.json: what the model is.
type Manifest struct {
	Inputs, Outputs []Signal
	SamplingTime    float64 // seconds; 0 when unknown
	Window          int     // samples before the first prediction
	InputDelay      []int   // samples, per input
	Integrate       []bool  // per output
	Saturation      []Limits
	InputRange      []Range // declared operating range, physical units
	Members         []Member
	Provenance      Provenance
	WeightsSHA256   string
}

// Signal names an input or an output.
type Signal struct{ Name, Unit string }

// Limits are the sensor limits of an output; nil means none.
type Limits struct{ Low, High *float64 }

// Range is a closed interval.
type Range struct{ Low, High float64 }

// Member is the kind and the sizes of one network of the parallel sum; sizes of other kinds are zero.
type Member struct {
	Kind   string  // lure, gated, ssm or linear
	States int     // lure, gated, linear
	Hidden int     // lure, gated
	Layers int     // lure: number of sandwich layers, 0 for tanh itself
	Gate   int     // gated: width of the gating network
	Width  int     // ssm: signals between blocks
	Blocks []Block // ssm
}

// Block is one block of an ssm member: complex states, and hidden units of its static layer or 0.
type Block struct{ States, Hidden int }

// Provenance says where a file comes from. DataSHA256 is not part of a certificate.
type Provenance struct {
	DataSHA256 string // of the training data; "" when unknown
	Seed       uint64
	Version    string
}

const format = "plumb/1"

// MemberKeys lists the keys of a member of this kind in the manifest, besides kind; nil for an unknown kind.
func MemberKeys(kind string) []string {
	switch kind {
	case "lure":
		return []string{"states", "hidden", "layers"}
	case "gated":
		return []string{"states", "hidden", "gate"}
	case "ssm":
		return []string{"width", "blocks"}
	case "linear":
		return []string{"states"}
	}
	return nil
}

func readManifest(data []byte) Manifest {
	o := parseJSON(manifestEntry, data).object("format", "inputs", "outputs", "sampling_time", "window", "input_delay", "integrate",
		"saturation", "input_range", "members", "provenance", "weights_sha256")
	if o["format"].text() != format {
		o["format"].fail("want %q", format)
	}
	m := Manifest{
		Inputs:        signals(o["inputs"]),
		Outputs:       signals(o["outputs"]),
		SamplingTime:  o["sampling_time"].number(),
		Window:        o["window"].size(1, maxWindow),
		Provenance:    readProvenance(o["provenance"], "data_sha256", "seed", "version"),
		WeightsSHA256: hash(o["weights_sha256"]),
	}
	if m.SamplingTime < 0 {
		o["sampling_time"].fail("want a positive number of seconds, or 0 when unknown")
	}
	nu, ny := len(m.Inputs), len(m.Outputs)
	for _, v := range o["input_delay"].list(nu, nu) {
		m.InputDelay = append(m.InputDelay, v.size(0, maxWindow))
	}
	for _, v := range o["integrate"].list(ny, ny) {
		m.Integrate = append(m.Integrate, v.boolean())
	}
	for _, v := range o["saturation"].list(ny, ny) {
		f := v.object("low", "high")
		l := Limits{optional(f["low"]), optional(f["high"])}
		if l.Low != nil && l.High != nil && *l.Low > *l.High {
			v.fail("want low <= high")
		}
		m.Saturation = append(m.Saturation, l)
	}
	for _, v := range o["input_range"].list(nu, nu) {
		f := v.object("low", "high")
		r := Range{f["low"].number(), f["high"].number()}
		if r.Low > r.High {
			v.fail("want low <= high")
		}
		m.InputRange = append(m.InputRange, r)
	}
	for _, v := range o["members"].list(1, maxMembers) {
		m.Members = append(m.Members, member(v, nu))
	}
	return m
}

func optional(v value) *float64 {
	if v.null() {
		return nil
	}
	x := v.number()
	return &x
}

func signals(v value) []Signal {
	var out []Signal
	for _, e := range v.list(1, maxSignals) {
		f := e.object("name", "unit")
		out = append(out, Signal{f["name"].text(), f["unit"].text()})
	}
	return out
}

func readProvenance(v value, keys ...string) Provenance {
	f := v.object(keys...)
	p := Provenance{Seed: f["seed"].integer(0, math.MaxUint64), Version: f["version"].text()}
	if d, ok := f["data_sha256"]; ok && d.v != "" {
		p.DataSHA256 = hash(d)
	}
	return p
}

func hash(v value) string {
	s := v.text()
	if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		v.fail("want 64 lower-case hexadecimal digits")
	}
	return s
}

func member(v value, inputs int) Member {
	all, ok := v.v.(object)
	if !ok {
		v.fail("want an object")
	}
	kind, ok := all.fields["kind"]
	if !ok {
		v.fail(`the key "kind" is missing`)
	}
	m := Member{Kind: kind.text()}
	keys := MemberKeys(m.Kind)
	if keys == nil {
		kind.fail("want lure, gated, ssm or linear")
	}
	f := v.object(append([]string{"kind"}, keys...)...)
	positive := func(key string, p *int) {
		if x, ok := f[key]; ok {
			*p = x.size(1, maxSize)
		}
	}
	positive("states", &m.States)
	positive("hidden", &m.Hidden)
	positive("gate", &m.Gate)
	positive("width", &m.Width)
	if x, ok := f["layers"]; ok {
		m.Layers = x.size(0, maxBlocks)
	}
	if m.States+m.Hidden+inputs > maxSize {
		v.fail("want at most %d states, hidden units and inputs together", maxSize)
	}
	if x, ok := f["blocks"]; ok {
		for _, b := range x.list(1, maxBlocks) {
			g := b.object("states", "hidden")
			m.Blocks = append(m.Blocks, Block{g["states"].size(1, maxSize), g["hidden"].size(0, maxSize)})
		}
	}
	return m
}

// shapes lists the tensors that the manifest demands, by name. Two extents are not in the manifest and are taken from
// the file: the past samples L that the encoders read, and the width of each sandwich layer.
func (m *Manifest) shapes(stored map[string]Tensor) map[string][]int {
	nu, ny := len(m.Inputs), len(m.Outputs)
	out := map[string][]int{"scale.u_mid": {nu}, "scale.u_half": {nu}, "scale.y_mean": {ny}, "scale.y_std": {ny}}
	extent := func(name string, axis int) int { // 0, which no tensor has, when there is no such axis
		if t := stored[name]; len(t.Shape) == 2 {
			return t.Shape[axis]
		}
		return 0
	}
	past := extent("m0.enc_W", 1)
	if lags := past / (nu + ny); lags < 1 || past != lags*(nu+ny) || lags > m.Window {
		malformed(weightsEntry, "m0.enc_W", "want L*%d columns with 1 <= L <= %d", nu+ny, m.Window)
	}
	for j, k := range m.Members {
		prefix := fmt.Sprintf("m%d.", j)
		add := func(name string, shape ...int) { out[prefix+name] = shape }
		n, q, h := k.States, k.Hidden, k.Gate
		states := n
		switch k.Kind {
		case "lure", "gated":
			addAll(add, map[string][]int{"A": {n, n}, "B1": {n, q}, "B2": {n, nu}, "C1": {q, n}, "D12": {q, nu},
				"Cx": {ny, n}, "Cw": {ny, q}, "D22": {ny, nu}, "by": {ny}})
		case "linear":
			addAll(add, map[string][]int{"A": {n, n}, "B2": {n, nu}, "bx": {n}, "Cx": {ny, n}, "D22": {ny, nu}, "by": {ny}})
		case "ssm":
			for b := range k.Blocks {
				states += 2 * k.Blocks[b].States
				k.block(add, b, nu, ny)
			}
		}
		switch k.Kind {
		case "lure":
			addAll(add, map[string][]int{"bx": {n}, "bv": {q}})
			for i := range k.Layers {
				w := extent(fmt.Sprintf("%sg%d.Win", prefix, i), 0)
				if w+q > maxSize {
					malformed(weightsEntry, fmt.Sprintf("%sg%d.Win", prefix, i), "want a layer of width at most %d", maxSize-q)
				}
				addAll(add, map[string][]int{fmt.Sprintf("g%d.Win", i): {w, q}, fmt.Sprintf("g%d.b", i): {w}, fmt.Sprintf("g%d.Wout", i): {q, w}})
			}
		case "gated":
			addAll(add, map[string][]int{"u0": {nu}, "G1": {h, n}, "Gu": {h, nu}, "g1": {h}, "G2": {q, h}, "g2": {q}})
		}
		add("enc_W", states, past)
		add("enc_b", states)
	}
	return out
}

func addAll(add func(string, ...int), shapes map[string][]int) {
	for name, s := range shapes {
		add(name, s...)
	}
}

// block adds the tensors of block b of an ssm member.
func (k *Member) block(add func(string, ...int), b, nu, ny int) {
	in, out := k.Width, k.Width
	if b == 0 {
		in = nu
	}
	if b == len(k.Blocks)-1 {
		out = ny
	}
	s, h := k.Blocks[b].States, k.Blocks[b].Hidden
	p := fmt.Sprintf("b%d.", b)
	addAll(add, map[string][]int{p + "lre": {s}, p + "lim": {s}, p + "Bre": {s, in}, p + "Bim": {s, in}, p + "Cre": {out, s}, p + "Cim": {out, s},
		p + "D": {out, in}, p + "c": {out}})
	if h > 0 {
		addAll(add, map[string][]int{p + "W1": {h, out}, p + "b1": {h}, p + "W2": {out, h}, p + "b2": {out}})
	}
}

// checkTensors compares the stored tensors with the manifest, and the scaling with what it must be.
func (m *Manifest) checkTensors(stored map[string]Tensor) {
	shapes := m.shapes(stored)
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		want, ok := shapes[name]
		if !ok {
			malformed(weightsEntry, name, "the manifest has no such tensor")
		}
		if !slices.Equal(stored[name].Shape, want) {
			malformed(weightsEntry, name, "want shape %v, got %v", want, stored[name].Shape)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		if _, ok := stored[name]; !ok {
			malformed(weightsEntry, name, "the tensor is missing")
		}
	}
	for _, name := range []string{"scale.u_half", "scale.y_std"} {
		for i, x := range stored[name].Data {
			if x <= 0 {
				malformed(weightsEntry, name, "want positive numbers, got %g at index %d", x, i)
			}
		}
	}
	for i, r := range m.InputRange {
		mid, half := rat(stored["scale.u_mid"].Data[i]), rat(stored["scale.u_half"].Data[i])
		slack := new(big.Rat).Mul(new(big.Rat).Add(new(big.Rat).Abs(mid), half), rangeSlack)
		reach := new(big.Rat).Add(half, slack)
		for _, x := range []float64{r.Low, r.High} {
			if d := new(big.Rat).Sub(rat(x), mid); d.Abs(d).Cmp(reach) > 0 {
				malformed(manifestEntry, fmt.Sprintf("input_range[%d]", i), "want a range inside scale.u_mid -+ scale.u_half, where |u'| <= 1")
			}
		}
	}
}

// rangeSlack forgives the rounding of low, high, mid and half, a few units in the last place of float64 each. It decides
// nothing: bounds are claimed for |u'| <= 1 as the weights define it.
var rangeSlack = big.NewRat(1, 1<<48)

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }
