package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dot writes gemmDot: C (+)= A Bᵀ for row-major A and B, where both run along k. Tiles of up to 3x4 dot products; the
// lanes of each sum are added at the end, in pairs.
func dot(p prec) {
	TEXT("gemmDot"+p.tag, 4, fmt.Sprintf(
		"func(m, n, k int, a *%[1]s, lda int, b *%[1]s, ldb int, c *%[1]s, ldc int, acc bool)", p.name))
	Doc("gemmDot"+p.tag+" computes C = A Bᵀ, or C += A Bᵀ when acc; m, n, k > 0. A(i,l) is a[i*lda+l],",
		"B(j,l) is b[j*ldb+l], C(i,j) is c[i*ldc+j].")
	Pragma("noescape")
	mLeft, aBlock, cBlock, rows := AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8)
	Load(Param("m"), RAX)
	MOVQ(RAX, mLeft)
	Load(Param("a"), RAX)
	MOVQ(RAX, aBlock)
	Load(Param("c"), RAX)
	MOVQ(RAX, cBlock)

	Label("block")
	Load(Param("lda"), R10)
	SHLQ(U8(p.shift), R10)
	MOVQ(aBlock, RBX)
	LEAQ(Mem{Base: RBX, Index: R10, Scale: 1}, RCX)
	LEAQ(Mem{Base: RBX, Index: R10, Scale: 2}, RDX)
	Load(Param("n"), R12)
	Load(Param("b"), RSI)
	MOVQ(cBlock, R11)
	Load(Param("ldb"), R13)
	SHLQ(U8(p.shift), R13)
	// Three rows a block, two and two for a remainder of four.
	MOVQ(mLeft, RAX)
	CMPQ(RAX, Imm(0))
	JEQ(LabelRef("done"))
	CMPQ(RAX, Imm(1))
	JEQ(LabelRef("dot1"))
	CMPQ(RAX, Imm(2))
	JEQ(LabelRef("dot2"))
	CMPQ(RAX, Imm(4))
	JEQ(LabelRef("dot2"))
	for _, mr := range []int{3, 2, 1} {
		dotBlock(p, mr, rows)
	}
	Label("next")
	MOVQ(rows, RAX)
	SUBQ(RAX, mLeft)
	Load(Param("lda"), RBX)
	SHLQ(U8(p.shift), RBX)
	IMULQ(RAX, RBX)
	ADDQ(RBX, aBlock)
	Load(Param("ldc"), RBX)
	SHLQ(U8(p.shift), RBX)
	IMULQ(RAX, RBX)
	ADDQ(RBX, cBlock)
	JMP(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}

// dotBlock emits all columns of a block of mr rows, four at a time. When fewer than four rows of B are left, the
// missing ones repeat the last, and their sums are not stored.
func dotBlock(p prec, mr int, rows Mem) {
	l := func(part string) string { return fmt.Sprintf("%s%d", part, mr) }
	Label(l("dot"))
	MOVQ(U32(uint32(mr)), rows)
	Label(l("cols"))
	MOVQ(RSI, RDI)
	CMPQ(R12, Imm(2))
	JLT(LabelRef(l("ptr2")))
	ADDQ(R13, RDI)
	Label(l("ptr2"))
	MOVQ(RDI, R8)
	CMPQ(R12, Imm(3))
	JLT(LabelRef(l("ptr3")))
	ADDQ(R13, R8)
	Label(l("ptr3"))
	MOVQ(R8, R9)
	CMPQ(R12, Imm(4))
	JLT(LabelRef(l("ptr4")))
	ADDQ(R13, R9)
	Label(l("ptr4"))
	for i := range 4 * mr {
		VXORPD(ymm[i], ymm[i], ymm[i])
	}
	dotSums(p, mr, l)
	dotStore(p, mr, l)
	CMPQ(R12, Imm(4))
	JLE(LabelRef("next"))
	LEAQ(Mem{Base: RSI, Index: R13, Scale: 4}, RSI)
	ADDQ(Imm(uint64(4*p.size)), R11)
	SUBQ(Imm(4), R12)
	JMP(LabelRef(l("cols")))
}

