package bundle

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/big"
	"slices"
	"strconv"

	"github.com/plumb-go/plumb/cert"
)

type object = map[string]any // encoding/json sorts the keys

// pretty is the layout of docs/bundle.md: sorted keys, two spaces, one newline at the end. encoding/json spells a float64 as
// its shortest round trip; negative zero is written as zero.
func pretty(v object) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}

func manifestJSON(m *Manifest, hash string) ([]byte, error) {
	if s := m.System; s != nil {
		if len(m.Members) != 1 {
			return nil, fmt.Errorf("a system has %d members, want 1", len(m.Members))
		}
		clock := "discrete"
		if s.Continuous {
			clock = "continuous"
		}
		return pretty(object{
			"format":         "plumb-system/1",
			"name":           s.Name,
			"time":           clock,
			"sampling_time":  plain(m.SamplingTime),
			"states":         each(s.States, signal),
			"inputs":         each(m.Inputs, signal),
			"outputs":        each(m.Outputs, signal),
			"dynamics":       member(m.Members[0]),
			"provenance":     object{"data_sha256": m.Provenance.DataSHA256, "seed": m.Provenance.Seed, "version": m.Provenance.Version},
			"weights_sha256": hash,
		})
	}
	o := object{
		"format":         "plumb/1",
		"inputs":         each(m.Inputs, signal),
		"outputs":        each(m.Outputs, signal),
		"sampling_time":  plain(m.SamplingTime),
		"window":         m.Window,
		"input_delay":    each(m.InputDelay, func(d int) any { return d }),
		"integrate":      each(m.Integrate, func(b bool) any { return b }),
		"saturation":     each(m.Saturation, func(l Limits) any { return object{"low": optional(l.Low), "high": optional(l.High)} }),
		"input_range":    each(m.InputRange, func(r Range) any { return object{"low": plain(r.Low), "high": plain(r.High)} }),
		"members":        each(m.Members, member),
		"provenance":     object{"data_sha256": m.Provenance.DataSHA256, "seed": m.Provenance.Seed, "version": m.Provenance.Version},
		"weights_sha256": hash,
	}
	return pretty(o)
}

func each[T any](list []T, f func(T) any) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = f(x)
	}
	return out
}

func signal(s Signal) any { return object{"name": s.Name, "unit": s.Unit} }

// plain turns negative zero into zero.
func plain(x float64) float64 { return x + 0 }

func optional(x *float64) any {
	if x == nil {
		return nil
	}
	return plain(*x)
}

func member(m Member) any {
	all := object{"states": m.States, "hidden": m.Hidden, "layers": m.Layers, "gate": m.Gate, "width": m.Width,
		"blocks": each(m.Blocks, func(b Block) any { return object{"states": b.States, "hidden": b.Hidden} }),
		"units":  m.Units, "filter": object{"states": m.Filter.States, "width": m.Filter.Width},
		"right":        each(m.Right, func(tokens []string) any { return each(tokens, token) }),
		"plant_states": m.Plant, "feedback": "negative"}
	if m.Positive {
		all["feedback"] = "positive"
	}
	return pick(object{"kind": m.Kind}, cert.MemberKeys(m.Kind), all)
}

// token writes a number as a number, and all else, ratios too, as text.
func token(t string) any {
	if x, err := strconv.ParseFloat(t, 64); err == nil {
		return plain(x)
	}
	return t
}

// pick copies the listed keys into o.
func pick(o object, keys []string, from object) object {
	for _, k := range keys {
		o[k] = from[k]
	}
	return o
}

func certificateJSON(c *Certificate, m *Manifest, hash string) ([]byte, error) {
	if len(c.Members) != len(m.Members) {
		return nil, fmt.Errorf("%d witnesses for %d members", len(c.Members), len(m.Members))
	}
	witnesses := make([]any, len(c.Members))
	for i, w := range c.Members {
		k := m.Members[i]
		if len(w.M) != 0 && len(w.M) != k.States*k.States || w.Gain != nil && len(w.Gain.M) != 0 && len(w.Gain.M) != k.States*k.States {
			return nil, fmt.Errorf("member %d: M has not the shape %d x %d", i, k.States, k.States)
		}
		witnesses[i] = witness(c.Claim, k, w)
	}
	return pretty(object{
		"claim":          c.Claim,
		"members":        witnesses,
		"provenance":     object{"seed": c.Provenance.Seed, "version": c.Provenance.Version},
		"weights_sha256": hash,
	})
}

