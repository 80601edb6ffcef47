package expr

import "github.com/plumb-go/plumb/internal/interval"

// Enclose writes into dst intervals that contain the outputs for every point of the box x; Undefined where an output is
// undefined for some of them.
func (p *Program) Enclose(dst, x []interval.I) {
	p.check(len(dst), len(p.outputs))
	p.runBox(p.box, x)
	for i, s := range p.outputs {
		dst[i] = p.box[s]
	}
}

func (p *Program) runBox(slots, x []interval.I) {
	p.check(len(x), len(p.vars))
	copy(slots[p.first:], x)
	at := p.first + len(x)
	for i := range p.code {
		slots[at+i] = p.code[i].enclose(slots)
	}
}

// EncloseJacobian writes into dst[i*variables+j] an interval that contains the derivative of output i by variable j at
// every point of the box; where the outputs have kinks, every member of the generalised derivative. Entries that are zero
// by structure are exactly zero.
func (p *Program) EncloseJacobian(dst, x []interval.I) {
	p.check(len(dst), len(p.outputs)*len(p.vars))
	p.runBox(p.box, x)
	p.forward(dst, func(i int) (da, db interval.I) {
		in := &p.code[i]
		return in.enclosePartials(p.box, p.box[p.first+len(p.vars)+i])
	})
}

// forward carries derivatives or slopes through the program; partials gives those of instruction i by its operands.
func (p *Program) forward(dst []interval.I, partials func(i int) (da, db interval.I)) {
	n := len(p.vars)
	at := p.first + n
	for i := range p.code {
		in := &p.code[i]
		da, db := partials(i)
		two := in.op.arity() == 2
		row := p.rng[(at+i)*n:]
		for _, j := range p.depends[at+i] {
			row[j] = chainBox(da, p.rng[in.a*n+j])
			if two {
				row[j] = row[j].Add(chainBox(db, p.rng[in.b*n+j]))
			}
		}
	}
	for i, s := range p.outputs {
		copy(dst[i*n:(i+1)*n], p.rng[s*n:(s+1)*n])
	}
}

func chainBox(outer, inner interval.I) interval.I {
	switch {
	case outer.IsUndefined() || inner.Lo == 1 && inner.Hi == 1:
		return outer
	case inner.Lo == 0 && inner.Hi == 0:
		return inner
	}
	return outer.Mul(inner)
}

// enclose computes an instruction from its operands' enclosures.
func (in *instruction) enclose(v []interval.I) interval.I {
	a := v[in.a]
	switch in.op {
	case opAdd:
		return a.Add(v[in.b])
	case opSub:
		return a.Sub(v[in.b])
	case opMul:
		if in.a == in.b {
			return a.Sqr()
		}
		return a.Mul(v[in.b])
	case opDiv:
		return a.Div(v[in.b])
	case opPow:
		return a.Pow(v[in.b])
	case opMin:
		return a.Min(v[in.b])
	case opMax:
		return a.Max(v[in.b])
	}
	return in.single(a)
}

// single is an operation of one operand.
func (in *instruction) single(a interval.I) interval.I {
	switch in.op {
	case opNeg:
		return a.Neg()
	case opPowInt:
		return a.PowInt(in.n)
	case opSin:
		return a.Sin()
	case opCos:
		return a.Cos()
	case opTan:
		return a.Tan()
	case opAsin:
		return a.Asin()
	case opAcos:
		return a.Acos()
	case opAtan:
		return a.Atan()
	case opSinh:
		return a.Sinh()
	case opCosh:
		return a.Cosh()
	case opTanh:
		return a.Tanh()
	case opExp:
		return a.Exp()
	case opLog:
		return a.Log()
	case opSqrt:
		return a.Sqrt()
	case opAbs:
		return a.Abs()
	}
	panic("expr: unknown instruction")
}

var (
	zero = interval.Point(0)
	one  = interval.Point(1)
)

// enclosePartials bounds the derivatives of an instruction by its operands; f is its enclosure.
func (in *instruction) enclosePartials(v []interval.I, f interval.I) (da, db interval.I) {
	a := v[in.a]
	switch in.op {
	case opAdd:
		return one, one
	case opSub:
		return one, one.Neg()
	case opMul:
		return v[in.b], a
	case opDiv:
		return one.Div(v[in.b]), f.Div(v[in.b]).Neg()
	case opPow:
		b := v[in.b]
		da = b.Mul(a.Pow(b.Sub(one)))
		if in.n == constantExponent { // the logarithm of zero must not spoil a derivative that does not need it
			return da, zero
		}
		return da, f.Mul(a.Log())
	case opMin:
		return kink(a, v[in.b])
	case opMax:
		return kink(v[in.b], a)
	}
	return in.derivative(a, f), zero
}

// derivative bounds the derivative of an operation of one operand.
func (in *instruction) derivative(a, f interval.I) interval.I {
	switch in.op {
	case opNeg:
		return one.Neg()
	case opPowInt:
		if in.n == 0 {
			return zero
		}
		return a.PowInt(in.n - 1).Scale(float64(in.n))
	case opSin:
		return a.Cos()
	case opCos:
		return a.Sin().Neg()
	case opTan:
		return one.Add(f.Sqr())
	case opAsin:
		return one.Div(one.Sub(a.Sqr()).Sqrt())
	case opAcos:
		return one.Div(one.Sub(a.Sqr()).Sqrt()).Neg()
	case opAtan:
		return one.Div(one.Add(a.Sqr()))
	case opSinh:
		return a.Cosh()
	case opCosh:
		return a.Sinh()
	case opTanh:
		return one.Div(a.Cosh().Sqr())
	case opExp:
		return f
	case opLog:
		return one.Div(a)
	case opSqrt:
		return interval.Point(0.5).Div(f)
	case opAbs:
		switch {
		case a.Lo > 0:
			return one
		case a.Hi < 0:
			return one.Neg()
		case a.IsUndefined():
			return a
		}
		return interval.Of(-1, 1)
	}
	panic("expr: unknown instruction")
}

// kink bounds the derivatives of min by the smaller operand first and the larger one second.
func kink(a, b interval.I) (da, db interval.I) {
	switch {
	case a.Hi < b.Lo:
		return one, zero
	case b.Hi < a.Lo:
		return zero, one
	case a.IsUndefined() || b.IsUndefined():
		return interval.Undefined(), interval.Undefined()
	}
	return interval.Of(0, 1), interval.Of(0, 1)
}
