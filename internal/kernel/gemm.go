package kernel

// number is the element type of the kernels.
type number interface{ float32 | float64 }

// Gemm computes C = op(A) op(B), or C += op(A) op(B) when acc, where op is the transpose if the flag says so. All
// matrices are row-major: op(A) is m x k, op(B) k x n, C m x n, and lda, ldb, ldc are the distances from row to row of
// the matrices as stored. C may not overlap A or B. It panics when a slice is too short for its shape.
//
// No row or column is ever padded: strides may be larger than the rows, and what lies between is neither read nor
// written. Without transB, an element of C depends on its row of op(A), its column of op(B), its old value and k only,
// in the last bit too: splitting the columns or rows over several calls changes nothing. Strides that are multiples of
// 4096 bytes make the rows of a block compete for the same cache lines and cost up to a factor of three.
func Gemm(transA, transB bool, m, n, k int, a []float64, lda int, b []float64, ldb int, acc bool, c []float64, ldc int) {
	gemm(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
}

// Gemm32 is Gemm in single precision.
func Gemm32(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, acc bool, c []float32, ldc int) {
	gemm(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
}

func gemm[T number](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int) {
	if m <= 0 || n <= 0 {
		return
	}
	if k <= 0 {
		if !acc {
			for i := range m {
				clear(c[i*ldc : i*ldc+n])
			}
		}
		return
	}
	rowsA, colsA, rowsB, colsB := m, k, k, n
	if transA {
		rowsA, colsA = k, m
	}
	if transB {
		rowsB, colsB = n, k
	}
	if (rowsA-1)*lda+colsA > len(a) || (rowsB-1)*ldb+colsB > len(b) || (m-1)*ldc+n > len(c) ||
		lda < colsA && rowsA > 1 || ldb < colsB && rowsB > 1 || ldc < n && m > 1 {
		panic(tooShort)
	}
	if fast {
		gemmFast(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
	} else {
		gemmPlain(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
	}
}

// gemmPlain goes through C row by row and takes four rows of B at a time.
func gemmPlain[T number](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int) {
	ars, acs := lda, 1
	if transA {
		ars, acs = 1, lda
	}
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if !acc {
			clear(row)
		}
		if transB {
			rowDots(row, a[i*ars:], acs, k, b, ldb)
		} else {
			rowSums(row, a[i*ars:], acs, k, b, ldb)
		}
	}
}

// rowDots adds the products of a, k numbers acs apart, with the rows of b.
func rowDots[T number](row, a []T, acs, k int, b []T, ldb int) {
	j := 0
	for ; j+4 <= len(row); j += 4 {
		b0, b1, b2, b3 := b[j*ldb:], b[(j+1)*ldb:], b[(j+2)*ldb:], b[(j+3)*ldb:]
		b0, b1, b2, b3 = b0[:k], b1[:k], b2[:k], b3[:k]
		var s0, s1, s2, s3 T
		for l := range k {
			v := a[l*acs]
			s0 += v * b0[l]
			s1 += v * b1[l]
			s2 += v * b2[l]
			s3 += v * b3[l]
		}
		row[j] += s0
		row[j+1] += s1
		row[j+2] += s2
		row[j+3] += s3
	}
	for ; j < len(row); j++ {
		var s T
		for l, v := range b[j*ldb : j*ldb+k] {
			s += a[l*acs] * v
		}
		row[j] += s
	}
}

// rowSums adds the first k rows of b, weighted with a, numbers acs apart.
func rowSums[T number](row, a []T, acs, k int, b []T, ldb int) {
	n, l := len(row), 0
	for ; l+4 <= k; l += 4 {
		s0, s1, s2, s3 := a[l*acs], a[(l+1)*acs], a[(l+2)*acs], a[(l+3)*acs]
		b0, b1, b2, b3 := b[l*ldb:], b[(l+1)*ldb:], b[(l+2)*ldb:], b[(l+3)*ldb:]
		b0, b1, b2, b3 = b0[:n], b1[:n], b2[:n], b3[:n]
		for j := range row {
			row[j] += s0*b0[j] + s1*b1[j] + s2*b2[j] + s3*b3[j]
		}
	}
	for ; l < k; l++ {
		s := a[l*acs]
		for j, v := range b[l*ldb : l*ldb+n] {
			row[j] += s * v
		}
	}
}
