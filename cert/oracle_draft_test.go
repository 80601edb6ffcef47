package cert_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

// draft is a bundle before it becomes bytes: JSON as ordered trees that may break every rule, tensors with free headers,
// and a list of archive entries. Edits of the file act on a draft; edits of the meaning act on a spec.
type draft struct {
	man, crt jObject // crt nil: no certificate.json
	tensors  []rawTensor
	header   func(map[string]string) []string // order and text of header lines; nil for sorted
	weights  []byte                           // replaces the rendered tensors when set
	manText  string                           // replaces the rendered manifest when set; %HASH% becomes the hash
	crtText  string
	archive  func([]entry) archive // nil for the plain archive
}

type rawTensor struct {
	name, dtype string
	shape       []int
	data        []byte
	offsets     *[2]int // replaces the true offsets
}

// A JSON tree: jObject, []any, jNumber (literal text), string, bool, nil, and jHash, the hash of the weights.
type (
	jPair struct {
		key   string
		value any
	}
	jObject []jPair
	jNumber string
	jHash   struct{}
)

func jFloat(x float64) jNumber {
	b, err := json.Marshal(x)
	if err != nil {
		panic("oracle: not a finite number")
	}
	return jNumber(b)
}

func jInt(x int) jNumber { return jNumber(fmt.Sprint(x)) }

func jRat(r *big.Rat) string { return r.Num().String() + "/" + r.Denom().String() }

func jVec(v []float64) []any {
	out := make([]any, len(v))
	for i, x := range v {
		out[i] = jFloat(x)
	}
	return out
}

func jMat(v []float64, n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = jVec(v[i*n : i*n+n])
	}
	return out
}

func jRats(v []*big.Rat) []any {
	out := make([]any, len(v))
	for i, x := range v {
		out[i] = jRat(x)
	}
	return out
}

func jWrite(b *strings.Builder, v any, hash, indent string) {
	inner := indent + "  "
	switch v := v.(type) {
	case jObject:
		if len(v) == 0 {
			b.WriteString("{}")
			return
		}
		sep := "{\n"
		for _, p := range v {
			k, _ := json.Marshal(p.key)
			b.WriteString(sep + inner + string(k) + ": ")
			jWrite(b, p.value, hash, inner)
			sep = ",\n"
		}
		b.WriteString("\n" + indent + "}")
	case []any:
		if len(v) == 0 {
			b.WriteString("[]")
			return
		}
		sep := "[\n"
		for _, e := range v {
			b.WriteString(sep + inner)
			jWrite(b, e, hash, inner)
			sep = ",\n"
		}
		b.WriteString("\n" + indent + "]")
	case jNumber:
		b.WriteString(string(v))
	case jHash:
		fmt.Fprintf(b, "%q", hash)
	default:
		t, err := json.Marshal(v)
		if err != nil {
			panic("oracle: cannot write value")
		}
		b.Write(t)
	}
}

func jText(v any, hash string) string {
	var b strings.Builder
	jWrite(&b, v, hash, "")
	return b.String() + "\n"
}

func jSorted(o jObject) jObject {
	o = slices.Clone(o)
	slices.SortStableFunc(o, func(a, b jPair) int { return strings.Compare(a.key, b.key) })
	for i, p := range o {
		switch v := p.value.(type) {
		case jObject:
			o[i].value = jSorted(v)
		case []any:
			o[i].value = jSortedList(v)
		}
	}
	return o
}

func jSortedList(l []any) []any {
	l = slices.Clone(l)
	for i, e := range l {
		if e, ok := e.(jObject); ok {
			l[i] = jSorted(e)
		}
	}
	return l
}

func f64Bytes(v []float64) []byte {
	b := make([]byte, 0, 8*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

func f32Bytes(v []float64) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
	}
	return b
}

// render turns the meaning into a draft that follows docs/bundle.md.
func (s *spec) render() *draft {
	d := &draft{man: jSorted(s.manifest()), crt: jSorted(s.certificate())}
	add := func(name string, t *tensor) {
		r := rawTensor{name: name, dtype: "F64", shape: slices.Clone(t.shape), data: f64Bytes(t.v)}
		if t.f32 {
			r.dtype, r.data = "F32", f32Bytes(t.v)
		}
		d.tensors = append(d.tensors, r)
	}
	for name, v := range s.scale {
		add("scale."+name, &tensor{shape: []int{len(v)}, v: v})
	}
	for i, p := range s.parts {
		for name, t := range p.w {
			add(fmt.Sprintf("m%d.%s", i, name), t)
		}
	}
	slices.SortFunc(d.tensors, func(a, b rawTensor) int { return strings.Compare(a.name, b.name) })
	return d
}

