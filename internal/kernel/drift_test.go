package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGeneratedFilesAreCurrent runs the generator and compares with the committed files, all but the first line, which
// holds the command.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command("go", args...)
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOARCH=", "GOOS=")
		return cmd
	}
	if out, err := command("-C", "gen", "list", "-deps", ".").CombinedOutput(); err != nil {
		t.Skipf("the generator's modules are not here; get them with \"go -C internal/kernel/gen mod download\" (%s)",
			bytes.TrimSpace(out))
	}
	// Read the generator here too: the cache of test results knows only files that the test itself opens.
	sources, err := filepath.Glob("gen/*")
	if err != nil || len(sources) == 0 {
		t.Fatal("no generator in gen: ", err)
	}
	for _, file := range sources {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	body := func(file string) string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(b, []byte("\n"))
		return string(rest)
	}
	for _, set := range []string{"gemm", "map", "step", "cell"} {
		asm, stubs := set+"_amd64.s", set+"_amd64.go"
		out, err := command("-C", "gen", "run", ".", "-set", set, "-pkg", "kernel",
			"-out", filepath.Join(dir, asm), "-stubs", filepath.Join(dir, stubs)).CombinedOutput()
		if err != nil {
			t.Fatalf("generator: %v\n%s", err, out)
		}
		for _, file := range []string{asm, stubs} {
			if body(file) != body(filepath.Join(dir, file)) {
				t.Errorf("%s differs from what the generator writes: run go generate in internal/kernel", file)
			}
		}
	}
}
