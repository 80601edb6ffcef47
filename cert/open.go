package cert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
		switch e := recover().(type) {
		case nil:
		case *MalformedError:
			b, err = nil, e
		default:
			panic(e)
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
	if b.manifest.WeightsSHA256 != want {
		malformed(manifestEntry, "weights_sha256", "want the hash of the weights, %s", want)
	}
	b.tensors = readTensors(weights)
	for _, t := range b.tensors {
		b.byName[t.Name] = t
	}
	b.manifest.checkTensors(b.byName)
	if text, ok := entries[certificateEntry]; ok {
		b.certificate = readCertificate(text, &b.manifest, b.byName)
		if b.certificate.WeightsSHA256 != want {
			malformed(certificateEntry, "weights_sha256", "want the hash of the weights, %s", want)
		}
	}
	return b
}
