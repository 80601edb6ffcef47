package cert_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// contents reads the entries with the standard library's reader: names in order, and data.
func contents(t testing.TB, data []byte) (names []string, entries map[string][]byte) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	entries = map[string][]byte{}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if entries[f.Name], err = io.ReadAll(rc); err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name)
	}
	return names, entries
}

// zipped writes entries with the standard library's writer as docs/bundle.md wants them: no data descriptors, fixed date.
func zipped(t testing.TB, method uint16, names []string, entries map[string][]byte, edit func(*zip.FileHeader)) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, n := range names {
		body := entries[n]
		if method == zip.Deflate {
			var b bytes.Buffer
			f, _ := flate.NewWriter(&b, flate.DefaultCompression)
			f.Write(body)
			f.Close()
			body = b.Bytes()
		}
		h := &zip.FileHeader{Name: n, Method: method, CRC32: checksum(entries[n]), CompressedSize64: uint64(len(body)),
			UncompressedSize64: uint64(len(entries[n])), CreatorVersion: 20, ReaderVersion: 20}
		setTime(h, 0, 1<<5|1)
		if edit != nil {
			edit(h)
		}
		f, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(body)
	}
	w.Close()
	return out.Bytes()
}

// setTime sets the two MS-DOS fields directly: CreateRaw writes them as they are, and nothing else can set them alone.
func setTime(h *zip.FileHeader, time, date uint16) {
	h.ModifiedTime, h.ModifiedDate = time, date //lint:ignore SA1019 the successor adds an extra field
}

// checksum is CRC-32, bit by bit.
func checksum(data []byte) uint32 {
	c := ^uint32(0)
	for _, b := range data {
		c ^= uint32(b)
		for range 8 {
			c = c>>1 ^ 0xedb88320&-(c&1)
		}
	}
	return ^c
}

func TestBundlesAreOrdinaryArchives(t *testing.T) {
	data := lureBase().bytes(t)
	names, entries := contents(t, data)
	if want := []string{"manifest.json", "weights.safetensors", "certificate.json", "card.md"}; !slices.Equal(names, want) {
		t.Fatalf("entries %v, want %v", names, want)
	}
	if again := zipped(t, zip.Store, names, entries, nil); !bytes.Equal(again, data) {
		t.Error("the standard library's writer gives other bytes")
	}
	if v := cert.Check(open(t, zipped(t, zip.Deflate, names, entries, nil))); !v.Proved {
		t.Errorf("deflated: %s", v.Failed)
	}
}

