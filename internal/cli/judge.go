package cli

import (
	"errors"
	"math"
	"math/big"
	"time"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/ident"
)

// unknown marks a figure that a claim does not give; null in JSON.
var unknown = ident.Figure(math.NaN())

// judgement is what the checker says of a file.
type judgement struct {
	verdict string
	v       cert.Verdict
	err     error // why the file could not be judged
	ts      float64
	seconds float64
}

// judge reads the file from disk and checks it.
func judge(path string) judgement {
	begin := time.Now()
	b, err := cert.OpenFile(path)
	j := judgement{verdict: verdictMalformed, err: err}
	if err == nil {
		j.v, j.ts = cert.Check(b), b.Manifest().SamplingTime
		switch {
		case j.v.Proved:
			j.verdict = verdictProved
		case b.Certificate() == nil:
			j.verdict = verdictNone
		default:
			j.verdict = verdictRefused
		}
	} else if _, ok := errors.AsType[*cert.MalformedError](err); !ok {
		j.verdict = "unreadable"
	}
	j.seconds = time.Since(begin).Seconds()
	return j
}

// perSecond turns a rate per sample into one per second.
func perSecond(rate ident.Figure, ts float64) ident.Figure {
	if ts == 0 {
		return unknown
	}
	return ident.Figure(math.Pow(float64(rate), 1/ts))
}

// upward is the smallest float64 that is not below r.
func upward(r *big.Rat) float64 {
	f, exact := r.Float64()
	if exact {
		return f
	}
	if new(big.Rat).SetFloat64(f).Cmp(r) < 0 {
		f = math.Nextafter(f, math.Inf(1))
	}
	return f
}

// downward is the largest float64 that is not above r.
func downward(r *big.Rat) float64 { return -upward(new(big.Rat).Neg(r)) }
