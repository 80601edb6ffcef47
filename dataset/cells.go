package dataset

import (
	"bytes"
	"fmt"
)

// split cuts a row into trimmed cells; quotes ("" inside stands for one) protect separators.
func split(line []byte, sep byte) [][]byte {
	var cells [][]byte
	if sep == ' ' {
		line = trim(line)
	}
	for {
		cell, rest, more := cutCell(line, sep)
		cells = append(cells, cell)
		if !more {
			return cells
		}
		line = rest
	}
}

// cutCell cuts the first cell off a row.
func cutCell(line []byte, sep byte) (cell, rest []byte, more bool) {
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' && sep != '\t') {
		i++
	}
	if i < len(line) && line[i] == '"' {
		if end := closingQuote(line, i+1); end >= 0 {
			cell = trim(bytes.ReplaceAll(line[i+1:end], []byte(`""`), []byte(`"`)))
			rest = line[end+1:]
			at := nextSeparator(rest, sep)
			if at < 0 && len(trim(rest)) == 0 {
				return cell, nil, false
			}
			if at >= 0 && len(trim(rest[:at])) == 0 { // anything else after the quote makes it no quoted cell
				return cell, afterSeparator(rest, at, sep), true
			}
		}
	}
	at := nextSeparator(line[i:], sep)
	if at < 0 {
		return trim(line), nil, false
	}
	return trim(line[:i+at]), afterSeparator(line, i+at, sep), true
}

func closingQuote(line []byte, i int) int {
	for ; i < len(line); i++ {
		if line[i] == '"' {
			if i+1 < len(line) && line[i+1] == '"' {
				i++
				continue
			}
			return i
		}
	}
	return -1
}

func nextSeparator(b []byte, sep byte) int {
	if sep == ' ' {
		return bytes.IndexAny(b, " \t")
	}
	return bytes.IndexByte(b, sep)
}

func afterSeparator(b []byte, at int, sep byte) []byte {
	b = b[at+1:]
	if sep == ' ' {
		b = bytes.TrimLeft(b, " \t")
	}
	return b
}

// clip shortens a row for a message.
func clip(b []byte) string {
	const most = 60
	if len(b) > most {
		return fmt.Sprintf("%.*q...", most, b)
	}
	return fmt.Sprintf("%q", b)
}
