package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	maxHeader = 16 << 20 // bytes; a tensor takes about a hundred
	maxDims   = 8
	metadata  = "__metadata__" // the one entry of a header that is no tensor
)

// entry is one tensor as the header describes it.
type entry struct {
	name     string
	kind     string
	shape    []int
	from, to int // bytes of the data
}

// safetensors reads a file of that format: 8 bytes with the length of the header, little endian, the header, a JSON
// object with dtype, shape and data_offsets for each tensor, and the data, which the tensors cover without gap or
// overlap, in any order.
func safetensors(data []byte) (map[string]Array, error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("truncated: %d bytes, a safetensors file begins with 8 bytes of length", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > maxHeader || len(data) < 9 || data[8] != '{' {
		return nil, errors.New("neither a safetensors file, which begins with the length of a JSON header, nor an npz file")
	}
	if n > uint64(len(data)-8) {
		return nil, fmt.Errorf("truncated: the header has %d bytes, %d are there", n, len(data)-8)
	}
	entries, err := header(data[8 : 8+n])
	if err != nil {
		return nil, err
	}
	body := data[8+n:]
	slices.SortFunc(entries, func(a, b entry) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return a.to - b.to
	})
	out, at := map[string]Array{}, 0
	for _, e := range entries {
		if e.from != at {
			return nil, fmt.Errorf("tensor %q begins at byte %d of the data, expected %d: tensors must lie without gap or overlap", e.name, e.from, at)
		}
		if e.to > len(body) {
			return nil, fmt.Errorf("truncated: tensor %q ends at byte %d of the data, %d are there", e.name, e.to, len(body))
		}
		if out[e.name], err = e.read(body[e.from:e.to]); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", e.name, err)
		}
		at = e.to
	}
	if at != len(body) {
		return nil, fmt.Errorf("%d bytes follow the last tensor", len(body)-at)
	}
	if len(out) == 0 {
		return nil, errors.New("the safetensors file holds no tensor")
	}
	return out, nil
}

// header lists the tensors in the order of the text; a name that appears twice is an error, which a map would hide.
func header(text []byte) ([]entry, error) {
	if !json.Valid(text) {
		return nil, errors.New("the header is no JSON text")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil { // the brace
		return nil, fmt.Errorf("header: %w", err)
	}
	var out []entry
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		e := entry{name: key.(string)}
		if seen[e.name] {
			return nil, fmt.Errorf("tensor %q appears twice in the header", e.name)
		}
		seen[e.name] = true
		var fields map[string]json.RawMessage
		if err := d.Decode(&fields); err != nil {
			return nil, fmt.Errorf("tensor %q: want an object with dtype, shape and data_offsets", e.name)
		}
		if e.name == metadata {
			continue
		}
		if err := e.describe(fields); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", e.name, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// describe reads and checks the fields of one tensor.
func (e *entry) describe(fields map[string]json.RawMessage) error {
	var offsets []int
	for i, to := range []any{&e.kind, &e.shape, &offsets} {
		name := []string{"dtype", "shape", "data_offsets"}[i]
		if text := fields[name]; text == nil || string(text) == "null" || json.Unmarshal(text, to) != nil {
			return fmt.Errorf("want a well-formed %s, got %.60q", name, text)
		}
	}
	t, ok := types[e.kind]
	if !ok {
		return fmt.Errorf("numbers of type %.20q are not read, only F64, F32, F16, BF16, BOOL and integers; save the tensor with .double()", e.kind)
	}
	if len(e.shape) > maxDims {
		return fmt.Errorf("it has %d dimensions, at most %d are read", len(e.shape), maxDims)
	}
	if len(offsets) != 2 || offsets[0] < 0 || offsets[1] < offsets[0] {
		return fmt.Errorf("want data_offsets [from, to], got %v", offsets)
	}
	e.from, e.to = offsets[0], offsets[1]
	n, ok := count(e.shape, (e.to-e.from)/t.width)
	if !ok || n*t.width != e.to-e.from {
		return fmt.Errorf("shape %v of %d-byte numbers does not fill its %d bytes", e.shape, t.width, e.to-e.from)
	}
	return nil
}

// count is the product of the dimensions; false when one is negative or the product is above limit.
func count(shape []int, limit int) (int, bool) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			n = 0
		}
	}
	for _, d := range shape {
		if n == 0 {
			break
		}
		if n > limit/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

func (e *entry) read(b []byte) (Array, error) {
	t := types[e.kind]
	a := Array{Shape: e.shape, Data: make([]float64, len(b)/t.width)}
	for i := range a.Data {
		a.Data[i] = t.value(b[i*t.width:])
	}
	if strings.HasSuffix(e.kind, "64") && e.kind != "F64" {
		for i, x := range a.Data {
			if math.Abs(x) >= 1<<53 { // 2^53 + 1 rounds to 2^53
				return a, fmt.Errorf("the integer at index %d, about %g, is beyond what float64 numbers hold exactly", i, x)
			}
		}
	}
	return a, nil
}

type numberType struct {
	width int
	value func([]byte) float64
}

// types are the numbers that float64 holds exactly (I64 and U64: up to 2^53).
var types = map[string]numberType{
	"F64": {8, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }},
	"F32": {4, func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }},
	"F16": {2, func(b []byte) float64 { return float16(binary.LittleEndian.Uint16(b)) }},
	"BF16": {2, func(b []byte) float64 {
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16))
	}},
	"I64":  {8, func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) }},
	"I32":  {4, func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) }},
	"I16":  {2, func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) }},
	"I8":   {1, func(b []byte) float64 { return float64(int8(b[0])) }},
	"U64":  {8, func(b []byte) float64 { return float64(binary.LittleEndian.Uint64(b)) }},
	"U32":  {4, func(b []byte) float64 { return float64(binary.LittleEndian.Uint32(b)) }},
	"U16":  {2, func(b []byte) float64 { return float64(binary.LittleEndian.Uint16(b)) }},
	"U8":   {1, func(b []byte) float64 { return float64(b[0]) }},
	"BOOL": {1, func(b []byte) float64 { return float64(b[0]) }},
}

// float16 is the number of an IEEE 754 binary16.
func float16(h uint16) float64 {
	sign, exp, frac := 1-2*float64(h>>15), int(h>>10&31), float64(h&1023)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}
