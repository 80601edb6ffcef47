package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// packing writes the kernels that lay operands out for gemmPacked.
func packing(p prec) {
	interleave(p, 4)
	interleave(p, 2)
	gather(p, 64/p.size)
	gather(p, 6)
}

// interleave writes dst[l*pitch+i] = src[i*stride+l] for a few rows i, four columns l at a time.
func interleave(p prec, rows int) {
	name := fmt.Sprintf("pack%d%s", rows, p.tag)
	TEXT(name, 4, fmt.Sprintf("func(dst *%[1]s, pitch int, src *%[1]s, stride, k int)", p.name))
	Doc(fmt.Sprintf("%s writes dst[l*pitch+i] = src[i*stride+l] for i < %d and l < k, k > 0 and a multiple of 4.", name, rows))
	Pragma("noescape")
	dst, pitch, src, stride, k, src3 := RAX, RBX, RCX, RDX, R8, R9
	Load(Param("dst"), dst)
	Load(Param("pitch"), pitch)
	SHLQ(U8(p.shift), pitch)
	Load(Param("src"), src)
	Load(Param("stride"), stride)
	SHLQ(U8(p.shift), stride)
	Load(Param("k"), k)
	LEAQ(Mem{Base: src, Index: stride, Scale: 2}, src3)
	ADDQ(stride, src3)
	Label("loop")
	r := xmm
	if p.size == 8 {
		r = ymm
	}
	for i := range rows {
		p.load(rowAt(i, src, src3, stride), r[i])
	}
	if p.size == 8 {
		VUNPCKLPD(Y1, Y0, Y4)
		VUNPCKHPD(Y1, Y0, Y5)
	} else {
		VUNPCKLPS(X1, X0, X4)
		VUNPCKHPS(X1, X0, X5)
	}
	var columns [4]func(Mem)
	switch {
	case rows == 2 && p.size == 8: // X4 and X5 hold columns 0 and 1, their upper halves 2 and 3
		columns = [4]func(Mem){
			func(m Mem) { VMOVUPD(X4, m) }, func(m Mem) { VMOVUPD(X5, m) },
			func(m Mem) { VEXTRACTF128(U8(1), Y4, m) }, func(m Mem) { VEXTRACTF128(U8(1), Y5, m) }}
	case rows == 2: // X4 holds columns 0 and 1, X5 2 and 3
		columns = [4]func(Mem){
			func(m Mem) { VMOVLPS(X4, m) }, func(m Mem) { VMOVHPS(X4, m) },
			func(m Mem) { VMOVLPS(X5, m) }, func(m Mem) { VMOVHPS(X5, m) }}
	case p.size == 8:
		VUNPCKLPD(Y3, Y2, Y6)
		VUNPCKHPD(Y3, Y2, Y7)
		VPERM2F128(U8(0x20), Y6, Y4, Y0)
		VPERM2F128(U8(0x20), Y7, Y5, Y1)
		VPERM2F128(U8(0x31), Y6, Y4, Y2)
		VPERM2F128(U8(0x31), Y7, Y5, Y3)
	default:
		VUNPCKLPS(X3, X2, X6)
		VUNPCKHPS(X3, X2, X7)
		VUNPCKLPD(X6, X4, X0)
		VUNPCKHPD(X6, X4, X1)
		VUNPCKLPD(X7, X5, X2)
		VUNPCKHPD(X7, X5, X3)
	}
	for l := range 4 {
		if columns[l] != nil {
			columns[l](Mem{Base: dst})
		} else {
			p.load(r[l], Mem{Base: dst})
		}
		ADDQ(pitch, dst)
	}
	ADDQ(U8(4*p.size), src)
	ADDQ(U8(4*p.size), src3)
	SUBQ(U8(4), k)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// gather writes rows of few numbers one behind the other.
func gather(p prec, width int) {
	name := fmt.Sprintf("pack%s%s", map[bool]string{true: "Six", false: "Line"}[width == 6], p.tag)
	TEXT(name, 4, fmt.Sprintf("func(dst, src *%[1]s, stride, k int)", p.name))
	Doc(fmt.Sprintf("%s writes dst[%d*l+i] = src[l*stride+i] for i < %[2]d and l < k, k > 0.", name, width))
	Pragma("noescape")
	dst, src, stride, k := RAX, RCX, RDX, R8
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("stride"), stride)
	SHLQ(U8(p.shift), stride)
	Load(Param("k"), k)
	Label("loop")
	move := func(reg Op, f func(...Op), disp int) {
		f(Mem{Base: src, Disp: disp}, reg)
		f(reg, Mem{Base: dst, Disp: disp})
	}
	switch {
	case width != 6:
		move(Y0, op(VMOVUPD), 0)
		move(Y1, op(VMOVUPD), 32)
	case p.size == 8:
		move(Y0, op(VMOVUPD), 0)
		move(X1, op(VMOVUPD), 32)
	default:
		move(X0, op(VMOVUPS), 0)
		move(X1, op(VMOVSD), 16)
	}
	ADDQ(stride, src)
	ADDQ(U8(width*p.size), dst)
	DECQ(k)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
