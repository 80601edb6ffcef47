package lmi

import "math"

// enclosed is a matrix of floating-point numbers, each with a bound on its distance from the exact value.
type enclosed struct {
	mid, rad []float64
}

// enclose evaluates an expression at x with a rigorous bound on the rounding errors. false means that no finite bound was
// found.
//
// Every entry is a sum of paths, products of one entry of each factor. A path meets at most k roundings, k the sum over all
// terms of their inner dimensions and of the numbers they are multiplied by, so the error is at most gamma(k) times
// the sum of the absolute values of the paths, which is computed alongside and rounded up. Each of the operations may also
// lose a subnormal amount, which the factors that follow multiply.
func (c *Compiled) enclose(e Expr, x []float64) (*enclosed, bool) {
	size := e.rows * e.cols
	out := &enclosed{mid: c.eval(e, x), rad: make([]float64, size)}
	k := 2
	var under float64
	for i := range e.terms {
		abs, ki, ui := c.absolute(&e.terms[i], e, x)
		k, under = k+ki+1, under+2*ui
		for j := range out.rad {
			out.rad[j] += abs[j]
		}
	}
	g := gamma(k) * (1 + 4*gamma(2*k)) // the sums of absolute values were rounded too
	for j := range out.rad {
		out.rad[j] = g*out.rad[j] + under
	}
	const up = 1 + 8*unit // the last operations, and the sum of under
	for j := range out.rad {
		out.rad[j] *= up
		if math.IsNaN(out.mid[j]+out.rad[j]) || math.IsInf(out.mid[j]+out.rad[j], 0) {
			return nil, false
		}
	}
	return out, true
}

// absolute returns, in floating point, the sums of the absolute values of the paths of a term, the number of roundings that eval spends on
// a path, and what underflow may add to an entry.
func (c *Compiled) absolute(t *term, e Expr, x []float64) (abs []float64, k int, under float64) {
	growth, ops := 1.0, 1.0
	step := func(rows, inner, cols int, largest float64) {
		k += inner
		growth *= max(1, float64(inner)*largest)
		ops += float64(rows) * float64(inner) * float64(cols)
	}
	run := func(ch chain, start []float64, rows, inner int) ([]float64, int) {
		now, width := start, inner
		for i := range ch {
			f := &ch[i]
			next := make([]float64, rows*f.c)
			var largest float64
			for l := range f.r {
				for j := range f.c {
					y := math.Abs(f.entry(l, j, c.values))
					if y == 0 {
						continue
					}
					largest = max(largest, y)
					for r := range rows {
						next[r*f.c+j] += now[r*width+l] * y
					}
				}
			}
			step(rows, f.r, f.c, largest)
			now, width = next, f.c
		}
		return now, width
	}
	eye := make([]float64, e.rows*e.rows)
	for i := range e.rows {
		eye[i*e.rows+i] = 1
	}
	now, width := run(t.l, eye, e.rows, e.rows)
	if t.v != nil {
		next := make([]float64, e.rows*t.ic)
		var largest float64
		for a := range t.ir {
			for b := range t.ic {
				u := t.unknownAt(a, b)
				if u < 0 {
					continue
				}
				y := math.Abs(x[u])
				largest = max(largest, y)
				for r := range e.rows {
					next[r*t.ic+b] += now[r*width+a] * y
				}
			}
		}
		step(e.rows, t.ir, t.ic, largest)
		now, _ = run(t.r, next, e.rows, t.ic)
	}
	s := 1.0
	for _, y := range t.nums {
		s *= math.Abs(y)
		growth *= max(1, math.Abs(y))
	}
	for _, p := range t.pars {
		y := math.Abs(c.values[p.index][0])
		s *= y
		growth *= max(1, y)
	}
	k += len(t.nums) + len(t.pars) + 1
	for j := range now {
		now[j] *= s
	}
	return now, k, tiny * ops * growth
}
