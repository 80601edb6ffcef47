package sysfile

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lti"
)

// value is a matrix of numbers, row by row; flat says that it was a list without rows.
type value [][]complex128

// document holds what was read, keys in lower case.
type document struct {
	values   map[string]value
	flat     map[string]bool          // keys whose value was a list without rows
	channels map[string][][][]float64 // num and den with one list of coefficients a channel
	names    map[string][]lti.Signal
}

// aliases maps the names in use for a key to ours.
var aliases = map[string]string{"zeros": "z", "poles": "p", "gain": "k", "dt": "ts", "sampletime": "ts",
	"statename": "states", "inputname": "inputs", "outputname": "outputs"}

// system builds the system from whichever form is there.
func (d *document) system() (*lti.SS, error) {
	ts, err := d.sampleTime()
	if err != nil {
		return nil, err
	}
	has := func(key string) bool { return d.values[key] != nil || d.channels[key] != nil }
	forms := 0
	for _, keys := range []string{"a b c d", "num den", "z p k"} {
		if slices.ContainsFunc(strings.Fields(keys), has) {
			forms++
		}
	}
	switch {
	case forms > 1:
		return nil, fmt.Errorf("matrices, num/den and z/p/k are mixed (%s), expected one form", strings.Join(d.keys(), ", "))
	case has("num") || has("den"):
		return d.transferFunction(ts)
	case has("z") || has("p") || has("k"):
		return d.factors(ts)
	case forms == 1:
		return d.stateSpace(ts)
	}
	return nil, fmt.Errorf("there are no matrices A, B, C, D, no num and den, and no z, p, k")
}

func (d *document) keys() []string {
	var out []string
	for k := range d.values {
		out = append(out, k)
	}
	for k := range d.channels {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func (d *document) sampleTime() (float64, error) {
	v, ok := d.values["ts"]
	if !ok || len(v) == 0 {
		return 0, nil
	}
	if len(v) != 1 || len(v[0]) != 1 || imag(v[0][0]) != 0 {
		return 0, fmt.Errorf("ts: expected one number of seconds")
	}
	return real(v[0][0]), nil
}

// real returns the matrix under a key, nil if there is none. A flat list of the given length becomes a column if column
// is set; of any other length, and with column unset, it is a row.
func (d *document) real(key string, column bool) (*mat.Dense, error) {
	v := d.values[key]
	if len(v) == 0 {
		return nil, nil
	}
	out := mat.NewDense(len(v), len(v[0]), nil)
	for i, row := range v {
		if len(row) != len(v[0]) {
			return nil, fmt.Errorf("%s: row %d has %s, row 1 has %d", shown(key), i+1, entries(len(row)), len(v[0]))
		}
		for j, z := range row {
			if imag(z) != 0 {
				return nil, fmt.Errorf("%s: row %d, column %d is %v, expected a real number", shown(key), i+1, j+1, z)
			}
			out.Set(i, j, real(z))
		}
	}
	if column && d.flat[key] {
		return mat.DenseCopyOf(out.T()), nil
	}
	return out, nil
}

func (d *document) stateSpace(ts float64) (*lti.SS, error) {
	var m [4]*mat.Dense
	for i, key := range []string{"a", "b", "c", "d"} {
		var err error
		if m[i], err = d.real(key, key == "b"); err != nil {
			return nil, err
		}
	}
	if m[0] != nil && (m[1] == nil || m[2] == nil) {
		return nil, fmt.Errorf("matrix A is given without B and C; for a system without inputs give B a column of zeros")
	}
	if m[0] != nil { // the usual slip, in words of the file
		n, _ := m[0].Dims()
		if r, c := m[1].Dims(); r != n && r == 1 && c == n {
			return nil, fmt.Errorf("matrix B is a row of %d numbers, expected a column: A has %d rows (a column is [1; 0] in text, [[1], [0]] in a file)", c, n)
		}
		if r, c := m[2].Dims(); c != n && c == 1 && r == n {
			return nil, fmt.Errorf("matrix C is a column of %d numbers, expected a row: A has %d columns", r, n)
		}
	}
	g, err := lti.NewSS(m[0], m[1], m[2], m[3], ts)
	if err != nil {
		return nil, err
	}
	return g, d.rename(g)
}

// shown is how a key is written in messages: matrices have capital letters.
func shown(key string) string {
	if strings.Contains("abcd", key) {
		return strings.ToUpper(key)
	}
	return key
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprint(n, " entries")
}

func (d *document) transferFunction(ts float64) (*lti.SS, error) {
	if d.channels["num"] != nil {
		return d.transferMatrix(ts)
	}
	var c [2][]float64
	for i, key := range []string{"num", "den"} {
		m, err := d.real(key, false)
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, fmt.Errorf("%s is missing", key)
		}
		if r, k := m.Dims(); r > 1 && k > 1 {
			return nil, fmt.Errorf("%s is %d x %d, expected one list of coefficients (one input, one output)", key, r, k)
		}
		c[i] = slices.Clone(m.RawMatrix().Data)
	}
	f, err := lti.NewTF(c[0], c[1], ts)
	if err != nil {
		return nil, err
	}
	return d.realised(f)
}

// transferMatrix has one numerator a channel, and one denominator a channel or for all.
func (d *document) transferMatrix(ts float64) (*lti.SS, error) {
	num, den := d.channels["num"], d.channels["den"]
	if den == nil {
		one, err := d.real("den", false)
		if err != nil {
			return nil, err
		}
		if one == nil {
			return nil, fmt.Errorf("den is missing")
		}
		if r, _ := one.Dims(); r > 1 {
			return nil, fmt.Errorf("den: expected one list of coefficients, or one a channel")
		}
		for _, row := range num {
			den = append(den, slices.Repeat([][]float64{one.RawRowView(0)}, len(row)))
		}
	}
	f, err := lti.NewTFMatrix(num, den, ts)
	if err != nil {
		return nil, err
	}
	return d.realised(f)
}

// realised is the state space of transfer functions, with the names of the document.
func (d *document) realised(f interface{ SS() (*lti.SS, error) }) (*lti.SS, error) {
	g, err := f.SS()
	if err != nil {
		return nil, err
	}
	return g, d.rename(g)
}

func (d *document) factors(ts float64) (*lti.SS, error) {
	if len(d.values["z"]) == 0 && len(d.values["p"]) == 0 && len(d.values["k"]) > 0 { // a gain alone, also a matrix
		k, err := d.real("k", false)
		if err != nil {
			return nil, err
		}
		g, err := lti.Gain(k, ts)
		if err != nil {
			return nil, err
		}
		return g, d.rename(g)
	}
	list := func(key string) []complex128 { return slices.Concat(d.values[key]...) }
	k := list("k")
	if len(k) != 1 || imag(k[0]) != 0 {
		return nil, fmt.Errorf("k: expected one real gain")
	}
	f, err := lti.NewZPK(list("z"), list("p"), real(k[0]), ts)
	if err != nil {
		return nil, err
	}
	return d.realised(f)
}

// rename puts the names and units that were given in place of the default ones.
func (d *document) rename(g *lti.SS) error {
	for _, c := range []struct {
		key string
		to  []lti.Signal
	}{{"inputs", g.Inputs}, {"outputs", g.Outputs}, {"states", g.States}} {
		names, ok := d.names[c.key]
		if !ok {
			continue
		}
		if len(names) != len(c.to) {
			return fmt.Errorf("%s: %d names, the system has %d", c.key, len(names), len(c.to))
		}
		copy(c.to, names)
	}
	return nil
}
