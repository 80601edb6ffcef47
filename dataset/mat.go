package dataset

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Data types and array classes of the MAT-file format, version 5 (MathWorks, MAT-File Format, tables 1-1 and 1-3).
const (
	miINT8       = 1
	miUINT8      = 2
	miINT16      = 3
	miUINT16     = 4
	miINT32      = 5
	miUINT32     = 6
	miSINGLE     = 7
	miDOUBLE     = 9
	miINT64      = 12
	miUINT64     = 13
	miMATRIX     = 14
	miCOMPRESSED = 15

	mxCELL     = 1
	mxSTRUCT   = 2
	mxOBJECT   = 3
	mxCHAR     = 4
	mxSPARSE   = 5
	mxDOUBLE   = 6
	mxUINT64   = 15
	mxFUNCTION = 16
	mxOPAQUE   = 17

	complexFlag = 0x0800
	matHeader   = 128
	maxNesting  = 16 // cells in structs in cells; real files stay below 5
)

var errCut = errors.New("truncated MAT file: an element is longer than what is left")

// matEndian is the byte order of a MAT file of version 5 to 7, nil when the bytes are no such file.
func matEndian(head []byte) binary.ByteOrder {
	if len(head) < matHeader {
		return nil
	}
	switch string(head[126:128]) {
	case "IM":
		if head[125] == 1 {
			return binary.LittleEndian
		}
	case "MI":
		if head[124] == 1 {
			return binary.BigEndian
		}
	}
	return nil
}

// matReader collects the numeric arrays of a MAT file.
type matReader struct {
	order binary.ByteOrder
	left  int64 // bytes that compressed elements may still unpack to
	out   []Array
}

// parseMAT reads the numeric arrays of a MAT file of version 5 to 7, those in structs and cells included. Text is
// passed over; sparse and complex arrays, objects and function handles are refused.
func parseMAT(data []byte) ([]Array, error) {
	r := &matReader{order: matEndian(data), left: unpackedLimit(int64(len(data)))}
	if r.order == nil {
		return nil, errors.New("no MAT file of version 5 to 7")
	}
	for rest := data[matHeader:]; len(rest) > 0; {
		kind, body, next, err := r.element(rest)
		if err != nil {
			return nil, err
		}
		rest = next
		if kind == miCOMPRESSED {
			if kind, body, err = r.inflate(body); err != nil {
				return nil, err
			}
		}
		if kind != miMATRIX {
			return nil, fmt.Errorf("MAT element of type %d where a variable was expected", kind)
		}
		if err := r.matrix(body, "", 0); err != nil {
			return nil, err
		}
	}
	if len(r.out) == 0 {
		return nil, errors.New("the MAT file holds no numeric variable")
	}
	return r.out, nil
}

// element cuts the first data element off b.
func (r *matReader) element(b []byte) (kind uint32, body, rest []byte, err error) {
	if len(b) < 8 {
		return 0, nil, nil, errCut
	}
	kind = r.order.Uint32(b)
	if size := kind >> 16; size != 0 { // small element: size, type and up to four bytes in one tag
		if size > 4 {
			return 0, nil, nil, fmt.Errorf("damaged MAT file: small element of %d bytes", size)
		}
		return kind & 0xffff, b[4 : 4+size], b[8:], nil
	}
	size := uint64(r.order.Uint32(b[4:]))
	if size > uint64(len(b)-8) {
		return 0, nil, nil, errCut
	}
	body, rest = b[8:8+size], b[8+size:]
	if kind != miCOMPRESSED && size%8 != 0 {
		rest = rest[min(8-size%8, uint64(len(rest))):]
	}
	return kind, body, rest, nil
}

func (r *matReader) inflate(b []byte) (kind uint32, body []byte, err error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return 0, nil, fmt.Errorf("damaged MAT file: %w", err)
	}
	defer z.Close() // reads from memory
	plain, err := readLimited(z, r.left)
	if err != nil {
		return 0, nil, fmt.Errorf("damaged MAT file: %w", err)
	}
	r.left -= int64(len(plain))
	kind, body, _, err = r.element(plain)
	return kind, body, err
}

// matrix reads one array; name replaces the stored one inside structs and cells.
func (r *matReader) matrix(b []byte, name string, depth int) error {
	if len(b) == 0 {
		return nil // an empty cell or field
	}
	if depth > maxNesting {
		return fmt.Errorf("MAT variable %q is nested more than %d deep", name, maxNesting)
	}
	kind, flags, b, err := r.element(b)
	if err != nil {
		return err
	}
	if kind != miUINT32 || len(flags) < 4 {
		return errors.New("damaged MAT file: a variable without array flags")
	}
	class := r.order.Uint32(flags) & 0xff
	if class == mxOPAQUE {
		return r.refused(name, class) // its other elements differ
	}
	shape, b, err := r.integers(b)
	if err != nil {
		return err
	}
	_, stored, b, err := r.element(b)
	if err != nil {
		return err
	}
	if depth == 0 {
		name = string(stored)
	}
	if len(shape) < 2 || len(shape) > maxDims {
		return fmt.Errorf("damaged MAT file: variable %q has %d dimensions", name, len(shape))
	}
	switch {
	case class == mxCELL:
		return r.cell(b, name, shape, depth)
	case class == mxSTRUCT:
		return r.structure(b, name, shape, depth)
	case class == mxCHAR:
		return nil
	case class >= mxDOUBLE && class <= mxUINT64:
		if r.order.Uint32(flags)&complexFlag != 0 {
			return fmt.Errorf("MAT variable %q is complex; save its real and imaginary parts as two variables", name)
		}
		return r.numeric(b, name, shape)
	}
	return r.refused(name, class)
}

