package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file writes data under a name in a folder of the test.
func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tensors frames a header and its data.
func tensors(header string, data ...byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

// le appends numbers of a fixed width in little-endian order.
func le(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// TestSafetensors: every type gives the number that it stands for, whatever the order of header and data.
func TestSafetensors(t *testing.T) {
	header := `{"__metadata__":{"format":"pt"},
		"b.half": {"dtype":"F16","shape":[2,3],"data_offsets":[16,28]},
		"a.double":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},
		"brain":{"dtype":"BF16","shape":[3],"data_offsets":[28,34]}, "single":{"dtype":"F32","shape":[1,1],"data_offsets":[34,38]},
		"steps":{"dtype":"I64","shape":[],"data_offsets":[38,46]}, "none":{"dtype":"F32","shape":[0,7],"data_offsets":[46,46]}, "yes":{"dtype":"BOOL","shape":[1],"data_offsets":[46,47]},
		"unsigned":{"dtype":"U16","shape":[1],"data_offsets":[47,49]},"small":{"dtype":"I8","shape":[1],"data_offsets":[49,50]}}   `
	data := le(0.1, -3.5,
		uint16(0x3c00), uint16(0xc000), uint16(0x3555), uint16(0x0001), uint16(0x7bff), uint16(0x8400),
		uint16(0x3f80), uint16(0xc040), uint16(0x3eab),
		float32(0.1), int64(-12345678901), uint8(1), uint16(65535), int8(-2))
	got, err := Read(file(t, "model.safetensors", tensors(header, data...)))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Array{ // by the definitions of the types, written out
		"a.double": {[]int{2}, []float64{0.1, -3.5}},
		"b.half":   {[]int{2, 3}, []float64{1, -2, 1365.0 / 4096, 1.0 / (1 << 24), 65504, -1.0 / (1 << 14)}},
		"brain":    {[]int{3}, []float64{1, -3, 171.0 / 512}},
		"single":   {[]int{1, 1}, []float64{13421773.0 / (1 << 27)}},
		"steps":    {[]int{}, []float64{-12345678901}},
		"none":     {[]int{0, 7}, []float64{}},
		"yes":      {[]int{1}, []float64{1}},
		"unsigned": {[]int{1}, []float64{65535}},
		"small":    {[]int{1}, []float64{-2}},
	}
	if len(got) != len(want) {
		t.Errorf("%d arrays, want %d", len(got), len(want))
	}
	for name, w := range want {
		if g := got[name]; !slices.Equal(g.Shape, w.Shape) || !slices.Equal(g.Data, w.Data) {
			t.Errorf("%s is %v %v, want %v %v", name, g.Shape, g.Data, w.Shape, w.Data)
		}
	}
}

// TestHalf: all 65536 halves, against the rounding-free path over float32 bits.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		sign, exp, frac := uint32(h)>>15<<31, uint32(h)>>10&31, uint32(h)&1023
		var want float64
		switch {
		case exp == 0: // a multiple of 2^-24, which float32 holds
			want = float64(math.Float32frombits(sign|0x3f800000)) * float64(frac) / (1 << 24)
		case exp == 31:
			want = float64(math.Float32frombits(sign | 255<<23 | frac<<13))
		default:
			want = float64(math.Float32frombits(sign | (exp+112)<<23 | frac<<13))
		}
		if got := float16(uint16(h)); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("half %04x is %g, want %g", h, got, want)
		}
	}
}

// npy is an array file of NumPy's version 1.
func npy(descr, order, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	return append(append([]byte("\x93NUMPY\x01\x00"), le(uint16(len(header)))...), append([]byte(header), data...)...)
}

