// Package bundle writes and reads .plumb files: one model or system, its certificate and a card for people. docs/bundle.md
// and docs/system-bundle.md are the formats. Reading is that of package cert, so a file that can be read here can be judged there.
//
// Equal content gives equal bytes: entries are stored, not compressed, in a fixed order with a fixed time, and numbers have
// one spelling.
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/plumb-go/plumb/cert"
)

// The parts of a bundle are defined by the checker's reader.
type (
	Manifest    = cert.Manifest
	Signal      = cert.Signal
	Limits      = cert.Limits
	Range       = cert.Range
	Member      = cert.Member
	Block       = cert.Block
	Filter      = cert.Filter
	Provenance  = cert.Provenance
	Tensor      = cert.Tensor
	Certificate = cert.Certificate
	Witness     = cert.Witness
	Gain        = cert.Gain
	CellWitness = cert.CellWitness
	System      = cert.System
	Square      = cert.Square
)

// Model is the content of a bundle. The hashes in Manifest and Certificate are computed when writing.
type Model struct {
	Manifest    Manifest
	Tensors     []Tensor     // in any order
	Certificate *Certificate // nil: nothing is claimed
	Card        string       // Markdown
}

// Write writes the file to w and returns an error when the content does not follow the format. It does not ask whether the
// claim is true: that is what cert.Check is for.
func Write(w io.Writer, m *Model) error {
	data, err := encode(m)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

// WriteFile writes the file in one step: a reader sees the old content or the new, never a part.
func WriteFile(path string, m *Model) error {
	data, err := encode(m)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	defer os.Remove(f.Name()) // fails, as it should, once the file is renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

// Read reads a bundle of the given size; its error is a *cert.MalformedError when the file breaks the format.
func Read(r io.ReaderAt, size int64) (*Model, error) {
	b, err := cert.Open(r, size)
	if err != nil {
		return nil, err
	}
	return model(b), nil
}

// ReadFile reads a bundle from a file.
func ReadFile(path string) (*Model, error) {
	b, err := cert.OpenFile(path)
	if err != nil {
		return nil, err
	}
	return model(b), nil
}

func model(b *cert.Bundle) *Model {
	return &Model{Manifest: b.Manifest(), Tensors: b.Tensors(), Certificate: b.Certificate(), Card: b.Card()}
}

// Sum returns the SHA-256 of the file that Write would write, in hexadecimal.
func Sum(m *Model) (string, error) {
	data, err := encode(m)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Check writes the model into memory and lets the checker judge those bytes.
func Check(m *Model) (cert.Verdict, error) {
	data, err := encode(m)
	if err != nil {
		return cert.Verdict{}, err
	}
	b, err := cert.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return cert.Verdict{}, fmt.Errorf("bundle: %w", err)
	}
	return cert.Check(b), nil
}

// encode renders the file and reads it back, so that nothing malformed is ever written.
func encode(m *Model) ([]byte, error) {
	weights, err := safetensors(m.Tensors)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	sum := sha256.Sum256(weights)
	hash := hex.EncodeToString(sum[:])
	entries := []entry{{"manifest.json", nil}, {"weights.safetensors", weights}}
	if entries[0].data, err = manifestJSON(&m.Manifest, hash); err != nil {
		return nil, fmt.Errorf("bundle: manifest: %w", err)
	}
	if m.Certificate != nil {
		text, err := certificateJSON(m.Certificate, &m.Manifest, hash)
		if err != nil {
			return nil, fmt.Errorf("bundle: certificate: %w", err)
		}
		entries = append(entries, entry{"certificate.json", text})
	}
	data := archive(append(entries, entry{"card.md", []byte(m.Card)}))
	if _, err := cert.Open(bytes.NewReader(data), int64(len(data))); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	return data, nil
}
