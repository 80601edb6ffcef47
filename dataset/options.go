package dataset

import (
	"fmt"
	"strings"
)

// Options say how to read a file. The zero value detects everything.
type Options struct {
	Name         string   // of the record; "" means the file's name without folder and extension
	Ts           float64  // sampling time in seconds; 0 means from the file
	Jitter       float64  // tolerated deviation of a time step from the sampling time, relative; 0 means 0.01, +Inf accepts any
	Time         string   // name of the time column; "" means t, time, Time or timestamp, "-" means none
	Columns      []string // signals to read; nil means all. Other columns may then hold text
	Separator    byte     // between columns: , ; tab or space (any run of spaces and tabs); 0 means detect
	DecimalComma bool     // numbers are written 3,14; false means detect
}

const defaultJitter = 0.01

func (o Options) jitter() float64 {
	if o.Jitter == 0 {
		return defaultJitter
	}
	return o.Jitter
}

func (o Options) wants(name string) bool {
	if o.Columns == nil {
		return true
	}
	for _, c := range o.Columns {
		if c == name {
			return true
		}
	}
	return false
}

// FileError says what is wrong with a data file, where, and what to change.
type FileError struct {
	File    string
	Line    int    // as an editor counts, from 1; 0 when the file as a whole is meant
	Column  string // signal or variable; "" when the row or file is meant
	Problem string // what was found and what was expected
	Fix     string // what to change; "" when the problem says it
}

func (e *FileError) Error() string {
	var b strings.Builder
	b.WriteString("dataset: ")
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ": column %q", e.Column)
	}
	b.WriteString(": ")
	b.WriteString(e.Problem)
	if e.Fix != "" {
		b.WriteString(". ")
		b.WriteString(e.Fix)
	}
	return b.String()
}
