package report

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestNumbersInWords(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct{ got, want string }{
		{digits(0.0712345, 3), "0.0712"}, {digits(9.996, 3), "10.0"}, {digits(123456, 3), "123456"}, {digits(-0.5, 2), "−0.50"},
		{digits(1.234e-7, 3), "1.23·10⁻⁷"}, {digits(0, 3), "0"}, {digits(nan, 3), "–"}, {digits(math.Inf(-1), 3), "−∞"},
		{quantity(0.000312, "V"), "0.312 mV"}, {quantity(0.3, "V"), "0.300 V"}, {quantity(1.7e-7, "m"), "0.170 µm"}, {quantity(0.000312, "mV"), "3.12·10⁻⁴ mV"}, {quantity(2, ""), "2.00"},
		// Upper bounds are rounded up and lower bounds down, so that what is printed is proved too.
		{upper(4.31201, 4), "4.313"}, {lower(1.9879, 4), "1.987"}, {upper(123412, 4), "123500"}, {upper(-1.2345, 3), "−1.23"}, {upper(5, 4), "5.000"},
		{rate(0.98532001), "0.985321"}, {rate(0.9999999), "0.9999999"}, {rate(0.5), "0.500000"}, {rate(0.0001234), "1.24·10⁻⁴"}, {rate(1.5), "1.500000"},
		{count(999), "999"}, {count(1000), "1,000"}, {count(-1234567), "−1,234,567"},
		{duration(4), "4 s"}, {duration(0.00163), "1.63 ms"}, {duration(4720), "78.7 min"}, {duration(86400), "24 h"}, {duration(864000), "10 d"}, {duration(nan), "–"},
		{samples(1, 0), "1 sample"}, {samples(1500, 2), "1,500 samples (50 min)"},
		{ordinal(1), "1st"}, {ordinal(2), "2nd"}, {ordinal(3), "3rd"}, {ordinal(11), "11th"}, {ordinal(40), "40th"},
		{fileName("Part α/1: level [V]"), "part-1-level-v"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestDirectedRounding: for any bound the printed number is on the safe side.
func TestDirectedRounding(t *testing.T) {
	for v := 1.000001e-5; v < 1e7; v *= 1.0737 {
		if up := directed(v, 4, math.Ceil); up < v || up > v*1.0011 {
			t.Errorf("upper bound %g printed as %g", v, up)
		}
		if low := directed(v, 4, math.Floor); low > v || low < v*0.9989 {
			t.Errorf("lower bound %g printed as %g", v, low)
		}
	}
}

func TestFileRoundTrip(t *testing.T) {
	r := steppedDown(3000)
	r.Claim.Gain = Number(math.Inf(1))
	path := filepath.Join(t.TempDir(), "report.json")
	if err := WriteFile(path, r); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(float64(got.Claim.Gain)) {
		t.Errorf("an infinite gain reads as %v, want unknown", got.Claim.Gain)
	}
	m := got.Parts[0].Outputs[0].Measured
	if !math.IsNaN(m[2000]) || m[1999] != r.Parts[0].Outputs[0].Measured[1999] {
		t.Errorf("samples 1999, 2000 read as %v", m[1999:2001])
	}
	r.Claim.Gain, got.Claim.Gain = 0, 0
	if render(t, r) != render(t, got) {
		t.Error("the stored report draws differently")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".report*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestReadFileErrors(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, says string }{
		"html":   {"<html>", "is not a report"},
		"other":  {`{"format": "plumb-report/9"}`, `has format "plumb-report/9", expected "plumb-report/1"`},
		"no":     {`{}`, `expected "plumb-report/1"`},
		"text":   {`{"format": "plumb-report/1", "ts": "4"}`, "is not a report"},
		"number": {`{"format": "plumb-report/1", "claim": {"rate": "x"}}`, "is not a report"},
		"series": {`{"format": "plumb-report/1", "parts": [{"outputs": [{"measured": [1, "x"]}]}]}`, "is not a report"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "absent")); err == nil {
		t.Error("an absent file was read")
	}
	if err := RenderFile(filepath.Join(dir, "absent", "x.html"), sample()); err == nil {
		t.Error("a file in an absent folder was written")
	}
}

func TestRenderFileReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	if err := RenderFile(path, sample()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := sample()
	bad.Parts[0].Outputs[0].Simulated = nil
	if err := RenderFile(path, bad); err == nil {
		t.Fatal("a report that does not fit together was written")
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("a refused report damaged the file")
	}
}

func TestSeriesJSON(t *testing.T) {
	b, err := json.Marshal(Series{1, math.NaN(), -0.25, math.Inf(1), 1e21})
	if err != nil || string(b) != "[1,null,-0.25,null,1e+21]" {
		t.Errorf("%s, %v", b, err)
	}
	var s Series
	if err := json.Unmarshal([]byte("null"), &s); err != nil || s != nil {
		t.Errorf("null reads as %v, %v", s, err)
	}
}

// TestSheet decodes the link behind a picture and finds the numbers.
func TestSheet(t *testing.T) {
	s := newSheet("x", column{"time, s", []float64{0, 0.5, 1}}, column{"=y", []float64{1, math.NaN()}})
	text, err := url.PathUnescape(strings.TrimPrefix(string(s.URL), "data:text/csv;charset=utf-8,"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	want := [][]string{{"time, s", "'=y"}, {"0", "1"}, {"0.5", ""}, {"1", ""}}
	if err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("%q, %v; want %q", rows, err, want)
	}
	long := newSheet("x", column{"y", make([]float64, 10*maxRows)})
	if long.Rows != "2,000 rows, every 10th of 20,000 samples" || strings.Count(string(long.URL), "%0A") != maxRows+1 {
		t.Errorf("%s; %d lines", long.Rows, strings.Count(string(long.URL), "%0A"))
	}
}
