//go:build !purego

package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// fast tells whether this processor runs the generated kernels.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasFMA

const (
	tileRows   = 6
	kBlock     = 256             // rows of op(B) per pass: fixes the order of the sums, so it is one number for all paths
	inFirst    = 16 << 10        // bytes of op(B) meant to stay in the first-level cache
	dotRows    = 48              // rows of C up to which A Bᵀ is done by dot products
	dotBlock   = 512             // numbers per pass of those: forty rows stay in the second-level cache
	packNormal = 160 * 160 * 160 // multiply-adds from which packing both operands pays
	packTrans  = 96 * 96 * 96    // the same for a transposed A, whose columns are far apart
)

// is64 is resolved at compile time: each instantiation has its own code.
func is64[T number]() bool { var v T; return unsafe.Sizeof(v) == 8 }

func outer[T number](m, n, k int, a *T, ars, acs int, b *T, ldb int, c *T, ldc int, acc bool) {
	// Rows in blocks of nearly equal height.
	blocks := (uint(m) + tileRows - 1) / tileRows
	small := uint(m) / blocks
	nbig := uint(m) - small*blocks
	big := small + 1
	if nbig == 0 {
		big, nbig = small, blocks
	}
	nsmall := blocks - nbig
	if is64[T]() {
		gemmOuterF64(int(big), int(nbig), int(nsmall), n, k, (*float64)(unsafe.Pointer(a)), ars, acs,
			(*float64)(unsafe.Pointer(b)), ldb, (*float64)(unsafe.Pointer(c)), ldc, acc)
	} else {
		gemmOuterF32(int(big), int(nbig), int(nsmall), n, k, (*float32)(unsafe.Pointer(a)), ars, acs,
			(*float32)(unsafe.Pointer(b)), ldb, (*float32)(unsafe.Pointer(c)), ldc, acc)
	}
}

func dot[T number](m, n, k int, a *T, lda int, b *T, ldb int, c *T, ldc int, acc bool) {
	if is64[T]() {
		gemmDotF64(m, n, k, (*float64)(unsafe.Pointer(a)), lda, (*float64)(unsafe.Pointer(b)), ldb,
			(*float64)(unsafe.Pointer(c)), ldc, acc)
	} else {
		gemmDotF32(m, n, k, (*float32)(unsafe.Pointer(a)), lda, (*float32)(unsafe.Pointer(b)), ldb,
			(*float32)(unsafe.Pointer(c)), ldc, acc)
	}
}

func gemmFast[T number](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int) {
	ars, acs := lda, 1
	if transA {
		ars, acs = 1, lda
	}
	brs, bcs := ldb, 1
	if transB {
		brs, bcs = 1, ldb
	}
	work := m * n * k
	switch {
	case transB && !transA && m <= dotRows:
		gemmDots(m, n, k, a, lda, b, ldb, acc, c, ldc)
	case transB, work >= packNormal, transA && work >= packTrans:
		gemmPacked(m, n, k, a, ars, acs, b, brs, bcs, acc, c, ldc)
	default:
		gemmInPlace(m, n, k, a, ars, acs, b, ldb, acc, c, ldc)
	}
}

func gemmInPlace[T number](m, n, k int, a []T, ars, acs int, b []T, ldb int, acc bool, c []T, ldc int) {
	if k <= kBlock && k*n <= inFirst/4 {
		outer(m, n, k, &a[0], ars, acs, &b[0], ldb, &c[0], ldc, acc)
		return
	}
	for l := 0; l < k; l += kBlock {
		kc := min(kBlock, k-l)
		nc := max(16, inFirst/8/kc&^15)
		for j := 0; j < n; j += nc {
			outer(m, min(nc, n-j), kc, &a[l*acs], ars, acs, &b[l*ldb+j], ldb, &c[j], ldc, acc || l > 0)
		}
	}
}

func gemmDots[T number](m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int) {
	for l := 0; l < k; l += dotBlock {
		dot(m, n, min(dotBlock, k-l), &a[l], lda, &b[l], ldb, &c[0], ldc, acc || l > 0)
	}
}
