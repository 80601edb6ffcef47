package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// cells writes the elementwise part of one step of an LSTM, forward and backward. Training runs in double precision.
func cells(p prec) {
	if p.size != 8 {
		return
	}
	lstm(p)
	lstmGrad(p)
}

// lstm writes func(z, c, next, tc, h *T, n int). The activations go back to z before the next ones start, so that two
// registers of each pass through at a time, as in the activation kernels.
func lstm(p prec) {
	TEXT("lstm"+p.tag, 4, fmt.Sprintf("func(z, c, next, tc, h *%s, n int)", p.name))
	Doc("lstm"+p.tag+" takes z, n pre-activations of each of the gates i, f, o, g, to their activations and writes",
		"next = f c + i g, tc = tanh next, h = o tc.")
	Pragma("noescape")
	z, c, next := Load(Param("z"), GP64()), Load(Param("c"), GP64()), Load(Param("next"), GP64())
	tc, h := Load(Param("tc"), GP64()), Load(Param("h"), GP64())
	n := Load(Param("n"), GP64())
	gate, gate3 := gateStrides(p, n)
	pass := func(u int, mask Op) {
		from := func(m Mem) source { return source{p, m, u, mask} }
		store := func(v vec, m Mem) { p.storeVec(v, m, mask) }
		at := func(gates Register, scale uint8) Mem { return Mem{Base: z, Index: gates, Scale: scale} }
		i, f, o, g := Mem{Base: z}, at(gate, 1), at(gate, 2), at(gate3, 1)
		for _, m := range []Mem{i, f, o} {
			store(p.gate(from(m)), m)
		}
		a := p.squash(from(g))
		store(a, g)
		x := apply(p.mul, from(Mem{Base: c}).load(), from(f).load())
		x = p.into(x, a, from(i).load())
		store(x, Mem{Base: next})
		x = p.squash(from(Mem{Base: next}))
		store(x, Mem{Base: tc})
		store(apply(p.mul, x, from(o).load()), Mem{Base: h})
	}
	p.along("n", n, []Register{z, c, next, tc, h}, []int{3, 1}, pass)
	VZEROUPPER()
	RET()
}

// gateMin is where gate stops to fall: the power of two stays normal.
const gateMin = -708

// gate is N/(1+e), e = exp(-|x|), N = e for negative x and 1 otherwise: sigmoid with about half its instructions, which
// are a third of a training step, and without the guard for subnormal results.
func (p prec) gate(from source) vec {
	f := formats[p.size]
	x := from.load()
	t := apply(p.max, p.copyOf(p.at(x, gateMin)), apply(p.or, x, p.signs(x, false)))
	bits, r := p.reduce(t, f.bias)
	poly, r2 := p.expm1Poly(r)
	one := repeat(x, p.copyOf(p.at(x[:1], 1))[0])
	e := apply(p.add, p.step(poly, r2, r), one)
	e = apply(p.mul, e, p.shiftInt(false, f.mantissa, bits))
	s := apply(p.add, e, one)
	x = from.load()
	top := make(vec, len(x))
	for i := range x {
		top[i] = YMM()
		VBLENDVPD(x[i], e[i], one[i], top[i])
	}
	return apply(p.div, top, s)
}

// squash is e/(e+2), e = exp(2|x|) - 1, with the sign of x: tanh without what it carries along of the roundings.
func (p prec) squash(from source) vec {
	f := formats[p.size]
	x := from.load()
	t := apply(p.and, x, p.signs(x, true))
	t = apply(p.add, t, t)
	t = apply(p.min, p.copyOf(p.at(x, f.tanhMax)), t)
	bits, r := p.reduce(t, f.bias)
	poly, r2 := p.expm1Poly(r)
	q := p.into(r, poly, r2)
	s := p.shiftInt(false, f.mantissa, bits)
	e := p.into(apply(p.sub, s, p.at(x, 1)), q, s)
	y := apply(p.div, e, apply(p.add, e, p.at(x, 2)))
	return apply(p.or, y, apply(p.and, from.load(), p.signs(x, false)))
}

