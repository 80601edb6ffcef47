package sysfile_test

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/lti/sysfile"
)

// at is the transfer function at a point with nothing special about it.
func at(g *lti.SS) complex128 { return g.At(complex(0.3, 0.7)).At(0, 0) }

func TestText(t *testing.T) {
	s := complex(0.3, 0.7)
	want := (2*s + 1) / (s*s + 3*s + 2)
	cases := map[string]complex128{
		"tf: num=[2 1] den=[1 3 2]":                    want,
		"TF: den = [1, 3, 2], num = [2, 1]":            want,
		"tf: num=2 den=[1 3 2] ts=0.1":                 2 / (s*s + 3*s + 2),
		"zpk: z=[-0.5] p=[-1 -2] k=2":                  want,
		"zpk: z=[] p=[-1 -2+3i -2-3j] k=-1.5e1":        -15 / ((s + 1) * (s*s + 4*s + 13)),
		"zpk: p=-1 k=1":                                1 / (s + 1),
		"ss: A=[0 1; -2 -3] B=[0; 1] C=[1 2]":          want,
		"ss: A=[0 1; -2 -3] B=[0; 1] C=[1 2] D=1 Ts=0": want + 1,
		"2.5":                         2.5,
		"gain: [3]":                   3,
		"gain: d=-1":                  -1,
		"[4 0; 0 1]":                  4,
		"ss: A=[-1] B=[1 0] C=[1;1]":  1 / (s + 1),
		"  tf: num=[1]\n den=[1 1]  ": 1 / (s + 1),
	}
	for text, want := range cases {
		g, err := sysfile.Open(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if d := cmplx.Abs(at(g) - want); !(d <= 1e-14*cmplx.Abs(want)) {
			t.Errorf("%s: %v, want %v", text, at(g), want)
		}
		if discrete := strings.Contains(text, "0.1"); g.Discrete() != discrete {
			t.Errorf("%s: sample time %g", text, g.Ts)
		}
	}
}

func TestTextRefused(t *testing.T) {
	for text, say := range map[string]string{
		"tf: num=[1]":                          "den is missing",
		"tf: num=[1] den=[0 0]":                "denominator",
		"tf: num=[1 2 den=[1]":                 "not a number",
		"tf: num=[1 2":                         "not closed",
		"tf: num=[1] den=[1 x]":                `den: row 1, column 2: "x" is not a number`,
		"tf: num=[1] num=[2] den=[1]":          "twice",
		"tf: A=[1]":                            "no key of tf",
		"tf: num=[1 0 0] den=[1 1]":            "improper",
		"tf:":                                  "there are no matrices",
		"zpk: z=[1i] p=[-1 -2] k=1":            "conjugate",
		"zpk: p=[-1]":                          "one real gain",
		"ss: A=[1 2; 3] B=[1;1] C=[1 1]":       "A: row 2 has 1 entry, row 1 has 2",
		"ss: A=[1 2; 3 4] B=[1 1] C=[1 1]":     "B is a row of 2 numbers, expected a column",
		"ss: A=[1 2; 3 4] B=[1;1] C=[1;1]":     "C is a column of 2 numbers, expected a row",
		"ss: A=[1 2; 3 4; 5 6] B=1 C=1":        "A is 3 x 2, expected 3 x 3",
		"ss: A=[1 2; 3 nan] B=[1;1] C=[1 1]":   "row 2, column 2 of A is NaN",
		"ss: A=[1 2; 3 1e999] B=[1;1] C=[1 1]": `a: row 2, column 2: "1e999" is beyond the range`,
		"ss: A=[1]":                            "without B and C",
		"ss: A=[1i] B=1 C=1":                   "A: row 1, column 1 is (0+1i), expected a real number",
		"gain: [1;;2]":                         "empty",
		"gain: nan":                            "not finite",
		"tf: num=[1] den=[1 1] ts=-1":          "sample time",
		"tf: num=[1] den=[1 1] ts=[1 2]":       "one number of seconds",
	} {
		_, err := sysfile.Open(text)
		if err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%s: error %v, expected one that says %q", text, err, say)
		}
	}
}

