package cli

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/kernel"
)

// Files of a run.
const (
	runFileName    = "run.json"
	checkpointName = "checkpoint.json"
	reportData     = "report.json"
	reportPage     = "report.html"
)

// runFile is run.json: what was asked for and, once the run has ended, the steps of each fit, so that rerun can repeat
// them, and the result.
type runFile struct {
	Version      string        `json:"version"`
	Command      string        `json:"command"` // as typed
	Flags        identifyFlags `json:"flags"`
	Platform     string        `json:"platform"`
	DataSHA256   string        `json:"data_sha256"` // canonical content of the data set, not of a file
	Stages       []ident.Stage `json:"stages,omitempty"`
	BundleSHA256 string        `json:"bundle_sha256,omitempty"`
	Result       *result       `json:"result,omitempty"`
}

func readRun(name string) (*runFile, error) {
	var r runFile
	if err := readJSON(name, &r); err != nil {
		return nil, err
	}
	if r.Version == "" || r.Flags.Data == "" {
		return nil, fmt.Errorf("%s is not the run.json of an identification", name)
	}
	return &r, nil
}

// platform is what decides, besides the options, whether a repeated run gives the same bytes.
func platform() string {
	return fmt.Sprintf("%s %s/%s, %s kernels", runtime.Version(), runtime.GOOS, runtime.GOARCH, kernel.Set())
}

// typed joins the arguments to the command line that the user may paste into a shell.
func typed(args []string) string {
	var b strings.Builder
	b.WriteString("plumb")
	for _, a := range args {
		b.WriteByte(' ')
		b.WriteString(quoted(a))
	}
	return b.String()
}

func quoted(a string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r)
	}
	if a != "" && strings.IndexFunc(a, func(r rune) bool { return !plain(r) }) < 0 {
		return a
	}
	return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
}