// TestMalformedDocuments edits the text of one entry. Hashes are computed anew by the archive's writer only where it says so.
func TestMalformedDocuments(t *testing.T) {
	for _, c := range []struct {
		entry, old, new, want string
		base                  func() *builder
	}{
		{"manifest.json", `"plumb/1"`, `"plumb/2"`, "format", lureBase},
		{"manifest.json", `"window": 50`, `"window": 2`, "m0.enc_W", lureBase},
		{"manifest.json", `"window": 50`, `"window": 0`, "window", lureBase},
		{"manifest.json", `"window": 50`, `"window": 5e1`, "window", lureBase},
		{"manifest.json", ",\n  \"window\": 50", "", "window", lureBase},
		{"manifest.json", `"window": 50`, `"window": 50, "colour": 1`, "colour", lureBase},
		{"manifest.json", `"window": 50`, `"window": 50, "window": 50`, "window", lureBase},
		{"manifest.json", `"sampling_time": 4`, `"sampling_time": -4`, "sampling_time", lureBase},
		{"manifest.json", `"sampling_time": 4`, `"sampling_time": 4.0`, "sampling_time", lureBase},
		{"manifest.json", `"sampling_time": 4`, `"sampling_time": 1e400`, "sampling_time", lureBase},
		{"manifest.json", `"high": 3`, `"high": 4`, "input_range[0]", lureBase},
		{"manifest.json", `"low": -1`, `"low": -0`, "input_range[0].low", lureBase},
		{"manifest.json", `"low": -1`, `"low": null`, "input_range[0].low", lureBase},
		{"manifest.json", `"low": null`, `"low": 11`, "saturation[0]", lureBase},
		{"manifest.json", `"hidden": 6`, `"hidden": 7`, "m0.B1", lureBase},
		{"manifest.json", `"hidden": 6`, `"hidden": 300`, "hidden", lureBase},
		{"manifest.json", `"states": 4`, `"states": 0`, "states", lureBase},
		{"manifest.json", `"layers": 0`, `"layers": 1`, "m0.g0.Win", lureBase},
		{"manifest.json", `"layers": 0`, `"layers": 0, "gate": 3`, "gate", lureBase},
		{"manifest.json", `"kind": "lure"`, `"kind": "tree"`, "kind", lureBase},
		{"manifest.json", `"kind": "lure",`, ``, "kind", lureBase},
		{"manifest.json", `false`, `0`, "integrate[0]", lureBase},
		{"manifest.json", `"seed": 2`, `"seed": 18446744073709551616`, "seed", lureBase},
		{"manifest.json", `"data_sha256": ""`, `"data_sha256": "x"`, "data_sha256", lureBase},
		{"manifest.json", `"weights_sha256": "`, `"weights_sha256": "0`, "weights_sha256", lureBase},
		{"manifest.json", `"weights_sha256": "`, `"weights_sha256": null, "x": "`, "x", lureBase},
		{"manifest.json", `"width": 3`, `"width": 4`, "b0.C", ssmBase},
		{"manifest.json", "{\n", "\ufeff{\n", "want JSON", lureBase},
		{"certificate.json", `"contraction"`, `"stability"`, "claim", lureBase},
		{"certificate.json", `"24/25"`, `"48/50"`, "members[0].rate", lureBase},
		{"certificate.json", `"24/25"`, `0.96`, "members[0].rate", lureBase},
		{"certificate.json", `"Lambda": [`, `"Lambda": [1,`, "Lambda", lureBase},
		{"certificate.json", `"M": [`, `"M": [[1],`, "M", lureBase},
		{"certificate.json", `"gain": {`, `"gain": {"T": 1,`, "members[0].gain.T", lureBase},
		{"certificate.json", `"rate": "24/25"`, `"rate": "24/25", "radius": "1/2"`, "members[0].radius", lureBase},
		{"certificate.json", `"members": [`, `"members": [{},`, "members", lureBase},
		{"certificate.json", `"weights_sha256": "`, `"weights_sha256": "0`, "weights_sha256", lureBase},
		{"certificate.json", `"T": [`, `"T": [1,`, "members[0].layers[0].T", sandwichBase},
		{"certificate.json", `"layers": [`, `"layers": [{"T": [1]},`, "members[0].layers", sandwichBase},
		{"certificate.json", `"gain": {}`, `"gain": {"gamma2": "1/1"}`, "members[0].gain.gamma2", ssmBase},
		{"certificate.json", `"kappa2": [`, `"kappa2": ["1/1",`, "members[0].kappa2", boundedBase},
		{"certificate.json", `"d2": "`, `"d2": null, "x": "`, "x", gatedBase},
		{"certificate.json", `"T": null`, `"T": []`, "members[0].T", gatedBase},
	} {
		names, entries := contents(t, c.base().bytes(t))
		text := string(entries[c.entry])
		if !strings.Contains(text, c.old) {
			t.Fatalf("%s has no %s", c.entry, c.old)
		}
		entries[c.entry] = []byte(strings.Replace(text, c.old, c.new, 1))
		expectMalformed(t, fmt.Sprintf("%s -> %s", c.old, c.new), zipped(t, zip.Store, names, entries, nil), c.want)
	}
}

