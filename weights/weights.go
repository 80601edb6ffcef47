// Package weights reads the named arrays of networks that were trained elsewhere: safetensors files and NumPy's npz.
//
// Numbers are read exactly: float16, bfloat16, float32 and small integers are float64 numbers, and a 64-bit integer
// beyond 2^53, which is not one, is refused. What the arrays mean is not decided here; see lstm.FromTorch. Files that
// need a framework to be read, such as PyTorch's pickles, are refused with the line that converts them.
package weights

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/plumb-go/plumb/dataset"
)

// Array is a named array in row-major order. The shape of a single number is empty.
type Array struct {
	Shape []int
	Data  []float64
}

// maxFile bounds what is read into memory; a .plumb file holds at most 64 MiB of weights.
const maxFile = 256 << 20

// Read reads all arrays of a .safetensors or .npz file by name; the content decides, not the name of the file. Errors
// name the file and the array.
func Read(path string) (map[string]Array, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("weights: %s has %d bytes, at most %d are read", path, info.Size(), maxFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	if hint := foreign(data, path); hint != "" {
		return nil, fmt.Errorf("weights: %s %s", path, hint)
	}
	if bytes.HasPrefix(data, []byte("PK")) {
		return npz(path)
	}
	out, err := safetensors(data)
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	return out, nil
}

// npz reads an archive of NumPy arrays. A name that appears twice, text, records and Python objects are errors there.
func npz(path string) (map[string]Array, error) {
	list, err := dataset.ReadArrays(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	out := map[string]Array{}
	for _, a := range list {
		out[a.Name] = Array{Shape: a.Shape, Data: a.Data}
	}
	return out, nil
}

// foreign recognises files of other formats and says how to convert them; "" for what may be read here.
func foreign(data []byte, path string) string {
	const torch = "in Python: from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors'), " +
		"or numpy.savez('model.npz', **{k: v.numpy() for k, v in model.state_dict().items()})"
	has := func(prefix string) bool { return bytes.HasPrefix(data, []byte(prefix)) }
	ext := strings.ToLower(filepath.Ext(path))
	switch {
	case len(data) == 0:
		return "is empty"
	case has("PK") && bytes.Contains(data, []byte("data.pkl")), has("\x80") && ext != ".safetensors" && ext != ".npz":
		return "is a pickle of PyTorch or Python, which can only be read by running it; save the arrays: " + torch
	case has("PK") && bytes.Contains(data, []byte("model.weights.h5")), has("\x89HDF"):
		return "is a Keras or HDF5 file; save the arrays, in Python: numpy.savez('model.npz', **{w.path: w.numpy() for w in model.weights})"
	case has("\x93NUMPY"):
		return "holds one array without a name; save all arrays of the network with numpy.savez"
	case has("version https://git-lfs"):
		return "is a pointer of Git LFS, not the file itself; fetch it with git lfs pull"
	case ext == ".onnx":
		return "is an ONNX graph, which is not read; save the arrays of the network it was exported from, " + torch
	}
	return ""
}
