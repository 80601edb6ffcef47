package kernel

// Add writes x + y.
func Add(dst, x, y []float64) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		addF64(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

// Add32 is Add in single precision.
func Add32(dst, x, y []float32) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		addF32(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

// Sub writes x - y.
func Sub(dst, x, y []float64) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		subF64(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

// Sub32 is Sub in single precision.
func Sub32(dst, x, y []float32) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		subF32(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

// Mul writes the products x y.
func Mul(dst, x, y []float64) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		mulF64(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

// Mul32 is Mul in single precision.
func Mul32(dst, x, y []float32) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		mulF32(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

// MulAdd adds the products x y to dst.
func MulAdd(dst, x, y []float64) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		mulAddF64(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] += x[i] * y[i]
	}
}

// MulAdd32 is MulAdd in single precision.
func MulAdd32(dst, x, y []float32) {
	n := triple(dst, x, y)
	if n > 0 && fast {
		mulAddF32(&dst[0], &x[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] += x[i] * y[i]
	}
}

// Scale writes s x.
func Scale(dst, x []float64, s float64) {
	n := pair(dst, x)
	if n > 0 && fast {
		scaleF64(&dst[0], &x[0], s, n)
		return
	}
	for i := range dst {
		dst[i] = s * x[i]
	}
}

// Scale32 is Scale in single precision.
func Scale32(dst, x []float32, s float32) {
	n := pair(dst, x)
	if n > 0 && fast {
		scaleF32(&dst[0], &x[0], s, n)
		return
	}
	for i := range dst {
		dst[i] = s * x[i]
	}
}

// Axpy adds s x to dst.
func Axpy(dst, x []float64, s float64) {
	n := pair(dst, x)
	if n > 0 && fast {
		axpyF64(&dst[0], &x[0], s, n)
		return
	}
	for i := range dst {
		dst[i] += s * x[i]
	}
}

// Axpy32 is Axpy in single precision.
func Axpy32(dst, x []float32, s float32) {
	n := pair(dst, x)
	if n > 0 && fast {
		axpyF32(&dst[0], &x[0], s, n)
		return
	}
	for i := range dst {
		dst[i] += s * x[i]
	}
}

// TanhGrad writes g (1 - y^2): the gradient before tanh, given the one behind it and y = tanh.
func TanhGrad(dst, g, y []float64) {
	n := triple(dst, g, y)
	if n > 0 && fast {
		tanhGradF64(&dst[0], &g[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = g[i] * (1 - y[i]*y[i])
	}
}

// TanhGrad32 is TanhGrad in single precision.
func TanhGrad32(dst, g, y []float32) {
	n := triple(dst, g, y)
	if n > 0 && fast {
		tanhGradF32(&dst[0], &g[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = g[i] * (1 - y[i]*y[i])
	}
}

// SigmoidGrad writes g y (1 - y): the gradient before the sigmoid, given the one behind it and y = sigmoid.
func SigmoidGrad(dst, g, y []float64) {
	n := triple(dst, g, y)
	if n > 0 && fast {
		sigmoidGradF64(&dst[0], &g[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = g[i] * (y[i] - y[i]*y[i])
	}
}

// SigmoidGrad32 is SigmoidGrad in single precision.
func SigmoidGrad32(dst, g, y []float32) {
	n := triple(dst, g, y)
	if n > 0 && fast {
		sigmoidGradF32(&dst[0], &g[0], &y[0], n)
		return
	}
	for i := range dst {
		dst[i] = g[i] * (y[i] - y[i]*y[i])
	}
}

func triple[T number](dst, x, y []T) int {
	if len(dst) != len(x) || len(dst) != len(y) {
		panic(lengths)
	}
	return len(dst)
}
