//go:build !amd64 || purego

package kernel

// There is no assembly here. The functions below are never called; they let the callers compile.
const fast = false

const noAssembly = "kernel: no assembly in this build"

func gemmFast[T number](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int) {
	panic(noAssembly)
}

func expF64(dst, x *float64, n int)              { panic(noAssembly) }
func tanhF64(dst, x *float64, n int)             { panic(noAssembly) }
func sigmoidF64(dst, x *float64, n int)          { panic(noAssembly) }
func softplusF64(dst, x *float64, n int)         { panic(noAssembly) }
func addF64(dst, x, y *float64, n int)           { panic(noAssembly) }
func subF64(dst, x, y *float64, n int)           { panic(noAssembly) }
func mulF64(dst, x, y *float64, n int)           { panic(noAssembly) }
func mulAddF64(dst, x, y *float64, n int)        { panic(noAssembly) }
func tanhGradF64(dst, x, y *float64, n int)      { panic(noAssembly) }
func sigmoidGradF64(dst, x, y *float64, n int)   { panic(noAssembly) }
func scaleF64(dst, x *float64, s float64, n int) { panic(noAssembly) }
func axpyF64(dst, x *float64, s float64, n int)  { panic(noAssembly) }
func adamF64(theta, m, v, grad *float64, keep, rate, beta1, rest1, beta2, rest2, root, eps float64, n int) {
	panic(noAssembly)
}

func expF32(dst, x *float32, n int)              { panic(noAssembly) }
func tanhF32(dst, x *float32, n int)             { panic(noAssembly) }
func sigmoidF32(dst, x *float32, n int)          { panic(noAssembly) }
func softplusF32(dst, x *float32, n int)         { panic(noAssembly) }
func addF32(dst, x, y *float32, n int)           { panic(noAssembly) }
func subF32(dst, x, y *float32, n int)           { panic(noAssembly) }
func mulF32(dst, x, y *float32, n int)           { panic(noAssembly) }
func mulAddF32(dst, x, y *float32, n int)        { panic(noAssembly) }
func tanhGradF32(dst, x, y *float32, n int)      { panic(noAssembly) }
func sigmoidGradF32(dst, x, y *float32, n int)   { panic(noAssembly) }
func scaleF32(dst, x *float32, s float32, n int) { panic(noAssembly) }
func axpyF32(dst, x *float32, s float32, n int)  { panic(noAssembly) }
func adamF32(theta, m, v, grad *float32, keep, rate, beta1, rest1, beta2, rest2, root, eps float32, n int) {
	panic(noAssembly)
}

func packRows[T number](d []T, width, have, k int, s []T, vs int) { panic(noAssembly) }

func lstmF64(z, c, next, tc, h *float64, n int) { panic(noAssembly) }
func lstmGradF64(dz *float64, stride int, z, c, tc, dh0, dh1, dc *float64, rows, cols int) {
	panic(noAssembly)
}
