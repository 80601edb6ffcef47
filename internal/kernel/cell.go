package kernel

import "math"

// LSTM is the elementwise part of a step of an LSTM for n = len(c) numbers: z, the pre-activations of the gates i, f, o
// and g, n of each one after the other, becomes their activations, the sigmoid of the first three and tanh g, and
//
//	next = f c + i g,   tc = tanh next,   h = o tc.
//
// No slice may be another, but next may be c. Sigmoid and tanh take fewer instructions here than in Sigmoid and Tanh: their
// errors stay within 2 and 3 units in the last place, and the sigmoid stays near 2^-1021 for arguments below -708.
func LSTM(z, c, next, tc, h []float64) {
	n := len(c)
	if len(z) != 4*n || len(next) != n || len(tc) != n || len(h) != n {
		panic(lengths)
	}
	if n > 0 && fast {
		lstmF64(&z[0], &c[0], &next[0], &tc[0], &h[0], n)
		return
	}
	lstmPlain(z, c, next, tc, h)
}

// LSTMGrad pulls the gradients of h, dh0 + dh1, and of next, dc, back through LSTM, given what it wrote and read: dc
// becomes the gradient of c, and dz that of the pre-activations. Everything but dz is rows x cols numbers side by side,
// four times in z; dz is 4 rows x cols with a stride, so that a step can be a few columns of a larger matrix.
func LSTMGrad(dz []float64, stride int, z, c, tc, dh0, dh1, dc []float64, rows, cols int) {
	n := rows * cols
	if len(z) != 4*n || len(c) != n || len(tc) != n || len(dh0) != n || len(dh1) != n || len(dc) != n {
		panic(lengths)
	}
	if n == 0 {
		return
	}
	if (4*rows-1)*stride+cols > len(dz) || stride < cols {
		panic(tooShort)
	}
	if fast {
		lstmGradF64(&dz[0], stride, &z[0], &c[0], &tc[0], &dh0[0], &dh1[0], &dc[0], rows, cols)
		return
	}
	lstmGradPlain(dz, stride, z, c, tc, dh0, dh1, dc, rows, cols)
}

// Transpose writes dst[j*ldd+i] = src[i*lds+j] for i < rows and j < cols.
func Transpose(dst []float64, ldd int, src []float64, lds, rows, cols int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	if (cols-1)*ldd+rows > len(dst) || (rows-1)*lds+cols > len(src) {
		panic(tooShort)
	}
	from := 0
	if fast {
		from = cols &^ 3
		packRows(dst, ldd, rows, from, src, lds)
	}
	for i := range rows {
		for j := from; j < cols; j++ {
			dst[j*ldd+i] = src[i*lds+j]
		}
	}
}

// The plain twins take the steps of the generated code in the same order.

func lstmPlain(z, c, next, tc, h []float64) {
	n := len(c)
	i, f, o, g := z[:n], z[n:2*n], z[2*n:3*n], z[3*n:]
	for j, x := range c {
		i[j], f[j], o[j], g[j] = gate(i[j]), gate(f[j]), gate(o[j]), squash(g[j])
		next[j] = math.FMA(g[j], i[j], float64(x*f[j]))
		tc[j] = squash(next[j])
		h[j] = tc[j] * o[j]
	}
}

// gate is 1/(1+e^-x), and for x below -708 what it is there.
func gate(x float64) float64 {
	bits, r := reduce(max(-708, -math.Abs(x)), bias)
	r2 := float64(r * r)
	e := math.FMA(polynomial(expSeries[:], r, r2), r2, r) + 1
	e *= math.Float64frombits(bits << mantissa)
	top := 1.0
	if math.Signbit(x) {
		top = e
	}
	return top / (e + 1)
}

// squash is tanh x.
func squash(x float64) float64 {
	a := math.Abs(x)
	bits, r := reduce(min(44, a+a), bias)
	r2 := float64(r * r)
	q := math.FMA(polynomial(expSeries[:], r, r2), r2, r)
	s := math.Float64frombits(bits << mantissa)
	e := math.FMA(q, s, s-1)
	return math.Copysign(e/(e+2), x)
}

func lstmGradPlain(dz []float64, stride int, z, c, tc, dh0, dh1, dc []float64, rows, cols int) {
	n := rows * cols
	for row := range rows {
		for col := range cols {
			j := row*cols + col
			i, f, o, g := z[j], z[n+j], z[2*n+j], z[3*n+j]
			dh := dh0[j] + dh1[j]
			d := float64(math.FMA(-tc[j], tc[j], 1)*float64(dh*o)) + dc[j]
			di, df, do, dg := d*g, d*c[j], dh*tc[j], d*i
			to := dz[row*stride+col:]
			to[0] = math.FMA(-i, i, i) * di
			to[rows*stride] = math.FMA(-f, f, f) * df
			to[2*rows*stride] = math.FMA(-o, o, o) * do
			to[3*rows*stride] = math.FMA(-g, g, 1) * dg
			dc[j] = d * f
		}
	}
}
