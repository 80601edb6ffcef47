package dataset

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

type columnKind byte

const (
	signalColumn columnKind = iota
	skippedColumn
	timeColumn
	experimentColumn
)

type column struct {
	name, unit string
	kind       columnKind
	period     bool // called Ts or fs: may state the sampling time
}

// layout is how a text file is laid out, found from its first lines.
type layout struct {
	sep     byte // ' ' means runs of spaces and tabs
	decimal byte
	header  int // lines of header: 0, 1 or 2 (names and units)
	columns []column
	stamps  bool    // the time column holds ISO 8601
	scale   float64 // seconds per unit of the time column
}

const sampleLines = 60 // lines that decide the layout

var candidates = []byte{';', '\t', ','}

// findLayout reads the layout off the first lines of a file.
func findLayout(first []byte, whole bool, o Options) (*layout, *FileError) {
	sample, numbers := sampleOf(first, whole)
	if len(sample) == 0 {
		return nil, &FileError{Problem: "the file holds no rows", Fix: "Expected a table: one row per sample, with names in the first"}
	}
	l := &layout{decimal: '.', scale: 1}
	l.findSeparator(sample, o)
	if err := l.findHeader(sample, numbers, o); err != nil {
		return nil, err
	}
	return l, nil
}

// sampleOf copies the first rows that are neither blank nor comments, with their line numbers.
func sampleOf(first []byte, whole bool) (sample [][]byte, numbers []int) {
	for n := 1; len(first) > 0 && len(sample) < sampleLines; n++ {
		line, rest, complete := bytes.Cut(first, []byte("\n"))
		if !complete && !whole && len(sample) > 0 {
			break
		}
		first = rest
		line = trimEnd(line)
		if !blank(line) {
			sample, numbers = append(sample, line), append(numbers, n)
		}
	}
	return sample, numbers
}

func trimEnd(line []byte) []byte { return bytes.TrimSuffix(line, []byte("\r")) }

// blank reports whether a line is empty or a comment.
func blank(line []byte) bool {
	line = trim(line)
	return len(line) == 0 || line[0] == '#'
}

func (l *layout) findSeparator(sample [][]byte, o Options) {
	if o.DecimalComma {
		l.decimal = ','
	}
	l.sep = o.Separator
	if l.sep == 0 {
		l.sep = l.detect(sample, o)
	}
	if l.sep != ',' && l.decimal == '.' && decimalCommas(sample, l.sep) {
		l.decimal = ','
	}
}

// detect picks the separator that most rows contain; a tie goes to the first of ; tab and comma, which is rarest inside
// cells. Rows such as "0,5 1,2" are numbers with a decimal comma between spaces.
func (l *layout) detect(sample [][]byte, o Options) byte {
	best, most := byte(','), 0
	for _, sep := range candidates {
		if sep == ',' && o.DecimalComma {
			continue
		}
		rows := 0
		for _, line := range sample {
			if len(split(line, sep)) > 1 {
				rows++
			}
		}
		if rows > most {
			best, most = sep, rows
		}
	}
	if best == ',' && spacedCommas(sample) {
		return ' '
	}
	if 2*most >= len(sample) {
		return best
	}
	spaced := 0
	for _, line := range sample {
		if len(split(line, ' ')) > 1 {
			spaced++
		}
	}
	if 2*spaced > len(sample) {
		return ' '
	}
	return ',' // a single column, whose name may have spaces
}

// spacedCommas reports whether all rows with digits only are several decimal-comma numbers between spaces.
func spacedCommas(sample [][]byte) bool {
	seen, comma := false, false
	for _, line := range sample {
		if bytes.ContainsFunc(line, func(r rune) bool { return r != 'e' && r != 'E' && (r >= 'A' || r == '.' || r == '"') }) {
			continue
		}
		cells := split(line, ' ')
		if len(cells) < 2 {
			return false
		}
		for _, cell := range cells {
			if _, ok := parseNumber(cell, ','); !ok {
				return false
			}
			if i := bytes.IndexByte(cell, ','); i >= 0 {
				comma = true
				if i == 0 || i == len(cell)-1 {
					return false
				}
			}
		}
		seen = true
	}
	return seen && comma
}

// decimalCommas reports whether some cells are numbers with a comma and none is a number with a point.
func decimalCommas(sample [][]byte, sep byte) bool {
	comma := false
	for _, line := range sample {
		for _, cell := range split(line, sep) {
			switch {
			case bytes.IndexByte(cell, '.') >= 0:
				if _, ok := parseNumber(cell, '.'); ok {
					return false
				}
			case bytes.IndexByte(cell, ',') >= 0:
				if _, ok := parseNumber(cell, ','); ok {
					comma = true
				}
			}
		}
	}
	return comma
}

