// Command bench measures Plumb beside PyTorch: the same case on both sides in turn, one thread, CPU time of the whole
// process, medians over rounds. See README.md for the peers to install and for how to add a case.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
)

// result is one row of the table; times are microseconds of CPU time.
type result struct {
	Case   string    `json:"case"`
	Plumb  float64   `json:"plumb_us"`
	Torch  float64   `json:"torch_us,omitempty"`
	Ratio  float64   `json:"ratio,omitempty"` // Torch / Plumb: above one Plumb is faster
	Rounds []float64 `json:"round_ratios,omitempty"`
}

func main() {
	rounds := flag.Int("rounds", 7, "rounds, each measuring Plumb and PyTorch once per case")
	only := flag.String("cases", ".", "regular expression of the cases to run")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	python := flag.String("python", "/usr/bin/python3", "interpreter that has torch; empty runs Plumb alone")
	flag.Parse()
	if err := run(*rounds, *only, *asJSON, *python); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rounds int, only string, asJSON bool, python string) error {
	runtime.GOMAXPROCS(1)
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	var torch *peer
	if python != "" {
		torch, err = startPeer(python)
		if err != nil {
			return err
		}
		defer torch.stop()
	}
	var results []result
	if !asJSON {
		fmt.Printf("%-28s %12s %12s %8s  %s\n", "case", "plumb us", "torch us", "ratio", "ratios of the rounds")
	}
	for _, c := range cases() {
		if !pattern.MatchString(c.name) {
			continue
		}
		r, err := compare(c, torch, rounds)
		if err != nil {
			return err
		}
		results = append(results, r)
		if !asJSON {
			r.print()
		}
	}
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(results)
	}
	return nil
}

// compare runs one case in turn on both sides.
func compare(c benchCase, torch *peer, rounds int) (result, error) {
	step := c.setup()
	step()
	var ours, theirs, ratios []float64
	for range rounds {
		us := measure(step)
		ours = append(ours, us)
		if torch == nil {
			continue
		}
		t, err := torch.measure(c.name)
		if err != nil {
			return result{}, err
		}
		theirs = append(theirs, t)
		ratios = append(ratios, t/us)
	}
	r := result{Case: c.name, Plumb: median(ours), Rounds: ratios}
	if torch != nil {
		r.Torch = median(theirs)
		r.Ratio = r.Torch / r.Plumb
	}
	return r, nil
}

func (r result) print() {
	if len(r.Rounds) == 0 {
		fmt.Printf("%-28s %12.2f\n", r.Case, r.Plumb)
		return
	}
	fmt.Printf("%-28s %12.2f %12.2f %8.2f  %.2f-%.2f\n", r.Case, r.Plumb, r.Torch, r.Ratio, slices.Min(r.Rounds), slices.Max(r.Rounds))
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
