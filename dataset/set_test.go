package dataset

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// record makes a record with signals u, y and x; sample k of experiment e holds 100e+k, minus that, and 0.
func record(names []string, lengths ...int) *Record {
	r := &Record{Name: "r", Ts: 0.5, Signals: []Signal{{"u", "V"}, {"y", "m"}, {"x", ""}}}
	for i, n := range lengths {
		e := Experiment{Data: [][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}}
		if i < len(names) {
			e.Name = names[i]
		}
		for k := range n {
			e.Data[0][k], e.Data[1][k] = float64(100*i+k), -float64(100*i+k)
		}
		r.Experiments = append(r.Experiments, e)
	}
	return r
}

// show prints parts as experiment:from-to, both from 0 and to exclusive.
func show(groups ...[]Part) string {
	var out []string
	for _, g := range groups {
		var s []string
		for _, p := range g {
			s = append(s, fmt.Sprintf("%d:%d-%d", p.Experiment, p.From, p.To))
		}
		out = append(out, strings.Join(s, ","))
	}
	return strings.Join(out, " / ")
}

func TestSplit(t *testing.T) {
	one := record(nil, 100)
	two := record([]string{"a", "b"}, 100, 40)
	six := record([]string{"a", "b", "c", "d", "e", "10"}, 10, 20, 30, 40, 50, 60)
	for _, c := range []struct {
		r           *Record
		split, want string
	}{
		{one, "", "0:0-60 / 0:60-75 / 0:75-100"},
		{two, "", "0:0-60,1:0-24 / 0:60-75,1:24-30 / 0:75-100,1:30-40"},
		{record(nil, 5, 6, 7), "", "0:0-5 / 1:0-6 / 2:0-7"},
		{six, "", "0:0-10,1:0-20,2:0-30 / 3:0-40 / 4:0-50,5:0-60"},
		{six, "exp=1..4/5/6", "0:0-10,1:0-20,2:0-30,3:0-40 / 4:0-50 / 5:0-60"},
		{six, "exp=a..d/exp=e/exp=10", "0:0-10,1:0-20,2:0-30,3:0-40 / 4:0-50 / 5:0-60"}, // the name 10, no number
		{six, "exp=a,3/-/exp=b, d", "0:0-10,2:0-30 /  / 1:0-20,3:0-40"},
		{six, " exp=1 / / 2 ", "0:0-10 /  / 1:0-20"},
		{six, "-/-/exp=c:5-14", " /  / 2:5-15"},
		{six, "exp=c:5-14,c:20-,d//e:0-0", "2:5-15,2:20-30,3:0-40 /  / 4:0-1"},
		{one, "0-59/60-74/75-99", "0:0-60 / 0:60-75 / 0:75-100"},
		{one, "0-9,20-29/-/75-", "0:0-10,0:20-30 /  / 0:75-100"},
		{one, "exp=1:0-9/-/20-29", "0:0-10 /  / 0:20-30"},
		{one, "0.6/0.15/0.25", "0:0-60 / 0:60-75 / 0:75-100"},
		{one, "0.5/-/.25", "0:0-50 /  / 0:50-75"},
		{one, "-/0/1.0", " /  / 0:0-100"},
		{two, "0.5/0/0.5", "0:0-50,1:0-20 /  / 0:50-100,1:20-40"},
		{six, "0.5/0.167/0.333", "0:0-10,1:0-20,2:0-30 / 3:0-40 / 4:0-50,5:0-60"},
	} {
		a, b, d, err := ParseSplit(c.r, c.split)
		if got := show(a, b, d); err != nil || got != c.want {
			t.Errorf("%q: %s (%v), want %s", c.split, got, err, c.want)
		}
	}
}

func TestSplitRefused(t *testing.T) {
	one, six := record(nil, 100), record([]string{"a", "b", "c", "d", "e", "f"}, 10, 20, 30, 40, 50, 60)
	for _, c := range []struct {
		r           *Record
		split, want string
	}{
		{one, "0.6/0.4", "has 2 parts"},
		{one, "-/-/-", "every part empty"},
		{one, "0.6/0.3/0.3", "sum to at most 1"},
		{one, "0.6/-0.3/0.3", "must not be negative"},
		{one, "0-100/-/-", "samples 0-99"},
		{one, "9-3/-/-", "samples 0-99"},
		{one, "99999999999999999999-/-/-", "samples 0-99"},
		{one, "first/-/-", "exp=1"},
		{one, "exp=2/-/-", "numbers 1 to 1"},
		{six, "0-9/-/-", "of which of the 6 experiments"},
		{six, "exp=7/-/-", "numbers 1 to 6, named \"a\""},
		{six, "exp=a..9/-/-", `"9"`},
		{six, "exp=d..b/-/-", "backwards"},
		{six, "exp=a:5-10/-/-", "samples 0-9"},
		{six, "exp=z:5-10/-/-", `"z"`},
		{six, "exp=/-/-", `""`},
		{six, "0.9/0.05/0.05", "less than one"},
		{&Record{}, "", "no experiment"},
	} {
		_, _, _, err := ParseSplit(c.r, c.split)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.split, err, c.want)
		}
	}
}

