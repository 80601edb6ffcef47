package dataset

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The sequences of testdata/make.py.
func ramp(n int, add float64) (u []float64) {
	for k := range n {
		u = append(u, float64(k)/8+add)
	}
	return u
}

func square(n int, add float64) (y []float64) {
	for k := range n {
		v := -float64(k * k) // -0 at k = 0, as NumPy has it
		if add != 0 {
			v += add
		}
		y = append(y, v)
	}
	return y
}

func named(names ...string) (s []Signal) {
	for _, n := range names {
		s = append(s, Signal{Name: n})
	}
	return s
}

// TestOpenArrays reads what NumPy and SciPy wrote.
func TestOpenArrays(t *testing.T) {
	var count, on []float64
	for k := range 20 {
		count, on = append(count, float64(k)), append(on, float64(1-k%2))
	}
	for _, c := range []struct {
		file    string
		o       Options
		ts      float64
		signals []Signal
		data    [][][]float64 // per experiment
	}{
		{"plain.mat", Options{}, 0.25, named("u", "y", "count", "on", "single"), [][][]float64{{ramp(20, 0), square(20, 0), count, on, ramp(20, 0)}}},
		{"plain.mat", Options{Columns: []string{"y"}, Time: "-", Ts: 2}, 2, named("y"), [][][]float64{{square(20, 0)}}},
		{"iddata.mat", Options{}, 0.25, named("u1", "u2", "y"), [][][]float64{{ramp(20, 0), ramp(20, 1), square(20, 0)}}},
		{"iddata.mat", Options{Columns: []string{"u2"}}, 0.25, named("u2"), [][][]float64{{ramp(20, 1)}}},
		{"cells.mat", Options{}, 0.5, named("u", "y"), [][][]float64{{ramp(20, 0), square(20, 0)}, {ramp(15, 0), square(15, 0)}, {ramp(10, 2), square(10, -2)}}},
		{"structs.mat", Options{}, 0.25, named("u", "y"), [][][]float64{{ramp(20, 0), square(20, 0)}, {ramp(15, 0), square(15, 0)}, {ramp(10, 0), square(10, 0)}}},
		{"lengths.mat", Options{Columns: []string{"u"}}, 0, named("u"), [][][]float64{{ramp(20, 0)}}},
		{"record.npz", Options{}, 0.25, named("u1", "u2", "y"), [][][]float64{{ramp(20, 0), ramp(20, 1), square(20, 0)}}},
		{"matrix.npy", Options{}, 0, named("matrix1", "matrix2"), [][][]float64{{ramp(20, 0), square(20, 0)}}},
		{"version2.npy", Options{Ts: 3}, 3, named("version2"), [][][]float64{{ramp(20, 0)}}},
		{"version3.npy", Options{}, 0, named("version3"), [][][]float64{{ramp(20, 0)}}},
	} {
		r, err := Open(filepath.Join("testdata", c.file), c.o)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if r.Ts != c.ts || !reflect.DeepEqual(r.Signals, c.signals) || len(r.Experiments) != len(c.data) {
			t.Errorf("%s: Ts %g, signals %v, %d experiments", c.file, r.Ts, r.Signals, len(r.Experiments))
			continue
		}
		for i, e := range r.Experiments {
			if !same(e.Data, c.data[i]) {
				t.Errorf("%s experiment %d: %v, want %v", c.file, i+1, e.Data, c.data[i])
			}
			if len(c.data) > 1 && e.Name != fmt.Sprint(i+1) {
				t.Errorf("%s: experiment %d is called %q", c.file, i+1, e.Name)
			}
		}
	}
}

func TestOpenArraysRefused(t *testing.T) {
	for _, c := range []struct {
		file string
		o    Options
		want string
	}{
		{"cube.mat", Options{}, "2x3x4"},
		{"sparse.mat", Options{}, `"s" is a sparse matrix, which is not read; save full(s)`},
		{"complex.mat", Options{}, `"h" is complex`},
		{"lengths.mat", Options{}, "y has 19 samples, expected 20"},
		{"text.npy", Options{}, "text"},
		{"records.npy", Options{}, "structured array"},
		{"phasors.npy", Options{}, "complex numbers"},
		{"plain.mat", Options{Columns: []string{"speed"}}, "no variable is a signal"},
		{"plain.mat", Options{Ts: 1}, "expected 1 s as stated"},
	} {
		_, err := Open(filepath.Join("testdata", c.file), c.o)
		var fe *FileError
		if !errors.As(err, &fe) || fe.File != filepath.Join("testdata", c.file) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.file, err, c.want)
		}
	}
}

