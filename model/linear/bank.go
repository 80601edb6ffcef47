package linear

// bank holds, for one stretch, what the sections' filters answer: the states, and the signals of which all
// sensitivities are combinations. With g(k+1) = t g(k) - d g(k-1) + v(k), g(0) = g(-1) = 0, the response of a
// second-order section's state to the signal v entering its first state is (g(k), -d g(k-1)) and entering its second
// state (g(k-1), g(k) - t g(k-1)); a first-order section has g(k+1) = t g(k) + v(k).
type bank struct {
	steps int
	in    [][]float64   // delayed inputs
	x     [][]float64   // state series, n
	g     [][][]float64 // per section: one filtered signal per input, and for a fixed section one for the constant
	f     [][]float64   // per section: the impulse response, for the initial state
	h     [][]float64   // per section: the first state filtered once more, for the poles
	yhat  [][]float64   // simulated outputs
	live  int           // samples in which the initial state still shows
	v, w  []float64     // scratch
}

// Filtered series have one element in front for k = -1, so that series[k] is the value at k-1 and series[k+1] at k.

func newBank(s *sum, st *stretch, delay []int) *bank {
	b := &bank{steps: st.steps, v: make([]float64, st.steps), w: make([]float64, st.steps)}
	for j := range s.m {
		b.in = append(b.in, st.delayed(j, delay[j]))
	}
	series := func() []float64 { return make([]float64, st.steps+1) }
	for range s.order() {
		b.x = append(b.x, make([]float64, st.steps))
	}
	for _, q := range s.secs {
		var g [][]float64
		for range s.m {
			g = append(g, series())
		}
		if q.fixed > 0 {
			g = append(g, series())
		}
		b.g, b.f, b.h = append(b.g, g), append(b.f, series()), append(b.h, series())
	}
	for range s.p {
		b.yhat = append(b.yhat, make([]float64, st.steps))
	}
	return b
}

// filter runs g(k+1) = t g(k) - d g(k-1) + v(k) into g (shifted by one) with g(0) = start.
func filter(q section, g, v []float64, start float64) {
	g[0], g[1] = 0, start
	t, d := q.t, q.d
	if q.order == 1 {
		d = 0
	}
	g0, g1 := 0.0, start
	if v == nil {
		for k := 2; k < len(g); k++ {
			g0, g1 = g1, t*g1-d*g0
			g[k] = g1
		}
		return
	}
	for k := 2; k < len(g); k++ {
		g0, g1 = g1, t*g1-d*g0+v[k-2]
		g[k] = g1
	}
}

// fadedTo is where the answer to the initial state counts as gone, relative to a unit state.
const fadedTo = 1e-8

// simulate fills the states and the outputs from the initial state x0.
func (b *bank) simulate(s *sum, x0 []float64) {
	at, fixed := 0, 0
	v, w := b.v, b.w
	for _, q := range s.secs {
		clear(v)
		x1 := b.x[at]
		drift := 0.0
		if q.fixed > 0 {
			drift = s.drift[fixed]
			fixed++
		}
		if q.order == 1 {
			for j, u := range b.in {
				axpy(v, s.b[at*s.m+j], u)
			}
			z := x0[at]
			for k := range x1 {
				x1[k] = z
				z = q.t*z + v[k] + drift
			}
			at++
			continue
		}
		x2 := b.x[at+1]
		clear(w)
		for j, u := range b.in {
			axpy(v, s.b[at*s.m+j], u)
			axpy(w, s.b[(at+1)*s.m+j], u)
		}
		z1, z2 := x0[at], x0[at+1]
		for k := range x1 {
			x1[k], x2[k] = z1, z2
			z1, z2 = q.t*z1+z2+v[k], -q.d*z1+w[k]
		}
		at += 2
	}
	n := at
	for i, y := range b.yhat {
		for k := range y {
			y[k] = s.y0[i]
		}
		for r := range n {
			if c := s.c[i*n+r]; c != 0 {
				axpy(y, c, b.x[r])
			}
		}
		for j, u := range b.in {
			axpy(y, s.d[i*s.m+j], u)
		}
	}
}

// respond fills the filtered inputs and the impulse responses.
func (b *bank) respond(s *sum) {
	b.live = 0
	for r, q := range s.secs {
		for j, u := range b.in {
			filter(q, b.g[r][j], u, 0)
		}
		if q.fixed > 0 {
			ones := b.g[r][s.m]
			for k := range ones {
				ones[k] = max(float64(k)-1, 0)
			}
		}
		f := b.f[r]
		filter(q, f, nil, 1)
		last := len(f) - 1
		for last > 0 && f[last] < fadedTo && f[last] > -fadedTo {
			last--
		}
		b.live = max(b.live, min(last+1, b.steps))
	}
}

// sense fills the second filters; simulate must have run.
func (b *bank) sense(s *sum) {
	at := 0
	for r, q := range s.secs {
		if q.fixed == 0 {
			filter(q, b.h[r], b.x[at], 0)
		}
		at += q.order
	}
}

func axpy(y []float64, a float64, x []float64) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += a * v
	}
}