func TestSelect(t *testing.T) {
	s, err := Select(record(nil, 100), []string{"u"}, []string{"y"}, "0-59/-/60-99", 7)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s.Inputs, []int{0}) || !reflect.DeepEqual(s.Outputs, []int{1}) || s.Test[0] != (Part{From: 60, To: 100, Window: 7}) || s.Test[0].Scored() != 33 || s.Train[0].Window != 7 {
		t.Errorf("%+v", s)
	}
	bad := func(e, c, k int, v float64) *Record {
		r := record([]string{"a", "b"}, 100, 50)
		r.Experiments[e].Data[c][k] = v
		return r
	}
	ragged := record(nil, 100)
	ragged.Experiments[0].Data[1] = ragged.Experiments[0].Data[1][:99]
	for _, c := range []struct {
		name    string
		r       *Record
		in, out string
		split   string
		window  int
		want    []string // nil when it must pass
	}{
		{"no such signal", record(nil, 9), "v", "y", "", 0, []string{`input "v"`, `"u", "y", "x"`}},
		{"no output", record(nil, 9), "u", "", "", 0, []string{"no output"}},
		{"twice", record(nil, 9), "u", "u", "", 0, []string{`"u" is used twice`}},
		{"negative window", record(nil, 9), "u", "y", "", -1, []string{"-1 samples"}},
		{"window too long", record(nil, 100), "u", "y", "", 15, []string{"validation part 60-74", "15 samples and a window of 15"}},
		{"missing input", bad(1, 0, 20, math.NaN()), "u", "y", "exp=a/-/b", 5, []string{`"u" is missing at sample 20 of experiment 2 ("b")`, "test part 0-49", "21-49"}},
		{"infinite output", bad(0, 1, 3, math.Inf(1)), "u", "y", "exp=a/-/b", 5, []string{`"y" is infinite at sample 3 of experiment 1 ("a")`, "4-99"}},
		{"missing outside the parts", bad(1, 0, 20, math.NaN()), "u", "y", "exp=a/-/b:21-49", 5, nil},
		{"missing in another signal", bad(1, 2, 20, math.NaN()), "u", "y", "exp=a/-/b", 5, nil},
		{"test in training", record(nil, 100), "u", "y", "0-59/-/50-99", 5, []string{"samples 55-59", "test part", "training part"}},
		{"only the window overlaps", record(nil, 100), "u", "y", "0-59/-/50-99", 10, nil},
		{"validation in training", record(nil, 100), "u", "y", "0-59/20-29/60-99", 5, []string{"samples 25-29", "validation part"}},
		{"test in validation", record(nil, 100), "u", "y", "0-59/60-79/70-99", 5, []string{"samples 75-79", "validation part"}},
		{"test parts may overlap", record(nil, 100), "u", "y", "0-59/-/60-99,60-79", 5, nil},
		{"unequal columns", ragged, "u", "y", "", 0, []string{`"y" has 99 samples`}},
	} {
		var out []string
		if c.out != "" {
			out = []string{c.out}
		}
		_, err := Select(c.r, []string{c.in}, out, c.split, c.window)
		if c.want == nil && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error %v, want %q", c.name, err, w)
			}
		}
	}
}

