package cli

import (
	"fmt"
	"io"
	"math"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/ident"
)

// writtenFile is the file that certify wrote, with what the checker proved of it.
type writtenFile struct {
	Bundle    string       `json:"bundle,omitempty"`
	Verdict   string       `json:"verdict"`
	Failed    string       `json:"failed,omitempty"`
	Statement string       `json:"statement,omitempty"`
	Rate      ident.Figure `json:"rate"`
	PerSecond ident.Figure `json:"rate_per_second"`
	Recovery  *int         `json:"recovery_samples"` // delta-iss; null: not within 2^40
	Reach     [][2]float64 `json:"reach,omitempty"`  // bounded and delta-iss, per output
	Seconds   float64      `json:"seconds"`

	ts float64
}

// nothingWritten is before a file is written; ts is the sampling time in seconds.
func nothingWritten(ts float64) writtenFile {
	return writtenFile{Verdict: verdictNone, Rate: unknown, PerSecond: unknown, ts: ts}
}

func (f *writtenFile) written() *writtenFile { return f }

// judge asks the checker and keeps what every claim has.
func (f *writtenFile) judge() *cert.Verdict {
	j := judge(f.Bundle)
	f.Verdict, f.Failed, f.Statement, f.Seconds, f.Rate, f.PerSecond, f.ts = j.verdict, j.v.Failed, j.v.Statement, j.seconds, unknown, unknown, j.ts
	if j.err != nil {
		f.Failed = j.err.Error()
	}
	if j.verdict != verdictProved {
		return &j.v
	}
	f.Rate = ident.Figure(upward(j.v.Rate))
	f.PerSecond = perSecond(f.Rate, j.ts)
	if j.v.Claim == ident.DeltaISS && j.v.Recovery < math.MaxInt {
		f.Recovery = &j.v.Recovery
	}
	for i := range j.v.Low {
		f.Reach = append(f.Reach, [2]float64{downward(j.v.Low[i]), upward(j.v.High[i])})
	}
	return &j.v
}

// deltaGains are the gains per output of claim delta-iss, rounded up.
func deltaGains(v *cert.Verdict) []ident.Figure {
	var gains []ident.Figure
	for _, g := range v.PhysicalDeltaGain {
		gains = append(gains, ident.Figure(upward(g)))
	}
	return gains
}

// printVerdict prints the verdict, with the figures where it is proved.
func (f *writtenFile) printVerdict(w io.Writer, figures func(io.Writer)) {
	fmt.Fprintf(w, "%s: %s\n", f.Bundle, f.Verdict)
	if f.Verdict == verdictProved {
		figures(w)
	}
	if f.Failed != "" {
		fmt.Fprintf(w, "  %s\n", f.Failed)
	}
	fmt.Fprintf(w, "  checked in %.3f s\n", f.Seconds)
}

// certification is the result of one of the two jobs of certify.
type certification interface {
	written() *writtenFile
	judge()
	print(w io.Writer)
}

// finish writes the model that was found, nil for none, has it judged and prints the result.
func (f *certifyFlags) finish(stdout io.Writer, r certification, m *bundle.Model, suffix string) error {
	file := r.written()
	if m != nil {
		if file.Bundle = f.out; file.Bundle == "" {
			file.Bundle = slug(f.file) + suffix
		}
		if err := bundle.WriteFile(file.Bundle, m); err != nil {
			return err
		}
		r.judge()
	}
	if f.asJSON {
		if err := printJSON(stdout, r); err != nil {
			return err
		}
	} else {
		r.print(stdout)
	}
	if file.Verdict != verdictProved {
		return exitError{exitFailed}
	}
	return nil
}
