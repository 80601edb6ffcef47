package cert

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// The entries of a bundle, in order. The third may be absent.
const (
	manifestEntry    = "manifest.json"
	weightsEntry     = "weights.safetensors"
	certificateEntry = "certificate.json"
	cardEntry        = "card.md"
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

const (
	localSize = 30 // of a local header before the name
	zipDate   = 1<<5 | 1
	stored    = 0
	deflated  = 8
)

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
	finish, _ := binary.Append([]byte("PK\x05\x06"), le, struct {
		Disk, First, Here, Count uint16
		Size, Offset             uint32
		Comment                  uint16
	}{0, 0, uint16(len(out)), uint16(len(out)), uint32(len(directory)), uint32(pos), 0})
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
