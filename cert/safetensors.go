package cert

import (
	"encoding/binary"
	"math"
	"slices"
)

// Tensor is one named array of weights, row-major. float32 tensors are widened, which is exact.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float64
}

// readTensors reads a safetensors file: length and text of the header, then the data, which must be covered by the
// tensors in the order of their names, without gap, overlap or rest. Numbers must be finite; negative zero is the
// real number zero.
func readTensors(b []byte) []Tensor {
	const entry = weightsEntry
	if len(b) < 8 {
		malformed(entry, "header", "want 8 bytes of length")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n%8 != 0 || int(n) > len(b)-8 {
		malformed(entry, "header", "want a length that is a multiple of 8, at most %d, and lies in the file", maxHeader)
	}
	header := parseJSON(entry, b[8:8+n])
	list, ok := header.v.(object)
	if !ok || !slices.IsSorted(list.keys) {
		header.fail("want an object of tensors sorted by name")
	}
	data := b[8+n:]
	var out []Tensor
	at := 0
	for _, name := range list.keys {
		f := list.fields[name]
		o := f.object("data_offsets", "dtype", "shape")
		t := Tensor{Name: name}
		size, width := 1, 0
		for _, d := range o["shape"].list(1, 2) {
			t.Shape = append(t.Shape, d.size(1, maxWeights))
			size *= t.Shape[len(t.Shape)-1]
		}
		switch o["dtype"].text() {
		case "F64":
			width = 8
		case "F32":
			width = 4
		default:
			f.fail("want dtype F64 or F32")
		}
		off := o["data_offsets"].list(2, 2)
		from, to := off[0].size(0, maxWeights), off[1].size(0, maxWeights)
		if size > maxWeights || from != at || to-from != size*width || to > len(data) {
			f.fail("want data_offsets from %d over %d numbers of %d bytes, inside the file", at, size, width)
		}
		t.Data = floats(data[from:to], width)
		for i, x := range t.Data {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				f.fail("want finite numbers, got %g at index %d", x, i)
			}
		}
		out = append(out, t)
		at = to
	}
	if at != len(data) {
		malformed(entry, "", "want %d bytes of data, got %d", at, len(data))
	}
	return out
}

func floats(b []byte, width int) []float64 {
	out := make([]float64, len(b)/width)
	for i := range out {
		if width == 4 {
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		} else {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
	return out
}
