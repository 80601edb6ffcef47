package dataset

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Array is a named numeric array of a MAT, npy or npz file. Data is in row-major (C) order, whatever the file's order.
// A field of a struct is called "s.u", an element of a cell or of a struct array "Y{3}" and "s{2}.u" (from 1).
type Array struct {
	Name  string
	Shape []int
	Data  []float64
}

// At is the element at the given index, from 0; one index per dimension.
func (a *Array) At(index ...int) float64 {
	at := 0
	for i, n := range a.Shape {
		at = at*n + index[i]
	}
	return a.Data[at]
}

// Len is the number of elements.
func (a *Array) Len() int { return len(a.Data) }

// rowMajor puts column-major data into row-major order.
func rowMajor(data []float64, shape []int) []float64 {
	if len(shape) < 2 || slices.Max(shape) == len(data) { // a vector is the same in both
		return data
	}
	out := make([]float64, len(data))
	index := make([]int, len(shape))
	stride := make([]int, len(shape)) // of each dimension in the result
	step := 1
	for d := len(shape) - 1; d >= 0; d-- {
		stride[d] = step
		step *= shape[d]
	}
	at := 0
	for _, v := range data {
		out[at] = v
		for d := range index { // the first index runs fastest in data
			index[d]++
			at += stride[d]
			if index[d] < shape[d] {
				break
			}
			at -= stride[d] * shape[d]
			index[d] = 0
		}
	}
	return out
}

// elements is the product of the dimensions; ok is false when one is negative or the product is above limit.
func elements(shape []int, limit int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			n = 0
		}
	}
	if n == 0 {
		return 0, true
	}
	for _, d := range shape {
		if n > limit/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// Budget for what compressed data may unpack to: a hostile file of n bytes costs at most this.
const (
	unpackedBase  = 64 << 20
	unpackedRatio = 100
)

func unpackedLimit(size int64) int64 { return unpackedBase + unpackedRatio*size }

type format int

const (
	formatText format = iota
	formatMAT
	formatNPY
	formatNPZ
)

// Open reads a record from a CSV or text table, a MAT file of version 5 to 7, an npy or an npz file; the content
// decides, not the name.
func Open(path string, o Options) (*Record, error) {
	f, err := sniff(path)
	if err != nil {
		return nil, err
	}
	if f == formatText {
		return openCSV(path, o)
	}
	arrays, err := ReadArrays(path)
	if err != nil {
		return nil, err
	}
	return fromArrays(path, arrays, o)
}

// ReadArrays reads all numeric arrays of a MAT, npy or npz file as they are, in the order of the file.
func ReadArrays(path string) ([]Array, error) {
	f, err := sniff(path)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var arrays []Array
	switch f {
	case formatMAT:
		arrays, err = parseMAT(data)
	case formatNPY:
		var a Array
		a, err = parseNPY(data)
		a.Name = baseName(path)
		arrays = []Array{a}
	case formatNPZ:
		arrays, err = parseNPZ(data)
	default:
		err = &FileError{Problem: "the file holds text, expected a MAT, npy or npz file"}
	}
	if err != nil {
		if fe, ok := err.(*FileError); ok {
			fe.File = path
			return nil, fe
		}
		return nil, &FileError{File: path, Problem: err.Error()}
	}
	return arrays, nil
}

// sniff finds the format from the first bytes.
func sniff(path string) (format, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close() // read only
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return 0, &FileError{File: path, Problem: "this is a folder, expected a data file"}
	}
	head := make([]byte, 1024)
	n, _ := f.ReadAt(head, 0) // a short file is a text file or refused there
	head = head[:n]
	fail := func(problem, fix string) (format, error) {
		return 0, &FileError{File: path, Problem: problem, Fix: fix}
	}
	hdf5 := []byte("\x89HDF\r\n\x1a\n")
	switch {
	case bytes.HasPrefix(head, []byte("\x93NUMPY")):
		return formatNPY, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return formatNPZ, nil
	case bytes.HasPrefix(head, []byte("MATLAB 7.3")) || n >= 520 && bytes.Equal(head[512:520], hdf5):
		return fail("the file is a MAT file of version 7.3 (HDF5), which is not read yet", "In MATLAB save it with -v7: save('data.mat','u','y','Ts','-v7')")
	case bytes.HasPrefix(head, hdf5):
		return fail("the file is HDF5, which is not read yet", "Export CSV, npz or a MAT file saved with -v7")
	case n >= 128 && matEndian(head) != nil:
		return formatMAT, nil
	case bytes.HasPrefix(head, []byte("PAR1")):
		return fail("the file is Parquet, which is not read", "Export CSV or npz")
	case bytes.HasPrefix(head, []byte("MDF ")):
		return fail("the file is ASAM MDF, which is not read yet", "Export CSV")
	case strings.EqualFold(filepath.Ext(path), ".mat") && bytes.IndexByte(head, 0) >= 0:
		return fail("the file is no MAT file of version 5 to 7; it may be version 4 or damaged", "In MATLAB save it with -v7")
	}
	return formatText, nil
}
