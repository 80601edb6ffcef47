package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vec is a value of the formulas: one or more 256-bit registers that go through the same instructions.
type vec []Op

// constant is a 32-byte constant: v in every lane.
func (p prec) constant(v float64) Mem {
	bits := math.Float64bits(v)
	if p.size == 4 {
		b := uint64(math.Float32bits(float32(v)))
		bits = b<<32 | b
	}
	return bitsConstant(bits)
}

var constants = map[uint64]Mem{}

func bitsConstant(bits uint64) Mem {
	if m, ok := constants[bits]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("kernelConst%016x", bits), 8|16) // RODATA|NOPTR
	for i := range 4 {
		DATA(8*i, U64(bits))
	}
	constants[bits] = m
	return m
}

// at is the constant v where a formula needs a vec.
func (p prec) at(like vec, v float64) vec {
	if len(like) < 3 {
		return same(like, p.constant(v))
	}
	y := YMM()
	p.load(p.constant(v), y)
	return repeat(like, y)
}

func same(like vec, m Mem) vec {
	out := make(vec, len(like))
	for i := range out {
		out[i] = m
	}
	return out
}

// signs is the sign bit, or all other bits.
func (p prec) signs(like vec, others bool) vec {
	bits := uint64(1) << 63
	if p.size == 4 {
		bits |= 1 << 31
	}
	if others {
		bits = ^bits
	}
	return same(like, bitsConstant(bits))
}

// apply emits f(b, a, new) for each register: new = a OP b, where a is a register and b may be in memory.
func apply(f func(...Op), a, b vec) vec {
	out := make(vec, len(a))
	for i := range a {
		out[i] = YMM()
		f(b[i], a[i], out[i])
	}
	return out
}

func (p prec) copyOf(x vec) vec {
	out := make(vec, len(x))
	for i := range x {
		out[i] = YMM()
		p.load(x[i], out[i])
	}
	return out
}

// into is acc + a*b, written over acc; a may be in memory.
func (p prec) into(acc, a, b vec) vec {
	for i := range acc {
		p.fma231(a[i], b[i], acc[i])
	}
	return acc
}

// less is acc - a*b, written over acc; a may be in memory.
func (p prec) less(acc, a, b vec) vec {
	for i := range acc {
		p.fnma231(a[i], b[i], acc[i])
	}
	return acc
}

// step is acc*x + c, written over acc; c may be in memory.
func (p prec) step(acc, x, c vec) vec {
	for i := range acc {
		p.fma213(c[i], x[i], acc[i])
	}
	return acc
}

// shiftInt emits an integer shift of each element.
func (p prec) shiftInt(right bool, by int, x vec) vec {
	f := VPSLLQ
	switch {
	case p.size == 8 && right:
		f = VPSRLQ
	case p.size == 4 && right:
		f = VPSRLD
	case p.size == 4:
		f = VPSLLD
	}
	out := make(vec, len(x))
	for i := range x {
		out[i] = YMM()
		f(U8(by), x[i], out[i])
	}
	return out
}

// polynomial is c[0] + c[1] x + ... by two interleaved Horner chains in x2 = x*x.
func (p prec) polynomial(c []float64, x, x2 vec) vec {
	chain := func(start int) vec {
		last := start + (len(c)-1-start)/2*2
		acc := p.copyOf(p.at(x, c[last]))
		for i := last - 2; i >= 0; i -= 2 {
			acc = p.step(acc, x2, p.at(x, c[i]))
		}
		return acc
	}
	even, odd := chain(0), chain(1)
	return p.into(even, odd, x)
}

// mapKernel writes func(dst *T, in ...*T, n int): body on whole registers, as many at a time as unroll says while they
// last, then the rest through a mask. Scalars are broadcast once and handed to body as constants.
type mapKernel struct {
	p       prec
	name    string
	doc     []string
	in      []string
	inout   []string // read and written
	out     []string
	scalars []string
	unroll  []int
	body    func(scalars []Op, in []vec) []vec // results for inout, then out
	unary   func(x source) vec                 // in place of body for one input and one output
}

func (k mapKernel) write() {
	sig := "func("
	arg := func(names []string, typ string) {
		for _, n := range names {
			sig += n + " " + typ + ", "
		}
	}
	arg(k.out, "*"+k.p.name)
	arg(k.inout, "*"+k.p.name)
	arg(k.in, "*"+k.p.name)
	arg(k.scalars, k.p.name)
	TEXT(k.name+k.p.tag, 4, sig+"n int)")
	Doc(k.doc...)
	Pragma("noescape")
	ptr := map[string]Register{}
	for _, names := range [][]string{k.out, k.inout, k.in} {
		for _, n := range names {
			ptr[n] = Load(Param(n), GP64())
		}
	}
	var scalars []Op
	for _, s := range k.scalars {
		a, err := Param(s).Resolve()
		if err != nil {
			panic(err)
		}
		y := YMM()
		k.p.broadcast(a.Addr, y)
		scalars = append(scalars, y)
	}
	n := Load(Param("n"), GP64())
	reads := append(append([]string{}, k.inout...), k.in...)
	writes := append(append([]string{}, k.inout...), k.out...)
	pass := func(u int, mask Op) {
		if k.unary != nil {
			k.p.storeVec(k.unary(source{k.p, Mem{Base: ptr[k.in[0]]}, u, mask}), Mem{Base: ptr[k.out[0]]}, mask)
			return
		}
		var in []vec
		for _, name := range reads {
			in = append(in, source{k.p, Mem{Base: ptr[name]}, u, mask}.load())
		}
		for j, v := range k.body(scalars, in) {
			k.p.storeVec(v, Mem{Base: ptr[writes[j]]}, mask)
		}
	}
	var pointers []Register
	for _, name := range append(append([]string{}, writes...), k.in...) {
		pointers = append(pointers, ptr[name])
	}
	k.p.along("", n, pointers, k.unroll, pass)
	VZEROUPPER()
	RET()
}

// source is a place that u registers are loaded from, through a mask if there is one. A formula that needs its argument
// again near its end loads it again: registers are short.
type source struct {
	p    prec
	at   Mem
	u    int
	mask Op
}

func (s source) load() vec {
	v := make(vec, s.u)
	for i := range v {
		v[i] = YMM()
		if s.mask != nil {
			s.p.maskmove(s.at.Offset(32*i), s.mask, v[i])
		} else {
			s.p.load(s.at.Offset(32*i), v[i])
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
