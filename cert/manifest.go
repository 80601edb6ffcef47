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
	System          *System // nil for a model; else Members is one member that says the dynamics, and the fields of models are empty
}

// System is what the manifest of a system says besides: docs/system-bundle.md.
type System struct {
	Name       string
	Continuous bool
	States     []Signal
}

// Signal names an input, an output or a state.
type Signal struct{ Name, Unit string }

// Limits are the sensor limits of an output; nil means none.
type Limits struct{ Low, High *float64 }

// Range is a closed interval.
type Range struct{ Low, High float64 }

// Member is the kind and the sizes of one network of the parallel sum, or of a system; sizes of other kinds are zero.
type Member struct {
	Kind   string  // lure, gated, ssm, linear, lstm or gru; of a system matrix, expressions or loop
	States int     // lure, gated, linear; of a system the number of its states
	Hidden int     // lure, gated
	Layers int     // lure: number of sandwich layers, 0 for tanh itself
	Gate   int     // gated: width of the gating network
	Width  int     // ssm: signals between blocks
	Blocks []Block // ssm
	Units  []int   // lstm, gru: units of each layer
	Filter Filter  // lstm, gru; zero: none

	Right    [][]string // expressions: the tokens of each, in postfix form; a number is a decimal, which means the float64, or a ratio p/q
	Plant    int        // loop: states of the plant, which come first
	Positive bool       // loop: positive feedback
	ops      [][]op     // of Right
}

// Filter gives the complex states of the linear system before the first layer, and its outputs.
type Filter struct{ States, Width int }

// Block is one block of an ssm member: complex states, and hidden units of its static layer or 0.
type Block struct{ States, Hidden int }

// Provenance says where a file comes from. DataSHA256 is not part of a certificate.
type Provenance struct {
	DataSHA256 string // of the training data; "" when unknown
	Seed       uint64
	Version    string
}

const (
	format       = "plumb/1"
	systemFormat = "plumb-system/1"
	modelKinds   = "lure gated ssm linear lstm gru"
	systemKinds  = "matrix expressions loop"
	modelClaims  = "contraction iss bounded delta-iss"
)

// kinds gives the claims that can be made of members of each kind, their keys in the manifest besides kind, and their tensors, see shapes.
var kinds = map[string]struct{ claims, keys, tensors string }{
	"lure":        {modelClaims, "states hidden layers", "A n n, B1 n q, B2 n m, bx n, C1 q n, D12 q m, bv q, Cx p n, Cw p q, D22 p m, by p"},
	"gated":       {modelClaims, "states hidden gate", "A n n, B1 n q, B2 n m, C1 q n, D12 q m, Cx p n, Cw p q, D22 p m, by p, u0 m, G1 h n, Gu h m, g1 h, G2 q h, g2 q"},
	"ssm":         {modelClaims, "width blocks", ""},
	"linear":      {modelClaims, "states", "A n n, B2 n m, bx n, Cx p n, D22 p m, by p"},
	"lstm":        {modelClaims, "units filter", ""},
	"gru":         {modelClaims, "units filter", ""},
	"matrix":      {"lyapunov", "", "A n n"},
	"expressions": {"lyapunov", "right", ""},
	"loop":        {"lyapunov margin", "plant_states feedback", "P.A a a, P.B a m, P.C p a, P.D p m, K.A k k, K.B k p, K.C m k, K.D m p"},
}

// MemberKeys lists the keys of a member of this kind in the manifest, besides kind.
func MemberKeys(kind string) []string { return strings.Fields(kinds[kind].keys) }

func readManifest(data []byte) Manifest {
	root := parseJSON(manifestEntry, data)
	if root.field("format").choice(format+" "+systemFormat) == systemFormat {
		return readSystem(root)
	}
	o := root.object("format", "inputs", "outputs", "sampling_time", "window", "input_delay", "integrate",
		"saturation", "input_range", "members", "provenance", "weights_sha256")
	m := readCommon(o, 1)
	m.Window = o["window"].size(1, maxWindow)
	nu, ny := len(m.Inputs), len(m.Outputs)
	m.InputDelay = gather(o["input_delay"].list(nu, nu), func(v value) int { return v.size(0, maxWindow) })
	m.Integrate = gather(o["integrate"].list(ny, ny), value.boolean)
	m.Saturation = gather(o["saturation"].list(ny, ny), limits)
	m.InputRange = gather(o["input_range"].list(nu, nu), func(v value) Range {
		f := v.object("low", "high")
		limits(v)
		return Range{f["low"].number(), f["high"].number()}
	})
	m.Members = gather(o["members"].list(1, maxMembers), func(v value) Member { return member(v, nu, 0, modelKinds) })
	return m
}

