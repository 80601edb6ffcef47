package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"strconv"

	"github.com/plumb-go/plumb/internal/plot"
)

// Document is a page of its own in the style of the report: headline figures, then sections of text, tables and pictures
// with the data behind them. RenderDocument is a pure function of it.
type Document struct {
	Title    string
	About    string // a line below the title
	Verdict  string // the badge; "" leaves it out
	Good     *bool  // colour of the badge: true, false, or nil for neither
	Cards    []Card
	Warnings []string
	Sections []Section
	Version  string
}

// Card is a headline figure.
type Card struct{ Name, Value, Note string }

// Section is a heading with what stands below it.
type Section struct {
	ID     string // for links within the page: lower-case letters, digits and hyphens
	Title  string
	Blocks []Block
}

// Block is Text, Code, *Table, *Drawing or Pair.
type Block interface{ block() blockView }

// Text is a paragraph.
type Text string

// Code is set as typed.
type Code string

// Table is a table with a head.
type Table struct {
	Heads []Head
	Rows  []TableRow
	Note  string // a line below; "" leaves it out
}

// Head is the head of a column.
type Head struct {
	Text   string
	Number bool // figures: set to the right
}

// TableRow is one row; Chosen sets it off.
type TableRow struct {
	Cells  []Cell
	Chosen bool
}

// Cell is an entry with a smaller line below.
type Cell struct{ Text, Small string }

// Drawing is a figure with a caption and the data that it shows.
type Drawing struct {
	File    string // of the data, without folder and extension; "" takes the label
	Figure  *plot.Figure
	Caption string
	Columns []Column
}

// Column is one column of the data behind a picture; shorter columns end in empty cells, NaN is an empty cell.
type Column struct {
	Name, Unit string
	Values     []float64
}

// Pair sets narrow pictures side by side where the page is wide enough.
type Pair []*Drawing

// Name is the file name of the picture's data.
func (p *Drawing) Name() string {
	if p.File != "" {
		return fileName(p.File)
	}
	return fileName(p.Figure.Label)
}

// WriteCSV writes the data behind the picture, every sample.
func (p *Drawing) WriteCSV(w io.Writer) error {
	cols := p.columns()
	rows := 0
	for _, c := range cols {
		rows = max(rows, len(c.values))
	}
	var b bytes.Buffer
	writeRows(&b, cols, rows, 1)
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func (p *Drawing) columns() []column {
	out := make([]column, len(p.Columns))
	for i, c := range p.Columns {
		out[i] = column{unitHead(c.Name, c.Unit), c.Values}
	}
	return out
}

func (p *Drawing) drawn() *picture {
	if len(p.Columns) == 0 {
		return draw(p.Figure, p.Caption, nil)
	}
	return draw(p.Figure, p.Caption, newSheet(p.Name(), p.columns()...))
}

// blockView is a block as the template shows it: one field is set.
type blockView struct {
	Text, Code string
	Table      *Table
	Picture    *picture
	Pair       []*picture
}

func (t Text) block() blockView     { return blockView{Text: string(t)} }
func (c Code) block() blockView     { return blockView{Code: string(c)} }
func (t *Table) block() blockView   { return blockView{Table: t} }
func (p *Drawing) block() blockView { return blockView{Picture: p.drawn()} }
func (p Pair) block() blockView {
	var v blockView
	for _, q := range p {
		v.Pair = append(v.Pair, q.drawn())
	}
	return v
}

// Drawings lists all drawings of the document in order.
func (d *Document) Drawings() []*Drawing {
	var out []*Drawing
	for _, s := range d.Sections {
		for _, b := range s.Blocks {
			switch b := b.(type) {
			case *Drawing:
				out = append(out, b)
			case Pair:
				out = append(out, b...)
			}
		}
	}
	return out
}

// documentView is what the template shows.
type documentView struct {
	*Document
	State    string
	Sections []sectionView
}

type sectionView struct {
	ID, Title string
	Blocks    []blockView
}

// RenderDocument writes the document as one HTML file that needs nothing else, as Render does. Rows that do not have as
// many cells as their table has heads are refused.
func RenderDocument(w io.Writer, d *Document) error {
	v := documentView{Document: d, State: "none"}
	if d.Good != nil {
		v.State = map[bool]string{true: "proved", false: "refused"}[*d.Good]
	}
	for _, s := range d.Sections {
		sv := sectionView{ID: fileName(s.ID), Title: s.Title}
		for _, b := range s.Blocks {
			if t, ok := b.(*Table); ok {
				for i, r := range t.Rows {
					if len(r.Cells) != len(t.Heads) {
						return fmt.Errorf("report: section %q: row %d has %d cells, the table %d heads", s.Title, i+1, len(r.Cells), len(t.Heads))
					}
				}
			}
			sv.Blocks = append(sv.Blocks, b.block())
		}
		v.Sections = append(v.Sections, sv)
	}
	return execute(w, "document.html", v)
}

// RenderDocumentFile writes the document as an HTML file, replacing the file whole or not at all.
func RenderDocumentFile(path string, d *Document) error {
	return replace(path, func(w io.Writer) error { return RenderDocument(w, d) })
}

// RenderFolder writes the document as report.html into the folder, and beside it each drawing as NAME.svg, a file that stands
// alone, with its data as NAME.csv. It returns the path of the page. Each file is replaced as a whole.
func RenderFolder(dir string, d *Document) (page string, err error) {
	for _, p := range d.Drawings() {
		name := filepath.Join(dir, p.Name())
		if err := replace(name+".svg", func(w io.Writer) error { _, err := io.WriteString(w, p.Figure.File()); return err }); err != nil {
			return "", err
		}
		if len(p.Columns) == 0 {
			continue
		}
		if err := replace(name+".csv", p.WriteCSV); err != nil {
			return "", err
		}
	}
	page = filepath.Join(dir, "report.html")
	return page, RenderDocumentFile(page, d)
}

// execute fills a template of the folder.
func execute(w io.Writer, name string, data any) error {
	css, err := page.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	t, err := template.New(name).Funcs(template.FuncMap{
		"css":     func() template.CSS { return template.CSS(plot.CSS + string(css)) },
		"percent": func(n int) template.CSS { return template.CSS("width:" + strconv.Itoa(n) + "%") },
		"count":   count,
	}).ParseFS(page, name, "picture.html")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := w.Write(bytes.Map(printable, b.Bytes())); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
