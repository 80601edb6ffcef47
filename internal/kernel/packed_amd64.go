//go:build !purego

package kernel

import (
	"sync"
	"unsafe"
)

// Blocks of large products, after Goto and van de Geijn (2008): a panel of B of kBlock rows stays in the first-level
// cache, a block of A of mBlock rows in the second.
const (
	mBlock = 96
	nBlock = 2048
)

// arena is scratch for the packed operands.
type arena struct {
	a, b []float64
	edge [tileRows * 16]float64
}

var arenas = sync.Pool{New: func() any { return new(arena) }}

// grown is *s as at least n numbers of type T.
func grown[T number](s *[]float64, n int) []T {
	var v T
	words := (n*int(unsafe.Sizeof(v)) + 7) / 8
	if cap(*s) < words {
		*s = make([]float64, words)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData((*s)[:cap(*s)]))), n)
}

func gemmPacked[T number](m, n, k int, a []T, ars, acs int, b []T, brs, bcs int, acc bool, c []T, ldc int) {
	nr := 64 / int(unsafe.Sizeof(a[0]))
	w := arenas.Get().(*arena)
	defer arenas.Put(w)
	for j := 0; j < n; j += nBlock {
		nc := min(nBlock, n-j)
		for l := 0; l < k; l += kBlock {
			kc := min(kBlock, k-l)
			pb := grown[T](&w.b, (nc+nr-1)/nr*nr*kc)
			packPanels(pb, nr, nc, kc, b[l*brs+j*bcs:], bcs, brs)
			for i := 0; i < m; i += mBlock {
				mc := min(mBlock, m-i)
				pa := grown[T](&w.a, (mc+tileRows-1)/tileRows*tileRows*kc)
				packPanels(pa, tileRows, mc, kc, a[i*ars+l*acs:], ars, acs)
				block(w, mc, nc, kc, pa, pb, acc || l > 0, c[i*ldc+j:], ldc)
			}
		}
	}
}

// block multiplies packed operands panel by panel; what sticks out of C goes through a tile of its own.
func block[T number](w *arena, m, n, k int, a, b []T, acc bool, c []T, ldc int) {
	nr := 64 / int(unsafe.Sizeof(a[0]))
	edge := unsafe.Slice((*T)(unsafe.Pointer(&w.edge[0])), tileRows*nr)
	whole := m / tileRows
	for j := 0; j < n; j += nr {
		panel := &b[j*k]
		rows := 0
		if j+nr <= n && whole > 0 {
			tilesPacked(whole, k, &a[0], panel, &c[j], ldc, acc)
			rows = whole * tileRows
		}
		for i := rows; i < m; i += tileRows {
			tilesPacked(1, k, &a[i*k], panel, &edge[0], nr, false)
			for ii := range min(tileRows, m-i) {
				row := c[(i+ii)*ldc+j:][:min(nr, n-j)]
				src := edge[ii*nr:]
				if acc {
					for jj := range row {
						row[jj] += src[jj]
					}
				} else {
					copy(row, src)
				}
			}
		}
	}
}

func tilesPacked[T number](tiles, k int, a, b, c *T, ldc int, acc bool) {
	if is64[T]() {
		gemmPackedF64(tiles, k, (*float64)(unsafe.Pointer(a)), (*float64)(unsafe.Pointer(b)),
			(*float64)(unsafe.Pointer(c)), ldc, acc)
	} else {
		gemmPackedF32(tiles, k, (*float32)(unsafe.Pointer(a)), (*float32)(unsafe.Pointer(b)),
			(*float32)(unsafe.Pointer(c)), ldc, acc)
	}
}

// packPanels lays count vectors of k numbers out in panels of width of them, zeros in place of missing ones:
// dst[panel][l][i] = src[(panel*width+i)*vs + l*ls], where vs or ls is 1.
func packPanels[T number](dst []T, width, count, k int, src []T, vs, ls int) {
	for i := 0; i < count; i += width {
		d := dst[i*k : (i+width)*k]
		have := min(width, count-i)
		s := src[i*vs:]
		switch {
		case vs == 1 && have == width:
			packLines(d, width, s, ls, k)
			continue
		case have < width:
			clear(d)
		}
		from := 0 // first vector or number that is still missing
		if ls == 1 {
			from = k &^ 3
			packRows(d, width, have, from, s, vs)
		}
		for ii := range have {
			for l := from; l < k; l++ {
				d[l*width+ii] = s[ii*vs+l*ls]
			}
		}
	}
}

// packLines is packPanels for one full panel of vectors that lie side by side.
func packLines[T number](d []T, width int, s []T, ls, k int) {
	switch {
	case is64[T]() && width == tileRows:
		packSixF64((*float64)(unsafe.Pointer(&d[0])), (*float64)(unsafe.Pointer(&s[0])), ls, k)
	case is64[T]():
		packLineF64((*float64)(unsafe.Pointer(&d[0])), (*float64)(unsafe.Pointer(&s[0])), ls, k)
	case width == tileRows:
		packSixF32((*float32)(unsafe.Pointer(&d[0])), (*float32)(unsafe.Pointer(&s[0])), ls, k)
	default:
		packLineF32((*float32)(unsafe.Pointer(&d[0])), (*float32)(unsafe.Pointer(&s[0])), ls, k)
	}
}

// packRows is packPanels for the first k numbers of have vectors that run along the rows of src; k is a multiple of 4.
func packRows[T number](d []T, width, have, k int, s []T, vs int) {
	if k == 0 {
		return
	}
	i := 0
	for ; i+4 <= have; i += 4 {
		if is64[T]() {
			pack4F64((*float64)(unsafe.Pointer(&d[i])), width, (*float64)(unsafe.Pointer(&s[i*vs])), vs, k)
		} else {
			pack4F32((*float32)(unsafe.Pointer(&d[i])), width, (*float32)(unsafe.Pointer(&s[i*vs])), vs, k)
		}
	}
	for ; i+2 <= have; i += 2 {
		if is64[T]() {
			pack2F64((*float64)(unsafe.Pointer(&d[i])), width, (*float64)(unsafe.Pointer(&s[i*vs])), vs, k)
		} else {
			pack2F32((*float32)(unsafe.Pointer(&d[i])), width, (*float32)(unsafe.Pointer(&s[i*vs])), vs, k)
		}
	}
	if i < have {
		for l := range k {
			d[l*width+i] = s[i*vs+l]
		}
	}
}