// readCommon reads what models and systems have in common; least is the least number of inputs and of outputs.
func readCommon(o map[string]value, least int) Manifest {
	m := Manifest{
		Inputs:        gather(o["inputs"].list(least, maxSignals), signal),
		Outputs:       gather(o["outputs"].list(least, maxSignals), signal),
		SamplingTime:  o["sampling_time"].number(),
		Provenance:    readProvenance(o["provenance"], "data_sha256", "seed", "version"),
		WeightsSHA256: hash(o["weights_sha256"]),
	}
	if m.SamplingTime < 0 {
		o["sampling_time"].fail("want a positive number of seconds, or 0 when unknown")
	}
	return m
}

func readSystem(root value) Manifest {
	o := root.object("format", "name", "time", "sampling_time", "states", "inputs", "outputs", "dynamics", "provenance", "weights_sha256")
	m := readCommon(o, 0)
	m.System = &System{o["name"].text(), o["time"].choice("continuous discrete") == "continuous", gather(o["states"].list(1, maxSize), signal)}
	if m.System.Continuous && m.SamplingTime != 0 {
		o["sampling_time"].fail("want 0 in continuous time")
	}
	m.Members = []Member{member(o["dynamics"], len(m.Inputs), len(m.System.States), systemKinds)}
	return m
}

func limits(v value) (l Limits) {
	f := v.object("low", "high")
	for i, to := range []**float64{&l.Low, &l.High} {
		if v := f[[]string{"low", "high"}[i]]; !v.null() {
			x := v.number()
			*to = &x
		}
	}
	if l.Low != nil && l.High != nil && *l.Low > *l.High {
		v.fail("want low <= high")
	}
	return l
}

