package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// peer is a Python process that measures cases by name.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startPeer(python string) (*peer, error) {
	_, file, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(file), "peer.py")
	cmd := exec.Command(python, script)
	cmd.Env = []string{"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1"}
	for _, kv := range os.Environ() { // an OpenBLAS told which processor to assume would not show its best
		if !strings.HasPrefix(kv, "OPENBLAS_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w (use -python '' to run without PyTorch)", err)
	}
	return &peer{cmd, in, bufio.NewReader(out)}, nil
}

// measure has the peer run a case and returns microseconds of CPU time.
func (p *peer) measure(name string) (float64, error) {
	if _, err := fmt.Fprintln(p.in, name); err != nil {
		return 0, fmt.Errorf("the Python side has ended: %w", err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("the Python side gave no answer to %s: %w", name, err)
	}
	var answer struct {
		Case string  `json:"case"`
		US   float64 `json:"us"`
	}
	if err := json.Unmarshal([]byte(line), &answer); err != nil || answer.Case != name {
		return 0, fmt.Errorf("the Python side answered %q to %s", strings.TrimSpace(line), name)
	}
	return answer.US, nil
}

func (p *peer) stop() {
	p.in.Close()
	p.cmd.Wait()
}
