package expr

// Diff is the derivative of the expression by a name. It is simplified as it is built: zeros and ones vanish and products
// of numbers are multiplied out where that is exact. The derivative of abs(u) is u/abs(u) u', undefined where u = 0;
// that of min and max is built with abs in the same way.
func (e *Expr) Diff(name string) *Expr {
	d := map[*Expr]*Expr{}
	e.walk(func(x *Expr) { d[x] = x.derive(name, d) })
	return d[e]
}

func (e *Expr) derive(name string, d map[*Expr]*Expr) *Expr {
	zero, one := Number(0), Number(1)
	a, b := e.a, e.b
	switch e.op {
	case opNumber, opPi:
		return zero
	case opName:
		if e.name == name {
			return one
		}
		return zero
	case opAdd:
		return plus(d[a], d[b])
	case opSub:
		return minus(d[a], d[b])
	case opNeg:
		return negate(d[a])
	case opMul:
		return plus(times(d[a], b), times(a, d[b]))
	case opDiv:
		return minus(over(d[a], b), times(over(e, b), d[b]))
	case opPow:
		grown := times(times(b, a.Pow(minus(b, one))), d[a])
		if isNumber(d[b], 0) {
			return grown
		}
		return plus(grown, times(times(e, apply(opLog, a)), d[b]))
	case opMin, opMax: // (a + b -+ |a - b|)/2
		gap := times(signOf(a.Sub(b)), minus(d[a], d[b]))
		half := Number(0.5)
		if e.op == opMin {
			return times(half, minus(plus(d[a], d[b]), gap))
		}
		return times(half, plus(plus(d[a], d[b]), gap))
	}
	if isNumber(d[a], 0) {
		return zero
	}
	return times(e.outer(), d[a])
}

// signOf is u/|u|.
func signOf(u *Expr) *Expr { return u.Div(apply(opAbs, u)) }

// outer is the derivative of a function of one operand by that operand.
func (e *Expr) outer() *Expr {
	one, two := Number(1), Number(2)
	a := e.a
	square := func(x *Expr) *Expr { return x.Pow(two) }
	switch e.op {
	case opPowInt:
		return times(Number(float64(e.n)), raise(a, e.n-1))
	case opSin:
		return apply(opCos, a)
	case opCos:
		return negate(apply(opSin, a))
	case opTan:
		return one.Add(square(e))
	case opAsin:
		return one.Div(apply(opSqrt, one.Sub(square(a))))
	case opAcos:
		return negate(one.Div(apply(opSqrt, one.Sub(square(a)))))
	case opAtan:
		return one.Div(one.Add(square(a)))
	case opSinh:
		return apply(opCosh, a)
	case opCosh:
		return apply(opSinh, a)
	case opTanh:
		return one.Sub(square(e))
	case opExp:
		return e
	case opLog:
		return one.Div(a)
	case opSqrt:
		return Number(0.5).Div(e)
	case opAbs:
		return signOf(a)
	}
	panic("expr: operation without a derivative")
}

func isNumber(e *Expr, v float64) bool {
	c, ok := e.constant()
	return ok && c == v
}

func raise(a *Expr, n int) *Expr {
	switch n {
	case 0:
		return Number(1)
	case 1:
		return a
	}
	return &Expr{op: opPowInt, n: n, a: a}
}

// exactWhole bounds the whole numbers that folded combines: below it sums and products do not round.
const exactWhole = 1 << 52

func folded(a, b *Expr, f func(x, y float64) float64) (*Expr, bool) {
	x, ok1 := a.constant()
	y, ok2 := b.constant()
	if !ok1 || !ok2 {
		return nil, false
	}
	v := f(x, y)
	for _, w := range []float64{x, y, v} {
		if w != float64(int64(w)) || w > exactWhole || w < -exactWhole {
			return nil, false
		}
	}
	return Number(v), true
}

func plus(a, b *Expr) *Expr {
	if v, ok := folded(a, b, func(x, y float64) float64 { return x + y }); ok {
		return v
	}
	switch {
	case isNumber(a, 0):
		return b
	case isNumber(b, 0):
		return a
	case b.op == opNeg:
		return a.Sub(b.a)
	}
	return a.Add(b)
}

func minus(a, b *Expr) *Expr {
	if v, ok := folded(a, b, func(x, y float64) float64 { return x - y }); ok {
		return v
	}
	switch {
	case isNumber(a, 0):
		return negate(b)
	case isNumber(b, 0):
		return a
	case b.op == opNeg:
		return a.Add(b.a)
	}
	return a.Sub(b)
}

func negate(a *Expr) *Expr {
	switch {
	case isNumber(a, 0):
		return a
	case a.op == opNeg:
		return a.a
	}
	return a.Neg()
}

func times(a, b *Expr) *Expr {
	if v, ok := folded(a, b, func(x, y float64) float64 { return x * y }); ok {
		return v
	}
	switch {
	case isNumber(a, 0) || isNumber(b, 1):
		return a
	case isNumber(b, 0) || isNumber(a, 1):
		return b
	case isNumber(a, -1):
		return negate(b)
	case isNumber(b, -1):
		return negate(a)
	case a.op == opNeg:
		return negate(times(a.a, b))
	case b.op == opNeg:
		return negate(times(a, b.a))
	}
	return a.Mul(b)
}

func over(a, b *Expr) *Expr {
	if isNumber(a, 0) || isNumber(b, 1) {
		return a
	}
	return a.Div(b)
}
