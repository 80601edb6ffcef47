package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// csdpParameters are CSDP's defaults, with the number of iterations left open.
const csdpParameters = `axtol=1.0e-8
atytol=1.0e-8
objtol=1.0e-8
pinftol=1.0e8
dinftol=1.0e8
maxiter=%d
minstepfrac=0.90
maxstepfrac=0.97
minstepp=1.0e-8
minstepd=1.0e-8
usexzgap=1
tweakgap=0
affine=0
printlevel=1
perturbobj=1
fastmode=0
`

// peer solves a file and returns milliseconds of CPU time of the solve, start and reading subtracted, and the objective.
func (b *bench) peer(name, file, quad string) (float64, float64, error) {
	switch name {
	case "csdp":
		return b.csdp(file)
	case "sdpa":
		return b.sdpa(file)
	case "dsdp":
		return b.dsdp(file)
	case "cvxopt":
		return b.cvxopt(file, quad)
	}
	return 0, 0, fmt.Errorf("no such peer: expected csdp, sdpa, dsdp or cvxopt")
}

// start runs a command in the scratch folder and returns CPU milliseconds and output; exit statuses are not looked at,
// since some solvers answer with them.
func (b *bench) start(name string, args ...string) (float64, string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = b.dir
	cmd.Env = []string{"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "OPENBLAS_") && !strings.HasPrefix(kv, "OMP_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return 0, "", err
	}
	return ms(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()), string(out), nil
}

func (b *bench) csdp(file string) (float64, float64, error) {
	run := func(iterations int) (float64, string, error) {
		p := filepath.Join(b.dir, "param.csdp")
		if err := os.WriteFile(p, fmt.Appendf(nil, csdpParameters, iterations), 0o644); err != nil {
			return 0, "", err
		}
		return b.start("csdp", file)
	}
	idle, _, err := run(0)
	if err != nil {
		return 0, 0, err
	}
	t, out, err := run(100)
	if err != nil {
		return 0, 0, err
	}
	v, err := number(out, `Dual objective value: *(\S+)`)
	return t - idle, v, err
}

// sdpaParameters are SDPA's defaults, with the number of iterations left open and no matrices printed.
const sdpaParameters = `%d unsigned int maxIteration;
1.0E-7 double 0.0 < epsilonStar;
1.0E2 double 0.0 < lambdaStar;
2.0 double 1.0 < omegaStar;
-1.0E5 double lowerBound;
1.0E5 double upperBound;
0.1 double 0.0 <= betaStar < 1.0;
0.2 double 0.0 <= betaBar < 1.0, betaStar <= betaBar;
0.9 double 0.0 < gammaStar < 1.0;
1.0E-7 double 0.0 < epsilonDash;
NOPRINT
NOPRINT
NOPRINT
%%+10.16e
`

func (b *bench) sdpa(file string) (float64, float64, error) {
	run := func(iterations int) (float64, string, error) {
		p := filepath.Join(b.dir, "param.sdpa")
		if err := os.WriteFile(p, fmt.Appendf(nil, sdpaParameters, iterations), 0o644); err != nil {
			return 0, "", err
		}
		return b.start("sdpa", "-ds", file, "-p", p, "-o", filepath.Join(b.dir, "sdpa.out"), "-numThreads", "1")
	}
	idle, _, err := run(0)
	if err != nil {
		return 0, 0, err
	}
	t, out, err := run(100)
	if err != nil {
		return 0, 0, err
	}
	v, err := number(out, `objValPrimal *= *(\S+)`)
	return t - idle, v, err
}

func (b *bench) dsdp(file string) (float64, float64, error) {
	idle, _, err := b.start("dsdp5", file, "-maxit", "0")
	if err != nil {
		return 0, 0, err
	}
	t, out, err := b.start("dsdp5", file)
	if err != nil {
		return 0, 0, err
	}
	v, err := number(out, `DSDP Solution: *(\S+)`)
	return t - idle, -v, err
}

func (b *bench) cvxopt(file, quad string) (float64, float64, error) {
	_, source, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(source), "peer_cvxopt.py")
	_, out, err := b.start(b.python, script, file, quad)
	if err != nil {
		return 0, 0, err
	}
	t, err := number(out, `ms (\S+)`)
	if err != nil {
		return 0, 0, err
	}
	v, err := number(out, `objective (\S+)`)
	return t, v, err
}

func number(out, pattern string) (float64, error) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("no %q in the output, which ends %q", pattern, out[max(0, len(out)-200):])
	}
	return strconv.ParseFloat(m[1], 64)
}
