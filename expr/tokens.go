package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Token is a number or a word of an expression in postfix order. In JSON it is a number or a string. The words are those
// that the checker of systems knows (docs/system-bundle.md): names given by the caller, + - * /, neg, sin, cos, tanh, exp,
// sqrt and pow:n with a whole number n.
type Token struct {
	Word   string // empty for a number
	Number float64
}

// ErrToken says that an expression uses an operation for which there is no word.
var ErrToken = errors.New("expr: operation unknown to the checker")

// MarshalJSON writes the word or the number.
func (t Token) MarshalJSON() ([]byte, error) {
	if t.Word != "" {
		return json.Marshal(t.Word)
	}
	return json.Marshal(t.Number)
}

// UnmarshalJSON reads a string or a number.
func (t *Token) UnmarshalJSON(b []byte) error {
	*t = Token{}
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &t.Word); err != nil {
			return err
		}
		if t.Word == "" {
			return errors.New("expr: an empty word is no token")
		}
		return nil
	}
	return json.Unmarshal(b, &t.Number)
}

// The checker's limits: on all expressions of a system together, in which shared parts are written out, and on exponents.
const (
	MaxTokens     = 4096
	maxTokenPower = 64
)

// Tokens is the expression in postfix order, with words[name] for each name. pi becomes its float64. tan, sinh, cosh and
// powers of half a whole number are written with the words that exist, which gives the same real number; for log, asin,
// acos, atan, abs, min, max and other real powers the error matches ErrToken. ErrName for a name without a word.
func (e *Expr) Tokens(words map[string]string) ([]Token, error) {
	w := &postfix{words: words}
	w.write(e)
	return w.out, w.err
}

type postfix struct {
	words map[string]string
	out   []Token
	err   error
}

func (w *postfix) word(s string) { w.out = append(w.out, Token{Word: s}) }

func (w *postfix) fail(err error) {
	if w.err == nil {
		w.err, w.out = err, nil
	}
}

func (w *postfix) write(e *Expr) {
	if w.err != nil {
		return
	}
	if len(w.out) > MaxTokens {
		w.fail(fmt.Errorf("%w: the postfix form has more than %d words", ErrToken, MaxTokens))
		return
	}
	if v, ok := e.constant(); ok {
		w.out = append(w.out, Token{Number: v})
		return
	}
	switch e.op {
	case opPi:
		w.out = append(w.out, Token{Number: math.Pi})
	case opName:
		s, ok := w.words[e.name]
		if !ok || s == "" {
			w.fail(fmt.Errorf("%w: %s has no word for the checker", ErrName, e.name))
			return
		}
		w.word(s)
	case opAdd, opSub, opMul, opDiv:
		w.write(e.a)
		w.write(e.b)
		w.word(e.op.String())
	case opNeg, opSin, opCos, opTanh, opExp, opSqrt:
		w.write(e.a)
		w.word(e.op.String())
	case opPowInt:
		w.power(e.a, e.n)
	case opPow:
		if c, ok := e.b.constant(); ok && 2*c == math.Trunc(2*c) && math.Abs(2*c) <= maxExponent {
			w.power(apply(opSqrt, e.a), int(2*c))
			return
		}
		w.fail(fmt.Errorf("%w: a power whose exponent is no multiple of 1/2", ErrToken))
	case opTan:
		w.write(apply(opSin, e.a).Div(apply(opCos, e.a)))
	case opSinh:
		w.write(apply(opExp, e.a).Sub(apply(opExp, e.a.Neg())).Mul(Number(0.5)))
	case opCosh:
		w.write(apply(opExp, e.a).Add(apply(opExp, e.a.Neg())).Mul(Number(0.5)))
	default:
		w.fail(fmt.Errorf("%w: %s", ErrToken, e.op))
	}
}

// power writes a^n; a negative exponent becomes a quotient.
func (w *postfix) power(a *Expr, n int) {
	m := max(n, -n)
	switch {
	case m == 0:
		w.out = append(w.out, Token{Number: 1})
		return
	case m > maxTokenPower:
		w.fail(fmt.Errorf("%w: the power %d; the largest is %d", ErrToken, n, maxTokenPower))
		return
	}
	if n < 0 {
		w.out = append(w.out, Token{Number: 1})
	}
	w.write(a)
	if m > 1 {
		w.word("pow:" + strconv.Itoa(m))
	}
	if n < 0 {
		w.word("/")
	}
}

// FromTokens reads a postfix form back; any word that is no operation is a name. The error says which token is wrong.
func FromTokens(tokens []Token) (*Expr, error) {
	var stack []*Expr
	for i, t := range tokens {
		e, used, err := t.expression(stack)
		if err != nil {
			return nil, fmt.Errorf("expr: token %d: %w", i+1, err)
		}
		stack = append(stack[:len(stack)-used], e)
	}
	if len(stack) != 1 {
		return nil, fmt.Errorf("expr: %d values are left of the tokens, expected 1", len(stack))
	}
	return stack[0], nil
}

// expression combines a token with the operands it uses from the end of the stack.
func (t Token) expression(stack []*Expr) (e *Expr, used int, err error) {
	if t.Word == "" {
		if math.IsNaN(t.Number) || math.IsInf(t.Number, 0) {
			return nil, 0, fmt.Errorf("%v is no finite number", t.Number)
		}
		return Number(t.Number), 0, nil
	}
	o := opName
	exponent := 0
	if n, ok := strings.CutPrefix(t.Word, "pow:"); ok {
		if exponent, err = strconv.Atoi(n); err != nil || exponent < 0 || exponent > maxExponent {
			return nil, 0, fmt.Errorf("%q: the exponent is no whole number from 0 to %d", t.Word, maxExponent)
		}
		o = opPowInt
	} else {
		for _, known := range []op{opAdd, opSub, opMul, opDiv, opNeg, opSin, opCos, opTanh, opExp, opSqrt} {
			if known.String() == t.Word {
				o = known
			}
		}
	}
	used = o.arity()
	if used > len(stack) {
		return nil, 0, fmt.Errorf("%q needs %d values, there are %d", t.Word, used, len(stack))
	}
	e = &Expr{op: o, n: exponent}
	switch rest := stack[len(stack)-used:]; used {
	case 0:
		if err := CheckName(t.Word); err != nil {
			return nil, 0, err
		}
		e.name = t.Word
	case 1:
		e.a = rest[0]
	case 2:
		e.a, e.b = rest[0], rest[1]
	}
	return e, used, nil
}
