// Package benchmark knows the official splits, windows, units and checksums of public identification benchmarks. The
// measured files are not part of Plumb; they are read from a folder that the user names.
//
// What Open returns is an ordinary set: the same samples read from a plain file with the same names, units, sampling
// time, split and window have the same content hash (dataset.Set.Sum), so no result can depend on the benchmark's name.
//
// The benchmarks have no official validation part; Validation is empty and training carves its own from the training
// part.
package benchmark

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/plumb-go/plumb/dataset"
)

// ErrUnknown marks a name that is no benchmark.
var ErrUnknown = errors.New("unknown benchmark")

// Names lists the benchmarks.
func Names() []string {
	var names []string
	for _, s := range table() {
		names = append(names, s.name)
	}
	return names
}

// Open reads a benchmark from the folder that holds its files, directly or in a folder of the benchmark's name. Every
// file must have the known SHA-256. The error names the benchmark, the file and what was expected.
func Open(name, dir string) (*dataset.Set, error) {
	for _, s := range table() {
		if s.name == name {
			set, err := s.open(dir)
			if err != nil {
				return nil, fmt.Errorf("benchmark: %s: %w", name, err)
			}
			return set, nil
		}
	}
	return nil, fmt.Errorf("benchmark: %w %q; there are %s", ErrUnknown, name, strings.Join(Names(), ", "))
}

func (s *spec) open(dir string) (*dataset.Set, error) {
	columns := make([]map[string][]float64, len(s.files))
	for i, f := range s.files {
		var err error
		if columns[i], err = s.read(f, dir); err != nil {
			return nil, err
		}
	}
	rec := &dataset.Record{Name: s.name, Ts: s.ts}
	rec.Signals = append(append(rec.Signals, s.inputs...), s.outputs...)
	for _, e := range s.experiments {
		x := dataset.Experiment{Name: e.name}
		for _, src := range e.sources {
			col, ok := columns[src.file][src.column]
			if !ok {
				return nil, fmt.Errorf("%s has no column %q", s.files[src.file].name, src.column)
			}
			x.Data = append(x.Data, scaled(col, src.scale))
		}
		rec.Experiments = append(rec.Experiments, x)
	}
	set := &dataset.Set{Record: rec, Train: s.train, Test: s.test, Notes: append([]string{"Data: " + s.cite + "."}, s.notes...)}
	for i := range rec.Signals {
		if i < len(s.inputs) {
			set.Inputs = append(set.Inputs, i)
		} else {
			set.Outputs = append(set.Outputs, i)
		}
	}
	return set, set.Check()
}

func scaled(col []float64, scale float64) []float64 {
	out := make([]float64, len(col))
	for k, v := range col {
		if scale != 0 && scale != 1 {
			v *= scale
		}
		out[k] = v
	}
	return out
}

// read finds a file, compares its hash and returns its columns by name.
func (s *spec) read(f file, dir string) (map[string][]float64, error) {
	path := filepath.Join(dir, f.name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(dir, s.folder, f.name)
		data, err = os.ReadFile(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no file %s in %s or its folder %s; get it from the source (%s)", f.name, dir, s.folder, s.cite)
	}
	if err != nil {
		return nil, err
	}
	if err := f.verify(path, data); err != nil {
		return nil, err
	}
	if filepath.Ext(f.name) == ".npy" {
		return periods(path)
	}
	rec, err := dataset.ReadCSV(bytes.NewReader(data), path, int64(len(data)), dataset.Options{})
	if err != nil {
		return nil, err
	}
	columns := map[string][]float64{}
	for i, sig := range rec.Signals {
		columns[sig.Name] = rec.Experiments[0].Data[i]
	}
	return columns, nil
}

// verify compares the file's hash with the known one and says what the file is instead.
func (f file) verify(path string, data []byte) error {
	sum := sha256.Sum256(data)
	got := hex.EncodeToString(sum[:])
	if got == f.sha256 {
		return nil
	}
	what := "it was changed, cut off or converted"
	head := strings.ToLower(string(bytes.TrimSpace(data[:min(len(data), 512)])))
	switch {
	case len(data) == 0:
		what = "it is empty"
	case strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html"):
		what = "it is an HTML page, probably a login or error page instead of the download"
	case strings.HasPrefix(head, "version https://git-lfs"):
		what = "it is a Git LFS pointer instead of the file"
	case strings.HasPrefix(head, "pk\x03\x04"):
		what = "it is a zip archive; unpack it"
	}
	return fmt.Errorf("%s (%d bytes) has SHA-256 %s, expected %s: %s. Fetch the published file again", path, len(data), got, f.sha256, what)
}

// periods cuts an array (sample, channel, realisation, period) into columns "c1.r1" with the periods in sequence.
func periods(path string) (map[string][]float64, error) {
	arrays, err := dataset.ReadArrays(path)
	if err != nil {
		return nil, err
	}
	a := arrays[0]
	if len(a.Shape) != 4 {
		return nil, fmt.Errorf("%s has %d dimensions, expected 4: sample, channel, realisation, period", path, len(a.Shape))
	}
	columns := map[string][]float64{}
	for c := range a.Shape[1] {
		for r := range a.Shape[2] {
			var col []float64
			for p := range a.Shape[3] {
				for k := range a.Shape[0] {
					col = append(col, a.At(k, c, r, p))
				}
			}
			columns[fmt.Sprintf("c%d.r%d", c+1, r+1)] = col
		}
	}
	return columns, nil
}
