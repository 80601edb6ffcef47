package expr

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on the text of an expression, so that a hostile one ends in an error rather than in exhausted memory.
const (
	maxText  = 1 << 16 // bytes
	maxDepth = 500     // nested parentheses, signs and powers
)

// Parse reads an expression. Names must be in known, unless known is nil, which allows any. The error is an *Error with
// line and column; for an unknown name it matches ErrName and suggests the closest known one.
func Parse(text string, known []string) (*Expr, error) {
	p := &parser{lex: lexer{text: text, line: 1, column: 1}, known: known, any: known == nil}
	if len(text) > maxText {
		return nil, &Error{Line: 1, Column: 1, Problem: fmt.Sprintf("%d bytes of text, an expression has at most %d", len(text), maxText)}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == end {
		return nil, p.tok.fail("the expression is empty")
	}
	e, err := p.sum()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != end {
		return nil, p.unexpected()
	}
	return e, nil
}

// CheckName returns an error, without a place, unless the text can be the name of a variable or parameter.
func CheckName(text string) error {
	l := lexer{text: text, line: 1, column: 1}
	t, err := l.next()
	if err != nil || t.kind != name || t.text != text {
		return fmt.Errorf("%w: %q; a name is letters, digits and underscores and begins with no digit", ErrName, text)
	}
	if _, ok := function(text); ok || text == "pi" {
		return fmt.Errorf("%w: %s has a meaning of its own in expressions", ErrName, text)
	}
	return nil
}

type parser struct {
	lex   lexer
	tok   token
	known []string
	any   bool
	depth int
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) unexpected() error {
	switch {
	case p.tok.is(")"):
		return p.tok.fail("a closing parenthesis without an opening one")
	case p.tok.is(","):
		return p.tok.fail("a comma outside the arguments of a function; decimals are written with a point")
	}
	return p.tok.fail("expected an operator before %s", p.tok.found())
}

// chain reads operands that left-associative operators join.
func (p *parser) chain(operand func() (*Expr, error), ops map[string]op) (*Expr, error) {
	e, err := operand()
	for err == nil && p.tok.kind == sign {
		o, ok := ops[p.tok.text]
		if !ok {
			break
		}
		if err = p.advance(); err != nil {
			break
		}
		var f *Expr
		f, err = operand()
		e = &Expr{op: o, a: e, b: f}
	}
	return e, err
}

var (
	sums     = map[string]op{"+": opAdd, "-": opSub}
	products = map[string]op{"*": opMul, "/": opDiv}
)

func (p *parser) sum() (*Expr, error)     { return p.chain(p.product, sums) }
func (p *parser) product() (*Expr, error) { return p.chain(p.factor, products) }

func (p *parser) factor() (*Expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.tok.fail("nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	minus := p.tok.is("-")
	if !minus && !p.tok.is("+") {
		return p.power()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.factor()
	if err != nil || !minus {
		return e, err
	}
	return e.Neg(), nil
}

func (p *parser) power() (*Expr, error) {
	base, err := p.atom()
	if err != nil || !p.tok.is("^") {
		return base, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	exponent, err := p.factor()
	if err != nil {
		return nil, err
	}
	return base.Pow(exponent), nil
}

func (p *parser) atom() (*Expr, error) {
	t := p.tok
	switch {
	case t.kind == number:
		return Number(t.value), p.advance()
	case t.kind == name:
		return p.named()
	case t.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		e, err := p.sum()
		if err != nil {
			return nil, err
		}
		return e, p.closing(t)
	}
	return nil, t.fail("expected a number, a name or an opening parenthesis, found %s", t.found())
}

// closing takes the parenthesis that closes the one at open.
func (p *parser) closing(open token) error {
	if p.tok.is(")") {
		return p.advance()
	}
	if p.tok.kind == end {
		return p.tok.fail("the parenthesis opened at line %d, column %d is not closed", open.line, open.column)
	}
	if p.tok.is(",") {
		return p.unexpected()
	}
	return p.tok.fail("expected an operator or ) before %s", p.tok.found())
}

func (p *parser) named() (*Expr, error) {
	t := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	o, isFunction := function(t.text)
	called := p.tok.is("(")
	switch {
	case isFunction && called:
		return p.call(t, o)
	case isFunction:
		return nil, t.fail("%s needs its argument in parentheses", t.text)
	case called && (t.text == "pi" || p.any || slices.Contains(p.known, t.text)):
		return nil, t.fail("%s is no function; write %s*(...) for a product%s", t.text, t.text, p.orFunction(t.text))
	case called:
		return nil, p.unknown(t, "function", Functions())
	case t.text == "pi":
		return Pi(), nil
	case p.any || slices.Contains(p.known, t.text):
		return Name(t.text), nil
	}
	return nil, p.unknown(t, "name", p.known)
}

func (p *parser) orFunction(text string) string {
	if s := closest(text, Functions()); p.any && s != "" {
		return ", or did you mean " + s + "(...)"
	}
	return ""
}

func (p *parser) unknown(t token, what string, among []string) error {
	e := t.fail("unknown %s %s", what, t.text)
	e.cause = ErrName
	s := closest(t.text, among)
	switch {
	case s != "":
		e.Problem += "; did you mean " + s
	case len(among) > 0 && len(among) <= 20:
		e.Problem += "; known are " + strings.Join(among, ", ")
	}
	return e
}

// call reads the arguments of a function; the current token is the opening parenthesis.
func (p *parser) call(t token, o op) (*Expr, error) {
	open := p.tok
	var args []*Expr
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.is(")") && len(args) == 0 {
			break
		}
		e, err := p.sum()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
		if !p.tok.is(",") {
			break
		}
	}
	if p.tok.is(")") && len(args) != o.arity() {
		return nil, t.fail("%s takes %d %s, got %d", t.text, o.arity(), plural("argument", o.arity()), len(args))
	}
	if err := p.closing(open); err != nil {
		return nil, err
	}
	return Call(t.text, args...)
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
