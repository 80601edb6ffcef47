package report

import (
	"bytes"
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// Table sizes of the fold-outs: what a spreadsheet and a page still handle with ease.
const (
	maxRows     = 2000
	previewRows = 8
)

// sheet is the data behind one picture, as a download and the first rows to look at.
type sheet struct {
	File    string
	Rows    string // how many, and of how many
	URL     template.URL
	Preview string
}

// column is one column of a sheet; shorter columns end in empty cells, NaN is an empty cell.
type column struct {
	head   string
	values []float64
}

// newSheet makes the data fold-out of a picture. Above maxRows it keeps every n-th row and says so.
func newSheet(name string, columns ...column) *sheet {
	rows := 0
	for _, c := range columns {
		rows = max(rows, len(c.values))
	}
	stride := (rows + maxRows - 1) / maxRows
	stride = max(stride, 1)
	var b bytes.Buffer
	kept, first := writeRows(&b, columns, rows, stride)
	preview := b.String()[:first] + "…\n"
	text := b.String()
	s := &sheet{File: fileName(name) + ".csv", Rows: plural(kept, "row", "rows"), Preview: preview}
	if kept <= previewRows {
		s.Preview = text
	}
	if stride > 1 {
		s.Rows = fmt.Sprintf("%s rows, every %s of %s samples", count(kept), ordinal(stride), count(rows))
	}
	s.URL = template.URL("data:text/csv;charset=utf-8," + percent(text))
	return s
}

// writeRows writes the head and every stride-th row; it returns how many rows those were and where the preview ends.
func writeRows(b *bytes.Buffer, columns []column, rows, stride int) (kept, preview int) {
	for i, c := range columns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(c.head))
	}
	b.WriteByte('\n')
	for k := 0; k < rows; k += stride {
		for i, c := range columns {
			if i > 0 {
				b.WriteByte(',')
			}
			if k < len(c.values) && finite(c.values[k]) {
				b.WriteString(strconv.FormatFloat(c.values[k], 'g', 7, 64))
			}
		}
		b.WriteByte('\n')
		if kept++; kept == previewRows {
			preview = b.Len()
		}
	}
	return kept, preview
}

func ordinal(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return count(n) + "st"
	case n%10 == 2 && n%100 != 12:
		return count(n) + "nd"
	case n%10 == 3 && n%100 != 13:
		return count(n) + "rd"
	}
	return count(n) + "th"
}

// quote writes a CSV field. A leading apostrophe keeps spreadsheets from taking a name for a formula.
func quote(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		s = "'" + s
	}
	if strings.ContainsAny(s, ",\"\r\n") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// percent encodes everything but letters, digits and the signs that numbers and their separators are made of.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == ',' || c == '-' || c == '_' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// fileName keeps lower-case letters and digits and joins the rest by hyphens.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return ' '
	}, strings.ToLower(s))
	return strings.Join(strings.Fields(s), "-")
}

// unitHead is a column head with its unit.
func unitHead(name, unit string) string {
	if unit == "" {
		return name
	}
	return name + " [" + unit + "]"
}
