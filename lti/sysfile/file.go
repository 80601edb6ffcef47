package sysfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/lti"
)

// mostBytes limits what is read as text: a system of order 1000 fits.
const mostBytes = 64 << 20

// Open reads a system from text (see IsText) or from the file of that name; the extension decides the format. Where a MAT
// or npz file holds several systems, FILE.mat:NAME is the one in the structure of that name, or the matrix of that name as
// a static gain.
func Open(arg string) (*lti.SS, error) {
	if IsText(arg) {
		return Parse(arg)
	}
	g, err := read(arg)
	if err != nil {
		return nil, fmt.Errorf("sysfile: %s: %w", arg, err)
	}
	return g, nil
}

func read(path string) (*lti.SS, error) {
	path, part := splitName(path)
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".mat", ".npz":
		arrays, err := dataset.ReadArrays(path)
		if err != nil {
			if inner := errors.Unwrap(err); inner != nil { // the caller names the file
				err = inner
			}
			return nil, bare(err)
		}
		if part != "" {
			return fromPart(arrays, part)
		}
		return fromArrays(arrays)
	case ".json", ".yaml", ".yml":
		info, err := os.Stat(path)
		if err != nil {
			return nil, bare(err)
		}
		if info.Size() > mostBytes {
			return nil, fmt.Errorf("the file has %d bytes, expected at most %d", info.Size(), mostBytes)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, bare(err)
		}
		if ext == ".json" {
			return FromJSON(text)
		}
		return FromYAML(text)
	default:
		return nil, fmt.Errorf("extension %q, expected .json, .yaml, .mat or .npz, or text such as \"tf: num=[1] den=[1 1]\"", ext)
	}
}

// bare drops the path that os puts into its errors: the caller names the file.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// FromJSON reads the object of a JSON file.
func FromJSON(text []byte) (*lti.SS, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var top any
	if err := dec.Decode(&top); err != nil {
		var at *json.SyntaxError
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the text is empty, expected an object")
		case errors.As(err, &at):
			return nil, fmt.Errorf("%s: %w", place(text, int(at.Offset)-1), err)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("%s: the text ends before the object does", place(text, len(text)))
		}
		return nil, err
	}
	doc, ok := top.(map[string]any)
	if !ok {
		return nil, errors.New("the text is no object, expected {\"A\": [[...]], ...}")
	}
	if dec.More() {
		return nil, errors.New("text follows the object")
	}
	if err := unique(text); err != nil {
		return nil, err
	}
	return fromMap(doc)
}

// place is line and column of an offset.
func place(text []byte, offset int) string {
	head := text[:min(max(offset, 0), len(text))]
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(head, []byte("\n")), len(head)-bytes.LastIndexByte(head, '\n'))
}

// unique refuses an object that has a key twice: encoding/json keeps the last without a word.
func unique(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil { // {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if seen[key] {
			return fmt.Errorf("%s: %q is given twice", place(text, int(dec.InputOffset())), key)
		}
		seen[key] = true
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return err
		}
	}
	return nil
}

// FromYAML reads the mapping of a YAML file.
func FromYAML(text []byte) (g *lti.SS, err error) {
	defer func() { // the YAML library indexes its tokens without checks in places
		if p := recover(); p != nil {
			g, err = nil, fmt.Errorf("the text is no YAML that can be read (%v)", p)
		}
	}()
	doc := map[string]any{}
	if err := yaml.UnmarshalWithOptions(text, &doc, yaml.Strict()); err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) {
			if t := ye.GetToken(); t != nil && t.Position != nil {
				return nil, fmt.Errorf("line %d, column %d: %s", t.Position.Line, t.Position.Column, ye.GetMessage())
			}
			return nil, errors.New(ye.GetMessage())
		}
		return nil, err
	}
	return fromMap(doc)
}

// fileKeys are the keys a file may have; name is read and not used.
const fileKeys = " a b c d num den z p k ts inputs outputs states name "

