package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// cellTolerance covers the roundings of one step of an LSTM on numbers of size one: four units of each activation and a
// handful of products and sums.
const cellTolerance = 32 * 0x1p-53

func uniform(r *rand.Rand, n int, size float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = size * (2*r.Float64() - 1)
	}
	return x
}

// cellByHand is one number of a step of an LSTM by the standard library.
func cellByHand(zi, zf, zo, zg, c float64) (next, h float64) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	next = sigmoid(zf)*c + sigmoid(zi)*math.Tanh(zg)
	return next, sigmoid(zo) * math.Tanh(next)
}

func TestLSTM(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for n := range 70 {
		room := uniform(r, 4*n+2, 4)
		z, c := room[1:4*n+1:4*n+1], uniform(r, n, 2)
		before, left, right := slices.Clone(z), room[0], room[4*n+1]
		next, tc, h := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
		LSTM(z, c, next[:n], tc[:n], h[:n])
		for i := range n {
			wantC, wantH := cellByHand(before[i], before[n+i], before[2*n+i], before[3*n+i], c[i])
			for what, d := range map[string]float64{"c": next[i] - wantC, "h": h[i] - wantH, "tanh c": tc[i] - math.Tanh(wantC),
				"i": z[i] - 1/(1+math.Exp(-before[i])), "g": z[3*n+i] - math.Tanh(before[3*n+i])} {
				if !(math.Abs(d) <= cellTolerance) {
					t.Fatalf("%d numbers: %s of number %d is off by %v", n, what, i, d)
				}
			}
		}
		if room[0] != left || room[4*n+1] != right || next[n] != 0 || tc[n] != 0 || h[n] != 0 {
			t.Fatalf("%d numbers: wrote beside a slice", n)
		}
		// the twin gives the same bits, and next may be c
		z2, tc2, h2 := slices.Clone(before), make([]float64, n), make([]float64, n)
		lstmPlain(z2, c, c, tc2, h2)
		if !slices.Equal(z, z2) || !slices.Equal(next[:n], c) || !slices.Equal(tc[:n], tc2) || !slices.Equal(h[:n], h2) {
			t.Fatalf("%d numbers: another result from the plain twin", n)
		}
	}
}

// Bounds that LSTM promises for its sigmoid and tanh, in units in the last place.
const boundGate, boundSquash = 2, 3

func TestLSTMActivationsWithinTheirBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(27, 28))
	x := arguments(r, *samples, 700)
	n := len(x)
	z := slices.Concat(x, x, x, x)
	c, next, tc, h := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	LSTM(z, c, next, tc, h)
	var sigma, tau worst
	for i, v := range x {
		if v > -708 {
			sigma.see(ulps(z[i], ddSigmoid(v), 53, -1074, 1024), v)
		}
		tau.see(ulps(z[3*n+i], ddTanh(v), 53, -1074, 1024), v)
		if z[n+i] != z[i] || z[2*n+i] != z[i] {
			t.Fatalf("the sigmoids at %v differ", v)
		}
	}
	t.Logf("%d samples: worst sigmoid %.3f ulp at %v, tanh %.3f at %v", n, sigma.ulp, sigma.at, tau.ulp, tau.at)
	if !(sigma.ulp <= boundGate && tau.ulp <= boundSquash) {
		t.Errorf("beyond %v and %v ulp", boundGate, boundSquash)
	}
}

func TestLSTMAtSpecialValues(t *testing.T) {
	inf := math.Inf(1)
	z := []float64{inf, -inf, inf, -inf, inf, inf, -inf, inf, -inf} // i, f, o of three numbers
	z = append(z, inf, inf, math.NaN())
	c, tc, h := []float64{3, -5, 1}, make([]float64, 3), make([]float64, 3)
	LSTM(z, c, c, tc, h)
	const tiny, ulp = 0x1p-1020, 0x1p-53 // of a closed gate, of numbers near one
	if c[0] != 1 || c[1] != -5 || c[2] == c[2] {
		t.Errorf("saturated gates give c = %v", c)
	}
	if !(h[0] > 0 && h[0] < tiny) || !(math.Abs(h[1]-math.Tanh(-5)) <= boundSquash*ulp) || h[2] == h[2] {
		t.Errorf("saturated gates give h = %v", h)
	}
}

