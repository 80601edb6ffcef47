package cert

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// Bundle is a well-formed .plumb file. Only Open makes one, so Check can rely on its sizes.
type Bundle struct {
	manifest    Manifest
	tensors     []Tensor
	byName      map[string]Tensor
	certificate *Certificate
	card        string
}

// Manifest returns what the file says the model is. It shares memory with the bundle.
func (b *Bundle) Manifest() Manifest { return b.manifest }

// Tensors returns the weights, sorted by name. They share memory with the bundle.
func (b *Bundle) Tensors() []Tensor { return b.tensors }

// Certificate returns the claim and its witness, nil when nothing is claimed.
func (b *Bundle) Certificate() *Certificate { return b.certificate }

// Card returns the description for people, which the checker ignores.
func (b *Bundle) Card() string { return b.card }

// maxFile is the largest file: the entries at their limits and what the archive adds.
const maxFile = maxManifest + maxWeights + maxCertificate + maxCard + 4096

// Open reads a bundle. Its error is a *MalformedError when the file breaks the format, and that of r when r fails.
func Open(r io.ReaderAt, size int64) (b *Bundle, err error) {
	defer func() {
		if e := recover(); e != nil {
			b, err = nil, e.(*MalformedError) // or panic on
		}
	}()
	if size < 0 || size > maxFile {
		malformed("", "", "want at most %d bytes, got %d", maxFile, size)
	}
	data := make([]byte, size)
	if n, err := r.ReadAt(data, 0); n < len(data) {
		return nil, fmt.Errorf("cert: reading the bundle: %w", err)
	}
	return read(data), nil
}

// OpenFile reads a bundle from a file.
func OpenFile(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cert: %w", err)
	}
	defer f.Close()
	s, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cert: %w", err)
	}
	return Open(f, s.Size())
}

func read(data []byte) *Bundle {
	entries := readZip(data)
	b := &Bundle{manifest: readManifest(entries[manifestEntry]), card: string(entries[cardEntry]), byName: map[string]Tensor{}}
	weights := entries[weightsEntry]
	sum := sha256.Sum256(weights)
	want := hex.EncodeToString(sum[:])
	same := func(entry, got string) {
		if got != want {
			malformed(entry, "weights_sha256", "want the hash of the weights, %s", want)
		}
	}
	same(manifestEntry, b.manifest.WeightsSHA256)
	b.tensors = readTensors(weights)
	for _, t := range b.tensors {
		b.byName[t.Name] = t
	}
	b.manifest.checkTensors(b.byName)
	if text, ok := entries[certificateEntry]; ok {
		b.certificate = readCertificate(text, &b.manifest, b.byName)
		same(certificateEntry, b.certificate.WeightsSHA256)
	}
	return b
}

// The entries of a bundle, in order. The third may be absent.
const (
	manifestEntry    = "manifest.json"
	weightsEntry     = "weights.safetensors"
	certificateEntry = "certificate.json"
	cardEntry        = "card.md"
	localSize        = 30 // of a local header before the name
	zipDate          = 1<<5 | 1
	stored, deflated = 0, 8
)

var entryLimits = []struct {
	name  string
	limit uint32
}{{manifestEntry, maxManifest}, {weightsEntry, maxWeights}, {certificateEntry, maxCertificate}, {cardEntry, maxCard}}

// zipFields is what a local header and a directory entry have in common.
type zipFields struct {
	Version, Flags, Method, Time, Date uint16
	Sum, Packed, Size                  uint32
	Name, Extra                        uint16 // lengths
}

// readZip returns the contents of the entries. It walks the local headers from the first byte on, which must hold
// exactly the expected entries in order, and then requires the rest of the file to equal, byte for byte, the only
// directory that those entries can have. So there is no room for other names, paths, duplicates, gaps, overlaps,
// comments, extra fields, data descriptors, encryption, zip64, or bytes before or after the archive.
func readZip(b []byte) map[string][]byte {
	le := binary.LittleEndian
	out := map[string][]byte{}
	var directory []byte
	pos := 0
	for _, e := range entryLimits {
		rest := b[pos:]
		size := localSize + len(e.name)
		if len(rest) < size || string(rest[:4]) != "PK\x03\x04" || string(rest[localSize:size]) != e.name {
			if e.name == certificateEntry {
				continue
			}
			malformed(e.name, "", "want a local file header of this name at byte %d", pos)
		}
		var h zipFields
		binary.Decode(rest[4:localSize], le, &h) // cannot fail: the length is right
		if h != (zipFields{20, 0, h.Method, 0, zipDate, h.Sum, h.Packed, h.Size, uint16(len(e.name)), 0}) || h.Method != stored && h.Method != deflated {
			malformed(e.name, "", "want version 20, no flags, stored or deflated, 1980-01-01 00:00:00, no extra field")
		}
		if h.Size > e.limit || h.Packed > e.limit || int(h.Packed) > len(rest)-size {
			malformed(e.name, "", "want at most %d bytes, all of them in the file, got %d packed as %d", e.limit, h.Size, h.Packed)
		}
		data := inflate(e.name, rest[size:size+int(h.Packed)], h)
		if crc32.ChecksumIEEE(data) != h.Sum {
			malformed(e.name, "", "the checksum is wrong")
		}
		out[e.name] = data

		directory = append(directory, "PK\x01\x02\x14\x00"...)
		directory, _ = binary.Append(directory, le, h)
		directory = append(directory, make([]byte, 10)...) // comment length, disk, internal and external attributes
		directory = append(le.AppendUint32(directory, uint32(pos)), e.name...)
		pos += size + int(h.Packed)
	}
	n, count := len(directory), uint16(len(out))
	finish, _ := binary.Append([]byte("PK\x05\x06"), le, []uint16{0, 0, count, count, uint16(n), uint16(n >> 16), uint16(pos), uint16(pos >> 16), 0})
	if !bytes.Equal(b[pos:], append(directory, finish...)) {
		malformed("", "", "after the last entry want its central directory, with these entries in this order and nothing else, up to the end of the file")
	}
	return out
}

// inflate unpacks an entry that must give exactly h.Size bytes and use all of packed.
func inflate(name string, packed []byte, h zipFields) []byte {
	if h.Method == stored {
		if h.Size != h.Packed {
			malformed(name, "", "stored, but %d bytes claim to be %d", h.Packed, h.Size)
		}
		return packed
	}
	src := bytes.NewReader(packed) // an io.ByteReader: flate reads no byte too many
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(src), int64(h.Size)+1))
	if err != nil || len(data) != int(h.Size) || src.Len() != 0 {
		malformed(name, "", "want deflated data of exactly %d bytes", h.Size)
	}
	return data
}
