package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/ident"
)

// checked is what check --json prints of a file.
type checked struct {
	File      string       `json:"file"`
	Verdict   string       `json:"verdict"`
	Claim     string       `json:"claim,omitempty"`
	Rate      ident.Figure `json:"rate"`
	PerSecond ident.Figure `json:"rate_per_second"`
	Gain      ident.Figure `json:"gain"`
	Failed    string       `json:"failed,omitempty"`
	By        string       `json:"by,omitempty"`
	Error     string       `json:"error,omitempty"`
	Statement string       `json:"statement,omitempty"`
	Seconds   float64      `json:"seconds"`
}

func newCheck() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check FILE...",
		Short: "Proved, refused or malformed: judge a model file in exact arithmetic",
		Long: `check reads a .plumb file strictly, derives every inequality of its claim again from the stored
weights and decides it in exact integers: proved, refused (which condition, by how much) or
malformed. It is the checker of plumb-check, the small separate program that links nothing else;
use that one where the trainer must not be trusted.

Exit status: 0 when every file is proved, 1 when one is refused, claims nothing or cannot be read,
2 when one is malformed.`,
		Example: `  plumb check runs/two-tanks/two-tanks.plumb
  plumb check --json runs/*/*.plumb`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			var all []checked
			code := exitOK
			for _, file := range files {
				j := judge(file)
				r, exit := j.checked(file)
				code = max(code, exit)
				all = append(all, r)
				if !asJSON {
					r.print(cmd)
				}
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				enc.SetEscapeHTML(false)
				if err := enc.Encode(all); err != nil {
					return err
				}
			}
			if code != exitOK {
				return exitError{code}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list with one object a file")
	return c
}

// checked gives the words and the exit code of plumb-check: a file that claims nothing is refused.
func (j *judgement) checked(file string) (checked, int) {
	r := checked{File: file, Verdict: j.verdict, Claim: j.v.Claim, Rate: unknown, PerSecond: unknown, Gain: unknown,
		Failed: j.v.Failed, By: j.v.By, Statement: j.v.Statement, Seconds: j.seconds}
	if j.err != nil {
		r.Error = j.err.Error()
	}
	switch j.verdict {
	case verdictProved:
		if j.v.Rate != nil { // a margin has none
			r.Rate = ident.Figure(upward(j.v.Rate))
			r.PerSecond = perSecond(r.Rate, j.ts)
		}
		if g := j.v.PhysicalGain; g != nil {
			r.Gain = ident.Figure(upward(g))
		} else if g := j.v.PhysicalISSGain; g != nil {
			r.Gain = ident.Figure(upward(g))
		}
		return r, exitOK
	case verdictMalformed:
		return r, exitMalformed
	case verdictNone:
		r.Verdict = verdictRefused
	}
	return r, exitFailed
}

func (r *checked) print(cmd *cobra.Command) {
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%s: %s\n", r.File, r.Verdict)
	for _, line := range []string{r.Error, r.Statement} {
		if line != "" {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	if r.By != "" {
		fmt.Fprintf(w, "  by how much: %s\n", r.By)
	}
	fmt.Fprintf(w, "  checked in %.3f s\n", r.Seconds)
}
