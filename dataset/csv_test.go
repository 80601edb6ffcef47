package dataset

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// readText reads a table given as text.
func readText(text string, o Options) (*Record, error) {
	return ReadCSV(strings.NewReader(text), "lab/x.csv", int64(len(text)), o)
}

var gap3 = [][]float64{{1, 2, 3}, {0.5, math.NaN(), -1.5}}

// TestAccepted lists the forms of the same small record.
func TestAccepted(t *testing.T) {
	u, y := Signal{Name: "u"}, Signal{Name: "y"}
	volts, bars := Signal{"u", "V"}, Signal{"y", "bar"}
	for _, c := range []struct {
		name, text string
		o          Options
		ts         float64
		signals    []Signal
		data       [][]float64
	}{
		{"plain", "u,y\n1,0.5\n2,\n3,-1.5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"no newline at the end", "u,y\n1,0.5\n2,NaN\n3,-1.5", Options{}, 0, []Signal{u, y}, gap3},
		{"CRLF, byte order mark", "\xef\xbb\xbfu,y\r\n1,0.5\r\n2,nan\r\n3,-1.5\r\n", Options{}, 0, []Signal{u, y}, gap3},
		{"quoted header, trailing commas", "\"u\",\"y\",\n1,0.5,\n2,,\n3,-1.5,\n\n", Options{}, 0, []Signal{u, y}, gap3},
		{"trailing comma in the header only", "u,y,\n1,0.5\n2,NA\n3,-1.5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"trailing comma in the data only", "u,y\n1,0.5,\n2,null,\n3,-1.5,\n", Options{}, 0, []Signal{u, y}, gap3},
		{"quoted cells", "u,y\n\"1\",\"0.5\"\n\"2\",\"\"\n\"3\",-1.5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"comments and blank lines around", "# pump test\n\n# 2024\nu,y\n# units unknown\n1,0.5\n2,N/A\n#3,4\n3,-1.5\n\n\n", Options{}, 0, []Signal{u, y}, gap3},
		{"semicolons, decimal comma", "u;y\n1;0,5\n2;\n3;-1,5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"semicolons, decimal point", "u;y\n1;0.5\n2;\n3;-1.5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"tabs", "u\ty\n1\t0.5\n2\t\n3\t-1.5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"tabs, decimal comma", "u\ty\n1\t0,5\n2\t\n3\t-1,5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"spaces", "u y\n1 0.5\n 2  NaN\n3   -1.5  \n", Options{}, 0, []Signal{u, y}, gap3},
		{"spaces, leading point", "u y\n1 .5\n2 nan\n3 -1.5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"spaces, decimal comma", "u y\n1,0 0,5\n 2,0  NaN\n3,0   -1,5  \n", Options{}, 0, []Signal{u, y}, gap3},
		{"spaces and tabs mixed, no header", "  1.0e+00\t  5e-1\t\n  2.0e+00\t  nan\t\n  3.0e+00\t -15e-1\t\n", Options{}, 0, []Signal{{Name: "c1"}, {Name: "c2"}}, gap3},
		{"no header", "1,0.5\n2,\n3,-1.5\n", Options{}, 0, []Signal{{Name: "c1"}, {Name: "c2"}}, gap3},
		{"padded cells", " u , y \n 1 , 0.5 \n 2 ,  \n 3 ,-1.5\n", Options{}, 0, []Signal{u, y}, gap3},
		{"row of units", "u,y\nV,bar\n1,0.5\n2,\n3,-1.5\n", Options{}, 0, []Signal{volts, bars}, gap3},
		{"row of units in brackets", "u,y\n[V],[bar]\n1,0.5\n2,\n3,-1.5\n", Options{}, 0, []Signal{volts, bars}, gap3},
		{"units in the names", "u [V],y (bar)\n1,0.5\n2,\n3,-1.5\n", Options{}, 0, []Signal{volts, bars}, gap3},
		{"time", "t,u,y\n0,1,0.5\n0.1,2,\n0.2,3,-1.5\n", Options{}, 0.1, []Signal{u, y}, gap3},
		{"time in ms", "u,Time [ms],y\n1,100,0.5\n2,120,\n3,140,-1.5\n", Options{}, 0.02, []Signal{u, y}, gap3},
		{"time unit in the units row", "time,u,y\nmin,V,bar\n0,1,0.5\n1,2,\n2,3,-1.5\n", Options{}, 60, []Signal{volts, bars}, gap3},
		{"ISO 8601", "time,u,y\n2024-02-28T23:59:59.5Z,1,0.5\n2024-02-29T00:00:00Z,2,\n2024-02-29T00:00:00.5Z,3,-1.5\n", Options{}, 0.5, []Signal{u, y}, gap3},
		{"ISO 8601 with zones and a space", "time;u;y\n2024-03-31 01:59:59+01:00;1;0,5\n2024-03-31 03:00:00+02:00;2;\n2024-03-31 01:00:01Z;3;-1,5\n", Options{}, 1, []Signal{u, y}, gap3},
		{"ISO 8601 without a zone", "timestamp,u,y\n2024-03-01T12:00:00,1,0.5\n2024-03-01T12:00:10,2,\n2024-03-01T12:00:20,3,-1.5\n", Options{}, 10, []Signal{u, y}, gap3},
		{"named time column", "clock,u,y\n0,1,0.5\n2,2,\n4,3,-1.5\n", Options{Time: "clock"}, 2, []Signal{u, y}, gap3},
		{"time column left out", "t,u,y\n0,1,0.5\n9,2,\n4,3,-1.5\n", Options{Time: "-", Ts: 3}, 3, []Signal{u, y}, gap3},
		{"sampling time by option", "u,y\n1,0.5\n2,\n3,-1.5\n", Options{Ts: 0.25}, 0.25, []Signal{u, y}, gap3},
		{"sampling time in a column", "u,y,Ts,\n1,0.5,4,\n2,,,\n3,-1.5,,\n", Options{}, 4, []Signal{u, y}, gap3},
		{"sampling rate in every row", "u,fs,y\n1,8,0.5\n2,8,\n3,8,-1.5\n", Options{}, 0.125, []Signal{u, y}, gap3},
		{"fs that is a signal", "fs,y\n1,0.5\n2,\n3,-1.5\n", Options{}, 0, []Signal{{Name: "fs"}, y}, gap3},
		{"chosen columns beside text", "u,state,y\n1,on,0.5\n2,off,\n3,\"on, again\",-1.5\n", Options{Columns: []string{"u", "y"}}, 0, []Signal{u, y}, gap3},
		{"nothing but integers until late", "u;y\n1;0,5\n2;\n3;-1,5\n", Options{Separator: ';'}, 0, []Signal{u, y}, gap3},
		{"a single column", "flow rate\n1\n2\n3\n", Options{}, 0, []Signal{{Name: "flow rate"}}, gap3[:1]},
		{"quotes in names", "\"u \"\"set\"\"\",\"y, raw\"\n1,0.5\n2,\n3,-1.5\n", Options{}, 0, []Signal{{Name: `u "set"`}, {Name: "y, raw"}}, gap3},
	} {
		for _, slow := range []bool{false, true} {
			var in io.Reader = strings.NewReader(c.text)
			if slow { // one byte at a time, size unknown
				in = iotest.OneByteReader(in)
			}
			r, err := ReadCSV(in, "lab/x.csv", 0, c.o)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if r.Name != "x" || r.Ts != c.ts || !reflect.DeepEqual(r.Signals, c.signals) || len(r.Experiments) != 1 || !same(r.Experiments[0].Data, c.data) {
				t.Errorf("%s: %q Ts %v, signals %q, data %v", c.name, r.Name, r.Ts, r.Signals, r.Experiments[0].Data)
			}
		}
	}
}

// same compares bit for bit, every NaN alike.
func same(a, b [][]float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return false
		}
		for k := range a[i] {
			if math.Float64bits(a[i][k]) != math.Float64bits(b[i][k]) && !(math.IsNaN(a[i][k]) && math.IsNaN(b[i][k])) {
				return false
			}
		}
	}
	return true
}

// TestRefused: every mistake is found at its line and column, with what to change.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          Options
		line       int
		column     string
		want       string
	}{
		{"empty", "", Options{}, 0, "", "empty"},
		{"blank", " \n\n \n", Options{}, 0, "", "empty"},
		{"comments only", "# a\n# b\n", Options{}, 0, "", "no rows"},
		{"header only", "u,y\n", Options{}, 0, "", "no row of data"},
		{"HTML", "<!DOCTYPE html>\n<html><body>404</body></html>", Options{}, 1, "", "HTML"},
		{"HTML after blanks", "\n  <HTML><head>", Options{}, 1, "", "HTML"},
		{"XML", "<?xml version=\"1.0\"?>", Options{}, 1, "", "XML"},
		{"JSON", "{\"message\": \"not found\"}", Options{}, 1, "", "JSON"},
		{"JSON list", "[{\"u\": 1}]", Options{}, 1, "", "JSON"},
		{"LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", Options{}, 1, "", "LFS"},
		{"UTF-16", "\xff\xfeu\x00,\x00y\x00", Options{}, 1, "", "UTF-16"},
		{"gzip", "\x1f\x8b\x08\x00\x00", Options{}, 0, "", "gzip"},
		{"binary", "u,y\n1,\x00\n", Options{}, 0, "", "binary (byte 6"},
		{"old Macintosh", "u,y\r1,2\r3,4\r", Options{}, 1, "", "CR only"},
		{"too few cells", "u,y\n1,2\n3\n4,5\n", Options{}, 3, "", "1 cells between commas, expected 2"},
		{"too many cells", "u,y\n1,2\n3,4,5\n", Options{}, 3, "", "3 cells between commas, expected 2"},
		{"two empty cells too many", "u,y\n1,2,,\n", Options{}, 2, "", "expected 2"},
		{"too few between spaces", "u y\n1 2\n3\n4 5\n", Options{}, 3, "", "1 cells between spaces, expected 2"},
		{"numbers without a space", "u y\n1 2\n3-4\n", Options{}, 3, "u", `"3-4" is not a number`},
		{"decimal commas between commas", "u,y\n1,5,2,5\n1,5,2,6\n", Options{}, 2, "", "decimal comma"},
		{"a word", "u,y\n1,2\n3,high\n", Options{}, 3, "y", `"high" is not a number`},
		{"a number too large", "u,y\n1,1e400\n", Options{}, 2, "y", `"1e400" is not a number`},
		{"mixed decimal signs", "u;y\n1;0.5\n2;0,25\n", Options{}, 3, "y", "decimal sign"},
		{"thousands separators", "u;y\n1;0,5\n2;1.000,25\n", Options{}, 3, "y", "decimal sign"},
		{"names twice", "u,y,u\n1,2,3\n", Options{}, 1, "u", "two columns"},
		{"names and numbers", "1,u\n2,3\n", Options{}, 1, "", "mixes names and numbers"},
		{"blank line inside", "u,y\n1,2\n\n3,4\n", Options{}, 3, "", "blank line"},
		{"only time", "t\n1\n2\n", Options{}, 1, "", "no column of data"},
		{"unknown signal wanted", "u,y\n1,2\n", Options{Columns: []string{"p"}}, 0, "p", `"u", "y"`},
		{"unknown time column", "u,y\n1,2\n", Options{Time: "clock"}, 0, "clock", `"u", "y"`},
		{"unknown time unit", "t [fortnights],u\n1,2\n", Options{}, 1, "t", "fortnights"},
		{"time missing", "t,u\n0,1\n,2\n", Options{}, 3, "t", "not a time"},
		{"time no stamp", "time,u\n2024-01-01T00:00:00,1\nlater,2\n", Options{}, 3, "time", "ISO 8601"},
		{"time repeated", "t,u\n0,1\n1,2\n1,3\n2,4\n", Options{}, 4, "t", "repeats"},
		{"time goes back", "t,u\n0,1\n1,2\n2,3\n0,4\n", Options{}, 5, "t", "goes back"},
		{"lost samples", "t,u\n0,1\n1,2\n2,3\n3,4\n7,5\n8,6\n", Options{}, 6, "t", "rows missing before it: about 3"},
		{"jitter", "t,u\n0,1\n1,2\n2.02,3\n3,4\n4,5\n", Options{}, 4, "t", "time step of 1.02 s before time 2.02 s, expected 1 s within 1 %"},
		{"jitter above the option", "t,u\n0,1\n1,2\n2.02,3\n3,4\n4,5\n", Options{Jitter: 0.015}, 4, "t", "within 1.5 %"},
		{"stamps against the option", "t,u\n0,1\n1,2\n2,3\n", Options{Ts: 0.9}, 0, "t", "mean time step is 1 s"},
		{"rate against the stamps", "t,u,fs\n0,1,2\n1,2,2\n2,3,2\n", Options{}, 0, "fs", "0.5 s, but it is 1 s"},
		{"experiment missing", "experiment,u\na,1\n,2\n", Options{}, 3, "experiment", "names no experiment"},
		{"experiment resumed", "experiment,u\na,1\nb,2\na,3\n", Options{}, 4, "experiment", `"a" goes on`},
	} {
		_, err := readText(c.text, c.o)
		var fe *FileError
		if !errors.As(err, &fe) {
			t.Errorf("%s: error %v, want a file error", c.name, err)
			continue
		}
		if fe.File != "lab/x.csv" || fe.Line != c.line || fe.Column != c.column || !strings.Contains(fe.Error(), c.want) {
			t.Errorf("%s: %v (line %d, column %q), want line %d, column %q and %q", c.name, fe, fe.Line, fe.Column, c.line, c.column, c.want)
		}
		if fe.Fix == "" {
			t.Errorf("%s: no word on what to change", c.name)
		}
	}
}

