// Command lmi measures the semidefinite solver beside CSDP, SDPA, DSDP and CVXOPT: the same problem in turn, one thread,
// CPU time of the solve, medians over rounds. bench/README.md says which packages to install and what is subtracted.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// result is one row of the table; times are milliseconds of CPU time.
type result struct {
	Case       string             `json:"case"`
	Form       string             `json:"form"` // elements, lmi, quad, warm
	Plumb      float64            `json:"plumb_ms"`
	Compile    float64            `json:"compile_ms"`
	Iterations int                `json:"iterations"`
	Objective  float64            `json:"objective"`
	Status     string             `json:"status"`
	Peers      map[string]float64 `json:"peers_ms"`
	Ratios     map[string]float64 `json:"ratios"` // above one Plumb is faster
	Values     map[string]float64 `json:"peer_objectives"`
}

func main() {
	data := flag.String("data", filepath.Join(os.Getenv("PLUMB_DATA"), "lmi"), "folders with .dat-s files, separated by commas")
	only := flag.String("cases", ".", "regular expression of the cases to run, matched against NAME/FORM")
	rounds := flag.Int("rounds", 3, "rounds, each measuring every solver once")
	peers := flag.String("peers", "csdp,sdpa,dsdp,cvxopt", "peers to run")
	python := flag.String("python", "/usr/bin/python3", "interpreter that has cvxopt")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	b := bench{rounds: *rounds, peers: strings.FieldsFunc(*peers, func(r rune) bool { return r == ',' }), python: *python, asJSON: *asJSON}
	if err := b.run(strings.Split(*data, ","), *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	rounds int
	peers  []string
	python string
	asJSON bool
	dir    string // scratch
}

func (b *bench) run(folders []string, only string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "plumb-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	var files []string
	for _, f := range folders {
		m, _ := filepath.Glob(filepath.Join(f, "*.dat-s"))
		files = append(files, m...)
	}
	if len(files) == 0 {
		return fmt.Errorf("no .dat-s files in %s: give -data or PLUMB_DATA", strings.Join(folders, ", "))
	}
	if !b.asJSON {
		fmt.Printf("%-16s %-9s %9s %5s", "case", "form", "plumb ms", "iter")
		for _, p := range b.peers {
			fmt.Printf(" %9s %6s", p, "ratio")
		}
		fmt.Println("  objective")
	}
	var results []result
	for _, file := range files {
		cases, err := casesOf(file)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if !pattern.MatchString(c.name + "/" + c.form) {
				continue
			}
			r, err := b.measure(c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			results = append(results, r)
			if !b.asJSON {
				b.print(r)
			}
		}
	}
	if b.asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(results)
	}
	return nil
}

func (b *bench) print(r result) {
	fmt.Printf("%-16s %-9s %9.3f %5d", r.Case, r.Form, r.Plumb, r.Iterations)
	for _, p := range b.peers {
		if v, ok := r.Peers[p]; ok {
			fmt.Printf(" %9.3f %6.2f", v, r.Ratios[p])
		} else {
			fmt.Printf(" %9s %6s", "-", "-")
		}
	}
	fmt.Printf("  %.9g %s", r.Objective, r.Status)
	for _, p := range b.peers {
		if v, ok := r.Values[p]; ok && math.Abs(v-r.Objective) > 1e-6*(1+math.Abs(v)) {
			fmt.Printf("  (%s: %.7g)", p, v)
		}
	}
	fmt.Println()
}

// measure runs ours and every peer in turn.
func (b *bench) measure(c *benchCase) (result, error) {
	r := result{Case: c.name, Form: c.form, Peers: map[string]float64{}, Ratios: map[string]float64{}, Values: map[string]float64{}}
	begin := cpu()
	if err := c.compile(); err != nil {
		return r, err
	}
	r.Compile = ms(cpu() - begin)
	var ours []float64
	theirs := map[string][]float64{}
	for range b.rounds {
		t, err := sample(c)
		if err != nil {
			return r, err
		}
		ours = append(ours, t)
		for _, p := range b.peers {
			file, quad := c.peerFile(p)
			if file == "" {
				continue
			}
			t, value, err := b.peer(p, file, quad)
			if err != nil {
				fmt.Fprintf(os.Stderr, "bench: %s on %s: %v\n", p, c.name, err)
				continue
			}
			theirs[p] = append(theirs[p], t)
			r.Values[p] = value
		}
	}
	r.Plumb, r.Iterations, r.Objective, r.Status = median(ours), c.iterations, c.objective, c.status
	for p, t := range theirs {
		r.Peers[p] = median(t)
		r.Ratios[p] = r.Peers[p] / r.Plumb
	}
	return r, nil
}

// sample returns milliseconds per solve, from as many solves as take 30 ms; garbage is collected before, so that the
// collector's own time is not counted with a solve that makes none.
func sample(c *benchCase) (float64, error) {
	debug.FreeOSMemory()
	if err := c.solve(context.Background()); err != nil {
		return 0, err
	}
	begin, n := cpu(), 0
	for cpu()-begin < 30*time.Millisecond {
		if err := c.solve(context.Background()); err != nil {
			return 0, err
		}
		n++
	}
	return ms(cpu()-begin) / float64(n), nil
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
