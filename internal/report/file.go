package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// format names the JSON file's format and version.
const format = "plumb-report/1"

// envelope is the file: the report with its format in front.
type envelope struct {
	Format string `json:"format"`
	*Report
}

// WriteFile stores the report as JSON, replacing the file whole or not at all.
func WriteFile(path string, r *Report) error {
	return replace(path, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(envelope{format, r})
	})
}

// ReadFile reads what WriteFile stored.
func ReadFile(path string) (*Report, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	e := envelope{Report: new(Report)}
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fmt.Errorf("report: %s is not a report: %w", path, err)
	}
	if e.Format != format {
		return nil, fmt.Errorf("report: %s has format %q, expected %q; draw it with the version that wrote it", path, e.Format, format)
	}
	return e.Report, nil
}

// RenderFile writes the report as an HTML file, replacing the file whole or not at all.
func RenderFile(path string, r *Report) error {
	return replace(path, func(w io.Writer) error { return Render(w, r) })
}

func replace(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	w := bufio.NewWriter(f)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("report: write %s: %w", path, err)
	}
	return nil
}
