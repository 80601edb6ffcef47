// Package kernel holds the arithmetic inner loops of training.
package kernel

// Tanh writes tanh(x) into dst; dst may be x.
func Tanh(dst, x []float64) { tanhPlain(dst, x) }
