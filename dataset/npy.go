package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

const (
	maxHeader = 1 << 20 // of an npy file; NumPy writes about a hundred bytes
	maxDims   = 32      // as in NumPy
)

var (
	npyDescr   = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	npyObject  = regexp.MustCompile(`'descr'\s*:\s*\[`)
	npyFortran = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape'\s*:\s*\(([0-9,\sL]*)\)`)
)

// parseNPY reads a NumPy array file, versions 1 to 3 (NumPy Enhancement Proposal 1): floats of 2, 4 or 8 bytes,
// integers and booleans, either byte order, C or Fortran order.
func parseNPY(data []byte) (Array, error) {
	if len(data) < 10 || string(data[:6]) != "\x93NUMPY" {
		return Array{}, errors.New("not an npy file: the first bytes are not \\x93NUMPY")
	}
	size, at := int(binary.LittleEndian.Uint16(data[8:])), 10
	switch v := data[6]; {
	case v == 2 || v == 3:
		if len(data) < 12 {
			return Array{}, errors.New("truncated npy file: the header is cut off")
		}
		n := binary.LittleEndian.Uint32(data[8:])
		if n > maxHeader {
			return Array{}, fmt.Errorf("npy header of %d bytes, expected at most %d", n, maxHeader)
		}
		size, at = int(n), 12
	case v != 1:
		return Array{}, fmt.Errorf("npy file of version %d, expected 1, 2 or 3", v)
	}
	if len(data) < at+size {
		return Array{}, errors.New("truncated npy file: the header is cut off")
	}
	header, body := string(data[at:at+size]), data[at+size:]
	if npyObject.MatchString(header) {
		return Array{}, errors.New("the npy file is a structured array; save plain arrays, one per signal, in an npz file")
	}
	descr, fortran, dims := npyDescr.FindStringSubmatch(header), npyFortran.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if descr == nil || fortran == nil || dims == nil {
		return Array{}, fmt.Errorf("npy header %.80q lacks descr, fortran_order or shape", header)
	}
	width, value, err := npyType(descr[1])
	if err != nil {
		return Array{}, err
	}
	shape, err := npyDims(dims[1])
	if err != nil {
		return Array{}, err
	}
	n, ok := elements(shape, len(body)/width)
	if !ok {
		return Array{}, fmt.Errorf("truncated npy file: shape %v of %d-byte numbers needs more than the %d bytes there are", shape, width, len(body))
	}
	if extra := len(body) - n*width; extra != 0 {
		return Array{}, fmt.Errorf("npy file has %d bytes after its data; expected one array of shape %v", extra, shape)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = value(body[i*width:])
	}
	if fortran[1] == "True" {
		out = rowMajor(out, shape)
	}
	return Array{Shape: shape, Data: out}, nil
}

func npyDims(s string) ([]int, error) {
	shape := []int{}
	for f := range strings.SplitSeq(s, ",") {
		f = strings.TrimSuffix(strings.TrimSpace(f), "L") // Python 2 wrote long integers so
		if f == "" {
			continue
		}
		d, err := strconv.Atoi(f)
		if err != nil || d < 0 {
			return nil, fmt.Errorf("npy shape (%.60s) is not a list of sizes", s)
		}
		shape = append(shape, d)
	}
	if len(shape) > maxDims {
		return nil, fmt.Errorf("npy array of %d dimensions, expected at most %d", len(shape), maxDims)
	}
	return shape, nil
}

// npyType returns the width in bytes of a number type such as "<f8" and its reader.
func npyType(descr string) (width int, value func([]byte) float64, err error) {
	if len(descr) < 3 {
		return 0, nil, fmt.Errorf("npy number type %q is unknown", descr)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if descr[0] == '>' {
		order = binary.BigEndian
	}
	switch descr[1:] {
	case "f8":
		return 8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }, nil
	case "f4":
		return 4, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }, nil
	case "f2":
		return 2, func(b []byte) float64 { return half(order.Uint16(b)) }, nil
	case "i8":
		return 8, func(b []byte) float64 { return float64(int64(order.Uint64(b))) }, nil
	case "i4":
		return 4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }, nil
	case "i2":
		return 2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }, nil
	case "i1":
		return 1, func(b []byte) float64 { return float64(int8(b[0])) }, nil
	case "u8":
		return 8, func(b []byte) float64 { return float64(order.Uint64(b)) }, nil
	case "u4":
		return 4, func(b []byte) float64 { return float64(order.Uint32(b)) }, nil
	case "u2":
		return 2, func(b []byte) float64 { return float64(order.Uint16(b)) }, nil
	case "u1", "b1":
		return 1, func(b []byte) float64 { return float64(b[0]) }, nil
	}
	word := map[byte]string{'c': "complex numbers", 'U': "text", 'S': "text", 'O': "Python objects", 'M': "dates", 'm': "time differences", 'V': "records"}[descr[1]]
	if word == "" {
		word = "numbers of a type that is not read"
	}
	return 0, nil, fmt.Errorf("npy array of type %q holds %s; expected floats of 2, 4 or 8 bytes, integers or booleans (save it with .astype(float))", descr, word)
}

// half converts an IEEE 754 binary16.
func half(h uint16) float64 {
	exp, frac := int(h>>10&0x1f), float64(h&0x3ff)
	v := math.Ldexp(1024+frac, exp-25)
	switch exp {
	case 0:
		v = math.Ldexp(frac, -24)
	case 31:
		if v = math.Inf(1); frac != 0 {
			return math.NaN()
		}
	}
	if h>>15 == 1 {
		v = -v
	}
	return v
}

// parseNPZ reads a zip archive of npy files, stored or deflated.
func parseNPZ(data []byte) ([]Array, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("npz file is damaged or cut off: %w", err)
	}
	left := unpackedLimit(int64(len(data)))
	var out []Array
	seen := map[string]bool{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, &FileError{Problem: fmt.Sprintf("zip entry %q is no .npy file; this is a zip archive but no npz file", f.Name), Fix: "Unpack it, or save the data with numpy.savez"}
		}
		if seen[name] {
			return nil, fmt.Errorf("npz entry %q appears twice", f.Name)
		}
		seen[name] = true
		body, err := unpack(f, left)
		if err != nil {
			return nil, fmt.Errorf("npz entry %q: %w", f.Name, err)
		}
		left -= int64(len(body))
		a, err := parseNPY(body)
		if err != nil {
			return nil, fmt.Errorf("npz entry %q: %w", f.Name, err)
		}
		a.Name = name
		out = append(out, a)
	}
	if len(out) == 0 {
		return nil, errors.New("npz file holds no array")
	}
	return out, nil
}

func unpack(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() // read only
	return readLimited(r, limit)
}

// readLimited reads all of r; more than limit bytes are an error. Memory grows with what was really read, never with
// what a header claims.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("unpacks to more than %d bytes, over %d times the file's size", limit, unpackedRatio)
	}
	return body, nil
}
