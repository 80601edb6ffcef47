//go:build !purego

package kernel

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// fast tells whether this processor runs the generated kernels.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasFMA

const (
	kBlock   = 256      // rows of op(B) per pass: fixes the order of the sums, so it is the same on every path
	inFirst  = 16 << 10 // bytes of op(B) meant to stay in the first-level cache
	tileRows = 6
	packFrom = 160 * 160 * 160 // multiply-adds from which packing pays
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
	switch {
	case m >= 24 && n >= 24 && k >= 24 && m*n*k >= packFrom:
		gemmPacked(m, n, k, a, ars, acs, b, brs, bcs, acc, c, ldc)
	case !transB:
		gemmInPlace(m, n, k, a, ars, acs, b, ldb, acc, c, ldc)
	case !transA && m <= 48:
		gemmDots(m, n, k, a, lda, b, ldb, acc, c, ldc)
	default:
		gemmTransposed(m, n, k, a, ars, acs, b, ldb, acc, c, ldc)
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
	for l := 0; l < k; l += kBlock {
		dot(m, n, min(kBlock, k-l), &a[l], lda, &b[l], ldb, &c[0], ldc, acc || l > 0)
	}
}

var scratch = sync.Pool{New: func() any { return new([]float64) }}

func gemmTransposed[T number](m, n, k int, a []T, ars, acs int, b []T, ldb int, acc bool, c []T, ldc int) {
	const cols = 64
	p := scratch.Get().(*[]float64)
	if cap(*p) < kBlock*cols {
		*p = make([]float64, kBlock*cols)
	}
	w := unsafe.Slice((*T)(unsafe.Pointer(&(*p)[0])), kBlock*cols)
	for l := 0; l < k; l += kBlock {
		kc := min(kBlock, k-l)
		for j := 0; j < n; j += cols {
			nc := min(cols, n-j)
			for jj := range nc {
				src := b[(j+jj)*ldb+l:]
				for ll, v := range src[:kc] {
					w[ll*cols+jj] = v
				}
			}
			outer(m, nc, kc, &a[l*acs], ars, acs, &w[0], cols, &c[j], ldc, acc || l > 0)
		}
	}
	scratch.Put(p)
}
