package expr

import (
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Error is a mistake in an expression. Line and Column count characters from 1.
type Error struct {
	Line, Column int
	Problem      string
	cause        error
}

func (e *Error) Error() string {
	return fmt.Sprintf("expr: line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// Unwrap gives ErrName for an unknown name.
func (e *Error) Unwrap() error { return e.cause }

type kind uint8

const (
	end kind = iota
	number
	name
	sign // one of + - * / ^ ( ) ,
)

// token is a word of the text with its place.
type token struct {
	kind         kind
	text         string
	value        float64
	line, column int
}

func (t token) fail(format string, args ...any) *Error {
	return &Error{Line: t.line, Column: t.column, Problem: fmt.Sprintf(format, args...)}
}

func (t token) is(text string) bool { return t.kind == sign && t.text == text }

// found names the token in an error.
func (t token) found() string {
	if t.kind == end {
		return "the end of the expression"
	}
	return strconv.Quote(t.text)
}

// lexer cuts a text into tokens.
type lexer struct {
	text         string
	line, column int
}

func (l *lexer) peek() (rune, int) { return utf8.DecodeRuneInString(l.text) }

// take removes n bytes from the text, which hold no line break.
func (l *lexer) take(n int) string {
	s := l.text[:n]
	l.text = l.text[n:]
	l.column += utf8.RuneCountInString(s)
	return s
}

func (l *lexer) space() {
	for {
		switch r, n := l.peek(); {
		case n == 0 || !unicode.IsSpace(r):
			return
		case r == '\n':
			l.text = l.text[n:]
			l.line, l.column = l.line+1, 1
		default:
			l.take(n)
		}
	}
}

func (l *lexer) next() (token, error) {
	l.space()
	t := token{line: l.line, column: l.column}
	r, n := l.peek()
	switch {
	case n == 0:
		return t, nil
	case r == utf8.RuneError && n == 1:
		return t, t.fail("the text is no UTF-8")
	case digit(r) || r == '.':
		return l.number(t)
	case letter(r):
		t.kind, t.text = name, l.take(l.run(func(r rune) bool { return letter(r) || digit(r) || unicode.IsMark(r) }))
		return t, nil
	}
	switch r {
	case '+', '-', '*', '/', '^', '(', ')', ',':
		t.kind, t.text = sign, l.take(n)
		if r == '*' {
			if m, _ := l.peek(); m == '*' {
				return t, t.fail("unexpected **; a power is written ^")
			}
		}
		return t, nil
	}
	if want, ok := lookalikes[r]; ok {
		return t, t.fail("unexpected %q; write %s", r, want)
	}
	return t, t.fail("unexpected character %q", r)
}

// lookalikes are characters that a text processor or another language puts in the place of ours.
var lookalikes = map[rune]string{
	'−': "- (minus)", '–': "- (minus)", '·': "*", '×': "*", '∙': "*", '÷': "/", '[': "(", ']': ")", '{': "(", '}': ")", '²': "^2", '³': "^3", '√': "sqrt(...)",
	'\'': "a name without primes, such as dtheta", '=': "one expression, without an equation", ';': ", between arguments", '%': "a product with 0.01",
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

func letter(r rune) bool { return r == '_' || unicode.IsLetter(r) && r != '²' && r != '³' }

// run is the length in bytes of the characters at the front that pass.
func (l *lexer) run(pass func(rune) bool) int {
	for i, r := range l.text {
		if !pass(r) {
			return i
		}
	}
	return len(l.text)
}

// number takes digits, a point, digits, and an exponent.
func (l *lexer) number(t token) (token, error) {
	n, digits := 0, 0
	at := func(i int) byte {
		if i < len(l.text) {
			return l.text[i]
		}
		return 0
	}
	run := func() {
		for digit(rune(at(n))) {
			n++
			digits++
		}
	}
	run()
	if at(n) == '.' {
		n++
		run()
	}
	if digits == 0 {
		return t, t.fail("a point without digits is no number")
	}
	if c := at(n); c == 'e' || c == 'E' {
		m := n + 1
		if s := at(m); s == '+' || s == '-' {
			m++
		}
		if digit(rune(at(m))) {
			n = m
			run()
		}
	}
	t.kind, t.text = number, l.take(n)
	v, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		why := "no number"
		if errors.Is(err, strconv.ErrRange) {
			why = "too large for a float64"
		}
		return t, t.fail("%s is %s", t.text, why)
	}
	t.value = v
	if r, size := l.peek(); size > 0 && letter(r) {
		return t, t.fail("%s is followed by a letter; write %s* for a product", t.text, t.text)
	}
	return t, nil
}
