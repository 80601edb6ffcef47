package expr

import (
	"strconv"
	"strings"
)

// Binding strength of what an operation prints, loosest first.
const (
	bindSum = iota
	bindProduct
	bindSign
	bindPower
	bindAtom
)

func (e *Expr) binding() int {
	switch e.op {
	case opAdd, opSub:
		return bindSum
	case opMul, opDiv:
		return bindProduct
	case opNeg:
		return bindSign
	case opPow, opPowInt:
		return bindPower
	}
	return bindAtom
}

// String prints the expression with as few parentheses as its parts need: Parse gives an Equal expression back. Shared
// parts are printed where they are used.
func (e *Expr) String() string {
	var b strings.Builder
	e.print(&b)
	return b.String()
}

func (e *Expr) print(b *strings.Builder) {
	switch e.op {
	case opNumber:
		b.WriteString(strconv.FormatFloat(e.value, 'g', -1, 64))
	case opPi:
		b.WriteString("pi")
	case opName:
		b.WriteString(e.name)
	case opAdd, opSub:
		e.a.within(b, bindSum)
		b.WriteString(" " + e.op.String() + " ")
		e.b.within(b, bindProduct)
	case opMul, opDiv:
		e.a.within(b, bindProduct)
		b.WriteString(e.op.String())
		e.b.within(b, bindPower)
	case opNeg:
		b.WriteByte('-')
		e.a.within(b, bindPower)
	case opPow, opPowInt:
		e.a.within(b, bindAtom)
		b.WriteByte('^')
		e.exponent().within(b, bindAtom)
	default:
		b.WriteString(e.op.String() + "(")
		e.a.print(b)
		if e.b != nil {
			b.WriteString(", ")
			e.b.print(b)
		}
		b.WriteByte(')')
	}
}

func (e *Expr) exponent() *Expr {
	if e.op == opPowInt {
		return Number(float64(e.n))
	}
	return e.b
}

// within prints the part in parentheses where it binds looser than its place demands.
func (e *Expr) within(b *strings.Builder, least int) {
	if e.binding() >= least {
		e.print(b)
		return
	}
	b.WriteByte('(')
	e.print(b)
	b.WriteByte(')')
}
