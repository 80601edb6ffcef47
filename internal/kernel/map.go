package kernel

// Exp writes e^x.
func Exp(dst, x []float64) {
	if n := pair(dst, x); n > 0 && fast {
		expF64(&dst[0], &x[0], n)
	} else {
		each(dst, x, exp)
	}
}

// Exp32 is Exp in single precision.
func Exp32(dst, x []float32) {
	if n := pair(dst, x); n > 0 && fast {
		expF32(&dst[0], &x[0], n)
	} else {
		each(dst, x, exp)
	}
}

// Tanh writes tanh x.
func Tanh(dst, x []float64) {
	if n := pair(dst, x); n > 0 && fast {
		tanhF64(&dst[0], &x[0], n)
	} else {
		each(dst, x, tanh)
	}
}

// Tanh32 is Tanh in single precision.
func Tanh32(dst, x []float32) {
	if n := pair(dst, x); n > 0 && fast {
		tanhF32(&dst[0], &x[0], n)
	} else {
		each(dst, x, tanh)
	}
}

// Sigmoid writes 1/(1+e^-x).
func Sigmoid(dst, x []float64) {
	if n := pair(dst, x); n > 0 && fast {
		sigmoidF64(&dst[0], &x[0], n)
	} else {
		each(dst, x, sigmoid)
	}
}

// Sigmoid32 is Sigmoid in single precision.
func Sigmoid32(dst, x []float32) {
	if n := pair(dst, x); n > 0 && fast {
		sigmoidF32(&dst[0], &x[0], n)
	} else {
		each(dst, x, sigmoid)
	}
}

// Softplus writes log(1+e^x).
func Softplus(dst, x []float64) {
	if n := pair(dst, x); n > 0 && fast {
		softplusF64(&dst[0], &x[0], n)
	} else {
		each(dst, x, softplus)
	}
}

// Softplus32 is Softplus in single precision.
func Softplus32(dst, x []float32) {
	if n := pair(dst, x); n > 0 && fast {
		softplusF32(&dst[0], &x[0], n)
	} else {
		each(dst, x, softplus)
	}
}

func pair[T number](dst, x []T) int {
	if len(dst) != len(x) {
		panic(lengths)
	}
	return len(dst)
}

// each is the plain twin: in double precision, rounded once more for single.
func each[T number](dst, x []T, f func(float64) float64) {
	for i, v := range x {
		dst[i] = T(f(float64(v)))
	}
}
