package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkGemm(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range []struct {
		op      string
		m, n, k int
		ld      int
	}{
		{"NN", 4, 8, 4, 16}, {"NN", 8, 8, 8, 6400}, {"NN", 16, 16, 32, 6400}, {"NN", 32, 32, 32, 32}, {"NN", 32, 64, 32, 6408}, {"NN", 6, 10, 12, 1000},
		{"TN", 8, 16, 16, 6408}, {"TN", 32, 64, 32, 6408}, {"NN", 1, 4000, 20, 4008}, {"NN", 16, 4000, 32, 4008}, {"NN", 32, 4000, 32, 4008},
		{"NT", 16, 16, 4000, 4008}, {"NT", 40, 40, 4000, 4008}, {"NT", 1, 20, 4000, 4008}, {"NT", 16, 33, 64, 4008}, {"NT", 256, 100, 100, 0},
		{"NN", 100, 100, 100, 0}, {"NN", 256, 100, 100, 0}, {"TN", 100, 100, 256, 0}, {"NN", 256, 256, 256, 0}, {"NT", 256, 256, 256, 0}, {"NN", 1024, 1024, 1024, 0},
	} {
		b.Run(fmt.Sprintf("%s/%dx%dx%d", s.op, s.m, s.n, s.k), func(b *testing.B) {
			ta, tb := s.op[0] == 'T', s.op[1] == 'T'
			ra, ca, rb, cb := s.m, s.k, s.k, s.n
			if ta {
				ra, ca = s.k, s.m
			}
			if tb {
				rb, cb = s.n, s.k
			}
			lda, ldb, ldc := ca, cb, s.n
			if tb {
				lda, ldb = max(lda, s.ld), max(ldb, s.ld)
			} else {
				ldb, ldc = max(ldb, s.ld), max(ldc, s.ld)
			}
			x, y, z := matrix[float64](r, ra, ca, lda), matrix[float64](r, rb, cb, ldb), matrix[float64](r, s.m, s.n, ldc)
			for b.Loop() {
				Gemm(ta, tb, s.m, s.n, s.k, x, lda, y, ldb, false, z, ldc)
			}
			b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GF/s")
		})
	}
}
