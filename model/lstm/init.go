package lstm

import (
	"cmp"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"

	"github.com/plumb-go/plumb/model"
)

// Rate proposes a rate for a plant whose linear fit has the given discrete-time poles: a sixth of the plant's own decay
// per sample leaves room to fit.
func Rate(modes []complex128) float64 {
	return min(1-(1-model.Radius(modes, 0.5, 0.95, 0.9995))/6, 0.9995)
}

// Oscillators returns the lightly damped pairs among the poles of a linear fit, one of each pair: those with
// r(|cos theta| + |sin theta|) > 1. That is the spectral radius of the comparison matrix of the rotation that realises
// the pair in two states, so no two units of a certified LSTM or GRU hold it; a ring of many units could in principle,
// but training was never seen to find one. R2DN and SSM networks have no such limit.
func Oscillators(poles []complex128) []complex128 {
	var out []complex128
	for _, p := range poles {
		if imag(p) > 0 && math.Abs(real(p))+imag(p) > 1 {
			out = append(out, p)
		}
	}
	return out
}

// Start of the gates, relative to a memory whose decay is drawn between the fastest and the slowest of the plant.
const (
	firstHold = 0.97 // of the rate: factor on the first bound of the gate that holds the state
	firstBias = 0.3  // standard deviation of the other biases and bounds' free numbers
	firstGate = 0.7  // of W of the gates, times the root of the inputs
	firstW    = 1.0  // of W of the candidate, times the root of the inputs
	firstU    = 0.5  // of U before scaling, times the root of the units
	firstRead = 1.0  // of Wy, times the root of the units
)

// radii returns the range of moduli to draw memories from.
func radii(modes []complex128) (lo, hi float64) {
	lo, hi = 0.6, 0.99
	var r []float64
	for _, m := range modes {
		if a := cmplx.Abs(m); a >= 0.05 {
			r = append(r, min(a, 0.999))
		}
	}
	if len(r) > 0 {
		hi = slices.Max(r)
		lo = max(slices.Min(r), 1-10*(1-hi), 0.1)
	}
	return min(lo, hi), hi
}

// start says how a layer begins: the range of its memories, per sample, and a gain for each of its inputs.
type start struct {
	lo, hi float64
	gain   []float64
}

// memory draws the first bound of the gate that holds the state of a unit, given that of the rate.
func (s start) memory(r *rand.Rand, rate float64) float64 {
	return firstHold * rate * (s.lo + (s.hi-s.lo)*r.Float64())
}

