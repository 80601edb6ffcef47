package module_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leastRows guards against a table whose form the test no longer understands: rows are added, not lost.
const leastRows = 39

var (
	quoted  = regexp.MustCompile("`([^`]+)`")
	rowName = regexp.MustCompile(`^T\d+$`)
)

// TestTheoremsNameRealThings reads the tables of THEOREMS.md: every proof file, symbol, test and example in them must
// exist. An example is an Example function, a folder examples/NAME, or the word none.
func TestTheoremsNameRealThings(t *testing.T) {
	text, err := os.ReadFile("THEOREMS.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|") // an escaped bar belongs to the text
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) < 2 || !rowName.MatchString(cells[1]) {
			continue
		}
		id := cells[1]
		if len(cells) != 8 {
			t.Errorf("%s: %d columns, want 6", id, len(cells)-2)
			continue
		}
		if seen[id] {
			t.Errorf("%s: two rows have this number", id)
		}
		seen[id] = true
		if f := cells[3]; !isFile(f) {
			t.Errorf("%s: proof file %q does not exist", id, f)
		}
		checkNames(t, id, cells[4], "")
		checkNames(t, id, cells[5], "Test", "Fuzz")
		if cells[6] != "none" {
			checkNames(t, id, cells[6], "Example")
		}
	}
	if len(seen) < leastRows {
		t.Errorf("%d rows were read, there were %d; have the tables changed their form?", len(seen), leastRows)
	}
}

// checkNames requires that a cell names at least one thing, that each exists, and that each begins as its column demands.
func checkNames(t *testing.T, id, cell string, prefixes ...string) {
	t.Helper()
	names := quoted.FindAllStringSubmatch(cell, -1)
	if len(names) == 0 {
		t.Errorf("%s: nothing is named in %q", id, cell)
	}
	for _, m := range names {
		if strings.HasPrefix(m[1], "examples/") {
			if !isFile(filepath.Join(m[1], "main.go")) || prefixes[0] != "Example" {
				t.Errorf("%s: there is no example %s", id, m[1])
			}
			continue
		}
		dot := strings.LastIndex(m[1], ".")
		if dot < 0 || !declares(t, m[1][:dot], m[1][dot+1:]) {
			t.Errorf("%s: %s does not exist", id, m[1])
			continue
		}
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(m[1][dot+1:], p) }) {
			t.Errorf("%s: %s stands in the column of %s", id, m[1], strings.Join(prefixes, " or "))
		}
	}
}

func isFile(name string) bool {
	s, err := os.Stat(name)
	return err == nil && s.Mode().IsRegular()
}

// declares reports whether some Go file of the package folder declares the name at top level.
func declares(t *testing.T, dir, name string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == name {
					return true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						if s.Name.Name == name {
							return true
						}
					case *ast.ValueSpec:
						for _, n := range s.Names {
							if n.Name == name {
								return true
							}
						}
					}
				}
			}
		}
	}
	return false
}
