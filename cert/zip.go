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

// Fixed numbers of the archive: version 2.0 made and needed, no flags, 1980-01-01 00:00:00.
const (
	zipVersion  = 20
	zipDate     = 1<<5 | 1
	localSize   = 30
	stored      = 0
	deflated    = 8
	localMagic  = "PK\x03\x04"
	entryMagic  = "PK\x01\x02"
	finishMagic = "PK\x05\x06"
)

// readZip returns the contents of the entries. It walks the local headers from the first byte on, which must hold
// exactly the expected entries in order, and then requires the rest of the file to equal, byte for byte, the only
// directory that those entries can have. So there is no room for other names, paths, duplicates, gaps, overlaps,
// comments, extra fields, data descriptors, encryption, zip64, or bytes before or after the archive.
func readZip(b []byte) map[string][]byte {
	out := map[string][]byte{}
	var directory []byte
	var count uint16
	pos := 0
	for _, e := range entryLimits {
		rest := b[pos:]
		if e.name == certificateEntry && !startsEntry(rest, e.name) {
			continue
		}
		if !startsEntry(rest, e.name) {
			malformed(e.name, "", "want a local file header of this name at byte %d", pos)
		}
		head := rest[4:localSize]
		method := binary.LittleEndian.Uint16(head[4:])
		sum := binary.LittleEndian.Uint32(head[10:])
		packed, size := binary.LittleEndian.Uint32(head[14:]), binary.LittleEndian.Uint32(head[18:])
		if !bytes.Equal(head, fields(method, sum, packed, size, e.name)) || method != stored && method != deflated {
			malformed(e.name, "", "want version 20, no flags, stored or deflated, 1980-01-01 00:00:00, no extra field")
		}
		body := rest[localSize+len(e.name):]
		if size > e.limit || packed > e.limit || int(packed) > len(body) {
			malformed(e.name, "", "want at most %d bytes, all of them in the file, got %d packed as %d", e.limit, size, packed)
		}
		data := inflate(e.name, body[:packed], method, size)
		if crc32.ChecksumIEEE(data) != sum {
			malformed(e.name, "", "the checksum is wrong")
		}
		out[e.name] = data

		directory = append(append(directory, entryMagic...), zipVersion, 0)
		directory = append(directory, fields(method, sum, packed, size, e.name)...)
		directory = append(directory, make([]byte, 2+2+2+4)...) // comment length, disk, internal and external attributes
		directory = binary.LittleEndian.AppendUint32(directory, uint32(pos))
		directory = append(directory, e.name...)
		pos += localSize + len(e.name) + int(packed)
		count++
	}
	finish := append([]byte(finishMagic), 0, 0, 0, 0)
	finish = binary.LittleEndian.AppendUint16(finish, count)
	finish = binary.LittleEndian.AppendUint16(finish, count)
	finish = binary.LittleEndian.AppendUint32(finish, uint32(len(directory)))
	finish = binary.LittleEndian.AppendUint32(finish, uint32(pos))
	finish = append(finish, 0, 0)
	if !bytes.Equal(b[pos:], append(directory, finish...)) {
		malformed("", "", "after the last entry want its central directory, with these entries in this order and nothing else, up to the end of the file")
	}
	return out
}

// startsEntry reports whether b begins with a local header of that name.
func startsEntry(b []byte, name string) bool {
	return len(b) >= localSize+len(name) && string(b[:4]) == localMagic && string(b[localSize:localSize+len(name)]) == name &&
		int(binary.LittleEndian.Uint16(b[26:])) == len(name)
}

// fields is the part that a local header and a directory entry have in common, up to the length of the extra field.
func fields(method uint16, sum, packed, size uint32, name string) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, zipVersion)
	b = le.AppendUint16(b, 0) // flags
	b = le.AppendUint16(b, method)
	b = le.AppendUint16(b, 0) // time
	b = le.AppendUint16(b, zipDate)
	b = le.AppendUint32(b, sum)
	b = le.AppendUint32(b, packed)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(name)))
	return le.AppendUint16(b, 0) // extra field
}

// inflate unpacks an entry that must give exactly size bytes and use all of packed.
func inflate(name string, packed []byte, method uint16, size uint32) []byte {
	if method == stored {
		if int(size) != len(packed) {
			malformed(name, "", "stored, but %d bytes claim to be %d", len(packed), size)
		}
		return packed
	}
	src := bytes.NewReader(packed) // an io.ByteReader: flate reads no byte too many
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(src), int64(size)+1))
	if err != nil || len(data) != int(size) || src.Len() != 0 {
		malformed(name, "", "want deflated data of exactly %d bytes", size)
	}
	return data
}
