package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// prec is one floating-point format: the kernels are written once in terms of it.
type prec struct {
	name  string // Go type
	tag   string // suffix of the kernels' names
	size  int    // bytes
	shift int    // log2 of size
	lanes int    // numbers in a 256-bit register

	load, loadScalar, broadcast   func(...Op)
	add, sub, mul, div, max, min  func(...Op)
	sqrt, xor, and, or, maskmove  func(...Op)
	fma231, fma213, fnma231, hadd func(...Op)
}

var f64 = prec{
	name: "float64", tag: "F64", size: 8, shift: 3, lanes: 4,
	load: op(VMOVUPD), loadScalar: op(VMOVSD), broadcast: op(VBROADCASTSD),
	add: op(VADDPD), sub: op(VSUBPD), mul: op(VMULPD), div: op(VDIVPD), max: op(VMAXPD), min: op(VMINPD),
	sqrt: op(VSQRTPD), xor: op(VXORPD), and: op(VANDPD), or: op(VORPD), maskmove: op(VMASKMOVPD),
	fma231: op(VFMADD231PD), fma213: op(VFMADD213PD), fnma231: op(VFNMADD231PD), hadd: op(VHADDPD),
}

var f32 = prec{
	name: "float32", tag: "F32", size: 4, shift: 2, lanes: 8,
	load: op(VMOVUPS), loadScalar: op(VMOVSS), broadcast: op(VBROADCASTSS),
	add: op(VADDPS), sub: op(VSUBPS), mul: op(VMULPS), div: op(VDIVPS), max: op(VMAXPS), min: op(VMINPS),
	sqrt: op(VSQRTPS), xor: op(VXORPS), and: op(VANDPS), or: op(VORPS), maskmove: op(VMASKMOVPS),
	fma231: op(VFMADD231PS), fma213: op(VFMADD213PS), fnma231: op(VFNMADD231PS), hadd: op(VHADDPS),
}

// op turns an instruction constructor of either shape (fixed or any number of operands) into one type.
func op(f any) func(...Op) {
	switch f := f.(type) {
	case func(...Op):
		return f
	case func(a, b Op):
		return func(o ...Op) { f(o[0], o[1]) }
	case func(a, b, c Op):
		return func(o ...Op) { f(o[0], o[1], o[2]) }
	}
	panic("gen: instruction of an unknown shape")
}

// ymm and xmm are the vector registers by number, 256 and 128 bits wide.
var (
	ymm = [16]VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	xmm = [16]VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}
)

// maskTable is 32 bytes of ones followed by 32 of zeros: a mask of r leading lanes starts at 32 - r*size.
func maskTable() Mem {
	if masks.Base == nil {
		masks = GLOBL("kernelMasks", 8|16) // RODATA|NOPTR
		for i := range 8 {
			var v uint64
			if i < 4 {
				v = ^uint64(0)
			}
			DATA(8*i, U64(v))
		}
	}
	return masks
}

var masks Mem

// loadMask sets mask to the first r lanes (0 <= r <= lanes); addr and r are overwritten.
func (p prec) loadMask(mask VecPhysical, r, addr GPPhysical) {
	LEAQ(maskTable(), addr)
	SHLQ(U8(p.shift), r)
	SUBQ(r, addr)
	VMOVUPD(Mem{Base: addr, Disp: 32}, mask)
}
