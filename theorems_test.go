package module_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var quoted = regexp.MustCompile("`([^`]+)`")

// TestTheoremsNameRealThings reads the table of THEOREMS.md: every proof file, symbol and test in it must exist.
func TestTheoremsNameRealThings(t *testing.T) {
	text, err := os.ReadFile("THEOREMS.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 7 || !regexp.MustCompile(`^\s*T\d+\s*$`).MatchString(cells[1]) {
			continue
		}
		rows++
		id := strings.TrimSpace(cells[1])
		if f := strings.TrimSpace(cells[3]); !isFile(f) {
			t.Errorf("%s: proof file %q does not exist", id, f)
		}
		for _, cell := range cells[4:6] {
			names := quoted.FindAllStringSubmatch(cell, -1)
			if len(names) == 0 {
				t.Errorf("%s: no symbol or test named in %q", id, cell)
			}
			for _, m := range names {
				dot := strings.LastIndex(m[1], ".")
				if dot < 0 || !declares(t, m[1][:dot], m[1][dot+1:]) {
					t.Errorf("%s: %s does not exist", id, m[1])
				}
			}
		}
	}
	if rows < 1 {
		t.Error("no rows were read; has the table changed its form?")
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
