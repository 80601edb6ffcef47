package kernel

import "math"

func gemmPlain(transA, transB bool, m, n, k int, a []float64, lda int, b []float64, ldb int, acc bool, c []float64, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if !acc {
			clear(row)
		}
		for l := range k {
			var s float64
			if transA {
				s = a[l*lda+i]
			} else {
				s = a[i*lda+l]
			}
			if transB {
				for j := range row {
					row[j] += s * b[j*ldb+l]
				}
			} else {
				for j, v := range b[l*ldb : l*ldb+n] {
					row[j] += s * v
				}
			}
		}
	}
}

func tanhPlain(dst, x []float64) {
	for i, v := range x {
		dst[i] = math.Tanh(v)
	}
}