func fromMap(doc map[string]any) (*lti.SS, error) {
	d := &document{values: map[string]value{}, flat: map[string]bool{}, names: map[string][]lti.Signal{}, channels: map[string][][][]float64{}}
	for _, given := range slices.Sorted(maps.Keys(doc)) { // the first error is the same every time
		v := doc[given]
		key := canonical(given)
		if !strings.Contains(fileKeys, " "+key+" ") {
			return nil, fmt.Errorf("%q is no key of a system, expected one of%s", given, strings.TrimRight(fileKeys, " "))
		}
		if d.values[key] != nil || d.names[key] != nil || d.channels[key] != nil {
			return nil, fmt.Errorf("%q is given twice (upper and lower case are the same)", given)
		}
		var err error
		switch key {
		case "name":
		case "inputs", "outputs", "states":
			d.names[key], err = signals(v)
		default:
			if (key == "num" || key == "den") && depth(v) == 3 {
				d.channels[key], err = channels(v)
				break
			}
			d.values[key], d.flat[key], err = matrix(v)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", given, err)
		}
	}
	return d.system()
}

func canonical(key string) string {
	key = strings.ToLower(key)
	if a, ok := aliases[key]; ok {
		return a
	}
	return key
}

// matrix reads a number, a list of numbers or a list of rows. Complex numbers are text such as "1-2i".
func matrix(v any) (value, bool, error) {
	if z, err := number(v); err == nil {
		return value{{z}}, false, nil
	}
	list, ok := v.([]any)
	if !ok {
		_, err := number(v)
		return nil, false, fmt.Errorf("%w, list or matrix", err)
	}
	if len(list) == 0 {
		return value{}, false, nil
	}
	if _, nested := list[0].([]any); !nested {
		row, err := numbers(list)
		return value{row}, true, err
	}
	var out value
	for i, r := range list {
		inner, ok := r.([]any)
		if !ok {
			return nil, false, fmt.Errorf("row %d is no list", i+1)
		}
		row, err := numbers(inner)
		if err != nil {
			return nil, false, fmt.Errorf("row %d, %w", i+1, err)
		}
		if len(row) == 0 {
			return nil, false, fmt.Errorf("row %d is empty", i+1)
		}
		out = append(out, row)
	}
	return out, false, nil
}

func numbers(list []any) ([]complex128, error) {
	out := make([]complex128, len(list))
	for i, v := range list {
		z, err := number(v)
		if err != nil {
			return nil, fmt.Errorf("column %d: %w", i+1, err)
		}
		out[i] = z
	}
	return out, nil
}

// depth counts how far lists are nested.
func depth(v any) int {
	list, ok := v.([]any)
	switch {
	case !ok:
		return 0
	case len(list) == 0:
		return 1
	}
	return 1 + depth(list[0])
}

// channels reads rows of lists of coefficients.
func channels(v any) ([][][]float64, error) {
	var out [][][]float64
	for i, r := range v.([]any) {
		row, ok := r.([]any)
		if !ok {
			return nil, fmt.Errorf("row %d is no list of channels", i+1)
		}
		var to [][]float64
		for j, c := range row {
			list, ok := c.([]any)
			if !ok {
				return nil, fmt.Errorf("channel (%d, %d) is no list of coefficients", i+1, j+1)
			}
			var poly []float64
			for k, v := range list {
				z, err := number(v)
				if err != nil {
					return nil, fmt.Errorf("channel (%d, %d), entry %d: %w", i+1, j+1, k+1, err)
				}
				if imag(z) != 0 {
					return nil, fmt.Errorf("channel (%d, %d), entry %d is complex", i+1, j+1, k+1)
				}
				poly = append(poly, real(z))
			}
			to = append(to, poly)
		}
		out = append(out, to)
	}
	return out, nil
}

func number(v any) (complex128, error) {
	switch v := v.(type) {
	case float64:
		return complex(v, 0), nil
	case int:
		return complex(float64(v), 0), nil
	case int64:
		return complex(float64(v), 0), nil
	case uint64:
		return complex(float64(v), 0), nil
	case json.Number:
		return parseNumber(v.String())
	case string:
		return parseNumber(v)
	case nil:
		return 0, errors.New("null is not a number")
	}
	return 0, fmt.Errorf("%v is not a number", v)
}

