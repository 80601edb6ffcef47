package module_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/plumb-go/plumb"

// layers is policy: a package may import only packages in earlier rows. Do not move a package down to make a build
// pass; write an ADR first.
var layers = []string{
	"cert internal/kernel internal/interval internal/linalg internal/parallel internal/rng internal/plot internal/testkit metric dataset conic",
	"conic/ipm conic/conictest",
	"lmi",
	"bundle expr grad nn/seq nn/direct dataset/benchmark dataset/describe weights",
	"nn model lti deploy plant plant/brakebywire grad/gradtest",
	"train model/witness model/falsify lti/sysfile system",
	"model/r2dn model/ssm model/lure model/gated model/linear model/lstm stability plant/systems",
	"ident",
	"internal/report",
	"repro",
	"internal/cli",
	"cmd/plumb cmd/plumb-check bench bench/lmi",
}

// thirdParty lists what a package outside the standard library and this module may be imported by; a prefix of the
// import path decides. Packages not listed may be imported by nobody.
var thirdParty = map[string][]string{
	"gonum.org/v1/gonum/":          {"bench/lmi", "lmi", "model", "model/witness", "model/linear", "model/ssm", "nn/direct", "internal/linalg", "train", "ident", "lti", "lti/sysfile", "stability", "repro", "internal/cli", "system", "plant/systems"},
	"golang.org/x/sys/cpu":         {"internal/kernel"},
	"golang.org/x/term":            {"internal/cli"},
	"github.com/spf13/":            {"internal/cli", "cmd/plumb"},
	"github.com/vbauerster/mpb/v8": {"internal/cli"},
	"github.com/goccy/go-yaml":     {"dataset/describe", "system", "lti/sysfile"},
}

func TestLayers(t *testing.T) {
	layer := map[string]int{}
	for i, row := range layers {
		for _, p := range strings.Fields(row) {
			layer[p] = i + 1
		}
	}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && exists(filepath.Join(file, "go.mod")) {
			return filepath.SkipDir // a module of its own, such as the kernel generator
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		if pkg == "." || strings.HasPrefix(pkg, "examples/") {
			return nil
		}
		if layer[pkg] == 0 {
			t.Errorf("%s: package %s is in no layer", file, pkg)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imp, _ := strconv.Unquote(spec.Path.Value)
			dep, ours := strings.CutPrefix(imp, module+"/")
			if ours && layer[dep] >= layer[pkg] {
				t.Errorf("%s: %s (layer %d) imports %s (layer %d)", file, pkg, layer[pkg], dep, layer[dep])
			}
			outside := !ours && strings.Contains(strings.Split(imp, "/")[0], ".")
			if pkg == "cert" && (ours || outside) {
				t.Errorf("%s: cert must import only the standard library, not %s", file, imp)
			}
			if pkg == "cmd/plumb-check" && (outside || ours && dep != "cert") {
				t.Errorf("%s: plumb-check must link cert only, not %s", file, imp)
			}
			if outside && !allowed(imp, pkg) {
				t.Errorf("%s: %s may not import %s", file, pkg, imp)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func allowed(imp, pkg string) bool {
	for prefix, users := range thirdParty {
		if strings.HasPrefix(imp, prefix) {
			for _, u := range users {
				if u == pkg {
					return true
				}
			}
		}
	}
	return false
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