func expectMalformed(t *testing.T, name string, data []byte, want string) {
	t.Helper()
	_, err := cert.Open(bytes.NewReader(data), int64(len(data)))
	if e, ok := errors.AsType[*cert.MalformedError](err); !ok || !strings.Contains(e.Error(), want) {
		t.Errorf("%s: got %v, want malformed at %q", name, err, want)
	}
}

func TestMalformedArchives(t *testing.T) {
	good := lureBase().bytes(t)
	names, entries := contents(t, good)
	store := func(names []string, edit func(*zip.FileHeader)) []byte {
		return zipped(t, zip.Store, names, entries, edit)
	}
	entries["../manifest.json"], entries["notes.txt"], entries["card.md/"] = entries["manifest.json"], nil, nil
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	directory := bytes.Index(good, []byte("PK\x01\x02"))
	for name, data := range map[string][]byte{
		"empty":             {},
		"truncated":         good[:len(good)-1],
		"half":              good[:len(good)/2],
		"no directory":      good[:directory],
		"prefix":            append([]byte("#!"), good...),
		"suffix":            append(bytes.Clone(good), 0),
		"archive comment":   append(bytes.Clone(good[:len(good)-2]), 1, 0, 'x'),
		"two archives":      append(bytes.Clone(good), good...),
		"order":             store([]string{"weights.safetensors", "manifest.json", "certificate.json", "card.md"}, nil),
		"missing card":      store(names[:3], nil),
		"missing weights":   store([]string{"manifest.json", "certificate.json", "card.md"}, nil),
		"duplicate":         store(append(slices.Clone(names), "card.md"), nil),
		"duplicate first":   store(append([]string{"manifest.json"}, names...), nil),
		"extra":             store(append(slices.Clone(names), "notes.txt"), nil),
		"path":              store([]string{"../manifest.json", "weights.safetensors", "card.md"}, nil),
		"folder":            store([]string{"manifest.json", "weights.safetensors", "card.md/"}, nil),
		"time":              store(names, func(h *zip.FileHeader) { setTime(h, 1, 1<<5|1) }),
		"date":              store(names, func(h *zip.FileHeader) { setTime(h, 0, 1<<5|2) }),
		"flags":             store(names, func(h *zip.FileHeader) { h.Flags = 1 }),
		"utf-8 flag":        store(names, func(h *zip.FileHeader) { h.Flags = 0x800 }),
		"descriptor":        store(names, func(h *zip.FileHeader) { h.Flags = 8 }),
		"method":            store(names, func(h *zip.FileHeader) { h.Method = 12 }),
		"stored, says 8":    store(names, func(h *zip.FileHeader) { h.Method = 8 }),
		"extra field":       store(names, func(h *zip.FileHeader) { h.Extra = []byte{1, 0, 0, 0} }),
		"comment":           store(names, func(h *zip.FileHeader) { h.Comment = "x" }),
		"link":              store(names, func(h *zip.FileHeader) { h.ExternalAttrs = 0o120777 << 16 }),
		"maker":             store(names, func(h *zip.FileHeader) { h.CreatorVersion = 3<<8 | 20 }),
		"checksum":          store(names, func(h *zip.FileHeader) { h.CRC32++ }),
		"size":              store(names, func(h *zip.FileHeader) { h.UncompressedSize64++ }),
		"deflated, larger":  zipped(t, zip.Deflate, names, entries, func(h *zip.FileHeader) { h.UncompressedSize64++ }),
		"deflated, smaller": zipped(t, zip.Deflate, names, entries, func(h *zip.FileHeader) { h.UncompressedSize64-- }),
		"bomb":              bomb64(t, names, entries),
		"flipped manifest":  flip(60),
		"flipped directory": flip(directory + 30),
		"flipped end":       flip(len(good) - 10),
	} {
		expectMalformed(t, name, data, "")
	}
	for at := range len(good) { // every byte of the archive's structure and a sample of the contents
		if at%97 == 0 || at > directory {
			expectMalformed(t, fmt.Sprintf("bit flipped at %d", at), flip(at), "")
		}
	}
}