func (s *spec) manifest() jObject {
	var ins, outs, delay, integrate, sat, rng, members []any
	for i := range s.m {
		ins = append(ins, jObject{{"name", fmt.Sprintf("u%d", i+1)}, {"unit", "V"}})
		delay = append(delay, jInt(0))
		mid, half := s.scale["u_mid"][i], s.scale["u_half"][i]
		rng = append(rng, jObject{{"low", jFloat(mid - half)}, {"high", jFloat(mid + half)}})
	}
	for i := range s.p {
		outs = append(outs, jObject{{"name", fmt.Sprintf("y%d", i+1)}, {"unit", "V"}})
		integrate = append(integrate, false)
		sat = append(sat, jObject{{"low", nil}, {"high", jFloat(10)}})
	}
	for _, p := range s.parts {
		o := jObject{{"kind", p.kind}}
		switch p.kind {
		case "lure":
			o = append(o, jPair{"states", jInt(p.n)}, jPair{"hidden", jInt(p.q)}, jPair{"layers", jInt(p.layers)})
		case "gated":
			o = append(o, jPair{"states", jInt(p.n)}, jPair{"hidden", jInt(p.q)}, jPair{"gate", jInt(p.h)})
		case "linear":
			o = append(o, jPair{"states", jInt(p.n)})
		case "lstm", "gru":
			var units []any
			for _, n := range p.units {
				units = append(units, jInt(n))
			}
			o = append(o, jPair{"units", units}, jPair{"filter", jObject{{"states", jInt(p.fstates)}, {"width", jInt(p.fwidth)}}})
		case "ssm":
			var bl []any
			for _, b := range p.blocks {
				bl = append(bl, jObject{{"states", jInt(b.states)}, {"hidden", jInt(b.hidden)}})
			}
			o = append(o, jPair{"width", jInt(p.width)}, jPair{"blocks", bl})
		}
		members = append(members, o)
	}
	return jObject{
		{"format", "plumb/1"}, {"inputs", ins}, {"outputs", outs}, {"sampling_time", jFloat(0.5)}, {"window", jInt(s.window)},
		{"input_delay", delay}, {"integrate", integrate}, {"saturation", sat}, {"input_range", rng}, {"members", members},
		{"provenance", jObject{{"data_sha256", strings.Repeat("0", 64)}, {"seed", jInt(1)}, {"version", "0.1.0"}}},
		{"weights_sha256", jHash{}},
	}
}

func (s *spec) certificate() jObject {
	var members []any
	for _, p := range s.parts {
		members = append(members, s.witness(p))
	}
	return jObject{{"claim", s.claim}, {"members", members},
		{"provenance", jObject{{"seed", jInt(1)}, {"version", "0.1.0"}}}, {"weights_sha256", jHash{}}}
}

func (s *spec) witness(p *part) jObject {
	o := jObject{{"rate", jRat(p.rate)}}
	add := func(k string, v any) { o = append(o, jPair{k, v}) }
	switch {
	case p.kind == "lstm" || p.kind == "gru":
		var layers []any
		for _, w := range p.cells {
			layers = append(layers, jObject{{"norm", w.norm}, {"eta", jVec(w.eta)}, {"zeta", jVec(w.zeta)}})
		}
		add("filter", jVec(p.etaF))
		add("layers", layers)
	case p.kind == "ssm":
		add("radius", jRat(p.radius))
		if p.ssmGain {
			add("gain", jObject{})
		} else {
			add("gain", nil)
		}
	case p.kind == "gated":
		add("M", jMat(p.m, p.n))
		add("Lambda", jVec(p.l))
		add("g2", jRat(p.g2))
		if p.t == nil {
			add("T", nil)
		} else {
			add("T", jVec(p.t))
		}
		add("kappa2", jRat(p.kappa2))
		add("Ty", jVec(p.ty))
		add("d2", jRat(p.d2))
		add("Td", jVec(p.td))
	case p.kind == "lure" && s.claim == "bounded":
		add("M", jMat(p.m, p.n))
		add("T", jVec(p.t))
		add("kappa2", jRats(p.kappa2s))
	default:
		add("M", jMat(p.m, p.n))
		lure := p.kind == "lure"
		if lure {
			add("Lambda", jVec(p.l))
		}
		if p.layers > 0 {
			var ls []any
			for _, t := range p.layerT {
				ls = append(ls, jObject{{"T", jVec(t)}})
			}
			add("layers", ls)
		}
		if p.gain == nil {
			add("gain", nil)
			return o
		}
		g := jObject{{"gamma2", jRat(p.gain.gamma2)}, {"M", jMat(p.gain.m, p.n)}}
		if lure {
			g = append(g, jPair{"Lambda", jVec(p.gain.l)})
		}
		add("gain", g)
	}
	return o
}

// safetensors renders the tensors: length, header padded to a multiple of 8, data in header order.
func (d *draft) safetensors() []byte {
	lines, at := map[string]string{}, 0
	var data []byte
	var order []string
	for _, t := range d.tensors {
		lo, hi := at, at+len(t.data)
		if t.offsets != nil {
			lo, hi = t.offsets[0], t.offsets[1]
		}
		shape := strings.ReplaceAll(fmt.Sprint(t.shape), " ", ",")
		name, _ := json.Marshal(t.name)
		line := fmt.Sprintf(`%s:{"data_offsets":[%d,%d],"dtype":"%s","shape":%s}`, name, lo, hi, t.dtype, shape)
		lines[t.name] = line
		order = append(order, line)
		at += len(t.data)
		data = append(data, t.data...)
	}
	if d.header != nil {
		order = d.header(lines)
	}
	return safetensorsFile("{"+strings.Join(order, ",")+"}", data)
}

func safetensorsFile(header string, data []byte) []byte {
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

// pack is the bytes of the file.
func (d *draft) pack() []byte {
	w := d.weights
	if w == nil {
		w = d.safetensors()
	}
	sum := sha256.Sum256(w)
	hash := hex.EncodeToString(sum[:])
	text := func(over string, o jObject) []byte {
		if over != "" {
			return []byte(strings.ReplaceAll(over, "%HASH%", hash))
		}
		return []byte(jText(o, hash))
	}
	es := []entry{{name: "manifest.json", data: text(d.manText, d.man)}, {name: "weights.safetensors", data: w}}
	if d.crt != nil || d.crtText != "" {
		es = append(es, entry{name: "certificate.json", data: text(d.crtText, d.crt)})
	}
	es = append(es, entry{name: "card.md", data: []byte("# A model\n")})
	if d.archive != nil {
		return d.archive(es).bytes()
	}
	return archive{entries: es}.bytes()
}
