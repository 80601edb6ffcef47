// Command plumb-check judges .plumb files: proved, refused or malformed. It links the checker and the standard library, and
// nothing that takes part in making a model.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/plumb-go/plumb/cert"
)

const usage = `plumb-check judges .plumb files.

    plumb-check [--json] FILE...

A .plumb file holds a model, a dynamical system or a control loop and a claim about it, with a witness: the numbers that
prove the claim. The check reads the file strictly, derives every inequality again from the stored numbers, and decides it
in exact integer arithmetic, or with intervals that are rounded outward where functions such as sin occur. Nothing that the
producer of the file says of it is believed. For each file it prints one of

    proved     the claim holds, with its rate and bounds in words
    refused    this witness does not prove the claim: the first condition that fails, and by how much
    malformed  the file breaks the format: where, and what was expected there

A refusal does not say that the claim is false. A claim is about real-number evaluation of the stored numbers, in the time
model that it states; how a floating-point simulation rounds is not part of it.

    --json     print a JSON array with one object a file instead
    --help     print this text

Exit status: 0 when every file is proved, 1 when one is refused or cannot be read, 2 when one is malformed or the command
line is wrong.
`

const (
	exitProved    = 0
	exitRefused   = 1
	exitMalformed = 2
)

// result is what --json prints of a file. Ratios are exact or rounded to the safe side.
type result struct {
	File      string   `json:"file"`
	Verdict   string   `json:"verdict"` // proved, refused, malformed or unreadable
	Claim     string   `json:"claim,omitempty"`
	Rate      string   `json:"rate,omitempty"`
	Gain      string   `json:"gain,omitempty"`     // incremental l2 gain, physical units
	ISSGain   string   `json:"iss_gain,omitempty"` // physical units
	Low       []string `json:"low,omitempty"`      // bounds of the outputs, physical units: ultimate under bounded, always under delta-iss
	High      []string `json:"high,omitempty"`
	InputLow  []string `json:"input_low,omitempty"` // delta-iss holds while the inputs stay in these ranges, physical units
	InputHigh []string `json:"input_high,omitempty"`
	DeltaGain []string `json:"delta_gain,omitempty"` // per output over the largest difference of the inputs, physical units
	Recovery  *int     `json:"recovery_samples,omitempty"`
	Level     string   `json:"level,omitempty"` // lyapunov: of the region; absent for the whole space
	Alpha     string   `json:"alpha,omitempty"` // margin: the disk, its real factors (an end is absent where infinite), and its largest phase, rounded
	Skew      string   `json:"skew,omitempty"`
	GainLow   string   `json:"gain_low,omitempty"`
	GainHigh  string   `json:"gain_high,omitempty"`
	Phase     *float64 `json:"phase_degrees,omitempty"`
	Failed    string   `json:"failed,omitempty"`
	By        string   `json:"by,omitempty"`
	Error     string   `json:"error,omitempty"`
	Statement string   `json:"statement,omitempty"`
	Seconds   float64  `json:"seconds"`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	var files []string
	asJSON, options := false, true
	for _, a := range args {
		switch {
		case options && a == "--":
			options = false
		case options && (a == "--help" || a == "-h"):
			fmt.Fprint(stdout, usage)
			return exitProved
		case options && a == "--json":
			asJSON = true
		case options && strings.HasPrefix(a, "-"):
			fmt.Fprintf(stderr, "plumb-check: unknown option %s; see plumb-check --help\n", a)
			return exitMalformed
		default:
			files = append(files, a)
		}
	}
	if len(files) == 0 {
		fmt.Fprint(stderr, "plumb-check: no file given; see plumb-check --help\n")
		return exitMalformed
	}
	exit := exitProved
	var results []result
	for _, file := range files {
		r, code := judge(file)
		exit = max(exit, code)
		results = append(results, r)
		if !asJSON {
			r.print(stdout)
		}
	}
	if asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(results); err != nil {
			fmt.Fprintln(stderr, "plumb-check:", err)
			return max(exit, exitRefused)
		}
	}
	return exit
}

