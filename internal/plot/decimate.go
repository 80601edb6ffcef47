package plot

import "math"

// Decimate thins a line for a picture that is columns pixels wide: from every pixel column it keeps the lowest and the
// highest sample, in their order, besides the first and last sample of each unbroken stretch. No extreme is lost. Missing
// samples (NaN or infinite in x or y) come back as a single NaN pair between stretches. x must not fall; x and y have
// equal length. Lines of at most 2 columns samples come back whole.
func Decimate(x, y []float64, columns int) (dx, dy []float64) {
	if len(x) != len(y) {
		panic("plot: x and y of different length")
	}
	lo, hi := extent(x)
	width := (hi - lo) / float64(max(columns, 1))
	thin := len(x) > 2*columns && width > 0
	gap := true // no gap marker before the first stretch
	for i := 0; i < len(x); {
		if !finite(x[i]) || !finite(y[i]) {
			if !gap {
				dx, dy = append(dx, math.NaN()), append(dy, math.NaN())
				gap = true
			}
			i++
			continue
		}
		gap = false
		j := i + 1
		for j < len(x) && finite(x[j]) && finite(y[j]) {
			j++
		}
		if thin {
			dx, dy = decimateStretch(dx, dy, x[i:j], y[i:j], lo, width)
		} else {
			dx, dy = append(dx, x[i:j]...), append(dy, y[i:j]...)
		}
		i = j
	}
	if gap && len(dx) > 0 {
		dx, dy = dx[:len(dx)-1], dy[:len(dy)-1]
	}
	return dx, dy
}

func decimateStretch(dx, dy, x, y []float64, lo, width float64) ([]float64, []float64) {
	keep := func(i int) { dx, dy = append(dx, x[i]), append(dy, y[i]) }
	last := len(x) - 1
	for i := 0; i <= last; {
		c := math.Floor((x[i] - lo) / width)
		low, high, j := i, i, i
		for ; j <= last && math.Floor((x[j]-lo)/width) == c; j++ {
			if y[j] < y[low] {
				low = j
			}
			if y[j] > y[high] {
				high = j
			}
		}
		if i == 0 && min(low, high) > 0 {
			keep(0)
		}
		keep(min(low, high))
		if low != high {
			keep(max(low, high))
		}
		if j > last && max(low, high) < last {
			keep(last)
		}
		i = j
	}
	return dx, dy
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// extent returns the smallest and largest finite value; lo > hi when there is none.
func extent(v []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, a := range v {
		if finite(a) {
			lo, hi = min(lo, a), max(hi, a)
		}
	}
	return lo, hi
}
