package dataset

import (
	"bytes"
	"fmt"
	"strings"
)

// refuse recognises what is not a table of text.
func refuse(first []byte) error {
	text := bytes.TrimLeft(bytes.TrimPrefix(first, []byte("\xef\xbb\xbf")), " \t\r\n")
	low := strings.ToLower(string(text[:min(len(text), 512)]))
	switch {
	case len(text) == 0:
		return &FileError{Problem: "the file is empty", Fix: "Expected a table: names in the first row, one row per sample"}
	case strings.HasPrefix(low, "<!doctype html") || strings.HasPrefix(low, "<html") || strings.HasPrefix(low, "<head") || strings.HasPrefix(low, "<body"):
		return &FileError{Line: 1, Problem: "this is an HTML page, not data", Fix: "The download probably returned a login or error page; fetch the file itself"}
	case text[0] == '<':
		return &FileError{Line: 1, Problem: "this is XML, not a table", Fix: "Export the data as CSV"}
	case text[0] == '{' || text[0] == '[' && bytes.IndexByte(text[:min(len(text), 512)], ':') >= 0:
		return &FileError{Line: 1, Problem: "this looks like JSON, not a table", Fix: "Export the data as CSV"}
	case strings.HasPrefix(low, "version https://git-lfs"):
		return &FileError{Line: 1, Problem: "this is a Git LFS pointer, not the data", Fix: "Run git lfs pull to fetch the file itself"}
	case bytes.HasPrefix(first, []byte("\xff\xfe")) || bytes.HasPrefix(first, []byte("\xfe\xff")):
		return &FileError{Line: 1, Problem: "the text is UTF-16", Fix: "Save it as UTF-8 (in a spreadsheet: CSV UTF-8)"}
	case bytes.HasPrefix(first, []byte("\x1f\x8b")):
		return &FileError{Problem: "the file is compressed by gzip", Fix: "Unpack it first"}
	}
	if i := bytes.IndexByte(first, 0); i >= 0 {
		return &FileError{Problem: fmt.Sprintf("the file is binary (byte %d is zero), in no format that is read here", i), Fix: "Expected CSV, MAT (version 5 to 7), npy or npz"}
	}
	if bytes.IndexByte(first, '\n') < 0 && bytes.Count(first, []byte("\r")) > 1 {
		return &FileError{Line: 1, Problem: "the lines end in CR only", Fix: "Save the file with LF or CRLF line ends"}
	}
	return nil
}
