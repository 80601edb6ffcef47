package cert_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

var tensorEdits = []fileEdit{
	{"tensor: NaN or infinity", malformed, atTensor(word(math.NaN(), math.Inf(1), math.Inf(-1), math.Float64frombits(0x7ff0000000000001)))},
	{"tensor: NaN in float32", malformed, atTensor(func(g *rand.Rand, t *rawTensor) bool {
		v := make([]float64, len(t.data)/8)
		v[g.IntN(len(v))] = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[g.IntN(3)]
		t.dtype, t.data = "F32", f32Bytes(v)
		return true
	})},
	{"tensor: name", malformed, atTensor(func(g *rand.Rand, t *rawTensor) bool {
		old := t.name
		t.name = []string{strings.ToLower(old), strings.ToUpper(old), old + " ", " " + old, "m9" + old, old + "2", "", old + "\x00", "a" + old}[g.IntN(9)]
		return t.name != old
	})},
	{"tensor: dtype", malformed, atTensor(func(g *rand.Rand, t *rawTensor) bool {
		t.dtype = []string{"F16", "BF16", "I64", "U64", "f64", "F64 ", "", "F128", "F32", "C64", "BOOL"}[g.IntN(11)]
		return true
	})},
	{"tensor: shape", malformed, atTensor(func(g *rand.Rand, t *rawTensor) bool {
		old := fmt.Sprint(t.shape)
		n := 1
		for _, s := range t.shape {
			n *= s
		}
		switch g.IntN(6) {
		case 0:
			slices.Reverse(t.shape)
		case 1:
			t.shape = append(t.shape, 1)
		case 2:
			t.shape = append([]int{1}, t.shape...)
		case 3:
			t.shape = []int{n}
		case 4:
			t.shape = nil
		case 5:
			t.shape = slices.Clone(t.shape)
			t.shape[0] = -t.shape[0]
		}
		return fmt.Sprint(t.shape) != old && t.shape != nil
	})},
	{"tensor: transposed with its shape", malformed, atTensor(func(g *rand.Rand, t *rawTensor) bool {
		if len(t.shape) != 2 || t.shape[0] == t.shape[1] {
			return false
		}
		t.shape = []int{t.shape[1], t.shape[0]}
		return true
	})},
	{"tensor: one row less", malformed, atTensor(func(g *rand.Rand, t *rawTensor) bool {
		row := len(t.data) / t.shape[0]
		t.shape = slices.Clone(t.shape)
		t.shape[0]--
		t.data = t.data[row:]
		return true
	})},
	{"tensor: missing", malformed, func(g *rand.Rand, d *draft) bool {
		i := g.IntN(len(d.tensors))
		d.tensors = slices.Delete(d.tensors, i, i+1)
		return true
	}},
	{"tensor: extra", malformed, func(g *rand.Rand, d *draft) bool {
		n := []string{"m0.zz", "m9.A", "extra", "zz", "m00.A", "m0.B9", "m0.g7.Win"}[g.IntN(7)]
		d.tensors = append(d.tensors, rawTensor{name: n, dtype: "F64", shape: []int{1}, data: f64Bytes([]float64{1})})
		slices.SortFunc(d.tensors, func(a, b rawTensor) int { return strings.Compare(a.name, b.name) })
		return true
	}},
	{"tensor: duplicate", malformed, func(g *rand.Rand, d *draft) bool {
		i := g.IntN(len(d.tensors))
		d.tensors = slices.Insert(d.tensors, i, d.tensors[i])
		return true
	}},
	{"tensor: header not sorted", malformed, func(g *rand.Rand, d *draft) bool {
		i := 1 + g.IntN(len(d.tensors)-1)
		d.tensors[0], d.tensors[i] = d.tensors[i], d.tensors[0]
		return true
	}},
	{"tensor: offsets", malformed, func(g *rand.Rand, d *draft) bool {
		at, i := 0, g.IntN(len(d.tensors))
		for _, t := range d.tensors[:i] {
			at += len(t.data)
		}
		n := len(d.tensors[i].data)
		o := [][2]int{{at + 8, at + 8 + n}, {at - 8, at - 8 + n}, {at, at + n - 8}, {at, at + n + 8}, {at + n, at}, {-n, 0}, {at, 1 << 40}}[g.IntN(7)]
		d.tensors[i].offsets = &o
		return true
	}},
	{"tensor: overlap", malformed, func(g *rand.Rand, d *draft) bool {
		at := 0
		for i := range d.tensors[1:] {
			a, b := &d.tensors[i], &d.tensors[i+1]
			if len(a.data) == len(b.data) {
				b.offsets, b.data = &[2]int{at, at + len(a.data)}, nil
				return true
			}
			at += len(a.data)
		}
		return false
	}},
	{"tensor: file bytes", malformed, func(g *rand.Rand, d *draft) bool {
		w := d.safetensors()
		n := binary.LittleEndian.Uint64(w)
		switch g.IntN(8) {
		case 0:
			w = w[:g.IntN(len(w))]
		case 1:
			w = append(w, make([]byte, 1+g.IntN(16))...)
		case 2:
			binary.LittleEndian.PutUint64(w, n+1+uint64(g.IntN(8)))
		case 3:
			binary.LittleEndian.PutUint64(w, n-1-uint64(g.IntN(8)))
		case 4:
			binary.LittleEndian.PutUint64(w, []uint64{0, 1, 1 << 31, 1 << 40, math.MaxUint64, math.MaxInt64}[g.IntN(6)])
		case 5:
			w = w[8:]
		case 6:
			w = nil
		case 7:
			binary.BigEndian.PutUint64(w, n)
		}
		if w == nil {
			w = []byte{}
		}
		d.weights = w
		return true
	}},
	{"tensor: header text", malformed, func(g *rand.Rand, d *draft) bool {
		w := d.safetensors()
		n := binary.LittleEndian.Uint64(w)
		h, data := strings.TrimRight(string(w[8:8+n]), " "), w[8+n:]
		name := d.tensors[0].name
		h = []string{
			strings.Replace(h, `"dtype":"F64"`, `"dtype":"F64","dtype":"F64"`, 1),
			strings.Replace(h, `"dtype":"F64"`, `"dtype":"F32","dtype":"F64"`, 1),
			strings.Replace(h, `"dtype":"F64"`, `"DTYPE":"F64"`, 1),
			strings.Replace(h, `"dtype":"F64"`, `"dtype":"F64","note":1`, 1),
			strings.Replace(h, `"data_offsets":[0,`, `"data_offsets":[0.0,`, 1),
			strings.Replace(h, `"data_offsets":[0,`, `"data_offsets":[-0,`, 1),
			strings.Replace(h, `"data_offsets":[0,`, `"data_offsets":[0,0,`, 1),
			strings.Replace(h, `"dtype":"F64",`, ``, 1),
			strings.Replace(h, `"`+name+`"`, `"`+name+`":1,"`+name+`"`, 1),
			h[:len(h)-1], h + "}", "[]", "null", "{}", h + "\x00", h + ",", "\n" + h[:len(h)-2], strings.Replace(h, `"F64"`, `F64`, 1),
			strings.Replace(h, `"shape":[`, `"shape":[1e0,`, 1), strings.Replace(h, `"shape":[`, `"shape":"x",[`, 1),
		}[g.IntN(20)]
		d.weights = safetensorsFile(h, data)
		return true
	}},
	{"tensor: header not padded to 8", malformed, func(g *rand.Rand, d *draft) bool {
		w := d.safetensors()
		n := binary.LittleEndian.Uint64(w)
		h := strings.TrimRight(string(w[8:8+n]), " ") + strings.Repeat(" ", g.IntN(8))
		out := binary.LittleEndian.AppendUint64(nil, uint64(len(h)))
		d.weights = append(append(out, h...), w[8+n:]...)
		return len(h)%8 != 0
	}},
	{"tensor: header padded otherwise", silent, func(g *rand.Rand, d *draft) bool {
		w := d.safetensors()
		n := binary.LittleEndian.Uint64(w)
		h, data := strings.TrimRight(string(w[8:8+n]), " "), w[8+n:]
		h = []string{h + strings.Repeat(" ", 16), " " + h, strings.Replace(h, ":{", ": {", 1), `{"__metadata__":{"format":"pt"},` + h[1:]}[g.IntN(4)]
		d.weights = safetensorsFile(h, data)
		return true
	}},
}

