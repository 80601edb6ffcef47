package expr

// ShiftHalfTurns returns g and k with
//
//	e(x + pi m) = g(x) + pi k,
//
// m given by turns for the names that are shifted. sin, cos and tan of a sum with whole multiples of pi keep their argument
// and change their sign at most, so that a system written in the deviation from an equilibrium at pi has no pi in it. ok is
// false where this is not possible, as for x^2.
func (e *Expr) ShiftHalfTurns(turns map[string]int) (g *Expr, k int, ok bool) {
	type part struct {
		e  *Expr
		k  int
		ok bool
	}
	done := map[*Expr]part{}
	e.walk(func(x *Expr) {
		a, b := done[x.a], done[x.b]
		y := *x
		y.a, y.b = a.e, b.e
		p := part{e: &y, ok: true}
		still := true // the operands are not shifted
		for _, o := range x.operands() {
			p.ok = p.ok && done[o].ok
			still = still && done[o].k == 0
		}
		if still && y.a == x.a && y.b == x.b {
			p.e = x
		}
		switch x.op {
		case opName:
			p.k = turns[x.name]
		case opAdd:
			p.k = a.k + b.k
		case opSub:
			p.k = a.k - b.k
		case opNeg:
			p.k = -a.k
		case opMul:
			if n, whole := x.a.whole(); whole && a.k == 0 {
				p.k = n * b.k
			} else if n, whole := x.b.whole(); whole && b.k == 0 {
				p.k = n * a.k
			} else {
				p.ok = p.ok && still
			}
		case opSin, opCos:
			if a.k%2 != 0 {
				p.e = p.e.Neg()
			}
		case opTan:
		default:
			p.ok = p.ok && still
		}
		done[x] = p
	})
	p := done[e]
	return p.e, p.k, p.ok
}
