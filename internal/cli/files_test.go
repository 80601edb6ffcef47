package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/cert"
)

func TestStorable(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"valve", 8, "valve"}, {"", 8, ""}, {"µm/°C", 8, "µm/°C"}, {"a\tb\u00a0c", 8, "a?b?c"}, {"\xff", 8, "?"}, {"12345678", 8, "12345678"},
		{"123456789", 8, "12345…"}, {"ééééé", 8, "éé…"}, {strings.Repeat("x", 500), 56, strings.Repeat("x", 53) + "…"},
	} {
		if got := storable(c.in, c.most); got != c.want || len(got) > c.most || !cert.Printable(got) {
			t.Errorf("%q in %d bytes: %q, want %q", c.in, c.most, got, c.want)
		}
	}
}

// TestNamesAreChecked: a name that no model stores is refused before the training; long descriptions of loops are shortened.
func TestNamesAreChecked(t *testing.T) {
	dir := t.TempDir()
	csv := filepath.Join(dir, "n.csv")
	var b strings.Builder
	b.WriteString("u\u00a0volt,level\n")
	for i := range 400 {
		b.WriteString([]string{"1,0.5\n", "0,0.25\n", "-1,0.125\n"}[i*i%3])
	}
	if err := os.WriteFile(csv, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	_, errs, code := plumb(t, "identify", csv, "--inputs", "u\u00a0volt", "--outputs", "level", "--ts", "1", "--budget", "1s", "--out", filepath.Join(dir, "run"))
	if code != exitFailed || !strings.Contains(errs, "u\\u00a0volt") || !strings.Contains(errs, "rename the column") {
		t.Errorf("exit %d: %s", code, errs)
	}
	zeros := strings.Repeat(" 0.0000000", 30)
	out, errs, code := plumb(t, "margin", "tf: num=["+zeros+" 2] den=["+zeros+" 1 3 2 0]", "1", "--at", "input", "--certify", "--out", filepath.Join(dir, "loop"))
	if code != 0 || !strings.Contains(out, "PROVED") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
