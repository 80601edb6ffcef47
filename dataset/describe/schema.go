package describe

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Error is a mistake in a description. Line and Column count from 1.
type Error struct {
	File         string
	Line, Column int
	Problem      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("describe: %s: %s", e.File, e.Problem)
	}
	return fmt.Sprintf("describe: %s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
}

// word is a scalar with its place.
type word struct {
	text         string
	line, column int
}

func (w word) fail(format string, args ...any) error {
	return &Error{Line: w.line, Column: w.column, Problem: fmt.Sprintf(format, args...)}
}

// UnmarshalYAML takes any plain or quoted scalar as text.
func (w *word) UnmarshalYAML(n ast.Node) error {
	at(w, n)
	switch v := n.(type) {
	case *ast.StringNode:
		w.text = v.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		w.text = n.GetToken().Value
	default:
		return w.fail("expected a word or a number, found %s", n.Type())
	}
	return nil
}

func at(w *word, n ast.Node) {
	if t := n.GetToken(); t != nil && t.Position != nil {
		w.line, w.column = t.Position.Line, t.Position.Column
	}
}

// number reads the word as a finite positive number; missing gives the default.
func (w word) number(what string, missing float64) (float64, error) {
	if w.text == "" {
		return missing, nil
	}
	v, err := strconv.ParseFloat(w.text, 64)
	if err != nil || !(v > 0) || v > 1e300 {
		return 0, w.fail("%s is %q, expected a positive number", what, w.text)
	}
	return v, nil
}

// count reads the word as a whole number from 0.
func (w word) count(what string, missing int) (int, error) {
	if w.text == "" {
		return missing, nil
	}
	v, err := strconv.Atoi(w.text)
	if err != nil || v < 0 {
		return 0, w.fail("%s is %q, expected a whole number from 0", what, w.text)
	}
	return v, nil
}

type document struct {
	Name        word         `yaml:"name"`
	Ts          word         `yaml:"ts"`
	Window      word         `yaml:"window"`
	Inputs      []signal     `yaml:"inputs"`
	Outputs     []signal     `yaml:"outputs"`
	Experiments []experiment `yaml:"experiments"`
	Parts       *parts       `yaml:"parts"`
}

type signal struct {
	Name word `yaml:"name"`
	Unit word `yaml:"unit"`
}

type experiment struct {
	Name         word    `yaml:"name"`
	File         word    `yaml:"file"`
	Experiment   word    `yaml:"experiment"`
	Columns      columns `yaml:"columns"`
	Rows         word    `yaml:"rows"`
	Time         word    `yaml:"time"`
	Jitter       word    `yaml:"jitter"`
	Separator    word    `yaml:"separator"`
	DecimalComma bool    `yaml:"decimal_comma"`
}

// columns maps signals to their sources, in the order of the file.
type columns []struct {
	signal word
	source source
}

// UnmarshalYAML keeps order and places, which a map would lose.
func (c *columns) UnmarshalYAML(n ast.Node) error {
	m, ok := n.(ast.MapNode)
	if !ok {
		var w word
		at(&w, n)
		return w.fail("columns: expected a mapping SIGNAL: COLUMN OF THE FILE")
	}
	for it := m.MapRange(); it.Next(); {
		var key word
		if err := key.UnmarshalYAML(it.Key()); err != nil {
			return err
		}
		if _, seen := c.of(key.text); seen {
			return key.fail("signal %q appears twice", key.text)
		}
		var s source
		if err := s.UnmarshalYAML(it.Value()); err != nil {
			return err
		}
		*c = append(*c, struct {
			signal word
			source source
		}{key, s})
	}
	return nil
}

// of is the source of a signal.
func (c columns) of(name string) (source, bool) {
	for _, e := range c {
		if e.signal.text == name {
			return e.source, true
		}
	}
	return source{}, false
}

// source says where the samples of one signal are: a column's name, or a mapping.
type source struct {
	File   word
	Column word
	Scale  word
}

// UnmarshalYAML accepts both forms.
func (s *source) UnmarshalYAML(n ast.Node) error {
	if n.Type() == ast.MappingType || n.Type() == ast.MappingValueType {
		return decode(n, map[string]*word{"file": &s.File, "column": &s.Column, "scale": &s.Scale})
	}
	return s.Column.UnmarshalYAML(n)
}

type parts struct {
	Train      []part `yaml:"train"`
	Validation []part `yaml:"validation"`
	Test       []part `yaml:"test"`
}

// part is NAME, NAME:FROM-TO, or a mapping.
type part struct {
	Experiment word
	Rows       word
	Name       word
	Window     word
}

// UnmarshalYAML accepts all forms; the short ones are resolved later, when the experiments are known.
func (p *part) UnmarshalYAML(n ast.Node) error {
	if n.Type() == ast.MappingType || n.Type() == ast.MappingValueType {
		return decode(n, map[string]*word{"experiment": &p.Experiment, "rows": &p.Rows, "name": &p.Name, "window": &p.Window})
	}
	return p.Experiment.UnmarshalYAML(n)
}

// decode reads a mapping of scalars.
func decode(n ast.Node, fields map[string]*word) error {
	for it := n.(ast.MapNode).MapRange(); it.Next(); { // both mapping types are MapNodes
		var key word
		if err := key.UnmarshalYAML(it.Key()); err != nil {
			return err
		}
		w, ok := fields[key.text]
		if !ok {
			return key.fail("unknown key %q", key.text)
		}
		if w.line > 0 {
			return key.fail("key %q appears twice", key.text)
		}
		if err := w.UnmarshalYAML(it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the YAML text.
func parse(text []byte) (doc *document, err error) {
	defer func() { // the YAML library indexes its tokens without checks in places
		if p := recover(); p != nil {
			doc, err = nil, &Error{Problem: fmt.Sprintf("the text is no YAML that can be read (%v)", p)}
		}
	}()
	doc = new(document)
	if err := yaml.UnmarshalWithOptions(text, doc, yaml.Strict()); err != nil {
		var own *Error
		if errors.As(err, &own) {
			return nil, own
		}
		var ye yaml.Error
		if errors.As(err, &ye) {
			e := &Error{Problem: ye.GetMessage()}
			if t := ye.GetToken(); t != nil && t.Position != nil {
				e.Line, e.Column = t.Position.Line, t.Position.Column
			}
			return nil, e
		}
		return nil, &Error{Problem: err.Error()}
	}
	return doc, nil
}
