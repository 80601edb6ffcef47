package kernel

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"
)

// guarded gives slices that end where the process may not read: a kernel that looks past its slice dies here.
func guarded(t *testing.T, n int) []float64 {
	t.Helper()
	page := syscall.Getpagesize()
	size := (8*n + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no anonymous mapping: ", err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	if err := syscall.Mprotect(mem[size:], syscall.PROT_NONE); err != nil {
		t.Skip("no protected page: ", err)
	}
	return unsafe.Slice((*float64)(unsafe.Pointer(&mem[size-8*n])), n)
}

func TestKernelsStayInsideTheirSlices(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	fill := func(n int) []float64 {
		x := guarded(t, n)
		for i := range x {
			x[i] = r.Float64()
		}
		return x
	}
	for n := 1; n < 20; n++ {
		x, y := fill(n), fill(n)
		for _, f := range functions {
			f.f64(y, x)
		}
		Add(y, x, y)
		Axpy(y, x, 2)
		z, c := fill(4*n), fill(n)
		LSTM(z, c, fill(n), x, y)
		dz := fill((4*n-1)*(n+3) + n)
		LSTMGrad(dz, n+3, fill(4*n*n), fill(n*n), fill(n*n), fill(n*n), fill(n*n), fill(n*n), n, n)
		Transpose(fill((n-1)*(n+2)+5), n+2, fill(4*(n+1)+n), n+1, 5, n)
	}
	for range 60 {
		m, n, k := 1+r.IntN(14), 1+r.IntN(20), 1+r.IntN(20)
		if r.IntN(6) == 0 {
			m, n, k = 170+r.IntN(12), 170+r.IntN(16), 170+r.IntN(8) // packed
		}
		for flags := range 4 {
			ta, tb := flags&1 != 0, flags&2 != 0
			lda, ldb := k, n
			if ta {
				lda = m
			}
			if tb {
				ldb = k
			}
			a, b, c := fill(m*k), fill(k*n), fill(m*n)
			Gemm(ta, tb, m, n, k, a, lda, b, ldb, false, c, n)
		}
	}
}
