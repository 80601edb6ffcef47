package dataset

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variable is an array of a file on its way to signals.
type variable struct {
	path       string // name without the experiment's number
	name       string // last part of the path where that is unique, else the path
	experiment int    // from 1; 0 when the variable has none
	array      *Array
}

var elementNumber = regexp.MustCompile(`\{(\d+)\}`)

// fromArrays makes a record of the arrays of a MAT, npy or npz file. A vector is a signal of its name, an N x m matrix
// (or m x N, where N is the common length) the signals name1..namem; a scalar Ts or fs is the sampling time, other
// scalars are passed over; t, time or Time is the time column. The elements of cells and of struct arrays are
// experiments.
func fromArrays(path string, arrays []Array, o Options) (*Record, error) {
	fail := func(column, problem, fix string) error {
		return &FileError{File: path, Column: column, Problem: problem, Fix: fix}
	}
	rec := &Record{Name: o.Name, Ts: o.Ts}
	if rec.Name == "" {
		rec.Name = baseName(path)
	}
	vars, err := variables(arrays)
	if err != nil {
		return nil, fail("", err.Error(), "Name the variables in a dataset description")
	}
	var kept []variable
	stated, where := 0.0, ""
	for _, v := range vars {
		switch {
		case v.array.Len() == 0:
		case v.array.Len() == 1:
			if ts := v.array.Data[0]; (isPeriodName(v.name) || v.name == "dt") && finite(ts) && ts > 0 {
				if v.name == "fs" || v.name == "Fs" {
					ts = 1 / ts
				}
				stated, where = ts, v.name
			}
		case isTime(v.name, o) || v.wanted(o):
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return nil, fail("", "no variable is a signal", "The file holds "+list(vars))
	}
	groups, err := experiments(kept)
	if err != nil {
		return nil, fail("", err.Error(), "Name the variables to read (--inputs, --outputs) or write a dataset description. The file holds "+list(kept))
	}
	clock := newClock(o)
	timeName := ""
	for g, group := range groups {
		e, signals, stamps, err := experiment(group, o)
		if err != nil {
			return nil, fail("", err.Error(), "Name the variables to read or write a dataset description. The file holds "+list(kept))
		}
		if g == 0 {
			rec.Signals = signals
		} else if !slices.Equal(signals, rec.Signals) {
			return nil, fail("", fmt.Sprintf("experiment %d has the signals %s, the first %s", g+1, (&Record{Signals: signals}).names(), rec.names()), "Give every experiment the same signals")
		}
		if len(groups) > 1 {
			e.Name = strconv.Itoa(g + 1)
		}
		clock.begin()
		if stamps != nil {
			timeName = stamps.name
			for k, t := range stamps.array.Data {
				if !finite(t) {
					return nil, fail(timeName, fmt.Sprintf("experiment %d, sample %d has no time", g+1, k), "")
				}
				if at, problem, fix := clock.add(t, k+1, k); problem != "" {
					return nil, fail(timeName, fmt.Sprintf("experiment %d, sample %d: %s", g+1, at-1, problem), fix)
				}
			}
			if at, problem, fix := clock.release(); problem != "" {
				return nil, fail(timeName, fmt.Sprintf("experiment %d, sample %d: %s", g+1, at-1, problem), fix)
			}
			e.Jitter, e.JitterAt = clock.worst.deviation, clock.worst.sample
		}
		rec.Experiments = append(rec.Experiments, e)
	}
	if problem, fix := clock.disagrees(); problem != "" {
		return nil, fail(timeName, problem, fix)
	}
	if len(rec.Signals) == 0 {
		return nil, fail("", "no variable is a signal", "The file holds "+list(vars))
	}
	rec.Ts = clock.ts()
	if stated > 0 && o.Ts == 0 {
		if err := rec.state(stated, where); err != nil {
			err.(*FileError).File = path
			return nil, err
		}
	}
	return rec, nil
}

// variables takes the experiment's number out of the names and shortens them.
func variables(arrays []Array) ([]variable, error) {
	var vars []variable
	for i := range arrays {
		v := variable{path: arrays[i].Name, array: &arrays[i]}
		m := elementNumber.FindAllStringSubmatch(v.path, -1)
		if len(m) > 1 {
			return nil, fmt.Errorf("variable %q lies in nested cells", v.path)
		}
		if len(m) == 1 {
			v.experiment, _ = strconv.Atoi(m[0][1]) // digits; a cell has fewer elements than the file has bytes
			v.path = elementNumber.ReplaceAllString(v.path, "")
		}
		vars = append(vars, v)
	}
	owner := map[string]string{} // path that a short name stands for, "" when several
	for _, v := range vars {
		short := last(v.path)
		if path, seen := owner[short]; seen && path != v.path {
			owner[short] = ""
		} else if !seen {
			owner[short] = v.path
		}
	}
	for i, v := range vars {
		if vars[i].name = v.path; owner[last(v.path)] == v.path {
			vars[i].name = last(v.path)
		}
	}
	return vars, nil
}

func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func isTime(name string, o Options) bool {
	return name == o.Time || o.Time == "" && isTimeName(name)
}

// wanted reports whether the options ask for the variable or for one of its columns.
func (v variable) wanted(o Options) bool {
	if o.Time == "-" && isTimeName(v.name) && o.Columns == nil {
		return false
	}
	return o.Columns == nil || slices.ContainsFunc(o.Columns, func(c string) bool {
		rest, ok := strings.CutPrefix(c, v.name)
		_, err := strconv.Atoi(rest)
		return ok && (rest == "" || err == nil) || c == v.path
	})
}

// experiments groups variables by experiment, in order.
func experiments(vars []variable) ([][]variable, error) {
	most := 0
	for _, v := range vars {
		most = max(most, v.experiment)
	}
	if most == 0 {
		return [][]variable{vars}, nil
	}
	groups := make([][]variable, most)
	for _, v := range vars {
		if v.experiment == 0 {
			return nil, fmt.Errorf("%q is one array but other variables are cells or struct arrays, one element per experiment", v.path)
		}
		groups[v.experiment-1] = append(groups[v.experiment-1], v)
	}
	for i, g := range groups {
		if len(g) == 0 || len(g) != len(groups[0]) {
			return nil, fmt.Errorf("experiment %d has %d variables, the first has %d; cells must have one element per experiment", i+1, len(g), len(groups[0]))
		}
	}
	return groups, nil
}

// experiment cuts the variables of one experiment into signals.
func experiment(vars []variable, o Options) (e Experiment, signals []Signal, stamps *variable, err error) {
	n := 0
	for i, v := range vars {
		rows, ok := v.vector()
		if !ok {
			continue
		}
		if isTime(v.name, o) {
			stamps = &vars[i]
		}
		if n == 0 {
			n = rows
		} else if n != rows {
			return e, nil, nil, fmt.Errorf("the variables have different lengths: %s has %d samples, expected %d", v.path, rows, n)
		}
	}
	for _, v := range vars {
		if stamps != nil && v.path == stamps.path {
			continue
		}
		if n == 0 {
			n = slices.Max(v.array.Shape)
		}
		cols, err := v.columns(n)
		if err != nil {
			return e, nil, nil, err
		}
		for c, col := range cols {
			s := Signal{Name: v.name}
			if len(cols) > 1 {
				s.Name += strconv.Itoa(c + 1)
			}
			if slices.Contains(signals, s) {
				return e, nil, nil, fmt.Errorf("two signals are called %q", s.Name)
			}
			if !o.wants(s.Name) && !o.wants(v.path) && !o.wants(v.name) {
				continue
			}
			signals = append(signals, s)
			e.Data = append(e.Data, col)
		}
	}
	return e, signals, stamps, nil
}

// vector is the length of an array with a single dimension above one.
func (v variable) vector() (n int, ok bool) {
	return v.array.Len(), v.array.Len() == slices.Max(v.array.Shape)
}

// columns cuts an array into signals of n samples.
func (v variable) columns(n int) ([][]float64, error) {
	a := v.array
	if rows, ok := v.vector(); ok && rows == n {
		return [][]float64{a.Data}, nil
	}
	if len(a.Shape) != 2 || a.Shape[0] != n && a.Shape[1] != n {
		return nil, fmt.Errorf("%s has size %s; expected a vector of %d samples or a matrix with %d rows", v.path, size(a.Shape), n, n)
	}
	var out [][]float64
	rows, cols := a.Shape[0], a.Shape[1]
	if rows != n {
		for r := range rows {
			out = append(out, slices.Clone(a.Data[r*cols:(r+1)*cols]))
		}
		return out, nil
	}
	for c := range cols {
		col := make([]float64, n)
		for k := range col {
			col[k] = a.Data[k*cols+c]
		}
		out = append(out, col)
	}
	return out, nil
}

func size(shape []int) string {
	var s []string
	for _, d := range shape {
		s = append(s, strconv.Itoa(d))
	}
	return strings.Join(s, "x")
}

// list names variables and sizes for messages.
func list(vars []variable) string {
	const most = 12
	var out []string
	for i, v := range vars {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(vars)-most))
			break
		}
		out = append(out, fmt.Sprintf("%s (%s)", v.array.Name, size(v.array.Shape)))
	}
	return strings.Join(out, ", ")
}
