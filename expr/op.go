package expr

import "github.com/plumb-go/plumb/internal/interval"

// op is an operation of an expression.
type op uint8

const (
	opNumber op = iota
	opPi
	opName
	opAdd
	opSub
	opMul
	opDiv
	opNeg
	opPow    // real power a^b
	opPowInt // a^n
	opSin
	opCos
	opTan
	opAsin
	opAcos
	opAtan
	opSinh
	opCosh
	opTanh
	opExp
	opLog
	opSqrt
	opAbs
	opMin
	opMax
)

// words are the names of the operations, in the language for functions and in Fold for all.
var words = [...]string{
	opNumber: "number", opPi: "pi", opName: "name", opAdd: "+", opSub: "-", opMul: "*", opDiv: "/", opNeg: "neg", opPow: "^", opPowInt: "pow",
	opSin: "sin", opCos: "cos", opTan: "tan", opAsin: "asin", opAcos: "acos", opAtan: "atan", opSinh: "sinh", opCosh: "cosh",
	opTanh: "tanh", opExp: "exp", opLog: "log", opSqrt: "sqrt", opAbs: "abs", opMin: "min", opMax: "max",
}

func (o op) String() string { return words[o] }

// arity is the number of operands.
func (o op) arity() int {
	switch o {
	case opNumber, opPi, opName:
		return 0
	case opAdd, opSub, opMul, opDiv, opPow, opMin, opMax:
		return 2
	}
	return 1
}

func (o op) kinked() bool { return o == opAbs || o == opMin || o == opMax }

// function finds a function of the language by name.
func function(name string) (op, bool) {
	for o := opSin; o <= opMax; o++ {
		if words[o] == name {
			return o, true
		}
	}
	return 0, false
}

// Functions lists the functions of the language.
func Functions() []string { return append([]string(nil), words[opSin:opMax+1]...) }

// pi is the interval of the word pi: it holds the float64 that Eval uses and the number itself.
func pi() interval.I { return interval.Pi() }
