package expr

import "math"

// Eval writes the outputs at the point x into dst. Where a value is undefined it is NaN or infinite.
func (p *Program) Eval(dst, x []float64) {
	p.check(len(dst), len(p.outputs))
	p.run(x)
	for i, s := range p.outputs {
		dst[i] = p.num[s]
	}
}

func (p *Program) run(x []float64) {
	p.check(len(x), len(p.vars))
	copy(p.num[p.first:], x)
	at := p.first + len(x)
	for i := range p.code {
		p.num[at+i] = p.code[i].value(p.num)
	}
}

// Jacobian writes the derivative of output i by variable j into dst[i*variables+j], to rounding: forward mode, no
// differences. At kinks see the package comment. It computes what Eval would as well.
func (p *Program) Jacobian(dst, x []float64) {
	n := len(p.vars)
	p.check(len(dst), len(p.outputs)*n)
	p.run(x)
	at := p.first + n
	for i := range p.code {
		in := &p.code[i]
		da, db := in.partials(p.num, p.num[at+i])
		row := p.der[(at+i)*n:]
		for _, j := range p.depends[at+i] {
			row[j] = chain(da, p.der[in.a*n+j])
			if in.op.arity() == 2 {
				row[j] += chain(db, p.der[in.b*n+j])
			}
		}
	}
	for i, s := range p.outputs {
		copy(dst[i*n:(i+1)*n], p.der[s*n:(s+1)*n])
	}
}

// chain is the product of an outer and an inner derivative; a zero inner one means independence, so that the result is zero
// where the outer one is infinite.
func chain(outer, inner float64) float64 {
	if inner == 0 {
		return 0
	}
	return float64(outer * inner)
}

// value computes an instruction from its operands' values.
func (in *instruction) value(v []float64) float64 {
	a := v[in.a]
	switch in.op {
	case opAdd:
		return a + v[in.b]
	case opSub:
		return a - v[in.b]
	case opMul:
		return float64(a * v[in.b])
	case opDiv:
		return a / v[in.b]
	case opNeg:
		return -a
	case opPow:
		return realPower(a, v[in.b])
	case opPowInt:
		return wholePower(a, in.n)
	case opSin:
		return math.Sin(a)
	case opCos:
		return math.Cos(a)
	case opTan:
		return math.Tan(a)
	case opAsin:
		return math.Asin(a)
	case opAcos:
		return math.Acos(a)
	case opAtan:
		return math.Atan(a)
	case opSinh:
		return math.Sinh(a)
	case opCosh:
		return math.Cosh(a)
	case opTanh:
		return math.Tanh(a)
	case opExp:
		return math.Exp(a)
	case opLog:
		return math.Log(a)
	case opSqrt:
		return math.Sqrt(a)
	case opAbs:
		return math.Abs(a)
	case opMin:
		return min(a, v[in.b])
	case opMax:
		return max(a, v[in.b])
	}
	panic("expr: unknown instruction")
}

// partials are the derivatives of an instruction by its operands; f is its value.
func (in *instruction) partials(v []float64, f float64) (da, db float64) {
	a := v[in.a]
	switch in.op {
	case opAdd:
		return 1, 1
	case opSub:
		return 1, -1
	case opMul:
		return v[in.b], a
	case opDiv:
		return 1 / v[in.b], -f / v[in.b]
	case opNeg:
		return -1, 0
	case opPow:
		b := v[in.b]
		if in.n == constantExponent {
			return b * realPower(a, b-1), 0
		}
		return b * realPower(a, b-1), f * math.Log(a)
	case opPowInt:
		if in.n == 0 {
			return 0, 0
		}
		return float64(in.n) * wholePower(a, in.n-1), 0
	case opSin:
		return math.Cos(a), 0
	case opCos:
		return -math.Sin(a), 0
	case opTan:
		return 1 + f*f, 0
	case opAsin:
		return 1 / math.Sqrt((1-a)*(1+a)), 0
	case opAcos:
		return -1 / math.Sqrt((1-a)*(1+a)), 0
	case opAtan:
		return 1 / (1 + a*a), 0
	case opSinh:
		return math.Cosh(a), 0
	case opCosh:
		return math.Sinh(a), 0
	case opTanh:
		c := math.Cosh(a)
		return 1 / (c * c), 0
	case opExp:
		return f, 0
	case opLog:
		return 1 / a, 0
	case opSqrt:
		return 0.5 / f, 0
	case opAbs:
		switch {
		case a > 0:
			return 1, 0
		case a < 0:
			return -1, 0
		}
		return 0, 0
	case opMin:
		return choose(a <= v[in.b])
	case opMax:
		return choose(a >= v[in.b])
	}
	panic("expr: unknown instruction")
}

func choose(first bool) (da, db float64) {
	if first {
		return 1, 0
	}
	return 0, 1
}

// realPower is a^b for a > 0, and 0^b = 0 for b > 0; else NaN, also where package math has a value for negative a.
func realPower(a, b float64) float64 {
	if a < 0 || a == 0 && !(b > 0) {
		return math.NaN()
	}
	return math.Pow(a, b)
}

// wholePower multiplies, so that squares and cubes round as products do.
func wholePower(a float64, n int) float64 {
	m := n
	if m < 0 {
		m = -m
	}
	r := 1.0
	for ; m > 0; m >>= 1 {
		if m&1 == 1 {
			r = float64(r * a)
		}
		a = float64(a * a)
	}
	if n < 0 {
		return 1 / r
	}
	return r
}