const jsonText = `{"name": "oven", "A": [[0, 1], [-2, -3]], "B": [0, 1], "C": [[1, 0]], "d": 0.5, "Ts": 0.1,
 "inputs": [{"name": "heat", "unit": "W"}], "outputs": ["temp"], "states": ["a", "b"]}`

const yamlText = `# an oven
name: oven
A:
  - [0, 1]
  - [-2, -3.0e0]
B: [0, 1]
C: [[1, 0]]
D: 0.5
Ts: 1e-1
inputs:
  - {name: heat, unit: W}
outputs: [temp]
states: [a, b]
`

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	want, err := lti.NewSS(mat.NewDense(2, 2, []float64{0, 1, -2, -3}), mat.NewDense(2, 1, []float64{0, 1}),
		mat.NewDense(1, 2, []float64{1, 0}), mat.NewDense(1, 1, []float64{0.5}), 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{write("a.json", jsonText), write("a.yaml", yamlText), "testdata/plain.mat", "testdata/struct.mat", "testdata/plain.npz"} {
		g, err := sysfile.Open(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if !mat.Equal(g.A, want.A) || !mat.Equal(g.B, want.B) || !mat.Equal(g.C, want.C) || !mat.Equal(g.D, want.D) || g.Ts != 0.1 {
			t.Errorf("%s: another system", path)
		}
		if strings.HasPrefix(path, dir) && (g.Inputs[0] != lti.Signal{Name: "heat", Unit: "W"} || g.Outputs[0].Name != "temp" || g.States[1].Name != "b") {
			t.Errorf("%s: %v %v %v", path, g.Inputs, g.Outputs, g.States)
		}
	}
	g, err := sysfile.Open("testdata/tf.mat")
	if err != nil {
		t.Fatal(err)
	}
	s := complex(0.3, 0.7)
	if v := (2*s + 1) / (s*s + 3*s + 2); cmplx.Abs(at(g)-v) > 1e-14 {
		t.Errorf("tf.mat: %v, want %v", at(g), v)
	}
	g, err = sysfile.FromJSON([]byte(`{"zeros": [], "poles": ["-1+2i", "-1-2i"], "gain": 5}`))
	if err != nil {
		t.Fatal(err)
	}
	if v := 5 / (s*s + 2*s + 5); cmplx.Abs(at(g)-v) > 1e-14 {
		t.Errorf("poles: %v, want %v", at(g), v)
	}
	if _, err := sysfile.Open(filepath.Join(dir, "none.json")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestFilesRefused(t *testing.T) {
	for text, say := range map[string]string{
		`{"A": [[1, 2], [3]]}`:                               "A: row 2 has 1 entry, row 1 has 2",
		`{"A": [[1, 2], [3, null]]}`:                         "A: row 2, column 2: null is not a number",
		`{"A": [[1, 2], [3, 1e999]]}`:                        `A: row 2, column 2: "1e999" is beyond the range`,
		"{\"A\": [[1]], \"B\": 1, \"C\": 1,\n \"A\": [[2]]}": `line 2, column 5: "A" is given twice`,
		`{"Ts": null, "D": 1}`:                               "Ts: null is not a number",
		"":                                                   "empty",
		`{"A": [[1]`:                                         "the text ends",
		`{"num": [[[1], [2]]], "den": [[[1]]]}`:              "row 1 has 2 numerators and 1 denominators",
		`{"num": [[[1], ["x"]]], "den": [1, 1]}`:             `num: channel (1, 2), entry 1: "x" is not a number`,
		`{"num": [[[1, 2, 3]]], "den": [1, 1]}`:              "improper",
		`{"num": [[[1]]]}`:                                   "den is missing",
		`{"A": [[1]], "B": 1, "C": 1, "E": 1}`:               `"E" is no key`,
		`{"A": [[1]], "a": [[1]], "B": 1, "C": 1}`:           "twice",
		`{"A": [["x"]], "B": 1, "C": 1}`:                     `"x" is not a number`,
		`{"A": [[true]], "B": 1, "C": 1}`:                    "not a number",
		`{"A": [[1], 2], "B": 1, "C": 1}`:                    "row 2 is no list",
		`{"A": [[1]], "B": 1, "C": 1, "num": 1}`:             "mixed",
		`{"A": [[1]], "B": 1, "C": 1, "inputs": []}`:         "0 names, the system has 1",
		`{"A": [[1]], "B": 1, "C": 1, "inputs": ["a",]}`:     "line 1, column",
		`{"D": [[1]]} {}`:                                    "follows",
		`{}`:                                                 "there are no matrices",
		`[]`:                                                 "no object",
	} {
		if _, err := sysfile.FromJSON([]byte(text)); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%s: error %v, expected one that says %q", text, err, say)
		}
	}
	if _, err := sysfile.FromYAML([]byte("A: [[1]]\nB: [1\nC: 1")); err == nil {
		t.Error("an open bracket was accepted")
	}
	for path, say := range map[string]string{
		"testdata/two.mat":     "add the name of one: FILE:P",
		"testdata/two.mat:Q":   "has no Q",
		"testdata/two.mat:P.A": "", // a matrix as a gain
		"testdata/other.mat":   "ssdata",
		"testdata/make.py":     "extension",
		"testdata":             "extension",
	} {
		if _, err := sysfile.Open(path); say != "" && (err == nil || !strings.Contains(err.Error(), say)) || say == "" && err != nil {
			t.Errorf("%s: error %v, expected one that says %q", path, err, say)
		}
	}
}

// TestChannels: transfer matrices of files, with a denominator for each channel or one for all, and parts of a MAT file.
func TestChannels(t *testing.T) {
	s := complex(0.3, 0.7)
	for text, want := range map[string][4]complex128{
		`{"num": [[[1], [0]], [[2, 1], [3]]], "den": [[[1, 1], [1]], [[1, 0], [1, 2]]]}`: {1 / (s + 1), 0, (2*s + 1) / s, 3 / (s + 2)},
		`{"num": [[[1], [0]], [[2, 1], [3]]], "den": [1, 0, 4]}`:                         {1 / (s*s + 4), 0, (2*s + 1) / (s*s + 4), 3 / (s*s + 4)},
		`{"K": [[1, -2], [0, 1]]}`: {1, -2, 0, 1},
	} {
		for name, read := range map[string]func([]byte) (*lti.SS, error){"JSON": sysfile.FromJSON, "YAML": sysfile.FromYAML} {
			g, err := read([]byte(text))
			if err != nil {
				t.Errorf("%s, %s: %v", name, text, err)
				continue
			}
			for i, w := range want {
				if v := g.At(s).At(i/2, i%2); cmplx.Abs(v-w) > 1e-14 {
					t.Errorf("%s, %s: channel (%d, %d) is %v, want %v", name, text, i/2+1, i%2+1, v, w)
				}
			}
		}
	}
	for part, order := range map[string]int{"P": 2, "K": 2, "P.A": 0} {
		g, err := sysfile.Open("testdata/two.mat:" + part)
		if err != nil {
			t.Errorf("two.mat:%s: %v", part, err)
			continue
		}
		if n, _, _ := g.Dims(); n != order {
			t.Errorf("two.mat:%s has order %d, want %d", part, n, order)
		}
	}
}

// FuzzRead: no input makes the readers panic, and what they accept is a well-formed system.
func FuzzRead(f *testing.F) {
	f.Add(jsonText)
	f.Add(yamlText)
	f.Add("tf: num=[2 1] den=[1 3 2] ts=0.1")
	f.Add("zpk: z=[] p=[-2+3i -2-3i] k=2")
	f.Add("ss: A=[0 1; -2 -3] B=[0; 1] C=[1 0]")
	f.Add("[1 2; 3 4]")
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func() (*lti.SS, error){
			func() (*lti.SS, error) { return sysfile.Parse(text) },
			func() (*lti.SS, error) { return sysfile.FromJSON([]byte(text)) },
			func() (*lti.SS, error) { return sysfile.FromYAML([]byte(text)) },
		} {
			g, err := read()
			if err == nil {
				if err := g.Check(); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
		}
	})
}

func ExampleOpen() {
	g, err := sysfile.Open("zpk: z=[] p=[-1 -2] k=4")
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := lti.DCGain(g)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", math.Abs(k.At(0, 0)))
	// Output: 2.000
}