// TestNumPyTypes checks every number type, byte order and axis order against values written down by hand.
func TestNumPyTypes(t *testing.T) {
	arrays, err := ReadArrays("testdata/types.npz")
	if err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(1)
	want := map[string][]float64{
		"f8": ramp(20, 0), "f4": {0, 1, 2, 3, 4, 5}, "f2": {0.5, -65504, 0x1p-24, inf, -inf, math.NaN(), math.Copysign(0, -1), 0.333251953125},
		"i8": {-1 << 40, 1 << 53}, "i4": {-1 << 31, 1<<31 - 1}, "i2": {-32768, 32767}, "i1": {-128, 127},
		"u8": {0, 1 << 63}, "u4": {0, 1<<32 - 1}, "u2": {0, 65535}, "u1": {0, 255}, "b1": {1, 0},
	}
	for i := range arrays {
		a := &arrays[i]
		if a.Name == "cube" {
			checkCube(t, "types.npz", a)
			continue
		}
		if !same([][]float64{a.Data}, [][]float64{want[a.Name]}) {
			t.Errorf("%s: %v, want %v", a.Name, a.Data, want[a.Name])
		}
		delete(want, a.Name)
	}
	if len(want) > 0 {
		t.Errorf("not read: %v", want)
	}
	mat, err := ReadArrays("testdata/cube.mat")
	if err != nil {
		t.Fatal(err)
	}
	checkCube(t, "cube.mat", &mat[0])
}

// checkCube: element (i, j, k) of the 2 x 3 x 4 array is 12i+4j+k; both files store it in Fortran order.
func checkCube(t *testing.T, file string, a *Array) {
	t.Helper()
	if !reflect.DeepEqual(a.Shape, []int{2, 3, 4}) {
		t.Fatalf("%s: shape %v", file, a.Shape)
	}
	for i := range 2 {
		for j := range 3 {
			for k := range 4 {
				if got := a.At(i, j, k); got != float64(12*i+4*j+k) {
					t.Errorf("%s (%d,%d,%d): %g", file, i, j, k, got)
				}
			}
		}
	}
}

// matFile builds MAT files by the format's tables, in either byte order.
type matFile struct {
	o byteOrder
	b []byte
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

func newMAT(o byteOrder) *matFile {
	m := &matFile{o: o, b: append([]byte("MATLAB 5.0 MAT-file, by hand"), bytes.Repeat([]byte(" "), 96)...)[:124]}
	m.b = o.AppendUint16(m.b, 0x0100)
	m.b = o.AppendUint16(m.b, 'M'<<8|'I')
	return m
}

func (m *matFile) element(kind uint32, body []byte) []byte {
	b := m.o.AppendUint32(m.o.AppendUint32(nil, kind), uint32(len(body)))
	b = append(b, body...)
	return append(b, make([]byte, (8-len(body)%8)%8)...)
}

// matrix is an array of a class; parts follow its flags, dimensions and name.
func (m *matFile) matrix(class uint32, name string, rows, cols int, parts ...[]byte) []byte {
	body := m.element(miUINT32, m.o.AppendUint32(m.o.AppendUint32(nil, class), 0))
	body = append(body, m.element(miINT32, m.o.AppendUint32(m.o.AppendUint32(nil, uint32(rows)), uint32(cols)))...)
	body = append(body, m.element(miINT8, []byte(name))...)
	return m.element(miMATRIX, append(body, bytes.Join(parts, nil)...))
}

func (m *matFile) doubles(name string, v ...float64) []byte {
	var b []byte
	for _, x := range v {
		b = m.o.AppendUint64(b, math.Float64bits(x))
	}
	return m.matrix(mxDOUBLE, name, len(v), 1, m.element(miDOUBLE, b))
}

func (m *matFile) compressed(b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return append(m.o.AppendUint32(m.o.AppendUint32(nil, miCOMPRESSED), uint32(z.Len())), z.Bytes()...)
}

// TestMATOrders: both byte orders give the same arrays, small and compressed elements included.
func TestMATOrders(t *testing.T) {
	for _, o := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		m := newMAT(o)
		m.b = append(m.b, m.doubles("u", 1, -2.5, 3)...)
		m.b = append(m.b, m.compressed(m.doubles("y", 4, 5, 6))...)
		small := o.AppendUint32(nil, 3<<16|miINT8) // three bytes inside the tag
		small = append(small, 7, 0xff, 9, 0)
		m.b = append(m.b, m.matrix(mxDOUBLE, "n", 3, 1, small)...)
		m.b = append(m.b, m.matrix(mxDOUBLE+8, "i64", 1, 1, m.element(miINT64, o.AppendUint64(nil, 1<<40)))...)
		got, err := parseMAT(m.b)
		want := []Array{{"u", []int{3, 1}, []float64{1, -2.5, 3}}, {"y", []int{3, 1}, []float64{4, 5, 6}},
			{"n", []int{3, 1}, []float64{7, -1, 9}}, {"i64", []int{1, 1}, []float64{1 << 40}}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v (%v), want %v", o, got, err, want)
		}
	}
}