// bomb64 replaces the card by 1 GB of zeros that deflate to 1 MB; it must be refused before it is unpacked.
func bomb64(t *testing.T, names []string, entries map[string][]byte) []byte {
	const size = 1 << 30
	var b bytes.Buffer
	f, _ := flate.NewWriter(&b, flate.BestSpeed)
	zero := make([]byte, 1<<20)
	for range size >> 20 {
		f.Write(zero)
	}
	f.Close()
	data := zipped(t, zip.Store, names[:3], entries, nil)
	end := bytes.Index(data, []byte("PK\x01\x02"))
	le := binary.LittleEndian
	head := append([]byte("PK\x03\x04"), 20, 0, 0, 0, 8, 0, 0, 0, 33, 0, 0, 0, 0, 0)
	head = le.AppendUint32(head, uint32(b.Len()))
	head = le.AppendUint32(head, size)
	head = append(head, 7, 0, 0, 0)
	return slices.Concat(data[:end], head, []byte("card.md"), b.Bytes(), data[end:])
}

func TestMalformedWeights(t *testing.T) {
	for name, edit := range map[string]func(b *builder){
		"y_std zero":      func(b *builder) { b.data("scale.y_std")[0] = 0 },
		"u_half negative": func(b *builder) { b.data("scale.u_half")[1] = -1 },
		"missing":         func(b *builder) { b.m.Tensors = b.m.Tensors[1:] },
		"extra":           func(b *builder) { b.tensor("m1.A", 1, 1, []float64{1}) },
		"renamed":         func(b *builder) { b.m.Tensors[5].Name += "x" },
		"vector as matrix": func(b *builder) {
			for i, x := range b.m.Tensors {
				if x.Name == "m0.bx" {
					b.m.Tensors[i].Shape = []int{4, 1}
				}
			}
		},
		"transposed": func(b *builder) {
			for i, x := range b.m.Tensors {
				if x.Name == "m0.B1" {
					b.m.Tensors[i].Shape = []int{6, 4}
				}
			}
		},
		"twice": func(b *builder) { b.m.Tensors = append(b.m.Tensors, b.m.Tensors[0]) },
		"short": func(b *builder) { b.m.Tensors[0].Data = b.m.Tensors[0].Data[1:] },
	} {
		b := lureBase()
		edit(b)
		if err := bundle.Write(io.Discard, b.m); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

// TestOtherWeights puts the weights of an unstable model into a true file, with and without the hashes that go with them.
func TestOtherWeights(t *testing.T) {
	mine, other := lureBase(), lureBase()
	scaleBy(other.data("m0.A"), 5)
	names, a := contents(t, mine.bytes(t))
	_, b := contents(t, other.bytes(t))
	hash := func(e map[string][]byte) string {
		s := string(e["manifest.json"])
		at := strings.Index(s, `"weights_sha256": "`)
		return s[at+19 : at+19+64]
	}
	from, to := hash(a), hash(b)
	a["weights.safetensors"] = b["weights.safetensors"]
	expectMalformed(t, "old hashes", zipped(t, zip.Store, names, a, nil), "weights_sha256")
	a["manifest.json"] = bytes.ReplaceAll(a["manifest.json"], []byte(from), []byte(to))
	expectMalformed(t, "certificate's hash is old", zipped(t, zip.Store, names, a, nil), "certificate.json: weights_sha256")
	a["certificate.json"] = bytes.ReplaceAll(a["certificate.json"], []byte(from), []byte(to))
	if v := cert.Check(open(t, zipped(t, zip.Store, names, a, nil))); v.Proved {
		t.Error("the certificate of one model was accepted for another")
	}
}

func TestReadErrorsAreNotMalformed(t *testing.T) {
	_, err := cert.OpenFile(filepath.Join(t.TempDir(), "absent"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the file does not exist", err)
	}
	if _, err := cert.Open(strings.NewReader("x"), 2); err == nil || errors.As(err, new(*cert.MalformedError)) {
		t.Errorf("got %v, want a read error", err)
	}
	if _, err := cert.Open(strings.NewReader("x"), 1<<40); !errors.As(err, new(*cert.MalformedError)) {
		t.Errorf("got %v, want malformed: too large", err)
	}
}

// FuzzOpen mutates whole files.
func FuzzOpen(f *testing.F) {
	f.Add(scalar("contraction", 0.5, 1, 1, 0, claimedRate()).bytes(f))
	f.Add(newBuilder("iss", 9, 1, 1).gated(1, 1, true).bytes(f))
	for _, data := range deepFiles() {
		f.Add(data)
	}
	f.Fuzz(readBack)
}

// FuzzEntries mutates the entries under a sound archive; %HASH% in the texts becomes the hash of the weights.
func FuzzEntries(f *testing.F) {
	files := deepFiles()
	for _, b := range []*builder{scalar("contraction", 0.5, 1, 1, 0, claimedRate()), newBuilder("iss", 9, 1, 1).gated(1, 1, true), newBuilder("bounded", 9, 1, 1).bounded(1, 1),
		newBuilder("contraction", 9, 1, 1).ssm(1, true, 1), newBuilder("contraction", 9, 1, 1).lure(1, 1, 1, true)} {
		files = append(files, b.bytes(f))
	}
	for _, data := range files {
		_, e := contents(f, data)
		sum := fmt.Sprintf("%x", sha256.Sum256(e["weights.safetensors"]))
		free := func(name string) string { return strings.ReplaceAll(string(e[name]), sum, "%HASH%") }
		f.Add(free("manifest.json"), e["weights.safetensors"], free("certificate.json"))
	}
	f.Fuzz(func(t *testing.T, manifest string, weights []byte, certificate string) {
		sum := fmt.Sprintf("%x", sha256.Sum256(weights))
		bound := func(text string) []byte { return []byte(strings.ReplaceAll(text, "%HASH%", sum)) }
		names := []string{"manifest.json", "weights.safetensors", "certificate.json", "card.md"}
		readBack(t, zipped(t, zip.Store, names, map[string][]byte{names[0]: bound(manifest), names[1]: weights, names[2]: bound(certificate)}, nil))
	})
}

// deepFiles are small true claims of recurrent members, and of systems.
func deepFiles() [][]byte {
	g := rand.New(rand.NewPCG(mutationSeed, 11000))
	var out [][]byte
	for _, family := range []string{"lstm filter", "lstm norm", "gru"} {
		out = append(out, newSpec(g, family, draw{n: 1, m: 1, p: 1, window: 1, layers: 1, blocks: 1, units: 1}).render().pack())
	}
	for _, m := range []*bundle.Model{pendulum("1/1"), e3("1/20"), siso("1/1").model()} {
		var b bytes.Buffer
		if err := bundle.Write(&b, m); err != nil {
			panic(err)
		}
		out = append(out, b.Bytes())
	}
	return out
}

// readBack requires of a file that it is malformed, or reads, writes and reads to the same content and the same verdict.
func readBack(t *testing.T, data []byte) {
	b, err := cert.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if !errors.As(err, new(*cert.MalformedError)) {
			t.Fatal(err)
		}
		return
	}
	m, err := bundle.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var one, two bytes.Buffer
	if err := bundle.Write(&one, m); err != nil {
		t.Fatal(err)
	}
	again, err := bundle.Read(bytes.NewReader(one.Bytes()), int64(one.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if err := bundle.Write(&two, again); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Fatal("writing is no fixed point", err)
	}
	if first, second := cert.Check(b), cert.Check(open(t, two.Bytes())); first.Proved != second.Proved || first.Failed != second.Failed {
		t.Fatalf("the verdict changed from %v to %v", first, second)
	}
}
