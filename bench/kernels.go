package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/plumb-go/plumb/internal/kernel"
)

type product[T any] func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, acc bool, c []T, ldc int)

func kernelCases() []benchCase {
	cs := products("f64", kernel.Gemm)
	cs = append(cs, products("f32", kernel.Gemm32)...)
	cs = append(cs, activations("f64", kernel.Tanh, kernel.Sigmoid, kernel.Exp, kernel.Softplus)...)
	return append(cs, activations("f32", kernel.Tanh32, kernel.Sigmoid32, kernel.Exp32, kernel.Softplus32)...)
}

func products[T float32 | float64](tag string, f product[T]) []benchCase {
	var cs []benchCase
	add := func(name string, transA, transB bool, m, n, k int) {
		cs = append(cs, benchCase{name + "_" + tag, func() func() {
			a, b, c := uniform[T](m*k), uniform[T](k*n), make([]T, m*n)
			lda, ldb := k, n
			if transA {
				lda = m
			}
			if transB {
				ldb = k
			}
			return func() { f(transA, transB, m, n, k, a, lda, b, ldb, false, c, n) }
		}})
	}
	for _, n := range []int{16, 32, 64, 100, 256, 1024} {
		add(fmt.Sprintf("gemm%d", n), false, false, n, n, n)
	}
	add("gemm256x100x100", false, false, 256, 100, 100)
	add("gemm_nt256x100x100", false, true, 256, 100, 100)
	add("gemm_tn100x100x256", true, false, 100, 100, 256)
	add("gemm_nt24x40x4000", false, true, 24, 40, 4000)
	add("gemm32x4000x32", false, false, 32, 4000, 32)
	return cs
}

func activations[T float32 | float64](tag string, tanh, sigmoid, exp, softplus func(dst, x []T)) []benchCase {
	var cs []benchCase
	add := func(name string, n int, f func(dst, x []T)) {
		cs = append(cs, benchCase{fmt.Sprintf("%s%d_%s", name, n, tag), func() func() {
			x, y := uniform[T](n), make([]T, n)
			return func() { f(y, x) }
		}})
	}
	for _, n := range []int{25600, 1000000} {
		add("tanh", n, tanh)
		add("sigmoid", n, sigmoid)
		add("exp", n, exp)
	}
	add("softplus", 25600, softplus)
	return cs
}

// uniform is n numbers in (-2, 2), the same every time.
func uniform[T float32 | float64](n int) []T {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]T, n)
	for i := range x {
		x[i] = T(4*r.Float64() - 2)
	}
	return x
}
