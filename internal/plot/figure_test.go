package plot

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// wellFormed reads the whole text as XML.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
	}
}

func example() *Figure {
	x := Steps(0, 1, 5)
	return &Figure{Label: "an example", Width: 400, X: Axis{Name: "time", Unit: "s"}, Panels: []Panel{
		{Height: 80, Y: Axis{Name: "level", Unit: "V"}, Marks: []Mark{
			&Line{Name: "measured", Color: Grey, Width: 3, X: x, Y: []float64{0, 1, 4, 9, 16}},
			&Line{Name: "simulated", Color: Vermillion, Dash: Dashed, X: x, Y: []float64{0, 2, 4, math.NaN(), 16}},
			&Span{Name: "zoom", Color: Blue, From: 1, To: 2}, &Rule{X: 3, Label: "here"}}},
		{Height: 40, Y: Axis{Name: "error", Log: true}, Marks: []Mark{
			&Points{Name: "points", Color: Ink, X: x, Y: []float64{1, 0.1, 0, -1, 0.001}}}},
		{Height: 40, Y: Axis{Name: "correlation"}, Marks: []Mark{
			&Band{Name: "band", Color: Blue, Low: -0.1, High: 0.1}, &Bars{Color: Ink, X: x, Y: []float64{1, 0.5, 0.2, -0.3, 0}}}},
	}}
}

func TestGolden(t *testing.T) {
	for name, got := range map[string]string{"inline": example().Inline(), "file": example().File()} {
		wellFormed(t, got)
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			out := filepath.Join(t.ArtifactDir(), name+".svg")
			_ = os.WriteFile(out, []byte(got), 0o644)
			t.Errorf("%s differs from its golden file; got %s (look at it, then -update)", name, out)
		}
	}
}

func TestUnitsAndLegend(t *testing.T) {
	s := example().Inline()
	for _, want := range []string{">level [V]<", ">time [s]<", ">error<", ">measured<", ">simulated<", ">zoom<", ">points<", ">band<", ">here<", `aria-label="an example"`} {
		if !strings.Contains(s, want) {
			t.Errorf("missing %s", want)
		}
	}
}

func TestSelfContained(t *testing.T) {
	s := strings.ReplaceAll(example().File(), `xmlns="http://www.w3.org/2000/svg"`, "")
	if m := regexp.MustCompile(`(?i)https?:|url\(|@import|<script|href|id=`).FindString(s); m != "" {
		t.Errorf("the picture refers to something or names something a page may name too: %s", m)
	}
}

func TestHostileText(t *testing.T) {
	const evil = "\"'><script>alert(1)</script>\x00\xff&amp;"
	f := example()
	f.Label, f.X.Name, f.Panels[0].Y.Name = evil, evil, evil
	f.Panels[0].Marks = append(f.Panels[0].Marks, &Line{Name: evil, Color: Blue, X: []float64{0, 1}, Y: []float64{1, 2}}, &Rule{X: 1, Label: evil})
	for _, s := range []string{f.Inline(), f.File()} {
		wellFormed(t, s)
		if strings.Contains(s, "<script") {
			t.Error("a name became an element")
		}
	}
}

func TestNothingToShow(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct {
		x, y []float64
		log  bool
		none bool
	}{
		"empty":            {nil, nil, false, true},
		"all missing":      {[]float64{0, 1}, []float64{nan, inf}, false, true},
		"log, none above":  {[]float64{0, 1}, []float64{0, -3}, true, true},
		"one sample":       {[]float64{5}, []float64{2}, false, false},
		"constant":         {[]float64{0, 1}, []float64{7, 7}, false, false},
		"zero":             {[]float64{0, 1}, []float64{0, 0}, false, false},
		"huge":             {[]float64{0, 1}, []float64{-1.5e308, 1.5e308}, false, true}, // the span overflows
		"tiny":             {[]float64{0, 1}, []float64{0, 5e-324}, false, false},        // no tick between
		"large and narrow": {[]float64{0, 1}, []float64{1e15, 1e15 + 1}, false, false},
	} {
		f := &Figure{X: Axis{Name: "x"}, Panels: []Panel{{Y: Axis{Name: "y", Log: c.log}, Marks: []Mark{&Line{Color: Ink, X: c.x, Y: c.y}}}}}
		s := f.Inline()
		wellFormed(t, s)
		if strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("%s: a coordinate is not a number", name)
		}
		if got := strings.Contains(s, "no data to show"); got != c.none {
			t.Errorf("%s: says no data: %v, want %v", name, got, c.none)
		}
	}
	wellFormed(t, (&Figure{}).File())
}

// A lone sample between gaps is a dot, not nothing.
func TestLoneSample(t *testing.T) {
	nan := math.NaN()
	if got := polyline([]float64{nan, 3, nan, 4, 5}, []float64{nan, 1, nan, 2, 0.5}); got != "M3 1h0M4 2l1-1.5" {
		t.Errorf("path %q", got)
	}
}

// A record of 80,000 samples, whole or with a gap at every third, stays a small picture.
func TestLongRecordStaysSmall(t *testing.T) {
	const n, most = 80000, 48 << 10 // bytes: 858 columns of two strokes, 14 bytes a stroke, twice as safety
	x, y := Steps(0, 0.001, n), make([]float64, n)
	for i := range y {
		y[i] = math.Sin(float64(i) * 1.7)
	}
	for _, gaps := range []bool{false, true} {
		for i := range y {
			if gaps && i%3 == 0 {
				y[i] = math.NaN()
			}
		}
		f := &Figure{X: Axis{Name: "time", Unit: "s"}, Panels: []Panel{{Y: Axis{Name: "y"}, Marks: []Mark{&Line{Color: Ink, X: x, Y: y}}}}}
		if s := f.Inline(); len(s) > most {
			t.Errorf("gaps %v: %d bytes, want at most %d", gaps, len(s), most)
		}
	}
}

// Held values step at the sample, lines do not.
func TestHold(t *testing.T) {
	l := &Line{Color: Ink, Hold: true, X: []float64{0, 1}, Y: []float64{0, 1}}
	w := new(writer)
	l.draw(w, &area{x: scale{lo: 0, hi: 1, p1: 10}, y: scale{lo: 0, hi: 1, p0: 10}, width: 10, height: 10})
	if !strings.Contains(w.String(), `d="M0 10h10v-10"`) {
		t.Errorf("held line drawn as %s", w.String())
	}
}