// TestMATRefused: classes that are not read are named, damage is found.
func TestMATRefused(t *testing.T) {
	m := newMAT(binary.LittleEndian)
	nested := m.doubles("", 1)
	for range maxNesting + 2 {
		nested = m.matrix(mxCELL, "deep", 1, 1, nested)
	}
	for _, c := range []struct {
		name string
		body []byte
		want string
	}{
		{"empty", nil, "no numeric variable"},
		{"object", m.matrix(mxOBJECT, "z", 1, 1), `"z" is an object`},
		{"iddata", m.matrix(mxOBJECT, "z", 1, 1), "u = z.u; y = z.y; Ts = z.Ts"},
		{"opaque", m.element(miMATRIX, m.element(miUINT32, []byte{mxOPAQUE, 0, 0, 0, 0, 0, 0, 0})), "object"},
		{"function", m.matrix(mxFUNCTION, "f", 1, 1), "function handle"},
		{"unknown class", m.matrix(99, "q", 1, 1), "class 99"},
		{"numbers missing", m.matrix(mxDOUBLE, "u", 5, 1, m.element(miDOUBLE, make([]byte, 16))), `"u" has size [5 1] but 2 numbers`},
		{"huge size", m.matrix(mxDOUBLE, "u", 1<<30, 1<<30, m.element(miDOUBLE, make([]byte, 16))), `"u" has size`},
		{"negative size", m.matrix(mxDOUBLE, "u", -1, 2, m.element(miDOUBLE, make([]byte, 16))), `"u" has size`},
		{"huge cell", m.matrix(mxCELL, "c", 1<<30, 1<<30), "truncated"},
		{"huge struct", m.matrix(mxSTRUCT, "s", 1<<30, 1<<30, m.element(miINT32, []byte{4, 0, 0, 0}), m.element(miINT8, []byte("abc\x00"))), "truncated"},
		{"huge struct without fields", m.matrix(mxSTRUCT, "s", 1<<30, 1, m.element(miINT32, []byte{4, 0, 0, 0}), m.element(miINT8, nil)), "no numeric variable"},
		{"field names", m.matrix(mxSTRUCT, "s", 1, 1, m.element(miINT32, []byte{0, 0, 0, 0}), m.element(miINT8, nil)), "field names"},
		{"not a variable", m.element(miDOUBLE, make([]byte, 8)), "type 9 where a variable"},
		{"cut off", m.doubles("u", 1, 2, 3)[:40], "truncated"},
		{"no zlib", append(m.o.AppendUint32(m.o.AppendUint32(nil, miCOMPRESSED), 4), 1, 2, 3, 4), "damaged"},
		{"nesting", nested, "nested more than"},
	} {
		_, err := parseMAT(append(bytes.Clone(m.b), c.body...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// TestForeignFiles: formats that are not read are called by name.
func TestForeignFiles(t *testing.T) {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	if _, err := w.Create("xl/workbook.xml"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pad := strings.Repeat("\x00", 600)
	for _, c := range []struct{ name, content, want string }{
		{"a.mat", "MATLAB 7.3 MAT-file, Platform: GLNXA64" + pad, "version 7.3"},
		{"b.mat", strings.Repeat(" ", 512) + "\x89HDF\r\n\x1a\n", "version 7.3"},
		{"c.h5", "\x89HDF\r\n\x1a\n" + pad, "HDF5"},
		{"d.mat", "\x00\x00\x00\x00\x0a\x00\x00\x00" + pad, "version 4"},
		{"e.parquet", "PAR1" + pad, "Parquet"},
		{"f.mf4", "MDF     4.10", "MDF"},
		{"g.xlsx", z.String(), `"xl/workbook.xml" is no .npy file`},
		{"h.npz", "PK\x03\x04" + pad, "damaged or cut off"},
		{"i.npy", "\x93NUMPY\x01\x00\xff\xff", "cut off"},
		{"j.npz", "<html>sign in</html>", "HTML"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// npy builds an npy file of version 1.
func npy(header string, body ...byte) []byte {
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), body...)
}

func TestNPYRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"short", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", make([]byte, 16)...), "truncated"},
		{"long", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", make([]byte, 16)...), "8 bytes after its data"},
		{"huge", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"), "truncated"},
		{"negative", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"), "lacks"},
		{"overflow", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }"), "not a list of sizes"},
		{"dimensions", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (" + strings.Repeat("1,", 33) + "), }\x00"), "33 dimensions"},
		{"no order", npy("{'descr': '<f8', 'shape': (1,), }", make([]byte, 8)...), "lacks"},
		{"objects", npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "unknown"},
		{"quad", npy("{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", make([]byte, 16)...), "not read"},
		{"version", append([]byte("\x93NUMPY\x09\x00"), make([]byte, 20)...), "version 9"},
		{"header size", append([]byte("\x93NUMPY\x02\x00"), 0xff, 0xff, 0xff, 0xff, 0), "header of 4294967295 bytes"},
	} {
		if _, err := parseNPY(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if a, err := parseNPY(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", make([]byte, 8)...)); err != nil || a.Len() != 1 || len(a.Shape) != 0 {
		t.Errorf("scalar: %v %v", a, err)
	}
	if a, err := parseNPY(npy("{'descr': '<f8', 'fortran_order': True, 'shape': (0, 5), }")); err != nil || a.Len() != 0 {
		t.Errorf("empty: %v %v", a, err)
	}
}

// bomb is an npz archive whose entry unpacks to size zeros.
func bomb(tb testing.TB, size int) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	e, err := w.Create("u.npy")
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := e.Write(npy(fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }", size/8), make([]byte, size)...)); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// TestUnpackedLimits: compressed data that unpack to far more than the file justifies are refused in both formats.
func TestUnpackedLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("packs twice 90 MiB of zeros")
	}
	data := bomb(t, 90<<20)
	if _, err := parseNPZ(data); err == nil || !strings.Contains(err.Error(), "unpacks to more than") {
		t.Errorf("%d bytes that unpack to 90 MiB: %v", len(data), err)
	}
	m := newMAT(binary.LittleEndian)
	if _, err := parseMAT(append(m.b, m.compressed(make([]byte, 90<<20))...)); err == nil || !strings.Contains(err.Error(), "unpacks to more than") {
		t.Errorf("a compressed MAT variable of 90 MiB: %v", err)
	}
	if a, err := parseNPZ(bomb(t, 1<<20)); err != nil || a[0].Len() != 1<<17 {
		t.Errorf("a megabyte of zeros: %v", err)
	}
}

// TestDamage: every prefix and thousands of single-byte edits of real files are read or refused, never a panic, and
// never more memory than the file justifies.
func TestDamage(t *testing.T) {
	const perByte, base = 40 * unpackedRatio, 8 << 20 // zlib's and zip's readers cost tens of kilobytes per element
	for file, parse := range map[string]func([]byte) error{
		"plain.mat":   func(b []byte) error { _, err := parseMAT(b); return err },
		"iddata.mat":  func(b []byte) error { _, err := parseMAT(b); return err },
		"structs.mat": func(b []byte) error { _, err := parseMAT(b); return err },
		"cells.mat":   func(b []byte) error { _, err := parseMAT(b); return err },
		"types.npz":   func(b []byte) error { _, err := parseNPZ(b); return err },
		"record.npz":  func(b []byte) error { _, err := parseNPZ(b); return err },
		"matrix.npy":  func(b []byte) error { _, err := parseNPY(b); return err },
	} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := parse(data); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		accepted := 0
		for n := 0; n < len(data); n += 1 + len(data)/300 {
			if parse(data[:n:n]) == nil {
				accepted++
			}
		}
		if accepted > 20 { // a MAT file cut between two variables is a MAT file
			t.Errorf("%s: %d prefixes accepted", file, accepted)
		}
		edited := bytes.Clone(data)
		for at := 0; at < len(data); at += 1 + len(data)/200 {
			for _, v := range []byte{0, 0xff, data[at] ^ 0x80, data[at] + 1} {
				edited[at] = v
				got := allocated(func() { _ = parse(edited) })
				if limit := uint64(base + perByte*len(data)); got > limit {
					t.Fatalf("%s, byte %d set to %d: %d bytes allocated, limit %d", file, at, v, got, limit)
				}
			}
			edited[at] = data[at]
		}
	}
}
