package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// packed writes gemmPacked: a column of tiles of 6 rows by two registers from operands laid out in the order of use,
// so that the loop over k has no strides and is unrolled.
func packed(p prec) {
	const mr, unroll = 6, 4
	nr := 2 * p.lanes
	TEXT("gemmPacked"+p.tag, 4, fmt.Sprintf("func(tiles, k int, a, b, c *%[1]s, ldc int, acc bool)", p.name))
	Doc(fmt.Sprintf("gemmPacked%s computes C = A B, or C += A B when acc, for 6*tiles rows and %d columns of C; k > 0. A is", p.tag, nr),
		fmt.Sprintf("tiles panels of k times 6 numbers, B one panel of k times %d, C(i,j) is c[i*ldc+j].", nr))
	Pragma("noescape")
	tiles, a, b, c, ldc := RDX, RAX, RDI, R10, R11
	bPtr, c3, k := R8, RCX, R12
	Load(Param("tiles"), tiles)
	Load(Param("a"), a)
	Load(Param("b"), b)
	Load(Param("c"), c)
	Load(Param("ldc"), ldc)
	SHLQ(U8(p.shift), ldc)
	LEAQ(Mem{Base: c, Index: ldc, Scale: 2}, c3)
	ADDQ(ldc, c3)
	// The next panel of B is fetched while the tiles of this one are worked on: a sixteenth with each.
	next := R9
	Load(Param("k"), next)
	SHLQ(U8(6), next)
	ADDQ(b, next)
	at := func(i, v int) Mem { m := rowAt(i, c, c3, ldc); m.Disp = 32 * v; return m }

	Label("tile")
	for i := range mr * 2 {
		VXORPD(ymm[i], ymm[i], ymm[i])
	}
	for i := range mr {
		PREFETCHT0(at(i, 0))
	}
	MOVQ(b, bPtr)
	step := func(u int) {
		for v := range 2 {
			p.load(Mem{Base: bPtr, Disp: 64*u + 32*v}, ymm[12+v])
		}
		for i := range mr {
			p.broadcast(Mem{Base: a, Disp: (u*mr + i) * p.size}, ymm[14+i%2])
			for v := range 2 {
				p.fma231(ymm[12+v], ymm[14+i%2], ymm[2*i+v])
			}
		}
	}
	Load(Param("k"), k)
	SUBQ(U8(unroll), k)
	JLT(LabelRef("rest"))
	Label("many")
	PREFETCHT0(Mem{Base: a, Disp: 512})
	PREFETCHT1(Mem{Base: next})
	ADDQ(U8(16), next)
	step(0)
	step(1)
	if p.size == 8 {
		PREFETCHT0(Mem{Base: a, Disp: 576})
	}
	step(2)
	step(3)
	ADDQ(U32(unroll*mr*p.size), a)
	ADDQ(U32(unroll*64), bPtr)
	SUBQ(U8(unroll), k)
	JGE(LabelRef("many"))
	Label("rest")
	ADDQ(U8(unroll), k)
	JEQ(LabelRef("finish"))
	Label("one")
	step(0)
	ADDQ(U32(mr*p.size), a)
	ADDQ(U32(64), bPtr)
	DECQ(k)
	JNE(LabelRef("one"))

	Label("finish")
	arg, _ := Param("acc").Resolve()
	CMPB(arg.Addr, Imm(0))
	JEQ(LabelRef("store"))
	for i := range mr {
		for v := range 2 {
			p.add(at(i, v), ymm[2*i+v], ymm[2*i+v])
		}
	}
	Label("store")
	for i := range mr {
		for v := range 2 {
			p.load(ymm[2*i+v], at(i, v))
		}
	}
	LEAQ(Mem{Base: c3, Index: ldc, Scale: 2}, c)
	ADDQ(ldc, c)
	LEAQ(Mem{Base: c, Index: ldc, Scale: 2}, c3)
	ADDQ(ldc, c3)
	DECQ(tiles)
	JNE(LabelRef("tile"))
	VZEROUPPER()
	RET()
}
