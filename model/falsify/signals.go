package falsify

import (
	"math"
	"math/rand/v2"
)

// between draws from [lo, hi] uniformly in the logarithm.
func between(r *rand.Rand, lo, hi float64) float64 { return lo * math.Pow(hi/lo, r.Float64()) }

func symmetric(r *rand.Rand) float64 { return 2*r.Float64() - 1 }

func sign(r *rand.Rand) float64 { return float64(1 - 2*r.IntN(2)) }

func clip(x, limit float64) float64 { return min(max(x, -limit), limit) }

// signal fills x with values in [-1, 1]: rest, a constant, uniform noise, held noise, a bang-bang, a step, a slow ramp to and
// fro, a tone or a chirp.
func signal(r *rand.Rand, x []float64) {
	n := len(x)
	switch r.IntN(9) {
	case 0:
		clear(x)
	case 1:
		v := symmetric(r)
		if r.IntN(2) == 0 {
			v = sign(r)
		}
		fill(x, v)
	case 2:
		for i := range x {
			x[i] = symmetric(r)
		}
	case 3:
		held(r, x, func() float64 { return symmetric(r) })
	case 4:
		held(r, x, func() float64 { return sign(r) })
	case 5:
		at, a, b := r.IntN(n+1), symmetric(r), sign(r)
		fill(x[:at], a)
		fill(x[at:], b)
	case 6:
		period, phase := between(r, 4, 4*float64(n)+4), r.Float64()
		for i := range x {
			t := math.Mod(phase+float64(i)/period, 1)
			x[i] = 1 - 4*math.Abs(t-0.5)
		}
	default:
		a, w, phase := r.Float64(), between(r, 1e-3, math.Pi), 2*math.Pi*r.Float64()
		if r.IntN(2) == 0 {
			a = 1
		}
		rise := symmetric(r) * w / float64(2*n) // chirp, or a tone where it is small
		for i := range x {
			k := float64(i)
			x[i] = a * math.Sin(phase+k*(w+k*rise))
		}
	}
}

// held holds each drawn value for a while of random mean length.
func held(r *rand.Rand, x []float64, draw func() float64) {
	change := between(r, 1/float64(len(x)+1), 1)
	v := draw()
	for i := range x {
		if r.Float64() < change {
			v = draw()
		}
		x[i] = v
	}
}

// inputs fills the inputs of a pair: equal, close in a random signal, apart by a constant, opposite, or unrelated.
func inputs(r *rand.Rand, a, b []float64, kind int) {
	signal(r, a)
	switch kind {
	case 0:
		copy(b, a)
	case 1:
		size := between(r, 1e-4, 2)
		signal(r, b)
		for i, v := range b {
			b[i] = clip(a[i]+size*v, 1)
		}
	case 2:
		size := sign(r) * between(r, 1e-4, 2)
		for i, v := range a {
			b[i] = clip(v+size, 1)
			a[i] = clip(b[i]-size, 1)
		}
	case 3:
		for i, v := range a {
			b[i] = -v
		}
	default:
		signal(r, b)
	}
}

// states fills the initial states of a pair in the box: a is rest, a corner or anything; b is equal, close, apart along the
// signs of eta, in one state only, opposite or unrelated.
func (a *attack) states(r *rand.Rand, x, y []float64, kind int) {
	box := a.net.box
	a.anyState(r, x)
	switch kind {
	case 0:
		copy(y, x)
	case 1: // close
		size := between(r, 1e-5, 1)
		for j, v := range box {
			y[j] = clip(x[j]+size*v*symmetric(r), v)
		}
	case 2: // along eta
		size := a.apart / 2 * between(r, 1e-6, 1)
		alike := r.IntN(2) == 0
		for j, v := range box {
			s := 1.0
			if !alike {
				s = sign(r)
			}
			y[j] = clip(x[j]+s*size*a.etaOf[j], v)
		}
	case 3:
		copy(y, x)
		j := r.IntN(len(y))
		y[j] = box[j] * symmetric(r)
	case 4:
		for j, v := range x {
			y[j] = -v
		}
	default:
		a.anyState(r, y)
	}
}

func (a *attack) anyState(r *rand.Rand, x []float64) {
	switch kind := r.IntN(4); kind {
	case 0:
		clear(x)
	case 1:
		for j, v := range a.net.box {
			x[j] = sign(r) * v
		}
	default:
		for j, v := range a.net.box {
			x[j] = symmetric(r) * v
		}
	}
}