func archive(t *testing.T, entries ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i].(string))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(entries[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestNPZ: both orders and widths.
func TestNPZ(t *testing.T) {
	got, err := Read(file(t, "model.npz", archive(t,
		"lstm.weight_ih_l0.npy", npy("<f8", "False", "(2, 3)", le(1., 2., 3., 4., 5., 6.)),
		"fortran.npy", npy("<f4", "True", "(2, 3)", le(float32(1), float32(2), float32(3), float32(4), float32(5), float32(6))),
	)))
	if err != nil {
		t.Fatal(err)
	}
	if a := got["lstm.weight_ih_l0"]; !slices.Equal(a.Shape, []int{2, 3}) || !slices.Equal(a.Data, []float64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("C order gives %v", a)
	}
	if a := got["fortran"]; !slices.Equal(a.Shape, []int{2, 3}) || !slices.Equal(a.Data, []float64{1, 3, 5, 2, 4, 6}) {
		t.Errorf("Fortran order gives %v", a)
	}
}

// TestRefusals: errors name the file, the array, and what to do.
func TestRefusals(t *testing.T) {
	f32 := func(s string) string { return `{"a":{"dtype":"F32",` + s + `}}` }
	for _, c := range []struct {
		name string
		data []byte
		want []string
	}{
		{"empty.safetensors", nil, []string{"is empty"}},
		{"short.safetensors", []byte("{}"), []string{"truncated"}},
		{"text.safetensors", []byte("this is text, not a model"), []string{"neither"}},
		{"long.safetensors", append(le(uint64(1000)), '{'), []string{"truncated", "1000"}},
		{"huge.safetensors", append(le(uint64(1)<<63), '{'), []string{"neither"}},
		{"json.safetensors", tensors(`{"a":`), []string{"JSON"}},
		{"nothing.safetensors", tensors(`{}`), []string{"no tensor"}},
		{"number.safetensors", tensors(`{"a":3}`), []string{`"a"`, "dtype"}},
		{"twice.safetensors", tensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, make([]byte, 8)...), []string{`"a"`, "twice"}},
		{"fp8.safetensors", tensors(`{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, 1), []string{`"a"`, "F8_E4M3", "double()"}},
		{"noshape.safetensors", tensors(f32(`"data_offsets":[0,4]`), 0, 0, 0, 0), []string{`"a"`, "shape"}},
		{"null.safetensors", tensors(f32(`"shape":null,"data_offsets":[0,4]`), 0, 0, 0, 0), []string{`"a"`, "shape"}},
		{"fraction.safetensors", tensors(f32(`"shape":[1.5],"data_offsets":[0,4]`), 0, 0, 0, 0), []string{`"a"`, "shape"}},
		{"negative.safetensors", tensors(f32(`"shape":[-1],"data_offsets":[0,4]`), 0, 0, 0, 0), []string{`"a"`, "[-1]"}},
		{"backwards.safetensors", tensors(f32(`"shape":[1],"data_offsets":[4,0]`), 0, 0, 0, 0), []string{`"a"`, "[4 0]"}},
		{"overflow.safetensors", tensors(f32(`"shape":[4294967296,4294967296],"data_offsets":[0,4]`), 0, 0, 0, 0), []string{`"a"`, "fill"}},
		{"deep.safetensors", tensors(f32(`"shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]`), 0, 0, 0, 0), []string{`"a"`, "9 dimensions"}},
		{"cut.safetensors", tensors(f32(`"shape":[2],"data_offsets":[0,8]`), 0, 0, 0, 0), []string{"truncated", `"a"`}},
		{"rest.safetensors", tensors(f32(`"shape":[1],"data_offsets":[0,4]`), 0, 0, 0, 0, 0), []string{"1 bytes follow"}},
		{"gap.safetensors", tensors(f32(`"shape":[1],"data_offsets":[4,8]`), make([]byte, 8)...), []string{`"a"`, "gap"}},
		{"overlap.safetensors", tensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)...), []string{`"b"`, "overlap"}},
		{"large.safetensors", tensors(`{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}`, le(int64(1)<<53+1)...), []string{`"a"`, "exactly"}},
		{"model.pt", archive(t, "archive/data.pkl", []byte("x")), []string{"pickle", "save_file"}},
		{"model.pkl", []byte("\x80\x04."), []string{"pickle", "save_file"}},
		{"model.keras", archive(t, "model.weights.h5", []byte("x")), []string{"Keras", "savez"}},
		{"model.h5", []byte("\x89HDF\r\n\x1a\n"), []string{"HDF5", "savez"}},
		{"model.onnx", []byte("\x08\x08\x12\x07pytorch"), []string{"ONNX", "save_file"}},
		{"model.npy", npy("<f8", "False", "(1,)", le(1.)), []string{"one array", "savez"}},
		{"lfs.safetensors", []byte("version https://git-lfs.github.com/spec/v1\n"), []string{"git lfs pull"}},
		{"text.npz", archive(t, "names.npy", npy("<U3", "False", "(1,)", make([]byte, 12))), []string{"names", "text"}},
		{"cut.npz", archive(t, "a.npy", npy("<f8", "False", "(9,)", le(1.))), []string{"a.npy", "truncated"}},
	} {
		path := file(t, c.name, c.data)
		got, err := Read(path)
		if err == nil {
			t.Errorf("%s was read: %v", c.name, got)
			continue
		}
		for _, w := range append(c.want, c.name) {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: the error does not say %q: %v", c.name, w, err)
			}
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "missing.npz")); err == nil || !strings.Contains(err.Error(), "missing.npz") {
		t.Errorf("missing file: %v", err)
	}
}

// TestDamage: every prefix and thousands of edits of a file are read or refused, never a panic, and never an array
// larger than the file.
func TestDamage(t *testing.T) {
	whole := tensors(`{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"h":{"dtype":"F16","shape":[4],"data_offsets":[16,24]},"i":{"dtype":"I8","shape":[],"data_offsets":[24,25]}}`, make([]byte, 25)...)
	try := func(data []byte) {
		t.Helper()
		got, err := safetensors(data)
		if err != nil {
			return
		}
		total := 0
		for _, a := range got {
			total += len(a.Data)
		}
		if total > len(data) {
			t.Fatalf("%d numbers from %d bytes: %q", total, len(data), data)
		}
	}
	for n := range whole {
		if _, err := safetensors(whole[:n]); err == nil {
			t.Errorf("the first %d bytes of %d were read", n, len(whole))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	const edits = 20000
	for range edits {
		data := slices.Clone(whole)
		for range 1 + r.IntN(3) {
			data[r.IntN(len(data))] = byte(r.IntN(256))
		}
		try(data)
	}
}

func FuzzSafetensors(f *testing.F) {
	f.Add(tensors(`{"w":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}`, make([]byte, 8)...))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = safetensors(data) }) // no panic
}
