package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func render(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := Render(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "report.html"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLook(t *testing.T) {
	render(t, sample())
}
func TestLook2(t *testing.T) {
	render(t, steppedDown())
	s, err := Picture(sample(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(t.ArtifactDir(), "p.svg"), []byte(s), 0o644)
}
