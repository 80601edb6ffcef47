package dataset

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// checkRecord fails when a record that was accepted is inconsistent.
func checkRecord(t *testing.T, r *Record) {
	t.Helper()
	if len(r.Signals) == 0 || len(r.Experiments) == 0 || !(r.Ts >= 0) || math.IsInf(r.Ts, 0) {
		t.Fatalf("%d signals, %d experiments, Ts %g", len(r.Signals), len(r.Experiments), r.Ts)
	}
	for _, e := range r.Experiments {
		if len(e.Data) != len(r.Signals) {
			t.Fatalf("%d columns for %d signals", len(e.Data), len(r.Signals))
		}
		for _, c := range e.Data {
			if len(c) != e.Len() {
				t.Fatalf("columns of %d and %d samples", len(c), e.Len())
			}
		}
	}
	for _, f := range Diagnose(r) {
		if f.Text == "" || f.Fix == "" || !finite(f.Value) {
			t.Fatalf("finding %+v", f)
		}
	}
}

// FuzzCSV: no text panics; the same text in small pieces gives the same; what was read and written out again as a plain
// table reads as the same numbers.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"u,y\n1,0.5\n2,\n", "\"a\",\"b\",\nV,m\n1;2\n", "t;u\n0;1,5\n1;2\n", "1 2\n3 4\n", "experiment,t,u\n a,0,1\nb,0,2\n",
		"time,u,Ts\n2024-01-01T00:00:00Z,1,1\n2024-01-01T00:00:01Z,2,\n", "# c\n\xef\xbb\xbfu\r\n1\r\n", "u [V]\ty (m)\n1\t\"2\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ReadCSV(bytes.NewReader(text), "x.csv", int64(len(text)), Options{})
		if err != nil {
			return
		}
		checkRecord(t, r)
		again, err := ReadCSV(&trickle{text}, "x.csv", 0, Options{})
		if err != nil || len(again.Experiments) != len(r.Experiments) || again.Ts != r.Ts {
			t.Fatalf("read in pieces: %v", err)
		}
		var b strings.Builder
		b.WriteString("experiment")
		for i := range r.Signals {
			b.WriteString(";s" + strconv.Itoa(i))
		}
		b.WriteString("\n")
		for i, e := range r.Experiments {
			if !same(e.Data, again.Experiments[i].Data) {
				t.Fatal("read in pieces: other numbers")
			}
			for k := range e.Len() {
				b.WriteString("e" + strconv.Itoa(i))
				for _, c := range e.Data {
					b.WriteString(";" + strconv.FormatFloat(c[k], 'g', -1, 64))
				}
				b.WriteString("\n")
			}
		}
		out, err := readText(b.String(), Options{})
		if err != nil {
			t.Fatalf("written out: %v\n%s", err, b.String())
		}
		for i, e := range r.Experiments {
			if !same(e.Data, out.Experiments[i].Data) {
				t.Fatalf("written out: other numbers")
			}
		}
	})
}

// trickle is a reader of seven bytes at a time.
type trickle struct{ rest []byte }

func (r *trickle) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:min(7, len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}

// FuzzArrays: no bytes make the MAT, npy or npz reader panic, and what they accept makes a consistent record or none.
func FuzzArrays(f *testing.F) {
	files, err := filepath.Glob("testdata/*.[mn]??")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		arrays, err := parseMAT(data)
		if err != nil {
			arrays, err = parseNPZ(data)
		}
		if err != nil {
			var a Array
			if a, err = parseNPY(data); err != nil {
				return
			}
			arrays = []Array{a}
		}
		for i := range arrays {
			if n, ok := elements(arrays[i].Shape, math.MaxInt); !ok || n != arrays[i].Len() {
				t.Fatalf("shape %v, %d numbers", arrays[i].Shape, arrays[i].Len())
			}
		}
		if r, err := fromArrays("x", arrays, Options{}); err == nil {
			checkRecord(t, r)
		}
	})
}
