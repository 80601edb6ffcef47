package report

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/internal/plot"
)

func sampleDocument() *Document {
	good := true
	x := plot.Steps(0, 0.5, 3)
	line := func(label string) *Drawing {
		return &Drawing{Figure: &plot.Figure{Label: label, X: plot.Axis{Name: "time", Unit: "s"}, Panels: []plot.Panel{{Y: plot.Axis{Name: "p", Unit: "bar"},
			Marks: []plot.Mark{&plot.Line{X: x, Y: []float64{1, 2, 4}}}}}}, Caption: "Pressure < 5 bar.", Columns: []Column{{"time", "s", x}, {"p", "bar", []float64{1, math.NaN(), 4}}}}
	}
	return &Document{Title: "brake-by-wire", About: "a & b", Verdict: "all checks pass", Good: &good, Cards: []Card{{"FIT", "93.1 %", "caliper"}}, Warnings: []string{"x < y"},
		Sections: []Section{
			{ID: "checks", Title: "Checks", Blocks: []Block{Text("Each has a bound."), &Table{Heads: []Head{{"check", false}, {"value", true}},
				Rows: []TableRow{{Cells: []Cell{{"FIT", "test"}, {"93.1", ""}}, Chosen: true}}, Note: "a note"}, Code("plumb reproduce x")}},
			{ID: "figures", Title: "Figures", Blocks: []Block{line("Figure 3"), Pair{line("Figure 4"), line("Figure 5")}}},
		}}
}

func TestDocument(t *testing.T) {
	d := sampleDocument()
	var b bytes.Buffer
	if err := RenderDocument(&b, d); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.String())
	mustContain(t, b.String(), "✓ all checks pass", "93.1 % caliper", "x < y", "check value FIT test 93.1", "a note", "plumb reproduce x", "Pressure < 5 bar.", "time [s]", "p [bar]", "figure-5.csv")
	for _, id := range []string{`<section id="checks">`, `href="#figures"`, `class="pair"`} {
		if !strings.Contains(b.String(), id) {
			t.Errorf("no %s", id)
		}
	}
	if n := len(d.Drawings()); n != 3 {
		t.Errorf("%d drawings, want 3", n)
	}
	var csv bytes.Buffer
	if err := d.Drawings()[0].WriteCSV(&csv); err != nil || csv.String() != "time [s],p [bar]\n0,1\n0.5,\n1,4\n" {
		t.Errorf("%q, %v", csv.String(), err)
	}
	var again bytes.Buffer
	if err := RenderDocument(&again, sampleDocument()); err != nil || again.String() != b.String() {
		t.Errorf("the same document gave other bytes (%v)", err)
	}
}

func TestDocumentRefusesRaggedTable(t *testing.T) {
	d := sampleDocument()
	d.Sections[0].Blocks[1].(*Table).Rows[0].Cells = d.Sections[0].Blocks[1].(*Table).Rows[0].Cells[:1]
	if err := RenderDocument(&bytes.Buffer{}, d); err == nil || !strings.Contains(err.Error(), "row 1 has 1 cells, the table 2 heads") {
		t.Errorf("%v", err)
	}
}

// TestFolder: page, data and stand-alone pictures, and nothing else.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	page, err := RenderFolder(dir, sampleDocument())
	if err != nil || page != filepath.Join(dir, "report.html") {
		t.Fatal(page, err)
	}
	var names []string
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		names = append(names, f.Name())
	}
	if want := []string{"figure-3.csv", "figure-3.svg", "figure-4.csv", "figure-4.svg", "figure-5.csv", "figure-5.svg", "report.html"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "figure-3.svg"))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(svg))
	for _, w := range []string{"<title>Figure 3</title>", "<style>", "time [s]"} {
		if !strings.Contains(string(svg), w) {
			t.Errorf("the picture has no %q", w)
		}
	}
	if _, err := RenderFolder(filepath.Join(dir, "missing"), sampleDocument()); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
}