func witness(claim string, m Member, w Witness) object {
	all := object{
		"rate": ratio(w.Rate), "radius": ratio(w.Radius), "M": rows(m.States, w.M), "Lambda": numbers(w.Lambda), "gain": nil,
		"layers": each(w.Layers, func(t []float64) any { return object{"T": numbers(t)} }),
		"g2":     ratio(w.G2), "d2": ratio(w.D2), "T": numbers(w.T), "Ty": numbers(w.Ty), "Td": numbers(w.Td),
		"kappa2": each(w.Kappa2, func(r *big.Rat) any { return ratio(r) }),
		"mu":     numbers(w.Mu), "level": ratio(w.Level), "box": nil, "squares": nil,
		"alpha": ratio(w.Alpha), "skew": ratio(w.Skew), "channels": each(w.Channels, func(i int) any { return i }),
	}
	if w.Box != nil {
		all["box"] = numbers(w.Box)
	}
	if w.Squares != nil {
		all["squares"] = each(w.Squares, square)
	}
	if m.Kind == "lstm" || m.Kind == "gru" {
		all["filter"] = numbers(w.Filter)
		all["layers"] = each(w.Cells, func(c CellWitness) any {
			return object{"norm": c.Norm, "eta": numbers(c.Eta), "zeta": numbers(c.Zeta)}
		})
	}
	if m.Kind == "gated" {
		all["kappa2"] = nil // refused by the reader, like any other number missing
		if len(w.Kappa2) == 1 {
			all["kappa2"] = ratio(w.Kappa2[0])
		}
		if w.T == nil {
			all["T"] = nil
		}
	}
	if g := w.Gain; g != nil {
		from := object{"gamma2": ratio(g.Gamma2), "M": rows(m.States, g.M), "Lambda": numbers(g.Lambda)}
		all["gain"] = pick(object{}, cert.GainKeys(m.Kind), from)
	}
	return pick(object{}, cert.WitnessKeys(claim, m), all)
}

func square(s Square) any {
	return object{"weight": plain(s.Weight), "root": each(s.Root, token), "inside": s.Inside}
}

func ratio(r *big.Rat) any {
	if r == nil {
		return nil
	}
	return r.Num().String() + "/" + r.Denom().String()
}

func numbers(x []float64) []any { return each(x, func(f float64) any { return plain(f) }) }

func rows(n int, m []float64) []any {
	out := []any{}
	for row := range slices.Chunk(m, max(n, 1)) {
		out = append(out, numbers(row))
	}
	return out
}

// safetensors renders the weights: header length, header, data, tensors sorted by name, all float64.
func safetensors(tensors []Tensor) ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(tensors), func(a, b Tensor) int { return cmp.Compare(a.Name, b.Name) })
	header := object{}
	var data []byte
	for i, t := range sorted {
		size := 1
		for _, d := range t.Shape {
			size *= d
		}
		if size != len(t.Data) {
			return nil, fmt.Errorf("tensor %s: shape %v for %d numbers", t.Name, t.Shape, len(t.Data))
		}
		if i > 0 && sorted[i-1].Name == t.Name {
			return nil, fmt.Errorf("tensor %s is given twice", t.Name)
		}
		from := len(data)
		var err error
		if data, err = binary.Append(data, binary.LittleEndian, t.Data); err != nil {
			return nil, err
		}
		header[t.Name] = object{"dtype": "F64", "shape": t.Shape, "data_offsets": []int{from, len(data)}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), data...), nil
}

type entry struct {
	name string
	data []byte
}

// archive renders a zip archive of stored entries, byte by byte as docs/bundle.md fixes it.
func archive(entries []entry) []byte {
	le := binary.LittleEndian
	var out, directory []byte
	for _, e := range entries {
		common := []byte{20, 0, 0, 0, 0, 0, 0, 0, 1<<5 | 1, 0} // version 2.0, no flags, stored, 1980-01-01 00:00:00
		common = le.AppendUint32(common, crc32.ChecksumIEEE(e.data))
		common = le.AppendUint32(common, uint32(len(e.data)))
		common = le.AppendUint32(common, uint32(len(e.data)))
		common = le.AppendUint16(common, uint16(len(e.name)))
		common = le.AppendUint16(common, 0) // extra field

		directory = append(directory, "PK\x01\x02\x14\x00"...)
		directory = append(directory, common...)
		directory = append(directory, make([]byte, 10)...) // comment, disk, attributes
		directory = le.AppendUint32(directory, uint32(len(out)))
		directory = append(directory, e.name...)

		out = append(append(out, "PK\x03\x04"...), common...)
		out = append(append(out, e.name...), e.data...)
	}
	start := len(out)
	out = append(append(out, directory...), "PK\x05\x06\x00\x00\x00\x00"...)
	out = le.AppendUint16(out, uint16(len(entries)))
	out = le.AppendUint16(out, uint16(len(entries)))
	out = le.AppendUint32(out, uint32(len(directory)))
	out = le.AppendUint32(out, uint32(start))
	return append(out, 0, 0)
}
