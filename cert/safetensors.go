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
		size := 1
		for _, d := range o["shape"].list(1, 2) {
			t.Shape = append(t.Shape, d.size(1, maxWeights))
			size *= t.Shape[len(t.Shape)-1]
		}
		width := map[string]int{"F64": 8, "F32": 4}[o["dtype"].choice("F64 F32")]
		off := o["data_offsets"].list(2, 2)
		from, to := off[0].size(0, maxWeights), off[1].size(0, maxWeights)
		if size > maxWeights || from != at || to-from != size*width || to > len(data) {
			f.fail("want data_offsets from %d over %d numbers of %d bytes, inside the file", at, size, width)
		}
		for i := from; i < to; i += width {
			x := float64(math.Float32frombits(binary.LittleEndian.Uint32(data[i:])))
			if width == 8 {
				x = math.Float64frombits(binary.LittleEndian.Uint64(data[i:]))
			}
			if math.IsNaN(x) || math.IsInf(x, 0) {
				f.fail("want finite numbers, got %g at index %d", x, len(t.Data))
			}
			t.Data = append(t.Data, x)
		}
		out = append(out, t)
		at = to
	}
	if at != len(data) {
		malformed(entry, "", "want %d bytes of data, got %d", at, len(data))
	}
	return out
}
