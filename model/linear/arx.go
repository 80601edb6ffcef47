package linear

import "github.com/plumb-go/plumb/internal/linalg"

// arx fits y(k) = sum_i A_i y(k-i) + sum_j sum_i b_ji u_j(k-delay_j-i) + c, i = 1..order for y and 0..order for u, by
// least squares and returns the poles: the eigenvalues of the block companion matrix of A_1..A_order, p*order of them.
func (l *lagged) arx(order int, delay []int) ([]complex128, bool) {
	var x, y []int
	for i := 1; i <= order; i++ {
		for o := range l.p {
			x = append(x, l.at(l.m+o, i))
		}
	}
	for j, d := range delay {
		for i := 0; i <= order && d+i <= l.lags; i++ {
			x = append(x, l.at(j, d+i))
		}
	}
	x = append(x, l.n-1)
	for o := range l.p {
		y = append(y, l.at(l.m+o, 0))
	}
	theta, ok := l.regress(x, y)
	if !ok {
		return nil, false
	}
	n := order * l.p
	a := make([]float64, n*n)
	for r := range l.p {
		for c := range n {
			a[r*n+c] = theta[c*l.p+r]
		}
	}
	for r := l.p; r < n; r++ {
		a[r*n+r-l.p] = 1
	}
	poles, err := linalg.Eigenvalues(n, a)
	return poles, err == nil
}

// insignificant is the relative rise of the one-step error that an input coefficient must cause to count.
const insignificant = 0.005

// deadTimes returns, per input, how many of its first coefficients (lags 0, 1, ..) a vector ARX model of the given order
// can do without: leaving them out raises no output's one-step error by more than insignificant.
func (l *lagged) deadTimes(largest, order int) []int {
	delay := make([]int, l.m)
	best, ok := l.oneStep(delay, order)
	if !ok {
		return delay
	}
	for j := range delay {
		for delay[j] < largest {
			delay[j]++
			e, ok := l.oneStep(delay, order)
			worse := !ok
			for o := range e {
				worse = worse || e[o] > best[o]*(1+insignificant)
			}
			if worse {
				delay[j]--
				break
			}
		}
	}
	return delay
}

// oneStep returns the one-step error of each output, a sum of squares, of a vector ARX model whose inputs enter from
// their delays to the given order.
func (l *lagged) oneStep(delay []int, order int) ([]float64, bool) {
	var x []int
	for i := range order + 1 {
		for j, d := range delay {
			if i >= d {
				x = append(x, l.at(j, i))
			}
		}
		for o := range l.p {
			if i > 0 {
				x = append(x, l.at(l.m+o, i))
			}
		}
	}
	x = append(x, l.n-1)
	y := l.outputs()
	theta, ok := l.regress(x, y)
	if !ok {
		return nil, false
	}
	out := make([]float64, l.p)
	for o, yo := range y {
		out[o] = l.g[yo*l.n+yo]
		for i, xi := range x {
			out[o] -= theta[i*l.p+o] * l.g[xi*l.n+yo]
		}
	}
	return out, true
}

// eigen returns the eigenvalues of A (n x n).
func eigen(n int, a []float64) ([]complex128, bool) {
	v, err := linalg.Eigenvalues(n, a)
	return v, err == nil
}
