package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ReadCSV reads a table of text: one row per sample, columns separated by comma, semicolon, tab or spaces, with or
// without a row of names and a row of units. See the package comment for what it accepts. The file name is used in
// messages and, without folder and extension, as the record's name.
//
// Rows are read once, without a copy of the text. size is the number of bytes where known, else 0: from it the columns
// are allocated at once; without it they grow, which can take twice the memory.
func ReadCSV(r io.Reader, file string, size int64, o Options) (*Record, error) {
	perByte := 0.0
	if at, ok := r.(io.ReaderAt); ok && size > 0 {
		perByte = rowDensity(at, size)
	}
	rd := &csvReader{file: file, o: o, size: size, perByte: perByte, clock: newClock(o)}
	rec, err := rd.read(r)
	if err != nil {
		var fe *FileError
		if errors.As(err, &fe) {
			fe.File = file
			return nil, fe
		}
		return nil, fmt.Errorf("dataset: %s: %w", file, err)
	}
	return rec, nil
}

// csvReader holds the state of one reading.
type csvReader struct {
	file    string
	o       Options
	size    int64
	perByte float64
	l       *layout
	in      *lines
	clock   *clock
	base    time.Time // of ISO time stamps
	target  []int     // per column of the file: index of data, or -1
	signals []int     // per data column: column of the file
	data    [][]float64
	names   []string // per experiment
	starts  []int
	worst   []gap
	current []byte // value of the experiment column
	rows    int
	pending float64 // time stamp of the present row in seconds
	stamped bool    // there is one
	gapLine int     // first blank line after data, 0 when none
}

func (r *csvReader) fail(column, problem, fix string, args ...any) error {
	return &FileError{Line: r.in.number, Column: column, Problem: fmt.Sprintf(problem, args...), Fix: fix}
}

