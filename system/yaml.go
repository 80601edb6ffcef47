package system

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/plumb-go/plumb/expr"
)

// maxSize is the largest description that is read: they are written by hand, or generated for some ten links.
const maxSize = 1 << 20

// Error is a mistake in a description. Line and Column count from 1; Line 0 means the text as a whole.
type Error struct {
	File         string // empty for Parse
	Line, Column int
	Problem      string
	cause        error
}

func (e *Error) Error() string {
	place := e.File
	if e.Line > 0 {
		if place == "" {
			place = "line "
		} else {
			place += ":"
		}
		place += fmt.Sprintf("%d:%d", e.Line, e.Column)
	}
	if place == "" {
		return "system: " + e.Problem
	}
	return "system: " + place + ": " + e.Problem
}

// Unwrap gives expr.ErrName for an unknown name in an expression, ErrName for a doubled one.
func (e *Error) Unwrap() error { return e.cause }

// Open reads a description from a file. Mistakes in it are *Error.
func Open(path string) (*System, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("system: %w", err)
	}
	if info.Size() > maxSize {
		return nil, &Error{File: path, Problem: fmt.Sprintf("%d bytes, a description has at most %d", info.Size(), maxSize)}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("system: %w", err)
	}
	s, err := Parse(text)
	if e, ok := errors.AsType[*Error](err); ok {
		e.File = path
	}
	return s, err
}

// Parse reads a description in YAML; the package comment gives its form. Mistakes in it are *Error.
func Parse(text []byte) (s *System, err error) {
	defer func() { // the YAML library indexes its tokens without checks in places
		if p := recover(); p != nil {
			s, err = nil, &Error{Problem: fmt.Sprintf("the text is no YAML that can be read (%v)", p)}
		}
	}()
	if len(text) > maxSize {
		return nil, &Error{Problem: fmt.Sprintf("%d bytes, a description has at most %d", len(text), maxSize)}
	}
	root, err := document(text)
	if err != nil {
		return nil, err
	}
	d, err := read(root)
	if err != nil {
		return nil, err
	}
	if s, err = New(d); err != nil {
		return nil, &Error{Problem: strings.TrimPrefix(err.Error(), "system: "), cause: err}
	}
	return s, nil
}

// document returns the top mapping of a text.
func document(text []byte) (item, error) {
	f, err := parser.ParseBytes(text, 0)
	if err != nil {
		e := &Error{Problem: err.Error()}
		var ye yaml.Error
		if errors.As(err, &ye) {
			e.Problem = ye.GetMessage()
			if t := ye.GetToken(); t != nil && t.Position != nil {
				e.Line, e.Column = t.Position.Line, t.Position.Column
			}
		}
		return item{}, e
	}
	var docs []*ast.DocumentNode
	for _, d := range f.Docs {
		if d.Body != nil {
			docs = append(docs, d)
		}
	}
	if len(docs) == 0 {
		return item{}, &Error{Problem: "the text is empty"}
	}
	if len(docs) > 1 {
		e := &Error{Problem: "a second document; one file describes one system"}
		e.Line, e.Column = place(docs[1].Body)
		return item{}, e
	}
	return item{value: docs[0].Body}, nil
}