func TestLSTMGrad(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	for _, s := range [][3]int{{1, 1, 1}, {3, 1, 4}, {2, 4, 4}, {5, 12, 40}, {3, 10, 11}, {4, 7, 7}, {1, 33, 35}} {
		rows, cols, stride := s[0], s[1], s[2]
		n := rows * cols
		z, c := uniform(r, 4*n, 3), uniform(r, n, 2)
		pre := slices.Clone(z)
		next, tc, h := make([]float64, n), make([]float64, n), make([]float64, n)
		LSTM(z, c, next, tc, h)
		dh0, dh1, dnext := uniform(r, n, 1), uniform(r, n, 1), uniform(r, n, 1)
		const mark = 99
		room := make([]float64, (4*rows-1)*stride+cols+1)
		for i := range room {
			room[i] = mark
		}
		dz, twin := room[:len(room)-1], slices.Clone(room)
		dc, dcTwin := slices.Clone(dnext), slices.Clone(dnext)
		LSTMGrad(dz, stride, z, c, tc, dh0, dh1, dc, rows, cols)
		lstmGradPlain(twin, stride, z, c, tc, dh0, dh1, dcTwin, rows, cols)
		if !slices.Equal(room, twin) || !slices.Equal(dc, dcTwin) {
			t.Fatalf("%d x %d: another result from the plain twin", rows, cols)
		}
		for i, v := range room {
			if at := i % stride; (at >= cols || i >= len(dz)) && v != mark {
				t.Fatalf("%d x %d: wrote between the rows", rows, cols)
			}
		}
		for j := range n {
			f := func(x [5]float64) float64 {
				c, h := cellByHand(x[0], x[1], x[2], x[3], x[4])
				return dnext[j]*c + (dh0[j]+dh1[j])*h
			}
			x := [5]float64{pre[j], pre[n+j], pre[2*n+j], pre[3*n+j], c[j]}
			for k := range x {
				// central differences: h^2 times third derivative plus rounding of f divided by h
				const h, tol = 1e-5, 1e-9
				up, down := x, x
				up[k] += h
				down[k] -= h
				got := dc[j]
				if k < 4 {
					got = dz[(k*rows+j/cols)*stride+j%cols]
				}
				if d := (f(up) - f(down)) / (2 * h); !(math.Abs(got-d) <= tol) {
					t.Errorf("%d x %d: gradient %d of number %d is %v, difference quotient %v", rows, cols, k, j, got, d)
				}
			}
		}
	}
}

func TestTranspose(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	for rows := range 14 {
		for cols := range 14 {
			lds, ldd := cols+r.IntN(3), rows+r.IntN(3)
			src, dst := uniform(r, rows*lds+1, 1), make([]float64, cols*ldd+1)
			Transpose(dst, ldd, src, lds, rows, cols)
			for k, v := range dst {
				want := 0.0
				if j, i := k/max(ldd, 1), k%max(ldd, 1); j < cols && i < rows {
					want = src[i*lds+j]
				}
				if v != want {
					t.Fatalf("%d x %d: number %d is %v, want %v", rows, cols, k, v, want)
				}
			}
		}
	}
}

func TestCellRefusesWrongLengths(t *testing.T) {
	x, y := make([]float64, 4), make([]float64, 16)
	for name, f := range map[string]func(){
		"LSTM z":          func() { LSTM(x, x, x, x, x) },
		"LSTM h":          func() { LSTM(y, x, x, x, y) },
		"LSTMGrad dz":     func() { LSTMGrad(y[:15], 2, y, x, x, x, x, x, 2, 2) },
		"LSTMGrad stride": func() { LSTMGrad(y, 1, y, x, x, x, x, x, 2, 2) },
		"LSTMGrad dc":     func() { LSTMGrad(y, 2, y, x, x, x, x, y, 2, 2) },
		"Transpose dst":   func() { Transpose(x, 2, y, 4, 3, 4) },
		"Transpose src":   func() { Transpose(y, 2, x, 4, 2, 4) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