func (r *csvReader) read(in io.Reader) (*Record, error) {
	var err error
	if r.in, err = newLines(in); err != nil {
		return nil, err
	}
	first := r.in.first()
	if err := refuse(first); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(first, []byte("\xef\xbb\xbf")) {
		r.in.start += 3
		first = first[3:]
	}
	l, ferr := findLayout(first, r.in.eof, r.o)
	if ferr != nil {
		return nil, ferr
	}
	r.l = l
	r.allocate()
	skip := l.header
	for {
		line, ok, err := r.in.next()
		if err == errLongLine {
			return nil, &FileError{Line: r.in.number + 1, Problem: "the line is longer than 4 MiB", Fix: "Expected one row per sample and line"}
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if len(line) == 0 || line[0] <= '#' && blank(line) && !(l.sep == '\t' && bytes.IndexByte(line, '\t') >= 0) {
			if r.rows > 0 && len(trim(line)) == 0 && r.gapLine == 0 {
				r.gapLine = r.in.number
			}
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if r.gapLine > 0 {
			return nil, &FileError{Line: r.gapLine, Problem: "blank line inside the data",
				Fix: "Remove it, write NaN for a missing sample, or begin a new value in a column named experiment"}
		}
		if err := r.row(line); err != nil {
			return nil, err
		}
		if err := r.tick(); err != nil {
			return nil, err
		}
		r.rows++
	}
	return r.finish()
}

// row reads one row of data. The loop reads plain numbers itself and leaves everything else to cell. i is where the
// present cell begins, len(line)+1 when the row has no further cell.
func (r *csvReader) row(line []byte) error {
	sep, decimal, columns := r.l.sep, r.l.decimal, r.l.columns
	if sep == ' ' {
		line = trim(line)
	}
	if len(r.data[0]) == cap(r.data[0]) {
		r.grow()
	}
	i, n := 0, len(line)
	for col := range columns {
		if i > n {
			return r.ragged(line)
		}
		if k := r.target[col]; k >= 0 {
			at := i
			for at < n && line[at] == ' ' {
				at++
			}
			v, next, ok := scanNumber(line, at, decimal)
			end := next
			for end < n && (line[end] == ' ' || line[end] == '\t' && sep == ' ') {
				end++
			}
			if sep == ' ' && end > next && end < n {
				end-- // the last of the run of spaces separates
			}
			if ok && (end == n || line[end] == sep || sep == ' ' && line[end] == '\t') {
				r.data[k] = append(r.data[k], v)
				i = end + 1
				continue
			}
		}
		cell, rest, more := cutCell(line[i:], sep)
		if err := r.cell(col, cell); err != nil {
			return err
		}
		i = n + 1
		if more {
			i = n - len(rest)
		}
	}
	if i <= n && len(trim(line[i:])) > 0 {
		return r.ragged(line)
	}
	return nil
}

func (r *csvReader) ragged(line []byte) error {
	got, want := len(r.l.cells(line)), len(r.l.columns)
	sep := map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs", ' ': "spaces"}[r.l.sep]
	fix := "Expected " + r.l.names()
	if r.l.sep == ',' && got == 2*want {
		fix += "; if the numbers are written with a decimal comma, separate the columns by semicolons"
	}
	return r.fail("", "the row has %d cells between %s, expected %d: %s", fix, got, sep, want, clip(line))
}

// cell takes a cell that is no plain number: missing, quoted, long, text, a time stamp or an experiment.
func (r *csvReader) cell(col int, cell []byte) error {
	c := &r.l.columns[col]
	switch c.kind {
	case experimentColumn:
		return r.experiment(c, cell)
	case timeColumn:
		return r.stamp(c, cell)
	case signalColumn:
		v, ok := parseNumber(cell, r.l.decimal)
		if !ok && r.l.sep != ',' && r.l.decimal == '.' && !r.points() {
			if v, ok = parseNumber(cell, ','); ok {
				r.l.decimal = ','
			}
		}
		if !ok {
			fix := "Write NaN or leave the cell empty where a value is missing; to read other columns only, name them (--inputs, --outputs)"
			if bytes.IndexByte(cell, ',') >= 0 && r.l.decimal == '.' || bytes.IndexByte(cell, '.') >= 0 && r.l.decimal == ',' {
				fix = fmt.Sprintf("The file's decimal sign is %q; write every number with it and without thousands separators", string(r.l.decimal))
			}
			return r.fail(c.name, "%s is not a number", fix, clip(cell))
		}
		k := r.target[col]
		r.data[k] = append(r.data[k], v)
	}
	return nil
}

// points reports whether any number so far needed a decimal point: a fraction, or a number in the first lines.
func (r *csvReader) points() bool {
	for _, d := range r.data {
		for _, v := range d {
			if v != math.Trunc(v) {
				return true
			}
		}
	}
	return false
}

func (r *csvReader) experiment(c *column, cell []byte) error {
	if len(cell) == 0 {
		return r.fail(c.name, "the row names no experiment", "Write its name or number in every row")
	}
	if len(r.names) > 0 && bytes.Equal(cell, r.current) {
		return nil
	}
	name := string(cell)
	if i := slices.Index(r.names, name); i >= 0 {
		return r.fail(c.name, "experiment %q goes on after another one began", "Keep the rows of one experiment together", name)
	}
	r.current = append(r.current[:0], cell...)
	if at, problem, fix := r.clock.release(); problem != "" {
		return &FileError{Line: at, Column: r.timeName(), Problem: problem, Fix: fix}
	}
	if len(r.names) > 0 {
		r.worst = append(r.worst, r.clock.worst)
	}
	r.names, r.starts = append(r.names, name), append(r.starts, r.rows)
	r.clock.begin()
	return nil
}

func (r *csvReader) stamp(c *column, cell []byte) error {
	var t float64
	if r.l.stamps {
		at, ok := parseStamp(string(cell))
		if !ok {
			return r.fail(c.name, "%s is not an ISO 8601 time such as 2024-05-01T12:00:00.25", "Write every time stamp in the same way", clip(cell))
		}
		if r.base.IsZero() {
			r.base = at
		}
		t = at.Sub(r.base).Seconds()
	} else {
		v, ok := parseNumber(cell, r.l.decimal)
		if !ok || !finite(v) {
			return r.fail(c.name, "%s is not a time in seconds", "Every row needs its time; or leave the time column out and state the sampling time (--ts)", clip(cell))
		}
		t = v * r.l.scale
	}
	r.pending = t
	r.stamped = true
	return nil
}

// tick gives the row's time stamp to the clock, once the row's experiment is known.
func (r *csvReader) tick() error {
	if !r.stamped {
		return nil
	}
	sample := r.rows
	if len(r.starts) > 0 {
		sample -= r.starts[len(r.starts)-1]
	}
	if at, problem, fix := r.clock.add(r.pending, r.in.number, sample); problem != "" {
		return &FileError{Line: at, Column: r.timeName(), Problem: problem, Fix: fix}
	}
	return nil
}

func (r *csvReader) timeName() string {
	for _, c := range r.l.columns {
		if c.kind == timeColumn {
			return c.name
		}
	}
	return ""
}

func baseName(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

func openCSV(path string, o Options) (*Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close() // read only: nothing is lost
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	size := info.Size()
	if !info.Mode().IsRegular() {
		size = 0
	}
	return ReadCSV(f, path, size, o)
}
