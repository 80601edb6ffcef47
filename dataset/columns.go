package dataset

import (
	"bytes"
	"fmt"
	"io"
	"math"
)

// rowDensity estimates the rows per byte of a file from blocks spread over it; exact for a small file.
func rowDensity(r io.ReaderAt, size int64) float64 {
	const spots, block = 48, 16 << 10
	if size <= spots*block {
		buf := make([]byte, size)
		n, _ := r.ReadAt(buf, 0) // a short read only worsens the estimate
		return float64(bytes.Count(buf[:n], []byte("\n"))+1) / float64(size)
	}
	buf := make([]byte, block)
	rows, read := 0, 0
	for i := range int64(spots) {
		n, _ := r.ReadAt(buf, i*(size-block)/(spots-1))
		rows += bytes.Count(buf[:n], []byte("\n"))
		read += n
	}
	return float64(rows) / float64(max(read, 1))
}

// allocate makes the columns as long as the file will probably need.
func (r *csvReader) allocate() {
	r.target = make([]int, len(r.l.columns))
	for i, c := range r.l.columns {
		r.target[i] = -1
		if c.kind == signalColumn {
			r.target[i] = len(r.signals)
			r.signals = append(r.signals, i)
		}
	}
	const slack, start = 1.01, 1024
	rows := start
	if r.perByte > 0 {
		rows = int(r.perByte*slack*float64(r.size)) + 64
		// A row has at least one byte per column, so a wide header cannot ask for more than the file can hold.
		rows = min(rows, int(r.size)/len(r.l.columns)+64)
	}
	r.data = make([][]float64, len(r.signals))
	for i := range r.data {
		r.data[i] = make([]float64, 0, rows)
	}
}

// grow makes room when the estimate of the number of rows was too low, one column at a time so that at most one is
// held twice.
func (r *csvReader) grow() {
	const slack, least, unknown = 1.02, 1.02, 1.5
	rows := int(unknown*float64(r.rows)) + 1024
	if r.size > 0 && r.in.consumed > 0 {
		total := float64(r.rows) * float64(r.size) / float64(r.in.consumed)
		rows = max(int(total*slack), int(float64(r.rows)*least)) + 64
	}
	for i, d := range r.data {
		wide := make([]float64, len(d), rows)
		copy(wide, d)
		r.data[i] = wide
	}
}

// finish cuts the columns into experiments.
func (r *csvReader) finish() (*Record, error) {
	if r.rows == 0 {
		return nil, &FileError{Problem: "the file has a header but no row of data", Fix: "Expected one row per sample below " + r.l.names()}
	}
	if at, problem, fix := r.clock.release(); problem != "" {
		return nil, &FileError{Line: at, Column: r.timeName(), Problem: problem, Fix: fix}
	}
	if problem, fix := r.clock.disagrees(); problem != "" {
		return nil, &FileError{Column: r.timeName(), Problem: problem, Fix: fix}
	}
	if len(r.names) == 0 {
		r.names, r.starts = []string{""}, []int{0}
	}
	r.worst = append(r.worst, r.clock.worst)
	rec := &Record{Name: r.o.Name, Ts: r.clock.ts()}
	if rec.Name == "" {
		rec.Name = baseName(r.file)
	}
	var keep []int
	for k, col := range r.signals {
		c := r.l.columns[col]
		if ts, ok := r.period(k); ok {
			if err := rec.state(ts, c.name); err != nil {
				return nil, err
			}
			continue
		}
		keep = append(keep, k)
		rec.Signals = append(rec.Signals, Signal{Name: c.name, Unit: c.unit})
	}
	for i, name := range r.names {
		from, to := r.starts[i], r.rows
		if i+1 < len(r.starts) {
			to = r.starts[i+1]
		}
		e := Experiment{Name: name, Jitter: r.worst[i].deviation, JitterAt: r.worst[i].sample}
		for _, k := range keep {
			e.Data = append(e.Data, r.data[k][from:to:to])
		}
		rec.Experiments = append(rec.Experiments, e)
	}
	return rec, nil
}

// period reads the sampling time off a column called Ts or fs that says one number: in every row, or in the first with
// the others empty, as MATLAB's exports do. Any other column of that name is a signal.
func (r *csvReader) period(k int) (ts float64, ok bool) {
	c := r.l.columns[r.signals[k]]
	if !c.period {
		return 0, false
	}
	first := r.data[k][0]
	for _, v := range r.data[k] {
		if v != first && !math.IsNaN(v) {
			return 0, false
		}
	}
	if !finite(first) || first <= 0 {
		return 0, false
	}
	if c.name[0] == 'f' || c.name[0] == 'F' {
		return 1 / first, true
	}
	return first, true
}

// state takes a sampling time that the file states; the user's or the time column's comes first but must not differ
// from it by more than a stated one may.
func (rec *Record) state(ts float64, where string) error {
	if rec.Ts > 0 && math.Abs(rec.Ts-ts) > givenMean*ts {
		return &FileError{Column: where, Problem: fmt.Sprintf("states a sampling time of %.6g s, but it is %.6g s by the time column or the option", ts, rec.Ts),
			Fix: "Correct the one that is wrong"}
	}
	if rec.Ts == 0 {
		rec.Ts = ts
	}
	return nil
}
