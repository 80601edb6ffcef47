package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func gemm(p prec) {
	outer(p)
	dot(p)
	packed(p)
	packing(p)
}

// Registers of the outer-product kernel.
var (
	aBlock = RAX // A at the first row of the block
	aPtr   = RBX // A at the current k; later C, rows 0-2
	aPtr3  = RCX // three rows on; later C, rows 3-5
	aRow   = RDX // bytes from row to row of A
	aCol   = RSI // bytes from column to column of A
	bBlock = RDI // B at the current column
	bPtr   = R8  // B at the current k
	bRow   = R9  // bytes from row to row of B
	cTile  = R10 // C at the current tile
	cRow   = R11 // bytes from row to row of C
	kLeft  = R12
	nLeft  = R13
)

// outer writes gemmOuter: C (+)= A B by tiles of up to 6 rows that keep the sums in registers. A is read through two
// strides, so A and its transpose are the same to it; B and C are row-major. The rows come in nbig blocks of big rows
// and nsmall blocks of big-1, which the caller balances. Each element of C is one chain of fused multiply-adds over k,
// whatever the tile it falls in.
func outer(p prec) {
	TEXT("gemmOuter"+p.tag, 4, fmt.Sprintf(
		"func(big, nbig, nsmall, n, k int, a *%[1]s, ars, acs int, b *%[1]s, ldb int, c *%[1]s, ldc int, acc bool)", p.name))
	Doc("gemmOuter"+p.tag+" computes C = A B, or C += A B when acc, for nbig blocks of big <= 6 rows and nsmall of",
		"big-1; n, k > 0. A(i,l) is a[i*ars+l*acs], B(l,j) is b[l*ldb+j], C(i,j) is c[i*ldc+j].")
	Pragma("noescape")
	cBlock, rows, left := AllocLocal(8), AllocLocal(8), AllocLocal(8)
	arg := func(name string) Mem { a, _ := Param(name).Resolve(); return a.Addr }

	Load(Param("a"), aBlock)
	Load(Param("ars"), aRow)
	SHLQ(U8(p.shift), aRow)
	Load(Param("acs"), aCol)
	SHLQ(U8(p.shift), aCol)
	Load(Param("ldb"), bRow)
	SHLQ(U8(p.shift), bRow)
	Load(Param("ldc"), cRow)
	SHLQ(U8(p.shift), cRow)
	Load(Param("c"), R8)
	MOVQ(R8, cBlock)
	Load(Param("big"), R8)
	MOVQ(R8, rows)
	Load(Param("nbig"), R8)
	MOVQ(R8, left)

	Label("block")
	MOVQ(rows, R8)
	CMPQ(left, Imm(0))
	JNE(LabelRef("dispatch"))
	// No block of this height is left: go down to the smaller height once, then stop.
	CMPQ(R8, arg("big"))
	JNE(LabelRef("done"))
	Load(Param("nsmall"), R9)
	TESTQ(R9, R9)
	JEQ(LabelRef("done"))
	MOVQ(R9, left)
	DECQ(R8)
	MOVQ(R8, rows)
	Load(Param("ldb"), bRow)
	SHLQ(U8(p.shift), bRow)

	Label("dispatch")
	DECQ(left)
	Load(Param("n"), nLeft)
	Load(Param("b"), bBlock)
	MOVQ(cBlock, cTile)
	CMPQ(R8, Imm(4))
	JEQ(LabelRef("rows4"))
	JHI(LabelRef("rows56"))
	CMPQ(R8, Imm(2))
	JEQ(LabelRef("rows2"))
	JCS(LabelRef("rows1"))
	rowsBlock(p, 3)
	Label("rows56")
	CMPQ(R8, Imm(6))
	JNE(LabelRef("rows5"))
	rowsBlock(p, 6)
	rowsBlock(p, 5)
	rowsBlock(p, 4)
	rowsBlock(p, 2)
	rowsBlock(p, 1)

	Label("next")
	MOVQ(rows, R8)
	MOVQ(R8, R13)
	IMULQ(aRow, R8)
	ADDQ(R8, aBlock)
	IMULQ(cRow, R13)
	ADDQ(R13, cBlock)
	JMP(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}

// rowsBlock emits all columns of a block of mr rows: wide tiles for few rows (to have at least eight sums in flight),
// tiles of two registers, and a tail with masks.
func rowsBlock(p prec, mr int) {
	name := func(part string) string { return fmt.Sprintf("%s%d", part, mr) }
	Label(name("rows"))
	tiles := func(part, after string, nv int) {
		cols := nv * p.lanes
		Label(name(part))
		CMPQ(nLeft, U32(cols))
		JLT(LabelRef(name(after)))
		tile(p, mr, nv, false, name(part))
		ADDQ(U32(32*nv), bBlock)
		ADDQ(U32(32*nv), cTile)
		SUBQ(U32(cols), nLeft)
		JMP(LabelRef(name(part)))
	}
	if wide := []int{0, 8, 4, 4, 0, 0, 0}[mr]; wide > 0 {
		tiles("wide", "pair", wide)
	}
	tiles("pair", "tail", 2)
	Label(name("tail"))
	TESTQ(nLeft, nLeft)
	JEQ(LabelRef("next"))
	CMPQ(nLeft, Imm(uint64(p.lanes)))
	JLT(LabelRef(name("few")))
	JEQ(LabelRef(name("one")))
	SUBQ(Imm(uint64(p.lanes)), nLeft)
	tile(p, mr, 2, true, name("twomasked"))
	JMP(LabelRef("next"))
	Label(name("one"))
	tile(p, mr, 1, false, name("one"))
	JMP(LabelRef("next"))
	Label(name("few"))
	tile(p, mr, 1, true, name("few"))
	JMP(LabelRef("next"))
}

// tile emits one tile of mr rows by nv registers at bBlock and cTile; when masked, the last register of each row holds
// nLeft < lanes numbers.
func tile(p prec, mr, nv int, masked bool, label string) {
	acc := func(i, v int) VecPhysical { return ymm[i*nv+v] }
	spare := ymm[15]
	for i := range mr * nv {
		VXORPD(ymm[i], ymm[i], ymm[i])
	}
	if masked {
		MOVQ(nLeft, aPtr)
		p.loadMask(ymm[14], aPtr, aPtr3)
	}
	MOVQ(aBlock, aPtr)
	if mr > 3 {
		LEAQ(Mem{Base: aBlock, Index: aRow, Scale: 2}, aPtr3)
		ADDQ(aRow, aPtr3)
	}
	MOVQ(bBlock, bPtr)
	Load(Param("k"), kLeft)
	Label(label + "k")
	loadB := func(v int, dst VecPhysical) {
		if masked && v == nv-1 {
			p.maskmove(Mem{Base: bPtr, Disp: 32 * v}, ymm[14], dst)
		} else {
			p.load(Mem{Base: bPtr, Disp: 32 * v}, dst)
		}
	}
	if nv <= 2 { // hold B, broadcast A row by row
		for v := range nv {
			loadB(v, ymm[12+v])
		}
		for i := range mr {
			p.broadcast(rowAt(i, aPtr, aPtr3, aRow), spare)
			for v := range nv {
				p.fma231(ymm[12+v], spare, acc(i, v))
			}
		}
	} else { // hold A (at most three rows), go through B
		for i := range mr {
			p.broadcast(rowAt(i, aPtr, aPtr3, aRow), ymm[12+i])
		}
		for v := range nv {
			loadB(v, spare)
			for i := range mr {
				p.fma231(ymm[12+i], spare, acc(i, v))
			}
		}
	}
	ADDQ(aCol, aPtr)
	if mr > 3 {
		ADDQ(aCol, aPtr3)
	}
	ADDQ(bRow, bPtr)
	DECQ(kLeft)
	JNE(LabelRef(label + "k"))
	storeTile(p, mr, nv, masked, label)
}

// storeTile writes or adds the sums of a tile to C.
func storeTile(p prec, mr, nv int, masked bool, label string) {
	arg, _ := Param("acc").Resolve()
	if mr > 3 {
		LEAQ(Mem{Base: cTile, Index: cRow, Scale: 2}, aPtr3)
		ADDQ(cRow, aPtr3)
	}
	at := func(i, v int) Mem {
		m := rowAt(i, cTile, aPtr3, cRow)
		m.Disp = 32 * v
		return m
	}
	CMPB(arg.Addr, Imm(0))
	JEQ(LabelRef(label + "store"))
	for i := range mr {
		for v := range nv {
			y := ymm[i*nv+v]
			if masked && v == nv-1 {
				p.maskmove(at(i, v), ymm[14], ymm[15])
				p.add(ymm[15], y, y)
			} else {
				p.add(at(i, v), y, y)
			}
		}
	}
	Label(label + "store")
	for i := range mr {
		for v := range nv {
			if masked && v == nv-1 {
				p.maskmove(ymm[i*nv+v], ymm[14], at(i, v))
			} else {
				p.load(ymm[i*nv+v], at(i, v))
			}
		}
	}
}

// rowAt addresses row i <= 5 of a matrix with pointers lo and hi to its rows 0 and 3.
func rowAt(i int, lo, hi, stride GPPhysical) Mem {
	base := lo
	if i >= 3 {
		base, i = hi, i-3
	}
	if i == 0 {
		return Mem{Base: base}
	}
	return Mem{Base: base, Index: stride, Scale: uint8(i)}
}
