package cert

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// op is a token of an expression in postfix form: a number, a state, or a function of the last values.
type op struct {
	name  string   // number, x, pow, or the token itself
	takes int      // values that it replaces
	n     int      // index of the state, or the exponent
	value *big.Rat // of a number
}

var functions = map[string]int{"+": 2, "-": 2, "*": 2, "/": 2, "neg": 1, "sin": 1, "cos": 1, "tanh": 1, "exp": 1, "sqrt": 1}

// readExpression reads an expression in n states, which must leave one value.
func readExpression(v value, n int) (tokens []string, ops []op) {
	depth := 0
	for _, e := range v.list(1, maxTokens) {
		t, o := e.token(n)
		if depth < o.takes {
			e.fail("want %d values before %s, got %d", o.takes, t, depth)
		}
		depth += 1 - o.takes
		tokens, ops = append(tokens, t), append(ops, o)
	}
	if depth != 1 {
		v.fail("want an expression that leaves one value, got %d", depth)
	}
	return tokens, ops
}

func (v value) token(n int) (string, op) {
	if number, ok := v.v.(json.Number); ok {
		return string(number), op{name: "number", value: rat(v.number())}
	}
	t, i := v.text(), 0
	is := func(format string) bool {
		_, err := fmt.Sscanf(t, format, &i)
		return err == nil && t == fmt.Sprintf(format, i)
	}
	switch {
	case functions[t] > 0:
		return t, op{name: t, takes: functions[t]}
	case strings.Contains(t, "/"):
		return t, op{name: "number", value: v.ratio()}
	case is("x%d") && 0 <= i && i < n:
		return t, op{name: "x", n: i}
	case is("pow:%d") && 2 <= i && i <= maxDegree:
		return t, op{name: "pow", takes: 1, n: i}
	}
	v.fail("want a number, a ratio, a state x0 to x%d, + - * / neg sin cos tanh exp sqrt, or pow:2 to pow:%d", n-1, maxDegree)
	return "", op{}
}