func ptr[T any](x T) *T { return &x }

// atArchive edits the archive.
func atArchive(f func(g *rand.Rand, a *archive) bool) func(*rand.Rand, *draft) bool {
	return func(g *rand.Rand, d *draft) bool {
		ok := true
		seed := g.Uint64()
		d.archive = func(es []entry) archive {
			a := archive{entries: es}
			ok = f(rand.New(rand.NewPCG(seed, 1)), &a)
			return a
		}
		d.pack() // to learn whether the edit applies
		return ok
	}
}

func atEntry(f func(g *rand.Rand, e *entry) bool) func(*rand.Rand, *draft) bool {
	return atArchive(func(g *rand.Rand, a *archive) bool { return f(g, &a.entries[g.IntN(len(a.entries))]) })
}

var archiveEdits = []fileEdit{
	{"zip: all deflated", silent, atArchive(func(g *rand.Rand, a *archive) bool {
		for i := range a.entries {
			a.entries[i].deflate = true
		}
		return true
	})},
	{"zip: data descriptors", silent, atArchive(func(g *rand.Rand, a *archive) bool {
		for i := range a.entries {
			a.entries[i].deflate, a.entries[i].descriptor = true, true
		}
		return true
	})},
	{"zip: order of entries", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		i := 1 + g.IntN(len(a.entries)-1)
		a.entries[0], a.entries[i] = a.entries[i], a.entries[0]
		return true
	})},
	{"zip: order of the central directory", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		for i := range a.entries {
			a.central = append(a.central, i)
		}
		i := 1 + g.IntN(len(a.central)-1)
		a.central[0], a.central[i] = a.central[i], a.central[0]
		return true
	})},
	{"zip: duplicate entry", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		i := g.IntN(len(a.entries))
		a.entries = slices.Insert(a.entries, i+g.IntN(2), a.entries[i])
		return true
	})},
	{"zip: extra entry", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		n := []string{"notes.txt", "../manifest.json", "/etc/x", "dir/", "Manifest.json", "weights.safetensors.bak", "", "card.md\x00", "c:\\x", "a/../card.md"}[g.IntN(10)]
		a.entries = slices.Insert(a.entries, g.IntN(len(a.entries)+1), entry{name: n})
		return true
	})},
	{"zip: missing entry", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		i := g.IntN(len(a.entries))
		if a.entries[i].name == "certificate.json" {
			return false
		}
		a.entries = slices.Delete(a.entries, i, i+1)
		return true
	})},
	{"zip: no certificate", refused, atArchive(func(g *rand.Rand, a *archive) bool {
		a.entries = slices.DeleteFunc(a.entries, func(e entry) bool { return e.name == "certificate.json" })
		return true
	})},
	{"zip: entry name", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		e.name = []string{"./" + e.name, "../" + e.name, "/" + e.name, strings.ToUpper(e.name), e.name + " ", e.name + "/", "x\\" + e.name, e.name + "\x00", ""}[g.IntN(9)]
		return true
	})},
	{"zip: local name differs", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		e.localName = ptr([]string{"card.md2", strings.ToUpper(e.name), "", "../x"}[g.IntN(4)])
		return true
	})},
	{"zip: local size differs", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		e.localSize = ptr(uint32(len(e.data)) + 1 + uint32(g.IntN(100)))
		return true
	})},
	{"zip: size claimed", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		e.deflate = g.IntN(2) == 0
		e.size = ptr([]uint32{0, uint32(len(e.data)) - 1, uint32(len(e.data)) + 1, 1 << 31, math.MaxUint32}[g.IntN(5)])
		return true
	})},
	{"zip: checksum", malformed, atEntry(func(g *rand.Rand, e *entry) bool { e.crc = ptr(g.Uint32()); return true })},
	{"zip: time or date", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		if g.IntN(2) == 0 {
			e.time = 1
		} else {
			e.date = ptr(uint16([]int{0, 1<<5 | 2, 46<<9 | 1<<5 | 1}[g.IntN(3)]))
		}
		return true
	})},
	{"zip: comment", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		if g.IntN(2) == 0 {
			a.comment = "x"
		} else {
			a.entries[g.IntN(len(a.entries))].comment = "x"
		}
		return true
	})},
	{"zip: extra field", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		x := []byte{0x55, 0x54, 5, 0, 1, 0, 0, 0, 0}
		switch g.IntN(3) {
		case 0:
			e.extra = x
		case 1:
			e.localExtra = x
		case 2:
			e.extra, e.localExtra = x, x
		}
		return true
	})},
	{"zip: encrypted or unknown method", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		if g.IntN(2) == 0 {
			e.flags = 1
		} else {
			e.method = ptr([]uint16{1, 8, 9, 12, 93, 99}[g.IntN(6)])
		}
		return true
	})},
	{"zip: prefix or suffix", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		b := []byte("\x00\x00MZ PK\x05\x06")[:1+g.IntN(8)]
		if g.IntN(2) == 0 {
			a.prefix = b
		} else {
			a.suffix = b
		}
		return true
	})},
	{"zip: gap between entries", malformed, atEntry(func(g *rand.Rand, e *entry) bool { e.gap = []byte("hidden"); return true })},
	{"zip: overlapping entries", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		a.entries[len(a.entries)-1].offset = ptr(uint32(0))
		return true
	})},
	{"zip: two archives in one", malformed, func(g *rand.Rand, d *draft) bool {
		d.archive = func(es []entry) archive { return archive{entries: es, prefix: archive{entries: es}.bytes()} }
		return true
	}},
	{"zip: counts and disks", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
		if g.IntN(2) == 0 {
			a.disk = 1
		} else {
			a.count = ptr(uint16(len(a.entries) + 1 - 2*g.IntN(2)))
		}
		return true
	})},
	{"zip: directory or link", malformed, atEntry(func(g *rand.Rand, e *entry) bool {
		e.name += "/"
		e.data = nil
		return true
	})},
}

// bomb expands an entry to 64 MB of zeros.
var bomb = fileEdit{"zip: expands to 64 MB", malformed, atArchive(func(g *rand.Rand, a *archive) bool {
	e := &a.entries[g.IntN(len(a.entries))]
	e.deflate, e.data = true, make([]byte, 1<<26)
	return true
})}
