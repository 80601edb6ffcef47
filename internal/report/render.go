package report

import (
	"embed"
	"io"
)

//go:embed page.html picture.html document.html page.css
var page embed.FS

// Render writes the report as one HTML file that needs nothing else: styles and pictures are inline, there is no script
// and no external address, light and dark pages and paper are provided for. The same report gives the same bytes. All
// texts of the report are escaped. Lists that do not fit together are refused before anything is written.
func Render(w io.Writer, r *Report) error {
	if err := check(r); err != nil {
		return err
	}
	return execute(w, "page.html", newView(r))
}

// printable drops control characters that no page may contain; bytes.Map itself replaces what is not UTF-8.
func printable(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
		return -1
	}
	return r
}