func signal(v value) Signal {
	f := v.object("name", "unit")
	return Signal{f["name"].text(), f["unit"].text()}
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

// member reads a member of one of these kinds; a system has n states.
func member(v value, inputs, n int, allowed string) Member {
	m := Member{Kind: v.field("kind").choice(allowed), States: n}
	f := v.object(append([]string{"kind"}, MemberKeys(m.Kind)...)...)
	for i, size := range []*int{&m.States, &m.Hidden, &m.Gate, &m.Width} {
		if x, ok := f[[]string{"states", "hidden", "gate", "width"}[i]]; ok {
			*size = x.size(1, maxSize)
		}
	}
	if x, ok := f["layers"]; ok {
		m.Layers = x.size(0, maxBlocks)
	}
	if m.States+m.Hidden+inputs > maxSize {
		v.fail("want at most %d states, hidden units and inputs together", maxSize)
	}
	if x, ok := f["blocks"]; ok {
		m.Blocks = gather(x.list(1, maxBlocks), func(b value) Block {
			g := b.object("states", "hidden")
			return Block{g["states"].size(1, maxSize), g["hidden"].size(0, maxSize)}
		})
	}
	if x, ok := f["units"]; ok {
		m.Units = gather(x.list(1, maxCells), func(n value) int { return n.size(1, maxSize) })
		g := f["filter"].object("states", "width")
		m.Filter = Filter{g["states"].size(0, maxSize), g["width"].size(0, maxSize)}
		if (m.Filter.States == 0) != (m.Filter.Width == 0) {
			f["filter"].fail("want states and width positive, or both 0 for no filter")
		}
	}
	if x, ok := f["right"]; ok {
		for _, l := range x.list(n, n) {
			tokens, ops := l.expression(n)
			m.Right, m.ops = append(m.Right, tokens), append(m.ops, ops)
		}
	}
	if x, ok := f["plant_states"]; ok {
		m.Plant, m.Positive = x.size(0, n), f["feedback"].choice("negative positive") == "positive"
	}
	return m
}

// More tensors, and shapes: n states, q hidden, m inputs, p outputs, h width of the gate or the layer,
// s complex states, i and o inputs and outputs of a block, w outputs of a filter, d inputs of a layer, N all states of a
// member, L(m+p) = past, a and k states of plant and controller. Gate tensors exist for each gate, named in place of the question mark.
const (
	scaleTensors    = "scale.u_mid m, scale.u_half m, scale.y_mean p, scale.y_std p"
	encoderTensors  = "enc_W N past, enc_b N"
	sandwichTensors = "Win h q, b h, Wout q h"
	blockTensors    = "lre s, lim s, Bre s i, Bim s i, Cre o s, Cim o s, D o i, c o"
	staticTensors   = "W1 h o, b1 h, W2 o h, b2 o"
	filterTensors   = "lre s, lim s, Bre s m, Bim s m, Cre w s, Cim w s, D w m, Ere p s, Eim p s, box s"
	gateTensors     = "W? n d, U? n n, b? n"
	outTensors      = "Wy p n, by p, Dy p m"
)

// The gates of a layer in the order of docs/bundle.md, its boxes, and its states for each unit.
var (
	gates          = map[string][]string{"lstm": {"i", "f", "g", "o"}, "gru": {"z", "r", "n"}}
	boxTensors     = map[string]string{"lstm": "cbox n, hbox n", "gru": "hbox n"}
	numbersPerUnit = map[string]int{"lstm": 2, "gru": 1} // states
)

// shapes lists the tensors that the manifest demands, by name. Two extents are not in the manifest and are taken from
// the file: the past samples L that the encoders read, and the width of each sandwich layer.
func (m *Manifest) shapes(stored map[string]Tensor) map[string][]int {
	out := map[string][]int{}
	size := map[string]int{"m": len(m.Inputs), "p": len(m.Outputs)}
	add := func(prefix, tensors string) {
		for _, t := range strings.FieldsFunc(tensors, func(r rune) bool { return r == ',' }) {
			f := strings.Fields(t)
			var shape []int
			for _, d := range f[1:] {
				shape = append(shape, size[d])
			}
			if !slices.Contains(shape, 0) { // a loop has a static part
				out[prefix+f[0]] = shape
			}
		}
	}
	if m.System != nil {
		k := m.Members[0]
		size["n"], size["a"], size["k"] = k.States, k.Plant, k.States-k.Plant
		add("", kinds[k.Kind].tensors)
		return out
	}
	extent := func(name string, axis int) int { // 0, which no tensor has, when there is no such axis
		if t := stored[name]; len(t.Shape) == 2 {
			return t.Shape[axis]
		}
		return 0
	}
	each := size["m"] + size["p"]
	size["past"] = extent("m0.enc_W", 1)
	if lags := size["past"] / each; lags < 1 || size["past"] != lags*each || lags > m.Window {
		malformed(weightsEntry, "m0.enc_W", "want L*%d columns with 1 <= L <= %d", each, m.Window)
	}
	add("", scaleTensors)
	for j, k := range m.Members {
		at := fmt.Sprintf("m%d.", j)
		size["n"], size["q"], size["h"], size["N"] = k.States, k.Hidden, k.Gate, k.States
		add(at, kinds[k.Kind].tensors)
		for i := range k.Layers {
			g := fmt.Sprintf("%sg%d.", at, i)
			if size["h"] = extent(g+"Win", 0); size["h"] == 0 || size["h"]+k.Hidden > maxSize {
				malformed(weightsEntry, g+"Win", "want a layer of width 1 to %d", maxSize-k.Hidden)
			}
			add(g, sandwichTensors)
		}
		size["i"], size["o"] = size["m"], k.Width
		for i, b := range k.Blocks {
			if i == len(k.Blocks)-1 {
				size["o"] = size["p"]
			}
			size["s"], size["h"] = b.States, b.Hidden
			size["N"] += 2 * b.States
			block := fmt.Sprintf("%sb%d.", at, i)
			add(block, blockTensors)
			if b.Hidden > 0 {
				add(block, staticTensors)
			}
			size["i"] = k.Width
		}
		size["s"], size["w"], size["d"] = k.Filter.States, k.Filter.Width, size["m"]
		if k.Filter.States > 0 {
			add(at+"f.", filterTensors)
			size["N"], size["d"] = 2*k.Filter.States, k.Filter.Width
		}
		for l, n := range k.Units {
			layer := fmt.Sprintf("%sl%d.", at, l)
			size["n"] = n
			for _, g := range gates[k.Kind] {
				add(layer, strings.ReplaceAll(gateTensors, "?", g))
			}
			add(layer, boxTensors[k.Kind])
			size["N"] += n * numbersPerUnit[k.Kind]
			size["d"] = n
		}
		if k.Units != nil {
			add(at, outTensors)
		}
		add(at, encoderTensors)
	}
	return out
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
		for i, x := range stored[name].Data {
			if x <= 0 && (name == "scale.u_half" || name == "scale.y_std" || strings.HasSuffix(name, "box")) {
				malformed(weightsEntry, name, "want positive numbers, got %g at index %d", x, i)
			}
		}
	}
	for i, r := range m.InputRange {
		mid, half := rat(stored["scale.u_mid"].Data[i]), rat(stored["scale.u_half"].Data[i])
		reach := add(half, mul(rangeSlack, add(new(big.Rat).Abs(mid), half)))
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