// signals reads a list of names, or of objects with name and unit.
func signals(v any) ([]lti.Signal, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("expected a list of names, or of name and unit")
	}
	out := make([]lti.Signal, len(list))
	for i, item := range list {
		switch s := item.(type) {
		case string:
			out[i].Name = s
		case map[string]any:
			for k, v := range s {
				text, ok := v.(string)
				switch {
				case ok && k == "name":
					out[i].Name = text
				case ok && k == "unit":
					out[i].Unit = text
				default:
					return nil, fmt.Errorf("entry %d: %q, expected name and unit as text", i+1, k)
				}
			}
		default:
			return nil, fmt.Errorf("entry %d is no name", i+1)
		}
	}
	return out, nil
}

// fromArrays takes the arrays named A, B, C, D, Ts, num, den, or the same as fields of one struct.
func fromArrays(arrays []dataset.Array) (*lti.SS, error) {
	d := &document{values: map[string]value{}, flat: map[string]bool{}}
	owner := ""
	for _, a := range arrays {
		prefix, key := "", a.Name
		if at := strings.LastIndexByte(key, '.'); at >= 0 {
			prefix, key = key[:at], key[at+1:]
		}
		key = canonical(key)
		if !strings.Contains(" a b c d num den ts ", " "+key+" ") {
			continue
		}
		if _, twice := d.values[key]; twice || len(d.values) > 0 && prefix != owner {
			return nil, fmt.Errorf("more than one system is in the file (arrays %s); add the name of one: FILE%s", names(arrays), hint(owner, prefix))
		}
		owner = prefix
		v, err := fromArray(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		d.values[key], d.flat[key] = v, len(a.Shape) == 1
	}
	if len(d.values) == 0 { // a matrix K alone is a gain; beside a system it is something else
		for _, a := range arrays {
			if canonical(a.Name) == "k" {
				return fromPart(arrays, a.Name)
			}
		}
		return nil, fmt.Errorf("the file has no array A, B, C, D, num or den (it has: %s). A matrix of another name is read as a gain by FILE:NAME. An ss object of MATLAB is stored as code: save its matrices, "+
			"[A,B,C,D] = ssdata(sys); Ts = sys.Ts; save('sys.mat','A','B','C','D','Ts','-v7')", names(arrays))
	}
	return d.system()
}

func names(arrays []dataset.Array) string {
	var out []string
	for _, a := range arrays {
		out = append(out, a.Name)
	}
	return strings.Join(out, ", ")
}

// hint shows how the first named structure is asked for.
func hint(structures ...string) string {
	for _, s := range structures {
		if s != "" {
			return ":" + s
		}
	}
	return ":NAME"
}

// splitName takes the name of a part off FILE.mat:NAME.
func splitName(path string) (file, part string) {
	at := strings.LastIndexByte(path, ':')
	if at < 0 {
		return path, ""
	}
	if ext := strings.ToLower(filepath.Ext(path[:at])); ext != ".mat" && ext != ".npz" {
		return path, ""
	}
	return path[:at], path[at+1:]
}

// fromPart takes the structure or the matrix of that name.
func fromPart(arrays []dataset.Array, part string) (*lti.SS, error) {
	var inside []dataset.Array
	for _, a := range arrays {
		if a.Name == part {
			v, err := fromArray(a)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", a.Name, err)
			}
			return (&document{values: map[string]value{"d": v}, flat: map[string]bool{}}).system()
		}
		if name, ok := strings.CutPrefix(a.Name, part+"."); ok {
			a.Name = name
			inside = append(inside, a)
		}
	}
	if len(inside) == 0 {
		return nil, fmt.Errorf("the file has no %s (it has: %s)", part, names(arrays))
	}
	return fromArrays(inside)
}

func fromArray(a dataset.Array) (value, error) {
	rows, cols := 1, a.Len()
	switch len(a.Shape) {
	case 0, 1:
	case 2:
		rows, cols = a.Shape[0], a.Shape[1]
	default:
		return nil, fmt.Errorf("%d dimensions, expected a matrix", len(a.Shape))
	}
	var out value
	for i := range rows {
		row := make([]complex128, cols)
		for j := range row {
			v := a.Data[i*cols+j]
			if math.IsNaN(v) {
				return nil, fmt.Errorf("row %d, column %d is NaN", i+1, j+1)
			}
			row[j] = complex(v, 0)
		}
		if cols > 0 {
			out = append(out, row)
		}
	}
	return out, nil
}
