package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/plant/systems"
	"github.com/plumb-go/plumb/system"
)

// systemForms says how a linear system may be given.
const systemForms = `  FILE.json      {"A": [[...]], "B": [[...]], "C": [[...]], "D": [[...]], "Ts": 0, "inputs": [...], ...}
                 with Ts in seconds, 0 or left out for continuous time; D left out is zero
  plant:NAME     a plant of plumb plants, or FILE.yaml, a description like those: linearised at its equilibrium
  "tf: num=[2] den=[1 3 2 0]"        a transfer function, descending powers; ts=0.05 for discrete time
  2.5 or "[-2]" or "[1 -2; 0 1]"     a static gain; brackets keep a minus sign from being read as a flag`

// readSystem reads a linear system in one of the forms.
func readSystem(arg string) (*lti.SS, error) {
	text := strings.TrimSpace(arg)
	if strings.HasPrefix(text, "tf:") {
		return parseTF(text)
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return lti.Gain(mat.NewDense(1, 1, []float64{v}), 0)
	}
	if strings.HasPrefix(text, "[") {
		m, err := parseMatrix(text)
		if err != nil {
			return nil, err
		}
		return lti.Gain(m, 0)
	}
	ext := strings.ToLower(filepath.Ext(text))
	switch {
	case ext == ".json":
		return readStateSpace(text)
	case ext == ".yaml", ext == ".yml", strings.HasPrefix(text, "plant:"):
		s, err := systems.Open(text)
		if err != nil {
			return nil, err
		}
		return linearised(s)
	}
	return nil, errors.New("this is none of the forms of a linear system:\n" + systemForms)
}

// atRest is how large a derivative may be at a point that is called an equilibrium: rounding of its decimals.
const atRest = 1e-9

// linearised linearises at the equilibrium of the description, or at 0.
func linearised(s *system.System) (*lti.SS, error) {
	x, u, _ := s.Equilibrium()
	if res, err := s.Residual(x, u); err != nil {
		return nil, err
	} else {
		for i, v := range res {
			if !(v <= atRest && v >= -atRest) {
				return nil, fmt.Errorf("%s is not at rest at %v: state %s moves by %g; name an equilibrium in the file", s.Name(), x, s.States()[i].Name, v)
			}
		}
	}
	return s.Linearise(x, u)
}

var tfPart = regexp.MustCompile(`(?i)(num|den|ts)\s*=\s*(\[[^\]]*\]|[^\s\[\]]+)`)

// parseTF reads "tf: num=[...] den=[...] ts=...".
func parseTF(text string) (*lti.SS, error) {
	body := strings.TrimSpace(strings.TrimPrefix(text, "tf:"))
	parts := map[string]string{}
	for _, m := range tfPart.FindAllStringSubmatch(body, -1) {
		key := strings.ToLower(m[1])
		if parts[key] != "" {
			return nil, fmt.Errorf("%q gives %s twice", text, key)
		}
		parts[key] = m[2]
	}
	if rest := strings.Trim(tfPart.ReplaceAllString(body, ""), " ,;\t\n"); rest != "" || parts["num"] == "" || parts["den"] == "" {
		return nil, fmt.Errorf("%q: expected tf: num=[...] den=[...], and ts=... for discrete time; cannot read %q", text, rest)
	}
	var coefficients [2][]float64
	for i, key := range []string{"num", "den"} {
		m, err := parseMatrix("[" + strings.Trim(parts[key], "[]") + "]")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if r, _ := m.Dims(); r != 1 {
			return nil, fmt.Errorf("%s: %d rows, expected one list of coefficients", key, r)
		}
		coefficients[i] = m.RawRowView(0)
	}
	ts := 0.0
	if t := parts["ts"]; t != "" {
		var err error
		if ts, err = strconv.ParseFloat(t, 64); err != nil {
			return nil, fmt.Errorf("ts: %q is not a number", t)
		}
	}
	g, err := lti.NewTF(coefficients[0], coefficients[1], ts)
	if err != nil {
		return nil, err
	}
	return g.SS()
}

// parseMatrix reads "[1 -2; 0 1]": rows are separated by semicolons, entries by blanks or commas.
func parseMatrix(text string) (*mat.Dense, error) {
	body, ok := strings.CutSuffix(strings.TrimPrefix(strings.TrimSpace(text), "["), "]")
	if !ok {
		return nil, fmt.Errorf("%q: expected a matrix in brackets, such as [1 -2; 0 1]", text)
	}
	var data []float64
	rows, cols := 0, 0
	for _, line := range strings.Split(body, ";") {
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
		if len(fields) == 0 {
			return nil, fmt.Errorf("%q: row %d is empty", text, rows+1)
		}
		if rows > 0 && len(fields) != cols {
			return nil, fmt.Errorf("%q: row %d has %d entries, the first %d", text, rows+1, len(fields), cols)
		}
		cols = len(fields)
		for _, f := range fields {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %q is not a number", text, f)
			}
			data = append(data, v)
		}
		rows++
	}
	return mat.NewDense(rows, cols, data), nil
}

// stateSpace is the JSON form of a linear system.
type stateSpace struct {
	A       [][]float64 `json:"A"`
	B       [][]float64 `json:"B"`
	C       [][]float64 `json:"C"`
	D       [][]float64 `json:"D"`
	Ts      float64     `json:"Ts"`
	Name    string      `json:"name"`
	Inputs  []string    `json:"inputs"`
	Outputs []string    `json:"outputs"`
	States  []string    `json:"states"`
}

func readStateSpace(file string) (*lti.SS, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var s stateSpace
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("text follows the JSON object")
	}
	var m [4]*mat.Dense
	for i, rows := range [][][]float64{s.A, s.B, s.C, s.D} {
		if m[i], err = denseOf("ABCD"[i:i+1], rows); err != nil {
			return nil, err
		}
	}
	g, err := lti.NewSS(m[0], m[1], m[2], m[3], s.Ts)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct {
		what  string
		names []string
		to    []lti.Signal
	}{{"inputs", s.Inputs, g.Inputs}, {"outputs", s.Outputs, g.Outputs}, {"states", s.States, g.States}} {
		if len(c.names) > 0 && len(c.names) != len(c.to) {
			return nil, fmt.Errorf("%s: %d names, the matrices have %d", c.what, len(c.names), len(c.to))
		}
		for i, n := range c.names {
			c.to[i].Name = n
		}
	}
	return g, nil
}

func denseOf(name string, rows [][]float64) (*mat.Dense, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var data []float64
	for i, r := range rows {
		if len(r) == 0 || len(r) != len(rows[0]) {
			return nil, fmt.Errorf("%s: row %d has %d entries, the first %d", name, i+1, len(r), len(rows[0]))
		}
		data = append(data, r...)
	}
	return mat.NewDense(len(rows), len(rows[0]), data), nil
}