// findHeader finds names, units and the role of each column.
func (l *layout) findHeader(sample [][]byte, numbers []int, o Options) *FileError {
	top := l.cells(sample[0])
	words, values := l.census(top)
	names := make([]string, len(top))
	switch {
	case words > 0 && values == 0:
		l.header = 1
		for i, c := range top {
			names[i] = string(c)
		}
	case words > 0: // without a name a column of text cannot be told apart from a mistake
		return &FileError{Line: numbers[0], Problem: fmt.Sprintf("the first row mixes names and numbers (%s)", clip(sample[0])),
			Fix: "Expected either a row of names or a row of numbers; put names above every column"}
	}
	units := make([]string, len(top))
	for i := range names {
		if names[i], units[i] = nameUnit(names[i]); names[i] == "" {
			names[i] = fmt.Sprintf("c%d", i+1)
		}
	}
	if l.header == 1 && len(sample) > 1 {
		second := l.cells(sample[1])
		if len(second) <= len(top) && l.isUnits(second, names, o) {
			l.header = 2
			for i, c := range second {
				if u := strings.Trim(string(c), "[]()"); u != "" {
					units[i] = u
				}
			}
		}
	}
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		if seen[name] {
			return &FileError{Line: numbers[0], Column: name, Problem: "two columns have this name", Fix: "Give every column its own name"}
		}
		seen[name] = true
		l.columns = append(l.columns, column{name: name, unit: units[i]})
	}
	return l.findRoles(sample, numbers, o)
}

// findRoles finds the time, experiment and sampling-time columns.
func (l *layout) findRoles(sample [][]byte, numbers []int, o Options) *FileError {
	timed := false
	for i := range l.columns {
		c := &l.columns[i]
		switch {
		case l.header > 0 && strings.EqualFold(c.name, "experiment"):
			c.kind = experimentColumn
		case !timed && (c.name == o.Time || o.Time == "" && isTimeName(c.name)):
			c.kind, timed = timeColumn, true
			var ok bool
			if l.scale, ok = timeUnits[c.unit]; !ok {
				return &FileError{Line: numbers[0], Column: c.name, Problem: fmt.Sprintf("the unit %q of the time column is unknown", c.unit),
					Fix: "Expected s, ms, us, ns, min or h; or name another time column"}
			}
		case o.Time == "-" && isTimeName(c.name) && (o.Columns == nil || !o.wants(c.name)):
			c.kind = skippedColumn
		case !o.wants(c.name) && !isPeriodName(c.name):
			c.kind = skippedColumn
		case o.Columns == nil || !o.wants(c.name):
			c.period = isPeriodName(c.name)
		}
	}
	if o.Time != "" && o.Time != "-" && !timed {
		return &FileError{Column: o.Time, Problem: "the file has no such time column", Fix: "Its columns are " + l.names()}
	}
	for _, want := range o.Columns {
		if !slices.ContainsFunc(l.columns, func(c column) bool { return c.name == want && c.kind == signalColumn }) {
			return &FileError{Column: want, Problem: "the file has no such signal", Fix: "Its columns are " + l.names()}
		}
	}
	if timed && len(sample) > l.header {
		cells := l.cells(sample[l.header])
		for i, c := range l.columns {
			if c.kind == timeColumn && i < len(cells) {
				_, l.stamps = parseStamp(string(cells[i]))
			}
		}
	}
	if !slices.ContainsFunc(l.columns, func(c column) bool { return c.kind == signalColumn && !c.period }) {
		return &FileError{Line: numbers[0], Problem: "the file has no column of data beside time and experiment", Fix: "Its columns are " + l.names()}
	}
	return nil
}

func (l *layout) names() string {
	r := Record{}
	for _, c := range l.columns {
		r.Signals = append(r.Signals, Signal{Name: c.name})
	}
	return r.names()
}

func isTimeName(s string) bool {
	return s == "t" || s == "time" || s == "Time" || s == "timestamp"
}

func isPeriodName(s string) bool {
	return s == "Ts" || s == "ts" || s == "fs" || s == "Fs"
}

// census counts the cells that are words and those that are values; an empty or NaN cell is neither.
func (l *layout) census(cells [][]byte) (words, values int) {
	for _, c := range cells {
		if missing(c) {
			continue
		}
		_, number := parseNumber(c, l.decimal)
		_, stamp := parseStamp(string(c))
		if number || stamp {
			values++
		} else {
			words++
		}
	}
	return words, values
}

// isUnits reports whether the row below the names holds units: words only. Columns whose data may be words do not count,
// and a missing value that is written out is data.
func (l *layout) isUnits(cells [][]byte, names []string, o Options) bool {
	var relevant [][]byte
	for i, c := range cells {
		if strings.EqualFold(names[i], "experiment") || !o.wants(names[i]) && !isTime(names[i], o) {
			continue
		}
		if len(c) > 0 && missing(c) {
			return false
		}
		relevant = append(relevant, c)
	}
	words, values := l.census(relevant)
	return words > 0 && values == 0
}

// cells splits a row and drops the empty cell after a trailing separator.
func (l *layout) cells(line []byte) [][]byte {
	cells := split(line, l.sep)
	if n := len(cells); n > 1 && len(cells[n-1]) == 0 {
		cells = cells[:n-1]
	}
	return cells
}

// nameUnit splits "p [bar]" or "p (bar)" into name and unit.
func nameUnit(s string) (name, unit string) {
	for _, b := range []string{"[]", "()"} {
		at := strings.IndexByte(s, b[0])
		if at > 0 && s[len(s)-1] == b[1] && strings.TrimSpace(s[:at]) != "" {
			return strings.TrimSpace(s[:at]), strings.TrimSpace(s[at+1 : len(s)-1])
		}
	}
	return s, ""
}
