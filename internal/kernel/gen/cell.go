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
		load := func(m Mem) vec { return p.loadVec(m, u, mask) }
		store := func(v vec, m Mem) { p.storeVec(v, m, mask) }
		at := func(gates Register, scale uint8) Mem { return Mem{Base: z, Index: gates, Scale: scale} }
		i, f, o, g := Mem{Base: z}, at(gate, 1), at(gate, 2), at(gate3, 1)
		for _, m := range []Mem{i, f, o} {
			store(p.sigmoid(load(m)), m)
		}
		a := p.tanh(load(g))
		store(a, g)
		x := apply(p.mul, load(Mem{Base: c}), load(f))
		x = p.into(x, a, load(i))
		store(x, Mem{Base: next})
		x = p.tanh(x)
		store(x, Mem{Base: tc})
		store(apply(p.mul, x, load(o)), Mem{Base: h})
	}
	p.along("n", n, []Register{z, c, next, tc, h}, []int{2, 1}, pass)
	VZEROUPPER()
	RET()
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
		load := func(m Mem) vec { return p.loadVec(m, u, mask) }
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

// along runs pass over n numbers, the given numbers of registers at a time while they last and the rest through a mask,
// and leaves every pointer behind its last number. Labels end in tag; n is overwritten.
func (p prec) along(tag string, n Register, pointers []Register, unroll []int, pass func(u int, mask Op)) {
	label := func(u int) string { return fmt.Sprintf("take%d%s", u, tag) }
	for i, u := range unroll {
		after := "rest" + tag
		if i+1 < len(unroll) {
			after = label(unroll[i+1])
		}
		Label(label(u))
		CMPQ(n, U32(u*p.lanes))
		JLT(LabelRef(after))
		pass(u, nil)
		for _, r := range pointers {
			ADDQ(U32(32*u), r)
		}
		SUBQ(U32(u*p.lanes), n)
		JMP(LabelRef(label(u)))
	}
	Label("rest" + tag)
	TESTQ(n, n)
	JEQ(LabelRef("done" + tag))
	mask, addr := YMM(), GP64()
	LEAQ(maskTable(), addr)
	SHLQ(U8(p.shift), n)
	SUBQ(n, addr)
	VMOVUPD(Mem{Base: addr, Disp: 32}, mask)
	pass(1, mask)
	for _, r := range pointers {
		ADDQ(n, r)
	}
	Label("done" + tag)
}

func (p prec) loadVec(m Mem, u int, mask Op) vec {
	v := make(vec, u)
	for i := range v {
		v[i] = YMM()
		if mask != nil {
			p.maskmove(m.Offset(32*i), mask, v[i])
		} else {
			p.load(m.Offset(32*i), v[i])
		}
	}
	return v
}

func (p prec) storeVec(v vec, m Mem, mask Op) {
	for i := range v {
		if mask != nil {
			p.maskmove(v[i], mask, m.Offset(32*i))
		} else {
			p.load(v[i], m.Offset(32*i))
		}
	}
}
