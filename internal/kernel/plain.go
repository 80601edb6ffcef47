package kernel

import "math"

func tanhPlain(dst, x []float64) {
	for i, v := range x {
		dst[i] = math.Tanh(v)
	}
}
