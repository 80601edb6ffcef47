package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"

	"github.com/plumb-go/plumb/internal/plot"
)

//go:embed page.html page.css
var page embed.FS

// Render writes the report as one HTML file that needs nothing else: styles and pictures are inline, there is no script
// and no external address, light and dark pages and paper are provided for. The same report gives the same bytes. All
// texts of the report are escaped. Lists that do not fit together are refused before anything is written.
func Render(w io.Writer, r *Report) error {
	if err := check(r); err != nil {
		return err
	}
	css, err := page.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"css":     func() template.CSS { return template.CSS(plot.CSS + string(css)) },
		"percent": func(n int) template.CSS { return template.CSS(fmt.Sprintf("width:%d%%", n)) },
		"count":   count,
	}).ParseFS(page, "page.html")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newView(r)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := w.Write(bytes.Map(printable, b.Bytes())); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// printable drops control characters that no page may contain; bytes.Map itself replaces what is not UTF-8.
func printable(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
		return -1
	}
	return r
}
