package lmi

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/conic"
	"github.com/plumb-go/plumb/conic/ipm"
)

// TestFiles: near the optimum of every reference problem a point is found that satisfies all constraints for certain.
func TestFiles(t *testing.T) {
	dir := os.Getenv("PLUMB_DATA")
	if dir == "" {
		t.Skip("PLUMB_DATA names no folder with data")
	}
	files, err := filepath.Glob(filepath.Join(dir, "lmi", "*.dat-s"))
	if err != nil || len(files) == 0 {
		t.Skipf("no files in %s", filepath.Join(dir, "lmi"))
	}
	const share = 1e-4 // of the optimum, that a verified point may cost
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".dat-s")
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := conic.ReadSDPA(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if q, err := os.Open(strings.TrimSuffix(file, ".dat-s") + ".quad"); err == nil {
			err = conic.ReadQuad(q, p)
			q.Close()
			if err != nil {
				t.Fatal(err)
			}
		}
		if testing.Short() && len(p.C) > 200 {
			continue
		}
		s, proof, x, value, err := Interior(t.Context(), ipm.Solver{}, p, conic.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !proof.Verified || len(x) != len(p.C) || math.Abs(value-s.Primal) > share*math.Abs(s.Primal) {
			t.Errorf("%s: %v, objective %.9g, verified %v at %.9g %s", name, s.Status, s.Primal, proof.Verified, value, proof.Reason)
		}
	}
}
