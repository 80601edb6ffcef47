package kernel

// Plain loops until the vectorised ones take their place.

// TanhGrad writes g (1 - y^2): the gradient before tanh, given the one behind it and y = tanh.
func TanhGrad(dst, g, y []float64) {
	for i := range dst {
		dst[i] = g[i] * (1 - y[i]*y[i])
	}
}

// Mul writes a*b.
func Mul(dst, a, b []float64) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Add writes a+b.
func Add(dst, a, b []float64) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}
