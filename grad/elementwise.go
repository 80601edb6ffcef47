package grad

import (
	"math"

	"github.com/plumb-go/plumb/internal/kernel"
)

// The functions of this file work on slices of one length; dst may be an operand where nothing else is said.

func (f Activation) eval(dst, x []float64) {
	switch f {
	case Linear:
		copy(dst, x)
	case Tanh:
		kernel.Tanh(dst, x)
	case Sigmoid:
		kernel.Sigmoid(dst, x)
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
	switch f {
	case Linear:
		copy(dst, g)
	case Tanh:
		kernel.TanhGrad(dst, g, y)
	case Sigmoid:
		kernel.SigmoidGrad(dst, g, y)
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

// addScaled writes a + s b; dst may be a but not b.
func addScaled(dst, a []float64, s float64, b []float64) {
	switch s {
	case 1:
		kernel.Add(dst, a, b)
	case -1:
		kernel.Sub(dst, a, b)
	default:
		copy(dst, a)
		kernel.Axpy(dst, b, s)
	}
}

func affine(dst, a []float64, s, c float64) {
	kernel.Scale(dst, a, s)
	if c == 0 {
		return
	}
	for i := range dst {
		dst[i] += c
	}
}

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