// TestSum: what enters the hash changes it, what must not, does not.
func TestSum(t *testing.T) {
	fresh := func() *Set {
		s, err := Select(record([]string{"a", "b"}, 60, 40), []string{"u"}, []string{"y"}, "exp=a:0-29/a:30-59/b", 5)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	base := fresh().Sum()
	for name, edit := range map[string]func(*Set){
		"Ts":          func(s *Set) { s.Record.Ts = 0.25 },
		"sample":      func(s *Set) { d := s.Record.Experiments[1].Data[1]; d[39] = math.Nextafter(d[39], 0) },
		"sign of 0":   func(s *Set) { s.Record.Experiments[0].Data[0][0] = math.Copysign(0, -1) },
		"missing":     func(s *Set) { s.Record.Experiments[0].Data[0][0] = math.NaN() },
		"name":        func(s *Set) { s.Record.Signals[0].Name = "U" },
		"unit":        func(s *Set) { s.Record.Signals[1].Unit = "mm" },
		"name, unit":  func(s *Set) { s.Record.Signals[0] = Signal{"uV", ""} },
		"roles":       func(s *Set) { s.Inputs, s.Outputs = s.Outputs, s.Inputs },
		"all inputs":  func(s *Set) { s.Inputs, s.Outputs = []int{0, 1}, nil },
		"window":      func(s *Set) { s.Test[0].Window++ },
		"range":       func(s *Set) { s.Test[0].From++ },
		"part":        func(s *Set) { s.Validation = nil },
		"part's role": func(s *Set) { s.Train, s.Validation = s.Validation, s.Train },
	} {
		s := fresh()
		edit(s)
		if s.Sum() == base {
			t.Errorf("another %s, the same hash", name)
		}
	}
	for name, edit := range map[string]func(*Set){
		"record's name": func(s *Set) { s.Record.Name = "other" },
		"experiment":    func(s *Set) { s.Record.Experiments[0].Name = "z" },
		"part's name":   func(s *Set) { s.Test[0].Name = "z" },
		"notes":         func(s *Set) { s.Notes = []string{"z"} },
		"unused signal": func(s *Set) { s.Record.Experiments[0].Data[2][0] = 9; s.Record.Signals[2].Name = "z" },
		"jitter":        func(s *Set) { s.Record.Experiments[0].Jitter = 0.1 },
		"column order":  swapColumns,
	} {
		s := fresh()
		edit(s)
		if s.Sum() != base {
			t.Errorf("another %s, another hash", name)
		}
	}
	a, b := fresh(), fresh()
	a.Record.Experiments[0].Data[0][0] = math.NaN()
	b.Record.Experiments[0].Data[0][0] = math.Float64frombits(0xfff8000000000123)
	if a.Sum() != b.Sum() {
		t.Error("two kinds of NaN, two hashes")
	}
}

// swapColumns exchanges the first and last signal of the record.
func swapColumns(s *Set) {
	r := s.Record
	r.Signals[0], r.Signals[2] = r.Signals[2], r.Signals[0]
	for _, e := range r.Experiments {
		e.Data[0], e.Data[2] = e.Data[2], e.Data[0]
	}
	s.Inputs = []int{2}
}

// TestBlind: exactly the scored test outputs are gone, and the original is untouched.
func TestBlind(t *testing.T) {
	s, err := Select(record([]string{"a", "b"}, 100, 40), []string{"u"}, []string{"y"}, "exp=a:0-59/-/a:50-79,b", 10)
	if err != nil {
		t.Fatal(err)
	}
	sum := s.Sum()
	blind := s.Blind()
	if s.Sum() != sum {
		t.Fatal("the original changed")
	}
	for e := range s.Record.Experiments {
		for c := range s.Record.Signals {
			for k, v := range s.Record.Experiments[e].Data[c] {
				got := blind.Record.Experiments[e].Data[c][k]
				hidden := c == 1 && (e == 0 && k >= 60 && k < 80 || e == 1 && k >= 10)
				if hidden != math.IsNaN(got) || !hidden && got != v {
					t.Fatalf("experiment %d, signal %d, sample %d: %g, was %g", e, c, k, got, v)
				}
			}
		}
	}
	blind.Record.Experiments[0].Data[0][0] = 7
	blind.Test[0].Window = 1
	blind.Record.Signals[0].Name = "z"
	if s.Sum() != sum {
		t.Error("the copy shares memory with the original")
	}
	// A sample that another part may read stays: the window of the second part lies among the first's scored samples.
	s.Test = []Part{{Experiment: 1, To: 40, Window: 10}, {Experiment: 1, From: 20, To: 40, Window: 5}}
	y := s.Blind().Record.Experiments[1].Data[1]
	if !math.IsNaN(y[19]) || math.IsNaN(y[20]) || math.IsNaN(y[24]) || !math.IsNaN(y[25]) {
		t.Errorf("overlapping windows: %v", y[18:27])
	}
}

// FuzzSplit: no split panics, and what is accepted lies inside the record.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"exp=1..4/5/6", "0.6/0.15/0.25", "0-9/-/10-", "exp=a:1-2,b//3"} {
		f.Add(s)
	}
	r := record([]string{"a", "b", "c"}, 10, 20, 30)
	f.Fuzz(func(t *testing.T, s string) {
		a, b, c, err := ParseSplit(r, s)
		for _, g := range [][]Part{a, b, c} {
			for _, p := range g {
				if err != nil || p.Experiment < 0 || p.Experiment > 2 || p.From < 0 || p.From >= p.To || p.To > r.Experiments[p.Experiment].Len() {
					t.Errorf("%q: part %+v (%v)", s, p, err)
				}
			}
		}
	})
}