// lstmGrad writes func(dz *T, stride int, z, c, tc, dh0, dh1, dc *T, rows, cols int).
func lstmGrad(p prec) {
	TEXT("lstmGrad"+p.tag, 4, fmt.Sprintf("func(dz *%[1]s, stride int, z, c, tc, dh0, dh1, dc *%[1]s, rows, cols int)", p.name))
	Doc("lstmGrad"+p.tag+" pulls dh0 + dh1, the gradient of h = o tc, and dc, that of next, back through lstm to the",
		"pre-activations, dz, whose rows of cols numbers are a stride apart, and to c, dc. Everything else has its rows",
		"side by side; rows, cols > 0.")
	Pragma("noescape")
	dz, z, c, tc := Load(Param("dz"), GP64()), Load(Param("z"), GP64()), Load(Param("c"), GP64()), Load(Param("tc"), GP64())
	dh0, dh1, dc := Load(Param("dh0"), GP64()), Load(Param("dh1"), GP64()), Load(Param("dc"), GP64())
	n := Load(Param("rows"), GP64())
	row := AllocLocal(8)
	MOVQ(n, row)
	back, back3 := GP64(), GP64() // bytes from gate to gate of dz
	Load(Param("stride"), back)
	IMULQ(n, back)
	SHLQ(U8(p.shift), back)
	LEAQ(Mem{Base: back, Index: back, Scale: 2}, back3)
	cols, _ := Param("cols").Resolve()
	IMULQ(cols.Addr, n)
	gate, gate3 := gateStrides(p, n)
	pass := func(u int, mask Op) {
		load := func(m Mem) vec { return source{p, m, u, mask}.load() }
		at := func(base, gates Register, scale uint8) Mem { return Mem{Base: base, Index: gates, Scale: scale} }
		one := p.at(make(vec, u), 1)
		dh := apply(p.add, load(Mem{Base: dh0}), load(Mem{Base: dh1}))
		t := load(Mem{Base: tc})
		o := load(at(z, gate, 2))
		// dc += dh o (1 - tc^2)
		x := apply(p.mul, p.less(p.copyOf(one), t, t), apply(p.mul, dh, o))
		x = apply(p.add, x, load(Mem{Base: dc}))
		p.storeVec(p.slope(o, apply(p.mul, dh, t)), at(dz, back, 2), mask)
		f := load(at(z, gate, 1))
		p.storeVec(apply(p.mul, x, f), Mem{Base: dc}, mask)
		p.storeVec(p.slope(f, apply(p.mul, x, load(Mem{Base: c}))), at(dz, back, 1), mask)
		i, g := load(Mem{Base: z}), load(at(z, gate3, 1))
		s := apply(p.mul, p.less(p.copyOf(one), g, g), apply(p.mul, x, i))
		p.storeVec(s, at(dz, back3, 1), mask)
		p.storeVec(p.slope(i, apply(p.mul, x, g)), Mem{Base: dz}, mask)
	}
	Label("row")
	Load(Param("cols"), n)
	p.along("c", n, []Register{dz, z, c, tc, dh0, dh1, dc}, []int{1}, pass)
	Load(Param("stride"), n)
	SUBQ(cols.Addr, n)
	LEAQ(Mem{Base: dz, Index: n, Scale: uint8(p.size)}, dz)
	DECQ(row)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// slope is d y (1 - y), the gradient before a sigmoid with value y.
func (p prec) slope(y, d vec) vec {
	return apply(p.mul, p.less(p.copyOf(y), y, y), d)
}

// gateStrides are the bytes from one gate to the next, n numbers on, and to the third.
func gateStrides(p prec, n Register) (gate, gate3 Register) {
	gate, gate3 = GP64(), GP64()
	MOVQ(n, gate)
	SHLQ(U8(p.shift), gate)
	LEAQ(Mem{Base: gate, Index: gate, Scale: 2}, gate3)
	return gate, gate3
}
