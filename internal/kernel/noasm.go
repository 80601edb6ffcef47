//go:build !amd64 || purego

package kernel

const fast = false

func gemmFast[T number](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int) {
	gemmPlain(transA, transB, m, n, k, a, lda, b, ldb, acc, c, ldc)
}
