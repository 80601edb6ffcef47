package conic

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// dumpFormat names the layout of a dump.
const dumpFormat = "plumb-conic/1"

// dump is a solve as JSON: numbers are written with as many digits as it takes to read them back unchanged.
type dump struct {
	Format  string
	Problem *Problem
	Tol     float64   `json:",omitempty"`
	MaxIter int       `json:",omitempty"`
	Delta   float64   `json:",omitempty"`
	Warm    *Solution `json:",omitempty"`
}

// ErrDump tells that a file is no dump of a solve.
var ErrDump = errors.New("conic: not a dump of a solve")

// Dump writes a problem with the options of its solve, the warm start included, so that Replay returns equal ones: what a
// report of a failed solve needs.
func Dump(w io.Writer, p *Problem, o Options) error {
	if err := p.Validate(); err != nil {
		return err
	}
	err := json.NewEncoder(w).Encode(dump{dumpFormat, p, o.Tol, o.MaxIter, o.Delta, o.Warm})
	if err != nil {
		return fmt.Errorf("conic: dump: %w", err)
	}
	return nil
}

// Replay reads what Dump wrote.
func Replay(r io.Reader) (*Problem, Options, error) {
	var d dump
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, Options{}, fmt.Errorf("%w: %w", ErrDump, err)
	}
	if d.Format != dumpFormat || d.Problem == nil {
		return nil, Options{}, fmt.Errorf("%w: format %q, expected %q with a problem", ErrDump, d.Format, dumpFormat)
	}
	if err := d.Problem.Validate(); err != nil {
		return nil, Options{}, err
	}
	return d.Problem, Options{Tol: d.Tol, MaxIter: d.MaxIter, Delta: d.Delta, Warm: d.Warm}, nil
}
