package grad

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// The functions of this file work elementwise on slices of one length; dst may be an operand.

func (f Activation) eval(dst, x []float64) {
	switch f {
	case Linear:
		copy(dst, x)
	case Tanh:
		kernel.Tanh(dst, x)
	case Sigmoid:
		sigmoid(dst, x)
	case Relu:
		for i, v := range x {
			dst[i] = max(v, 0)
		}
	default:
		panic("grad: unknown activation")
	}
}

// grad writes g times the derivative of f at the point where its value is y.
func (f Activation) grad(dst, g, y []float64) {
	g, y = g[:len(dst)], y[:len(dst)]
	switch f {
	case Linear:
		copy(dst, g)
	case Tanh:
		kernel.TanhGrad(dst, g, y)
	case Sigmoid:
		for i, v := range y {
			dst[i] = g[i] * v * (1 - v)
		}
	case Relu:
		for i, v := range y {
			if v > 0 {
				dst[i] = g[i]
			} else {
				dst[i] = 0
			}
		}
	default:
		panic("grad: unknown activation")
	}
}

// sigmoid keeps the relative accuracy of both tails.
func sigmoid(dst, x []float64) {
	for i, v := range x {
		e := math.Exp(-math.Abs(v))
		if v >= 0 {
			dst[i] = 1 / (1 + e)
		} else {
			dst[i] = e / (1 + e)
		}
	}
}

func softplus(dst, x []float64) {
	for i, v := range x {
		dst[i] = max(v, 0) + math.Log1p(math.Exp(-math.Abs(v)))
	}
}

func exp(dst, x []float64) {
	for i, v := range x {
		dst[i] = math.Exp(v)
	}
}

func log(dst, x []float64) {
	for i, v := range x {
		dst[i] = math.Log(v)
	}
}

func sqrt(dst, x []float64) {
	for i, v := range x {
		dst[i] = math.Sqrt(v)
	}
}

func add(dst, x []float64) { kernel.Add(dst, dst, x) }

func addScaled(dst, a []float64, s float64, b []float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range b {
		dst[i] = a[i] + s*v
	}
}

func affine(dst, a []float64, s, c float64) {
	a = a[:len(dst)]
	for i, v := range a {
		dst[i] = s*v + c
	}
}

func mul(dst, a, b []float64) { kernel.Mul(dst, a, b) }

func div(dst, a, b []float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range b {
		dst[i] = a[i] / v
	}
}

func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s float64
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func sum(a []float64) float64 {
	var s float64
	for _, v := range a {
		s += v
	}
	return s
}

func squaredDistance(a, b []float64) float64 {
	b = b[:len(a)]
	var s float64
	for i, v := range a {
		d := v - b[i]
		s += d * d
	}
	return s
}

// expand repeats the r x c matrix a, of which r or c or both are 1, to rows x cols.
func expand(dst []float64, rows, cols int, a []float64, r, c int) {
	for i := range rows {
		row := dst[i*cols : (i+1)*cols]
		from := a
		if r > 1 {
			from = a[i*c : (i+1)*c]
		}
		if c > 1 || cols == 1 {
			copy(row, from)
			continue
		}
		for j := range row {
			row[j] = from[0]
		}
	}
}

// transpose writes the transpose of the rows x cols matrix a, four rows at a time so that dst is written in runs.
func transpose(dst, a []float64, rows, cols int) {
	i := 0
	for ; i+4 <= rows; i += 4 {
		r0, r1, r2, r3 := a[i*cols:][:cols], a[(i+1)*cols:][:cols], a[(i+2)*cols:][:cols], a[(i+3)*cols:][:cols]
		for j, v := range r0 {
			d := dst[j*rows+i:][:4]
			d[0], d[1], d[2], d[3] = v, r1[j], r2[j], r3[j]
		}
	}
	for ; i < rows; i++ {
		for j, v := range a[i*cols : (i+1)*cols] {
			dst[j*rows+i] = v
		}
	}
}