func place(n ast.Node) (line, column int) {
	if m, ok := n.(ast.MapNode); ok { // its own token is the colon of its first key
		if it := m.MapRange(); it.Next() {
			return place(it.Key())
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 0, 0
}

// item is a key of a mapping and its value.
type item struct {
	key   string
	name  ast.Node // the key's node; nil at the top
	value ast.Node
}

func failAt(n ast.Node, format string, args ...any) error {
	e := &Error{Problem: fmt.Sprintf(format, args...)}
	if n != nil {
		e.Line, e.Column = place(n)
	}
	return e
}

// fail reports a mistake in the value, at the key where the value is empty.
func (i item) fail(format string, args ...any) error {
	if _, null := i.value.(*ast.NullNode); null && i.name != nil {
		return failAt(i.name, format, args...)
	}
	return failAt(i.value, format, args...)
}

// isMap reports whether the value is a mapping.
func (i item) isMap() bool {
	_, ok := i.value.(ast.MapNode)
	return ok
}

// entries lists the pairs of a mapping in the order of the text.
func (i item) entries(what string) ([]item, error) {
	m, ok := i.value.(ast.MapNode)
	if !ok {
		return nil, i.fail("%s: expected a mapping NAME: VALUE", what)
	}
	var all []item
	for it := m.MapRange(); it.Next(); {
		key, err := item{value: it.Key(), name: it.Key()}.text(what)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(o item) bool { return o.key == key }) {
			e := failAt(it.Key(), "%s: %s appears twice", what, key).(*Error)
			e.cause = ErrName
			return nil, e
		}
		all = append(all, item{key, it.Key(), it.Value()})
	}
	return all, nil
}

// fields sorts the pairs of a mapping by their keys, which must be among known.
func (i item) fields(what string, known ...string) (map[string]item, error) {
	all, err := i.entries(what)
	if err != nil {
		return nil, err
	}
	out := map[string]item{}
	for _, e := range all {
		if !slices.Contains(known, e.key) {
			return nil, failAt(e.name, "unknown key %s%s", e.key, hint(e.key, known))
		}
		out[e.key] = e
	}
	return out, nil
}

// text is a scalar as it is written; empty for nothing.
func (i item) text(what string) (string, error) {
	switch v := i.value.(type) {
	case *ast.StringNode:
		return v.Value, nil
	case *ast.LiteralNode:
		return v.Value.Value, nil
	case *ast.NullNode:
		return "", nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return v.GetToken().Value, nil
	}
	return "", i.fail("%s: expected a word, a number or an expression, found %s", what, strings.ToLower(i.value.Type().String()))
}

// expression reads an expression of the known names.
func (i item) expression(what string, known []string) (*expr.Expr, error) {
	text, err := i.text(what)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, i.fail("%s: expected an expression", what)
	}
	e, err := expr.Parse(text, known)
	if bad, ok := errors.AsType[*expr.Error](err); ok {
		return nil, i.locate(what, text, bad)
	}
	return e, err
}

// locate moves the place of a mistake in an expression to its place in the text. In a scalar of several lines it names the
// place inside the expression instead.
func (i item) locate(what, text string, bad *expr.Error) error {
	e := &Error{Problem: what + ": " + bad.Problem, cause: bad}
	if strings.HasPrefix(bad.Problem, "unknown name t;") || strings.HasPrefix(bad.Problem, "unknown name time;") {
		e.Problem += "; equations do not depend on time here, so make time a state with derivative 1"
	}
	e.Line, e.Column = place(i.value)
	t := i.value.GetToken()
	_, block := i.value.(*ast.LiteralNode)
	if written := strings.TrimSpace(t.Origin); block || strings.Contains(written, "\n") || bad.Line > 1 {
		e.Problem = fmt.Sprintf("%s (line %d, column %d of the expression)", e.Problem, bad.Line, bad.Column)
		return e
	}
	if written := strings.TrimSpace(t.Origin); !strings.HasPrefix(written, text) { // quoted
		e.Column++
	}
	e.Column += bad.Column - 1
	return e
}

// constant reads an expression without names, to its float64.
func (i item) constant(what string) (float64, error) {
	e, err := i.expression(what, []string{})
	if err != nil {
		return 0, err
	}
	p, err := expr.Compile([]*expr.Expr{e}, nil)
	if err != nil {
		return 0, i.fail("%s: %v", what, err)
	}
	var v [1]float64
	p.Eval(v[:], nil)
	if v[0]-v[0] != 0 {
		return 0, i.fail("%s is %v, expected a finite number", what, v[0])
	}
	return v[0], nil
}
