// Package kernel holds the arithmetic inner loops of training: matrix products, activation functions, elementwise
// updates and one step of Adam, each in double and in single precision (suffix 32), and in double precision alone the
// elementwise part of a step of an LSTM.
//
// Two implementations stand behind every function. On amd64 with AVX2 and FMA, found out at run time, it is assembly
// written by the generator in folder gen; everywhere else, and with the build tag purego, it is plain Go with the same
// bounds on its error. Neither starts a goroutine, and for one implementation the result depends on the arguments
// alone; the two may differ in the last bits.
//
// Slices may have any length. Unless a function says otherwise, its slices have equal length and the first may be any
// of the others; slices that overlap in part are not supported. Wrong lengths panic: these are inner kernels, and
// their callers check shapes.
//
// Errors, in units in the last place of the result, over the whole range with subnormal results included: Exp, Tanh
// and Sigmoid 2, Softplus 4; inside LSTM tanh 3, and sigmoid 2 down to 2^-1021, where it stays. Tests measure them against
// 200-bit arithmetic.
package kernel

//go:generate go -C gen run . -set gemm -out ../gemm_amd64.s -stubs ../gemm_amd64.go -pkg kernel
//go:generate go -C gen run . -set map -out ../map_amd64.s -stubs ../map_amd64.go -pkg kernel
//go:generate go -C gen run . -set step -out ../step_amd64.s -stubs ../step_amd64.go -pkg kernel
//go:generate go -C gen run . -set cell -out ../cell_amd64.s -stubs ../cell_amd64.go -pkg kernel

const (
	lengths  = "kernel: slices of different length"
	tooShort = "kernel: a matrix is too short for its shape"
)
