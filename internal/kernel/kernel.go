// Package kernel holds the arithmetic inner loops of training.
package kernel

// Gemm computes C = op(A) op(B), or C += op(A) op(B) when acc, for row-major matrices: op(A) is m x k, op(B) k x n,
// C m x n; lda, ldb, ldc are the strides of the matrices as stored.
func Gemm(transA, transB bool, m, n, k int, a []float64, lda int, b []float64, ldb int, acc bool, c []float64, ldc int) {
	gemmPlain(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
}

// Tanh writes tanh(x) into dst; dst may be x.
func Tanh(dst, x []float64) { tanhPlain(dst, x) }
