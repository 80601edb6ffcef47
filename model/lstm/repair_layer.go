package lstm

import (
	"math"

	"github.com/plumb-go/plumb/nn/seq"
)

// repairLayer judges one layer of a weight vector componentwise at a fixed rate r. With the box of the layer and the
// bounds of its gates over the box, the differences of two trajectories under one input obey
//
//	dc+ <= F dc + A dh,   dh+ <= O dc+ + B dh,   A = cbox sf |Uf| + I sg |Ug| + G si |Ui|,   B = tanh(cbox) so |Uo|
//
// (docs/bundle.md, delta-iss; F, I, O largest gate values, G the largest |g|, s slopes). They decay with rate r in a
// weighted maximum norm if some eta > 0 has K eta < eta: take dc = A eta/(r - F), dh = eta, where
//
//	K = diag(O/(r - F)) A + B/r                                                     (all F < r).
//
// K grows with every |U|, since the box and the bounds do.
type repairLayer struct {
	*lstmCompare
	hull  *lstmBox
	vbar  []float64
	start []float64

	coef [4][]float64 // K = sum over gates of diag(coef) |U|
	k    []float64    // n x n
	work []float64    // n x n
}

func newRepairLayer(t seq.LSTMLayer, vbar []float64) *repairLayer {
	c := newLSTMCompare(t)
	return &repairLayer{lstmCompare: c, hull: newLSTMBox(t), vbar: vbar, start: units(c.n), coef: [4][]float64(vectors(4, c.n)),
		k: make([]float64, c.n*c.n), work: make([]float64, c.n*c.n)}
}

// bound writes the box of the layer into w and finds the coefficients of K at rate r; false when a forget gate can reach r.
func (l *repairLayer) bound(w []float64, r float64) bool {
	l.hull.run(w, l.vbar, l.start)
	l.set(w, l.vbar)
	for j, c := range l.t.CBox.Of(w) {
		f := l.val[gateF][j]
		if !(f < r) || math.IsInf(c, 0) || math.IsNaN(c) {
			return false
		}
		through := l.val[gateO][j] / (r - f)
		l.coef[gateI][j] = through * l.val[gateG][j] * l.s[gateI][j]
		l.coef[gateF][j] = through * c * l.s[gateF][j]
		l.coef[gateG][j] = through * l.val[gateI][j] * l.s[gateG][j]
		l.coef[gateO][j] = l.tc[j] * l.s[gateO][j] / r
	}
	return true
}

// contracts reports whether the layer decays with rate r, and a metric eta that shows it.
func (l *repairLayer) contracts(w []float64, r float64) (eta []float64, ok bool) {
	if !l.bound(w, r) {
		return nil, false
	}
	clear(l.k)
	for q, g := range l.gates {
		u := g.U.Of(w)
		for j := range l.n {
			for k := range l.n {
				l.k[j*l.n+k] += l.coef[q][j] * math.Abs(u[j*l.n+k])
			}
		}
	}
	return below(l.k, l.work, l.n)
}

// asItIs reports whether the layer passes at any rate below one, in the componentwise or in the scalar form.
func (l *repairLayer) asItIs(w []float64) bool {
	if _, ok := l.contracts(w, oneBelow); ok {
		return true
	}
	l.hull.run(w, l.vbar, l.start)
	l.set(w, l.vbar)
	m, _, _ := l.scalar(w)
	return radius2(m) < oneBelow
}

// below solves (I - K) eta = 1 for a non-negative K, n x n, by elimination without exchange. Spectral radius below 1 is
// the same as: all pivots are positive; then eta = 1 + K 1 + K^2 1 + ... >= 1 and K eta < eta.
func below(k, work []float64, n int) (eta []float64, ok bool) {
	a := work[:n*n]
	for i := range n {
		for j := range n {
			a[i*n+j] = -k[i*n+j]
		}
		a[i*n+i]++
	}
	const least = 1e-9 // of a pivot; the exact checker wants strictness
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	for p := range n {
		d := a[p*n+p]
		if !(d > least) {
			return nil, false
		}
		for i := p + 1; i < n; i++ {
			f := a[i*n+p] / d
			if f == 0 {
				continue
			}
			for j := p; j < n; j++ {
				a[i*n+j] -= f * a[p*n+j]
			}
			x[i] -= f * x[p]
		}
	}
	for p := n - 1; p >= 0; p-- {
		for j := p + 1; j < n; j++ {
			x[p] -= a[p*n+j] * x[j]
		}
		x[p] /= a[p*n+p]
	}
	return x, true
}