// Init draws parameters whose memories lie among the given modes.
func (m *Network) Init(r *rand.Rand, modes []complex128, theta []float64) {
	s := start{}
	s.lo, s.hi = radii(modes)
	at := len(theta) - m.rest.Len()
	var gain []float64
	if m.filter != nil {
		at -= m.filter.dim()
		gain = m.filter.init(r, modes, theta[at:at+m.filter.dim()])
	}
	x := theta
	for i, l := range m.layers {
		s.gain = ones(len(m.inputs[i]))
		if i == 0 && gain != nil {
			s.gain = gain
		}
		l.init(r, s, x[:l.dim()])
		x = x[l.dim():]
	}
	x = theta[len(theta)-m.rest.Len():]
	for _, t := range m.rest {
		v := x[:t.Len()]
		switch t {
		case m.out.Wy:
			model.Normal(r, v, firstRead/math.Sqrt(float64(t.Cols)))
		case m.out.By, m.out.Dy:
			clear(v)
		default: // reading of the filter
			model.Normal(r, v, 0.1/math.Sqrt(float64(t.Cols)))
		}
		x = x[t.Len():]
	}
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// normalColumns fills a matrix with normal numbers, column k scaled by gain[k].
func normalColumns(r *rand.Rand, x []float64, sd float64, gain []float64) {
	model.Normal(r, x, sd)
	for i := range x {
		x[i] *= gain[i%len(gain)]
	}
}

func root(n int) float64 { return math.Sqrt(float64(n)) }

func (l *constructLSTM) init(r *rand.Rand, s start, theta []float64) {
	p := l.split(theta)
	for q := range 4 {
		if q == gateG {
			normalColumns(r, p.w[q], firstW/root(l.d), s.gain)
		} else {
			model.Normal(r, p.w[q], firstGate/root(l.d))
		}
		model.Normal(r, p.u[q], firstU/root(l.n))
	}
	model.Normal(r, p.bg, firstBias)
	for j := range l.n {
		phi := s.memory(r, l.rate)
		p.phi[j] = logit(phi / l.rate)
		p.iota[j] = logit(1 - phi) // a leaky integrator of gain one
	}
	model.Normal(r, p.omega, firstBias)
	clear(p.eta)
	clear(p.kappa)
}

func (l *constructGRU) init(r *rand.Rand, s start, theta []float64) {
	p := l.split(theta)
	model.Normal(r, p.wz, firstGate/root(l.d))
	model.Normal(r, p.wr, firstGate/root(l.d))
	normalColumns(r, p.wn, firstW/root(l.d), s.gain)
	for _, u := range [][]float64{p.uz, p.ur, p.un} {
		model.Normal(r, u, firstU/root(l.n))
	}
	model.Normal(r, p.br, firstBias)
	model.Normal(r, p.bn, firstBias)
	for j := range l.n {
		p.zeta[j] = logit(s.memory(r, l.rate) / l.rate)
	}
	clear(p.tau)
	clear(p.eta)
}

// init starts as a constructed layer deploys, so training with a penalty begins where the claim holds.
func (l *freeLSTM) init(r *rand.Rand, s start, theta []float64) {
	if l.paper {
		l.initPaper(r, s, theta)
		return
	}
	c := newConstructLSTM(l.box.t, l.rate)
	x, w := make([]float64, c.dim()), make([]float64, l.box.t.HBox.Offset+l.box.t.HBox.Len())
	c.init(r, s, x)
	c.deploy(x, w, ones(c.d))
	gather(l.rest, w, theta)
}

func (l *freeGRU) init(r *rand.Rand, s start, theta []float64) {
	c := newConstructGRU(l.box.t, l.rate)
	x, w := make([]float64, c.dim()), make([]float64, l.box.t.HBox.Offset+l.box.t.HBox.Len())
	c.init(r, s, x)
	c.deploy(x, w, ones(c.d))
	gather(l.rest, w, theta)
}

// gather writes the tensors of w into theta; it is the inverse of Verbatim.Deploy.
func gather(v model.Verbatim, w, theta []float64) {
	clear(theta)
	v.Pullback(w, theta)
}

// init draws weights uniform in 1/sqrt(n), as is usual, and biases that hold the state as long as the plant does and
// let in as much as is lost (Tallec and Ollivier 2018).
func (l *loose) init(r *rand.Rand, s start, theta []float64) {
	n := l.hbox.Rows
	bias := map[string][]float64{}
	for _, t := range l.rest {
		x := theta[:t.Len()]
		theta = theta[t.Len():]
		for i := range x {
			x[i] = (2*r.Float64() - 1) / root(n)
		}
		bias[t.Name[len(t.Name)-2:]] = x
	}
	for j := range n {
		hold := logit(s.memory(r, 1))
		if z := bias["bz"]; z != nil {
			z[j] = hold
		} else {
			bias["bf"][j], bias["bi"][j] = hold, -hold
		}
	}
}

// init places the poles at the given modes, the most oscillating first, and around them. The filter's outputs are the
// inputs and then the states' real and imaginary parts in turn; what lies beyond is drawn. It returns gains for the
// first layer that undo the filter's scaling: a state is far from its bound most of the time.
func (f *filter) init(r *rand.Rand, modes []complex128, theta []float64) (gain []float64) {
	nu, angle, bre, bim, cre, cim, d := f.split(theta)
	m, s := f.t.D.Cols, len(nu)
	limit := math.Exp(-f.decay)
	known := pairs(modes)
	rad := make([]float64, s)
	for i := range s {
		p := cmplx.Rect(0.6+0.35*r.Float64(), 1.5*r.Float64())
		if i < len(known) {
			p = known[i]
		} else if len(known) > 0 {
			p = known[r.IntN(len(known))]
			slow := (1 - min(cmplx.Abs(p), 0.999)) * math.Exp(1.2*r.NormFloat64())
			p = cmplx.Rect(1-slow, cmplx.Phase(p)*math.Exp(0.2*r.NormFloat64())+0.05*r.NormFloat64())
		}
		rad[i] = min(max(cmplx.Abs(p), 0.3*limit), limit-0.1*min(limit, 1-limit))
		nu[i], angle[i] = math.Log(-math.Log(rad[i])-f.decay), math.Abs(cmplx.Phase(p))
	}
	model.Normal(r, bre, 1/root(2*m))
	model.Normal(r, bim, 1/root(2*m))
	model.Normal(r, cre, 0.02)
	model.Normal(r, cim, 0.02)
	clear(d)
	gain = ones(f.t.D.Rows)
	for k := range gain {
		i := (k - m) / 2
		switch {
		case k < m:
			d[k*m+k] = 1
		case i < s:
			if (k-m)%2 == 0 {
				cre[k*s+i] = 1
			} else {
				cim[k*s+i] = 1
			}
			gain[k] = min(1/math.Sqrt(1-rad[i]), 10)
		default:
			model.Normal(r, cre[k*s:(k+1)*s], 1/root(s))
			model.Normal(r, cim[k*s:(k+1)*s], 1/root(s))
		}
	}
	return gain
}

// pairs keeps one of each conjugate pair and the real modes, the pairs first, slowest first.
func pairs(modes []complex128) []complex128 {
	var out []complex128
	for _, p := range modes {
		if imag(p) >= 0 && cmplx.Abs(p) >= 0.05 {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b complex128) int {
		if (imag(a) > 0) != (imag(b) > 0) {
			if imag(a) > 0 {
				return -1
			}
			return 1
		}
		return cmp.Compare(cmplx.Abs(b), cmplx.Abs(a))
	})
	return out
}
