package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// writeAtomic writes a file beside its place and renames it, so that a reader never sees half of it.
func writeAtomic(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails when the rename succeeded
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return err
}

func writeJSON(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return writeAtomic(name, append(data, '\n'))
}

func readJSON(name string, v any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// runDir returns the folder of a run: as asked for, else runs/NAME, with a number behind it when that exists.
func runDir(out, name string) (string, error) {
	dir := out
	if dir == "" {
		dir = filepath.Join("runs", name)
		for i := 2; ; i++ {
			if _, err := os.Stat(dir); os.IsNotExist(err) {
				break
			}
			dir = filepath.Join("runs", fmt.Sprintf("%s-%d", name, i))
		}
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// slug makes a file name of a data name.
func slug(s string) string {
	s = strings.TrimSuffix(filepath.Base(s), filepath.Ext(s))
	if i := strings.IndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			b.WriteRune(r)
		} else {
			b.WriteByte('-')
		}
	}
	if b.Len() == 0 {
		return "run"
	}
	return b.String()
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// removeIfThere removes a file that may not exist. What is left behind on failure does no harm.
func removeIfThere(name string) { os.Remove(name) }

// storable makes a text one that a bundle stores: what does not print becomes ?, what is beyond most bytes becomes an ellipsis.
func storable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
	const more = "…"
	if len(s) <= most {
		return s
	}
	cut := 0
	for i := range s {
		if i > most-len(more) {
			break
		}
		cut = i
	}
	return s[:cut] + more
}
