package dataset

import (
	"bytes"
	"errors"
	"io"
)

const (
	blockSize = 256 << 10 // read at once; the first block decides the layout
	maxLine   = 4 << 20   // a longer line is no row of a table
)

var errLongLine = errors.New("line longer than 4 MiB")

// lines cuts a stream into lines without copying. A line is valid until the next call of next.
type lines struct {
	r          io.Reader
	buf        []byte
	start, end int
	eof        bool
	number     int   // of the line last returned, from 1
	consumed   int64 // bytes of all lines returned
}

// newLines reads the first block, which first returns without consuming it.
func newLines(r io.Reader) (*lines, error) {
	l := &lines{r: r, buf: make([]byte, blockSize)}
	for l.end < len(l.buf) && !l.eof {
		if err := l.read(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *lines) first() []byte { return l.buf[l.start:l.end] }

func (l *lines) read() error {
	const patience = 100 // empty reads without error before giving up
	for range patience {
		n, err := l.r.Read(l.buf[l.end:])
		l.end += n
		if err == io.EOF {
			l.eof = true
			return nil
		}
		if err != nil || n > 0 {
			return err
		}
	}
	return io.ErrNoProgress
}

// next returns the next line without its end ("\n" or "\r\n"); ok is false at the end of the file.
func (l *lines) next() (line []byte, ok bool, err error) {
	seen := 0
	for {
		if i := bytes.IndexByte(l.buf[l.start+seen:l.end], '\n'); i >= 0 {
			line = l.buf[l.start : l.start+seen+i]
			l.start += seen + i + 1
			l.consumed += int64(seen + i + 1)
			break
		}
		seen = l.end - l.start
		if l.eof {
			if seen == 0 {
				return nil, false, nil
			}
			line = l.buf[l.start:l.end]
			l.start = l.end
			l.consumed += int64(seen)
			break
		}
		if seen > maxLine {
			return nil, false, errLongLine
		}
		if l.start > 0 {
			copy(l.buf, l.buf[l.start:l.end])
			l.start, l.end = 0, seen
		} else if l.end == len(l.buf) {
			l.buf = append(l.buf, make([]byte, len(l.buf))...)
		}
		if err := l.read(); err != nil {
			return nil, false, err
		}
	}
	l.number++
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, true, nil
}
