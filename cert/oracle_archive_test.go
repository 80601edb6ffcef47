package cert_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
)

// entry is one file of a zip archive. The zero fields give a plain stored entry of 1980-01-01 00:00:00.
type entry struct {
	name       string
	data       []byte
	deflate    bool
	flags      uint16
	method     *uint16
	time       uint16
	date       *uint16
	crc        *uint32
	size       *uint32 // uncompressed size claimed in both headers
	localName  *string
	localSize  *uint32
	localExtra []byte
	extra      []byte
	comment    string
	descriptor bool // sizes and checksum follow the data, with signature
	external   uint32
	gap        []byte // bytes between this entry and the next
	offset     *uint32
}

// archive is a zip archive written byte by byte, so that it can also be wrong.
type archive struct {
	entries        []entry
	central        []int // order of the central directory; nil for the same
	prefix, suffix []byte
	comment        string
	count          *uint16
	disk           uint16
}

func (a archive) bytes() []byte {
	le := binary.LittleEndian
	out := append([]byte(nil), a.prefix...)
	heads := make([][]byte, len(a.entries))
	for i, e := range a.entries {
		body, method := e.data, uint16(0)
		if e.deflate {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, flate.BestSpeed)
			w.Write(e.data)
			w.Close()
			body, method = b.Bytes(), 8
		}
		if e.method != nil {
			method = *e.method
		}
		crc, size, date := crc32.ChecksumIEEE(e.data), uint32(len(e.data)), uint16(1<<5|1)
		if e.crc != nil {
			crc = *e.crc
		}
		if e.size != nil {
			size = *e.size
		}
		if e.date != nil {
			date = *e.date
		}
		flags, lsize, lname := e.flags, size, e.name
		if e.localSize != nil {
			lsize = *e.localSize
		}
		if e.localName != nil {
			lname = *e.localName
		}
		offset := uint32(len(out) - len(a.prefix))
		if e.offset != nil {
			offset = *e.offset
		}
		lcrc, lcomp := crc, uint32(len(body))
		if e.descriptor {
			flags |= 8
			lcrc, lcomp, lsize = 0, 0, 0
		}
		fixed := func(crc, comp, size uint32) []byte {
			b := le.AppendUint16(nil, 20)
			b = le.AppendUint16(b, flags)
			b = le.AppendUint16(b, method)
			b = le.AppendUint16(b, e.time)
			b = le.AppendUint16(b, date)
			b = le.AppendUint32(b, crc)
			b = le.AppendUint32(b, comp)
			return le.AppendUint32(b, size)
		}
		out = append(append(out, "PK\x03\x04"...), fixed(lcrc, lcomp, lsize)...)
		out = le.AppendUint16(out, uint16(len(lname)))
		out = le.AppendUint16(out, uint16(len(e.localExtra)))
		out = append(append(append(out, lname...), e.localExtra...), body...)
		if e.descriptor {
			out = append(out, "PK\x07\x08"...)
			out = le.AppendUint32(out, crc)
			out = le.AppendUint32(out, uint32(len(body)))
			out = le.AppendUint32(out, size)
		}
		out = append(out, e.gap...)
		h := append([]byte("PK\x01\x02"), 20, 0)
		h = append(h, fixed(crc, uint32(len(body)), size)...)
		for _, n := range []int{len(e.name), len(e.extra), len(e.comment), 0, 0} {
			h = le.AppendUint16(h, uint16(n))
		}
		h = le.AppendUint32(h, e.external)
		h = le.AppendUint32(h, offset)
		heads[i] = append(append(append(h, e.name...), e.extra...), e.comment...)
	}
	start := len(out) - len(a.prefix)
	order := a.central
	if order == nil {
		for i := range heads {
			order = append(order, i)
		}
	}
	for _, i := range order {
		out = append(out, heads[i]...)
	}
	count := uint16(len(order))
	if a.count != nil {
		count = *a.count
	}
	size := len(out) - len(a.prefix) - start
	out = append(out, "PK\x05\x06"...)
	for _, v := range []uint16{a.disk, a.disk, count, count} {
		out = le.AppendUint16(out, v)
	}
	out = le.AppendUint32(out, uint32(size))
	out = le.AppendUint32(out, uint32(start))
	out = le.AppendUint16(out, uint16(len(a.comment)))
	return append(append(out, a.comment...), a.suffix...)
}