func judge(file string) (result, int) {
	start := time.Now()
	if s, err := os.Stat(file); err == nil && !s.Mode().IsRegular() { // opening a pipe would wait for its other end
		return result{File: file, Verdict: "unreadable", Error: "not a regular file"}, exitRefused
	}
	b, err := cert.OpenFile(file)
	if m, ok := errors.AsType[*cert.MalformedError](err); ok {
		return result{File: file, Verdict: "malformed", Error: m.Error(), Seconds: time.Since(start).Seconds()}, exitMalformed
	}
	if err != nil {
		return result{File: file, Verdict: "unreadable", Error: err.Error(), Seconds: time.Since(start).Seconds()}, exitRefused
	}
	v := cert.Check(b)
	r := result{
		File: file, Verdict: "refused", Claim: v.Claim, Rate: ratio(v.Rate), Gain: ratio(v.PhysicalGain), ISSGain: ratio(v.PhysicalISSGain),
		Failed: v.Failed, By: v.By, Statement: v.Statement,
	}
	r.Low, r.High, r.InputLow, r.InputHigh, r.DeltaGain = ratios(v.Low), ratios(v.High), ratios(v.InputLow), ratios(v.InputHigh), ratios(v.PhysicalDeltaGain)
	if v.DeltaGain != nil && v.Recovery < math.MaxInt {
		r.Recovery = &v.Recovery
	}
	if v.Proved && v.Alpha != nil {
		r.Alpha, r.Skew = ratio(v.Alpha), ratio(v.Skew)
		low, high := factor(v.Alpha, v.Skew, -1), factor(v.Alpha, v.Skew, 1)
		r.GainLow, r.GainHigh, r.Phase = ratio(low), ratio(high), phase(low, high)
	}
	r.Level = ratio(v.Level)
	r.Seconds = time.Since(start).Seconds()
	if !v.Proved {
		return r, exitRefused
	}
	r.Verdict = "proved"
	return r, exitProved
}

// factor is (1 + (1-skew)/2 delta)/(1 - (1+skew)/2 delta) at delta = sign alpha, an end of the real factors of the disk; nil where it
// is infinite.
func factor(alpha, skew *big.Rat, sign int64) *big.Rat {
	a := new(big.Rat).Mul(alpha, big.NewRat(sign, 2))
	one := big.NewRat(1, 1)
	num := new(big.Rat).Add(one, new(big.Rat).Mul(a, new(big.Rat).Sub(one, skew)))
	den := new(big.Rat).Sub(one, new(big.Rat).Mul(a, new(big.Rat).Add(one, skew)))
	if den.Sign() <= 0 {
		return nil
	}
	return num.Quo(num, den)
}

// phase is the largest change of phase alone in the disk, cos phase = (1 + low high)/(low + high), in degrees rounded down to a
// hundredth, after a millionth is taken off for the rounding of acos; nil where an end of the disk is infinite, or the phase reaches 180 degrees.
func phase(low, high *big.Rat) *float64 {
	if low == nil || high == nil {
		return nil
	}
	l, _ := low.Float64()
	h, _ := high.Float64()
	c := (1 + l*h) / (l + h)
	if !(l+h > 0 && c > -1) { // where low + high <= 0 the disk holds the unit circle
		return nil
	}
	degrees := max(0, math.Floor(math.Acos(min(c, 1))*180/math.Pi*100-1e-4)) / 100
	return &degrees
}

// inward prints a number with four decimals, rounded up or down.
func inward(r *big.Rat, up bool) string {
	const decimals = 10000
	n, rest := new(big.Int).DivMod(new(big.Int).Mul(r.Num(), big.NewInt(decimals)), r.Denom(), new(big.Int))
	if up && rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	return new(big.Rat).SetFrac(n, big.NewInt(decimals)).FloatString(4)
}

func ratio(r *big.Rat) string {
	if r == nil {
		return ""
	}
	return r.Num().String() + "/" + r.Denom().String()
}

func ratios(x []*big.Rat) []string {
	var out []string
	for _, r := range x {
		out = append(out, ratio(r))
	}
	return out
}

// plain shows what a terminal would not print as it is, in the name of a file for instance, as a question mark.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n", plain(r.File), r.Verdict)
	for _, line := range []string{r.Error, r.Statement} {
		if line != "" {
			fmt.Fprintf(w, "  %s\n", plain(line))
		}
	}
	if r.GainLow != "" && r.GainHigh != "" {
		low, _ := new(big.Rat).SetString(r.GainLow)
		high, _ := new(big.Rat).SetString(r.GainHigh)
		fmt.Fprintf(w, "  real factors from %s to %s", inward(low, true), inward(high, false))
		if r.Phase != nil {
			fmt.Fprintf(w, ", phase alone up to %.2f degrees", *r.Phase)
		}
		fmt.Fprintln(w)
	}
	if r.By != "" {
		fmt.Fprintf(w, "  by how much: %s\n", r.By)
	}
	fmt.Fprintf(w, "  checked in %.3f s\n", r.Seconds)
}