func (r *matReader) refused(name string, class uint32) error {
	word := map[uint32]string{mxOBJECT: "an object", mxOPAQUE: "an object", mxSPARSE: "a sparse matrix", mxFUNCTION: "a function handle"}[class]
	if word == "" {
		return fmt.Errorf("MAT variable %q has the unknown class %d", name, class)
	}
	fix := "save plain arrays only, for example save('data.mat','u','y','Ts','-v7')"
	if class == mxSPARSE {
		fix = "save full(" + name + ")"
	} else if class == mxOBJECT || class == mxOPAQUE {
		fix += "; of an iddata object z: u = z.u; y = z.y; Ts = z.Ts"
	}
	return fmt.Errorf("MAT variable %q is %s, which is not read; %s", name, word, fix)
}

func (r *matReader) integers(b []byte) (v []int, rest []byte, err error) {
	kind, body, rest, err := r.element(b)
	if err != nil {
		return nil, nil, err
	}
	if kind != miINT32 && kind != miUINT32 {
		return nil, nil, fmt.Errorf("damaged MAT file: element of type %d where integers were expected", kind)
	}
	for ; len(body) >= 4; body = body[4:] {
		v = append(v, int(int32(r.order.Uint32(body))))
	}
	return v, rest, nil
}

func (r *matReader) numeric(b []byte, name string, shape []int) error {
	kind, body, _, err := r.element(b)
	if err != nil {
		return err
	}
	width, value := r.number(kind)
	if width == 0 {
		return fmt.Errorf("MAT variable %q holds numbers of the unknown type %d", name, kind)
	}
	n, ok := elements(shape, len(body)/width)
	if !ok || n != len(body)/width {
		return fmt.Errorf("MAT variable %q has size %v but %d numbers", name, shape, len(body)/width)
	}
	data := make([]float64, n)
	for i := range data {
		data[i] = value(body[i*width:])
	}
	r.out = append(r.out, Array{Name: name, Shape: shape, Data: rowMajor(data, shape)})
	return nil
}

// number is the width of a stored number type and its reader. MATLAB stores an array in the smallest type that holds
// its values, whatever its class.
func (r *matReader) number(kind uint32) (width int, value func([]byte) float64) {
	o := r.order
	switch kind {
	case miINT8:
		return 1, func(b []byte) float64 { return float64(int8(b[0])) }
	case miUINT8:
		return 1, func(b []byte) float64 { return float64(b[0]) }
	case miINT16:
		return 2, func(b []byte) float64 { return float64(int16(o.Uint16(b))) }
	case miUINT16:
		return 2, func(b []byte) float64 { return float64(o.Uint16(b)) }
	case miINT32:
		return 4, func(b []byte) float64 { return float64(int32(o.Uint32(b))) }
	case miUINT32:
		return 4, func(b []byte) float64 { return float64(o.Uint32(b)) }
	case miSINGLE:
		return 4, func(b []byte) float64 { return float64(math.Float32frombits(o.Uint32(b))) }
	case miDOUBLE:
		return 8, func(b []byte) float64 { return math.Float64frombits(o.Uint64(b)) }
	case miINT64:
		return 8, func(b []byte) float64 { return float64(int64(o.Uint64(b))) }
	case miUINT64:
		return 8, func(b []byte) float64 { return float64(o.Uint64(b)) }
	}
	return 0, nil
}

func (r *matReader) cell(b []byte, name string, shape []int, depth int) error {
	n, ok := elements(shape, len(b)/8) // a tag has eight bytes
	if !ok {
		return errCut
	}
	for i := range n {
		kind, body, rest, err := r.element(b)
		if err != nil {
			return err
		}
		if kind != miMATRIX {
			return fmt.Errorf("damaged MAT file: element of type %d in the cell %q", kind, name)
		}
		if err := r.matrix(body, fmt.Sprintf("%s{%d}", name, i+1), depth+1); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

func (r *matReader) structure(b []byte, name string, shape []int, depth int) error {
	length, b, err := r.integers(b)
	if err != nil {
		return err
	}
	_, text, b, err := r.element(b)
	if err != nil {
		return err
	}
	if len(length) != 1 || length[0] < 1 {
		return fmt.Errorf("damaged MAT file: field names of the struct %q", name)
	}
	var fields []string
	for ; len(text) >= length[0]; text = text[length[0]:] {
		field, _, _ := strings.Cut(string(text[:length[0]]), "\x00")
		fields = append(fields, field)
	}
	n, ok := elements(shape, len(b)/8)
	if !ok && len(fields) > 0 {
		return errCut
	}
	if len(fields) == 0 {
		return nil
	}
	for i := range n {
		base := name
		if n > 1 {
			base = fmt.Sprintf("%s{%d}", name, i+1)
		}
		for _, field := range fields {
			kind, body, rest, err := r.element(b)
			if err != nil {
				return err
			}
			if kind != miMATRIX {
				return fmt.Errorf("damaged MAT file: element of type %d in the struct %q", kind, name)
			}
			if err := r.matrix(body, base+"."+field, depth+1); err != nil {
				return err
			}
			b = rest
		}
	}
	return nil
}
