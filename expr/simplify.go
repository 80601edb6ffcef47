package expr

// Simplify drops zeros and ones that do nothing and combines whole numbers, as far as the value and the domain stay the
// same for all real numbers: x + 0, 1*x, x^1, -(-x), and 0*x where x is defined everywhere. Other arithmetic is left alone.
func (e *Expr) Simplify() *Expr {
	done, total := map[*Expr]*Expr{}, map[*Expr]bool{}
	e.walk(func(x *Expr) {
		y := x.simpler(done, total)
		done[x] = y
		y.walk(func(z *Expr) {
			if _, known := total[z]; !known {
				total[z] = z.total(total)
			}
		})
	})
	return done[e]
}

func (e *Expr) simpler(done map[*Expr]*Expr, total map[*Expr]bool) *Expr {
	a, b := done[e.a], done[e.b]
	switch e.op {
	case opNumber, opPi, opName:
		return e
	case opAdd:
		return plus(a, b)
	case opSub:
		return minus(a, b)
	case opNeg:
		return negate(a)
	case opMul:
		if isNumber(a, 0) && !total[b] || isNumber(b, 0) && !total[a] {
			return a.Mul(b)
		}
		return times(a, b)
	case opDiv:
		if isNumber(b, 1) {
			return a
		}
	case opPow:
		return a.Pow(b)
	case opPowInt:
		if e.n == 1 {
			return a
		}
	}
	y := *e
	y.a, y.b = a, b
	return &y
}

// total reports whether an operation is defined for all real numbers and its operands are.
func (e *Expr) total(known map[*Expr]bool) bool {
	switch e.op {
	case opDiv, opPow, opTan, opAsin, opAcos, opLog, opSqrt:
		return false
	case opPowInt:
		if e.n < 0 {
			return false
		}
	}
	for _, x := range e.operands() {
		if !known[x] {
			return false
		}
	}
	return true
}
