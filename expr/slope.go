package expr

import (
	"math"

	"github.com/plumb-go/plumb/internal/interval"
)

// EncloseSlope writes into dst[i*variables+j] intervals S_ij such that, with f the outputs,
//
//	f(x) - f(c) = S (x - c)   for every x in the box and every c in the box centre, with a matrix in S that depends on x and c.
//
// The centre need not lie in the box. A slope is tighter than the Jacobian over the hull of both: for sin(x) about 0 it is
// sin(x)/x over the box, where the Jacobian is cos over all that lies between.
//
// Method: slopes are carried forward as derivatives are (Krawczyk and Neumaier 1985, Interval slopes for rational functions,
// SIAM J. Numer. Anal. 22(3)). For functions of one operand several enclosures are intersected, which is allowed because the
// slope of such a function is one number: the derivative over the hull, the quotient of differences, and the slopes at both
// ends where the function is convex or concave, since a slope is then monotone.
func (p *Program) EncloseSlope(dst, x, centre []interval.I) {
	p.check(len(dst), len(p.outputs)*len(p.vars))
	p.runBox(p.mid, centre)
	p.runBox(p.box, x)
	n := len(p.vars)
	size := func(slot int) float64 { // of a slope
		m := 0.0
		for _, j := range p.depends[slot] {
			m = max(m, p.rng[slot*n+j].Mag())
		}
		return m
	}
	p.forward(dst, func(i int) (da, db interval.I) {
		in := &p.code[i]
		switch in.op {
		case opMul:
			switch {
			case in.a == in.b:
				return p.box[in.a].Add(p.mid[in.a]), zero
			case p.box[in.a].Width()*size(in.b) <= p.box[in.b].Width()*size(in.a):
				return p.mid[in.b], p.box[in.a]
			}
			return p.box[in.b], p.mid[in.a]
		case opDiv:
			return one.Div(p.box[in.b]), p.mid[p.first+n+i].Div(p.box[in.b]).Neg()
		case opAdd, opSub, opNeg:
			return in.enclosePartials(p.box, zero)
		case opPow, opMin, opMax:
			if in.op != opPow || in.n != constantExponent {
				return in.hullPartials(p.box, p.mid)
			}
		}
		out := p.first + n + i
		return in.slope(p.box, p.mid, p.box[out], p.mid[out]), zero
	})
}

// hullPartials bounds the derivatives of an operation of two operands between the boxes and the centres.
func (in *instruction) hullPartials(box, mid []interval.I) (da, db interval.I) {
	a, b := box[in.a].Hull(mid[in.a]), box[in.b].Hull(mid[in.b])
	pair := [2]interval.I{a, b}
	both := instruction{op: in.op, n: in.n, a: 0, b: 1}
	return both.enclosePartials(pair[:], both.enclose(pair[:]))
}

// unary evaluates an operation as a function of its first operand, the exponent of a power being constant.
type unary struct {
	in *instruction
	b  interval.I
}

func (f unary) at(u interval.I) interval.I {
	if f.in.op == opPow {
		return u.Pow(f.b)
	}
	return f.in.single(u)
}

func (f unary) derivative(u interval.I) interval.I {
	if f.in.op == opPow {
		return f.b.Mul(u.Pow(f.b.Sub(one)))
	}
	return f.in.derivative(u, f.in.single(u))
}

// slope bounds (f(u) - f(c))/(u - c) for u in the operand's box and c in its centre; fu and fc are the values over them.
func (in *instruction) slope(box, mid []interval.I, fu, fc interval.I) interval.I {
	f := unary{in: in}
	if in.op == opPow {
		f.b = box[in.b]
	}
	u, c := box[in.a], mid[in.a]
	if u.IsUndefined() || c.IsUndefined() {
		return interval.Undefined()
	}
	s := f.derivative(u.Hull(c))
	half := interval.Point(0.5)
	switch {
	case f.bent(u.Hull(c)):
		return narrow(s, f.ends(u.Lo, u.Hi, c, fc))
	case c.Lo == 0 && c.Hi == 0 && f.evenSlope(u.Mag()):
		return narrow(s, f.ends(u.Mig(), u.Mag(), c, fc))
	case in.op == opSin: // sin u - sin c = 2 cos((u+c)/2) sin((u-c)/2)
		s = narrow(s, u.Add(c).Mul(half).Cos().Mul(sinc(u.Sub(c).Mul(half))))
	case in.op == opCos:
		s = narrow(s, u.Add(c).Mul(half).Sin().Neg().Mul(sinc(u.Sub(c).Mul(half))))
	}
	return narrow(s, fu.Sub(fc).Div(u.Sub(c)))
}

// narrow intersects two enclosures of one number, of which either may be unknown.
func narrow(s, t interval.I) interval.I {
	if s.IsUndefined() {
		return t
	}
	if z, ok := s.Meet(t); ok {
		return z
	}
	return s
}

// ends is the hull of the slopes at two numbers, for a slope that is monotone between them.
func (f unary) ends(lo, hi float64, c, fc interval.I) interval.I {
	if math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		return interval.Undefined()
	}
	return f.slopeAt(lo, c, fc).Hull(f.slopeAt(hi, c, fc))
}

// nearby is the distance, relative to both numbers, below which a quotient of differences has lost ten bits and the
// derivative between them is tried as well.
const nearby = 0x1p-10

func (f unary) slopeAt(v float64, c, fc interval.I) interval.I {
	u := interval.Point(v)
	d := u.Sub(c)
	q := f.at(u).Sub(fc).Div(d)
	if d.Mig() > nearby*(math.Abs(v)+c.Mag()) {
		return q
	}
	return narrow(f.derivative(u.Hull(c)), q)
}

// bent reports whether the operation is convex or concave over an interval, by the sign of its second derivative.
func (f unary) bent(h interval.I) bool {
	oneSided := h.Lo >= 0 || h.Hi <= 0
	switch f.in.op {
	case opExp, opLog, opSqrt, opCosh, opAbs, opPow:
		return true
	case opPowInt:
		return f.in.n%2 == 0 && f.in.n >= 0 || oneSided
	case opTanh, opAtan, opSinh, opAsin, opAcos:
		return oneSided
	case opTan:
		s := h.Tan()
		return s.Lo >= 0 || s.Hi <= 0
	case opSin:
		s := h.Sin()
		return s.Lo >= 0 || s.Hi <= 0
	case opCos:
		s := h.Cos()
		return s.Lo >= 0 || s.Hi <= 0
	}
	return false
}

// belowPole is below pi/2.
const belowPole = 1.57

// sincFalls is below the first positive root of tan x = x, 4.4934, up to which sin(x)/x decreases.
const sincFalls = 4.49

// evenSlope reports whether f(u)/u, for f odd and f(0) = 0, is monotone in |u| up to the given size: f concave or convex
// on the positive side, or the sine, whose f(u)/u decreases a little further.
func (f unary) evenSlope(size float64) bool {
	switch f.in.op {
	case opTanh, opAtan, opSinh, opAsin:
		return true
	case opTan:
		return size <= belowPole
	case opPowInt:
		return f.in.n > 0 && f.in.n%2 == 1
	case opSin:
		return size <= sincFalls
	}
	return false
}

// sinc bounds sin(x)/x, which is 1 at 0.
func sinc(x interval.I) interval.I {
	sin := unary{in: &instruction{op: opSin}}
	if x.Mag() <= sincFalls {
		return sin.ends(x.Mig(), x.Mag(), zero, zero)
	}
	s := interval.Of(-0.2173, 1) // the least value is -0.217234, at 4.4934
	return narrow(s, x.Sin().Div(x))
}