// TestFirstRowMissing: a first row of words and missing values is data, not units.
func TestFirstRowMissing(t *testing.T) {
	r, err := readText("experiment;u;y\nwarm;NaN;NaN\nwarm;1;2\n", Options{})
	if err != nil || r.Experiments[0].Len() != 2 || r.Signals[0].Unit != "" {
		t.Errorf("%v %v", r, err)
	}
	r, err = readText("state,u\non,\noff,1\n", Options{Columns: []string{"u"}})
	if err != nil || r.Experiments[0].Len() != 2 {
		t.Errorf("%v %v", r, err)
	}
}

func TestExperiments(t *testing.T) {
	r, err := readText("experiment,t,y\nwarm,0,1\nwarm,0.5,2\nwarm,1,3\ncold,10,4\ncold,10.5,5\n7,0,6\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range r.Experiments {
		got = append(got, fmt.Sprint(e.Name, e.Data))
	}
	if want := "warm[[1 2 3]] cold[[4 5]] 7[[6]]"; strings.Join(got, " ") != want || r.Ts != 0.5 {
		t.Errorf("%v, Ts %g, want %s", got, r.Ts, want)
	}
	_, err = readText("experiment,t,y\na,0,1\na,1,2\na,2,3\nb,0,4\nb,2,5\n", Options{})
	if err == nil || !strings.Contains(err.Error(), ":6") {
		t.Errorf("another sampling time in the second experiment: %v", err)
	}
}