// dotSums emits the loop over k: whole registers, then single numbers in lane 0.
func dotSums(p prec, mr int, l func(string) string) {
	a := []GPPhysical{RBX, RCX, RDX}
	b := []GPPhysical{RSI, RDI, R8, R9}
	at := func(base GPPhysical) Mem { return Mem{Base: base, Index: RAX, Scale: 1} }
	Load(Param("k"), R10)
	XORQ(RAX, RAX)
	SUBQ(Imm(uint64(p.lanes)), R10)
	JLT(LabelRef(l("rest")))
	Label(l("vec"))
	for i := range mr {
		p.load(at(a[i]), ymm[12+i])
	}
	for j := range 4 {
		p.load(at(b[j]), ymm[15])
		for i := range mr {
			p.fma231(ymm[12+i], ymm[15], ymm[4*i+j])
		}
	}
	ADDQ(Imm(32), RAX)
	SUBQ(Imm(uint64(p.lanes)), R10)
	JGE(LabelRef(l("vec")))
	Label(l("rest"))
	ADDQ(Imm(uint64(p.lanes)), R10)
	JEQ(LabelRef(l("sum")))
	Label(l("one"))
	for i := range mr {
		p.loadScalar(at(a[i]), xmm[12+i])
	}
	for j := range 4 {
		p.loadScalar(at(b[j]), xmm[15])
		for i := range mr {
			p.fma231(ymm[12+i], ymm[15], ymm[4*i+j])
		}
	}
	ADDQ(Imm(uint64(p.size)), RAX)
	DECQ(R10)
	JNE(LabelRef(l("one")))
	Label(l("sum"))
}

// dotStore adds the lanes and writes or adds up to four sums a row.
func dotStore(p prec, mr int, l func(string) string) {
	for i := range mr {
		y := ymm[4*i : 4*i+4]
		p.hadd(y[1], y[0], y[0])
		p.hadd(y[3], y[2], y[2])
		if p.lanes == 4 {
			VPERM2F128(Imm(0x21), y[2], y[0], y[1])
			VBLENDPD(Imm(12), y[2], y[0], y[3])
			VADDPD(y[1], y[3], y[0])
		} else {
			VHADDPS(y[2], y[0], y[0])
			VEXTRACTF128(Imm(1), y[0], xmm[4*i+1])
			VADDPS(xmm[4*i+1], xmm[4*i], xmm[4*i])
		}
	}
	regs := ymm
	if p.lanes == 8 {
		regs = xmm
	}
	arg, _ := Param("acc").Resolve()
	row := func(i int) Mem {
		if i == 0 {
			return Mem{Base: R11}
		}
		return Mem{Base: R11, Index: R10, Scale: uint8(i)}
	}
	Load(Param("ldc"), R10)
	SHLQ(U8(p.shift), R10)
	CMPQ(R12, Imm(4))
	JLT(LabelRef(l("few")))
	CMPB(arg.Addr, Imm(0))
	JEQ(LabelRef(l("store")))
	for i := range mr {
		p.add(row(i), regs[4*i], regs[4*i])
	}
	Label(l("store"))
	for i := range mr {
		p.load(regs[4*i], row(i))
	}
	JMP(LabelRef(l("stored")))
	Label(l("few"))
	MOVQ(R12, RAX)
	p.loadMask(ymm[15], RAX, RDI)
	CMPB(arg.Addr, Imm(0))
	JEQ(LabelRef(l("storefew")))
	for i := range mr {
		p.maskmove(row(i), regs[15], regs[14])
		p.add(regs[14], regs[4*i], regs[4*i])
	}
	Label(l("storefew"))
	for i := range mr {
		p.maskmove(regs[4*i], regs[15], row(i))
	}
	Label(l("stored"))
}