// TestJitterAccepted: any jitter passes where the user says so, and is reported.
func TestJitterAccepted(t *testing.T) {
	text := "t,u\n0,1\n1,2\n2.25,3\n3,4\n4,5\n5,6\n"
	r, err := readText(text, Options{Jitter: math.Inf(1)})
	if err != nil {
		t.Fatal(err)
	}
	if e := r.Experiments[0]; e.Jitter != 0.25 || r.Ts != 1 || e.JitterAt != 2 && e.JitterAt != 3 {
		t.Errorf("jitter %g at %d, Ts %g", e.Jitter, e.JitterAt, r.Ts)
	}
	if _, err := readText(text, Options{Ts: 1}); err != nil { // a stated sampling time overrides coarse stamps
		t.Error(err)
	}
	if r, err = readText("t,u\n0,1\n,2\n", Options{Jitter: math.Inf(1)}); err == nil {
		t.Errorf("a missing stamp passed: %v", r)
	}
}

// TestRoundPeriod: single-precision stamps, nine digits and odd rates give the sampling time that was meant.
func TestRoundPeriod(t *testing.T) {
	for _, want := range []float64{0.001, 4, 1. / 51200, 1 / 610.35, 1. / 6400, 1. / 30, 0.0025, 1. / 44100} {
		var b strings.Builder
		b.WriteString("t,u\n")
		for k := range 3000 {
			fmt.Fprintf(&b, "%.9g,0\n", float32(float64(k)*want))
		}
		r, err := readText(b.String(), Options{})
		if err != nil {
			t.Errorf("%g: %v", want, err)
		} else if r.Ts != want {
			t.Errorf("Ts = %v, want %v", r.Ts, want)
		}
	}
	if r, err := readText("t,u\n0,1\n1.2346912,2\n2.4693824,3\n", Options{}); err != nil || math.Abs(r.Ts-1.2346912) > 1e-15 {
		t.Errorf("an odd sampling time was rounded: %v %v", r, err)
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("cable unplugged")
	_, err := ReadCSV(io.MultiReader(strings.NewReader("u\n1\n"), iotest.ErrReader(broken)), "x.csv", 0, Options{})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "x.csv") {
		t.Errorf("error %v", err)
	}
	_, err = ReadCSV(strings.NewReader("u\n"+strings.Repeat("1", maxLine+blockSize)), "x.csv", 0, Options{})
	if err == nil || !strings.Contains(err.Error(), ":2: the line is longer") {
		t.Errorf("long line: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.csv"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("folder: %v", err)
	}
}

// TestLateDecimalComma: a file of integers whose first fraction comes after the lines that decide the layout.
func TestLateDecimalComma(t *testing.T) {
	var b strings.Builder
	b.WriteString("u;y\n")
	for k := range 500 {
		fmt.Fprintf(&b, "%d;%d\n", k, -k)
	}
	b.WriteString("0,5;0,25\n")
	r, err := readText(b.String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Experiments[0].Data; d[0][500] != 0.5 || d[1][500] != 0.25 || d[1][499] != -499 {
		t.Errorf("last rows %v %v", d[0][498:], d[1][498:])
	}
}
